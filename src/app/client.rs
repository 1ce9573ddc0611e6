//! The client of the commands: which server or store it uses, and what it opens for a command.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

use super::{
    GRACE, Secrets, StartError, bus, install_tls, open_store, own, pool_settings, ports, preflight, prepare_first_use,
    prepare_store_file,
};
use crate::{
    cli::{
        CliError, Client, Needs,
        client::{Http, Own, TOKEN},
        output::note,
    },
    config::{Settings, secret},
    domain::{
        self,
        id::{NodeType, RunId},
    },
    graphql::{self, GlossSchema, export::OpenExport},
    lifecycle::{Lock, LockError, address_in},
    service::Services,
    store,
    worker::{Chosen, Pool},
};

/// Which server a command was told to use, and its token.
#[derive(Debug, Default)]
pub struct Connection {
    /// The server's address.
    pub server: Option<String>,
    /// The file that holds the token.
    pub token_file: Option<PathBuf>,
    /// Whether to say on standard error which server or store is used.
    pub quiet: bool,
}

/// Creates a client of the server that the connection names or, if it names none, of the server that holds the data
/// folder. If there is none, the client executes requests in this process and opens what the command needs. It creates
/// a store only if `may_create_store`.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn client(
    settings: &Settings,
    connection: Connection,
    needs: Needs,
    may_create_store: bool,
) -> Result<Client, StartError> {
    install_tls();
    // An empty variable counts as unset.
    if let Some(server) = connection.server.as_deref().filter(|server| !server.is_empty()) {
        return Ok(Client::Server(Http::new(server, token(&connection)?)?));
    }
    let say = |text: &str| {
        if !connection.quiet {
            note(text);
        }
    };
    let secrets = if needs == Needs::Records { Secrets::Unneeded } else { Secrets::Needed };
    let folder_shown = settings.data_dir.display();
    let found = match preflight(settings, secrets).await {
        Err(StartError::Lock(LockError::InUse { at: Some(at), .. })) => {
            say(&format!("Using the server {at}, which holds {folder_shown}."));
            let folder = settings.data_dir.clone();
            let server = Http::new(&at, token(&connection)?)?.found_by(Box::new(move || address_in(&folder)));
            return Ok(Client::Server(server));
        }
        other => other?,
    };
    if found.is_empty() && !may_create_store {
        return Err(CliError::Usage(format!(
            "there is no store in {folder_shown} yet; begin with `gloss run demo`, or name another folder with \
             --data-dir or a server with --server"
        ))
        .into());
    }
    let folder = Lock::folder(&settings.data_dir)?;
    let store_lock = prepare_store_file(settings)?;
    let place = store::place(settings.store_url.expose_secret());
    if found.is_empty() {
        say(&format!(
            "No server is running on {folder_shown}; creating the new store {place}. If you mean a running server, \
             name its folder with --data-dir or its address with --server."
        ));
    } else {
        say(&format!("No server is running on {folder_shown}; using the store {place} directly."));
    }
    let (bus, bus_name) = bus(settings)?;
    let store = match needs {
        Needs::Records => store::open_without_key(settings.store_url.expose_secret(), Arc::clone(&bus)).await?,
        Needs::Secrets | Needs::Workers => open_store(settings, Arc::clone(&bus)).await?,
    };
    let own = own(settings, &store).await;
    let ports = ports(settings, Arc::new(store.clone()), own, Arc::clone(&bus));
    if needs != Needs::Records {
        prepare_first_use(settings, &ports).await?;
    }
    let services = Services::new(ports.clone(), bus_name);
    let stop = CancellationToken::new();
    let chosen = Arc::new(Chosen::default());
    let working = if needs == Needs::Workers {
        let mut pool = pool_settings(settings)?;
        pool.capacity = pool.capacity.max(1);
        pool.only = Some(Arc::clone(&chosen));
        Some(tokio::spawn(Pool::new(ports, services.searches.readings(), pool, stop.clone()).work()))
    } else {
        None
    };
    let close: BoxFuture<'static, ()> = Box::pin(async move {
        stop.cancel();
        if let Some(working) = working {
            let _ended = working.await;
        }
        bus.flush().await;
        // If the store cannot be closed in time, the next start recovers its write-ahead log.
        let _closed = tokio::time::timeout(GRACE, store.close()).await;
    });
    let execute = Box::new(move |run: &str| {
        if let Some((NodeType::Run, id)) = domain::id::decode(run) {
            chosen.add(RunId(id));
        }
    });
    let (schema, export) = operations(services);
    Ok(Client::Own(Own {
        schema,
        export,
        execute,
        close: Mutex::new(Some(close)),
        locks: Box::new((folder, store_lock)),
    }))
}

/// The operations and the exports over these use cases, for a client in this process.
pub(super) fn operations(services: Services) -> (Box<GlossSchema>, Box<OpenExport>) {
    let schema = Box::new(graphql::schema(services.clone()));
    let export = Box::new(move |request| -> BoxFuture<'static, _> {
        let services = services.clone();
        Box::pin(async move { graphql::export::export(&services, request).await })
    });
    (schema, export)
}

/// The token for a server: from the file that the connection names, else from the environment.
pub(super) fn token(connection: &Connection) -> Result<Option<SecretString>, StartError> {
    let Some(file) = &connection.token_file else { return Ok(secret(TOKEN)?) };
    let text =
        std::fs::read_to_string(file).map_err(|source| CliError::File { path: file.display().to_string(), source })?;
    match text.trim() {
        "" => Err(CliError::Usage(format!("the token file {} is empty", file.display())).into()),
        token => Ok(Some(token.to_owned().into())),
    }
}
