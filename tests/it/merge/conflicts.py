"""Which rows of the source wait, and which differ from what the target has (sections 2 to 4).

A row that the target lacks can wait for a reason of its own, or because something above it
waits.  `kinds[row]` is (kind, row of the target or None) for every row that waits or differs.
"""
from entities import identity_columns

VALUE = {'changed', 'changed-in-source', 'differs', 'identity-changed'}
EXISTENCE = {'deleted-or-lost', 'deleted-on-live', 'parent-absent', 'unique', 'key-taken',
             'identity-crosses-base', 'duplicate', 'owner-differs', 'parent-differs',
             'past-or-lost',
             'orphan-would-attach', 'references-disagree', 'not-null-cycle'}


def choices_of(kind):
    """What a person may choose.  An existence conflict left to the target goes on waiting."""
    if kind in VALUE:
        return {'target', 'source', 'newest', 'stop'}
    if kind == 'unique':
        return {'merge-into', 'without-value', 'skip', 'stop'}
    return {'restore', 'skip', 'stop'}


class Conflicts:
    def __init__(self, entities):
        self.e = entities
        self.source, self.target = entities.source, entities.target
        self.kinds, self.waits = {}, set()
        self.live_only = 0   # edited on the live side only: no conflict
        self.loose = set()   # in a cycle of waiting rows: which is the root is free
        self.absent = [n for n in entities.nodes if entities.there[n] is None]
        self.differing = {n for n in entities.nodes if self.differs(n)}
        self.find_waiting()
        self.find_values()

    def inserted(self):
        """Rows of the source that the plan writes."""
        return [n for n in self.absent if n not in self.waits and
                self.e.choices.get(n) != 'skip']

    # --- rows that the target has

    def differs(self, node):
        """A row of lost history that the target has with other values."""
        if self.e.group[node] != 'lost' or self.e.there[node] is None:
            return False
        other = self.e.there[node]
        return any(self.e.image(node, c) != other.row[c] for c in node.table.columns
                   if c != node.table.counter)

    def base_value(self, node, column):
        """A reference of a base row to a row that waits is left as it is."""
        for ref, parent in self.source.parents(node):
            if column in ref.columns and parent in self.waits:
                return node.row[column]
        return self.e.image(node, column)

    def find_values(self):
        for node in self.e.nodes:
            other = self.e.there[node]
            if node in self.differing:
                self.kinds[node] = ('differs', other)
            elif other and self.e.group[node] == 'base':
                columns = [c for c in node.table.columns
                           if self.base_value(node, c) != other.row[c]]
                kind = self.base_kind(node, other) if columns else None
                if kind:
                    self.kinds[node] = (kind, other)

    def base_kind(self, node, other):
        t, split = node.table, self.e.options.split_at
        if t.update and split:
            mine, live = (is_edited(n.row[t.update], split) for n in (node, other))
            if live and not mine:
                self.live_only += 1
                return None
            if mine and not live:
                return 'changed-in-source'
        return 'identity-changed' if self.identity_changed(node, other) else 'changed'

    def identity_changed(self, node, other):
        t = node.table
        if t.identity in ('none', 'row'):
            return False
        row = {c: self.base_value(node, c) for c in t.identity}
        return t.fold(t.identity, row) != t.fold(t.identity, other.row)

    # --- rows that the target lacks

    def find_waiting(self):
        cycles = set()
        while True:
            own = {n: self.own_kind(n, cycles) for n in self.absent}
            self.waits = {n for n in self.absent if own[n] or self.e.choices.get(n) == 'skip'}
            self.spread()
            more = self.hard_cycles()
            if more <= cycles:
                break
            cycles |= more
        self.name_kinds(own)

    def spread(self):
        """Whatever hangs on a row that waits, waits."""
        moved = True
        while moved:
            moved = False
            for node in self.absent:
                if node not in self.waits and any(p in self.waits for p in self.above(node)):
                    self.waits.add(node)
                    moved = True

    def above(self, node):
        return [p for _, p in self.source.parents(node) if p is not None and p is not node]

    def own_kind(self, node, cycles):
        """(kind, row of the target or None) that does not come from a row above, or None."""
        restored = self.e.choices.get(node) == 'restore'
        group = self.e.group[node]
        if group in ('gone', 'maybe') and not restored and self.attaches(node):
            return 'orphan-would-attach', None
        if group == 'gone' and not restored:
            return 'deleted-on-live', None
        if group == 'maybe' and not restored:
            return 'deleted-or-lost', None
        if group == 'doubt':
            return 'past-or-lost', self.target.at_key(node.table.name, self.e.mapped_key(node))
        if node in self.e.blocked:
            kind, other = self.e.blocked[node]
            if not restored or identity_columns(node.table) in node.table.unique:
                return kind, other
        if not restored:
            if any(a in self.differing and not a.table.subject for a in self.ancestors(node)):
                return 'parent-differs', None
            if self.attaches(node):
                return 'orphan-would-attach', None
        for column in node.table.columns:
            self.e.image(node, column)
        if node in self.e.disagreeing:
            return 'references-disagree', None
        holder = self.unique_holder(node)
        if holder:
            return 'unique', holder
        if not node.table.counter and node.table.key and group == 'lost':
            key = self.e.mapped_key(node)
            other = self.target.at_key(node.table.name, key)
            if other or not restored and self.target.traces(node.table.name, key):
                return 'key-taken', other
        return ('not-null-cycle', None) if node in cycles else None

    def ancestors(self, node):
        seen, todo = set(), [node]
        while todo:
            for parent in self.above(todo.pop()):
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        return seen

    def attaches(self, node):
        """Does it refer to nobody where the target has somebody?"""
        for ref, parent in self.source.parents(node):
            if parent is None:
                values = tuple(node.row[c] for c in ref.columns)
                if self.target.find(ref.table, ref.to, values):
                    return True
        return False

    def unique_holder(self, node):
        t = node.table
        indexes = list(t.unique)
        if t.counter and self.e.group[node] != 'gone' and t.identity in indexes:
            indexes.remove(t.identity)
        if not t.counter and t.configured and t.identity not in ('none', 'row', t.key) and \
                t.identity not in indexes:
            indexes.append(t.identity)
        for columns in indexes:
            found = self.target.find(t.name, columns,
                                     tuple(self.e.image(node, c) for c in columns))
            if found:  # several where no index keeps them apart: the one with the least key
                return min(found, key=lambda other: str([other.row[c] for c in t.key or ()]))
        return None

    def hard_cycles(self):
        """Rows to be inserted whose foreign keys, none of which may be empty, form a circle."""
        rows = set(self.inserted())
        links = {}
        for node in rows:
            links[node] = [p for ref, p in self.source.parents(node)
                           if p in rows and p is not node and ref.foreign_key and
                           not any(node.table.columns[c].null for c in ref.columns)]
        return {n for group in components(links) if len(group) > 1 for n in group}

    # --- what it is called

    def name_kinds(self, own):
        """A row below one that waits is parent-absent; in a circle, the least key begins it."""
        links = {n: [p for p in self.above(n) if p in self.waits] for n in self.waits}
        for group in components(links):  # parents first
            inside = set(group)
            roots = [n for n in group if own[n] or self.e.choices.get(n) == 'skip']
            if len(group) > 1:
                self.loose |= inside
            fed = any(p not in inside for n in group for p in links[n])
            root = min(roots, key=lambda n: (n.table.name, n.key)) \
                if roots and not fed and len(group) > 1 else None
            for node in group:
                self.kinds[node] = self.waiting_kind(node, own[node], links[node], root)

    def waiting_kind(self, node, own, above, root):
        if own and own == self.e.blocked.get(node):
            return own
        if node is root or not above:
            return own or ('skip', None)
        if own and own[0] == 'parent-differs' and \
                {self.kinds[p][0] for p in above if p in self.kinds} <= {'parent-differs'}:
            return own
        return 'parent-absent', None


def is_edited(value, split):
    return value is None or value.startswith('0000-00-00') or value >= split


def components(links):
    """Strongly connected components, those that others lead to first (Tarjan)."""
    index, low, stack, on_stack, out = {}, {}, [], set(), []

    def visit(start):
        work = [(start, iter(links[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(links[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while True:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                        if group[-1] is node:
                            break
                    out.append(group)

    for node in sorted(links, key=lambda n: (n.table.name, repr(n.key))):
        if node not in index:
            visit(node)
    return out
