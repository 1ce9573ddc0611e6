//! What the other tables of a database say about a column: their names, and what is documented of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{ScriptedModel, Server, SqliteTarget};

const SUGGESTIONS: &str = "query ($id: ID!) { run(id: $id) { suggestions(first: 200) { nodes {
    id asset { display } finalText band substance alternatives { text } evidence { source detail } } } } }";

/// Suggestions by asset.
pub type Found = BTreeMap<String, Value>;

/// Describes tables, or all, and returns the suggestions by asset.
pub async fn described(server: &Server, profile: &str, tables: &[&str], more: Value) -> Found {
    let tables: Vec<Value> = tables.iter().map(|name| json!({ "name": name })).collect();
    let mut target = json!({ "dbProfileId": profile });
    if !tables.is_empty() {
        target["schemas"] = json!([{ "name": "main", "tables": tables }]);
    }
    let mut input = json!({ "targets": [target] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let data = server.data(SUGGESTIONS, json!({ "id": run })).await;
    let nodes = data["run"]["suggestions"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| (node["asset"]["display"].as_str().unwrap().to_owned(), node.clone())).collect()
}

pub async fn accept(server: &Server, suggestion: &Value, text: &str) {
    let review = "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";
    let input = json!({ "ids": [suggestion["id"]], "decision": "ACCEPT", "text": text });
    server.data(review, json!({ "input": input })).await;
}

const BILLING: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), name TEXT,
        cost_center TEXT, created_at TEXT, tax_code TEXT);
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), name TEXT,
        cost_center TEXT, created_at TEXT, tax_code INTEGER);";

#[tokio::test]
async fn documented_columns_lend_their_texts() {
    let target = SqliteTarget::new(BILLING);
    let server = Server::start().await;
    let profile = server.create_db_profile("billing", &target.url()).await;
    let first = described(&server, &profile, &["orders"], json!({})).await;
    for (column, text) in [
        ("customer_id", "Who pays."),
        ("name", "What the buyer calls it."),
        ("cost_center", "Department that is charged, as in the ledger."),
        ("created_at", "When the purchase was entered by hand."),
        ("tax_code", "Key of the tax office."),
    ] {
        accept(&server, &first[&format!("main.orders.{column}")], text).await;
    }
    let second = described(&server, &profile, &["invoices"], json!({})).await;
    let of = |column: &str| &second[&format!("main.invoices.{column}")];
    // Name, type and key agree.
    for (column, text) in
        [("customer_id", "Who pays."), ("cost_center", "Department that is charged, as in the ledger.")]
    {
        assert_eq!(of(column)["finalText"].as_str().unwrap().split_inclusive('.').next(), Some(text), "{}", of(column));
        assert_eq!(of(column)["band"], "HIGH", "{}", of(column));
        let evidence = of(column)["evidence"].as_array().unwrap();
        let source = evidence.iter().find(|one| one["source"] == "elsewhere").unwrap();
        assert!(source["detail"].as_str().unwrap().starts_with(&format!("main.orders.{column} ")), "{source}");
    }
    // Another type: an alternative only. A name that is another thing in each table lends nothing.
    assert_ne!(of("tax_code")["finalText"], "Key of the tax office.");
    let alternatives = of("tax_code")["alternatives"].to_string();
    assert!(alternatives.contains("Key of the tax office."), "{alternatives}");
    assert!(!of("name").to_string().contains("What the buyer calls it"), "{}", of("name"));
    assert!(!of("created_at").to_string().contains("purchase"), "{}", of("created_at"));

    // Models are not asked for what is certain, unless the options say so.
    let model = ScriptedModel::builder().start().await;
    let llm = server.create_llm_profile(crate::harness::llm_input(&model.profile())).await;
    let third = described(&server, &profile, &["invoices"], json!({ "llmProfileId": llm })).await;
    for column in ["customer_id", "cost_center"] {
        let path = format!("main.invoices.{column}");
        assert_eq!((&third[&path]["finalText"], model.requests_for(&path)), (&of(column)["finalText"], 0), "{column}");
        assert_eq!(third[&path]["band"], "HIGH");
    }
    assert_eq!(model.requests_for("main.invoices.tax_code"), 1);
    let estimate = "query ($input: StartRunInput!) { estimateRun(input: $input) { assets inherited requests } }";
    let estimate = async |options: Value| {
        let target =
            json!({ "dbProfileId": profile, "schemas": [{ "name": "main", "tables": [{ "name": "invoices" }] }] });
        let input = json!({ "targets": [target], "llmProfileId": llm, "options": options });
        server.data(estimate, json!({ "input": input })).await["estimateRun"].take()
    };
    let (with, without) = (estimate(json!({})).await, estimate(json!({ "inherit": false })).await);
    assert_eq!((&with["assets"], &with["inherited"]), (&json!(7), &json!(2)), "{with}");
    assert_eq!((&without["assets"], &without["inherited"]), (&json!(7), &json!(0)), "{without}");
    assert_eq!(estimate(json!({ "instructions": "Be brief." })).await["inherited"], 0);

    // Models see them as data.
    let all = json!({ "llmProfileId": llm, "options": { "inherit": false } });
    described(&server, &profile, &["invoices"], all).await;
    let asked = model.recorded();
    let prompt = asked.iter().find(|one| one.asks_for("main.invoices.cost_center")).unwrap().text("user");
    assert!(
        prompt
            .contains("\"main.orders.cost_center\" is described as \"Department that is charged, as in the ledger.\""),
        "{prompt}"
    );
}

