//! The command `gloss import dbt`: descriptions in the files of a dbt project, as accepted suggestions.

mod docs;
mod matching;
mod project;

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::{
    matching::{Catalog, Match, Standing, Unmatched},
    project::{Description, Project},
};
use super::{
    Problems, counted,
    parts::{Cutter, Sender},
};
use crate::{
    cli::{
        CliError, Client, Exit, Output, lookup::Profiles, operation::Operation, output, pages,
        table::width as terminal_width, wrap::wrap,
    },
    domain::{
        asset::quote_part,
        clock::{Clock as _, SystemClock},
        text::{cut, one_line},
    },
};

const PROFILES: Operation = Operation("{ dbProfiles { id name } }");
const READ: Operation = Operation("query($id: ID!) { dbProfile(id: $id) { coverage(refresh: true) { readAt } } }");
const CATALOG: Operation = Operation(
    "query($id: ID!, $schemas: [String!], $first: Int, $after: String) { dbProfile(id: $id) {
        catalog(schemas: $schemas, first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes {
            itself { ...Known } columns { ...Known } } } } }
    fragment Known on CatalogAsset { asset { kind database schema table column display } comment acceptedText }",
);
const ACCEPT: Operation =
    Operation("mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }");

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[PROFILES, READ, CATALOG, ACCEPT];

/// The width of printed texts without a terminal.
const WIDTH: usize = 80;
/// The confidence of a text that a person wrote.
const CERTAIN: f64 = 1.0;

/// Import the descriptions of a dbt project as accepted suggestions
///
/// Descriptions of models, sources, seeds, snapshots and their columns become the accepted suggestions of a new run. A
/// description is a conflict if the database has another comment, if another text was accepted, or if two files differ.
/// Conflicts are printed and left undecided.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss import dbt jaffle_shop --profile warehouse
  gloss import dbt models/staging/schema.yml --profile warehouse --schema raw
  gloss import dbt . --profile warehouse --dry-run")]
pub struct Dbt {
    /// A dbt project, a folder of it, or a file such as `schema.yml`
    path: PathBuf,
    /// Name of the DB profile [default: the only one]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Match tables in this schema, whatever the files say; may be repeated
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// Also accept the texts of dbt that are in conflict with others
    #[arg(long)]
    accept_conflicts: bool,
    /// Show what would be imported, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Dbt {
    /// Imports the descriptions.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for a file that does not parse, an unknown profile or schema, and the errors of
    /// [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let mut problems = Problems::default();
        let project = Project::read(&self.path, &mut problems)?;
        let (id, profile) = self.profile(client).await?;
        client.data(READ, json!({ "id": id })).await?;
        let schemas = Some(&self.schema).filter(|schemas| !schemas.is_empty());
        let variables = json!({ "id": id, "schemas": schemas });
        let read = pages::read(client, CATALOG, &variables, "/dbProfile/catalog", usize::MAX).await?;
        let mut catalog = Catalog::default();
        catalog.add(&read.unwrap_or_default().0);
        let (matches, unmatched) = catalog.matched(&project.descriptions, schemas.is_some());
        let conflicts: Vec<&Match> = matches.iter().filter(|it| it.standing() == Standing::Conflict).collect();

