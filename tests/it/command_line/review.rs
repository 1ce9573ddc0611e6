//! `gloss history review N` on the screen of a real terminal, and decisions on one asset by flags.

use std::{
    fmt::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use gloss::cli::Exit;
use rexpect::session::PtySession;
use serde_json::{Value, json};

use super::{ends, terminal::open_at};
use crate::{
    cli::says,
    harness::{Proxy, Server, SqliteTarget},
};

/// How long the screen may take to show something.
const PATIENCE: Duration = Duration::from_mins(1);
const REVIEWS: &str = "query ($run: ID!) { node(id: $run) { ... on Run { status suggestions(first: 200) { nodes {
    id asset { display } finalText review { state reviewer } alternatives { text } } } } } }";
const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";

/// A command on the screen of a terminal.
struct Screen {
    session: PtySession,
    parser: vt100::Parser,
}

impl Screen {
    fn open(data: &Path, (columns, rows): (u16, u16), arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let session = open_at((columns, rows), data, arguments, environment);
        Self { session, parser: vt100::Parser::new(rows, columns, 0) }
    }

    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// What the last row shows.
    fn last_row(&self) -> String {
        let columns = self.parser.screen().size().1;
        self.parser.screen().rows(0, columns).last().unwrap_or_default().trim_end().to_owned()
    }

    /// Reads what the command has written since. Returns whether it has ended.
    fn read(&mut self) -> bool {
        while let Some(byte) = self.session.try_read() {
            self.parser.process(&[u8::try_from(u32::from(byte)).unwrap()]);
        }
        !matches!(self.session.process().status(), Some(rexpect::process::WaitStatus::StillAlive))
    }

    /// Waits until the screen shows a text.
    fn shows(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            let has_ended = self.read();
            if self.text().contains(text) {
                return;
            }
            assert!(!has_ended && start.elapsed() < PATIENCE, "{text:?} is not on the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// Waits for the end, and returns the exit code and what stands on the normal screen.
    fn end(mut self) -> (i32, String) {
        let rest = self.session.exp_eof().unwrap();
        let bytes: Vec<u8> = rest.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        self.parser.process(&bytes);
        match self.session.process().wait().unwrap() {
            rexpect::process::WaitStatus::Exited(_, code) => (code, self.text()),
            other => panic!("{other:?}: {}", self.text()),
        }
    }
}

/// A run of the builtin describer over one table, in which a person has commented a column.
struct Described {
    server: Server,
    run: String,
    _target: SqliteTarget,
}

impl Described {
    async fn new() -> Self {
        let server = Server::start().await;
        let target = SqliteTarget::new(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, total_cents INTEGER, shipped_at TEXT, note TEXT);
             CREATE TABLE gloss_comments (kind TEXT, table_name TEXT, column_name TEXT, comment TEXT,
                 PRIMARY KEY (kind, table_name, column_name));
             INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'note', 'What the customer \u{1b}[31m wants.');",
        );
        let db = server.create_db_profile("target", &target.url()).await;
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
        server.events(&run, 0).await;
        Self { server, run, _target: target }
    }

    fn data(&self) -> &Path {
        self.server.data.path()
    }

    /// The suggestions by the paths of their assets.
    async fn suggestion(&self, path: &str) -> Value {
        let run = self.server.data(REVIEWS, json!({ "run": self.run })).await["node"].take();
        let nodes = run["suggestions"]["nodes"].as_array().unwrap().clone();
        nodes.into_iter().find(|it| it["asset"]["display"] == path).unwrap_or_else(|| panic!("{run:#}"))
    }

    async fn states(&self) -> String {
        let run = self.server.data(REVIEWS, json!({ "run": self.run })).await["node"].take();
        run["suggestions"]["nodes"].as_array().unwrap().iter().fold(String::new(), |mut text, it| {
            let (path, state) = (it["asset"]["display"].as_str().unwrap(), it["review"]["state"].as_str().unwrap());
            writeln!(text, "{path} {state}").unwrap();
            text
        })
    }
}

