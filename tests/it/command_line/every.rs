//! Every command in a terminal of 80 columns, in the order in which a first user would type them.

use std::path::Path;

use gloss::cli::Exit;

use super::{
    help::{leaves, words},
    pty::Terminal,
};
use crate::{
    cli::says,
    harness::{Server, SqliteTarget, store},
};

/// Words of the commands that print tables.
const TABLES: &[&str] = &["list", "show", "events", "results", "compare", "coverage", "usage", "workers"];
const CTRL_C: &str = "\u{3}";

/// A command, what is typed when it shows a text, its exit code, and what it shows.
#[derive(Clone, Copy)]
struct Step<'a> {
    line: &'a str,
    typed: &'a [(&'a str, &'a str)],
    exit: Exit,
    shows: &'a [&'a str],
}

const fn step<'a>(line: &'a str, shows: &'a [&'a str]) -> Step<'a> {
    Step { line, typed: &[], exit: Exit::Success, shows }
}

/// A command on the store's file; a store in PostgreSQL has its own tools.
fn of_file<'a>(line: &'a str, shows: &'a str, tool: &'a str) -> Step<'a> {
    let is_refused = store::in_postgres();
    let step = step(line, vec![if is_refused { tool } else { shows }].leak());
    if is_refused { step.exits(Exit::UserError) } else { step }
}

impl<'a> Step<'a> {
    /// Types keys when a text is shown.
    const fn types(mut self, typed: &'a [(&'a str, &'a str)]) -> Self {
        self.typed = typed;
        self
    }

