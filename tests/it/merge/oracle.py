"""The plan of `repair plan --policy merge`, decided row by row in memory.

    Plan(tables, source, target, options)      may raise Refused

It reads the rows of both sides as they are, the configuration and the options; nothing else.
"""
from dataclasses import dataclass, field

from bounds import base_bounds
from conflicts import VALUE, Conflicts, choices_of
from entities import Entities, NewId, identity_columns
from model import Refused

DEFAULT_MARGIN = 1000000


@dataclass
class Options:
    split_at: str = None
    split_keys: dict = field(default_factory=dict)   # table -> last common key
    on_conflict: dict = field(default_factory=dict)  # kind -> choice
    decisions: dict = field(default_factory=dict)    # (table, key of the source) -> choice
    margin: int = None
    exclude: tuple = ()                              # tables
    recomputes: bool = False  # T recomputes its counters at restart (MySQL 5.7 and before)


@dataclass
class Block:
    """New ids of a table: from `start`, in steps; the counter afterwards."""
    start: int
    step: int
    count: int
    margin: int

    @property
    def counter(self):
        return self.start + self.step * self.count


class Plan:
    """What is decided.

    bounds       table -> Bound
    decision     row of the source -> ('base' | 'same' | 'match' | 'insert' | 'new id' | 'skip'
                 | 'wait', kind or None, row of the target or None)
    idmap        [(row of the source, key on the target)] of every entity restored or matched
    conflicts    [(row of the source, kind, row of the target or None, choice or None)]
    rows         table -> rows of the target afterwards, new ids as NewId
    added        table -> rows that are inserted
    updates      [(row of the target, its new values)]
    blocks       table -> Block, of tables that need ids or get rows
    """

    def __init__(self, tables, source, target, options):
        self.tables, self.source, self.target = tables, source, target
        self.options = options
        self.refuse_closure()
        self.refuse_circles()
        self.decide()
        self.result()
        self.blocks = {name: self.block(t) for name, t in tables.items()
                       if t.counter and self.added[name]}

    # --- refusals that need no row

    def refuse_closure(self):
        for t in self.tables.values():
            if t.name in self.options.exclude and \
                    any(r.table not in self.options.exclude for r in t.refs):
                raise Refused('excluded', t.name)
        for t in self.tables.values():
            for column in t.columns.values():
                for parent in self.tables.values():
                    if self.looks_like_reference(t, column, parent):
                        raise Refused('undeclared reference', t.name, column.name)

    def looks_like_reference(self, t, column, parent):
        """By name and type: COLUMN is member_id and the table is called members."""
        if column.name in t.dismissed or any(column.name in r.columns for r in t.refs):
            return False
        if len(parent.key) != 1 or column.name in t.key and t.columns[column.name].auto:
            return False
        key = parent.columns[parent.key[0]]
        stem = parent.name.removesuffix('s')
        return column.name in (f'{stem}_{key.name}', f'{stem}{key.name}') and \
            (key.is_text, key.is_number) == (column.is_text, column.is_number)

    def refuse_circles(self):
        """Tables whose identities contain each other."""
        links = {t.name: {r.table for r in t.refs
                          if set(r.columns) & set(identity_columns(t) or ()) and
                          r.table != t.name} for t in self.tables.values()}
        for name in links:
            reached, todo = set(), [name]
            while todo:
                for other in links[todo.pop()] - reached:
                    reached.add(other)
                    todo.append(other)
            if name in reached:
                raise Refused('identities contain each other', name)

    # --- decisions

    def decide(self):
        """Again with what was chosen, until no choice brings up another conflict."""
        self.choices, self.chosen, merge_into, without = {}, {}, {}, {}
        self.bounds = base_bounds(self.source, self.target, self.options)
        while True:
            self.entities = Entities(self.source, self.target, self.bounds, self.options,
                                     self.choices, merge_into, without)
            self.found = Conflicts(self.entities)
            if not self.choices:
                self.test_bounds()
            if not self.choose(merge_into, without):
                return

    def choose(self, merge_into, without):
        """Takes up choices for the conflicts that there are; true if any is new."""
        moved = False
        for node, (kind, other) in self.found.kinds.items():
            if (node, kind) in self.chosen or self.choices.get(node) not in (None, 'restore'):
                continue
            choice = self.inherited(node, kind) or self.choice_for(node, kind)
            if choice == 'stop':
                raise Refused('stop', node.table.name, kind)
            if choice is None or choice.split(':')[0] not in choices_of(kind):
                continue
            if choice != 'without-value' or not self.choices.get(node):
                self.choices[node] = choice  # who was restored stays so, without a value of his
            self.chosen[node, kind] = choice
            moved = True
            if choice == 'merge-into':
                merge_into[node] = other
            elif choice == 'without-value':
                without[node] = self.columns_to_empty(node)
        return self.leave_out() or moved

    def leave_out(self):
        """A row that nobody needs to be asked about is left out where the file says so."""
        out = [n for n in self.found.inserted() if n not in self.found.kinds and
               self.options.decisions.get((n.table.name, n.key)) == 'skip']
        for node in out:
            self.choices[node] = 'skip'
            self.chosen[node, 'parent-absent'] = 'skip'
        return bool(out)

    def choice_for(self, node, kind):
        """Decided in the file, on the command line, in the configuration; or not."""
        t, options = node.table, self.options
        return options.decisions.get((t.name, node.key)) or options.on_conflict.get(kind) \
            or t.on_conflict.get(kind)

    def inherited(self, node, kind):
        """One decision restores or drops the tree; a row of it can be left out by its own, and
        nobody has said of one of its orphans that it may be a stranger's."""
        if kind != 'parent-absent' or \
                self.options.decisions.get((node.table.name, node.key)) == 'skip':
            return None
        waiting = [p for p in self.found.above(node) if p in self.found.waits]
        chosen = {self.choices.get(p) for p in waiting}
        if 'skip' in chosen:
            return 'skip'
        return 'restore' if chosen == {'restore'} and not self.found.attaches(node) else None

    def columns_to_empty(self, node):
        out = set()
        for columns in node.table.unique:
            if self.target.find(node.table.name, columns,
                                tuple(self.entities.image(node, c) for c in columns)):
                out.update(c for c in columns if node.table.columns[c].null)
        return out

    def test_bounds(self):
        """A key of the past that two different rows hold: L is wrong."""
        for name, bound in sorted(self.bounds.items()):
            if bound.origin == 'split-key':
                continue
            for node in self.source.nodes[name]:
                other = self.entities.there[node]
                if node.count <= bound.limit and other and self.is_another(node, other):
                    raise Refused('base bound', name, node.count, bound.limit)

    def is_another(self, node, other):
        t = node.table
        if t.identity in ('none', 'row'):
            differs = any(self.found.base_value(node, c) != other.row[c] for c in t.columns)
        else:
            differs = self.found.identity_changed(node, other)
        return differs and (not t.time or node.row[t.time] != other.row[t.time])

    # --- what comes of it

    def result(self):
        e, found = self.entities, self.found
        self.decision, self.idmap, self.updates = {}, [], []
        self.added = {name: [] for name in self.tables}
        inserted = set(found.inserted())
        for node in e.nodes:
            kind = found.kinds.get(node, (None, None))[0]
            there = e.there[node]
            if node in inserted:
                image = e.row_image(node)
                self.added[node.table.name].append(image)
                key = tuple(image[c] for c in node.table.key)
                self.idmap.append((node, key))
                how = 'new id' if any(isinstance(v, NewId) for v in key) and \
                    e.needs_new_id(node) else 'insert'
            elif there:
                how = {'base': 'base', 'same': 'same'}.get(e.group[node], 'match')
                if how == 'match':
                    self.idmap.append((node, there.key if node.table.key else ()))
            else:
                how = 'skip' if self.choices.get(node) == 'skip' else 'wait'
            self.decision[node] = (how, kind, there)
        self.find_updates()
        self.rows = {name: [self.updated(n) for n in self.target.nodes[name]] + self.added[name]
                     for name in self.tables}
        self.conflicts = [(n, kind, other, self.settled(n, kind))
                          for n, (kind, other) in found.kinds.items()]
        # decided away: no longer a conflict, yet listed with its decision
        self.conflicts += [(n, kind, None, choice) for (n, kind), choice in self.chosen.items()
                           if n not in found.kinds]

    def settled(self, node, kind):
        """What was chosen for a conflict that is still there; None: it is open."""
        choice = self.choices.get(node)
        return choice if choice == 'skip' or kind in VALUE else None

    def find_updates(self):
        for node, (kind, other) in self.found.kinds.items():
            choice = self.choices.get(node, '')
            if kind not in VALUE or not self.takes_source(node, other, choice):
                continue
            # a key stays; who waits is nobody that T could refer to
            stays = set(node.table.key).union(*(ref.columns for ref, parent in
                                                self.source.parents(node)
                                                if parent in self.found.waits))
            row = {c: other.row[c] if c in stays else self.entities.image(node, c)
                   for c in node.table.columns}
            self.updates.append((other, row))

    def takes_source(self, node, other, choice):
        if choice == 'source':
            return True
        if not choice.startswith('newest:'):
            return False
        column = choice.removeprefix('newest:')
        mine, live = node.row[column], other.row[column]
        return mine is not None and (live is None or mine > live)

    def updated(self, node):
        return next((row for n, row in self.updates if n is node), node.row)

    def is_open(self):
        return any(choice is None for *_, choice in self.conflicts)

    @property
    def exit(self):
        return 1 if self.is_open() else 0

    # --- ids

    def block(self, t):
        following = max(side.counters[t.name] for side in (self.source, self.target))
        count = sum(1 for n, how in self.decision.items()
                    if n.table is t and how[0] == 'new id')
        limit, column = min([(t.columns[t.counter].maximum, f'{t.name}.{t.counter}')] +
                            [(h.column.maximum, str(h)) for h in self.referencing(t)
                             if h.column.is_number])
        margin = next((m for m in (t.margin, self.options.margin) if m is not None), None)
        if margin is None:
            margin = DEFAULT_MARGIN
        margin = min(margin, max(limit - following, 0) // 4)
        step = self.target.increment
        start = following + margin
        start += (self.target.offset - start) % step
        block = Block(start, step, count, margin)
        if block.counter > limit:
            raise Refused('block', *column.split('.'))
        return block

    def referencing(self, t):
        """Columns that hold what the counter of this table gave."""
        out, todo, seen = [], [(t.name, t.counter)], set()
        while todo:
            name, column = todo.pop()
            for child in self.tables.values():
                for ref in child.refs:
                    if ref.table == name and column in ref.to:
                        c = ref.columns[ref.to.index(column)]
                        if (child.name, c) not in seen:
                            seen.add((child.name, c))
                            out.append(Holder(child.name, child.columns[c]))
                            todo.append((child.name, c))
        return out


@dataclass(frozen=True)
class Holder:
    table: str
    column: object

    def __str__(self):
        return f'{self.table}.{self.column.name}'

