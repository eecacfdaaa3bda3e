#!/usr/bin/env python3
"""rewind_truth.py SEED FILE: a random history of three tables, as SQL on standard output, and in FILE what undoing
the transactions between the two marks has to give, or, of an odd seed, some of them: "chosen" are their places among
all that change something behind the first mark.

The truth is kept here, transaction by transaction, by rules that are written down once more: nothing of the
program is asked.  Lines "-- FROM" and "-- TO" of the output say where the marks are to be taken.
"""
import json
import random
import sys

TABLES = {
    "parents": ["name", "n", "note"],
    "children": ["parent", "n", "note"],
    "things": ["a", "b", "c"],
}


class World:
    """Rows of each table by key, and what each transaction has changed of them."""

    def __init__(self, rng):
        self.rng = rng
        self.rows = {t: {} for t in TABLES}
        self.log = []  # a list of (table, key, before, after) a transaction

    def value(self, table, column):
        if (table, column) == ("children", "parent"):
            return self.rng.choice(sorted(self.rows["parents"]))
        if column in ("n", "a"):
            return self.rng.choice([None, 0, 1, -7, 2147483647])
        return self.rng.choice([None, "", "x", "Y", "x ", "it''s".replace("''", "'"), "\u00fc" * 3, str(self.rng.random())])

    def change(self):
        """One row of one table is inserted, updated or deleted: (table, key, before, after), or None."""
        table = self.rng.choice(sorted(TABLES))
        rows = self.rows[table]
        if table == "children" and not self.rows["parents"]:
            return None
        deed = self.rng.choice(["insert", "update", "update", "delete"])
        if deed == "insert":
            key = self.rng.randrange(1, 25)
            if key in rows:
                return None
            after = {c: self.value(table, c) for c in TABLES[table]}
            return table, key, None, after
        if not rows:
            return None
        key = self.rng.choice(sorted(rows))
        before = rows[key]
        if deed == "delete":
            if table == "parents" and any(r["parent"] == key for r in self.rows["children"].values()):
                return None
            return table, key, before, None
        after = dict(before)
        for column in self.rng.sample(TABLES[table], self.rng.randrange(1, 3)):
            after[column] = self.value(table, column)
        return (table, key, before, after) if after != before else None

    def transact(self, out, changes):
        done = []
        out.append("BEGIN;")
        for _ in range(changes):
            change = self.change()
            if change is None:
                continue
            table, key, before, after = change
            done.append(change)
            if after is None:
                del self.rows[table][key]
                out.append(f"DELETE FROM {table} WHERE id = {key};")
            else:
                self.rows[table][key] = after
                columns = TABLES[table]
                if before is None:
                    out.append(f"INSERT INTO {table} VALUES ({key}, {', '.join(literal(after[c]) for c in columns)});")
                else:
                    out.append(f"UPDATE {table} SET {', '.join(f'{c} = {literal(after[c])}' for c in columns)} WHERE id = {key};")
        out.append("COMMIT;")
        self.log.append(done)


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def undo(history, live):
    """What a key is to be, and whether it is asked about: history is a list of (selected, before, after)."""
    first = next(i for i, h in enumerate(history) if h[0])
    last = max(i for i, h in enumerate(history) if h[0])
    was, base = history[first][1], history[last][2]
    between = any(not h[0] for h in history[first:last])
    remade = anew = False  # who stands there may be another: put there by others, or by them
    known = None
    for at, (selected, before, after) in enumerate(history[first:]):
        if before is None and at > 0:
            remade = remade or (not selected and known is not None and after != known)
            anew = anew or (selected and was is not None)
        if selected:
            known = after
    if was is None and base is None:
        return live, None
    if was is None:
        if live is None:
            return None, None
        return (None, None) if live == base and not between and not remade else (live, "changed-since")
    if base is None:
        if live is None:
            return (live, "changed-since") if between else (was, None)
        return (live, None) if live == was else (live, "key-taken")
    if live is None:
        return live, "changed-since"
    if was not in (base, live) and (remade or (anew and live != base)):
        return live, "changed-since"
    result, asked = dict(live), False
    for column, value in was.items():
        if value == base[column] or live[column] == value:
            continue
        if live[column] != base[column] or between:
            asked = True
        result[column] = value
    return (live, "changed-since") if asked else (result, None)


def main():
    rng = random.Random(int(sys.argv[1]))
    world = World(rng)
    out = []
    for _ in range(rng.randrange(5, 25)):
        world.transact(out, rng.randrange(1, 6))
    out.append("-- FROM")
    begin = len(world.log)
    for _ in range(rng.randrange(1, 6)):
        world.transact(out, rng.randrange(1, 8))
    out.append("-- TO")
    end = len(world.log)
    chosen = set(range(begin, end))
    if int(sys.argv[1]) % 2:  # some of them, by their GTIDs
        chosen = {at for at in chosen if world.log[at] and rng.random() < 0.6}
    for _ in range(rng.randrange(0, 8)):
        world.transact(out, rng.randrange(1, 4))
    met = [at for at in range(begin, len(world.log)) if world.log[at]]
    histories = {}
    for at, changes in enumerate(world.log[begin:], begin):
        for table, key, before, after in changes:
            histories.setdefault((table, key), []).append((at in chosen, before, after))
    truth = {"live": world.rows, "rows": {t: dict(r) for t, r in world.rows.items()}, "asked": {}, "chosen": [met.index(at) for at in sorted(chosen & set(met))]}
    for (table, key), history in histories.items():
        if not any(h[0] for h in history):
            continue
        result, kind = undo(history, world.rows[table].get(key))
        if kind is not None:
            truth["asked"][f"{table}:{key}"] = kind
        if result is None:
            truth["rows"][table].pop(key, None)
        else:
            truth["rows"][table][key] = result
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(truth, file)
    print("\n".join(out))


if __name__ == "__main__":
    main()
