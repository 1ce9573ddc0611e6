//! GENERATE: drafts a description of one asset of any kind.
//!
//! The rule: the only row is recorded with the run. If the asset does not exist, the run fails with an error that names
//! it, like an unknown name in a scope.

use async_trait::async_trait;

use super::Kind;
use crate::{
    domain::{
        Code,
        asset::{AssetKind, AssetPath},
        run::RunError,
        scope::{RunScope, SchemaScope, TableScope},
    },
    engine::{
        Ending, Halt,
        container::container_of,
        context::{RunContext, target_error},
        tables::Work,
        walk::{WalkError, walk},
    },
    port::target::{Target, TargetError},
};

/// Drafts a description of one asset.
pub struct Generate;

#[async_trait]
impl Kind for Generate {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        let work = Work::open(context).await?;
        for row in context.ports.store.pending_rows(context.run.id, 0, 1).await? {
            let missing = context.patiently(|| missing(work.target.as_ref(), &row.asset)).await?;
            let missing = missing.map_err(|error| Halt::Failed(target_error(&error)))?;
            if let Some(message) = missing {
                let hint = "request a draft of an existing asset";
                return Err(Halt::Failed(RunError::new(Code::BadUserInput, message, hint)));
            }
        }
        work.describe_pending(std::future::ready(())).await
    }
}

/// Returns the error message if an asset does not exist.
async fn missing(target: &dyn Target, asset: &AssetPath) -> Result<Option<String>, TargetError> {
    if matches!(asset.kind, AssetKind::Schema | AssetKind::Database) {
        let found = container_of(target, asset, &RunScope::default()).await?;
        let message =
            || format!("there is no {} {}; check its spelling and letter case", asset.kind.noun(), asset.display());
        return Ok(found.is_none().then(message));
    }
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let table = TableScope { name: part(&asset.table), columns: asset.column.iter().cloned().collect() };
    let schemas = vec![SchemaScope { name: part(&asset.schema), tables: vec![table] }];
    let scope = RunScope { database: asset.database.clone(), schemas, ..RunScope::default() };
    match walk(target, &scope).await {
        Ok(_) => Ok(None),
        Err(WalkError::Unknown { message, .. }) => Ok(Some(message)),
        Err(WalkError::Target(error)) => Err(error),
    }
}
