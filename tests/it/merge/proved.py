"""Plans, applies and verifies random histories with the program itself.

    proved.py MYRECON SOURCE_URI TARGET_URI[,TARGET_URI] SEEDS

Whatever the histories were: what a plan promises stands when it was applied, and no longer when a
restored row is gone or another one than before.  TAP.
"""
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from generator import generate  # noqa: E402
from planfiles import arguments  # noqa: E402
from runner import Tap, in_time  # noqa: E402
from servers import Server  # noqa: E402
from sqltext import configuration, ident, literal  # noqa: E402

PEOPLE = 16


class World:
    """One pair of histories on the servers."""

    def __init__(self, myrecon, uris, seed, folder):
        self.myrecon, self.seed = myrecon, seed
        self.world = generate(seed, PEOPLE)
        self.names = tuple(f'proved_{os.getpid()}_{side}{seed}' for side in 'st')
        self.uris = [f'{uri}/{name}' for uri, name in zip(uris, self.names)]
        self.servers = [Server(uri) for uri in uris]
        self.case, self.ini, self.plan = (
            os.path.join(folder, f'{seed}.{end}') for end in ('case', 'ini', 'plan'))

    def load(self):
        for server, name, side in zip(self.servers, self.names,
                                      (self.world.source, self.world.target)):
            server.load(name, side)
        with open(self.ini, 'w', encoding='utf-8') as out:
            out.write(configuration(self.world.tables, self.names[0]) + '\n')

    def drop(self):
        for server, name in zip(self.servers, self.names):
            server.drop(name)

    def run(self, *words, allowed=(0, 1)):
        done = subprocess.run((self.myrecon, *words, '-q', '--config', self.ini),
                              capture_output=True, text=True, check=False)
        if done.returncode not in allowed:
            raise RuntimeError(f'{" ".join(words[:2])}: {done.returncode}: {done.stderr}')
        return done

    def prepare(self):
        """False: nothing may be planned."""
        excluded = [w for name in self.world.options.exclude
                    for w in ('--exclude', f'{self.names[0]}.{name}')]
        self.run('check', *self.uris, '--case', self.case, '--settle', '0', *excluded)
        words = arguments(self.world.options, self.names[0])
        done = self.run('repair', 'plan', '--policy', 'merge', '--case', self.case,
                        '--output', self.plan, *words, allowed=(0, 1, 5))
        if done.returncode == 5:
            return False
        self.run('repair', 'apply', '--yes', self.plan, self.uris[1])
        return True

    def verify(self):
        done = self.run('repair', 'verify', '--json', '--source', self.uris[0], self.plan,
                        self.uris[1], allowed=(0, 1, 4))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [line for line in lines if line['type'] in ('row', 'table')]

    # --- spoiling

    def restored(self):
        """Rows of the id map that stand under a key of their own: table, key."""
        out = []
        with open(os.path.join(self.plan, 'idmap.csv'), newline='', encoding='utf-8') as lines:
            for line in csv.DictReader(lines):
                table = self.world.tables[line['table'].split('.', 1)[1]]
                values = line['target_key'].split(',')
                if len(values) == len(table.key):
                    out.append((table, values))
        return out

    def spoil(self, table, values):
        """The wanted result."""
        where = ' AND '.join(f'{ident(c)} = {literal(v)}' for c, v in zip(table.key, values))
        free = [c for c in table.columns.values()
                if c.name not in table.key and not c.is_number]
        sql = "SET SESSION foreign_key_checks = 0, sql_mode = '';"
        if self.seed // 2 % 2 or not free:
            self.servers[1].run(f'{sql} DELETE FROM {ident(table.name)} WHERE {where}',
                                self.names[1])
            return ('missing',)
        column = ident(free[self.seed // 4 % len(free)].name)
        self.servers[1].run(
            f'{sql} UPDATE {ident(table.name)} SET {column} = '
            f"IF({column} <=> '2001-02-03 04:05:06', '2002-02-03', '2001-02-03 04:05:06')"
            f' WHERE {where}', self.names[1])
        return ('changed-since', 'someone-else', 'refers-elsewhere')


def judge(world):
    """What is wrong, a line each."""
    world.load()
    if not world.prepare():
        return []
    code, lines = world.verify()
    wrong = [json.dumps(line) for line in lines if line['type'] == 'row' or line['reason']]
    if code != 0:
        wrong.append(f'verify exits with {code}')
    rows = world.restored()
    if wrong or not rows:
        return wrong
    table, values = random.Random(world.seed).choice(rows)
    wanted = world.spoil(table, values)
    code, lines = world.verify()
    found = [line['result'] for line in lines
             if line['type'] == 'row' and line['table'].endswith('.' + table.name) and
             list((line['target_key'] or {}).values()) == values]
    if code != 1 or not set(found) & set(wanted):
        wrong.append(f'{table.name} {values} spoilt: exit {code}, found {found}, '
                     f'wanted one of {wanted}')
    return wrong


def main(myrecon, source, targets, seeds):
    tap = Tap()
    targets = [target for target in targets.split(',') if target]
    first, _, last = seeds.partition('-')
    numbers = range(int(first), int(last) + 1) if last else range(1, int(first) + 1)
    with tempfile.TemporaryDirectory() as folder:
        for seed in in_time(numbers, 'random histories'):
            world = World(myrecon, (source, targets[seed % len(targets)]), seed, folder)
            try:
                tap.result(f'history {seed} stands, and is found when it is spoilt', judge(world))
            except RuntimeError as error:
                tap.result(f'history {seed}', str(error).splitlines())
            finally:
                world.drop()
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
