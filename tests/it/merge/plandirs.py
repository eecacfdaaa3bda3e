"""Plans of two loaded histories: made, carried out and taken back by the program, and the same
scripts by the stock client.

    workshop = Workshop(MYRECON, (SOURCE_URI, TARGET_URI), FOLDER)
    workshop.check([history, …])      loads and compares them; each gets a case of its own
    plan = workshop.plan(history)     a Plan: exit code, directory, what it says
"""
import csv
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field

from driver import History, Planner
from outcome import Outcome
from planfiles import CONFLICTS, Files, arguments, joined, key_of

LIMIT = 120


@dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def said(self):
        return self.out + self.err


@dataclass
class PlanDir:
    """What `repair plan` left behind."""
    history: History
    run: Run
    folder: str = ''
    rows: dict = field(default_factory=dict)  # member `rows` of plan.json

    def path(self, name):
        return os.path.join(self.folder, name)

    def outcome(self, source, before, after):
        """Of the files; rows are added between before and after."""
        if self.run.code == 5:
            return Outcome(exit=5, refused=''.join(c if c.isalnum() or c in '-_' else ' '
                                                   for c in self.run.err))
        files = Files(self.history.tables, source, before, after)
        with open(self.path('idmap.csv'), encoding='utf-8', newline='') as idmap, \
                open(self.path('conflicts.csv'), encoding='utf-8', newline='') as conflicts:
            out = files.outcome(idmap, conflicts)
        out.idmap = {name: keys for name, keys in out.idmap.items()
                     if self.history.tables[name].key}
        out.exit = self.run.code
        for line in self.rows['tables']:
            if line['base'] is not None:
                name = line['table'].split('.', 1)[1]
                out.bounds[name] = (int(line['base']),
                                    int(line['fresh']) if line['fresh'] else None)
        return out

    def lines(self, name):
        with open(self.path(name), encoding='utf-8', newline='') as file:
            return list(csv.DictReader(file))

    def pairs(self):
        """(table, key of the source) -> key on the target, as texts."""
        return {(line['table'].split('.', 1)[1], line['source_key']): line['target_key']
                for line in self.lines('idmap.csv')}


def decided(history, line):
    """A line of conflicts.csv with what a person decided, where that is offered (whoever was
    merged by an earlier plan is not asked again); a run of keys, key by key."""
    t = history.tables[line['table'].split('.', 1)[1]]
    if not t.key:
        return [line]
    keys = [] if '..' in line['source_key'] else [key_of(t, line['source_key'])]
    if not keys:
        low, high = (int(v) for v in line['source_key'].split('..'))
        keys = [n.key for n in history.source.nodes[t.name] if low <= n.count <= high]
    chosen = [history.options.decisions.get((t.name, key), '') for key in keys]
    merged = 'merge-into'
    chosen = ['' if choice == merged and merged not in line['choices'].split(';') else choice
              for choice in chosen]
    if len(set(chosen)) == 1:
        return [{**line, 'decision': chosen[0]}]
    return [{**line, 'source_key': joined(key), 'decision': choice}
            for key, choice in zip(keys, chosen)]


class Workshop(Planner):
    def __init__(self, myrecon, uris, folder):
        super().__init__(myrecon, '', uris, folder)
        os.makedirs(folder, mode=0o700)
        self.plans = 0

    def run(self, *words):
        return subprocess.run(words, capture_output=True, text=True, check=False,
                              timeout=LIMIT, stdin=subprocess.DEVNULL)

    def check(self, histories):
        """One run over all, which is quicker; then each goes its own way."""
        super().check(histories)
        for i, history in enumerate(histories):
            case = f'{history.case}.{i}'
            shutil.copy(history.case, case)
            history.case = case

    def compare_one(self, history):
        self.compare([history], *(w for name in history.options.exclude
                                  for w in ('--exclude', f'{history.names[0]}.{name}')))

    def differing(self, histories):
        """Where the live sides are not as they were loaded, to the byte: by check."""
        copies = [f'{h.names[1]}_was' for h in histories]
        try:
            for history, copy in zip(histories, copies):
                self.servers[0].load(copy, history.target)
            done = self.run(self.myrecon, 'check', f'{self.uris[0]}/{",".join(copies)}',
                            f'{self.uris[1]}/{",".join(h.names[1] for h in histories)}',
                            '--settle', '0', '-q', '--json')
        finally:
            for copy in copies:
                self.servers[0].drop(copy)
        if done.returncode not in (0, 1):
            return [f'check: {done.returncode}', *done.stderr.splitlines()]
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        tables = [line for line in lines if line['type'] == 'table']
        out = [f'{line["table"]}: {line["verdict"]}' for line in tables
               if line['verdict'] != 'equal']
        return out if len(tables) == sum(len(h.tables) for h in histories) else \
            out + [f'{len(tables)} tables']

    def plan(self, history):
        """With the history's options; decisions as a person makes them, in a second plan."""
        plan = self.plan_with(history)
        decisions = history.options.decisions
        if not decisions or plan.run.code == 5:
            return plan
        path = os.path.join(self.folder, f'{self.plans}.csv')
        with open(path, 'w', encoding='utf-8', newline='') as out:
            lines = csv.DictWriter(out, CONFLICTS, extrasaction='ignore')
            lines.writeheader()
            for line in plan.lines('conflicts.csv'):
                lines.writerows(decided(history, line))
        return self.plan_with(history, '--decisions', path)

    def plan_with(self, history, *words):
        self.plans += 1
        folder = os.path.join(self.folder, f'plan{self.plans}')
        given = arguments(history.options, history.names[0])
        while '--exclude' in given:
            at = given.index('--exclude')
            del given[at:at + 2]
        uris = [f'{uri}/{name}' for uri, name in zip(self.uris, history.names)]
        done = self.run(self.myrecon, 'repair', 'plan', '--policy', 'merge', '--case',
                        history.case, '--config', history.ini, '--source', uris[0],
                        '--target', uris[1], '--output', folder, *given, *words)
        plan = PlanDir(history, Run(done.returncode, done.stdout, done.stderr), folder)
        if done.returncode in (0, 1):
            with open(plan.path('plan.json'), encoding='utf-8') as file:
                plan.rows = json.load(file)['rows']
        elif done.returncode != 5:
            raise RuntimeError(f'repair plan: {done.returncode}: {done.stderr}')
        return plan

    def repair(self, command, plan, *words):
        done = self.run(self.myrecon, 'repair', command, *words, plan.folder, self.uris[1])
        return Run(done.returncode, done.stdout, done.stderr)

    def stock(self, plan, name, *words):
        """A script, by the stock client, which has no database in use."""
        with open(plan.path(name), encoding='ascii') as script:
            done = subprocess.run([*self.servers[1].arguments, *words], stdin=script,
                                  capture_output=True, text=True, check=False, timeout=LIMIT)
        return Run(done.returncode, done.stdout, done.stderr)

    def target(self, history):
        return self.servers[1].read(history.names[1], history.tables)

    def on_target(self, history, sql):
        return self.servers[1].run("SET SESSION sql_mode = 'STRICT_ALL_TABLES,"
                                   "NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';\n" + sql,
                                   history.names[1])
