//! Suggestions and events in the store: filters, orders, pages.

use gloss::{
    domain::{
        Error,
        asset::AssetKind,
        event::RunEventType,
        filter::OrderDirection,
        id::RunId,
        page::{Cursor, CursorPart, PageArguments, PageDirection, PageRequest},
        run::{Row, RowOutcome},
        suggestion::{ConfidenceBand, ReviewState, SuggestionFilter, SuggestionOrderField},
    },
    port::store::{RunStore, SuggestionStore},
};

use proptest::prelude::*;

use super::{TestStore, draft, new_run, row};

async fn reviewed() -> TestStore {
    let test = TestStore::new().await;
    test.create(vec![new_run("a"), new_run("b")], 0).await;
    test.claim(1).await;
    let rows: Vec<Row> = ["Zeta", "alpha", "50%_off", "Größe", "email"]
        .iter()
        .zip(1..)
        .map(|(name, at)| row(at, "users", name))
        .collect();
    let ends = rows.clone();
    test.change(RunId(1), 2, move |edit| {
        edit.resolve(rows);
        for (row, confidence) in ends.into_iter().zip([0.75, 0.749, 0.5, 0.1, 0.9]) {
            let text = format!("The {} of a User", row.asset.column.as_deref().unwrap_or_default());
            edit.end_row(
                row,
                RowOutcome::Done { draft: draft(&text, confidence), existing_comment: None, data_type: None },
            );
        }
        Ok(())
    })
    .await;
    test.execute("UPDATE suggestion SET review_state = 'ACCEPTED' WHERE position IN (2, 5)");
    test
}

