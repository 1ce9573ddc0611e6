//! What a column is, told from its name, type and keys, as clauses without a full stop.
//!
//! The rule: no verb is invented. What the name does not say, the clause does not say. A kind of column is a
//! function here that gives its wordings, best first, or nothing where the column is of another kind; their order
//! stands in [`wordings`].

use crate::domain::{catalog::Reference, run::Verbosity};

use super::{
    data_type::DataType,
    entity::PREPOSITIONS,
    reading::{ColumnReading, TableReading},
    shape::Shape,
    units, words,
};

/// What a column is, in one or several wordings.
pub struct Wordings {
    /// Best first; never empty.
    pub texts: Vec<String>,
    /// Why: the end of a sentence.
    pub because: &'static str,
    /// Whether type or samples agree with what the name says.
    pub is_typical: bool,
}

fn told(because: &'static str, is_typical: bool, texts: Vec<String>) -> Option<Wordings> {
    Some(Wordings { texts, because, is_typical })
}

/// A column within its table.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a TableReading<'a>,
    /// The column.
    pub column: &'a ColumnReading<'a>,
    /// How much to say.
    pub verbosity: Verbosity,
}

/// What the column is.
pub fn wordings(place: Place<'_>) -> Wordings {
    place
        .reference()
        .or_else(|| place.cryptic())
        .or_else(|| place.identifier())
        .or_else(|| place.flag())
        .or_else(|| place.moment())
        .or_else(|| place.actor())
        .or_else(|| place.count())
        .or_else(|| place.order())
        .or_else(|| place.measure())
        .unwrap_or_else(|| place.attribute())
}

