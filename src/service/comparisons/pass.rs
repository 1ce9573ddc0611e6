//! The pass over all texts of some runs: reads them by name, compares them, and stores the compared assets and the
//! metrics.
//!
//! The rules: memory is bounded by a few pages and the vocabulary, however many assets there are. Reading, comparing
//! and storing overlap; partial results are added in reading order.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::{
    domain::{
        Error, Result,
        apply::AppliedCommentFilter,
        asset::{AssetKind, AssetPath},
        clock::Moment,
        compare::{Agreement, ComparedAsset, ComparedSet, ComparedText, Group, Likeness, Part, Sum, match_key},
        id::{ComparisonId, DbProfileId, RunId},
        run::Run,
    },
    port::{Ports, store::StoredComparison},
};

/// Number of texts read at a time.
const TEXTS_AT_ONCE: u64 = 2_000;
/// Number of pages compared concurrently.
const PAGES_AHEAD: usize = 2;

/// A pass over the texts of some runs.
pub struct Pass {
    /// The ports.
    pub ports: Ports,
    /// The runs to compare, and the baseline.
    pub set: ComparedSet,
    /// The runs that are read, in the order of [`ComparedSet::read`].
    pub runs: Vec<Run>,
    /// Identifies the texts that the pass reads.
    pub stamp: String,
    /// When the pass began.
    pub begun_at: Moment,
    /// Comparisons of the same runs that began before this time are deleted.
    pub replace_before: Moment,
}

/// The texts of one asset, and its reference text.
struct Found {
    asset: AssetPath,
    group: Group,
}

/// The results for some assets.
struct Weighed {
    part: Part,
    assets: Vec<ComparedAsset>,
}

/// The position of the reader.
struct Reading {
    after: Option<String>,
    /// Texts of databases. They match regardless of the database's name, so they are compared last.
    databases: Vec<ComparedText>,
    ended: bool,
}

impl Pass {
    /// Makes the comparison and stores it.
    ///
    /// # Errors
    /// Returns the errors of the store, and `Conflict` if a run is deleted meanwhile.
    pub async fn make(self) -> Result<StoredComparison> {
        let store = &self.ports.store;
        let id = store.begin_comparison(&self.set, &self.stamp, self.begun_at, self.replace_before).await?;
        let audited = self.audited().await?;
        let mut sum = Sum::new(self.set.runs.len());
        let begin = Reading { after: None, databases: Vec::new(), ended: false };
        let pages = stream::try_unfold(begin, |reading| self.next(reading, &audited).boxed());
        let mut weighed = pages.map_ok(|found| self.weigh(found).boxed()).try_buffered(PAGES_AHEAD).boxed();
        while let Some(Weighed { part, assets }) = weighed.try_next().await? {
            sum.add(part);
            store.store_compared(id, assets).await?;
        }
        self.keep_failed(id).await?;
        let figures = sum.finish();
        let finished_at = self.ports.clock.now();
        store.finish_comparison(id, &figures, finished_at).await?;
        let took_ms = (finished_at - self.begun_at).num_milliseconds();
        tracing::info!(runs = self.set.key(), took_ms, "runs compared");
        Ok(StoredComparison { id, stamp: self.stamp.clone(), begun_at: self.begun_at, finished_at, figures })
    }

    /// Returns the profiles through which Gloss has ever written comments.
    async fn audited(&self) -> Result<HashSet<DbProfileId>> {
        let mut audited = HashSet::new();
        let profiles: HashSet<DbProfileId> = self.runs.iter().filter_map(|run| run.spec.db_profile_id).collect();
        for profile in profiles {
            let filter = AppliedCommentFilter { db_profile_id: Some(profile), ..AppliedCommentFilter::default() };
            if self.ports.store.applied_comments_count(&filter).await? > 0 {
                audited.insert(profile);
            }
        }
        Ok(audited)
    }

    /// Reads the next assets with their texts and references.
    async fn next(
        &self,
        mut reading: Reading,
        audited: &HashSet<DbProfileId>,
    ) -> Result<Option<(Vec<Found>, Reading)>> {
        if reading.ended {
            return Ok(None);
        }
        let runs: Vec<RunId> = self.runs.iter().map(|run| run.id).collect();
        let mut texts = self.ports.store.compared_texts(&runs, reading.after.as_deref(), TEXTS_AT_ONCE).await?;
        if let Some(last) = texts.last() {
            reading.after = Some(last.asset.key());
            let (databases, others) = texts.into_iter().partition(|text| text.asset.kind == AssetKind::Database);
            reading.databases.extend::<Vec<_>>(databases);
            texts = others;
        } else {
            reading.ended = true;
            texts = std::mem::take(&mut reading.databases);
        }
        let human = self.human_comments(&texts, audited).await?;
        Ok(Some((self.grouped(texts, &human), reading)))
    }

