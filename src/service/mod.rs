//! Use cases: what a person can ask of Gloss, over the ports alone.
//!
//! The rule: a use case checks all that it is given, in the words of the argument at fault, changes what is
//! recorded through the store alone, and knows nothing of GraphQL or HTTP. A family of use cases is one file
//! and one field of [`Services`]; to add one, add both.

pub mod applies;
pub mod asks;
pub mod catalog;
pub mod comparisons;
pub mod drafts;
pub mod estimates;
pub mod figures;
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
    /// Starting, cancelling, listing, deleting runs.
    pub runs: runs::Runs,
    /// Resuming runs, and doing suggestions again.
    pub reruns: reruns::Reruns,
    /// One draft for one asset.
    pub drafts: drafts::Drafts,
    /// Deciding on suggestions.
    pub reviews: reviews::Reviews,
    /// Writing comments, putting them back, and the audit of both.
    pub applies: applies::Applies,
    /// Questions about databases.
    pub asks: asks::Asks,
    /// Searching catalogs.
    pub searches: searches::Searches,
    /// Runs side by side.
    pub comparisons: comparisons::Comparisons,
    /// What a run would touch and cost.
    pub estimates: estimates::Estimates,
    /// Making, changing, pausing, running, deleting schedules.
    pub schedules: schedules::Schedules,
    /// Live events of one run.
    pub progress: progress::RunProgress,
    /// Live changes of all runs.
    pub changes: subscriptions::RunChanges,
    /// `suggestionsChanged`.
    pub suggestion_changes: suggestion_changes::SuggestionChanges,
    /// What models were used for.
    pub usage: usage::UsageReports,
    /// The figures of lists of runs.
    pub figures: figures::RunFigures,
    /// DB profiles and LLM profiles.
    pub profiles: profiles::Profiles,
    /// API tokens, and who shows one.
    pub tokens: tokens::Tokens,
    /// What the databases themselves tell.
    pub catalog: catalog::Catalog,
    /// The processes at work, and the server itself.
    pub workers: workers::Workers,
    /// The world, for look-ups by key that need no use case.
    pub ports: Ports,
}

impl Services {
    /// The use cases over these ports; `bus` names the bus for people.
    pub fn new(ports: Ports, bus: impl Into<String>) -> Self {
        let started_at: Moment = ports.clock.now();
        Self {
            runs: runs::Runs::new(ports.clone()),
            reruns: reruns::Reruns::new(ports.clone()),
            drafts: drafts::Drafts::new(ports.clone()),
            reviews: reviews::Reviews::new(ports.clone()),
            applies: applies::Applies::new(ports.clone()),
            asks: asks::Asks::new(ports.clone()),
            searches: searches::Searches::new(ports.clone()),
            comparisons: comparisons::Comparisons::new(ports.clone()),
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
