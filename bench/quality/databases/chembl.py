"""ChEMBL: molecules, assays and drugs, with declared foreign keys and cryptic names (`molregno`, `pchembl_value`).

The schema with its comments are the Django models of the Python package `chembl-core-model` (Apache License 2.0). The
models are read as text, never executed. Their tables have no comments.
"""

import ast
import re

from .. import download
from ..model import Column, Database, ForeignKey, Table, plain

PACKAGE = "chembl-core-model==0.9.26"
SHA256 = "79de31d14e07c07f62482536b45eeb7c5e4687592ea92360f9aa8385b11139d6"
# The types of ChEMBL's own dumps for SQLite.
TYPES = [
    ("CharField", "VARCHAR"),
    ("TextField", "TEXT"),
    ("BlobField", "BLOB"),
    ("BooleanField", "SMALLINT"),
    ("AutoField", "INTEGER"),
    ("IntegerField", "INTEGER"),
    ("DecimalField", "NUMERIC"),
    ("DateField", "DATE"),
]


def load(_shared):
    files = download.python_files(PACKAGE, SHA256, "/chembl_core_model/models")
    classes = [node for text in files.values() for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    names = {node.name: _table_name(node) for node in classes}
    # References become columns with the type of their target once all tables are known.
    pending = []
    tables = [_table(node, names, pending) for node in classes]
    database = Database("chembl", "ChEMBL from PyPI, Apache-2.0", [table for table in tables if table.columns])
    for _ in range(3):
        for table, column, target_name, to_column in pending:
            target = database.table(target_name)
            to_column = to_column or (target.primary_key[0] if target and target.primary_key else None)
            found = target.column(to_column) if target and to_column else None
            if found:
                column.type = found.type or "INTEGER"
                key = ForeignKey([column.name], target.name, [found.name])
                if key not in table.foreign_keys:
                    table.foreign_keys.append(key)
    database.keep_valid_keys()
    return database


def _table_name(node):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()


def _table(node, names, pending):
    table = Table(names[node.name])
    for statement in node.body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
            continue
        call = statement.value
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        options = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
        name = statement.targets[0].id
        comment = plain(options.get("help_text"))
        nullable = bool(options.get("null")) or "Null" in kind
        is_key = bool(options.get("primary_key"))
        if kind in ("ForeignKey", "OneToOneField"):
            target = call.args[0]
            target = getattr(target, "id", getattr(target, "value", ""))
            target = names.get(target, _table_name(node) if target == "self" else "")
            # Django adds `_id` to the name unless the model says otherwise.
            name = options.get("db_column") or f"{name}_id"
            column = Column(name, "", nullable, kind == "OneToOneField" and not is_key, comment=comment)
            pending.append((table, column, target, options.get("to_field")))
        else:
            data_type = next((data_type for end, data_type in TYPES if kind.endswith(end)), None)
            if data_type is None:
                continue
            if data_type == "VARCHAR":
                data_type = f"VARCHAR({options.get('max_length') or 255})"
            name = options.get("db_column") or name
            column = Column(name, data_type, nullable, bool(options.get("unique")), comment=comment)
        if not table.column(column.name):
            table.columns.append(column)
            if is_key:
                table.primary_key = [column.name]
    return table
