//! Measures queries over many assets: `compare` measures the comparison of runs, `search` the search in catalogs. Each
//! is an HTTP client of the server, and measures a reference in the same run.

mod compare;
mod fill;
mod search;
mod server;

use std::{error::Error, path::PathBuf};

use clap::{Parser, Subcommand};

/// Measures queries over many assets.
#[derive(Parser)]
struct Arguments {
    /// The server's binary, built for release
    #[arg(long)]
    server: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// compareRuns
    Compare(compare::Arguments),
    /// searchAssets
    Search(search::Arguments),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { server, what } = Arguments::parse();
    match what {
        What::Compare(arguments) => compare::measure(&server, &arguments).await,
        What::Search(arguments) => search::measure(&server, &arguments).await,
    }
}
