//! ANALYZE: describes every table and column in scope.
//!
//! The rule: rows are the truth of what is to do. A claim reads the rows without an outcome and does these; so
//! a resumed run asks for no finished row again and skips none. Tables are read a few ahead, requests go out as
//! many at once as the LLM profile allows, and each answer is recorded at once in one transaction; answers of a
//! describer that nobody waits for share one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    Ending, Halt, Kind,
    asking::{Asker, fatal},
    context::RunContext,
    walk::{WalkError, comment_of, rows_of, walk},
};
use crate::{
    domain::{
        asset::{AssetKind, AssetPath},
        catalog::TableDetail,
        run::{Row, RowOutcome, RunError},
        status::RunStatus,
        usage::Usage,
    },
    port::{
        model::{DescribeRequest, Subject},
        target::{SampleLimits, Target, TargetError},
    },
};

/// Rows read from the store at once.
const ROWS_AT_ONCE: u64 = 2_000;
/// Tables whose structure is read with one call: few statements for many tables, and still close to the moment in
/// which they are described.
const TABLES_AT_ONCE: usize = 16;
/// Tables whose data are read ahead of the model.
const TABLES_AHEAD: usize = 4;
/// Jobs whose answers are recorded together where they come at once.
const JOBS_AT_ONCE: usize = 16;

/// Describes every table and column in scope.
pub struct Analyze;

#[async_trait]
impl Kind for Analyze {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        let (db_profile, llm_profile) = (context.db_profile().await?, context.llm_profile().await?);
        let target = context.ports.targets.open(&db_profile).map_err(|error| Halt::Failed(target_error(&error)))?;
        let describer = context.ports.models.open(&llm_profile).map_err(|error| Halt::Failed(fatal(&error)))?;
        let work = Work {
            context,
            target,
            asker: Asker::new(context, describer, context.gates.of(&llm_profile)),
            paused: Mutex::default(),
            row_error: Mutex::default(),
        };
        if context.run.progress.total.is_none() {
            work.resolve().await?;
        }
        let mut after = 0;
        loop {
            let mut rows = context.ports.store.pending_rows(context.run.id, after, ROWS_AT_ONCE).await?;
            if u64::try_from(rows.len()).is_ok_and(|read| read == ROWS_AT_ONCE) {
                leave_last_table(&mut rows);
            }
            let Some(last) = rows.last() else { break };
            after = last.position;
            work.describe_all(rows).await?;
            if let Some(error) = work.paused.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(Halt::Paused(error));
            }
            if context.stop.is_cancelled() {
                return Ok(Ending::Released);
            }
        }
        work.conclude().await
    }
}

/// One claim at work.
struct Work<'a> {
    context: &'a RunContext,
    target: Arc<dyn Target>,
    asker: Asker<'a>,
    /// Set when the run has to pause: nothing new is sent, what is under way is recorded.
    paused: Mutex<Option<RunError>>,
    /// Why a row failed, for a run that comes to nothing.
    row_error: Mutex<Option<RunError>>,
}

/// Rows of one table that are asked for together.
struct Job {
    request: DescribeRequest,
    rows: Vec<Row>,
}

