//! The output at a terminal: each refusal is one clear line that says what to do.

use std::{net::TcpListener, path::Path, process::Output};

use crate::{
    harness::{Server, store},
    services::skipped,
};

/// Runs the binary until it exits.
pub async fn gloss(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Server::command(data);
    command.args(arguments).envs(environment.iter().copied());
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), command.output());
    ended.await.unwrap_or_else(|_| panic!("gloss {arguments:?} keeps running")).unwrap()
}

/// Returns the first line on standard error of a start that must fail. If Gloss refuses by itself, it must be the
/// only line.
pub async fn refusal(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let ended = gloss(data, arguments, environment).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success(), "gloss {arguments:?} was not refused");
    assert!(ended.stdout.is_empty());
    // A warning about the folder, or the note which server or store is used, may precede the refusal.
    let precedes = |line: &str| line.contains(" WARN ") || line.starts_with("Using the server ");
    let said: Vec<&str> = said.lines().filter(|line| !precedes(line)).collect();
    if said[0].starts_with("gloss: ") {
        assert_eq!(said.len(), 1, "{said:?}");
    }
    said[0].to_owned()
}

/// Checks that a text contains all these words.
pub fn says(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{text}: {words:?}");
}

#[tokio::test]
async fn migrate_brings_a_store_up_and_refuses_a_newer_one() {
    let data = tempfile::tempdir().unwrap();
    let place = store::url(data.path()).replace("sqlite://", "").replace("postgres@", "");
    for _ in 0..2 {
        let done = gloss(data.path(), &["migrate"], &[]).await;
        says(&String::from_utf8(done.stdout).unwrap(), &["up to date", &place]);
        assert!(done.status.success() && done.stderr.is_empty());
    }
    let newer = "INSERT INTO seaql_migrations VALUES ('m99990101_000000_later', 1)";
    store::execute(data.path(), newer);
    for command in ["migrate", "serve"] {
        let text = refusal(data.path(), &[command], &[]).await;
        says(&text, &["newer version of Gloss", &place, "use that version"]);
    }
}

#[tokio::test]
async fn invalid_settings_are_named() {
    let data = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &[&str]); 16] = [
        (&["--nonsense"], &["--nonsense"]),
        (&["nonsense"], &["nonsense"]),
        (&["--workers", "many"], &["--workers", "many", "whole number"]),
        (&["--workers", "999"], &["999", "0 to 256"]),
        (&["--listen", "8787"], &["--listen", "127.0.0.1:8787"]),
        (&["--listen", "0.0.0.0:8787"], &["0.0.0.0:8787", "gloss token create"]),
        (&["--log", "=,,!x=="], &["log filter", "`info`"]),
        (&["--missed-firings", "some"], &["--missed-firings", "some"]),
        (&["--log", "loud"], &["log filter", "loud", "`info`"]),
        (&["--max-batch", "101"], &["--max-batch", "101", "0 to 100"]),
        (&["--max-connections", "0"], &["--max-connections", "1 to 1000000"]),
        (&["--trusted-documents", "/nowhere"], &["/nowhere", "--trusted-documents"]),
        (&["--store-url", "mysql://ann:hunter2@h/db"], &["mysql, which is not supported", "sqlite://", "postgres://"]),
        (
            &["--store-url", "postgres://ann:hunter2@h"],
            &["no database name", "postgres://user:password@host:port/database"],
        ),
        (&["--store-url", "postgres://ann:7/hunter2@h/db"], &["invalid", "%2F"]),
        (&["--store-url", "sqlite://store.db"], &["no file path", "sqlite:///path/to/store.db"]),
    ];
    for (arguments, words) in cases {
        let text = refusal(data.path(), arguments, &[]).await;
        says(&text, words);
        assert!(!text.contains("hunter2"), "{text}");
    }
    says(&refusal(data.path(), &[], &[("GLOSS_WORKERS", "many")]).await, &["--workers", "whole number"]);
}

#[tokio::test]
async fn an_invalid_settings_file_is_reported_with_its_line() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("gloss.toml");
    let path = file.display().to_string();
    let cases = [
        ("workers = 1\nworkerz = 3", "line 2", "workerz"),
        ("listen = 17", "line 1", "17"),
        ("workers = 1\nmax_batch = 101", "line 2", "0 to 100"),
        ("workers = 1.5", "line 1", "a number"),
        ("allowed_origins = [\"https://a.example\", \"b\"]", "line 1", "\"b\" is not an origin"),
        ("config = \"other.toml\"", "line 1", "no setting config"),
        ("\n\nworkers = = 3", "line 3", "="),
    ];
    for (text, line, word) in cases {
        std::fs::write(&file, text).unwrap();
        says(&refusal(data.path(), &["--config", &path], &[]).await, &[&path, line, word]);
    }
    std::fs::remove_file(&file).unwrap();
    says(&refusal(data.path(), &["--config", &path], &[]).await, &["cannot read", &path, "--config"]);
}

