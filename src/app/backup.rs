//! The commands `gloss backup` and `gloss restore`: they use the store's file, not the API.
//!
//! The rules: a backup needs no lock, because it only reads, and a server may go on. To restore, the command holds the
//! locks of the data folder and of the store.

use std::path::Path;

use secrecy::ExposeSecret;
use serde_json::json;

use super::{StartError, own_store_file};
use crate::{
    cli::{Output, output},
    config::Settings,
    domain::clock::{Clock, SystemClock},
    lifecycle::Lock,
    store::{
        self, Examined,
        key::{self, Key},
    },
};

/// Writes a backup of the store to a new file.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn back_up(settings: &Settings, file: &Path, output: Output) -> Result<(), StartError> {
    let url = settings.store_url.expose_secret();
    let written = store::back_up(url, file).await?;
    let (place, name) = (store::place(url), file.display());
    if output.is_json() {
        output::document(&json!({ "store": place, "file": name.to_string(), "bytes": written.bytes,
            "runs": written.runs }));
    } else {
        let kib = written.bytes.div_ceil(1024);
        let runs = if written.runs == 1 { "run" } else { "runs" };
        output::line(&format!("Backed up the store {place} with {} {runs} to {name} ({kib} KiB).", written.runs));
    }
    let key = match settings.secret_key {
        Some(_) => "in GLOSS_SECRET_KEY".to_owned(),
        None => format!("in {}", key::file(&settings.data_dir).display()),
    };
    output::note(&format!("The key of its secrets, {key}, is not in it: keep a copy of the key in another place."));
    Ok(())
}

/// Puts a backup in the place of the store, which is kept beside it.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn restore(settings: &Settings, file: &Path, output: Output) -> Result<(), StartError> {
    let url = settings.store_url.expose_secret();
    let folder = Lock::folder(&settings.data_dir)?;
    let store_lock = own_store_file(settings).map(|path| Lock::store(&path)).transpose()?;
    let check = |backup: &Examined| -> Result<(), StartError> {
        Ok(Key::check(&settings.data_dir, settings.secret_key.clone(), &backup.found)?)
    };
    let old = store::restore(url, file, SystemClock.now(), check).await?;
    drop((folder, store_lock));
    let (place, name) = (store::place(url), file.display().to_string());
    if output.is_json() {
        let old = old.as_ref().map(|old| old.display().to_string());
        output::document(&json!({ "store": place, "file": name, "previous": old }));
        return Ok(());
    }
    output::line(&format!("Restored the store {place} from {name}."));
    if let Some(old) = old {
        output::note(&format!("The previous store is kept as {}; delete it when you do not need it.", old.display()));
    }
    output::note("Runs that were unfinished at the time of the backup continue when the server starts.");
    Ok(())
}
