//! The results of one operation of any kind, as JSON, for the transports that stream.
//!
//! A subscription that can be shared follows a channel or has a separate execution; [`super`] says when. The rules:
//!
//! - Only a channel reads ahead, so a client that reads slowly costs no memory.
//! - A result is serialized when the client asks for it, except in a channel.
//! - An unauthenticated caller gets no result. After the credentials end, a caller gets none either, except the answer
//!   to a query or mutation that is already running.
//! - A panic ends its operation and nothing else.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use async_graphql::{Request as GraphqlRequest, Response, parser::types::OperationType};
use futures_util::{Stream, future::BoxFuture, stream::BoxStream};
use serde_json::{Value, json};
use tokio_util::{sync::WaitForCancellationFutureOwned, task::AbortOnDropHandle};
use tracing::Instrument;

use super::{
    channels::{Execution, Shareable},
    follower::{Followed, Follower},
    key::Key,
    ring::{Shared, Stage},
};
use crate::{
    graphql::{Position, Ready, Sharing},
    http::{
        Door,
        answer::{Answer, log_panic},
        caller::Caller,
        limits::Permit,
        refusal::Refusal,
        request::Prepared,
        request_id::RequestId,
    },
};

/// After how many results a separate execution looks for a channel that could continue it.
const REJOIN: u32 = 128;

/// One result.
pub enum Piece {
    /// A response of the operation's own execution.
    Own(String),
    /// A response of a shared execution.
    Shared(Arc<Shared>),
    /// The errors of an operation that was refused or failed. It is the last result.
    Failed(Value),
}

impl Piece {
    /// Returns the response as JSON.
    pub fn json(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Own(json) => json.into(),
            Self::Shared(shared) => shared.json.as_str().into(),
            Self::Failed(errors) => json!({ "errors": errors }).to_string().into(),
        }
    }
}

/// The results of one operation, in order. The stream ends after the last result.
pub struct Results {
    door: Door,
    caller: Caller,
    id: RequestId,
    /// The key of its channel; `None` if it cannot be shared.
    key: Option<Key>,
    state: State,
    dismissed: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Its place among the client's subscriptions.
    permit: Option<Permit>,
}

/// The responses of one execution.
type Responses = BoxStream<'static, Response>;

enum State {
    /// A query or a mutation, which runs in a separate task.
    Once(BoxFuture<'static, Result<Response, Refusal>>),
    /// A subscription that is executed for this subscriber alone, and the number of its results so far.
    Own { responses: Responses, shareable: Option<Shareable>, read: u32 },
    /// A subscription that follows a channel.
    Follow(Follower),
    /// The operation has ended. The errors, if any, are still to be sent.
    Ended(Option<Value>),
}

impl Results {
    /// Begins an operation.
    pub fn begin(door: Door, caller: Caller, prepared: Prepared, id: RequestId) -> Self {
        let Prepared { request, operation, shared } = prepared;
        let dismissed = Box::pin(caller.dismissed.clone().cancelled_owned());
        let mut results = Self { door, caller, id, key: None, state: State::Ended(None), dismissed, permit: None };
        if let Err(refusal) = results.caller.check_known() {
            results.state = State::Ended(Some(refusal.errors()));
            return results;
        }
        if operation != OperationType::Subscription {
            let work = results.door.clone().execute(results.caller.clone(), request, operation);
            let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
            results.state = State::Once(Box::pin(async move {
                match task.await {
                    Ok(done) => done,
                    Err(failed) => match failed.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(_) => Err(Refusal::unavailable("the server is stopping; try again in a few seconds")),
                    },
                }
            }));
            return results;
        }
        let limit = results.door.limits.subscriptions_per_client;
        results.permit = results.door.open.subscriptions.take(&results.caller.client, limit);
        if results.permit.is_none() {
            let message = format!("you have {limit} subscriptions, the maximum; end some first");
            results.state = State::Ended(Some(Refusal::limit(message).errors()));
            return results;
        }
        let (Some((sharing, blueprint)), Some(rights)) = (shared, results.caller.rights()) else {
            results.state = State::Own { responses: results.execute(request, None), shareable: None, read: 0 };
            return results;
        };
        let key = Key::of(&blueprint, &sharing, rights);
        let after = match sharing {
            Sharing::Numbered { after, .. } => Some(after),
            Sharing::Live => None,
        };
        results.state = if let Some(follower) = results.door.open.channels.follow(&key, after) {
            State::Follow(follower)
        } else {
            let position = Arc::new(after.map_or_else(Position::default, Position::after));
            let shareable = Shareable { position, blueprint, numbered: after.is_some() };
            results.share(&key, results.execute(request, Some(&shareable)), shareable, Stage::Reading)
        };
        results.key = Some(key);
        results
    }

    /// Executes a subscription for this subscriber alone.
    fn execute(&self, mut request: GraphqlRequest, shareable: Option<&Shareable>) -> Responses {
        self.caller.introduce(&mut request.data);
        if let Some(Shareable { position, .. }) = shareable {
            request.data.insert(Arc::clone(position));
        }
        self.door.api.execute_stream(request)
    }

