//! Sends requests to a model on behalf of a run: through the throttle, within the budget, with retries.
//!
//! The rules: nothing is sent before its maximum usage is reserved. A provider that is down causes waits and WARNING
//! events, never failed rows. If it stays down, the run pauses. A refused key or an unknown model fails the run
//! immediately; an address where no model answers fails it after a few attempts.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{
    Halt,
    context::{NO_ANSWER, RunContext},
    throttle::Throttle,
    waits::Awaited,
};
use crate::{
    domain::{
        Code,
        run::{Row, RunError},
        usage::Usage,
    },
    port::model::{ModelError, Unusable, UsageBound},
};

/// Maximum wait that a provider may request.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(15);

/// Number of consecutive answers that are not a model's before the address is considered wrong.
const NOT_A_MODEL: u32 = 3;

/// An outage of a provider: since when, and when it was last reported.
struct Outage {
    since: Instant,
    told: Instant,
}

/// Sends the requests of one run to one model.
pub struct Sender<'a> {
    context: &'a RunContext,
    throttle: Arc<Throttle>,
    /// Number of requests sent and not answered yet.
    under_way: AtomicUsize,
    outage: Mutex<Option<Outage>>,
}

/// A request that can be repeated.
#[async_trait]
pub trait Request: Sync {
    /// The answer's type.
    type Answer: Send;

    /// Sends the request once. Returns the answer and its usage.
    async fn send(&self) -> Result<(Self::Answer, Usage), ModelError>;

    /// Returns whether parts of the answer have already been received.
    fn has_begun(&self) -> bool {
        false
    }
}

/// The result of a request.
pub struct Sent<T> {
    /// The answer, or the error if the provider refuses this request.
    pub answer: Result<T, RunError>,
    /// The usage of all attempts.
    pub usage: Usage,
}

impl<'a> Sender<'a> {
    /// Creates a sender to the model behind this throttle.
    pub fn new(context: &'a RunContext, throttle: Arc<Throttle>) -> Self {
        Self { context, throttle, under_way: AtomicUsize::new(0), outage: Mutex::new(None) }
    }

