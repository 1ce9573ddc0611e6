//! Creates the tally of runs per combination of filter values, which triggers maintain.

use sea_orm_migration::prelude::*;

use super::{columns, create_table, execute};
use sea_orm_migration::schema::big_integer;

/// 0 stands for no profile or schedule, since a column of a primary key cannot be null.
const SQLITE: [&str; 3] = [
    "CREATE TRIGGER run_tally_insert AFTER INSERT ON run BEGIN
        INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, n)
        VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
            coalesce(NEW.schedule_id, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
    "CREATE TRIGGER run_tally_delete AFTER DELETE ON run BEGIN
        UPDATE run_tally SET n = n - 1
        WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
            AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0);
    END",
    "CREATE TRIGGER run_tally_update AFTER UPDATE OF kind, status, db_profile_id, llm_profile_id, schedule_id ON run
    BEGIN
        UPDATE run_tally SET n = n - 1
        WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
            AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0);
        INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, n)
        VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
            coalesce(NEW.schedule_id, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
];

/// One function for inserts, updates and deletes.
const POSTGRES: [&str; 2] = [
    "CREATE FUNCTION run_tally_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN
            UPDATE run_tally SET n = n - 1
            WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
                AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, n)
            VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
                coalesce(NEW.schedule_id, 0), 1)
            ON CONFLICT (kind, status, db_profile_id, llm_profile_id, schedule_id)
                DO UPDATE SET n = run_tally.n + 1;
        END IF;
        RETURN NULL;
    END $$",
    "CREATE TRIGGER run_tally_follow
        AFTER INSERT OR DELETE OR UPDATE OF kind, status, db_profile_id, llm_profile_id, schedule_id ON run
        FOR EACH ROW EXECUTE FUNCTION run_tally_follow()",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("run_tally");
        let parts = ["kind", "status", "db_profile_id", "llm_profile_id", "schedule_id"];
        let blocks = [columns(&parts[..2], ColumnDef::text), columns(&parts[2..], ColumnDef::big_integer)];
        let mut key = Index::create();
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        for part in parts {
            key.col(part);
        }
        create_table(manager, table.primary_key(&mut key).col(big_integer("n")).take()).await?;
        execute(manager, &SQLITE, &POSTGRES).await
    }
}
