"""decide_hostile.py PAGE SCRATCH: whom the page of decide_hostile.sh takes a row to be of, and what the browser
keeps of it, in a real browser.  Prints one line a check; decide_hostile.sh makes TAP of them."""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
from webdriver import Browser  # noqa: E402


def check(what, got, want):
    print(f"{'ok' if got == want else 'not ok'} - {what}" + ("" if got == want else f": {got!r}, not {want!r}"), flush=True)


def other_page(page, path, change):
    """The same page, of data that `change` has changed."""
    mark = '<script type="application/json" id="data">'
    before, rest = open(page, encoding="utf-8").read().split(mark, 1)
    data, behind = rest.split("</script>", 1)
    data = json.loads(data)
    change(data)
    with open(path, "w", encoding="utf-8") as f:
        f.write(before + mark + json.dumps(data).replace("<", "\\u003c") + "</script>" + behind)
    return "file://" + os.path.abspath(path)


def owners(b):
    return b.run("return Model.rows.filter(function (r) { return r.table.split('.')[1] !== 'members'; }).map("
                 "function (r) { return r.table.split('.')[1] + ' ' + Model.keyOf(r) + ': ' + r.person; }).sort()")


def look_by(b, label, value):
    b.run("var s = document.querySelector('[aria-label=\"%s\"]'); s.value = '%s'; s.dispatchEvent(new Event('change'))" % (label, value))


def decided(b):
    return b.run("return Model.rows.filter(function (r) { return r.d; }).map(function (r) { return r.table.split('.')[1] + ' ' + Model.keyOf(r) + ' ' + r.d; }).sort()")


def go(b, table, key):
    b.run("var i = Model.rows.find(function (r) { return r.table.split('.')[1] === '%s' && Model.keyOf(r) === '%s'; }).place;"
          "document.querySelector('#list').scrollTop = 0;"
          "var l = document.querySelectorAll('.line'); l[i].click()" % (table, key))


def live_side(data):
    """Order 2 is one that the lost side has deleted, of member 5 of the live side, who is not the lost side's."""
    at = {name: i for i, name in enumerate(data["head"])}
    for row in data["rows"]:
        f = row["f"]
        if f[at["table"]].endswith(".orders") and f[at["source_key"]] == "2":
            f[at["source"]] = ""
        if f[at["table"]].endswith(".members") and f[at["source_key"]] == "9":
            target = json.loads(f[at["target"]])
            target["no"] = "77"
            f[at["target"]] = json.dumps(target)


def read(b, url):
    time.sleep(0.5)  # the page before this one has kept what it had
    b.open(url)
    b.run("localStorage.clear()")
    b.open(url)


def whose(b, page, scratch):
    read(b, "file://" + os.path.abspath(page))
    check("a row is of whom its reference leads to, by the columns that it refers to", owners(b), [
        "logs 1: ", "orders 1: members 5 (anna)", "orders 2: members 9 (bob)", "orders 3: members no 111",
        "orders 4: members 5 (anna)"])
    look_by(b, "How they are grouped", "person")
    b.run("Array.prototype.find.call(document.querySelectorAll('.line.head'), function (l) { return /^Nobody/.test(l.textContent); }).click()")
    check("what is nobody's is a group like others", b.run("return document.querySelector('#fits').textContent").split(",")[0], "1 conflict fits")
    b.click(".pick[data-choice=source]")
    check("a choice for it is for no one else", decided(b), ["logs 1 source"])
    read(b, other_page(page, os.path.join(scratch, "live.html"), live_side))
    check("an id of the live side leads to no row of the lost side",
          [o for o in owners(b) if o.startswith("orders 2")], ["orders 2: members no 5 of the live side"])


def alike(b, page, scratch):
    def masked(data):
        at = {name: i for i, name in enumerate(data["head"])}
        for row in data["rows"]:
            if row["f"][at["table"]].endswith(".members"):
                row["f"][at["identity"]], row["f"][at["source_key"]], row["f"][at["target_key"]] = "S\u2022\u2022\u2022", "5", "5"
    read(b, other_page(page, os.path.join(scratch, "alike.html"), masked))
    look_by(b, "How they are grouped", "person")
    check("two people of one name are two groups",
          b.run("return Array.prototype.filter.call(document.querySelectorAll('.line.head .name'), function (l) { return /^members 5 /.test(l.textContent); }).length"), 2)


