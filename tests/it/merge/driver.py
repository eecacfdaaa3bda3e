"""Asks the program's planner what the oracle's scenarios and random histories come to.

    driver.py MYRECON DRIVER SOURCE_URI TARGET_URI SEEDS [PATTERN]

Every history is loaded into two servers, checked, and planned by DRIVER (merge_driver.c); its
entities and steps are compared with what is expected, as TAP.  Steps are applied in memory, one
by one: a row must be there before another refers to it by a foreign key.
"""
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from evaluate import judge  # noqa: E402
from generator import generate  # noqa: E402
from model import Side  # noqa: E402
from oracle import Plan, Refused  # noqa: E402
from outcome import Outcome, differences, of_plan  # noqa: E402
from planfiles import Files, arguments, joined, typed  # noqa: E402
from runner import MODULES, Tap  # noqa: E402
from scenarios_policies import PolicyScenario  # noqa: E402
from servers import Server  # noqa: E402
from sqltext import configuration  # noqa: E402

SIZES = (8, 24)
UNIT_ROWS = 500


class Planner:
    """myrecon check and the driver, on two databases."""

    def __init__(self, myrecon, driver, uris, names, folder):
        self.myrecon, self.driver, self.folder = myrecon, driver, folder
        self.servers = [Server(uri) for uri in uris]
        self.names = names
        self.uris = [f'{uri}/{name}' for uri, name in zip(uris, names)]
        self.plans = 0

    def plan(self, tables, source, target, options):
        """The lines that the driver prints, or its refusal, for these histories."""
        for server, name, side in zip(self.servers, self.names, (source, target)):
            server.load(name, side)
        self.plans += 1
        case = os.path.join(self.folder, f'{self.plans}.case')
        ini = os.path.join(self.folder, f'{self.plans}.ini')
        db = self.names[0]
        with open(ini, 'w', encoding='utf-8') as out:
            out.write(configuration(tables, db))
        excluded = [w for name in options.exclude for w in ('--exclude', f'{db}.{name}')]
        done = self.run(self.myrecon, 'check', *self.uris, '--case', case, '--config', ini,
                        '--settle', '0', '-q', *excluded)
        if done.returncode not in (0, 1):
            raise RuntimeError(f'check: {done.returncode}: {done.stderr}')
        words = arguments(options, db)
        while '--exclude' in words:
            at = words.index('--exclude')
            del words[at:at + 2]
        for (name, key), choice in options.decisions.items():
            words += ['--decision', f'{db}.{name}', joined(key), choice]
        return self.run(self.driver, *self.uris, case, ini, *words)

    def run(self, *words):
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def drop(self):
        for server, name in zip(self.servers, self.names):
            server.drop(name)


