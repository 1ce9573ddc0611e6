//! Checks in the sources which modules may import which others; the rule is in `lib.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each module with the modules of Gloss that it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("port", &["domain"]),
    ("engine", &["domain", "port"]),
    ("kind", &["domain", "port", "engine"]),
    ("service", &["domain", "port", "engine", "kind"]),
    ("worker", &["domain", "port", "engine", "kind", "telemetry"]),
    ("store", &["domain", "port", "telemetry"]),
    ("bus", &["domain", "port", "telemetry"]),
    ("model", &["domain", "port", "telemetry"]),
    ("target", &["domain", "port"]),
    ("demo", &[]),
    ("graphql", &["domain", "port", "service"]),
    ("http", &["domain", "graphql", "telemetry"]),
    ("cli", &["domain", "graphql"]),
    ("config", &["port"]),
    ("lifecycle", &[]),
    ("log", &["config", "domain", "telemetry"]),
    ("telemetry", &[]),
];

/// Libraries that only some modules may name.
const FENCED: &[(&str, &[&str])] = &[
    ("sea_orm", &["store"]),
    ("entity", &["store"]),
    ("migration", &["store"]),
    ("async_graphql", &["graphql", "http"]),
    ("async_nats", &["bus"]),
    ("sqlparser", &["engine"]),
    ("opentelemetry", &["telemetry"]),
    ("prometheus_client", &["telemetry"]),
];

/// The files outside of `target` and `demo` that may name sqlx, which `SeaORM` re-exports: they open the store, read
/// the errors of its driver, read cells without it, and carry nudges.
const NAME_SQLX: &[&str] = &[
    "bus/postgres.rs",
    "store/address.rs",
    "store/trouble.rs",
    "store/dialect/postgres.rs",
    "store/cells/postgres.rs",
];

#[test]
fn modules_import_only_what_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    let mut read = 0;
    for file in sources(&src) {
        let module = module_of(&src, &file);
        if matches!(module.as_str(), "app" | "command" | "lib" | "main") {
            continue;
        }
        read += 1;
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: the module {module} has no line in this test", file.display()));
            continue;
        };
        for (number, line) in code(&fs::read_to_string(&file).unwrap()) {
            for other in names_after(&line, "crate::") {
                if other != module && !allowed.contains(&other.as_str()) {
                    faults.push(format!("{}:{number}: {module} may not import {other}", file.display()));
                }
            }
            let path = file.strip_prefix(&src).unwrap();
            if line.match_indices("sqlx::").any(|(at, _)| !line[..at].ends_with(['"', '_', ',', '=']))
                && !matches!(module.as_str(), "target" | "demo")
                && !NAME_SQLX.iter().any(|one| path == Path::new(one))
            {
                faults.push(format!("{}:{number}: sqlx has no place in {module}", file.display()));
            }
            for (library, homes) in FENCED {
                if names_library(&line, library) && !homes.contains(&module.as_str()) {
                    faults.push(format!("{}:{number}: {library} has no place in {module}", file.display()));
                }
            }
        }
    }
    assert!(read > 20, "only {read} files were read");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The domain is a crate of its own, so its manifest says what it may name.
#[test]
fn the_domain_depends_on_nothing_of_gloss() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("domain/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let fenced = FENCED.iter().map(|(library, _)| library.replace('_', "-"));
    for name in fenced.chain(["path = ", "sqlx", "tokio", "sqlite-guard"].map(str::to_owned)) {
        assert!(!manifest.contains(&name), "{name} has no place in domain/Cargo.toml");
    }
}

/// Returns whether a line names a library rather than a module of Gloss with the same name.
fn names_library(line: &str, library: &str) -> bool {
    let path = format!("{library}::");
    let starts =
        |at: usize| at == 0 || line[..at].ends_with(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':' | '"'));
    let in_a_use_of_ours =
        line.trim_start().starts_with("use ") && !line.trim_start().starts_with(&format!("use {path}"));
    !in_a_use_of_ours
        && line.match_indices(&path).any(|(at, _)| starts(at))
        && !line.contains(&format!("super::{path}"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn module_of(src: &Path, file: &Path) -> String {
    let first = file.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Returns the lines without comments. A `use crate::{…}` over several lines is joined into one.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or_default();
        if open {
            lines.last_mut().unwrap().1.push_str(line);
        } else {
            lines.push((at + 1, line.to_owned()));
        }
        let whole = &lines.last().unwrap().1;
        open = whole.trim_start().trim_start_matches("pub ").starts_with("use ") && !whole.contains(';');
    }
    lines
}

/// Returns the names directly after `prefix`, or in the braces after it.
fn names_after(line: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        // Also matches `$crate::` in a macro; other prefixes like `self::crate::` do not exist.
        let rest = &line[at + prefix.len()..];
        if let Some(inner) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in inner.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                    _ if depth == 0 => name.push(c),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(rest.to_owned());
        }
    }
    let first = |text: String| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}
