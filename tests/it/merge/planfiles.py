"""Plans as files: idmap.csv and conflicts.csv, written as the program writes them, and read.

    planfiles.py SEED PEOPLE DIR [DATABASE]

writes DIR/source.sql and DIR/target.sql (random histories, for a database in use), merge.ini,
options (of `repair plan`, one a line), and in DIR/expected what the oracle says: idmap.csv,
conflicts.csv, target.sql (the live side after apply without decisions), bounds.json.  Which ids
of the block are given to whom is free; to compare, read both as Files.
"""
import csv
import json
import os
import sys
from collections import Counter

from model import Side
from outcome import Outcome
from sqltext import configuration, dump

IDMAP = ['table', 'source_key', 'target_key', 'identity']
CONFLICTS = [*IDMAP, 'kind', 'choices', 'source', 'target', 'decision']


# --- writing

def real_ids(plan, rng=None):
    """NewId -> a number of its block; by old id, or as the dice have it."""
    out = {}
    for name, block in plan.blocks.items():
        ids = [block.start + i * block.step for i in range(block.count)]
        if rng:
            rng.shuffle(ids)
        column = plan.tables[name].counter
        made = sorted((r[column] for r in plan.added[name] if isinstance(r[column], str)),
                      key=lambda new: int(new.split(':')[1]))
        out.update(zip(made, ids))
    return out


def with_ids(values, ids):
    return [ids.get(v, v) if isinstance(v, str) else v for v in values]


def target_afterwards(plan, ids):
    """The live side when the plan is applied, as a Side."""
    rows = {name: [dict(zip(r, with_ids(r.values(), ids))) for r in listed]
            for name, listed in plan.rows.items()}
    counters = {**plan.target.counters, **{n: b.counter for n, b in plan.blocks.items()}}
    return Side('target', plan.tables, rows, counters, plan.target.increment, plan.target.offset)


def joined(values):
    return ','.join('' if v is None else str(v) for v in values)


def image(row):
    return json.dumps({c: None if v is None else str(v) for c, v in row.items()})


def write_idmap(plan, ids, out, db):
    lines = csv.writer(out)
    lines.writerow(IDMAP)
    for node, key in plan.idmap:
        if node.table.key:
            lines.writerow([f'{db}.{node.table.name}', joined(node.key),
                            joined(with_ids(key, ids)), ''])


def write_conflicts(plan, out, db):
    """Open ones and decided ones; a run of deleted-or-lost keys on one line."""
    lines = csv.writer(out)
    lines.writerow(CONFLICTS)
    runs = {}
    for node, kind, other, choice in plan.conflicts:
        name = f'{db}.{node.table.name}'
        if kind == 'deleted-or-lost' and len(node.table.key) == 1 and node.table.counter:
            runs.setdefault((name, choice), []).append(node)
            continue
        lines.writerow([name, joined(node.key) if node.table.key else '',
                        joined(other.key) if other else '', '', kind, '', image(node.row),
                        image(other.row) if other else '', choice or ''])
    for (name, choice), nodes in runs.items():
        for low, high in runs_of(nodes, plan):
            key = f'{low}..{high}' if high > low else str(low)
            lines.writerow([name, key, '', '', 'deleted-or-lost', '', '', '', choice or ''])


def runs_of(nodes, plan):
    """Between the first and last key of a run, the source has no other row."""
    mine = {n.count for n in nodes}
    begin = last = None
    for key in sorted(n.count for n in plan.source.nodes[nodes[0].table.name]):
        if key in mine:
            begin = key if begin is None else begin
            last = key
        elif begin is not None:
            yield begin, last
            begin = None
    if begin is not None:
        yield begin, last


# --- reading

def typed(column, text):
    return int(text) if column.is_number else text


def key_of(t, text):
    """Texts in keys must not have commas."""
    return tuple(typed(t.columns[c], v) for c, v in zip(t.key, text.split(',')))


