#!/usr/bin/env python3
"""fleet_dir.py DIR FLEET < PLAN: the directory of a fleet's plan, cut where a test wants it to be.

PLAN is JSON: {"readers": 4, "pairs": {"one": ["mysql://…", "mysql://…"]}, "parts": [[SCOPE, …], …]}, where a
SCOPE is {"pair": "one", "objects": true, "tables": {"db.t": [[at, lo, hi], …]}, "order": {"db.t": "int(11)"}}; an order
may be a list of both sides'.  lo and hi are numbers (keys of one integer), texts of hex, or null.
"""
import hashlib
import json
import os
import sys


def key(value):
    if isinstance(value, int):
        return "69" + ("01" if value >= 0 else "00") + format(value & (2**64 - 1), "016x")
    return value


def scope(fleet, readers, one):
    tables = []
    for name, ranges in one["tables"].items():
        table = {"table": name}
        if name in one.get("order", {}):
            order = one["order"][name]
            table["order"] = order if isinstance(order, list) else [order] * 2
        table["ranges"] = [{"at": at, "lo": key(lo), "hi": key(hi)} for at, lo, hi in ranges]
        tables.append(table)
    return {
        "schema": "myrecon-scope/1", "run": fleet + "." + one["pair"], "pair": one["pair"],
        "objects": one["objects"], "slots": {"name": "myrecon " + fleet, "count": readers}, "tables": tables,
    }


def write(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return hashlib.sha256(text.encode()).hexdigest()


def line(value):
    return json.dumps(value, separators=(",", ":"))


def main():
    where, fleet = sys.argv[1:3]
    plan = json.load(sys.stdin)
    for folder in ("", "config", "work"):
        os.mkdir(os.path.join(where, folder), 0o700)
    config = write(os.path.join(where, "config/0.ini"), plan.get("config", ""))
    parts = []
    for number, scopes in enumerate(plan["parts"]):
        name = f"work/{number}.jsonl"
        lines = "".join(line(scope(fleet, plan["readers"], one)) + "\n" for one in scopes)
        parts.append({
            "part": number, "file": name, "sha256": write(os.path.join(where, name), lines), "weight": 1,
            "units": len(scopes), "tables": sum(len(one["tables"]) for one in scopes), "pairs": len(scopes),
        })
    body = line({
        "schema": "myrecon-fleet-plan/1", "fleet": fleet, "created": "2026-11-28T00:00:00Z", "version": "test",
        "readers_per_server": plan["readers"],
        "pairs": [{"name": name, "source": uri[0], "target": uri[1], "config": "config/0.ini",
                   "parts": sum(name == one["pair"] for part in plan["parts"] for one in part)}
                  for name, uri in plan["pairs"].items()],
        "configs": [{"file": "config/0.ini", "sha256": config}], "parts": parts,
    })[:-1]
    seal = hashlib.sha256(body.encode()).hexdigest()
    write(os.path.join(where, "fleet.json"), f'{body},"sha256":"{seal}"}}\n')


if __name__ == "__main__":
    main()
