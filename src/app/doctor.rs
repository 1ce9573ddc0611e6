//! What `gloss doctor` examines on this machine: the data folder, the store and its key. `cli/doctor.rs` has the rest.
//!
//! The rule: nothing is created, locked for long, or opened for writing.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;

use super::{
    Connection, GRACE, StartError,
    client::{operations, token},
    install_tls, own, ports,
};
use crate::{
    bus::local::LocalBus,
    cli::{
        Client,
        client::{Http, Own},
        doctor::{Finding, examine},
    },
    config::Settings,
    lifecycle::{Lock, LockError},
    port::bus::Bus,
    service::Services,
    store::{
        self, Examined, Forgotten, OpenError, SealKey, SqlStore,
        key::{self, Key},
    },
};

/// Free space below which runs may soon fail to record.
const LITTLE_SPACE: u64 = 1 << 30;
/// Free space below which SQLite can hardly write.
const NO_SPACE: u64 = 50 << 20;

/// Examines the server that the connection names or, if it names none, the data folder and what uses it.
///
/// # Errors
/// Returns a [`StartError`] for an address or token file that cannot be used.
pub async fn doctor(settings: &Settings, connection: Connection) -> Result<Vec<Finding>, StartError> {
    install_tls();
    let mut findings = Vec::new();
    let client = match &connection.server {
        Some(server) => Some(Client::Server(Http::new(server, token(&connection)?)?)),
        None => local(settings, &connection, &mut findings).await?,
    };
    if let Some(client) = client {
        findings.extend(examine(&client).await);
        client.close().await;
    }
    Ok(findings)
}

/// Examines what is on this machine. Returns a client of what can test the profiles: the server that uses the data
/// folder, or else the store.
async fn local(
    settings: &Settings,
    connection: &Connection,
    findings: &mut Vec<Finding>,
) -> Result<Option<Client>, StartError> {
    findings.extend(disk(&settings.data_dir));
    let (is_in_use, server) = match Lock::of_folder_if_there(&settings.data_dir) {
        Ok(_free) => (false, None),
        Err(LockError::InUse { at, .. }) => (true, at),
        Err(error) => {
            findings.push(Finding::problem("data folder", error.to_string()));
            return Ok(None);
        }
    };
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
    let user = if server.is_some() { "the server" } else { "another gloss process" };
    let store = stored(settings, is_in_use.then_some(user), findings).await;
    if let Some(at) = server {
        return Ok(Some(Client::Server(Http::new(&at, token(connection)?)?)));
    }
    if is_in_use {
        let message = format!(
            "not tested, because a gloss shell or another command without a server uses {}; end it, then try again",
            settings.data_dir.display()
        );
        findings.push(Finding::warning("profiles", message));
        return Ok(None);
    }
    let Some((examined, key)) = store else { return Ok(None) };
    Ok(Some(reading(settings, examined.reading(Arc::clone(&bus), key), bus).await))
}

