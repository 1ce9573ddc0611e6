//! The filter of the runs list and of `runsChanged`.
//!
//! The store evaluates a filter in SQL. [`RunFilter::matches`] evaluates it for one run in memory, so that an event
//! costs no query per subscriber. A property test checks that the two agree.

use serde::{Deserialize, Serialize};

use super::{
    clock::Moment,
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
    spelling::spelled,
    status::{RunKind, RunStatus},
};

/// A filter of runs. A field that is `None` does not restrict; an empty list matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RunFilter {
    /// Runs of one of these kinds.
    pub kinds: Option<Vec<RunKind>>,
    /// Runs in one of these statuses.
    pub statuses: Option<Vec<RunStatus>>,
    /// Runs on one of these DB profiles.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
    /// Runs with one of these LLM profiles.
    pub llm_profile_ids: Option<Vec<LlmProfileId>>,
    /// Runs that one of these schedules fired.
    pub schedule_ids: Option<Vec<ScheduleId>>,
    /// Re-runs of this run.
    pub parent_run_id: Option<RunId>,
    /// Runs that started at this time or later. A run that has not started counts by its creation time.
    pub started_after: Option<Moment>,
    /// Runs that started before this time.
    pub started_before: Option<Moment>,
    /// Runs that one of these callers started.
    pub started_by: Option<Vec<String>>,
    /// Runs with at least one of these labels.
    pub labels: Option<Vec<String>>,
    /// Runs with at least one failed row, or without any.
    pub has_failures: Option<bool>,
    /// Runs whose number, title, labels, scope, model or profile names contain this text. Letter case is ignored. `#12`
    /// matches run 12 only.
    pub search: Option<String>,
}

/// A parsed search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searched {
    /// `#12`: the run of this number.
    Number(RunId),
    /// A text, trimmed and in lower case.
    Text(String),
}

/// The properties of a run that a filter tests. Small enough to be sent with a nudge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run.
    pub id: RunId,
    /// Its kind.
    pub kind: RunKind,
    /// Its status.
    pub status: RunStatus,
    /// Its DB profile.
    pub db_profile_id: Option<DbProfileId>,
    /// Its LLM profile.
    pub llm_profile_id: Option<LlmProfileId>,
    /// Its schedule.
    pub schedule_id: Option<ScheduleId>,
    /// The run that this one is a re-run of.
    pub parent_id: Option<RunId>,
    /// When the run started, or was created if it has not started.
    pub listed_at: Moment,
    /// The caller that started it.
    pub started_by: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether at least one row failed.
    pub has_failures: bool,
    /// The text that a search looks in; see [`search_text`].
    pub search_text: String,
}

/// The text that a search looks in: number, scope, model, profile names, title and labels in lower case, one per line.
#[must_use]
pub fn search_text<'a>(number: RunId, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = format!("#{number}");
    for part in parts {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
    text
}

impl RunFilter {
    /// Returns whether a run matches the filter.
    #[must_use]
    pub fn matches(&self, run: &RunFacts) -> bool {
        fn among<T: PartialEq>(wanted: Option<&Vec<T>>, value: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| value.is_some_and(|value| wanted.contains(value)))
        }
        among(self.kinds.as_ref(), Some(&run.kind))
            && among(self.statuses.as_ref(), Some(&run.status))
            && among(self.db_profile_ids.as_ref(), run.db_profile_id.as_ref())
            && among(self.llm_profile_ids.as_ref(), run.llm_profile_id.as_ref())
            && among(self.schedule_ids.as_ref(), run.schedule_id.as_ref())
            && self.parent_run_id.is_none_or(|parent| run.parent_id == Some(parent))
            && self.started_after.is_none_or(|after| run.listed_at >= after)
            && self.started_before.is_none_or(|before| run.listed_at < before)
            && among(self.started_by.as_ref(), Some(&run.started_by))
            && self.labels.as_ref().is_none_or(|wanted| wanted.iter().any(|label| run.labels.contains(label)))
            && self.has_failures.is_none_or(|wanted| run.has_failures == wanted)
            && match self.searched() {
                None => true,
                Some(Searched::Number(number)) => run.id == number,
                Some(Searched::Text(text)) => run.search_text.contains(&text),
            }
    }

    /// The parsed search; `None` if it is absent or blank.
    #[must_use]
    pub fn searched(&self) -> Option<Searched> {
        let text = self.search.as_deref()?.trim();
        let digits = text.strip_prefix('#').filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(number) => Some(Searched::Number(RunId(number))),
            None => Some(Searched::Text(text.to_lowercase())).filter(|_| !text.is_empty()),
        }
    }
}

/// The fields that runs can be sorted by. Ties are sorted by number; nulls come last in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOrderField {
    /// When the run started. A run that has not started counts by its creation time.
    StartedAt,
    /// By number.
    Number,
    /// By `durationSeconds`, which is null for unfinished runs.
    Duration,
    /// By the status's name.
    Status,
    /// By the command's name.
    Command,
    /// By the model's name.
    Model,
    /// By the DB profile's name.
    DbProfile,
}

/// A sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

spelled!(RunOrderField {
    StartedAt => "STARTED_AT", Number => "NUMBER", Duration => "DURATION", Status => "STATUS", Command => "COMMAND",
    Model => "MODEL", DbProfile => "DB_PROFILE",
});
spelled!(OrderDirection { Asc => "ASC", Desc => "DESC" });

/// A sort order of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOrder {
    /// The field to sort by.
    pub field: RunOrderField,
    /// The direction.
    pub direction: OrderDirection,
}

impl Default for RunOrder {
    fn default() -> Self {
        Self { field: RunOrderField::StartedAt, direction: OrderDirection::Desc }
    }
}

impl RunOrder {
    /// The name that cursors give the list of runs in this order.
    #[must_use]
    pub fn list_name(self) -> String {
        format!("runs:{}:{}", self.field.as_str(), self.direction.as_str())
    }
}
