"""Fills the store of a stopped server with runs, and makes a database of many columns.

    fill.py runs STORE.db COUNT      copies the ended runs that are there until there are COUNT
    fill.py target FILE.db ASSETS    a SQLite database with about ASSETS tables and columns
"""
import random, sqlite3, sys

WORDS = ["order", "customer", "invoice", "shipment", "payment", "product", "account", "ticket", "policy", "claim"]
PARTS = ["id", "status_cd", "created_at", "amt_net", "qty", "is_active", "addr_line1", "country_cd", "ref_no", "upd_by"]


def runs(path, count):
    store = sqlite3.connect(path)
    columns = [row[1] for row in store.execute("PRAGMA table_info(run)") if row[1] != "id"]
    templates = store.execute(f"SELECT {', '.join(columns)} FROM run WHERE finished_at IS NOT NULL").fetchall()
    have, = store.execute("SELECT count(*) FROM run").fetchone()
    chance = random.Random(1)
    place = {name: at for at, name in enumerate(columns)}
    rows = []
    for at in range(count - have):
        row = list(chance.choice(templates))
        earlier = (count - have - at) * 60_000
        for name in ("listed_at", "created_at", "started_at", "finished_at"):
            row[place[name]] -= earlier
        row[place["status"]] = chance.choice(["READY_FOR_REVIEW", "SUCCESS", "SUCCESS", "FAILED", "CANCELLED"])
        row[place["duration_ms"]] = row[place["active_ms"]] = chance.randint(500, 4_000_000)
        rows.append(row)
    marks = ", ".join("?" * len(columns))
    with store:
        store.executemany(f"INSERT INTO run ({', '.join(columns)}) VALUES ({marks})", rows)
    print(store.execute("SELECT count(*) FROM run").fetchone()[0], "runs")


def target(path, assets):
    database = sqlite3.connect(path)
    chance = random.Random(2)
    with database:
        for table in range(assets // 21):
            names = [f"{chance.choice(WORDS)}_{part}_{at}" for at, part in enumerate(PARTS * 2)]
            name = f"{chance.choice(WORDS)}_{chance.choice(WORDS)}_{table:04}"
            database.execute(f"CREATE TABLE {name} ({', '.join(f'{column} TEXT' for column in names)})")


if __name__ == "__main__":
    {"runs": runs, "target": target}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
