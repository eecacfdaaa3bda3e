"""decide_speed.py PAGE SCRATCH: how long a page with many conflicts takes in a real browser: until it is
painted first, a choice for one, a choice for all, a search, and a scroll to the end.  Prints one line
a check; decide_page.sh makes TAP of them.
"""
import os
import sys

sys.dont_write_bytecode = True
from webdriver import Browser  # noqa: E402

# Milliseconds from an action until the frame behind it is there.
TIMED = """
var done = arguments[arguments.length - 1];
var from = performance.now();
%s
requestAnimationFrame(function () { setTimeout(function () { done(performance.now() - from); }, 0); });
"""


def timed(b, action):
    return b._call("POST", "/execute/async", {"script": TIMED % action, "args": []})


def check(what, ms, most):
    print(f"{'ok' if ms <= most else 'not ok'} - {what}: {ms:.0f} ms, at most {most}", flush=True)


def main(page, scratch):
    slow = float(os.environ.get("SLOW", 1))  # how much slower than a quiet machine may be
    with Browser(scratch) as b:
        b.open("file://" + os.path.abspath(page))
        paint = b.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
        n = b.run("return document.querySelector('#progress').max")
        check(f"{n:.0f} conflicts: first paint", paint, 1000 * slow)
        lines = b.run("return document.querySelectorAll('#list button').length")
        print(f"{'ok' if lines < 100 else 'not ok'} - only {lines} lines of the list are elements")
        key = "document.querySelector('#main').dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}));"
        check("a choice", sorted(timed(b, key % "1") for _ in range(9))[4], 50 * slow)
        check("the next one", sorted(timed(b, key % "j") for _ in range(9))[4], 50 * slow)
        b.run("document.querySelector('#rule').click()")
        b.run("var s = document.querySelectorAll('.rule select')[0]; s.value = 'changed'; s.dispatchEvent(new Event('change'));")
        check("a choice for all", timed(b, "document.querySelector('.pick').click();"), 1000 * slow)
        check("taking that back", timed(b, key % "u"), 1000 * slow)
        check("finding", timed(b, "var f = document.querySelector('#find'); f.value = '4711'; f.dispatchEvent(new Event('input'));"), 1000 * slow)
        check("a scroll to the end", timed(b, "var l = document.querySelector('#list'); l.scrollTop = l.scrollHeight;"), 50 * slow)
        print("ok - nothing is logged" if not b.console() else "not ok - something is logged")


main(*sys.argv[1:])