def blanks(b, page):
    read(b, "file://" + os.path.abspath(page))
    go(b, "orders", "4")
    for value, want in (("short", "note=short"), ("ends ", '{"note":"ends "}'), ("", "note=")):
        b.run("document.querySelector('.choice input').value = arguments[0]", value)
        b.run("document.querySelector('.choice:last-child .pick').click()")
        if not value: # by mistake nobody empties a field
            check("an empty field is asked for once", b.run("return document.activeElement.tagName"), "INPUT")
            b.run("document.querySelector('.choice:last-child .pick').click()")
        check(f"the value \u201c{value}\u201d is saved as it is", b.run(
            "return Model.rows.find(function (r) { return r.kind === 'does-not-fit'; }).d"), want)
        go(b, "orders", "4")
        check(f"and \u201c{value}\u201d stands in its field again", b.run("return document.querySelector('.choice input').value"), value)


def widened(b, page):
    """A group that was widened by its fields is a rule by then, and the group's button does what it says."""
    read(b, "file://" + os.path.abspath(page))
    go(b, "orders", "4")
    b.run("document.querySelector('#all').click()")
    named = b.run("return document.querySelector('h2').textContent")
    table = b.run("return document.querySelectorAll('.rule select')[1].value")
    b.run("var s = document.querySelectorAll('.rule select')[1]; s.value = ''; s.dispatchEvent(new Event('change'));")
    check("a group that is widened is one no more", b.run("return document.querySelector('h2').textContent"), "A rule")
    go(b, "orders", "4")
    b.run("document.querySelector('#all').click()")
    check("and the group's button is about the group", b.run(
        "return [document.querySelector('h2').textContent, document.querySelectorAll('.rule select')[1].value].join(' ')"), named + " " + table)


def orders_of_numbers(b, page, scratch):
    """What newest: would do is told where the order is plain."""
    def numbers(data):
        at = {name: i for i, name in enumerate(data["head"])}
        pairs = {"1": ("-3", "-5"), "2": ("9.99", "10.5"), "3": ("2026-01-02", "2026-01-03")}
        for row in data["rows"]:
            f = row["f"]
            if f[at["table"]].endswith(".orders") and f[at["source_key"]] in pairs:
                for side, value in zip(("source", "target"), pairs[f[at["source_key"]]]):
                    f[at[side]] = json.dumps(dict(json.loads(f[at[side]]), note=value))
    read(b, other_page(page, os.path.join(scratch, "numbers.html"), numbers))
    for key, want in (("1", ""), ("2", ""), ("3", "Here the live row, of 2026-01-03, is kept.")):
        go(b, "orders", key)
        look_by(b, "Column that says which row is newer", "note")
        check(f"which row of orders {key} is newer", b.run(
            "return document.querySelector('.pick[data-choice=\"newest:COLUMN\"] small') ? document.querySelector('.pick[data-choice=\"newest:COLUMN\"] small').textContent : ''"), want)


def letters(b, page, scratch):
    """What differs is seen: characters of two units whole, and those that nobody sees by their number."""
    pairs = {"1": ("a \U0001f600 b", "a \U0001f601 b"), "2": ("x" * 299 + "\U0001f600y", "x" * 299 + "\U0001f600z"),
             "3": ("a\u3164\U000e0041b\u180e", "ab")}

    def odd(data):
        at = {name: i for i, name in enumerate(data["head"])}
        for row in data["rows"]:
            f = row["f"]
            if f[at["table"]].endswith(".orders") and f[at["source_key"]] in pairs:
                for side, value in zip(("source", "target"), pairs[f[at["source_key"]]]):
                    f[at[side]] = json.dumps(dict(json.loads(f[at[side]]), note=value))
    read(b, other_page(page, os.path.join(scratch, "letters.html"), odd))
    cells = ("return Array.prototype.map.call(Array.prototype.find.call(document.querySelectorAll('.sides tbody tr'), function (r) {"
             " return r.querySelector('th').textContent === 'note'; }).querySelectorAll('td'), function (c) {"
             " var w = document.createTreeWalker(c, 4), t = []; while (w.nextNode()) t.push(w.currentNode.data); return t.join('|'); })")
    go(b, "orders", "1")
    check("a face that differs is one", b.run(cells), ["a |\U0001f600| b", "a |\U0001f601| b"])
    go(b, "orders", "2")
    check("a long text is not cut within one", [c.count("\U0001f600") for c in b.run(cells)], [1, 1])
    go(b, "orders", "3")
    check("what nobody sees is shown", b.run(cells)[0].rstrip("|"), "a|\\u{3164}\\u{e0041}b\\u{180e}")


