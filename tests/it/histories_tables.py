"""histories_tables.py: the tables of the club, what the configuration says about them, and
which texts their collation takes for the same.

A seed decides the variant: what the key of a member looks like, who a member is (which
columns, may they be NULL, is there a UNIQUE index), and the identities of some tables.
"""
import functools


# utf8mb4_general_ci, of the characters that are used here: no case, no accents, every
# character beyond U+FFFF is the same one, trailing blanks do not count.
PLAIN = dict(zip('äÄéÉïÏöÖüÜñÑß', 'AAEEIIOOUUNNS'))


@functools.cache
def fold_text(text):
    return ''.join('\ufffd' if ord(c) > 0xffff else PLAIN.get(c, c.upper())
                   for c in text.rstrip(' '))


def fold(value):
    """A value that is equal for all that the collation takes for the same."""
    return fold_text(value) if isinstance(value, str) else value


def fold_all(values):
    return tuple(fold(v) for v in values)


ALIKE = [('ä', 'a', 'Ä', 'A'), ('é', 'e', 'É', 'E'), ('ö', 'o'), ('ü', 'U'), ('ß', 's'),
         ('😀', '🦄', '𝒜'), ('ж', 'Ж')]


def respell(rng, text):
    """Another spelling of the same, where there is one."""
    if not isinstance(text, str):
        return text
    out = ''
    for c in text:
        alike = next((a for a in ALIKE if c in a), (c.lower(), c.upper()))
        out += rng.choice(alike) if rng.random() < 0.5 else c
    return out + ' ' if rng.random() < 0.15 else out


class Variant:
    """What a seed decides about the tables."""

    def __init__(self, seed):
        self.key = {2: 'text', 4: 'pair'}.get(seed % 5, 'int')
        self.identity = ['country', 'mobile'] if seed % 7 == 3 else ['mobile']
        self.nullable = seed % 3 != 1
        self.inferred = not self.nullable and seed % 2 == 1
        self.unique = self.inferred or seed % 6 != 5
        self.wallet = 'none' if seed % 2 == 0 else None
        self.addresses = 'row' if seed % 3 == 0 else None

    def key_columns(self):
        return ['branch', 'id'] if self.key == 'pair' else ['id']

    def refs(self, prefix):
        """The columns of a table that refer to a member."""
        return [f'{prefix}_{c}' for c in self.key_columns()]

    def member_key(self, number):
        if self.key == 'pair':
            return (number % 3 + 1, number)
        if self.key == 'text':
            return (f'K "{number}", ü😀' if number % 17 == 0 else f'M-{number:05d}',)
        return (number,)


class Table:
    """columns: name -> SQL type.  identity: None (inferred), 'none', 'row' or columns."""

    def __init__(self, name, columns, key, *, auto=True, identity=None, unique=(), fks=(),
                 refs=(), dismissed=(), index=()):
        self.name, self.columns, self.key = name, columns, list(key)
        self.auto = auto  # the key is handed out by AUTO_INCREMENT
        self.configured = identity
        self.unique = list(unique)      # (columns, all NOT NULL)
        self.fks = list(fks)            # (columns, table, its columns)
        self.refs = list(refs)          # the same, and (SQL condition, predicate) or None
        self.dismissed = list(dismissed)
        self.index = list(index)
        if identity == 'row':
            self.identity = [c for c in columns if c not in self.key]
        elif identity in (None, 'none'):
            natural = [cols for cols, strict in self.unique if strict and identity is None]
            self.identity = natural[0] if natural else None
        else:
            self.identity = identity

    def references(self):
        return [(c, t, p, None) for c, t, p in self.fks] + self.refs


INT = 'INT UNSIGNED NOT NULL'
INT_NULL = 'INT UNSIGNED NULL'
TIME = 'DATETIME NOT NULL'
MONEY = 'DECIMAL(10,2) NOT NULL'


def text(size, null=False):
    return f'VARCHAR({size}) {"NULL" if null else "NOT NULL"}'


