"""Plans from cradle to grave: what the scenarios and random histories must come to on real
servers, when planned, applied, verified, spoilt, undone, and applied once more.

    lifetimes.py MYRECON SOURCE_URI TARGET_URI SEEDS [PATTERN [OTHER_TARGET_URI]]

Plans with an odd number are applied and undone by the stock client, the others by the program;
every third of the random histories has its live side on OTHER_TARGET_URI.
"""
import fnmatch
import os
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
from driver import History, chosen, loose_of  # noqa: E402
from evaluate import judge  # noqa: E402
from generator import generate  # noqa: E402
from oracle import Plan, Refused  # noqa: E402
from outcome import Outcome, differences, of_plan  # noqa: E402
from plandirs import Workshop  # noqa: E402
from planfiles import joined  # noqa: E402
from random_histories import RESTORE, SKIP  # noqa: E402
from runner import Tap, in_time  # noqa: E402
from servers import same  # noqa: E402
from spoils import spoils  # noqa: E402
from newcomers import judge_kept, newcomer, thief  # noqa: E402

SIZES = (24, 8)
BATCH = 10
# by turns: live values taken from the source, all that waits restored, or left out; nothing
# (an identity that is taken back frees another, and the next plan goes on from there)
TAKE = dict.fromkeys(['changed', 'differs'], 'source')
CHOICES = ({}, {}, RESTORE | TAKE, {}, SKIP)
COPIES = 4  # of a batch, compared to the byte