    /// Returns the run's context.
    pub const fn context(&self) -> &'a RunContext {
        self.context
    }

    /// Returns the maximum number of concurrent requests.
    pub fn width(&self) -> usize {
        self.throttle.width()
    }

    /// Sends a request of at most the size `bound`, and retries it if the provider does not answer. `begins` are the
    /// rows to report as started once the request may be sent.
    ///
    /// # Errors
    /// Returns [`Halt`] if the run cannot continue.
    pub async fn send<R: Request>(
        &self,
        bound: &UsageBound,
        mut begins: Option<Vec<Row>>,
        request: &R,
    ) -> Result<Sent<R::Answer>, Halt> {
        let mut waits = self.context.patience.waits();
        let mut retries = 0;
        let mut strange = 0;
        loop {
            let worked_ms = || self.context.worked_ms();
            let reserved = self.context.unless_interrupted(self.context.ledger.reserve(bound, worked_ms)).await?;
            let reservation = reserved.map_err(Halt::Paused)?;
            let full = "its LLM profile has reached its limit of concurrent or recent requests";
            let idle = || self.under_way.load(Ordering::Relaxed) == 0;
            let entering = self.throttle.enter(self.context.ports.store.as_ref());
            let entering = self.context.noticing(Awaited::Provider, full, idle, entering);
            let permit = self.context.unless_interrupted(entering).await??;
            if let Some(rows) = begins.take() {
                self.context
                    .record(move |edit| {
                        for row in &rows {
                            edit.start_row(row);
                        }
                        Ok(())
                    })
                    .await?;
            }
            self.under_way.fetch_add(1, Ordering::Relaxed);
            let silent = || !request.has_begun();
            let sent = self.context.noticing(Awaited::Provider, NO_ANSWER, silent, request.send()).await;
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            match sent? {
                Ok((answer, mut usage)) => {
                    self.answered().await?;
                    usage.retries += retries;
                    reservation.settle(&usage);
                    return Ok(Sent { answer: Ok(answer), usage });
                }
                Err(ModelError::Rejected(message)) => {
                    self.answered().await?;
                    let error = RunError::new(
                        Code::BadUserInput,
                        message,
                        "change the instructions or options, or try another model",
                    );
                    return Ok(Sent { answer: Err(error), usage: Usage { requests: 1, retries, ..Usage::default() } });
                }
                Err(ModelError::Unusable { why, mut usage }) => {
                    self.answered().await?;
                    usage.retries += retries;
                    reservation.settle(&usage);
                    return Ok(Sent { answer: Err(unusable(&why)), usage });
                }
                Err(error) if error.is_transient() => {
                    drop(permit);
                    if error.may_be_billed() {
                        reservation.settle_whole();
                    } else {
                        drop(reservation);
                    }
                    strange = if matches!(error, ModelError::NotAModel(_)) { strange + 1 } else { 0 };
                    if strange == NOT_A_MODEL {
                        return Err(Halt::Failed(fatal(&error)));
                    }
                    retries += 1;
                    let wait = wait_for(&error, waits.next().unwrap_or(self.context.patience.longest_wait));
                    self.not_answered(&error, wait).await?;
                    self.context.wait(wait).await?;
                }
                Err(error) => return Err(Halt::Failed(fatal(&error))),
            }
        }
    }

    async fn answered(&self) -> Result<(), Halt> {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.context.goes_on(Awaited::Provider).await
    }

    /// Reports that the provider does not answer, though not at every attempt of every request.
    async fn not_answered(&self, error: &ModelError, wait: Duration) -> Result<(), Halt> {
        let down_for = {
            let now = Instant::now();
            let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
            let known = outage.is_some();
            let outage = outage.get_or_insert(Outage { since: now, told: now });
            let down_for = now - outage.since;
            if down_for < self.context.patience.provider_down && known && now - outage.told < wait {
                return Ok(());
            }
            outage.told = now;
            down_for
        };
        let error =
            RunError::new(Code::Unavailable, error.to_string(), "check the provider and the LLM profile's base URL");
        if down_for >= self.context.patience.provider_down {
            let message =
                format!("the provider has not answered for {} minutes: {}", down_for.as_secs() / 60, error.message);
            return Err(Halt::Paused(RunError::new(
                Code::Unavailable,
                message,
                "resume the run when the provider is reachable again",
            )));
        }
        self.context.waits_for(Awaited::Provider, &error.message).await?;
        let message = format!("{}; retrying in {:.1} s", error.message, wait.as_secs_f64());
        self.context
            .record(move |edit| {
                edit.warn(message, Some(error));
                Ok(())
            })
            .await?;
        Ok(())
    }
}

fn wait_for(error: &ModelError, growing: Duration) -> Duration {
    match error {
        ModelError::Busy { retry_after: Some(wait), .. } => (*wait).min(LONGEST_RETRY_AFTER),
        _ => growing,
    }
}

/// Converts an unusable answer to the error of a row.
fn unusable(why: &Unusable) -> RunError {
    let (code, hint) = match why {
        Unusable::Filtered => {
            (Code::BadUserInput, "leave the asset out of the scope, or try another model or provider")
        }
        Unusable::Refused(_) => (Code::BadUserInput, "change the instructions, or try another model"),
        Unusable::Empty(_) => (Code::Unavailable, "resume the run to retry; if it fails again, try another model"),
        Unusable::TooLarge { .. } => {
            (Code::Unavailable, "raise `maxOutputTokens`, or try a model or provider that respects it")
        }
        Unusable::Failed(_) => {
            (Code::Unavailable, "resume the run to retry, or check the provider and the LLM profile")
        }
    };
    RunError::new(code, why.to_string(), hint)
}

/// Converts an error of the model to the error that ends the run.
pub fn fatal(error: &ModelError) -> RunError {
    let (code, hint) = match error {
        ModelError::NoKey(_) | ModelError::KeyRefused(_) => {
            (Code::Unauthenticated, "set a valid key in the LLM profile, then resume the run")
        }
        ModelError::Unstructured(_) => (Code::BadUserInput, "choose another model in the LLM profile"),
        ModelError::UnknownModel(_) => (Code::NotFound, "set a model that the provider offers in the LLM profile"),
        ModelError::NotAModel(_) => (Code::BadUserInput, "check the base URL of the LLM profile, then resume the run"),
        ModelError::Misconfigured(_) => (Code::BadUserInput, "correct the LLM profile"),
        _ => (Code::Unavailable, "check the provider and the LLM profile's base URL"),
    };
    RunError::new(code, error.to_string(), hint)
}
