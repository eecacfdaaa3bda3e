#!/usr/bin/env python3
"""fleet_map_random.py SEED DIR SHARDS: statements for a table t whose rows stand on several sources.

Writes DIR/0.sql … (one a source), DIR/union.sql (the same rows in one table) and DIR/target.sql (the same with
some changed, missing, extra, moved).  Prints the configuration of t.
"""
import os
import random
import sys

KEYS = [
    ("a INT", lambda r: str(r.randrange(-2**31, 2**31))),
    ("a BIGINT UNSIGNED", lambda r: str(r.choice([0, 2**63, 2**64 - 1, r.randrange(2**64)]))),
    ("a BIGINT", lambda r: str(r.choice([-2**63, 2**63 - 1, r.randrange(-2**63, 2**63)]))),
    ("a DECIMAL(20,4)", lambda r: f"{r.randrange(-10**15, 10**15)}.{r.randrange(10**4):04d}"),
    ("a DATETIME(6)", lambda r: f"'20{r.randrange(10, 30)}-0{r.randrange(1, 10)}-1{r.randrange(10)} 0{r.randrange(10)}:59:59.{r.randrange(10**6):06d}'"),
    ("a TIME", lambda r: f"'{r.choice('- ').strip()}{r.randrange(839)}:0{r.randrange(10)}:00'"),
    ("a DATE", lambda r: f"'{r.randrange(1000, 9999)}-0{r.randrange(1, 10)}-0{r.randrange(1, 10)}'"),
    ("a VARBINARY(9)", lambda r: "x'" + r.randbytes(r.randrange(9)).hex() + "'"),
    ("a BINARY(4)", lambda r: "x'" + r.randbytes(4).hex() + "'"),
    ("a VARCHAR(12) COLLATE utf8mb4_bin", lambda r: "'" + "".join(r.choices("aAbBäz0_ é", k=r.randrange(9))).rstrip() + "'"),
    ("a VARCHAR(12) COLLATE utf8mb4_general_ci", lambda r: "'" + "".join(r.choices("abcdefz0_é", k=r.randrange(9))) + "'"),
    ("a ENUM('z','m','a')", lambda r: "'" + r.choice("zma") + "'"),
    ("a BIT(17)", lambda r: str(r.randrange(2**17))),
]


def main():
    seed, where, shards = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    chance = random.Random(seed)
    parts = chance.sample(KEYS, chance.choice([1, 1, 2]))
    columns = [part[0].replace("a ", "ab"[at] + " ", 1) for at, part in enumerate(parts)]
    if len(parts) == 1 and ("ENUM" in columns[0] or chance.random() < 0.2):
        columns.append("b INT")
        parts.append(("b INT", lambda r: str(r.randrange(400))))
    names = ", ".join("ab"[at] for at in range(len(parts)))
    unique = chance.random() < 0.5
    table = (f"CREATE TABLE t ({', '.join(columns)}, u VARCHAR(20){' NOT NULL' if unique else ''}, v INT, "
             f"PRIMARY KEY ({names}){', UNIQUE KEY (u)' if unique else ''});\n")
    rows = []
    for number in range(chance.choice([3, 40, 400])):
        key = ", ".join(part[1](chance) for part in parts)
        rows.append((key, f"'p{number}'" if unique or number % 9 else "NULL", str(number)))

    def insert(some):  # who has a key that is there, by whatever collation, comes too late
        return "".join(f"INSERT IGNORE INTO t VALUES ({', '.join(row)});\n" for row in some)

    def write(name, text):
        with open(os.path.join(where, name), "w", encoding="utf-8") as file:
            file.write("SET NAMES utf8mb4; SET autocommit = 0;\n" + table + text + "COMMIT;\n")

    write("union.sql", insert(rows))
    # what the union took is dealt out by number, so that no key stands twice
    spread = chance.choice(["v % {n} = {i}", "v DIV 20 % {n} = {i}", "CRC32(u) % {n} = {i}", "{i} = 1"])
    for i in range(shards):
        rule = spread.format(n=shards, i=i)
        if "CRC32" in rule:
            rule = f"COALESCE({rule}, {i} = 0)"
        with open(os.path.join(where, f"{i}.sql"), "w", encoding="utf-8") as file:
            file.write(table + f"INSERT INTO t SELECT * FROM UNION_DB.t WHERE {rule};\n")
    changes = ["UPDATE t SET v = v + 100000 WHERE v % 17 = 3", "DELETE FROM t WHERE v % 23 = 5",
               "DELETE FROM t WHERE v > 350", "UPDATE t SET u = CONCAT('q', v) WHERE v % 19 = 4"]
    if not unique:
        changes.append("UPDATE t SET u = NULL WHERE v % 13 = 7")
    more = "".join(change + ";\n" for change in chance.sample(changes, chance.randrange(len(changes))))
    late = [(", ".join(part[1](chance) for part in parts), f"'n{n}'", str(500 + n)) for n in range(chance.choice([0, 9]))]
    write("target.sql", insert(rows) + more + insert(late))
    if chance.random() < 0.6:
        print("identity = u")


if __name__ == "__main__":
    main()
