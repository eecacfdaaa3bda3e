"""axe_pages.py AXE SCRATCH PAGE…: nothing on these pages is a serious or critical trouble to axe-core, on a
desktop in the dark and on a phone in the light; and no page is wider than a screen.

PAGE is FILE, or FILE=SELECTOR,… : the elements that are clicked before it is looked at.  Prints one line a page,
as report_page.py does.
"""
import os
import sys

sys.dont_write_bytecode = True
from report_page import say  # noqa: E402
from webdriver import Browser  # noqa: E402

# Looking at colours is most of the work, and those of the light are looked at by report_page.py.
SCREENS = ((1280, 800, "dark"), (768, 1024, ""), (390, 844, "light"))
RUN = """
var done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: innerWidth > 1000 } } }).then(function (r) {
  done(r.violations.filter(function (v) { return v.impact === 'serious' || v.impact === 'critical'; })
    .map(function (v) { return v.id + ' ' + v.nodes[0].target.join(' '); }));
}, function (e) { done([String(e)]); });
"""
WIDE = "return document.documentElement.scrollWidth > innerWidth"


def troubles(b, axe, file, clicks):
    for width, height, theme in SCREENS:
        b.resize(width, height)
        b.media(theme=theme or "light")
        b.open("file://" + os.path.abspath(file))
        for selector in clicks:
            b.click(selector)
        if b.run(WIDE):
            yield f"{width}: wider than the screen"
        if not theme:
            continue
        b.cdp("Runtime.evaluate", expression=axe)
        for found in b._call("POST", "/execute/async", {"script": RUN, "args": []}):
            yield f"{width} {theme}: {found}"


def main(path, scratch, *pages):
    with open(path, encoding="utf-8") as file:
        axe = file.read()
    with Browser(scratch) as b:
        b._call("POST", "/timeouts", {"script": 120000})  # of a machine that others work on, too
        for page in pages:
            file, _, clicks = page.partition("=")
            found = list(troubles(b, axe, file, [c for c in clicks.split(",") if c]))
            name = os.path.basename(file)[:-5] + (", " + clicks if clicks else "")
            say(not found, f"{name}: nothing serious to axe-core", "; ".join(found[:5]))


main(*sys.argv[1:])
