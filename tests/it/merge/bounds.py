"""Which keys are the common past: the base bound L of each table with a counter (section 1).

The fresh bound U and the test of L need to know who is who: they are in entities and oracle.
"""
from dataclasses import dataclass


@dataclass
class Bound:
    limit: int               # L
    origin: str              # 'split-key', 'split-at' or 'equal rows'
    fresh: int = None        # U; None: nothing says where it is
    fresh_origin: str = ''   # 'collision' or 'counter'

    @property
    def is_told(self):
        """Did a person say where the past ends?"""
        return self.origin != 'equal rows'


def is_time(value):
    """Zero and NULL times do not count."""
    return value is not None and not value.startswith('0000-00-00')


def equal_bytes(node, other):
    return other is not None and node.row == other.row


def base_bounds(source, target, options):
    """Table name -> Bound, for each table with a counter."""
    bounds, equal = {}, {}
    for t in source.tables.values():
        if not t.counter:
            continue
        told = options.split_keys.get(t.name, t.split_key)
        if told is not None:
            bounds[t.name] = Bound(told, 'split-key')
        elif options.split_at and t.time:
            before = [n.count for side in (source, target) for n in side.nodes[t.name]
                      if is_time(n.row[t.time]) and n.row[t.time] < options.split_at]
            bounds[t.name] = Bound(max(before, default=0), 'split-at')
        else:
            equal[t.name] = [n for n in source.nodes[t.name]
                             if equal_bytes(n, target.at_key(t.name, n.key))]
            bounds[t.name] = Bound(max((n.count for n in equal[t.name]), default=0), 'equal rows')
    lower_until_stable(source, target, bounds, equal)
    return bounds


def lower_until_stable(source, target, bounds, equal):
    """The greatest bounds under which the topmost equal row of each table refers to base rows
    only.  They begin too high; lowering one can lower others."""
    moved = True
    while moved:
        moved = False
        for name, rows in equal.items():
            limit = max((n.count for n in rows
                         if refers_to_base(source, target, bounds, n, n.count)), default=0)
            if limit < bounds[name].limit:
                bounds[name].limit = limit
                moved = True


def refers_to_base(source, target, bounds, node, own_limit, above=()):
    """own_limit: the bound of its own table that is being tried."""
    for ref, parent in source.parents(node):
        t = source.tables[ref.table]
        if t.counter:
            limit = own_limit if t is node.table else bounds[t.name].limit
            if parent:
                count = parent.count
            elif t.counter in ref.to:
                count = node.row[ref.columns[ref.to.index(t.counter)]]
            else:
                count = None
            if count is not None and count > limit:
                return False
            continue
        values = tuple(node.row[c] for c in ref.columns)
        there = target.find(ref.table, ref.to, values)
        if bool(there) != bool(parent):
            return False
        if parent and parent not in above and not refers_to_base(
                source, target, bounds, parent, bounds.get(ref.table, Bound(0, '')).limit,
                (*above, node)):
            return False
    return True
