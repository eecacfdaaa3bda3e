"""report_page.py PAGE SCRATCH [PRINTED]: looks at a report in a real browser, and at a second one on paper.

Prints one line a check, "ok - WHAT" or "not ok - WHAT: WHY"; report_browser.sh makes TAP of
them.  With MR_SHOTS=DIRECTORY it leaves pictures there.
"""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
from webdriver import Browser  # noqa: E402

# The contrast of every piece of text with what is behind it, the worst first.
CONTRAST = """
function parse(text) {
  var m = text.match(/[\\d.]+/g);
  return m && { r: +m[0], g: +m[1], b: +m[2], a: m.length > 3 ? +m[3] : 1 };
}
function light(c) {
  return [c.r, c.g, c.b].map(function (v) {
    v /= 255;
    return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  }).reduce(function (sum, v, i) { return sum + v * [0.2126, 0.7152, 0.0722][i]; }, 0);
}
function behind(element) {
  for (; element; element = element.parentElement) {
    var c = parse(getComputedStyle(element).backgroundColor);
    if (c && c.a > 0.5) return c;
  }
  return { r: 255, g: 255, b: 255 };
}
var worst = [];
document.querySelectorAll('body *').forEach(function (element) {
  var own = Array.prototype.some.call(element.childNodes, function (node) {
    return node.nodeType === 3 && node.textContent.trim();
  });
  if (!own || !element.getClientRects().length || /^(SCRIPT|STYLE|TITLE)$/i.test(element.tagName))
    return;
  var style = getComputedStyle(element);
  var colour = parse(element.closest('svg') ? style.fill : style.color);
  var a = light(colour), b = light(behind(element));
  var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5 || +style.opacity < 1)
    worst.push(ratio.toFixed(2) + ' ' + element.tagName + '.' + element.getAttribute('class') +
      ' ' + element.textContent.trim().slice(0, 30));
});
return worst.sort().slice(0, 5);
"""
ROWS = """
return Array.prototype.filter.call(document.querySelectorAll('#list tbody tr'), function (row) {
  return row.getClientRects().length;
}).map(function (row) { return row.getAttribute('data-name'); });
"""
COLUMN = """
return Array.prototype.map.call(document.querySelectorAll('#list tbody tr'), function (row) {
  return row.cells[arguments_0].textContent;
});
"""
SORTS = """
return Array.prototype.map.call(document.querySelectorAll('#list thead th'), function (th) {
  return th.getAttribute('aria-sort');
});
"""
BACKGROUND = "return getComputedStyle(document.documentElement).backgroundColor"
OPEN = "return document.querySelectorAll('details.table[open]').length"
DETAILS = "return document.querySelectorAll('details.table').length"


def say(good, what, why=""):
    print(f"ok - {what}" if good else f"not ok - {what}: {why}".replace("\n", " "))


def same(what, got, wanted):
    say(got == wanted, what, f"got {got!r}, wanted {wanted!r}")


def quiet(b, what):
    log = b.console()
    say(not log, what, str(log[:3]))


def column(b, index):
    return [int(text.replace(",", "")) for text in b.run(COLUMN.replace("arguments_0", str(index)))]


def loads(b, page):
    b.open("file://" + page)
    quiet(b, "the page loads without a word on the console")
    say(b.run("return document.title").startswith("Diverged: "), "the title has the verdict")
    same("one script, the page's own", b.run("return document.scripts.length"), 1)
    same("no picture from anywhere", b.run("return document.images.length"), 0)
    same("nothing is loaded", b.run("return performance.getEntriesByType('resource').length"), 0)
    same("what the database holds has not run", b.run("return typeof window.evil"), "undefined")
    same("and stands there as text",
         b.run("return document.body.textContent.includes('<script>window.evil=1</script>')"),
         True)
    say(b.run("return document.querySelector('svg[role=img] .cut') !== null"),
        "a map marks where the divergence begins")
    say(b.run("return document.querySelector('svg[role=img]').textContent"
              ".includes('from 3,001 on')"), "and says from which key on")
    say(b.run("""return Array.prototype.every.call(document.querySelectorAll('svg [fill^=url]'),
        function (e) { return document.querySelector(e.getAttribute('fill').slice(4, -1)); })"""),
        "every pattern is defined")
    same("tables have a caption or a heading, and heads with a scope", b.run(
        "return document.querySelectorAll('th:not([scope])').length"), 0)
    same("every id is there once", b.run("""var ids = {}, twice = [];
        document.querySelectorAll('[id]').forEach(function (e) {
          if (ids[e.id]) twice.push(e.id); ids[e.id] = 1; });
        document.querySelectorAll('a[href^="#"]').forEach(function (a) {
          if (!ids[a.getAttribute('href').slice(1)]) twice.push(a.getAttribute('href')); });
        return twice"""), [])


