//! Use cases: everything that a caller can request from Gloss. They depend on the ports only.
//!
//! The rules: a use case validates all its input and reports the path of the argument at fault. It changes records only
//! through the store, and knows nothing of GraphQL or HTTP. A family of use cases is one file and one field of
//! [`Services`]; to add one, add both.

pub mod applies;
pub mod asks;
pub mod catalog;
pub mod comparisons;
pub mod descriptions;
pub mod drafts;
pub mod estimates;
pub mod export;
pub mod figures;
pub mod imports;
pub mod judgements;
pub mod orders;
pub mod profiles;
pub mod progress;
pub mod reruns;
pub mod reviews;
pub mod runs;
pub mod schedules;
pub mod searches;
pub mod subscriptions;
pub mod suggestion_cache;
pub mod suggestion_changes;
pub mod tokens;
pub mod usage;
pub mod workers;

use crate::{domain::clock::Moment, port::Ports};

/// All use cases. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// Starts, cancels, lists and deletes runs.
    pub runs: runs::Runs,
    /// Resumes runs and repeats suggestions.
    pub reruns: reruns::Reruns,
    /// Drafts a description of one asset.
    pub drafts: drafts::Drafts,
    /// Records decisions on suggestions.
    pub reviews: reviews::Reviews,
    /// Writes comments, rolls them back, and lists both.
    pub applies: applies::Applies,
    /// Answers questions about databases.
    pub asks: asks::Asks,
    /// Searches catalogs.
    pub searches: searches::Searches,
    /// Compares runs.
    pub comparisons: comparisons::Comparisons,
    /// Exports what is documented.
    pub descriptions: descriptions::Descriptions,
    /// Imports runs that ended elsewhere.
    pub imports: imports::Imports,
    /// Lets models judge texts of runs.
    pub judgements: judgements::Judgements,
    /// Estimates the size and cost of a run.
    pub estimates: estimates::Estimates,
    /// Creates, changes, pauses, fires and deletes schedules.
    pub schedules: schedules::Schedules,
    /// Streams the events of one run.
    pub progress: progress::RunProgress,
    /// Streams the changes of all runs.
    pub changes: subscriptions::RunChanges,
    /// Streams the changes of suggestions.
    pub suggestion_changes: suggestion_changes::SuggestionChanges,
    /// Reports model usage.
    pub usage: usage::UsageReports,
    /// Counts lists of runs.
    pub figures: figures::RunFigures,
    /// Manages DB profiles and LLM profiles.
    pub profiles: profiles::Profiles,
    /// Manages API tokens and authenticates callers.
    pub tokens: tokens::Tokens,
    /// Reads live catalogs.
    pub catalog: catalog::Catalog,
    /// Lists the processes that use the store, and describes the server.
    pub workers: workers::Workers,
    /// The ports, for look-ups by key that need no use case.
    pub ports: Ports,
}

impl Services {
    /// Creates the use cases over these ports. `bus` is the display name of the bus.
    pub fn new(ports: Ports, bus: impl Into<String>) -> Self {
        let started_at: Moment = ports.clock.now();
        let searches = searches::Searches::new(ports.clone());
        Self {
            runs: runs::Runs::new(ports.clone()),
            reruns: reruns::Reruns::new(ports.clone()),
            drafts: drafts::Drafts::new(ports.clone()),
            reviews: reviews::Reviews::new(ports.clone()),
            applies: applies::Applies::new(ports.clone()),
            asks: asks::Asks::new(ports.clone()),
            comparisons: comparisons::Comparisons::new(ports.clone()),
            descriptions: descriptions::Descriptions::new(ports.clone(), searches.clone()),
            searches,
            imports: imports::Imports::new(ports.clone()),
            judgements: judgements::Judgements::new(ports.clone()),
            estimates: estimates::Estimates::new(ports.clone()),
            schedules: schedules::Schedules::new(ports.clone()),
            progress: progress::RunProgress::new(ports.clone()),
            changes: subscriptions::RunChanges::new(ports.clone()),
            suggestion_changes: suggestion_changes::SuggestionChanges::new(ports.clone()),
            usage: usage::UsageReports::new(ports.clone()),
            figures: figures::RunFigures::new(ports.clone()),
            profiles: profiles::Profiles::new(ports.clone()),
            tokens: tokens::Tokens::new(ports.clone()),
            catalog: catalog::Catalog::new(ports.clone()),
            workers: workers::Workers::new(ports.clone(), bus.into(), started_at),
            ports,
        }
    }
}
