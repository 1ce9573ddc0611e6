"""Databases with human comments, one file for each source.

To add a database:

1. Add a file with a docstring (what it is, who wrote the comments, its licence) and a function `load(shared)` that
   returns a `model.Database`. `shared` is the folder of `--shared`. Get a package through `download`; commit no foreign
   text.
2. Add the file to `ALL`.

A source that cannot be had here raises `download.Unavailable`; the run says so and continues without it.
"""

from . import chado, chembl, chinook, mediawiki, omop, pudl

ALL = {
    "omop": omop.load,
    "chinook": chinook.load,
    "mediawiki": mediawiki.load,
    "chado": chado.load,
    "chembl": chembl.load,
    "pudl": pudl.load,
}
