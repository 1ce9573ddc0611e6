//! The facts about a table and its columns, collected before anything is written about them.
//!
//! The rule: a reading holds facts only; the wording is done in `wording/`, `column.rs` and `table.rs`.

use std::sync::Arc;

use crate::domain::{
    asset::{AssetKind, AssetPath},
    catalog::{Column, ColumnStatistics, ForeignKey, TableDetail, TableStatistics},
    documented::Documented,
    lineage::Lineage,
    neighbour::Neighbour,
};

use super::{
    data_type::DataType,
    entity::Entity,
    lexicon::{OPEN, PEOPLE, PERSONS, SENSITIVE, TEXTS, is_person},
    shape::Shape,
    speech, units,
    vocabulary::{self, Context, Grasp, TableNames, Token},
    words,
};

/// The longest alias of a table in the names of its columns: `ex` in `ex_id`.
const ALIAS: usize = 3;

/// The facts about a table.
pub struct TableReading<'a> {
    /// The table in the catalog.
    pub detail: &'a TableDetail,
    /// Its statistics.
    pub statistics: Option<&'a TableStatistics>,
    /// Where the columns of a view come from; empty for tables.
    lineage: &'a [Option<Lineage>],
    /// What is documented of its columns elsewhere.
    pub documented: Option<&'a Documented>,
    /// The tables one foreign key away.
    pub neighbours: &'a [Neighbour],
    /// The context of its names.
    pub context: Context,
    /// The entity that a row stands for.
    pub entity: Entity,
    /// A first word that all column names share and that means nothing.
    shared_prefix: Option<String>,
}

/// The facts about a column.
pub struct ColumnReading<'a> {
    /// The column in the catalog.
    pub column: &'a Column,
    /// Its statistics.
    pub statistics: Option<&'a ColumnStatistics>,
    /// The foreign key that it is part of.
    pub key: Option<&'a ForeignKey>,
    /// Where it comes from, in a view.
    pub lineage: Option<&'a Lineage>,
    /// Its type.
    pub data_type: DataType,
    /// The words of its name, without meaningless prefixes.
    pub tokens: Vec<Token>,
    /// The words of `tokens`, without those that name the table itself.
    pub words: Vec<String>,
    /// The shape of the samples.
    pub shape: Option<Shape>,
    /// The values, if they are a small closed set; empty for sensitive columns.
    pub values: Vec<String>,
    /// The source of the values: `check`, `type` or `sample`.
    pub values_from: &'static str,
    /// Whether `values` is complete.
    pub values_complete: bool,
    /// Whether its values must not be shown.
    pub is_sensitive: bool,
}

impl<'a> TableReading<'a> {
    /// Reads a table.
    pub fn of(
        detail: &'a TableDetail,
        statistics: Option<&'a TableStatistics>,
        lineage: &'a [Option<Lineage>],
        names: &Arc<TableNames>,
    ) -> Self {
        let own = detail.columns.iter().map(|column| column.name.as_str()).chain([detail.table.name.as_str()]);
        let nearby = detail.foreign_keys.iter().map(|key| key.table.as_str());
        let nearby = nearby.chain(detail.referenced_by.iter().map(String::as_str));
        let context = Context::of(own).near(nearby).within(Arc::clone(names));
        // The name of a partition says which rows it holds, that of the whole table what they are.
        let whole = detail.table.partition_of.as_ref().map_or(&detail.table.name, |whole| &whole.table);
        let entity = Entity::of(whole, &context);
        let shared_prefix = shared_prefix(detail);
        Self { detail, statistics, lineage, documented: None, neighbours: &[], shared_prefix, context, entity }
    }

    /// Adds what is known of its surroundings.
    pub const fn among(mut self, documented: &'a Documented, neighbours: &'a [Neighbour]) -> Self {
        self.documented = Some(documented);
        self.neighbours = neighbours;
        self
    }