/// Examines the store and its key. `user` is who uses the store, if anyone. Returns both if the store can be read.
async fn stored(
    settings: &Settings,
    user: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Option<(Examined, Option<SealKey>)> {
    let (url, folder) = (settings.store_url.expose_secret(), &settings.data_dir);
    let place = store::place(url);
    let examined = match store::examine(url, user.is_some()).await {
        Ok(Some(examined)) => examined,
        Ok(None) => {
            findings.push(if key::was_used(folder).unwrap_or_default() {
                let lost = StartError::Lost { place, key: key::file(folder) };
                Finding::problem("store", lost.to_string())
            } else {
                Finding::ok("store", format!("there is none yet; the server creates {place} when it starts"))
            });
            return None;
        }
        Err(error) => {
            findings.push(Finding::problem("store", error.to_string()));
            return None;
        }
    };
    findings.push(match (&examined.damage, examined.found.pending()) {
        (Some(cause), _) => {
            let damaged = OpenError::Damaged { place, cause: cause.clone() };
            Finding::problem("store", damaged.to_string())
        }
        (None, _) if examined.broken_reference.is_some() => {
            let cause = examined.broken_reference.clone().unwrap_or_default();
            let message = format!("{place} is inconsistent: {cause}; restore a backup with `gloss restore`");
            Finding::problem("store", message)
        }
        (None, 0) => Finding::ok("store", format!("{place} in {} is sound and of this version", examined.name)),
        (None, _) => {
            let message = "is of an older version; the next start of the server, or `gloss migrate`, updates it";
            Finding::warning("store", format!("{place} {message}"))
        }
    });
    if let Some(last) = examined.last.filter(|_| user.is_none()) {
        findings.push(Finding::clock(last, "the last run in the store", true));
    }
    let key = match Key::opening(folder, settings.secret_key.clone(), &examined.found) {
        Ok(key) => {
            findings.push(opened(&examined, key.as_ref()).await);
            key
        }
        Err(error) => {
            findings.push(Finding::problem("key", error.to_string()));
            return None;
        }
    };
    let is_current = examined.found.pending() == 0;
    if !is_current && user.is_none() {
        findings.push(Finding::warning("profiles", "not tested, because the store is of an older version"));
    }
    (examined.damage.is_none() && is_current).then_some((examined, key))
}

/// Examines whether the key opens every secret of the store.
async fn opened(examined: &Examined, key: Option<&SealKey>) -> Finding {
    let Some(key) = key else { return Finding::ok("key", "no secret is stored yet") };
    if examined.found.pending() > 0 {
        return Finding::ok("key", "opens the secrets in the store");
    }
    match examined.unopened(key).await {
        Ok(unopened) if unopened.is_empty() => Finding::ok("key", "opens the secrets in the store"),
        Ok(Forgotten { db_profiles, llm_profiles }) => {
            let names: Vec<String> = db_profiles.iter().chain(&llm_profiles).map(|name| format!("{name:?}")).collect();
            let message = format!(
                "does not open the secrets of {}; restore a backup, or remove them with `gloss secrets forget` and set \
                 them again",
                names.join(", ")
            );
            Finding::problem("key", message)
        }
        Err(error) => Finding::problem("key", error.to_string()),
    }
}

/// A client of a store that is only read.
async fn reading(settings: &Settings, store: SqlStore, bus: Arc<dyn Bus>) -> Client {
    let own = own(settings, &store).await;
    let ports = ports(settings, Arc::new(store.clone()), own, bus);
    let close: BoxFuture<'static, ()> = Box::pin(async move {
        let _closed = tokio::time::timeout(GRACE, store.close()).await;
    });
    let (schema, export) = operations(Services::new(ports, "local"));
    Client::Own(Own {
        schema,
        export,
        execute: Box::new(|_run| {}),
        close: Mutex::new(Some(close)),
        locks: Box::new(()),
    })
}

/// Returns the free space of the disk of a folder in bytes.
pub(super) fn free_space(folder: &Path) -> rustix::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The free space for a data folder, also if that does not exist yet.
fn disk(folder: &Path) -> Option<Finding> {
    let folder = std::path::absolute(folder).ok()?;
    let existing = folder.ancestors().find(|folder| folder.exists())?;
    let free = match free_space(existing) {
        Ok(free) => free,
        Err(error) => return Some(Finding::warning("disk", format!("its free space is unknown: {error}"))),
    };
    let place = folder.display();
    let message = format!("{} MB are free for {place}", free / 1_000_000);
    let advice = "make room, or move the data folder with --data-dir";
    Some(match free {
        ..NO_SPACE => Finding::problem("disk", format!("{message}; {advice}")),
        NO_SPACE..LITTLE_SPACE => Finding::warning("disk", format!("{message}; {advice}")),
        _ => Finding::ok("disk", message),
    })
}
