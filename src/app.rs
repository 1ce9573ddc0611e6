//! The composition root: the only place that knows which implementations of store, bus, models and targets are used.
//!
//! [`serve`] runs a server from start to stop: data folder, store, first profiles, workers, API.

mod backup;
mod client;
mod copy;
mod doctor;
mod watching;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

pub use self::{
    backup::{back_up, restore},
    client::{Connection, client},
    copy::copy,
    doctor::doctor,
};
use crate::{
    bus::{local::LocalBus, nats::NatsWire, postgres::PostgresWire, relay::Relay},
    cli::{self, CliError, Exit},
    config::{self, BusKind, ConfigError, Settings, secret, sqlite_file, sqlite_url},
    demo,
    domain::{
        self, Error,
        clock::{Clock, SystemClock},
        filter::RunFilter,
        profile::{DbBackend, LlmProvider, NewDbProfile, NewLlmProfile},
        schedule::MissedFirings,
    },
    engine::context::Patience,
    graphql, http,
    lifecycle::{Lock, LockError, listen_to_signals, make_private, make_private_file, name_of_folder, narrow},
    log,
    model::{MeteredModels, ProviderModels, builtin::BuiltinDescriber},
    port::{
        Ports,
        bus::Bus,
        environment::NEW_SECRET_KEY,
        store::{LEASE, Store, WorkerStore},
    },
    service::Services,
    store::{
        self, BackupError, CopyError, Found, OpenError, SqlStore,
        key::{self, Key, KeyError},
    },
    target::{Own, SqlTargets},
    worker::{Pool, PoolSettings, Scheduler, SchedulerSettings},
};

