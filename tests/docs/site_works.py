#!/usr/bin/env python3
"""site_works.py: `make site` makes pages that hold together: every link leads to a page and to a
place in it, nothing is loaded from elsewhere, every page is reached from the first one, and the
search, which is run in a browser where there is one, finds what people look for; some are looked at by axe-core.

Wants MYRECON (docgen lies beside it).  Prints TAP.
"""
import glob
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCGEN = os.path.join(os.path.dirname(os.path.abspath(os.environ["MYRECON"])), "docgen", "docgen")
# What somebody types, and a page that has to be among the first five.
SOUGHT = {
    "errant transaction": "man/myrecon-gate.1.html",
    "--lock-timeout": "man/myrecon-repair.1.html",
    "endpoint starts neither": "docs/troubleshooting.html",
    "conflicts.csv": "docs/guide.html",
    "bad DELETE": "docs/situations/bad-delete.html",
}


class Page(html.parser.HTMLParser):
    """Places and links of a page, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(open(path, encoding="utf-8").read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        self.loads += [attrs[name] for name in ("src", "action") if name in attrs]
        if tag == "link":
            self.loads.append(attrs["href"])


def manual_pages(folder):
    os.makedirs(folder)
    for source in glob.glob("docs/man/*.scd"):
        text = subprocess.run([DOCGEN, "man"], stdin=open(source), capture_output=True, check=True).stdout
        page = subprocess.run(["scdoc"], input=text, capture_output=True, check=True).stdout
        with open(os.path.join(folder, os.path.basename(source)[:-4]), "wb") as file:
            file.write(page)


def leads(page, target):
    """(page, place) of a link within the site."""
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    path = path.partition("?")[0]
    return os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page, anchor


def wrong_links(pages, site):
    for page, parsed in pages.items():
        for target in parsed.links:
            if re.match(r"(https?|mailto):", target):
                continue
            path, anchor = leads(page, target)
            if path not in pages:
                yield f"{page}: there is no {target}"
            elif anchor and anchor not in pages[path].ids:
                yield f"{page}: there is no such place: {target}"
        for target in parsed.loads:
            if ":" in target or target.startswith("/") or not os.path.exists(os.path.join(site, leads(page, target)[0])):
                yield f"{page}: loads {target}"


def unreached(pages):
    found, rest = set(), ["index.html"]
    while rest:
        page = rest.pop()
        if page in found or page not in pages:
            continue
        found.add(page)
        rest += [leads(page, t)[0] for t in pages[page].links if not re.match(r"[a-z]+:", t)]
    return sorted(set(pages) - found - {"search.html"})


def search(site, query):
    """The pages that the browser shows for it, best first."""
    address = f"file://{site}/search.html?q={urllib.parse.quote(query)}"
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            ["/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
             "--dump-dom", address], capture_output=True, text=True, timeout=120)
    found = done.stdout.partition('id="found"')[2]
    return [link.partition("#")[0] for link in re.findall(r'<h2><a href="([^"]+)"', found)]


def accessible(site, scratch):
    """Pages and what axe-core says of them: ("PAGE: what is looked at", troubles); None: it cannot be had."""
    axe = subprocess.run(["tests/lib/axe.sh"], capture_output=True, text=True)
    if axe.returncode != 0 or not os.path.exists("/usr/bin/chromedriver"):
        return None
    os.makedirs(os.path.join(scratch, "axe"))
    pages = [os.path.join(site, name) for name in ("index.html", "LICENSE.html", "man/myrecon-check.1.html")]
    done = subprocess.run([sys.executable, "-B", "tests/it/axe_pages.py", axe.stdout.strip(), os.path.join(scratch, "axe"), *pages],
                          capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    return [(line.partition("ok - ")[2], [line] if line.startswith("not ok") else []) for line in lines] + [
        ("all pages were looked at", [] if len(lines) == len(pages) else [done.stderr])]


def index_of(site):
    text = open(os.path.join(site, "search-index.js"), encoding="utf-8").read()
    return json.loads(text.removeprefix("var MR_SEARCH = ").rstrip(";\n"))


def main():
    os.chdir(ROOT)
    tests, skipped = [], []
    with tempfile.TemporaryDirectory() as scratch:
        site, man = os.path.join(scratch, "site"), os.path.join(scratch, "man")
        manual_pages(man)
        done = subprocess.run(["docs/site/site.py", site, man], capture_output=True, text=True)
        tests.append(("the site is made", [done.stderr] if done.returncode else []))
        paths = [os.path.relpath(p, site) for p in glob.glob(site + "/**/*.html", recursive=True)]
        pages = {p: Page(os.path.join(site, p)) for p in paths}
        tests.append(("links lead to pages and places, nothing is loaded from elsewhere",
                      list(wrong_links(pages, site))))
        tests.append(("every page is reached from the first one", unreached(pages)))
        documents = glob.glob("*.md") + glob.glob("docs/**/*.md", recursive=True) + glob.glob("docs/man/*.scd")
        tests.append(("every document is a page", [f"{len(pages)} pages of {len(documents)} documents"]
                      if len(pages) <= len(documents) else []))
        index = index_of(site)
        tests.append(("the index leads to places", [f"{e[0]}#{e[1]}" for e in index
                      if e[0] not in pages or e[1] and e[1] not in pages[e[0]].ids]))
        if os.path.exists("/usr/bin/chromium"):
            for query, page in SOUGHT.items():
                found = search(site, query)
                tests.append((f"search: {query}", [] if page in found[:5] else found[:5] or ["nothing"]))
            found = search(site, "nobodyhaswrittenthisword")
            tests.append(("search: what is nowhere is not found", found))
            looked_at = accessible(site, scratch)
            if looked_at is None:
                skipped.append("what axe-core says: it cannot be had")
            tests += looked_at or []
        else:
            skipped.append("search: no chromium")
    number = 0
    for number, (name, wrong) in enumerate(tests, 1):
        print("not ok" if wrong else "ok", number, "-", name)
        for line in wrong:
            print("#", line)
    for number, name in enumerate(skipped, number + 1):
        print(f"ok {number} - {name} # SKIP")
    print(f"1..{number}")
    sys.exit(any(wrong for _, wrong in tests))


main()
