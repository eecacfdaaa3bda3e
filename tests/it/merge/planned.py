"""Asks `repair plan` what the oracle's scenarios and random histories come to.

    planned.py MYRECON SOURCE_URI TARGET_URI SEEDS [PATTERN]

Every history is loaded into two servers, checked, and planned.  idmap.csv and conflicts.csv are
compared with what is expected; reseed.sql and apply.sql are run by the stock client, and what
then is on the live side is compared, too.  At the end all is checked and planned again: nothing
may be left to do.
"""
import fnmatch
import json
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
from driver import SIZES, History, Planner, chosen, loose_of  # noqa: E402
from evaluate import judge  # noqa: E402
from generator import generate  # noqa: E402
from oracle import Plan, Refused  # noqa: E402
from outcome import Outcome, differences, of_plan  # noqa: E402
from planfiles import Files, arguments, write_decisions  # noqa: E402
from runner import Tap  # noqa: E402

FILES = {'plan.json', 'entities.csv.zst', 'reseed.sql', 'apply.sql', 'undo.sql', 'verify.sql',
         'idmap.csv', 'conflicts.csv'}


class Command(Planner):
    """myrecon check and myrecon repair plan."""

    def plan(self, history):
        """A Planned; raises RuntimeError where the program fails."""
        db = history.names[0]
        folder = os.path.join(self.folder, f'{db}.plan{len(history.plans)}')
        words = arguments(history.options, db)
        while '--exclude' in words:
            at = words.index('--exclude')
            del words[at:at + 2]
        if history.options.decisions:
            path = folder + '.csv'
            with open(path, 'w', encoding='utf-8', newline='') as out:
                write_decisions(history.options, out, db)
            words += ['--decisions', path]
        uris = [f'{uri}/{name}' for uri, name in zip(self.uris, history.names)]
        done = self.run(self.myrecon, 'repair', 'plan', '--policy', 'merge', '--json',
                        '--source', uris[0], '--target', uris[1], '--case', history.case,
                        '--config', history.ini, '--output', folder, '-q', *words)
        history.plans.append(folder)
        return Planned(folder, done)

    def carry_out(self, history, planned):
        """The scripts, by the stock client."""
        for name in ('reseed.sql', 'apply.sql'):
            with open(os.path.join(planned.folder, name), encoding='ascii') as text:
                self.servers[1].run(text.read())


class Planned:
    """A plan directory."""

    def __init__(self, folder, done):
        self.folder, self.exit = folder, done.returncode
        self.refused = re.sub(r'[^\w-]', ' ', done.stderr)
        if self.exit not in (0, 1, 5):
            raise RuntimeError(f'plan: {done.returncode}: {done.stderr}')
        if self.exit == 5:
            if os.path.exists(folder):
                raise RuntimeError('a refused plan has left its directory')
            return
        if set(os.listdir(folder)) != FILES:
            raise RuntimeError(f'files of the plan: {sorted(os.listdir(folder))}')
        with open(os.path.join(folder, 'plan.json'), encoding='utf-8') as text:
            self.manifest = json.load(text)
        self.rows = self.manifest['rows']['rows']

    def outcome(self, history, after):
        """after: the live side when it was carried out."""
        if self.exit == 5:
            return Outcome(exit=5, refused=self.refused)
        files = Files(history.tables, history.source, history.target, after)
        with open(os.path.join(self.folder, 'idmap.csv'), encoding='utf-8', newline='') as idmap, \
                open(os.path.join(self.folder, 'conflicts.csv'), encoding='utf-8',
                     newline='') as conflicts:
            out = files.outcome(idmap, conflicts)
        if out.exit != self.exit:
            raise RuntimeError(f'exit {self.exit} with {out.open}')
        for line in self.manifest['rows']['tables']:
            name = line['table'].split('.', 1)[1]
            if line['base_origin']:
                out.bounds[name] = (int(line['base']),
                                    int(line['fresh']) if line['fresh_origin'] else None)
        return out


def read(planner, history):
    """Plans, carries out, reads back."""
    planned = history.planned = planner.plan(history)
    if planned.exit == 5:
        return planned.outcome(history, None)
    planner.carry_out(history, planned)
    after = planner.servers[1].read(history.names[1], history.tables)
    return planned.outcome(history, after)


def new_history(*arguments_of):
    history = History(*arguments_of)
    history.plans, history.planned = [], None
    return history


def again(planner, history):
    """A second check and plan find nothing to do, and the same conflicts open."""
    first = history.planned
    if first is None or first.exit == 5:
        return []
    second = planner.plan(history)
    if second.exit == 5:
        return [f'again: refused: {second.refused}']
    lines = [f'again: {second.rows} rows'] if second.rows else []
    for was, now in zip(first.manifest['rows']['tables'], second.manifest['rows']['tables']):
        open_was, open_now = ({k['kind']: k['open'] for k in t['conflicts'] if k['open']}
                              for t in (was, now))
        if open_was != open_now:
            lines.append(f'again: {now["table"]}: open {open_now}, were {open_was}')
    return lines


def guarded(work, *words):
    try:
        return work(*words)
    except RuntimeError as error:
        return str(error).splitlines()


def judge_scenario(planner, scenario, history):
    def evaluate(_):
        out = read(planner, history)
        out.loose = loose_of(scenario)
        return out
    return judge(scenario, evaluate)


def judge_world(planner, history):
    try:
        expected = of_plan(Plan(history.tables, history.source, history.target, history.options))
    except Refused as refusal:
        expected = Outcome(exit=5, refused=str(refusal))
    got = read(planner, history)
    got.loose = expected.loose
    lines = differences(expected, got)
    for part in ('bounds', 'counters') if expected.exit != 5 else ():
        mine, theirs = getattr(got, part), getattr(expected, part)
        if mine != theirs:
            lines.append(f'{part}: {mine}, expected {theirs}')
    return lines


def run(planner, tap, todo):
    """todo: pairs of a function that judges, and a history."""
    histories = [history for _, history in todo]
    try:
        if histories:
            planner.check(histories)
        for judged, history in todo:
            tap.result(history.name, guarded(judged, history))
        if histories:
            planner.compare(histories)
        for history in histories:
            tap.result(f'again: {history.name}', guarded(again, planner, history))
    finally:
        planner.drop(histories)


def main(myrecon, source, target, seeds, pattern='*'):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        planner = Command(myrecon, None, (source, target), folder)
        run(planner, tap, [
            (lambda history, s=scenario: judge_scenario(planner, s, history),
             new_history(name, scenario.schema, scenario.sides(), scenario.settings()))
            for name, scenario in chosen(pattern)])
        first, _, last = seeds.partition('-')
        numbers = range(int(first), int(last) + 1) if last else range(1, int(first) + 1)
        if fnmatch.fnmatch('random histories', pattern):
            worlds = [(seed, people, generate(seed, people))
                      for seed in numbers for people in SIZES]
            run(planner, tap, [
                (lambda history: judge_world(planner, history),
                 new_history(f'random histories {seed}, {people} people', w.tables,
                             (w.source, w.target), w.options))
                for seed, people, w in worlds])
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
