//! SQL: a script that writes the descriptions as comments, for people who change their database by migrations.
//!
//! The rule: a statement is the one that an apply would execute now, from the target's own code. A comment that the
//! database cannot carry becomes a line that says so.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{CatalogAsset, Head, Writer};
use crate::{
    domain::{Result, description::Texts, text::visible},
    port::target::{Target, TargetError},
    service::catalog::target_failure,
};

/// Number of statements made concurrently.
const STATEMENTS_AT_ONCE: usize = 8;

/// Writes SQL.
pub struct Sql {
    target: Arc<dyn Target>,
    /// What the script begins with, so that no statement has to.
    settings: Option<String>,
    /// The database of the last statement.
    database: Option<String>,
}

impl Sql {
    /// Creates the writer of a script for this target.
    pub fn new(target: Arc<dyn Target>) -> Self {
        Self { settings: target.script_settings(), target, database: None }
    }

    /// Returns the line of the script that writes a comment, or says why the database cannot carry it.
    async fn line(&self, asset: &CatalogAsset, text: &str) -> Result<String> {
        let path = &asset.asset.path;
        match self.target.comment_statement(path, Some(text)).await {
            Ok(statement) => {
                let settings = self.settings.as_deref().unwrap_or_default();
                let own = statement.strip_prefix(settings).and_then(|rest| rest.strip_prefix(";\n"));
                Ok(format!("{};\n", own.unwrap_or(&statement)))
            }
            Err(TargetError::Refused(reason)) => Ok(remark(&format!("left out {}: {reason}", path.display()))),
            Err(error) => Err(target_failure(error)),
        }
    }
}

#[async_trait]
impl Writer for Sql {
    fn head(&mut self, head: &Head) -> Result<String> {
        let settings = self.settings.as_ref().map(|settings| format!("{settings};\n"));
        Ok([
            remark(&format!("Comments of the DB profile {} ({})", head.db_profile, head.backend)),
            remark(&format!("Exported by Gloss at {}: {}", head.exported_at, head.texts())),
            remark("Each statement fits its table as it was then; execute the script before tables change."),
            settings.unwrap_or_default(),
        ]
        .concat())
    }

    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String> {
        let described: Vec<(&CatalogAsset, &str)> =
            assets.iter().filter_map(|asset| Some((asset, asset.description(what)?.text))).collect();
        let this = &*self;
        let lines: Vec<_> = described.iter().map(|(asset, text)| this.line(asset, text)).collect();
        let lines: Vec<String> = stream::iter(lines).buffered(STATEMENTS_AT_ONCE).try_collect().await?;
        let mut script = String::new();
        for ((asset, _), line) in described.into_iter().zip(lines) {
            let database = &asset.asset.path.database;
            if *database != self.database {
                let name = format!("Database {}", database.as_deref().unwrap_or_default());
                script.push_str(&remark(&name));
                self.database.clone_from(database);
            }
            script.push_str(&line);
        }
        Ok(script)
    }

    fn end(&mut self) -> String {
        String::new()
    }
}

/// Returns a line of a script that is no statement.
fn remark(text: &str) -> String {
    format!("-- {}\n", visible(text))
}
