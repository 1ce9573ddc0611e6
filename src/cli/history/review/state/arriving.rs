//! What the API brings: pages of the list, and the changes that others made.

use super::{State, words};
use crate::{
    cli::history::review::{
        api::{Change, Page, Place},
        suggestion::Suggestion,
    },
    domain::text::visible,
};

impl State {
    /// Adds a page of the list.
    pub fn loaded(&mut self, place: &Place, page: Page) {
        self.window.add(place, page);
        if self.is_seeking {
            self.seek();
        }
    }

    /// Reads everything in memory again.
    pub fn reread(&mut self) {
        self.stale = self.window.iter().map(|suggestion| suggestion.id.clone()).collect();
    }

    /// Shows what changed, by anyone.
    pub fn changed(&mut self, change: Change) {
        self.run.progress = change.progress;
        if change.all {
            self.reread();
        }
        self.update(change.suggestions, true);
    }

    /// Puts suggestions in place of what is in memory. If `tells`, says what other people decided.
    pub fn update(&mut self, suggestions: Vec<Suggestion>, tells: bool) {
        let mut news = None;
        for mut now in suggestions {
            if self.is_waiting(&now.id) {
                continue;
            }
            let Some(known) = self.window.find(&now.id) else { continue };
            let is_news = !now.review.is_like(&known.review);
            now.details = known.details.take();
            if tells && is_news && now.review.reviewer.as_ref().is_some_and(|by| *by != self.run.reviewer) {
                let by = now.review.reviewer.as_deref().map(visible).unwrap_or_default();
                let name = visible(&now.asset.display);
                news = Some(format!("{name} {} by {by}.", words(now.review.state.as_str())));
            }
            *known = now;
        }
        if let Some(news) = news {
            self.tell(news);
        }
    }
}
