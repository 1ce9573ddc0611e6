//! Questions with the answers that a person would give, answered without a model.
//!
//! An expectation lists texts that the answer contains, in their order. One that begins with `!` must not occur.

use serde_json::json;

use crate::{
    ask::asked,
    harness::{Server, SqliteTarget},
};

/// A rental business, whose customers and copies both belong to a store.
const RENTAL: &str = "
    CREATE TABLE country (country_id INTEGER PRIMARY KEY, country TEXT);
    CREATE TABLE city (city_id INTEGER PRIMARY KEY, city TEXT, country_id INTEGER REFERENCES country
        (country_id));
    CREATE TABLE language (language_id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE address (address_id INTEGER PRIMARY KEY, address TEXT, address2 TEXT, city_id INTEGER
        REFERENCES city (city_id));
    CREATE TABLE staff (staff_id INTEGER PRIMARY KEY, first_name TEXT, address_id INTEGER REFERENCES address
        (address_id), store_id INTEGER REFERENCES store (store_id));
    CREATE TABLE store (store_id INTEGER PRIMARY KEY, manager_staff_id INTEGER REFERENCES staff (staff_id),
        address_id INTEGER REFERENCES address (address_id));
    CREATE TABLE film (film_id INTEGER PRIMARY KEY, title TEXT, language_id INTEGER NOT NULL REFERENCES language
        (language_id), original_language_id INTEGER REFERENCES language (language_id), rental_rate REAL);
    CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, store_id INTEGER REFERENCES store (store_id),
        first_name TEXT, email TEXT, address_id INTEGER REFERENCES address (address_id), create_date TEXT);
    CREATE TABLE inventory (inventory_id INTEGER PRIMARY KEY, film_id INTEGER REFERENCES film (film_id),
        store_id INTEGER REFERENCES store (store_id));
    CREATE TABLE rental (rental_id INTEGER PRIMARY KEY, rental_date TEXT, inventory_id INTEGER REFERENCES
        inventory (inventory_id), customer_id INTEGER REFERENCES customer (customer_id), return_date TEXT,
        staff_id INTEGER REFERENCES staff (staff_id));
    CREATE TABLE payment (payment_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id),
        staff_id INTEGER REFERENCES staff (staff_id), rental_id INTEGER REFERENCES rental (rental_id), amount
        REAL, payment_date TEXT);
    CREATE TABLE actor (actor_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT);
    CREATE TABLE film_actor (actor_id INTEGER REFERENCES actor (actor_id), film_id INTEGER REFERENCES film
        (film_id), PRIMARY KEY (actor_id, film_id));
    CREATE TABLE category (category_id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE film_category (film_id INTEGER REFERENCES film (film_id), category_id INTEGER REFERENCES
        category (category_id), PRIMARY KEY (film_id, category_id));
";

/// A shop, whose customers write reviews and whose rows say who created them.
const SHOP: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, created_by INTEGER REFERENCES users
        (id));
    CREATE TABLE addresses (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), street TEXT);
    CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES categories (id));
    CREATE TABLE products (id INTEGER PRIMARY KEY, sku TEXT, title TEXT, price REAL, category_id INTEGER
        REFERENCES categories (id), created_by INTEGER REFERENCES users (id));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
        billing_address_id INTEGER REFERENCES addresses (id), shipping_address_id INTEGER REFERENCES addresses
        (id), status INTEGER, ordered_at TEXT, shipped_at TEXT, total REAL);
    CREATE TABLE order_lines (order_id INTEGER REFERENCES orders (id), line_no INTEGER, product_id INTEGER
        REFERENCES products (id), quantity INTEGER, PRIMARY KEY (order_id, line_no));
    CREATE TABLE shipments (id INTEGER PRIMARY KEY, order_id INTEGER, line_no INTEGER, tracking TEXT, FOREIGN
        KEY (order_id, line_no) REFERENCES order_lines(order_id, line_no));
    CREATE TABLE reviews (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), product_id
        INTEGER REFERENCES products (id), rating INTEGER, body TEXT);
    CREATE TABLE workorderrouting (workorderid INTEGER PRIMARY KEY, scheduledenddate TEXT);
";

type Questions = &'static [(&'static str, &'static [&'static str])];

