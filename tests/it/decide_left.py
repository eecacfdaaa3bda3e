"""decide_left.py ROOT SCRATCH: what is left open on the page of decisions, in a real browser: one by one, by group,
taken back, and in what is saved.  The page is put together of its parts, with conflicts of this script, so that no server
is needed.  Prints one line a check; decide_left.sh makes TAP of them."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
from webdriver import Browser  # noqa: E402

HEAD = ["table", "source_key", "target_key", "identity", "kind", "choices", "source", "target", "decision", "differs"]


def check(what, got, want):
    print(f"{'ok' if got == want else 'not ok'} - {what}" + ("" if got == want else f": {got!r}, not {want!r}"), flush=True)


def row(key, choices, decision, kind="changed"):
    return {"f": ["club.members", key, key, "", kind, choices, '{"id":"%s","city":"a"}' % key, '{"id":"%s","city":"b"}' % key, decision, ""]}


def write_page(root, path, rows, head=HEAD):
    """As decide_page.c does it."""
    source = open(os.path.join(root, "repair/page/decide_page.c"), encoding="utf-8").read()
    body = re.search(r'body\[\] =\n(.*?);\n', source, re.S).group(1)
    body = "".join(json.loads('"%s"' % part) for part in re.findall(r'"((?:[^"\\]|\\.)*)"', body))
    kinds = {kind: {"title": kind, "says": "", "rank": rank, "choices": [["target", "It stays"], ["source", "It goes"]]}
             for rank, kind in enumerate(("changed", "unique"))}
    data = {"plan": {"uuid": "u", "digest": "d", "policy": "merge", "created": "2026-11-30T10:00:00Z", "source": "a", "target": "b"},
            "head": head, "rows": rows, "kinds": kinds,
            "tables": {"club.members": {"subject": True, "columns": ["id", "city"], "key": ["id"], "identity": [], "masked": [], "references": []}}}
    parts = {name: open(os.path.join(root, "repair/page", name), encoding="utf-8").read()
             for name in ("decide_page.css", "decide_model.js", "decide_page.js")}
    with open(path, "w", encoding="utf-8") as file:
        file.write("<!DOCTYPE html><meta charset=utf-8><style>" + parts["decide_page.css"] + "</style>" + body +
                   json.dumps(data).replace("<", "\\u003c") + "</script><script>" + parts["decide_model.js"] +
                   parts["decide_page.js"] + "</script>")


def cells(b):
    return b.run("return Model.toCsv().split('\\r\\n').slice(1, -2).map(function (line) { return line.split(',').slice(-2)[0]; })")


def go(b, key):
    b.run("var row = Model.rows.find(function (r) { return Model.keyOf(r) === '%s'; });"
          "document.querySelectorAll('.line')[row.place].click()" % key)


def pick(b, choice):
    b.run("document.querySelector('.pick[data-choice=%s]').click()" % choice)


def main(root, scratch):
    page = os.path.join(scratch, "left.html")
    three = "target;source;newest:COLUMN"
    write_page(root, page, [row("1", three, "source"), row("2", three, ""), row("3", "target", ""), row("4", "", ""),
                            row("5", three, "target"), row("6", three, "", "unique")])
    with Browser(scratch) as b:
        b.open("file://" + os.path.abspath(page))
        check("what nobody has touched says nothing", cells(b), ["source", "", "", "", "target", ""])
        go(b, "1")
        b.run("document.querySelector('.clear').click()")
        check("what is left open again is saved so", cells(b), ["open", "", "", "", "target", ""])
        b.type("#main", "u")
        check("and taken back", cells(b), ["source", "", "", "", "target", ""])
        go(b, "1")
        b.run("document.querySelector('.clear').click()")
        b.open("about:blank")
        b.open("file://" + os.path.abspath(page))
        check("the browser keeps it", cells(b), ["open", "", "", "", "target", ""])
        # a row for which nothing can be chosen does not stand in the way of the others
        go(b, "2")
        b.run("document.querySelector('#all').click()")
        check("a group offers what some of it have, and says of how many",
              b.run("return Array.from(document.querySelectorAll('.choice')).map(function (c) { return c.querySelector('.pick').dataset.choice + "
                    "' ' + Array.from(c.querySelectorAll('.of')).map(function (e) { return e.textContent; }).join(' '); })"),
              ["target live side for 3 of 4", "source lost side for 2 of 4", "newest:COLUMN for 2 of 4"])
        b.run("document.querySelector('.pick[data-choice^=newest]').click()")
        check("where no column looks like a time one has to be chosen", cells(b), ["open", "", "", "", "target", ""])
        pick(b, "source")
        check("which are decided, and no others", cells(b), ["source", "source", "", "", "target", ""])
        b.run("document.querySelector('.clear').click()")
        check("all that was decided of it is left open again", cells(b), ["open", "open", "", "", "open", ""])
        b.type("#main", "u")
        check("in one step", cells(b), ["source", "source", "", "", "target", ""])
        # the list shows what is looked for: its group is no more than that
        b.run("""var s = document.querySelector('#find'); s.value = '"id":"3"'; s.dispatchEvent(new Event('input'));
              document.querySelector('.line.head').click()""")
        check("a group is what is looked for of it", b.run("return document.querySelector('#fits').textContent.split('.')[0]"),
              "1 conflict fits, 1 of them open")
        pick(b, "target")
        check("and decides no more", cells(b), ["source", "source", "target", "", "target", ""])
        b.type("#main", "u")
        b.run("document.querySelector('.line.head').click(); document.querySelector('#widen').click()")
        check("until that is taken away", b.run("return document.querySelector('#fits').textContent.split('.')[0]"),
              "5 conflicts fit, 2 of them open")
        b.run("var s = document.querySelector('#find'); s.value = ''; s.dispatchEvent(new Event('input'))")
        b.click("#rule")
        check("of several kinds nothing is said of what a choice does",
              b.run("return document.querySelector('.pick[data-choice=target] > span').textContent"), "")
        # a row that is not shown any more is not gone to
        b.run("var s = document.querySelector('[aria-label=\"Which are shown\"]'); s.value = 'open'; s.dispatchEvent(new Event('change'))")
        go(b, "6")
        pick(b, "target")
        b.run("var s = document.querySelector('#find'); s.value = 'changed'; s.dispatchEvent(new Event('input'))")
        before = b.run("return document.querySelector('main h2').textContent")
        b.type("#main", "u")
        check("taking back goes to no other row", b.run("return document.querySelector('main h2').textContent"), before)
        check("and takes back", cells(b), ["source", "source", "", "", "target", ""])
        b.run("document.querySelectorAll('.line.head')[0]; document.dispatchEvent(new KeyboardEvent('keydown', {key: '1', repeat: true, bubbles: true}))"
              .replace("document.dispatchEvent", "document.body.dispatchEvent"))
        check("a key that is held decides nothing", cells(b), ["source", "source", "", "", "target", ""])
        check("nothing is logged", b.console(), [])
        # another tab writes a note on the row that is shown here, while something else has the cursor
        b.run("var s = document.querySelector('#find'); s.value = ''; s.dispatchEvent(new Event('input'))")
        b.run("var s = document.querySelector('[aria-label=\"Which are shown\"]'); s.value = 'all'; s.dispatchEvent(new Event('change'))")
        go(b, "3")
        b.run("Model.keepLast(); document.querySelector('#find').focus(); var kept = JSON.parse(localStorage.getItem(Model.storeName) || '{}');"
              "kept[2] = ['', 'of the other tab', '']; localStorage.setItem(Model.storeName, JSON.stringify(kept));"
              "window.dispatchEvent(new StorageEvent('storage', {key: Model.storeName}))")
        pick(b, "target")
        check("a note of another tab is not lost by deciding here",
              b.run("var r = Model.rows.find(function (r) { return Model.keyOf(r) === '3'; }); return [r.d, r.n]"), ["target", "of the other tab"])
        # what a plan has filled in is nobody's word
        write_page(root, page, [dict(r, f=r["f"] + [derived]) for r, derived in ((row("1", three, "source"), "source"), (row("2", three, "source"), ""))],
                   HEAD + ["derived"])
        b.open("file://" + os.path.abspath(page) + "?derived")
        b.run("localStorage.clear()")
        b.open("about:blank")
        b.open("file://" + os.path.abspath(page) + "?derived")
        go(b, "1")
        check("what nobody has said is told as such", b.run("return document.querySelectorAll('#derived').length"), 1)
        pick(b, "target")
        go(b, "1")
        check("until somebody decides", b.run("return document.querySelectorAll('#derived').length"), 0)
        go(b, "2")
        check("of what somebody has said nothing is told", b.run("return document.querySelectorAll('#derived').length"), 0)
        check("a name of several columns may have quotes",
              b.run("return Model.columnsAsked(JSON.stringify({'a\"b': 'VALUE', c: 'VALUE'})).join('|')"), 'a"b|c')


main(*sys.argv[1:])
