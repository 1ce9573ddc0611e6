//! From a document to a [`Plain`].

use async_graphql::{
    Name, Positioned,
    parser::types::{
        ExecutableDocument, Field as Selected, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use super::{CountField, EdgePart, Field, Output, PageField, Part, Plain, WaitField};
use crate::{domain::run::RunColumn, graphql::limits};

/// Compiles an operation; `None` if it is not a plain list.
pub fn compile(document: &ExecutableDocument, operation: &OperationDefinition) -> Option<Plain> {
    if operation.ty != OperationType::Query || !operation.directives.is_empty() {
        return None;
    }
    let compiler = Compiler { document };
    let roots = compiler.collect(&["Query"], &[&operation.selection_set.node])?;
    let [Collected { key, name: "runs", fields }] = roots.as_slice() else { return None };
    let field = fields.first()?;
    let arguments = field.arguments.iter().map(|(name, value)| (name.node.clone(), value.node.clone())).collect();
    let sets: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set.node).collect();
    let mut columns = Columns::default();
    let parts = compiler.connection(&sets, &mut columns)?;
    let (cost, depth) = sets
        .iter()
        .map(|set| compiler.size(set))
        .fold((0, 0), |(cost, deepest), (more, depth)| (cost + more, deepest.max(depth)));
    (depth < limits::MAX_DEPTH).then_some(())?;
    Some(Plain { key: json_key(key), arguments, parts, columns: columns.0, cost })
}

fn json_key(name: &str) -> String {
    format!("\"{name}\":")
}

/// The columns that are read, each once.
#[derive(Default)]
struct Columns(Vec<RunColumn>);

impl Columns {
    /// Returns the place of a column in the row.
    fn place(&mut self, column: RunColumn) -> usize {
        self.0.iter().position(|known| *known == column).unwrap_or_else(|| {
            self.0.push(column);
            self.0.len() - 1
        })
    }
}

/// Selections with the same key.
struct Collected<'a> {
    key: &'a str,
    name: &'a str,
    fields: Vec<&'a Selected>,
}

impl<'a> Collected<'a> {
    /// The selections below, of a field that takes no arguments here.
    fn below(&self) -> Option<Vec<&'a SelectionSet>> {
        let plain = self.fields.iter().all(|field| field.arguments.is_empty());
        plain.then(|| self.fields.iter().map(|field| &field.selection_set.node).collect())
    }
}

struct Compiler<'a> {
    document: &'a ExecutableDocument,
}

