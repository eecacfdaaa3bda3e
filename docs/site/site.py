#!/usr/bin/env python3
"""site.py OUT MANDIR: the documentation as a folder of pages, for a browser, without a server.

Every .md of the root and of docs/ becomes a page of the same name (README.md: index.html), every
manual page of MANDIR one below man/.  What a page links to comes along: folders as lists, other
files as they stand.  All links are relative and nothing is loaded from elsewhere, so that OUT
may lie on a stick, or behind any web server.  search-index.js has every section's text.

Needs cmark-gfm and mandoc.
"""
import glob
import html
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SITUATIONS = ("after-a-failover", "old-primary", "bad-delete", "lost-table", "before-a-change", "nightly",
              "fleet", "rented-servers")
SEARCHED_BYTES = 20000  # of a section's text


def slug(heading):
    """As the usual sites make anchors of headings."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"`|\*", "", heading.strip().lower())).replace(" ", "-")


def plain(markup):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", markup))).strip()


def whole_options(body):
    """No line ends between "--" and the rest of an option that text names."""
    def mark(match):
        return re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r'<span class="option">\1</span>', match[0])
    parts = re.split(r"(<pre.*?</pre>)", body, flags=re.S)
    return "".join(p if p.startswith("<pre") else re.sub(r"<(code|b)>[^<]*</\1>", mark, p) for p in parts)


def page_of(path):
    """The page that a file or folder of the tree becomes."""
    if os.path.isdir(os.path.join(ROOT, path)):
        return os.path.normpath(os.path.join(path, "list.html"))
    folder, name = os.path.split(path)
    if name == "README.md":
        return os.path.join(folder, "index.html")
    return path[:-3] + ".html" if name.endswith(".md") else path + ".html"


class Site:
    def __init__(self, out, mandir):
        self.out, self.mandir = out, mandir
        self.titles, self.bodies = {}, {}  # by page
        self.wanted = []                   # files and folders that pages link to
        self.index = []                    # [page, anchor, title, heading, text]

    # ---- pages, from what there is

    def markdown(self, path):
        """The body of a page: headings have anchors, links lead to pages."""
        text = open(os.path.join(ROOT, path), encoding="utf-8").read()
        body = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink"], input=text,
                              capture_output=True, text=True, check=True).stdout
        body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.S)
        seen = {}

        def heading(match):
            name = slug(plain(match[2]))
            seen[name] = seen.get(name, 0) + 1
            anchor = name if seen[name] == 1 else f"{name}-{seen[name] - 1}"
            return f'<h{match[1]} id="{anchor}">{match[2]}</h{match[1]}>'
        body = re.sub(r"<h([1-6])>(.*?)</h\1>", heading, body, flags=re.S)
        folder = os.path.dirname(path)
        body = re.sub(r'(href|src)="([^"]*)"', lambda m: self.link(m, folder, page_of(path)), body)
        return body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")

    def link(self, match, folder, page):
        attribute, target = match[1], html.unescape(match[2])
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return match[0]
        name, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(folder, name))
        if not os.path.exists(os.path.join(ROOT, path)):
            sys.exit(f"error: {folder or '.'}: there is no \"{target}\"")
        to = path if attribute == "src" else page_of(path)
        if to not in self.bodies:
            self.wanted.append(path)
        to = os.path.relpath(to, os.path.dirname(page) or ".")
        return f'{attribute}="{html.escape(to + ("#" + anchor if anchor else ""))}"'

    def add(self, page, title, body):
        self.titles[page], self.bodies[page] = title, body

    def manual(self, path):
        name = os.path.basename(path)
        body = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", path], capture_output=True,
                              text=True, check=True).stdout
        title = re.sub(r"\.(\d)$", r"(\1)", name)
        for level in (2, 1):  # its chapters are not the page's own heading
            body = re.sub(rf"<(/?)h{level}\b", rf"<\1h{level + 1}", body)
        body = re.sub(r'<table class="head">.*?</table>', f"<h1>{title}</h1>", body, flags=re.S)
        self.add(f"man/{name}.html", title, body)

    def link_manuals(self):
        """A page that is named in a manual page or as `myrecon-check(1)` is a link to it."""
        names = {title: page for page, title in self.titles.items() if page.startswith("man/")}
        for page, body in self.bodies.items():
            def to(match, page=page):
                title = plain(match[0])
                if title not in names or names[title] == page:
                    return match[0]
                return f'<a href="{os.path.relpath(names[title], os.path.dirname(page) or ".")}">{match[0]}</a>'
            body = re.sub(r"<(b|code)>(myrecon[-.a-z]*)</\1>\(\d\)|<code>(myrecon[-.a-z]*)\(\d\)</code>",
                          to, body)
            self.bodies[page] = body

    def bring(self):
        """What pages link to and is no page: folders and files."""
        while self.wanted:
            path = self.wanted.pop()
            full, page = os.path.join(ROOT, path), page_of(path)
            if page in self.bodies or os.path.exists(os.path.join(self.out, path)):
                continue
            if path.endswith((".svg", ".png")):
                os.makedirs(os.path.dirname(os.path.join(self.out, path)), exist_ok=True)
                shutil.copy(full, os.path.join(self.out, path))
            elif os.path.isdir(full):
                names = sorted(n for n in os.listdir(full) if not n.startswith("."))
                paths = [os.path.join(path, n) for n in names if os.path.isfile(os.path.join(full, n))]
                self.wanted += [p for p in paths if page_of(p) not in self.bodies]
                items = "".join(f'<li><a href="{os.path.basename(page_of(p))}">{os.path.basename(p)}</a></li>'
                                for p in paths)
                self.add(page, path, f"<h1>{html.escape(path)}</h1><ul>{items}</ul>")
            else:
                text = open(full, encoding="utf-8").read()
                self.add(page, path, f"<h1>{html.escape(path)}</h1><pre><code>{html.escape(text)}</code></pre>")

    # ---- what is around them

    def groups(self):
        """(title, pages) of the navigation; a page that is in no group is reached by links."""
        def of(pattern):
            return sorted(p for p in self.bodies if re.fullmatch(pattern, p))
        situations = [f"docs/situations/{name}.html" for name in SITUATIONS]
        return [
            ("Begin", ["index.html", "docs/index.html"]),
            ("When …", [p for p in situations if p in self.bodies]),
            ("Guide", [p for p in ("docs/guide.html", "docs/fleet.html", "docs/troubleshooting.html",
                                   "docs/exit-codes.html") if p in self.bodies]),
            ("Commands", of(r"man/.*")),
            ("Formats", of(r"docs/formats/(?!list).*")),
            ("How it works", ["docs/architecture.html"] + of(r"docs/design/(?!list).*")),
            ("Project", of(r"[A-Z]+\.html")),
        ]

    def navigation(self, page):
        def to(other):
            return os.path.relpath(other, os.path.dirname(page) or ".")
        parts = []
        for title, pages in self.groups():
            is_open = page in pages or title in ("Begin", "When …", "Guide")
            items = "".join(
                f'<li><a href="{to(p)}"{" aria-current=page" if p == page else ""}>'
                f"{html.escape(self.titles[p])}</a></li>" for p in pages)
            parts.append(f"<details{' open' if is_open else ''}><summary>{title}</summary><ul>{items}</ul></details>")
        return "".join(parts)

    def contents(self, body):
        """Of this page, where it has more than three chapters."""
        found = re.findall(r'<h([23])[^>]* id="([^"]+)"[^>]*>(.*?)</h\1>', body, flags=re.S)
        if len([f for f in found if f[0] == "2"]) < 4:
            return ""
        items = "".join(f'<li class="l{level}"><a href="#{anchor}">{html.escape(plain(title))}</a></li>'
                        for level, anchor, title in found)
        return f'<details class="contents"><summary>On this page</summary><ul>{items}</ul></details>'

    def write(self, page, title, body, extra=""):
        up = os.path.relpath(".", os.path.dirname(page) or ".")
        text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)} – myrecon</title><link rel="stylesheet" href="{up}/site.css"></head>
<body><a class="skip" href="#main">To the text</a>
<header><a class="name" href="{up}/index.html">myrecon</a>
<form action="{up}/search.html" role="search"><input type="search" name="q" aria-label="Search" placeholder="Search: a message, an option, a word"></form>
<a class="pages" href="#pages">All pages</a></header>
<div class="columns"><main id="main">{self.contents(body)}{whole_options(body)}</main>
<nav id="pages" aria-label="Pages">{self.navigation(page)}</nav></div>
<script src="{up}/reach.js"></script>{extra}</body></html>
"""
        full = os.path.join(self.out, page)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def index_page(self, page, body):
        pieces = re.split(r'<h[1-6][^>]* id="([^"]+)"[^>]*>(.*?)</h[1-6]>', body, flags=re.S)
        sections = [("", self.titles[page], pieces[0])]
        sections += zip(pieces[1::3], map(plain, pieces[2::3]), pieces[3::3])
        for anchor, heading, markup in sections:
            # a row that messages and pages point to is a place of its own
            for row in re.findall(r'<tr>\s*<td><a id="[^"]+"></a>.*?</tr>', markup, flags=re.S):
                place, cell = re.search(r'<a id="([^"]+)"></a>(.*?)</td>', row, re.S).groups()
                self.index.append([page, place, self.titles[page], plain(cell), plain(row)])
                markup = markup.replace(row, "")
            text = plain(markup)
            if text or anchor:
                self.index.append([page, anchor, self.titles[page], heading, text[:SEARCHED_BYTES]])

    def build(self):
        sources = sorted(glob.glob("*.md", root_dir=ROOT) + glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True))
        for path in sources:
            self.bodies[page_of(path)] = ""
        for path in sources:
            body = self.markdown(path)
            title = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.S)
            self.add(page_of(path), plain(title[1]) if title else path, body)
        self.titles["index.html"] = "What it is"
        self.titles["docs/index.html"] = "Which document for what"
        for path in sorted(glob.glob(os.path.join(self.mandir, "*.[15]"))):
            self.manual(path)
        self.bring()
        self.link_manuals()
        for page, body in self.bodies.items():
            self.write(page, self.titles[page], body)
            if not page.endswith("list.html"):
                self.index_page(page, body)
        self.write("search.html", "Search", '<h1>Search</h1><div id="found" aria-live="polite">'
                   "<p>The search needs JavaScript.</p></div>",
                   '<script src="search-index.js"></script><script src="site.js"></script>')
        with open(os.path.join(self.out, "search-index.js"), "w", encoding="utf-8") as file:
            file.write("var MR_SEARCH = " + json.dumps(self.index, ensure_ascii=False, separators=(",", ":")) + ";\n")
        for name in ("site.css", "site.js", "reach.js"):
            shutil.copy(os.path.join(HERE, name), self.out)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = sys.argv[1]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    site = Site(out, sys.argv[2])
    site.build()
    print(f"{len(site.bodies)} pages, {len(site.index)} sections: open {os.path.join(out, 'index.html')} in a browser")


main()
