"""What must hold for a plan of generated histories, told from the generator's secret.

The oracle decides by rows as they are; here it is known which rows are one thing.  Nothing of
this looks at how the oracle came to its decisions:

    live rows stay as they are, each once
    every row of the lost history is in the result once, or waits for a decision
    nothing that happened before the split comes back by itself
    two rows are taken for one only if they are the same thing or have the same identity
    what is inserted hangs on its own people and orders, or on nobody, as it did
    keys and unique indexes hold, foreign keys lead somewhere
    an id is given anew only where somebody else has it, or left a trace of it
    new ids lie in the block, each given once, above everything
"""
from entities import NewId


class Final:
    """The target after the plan: rows, each with what it is."""

    def __init__(self, world, plan):
        self.world, self.plan = world, plan
        self.rows = {name: [(n.row, world.who[n]) for n in world.target.nodes[name]]
                     for name in world.tables}
        self.made = {}  # row of the source -> its row
        inserted = [n for n, how in plan.decision.items() if how[0] in ('insert', 'new id')]
        counts = dict.fromkeys(world.tables, 0)
        for node in inserted:
            name = node.table.name
            row = plan.added[name][counts[name]]
            counts[name] += 1
            self.made[node] = row
            self.rows[name].append((row, world.who[node]))
        assert counts == {name: len(rows) for name, rows in plan.added.items()}
        self._indexes = {}

    def find(self, table, columns, values):
        t = self.world.tables[table]
        if (table, columns) not in self._indexes:
            index = self._indexes[table, columns] = {}
            for row, who in self.rows[table]:
                index.setdefault(t.fold(columns, row), []).append((row, who))
        return self._indexes[table, columns].get(t.fold(columns, dict(zip(columns, values))), [])


def identity_of(world, side, node):
    """Who or what it is about: its identity, with people instead of their ids; or None."""
    t = node.table
    if t.identity == 'none':
        return None
    columns = t.identity if t.identity != 'row' else \
        tuple(c for c in t.columns if c not in t.key)
    out = dict(zip(columns, t.fold(columns, node.row)))
    if None in out.values() and t.identity != 'row':
        return None
    for ref, parent in side.parents(node):
        if parent:
            out.update((c, ('who', thing(world, side, parent))) for c in ref.columns if c in out)
    return tuple(out.values())


def thing(world, side, node):
    """An order is known by its number, too: the same on both sides is one to the plan."""
    who = world.who[node]
    return who if ' base ' in who or node.table.subject or node.table.identity == 'none' else \
        (node.table.name, identity_of(world, side, node))


def lies(world, plan):
    """What does not hold, a line each."""
    final = Final(world, plan)
    out = list(live_rows_changed(world, plan))
    out += indexes_broken(world, final)
    out += ids_wrong(world, plan)
    if plan_is_misled(world, plan):
        return out
    told = [*wrongly_matched(world, plan), *wrongly_inserted(world, plan),
            *hung_elsewhere(world, plan, final), *not_once(world, plan, final)]
    blurred = blurred_things(world, plan)
    return out + [text for things, text in told if not blurred & set(things)]


def blurred_things(world, plan):
    """Rows of the past above the bound, and what hangs on them.  Where nobody says when the
    histories parted, the topmost rows of the past cannot be told from new ones if they were
    edited or deleted; the rules then take them for lost history or ask.  So is a row without
    counter that the lost side edited to refer to lost history."""
    out = set()
    for side in (world.source, world.target):
        nodes = [n for rows in side.nodes.values() for n in rows]
        out |= {world.who[n] for n in nodes if is_past(world, n) and n.table.counter and
                n.count > plan.bounds[n.table.name].limit}
        out |= {world.who[n] for n in nodes if is_past(world, n) and not n.table.counter and
                any(p and not is_past(world, p) for _, p in side.parents(n))}
    moved = True
    while moved:
        moved = False
        for side in (world.source, world.target):
            for name in side.nodes:
                for node in side.nodes[name]:
                    if world.who[node] not in out and any(
                            p and world.who[p] in out for _, p in side.parents(node)):
                        out.add(world.who[node])
                        moved = True
    return out


def plan_is_misled(world, plan):
    """Do rows that happen to be equal place the end of the past too high?  Then the plan is
    right by its rules and yet not about what has happened."""
    return any(b.limit >= world.base_next[name] for name, b in plan.bounds.items())


def live_rows_changed(world, plan):
    for name, nodes in world.target.nodes.items():
        rows = plan.rows[name]
        if [n.row for n in nodes] != rows[:len(nodes)]:
            yield f'{name}: rows of the live side are changed'
        if len(rows) != len(nodes) + len(plan.added[name]):
            yield f'{name}: {len(rows)} rows afterwards'


def indexes_broken(world, final):
    for t in world.tables.values():
        for columns in (*t.unique, *([t.key] if t.key else [])):
            seen = {}
            for row, who in final.rows[t.name]:
                values = t.fold(columns, row)
                if None not in values and values in seen:
                    yield f'{t.name}: {values} are {seen[values]} and {who}'
                seen[values] = who
        for ref in t.refs:
            if ref.foreign_key:
                for row, who in final.rows[t.name]:
                    values = tuple(row[c] for c in ref.columns)
                    if None not in values and not final.find(ref.table, ref.to, values):
                        yield f'{t.name}: {who} refers to {values}, which is not there'


