//! The table pipeline: describes the rows of a run, table by table, and schemas and databases one by one.
//!
//! The rule: the rows determine what is left to do. A claim reads the rows without an outcome and processes them, so a
//! resumed run repeats no finished row and skips none. Tables are read a few ahead, up to the LLM profile's limit of
//! requests run concurrently, and each answer is recorded right away in one transaction. Answers of a describer that
//! answers immediately share transactions. For a row that is repeated, the request includes the previous text.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{FutureExt, StreamExt, TryStreamExt, future::FusedFuture, stream};

use super::{
    Ending, Halt,
    bound::{Bound, described},
    closing::Closing,
    container::container_of,
    context::{RunContext, target_error},
    describing::{DescriberClient, DescriptionRequest},
    groups::{by_table, in_groups, leave_last_table, table_of},
    indexing::take_tables,
    lineage::lineages,
    neighbours::Parents,
    sending::fatal,
    walk::comment_of,
    warnings::Warnings,
};
use crate::{
    domain::{
        Code,
        asset::{AssetKind, AssetPath},
        catalog::{ColumnStatistics, Problems, Schema, TableDetail, TableStatistics},
        documented::Documented,
        id::SuggestionId,
        lineage::{Lineage, Source},
        profile::DbProfile,
        run::{Row, RowOutcome, RunError},
        status::{RunKind, RunStatus},
        text::{cut, one_line, some_of, visible},
        usage::Usage,
        vocabulary::TableNames,
    },
    port::{
        model::{ContainerRequest, DescribeRequest, Revision, Subject},
        target::{SampleLimits, Target, TargetError},
    },
};

/// Number of rows read from the store at a time.
const ROWS_AT_ONCE: u64 = 2_000;
/// Maximum number of documented tables and columns that lend their texts to others.
pub const DOCUMENTED: u64 = 50_000;
/// Maximum number of schemas of a database whose tables are listed.
const SCHEMAS: usize = 100;
/// Maximum number of tables whose statistics are kept for the views that follow.
const SAMPLED: usize = 64;
/// Number of tables whose data are read ahead of the model.
const TABLES_AHEAD: usize = 4;
/// Maximum length of a right in a warning, in characters.
const RIGHT_LENGTH: usize = 200;
/// Number of jobs that are recorded together if the describer answers immediately.
const JOBS_AT_ONCE: usize = 16;
/// Number of such records under way: while one is written, the next is described.
const CHUNKS_AT_ONCE: usize = 2;

/// The work of one claim.
pub struct Work<'a> {
    /// The context of the run.
    pub context: &'a RunContext,
    /// The profile of the described database.
    pub db_profile: DbProfile,
    /// The described database.
    pub target: Arc<dyn Target>,
    client: DescriberClient<'a>,
    /// The profile's text about the database.
    about: Option<Arc<str>>,
    /// What was documented of the database when this claim began.
    pub(super) documented: Arc<Documented>,
    /// What was read of the tables that others refer to.
    pub(super) parents: Parents,
    /// The tables of each database.
    listed: tokio::sync::Mutex<HashMap<Option<String>, Arc<Listed>>>,
    /// The statistics that were read last, which views take theirs from.
    sampled: tokio::sync::Mutex<HashMap<AssetPath, Arc<TableStatistics>>>,
    /// The error of the first failed row, for a run in which all rows fail.
    row_error: Mutex<Option<RunError>>,
    warnings: Warnings,
}

/// The previous texts of repeated rows.
type Revisions = HashMap<SuggestionId, Revision>;

/// What a list of all tables of a database tells.
pub(super) struct Listed {
    pub(super) names: Arc<TableNames>,
    /// The approximate numbers of rows, by schema and table.
    pub(super) rows: HashMap<(String, String), i64>,
}

/// A table with its rows of the run.
struct Read {
    table: Arc<TableDetail>,
    /// Where the columns of a view come from.
    lineage: Arc<[Option<Lineage>]>,
    /// All tables of its database.
    listed: Arc<Listed>,
    rows: Vec<Row>,
}

/// Rows of one request: some of one table, or one schema or database.
struct Job {
    request: DescriptionRequest,
    rows: Vec<Row>,
}