class Files:
    """A plan directory and what is on the live side afterwards, as an Outcome."""

    def __init__(self, tables, source, before, after):
        self.tables, self.source, self.before, self.after = tables, source, before, after
        self.new = {}  # (table, id) -> '@table:old id'

    def outcome(self, idmap, conflicts):
        """Of two open files."""
        out = Outcome()
        pairs = [(self.table(line), line) for line in csv.DictReader(idmap)]
        for t, line in pairs:
            if t.counter:
                i = t.key.index(t.counter)
                mine, new = (key_of(t, line[f])[i] for f in ('source_key', 'target_key'))
                if mine != new and not self.before.find(t.name, (t.counter,), (new,)):
                    self.new[t.name, new] = f'@{t.name}:{mine}'
        for t, line in pairs:
            key = dict(zip(t.key, key_of(t, line['target_key'])))
            out.idmap.setdefault(t.name, {})[key_of(t, line['source_key'])] = \
                tuple(self.symbol(t, key, c) for c in t.key)
        for line in csv.DictReader(conflicts):
            self.add_conflict(self.table(line), line, out)
        self.add_rows(out)
        out.counters = dict(self.after.counters)
        out.exit = 1 if out.open else 0
        return out

    def table(self, line):
        return self.tables[line['table'].split('.', 1)[1]]

    def symbol(self, t, row, column):
        """A value, or whose new id it is: of this table, or of one that it refers to."""
        if column == t.counter and (t.name, row[column]) in self.new:
            return self.new[t.name, row[column]]
        for ref in t.refs:
            if column in ref.columns and set(ref.columns) | {(ref.when or [column])[0]} \
                    <= set(row) and ref.holds(row):
                parent = self.tables[ref.table]
                found = self.symbol(parent, dict(zip(ref.to, (row[c] for c in ref.columns))),
                                    ref.to[ref.columns.index(column)])
                if isinstance(found, str) and found.startswith('@'):
                    return found
        return row[column]

    def add_conflict(self, t, line, out):
        text = line['source_key']
        if '..' in text:
            low, high = (int(v) for v in text.split('..'))
            keys = [n.key for n in self.source.nodes[t.name] if low <= n.count <= high]
        elif t.key:
            keys = [key_of(t, text)]
        else:
            row = json.loads(line['source'])
            keys = [tuple(v if v is None else typed(c, v)
                          for c, v in zip(t.columns.values(), row.values()))]
        there = key_of(t, line['target_key']) if line['target_key'] and t.key else None
        for key in keys:
            if line['decision']:
                out.decided.setdefault(t.name, {})[key] = (line['kind'], line['decision'])
            else:
                out.open.setdefault(t.name, {})[key] = (line['kind'], there)

    def add_rows(self, out):
        for t in self.tables.values():
            def row_of(node, table=t):
                return tuple(self.symbol(table, node.row, c) for c in table.columns)
            was = Counter(tuple(n.row.values()) for n in self.before.nodes[t.name])
            rows = Counter()
            for node in self.after.nodes[t.name]:
                plain = tuple(node.row.values())
                if was[plain]:
                    was[plain] -= 1
                elif t.key and self.before.at_key(t.name, node.key):
                    out.updated.setdefault(t.name, {})[node.key] = row_of(node)
                else:
                    rows[row_of(node)] += 1
            if rows:
                out.added[t.name] = rows


# --- from the command line

def arguments(options, db):
    """Options of `repair plan`, but for --decisions."""
    out = [] if options.margin is None else ['--margin', str(options.margin)]
    if options.split_at:
        out += ['--split-at', options.split_at]
    for name, key in options.split_keys.items():
        out += ['--split-key', f'{db}.{name}={key}']
    for kind, choice in options.on_conflict.items():
        out += ['--on-conflict', f'{kind}={choice}']
    for name in options.exclude:
        out += ['--exclude', f'{db}.{name}']
    return out


def write_decisions(options, out, db):
    """What a person filled in of conflicts.csv."""
    lines = csv.writer(out)
    lines.writerow(CONFLICTS)
    for (name, key), choice in options.decisions.items():
        lines.writerow([f'{db}.{name}', joined(key), *[''] * 6, choice])


def write_all(world, plan, folder, db):
    expected = os.path.join(folder, 'expected')
    os.makedirs(expected, exist_ok=True)
    ids = real_ids(plan)
    texts = {'source.sql': dump(world.source), 'target.sql': dump(world.target),
             'merge.ini': configuration(world.tables, db),
             'options': '\n'.join(arguments(world.options, db)) + '\n',
             'expected/target.sql': dump(target_afterwards(plan, ids)),
             'expected/bounds.json': json.dumps({n: [b.limit, b.fresh] for n, b in
                                                 plan.bounds.items()})}
    for name, text in texts.items():
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as out:
            out.write(text)
    with open(os.path.join(expected, 'idmap.csv'), 'w', encoding='utf-8', newline='') as out:
        write_idmap(plan, ids, out, db)
    with open(os.path.join(expected, 'conflicts.csv'), 'w', encoding='utf-8', newline='') as out:
        write_conflicts(plan, out, db)


def main(seed, people, folder, db='club'):
    from generator import generate
    from oracle import Plan
    world = generate(int(seed), int(people))
    plan = Plan(world.tables, world.source, world.target, world.options)
    write_all(world, plan, folder, db)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    main(*sys.argv[1:])
