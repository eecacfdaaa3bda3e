"""What is known of keys above the base bound (section 1, "L is tested from both sides").

A key that both sides hold, in rows that differ, is one of

    past    the common past: created at the same moment, by the same identity
    doubt   of the past or lost, nobody can tell: created at the same moment by another identity;
            or no time tells, the identity is another, and yet the rows agree in something
    (else)  two rows, or one entity that both histories know: what sections 1 and 2 say

Keys are handed out in order, so from the first key on that two different rows hold for certain
(U) nothing is in doubt; nor is a row that refers to lost history.
"""
from bounds import equal_bytes, is_time, refers_to_base
from model import Refused

RUN = 2  # keys in doubt, one after the other


class Past:
    def __init__(self, entities):
        self.e = entities
        self.source, self.target = entities.source, entities.target
        self.rows, self.older = set(), set()  # past: held by both; held by the source only
        self.doubt, self.cleared = set(), set()
        self.restored = set()  # in doubt, and a person has said that they are two: U stays
        self.early = self.is_early()

    def is_early(self):
        """Does --split-at give a time before the histories parted?  Rows above the bound that
        are equal on both sides and refer to the past were made by both."""
        return any(node.count > bound.limit and
                   equal_bytes(node, self.target.at_key(name, node.key)) and
                   refers_to_base(self.source, self.target, self.e.bounds, node, node.count)
                   for name, bound in self.e.bounds.items() if bound.origin == 'split-at'
                   for node in self.source.nodes[name])

    def has(self, node):
        return node in self.rows or node in self.older

    def bound(self, node):
        return self.e.bounds[node.table.name]

    def candidates(self):
        """Rows of the source above the base bound, where nobody has said that bound as a key."""
        for name, bound in self.e.bounds.items():
            if bound.origin != 'split-key':
                for node in self.source.nodes[name]:
                    if node.count > bound.limit:
                        yield node

    def pair(self, node):
        """The other row of its key; None: there is none, or it is equal."""
        other = self.target.at_key(node.table.name, self.e.mapped_key(node))
        return other if other and other.row != node.row else None

    # --- keys that both sides hold

    def judge(self):
        rows, doubt = set(), set()
        for node in self.candidates():
            if node in self.e.merge_into or node in self.older:
                continue
            what = self.standing(node)
            if what == 'past':
                rows.add(node)
            elif what == 'doubt' and node not in self.cleared:
                (self.restored if self.e.choices.get(node) == 'restore' else doubt).add(node)
        if (rows, doubt) != (self.rows, self.doubt):
            self.rows, self.doubt = rows, doubt
            self.e.forget()

    def standing(self, node):
        other = self.pair(node)
        if not other:
            return None
        who = self.e.identity(node) if node.table.identity not in ('none', 'row') else None
        same = who is not None and who == self.e.identity(other)
        times = [self.created(n) for n in (node, other)]
        if None not in times:
            if times[0] != times[1]:
                return None
            if not same and self.bound(node).origin == 'split-at' and not self.early:
                return None  # created after the histories parted
            return 'past' if same else 'doubt'
        return 'doubt' if not same and self.agree(node, other) else None

    def created(self, node):
        column = node.table.created
        return node.row[column] if column and is_time(node.row[column]) else None

    def agree(self, node, other):
        """In a column that says something?  A reference does if it leads to the past."""
        open_ends = {c for ref, parent in self.source.parents(node)
                     if parent is None or self.e.is_above(parent) for c in ref.columns}
        return any(node.row[c.name] == other.row[c.name] and
                   node.row[c.name] not in (None, c.default)
                   for c in node.table.columns.values()
                   if c.name not in node.table.key and c.name not in open_ends)

    # --- what follows from what is known

    def learn(self):
        """Is anything known now that was in doubt?"""
        cleared = {n for n in self.doubt if self.hangs(n) or self.is_fresh(n)}
        self.cleared |= cleared
        if cleared:
            self.e.forget()
            return True
        older = {n for n in self.candidates() if n not in self.older and self.is_older(n)}
        self.older |= older
        self.e.forget()
        return bool(older)

    def hangs(self, node):
        return any(p and p is not node and self.e.group[p] == 'lost'
                   for _, p in self.source.parents(node))

    def is_fresh(self, node):
        fresh = self.bound(node).fresh
        return fresh is not None and node.count >= fresh

    def is_older(self, node):
        """A key that only the source holds, of a row created before what is known as past."""
        t, bound, at = node.table, self.bound(node), self.created(node)
        if at is None or bound.origin != 'equal rows' or self.is_fresh(node) or \
                node in self.e.merge_into or self.target.at_key(t.name, self.e.mapped_key(node)):
            return False
        split = self.e.options.split_at
        return bool(split and at < split) or at < self.newest(t, bound.limit)

    def newest(self, t, limit):
        """Creation of the youngest row that is known as past: what each side says of its own
        rows up to the bound, and rows above it."""
        below = [max((self.created(n) or '' for n in side.nodes[t.name] if n.count <= limit),
                     default='') for side in (self.source, self.target)]
        return max([min(below)] + [self.created(n) for n in self.rows if n.table is t])

    # --- bounds that cannot be right

    def refuse(self):
        for name, bound in sorted(self.e.bounds.items()):
            if bound.origin == 'split-key':
                continue
            pairs = [n for n in self.source.nodes[name] if n.count > bound.limit and
                     self.pair(n) and n not in self.e.merge_into]
            run = 0
            for node in sorted(pairs, key=lambda n: n.count):
                if node not in self.doubt:
                    break
                run += 1
            if run >= RUN or self.edited_alike(name, pairs):
                raise Refused('base bound too low', name, bound.limit)

    def edited_alike(self, name, pairs):
        """Do most common keys differ in one column, and no time says of whom?"""
        lone = {}
        for node in pairs:
            other = self.pair(node)
            if None not in (self.created(node), self.created(other)) or \
                    node in self.cleared or self.hangs(node):
                continue
            columns = [c for c in node.row if node.row[c] != other.row[c]]
            # two people who have nothing in common are no edit
            people = node.table.identity not in ('none', 'row') and not self.agree(node, other) \
                and self.e.identity(node) != self.e.identity(other)
            if len(columns) == 1 and not people:
                lone[columns[0]] = lone.get(columns[0], 0) + 1
        most = max(lone.values(), default=0)
        common = sum(1 for n in self.source.nodes[name]
                     if self.target.at_key(name, n.key))
        return most >= RUN and 2 * most > common
