//! DB profiles and LLM profiles. Their passwords and API keys are sealed when written and opened when read.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use entity::{JsonText, Millis, Word, db_profile, llm_profile, model_pace, run, schedule};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use secrecy::ExposeSecret;

use super::{
    SqlStore, ask, catalog, dialect, identity,
    runs::spellings,
    schedules::nobody_names,
    seal::{DB_URL, LLM_KEY, SealKey},
    trouble::DbResult as _,
};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        id::{DbProfileId, LlmProfileId, RunId},
        identity::{Confirmation, Identity},
        profile::{DbProfile, LlmProfile, NewDbProfile, NewLlmProfile},
        status::RunStatus,
    },
    port::store::ProfileStore,
};

/// The statuses in which a run still needs its profiles.
const IN_USE: [RunStatus; 5] =
    [RunStatus::Queued, RunStatus::Running, RunStatus::Paused, RunStatus::Cancelling, RunStatus::Applying];

fn db_profile(row: db_profile::Model, key: &SealKey) -> Result<DbProfile> {
    Ok(DbProfile {
        id: DbProfileId(row.id),
        name: row.name,
        backend: row.backend.0,
        url: key.open(DB_URL, &row.url)?,
        pinned_database: row.pinned_database,
        about: row.about,
        exclude: row.exclude.map(|patterns| patterns.0).unwrap_or_default(),
        sample_views: row.sample_views,
        created_at: row.created_at.0,
    })
}

/// Returns whether a profile still exists and points to the same database as when it was read.
pub(super) async fn is_the_same(connection: &impl ConnectionTrait, key: &SealKey, profile: &DbProfile) -> Result<bool> {
    let row = db_profile::Entity::find_by_id(profile.id.0).one(connection).await.db()?;
    Ok(row.map(|row| db_profile(row, key)).transpose()?.is_some_and(|now| now.same_database(profile)))
}

fn db_profile_row(profile: NewDbProfile, key: &SealKey) -> Result<db_profile::ActiveModel> {
    Ok(db_profile::ActiveModel {
        id: ActiveValue::NotSet,
        name: ActiveValue::Set(profile.name),
        backend: ActiveValue::Set(Word(profile.backend)),
        url: ActiveValue::Set(key.seal(DB_URL, profile.url.expose_secret())?),
        pinned_database: ActiveValue::Set(profile.pinned_database),
        about: ActiveValue::Set(profile.about),
        exclude: ActiveValue::Set(Some(profile.exclude).filter(|patterns| !patterns.is_empty()).map(JsonText)),
        sample_views: ActiveValue::Set(profile.sample_views),
        created_at: ActiveValue::NotSet,
    })
}

fn llm_profile(row: llm_profile::Model, key: &SealKey) -> Result<LlmProfile> {
    Ok(LlmProfile {
        id: LlmProfileId(row.id),
        settings: NewLlmProfile {
            name: row.name,
            provider: row.provider.0,
            model: row.model,
            base_url: row.base_url,
            api_key: row.api_key.map(|sealed| key.open(LLM_KEY, &sealed)).transpose()?,
            is_default: row.is_default,
            concurrency: row.concurrency,
            requests_per_minute: row.requests_per_minute,
            input_cost_per_million_tokens: row.input_cost_per_million_tokens,
            cached_input_cost_per_million_tokens: row.cached_input_cost_per_million_tokens,
            output_cost_per_million_tokens: row.output_cost_per_million_tokens,
        },
        created_at: row.created_at.0,
    })
}

fn llm_profile_row(profile: NewLlmProfile, key: &SealKey) -> Result<llm_profile::ActiveModel> {
    let api_key = profile.api_key.map(|secret| key.seal(LLM_KEY, secret.expose_secret())).transpose()?;
    Ok(llm_profile::ActiveModel {
        id: ActiveValue::NotSet,
        name: ActiveValue::Set(profile.name),
        provider: ActiveValue::Set(Word(profile.provider)),
        model: ActiveValue::Set(profile.model),
        base_url: ActiveValue::Set(profile.base_url),
        api_key: ActiveValue::Set(api_key),
        is_default: ActiveValue::Set(profile.is_default),
        concurrency: ActiveValue::Set(profile.concurrency),
        requests_per_minute: ActiveValue::Set(profile.requests_per_minute),
        input_cost_per_million_tokens: ActiveValue::Set(profile.input_cost_per_million_tokens),
        cached_input_cost_per_million_tokens: ActiveValue::Set(profile.cached_input_cost_per_million_tokens),
        output_cost_per_million_tokens: ActiveValue::Set(profile.output_cost_per_million_tokens),
        created_at: ActiveValue::NotSet,
    })
}