    const fn exits(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Types the command. Returns what it shows.
    fn take(&self, data: &Path, environment: &[(&str, &str)]) -> String {
        let arguments = words(self.line);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut terminal = Terminal::open(data, &arguments, environment);
        let mut shown = String::new();
        for (text, keys) in self.typed {
            shown += &terminal.sees(text);
            terminal.keys(keys);
        }
        shown += &terminal.ends(self.exit);
        says(&shown, self.shows);
        if arguments.iter().take(3).any(|word| TABLES.contains(word)) {
            let is_note =
                |line: &&str| line.starts_with("Using the server") || line.starts_with("No server is running");
            for line in shown.lines().filter(|line| !is_note(line)) {
                assert!(line.chars().count() <= 80, "gloss {}: {line}", self.line);
            }
        }
        shown
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_in_a_terminal() {
    let files = tempfile::tempdir().unwrap();
    let target = SqliteTarget::new("CREATE TABLE invoices (id INTEGER PRIMARY KEY, paid_at TEXT);");
    let [man, schema_yml, history, add] = [
        format!("man {}", files.path().join("man").display()),
        format!("import dbt {} --profile demo", files.path().display()),
        format!("import amx {}", files.path().join("history.db").display()),
        format!("profile db add shop {}", target.url()),
    ];
    let file = files.path().join("gloss.backup");
    let copy = format!("store copy --from {{store}} --to sqlite://{}", files.path().join("copy.db").display());
    let [backup, restore] = ["backup", "restore"].map(|command| format!("{command} {}", file.display()));
    let set = format!("profile db set shop {}", target.url());
    let models = "version: 2\nmodels:\n  - name: customers\n    description: People who have bought something.\n";
    std::fs::write(files.path().join("schema.yml"), models).unwrap();
    super::import::history(files.path(), "");
    let with_server = [
        step("doctor", &["ok"]),
        step("demo", &["$ gloss coverage demo"]).types(&[("Press Enter", CTRL_C)]).exits(Exit::Cancelled),
        step(&add, &["shop"]),
        step(&set, &["shop"]),
        step("profile db list", &["demo", "shop"]),
        step("profile db test shop", &["shop"]),
        step("profile llm add rules --provider builtin --model rules", &["rules"]),
        step("profile llm list", &["builtin", "rules"]),
        step("profile llm test rules", &["rules"]),
        step("profile llm set rules --concurrency 2", &["rules"]),
        step("run demo:main.orders", &["Run #1: ready for review", "Next: "]),
        step("history list", &["#1", "ready for review"]),
        step("history show 1", &["main.orders"]),
        step("history events 1", &["1"]),
        step("history results 1", &["customer"]),
        step("history review 1", &[]).types(&[("unreviewed", "q")]),
        step("history review 1 --accept", &["accepted", "Next: "]),
        step("history apply 1", &["1"]),
        step("history rollback 1", &["1"]),
        step("rerun 1 --variations lexical --name status", &["Run #2"]),
        step("history compare 1 2", &["#1", "#2"]),
        step("generate demo:main.orders.status", &["Run #3"]),
        step("ask 'Where is the status of an order stored?'", &["orders"]),
        step("history cancel 1", &["had already ended"]).exits(Exit::Conflict),
        step("history resume 1", &["nothing to resume"]).exits(Exit::Conflict),
        step("coverage demo", &["%"]),
        step("export demo --format md", &["# "]),
        step("usage", &["builtin"]),
        step("workers", &["0 of 4"]),
        step("prune --older-than 1d --dry-run", &["0 runs can be deleted"]),
        of_file(&backup, "Backed up the store", "pg_dump"),
        step(&schema_yml, &["Imported 1 description", "run #5"]),
        step(&history, &["run"]),
        step("schedule add nightly demo:main.orders --cron '0 3 * * *'", &["nightly"]),
        step("schedule list", &["nightly"]),
        step("schedule show nightly", &["nightly"]),
        step("schedule change nightly --cron '0 4 * * *'", &["nightly"]),
        step("schedule pause nightly", &["nightly"]),
        step("schedule resume nightly", &["nightly"]),
        step("schedule run nightly", &["Run #"]),
        step("schedule remove nightly", &["nightly"]).types(&[("[y/N] ", "y\r")]),
        step("profile db remove shop", &["removed"]).types(&[("[y/N] ", "y\r")]),
        step("profile llm remove rules", &["removed"]).types(&[("[y/N] ", "y\r")]),
        step("shell", &[]).types(&[
            ("gloss demo> ", "history list -n 1\r"),
            ("STATUS", ""),
            ("gloss demo> ", "exit\r"),
        ]),
        step("config", &["listen"]),
        step("completions bash", &["complete"]),
        step("schema", &["type Query"]),
        step(&man, &[]),
    ];
    let without_server = [
        step("migrate", &["up to date"]),
        step(&copy, &["counts and checksums agree"]),
        of_file(&restore, "Restored the store", "pg_restore"),
        step("secrets rotate", &[]),
        step("secrets forget", &[]),
        step("serve --listen 127.0.0.1:0", &[]).types(&[("http://127.0.0.1", CTRL_C)]),
        step("token create ann --role ADMIN", &["shown only once"]),
    ];
    let with_token = [step("token list", &["ann"]), step("token revoke ann", &["revoked"])];
    let server = Server::start().await;
    for step in &with_server {
        step.take(server.data.path(), &[]);
    }
    let data = server.kill().await;
    let mut shown = String::new();
    for step in &without_server {
        let line = step.line.replace("{store}", &store::url(data.path()));
        shown = Step { line: &line, ..*step }.take(data.path(), &[]);
    }
    let secret = shown.lines().map(str::trim).find(|line| line.starts_with("gloss_")).unwrap();
    for step in &with_token {
        step.take(data.path(), &[("GLOSS_TOKEN", secret)]);
    }

    let steps = [&with_server[..], &without_server, &with_token].concat();
    let is_taken =
        |name: &str| steps.iter().any(|step| format!("gloss {} ", step.line).starts_with(&format!("{name} ")));
    let mut root = gloss::command::command();
    root.build();
    let names = leaves(&root, "gloss").into_iter().map(|(name, _)| name);
    assert_eq!(names.filter(|name| !is_taken(name)).collect::<Vec<_>>(), Vec::<String>::new());
}
