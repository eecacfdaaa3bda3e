"""copy_random.py make SEED DIR DB | judge POLICY DIR DB PLAN CHECK

make: a database that two sides have changed apart from each other: DIR/source.sql, DIR/target.sql,
DIR/ini and DIR/state.json.  Values of unique columns change hands in chains and circles, keys are
used twice, rows refer to each other, also in circles.

judge: does the plan (JSON lines of merge_driver) do what its policy says, and is what a check found
after it (`check --json`) exactly what the plan lists?  Prints what is wrong.
"""
import json
import os
import random
import sys

# columns; key; identity; references (columns, parent, its columns); unique sets
TABLES = {
    'people': ('id mobile nick place inviter name updated', 'id', 'mobile',
               [('inviter', 'people', 'id')], ['mobile', 'nick', 'place']),
    'codes': ('code owner label updated', 'code', 'code', [('owner', 'people', 'id')], []),
    'orders': ('id person no code amount updated', 'id', 'no',
               [('person', 'people', 'id'), ('code', 'codes', 'code')], ['no']),
    'items': ('order_id n pos what updated', 'order_id n', 'order_id pos',
              [('order_id', 'orders', 'id')], ['order_id pos']),
    'heads': ('id name team updated', 'id', 'name', [('team', 'teams', 'id')], ['name']),
    'teams': ('id name head updated', 'id', 'name', [('head', 'heads', 'id')], ['name']),
    'log': ('id who text updated', 'id', '', [('who', 'people', 'id')], []),
    'bag': ('tag n updated', '', '', [], []),
}
SCHEMA = """
SET foreign_key_checks = 0;
CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(12) NOT NULL,
  nick VARCHAR(12) NULL, place SMALLINT NOT NULL, inviter INT NULL, name VARCHAR(20) NOT NULL,
  updated DATETIME NULL, UNIQUE (mobile), UNIQUE (nick), UNIQUE (place),
  FOREIGN KEY (inviter) REFERENCES people (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE codes (code VARCHAR(10) NOT NULL PRIMARY KEY, owner INT NOT NULL, label VARCHAR(20)
  NOT NULL, updated DATETIME NULL, FOREIGN KEY (owner) REFERENCES people (id) ON DELETE CASCADE);
CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, person INT NOT NULL,
  no VARCHAR(12) NOT NULL, code VARCHAR(10) NULL, amount DECIMAL(8,2) NOT NULL,
  updated DATETIME NULL, UNIQUE (no), FOREIGN KEY (person) REFERENCES people (id),
  FOREIGN KEY (code) REFERENCES codes (code) ON DELETE SET NULL);
CREATE TABLE items (order_id INT NOT NULL, n INT NOT NULL, pos INT NOT NULL, what VARCHAR(20) NOT
  NULL, updated DATETIME NULL, PRIMARY KEY (order_id, n), UNIQUE (order_id, pos),
  FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE);
CREATE TABLE heads (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(12) NOT NULL,
  team INT NULL, updated DATETIME NULL, UNIQUE (name));
CREATE TABLE teams (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(12) NOT NULL,
  head INT NOT NULL, updated DATETIME NULL, UNIQUE (name),
  FOREIGN KEY (head) REFERENCES heads (id) ON DELETE CASCADE);
ALTER TABLE heads ADD FOREIGN KEY (team) REFERENCES teams (id) ON DELETE SET NULL;
CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NULL, text VARCHAR(20) NOT
  NULL, updated DATETIME NULL, FOREIGN KEY (who) REFERENCES people (id) ON DELETE CASCADE);
CREATE TABLE bag (tag VARCHAR(12) NOT NULL, n INT NOT NULL, updated DATETIME NULL);
"""


def columns(table):
    return TABLES[table][0].split()


def values(row, names):
    return tuple(row[c] for c in names.split())


# ---- two histories ----

