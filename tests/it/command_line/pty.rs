//! A terminal that answers where its cursor is, as a prompt asks.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use gloss::cli::Exit;
use rexpect::process::{PtyProcess, WaitStatus};
use rustix::termios::{LocalModes, tcgetattr};

/// How long a text is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a command has to end when a test fails.
pub const GRACE_MS: u64 = 5_000;
/// A program's question where the cursor is, and the answer: at the top left.
const QUESTION: &[u8] = b"\x1b[6n";
const ANSWER: &[u8] = b"\x1b[1;1R";

/// A command in a terminal of 80 columns.
pub struct Terminal {
    process: PtyProcess,
    keys: File,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// The number of bytes of the shown text that were waited for.
    read: usize,
}

#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Terminal {
    /// Starts a command.
    pub fn open(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "stty cols 80 rows 24; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_gloss")]).args(arguments);
        for variable in ["GLOSS_CONFIG", "GLOSS_SERVER", "GLOSS_TOKEN", "NO_COLOR", "COLUMNS"] {
            command.env_remove(variable);
        }
        command.env("TERM", "xterm-256color").env("GLOSS_DATA_DIR", data).envs(environment.iter().copied());
        if crate::harness::store::in_postgres() {
            command.env("GLOSS_STORE_URL", crate::harness::store::url(data));
        }
        let mut process = PtyProcess::new(command).unwrap();
        process.set_kill_timeout(Some(GRACE_MS));
        let keys = process.get_file_handle().unwrap();
        let shown = Arc::<(Mutex<Shown>, Condvar)>::default();
        let (mut screen, mut answers) = (process.get_file_handle().unwrap(), process.get_file_handle().unwrap());
        let reader = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            let mut answered = 0;
            loop {
                let count = screen.read(&mut bytes).unwrap_or(0);
                let mut shown = reader.0.lock().unwrap_or_else(PoisonError::into_inner);
                shown.bytes.extend_from_slice(&bytes[..count]);
                shown.is_over = count == 0;
                let asked = shown.bytes.windows(QUESTION.len()).filter(|window| *window == QUESTION).count();
                for _ in answered..asked {
                    let _gone = answers.write_all(ANSWER);
                }
                answered = asked;
                reader.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { process, keys, shown, read: 0 }
    }

    /// Waits until a text is shown. Returns what was shown since the last text that was waited for, up to its end.
    pub fn sees(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let plain = plain(&shown.bytes);
            if let Some(at) = plain[self.read..].find(text) {
                let end = self.read + at + text.len();
                let before = plain[self.read..end].to_owned();
                self.read = end;
                return before;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.is_over, "{text:?} is not shown: {}", &plain[self.read..]);
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until the terminal makes a signal of Ctrl-C, which it does while the shell executes a line. Before that,
    /// Ctrl-C is a key of the prompt.
    pub fn executes(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !tcgetattr(&self.keys).unwrap().local_modes.contains(LocalModes::ISIG) {
            assert!(Instant::now() < deadline, "the prompt stays");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Types keys.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        self.keys(&format!("{line}\r"));
    }

    /// Waits for the end of the command. Returns its exit code, and what it still showed.
    pub fn end(self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap();
        while !shown.is_over {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the command keeps running: {}", &plain(&shown.bytes)[self.read..]);
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
        let rest = plain(&shown.bytes)[self.read..].to_owned();
        drop(shown);
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => (code, rest),
            other => panic!("{other:?}: {rest}"),
        }
    }

    /// Waits for the end of the command, which must have this exit code. Returns what it still showed.
    pub fn ends(self, exit: Exit) -> String {
        let (code, rest) = self.end();
        assert_eq!(code, i32::from(exit.number()), "{rest}");
        rest
    }
}

/// What was shown, without the sequences that control the terminal.
fn plain(bytes: &[u8]) -> String {
    console::strip_ansi_codes(&String::from_utf8_lossy(bytes)).replace('\r', "")
}
