//! Missed firings and a clock that is set back, under a simulated clock.

use chrono::Duration;
use gloss::{
    domain::{
        Code,
        clock::{Clock, Moment},
        schedule::{MissedFirings, ScheduleStatus, Timing},
    },
    service::schedules::CreateSchedule,
};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use super::{House, scheduler};

#[tokio::test]
async fn firings_due_while_no_server_ran_follow_the_setting() {
    for (missed, once_fires, cron_fires) in
        [(MissedFirings::Repeating, 0, 1), (MissedFirings::All, 1, 1), (MissedFirings::None, 0, 0)]
    {
        let house = House::at("2027-01-01T12:00:00Z").await;
        let once = house.once("2027-01-01T12:30:00Z").await;
        let cron = house.cron("*/10 * * * *", "UTC").await;
        let later = house.once("2027-01-01T15:00:00Z").await;
        // Nothing ran for three hours, in which six cron times passed.
        house.clock.set("2027-01-01T13:02:30Z".parse().unwrap());
        let scheduler = scheduler(&house.ports, missed);
        for _ in 0..3 {
            scheduler.take_due().await.unwrap();
        }
        let (once, cron) = (house.get(once).await, house.get(cron).await);
        assert_eq!(house.runs(once.id).await.len(), once_fires, "{missed:?}");
        assert_eq!(house.runs(cron.id).await.len(), cron_fires, "{missed:?}");
        let over = if once_fires == 1 { ScheduleStatus::Completed } else { ScheduleStatus::Missed };
        assert_eq!((once.status, once.next_fire_at), (over, None));
        let next: Moment = "2027-01-01T13:10:00Z".parse().unwrap();
        assert_eq!((cron.status, cron.next_fire_at), (ScheduleStatus::Active, Some(next)));
        assert_eq!(cron.last_fire_at.is_some(), cron_fires == 1);
        assert_eq!(house.get(later).await.status, ScheduleStatus::Active);

        // The next firing is an ordinary one.
        house.clock.set(next);
        scheduler.take_due().await.unwrap();
        assert_eq!(house.runs(cron.id).await.len(), cron_fires + 1, "{missed:?}");
        // A MISSED schedule can be run by hand and can get a new time.
        assert!(house.schedules.run_now(once.id, "bob").await.unwrap().is_some());
        assert_eq!(house.get(once.id).await.status, over);
    }
}

#[tokio::test]
async fn a_short_restart_misses_no_firing_and_a_long_sleep_does() {
    let house = House::at("2027-01-01T12:00:00Z").await;
    let near = house.once("2027-01-01T12:00:10Z").await;
    house.clock.set("2027-01-01T12:00:11Z".parse().unwrap());
    let scheduler = scheduler(&house.ports, MissedFirings::Repeating);
    scheduler.take_due().await.unwrap();
    assert_eq!(house.get(near).await.status, ScheduleStatus::Completed, "one second before the start");

    let late = house.once("2027-01-01T12:01:00Z").await;
    let slept = house.once("2027-01-01T12:01:01Z").await;
    house.clock.set("2027-01-01T12:01:45Z".parse().unwrap());
    // The machine was busy for 45 seconds.
    let (busy, at) = (house.get(late).await, house.clock.now());
    assert!(busy.next_fire_at.unwrap() < at);
    scheduler.take_due().await.unwrap();
    assert_eq!(house.get(late).await.status, ScheduleStatus::Completed);
    assert_eq!(house.get(slept).await.status, ScheduleStatus::Completed);
    let slept = house.once("2027-01-01T13:00:00Z").await;
    house.clock.set("2027-01-01T17:00:00Z".parse().unwrap());
    scheduler.take_due().await.unwrap();
    assert_eq!(house.get(slept).await.status, ScheduleStatus::Missed, "the machine slept for hours");
}