def ids_wrong(world, plan):
    for node, (how, _, _) in plan.decision.items():
        t = node.table
        if how == 'new id':
            if not (world.target.at_key(t.name, node.key) or
                    world.target.traces(t.name, node.key)):
                yield f'{node} is renumbered for nothing'
        elif how == 'insert' and t.counter and world.target.at_key(t.name, node.key):
            yield f'{node} is inserted where {world.target.at_key(t.name, node.key)} is'
    for name, block in plan.blocks.items():
        given = {v for row in plan.added[name] for v in row.values()
                 if isinstance(v, NewId) and v.startswith(f'@{name}:')}
        top = max(side.counters[name] for side in (world.source, world.target))
        if len(given) != block.count or block.start < top + block.margin:
            yield f'{name}: {len(given)} new ids in a block of {block.count} from {block.start}'


# Each of the following gives (what is concerned, text).

def wrongly_matched(world, plan):
    for node, (how, _, other) in plan.decision.items():
        if how not in ('base', 'same', 'match') or world.who[node] == world.who[other]:
            continue
        both = (world.who[node], world.who[other])
        mine = identity_of(world, world.source, node)
        theirs = identity_of(world, world.target, other)
        if mine is None and how == 'same' and node.row == other.row:
            if people_of(world, world.source, node) != people_of(world, world.target, other):
                yield both, f'{node} is said to be the same as {other}, of other people'
        elif mine is None or mine != theirs:
            yield both, f'{node} {both[0]} {mine} is taken for {other} {both[1]} {theirs}: {how}'


def people_of(world, side, node):
    return [p and world.who[p] for _, p in side.parents(node)]


def wrongly_inserted(world, plan):
    made, held = {}, {}
    for nodes in world.target.nodes.values():
        for node in nodes:
            mine = identity_of(world, world.target, node)
            if mine is not None and (node.table.identity != 'row' or not is_past(world, node)):
                held.setdefault((node.table.name, mine), []).append(node)
    for node, (how, _, _) in plan.decision.items():
        mine = identity_of(world, world.source, node)
        if node.table.identity == 'row' and not is_past(world, node):
            made.setdefault((node.table.name, mine), []).append(how)
        if how not in ('insert', 'new id'):
            continue
        who = world.who[node]
        if ' base ' in who and is_past(world, node):
            yield (who,), f'{node} {who} was deleted on the live side and comes back'
        there = held.get((node.table.name, mine))
        if mine is not None and there and node.table.identity != 'row':
            yield (who, world.who[there[0]]), f'{node} is inserted, and {there[0]} is the same'
    for what, hows in made.items():
        count = sum(how in ('insert', 'new id') for how in hows)
        if count > max(0, len(hows) - len(held.get(what, ()))):
            yield (), f'{what} is inserted {count} times'


def is_past(world, node):
    """Of the base; a row without counter: what the generator says."""
    if node.table.counter:
        return node.count < world.base_next[node.table.name]
    return ' base ' in world.who[node]


def hung_elsewhere(world, plan, final):
    for node, row in final.made.items():
        for ref, parent in world.source.parents(node):
            found = final.find(ref.table, ref.to, tuple(row[c] for c in ref.columns))
            concerned = [world.who[node]] + [who for _, who in found]
            if parent is None:
                if found:
                    yield concerned, f'{node} hung on nobody and now on {found[0][1]}'
                continue
            concerned.append(world.who[parent])
            if not found:
                yield concerned, f'{node} hung on {parent} and now on nobody'
                continue
            there = plan.decision[parent][2]
            mine = final.made.get(parent) or (there.row if there else None)
            if found[0][0] is not mine or (parent.table.subject and
                                           found[0][1] != world.who[parent]):
                yield concerned, f'{node} hung on {world.who[parent]} and now on {found[0][1]}'


def not_once(world, plan, final):
    """Each thing that exists on a side and neither waits nor was merged is there once."""
    seen, lost, live = {}, {}, {}
    for rows in final.rows.values():
        for _, who in rows:
            seen[who] = seen.get(who, 0) + 1
    for node in plan.decision:
        lost.setdefault(world.who[node], []).append(node)
    for nodes in world.target.nodes.values():
        for node in nodes:
            live[world.who[node]] = live.get(world.who[node], 0) + 1
    for who, nodes in lost.items():
        hows = {plan.decision[n][0] for n in nodes}
        if hows & {'wait', 'skip'} or len(nodes) > 1 or live.get(who, 0) > 1:
            continue
        merged = all(plan.decision[n][2] and world.who[plan.decision[n][2]] != who for n in nodes)
        wanted = live.get(who, 0) if merged else 1
        if seen.get(who, 0) != wanted:
            yield (who,), f'{who} is there {seen.get(who, 0)} times: {hows}'
