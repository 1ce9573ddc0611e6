//! JUDGE: compares the texts of runs, pair by pair, with a language model.
//!
//! The rules: the pairs are recorded with the run, one row each. The model sees a pair in both orders, without the
//! origin of the texts. A row ends when both opinions are there; what each request used is recorded at once. A pair
//! that another run has judged meanwhile, while this one was paused or interrupted, is skipped. The judge reads the
//! store only, never a target.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Kind;
use crate::{
    domain::{
        Code,
        id::SuggestionId,
        judge::{Opinion, Opinions, Pair},
        run::{Row, RowOutcome, RunError},
        status::RunStatus,
        suggestion::{Evidence, Suggestion},
        usage::Usage,
    },
    engine::{
        Ending, Halt,
        closing::Closing,
        context::RunContext,
        sending::{Request, Sender, Sent, fatal},
    },
    port::{
        judge::{Judge as Judging, JudgeRequest},
        model::ModelError,
    },
};

/// Number of rows read from the store at a time.
const ROWS_AT_ONCE: u64 = 500;

/// Compares the texts of runs.
pub struct Judge;

#[async_trait]
impl Kind for Judge {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        let (store, id) = (&context.ports.store, context.run.id);
        let llm_profile = context.llm_profile().await?;
        let judge = context.ports.models.open_judge(&llm_profile).map_err(|error| Halt::Failed(fatal(&error)))?;
        context.prompts(Some(judge.prompt_version())).await?;
        let sender = Sender::new(context, context.throttles.of(&llm_profile));
        let court = Court { context, judge: judge.as_ref(), sender };
        let model = llm_profile.settings.model.as_str();
        let judged = store.judged_elsewhere(id, model, judge.prompt_version()).await?;
        let mut after = 0;
        loop {
            let rows = store.pending_rows(id, after, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            after = last.position;
            let (skipped, rows): (Vec<Row>, Vec<Row>) =
                rows.into_iter().partition(|row| judged.contains(&row.position));
            court.end_rows(skipped.into_iter().map(|row| (row, RowOutcome::Skipped)).collect()).await?;
            court.judge_all(rows).await?;
            if context.stop.is_cancelled() {
                return Ok(Ending::Released);
            }
        }
        court.conclude().await
    }
}

/// A request for an opinion, and its judge.
struct OpinionRequest<'a> {
    judge: &'a dyn Judging,
    request: &'a JudgeRequest,
}

#[async_trait]
impl Request for OpinionRequest<'_> {
    type Answer = Option<Opinion>;

    async fn send(&self) -> Result<(Self::Answer, Usage), ModelError> {
        self.judge.compare(self.request).await
    }
}

/// A pair with its texts and what is known about their asset.
struct Case {
    row: Row,
    texts: [String; 2],
    facts: Vec<Evidence>,
}

/// The work of one claim.
struct Court<'a> {
    context: &'a RunContext,
    judge: &'a dyn Judging,
    sender: Sender<'a>,
}