def first_screen(b):
    """What somebody under pressure reads who does not scroll: whom, when, and what to do."""
    say(" people are touched: " in b.run("return document.querySelector('h1').textContent"), "the headline counts people")
    same("what happened when, in order", b.run(
        "return Array.prototype.map.call(document.querySelectorAll('.course dt'), e => e.textContent)"),
        ["Split", "First wrong write", "Noticed", "Checked", "Reseeded", "Repaired", "Verified"])
    same("what is not known is called unknown", b.run(
        "return Array.prototype.map.call(document.querySelectorAll('.course .none dd'), e => e.firstChild.textContent)"),
        ["unknown"] * 6)
    say(b.run("return document.querySelector('#left + .steps li').getBoundingClientRect().bottom < innerHeight"),
        "the first thing to do is in sight")
    same("everything to do says by whom", b.run(
        "return document.querySelectorAll('#left + .steps li p:not(:has(> strong:first-child))').length"), 0)
    say(b.run("var c = Array.prototype.map.call(document.querySelectorAll('.steps pre'), e => e.textContent);"
              "return c.length > 1 && c.every(t => /^myrecon .* --case /.test(t))"), "commands are whole")
    say(b.run("return !!(document.querySelector('#picture').compareDocumentPosition(document.querySelector('#tables'))"
              " & Node.DOCUMENT_POSITION_FOLLOWING) && document.querySelector('#picture ~ figure svg') !== null"),
        "the picture of the keys stands before the tables")


def sorts(b):
    head = "#list thead th:nth-child(7) button"
    before = column(b, 6)
    b.click(head)
    same("a click on a heading sorts, most first", column(b, 6), sorted(before, reverse=True))
    same("aria-sort says so", b.run(SORTS)[6], "descending")
    b.click(head)
    same("the next click turns it round", column(b, 6), sorted(before))
    same("aria-sort says that, too", b.run(SORTS)[6], "ascending")
    b.type("#list thead th:nth-child(1) button", "\ue007")
    names = b.run(ROWS)
    same("Enter sorts by name", names, sorted(names))
    same("one heading is sorted by", b.run(SORTS).count("none"), 9)


def searches(b):
    everything = b.run(ROWS)
    b.type("#search", "T0")
    wanted = [name for name in everything if "t0" in name]
    same("the search leaves what matches", b.run(ROWS), wanted)
    say(len(wanted) < len(everything), "and hides the rest", str(len(wanted)))
    same("the count says so", b.run("return document.querySelector('#count').textContent"),
         f"{len(wanted)} of {len(everything)} tables")
    same("and hides the details", b.run(
        "return document.querySelector('details.table').getClientRects().length"), 0)
    b.clear("#search")
    b.run("document.querySelector('#search').dispatchEvent(new Event('input'))")
    same("emptied, all is back", len(b.run(ROWS)), len(everything))
    b.click("#tools button[data-verdict=equal]")
    equal = b.run("return Array.prototype.map.call(document.querySelectorAll("
                  "'#list tr[data-verdict=equal]'), r => r.getAttribute('data-name'))")
    same("by verdict", b.run(ROWS), equal)
    same("the button is pressed", b.run(
        "return document.querySelector('#tools [aria-pressed=true]').dataset.verdict"), "equal")
    b.click("#tools button[data-verdict='']")
    same("all again", len(b.run(ROWS)), len(everything))


def folds(b):
    count = b.run(DETAILS)
    b.click("#close-all")
    same("close all", b.run(OPEN), 0)
    b.click("#list tbody a")
    end = time.monotonic() + 10  # the page hears of it when it has gone there
    while b.run(OPEN) != 1 and time.monotonic() < end:
        time.sleep(0.05)
    same("a link opens its table", b.run(OPEN), 1)
    b.click("#open-all")
    same("open all", b.run(OPEN), count)


def themes(b):
    light = b.run(BACKGROUND)
    b.click("#theme")
    dark = b.run(BACKGROUND)
    say(light != dark, "the button changes the theme", f"{light} {dark}")
    same("contrast in the dark", b.run(CONTRAST), [])
    b.click("#theme")
    same("and back", b.run(BACKGROUND), light)
    same("contrast in the light", b.run(CONTRAST), [])
    b.media(theme="dark")
    b.run("document.documentElement.removeAttribute('data-theme')")
    same("dark where the system is", b.run(BACKGROUND), dark)
    b.media("print", "dark")
    say(b.run(BACKGROUND) not in (dark,), "paper is light", b.run(BACKGROUND))
    same("no tools on paper", b.run(
        "return document.querySelector('#tools').getClientRects().length"), 0)
    b.media()


