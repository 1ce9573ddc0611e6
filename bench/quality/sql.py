"""Reads tables and comments from SQL scripts in PostgreSQL's dialect, as far as the sources of the bench need it.

`tables` understands CREATE TABLE with keys in the columns or after them. Everything else in a script is skipped.
"""

import re

from .model import Column, ForeignKey, Table

NAME = r'"?([A-Za-z_][\w$]*)"?'
# The words that end a column's type.
AFTER_TYPE = r"\b(not|null|default|primary|unique|references|check|constraint|collate|generated)\b"


def comments(script):
    """Yields `("table" or "column", [names], text)` for each COMMENT ON with a text."""
    pattern = rf"COMMENT\s+ON\s+(TABLE|COLUMN)\s+((?:{NAME}\s*\.\s*)*{NAME})\s+IS\s+'((?:[^']|'')*)'"
    for match in re.finditer(pattern, script, re.IGNORECASE):
        names = [name.strip().strip('"') for name in match[2].split(".")]
        kind = match[1].lower()
        yield kind, names[-1:] if kind == "table" else names[-2:], match[5].replace("''", "'")


def tables(script):
    """Returns the tables of the script, without comments."""
    script = re.sub(r"--[^\n]*", "", script)
    found = {}
    for match in re.finditer(rf"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}\s*\(", script, re.IGNORECASE):
        table = Table(match[1])
        for part in _parts(script, match.end()):
            _add(table, part)
        found.setdefault(table.name.lower(), table)
    return list(found.values())


def _parts(script, start):
    """Splits the text from `start` to the closing parenthesis at its commas."""
    depth, part, quoted, parts = 0, "", False, []
    for char in script[start:]:
        quoted ^= char == "'"
        if not quoted:
            if char == ")" and depth == 0:
                break
            depth += {"(": 1, ")": -1}.get(char, 0)
            if char == "," and depth == 0:
                parts.append(part.strip())
                part = ""
                continue
        part += char
    return [*parts, part.strip()]


def _add(table, part):
    part = re.sub(rf"^CONSTRAINT\s+{NAME}\s+", "", part, flags=re.IGNORECASE)
    names = lambda text: [name.strip().strip('"') for name in text.split(",")]
    if match := re.match(r"PRIMARY\s+KEY\s*\(([^)]*)\)", part, re.IGNORECASE):
        table.primary_key = names(match[1])
    elif match := re.match(
        rf"FOREIGN\s+KEY\s*\(([^)]*)\)\s*REFERENCES\s+{NAME}\s*\(([^)]*)\)", part, re.IGNORECASE
    ):
        table.foreign_keys.append(ForeignKey(names(match[1]), match[2], names(match[3])))
    elif match := re.match(r"UNIQUE\s*\(([^),]*)\)", part, re.IGNORECASE):
        if column := table.column(match[1].strip()):
            column.unique = True
    elif match := re.match(rf"(?!UNIQUE|CHECK|EXCLUDE|LIKE){NAME}\s+(.*)", part, re.IGNORECASE | re.DOTALL):
        name, rest = match[1], match[2]
        data_type = re.split(AFTER_TYPE, rest, maxsplit=1, flags=re.IGNORECASE)[0].strip()
        data_type = re.sub(r"^(big|small)?serial$", lambda kind: f"{kind[1] or ''}int", data_type)
        required = re.search(r"\bnot\s+null\b|\bprimary\s+key\b", rest, re.IGNORECASE)
        table.columns.append(Column(name, data_type, not required, bool(re.search(r"\bunique\b", rest, re.IGNORECASE))))
        if re.search(r"\bprimary\s+key\b", rest, re.IGNORECASE):
            table.primary_key = [name]
        if reference := re.search(rf"\bREFERENCES\s+{NAME}\s*\(([^)]*)\)", rest, re.IGNORECASE):
            table.foreign_keys.append(ForeignKey([name], reference[1], names(reference[2])))
