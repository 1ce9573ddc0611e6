//! Creates the text search index over runs.

use sea_orm_migration::prelude::*;

use super::execute;

/// Trigrams find substrings of at least three characters exactly. The text itself stays in the run. It is already
/// lowercase and never changes, so triggers follow only inserts and deletes.
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
        // PostgreSQL scans the texts: a trigram index needs an extension, which not every user may install.
        execute(manager, &SQLITE, &[]).await
    }
}