#[tokio::test]
async fn pause_resume_and_a_clock_that_is_set_back_fire_nothing_twice() {
    let house = House::at("2027-01-01T12:00:00Z").await;
    let cron = house.cron("*/10 * * * *", "UTC").await;
    let once = house.once("2027-01-01T12:30:00Z").await;
    let scheduler = scheduler(&house.ports, MissedFirings::All);
    let at = async |time: &str| {
        house.clock.set(format!("2027-01-01T{time}Z").parse().unwrap());
        scheduler.take_due().await.unwrap();
    };
    at("12:10:00").await;
    assert_eq!(house.runs(cron).await.len(), 1);
    house.schedules.pause(cron).await.unwrap();
    house.schedules.pause(once).await.unwrap();
    assert_eq!(house.get(cron).await.next_fire_at, None);
    at("12:45:00").await;
    assert_eq!((house.runs(cron).await.len(), house.runs(once).await.len()), (1, 0), "paused");
    // A resume does not catch up; a one-time schedule whose time has passed needs a new one.
    let resumed = house.schedules.resume(cron).await.unwrap();
    assert_eq!(resumed.next_fire_at, Some("2027-01-01T12:50:00Z".parse().unwrap()));
    let refused = house.schedules.resume(once).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    assert!(refused.to_string().contains("fireAt"), "{refused}");
    at("12:50:00").await;
    assert_eq!(house.runs(cron).await.len(), 2);

    // The clock is set back by a minute: after pause and resume, 12:50 occurs again but does not fire again.
    at("12:49:00").await;
    house.schedules.pause(cron).await.unwrap();
    let resumed = house.schedules.resume(cron).await.unwrap();
    assert_eq!(resumed.next_fire_at, Some("2027-01-01T12:50:00Z".parse().unwrap()));
    at("12:50:00").await;
    let now = house.get(cron).await;
    assert_eq!(house.runs(cron).await.len(), 2);
    assert_eq!(now.next_fire_at, Some(house.clock.now() + Duration::minutes(10)));
}

#[tokio::test]
async fn a_firing_prepared_for_an_older_revision_is_not_executed() {
    use gloss::{domain::schedule::Firing, kind::firing, service::schedules::UpdateSchedule};
    let house = House::at("2027-01-01T12:00:00Z").await;
    let id = house.once("2027-01-01T12:00:05Z").await;
    let read = house.get(id).await;
    house.clock.set("2027-01-01T12:00:05Z".parse().unwrap());
    let prepared =
        async || Firing { due_at: read.next_fire_at, outcome: firing::outcome(&house.ports, &read).await.unwrap() };
    let renamed = UpdateSchedule { name: Some("other".into()), ..UpdateSchedule::default() };
    house.schedules.update(id, renamed).await.unwrap();
    let taken = house.ports.store.fire(&read, prepared().await, house.clock.now()).await.unwrap();
    assert!(taken.is_none());
    assert_eq!(house.get(id).await.status, ScheduleStatus::Active, "still due");
    scheduler(&house.ports, MissedFirings::None).take_due().await.unwrap();
    assert_eq!(house.runs(id).await.len(), 1);
    // A firing cannot be taken twice, nor can one of a deleted schedule.
    let again = house.get(id).await;
    assert!(house.ports.store.fire(&again, prepared().await, house.clock.now()).await.unwrap().is_none());
    house.schedules.delete(id).await.unwrap();
    assert!(house.ports.store.fire(&again, prepared().await, house.clock.now()).await.unwrap().is_none());
    assert_eq!(house.runs(id).await.len(), 1);
    drop(house.target);
}

#[tokio::test]
async fn a_slow_check_of_the_database_is_waited_for() {
    let house = House::at("2027-01-01T12:00:00Z").await;
    let order = house.order(Timing::Once("2027-01-01T12:10:00Z".parse().unwrap()), "UTC");
    let id = house.schedules.create(CreateSchedule { on_change: true, ..order }).await.unwrap().id;
    // Another connection changes the database, so that it cannot be read for a while.
    let options = SqliteConnectOptions::new().filename(&house.target.file);
    let mut writer = options.connect().await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut writer).await.unwrap();
    let scheduler = scheduler(&house.ports, MissedFirings::Repeating);
    for time in ["12:10:00", "12:12:00"] {
        house.clock.set(format!("2027-01-01T{time}Z").parse().unwrap());
        scheduler.take_due().await.unwrap();
        assert_eq!(house.get(id).await.status, ScheduleStatus::Active, "{time}");
    }
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    while house.get(id).await.status == ScheduleStatus::Active {
        tokio::task::yield_now().await;
    }
    assert_eq!((house.get(id).await.status, house.runs(id).await.len()), (ScheduleStatus::Completed, 1));
}

