//! Persisted documents: automatic ones, and trusted ones from a list.

use gloss::http::Documents;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    toy::{Setup, Toy, ask, code},
    ws::Socket,
};

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[tokio::test]
async fn a_document_persists_once_it_was_sent_with_its_hash() {
    let toy = Toy::start().await;
    let query = "query($n: String!) { hello(name: $n) }";
    let (hash, variables) = (sha256(query), json!({ "n": "hen" }));
    let alone = json!({ "extensions": persisted(&hash), "variables": variables });
    let whole = json!({ "query": query, "extensions": persisted(&hash), "variables": variables });
    let (status, answer) = ask(toy.post(alone.clone())).await;
    assert_eq!((status, code(&answer)), (StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    let expected = json!({ "data": { "hello": "hello hen" } });
    for body in [whole, alone.clone(), json!({ "documentId": format!("sha256:{hash}"), "variables": variables })] {
        assert_eq!(ask(toy.post(body)).await, (StatusCode::OK, expected.clone()));
    }
    let extensions = persisted(&hash).to_string();
    let get = toy.query_with(&[("extensions", &extensions), ("variables", r#"{"n":"hen"}"#)]);
    assert_eq!(ask(get).await, (StatusCode::OK, expected.clone()));
    let mut socket = Socket::open(&toy).await;
    socket.send(json!({ "type": "subscribe", "id": "a", "payload": alone })).await;
    assert_eq!(socket.next().await["payload"], expected);
}

#[tokio::test]
async fn documents_with_a_wrong_hash_are_refused_and_invalid_ones_are_not_cached() {
    let toy = Toy::start().await;
    for (query, extensions) in [
        (json!("{ hello }"), persisted(&sha256("{ bye }"))),
        (json!("{ hello }"), json!({ "persistedQuery": { "version": 2, "sha256Hash": sha256("{ hello }") } })),
        (json!("{ hello }"), json!({ "persistedQuery": { "version": 1 } })),
        (json!("{ hello }"), json!({ "persistedQuery": 7 })),
    ] {
        let (status, answer) = ask(toy.post(json!({ "query": query, "extensions": extensions }))).await;
        assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{extensions}");
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "extensions");
    }
    let broken = "{ hello";
    let whole = json!({ "query": broken, "extensions": persisted(&sha256(broken)) });
    assert_eq!(code(&ask(toy.post(whole)).await.1), "GRAPHQL_PARSE_FAILED");
    let alone = json!({ "extensions": persisted(&sha256(broken)) });
    assert_eq!(code(&ask(toy.post(alone)).await.1), "PERSISTED_QUERY_NOT_FOUND");
    // A mutation by GET is refused, even as a persisted document.
    let bump = "mutation { bump }";
    ask(toy.post(json!({ "query": bump, "extensions": persisted(&sha256(bump)) }))).await;
    let get = toy.query_with(&[("extensions", &persisted(&sha256(bump)).to_string())]);
    assert_eq!(ask(get).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn newer_documents_evict_older_ones() {
    let toy = Toy::start().await;
    let query = |n: usize| format!("{{ hello }} # {n}");
    for n in 0..=1_000 {
        let (status, _) =
            ask(toy.post(json!({ "query": query(n), "extensions": persisted(&sha256(&query(n))) }))).await;
        assert_eq!(status, StatusCode::OK);
    }
    for (n, expected) in [(0, "PERSISTED_QUERY_NOT_FOUND"), (1_000, "")] {
        let (_, answer) = ask(toy.post(json!({ "extensions": persisted(&sha256(&query(n))) }))).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default(), expected);
    }
}

#[tokio::test]
async fn only_trusted_documents_are_executed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("hello.graphql", "{ hello }");
    write("ids.json", &json!({ "count": "subscription { count(to: 1) }" }).to_string());
    let operations = json!([{ "id": "bump", "name": "B", "type": "mutation", "body": "mutation B { bump }" }]);
    write("apollo.json", &json!({ "format": "apollo-persisted-query-manifest", "operations": operations }).to_string());
    write("README.md", "no document");
    let documents = Documents::trusted(folder.path(), &[]).unwrap();
    let toy = Toy::start_with(Setup { documents, ..Setup::default() }).await;

    let hello = json!({ "data": { "hello": "hello world" } });
    for body in [
        json!({ "query": "{ hello }" }),
        json!({ "extensions": persisted(&sha256("{ hello }")) }),
        json!({ "query": "{ hello }", "extensions": persisted(&sha256("{ hello }")) }),
    ] {
        assert_eq!(ask(toy.post(body)).await, (StatusCode::OK, hello.clone()));
    }
    assert_eq!(ask(toy.post(json!({ "documentId": "bump" }))).await.1, json!({ "data": { "bump": 1 } }));
    let mut socket = Socket::open(&toy).await;
    socket.send(json!({ "type": "subscribe", "id": "a", "payload": { "documentId": "count" } })).await;
    assert_eq!(socket.next().await["payload"], json!({ "data": { "count": 1 } }));

    for query in ["{  hello }", "{ __typename }", "{ hello", "{ __schema { queryType { name } } }"] {
        let (status, answer) = ask(toy.post(json!({ "query": query }))).await;
        assert_eq!((status, code(&answer)), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{query}");
    }
    for body in [json!({ "documentId": "other" }), json!({ "extensions": persisted(&sha256("{ other }")) })] {
        assert_eq!(code(&ask(toy.post(body)).await.1), "PERSISTED_QUERY_NOT_FOUND");
    }
    let stream = toy.post(json!({ "query": "subscription { silence }" })).header(header::ACCEPT, "text/event-stream");
    assert_eq!(ask(stream).await.0, StatusCode::FORBIDDEN);
}

#[test]
fn an_invalid_list_of_documents_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let said = || Documents::trusted(folder.path(), &[]).err().unwrap().to_string();
    assert!(said().contains("there are none"), "{}", said());
    std::fs::write(folder.path().join("a.graphql"), "{ hello").unwrap();
    assert!(said().contains("a.graphql") && said().contains("line 1"), "{}", said());
    std::fs::write(folder.path().join("a.graphql"), "{ a }").unwrap();
    std::fs::write(folder.path().join("b.json"), "[1]").unwrap();
    assert!(said().contains("b.json") && said().contains("maps ids to documents"), "{}", said());
    let both = json!({ "operations": [{ "id": "x", "body": "{ a }" }, { "id": "x", "body": "{ b }" }] });
    std::fs::write(folder.path().join("b.json"), both.to_string()).unwrap();
    assert!(said().contains("two documents have the id"), "{}", said());
    assert!(Documents::trusted(&folder.path().join("c"), &[]).err().unwrap().to_string().contains("cannot read"));
}
