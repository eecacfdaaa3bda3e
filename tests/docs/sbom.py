#!/usr/bin/env python3
"""sbom.py: what .packaging/sbom.py says of the program is whole, is what the program was linked with,
and has what SPDX 2.3 requires.

Wants MYRECON, and a Debian.  Prints TAP.
"""
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROGRAM = os.path.abspath(os.environ.get("MYRECON", os.path.join(ROOT, "build", "myrecon")))
# What the schema of 2.3 requires, and what its text says of these fields.
REQUIRED = {
    "": ("SPDXID", "creationInfo", "dataLicense", "documentNamespace", "name", "spdxVersion"),
    "packages": ("SPDXID", "downloadLocation", "name"),
    "relationships": ("spdxElementId", "relatedSpdxElement", "relationshipType"),
    "externalRefs": ("referenceCategory", "referenceLocator", "referenceType"),
    "checksums": ("algorithm", "checksumValue"),
}
SPDX_ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+$")
LICENCE = re.compile(r"(NOASSERTION|NONE|[A-Za-z0-9.+-]+( (AND|OR) [A-Za-z0-9.+-]+)*)$")


def make(**more):
    return subprocess.run([os.path.join(ROOT, ".packaging", "sbom.py"), PROGRAM], capture_output=True, text=True,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1795176000", **more})


def lacking(where, found):
    for n, each in enumerate(found):
        for name in REQUIRED[where]:
            if not each.get(name):
                yield f"{where}[{n}] has no {name}"


def wrong_form(d):
    yield from lacking("", [d])
    yield from lacking("packages", d["packages"])
    yield from lacking("relationships", d["relationships"])
    for package in d["packages"]:
        yield from lacking("externalRefs", package.get("externalRefs", []))
        yield from lacking("checksums", package.get("checksums", []))
        for field in ("licenseConcluded", "licenseDeclared"):
            if not LICENCE.match(package[field]):
                yield f"{package['name']}: {field} {package[field]}"
    if (d["spdxVersion"], d["dataLicense"], d["SPDXID"]) != ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"):
        yield "the head is another one"
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", d["creationInfo"]["created"]) or \
            not all(re.match(r"(Tool|Organization|Person): .", c) for c in d["creationInfo"]["creators"]):
        yield f"creationInfo: {d['creationInfo']}"
    if not re.match(r"https://[^#]+$", d["documentNamespace"]):
        yield d["documentNamespace"]


def wrong_references(d):
    ids = [d["SPDXID"]] + [p["SPDXID"] for p in d["packages"]]
    yield from (f"twice: {i}" for i in ids if ids.count(i) > 1)
    yield from (f"no identifier: {i}" for i in ids if not SPDX_ID.match(i))
    for r in d["relationships"]:
        yield from (f"{r}" for end in ("spdxElementId", "relatedSpdxElement") if r[end] not in ids)
    related = {r["relatedSpdxElement"] for r in d["relationships"]}
    yield from (f"nothing leads to {i}" for i in ids[1:] if i not in related)


def wrong_libraries(d):
    """Against the program itself, by another tool than the one that made the list."""
    told = " ".join(p.get("sourceInfo", "") for p in d["packages"])
    text = subprocess.run(["objdump", "-p", PROGRAM], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"NEEDED\s+(\S+)", text)
    if len(needed) < 5:
        yield f"objdump sees only {needed}"
    yield from (f"not told: {name}" for name in needed if name not in told)
    for p in d["packages"][1:]:
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", p["name"]], capture_output=True, text=True).stdout
        if version != p["versionInfo"]:
            yield f"{p['name']} is {version}, not {p['versionInfo']}"
    direct = [r for r in d["relationships"] if r["relationshipType"] == "DYNAMIC_LINK"]
    if not direct:
        yield "the program is linked with nothing"


def main():
    if not all(shutil.which(tool) for tool in ("dpkg-query", "readelf", "objdump", "ldd")):
        print("1..0 # SKIP this is no Debian, or binutils are missing")
        return
    done, again = make(), make(TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8")
    tests = [("it is made", [] if done.returncode == 0 else [done.stderr])]
    if done.returncode == 0:
        d = json.loads(done.stdout)
        tests += [("it has what is required, in its form", list(wrong_form(d))),
                  ("every reference leads somewhere, and to everything", list(wrong_references(d))),
                  ("it names what the program was linked with", list(wrong_libraries(d))),
                  ("licences: only of files that no machine reads nothing is asserted",
                   [f"{p['name']}: {p['licenseComments']}" for p in d["packages"][1:]
                    if p["licenseDeclared"] == "NOASSERTION" and "not machine-readable" not in p["licenseComments"]]),
                  ("the same once more, elsewhere", [] if again.stdout == done.stdout else ["it differs"])]
    env = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    no_time = subprocess.run([os.path.join(ROOT, ".packaging", "sbom.py"), PROGRAM], capture_output=True, text=True, env=env)
    tests.append(("without a time it refuses", [] if no_time.returncode == 3 else [f"exit {no_time.returncode}"]))
    for number, (name, wrong) in enumerate(tests, 1):
        print("not ok" if wrong else "ok", number, "-", name)
        for line in wrong:
            print("#", line)
    print(f"1..{len(tests)}")
    sys.exit(any(wrong for _, wrong in tests))


main()
