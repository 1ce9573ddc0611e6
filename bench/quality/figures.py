"""Compares each text with the human one, and adds up the figures of groups of texts.

`Text` is what is known about one text. `summary` makes the figures of any group; a new figure belongs there, into
`report.COLUMNS` and into the README. `by_rule`, `by_evidence` and `by_pattern` put the texts into groups that show
which habit of a describer gains and which costs.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import CHRF

from . import english, floor, references

BANDS = ("HIGH", "MEDIUM", "LOW")
_chrf = CHRF(word_order=2)
_rouge = RougeScorer(["rougeL"], use_stemmer=True)


@dataclass
class Text:
    """One text and its figures. Figures against a human text are None where there is none."""

    database: str
    kind: str
    path: str
    type: str
    human: str | None
    text: str
    floor: str
    confidence: float
    band: str
    substance: str
    rule: str
    evidence: list[str]
    chrf: float | None = None
    floor_chrf: float | None = None
    rouge: float | None = None
    floor_rouge: float | None = None
    odd_words: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)

    @property
    def gain(self):
        return self.chrf - self.floor_chrf


def texts(database, tables, suggestions, dictionary):
    """Returns the texts of a database. Fails unless each asset of the tables has exactly one suggestion."""
    found = Counter((one["asset"]["table"], one["asset"]["column"]) for one in suggestions)
    wanted = Counter((table.name, None) for table in tables)
    wanted += Counter((table.name, column.name) for table in tables for column in table.columns)
    if found != wanted:
        missing, extra = list((wanted - found))[:3], list((found - wanted))[:3]
        raise RuntimeError(f"{database.name}: assets and suggestions differ: missing {missing}, extra {extra}")
    if any(one["existingComment"] for one in suggestions):
        raise RuntimeError(f"{database.name}: a comment was not hidden from the run")
    assets = [*database.tables, *(column for table in database.tables for column in table.columns)]
    comments = [asset.comment for asset in assets if asset.comment]
    known = dictionary and dictionary.union(*(english.prose(comment) for comment in comments))
    used = {english.stem(word) for asset in assets for word in [*floor.words(asset.name), asset.name.lower()]}
    used |= {english.stem(word) for comment in comments for word in re.findall("[a-z]+", comment.lower())}
    # Without comments nobody knows which words people use.
    return [_text(database, one, known, used if comments else None) for one in suggestions]


def _text(database, suggestion, known, used):
    asset = suggestion["asset"]
    table = database.table(asset["table"])
    column = table.column(asset["column"]) if asset["column"] else None
    one = column or table
    said, human = suggestion["description"], one.comment
    text = Text(
        database=database.name,
        kind="column" if column else "table",
        path=f"{table.name}.{column.name}" if column else table.name,
        type=column.type if column else "",
        human=human,
        text=said,
        floor=floor.text(one.name),
        confidence=suggestion["confidence"],
        band=suggestion["band"],
        substance=suggestion["substance"],
        rule=re.sub(r"`[^`]*`", "…", (suggestion["reasoning"] or "").split(";")[0]).rstrip("."),
        evidence=sorted({evidence["source"] for evidence in suggestion["evidence"]}),
    )
    if human:
        text.chrf, text.rouge = likeness(said, human)
        text.floor_chrf, text.floor_rouge = likeness(text.floor, human)
    names = {table.name.lower() for table in database.tables}
    if known is not None:
        text.odd_words = english.unknown(said, names, known)
    if used is not None:
        text.foreign = english.foreign(said, names, used)
    text.wrong, text.undeclared = references.check(table, column, said, human, database)
    return text


def likeness(text, human):
    """Returns chrF++ and the F-measure of ROUGE-L, both 0 to 100."""
    chrf = _chrf.sentence_score(text, [human]).score
    return round(chrf, 2), round(100 * _rouge.score(human, text)["rougeL"].fmeasure, 2)


def summary(group):
    """Returns the figures of a group of texts. Means against human texts are over the texts that have one."""
    scored = [text for text in group if text.human]
    return {
        "texts": len(group),
        "human": len(scored),
        "chrf": _mean(text.chrf for text in scored),
        "floor_chrf": _mean(text.floor_chrf for text in scored),
        "gain": _mean(text.gain for text in scored),
        "rouge": _mean(text.rouge for text in scored),
        "floor_rouge": _mean(text.floor_rouge for text in scored),
        "informative": _mean(100 * (text.substance == "INFORMATIVE") for text in group),
        "high": _mean(100 * (text.band == "HIGH") for text in group),
        "odd_words": sum(len(text.odd_words) for text in group),
        "foreign": sum(len(text.foreign) for text in group),
        "wrong": sum(len(text.wrong) for text in group),
        "undeclared": sum(len(text.undeclared) for text in group),
    }


def mean_of(summaries):
    """Returns the mean of several summaries in which each weighs the same; counts are added up."""
    mean = {}
    for name in summaries[0]:
        values = [one[name] for one in summaries if one[name] is not None]
        counted = name in ("texts", "human", "odd_words", "foreign", "wrong", "undeclared")
        mean[name] = sum(values) if counted else _mean(values)
    return mean


def _mean(values):
    values = list(values)
    return round(sum(values) / len(values), 2) if values else None


def all_figures(group, has_rules):
    """Returns every table of figures for the texts of one describer. `has_rules`: its reasons are a closed set."""
    databases = _grouped(group, lambda text: text.database)
    figures = {
        "overall": {"mean of databases": mean_of(list(databases.values())), "all texts": summary(group)},
        "database": databases,
        "kind": _grouped(group, lambda text: text.kind),
        "band": _grouped(group, lambda text: text.band, order=BANDS),
        "rule": by_rule(group) if has_rules else {},
        "evidence": by_evidence(group),
        "pattern": by_pattern(group),
    }
    return figures


def by_rule(group):
    """Groups by the describer's reason, without the names in it."""
    return _largest(_grouped(group, lambda text: f"{text.kind}: {text.rule}"), len(group))


