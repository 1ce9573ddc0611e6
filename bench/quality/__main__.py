"""The command line. `python -m quality --help` explains the options; README.md explains the figures."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from . import build, databases, english, figures, report
from .download import Unavailable
from .server import Server

ROOT = Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="quality", description="Measures the quality of Gloss's texts.")
    parser.add_argument("--server", type=Path, default=ROOT / "target/release/gloss", help="the binary to measure")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with `data/chinook`")
    parser.add_argument("--only", help=f"databases, separated by commas: {', '.join(databases.ALL)}")
    parser.add_argument("--tables", type=int, help="describe only this many tables of each database")
    parser.add_argument("--postgres", metavar="URL", help="create the databases on this server, without data")
    parser.add_argument("--verbosity", choices=["BRIEF", "DETAILED", "COMPREHENSIVE"], help="default: DETAILED")
    parser.add_argument("--llm-url", help="also measure the model behind this OpenAI-compatible endpoint")
    parser.add_argument("--llm-model", help="its name")
    parser.add_argument("--llm-key", metavar="NAME", help="the environment variable with its key")
    parser.add_argument("--no-builtin", action="store_true", help="measure only the model")
    parser.add_argument("--json", type=Path, help="write figures and texts to this file")
    parser.add_argument("--baseline", type=Path, help="compare with this file, which --json wrote earlier")
    parser.add_argument("--sample", type=int, metavar="N", help="print every Nth text")
    parser.add_argument("--worst", type=int, nargs="?", const=60, metavar="COUNT", help="print the worst 60 texts")
    chosen = parser.parse_args()
    if bool(chosen.llm_url) != bool(chosen.llm_model):
        parser.error("--llm-url and --llm-model belong together")
    unknown = set((chosen.only or "omop").split(",")) - set(databases.ALL)
    if unknown:
        parser.error(f"unknown databases: {', '.join(sorted(unknown))}")
    if not chosen.server.exists():
        parser.error(f"there is no {chosen.server}; build it with `cargo build --release`, or name one with --server")
    return chosen


def load(chosen):
    """Returns the databases that can be had here, and says loudly which cannot."""
    loaded = []
    for name in (chosen.only or ",".join(databases.ALL)).split(","):
        try:
            loaded.append(databases.ALL[name](chosen.shared))
        except Unavailable as error:
            print(f"SKIPPED {name}: {error}", file=sys.stderr)
    if not loaded:
        sys.exit("no database can be had here")
    return loaded


def spread(tables, most):
    """Returns at most `most` tables, spread evenly over all of them."""
    if most is None or most >= len(tables):
        return tables
    return [tables[at * len(tables) // most] for at in range(most)]


def describers(chosen, server):
    """Returns the id of each LLM profile to measure, by the name in the report."""
    found = {} if chosen.no_builtin else {"BUILTIN": server.builtin()}
    if chosen.llm_url:
        key = f"env:{chosen.llm_key}" if chosen.llm_key else None
        found[chosen.llm_model] = server.model(chosen.llm_url, chosen.llm_model, key)
    return found


def main():
    chosen = arguments()
    loaded = load(chosen)
    dictionary, warning = english.dictionary()
    if warning:
        print(f"SKIPPED {warning}" if dictionary is None else warning, file=sys.stderr)
    results = {}
    environment = {"GLOSS_ENV_NAMES": chosen.llm_key} if chosen.llm_key else {}
    options = {"verbosity": chosen.verbosity} if chosen.verbosity else None
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with Server(chosen.server, folder / "store", environment) as server:
            profiles = {}
            for database in loaded:
                url = build.postgres(database, chosen.postgres) if chosen.postgres else build.sqlite(database, folder)
                profiles[database.name] = server.database(database.name, url)
            for name, llm in describers(chosen, server).items():
                texts = []
                for database in loaded:
                    tables = spread(database.tables, chosen.tables)
                    part = [table.name for table in tables] if len(tables) < len(database.tables) else None
                    suggestions = server.describe(profiles[database.name], llm, part, options)
                    texts += figures.texts(database, tables, suggestions, dictionary)
                results[name] = {"figures": figures.all_figures(texts, has_rules=name == "BUILTIN"), "texts": texts}
    print("Databases: " + "; ".join(database.origin for database in loaded) + ".")
    for name, result in results.items():
        show(chosen, name, result)
    if chosen.json:
        stored = {name: one | {"texts": [asdict(text) for text in one["texts"]]} for name, one in results.items()}
        chosen.json.write_text(json.dumps({"describers": stored}, indent=1, ensure_ascii=False) + "\n")


def show(chosen, name, result):
    report.figures(name, result["figures"])
    report.words("Odd words, which are in no dictionary", figures.words(result["texts"], "odd_words"))
    report.words("Foreign words, which neither names nor people use", figures.words(result["texts"], "foreign"))
    if chosen.sample or chosen.worst:
        report.sample(result["texts"], chosen.sample or 1, chosen.worst)
    if chosen.baseline:
        before = json.loads(chosen.baseline.read_text())["describers"].get(name)
        if before is None:
            print(f"\nThe baseline has no figures of {name}.")
        else:
            report.comparison(name, result | {"texts": [asdict(text) for text in result["texts"]]}, before)


if __name__ == "__main__":
    main()
