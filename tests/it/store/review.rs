//! Reviews, applies, roll-backs, chains of versions, the audit and resumes in the store.

mod versions;

use std::collections::HashMap;

use futures_util::StreamExt;
use gloss::{
    domain::{
        Code, Error,
        apply::{AppliedComment, AppliedCommentFilter, ApplyItem, ApplyOrder, ApplyStatus},
        event::RunEventType,
        filter::{OrderDirection, RunFilter},
        id::{DbProfileId, RunId, SuggestionId},
        page::{PageArguments, PageRequest},
        profile::{DbBackend, NewDbProfile},
        review::{Choice, Comments, Decision, Reviewed, Selection},
        run::{NewRun, Row, RowOutcome, Run, RunEdit, RunError, VariationMode},
        status::RunStatus,
        suggestion::{ReviewState, Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    port::{
        bus::Bus,
        store::{ProfileStore, ReviewStore, RunStore, Store, SuggestionStore},
    },
};

use super::{LEASE, TestStore, at, draft, error_of, new_run, row};

const FIRST: Decision = Decision::Accept(Choice::Alternative(0));

fn text(text: &str) -> Decision {
    Decision::Accept(Choice::Text(text.to_owned()))
}

/// Describes all rows of the queued run and leaves it for review.
async fn describe(test: &TestStore, rows: Vec<Row>) -> Run {
    let run = test.claim(1).await.unwrap();
    test.change(run.id, 2, move |edit| {
        if edit.run.progress.total.is_none() {
            edit.resolve(rows.clone());
        }
        for row in rows {
            let words = format!("text {}", row.position);
            edit.end_row(
                row,
                RowOutcome::Done {
                    draft: draft(&words, 0.5),
                    existing_comment: Some("old".to_owned()),
                    data_type: None,
                },
            );
        }
        edit.finish(RunStatus::ReadyForReview, None)
    })
    .await
}

/// Creates a store with run 1, which has described `rows` columns.
async fn described(rows: i32) -> TestStore {
    let test = TestStore::new().await;
    test.create(vec![new_run("users")], 0).await;
    describe(&test, (1..=rows).map(|position| row(position, "users", &format!("c{position}"))).collect()).await;
    test
}

impl TestStore {
    async fn run(&self, id: RunId) -> Run {
        self.store.runs_by_id(&[id]).await.unwrap().remove(&id).unwrap()
    }

    async fn status(&self, id: i64) -> RunStatus {
        self.run(RunId(id)).await.status
    }

    async fn suggestions(&self, run: i64) -> Vec<Suggestion> {
        let order = (SuggestionOrderField::Position, OrderDirection::Asc);
        let everything = SuggestionFilter::default();
        let page = self.store.suggestions_page(RunId(run), &everything, order, &PageRequest::first(200)).await;
        page.unwrap().rows.into_iter().map(|(_, suggestion)| suggestion).collect()
    }

    async fn decide(&self, ids: &[i64], decision: Decision) -> Result<Reviewed, Error> {
        let these = Selection::These(ids.iter().map(|id| SuggestionId(*id)).collect());
        self.store.review(these, decision, "ada", at(50)).await
    }

    /// Starts an apply or a roll-back and returns its items.
    async fn order(&self, run: RunId, rollback: bool) -> Vec<ApplyItem> {
        let items = if rollback {
            self.store.items_to_roll_back(run, None).await.unwrap()
        } else {
            self.store.items_to_apply(run, None).await.unwrap()
        };
        let from = self.run(run).await.status;
        let order = ApplyOrder::new(from, rollback, false, "grace".to_owned());
        let ordered = items.clone();
        self.change(run, 60, move |edit| edit.begin_apply(order, ordered)).await;
        items
    }

    /// Begins and ends one item.
    async fn write(&self, run: RunId, item: ApplyItem, status: ApplyStatus, before: Option<&str>, ms: i64) {
        let item = ApplyItem { statement: Some("COMMENT".to_owned()), before: before.map(str::to_owned), ..item };
        let begun = item.clone();
        let begin = move |edit: &mut RunEdit| {
            edit.begin_item(begun);
            Ok(())
        };
        self.change(run, ms, begin).await;
        let error = (status == ApplyStatus::Conflict).then(|| RunError::new(Code::Conflict, "another", "look"));
        let end = move |edit: &mut RunEdit| {
            edit.end_item(ApplyItem { status, error, ..item });
            Ok(())
        };
        self.change(run, ms, end).await;
    }

    /// Applies or rolls back everything. `outcomes` lists the outcomes other than APPLIED by position.
    async fn write_all(&self, run: i64, rollback: bool, outcomes: &[(i32, ApplyStatus)], ms: i64) -> Run {
        let run = RunId(run);
        self.order(run, rollback).await;
        let claimed = self.claim(ms).await.unwrap();
        assert_eq!((claimed.id, claimed.status), (run, RunStatus::Applying));
        for item in self.store.planned_items(run, 0, 1_000).await.unwrap() {
            let other = outcomes.iter().find(|(position, _)| *position == item.position);
            let last = self.store.last_written(DbProfileId(1), std::slice::from_ref(&item.asset)).await.unwrap();
            let live = last.get(&item.asset).cloned().unwrap_or_else(|| Some("old".to_owned()));
            let before = if rollback { item.expected.clone() } else { live };
            let status = other.map_or(ApplyStatus::Applied, |(_, status)| *status);
            self.write(run, item, status, before.as_deref(), ms).await;
        }
        self.store.finish_apply(run, claimed.attempt, at(ms)).await.unwrap()
    }

    async fn audit(&self, filter: AppliedCommentFilter) -> Vec<AppliedComment> {
        let page = self.store.applied_comments_page(&filter, &PageRequest::first(200)).await.unwrap();
        let rows: Vec<_> = page.rows.into_iter().map(|(_, written)| written).collect();
        let count = self.store.applied_comments_count(&filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), rows.len(), "{filter:?}");
        rows
    }
}

#[tokio::test]
async fn decisions_by_key_change_only_the_named_suggestions() {
    let test = described(3).await;
    let mut nudges = test.bus.runs();
    let reviewed = test.decide(&[2, 1, 2], FIRST).await.unwrap();
    assert_eq!(reviewed, Reviewed { changed: 2, first: vec![SuggestionId(1), SuggestionId(2)], left_out: 0 });
    assert_eq!(nudges.next().await.unwrap().unwrap().run_id, RunId(1));
    // Repeating the decision changes nothing and sends no nudge.
    assert_eq!(test.decide(&[1, 2], FIRST).await.unwrap().changed, 0);
    assert!(futures_util::poll!(nudges.next()).is_pending());
    assert_eq!(test.decide(&[1, 2], Decision::Accept(Choice::Alternative(1))).await.unwrap().changed, 2);
    assert_eq!(test.decide(&[2], text("my 'own' \u{202e}🦀\n")).await.unwrap().changed, 1);
    let found = test.suggestions(1).await;
    assert_eq!(found[0].review.state, ReviewState::Accepted);
    assert_eq!((found[0].final_text(), found[0].review.reviewer.as_deref()), ("text 1, or so", Some("ada")));
    assert_eq!((found[1].review.state, found[1].review.at), (ReviewState::Edited, Some(at(50))));
    assert_eq!(found[1].final_text(), "my 'own' \u{202e}🦀\n");
    assert_eq!((found[2].review.state, found[2].chain_id), (ReviewState::Unreviewed, SuggestionId(3)));

    for (refused, code, word) in [
        (test.decide(&[1, 3], Decision::Accept(Choice::Alternative(2))).await, "BAD_USER_INPUT", "public.users.c1"),
        (test.decide(&[3, 99], FIRST).await, "NOT_FOUND", "suggestion"),
    ] {
        let (found, message) = error_of(refused);
        assert_eq!((found, message.contains(word)), (code, true), "{message}");
    }
    let unknown = Selection::OfRun(RunId(9), SuggestionFilter::default(), Comments::Keep);
    assert_eq!(error_of(test.store.review(unknown, FIRST, "ada", at(1)).await).0, "NOT_FOUND");
    assert_eq!(test.suggestions(1).await, found);

    assert_eq!(test.decide(&[1], Decision::Restore).await.unwrap().changed, 1);
    let restored = &test.suggestions(1).await[0].review;
    assert_eq!(
        (restored.state, &restored.reviewer, restored.at, &restored.text),
        (ReviewState::Unreviewed, &None, None, &None)
    );
}

#[tokio::test]
async fn few_statements_review_ten_thousand_suggestions() {
    let test = described(10_000).await;
    let before = test.store.statements();
    let all = Selection::OfRun(RunId(1), SuggestionFilter::default(), Comments::Replace);
    let reviewed = test.store.review(all, Decision::Accept(Choice::Alternative(1)), "ada", at(9)).await.unwrap();
    let by_filter = test.store.statements() - before;
    assert_eq!((reviewed.changed, reviewed.first.len()), (10_000, 200));
    assert_eq!(reviewed.first[199], SuggestionId(200));
    let ids: Vec<i64> = (1..=10_000).collect();
    let before = test.store.statements();
    assert_eq!(test.decide(&ids, Decision::Skip).await.unwrap().changed, 10_000);
    let by_key = test.store.statements() - before;
    assert!(by_filter < 60 && by_key < 60, "{by_filter} and {by_key} statements");
    assert_eq!(test.status(1).await, RunStatus::Success);
    let counts = test.store.review_counts(&[RunId(1)]).await.unwrap()[&RunId(1)];
    assert_eq!((counts.skipped, counts.accepted), (10_000, 0));
}

#[tokio::test]
async fn runs_settle_both_ways_and_wait_for_an_apply() {
    let test = described(2).await;
    test.decide(&[1], Decision::Skip).await.unwrap();
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);
    test.decide(&[2], FIRST).await.unwrap();
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);
    test.decide(&[2], Decision::Skip).await.unwrap();
    let run = test.run(RunId(1)).await;
    assert_eq!(run.status, RunStatus::Success);
    let last = test.store.events_after(RunId(1), run.last_sequence - 1, 9).await.unwrap();
    assert_eq!(last[0].event_type, RunEventType::Finished);
    test.decide(&[1], Decision::Restore).await.unwrap();
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);

    test.decide(&[1, 2], FIRST).await.unwrap();
    test.order(RunId(1), false).await;
    let (code, message) = error_of(test.decide(&[1], Decision::Skip).await);
    assert_eq!((code, message.contains("#1")), ("CONFLICT", true), "{message}");
}

