"""decide_page.py PAGE SCRATCH PLAN SAVED: decides the conflicts of decide_page.sh in a real browser.

Half of them on a phone and half on a desktop, by mouse and by keyboard, one by one and by a rule;
what the page saves is left as SAVED, and the choices that were meant as SAVED.meant, one a line:
"table key choice".  Prints one line a check; decide_page.sh makes TAP of them.  With
MR_SHOTS=DIRECTORY it leaves pictures there.
"""
import csv
import io
import json
import os
import sys
import time

sys.dont_write_bytecode = True
from report_page import CONTRAST  # noqa: E402
from webdriver import Browser  # noqa: E402

csv.field_size_limit(1 << 30)


def check(what, ok, why=""):
    print(f"{'ok' if ok else 'not ok'} - {what}" + ("" if ok else f": {why}"), flush=True)


def meant(table, key, kind):
    """What is to be chosen; told by the key alone, so that every choice is made by some row."""
    if kind == "deleted-on-live":
        return "restore" if key < 34 else "skip"
    if kind == "does-not-fit":
        return "note=short, and \"quoted\""
    if table == "orders":
        return "target" if key <= 3 else "source"
    return ("target", "source", "newest:updated_at")[key % 3]


def current(b):
    """Table, key and kind of what is shown."""
    words = b.run("return document.querySelector('main h2').textContent").split()
    return words[0].split(".")[-1], int(words[1]), b.run("return document.querySelector('.badge').textContent")


def count(b):
    return int(b.run("return document.querySelector('#count').textContent").split()[0])


def place_of(b, choice):
    word = "newest:COLUMN" if choice.startswith("newest:") else "note=VALUE" if "=" in choice else choice
    return b.run("return Array.prototype.findIndex.call(document.querySelectorAll('.pick'), "
                 "function (p) { return p.dataset.choice === arguments_0; });".replace(
                     "arguments_0", "'" + word + "'"))


def choose(b, choice, by_mouse):
    n = place_of(b, choice)
    if "=" in choice:
        b.type(".choice input", choice.split("=", 1)[1])
    if choice.startswith("newest:"):
        b.run("var s = document.querySelector('.choice select'); s.value = '%s';" % choice[7:])
    if by_mouse or "=" in choice:
        b.click(f".choices > .choice:nth-of-type({n + 1}) .pick")
    else:
        b.type("#main", str(n + 1))


def decide_some(b, most):
    """One by one, from the first that is open on; odd keys by mouse."""
    done = []
    while len(done) < most:
        table, key, kind = current(b)
        if table == "orders" and key > 3 and kind == "changed":
            break
        choice = meant(table, key, kind)
        before = count(b)
        if key == 2050:
            would = b.run("return document.querySelector('.pick[data-choice=source]').textContent")
            check("the lost values come under the live id", "Lost two" in would and "2050" not in would, would)
        choose(b, choice, key % 2 == 1)
        if count(b) != before + 1:
            raise SystemExit(f"{table} {key}: {choice} was not taken")
        done.append((table, key, choice))
    return done


def saved(b, directory, path):
    b.cdp("Page.setDownloadBehavior", behavior="allow", downloadPath=directory)
    made = os.path.join(directory, "decisions.csv")
    b.click("#save")
    end = time.monotonic() + 20
    while not os.path.exists(made) and time.monotonic() < end:
        time.sleep(0.05)
    os.replace(made, path)


def careful(plan, choices):
    """conflicts.csv as somebody would have it who types decisions into it and nothing else."""
    text = open(os.path.join(plan, "conflicts.csv"), encoding="utf-8", newline="").read()
    lines = []
    for n, row in enumerate(csv.reader(io.StringIO(text, newline=""))):
        if n > 0:
            row[8] = choices[(row[0].split(".")[1], int(row[1]))]
        quote = lambda f: '"' + f.replace('"', '""') + '"' if any(c in f for c in ',"\r\n') or f[:1] == " " or f[-1:] == " " else f
        lines.append(",".join(map(quote, row)) + "\r\n")
    return lines


def differing_lines(got, want):
    return [g[:60] for g, w in zip(got, want) if g != w and not w.startswith("decide_page.orders,20,")]


def shot(b, name):
    if os.environ.get("MR_SHOTS"):
        b.picture(os.path.join(os.environ["MR_SHOTS"], name + ".png"))


TX = {"time": "2026-03-01 10:00:00.500000", "gtid": "0-1-<b>7", "log": "bin.000001", "position": "4711"}