impl Work<'_> {
    /// Finds what is in scope and records it as rows.
    async fn resolve(&self) -> Result<(), Halt> {
        let scope = &self.context.run.scope;
        // Not patiently: a target that was never reached is more likely a wrong address than one that comes back.
        let visits = walk(self.target.as_ref(), scope).await.map_err(|error| {
            Halt::Failed(match error {
                WalkError::Target(error) => target_error(&error),
                WalkError::Unknown { message, .. } => {
                    RunError::new("BAD_USER_INPUT", message, "start a new run with a scope that exists")
                }
            })
        })?;
        let rows = rows_of(&visits);
        self.context
            .record(move |edit| {
                edit.resolve(rows);
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Describes rows, in order of their tables, several requests at once.
    async fn describe_all(&self, rows: Vec<Row>) -> Result<(), Halt> {
        let closed = self.context.stop.child_token();
        let jobs = stream::iter(in_groups(by_table(rows)))
            .take_until(closed.clone().cancelled_owned())
            .map(|group| self.read(group))
            .buffered(1)
            .map_ok(|tables| stream::iter(tables).map(Ok))
            .try_flatten()
            .map_ok(|(table, rows)| self.prepare(table, rows))
            .try_buffered(TABLES_AHEAD)
            .map_ok(|jobs| stream::iter(jobs).map(Ok))
            .try_flatten()
            .take_until(closed.clone().cancelled_owned());
        if self.asker.answers_at_once() {
            return jobs
                .try_ready_chunks(JOBS_AT_ONCE)
                .map_err(|error| error.1)
                .try_for_each(|jobs| self.unless_closed(&closed, self.describe_together(jobs)))
                .await;
        }
        jobs.try_for_each_concurrent(self.asker.width(), |job| self.unless_closed(&closed, self.describe(job))).await
    }

    /// Does work until the run has to pause or to stop; what is under way then is still recorded.
    async fn unless_closed(
        &self,
        closed: &CancellationToken,
        work: impl Future<Output = Result<(), Halt>>,
    ) -> Result<(), Halt> {
        if closed.is_cancelled() {
            return Ok(());
        }
        match work.await {
            Err(Halt::Paused(error)) => {
                closed.cancel();
                self.paused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                Ok(())
            }
            Err(Halt::Stopped) => Ok(()),
            other => other,
        }
    }

    /// Reads the structure of some tables of one schema; the rows of those that are gone are recorded as failed.
    async fn read(&self, group: Vec<Vec<Row>>) -> Result<Vec<(Arc<TableDetail>, Vec<Row>)>, Halt> {
        let AssetPath { database, schema, .. } = group[0][0].asset.clone();
        let (schema, names) = (schema.unwrap_or_default(), group.iter().map(|rows| table_of(rows)).collect::<Vec<_>>());
        let read = self.patiently(|| self.target.details(database.as_deref(), &schema, &names)).await?;
        let details = match read {
            Ok(details) => details,
            Err(error @ TargetError::Refused(_)) => {
                self.fail_rows(group.into_iter().flatten().collect(), target_error(&error)).await?;
                return Ok(Vec::new());
            }
            Err(error) => return Err(Halt::Failed(target_error(&error))),
        };
        let mut details: HashMap<String, TableDetail> =
            details.into_iter().map(|detail| (detail.table.name.clone(), detail)).collect();
        let mut tables = Vec::with_capacity(group.len());
        for rows in group {
            if let Some(detail) = details.remove(&table_of(&rows)) {
                tables.push((Arc::new(detail), rows));
            } else {
                let table = AssetPath { column: None, ..rows[0].asset.clone() };
                self.fail_rows(rows, gone(&table)).await?;
            }
        }
        Ok(tables)
    }

    /// Reads a table's data if asked to, and makes its requests; rows that need no request are recorded.
    async fn prepare(&self, table: Arc<TableDetail>, rows: Vec<Row>) -> Result<Vec<Job>, Halt> {
        let options = &self.context.run.options;
        let index: HashMap<&str, usize> =
            table.columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).collect();
        let (mut wanted, mut ended) = (Vec::new(), Vec::new());
        for row in rows {
            let subject = match row.asset.column.as_deref() {
                None => Some(Subject::Table),
                Some(column) => index.get(column).copied().map(Subject::Column),
            };
            match subject {
                None => {
                    let error = gone(&row.asset);
                    ended.push((row, RowOutcome::Failed(error)));
                }
                Some(subject) if options.missing_only && comment_of(&table, subject).is_some() => {
                    ended.push((row, RowOutcome::Skipped));
                }
                Some(subject) => wanted.push((row, subject)),
            }
        }
        if !ended.is_empty() {
            self.end_rows(ended, Usage::default()).await?;
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        // Without statistics a description rests on less, but it is still one.
        let statistics = if options.profile_data {
            let read = self.patiently(|| async {
                match self.target.statistics(&table, SampleLimits::default()).await {
                    Ok(statistics) => Ok(Some(Arc::new(statistics))),
                    Err(error @ TargetError::Unreachable(_)) => Err(error),
                    Err(error) => {
                        tracing::warn!(table = %table.path().display(), %error, "no statistics");
                        Ok(None)
                    }
                }
            });
            read.await?.map_err(|error| Halt::Failed(target_error(&error)))?
        } else {
            None
        };
        let batches = wanted.chunks(self.asker.batch_size());
        let jobs = batches.map(|batch| Job {
            request: DescribeRequest {
                table: Arc::clone(&table),
                statistics: statistics.clone(),
                subjects: batch.iter().map(|(_, subject)| *subject).collect(),
                revisions: Vec::new(),
                options: options.clone(),
                asked_before: false,
            },
            rows: batch.iter().map(|(row, _)| row.clone()).collect(),
        });
        Ok(jobs.collect())
    }

    /// Asks for the rows of a job; those that the answer does not hold are asked for once more, then fail.
    async fn describe(&self, job: Job) -> Result<(), Halt> {
        let Job { mut request, mut rows } = job;
        let mut begins = Some(rows.clone());
        loop {
            let asked = self.asker.ask(&request, begins.take()).await?;
            let drafts = match asked.drafts {
                Ok(drafts) => drafts,
                Err(error) => {
                    let ended = rows.into_iter().map(|row| (row, RowOutcome::Failed(error.clone()))).collect();
                    return self.end_rows(ended, asked.usage).await;
                }
            };
            let mut drafts = drafts.into_iter();
            let (mut ended, mut again) = (Vec::new(), Vec::new());
            for (row, subject) in rows.into_iter().zip(request.subjects.iter().copied()) {
                match drafts.next().flatten() {
                    Some(draft) => {
                        let existing_comment = comment_of(&request.table, subject).map(str::to_owned);
                        ended.push((row, RowOutcome::Done { draft, existing_comment }));
                    }
                    None if request.asked_before => ended.push((row, RowOutcome::Failed(unreadable()))),
                    None => again.push((row, subject)),
                }
            }
            self.end_rows(ended, asked.usage).await?;
            if again.is_empty() {
                return Ok(());
            }
            request.asked_before = true;
            (rows, request.subjects) = again.into_iter().unzip();
        }
    }

    /// Asks for the rows of several jobs, one after the other, and records all in one transaction.
    async fn describe_together(&self, jobs: Vec<Job>) -> Result<(), Halt> {
        let (mut ended, mut usage) = (Vec::new(), Usage::default());
        for Job { request, rows } in jobs {
            let asked = self.asker.ask(&request, None).await?;
            usage.add(&asked.usage);
            let drafts = asked.drafts.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
            for ((row, subject), draft) in rows.into_iter().zip(request.subjects.iter().copied()).zip(drafts) {
                let existing_comment = comment_of(&request.table, subject).map(str::to_owned);
                let done = draft.map(|draft| RowOutcome::Done { draft, existing_comment });
                ended.push((row, done.unwrap_or_else(|| RowOutcome::Failed(unreadable()))));
            }
        }
        self.context
            .record(move |edit| {
                edit.add_usage(&usage);
                for (row, outcome) in ended {
                    edit.start_row(&row);
                    edit.end_row(row, outcome);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Records rows that came to an end, with what they used, in one transaction.
    async fn end_rows(&self, ended: Vec<(Row, RowOutcome)>, usage: Usage) -> Result<(), Halt> {
        let failed = ended.iter().find_map(|(_, outcome)| match outcome {
            RowOutcome::Failed(error) => Some(error.clone()),
            _ => None,
        });
        if let Some(error) = failed {
            self.row_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        self.context
            .record(move |edit| {
                edit.add_usage(&usage);
                for (row, outcome) in ended {
                    edit.end_row(row, outcome);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn fail_rows(&self, rows: Vec<Row>, error: RunError) -> Result<(), Halt> {
        self.end_rows(rows.into_iter().map(|row| (row, RowOutcome::Failed(error.clone()))).collect(), Usage::default())
            .await
    }

    /// Where the run ends now that no row is left.
    async fn conclude(&self) -> Result<Ending, Halt> {
        let id = self.context.run.id;
        let runs = self.context.ports.store.runs_by_id(&[id]).await?;
        let progress = runs.get(&id).map(|run| run.progress.clone()).unwrap_or_default();
        if progress.done > 0 {
            return Ok(Ending::Finished(RunStatus::ReadyForReview, None));
        }
        if progress.failed == 0 {
            return Ok(Ending::Finished(RunStatus::Success, None));
        }
        let cause = self.row_error.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(unreadable);
        let message = format!("none of {} assets could be described: {}", progress.failed, cause.message);
        Err(Halt::Failed(RunError { message, ..cause }))
    }

    /// Calls the target; while it cannot be reached, waits and tries again for as long as the run's patience.
    async fn patiently<T, F>(&self, call: impl Fn() -> F) -> Result<Result<T, TargetError>, Halt>
    where
        F: Future<Output = Result<T, TargetError>>,
    {
        let (began, patience) = (Instant::now(), self.context.patience);
        for wait in patience.waits() {
            let done = call().await;
            let left = patience.target_down.saturating_sub(began.elapsed());
            match done {
                Err(error @ (TargetError::Unreachable(_) | TargetError::TimedOut(_))) if !left.is_zero() => {
                    let wait = wait.min(left);
                    let error = target_error(&error);
                    self.context
                        .record(move |edit| {
                            edit.warn(
                                format!("{}; trying again in {:.1} s", error.message, wait.as_secs_f64()),
                                Some(error),
                            );
                            Ok(())
                        })
                        .await?;
                    self.context.wait(wait).await?;
                }
                done => return Ok(done),
            }
        }
        Ok(call().await)
    }
}

/// Rows that follow one another in one table, together.
fn by_table(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut tables: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        let same = |other: &Row| {
            let (a, b) = (&other.asset, &row.asset);
            a.table == b.table && a.schema == b.schema && a.database == b.database
        };
        match tables.last_mut() {
            Some(table) if same(&table[0]) => table.push(row),
            _ => tables.push(vec![row]),
        }
    }
    tables
}

/// Leaves out the last table, whose other rows come with the next read, unless it is the only one.
fn leave_last_table(rows: &mut Vec<Row>) {
    let table_of = |row: &Row| AssetPath { kind: AssetKind::Table, column: None, ..row.asset.clone() };
    let Some(last) = rows.last().map(table_of) else { return };
    let others = rows.iter().rposition(|row| table_of(row) != last).map_or(rows.len(), |at| at + 1);
    rows.truncate(others);
}

/// Tables that follow one another in one schema, in groups that are read with one call.
fn in_groups(tables: Vec<Vec<Row>>) -> Vec<Vec<Vec<Row>>> {
    let mut groups: Vec<Vec<Vec<Row>>> = Vec::new();
    for table in tables {
        let same = |other: &[Row]| {
            let (a, b) = (&other[0].asset, &table[0].asset);
            a.schema == b.schema && a.database == b.database
        };
        match groups.last_mut() {
            Some(group) if group.len() < TABLES_AT_ONCE && same(&group[0]) => group.push(table),
            _ => groups.push(vec![table]),
        }
    }
    groups
}

fn table_of(rows: &[Row]) -> String {
    rows[0].asset.table.clone().unwrap_or_default()
}

/// What a person reads of a row whose asset went away.
fn gone(asset: &AssetPath) -> RunError {
    let message = format!("{} is no longer there", asset.display());
    RunError::new("NOT_FOUND", message, "start a new run to take up what the database holds now")
}

fn unreadable() -> RunError {
    RunError::new(
        "UNAVAILABLE",
        "the model's answer could not be read, twice",
        "raise `maxOutputTokens`, or try a model that follows a JSON schema",
    )
}

/// What a person reads when a target gave nothing.
pub fn target_error(error: &TargetError) -> RunError {
    let (code, hint) = match error {
        TargetError::Unreachable(_) | TargetError::TimedOut(_) => {
            ("UNAVAILABLE", "check that the database runs and the DB profile's URL is right, then resume the run")
        }
        TargetError::Refused(_) => ("BAD_USER_INPUT", "check the scope and the rights of the login"),
        TargetError::Misconfigured(_) => ("BAD_USER_INPUT", "correct the DB profile"),
    };
    RunError::new(code, error.to_string(), hint)
}
