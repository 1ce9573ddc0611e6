//! Words: how names are split into words, and how English inflects them.
//!
//! The rule: nothing here knows the meaning of a word; those are in `vocabulary/`. To add an
//! irregular plural, add a line to [`IRREGULAR`].

/// Singulars and plurals that do not follow from their endings.
const IRREGULAR: &[(&str, &str)] = &[
    ("analysis", "analyses"),
    ("api", "apis"),
    ("atlas", "atlases"),
    ("axis", "axes"),
    ("basis", "bases"),
    ("bus", "buses"),
    ("canvas", "canvases"),
    ("child", "children"),
    ("cookie", "cookies"),
    ("criterion", "criteria"),
    ("diagnosis", "diagnoses"),
    ("foot", "feet"),
    ("gas", "gases"),
    ("index", "indexes"),
    ("man", "men"),
    ("matrix", "matrices"),
    ("movie", "movies"),
    ("person", "people"),
    ("photo", "photos"),
    ("shoe", "shoes"),
    ("tooth", "teeth"),
    ("uri", "uris"),
    ("warehouse", "warehouses"),
    ("woman", "women"),
];

/// Singulars that end like a plural, and words that have no plural.
const UNCOUNTED: &[&str] = &[
    "address",
    "alias",
    "always",
    "analytics",
    "as",
    "atlas",
    "aws",
    "bias",
    "bps",
    "bus",
    "business",
    "canvas",
    "chassis",
    "class",
    "content",
    "data",
    "deer",
    "dns",
    "equipment",
    "feedback",
    "gas",
    "goods",
    "gps",
    "has",
    "hardware",
    "https",
    "information",
    "inventory",
    "is",
    "its",
    "kudos",
    "lens",
    "logistics",
    "ms",
    "mathematics",
    "media",
    "merchandise",
    "metadata",
    "news",
    "physics",
    "previous",
    "process",
    "rss",
    "sales",
    "series",
    "sms",
    "software",
    "species",
    "staff",
    "status",
    "stock",
    "this",
    "tls",
    "traffic",
    "us",
    "various",
    "was",
    "weather",
];

/// Splits a name into lower-case words, at every character that is neither a letter nor a digit and where the case
/// changes (`HTTPServerID` is `http`, `server`, `id`). Digits stay with their letters, since the vocabulary knows
/// `ipv4`.
pub fn split(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric()).flat_map(split_case).filter(|word| !word.is_empty()).collect()
}

fn split_case(part: &str) -> Vec<String> {
    let chars: Vec<char> = part.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| chars[i]);
        let next = chars.get(index + 1).copied();
        let plural_of_capitals = next == Some('s') && chars.len() == index + 2;
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || (b.is_numeric() && next.is_some_and(char::is_lowercase))
                    || (b.is_uppercase() && next.is_some_and(char::is_lowercase) && !plural_of_capitals)
            });
        if begins {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    words.push(word);
    words
}

/// Splits letters from digits: `line2` becomes `line`, `2`.
pub fn split_digits(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut in_digits = None;
    for c in word.chars() {
        let digit = c.is_ascii_digit();
        if in_digits == Some(digit) {
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        } else {
            parts.push(c.to_string());
            in_digits = Some(digit);
        }
    }
    parts
}

/// Returns whether a word of three letters or more leaves letters of a longer one out, but not the first.
pub fn shortens(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.len() >= 3
        && short.len() < long.len()
        && short.chars().next() == long.chars().next()
        && short.chars().all(|letter| rest.any(|other| other == letter))
}

/// The singular of a lower-case word; the word itself if it is a singular.
pub fn singular(word: &str) -> String {
    if UNCOUNTED.contains(&word) || word.len() < 4 || !word.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    if let Some((one, _)) = IRREGULAR.iter().find(|(_, many)| *many == word) {
        return (*one).to_owned();
    }
    let cut = |end: usize| word[..word.len() - end].to_owned();
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        word.to_owned()
    } else if word.ends_with("ies") && word.len() > 4 {
        cut(3) + "y"
    } else if word.ends_with("caches") || word.ends_with("niches") {
        cut(1)
    } else if ["sses", "shes", "ches", "xes", "zzes", "iases", "tuses", "nuses", "ruses", "puses"]
        .iter()
        .any(|end| word.ends_with(end))
    {
        cut(2)
    } else if word.ends_with('s') {
        cut(1)
    } else {
        word.to_owned()
    }
}

