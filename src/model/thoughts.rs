//! Removes the thoughts of reasoning models from their answers.
//!
//! The rule: a thought that opens at the start of an answer or of a line is not part of the answer. A thought that
//! never closes extends to the end. A closing mark without an opening one ends a thought that began before the answer,
//! so everything before it is removed. A text that only mentions a mark keeps it: such a mark is between spaces, quotes
//! or brackets, or follows the opening mark in the same text. To support another model's marks, add them to [`TAGS`] or
//! [`PAIRS`].

use std::cell::Cell;

/// Names of tags that enclose thoughts: `<think>…</think>`, also with attributes, and `[THINK]…[/THINK]`.
const TAGS: &[&str] = &[
    "think",
    "thinking",
    "thought",
    "thoughts",
    "thought_process",
    "reasoning",
    "reflection",
    "scratchpad",
    "inner_monologue",
    "analysis",
    "antthinking",
    "seed:think",
];
/// Tags that also occur in square brackets. Answers cite assets in such brackets, but never by these names.
const BRACKETED: &[&str] = &["think", "thinking", "thought", "thoughts", "reasoning"];
/// Other pairs of opening and closing marks, in lower case.
const PAIRS: &[(&str, &str)] = &[
    ("<|start|>assistant<|channel|>analysis", FINAL_CHANNEL),
    ("<|start|>assistant<|channel|>commentary", FINAL_CHANNEL),
    ("<|channel|>analysis", FINAL_CHANNEL),
    ("<|channel|>commentary", FINAL_CHANNEL),
    ("<|channel>thought", "<channel|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|think|>", "<|/think|>"),
    ("<unused94>", "<unused95>"),
    ("◁think▷", "◁/think▷"),
    ("```thinking", "```"),
    ("```think", "```"),
];
const FINAL_CHANNEL: &str = "<|channel|>final";
/// The channels as they appear when a server drops the special tokens: `analysisWe need …assistantfinalThe table …`.
const BARE_CHANNEL: (&str, &str) = ("analysis", "assistantfinal");
/// Marks around the answer itself.
const FRAMES: &[&str] = &[
    "<|start|>assistant",
    FINAL_CHANNEL,
    "<|constrain|>json",
    "<|message|>",
    "<|start_response|>",
    "<|begin_of_solution|>",
    "<|end|>",
    "<|return|>",
    "<|end_response|>",
    "<|end_of_solution|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|endoftext|>",
];
/// Maximum length of an opening tag with its attributes, in bytes.
const TAG_LENGTH: usize = 200;
/// Maximum length of a mark, in bytes.
const MARK_LENGTH: usize = 40;

/// What a text starts with.
enum Start {
    /// An opening mark of this length, and the mark that closes the thought.
    Thought(usize, String),
    /// A mark around the answer, of this length.
    Frame(usize),
    /// Possibly the beginning of a mark; more text is needed to decide.
    Maybe,
    /// Neither.
    Text,
}

fn start(text: &str) -> Start {
    let (mut head, more) = head(text, TAG_LENGTH);
    head.make_ascii_lowercase();
    let maybe = Cell::new(false);
    let is = |mark: &str| {
        maybe.set(maybe.get() || !more && mark.len() > head.len() && mark.starts_with(&head));
        head.starts_with(mark)
    };
    for (open, close) in PAIRS {
        if is(open) {
            return Start::Thought(open.len(), (*close).to_owned());
        }
    }
    for tag in TAGS {
        if is(&format!("<{tag}>")) {
            return Start::Thought(tag.len() + 2, format!("</{tag}>"));
        }
        if is(&format!("<{tag} ")) {
            match head.find('>') {
                Some(end) if !head[1..end].contains('<') => return Start::Thought(end + 1, format!("</{tag}>")),
                None if !more => maybe.set(true),
                _ => {}
            }
        }
    }
    for tag in BRACKETED {
        if is(&format!("[{tag}]")) {
            return Start::Thought(tag.len() + 2, format!("[/{tag}]"));
        }
    }
    for frame in FRAMES {
        if is(frame) {
            return Start::Frame(frame.len());
        }
    }
    if is(BARE_CHANNEL.0) {
        match text[BARE_CHANNEL.0.len()..].chars().next() {
            Some(c) if c.is_uppercase() => return Start::Thought(BARE_CHANNEL.0.len(), BARE_CHANNEL.1.to_owned()),
            None if !more => maybe.set(true),
            _ => {}
        }
    }
    if maybe.get() { Start::Maybe } else { Start::Text }
}