impl Place<'_> {
    /// `of the customer`, where the table's name is clear and the phrase does not say so already.
    fn of_owner(&self, phrase: &str) -> String {
        let entity = &self.table.entity;
        if entity.is_clear && phrase != entity.one {
            let line = entity.words.last().is_some_and(|word| word == "line") && !phrase.starts_with("the ");
            format!("{phrase} {} the {}", if line { "on" } else { "of" }, entity.one)
        } else {
            phrase.to_owned()
        }
    }

    /// `the customer`, or what stands for it where the table's name is not clear.
    fn owner(&self) -> String {
        let entity = &self.table.entity;
        if entity.is_clear { format!("the {}", entity.one) } else { "the row".to_owned() }
    }

    /// A thing of the owner, in several wordings.
    fn belonging(&self, phrase: &str, tail: &str) -> Vec<String> {
        let entity = &self.table.entity;
        let mut texts = vec![format!("{}{tail}", self.of_owner(phrase))];
        if entity.is_clear && phrase != entity.one {
            let s = if entity.one.ends_with('s') { "'" } else { "'s" };
            texts.push(format!("the {}{s} {phrase}{tail}", entity.one));
            texts.push(format!("{phrase}{tail}"));
            texts.push(format!("{phrase} recorded for each {}{tail}", entity.one));
        } else {
            texts.push(format!("the {phrase}{tail}"));
        }
        texts
    }

    fn reference(&self) -> Option<Wordings> {
        let reference = self.column.column.references.as_ref()?;
        let target = self.table.target(reference);
        let where_to = self.target_name(reference);
        let inline = if self.verbosity == Verbosity::Brief { String::new() } else { format!(" ({where_to})") };
        if !target.is_clear {
            return told(
                "it is a foreign key",
                true,
                vec![format!("refers to a row of {where_to}"), format!("foreign key to {where_to}")],
            );
        }
        let role = self.role(&["identifier", "key", "code", "number", "foreign"]);
        let is_own = self.table.is_own(reference);
        let who = &target.one;
        let first = if let [.., verb, last] = role.as_slice()
            && last == "by"
            && words::is_participle(verb)
        {
            format!("refers to the {who} by whom {} was {verb}{inline}", self.subject_before(&role, 2))
        } else if let [verb, last] = role.as_slice()
            && last == "to"
            && is_own
        {
            let pronoun = if self.table.is_about_people() { "whom" } else { "which" };
            let s = if verb.ends_with('s') { "" } else { "s" };
            format!("refers to the {who} to {pronoun} this {who} {verb}{s}{inline}")
        } else if role.is_empty() || target.is_named_by(&role) || target.leads(&role) == role.len() {
            if is_own {
                format!("refers to another {who}{inline}")
            } else if self.is_link() || (self.column.column.primary_key && !self.is_part_of(&target)) {
                format!("refers to the {who}{inline}")
            } else if self.table.entity.is_clear && self.is_part_of(&target) {
                let part = self.table.entity.words[target.words.len()..].join(" ");
                format!("refers to the {who} to which the {part} belongs{inline}")
            } else {
                format!("refers to {}{inline}", self.of_owner(&format!("the {who}")))
            }
        } else {
            let phrase = self.phrase(&role);
            let of_owner = self.of_owner(&format!("the {phrase}"));
            let names_target = role.ends_with(&target.words) || target.words.ends_with(&role);
            if names_target || (is_own && role.len() == 1 && self.table.entity.is_clear) {
                let thing = if names_target || role.last().is_some_and(|word| is_person_role(word)) {
                    of_owner
                } else {
                    format!("the {phrase} {who}")
                };
                format!("refers to {thing}{inline}")
            } else {
                format!("refers to {of_owner}, {} {who}{inline}", words::article(who))
            }
        };
        let mut texts = vec![first, format!("foreign key to {where_to}")];
        texts.push(format!("identifier of the {}", if role.is_empty() { who.clone() } else { self.phrase(&role) }));
        texts.push(format!("reference to {} {who}", words::article(who)));
        told("it is a foreign key and the name says to what", true, texts)
    }

    fn target_name(&self, reference: &Reference) -> String {
        let schema = reference.schema.as_ref().filter(|schema| **schema != self.table.detail.schema);
        let schema = schema.map(|schema| format!("{schema}.")).unwrap_or_default();
        words::shown(&format!("{schema}{}.{}", reference.table, reference.column))
    }

    /// Whether the table's name is the target's and something more: `order line` beside `order`.
    fn is_part_of(&self, target: &super::entity::Entity) -> bool {
        let own = &self.table.entity.words;
        own.len() > target.words.len() && own.starts_with(&target.words)
    }

    /// Whether the table does little else than link others.
    fn is_link(&self) -> bool {
        super::table::links(self.table).is_some()
    }

    /// The words without these at the end.
    fn role(&self, without: &[&str]) -> Vec<String> {
        let mut role = self.column.words.clone();
        while role.last().is_some_and(|word| without.contains(&word.as_str())) {
            role.pop();
        }
        role
    }

    /// What a foreign key's own name adds to its target's: `billing address`, `support representative (employee)`.
    pub fn part_played(&self) -> Option<String> {
        let reference = self.column.column.references.as_ref()?;
        let target = self.table.target(reference);
        let role = self.role(&["identifier", "key", "code", "number", "foreign"]);
        let says_nothing = role.is_empty() || target.is_named_by(&role) || target.words.ends_with(&role);
        if says_nothing || !target.is_clear || role.iter().any(|word| PREPOSITIONS.contains(&word.as_str())) {
            return None;
        }
        let phrase = self.phrase(&role);
        let kin =
            matches!(phrase.as_str(), "parent" | "root" | "previous" | "next" | "original" | "duplicate" | "related");
        if self.table.is_own(reference) && kin {
            return Some(format!("{phrase} {}", target.one));
        }
        if role.ends_with(&target.words) { Some(phrase) } else { Some(format!("{phrase} ({})", target.one)) }
    }

    /// What the column holds, as a list of a table's contents names it; nothing for flags and points in time.
    pub fn content(&self) -> Option<String> {
        let mut words = self.column.words.clone();
        let flag = self.column.data_type == DataType::Boolean || self.column.shape == Some(Shape::YesNo);
        let event = matches!(self.column.last_raw(), "at" | "on") || self.column.last() == "timestamp";
        if words.is_empty() || flag || event {
            return None;
        }
        if let ([_], Some((quantity, _))) = (words.as_slice(), units::measured_by(self.column.last_raw())) {
            return Some(quantity.to_lowercase());
        }
        if let [.., before, last] = self.column.tokens.as_slice()
            && self.column.data_type.may_be_number()
            && let Some(unit) = units::unit(&last.raw, before.text.rsplit(' ').next().unwrap_or_default())
        {
            words.truncate(words.len().saturating_sub(unit.split(' ').count()));
        }
        if words.len() > 1 && words.last().is_some_and(|word| word == "JSON") {
            words.pop();
        }
        if words.as_slice() == ["title"] && self.has_job_titles() {
            return Some("job title".to_owned());
        }
        (!words.is_empty()).then(|| self.phrase(&words))
    }

    /// Whether `title` is what a person works as.
    fn has_job_titles(&self) -> bool {
        let last = self.table.entity.words.last().map_or("", String::as_str);
        matches!(last, "employee" | "staff" | "worker" | "contact" | "person")
    }

    /// What the words before the last `count` name, with the owner; the owner itself where there are none.
    fn subject_before(&self, words: &[String], count: usize) -> String {
        let before = &words[..words.len().saturating_sub(count)];
        if before.is_empty() { self.owner() } else { self.of_owner(&format!("the {}", self.phrase(before))) }
    }

    /// Words as a noun phrase.
    pub fn phrase(&self, words: &[String]) -> String {
        let mut all: Vec<String> = Vec::new();
        for word in words {
            let cryptic = self
                .column
                .tokens
                .iter()
                .any(|token| token.raw == *word && token.grasp == super::vocabulary::Grasp::Cryptic);
            let shown = if cryptic && word.is_ascii() && word.len() <= 5 { word.to_uppercase() } else { word.clone() };
            if all.last() != Some(&shown) {
                all.push(shown);
            }
        }
        let last = all.last().cloned().unwrap_or_default();
        let full = match last.as_str() {
            "e-mail" => Some("e-mail address"),
            "phone" | "telephone" | "fax" | "mobile" if !self.column.data_type.is_moment() => {
                all.pop();
                all.push(if last == "mobile" { "mobile phone".to_owned() } else { last.clone() });
                Some("number")
            }
            "ZIP" => Some("ZIP code"),
            "IP" => Some("IP address"),
            "MAC" => Some("MAC address"),
            "postal" => Some("postal code"),
            _ => None,
        };
        if let Some(full) = full {
            if full.starts_with(&last) {
                all.pop();
            }
            all.push(full.to_owned());
        }
        all.join(" ").replace("e-mail address address", "e-mail address").replace("identifier number", "identifier")
    }

    fn cryptic(&self) -> Option<Wordings> {
        if !self.column.is_cryptic() || self.column.column.primary_key {
            return None;
        }
        let name = words::quoted(&self.column.column.name);
        let holds = self.column.shape.map_or(self.column.data_type.noun(), Shape::noun);
        told(
            "the name could not be understood",
            false,
            vec![
                format!("holds {holds}; the name {name} does not tell what they mean"),
                format!("meaning not clear from the name {name}; the values are {holds}"),
            ],
        )
    }

    fn identifier(&self) -> Option<Wordings> {
        let column = self.column.column;
        let is_id = matches!(self.column.last(), "identifier" | "key" | "primary") || self.column.words.is_empty();
        let sole_key = column.primary_key && self.table.primary_key().len() == 1;
        if sole_key {
            let role = self.role(&["identifier", "key", "primary", "surrogate", "unique"]);
            let (one, clear) = (&self.table.entity.one, self.table.entity.is_clear);
            let own = role.is_empty() || self.table.entity.is_named_by(&role);
            if is_id && own || self.column.is_cryptic() {
                let texts = if clear {
                    vec![
                        format!("uniquely identifies {} {one}", words::article(one)),
                        format!("identifier of the {one}; primary key"),
                        format!("primary key of the {one}"),
                        "primary key of the table".to_owned(),
                    ]
                } else {
                    vec!["primary key: identifies the row".to_owned(), "unique identifier of the row".to_owned()]
                };
                return told("it is the primary key", true, texts);
            }
            let phrase = self.phrase(&self.column.words);
            return told(
                "it is the primary key and has a name of its own",
                true,
                self.belonging(&phrase, "; primary key"),
            );
        }
        if self.column.last() != "identifier"
            && !(self.column.last() == "key" && matches!(self.column.last_raw(), "key" | "fk"))
        {
            return None;
        }
        let role = self.role(&["identifier", "unique", "foreign"]);
        if role.is_empty() {
            return told("the name says identifier", true, self.belonging("identifier", ""));
        }
        let qualifier = [
            "external", "legacy", "old", "new", "public", "private", "global", "remote", "natural", "internal",
            "original", "unique", "local",
        ];
        if self.column.last() == "identifier" && !role.last().is_some_and(|word| qualifier.contains(&word.as_str())) {
            let phrase = self.phrase(&role);
            return told(
                "the name says identifier",
                true,
                vec![
                    format!("identifier of the {phrase}"),
                    format!("identifies the {phrase}"),
                    self.of_owner(&format!("{phrase} identifier")),
                ],
            );
        }
        let phrase = self.phrase(&self.column.words);
        told("the name says identifier", true, self.belonging(&phrase, ""))
    }

    fn flag(&self) -> Option<Wordings> {
        let boolean = self.column.data_type == DataType::Boolean || self.column.shape == Some(Shape::YesNo);
        let mut words = self.column.words.clone();
        let marked =
            matches!(words.last().map(String::as_str), Some("flag" | "indicator" | "yes/no")) && words.len() > 1;
        if marked {
            words.pop();
        }
        let opener = words.first().map(String::as_str).unwrap_or_default().to_owned();
        let opens = matches!(
            opener.as_str(),
            "is" | "has" | "can" | "should" | "was" | "allows" | "needs" | "requires" | "uses" | "includes"
        ) && words.len() > 1;
        if !(boolean || opens || marked) || self.column.data_type.is_moment() {
            return None;
        }
        let owner = self.owner();
        let claim = if opens {
            let rest = self.phrase(&words[1..]);
            let last = words.last().map(String::as_str).unwrap_or_default();
            let countable = matches!(opener.as_str(), "has" | "needs" | "requires" | "uses" | "includes")
                && !words::is_plural(last)
                && is_countable(last);
            let noun = matches!(opener.as_str(), "is" | "was") && IS_A.contains(&last);
            let article = if countable || noun { format!("{} ", words::article(&rest)) } else { String::new() };
            let rest = one_of_its_kind(&rest).map_or(rest.clone(), str::to_owned);
            format!("{owner} {opener} {article}{rest}")
        } else if let [.., a, b] = words.as_slice()
            && (a == "opt" || a == "option")
            && (b == "in" || b == "out")
        {
            let what = &words[..words.len() - 2];
            let to = if b == "in" { "to" } else { "of" };
            let what = if what.is_empty() { String::new() } else { format!(" {to} the {}", self.phrase(what)) };
            format!("{owner} has opted {b}{what}")
        } else if let Some(last) = words.last().filter(|last| words::is_participle(last)) {
            format!("{} has been {last}", self.subject_before(&words, 1))
        } else if let Some(last) = words.last().filter(|last| ADJECTIVES.contains(&last.as_str())) {
            let last = one_of_its_kind(last).unwrap_or(last);
            format!("{} is {last}", self.subject_before(&words, 1))
        } else {
            let phrase = self.phrase(&words);
            let texts = vec![
                self.of_owner(&format!("{phrase} flag")),
                format!("whether {phrase} applies to {owner}"),
                format!("yes-or-no mark for {phrase}"),
            ];
            return told("its values are yes or no", boolean, texts);
        };
        told(
            "the name is a yes-or-no question",
            boolean,
            vec![format!("whether {claim}"), format!("true if {claim}"), format!("tells whether {claim}")],
        )
    }

    fn moment(&self) -> Option<Wordings> {
        let typed = self.column.data_type.is_moment() || self.column.shape.is_some_and(Shape::is_moment);
        let words = &self.column.words;
        let (last, raw) = (self.column.last(), self.column.last_raw());
        let says = matches!(raw, "at" | "on") || matches!(last, "timestamp" | "date" | "time" | "datetime" | "when");
        let numeric_or_text = matches!(self.column.data_type, DataType::Integer | DataType::Text | DataType::Other);
        let participle_at = matches!(raw, "at" | "on") && words.len() > 1;
        if !(typed || (says && numeric_or_text && (participle_at || matches!(last, "timestamp" | "date" | "datetime"))))
        {
            return None;
        }
        let days = self.column.data_type == DataType::Date
            || self.column.shape == Some(Shape::IsoDate)
            || (last == "date" && self.column.data_type != DataType::Timestamp);
        let noun = if days || last == "date" { "date" } else { "time" };
        let marker = says && !words.is_empty();
        let mut rest: Vec<String> = words[..words.len() - usize::from(marker)].to_vec();
        while rest.last().is_some_and(|word| matches!(word.as_str(), "and" | "date" | "time" | "timestamp")) {
            rest.pop();
        }
        let texts = if rest.is_empty() {
            self.belonging(if marker && last == "timestamp" { "timestamp" } else { noun }, "")
        } else if let [.., verb] = rest.as_slice()
            && words::is_participle(verb)
        {
            let adverb = match rest.as_slice() {
                [.., adverb, _] if matches!(adverb.as_str(), "last" | "first") => Some(adverb.as_str()),
                _ => None,
            };
            let subject = self.subject_before(&rest, 1 + usize::from(adverb.is_some()));
            let adverb = adverb.map(|adverb| format!("{adverb} ")).unwrap_or_default();
            let at = if days { "date on which" } else { "time at which" };
            vec![
                format!("when {subject} was {adverb}{verb}"),
                format!("{at} {subject} was {adverb}{verb}"),
                format!("{noun} when {subject} was {adverb}{verb}"),
            ]
        } else if let [verb] = rest.as_slice()
            && ["starts", "ends", "expires", "begins", "closes", "opens", "start", "expire", "expires"]
                .contains(&verb.as_str())
            && matches!(raw, "at" | "on")
        {
            let verb = if verb.ends_with('s') { verb.clone() } else { format!("{verb}s") };
            let owner = self.owner();
            vec![
                format!("when {owner} {verb}"),
                format!("{noun} at which {owner} {verb}").replace("date at", "date on"),
            ]
        } else if let [kind, end] = rest.as_slice()
            && matches!(kind.as_str(), "valid" | "effective")
            && matches!(end.as_str(), "from" | "to" | "until" | "through" | "start" | "end" | "thru")
        {
            let end = if matches!(end.as_str(), "from" | "start") { "start" } else { "end" };
            let owner = self.owner();
            vec![
                format!("{end} of the period in which {owner} is {kind}"),
                format!("{} {noun} of the validity of {owner}", if end == "start" { "first" } else { "last" }),
            ]
        } else if last == "date" || last == "time" || !marker {
            let phrase = if marker { self.phrase(words) } else { self.phrase(&rest) };
            let phrase = if marker
                || [
                    "month",
                    "year",
                    "day",
                    "quarter",
                    "week",
                    "birthday",
                    "deadline",
                    "expiry",
                    "date of birth",
                    "start",
                    "end",
                ]
                .iter()
                .any(|word| phrase.ends_with(word))
                || phrase.starts_with("date of")
            {
                phrase
            } else {
                format!("{phrase} {noun}")
            };
            self.belonging(&phrase, "")
        } else {
            let phrase = self.phrase(&rest);
            let texts = self.of_owner(&format!("{noun} of the {phrase}"));
            vec![texts, self.of_owner(&format!("{phrase} {noun}")), format!("when the {phrase} took place")]
        };
        told("name and type say a point in time", typed, texts)
    }

    /// `created_by` without a reference.
    fn actor(&self) -> Option<Wordings> {
        let [.., verb, last] = self.column.words.as_slice() else { return None };
        if last != "by" || !words::is_participle(verb) {
            return None;
        }
        let subject = self.subject_before(&self.column.words, 2);
        told(
            "the name says who did it",
            true,
            vec![format!("by whom {subject} was {verb}"), format!("user or process by which {subject} was {verb}")],
        )
    }

    fn count(&self) -> Option<Wordings> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let words = &self.column.words;
        let things = match words.as_slice() {
            [.., last] if words.len() > 1 && matches!(last.as_str(), "count" | "counter") => &words[..words.len() - 1],
            [first, second, rest @ ..] if first == "number" && second == "of" && !rest.is_empty() => rest,
            [first, rest @ ..] if first == "number" && rest.last().is_some_and(|word| words::is_plural(word)) => rest,
            _ => return None,
        };
        let likely = things.len() == 1
            && self
                .column
                .tokens
                .iter()
                .any(|token| things[0] == token.text && NOT_COUNTED.contains(&token.text.as_str()));
        if likely {
            return None;
        }
        let last = things.last().map(|word| words::singular(word)).unwrap_or_default();
        let things = words::plural(&self.phrase(things));
        let entity = &self.table.entity;
        let holder = if !entity.is_clear {
            String::new()
        } else if CONTAINED.contains(&last.as_str()) {
            format!(" in the {}", entity.one)
        } else {
            format!(" of the {}", entity.one)
        };
        let texts = vec![
            format!("number of {things}{holder}"),
            format!("count of {things}{holder}"),
            format!("how many {things} there are"),
        ];
        told("the name says a count", true, texts)
    }

    fn order(&self) -> Option<Wordings> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let words: Vec<&str> = self.column.words.iter().map(String::as_str).collect();
        let own_line = self.table.entity.words.last().is_some_and(|word| {
            matches!(word.as_str(), "line" | "item" | "detail" | "entry" | "row" | "page" | "chapter" | "step")
        });
        let what = match words.as_slice() {
            ["position" | "ordinal" | "ordering" | "sort" | "sequence"]
            | ["sort" | "display", "order" | "position" | "sequence" | "index" | "key"]
            | ["sequence", "number"]
            | ["order", "index" | "number"] => "position",
            ["line" | "row" | "item", "number"] | ["number"] if own_line => "number",
            _ => return None,
        };
        let parent = self.table.foreign_keys().into_iter().find(|(_, reference)| {
            let target = self.table.target(reference);
            target.is_clear && self.table.entity.words.starts_with(&target.words) && !self.table.is_own(reference)
        });
        let within = parent.map(|(_, reference)| self.table.target(reference).one);
        let texts = match within {
            Some(parent) => vec![
                format!("{what} of {} within the {parent}", self.owner()),
                format!("where {} stands within the {parent}", self.owner()),
                format!("orders the {} of the {parent}", self.table.entity.many),
            ],
            None if what == "position" => {
                vec![format!("position of {} when sorted", self.owner()), format!("sort position of {}", self.owner())]
            }
            None => return None,
        };
        told("the name says a position", true, texts)
    }

    fn measure(&self) -> Option<Wordings> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let tokens = &self.column.tokens;
        let raw = self.column.last_raw();
        if let [_] = self.column.words.as_slice()
            && let Some((quantity, unit)) = units::measured_by(raw)
        {
            return told("the name is a unit", true, self.belonging(&quantity.to_lowercase(), &format!(" in {unit}")));
        }
        let [.., before, _] = tokens.as_slice() else { return None };
        let quantity = before.text.rsplit(' ').next().unwrap_or_default();
        let unit = units::unit(raw, quantity)?;
        let unit_words = tokens.last().map_or(0, |token| token.text.split(' ').count());
        let words = &self.column.words;
        let rest = words.get(..words.len().checked_sub(unit_words)?).filter(|rest| !rest.is_empty())?;
        let mut phrase = self.phrase(rest);
        if unit.ends_with("seconds")
            && !units::is_time(rest.last().map_or("", String::as_str))
            && rest.last().is_some_and(|word| !words::is_participle(word))
        {
            phrase.push_str(" time");
        }
        told("the name ends with a unit", true, self.belonging(&phrase, &format!(" in {unit}")))
    }

    fn attribute(&self) -> Wordings {
        let mut words = self.column.words.clone();
        let is_json = self.column.data_type == DataType::Json || self.column.shape == Some(Shape::Json);
        if words.len() > 1 && words.last().is_some_and(|word| word == "JSON") {
            words.pop();
        }
        let is_code = words.last().is_some_and(|word| word == "code");
        let tail = match self.column.shape {
            _ if is_json => ", as JSON",
            Some(Shape::Country2) if is_code => " (ISO 3166-1 alpha-2)",
            Some(Shape::Country3) if is_code => " of three letters",
            Some(Shape::Currency) if is_code => " (ISO 4217)",
            Some(Shape::Country2) => ", as a two-letter code",
            Some(Shape::Country3) => ", as a three-letter code",
            Some(Shape::Currency) => ", as an ISO 4217 code",
            Some(Shape::Language) if !is_code => ", as a language code",
            Some(Shape::Base64) => ", as Base64 text",
            _ => "",
        };
        let is_typical = self.column.shape.is_some() || fits(self.column.data_type, &words);
        let phrase = self.phrase(&words);
        if let Some(target) = self.denormalized(&words) {
            let rest = self.phrase(&words[target.words.len()..]);
            let one = &target.one;
            return Wordings {
                texts: vec![
                    format!("{rest} of the {one} that {} refers to{tail}", self.owner()),
                    format!("{rest} of the {one}{tail}, kept here too"),
                ],
                because: "it repeats something of what the row refers to",
                is_typical,
            };
        }
        let texts = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["title"] if self.has_job_titles() => self.belonging("job title", tail),
            ["note" | "notes" | "comment" | "comments" | "remark" | "remarks"] if self.table.entity.is_clear => {
                let things = words::plural(&phrase);
                vec![
                    format!("{things} on the {}", self.table.entity.one),
                    format!("free-text {things} on the {}", self.table.entity.one),
                    things,
                ]
            }
            ["total"] if self.column.data_type.may_be_number() => self.belonging("total amount", tail),
            ["text" | "data" | "value" | "content"] => self.belonging(&phrase, tail),
            _ => self.belonging(&phrase, tail),
        };
        Wordings { texts, because: "the name says what it holds", is_typical }
    }

    /// The table that the row refers to and of which this column repeats something: `customer_name` beside
    /// `customer_id`.
    fn denormalized(&self, words: &[String]) -> Option<super::entity::Entity> {
        self.table
            .foreign_keys()
            .into_iter()
            .filter(|(_, reference)| !self.table.is_own(reference))
            .map(|(_, reference)| self.table.target(reference))
            .find(|target| {
                target.is_clear && words.len() > target.words.len() && target.leads(words) == target.words.len()
            })
    }
}

