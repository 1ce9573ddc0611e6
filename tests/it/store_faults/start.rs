//! A start that cannot succeed creates nothing and changes nothing.

use std::{collections::BTreeMap, fs, net::TcpListener, path::Path};

use crate::{
    cli::{refusal, says},
    harness::{Server, store, store::needs_sqlite},
};

/// Returns all files below a folder with their content, or `None` if the folder does not exist.
fn content(folder: &Path) -> Option<BTreeMap<String, Vec<u8>>> {
    let files = fs::read_dir(folder).ok()?.map(|file| file.unwrap());
    Some(files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect())
}

#[tokio::test]
async fn a_failed_start_changes_no_file() {
    if needs_sqlite("a store's file") {
        return;
    }
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let outer = tempfile::tempdir().unwrap();
    let nowhere = format!("sqlite://{}", outer.path().join("nowhere/store.db").display());
    let reasons: [(&[&str], &str); 6] = [
        (&["--listen", &taken], "in use"),
        (&["--listen", "0.0.0.0:0"], "gloss token create"),
        (&["--trusted-documents", "/nowhere"], "/nowhere"),
        (&["--log", "loud"], "log filter"),
        (&["--workers", "999"], "0 to 256"),
        (&["--store-url", &nowhere], "nowhere"),
    ];
    let fresh = outer.path().join("fresh");
    for (arguments, says_so) in reasons {
        says(&refusal(&fresh, arguments, &[]).await, &[says_so]);
        assert_eq!(content(&fresh), None, "{arguments:?}");
    }
    says(&refusal(&fresh, &[], &[("GLOSS_SECRET_KEY", "short")]).await, &["fewer than 32"]);
    assert_eq!(content(&fresh), None);

    // An existing folder: after a graceful stop, and after a kill that left a log beside the store.
    let server = Server::start().await;
    server.signal("TERM");
    let data = server.left().await.1;
    let before = content(data.path());
    let another_key = ("GLOSS_SECRET_KEY", "a key that seals another store, 1");
    for (arguments, says_so) in reasons {
        says(&refusal(data.path(), arguments, &[]).await, &[says_so]);
        assert_eq!(content(data.path()), before, "{arguments:?}");
    }
    says(&refusal(data.path(), &[], &[another_key]).await, &["a different key"]);
    assert_eq!(content(data.path()), before);
    fs::remove_file(data.path().join("demo.db")).unwrap();
    let server = Server::start_at(data, &[]).await;
    let running = server.base.clone();
    says(&refusal(server.data.path(), &[], &[]).await, &["in use", &running]);
    let data = server.kill().await;
    fs::remove_file(data.path().join("demo.db")).unwrap();
    for (arguments, says_so) in reasons {
        says(&refusal(data.path(), arguments, &[]).await, &[says_so]);
        assert!(!data.path().join("demo.db").exists(), "{arguments:?}");
    }
    store::execute(data.path(), "INSERT INTO seaql_migrations VALUES ('m99990101_000000_later', 1)");
    let before = content(data.path());
    says(&refusal(data.path(), &[], &[]).await, &["newer version"]);
    assert_eq!(content(data.path()), before);
}
