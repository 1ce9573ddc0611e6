//! `gloss demo`, with and without a terminal.

use std::path::Path;

use gloss::cli::Exit;

use super::{ends_with, pty::Terminal};
use crate::cli::says;

/// The folders of tours.
fn tours(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn the_tour_shows_every_step_and_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let temporary = [("TMPDIR", folder.path().to_str().unwrap())];
    let tour = ends_with(data.path(), &["demo"], &temporary, Exit::Success).await;
    says(
        &tour.stdout,
        &[
            "$ gloss run demo",
            "Run #1: ready for review, 148 of 148 assets described",
            "$ gloss generate demo:main.orders.status",
            "Evidence: ",
            "$ gloss history apply 1",
            "comments written",
            "$ head -n 6 comments.csv",
            "COLUMN,demo,main,addresses,country_code,TEXT,\"Country code of the address",
            "comments put back",
            "gloss profile db add shop",
        ],
    );
    assert!(!tour.stdout.contains('\u{1b}'));
    assert_eq!((tours(folder.path()), tours(data.path())), (0, 0));

    let kept = ends_with(data.path(), &["demo", "--keep", "--yes"], &temporary, Exit::Success).await;
    says(&kept.stderr, &["gloss serve --data-dir "]);
    assert_eq!(tours(folder.path()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_waits_for_a_person() {
    let data = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tour = Terminal::open(data.path(), &["demo"], &[("TMPDIR", folder.path().to_str().unwrap())]);
    tour.sees("$ gloss coverage demo");
    tour.sees("Press Enter");
    tour.keys("\n");
    tour.sees("Run #1: ready for review");
    tour.sees("Press Enter");
    tour.keys("\u{3}");
    tour.ends(Exit::Cancelled);
    assert_eq!(tours(folder.path()), 0);
}