/// Whether a type is what one expects under such a name.
fn fits(data_type: DataType, words: &[String]) -> bool {
    let last = words.last().map_or("", String::as_str);
    let textual = [
        "name",
        "description",
        "title",
        "address",
        "city",
        "country",
        "state",
        "code",
        "comment",
        "notes",
        "note",
        "status",
        "type",
        "e-mail",
        "phone",
        "fax",
        "text",
        "company",
        "label",
        "URL",
        "language",
        "currency",
        "category",
        "street",
        "gender",
        "unit",
    ];
    let numeric = [
        "amount",
        "price",
        "cost",
        "total",
        "quantity",
        "balance",
        "rate",
        "percentage",
        "tax",
        "discount",
        "fee",
        "weight",
        "height",
        "width",
        "length",
        "score",
        "age",
        "year",
        "month",
        "day",
        "size",
        "latitude",
        "longitude",
        "number",
        "stock",
        "limit",
        "version",
        "delta",
        "subtotal",
        "temperature",
        "level",
        "rating",
        "duration",
        "voltage",
        "percent",
        "revenue",
        "value",
        "units",
    ];
    match data_type {
        DataType::Text => last == "number" || !numeric.contains(&last),
        DataType::Integer | DataType::Decimal => !textual.contains(&last),
        DataType::Json => true,
        _ => false,
    }
}

