#!/usr/bin/env python3
"""command_lines.py: every command line of myrecon in the documentation is one.

Looks at fenced blocks and inline code of all .md files, at literal blocks of the manual
pages, at the examples of --help, and at docs/examples; asks docgen, which is linked with
the commands, whether myrecon would take the line.  What stands in backticks may be a part
of a line.  Options that the text names must exist, too.  Prints TAP, one test a file.

Wants MYRECON (the program; docgen lies beside it).
"""
import glob
import os
import re
import shlex
import subprocess
import sys

MYRECON = os.environ["MYRECON"]
DOCGEN = os.path.join(os.path.dirname(MYRECON), "docgen", "docgen")
SEPARATORS = set(";|&()<>")
ELLIPSIS = ("…", "...")
# Other programs' options that the documentation names.
FOREIGN = {"--chunk-time", "--opt"}


def substitute(line):
    """What the shell would put in, as far as the parser can tell values apart."""
    line = re.sub(r"\$\(([^()]|\([^()]*\))*\)", "2026-04-02", line)
    return re.sub(r"\$\{?(\w+)\}?", lambda m: "x" if m[1].islower() else "mysql://h/d", line)


def calls(line):
    """The argument lists of myrecon in a shell line."""
    lexer = shlex.shlex(substitute(line), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, found = None, []
    for word in lexer:
        if set(word) <= SEPARATORS:
            if word.startswith((">", "<")) and words is not None:
                words.append(None)  # the next word is a file
            else:
                words = None
        elif words is not None:
            if words and words[-1] is None:
                words.pop()
            else:
                words.append(word)
        elif os.path.basename(word) == "myrecon":
            words = []
            found.append(words)
    return [[w for w in words if w is not None] for words in found]


def is_open(text):
    """A quoted word of a command goes on in the next line."""
    return "myrecon " in text and without_comment(text).count("'") % 2 == 1


def joined(lines):
    """(line number, text) with continued lines put together."""
    text, first = "", 0
    for number, line in lines:
        first = first if text else number
        if line.rstrip().endswith("\\"):
            text += line.rstrip()[:-1] + " "
        elif line.rstrip().endswith("|") or is_open(text + line):
            text += line + " "
        else:
            yield first, text + line
            text = ""


def blocks(text):
    """(language, [(line number, line)]) of each fenced block."""
    language, lines = None, []
    for number, line in enumerate(text.split("\n"), 1):
        fence = re.match(r"\s*```(\S*)", line)
        if not fence:
            if language is not None:
                lines.append((number, line))
        elif language is None:
            language, lines = fence[1], []
        else:
            yield language, lines
            language = None


def in_block(language, lines):
    for number, line in joined(lines):
        stripped = line.strip()
        if language == "console" and not stripped.startswith("$ "):
            continue
        stripped = stripped.removeprefix("$ ")
        if re.match(r"(\* |\w+=|[!{(]|if |while |myrecon |\S+/myrecon |ExecStart)", stripped):
            yield number, stripped


def without_comment(line):
    return re.sub(r"(^|\s)#\s.*$", "", line)


def of_markdown(text):
    """(line number, shell line, is it whole)"""
    for language, lines in blocks(text):
        for number, line in in_block(language, lines):
            yield number, without_comment(line), True
    prose = re.sub(r"^\s*```.*?^\s*```", lambda m: "\n" * m[0].count("\n"), text,
                   flags=re.S | re.M)
    for code in re.finditer(r"`([^`]+)`", prose):
        line = code[1].replace("\n", " ").removeprefix("$ ")
        if line.startswith("myrecon "):
            yield prose.count("\n", 0, code.start()) + 1, line, False


def of_page(text):
    text = text.replace("\\\\", "\\")
    for _, lines in blocks(text):
        for number, line in in_block("", lines):
            yield number, line, True
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("\tmyrecon "):
            yield number, line.strip(), True


def of_example(text):
    lines = enumerate(text.split("\n"), 1)
    for number, line in joined(lines):
        command = re.search(r"(?:^|[ =])((?:/\S+/)?myrecon .*)", line)
        if command and not line.lstrip().startswith("#"):
            yield number, command[1].replace("%%", "%"), True


def complaint(arguments, whole):
    """Why myrecon would not take it, or None."""
    open_ended = any(a in ELLIPSIS for a in arguments) or not whole
    arguments = [a for a in arguments if a not in ELLIPSIS]
    if not arguments:
        return None
    mode = "parse-options" if open_ended else "parse"
    # what is left out: servers, a path, or a server and a path
    rest = [[], ["mysql://h/d"], ["d"], ["mysql://h/d"] * 2, ["mysql://h/d", "d"], ["d", "mysql://h/d"]]
    for more in rest if open_ended else [[]]:
        run = subprocess.run([DOCGEN, mode] + arguments + more,
                             capture_output=True, text=True,
                             env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        if run.returncode == 0:
            return None
        first = run.stderr if not more else first
        if "needs" not in first:
            break
    return first.strip()


def known_options():
    run = subprocess.run([DOCGEN, "bash"], stdin=open("docs/docgen/myrecon.bash"),
                         capture_output=True, text=True, check=True)
    return set(re.findall(r"--[a-z][a-z-]*[a-z]", run.stdout))


def unknown_options(text, known):
    """Of options that stand alone in backticks, or in bold in a manual page."""
    for code in re.finditer(r"`(--[a-z][a-z-]*[a-z])[^`]*`|\*(--[a-z][a-z-]*[a-z])\*", text):
        name = code[1] or code[2]
        if name not in known and name not in FOREIGN:
            yield text.count("\n", 0, code.start()) + 1, name


def command_names():
    overview = subprocess.run([MYRECON, "--help"], capture_output=True, text=True, check=True)
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?) +\S", overview.stdout.split("Examples:")[0], re.M)
    return [name for name in names if name not in ("help", "version")]


def missing_in_tables(path):
    """Commands that no row of the file's tables names, as `repair plan`, `show`, …"""
    rows = [line for line in open(path, encoding="utf-8") if line.startswith("|")]
    for name in command_names():
        first, _, second = name.partition(" ")
        if not any(re.search(rf"`{first}\b", row) and re.search(rf"\b{second or first}\b", row)
                   for row in rows):
            yield f"{path}: no row of a table names \"{name}\""


def help_texts():
    """(name, lines) of the examples of every command's --help."""
    for name in command_names():
        run = subprocess.run([MYRECON] + name.split() + ["--help"], capture_output=True,
                             text=True, check=True)
        examples = run.stdout.split("\nExamples:\n")[1]
        yield name + " --help", "```sh\n" + examples + "```\n"


def main():
    known = known_options()
    sources = []
    for path in sorted(glob.glob("*.md") + glob.glob("docs/**/*.md", recursive=True)):
        sources.append((path, of_markdown))
    for path in sorted(glob.glob("docs/man/*.scd")):
        sources.append((path, of_page))
    for path in sorted(p for p in glob.glob("docs/examples/*") if not p.endswith(".yml")):
        sources.append((path, of_example))
    tests = [(path, open(path, encoding="utf-8").read(), find) for path, find in sources]
    tests += [(name, text, of_markdown) for name, text in help_texts()]

    failures = lines = 0
    for number, (path, text, find) in enumerate(tests, 1):
        wrong = [f"{path}:{line}: no command has an option {name}"
                 for line, name in unknown_options(text, known)]
        if path in ("README.md", "docs/README.md"):
            wrong += missing_in_tables(path)
        for line, command, whole in find(text):
            try:
                found = calls(command)
            except ValueError as error:
                wrong.append(f"{path}:{line}: {command}\n    {error}")
                continue
            for arguments in found:
                lines += 1
                why = complaint(arguments, whole)
                if why:
                    wrong.append(f"{path}:{line}: {command}\n    {why}")
        print("not ok" if wrong else "ok", number, "-", path)
        for text in wrong:
            print("# " + text.replace("\n", "\n# "))
        failures += bool(wrong)
    total = len(tests) + 1
    print("ok" if lines > 100 else "not ok", total, f"- there are command lines: {lines}")
    print(f"1..{total}")
    sys.exit(failures > 0 or lines <= 100)


if __name__ == "__main__":
    main()
