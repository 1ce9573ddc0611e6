//! ASK: answers a question about databases from their indexed catalogs.
//!
//! The rules:
//! - The model sees only what tools return, and no tool reads rows, runs SQL or changes anything.
//! - The numbers of rounds and tool calls and the size of results are bounded.
//! - Each tool call is recorded when it is done, so an interrupted turn continues without repeating it.
//! - An interrupted answer starts over, announced by a RESUMED event. The answer is what came as `ANSWER_DELTA` after
//!   the last RESUMED event, or since the start if there is none.

mod buffer;
mod citations;
mod tools;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::{
    buffer::AnswerBuffer,
    tools::{TOOLS, Tools},
};
use super::Kind;
use crate::{
    domain::{
        Code,
        ask::{AskTurn, ToolUse},
        profile::DbProfile,
        run::{RunEdit, RunError},
        search::{Need, SearchQuery},
        status::RunStatus,
        text::cut,
        usage::Usage,
    },
    engine::{
        Ending, Halt,
        context::{RunContext, target_error},
        indexing::ReadError,
        sending::{Request, Sender, Sent, fatal},
    },
    port::{
        converse::{Call, Completeness, Conversation, Converser, Exchange, Step, Used},
        model::ModelError,
    },
};

/// Maximum number of replies in which the model may call tools.
const MAX_ROUNDS: usize = 6;
/// Maximum number of tool calls in one reply that are executed.
const CALLS_AT_ONCE: usize = 4;
/// Maximum number of times in a turn that a step is repeated because the endpoint supports less than was requested.
const MAX_AGAIN: usize = 3;
/// Maximum number of earlier questions that are sent along.
const EXCHANGES: u64 = 6;
const QUESTION_LENGTH: usize = 600;
const ANSWER_LENGTH: usize = 1_500;
/// Maximum length of all earlier questions and answers together, in bytes; older ones are left out.
const EXCHANGES_LENGTH: usize = 6_000;
/// Maximum length of all tool results that are sent along, in bytes; older ones are left out.
const RESULTS_LENGTH: usize = 9_000;
/// Maximum length of the notes on the databases, in characters; several databases share it equally.
const ABOUT_LENGTH: usize = 6_000;
/// Maximum time that a question waits for an unread catalog of a profile that it names. The reading continues after
/// that.
const READ_TIME: Duration = Duration::from_mins(1);
/// The same for a question to all profiles.
const READ_TIME_EVERYWHERE: Duration = Duration::from_secs(10);
/// How often the answer so far is recorded.
const RECORD_EVERY: Duration = Duration::from_millis(250);

/// Answers a question.
pub struct Ask;

#[async_trait]
impl Kind for Ask {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        let (store, id) = (&context.ports.store, context.run.id);
        let gone = |what: &str, hint: &str| Halt::Failed(RunError::new(Code::NotFound, what, hint));
        let turn = store.turns_of_runs(&[id]).await?.remove(&id);
        let turn = turn.ok_or_else(|| gone("the question has been deleted", "ask again"))?;
        if turn.answer.is_some() {
            return Ok(Ending::Finished(RunStatus::Success, None));
        }
        let mut found = store.db_profiles_by_id(&turn.db_profile_ids).await?;
        let profiles: Vec<DbProfile> = turn.db_profile_ids.iter().filter_map(|id| found.remove(id)).collect();
        if profiles.is_empty() {
            return Err(gone(
                "the DB profiles of this question have been deleted",
                "ask again with existing DB profiles",
            ));
        }
        let llm_profile = context.llm_profile().await?;
        let converser = context.ports.models.open_converser(&llm_profile);
        let converser = converser.map_err(|error| Halt::Failed(fatal(&error)))?;
        context.prompts(converser.prompt_version()).await?;
        read_unread(context, &profiles, turn.everywhere).await?;
        let before = exchanges(context, &turn).await?;
        let used = store.tool_uses(&[turn.id]).await?.remove(&turn.id).unwrap_or_default();
        let mut asking = Asking {
            context,
            turn: &turn,
            about: about(&profiles),
            tools: Tools::new(store.as_ref(), profiles),
            before,
            used,
            sender: Sender::new(context, context.throttles.of(&llm_profile)),
            buffer: AnswerBuffer::default(),
        };
        asking.search_first().await?;
        asking.answer(converser.as_ref()).await
    }
}

