"""merge_truth_judge.py DIR: does TARGET hold what the two sides have made of the past?

DIR has world.json, and what dump.sql printed: of the split (base), of both sides when the plan was made
(source, target), of TARGET after apply (after) and after undo (undone); and conflicts.csv of the plan with
logs.  What is asked there and was not answered is exempt, but TARGET's row has to stay.  Prints a line for
every row that is not as it should be, and last `rows N asked N`.
"""
import csv
import json
import os
import sys
from decimal import Decimal

WHERE = sys.argv[1]
WORLD = json.load(open(os.path.join(WHERE, 'world.json')))
TABLES = WORLD['tables']


def load(name):
    """table → key → row; rows as column → text, None for NULL."""
    out = {t: {} for t in TABLES}
    table = None
    for line in open(os.path.join(WHERE, name), newline='\n'):
        fields = line.rstrip('\n').split('\t')
        if fields[0].startswith('#') and len(fields) == 1:
            table = fields[0][1:]
            continue
        row = {c: None if v == 'NULL' else v for c, v in zip(TABLES[table]['columns'], fields)}
        out[table][fields[0]] = row
    return out


BASE, SOURCE, TARGET, AFTER, UNDONE = (load(n) for n in ('base', 'source', 'target', 'after', 'undone'))


def conflicts():
    """(table, key) → kind of what is listed; of what is open; and of rows whose base no log tells (cascades that
    leave no events), which `changed=target` leaves as they are."""
    listed, open_, plain = {}, {}, {}
    for row in csv.DictReader(open(os.path.join(WHERE, 'conflicts.csv'), newline='')):
        table = row['table'].split('.')[1]
        for key in (row['source_key'], row['target_key']):
            low, dots, high = key.partition('..')
            keys = [str(k) for k in range(int(low), int(high) + 1)] if dots else [key]
            for k in keys:
                listed[table, k] = row['kind']
                if not row['decision']:
                    open_[table, k] = row['kind']
                elif not row['base'] and row['kind'] in ('changed', 'differs'):
                    plain[table, k] = row['kind']
    return listed, open_, plain


LISTED, OPEN, PLAIN = conflicts()
WRONG = []


def wrong(table, key, what, **rows):
    WRONG.append(f"{table} {key}: {what}" + ''.join(f" | {n} {json.dumps(r, ensure_ascii=False)}" for n, r in rows.items()))


def who(table, row):
    """Whom a row is about, whatever its key, over all edits; of a table without names, its key."""
    t = TABLES[table]
    return row[t['columns'][0]] if t['who'] is None else row[t['who']].split('e')[0]


def find(rows, table, person, exactly=None):
    """Keys of rows about that person."""
    t = TABLES[table]
    return [k for k, r in rows[table].items() if (who(table, r) == person if exactly is None else r[t['named']] == exactly)]


def is_of_past(table, row):
    return bool(find(BASE, table, who(table, row)))


def mapped(table, column, value):
    """SOURCE's value as TARGET has it now."""
    parent = TABLES[table]['references'].get(column)
    if parent is None or value is None or value not in SOURCE[parent]:
        return value
    row = SOURCE[parent][value]
    keys = find(AFTER, parent, who(parent, row), None if is_of_past(parent, row) else row[TABLES[parent]['named']])
    return keys[0] if len(keys) == 1 else f'nobody for {value}'


def merged(table, column, b, s, t):
    if s == b or (s is None and column in TABLES[table]['references'] and TABLES[table]['emptied']):
        return t # the latter: by a cascade, with a parent that TARGET keeps
    want = mapped(table, column, s)
    if t == b or t == want:
        return want
    if WORLD['rule'] == 'add' and column in TABLES[table]['money'] and None not in (b, s, t):
        return str(Decimal(t) + Decimal(s) - Decimal(b))
    return greater(table, column, s, t)


def greater(table, column, s, t):
    """What the rule max makes of two values; another rule, or none, leaves TARGET's."""
    is_ruled = WORLD['rule'] == 'max' and column in TABLES[table]['money'] and None not in (s, t)
    return max(s, t, key=Decimal) if is_ruled else t


def has_no_sum(table, column, b, s, t):
    """Would the rule make less than zero of an unsigned column?  That is asked about, and TARGET's value stays."""
    return (WORLD['rule'] == 'add' and column in TABLES[table]['unsigned'] and None not in (b, s, t) and s != b and t not in (b, s)
            and Decimal(t) + Decimal(s) - Decimal(b) < 0)


