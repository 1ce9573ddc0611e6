//! Versions: chains of suggestions for the same asset, which share one decision.

use super::*;

/// Returns a run that redoes these suggestions.
fn rerun(again: &[i64]) -> NewRun {
    let rows = again.iter().zip(1..).map(|(again, position)| {
        let again = Some(SuggestionId(*again));
        Row { again, ..row(position, "users", &format!("c{position}")) }
    });
    let mut new = NewRun { rows: rows.collect(), ..new_run("users") };
    new.spec.variations = Some(VariationMode::Semantic);
    new
}

#[tokio::test]
async fn re_runs_continue_their_chains_and_share_one_decision() {
    let test = described(2).await;
    let store = &test.store;
    let made = test.create(vec![rerun(&[1, 2])], 10).await.remove(0);
    assert_eq!((made.progress.total, made.spec.variations), (Some(2), Some(VariationMode::Semantic)));
    assert_eq!((test.run(made.id).await, made.spec.started_by.as_str()), (made.clone(), "ada"));
    let rows = store.pending_rows(made.id, 0, 9).await.unwrap();
    assert_eq!(rows, rerun(&[1, 2]).rows);
    describe(&test, rows).await;
    // Versions of the second run are redone.
    test.create(vec![rerun(&[3])], 11).await;
    describe(&test, rerun(&[3]).rows).await;
    // The first run's suggestion is redone once more.
    test.create(vec![rerun(&[1])], 12).await;
    describe(&test, rerun(&[1]).rows).await;
    let chains = store.chains(&[SuggestionId(1), SuggestionId(5), SuggestionId(2), SuggestionId(99)]).await.unwrap();
    let versions = |id: i64| chains[&SuggestionId(id)].iter().map(|one| (one.id.0, one.version)).collect::<Vec<_>>();
    assert_eq!(versions(1), [(1, 1), (3, 2), (5, 3), (6, 4)]);
    assert_eq!((versions(5), versions(2)), (versions(1), vec![(2, 1), (4, 2)]));
    assert!(!chains.contains_key(&SuggestionId(99)));
    assert!(chains[&SuggestionId(1)].iter().all(|one| one.chain_id == SuggestionId(1)));

    let states = async || {
        let ids: Vec<_> = (1..=6).map(SuggestionId).collect();
        let found = store.suggestions_by_id(&ids).await.unwrap();
        ids.iter().map(|id| found[id].review.state.as_str().chars().next().unwrap()).collect::<String>()
    };
    test.decide(&[5], FIRST).await.unwrap();
    assert_eq!(states().await, "SUSUAS");
    // Run 4 skipped its only suggestion, so the run is done.
    assert_eq!((test.status(4).await, test.status(2).await), (RunStatus::Success, RunStatus::ReadyForReview));
    assert_eq!(test.decide(&[1], FIRST).await.unwrap().changed, 1);
    assert_eq!(states().await, "AUSUSS");
    // Of several versions in one decision, the newest counts.
    assert_eq!(test.decide(&[6, 1, 3, 2], text("x")).await.unwrap().first.len(), 3);
    assert_eq!(states().await, "SESSSE");

    // The suggestions of a deleted run are missing, and no id is reused.
    store.delete_runs(&[RunId(1)]).await.unwrap();
    test.create(vec![rerun(&[1, 2])], 13).await;
    describe(&test, rerun(&[1, 2]).rows).await;
    let chains = store.chains(&[SuggestionId(1), SuggestionId(2)]).await.unwrap();
    let versions = |id: i64| chains[&SuggestionId(id)].iter().map(|one| (one.id.0, one.version)).collect::<Vec<_>>();
    assert_eq!((versions(1), versions(2)), (vec![(3, 2), (5, 3), (6, 4), (7, 5)], vec![(4, 2), (8, 3)]));
}

