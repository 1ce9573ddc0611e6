//! Which runs: the filter of the runs list and of `runsChanged`.
//!
//! The store answers a filter in SQL; [`RunFilter::matches`] answers it for one run in memory, so that an
//! event costs no query per subscriber. A property test holds the two together.

use serde::{Deserialize, Serialize};

use super::{
    clock::Moment,
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
    spelling::spelled,
    status::{RunKind, RunStatus},
};

/// An absent part does not restrict; an empty list lets nothing through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFilter {
    /// Of one of these kinds.
    pub kinds: Option<Vec<RunKind>>,
    /// In one of these statuses.
    pub statuses: Option<Vec<RunStatus>>,
    /// On one of these DB profiles.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
    /// With one of these LLM profiles.
    pub llm_profile_ids: Option<Vec<LlmProfileId>>,
    /// Fired by one of these schedules.
    pub schedule_ids: Option<Vec<ScheduleId>>,
    /// Re-runs of this run.
    pub parent_run_id: Option<RunId>,
    /// Started at this moment or later; a run not yet started counts by its creation.
    pub started_after: Option<Moment>,
    /// Started before this moment.
    pub started_before: Option<Moment>,
    /// Started by one of these callers.
    pub started_by: Option<Vec<String>>,
    /// With at least one of these labels.
    pub labels: Option<Vec<String>>,
    /// Whether at least one row failed.
    pub has_failures: Option<bool>,
    /// Whose number, title, labels, scope, model or profile names hold this text; letter case does not count. `#12`
    /// finds run 12 alone.
    pub search: Option<String>,
}

/// What a search looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searched {
    /// `#12`: the run of this number.
    Number(RunId),
    /// A text, trimmed and in lower case.
    Text(String),
}

/// What a filter looks at in a run. Small enough to travel with a nudge.
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
    /// Its parent.
    pub parent_id: Option<RunId>,
    /// When it started, else when it was made.
    pub listed_at: Moment,
    /// The caller that started it.
    pub started_by: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether a row failed.
    pub has_failures: bool,
    /// What a search looks through; see [`search_text`].
    pub search_text: String,
}

/// What a search looks through: number, scope, model, profile names, title and labels in lower case, one per line.
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
    /// Whether a run passes.
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

    /// What is searched for; `None` where nothing is.
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

/// What runs can be ordered by. Ties go by number; nulls come last in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOrderField {
    /// When it started; a run not yet started counts by its creation.
    StartedAt,
    /// By number.
    Number,
    /// By `durationSeconds`; unfinished runs have none here.
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

/// Which way.
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

/// An order of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOrder {
    /// By what.
    pub field: RunOrderField,
    /// Which way.
    pub direction: OrderDirection,
}

impl Default for RunOrder {
    fn default() -> Self {
        Self { field: RunOrderField::StartedAt, direction: OrderDirection::Desc }
    }
}

impl RunOrder {
    /// The list of runs in this order, as its cursors name it.
    #[must_use]
    pub fn list_name(self) -> String {
        format!("runs:{}:{}", self.field.as_str(), self.direction.as_str())
    }
}