impl<'a> Work<'a> {
    /// Opens the database and the model that the run's profiles name.
    ///
    /// # Errors
    /// Returns [`Halt::Failed`] if a profile was deleted or cannot be used.
    pub async fn open(context: &'a RunContext) -> Result<Self, Halt> {
        let (db_profile, llm_profile) = (context.db_profile().await?, context.llm_profile().await?);
        let describer = context.ports.models.open(&llm_profile).map_err(|error| Halt::Failed(fatal(&error)))?;
        let run = &context.run;
        // If the target was never reached, its address is probably wrong, so do not retry. The identity does not tell:
        // a schedule's run inherits it from the previous run.
        let was_reached = run.progress.total.is_some();
        let Bound { target, identity } = context.bound(&db_profile, &described(run), was_reached, target_error).await?;
        // A run that has described nothing yet describes the database that is there now.
        if run.identity.is_none() || (run.progress.done == 0 && run.identity.as_ref() != Some(&identity)) {
            context
                .record(move |edit| {
                    edit.identify(identity);
                    Ok(())
                })
                .await?;
        }
        context.prompts(describer.prompt_version()).await?;
        let ignored = describer.ignores(&run.spec.options);
        let documented = context.ports.store.documented_assets(db_profile.id, DOCUMENTED).await?;
        let work = Self {
            context,
            about: db_profile.about.as_deref().map(Arc::from),
            db_profile,
            target,
            client: DescriberClient::new(context, describer, context.throttles.of(&llm_profile)),
            row_error: Mutex::default(),
            warnings: Warnings::of(context).await?,
            documented: Arc::new(Documented::of(documented)),
            parents: Parents::default(),
            listed: tokio::sync::Mutex::default(),
            sampled: tokio::sync::Mutex::default(),
        };
        work.warn_of_ignored(&ignored).await?;
        Ok(work)
    }

    /// Describes all rows without an outcome and returns how the run ends. `alongside` is other work of the run, which
    /// goes on at the same time; a run that finishes waits for it.
    ///
    /// # Errors
    /// Returns [`Halt`] if the run cannot continue.
    pub async fn describe_pending(&self, alongside: impl Future<Output = ()>) -> Result<Ending, Halt> {
        self.warn_of_rights().await?;
        let mut alongside = pin!(alongside.fuse());
        let mut describing = pin!(self.describe_rows());
        let ending = loop {
            tokio::select! {
                () = &mut alongside, if !alongside.is_terminated() => {}
                ending = &mut describing => break ending?,
            }
        };
        match ending {
            Some(ending) => Ok(ending),
            None => {
                if !alongside.is_terminated() {
                    alongside.await;
                }
                self.conclude().await
            }
        }
    }

    /// Describes all rows without an outcome. Returns an ending if some are left.
    async fn describe_rows(&self) -> Result<Option<Ending>, Halt> {
        let (store, id) = (&self.context.ports.store, self.context.run.id);
        let mut after = 0;
        loop {
            let mut rows = store.pending_rows(id, after, ROWS_AT_ONCE).await?;
            if u64::try_from(rows.len()).is_ok_and(|read| read == ROWS_AT_ONCE) {
                leave_last_table(&mut rows);
            }
            let Some(last) = rows.last() else { break };
            after = last.position;
            let again: Vec<SuggestionId> = rows.iter().filter_map(|row| row.again).collect();
            let before = if again.is_empty() { HashMap::new() } else { store.suggestions_by_id(&again).await? };
            let variation = self.context.run.spec.variations;
            let revise = |text: &str| Revision { previous: text.to_owned(), variation };
            let revisions = before.iter().map(|(id, before)| (*id, revise(before.final_text()))).collect();
            self.describe_all(rows, &revisions).await?;
            if self.context.stop.is_cancelled() {
                return Ok(Some(Ending::Released));
            }
        }
        Ok(None)
    }

    /// Warns of a database user with more privileges than Gloss needs.
    async fn warn_of_rights(&self) -> Result<(), Halt> {
        // A target that does not answer fails the run at the next step.
        let rights = self.target.excess_rights().await.unwrap_or_default();
        if rights.is_empty() {
            return Ok(());
        }
        let rights: Vec<String> = rights.iter().map(|right| cut(&visible(right), RIGHT_LENGTH)).collect();
        self.warn_once(format!(
            "the database user of the DB profile `{}` has privileges that Gloss does not need: {}; create a separate \
             user for Gloss (docs/least-rights.md)",
            self.db_profile.name,
            some_of(&rights, "; ")
        ))
        .await
    }

