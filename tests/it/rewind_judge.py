#!/usr/bin/env python3
"""rewind_judge.py TRUTH CONFLICTS ROWS…: does a server hold what it should?

ROWS are TABLE=FILE, a JSON object a line.  Each row is as the truth has it, or, where conflicts.csv names it, as it
was: what is asked about by the truth is asked about, and nothing else but what foreign keys hold up.
"""
import csv
import json
import sys

HELD_UP = {"referenced", "parent-absent", "parent-differs"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        truth = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        asked = {}
        for row in csv.DictReader(file):
            asked[row["table"].split(".")[1] + ":" + (row["source_key"] or row["target_key"])] = row["kind"]
    wrong = []
    for key, kind in truth["asked"].items():
        if asked.get(key) != kind:
            wrong.append(f"{key} is to be {kind}, and is {asked.get(key)}")
    for key, kind in asked.items():
        if key not in truth["asked"] and (kind not in HELD_UP or key.startswith("things:")):
            wrong.append(f"{key} is {kind}, and was not to be asked about")
    for argument in sys.argv[3:]:
        table, path = argument.split("=", 1)
        with open(path, encoding="utf-8") as file:
            have = {}
            for line in file:
                row = json.loads(line)
                have[str(row.pop("id"))] = row
        keys = set(have) | set(truth["rows"][table]) | set(truth["live"][table])
        for key in sorted(keys):
            name = f"{table}:{key}"
            want = truth["live" if name in asked else "rows"][table].get(key)
            if have.get(key) != want:
                wrong.append(f"{name} is {have.get(key)}, and is to be {want}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