class Life:
    """One history on its way; `wrong` is what was not as it must be."""

    STAGES = ('plan', 'apply', 'verify', 'apply twice', 'plan again', 'spoil', 'undo',
              'plan after undo', 'newcomer', 'stolen key')

    def __init__(self, workshop, history, number, expected, scenario=None):
        self.shop, self.history, self.number = workshop, history, number
        self.expected, self.scenario = expected, scenario
        self.stock = number % 2 == 1
        self.case = ('--case', history.case) if number % 4 == 0 else ()
        self.wrong, self.stage = [], ''
        self.plan = self.first = self.after = None
        self.keeps = []  # rows that undo cannot take back
        self.before = history.target

    def note(self, *lines):
        self.wrong += [f'{self.stage}: {line}' for line in lines]

    def exit_code(self, run, wanted):
        if run.code != wanted:
            self.note(f'exit code {run.code}, expected {wanted}',
                      *run.said.strip().splitlines()[-12:])

    def live(self):
        """To the end, or to the first stage that goes wrong: the others build on it."""
        for self.stage in self.STAGES:
            try:
                getattr(self, 'do_' + self.stage.replace(' ', '_'))()
            except RuntimeError as error:
                self.note(*str(error).splitlines())
            except (AssertionError, LookupError, ValueError, TypeError):
                self.note(*traceback.format_exc().splitlines())
            if self.wrong or self.keeps or self.plan.run.code == 5:
                break
        return self.wrong

    # --- with the program or with the stock client

    def apply(self):
        if not self.stock:
            self.exit_code(self.shop.repair('apply', self.plan, '--yes', *self.case),
                           1 if self.first.open else 0)
            return
        for name in ('reseed.sql', 'apply.sql'):
            self.exit_code(self.shop.stock(self.plan, name), 0)

    def undo(self):
        if self.stock:
            return self.shop.stock(self.plan, 'undo.sql')
        return self.shop.repair('undo', self.plan, '--yes', *self.case)

    def stands(self, side, what):
        """The rows of the live side are these."""
        self.note(*(f'{what}: {line}' for line in same(side, self.there(), counters=False)))

    def there(self):
        return self.shop.target(self.history)

    # --- stages

    def do_plan(self):
        self.plan = self.shop.plan(self.history)
        self.first = self.plan.outcome(self.history.source, self.before, self.before)
        if self.first.exit == 5 or self.expected.exit == 5:
            self.compare(self.first)

    def do_apply(self):
        self.apply()
        self.after = self.there()
        if not self.wrong:
            self.compare(self.plan.outcome(self.history.source, self.before, self.after))
        self.note(*untouched(self.before, self.after, self.expected), *orphans(self.after))

    def compare(self, got):
        got.loose = self.expected.loose
        if self.scenario:
            if got.exit != 5:
                got.counters = dict(self.after.counters)
            self.note(*judge(self.scenario, lambda _: got))
            return
        self.note(*differences(self.expected, got))
        if got.exit != 5 and got.bounds != {n: b for n, b in self.expected.bounds.items()
                                            if n in got.bounds}:
            self.note(f'bounds {got.bounds}, expected {self.expected.bounds}')
        if got.exit != 5 and self.after and self.after.counters != self.expected.counters:
            self.note(f'counters {self.after.counters}, expected {self.expected.counters}')

    def do_verify(self):
        self.exit_code(self.shop.repair('verify', self.plan), 0)
        self.exit_code(self.shop.stock(self.plan, 'verify.sql'), 0)

    def do_apply_twice(self):
        self.apply()
        if self.number % 3 == 0:  # what the journal knows as done
            self.exit_code(self.shop.repair('apply', self.plan, '--yes', '--recheck'),
                           1 if self.first.open else 0)
        self.note(*same(self.after, self.there()))

    def do_plan_again(self):
        self.shop.compare_one(self.history)
        second = self.shop.plan(self.history)
        if second.run.code != self.plan.run.code:
            self.exit_code(second.run, self.plan.run.code)
            return
        if second.rows['rows'] or second.rows['units']:
            self.note(f'{second.rows["rows"]} rows to write')
        self.same_open(second.outcome(self.history.source, self.after, self.after))
        was = self.plan.pairs()
        self.note(*(f'{key} stood at {was[key]}, now {place}'
                    for key, place in second.pairs().items() if was.get(key, place) != place))

    def same_open(self, got):
        for table in sorted(set(got.open) | set(self.first.open)):
            mine, was = got.open.get(table, {}), self.first.open.get(table, {})
            self.note(*(f'{table} {key} is open: {mine.get(key)}, was {was.get(key)}'
                        for key in sorted(set(mine) | set(was), key=repr)
                        if (mine.get(key) or [None])[0] != (was.get(key) or [None])[0]))

    def do_spoil(self):
        spoil = spoils(self.plan, self.before, self.after, self.number)
        if not spoil:
            return
        self.stage += ' ' + spoil.what
        self.shop.on_target(self.history, spoil.sql)
        run = self.shop.repair('verify', self.plan)
        self.exit_code(run, 1)
        for word in (spoil.table, spoil.key):
            if word not in run.said:
                self.note(f'verify does not name {word}', *run.said.splitlines())
        if not self.shop.stock(self.plan, 'verify.sql').code:
            self.note('verify.sql found nothing')
        self.shop.on_target(self.history, spoil.mend)
        self.exit_code(self.shop.repair('verify', self.plan), 0)
        self.stands(self.after, 'mended')

    def do_undo(self):
        run = self.undo()
        self.keeps = attached(self.before, self.after)
        if self.keeps:
            if not run.code:
                self.note('exit code 0, although rows are needed')
            self.note(*(f'{name} {key} is not listed' for name, key in self.keeps
                        if f'{name} {key}' not in run.said.replace('\t', ' ')))
            return
        self.exit_code(run, 0)
        self.stands(self.before, 'undone')
        if not self.case:  # a plan has seen the rows: the case has to be told where they went
            self.exit_code(self.shop.repair('undo', self.plan, '--yes', '--case',
                                            self.history.case), 0)

    def do_plan_after_undo(self):
        self.shop.compare_one(self.history)
        was, self.plan = self.plan, self.shop.plan(self.history)
        self.exit_code(self.plan.run, was.run.code)
        if self.wrong:
            return
        again = self.plan.outcome(self.history.source, self.before, self.before)
        again.loose = self.expected.loose
        self.note(*differences(self.first, again, ('idmap', 'open')))
        if self.plan.rows['rows'] != was.rows['rows']:
            self.note(f'{self.plan.rows["rows"]} rows, were {was.rows["rows"]}')

    def do_newcomer(self):
        self.stock = not self.stock
        self.apply()
        self.after = self.there()
        new = newcomer(self.before, self.after, self.number)
        if new:
            self.shop.on_target(self.history, new.sql)
            run = self.undo()
            if not run.code or run.code != 1 and not self.stock:
                self.exit_code(run, 1)
            if new.table not in run.said or new.key not in run.said:
                self.note(f'{new.table} {new.key} is not listed', *run.said.splitlines())
            self.note(*judge_kept(new, self.before, self.there()))
            self.shop.on_target(self.history, new.gone)
        self.exit_code(self.undo(), 0)
        self.stands(self.before, 'undone at last')


    def do_stolen_key(self):
        """A row that was to keep its key is left out with what hangs on it; planned again, it
        gets a new one."""
        new = thief(self.plan, self.history.source, self.before, self.number)
        if not new:
            return
        self.shop.on_target(self.history, new.sql)
        before = self.there()
        run = self.shop.stock(self.plan, 'apply.sql', '--force') if self.stock else \
            self.shop.repair('apply', self.plan, '--yes', '--recheck', *self.case)
        self.exit_code(run, 0 if self.stock else 1)
        if f'{new.table} {new.key}' not in run.said.replace('\t', ' '):
            self.note(f'{new.table} {new.key} is not listed', *run.said.splitlines())
        self.note(*untouched(before, self.there(), self.expected), *orphans(self.there()))
        self.shop.compare_one(self.history)
        self.plan = self.shop.plan(self.history)
        self.exit_code(self.plan.run, 1 if self.first.open else 0)
        if self.wrong:
            return
        self.apply()
        there = self.there()
        self.note(*untouched(before, there, self.expected), *orphans(there))
        places = self.plan.pairs()
        if places.get((new.table, new.key), new.key) == new.key:
            self.note(f'{new.table} {new.key} has got no new key')
        self.same_open(self.plan.outcome(self.history.source, before, before))
        missing = {name: len(self.after.nodes[name]) - len(there.nodes[name]) +
                   (name == new.table) for name in self.history.tables}
        self.note(*(f'{count} rows of {name} are missing' for name, count in missing.items()
                    if count))
        self.exit_code(self.shop.repair('verify', self.plan), 0)
        self.keeps = [(new.table, new.key)]


