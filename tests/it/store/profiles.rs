//! Profiles in the store.

use gloss::{
    domain::{
        id::{DbProfileId, LlmProfileId, RunId},
        profile::{DbBackend, LlmProvider, NewDbProfile, NewLlmProfile},
    },
    port::store::{ProfileStore, RunStore},
};

use super::{TestStore, at, error_of, new_run};

fn db_profile(name: &str) -> NewDbProfile {
    NewDbProfile {
        name: name.to_owned(),
        backend: DbBackend::Sqlite,
        url: "sqlite:///secret.db".to_owned().into(),
        pinned_database: None,
        about: None,
        exclude: Vec::new(),
        sample_views: false,
    }
}

fn llm_profile(name: &str, is_default: bool) -> NewLlmProfile {
    NewLlmProfile {
        name: name.to_owned(),
        provider: LlmProvider::OpenAiCompatible,
        model: "m".to_owned(),
        base_url: Some("http://127.0.0.1:1".to_owned()),
        api_key: Some("env:KEY".to_owned().into()),
        is_default,
        concurrency: 4,
        requests_per_minute: None,
        input_cost_per_million_tokens: Some(0.15),
        cached_input_cost_per_million_tokens: Some(0.075),
        output_cost_per_million_tokens: None,
    }
}

#[tokio::test]
async fn profiles_keep_their_names_apart_and_their_runs() {
    let test = TestStore::new().await;
    let b = test.store.create_db_profile(db_profile("b"), at(0)).await.unwrap();
    let a = test.store.create_db_profile(db_profile("a"), at(1)).await.unwrap();
    let names: Vec<_> = test.store.db_profiles().await.unwrap().into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(error_of(test.store.create_db_profile(db_profile("a"), at(2)).await).0, "CONFLICT");
    assert_eq!(error_of(test.store.update_db_profile(b.id, db_profile("a")).await).0, "CONFLICT");
    assert_eq!(error_of(test.store.update_db_profile(DbProfileId(9), db_profile("z")).await).0, "NOT_FOUND");
    let renamed = test.store.update_db_profile(b.id, db_profile("c")).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.created_at), ("c", at(0)));
    let found = test.store.db_profiles_by_id(&[a.id, DbProfileId(9)]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&a.id]);

    let mut run = new_run("t");
    run.spec.db_profile_id = Some(a.id);
    run.spec.llm_profile_id = None;
    test.create(vec![run], 5).await;
    let (code, message) = error_of(test.store.delete_db_profile(a.id).await);
    assert_eq!((code, message.contains("#1")), ("CONFLICT", true), "{message}");
    test.change(RunId(1), 6, |edit| edit.request_cancel("local")).await;
    test.store.delete_db_profile(a.id).await.unwrap();
    assert_eq!(error_of(test.store.delete_db_profile(a.id).await).0, "NOT_FOUND");
    let left = &test.store.runs_by_id(&[RunId(1)]).await.unwrap()[&RunId(1)];
    assert_eq!((left.spec.db_profile_id, left.spec.db_profile_name.as_deref()), (Some(a.id), Some("demo")));
    // Ids are not reused either: a new profile must not be mistaken for a deleted one.
    assert!(test.store.create_db_profile(db_profile("d"), at(7)).await.unwrap().id > a.id);
}

#[tokio::test]
async fn one_llm_profile_at_most_is_the_default() {
    let test = TestStore::new().await;
    let one = test.store.create_llm_profile(llm_profile("one", true), at(0)).await.unwrap();
    let two = test.store.create_llm_profile(llm_profile("two", true), at(0)).await.unwrap();
    let defaults = async || -> Vec<LlmProfileId> {
        let profiles = test.store.llm_profiles().await.unwrap();
        profiles.into_iter().filter(|profile| profile.settings.is_default).map(|profile| profile.id).collect()
    };
    assert_eq!(defaults().await, [two.id]);
    test.store.update_llm_profile(one.id, llm_profile("one", true)).await.unwrap();
    assert_eq!(defaults().await, [one.id]);
    assert_eq!(error_of(test.store.create_llm_profile(llm_profile("two", true), at(1)).await).0, "CONFLICT");
    assert_eq!(defaults().await, [one.id]);
    assert_eq!(error_of(test.store.update_llm_profile(one.id, llm_profile("two", false)).await).0, "CONFLICT");
    let found = test.store.llm_profiles_by_id(&[two.id]).await.unwrap();
    assert_eq!(found[&two.id].settings.input_cost_per_million_tokens, Some(0.15));
    assert_eq!(found[&two.id].settings.cached_input_cost_per_million_tokens, Some(0.075));
    test.create(vec![new_run("t")], 5).await;
    let (code, message) = error_of(test.store.delete_llm_profile(one.id).await);
    assert_eq!((code, message.contains("#1")), ("CONFLICT", true), "{message}");
    test.store.delete_llm_profile(two.id).await.unwrap();
    assert_eq!(error_of(test.store.delete_llm_profile(two.id).await).0, "NOT_FOUND");
}
