//! The composition root: the one place that knows which store, bus, models and targets are at work.
//!
//! [`serve`] is the whole life of a server: data folder, store, first profiles, workers, API, stop.

use std::{io::IsTerminal, path::Path, sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    bus::local::LocalBus,
    config::{self, LogFormat, Settings, sqlite_file, sqlite_url},
    demo,
    domain::{
        clock::{Clock, SystemClock},
        filter::RunFilter,
        profile::{DbBackend, LlmProvider, NewDbProfile, NewLlmProfile},
        schedule::MissedFirings,
    },
    graphql, http,
    kind::context::Patience,
    lifecycle::{Lock, LockError, listen_to_signals, make_private, make_private_file},
    model::{ProviderModels, builtin::BuiltinDescriber},
    port::{Ports, store::Store},
    service::Services,
    store,
    target::SqlTargets,
    worker::{Pool, PoolSettings, Scheduler, SchedulerSettings},
};

/// How long a claim lives without a sign of life.
const LEASE: Duration = Duration::from_secs(30);
/// How often the pool wakes by itself.
const WAKE_EVERY: Duration = Duration::from_secs(1);
/// How often the scheduler wakes by itself.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long what is under way may take to be recorded after a soft stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder or the store.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The store's file.
    #[error("the store {} cannot be written to: {source}; name another with --store-url", path.display())]
    StoreFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A record that every server needs.
    #[error("the store could not be prepared: {0}")]
    Prepare(#[from] crate::domain::Error),
    /// The demo database.
    #[error("the demo database could not be made: {0}")]
    Demo(#[from] demo::DemoError),
    /// The address.
    #[error("cannot listen on {address}: {source}; name another with --listen")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system.
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
    /// The log filter.
    #[error("the log filter {0:?} cannot be read; write it as `info` or `gloss=debug,warn`")]
    LogFilter(String),
}

/// Brings the store's tables up to this version.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(settings: Settings) -> Result<(), StartError> {
    let _locks = (Lock::folder(&settings.data_dir)?, prepare_store_file(&settings)?);
    store::open(&settings.store_url, Arc::new(LocalBus::default())).await?;
    println!("the store in {} is up to date", settings.data_dir.display());
    Ok(())
}

/// Serves until the first signal.
///
/// # Errors
/// [`StartError`].
pub async fn serve(settings: Settings) -> Result<(), StartError> {
    start_log(&settings)?;
    let mut folder = Lock::folder(&settings.data_dir)?;
    let stop = CancellationToken::new();
    listen_to_signals(stop.clone())?;

    let _store_lock = prepare_store_file(&settings)?;
    let bus = Arc::new(LocalBus::default());
    let store: Arc<dyn Store> = Arc::new(store::open(&settings.store_url, bus.clone()).await?);
    let demo_file = settings.data_dir.join("demo.db");
    if !demo_file.exists() {
        demo::create(&demo_file).await?;
        make_private(&demo_file)?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    add_first_profiles(store.as_ref(), clock.as_ref(), &demo_file).await?;
    let ports = Ports {
        store,
        bus,
        targets: Arc::new(SqlTargets::default()),
        models: Arc::new(ProviderModels::new(Arc::new(BuiltinDescriber))),
        clock,
    };

    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .map_err(|source| StartError::Listen { address: settings.listen, source })?;
    let address = listener.local_addr()?;
    folder.tell_address(address)?;
    let working = tokio::spawn(Pool::new(ports.clone(), pool_settings(&settings), stop.clone()).work());
    let scheduler = Scheduler::new(ports.clone(), scheduler_settings(&settings), stop.clone());
    let scheduling = tokio::spawn(scheduler.work());
    let services = Services::new(ports.clone(), "local");
    let door = http::Door {
        executor: graphql::schema(services.clone()),
        exports: http::Exports::new(move |request| {
            let services = services.clone();
            async move { graphql::comparison::export::export(&services, request).await }
        }),
        hosts: http::HostPolicy::new(address, &settings.listen.ip().to_string()),
        ready: readiness(Arc::clone(&ports.store)),
        metrics: Arc::new(http::metrics_registry({
            let store = Arc::clone(&ports.store);
            move || store.statements()
        })),
        stop: http::Stop::new(stop.clone()),
    };
    println!("Gloss {}", env!("CARGO_PKG_VERSION"));
    println!("  GraphiQL  http://{address}/graphiql");
    println!("  GraphQL   http://{address}/graphql");
    println!("  data      {}", settings.data_dir.display());
    http::serve(listener, http::router(door.clone()), door.stop).await?;
    let _ended = tokio::join!(working, scheduling);
    tracing::info!("stopped");
    Ok(())
}

/// The server can do its work while its store answers.
fn readiness(store: Arc<dyn Store>) -> http::Ready {
    http::Ready::new(move || {
        let store = Arc::clone(&store);
        async move {
            store.ping().await.map_err(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "the store does not answer");
                "the store does not answer; the log tells why".to_owned()
            })
        }
    })
}