const ABOUT_RENTAL: Questions = &[
    (
        "How do customers join to films?",
        &[
            "1. [main.rental.customer_id] refers to [main.customer.customer_id]",
            "2. [main.rental.inventory_id]",
            "3. [main.inventory.film_id] refers to [main.film.film_id]\nJoin conditions:",
            "more than one way",
            "- through [main.store] and [main.inventory]",
            "shares a row of [main.store]",
        ],
    ),
    (
        "How do films join to languages?",
        &[
            "1. [main.film.language_id] refers to [main.language.language_id]\n",
            "- directly: main.film.original_language_id = main.language.language_id",
        ],
    ),
    ("How do customers relate to actors?", &["[main.rental.customer_id]", "[main.film_actor.actor_id]"]),
    ("How does rental connect to country?", &["[main.rental.customer_id]", "[main.city.country_id]"]),
    (
        "Which tables reference address?",
        &[
            "These refer to [main.address]:\n",
            "[main.customer.address_id]",
            "[main.staff.address_id]",
            "[main.store.address_id]",
            "!main.address.city_id",
        ],
    ),
    ("What does address refer to?", &["[main.address.city_id] refers to [main.city.city_id]", "!customer"]),
    ("What refers to payment?", &["No table refers to [main.payment], as far as foreign keys are declared."]),
    ("Which tables are referenced by film_actor?", &["[main.film_actor.actor_id]", "[main.film_actor.film_id]"]),
    (
        "What is the difference between rental date and return date in rental?",
        &["[main.rental.rental_date], column, TEXT", "[main.rental.return_date], column, TEXT", "!payment"],
    ),
    (
        "How does film differ from inventory?",
        &["[main.film], table", "`title`", "[main.inventory], table", "[main.inventory.film_id] refers to"],
    ),
    ("Where is the email of a custmer?", &["read \"custmer\" as \"customer\"", "1. [main.customer.email], column"]),
    ("Which tables do not reference address?", &["All tables except these do not refer to [main.address]:\n"]),
    ("How do customers join to unicorns?", &["Nothing is called unicorns.\n"]),
    ("How many columns does rental have?", &["[main.rental], table", "Its 6 columns:", "!cannot be counted"]),
    ("Which film was rented most?", &["Questions do not read rows", "[main.film"]),
    ("How many customers are there?", &["Questions do not read rows, so they cannot be counted.\n[main.customer]"]),
    ("What was the average amount last month?", &["Questions do not read rows", "[main.payment.amount]"]),
    ("Who maintains the staff table?", &["The catalog does not say", "[main.staff], table"]),
];

const ABOUT_SHOP: Questions = &[
    (
        "How do customers join to products?",
        &[
            "1. [main.orders.customer_id] refers to [main.customers.id]\n2. [main.order_lines.order_id] refers to",
            "3. [main.order_lines.product_id] refers to [main.products.id]",
            "- through [main.reviews]",
            "- through [main.users]",
        ],
    ),
    (
        "How do custmers join to prodcuts?",
        &["1. [main.orders.customer_id]", "3. [main.order_lines.product_id]", "- through [main.reviews]"],
    ),
    (
        "How do orders join to addresses?",
        &[
            "1. [main.orders.billing_address_id] refers to [main.addresses.id]\nJoin conditions",
            "- directly: main.orders.shipping_address_id = main.addresses.id",
        ],
    ),
    (
        "How do shipments join to products?",
        &[
            "1. [main.shipments.order_id] and [main.shipments.line_no] together refer to",
            "Join conditions: main.shipments.order_id = main.order_lines.order_id AND main.shipments.line_no = \
             main.order_lines.line_no AND main.order_lines.product_id = main.products.id",
        ],
    ),
    ("Which tables use users?", &["[main.customers.created_by]", "[main.products.created_by]"]),
    ("How do shipments join to workorderrouting?", &["No foreign keys connect them."]),
    ("Compare orders and order_lines", &["[main.orders], table", "[main.order_lines], table", "They join as follows"]),
    (
        "What is the difference between ordered_at and shipped_at in orders?",
        &["[main.orders.ordered_at]", "[main.orders.shipped_at]", "Nobody has described them yet"],
    ),
    (
        "What is the difference between orders.ordered_at and orders.shipped_at?",
        &["[main.orders.ordered_at]", "[main.orders.shipped_at]"],
    ),
    ("What does severity 1 mean?", &["No column is called severity, so the catalog does not say what 1 means there."]),
    ("What is the difference between ordered_at and colour in orders?", &["Nothing is called colour in orders."]),
    ("What does status 3 mean in orders?", &["In [main.orders.status], 3 means: shipped.", "!cancelled"]),
    ("What does rating 5 mean?", &["The catalog does not say what 5 means. It says:\n- [main.reviews.rating]"]),
    (
        "Which tables have no description?",
        &["9 of the 10 tables and views have neither a comment nor", "[main.addresses]", "!main.orders]"],
    ),
    (
        "Which columns of orders have no comment?",
        &["7 of the 8 columns of [main.orders]", "[main.orders.id]", "!main.orders.status"],
    ),
    ("Where is the scheduled end date of a work order stored?", &["1. [main.workorderrouting.scheduledenddate]"]),
    ("Is the email of customers unique?", &["[main.customers.email] is unique: no value occurs twice."]),
    ("Is the sku unique?", &["[main.products.sku] is not unique, as far as keys and indexes are declared."]),
    (
        "What is the primary key of order_lines?",
        &["is [main.order_lines.order_id] and [main.order_lines.line_no] together."],
    ),
    ("What identifies an order?", &["The primary key of [main.orders] is [main.orders.id]."]),
    ("What data type does the price of a product have?", &["[main.products.price] has the type REAL."]),
    ("Can the customer_id of orders be null?", &["[main.orders.customer_id] is never null.", "!reviews"]),
    ("Is the rating required?", &["[main.reviews.rating] may be null."]),
    ("Is there anything about suppliers?", &["Nothing in the catalog matches", "!["]),
];