/// The plural of a singular. In a phrase, only the last word, or the one before `of`, is inflected (`order lines`).
pub fn plural(phrase: &str) -> String {
    if let Some((head, tail)) = phrase.split_once(" of ") {
        return format!("{} of {tail}", plural(head));
    }
    let (head, word) = phrase.rsplit_once(' ').map_or(("", phrase), |(head, word)| (head, word));
    let bent = plural_word(word);
    if head.is_empty() { bent } else { format!("{head} {bent}") }
}

fn plural_word(word: &str) -> String {
    let lower = word.to_lowercase();
    if lower == "address"
        || lower == "status"
        || lower == "class"
        || lower == "process"
        || lower == "business"
        || lower == "alias"
        || lower == "bus"
    {
        return format!("{word}es");
    }
    if UNCOUNTED.contains(&lower.as_str()) || !word.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    if word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()) && !word.ends_with('S') {
        return format!("{word}s");
    }
    if let Some((_, many)) = IRREGULAR.iter().find(|(one, _)| *one == lower) {
        return (*many).to_owned();
    }
    if is_plural(&lower) {
        return word.to_owned();
    }
    let vowel_before_y = ["ay", "ey", "oy", "uy"].iter().any(|end| lower.ends_with(end));
    if lower.ends_with('y') && !vowel_before_y && word.len() > 1 {
        format!("{}ies", &word[..word.len() - 1])
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| lower.ends_with(end)) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

/// Returns whether a lower-case word looks like a plural.
pub fn is_plural(word: &str) -> bool {
    singular(word) != word
}

/// The indefinite article for a phrase, `a` or `an`, by sound: an hour, a user, an SKU.
pub fn article(phrase: &str) -> &'static str {
    let word = phrase.split([' ', '-']).next().unwrap_or_default();
    let lower = word.to_lowercase();
    let first = lower.chars().next().unwrap_or('x');
    let capitals = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let an = if capitals && !matches!(word, "VAT" | "UTM" | "URL" | "URI" | "UPC" | "USB" | "UDP" | "UTC" | "NUTS") {
        "aefhilmnorsx".contains(first)
    } else if lower.len() == 1 {
        "aefhilmnorsx8".contains(first)
    } else if ["hour", "honest", "honour", "heir"].iter().any(|start| lower.starts_with(start)) {
        true
    } else if ["uni", "use", "usa", "uti", "eu", "one", "ur"].iter().any(|start| lower.starts_with(start))
        && !lower.starts_with("unin")
    {
        lower == "urgent"
    } else {
        "aeiou8".contains(first)
    };
    if an { "an" } else { "a" }
}

/// The phrase with a capital first letter; `iPhone` and `pH` stay as they are.
pub fn capitalized(phrase: &str) -> String {
    let mut chars = phrase.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(_), Some(second)) if second.is_uppercase() => phrase.to_owned(),
        (Some(first), _) => first.to_uppercase().chain(chars).collect(),
        (None, _) => String::new(),
    }
}

/// The parts as a list with the conjunction `last`: `a`, `a and b`, `a, b and c`.
pub fn listed(parts: &[String], last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

/// A name for use in a sentence: in backquotes, without control characters, at most 60 characters long.
pub fn quoted(name: &str) -> String {
    format!("`{}`", shown(name))
}

/// A value for use in a sentence: without control characters, at most 200 characters long.
pub fn printable(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// A name for use in a sentence, without quotes: without control characters, at most 60 characters long.
pub fn shown(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    clean.trim().to_owned()
}

/// Returns whether a lower-case word is a past participle, as in `shipped_at`.
pub fn is_participle(word: &str) -> bool {
    const IRREGULAR: &[&str] = &[
        "begun",
        "bought",
        "brought",
        "built",
        "done",
        "drawn",
        "found",
        "given",
        "held",
        "hidden",
        "known",
        "left",
        "lost",
        "made",
        "met",
        "paid",
        "put",
        "read",
        "seen",
        "sent",
        "set",
        "shut",
        "sold",
        "spent",
        "taken",
        "told",
        "withdrawn",
        "won",
        "written",
        "overridden",
        "frozen",
        "born",
        "chosen",
    ];
    const NOT: &[&str] = &[
        "bed", "feed", "seed", "speed", "need", "need", "red", "shed", "breed", "embed", "med", "hundred", "weed",
        "bleed", "id",
    ];
    IRREGULAR.contains(&word) || (word.len() > 4 && word.ends_with("ed") && !NOT.contains(&word))
}
