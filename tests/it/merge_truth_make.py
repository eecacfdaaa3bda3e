"""merge_truth_make.py SEED DB DIR: a database that two sides write to after they have parted.

DIR/base.sql, source.sql, target.sql (after the split), late.sql (TARGET's, after the logs were read), ini,
and world.json, by which merge_truth_judge.py knows the tables.  Statements may fail, on a key that is gone
or taken: they are run by `mariadb --force`, and what stands then is read from the servers.

Who a row is about can be told from its identity: 'b…' stood at the split, 's…' and 't…' were made by one
side, 'x…' by both; an edit of it only appends.
"""
import json
import os
import random
import sys

# columns that hold no number below zero
UNSIGNED = {'orders': ['items']}
# columns; whose start tells who it is about; money; references; columns that are edited
TABLES = {
    'members': ('id mobile name city points credits', 'mobile', 'points credits', {}, 'name city'),
    'orders': ('id no member_id status amount items', 'no', 'amount items', {'member_id': 'members'}, 'status'),
    'notes': ('code member_id txt stars', None, 'stars', {'member_id': 'members'}, 'txt'),
    'wallets': ('owner label balance coins', None, 'balance coins', {}, 'label'),
    'events': ('id tag member_id what n', 'tag', 'n', {'member_id': 'members'}, 'what'),
}
NAMES = ['ann', 'bob', 'cay', 'dov', 'eve', 'flo', 'été', "o'hare"]


