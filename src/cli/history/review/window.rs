//! The part of a run's suggestions that is in memory.
//!
//! The rule: the list is read in pages as the reviewer comes near them, and only a few neighbouring pages are kept. So
//! a run of any size opens at once and takes little memory. A page stays as it was read, even if a decision makes a
//! suggestion leave the filter: nothing jumps while a person reads.

use std::collections::VecDeque;

use super::{
    api::{Page, Place},
    suggestion::Suggestion,
};

/// The number of pages that are kept.
const KEPT: usize = 6;
/// The next page is read when fewer suggestions than this are left before its place.
const MARGIN: usize = 40;

/// A part of a list, with the selected suggestion.
#[derive(Debug, Default)]
pub struct Window {
    pages: VecDeque<Page>,
    /// The number of suggestions before the first page.
    before: usize,
    /// The selected suggestion, counted from the first page.
    selected: usize,
    /// The number of all suggestions in the list; `None` until the first page is read.
    total: Option<usize>,
    /// The end of the list that was asked for.
    jump: Option<Place>,
}

impl Window {
    /// The number of all suggestions in the list; `None` until the first page is read.
    #[must_use]
    pub const fn total(&self) -> Option<usize> {
        self.total
    }

    /// The number of suggestions in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.iter().map(|page| page.suggestions.len()).sum()
    }

    /// The place of the selected suggestion in memory.
    #[must_use]
    pub const fn selected(&self) -> usize {
        self.selected
    }

    /// The position in the list of the first suggestion in memory, from 0.
    #[must_use]
    pub const fn before(&self) -> usize {
        self.before
    }

    /// The suggestions in memory.
    pub fn iter(&self) -> impl Iterator<Item = &Suggestion> {
        self.pages.iter().flat_map(|page| &page.suggestions)
    }

    /// The selected suggestion.
    #[must_use]
    pub fn current(&self) -> Option<&Suggestion> {
        self.iter().nth(self.selected)
    }

    /// The suggestion with this id, if it is in memory.
    pub fn find(&mut self, id: &str) -> Option<&mut Suggestion> {
        self.pages.iter_mut().flat_map(|page| &mut page.suggestions).find(|suggestion| suggestion.id == id)
    }

    /// Selects the suggestion with this id, if it is in memory.
    pub fn select(&mut self, id: &str) -> bool {
        let found = self.iter().position(|suggestion| suggestion.id == id);
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// Moves the selection by a number of suggestions, as far as they are in memory. Returns whether it moved.
    pub fn step(&mut self, by: isize) -> bool {
        let last = self.len().saturating_sub(1);
        let selected = self.selected.saturating_add_signed(by).min(last);
        std::mem::replace(&mut self.selected, selected) != selected
    }

    /// Goes to an end of the list.
    pub fn jump(&mut self, place: Place) {
        let is_here = match place {
            Place::Last => !self.has_after(),
            _ => !self.has_before(),
        };
        if is_here {
            self.selected = if place == Place::Last { self.len().saturating_sub(1) } else { 0 };
        } else {
            self.jump = Some(place);
        }
    }

    /// Selects the next unreviewed suggestion in memory, if there is one.
    pub fn select_unreviewed(&mut self, is_unreviewed: impl Fn(&Suggestion) -> bool) -> bool {
        let found = self.iter().enumerate().skip(self.selected + 1).find(|(_, it)| is_unreviewed(it));
        let found = found.map(|(at, _)| at);
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// Returns whether the list goes on after what is in memory.
    #[must_use]
    pub fn has_after(&self) -> bool {
        self.pages.back().is_some_and(|page| page.has_after)
    }

    fn has_before(&self) -> bool {
        self.pages.front().is_some_and(|page| page.has_before)
    }

    /// The page to read next, if one is needed.
    #[must_use]
    pub fn wanted(&self) -> Option<Place> {
        if self.total.is_none() {
            return Some(Place::First);
        }
        if self.jump.is_some() {
            return self.jump.clone();
        }
        if self.has_after() && self.selected + MARGIN >= self.len() {
            return self.pages.back().map(|page| Place::After(page.end.clone()));
        }
        if self.has_before() && self.selected < MARGIN {
            return self.pages.front().map(|page| Place::Before(page.start.clone()));
        }
        None
    }

    /// Adds the page that was read from this place.
    pub fn add(&mut self, place: &Place, mut page: Page) {
        self.total = Some(page.total);
        // What lies beyond the neighbour is known already.
        page.has_before |= matches!(place, Place::After(_));
        page.has_after |= matches!(place, Place::Before(_));
        let length = page.suggestions.len();
        match place {
            Place::First | Place::Last => {
                let is_last = *place == Place::Last;
                self.before = if is_last { page.total.saturating_sub(length) } else { 0 };
                self.selected = if is_last { length.saturating_sub(1) } else { 0 };
                self.jump = None;
                self.pages = VecDeque::from([page]);
            }
            Place::After(_) => {
                if let Some(last) = self.pages.back_mut() {
                    last.has_after = length > 0;
                }
                if length > 0 {
                    self.pages.push_back(page);
                }
                while self.pages.len() > KEPT {
                    self.drop_first();
                }
            }
            Place::Before(_) => {
                if let Some(first) = self.pages.front_mut() {
                    first.has_before = length > 0;
                }
                if length > 0 {
                    self.selected += length;
                    self.before = self.before.saturating_sub(length);
                    self.pages.push_front(page);
                }
                self.pages.truncate(KEPT);
            }
        }
        // Suggestions that left the filter are no longer counted before the first page.
        if !self.has_before() {
            self.before = 0;
        }
    }

    fn drop_first(&mut self) {
        if let Some(page) = self.pages.pop_front() {
            self.before += page.suggestions.len();
            self.selected = self.selected.saturating_sub(page.suggestions.len());
            if let Some(first) = self.pages.front_mut() {
                first.has_before = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::history::review::{api::PAGE_SIZE, suggestion::samples::suggestion};

    /// A list of this length, and the pages of it as the API gives them.
    fn page(total: usize, place: &Place) -> Page {
        let start = match place {
            Place::First => 0,
            Place::Last => total.saturating_sub(PAGE_SIZE),
            Place::After(cursor) => cursor.parse::<usize>().unwrap() + 1,
            Place::Before(cursor) => cursor.parse::<usize>().unwrap().saturating_sub(PAGE_SIZE),
        };
        let end = match place {
            Place::Before(cursor) => cursor.parse().unwrap(),
            _ => total.min(start + PAGE_SIZE),
        };
        Page {
            suggestions: (start..end).map(suggestion).collect(),
            start: start.to_string(),
            end: end.saturating_sub(1).to_string(),
            has_before: start > 0,
            has_after: end < total,
            total,
        }
    }

    fn read(window: &mut Window, total: usize) {
        while let Some(place) = window.wanted() {
            window.add(&place, page(total, &place));
        }
    }

    #[test]
    fn a_long_list_is_walked_in_little_memory() {
        let total = 100_000;
        let mut window = Window::default();
        read(&mut window, total);
        assert_eq!(window.current().unwrap().id, "s0");
        for at in 1..2_000 {
            assert!(window.step(1), "{at}");
            read(&mut window, total);
            assert_eq!(window.current().unwrap().id, format!("s{at}"));
            assert_eq!(window.before() + window.selected(), at);
            assert!(window.len() <= KEPT * PAGE_SIZE);
        }
        for at in (0..1_999).rev() {
            assert!(window.step(-1), "{at}");
            read(&mut window, total);
            assert_eq!(
                (window.current().unwrap().id.clone(), window.before() + window.selected()),
                (format!("s{at}"), at)
            );
        }
        assert!(!window.step(-1));
        window.jump(Place::Last);
        read(&mut window, total);
        assert_eq!(window.current().unwrap().id, "s99999");
        assert!(!window.step(1));
        window.step(-150);
        read(&mut window, total);
        window.jump(Place::First);
        read(&mut window, total);
        assert_eq!((window.current().unwrap().id.as_str(), window.before()), ("s0", 0));
    }

    #[test]
    fn an_empty_list_is_read_once() {
        let mut window = Window::default();
        read(&mut window, 0);
        assert_eq!((window.total(), window.len(), window.current()), (Some(0), 0, None));
        assert!(!window.step(1) && !window.step(-1));
    }
}
