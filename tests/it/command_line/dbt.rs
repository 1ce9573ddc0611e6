//! `gloss export --format dbt`: merged into a project that people wrote, and read by dbt itself.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gloss::cli::Exit;
use serde_json::{Value, json};

use super::ends;
use crate::{
    cli::says,
    harness::{Server, SqliteTarget},
    services::absent,
};

/// Texts that YAML or Jinja could misread.
const TEXTS: [&str; 18] = [
    "Each order: one row, not 'the' \"cart\" # no comment",
    "{{ doc('x') }} and {% if %} and {# none #}",
    "{% endraw %} {{ 'x' }}",
    "}} %} #}",
    " leading and trailing ",
    "two\n\nlines: and more\n  indented",
    "a line end\n",
    "{{\n",
    "Windows\r\nline end",
    "{% raw %}\r\n",
    "tab\there",
    "emoji 🙂, Ключ, ﷽",
    "\u{7}\u{85}\u{2028}\u{FEFF}\u{202E}",
    "back\\slash \\n \\u0041",
    "- item",
    "null",
    "1.0",
    "| > & * ! % @ ` ? : ,",
];

/// A server with a database of a table `texts`, whose columns have the texts as comments, and of others.
async fn server() -> (Server, SqliteTarget) {
    let columns: Vec<String> = (0..TEXTS.len()).map(|at| format!("c{at} TEXT")).collect();
    let columns = columns.join(", ");
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE texts ({columns}); CREATE TABLE built ({columns});
         CREATE TABLE orders (id INTEGER, \"e mail\" TEXT);
         CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
            column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL,
            PRIMARY KEY (kind, table_name, column_name));
         INSERT INTO gloss_comments VALUES ('TABLE', 'orders', '', 'Each order'), ('COLUMN', 'orders', 'id', 'The key'),
            ('COLUMN', 'orders', 'e mail', 'Where to write')"
    ));
    for table in ["texts", "built"] {
        for (at, text) in TEXTS.iter().enumerate() {
            let text = text.replace('\'', "''");
            target.execute(&format!("INSERT INTO gloss_comments VALUES ('COLUMN', '{table}', 'c{at}', '{text}')"));
        }
    }
    let server = Server::start().await;
    server.create_db_profile("shop", &target.url()).await;
    (server, target)
}

fn write(folder: &Path, path: &str, text: &str) -> PathBuf {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// A dbt project with a model and a source.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = "name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\nmodel-paths: [models]\n\
                    flags: {send_anonymous_usage_stats: false}\n";
    write(folder.path(), "dbt_project.yml", settings);
    let profiles = "shop: {target: dev, outputs: {dev: {type: postgres, host: localhost, port: 5432, user: x, \
                    password: x, dbname: x, schema: x, threads: 1}}}\n";
    write(folder.path(), "profiles.yml", profiles);
    write(folder.path(), "models/dim_built.sql", "select 1 as c0");
    write(folder.path(), "models/marts/built.yml", BUILT);
    write(folder.path(), "models/staging/sources.yaml", SOURCES);
    folder
}

const BUILT: &str = "# The models of the shop.
version: 2

models:
  - name: dim_built   # one day
    config:
      alias: BUILT
    description: |
      What people wrote about it.
    columns:
      # keys
      - name: C0
        data_tests: [not_null]   # always
      - {name: c1, description: \"ours: '{{ 1 + 1 }}'\"}
      - name: c2
        description:   # later

  # the end
";

const SOURCES: &str = "sources:\r
- name: landing\r
  schema: main\r
  tables:\r
  - name: purchases\r
    identifier: orders # as they call it\r
    columns: []\r
";

/// Returns the descriptions in the manifest that dbt made of a project, by `name.column`.
fn manifest(folder: &Path) -> Option<BTreeMap<String, String>> {
    let python = fs::canonicalize("target/clients-venv/bin").ok()?.join("python");
    let dbt = |arguments: &[&str]| {
        let main = "from dbt.cli.main import cli; cli(prog_name='dbt')";
        Command::new(&python).args(["-c", main]).args(arguments).current_dir(folder).output()
    };
    if !dbt(&["--version"]).is_ok_and(|output| output.status.success()) {
        absent("dbt is not installed in target/clients-venv (`make test` installs it)");
        return None;
    }
    let output = dbt(&["parse", "--profiles-dir", ".", "--no-partial-parse"]).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !said.contains("WARNING"), "{said}");
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("target/manifest.json")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for list in ["sources", "nodes"] {
        for (_, node) in manifest[list].as_object().unwrap() {
            let name = node["name"].as_str().unwrap();
            found.insert(name.to_owned(), node["description"].as_str().unwrap_or_default().to_owned());
            for (column, value) in node["columns"].as_object().into_iter().flatten() {
                found.insert(format!("{name}.{column}"), value["description"].as_str().unwrap().to_owned());
            }
        }
    }
    Some(found)
}

