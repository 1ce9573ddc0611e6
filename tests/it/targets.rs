//! Targets: one conformance suite for every kind of database over the same hostile schema, and the error texts of
//! each.

#![expect(clippy::unwrap_used, reason = "a test's helper fails the test as the test does")]

mod chinook;
mod comments;
mod conformance;
mod definitions;
mod many;
mod names;
mod rights;
mod rules;
mod strangers;
mod trouble;

use std::{path::Path, sync::Arc};

use gloss::{
    domain::{clock::Moment, profile::DbProfile},
    port::target::{Target, TargetError, Targets},
    target::{SqlTargets, backend_of},
};

/// Returns a profile with this URL and default settings.
fn profile(url: &str, pinned: Option<&str>) -> DbProfile {
    DbProfile {
        id: gloss::domain::id::DbProfileId(1),
        name: "p".to_owned(),
        backend: backend_of(url).expect("a known scheme"),
        url: url.to_owned().into(),
        pinned_database: pinned.map(str::to_owned),
        about: None,
        exclude: Vec::new(),
        sample_views: false,
        created_at: Moment::default(),
    }
}

/// Opens the target behind this URL.
pub fn open(url: &str, pinned: Option<&str>) -> Result<Arc<dyn Target>, TargetError> {
    SqlTargets::default().open(&profile(url, pinned))
}

/// Opens the target behind this URL with sampling of views enabled.
pub fn open_with_views(url: &str) -> Arc<dyn Target> {
    let profile = DbProfile { sample_views: true, ..profile(url, None) };
    SqlTargets::default().open(&profile).unwrap()
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}
