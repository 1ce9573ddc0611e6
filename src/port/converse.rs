//! Language models that answer questions: a conversation in which the model may use tools.
//!
//! The rule: whoever converses asks the model once and is paid for once; which tools there are, what they return and
//! how often they are used is the caller's. What tools return is data, and travels marked as such.

use async_trait::async_trait;
use serde_json::Value;

use super::model::{ModelError, UsageBound};
use crate::domain::{run::RunOptions, usage::Usage};

/// A tool as the model sees it. Each takes one text: what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it gives.
    pub description: &'static str,
    /// The name of its text.
    pub argument: &'static str,
    /// What its text is.
    pub argument_description: &'static str,
}

/// A question and answer that came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// A use of a tool that the model asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The model's own name for it.
    pub id: String,
    /// Which tool; any text.
    pub name: String,
    /// What came with it; anything.
    pub arguments: Value,
}

/// A use of a tool with what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// The use.
    pub call: Call,
    /// What it gave: JSON as text.
    pub result: String,
}

/// One step of a conversation.
#[derive(Debug, Clone)]
pub struct Conversation<'a> {
    /// What came before, oldest first.
    pub before: &'a [Exchange],
    /// The question.
    pub question: &'a str,
    /// What people say about the databases: JSON as text; empty where nobody says anything.
    pub about: &'a str,
    /// What a search for the question's words found: JSON as text.
    pub found: &'a str,
    /// The tools used so far; those of one inner list were asked for together.
    pub rounds: &'a [Vec<Used>],
    /// The tools that there are.
    pub tools: &'a [Tool],
    /// Whether the answer is due: no tool may be used any more.
    pub due: bool,
    /// `maxOutputTokens` and `temperature` count.
    pub options: &'a RunOptions,
}

/// What the model does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It wants tools used. What it wrote beside that went to the listener.
    Use(Vec<Call>),
    /// It has answered; all of it went to the listener.
    Answered(Completeness),
    /// It is ready to answer: converse without tools.
    Ready,
    /// The endpoint turned out to know no tools: the same once more, it is asked in another way from now on.
    Again,
}

/// Whether an answer came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It did.
    Whole,
    /// `maxOutputTokens` was reached before.
    CutByLength,
    /// The provider's content filter withheld the rest.
    CutByFilter,
}

/// Hears the answer piece by piece.
pub trait Listener: Send {
    /// A piece of the answer came.
    fn hear(&mut self, piece: &str);

    /// What this request said so far turned out to be no part of the answer.
    fn take_back(&mut self);
}

/// Answers questions. One exists per LLM profile in use.
#[async_trait]
pub trait Converser: Send + Sync {
    /// Takes one step.
    ///
    /// # Errors
    /// [`ModelError`]. What was heard before an error may be a part of an answer.
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError>;

    /// The most that a step can use.
    fn bound(&self, conversation: &Conversation<'_>) -> UsageBound;
}
