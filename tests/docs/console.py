#!/usr/bin/env python3
"""console.py FILE.md…: runs what the documentation shows, and compares what comes of it.

A ```console block is a session: lines that begin with "$ " are commands (continued by a
backslash or a bar at the end), the others what they print, on both streams.  In what is
expected, … stands for any text within a line, and alone on a line for any number of lines.
All blocks of all files are one session of bash, in the present directory.

Comments prepare it; they stand before the block that needs them:

  <!-- check-docs: db1=LOST db2=LIVE -->   these host names stand for these servers, whose
                                           ports are in MR_LOST_PORT and so on
  <!-- check-docs: sql LOST LIVE -->       the next ```sql block is run there, and not logged: it is
                                           of accounts, and the two replicate no more
  <!-- check-docs: load LIVE x.sql -->     what happens meanwhile: a file of the tree
  <!-- check-docs: do LIVE STATEMENT -->   the same, one statement
  <!-- check-docs: skip -->                the next block is not run

MR_SQL_COMMAND is what runs SQL on a server: it gets its name, and statements on stdin;
MR_SQL_DATABASE is the database of those statements.
With --show it prints what came, for whoever writes the text.  TAP, one test a command.
"""
import os
import re
import subprocess
import sys
import threading

MARK = "@@end-of-command@@"
TIMEOUT = 120
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PASSWORD = os.environ.get("MYRECON_PASSWORD", "")


class Shell:
    """A bash that commands are given to one by one."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            errors="replace")

    def run(self, command):
        """What it prints; the session is over if it never ends."""
        # $? is what the last command left, for this one and for the next
        if self.process.poll() is not None:
            return ["(the session has ended before)"]
        self.process.stdin.write(
            f"(exit ${{status:-0}})\n{{ {command}\n}} </dev/null\nstatus=$?\n"
            f"printf '\\n%s\\n' '{MARK}'\n")
        self.process.stdin.flush()
        timer = threading.Timer(TIMEOUT, self.process.kill)
        timer.start()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == MARK:
                break
            lines.append(line.rstrip("\n"))
        else:
            lines.append(f"(the session ended, or took more than {TIMEOUT} s)")
            self.process.wait()
        timer.cancel()
        if lines and lines[-1] == "":
            lines.pop()
        return lines


class Hosts:
    """Names of the text, and the ports of the servers that they stand for."""

    def __init__(self):
        self.ports = {}
        self.told = {}

    def set(self, name, server):
        self.ports[name] = os.environ[f"MR_{server}_PORT"]

    def to_ports(self, text):
        def port(match):
            name = match[2]
            if name not in self.ports:
                return match[0]
            self.told[self.ports[name]] = name
            return match[1] + "127.0.0.1:" + self.ports[name]
        return re.sub(r"(mysql://(?:[^@/\s'\"]*@)?)([A-Za-z0-9-]+)", port, text)

    def to_names(self, text):
        """Of several names of a server, the one that a command has used last."""
        for port, name in self.told.items():
            text = text.replace("127.0.0.1:" + port, name)
        return text


def pattern(line):
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))


def matches(expected, got):
    whole = "".join("(?:.*\n)*?" if line.strip() == "…" else pattern(line) + "\n"
                    for line in expected)
    return re.fullmatch(whole, "".join(line.rstrip() + "\n" for line in got)) is not None


def parse(path):
    """(line number, kind, text or lines) of comments and blocks."""
    language, lines, start = None, [], 0
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        fence = re.match(r"```(\S*)\s*$", line)
        if fence and language is None:
            language, lines, start = fence[1], [], number
        elif fence:
            yield start, language, lines
            language = None
        elif language is not None:
            lines.append(line)
        else:
            comment = re.match(r"<!-- check-docs: (.*) -->$", line)
            if comment:
                yield number, "comment", comment[1]


def commands(start, lines):
    """(line number, command, expected lines)"""
    command, expected, first, open_line = None, [], 0, False
    for number, line in enumerate(lines, start + 1):
        if open_line:
            command += "\n" + line
        elif line.startswith("$ "):
            if command is not None:
                yield first, command, expected
            command, expected, first = line[2:], [], number
        else:
            expected.append(line)
            continue
        open_line = line.endswith(("\\", "|"))
    if command is not None:
        yield first, command, expected


class Run:
    def __init__(self, show):
        self.shell, self.hosts, self.show = Shell(), Hosts(), show
        self.tests = self.failures = 0

    def result(self, good, name, details):
        self.tests += 1
        print("ok" if good else "not ok", self.tests, "-", name.replace("#", ""), flush=True)
        if not good:
            self.failures += 1
            for line in details:
                print("# " + line)

    def sql(self, servers, lines, name):
        text = "\n".join(lines).replace("'…'", f"'{PASSWORD}'").replace("10.0.0.%", "127.0.0.1")
        for server in servers:
            text = f"USE {os.environ['MR_SQL_DATABASE']};\n{text}"
            done = subprocess.run([os.environ["MR_SQL_COMMAND"], server], input=text, text=True,
                                  capture_output=True, check=False)
            self.result(done.returncode == 0, f"{name}: SQL on {server}",
                        done.stderr.splitlines())

    def console(self, path, start, lines):
        for number, command, expected in commands(start, lines):
            got = self.shell.run(self.hosts.to_ports(command))
            got = [self.hosts.to_names(line) for line in got]
            if self.show:
                print("$ " + command, *got, sep="\n")
                continue
            first = command.split("\n")[0].rstrip("\\ ")
            self.result(matches(expected, got), f"{path}:{number}: {first}",
                        ["expected:"] + expected + ["got:"] + got)

    def file(self, path):
        words = []
        for start, kind, content in parse(path):
            if kind == "comment":
                words = content.split()
                for word in words if words[0] != "do" else []:
                    if "=" in word:
                        self.hosts.set(*word.split("=", 1))
                if words[0] == "load":
                    lines = open(os.path.join(ROOT, words[2]), encoding="utf-8")
                    self.sql([words[1]], [line.rstrip("\n") for line in lines], f"{path}:{start}")
                elif words[0] == "do":
                    self.sql([words[1]], [" ".join(words[2:])], f"{path}:{start}")
                continue
            if kind == "sql" and words[:1] == ["sql"]:
                self.sql(words[1:], ["SET sql_log_bin = 0;", *content], f"{path}:{start}")
            elif kind == "console" and words != ["skip"]:
                self.console(path, start, content)
            words = []


def main():
    show = sys.argv[1] == "--show"
    run = Run(show)
    for path in sys.argv[2 if show else 1:]:
        run.file(path)
    print(f"1..{run.tests}")
    sys.exit(run.failures > 0)


main()
