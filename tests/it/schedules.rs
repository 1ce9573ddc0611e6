//! Schedules: their operations through the API, and their firings under a simulated clock.

mod api;
mod changes;
mod kills;
mod missed;
mod refusals;
mod year;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use gloss::{
    bus::local::LocalBus,
    domain::{
        clock::{Clock, Moment},
        filter::{RunFilter, RunOrder},
        id::{DbProfileId, ScheduleId},
        page::PageRequest,
        profile::{DbBackend, LlmProvider, NewDbProfile, NewLlmProfile},
        run::{OptionChoices, Run},
        schedule::{MissedFirings, ReviewStrategy, Schedule, Timing},
        scope::RunScope,
        usage::Budget,
    },
    model::{ProviderModels, builtin::BuiltinDescriber},
    port::{Ports, environment::EnvNames, store::Store},
    service::{
        runs::StartTarget,
        schedules::{CreateSchedule, Schedules},
    },
    target::SqlTargets,
    worker::{Scheduler, SchedulerSettings},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::{Server, SqliteTarget, store};

const CREATE: &str =
    "mutation ($input: CreateScheduleInput!) { it: createSchedule(input: $input) { schedule { id } } }";
const UPDATE: &str =
    "mutation ($input: UpdateScheduleInput!) { it: updateSchedule(input: $input) { schedule { id } } }";
const RUN_NOW: &str = "mutation ($id: ID!) { it: runScheduleNow(input: { id: $id }) { runs { id } } }";
const SCHEDULE: &str =
    "query ($id: ID!) { node(id: $id) { ... on Schedule { id name status cron onChange timeZone fireAt
    nextFireAt lastFireAt createdAt budget { maxTokens maxSeconds } lastError { code message hint } dbProfile { name }
    llmProfile { name } scope { database schemas { name tables { name columns } } } scopeSummary
    options { missingOnly alternatives profileData } reviewStrategy
    runs { totalCount nodes { id kind command status progress { total done } error { code } } } } } }";

/// Returns the time `ms` milliseconds from now, as the API takes it.
pub fn in_ms(ms: i64) -> String {
    (gloss::domain::clock::SystemClock.now() + chrono::Duration::milliseconds(ms)).to_rfc3339()
}

pub async fn create(server: &Server, input: Value) -> String {
    let data = server.data(CREATE, json!({ "input": input })).await;
    data["it"]["schedule"]["id"].as_str().unwrap().to_owned()
}

pub async fn update(server: &Server, id: &str, mut change: Value) -> Value {
    change["id"] = json!(id);
    server.data(UPDATE, json!({ "input": change })).await;
    schedule(server, id).await
}

pub async fn schedule(server: &Server, id: &str) -> Value {
    server.data(SCHEDULE, json!({ "id": id })).await["node"].take()
}

/// Polls a schedule until it satisfies `is`; there is no subscription to schedules. A query reads a schedule before
/// its runs, which may continue in between, so the result is read again once the condition holds.
pub async fn until(server: &Server, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let now = schedule(server, id).await;
        if is(&now) {
            return schedule(server, id).await;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "the expected state never came: {now:#}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs a schedule by hand, waits until its run has ended and returns the run.
pub async fn run_now(server: &Server, id: &str) -> Option<Value> {
    let data = server.data(RUN_NOW, json!({ "id": id })).await;
    let run = data["it"]["runs"][0]["id"].as_str()?.to_owned();
    server.events(&run, 0).await;
    let mut now = server.run(&run).await;
    now["id"] = json!(run);
    Some(now)
}

/// A clock that the test sets.
pub struct OwnClock(Mutex<Moment>);

impl OwnClock {
    pub fn set(&self, now: Moment) {
        *self.0.lock().unwrap() = now;
    }
}

impl Clock for OwnClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }
}

/// A store with schedules over a real database, without workers: runs stay QUEUED.
struct House {
    ports: Ports,
    clock: Arc<OwnClock>,
    schedules: Schedules,
    target: SqliteTarget,
    db_profile: DbProfileId,
    folder: tempfile::TempDir,
}

impl House {
    async fn at(now: &str) -> Self {
        Self::with_queue(now, i64::MAX).await
    }

