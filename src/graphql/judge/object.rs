//! The types of verdicts.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use crate::{
    domain::{Error, id::SuggestionId, judge},
    graphql::{context::loaders, run::object::Run, scalar::Long, suggestion::object::Suggestion},
    service::judgements,
};

/// Loads a suggestion of a pair. Verdicts are deleted with either of their suggestions.
async fn suggestion(context: &Context<'_>, id: SuggestionId) -> Result<Suggestion> {
    let gone = || Error::conflict("a text of this verdict has just been deleted; fetch again");
    Ok(Suggestion(loaders(context).suggestions.load_one(id).await?.ok_or_else(gone)?))
}

/// Loads the preferred suggestion; `None` for a tie.
async fn preferred(context: &Context<'_>, pair: judge::Pair, prefers: judge::Preference) -> Result<Option<Suggestion>> {
    Ok(match prefers {
        judge::Preference::First => Some(suggestion(context, pair.first).await?),
        judge::Preference::Second => Some(suggestion(context, pair.second).await?),
        judge::Preference::Tie => None,
    })
}

/// A judge's verdict on two texts for an asset. The judge did not learn which runs wrote them.
pub struct Verdict(Arc<judge::Verdict>);

impl Verdict {
    /// Creates the object from a verdict.
    pub fn new(verdict: judge::Verdict) -> Self {
        Self(Arc::new(verdict))
    }
}

/// A judge's verdict on two texts for an asset. The judge did not learn which runs wrote them.
#[Object]
impl Verdict {
    /// The run of kind JUDGE that gave it.
    async fn run(&self, context: &Context<'_>) -> Result<Option<Run>> {
        Ok(loaders(context).runs.load_one(self.0.run_id).await?.map(Run))
    }

    /// The suggestion of the run with the lower number.
    async fn first(&self, context: &Context<'_>) -> Result<Suggestion> {
        suggestion(context, self.0.pair.first).await
    }

    /// The suggestion of the other run.
    async fn second(&self, context: &Context<'_>) -> Result<Suggestion> {
        suggestion(context, self.0.pair.second).await
    }

    /// The suggestion that is better in both orders; null for a tie.
    async fn winner(&self, context: &Context<'_>) -> Result<Option<Suggestion>> {
        preferred(context, self.0.pair, self.0.opinions.outcome()).await
    }

    /// What the judge said: with the first suggestion shown first, then with the second one shown first.
    async fn opinions(&self) -> Vec<Opinion> {
        let opinion = |at: usize| Opinion { verdict: Arc::clone(&self.0), at };
        (0..self.0.opinions.0.len()).map(opinion).collect()
    }
}

/// What a judge said of two texts in one order.
pub struct Opinion {
    verdict: Arc<judge::Verdict>,
    at: usize,
}

/// What a judge said of two texts in one order.
#[Object]
impl Opinion {
    /// The suggestion that the judge saw as text A; the other one was text B.
    async fn shown_first(&self, context: &Context<'_>) -> Result<Suggestion> {
        let judge::Pair { first, second, .. } = self.verdict.pair;
        suggestion(context, if self.at == 0 { first } else { second }).await
    }

    /// The suggestion that the judge preferred; null if it preferred neither.
    async fn prefers(&self, context: &Context<'_>) -> Result<Option<Suggestion>> {
        preferred(context, self.verdict.pair, self.verdict.opinions.0[self.at].prefers).await
    }

    /// The reason, in the judge's words; empty if it gave none.
    async fn reason(&self) -> &str {
        &self.verdict.opinions.0[self.at].reason
    }
}

/// An estimate of what judging costs.
#[derive(SimpleObject)]
pub struct JudgeEstimate {
    /// The number of pairs of texts to judge. Equal texts, and pairs that the model has already judged with the same
    /// prompts, are left out.
    pairs: i32,
    /// The number of requests to the model: two for each pair.
    requests: i32,
    /// Tokens sent: the likely number.
    input_tokens: Long,
    /// Tokens received: the usual number.
    output_tokens: Long,
    /// United States dollars; null if a price is unknown.
    cost_usd: Option<f64>,
}

impl From<judgements::JudgeEstimate> for JudgeEstimate {
    fn from(estimate: judgements::JudgeEstimate) -> Self {
        let judgements::JudgeEstimate { pairs, requests, input_tokens, output_tokens, cost_usd } = estimate;
        Self { pairs, requests, input_tokens: Long(input_tokens), output_tokens: Long(output_tokens), cost_usd }
    }
}
