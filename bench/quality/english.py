"""Finds suspicious words in texts: those that are in no dictionary, and those that nobody else uses.

A word in no dictionary is often a name that was left run together (`uniquename`). The dictionary is SCOWL's large
American list, from the Debian package `wamerican-large`. A word also counts as known if it is a term of computing in
`TERMS` or if a human comment of the same database uses it in a sentence. Names in quotes or backticks, numbers and
short abbreviations in capitals are not words.

A foreign word is one that neither a name nor a human comment of the database holds, for example "phone" for `cell`
in a database of cells. Most are abbreviations that were read wrongly. `FORM` lists the words that give any description
its form.
"""

import re
from pathlib import Path

from . import download

SHA256 = "7722e490a1575058326569c778fcb8e93b3cf866452c0f54bfd1c22817ad5a90"
# Terms that any reader of a data dictionary knows.
TERMS = set(
    """app apps auth backend blob boolean config cron datacenter dataset datasets email emails enum favicon frontend
    geocoded hash hashed hostname html http https id ids inode iso json login logins lookup metadata mime multi
    namespace namespaces oauth offline online param params pageview plugin plugins regex repo sha sql subtype subtypes
    subdomain superuser timestamp timestamps timezone tokenized unix unicode uploader uploaders uri url urls username
    usernames utc uuid versioned webhook whitespace wiki workflow workflows xml""".split()
)

FORM = set(
    """able about above again also always an another any as at average be been belong belongs below binary both by
    can cannot clear column columns combination contains count data date day each empty entry every false first flag
    floating for from give given has have hold holds how identifies identify identifying if in including indicates
    instead into is it its itself json key kind last latest least links list lookup made marked maximum may me
    minimum modified more most name no none not null number numbers of off on once one only or order orders other
    others otherwise pair per place point position previous primary purpose put reason record recorded refer
    referred refers row rows same second seconds selects shows sorted stand standing stands statistics store stored
    stores structured text than that the their them then there these they this time times to together true two type
    types unclear unique uniquely unknown used uses value values what when where whether which while who whole whom
    whose why with within without year yes""".split()
)
# Sentences that list the names of tables, or values, as they are spelled.
LISTINGS = [
    r"\b(?:Referred to by|Referenced by|Selects from) [^`]*?(?:\.\s|\.$)",
    r"\b(?:One of|Values include|Values are|Allowed values)\b.*?(?:\.\s|\.$)",
]


def dictionary():
    """Returns the known words in lower case, and a warning or None. The words are None if there is no dictionary."""
    try:
        content = download.debian_file("wamerican-large", "usr/share/dict/american-english-large", SHA256).decode()
        warning = None
    except download.Unavailable as error:
        installed = Path("/usr/share/dict/words")
        if not installed.exists():
            return None, f"words are not checked: {error}"
        content = installed.read_text()
        warning = f"words are checked with {installed}, which knows fewer or other words: {error}"
    return {word.lower() for word in content.split()} | TERMS, warning


def prose(text):
    """Returns the words of a text in lower case: without quoted names, and without names that hold `_` or digits."""
    text = re.sub(r"`[^`]*`|\"[^\"]*\"|https?://\S+", " ", text)
    text = re.sub(r"[\w.]*[_0-9][\w.]*|\b\w+\.\w+(?:\.\w+)*\b|\b[A-Z]{1,6}s?\b", " ", text)
    return [re.sub(r"['’]s?$", "", word).lower() for word in re.findall(r"[A-Za-z][A-Za-z'’]*", text)]


def unknown(text, names, known):
    """Returns the words that are not in `known`. Names of tables, `names`, may stand in lists and in parentheses."""
    for listing in LISTINGS:
        text = re.sub(listing, " ", text)
    text = re.sub(r"\(([\w.]+)\)|\brows? of ([\w.]+)", lambda match: _kept(match, names), text)
    return [word for word in prose(text) if len(word) > 1 and word not in known]


def _kept(match, names):
    return " " if (match[1] or match[2]).lower() in names else match[0]


def foreign(text, names, used):
    """Returns the words that nobody uses for this database: not in `used`, the stems of its names and comments."""
    for listing in LISTINGS:
        text = re.sub(listing, " ", text)
    text = re.sub(r"\(([\w.]+)\)|\brows? of ([\w.]+)", lambda match: _kept(match, names), text)
    said = [stem(word) for word in prose(text)]
    # A name that was taken apart rightly: "watch list" for `watchlist`.
    joined = {at for at in range(len(said) - 1) if said[at] + said[at + 1] in used}
    return [
        word for at, word in enumerate(said)
        if word not in used and word not in FORM and not {at, at - 1} & joined and len(word) > 1
    ]


def stem(word):
    """Returns the singular of a word, roughly."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def capitals(comments):
    """Returns the words that human comments write in capitals, by their lower-case form: `{"ferc": "FERC"}`."""
    found = [word for comment in comments for word in re.findall(r"\b[A-Z][A-Za-z]*[A-Z][A-Za-z]*\b", comment)]
    return {word.lower(): word for word in found}
