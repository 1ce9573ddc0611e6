//! The history of the shell: a file that only its user can read, without secrets.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::PathBuf};

use reedline::{FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, Result, SearchQuery};

/// Maximum number of lines that are kept.
const CAPACITY: usize = 1_000;

/// Lines of earlier sessions and of this one. A line with a password in a URL is not kept.
pub struct Remembered(FileBackedHistory);

impl Remembered {
    /// Reads the history from a file of mode 0600, which is created if it does not exist.
    pub fn in_file(path: PathBuf) -> io::Result<Self> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        Ok(Self(FileBackedHistory::with_file(CAPACITY, path)?))
    }
}

/// Returns whether a line has a URL with a password: `scheme://user:password@host`.
pub fn has_secret(line: &str) -> bool {
    line.match_indices("://").any(|(at, sign)| {
        let rest = line[at + sign.len()..].split(['/', ' ', '\'', '"']).next().unwrap_or_default();
        rest.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(_, it)| !it.starts_with("env:"))
    })
}

impl History for Remembered {
    fn save(&mut self, item: HistoryItem) -> Result<HistoryItem> {
        if has_secret(&item.command_line) {
            return Ok(item);
        }
        self.0.save(item)
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        self.0.load(id)
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        self.0.count(query)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        self.0.search(query)
    }

    fn update(&mut self, id: HistoryItemId, updater: &dyn Fn(HistoryItem) -> HistoryItem) -> Result<()> {
        self.0.update(id, updater)
    }

    fn clear(&mut self) -> Result<()> {
        self.0.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> Result<()> {
        self.0.delete(id)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.0.session()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_a_secret() {
        assert!(has_secret("profile db add x postgres://ann:hunter2@db.example/shop"));
        assert!(has_secret("profile db add x 'mysql://ann:p@ss@h'"));
        for line in [
            "profile db add x postgres://ann@db.example:5432/shop",
            "profile db add x postgres://ann:env:SHOP_DB_PASSWORD@h/shop",
            "profile db add x sqlite:///data/shop.db",
            "ask 'Who is ann@example.com: a customer?'",
        ] {
            assert!(!has_secret(line), "{line}");
        }
    }
}
