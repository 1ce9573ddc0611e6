//! Texts that a column of a view or of a partition inherits from the columns of other tables.
//!
//! The rule: a column that repeats another one is described as that one is, by its comment or by its name, and says
//! where it comes from. A column that is computed keeps its own text and says from what. A partition's column has the
//! comment of its parent's.

use crate::domain::{
    catalog::TableDetail,
    lineage::{How, Lineage, Source},
    run::Verbosity,
};

use super::{
    column::comment,
    reading::{ColumnReading, TableReading},
    wording::{Place, wordings},
    words,
};

/// Maximum number of sources that a text names.
const NAMED: usize = 3;

/// The text of the column that this one repeats, and whether people wrote it.
pub fn text(view: &TableReading<'_>, column: &ColumnReading<'_>, verbosity: Verbosity) -> Option<(String, bool)> {
    let lineage = column.lineage?;
    if lineage.how == How::Partition {
        let parent = lineage.same()?.column();
        return comment(parent.comment.as_deref(), &parent.name, verbosity).map(|text| (text, true));
    }
    if lineage.how != How::Same {
        return None;
    }
    let mut texts = lineage.sources.iter().map(|source| {
        let base = source.column();
        if let Some(comment) = comment(base.comment.as_deref(), &base.name, verbosity) {
            return (comment, true);
        }
        let table = TableReading::of(&source.table, None, &[], view.context.catalog());
        let reading = table.column(base);
        // A key identifies the rows of its table, not those of the view.
        let is_key = base.primary_key && reading.key.is_none();
        if is_key && table.entity.is_clear && (reading.words.is_empty() || reading.last() == "identifier") {
            return (format!("identifier of the {}", table.entity.one), false);
        }
        let place = Place { table: &table, column: &reading, verbosity };
        let text = wordings(place).texts.into_iter().next().unwrap_or_default();
        (text.trim_end_matches("; primary key").to_owned(), false)
    });
    let first = texts.next()?;
    // The columns of a union may differ.
    texts.all(|(text, _)| text == first.0).then_some(first)
}

/// The sentence that says where a column comes from, without a full stop. `table` is the table that has the column.
pub fn detail(lineage: &Lineage, is_moment: bool, table: &TableDetail) -> String {
    // A generated column is computed from others of its table.
    let name = |source: &Source| {
        let is_own = source.table.path() == table.path();
        words::shown(&if is_own { source.column().name.clone() } else { source.name(&table.schema) })
    };
    let mut names: Vec<String> = lineage.sources.iter().take(NAMED).map(name).collect();
    if lineage.sources.len() > NAMED {
        names.push("other columns".to_owned());
    }
    let names = words::listed(&names, "and");
    match &lineage.how {
        How::Same if lineage.sources.len() > 1 => format!("Taken from {names}, depending on the row"),
        How::Same => format!("Taken from {names}"),
        How::Computed => format!("Computed from {names}"),
        How::Partition => format!("The same as {names}, of which the table is a partition"),
        How::Aggregate(_) if names.is_empty() => "Counts rows".to_owned(),
        How::Aggregate(function) => {
            let what = match (function.as_str(), is_moment) {
                ("count", _) => return format!("Counts {names}"),
                ("sum", _) => "sum",
                ("avg", _) => "average",
                ("min", true) => "earliest value",
                ("min", false) => "smallest value",
                ("max", true) => "latest value",
                _ => "largest value",
            };
            format!("The {what} of {names}")
        }
    }
}