fn start_log(settings: &Settings) -> Result<(), StartError> {
    let wrong = || StartError::LogFilter(settings.log.clone());
    // A word alone would be taken for the name of a module, and a level that is misspelled would silence everything.
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    if !settings.log.split(',').map(str::trim).all(|part| part.contains(['=', '[']) || is_level(part)) {
        return Err(wrong());
    }
    let filter = EnvFilter::try_new(&settings.log).map_err(|_| wrong())?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Makes the store's file readable by this user alone before anything is written to it, and locks it where the lock
/// of the data folder does not cover it: a store has one process.
fn prepare_store_file(settings: &Settings) -> Result<Option<Lock>, StartError> {
    let Some(path) = sqlite_file(&settings.store_url) else { return Ok(None) };
    make_private_file(&path).map_err(|source| StartError::StoreFile { path: path.clone(), source })?;
    if path.parent() == Some(settings.data_dir.as_path()) {
        return Ok(None);
    }
    Ok(Some(Lock::store(&path)?))
}

/// The two profiles that a fresh start leaves to use at once: while there was no run yet, each where there is none of
/// its kind.
async fn add_first_profiles(store: &dyn Store, clock: &dyn Clock, demo_file: &Path) -> Result<(), StartError> {
    if store.runs_count(&RunFilter::default()).await? > 0 {
        return Ok(());
    }
    let demo = NewDbProfile {
        name: "demo".to_owned(),
        backend: DbBackend::Sqlite,
        url: SecretString::from(sqlite_url(demo_file)),
        pinned_database: None,
    };
    if store.db_profiles().await?.is_empty() {
        store.create_db_profile(demo, clock.now()).await?;
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
        output_cost_per_million_tokens: None,
    };
    if store.llm_profiles().await?.is_empty() {
        store.create_llm_profile(builtin, clock.now()).await?;
    }
    Ok(())
}

fn pool_settings(settings: &Settings) -> PoolSettings {
    PoolSettings {
        worker_id: format!("{:x}-{:x}", std::process::id(), SystemClock.now().timestamp_micros()),
        host: hostname(),
        capacity: settings.workers,
        lease: LEASE,
        wake_every: WAKE_EVERY,
        grace: GRACE,
        patience: Patience {
            provider_down: settings.provider_patience,
            target_down: settings.target_patience,
            ..Patience::default()
        },
    }
}

fn scheduler_settings(settings: &Settings) -> SchedulerSettings {
    let missed = match settings.missed_firings {
        config::MissedFirings::Repeating => MissedFirings::Repeating,
        config::MissedFirings::All => MissedFirings::All,
        config::MissedFirings::None => MissedFirings::None,
    };
    SchedulerSettings { missed, wake_every: LOOK_EVERY, grace: GRACE }
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .or_else(|_| std::env::var("HOSTNAME"))
        .unwrap_or_else(|_| "localhost".to_owned())
}