/// Refuses a name that another profile has.
fn name_is_free(noun: &str, name: &str, holder: Option<i64>, own: Option<i64>) -> Result<()> {
    if holder.is_some() && holder != own {
        return Err(Error::conflict(format!("another {noun} is named {name:?}; choose another name")));
    }
    Ok(())
}

/// Refuses to delete a profile that a run still needs.
async fn nobody_uses(connection: &impl ConnectionTrait, noun: &str, column: run::Column, id: i64) -> Result<()> {
    let user: Option<(i64, String)> = run::Entity::find()
        .select_only()
        .columns([run::Column::Id, run::Column::Status])
        .filter(column.eq(id))
        .filter(run::Column::Status.is_in(spellings(&IN_USE)))
        .limit(1)
        .into_tuple()
        .one(connection)
        .await
        .db()?;
    match user {
        Some((id, status)) => Err(Error::conflict(format!(
            "run #{} uses this {noun} and is {status}; wait for its end or cancel it, then delete the profile",
            RunId(id)
        ))),
        None => Ok(()),
    }
}

fn unknown(noun: &str) -> Error {
    Error::not_found(format!("this {noun} does not exist; it may have been deleted"))
}

const DB_PROFILE: &str = "DB profile";
const LLM_PROFILE: &str = "LLM profile";

/// Returns the key of the DB profile with this name.
async fn db_holder(connection: &impl ConnectionTrait, name: &str) -> Result<Option<i64>, DbErr> {
    let holder = db_profile::Entity::find().filter(db_profile::Column::Name.eq(name)).one(connection).await?;
    Ok(holder.map(|row| row.id))
}

/// Returns the key of the LLM profile with this name.
async fn llm_holder(connection: &impl ConnectionTrait, name: &str) -> Result<Option<i64>, DbErr> {
    let holder = llm_profile::Entity::find().filter(llm_profile::Column::Name.eq(name)).one(connection).await?;
    Ok(holder.map(|row| row.id))
}

