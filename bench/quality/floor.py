"""The floor: what a text is worth that only takes the asset's name apart.

`order_lineItem` becomes "Order line item". A describer that does not beat it adds nothing.
"""

import re


def words(name):
    """Returns the words of a name in lower case, split at separators and capitals."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", name) if word]


def text(name):
    """Returns the floor's text for the asset with this name."""
    said = " ".join(words(name))
    return said[:1].upper() + said[1:]
