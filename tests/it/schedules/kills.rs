//! The real server killed at random times while schedules are due every second.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{create, in_ms, schedule, until};
use crate::harness::Server;

/// Number of schedules, due one second apart; `GLOSS_TEST_SCHEDULES=60` makes the test last a minute.
const SCHEDULES: usize = 12;

/// Returns a number below `bound` that is random enough for choosing times.
fn random(bound: u64) -> u64 {
    RandomState::new().build_hasher().finish() % bound
}

#[tokio::test]
async fn after_random_kills_each_schedule_fires_once_or_is_missed() {
    let count = std::env::var("GLOSS_TEST_SCHEDULES").ok().and_then(|text| text.parse().ok()).unwrap_or(SCHEDULES);
    let mut server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let target = json!({ "dbProfileId": demo, "schemas": [{ "name": "main", "tables": [{ "name": "customers" }] }] });
    // Leaves time to create all schedules before the first is due.
    let lead = 1_000 + 40 * i64::try_from(count).unwrap();
    let began = Instant::now();
    let mut ids = Vec::new();
    for at in 0..count {
        let moment =
            in_ms(lead + 1_000 * i64::try_from(at).unwrap() - i64::try_from(began.elapsed().as_millis()).unwrap());
        let input = json!({ "name": format!("second {at}"), "fireAt": moment, "target": target });
        ids.push(create(&server, input).await);
    }
    let end = began + Duration::from_millis(u64::try_from(lead).unwrap()) + Duration::from_secs(count as u64);
    let (mut kills, mut down) = (0, Duration::ZERO);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(200 + random(2_800))).await;
        let data = server.kill().await;
        let killed = Instant::now();
        // Mostly quick restarts, and some that are slow enough for firings to be missed.
        let wait = if kills % 3 == 2 { 3_500 + random(1_000) } else { random(400) };
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server = Server::start_at(data, &[]).await;
        down += killed.elapsed();
        kills += 1;
    }
    let (mut fired, mut missed) = (0, 0);
    for id in &ids {
        let began = Instant::now();
        let over = loop {
            let now = schedule(&server, id).await;
            let ended = |run: &Value| run["status"] == "READY_FOR_REVIEW";
            let runs = now["runs"]["nodes"].as_array().unwrap();
            if now["status"] == "MISSED" || (now["status"] == "COMPLETED" && runs.iter().all(ended)) {
                break now;
            }
            assert!(began.elapsed() < Duration::from_mins(1), "neither fired nor missed: {now:#}\n{}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let runs = over["runs"]["totalCount"].as_u64().unwrap();
        assert_eq!(over["nextFireAt"], Value::Null);
        if over["status"] == "COMPLETED" {
            assert_eq!(runs, 1, "{over:#}");
            fired += 1;
        } else {
            assert_eq!(runs, 0, "{over:#}");
            missed += 1;
        }
    }
    eprintln!(
        "{count} schedules a second apart, {kills} kills, down for {:.1} s: {fired} fired once, {missed} missed",
        down.as_secs_f64()
    );
    assert!(fired > 0 && fired + missed == count);
}

#[tokio::test]
async fn a_setting_makes_up_for_missed_one_time_schedules() {
    for (setting, status, runs) in [("all", "COMPLETED", 1), ("repeating", "MISSED", 0)] {
        let server = Server::start().await;
        let demo = server.db_profile("demo").await;
        let target =
            json!({ "dbProfileId": demo, "schemas": [{ "name": "main", "tables": [{ "name": "customers" }] }] });
        let id = create(&server, json!({ "name": "soon", "fireAt": in_ms(1_000), "target": target })).await;
        let data = server.kill().await;
        // Longer than a restart takes.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let server = Server::start_at(data, &[("GLOSS_MISSED_FIRINGS", setting)]).await;
        let over = until(&server, &id, |now| now["status"] != "ACTIVE").await;
        assert_eq!((&over["status"], &over["runs"]["totalCount"]), (&json!(status), &json!(runs)), "{over:#}");
    }
}
