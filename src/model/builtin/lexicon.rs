//! Lists of words: for people, for secrets, and for columns whose values are no closed set.
//!
//! The rule: a list decides what may be shown, so a doubtful word belongs on it. To add a word, add it in the singular.

/// Words in the names of columns whose values must not be shown.
pub const SENSITIVE: &[&str] = &[
    "password",
    "secret",
    "token",
    "hash",
    "salt",
    "pin",
    "credential",
    "credentials",
    "signature",
    "e-mail",
    "phone",
    "telephone",
    "fax",
    "mobile",
    "address",
    "street",
    "birth",
    "birthday",
    "passport",
    "ssn",
    "iban",
    "IBAN",
    "salary",
    "wage",
    "surname",
    "nickname",
    "username",
    "maiden",
    "IP",
    "MAC",
    "latitude",
    "longitude",
    "diagnosis",
    "religion",
    "ethnicity",
    "social",
    "taxpayer",
    "card",
    "avatar",
    "login",
    "cvv",
    "security",
];

/// Last words of columns whose values are not a closed set, even if a sample has only a few.
pub const OPEN: &[&str] = &[
    "name",
    "title",
    "label",
    "city",
    "place",
    "number",
    "note",
    "notes",
    "comment",
    "comments",
    "remark",
    "remarks",
    "text",
    "message",
    "body",
    "description",
    "content",
    "reason",
    "answer",
    "instructions",
];

/// Words for columns that contain a person's name although they do not say `name`.
pub const PERSONS: &[&str] = &[
    "composer",
    "artist",
    "actor",
    "director",
    "writer",
    "editor",
    "assignee",
    "reviewer",
    "approver",
    "supervisor",
    "recipient",
    "sender",
    "creator",
];

/// Words for texts, which a number cannot be.
pub const TEXTS: &[&str] = &["comment", "caption", "author", "article", "artist", "description"];

/// Words for tables whose rows are people.
pub const PEOPLE: &[&str] = &[
    "person",
    "people",
    "user",
    "customer",
    "employee",
    "contact",
    "patient",
    "member",
    "student",
    "teacher",
    "staff",
    "worker",
    "client",
    "guest",
    "author",
    "applicant",
    "candidate",
    "subscriber",
    "visitor",
    "driver",
    "doctor",
    "nurse",
    "lead",
    "manager",
    "owner",
    "administrator",
    "player",
    "buyer",
    "seller",
    "tenant",
    "representative",
    "provider",
    "attendee",
];

/// Returns whether the word is one for people.
pub fn is_person(word: &str) -> bool {
    PEOPLE.contains(&word)
}
