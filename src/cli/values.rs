//! Values of arguments that several commands take.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads a value of an enumeration of the API, written as `ready-for-review` or `READY_FOR_REVIEW`.
pub fn one_of(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = String> {
    let shown = names.into_iter().map(|name| {
        let plain = name.to_lowercase().replace('_', "-");
        clap::builder::PossibleValue::new(plain).alias(name)
    });
    PossibleValuesParser::new(shown).map(|name| name.to_uppercase().replace('-', "_"))
}

/// Reads the number of a run: `12` or `#12`.
///
/// # Errors
/// Returns how to write it.
pub fn run_number(text: &str) -> Result<i32, &'static str> {
    let number = text.strip_prefix('#').unwrap_or(text).parse().ok();
    number.filter(|number| *number > 0).ok_or("write the number of a run, as in 12; `gloss history list` lists them")
}

/// Reads an amount of United States dollars above 0.
///
/// # Errors
/// Returns how to write it.
pub fn usd(text: &str) -> Result<f64, &'static str> {
    let amount = text.strip_prefix('$').unwrap_or(text).parse().ok();
    amount.filter(|amount: &f64| amount.is_finite() && *amount > 0.0).ok_or("write an amount above 0, as in 2.50")
}