const GENES: &str = "
    CREATE TABLE assay (assay_id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE assayprop (assayprop_id INTEGER PRIMARY KEY, assay_id INTEGER REFERENCES assay (assay_id), value TEXT);
    CREATE TABLE studyfactor (studyfactor_id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE studyfactorvalue (id INTEGER PRIMARY KEY, studyfactor_id INTEGER REFERENCES studyfactor, note TEXT);
    CREATE TABLE purchaseorderdetail (id INTEGER PRIMARY KEY, orderqty INTEGER);
    CREATE VIEW pod AS SELECT * FROM purchaseorderdetail;
    CREATE TABLE cell_line (id INTEGER PRIMARY KEY, cell_type TEXT);
    CREATE TABLE generator (id INTEGER PRIMARY KEY, ferc_code TEXT, utility_id_ferc1 INTEGER,
        aromatic_rings INTEGER, enable_sync INTEGER, capacity_mw REAL, cost_per_mwh REAL);";

#[tokio::test]
async fn the_names_of_tables_explain_each_other() {
    let target = SqliteTarget::new(GENES);
    let server = Server::start().await;
    let profile = server.create_db_profile("genes", &target.url()).await;
    let all = described(&server, &profile, &[], json!({})).await;
    let text = |name: &str| all[&format!("main.{name}")]["finalText"].as_str().unwrap();
    let starts = |name: &str, start: &str| assert!(text(name).starts_with(start), "{name}: {}", text(name));
    starts("assayprop", "One row per assay property");
    starts("assayprop.assay_id", "Refers to the assay");
    starts("studyfactorvalue", "One row per study factor value");
    starts("pod", "View of purchase order details");
    starts("cell_line", "One row per cell line");
    starts("generator.ferc_code", "FERC code");
    starts("generator.aromatic_rings", "Number of aromatic rings");
    starts("generator.capacity_mw", "Capacity of the generator in megawatts");
    starts("generator.cost_per_mwh", "Cost per megawatt-hour");
    assert!(!text("generator.utility_id_ferc1").contains("irst"), "{}", text("generator.utility_id_ferc1"));
    // What the structure shows is no content.
    let key = &all["main.assay.assay_id"];
    assert_eq!((&key["band"], &key["substance"]), (&json!("LOW"), &json!("RESTATES_NAME")), "{key}");
    // One table described alone reads the same.
    let alone = described(&server, &profile, &["assayprop"], json!({})).await;
    assert_eq!(alone["main.assayprop"]["finalText"], all["main.assayprop"]["finalText"]);
}

const WORDPRESS: &str = "
    CREATE TABLE wp_users (id INTEGER PRIMARY KEY, user_login TEXT);
    CREATE TABLE wp_posts (id INTEGER PRIMARY KEY, post_author INTEGER REFERENCES wp_users (id), post_title TEXT);
    CREATE TABLE wp_comments (id INTEGER PRIMARY KEY, user_id INTEGER, comment_content TEXT);
    CREATE TABLE wp_links (id INTEGER PRIMARY KEY, link_url TEXT);";

#[tokio::test]
async fn what_only_groups_tables_is_no_part_of_their_names_and_keys_are_presumed() {
    let target = SqliteTarget::new(WORDPRESS);
    let server = Server::start().await;
    let profile = server.create_db_profile("blog", &target.url()).await;
    let all = described(&server, &profile, &[], json!({})).await;
    let text = |name: &str| all[&format!("main.{name}")]["finalText"].as_str().unwrap();
    assert!(text("wp_posts").starts_with("One row per post"), "{}", text("wp_posts"));
    assert!(text("wp_comments").starts_with("One row per comment"), "{}", text("wp_comments"));
    // No key is declared, but one table is called so.
    let presumed = &all["main.wp_comments.user_id"];
    assert_eq!(presumed["finalText"], "Presumably refers to the user (wp_users).", "{presumed}");
    assert_ne!(presumed["band"], "HIGH");
}

const LEGACY: &str = "
    CREATE TABLE SH_CAMPUS_T (CAMPUS_CD TEXT PRIMARY KEY, CAMPUS_NM TEXT);
    CREATE TABLE CA_ACCOUNT_T (ACCOUNT_NBR TEXT PRIMARY KEY, ACCT_PHYS_CMP_CD TEXT REFERENCES SH_CAMPUS_T,
        FRGN_CRNCY_CD TEXT, ZQX_CMP_CD TEXT REFERENCES SH_CAMPUS_T);
    CREATE TABLE CA_ORG_T (ORG_CD TEXT PRIMARY KEY);
    CREATE TABLE FP_BANK_T (BANK_CD TEXT PRIMARY KEY);
    CREATE TABLE FP_DOC_HEADER_T (DOC_NBR TEXT PRIMARY KEY);
    CREATE TABLE GL_ENTRY_T (ENTRY_NBR TEXT PRIMARY KEY);
    CREATE TABLE GL_BALANCE_T (BAL_NBR TEXT PRIMARY KEY);
    CREATE TABLE SH_STATE_T (STATE_CD TEXT PRIMARY KEY);";

#[tokio::test]
async fn names_of_old_databases_are_read() {
    let target = SqliteTarget::new(LEGACY);
    let server = Server::start().await;
    let profile = server.create_db_profile("ledger", &target.url()).await;
    let all = described(&server, &profile, &[], json!({})).await;
    let starts = |name: &str, start: &str| {
        let text = all[&format!("main.{name}")]["finalText"].as_str().unwrap();
        assert!(text.starts_with(start), "{name}: {text}");
    };
    // Neither the mark of all tables nor that of a module belongs to a name.
    starts("CA_ACCOUNT_T", "One row per account");
    starts("FP_BANK_T", "One row per bank");
    // Vowels are left out, and a table that is referred to explains its abbreviation.
    starts("CA_ACCOUNT_T.FRGN_CRNCY_CD", "Foreign currency code");
    starts("CA_ACCOUNT_T.ACCT_PHYS_CMP_CD", "Refers to the physical campus");
    // What cannot be read is never rated high.
    let unread = &all["main.CA_ACCOUNT_T.ZQX_CMP_CD"];
    assert_eq!(unread["band"], "LOW", "{unread}");
}

const TRANSLATED: &str = "
    CREATE TABLE languages (languages_id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE products (products_id INTEGER PRIMARY KEY, products_price REAL);
    CREATE TABLE products_options (products_options_id INTEGER, language_id INTEGER, products_options_name TEXT,
        PRIMARY KEY (products_options_id, language_id));
    CREATE TABLE exon (exon_id INTEGER PRIMARY KEY, perc_ident REAL, seq_region_start INTEGER);
    CREATE TABLE transcript (transcript_id INTEGER PRIMARY KEY, updated DATETIME);
    CREATE TABLE exon_transcript (exon_id INTEGER, transcript_id INTEGER, rank INTEGER);
    CREATE TABLE priorities (id INTEGER PRIMARY KEY, urgency TINYINT(1), kind TEXT);
    INSERT INTO priorities (urgency, kind) VALUES (1, 'low'), (2, 'high'), (3, 'low'), (4, 'high'), (4, 'low'),
        (4, 'low'), (4, 'low'), (4, 'high'), (4, 'low'), (4, 'low'), (4, 'low'), (4, 'low');";

#[tokio::test]
async fn rows_of_languages_and_undeclared_keys_are_read() {
    let target = SqliteTarget::new(TRANSLATED);
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let all = described(&server, &profile, &[], json!({})).await;
    let of = |name: &str| &all[&format!("main.{name}")];
    let says = |name: &str, part: &str| {
        let text = of(name)["finalText"].as_str().unwrap();
        assert!(text.contains(part), "{name}: {text}");
    };
    says("products_options", "One row per product option and language");
    says("exon_transcript.transcript_id", "Presumably refers to the transcript (transcript)");
    says("exon.perc_ident", "dentity");
    says("exon.seq_region_start", "equence region start");
    // A list of columns is seen anyway.
    assert_eq!(of("products_options")["band"], "LOW");
    assert_eq!(of("transcript.updated")["band"], "LOW", "{}", of("transcript.updated"));
    // Four values are no flag, and what a sample holds is no rule.
    assert!(!of("priorities.urgency")["finalText"].as_str().unwrap().contains("lag"), "{}", of("priorities.urgency"));
    says("priorities.kind", "Values seen: high and low.");
}

const EXCHANGE: &str = "
    CREATE TABLE exchange (ex_id TEXT PRIMARY KEY, ex_name TEXT);
    CREATE TABLE trade_type (tt_id TEXT PRIMARY KEY, tt_name TEXT);
    CREATE TABLE address (ad_id INTEGER PRIMARY KEY, ad_line TEXT);
    CREATE TABLE commission_rate (cr_tt_id TEXT REFERENCES trade_type (tt_id), cr_ex_id TEXT REFERENCES exchange
        (ex_id), cr_billing_ad_id INTEGER REFERENCES address (ad_id), cr_rate REAL, PRIMARY KEY (cr_tt_id, cr_ex_id));
    CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE link (entity0 INTEGER REFERENCES artist (id), entity1 INTEGER REFERENCES artist (id), rating INTEGER,
        PRIMARY KEY (entity0, entity1));
    CREATE TABLE drug_order (id INTEGER PRIMARY KEY, as_needed BOOLEAN, postcode_required BOOLEAN, ended BOOLEAN,
        uuid TEXT UNIQUE, length DECIMAL(15, 8), begin_date_year INTEGER, begin_date_month INTEGER,
        begin_date_day INTEGER);
    INSERT INTO drug_order (length, as_needed) VALUES (0, 0), (1, 1), (0, 1), (1, 0), (0, 0), (1, 0), (0, 1), (1, 1);";

#[tokio::test]
async fn aliases_of_tables_are_no_roles() {
    let target = SqliteTarget::new(EXCHANGE);
    let server = Server::start().await;
    let profile = server.create_db_profile("exchange", &target.url()).await;
    let all = described(&server, &profile, &[], json!({})).await;
    let text = |name: &str| all[&format!("main.{name}")]["finalText"].as_str().unwrap();
    let says = |name: &str, part: &str| assert!(text(name).contains(part), "{name}: {}", text(name));
    says("commission_rate.cr_ex_id", "Refers to the exchange");
    says("commission_rate.cr_billing_ad_id", "billing");
    says(
        "commission_rate",
        "one row per trade type and exchange, with the rate. Each row may refer to a billing address",
    );
    says("link", "Links pairs of artists (`entity0` and `entity1`): one row for each pair, with its rating");
    assert!(!text("link.entity1").contains("first"), "{}", text("link.entity1"));
    assert!(!text("drug_order.as_needed").contains("has been"), "{}", text("drug_order.as_needed"));
    says("drug_order.postcode_required", "is required");
    says("drug_order.ended", "has ended");
    says("drug_order", "begin date");
    assert!(!text("drug_order").contains("month"), "{}", text("drug_order"));
    assert!(!text("drug_order.length").contains("flag"), "{}", text("drug_order.length"));
    assert_eq!(all["main.drug_order.uuid"]["band"], "LOW", "{}", all["main.drug_order.uuid"]);
}
