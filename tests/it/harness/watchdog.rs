//! Ends the process if a test takes too long, and names it: a test that never ends would hide the results of all
//! others.

use std::{
    collections::HashMap,
    fs,
    sync::Once,
    time::{Duration, Instant},
};

/// How long a test may take.
const LIMIT: Duration = Duration::from_mins(20);
/// How often is looked.
const INTERVAL: Duration = Duration::from_secs(30);

/// Watches the tests of this process from now on, where the system tells of its threads.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(keep_watch).unwrap();
    });
}

fn keep_watch() {
    let mut seen: HashMap<String, Instant> = HashMap::new();
    loop {
        let Ok(threads) = fs::read_dir("/proc/self/task") else { return };
        let threads: Vec<String> = threads.flatten().map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        seen.retain(|thread, _| threads.contains(thread));
        for thread in threads {
            let since = *seen.entry(thread.clone()).or_insert_with(Instant::now);
            // A test's thread has the beginning of the test's name.
            let name = fs::read_to_string(format!("/proc/self/task/{thread}/comm")).unwrap_or_default();
            if since.elapsed() > LIMIT && name.contains("::") {
                eprintln!("a test has not ended within {} minutes: {}…", LIMIT.as_secs() / 60, name.trim());
                std::process::exit(1);
            }
        }
        std::thread::sleep(INTERVAL);
    }
}
