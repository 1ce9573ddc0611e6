//! A year of schedules under a simulated clock, and several schedulers over one store.

use std::{collections::HashMap, sync::Arc};

use chrono::{Datelike, Duration, NaiveDateTime, Timelike, Weekday};
use chrono_tz::Tz;
use futures_util::future::join_all;
use gloss::domain::{
    clock::{Clock, Moment, SystemClock},
    id::ScheduleId,
    schedule::{MissedFirings, ScheduleStatus, Timing},
};
use tokio_util::sync::CancellationToken;

use super::{House, scheduler};

/// A cron expression, and the same rule as a predicate on wall clock time.
struct Job {
    cron: &'static str,
    zone: &'static str,
    /// Whether it fires each time that the clock shows a matching time, even the same time twice.
    every_hour: bool,
    matches: fn(NaiveDateTime) -> bool,
}

const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"];

/// Returns the wall clock time of a zone at each minute between `start` and `end`.
fn walls(zone: &str, start: Moment, end: Moment) -> Vec<(Moment, NaiveDateTime)> {
    let zone: Tz = zone.parse().unwrap();
    let minutes = (end - start).num_minutes();
    let moments = (0..=minutes).map(|minute| start + Duration::minutes(minute));
    moments.map(|moment| (moment, moment.with_timezone(&zone).naive_local())).collect()
}

/// Returns the firings of a job, found by checking the wall clock minute by minute. A repeated time counts once, and
/// a skipped time counts at the next time that exists.
fn expected(job: &Job, walls: &[(Moment, NaiveDateTime)]) -> Vec<Moment> {
    let mut shown = walls[0].1;
    let mut firings = Vec::new();
    for (moment, now) in &walls[1..] {
        let mut fires = job.every_hour && (job.matches)(*now);
        while !job.every_hour && shown < *now {
            shown += Duration::minutes(1);
            fires |= (job.matches)(shown);
        }
        if fires {
            firings.push(*moment);
        }
    }
    firings
}

#[tokio::test]
async fn a_year_of_schedules_in_four_zones_fires_each_once_at_its_wall_clock_time() {
    let (start, end): (Moment, Moment) =
        ("2027-01-01T00:00:00Z".parse().unwrap(), "2028-01-01T00:00:00Z".parse().unwrap());
    let mut jobs = Vec::new();
    for zone in ZONES {
        // Within the time that Berlin, New York and (by half an hour) Lord Howe skip and repeat.
        let nightly = |wall: NaiveDateTime| (wall.hour(), wall.minute()) == (2, 10);
        jobs.push(Job { cron: "10 2 * * *", zone, every_hour: false, matches: nightly });
        let sundays = |wall: NaiveDateTime| {
            let months = matches!(wall.month(), 3 | 4 | 9..=11);
            months && wall.weekday() == Weekday::Sun && wall.hour() <= 3 && wall.minute() == 45
        };
        jobs.push(Job { cron: "45 0-3 * 3,4,9-11 SUN", zone, every_hour: false, matches: sundays });
    }
    // In Santiago one day of change begins at 01:00, and another has 23 o'clock twice.
    let midnight = |wall: NaiveDateTime| matches!(wall.month(), 4 | 9) && (wall.hour(), wall.minute()) == (0, 0);
    jobs.push(Job { cron: "0 0 * 4,9 *", zone: "America/Santiago", every_hour: false, matches: midnight });
    let paced = |wall: NaiveDateTime| matches!(wall.month(), 3 | 10) && wall.day() > 26 && wall.minute() == 20;
    jobs.push(Job { cron: "20 * 27-31 3,10 *", zone: "Europe/Berlin", every_hour: true, matches: paced });

    let house = House::at(&start.to_rfc3339()).await;
    let mut ids: Vec<ScheduleId> = Vec::new();
    for job in &jobs {
        ids.push(house.cron(job.cron, job.zone).await);
    }
    // Two processes check each minute at the same time.
    let (one, two) =
        (scheduler(&house.ports, MissedFirings::None), scheduler(&house.second().await, MissedFirings::None));
    while let Some(next) = house.ports.store.next_firing(house.clock.now()).await.unwrap() {
        if next > end {
            break;
        }
        house.clock.set(next);
        let (a, b) = tokio::join!(one.take_due(), two.take_due());
        a.unwrap();
        b.unwrap();
    }
    let clocks: HashMap<&str, _> = ZONES.into_iter().map(|zone| (zone, walls(zone, start, end))).collect();
    let mut total = 0;
    for (job, id) in jobs.iter().zip(ids) {
        let fired: Vec<Moment> = house.runs(id).await.iter().map(|run| run.created_at).collect();
        let expected = expected(job, &clocks[job.zone]);
        assert!(expected.len() > 50, "{}: {}", job.cron, expected.len());
        let shown = |moments: &[Moment]| moments.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(&fired), shown(&expected), "{} in {}", job.cron, job.zone);
        total += fired.len();
    }
    eprintln!("{total} firings of {} schedules in a year, each once at its time", jobs.len());
}

#[tokio::test]
async fn several_schedulers_over_one_store_start_one_run_for_each_firing() {
    const SCHEDULES: usize = 30;
    let mut house = House::at("2027-01-01T00:00:00Z").await;
    // In real time: all schedules are due at three times, some at the same.
    house.ports.clock = Arc::new(SystemClock);
    let schedules = gloss::service::schedules::Schedules::new(house.ports.clone());
    let soon = SystemClock.now() + Duration::milliseconds(6_000);
    let mut ids = Vec::new();
    for at in 0..SCHEDULES {
        let moment = soon + Duration::milliseconds(200 * i64::try_from(at % 3).unwrap());
        let mut order = house.order(Timing::Once(moment), "UTC");
        order.on_change = at % 2 == 0;
        ids.push(schedules.create(order).await.unwrap().id);
    }
    let stop = CancellationToken::new();
    let mut at_work = Vec::new();
    for (at, ports) in [house.ports.clone(), house.ports.clone(), house.second().await].into_iter().enumerate() {
        let settings = gloss::worker::SchedulerSettings {
            worker_id: format!("worker {at}"),
            missed: MissedFirings::All,
            poll_interval: std::time::Duration::from_millis(50),
            grace: std::time::Duration::from_secs(5),
        };
        at_work.push(tokio::spawn(gloss::worker::Scheduler::new(ports, settings, stop.clone()).work()));
    }
    // Nudges without a change have no effect.
    let began = std::time::Instant::now();
    for id in &ids {
        while house.get(*id).await.status != ScheduleStatus::Completed {
            assert!(began.elapsed() < std::time::Duration::from_mins(1), "not all fired");
            house.ports.bus.nudge_schedules();
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    stop.cancel();
    join_all(at_work).await;
    for id in ids {
        let runs = house.runs(id).await;
        assert_eq!(runs.len(), 1, "schedule {id}");
        assert!(runs[0].created_at >= soon);
    }
}
