//! Language models that answer questions: a conversation in which the model may call tools.
//!
//! The rules: each step is one request to the provider. The caller decides which tools exist, what they return and how
//! often they may be called. Results of tools are data, and are marked as data in the request.

use async_trait::async_trait;
use serde_json::Value;

use super::model::{ModelError, UsageBound};
use crate::domain::{run::RunOptions, usage::Usage};

/// A tool as the model sees it. Each tool takes one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// The name.
    pub name: &'static str,
    /// What the tool returns.
    pub description: &'static str,
    /// The name of its argument.
    pub argument: &'static str,
    /// What the argument means.
    pub argument_description: &'static str,
}

/// An earlier question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// A call of a tool that the model requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The model's id of the call.
    pub id: String,
    /// The name of the tool as the model wrote it, which may be unknown.
    pub name: String,
    /// The arguments as the model wrote them, which may be invalid.
    pub arguments: Value,
}

/// A call and its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// The call.
    pub call: Call,
    /// The result: JSON as text.
    pub result: String,
}

/// One step of a conversation.
#[derive(Debug, Clone)]
pub struct Conversation<'a> {
    /// Earlier exchanges, oldest first.
    pub before: &'a [Exchange],
    /// The question.
    pub question: &'a str,
    /// Notes on the databases: JSON as text; empty if there are none.
    pub about: &'a str,
    /// The result of searching for the question's words: JSON as text.
    pub found: &'a str,
    /// The tool calls so far. Calls of an inner list were requested together.
    pub rounds: &'a [Vec<Used>],
    /// The available tools.
    pub tools: &'a [Tool],
    /// Whether the model must answer now, without further tool calls.
    pub due: bool,
    /// The options; only `maxOutputTokens` and `temperature` are used.
    pub options: &'a RunOptions,
}

/// The model's reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The model requests tool calls. Text that it wrote besides was sent to the listener.
    Use(Vec<Call>),
    /// The model has answered. The whole answer was sent to the listener.
    Answered(Completeness),
    /// The model is ready to answer: repeat the step without tools.
    Ready,
    /// The endpoint does not support tools: repeat the step; it is requested differently from now on.
    Again,
}

/// Whether an answer is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// The answer is complete.
    Whole,
    /// The answer was cut off at `maxOutputTokens`.
    CutByLength,
    /// The provider's content filter withheld the rest.
    CutByFilter,
}

/// Receives the answer in pieces.
pub trait Listener: Send {
    /// Receives a piece of the answer.
    fn receive(&mut self, piece: &str);

    /// Discards what this request has sent so far: it is not part of the answer.
    fn take_back(&mut self);
}

/// Answers questions. One exists per LLM profile in use.
#[async_trait]
pub trait Converser: Send + Sync {
    /// Takes one step: sends one request to the provider.
    ///
    /// # Errors
    /// Returns a [`ModelError`]. The listener may have received a part of an answer before.
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError>;

    /// Returns the version of the prompts; `None` if it sends none.
    fn prompt_version(&self) -> Option<&str>;

    /// Returns the maximum usage of a step.
    fn bound(&self, conversation: &Conversation<'_>) -> UsageBound;
}