def by_evidence(group):
    """Groups by the kinds of evidence of a suggestion."""
    return _largest(_grouped(group, lambda text: f"{text.kind}: {' + '.join(text.evidence) or 'none'}"), len(group))


def by_pattern(group):
    """Groups by the shape of the first sentence: words that one in 60 texts uses stay, others become "…"."""
    first = [re.split(r"(?<=[^.])\.(?:\s|$)", text.text, maxsplit=1)[0] for text in group]
    # A quoted name is one word, whatever it holds.
    words = [re.findall(r"[\w'’-]+|[(),;:]", re.sub(r"`[^`]*`", "…", sentence)) for sentence in first]
    used = Counter(word.lower() for sentence in words for word in set(sentence))
    common = {word for word, count in used.items() if count * 60 >= len(group)}
    shapes = []
    for text, sentence in zip(group, words):
        shape = []
        for word in sentence:
            word = word.lower() if word.lower() in common or word in "(),;:" else "…"
            if shape[-1:] != [word]:
                shape.append(word)
        shapes.append(f"{text.kind}: {' '.join(shape)}")
    shape_of = {id(text): shape for text, shape in zip(group, shapes)}
    return _largest(_grouped(group, lambda text: shape_of[id(text)]), len(group))


def _grouped(group, key, order=None):
    groups = defaultdict(list)
    for text in group:
        groups[key(text)].append(text)
    return {name: summary(groups[name]) for name in order or groups if name in groups}


def _largest(groups, total, most=40):
    """Keeps the groups of at least 3 texts and 0.3 % of all texts, the most frequent ones first."""
    kept = [(name, one) for name, one in groups.items() if one["texts"] >= max(3, total / 300)]
    return dict(sorted(kept, key=lambda pair: -pair[1]["texts"])[:most])


def words(group, kind):
    """Returns each odd or foreign word, its count, how people write it in capitals, and an asset. `kind`: the field."""
    spelled = english.capitals([text.human for text in group if text.human])
    counts, where = Counter(), {}
    for text in group:
        for word in getattr(text, kind):
            counts[word] += 1
            where.setdefault(word, f"{text.database} {text.path}")
    return [(word, count, spelled.get(word, ""), where[word]) for word, count in counts.most_common()]
