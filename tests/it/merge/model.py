"""Tables, rows and references of one schema, in memory.

A table is written as it would be in SQL, shortly:

    table('orders', 'id INT UNSIGNED AUTO_INCREMENT', 'order_no VARCHAR(20)',
          'member_id INT UNSIGNED', key='id', unique=['order_no'],
          refs=['member_id -> members.id'])

A column is NOT NULL unless its type ends in NULL.  `->` is a foreign key, `~>` a reference that
only the configuration declares; `when COLUMN = 'TEXT'` makes that one conditional, and
`cascade` or `set null` says what the foreign key does on delete.

Values are int, str (texts, times and decimals as the server prints them) and None.  Times
compare as text.
"""
import re
from dataclasses import dataclass, field

CREATION = ('created_at', 'create_time', 'created_on', 'inserted_at')

INT_MAX = {'tinyint': 2**7 - 1, 'smallint': 2**15 - 1, 'mediumint': 2**23 - 1,
           'int': 2**31 - 1, 'bigint': 2**63 - 1}


class Refused(Exception):
    """Exit code 5.  `words` must all be in the message."""

    def __init__(self, why, *words):
        super().__init__(f'{why}: ' + ' '.join(str(w) for w in words))
        self.why, self.words = why, [str(w) for w in words]


@dataclass(frozen=True)
class Column:
    name: str
    type: str  # without NULL and AUTO_INCREMENT
    null: bool
    auto: bool

    @property
    def default(self):
        """As a value of the column; without one servers take 0, or nothing."""
        match = re.search(r"(?i) default '?([^' ]*)", self.type)
        text = match[1] if match else ''
        return int(text or 0) if self.is_number else text

    @property
    def is_text(self):
        return bool(re.match(r'(?i)(var)?char|text|enum', self.type))

    @property
    def is_number(self):
        return self.maximum is not None

    @property
    def folds(self):
        """Does its collation take other bytes for the same?  (general_ci, of ASCII)"""
        return self.is_text and '_bin' not in self.type.lower()

    @property
    def maximum(self):
        """The greatest value, or None for other types."""
        match = re.match(r'(?i)(\w+)', self.type)
        top = INT_MAX.get(match[1].lower())
        return top * 2 + 1 if top and 'unsigned' in self.type.lower() else top


@dataclass(frozen=True)
class Reference:
    columns: tuple
    table: str
    to: tuple
    foreign_key: bool
    when: tuple = None  # (column, text)
    on_delete: str = ''  # '', 'cascade', 'set null'

    def holds(self, row):
        """Does this row refer to anything by it?  NULL refers to nothing."""
        if self.when and fold_text(row[self.when[0]]) != fold_text(self.when[1]):
            return False
        return all(row[c] is not None for c in self.columns)


@dataclass
class Table:
    name: str
    columns: dict
    key: tuple
    unique: list
    refs: list
    configured: object = None  # identity: columns, 'key', 'row', 'none'; None: inferred
    subject: bool = False
    time: str = None
    update: str = None
    split_key: int = None
    margin: int = None
    on_conflict: dict = field(default_factory=dict)
    dismissed: tuple = ()

    @property
    def counter(self):
        """The column of the key that AUTO_INCREMENT fills, or None."""
        return next((c for c in self.key if self.columns[c].auto), None)

    @property
    def created(self):
        """The column that says when a row was created: configured, or by its name."""
        return self.time or next((c for c in self.columns if c.lower() in CREATION), None)

    @property
    def identity(self):
        """A tuple of columns, 'row' or 'none', as `repair` understands the table."""
        if self.configured in ('row', 'none'):
            return self.configured
        if self.configured == 'key':
            return self.key
        if self.configured:
            return self.configured
        for index in self.unique:
            if not any(self.columns[c].null for c in index):
                return index
        if not self.key:
            return 'row'
        return 'none' if self.counter else self.key

    def fold(self, columns, row):
        """Values as an index with the columns' collations would compare them."""
        return tuple(fold_text(row[c]) if self.columns[c].folds else row[c] for c in columns)


def fold_text(value):
    return value.rstrip(' ').upper() if isinstance(value, str) else value


def names(text):
    """'a, b' or ('a', 'b') as a tuple."""
    if text is None:
        return ()
    if isinstance(text, str):
        return tuple(n.strip() for n in text.split(','))
    return tuple(text)


