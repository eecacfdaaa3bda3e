#!/usr/bin/env python3
"""step_unit.py: runs one unit of a plan's script statement by statement, as the stock client
would, and lets somebody else have a look, or do something, in between.

  step_unit.py SCRIPT UNIT CLIENT PROBE          PROBE at each boundary while locks are held
  step_unit.py SCRIPT UNIT CLIENT --each LOCKS   the same, for servers without SKIP LOCKED: each
                                                 statement that locks in a session of its own
  step_unit.py SCRIPT UNIT CLIENT --at MARK SQL  SQL once, committed, in front of the MARK

CLIENT is the command of a client with its options.  PROBE is a SELECT with a number for a
result, run by a session of its own: how many rows somebody else could change; of LOCKS, how many
did not wait, looked at behind each mark and then at every tenth boundary.  MARK is a line
of the script ("-- locks", "-- write", …), or, with a number behind it, a statement of its section.  Writes to stdout a line for each boundary (section,
number of the statement, answer of PROBE), "waited" or "done" for SQL, each error with its
section, and at last what the unit says of itself: end COMMIT, or end ROLLBACK.
"""
import re
import shlex
import subprocess
import sys


class Session:
    """A client that stays, answers, and goes on after an error."""

    def __init__(self, command, options):
        self.pipe = subprocess.Popen(
            shlex.split(command) + options, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1, errors="replace")
        self.asked = 0

    def run(self, sql):
        self.send(sql)
        return self.answer()

    def send(self, sql):
        self.asked += 1
        # no statement: ROW_COUNT() is still to tell of the last
        self.pipe.stdin.write(sql + ";\n\\! echo answered %d\n" % self.asked)
        self.pipe.stdin.flush()

    def answer(self):
        mark, lines = "answered %d" % self.asked, []
        for line in self.pipe.stdout:
            if line.rstrip("\n") == mark:
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit("the client has ended: %s" % lines)

    def close(self):
        self.pipe.stdin.close()
        self.pipe.wait()


def statements(path, unit):
    """Of the head and of one unit: (section, statement without its ";")."""
    section, text, wanted = "head", [], True
    with open(path, encoding="ascii") as file:
        for line in file:
            line = line.rstrip("\n")
            number = re.match(r"-- unit (\d+) of ", line)
            if number and not text:
                wanted, section = number.group(1) == unit, "unit"
            elif re.match(r"-- (stage|locks|guards|write|again|end)$", line) and not text:
                section = line[3:]
                if wanted:
                    yield section, None
            elif (line and not line.startswith("-- ")) or text:
                text.append(line)
                if line.endswith(";"):
                    if wanted:
                        yield section, "\n".join(text)[:-1]
                    text = []


def free(others, statements):
    """How many of the statements do not wait, each in a session of its own."""
    for other, statement in zip(others, statements):
        other.send("START TRANSACTION;\n%s;\nROLLBACK" % statement)
    answers = [other.answer() for other in others]
    return str(sum(not any(x.startswith("ERROR 1205") for x in lines) for lines in answers))


def come_in(other, sql):
    errors = [x for x in other.run(sql) if x.startswith("ERROR")]
    waited = any("1205" in x for x in errors)
    print("waited" if waited else "failed " + errors[0] if errors else "done")


def main():
    script, unit, command = sys.argv[1:4]
    at, sql = (sys.argv[5], sys.argv[6]) if sys.argv[4] == "--at" else (None, None)
    each = sys.argv[5].split("; ") if sys.argv[4] == "--each" else []
    options = ["--force", "--unbuffered", "-N", "-B"]
    own, other = Session(command, options), Session(command, options)
    others = [Session(command, options) for _ in each]
    for session in [other] + others:
        session.run("SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1")
    number, holds, passed = 0, False, 0
    for section, statement in statements(script, unit):
        if statement is None:
            if at == "-- " + section:
                come_in(other, sql)
            holds, passed = holds or section == "guards", 0
        else:
            number += 1
            if at == "-- %s %d" % (section, passed):
                come_in(other, sql)
            for line in own.run(statement):
                print("error" if line.startswith("ERROR") else "says", section, line)
            holds = holds and not statement.startswith("EXECUTE myrecon_end")
        passed += 1
        if holds and each and passed % 10 == 1:
            print("free", section, number, free(others, each))
        elif holds and at is None and not each:
            answer = other.run("START TRANSACTION;\n%s;\nROLLBACK" % sys.argv[4])
            print("free", section, number, " ".join(answer))
    print("end", *own.run("SELECT @myrecon_end"))
    for session in [own, other] + others:
        session.close()


main()
