"""backfill, newest and mirror of some tables, on two histories (section 9).

They match rows by key alone and map nothing.  A key that two different rows hold, and a row
whose parent is somebody else on the other side, are left alone and told as conflicts.
"""
from entities import identity_columns


class PolicyPlan:
    """inserted: rows of the source; updated: [(row of the source, row of the target)];
    conflicts: rows of the source."""

    def __init__(self, source, target, policy):
        self.source, self.target = source, target
        self.newest = policy.removeprefix('newest:') if policy.startswith('newest:') else None
        self.mirrors = policy == 'mirror'
        self.inserted, self.updated, self.conflicts = [], [], []
        nodes = [n for rows in source.nodes.values() for n in rows if n.table.key]
        there = {n: target.at_key(n.table.name, n.key) for n in nodes}
        self.refused = {n for n in nodes if there[n] is None and self.hangs_elsewhere(n)}
        self.refuse_below(nodes, there)
        for node in nodes:
            other = there[node]
            if other is None:
                (self.conflicts if node in self.refused else self.inserted).append(node)
            elif self.collides(node, other):
                self.conflicts.append(node)
            elif node.row != other.row and self.writes(node, other):
                if self.hangs_elsewhere(node):
                    self.conflicts.append(node)
                else:
                    self.updated.append((node, other))

    def collides(self, node, other):
        """One key, two identities."""
        t = node.table
        if t.identity == 'none':
            return node.row != other.row
        columns = identity_columns(t)
        mine, live = t.fold(columns, node.row), t.fold(columns, other.row)
        return mine != live and None not in (*mine, *live)

    def hangs_elsewhere(self, node):
        """Is a parent somebody else on the other side, or nobody on one of them?"""
        for ref, parent in self.source.parents(node):
            values = tuple(node.row[c] for c in ref.columns)
            live = next(iter(self.target.find(ref.table, ref.to, values)), None)
            if parent is None and live is not None:
                return True
            if parent and live and self.collides(parent, live):
                return True
            if parent and live and not parent.table.subject and self.hangs_elsewhere(parent):
                return True
        return False

    def refuse_below(self, nodes, there):
        """What would hang on a row that is not inserted."""
        moved = True
        while moved:
            moved = False
            for node in nodes:
                if there[node] is None and node not in self.refused and \
                        any(p in self.refused for _, p in self.source.parents(node)):
                    self.refused.add(node)
                    moved = True

    def writes(self, node, other):
        if self.mirrors:
            return True
        column = self.newest
        if column not in node.table.columns:
            return False
        mine, live = node.row[column], other.row[column]
        return mine is not None and (live is None or mine > live)
