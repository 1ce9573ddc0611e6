//! The schema: `schema.graphql`, on which clients rely, matches the code.

use std::{fs, path::Path, process::Command};

use gloss::graphql::sdl;
use serde_json::json;

use crate::harness::Server;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_committed_schema_matches_the_code() {
    let path = repository().join("schema.graphql");
    let printed = sdl();
    if std::env::var_os("GLOSS_PRINT_SCHEMA").is_some() {
        fs::write(&path, &printed).expect("schema.graphql could not be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == printed,
        "schema.graphql has drifted: regenerate it with `make schema` and review the difference"
    );
    assert_eq!(printed, sdl(), "the same code prints the same text");
}

#[test]
fn the_schema_follows_the_contract() {
    let tool = repository().join("../shared/tools/check-contract");
    if !tool.exists() {
        eprintln!("SKIPPED: {} is not there, so the schema is not held against the contract", tool.display());
        return;
    }
    let output = Command::new(&tool).arg(repository().join("schema.graphql")).output();
    let output = match output {
        Ok(output) if !output.stdout.is_empty() => output,
        Ok(output) => {
            eprintln!("SKIPPED: check-contract says {}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        Err(error) => {
            eprintln!("SKIPPED: check-contract does not run: {error}");
            return;
        }
    };
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("check-contract says:\n{report}");
    // Fields of later features may be missing; existing fields match the contract and are described.
    let wrong: Vec<&str> =
        report.lines().filter(|line| !line.ends_with(": missing") && !line.starts_with("all ")).collect();
    assert!(wrong.is_empty(), "violates the contract: {wrong:#?}");
}

#[tokio::test]
async fn every_mutation_takes_one_input_and_answers_with_a_payload() {
    let server = Server::start().await;
    let query = "{ __schema { mutationType { fields { name args { name type { kind ofType { kind name } } }
        type { kind ofType { kind name interfaces { name } } } } } } }";
    let mut schema = server.data(query, json!({})).await;
    let fields = schema["__schema"]["mutationType"]["fields"].take();
    let fields = fields.as_array().unwrap();
    assert!(fields.len() >= 27, "{fields:#?}");
    for field in fields {
        let name = field["name"].as_str().unwrap();
        let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let non_null = |kind: &str, name: &str| json!({ "kind": "NON_NULL", "ofType": { "kind": kind, "name": name } });
        assert_eq!(field["args"], json!([{ "name": "input", "type": non_null("INPUT_OBJECT", &input) }]), "{name}");
        let payload = &field["type"];
        assert_eq!((&payload["kind"], &payload["ofType"]["kind"]), (&json!("NON_NULL"), &json!("OBJECT")), "{name}");
        assert_eq!(payload["ofType"]["interfaces"], json!([]), "{name} answers with a node, not with a payload");
    }
}