    /// Warns of options that the describer ignores.
    async fn warn_of_ignored(&self, ignored: &[&str]) -> Result<(), Halt> {
        if ignored.is_empty() {
            return Ok(());
        }
        let ignored: Vec<String> = ignored.iter().map(|option| format!("`{option}`")).collect();
        self.warn_once(format!(
            "The builtin describer ignores {}; to use these options, choose another LLM profile",
            ignored.join(", ")
        ))
        .await
    }

    /// Records a warning unless the run has it already.
    async fn warn_once(&self, message: String) -> Result<(), Halt> {
        if self.warnings.take(&message) { self.record_warnings(vec![message]).await } else { Ok(()) }
    }

    /// Describes rows in the order of their tables, with several concurrent requests.
    async fn describe_all(&self, rows: Vec<Row>, revisions: &Revisions) -> Result<(), Halt> {
        let closing = Closing::new(&self.context.stop);
        let is_container = |row: &Row| matches!(row.asset.kind, AssetKind::Schema | AssetKind::Database);
        let (containers, rows): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(is_container);
        let containers = stream::iter(containers)
            .then(|row| self.prepare_container(row, revisions))
            .try_filter_map(|job| std::future::ready(Ok(job)));
        let jobs = stream::iter(in_groups(by_table(rows)))
            .take_until(closing.closed())
            .map(|group| self.read(group))
            .buffered(1)
            .map_ok(|tables| stream::iter(tables).map(Ok))
            .try_flatten()
            .map_ok(|read| self.prepare(read, revisions))
            .try_buffered(TABLES_AHEAD)
            .map_ok(|jobs| stream::iter(jobs).map(Ok))
            .try_flatten()
            .chain(containers)
            .take_until(closing.closed());
        if self.client.is_local() {
            jobs.try_ready_chunks(JOBS_AT_ONCE)
                .map_err(|error| error.1)
                .try_for_each_concurrent(CHUNKS_AT_ONCE, |jobs| closing.unless_closed(self.describe_together(jobs)))
                .await?;
        } else {
            jobs.try_for_each_concurrent(self.client.width(), |job| closing.unless_closed(self.describe(job))).await?;
        }
        closing.end()
    }

    /// Reads the structure of some tables of one schema. The rows of tables that no longer exist are recorded as
    /// failed.
    async fn read(&self, group: Vec<Vec<Row>>) -> Result<Vec<Read>, Halt> {
        let AssetPath { database, schema, .. } = group[0][0].asset.clone();
        let (schema, names) = (schema.unwrap_or_default(), group.iter().map(|rows| table_of(rows)).collect::<Vec<_>>());
        let read = self.context.patiently(|| self.target.details(database.as_deref(), &schema, &names)).await?;
        let details = match read {
            Ok(details) => details,
            Err(error @ TargetError::Refused(_)) => {
                self.fail_rows(group.into_iter().flatten().collect(), target_error(&error)).await?;
                return Ok(Vec::new());
            }
            Err(error) => return Err(Halt::Failed(target_error(&error))),
        };
        let details: Vec<Arc<TableDetail>> = details.into_iter().map(Arc::new).collect();
        // A walk has already indexed what it read.
        if !self.walks() {
            take_tables(self.context.ports.store.as_ref(), &self.db_profile, &details).await;
        }
        let mut problems = Problems::default();
        details.iter().for_each(|detail| problems.extend(detail.problems.clone()));
        // A walk has already reported the unreadable names.
        self.warn(&if self.walks() { problems.others } else { problems.sentences() }).await?;
        let backend = self.db_profile.backend;
        let mut lineages = lineages(self.target.as_ref(), backend, &details).await;
        let listed = self.listed_in(database).await?;
        let mut details: HashMap<String, Arc<TableDetail>> =
            details.into_iter().map(|detail| (detail.table.name.clone(), detail)).collect();
        let mut tables = Vec::with_capacity(group.len());
        for rows in group {
            if let Some(detail) = details.remove(&table_of(&rows)) {
                let lineage = lineages.remove(&detail.table.name).unwrap_or_default().into();
                tables.push(Read { table: detail, lineage, listed: Arc::clone(&listed), rows });
            } else {
                let table = AssetPath { column: None, ..rows[0].asset.clone() };
                self.fail_rows(rows, gone(&table)).await?;
            }
        }
        Ok(tables)
    }

