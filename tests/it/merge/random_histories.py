"""Judges the oracle by random histories: what the generator knows, and what must not matter."""
import io
import random
from dataclasses import replace

from generator import generate
from model import Side
from oracle import Plan, Refused
from outcome import differences, of_plan
from planfiles import Files, real_ids, target_afterwards, write_conflicts, write_idmap
from truth import Final, ids_wrong, indexes_broken, lies, live_rows_changed

SIZES = (8, 24)
RESTORE = dict.fromkeys(['deleted-or-lost', 'deleted-on-live', 'parent-absent', 'parent-differs',
                         'orphan-would-attach', 'past-or-lost'], 'restore') | {'unique': 'without-value'}
SKIP = dict.fromkeys([*RESTORE, 'key-taken', 'identity-crosses-base', 'duplicate',
                      'owner-differs', 'references-disagree', 'not-null-cycle'], 'skip')


def judge_seed(seed, tally):
    """What is wrong, a line each; tally: counts of what occurred."""
    out = []
    for people in SIZES:
        world = generate(seed, people)
        try:
            plan = Plan(world.tables, world.source, world.target, world.options)
        except Refused as refusal:
            tally['refused'] += 1
            out += refused_wrongly(world, refusal)
            continue
        for how, kind, _ in plan.decision.values():
            tally[how] += 1
            tally[kind or 'no conflict'] += 1
        wrong = lies(world, plan) + order_matters(world, plan) + decided(world) + \
            files_differ(world, plan)
        out += [f'{people} people: {line}' for line in wrong]
    return out


def refused_wrongly(world, refusal):
    """Refused is right where a row of the past was given another identity, or a bound is too
    high, both of which is rare where creation times are there; and where the first keys above
    the bound were handed out twice in one second, one after the other."""
    if refusal.why == 'base bound too low':
        return [] if in_doubt(world, *refusal.words) else [str(refusal)]
    if refusal.why != 'base bound':
        return [str(refusal)]
    table, key, _ = refusal.words
    for side in (world.source, world.target):
        for node in side.nodes[table]:
            if node.count == int(key) and world.tables[table].time and \
                    ' base ' in world.who[node]:
                return [f'{refusal}: a row of the past']
    return []


def in_doubt(world, table, bound):
    """No time tells who holds the first keys above the bound, since none is there, or one is
    on both sides."""
    created = world.tables[table].created
    both = [(node, world.target.at_key(table, node.key))
            for node in sorted(world.source.nodes[table], key=lambda n: n.count)
            if node.count > int(bound)]
    differ = [(node, other) for node, other in both if other and other.row != node.row]
    return not created or len(differ) > 1 and \
        all(node.row[created] == other.row[created] for node, other in differ[:2])


def order_matters(world, plan):
    """The order in which rows are read is nobody's business."""
    rng = random.Random(world.seed)

    def shuffled(side):
        rows = {name: [n.row for n in nodes] for name, nodes in side.nodes.items()}
        for listed in rows.values():
            rng.shuffle(listed)
        return Side(side.name, world.tables, rows, side.counters)

    other = Plan(world.tables, shuffled(world.source), shuffled(world.target), world.options)
    return ['in another order of rows: ' + line
            for line in differences(of_plan(plan), of_plan(other))]


def files_differ(world, plan):
    """The plan as files, ids given by dice, and the rows afterwards, say what the plan says."""
    ids = real_ids(plan, random.Random(world.seed))
    idmap, conflicts = io.StringIO(newline=''), io.StringIO(newline='')
    write_idmap(plan, ids, idmap, 'db')
    write_conflicts(plan, conflicts, 'db')
    for file in (idmap, conflicts):
        file.seek(0)
    files = Files(world.tables, world.source, world.target, target_afterwards(plan, ids))
    return ['as files: ' + line for line in
            differences(of_plan(plan), files.outcome(idmap, conflicts))]


def decided(world):
    """Whatever is chosen, what is live stays, and every index and foreign key holds."""
    out = []
    for name, choices in (('restored', RESTORE), ('skipped', SKIP)):
        options = replace(world.options, on_conflict=choices)
        plan = Plan(world.tables, world.source, world.target, options)
        wrong = [*live_rows_changed(world, plan), *indexes_broken(world, Final(world, plan)),
                 *ids_wrong(world, plan)]
        if name == 'skipped':
            wrong += [f'{node} {kind} is open' for node, kind, _, choice in plan.conflicts
                      if choice is None and plan.decision[node][0] == 'wait']
        out += [f'{name}: {line}' for line in wrong]
    return out