/// How often the pool wakes periodically.
const WORKER_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often the scheduler wakes periodically.
const SCHEDULER_POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Maximum time for recording what is in progress after a graceful stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why a command or the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder or the store is locked, or its lock file cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store's key is missing, wrong or unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A key file says that there was a store, but the store is empty or missing.
    #[error(
        "the key file {} belongs to a store, but the store {place} is empty or missing; restore the store from a \
         backup, or give its location with --store-url. To start with an empty store, pass --new-store", key.display()
    )]
    Lost {
        /// The expected address of the store.
        place: String,
        /// The key file.
        key: PathBuf,
    },
    /// The address is reachable from other machines, but there is no valid API token.
    #[error(
        "Gloss does not listen on {0} without an access token, because anyone could use it there; create a token with \
         `gloss token create NAME --role ADMIN` (and the same --data-dir), then start again"
    )]
    NoToken(SocketAddr),
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store's file cannot be written.
    #[error("cannot write to the store {}: {source}; choose another with --store-url", path.display())]
    StoreFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The store cannot be read or written.
    #[error("cannot prepare the store: {0}")]
    Prepare(#[from] crate::domain::Error),
    /// The demo database cannot be created.
    #[error("cannot create the demo database: {0}")]
    Demo(#[from] demo::DemoError),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// A system call failed.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
    /// The trusted documents cannot be loaded.
    #[error("{0}; choose another file or folder with --trusted-documents")]
    Documents(#[from] http::DocumentsError),
    /// The settings of the log or of the traces are invalid.
    #[error(transparent)]
    Log(#[from] log::LogError),
    /// The store was not backed up or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store was not copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The address or token of a server cannot be used.
    #[error(transparent)]
    Client(#[from] CliError),
}

impl StartError {
    /// The exit code of the error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Lock(LockError::InUse { .. })
            | Self::Listen { .. }
            | Self::Store(OpenError::InUse(_) | OpenError::Unfinished(_))
            | Self::Key(KeyError::Store(OpenError::InUse(_)))
            | Self::Copy(
                CopyError::NotEmpty(_)
                | CopyError::OfAnother { .. }
                | CopyError::Open(OpenError::InUse(_) | OpenError::Unfinished(_)),
            )
            | Self::Backup(BackupError::Exists(_)) => Exit::Conflict,
            Self::Store(OpenError::Unreachable { .. }) | Self::Copy(CopyError::Open(OpenError::Unreachable { .. })) => {
                Exit::Unreachable
            }
            Self::Config(_)
            | Self::Documents(_)
            | Self::Log(_)
            | Self::NoToken(_)
            | Self::StoreFile { .. }
            | Self::Store(OpenError::UnknownUrl | OpenError::File { .. })
            | Self::Copy(
                CopyError::Same
                | CopyError::NoStore(_)
                | CopyError::Older(_)
                | CopyError::Open(OpenError::UnknownUrl | OpenError::File { .. }),
            )
            | Self::Backup(
                BackupError::Postgres(_) | BackupError::NoStore(_) | BackupError::Foreign(_) | BackupError::File { .. },
            )
            | Self::Lock(LockError::Unusable { .. }) => Exit::UserError,
            Self::Prepare(error) => error.code().into(),
            Self::Client(error) => error.exit(),
            Self::Key(_)
            | Self::Store(_)
            | Self::Backup(_)
            | Self::Copy(_)
            | Self::Lost { .. }
            | Self::Demo(_)
            | Self::System(_) => Exit::Failure,
        }
    }
}

/// Migrates the store to this version and prints a confirmation.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn migrate(settings: Settings) -> Result<(), StartError> {
    preflight(&settings, Secrets::Needed).await?;
    let _locks = (Lock::folder(&settings.data_dir)?, prepare_store_file(&settings)?);
    open_store(&settings, Arc::new(LocalBus::default())).await?.close().await?;
    println!("The store {} is up to date.", store::place(settings.store_url.expose_secret()));
    Ok(())
}

/// Seals the store's secrets with a new key and prints the next step.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn rotate_secrets(settings: Settings) -> Result<(), StartError> {
    preflight(&settings, Secrets::Needed).await?;
    let _locks = (Lock::folder(&settings.data_dir)?, prepare_store_file(&settings)?);
    // Complete an interrupted rotation first.
    let store = open_store(&settings, Arc::new(LocalBus::default())).await?;
    store.close().await?;
    let key = Key::of(&settings.data_dir, settings.secret_key.clone())?;
    let (sealed, next) = key.rotate(settings.store_url.expose_secret(), secret(NEW_SECRET_KEY)?).await?;
    let secrets = if sealed == 1 { "secret is" } else { "secrets are" };
    println!("{sealed} {secrets} sealed with a new key; {next}");
    Ok(())
}

/// Deletes the secrets that the current key does not open. Without `really`, only reports which ones these are.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn forget_secrets(settings: Settings, really: bool) -> Result<(), StartError> {
    preflight(&settings, Secrets::Unneeded).await?;
    let _locks = (Lock::folder(&settings.data_dir)?, prepare_store_file(&settings)?);
    // Complete an interrupted rotation first. Other errors occur again below.
    if let Ok(store) = open_store(&settings, Arc::new(LocalBus::default())).await {
        store.close().await?;
    } else {
        let url = settings.store_url.expose_secret();
        let store = store::open_without_key(url, Arc::new(LocalBus::default())).await?;
        store.remove_workers_of(&name_of_folder(&settings.data_dir)?).await?;
        store.close().await?;
    }
    let key = Key::of(&settings.data_dir, settings.secret_key.clone())?;
    println!("{}", key.forget(settings.store_url.expose_secret(), really).await?);
    Ok(())
}

/// Selects the cryptography library for TLS. Further calls have no effect.
fn install_tls() {
    let _already = rustls::crypto::ring::default_provider().install_default();
}

/// Whether a command reads or writes secrets of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Needed,
    Unneeded,
}

