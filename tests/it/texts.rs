//! Texts of the builtin describer on databases that nobody tuned it for: what keys, rows of lookup tables and the
//! columns beside each other tell, and names that tell nothing.

use serde_json::{Value, json};

use crate::{
    harness::{Server, SqliteTarget},
    neighbours::{Found, described},
};

async fn texts(sql: &str) -> Found {
    let target = SqliteTarget::new(sql);
    let server = Server::start().await;
    let profile = server.create_db_profile("unseen", &target.url()).await;
    described(&server, &profile, &[], json!({})).await
}

fn of<'a>(all: &'a Found, name: &str) -> &'a Value {
    &all[&format!("main.{name}")]
}

#[track_caller]
fn says(all: &Found, name: &str, part: &str) {
    let text = of(all, name)["finalText"].as_str().unwrap();
    assert!(text.contains(part), "{name}: {text}");
}

#[track_caller]
fn is_rated(all: &Found, name: &str, band: &str) {
    assert_eq!(of(all, name)["band"], band, "{name}: {}", of(all, name)["finalText"]);
}

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL);
    CREATE TABLE calendar (date_id INTEGER PRIMARY KEY, full_date DATE NOT NULL);
    CREATE TABLE order_status (status_id INTEGER PRIMARY KEY, label TEXT NOT NULL);
    INSERT INTO order_status VALUES (1, 'open'), (2, 'closed'), (3, 'on hold');
    CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
        status_id INTEGER NOT NULL REFERENCES order_status (status_id),
        assigned_to_id INTEGER REFERENCES customers (id),
        ship_date_id INTEGER REFERENCES calendar (date_id), return_date_id INTEGER REFERENCES calendar (date_id),
        recovery INTEGER, priority INTEGER, level INTEGER, is_gift INTEGER, pay_to TEXT, execute_on TEXT,
        amount_num INTEGER, amount_denom INTEGER);
    CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders (order_id), line_no INTEGER NOT NULL,
        sku TEXT, PRIMARY KEY (order_id, line_no));
    CREATE TABLE regions (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE dim_item (item_sk INTEGER PRIMARY KEY, item_id TEXT NOT NULL, rec_start_date DATE, rec_end_date DATE,
        name TEXT);
    CREATE TABLE item_prices (item_sk INTEGER NOT NULL REFERENCES dim_item (item_sk), region_id INTEGER NOT NULL
        REFERENCES regions (id), valid_from DATE NOT NULL, price NUMERIC, PRIMARY KEY (item_sk, region_id, valid_from));
    CREATE TABLE order_history (order_id INTEGER NOT NULL REFERENCES orders (order_id), changed_at TIMESTAMP NOT NULL,
        changed_by INTEGER REFERENCES customers (id), PRIMARY KEY (order_id, changed_at));
    CREATE TABLE redirect_uris (order_id INTEGER NOT NULL REFERENCES orders (order_id), value TEXT NOT NULL,
        PRIMARY KEY (order_id, value));";

/// The shop with two customers and 24 orders.
fn shop() -> String {
    let orders = (1..=24).map(|id| {
        format!(
            "INSERT INTO orders (order_id, customer_id, status_id, recovery, priority, level, is_gift, execute_on)
                VALUES ({id}, {}, {}, {}, {}, 1, {}, '{}');",
            id % 2 + 1,
            id % 3 + 1,
            id % 2,
            id % 2,
            id % 2,
            ["agent", "server"][id % 2]
        )
    });
    let customers = "INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');".to_owned();
    [SHOP.to_owned(), customers].into_iter().chain(orders).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn keys_say_what_a_row_is() {
    let all = texts(&shop()).await;
    says(&all, "order_lines", "One row per line of an order");
    says(&all, "item_prices", "Item prices: one row per item, region and start of validity, with the price.");
    says(&all, "order_history", "one row per order and point in time");
    says(&all, "dim_item", "One row per version of an item");
    for table in ["order_lines", "item_prices", "order_history", "dim_item"] {
        is_rated(&all, table, "HIGH");
    }
}

#[tokio::test]
async fn rows_of_lookup_tables_say_what_keys_stand_for() {
    let all = texts(&shop()).await;
    says(
        &all,
        "orders.status_id",
        "Refers to the status of the order (order_status.status_id). 1 is open, 2 is closed",
    );
    says(&all, "orders.status_id", "3 is on hold");
    is_rated(&all, "orders.status_id", "HIGH");
    says(&all, "order_status", "1 is open, 2 is closed and 3 is on hold");
    // People are no codes.
    for column in ["customers", "orders.customer_id"] {
        assert!(!of(&all, column).to_string().contains("Ada"), "{}", of(&all, column));
    }
    // A statistic is more than the name, and no meaning.
    says(&all, "orders.customer_id", "2 of 3 customers occur");
    is_rated(&all, "orders.customer_id", "MEDIUM");
    // Without `profileData`, and for tables that are left out, no rows are read.
    let target = SqliteTarget::new(&shop());
    let server = Server::start().await;
    let profile = server.create_db_profile("unread", &target.url()).await;
    let unread = described(&server, &profile, &["orders"], json!({ "options": { "profileData": false } })).await;
    assert!(!of(&unread, "orders.status_id").to_string().contains("open"), "{}", of(&unread, "orders.status_id"));
    let update = "mutation ($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { id } } }";
    server.data(update, json!({ "input": { "id": profile, "exclude": ["main.order_status"] } })).await;
    let unread = described(&server, &profile, &["orders"], json!({})).await;
    assert!(!of(&unread, "orders.status_id").to_string().contains("open"), "{}", of(&unread, "orders.status_id"));
}

const ROLES: &str = "
    CREATE TABLE currency (code CHAR(3) PRIMARY KEY, minor_units INTEGER, symbol TEXT);
    CREATE TABLE rates (id INTEGER PRIMARY KEY, from_code CHAR(3) NOT NULL REFERENCES currency (code),
        to_code CHAR(3) NOT NULL REFERENCES currency (code), rate REAL, provider TEXT, quoted_at TIMESTAMP);
    CREATE TABLE hosts (hostid INTEGER PRIMARY KEY, host TEXT, port INTEGER);
    CREATE TABLE hosts_templates (id INTEGER PRIMARY KEY, hostid INTEGER NOT NULL REFERENCES hosts (hostid),
        templateid INTEGER NOT NULL REFERENCES hosts (hostid), link_type INTEGER, UNIQUE (hostid, templateid));
    CREATE TABLE res_users (id INTEGER PRIMARY KEY, login TEXT, create_uid INTEGER REFERENCES res_users (id));
    CREATE TABLE res_partner (id INTEGER PRIMARY KEY, name TEXT, street TEXT,
        write_uid INTEGER REFERENCES res_users (id));
    CREATE TABLE res_bank (id INTEGER PRIMARY KEY, bic TEXT);
    CREATE TABLE sale_order (id INTEGER PRIMARY KEY, partner_id INTEGER NOT NULL REFERENCES res_partner (id),
        partner_invoice_id INTEGER NOT NULL REFERENCES res_partner (id), bill_to_partner_id INTEGER NOT NULL
        REFERENCES res_partner (id), assigned_to_id INTEGER NOT NULL REFERENCES res_users (id),
        discontinue_of_id INTEGER REFERENCES sale_order (id), write_uid INTEGER REFERENCES res_users (id));
    CREATE TABLE admissions (hadm_id INTEGER PRIMARY KEY, admittime TIMESTAMP, insurance TEXT);
    CREATE TABLE icustays (stay_id INTEGER PRIMARY KEY, hadm_id INTEGER NOT NULL REFERENCES admissions (hadm_id));
    CREATE TABLE realm (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE client (id TEXT PRIMARY KEY, realm_id TEXT, name TEXT);
    CREATE TABLE voucher (id INTEGER PRIMARY KEY, realm_id INTEGER, client_id INTEGER);";

#[tokio::test]
async fn references_keep_their_roles() {
    let all = texts(ROLES).await;
    says(&all, "rates.from_code", "Refers to the source currency of the rate");
    says(&all, "rates", "Each row refers to a source currency and a target currency.");
    says(&all, "hosts_templates", "Links pairs of hosts (a host and a template): one row for each pair");
    says(&all, "hosts_templates.templateid", "Refers to the template of the host template, a host");
    says(&all, "sale_order.partner_invoice_id", "Refers to the invoice partner of the sale order");
    says(&all, "sale_order.bill_to_partner_id", "Refers to the bill-to partner of the sale order");
    says(&all, "sale_order.assigned_to_id", "Refers to the user to whom the sale order is assigned");
    says(&all, "sale_order.write_uid", "Refers to the user by whom the sale order was last changed");
    says(&all, "sale_order", "refers to a partner, an invoice partner, a bill-to partner and a user");
    says(&all, "res_partner", "One row per partner");
    // The description names the person who changed the row only if there is nothing else to say.
    assert!(!of(&all, "sale_order")["finalText"].as_str().unwrap().contains("write"), "{}", of(&all, "sale_order"));
    // The key says more than the name of its column.
    says(&all, "icustays.hadm_id", "Refers to the admission");
    is_rated(&all, "icustays.hadm_id", "HIGH");
    // What is no role is none.
    says(&all, "sale_order.discontinue_of_id", "Refers to a sale order");
    is_rated(&all, "sale_order.discontinue_of_id", "LOW");
    // The name says it all, also if the table's name has a mark of its module.
    is_rated(&all, "sale_order.partner_id", "LOW");
}

#[tokio::test]
async fn a_key_is_presumed_only_if_its_type_fits() {
    let all = texts(ROLES).await;
    says(&all, "voucher.realm_id", "Presumably refers to the realm (realm).");
    for column in ["client.realm_id", "voucher.client_id"] {
        let text = of(&all, column)["finalText"].as_str().unwrap();
        assert!(!text.contains("resumably"), "{column}: {text}");
        is_rated(&all, column, "LOW");
    }
}

#[tokio::test]
async fn names_that_are_no_nouns_and_numbers_without_meaning_are_rated_low() {
    let all = texts(&shop()).await;
    for column in ["pay_to", "execute_on", "recovery", "priority", "level"] {
        let column = format!("orders.{column}");
        is_rated(&all, &column, "LOW");
        let text = of(&all, &column)["finalText"].as_str().unwrap();
        let is_stiff = ["flag", "to of", "on of", "execute of", "Time"].iter().any(|part| text.contains(part));
        assert!(!is_stiff, "{column}: {text}");
    }
    says(&all, "orders.is_gift", "Whether the order is a gift");
    says(&all, "orders.amount_num", "Numerator of the amount of the order");
    let table = of(&all, "orders")["finalText"].as_str().unwrap();
    assert!(!table.contains("payment to") && !table.contains("execute"), "{table}");
    says(&all, "redirect_uris", "Redirect URIs: one row per order and value");
}

const MESSAGES: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT, password TEXT, created_by INTEGER REFERENCES users (id),
        create_date TIMESTAMP, first_name TEXT, last_name TEXT, street_name TEXT, street_number TEXT, city TEXT,
        num_logins INTEGER, height TEXT);
    CREATE TABLE channels (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id), email BOOLEAN,
        sms BOOLEAN);
    CREATE TABLE taggings (id INTEGER PRIMARY KEY, taggable_type TEXT, taggable_id INTEGER, bill_of_materials_id INTEGER
        REFERENCES bills_of_materials (id));
    CREATE TABLE bills_of_materials (id INTEGER PRIMARY KEY, revision TEXT, title TEXT);
    INSERT INTO users (id, login) VALUES (1, 'a');";

#[tokio::test]
async fn contents_are_things_and_secrets_come_last() {
    let all = texts(MESSAGES).await;
    says(&all, "users", "One row per user, with login, name, address, number of logins, height and more");
    says(&all, "channels.email", "E-mail flag");
    says(&all, "bills_of_materials", "One row per bill of materials");
    says(&all, "taggings.taggable_type", "Kind of the row to which `taggable_id` refers");
    says(&all, "taggings.taggable_id", "Identifier of a row of the kind that `taggable_type` names");
}
