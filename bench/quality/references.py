"""Finds the tables that a text names as the target of a reference, and checks them against the declared keys.

To teach it another way to say that a column refers to a table, add it to `TRIGGER`.
"""

import re

from .english import stem
from .floor import words

TRIGGER = re.compile(
    r"(?<![\w-])(?:refer(?:s|ring)? to|references|reference to|foreign key (?:to|into|of|referencing)"
    r"|points? to|links? to|key to)\s+",
    re.IGNORECASE,
)
# What ends the name of a thing: "the concept | of the visit", "the person | who wrote it".
END = re.compile(r"\s(?:of|that|which|who|whom|by|in|on|for|to|from|as|with|if|when|where|whose)\b|[,(;:]")


def targets(text, database, many=False):
    """Returns the names of the tables that the text says are referred to. `many` reads a list of things."""
    found = []
    for match in TRIGGER.finditer(text):
        if text[: match.start()].lower().endswith("referred "):
            continue
        clause = re.split(r"[.;](?:\s|$)", text[match.end() :], maxsplit=1)[0]
        quoted = [_quoted(name, database) for name in re.findall(r"`([^`]+)`", clause)]
        if any(quoted):
            found += [name for name in quoted if name]
            continue
        things = re.split(r",|\band\b|\bor\b", clause) if many else [clause]
        found += [name for name in (_thing(thing, database) for thing in things) if name]
    return sorted(set(found))


def check(table, column, text, human, database):
    """Returns the named targets that contradict a declared key, and those of which neither keys nor people know."""
    keys = [key for key in table.foreign_keys if column is None or column.name in key.columns]
    declared = {key.table.lower() for key in keys} | {table.name.lower()}
    others = [name for name in targets(text, database, many=column is None) if name.lower() not in declared]
    if keys:
        return others, []
    said = words(human or "")
    told = {name for name in others if _contains(said, words(name))}
    return [], [name for name in others if name not in told]


def _quoted(name, database):
    """Returns the table of `table`, `table.column`, `schema.table.column` or `table (column, column)`."""
    name = re.sub(r"\s*\(.*", "", name)
    found = [database.table(part) for part in name.split(".")]
    return next((table.name for table in found if table), None)


def _thing(thing, database):
    """Returns the table that a thing like "the order (orders.id)" or "an order line of the invoice" names."""
    if inside := re.search(r"\(([^()]+)", thing):
        return _quoted(inside[1], database) or _named(inside[1], database)
    return _named(re.sub(r"^\s*(?:an?|the|one|another|each|its|this|(?:a )?rows? of)\s+", "", thing.strip()), database)


def _named(phrase, database):
    """Returns the table whose whole name is the noun phrase at the start of the text, in singular or plural."""
    said = _joined(words(END.split(phrase + " ", maxsplit=1)[0]))
    return next((table.name for table in database.tables if said and _joined(words(table.name)) == said), None)


def _joined(name):
    return "".join(stem(word) for word in name)


def _contains(said, name):
    said, name = [stem(word) for word in said], [stem(word) for word in name]
    return any(said[at : at + len(name)] == name for at in range(len(said)))
