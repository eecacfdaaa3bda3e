"""What a plan comes to, in a form in which an oracle, a person and the program can be compared.

Keys are tuples.  A new id is written '@table:old id', so that which of the ids in the block
was given to whom does not matter; real ids are turned into that form by their idmap.
"""
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    exit: int = 0
    refused: str = ''                             # the message, if exit is 5
    idmap: dict = field(default_factory=dict)     # table -> {key: key on the target}
    open: dict = field(default_factory=dict)      # table -> {key: (kind, key on the target)}
    decided: dict = field(default_factory=dict)   # table -> {key: (kind, choice)}
    added: dict = field(default_factory=dict)     # table -> Counter of rows (tuples)
    updated: dict = field(default_factory=dict)   # table -> {key on the target: row}
    bounds: dict = field(default_factory=dict)    # table -> (L, U)
    counters: dict = field(default_factory=dict)  # table -> AUTO_INCREMENT of T afterwards
    blocks: dict = field(default_factory=dict)    # table -> (first id, step, ids)
    loose: set = field(default_factory=set)       # (table, key) of a circle of waiting rows


def named(node):
    """The key by which a row is listed; for a keyless table, all of the row."""
    return node.key if node.table.key else tuple(node.row.values())


def of_plan(plan):
    out = Outcome(exit=plan.exit)
    for node, key in plan.idmap:
        if node.table.key:
            out.idmap.setdefault(node.table.name, {})[node.key] = key
    for node, kind, other, choice in plan.conflicts:
        if choice is None:
            out.open.setdefault(node.table.name, {})[named(node)] = \
                (kind, other.key if other else None)
        else:
            out.decided.setdefault(node.table.name, {})[named(node)] = (kind, choice)
    for name, rows in plan.added.items():
        if rows:
            out.added[name] = Counter(tuple(r.values()) for r in rows)
    for node, row in plan.updates:
        if row != node.row:  # only a key of other bytes differs, and that stays
            out.updated.setdefault(node.table.name, {})[node.key] = tuple(row.values())
    out.bounds = {name: (b.limit, b.fresh) for name, b in plan.bounds.items()}
    out.counters = {name: plan.blocks[name].counter if name in plan.blocks else
                    plan.target.counters[name] for name in plan.bounds}
    out.blocks = {name: (b.start, b.step, b.count) for name, b in plan.blocks.items()}
    out.loose = {(n.table.name, named(n)) for n in plan.found.loose}
    return out


# --- comparing

def differences(expected, got, parts=None):
    """What differs, a line each.  `parts`: which fields; those of a set that is not given at
    all are not looked at."""
    out = []
    if expected.exit != got.exit:
        out.append(f'exit code {got.exit}, expected {expected.exit}'
                   + (f': {got.refused}' if got.refused else ''))
    if expected.exit == 5:
        return out
    for part in parts or ('idmap', 'open', 'added', 'updated'):
        out += compare_tables(part, getattr(expected, part), getattr(got, part), expected.loose)
    return out


def compare_tables(part, expected, got, loose):
    out = []
    for table in sorted(set(expected) | set(got)):
        a, b = expected.get(table, {}), got.get(table, {})
        if part == 'open':
            a, b = trees_alike(table, a, loose), trees_alike(table, b, loose)
            a, b = target_keys_alike(a, b)
        for key in sorted(set(a) | set(b), key=repr):
            if a.get(key) != b.get(key):
                out.append(f'{part}: {table} {show(key)}: got {show(b.get(key, "nothing"))}, '
                           f'expected {show(a.get(key, "nothing"))}')
    return out


def trees_alike(table, rows, loose):
    """In a circle of waiting rows, which one is the root is free."""
    return {k: ('in a circle', None) if (table, k) in loose else v for k, v in rows.items()}


def target_keys_alike(expected, got):
    """The key on the target counts where both name one."""
    for key in set(expected) & set(got):
        (kind, mine), (other_kind, theirs) = expected[key], got[key]
        if mine is None or theirs is None:
            expected[key], got[key] = (kind, None), (other_kind, None)
    return expected, got


def show(value):
    if isinstance(value, tuple):
        return ','.join('NULL' if v is None else str(v) for v in value)
    return str(value)
