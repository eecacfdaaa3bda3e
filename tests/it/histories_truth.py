"""histories_truth.py: what is true of two histories, told from their rows in memory.

check:    for each table the lines that `check --json` must have: table (counts), range, row,
          moved, duplicate; and the tables whose AUTO_INCREMENT is a finding.
affected: the people touched, one line each.
"""
from collections import Counter, defaultdict

from histories_tables import fold_all

REASONS = ['missing', 'extra', 'changed', 'collision', 'moved', 'child', 'window']
SIDES = ('source', 'target')


def shown(value):
    """A value as JSON shows it: numbers are strings too."""
    return str(value) if isinstance(value, int) else value


def image(table, row):
    return None if row is None else {c: shown(row[c]) for c in table.columns}


def columns_of(row, names):
    return {c: shown(row[c]) for c in names}


def identity_of(table, row):
    """Folded identity of a row; None: nobody, or a table without identities."""
    if row is None or table.identity is None:
        return None
    values = fold_all(row[c] for c in table.identity)
    return None if None in values else values


class Finding:
    def __init__(self, table, kind, source, target, count=1):
        self.table, self.kind, self.count = table, kind, count
        self.row = {'source': source, 'target': target}


def kind_of(table, source, target):
    if target is None:
        return 'missing'
    if source is None:
        return 'extra'
    if table.configured == 'none':
        return 'collision'
    a, b = identity_of(table, source), identity_of(table, target)
    return 'changed' if a is None or b is None or a == b else 'collision'


def findings_of(table, source, target):
    """Differing rows of a table, in no order."""
    if not table.key:
        def bag(rows):
            return Counter(tuple(r.items()) for r in rows.values())
        mine, its = bag(source), bag(target)
        return ([Finding(table, 'missing', dict(r), None, n) for r, n in (mine - its).items()]
                + [Finding(table, 'extra', None, dict(r), n) for r, n in (its - mine).items()])
    keys = dict.fromkeys([*source, *target])
    pairs = ((source.get(k), target.get(k)) for k in keys)
    return [Finding(table, kind_of(table, s, t), s, t) for s, t in pairs if s != t]


def by_identity(table, rows):
    groups = defaultdict(list)
    for row in rows.values():
        who = identity_of(table, row)
        if who is not None:
            groups[who].append(row)
    return groups


def moved_of(table, groups):
    """(source row, target row) of each identity that each side has once, under another key."""
    for who, rows in groups['source'].items():
        others = groups['target'].get(who, [])
        if len(rows) == 1 and len(others) == 1:
            a, b = rows[0], others[0]
            if fold_all(a[c] for c in table.key) != fold_all(b[c] for c in table.key):
                yield a, b


def row_line(f, name):
    both = f.row['source'] is not None and f.row['target'] is not None
    first = f.row['source'] or f.row['target']
    line = {'type': 'row', 'table': name, 'kind': f.kind,
            'key': columns_of(first, f.table.key) if f.table.key else None,
            'source': image(f.table, f.row['source']), 'target': image(f.table, f.row['target']),
            'columns': [c for c in f.table.columns
                        if both and f.row['source'][c] != f.row['target'][c]]}
    return line if f.table.key else {**line, 'count': f.count}


def range_lines(table, name, source, target, findings):
    """Runs of diverged keys; only where the order of keys is that of numbers."""
    keys = source.keys() | target.keys()
    if not table.key or not all(isinstance(v, int) for k in keys for v in k):
        return
    diverged = {fold_all((f.row['source'] or f.row['target'])[c] for c in table.key)
                for f in findings}
    run = []
    for key in [*sorted(keys), None]:
        if key in diverged:
            run.append(key)
        elif run:
            yield {'type': 'range', 'table': name, 'from': dict(zip(table.key, map(str, run[0]))),
                   'to': dict(zip(table.key, map(str, run[-1]))), 'rows': len(run)}
            run = []


def duplicate_lines(table, name, groups, findings):
    """Identities of differing rows that several rows of their side have."""
    for side in SIDES:
        seen = {identity_of(table, f.row[side]) for f in findings}
        for who, rows in groups[side].items():
            if who in seen and len(rows) > 1:
                yield {'type': 'duplicate', 'table': name, 'side': side,
                       'keys': sorted(([*columns_of(r, table.key).items()] for r in rows))}


def table_lines(table, name, source, target):
    findings = findings_of(table, source, target)
    groups = {'source': by_identity(table, source), 'target': by_identity(table, target)}
    moved = list(moved_of(table, groups))
    counts = Counter()
    for f in findings:
        counts[f.kind] += f.count
    nobody = 0
    if table.identity is not None:
        nobody = sum(any(r is not None and identity_of(table, r) is None for r in f.row.values())
                     for f in findings)
    yield {'type': 'table', 'table': name, 'verdict': 'diverged' if findings else 'equal',
           'key': table.key, 'identity': [] if table.configured == 'none' else table.identity or table.key,
           'source_rows': len(source), 'target_rows': len(target),
           **{k: counts[k] for k in REASONS[:4]}, 'moved': len(moved), 'null_identities': nobody,
           'schema': 'equal'}
    yield from range_lines(table, name, source, target, findings)
    yield from (row_line(f, name) for f in findings)
    for a, b in moved:
        yield {'type': 'moved', 'table': name, 'identity': columns_of(a, table.identity),
               'source_key': columns_of(a, table.key), 'target_key': columns_of(b, table.key)}
    yield from duplicate_lines(table, name, groups, findings)


