//! Roles: every root field of the schema, requested by each role over every transport.

use std::collections::BTreeMap;

use gloss::graphql::{Role, access::stated};
use reqwest::{Client, header};
use serde_json::{Value, json};

use crate::harness::{Live, Server};

const SCHEMA: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { name kind isOneOf enumValues { name } inputFields { name defaultValue type { ...T } }
        fields { name type { ...T } args { name defaultValue type { ...T } } } } } }
    fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

/// The schema, from introspection.
struct Schema(BTreeMap<String, Value>);

/// A root field and a valid call of it.
struct Root {
    parent: String,
    name: String,
    /// The call with valid arguments and a selection.
    call: String,
}

impl Schema {
    async fn of(server: &Server, token: &str) -> Self {
        let data = server.data_for(token, SCHEMA, json!({})).await;
        let types = data["__schema"]["types"].as_array().unwrap().clone();
        Self(types.into_iter().map(|it| (it["name"].as_str().unwrap().to_owned(), it)).collect())
    }

    fn roots(&self) -> Vec<Root> {
        let root = |parent: &str, field: &Value| Root {
            parent: parent.to_owned(),
            name: field["name"].as_str().unwrap().to_owned(),
            call: self.call(field),
        };
        let fields = |parent: &'static str| {
            let fields = self.0[parent]["fields"].as_array().unwrap();
            fields.iter().map(move |field| root(parent, field))
        };
        ["Query", "Mutation", "Subscription"].into_iter().flat_map(fields).collect()
    }

    fn call(&self, field: &Value) -> String {
        let needed = |argument: &&Value| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
        let arguments = field["args"].as_array().unwrap().iter().filter(needed);
        let arguments: Vec<String> =
            arguments.map(|it| format!("{}: {}", it["name"].as_str().unwrap(), self.value(&it["type"]))).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let selection = match named(&field["type"])["kind"].as_str().unwrap() {
            "SCALAR" | "ENUM" => "",
            _ => " { __typename }",
        };
        format!("{}{arguments}{selection}", field["name"].as_str().unwrap())
    }

    /// Returns a valid value of a type; the ids in it need not exist.
    fn value(&self, of: &Value) -> String {
        match of["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(&of["ofType"]),
            "LIST" => format!("[{}]", self.value(&of["ofType"])),
            "ENUM" => self.0[of["name"].as_str().unwrap()]["enumValues"][0]["name"].as_str().unwrap().to_owned(),
            "INPUT_OBJECT" => {
                let fields = self.0[of["name"].as_str().unwrap()]["inputFields"].as_array().unwrap();
                let one = usize::from(self.0[of["name"].as_str().unwrap()]["isOneOf"] == true);
                let needed =
                    fields.iter().filter(|it| it["type"]["kind"] == "NON_NULL" && it["defaultValue"].is_null());
                let fields: Vec<String> = fields
                    .iter()
                    .take(one)
                    .chain(needed)
                    .map(|it| format!("{}: {}", it["name"].as_str().unwrap(), self.value(&it["type"])))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
            _ => match of["name"].as_str().unwrap() {
                "Int" | "Long" | "Float" => "1".to_owned(),
                "Boolean" => "true".to_owned(),
                "DateTime" => "\"2099-01-01T00:00:00Z\"".to_owned(),
                _ => "\"x\"".to_owned(),
            },
        }
    }
}

fn named(of: &Value) -> &Value {
    if of["ofType"].is_object() { named(&of["ofType"]) } else { of }
}

impl Root {
    fn keyword(&self) -> String {
        self.parent.to_lowercase()
    }

    /// Returns the call in all forms that a document allows.
    fn documents(&self) -> Vec<String> {
        let (keyword, parent, call) = (self.keyword(), &self.parent, &self.call);
        vec![
            format!("{keyword} {{ {call} }}"),
            format!("{keyword} {{ viewer: {call} }}"),
            format!("{keyword} {{ ... on {parent} {{ {call} }} }}"),
            format!("{keyword} {{ ...a }} fragment a on {parent} {{ ...b }} fragment b on {parent} {{ {call} }}"),
            format!("query Q {{ __typename }} {keyword} M {{ {call} }}"),
        ]
    }
}

/// Returns the answers to a document, with the transport of each.
async fn at_every_door(server: &Server, token: &str, document: &str) -> Vec<(&'static str, Value)> {
    let name = document.starts_with("query Q").then_some("M");
    let body = json!({ "query": document, "operationName": name });
    let url = format!("{}/graphql", server.base);
    let client = Client::new();
    let post = |accept: &str| {
        let request = client.post(&url).bearer_auth(token).header(header::CONTENT_TYPE, "application/json");
        request.header(header::ACCEPT, accept).body(body.to_string()).send()
    };
    let json = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_else(|_| panic!("{text}"));
    let mut answers = Vec::new();
    let subscribes = document.contains("subscription");
    if !subscribes {
        answers.push(("POST", json(post("application/json").await.unwrap().text().await.unwrap())));
    }
    if !subscribes && !document.contains("mutation") {
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        encoded.append_pair("query", document).append_pair("operationName", name.unwrap_or_default());
        let get = client.get(format!("{url}?{}", encoded.finish())).bearer_auth(token).send().await.unwrap();
        answers.push(("GET", json(get.text().await.unwrap())));
    }
    let mut live = Live::send_as(&server.base, json!({ "token": token }), body.clone()).await.unwrap();
    let message = live.message().await.unwrap();
    let over_socket =
        if message["type"] == "error" { json!({ "errors": message["payload"] }) } else { message["payload"].clone() };
    answers.push(("WebSocket", over_socket));
    let text = post("text/event-stream").await.unwrap().text().await.unwrap();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_else(|| panic!("{text}"));
    answers.push(("SSE", json(data.to_owned())));
    answers
}

fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none")).collect()
}

#[tokio::test]
async fn every_root_field_states_its_role_and_nothing_is_reachable_with_less() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let (root, id) = server.create_token(None, "root", "ADMIN").await;
    let (viewer, _) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let (operator, _) = server.create_token(Some(&root), "operator", "OPERATOR").await;
    let schema = Schema::of(&server, &viewer).await;
    let roots = schema.roots();
    assert!(roots.len() > 35, "{}", roots.len());

    let unstated: Vec<String> = roots
        .iter()
        .filter(|it| stated(&it.parent, &it.name).is_none())
        .map(|it| format!("{}.{}", it.parent, it.name))
        .collect();
    assert!(unstated.is_empty(), "without a line in src/graphql/access.rs: {unstated:?}");
    for it in &roots {
        let role = stated(&it.parent, &it.name).unwrap();
        assert!(it.parent != "Mutation" || role > Role::Viewer, "{} changes something", it.name);
        let keeps = it.name.ends_with("Profile") && !it.name.starts_with("test") || it.name.ends_with("Token");
        let for_admins = keeps || it.name.starts_with("delete");
        assert!(it.parent != "Mutation" || !for_admins || role == Role::Admin, "{}", it.name);
    }

    // A field that does not exist is a validation error for every role.
    for document in ["mutation { nosuch { id } }", "subscription { nosuch { id } }"] {
        for (door, answer) in at_every_door(&server, &viewer, document).await {
            assert_eq!(codes(&answer), ["GRAPHQL_VALIDATION_FAILED"], "{door}: {document}: {answer}");
        }
    }
    for (token, held) in [(&viewer, Role::Viewer), (&operator, Role::Operator)] {
        for it in roots.iter().filter(|it| stated(&it.parent, &it.name).unwrap() > held) {
            let needed = stated(&it.parent, &it.name).unwrap();
            for document in it.documents() {
                for (door, answer) in at_every_door(&server, token, &document).await {
                    assert_eq!(codes(&answer), ["FORBIDDEN"], "{door}: {document}: {answer}");
                    let message = answer["errors"][0]["message"].as_str().unwrap();
                    let role = format!("requires the role {}", needed.as_str());
                    assert!(message.contains(&it.name) && message.contains(&role), "{message}");
                    // A query's other fields are answered; a mutation is refused as a whole.
                    let left = answer.get("data").and_then(Value::as_object).map(|it| it.values().all(Value::is_null));
                    assert!(left.unwrap_or(true), "{door}: {document}: {answer}");
                }
            }
        }
    }
    // With a sufficient role, the call fails at most for other reasons.
    for (token, held) in [(&viewer, Role::Viewer), (&operator, Role::Operator), (&root, Role::Admin)] {
        for it in roots.iter().filter(|it| it.parent != "Subscription" && stated(&it.parent, &it.name).unwrap() == held)
        {
            let (_, _, answer) = server.ask(Some(token), &it.documents()[0], json!({})).await;
            assert!(
                codes(&answer).iter().all(|code| !["FORBIDDEN", "UNAUTHENTICATED"].contains(code)),
                "{}: {answer}",
                it.name
            );
        }
    }
    // Indirect access is refused as well.
    let node = "query($id: ID!) { node(id: $id) { id ... on ApiToken { name } } nodes(ids: [$id]) { __typename }
        viewer { role } apiTokens { name } }";
    for token in [&viewer, &operator] {
        let (_, _, answer) = server.ask(Some(token), node, json!({ "id": id })).await;
        assert!(codes(&answer).iter().all(|code| *code == "FORBIDDEN") && codes(&answer).len() == 3, "{answer}");
        assert!(!answer.to_string().contains("\"root\""), "{answer}");
        let node = "query($id: ID!) { node(id: $id) { ... on ApiToken { name } } viewer { name } apiTokens { name } }";
        let (_, _, answer) = server.ask(Some(token), node, json!({ "id": id })).await;
        assert_eq!((&answer["data"]["node"], &answer["data"]["apiTokens"]), (&Value::Null, &Value::Null));
        assert!(answer["data"]["viewer"]["name"].is_string(), "{answer}");
        assert_eq!(answer["errors"][1]["path"], json!(["apiTokens"]), "{answer}");
    }
    // One forbidden field refuses the whole mutation.
    let both = "mutation { a: cancelRuns(input: { filter: {} }) { matched } b: deleteRuns(input: { ids: [] }) { \
        deletedIds } }";
    let (_, _, answer) = server.ask(Some(&operator), both, json!({})).await;
    assert!(codes(&answer) == ["FORBIDDEN"] && answer.get("data").is_none(), "{answer}");
}
