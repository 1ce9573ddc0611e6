//! Servers that answer the runs page with less than Gloss. Each reads Gloss's store and only answers this one request.

mod memory;
mod page;
mod plain_postgres;
mod plain_rusqlite;
mod plain_sqlx;
mod stock;

use std::path::PathBuf;

use axum::{Router, serve::ListenerExt};
use clap::ValueEnum;
use tokio::net::TcpListener;

use crate::Result;

/// Number of connections that read, as in Gloss.
const READERS: u32 = 4;
/// The page cache of a connection, in KiB, as in Gloss.
const CACHE: &str = "-16000";

/// What a reference does for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Sends bytes from memory
    Memory,
    /// Selects the shown columns with sqlx and writes JSON with serde
    Sqlx,
    /// Selects every column with sqlx, as Gloss does, and writes JSON with serde
    SqlxWhole,
    /// Selects the shown columns with rusqlite on threads of its own and writes JSON with serde
    Rusqlite,
    /// Selects the shown columns from PostgreSQL with sqlx and writes JSON with serde
    Postgres,
    /// Executes GraphQL with async-graphql, async-graphql-axum and partial models of sea-orm
    Stock,
}

/// What a reference reads.
pub struct Sources {
    /// Gloss's store.
    pub store: PathBuf,
    /// The bytes of Gloss's answer.
    pub page: PathBuf,
    /// The URL of Gloss's store in PostgreSQL.
    pub url: String,
}

/// Serves a reference until the process is ended.
pub async fn serve(kind: Kind, sources: &Sources) -> Result<()> {
    let router: Router = match kind {
        Kind::Memory => memory::router(&sources.page)?,
        Kind::Sqlx => plain_sqlx::router(&sources.store, false).await?,
        Kind::SqlxWhole => plain_sqlx::router(&sources.store, true).await?,
        Kind::Rusqlite => plain_rusqlite::router(&sources.store)?,
        Kind::Postgres => plain_postgres::router(&sources.url).await?,
        Kind::Stock => stock::router(&sources.store).await?,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/graphql", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}
