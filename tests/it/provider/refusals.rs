//! Errors of providers and unusable profiles: each with a clear text without a secret.

use std::time::Duration;

use gloss::{
    domain::profile::{LlmProvider, NewLlmProfile},
    port::model::{ModelError, Models as _},
};
use serde_json::json;

use super::{describe, last, models, profile, table_and_email};
use crate::harness::scripted_model::{Failure, Script, ScriptedModel};

#[tokio::test]
async fn a_refused_schema_goes_into_the_prompt_and_that_is_remembered() {
    let model = ScriptedModel::builder().refusing("response_format").start().await;
    let (models, profile) = (models(), profile(model.profile()));
    let answer = models.open(&profile).unwrap().describe(&table_and_email()).await.unwrap();
    assert!(answer.drafts.iter().all(Option::is_some));
    assert_eq!((answer.usage.requests, model.requests()), (2, 2));
    models.open(&profile).unwrap().describe(&table_and_email()).await.unwrap();
    assert_eq!(model.requests(), 3, "retried without the field immediately");
    let recorded = last(&model);
    assert!(recorded.body.get("response_format").is_none());
    assert!(recorded.text("user").contains("Its JSON schema: {"));
}

#[tokio::test]
async fn refused_options_are_left_out() {
    for field in ["logprobs", "temperature"] {
        let model = ScriptedModel::builder().refusing(field).start().await;
        let answer = describe(&model, &table_and_email()).await.unwrap();
        assert!(answer.drafts.iter().all(Option::is_some));
        assert_eq!(model.requests(), 2, "{field}");
        let body = last(&model).body;
        assert!(body.get(field).is_none() && body.get("response_format").is_some());
    }
}

#[tokio::test]
async fn a_request_refused_for_itself_is_rejected() {
    let model = ScriptedModel::builder().start().await;
    let models = models();
    let describer = models.open(&profile(model.profile())).unwrap();
    model.fail_next(1, Failure::status(400).message("This model's maximum context length is 4096 tokens."));
    let error = describer.describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::Rejected(text) if text.contains("context length")), "{error:?}");
    model.fail_next(9, Failure::status(400).message(&"no ".repeat(500)));
    let error = describer.describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::Rejected(text) if text.chars().count() <= 300), "{error:?}");
    model.forget_failures();
    describer.describe(&table_and_email()).await.unwrap();
    assert!(last(&model).body.get("response_format").is_some(), "a refusal of everything is not remembered");
}

#[tokio::test]
async fn refusals_are_explained_in_plain_words() {
    let model = ScriptedModel::builder().start().await;
    let kind = |error: &ModelError| match error {
        ModelError::Busy { .. } => "busy",
        ModelError::Unstructured(_) => "unstructured",
        ModelError::Unavailable(_) => "unavailable",
        ModelError::NoAnswer(_) => "no answer",
        ModelError::NotAModel(_) => "not a model",
        ModelError::NoKey(_) => "no key",
        ModelError::KeyRefused(_) => "key refused",
        ModelError::UnknownModel(_) => "unknown model",
        ModelError::Rejected(_) => "rejected",
        ModelError::Misconfigured(_) => "misconfigured",
        ModelError::Unusable { .. } => "unusable",
    };
    for (failure, expected) in [
        (Failure::status(401), "key refused"),
        (Failure::status(403), "key refused"),
        (Failure::status(402), "key refused"),
        (Failure::status(404), "unknown model"),
        (Failure::status(400).code("model_not_found"), "unknown model"),
        (Failure::status(408), "busy"),
        (Failure::status(429), "busy"),
        (Failure::status(429).code("insufficient_quota"), "key refused"),
        (Failure::status(400).message("API key not valid. Please pass a valid API key."), "key refused"),
        (Failure::status(422).message("Invalid model: x"), "unknown model"),
        (Failure::status(503).header("retry-after", "3"), "busy"),
        (Failure::status(500).message("failed to parse grammar"), "rejected"),
        (Failure::status(200).code("nothing"), "unusable"),
        (Failure::status(200).body(json!({ "choices": [] })), "unusable"),
        (Failure::status(200).body(json!({ "error": { "message": "no", "code": 401 } })), "unusable"),
        (Failure::status(200).body(json!({ "error": { "message": "slow", "code": 503 } })), "unavailable"),
        (Failure::status(200).body(json!({ "error": "the server is overloaded" })), "unavailable"),
        (Failure::status(200).body(json!({ "hello": "world" })), "not a model"),
        (Failure::status(413), "rejected"),
        (Failure::status(302).header("location", "http://127.0.0.1:9/"), "misconfigured"),
        (Failure::status(500), "unavailable"),
        (Failure::status(503), "unavailable"),
        (Failure::status(529), "unavailable"),
    ] {
        model.fail_next(9, failure.clone());
        let error = describe(&model, &table_and_email()).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{failure:?} gave {error:?}");
        assert_eq!(error.is_transient(), matches!(expected, "busy" | "unavailable" | "not a model"));
        assert_eq!(
            error.may_be_billed(),
            matches!(expected, "not a model" | "unusable"),
            "an error status is not billed"
        );
        model.forget_failures();
    }
}

