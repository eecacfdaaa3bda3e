"""plan_evil.py DIR FILE MARK < SQL: one statement more, or another, and all sealed anew.

Puts the SQL behind the first line of DIR/FILE that is MARK ("-- write"); MARK s/OLD/NEW/ replaces
OLD there instead.  FILE plan.json: MARK is where, "rows.tables.1.references.0.condition", and the
SQL what stands there then.  The files' digests and plan.json's own are renewed.
"""

import hashlib
import json
import os
import sys


def edit(text, mark, sql):
    if mark.startswith("s/"):
        _, old, new, _ = mark.split("/")
        assert old in text, old
        return text.replace(old, new, 1)
    assert f"\n{mark}\n" in text, mark
    return text.replace(f"\n{mark}\n", f"\n{mark}\n{sql};\n", 1)


def put(node, path, value):
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps[:-1]:
        node = node[step]
    assert steps[-1] in node, path
    node[steps[-1]] = value


def main(folder, name, mark):
    sql = sys.stdin.read().rstrip("\n")
    manifest_path = os.path.join(folder, "plan.json")
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    del manifest["sha256"]
    if name == "plan.json":
        put(manifest, mark, sql)
    else:
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            text = edit(file.read(), mark, sql).encode()
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text)
        for entry in manifest["files"]:
            if entry["name"] == name:
                entry["size"] = len(text)
                entry["sha256"] = hashlib.sha256(text).hexdigest()
    body = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False)[:-1].encode()
    with open(manifest_path, "wb") as file:
        file.write(body + b',"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n')


main(*sys.argv[1:])
