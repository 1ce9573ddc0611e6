"""MediaWiki 1.39: the wiki of Wikipedia, with prefixes in its columns (`rev_`, `pl_`) and without foreign keys.

The schema with its comments is `maintenance/tables.json` of the Debian package `mediawiki` (GPL-2.0 or later).
"""

import json

from .. import download
from ..model import Column, Database, Table, plain

SHA256 = "09a291e6d593da35fd8dfb3e19426ab9d5882cf603c30e2d3ca1c0a39b9f515b"
# The types that MediaWiki creates on MySQL, on which it runs mostly.
TYPES = {
    "integer": "INT",
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "mwtinyint": "TINYINT",
    "float": "FLOAT",
    "blob": "BLOB",
    "text": "TEXT",
    "mwtimestamp": "BINARY(14)",
    "datetimetz": "DATETIME",
    "mwenum": "TEXT",
}


def load(_shared):
    source = download.debian_file("mediawiki", "usr/share/mediawiki/maintenance/tables.json", SHA256)
    tables = []
    for one in json.loads(source):
        unique = {index["columns"][0] for index in one["indexes"] if index["unique"] and len(index["columns"]) == 1}
        columns = [_column(column, unique) for column in one["columns"]]
        tables.append(Table(one["name"], columns, one.get("pk", []), [], plain(one.get("comment"))))
    return Database("mediawiki", "MediaWiki 1.39 from Debian, GPL-2.0-or-later", tables)


def _column(column, unique):
    options = column["options"]
    name, kind = column["name"], column["type"]
    length = options.get("length")
    if kind in ("binary", "string"):
        data_type = f"{'VARBINARY' if kind == 'binary' else 'VARCHAR'}({length or 255})"
    else:
        data_type = TYPES[kind] + (" UNSIGNED" if options.get("unsigned") else "")
    allowed = options.get("CustomSchemaOptions", {}).get("enum_values", [])
    return Column(name, data_type, not options.get("notnull"), name in unique, allowed, plain(column.get("comment")))