async fn answers(server: &Server, profile: &str, questions: Questions) {
    let mut wrong = Vec::new();
    for (question, expected) in questions {
        let answer = asked(server, json!({ "question": question, "dbProfileIds": [profile] })).await.answer;
        let mut rest = answer.as_str();
        for text in *expected {
            if let Some(absent) = text.strip_prefix('!') {
                if answer.contains(absent) {
                    wrong.push(format!("{question}\nholds {absent:?}:\n{answer}"));
                }
            } else if let Some((_, after)) = rest.split_once(text) {
                rest = after;
            } else {
                wrong.push(format!("{question}\nlacks {text:?}:\n{answer}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn a_question_continues_the_one_before() {
    let target = SqliteTarget::new(SHOP);
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let first =
        asked(&server, json!({ "question": "How do customers join to orders?", "dbProfileIds": [profile] })).await;
    assert!(first.answer.contains("[main.orders.customer_id] refers to [main.customers.id]"), "{}", first.answer);
    let next = async |question: &str| {
        asked(&server, json!({ "question": question, "sessionId": first.session, "dbProfileIds": [profile] }))
            .await
            .answer
    };
    let products = next("And to products?").await;
    let ways =
        ["They join as follows", "[main.orders.customer_id] refers to [main.customers.id]", "[main.products.id]"];
    assert!(ways.iter().all(|part| products.contains(part)), "{products}");
    let references = next("Which tables reference orders?").await;
    assert!(references.contains("[main.order_lines.order_id]"), "{references}");
    let others = next("What about users?").await;
    assert!(others.contains("These refer to [main.users]") && others.contains("customers.created_by"), "{others}");
    // What names no table is a question of its own.
    let own = next("And where is the street stored?").await;
    assert!(own.contains("[main.addresses.street]"), "{own}");
}

#[tokio::test]
async fn about_a_rental_business() {
    let target = SqliteTarget::new(RENTAL);
    let server = Server::start().await;
    let profile = server.create_db_profile("rental", &target.url()).await;
    answers(&server, &profile, ABOUT_RENTAL).await;
}

#[tokio::test]
async fn about_a_shop() {
    let target = SqliteTarget::new(SHOP);
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let tables = [json!({ "name": "orders" })];
    let run = server
        .start_run(
            json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": "main", "tables": tables }] }] }),
        )
        .await;
    server.events(&run, 0).await;
    let query = "query($id: ID!) { run(id: $id) { suggestions(first: 50) { nodes { id asset { display } } } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let nodes = data["run"]["suggestions"]["nodes"].as_array().unwrap().clone();
    let accepted = [
        ("main.orders", "Purchases of customers."),
        ("main.orders.status", "State of the order: 1 = open, 2 = paid, 3 = shipped, 13 = cancelled."),
    ];
    for (name, text) in accepted {
        let id = &nodes.iter().find(|node| node["asset"]["display"] == name).unwrap()["id"];
        let review = "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";
        server.data(review, json!({ "input": { "ids": [id], "decision": "ACCEPT", "text": text } })).await;
    }
    answers(&server, &profile, ABOUT_SHOP).await;
}
