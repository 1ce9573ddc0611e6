//! The facts about a schema or database: the prompt shows them to the model, and the suggestion keeps a summary of them
//! as its evidence.
//!
//! The rule: counts are complete; names are limited to the most informative ones that fit into a small context.

use std::{cmp::Reverse, collections::HashSet, fmt::Write as _};

use super::facts::{cut, one_line, quoted};
use crate::{
    domain::{asset::AssetKind, suggestion::Evidence},
    port::model::{Container, Member},
};

/// Maximum number of members that are named.
const NAMED: usize = 150;
/// Maximum total length of their lines, in bytes.
const LINES_LENGTH: usize = 7_000;
const NAME_LENGTH: usize = 120;
const COMMENT_LENGTH: usize = 100;
/// Maximum number of names in the evidence.
const EVIDENCE_NAMES: usize = 12;

/// The facts that the model sees.
#[must_use]
pub fn facts(container: &Container) -> String {
    let mut text = String::new();
    let _ =
        write!(text, "The {} {}: {}", container.path.kind.noun(), shown(&container.path.display()), counts(container));
    if let Some(comment) = comment(container.comment.as_deref()) {
        let _ = write!(text, "; present comment {}", quoted(&comment));
    }
    text.push_str("\nIt holds:\n");
    let (shown, mut lines) = (telling(container), 0);
    let begun = text.len();
    for member in &shown {
        let line = line(member);
        if text.len() - begun + line.len() > LINES_LENGTH {
            break;
        }
        text.push_str(&line);
        lines += 1;
    }
    let more = container.members.len() - lines;
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
    text
}

/// The evidence for the draft.
#[must_use]
pub fn evidence(container: &Container) -> Vec<Evidence> {
    let fact = |source: &str, detail: String| Evidence { source: source.to_owned(), detail };
    let mut facts = vec![fact("structure", counts(container))];
    if let Some(comment) = comment(container.comment.as_deref()) {
        facts.push(fact("comment", comment));
    }
    let names: Vec<String> =
        telling(container).into_iter().take(EVIDENCE_NAMES).map(|member| name(&member.path.display())).collect();
    if !names.is_empty() {
        facts.push(fact("name", names.join(", ")));
    }
    facts
}

/// The number of members by kind: `2 schemas, 11 tables, 3 views`.
fn counts(container: &Container) -> String {
    let count = |kinds: &[AssetKind], one: &str, many: &str| {
        let count = container.members.iter().filter(|member| kinds.contains(&member.path.kind)).count();
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let counts = [
        count(&[AssetKind::Schema], "schema", "schemas"),
        count(&[AssetKind::Table], "table", "tables"),
        count(&[AssetKind::View, AssetKind::MaterializedView], "view", "views"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() { "nothing in it".to_owned() } else { counts.join(", ") }
}

/// The most informative members, in the order of the catalog: schemas first, then members with a comment, then large
/// ones.
fn telling(container: &Container) -> Vec<&Member> {
    let rank = |member: &Member| {
        let commented = comment(member.comment.as_deref()).is_some();
        Reverse((member.path.kind == AssetKind::Schema, commented, member.row_estimate))
    };
    let mut ranked: Vec<usize> = (0..container.members.len()).collect();
    ranked.sort_by_key(|at| rank(&container.members[*at]));
    let chosen: HashSet<usize> = ranked.into_iter().take(NAMED).collect();
    let members = container.members.iter().enumerate();
    members.filter(|(at, _)| chosen.contains(at)).map(|(_, member)| member).collect()
}

fn line(member: &Member) -> String {
    let mut line = format!("- {} {}", member.path.kind.noun(), shown(&member.path.display()));
    if let Some(rows) = member.row_estimate {
        let _ = write!(line, ", about {rows} rows");
    }
    if let Some(comment) = comment(member.comment.as_deref()) {
        let _ = write!(line, ": {}", quoted(&comment));
    }
    line.push('\n');
    line
}

fn comment(comment: Option<&str>) -> Option<String> {
    comment.map(one_line).filter(|comment| !comment.is_empty()).map(|comment| cut(&comment, COMMENT_LENGTH))
}

fn name(name: &str) -> String {
    cut(&one_line(name), NAME_LENGTH)
}

/// A name in the form that the prompt uses.
fn shown(path: &str) -> String {
    quoted(&name(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::AssetPath;

    fn member(number: i64) -> Member {
        let path = AssetPath {
            kind: AssetKind::Table,
            database: None,
            schema: Some("main".into()),
            table: Some(format!("t{number}")),
            column: None,
        };
        let comment = (number == 3).then(|| "the \n third".to_owned());
        Member { path, comment, row_estimate: Some(number) }
    }

    #[test]
    fn a_large_schema_is_shown_by_its_most_telling_names() {
        let path = AssetPath { kind: AssetKind::Schema, table: None, ..member(0).path };
        let container = Container { path, comment: None, members: (0..2_000).map(member).collect() };
        let facts = facts(&container);
        assert!(facts.starts_with("The schema \"main\": 2000 tables\n"), "{facts}");
        assert!(facts.contains("- table \"main.t3\", about 3 rows: \"the third\"\n"), "{facts}");
        assert!(facts.contains("\"main.t1999\",") && !facts.contains("\"main.t4\","), "{facts}");
        assert!(facts.ends_with("- and 1850 more\n") && facts.len() < LINES_LENGTH + 200, "{facts}");
    }
}
