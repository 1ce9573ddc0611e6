"""A benchmark of the quality of descriptions. README.md says what it measures and how to read the figures.

The order of a run: `databases` reads schemas with human comments, `build` makes databases without the comments,
`server` lets Gloss describe them, `figures` compares the texts with the human ones, and `report` prints the tables.
"""
