//! Units at the end of names.
//!
//! The rule: a unit of one or two letters counts only after a quantity that it measures (`weight_g`, not `plan_g`).

/// Spellings of a unit in names, the unit in words, and the quantities that must precede it; empty for any.
const UNITS: &[(&[&str], &str, &[&str])] = &[
    (&["ns"], "nanoseconds", TIME),
    (&["us"], "microseconds", TIME),
    (&["ms", "mps"], "metres per second", &["speed", "velocity", "wind", "gust"]),
    (&["ms", "msec", "msecs", "millis", "milliseconds", "millisecond"], "milliseconds", &[]),
    (&["s", "sec"], "seconds", TIME),
    (&["secs", "seconds"], "seconds", &[]),
    (&["m", "min"], "minutes", TIME),
    (&["mins", "minutes"], "minutes", &[]),
    (&["h", "hr"], "hours", TIME),
    (&["hrs", "hours"], "hours", &[]),
    (&["d"], "days", TIME),
    (&["days"], "days", &[]),
    (&["weeks"], "weeks", &[]),
    (&["mo"], "months", TIME),
    (&["months"], "months", &[]),
    (&["years", "yrs"], "years", &[]),
    (&["b"], "bytes", SIZE),
    (&["bytes"], "bytes", &[]),
    (&["kb"], "kilobytes", &[]),
    (&["mb"], "megabytes", &[]),
    (&["gb"], "gigabytes", &[]),
    (&["tb"], "terabytes", &[]),
    (&["kib"], "kibibytes", &[]),
    (&["mib"], "mebibytes", &[]),
    (&["kg", "kgs"], "kilograms", &[]),
    (&["g", "gr"], "grams", WEIGHT),
    (&["grams"], "grams", &[]),
    (&["mg"], "milligrams", &[]),
    (&["lb", "lbs"], "pounds", &[]),
    (&["oz"], "ounces", &[]),
    (&["km"], "kilometres", &[]),
    (&["m"], "metres", LENGTH),
    (&["meters", "metres"], "metres", &[]),
    (&["cm"], "centimetres", &[]),
    (&["mm"], "millimetres", &[]),
    (&["mi"], "miles", LENGTH),
    (&["miles"], "miles", &[]),
    (&["ft"], "feet", LENGTH),
    (&["in"], "inches", LENGTH),
    (&["l"], "litres", VOLUME),
    (&["liters", "litres"], "litres", &[]),
    (&["ml"], "millilitres", &[]),
    (&["m2", "sqm"], "square metres", &[]),
    (&["sqft"], "square feet", &[]),
    (&["m3", "cbm"], "cubic metres", &[]),
    (&["c", "degc", "celsius"], "degrees Celsius", HEAT),
    (&["f", "degf", "fahrenheit"], "degrees Fahrenheit", HEAT),
    (&["k", "kelvin"], "kelvins", HEAT),
    (&["deg", "degrees"], "degrees", &[]),
    (&["hz"], "hertz", &[]),
    (&["khz"], "kilohertz", &[]),
    (&["mhz"], "megahertz", &[]),
    (&["v"], "volts", &["voltage", "battery"]),
    (&["mv"], "millivolts", &["voltage", "battery"]),
    (&["a", "amps"], "amperes", &["current"]),
    (&["ma"], "milliamperes", &["current"]),
    (&["w", "watts"], "watts", &["power", "load", "consumption"]),
    (&["kw"], "kilowatts", &[]),
    (&["wh"], "watt-hours", &["energy", "consumption", "capacity"]),
    (&["kwh"], "kilowatt-hours", &[]),
    (&["mw"], "megawatts", &[]),
    (&["mwh"], "megawatt-hours", &[]),
    (&["gwh"], "gigawatt-hours", &[]),
    (&["kv"], "kilovolts", &[]),
    (&["kva"], "kilovolt-amperes", &[]),
    (&["btu"], "British thermal units", &[]),
    (&["mmbtu"], "million British thermal units", &[]),
    (&["acres"], "acres", &[]),
    (&["gal", "gallons"], "gallons", &[]),
    (&["tons"], "tons", &[]),
    (&["bps"], "basis points", &["rate", "spread", "yield"]),
    (&["pa"], "pascals", &["pressure"]),
    (&["hpa"], "hectopascals", &[]),
    (&["kpa"], "kilopascals", &[]),
    (&["psi"], "pounds per square inch", &[]),
    (&["bar"], "bars", &["pressure"]),
    (&["db"], "decibels", &["noise", "sound", "level", "signal", "gain", "volume"]),
    (&["dbm"], "decibel-milliwatts", &[]),
    (&["ppm"], "parts per million", &[]),
    (&["ppb"], "parts per billion", &[]),
    (&["px"], "pixels", &[]),
    (&["kmh", "kph"], "kilometres per hour", &[]),
    (&["mph"], "miles per hour", &[]),
    (&["mbps"], "megabits per second", &[]),
    (&["usd"], "US dollars", &[]),
    (&["eur"], "euros", &[]),
    (&["gbp"], "pounds sterling", &[]),
    (&["cents", "cts", "ct"], "cents", &[]),
    (&["pence"], "pence", &[]),
];

const TIME: &[&str] = &[
    "duration",
    "time",
    "latency",
    "timeout",
    "delay",
    "interval",
    "length",
    "elapsed",
    "uptime",
    "downtime",
    "runtime",
    "age",
    "wait",
    "period",
    "lag",
    "retention",
    "life",
    "window",
];
const SIZE: &[&str] = &["size", "length", "memory", "storage", "disk", "total", "used", "free"];
const WEIGHT: &[&str] = &["weight", "mass", "net", "gross", "load", "tare"];
const LENGTH: &[&str] = &[
    "length",
    "width",
    "height",
    "depth",
    "distance",
    "altitude",
    "elevation",
    "radius",
    "size",
    "diameter",
    "level",
    "thickness",
];
const VOLUME: &[&str] = &["volume", "capacity", "fuel", "water", "level", "size"];
const HEAT: &[&str] = &["temperature", "ambient", "maximum", "minimum", "average", "dew", "point", "water", "air"];

/// The unit in words that the last word of a name stands for after `quantity`.
pub fn unit(raw: &str, quantity: &str) -> Option<&'static str> {
    UNITS
        .iter()
        .find(|(spellings, _, after)| spellings.contains(&raw) && (after.is_empty() || after.contains(&quantity)))
        .map(|(_, words, _)| *words)
}

/// The quantity and the unit of a column whose name is only a unit.
pub fn measured_by(raw: &str) -> Option<(&'static str, &'static str)> {
    let quantity = match raw {
        "milliseconds" | "millis" | "ms" | "seconds" | "secs" | "minutes" | "mins" | "hours" => "Duration",
        "bytes" | "kilobytes" | "kb" | "mb" | "gb" => "Size",
        "kilograms" | "kg" | "grams" | "lbs" => "Weight",
        "kilometers" | "kilometres" | "km" | "miles" | "meters" | "metres" => "Distance",
        _ => return None,
    };
    unit(raw, "").map(|unit| (quantity, unit))
}

/// Returns whether a word already names a quantity of time, so that `time` need not be added before its unit.
pub fn is_time(word: &str) -> bool {
    TIME.contains(&word)
}