/// The first `length` bytes, and whether there are more.
fn head(text: &str, length: usize) -> (String, bool) {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text[..end].to_owned(), end < text.len())
}

/// The marks that may end a thought whose opening mark is missing.
fn closings() -> impl Iterator<Item = String> {
    let tags = TAGS.iter().map(|tag| format!("</{tag}>"));
    let bracketed = BRACKETED.iter().map(|tag| format!("[/{tag}]"));
    let pairs = PAIRS.iter().map(|(_, close)| (*close).to_owned()).filter(|close| close != "```");
    tags.chain(bracketed).chain(pairs)
}

/// The start and the end of the first closing mark.
fn closing(lower: &str) -> Option<(usize, usize)> {
    if !lower.contains(['<', '[', '◁']) {
        return None;
    }
    closings().filter_map(|mark| lower.find(&mark).map(|at| (at, at + mark.len()))).min()
}

/// Returns whether a text contains an opening mark.
fn names_opening(lower: &str) -> bool {
    if !lower.contains(['<', '[', '◁']) {
        return false;
    }
    let tags = TAGS.iter().map(|tag| format!("<{tag}>")).chain(BRACKETED.iter().map(|tag| format!("[{tag}]")));
    tags.chain(PAIRS.iter().map(|(open, _)| (*open).to_owned())).any(|mark| lower.contains(&mark))
}

/// Returns whether a mark between these characters is only mentioned by the text.
fn is_named(before: Option<char>, after: Option<char>) -> bool {
    let opens = |c: char| c.is_whitespace() && c != '\n' || matches!(c, '"' | '\'' | '`' | '“' | '‘' | '«' | '(' | '[');
    before.is_some_and(opens) && after.is_some_and(|c| c != '\n' && c != '\r')
}

/// The text after its leading thoughts; empty if one of them never closes.
#[must_use]
pub fn after_leading(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(is_blank);
        match start(text) {
            Start::Thought(open, close) => match lowered(&text[open..]).find(&close) {
                Some(at) => text = &text[open + at + close.len()..],
                None => return "",
            },
            Start::Frame(length) => text = &text[length..],
            Start::Maybe | Start::Text => return text,
        }
    }
}

/// The ends of the closing marks in a text that may each end a thought without an opening mark, last first.
#[must_use]
pub fn lone_closings(text: &str) -> Vec<usize> {
    let lower = lowered(text);
    let mut ends = Vec::new();
    let mut from = 0;
    while let Some((at, end)) = closing(&lower[from..]).map(|(at, end)| (from + at, from + end)) {
        if !is_named(text[..at].chars().next_back(), text[end..].chars().next()) {
            ends.push(end);
        }
        from = end;
    }
    ends.reverse();
    ends
}

/// The end of the opening mark of a thought between parts of an answer, and its closing mark.
#[must_use]
pub fn opening(between: &str) -> Option<(usize, String)> {
    let mut line = 0;
    loop {
        let blank = between[line..].len() - between[line..].trim_start_matches(is_blank).len();
        if let Start::Thought(length, close) = start(&between[line + blank..]) {
            return Some((line + blank + length, close));
        }
        line += between[line..].find('\n')? + 1;
    }
}

/// Converts ASCII letters to lower case, which keeps all byte positions.
#[must_use]
pub fn lowered(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Returns whether a character is blank: white space, or invisible although Unicode does not count it as white space.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// The effect of a piece of a streamed answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// The next part of the answer.
    Text(String),
    /// Everything so far was a thought.
    TakenBack,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Before the answer, possibly after a thought.
    Before,
    /// In a thought that ends with the mark `close`. `late` is set if the thought is in the middle of the answer.
    Inside { close: String, late: bool },
    /// In the answer.
    Answer,
}