def untouched(before, after, expected):
    """Rows of the live side that are not there as they were, but for those to be updated."""
    out = []
    for name, t in before.tables.items():
        there = [n.row for n in after.nodes[name]]
        for node in before.nodes[name]:
            if node.row in there:
                there.remove(node.row)
            elif not t.key or node.key not in expected.updated.get(name, {}):
                out.append(f'{name} {node.row} is not there any more')
    return out


def attached(before, after):
    """Restored rows that undo cannot take back: others refer to them, without a foreign key,
    that were there before; or they to themselves, by one that a server holds fast."""
    out = {(name, joined(node.key)) for name in after.tables for node in after.nodes[name]
           for ref, parent in after.parents(node)
           if parent is node and ref.foreign_key and not ref.on_delete
           and not any(node.table.columns[c].null for c in ref.columns)
           and not before.at_key(name, node.key)}
    for name in before.tables:
        for node in before.nodes[name]:
            for ref, parent in before.parents(node):
                found = None if parent else after.parent(node, ref)
                if found:
                    out.add((found.table.name, joined(found.key)))
    return sorted(out)


def orphans(side):
    """Foreign keys that lead to nobody."""
    return [f'{name} {node.key} refers to nobody by {ref.columns}' for name in side.tables
            for node in side.nodes[name] for ref, parent in side.parents(node)
            if ref.foreign_key and not parent]


def scenarios(workshop, tap, pattern):
    todo = [(scenario, History(name, scenario.schema, scenario.sides(), scenario.settings()))
            for name, scenario in chosen(pattern)]
    for i in range(0, len(todo), 4 * BATCH):
        part = todo[i:i + 4 * BATCH]
        lives = []
        for number, (scenario, history) in enumerate(part, i):
            expected = scenario.expected()
            expected.loose = loose_of(scenario)
            lives.append((history, number, expected, scenario))
        run(workshop, tap, lives)


def histories(workshop, tap, seeds):
    for i in in_time(range(0, len(seeds), BATCH), f'random histories, {BATCH} at a time'):
        lives = []
        for seed in seeds[i:i + BATCH]:
            world = generate(seed, SIZES[seed % 2])
            world.options.on_conflict = CHOICES[seed % len(CHOICES)]
            try:
                expected = of_plan(Plan(world.tables, world.source, world.target,
                                        world.options))
            except Refused as refusal:
                expected = Outcome(exit=5, refused=str(refusal))
            history = History(f'random histories {seed}', world.tables,
                              (world.source, world.target), world.options)
            lives.append((history, seed // 2, expected, None))
        run(workshop, tap, lives)


def run(workshop, tap, lives):
    todo = [history for history, *_ in lives]
    try:
        if todo:
            workshop.check(todo)
        ended = []
        for history, *rest in lives:
            life = Life(workshop, history, *rest)
            tap.result(history.name, life.live())
            if not life.wrong and not life.keeps:
                ended.append(history)
        if ended:
            tap.result(f'to the byte, after {todo[-1].name}', workshop.differing(ended[:COPIES]))
    finally:
        workshop.drop(todo)


def main(myrecon, source, target, seeds, pattern='*', other=''):
    first, _, last = seeds.partition('-')
    numbers = list(range(int(first), int(last) + 1) if last else range(1, int(first) + 1))
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(myrecon, (source, target), os.path.join(folder, 'a'))
        scenarios(workshop, tap, pattern)
        if fnmatch.fnmatch('random histories', pattern):
            mixed = [n for n in numbers if other and n % 3 == 0]
            histories(workshop, tap, [n for n in numbers if n not in mixed])
            histories(Workshop(myrecon, (source, other), os.path.join(folder, 'b')), tap, mixed)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