    /// Lists all tables of a database, once for each. The list only helps to describe, so the run goes on without it.
    async fn listed_in(&self, database: Option<String>) -> Result<Arc<Listed>, Halt> {
        let mut known = self.listed.lock().await;
        if let Some(listed) = known.get(&database) {
            return Ok(Arc::clone(listed));
        }
        let read = async || {
            let mut found = Vec::new();
            for Schema { name: schema, .. } in self.target.schemas(database.as_deref()).await?.into_iter().take(SCHEMAS)
            {
                let tables = self.target.tables(database.as_deref(), &schema).await?;
                found.extend(tables.into_iter().map(|table| ((schema.clone(), table.name), table.row_estimate)));
            }
            Ok::<_, TargetError>(found)
        };
        let found = self.context.unless_interrupted(read()).await?.unwrap_or_default();
        let names = Arc::new(TableNames::of(found.iter().map(|((_, table), _)| table.as_str())));
        let rows = found.into_iter().filter_map(|(table, rows)| Some((table, rows?))).collect();
        let listed = Arc::new(Listed { names, rows });
        known.insert(database, Arc::clone(&listed));
        Ok(listed)
    }

    /// Samples a table. Statistics are optional: without them, a description has less evidence.
    pub(super) async fn sample(&self, table: &TableDetail, limits: SampleLimits) -> Result<Arc<TableStatistics>, Halt> {
        let read = self.context.patiently(|| async {
            match self.target.statistics(table, limits).await {
                Ok(statistics) => Ok(statistics),
                Err(error @ TargetError::Unreachable(_)) => Err(error),
                Err(error) => {
                    let problem = format!("The rows of `{}` cannot be read: {error}.", one_line(&table.table.name));
                    Ok(TableStatistics { problems: vec![problem], ..TableStatistics::default() })
                }
            }
        });
        Ok(Arc::new(read.await?.map_err(|error| Halt::Failed(target_error(&error)))?))
    }

    /// Keeps statistics for the views that follow.
    async fn keep(&self, table: &TableDetail, statistics: &Arc<TableStatistics>) {
        let mut sampled = self.sampled.lock().await;
        if sampled.len() >= SAMPLED {
            sampled.clear();
        }
        sampled.insert(table.path(), Arc::clone(statistics));
    }

    /// Returns the statistics of a table, or those of the columns that a view selects if the view itself is not
    /// sampled.
    async fn statistics(
        &self,
        table: &TableDetail,
        lineage: &[Option<Lineage>],
    ) -> Result<Option<Arc<TableStatistics>>, Halt> {
        let statistics = self.sample(table, SampleLimits::default()).await?;
        self.keep(table, &statistics).await;
        self.warn(&statistics.problems).await?;
        if !statistics.columns.is_empty() {
            return Ok(Some(statistics));
        }
        let may_read = |source: &Source| {
            source.table.table.kind == AssetKind::Table && self.may_read(&source.table.schema, &source.table.table.name)
        };
        let mut found = TableStatistics { complete: true, ..TableStatistics::default() };
        for (column, lineage) in table.columns.iter().zip(lineage) {
            let source = lineage.as_ref().and_then(Lineage::same).filter(|source| may_read(source));
            let of_source = match source {
                Some(source) => self.statistics_of(source).await?,
                None => None,
            };
            let (whole, one) = of_source.unwrap_or_default();
            found.complete &= whole.complete;
            found.sampled_rows = found.sampled_rows.max(whole.sampled_rows);
            // How many rows the view has, and how often a value occurs in them, is not known.
            found.columns.push(ColumnStatistics {
                name: column.name.clone(),
                null_share: None,
                copy_of: None,
                not_before: None,
                ..one
            });
        }
        Ok((found.sampled_rows > 0).then(|| Arc::new(found)))
    }

    /// Returns whether the rows of a table may be read for the sake of another one.
    pub(super) fn may_read(&self, schema: &str, name: &str) -> bool {
        !self.db_profile.exclude.iter().any(|pattern| pattern.matches(schema, name))
            && !self.context.run.spec.scope.leaves_out(schema, name)
    }