/// Checks for everything that would make a start fail, without creating or changing anything.
async fn preflight(settings: &Settings, secrets: Secrets) -> Result<Found, StartError> {
    let url = settings.store_url.expose_secret();
    let _folder = Lock::of_folder_if_there(&settings.data_dir)?;
    let store_file = own_store_file(settings);
    if let Some(path) = store_file.as_ref().filter(|path| !path.parent().is_some_and(Path::is_dir)) {
        return Err(StartError::StoreFile { path: path.clone(), source: std::io::ErrorKind::NotFound.into() });
    }
    let _store = store_file.map(|path| Lock::of_store_if_there(&path)).transpose()?;
    let found = store::inspect(url).await?;
    if found.is_empty() && !settings.new_store && key::was_used(&settings.data_dir)? {
        return Err(StartError::Lost { place: store::place(url), key: key::file(&settings.data_dir) });
    }
    if secrets == Secrets::Needed {
        Key::check(&settings.data_dir, settings.secret_key.clone(), &found)?;
    }
    Ok(found)
}

/// Returns the bus that the settings name, and its name.
fn bus(settings: &Settings) -> Result<(Arc<dyn Bus>, &'static str), StartError> {
    let invalid = || ConfigError::Invalid("the bus URL is invalid; write it as in nats://host:4222/team".to_owned());
    Ok(match settings.bus()? {
        BusKind::Local => (Arc::new(LocalBus::default()), "local"),
        BusKind::Postgres => {
            let wire = PostgresWire::of_store(settings.store_url.expose_secret());
            (Arc::new(Relay::start(wire.ok_or(OpenError::UnknownUrl)?)), "postgres")
        }
        BusKind::Nats => {
            let wire = NatsWire::of(settings.bus_url.expose_secret());
            (Arc::new(Relay::start(wire.ok_or_else(invalid)?)), "nats")
        }
    })
}

/// Opens the store and clears what earlier processes of this data folder left in it. The caller holds the folder's
/// lock, so they are gone.
async fn open_store(settings: &Settings, bus: Arc<dyn Bus>) -> Result<SqlStore, StartError> {
    let key = Key::of(&settings.data_dir, settings.secret_key.clone())?;
    let store = key.open(|key| store::open(settings.store_url.expose_secret(), Arc::clone(&bus), key)).await?;
    store.remove_workers_of(&name_of_folder(&settings.data_dir)?).await?;
    Ok(store.queueing_at_most(i64::try_from(settings.queued_runs).unwrap_or(i64::MAX)))
}

/// Returns the databases and files that belong to Gloss, which profiles must not point to.
async fn own(settings: &Settings, store: &SqlStore) -> Own {
    let identity = store.identity().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the store server's identity is unknown; profiles that lead to it are not refused");
        None
    });
    Own::new(settings.data_dir.clone(), sqlite_file(settings.store_url.expose_secret()), identity)
}

/// Creates the ports for production.
fn ports(settings: &Settings, store: Arc<dyn Store>, own: Own, bus: Arc<dyn Bus>) -> Ports {
    let models = ProviderModels::new(Arc::new(BuiltinDescriber), settings.env_names.clone());
    Ports {
        store,
        bus,
        targets: Arc::new(SqlTargets::new(settings.env_names.clone()).keeping(own)),
        models: Arc::new(MeteredModels(models.with_time_limit(settings.model_timeout))),
        clock: Arc::new(SystemClock),
    }
}