    /// What is known of the table that a foreign key references.
    pub fn parent(&self, key: &ForeignKey) -> Option<&'a Neighbour> {
        self.neighbours.iter().find(|neighbour| neighbour.is_target(key, self.detail))
    }

    /// The path of the table, or of a column, with the words that the names were read as.
    pub fn path_as_read(&self, column: Option<&Column>) -> AssetPath {
        let mut path = self.detail.path();
        path.table = Some(self.entity.words.join("_"));
        let words = |column: &Column| self.column(column).tokens.into_iter().map(|token| token.text);
        path.column = column.map(|column| words(column).collect::<Vec<_>>().join("_").replace(' ', "_"));
        path
    }

    /// Reads one of its columns.
    pub fn column(&self, column: &'a Column) -> ColumnReading<'a> {
        let statistics = self.statistics.and_then(|all| all.columns.iter().find(|one| one.name == column.name));
        let data_type = type_of(column, statistics);
        let key = self.detail.foreign_key_of(&column.name);
        let mut parts = words::split(&column.name);
        // `products_id` is the identifier of a product, even if all columns begin so.
        let is_others = |parts: &[String]| {
            let things = self.context.catalog().only_called(&parts[..1]);
            matches!(parts, [_, last] if last == "id") && things.is_some_and(|table| table != self.detail.table.name)
        };
        // Without the prefix, `dow_1_open` would begin with a number.
        let is_numbered = parts.get(1).is_some_and(|next| next.bytes().all(|b| b.is_ascii_digit()));
        if parts.len() > 1 && self.shared_prefix.as_ref() == parts.first() && !is_others(&parts) && !is_numbered {
            parts.remove(0);
        }
        let parts = self.identifier_last(parts);
        let parts = self.without_target(parts, key);
        let mut tokens = vocabulary::read(&parts.join("_"), &self.context);
        // `id` and what follows may have been written together: `idowner`.
        if let [first, rest @ ..] = tokens.as_mut_slice()
            && first.raw == "id"
            && !rest.is_empty()
            && parts.len() == 1
        {
            tokens.rotate_left(1);
        }
        read_bits(&mut tokens);
        read_derived(&mut tokens);
        read_unit(&mut tokens, data_type);
        let target = key.map(|key| self.target(key));
        if let Some(target) = &target {
            read_by_initials(&mut tokens, target);
            if key.is_some_and(|key| key.only_column().is_some()) {
                read_by_target(&mut tokens, target);
            }
        }
        self.read_day(&mut tokens);
        // Before a singular, `no` means not: `no_select`.
        if let [first, .., last] = tokens.as_mut_slice()
            && first.raw == "no"
            && (!words::is_plural(&last.text)
                || parts.get(1).is_some_and(|next| next == "more" || next == "longer")
                || self.has_opposite(column))
        {
            (first.text, first.grasp) = (first.raw.clone(), Grasp::Word);
        }
        if let Some(last) = tokens.last_mut() {
            match last.raw.as_str() {
                // A surrogate key identifies as any other.
                "sk" if data_type.may_be_number() => {
                    (last.text, last.grasp) = ("identifier".to_owned(), Grasp::Abbreviation);
                }
                "seq" if data_type == DataType::Integer => "sequence number".clone_into(&mut last.text),
                // A share or a measure identifies nothing.
                "ident" if data_type == DataType::Decimal => "identity".clone_into(&mut last.text),
                _ => {}
            }
        }
        self.read_fraction(column, &mut tokens);
        if self.has_highest(column) {
            for token in tokens.iter_mut().filter(|token| token.raw == "min") {
                (token.text, token.grasp) = ("minimum".to_owned(), Grasp::Abbreviation);
            }
        }
        for token in tokens.iter_mut().filter(|token| data_type.is_number() && TEXTS.contains(&token.text.as_str())) {
            if let Grasp::Ambiguous(others) = &token.grasp
                && let Some(other) = others.iter().find(|other| !TEXTS.contains(other))
            {
                (token.text, token.grasp) = ((*other).to_owned(), Grasp::Abbreviation);
            }
        }
        let mut words: Vec<String> = tokens.iter().flat_map(|token| token.text.split(' ')).map(str::to_owned).collect();
        words.dedup();
        let shape = statistics.and_then(|one| {
            Shape::of(
                &one.samples,
                &[words.clone(), vec![tokens.last().map(|t| t.raw.clone()).unwrap_or_default()]].concat(),
            )
        });
        // Numbers that happen to be 0 and 1 are yes and no only if the name asks a question.
        let shape = shape.filter(|shape| {
            *shape != Shape::YesNo
                || !data_type.is_number()
                || (data_type == DataType::Integer && speech::is_question(&words))
        });
        self.direct(column, key.is_some(), &mut words);
        let own = self.entity.leads(&words);
        let unit_only = tokens.last().is_some_and(|token| {
            own + token.text.split(' ').count() == words.len() && units::unit(&token.raw, "").is_some()
        });
        // `transcript_id` in a table `exon_transcript` beside a table `transcript` is that one's, and so is the
        // `user_id` of `location_users` that is no key.
        let is_whole_key = column.primary_key && self.primary_key().len() == 1;
        let is_others = own < self.entity.words.len()
            && words.last().is_some_and(|last| last == "identifier")
            && (self.context.catalog().only_called(&words[..words.len() - 1]).is_some() || !is_whole_key);
        let is_number = words[own.min(words.len())..].iter().all(|word| word.bytes().all(|b| b.is_ascii_digit()));
        // A reference is to the thing that it names, also if the table is called so: `template_id` in `host_templates`.
        let is_thing = |words: &[String]| target.as_ref().is_some_and(|target| target.is_named_by(words));
        let names_target = words.split_last().is_some_and(|(last, thing)| last == "identifier" && is_thing(thing))
            || key.is_some() && words[own.min(words.len())..].iter().all(|word| word == "identifier");
        // `mechanism_of_action`
        let connects = words.get(own).is_some_and(|next| next == "of");
        if own > 0 && own < words.len() && !unit_only && !is_others && !is_number && !names_target && !connects {
            words.drain(..own);
        }
        let is_sensitive = self.is_sensitive(&words, shape);
        let mut reading = ColumnReading {
            column,
            statistics,
            key,
            lineage: self.lineage_of(column),
            data_type,
            tokens,
            words,
            shape,
            values: Vec::new(),
            values_from: "sample",
            values_complete: false,
            is_sensitive,
        };
        self.read_values(&mut reading);
        reading
    }

    /// Returns whether another column is called the same with `max` in place of `min`: `temp_min` beside `temp_max`.
    pub fn has_highest(&self, column: &Column) -> bool {
        let name = column.name.to_lowercase();
        let highest = name.replace("min", "max");
        highest != name && self.detail.columns.iter().any(|other| other.name.to_lowercase() == highest)
    }

    /// Returns whether another column is called the same with `yes` in place of `no`: `no_votes` beside `yes_votes`.
    fn has_opposite(&self, column: &Column) -> bool {
        let opposite = column.name.to_lowercase().replacen("no", "yes", 1);
        self.detail.columns.iter().any(|other| other.name.to_lowercase() == opposite)
    }

    /// Reads the abbreviation of a day of the week where the table has that of another: `mon` beside `tue`.
    fn read_day(&self, tokens: &mut [Token]) {
        let Some(last) = tokens.last_mut() else { return };
        let Some(day) = day_of(&last.raw) else { return };
        let is_other = |column: &Column| {
            words::split(&column.name).last().is_some_and(|word| *word != last.raw && day_of(word).is_some())
        };
        if self.detail.columns.iter().any(is_other) {
            (last.text, last.grasp) = (day.to_owned(), Grasp::Word);
        }
    }

    /// Reads the two parts of a fraction: `value_num` and `value_denom`.
    fn read_fraction(&self, column: &Column, tokens: &mut [Token]) {
        let Some(last) = tokens.last_mut() else { return };
        let (own, other) = match last.raw.as_str() {
            "num" => ("numerator", "denom"),
            "denom" => ("denominator", "num"),
            _ => return,
        };
        let stem = &column.name[..column.name.len().saturating_sub(last.raw.len())];
        let is_other = |known: &Column| known.name.eq_ignore_ascii_case(&format!("{stem}{other}"));
        if self.detail.columns.iter().any(is_other) {
            (last.text, last.grasp) = (own.to_owned(), Grasp::Abbreviation);
        }
    }

    /// Says what `from` and `to` mean where a table has both: the source and the target. Of numbers and points in time,
    /// they are bounds.
    fn direct(&self, column: &Column, refers: bool, words: &mut [String]) {
        let parts = words::split(&column.name);
        let Some(at) = parts.iter().position(|part| part == "from" || part == "to") else { return };
        let (word, other, direction) =
            if parts[at] == "from" { ("from", "to", "source") } else { ("to", "from", "target") };
        let mut pair = parts;
        other.clone_into(&mut pair[at]);
        let is_pair = self.detail.columns.iter().any(|column| words::split(&column.name) == pair);
        if !is_pair || !(refers || DataType::of(column.built_in_type()) == DataType::Text) {
            return;
        }
        if let Some(at) = words.iter().position(|known| known == word) {
            direction.clone_into(&mut words[at]);
            words[..=at].rotate_right(1);
        }
    }

    /// Takes off the name of the referenced column, which is no role of this one, and the mark of the own table before
    /// it: `cr_ex_id` that refers to `ex_id` of exchanges is just an identifier, `billing_address_id` that refers to
    /// `address_id` has the role of billing.
    fn without_target(&self, parts: Vec<String>, key: Option<&ForeignKey>) -> Vec<String> {
        let Some((key, [(_, other)])) = key.map(|key| (key, key.columns.as_slice())) else { return parts };
        let other = words::split(other);
        let is_alias = |part: &String| part.len() <= ALIAS && !vocabulary::is_plain(part);
        let of_name = words::split(&key.table);
        let Some((alias, rest)) =
            other.split_first().filter(|(alias, rest)| is_alias(alias) && !rest.is_empty() && !of_name.contains(alias))
        else {
            return parts;
        };
        let Some(before) = parts.strip_suffix(other.as_slice()) else { return parts };
        let own: Vec<String> = words::split(&self.detail.table.name);
        let initials: String = own.iter().filter_map(|part| part.chars().next()).collect();
        let is_mark = |part: &String| {
            self.shared_prefix.as_ref() == Some(part)
                || *part == initials
                || (part.len() <= ALIAS && own.iter().any(|word| word.starts_with(part.as_str())))
        };
        let role = before.strip_prefix(std::slice::from_ref(alias)).unwrap_or(before);
        let role = role.split_first().filter(|(first, _)| is_mark(first)).map_or(role, |(_, role)| role);
        let target = self.target(key);
        let thing = if role.is_empty() || !target.is_clear { Vec::new() } else { target.words };
        [role, &thing, rest].concat()
    }

    /// Puts `id` at the end, and takes off what only groups tables: `id_cc_card` is the `card_id` of a table `cc_card`.
    /// An `id_type` or `id_number` is a property of a document.
    fn identifier_last(&self, mut parts: Vec<String>) -> Vec<String> {
        const OF_DOCUMENTS: &[&str] = &["type", "number", "no", "num", "code", "status", "name", "date", "expiry"];
        let catalog = self.context.catalog();
        let is_first = matches!(parts.as_slice(), [id, rest @ ..] if id == "id" && rest.last().is_some_and(|last| {
            !OF_DOCUMENTS.contains(&last.as_str()) || catalog.only_called(rest).is_some()
        }));
        if is_first {
            parts.rotate_left(1);
        }
        match parts.as_slice() {
            [thing @ .., id] if id == "id" && thing.len() > 1 => {
                let name = thing.join("_");
                let own = catalog.ungrouped(&name);
                // Without a table `inst`, `act_inst_id` identifies an `act_inst`.
                let is_table = own.len() < name.len() && catalog.only_called(&words::split(own)).is_some();
                if is_table { [words::split(own), vec![id.clone()]].concat() } else { parts }
            }
            _ => parts,
        }
    }

    fn lineage_of(&self, column: &Column) -> Option<&'a Lineage> {
        let at = self.detail.columns.iter().position(|known| known.name == column.name)?;
        self.lineage.get(at)?.as_ref()
    }

    /// The tables that a view reads, as far as its columns tell, each once.
    pub fn tables_read(&self) -> Vec<&'a TableDetail> {
        let mut tables: Vec<&'a TableDetail> = Vec::new();
        if self.detail.table.kind == AssetKind::Table {
            return tables;
        }
        for source in self.lineage.iter().flatten().flat_map(|lineage| &lineage.sources) {
            if !tables.iter().any(|known| known.path() == source.table.path()) {
                tables.push(&source.table);
            }
        }
        tables
    }

    /// The entity of the table that a foreign key references.
    pub fn target(&self, key: &ForeignKey) -> Entity {
        Entity::of(&key.table, &self.context)
    }

    /// Returns whether a foreign key references this table itself.
    pub fn is_own(&self, key: &ForeignKey) -> bool {
        key.table == self.detail.table.name && key.schema.as_ref().is_none_or(|schema| *schema == self.detail.schema)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> Vec<&'a Column> {
        self.detail.columns.iter().filter(|column| column.primary_key).collect()
    }

    /// Its foreign keys.
    pub const fn foreign_keys(&self) -> &'a [ForeignKey] {
        self.detail.foreign_keys.as_slice()
    }

    fn is_sensitive(&self, words: &[String], shape: Option<Shape>) -> bool {
        let has = |list: &[&str]| {
            words.iter().any(|word| list.contains(&word.as_str()) || list.contains(&words::singular(word).as_str()))
        };
        let names_people = words.last().is_some_and(|word| word == "name")
            && (self.entity.is_about_people()
                || has(&["first", "last", "full", "middle", "family", "given", "user"])
                || has(PEOPLE));
        let last = words.last().map_or("", String::as_str);
        let is_person = PERSONS.contains(&last) || PEOPLE.contains(&last);
        let is_persons_code = matches!(words, [.., who, last]
            if PEOPLE.contains(&who.as_str()) && matches!(last.as_str(), "code" | "number" | "identifier"));
        names_people
            || is_person
            || is_persons_code
            || has(SENSITIVE)
            || words.last().is_some_and(|word| word == "by")
            || shape.is_some_and(Shape::is_personal)
    }

    fn read_values(&self, reading: &mut ColumnReading<'a>) {
        if reading.is_sensitive {
            return;
        }
        let allowed = reading.column.allowed_values();
        if !allowed.is_empty() {
            allowed.clone_into(&mut reading.values);
            reading.values_from = if reading.column.checked_values.is_empty() { "type" } else { "check" };
            reading.values_complete = true;
            return;
        }
        let (Some(table), Some(one)) = (self.statistics, reading.statistics) else { return };
        let codes = reading.words.last().is_some_and(|word| {
            [
                "status",
                "state",
                "type",
                "kind",
                "code",
                "level",
                "priority",
                "category",
                "class",
                "flag",
                "stage",
                "mode",
                "indicator",
            ]
            .contains(&word.as_str())
        });
        let kind_fits = matches!(reading.data_type, DataType::Text | DataType::Other)
            || (reading.data_type == DataType::Integer && codes);
        let key = reading.column.primary_key || reading.column.unique || reading.key.is_some();
        let open = reading.words.last().is_some_and(|word| OPEN.contains(&word.as_str()));
        let numbers = one.samples.iter().all(|value| value.parse::<f64>().is_ok());
        let Some(distinct) = one.distinct else { return };
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a share of a bounded sample")]
        let filled = (table.sampled_rows as f64 * (1.0 - one.null_share.unwrap_or(0.0)).clamp(0.0, 1.0)) as i64;
        let short = one.samples.iter().all(|value| {
            (1..=24).contains(&value.chars().count())
                && !value.chars().any(char::is_control)
                && value.split(' ').count() <= 3
        });
        let few = (2..=10).contains(&distinct) && filled >= 12 && filled >= 4 * distinct;
        if kind_fits
            && !open
            && (codes || !numbers)
            && !key
            && short
            && few
            && !one.samples.is_empty()
            && reading.shape.is_none_or(|shape| {
                matches!(
                    shape,
                    Shape::YesNo | Shape::Currency | Shape::Country2 | Shape::Country3 | Shape::Language | Shape::Mime
                )
            })
        {
            reading.values.clone_from(&one.samples);
            reading.values.sort();
            reading.values_complete =
                table.complete && i64::try_from(one.samples.len()).is_ok_and(|seen| seen >= distinct);
        }
    }
}