#[tokio::test]
async fn a_manual_run_belongs_to_its_caller_and_a_full_queue_is_reported() {
    let house = House::with_queue("2027-01-01T12:00:00Z", 3).await;
    let cron = house.cron("*/10 * * * *", "UTC").await;
    let run = house.schedules.run_now(cron, "bob").await.unwrap().unwrap();
    assert_eq!(run.spec.started_by, "bob");
    let scheduler = scheduler(&house.ports, MissedFirings::Repeating);
    let mut fired = 0;
    let mut at = house.clock.now();
    let last_error = loop {
        at += Duration::minutes(10);
        house.clock.set(at);
        scheduler.take_due().await.unwrap();
        if let Some(error) = house.get(cron).await.last_error {
            break error;
        }
        fired += 1;
    };
    assert_eq!((last_error.code.as_str(), house.runs(cron).await.len()), ("LIMIT_EXCEEDED", fired + 1));
    assert!(house.get(cron).await.next_fire_at.unwrap() > at, "the schedule continues with its next firing");
    // A run by hand counts in its caller's queue, not in the schedule's.
    let error = loop {
        if let Err(error) = house.schedules.run_now(cron, "ann").await {
            break error;
        }
    };
    assert_eq!(error.code(), Code::LimitExceeded);
    assert!(house.schedules.run_now(cron, "carl").await.unwrap().is_some(), "another one's queue is not full");
}

/// A clock that jumped forward by hours or weeks and came back: schedules fire as if it had never jumped, and no due
/// time fires twice.
#[tokio::test]
async fn a_clock_that_jumped_forward_and_back_silences_no_schedule() {
    for jump in [Duration::hours(1), Duration::days(40)] {
        for missed in [MissedFirings::Repeating, MissedFirings::All, MissedFirings::None] {
            let house = House::at("2027-01-01T12:00:00Z").await;
            let begin = house.clock.now();
            let cron = house.cron("*/10 * * * *", "UTC").await;
            let soon = house.once("2027-01-01T12:25:00Z").await;
            let running = scheduler(&house.ports, missed);
            let tick = async |scheduler: &std::sync::Arc<gloss::worker::Scheduler>, minutes: i64| {
                house.clock.set(begin + Duration::minutes(minutes));
                scheduler.take_due().await.unwrap();
            };
            tick(&running, 10).await;
            assert_eq!(house.runs(cron).await.len(), 1);
            // The clock jumps, due schedules fire, and a server starts at that time.
            house.clock.set(begin + jump + Duration::minutes(11));
            running.take_due().await.unwrap();
            let running = scheduler(&house.ports, missed);
            house.clock.set(begin + jump + Duration::minutes(20));
            running.take_due().await.unwrap();
            let before = house.runs(cron).await.len();
            let wrong = house.get(cron).await.next_fire_at.unwrap();
            assert!(wrong > begin + jump);
            // The clock jumps back.
            for minutes in 11..=50 {
                tick(&running, minutes).await;
            }
            let fired = house.runs(cron).await.len() - before;
            // If missed firings are caught up, 12:20 was caught up at the wrong time and does not fire again.
            let made_up = usize::from(missed != MissedFirings::None);
            assert_eq!(fired, 4 - made_up, "{jump} {missed:?}");
            let soon = house.get(soon).await;
            assert_eq!(soon.status, ScheduleStatus::Completed, "{jump} {missed:?}");
            assert_eq!(house.runs(soon.id).await.len(), 1, "{jump} {missed:?}");
            assert_eq!(house.get(cron).await.next_fire_at, Some(begin + Duration::minutes(60)));
        }
    }
}