/// Runs the server until the first signal.
///
/// # Errors
/// Returns a [`StartError`].
pub async fn serve(settings: Settings) -> Result<(), StartError> {
    install_tls();
    let traces = log::start(&settings)?;
    let documents = match &settings.trusted_documents {
        Some(path) => http::Documents::trusted(path, &cli::operations().collect::<Vec<_>>())?,
        None => http::Documents::automatic(),
    };
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .map_err(|source| StartError::Listen { address: settings.listen, source })?;
    let address = listener.local_addr()?;
    let found = preflight(&settings, Secrets::Needed).await?;
    if !settings.listen.ip().is_loopback() && !found.has_token(SystemClock.now()) {
        return Err(StartError::NoToken(settings.listen));
    }

    // Everything up to here only reads.
    let mut folder = Lock::folder(&settings.data_dir)?;
    raise_open_files();
    let stop = CancellationToken::new();
    listen_to_signals(stop.clone())?;
    let _store_lock = prepare_store_file(&settings)?;
    let (bus, bus_name) = bus(&settings)?;
    let opened = open_store(&settings, Arc::clone(&bus)).await?;
    let own = own(&settings, &opened).await;
    let store: Arc<dyn Store> = Arc::new(opened.clone());
    let ports = ports(&settings, store, own, Arc::clone(&bus));
    prepare_first_use(&settings, &ports).await?;
    let services = Services::new(ports.clone(), bus_name);
    folder.tell_address(reachable(address))?;
    let pool = pool_settings(&settings)?;
    let scheduler = scheduler_settings(&settings, pool.worker_id.clone());
    let working = tokio::spawn(Pool::new(ports.clone(), services.searches.readings(), pool, stop.clone()).work());
    let scheduler = Scheduler::new(ports.clone(), scheduler, stop.clone());
    let scheduling = tokio::spawn(scheduler.work());
    let gate = http::Gate::new(
        graphql::Access::new(services.tokens.clone()),
        http::Pace::new(settings.requests_per_minute),
        address,
    );
    let door = http::Door {
        api: graphql::api(services.clone()),
        exports: http::Exports::new(move |request| {
            let services = services.clone();
            async move { graphql::export::export(&services, request).await }
        }),
        hosts: http::HostPolicy::new(address, &settings.listen.ip().to_string())
            .with_hosts(&settings.allowed_hosts, address.ip())
            .with_origins(settings.allowed_origins.clone()),
        gate,
        ready: readiness(Arc::clone(&ports.store)),
        metrics: watching::metrics(&settings, &ports),
        stop: http::Stop::new(stop.clone()),
        limits: Arc::new(http_limits(&settings)),
        documents,
        open: http::Open::default(),
    };
    println!("Gloss {}", env!("CARGO_PKG_VERSION"));
    println!("  Studio    http://{address}/");
    println!("  GraphiQL  http://{address}/graphiql");
    println!("  GraphQL   http://{address}/graphql");
    println!("  data      {}", settings.data_dir.display());
    println!("  store     {}", store::place(settings.store_url.expose_secret()));
    http::serve(listener, door).await?;
    let _ended = tokio::join!(working, scheduling);
    bus.flush().await;
    // Closing moves the write-ahead log into the store's file, unless a connection is still in use.
    if !matches!(tokio::time::timeout(GRACE, opened.close()).await, Ok(Ok(()))) {
        tracing::warn!("the store was not closed; the next start recovers its write-ahead log");
    }
    tracing::info!("stopped");
    if let Some(traces) = traces {
        traces.end().await;
    }
    Ok(())
}

/// Returns the address that reaches the server from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Raises the limit of open files. Each connection is an open file, and many systems have a low default limit.
fn raise_open_files() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

fn http_limits(settings: &Settings) -> http::Limits {
    http::Limits {
        connections: settings.max_connections,
        connections_per_client: settings.max_connections_per_client,
        request_within: settings.request_timeout,
        batch: settings.max_batch,
        sockets_per_client: settings.max_sockets_per_client,
        subscriptions_per_client: settings.max_subscriptions_per_client,
        ..http::Limits::default()
    }
}

/// The readiness check: the server is ready while its store can be read and written.
fn readiness(store: Arc<dyn Store>) -> http::Ready {
    http::Ready::new(move || {
        let store = Arc::clone(&store);
        async move {
            store.prove().await.map_err(|error| match error {
                Error::Unavailable { message } | Error::Unsure { message } => message,
                error => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the readiness check of the store failed"
                    );
                    "the store cannot be read or written; see the server's log".to_owned()
                }
            })
        }
    })
}

/// Returns the store's file, if it is outside the data folder and so not covered by that folder's lock.
fn own_store_file(settings: &Settings) -> Option<PathBuf> {
    let path = sqlite_file(settings.store_url.expose_secret())?;
    (path.parent() != Some(settings.data_dir.as_path())).then_some(path)
}