        let now = SystemClock.now().to_rfc3339();
        let head = json!({
            "key": key(&id, &matches),
            "command": "RUN",
            "dbProfileId": id,
            "schemas": scope(&matches),
            "title": cut(&one_line(&format!("dbt {}", project.name)), 150),
            "labels": ["dbt"],
            "startedAt": now,
            "finishedAt": now,
        });
        let mut cutter = Cutter::default();
        let mut parts = Vec::new();
        for (position, found) in (1..).zip(&matches) {
            if found.standing() != Standing::Same {
                parts.extend(cutter.add(&head, Some(self.suggestion(position, found))));
            }
        }
        parts.extend(cutter.rest());
        let source = cut(&one_line(&format!("the dbt project {}", project.name)), 150);
        let total = matches.iter().filter(|it| it.standing() != Standing::Same).count();
        let mut sender = Sender::new(client, &source, self.dry_run, u64::try_from(total).unwrap_or_default())?;
        let mut is_whole = true;
        for part in parts {
            is_whole = sender.send(part).await?;
            if !is_whole {
                break;
            }
        }
        sender.clear();
        let accepted = if is_whole { self.accept_earlier(client, &sender).await? } else { 0 };
        let summary = Summary {
            dbt: &self,
            project: &project,
            profile: &profile,
            matches: &matches,
            conflicts: &conflicts,
            unmatched: &unmatched,
            sent: &sender,
            accepted,
        };
        if output.is_json() {
            output::document(&summary.document(is_whole, &problems));
        } else {
            summary.print(&problems);
        }
        if is_whole {
            return Ok(Exit::Success);
        }
        output::note("Stopped. What is imported stays; the same command imports the rest.");
        Ok(Exit::Cancelled)
    }

    /// Returns the id and the name of the DB profile.
    async fn profile(&self, client: &Client) -> Result<(String, String), CliError> {
        if let Some(name) = &self.profile {
            return Ok((Profiles::db(client).await?.id(name)?, name.clone()));
        }
        let all = client.data(PROFILES, json!({})).await?["dbProfiles"].take();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match all.as_array().map(Vec::as_slice).unwrap_or_default() {
            [only] => Ok((text(&only["id"]), text(&only["name"]))),
            [] => Err(CliError::Usage("there is no DB profile; add one with `gloss profile db add`".to_owned())),
            several => {
                let names: Vec<String> = several.iter().map(|profile| text(&profile["name"])).collect();
                let names = crate::domain::text::some_of(&names, ", ");
                Err(CliError::Usage(format!("name the DB profile of the project with --profile; choose {names}")))
            }
        }
    }

    /// Accepts the conflicts that an earlier import left undecided, if that is wanted. Returns their number.
    async fn accept_earlier(&self, client: &Client, sent: &Sender<'_>) -> Result<usize, CliError> {
        let mut accepted = 0;
        for run in sent.runs.iter().filter(|run| self.accept_conflicts && !self.dry_run && !run.is_new) {
            let input = json!({
                "runId": run.id, "decision": "ACCEPT", "filter": { "states": ["UNREVIEWED"] }, "replaceComments": true,
            });
            let answer = client.data(ACCEPT, json!({ "input": input })).await?;
            let changed = answer["reviewSuggestions"]["changed"].as_u64();
            accepted += changed.and_then(|changed| usize::try_from(changed).ok()).unwrap_or_default();
        }
        Ok(accepted)
    }

    fn suggestion(&self, position: i32, found: &Match) -> Value {
        let asset = &found.known.asset;
        let is_accepted = self.accept_conflicts || found.standing() == Standing::New;
        let alternatives: Vec<Value> =
            found.texts.iter().take(10).map(|(text, _)| json!({ "text": text, "confidence": CERTAIN })).collect();
        let places: Vec<Value> = found
            .texts
            .iter()
            .take(10)
            .map(|(_, place)| json!({ "source": "import", "detail": format!("written in dbt: {place}") }))
            .collect();
        json!({
            "position": position,
            "asset": {
                "kind": asset["kind"], "database": asset["database"], "schema": asset["schema"],
                "table": asset["table"], "column": asset["column"],
            },
            "alternatives": alternatives,
            "evidence": places,
            "existingComment": found.known.comment,
            "review": is_accepted.then(|| json!({ "state": "ACCEPTED" })),
        })
    }
}

/// Identifies an import: by its profile and by what it says about which assets.
fn key(profile: &str, matches: &[Match]) -> String {
    let mut hash = Sha256::new();
    hash.update(profile.as_bytes());
    for found in matches {
        for part in std::iter::once(found.known.asset.to_string()).chain(found.texts.iter().map(|it| it.0.clone())) {
            hash.update([0]);
            hash.update(part.as_bytes());
        }
    }
    let bytes = hash.finalize();
    let mark = bytes.iter().take(20).fold(String::new(), |mark, byte| mark + &format!("{byte:02x}"));
    format!("dbt:{mark}")
}

/// The tables of the matches, as the scope of their run.
fn scope(matches: &[Match]) -> Value {
    let mut schemas: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in matches {
        let part = |name: &str| found.known.asset[name].as_str();
        if let (Some(schema), Some(table)) = (part("schema"), part("table")) {
            let tables = schemas.entry(schema).or_default();
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
    }
    let named = |tables: Vec<&str>| tables.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
    schemas.into_iter().map(|(name, tables)| json!({ "name": name, "tables": named(tables) })).collect()
}

/// What an import did.
struct Summary<'a> {
    dbt: &'a Dbt,
    project: &'a Project,
    profile: &'a str,
    matches: &'a [Match],
    conflicts: &'a [&'a Match],
    unmatched: &'a [(&'a Description, Unmatched)],
    sent: &'a Sender<'a>,
    /// Number of conflicts of an earlier import that were accepted now.
    accepted: usize,
}

