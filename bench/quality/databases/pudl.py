"""PUDL 2024.2: power plants, fuels and finances of American utilities, with units in names (`capacity_mw`).

The tables and fields with their descriptions are the metadata of the Python package `catalystcoop.pudl` (MIT). They are
read as text, never executed. Only the `core_` tables count: the others repeat their columns.
"""

import ast

from .. import download
from ..model import Column, Database, ForeignKey, Table, plain

PACKAGE = "catalystcoop.pudl==2024.2.6"
SHA256 = "cc0003b6cfbf53bdb79b8e52a3c10e7fe21e674955bcbee8d6324d1dd38b19e3"
TYPES = {
    "string": "TEXT",
    "number": "FLOAT",
    "integer": "INTEGER",
    "year": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "DATETIME",
}
# Longer lists of values, such as all time zones, are left out.
MOST_VALUES = 30


def load(_shared):
    files = download.python_files(PACKAGE, SHA256, "/pudl/metadata")
    names = {}
    for module in ("enums", "labels", "fields"):
        _read(files[f"pudl/metadata/{module}.py"], names)
    resources = {}
    for path, text in sorted(files.items()):
        if path.startswith("pudl/metadata/resources/"):
            resources |= _read(text, dict(names)).get("RESOURCE_METADATA") or {}
    resources = {name: one for name, one in resources.items() if one and name.startswith("core_")}
    tables = [_table(name, one, names) for name, one in sorted(resources.items())]
    database = Database("pudl", "PUDL 2024.2 from PyPI, MIT", [table for table in tables if table.columns])
    for target in database.tables:
        rules = resources[target.name]["schema"].get("foreign_key_rules") or {}
        for table in database.tables:
            for fields in rules.get("fields") or []:
                if table is not target and table.name not in (rules.get("exclude") or []):
                    table.foreign_keys.append(ForeignKey(list(fields), target.name, target.primary_key))
    database.keep_valid_keys()
    _same_types(database)
    return database


def _same_types(database):
    """Gives a table of codes the type of the columns that refer to it: its metadata says text for every code."""
    for table in database.tables:
        for key in table.foreign_keys:
            for own, target in zip(key.columns, key.targets):
                if target == "code":
                    database.table(key.table).column(target).type = table.column(own).type


def _table(name, resource, names):
    table = Table(name, comment=plain(resource.get("description")))
    table.primary_key = list(resource["schema"].get("primary_key") or [])
    for field in resource["schema"].get("fields") or []:
        known = dict(names["FIELD_METADATA"].get(field) or {})
        for overrides in (
            names["FIELD_METADATA_BY_GROUP"].get(resource.get("field_namespace")),
            names["FIELD_METADATA_BY_RESOURCE"].get(name),
        ):
            known |= (overrides or {}).get(field) or {}
        allowed = (known.get("constraints") or {}).get("enum") or []
        allowed = sorted(value for value in allowed if isinstance(value, str))
        column = Column(field, TYPES.get(known.get("type"), "TEXT"), field not in table.primary_key)
        column.allowed = allowed if len(allowed) <= MOST_VALUES else []
        column.comment = plain(known.get("description"))
        table.columns.append(column)
    return table


def _read(text, names):
    """Adds the values of a module's variables to `names`; None for those that are more than literals."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.AnnAssign) and statement.value:
            names[statement.target.id] = _value(statement.value, names)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            names[statement.targets[0].id] = _value(statement.value, names)
    return names


def _value(node, names):
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return names.get(node.id)
        case ast.List() | ast.Tuple() | ast.Set():
            return [_value(one, names) for one in node.elts]
        case ast.Dict():
            pairs = [(_value(key, names), _value(value, names)) for key, value in zip(node.keys, node.values) if key]
            return {key: value for key, value in pairs if isinstance(key, str | int)}
        case ast.Subscript():
            whole, key = _value(node.value, names), _value(node.slice, names)
            return whole.get(key) if isinstance(whole, dict) else None
        case ast.BinOp(op=ast.Add() | ast.BitOr()):
            left, right = _value(node.left, names), _value(node.right, names)
            if isinstance(left, dict) and isinstance(right, dict):
                return left | right
            return left + right if isinstance(left, str | list) and type(left) is type(right) else left
        case ast.JoinedStr():
            parts = [_value(part, names) for part in node.values]
            return "".join(map(str, parts)) if None not in parts else None
        case ast.FormattedValue():
            return _value(node.value, names)
    return None