#[tokio::test]
async fn an_apply_writes_only_what_is_needed() {
    let test = described(4).await;
    test.decide(&[1, 2, 3], FIRST).await.unwrap();
    let ids = |ids: &[i64]| ids.iter().map(|id| SuggestionId(*id)).collect::<Vec<_>>();
    let (run, store) = (RunId(1), &test.store);
    let items = store.items_to_apply(run, Some(&ids(&[3, 1]))).await.unwrap();
    assert_eq!(items.iter().map(|item| (item.position, item.suggestion_id.0)).collect::<Vec<_>>(), [(1, 1), (2, 3)]);
    assert_eq!((items[0].text.as_deref(), items[0].expected.as_deref()), (Some("text 1"), Some("old")));
    assert_eq!(error_of(store.items_to_apply(run, Some(&ids(&[1, 4]))).await).0, "BAD_USER_INPUT");
    assert_eq!(error_of(store.items_to_apply(run, Some(&ids(&[1, 77]))).await).0, "NOT_FOUND");
    assert_eq!(error_of(store.items_to_roll_back(run, Some(&ids(&[77]))).await).0, "NOT_FOUND");

    let run_after = test.write_all(1, false, &[(2, ApplyStatus::Conflict), (3, ApplyStatus::Unchanged)], 100).await;
    assert_eq!((run_after.status, run_after.apply), (RunStatus::ReadyForReview, None));
    let outcomes = store.items_page(run, None, &PageRequest::first(9)).await.unwrap();
    let statuses: Vec<_> = outcomes.rows.iter().map(|(_, item)| item.status).collect();
    assert_eq!(statuses, [ApplyStatus::Applied, ApplyStatus::Conflict, ApplyStatus::Unchanged]);
    assert_eq!(outcomes.rows[1].1.error.as_ref().unwrap().code, Code::Conflict);
    assert_eq!(outcomes.rows[0].1.statement.as_deref(), Some("COMMENT"));
    assert_eq!(store.items_count(run, Some(&[ApplyStatus::Conflict])).await.unwrap(), 1);
    assert_eq!(store.items_count(run, Some(&[])).await.unwrap(), 0);
    let second = PageRequest { from: Some(outcomes.rows[0].0.clone()), ..PageRequest::first(1) };
    let page = store.items_page(run, None, &second).await.unwrap();
    assert_eq!((page.rows[0].1.position, page.has_next, page.has_previous), (2, true, true));
    let applied = store.events_after(run, 0, 100).await.unwrap();
    let applied: Vec<_> = applied.iter().filter(|event| event.event_type == RunEventType::Applied).collect();
    assert_eq!(applied[0].suggestion_id, Some(SuggestionId(1)));

    let found = test.suggestions(1).await;
    let written = store.applied_comments_by_id(&[found[0].applied_id.unwrap()]).await.unwrap();
    let written = &written[&found[0].applied_id.unwrap()];
    assert_eq!((written.before.as_deref(), written.after.as_deref()), (Some("old"), Some("text 1")));
    assert_eq!((written.actor.as_str(), written.at, &written.asset), ("grace", at(100), &found[0].asset));
    assert_eq!((found[1].applied_id, found[2].applied_id), (None, None));
    assert_eq!(
        store.review_counts(&[run]).await.unwrap()[&run].applied,
        2,
        "a comment that already had the text counts as applied"
    );
    // Left to apply: the conflict, and later also a suggestion that is edited again.
    let left = |items: Vec<ApplyItem>| items.iter().map(|item| item.suggestion_id.0).collect::<Vec<_>>();
    assert_eq!(left(store.items_to_apply(run, None).await.unwrap()), [2]);
    test.decide(&[1], text("anew")).await.unwrap();
    assert_eq!(left(store.items_to_apply(run, None).await.unwrap()), [1, 2]);
    test.decide(&[1], FIRST).await.unwrap();
    test.decide(&[2, 4], Decision::Skip).await.unwrap();
    assert!(store.items_to_apply(run, None).await.unwrap().is_empty());
    assert_eq!(test.status(1).await, RunStatus::Success);
    // The outcome of an item is recorded once.
    let again = outcomes.rows[0].1.clone();
    let order = ApplyOrder::new(RunStatus::Success, false, false, "x".to_owned());
    let twice = test.store.change_run(
        run,
        None,
        at(101),
        Box::new(move |edit| {
            edit.begin_apply(order, vec![ApplyItem { status: ApplyStatus::Planned, ..again.clone() }])?;
            edit.end_item(again.clone());
            edit.end_item(again);
            Ok(())
        }),
    );
    assert_eq!(error_of(twice.await).0, "CONFLICT");
    assert_eq!(test.audit(AppliedCommentFilter::default()).await.len(), 1);
}

