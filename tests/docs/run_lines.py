#!/usr/bin/env python3
"""run_lines.py: every command line of the documentation runs on real servers.

Not the sessions, which console.py runs and compares: examples of the manual pages and of
--help, and what else stands in blocks of README.md, the guide and troubleshooting.md.  Each
file begins in a copy of the present directory, which tests/it/docs_lines.sh has prepared
with all that the lines name.  A line has to end with a result (0, 1, 2, 4).

Wants MYRECON, MR_LOST_PORT, MR_LIVE_PORT, MR_SPARE_PORT, and RESET, a command that brings
the live and the spare server back to where they were.  TAP, one test a line.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, HERE)
sys.argv = sys.argv[:1]
import command_lines  # noqa: E402

LOST, LIVE, SPARE = (os.environ[f"MR_{name}_PORT"] for name in ("LOST", "LIVE", "SPARE"))
HOSTS = {"old-primary": LOST, "lost-replica": LOST, "10.0.0.1": LOST, "db1": LOST,
         "new-primary": LIVE, "live-primary": LIVE, "live": LIVE, "10.0.0.2": LIVE, "db2": LIVE, "db3": SPARE, "mariadb": SPARE,
         "replica": LOST, "new-replica": LIVE, "spare": SPARE}
WORDS = {"SERVER": f"mysql://gate@127.0.0.1:{LOST}/club",
         "REPLICA": f"mysql://gate@127.0.0.1:{LIVE}/club",
         "SOURCE": f"mysql://recon@127.0.0.1:{LOST}/club",
         "TARGET": f"mysql://recon@127.0.0.1:{LIVE}/club"}
GOOD = (0, 1, 2, 4)
# Wants a server that is read-only and has a history of its own: tests/it/rejoin_mariadb.sh has one.
ELSEWHERE = re.compile(r"--policy rejoin|rejoin\.plan")
# What the lines name and these histories do not have: a member, a replica of the target, a cloud.
INSTEAD = ((r"club\.members=4711", "club.members=3001"), (r"\+4366012345", "+491709000001"),
           # one part does all of a fleet, and there is no engine; nobody watches
           (r"--parts \d+", "--parts 1"), (r"/shared/fleet", "fleet"), (r"--watch \d+", ""),
           (r"seq \d+ \d+ \| parallel -j \d+ (.*)\{\}", r"\1 0"),
           (r"(?<=repair )(.*)--peer \S+", r"\1"),
           # somebody at a terminal who decides one, and leaves
           (r"^(myrecon repair decide \S+)$", r"(sleep 1; printf 1; sleep 1; printf q; sleep 1) | TERM=dumb script -qec '\1' /dev/null"),
           # of the live server, and of a table that is not made anew
           (r"/club(?=\s+--transactions)", "/shop"), (r"0-1-4711", os.environ.get("GTID", "")),
           (r"'aws [^']*'", f"'echo {os.environ.get('MYRECON_PASSWORD', '')}'"))


def runnable(line):
    """The line, for these servers and this directory."""
    line = re.sub(r"(?<=\s)#\s.*$", "", line)
    line = re.sub(r"^(\* ){5}", "", line)
    line = re.sub(r"(mysql://\w+@)([\w.-]+)",
                  lambda m: f"{m[1]}127.0.0.1:{HOSTS[m[2]]}", line)
    line = re.sub(r"(?<=\s)(SERVER|REPLICA|SOURCE|TARGET)(?=\s|$)", lambda m: WORDS[m[1]], line)
    line = re.sub(r"(?<=\s)…(?=\s|$)",
                  "" if " affected " in line else f"{WORDS['SOURCE']} {WORDS['TARGET']}", line)
    line = re.sub(r"/var/lib/prometheus/node-exporter/|/etc/myrecon/|/var/tmp/", "./", line)
    line = re.sub(r"(?<=[\s:])/(backup|b|evidence)(?=[/\s]|$)", r"\1", line)
    line = re.sub(r"--(wait|for) \d+", r"--\1 1", line)
    for what, instead in INSTEAD:
        line = re.sub(what, instead, line)
    if "shop." in line:
        line = re.sub(r'"\$(SOURCE|TARGET)"', lambda m: WORDS[m[1]].removesuffix("/club"), line)
    line = re.sub(r"\b\d{8}T\d{6}Z", os.environ["RUN_ID"], line)
    if re.search(r"\b(repair (apply|undo|rehearse)|--into-existing replace)\b", line):
        line = re.sub(r"\b(repair apply|repair undo|repair rehearse|snapshot restore)\b", r"\1 --yes", line)
    return line


def outputs(line):
    """What the line is to make: it must not be there yet."""
    found = re.findall(r"--output (\S+)", line)
    if "snapshot create" in line:
        found.append(line.split()[-1])
    return found


def run(line):
    """The exit code, and what it said."""
    for path in outputs(line):
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.remove(path)
    done = subprocess.run(["bash", "-c", "set -o pipefail\n" + line], capture_output=True,
                          text=True, timeout=120, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr


def lines_of(path, find, text):
    """Lines that are not of a session."""
    if find is command_lines.of_markdown:
        text = re.sub(r"^```console.*?^```", lambda m: "\n" * m[0].count("\n"), text,
                      flags=re.S | re.M)
    for number, line, whole in find(text):
        if ELSEWHERE.search(line):
            continue
        if whole and re.search(r"\bmyrecon\b", line) and not line.startswith("ExecStart"):
            yield f"{path}:{number}", line


def sources():
    os.chdir(ROOT)
    pages = sorted(glob.glob("docs/man/*.scd"))
    for path in pages:
        yield list(lines_of(path, command_lines.of_page, open(path, encoding="utf-8").read()))
    for name, text in command_lines.help_texts():
        yield list(lines_of(name, command_lines.of_markdown, text))
    for path in ("README.md", "docs/guide.md", "docs/troubleshooting.md"):
        yield list(lines_of(path, command_lines.of_markdown,
                            open(path, encoding="utf-8").read()))


def main():
    prepared = os.getcwd()
    work = prepared + ".work"
    tests = failures = 0
    os.environ.update({k: v for k, v in WORDS.items() if k in ("SOURCE", "TARGET")})
    for lines in list(sources()):
        if not lines:
            continue
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(prepared, work)
        os.chdir(work)
        if any(re.search("repair (apply|undo|rehearse)|restore", line) for _, line in lines):
            subprocess.run([os.environ["RESET"]], check=True)
        for where, line in lines:
            if "--into-existing" in line:
                subprocess.run([os.environ["RESET"]], check=True)
            rehearsed = re.search(r"repair rehearse .*?(\S+\.(plan|merge))\b", line)
            if rehearsed:
                run(f"mariadb <{rehearsed[1]}/reseed.sql")  # as it asks for
            tests += 1
            code, said = run(runnable(line))
            good = code in GOOD
            failures += not good
            print("ok" if good else "not ok", tests, "-", where, re.sub(r"\s+", " ", line[:90].replace("#", "")), flush=True)
            if not good:
                print(f"# {runnable(line)}\n# exit {code}\n# " + said.strip().replace("\n", "\n# "))
    print(f"1..{tests}")
    sys.exit(failures > 0)


main()
