//! The run's status machine under random operations: events have no gaps, counts stay correct, and every transition
//! is one of the table's.

use chrono::{DateTime, TimeDelta, Utc};
use gloss::domain::{
    Code,
    asset::{AssetKind, AssetPath},
    event::RunEventType,
    id::RunId,
    profile::LlmProvider,
    run::{Row, RowOutcome, RunEdit, RunError, RunOptions, RunSpec},
    scope::RunScope,
    status::{RunCommand, RunKind, RunStatus},
    suggestion::{Alternative, Draft},
    usage::Budget,
};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Claim,
    Release,
    Die,
    Cancel,
    Resolve(u8),
    EndRow(u8),
    Finish(usize),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Claim),
        1 => Just(Step::Release),
        1 => Just(Step::Die),
        1 => Just(Step::Cancel),
        2 => any::<u8>().prop_map(Step::Resolve),
        6 => any::<u8>().prop_map(Step::EndRow),
        2 => (0..RunStatus::ALL.len()).prop_map(Step::Finish),
        3 => any::<u16>().prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

/// Returns a run that has just been created.
fn created(at: DateTime<Utc>) -> RunEdit {
    let spec = RunSpec {
        kind: RunKind::Analyze,
        command: RunCommand::Run,
        scope: RunScope::default(),
        db_profile_id: None,
        llm_profile_id: None,
        schedule_id: None,
        parent_id: None,
        db_profile_name: None,
        llm_profile_name: None,
        provider: None,
        model: None,
        options: RunOptions::defaults(LlmProvider::Builtin),
        variations: None,
        budget: Budget::default(),
        started_by: "local".into(),
        auto_apply: false,
    };
    RunEdit::created(RunId(1), spec.into(), None, at)
}

fn row(position: i32) -> Row {
    let column = Some(format!("c{position}"));
    let (database, schema, table) = (None, Some("main".to_owned()), Some("t".to_owned()));
    Row {
        position,
        asset: AssetPath { kind: AssetKind::Column, database, schema, table, column },
        again: None,
        fingerprint: None,
    }
}

fn done() -> RowOutcome {
    let alternatives = vec![Alternative { text: "a text".into(), confidence: 0.5 }];
    RowOutcome::Done {
        draft: Draft { alternatives, logprob: None, reasoning: None, evidence: Vec::new() },
        existing_comment: None,
        data_type: None,
    }
}

fn apply(edit: &mut RunEdit, step: Step, next_row: &mut i32) -> gloss::domain::Result<()> {
    match step {
        Step::Claim => edit.claim("w", edit.at + TimeDelta::seconds(30)),
        Step::Release => edit.release(),
        Step::Die if edit.run.status.is_held() => edit.take_from_dead(),
        Step::Cancel if edit.run.status.can_cancel() => edit.request_cancel("local"),
        Step::Resolve(rows) if edit.run.status == RunStatus::Running && edit.run.progress.total.is_none() => {
            edit.resolve((1..=i32::from(rows)).map(row).collect());
            Ok(())
        }
        Step::EndRow(what) if edit.run.status.is_held() && *next_row <= edit.run.progress.total.unwrap_or(0) => {
            let outcome = match what % 3 {
                0 => done(),
                1 => RowOutcome::Skipped,
                _ => RowOutcome::Failed(RunError::new(Code::Unavailable, "no", "try")),
            };
            edit.start_row(&row(*next_row));
            edit.end_row(row(*next_row), outcome);
            *next_row += 1;
            Ok(())
        }
        Step::Finish(which) if !RunStatus::ALL[which].is_live() => edit.finish(RunStatus::ALL[which], None),
        _ => Ok(()),
    }
}

proptest! {
    #[test]
    fn events_are_gapless_and_counts_true(steps in steps()) {
        let mut now = DateTime::<Utc>::from_timestamp_millis(1_700_000_000_000).unwrap();
        let RunEdit { mut events, mut run, .. } = created(now);
        let mut next_row = 1;
        let mut worked = TimeDelta::zero();
        for step in steps {
            if let Step::Wait(seconds) = step {
                let before = now;
                now += TimeDelta::seconds(i64::from(seconds));
                // Working time counts while a worker lives, but not between its last record and its death.
                if run.active_since.is_some() {
                    worked += now - before;
                }
                continue;
            }
            let lost = if matches!(step, Step::Die) { run.active_since.map(|since| now - since) } else { None };
            let mut edit = RunEdit::new(run.clone(), now);
            let mut rows = next_row;
            match apply(&mut edit, step, &mut rows) {
                Ok(()) => {
                    edit.keep_time();
                    let from = run.status;
                    let may = from == edit.run.status || from.may_become(edit.run.status);
                    prop_assert!(may || from == RunStatus::Queued);
                    if let Some(lost) = lost && run.status.is_held() {
                        worked -= lost;
                    }
                    let entered = from != edit.run.status && !edit.run.status.is_live();
                    let ends = edit.events.iter().filter(|event| event.event_type == RunEventType::Finished);
                    let finished = ends.count();
                    prop_assert_eq!(finished, usize::from(entered), "{:?} from {:?}", step, from);
                    events.append(&mut edit.events);
                    run = edit.run;
                    next_row = rows;
                }
                Err(error) => prop_assert_eq!(error.code(), Code::Conflict),
            }
        }
        for (at, event) in events.iter().enumerate() {
            prop_assert_eq!(usize::try_from(event.sequence).unwrap(), at + 1);
        }
        prop_assert_eq!(usize::try_from(run.last_sequence).unwrap(), events.len());
        let counted = run.progress.done + run.progress.failed + run.progress.skipped;
        prop_assert_eq!(counted, next_row - 1);
        prop_assert_eq!(events.last().unwrap().status, run.status);
        prop_assert_eq!(run.active_since.is_some(), run.status == RunStatus::Running);
        if run.started_at.is_some() {
            prop_assert_eq!(run.duration_ms(now), Some(worked.num_milliseconds()));
        }
    }
}

#[test]
fn an_ended_run_stays_ended() {
    use RunStatus::{Cancelled, Failed, Running, Success};
    for ended in [Cancelled, Failed, Success] {
        assert!(!ended.may_become(Running), "{ended:?} may not run again without a queue");
    }
    assert!(!Cancelled.may_become(Success) && !Failed.may_become(Success));
}
