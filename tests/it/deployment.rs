//! The files of `deploy/`: they parse, and the settings that they name exist. No image is built here.

use std::{collections::BTreeSet, fs, process::Command};

use saphyr_parser::{Event, Parser};

use crate::services::skipped;

fn read(name: &str) -> String {
    fs::read_to_string(format!("deploy/{name}")).unwrap()
}

#[test]
fn yaml_files_parse() {
    for (name, keys) in [
        ("compose.yaml", &["services", "postgres", "gloss", "healthcheck", "volumes"][..]),
        ("alerts.yaml", &["groups", "alert", "expr", "summary", "description"]),
    ] {
        let text = read(name);
        let mut scalars = BTreeSet::new();
        for event in Parser::new_from_str(&text) {
            let (event, _) = event.unwrap_or_else(|error| panic!("{name}: {error}"));
            if let Event::Scalar(value, ..) = event {
                scalars.insert(value.into_owned());
            }
        }
        assert!(keys.iter().all(|key| scalars.contains(*key)), "{name}: {scalars:?}");
    }
    // Each alert says what to look at.
    let alerts = read("alerts.yaml");
    let count = |word: &str| alerts.lines().filter(|line| line.trim_start().starts_with(word)).count();
    assert_eq!([count("expr:"), count("summary:"), count("description:")], [count("- alert:"); 3]);
}

#[test]
fn every_variable_is_a_setting() {
    let mut known: BTreeSet<String> = words(&gloss::config::reference());
    known.insert("GLOSS_SECRET_KEY".to_owned());
    for name in ["Dockerfile", "compose.yaml", "gloss.service"] {
        let named = words(&read(name));
        assert!(!named.is_empty(), "{name}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} names {unknown:?}");
    }
}

/// The names of Gloss's variables in a text.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    words.filter(|word| word.starts_with("GLOSS_")).map(str::to_owned).collect()
}

#[test]
fn the_image_is_not_root_and_copies_from_its_own_stages() {
    let text = read("Dockerfile");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let from: Vec<Vec<&str>> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("FROM "))
        .map(|rest| rest.split_whitespace().collect())
        .collect();
    let stages: Vec<&str> = from.iter().filter_map(|words| words.get(2).copied()).collect();
    assert!(from.last().unwrap()[0].ends_with(":nonroot"));
    for copied in lines.iter().filter_map(|line| line.split("--from=").nth(1)) {
        let stage = copied.split_whitespace().next().unwrap();
        assert!(stages.contains(&stage), "{stage}");
    }
    assert!(text.contains("HEALTHCHECK") && text.contains("/readyz"));
    let compose = read("compose.yaml");
    assert!(compose.contains("dockerfile: deploy/Dockerfile"));
}

#[test]
fn systemd_accepts_the_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return skipped("the unit, because systemd-analyze is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("gloss.service");
    let lines = read("gloss.service").replace("/usr/local/bin/gloss", env!("CARGO_BIN_EXE_gloss"));
    let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with("Documentation=")).collect();
    fs::write(&unit, lines.join("\n")).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !said.contains("gloss.service"), "{said}");
}