/// Removes the thoughts from an answer that arrives in pieces, wherever the pieces are split.
#[derive(Debug)]
pub struct Stream {
    held: String,
    state: State,
    /// The last character of the answer so far.
    before: Option<char>,
    /// The end of the answer so far, in which a mark may begin.
    tail: String,
    named: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self { held: String::new(), state: State::Before, before: None, tail: String::new(), named: false }
    }
}

impl Stream {
    /// Processes another piece.
    pub fn receive(&mut self, piece: &str) -> Vec<Said> {
        self.held.push_str(piece);
        self.proceed(false)
    }

    /// Returns what was held back, after the end of the answer.
    pub fn end(&mut self) -> Vec<Said> {
        self.proceed(true)
    }

    fn proceed(&mut self, ended: bool) -> Vec<Said> {
        let mut said = Vec::new();
        while self.step(ended, &mut said) {}
        said
    }

    /// Performs one step. Returns whether there may be more to do.
    fn step(&mut self, ended: bool, said: &mut Vec<Said>) -> bool {
        match &self.state {
            State::Before => {
                let blank = self.held.len() - self.held.trim_start_matches(is_blank).len();
                self.held.drain(..blank);
                match start(&self.held) {
                    _ if self.held.is_empty() => return false,
                    Start::Thought(open, close) => {
                        self.held.drain(..open);
                        self.state = State::Inside { close, late: false };
                    }
                    Start::Frame(length) => drop(self.held.drain(..length)),
                    Start::Maybe if !ended => return false,
                    Start::Maybe | Start::Text => self.state = State::Answer,
                }
                true
            }
            State::Inside { close, late } => {
                if let Some(at) = lowered(&self.held).find(close) {
                    self.held.drain(..at + close.len());
                    self.state = if *late { State::Answer } else { State::Before };
                    true
                } else {
                    // The closing mark may have begun.
                    let mut keep = self.held.len().saturating_sub(close.len());
                    while !self.held.is_char_boundary(keep) {
                        keep -= 1;
                    }
                    self.held.drain(..keep);
                    false
                }
            }
            State::Answer => self.answer(ended, said),
        }
    }

