//! Validation of the five fields of a cron expression, with error messages for people.
//!
//! The rule: the library can parse whatever passes here. An error names the field and its range. Syntax that only the
//! library knows (`L`, `W` and `#` in the fields for days) is passed on unchecked.

/// A field: its name for people, its range and the names of its numbers.
struct Field {
    name: &'static str,
    low: u16,
    high: u16,
    /// The names of its numbers, from the lowest number on.
    names: &'static [&'static str],
    /// Additional characters that the library accepts.
    signs: &'static [char],
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// The index of the field for the day of the week.
const WEEK: usize = 4;
/// Sunday as the last day of a week.
const LAST_SUNDAY: u16 = 7;

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[], signs: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[], signs: &[] },
    Field { name: "day of the month", low: 1, high: 31, names: &[], signs: &['L', 'W', '?'] },
    Field { name: "month", low: 1, high: 12, names: &MONTHS, signs: &[] },
    Field { name: "day of the week", low: 0, high: LAST_SUNDAY, names: &DAYS, signs: &['L', '#', '?', '+'] },
];

/// The shorthands and their expressions.
const SHORTHANDS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Normalizes an expression or a shorthand to a form that the library parses.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the expression.
pub(super) fn read(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with('@') {
        let known = SHORTHANDS.iter().find(|(shorthand, _)| shorthand.eq_ignore_ascii_case(text));
        let unknown = || "is not a known shorthand; write @hourly, @daily, @weekly, @monthly or @yearly".to_owned();
        return known.map(|(_, expression)| (*expression).to_owned()).ok_or_else(unknown);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "has {} field{}; a cron expression has five: minute, hour, day of month, month, day of week, as in `30 2 * \
             * MON-FRI`; or write a shorthand, as in `@daily`",
            fields.len(),
            if fields.len() == 1 { "" } else { "s" }
        ));
    }
    let mut read = Vec::with_capacity(FIELDS.len());
    for ((at, field), text) in FIELDS.iter().enumerate().zip(fields) {
        let items: Result<Vec<String>, String> = text.split(',').map(|item| field.item(item, at == WEEK)).collect();
        let items = items.map_err(|reason| {
            format!(
                "is not a cron expression: {reason}; write minute, hour, day of month, month, day of week, as in `30 2 \
                 * * MON-FRI`"
            )
        })?;
        read.push(items.join(","));
    }
    Ok(read.join(" "))
}

/// Returns whether a day must match both fields for days. This is so if one of them begins with a star, for example
/// `*/2`.
pub(super) fn both_days(expression: &str) -> bool {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    [2, WEEK].iter().any(|at| fields.get(*at).is_some_and(|field| field.starts_with(['*', '?'])))
}

impl Field {
    /// Normalizes one item of a list: a star, a number or a range, with an optional step.
    fn item(&self, text: &str, week: bool) -> Result<String, String> {
        let name = self.name;
        let text = text.to_ascii_uppercase();
        if text.is_empty() {
            return Err(format!("the {name} has an empty item next to a comma"));
        }
        let is_name = |text: &str| self.names.contains(&text);
        if text.contains(self.signs) && !is_name(&text) {
            return Ok(text);
        }
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (text.as_str(), None),
        };
        let stepped = |range: String| step.map_or(range.clone(), |step| format!("{range}/{step}"));
        if range == "*" {
            return Ok(stepped(range.to_owned()));
        }
        let Some((from, to)) = range.split_once('-') else {
            let number = self.number(range)?;
            if let Some(step) = step {
                let high = self.high;
                return Err(format!("the {name} {text} has a step without a range; write {number}-{high}/{step}"));
            }
            return Ok(number.to_string());
        };
        let (from, mut to) = (self.number(from)?, self.number(to)?);
        // In a range, a Sunday at the end is the last day of the week.
        if week && to == 0 && from > 0 {
            to = LAST_SUNDAY;
        }
        if from > to {
            return Err(format!("the {name} {range} goes backwards; write the lower number first"));
        }
        Ok(stepped(format!("{from}-{to}")))
    }

    fn number(&self, text: &str) -> Result<u16, String> {
        let Self { name, low, high, names, .. } = self;
        if let Some(at) = names.iter().position(|name| *name == text) {
            return Ok(low + u16::try_from(at).unwrap_or_default());
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            let named = match names {
                [first, .., last] => format!(", or a name from {first} to {last}"),
                _ => String::new(),
            };
            return Err(format!("{text:?} is not a valid {name}; write a number from {low} to {high}{named}"));
        }
        let number = text.parse().ok().filter(|number| (*low..=*high).contains(number));
        number.ok_or_else(|| format!("the {name} {text} is out of range; it must be from {low} to {high}"))
    }

    fn step(&self, text: &str) -> Result<u16, String> {
        let Self { name, high, .. } = self;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let step = text.parse().ok().filter(|step| digits && (1..=*high).contains(step));
        step.ok_or_else(|| format!("the step {text:?} of the {name} is out of range; it must be from 1 to {high}"))
    }
}