#[tokio::test]
async fn a_roll_back_undoes_writes_newest_first_and_once() {
    let test = described(2).await;
    let (run, store) = (RunId(1), &test.store);
    test.decide(&[1, 2], FIRST).await.unwrap();
    assert_eq!(test.write_all(1, false, &[], 100).await.status, RunStatus::Success);
    test.decide(&[1], text("second")).await.unwrap();
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);
    assert_eq!(test.write_all(1, false, &[], 200).await.status, RunStatus::Success);
    let assets: Vec<_> = test.suggestions(1).await.into_iter().map(|suggestion| suggestion.asset).collect();
    let unknown = row(1, "users", "never").asset;
    let asked = [assets[0].clone(), assets[1].clone(), unknown];
    let last = store.last_written(DbProfileId(1), &asked).await.unwrap();
    let expected = [(assets[0].clone(), Some("second".to_owned())), (assets[1].clone(), Some("text 2".to_owned()))];
    assert_eq!(last, HashMap::from(expected));
    assert!(store.last_written(DbProfileId(2), &asked).await.unwrap().is_empty());

    let items = store.items_to_roll_back(run, None).await.unwrap();
    let told: Vec<_> = items.iter().map(|item| (item.suggestion_id.0, item.expected.as_deref().unwrap())).collect();
    assert_eq!(told, [(1, "second"), (2, "text 2"), (1, "text 1")]);
    let back: Vec<_> = items.iter().map(|item| item.text.as_deref().unwrap()).collect();
    assert_eq!(back, ["text 1", "old", "old"]);
    assert!(items.iter().all(|item| item.undoes.is_some()));
    let one = store.items_to_roll_back(run, Some(&[SuggestionId(2)])).await.unwrap();
    assert_eq!((one.len(), one[0].position), (1, 1));

    // The oldest write remains because of a conflict, so it is the suggestion's newest effective write.
    let ended = test.write_all(1, true, &[(2, ApplyStatus::Unchanged), (3, ApplyStatus::Conflict)], 300).await;
    assert_eq!(ended.status, RunStatus::ReadyForReview);
    let found = test.suggestions(1).await;
    assert_eq!(found[0].applied_id, items[2].undoes);
    assert_eq!((found[1].applied_id, found[1].review.state), (None, ReviewState::Accepted));
    let last = store.last_written(DbProfileId(1), &asked).await.unwrap();
    assert_eq!(last[&assets[0]].as_deref(), Some("text 1"));
    let audit = test.audit(AppliedCommentFilter::default()).await;
    let told: Vec<_> = audit.iter().map(|written| (written.after.as_deref(), written.rolled_back_at)).collect();
    let expected = [
        (Some("text 1"), None),
        (Some("second"), Some(at(300))),
        (Some("text 2"), Some(at(300))),
        (Some("text 1"), None),
    ];
    assert_eq!(told, expected);

    assert_eq!(test.write_all(1, true, &[], 400).await.status, RunStatus::ReadyForReview);
    assert!(store.items_to_roll_back(run, None).await.unwrap().is_empty());
    assert_eq!(test.suggestions(1).await[0].applied_id, None);
    assert_eq!(store.items_to_apply(run, None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_abandoned_apply_is_found_with_its_begun_items() {
    let mut test = described(2).await;
    let run = RunId(1);
    test.decide(&[1, 2], FIRST).await.unwrap();
    test.order(run, false).await;
    // A requested apply that no worker has claimed is not an orphan.
    assert!(test.store.orphans(at(1_000_000)).await.unwrap().is_empty());
    let claimed = test.claim(70).await.unwrap();
    assert_eq!((claimed.status, claimed.apply.as_ref().unwrap().actor.as_str()), (RunStatus::Applying, "grace"));
    assert!(test.claim(71).await.is_none());
    let mut first = test.store.planned_items(run, 0, 1).await.unwrap().remove(0);
    first.before = Some("there".to_owned());
    let begun = first.clone();
    test.change(run, 72, move |edit| {
        edit.begin_item(begun);
        Ok(())
    })
    .await;

    test.reopen().await.unwrap();
    let reopened = &test.store;
    assert!(reopened.claim_next("w2", None, at(80), LEASE).await.unwrap().is_none());
    assert_eq!(reopened.orphans(at(80)).await.unwrap(), [run]);
    reopened.change_run(run, None, at(81), Box::new(RunEdit::take_from_dead)).await.unwrap();
    let again = reopened.claim_next("w2", None, at(82), LEASE).await.unwrap().unwrap();
    assert_eq!((again.status, again.apply), (RunStatus::Running, claimed.apply));
    reopened.change_run(run, Some(again.attempt), at(83), Box::new(RunEdit::go_on_applying)).await.unwrap();
    let planned = reopened.planned_items(run, 0, 9).await.unwrap();
    assert_eq!((planned.len(), planned[0].begun, planned[1].begun), (2, true, false));
    assert_eq!(planned[0].before.as_deref(), Some("there"));
    assert_eq!(error_of(reopened.finish_apply(run, claimed.attempt, at(84)).await).0, "CONFLICT");
    for item in planned {
        test.write(run, item, ApplyStatus::Applied, Some("there"), 85).await;
    }
    assert!(reopened.planned_items(run, 0, 9).await.unwrap().is_empty());
    let ended = reopened.finish_apply(run, again.attempt, at(86)).await.unwrap();
    assert_eq!((ended.status, ended.worker_id), (RunStatus::Success, None));
}

#[tokio::test]
async fn a_profile_stays_while_its_comments_are_written() {
    let test = described(1).await;
    let url = secrecy::SecretString::from("sqlite:///x.db");
    let profile = NewDbProfile {
        name: "demo".to_owned(),
        backend: DbBackend::Sqlite,
        url,
        pinned_database: None,
        about: None,
        exclude: Vec::new(),
        sample_views: false,
    };
    let profile = test.store.create_db_profile(profile, at(0)).await.unwrap();
    test.decide(&[1], FIRST).await.unwrap();
    test.order(RunId(1), false).await;
    assert_eq!(error_of(test.store.delete_db_profile(profile.id).await).0, "CONFLICT");
    assert_eq!(error_of(test.store.delete_runs(&[RunId(1)]).await).0, "CONFLICT");
}

#[tokio::test]
async fn the_audit_is_paged_searched_and_outlives_its_runs() {
    let test = described(5).await;
    test.decide(&[1, 2, 3, 4], FIRST).await.unwrap();
    test.decide(&[5], text("100% ÄPFEL")).await.unwrap();
    test.write_all(1, false, &[(1, ApplyStatus::Failed)], 1_000).await;
    test.write_all(1, false, &[], 2_000).await;
    test.store.delete_runs(&[RunId(1)]).await.unwrap();
    let none = AppliedCommentFilter::default;
    let columns = async |filter: AppliedCommentFilter| -> Vec<String> {
        test.audit(filter).await.into_iter().map(|written| written.asset.column.unwrap()).collect()
    };
    let search = |text: &str| AppliedCommentFilter { search: Some(text.to_owned()), ..none() };
    assert_eq!(columns(none()).await, ["c1", "c5", "c4", "c3", "c2"]);
    let filters = [
        (AppliedCommentFilter { run_id: Some(RunId(1)), ..none() }, 5),
        (AppliedCommentFilter { run_id: Some(RunId(2)), ..none() }, 0),
        (AppliedCommentFilter { db_profile_id: Some(DbProfileId(1)), ..none() }, 5),
        (AppliedCommentFilter { db_profile_id: Some(DbProfileId(2)), ..none() }, 0),
        (AppliedCommentFilter { written_after: Some(at(2_000)), ..none() }, 1),
        (AppliedCommentFilter { written_before: Some(at(2_000)), ..none() }, 4),
        (search("0% äp"), 1),
        (search("%"), 1),
        (search("_"), 0),
        (search("GRACE"), 5),
        (search("Demo"), 5),
        (search("users.C3"), 1),
        (search("old"), 5),
        (AppliedCommentFilter { written_before: Some(at(1_001)), ..search("text") }, 3),
    ];
    for (filter, count) in filters {
        assert_eq!(columns(filter.clone()).await.len(), count, "{filter:?}");
    }
    let page = test.store.applied_comments_page(&none(), &PageRequest::first(2)).await.unwrap();
    assert!(page.has_next && !page.has_previous);
    let after = Some(page.rows[1].0.encode());
    let arguments = PageArguments { first: Some(9), after, ..PageArguments::default() };
    let request = PageRequest::new(&arguments, gloss::domain::apply::AUDIT_LIST).unwrap();
    let page = test.store.applied_comments_page(&none(), &request).await.unwrap();
    assert_eq!((page.rows.len(), page.has_next, page.has_previous), (3, false, true));
}

#[tokio::test]
async fn an_apply_writes_the_decisions_at_its_start() {
    let test = described(2).await;
    let store = &test.store;
    test.decide(&[1], Decision::Skip).await.unwrap();
    let again = [row(1, "users", "c2"), row(2, "users", "c3")];
    let rows = vec![Row { again: Some(SuggestionId(2)), ..again[0].clone() }, again[1].clone()];
    test.create(vec![NewRun { rows: rows.clone(), ..new_run("users") }], 10).await;
    // While the first version is being written, its chain cannot be decided, and the claim holds.
    test.decide(&[2], FIRST).await.unwrap();
    let held = test.claim(20).await.unwrap();
    test.change(held.id, 21, move |edit| {
        for row in rows {
            let done = RowOutcome::Done { draft: draft("anew", 0.5), existing_comment: None, data_type: None };
            edit.end_row(row, done);
        }
        Ok(())
    })
    .await;
    let order = |from| ApplyOrder::new(from, false, false, "ada".to_owned());
    let begun = store.begin_apply(RunId(1), None, order(RunStatus::Running), None, false, at(30)).await.unwrap();
    assert_eq!(
        (begun.0.status, begun.0.apply.unwrap().from, begun.1.total),
        (RunStatus::Applying, RunStatus::ReadyForReview, 1)
    );
    let twice = store.begin_apply(RunId(1), None, order(RunStatus::Running), None, false, at(31)).await;
    assert_eq!(error_of(twice).0, "CONFLICT");
    let lost = store.begin_apply(RunId(2), Some(held.attempt + 1), order(RunStatus::Running), None, true, at(32)).await;
    assert_eq!(error_of(lost).0, "CONFLICT");
    assert!(test.suggestions(2).await.iter().all(|one| one.review.state == ReviewState::Unreviewed));
    let begun = store.begin_apply(RunId(2), Some(held.attempt), order(RunStatus::Running), None, true, at(33)).await;
    let (run, begun) = begun.unwrap();
    assert_eq!((run.status, begun.total), (RunStatus::Applying, 1));
    let states: Vec<_> = test.suggestions(2).await.iter().map(|one| one.review.state).collect();
    assert_eq!(states, [ReviewState::Unreviewed, ReviewState::Accepted]);
    assert_eq!(store.planned_items(RunId(2), 0, 9).await.unwrap()[0].suggestion_id, SuggestionId(4));
}

#[tokio::test]
async fn a_plan_is_paged_as_it_would_be_written() {
    let test = described(5).await;
    let (run, store) = (RunId(1), &test.store);
    test.decide(&[1, 2, 4, 5], FIRST).await.unwrap();
    let told = |items: &[ApplyItem]| {
        items.iter().map(|item| (item.position, item.suggestion_id.0, item.text.clone())).collect::<Vec<_>>()
    };
    for rollback in [false, true] {
        let whole = if rollback {
            test.write_all(1, false, &[], 100).await;
            test.decide(&[2], text("anew")).await.unwrap();
            test.write_all(1, false, &[], 200).await;
            store.items_to_roll_back(run, None).await.unwrap()
        } else {
            store.items_to_apply(run, None).await.unwrap()
        };
        let page = async |request: PageRequest| {
            let plan = store.plan_page(run, rollback, None, "plan", &request).await.unwrap();
            assert_eq!(plan.total, whole.len());
            plan
        };
        let mut seen = Vec::new();
        let mut request = PageRequest::first(2);
        loop {
            let plan = page(request.clone()).await;
            assert_eq!(plan.page.has_previous, !seen.is_empty());
            request.from = plan.page.rows.last().map(|(cursor, _)| cursor.clone());
            let of_assets = whole.iter().filter(|item| plan.page.rows.iter().any(|(_, row)| row.asset == item.asset));
            assert_eq!(plan.on_assets.len(), if rollback { of_assets.count() } else { 0 });
            seen.extend(plan.page.rows.into_iter().map(|(_, item)| item));
            if !plan.page.has_next {
                break;
            }
        }
        assert_eq!(told(&seen), told(&whole));
        let arguments =
            PageArguments { last: Some(3), before: request.from.map(|cursor| cursor.encode()), ..Default::default() };
        let plan = page(PageRequest::new(&arguments, "plan").unwrap()).await;
        let shown: Vec<_> = plan.page.rows.into_iter().map(|(_, item)| item).collect();
        assert_eq!(told(&shown), told(&whole[whole.len() - 4..whole.len() - 1]));
        assert_eq!((plan.page.has_previous, plan.page.has_next), (whole.len() > 4, true));
    }
    let named = [SuggestionId(2)];
    let plan = store.plan_page(run, true, Some(&named), "plan", &PageRequest::first(1)).await.unwrap();
    assert_eq!((plan.total, plan.page.rows.len(), plan.on_assets.len()), (2, 1, 2));
    assert!(plan.page.has_next && plan.page.rows[0].1.expected.as_deref() == Some("anew"));
}

#[tokio::test]
async fn a_resumed_run_repeats_its_failed_rows() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a")], 0).await;
    test.claim(1).await;
    let rows: Vec<Row> = (1..=3).map(|position| row(position, "a", &format!("c{position}"))).collect();
    let left = rows[1..].to_vec();
    test.change(RunId(1), 2, move |edit| {
        edit.resolve(rows.clone());
        let error = RunError::new(Code::Unavailable, "gone", "come back");
        edit.end_row(
            rows[0].clone(),
            RowOutcome::Done { draft: draft("x", 0.5), existing_comment: None, data_type: None },
        );
        edit.end_row(rows[1].clone(), RowOutcome::Failed(error.clone()));
        edit.finish(RunStatus::Paused, Some(RunError::new(Code::LimitExceeded, "spent", "raise it")))
    })
    .await;
    let same = test.store.change_run(RunId(1), None, at(3), Box::new(|edit| edit.resume(None, "local")));
    assert_eq!(error_of(same.await).0, "CONFLICT");
    let resumed = test.change(RunId(1), 4, |edit| edit.resume(Some(Budget::default()), "local")).await;
    assert_eq!((resumed.status, resumed.progress.failed), (RunStatus::Queued, 0));
    assert_eq!(test.run(RunId(1)).await, resumed);
    assert_eq!(test.claim(5).await.unwrap().id, RunId(1));
    assert_eq!(test.store.pending_rows(RunId(1), 0, 9).await.unwrap(), left);
    assert_eq!(test.store.runs_count(&RunFilter::default()).await.unwrap(), 1);
}
