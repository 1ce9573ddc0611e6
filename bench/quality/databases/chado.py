"""Chado 1.31: genomes and their annotation, with declared foreign keys and words run together (`uniquename`).

The schema with its comments is `default_schema.sql` of the Debian package `libchado-perl` (Artistic-2.0). Its views
are left out, because SQLite cannot create them.
"""

from .. import download
from ..model import Database, plain
from ..sql import comments, tables

SHA256 = "47926173f2c360d3f85fb1232920d8828a13f7b9db3468a5a0a158a255ddf908"


def load(_shared):
    path = "usr/share/gmod/chado/modules/default_schema.sql"
    script = download.debian_file("libchado-perl", path, SHA256).decode()
    database = Database("chado", "Chado 1.31 from Debian, Artistic-2.0", tables(script))
    database.keep_valid_keys()
    for kind, name, text in comments(script):
        table = database.table(name[0])
        asset = table if kind == "table" or table is None else table.column(name[-1])
        if asset is not None:
            asset.comment = plain(text)
    return database
