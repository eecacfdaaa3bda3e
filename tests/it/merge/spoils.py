"""What somebody does to a restored row by hand, so that verify has something to find."""
import random
import re
from dataclasses import dataclass

from planfiles import joined
from sqltext import ident, idents, literal


@dataclass
class Spoil:
    what: str
    table: str
    key: str   # as the program prints it
    sql: str
    mend: str


def restored(plan, before, after):
    """(row of the live side, has it a new id) of those that a plan has inserted."""
    out = []
    for (name, mine), place in sorted(plan.pairs().items()):
        t = after.tables[name]
        for node in after.nodes[name] if t.key else ():
            if joined(node.key) == place and not before.at_key(name, node.key):
                out.append((node, mine != place))
    return out


def where(node):
    return ' AND '.join(f'{ident(c)} = {literal(node.row[c])}' for c in node.table.key)


def insert(t, row):
    return (f'INSERT INTO {ident(t.name)} ({idents(row)}) VALUES ('
            + ', '.join(literal(v) for v in row.values()) + ');\n')


def delete(node):
    return f'DELETE FROM {ident(node.table.name)} WHERE {where(node)};\n'


def update(node, row):
    return (f'UPDATE {ident(node.table.name)} SET '
            + ', '.join(f'{ident(c)} = {literal(v)}' for c, v in row.items())
            + f' WHERE {where(node)};\n')


def free_columns(t):
    """Columns that are neither key nor reference."""
    held = set(t.key).union(*(ref.columns for ref in t.refs))
    return [c for c in t.columns.values() if c.name not in held]


def other_value(column):
    width = re.search(r'\((\d+)\)', column.type)
    return 'spoilt'[:int(width[1])] if column.is_text else 4711


def is_leaf(node, side):
    return not any(node.table.name == ref.table and parent is node
                   for name in side.tables for child in side.nodes[name]
                   for ref, parent in side.parents(child))


def deletions(nodes, after):
    for node, _ in nodes:
        if is_leaf(node, after):
            yield node, delete(node), insert(node.table, node.row)


def identities(nodes, _):
    for node, _ in nodes:
        t = node.table
        known = t.identity if isinstance(t.identity, tuple) else ()
        for column in free_columns(t):
            if column.name in known and column.is_text:
                yield node, update(node, {column.name: other_value(column)}), update(node, node.row)


def rehangings(nodes, after):
    for node, _ in nodes:
        t = node.table
        for ref in t.refs:
            if ref.when or len(ref.columns) > 1 or not ref.holds(node.row) or \
                    any(ref.columns[0] in u for u in (t.key, *t.unique)):
                continue
            for parent in after.nodes[ref.table]:
                value = parent.row[ref.to[0]]
                if value not in (None, node.row[ref.columns[0]]) and parent is not node:
                    yield node, update(node, {ref.columns[0]: value}), update(node, node.row)


def strangers(nodes, after):
    """Somebody else stands under a new id."""
    for node, is_new in nodes:
        columns = [c for c in free_columns(node.table) if c.is_text or c.is_number]
        if is_new and columns and is_leaf(node, after):
            row = {**node.row, columns[0].name: other_value(columns[0])}
            yield node, delete(node) + insert(node.table, row), \
                delete(node) + insert(node.table, node.row)


WAYS = [('deleted', deletions), ('another identity', identities),
        ('re-hung', rehangings), ('a stranger', strangers)]


def spoils(plan, before, after, number):
    """One of them, by turns; None where nothing can be spoilt."""
    nodes = restored(plan, before, after)
    for i in range(len(WAYS)):
        what, way = WAYS[(number + i) % len(WAYS)]
        found = list(way(nodes, after))
        if found:
            node, sql, mend = random.Random(number).choice(found)
            return Spoil(what, node.table.name, joined(node.key), sql, mend)
    return None