/// The output of `gloss config` is a valid settings file, both as printed and with every default uncommented.
#[tokio::test]
async fn gloss_config_prints_a_settings_file() {
    let data = tempfile::tempdir().unwrap();
    let printed = String::from_utf8(gloss(data.path(), &["config"], &[]).await.stdout).unwrap();
    let names = ["listen", "store_url", "workers", "env_names", "log_format"];
    says(&printed, &names.map(|name| format!("\n# {name} = ")).each_ref().map(String::as_str));
    // Settings without a default, and those that the harness sets, stay comments.
    let set: String = printed
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = "))
        .filter(|line| !line.ends_with("\"\"") && !line.starts_with("listen"))
        .fold(String::new(), |file, line| file + line + "\n");
    assert!(set.lines().count() > 12, "{set}");
    let file = data.path().join("gloss.toml");
    for text in [printed, set] {
        std::fs::write(&file, text).unwrap();
        let done = gloss(data.path(), &["migrate", "--config", file.to_str().unwrap()], &[]).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Only a command that needs the data folder asks for it.
#[tokio::test]
async fn a_missing_data_folder_stops_only_the_commands_that_need_it() {
    let data = tempfile::tempdir().unwrap();
    let nowhere = [("GLOSS_DATA_DIR", "")];
    for command in ["schema", "config"] {
        let done = gloss(data.path(), &[command], &nowhere).await;
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }
    says(&refusal(data.path(), &["migrate"], &nowhere).await, &["no data folder", "--data-dir"]);
}

/// A flag overrides the environment, which overrides the file.
#[tokio::test]
async fn flags_override_the_environment_which_overrides_the_file() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("gloss.toml");
    std::fs::write(&file, "trusted_documents = \"/from-file\"").unwrap();
    let config = ["serve", "--config", file.to_str().unwrap()];
    let environment = [("GLOSS_TRUSTED_DOCUMENTS", "/from-environment")];
    says(&refusal(data.path(), &config, &[]).await, &["/from-file"]);
    says(&refusal(data.path(), &config, &environment).await, &["/from-environment"]);
    let flag = [&config[..], &["--trusted-documents", "/from-flag"]].concat();
    says(&refusal(data.path(), &flag, &environment).await, &["/from-flag"]);
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let data = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    says(&refusal(data.path(), &["--listen", &address], &[]).await, &[&address, "in use", "--listen"]);
}

#[tokio::test]
async fn a_folder_in_use_is_reported_with_the_address_of_its_server() {
    let server = Server::start().await;
    for command in ["serve", "migrate"] {
        says(&refusal(server.data.path(), &[command], &[]).await, &["in use", &server.base, "--data-dir"]);
    }
}

#[tokio::test]
async fn an_unusable_folder_or_store_is_reported() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    says(&refusal(&file, &[], &[]).await, &[&file.display().to_string(), "--data-dir"]);

    let nowhere = data.path().join("nowhere/store.db").display().to_string();
    let url = format!("sqlite://{nowhere}");
    says(&refusal(data.path(), &["--store-url", &url], &[]).await, &[&nowhere, "--store-url"]);

    let noise = data.path().join("noise.db");
    std::fs::write(&noise, "no database at all\n".repeat(500)).unwrap();
    let url = format!("sqlite://{}", noise.display());
    says(&refusal(data.path(), &["--store-url", &url], &[]).await, &["not a database", "damaged", "backup"]);
}

#[tokio::test]
async fn a_folder_of_another_user_is_reported() {
    let data = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_gloss");
    // Only an administrator can switch to another user, who must also be able to reach the binary.
    let mut nobody = tokio::process::Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", binary]);
    let reached = nobody.arg("--version").output().await.is_ok_and(|ended| ended.status.success());
    if !reached {
        return skipped(&format!("this user cannot start {binary} as nobody"));
    }
    let mut nobody = tokio::process::Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", binary, "--listen", "127.0.0.1:0"]);
    let ended = nobody.arg("--data-dir").arg(data.path().join("sub")).output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && said.lines().count() == 1, "{said}");
    says(&said, &["Permission denied", "--data-dir"]);
}
