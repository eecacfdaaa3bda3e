"""Asks the program's planner what the oracle's scenarios and random histories come to.

    driver.py MYRECON DRIVER SOURCE_URI TARGET_URI SEEDS [PATTERN]

Every history is loaded into two servers, checked, and planned by DRIVER (merge_driver.c); its
entities and steps are compared with what is expected, as TAP.  Steps are applied in memory, one
by one: a row must be there before another refers to it by a foreign key.  Then they are applied
to the server, and all is checked and planned again: nothing may be left to do, and the same
conflicts are open.
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
from runner import MODULES, Tap, in_time  # noqa: E402
from scenarios_policies import PolicyScenario  # noqa: E402
from servers import Server, same  # noqa: E402
from sqltext import configuration, ident, idents, literal  # noqa: E402

SIZES = (8, 24)
UNIT_ROWS = 500
BATCH = 10  # seeds a check


class History:
    """Two sides to be planned: in databases of its own."""

    def __init__(self, name, tables, sides, options):
        self.name, self.tables, self.options = name, tables, options
        self.source, self.target = sides
        self.names = ()
        self.case = self.ini = ''
        self.reading = None  # of the first plan


class Planner:
    """myrecon check and the driver.  Histories are checked together, which is quicker."""

    def __init__(self, myrecon, driver, uris, folder):
        self.myrecon, self.driver, self.folder = myrecon, driver, folder
        self.uris, self.servers = uris, [Server(uri) for uri in uris]
        self.count = self.checks = 0

    def check(self, histories):
        """Loads them, and runs one check over all."""
        self.checks += 1
        case, ini = (os.path.join(self.folder, f'{self.checks}.{end}') for end in ('case', 'ini'))
        excluded = []
        with open(ini, 'w', encoding='utf-8') as out:
            for history in histories:
                self.count += 1
                history.names = tuple(f'merge_{os.getpid()}_{side}{self.count}' for side in 'st')
                history.case, history.ini = case, ini
                for server, name, side in zip(self.servers, history.names,
                                              (history.source, history.target)):
                    server.load(name, side)
                out.write(configuration(history.tables, history.names[0]) + '\n')
                excluded += [w for name in history.options.exclude
                             for w in ('--exclude', f'{history.names[0]}.{name}')]
        self.compare(histories, *excluded)

    def compare(self, histories, *words):
        uris = [f'{uri}/{",".join(h.names[i] for h in histories)}'
                for i, uri in enumerate(self.uris)]
        done = self.run(self.myrecon, 'check', *uris, '--case', histories[0].case, '--config',
                        histories[0].ini, '--settle', '0', '-q', *words)
        if done.returncode not in (0, 1):
            raise RuntimeError(f'check: {done.returncode}: {done.stderr}')

    def apply(self, history):
        """The steps of its plan, and its counters, as SQL on the target."""
        reading = history.reading
        sql = ["SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO',"
               " time_zone = '+00:00';"] + reading.sql
        for name, counter in reading.outcome.counters.items():
            sql.append(f'ALTER TABLE {ident(name)} AUTO_INCREMENT = {counter};')
        self.servers[1].run('\n'.join(sql), history.names[1])

    def plan(self, history):
        """What the driver prints, or its refusal."""
        db = history.names[0]
        words = arguments(history.options, db)
        while '--exclude' in words:
            at = words.index('--exclude')
            del words[at:at + 2]
        for (name, key), choice in history.options.decisions.items():
            words += ['--decision', f'{db}.{name}', joined(key), choice]
        uris = [f'{uri}/{name}' for uri, name in zip(self.uris, history.names)]
        return self.run(self.driver, *uris, history.case, history.ini, *words)

    def run(self, *words):
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def drop(self, histories):
        for history in histories:
            for server, name in zip(self.servers, history.names):
                server.drop(name)


class Reading:
    """What the driver printed, as an Outcome; `wrong` is what no plan may say."""

    def __init__(self, history, done):
        tables, source, target = history.tables, history.source, history.target
        self.tables, self.target = tables, target
        self.wrong = []
        self.rows = {name: [dict(n.row) for n in target.nodes[name]] for name in tables}
        self.unit, self.in_unit = 0, 0
        self.sql, self.ids = [], {}
        self.files = None
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
            where = ' AND '.join(f'{ident(c)} = {literal(row[c])}' for c in t.key)
            self.sql.append(f'UPDATE {ident(t.name)} SET ' + ', '.join(
                f'{ident(c)} = {literal(v)}' for c, v in row.items()) + f' WHERE {where};')
        else:
            self.sql.append(f'INSERT INTO {ident(t.name)} ({idents(t.columns)}) VALUES ('
                            + ', '.join(literal(v) for v in row.values()) + ');')
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
            self.ids[t.name, named] = tuple(key.values())
            out.idmap.setdefault(t.name, {})[named] = \
                tuple(self.files.symbol(t, key, c) for c in t.key)
        if kind and line['choice'] is None:
            there = self.key(t, line['target_key']) if t.key and line['target_key'] else None
            out.open.setdefault(t.name, {})[named] = (kind, there)
        elif kind:
            out.decided.setdefault(t.name, {})[named] = (kind, line['choice'])


def chosen(pattern):
    for scenario in (s for m in MODULES for s in m.SCENARIOS):
        name = f'section {scenario.says}: {scenario.name}'
        if scenario.server and not isinstance(scenario, PolicyScenario) and \
                fnmatch.fnmatch(name, pattern):
            yield name, scenario


def scenarios(planner, tap, pattern):
    todo = [(scenario, History(name, scenario.schema, scenario.sides(), scenario.settings()))
            for name, scenario in chosen(pattern)]
    try:
        if todo:
            planner.check([history for _, history in todo])
        for scenario, history in todo:
            tap.result(history.name, judge_scenario(planner, scenario, history))
        again(planner, tap, [history for _, history in todo])
    finally:
        planner.drop([history for _, history in todo])


def judge_scenario(planner, scenario, history):
    try:
        reading = history.reading = Reading(history, planner.plan(history))
        reading.outcome.loose = loose_of(scenario)
        return judge(scenario, lambda _: reading.outcome) + reading.wrong
    except RuntimeError as error:
        return str(error).splitlines()


def loose_of(scenario):
    try:
        return of_plan(Plan(scenario.schema, *scenario.sides(), scenario.settings())).loose
    except Refused:
        return set()


def histories(planner, tap, seeds):
    seeds = list(seeds)
    for i in in_time(range(0, len(seeds), BATCH), f'random histories, {BATCH} at a time'):
        worlds = [(seed, people, generate(seed, people))
                  for seed in seeds[i:i + BATCH] for people in SIZES]
        todo = [History((seed, people), w.tables, (w.source, w.target), w.options)
                for seed, people, w in worlds]
        try:
            planner.check(todo)
            for at in range(0, len(todo), len(SIZES)):
                wrong = [f'{h.name[1]} people: {line}' for h in todo[at:at + len(SIZES)]
                         for line in judge_history(planner, h)]
                tap.result(f'random histories {todo[at].name[0]}', wrong)
            again(planner, tap, todo)
        finally:
            planner.drop(todo)


def judge_history(planner, history):
    try:
        expected = of_plan(Plan(history.tables, history.source, history.target, history.options))
    except Refused as refusal:
        expected = Outcome(exit=5, refused=str(refusal))
    try:
        reading = history.reading = Reading(history, planner.plan(history))
    except RuntimeError as error:
        return str(error).splitlines()
    reading.outcome.loose = expected.loose
    lines = differences(expected, reading.outcome) + reading.wrong
    for part in ('bounds', 'counters') if expected.exit != 5 else ():
        mine, theirs = getattr(reading.outcome, part), getattr(expected, part)
        if mine != theirs:
            lines.append(f'{part}: {mine}, expected {theirs}')
    return lines


def again(planner, tap, todo):
    """After apply, there is nothing to do."""
    todo = [h for h in todo if h.reading and h.reading.outcome.exit != 5]
    wrong = {}
    for history in list(todo):
        try:
            planner.apply(history)
        except RuntimeError as error:
            wrong[history] = str(error).splitlines()
            todo.remove(history)
    if todo:
        planner.compare(todo)
    for history in todo:
        wrong[history] = judge_again(planner, history)
    for history, lines in wrong.items():
        tap.result(f'again: {history.name}', lines)


def judge_again(planner, history):
    first = history.reading
    side = Side('target', history.tables, first.rows, first.outcome.counters)
    there = planner.servers[1].read(history.names[1], history.tables)
    lines = [f'on the server: {line}' for line in same(side, there)]
    try:
        second = Reading(History('', history.tables, (history.source, there), history.options),
                         planner.plan(history))
    except RuntimeError as error:
        return lines + str(error).splitlines()
    lines += [f'again: {line}' for line in second.sql]
    out = second.outcome
    for table in sorted(set(out.open) | set(first.outcome.open)):
        mine, was = out.open.get(table, {}), first.outcome.open.get(table, {})
        lines += [f'{table} {key} is open: {mine.get(key)}, was {was.get(key)}'
                  for key in sorted(set(mine) | set(was), key=repr)
                  if (mine.get(key) or [None])[0] != (was.get(key) or [None])[0]]
    lines += [f'{name} {key} stood at {place}, now {second.ids.get((name, key))}'
              for (name, key), place in first.ids.items()
              if second.ids.get((name, key)) not in (place, None)]
    return lines + second.wrong


def main(myrecon, driver, source, target, seeds, pattern='*'):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        planner = Planner(myrecon, driver, (source, target), folder)
        scenarios(planner, tap, pattern)
        first, _, last = seeds.partition('-')
        numbers = range(int(first), int(last) + 1) if last else range(1, int(first) + 1)
        if fnmatch.fnmatch('random histories', pattern):
            histories(planner, tap, numbers)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