/// Adjectives that only one of several can be.
fn one_of_its_kind(adjective: &str) -> Option<&'static str> {
    Some(match adjective {
        "default" => "the default",
        "primary" => "the primary one",
        "main" => "the main one",
        "latest" => "the latest one",
        "current" => "the current one",
        "preferred" => "the preferred one",
        _ => return None,
    })
}

fn is_person_role(word: &str) -> bool {
    matches!(
        word,
        "manager" | "supervisor" | "parent" | "owner" | "boss" | "lead" | "mentor" | "mother" | "father" | "spouse"
    )
}

fn is_countable(word: &str) -> bool {
    !words::is_participle(word)
        && ![
            "access",
            "content",
            "data",
            "stock",
            "insurance",
            "permission",
            "warranty",
            "information",
            "consent",
            "approval",
            "credit",
            "tax",
            "power",
            "wifi",
            "parking",
            "internet",
        ]
        .contains(&word)
}

/// Things that are in another rather than of it.
const CONTAINED: &[&str] = &[
    "item",
    "line",
    "page",
    "product",
    "row",
    "track",
    "record",
    "member",
    "column",
    "piece",
    "word",
    "character",
    "seat",
    "room",
    "unit",
    "file",
    "song",
    "chapter",
    "user",
    "student",
    "node",
    "element",
];