def member_refs(variant, prefix, null=False):
    types = {'branch': INT, 'id': text(32) if variant.key == 'text' else INT}
    return {f'{prefix}_{c}': types[c].replace('NOT NULL', 'NULL') if null else types[c]
            for c in variant.key_columns()}


def members(v):
    strict = not v.nullable
    return Table('members', {
        **({'branch': INT} if v.key == 'pair' else {}),
        'id': text(32) if v.key == 'text' else INT,
        'country': text(2, null=not strict and 'country' in v.identity),
        'mobile': text(80, null=not strict), 'name': text(60), 'email': text(80, null=True),
        **member_refs(v, 'inviter', null=True), 'created_at': TIME,
    }, v.key_columns(), auto=v.key == 'int', identity=None if v.inferred else v.identity,
        unique=[(v.identity, strict)] if v.unique else [],
        fks=[(v.refs('inviter'), 'members', v.key_columns())])


def people_tables(v):
    """Tables whose rows lead to a member at once."""
    to = v.key_columns()
    one, many = member_refs(v, 'member'), v.refs('member')

    def fk(prefix):
        return (v.refs(prefix), 'members', to)

    def ref(prefix, when=None):
        return (v.refs(prefix), 'members', to, when)

    owners = [ref('owner', ("owner_type = 'member'",
                            lambda row: fold(row['owner_type']) == 'MEMBER'))]
    if v.key == 'int':
        owners.append((['owner_id'], 'orders', ['id'],
                       ("owner_type = 'order'", lambda row: fold(row['owner_type']) == 'ORDER')))
    return [
        Table('orders', {'id': INT, 'order_no': text(20), **one, 'amount': MONEY, 'placed_at': TIME},
              ['id'], unique=[(['order_no'], True)], fks=[fk('member')]),
        Table('wallet_log', {'id': INT, **one, 'change_by': MONEY, 'reason': text(40),
                             'legacy_id': INT_NULL, 'at': TIME}, ['id'],
              identity=v.wallet, refs=[ref('member')], dismissed=['legacy_id'], index=[many]),
        Table('transfers', {'id': INT, **member_refs(v, 'from'), **member_refs(v, 'to'),
                            'amount': MONEY}, ['id'], fks=[fk('from'), fk('to')]),
        Table('tags', {**one, 'tag': text(20), 'weight': INT}, many + ['tag'], auto=False,
              fks=[fk('member')]),
        Table('addresses', {'id': INT, **member_refs(v, 'member', null=True), 'street': text(60),
                            'city': text(40, null=True)}, ['id'], identity=v.addresses,
              fks=[fk('member')]),
        Table('comments', {'id': INT, 'parent_id': INT_NULL, **member_refs(v, 'member', null=True),
                           'body': text(200)}, ['id'],
              fks=[(['parent_id'], 'comments', ['id']), fk('member')]),
        Table('notes', {'id': INT, 'owner_type': text(10, null=True),
                        **member_refs(v, 'owner', null=True), 'body': text(200)}, ['id'],
              refs=owners),
        Table('devices', {'id': INT, **one, 'serial': text(30), 'label': text(40)}, ['id'],
              identity=['serial'], fks=[fk('member')]),
        Table('cards', {'code': text(24), **one, 'level': INT}, ['code'], auto=False,
              fks=[fk('member')]),
        Table('sms_log', {'id': INT, 'country': text(2, null=True), 'mobile': text(80, null=True),
                          'body': text(60)}, ['id'],
              refs=[(v.identity, 'members', v.identity, None)]),
        Table('clicks', {**one, 'page': text(20)}, [], auto=False, refs=[ref('member')]),
        # looks like a reference, but nothing says that it is one
        Table('audit_log', {'id': INT, **one, 'what': text(20)}, ['id'], index=[many]),
    ]


