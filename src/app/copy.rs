//! The command `gloss store copy`: it uses the stores themselves, not the API.
//!
//! The rule: both stores are locked for the whole copy. Which data folder a store in SQLite belongs to is not known, so
//! the lock beside the file and that of its folder are both taken.

use std::{collections::BTreeSet, path::Path};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{StartError, install_tls};
use crate::{
    cli::{Output, output},
    config::{check_store_url, sqlite_file},
    lifecycle::{Lock, make_private_file},
    store::{self, CopyError},
};

/// Number of rows after which the command says how far it is.
const NEWS_AFTER: u64 = 50_000;

/// Copies a store into an empty one.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn copy(from: &SecretString, to: &SecretString, output: Output) -> Result<(), StartError> {
    install_tls();
    let (from, to) = (from.expose_secret(), to.expose_secret());
    check_store_url(from)?;
    check_store_url(to)?;
    if store::place(from) == store::place(to) {
        return Err(CopyError::Same.into());
    }
    let (source, target) = (sqlite_file(from).filter(|file| file.exists()), sqlite_file(to));
    let folders: BTreeSet<&Path> = [&source, &target].into_iter().flatten().filter_map(|file| file.parent()).collect();
    let mut held = Vec::new();
    for folder in folders {
        held.push(Lock::of_folder_if_there(folder)?);
    }
    if let Some(file) = &source {
        held.push(Lock::of_store_if_there(file)?);
    }
    if let Some(file) = target {
        make_private_file(&file).map_err(|source| StartError::StoreFile { path: file.clone(), source })?;
        held.push(Some(Lock::store(&file)?));
    }
    let mut next = NEWS_AFTER;
    let copied = store::copy(from, to, |table, rows| {
        if rows >= next {
            output::note(&format!("{table}: {rows} rows …"));
            next = rows + NEWS_AFTER;
        } else if rows < next.saturating_sub(NEWS_AFTER) {
            next = NEWS_AFTER;
        }
    })
    .await?;
    drop(held);
    let rows: u64 = copied.iter().map(|table| table.rows).sum();
    let (from, to) = (store::place(from), store::place(to));
    if output.is_json() {
        let tables = copied.iter();
        let tables = tables.map(|it| json!({ "name": it.name, "rows": it.rows, "sha256": it.sha256 }));
        output::document(&json!({ "from": from, "to": to, "rows": rows, "tables": tables.collect::<Vec<_>>() }));
        return Ok(());
    }
    let tables = copied.len();
    output::line(&format!("Copied {rows} rows of {tables} tables from {from} to {to}; counts and checksums agree."));
    output::note("Start Gloss with the same data folder, and with GLOSS_STORE_URL set to the copy.");
    Ok(())
}