impl<'a> Compiler<'a> {
    /// Collects the fields of some selections of the same object, in the order of the answer, as the specification's
    /// `CollectFields`. `types` are the object's type and its interfaces. `None` if any has a directive.
    fn collect(&self, types: &[&str], sets: &[&'a SelectionSet]) -> Option<Vec<Collected<'a>>> {
        let mut collected = Vec::new();
        for set in sets {
            self.collect_into(types, set, &mut collected)?;
        }
        Some(collected)
    }

    fn collect_into(&self, types: &[&str], set: &'a SelectionSet, into: &mut Vec<Collected<'a>>) -> Option<()> {
        let is = |condition: &Positioned<Name>| types.contains(&condition.node.as_str());
        for item in &set.items {
            match &item.node {
                Selection::Field(Positioned { node: field, .. }) => {
                    field.directives.is_empty().then_some(())?;
                    let key = field.response_key().node.as_str();
                    match into.iter_mut().find(|known| known.key == key) {
                        Some(known) => known.fields.push(field),
                        None => into.push(Collected { key, name: field.name.node.as_str(), fields: vec![field] }),
                    }
                }
                Selection::InlineFragment(Positioned { node: fragment, .. }) => {
                    let applies = fragment.type_condition.as_ref().is_none_or(|condition| is(&condition.node.on));
                    (applies && fragment.directives.is_empty()).then_some(())?;
                    self.collect_into(types, &fragment.selection_set.node, into)?;
                }
                Selection::FragmentSpread(Positioned { node: spread, .. }) => {
                    let fragment = &self.document.fragments.get(&spread.fragment_name.node)?.node;
                    let plain = spread.directives.is_empty() && fragment.directives.is_empty();
                    (plain && is(&fragment.type_condition.node.on)).then_some(())?;
                    self.collect_into(types, &fragment.selection_set.node, into)?;
                }
            }
        }
        Some(())
    }

    /// Returns the number of fields of a selection and their depth. Fragments count wherever they are used.
    fn size(&self, set: &SelectionSet) -> (usize, usize) {
        set.items.iter().fold((0, 0), |(count, deepest), item| {
            let (more, depth) = match &item.node {
                Selection::Field(field) => {
                    let (below, depth) = self.size(&field.node.selection_set.node);
                    (1 + below, 1 + depth)
                }
                Selection::InlineFragment(fragment) => self.size(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or((0, 0), |fragment| self.size(&fragment.node.selection_set.node))
                }
            };
            (count + more, deepest.max(depth))
        })
    }

    fn connection(&self, sets: &[&'a SelectionSet], columns: &mut Columns) -> Option<Vec<Part>> {
        let parts = self.collect(&["RunConnection"], sets)?.into_iter().map(|field| {
            let (key, below) = (json_key(field.key), field.below()?);
            Some(match field.name {
                "__typename" => Part::Typename(key),
                "nodes" => Part::Nodes(key, self.run(&below, columns)?),
                "edges" => Part::Edges(key, self.edge(&below, columns)?),
                "pageInfo" => Part::PageInfo(key, self.leaves("PageInfo", &below, page_field)?),
                "totalCount" => Part::TotalCount(key),
                "kindCounts" => {
                    Part::KindCounts(key, self.leaves("RunKindCount", &below, |name| count_field(name, "kind"))?)
                }
                "statusCounts" => {
                    Part::StatusCounts(key, self.leaves("RunStatusCount", &below, |name| count_field(name, "status"))?)
                }
                _ => return None,
            })
        });
        parts.collect()
    }

    /// Compiles an object whose fields are leaves.
    fn leaves<T>(
        &self,
        of: &str,
        sets: &[&'a SelectionSet],
        leaf: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<(String, T)>> {
        let fields = self.collect(&[of], sets)?;
        fields.iter().map(|field| Some((json_key(field.key), leaf(field.name)?))).collect()
    }

    fn edge(&self, sets: &[&'a SelectionSet], columns: &mut Columns) -> Option<Vec<EdgePart>> {
        let parts = self.collect(&["RunEdge"], sets)?.into_iter().map(|field| {
            let (key, below) = (json_key(field.key), field.below()?);
            Some(match field.name {
                "__typename" => EdgePart::Typename(key),
                "cursor" => EdgePart::Cursor(key),
                "node" => EdgePart::Node(key, self.run(&below, columns)?),
                _ => return None,
            })
        });
        parts.collect()
    }

    fn run(&self, sets: &[&'a SelectionSet], columns: &mut Columns) -> Option<Vec<Field>> {
        let fields = self.collect(&["Run", "Node"], sets)?;
        fields.iter().map(|field| self.field(field, &field.below()?, columns)).collect()
    }

    /// Compiles a field of a run.
    fn field(&self, field: &Collected<'a>, below: &[&'a SelectionSet], columns: &mut Columns) -> Option<Field> {
        use RunColumn as Of;
        let value = match field.name {
            "__typename" => Output::Typename("Run"),
            "id" => Output::GlobalId(columns.place(Of::Id)),
            "number" => Output::Int(columns.place(Of::Id)),
            "kind" => Output::Text(columns.place(Of::Kind)),
            "command" => Output::Text(columns.place(Of::Command)),
            "status" => Output::Text(columns.place(Of::Status)),
            "scopeSummary" => Output::Visible(columns.place(Of::ScopeSummary)),
            "dbProfileName" => Output::Text(columns.place(Of::DbProfileName)),
            "llmProfileName" => Output::Text(columns.place(Of::LlmProfileName)),
            "model" => Output::Text(columns.place(Of::Model)),
            "createdAt" => Output::Moment(columns.place(Of::CreatedAt)),
            "startedAt" => Output::Moment(columns.place(Of::StartedAt)),
            "finishedAt" => Output::Moment(columns.place(Of::FinishedAt)),
            "durationSeconds" => Output::Running {
                started_at: columns.place(Of::StartedAt),
                active_ms: columns.place(Of::ActiveMs),
                active_since: columns.place(Of::ActiveSince),
            },
            "applySeconds" => {
                Output::Applying { apply_ms: columns.place(Of::ApplyMs), apply_since: columns.place(Of::ApplySince) }
            }
            "startedBy" => Output::Text(columns.place(Of::StartedBy)),
            "cancelledBy" => Output::Text(columns.place(Of::CancelledBy)),
            "title" => Output::Text(columns.place(Of::Title)),
            "labels" => Output::Json(columns.place(Of::Labels)),
            "canCancel" => Output::CanCancel(columns.place(Of::Status)),
            "lastSequence" => Output::Int(columns.place(Of::LastSequence)),
            "waiting" => {
                let place = columns.place(Of::Waiting);
                Output::Waiting(place, self.leaves("RunWait", below, wait_field)?)
            }
            "progress" => Output::Object(self.object("RunProgress", below, |name| progress(name, columns))?),
            "usage" => Output::Object(self.object("TokenUsage", below, |name| usage(name, columns))?),
            "budget" => {
                let places = [Of::MaxCostUsd, Of::MaxTokens, Of::MaxSeconds].map(|column| columns.place(column));
                Output::Budget(places.to_vec(), self.object("RunBudget", below, |name| budget(name, columns))?)
            }
            _ => return None,
        };
        Some(Field { key: json_key(field.key), value })
    }

    fn object(
        &self,
        of: &str,
        sets: &[&'a SelectionSet],
        mut value: impl FnMut(&str) -> Option<Output>,
    ) -> Option<Vec<Field>> {
        let fields = self.collect(&[of], sets)?;
        fields.iter().map(|field| Some(Field { key: json_key(field.key), value: value(field.name)? })).collect()
    }
}

fn progress(name: &str, columns: &mut Columns) -> Option<Output> {
    Some(match name {
        "__typename" => Output::Typename("RunProgress"),
        "total" => Output::Int(columns.place(RunColumn::RowsTotal)),
        "done" => Output::Int(columns.place(RunColumn::RowsDone)),
        "failed" => Output::Int(columns.place(RunColumn::RowsFailed)),
        "skipped" => Output::Int(columns.place(RunColumn::RowsSkipped)),
        _ => return None,
    })
}

fn usage(name: &str, columns: &mut Columns) -> Option<Output> {
    use RunColumn as Of;
    Some(match name {
        "__typename" => Output::Typename("TokenUsage"),
        "inputTokens" => Output::Long(columns.place(Of::InputTokens)),
        "cachedInputTokens" => Output::Long(columns.place(Of::CachedInputTokens)),
        "cacheWriteTokens" => Output::Long(columns.place(Of::CacheWriteTokens)),
        "outputTokens" => Output::Long(columns.place(Of::OutputTokens)),
        "totalTokens" => Output::Sum(columns.place(Of::InputTokens), columns.place(Of::OutputTokens)),
        "costUsd" => Output::Float(columns.place(Of::CostUsd)),
        "modelSeconds" => Output::Seconds(columns.place(Of::ModelMs)),
        "requests" => Output::Int(columns.place(Of::Requests)),
        "retries" => Output::Int(columns.place(Of::Retries)),
        "repeats" => Output::Int(columns.place(Of::Repeats)),
        _ => return None,
    })
}

fn budget(name: &str, columns: &mut Columns) -> Option<Output> {
    Some(match name {
        "__typename" => Output::Typename("RunBudget"),
        "maxCostUsd" => Output::Float(columns.place(RunColumn::MaxCostUsd)),
        "maxTokens" => Output::Long(columns.place(RunColumn::MaxTokens)),
        "maxSeconds" => Output::Int(columns.place(RunColumn::MaxSeconds)),
        _ => return None,
    })
}

fn page_field(name: &str) -> Option<PageField> {
    Some(match name {
        "__typename" => PageField::Typename,
        "hasNextPage" => PageField::HasNext,
        "hasPreviousPage" => PageField::HasPrevious,
        "startCursor" => PageField::Start,
        "endCursor" => PageField::End,
        _ => return None,
    })
}

fn count_field(name: &str, group: &str) -> Option<CountField> {
    Some(match name {
        "__typename" => CountField::Typename,
        "count" => CountField::Count,
        name if name == group => CountField::Group,
        _ => return None,
    })
}

fn wait_field(name: &str) -> Option<WaitField> {
    Some(match name {
        "__typename" => WaitField::Typename,
        "reason" => WaitField::Reason,
        "since" => WaitField::Since,
        _ => return None,
    })
}