def parse_column(text):
    name, rest = text.split(' ', 1)
    auto = rest.endswith(' AUTO_INCREMENT')
    rest = rest.removesuffix(' AUTO_INCREMENT')
    null = rest.endswith(' NULL') and not rest.endswith('NOT NULL')
    return Column(name, rest.removesuffix(' NULL').removesuffix(' NOT'), null, auto)


REFERENCE = re.compile(r"""(?P<columns>[\w, ]+?)\s*(?P<arrow>->|~>)\s*(?P<table>\w+)\.(?P<to>[\w,]+)
                           (\s+when\s+(?P<if>\w+)\s*=\s*'(?P<is>[^']*)')?
                           (\s+(?P<delete>cascade|set\ null))?$""", re.X)


def parse_reference(text):
    m = REFERENCE.match(text)
    assert m, text
    return Reference(names(m['columns']), m['table'], names(m['to']), m['arrow'] == '->',
                     (m['if'], m['is']) if m['if'] else None, m['delete'] or '')


def table(name, *columns, key=None, unique=(), refs=(), identity=None, on_conflict=None, **rest):
    parsed = [parse_column(c) for c in columns]
    if identity and identity not in ('key', 'row', 'none'):
        identity = names(identity)
    rest['dismissed'] = names(rest.get('dismissed'))
    return Table(name, {c.name: c for c in parsed}, names(key), [names(u) for u in unique],
                 [parse_reference(r) for r in refs], identity, on_conflict=on_conflict or {},
                 **rest)


def schema(*tables):
    return {t.name: t for t in tables}


class Node:
    """A row of a side.  Compared by what it is, not by its values."""
    __slots__ = ('side', 'table', 'row', 'number')

    def __init__(self, side, table_, row, number):
        self.side, self.table, self.row, self.number = side, table_, row, number

    @property
    def key(self):
        """As stored; a row of a keyless table has its number in the listing."""
        return tuple(self.row[c] for c in self.table.key) or ('#', self.number)

    @property
    def count(self):
        """What the counter gave it, or None."""
        return self.row[self.table.counter] if self.table.counter else None

    def __repr__(self):
        return f'{self.side}:{self.table.name}{self.key}'


class Side:
    """One history: rows by table, and the next AUTO_INCREMENT of each table with a counter."""

    def __init__(self, name, tables, rows, counters=None, increment=1, offset=1):
        self.name, self.tables = name, tables
        self.nodes = {t: [Node(name, tables[t], dict(r), i)
                          for i, r in enumerate(rows.get(t, ()))] for t in tables}
        self.increment, self.offset = increment, offset
        self.counters = {t.name: max([(counters or {}).get(t.name, 1)] +
                                     [n.count + 1 for n in self.nodes[t.name]])
                         for t in tables.values() if t.counter}
        self._indexes = {}

    def find(self, name, columns, values):
        """Rows whose columns hold these values, as the table's collations compare them."""
        t = self.tables[name]
        if (name, columns) not in self._indexes:
            index = self._indexes[name, columns] = {}
            for node in self.nodes[name]:
                index.setdefault(t.fold(columns, node.row), []).append(node)
        probe = t.fold(columns, dict(zip(columns, values)))
        return [] if None in probe else self._indexes[name, columns].get(probe, [])

    def at_key(self, name, key):
        return next(iter(self.find(name, self.tables[name].key, key)), None)

    def parents(self, node):
        """(reference, row it leads to or None) of the references that hold."""
        return [(ref, self.parent(node, ref)) for ref in node.table.refs if ref.holds(node.row)]

    def parent(self, node, ref):
        found = self.find(ref.table, ref.to, tuple(node.row[c] for c in ref.columns))
        return found[0] if found else None

    def traces(self, name, key):
        """Does any row refer to this key?  A reference to part of it counts if it names what
        the counter gave, or where no counter makes the key."""
        t = self.tables[name]
        row = dict(zip(t.key, key))
        for child in self.tables.values():
            for ref in child.refs:
                if ref.table != name or not set(ref.to) <= set(t.key):
                    continue
                if t.counter and t.counter not in ref.to:
                    continue
                values = tuple(row[c] for c in ref.to)
                if any(ref.holds(n.row) for n in self.find(child.name, ref.columns, values)):
                    return True
        return False
