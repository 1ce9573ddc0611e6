//! Descriptions of schemas and databases: what their tables are about, and how many there are.
//!
//! The rule: a description names what most rows and tables are about and counts the rest. A name that is not understood
//! is left out, unless there is nothing else to say.

use std::cmp::Reverse;

use crate::{
    domain::{
        asset::AssetKind,
        run::{RunOptions, Verbosity},
        suggestion::Draft,
    },
    port::model::{Container, Member},
};

use super::{
    column::comment,
    draft::{Need, Sketch},
    entity::{Entity, Style},
    vocabulary::Context,
    words,
};

/// Maximum number of things that a text names.
const NAMED: usize = 5;
/// Maximum number of tables that the evidence names.
const EVIDENCE_NAMES: usize = 8;

/// Describes a schema or database.
pub fn describe(container: &Container, options: &RunOptions) -> Draft {
    let mut sketch = Sketch::default();
    let noun = container.path.kind.noun();
    let own = container.path.schema.as_ref().or(container.path.database.as_ref()).map_or("", String::as_str);
    let kept = comment(container.comment.as_deref(), own, options.verbosity);
    if let Some(comment) = &kept {
        sketch.evidence("comment", format!("the {noun} has a comment already"), 0.3);
        sketch.wording(comment);
    }
    let counts = counts(container);
    let tables = tables(container);
    let names = || tables.iter().filter_map(|member| member.path.table.as_deref());
    let context = Context::of(names()).near(names());
    let entities: Vec<(&Member, Entity)> = ranked(&tables)
        .into_iter()
        .filter_map(|member| Some((member, Entity::of(member.path.table.as_deref()?, &context))))
        .collect();
    let tells = |one: &&Entity| one.is_clear && one.many.contains(|c: char| c.is_alphabetic());
    let clear: Vec<&Entity> = entities.iter().map(|(_, entity)| entity).filter(tells).collect();
    let about = about(&clear, options.verbosity);
    let domain = context.main_domain().map(domain_name);
    wordings(&mut sketch, noun, own, &about, &counts, domain);
    details(&mut sketch, container, &tables);

    sketch.evidence("structure", counts.clone(), 0.05);
    if !entities.is_empty() {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand tables")]
        let share = clear.len() as f64 / entities.len() as f64;
        let quoted: Vec<String> = names().take(EVIDENCE_NAMES).map(words::quoted).collect();
        let detail = format!("{} of {} names tell what they hold: {}", clear.len(), entities.len(), quoted.join(", "));
        sketch.evidence("name", detail, 0.55 * share);
    }
    if let Some(domain) = domain {
        sketch.evidence("name", format!("most names speak of {domain}"), 0.10);
    }
    if clear.is_empty() {
        sketch.at_most(0.15);
    }
    if let Some(comment) = kept {
        sketch.at_least(0.9);
        sketch.because(format!("Kept the comment that the {noun} has, which begins {}", words::quoted(&comment)));
    } else if clear.is_empty() {
        sketch.because("No name in it tells what it holds");
    } else {
        sketch.because("The names and sizes of its tables tell what it holds");
    }
    sketch.finish(options)
}

fn wordings(sketch: &mut Sketch, noun: &str, own: &str, about: &str, counts: &str, domain: Option<&str>) {
    let of_domain = domain.map(|domain| format!("{domain} data: ")).unwrap_or_default();
    if about.is_empty() {
        sketch.wording(format!(
            "{noun} {} with {counts}; what it holds is not clear from their names",
            words::quoted(own)
        ));
        sketch.wording(format!("{counts} whose names do not tell what they hold"));
        return;
    }
    sketch.wording(format!("{of_domain}{about}, in {counts}"));
    sketch.wording(format!("{noun} on {about}, with {counts}"));
    sketch.wording(format!("holds {about} in {counts}"));
    sketch.wording(format!("{counts} that keep {about}"));
    if let Some(domain) = domain {
        sketch.wording(format!("{noun} for {domain}, with {counts}"));
    }
}

