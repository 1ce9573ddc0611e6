//! Columns that hold an attribute of the row, and columns about which nothing can be said.
//!
//! The rule: a column of no other kind is an attribute, described by its name.

use crate::domain::catalog::Column;

use super::super::{data_type::DataType, entity::Entity, shape::Shape, speech, units, words};
use super::{Place, Wordings, told};

/// The reasoning for a text that says only what the name says.
pub const NAME: &str = "the name says what it holds";
/// The reasoning for a text that adds what the table or the values tell of the name.
pub const QUALIFIED: &str = "the name says what it holds, and the table or the values say which or how";
/// The reasoning for a name that names no thing: a verb, a preposition or an adjective.
pub const NO_NOUN: &str = "the name is no noun";

impl Place<'_> {
    pub(super) fn cryptic(&self) -> Option<Wordings> {
        if !self.column.is_cryptic() || self.column.column.primary_key {
            return None;
        }
        let name = words::quoted(&self.column.column.name);
        let holds = self.column.shape.map_or(self.column.data_type.noun(), Shape::noun);
        told(
            "the name could not be understood",
            false,
            vec![
                format!("holds {holds}; purpose unclear from the name {name}"),
                format!("meaning not clear from the name {name}; the values are {holds}"),
            ],
        )
    }

    pub(super) fn attribute(&self) -> Wordings {
        let mut words = self.column.words.clone();
        let is_json = self.column.data_type == DataType::Json || self.column.shape == Some(Shape::Json);
        if words.len() > 1 && words.last().is_some_and(|word| word == "JSON") {
            words.pop();
        }
        let is_code = words.last().is_some_and(|word| word == "code");
        let is_constant = self.column.statistics.is_some_and(|one| one.distinct == Some(1));
        let tail = match self.column.shape {
            _ if is_json => ", as JSON",
            // One value shows no form.
            _ if is_constant => "",
            Some(Shape::Country2) if is_code => " (ISO 3166-1 alpha-2)",
            Some(Shape::Country3) if is_code => ", in three letters",
            Some(Shape::Currency) if is_code => " (ISO 4217)",
            Some(Shape::Country2) => ", as a two-letter code",
            Some(Shape::Country3) => ", as a three-letter code",
            Some(Shape::Currency) => ", as an ISO 4217 code",
            Some(Shape::Language) if !is_code => ", as a language code",
            Some(Shape::Base64) => ", as Base64 text",
            _ => "",
        };
        let because = if tail.is_empty() { NAME } else { QUALIFIED };
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
        if let Some((thing, what)) = phrase.split_once(" as ") {
            let texts = self.belonging(thing, &format!(", as {} {what}", words::article(what)));
            return Wordings { texts, because, is_typical };
        }
        if self.column.data_type.is_number() && words.len() > 1 {
            let (first, last) = (&words[0], &words[words.len() - 1]);
            if words::is_participle(first) || words::is_participle(last) {
                let amount = if words[1] == "by" && words::is_participle(first) { "amount " } else { "" };
                let texts = vec![format!("{amount}{phrase}{tail}"), format!("the {amount}{phrase}{tail}")];
                return Wordings { texts, because, is_typical };
            }
        }
        if !speech::is_noun_phrase(&words) {
            let owned = self.table.entity.is_clear.then(|| format!("{phrase}: attribute of {}", self.owner()));
            let texts = owned.into_iter().chain([phrase]).collect();
            return Wordings { texts, because: NO_NOUN, is_typical: false };
        }
        if let [thing @ .., part] = words.as_slice()
            && matches!(part.as_str(), "numerator" | "denominator")
            && !thing.is_empty()
        {
            let texts = self.belonging(&format!("{part} of the {}", self.phrase(thing)), tail);
            return Wordings { texts, because, is_typical };
        }
        let texts = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["title"] if self.has_job_titles() => self.belonging("job title", tail),
            ["note" | "notes" | "comment" | "comments" | "remark" | "remarks"] if self.table.entity.is_clear => {
                let things = phrase.clone();
                vec![
                    format!("{things} on the {}", self.table.entity.one),
                    format!("free-text {things} on the {}", self.table.entity.one),
                    things,
                ]
            }
            ["total"] if self.column.data_type == DataType::Decimal => self.belonging("total amount", tail),
            _ => self.belonging(&phrase, tail),
        };
        // A job title is no other title, and a total an amount.
        let is_told = matches!(words.as_slice(), [one] if one == "total" && self.column.data_type == DataType::Decimal
            || one == "title" && self.has_job_titles());
        Wordings { texts, because: if is_told { QUALIFIED } else { because }, is_typical }
    }

    /// The referenced entity of which this column repeats an attribute: `customer_name` next to `customer_id`.
    pub(super) fn denormalized(&self, words: &[String]) -> Option<Entity> {
        // `region_start` beside `region_id` is where this row starts.
        if self.column.data_type.is_number() || self.column.is_moment() {
            return None;
        }
        self.table.foreign_keys().iter().filter(|key| !self.table.is_own(key)).map(|key| self.table.target(key)).find(
            |target| target.is_clear && words.len() > target.words.len() && target.leads(words) == target.words.len(),
        )
    }

    /// What the column holds, for the list of a table's contents; `None` for flags and points in time.
    pub fn content(&self) -> Option<String> {
        let mut words = self.column.words.clone();
        let event = matches!(self.column.last_raw(), "at" | "on") || self.column.last() == "timestamp";
        if words.is_empty() || words == ["self"] || self.column.is_answer() || event {
            return None;
        }
        if let Some(things) = self.counted() {
            let bound = ["maximum ", "minimum "].into_iter().find(|bound| things.starts_with(bound));
            return Some(match bound {
                Some(bound) => format!("{bound}number of {}", &things[bound.len()..]),
                None => format!("number of {things}"),
            });
        }
        match words.last().map(String::as_str) {
            Some("denominator") => return None,
            Some("numerator") => drop(words.pop()),
            _ => {}
        }
        if self.column.column.name.len() <= 2 && self.column.data_type.is_number() {
            return None;
        }
        if self.column.data_type.is_number()
            && let ([_], Some((quantity, _))) = (words.as_slice(), units::measured_by(self.column.last_raw()))
        {
            return Some(quantity.to_lowercase());
        }
        if let [.., before, last] = self.column.tokens.as_slice()
            && self.column.data_type.may_be_number()
            && let Some(unit) = units::unit(&last.raw, before.text.rsplit(' ').next().unwrap_or_default())
        {
            if Self::is_span(unit, &words) {
                return Some(self.phrase(&words));
            }
            words.truncate(words.len().saturating_sub(unit.split(' ').count()));
            if Self::is_timed(unit, &words) {
                words.push("time".to_owned());
            }
        }
        while words.len() > 1 && words.last().is_some_and(|word| word == "JSON" || word == "per") {
            words.pop();
        }
        if words.as_slice() == ["title"] && self.has_job_titles() {
            return Some("job title".to_owned());
        }
        // `date_order`
        if let [date, thing] = words.as_mut_slice()
            && date == "date"
            && speech::may_end_a_noun(thing)
        {
            std::mem::swap(date, thing);
        }
        let is_dated = self.column.is_moment() && words.first().is_some_and(|first| first == "date");
        // `units_sold`
        let is_done = self.column.data_type.is_number()
            && matches!(words.as_slice(), [_, .., verb] if words::is_participle(verb) && !speech::permits(verb));
        // `use_once`, `show_triggers`
        let is_switch = words.len() > 1
            && speech::is_bidding(&words[0])
            && (self.column.data_type.is_number() || self.column.data_type == DataType::Boolean);
        (is_dated || is_done || !is_switch && speech::is_noun_phrase(&words)).then(|| self.phrase(&words))
    }

    /// Returns whether `title` means a job title in this table.
    pub(super) fn has_job_titles(&self) -> bool {
        // Beside the suffix of a name (`Jr.`), the title is a form of address (`Mr.`).
        let is_suffix = |column: &Column| words::split(&column.name).last().is_some_and(|last| last == "suffix");
        let last = self.table.entity.words.last().map_or("", String::as_str);
        matches!(last, "employee" | "staff" | "worker") && !self.table.detail.columns.iter().any(is_suffix)
    }
}

/// Returns whether the type is usual for a column with this name.
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
    ];
    match data_type {
        DataType::Text => last == "number" || !numeric.contains(&last),
        DataType::Integer | DataType::Decimal => !textual.contains(&last),
        DataType::Json => true,
        _ => false,
    }
}
