//! The builtin describer: no API key, no network, no cost.
//!
//! It reads names, types, keys, statistics and samples, and writes plain sentences with their evidence. The rule: the
//! same input gives the same text, and the describer says little rather than guess. Texts contain no values of the
//! data, except small closed sets and the bounds of numbers and dates. These appear only for columns whose names and
//! samples suggest neither a person nor a secret.
//!
//! The confidence is a sum over what was found, between 0.05 and 0.97:
//!
//! | found | worth |
//! |---|---|
//! | a name, each word of it in the vocabulary | 0.55; of that 0.55 if ambiguous, 0.70 if likely, else 0 |
//! | a reference, or the primary key alone | 0.25; a part of the key 0.15, unique 0.10 |
//! | a view's definition that names the column repeated | 0.25; with a comment there, at least 0.85 in total |
//! | a view's definition that names what a column is computed from | 0.15 |
//! | a documented column elsewhere that agrees in name, type and key | 0.25; at least 0.85 in total |
//! | a type that fits the name | 0.10, else 0.02 |
//! | samples of a shape that fits | 0.12; plain text or numbers as the name suggests 0.08; a small set of values 0.10 |
//! | meaningful statistics | 0.05 |
//! | a comment | at least 0.90 in total |
//! | a name that says nothing (`value`, `data`), or whose words only look like words | at most 0.45 in total |
//! | a text that restates the name (`domain/src/substance.rs`) | at most 0.49: reading a name is no evidence |
//! | a name that is no noun, a key without a role, or values that are mere numbers | at most 0.49 |
//! | a reference that restates the name, with a share of the rows that occur | at most 0.70 |
//! | a reference with what its keys stand for, by the rows of a small lookup table | the sum |
//! | a name that was not understood | at most 0.30 in total if samples or values are informative, else 0.15 |
//!
//! For a table, the sum is over the name, the primary key 0.10, the structure 0.08, and the references from and to it.
//! It is at most 0.45 if no word of the name is known, and 0.70 if a referenced table has no readable name, or if
//! nothing but one column tells what the table is for.
//! Each further wording has 0.92 times the confidence of the one before.
//!
//! For a schema or database, the sum is over the clear names of its tables 0.55, their domain 0.10 and their sizes
//! 0.05. A variation uses another wording than the previous text. If there is none, it repeats the text with a
//! confidence of at most 0.20.
//!
//! To add a word, add a line to `terms.tsv` or `words.txt` in `domain/src/vocabulary`; to add a unit, a line to
//! `units.rs`; to add a shape of values, a variant to `shape.rs`; to add a kind of column, a method to `wording/`; to
//! add what keys say of a table's rows, a function to `table/grain.rs`.
//! Questions are answered in `answering.rs`.

mod answering;
mod column;
mod container;
mod data_type;
mod draft;
mod entity;
mod inherited;
mod lexicon;
mod reading;
mod revision;
mod rules;
mod shape;
mod speech;
mod table;
mod units;
mod values;
mod wording;

use async_trait::async_trait;

use crate::{
    domain::{
        asset::AssetPath,
        catalog::Column,
        profile::LlmProvider,
        run::RunOptions,
        substance::restates_name,
        suggestion::{Alternative, Draft},
        usage::Usage,
        vocabulary, words,
    },
    port::model::{
        ContainerRequest, DescribeAnswer, DescribeRequest, Describer, ModelError, Revision, Subject, UsageBound,
    },
};

pub use answering::BuiltinConverser;
use reading::TableReading;

/// Maximum confidence of a text that restates the name; in the band LOW.
const RESTATED: f64 = 0.49;
/// Subjects per request: enough that each table is read only once, few enough that a run shows progress.
const BATCH_SIZE: usize = 64;

/// The builtin describer.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinDescriber;

/// Returns a draft for each column whose text is certain, because it repeats a column that people described. `None` for
/// other columns, for tables, and for a column that has a comment of its own.
pub fn certain(request: &DescribeRequest) -> Vec<Option<Draft>> {
    let reading = reading_of(request);
    let draft = |subject: &Subject| {
        let Subject::Column(index) = *subject else { return None };
        let column = request.table.columns.get(index).filter(|column| column.comment.is_none())?;
        let draft =
            column::is_certain(&reading, column).then(|| column::describe(&reading, column, &request.options))?;
        Some(modest_column(draft, &reading, column))
    };
    request.subjects.iter().map(draft).collect()
}