    fn answer(&mut self, ended: bool, said: &mut Vec<Said>) -> bool {
        let lower = lowered(&self.held);
        let at_line = matches!(self.before, None | Some('\n')) && !self.held.starts_with('\n');
        if at_line && self.before.is_some() {
            match start(&self.held) {
                Start::Thought(open, close) => {
                    self.held.drain(..open);
                    self.state = State::Inside { close, late: true };
                    return true;
                }
                Start::Maybe if !ended => return false,
                _ => {}
            }
        }
        // Up to the next position where a mark or a line may begin.
        let from = self.held.chars().next().map_or(0, char::len_utf8);
        let next = lower[from..].find(['<', '[', '◁', '\n']).map_or(self.held.len(), |at| from + at);
        let first = self.held.chars().next();
        if matches!(first, Some('<' | '[' | '◁')) {
            if let Some((0, end)) = closing(&lower) {
                let after = self.held[end..].chars().next();
                if after.is_none() && !ended {
                    return false;
                }
                if !self.named && !is_named(self.before, after) {
                    said.clear();
                    said.push(Said::TakenBack);
                    self.held.drain(..end);
                    self.before = None;
                    self.tail.clear();
                    self.state = State::Before;
                    return true;
                }
            }
            if let Some(frame) = FRAMES.iter().find(|frame| lower.starts_with(**frame)) {
                self.held.drain(..frame.len());
                return !self.held.is_empty();
            }
            let begins = |mark: &str| mark.len() > lower.len() && mark.starts_with(&lower);
            if !ended && (closings().any(|mark| begins(&mark)) || FRAMES.iter().any(|mark| begins(mark))) {
                return false;
            }
        }
        if self.held.is_empty() {
            return false;
        }
        // A mark at the start of a line follows a line break, so a line break ends a piece.
        let end = if first == Some('\n') { 1 } else { next };
        let text: String = self.held.drain(..end).collect();
        self.before = text.chars().next_back();
        self.tail.push_str(&text);
        self.named |= names_opening(&lowered(&self.tail));
        let mut keep = self.tail.len().saturating_sub(MARK_LENGTH);
        while !self.tail.is_char_boundary(keep) {
            keep -= 1;
        }
        self.tail.drain(..keep);
        match said.last_mut() {
            Some(Said::Text(last)) => last.push_str(&text),
            _ => said.push(Said::Text(text)),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn received<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut stream = Stream::default();
        let mut said: Vec<Said> = pieces.into_iter().flat_map(|piece| stream.receive(piece)).collect();
        said.extend(stream.end());
        let mut answer = String::new();
        for one in said {
            match one {
                Said::Text(text) => answer.push_str(&text),
                Said::TakenBack => answer.clear(),
            }
        }
        answer
    }

    const ANSWERS: &[(&str, &str)] = &[
        ("Two tables.", "Two tables."),
        ("<think>hm</think>\n\nTwo tables.", "Two tables."),
        ("<Think>hm</THINK>Two tables.", "Two tables."),
        ("<thinking>hm</thinking>Two.", "Two."),
        ("<think type=\"deep\">hm > 3</think>Two.", "Two."),
        ("[THINK]hm[/THINK]Two.", "Two."),
        ("<reasoning>hm</reasoning><think>more</think>Two.", "Two."),
        ("<seed:think>hm</seed:think>Two.", "Two."),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Two.<|return|>", "Two."),
        ("<|start|>assistant<|channel|>final <|constrain|>json<|message|>Two.", "Two."),
        ("<|channel|>commentary<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>Two.", "Two."),
        ("analysisWe need tables.assistantfinalTwo.", "Two."),
        ("analysis of the tables: two.", "analysis of the tables: two."),
        ("<|begin_of_thought|>hm<|end_of_thought|>\n<|begin_of_solution|>Two.<|end_of_solution|>", "Two."),
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Two.<|END_RESPONSE|>", "Two."),
        ("◁think▷hm◁/think▷Two.", "Two."),
        ("```thinking\nhm\n```\nTwo.", "Two."),
        ("<unused94>thought\nhm<unused95>Two.", "Two."),
        ("I should look.</think>Two.", "Two."),
        ("I should look\n</think>\n\nTwo.", "Two."),
        ("I should look [/THINK]\nTwo.", "Two."),
        ("One.</think>Two.</think>Three.", "Three."),
        ("Only thoughts.</think>", ""),
        ("<think>never ends", ""),
        ("  <think>never ends </thin", ""),
        ("[THINK] never ends", ""),
        ("Two.\n<think>Was that right?</think>\nYes.", "Two.\n\nYes."),
        ("Two.\n<think>Was that ri", "Two.\n"),
        ("The mark </think> ends a thought.", "The mark </think> ends a thought."),
        ("It ends with `</think>`, always.", "It ends with `</think>`, always."),
        ("It is written <think>so</think>, always.", "It is written <think>so</think>, always."),
        ("<b>bold</b> and [main.orders]", "<b>bold</b> and [main.orders]"),
        ("<", "<"),
        ("a < b", "a < b"),
        ("<thin air", "<thin air"),
        ("[main.thoughts] and [think.think]", "[main.thoughts] and [think.think]"),
        ("größe 😀\n\nfine", "größe 😀\n\nfine"),
    ];

    #[test]
    fn thoughts_are_no_part_of_an_answer_wherever_its_pieces_begin() {
        for (text, answer) in ANSWERS {
            assert_eq!(received([*text]), *answer, "{text:?} whole");
            let letters: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(received(letters.iter().map(String::as_str)), *answer, "{text:?} letter by letter");
            for (at, _) in text.char_indices() {
                assert_eq!(received([&text[..at], &text[at..]]), *answer, "{text:?} in two at {at}");
            }
        }
    }

    #[test]
    fn what_opens_a_text_is_left_behind() {
        assert_eq!(after_leading(" <think>{}</think> [THINK]x[/THINK] {\"a\": 1}"), "{\"a\": 1}");
        assert_eq!(after_leading("<think>{\"a\": 1}"), "");
        assert_eq!(after_leading("{\"a\": \"</think>\"}"), "{\"a\": \"</think>\"}");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "(<think>|</think>|<|channel|>|\\[THINK\\]|[a-z<>/\\[\\]\n \
            ü]){0,12}", cut in 0_usize..40) {
            let at = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            prop_assert_eq!(received([&text[..at], &text[at..]]), received([text.as_str()]));
        }
    }
}
