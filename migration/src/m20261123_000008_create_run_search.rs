//! The index of the text search over runs.

use sea_orm_migration::prelude::*;

use super::execute;

/// Trigrams answer "holds this text" exactly for three characters and more. The text itself stays in the
/// run; it is in lower case already and never changes, so that only coming and going is followed.
const SQLITE: [&str; 3] = [
    "CREATE VIRTUAL TABLE run_search USING fts5(
        search_text, content = 'run', content_rowid = 'id', tokenize = 'trigram case_sensitive 1')",
    "CREATE TRIGGER run_search_insert AFTER INSERT ON run BEGIN
        INSERT INTO run_search (rowid, search_text) VALUES (NEW.id, NEW.search_text);
    END",
    "CREATE TRIGGER run_search_delete AFTER DELETE ON run BEGIN
        INSERT INTO run_search (run_search, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);
    END",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // PostgreSQL looks at the texts one by one: an index of trigrams would be an extension, which not everybody may
        // add.
        execute(manager, &SQLITE, &[]).await
    }
}
