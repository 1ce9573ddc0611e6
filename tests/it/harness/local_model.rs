//! A small real language model on this machine.

/// The local model, enabled by `GLOSS_LOCAL_MODEL=1` and started by the script `llm/start` in the shared folder beside
/// the project.
pub struct LocalModel {
    /// The OpenAI-compatible endpoint.
    pub base_url: String,
    pid: String,
}

impl LocalModel {
    /// Starts the model if it is enabled. Takes minutes if it has to be installed first.
    pub fn start() -> Option<Self> {
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
