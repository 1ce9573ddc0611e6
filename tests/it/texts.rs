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

const APPLICATIONS: &str = "
    CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT);
    CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT, license_author TEXT);
    CREATE TABLE gym_gym (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE gym_gymuserconfig (id INTEGER PRIMARY KEY, gym_id INTEGER NOT NULL REFERENCES gym_gym (id),
        user_id INTEGER NOT NULL UNIQUE REFERENCES auth_user (id));
    CREATE TABLE core_repetitionunit (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE basket_line (id INTEGER PRIMARY KEY, quantity INTEGER);
    CREATE TABLE order_line (id INTEGER PRIMARY KEY, quantity INTEGER);
    CREATE TABLE payment_source (id INTEGER PRIMARY KEY, label TEXT);
    CREATE TABLE payment_transaction (id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES payment_source (id),
        amount NUMERIC, owner_id INTEGER NOT NULL REFERENCES auth_user (id), photo_author TEXT);
    CREATE TABLE manager_setting (id INTEGER PRIMARY KEY, reps INTEGER, owner_id INTEGER NOT NULL
        REFERENCES auth_user (id), unit_id INTEGER NOT NULL REFERENCES core_repetitionunit (id));";

#[tokio::test]
async fn the_application_is_no_part_of_a_tables_name() {
    let all = texts(APPLICATIONS).await;
    says(&all, "auth_user", "One row per user,");
    says(&all, "gym_gym", "One row per gym,");
    says(&all, "payment_transaction", "One row per transaction,");
    // A table is called the same, whichever table refers to it.
    for table in ["payment_transaction", "manager_setting"] {
        says(&all, &format!("{table}.owner_id"), ", a user (auth_user.id)");
    }
    says(&all, "payment_transaction", "Each row refers to a source and an owner (user)");
    // Without the application, two tables would be called the same.
    says(&all, "basket_line", "One row per basket line");
    says(&all, "order_line", "One row per order line");
    // One gym has many users, but each user occurs once.
    says(&all, "gym_gymuserconfig", "One row per gym user configuration");
    says(&all, "manager_setting.reps", "epetitions");
}

const MONITORING: &str = "
    CREATE TABLE hosts (hostid INTEGER PRIMARY KEY, name TEXT, flags INTEGER, posts TEXT);
    CREATE TABLE history (itemid INTEGER, clock INTEGER, value REAL);
    CREATE TABLE hstgrp (groupid INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE opcommand_hst (id INTEGER PRIMARY KEY, hostid INTEGER NOT NULL REFERENCES hosts (hostid));
    CREATE TABLE opcommand_grp (id INTEGER PRIMARY KEY, groupid INTEGER NOT NULL REFERENCES hstgrp (groupid));
    CREATE TABLE images (imageid INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE correlation (correlationid INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE corr_condition (conditionid INTEGER PRIMARY KEY, correlationid INTEGER NOT NULL
        REFERENCES correlation (correlationid), expression TEXT, case_sensitive INTEGER, show_triggers INTEGER);
    CREATE TABLE hosts_groups (id INTEGER PRIMARY KEY, hostid INTEGER NOT NULL REFERENCES hosts (hostid),
        groupid INTEGER NOT NULL REFERENCES hstgrp (groupid), UNIQUE (hostid, groupid));
    CREATE TABLE elements (elementid INTEGER PRIMARY KEY, label TEXT,
        imageid_off INTEGER NOT NULL REFERENCES images (imageid),
        imageid_maintenance INTEGER NOT NULL REFERENCES images (imageid));";

#[tokio::test]
async fn a_catalog_explains_its_own_abbreviations() {
    let all = texts(MONITORING).await;
    says(&all, "hstgrp", "One row per host group");
    says(&all, "hosts_groups", "Links hosts and host groups: one row for each pair");
    says(
        &all,
        "corr_condition",
        "One row per correlation condition, with its expression. Each row refers to a correlation",
    );
    says(&all, "elements", "an image (`imageid_off`) and an image (`imageid_maintenance`)");
    // The name alone is worth nothing, however it is abbreviated.
    for column in ["hstgrp.groupid", "hosts.flags", "hosts.posts", "elements.imageid_maintenance"] {
        is_rated(&all, column, "LOW");
    }
}

const TICKETS: &str = "
    CREATE TABLE Users (id INTEGER PRIMARY KEY, Name TEXT, LastUpdatedBy INTEGER, t_updated TIMESTAMP);
    CREATE TABLE Articles (id INTEGER PRIMARY KEY, Title TEXT,
        last_updated_by_id INTEGER NOT NULL REFERENCES Users (id), first_seen_by TEXT, no_original_date BOOLEAN,
        expires INTEGER, min_time INTEGER);
    CREATE TABLE app_filters2 (id INTEGER PRIMARY KEY, Title TEXT, reg_exp TEXT, md5sum TEXT);
    CREATE TABLE app_filters2_rules (id INTEGER PRIMARY KEY, filter_id INTEGER NOT NULL REFERENCES app_filters2 (id));
    CREATE TABLE app_aliases (id INTEGER PRIMARY KEY, Title TEXT);
    CREATE TABLE Fielding (id INTEGER PRIMARY KEY, PO INTEGER, POS TEXT, bats TEXT, H INTEGER);
    INSERT INTO Fielding (PO, POS, bats, H) VALUES (3, '1B', 'L', 4), (5, '2B', 'R', 9), (6, '1B', 'L', 2);
    CREATE TABLE stops (id INTEGER PRIMARY KEY, stop_code TEXT, stop_url TEXT, stop_lat REAL, stop_lon REAL,
        monday INTEGER, wheelchair_accessible INTEGER, bikes_allowed INTEGER);
    CREATE TABLE calendars (id INTEGER PRIMARY KEY, monday INTEGER, tuesday INTEGER, wednesday INTEGER,
        thursday INTEGER, friday INTEGER, saturday INTEGER, sunday INTEGER, price_min REAL, price_max REAL);
    CREATE TABLE access_keys (id INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE riders (id INTEGER PRIMARY KEY, access_key TEXT, note TEXT);
    CREATE TABLE media (id INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE products (product_id INTEGER, rider_id INTEGER REFERENCES riders (id), media_id INTEGER
        REFERENCES media (id), price NUMERIC, PRIMARY KEY (product_id, rider_id, media_id));
    CREATE TABLE route_attributes (route_id INTEGER PRIMARY KEY, color TEXT, label TEXT);
    CREATE TABLE trips (id INTEGER PRIMARY KEY, pid INTEGER, route_id INTEGER REFERENCES route_attributes (route_id));
    CREATE TABLE processes (id INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE FieldingOF (id INTEGER PRIMARY KEY, note TEXT, rider_id INTEGER REFERENCES riders (id));
    CREATE TABLE Batting (id INTEGER PRIMARY KEY, note TEXT, rider_id INTEGER REFERENCES riders (id));";

#[tokio::test]
async fn marks_and_adverbs_of_a_name_are_no_things() {
    let all = texts(TICKETS).await;
    says(&all, "Users.LastUpdatedBy", "By whom the user was last updated");
    says(&all, "Users.t_updated", "When the user was last updated");
    says(&all, "Articles.last_updated_by_id", "user by whom the article was last updated");
    says(&all, "Articles.first_seen_by", "By whom the article was first seen");
    says(&all, "Articles.no_original_date", "Whether the article has no original date");
    says(&all, "Articles.min_time", "Minimum time");
    says(&all, "app_filters2", "filter, with title, regular expression and MD5 sum");
    says(&all, "app_filters2_rules", "filter rule");
    says(&all, "app_aliases", "alias, with");
    // An abbreviation of another trade is a guess.
    for column in ["Fielding.PO", "Fielding.POS", "Fielding.H"] {
        assert_ne!(of(&all, column)["band"], "HIGH", "{}", of(&all, column)["finalText"]);
    }
    says(&all, "Fielding.bats", "Bats of the fielding");
    says(&all, "stops", "One row per stop, with code, URL, latitude, longitude and Monday.");
    says(&all, "calendars", "One row per calendar, with days of the week, price minimum and price maximum");
    says(&all, "calendars.sunday", "Whether the calendar applies on Sundays");
    says(&all, "calendars.price_min", "Price minimum");
    let key = of(&all, "riders.access_key")["finalText"].as_str().unwrap();
    assert!(!key.contains("efers"), "{key}");
    says(&all, "products", "One row per product, rider and media record, with the price");
    says(&all, "route_attributes", "Route attributes: one row per route, with color and label");
    assert!(!of(&all, "trips.pid")["finalText"].as_str().unwrap().contains("efers"));
    says(&all, "FieldingOF", "One row per fielding OF");
    says(&all, "Batting", "One row per batting record");
    let expires = of(&all, "Articles.expires")["finalText"].as_str().unwrap();
    assert!(!expires.contains("umber"), "{expires}");
}

const PAYROLL: &str = "
    CREATE TABLE x_zone (zone_id INTEGER PRIMARY KEY, name TEXT, code TEXT);
    CREATE TABLE x_geo_zone (geo_zone_id INTEGER PRIMARY KEY, name TEXT, code TEXT);
    CREATE TABLE x_layout (layout_id INTEGER PRIMARY KEY, name TEXT, code TEXT);
    CREATE TABLE x_zone_to_layout (zone_id INTEGER NOT NULL, store_id INTEGER NOT NULL, layout_id INTEGER NOT NULL
        REFERENCES x_layout (layout_id), PRIMARY KEY (zone_id, store_id));
    CREATE TABLE x_tax_rate (tax_rate_id INTEGER PRIMARY KEY, rate NUMERIC, geo_zone_id INTEGER NOT NULL
        REFERENCES x_geo_zone (geo_zone_id), count_zones INTEGER, no_select INTEGER, total INTEGER);
    CREATE TABLE x_income_class (id INTEGER, country_id INTEGER, label TEXT, PRIMARY KEY (id, country_id));
    CREATE TABLE x_income (id INTEGER PRIMARY KEY, label TEXT, ic_id INTEGER, country_id INTEGER,
        FOREIGN KEY (ic_id, country_id) REFERENCES x_income_class (id, country_id));
    CREATE TABLE x_zone_standing (zone_id INTEGER NOT NULL REFERENCES x_zone (zone_id), group_name TEXT NOT NULL,
        position INTEGER NOT NULL, points INTEGER, PRIMARY KEY (zone_id, group_name, position));
    CREATE TABLE x_account (account_no TEXT PRIMARY KEY, label TEXT, user_authorize_id INTEGER);
    CREATE TABLE x_user_authorize (id INTEGER PRIMARY KEY, label TEXT, zone_id INTEGER REFERENCES x_zone (zone_id),
        account TEXT REFERENCES x_account (account_no));
    CREATE TABLE x_translation (trans_id INTEGER NOT NULL REFERENCES x_zone (zone_id), language_code TEXT NOT NULL,
        label TEXT, PRIMARY KEY (trans_id, language_code));
    CREATE TABLE x_rule (class TEXT NOT NULL, is_final BOOLEAN NOT NULL, note TEXT, zone_id INTEGER REFERENCES x_zone
        (zone_id), PRIMARY KEY (class, is_final));
    CREATE VIEW x_accounts AS SELECT account_no, label FROM x_account;";

#[tokio::test]
async fn names_are_read_with_what_they_refer_to() {
    let all = texts(PAYROLL).await;
    says(&all, "x_tax_rate.geo_zone_id", "Refers to the geographic zone of the tax rate");
    says(&all, "x_tax_rate.count_zones", "Number of zones");
    let [select, total] = ["x_tax_rate.no_select", "x_tax_rate.total"].map(|name| of(&all, name)["finalText"].as_str());
    assert!(!select.unwrap().contains("umber") && !total.unwrap().contains("amount"), "{select:?} {total:?}");
    says(&all, "x_zone_to_layout", "Links zones and layouts: one row per zone and store.");
    says(&all, "x_income.ic_id", "Identifier of the income class.");
    says(&all, "x_translation", "one row per zone and language code");
    says(&all, "x_accounts.account_no", "Number of the account. Taken from x_account.account_no.");
    // The position is among the rows of a zone and a group.
    let position = of(&all, "x_zone_standing.position")["finalText"].as_str().unwrap();
    assert!(!position.contains("within"), "{position}");
    // A verb at the end names no thing, and yes or no combines with nothing.
    is_rated(&all, "x_user_authorize", "LOW");
    says(&all, "x_rule", "Rules, with their note.");
}

const TELEPHONY: &str = "
    CREATE TABLE cc_card (id INTEGER PRIMARY KEY, note TEXT, datecreate DATETIME, expiredays INTEGER, used INTEGER);
    CREATE TABLE cc_card_archive (id INTEGER PRIMARY KEY, country TEXT, note TEXT);
    CREATE TABLE cc_charge (id INTEGER PRIMARY KEY, id_cc_card INTEGER, amount REAL, curr_code TEXT);
    CREATE TABLE cc_campaign (id INTEGER PRIMARY KEY, id_card INTEGER, name TEXT, requireddate DATE, port TEXT);
    CREATE TABLE cc_custallocns (id INTEGER PRIMARY KEY, amount REAL, invoice_total REAL, currency TEXT);
    CREATE TABLE cc_custbranch (id INTEGER PRIMARY KEY, phoneno TEXT, userid TEXT, braddress1 TEXT, braddress2 TEXT,
        user_generated_id TEXT, max_occurs INTEGER, effectiveto DATE, retired BOOLEAN, deladdress TEXT);
    CREATE TABLE cc_account_section (id INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE cc_account_group (id INTEGER PRIMARY KEY, sectioninaccounts INTEGER NOT NULL
        REFERENCES cc_account_section (id), int64_value INTEGER);
    CREATE TABLE cc_route (id INTEGER PRIMARY KEY, src_ap TEXT, equipment TEXT);
    CREATE TABLE cc_location_users (id INTEGER PRIMARY KEY, userid TEXT, isinspec TEXT);
    CREATE TABLE cc_tax_authority (taxid INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE cc_payment_status (id INTEGER PRIMARY KEY, status_id INTEGER, name TEXT);
    INSERT INTO cc_payment_status VALUES (1, -1, 'failed'), (2, 0, 'pending'), (3, 1, 'done');";

#[tokio::test]
async fn abbreviations_are_read_only_where_their_meaning_is_clear() {
    let all = texts(TELEPHONY).await;
    for (name, text) in [
        // `cc` marks all tables, so it is no credit card.
        ("cc_charge.id_cc_card", "Presumably refers to the card (cc_card)."),
        ("cc_campaign.id_card", "Presumably refers to the card (cc_card)."),
        ("cc_card.datecreate", "When the card was created."),
        ("cc_card.expiredays", "Expire days: attribute of the card."),
        ("cc_card.used", "Used: attribute of the card."),
        ("cc_card_archive.country", "Country of the archived card."),
        ("cc_charge.curr_code", "Currency code of the charge."),
        ("cc_campaign.requireddate", "Required date of the campaign."),
        ("cc_campaign.port", "Port of the campaign."),
        ("cc_custbranch.phoneno", "Phone number of the customer branch."),
        ("cc_custbranch.userid", "Identifier of the user."),
        ("cc_custbranch.user_generated_id", "User generated identifier of the customer branch."),
        ("cc_custbranch.max_occurs", "Maximum number of occurrences of the customer branch."),
        ("cc_custbranch.effectiveto", "End of the period in which the customer branch is effective."),
        ("cc_custbranch.retired", "Whether the customer branch has been retired."),
        ("cc_account_group.int64_value", "64-bit integer value of the account group."),
        ("cc_location_users.userid", "Identifier of the user."),
        ("cc_tax_authority.taxid", "Unique identifier of each tax authority."),
    ] {
        says(&all, name, text);
    }
    says(&all, "cc_account_group.sectioninaccounts", "Refers to an account section");
    for (name, part) in [
        ("cc_custbranch.deladdress", "elete"),
        ("cc_route.src_ap", "payable"),
        ("cc_location_users.isinspec", "ISIN"),
        ("cc_payment_status", "1 is"),
    ] {
        let text = of(&all, name)["finalText"].as_str().unwrap();
        assert!(!text.contains(part), "{name}: {text}");
    }
}

const WORKFLOW: &str = "
    CREATE TABLE act_hi_actinst (id_ TEXT PRIMARY KEY, act_id_ TEXT, act_inst_id_ TEXT, proc_inst_id_ TEXT,
        start_tm TIMESTAMP, sequence_counter_ INTEGER, long_ INTEGER);
    CREATE TABLE act_hi_comment (id_ TEXT PRIMARY KEY, type_ TEXT, dir TEXT, ext TEXT, reg_state TEXT, reg_date DATE);
    CREATE TABLE act_id_user (id_ TEXT PRIMARY KEY, first_ TEXT, nonexpired BOOLEAN, yesno_cd_employed INTEGER);
    CREATE TABLE act_ru_task (id_ TEXT PRIMARY KEY, name_ TEXT, a_uuid TEXT, a_call_id TEXT, pres_id TEXT,
        allowlist TEXT, principal_paid_derived NUMERIC, repay_every INTEGER, is_paid_derived BOOLEAN,
        number_of_jobs_created INTEGER, phone_2nd TEXT, temp_c REAL, sort_str TEXT);
    CREATE TABLE act_ru_job (id_ TEXT PRIMARY KEY, name_ TEXT, user_id_ TEXT REFERENCES act_id_user (id_));";

/// What may stand for much stays as it is.
#[tokio::test]
async fn abbreviations_that_may_stand_for_much_need_evidence() {
    let all = texts(WORKFLOW).await;
    for (name, text) in [
        ("act_hi_actinst.act_id_", "Identifier of the ACT."),
        ("act_hi_actinst.act_inst_id_", "Identifier of the ACT INST."),
        ("act_hi_actinst.proc_inst_id_", "Identifier of the process instance."),
        ("act_hi_actinst.start_tm", "Start time of the HI ACT INST."),
        ("act_hi_actinst.sequence_counter_", "Sequence counter of the HI ACT INST."),
        ("act_hi_actinst.long_", "LONG of the HI ACT INST."),
        ("act_hi_comment", "One row per HI comment"),
        ("act_hi_comment.dir", "DIR of the HI comment."),
        ("act_hi_comment.ext", "EXT of the HI comment."),
        ("act_hi_comment.reg_state", "REG state of the HI comment."),
        ("act_hi_comment.reg_date", "Registration date of the HI comment."),
        ("act_id_user", "One row per ID user"),
        ("act_id_user.nonexpired", "Whether the ID user is not expired."),
        ("act_id_user.yesno_cd_employed", "Yes/no code employed"),
        ("act_ru_task.a_uuid", "Identifier A of the RU task."),
        ("act_ru_task.a_call_id", "Identifier of the call A."),
        ("act_ru_task.pres_id", "Identifier of the pres."),
        ("act_ru_task.allowlist", "Allowlist of the RU task."),
        ("act_ru_task.principal_paid_derived", "Derived principal paid."),
        ("act_ru_task.repay_every", "Repay every: attribute of the RU task."),
        ("act_ru_task.is_paid_derived", "Whether the RU task is paid."),
        ("act_ru_task.number_of_jobs_created", "Number of jobs created of the RU task."),
        ("act_ru_task.phone_2nd", "Phone 2nd of the RU task."),
        ("act_ru_task.temp_c", "Temperature of the RU task in degrees Celsius."),
        ("act_ru_task.sort_str", "Sort string of the RU task."),
    ] {
        says(&all, name, text);
    }
}

const LOANS: &str = "
    CREATE TABLE m_client (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE m_office (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE m_loan (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES m_client (id), amount NUMERIC);
    CREATE TABLE m_employee (id INTEGER PRIMARY KEY, office_id INTEGER REFERENCES m_office (id), hired_at DATE);
    CREATE TABLE acc_gl_account (id INTEGER PRIMARY KEY, name TEXT, usage TEXT);
    CREATE TABLE acc_gl_closure (id INTEGER PRIMARY KEY, closing_date DATE, rep_id INTEGER REFERENCES m_employee (id));
    CREATE TABLE acc_gl_entry (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES acc_gl_account (id));";

/// A letter, and an abbreviation of a thing that stands behind it, only group tables.
#[tokio::test]
async fn what_groups_tables_is_no_part_of_their_names() {
    let all = texts(LOANS).await;
    for (name, text) in [
        ("m_loan", "One row per loan, with its amount. Each row refers to a client."),
        ("acc_gl_account", "One row per general ledger account"),
        ("acc_gl_entry.account_id", "Refers to the account of the general ledger entry (acc_gl_account.id)."),
        ("acc_gl_closure.rep_id", "Refers to the representative of the general ledger closure, an employee"),
    ] {
        says(&all, name, text);
    }
}

const RELEASES: &str = "
    CREATE TABLE region (region_id INTEGER PRIMARY KEY, name TEXT, code TEXT);
    CREATE TABLE transcript (transcript_id INTEGER PRIMARY KEY, region_id INTEGER NOT NULL REFERENCES region
        (region_id), region_end INTEGER, region_name TEXT, transcript_stable_id TEXT);
    CREATE TABLE exon (exon_id INTEGER PRIMARY KEY, note TEXT, region_id INTEGER REFERENCES region (region_id));
    CREATE TABLE exon_transcript (exon_id INTEGER NOT NULL REFERENCES exon (exon_id), transcript_id INTEGER NOT NULL
        REFERENCES transcript (transcript_id), rank INTEGER, PRIMARY KEY (exon_id, transcript_id));
    CREATE TABLE artifact (id INTEGER PRIMARY KEY, note TEXT);
    CREATE TABLE artifact_accessory (id INTEGER PRIMARY KEY, artifact_id INTEGER REFERENCES artifact (id),
        subject_artifact_id INTEGER REFERENCES artifact (id), size INTEGER, digest TEXT);
    CREATE TABLE role (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE grants (id INTEGER PRIMARY KEY, role_type TEXT, role_id INTEGER, note TEXT);
    CREATE TABLE mapping (mapping_id INTEGER PRIMARY KEY, old_name TEXT, new_name TEXT);
    INSERT INTO mapping VALUES (1, 'first', 'second'), (2, 'second', 'third');
    CREATE TABLE leave_status (id INTEGER PRIMARY KEY, status INTEGER, name TEXT);
    INSERT INTO leave_status VALUES (1, -1, 'rejected'), (2, 0, 'cancelled'), (3, 1, 'pending');
    CREATE TABLE schools (id INTEGER NOT NULL, qyxr INTEGER NOT NULL, title TEXT, phone TEXT,
        PRIMARY KEY (id, qyxr));
    CREATE TABLE school_staff (id INTEGER PRIMARY KEY, title TEXT, name_suffix TEXT, role_id INTEGER
        REFERENCES role (id));
    CREATE TABLE school_week (id INTEGER PRIMARY KEY, mon INTEGER, tue INTEGER, note TEXT);
    CREATE TABLE hr_emp_passport (id INTEGER PRIMARY KEY, ep_number TEXT, ep_comments TEXT, ep_country TEXT,
        emp_note TEXT);";

#[tokio::test]
async fn what_stands_beside_a_column_tells_what_it_is() {
    let all = texts(RELEASES).await;
    let lacks = |name: &str, part: &str| {
        let text = of(&all, name)["finalText"].as_str().unwrap();
        assert!(!text.contains(part), "{name}: {text}");
    };
    // A position is the row's own, a name may be repeated.
    lacks("transcript.region_end", "refers to");
    says(&all, "transcript.region_name", "Name of the region that the transcript refers to");
    says(&all, "transcript.transcript_stable_id", "table identifier");
    // Neither thing of a pair belongs to the other, nor does the one that refers twice.
    lacks("exon_transcript.exon_id", "belongs");
    lacks("artifact_accessory.artifact_id", "belongs");
    lacks("grants.role_id", "efers");
    // One side of a pair is no label, and keys are no codes beside a code.
    lacks("mapping", "1 is");
    lacks("leave_status", "1 is");
    // A key that is not understood says nothing of the rows.
    lacks("schools", "One row");
    lacks("school_staff.title", "ob title");
    says(&all, "school_week.mon", "Monday");
    lacks("hr_emp_passport.ep_number", "pisode");
}