    /// Creates a store that limits each starter to `runs` queued runs.
    async fn with_queue(now: &str, runs: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = SqliteTarget::new("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);");
        let clock = Arc::new(OwnClock(Mutex::new(now.parse().unwrap())));
        let bus = Arc::new(LocalBus::new());
        let store =
            gloss::store::open(&store::url(folder.path()), bus.clone(), crate::harness::seal_key()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store.queueing_at_most(runs));
        let profile = NewDbProfile {
            name: "target".into(),
            backend: DbBackend::Sqlite,
            url: SecretString::from(target.url()),
            pinned_database: None,
            about: None,
            exclude: Vec::new(),
            sample_views: false,
        };
        let db_profile = store.create_db_profile(profile, clock.now()).await.unwrap().id;
        let profile = NewLlmProfile {
            name: "house".into(),
            provider: LlmProvider::Builtin,
            model: "builtin".into(),
            base_url: None,
            api_key: None,
            is_default: true,
            concurrency: 2,
            requests_per_minute: None,
            input_cost_per_million_tokens: None,
            cached_input_cost_per_million_tokens: None,
            output_cost_per_million_tokens: None,
        };
        store.create_llm_profile(profile, clock.now()).await.unwrap();
        let models = Arc::new(ProviderModels::new(Arc::new(BuiltinDescriber), EnvNames::default()));
        let ports = Ports { store, bus, targets: Arc::new(SqlTargets::default()), models, clock: clock.clone() };
        Self { schedules: Schedules::new(ports.clone()), ports, clock, target, db_profile, folder }
    }

    /// Opens the store a second time, as another process would.
    async fn second(&self) -> Ports {
        let bus = Arc::new(LocalBus::new());
        let store = Arc::new(
            gloss::store::open(&store::url(self.folder.path()), bus.clone(), crate::harness::seal_key()).await.unwrap(),
        );
        Ports { store, bus, ..self.ports.clone() }
    }

    fn order(&self, timing: Timing, time_zone: &str) -> CreateSchedule {
        let (fire_at, cron) = match timing {
            Timing::Once(moment) => (Some(moment), None),
            Timing::Cron(expression) => (None, Some(expression)),
        };
        CreateSchedule {
            name: format!("{} in {time_zone}", cron.as_deref().unwrap_or("once")),
            fire_at,
            cron,
            time_zone: time_zone.to_owned(),
            on_change: false,
            target: StartTarget { db_profile_id: self.db_profile, scope: RunScope::default() },
            llm_profile_id: None,
            options: OptionChoices::default(),
            budget: Budget::default(),
            review_strategy: ReviewStrategy::Manual,
            created_by: "ann".into(),
        }
    }

    async fn cron(&self, expression: &str, time_zone: &str) -> ScheduleId {
        self.schedules.create(self.order(Timing::Cron(expression.into()), time_zone)).await.unwrap().id
    }

    async fn once(&self, moment: &str) -> ScheduleId {
        self.schedules.create(self.order(Timing::Once(moment.parse().unwrap()), "UTC")).await.unwrap().id
    }

    async fn get(&self, id: ScheduleId) -> Schedule {
        self.ports.store.schedules_by_id(&[id]).await.unwrap().remove(&id).unwrap()
    }

    /// Returns all runs of a schedule, oldest first.
    async fn runs(&self, id: ScheduleId) -> Vec<Run> {
        let filter = RunFilter { schedule_ids: Some(vec![id]), ..RunFilter::default() };
        let (mut runs, mut request) = (Vec::new(), PageRequest::first(200));
        loop {
            let page = self.ports.store.runs_page(&filter, RunOrder::default(), &request).await.unwrap();
            request.from = page.rows.last().map(|(cursor, _)| cursor.clone());
            runs.extend(page.rows.into_iter().map(|(_, run)| run));
            if !page.has_next {
                runs.reverse();
                return runs;
            }
        }
    }
}

/// Creates a scheduler, as a process that starts now would.
fn scheduler(ports: &Ports, missed: MissedFirings) -> Arc<Scheduler> {
    let settings = SchedulerSettings {
        worker_id: "the one worker".into(),
        missed,
        poll_interval: Duration::from_millis(200),
        grace: Duration::from_secs(5),
    };
    Scheduler::new(ports.clone(), settings, CancellationToken::new())
}