class History:
    def __init__(self, rng):
        self.rng = rng
        self.rows = {t: [] for t in TABLES}

    def copy(self):
        other = History(self.rng)
        other.rows = {t: [dict(r) for r in rows] for t, rows in self.rows.items()}
        return other

    def when(self):
        return self.rng.choice([None] + [f'2026-04-{d:02} 10:00:00' for d in range(1, 9)])

    def some(self, table, none=False):
        rows = self.rows[table]
        if not rows or (none and self.rng.random() < 0.3):
            return None
        return self.rng.choice(rows)['id' if 'id' in rows[0] else 'code']

    def free(self, table, column, make):
        used = {r[column] for r in self.rows[table]}
        while True:
            value = make()
            if value is None or value not in used:
                return value

    def next_id(self, table):
        highest = max([r['id'] for r in self.rows[table]] + [0])
        return highest + self.rng.randint(1, 3)

    def add(self, table):
        rng, row = self.rng, {'updated': self.when()}
        if table == 'people':
            row.update(id=self.next_id(table), inviter=self.some(table, True),
                       mobile=self.free(table, 'mobile', lambda: f'm{rng.randint(1, 60)}'),
                       nick=self.free(table, 'nick', lambda: rng.choice([None, f'n{rng.randint(1, 60)}'])),
                       place=self.free(table, 'place', lambda: rng.randint(1, 60)),
                       name=f'p{rng.randint(1, 9)}')
        elif table == 'codes':
            row.update(code=self.free(table, 'code', lambda: f'c{rng.randint(1, 20)}'),
                       owner=self.some('people'), label=f'l{rng.randint(1, 4)}')
        elif table == 'orders':
            row.update(id=self.next_id(table), person=self.some('people'),
                       no=self.free(table, 'no', lambda: f'o{rng.randint(1, 60)}'),
                       code=self.some('codes', True), amount=f'{rng.randint(1, 99)}.50')
        elif table == 'items':
            order = self.some('orders')
            mine = [r for r in self.rows[table] if r['order_id'] == order]
            row.update(order_id=order, n=max([r['n'] for r in mine] + [0]) + 1,
                       pos=self.rng.choice([p for p in range(1, 40)
                                            if p not in [r['pos'] for r in mine]]),
                       what=f'w{rng.randint(1, 9)}')
        elif table == 'heads':
            row.update(id=self.next_id(table), team=self.some('teams', True),
                       name=self.free(table, 'name', lambda: f'h{rng.randint(1, 40)}'))
        elif table == 'teams':
            row.update(id=self.next_id(table), head=self.some('heads'),
                       name=self.free(table, 'name', lambda: f't{rng.randint(1, 40)}'))
            if rng.random() < 0.5:
                for head in self.rows['heads']:
                    if head['id'] == row['head']:
                        head['team'] = row['id']
        elif table == 'log':
            row.update(id=self.next_id(table), who=self.some('people', True),
                       text=f'x{rng.randint(1, 9)}')
        else:
            row.update(tag=f'g{rng.randint(1, 3)}', n=rng.randint(1, 2), updated=None)
        self.rows[table].append({c: row[c] for c in columns(table)})

    def drop(self, table, row):
        if row not in self.rows[table]:
            return
        self.rows[table].remove(row)
        for child, (_, _, _, references, _) in TABLES.items():
            for own, parent, its in references:
                if parent != table:
                    continue
                for other in [r for r in self.rows[child] if r[own] == row[its]]:
                    if (child, own) in (('people', 'inviter'), ('orders', 'code'),
                                        ('heads', 'team'), ('log', 'who')):
                        other[own] = None
                    else:
                        self.drop(child, other)

    def rotate(self, table, names):
        """Values change hands in a circle, or one row lets go what another takes."""
        rows = [r for r in self.rows[table] if table != 'items' or
                r['order_id'] == self.rows[table][0]['order_id']]
        rows = self.rng.sample(rows, min(len(rows), self.rng.randint(2, 5)))
        column = names.split()[-1]
        given = [r[column] for r in rows]
        for row, value in zip(rows, given[1:] + given[:1]):
            row[column] = value
            row['updated'] = self.when()
        if rows and self.rng.random() < 0.5:
            fresh = {'place': lambda: self.rng.randint(61, 90), 'pos': lambda: self.rng.randint(40, 60)}
            if table != 'items':
                rows[0][column] = self.free(table, column,
                                            fresh.get(column, lambda: f'z{self.rng.randint(1, 60)}'))

    def change(self):
        table = self.rng.choice(list(TABLES))
        rows, kind = self.rows[table], self.rng.random()
        if kind < 0.35 or not rows:
            self.add(table)
        elif kind < 0.5:
            self.drop(table, self.rng.choice(rows))
        elif kind < 0.75 and TABLES[table][4]:
            self.rotate(table, self.rng.choice(TABLES[table][4]))
        else:
            row = self.rng.choice(rows)
            row['updated'] = self.when() if table != 'bag' else None
            plain = {'people': 'name', 'codes': 'label', 'orders': 'amount', 'items': 'what',
                     'log': 'text'}.get(table)
            if plain == 'amount':
                row[plain] = f'{self.rng.randint(1, 99)}.50'
            elif plain:
                row[plain] = f'v{self.rng.randint(1, 9)}'
            for own, parent, _ in TABLES[table][3]:
                if self.rng.random() < 0.3 and own != 'order_id':
                    null = own in ('inviter', 'code', 'team', 'who')
                    row[own] = self.some(parent, null)


def literal(value):
    return 'NULL' if value is None else f"'{value}'"


def write(history, path):
    with open(path, 'w', encoding='utf-8') as out:
        out.write(SCHEMA)
        for table, rows in history.rows.items():
            for row in rows:
                out.write(f"INSERT INTO {table} VALUES ({', '.join(map(literal, row.values()))});\n")


