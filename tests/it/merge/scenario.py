"""Small histories written by hand, with what must come out: the form they are written in.

    Scenario('her id was taken: she gets a new one', '2.4', [MEMBERS],
             both={'members': '1 m1 Ann'},
             source={'members': '2 m2 Cat'},           # rows that only the source has
             target={'members': '2 m3 Dan'},
             idmap={'members': '2 > @'},
             added={'members': '@2 m2 Cat'})

Rows are values in the order of the columns, separated by blanks (shell quotes around what has
a blank), rows by `;`.  `-` is NULL; a day stands for its midnight where a column is a DATETIME.
`@2` is the new id of the row 2 of that table, `@members:2` of another one's; `@` alone, in an
idmap, of the row itself.  Composite keys have commas.  A conflict is `KEY KIND [KEY ON T]`.

What a scenario does not expect must not be there: no conflict, no id mapped, no row added or
updated beyond those that are named.  Bounds and counters are compared where they are given.
Who evaluates it is another matter: see runner.
"""
import shlex
from collections import Counter
from dataclasses import dataclass, field

from model import Side, schema
from oracle import Options
from outcome import Outcome


@dataclass
class Scenario:
    name: str
    says: str                      # section of merge.md
    tables: list
    both: dict = field(default_factory=dict)
    source: dict = field(default_factory=dict)
    target: dict = field(default_factory=dict)
    source_next: dict = field(default_factory=dict)  # AUTO_INCREMENT, where above MAX + 1
    target_next: dict = field(default_factory=dict)
    step: tuple = (1, 1)           # T's auto_increment_increment and _offset
    options: dict = field(default_factory=dict)      # as of oracle.Options
    decisions: dict = field(default_factory=dict)    # table -> 'KEY CHOICE; …'
    idmap: dict = field(default_factory=dict)
    conflicts: dict = field(default_factory=dict)    # those left open
    added: dict = field(default_factory=dict)
    updated: dict = field(default_factory=dict)      # rows of T as they are afterwards
    bounds: dict = field(default_factory=dict)       # table -> (L, U)
    counters: dict = field(default_factory=dict)     # table -> AUTO_INCREMENT of T afterwards
    refused: str = ''              # words that the message of exit 5 has
    server: bool = True            # may be loaded into a server as it is

    @property
    def schema(self):
        return schema(*self.tables)

    def sides(self):
        tables = self.schema
        source = Side('source', tables, rows_of(tables, self.both, self.source),
                      self.source_next)
        target = Side('target', tables, rows_of(tables, self.both, self.target),
                      self.target_next, *self.step)
        return source, target

    def settings(self):
        given = {'margin': 1000, **self.options}
        if given.get('split_at'):
            given['split_at'] = midnight(given['split_at'])
        decisions = {}
        for name, text in self.decisions.items():
            for words in entries(text):
                decisions[name, key_of(self.schema[name], words[0])] = words[1]
        return Options(decisions=decisions, **given)

    def expected(self):
        tables = self.schema
        out = Outcome()
        for name, text in self.idmap.items():
            out.idmap[name] = dict(mapping(tables[name], *words) for words in entries(text))
        for name, text in self.conflicts.items():
            out.open[name] = {key_of(tables[name], key): (kind, key_of(tables[name], *there)
                                                          if there else None)
                              for key, kind, *there in entries(text)}
        out.added = {name: Counter(tuple(r.values()) for r in parse(tables[name], text))
                     for name, text in self.added.items()}
        for name, text in self.updated.items():
            t = tables[name]
            out.updated[name] = {tuple(r[c] for c in t.key): tuple(r.values())
                                 for r in parse(t, text)}
        out.bounds, out.counters = self.bounds, self.counters
        out.exit = 5 if self.refused else 1 if self.conflicts else 0
        out.refused = self.refused
        return out


def entries(text):
    return [words for words in (shlex.split(e) for e in text.split(';')) if words]


def midnight(text):
    return text if ' ' in text else text + ' 00:00:00'


def value(t, column, text):
    if text == '-':
        return None
    if text.startswith('@'):
        return text if ':' in text else f'@{t.name}:{text[1:]}'
    if column.is_number:
        return int(text)
    return midnight(text) if column.type.upper().startswith('DATETIME') else text


def parse(t, text):
    out = []
    for words in entries(text):
        assert len(words) == len(t.columns), (t.name, words)
        out.append({c.name: value(t, c, w) for c, w in zip(t.columns.values(), words)})
    return out


def key_of(t, text):
    columns = t.key or tuple(t.columns)
    return tuple(value(t, t.columns[c], w) for c, w in zip(columns, text.split(',')))


def mapping(t, mine, arrow, theirs):
    assert arrow == '>', arrow
    key = key_of(t, mine)
    if theirs == '@':
        theirs = f'@{t.name}:{key[0]}'
    return key, key_of(t, theirs)


def rows_of(tables, both, own):
    return {name: parse(t, both.get(name, '')) + parse(t, own.get(name, ''))
            for name, t in tables.items()}
