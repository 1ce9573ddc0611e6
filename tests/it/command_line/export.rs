//! `gloss export`: printed and in files, with and without a server.

use std::fs;

use gloss::cli::Exit;

use super::ends;
use crate::{
    cli::says,
    harness::{Server, disk::SmallDisk},
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