def narrow(b, page):
    b.resize(390, 844)
    b.open("file://" + page)
    same("no sideways scrolling at 390 pixels", b.run(
        "return [document.documentElement.scrollWidth, innerWidth]"), [390, 390])
    same("and what is left to do begins on the first screen of a phone", b.run(
        "return Math.max(0, document.querySelector('#left + .steps li strong').getBoundingClientRect().bottom - innerHeight)"), 0)
    order = ("return !!(document.querySelector('#left').compareDocumentPosition(document.querySelector('.course'))"
             " & Node.DOCUMENT_POSITION_FOLLOWING)")
    say(b.run(order), "in front of what happened when")
    same("what scrolls sideways is reached by keyboard", b.run(
        "return Array.prototype.filter.call(document.querySelectorAll('.scroll'), e => (e.scrollWidth > e.clientWidth)"
        " !== (e.tabIndex === 0)).length"), 0)
    b.resize(1440, 900)
    b.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    say(not b.run(order), "which stands first where there is room")


def prints(b, scratch):
    b.click("#close-all")
    path = os.path.join(scratch, "page.pdf")
    b.pdf(path)
    with open(path, "rb") as file:
        same("it prints", file.read(5), b"%PDF-")
    same("printing leaves what was folded folded", b.run(OPEN), 0)
    b.media("print")
    same("rows are not printed", b.run("return Array.prototype.filter.call(document.querySelectorAll('.pairs, .edits'),"
                                       " e => e.getClientRects().length).length"), 0)
    say(b.run("return Array.prototype.every.call(document.querySelectorAll('details .onpaper'), e => e.getClientRects().length"
              " && e.textContent.includes('in the case'))"), "and it says where they are")
    b.media()


# What sticks out of a sheet to the right: as wide as A4 between its margins.
CUT_OFF = """
return Array.prototype.filter.call(document.querySelectorAll('body *'), function (e) {
  return e.getClientRects().length && !e.closest('svg') && e.getBoundingClientRect().right > innerWidth + 1;
}).map(function (e) { return e.tagName + ' ' + e.textContent.trim().slice(0, 40); }).slice(0, 5);
"""


def on_paper(b, page, scratch):
    """An incident of 824 findings is handed round on six sheets, and nothing is missing at their edges."""
    b.open("file://" + page)
    same("the incident is of 824 rows", b.run("return document.querySelector('h1').textContent.match(/(\\S+) rows? differ/)[1]"), "824")
    path = os.path.join(scratch, "paper.pdf")
    b.pdf(path)
    with open(path, "rb") as file:
        sheets = len(re.findall(rb"/Type\s*/Page\b", file.read()))
    say(0 < sheets <= 6, "six sheets at most", str(sheets))
    b.resize(703, 1000)
    b.media("print")
    same("nothing is cut off at their edges", b.run(CUT_OFF), [])
    same("tables that are equal are left out", b.run(
        "return Array.prototype.filter.call(document.querySelectorAll('#list tr.calm'), e => e.getClientRects().length).length"), 0)
    same("and counted", b.run("return document.querySelector('.sheet + .onpaper').textContent"), "21 equal tables are not printed.")
    b.media()
    b.resize(1440, 900)


def defends(b, page):
    b.open("file://" + page)
    quiet(b, "still nothing on the console")
    b.run("""document.body.insertAdjacentHTML('beforeend',
        '<img src="x" onerror="window.evil = 1"><a id="bad" onclick="window.evil = 1">x</a>');
        document.getElementById('bad').click();
        var s = document.createElement('script'); s.textContent = 'window.evil = 1';
        document.body.appendChild(s);""")
    same("what is slipped in does not run", b.run("return typeof window.evil"), "undefined")
    say(any("Content Security Policy" in message for _, message in b.console()),
        "because the policy forbids it")


def shoot(b, page):
    directory = os.environ.get("MR_SHOTS")
    if not directory:
        return
    b.open("file://" + page)
    b.picture(os.path.join(directory, "light.png"), whole=True)
    b.media(theme="dark")
    b.picture(os.path.join(directory, "dark.png"), whole=True)
    b.media()
    b.resize(390, 844)
    b.picture(os.path.join(directory, "phone.png"), whole=True)
    b.resize(1440, 900)


def main():
    page, scratch = os.path.abspath(sys.argv[1]), sys.argv[2]
    with Browser(scratch) as b:
        b.resize(1440, 900)
        b.media()
        loads(b, page)
        first_screen(b)
        sorts(b)
        searches(b)
        folds(b)
        themes(b)
        narrow(b, page)
        prints(b, scratch)
        for printed in sys.argv[3:]:
            on_paper(b, os.path.abspath(printed), scratch)
        defends(b, page)
        shoot(b, page)


if __name__ == "__main__":
    main()
