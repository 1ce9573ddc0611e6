//! `gloss export`: printed and in files, with and without a server.

use std::{fs, process::Stdio};

use axum::{Json, Router, routing};
use gloss::cli::Exit;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ends, ends_with};
use crate::{
    cli::{gloss, says},
    harness::{Server, SqliteTarget, disk::SmallDisk, store},
};

#[tokio::test]
async fn an_export_is_the_same_with_and_without_a_server() {
    let server = Server::start().await;
    let data = server.data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    ends(data, &["history", "review", "1", "--accept"], Exit::Success).await;
    let printed = ends(data, &["export", "demo", "--format", "csv"], Exit::Success).await.stdout;
    assert!(printed.lines().count() > 5 && printed.contains(",orders,status,"), "{printed}");
    let json = ends(data, &["export", "demo", "--json", "--what", "accepted"], Exit::Success).await.json();
    assert_eq!(json["assets"].as_array().unwrap().len(), printed.lines().count() - 1);
    let comments = ends(data, &["export", "demo", "--format", "csv", "--what", "comments"], Exit::Success).await;
    assert_eq!(comments.stdout.lines().count(), 1, "{}", comments.stdout);

    let folder = server.kill().await;
    let data = folder.path();
    let file = data.join("demo.csv");
    let arguments = ["export", "demo", "--format", "csv", "--schema", "main", "-o", file.to_str().unwrap()];
    for _ in 0..2 {
        let ended = ends(data, &arguments, Exit::Success).await;
        assert!(ended.stdout.is_empty());
        says(&ended.stderr, &["Wrote", "demo.csv"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    }
}

/// `-` is standard output, as with other programs, and never a file.
#[tokio::test]
async fn a_dash_is_standard_output() {
    let server = Server::start().await;
    let data = server.data.path();
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "json", "md", "sql", "dbt"] {
        let printed = ends(data, &["export", "demo", "--format", format], Exit::Success).await.stdout;
        let mut command = Server::command(data);
        command.args(["export", "demo", "--format", format, "-o", "-"]).current_dir(folder.path());
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        // Exports name the time at which they were made.
        let timeless = |text: &str| {
            text.lines().filter(|line| !line.to_lowercase().contains("exported")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(timeless(&said), timeless(&printed), "{format}");
        assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("Wrote"));
    }
    let plan = ["export", "demo", "--format", "dbt", "-o", "-", "--plan"];
    says(&ends(data, &plan, Exit::UserError).await.stderr, &["folder of a dbt project", "-o"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_export_that_cannot_be_written_leaves_nothing() {
    let server = Server::start().await;
    let data = server.data.path();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["export", "nothing", "--format", "csv"], &["no DB profile \"nothing\"", "choose demo"]),
        (&["export", "demo", "--format", "csv", "--schema", "x"], &["no schema \"x\"", "choose main"]),
        (&["export", "demo", "--format", "csv", "-o", &path("no/x.csv")], &["no folder", "create it"]),
        (&["export", "demo", "--format", "csv", "-o", &path("")], &["is a folder", "name a file"]),
        (&["export", "demo", "--format", "csv", "-o", "/dev/null"], &["not a file", "leave out -o"]),
    ];
    for (arguments, words) in cases {
        let ended = ends(data, arguments, Exit::UserError).await;
        says(&ended.stderr, words);
        let said: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with("Using the server")).collect();
        assert!(said.len() == 1 && said[0].starts_with("gloss: ") && ended.stdout.is_empty(), "{said:?}");
    }
    for arguments in [&["export", "demo"][..], &["export", "demo", "--format", "pdf"]] {
        ends(data, arguments, Exit::UserError).await;
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_full_disk_leaves_the_file_that_was_there() {
    let Some(disk) = SmallDisk::mount(1) else { return };
    let server = Server::start().await;
    let folder = disk.folder();
    let file = folder.path().join("demo.json");
    fs::write(&file, "before").unwrap();
    disk.fill();
    let arguments = ["export", "demo", "--format", "json", "-o", file.to_str().unwrap()];
    let ended = ends(server.data.path(), &arguments, Exit::UserError).await;
    says(&ended.stderr, &["gloss: the disk of", "is full", "free some space"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    disk.free();
    ends(server.data.path(), &arguments, Exit::Success).await;
    assert!(fs::read_to_string(&file).unwrap().starts_with('{'));
}

/// An export that is larger than a field of the API may be.
#[tokio::test]
async fn an_export_of_any_size_is_streamed() {
    let columns: Vec<String> = (0..24).map(|at| format!("c{at} TEXT")).collect();
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE wide ({});
         CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
            column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL,
            PRIMARY KEY (kind, table_name, column_name));
         INSERT INTO gloss_comments
            SELECT 'COLUMN', 'wide', name, hex(zeroblob(450000)) FROM pragma_table_info('wide')",
        columns.join(", ")
    ));
    let server = Server::start().await;
    server.create_db_profile("wide", &target.url()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wide.csv");
    let arguments = ["export", "wide", "--format", "csv", "-o", file.to_str().unwrap()];
    // The first exports find the catalog being read, which takes longer than they wait.
    while gloss(server.data.path(), &arguments, &[]).await.status.code() == Some(Exit::Unreachable.number().into()) {}
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.len() > 21_000_000 && text.lines().count() == 25, "{}", text.len());
    fs::remove_file(&file).unwrap();
    let data = server.kill().await;
    ends(data.path(), &arguments, Exit::Success).await;
    assert!(fs::read_to_string(&file).unwrap() == text);
}

#[tokio::test]
async fn an_output_that_takes_nothing_ends_the_export() {
    let server = Server::start().await;
    let mut command = Server::command(server.data.path());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    command.args(["export", "demo", "--format", "md"]).stdout(Stdio::from(full)).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(Exit::Failure.number().into()), "{said}");
    says(&said, &["gloss: cannot write to standard output"]);
}

/// A server that answers the list of profiles and its version, and breaks off or refuses the export.
async fn other_server(version: &'static str, export: routing::MethodRouter) -> String {
    let graphql = move |Json(body): Json<Value>| {
        let is_version = body["query"].as_str().is_some_and(|query| query.contains("server { version }"));
        let data = if is_version {
            json!({ "server": { "version": version } })
        } else {
            json!({ "dbProfiles": [{ "id": "x", "name": "demo" }] })
        };
        std::future::ready(Json(json!({ "data": data })))
    };
    let router = Router::new().route("/graphql", routing::post(graphql)).route("/export/descriptions", export);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn a_server_that_lacks_the_format_or_breaks_off_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("demo.csv");
    let refusal = json!({ "errors": [{ "message": "set `format` to `csv` or `json`",
        "extensions": { "code": "BAD_USER_INPUT", "argument": "format" } }] });
    let refuse = routing::get(move || std::future::ready((StatusCode::BAD_REQUEST, Json(refusal.clone()))));
    let broken = routing::get(|| {
        let pieces = [Ok("kind,".to_owned()), Err(std::io::Error::other("gone"))];
        let body = axum::body::Body::from_stream(futures_util::stream::iter(pieces));
        std::future::ready(([("content-disposition", "attachment")], body))
    });
    let cases = [
        (other_server("99.0.0", refuse.clone()).await, Exit::UserError, &["Gloss 99.0.0", "use the same version"][..]),
        (other_server(env!("CARGO_PKG_VERSION"), refuse).await, Exit::UserError, &["set `format`"]),
        (other_server("99.0.0", routing::post(|| async {})).await, Exit::UserError, &["Gloss 99.0.0"]),
        (other_server("99.0.0", broken).await, Exit::Unreachable, &["cannot reach the server"]),
    ];
    for (server, exit, words) in cases {
        let arguments = ["export", "demo", "--format", "csv", "-o", file.to_str().unwrap(), "--server", &server];
        let ended = ends(data.path(), &arguments, exit).await;
        says(&ended.stderr, words);
        assert!(ended.stderr.lines().count() == 1 && ended.stdout.is_empty(), "{}", ended.stderr);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn an_export_needs_the_role_viewer() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (reader, _) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let get = async |server: &Server, token: Option<&str>, format: &str| {
        let url = format!("{}/export/descriptions?profile={demo}&format={format}", server.base);
        let request = reqwest::Client::new().get(url);
        let response = token.map_or(request.try_clone().unwrap(), |it| request.bearer_auth(it)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    // A viewer may read everything except secrets.
    for format in ["csv", "json", "md", "sql", "dbt"] {
        let (status, text) = get(&server, Some(&reader), format).await;
        assert_eq!(status, StatusCode::OK, "{format}: {text}");
    }
    assert_eq!(get(&server, Some(&reader), "csv").await, get(&server, Some(&root), "csv").await);
    for token in [None, Some("unknown")] {
        let (status, text) = get(&server, token, "csv").await;
        assert!(status == StatusCode::UNAUTHORIZED && text.contains("UNAUTHENTICATED"), "{status} {text}");
    }
    let export = ["export", "demo", "--format", "csv", "--server", &server.base];
    let printed = ends_with(server.data.path(), &export, &[("GLOSS_TOKEN", &reader)], Exit::Success).await;
    assert!(printed.stdout.starts_with("kind,"));
    store::execute(server.data.path(), "UPDATE api_token SET expires_at = 1 WHERE name = 'reader'");
    let server = Server::start_at(server.kill().await, &[]).await;
    let (status, text) = get(&server, Some(&reader), "csv").await;
    assert!(status == StatusCode::UNAUTHORIZED && text.contains("expired"), "{status} {text}");
}