def told_page(page, scratch):
    """The same page with what logs would have told of two of its conflicts, in a table that has a column with the
    name of what every object has."""
    text = open(page, encoding="utf-8").read()
    begin = text.index('id="data"')
    begin = text.index(">", begin) + 1
    end = text.index("</script>", begin)
    data = json.loads(text[begin:end])
    at = {name: i for i, name in enumerate(data["head"])}
    data["head"] += ["source_changes", "target_changes"]
    data["tables"]["decide_page.members"]["columns"].append("constructor")
    for row in data["rows"]:
        row["f"] += ["", ""]
        if (row["f"][at["table"]], row["f"][at["kind"]], row["f"][at["source_key"]]) == ("decide_page.members", "changed", "6"):
            for side in "source", "target":
                row["f"][at[side]] = json.dumps(dict(json.loads(row["f"][at[side]]), constructor=side))
            row["f"][-2] = json.dumps({"row": dict(TX, kind="came", time="2026-03-02 11:00:00"), "columns": {"city": TX}})
            row["f"][-1] = json.dumps({"row": dict(TX, kind="insert", time="2026-03-02 11:00:00"), "columns": {}, "not_kept": "3"})
        if (row["f"][at["table"]], row["f"][at["kind"]], row["f"][at["source_key"]]) == ("decide_page.members", "changed", "4"):
            row["t"] = "Since the split the lost side changed <i>city</i>."
            row["f"][-2] = json.dumps({"columns": {"city": TX, "updated_at": None}, "not_kept": "3"})
            row["f"][-1] = json.dumps({"row": dict(TX, kind="insert", time="2026-03-02 11:00:00"), "columns": {}})
    out = os.path.join(scratch, "told.html")
    with open(out, "w", encoding="utf-8") as file:
        file.write(text[:begin] + json.dumps(data).replace("<", "\\u003c") + text[end:])
    return out


def told(b, page, scratch):
    """When each side changed what, and by which transaction, is text beside the values."""
    b.open("file://" + os.path.abspath(told_page(page, scratch)))
    b.type("#find", "members 4 ")
    texts = lambda selector: b.run("return Array.prototype.map.call(document.querySelectorAll('%s'), e => e.textContent)" % selector)
    check("who changed what stands above the rows", texts(".story") == ["Since the split the lost side changed <i>city</i>."], texts(".story"))
    check("each last change has its time", texts(".when") == ["2026-03-01 10:00:00", "2026-03-02 11:00:00", "2026-03-02 11:00:00"], texts(".when"))
    b.click("#attested summary")
    lines = texts("#attested tbody tr")
    check("and its transaction", lines == ["Lost sidecity2026-03-01 10:00:00.5000000-1-<b>7bin.000001:4711",
                                           "Live siderow inserted2026-03-02 11:00:000-1-<b>7bin.000001:4711"], lines)
    for theme in "light", "dark":
        b.media("", theme)
        worst = b.run(CONTRAST)
        check("which can be read, too: " + theme, not worst, worst)
    b.resize(390, 844)
    check("and is not too wide for a phone", b.run("return document.documentElement.scrollWidth <= innerWidth"))
    shot(b, "decide-told")
    b.media("", "light")
    b.open("file://" + os.path.abspath(told_page(page, scratch)))
    b.type("#find", "members 6 ")
    check("what came from another key, or was changed more often than is kept, has no time of then",
          texts(".when") == ["2026-03-01 10:00:00"], texts(".when"))


def main(page, scratch, plan, out):
    url, choices = "file://" + os.path.abspath(page), {}
    with Browser(scratch) as b:
        b.resize(390, 844)
        b.open(url)
        check("a phone has no line that is too wide", b.run("return document.documentElement.scrollWidth <= innerWidth"))
        table, key, kind = current(b)
        choose(b, meant(table, key, kind), True)
        b.type("#main", "u")
        check("a decision is taken back", count(b) == 0 and current(b) == (table, key, kind), current(b))
        for t, k, c in decide_some(b, 20):
            choices[(t, k)] = c
        shot(b, "decide-phone")
        b.open("about:blank")
        b.resize(1440, 900)
        b.media("", "dark")
        b.open(url)
        end = time.monotonic() + 10  # the browser stores by another process
        while count(b) != len(choices) and time.monotonic() < end:
            time.sleep(0.2)
            b.open(url)
        check("what was decided is there after closing", count(b) == len(choices), count(b))
        for t, k, c in decide_some(b, 100):
            choices[(t, k)] = c
        shot(b, "decide-desktop")
        worst = b.run(CONTRAST)
        check("every text can be read in the dark", not worst, worst)
        b.click("#rule")
        b.run("document.querySelectorAll('.rule select')[0].value = 'changed';"
              "document.querySelectorAll('.rule select')[0].dispatchEvent(new Event('change'));")
        b.type("#note", "as the lost side has it")
        b.media("", "light")
        worst = b.run(CONTRAST)
        check("and in the light", not worst, worst)
        shot(b, "decide-rule")
        b.type(".pick[data-choice=source]", "\ue007")
        for k in range(4, 21):
            choices[("orders", k)] = "source"
        check("a rule decides the rest", count(b) == 48, count(b))
        b.type("#main", "u")
        check("one step takes a rule back", count(b) == 31, count(b))
        b.run("document.querySelector('#note').value = '';")
        b.click(".pick[data-choice=source]")
        check("nothing runs and nothing is logged", not b.run("return window.evil") and not b.console(), b.console())
        b.run("document.querySelector('#note').value = '';")
        saved(b, scratch, out)
        lines = open(out, encoding="utf-8", newline="").read().split("\r\n")
        lines = [line + "\r\n" for line in lines[:-1]]
        want = careful(plan, choices)
        check("it saves what a careful person types", len(lines) == len(want) + 1 and not differing_lines(lines, want),
              differing_lines(lines, want))
        check("and which plan it answers", lines[-1].startswith("#plan,"), lines[-1])
        check("a long value is named by its digest", any(",digest:" in line for line in lines))
        with open(out + ".meant", "w", encoding="utf-8") as file:
            for (t, k), c in sorted(choices.items()):
                file.write(f"{t} {k} {c}\n")
        told(b, page, scratch)


main(*sys.argv[1:])