/// Clears the default flag of all LLM profiles.
async fn no_default(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    llm_profile::Entity::update_many()
        .col_expr(llm_profile::Column::IsDefault, Expr::value(false))
        .filter(llm_profile::Column::IsDefault.eq(true))
        .exec(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl ProfileStore for SqlStore {
    async fn db_profiles(&self) -> Result<Vec<DbProfile>> {
        let rows = db_profile::Entity::find().order_by_asc(db_profile::Column::Name).all(self.read()).await.db()?;
        let key = self.seal()?;
        rows.into_iter().map(|row| db_profile(row, key)).collect()
    }

    async fn db_profiles_by_id(&self, ids: &[DbProfileId]) -> Result<HashMap<DbProfileId, DbProfile>> {
        let these = db_profile::Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = db_profile::Entity::find().filter(these).all(self.read()).await.db()?;
        let key = self.seal()?;
        rows.into_iter().map(|row| Ok((DbProfileId(row.id), db_profile(row, key)?))).collect()
    }

    async fn create_db_profile(&self, profile: NewDbProfile, at: Moment) -> Result<DbProfile> {
        self.transact(move |transaction| async move {
            name_is_free(DB_PROFILE, &profile.name, db_holder(&transaction, &profile.name).await.db()?, None)?;
            let mut row = db_profile_row(profile, transaction.store.seal()?)?;
            row.created_at = ActiveValue::Set(Millis(at));
            let row = db_profile::Entity::insert(row).exec_with_returning(&transaction).await.db()?;
            let profile = db_profile(row, transaction.store.seal()?)?;
            transaction.commit().await?;
            Ok(profile)
        })
        .await
    }

    async fn update_db_profile(&self, id: DbProfileId, profile: NewDbProfile) -> Result<DbProfile> {
        self.transact(move |transaction| async move {
            let before = db_profile::Entity::find_by_id(id.0)
                .one(&transaction)
                .await
                .db()?
                .ok_or_else(|| unknown(DB_PROFILE))?;
            name_is_free(DB_PROFILE, &profile.name, db_holder(&transaction, &profile.name).await.db()?, Some(id.0))?;
            let mut row = db_profile_row(profile, transaction.store.seal()?)?;
            row.id = ActiveValue::Unchanged(id.0);
            let row = db_profile::Entity::update(row).exec(&transaction).await.db()?;
            let key = transaction.store.seal()?;
            let (before, profile) = (db_profile(before, key)?, db_profile(row, key)?);
            if !before.same_database(&profile) {
                catalog::forget(&transaction, id).await.db()?;
            }
            transaction.commit().await?;
            Ok(profile)
        })
        .await
    }

    async fn identities(&self, id: DbProfileId) -> Result<Vec<Option<Identity>>> {
        identity::of_profile(self.read(), id).await.db()
    }

    async fn confirmations(&self, id: DbProfileId) -> Result<Vec<Confirmation>> {
        identity::confirmations(self.read(), id).await.db()
    }

    async fn confirm(&self, confirmations: &[Confirmation]) -> Result<()> {
        let confirmations = confirmations.to_vec();
        self.transact(move |transaction| async move {
            identity::confirm(&transaction, &confirmations).await?;
            transaction.commit().await
        })
        .await
    }

    async fn delete_db_profile(&self, id: DbProfileId) -> Result<()> {
        self.transact(move |transaction| async move {
            nobody_uses(&transaction, DB_PROFILE, run::Column::DbProfileId, id.0).await?;
            nobody_names(&transaction, DB_PROFILE, schedule::Column::DbProfileId, id.0).await?;
            if let Some(run) = ask::user_of(&transaction, id).await.db()? {
                let message = format!(
                    "run #{run} is searching this DB profile; wait for its end or cancel it, then delete the profile"
                );
                return Err(Error::conflict(message));
            }
            let deleted = db_profile::Entity::delete_by_id(id.0).exec(&transaction).await.db()?;
            if deleted.rows_affected == 0 {
                return Err(unknown(DB_PROFILE));
            }
            transaction.commit().await
        })
        .await
    }

    async fn llm_profiles(&self) -> Result<Vec<LlmProfile>> {
        let rows = llm_profile::Entity::find().order_by_asc(llm_profile::Column::Name).all(self.read()).await.db()?;
        let key = self.seal()?;
        rows.into_iter().map(|row| llm_profile(row, key)).collect()
    }

    async fn llm_profiles_by_id(&self, ids: &[LlmProfileId]) -> Result<HashMap<LlmProfileId, LlmProfile>> {
        let these = llm_profile::Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = llm_profile::Entity::find().filter(these).all(self.read()).await.db()?;
        let key = self.seal()?;
        rows.into_iter().map(|row| Ok((LlmProfileId(row.id), llm_profile(row, key)?))).collect()
    }

    async fn create_llm_profile(&self, profile: NewLlmProfile, at: Moment) -> Result<LlmProfile> {
        self.transact(move |transaction| async move {
            name_is_free(LLM_PROFILE, &profile.name, llm_holder(&transaction, &profile.name).await.db()?, None)?;
            if profile.is_default {
                no_default(&transaction).await.db()?;
            }
            let mut row = llm_profile_row(profile, transaction.store.seal()?)?;
            row.created_at = ActiveValue::Set(Millis(at));
            let row = llm_profile::Entity::insert(row).exec_with_returning(&transaction).await.db()?;
            let profile = llm_profile(row, transaction.store.seal()?)?;
            transaction.commit().await?;
            Ok(profile)
        })
        .await
    }

    async fn update_llm_profile(&self, id: LlmProfileId, profile: NewLlmProfile) -> Result<LlmProfile> {
        self.transact(move |transaction| async move {
            if llm_profile::Entity::find_by_id(id.0).one(&transaction).await.db()?.is_none() {
                return Err(unknown(LLM_PROFILE));
            }
            name_is_free(LLM_PROFILE, &profile.name, llm_holder(&transaction, &profile.name).await.db()?, Some(id.0))?;
            if profile.is_default {
                no_default(&transaction).await.db()?;
            }
            let mut row = llm_profile_row(profile, transaction.store.seal()?)?;
            row.id = ActiveValue::Unchanged(id.0);
            let row = llm_profile::Entity::update(row).exec(&transaction).await.db()?;
            let profile = llm_profile(row, transaction.store.seal()?)?;
            transaction.commit().await?;
            Ok(profile)
        })
        .await
    }

    async fn delete_llm_profile(&self, id: LlmProfileId) -> Result<()> {
        self.transact(move |transaction| async move {
            nobody_uses(&transaction, LLM_PROFILE, run::Column::LlmProfileId, id.0).await?;
            nobody_names(&transaction, LLM_PROFILE, schedule::Column::LlmProfileId, id.0).await?;
            let deleted = llm_profile::Entity::delete_by_id(id.0).exec(&transaction).await.db()?;
            if deleted.rows_affected == 0 {
                return Err(unknown(LLM_PROFILE));
            }
            model_pace::Entity::delete_by_id(id.0).exec(&transaction).await.db()?;
            transaction.commit().await
        })
        .await
    }

    async fn take_place(&self, id: LlmProfileId, interval: Duration, burst: u32) -> Result<Option<Duration>> {
        if self.read().get_database_backend() == DbBackend::Sqlite {
            return Ok(None);
        }
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let (interval, lead) = (micros(interval), micros(interval * burst.saturating_sub(1)));
        self.write(move |writer| async move {
            let wait = dialect::take_place(&writer, id.0, interval, lead).await.db()?;
            Ok(Some(Duration::from_micros(u64::try_from(wait).unwrap_or_default())))
        })
        .await
    }
}
