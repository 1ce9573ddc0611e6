//! Several processes that share a store in PostgreSQL.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gloss::{
    cli::Exit,
    domain::clock::{Clock as _, SystemClock},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cli::says,
    command_line::ends_with,
    crash::described,
    harness::{Proxy, ScriptedModel, Server, SqliteTarget, llm_input},
    schedules,
    services::{self, Service},
};

/// The key of the secrets, which all processes need.
const KEY: &str = "a key that all the processes know";
/// How long something may take that takes a second or a few on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);
/// Number of concurrent requests of the scripted profile.
const WIDTH: usize = 4;

/// An empty database for the store of several processes.
struct Shared {
    service: &'static Service,
    url: String,
    /// The bus, if it is not the default one.
    bus: Option<String>,
}

impl Shared {
    async fn new() -> Option<Self> {
        let service = services::stores().await?;
        let (url, _) = service.fresh_database().await;
        Some(Self { service, url, bus: None })
    }

    /// Starts a process with a data folder of its own.
    async fn start(&self, workers: usize) -> Server {
        self.start_at(Arc::new(TempDir::with_prefix("gloss-").unwrap()), workers).await
    }

    async fn start_at(&self, data: Arc<TempDir>, workers: usize) -> Server {
        let workers = workers.to_string();
        let mut environment =
            vec![("GLOSS_STORE_URL", self.url.as_str()), ("GLOSS_SECRET_KEY", KEY), ("GLOSS_WORKERS", &workers)];
        environment.extend(self.bus.iter().map(|bus| ("GLOSS_BUS_URL", bus.as_str())));
        Server::start_at(data, &environment).await
    }

    async fn pair(&self) -> Pair {
        let target = SqliteTarget::with_tables(12, 5);
        let model = ScriptedModel::builder().gated().start().await;
        let first = self.start(1).await;
        let run = first.start_run(input(&first, &model, &target).await).await;
        model.waiting(WIDTH).await;
        Pair { second: self.start(1).await, first, run, model, _target: target }
    }
}

/// Two processes. The first one works on a run over twelve tables, whose first requests wait for their answers.
struct Pair {
    first: Server,
    second: Server,
    run: String,
    model: ScriptedModel,
    _target: SqliteTarget,
}

/// Creates the profiles and returns the input of a run over the whole target.
async fn input(server: &Server, model: &ScriptedModel, target: &SqliteTarget) -> Value {
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let llm_profile = server.create_llm_profile(llm_input(&model.profile())).await;
    json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile })
}

fn assert_gapless(events: &[Value]) {
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
}

/// Returns the id of the worker that holds a run; `None` if none does.
async fn holder(server: &Server, run: &str) -> Option<String> {
    let query = "query($id: ID!) { run(id: $id) { worker { id } } }";
    server.data(query, json!({ "id": run })).await["run"]["worker"]["id"].as_str().map(str::to_owned)
}

/// Returns the id of a process's own worker, which its data folder names.
fn is_of(server: &Server, worker: &str) -> bool {
    let name = std::fs::read_to_string(server.data.path().join("name")).unwrap();
    worker.starts_with(&format!("{}-", name.trim()))
}

