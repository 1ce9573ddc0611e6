//! Grounding: whether a text mentions the asset's name and type.

use std::collections::{BTreeSet, HashSet};

use super::text;
use crate::{
    asset::AssetPath,
    vocabulary::{self, Context, Grasp},
    words,
};

/// A word of a name or type, with all its meanings. Each is a phrase of one or several words.
type Meanings = BTreeSet<Vec<String>>;

/// The share of the words in an asset's name and type that a text mentions, 0 to 1; `None` if the name contains no
/// word.
///
/// A text mentions a word if it contains the word or one of its meanings (`cust`: customer), in the singular or plural.
/// Numbers in names and types (`varchar(160)`) do not count as words.
#[must_use]
pub fn grounding(asset: &AssetPath, data_type: Option<&str>, text: &str) -> Option<f64> {
    let name = own_name(asset)?;
    let data_type = data_type.and_then(|spelling| spelling.split('(').next()).unwrap_or_default();
    let wanted: BTreeSet<Meanings> = [name, data_type].into_iter().flat_map(meanings).collect();
    if wanted.is_empty() {
        return None;
    }
    let said: HashSet<String> =
        text::words(text).flat_map(|word| words::split(&word)).map(|word| plain(&word)).collect();
    let mentioned =
        wanted.iter().filter(|meanings| meanings.iter().any(|phrase| phrase.iter().all(|word| said.contains(word))));
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    let share = mentioned.count() as f64 / wanted.len() as f64;
    Some(share)
}

/// The last part of the path.
fn own_name(asset: &AssetPath) -> Option<&str> {
    [&asset.column, &asset.table, &asset.schema, &asset.database].into_iter().find_map(|part| part.as_deref())
}

fn meanings(name: &str) -> Vec<Meanings> {
    let tokens = vocabulary::read(name, &Context::default()).into_iter();
    let is_word = |text: &str| text.chars().any(char::is_alphabetic);
    tokens
        .filter(|token| is_word(&token.raw))
        .map(|token| {
            let others = match token.grasp {
                Grasp::Ambiguous(others) => others,
                _ => Vec::new(),
            };
            let spellings = [token.raw.as_str(), token.text.as_str()].into_iter().chain(others);
            spellings.map(|spelling| words::split(spelling).iter().map(|word| plain(word)).collect()).collect()
        })
        .collect()
}

/// The form of a word in which it is compared.
fn plain(word: &str) -> String {
    words::singular(word)
}