/// Words before `count` that are not the things counted.
const NOT_COUNTED: &[&str] =
    &["helpful", "total", "active", "open", "current", "maximum", "minimum", "unique", "distinct", "new"];

/// Nouns that `is_` puts an article before.
const IS_A: &[&str] = &[
    "administrator",
    "gift",
    "employee",
    "customer",
    "member",
    "owner",
    "bot",
    "robot",
    "test",
    "holiday",
    "weekend",
    "contact",
    "address",
    "manager",
    "guest",
    "parent",
    "leaf",
    "bundle",
    "company",
    "person",
    "user",
    "template",
    "draft",
    "duplicate",
    "copy",
    "promotion",
    "subscription",
    "supplier",
    "partner",
    "weekday",
    "reply",
    "return",
    "refund",
    "child",
    "student",
    "teacher",
    "service",
    "group",
    "business",
    "outlier",
    "organization",
];

/// Adjectives that names use without `is_`.
const ADJECTIVES: &[&str] = &[
    "active",
    "inactive",
    "enabled",
    "disabled",
    "visible",
    "hidden",
    "public",
    "private",
    "valid",
    "invalid",
    "available",
    "mandatory",
    "optional",
    "required",
    "default",
    "primary",
    "open",
    "taxable",
    "online",
    "current",
    "billable",
    "searchable",
    "editable",
    "nullable",
    "unique",
    "featured",
    "refundable",
    "returnable",
    "hazardous",
    "fragile",
    "perishable",
    "temporary",
    "permanent",
    "anonymous",
    "final",
    "internal",
    "external",
    "recurring",
];
