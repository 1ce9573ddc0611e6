//! A real local model: structured output, usage, and response time.

use std::sync::Arc;

use gloss::{
    domain::profile::{LlmProvider, NewLlmProfile},
    port::model::{Models as _, Subject},
};

use crate::harness::LocalModel;

use super::{customers, models, profile, request, statistics};

#[tokio::test]
async fn a_real_model_describes_a_table() {
    let Some(local) = LocalModel::start() else { return };
    let settings = NewLlmProfile {
        name: "local".into(),
        provider: LlmProvider::OpenAiCompatible,
        model: "smollm2-135m-instruct".into(),
        base_url: Some(local.base_url.clone()),
        api_key: None,
        is_default: false,
        concurrency: 1,
        requests_per_minute: None,
        input_cost_per_million_tokens: Some(0.0),
        cached_input_cost_per_million_tokens: None,
        output_cost_per_million_tokens: Some(0.0),
    };
    let (models, profile) = (models(), profile(settings));
    eprintln!("{}", models.test(&profile).await.unwrap());
    let describer = models.open(&profile).unwrap();
    let subjects: Vec<Subject> = std::iter::once(Subject::Table).chain((0..5).map(Subject::Column)).collect();
    let mut request = request(customers(), &subjects);
    request.statistics = Some(Arc::new(statistics()));
    let answer = describer.describe(&request).await.unwrap();
    for (subject, draft) in subjects.iter().zip(&answer.drafts) {
        eprintln!("{subject:?}: {draft:#?}");
    }
    eprintln!("{:?}", answer.usage);
    assert_eq!(answer.drafts.len(), 6);
    assert!(answer.drafts.iter().flatten().count() >= 4, "a complete answer follows from the schema");
    assert!(answer.usage.input_tokens > 100 && answer.usage.output_tokens > 50);
}
