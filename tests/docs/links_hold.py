#!/usr/bin/env python3
"""links_hold.py: links of the documentation lead somewhere, and what it says that myrecon
prints is printed by it.

Every relative link of the .md files: the file is there, and the heading or anchor in it.
What is shown of a file of docs/examples is in it.
Every row of the tables of docs/troubleshooting.md has an anchor, and no two have the same.
The messages in their first column are texts of the program, but for those of a server, a
library or the system.  Prints TAP.
"""
import glob
import os
import re
import sys

# Parts of messages that come from elsewhere and are passed on.
FOREIGN = (
    "Connection timed out", "Name or service not known", "No such file or directory",
    "using password", "has exceeded the 'max_user_connections'", "command denied",
    "Validation of SSL server certificate failed", "self-signed certificate",
    "You have an error in your SQL syntax", "max_statement_time exceeded",
    "database or disk is full", "No space left on device", "Connection refused",
)
# First cells that name a figure of the output, or a setting, in place of a message.
NAMES = re.compile(r"[a-z_]+$|error \d+$")


def slug(heading):
    """As the usual sites make anchors of headings."""
    text = re.sub(r"`|\*", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    found = [slug(h) for h in re.findall(r"^#+ (.*)$", text, re.M)]
    return found + re.findall(r'<a id="([^"]+)"', text)


def broken_links(path, texts):
    text = re.sub(r"^```.*?^```", "", texts[path], flags=re.S | re.M)
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(file):
            yield f"{path}: there is no {target}"
        elif anchor and anchor not in anchors(texts.get(file, "")):
            yield f"{path}: there is no such place: {target}"


def differing_examples(path, texts):
    """A block behind "[examples/x](examples/x):" is a part of that file."""
    for target, block in re.findall(r"\]\((examples/[^)]+)\):\n+```(?!sh)\w*\n(.*?)^```", texts[path],
                                    re.S | re.M):
        file = os.path.join(os.path.dirname(path), target)
        if block not in open(file, encoding="utf-8").read():
            yield f"{path}: the block is no part of {target}"


def rows(text):
    """(kind of the table, first cell) of the tables that explain messages."""
    kind = None
    for line in text.split("\n"):
        head = re.match(r"\| (message|reason|symptom) \|", line)
        if head:
            kind = head[1]
        elif not line.startswith("|"):
            kind = None
        elif kind and not line.startswith("|---"):
            yield kind, line[2:].split(" | ")[0]


def sources():
    """The program's files, whose folders are at most two deep."""
    return [path for pattern in ("*.c", "[a-z]*/*.[ch]", "[a-z]*/[a-z]*/*.[ch]", "[a-z]*/*/*.def")
            for path in glob.glob(pattern) if not path.startswith(("build/", "tests/"))]


def program_fragments():
    """What stands in the program's texts between the values that it puts in, longest first."""
    found = set()
    for path in sources():
        source = re.sub(r'"\s*\n\s*"', "", open(path, encoding="utf-8").read())
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', source):
            text = text.replace('\\"', '"')
            found.update(re.split(r"%[-+.*\d]*(?:zu|ll?u|[a-z])", text))
    return sorted((f for f in found if len(re.sub(r"[^a-zA-Z]", "", f)) >= 4), key=len, reverse=True)


def unsaid(cell, fragments):
    """Messages of a first cell that are not, in the main, fragments of the program's texts."""
    for message in re.findall(r"`([^`]+)`", cell):
        if any(f in message for f in FOREIGN) or NAMES.match(message):
            continue
        fixed = re.sub(r"\b[A-Z]:[A-Z]\b|'[^']*'|\"[^\"]*\"|\bN\b|\S+\.ini:\d+: ", '""', message)
        rest = fixed
        for fragment in fragments:
            rest = rest.replace(fragment.rstrip("\" ") if len(fragment) > 8 else fragment, "\0")
        letters = [len(re.sub(r"[^a-zA-Z]", "", text)) for text in (rest, fixed)]
        if letters[0] > letters[1] // 4:
            yield f"not a text of the program: {message!r} (what is left: {rest!r})"


def main():
    tests = []
    texts = {p: open(p, encoding="utf-8").read()
             for p in sorted(glob.glob("*.md") + glob.glob("docs/**/*.md", recursive=True))}
    for path in texts:
        tests.append((f"links and examples of {path}",
                      list(broken_links(path, texts)) + list(differing_examples(path, texts))))

    table = list(rows(texts["docs/troubleshooting.md"]))
    ids = re.findall(r'<a id="([^"]+)"', texts["docs/troubleshooting.md"])
    tests.append(("every error has an anchor",
                  [cell for _, cell in table if not cell.startswith("<a id=")]))
    tests.append(("no anchor stands twice", sorted({i for i in ids if ids.count(i) > 1})))
    fragments = program_fragments()
    wrong = [w for kind, cell in table if kind != "symptom" for w in unsaid(cell, fragments)]
    tests.append(("messages are those of the program", wrong))
    tests.append(("there are messages", [] if len(table) > 60 else [str(len(table))]))

    for number, (name, wrong) in enumerate(tests, 1):
        print("not ok" if wrong else "ok", number, "-", name)
        for line in wrong:
            print("#", line)
    print(f"1..{len(tests)}")
    sys.exit(any(wrong for _, wrong in tests))


main()
