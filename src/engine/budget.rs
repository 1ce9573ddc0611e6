//! The budget of a run.
//!
//! The rules: before a request is sent, its maximum usage is reserved, and a request that might exceed the budget is
//! not sent. A request without an answer that may still be billed counts with its maximum usage. The budget counts from
//! the run's first claim on, so a resumed run continues with the remainder.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::{
    domain::{
        Code,
        run::RunError,
        usage::{Budget, Usage},
    },
    port::model::UsageBound,
};

#[derive(Debug, Default)]
struct Account {
    spent_tokens: i64,
    spent_usd: f64,
    reserved_tokens: i64,
    reserved_usd: f64,
    reservations: u32,
}

/// The spent and reserved parts of a budget.
#[derive(Debug)]
pub struct Ledger {
    budget: Budget,
    account: Mutex<Account>,
    freed: Notify,
}

/// A reservation of a request's maximum usage. Settling or dropping it frees what was not spent.
#[derive(Debug)]
pub struct Reservation<'a> {
    ledger: &'a Ledger,
    tokens: i64,
    usd: f64,
}

impl Ledger {
    /// Creates a ledger that starts with the run's earlier usage.
    pub fn new(budget: Budget, used: &Usage) -> Self {
        let account = Account {
            spent_tokens: used.total_tokens(),
            spent_usd: used.cost_usd.unwrap_or(0.0),
            ..Account::default()
        };
        Self { budget, account: Mutex::new(account), freed: Notify::new() }
    }

    /// Reserves a request's maximum usage. Waits if it would fit once requests in progress are settled. `worked_ms`
    /// returns how long the run has worked, in milliseconds.
    ///
    /// # Errors
    /// Returns the spent limit if the request does not fit and no request in progress could free enough.
    pub async fn reserve(&self, bound: &UsageBound, worked_ms: impl Fn() -> i64) -> Result<Reservation<'_>, RunError> {
        loop {
            let freed = self.freed.notified();
            if let Some(seconds) = self.budget.max_seconds
                && worked_ms() >= i64::from(seconds) * 1_000
            {
                return Err(out_of_seconds(seconds));
            }
            match self.try_reserve(bound) {
                Ok(reservation) => return Ok(reservation),
                Err(Some(error)) => return Err(error),
                Err(None) => freed.await,
            }
        }
    }

    /// Returns `Err(None)` if the request may fit once a request in progress is settled.
    fn try_reserve(&self, bound: &UsageBound) -> Result<Reservation<'_>, Option<RunError>> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = bound.input_tokens + bound.output_tokens;
        let usd = bound.cost_usd.unwrap_or(0.0);
        let short = |text: String, account: &Account| Err((account.reservations == 0).then(|| spent(text)));
        if let Some(most) = self.budget.max_tokens
            && account.spent_tokens + account.reserved_tokens + tokens > most
        {
            let text = match account.spent_tokens {
                0 => format!("the budget of {most} tokens is too small: the first request may use up to {tokens}"),
                spent => format!(
                    "the budget of {most} tokens is spent: {spent} used, and the next request may use up to {tokens}"
                ),
            };
            return short(text, &account);
        }
        if let Some(most) = self.budget.max_cost_usd
            && account.spent_usd + account.reserved_usd + usd > most
        {
            let text = if account.spent_usd > 0.0 {
                format!(
                    "the budget of {most} USD is spent: {:.4} used, and the next request may cost up to {usd:.4}",
                    account.spent_usd
                )
            } else {
                format!("the budget of {most} USD is too small: the first request may cost up to {usd:.4}")
            };
            return short(text, &account);
        }
        account.reserved_tokens += tokens;
        account.reserved_usd += usd;
        account.reservations += 1;
        Ok(Reservation { ledger: self, tokens, usd })
    }
}

/// The error of a run whose time budget is spent.
pub fn out_of_seconds(seconds: i32) -> RunError {
    spent(format!("the budget of {seconds} seconds is spent"))
}

fn spent(message: String) -> RunError {
    RunError::new(Code::LimitExceeded, message, "resume the run with a larger budget, or with `removeBudget`")
}

impl Reservation<'_> {
    /// Settles a request whose usage is unknown. It counts with its maximum usage.
    pub fn settle_whole(self) {
        let mut account = self.ledger.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.spent_tokens += self.tokens;
        account.spent_usd += self.usd;
    }

    /// Settles a request that ended with this usage.
    pub fn settle(self, used: &Usage) {
        let mut account = self.ledger.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.spent_tokens += used.total_tokens();
        account.spent_usd += used.cost_usd.unwrap_or(0.0);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut account = self.ledger.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.reserved_tokens -= self.tokens;
        account.reserved_usd -= self.usd;
        account.reservations -= 1;
        drop(account);
        self.ledger.freed.notify_waiters();
    }
}