    /// Returns the statistics of a column of another table, and those of its table as a whole.
    async fn statistics_of(&self, source: &Source) -> Result<Option<(TableStatistics, ColumnStatistics)>, Halt> {
        let known = self.sampled.lock().await.get(&source.table.path()).cloned();
        let statistics = match known {
            Some(statistics) => statistics,
            None => {
                let statistics = self.sample(&source.table, SampleLimits::default()).await?;
                self.keep(&source.table, &statistics).await;
                statistics
            }
        };
        let one = statistics.columns.iter().find(|one| one.name == source.column().name);
        let whole = TableStatistics { columns: Vec::new(), rows: Vec::new(), problems: Vec::new(), ..*statistics };
        Ok(one.map(|one| (whole, one.clone())))
    }

    /// Reads a table's data if the options ask for it, and creates its requests. Rows that need no request are
    /// recorded.
    async fn prepare(&self, read: Read, revisions: &Revisions) -> Result<Vec<Job>, Halt> {
        let Read { table, lineage, listed, rows } = read;
        let options = &self.context.run.spec.options;
        let passes_commented = options.missing_only && self.walks();
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
                Some(subject) if passes_commented && comment_of(&table, subject).is_some() => {
                    ended.push((row, RowOutcome::Skipped));
                }
                Some(subject) => {
                    // Use the database's spelling: the row of a draft has neither the kind nor an implied database.
                    let asset = match subject {
                        Subject::Table => table.path(),
                        Subject::Column(index) => table.column_path(&table.columns[index].name),
                    };
                    wanted.push((Row { asset, ..row }, subject));
                }
            }
        }
        if !ended.is_empty() {
            self.end_rows(ended, Usage::default()).await?;
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let statistics = if options.profile_data { self.statistics(&table, &lineage).await? } else { None };
        let neighbours = self.neighbours(&table, &listed).await?;
        let whole = DescribeRequest {
            table,
            statistics,
            lineage,
            names: Arc::clone(&listed.names),
            neighbours,
            documented: Arc::clone(&self.documented),
            subjects: Vec::new(),
            revisions: Vec::new(),
            options: options.clone(),
            about: self.about.clone(),
            requests: 1,
            is_retry: false,
        };
        let wanted = self.take_over(wanted, &whole).await?;
        let revision = |row: &Row| row.again.and_then(|again| revisions.get(&again).cloned());
        let whole = DescribeRequest {
            subjects: wanted.iter().map(|(_, subject)| *subject).collect(),
            revisions: wanted.iter().map(|(row, _)| revision(row)).collect(),
            ..whole
        };
        let mut rows = wanted.into_iter().map(|(row, _)| row);
        let job = |request: DescribeRequest| {
            let rows = rows.by_ref().take(request.subjects.len()).collect();
            Job { request: DescriptionRequest::Table(request), rows }
        };
        Ok(self.client.split(whole).into_iter().map(job).collect())
    }

    /// Records the rows whose texts are certain by inheritance, unless the options want them from the model, and
    /// returns the others.
    async fn take_over(
        &self,
        wanted: Vec<(Row, Subject)>,
        request: &DescribeRequest,
    ) -> Result<Vec<(Row, Subject)>, Halt> {
        if self.client.is_local() || !request.options.takes_over() {
            return Ok(wanted);
        }
        let subjects = wanted.iter().map(|(_, subject)| *subject).collect();
        let request = DescribeRequest { subjects, ..request.clone() };
        let drafts = self.client.certain(&request);
        let request = DescriptionRequest::Table(request);
        let (mut certain, mut others) = (Vec::new(), Vec::new());
        for (at, ((row, subject), draft)) in wanted.into_iter().zip(drafts).enumerate() {
            match draft.filter(|_| row.again.is_none()) {
                Some(draft) => certain.push((row, request.done(at, draft))),
                None => others.push((row, subject)),
            }
        }
        if !certain.is_empty() {
            self.context
                .record(move |edit| {
                    for (row, outcome) in certain {
                        edit.start_row(&row);
                        edit.end_row(row, outcome);
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(others)
    }

    /// Reads a schema or database and creates its request. If it no longer exists, its row is recorded as failed.
    async fn prepare_container(&self, row: Row, revisions: &Revisions) -> Result<Option<Job>, Halt> {
        let scope = &self.context.run.spec.scope;
        let read = self.context.patiently(|| container_of(self.target.as_ref(), &row.asset, scope)).await?;
        let container = match read {
            Ok(Some(container)) => container,
            Ok(None) => {
                let error = gone(&row.asset);
                self.fail_rows(vec![row], error).await?;
                return Ok(None);
            }
            Err(error @ TargetError::Refused(_)) => {
                self.fail_rows(vec![row], target_error(&error)).await?;
                return Ok(None);
            }
            Err(error) => return Err(Halt::Failed(target_error(&error))),
        };
        let request = ContainerRequest {
            revision: row.again.and_then(|again| revisions.get(&again).cloned()),
            options: self.context.run.spec.options.clone(),
            about: self.about.clone(),
            is_retry: false,
            container: Arc::new(container),
        };
        let row = Row { asset: request.container.path.clone(), ..row };
        Ok(Some(Job { request: DescriptionRequest::Container(request), rows: vec![row] }))
    }

    /// Records problems of the catalog that the run has not reported yet.
    ///
    /// # Errors
    /// Returns [`Halt`] if the claim was lost.
    pub async fn warn(&self, problems: &[String]) -> Result<(), Halt> {
        let new = self.warnings.take_problems(problems);
        if new.is_empty() { Ok(()) } else { self.record_warnings(new).await }
    }

    async fn record_warnings(&self, warnings: Vec<String>) -> Result<(), Halt> {
        let record = self.context.record(move |edit| {
            warnings.into_iter().for_each(|warning| edit.warn(warning, None));
            Ok(())
        });
        record.await?;
        Ok(())
    }

    /// Returns whether the run walks a scope, in which case some assets may need no description.
    const fn walks(&self) -> bool {
        matches!(self.context.run.spec.kind, RunKind::Analyze | RunKind::Schedule)
    }

    /// Requests the drafts of a job's rows. Rows missing in the answer are requested once more and then fail.
    async fn describe(&self, job: Job) -> Result<(), Halt> {
        let Job { mut request, mut rows } = job;
        let mut begins = Some(rows.clone());
        loop {
            let asked = self.client.ask(&request, begins.take()).await?;
            let drafts = match asked.drafts {
                Ok(drafts) => drafts,
                Err(error) => {
                    let ended = rows.into_iter().map(|row| (row, RowOutcome::Failed(error.clone()))).collect();
                    return self.end_rows(ended, asked.usage).await;
                }
            };
            let mut drafts = drafts.into_iter();
            let (mut ended, mut again, mut missing) = (Vec::new(), Vec::new(), Vec::new());
            for (at, row) in rows.into_iter().enumerate() {
                match drafts.next().flatten() {
                    Some(draft) => {
                        ended.push((row, request.done(at, draft)));
                    }
                    None if request.is_retry() => ended.push((row, RowOutcome::Failed(unreadable()))),
                    None => {
                        again.push(row);
                        missing.push(at);
                    }
                }
            }
            self.end_rows(ended, asked.usage).await?;
            if again.is_empty() {
                return Ok(());
            }
            request = request.again(&missing);
            rows = again;
        }
    }

    /// Requests the drafts of several jobs one after the other, and records all in one transaction.
    async fn describe_together(&self, jobs: Vec<Job>) -> Result<(), Halt> {
        let (mut ended, mut usage) = (Vec::new(), Usage::default());
        for Job { request, rows } in jobs {
            let asked = self.client.ask(&request, None).await?;
            usage.add(&asked.usage);
            let drafts = asked.drafts.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
            for ((at, row), draft) in rows.into_iter().enumerate().zip(drafts) {
                let done = draft.map(|draft| request.done(at, draft));
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

    /// Records finished rows and their usage in one transaction.
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

    /// Returns how the run ends, once no row is left.
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
        let what = match progress.failed {
            1 => "the asset could not be described".to_owned(),
            failed => format!("none of {failed} assets could be described"),
        };
        let message = format!("{what}: {}", cause.message);
        Err(Halt::Failed(RunError { message, ..cause }))
    }
}

/// The error of a row whose asset no longer exists.
fn gone(asset: &AssetPath) -> RunError {
    let message = format!("{} no longer exists", asset.display());
    RunError::new(Code::NotFound, message, "start a new run to describe the present tables and columns")
}

fn unreadable() -> RunError {
    RunError::new(
        Code::Unavailable,
        "the model returned an unreadable answer twice",
        "raise `maxOutputTokens`, or try a model that follows a JSON schema",
    )
}