impl Court<'_> {
    /// Judges the pairs of some rows, with several concurrent requests.
    async fn judge_all(&self, rows: Vec<Row>) -> Result<(), Halt> {
        let cases = self.cases(rows).await?;
        let closing = Closing::new(&self.context.stop);
        let judged = stream::iter(cases)
            .take_until(closing.closed())
            .map(Ok)
            .try_for_each_concurrent(self.sender.width(), |case| closing.unless_closed(self.judge(case)));
        judged.await?;
        closing.end()
    }

    /// Reads the texts of some rows. Rows with a deleted text are recorded as failed.
    async fn cases(&self, rows: Vec<Row>) -> Result<Vec<Case>, Halt> {
        let store = &self.context.ports.store;
        let positions: Vec<i32> = rows.iter().map(|row| row.position).collect();
        let pairs = store.pairs(self.context.run.id, &positions).await?;
        let ids: Vec<SuggestionId> = pairs.values().flat_map(|pair| [pair.first, pair.second]).collect();
        let (suggestions, evidence) = (store.suggestions_by_id(&ids).await?, store.evidence(&ids).await?);
        let (mut cases, mut gone) = (Vec::new(), Vec::new());
        for row in rows {
            let pair = pairs.get(&row.position);
            match pair.and_then(|pair| Some((pair, texts(pair, &suggestions)?))) {
                Some((pair, texts)) => cases.push(Case { row, texts, facts: pair.facts(&evidence) }),
                None => gone.push(row),
            }
        }
        if !gone.is_empty() {
            let error = || {
                let hint = "nothing is left to do for this asset";
                RunError::new(Code::NotFound, "a text of this pair has been deleted", hint)
            };
            self.end_rows(gone.into_iter().map(|row| (row, RowOutcome::Failed(error()))).collect()).await?;
        }
        Ok(cases)
    }

    /// Asks for both opinions on a pair.
    async fn judge(&self, case: Case) -> Result<(), Halt> {
        let Case { row, texts: [first, second], facts } = case;
        let exchanged = [second.clone(), first.clone()];
        let mut begins = Some(vec![row.clone()]);
        let mut opinions = Vec::with_capacity(2);
        for texts in [[first, second], exchanged] {
            let request = JudgeRequest {
                asset: row.asset.clone(),
                facts: facts.clone(),
                texts,
                options: self.context.run.spec.options.clone(),
                is_retry: false,
            };
            match self.ask(request, begins.take()).await? {
                Ok(opinion) => opinions.push(opinion),
                Err(error) => return self.end_rows(vec![(row, RowOutcome::Failed(error))]).await,
            }
        }
        let Ok([one, other]) = <[Opinion; 2]>::try_from(opinions) else { return Ok(()) };
        let other = Opinion { prefers: other.prefers.exchanged(), ..other };
        self.end_rows(vec![(row, RowOutcome::Judged(Opinions([one, other])))]).await
    }

    /// Asks for one opinion, and once more if the answer cannot be read. Records what the requests used.
    async fn ask(
        &self,
        mut request: JudgeRequest,
        mut begins: Option<Vec<Row>>,
    ) -> Result<Result<Opinion, RunError>, Halt> {
        loop {
            let bound = self.judge.bound(&request);
            let asking = OpinionRequest { judge: self.judge, request: &request };
            let Sent { answer, mut usage } = self.sender.send(&bound, begins.take(), &asking).await?;
            if request.is_retry {
                usage.repeats = usage.requests;
            }
            self.context
                .record(move |edit| {
                    edit.add_usage(&usage);
                    Ok(())
                })
                .await?;
            match answer {
                Ok(Some(opinion)) => return Ok(Ok(opinion)),
                Ok(None) if request.is_retry => return Ok(Err(unreadable())),
                Ok(None) => request.is_retry = true,
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    async fn end_rows(&self, ended: Vec<(Row, RowOutcome)>) -> Result<(), Halt> {
        if ended.is_empty() {
            return Ok(());
        }
        self.context
            .record(move |edit| {
                for (row, outcome) in ended {
                    edit.end_row(row, outcome);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Returns how the run ends, once no row is left. A run in which no pair could be judged fails.
    async fn conclude(&self) -> Result<Ending, Halt> {
        let id = self.context.run.id;
        let runs = self.context.ports.store.runs_by_id(&[id]).await?;
        let progress = runs.get(&id).map(|run| run.progress.clone()).unwrap_or_default();
        if progress.done == 0 && progress.failed > 0 {
            let hint = "read the messages of its events, or try another model";
            return Err(Halt::Failed(RunError::new(Code::Unavailable, "no pair of texts could be judged", hint)));
        }
        Ok(Ending::Finished(RunStatus::Success, None))
    }
}

fn unreadable() -> RunError {
    let hint = "try a model that follows a JSON schema";
    RunError::new(Code::Unavailable, "the model returned an unreadable answer twice", hint)
}

/// Returns the texts of a pair; `None` if a suggestion is missing.
fn texts(pair: &Pair, suggestions: &HashMap<SuggestionId, Suggestion>) -> Option<[String; 2]> {
    let text = |id: SuggestionId| suggestions.get(&id).map(|suggestion| suggestion.description.clone());
    Some([text(pair.first)?, text(pair.second)?])
}
