//! The terminal of the review: its screen, its keys and its signals.
//!
//! The rule: however the review ends, the terminal is as it was before: on leaving, on an error and on a panic.

use std::{
    io::{self, Stdout, stdout},
    sync::mpsc,
};

use ratatui::{
    Terminal,
    crossterm::{
        event::{self, DisableBracketedPaste, EnableBracketedPaste, Event},
        execute,
        terminal::{Clear, ClearType, EnterAlternateScreen, enable_raw_mode},
    },
    prelude::CrosstermBackend,
};
use rustix::process::{Signal as Unix, kill_current_process_group};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use super::{
    state::State,
    view::{self, Theme},
};

/// The screen, beside the normal one.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    theme: Theme,
}

impl Screen {
    /// Opens the screen.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub fn open() -> io::Result<Self> {
        let terminal = ratatui::try_init().inspect_err(|_| drop(ratatui::try_restore()))?;
        let theme = Theme { has_colours: console::colors_enabled() };
        let screen = Self { terminal, theme };
        // What is pasted must not act as keys.
        execute!(stdout(), EnableBracketedPaste)?;
        Ok(screen)
    }

    /// Draws the state.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub fn draw(&mut self, state: &mut State, lost: Option<&str>) -> io::Result<()> {
        let theme = self.theme;
        self.terminal.draw(|frame| view::draw(frame, state, theme, lost)).map(drop)
    }

    /// Gives the terminal to others.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub fn leave(&mut self) -> io::Result<()> {
        execute!(stdout(), DisableBracketedPaste)?;
        ratatui::try_restore()?;
        self.terminal.show_cursor()
    }

    /// Takes the terminal again.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Clear(ClearType::All))?;
        // A new one draws everything. To clear the present one asks the terminal for its cursor, which not all answer.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Hands the terminal back to the shell, until the shell continues this process.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.leave()?;
        kill_current_process_group(Unix::TSTP)?;
        self.enter()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _gone = self.leave();
    }
}

/// The keys, and what else the terminal tells.
pub struct Input {
    ask: mpsc::Sender<()>,
    events: UnboundedReceiver<io::Result<Event>>,
    is_asked: bool,
}

impl Input {
    /// Begins to read. The thread reads one event whenever it is asked, so that nothing is read while an editor has the
    /// terminal.
    #[must_use]
    pub fn open() -> Self {
        let (ask, asked) = mpsc::channel();
        let (tell, events) = unbounded_channel();
        std::thread::spawn(move || {
            while asked.recv().is_ok() {
                if tell.send(event::read()).is_err() {
                    break;
                }
            }
        });
        Self { ask, events, is_asked: false }
    }

    /// Waits for the next event. If the wait is dropped, the event is not lost.
    ///
    /// # Errors
    /// Returns the error of the terminal.
    pub async fn next(&mut self) -> io::Result<Event> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        if !self.is_asked {
            self.ask.send(()).map_err(|_| gone())?;
            self.is_asked = true;
        }
        let event = self.events.recv().await;
        self.is_asked = false;
        event.unwrap_or_else(|| Err(gone()))
    }
}

/// The signals that concern the review.
pub struct Signals {
    ends: [Signal; 3],
    continues: Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To leave.
    End,
    /// To take the terminal again.
    Continue,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            ends: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?],
            continues: signal(SignalKind::from_raw(Unix::CONT.as_raw()))?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Asked {
        let [interrupt, terminate, hangup] = &mut self.ends;
        tokio::select! {
            _ = interrupt.recv() => Asked::End,
            _ = terminate.recv() => Asked::End,
            _ = hangup.recv() => Asked::End,
            _ = self.continues.recv() => Asked::Continue,
        }
    }
}
