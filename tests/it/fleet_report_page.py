"""fleet_report_page.py PAGE SCRATCH: looks at the report of a fleet in a real browser.

Prints one line a check, as report_page.py does, whose pieces it uses; fleet_report.sh makes TAP of them.
"""
import os
import sys

sys.dont_write_bytecode = True
import report_page as page_of  # noqa: E402
from webdriver import Browser  # noqa: E402

VERDICTS = ("return Array.prototype.map.call(document.querySelectorAll('#list tbody tr'), "
            "r => r.getAttribute('data-verdict'))")
TITLE = "return document.title"
EVIL = "return typeof window.evil"


def loads(b, page):
    b.open("file://" + page)
    page_of.quiet(b, "the page of a fleet loads without a word on the console")
    page_of.say(b.run(TITLE).startswith("Incomplete: "), "its title has the verdict", b.run(TITLE))
    page_of.same("nothing is loaded", b.run("return performance.getEntriesByType('resource').length"), 0)
    page_of.same("what cases hold has not run", b.run(EVIL), "undefined")
    page_of.say(b.run("return document.body.textContent.includes('<img src=x onerror=window.evil=1>')"),
                "and stands there as text")
    page_of.same("every link within leads somewhere", b.run("""
        return Array.prototype.filter.call(document.querySelectorAll('a[href^="#"]'),
            a => !document.getElementById(a.getAttribute('href').slice(1))).length"""), 0)
    verdicts = b.run(VERDICTS)
    page_of.same("every pair is listed", len(verdicts), 64)
    page_of.same("the worst first", verdicts[:4], ["diverged", "diverged", "incomplete", "incomplete"])
    page_of.same("heads have a scope", b.run("return document.querySelectorAll('th:not([scope])').length"), 0)


def searches(b):
    b.type("#search", "evil")
    page_of.same("the search leaves pairs that match", b.run(page_of.ROWS), ["evil-0", "evil-1"])
    page_of.same("and counts pairs", b.run("return document.querySelector('#count').textContent"), "2 of 64 pairs")
    b.clear("#search")
    b.run("document.querySelector('#search').dispatchEvent(new Event('input'))")
    b.click("#tools button[data-verdict=incomplete]")
    page_of.same("by verdict", sorted(b.run(page_of.ROWS)), ["lost", "part"])
    b.click("#tools button[data-verdict='']")
    b.click("#list thead th:nth-child(3) button")
    page_of.same("sorted by people, who is not known is last",
                 b.run("return document.querySelector('#list tbody tr:last-child').cells[2].textContent"), "not known")


def looks(b, page):
    page_of.same("contrast", b.run(page_of.CONTRAST), [])
    b.click("#theme")
    page_of.same("contrast in the dark", b.run(page_of.CONTRAST), [])
    b.resize(390, 844)
    b.open("file://" + page)
    page_of.same("no sideways scrolling at 390 pixels", b.run(
        "return [document.documentElement.scrollWidth, innerWidth]"), [390, 390])
    b.resize(1440, 900)


NUMBERS = """
    document.querySelectorAll('.kpi dd').forEach(d => d.firstChild.data = '999,999');
    return Array.prototype.filter.call(document.querySelectorAll('.kpi dd'), d => {
        const r = document.createRange();
        r.selectNodeContents(d.firstChild);
        return r.getClientRects().length > 1 || r.getBoundingClientRect().right > d.getBoundingClientRect().right;
    }).length"""


def fits(b, page):
    """On the screen of a small laptop: what is in the last column is not beyond the edge."""
    b.resize(1280, 800)
    b.open("file://" + page)
    page_of.say(b.run("const s = document.querySelector('#list').closest('.scroll') || document.querySelector('#list');"
                      "return s.scrollWidth <= s.clientWidth"), "all columns of the list are seen at 1280 pixels")
    page_of.same("no number is broken in two lines", b.run(NUMBERS), 0)
    b.resize(1440, 900)


def leads(b, page):
    """To each pair's own page, and back."""
    b.open("file://" + page)
    page_of.same("a pair whose case is lost leads nowhere", b.run(
        "return document.querySelector('#list tr[data-name=lost] a') === null"), True)
    b.click("#list tr[data-name=evil-0] a")
    page_of.say(b.run(TITLE).startswith("Diverged: "), "a pair leads to its own page", b.run(TITLE))
    page_of.say(b.run("return document.body.textContent.includes('<script>window.evil=1</script>')"),
                "which has its case")
    page_of.same("and runs nothing of it", b.run(EVIL), "undefined")
    page_of.quiet(b, "nor says a word on the console")
    b.click(".bar nav a:first-child")
    page_of.say(b.run(TITLE).startswith("Incomplete: "), "and back again", b.run(TITLE))


def main():
    page, scratch = os.path.abspath(sys.argv[1]), sys.argv[2]
    with Browser(scratch) as b:
        b.resize(1440, 900)
        b.media()
        loads(b, page)
        searches(b)
        looks(b, page)
        fits(b, page)
        leads(b, page)


if __name__ == "__main__":
    main()