fn reading_of(request: &DescribeRequest) -> TableReading<'_> {
    TableReading::of(&request.table, request.statistics.as_deref(), &request.lineage, &request.names)
        .among(&request.documented, &request.neighbours)
}

#[async_trait]
impl Describer for BuiltinDescriber {
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError> {
        let reading = reading_of(request);
        let draft = |(at, subject): (usize, &Subject)| {
            let revision = request.revisions.get(at).and_then(Option::as_ref);
            match *subject {
                Subject::Table => {
                    let draft = revised(revision, &request.options, |options| table::describe(&reading, options));
                    Some(modest(draft, &request.table.path(), &reading.path_as_read(None), None))
                }
                Subject::Column(index) => {
                    let column = request.table.columns.get(index)?;
                    let describe = |options: &RunOptions| column::describe(&reading, column, options);
                    let draft = revised(revision, &request.options, describe);
                    Some(modest_column(draft, &reading, column))
                }
            }
        };
        let drafts = request.subjects.iter().enumerate().map(draft).collect();
        Ok(DescribeAnswer { drafts, usage: Usage { requests: 1, ..Usage::default() } })
    }

    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError> {
        let describe = |options: &RunOptions| container::describe(&request.container, options);
        let draft = revised(request.revision.as_ref(), &request.options, describe);
        let draft = modest(draft, &request.container.path, &request.container.path, None);
        Ok(DescribeAnswer { drafts: vec![Some(draft)], usage: Usage { requests: 1, ..Usage::default() } })
    }

    fn ignores(&self, options: &RunOptions) -> Vec<&'static str> {
        let defaults = RunOptions::defaults(LlmProvider::Builtin);
        #[expect(clippy::float_cmp, reason = "a temperature that was not given is the default itself")]
        let temperature = options.temperature != defaults.temperature;
        let said = [
            ("instructions", options.instructions.is_some()),
            ("temperature", temperature),
            ("maxOutputTokens", options.max_output_tokens != defaults.max_output_tokens),
        ];
        said.into_iter().filter_map(|(option, said)| said.then_some(option)).collect()
    }

    fn container_bound(&self, _request: &ContainerRequest) -> UsageBound {
        UsageBound { input_tokens: 0, likely_input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) }
    }

    fn batches(&self, request: &DescribeRequest) -> Vec<usize> {
        request.subjects.chunks(BATCH_SIZE).map(<[Subject]>::len).collect()
    }

    fn prompt_version(&self) -> Option<&str> {
        None
    }

    fn is_local(&self) -> bool {
        true
    }

    fn bound(&self, _request: &DescribeRequest) -> UsageBound {
        UsageBound { input_tokens: 0, likely_input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) }
    }
}

/// Limits the confidence to LOW for the first wording that restates the name and all wordings after it. `as_read` is
/// the asset with the words that its names were read as: what they stand for in this catalog is no more than the name.
fn modest(mut draft: Draft, asset: &AssetPath, as_read: &AssetPath, data_type: Option<&str>) -> Draft {
    let restates = |text: &str| [asset, as_read].iter().any(|asset| restates_name(text, asset, data_type));
    let is_rated = |one: &Alternative| one.confidence > RESTATED;
    let first = draft.alternatives.iter().position(|one| is_rated(one) && restates(&one.text));
    for alternative in draft.alternatives.iter_mut().skip(first.unwrap_or(usize::MAX)) {
        alternative.confidence = alternative.confidence.min(RESTATED);
    }
    draft
}

fn modest_column(draft: Draft, table: &TableReading<'_>, column: &Column) -> Draft {
    let as_read = table.path_as_read(Some(column));
    modest(draft, &table.detail.column_path(&column.name), &as_read, Some(&column.data_type))
}

/// Creates a draft, as a variation of the previous text if the revision asks for one.
fn revised(revision: Option<&Revision>, options: &RunOptions, describe: impl Fn(&RunOptions) -> Draft) -> Draft {
    match revision.and_then(|revision| Some((revision, revision.variation?))) {
        Some((revision, variation)) => revision::vary(&revision.previous, variation, options, describe),
        None => describe(options),
    }
}