fn details(sketch: &mut Sketch, container: &Container, tables: &[&Member]) {
    let largest = tables.iter().filter_map(|member| Some((member.row_estimate?, member))).max_by_key(|(rows, _)| *rows);
    let alone = |rows: i64| tables.iter().filter(|member| member.row_estimate == Some(rows)).count() == 1;
    if let Some((rows, member)) = largest.filter(|(rows, _)| *rows > 0 && tables.len() > 1 && alone(*rows)) {
        let name = words::quoted(&member.path.display());
        sketch.evidence("statistic", format!("{name} has about {rows} rows, the most"), 0.05);
        sketch.detail(Need::Useful, format!("the largest table is {name}, with about {rows} rows"));
    }
    let commented = |member: &&&Member| {
        let name = member.path.table.as_deref().unwrap_or_default();
        comment(member.comment.as_deref(), name, Verbosity::Brief).is_some()
    };
    let count = tables.iter().filter(commented).count();
    if count > 0 {
        sketch.evidence("comment", format!("{count} of {} have a comment", tables.len()), 0.05);
    }
    let schemas: Vec<String> = container
        .members
        .iter()
        .filter(|member| member.path.kind == AssetKind::Schema)
        .filter_map(|member| member.path.schema.as_deref().map(words::quoted))
        .take(NAMED)
        .collect();
    if schemas.len() > 1 {
        sketch.detail(Need::Thorough, format!("its schemas are {}", words::listed(&schemas, "and")));
    }
}

/// What the most informative tables hold, without duplicates: `artists, albums, tracks and more`.
fn about(clear: &[&Entity], verbosity: Verbosity) -> String {
    let limit = if verbosity == Verbosity::Comprehensive { 2 * NAMED } else { NAMED };
    let mut things: Vec<String> = Vec::new();
    for entity in clear.iter().filter(|one| !matches!(one.style, Style::Staging | Style::Temporary | Style::Backup)) {
        if !things.contains(&entity.many) {
            things.push(entity.many.clone());
        }
    }
    let more = things.len() > limit;
    things.truncate(limit);
    if more {
        things.push("more".to_owned());
    }
    words::listed(&things, "and")
}

fn tables(container: &Container) -> Vec<&Member> {
    container.members.iter().filter(|member| member.path.table.is_some()).collect()
}

/// Sorts tables before views, short names before long ones, and large tables before small ones: `orders` is more
/// informative than `order_tags`.
fn ranked<'a>(tables: &[&'a Member]) -> Vec<&'a Member> {
    let mut ranked = tables.to_vec();
    let words = |member: &Member| words::split(member.path.table.as_deref().unwrap_or_default()).len();
    ranked.sort_by_key(|member| {
        (member.path.kind != AssetKind::Table, words(member), Reverse(member.row_estimate.unwrap_or_default()))
    });
    ranked
}

/// The number of tables and views: `11 tables and 2 views`.
fn counts(container: &Container) -> String {
    let count = |is: &dyn Fn(AssetKind) -> bool, one: &str| {
        let count = container.members.iter().filter(|member| is(member.path.kind)).count();
        let word = if count == 1 { one.to_owned() } else { words::plural(one) };
        (count > 0).then(|| format!("{count} {word}"))
    };
    let counts = [
        count(&|kind| kind == AssetKind::Table, "table"),
        count(&|kind| matches!(kind, AssetKind::View | AssetKind::MaterializedView), "view"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() { "no tables".to_owned() } else { words::listed(&counts, "and") }
}

/// The English name of one of the vocabulary's domains.
fn domain_name(domain: &str) -> &str {
    match domain {
        "it" => "systems",
        "geo" => "geography",
        "telemetry" => "measurement",
        "people" => "personnel",
        other => other,
    }
}