class World:
    def __init__(self, seed, db):
        self.rnd = random.Random(seed)
        self.seed, self.db = seed, db
        rnd = self.rnd
        self.tables = ['members'] + rnd.sample(['orders', 'notes', 'wallets', 'events'], rnd.randint(1, 3))
        self.tables.sort(key=list(TABLES).index)
        self.deletes = {t: rnd.choice(['CASCADE', 'CASCADE', 'RESTRICT', 'SET NULL', '']) for t in self.tables}
        self.rule = ['add', None, 'add', 'max'][seed % 4]
        self.n = rnd.randint(8, 60)
        self.made = {'s': {}, 't': {}}  # names of rows that a side has made, by table
        self.serial = 0

    def reference(self, table):
        on = self.deletes[table]
        return f', FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE {on}' if on else ', KEY (member_id)'

    def schema(self):
        null = {t: '' if self.deletes[t] == 'SET NULL' else 'NOT NULL' for t in self.tables}
        texts = {
            'members': """id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(40) NOT NULL UNIQUE,
                name VARCHAR(20) NOT NULL, city VARCHAR(20) NULL, points DECIMAL(10,2) NOT NULL DEFAULT 0,
                credits INT NULL""",
            'orders': """id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, no VARCHAR(40) NOT NULL UNIQUE,
                member_id INT UNSIGNED %s, status VARCHAR(20) NULL, amount DECIMAL(8,2) NOT NULL,
                items INT UNSIGNED NOT NULL""",
            'notes': """code CHAR(36) PRIMARY KEY, member_id INT UNSIGNED %s, txt VARCHAR(40) NULL,
                stars INT NOT NULL""",
            'wallets': """owner VARCHAR(20) PRIMARY KEY, label VARCHAR(20) NULL,
                balance DECIMAL(12,2) NOT NULL, coins BIGINT NULL""",
            'events': """id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, tag VARCHAR(40) NOT NULL,
                member_id INT UNSIGNED %s, what VARCHAR(20) NULL, n INT NOT NULL""",
        }
        for t in self.tables:
            text = texts[t] % null[t] if '%s' in texts[t] else texts[t]
            yield f"CREATE TABLE {t} ({text}{self.reference(t) if TABLES[t][3] else ''}) ENGINE=InnoDB"

    # ---- values

    def word(self):
        return "'" + self.rnd.choice(NAMES).replace("'", "''") + str(self.rnd.randint(1, 99)) + "'"

    def money(self):
        return f'{self.rnd.randint(0, 200)}.{self.rnd.randint(0, 99):02d}'

    def value(self, table, column):
        if column in ('city', 'label', 'what', 'status', 'txt', 'coins', 'credits') and self.rnd.random() < 0.15 \
                and column in ('city', 'label', 'what', 'status', 'txt', 'credits', 'coins'):
            return 'NULL'
        if column in ('points', 'amount', 'balance'):
            return self.money()
        if column in ('credits', 'items', 'stars', 'coins', 'n'):
            return str(self.rnd.randint(0, 300))
        return self.word()

    def fresh(self, side, table):
        """The name of a row that the side makes; now and then one that the other makes, too."""
        self.serial += 1
        if self.rnd.random() < 0.08 and table in ('members', 'orders', 'wallets', 'notes') and side != 'b':
            name = f'x{self.rnd.randint(1, 3)}'
        else:
            name = f'{side}{self.serial}'
        if side != 'b':
            self.made[side].setdefault(table, []).append(name)
        return name

    # ---- whom a statement is about

    def named(self, table):
        return {'members': 'mobile', 'orders': 'no', 'notes': 'code', 'wallets': 'owner', 'events': 'tag'}[table]

    def where(self, side, table):
        made = self.made[side].get(table, [])
        if made and self.rnd.random() < 0.15:
            return f"{self.named(table)} = '{self.rnd.choice(made)}'"
        n = self.rnd.randint(1, self.n)
        if table in ('notes', 'wallets'):
            return f"{self.named(table)} = 'b{n}'"
        return f'id = {n}'

    def parent(self, side):
        made = self.made.get(side, {}).get('members', [])
        if made and self.rnd.random() < 0.4:
            return f"(SELECT m.id FROM members m WHERE m.mobile LIKE '{self.rnd.choice(made)}%' LIMIT 1)"
        return str(self.rnd.randint(1, self.n))

    def row(self, side, table, name=None, key=None):
        columns = TABLES[table][0].split()
        values = {}
        for c in columns:
            if c == self.named(table):
                values[c] = "'" + (name or self.fresh(side, table)) + "'"
            elif c == 'member_id':
                values[c] = self.parent(side)
            elif c == 'id':
                if key is not None:
                    values[c] = str(key)
            else:
                values[c] = self.value(table, c)
        return values

    def insert(self, table, values, verb='INSERT'):
        return f"{verb} INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"

    # ---- statements

    def base(self):
        for t in self.tables:
            for i in range(1, self.n + 1):
                values = self.row('b', t, f'b{i}')
                if 'member_id' in values:
                    values['member_id'] = str(self.rnd.randint(1, self.n))
                yield self.insert(t, values)

    def edit(self, side, table):
        columns = TABLES[table][4].split() + TABLES[table][2].split()
        picked = self.rnd.sample(columns, self.rnd.randint(1, min(2, len(columns))))
        where = self.where(side, table)
        text = ', '.join(f'{c} = {self.value(table, c)}' for c in picked)
        if self.rnd.random() < 0.12: # to the same on both sides
            text = f"{picked[0]} = '77'"
        if self.rnd.random() < 0.12: # and back
            c = picked[0]
            return [f'SET @v = (SELECT {c} FROM {table} WHERE {where} LIMIT 1)', f'UPDATE {table} SET {text} WHERE {where}',
                    f'UPDATE {table} SET {c} = @v WHERE {where}']
        return [f'UPDATE {table} SET {text} WHERE {where}']

    def pay(self, side, table):
        column = self.rnd.choice(TABLES[table][2].split())
        amount = self.rnd.randint(-60, 200)
        return [f'UPDATE {table} SET {column} = {column} + {amount} WHERE {self.where(side, table)}']

    def again(self, side, table):
        """Deleted, and inserted again under one key: the same one, or another."""
        n = self.rnd.randint(1, self.n)
        if table in ('notes', 'wallets'):
            name = f'b{n}'
            values = self.row(side, table, name)
            gone = f"DELETE FROM {table} WHERE {self.named(table)} = '{name}'"
        else:
            name = f'b{n}' if self.rnd.random() < 0.6 else None
            values = self.row(side, table, name, n)
            gone = f'DELETE FROM {table} WHERE id = {n}'
        return [gone, self.insert(table, values)]

    def replace(self, side, table):
        n = self.rnd.randint(1, self.n)
        key = None if table in ('notes', 'wallets') else n
        return [self.insert(table, self.row(side, table, f'b{n}', key), 'REPLACE')]

    def upsert(self, side, table):
        n = self.rnd.randint(1, self.n)
        if table == 'events':
            return self.edit(side, table)
        values = self.row(side, table, f'b{n}' if self.rnd.random() < 0.6 else None)
        column = self.rnd.choice(TABLES[table][4].split() + TABLES[table][2].split())
        return [self.insert(table, values) + f' ON DUPLICATE KEY UPDATE {column} = VALUES({column})']

    def move(self, side, table):
        where = self.where(side, table)
        if table in ('notes', 'wallets'):
            self.serial += 1
            return [f"UPDATE {table} SET {self.named(table)} = CONCAT({self.named(table)}, 'k{self.serial}') WHERE {where}"]
        return [f'UPDATE {table} SET id = id + {self.rnd.choice([40, 500])} WHERE {where}']

    def rename(self, side, table):
        if table not in ('members', 'orders'):
            return self.edit(side, table)
        self.serial += 1
        column = self.named(table)
        return [f"UPDATE {table} SET {column} = CONCAT({column}, 'e{self.serial}') WHERE {self.where(side, table)}"]

    def lead_elsewhere(self, side, table):
        if 'member_id' not in TABLES[table][0].split():
            return self.edit(side, table)
        return [f'UPDATE {table} SET member_id = {self.parent(side)} WHERE {self.where(side, table)}']

    def delete(self, side, table):
        return [f'DELETE FROM {table} WHERE {self.where(side, table)}']

    def new(self, side, table):
        return [self.insert(table, self.row(side, table))]

    def new_tree(self, side, table):
        values = self.row(side, 'members')
        out = [self.insert('members', values), 'SET @m = LAST_INSERT_ID()']
        for t in self.tables:
            if 'member_id' in TABLES[t][0].split():
                child = self.row(side, t)
                child['member_id'] = '@m'
                out.append(self.insert(t, child))
        return out

    WAYS = [('edit', 30), ('pay', 14), ('delete', 9), ('again', 3), ('replace', 3), ('upsert', 5), ('move', 1.2), ('rename', 3),
            ('lead_elsewhere', 4), ('new', 14), ('new_tree', 6)]

    def writes(self, side, n):
        out = []
        for _ in range(n):
            statements = []
            for _ in range(self.rnd.choice([1, 1, 2])):
                way = self.rnd.choices([w for w, _ in self.WAYS], [k for _, k in self.WAYS])[0]
                statements += getattr(self, way)(side, self.rnd.choice(self.tables))
            out.append('BEGIN; ' + '; '.join(statements) + ('; COMMIT' if self.rnd.random() < 0.95 else '; ROLLBACK'))
        return out

    def ini(self):
        for t in self.tables:
            yield f'[table {self.db}.{t}]'
            yield 'identity = ' + {'members': 'mobile', 'orders': 'no', 'events': 'none'}.get(t, 'key')
            if t == 'members':
                yield 'subject = yes'
            if TABLES[t][3] and not self.deletes[t]:
                yield f'reference = member_id -> {self.db}.members.id'
            if self.rule:
                yield 'merge = ' + ', '.join(f'{c} {self.rule}' for c in TABLES[t][2].split())


