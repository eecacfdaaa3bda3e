#!/usr/bin/env python3
"""sbom.py PROGRAM [PACKAGE.deb]: what the program is made of, as SPDX 2.3 JSON, on standard output.

What it says was looked up, not listed: the libraries are those that the program and its libraries
name (readelf) and the loader finds (ldd); packages and versions are those that dpkg says own the
files; licences are what the packages' own copyright files declare.  What is not declared in a form
that machines read is NOASSERTION, with the place to look.  The same program with the same
libraries gives the same bytes: the time is that of SOURCE_DATE_EPOCH.

Exits 3 where something is not known that has to be: a library that is not found or no package's.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
# Words of Debian's copyright files, in those of SPDX's list.
SPDX_NAMES = {
    "apache-2.0": "Apache-2.0", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
    "expat": "MIT", "mit": "MIT", "zlib": "Zlib", "gpl-2": "GPL-2.0-only", "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only", "gpl-3+": "GPL-3.0-or-later", "lgpl-2": "LGPL-2.0-only",
    "lgpl-2+": "LGPL-2.0-or-later", "lgpl-2.1": "LGPL-2.1-only", "lgpl-2.1+": "LGPL-2.1-or-later",
    "lgpl-3+": "LGPL-3.0-or-later", "openssl": "OpenSSL",
}
# "public-domain" is no licence of the list, except for this one, which has a name of its own.
BY_SOURCE = {("sqlite3", "public-domain"): "blessing"}


def die(reason):
    print(f"error: {reason}", file=sys.stderr)
    sys.exit(3)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        die(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", path))


def found_by_loader(program):
    """Name to path, of all that is loaded with it; the loader itself has no name that is looked for."""
    found = {}
    for line in run("ldd", program).splitlines():
        match = re.match(r"\s*(\S+) => (\S+)", line)
        if match:
            found[match[1]] = match[2]
            if match[2] == "not":
                die(f"the library {match[1]} is not found")
        elif line.strip().startswith("/"):
            path = line.split()[0]
            found[os.path.basename(path)] = path
    return found


def owner(path):
    """(package, version, source, architecture) of the package that has installed the file."""
    # dpkg knows one of its names where /lib is a link to /usr/lib
    names = [path, "/usr" + path, path.removeprefix("/usr"), os.path.realpath(path)]
    for name in names:
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            package = done.stdout.rpartition(": ")[0].split(",")[0]
            fields = run("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package}\t${Architecture}", package)
            return tuple(fields.split("\t"))
    return die(f"no package owns {path}")


def stanzas(text):
    """What a machine-readable copyright file says: [(patterns, licence)]."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(\S+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M))
        if "Files" in fields and "License" in fields:
            found.append((fields["Files"].split(), fields["License"].split("\n")[0].strip()))
    return found


def spdx_expression(words, source):
    parts = re.split(r"\s+(and|or)\s+", words)
    if len(set(parts[1::2])) > 1:
        return None
    for n in range(0, len(parts), 2):
        parts[n] = BY_SOURCE.get((source, parts[n]), SPDX_NAMES.get(parts[n].lower()))
    return " ".join(p.upper() if p in ("and", "or") else p for p in parts) if all(parts) else None


def licence(package, source, library):
    """(expression, comment).  A library may have a part of its source package to itself, as MariaDB's has."""
    path = f"/usr/share/doc/{package}/copyright"
    if not os.path.exists(path):
        return "NOASSERTION", f"{path} is not there"
    text = open(path, encoding="utf-8", errors="replace").read()
    known = stanzas(text)
    own = library.split(".so")[0] + "/*"
    for pattern in (own, "*"):
        for patterns, words in known:
            if pattern in patterns:
                expression = spdx_expression(words, source)
                return expression or "NOASSERTION", f'{path} says "{words}" of Files: {pattern}'
    named = sorted(set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])", text)))
    return "NOASSERTION", f"{path} is not machine-readable; it refers to {', '.join(named) or 'nothing'}"


def element(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(words))


def library_packages(program):
    """The packages of all libraries that are loaded, and which of them needs which."""
    paths, packages, edges, whose = found_by_loader(program), {}, set(), {}
    waiting, seen = [(None, name) for name in needed(program)], set()
    while waiting:
        parent, name = waiting.pop()
        if name not in paths:
            die(f"the loader does not tell where {name} is")
        if name not in whose:
            whose[name] = owner(paths[name])
            packages.setdefault(whose[name], []).append(name)
        edges.add((parent and whose[parent], whose[name]))
        if name not in seen:
            seen.add(name)
            waiting += [(name, other) for other in needed(paths[name])]
    return packages, {(a, b) for a, b in edges if a != b}


def describe(owned, libraries):
    package, version, source, architecture = owned
    expression, comment = licence(package, source, sorted(libraries)[0])
    return {
        "name": package, "SPDXID": element("Package", package), "versionInfo": version,
        "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "sourceInfo": f"built from Debian's source package {source}; loaded: {', '.join(sorted(libraries))}",
        "licenseConcluded": "NOASSERTION", "licenseDeclared": expression, "licenseComments": comment,
        "copyrightText": "NOASSERTION", "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace(':', '%3A')}"
                                              f"?arch={architecture}"}],
    }


def itself(program, deb, version):
    what = deb or program
    return {
        "name": "myrecon", "SPDXID": element("Package", "myrecon"), "versionInfo": version,
        "packageFileName": os.path.basename(what), "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False, "checksums": [{"algorithm": "SHA256", "checksumValue": sha256(what)}],
        "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
        "comment": f"the program's SHA-256 is {sha256(program)}",
    }


def main(program, deb=None):
    with open(os.path.join(ROOT, "core", "base", "version.h"), encoding="utf-8") as file:
        version = re.search(r'^#define MR_VERSION "(.*)"$', file.read(), re.M)[1]
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or die("SOURCE_DATE_EPOCH says no time")
    created = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    packages, edges = library_packages(program)
    me = itself(program, deb, version)
    links = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": me["SPDXID"]}]
    for needs, is_needed in sorted(edges, key=str):
        links.append({"spdxElementId": element("Package", needs[0]) if needs else me["SPDXID"],
                      "relationshipType": "DYNAMIC_LINK" if needs is None else "DEPENDS_ON",
                      "relatedSpdxElement": element("Package", is_needed[0])})
    digest = me["checksums"][0]["checksumValue"]
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"myrecon-{version}", "documentNamespace": f"https://myrecon.example/spdx/myrecon-{version}-{digest}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: myrecon-sbom.py"]},
        "documentDescribes": [me["SPDXID"]],
        "packages": [me] + [describe(p, packages[p]) for p in sorted(packages)],
        "relationships": links,
    }
    json.dump(document, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        die("usage: sbom.py PROGRAM [PACKAGE.deb]")
    main(*sys.argv[1:])
