//! A real model on this machine: structured output, usage, and the time that it takes.

use std::sync::Arc;

use gloss::{
    domain::profile::{LlmProvider, NewLlmProfile},
    port::model::{Models as _, Subject},
};

use super::{customers, models, profile, request, statistics};

/// The real local model, started by the project's own script; asked for with `GLOSS_LOCAL_MODEL=1`.
struct LocalModel {
    base_url: String,
    pid: String,
}

impl LocalModel {
    fn start() -> Option<Self> {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/llm/start");
        if std::env::var("GLOSS_LOCAL_MODEL").as_deref() != Ok("1") || !script.exists() {
            eprintln!("SKIPPED: the real local model; set GLOSS_LOCAL_MODEL=1 and have {}", script.display());
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let output = std::process::Command::new(&script).arg(port.to_string()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines();
        let (Some(base_url), Some(pid)) = (lines.next(), lines.next()) else {
            eprintln!("SKIPPED: the local model does not start: {}", String::from_utf8_lossy(&output.stderr));
            return None;
        };
        Some(Self { base_url: base_url.into(), pid: pid.into() })
    }
}

impl Drop for LocalModel {
    fn drop(&mut self) {
        let _ = std::process::Command::new("kill").arg(&self.pid).status();
    }
}

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
