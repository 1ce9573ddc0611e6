//! The warnings of a run about its profiles and its catalog.
//!
//! The rule: a run has each warning once over all its claims, and at most [`LIMIT`] about the catalog. One further
//! warning says that there are more problems.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::context::RunContext;
use crate::{
    domain::{
        Result,
        event::RunEventType,
        page::{MAX_SIZE, PageDirection, PageRequest},
    },
    port::store::Store,
};

/// Maximum number of warnings about the catalog.
const LIMIT: usize = 100;
/// The warning that replaces all further ones.
const FURTHER: &str = "More parts of the catalog could not be read; only the first ones have a warning.";

/// The warnings that a run already has.
pub struct Warnings {
    recorded: Mutex<Recorded>,
}

#[derive(Default)]
struct Recorded {
    messages: HashSet<String>,
    about_catalog: usize,
}

impl Warnings {
    /// Loads the warnings of the run's earlier claims.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn of(context: &RunContext) -> Result<Self> {
        let mut recorded = Recorded::default();
        // The first claim has no earlier warnings.
        if context.run.attempt > 1 {
            let (store, id): (&dyn Store, _) = (context.ports.store.as_ref(), context.run.id);
            let mut page = PageRequest { direction: PageDirection::Forward, size: MAX_SIZE, from: None, until: None };
            loop {
                let events = store.events_page(id, Some(&[RunEventType::Warning]), &page).await?;
                page.from = events.rows.last().map(|(cursor, _)| cursor.clone());
                recorded.messages.extend(events.rows.into_iter().map(|(_, event)| event.message));
                if !events.has_next {
                    break;
                }
            }
        }
        Ok(Self { recorded: Mutex::new(recorded) })
    }

    /// Adds a warning and returns whether it is new.
    pub fn take(&self, warning: &str) -> bool {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).messages.insert(warning.to_owned())
    }

    /// Adds problems of the catalog and returns the warnings to record.
    pub fn take_problems(&self, problems: &[String]) -> Vec<String> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for problem in problems {
            if recorded.messages.contains(FURTHER) {
                break;
            }
            if recorded.messages.contains(problem) {
                continue;
            }
            let warning = if recorded.about_catalog < LIMIT { problem.as_str() } else { FURTHER };
            recorded.about_catalog += 1;
            recorded.messages.insert(warning.to_owned());
            new.push(warning.to_owned());
        }
        new
    }
}
