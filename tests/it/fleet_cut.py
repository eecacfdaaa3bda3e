#!/usr/bin/env python3
"""fleet_cut.py CASE PARTS SEED SOURCE TARGET: a plan for fleet_dir.py that cuts the pair of a case into PARTS.

Tables are cut at the keys of their own findings, so that what belongs together stands in several parts: up to
four cuts a table, where its rows were read in one key order; the others are whole.
"""
import json
import random
import sqlite3
import sys


def cuts_of(case, table, chance):
    if case.execute("SELECT count(*) FROM segment WHERE tbl=?", (table,)).fetchone()[0] == 0:
        return []
    keys = []
    for (key,) in case.execute("SELECT hex(key) FROM finding WHERE tbl=? AND key IS NOT NULL AND state<>5"
                               " ORDER BY segment, chunk, pos, id", (table,)):
        if key.lower() not in keys:
            keys.append(key.lower())
    chosen = sorted(chance.sample(range(len(keys)), min(4, len(keys))))
    return [keys[at] for at in chosen]


def main():
    path, parts, seed, source, target = sys.argv[1:6]
    case = sqlite3.connect(path)
    chance = random.Random(int(seed))
    scopes = [{"pair": "one", "objects": at == 0, "tables": {}, "order": {}} for at in range(int(parts))]
    chance.shuffle(scopes)
    run = case.execute("SELECT max(id) FROM run").fetchone()[0]
    for table, name in case.execute("SELECT id, name FROM tbl WHERE run=? ORDER BY name", (run,)).fetchall():
        cuts = cuts_of(case, table, chance)
        ends = [None] + cuts + [None]
        order = [key.split("\n")[0] for (key,) in case.execute("SELECT key FROM tbl_made WHERE tbl=? ORDER BY side", (table,))]
        for at in range(len(ends) - 1):
            scope = chance.choice(scopes)
            scope["tables"].setdefault(name, []).append([at, ends[at], ends[at + 1]])
            if cuts:
                scope["order"][name] = order
    json.dump({"readers": 4, "pairs": {"one": [source, target]}, "parts": [[scope] for scope in scopes]}, sys.stdout)


if __name__ == "__main__":
    main()
