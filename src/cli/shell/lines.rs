//! Where the shell's lines come from: a person at a terminal, or a script.

use std::{
    borrow::Cow,
    io,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::Command;
use console::colors_enabled_stderr;
use reedline::{
    ColumnarMenu, Emacs, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch,
    PromptHistorySearchStatus, Reedline, ReedlineEvent, ReedlineMenu, Signal, SimpleMatchHighlighter,
    default_emacs_keybindings,
};
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
};

use super::{
    Names,
    complete::{Chosen, Completion},
    history::Remembered,
    menu::Completions,
};
use crate::cli::output;

/// The name of the menu of completions.
const MENU: &str = "completions";
/// What stands between the prompt and the line.
const INDICATOR: &str = "> ";

/// Where lines come from.
pub enum Lines {
    /// A person.
    Terminal(Box<Reedline>),
    /// Standard input, read by tasks of this runtime.
    Script(Handle),
}

impl Lines {
    /// Lets a person type lines of these commands, which were built. `history` is the file of earlier lines. Once
    /// `stop` is set, there are no more lines.
    pub fn terminal(
        commands: Arc<Command>,
        names: Arc<Names>,
        chosen: Chosen,
        history: PathBuf,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let mut keys = default_emacs_keybindings();
        let next = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(next));
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        let menu = Completions(ColumnarMenu::default().with_name(MENU).with_marker(INDICATOR));
        let menu = ReedlineMenu::EngineCompleter(Box::new(menu));
        let mut editor = Reedline::create()
            .with_completer(Box::new(Completion { commands, names, chosen }))
            .with_menu(menu)
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_highlighter(Box::new(SimpleMatchHighlighter::default()))
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_ansi_colors(colors_enabled_stderr())
            .with_break_signal(stop);
        let shown = history.display().to_string();
        match Remembered::in_file(history) {
            Ok(remembered) => editor = editor.with_history(Box::new(remembered)),
            Err(error) => output::note(&format!("The history is not kept, because {shown} cannot be used: {error}")),
        }
        Self::Terminal(Box::new(editor))
    }

    /// Returns the next line; `None` at the end. On a terminal, Ctrl-C clears the line, and Ctrl-D ends.
    ///
    /// # Errors
    /// Returns the error of the terminal or of standard input, and [`io::ErrorKind::Interrupted`] if a signal ends a
    /// script that waits for input.
    pub fn next(&mut self, prompt: &str) -> io::Result<Option<String>> {
        match self {
            Self::Terminal(editor) => loop {
                match editor.read_line(&Shown(prompt))? {
                    Signal::Success(line) => {
                        // A history that cannot be written is not worth ending for.
                        let _unwritten = editor.sync_history();
                        return Ok(Some(line));
                    }
                    Signal::CtrlC => {}
                    _ => return Ok(None),
                }
            },
            Self::Script(runtime) => runtime.block_on(async {
                let (mut interrupt, mut terminate) =
                    (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
                let read = tokio::task::spawn_blocking(|| {
                    let mut line = String::new();
                    io::stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
                });
                tokio::select! {
                    line = read => line.map_err(io::Error::other)?,
                    _ = interrupt.recv() => Err(io::ErrorKind::Interrupted.into()),
                    _ = terminate.recv() => Err(io::ErrorKind::Interrupted.into()),
                }
            }),
        }
    }
}

/// The prompt.
struct Shown<'a>(&'a str);

impl Prompt for Shown<'_> {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.0.into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        INDICATOR.into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "not found ",
        };
        format!("({failing}history: {}) ", search.term).into()
    }
}