def judge_both(table, key, t, want):
    """A row that both sides have made, perhaps under two keys: what a rule decides, or who is asked."""
    named = TABLES[table]['named']
    keys = [k for k in find(SOURCE, table, None, t[named]) if not is_of_past(table, SOURCE[table][k])]
    if TABLES[table]['who'] == 'tag' or is_of_past(table, t) or len(keys) != 1 or (table, key) in LISTED:
        return
    s = SOURCE[table][keys[0]]
    for c in TABLES[table]['columns'][1:]:
        there = mapped(table, c, s[c])
        if there is not None and there.startswith('nobody'):
            continue
        want[c] = greater(table, c, there, t[c])
        if there != t[c] and (WORLD['rule'] != 'max' or c not in TABLES[table]['money'] or None in (there, t[c])):
            wrong(table, key, f"{c} differs, and nobody is asked", source=s, target=t)


def judge_live(table):
    """Rows that TARGET has."""
    for key, t in TARGET[table].items():
        b, s, r = (x[table].get(key) for x in (BASE, SOURCE, AFTER))
        if r is None:
            wrong(table, key, "is gone from TARGET", target=t)
            continue
        same = b is not None and s is not None and who(table, b) == who(table, s) == who(table, t)
        want = dict(t)
        if same and (table, key) not in OPEN and (table, key) not in PLAIN:
            for c in TABLES[table]['columns'][1:]:
                held = (table, key) in LISTED and has_no_sum(table, c, b[c], s[c], t[c])
                want[c] = t[c] if held else merged(table, c, b[c], s[c], t[c])
        judge_both(table, key, t, want)
        if r != want:
            wrong(table, key, "should be " + json.dumps(want, ensure_ascii=False), after=r, base=b, source=s, target=t,
                  listed=LISTED.get((table, key)))


def judge_past(table, key, s):
    """A row of SOURCE that stood at the split."""
    person = who(table, s)
    was = find(BASE, table, person)[0]
    b, t = BASE[table][was], find(TARGET, table, person)
    after = find(AFTER, table, person)
    if len(after) > max(1, len(t)):
        wrong(table, key, f"is there {len(after)} times", source=s)
    if t == [key] and was == key:
        return
    if not t and after and LISTED.get((table, key)) is None:
        wrong(table, key, "is back, though TARGET had deleted it", base=b, source=s)
    if s != b and (table, key) not in LISTED and (table, was) not in LISTED and (not t or t != after or True):
        if not (t and all(mapped(table, c, s[c]) == AFTER[table][after[0]][c] for c in TABLES[table]['columns'] if s[c] != b[c])):
            wrong(table, key, "was changed by SOURCE, deleted or moved by TARGET, and nobody is asked", base=b, source=s,
                  target=TARGET[table].get(t[0]) if t else None)


def judge_new(table, key, s):
    """A row that SOURCE has made."""
    t = TABLES[table]
    exactly = s[t['named']]
    if find(TARGET, table, None, exactly) and t['who'] != 'tag':
        if len(find(AFTER, table, None, exactly)) != 1:
            wrong(table, key, "is twice", source=s)
        return
    found = find(AFTER, table, None, exactly)
    if (table, key) in OPEN:
        return
    if len(found) != 1:
        wrong(table, key, f"was made by SOURCE, and is there {len(found)} times", source=s, listed=LISTED.get((table, key)))
        return
    r = AFTER[table][found[0]]
    for c in t['columns'][1:]:
        if r[c] != mapped(table, c, s[c]):
            wrong(table, key, f"{c} should be {mapped(table, c, s[c])}", source=s, after=r)
            return


def judge_strangers(table):
    """Rows of TARGET that nobody has made."""
    for key, r in AFTER[table].items():
        if key in TARGET[table]:
            continue
        person = who(table, r)
        if not find(SOURCE, table, person):
            wrong(table, key, "is nobody's", after=r)


for TABLE in TABLES:
    judge_live(TABLE)
    for KEY, ROW in SOURCE[TABLE].items():
        if is_of_past(TABLE, ROW):
            judge_past(TABLE, KEY, ROW)
        else:
            judge_new(TABLE, KEY, ROW)
    judge_strangers(TABLE)
    if UNDONE[TABLE] != TARGET[TABLE]:
        for KEY in sorted(set(UNDONE[TABLE]) | set(TARGET[TABLE])):
            if UNDONE[TABLE].get(KEY) != TARGET[TABLE].get(KEY):
                wrong(TABLE, KEY, "undo does not bring it back", before=TARGET[TABLE].get(KEY), after=AFTER[TABLE].get(KEY),
                      undone=UNDONE[TABLE].get(KEY))
for LINE in WRONG:
    print(LINE)
print('rows', sum(len(set(BASE[t]) | set(SOURCE[t]) | set(TARGET[t])) for t in TABLES), 'asked', len(OPEN), 'wrong', len(WRONG), 'plain', len(PLAIN))