/// Reads catalogs that were never read. Records a warning for each one that cannot be read; if none can, the run fails.
async fn read_unread(context: &RunContext, profiles: &[DbProfile], everywhere: bool) -> Result<(), Halt> {
    let ids: Vec<_> = profiles.iter().map(|profile| profile.id).collect();
    let unread = context.ports.store.unread_profiles(&ids).await?;
    let wait = if everywhere { READ_TIME_EVERYWHERE } else { READ_TIME };
    let readings = profiles.iter().filter(|profile| unread.contains(&profile.id)).map(|profile| async move {
        let Some(reading) = context.readings.read(profile, !everywhere) else {
            let hint = "ask again in a minute, or select this profile to connect to it immediately";
            return (
                profile,
                Err(RunError::new(Code::Unavailable, "its database was not reachable a moment ago", hint)),
            );
        };
        let read = match timeout(wait, reading).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(match error.as_ref() {
                ReadError::Target(error) => target_error(error),
                ReadError::Store(_) => RunError::new(Code::Internal, "its catalog could not be recorded", "ask again"),
            }),
            Err(_) => {
                let message = format!("reading its catalog is taking longer than {} seconds", wait.as_secs());
                Err(RunError::new(
                    Code::Unavailable,
                    message,
                    "ask again in a moment: Gloss is still reading the catalog",
                ))
            }
        };
        (profile, read)
    });
    let mut failures = Vec::new();
    for (profile, read) in context.unless_interrupted(join_all(readings)).await? {
        let Err(error) = read else { continue };
        let error = RunError { message: format!("{}: {}", profile.name, error.message), ..error };
        let told = error.clone();
        context
            .record(move |edit| {
                edit.warn(format!("The catalog could not be read: {}", told.message), Some(told));
                Ok(())
            })
            .await?;
        failures.push(error);
    }
    match failures.pop() {
        Some(error) if failures.len() + 1 == profiles.len() => Err(Halt::Failed(error)),
        _ => Ok(()),
    }
}

/// Returns the notes on these databases as JSON; empty if there are none.
fn about(profiles: &[DbProfile]) -> String {
    let said: Vec<(&str, &str)> =
        profiles.iter().filter_map(|profile| Some((profile.name.as_str(), profile.about.as_deref()?))).collect();
    if said.is_empty() {
        return String::new();
    }
    let share = ABOUT_LENGTH / said.len();
    let said = said.into_iter().map(|(name, about)| json!({ "database": name, "about": cut(about, share) }));
    Value::from_iter(said).to_string()
}

/// Returns the earlier questions and answers of the session.
async fn exchanges(context: &RunContext, turn: &AskTurn) -> Result<Vec<Exchange>, Halt> {
    let turns = context.ports.store.last_turns(turn.session_id, Some(turn.id), EXCHANGES).await?;
    let exchange = |turn: AskTurn| {
        let answer = cut(&turn.answer?, ANSWER_LENGTH);
        Some(Exchange { question: cut(&turn.question, QUESTION_LENGTH), answer })
    };
    let mut left = EXCHANGES_LENGTH;
    let fits = |exchange: &Exchange| match left.checked_sub(exchange.question.len() + exchange.answer.len()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let mut exchanges: Vec<Exchange> = turns.into_iter().rev().filter_map(exchange).take_while(fits).collect();
    exchanges.reverse();
    Ok(exchanges)
}

/// A request for one step of the conversation, and the buffer for its answer.
struct StepRequest<'a> {
    converser: &'a dyn Converser,
    conversation: &'a Conversation<'a>,
    buffer: &'a AnswerBuffer,
}

#[async_trait]
impl Request for StepRequest<'_> {
    type Answer = Step;

    async fn send(&self) -> Result<(Step, Usage), ModelError> {
        self.converser.converse(self.conversation, &mut self.buffer.listen()).await
    }

    fn has_begun(&self) -> bool {
        self.buffer.has_text()
    }
}

