//! Adds whether the text of a write was a reviewer's own. Runs treat such a text as a comment that a person wrote.

use sea_orm_migration::prelude::*;

use super::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let edited = ColumnDef::new("edited").boolean().not_null().default(false).take();
        add_column(manager, "applied_comment", edited).await?;
        // Of the writes whose suggestion still exists, those with the reviewer's text.
        let statement = "UPDATE applied_comment SET edited = true WHERE undoes IS NULL AND EXISTS (\
             SELECT 1 FROM suggestion WHERE suggestion.id = applied_comment.suggestion_id \
             AND suggestion.review_state = 'EDITED' AND suggestion.review_text = applied_comment.after_text)";
        manager.get_connection().execute_unprepared(statement).await?;
        Ok(())
    }
}
