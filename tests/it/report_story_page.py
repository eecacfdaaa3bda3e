"""report_story_page.py PAGE SCRATCH: looks at the story of a report in a real browser.

Prints one line a check, as report_page.py does.
"""
import os
import sys

sys.dont_write_bytecode = True
from report_page import CONTRAST, quiet, same, say  # noqa: E402
from webdriver import Browser  # noqa: E402

TEXTS = "return Array.prototype.map.call(document.querySelectorAll('%s'), e => e.textContent)"
# What sticks out of the window to the right, but for tables that scroll by themselves.
WIDE = """
return Array.prototype.filter.call(document.querySelectorAll('.story *'), function (e) {
  return !e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 1;
}).map(function (e) { return e.textContent.slice(0, 40); })
"""


def main():
    page, scratch = os.path.abspath(sys.argv[1]), sys.argv[2]
    with Browser(scratch) as b:
        b.resize(1440, 900)
        b.media()
        b.open("file://" + page)
        quiet(b, "no word on the console")
        same("the four parts, in order", b.run(TEXTS % ".story h3"),
             ["Before", "Action", "After", "Verification"])
        say("stands, as verify proves" in b.run("return document.querySelector('h1').textContent"),
            "the first sentence says what it comes to")
        say("people were touched." in b.run("return document.querySelector('h1').textContent"), "and whom it touched")
        same("what was done is known, and when", b.run(
            "return Array.prototype.filter.call(document.querySelectorAll('.course dt'), e => !e.closest('.none'))"
            ".map(e => e.textContent).slice(-4)"), ["Checked", "Reseeded", "Repaired", "Verified"])
        say(b.run("return Array.prototype.some.call(document.querySelectorAll('#left + .steps li'), e =>"
                  " /^Who knows/.test(e.textContent) && / repair decide /.test(e.textContent))"),
            "conflicts that are open are for who knows the people")
        say("the check had found: " in b.run("return document.querySelector('.lead').textContent"),
            "the second one what was found before")
        same("every head has a scope", b.run(
            "return document.querySelectorAll('.story th:not([scope])').length"), 0)
        b.click(".bar nav a[href='#story']")
        say(b.run("return Math.abs(document.querySelector('#story').getBoundingClientRect().top)"
                  " < innerHeight / 2"), "the bar leads there")
        same("contrast in the light", b.run(CONTRAST), [])
        b.media(theme="dark")
        same("contrast in the dark", b.run(CONTRAST), [])
        b.media("print")
        same("nothing is cut off on paper", b.run(WIDE), [])
        b.pdf(os.path.join(scratch, "page.pdf"))
        b.media()
        b.resize(390, 844)
        b.open("file://" + page)
        same("no sideways scrolling at 390 pixels", b.run(
            "return [document.documentElement.scrollWidth, innerWidth]"), [390, 390])
        same("nothing sticks out there", b.run(WIDE), [])
        same("messages have the width to be read", b.run(
            "return Array.prototype.filter.call(document.querySelectorAll('.says td:last-child'),"
            " e => e.getBoundingClientRect().width < 200 || e.getBoundingClientRect().right > 391)"
            ".length"), 0)


main()
