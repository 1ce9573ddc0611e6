"""Prints the figures as Markdown tables, samples of texts, and comparisons with an earlier run.

To show a new figure, add it to `COLUMNS`.
"""

COLUMNS = [
    ("texts", "texts"),
    ("human", "with human text"),
    ("chrf", "chrF++"),
    ("floor_chrf", "floor"),
    ("gain", "gain"),
    ("rouge", "ROUGE-L"),
    ("floor_rouge", "floor"),
    ("informative", "INFORMATIVE %"),
    ("high", "HIGH %"),
    ("odd_words", "odd words"),
    ("foreign", "foreign words"),
    ("wrong", "wrong refs"),
    ("undeclared", "undeclared refs"),
]
GROUPS = ("texts", "human", "chrf", "floor_chrf", "gain", "informative", "high", "odd_words", "foreign")
TITLES = {
    "overall": "Overall",
    "database": "By database",
    "kind": "By kind",
    "band": "By confidence band",
    "rule": "By rule: the describer's reason",
    "evidence": "By kinds of evidence",
    "pattern": "By shape of the first sentence",
}


def figures(name, all_figures):
    """Prints every table of one describer."""
    print(f"\n# {name}")
    for key, groups in all_figures.items():
        if not groups:
            continue
        print(f"\n## {TITLES[key]}\n")
        kept = GROUPS if key in ("rule", "evidence", "pattern") else [name for name, _ in COLUMNS]
        columns = [(name, title) for name, title in COLUMNS if name in kept]
        rows = [[group, *(_shown(one[name]) for name, _ in columns)] for group, one in groups.items()]
        _table([key if key != "overall" else "", *(title for _, title in columns)], rows)


def comparison(name, now, before):
    """Prints the figures that differ from those of an earlier run."""
    print(f"\n# {name}: now, and the change since the baseline")
    for key, groups in now["figures"].items():
        old = before["figures"].get(key, {})
        columns = [(name, title) for name, title in COLUMNS if name not in ("floor_chrf", "floor_rouge")]
        if key in ("rule", "evidence", "pattern"):
            columns = [(name, title) for name, title in columns if name in GROUPS]
        rows = []
        for group, one in groups.items():
            cells = [_changed(one[name], old.get(group, {}).get(name)) for name, _ in columns]
            if key in ("overall", "database") or group not in old or any("(" in cell for cell in cells):
                rows.append([group if group in old else f"{group} (new)", *cells])
        rows += [[f"{group} (gone)", _shown(old[group]["texts"])] for group in old if group not in groups]
        if rows:
            print(f"\n## {TITLES[key]}\n")
            _table([key if key != "overall" else "", *(title for _, title in columns)], rows)
    _changed_texts(now["texts"], before["texts"])


def _changed_texts(now, before):
    old = {(text["database"], text["path"]): text for text in before}
    pairs = [(old.get((text["database"], text["path"])), text) for text in now]
    pairs = [(was, text) for was, text in pairs if was and was["text"] != text["text"]]
    print(f"\n{len(pairs)} texts differ from the baseline.")
    pairs = sorted((pair for pair in pairs if pair[1]["human"]), key=lambda pair: pair[1]["chrf"] - pair[0]["chrf"])
    for title, some in (("lose", pairs[:15]), ("gain", pairs[:-16:-1])):
        print(f"\n## Texts that {title} most\n")
        for was, text in some:
            if (text["chrf"] < was["chrf"]) == (title == "lose"):
                print(f"{text['database']} {text['path']}: {was['chrf']:.1f} -> {text['chrf']:.1f}")
                print(f"  human: {text['human'][:300]}\n  was:   {was['text']}\n  now:   {text['text']}")


def sample(texts, every, worst=None):
    """Prints every Nth text; with `worst`, the given number of those that lose most to the floor, worst first."""
    chosen = texts[::every]
    if worst is not None:
        chosen = sorted((text for text in chosen if text.human), key=lambda text: text.gain)[:worst]
    print(f"\n# {len(chosen)} texts\n")
    for text in chosen:
        likeness = f" chrF++ {text.chrf:.1f} (floor {text.floor_chrf:.1f})" if text.human else ""
        print(f"{text.database} {text.path} {text.type} [{text.band} {text.confidence:.2f} {text.substance}]{likeness}")
        print(f"  human: {(text.human or '-')[:400]}\n  text:  {text.text}")
        for title in ("odd_words", "foreign", "wrong", "undeclared"):
            if found := getattr(text, title):
                print(f"  {title}: {', '.join(found)}")


def words(title, found, most=60):
    """Prints suspicious words, the most frequent ones first."""
    if found:
        print(f"\n## {title}: {len(found)}\n")
        rows = [[word, str(count), spelled, where] for word, count, spelled, where in found[:most]]
        _table(["word", "times", "people write", "first in"], rows)


def _shown(value):
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _changed(value, old):
    if value is None or old is None or abs(value - old) < 0.05:
        return _shown(value)
    return f"{_shown(value)} ({value - old:+.1f})" if isinstance(value, float) else f"{value} ({value - old:+d})"


def _table(head, rows):
    rows = [row + [""] * (len(head) - len(row)) for row in rows]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    line = lambda row: "| " + " | ".join(
        cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))
    ) + " |"
    print(line(head))
    print("|" + "|".join("-" * (width + 1) + ("-" if at == 0 else ":") for at, width in enumerate(widths)) + "|")
    for row in rows:
        print(line(row))