#[tokio::test]
async fn suggestions_are_filtered_ordered_and_paged() {
    let test = reviewed().await;
    let positions = async |filter: SuggestionFilter, field, direction, page: PageRequest| -> Vec<i32> {
        let page = test.store.suggestions_page(RunId(1), &filter, (field, direction), &page).await.unwrap();
        page.rows.into_iter().map(|(_, suggestion)| suggestion.position).collect()
    };
    let (asc, desc) = (OrderDirection::Asc, OrderDirection::Desc);
    let everything = SuggestionFilter::default;
    let page = || PageRequest::first(50);
    assert_eq!(positions(everything(), SuggestionOrderField::Position, desc, page()).await, [5, 4, 3, 2, 1]);
    assert_eq!(positions(everything(), SuggestionOrderField::Confidence, asc, page()).await, [4, 3, 2, 1, 5]);
    assert_eq!(positions(everything(), SuggestionOrderField::Name, asc, page()).await, [3, 4, 1, 2, 5]);
    assert_eq!(positions(everything(), SuggestionOrderField::ReviewState, asc, page()).await, [2, 5, 1, 3, 4]);

    let filters = [
        (SuggestionFilter { states: Some(vec![ReviewState::Accepted]), ..everything() }, vec![2, 5]),
        (SuggestionFilter { states: Some(vec![]), ..everything() }, vec![]),
        (SuggestionFilter { bands: Some(vec![ConfidenceBand::High]), ..everything() }, vec![1, 5]),
        (
            SuggestionFilter { bands: Some(vec![ConfidenceBand::Low, ConfidenceBand::Medium]), ..everything() },
            vec![2, 3, 4],
        ),
        (SuggestionFilter { bands: Some(vec![]), ..everything() }, vec![]),
        (SuggestionFilter { kinds: Some(vec![AssetKind::Table]), ..everything() }, vec![]),
        (SuggestionFilter { table: Some("users".to_owned()), ..everything() }, vec![1, 2, 3, 4, 5]),
        (SuggestionFilter { table: Some("Users".to_owned()), ..everything() }, vec![]),
        (SuggestionFilter { search: Some(" % ".to_owned()), ..everything() }, vec![3]),
        (SuggestionFilter { search: Some("GRÖSSE".to_owned()), ..everything() }, vec![]),
        (SuggestionFilter { search: Some("GRÖß".to_owned()), ..everything() }, vec![4]),
        (SuggestionFilter { search: Some("USERS.al".to_owned()), ..everything() }, vec![2]),
        (SuggestionFilter { search: Some("a user".to_owned()), ..everything() }, vec![1, 2, 3, 4, 5]),
    ];
    for (filter, expected) in filters {
        assert_eq!(
            positions(filter.clone(), SuggestionOrderField::Position, asc, page()).await,
            expected,
            "{filter:?}"
        );
        let count = test.store.suggestions_count(RunId(1), &filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
    }
    assert_eq!(test.store.suggestions_count(RunId(2), &everything()).await.unwrap(), 0);

    let order = (SuggestionOrderField::Confidence, desc);
    let mut seen = Vec::new();
    let mut request = PageRequest::first(2);
    loop {
        let page = test.store.suggestions_page(RunId(1), &everything(), order, &request).await.unwrap();
        assert_eq!(page.has_previous, !seen.is_empty());
        seen.extend(page.rows.iter().map(|(_, suggestion)| suggestion.position));
        if !page.has_next {
            break;
        }
        let arguments = PageArguments {
            first: Some(2),
            after: page.rows.last().map(|(cursor, _)| cursor.encode()),
            ..PageArguments::default()
        };
        request = PageRequest::new(&arguments, &order.0.list_name(RunId(1), order.1)).unwrap();
    }
    assert_eq!(seen, [5, 1, 2, 3, 4]);

    let bands = test.store.confidence_distributions(&[RunId(1), RunId(2)]).await.unwrap();
    assert_eq!((bands[&RunId(1)].high, bands[&RunId(1)].medium, bands[&RunId(1)].low), (2, 2, 1));
    let states = test.store.review_counts(&[RunId(1), RunId(2)]).await.unwrap();
    assert_eq!((states[&RunId(1)].unreviewed, states[&RunId(1)].accepted), (3, 2));
    assert!(!bands.contains_key(&RunId(2)) && !states.contains_key(&RunId(2)));
}

#[tokio::test]
async fn events_are_paged_and_a_broken_cursor_is_refused() {
    let test = reviewed().await;
    let request = |direction, size, from: Option<i64>, until: Option<i64>| PageRequest {
        direction,
        size,
        from: from.map(|key| Cursor { list: "events:1".to_owned(), key: vec![CursorPart::Int(key)] }),
        until: until.map(|key| Cursor { list: "events:1".to_owned(), key: vec![CursorPart::Int(key)] }),
    };
    let page = async |types: Option<&[RunEventType]>, request: PageRequest| {
        let page = test.store.events_page(RunId(1), types, &request).await.unwrap();
        let sequences: Vec<i32> = page.rows.iter().map(|(_, event)| event.sequence).collect();
        (sequences, page.has_previous, page.has_next)
    };
    let (forward, backward) = (PageDirection::Forward, PageDirection::Backward);
    assert_eq!(page(None, request(forward, 3, None, None)).await, (vec![1, 2, 3], false, true));
    assert_eq!(page(None, request(forward, 3, Some(6), None)).await, (vec![7, 8], true, false));
    assert_eq!(page(None, request(forward, 9, Some(2), Some(5))).await, (vec![3, 4], true, true));
    assert_eq!(page(None, request(backward, 2, None, None)).await, (vec![7, 8], true, false));
    assert_eq!(page(None, request(backward, 9, Some(3), None)).await, (vec![1, 2], false, true));
    assert_eq!(page(None, request(forward, 0, None, None)).await, (vec![], false, true));
    let only = [RunEventType::AssetFinished];
    assert_eq!(page(Some(&only), request(forward, 2, None, None)).await, (vec![4, 5], false, true));
    assert_eq!(page(Some(&only), request(forward, 2, Some(3), None)).await, (vec![4, 5], false, true));
    assert_eq!(page(Some(&[]), request(forward, 2, None, None)).await, (vec![], false, false));

    let broken = [vec![], vec![CursorPart::Null], vec![CursorPart::Text("1".to_owned())], vec![CursorPart::Float(1.5)]];
    for key in broken {
        let cursor = Cursor { list: "events:1".to_owned(), key };
        let request = PageRequest { direction: backward, size: 1, from: Some(cursor), until: None };
        let error = test.store.events_page(RunId(1), None, &request).await.unwrap_err();
        assert!(matches!(&error, Error::BadInput { argument, .. } if argument == "before"), "{error:?}");
    }
}

proptest! {
    /// A page continues at exactly the confidence at which the previous one ended.
    #[test]
    fn a_cursor_brings_a_confidence_back_bit_for_bit(confidence in 0.0..1.0_f64) {
        let list = "suggestions:1:CONFIDENCE:ASC";
        let key = vec![CursorPart::Float(confidence), CursorPart::Int(1), CursorPart::Int(1)];
        let cursor = Cursor { list: list.to_owned(), key };
        let arguments = PageArguments { after: Some(cursor.encode()), ..PageArguments::default() };
        prop_assert_eq!(PageRequest::new(&arguments, list).unwrap().from, Some(cursor));
    }
}