/// Creates the store's file with access for this user only, before anything is written to it. Locks it if it is outside
/// the data folder, so that only one process uses the store.
fn prepare_store_file(settings: &Settings) -> Result<Option<Lock>, StartError> {
    let Some(path) = sqlite_file(settings.store_url.expose_secret()) else { return Ok(None) };
    make_private_file(&path).map_err(|source| StartError::StoreFile { path: path.clone(), source })?;
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        narrow(Path::new(&name));
    }
    Ok(own_store_file(settings).map(|path| Lock::store(&path)).transpose()?)
}

/// Creates the demo database if it does not exist, and the first profiles of a fresh installation.
async fn prepare_first_use(settings: &Settings, ports: &Ports) -> Result<(), StartError> {
    let demo_file = settings.data_dir.join("demo.db");
    if demo_file.exists() {
        narrow(&demo_file);
    } else {
        demo::create(&demo_file).await?;
        make_private(&demo_file)?;
    }
    add_first_profiles(ports.store.as_ref(), ports.clock.as_ref(), &demo_file).await
}

/// Creates the profiles of a fresh installation, so that it can be used right away: a DB profile and an LLM profile,
/// each if there is none of its kind. Does nothing if there are runs. Another process that starts at the same time may
/// create the same profiles.
async fn add_first_profiles(store: &dyn Store, clock: &dyn Clock, demo_file: &Path) -> Result<(), StartError> {
    if store.runs_count(&RunFilter::default()).await? > 0 {
        return Ok(());
    }
    let demo = NewDbProfile {
        name: "demo".to_owned(),
        backend: DbBackend::Sqlite,
        url: SecretString::from(sqlite_url(demo_file)),
        pinned_database: None,
        about: None,
        exclude: Vec::new(),
        sample_views: false,
    };
    if store.db_profiles().await?.is_empty() {
        unless_there(store.create_db_profile(demo, clock.now()).await)?;
    }
    let builtin = NewLlmProfile {
        name: "builtin".to_owned(),
        provider: LlmProvider::Builtin,
        model: "builtin".to_owned(),
        base_url: None,
        api_key: None,
        is_default: true,
        concurrency: std::thread::available_parallelism().map_or(2, |cores| i32::try_from(cores.get()).unwrap_or(2)),
        requests_per_minute: None,
        input_cost_per_million_tokens: None,
        cached_input_cost_per_million_tokens: None,
        output_cost_per_million_tokens: None,
    };
    if store.llm_profiles().await?.is_empty() {
        unless_there(store.create_llm_profile(builtin, clock.now()).await)?;
    }
    Ok(())
}

/// Accepts that a profile of the same name exists.
fn unless_there<T>(created: domain::Result<T>) -> domain::Result<()> {
    match created {
        Ok(_) | Err(Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn pool_settings(settings: &Settings) -> Result<PoolSettings, StartError> {
    Ok(PoolSettings {
        worker_id: format!("{}-{:x}", name_of_folder(&settings.data_dir)?, SystemClock.now().timestamp_micros()),
        host: hostname(),
        capacity: settings.workers,
        lease: LEASE,
        poll_interval: WORKER_POLL_INTERVAL,
        grace: GRACE,
        patience: Patience {
            provider_down: settings.provider_patience,
            target_down: settings.target_patience,
            ..Patience::default()
        },
        only: None,
    })
}

fn scheduler_settings(settings: &Settings, worker_id: String) -> SchedulerSettings {
    let missed = match settings.missed_firings {
        config::MissedFirings::Repeating => MissedFirings::Repeating,
        config::MissedFirings::All => MissedFirings::All,
        config::MissedFirings::None => MissedFirings::None,
    };
    SchedulerSettings { worker_id, missed, poll_interval: SCHEDULER_POLL_INTERVAL, grace: GRACE }
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .or_else(|_| std::env::var("HOSTNAME"))
        .unwrap_or_else(|_| "localhost".to_owned())
}
