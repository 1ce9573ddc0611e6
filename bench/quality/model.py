"""A database to describe: tables, columns, keys, and the human comments that the run does not see.

A file in `databases` returns a `Database`. A new property of a column belongs here, and in `build.py`.
"""

import html
import re
from dataclasses import dataclass, field


@dataclass
class Column:
    """A column. `type` is the type as the source declares it."""

    name: str
    type: str
    nullable: bool = True
    unique: bool = False
    allowed: list[str] = field(default_factory=list)
    """The allowed values, if the source declares them."""
    comment: str | None = None


@dataclass
class ForeignKey:
    columns: list[str]
    table: str
    targets: list[str]


@dataclass
class Table:
    name: str
    columns: list[Column] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    comment: str | None = None

    def column(self, name):
        """Returns the column with this name in any case, or None."""
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)


@dataclass
class Database:
    """A database. A source that ships data gives a `script` for SQLite, which creates and fills the tables."""

    name: str
    origin: str
    """The package or folder and its licence, for the report."""
    tables: list[Table]
    script: str | None = None

    def table(self, name):
        """Returns the table with this name in any case, or None."""
        return next((table for table in self.tables if table.name.lower() == name.lower()), None)

    def keep_valid_keys(self):
        """Removes the foreign keys whose columns do not exist on both sides."""
        for table in self.tables:
            table.foreign_keys = [key for key in table.foreign_keys if self._is_valid(table, key)]

    def _is_valid(self, table, key):
        target = self.table(key.table)
        return (
            target is not None
            and len(key.columns) == len(key.targets)
            and all(table.column(name) for name in key.columns)
            and all(target.column(name) for name in key.targets)
        )


def plain(comment):
    """Returns a human comment as plain text on one line: without HTML, link addresses and reST marks; None if empty."""
    if comment is None or comment.strip() in ("", "NA"):
        return None
    text = html.unescape(comment)
    text = re.sub(r"<br\s*/?>", " ", text)
    text = re.sub(r"</?[a-zA-Z][^<>]*>", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r":[a-z]+:`([^`]*)`", r"\1", text).replace("``", "`")
    text = re.sub(r"\s+", " ", text).strip()
    return text or None