#[tokio::test]
async fn an_acceptance_that_is_taken_back_returns_the_reviews_that_it_displaced() {
    let test = described(2).await;
    let store = &test.store;
    for _ in 0..2 {
        let rows = rerun(&[1, 2]);
        test.create(vec![rows], 10).await;
        describe(&test, rerun(&[1, 2]).rows).await;
    }
    // Versions of c1: 1, 3, 5; of c2: 2, 4, 6.
    let reviews = async || {
        let ids: Vec<_> = (1..=6).map(SuggestionId).collect();
        let found = store.suggestions_by_id(&ids).await.unwrap();
        ids.iter().map(|id| found[id].review.clone()).collect::<Vec<_>>()
    };
    test.decide(&[1], text("mine")).await.unwrap();
    let first = reviews().await;
    assert_eq!((first[0].state, first[0].text.as_deref()), (ReviewState::Edited, Some("mine")));
    test.decide(&[3], FIRST).await.unwrap();
    let second = reviews().await;
    test.decide(&[5], FIRST).await.unwrap();
    assert_eq!(reviews().await[2].state, ReviewState::Skipped);
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);

    // Each acceptance is taken back in turn; state, text, reviewer and time return.
    test.decide(&[5], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[..3], second[..3]);
    test.decide(&[3], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[..2], first[..2]);

    // A later decision on the displaced one stands.
    test.decide(&[3], FIRST).await.unwrap();
    test.decide(&[1], Decision::Skip).await.unwrap();
    test.decide(&[3], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[0].state, ReviewState::Skipped);

    // A whole run at once; what is restored by its own id becomes undecided.
    test.decide(&[1, 2], text("mine")).await.unwrap();
    test.decide(&[5, 6], FIRST).await.unwrap();
    let everything = Selection::OfRun(RunId(3), SuggestionFilter::default(), Comments::Replace);
    store.review(everything, Decision::Restore, "ada", at(30)).await.unwrap();
    let states: Vec<_> = reviews().await.iter().map(|review| review.state).collect();
    assert_eq!((states[0], states[1], states[5]), (ReviewState::Edited, ReviewState::Edited, ReviewState::Unreviewed));
    test.decide(&[5], FIRST).await.unwrap();
    test.decide(&[5, 1], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[0].state, ReviewState::Unreviewed);

    // What was restored meanwhile returns too; what was accepted meanwhile stays as it is.
    test.decide(&[1], text("mine")).await.unwrap();
    test.decide(&[3], FIRST).await.unwrap();
    test.decide(&[1], Decision::Restore).await.unwrap();
    test.decide(&[3], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[0].text.as_deref(), Some("mine"));
    test.decide(&[3], FIRST).await.unwrap();
    test.decide(&[1], FIRST).await.unwrap();
    test.decide(&[1], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[2].state, ReviewState::Accepted, "the acceptance of 1 had displaced it");
    test.decide(&[3], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[0].text.as_deref(), Some("mine"));

    // One that was skipped meanwhile holds no decision that could be taken back.
    test.decide(&[1], text("mine")).await.unwrap();
    test.decide(&[3], FIRST).await.unwrap();
    test.decide(&[5], FIRST).await.unwrap();
    test.decide(&[3], Decision::Restore).await.unwrap();
    assert_eq!(reviews().await[0].state, ReviewState::Skipped);
}

#[tokio::test]
async fn a_review_of_many_sees_the_newest_version() {
    let test = described(2).await;
    let store = &test.store;
    test.create(vec![rerun(&[1])], 10).await;
    describe(&test, rerun(&[1]).rows).await;
    let all = || Selection::OfRun(RunId(1), SuggestionFilter::default(), Comments::Replace);
    let done = store.review(all(), FIRST, "ada", at(20)).await.unwrap();
    assert_eq!(done.first, [SuggestionId(2)], "the newer version of the first suggestion waits for its own review");
    test.decide(&[3], Decision::Skip).await.unwrap();
    let done = store.review(all(), FIRST, "ada", at(21)).await.unwrap();
    assert_eq!(done.first, [SuggestionId(1)]);
    assert_eq!(test.status(1).await, RunStatus::ReadyForReview);
}

#[tokio::test]
async fn the_last_written_version_of_a_chain_counts_and_any_can_be_written_again() {
    let test = described(1).await;
    let store = &test.store;
    test.decide(&[1], FIRST).await.unwrap();
    test.write_all(1, false, &[], 100).await;
    test.create(vec![rerun(&[1])], 101).await;
    describe(&test, rerun(&[1]).rows).await;
    test.decide(&[2], text("anew")).await.unwrap();
    test.write_all(2, false, &[], 200).await;
    let standing = async || {
        let counts = store.review_counts(&[RunId(1), RunId(2)]).await.unwrap();
        [1, 2].map(|run| counts[&RunId(run)].applied)
    };
    assert_eq!(standing().await, [0, 1]);
    assert_eq!((test.status(1).await, test.status(2).await), (RunStatus::Success, RunStatus::Success));
    // The first version is accepted again: it is no longer in the database, so it has to be written.
    test.decide(&[1], FIRST).await.unwrap();
    assert_eq!((test.status(1).await, test.status(2).await), (RunStatus::ReadyForReview, RunStatus::Success));
    assert_eq!(test.write_all(1, false, &[], 300).await.status, RunStatus::Success);
    assert_eq!(standing().await, [1, 0]);
    // The same if the text was found in the database unchanged.
    test.decide(&[2], text("anew")).await.unwrap();
    test.write_all(2, false, &[(1, ApplyStatus::Unchanged)], 400).await;
    assert_eq!(standing().await, [0, 1]);
    assert_eq!(test.audit(AppliedCommentFilter::default()).await.len(), 3);
    // A text that is already in the database is written again if its id is given or if other comments may be
    // overwritten.
    let order = |overwrite| ApplyOrder::new(RunStatus::Success, false, overwrite, "x".to_owned());
    let nothing = store.begin_apply(RunId(2), None, order(false), None, false, at(500)).await.unwrap();
    assert_eq!((nothing.0.status, nothing.1.total), (RunStatus::Success, 0));
    let named = Some(vec![SuggestionId(2)]);
    for (overwrite, ids) in [(false, named), (true, None)] {
        let (run, begun) = store.begin_apply(RunId(2), None, order(overwrite), ids, false, at(500)).await.unwrap();
        assert_eq!((run.status, begun.total), (RunStatus::Applying, 1));
        let claimed = test.claim(501).await.unwrap();
        let item = store.planned_items(run.id, 0, 9).await.unwrap().remove(0);
        test.write(run.id, item, ApplyStatus::Unchanged, Some("anew"), 502).await;
        store.finish_apply(run.id, claimed.attempt, at(503)).await.unwrap();
    }
}
