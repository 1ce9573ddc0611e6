//! How a run stops between rows: when its budget is spent or the server stops, it sends nothing new and records what is
//! in progress.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Halt;
use crate::domain::run::RunError;

/// The stop of the rows that a claim processes.
pub struct Closing {
    closed: CancellationToken,
    /// Why the run has to pause.
    paused: Mutex<Option<RunError>>,
}

impl Closing {
    /// Creates the stop, which `stop` trips too.
    pub fn new(stop: &CancellationToken) -> Self {
        Self { closed: stop.child_token(), paused: Mutex::default() }
    }

    /// Completes when nothing new may begin.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.closed.clone().cancelled_owned()
    }

    /// Runs the work of a row unless nothing new may begin.
    ///
    /// # Errors
    /// Returns [`Halt`] if the run cannot continue. A pause is no error: [`Self::end`] returns it once the rows in
    /// progress are recorded.
    pub async fn unless_closed(&self, work: impl Future<Output = Result<(), Halt>>) -> Result<(), Halt> {
        if self.closed.is_cancelled() {
            return Ok(());
        }
        match work.await {
            Err(Halt::Paused(error)) => {
                self.closed.cancel();
                self.paused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                Ok(())
            }
            Err(Halt::Interrupted) => Ok(()),
            other => other,
        }
    }

    /// Ends the work on some rows.
    ///
    /// # Errors
    /// Returns [`Halt::Paused`] if the run has to pause.
    pub fn end(self) -> Result<(), Halt> {
        match self.paused.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(Halt::Paused(error)),
            None => Ok(()),
        }
    }
}