    /// Returns the comments that runs saw and that Gloss had not written, by run and asset.
    async fn human_comments(
        &self,
        texts: &[ComparedText],
        audited: &HashSet<DbProfileId>,
    ) -> Result<HashMap<(RunId, AssetPath), String>> {
        let mut human = HashMap::new();
        for run in self.runs.iter().filter(|run| self.set.runs.contains(&run.id)) {
            let seen = texts.iter().filter(|text| text.run_id == run.id).filter_map(|text| {
                let comment = text.existing_comment.as_deref().filter(|comment| !comment.trim().is_empty())?;
                Some((&text.asset, comment))
            });
            let seen: Vec<(&AssetPath, &str)> = seen.collect();
            let written = match run.spec.db_profile_id.filter(|profile| audited.contains(profile)) {
                Some(profile) if !seen.is_empty() => {
                    let assets: Vec<AssetPath> = seen.iter().map(|(asset, _)| (*asset).clone()).collect();
                    self.ports.store.texts_written(profile, &assets).await?
                }
                _ => HashMap::new(),
            };
            let by_gloss = |(asset, comment): &(&AssetPath, &str)| {
                written.get(*asset).is_some_and(|texts| texts.contains(*comment))
            };
            human.extend(
                seen.into_iter()
                    .filter(|seen| !by_gloss(seen))
                    .map(|(asset, comment)| ((run.id, asset.clone()), comment.to_owned())),
            );
        }
        Ok(human)
    }

    /// Groups texts by asset, in the order of the assets.
    fn grouped(&self, texts: Vec<ComparedText>, human: &HashMap<(RunId, AssetPath), String>) -> Vec<Found> {
        let mut by_asset: BTreeMap<(String, AssetKind), Vec<ComparedText>> = BTreeMap::new();
        for text in texts {
            by_asset.entry(match_key(&text.asset)).or_default().push(text);
        }
        let found = by_asset.into_values().filter_map(|texts| {
            let mut of_run: HashMap<RunId, ComparedText> = HashMap::new();
            for text in texts {
                of_run.insert(text.run_id, text);
            }
            let baseline = self.set.baseline.and_then(|id| of_run.get(&id)).map(|text| text.description.clone());
            let texts: Vec<Option<ComparedText>> = self.set.runs.iter().map(|id| of_run.remove(id)).collect();
            let mut assets = texts.iter().flatten().map(|text| &text.asset);
            // An asset that only the baseline has is not compared.
            let mut asset = assets.next()?.clone();
            if assets.any(|other| other.database != asset.database) {
                asset.database = None;
            }
            let seen =
                || texts.iter().flatten().find_map(|text| human.get(&(text.run_id, text.asset.clone())).cloned());
            let reference = baseline.or_else(seen);
            Some(Found { asset, group: Group { texts, reference } })
        });
        found.collect()
    }

    /// Compares the texts of some assets on a blocking thread.
    async fn weigh(&self, found: Vec<Found>) -> Result<Weighed> {
        let runs = self.set.runs.len();
        let baseline = self.set.baseline.and_then(|id| self.set.runs.binary_search(&id).ok());
        let weigh = move || {
            let (assets, groups): (Vec<AssetPath>, Vec<Group>) =
                found.into_iter().map(|found| (found.asset, found.group)).unzip();
            let part = Part::of(&groups, runs, baseline);
            let compared = |((asset, group), likeness): ((AssetPath, Group), &Likeness)| {
                let suggestions = group.texts.iter().map(|text| text.as_ref().map(|text| text.suggestion_id)).collect();
                ComparedAsset {
                    asset,
                    suggestions,
                    agreement: likeness.agreement,
                    similarity: likeness.similarity,
                    reference: group.reference,
                }
            };
            let assets = assets.into_iter().zip(groups).zip(&part.likenesses).map(compared).collect();
            Weighed { part, assets }
        };
        tokio::task::spawn_blocking(weigh).await.map_err(Error::internal)
    }

    /// Stores the assets that failed in some run and that no run describes.
    async fn keep_failed(&self, comparison: ComparisonId) -> Result<()> {
        for run in &self.set.runs {
            let mut after = 0;
            loop {
                let failed = self.ports.store.failed_assets(*run, after, TEXTS_AT_ONCE).await?;
                let Some((last, _)) = failed.last() else { break };
                after = *last;
                let nothing = |(_, asset): (i32, AssetPath)| ComparedAsset {
                    asset,
                    suggestions: vec![None; self.set.runs.len()],
                    agreement: Agreement::Missing,
                    similarity: None,
                    reference: None,
                };
                self.ports.store.store_compared(comparison, failed.into_iter().map(nothing).collect()).await?;
            }
        }
        Ok(())
    }
}