/// An editor that writes this text.
fn editor(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("editor.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_reviewed_on_the_screen() {
    let described = Described::new().await;
    let folder = tempfile::tempdir().unwrap();
    let editor = editor(folder.path(), "echo 'The shop prints it on the label.' > \"$1\"");
    let environment = [("EDITOR", editor.to_str().unwrap()), ("VISUAL", "")];
    let mut screen = Screen::open(described.data(), (80, 24), &["history", "review", "1"], &environment);
    screen.shows("0 of 6 reviewed");
    screen.shows("1 of 6");
    screen.shows("Alternatives");
    assert_eq!(screen.last_row(), "a accept  s skip  e edit  u undo  n next  1-9 other text  ? more  q leave");
    // Accept, and go on.
    screen.press("a");
    screen.shows("main.orders accepted.");
    screen.shows("1 of 6 reviewed");
    screen.shows("2 of 6 ");
    // Another alternative.
    screen.press("/status\r");
    screen.shows("path with status");
    screen.shows("1 of 1 ");
    let status = described.suggestion("main.orders.status").await;
    screen.shows("Alternatives");
    screen.press("2");
    screen.shows("main.orders.status accepted.");
    screen.shows("2 of 6 reviewed");
    // The screen shows the person's comment without its control characters, the words that change, and an edited text.
    screen.press("/note\r");
    screen.shows("What the customer \\u{1B}[31m wants.");
    screen.shows("written by a person");
    screen.press("e");
    screen.shows("main.orders.note edited.");
    screen.shows("{+");
    screen.shows("3 of 6 reviewed");
    screen.press("x");
    screen.shows("1 of 6 ");
    // Skip, and take it back.
    screen.press("ns");
    screen.shows("main.orders.id skipped.");
    screen.shows("4 of 6 reviewed");
    screen.press("u");
    screen.shows("main.orders.id is unreviewed again.");
    screen.shows("3 of 6 reviewed");
    // All that are left, and take it back, too.
    screen.press("A");
    screen.shows("Accept 3 unreviewed suggestions? y or n");
    screen.press("y");
    screen.shows("3 suggestions accepted");
    screen.shows("6 of 6 reviewed");
    screen.press("u");
    screen.shows("3 suggestions are unreviewed again.");
    screen.shows("3 of 6 reviewed");
    screen.press("S");
    screen.shows("Skip 3 unreviewed suggestions? y or n");
    screen.press("y");
    screen.shows("3 suggestions skipped");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, i32::from(Exit::Success.number()), "{shown}");
    says(
        &shown,
        &[
            "In this review: 2 accepted, 1 edited, 3 skipped.",
            "Run #1 now has 2 accepted, 1 edited, 3 skipped and 0 unreviewed suggestions.",
            "gloss history apply 1",
        ],
    );
    assert!(!shown.contains("Alternatives"), "{shown}");

    assert_eq!(
        described.states().await,
        "main.orders ACCEPTED\nmain.orders.id SKIPPED\nmain.orders.status ACCEPTED\nmain.orders.total_cents SKIPPED\n\
         main.orders.shipped_at SKIPPED\nmain.orders.note EDITED\n"
    );
    assert_eq!(described.suggestion("main.orders.status").await["finalText"], status["alternatives"][1]["text"]);
    assert_eq!(described.suggestion("main.orders.note").await["finalText"], "The shop prints it on the label.");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_reviewers_and_lost_connections_are_shown() {
    let described = Described::new().await;
    let mut proxy = Proxy::before(described.server.base.rsplit(':').next().unwrap().parse().unwrap()).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let arguments = ["history", "review", "1", "--server", &address];
    let mut screen = Screen::open(described.data(), (120, 30), &arguments, &[("NO_COLOR", "1")]);
    screen.shows("0 of 6 reviewed");
    screen.shows("Alternatives");
    let id = described.suggestion("main.orders.id").await["id"].take();
    described.server.data(REVIEW, json!({ "input": { "ids": [id], "decision": "SKIP" } })).await;
    screen.shows("1 of 6 reviewed");
    screen.shows("– skipped");
    // A decision waits for the connection.
    proxy.close().await;
    screen.press("a");
    screen.shows("Connection lost, 1 decision to send later");
    screen.shows("… accepted");
    screen.press("q");
    screen.shows("1 decision not yet sent. Leave without sending?");
    screen.press("n");
    // Meanwhile, someone else decides differently. That stays, and is shown.
    let id = described.suggestion("main.orders").await["id"].take();
    described.server.data(REVIEW, json!({ "input": { "ids": [id], "decision": "SKIP" } })).await;
    proxy.open().await;
    screen.shows("main.orders is meanwhile skipped by local. Decide again");
    screen.press("a");
    // The server has confirmed it.
    screen.shows("✓ accepted");
    screen.shows("2 of 6 reviewed");
    proxy.close().await;
    screen.press("s");
    screen.shows("1 decision to send later");
    screen.press("qy");
    let (code, shown) = screen.end();
    assert_eq!(code, i32::from(Exit::Unreachable.number()), "{shown}");
    says(
        &shown,
        &[
            "In this review: 1 accepted.",
            "1 accepted, 1 skipped and 4 unreviewed",
            "did not reach the server: main.orders.status skipped",
        ],
    );
    says(&described.states().await, &["main.orders ACCEPTED", "main.orders.id SKIPPED", "main.orders.status UNREV"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_survives_small_terminals_bad_editors_and_ctrl_c() {
    let described = Described::new().await;
    let mut screen = Screen::open(described.data(), (40, 12), &["history", "review", "1"], &[]);
    screen.shows("The review needs");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
    // The smallest screen shows its keys, and all of them on request.
    let mut screen = Screen::open(described.data(), (60, 16), &["history", "review", "1"], &[]);
    screen.shows("Alternatives");
    assert_eq!(screen.last_row(), "a accept  s skip  e edit  u undo  n next  ? more  q leave");
    screen.press("?");
    screen.shows("accept the text or this alternative, go on");
    screen.shows("leave; every decision is sent at once");
    screen.press("?q");
    assert_eq!(screen.end().0, 0);

    let environment = [("EDITOR", "no_such_editor"), ("VISUAL", "")];
    let mut screen = Screen::open(described.data(), (80, 24), &["history", "review", "1"], &environment);
    screen.shows("Alternatives");
    screen.press("e");
    screen.shows("no_such_editor was not found. Leave with q");
    screen.shows("review N --accept --asset PATH --text TEXT");
    screen.press("?");
    screen.shows("undo the last decision");
    screen.press("?");
    // In a process group without a shell, Ctrl-Z comes back at once.
    screen.press("\u{1a}");
    screen.shows("0 of 6 reviewed");
    screen.press("\u{3}");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    says(
        &shown,
        &[
            "In this review: nothing decided.",
            "Run #1 now has 0 accepted, 0 skipped and 6 unreviewed suggestions.",
            "gloss history review 1",
        ],
    );
    let ended = ends(described.data(), &["history", "review", "1"], Exit::UserError).await;
    says(&ended.stderr, &["needs a terminal", "--accept, --skip or --restore"]);
}

/// A decision on many leaves alone what a person decided, what a person wrote, and what has a newer version.
#[tokio::test]
async fn a_decision_on_many_keeps_decisions() {
    let described = Described::new().await;
    let data = described.data();
    let review =
        async |more: &[&str], exit: Exit| ends(data, &[&["history", "review", "1"][..], more].concat(), exit).await;
    review(&["--accept", "--asset", "main.orders", "--text", "All orders."], Exit::Success).await;
    review(&["--accept", "--asset", "main.orders.status", "--alternative", "2"], Exit::Success).await;
    review(&["--skip", "--asset", "main.orders.id"], Exit::Success).await;
    let chosen = described.suggestion("main.orders.status").await;
    let many = review(&["--accept"], Exit::Success).await;
    says(
        &many.stdout,
        &[
            "2 suggestions of run #1 accepted.",
            "Run #1 now has 3 accepted, 1 edited, 1 skipped and 1 unreviewed suggestion.",
        ],
    );
    says(
        &many.stderr,
        &[
            "Left alone: 3 suggestions decided before; to decide again, name their state with --state.",
            "Left alone: 1 suggestion with a comment or text that a person wrote; --replace-comments",
            "gloss history apply 1",
        ],
    );
    assert_eq!(described.suggestion("main.orders.status").await["finalText"], chosen["finalText"]);
    assert_eq!(described.suggestion("main.orders").await["finalText"], "All orders.");
    says(&described.states().await, &["main.orders EDITED", "orders.id SKIPPED", "note UNREVIEWED", "cents ACCEPTED"]);
    // Again, nothing is left to accept, and there is no advice to apply it.
    let again = review(&["--accept"], Exit::Success).await;
    says(&again.stderr, &["Nothing changed.", "5 suggestions decided before"]);
    assert!(!again.stderr.contains("apply") && !again.stdout.contains("accepted."), "{}{}", again.stdout, again.stderr);
    let none = review(&["--accept", "--name", "nothing"], Exit::Success).await;
    says(&none.stderr, &["Nothing changed: no suggestion matches."]);
    // To skip all leaves decisions alone, too; to name a state includes them.
    let skipped = review(&["--skip", "--json"], Exit::Success).await.json();
    assert_eq!((&skipped["changed"], &skipped["alreadyDecided"]), (&json!(1), &json!(5)), "{skipped:#}");
    let named = review(&["--accept", "--state", "skipped", "--name", "orders.id"], Exit::Success).await;
    says(&named.stdout, &["1 suggestion of run #1 accepted."]);
    says(&review(&["--restore", "--name", "cents"], Exit::Success).await.stdout, &["1 suggestion of run #1 restored."]);
    // A re-run made a newer version, which is to be reviewed there.
    ends(data, &["rerun", "1", "--asset", "main.orders.total_cents"], Exit::Success).await;
    let newer = review(&["--accept"], Exit::Success).await;
    says(&newer.stderr, &["Nothing changed.", "Left alone: 1 suggestion with a newer version in another run"]);
    says(&described.states().await, &["cents UNREVIEWED"]);
}

#[tokio::test]
async fn one_asset_is_decided_on_by_flags() {
    let described = Described::new().await;
    let data = described.data();
    let review = |more: &'static [&'static str]| [&["history", "review", "1"][..], more].concat();
    let edit = review(&["--accept", "--asset", "main.orders", "--text", "All orders."]);
    says(&ends(data, &edit, Exit::Success).await.stdout, &["main.orders of run #1 accepted."]);
    says(&ends(data, &edit, Exit::Success).await.stderr, &["Nothing changed"]);
    let other = review(&["--accept", "--asset", "main.orders.status", "--alternative", "2"]);
    ends(data, &other, Exit::Success).await;
    let file = described.server.data.path().join("text.txt");
    std::fs::write(&file, "A note.\n").unwrap();
    let from_file = ["--accept", "--asset", "main.orders.note", "--text-file", file.to_str().unwrap()];
    ends(data, &[&["history", "review", "1"][..], &from_file].concat(), Exit::Success).await;
    ends(data, &review(&["--skip", "--asset", "main.orders.id"]), Exit::Success).await;
    says(
        &described.states().await,
        &["orders EDITED", "orders.id SKIPPED", "orders.status ACCEPTED", "orders.note EDITED", "cents UNREVIEWED"],
    );
    assert_eq!(described.suggestion("main.orders.note").await["finalText"], "A note.");
    for (arguments, word) in [
        (review(&["--skip", "--asset", "main.order"]), "no suggestion for \"main.order\""),
        (review(&["--skip", "--asset", "main.orders", "--name", "x"]), "--name"),
        (review(&["--accept", "--text", "x"]), "--asset"),
        (review(&["--asset", "main.orders"]), "--accept"),
        (review(&["--accept", "--name", "orders", "--alternative", "2"]), "--alternative"),
        (review(&["--accept", "--asset", "main.orders", "--text", " "]), "the text is empty"),
        (
            review(&["--accept", "--asset", "main.orders", "--alternative", "9"]),
            "no alternative 9; choose one from 1 to",
        ),
    ] {
        says(&ends(data, &arguments, Exit::UserError).await.stderr, &[word]);
    }
}
