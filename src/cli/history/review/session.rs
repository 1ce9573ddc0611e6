//! The session of a review: it brings together keys, screen, requests and the changes that others make.
//!
//! The rule: the state says what is needed, such as a page, and the session asks for it, one request of each kind at a
//! time. Nothing here decides anything.

use futures_util::{StreamExt as _, future::LocalBoxFuture, stream::FuturesUnordered};
use ratatui::crossterm::event::{Event, KeyEventKind};

use super::{
    api::{self, Outcome, Page, Place, Run, Unreviewed},
    editor::{self, Edited},
    link::{Link, News, news},
    screen::{Asked, Input, Screen, Signals},
    state::{Deed, Mode, Order, State},
    suggestion::{Details, Suggestion},
};
use crate::cli::{CliError, Client, history::filter::Filter};

/// The answer to a request.
enum Answer {
    Page(u64, Place, Result<Page, CliError>),
    Details(String, Result<Details, CliError>),
    Sent(Result<Result<Outcome, Box<Suggestion>>, CliError>),
    Counted(u64, Result<Unreviewed, CliError>),
    Again(Result<Vec<Suggestion>, CliError>),
}

/// The requests under way, at most one of each kind.
#[expect(clippy::struct_excessive_bools, reason = "each says whether a request of its kind is under way")]
struct Requests<'a> {
    client: &'a Client,
    link: &'a Link,
    run: String,
    all: FuturesUnordered<LocalBoxFuture<'a, Answer>>,
    has_page: bool,
    has_details: bool,
    has_order: bool,
    has_count: bool,
    has_again: bool,
}

/// Lets a person review a run. Returns what was decided.
///
/// # Errors
/// Returns the error of the terminal, and that of the list if it cannot be read.
pub async fn review(client: &Client, run: Run, filter: Filter) -> Result<State, CliError> {
    let link = Link::default();
    let id = run.id.clone();
    let mut news = std::pin::pin!(news(client, &id, &link));
    let mut requests = Requests::new(client, &link, id.clone());
    let mut state = State::new(run, filter);
    let mut signals = Signals::listen()?;
    let mut screen = Screen::open()?;
    let mut input = Input::open();
    let mut has_news = true;
    loop {
        requests.start(&mut state);
        screen.draw(&mut state, link.lost().as_deref())?;
        let deed = tokio::select! {
            event = input.next() => pressed(&mut state, event?),
            Some(answer) = requests.all.next() => {
                requests.finish(&mut state, answer)?;
                None
            }
            change = news.next(), if has_news => {
                has_news = told(&mut state, change);
                None
            }
            () = link.changed() => None,
            asked = signals.next() => match asked {
                Asked::End => Some(Deed::Quit),
                Asked::Continue => {
                    screen.enter()?;
                    None
                }
            },
        };
        match deed {
            None => {}
            Some(Deed::Quit) => return Ok(state),
            Some(Deed::Suspend) => screen.suspend()?,
            Some(Deed::Edit { id, text }) => match editor::editor() {
                Err(reason) => state.warn(reason),
                Ok(editor) => {
                    screen.leave()?;
                    let mut editing = std::pin::pin!(editor::edit(editor, text));
                    let edited = loop {
                        tokio::select! {
                            edited = &mut editing => break edited,
                            Some(answer) = requests.all.next() => requests.finish(&mut state, answer)?,
                        }
                    };
                    screen.enter()?;
                    // A Ctrl-C in the editor was meant for the editor.
                    signals = Signals::listen()?;
                    match edited {
                        Edited::Text(text) => state.edited(&id, text),
                        Edited::Not(reason) => state.warn(reason),
                    }
                }
            },
        }
    }
}

fn pressed(state: &mut State, event: Event) -> Option<Deed> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => state.key(key),
        Event::Paste(pasted) => {
            if let Mode::Name(text) = &mut state.mode {
                text.extend(pasted.chars().filter(|c| !c.is_control()));
            }
            None
        }
        _ => None,
    }
}

/// Shows a change that others made. Returns whether further ones can come.
fn told(state: &mut State, change: Option<News>) -> bool {
    match change {
        Some(News::Change(change)) => state.changed(change),
        Some(News::Missed) => state.reread(),
        Some(News::Ended(reason)) => state.warn(format!("Decisions of others no longer appear: {reason}")),
        None => return false,
    }
    true
}