/// The work of one turn.
struct Asking<'a> {
    context: &'a RunContext,
    turn: &'a AskTurn,
    tools: Tools<'a>,
    about: String,
    before: Vec<Exchange>,
    used: Vec<ToolUse>,
    sender: Sender<'a>,
    buffer: AnswerBuffer,
}

impl Asking<'_> {
    /// Searches for the words of the question. If they find nothing, adds the words of the previous question.
    async fn search_first(&mut self) -> Result<(), Halt> {
        if !self.used.is_empty() {
            return Ok(());
        }
        let mut text = self.turn.question.clone();
        if let Some(last) = self.before.last() {
            let query = SearchQuery::of(&text, false);
            let ids = self.tools.profile_ids();
            if !self.context.ports.store.finds_any(&query, Need::Any, Some(&ids)).await? {
                text = format!("{} {text}", last.question);
            }
        }
        let call = Call { id: "search".into(), name: "search_assets".into(), arguments: json!({ "text": text }) };
        self.use_tools(0, vec![call]).await
    }

    /// Executes tool calls and records each.
    async fn use_tools(&mut self, round: i32, calls: Vec<Call>) -> Result<(), Halt> {
        for (at, call) in calls.into_iter().enumerate() {
            let what = tools::what(&call);
            let begun = Instant::now();
            let result = if at < CALLS_AT_ONCE {
                self.tools.run(&call).await?
            } else {
                json!({ "error": format!("at most {CALLS_AT_ONCE} tools run per reply; call this one again") })
                    .to_string()
            };
            let used = ToolUse {
                position: i32::try_from(self.used.len() + 1).unwrap_or(i32::MAX),
                round,
                call_id: call.id,
                name: cut(&call.name, 80),
                arguments: call.arguments.to_string(),
                result,
                milliseconds: begun.elapsed().as_secs_f64() * 1_000.0,
            };
            let recorded = used.clone();
            self.context
                .record(move |edit| {
                    edit.use_tool(recorded, &what);
                    Ok(())
                })
                .await?;
            self.used.push(used);
        }
        Ok(())
    }

    /// Returns the rounds so far, as the model saw them. Old results beyond the length limit are left out.
    fn rounds(&self) -> Vec<Vec<Used>> {
        let mut left = RESULTS_LENGTH;
        let mut rounds: Vec<(i32, Vec<Used>)> = Vec::new();
        for used in self.used.iter().rev().filter(|used| used.round > 0) {
            let result = match left.checked_sub(used.result.len()) {
                Some(rest) => {
                    left = rest;
                    used.result.clone()
                }
                None => json!({ "error": "this old result was dropped; call the tool again" }).to_string(),
            };
            let arguments: Value = serde_json::from_str(&used.arguments).unwrap_or_default();
            let call = Call { id: used.call_id.clone(), name: used.name.clone(), arguments };
            let used_so = Used { call, result };
            match rounds.last_mut() {
                Some((round, uses)) if *round == used.round => uses.insert(0, used_so),
                _ => rounds.push((used.round, vec![used_so])),
            }
        }
        rounds.into_iter().rev().map(|(_, uses)| uses).collect()
    }

    /// Returns whether the model has made the same call before.
    fn is_known(&self, call: &Call) -> bool {
        let arguments = call.arguments.to_string();
        self.used.iter().any(|used| used.name == call.name && used.arguments == arguments)
    }

    async fn answer(&mut self, converser: &dyn Converser) -> Result<Ending, Halt> {
        let (mut due, mut again, mut silent) = (false, 0, false);
        loop {
            let rounds = self.rounds();
            let round = self.used.iter().map(|used| used.round).max().unwrap_or_default();
            due |= rounds.len() >= MAX_ROUNDS;
            match self.step(converser, &rounds, due).await? {
                // Repeated calls would return nothing new, so require an answer.
                Step::Use(calls) if !due && calls.iter().all(|call| self.is_known(call)) => due = true,
                Step::Use(calls) if !due => self.use_tools(round.saturating_add(1), calls).await?,
                Step::Again if again < MAX_AGAIN => again += 1,
                Step::Ready => due = true,
                Step::Answered(end) if self.buffer.has_text() => return self.conclude(end).await,
                // Repeating the request would have the same result.
                Step::Answered(Completeness::CutByLength) => return Err(Halt::Failed(self.thought_too_long())),
                _ if !silent => {
                    silent = true;
                    due = true;
                }
                _ => {
                    let hint = "ask again, or use another model";
                    let error = RunError::new(Code::Unavailable, "the model returned no answer twice", hint);
                    return Err(Halt::Failed(error));
                }
            }
        }
    }

    /// The error of a run whose tokens were used up before an answer began.
    fn thought_too_long(&self) -> RunError {
        let tokens = self.context.run.spec.options.max_output_tokens;
        RunError::new(
            Code::Unavailable,
            format!("the model used up `maxOutputTokens` ({tokens}) before it began to answer"),
            "ask a narrower question, or use a model that spends fewer tokens on reasoning",
        )
    }

    /// Returns the warning for an incomplete answer.
    fn cut_off(&self, end: Completeness) -> Option<String> {
        let tokens = self.context.run.spec.options.max_output_tokens;
        match end {
            Completeness::Whole => None,
            Completeness::CutByLength => {
                Some(format!("The answer was cut off at `maxOutputTokens` ({tokens}); ask a narrower question"))
            }
            Completeness::CutByFilter => Some("The provider's content filter withheld the rest of the answer".into()),
        }
    }

    /// Sends one request to the model, and records the answer while it arrives.
    async fn step(&mut self, converser: &dyn Converser, rounds: &[Vec<Used>], due: bool) -> Result<Step, Halt> {
        let found = self.used.first().map(|used| used.result.as_str()).unwrap_or_default();
        let conversation = Conversation {
            before: &self.before,
            about: &self.about,
            question: &self.turn.question,
            found,
            rounds,
            tools: TOOLS,
            due,
            options: &self.context.run.spec.options,
        };
        let bound = converser.bound(&conversation);
        let buffer = &self.buffer;
        let request = StepRequest { converser, conversation: &conversation, buffer };
        let mut clock = interval(RECORD_EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sending = std::pin::pin!(self.sender.send(&bound, None, &request));
        let sent = loop {
            tokio::select! {
                biased;
                sent = &mut sending => break sent,
                () = buffer.enough() => self.record_buffer(None).await?,
                _ = clock.tick() => self.record_buffer(None).await?,
            }
        };
        let Sent { answer, usage } = sent?;
        buffer.close();
        self.record_buffer(Some(usage)).await?;
        answer.map_err(Halt::Failed)
    }

    /// Records what arrived since the last call, and its usage.
    async fn record_buffer(&self, usage: Option<Usage>) -> Result<(), Halt> {
        let (taken_back, piece) = self.buffer.take();
        if taken_back.is_none() && piece.is_empty() && usage.is_none() {
            return Ok(());
        }
        self.context
            .record(move |edit: &mut RunEdit| {
                if let Some(usage) = usage {
                    edit.add_usage(&usage);
                }
                if let Some(taken_back) = taken_back {
                    edit.say_again(taken_back.reason());
                }
                if !piece.is_empty() {
                    edit.say(piece);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Records the answer and its citations.
    async fn conclude(&self, end: Completeness) -> Result<Ending, Halt> {
        let answer = self.buffer.answer();
        let seen = citations::seen(self.used.iter().map(|used| used.result.as_str()));
        let named = citations::named(&answer, &seen);
        let mut cited = Vec::new();
        let mut unknown = named.invented;
        for name in named.seen {
            match self.tools.find(&name).await?.into_iter().next() {
                Some(asset) if !cited.contains(&asset.path) => cited.push(asset.path),
                Some(_) => {}
                None => unknown.push(name),
            }
        }
        let cut_off = self.cut_off(end);
        let warning = (!unknown.is_empty()).then(|| {
            let told: Vec<String> = unknown.iter().take(5).map(|name| cut(name, 80)).collect();
            format!("The answer names assets that no tool returned; they are not cited: {}", told.join(", "))
        });
        self.context
            .record(move |edit| {
                edit.answered(answer, cited);
                for warning in cut_off.into_iter().chain(warning) {
                    edit.warn(warning, None);
                }
                Ok(())
            })
            .await?;
        Ok(Ending::Finished(RunStatus::Success, None))
    }
}
