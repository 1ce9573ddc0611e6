"""Makes a database without comments from a `model.Database`: a SQLite file, or a database in PostgreSQL.

Types, primary keys, unique columns, allowed values and foreign keys are those of the source. To support another
server, add a function beside `sqlite` and `postgres`.
"""

import re
import shutil
import sqlite3
import subprocess
import urllib.parse

from .download import Unavailable

POSTGRES_TYPES = [
    (r"bigint|bigserial", "bigint"),
    (r"smallint|tinyint", "smallint"),
    (r"int", "integer"),
    (r"bool", "boolean"),
    (r"datetime|timestamp", "timestamp"),
    (r"date", "date"),
    (r"float|double|real", "double precision"),
    (r"numeric|decimal", "numeric"),
    (r"blob|binary|bytea", "bytea"),
    (r"json", "json"),
]


def sqlite(database, folder):
    """Creates the SQLite file and returns its URL for Gloss."""
    path = folder / f"{database.name}.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    tables = [_create(table, lambda kind: kind) for table in database.tables]
    connection.executescript(database.script or "\n".join(tables))
    connection.commit()
    connection.close()
    return f"sqlite://{urllib.parse.quote(str(path))}"


def postgres(database, url):
    """Creates the database `gloss_quality_<name>` with `psql`, replacing an old one, and returns its URL. No data."""
    if shutil.which("psql") is None:
        raise Unavailable("--postgres needs psql")
    name = f"gloss_quality_{database.name}"
    _psql(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    parts = urllib.parse.urlsplit(url)
    target = urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))
    tables = [_create(table, _postgres_type, references=False) for table in database.tables]
    keys = [
        f"ALTER TABLE {_quoted(table.name)} ADD {_reference(key)};"
        for table in database.tables
        for key in table.foreign_keys
        if _is_key(database.table(key.table), key.targets)
    ]
    _psql(target, "\n".join(tables + keys))
    return target


def _psql(url, *statements):
    commands = [part for statement in statements for part in ("-c", statement)]
    done = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, *commands], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"psql: {done.stderr.strip()}")


def _postgres_type(kind):
    return next((name for pattern, name in POSTGRES_TYPES if re.match(pattern, kind, re.IGNORECASE)), "text")


def _is_key(table, columns):
    """Whether PostgreSQL accepts the columns as the target of a reference."""
    return columns == table.primary_key or (len(columns) == 1 and table.column(columns[0]).unique)


def _create(table, typed, references=True):
    lines = [_column(column, typed) for column in table.columns]
    if table.primary_key:
        lines.append(f"PRIMARY KEY ({_list(table.primary_key)})")
    if references:
        lines += [_reference(key) for key in table.foreign_keys]
    return f"CREATE TABLE {_quoted(table.name)} (\n  " + ",\n  ".join(lines) + "\n);"


def _column(column, typed):
    text = f"{_quoted(column.name)} {typed(column.type)}"
    if not column.nullable:
        text += " NOT NULL"
    if column.unique:
        text += " UNIQUE"
    if column.allowed:
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in column.allowed)
        text += f" CHECK ({_quoted(column.name)} IN ({values}))"
    return text


def _reference(key):
    return f"FOREIGN KEY ({_list(key.columns)}) REFERENCES {_quoted(key.table)} ({_list(key.targets)})"


def _list(names):
    return ", ".join(_quoted(name) for name in names)


def _quoted(name):
    return f'"{name}"'