#[tokio::test]
async fn a_requested_wait_is_reported() {
    let model = ScriptedModel::builder().start().await;
    for (header, value, wait) in [
        ("retry-after", "7", Some(Duration::from_secs(7))),
        ("retry-after-ms", "250", Some(Duration::from_millis(250))),
        ("retry-after", "Mon, 23 Nov 2020 12:00:00 GMT", Some(Duration::ZERO)),
        ("x-nothing", "7", None),
    ] {
        model.fail_next(1, Failure::status(429).header(header, value));
        match describe(&model, &table_and_email()).await {
            Err(ModelError::Busy { retry_after, .. }) => assert_eq!(retry_after, wait, "{header}: {value}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_key_is_sent_and_never_shown() {
    let key = "sk-scripted-0123456789abcdef";
    let model = ScriptedModel::builder().key(key).start().await;
    assert!(describe(&model, &table_and_email()).await.is_ok());
    assert_eq!(last(&model).authorization.as_deref(), Some("Bearer sk-scripted-0123456789abcdef"));

    let mut settings = model.profile();
    settings.api_key = Some("wrong-key-7".to_owned().into());
    let error = models().open(&profile(settings.clone())).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::KeyRefused(text) if text.contains("check the key")), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("wrong-key-7"), "{error:?}");

    settings.api_key = Some("env:TEST_KEY_THAT_IS_NOT_SET".to_owned().into());
    let error = models().open(&profile(settings.clone())).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::NoKey(text) if text.contains("`TEST_KEY_THAT_IS_NOT_SET`")), "{error:?}");
    settings.api_key = Some("two\nlines".to_owned().into());
    let error = models().open(&profile(settings.clone())).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::NoKey(text) if !text.contains("two")), "{error:?}");
    settings.api_key = None;
    let before = model.requests();
    let error = models().open(&profile(settings)).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(error, ModelError::KeyRefused(_)));
    assert_eq!((model.requests(), last(&model).authorization), (before + 1, None), "no key, no header");
}

#[tokio::test]
async fn a_key_may_stand_in_the_environment() {
    // Cargo sets this variable for every test.
    let value = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let model = ScriptedModel::builder().key(&value).start().await;
    let mut settings = model.profile();
    settings.api_key = Some("env:CARGO_MANIFEST_DIR".to_owned().into());
    let answer = models().open(&profile(settings)).unwrap().describe(&table_and_email()).await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn errors_in_a_status_of_200_are_found() {
    let model = ScriptedModel::builder().start().await;
    model.fail_next(1, Failure::status(200).body(json!({ "error": { "message": "slow down", "code": 429 } })));
    assert!(matches!(describe(&model, &table_and_email()).await, Err(ModelError::Busy { .. })));
    model.fail_next(1, Failure::status(200).body(json!({ "hello": "world" })));
    let error = models().test(&profile(model.profile())).await.unwrap_err();
    assert!(matches!(&error, ModelError::NotAModel(text) if text.contains("not a chat completion")), "{error:?}");
}

#[tokio::test]
async fn late_and_missing_answers_are_told_apart() {
    let model = ScriptedModel::builder().gated().start().await;
    let models = models().with_time_limit(Duration::from_millis(50));
    let error = models.open(&profile(model.profile())).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::NoAnswer(text) if text.contains("in time")), "{error:?}");

    let model = ScriptedModel::builder().script(Script::Dropped).start().await;
    let error = describe(&model, &table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::NoAnswer(text) if text.contains("broke")), "{error:?}");

    let mut settings = model.profile();
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    settings.base_url = Some(format!("http://user:secret@127.0.0.1:{port}/v1"));
    let error = models.open(&profile(settings)).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::Unavailable(text) if text.contains("cannot reach")), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn profiles_that_cannot_be_opened_say_why() {
    let model = ScriptedModel::builder().start().await;
    let wrong = |change: &dyn Fn(&mut NewLlmProfile)| {
        let mut settings = model.profile();
        change(&mut settings);
        models().open(&profile(settings)).err().expect("an error").to_string()
    };
    assert!(wrong(&|settings| settings.base_url = None).contains("has no base URL"));
    assert!(wrong(&|settings| settings.base_url = Some("localhost".into())).contains("invalid base URL"));
    assert!(wrong(&|settings| settings.model = " ".into()).contains("has no model"));
    let mut settings = model.profile();
    (settings.provider, settings.api_key) = (LlmProvider::OpenAi, None);
    let error = models().open(&profile(settings.clone())).unwrap().describe(&table_and_email()).await.unwrap_err();
    assert!(matches!(&error, ModelError::NoKey(text) if text.contains("has no API key")), "{error:?}");
    settings.provider = LlmProvider::Builtin;
    assert_eq!(models().open(&profile(settings)).unwrap().batches(&table_and_email()), [77]);
    assert_eq!(model.requests(), 0);
}

#[tokio::test]
async fn a_dropped_request_is_aborted() {
    let model = ScriptedModel::builder().gated().start().await;
    let models = models();
    let describer = models.open(&profile(model.profile())).unwrap();
    let asking = tokio::spawn(async move { describer.describe(&table_and_email()).await });
    model.waiting(1).await;
    asking.abort();
    model.nobody_waits().await;
}
