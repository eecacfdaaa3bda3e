"""plan_wrong.py DIR: plan.json of DIR, changed in one place and sealed anew, again and again.

Writes DIR/plan.json once for each line on standard input, "NTH HOW", and answers with what
was changed; "0 none" writes it as it was.  The first line of the output is how many places
there are.  HOW: gone (the member is left out), null, text, number, empty (list or object).
"""

import hashlib
import json
import os
import sys


SEAL = "sha256"


def places(node, path=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield path + (key,)
        yield from places(inner, path + (key,))


def change(document, path, how):
    node = document
    for key in path[:-1]:
        node = node[key]
    if how == "gone":
        del node[path[-1]]
    else:
        old = node[path[-1]]
        empty = {} if isinstance(old, dict) else [] if isinstance(old, list) else ""
        node[path[-1]] = {"null": None, "text": "x", "number": 7, "empty": empty}[how]


def main(folder):
    name = os.path.join(folder, "plan.json")
    with open(name, encoding="utf-8") as file:
        document = json.load(file)
    del document[SEAL]
    found = list(places(document))
    print(len(found), flush=True)
    for line in sys.stdin:
        nth, how = line.split()
        changed = json.loads(json.dumps(document))
        said = "none"
        if how != "none":
            path = found[int(nth) - 1]
            change(changed, path, how)
            said = f"{'.'.join(map(str, path))} {how}"
        text = json.dumps(changed, separators=(",", ":"), ensure_ascii=False)[:-1]
        digest = hashlib.sha256(text.encode()).hexdigest()
        with open(name, "w", encoding="utf-8") as file:
            file.write(f'{text},"{SEAL}":"{digest}"}}\n')
        print(said, flush=True)


main(*sys.argv[1:])
