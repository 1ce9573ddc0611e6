//! `gloss usage`.

use chrono::TimeDelta;
use gloss::{
    cli::Exit,
    domain::clock::{Clock as _, SystemClock},
};

use super::ends;
use crate::{cli::says, harness::store};

#[tokio::test]
async fn usage_begins_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    store::execute(data, "UPDATE usage_tally SET quarter = quarter - 3 * 86400000");
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    let runs = async |arguments: &[&str]| {
        let usage = ends(data, &[&["usage", "--json"], arguments].concat(), Exit::Success).await.json();
        let models = usage["byModel"].as_array().unwrap().clone();
        models.iter().map(|model| model["runs"].as_u64().unwrap()).sum::<u64>()
    };
    let now = SystemClock.now();
    let [day, four_days] = [1, 4].map(|days| (now - TimeDelta::days(days)).format("%Y-%m-%d").to_string());
    let moment = (now - TimeDelta::hours(2)).to_rfc3339();
    for (since, expected) in [
        ("7d", 2),
        ("73h", 2),
        ("2d", 1),
        ("30m", 1),
        (day.as_str(), 1),
        (four_days.as_str(), 2),
        (moment.as_str(), 1),
        ("2026-01-01", 2),
    ] {
        assert_eq!(runs(&["--since", since]).await, expected, "{since}");
        let zone = ["--since", since, "--time-zone", "America/St_Johns"];
        assert_eq!(runs(&zone).await, expected, "{since}");
    }
    // The days begin with the first one that has any usage.
    let days = ends(data, &["usage", "--since", "2000-01-01", "--by-day", "--json"], Exit::Success).await.json();
    assert!((4..=5).contains(&days["byDay"].as_array().unwrap().len()), "{days:#}");
    for (arguments, words) in [
        (&["--since", "2999-01-01"][..], "is in the future"),
        (&["--since", "yesterday"], "write a time span"),
        (&["--since", "7d", "--window", "today"], "cannot be used with"),
        (&["--since", "2026-01-01", "--time-zone", "Mars/Olympus"], "no time zone"),
    ] {
        says(&ends(data, &[&["usage"], arguments].concat(), Exit::UserError).await.stderr, &[words]);
    }
}
