-- What a store held at the level of the first ten migrations, written by a Gloss of that level: a reviewed run, one of
-- whose texts was applied. Later columns do not exist yet, and secrets are not sealed.

INSERT INTO db_profile (id, name, backend, url, pinned_database, created_at)
    VALUES (1, 'warehouse', 'POSTGRES', 'postgres://ann:hunter2OLDhunter2@127.0.0.1:1/shop', NULL, 1796129995156);
INSERT INTO db_profile (id, name, backend, url, pinned_database, created_at)
    VALUES (2, 'shop', 'SQLITE', 'sqlite:///srv/t.db', NULL, 1796129995231);
INSERT INTO llm_profile (id, name, provider, model, base_url, api_key, concurrency, requests_per_minute, input_cost_per_million_tokens, output_cost_per_million_tokens, is_default, created_at)
    VALUES (1, 'builtin', 'BUILTIN', 'builtin', NULL, NULL, 2, NULL, NULL, NULL, TRUE, 1796129995161);
INSERT INTO run (id, kind, command, status, db_profile_id, llm_profile_id, schedule_id, parent_id, listed_at, duration_ms, search_text, db_profile_name, llm_profile_name, provider, model, scope_summary, scope, options, max_cost_usd, max_tokens, max_seconds, created_at, started_at, finished_at, active_ms, active_since, rows_total, rows_done, rows_failed, rows_skipped, current_asset, input_tokens, output_tokens, cost_usd, model_ms, requests, retries, error, last_sequence, attempt, worker_id, lease_until, started_by, variations, apply)
    VALUES (1, 'ANALYZE', 'RUN', 'READY_FOR_REVIEW', 2, 1, NULL, NULL, 1796129995488, 81, '#1
everything
builtin
shop
builtin', 'shop', 'builtin', 'BUILTIN', 'builtin', 'everything', '{"database":null,"schemas":[]}', '{"missing_only":false,"replace_comments":false,"alternatives":3,"temperature":0.2,"max_output_tokens":1024,"verbosity":"DETAILED","profile_data":true,"instructions":null}', NULL, NULL, NULL, 1796129995482, 1796129995488, 1796129995569, 81, NULL, 3, 3, 0, 0, NULL, 0, 0, 0.0, 0, 1, 0, NULL, 13, 2, NULL, NULL, 'local', NULL, NULL);
INSERT INTO run_row (run_id, position, asset_kind, database_name, schema_name, table_name, column_name, status, error, again)
    VALUES (1, 1, 'TABLE', 't', 'main', 'orders', NULL, 'DONE', NULL, NULL);
INSERT INTO run_row (run_id, position, asset_kind, database_name, schema_name, table_name, column_name, status, error, again)
    VALUES (1, 2, 'COLUMN', 't', 'main', 'orders', 'id', 'DONE', NULL, NULL);
INSERT INTO run_row (run_id, position, asset_kind, database_name, schema_name, table_name, column_name, status, error, again)
    VALUES (1, 3, 'COLUMN', 't', 'main', 'orders', 'status', 'DONE', NULL, NULL);
INSERT INTO suggestion (id, run_id, position, asset_kind, database_name, schema_name, table_name, column_name, display, description, search_text, confidence, logprob, reasoning, existing_comment, review_state, reviewer, reviewed_at, review_text, version, chain_id, applied_id, applied_text)
    VALUES (1, 1, 1, 'TABLE', 't', 'main', 'orders', NULL, 'main.orders', 'One row per order, with its status.', 'main.orders
one row per order, with its status.', 0.49, NULL, 'The name says what a row stands for.', NULL, 'UNREVIEWED', NULL, NULL, NULL, 1, NULL, NULL, NULL);
INSERT INTO suggestion (id, run_id, position, asset_kind, database_name, schema_name, table_name, column_name, display, description, search_text, confidence, logprob, reasoning, existing_comment, review_state, reviewer, reviewed_at, review_text, version, chain_id, applied_id, applied_text)
    VALUES (2, 1, 2, 'COLUMN', 't', 'main', 'orders', 'id', 'main.orders.id', 'Unique identifier of each order.', 'main.orders.id
unique identifier of each order.', 0.49, NULL, 'It is the primary key.', NULL, 'UNREVIEWED', NULL, NULL, NULL, 1, NULL, NULL, NULL);
INSERT INTO suggestion (id, run_id, position, asset_kind, database_name, schema_name, table_name, column_name, display, description, search_text, confidence, logprob, reasoning, existing_comment, review_state, reviewer, reviewed_at, review_text, version, chain_id, applied_id, applied_text)
    VALUES (3, 1, 3, 'COLUMN', 't', 'main', 'orders', 'status', 'main.orders.status', 'Status of the order.', 'main.orders.status
status of the order.', 0.49, NULL, 'The name says what it holds.', NULL, 'ACCEPTED', 'local', 1796129995914, 'Status of the order.', 1, NULL, 1, 'Status of the order.');
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (1, 1, 'One row per order, with its status.', 0.49);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (1, 2, 'Holds one row for each order, with its status.', 0.45);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (1, 3, 'Orders, with their status.', 0.41);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (2, 1, 'Unique identifier of each order.', 0.49);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (2, 2, 'Uniquely identifies an order.', 0.45);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (2, 3, 'Identifier of the order; primary key.', 0.41);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (3, 1, 'Status of the order.', 0.49);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (3, 2, 'The order''s status.', 0.45);
INSERT INTO alternative (suggestion_id, position, text, confidence)
    VALUES (3, 3, 'Status recorded for each order.', 0.41);
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (1, 1, 'name', '`orders` reads as "orders"');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (1, 2, 'key', 'primary key `id`');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (1, 3, 'structure', '2 columns');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (2, 1, 'name', 'reads as "identifier" (id = identifier)');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (2, 2, 'type', 'INTEGER fits the name');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (2, 3, 'key', 'primary key of the table');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (3, 1, 'name', 'reads as "status"');
INSERT INTO evidence (suggestion_id, position, source, detail)
    VALUES (3, 2, 'type', 'TEXT fits the name');
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 1, 1796129995482, 'CREATED', 'Queued everything: waiting for a free worker', 'QUEUED', '{"total":null,"done":0,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":0,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 2, 1796129995488, 'STARTED', 'Started', 'RUNNING', '{"total":null,"done":0,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":0,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 3, 1796129995504, 'SCOPE_RESOLVED', '3 assets in scope', 'RUNNING', '{"total":3,"done":0,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":0,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 4, 1796129995559, 'ASSET_STARTED', 'Processing main.orders (1 of 3)', 'RUNNING', '{"total":3,"done":0,"failed":0,"skipped":0,"current_asset":{"kind":"TABLE","database":"t","schema":"main","table":"orders","column":null}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"TABLE","database":"t","schema":"main","table":"orders","column":null}', 1, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 5, 1796129995559, 'ASSET_FINISHED', 'Described main.orders (1 of 3)', 'RUNNING', '{"total":3,"done":1,"failed":0,"skipped":0,"current_asset":{"kind":"TABLE","database":"t","schema":"main","table":"orders","column":null}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"TABLE","database":"t","schema":"main","table":"orders","column":null}', 1, 1, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 6, 1796129995559, 'ASSET_STARTED', 'Processing main.orders.id (2 of 3)', 'RUNNING', '{"total":3,"done":1,"failed":0,"skipped":0,"current_asset":{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"id"}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"id"}', 2, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 7, 1796129995559, 'ASSET_FINISHED', 'Described main.orders.id (2 of 3)', 'RUNNING', '{"total":3,"done":2,"failed":0,"skipped":0,"current_asset":{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"id"}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"id"}', 2, 2, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 8, 1796129995559, 'ASSET_STARTED', 'Processing main.orders.status (3 of 3)', 'RUNNING', '{"total":3,"done":2,"failed":0,"skipped":0,"current_asset":{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}', 3, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 9, 1796129995559, 'ASSET_FINISHED', 'Described main.orders.status (3 of 3)', 'RUNNING', '{"total":3,"done":3,"failed":0,"skipped":0,"current_asset":{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}', 3, 3, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 10, 1796129995569, 'FINISHED', 'Ready for review: 3 of 3 described, 0 failed, 0 skipped', 'READY_FOR_REVIEW', '{"total":3,"done":3,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 11, 1796129996248, 'STATUS_CHANGED', 'Applying 1 comment', 'APPLYING', '{"total":3,"done":3,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 12, 1796129996290, 'APPLIED', 'Applied main.orders.status', 'APPLYING', '{"total":3,"done":3,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}', NULL, 3, NULL, NULL);
INSERT INTO run_event (run_id, sequence, at, event_type, message, status, progress, usage, asset, position, suggestion_id, text, error)
    VALUES (1, 13, 1796129996299, 'FINISHED', 'Ready for review: 1 written', 'READY_FOR_REVIEW', '{"total":3,"done":3,"failed":0,"skipped":0,"current_asset":null}', '{"input_tokens":0,"output_tokens":0,"cost_usd":0.0,"model_ms":0,"requests":1,"retries":0}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO apply_item (run_id, position, status, begun, suggestion_id, undoes, asset_kind, database_name, schema_name, table_name, column_name, text, expected, statement, before_text, error)
    VALUES (1, 1, 'APPLIED', FALSE, 3, NULL, 'COLUMN', 't', 'main', 'orders', 'status', 'Status of the order.', NULL, 'CREATE TABLE IF NOT EXISTS main.gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '''', column_name TEXT NOT NULL DEFAULT '''', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
INSERT INTO main.gloss_comments (kind, table_name, column_name, comment) VALUES (''COLUMN'', ''orders'', ''status'', ''Status of the order.'') ON CONFLICT (kind, table_name, column_name) DO UPDATE SET comment = excluded.comment', NULL, NULL);
INSERT INTO applied_comment (id, at, rolled_back_at, run_id, suggestion_id, db_profile_id, undoes, asset, db_profile_name, before_text, after_text, actor, search_text)
    VALUES (1, 1796129996290, NULL, 1, 3, 2, NULL, '{"kind":"COLUMN","database":"t","schema":"main","table":"orders","column":"status"}', 'shop', NULL, 'Status of the order.', 'local', 'main.orders.status
shop
status of the order.
local');