def spelt(b, page):
    """A file into which somebody has typed."""
    read(b, "file://" + os.path.abspath(page))
    got = b.run("""
        var rows = Model.rows.filter(function (r) { return r.table.split('.')[1] === 'orders' && r.kind === 'changed'; });
        Model.decide([[rows[0], 'source', ''], [rows[1], 'target', ''], [rows[2], 'source', '']]);
        var text = Model.toCsv().split('\\r\\n').map(function (l, i) {
            return i ? l.replace(',source,', ', Source ,').replace(',target,', ', ,') : l; }).join('\\r\\n');
        Model.undo();
        return [Model.fromCsv(text).taken].concat(rows.map(function (r) { return r.d; }));""")
    check("decisions are taken however they are spelled, and a blank is none", got, [2, "source", "", "source"])


def kept(b, page, scratch):
    """Opened again, in another tab, and made again of a file that has other decisions by now."""
    url = "file://" + os.path.abspath(page)
    read(b, url)
    first = b._call("GET", "/window")
    second = b._call("POST", "/window/new", {"type": "tab"})["handle"]
    b._call("POST", "/window", {"handle": second})
    b.open(url)
    b._call("POST", "/window", {"handle": first})
    go(b, "orders", "1")
    b.click(".pick[data-choice=source]")
    time.sleep(0.5)
    b._call("POST", "/window", {"handle": second})
    check("the other tab knows of it", decided(b), ["orders 1 source"])
    go(b, "orders", "2")
    b.click(".pick[data-choice=target]")
    time.sleep(0.5)
    b._call("DELETE", "/window")
    b._call("POST", "/window", {"handle": first})
    both = ["orders 1 source", "orders 2 target"]
    check("and this one of what was done there", decided(b), both)
    b.open(url)
    check("opened again it has both", decided(b), both)

    def edited(data):
        at = {name: i for i, name in enumerate(data["head"])}
        for row in data["rows"]:
            if row["f"][at["table"]].endswith(".orders") and row["f"][at["source_key"]] in "12":
                row["f"][at["decision"]] = "target"
    b.open(other_page(page, os.path.join(scratch, "edited.html"), edited))
    check("what the plan's file says since is not overruled by what was kept before", decided(b),
          ["orders 1 target", "orders 2 target"])
    check("and that is said", b.run("return document.querySelector('#said').textContent").split(" ")[:2], ["1", "decisions"])


def latest(b, page):
    """Of two tabs that decide about one row the later one holds, whatever the other does then."""
    url = "file://" + os.path.abspath(page)
    read(b, url)
    first = b._call("GET", "/window")
    second = b._call("POST", "/window/new", {"type": "tab"})["handle"]
    for tab, row, choice in ((first, "1", "source"), (second, "1", "target"), (first, "2", "target")):
        b._call("POST", "/window", {"handle": tab})
        if tab == second:
            b.open(url)
        go(b, "orders", row)
        b.click(f".pick[data-choice={choice}]")
        time.sleep(0.5)
    b.open(url)
    check("a decision that was changed in another tab stays changed", decided(b), ["orders 1 target", "orders 2 target"])
    b._call("POST", "/window", {"handle": second})
    b._call("DELETE", "/window")
    b._call("POST", "/window", {"handle": first})


def main():
    page, scratch = sys.argv[1:]
    with Browser(scratch) as b:
        whose(b, page, scratch)
        alike(b, page, scratch)
        blanks(b, page)
        widened(b, page)
        orders_of_numbers(b, page, scratch)
        letters(b, page, scratch)
        spelt(b, page)
        kept(b, page, scratch)
        latest(b, page)
        check("no script has failed", b.console(), [])


main()
