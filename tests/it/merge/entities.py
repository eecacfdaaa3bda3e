"""Which row of the target a row of the source is, and what it looks like there (sections 1, 2).

Every row of the source is one entity.  `there[row]` is the row of the target that is the same
entity, or None.  `group[row]` says what kind of row it is:

    base   the same row on both sides, of the common past or by a key that no counter makes
    gone   of the common past, deleted on the live side
    doubt  of the common past or lost: the target has another row under its key
    same   above the past, but byte-equal with every reference meaning the same
    lost   lost history
    maybe  deleted on the live side or lost: nobody can tell

References, identities and groups depend on those of other rows, so all are computed again and
again from the last round's until nothing moves.
"""
from bounds import equal_bytes, is_time
from past import Past


class NewId(str):
    """The id that a row of the source is given; written @table:its old id."""

    def __new__(cls, node):
        return super().__new__(cls, f'@{node.table.name}:{node.count}')


class Entities:
    """choices: row -> 'restore', 'merge-into' (with merge_into: row -> row of the target) and so
    on; without: row -> columns that are to be left empty."""

    def __init__(self, source, target, bounds, options, choices, merge_into, without):
        self.source, self.target, self.bounds, self.options = source, target, bounds, options
        self.choices, self.merge_into, self.without = choices, merge_into, without
        self.past = Past(self)
        self.nodes = [n for rows in source.nodes.values() for n in rows]
        self.there = {n: self.first_guess(n) for n in self.nodes}
        self.group = {n: 'base' for n in self.nodes}
        self.blocked = {}  # row -> (kind, row of the target or None)
        self.forget()
        self.settle()
        while self.past.learn():
            self.settle()
        self.past.refuse()

    # --- rounds

    def first_guess(self, node):
        """Above the past, a byte-equal row is taken for the same until a reference says no."""
        there = self.target.at_key(node.table.name, node.key) if node.table.key else None
        if self.is_above(node) and not equal_bytes(node, there):
            return None
        return there

    def settle(self):
        for _ in range(len(self.nodes) + 5):
            self.past.judge()
            there, blocked, same = {}, {}, set()
            for t in self.source.tables.values():
                self.match_table(t, there, blocked, same)
            self.find_fresh_bounds(same)
            group = self.groups(there, same)
            moved = there != self.there or group != self.group
            self.there, self.group, self.blocked = there, group, blocked
            self.forget()
            if not moved:
                return
        raise AssertionError('who is who does not settle')

    def forget(self):
        self._images, self._new, self.disagreeing = {}, {}, set()

    # --- what a row looks like on the target

    def is_above(self, node):
        """Of a table with a counter, and above its past."""
        return node.table.counter is not None and \
            node.count > self.bounds[node.table.name].limit and not self.past.has(node)

    def value_there(self, node, column):
        there = self.there[node]
        return there.row[column] if there else self.image(node, column)

    def image(self, node, column):
        """A column when the row is carried over: references lead to the parent's value there."""
        if (node, column) not in self._images:
            self._images[node, column] = node.row[column]  # for a column that leads to itself
            self._images[node, column] = self._image(node, column)
        return self._images[node, column]

    def _image(self, node, column):
        if column in self.without.get(node, ()):
            return None
        values = []
        for ref, parent in self.source.parents(node):
            if column in ref.columns:
                to = ref.to[ref.columns.index(column)]
                values.append(self.value_there(parent, to) if parent else node.row[column])
        if len(set(values)) > 1:
            self.disagreeing.add(node)
        if values:
            return values[0]
        if column == node.table.counter and self.needs_new_id(node):
            return NewId(node)
        return node.row[column]

    def mapped_key(self, node):
        """The key with its references mapped, and what the counter gave it as it is."""
        return tuple(node.row[c] if c == node.table.counter else self.image(node, c)
                     for c in node.table.key)

    def needs_new_id(self, node):
        if not self.is_above(node) or self.there[node]:
            return False
        if node not in self._new:
            key, name = self.mapped_key(node), node.table.name
            self._new[node] = bool(self.target.at_key(name, key) or self.target.traces(name, key))
        return self._new[node]

    def row_image(self, node):
        return {c: self.image(node, c) for c in node.table.columns}

    def identity(self, node):
        """As T's index would compare it; None: nobody."""
        t = node.table
        columns = identity_columns(t)
        row = node.row if node.side == 'target' else {c: self.image(node, c) for c in columns}
        values = t.fold(columns, row)
        return None if None in values and t.identity != 'row' else values

    # --- who is who

    def match_table(self, t, there, blocked, same):
        if not t.key:
            self.match_multiset(t, there)
            return
        for node in self.source.nodes[t.name]:
            there[node] = self.by_key(node, same)
        if not t.counter:
            return
        taken = {there[n] for n in same}
        rest = [n for n in self.source.nodes[t.name] if self.is_above(n) and n not in same
                and n not in self.past.doubt]
        if t.identity == 'row':
            live = [n for n in self.target.nodes[t.name]
                    if self.is_above(n) and n not in taken]
            for node, other in pairs(rest, live, self.identity):
                there[node] = other
        elif t.identity != 'none':
            self.match_identities(t, rest, there, blocked)
        for node in rest:
            if node in self.merge_into:
                there[node] = self.merge_into[node]
                blocked.pop(node, None)

    def by_key(self, node, same):
        """Base rows, and rows whose key no counter makes: by their key after mapping."""
        t = node.table
        if node in self.merge_into:
            return self.merge_into[node]
        other = self.target.at_key(t.name, self.mapped_key(node))
        if not self.is_above(node):
            never = t.identity == 'none' and not t.counter and self.group[node] == 'lost'
            return None if never else other
        if other and equal_bytes(node, other) and self.means_the_same(node, other):
            same.add(node)
            return other
        return None

    def means_the_same(self, node, other):
        """Two byte-equal rows: does every reference of both mean the same entity?"""
        for ref, parent in self.source.parents(node):
            live = self.target.parent(other, ref)
            if parent and live and self.there[parent] is not live:
                return False
            if parent and not live:
                if self.is_above(parent) or self.there[parent]:
                    return False
            if live and not parent:
                return False
        return True

    def match_identities(self, t, rest, there, blocked):
        mine, live = {}, {}
        for node in self.source.nodes[t.name]:
            mine.setdefault(self.identity(node), []).append(node)
        for node in self.target.nodes[t.name]:
            live.setdefault(self.identity(node), []).append(node)
        for node in rest:
            who = self.identity(node)
            held = live.get(who, [])
            if who is None:
                continue
            below = [n for n in held if not self.is_above(n)]
            if below:
                blocked[node] = ('identity-crosses-base', min(below, key=lambda n: n.key))
            elif len(mine[who]) > 1 or len(held) > 1:
                blocked[node] = ('duplicate', held[0] if len(held) == 1 else None)
            elif held and self.owner_differs(node, held[0]):
                blocked[node] = ('owner-differs', held[0])
            elif held:
                there[node] = held[0]

    def match_multiset(self, t, there):
        """A table without key: as many rows as both sides have of the same are the same."""
        rows = self.source.nodes[t.name]
        there.update(dict.fromkeys(rows))
        if t.identity == 'none':
            rows = [n for n in rows if self.group[n] != 'lost']
        for node, other in pairs(rows, self.target.nodes[t.name],
                                 lambda n: tuple((n.row if n.side == 'target' else
                                                  self.row_image(n)).values())):
            there[node] = other

    def owner_differs(self, node, other):
        mine = {self.there[p] or p for p in owners(self.source, node)}
        theirs = owners(self.target, other)
        return bool(mine and theirs and mine != theirs)

    # --- bounds and groups

    def find_fresh_bounds(self, same):
        for name, bound in self.bounds.items():
            collisions = [n.count for n in self.source.nodes[name]
                          if self.is_above(n) and n not in same and self.collides(n)]
            counter = None if self.options.recomputes else self.target.counters[name]
            bound.fresh = min((v for v in (*collisions, counter) if v is not None), default=None)
            bound.fresh_origin = '' if bound.fresh is None else \
                'collision' if bound.fresh in collisions else 'counter'

    def collides(self, node):
        """Is its key held by somebody else?  Without identity: by another row."""
        other = self.target.at_key(node.table.name, self.mapped_key(node))
        if not other or node in self.past.doubt or node in self.past.restored:
            return False
        who = self.identity(node)
        return node.table.identity == 'none' or who is None or who != self.identity(other)

    def groups(self, there, same):
        group = {n: self.own_group(n, there, same) for n in self.nodes}
        moved = True
        while moved:
            moved = False
            for node in self.nodes:
                if group[node] == 'maybe' and self.hangs_on_lost(node, group):
                    group[node] = 'lost'
                    moved = True
                # matched by a key or row that contains lost history
                elif group[node] == 'base' and not node.table.counter and \
                        self.key_hangs_on_lost(node, group):
                    group[node] = 'lost'
                    moved = True
        return group

    def own_group(self, node, there, same):
        """Without regard to what it refers to."""
        t = node.table
        if node in same:
            return 'same'
        if not t.counter:
            if there[node] and node not in self.merge_into:
                return 'base'
            fresh = self.options.split_at and t.time and is_time(node.row[t.time]) and \
                node.row[t.time] >= self.options.split_at
            return 'lost' if fresh or node in self.merge_into or \
                self.choices.get(node) == 'restore' else 'maybe'
        if not self.is_above(node):
            return 'base' if there[node] else 'gone'
        if node in self.past.doubt:
            return 'doubt'
        bound = self.bounds[t.name]
        if self.target.at_key(t.name, self.mapped_key(node)) or self.is_believed(bound) or \
                (bound.fresh is not None and node.count >= bound.fresh):
            return 'lost'
        if there[node] or self.held_above(node) or self.choices.get(node) == 'restore':
            return 'lost'
        return 'maybe'

    def is_believed(self, bound):
        """Has a person said where the past ends, and do the rows not belie it?"""
        return bound.is_told and not (bound.origin == 'split-at' and self.past.early)

    def held_above(self, node):
        """Does T hold its identity above L?"""
        who = self.identity(node) if node.table.identity not in ('none', 'row') else None
        return who is not None and any(self.is_above(n) and self.identity(n) == who
                                       for n in self.target.nodes[node.table.name])

    def hangs_on_lost(self, node, group):
        for _, parent in self.source.parents(node):
            if parent is None:
                continue
            if group[parent] == 'lost':
                return True
            if not node.table.counter and self.is_above(parent) and \
                    group[parent] not in ('maybe', 'doubt'):
                return True  # not all of its parents are base
        return False

    def key_hangs_on_lost(self, node, group):
        columns = node.table.key or tuple(node.table.columns)
        return any(parent and group[parent] == 'lost' and set(ref.columns) & set(columns)
                   for ref, parent in self.source.parents(node))


def identity_columns(t):
    if t.identity == 'none':
        return ()
    if t.identity == 'row':
        return tuple(c for c in t.columns if c not in t.key)
    return t.identity


def pairs(rows, others, what):
    """Pairs of equal ones, as many as both have, in order of their keys."""
    waiting = {}
    for other in sorted(others, key=lambda n: n.key, reverse=True):
        waiting.setdefault(what(other), []).append(other)
    for node in sorted(rows, key=lambda n: n.key):
        if waiting.get(what(node)):
            yield node, waiting[what(node)].pop()


def owners(side, node):
    """The first subject rows above it: the nearest, by any reference."""
    if node.table.subject:
        return set()
    level, seen = [node], {node}
    while level:
        above = [p for n in level for _, p in side.parents(n) if p and p not in seen]
        found = {p for p in above if p.table.subject}
        if found:
            return found
        seen.update(above)
        level = above
    return set()