def make(seed, folder, db):
    rng = random.Random(seed)
    base = History(rng)
    for _ in range(rng.randint(3, 12)):
        base.add('people')
    for _ in range(3):
        base.add('heads')
    for _ in range(rng.randint(10, 60)):
        base.add(rng.choice([t for t in TABLES if t != 'items']))
        if base.rows['orders'] and rng.random() < 0.5:
            base.add('items')
    sides = {'source': base, 'target': base.copy()}
    for name, side in sides.items():
        for _ in range(rng.choice([0, 3, 10, 40])):
            if len(side.rows['people']) < 3:
                side.add('people')
            if len(side.rows['heads']) < 2:
                side.add('heads')
            if not side.rows['orders']:
                side.add('orders')
            side.change()
        write(side, os.path.join(folder, f'{name}.sql'))
    with open(os.path.join(folder, 'ini'), 'w', encoding='utf-8') as out:
        for table, (_, _, identity, _, _) in TABLES.items():
            if identity:
                out.write(f"[table {db}.{table}]\nidentity = {', '.join(identity.split())}\n")
            out.write('subject = yes\n' if table == 'people' else '')
    with open(os.path.join(folder, 'state.json'), 'w', encoding='utf-8') as out:
        json.dump({name: side.rows for name, side in sides.items()}, out)


# ---- what must come out ----

class Judge:
    def __init__(self, state):
        self.source = {t: {self.key(t, r): r for r in rows} for t, rows in state['source'].items()}
        self.target = {t: {self.key(t, r): r for r in rows} for t, rows in state['target'].items()}
        self.known = {}

    @staticmethod
    def key(table, row):
        return values(row, TABLES[table][1])

    def same(self, table, key):
        """Are the rows of that key one entity, below one owner?"""
        s, t = self.source[table][key], self.target[table][key]
        _, _, identity, references, _ = TABLES[table]
        if identity and values(s, identity) != values(t, identity):
            return False
        if not identity and s != t:
            return False
        if table == 'people':
            return True
        for own, parent, its in references:
            if s[own] is None or parent == table:
                continue
            there = (s[own],)
            if parent in ('heads', 'teams') and (table, key, 'walk') in self.known:
                continue
            self.known[(table, key, 'walk')] = True
            there_same = there in self.source[parent] and (
                there not in self.target[parent] or self.same(parent, there))
            del self.known[(table, key, 'walk')]
            if there in self.target[parent] and not there_same:
                return False
        return True

    def held(self, table, row):
        _, _, identity, _, uniques = TABLES[table]
        for names in uniques + ([identity] if identity else []):
            mine = values(row, names)
            if None not in mine and any(values(r, names) == mine
                                        for r in self.target[table].values()):
                return True
        return False

    def backfilled(self):
        """Keys of the rows that backfill inserts: those that miss nothing, less those whose
        parents are not there, until all are."""
        good = {(t, k) for t in TABLES if t != 'bag' for k, row in self.source[t].items()
                if k not in self.target[t] and not self.held(t, row)}
        while True:
            bad = set()
            for table, key in good:
                row = self.source[table][key]
                for own, parent, _ in TABLES[table][3]:
                    there = (row[own],)
                    if row[own] is None or (parent, there) in good:
                        continue
                    if there not in self.target[parent] or not self.same(parent, there):
                        bad.add((table, key))
            if not bad:
                return good
            good -= bad


def text_key(key):
    return tuple(None if v is None else str(v) for v in key)


def judge(policy, folder, db, plan, check):
    with open(os.path.join(folder, 'state.json'), encoding='utf-8') as data:
        oracle = Judge(json.load(data))
    with open(plan, encoding='utf-8') as lines:
        entities = [e for e in map(json.loads, lines) if e['type'] == 'entity']
    with open(check, encoding='utf-8') as lines:
        found = [r for r in map(json.loads, lines) if r['type'] in ('row', 'summary')]
    if not found or found[-1]['type'] != 'summary':
        print('the check did not end')
        return
    left = {(r['table'].split('.')[1], tuple(r['key'].values())): r['kind'] for r in found
            if r['type'] == 'row' and r['key'] is not None}
    if policy != 'mirror':
        left = {k: kind for k, kind in left.items() if kind != 'extra'}
    listed = {(e['table'].split('.')[1], tuple(e['source_key'] or e['target_key'])): e['kind']
              for e in entities if e['kind'] and not e['table'].endswith('.bag')}
    for entry in sorted(set(left) ^ set(listed), key=str):
        print('left' if entry in left else 'listed', entry, left.get(entry), listed.get(entry))
    if policy == 'mirror':
        for row in (r for r in found if r['type'] == 'row' and r['key'] is None):
            print('left', row['table'], row['kind'], row['count'])
    if policy == 'mirror' and listed:
        print('mirror has conflicts', listed)
    if policy == 'backfill':
        planned = {(e['table'].split('.')[1], tuple(e['source_key'])) for e in entities
                   if e['decision'] == 'insert' and not e['table'].endswith('.bag')}
        wanted = {(t, text_key(k)) for t, k in oracle.backfilled()}
        for entry in sorted(planned ^ wanted, key=str):
            print('inserted' if entry in planned else 'not inserted', entry, listed.get(entry))


if __name__ == '__main__':
    if len(sys.argv) == 5 and sys.argv[1] == 'make':
        make(int(sys.argv[2]), *sys.argv[3:])
    elif len(sys.argv) == 7 and sys.argv[1] == 'judge':
        judge(*sys.argv[2:])
    else:
        sys.exit(__doc__)