impl Summary<'_> {
    fn count(&self, standing: &Standing) -> usize {
        self.matches.iter().filter(|it| it.standing() == *standing).count()
    }

    fn document(&self, is_whole: bool, problems: &Problems) -> Value {
        let run = self.sent.runs.first();
        let conflict = |found: &&Match| {
            let texts = found.texts.iter().map(|(text, place)| json!({ "text": text, "place": place }));
            json!({
                "asset": found.known.asset, "texts": texts.collect::<Vec<_>>(), "comment": found.known.comment,
                "acceptedText": found.known.accepted,
            })
        };
        let unmatched = self.unmatched.iter().map(|(description, why)| {
            json!({
                "schema": description.schema, "table": description.table, "column": description.column,
                "place": description.place, "reason": reason(*why),
            })
        });
        json!({
            "dryRun": self.dbt.dry_run,
            "complete": is_whole,
            "run": run.and_then(|run| run.number),
            "isNew": run.is_some_and(|run| run.is_new),
            "added": self.sent.added(),
            "accepted": self.accepted,
            "described": self.matches.len(),
            "unchanged": self.count(&Standing::Same),
            "conflicts": self.conflicts.iter().map(conflict).collect::<Vec<_>>(),
            "unmatched": unmatched.collect::<Vec<_>>(),
            "problems": problems.shown,
            "problemCount": problems.count,
        })
    }

    fn print(&self, problems: &Problems) {
        for found in self.conflicts {
            output::print(conflict(found, terminal_width().unwrap_or(WIDTH).min(120)));
        }
        for (description, why) in self.unmatched {
            let name = [description.schema.as_ref(), Some(&description.table), description.column.as_ref()];
            let name: Vec<String> = name.into_iter().flatten().map(|part| quote_part(part)).collect();
            let place = &description.place;
            output::line(&output::text(&format!("no match: {} ({place}): {}", name.join("."), reason(*why)).into()));
        }
        problems.note();
        let (added, conflicts) = (self.sent.added(), self.conflicts.len());
        let same = self.count(&Standing::Same);
        let (name, profile) = (output::text(&self.project.name.as_str().into()), output::text(&self.profile.into()));
        let run = self.sent.runs.first().and_then(|run| run.number);
        if let (Some(run), 1..) = (run, self.accepted) {
            let accepted = counted(self.accepted, "conflict");
            output::line(&format!(
                "Accepted {accepted} of run #{run} that an earlier import of {name} left undecided."
            ));
        } else if added == 0 {
            let why = match (run, self.matches.is_empty()) {
                (_, true) => format!("no description matches an asset of {profile}"),
                (Some(run), _) => format!("run #{run} has its descriptions"),
                (None, _) => format!("{profile} has all its descriptions"),
            };
            output::line(&format!("Nothing new in {name}: {why}."));
        } else {
            let would = if self.dbt.dry_run { "Would import" } else { "Imported" };
            let number = run.map(|run| format!(" as run #{run}")).unwrap_or_default();
            let undecided = if self.dbt.accept_conflicts { 0 } else { conflicts };
            let accepted = added.saturating_sub(undecided);
            output::line(&format!(
                "{would} {} of {name}{number}: {accepted} accepted, {} undecided.",
                counted(added, "description"),
                added - accepted
            ));
        }
        if same > 0 && added > 0 {
            output::note(&format!("{} in {profile} already.", is_or_are(same)));
        }
        let Some(run) = run.filter(|_| !self.dbt.dry_run && added + self.accepted > 0) else { return };
        if conflicts > 0 && !self.dbt.accept_conflicts {
            output::note(&format!(
                "{} left undecided. Decide with `gloss history review {run}`, or take all texts of dbt with \
                 --accept-conflicts",
                counted(conflicts, "conflict")
            ));
        }
        output::note(&format!("Next: gloss history apply {run}"));
    }
}

fn is_or_are(count: usize) -> String {
    format!("{} {}", counted(count, "description"), if count == 1 { "is" } else { "are" })
}

fn reason(why: Unmatched) -> &'static str {
    match why {
        Unmatched::NoTable => "the database has no such table; --schema names the schema to search",
        Unmatched::NoColumn => "the table has no such column",
        Unmatched::Several => "several schemas have such a table; choose one with --schema",
    }
}

/// A conflict: the asset, and all its texts.
fn conflict(found: &Match, width: usize) -> String {
    let display = found.known.asset["display"].as_str().unwrap_or_default();
    let mut lines = vec![output::text(&format!("conflict: {display}").into())];
    let texts = found.texts.iter().map(|(text, place)| (format!("dbt, {place}"), text.as_str()));
    let comment = found.known.comment.as_deref().map(|text| ("comment in the database".to_owned(), text));
    let accepted = found.known.accepted.as_deref().filter(|text| Some(*text) != found.known.comment.as_deref());
    let accepted = accepted.map(|text| ("accepted text".to_owned(), text));
    for (title, said) in texts.chain(comment).chain(accepted) {
        lines.push(format!("  {}:", output::text(&title.into())));
        let shown = output::text(&one_line(said).into());
        let wrapped = wrap(&shown, width.saturating_sub(4).max(20));
        lines.extend(wrapped.into_iter().map(|line| format!("    {line}")));
    }
    lines.join("\n") + "\n"
}