async fn workers(server: &Server) -> Vec<Value> {
    let workers = server.data("{ workers { id capacity runs { number } } }", json!({})).await["workers"].take();
    workers.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_run_is_started_worked_on_watched_and_cancelled_by_different_processes() {
    let Some(shared) = Shared::new().await else { return };
    journey(&shared, "postgres").await;
}

#[tokio::test]
async fn nats_carries_nudges_between_processes() {
    let (Some(shared), Some(nats)) = (Shared::new().await, services::nats().await) else { return };
    let shared = Shared { bus: Some(format!("{}/journey", nats.url)), ..shared };
    journey(&shared, "nats").await;
}

/// A run that one process starts, the second works on, the third watches and the fourth cancels.
async fn journey(shared: &Shared, bus: &str) {
    let target = SqliteTarget::with_tables(20, 5);
    let model = ScriptedModel::builder().gated().start().await;
    // The first processes create the store together.
    let (api, worker, watcher, fourth) =
        tokio::join!(shared.start(0), shared.start(2), shared.start(0), shared.start(0));
    let capacities = |workers: &[Value]| {
        let mut capacities: Vec<u64> = workers.iter().map(|it| it["capacity"].as_u64().unwrap()).collect();
        capacities.sort_unstable();
        capacities
    };
    while workers(&api).await.len() < 4 {}
    assert_eq!(capacities(&workers(&watcher).await), [0, 0, 0, 2]);
    let info = api.data("{ server { bus } }", json!({})).await;
    assert_eq!(info["server"]["bus"], bus);

    let changes = "subscription { runsChanged { kind runId run { status } } }";
    let mut changes = watcher.subscribe(changes, json!({})).await.field("runsChanged");
    changes.listening().await;
    let input = input(&api, &model, &target).await;
    let run = api.start_run(input.clone()).await;
    model.waiting(WIDTH).await;
    assert!(is_of(&worker, &holder(&fourth, &run).await.unwrap()));
    let created = changes.next().await.unwrap();
    assert_eq!((&created["kind"], &created["runId"]), (&json!("CREATED"), &json!(run)));

    let mut live = watcher.watch(&run, 0).await;
    let mut watched = Vec::new();
    model.release(8);
    while watched.iter().filter(|event: &&Value| event["type"] == "ASSET_FINISHED").count() < 8 * 6 {
        watched.push(live.next().await.unwrap());
    }
    let busy = workers(&fourth).await.into_iter().find(|it| it["capacity"] == 2).unwrap();
    assert_eq!(busy["runs"], json!([{ "number": 1 }]));
    let server = [("GLOSS_SERVER", api.base.as_str())];
    let listed = ends_with(api.data.path(), &["workers"], &server, Exit::Success).await;
    says(&listed.stdout, &["1 of 2", "0 of 0", "#1", "(48 of 120)"]);

    // The cancel reaches the owner, and its end the watcher.
    let began = Instant::now();
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    fourth.data(cancel, json!({ "id": run })).await;
    while let Some(event) = live.next().await {
        watched.push(event);
    }
    let took = began.elapsed();
    assert_eq!(watched.last().unwrap()["status"], "CANCELLED");
    assert_gapless(&watched);
    assert_eq!(watched, api.events(&run, 0).await);
    eprintln!("a cancel by another process took {took:?} over {bus}");
    assert!(took < PATIENCE, "the cancel took {took:?}");
    model.open_gate();
    let again = fourth.start_run(input).await;
    assert_eq!(watcher.events(&again, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");

    // A token that one process creates is needed at the others within seconds, also by those who are connected.
    let mut open = watcher.subscribe("subscription { runsChanged { kind } }", json!({})).await;
    let (secret, _) = api.create_token(None, "ann", "ADMIN").await;
    let began = Instant::now();
    while fourth.ask(None, "{ viewer { name } }", json!({})).await.2["errors"].is_null() {
        assert!(began.elapsed() < PATIENCE, "a token is not needed");
    }
    assert_eq!(fourth.data_for(&secret, "{ viewer { name } }", json!({})).await["viewer"]["name"], "ann");
    while open.message().await.unwrap()["type"] != "error" {}
    assert!(began.elapsed() < 2 * PATIENCE, "the subscription ended after {:?}", began.elapsed());
    drop(worker);
}

/// Without a bus between the processes, each looks into the store periodically.
#[tokio::test]
async fn a_lost_nudge_costs_one_poll_interval() {
    let Some(shared) = Shared::new().await else { return };
    let shared = Shared { bus: Some("local".to_owned()), ..shared };
    let target = SqliteTarget::with_tables(8, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (api, _worker) = (shared.start(0).await, shared.start(1).await);
    let run = api.start_run(input(&api, &model, &target).await).await;
    let mut live = api.watch(&run, 0).await;
    let began = Instant::now();
    model.waiting(WIDTH).await;
    assert!(began.elapsed() < PATIENCE, "the run was claimed after {:?}", began.elapsed());
    let began = Instant::now();
    model.release(1);
    while live.next().await.unwrap()["type"] != "ASSET_FINISHED" {}
    assert!(began.elapsed() < PATIENCE, "the event came after {:?}", began.elapsed());
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    let began = Instant::now();
    api.data(cancel, json!({ "id": run })).await;
    while live.next().await.is_some() {}
    assert!(began.elapsed() < PATIENCE, "the cancel took {:?}", began.elapsed());
    assert_eq!(api.run(&run).await["status"], "CANCELLED");
}

/// Whichever process works on the run is killed, and starts again.
#[tokio::test]
async fn after_twenty_kills_each_row_exists_once() {
    // Each table is one request.
    const TABLES: usize = 100;
    const KILLS: usize = 20;
    let Some(shared) = Shared::new().await else { return };
    let target = SqliteTarget::with_tables(TABLES, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let watcher = shared.start(0).await;
    let mut processes = vec![shared.start(1).await, shared.start(1).await, shared.start(1).await];
    let run = watcher.start_run(input(&watcher, &model, &target).await).await;
    let mut live = watcher.watch(&run, 0).await;
    let mut kills = [0; 3];
    for kill in 0..KILLS {
        model.waiting(WIDTH).await;
        model.release(3);
        if kill % 2 == 0 {
            // The next request of a job is sent after its last answer was recorded. Otherwise, the kill comes sooner.
            model.waiting(WIDTH).await;
        }
        let at = loop {
            let Some(owner) = holder(&watcher, &run).await else { continue };
            if let Some(at) = processes.iter().position(|process| is_of(process, &owner)) {
                break at;
            }
        };
        let data = processes.remove(at).kill().await;
        processes.insert(at, shared.start_at(data, 1).await);
        kills[at] += 1;
    }
    model.open_gate();
    let mut watched = Vec::new();
    while let Some(event) = live.next().await {
        watched.push(event);
    }
    assert_gapless(&watched);
    assert_eq!(watched, watcher.events(&run, 0).await);
    let last = watched.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last:#}");
    let rows = TABLES * 6;
    assert_eq!(last["progress"], json!({ "total": rows, "done": rows, "failed": 0, "skipped": 0 }));
    assert_eq!(watched.iter().filter(|event| event["type"] == "ASSET_FINISHED").count(), rows);
    assert_eq!(described(&watcher, &run).await.len(), rows);
    let sent = model.requests();
    eprintln!("{sent} requests for {TABLES} needed, {KILLS} kills of the process at work, by process {kills:?}");
    assert!(sent <= TABLES + KILLS * WIDTH, "{sent} requests for {TABLES} needed");
    let usage = watcher.run(&run).await["usage"]["requests"].as_u64().unwrap();
    assert_eq!(usage, TABLES as u64, "each recorded answer counts once");
}

/// Nothing tells that the process is gone, so its lease must expire.
#[tokio::test]
async fn the_run_of_a_dead_process_is_taken_over_after_its_lease() {
    let Some(shared) = Shared::new().await else { return };
    let Pair { first, second, run, model, _target } = shared.pair().await;
    let mut live = second.watch(&run, 0).await;
    let began = Instant::now();
    drop(first.kill().await);
    model.open_gate();
    let mut watched = Vec::new();
    while let Some(event) = live.next().await {
        if event["type"] == "RESUMED" {
            let took = began.elapsed();
            assert!(took > Duration::from_secs(20) && took < 2 * PATIENCE, "taken over after {took:?}");
        }
        watched.push(event);
    }
    assert_gapless(&watched);
    assert_eq!(watched.iter().filter(|event| event["type"] == "RESUMED").count(), 1, "{watched:#?}");
    assert_eq!(watched.last().unwrap()["progress"]["done"], 72);
    assert_eq!(described(&second, &run).await.len(), 72);
    assert!(model.requests() <= 12 + WIDTH);
    // The dead process is no longer listed.
    assert_eq!(workers(&second).await.len(), 1);
}

#[tokio::test]
async fn a_frozen_process_that_wakes_up_writes_nothing_more() {
    let Some(shared) = Shared::new().await else { return };
    let Pair { first, second, run, model, _target } = shared.pair().await;
    let mut live = second.watch(&run, 0).await;
    first.signal("STOP");
    let mut watched = Vec::new();
    loop {
        watched.push(live.next().await.unwrap());
        if watched.last().unwrap()["type"] == "RESUMED" {
            break;
        }
    }
    // The frozen process gets its answers, and records them when it wakes up.
    model.waiting(2 * WIDTH).await;
    model.release(WIDTH);
    first.signal("CONT");
    first.logged("another worker").await;
    model.open_gate();
    while let Some(event) = live.next().await {
        watched.push(event);
    }
    assert_gapless(&watched);
    assert_eq!(watched, first.events(&run, 0).await);
    let last = watched.last().unwrap();
    assert_eq!((&last["status"], &last["progress"]["done"]), (&json!("READY_FOR_REVIEW"), &json!(72)));
    assert_eq!(described(&second, &run).await.len(), 72);
    let usage = second.run(&run).await["usage"]["requests"].as_u64().unwrap();
    assert_eq!(usage, 12, "late answers are not counted");
    // It goes on with other runs.
    assert_eq!(workers(&second).await.len(), 2);
}

/// Each process is stopped and started again while the others work.
#[tokio::test]
async fn a_rolling_restart_fails_no_request_and_loses_no_run() {
    let Some(shared) = Shared::new().await else { return };
    let target = SqliteTarget::with_tables(30, 5);
    let model = ScriptedModel::builder().latency(Duration::from_millis(10)).start().await;
    let mut processes = vec![shared.start(2).await, shared.start(2).await, shared.start(2).await];
    let input = input(&processes[0], &model, &target).await;
    let mut runs = Vec::new();
    for at in 0..processes.len() {
        for _ in 0..2 {
            runs.push(processes[(at + 1) % processes.len()].start_run(input.clone()).await);
        }
        let process = processes.remove(at);
        process.signal("TERM");
        let stopping = tokio::spawn(process.left());
        while !stopping.is_finished() {
            for other in &processes {
                other.data("{ runs(first: 5) { totalCount nodes { status } } }", json!({})).await;
            }
        }
        let (status, data) = stopping.await.unwrap();
        assert!(status.success(), "{status}");
        processes.insert(at, shared.start_at(data, 2).await);
    }
    for (at, run) in runs.iter().enumerate() {
        let events = processes[at % processes.len()].events(run, 0).await;
        assert_gapless(&events);
        let last = events.last().unwrap();
        assert_eq!((&last["status"], &last["progress"]["done"]), (&json!("READY_FOR_REVIEW"), &json!(180)), "{last:#}");
    }
    assert_eq!(model.requests(), runs.len() * 30, "a graceful stop repeats no request");
}

/// PostgreSQL goes away for some seconds, for all processes.
#[tokio::test]
async fn work_continues_when_the_database_server_comes_back() {
    let Some(mut shared) = Shared::new().await else { return };
    let mut proxy = Proxy::before(shared.service.port).await;
    shared.url = shared.url.replace(&format!(":{}/", shared.service.port), &format!(":{}/", proxy.port));
    let target = SqliteTarget::with_tables(40, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (api, _worker, watcher) = (shared.start(0).await, shared.start(2).await, shared.start(0).await);
    let run = api.start_run(input(&api, &model, &target).await).await;
    let mut live = watcher.watch(&run, 0).await;
    let mut watched = Vec::new();
    model.waiting(WIDTH).await;
    model.release(8);
    model.waiting(WIDTH).await;
    while watched.len() < 40 {
        watched.push(live.next().await.unwrap());
    }
    proxy.close().await;
    // The answers arrive, but cannot be recorded.
    model.open_gate();
    assert_eq!(api.get("/readyz").await.status(), 503);
    tokio::time::sleep(Duration::from_secs(3)).await;
    proxy.open().await;
    while let Some(event) = live.next().await {
        watched.push(event);
    }
    assert_gapless(&watched);
    let last = watched.last().unwrap();
    assert_eq!((&last["status"], &last["progress"]["done"]), (&json!("READY_FOR_REVIEW"), &json!(240)), "{last:#}");
    assert_eq!(described(&watcher, &run).await.len(), 240);
    // Nudges pass again.
    let began = Instant::now();
    let gated = ScriptedModel::builder().gated().start().await;
    let mut llm = llm_input(&gated.profile());
    llm["name"] = json!("gated");
    let llm = api.create_llm_profile(llm).await;
    let db = api.db_profile("target").await;
    let run = api.start_run(json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm })).await;
    gated.waiting(WIDTH).await;
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    gated.open_gate();
    assert_eq!(watcher.events(&run, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
}

/// The processes together send no more requests a minute than the profile permits.
#[tokio::test]
async fn processes_share_the_requests_per_minute_of_a_profile() {
    let Some(shared) = Shared::new().await else { return };
    let target = SqliteTarget::with_tables(8, 3);
    let model = ScriptedModel::builder().start().await;
    let processes = [shared.start(1).await, shared.start(1).await];
    let mut input = input(&processes[0], &model, &target).await;
    let mut paced = llm_input(&model.profile());
    (paced["name"], paced["requestsPerMinute"]) = (json!("paced"), json!(60));
    input["llmProfileId"] = json!(processes[0].create_llm_profile(paced).await);
    let runs = [processes[0].start_run(input.clone()).await, processes[0].start_run(input).await];
    model.arrived(2).await;
    let owners = [holder(&processes[1], &runs[0]).await, holder(&processes[1], &runs[1]).await];
    assert_ne!(owners[0], owners[1], "each process has one run");
    for run in &runs {
        assert_eq!(processes[1].events(run, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    }
    let arrivals = model.arrivals();
    assert_eq!(arrivals.len(), 16);
    // 6 at once, and from then on 55 a minute: at most 60 in any minute.
    let took = arrivals[15] - arrivals[0];
    let least = Duration::from_millis(10 * 60_000 / 55 - 200);
    assert!(took >= least && took < least + PATIENCE, "{took:?}");
}

/// Of several processes, one fires, and another takes over when it stops.
#[tokio::test]
async fn schedules_fire_once_whichever_process_stops() {
    const SCHEDULES: u64 = 12;
    let Some(shared) = Shared::new().await else { return };
    let mut processes = vec![shared.start(1).await, shared.start(1).await, shared.start(1).await];
    let demo = processes[0].db_profile("demo").await;
    let target = json!({ "dbProfileId": demo, "schemas": [{ "name": "main", "tables": [{ "name": "customers" }] }] });
    let first = SystemClock.now() + Duration::from_secs(10);
    let mut ids = Vec::new();
    for at in 0..SCHEDULES {
        let moment = (first + Duration::from_secs(at)).to_rfc3339();
        let input = json!({ "name": format!("second {at}"), "fireAt": moment, "target": target });
        ids.push(schedules::create(&processes[1], input).await);
    }
    while SystemClock.now() < first + Duration::from_secs(SCHEDULES) {
        let process = processes.remove(0);
        process.signal("TERM");
        assert!(process.left().await.0.success());
        processes.push(shared.start(1).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for id in &ids {
        let began = Instant::now();
        let fired = loop {
            let now = schedules::schedule(&processes[0], id).await;
            if now["status"] != "ACTIVE" {
                break now;
            }
            assert!(began.elapsed() < 2 * PATIENCE, "{now:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!((&fired["status"], &fired["runs"]["totalCount"]), (&json!("COMPLETED"), &json!(1)), "{fired:#}");
    }
}

/// What needs the store for itself is refused while other processes live.
#[tokio::test]
async fn the_key_is_not_changed_under_living_processes() {
    let Some(shared) = Shared::new().await else { return };
    let server = shared.start(0).await;
    while workers(&server).await.is_empty() {}
    let other = tempfile::tempdir().unwrap();
    let environment = [("GLOSS_STORE_URL", shared.url.as_str()), ("GLOSS_SECRET_KEY", KEY)];
    let new_key = [&environment[..], &[("GLOSS_NEW_SECRET_KEY", "another key that all processes know")]].concat();
    let refused = ends_with(other.path(), &["secrets", "rotate"], &new_key, Exit::Conflict).await;
    says(&refused.stderr, &["in use by another Gloss", "gloss workers", "--store-url"]);
    // Other commands work beside the server.
    says(&ends_with(other.path(), &["workers"], &environment, Exit::Success).await.stdout, &["0 of 0"]);
    says(&ends_with(other.path(), &["migrate"], &environment, Exit::Success).await.stdout, &["up to date"]);
    ends_with(other.path(), &["run", "demo:main.orders"], &environment, Exit::Success).await;
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 1);
    // A wrong key is refused at the start.
    let wrong = [environment[0], ("GLOSS_SECRET_KEY", "a key that only this process knows")];
    let refused = ends_with(other.path(), &["serve"], &wrong, Exit::Failure).await;
    says(&refused.stderr, &["sealed with a different key"]);
    server.signal("TERM");
    assert!(server.left().await.0.success());
    ends_with(other.path(), &["secrets", "rotate"], &new_key, Exit::Success).await;
}