/// Checks that a file has all lines of the one before in their order, except those that were empty.
fn keeps(before: &str, after: &str, filled: &[&str]) {
    let mut lines = after.lines();
    for line in before.lines().filter(|line| !filled.iter().any(|it| line.trim_end().ends_with(it))) {
        assert!(lines.any(|it| it == line), "{line:?} is gone:\n{after}");
    }
}

#[tokio::test]
async fn dbt_reads_what_was_merged_into_a_project() {
    let (server, _target) = server().await;
    let folder = project();
    let path = folder.path().to_str().unwrap();
    let arguments = ["export", "shop", "--format", "dbt", "-o", path];
    let before = fs::read_to_string(folder.path().join("models/marts/built.yml")).unwrap();

    let plan = ends(server.data.path(), &[&arguments[..], &["--plan"]].concat(), Exit::Success).await;
    says(&plan.stdout, &["built.yml", "+      - name: c3\n", "       # keys\n", "+  - name: texts"]);
    assert!(!plan.stdout.lines().any(|line| line.starts_with('-') && line.contains("What people wrote")));
    assert_eq!(fs::read_to_string(folder.path().join("models/marts/built.yml")).unwrap(), before);

    let ended = ends(server.data.path(), &arguments, Exit::Success).await;
    says(
        &ended.stderr,
        &[
            "Wrote ",
            "built.yml: 17 descriptions added.",
            "sources.yaml: 21 descriptions",
            "Kept 1 description that stands in the files: built.c1.",
        ],
    );
    let built = fs::read_to_string(folder.path().join("models/marts/built.yml")).unwrap();
    keeps(BUILT, &built, &["description:   # later"]);
    let sources = fs::read_to_string(folder.path().join("models/staging/sources.yaml")).unwrap();
    keeps(SOURCES, &sources, &["columns: []"]);
    assert_eq!(sources.matches('\n').count(), sources.matches("\r\n").count());
    assert!(!folder.path().join("models/main.yml").exists());

    let again = ends(server.data.path(), &arguments, Exit::Success).await;
    says(&again.stderr, &["The files need no change."]);
    let Some(found) = manifest(folder.path()) else { return };
    for (at, text) in TEXTS.iter().enumerate() {
        assert_eq!(found[&format!("texts.c{at}")], *text);
        if at != 1 {
            assert_eq!(found[&if at == 0 { "dim_built.C0".to_owned() } else { format!("dim_built.c{at}") }], *text);
        }
    }
    assert_eq!(found["dim_built.c1"], "ours: '2'");
    assert_eq!(found["dim_built"].trim(), "What people wrote about it.");
    assert_eq!((&*found["purchases"], &*found["purchases.e mail"]), ("Each order", "Where to write"));

    let replace = [&arguments[..], &["--replace-descriptions"]].concat();
    says(
        &ends(server.data.path(), &replace, Exit::Success).await.stderr,
        &["built.yml: 0 descriptions added, 1 replaced."],
    );
    assert_eq!(manifest(folder.path()).unwrap()["dim_built.c1"], TEXTS[1]);

    // Without a source for the schema, its other tables get a file.
    fs::remove_dir_all(folder.path().join("models/staging")).unwrap();
    says(&ends(server.data.path(), &arguments, Exit::Success).await.stderr, &["main.yml: 21 descriptions added."]);
    let main = fs::read_to_string(folder.path().join("models/main.yml")).unwrap();
    assert!(main.starts_with("version: 2\n\nsources:\n  - name: main\n    tables:\n      - name: orders\n"), "{main}");
}