class Reading:
    """What the driver printed, as an Outcome; `wrong` is what no plan may say."""

    def __init__(self, tables, source, target, done):
        self.tables, self.target = tables, target
        self.wrong = []
        self.rows = {name: [dict(n.row) for n in target.nodes[name]] for name in tables}
        self.unit, self.in_unit = 0, 0
        self.files = None
        self.source = source
        if done.returncode == 5:
            self.outcome = Outcome(exit=5, refused=re.sub(r'[^\w-]', ' ', done.stderr))
            return
        if done.returncode not in (0, 1):
            raise RuntimeError(f'driver: {done.returncode}: {done.stderr}')
        self.outcome = Outcome(exit=done.returncode)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.outcome.counters = dict(target.counters)
        for line in lines:
            if line['type'] == 'table':
                self.read_table(line)
        for line in lines:
            if line['type'] == 'step':
                self.apply(line)
        after = Side('target', tables, self.rows, self.outcome.counters)
        self.files = Files(tables, source, target, after)
        entities = [line for line in lines if line['type'] == 'entity']
        for line in entities:
            self.read_new(line)
        for line in entities:
            self.read_entity(line)
        self.files.add_rows(self.outcome)

    def table(self, line):
        return self.tables[line['table'].split('.', 1)[1]]

    def read_table(self, line):
        name = self.table(line).name
        self.outcome.bounds[name] = (int(line['base']),
                                     int(line['fresh']) if line['fresh'] else None)
        if line['counter']:
            self.outcome.counters[name] = int(line['counter'])
            self.outcome.blocks[name] = tuple(int(line[w]) for w in ('start', 'step', 'ids'))

    # --- steps

    def row(self, t, image):
        return {c.name: None if image[c.name] is None else typed(c, image[c.name])
                for c in t.columns.values()}

    def apply(self, line):
        t = self.table(line)
        if line['unit'] not in (self.unit, self.unit + 1):
            self.wrong.append(f'unit {line["unit"]} after {self.unit}')
        self.in_unit = self.in_unit + 1 if line['unit'] == self.unit else 1
        self.unit = line['unit']
        if self.in_unit > UNIT_ROWS * 2:
            self.wrong.append(f'unit {self.unit} is too large')
        row = self.row(t, line['after'])
        if line['op'] == 'update':
            before = self.row(t, line['before'])
            if before not in self.rows[t.name]:
                self.wrong.append(f'update of {before}, which is not there')
                return
            self.rows[t.name].remove(before)
        self.rows[t.name].append(row)
        self.look_up(t, row)

    def look_up(self, t, row):
        """What a server would say of it."""
        for ref in t.refs:
            if ref.foreign_key and ref.holds(row):
                values = tuple(row[c] for c in ref.columns)
                parent = self.tables[ref.table]
                probe = parent.fold(ref.to, dict(zip(ref.to, values)))
                if not any(parent.fold(ref.to, r) == probe for r in self.rows[ref.table]):
                    self.wrong.append(f'{t.name} {row} refers to nobody')
        for columns in (*t.unique, *((t.key,) if t.key else ())):
            values = t.fold(columns, row)
            if None not in values and \
                    sum(t.fold(columns, r) == values for r in self.rows[t.name]) > 1:
                self.wrong.append(f'{t.name} {row}: {columns} are held')

    # --- entities

    def key(self, t, values):
        return tuple(typed(t.columns[c], v) for c, v in zip(t.key, values))

    def read_new(self, line):
        t = self.table(line)
        if line['decision'] == 'renumber':
            at = t.key.index(t.counter)
            old, new = (self.key(t, line[f])[at] for f in ('source_key', 'target_key'))
            self.files.new[t.name, new] = f'@{t.name}:{old}'

    def read_entity(self, line):
        t, out = self.table(line), self.outcome
        how, kind = line['decision'], line['kind']
        named = self.key(t, line['source_key']) if t.key else \
            tuple(self.row(t, line['source']).values())
        is_mapped = how in ('matched', 'insert', 'renumber') or \
            (how == 'update' and kind == 'differs')
        if t.key and is_mapped:
            key = dict(zip(t.key, self.key(t, line['target_key'])))
            out.idmap.setdefault(t.name, {})[named] = \
                tuple(self.files.symbol(t, key, c) for c in t.key)
        if kind and line['choice'] is None:
            there = self.key(t, line['target_key']) if t.key and line['target_key'] else None
            out.open.setdefault(t.name, {})[named] = (kind, there)
        elif kind:
            out.decided.setdefault(t.name, {})[named] = (kind, line['choice'])


def scenarios(planner, tap, pattern):
    for scenario in (s for m in MODULES for s in m.SCENARIOS):
        if isinstance(scenario, PolicyScenario) or not scenario.server:
            continue
        name = f'section {scenario.says}: {scenario.name}'
        if not fnmatch.fnmatch(name, pattern):
            continue
        source, target = scenario.sides()
        try:
            reading = Reading(scenario.schema, source, target, planner.plan(
                scenario.schema, source, target, scenario.settings()))
            plan = loose_of(scenario)
            reading.outcome.loose = plan
            wrong = judge(scenario, lambda _: reading.outcome) + reading.wrong
        except RuntimeError as error:
            wrong = str(error).splitlines()
        tap.result(name, wrong)


def loose_of(scenario):
    try:
        return of_plan(Plan(scenario.schema, *scenario.sides(), scenario.settings())).loose
    except Refused:
        return set()


def histories(planner, tap, seeds):
    for seed in seeds:
        wrong = []
        for people in SIZES:
            world = generate(seed, people)
            try:
                expected = of_plan(Plan(world.tables, world.source, world.target, world.options))
            except Refused as refusal:
                expected = Outcome(exit=5, refused=str(refusal))
            try:
                reading = Reading(world.tables, world.source, world.target, planner.plan(
                    world.tables, world.source, world.target, world.options))
                reading.outcome.loose = expected.loose
                lines = differences(expected, reading.outcome) + reading.wrong
                for part in ('bounds', 'counters'):
                    if expected.exit != 5 and \
                            getattr(expected, part) != getattr(reading.outcome, part):
                        lines.append(f'{part}: {getattr(reading.outcome, part)}, expected '
                                     f'{getattr(expected, part)}')
            except RuntimeError as error:
                lines = str(error).splitlines()
            wrong += [f'{people} people: {line}' for line in lines]
        tap.result(f'random histories {seed}', wrong)


def main(myrecon, driver, source, target, seeds, pattern='*'):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        planner = Planner(myrecon, driver, (source, target),
                          (f'merge_s{os.getpid()}', f'merge_t{os.getpid()}'), folder)
        try:
            scenarios(planner, tap, pattern)
            first, _, last = seeds.partition('-')
            numbers = range(int(first), int(last) + 1) if last else range(1, int(first) + 1)
            if fnmatch.fnmatch('random histories', pattern):
                histories(planner, tap, numbers)
        finally:
            planner.drop()
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
