"""Somebody places a new order for a person who was restored: undo keeps that person."""
import random
from collections import Counter
from dataclasses import dataclass

from planfiles import joined
from spoils import insert


@dataclass
class Newcomer:
    table: str     # of the restored row
    key: str
    row: tuple     # (table, values) of the new one
    sql: str
    gone: str      # SQL that removes the new row
    least: list    # rows that must be kept
    most: list     # rows that may be


def added_nodes(before, after):
    """Rows of after that before has not."""
    for name in after.tables:
        was = Counter(tuple(n.row.values()) for n in before.nodes[name])
        for node in after.nodes[name]:
            if was[tuple(node.row.values())]:
                was[tuple(node.row.values())] -= 1
            elif not node.table.key or not before.at_key(name, node.key):
                yield node


def new_row(child, ref, parent, side, unlike=None):
    """A row of child that refers to parent (ref None: to anybody, but where there are others not
    to whom that row refers), or None."""
    row, unlike = {}, unlike or {}
    for column in child.columns.values():
        if column.null:
            row[column.name] = None
        elif column.is_number:
            row[column.name] = 99
        elif column.type.upper().startswith(('DATE', 'TIME')):
            row[column.name] = '2031-01-01' + ' 00:00:00' * (column.type.upper() != 'DATE')
        else:
            row[column.name] = 'zz'
    for other in child.refs:
        if other is not ref and not other.when and not child.columns[other.columns[0]].null:
            values = [tuple(p.row[c] for c in other.to) for p in side.nodes[other.table]]
            if not values:
                return None
            same = tuple(unlike.get(c) for c in other.columns)
            row.update(zip(other.columns, next((v for v in values if v != same), values[0])))
    if ref and ref.when:
        row[ref.when[0]] = ref.when[1]
    if ref:
        row.update(zip(ref.columns, (parent.row[c] for c in ref.to)))
    if child.counter:
        row[child.counter] = max([n.count for n in side.nodes[child.name]]
                                 + [side.counters[child.name] - 1]) + 1
    return row if fits(child, row, side) else None


def fits(child, row, side):
    for column in child.columns.values():
        value = row[column.name]
        if column.maximum and value is not None and value > column.maximum:
            return False
    return not any(side.find(child.name, columns, tuple(row[c] for c in columns))
                   for columns in (*child.unique, *([child.key] if child.key else [])))


@dataclass
class Thief:
    table: str
    key: str
    row: dict
    sql: str


def thief(plan, source, before, number):
    """Somebody who signs up under a key that a lost row was to keep; None where there is none.
    Keys of the common past are given to nobody any more.  The two have nothing in common where
    that can be had: else they might be one row, which is asked about."""
    past = {line['table'].split('.', 1)[1]: int(line['base'] or 0) for line in plan.rows['tables']}
    found = []
    for (name, mine), place in sorted(plan.pairs().items()):
        t = before.tables[name]
        if not t.counter or len(t.key) > 1 or mine != place or int(mine) <= past[name] or \
                before.at_key(name, (int(mine),)):
            continue
        lost = source.at_key(name, (int(mine),))
        row = new_row(t, None, None, before, lost.row if lost else None)
        if row:
            found.append((t, {**row, t.counter: int(mine)}))
    if not found:
        return None
    t, row = random.Random(number).choice(found)
    return Thief(t.name, str(row[t.counter]), row, insert(t, row))


def newcomer(before, after, number):
    """For a person where there are any; None where nothing refers to what was restored."""
    added = list(added_nodes(before, after))
    found = [(node, child, row) for node in added for child in after.tables.values()
             for ref in child.refs if ref.table == node.table.name and node.table.key
             and (row := new_row(child, ref, node, after))]
    people = [entry for entry in found if entry[0].table.subject]
    if not found:
        return None
    node, child, row = random.Random(number).choice(people or found)
    starts = [p for ref in child.refs if ref.holds(row)
              for p in after.find(ref.table, ref.to, tuple(row[c] for c in ref.columns))
              if p in added]
    where = ' AND '.join(f'`{c}` <=> {value(v)}' for c, v in row.items())
    return Newcomer(node.table.name, joined(node.key), (child.name, tuple(row.values())),
                    insert(child, row), f'DELETE FROM `{child.name}` WHERE {where} LIMIT 1;\n',
                    named(closure(starts, added, after, whole=False)),
                    named(closure(starts, added, after, whole=True)))


def value(v):
    return 'NULL' if v is None else str(v) if isinstance(v, int) else f"'{v}'"


def named(nodes):
    return [(n.table.name, tuple(n.row.values())) for n in nodes]


def closure(starts, added, side, whole):
    """What has to stay with rows: what hangs below, not beyond another person, and whom it
    all refers to; whole: what hangs below those, too."""
    above = {node: [p for _, p in side.parents(node) if p in set(added)] for node in added}
    below = {}
    for node in added:
        for parent in above[node]:
            if not node.table.subject:
                below.setdefault(parent, []).append(node)
    kept, todo = [], [(node, True) for node in starts]
    seen = set()
    while todo:
        node, down = todo.pop()
        if (node, down) in seen:
            continue
        seen.add((node, down))
        if node not in kept:
            kept.append(node)
        todo += [(parent, whole) for parent in above[node]]
        if down:
            todo += [(child, True) for child in below.get(node, [])]
    return kept


def judge_kept(new, before, there):
    """After undo: the new row, what it needs, and no more."""
    left = Counter((name, tuple(n.row.values())) for name in there.tables
                   for n in there.nodes[name])
    was = Counter((name, tuple(n.row.values())) for name in before.tables
                  for n in before.nodes[name])
    out = [f'lost: {row}' for row in (was - left)]
    kept = left - was
    least, most = Counter(new.least) + Counter([new.row]), Counter(new.most) + Counter([new.row])
    out += [f'not kept for {new.table} {new.key}: {row}' for row in least - kept]
    return out + [f'left although {new.table} {new.key} has nothing to do with it: {row}'
                  for row in kept - most]
