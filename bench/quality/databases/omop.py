"""The OMOP common data model 5.4: health records for research.

The tables, fields and their guidance for users are the CSV files of the OHDSI CommonDataModel (Apache License 2.0).
"""

import csv

from ..download import Unavailable
from ..model import Column, Database, ForeignKey, Table, plain


def load(shared):
    folder = shared / "data" / "omop-cdm-5.4"
    if not folder.is_dir():
        raise Unavailable(f"there is no {folder}; name its parent folder with --shared")
    tables = {}
    for row in _rows(folder / "tables.csv"):
        name = row["cdmTableName"].lower()
        tables[name] = Table(name, comment=plain(row["tableDescription"]))
    for row in _rows(folder / "fields.csv"):
        table = tables[row["cdmTableName"].lower()]
        name = row["cdmFieldName"].strip().strip('"').lower()
        nullable = row["isRequired"] != "Yes"
        data_type = row["cdmDatatype"].replace("varchar(MAX)", "text")
        table.columns.append(Column(name, data_type, nullable, comment=plain(row["userGuidance"])))
        if row["isPrimaryKey"] == "Yes":
            table.primary_key.append(name)
        if row["isForeignKey"] == "Yes":
            table.foreign_keys.append(ForeignKey([name], row["fkTableName"].lower(), [row["fkFieldName"].lower()]))
    database = Database("omop", "OMOP CDM 5.4, Apache-2.0", [table for table in tables.values() if table.columns])
    database.keep_valid_keys()
    return database


def _rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