def club(variant):
    """All tables, parents before their children, but for references within a table."""
    tables = [
        Table('categories', {'id': INT, 'parent_id': INT_NULL, 'name': text(40)}, ['id'],
              fks=[(['parent_id'], 'categories', ['id'])]),
        Table('products', {'id': INT, 'category_id': INT, 'sku': text(20), 'price': MONEY}, ['id'],
              unique=[(['sku'], True)], fks=[(['category_id'], 'categories', ['id'])]),
        Table('settings', {'name': text(30), 'value': text(60, null=True)}, ['name'], auto=False),
        members(variant),
        *people_tables(variant),
        Table('order_lines', {'order_id': INT, 'line_no': INT, 'product_id': INT, 'quantity': INT},
              ['order_id', 'line_no'], auto=False,
              fks=[(['order_id'], 'orders', ['id']), (['product_id'], 'products', ['id'])]),
        Table('shipments', {'id': INT, 'order_id': INT_NULL, 'line_no': INT_NULL, 'state': text(20)},
              ['id'], fks=[(['order_id', 'line_no'], 'order_lines', ['order_id', 'line_no'])]),
        Table('payments', {'id': INT, 'order_no': text(20), 'amount': MONEY}, ['id'],
              refs=[(['order_no'], 'orders', ['order_no'], None)]),
        Table('card_uses', {'id': INT, 'card_code': text(24), 'door': INT}, ['id'],
              fks=[(['card_code'], 'cards', ['code'])]),
    ]
    return {t.name: t for t in tables}


def configuration(tables, db):
    """The lines of the configuration file."""
    for t in tables.values():
        lines = []
        if t.name == 'members':
            lines += ['subject = yes', 'time-column = created_at']
        if isinstance(t.configured, str):
            lines.append(f'identity = {t.configured}')
        elif t.configured:
            lines.append('identity = ' + ', '.join(t.configured))
        for columns, parent, its, when in t.refs:
            lines.append(f'reference = {", ".join(columns)} -> {db}.{parent}.{", ".join(its)}'
                         + (f' when {when[0]}' if when else ''))
        lines += [f'reference = none: {c}' for c in t.dismissed]
        if lines:
            yield '\n'.join([f'[table {db}.{t.name}]', *lines, ''])


def quoted(value):
    if value is None:
        return 'NULL'
    if isinstance(value, int):
        return str(value)
    escaped = value.replace('\\', '\\\\').replace("'", "\\'").replace('\n', '\\n').replace('\r', '\\r')
    return f"'{escaped}'"


def create_table(t, counter):
    parts = [f'`{c}` {sql}' + (' AUTO_INCREMENT' if t.auto and c == t.key[-1] else '')
             for c, sql in t.columns.items()]

    def names(columns):
        return ', '.join(f'`{c}`' for c in columns)

    if t.key:
        parts.append(f'PRIMARY KEY ({names(t.key)})')
    parts += [f'UNIQUE KEY {t.name}_u{i} ({names(c)})' for i, (c, _) in enumerate(t.unique)]
    parts += [f'KEY {t.name}_k{i} ({names(c)})' for i, c in enumerate(t.index)]
    for i, (columns, parent, its) in enumerate(t.fks):
        parts.append(f'KEY {t.name}_f{i} ({names(columns)})')
        parts.append(f'CONSTRAINT {t.name}_f{i} FOREIGN KEY ({names(columns)})'
                     f' REFERENCES `{parent}` ({names(its)})')
    return (f'CREATE TABLE `{t.name}` (\n  ' + ',\n  '.join(parts) + '\n) ENGINE=InnoDB'
            + (f' AUTO_INCREMENT={counter}' if t.auto else '')
            + ' DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;\n')


def write_sql(tables, history, out):
    """Loadable by the stock client into the database in use; MariaDB and MySQL."""
    out.write("SET NAMES utf8mb4;\nSET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO',"
              " foreign_key_checks = 0, unique_checks = 0;\n")
    for t in tables.values():
        out.write(create_table(t, history.next[t.name]))
    out.write('START TRANSACTION;\n')
    for t in tables.values():
        rows = list(history.rows[t.name].values())
        for at in range(0, len(rows), 500):
            out.write(f'INSERT INTO `{t.name}` VALUES\n' + ',\n'.join(
                '(' + ','.join(quoted(row[c]) for c in t.columns) + ')'
                for row in rows[at:at + 500]) + ';\n')
    out.write('COMMIT;\n')