def main():
    seed, db, where = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    w = World(seed, db)
    os.makedirs(where, exist_ok=True)

    def write(name, lines, end=';\n'):
        with open(os.path.join(where, name), 'w') as f:
            f.write(''.join(line + end for line in lines))

    few = w.rnd.randint(4, 22)
    write('base.sql', [f'CREATE DATABASE {db}', f'USE {db}', *w.schema(), *w.base()])
    write('source.sql', [f'USE {db}', *w.writes('s', few)])
    write('target.sql', [f'USE {db}', *w.writes('t', w.rnd.randint(3, 22))])
    write('late.sql', [f'USE {db}', *(w.writes('t', w.rnd.randint(1, 3)) if w.rnd.random() < 0.4 else [])])
    write('ini', w.ini(), '\n')
    with open(os.path.join(where, 'world.json'), 'w') as f:
        json.dump({'db': db, 'seed': seed, 'rule': w.rule, 'tables': {
            t: {'columns': TABLES[t][0].split(), 'who': TABLES[t][1], 'named': w.named(t), 'money': TABLES[t][2].split(),
                'references': TABLES[t][3], 'emptied': w.deletes[t] == 'SET NULL',
                'unsigned': UNSIGNED.get(t, [])} for t in w.tables}}, f)
    with open(os.path.join(where, 'dump.sql'), 'w') as f:
        for t in w.tables:
            f.write(f"SELECT '#{t}';\nSELECT {', '.join(TABLES[t][0].split())} FROM {db}.{t};\n")


main()
