//! Names as keys of the store's indexes.
//!
//! The rule: an index entry has a maximum size (2,704 bytes in PostgreSQL), but names of assets in a target do not. The
//! key of a long name is its beginning followed by the hash of the whole name, so that different names have different
//! keys. A short name is its own key and sorts as it is.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Maximum length of a name that is its own key, in bytes. Four shortened keys fit into one index entry.
const WHOLE: usize = 500;

/// The key of a name. A shortened key is longer than any unshortened one, so that the two never collide.
#[must_use]
pub fn index_key(name: String) -> String {
    if name.len() <= WHOLE {
        return name;
    }
    let mut key = name[..name.floor_char_boundary(WHOLE)].to_owned();
    key.push('…');
    for byte in Sha256::digest(name.as_bytes()) {
        write!(key, "{byte:02x}").expect("a String takes all");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_where_names_do_and_are_short() {
        let long = "n".repeat(501);
        let names = [
            String::new(),
            "users".to_owned(),
            "n".repeat(500),
            long.clone(),
            format!("{long}a"),
            format!("{long}b"),
            index_key(long),
            "\u{12000}".repeat(2_000),
        ];
        let mut keys: Vec<String> = names.iter().cloned().map(index_key).collect();
        assert_eq!(keys[..3], names[..3]);
        assert!(keys.iter().all(|key| key.len() < 2_704 / 4));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), names.len());
    }
}