def counter_is_behind(table, source, target):
    """Would the next insert of a side get a key that a side has, or one below?"""
    if not table.auto:
        return False
    greatest = max((row[table.key[-1]] for side in (source, target)
                    for row in side.rows[table.name].values()), default=0)
    return min(source.next[table.name], target.next[table.name]) <= greatest


def check_truth(tables, source, target, db):
    """Lines of check --json, without those on the run as a whole."""
    for t in tables.values():
        yield from table_lines(t, f'{db}.{t.name}', source.rows[t.name], target.rows[t.name])
        if counter_is_behind(t, source, target):
            yield {'type': 'object', 'object': 'auto_increment', 'table': f'{db}.{t.name}'}


# --- affected


class Walk:
    """From rows of one history up to the members that they belong to."""

    def __init__(self, tables, history):
        self.tables, self.index = tables, {}
        self.history = history

    def rows_with(self, table, columns, values):
        """Rows of a table by the values of some columns, as a server's `=` would find them."""
        where = (table, tuple(columns))
        if where not in self.index:
            found = defaultdict(list)
            for row in self.history.rows[table].values():
                found[fold_all(row[c] for c in columns)].append(row)
            self.index[where] = found
        return self.index[where].get(fold_all(values), [])

    def members_above(self, table, row):
        """Every member that a row of another table leads to."""
        found, todo, seen = [], [(table, row)], set()
        while todo:
            at, row = todo.pop()
            if id(row) in seen:
                continue
            seen.add(id(row))
            if at.name == 'members':
                found.append(row)
                continue
            for columns, parent, its, when in at.references():
                values = [row[c] for c in columns]
                if None in values or (when is not None and not when[1](row)):
                    continue
                todo += [(self.tables[parent], r) for r in self.rows_with(parent, its, values)]
        return found


class Person:
    def __init__(self):
        self.reasons, self.tables = set(), set()


def key_order(row, members):
    """Numbers as numbers, texts by their bytes."""
    return [v if isinstance(v, int) else v.encode() for v in (row[c] for c in members.key)]


class People:
    """Who the rows of members are: an identity; where that is NULL, whoever has the key on the
    other side; else nobody but this key."""

    def __init__(self, members, source, target):
        self.members, self.people = members, {}
        self.side = {'source': source.rows['members'], 'target': target.rows['members']}
        self.rows = {side: defaultdict(list) for side in SIDES}  # of each person
        for side, rows in self.side.items():
            for row in sorted(rows.values(), key=lambda r: key_order(r, members)):
                self.rows[side][self.person_id(row)].append(row)

    def person_id(self, row):
        key = fold_all(row[c] for c in self.members.key)
        twins = [self.side[side].get(key) for side in SIDES]
        named = [identity_of(self.members, r) for r in (row, *twins)]
        return next((who for who in named if who is not None), ('key', key))

    def touch(self, row, reason, table):
        person = self.people.setdefault(self.person_id(row), Person())
        person.reasons.add(reason)
        person.tables.add(table)

    def lines(self, columns):
        return sorted((self.line(who, person, columns) for who, person in self.people.items()),
                      key=self.sort_key)

    def line(self, who, person, columns):
        rows = self.rows['source'].get(who, []) + self.rows['target'].get(who, [])
        named = next((r for r in rows if identity_of(self.members, r) is not None), rows[0])
        keys = [';'.join(','.join(str(r[c]) for c in self.members.key)
                         for r in self.rows[side].get(who, [])) or None for side in SIDES]
        return [*(named[c] for c in self.members.identity), *keys,
                ';'.join(r for r in REASONS if r in person.reasons),
                ';'.join(sorted(person.tables, key=str.encode)),
                *(shown(rows[0][c]) for c in columns)]

    def sort_key(self, line):
        return [(v is not None, (v or '').encode())
                for v in line[:len(self.members.identity) + 2]]


def affected(tables, source, target, db, window=None, columns=()):
    """(header, lines) of `affected --format csv`; None is an empty field, '' an empty text.

    window: creation times (first, end) of those who count as affected whatever happened.
    columns: more columns of members to print.
    """
    members = tables['members']
    people = People(members, source, target)
    walks = {'source': Walk(tables, source), 'target': Walk(tables, target)}
    for t in tables.values():
        for f in findings_of(t, source.rows[t.name], target.rows[t.name]):
            for side in SIDES:
                row = f.row[side]
                if row is None:
                    continue
                if t is members:
                    people.touch(row, f.kind, f'{db}.members')
                else:
                    for member in walks[side].members_above(t, row):
                        people.touch(member, 'child', f'{db}.{t.name}')
    groups = {side: by_identity(members, rows) for side, rows in people.side.items()}
    for row, _ in moved_of(members, groups):
        people.touch(row, 'moved', f'{db}.members')
    for rows in people.side.values() if window else ():
        for row in rows.values():
            if window[0] <= row['created_at'] < window[1]:
                people.touch(row, 'window', f'{db}.members')
    header = [*members.identity, 'source_key', 'target_key', 'reasons', 'tables', *columns]
    return header, people.lines(columns)