    /// Shares an execution that begins or has caught up. If the existing channel cannot continue it, it stays separate.
    fn share(&self, key: &Key, responses: Responses, shareable: Shareable, stage: Stage) -> State {
        let execution = Execution { responses, shareable, request_id: self.id.clone() };
        match self.door.open.channels.open(key, execution, stage) {
            Ok(follower) => State::Follow(follower),
            Err(Execution { responses, shareable, .. }) => {
                State::Own { responses, shareable: Some(shareable), read: u32::from(stage != Stage::Reading) }
            }
        }
    }

    /// Follows a channel that has the event after this number, if there is one.
    fn follow_after(&self, number: i32) -> Option<Follower> {
        self.door.open.channels.follow(self.key.as_ref()?, Some(number))
    }

    /// Continues after an event that was read: with a channel that has the next one, or with a new execution.
    fn continue_after(&self, after: i32, blueprint: Arc<Ready>) -> State {
        if let Some(follower) = self.follow_after(after) {
            return State::Follow(follower);
        }
        let request = blueprint.request();
        let shareable = Shareable { position: Arc::new(Position::after(after)), blueprint, numbered: true };
        let responses = self.execute(request, Some(&shareable));
        match &self.key {
            Some(key) => self.share(key, responses, shareable, Stage::Reading),
            None => State::Own { responses, shareable: Some(shareable), read: 0 },
        }
    }

    fn fail(&mut self, errors: Value) -> Poll<Option<Piece>> {
        self.state = State::Ended(None);
        Poll::Ready(Some(Piece::Failed(errors)))
    }

    /// Returns a response, or fails with the errors of a document that was not executed.
    fn piece(&mut self, response: Response, first: bool) -> Poll<Option<Piece>> {
        let answer = Answer::new(response);
        if first && answer.refused {
            return self.fail(answer.errors());
        }
        Poll::Ready(Some(Piece::Own(answer.to_json())))
    }

    /// Returns a result of a channel.
    fn shared(&mut self, shared: Arc<Shared>) -> Poll<Option<Piece>> {
        if let Some(errors) = &shared.refused {
            return self.fail(errors.clone());
        }
        if shared.failed {
            self.state = State::Ended(None);
        }
        Poll::Ready(Some(Piece::Shared(shared)))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        loop {
            match &mut self.state {
                State::Ended(reason) => return Poll::Ready(reason.take().map(Piece::Failed)),
                State::Once(work) => {
                    let done = ready!(work.as_mut().poll(context));
                    self.state = State::Ended(None);
                    return match done {
                        Ok(response) => self.piece(response, true),
                        Err(refusal) => self.fail(refusal.errors()),
                    };
                }
                State::Own { responses, shareable, read } => match responses.as_mut().poll_next(context) {
                    Poll::Ready(Some(response)) => {
                        let first = *read == 0;
                        *read = read.wrapping_add(1).max(1);
                        let number = shareable.as_ref().filter(|it| it.numbered && *read % REJOIN == 0);
                        let number = number.map(|it| it.position.number());
                        let piece = self.piece(response, first);
                        if let Some(follower) = number.and_then(|number| self.follow_after(number)) {
                            self.state = State::Follow(follower);
                        }
                        return piece;
                    }
                    Poll::Ready(None) => self.state = State::Ended(None),
                    Poll::Pending if shareable.as_ref().is_some_and(|it| it.position.take_caught_up()) => self.join(),
                    Poll::Pending => return Poll::Pending,
                },
                State::Follow(follower) => match ready!(follower.poll_next(context)) {
                    Followed::Result(shared) => return self.shared(shared),
                    Followed::End => self.state = State::Ended(None),
                    Followed::Behind => {
                        let Some((after, blueprint)) = follower.resume() else {
                            let message =
                                "events arrived faster than they were read; subscribe again, then fetch again";
                            return self.fail(Refusal::unavailable(message).errors());
                        };
                        self.state = self.continue_after(after, blueprint);
                    }
                },
            }
        }
    }

    /// Lets an execution that has caught up join the channel of its key.
    fn join(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Ended(None));
        self.state = match (state, &self.key) {
            (State::Own { responses, shareable: Some(shareable), .. }, Some(key)) => {
                self.share(key, responses, shareable, Stage::CaughtUp)
            }
            (state, _) => state,
        };
    }
}

impl Stream for Results {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        // The fast path for nearly all results: the channel already has the next one.
        let welcome = !self.caller.dismissed.is_cancelled();
        if welcome
            && let State::Follow(follower) = &mut self.state
            && let Poll::Ready(Followed::Result(shared)) = follower.poll_next(context)
        {
            return self.shared(shared);
        }
        let subscribes = matches!(self.state, State::Own { .. } | State::Follow(_));
        if subscribes && self.dismissed.as_mut().poll(context).is_ready() {
            let errors = Refusal::dismissed().errors();
            return self.fail(errors);
        }
        let this = &mut *self;
        match std::panic::catch_unwind(AssertUnwindSafe(|| this.poll(context))) {
            Ok(polled) => polled,
            Err(panic) => {
                log_panic(&*panic, &self.id);
                let errors = Answer::internal(&self.id).errors();
                self.fail(errors)
            }
        }
    }
}