impl<'a> ColumnReading<'a> {
    /// The foreign key that consists of this column alone.
    pub fn own_key(&self) -> Option<&'a ForeignKey> {
        self.key.filter(|key| key.only_column().is_some())
    }

    /// Returns whether the type is a `SET`, which holds any number of the listed values.
    pub fn is_set(&self) -> bool {
        self.column.built_in_type().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("set("))
    }

    /// Returns whether it holds yes or no.
    pub fn is_answer(&self) -> bool {
        self.data_type == DataType::Boolean || self.shape == Some(Shape::YesNo)
    }

    /// Returns whether it holds points in time.
    pub fn is_moment(&self) -> bool {
        self.data_type.is_moment() || self.shape.is_some_and(Shape::is_moment)
    }

    /// The last word of the name; empty if there is none.
    pub fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The last word as written in the name.
    pub fn last_raw(&self) -> &str {
        self.tokens.last().map_or("", |token| token.raw.as_str())
    }

    /// Returns whether no word of the name was understood.
    pub fn is_cryptic(&self) -> bool {
        self.tokens.iter().all(|token| token.grasp == Grasp::Cryptic || token.raw.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// The type of a column. A number of one digit is no flag if it has other values than 0 and 1.
fn type_of(column: &Column, statistics: Option<&ColumnStatistics>) -> DataType {
    let data_type = DataType::of(column.built_in_type());
    let beyond = |value: &Option<String>| value.as_deref().is_some_and(|value| !matches!(value, "0" | "1"));
    let is_number = data_type == DataType::Boolean
        && statistics.is_some_and(|one| beyond(&one.minimum) || beyond(&one.maximum))
        && column.built_in_type().to_ascii_lowercase().starts_with("tinyint");
    if is_number { DataType::Integer } else { data_type }
}

/// Reads abbreviations by the name of the table that the column refers to: `CMP` before a reference to `SH_CAMPUS_T`,
/// and `rep` before one to people.
fn read_by_target(tokens: &mut [Token], target: &Entity) {
    for token in tokens.iter_mut().filter(|_| target.is_about_people()) {
        if let Grasp::Ambiguous(senses) = &token.grasp
            && let Some(person) = senses.iter().find(|sense| is_person(sense))
        {
            (token.text, token.grasp) = ((*person).to_owned(), Grasp::Abbreviation);
        }
    }
    let known = |token: &&Token| matches!(token.grasp, Grasp::Word | Grasp::Abbreviation);
    let words: Vec<&str> = target.tokens.iter().filter(known).flat_map(|token| token.text.split(' ')).collect();
    for token in tokens.iter_mut().filter(|token| token.grasp != Grasp::Word && token.text != "identifier") {
        let mut fitting = words.iter().filter(|word| words::shortens(&token.raw, word));
        if let (Some(word), None) = (fitting.next(), fitting.next())
            && token.grasp != Grasp::Abbreviation
        {
            (*word).clone_into(&mut token.text);
            token.grasp = Grasp::Abbreviation;
        }
    }
}

/// Reads the initials of the table that the column refers to, or of its last words: `pic` and `ic` before a reference
/// to `payroll_income_class`.
fn read_by_initials(tokens: &mut [Token], target: &Entity) {
    if !target.is_clear {
        return;
    }
    for token in tokens.iter_mut().filter(|token| token.grasp != Grasp::Word) {
        let Some(words) = target.words.len().checked_sub(token.raw.len()).map(|start| &target.words[start..]) else {
            continue;
        };
        if words.len() > 1 && words.iter().filter_map(|word| word.chars().next()).eq(token.raw.chars()) {
            token.text = words.join(" ");
            token.grasp = Grasp::Abbreviation;
        }
    }
}

/// Reads the name of a type: `int64_value`.
fn read_bits(tokens: &mut Vec<Token>) {
    let is_type = |pair: &[Token]| {
        matches!(pair[0].raw.as_str(), "int" | "float") && matches!(pair[1].raw.as_str(), "8" | "16" | "32" | "64")
    };
    if let Some(at) = tokens.windows(2).position(is_type) {
        let kind = if tokens[at].raw == "int" { "integer" } else { "floating-point number" };
        tokens[at].text = format!("{}-bit {kind}", tokens[at + 1].raw);
        tokens[at].grasp = Grasp::Abbreviation;
        tokens.remove(at + 1);
    }
}

/// The day of the week with this abbreviation.
fn day_of(short: &str) -> Option<&'static str> {
    speech::DAYS.into_iter().find(|day| short.len() == 3 && day.to_lowercase().starts_with(short))
}

/// Puts the word for a stored result before what it is: `due_date_derived`. A question stays as it is.
fn read_derived(tokens: &mut Vec<Token>) {
    let is_derived = |token: &Token| matches!(token.raw.as_str(), "derived" | "computed" | "calculated");
    if let [first, .., _] = tokens.as_slice()
        && let is_question = speech::OPENERS.contains(&first.text.as_str())
        && let Some(derived) = tokens.pop_if(|last| is_derived(last))
        && !is_question
    {
        tokens.insert(0, derived);
    }
}

/// Reads a unit at the end of a name. After a point in time (`ts_ms`), the unit is dropped, since the samples show it.
fn read_unit(tokens: &mut Vec<Token>, data_type: DataType) {
    let [.., before, last] = tokens.as_mut_slice() else { return };
    let behind_time = matches!(before.text.as_str(), "timestamp" | "time" | "date" | "at" | "epoch" | "datetime");
    if behind_time
        && matches!(last.raw.as_str(), "ms" | "us" | "ns" | "s" | "sec" | "millis" | "utc")
        && before.raw != "time"
    {
        tokens.pop();
        return;
    }
    let quantity = before.text.rsplit(' ').next().unwrap_or_default();
    if data_type.may_be_number()
        && let Some(unit) = units::unit(&last.raw, quantity)
    {
        last.grasp = if last.raw == unit { Grasp::Word } else { Grasp::Abbreviation };
        unit.clone_into(&mut last.text);
    }
}

/// The initials of the table's last words, if most column names begin with them: `ep_number` and others in
/// `hr_emp_passport`.
fn initials_of_columns(detail: &TableDetail) -> Option<String> {
    let name = words::split(&detail.table.name);
    let firsts: Vec<String> = detail.columns.iter().filter_map(|column| prefix(&column.name)).collect();
    let initials = |from: usize| name[from..].iter().filter_map(|word| word.chars().next()).collect::<String>();
    let begin = |initials: &String| firsts.iter().filter(|first| *first == initials).count();
    let most = (0..name.len().saturating_sub(1)).map(initials).max_by_key(begin)?;
    (begin(&most) >= 3 && 2 * begin(&most) > detail.columns.len()).then_some(most)
}

/// The first word of a name that has others.
fn prefix(name: &str) -> Option<String> {
    let mut parts = words::split(name).into_iter();
    parts.next().filter(|_| parts.next().is_some())
}

/// The first word that all column names share, if there are at least three: `cst_name`, `cst_city`, `cst_phone`.
/// Columns of foreign keys and identifiers of other things (`language_id`) are ignored.
fn shared_prefix(detail: &TableDetail) -> Option<String> {
    let own = detail.columns.iter().filter(|column| detail.foreign_key_of(&column.name).is_none());
    let others = |column: &&Column| words::split(&column.name).last().is_some_and(|last| last == "id");
    let first = own.clone().find(|column| !others(column)).or_else(|| own.clone().next())?;
    let first = words::split(&first.name).first()?.clone();
    let shares = |column: &Column| {
        let parts = words::split(&column.name);
        parts.len() > 1 && parts[0] == first
    };
    let mut own: Vec<&Column> = own.filter(|column| shares(column) || !others(column)).collect();
    if own.len() < 3 {
        own = detail.columns.iter().collect();
    }
    if let Some(initials) = initials_of_columns(detail) {
        return Some(initials);
    }
    let shared = own.len() >= 3 && own.iter().all(|column| shares(column));
    (shared && !["is", "has"].contains(&first.as_str())).then_some(first)
}
