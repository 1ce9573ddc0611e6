"""Chinook: a shop for music, with data (MIT).

Chinook's scripts have no comments so far, so only the figures that need no human text count. Comments in the
PostgreSQL script (`COMMENT ON`) would be used.
"""

import re
import sqlite3

from ..download import Unavailable
from ..model import Column, Database, ForeignKey, Table, plain
from ..sql import comments


def load(shared):
    folder = shared / "data" / "chinook"
    if not folder.is_dir():
        raise Unavailable(f"there is no {folder}; name its parent folder with --shared")
    script = (folder / "sqlite.sql").read_text(encoding="utf-8-sig")
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    database = Database("chinook", "Chinook, MIT", [_table(connection, name) for name in names], script)
    connection.close()
    for kind, name, text in comments((folder / "postgres.sql").read_text(encoding="utf-8-sig")):
        _comment(database, kind, name, plain(text))
    return database


def _table(connection, name):
    table = Table(name)
    key = []
    for _, column, data_type, required, _, place in connection.execute(f'PRAGMA table_info("{name}")'):
        table.columns.append(Column(column, data_type, not required))
        if place:
            key.append((place, column))
    table.primary_key = [column for _, column in sorted(key)]
    keys = {}
    for number, _, target, own, other, *_ in connection.execute(f'PRAGMA foreign_key_list("{name}")'):
        key = keys.setdefault(number, ForeignKey([], target, []))
        key.columns.append(own)
        key.targets.append(other)
    table.foreign_keys = list(keys.values())
    return table


def _comment(database, kind, name, text):
    """Finds the asset: the PostgreSQL script spells `InvoiceLine` as `invoice_line`."""
    folded = [re.sub("_", "", part).lower() for part in name]
    for table in database.tables:
        if table.name.lower() == folded[0]:
            asset = table if kind == "table" else table.column(folded[1])
            if asset is not None:
                asset.comment = text