#[tokio::test]
async fn dbt_reads_the_file_that_the_server_makes() {
    let (server, _target) = server().await;
    let profile = server.db_profile("shop").await;
    let query = "query ($id: ID!) { dbProfile(id: $id) { exportDescriptions(format: DBT) } }";
    let field = server.data(query, json!({ "id": profile })).await["dbProfile"]["exportDescriptions"].take();
    let response = server.get(&format!("/export/descriptions?profile={profile}&format=dbt")).await;
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"descriptions-shop.yml\"");
    let file = response.text().await.unwrap();
    assert_eq!(field, json!(file));
    let printed = ends(server.data.path(), &["export", "shop", "--format", "dbt"], Exit::Success).await;
    assert_eq!(printed.stdout, file);
    let folder = project();
    fs::remove_dir_all(folder.path().join("models")).unwrap();
    write(folder.path(), "models/shop.yml", &file);
    let Some(found) = manifest(folder.path()) else { return };
    for table in ["texts", "built"] {
        for (at, text) in TEXTS.iter().enumerate() {
            assert_eq!(found[&format!("{table}.c{at}")], *text);
        }
    }
    // A file that Gloss made is merged into as any other.
    let path = folder.path().to_str().unwrap();
    let again = ends(server.data.path(), &["export", "shop", "--format", "dbt", "-o", path], Exit::Success).await;
    says(&again.stderr, &["The files need no change."]);
    let nothing =
        ends(server.data.path(), &["export", "demo", "--format", "dbt", "--what", "accepted"], Exit::Success).await;
    assert_eq!(nothing.stdout, "version: 2\n\nsources: []\n");
}

#[tokio::test]
async fn a_project_that_cannot_be_read_stays_as_it_was() {
    let (server, _target) = server().await;
    let data = server.data.path();
    let folder = project();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let refused = async |arguments: &[&str], words: &[&str]| {
        let ended = ends(data, &[&["export", "shop", "--format", "dbt"], arguments].concat(), Exit::UserError).await;
        says(&ended.stderr, words);
        let said = ended.stderr.lines().filter(|line| !line.starts_with("Using the server"));
        assert_eq!(said.collect::<Vec<_>>().len(), 1, "{}", ended.stderr);
        assert_eq!(fs::read_to_string(folder.path().join("models/marts/built.yml")).unwrap(), BUILT);
        assert!(!folder.path().join("models/main.yml").exists());
    };
    refused(&["-o", &path("nowhere")], &["no folder", "create it"]).await;
    refused(&["-o", &path("profiles.yml")], &["is a file", "name a folder"]).await;
    let broken = write(folder.path(), "models/z.yml", "models:\n  - name: x\n\t\tcolumns: []\n");
    refused(&["-o", &path("")], &["z.yml:2:", " this is not valid YAML: ", "correct the file"]).await;
    fs::write(&broken, [0xFF, 0xFE]).unwrap();
    refused(&["-o", &path("")], &["z.yml is not UTF-8"]).await;
    fs::remove_file(broken).unwrap();
    fs::remove_dir_all(folder.path().join("models/staging")).unwrap();
    fs::create_dir(folder.path().join("models/main.yml")).unwrap();
    let arguments = ["export", "shop", "--format", "dbt", "-o", &path("")];
    says(&ends(data, &arguments, Exit::UserError).await.stderr, &["main.yml is a folder"]);
    assert_eq!(fs::read_to_string(folder.path().join("models/marts/built.yml")).unwrap(), BUILT);
    let wrong = ["export", "shop", "--format", "csv", "-o", &path("x.csv"), "--plan"];
    says(&ends(data, &wrong, Exit::UserError).await.stderr, &["--plan", "--format dbt"]);
}