impl<'a> Requests<'a> {
    fn new(client: &'a Client, link: &'a Link, run: String) -> Self {
        Self {
            client,
            link,
            run,
            all: FuturesUnordered::new(),
            has_page: false,
            has_details: false,
            has_order: false,
            has_count: false,
            has_again: false,
        }
    }

    /// Asks for what the state needs.
    fn start(&mut self, state: &mut State) {
        let (client, link) = (self.client, self.link);
        if !self.has_order
            && let Some(order) = state.order().cloned()
        {
            self.has_order = true;
            let (run, reviewer) = (self.run.clone(), state.run.reviewer.clone());
            self.all.push(Box::pin(async move {
                Answer::Sent(link.answer(|| send(client, &run, &order, &reviewer)).await)
            }));
        }
        if !self.has_page
            && let Some(place) = state.window.wanted()
        {
            self.has_page = true;
            let (run, filter, generation) = (self.run.clone(), state.filter.clone(), state.generation);
            self.all.push(Box::pin(async move {
                let page = link.answer(|| api::page(client, &run, &filter, &place)).await;
                Answer::Page(generation, place, page)
            }));
        }
        if !self.has_count
            && let Some(counted) = state.uncounted().cloned()
        {
            self.has_count = true;
            let (run, filter, generation) = (self.run.clone(), state.filter.clone(), state.generation);
            self.all.push(Box::pin(async move {
                let counted = link.answer(|| api::unreviewed(client, &run, &filter, counted.clone())).await;
                Answer::Counted(generation, counted)
            }));
        }
        if !self.has_again && !state.stale.is_empty() {
            self.has_again = true;
            let ids = std::mem::take(&mut state.stale);
            self.all.push(Box::pin(async move { Answer::Again(link.answer(|| api::some(client, &ids)).await) }));
        }
        if !self.has_details
            && let Some(suggestion) = state.undetailed().cloned()
        {
            self.has_details = true;
            self.all.push(Box::pin(async move {
                let details = link.answer(|| api::details(client, &suggestion)).await;
                Answer::Details(suggestion.id, details)
            }));
        }
    }

    /// Hands an answer to the state.
    fn finish(&mut self, state: &mut State, answer: Answer) -> Result<(), CliError> {
        match answer {
            Answer::Page(generation, place, page) => {
                self.has_page = false;
                if generation == state.generation {
                    state.loaded(&place, page?);
                }
            }
            Answer::Details(id, details) => {
                self.has_details = false;
                if let Some(suggestion) = state.window.find(&id) {
                    // Without them, the rest can still be reviewed.
                    suggestion.details = Some(details.unwrap_or_default());
                }
            }
            Answer::Sent(sent) => {
                self.has_order = false;
                match sent {
                    Ok(Ok(outcome)) => state.confirmed(outcome),
                    Ok(Err(now)) => state.met(*now),
                    Err(error) => state.refused(&error.to_string()),
                }
            }
            Answer::Counted(generation, counted) => {
                self.has_count = false;
                match counted {
                    Ok(counted) if generation == state.generation => state.counted(counted),
                    Ok(_) => {}
                    Err(error) => {
                        state.mode = Mode::List;
                        state.warn(format!("Nothing was decided: {error}"));
                    }
                }
            }
            Answer::Again(suggestions) => {
                self.has_again = false;
                match suggestions {
                    Ok(suggestions) => state.update(suggestions, true),
                    Err(error) => state.warn(format!("The list may be out of date: {error}")),
                }
            }
        }
        Ok(())
    }
}

async fn send(
    client: &Client,
    run: &str,
    order: &Order,
    reviewer: &str,
) -> Result<Result<Outcome, Box<Suggestion>>, CliError> {
    match order {
        Order::One(one) => api::decide(client, (&one.id, &one.decision), (&one.seen, &one.wanted)).await,
        Order::All { filter, decision, .. } => api::decide_all(client, run, filter, decision).await.map(Ok),
        Order::RestoreAll { ids, decision } => api::restore_all(client, ids, decision, reviewer).await.map(Ok),
    }
}
