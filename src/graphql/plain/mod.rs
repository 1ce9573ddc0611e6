//! Plain lists: pages of runs whose selection needs nothing but the runs' own values. They are read as cells and
//! written straight into the bytes of the answer, without resolvers.
//!
//! ```text
//! document ──► Plain (once, kept with the checked document) ──► cells of one page ──► bytes
//! ```
//!
//! The rule: an answer is the same, byte for byte, as the resolvers' answer. Whatever this module does not know (other
//! root fields, directives, fields of other types), and whatever fails (a role, an argument, a limit, the store), it
//! leaves to the resolvers, which also word the error. `tests/it/plain_lists.rs` compares both over random selections.
//!
//! To add a field of runs: add its line to `compile.rs::value`, its column to `domain::run::RunColumn`, and its name to
//! the test. To add a list: give it what `RunColumn` and `RunStore::run_cells` are to runs.

mod compile;
mod write;

use std::sync::Arc;

use async_graphql::{
    InputType, Name, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition},
};
use async_graphql_value::Value as Literal;

use self::write::Answer;
use super::{
    access,
    connection::{page_arguments, page_cost},
    context::Viewer,
    limits,
    run::input::{RunFilter, RunOrder, run_filter},
    searches,
};
use crate::{
    domain::{
        filter,
        page::{PageArguments, PageEnds, PageRequest},
        run::RunColumn,
    },
    service::Services,
};

/// An operation that is a plain list of runs.
#[derive(Debug)]
pub struct Plain {
    /// The key of the list in the answer, as JSON with a colon.
    key: String,
    arguments: Vec<(Name, Literal)>,
    parts: Vec<Part>,
    columns: Vec<RunColumn>,
    /// The cost of one row and its share of the list.
    cost: usize,
}

/// A part of the connection, with its key in the answer.
#[derive(Debug)]
enum Part {
    Typename(String),
    Nodes(String, Vec<Field>),
    Edges(String, Vec<EdgePart>),
    PageInfo(String, Vec<(String, PageField)>),
    TotalCount(String),
    KindCounts(String, Vec<(String, CountField)>),
    StatusCounts(String, Vec<(String, CountField)>),
}

#[derive(Debug)]
enum EdgePart {
    Typename(String),
    Cursor(String),
    Node(String, Vec<Field>),
}

#[derive(Debug, Clone, Copy)]
enum PageField {
    Typename,
    HasNext,
    HasPrevious,
    Start,
    End,
}

#[derive(Debug, Clone, Copy)]
enum CountField {
    Typename,
    Group,
    Count,
}

/// A field of a run, with its key in the answer.
#[derive(Debug)]
struct Field {
    key: String,
    value: Output,
}

/// How a value is written. The numbers are places in the row.
#[derive(Debug)]
enum Output {
    Typename(&'static str),
    GlobalId(usize),
    /// An integer of 32 bits; a larger one is written as the largest.
    Int(usize),
    Long(usize),
    Float(usize),
    Text(usize),
    /// A text for display.
    Visible(usize),
    Moment(usize),
    /// JSON that is written as it is kept.
    Json(usize),
    /// Milliseconds, in seconds.
    Seconds(usize),
    /// Seconds of RUNNING up to now; null before the start.
    Running {
        started_at: usize,
        active_ms: usize,
        active_since: usize,
    },
    /// Seconds of APPLYING up to now; null before the first apply.
    Applying {
        apply_ms: usize,
        apply_since: usize,
    },
    Sum(usize, usize),
    CanCancel(usize),
    Object(Vec<Field>),
    /// The limits; null if all of them are.
    Budget(Vec<usize>, Vec<Field>),
    Waiting(usize, Vec<(String, WaitField)>),
}

#[derive(Debug, Clone, Copy)]
enum WaitField {
    Typename,
    Reason,
    Since,
}

impl Plain {
    /// Compiles an operation; `None` if it is not a plain list.
    pub fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Option<Self> {
        compile::compile(document, operation)
    }

    fn wants_total(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::TotalCount(_)))
    }

    fn wants_groups(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::KindCounts(..) | Part::StatusCounts(..)))
    }

    /// Which ends of the page the answer tells.
    fn ends(&self) -> PageEnds {
        let fields = || {
            let infos = self.parts.iter().filter_map(|part| match part {
                Part::PageInfo(_, fields) => Some(fields),
                _ => None,
            });
            infos.flatten().map(|(_, field)| *field)
        };
        PageEnds {
            previous: fields().any(|field| matches!(field, PageField::HasPrevious)),
            next: fields().any(|field| matches!(field, PageField::HasNext)),
        }
    }
}

/// The arguments of the list.
struct Arguments {
    filter: filter::RunFilter,
    order: filter::RunOrder,
    page: PageArguments,
}

impl Arguments {
    /// Reads the arguments; `None` if any is refused or has a variable without a value below it.
    fn read(given: &[(Name, Literal)], variables: &Variables) -> Option<Self> {
        let argument = |name: &str| -> Option<Option<Value>> {
            match given.iter().find(|(it, _)| it == name) {
                None => Some(None),
                Some((_, Literal::Variable(variable))) => Some(variables.get(variable).cloned()),
                Some((_, literal)) => {
                    let value = literal.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(()));
                    value.ok().map(Some)
                }
            }
        };
        let filter: Option<RunFilter> = parse(argument("filter")?)?;
        let order: Option<RunOrder> = parse(argument("orderBy")?)?;
        let filter = run_filter(filter, "filter").ok()?;
        let is_short = |search: &String| search.chars().count() <= searches::LONGEST;
        filter.search.as_ref().is_none_or(is_short).then_some(())?;
        let page = page_arguments(
            parse(argument("first")?)?,
            parse(argument("after")?)?,
            parse(argument("last")?)?,
            parse(argument("before")?)?,
        );
        Some(Self { filter, order: order.map(Into::into).unwrap_or_default(), page })
    }
}

fn parse<T: InputType>(value: Option<Value>) -> Option<T> {
    T::parse(value).ok()
}

/// Answers plain lists.
#[derive(Clone)]
pub struct PlainLists(Arc<Services>);

impl PlainLists {
    /// Creates it over these use cases.
    #[must_use]
    pub const fn new(services: Arc<Services>) -> Self {
        Self(services)
    }

    /// Returns the JSON of the answer; `None` if the resolvers must answer.
    pub async fn answer(&self, plain: &Plain, variables: &Variables, viewer: &Viewer) -> Option<String> {
        access::check(Some(viewer), "Query", "runs").ok()?;
        let Arguments { filter, order, page } = Arguments::read(&plain.arguments, variables)?;
        (page_cost(page.first, page.last, plain.cost) <= limits::MAX_COMPLEXITY).then_some(())?;
        let request = PageRequest::new(&page, &order.list_name()).ok()?;
        let store = &self.0.ports.store;
        let page = store.run_cells(&filter, order, &request, &plain.columns, plain.ends()).await.ok()?;
        let mut answer = Answer {
            now_ms: self.0.ports.clock.now().timestamp_millis(),
            list: order.list_name(),
            key: page.rows.first().map_or(0, |row| row.width() - plain.columns.len()),
            page,
            ..Answer::default()
        };
        if plain.wants_groups() {
            let counts = store.run_counts(&filter).await.ok()?;
            answer.total = counts.total(&filter);
            answer.kinds = counts.kinds(&filter);
            answer.statuses = counts.statuses(&filter);
        } else if plain.wants_total() {
            answer.total = store.runs_count(&filter).await.ok()?;
        }
        answer.write(plain)
    }
}
