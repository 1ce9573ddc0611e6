//! Every bus keeps the same promises: nudges arrive, they are merged, and a lost connection heals.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use gloss::{
    bus::{
        local::LocalBus,
        nats::NatsWire,
        postgres::PostgresWire,
        relay::{Relay, Wire},
    },
    domain::{
        clock::Moment,
        filter::RunFacts,
        id::{RunId, SuggestionId},
        status::{RunKind, RunStatus},
    },
    port::bus::{Bus, Missed, RunNudge, RunNudges, SuggestionNudge},
};
use tokio::time::timeout;

use crate::{harness::Proxy, services};

/// Maximum time until a nudge arrives.
const SOON: Duration = Duration::from_secs(30);

/// Two ends of a bus, and what stands before the second one.
struct Ends {
    here: Arc<dyn Bus>,
    there: Arc<dyn Bus>,
    proxy: Option<Proxy>,
}

fn local() -> Ends {
    let bus = Arc::new(LocalBus::new());
    Ends { here: bus.clone(), there: bus, proxy: None }
}

async fn postgres() -> Option<Ends> {
    let service = services::stores().await?;
    let (url, _) = service.fresh_database().await;
    Some(over(&url, service.port, |url| PostgresWire::of_store(url).unwrap()).await)
}

async fn nats() -> Option<Ends> {
    let service = services::nats().await?;
    // Another store on the same server.
    let other = Relay::start(NatsWire::of(&format!("{}/other", service.url)).unwrap());
    tokio::spawn(async move {
        loop {
            other.nudge(nudge(99, None, None));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    Some(over(&format!("{}/store-1", service.url), service.port, |url| NatsWire::of(url).unwrap()).await)
}

/// Two ends over a server, one of them through a proxy.
async fn over<W: Wire>(url: &str, port: u16, wire: impl Fn(&str) -> W) -> Ends {
    let proxy = Proxy::before(port).await;
    let through = url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
    let bus = |url: &str| Arc::new(Relay::start(wire(url)));
    let ends = Ends { here: bus(url), there: bus(&through), proxy: Some(proxy) };
    ends.connected().await;
    ends
}

fn facts(status: RunStatus, text: &str) -> Arc<RunFacts> {
    Arc::new(RunFacts {
        id: RunId(7),
        kind: RunKind::Analyze,
        status,
        db_profile_id: None,
        llm_profile_id: None,
        schedule_id: None,
        parent_id: None,
        listed_at: Moment::from_timestamp_millis(1_700_000_000_123).unwrap(),
        started_by: "local".to_owned(),
        labels: vec!["a \u{1F600} label".to_owned()],
        has_failures: false,
        search_text: text.to_owned(),
    })
}

fn nudge(run: i64, before: Option<Arc<RunFacts>>, after: Option<Arc<RunFacts>>) -> RunNudge {
    RunNudge { run_id: RunId(run), before, after }
}

async fn next(nudges: &mut RunNudges) -> Result<RunNudge, Missed> {
    timeout(SOON, nudges.next()).await.expect("a nudge in time").expect("an open bus")
}

impl Ends {
    /// Waits until a nudge passes in both directions.
    async fn connected(&self) {
        for (from, to) in [(&self.here, &self.there), (&self.there, &self.here)] {
            let mut mark = to.run(RunId(1));
            let ping = async {
                loop {
                    from.nudge(nudge(1, None, None));
                    from.flush().await;
                    if timeout(Duration::from_millis(50), mark.changed()).await.is_ok() {
                        break;
                    }
                }
            };
            timeout(SOON * 3, ping).await.expect("connected in time");
        }
        // What was sent meanwhile has arrived when a later nudge has. A connection may still break and heal.
        for (from, to) in [(&self.here, &self.there), (&self.there, &self.here)] {
            let mut nudges = to.runs();
            let mut tries = (1_000..1_012).map(RunId);
            let mut arrived = false;
            while let (false, Some(id)) = (arrived, tries.next()) {
                from.nudge(nudge(id.0, None, None));
                let arrives = async { while !matches!(next(&mut nudges).await, Ok(nudge) if nudge.run_id == id) {} };
                arrived = timeout(Duration::from_secs(5), arrives).await.is_ok();
            }
            assert!(arrived, "a nudge in time");
        }
    }
}

/// What every bus promises while it is connected.
async fn nudges_arrive(ends: &Ends) {
    let Ends { here, there, .. } = ends;
    let (mut runs, mut mark, mut other) = (there.runs(), there.run(RunId(7)), there.run(RunId(8)));
    let (mut suggestions, mut schedules) = (there.suggestions(), there.schedules());
    let (queued, running) = (facts(RunStatus::Queued, "a"), facts(RunStatus::Running, "a"));

    // Created, changed, deleted.
    for (before, after) in [(None, Some(&queued)), (Some(&queued), Some(&running)), (Some(&running), None)] {
        here.nudge(nudge(7, before.cloned(), after.cloned()));
        let arrived = next(&mut runs).await.unwrap();
        assert_eq!(arrived.run_id, RunId(7));
        assert_eq!((arrived.before.as_ref(), arrived.after.as_ref()), (before, after));
        timeout(SOON, mark.changed()).await.expect("the run's mark").unwrap();
    }
    assert!(!other.has_changed().unwrap(), "a nudge of another run");
    other.mark_unchanged();

    let ids: Arc<[SuggestionId]> = [SuggestionId(3), SuggestionId(4)].into();
    here.nudge_suggestions(SuggestionNudge { run_id: Some(RunId(7)), suggestions: Some(Arc::clone(&ids)) });
    let arrived = timeout(SOON, suggestions.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((arrived.run_id, arrived.suggestions), (Some(RunId(7)), Some(ids)));
    here.nudge_suggestions(SuggestionNudge { run_id: None, suggestions: None });
    let arrived = timeout(SOON, suggestions.next()).await.unwrap().unwrap().unwrap();
    assert!(arrived.run_id.is_none() && arrived.suggestions.is_none());

    schedules.mark_unchanged();
    here.nudge_schedules();
    timeout(SOON, schedules.changed()).await.expect("a nudge of schedules").unwrap();
}

/// However many nudges there are, the last state arrives, and a listener to one run is woken a few times only.
async fn nudges_are_merged(ends: &Ends) {
    let mut mark = ends.there.run(RunId(7));
    let mut runs = ends.there.runs();
    let last = facts(RunStatus::Success, "the last");
    let mut before = None;
    for at in 0..500 {
        let after = if at == 499 { Arc::clone(&last) } else { facts(RunStatus::Running, &format!("state {at}")) };
        ends.here.nudge(nudge(7, before.replace(Arc::clone(&after)), Some(after)));
    }
    let mut arrived = 0;
    while next(&mut runs).await.unwrap().after != Some(Arc::clone(&last)) {
        arrived += 1;
    }
    timeout(SOON, mark.changed()).await.unwrap().unwrap();
    assert!(!mark.has_changed().unwrap(), "at most one wake-up is pending");
    if ends.proxy.is_some() {
        assert!(arrived < 250, "{arrived} of 500 nudges were sent to the other process");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_bus_keeps_its_promises() {
    let ends = local();
    nudges_arrive(&ends).await;
    nudges_are_merged(&ends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_postgres_bus_keeps_its_promises() {
    let Some(ends) = postgres().await else { return };
    nudges_pass_between_processes(ends).await;

    // Facts that are too long for a text are not sent, but the listeners learn that something is missing.
    let ends = postgres().await.unwrap();
    let mut runs = ends.there.runs();
    ends.here.nudge(nudge(7, None, Some(facts(RunStatus::Queued, &"x".repeat(9_000)))));
    assert_eq!(next(&mut runs).await.unwrap_err(), Missed::Apart);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nats_bus_keeps_its_promises() {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let Some(ends) = nats().await else { return };
    nudges_pass_between_processes(ends).await;
    for url in ["nats://127.0.0.1:1/a.b", "nats://127.0.0.1:1/>", "http://127.0.0.1:1", "nats:"] {
        assert!(NatsWire::of(url).is_none(), "{url}");
    }
}

async fn nudges_pass_between_processes(mut ends: Ends) {
    nudges_arrive(&ends).await;
    nudges_are_merged(&ends).await;

    // The sender hears its own nudge once.
    let mut own = ends.here.runs();
    ends.here.nudge(nudge(5, None, None));
    ends.here.flush().await;
    ends.connected().await;
    ends.here.nudge(nudge(6, None, None));
    let mut heard = Vec::new();
    while heard.last() != Some(&RunId(6)) {
        heard.push(next(&mut own).await.unwrap().run_id);
    }
    assert_eq!(heard.iter().filter(|run| **run == RunId(5)).count(), 1);

    // While the connection is broken, nudges are lost; the listeners learn that when it heals.
    let (mut runs, mut mark, mut schedules) = (ends.there.runs(), ends.there.run(RunId(9)), ends.there.schedules());
    let proxy = ends.proxy.as_mut().unwrap();
    proxy.close().await;
    ends.here.nudge(nudge(9, None, None));
    ends.here.flush().await;
    // What the broken end says meanwhile is kept, or the listeners learn that something is missing.
    let mut heard = ends.here.runs();
    ends.there.nudge(nudge(10, None, Some(facts(RunStatus::Queued, "kept"))));
    schedules.mark_unchanged();
    proxy.open().await;
    while !matches!(next(&mut runs).await, Err(Missed::Apart)) {}
    timeout(SOON, mark.changed()).await.unwrap().unwrap();
    timeout(SOON, schedules.changed()).await.unwrap().unwrap();
    loop {
        match next(&mut heard).await {
            Ok(kept) if kept.run_id == RunId(10) => {
                assert_eq!(kept.after.unwrap().search_text, "kept");
                break;
            }
            Ok(_) => {}
            Err(missed) => {
                assert_eq!(missed, Missed::Apart);
                break;
            }
        }
    }
    ends.connected().await;
    nudges_arrive(&ends).await;
}
