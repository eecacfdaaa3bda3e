"""Plans of one case in every order: check, plan (of the last run, or of the first), apply and
undo, by the program and by the stock client, in any order.

    repair_orders.py MYRECON SOURCE_URI TARGET_URI DATABASE FOLDER SEEDS

The world is small, and who is who in it is known: two people of the common past, three lost
ones, of whom one has lost his id to a live one, with orders, events, and visits, which have no key.  After each
step every row of the live side is compared by what it says and whom it means: each lost fact
stands once, or none stands; at the end everybody must be brought back by one plan.  SEEDS=N
takes the first N of all orders of up to six steps, in an order of its own; FIRST-LAST those.
"""
import itertools
import json
import os
import random
import re
import subprocess
import sys

from in_time import in_time

STEPS = {'C': 'check', 'P': 'plan', 'O': 'plan of the first run', 'A': 'apply', 'a': 'apply.sql',
         'U': 'undo', 'u': 'undo.sql', 'X': 'apply the plan before', 'D': 'undo the plan before'}
LONGEST = 6
# each was wrong once, or is what somebody does in the night
FIRST = ['ACUP', 'aCuP', 'ACUOA', 'ACuP', 'aPuCPA', 'PAXUP', 'AOUP', 'aCPuP', 'AUPAX', 'PXAUD']
TABLES = """CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    inviter INT NULL, created_at DATETIME NOT NULL);
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
    created_at DATETIME NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20) NOT NULL,
    created_at DATETIME NOT NULL);
CREATE TABLE visits (member_id INT NOT NULL, page VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL, KEY (member_id));
INSERT INTO members VALUES (1, 'm1', NULL, '2026-01-01'), (2, 'm2', 1, '2026-01-02');
INSERT INTO orders VALUES (1, 1, 'o1', '2026-01-01');
INSERT INTO log VALUES (1, 1, 'e1', '2026-01-01'), (2, 2, 'e2', '2026-01-01');
INSERT INTO visits VALUES (1, 'w1', '2026-01-01');"""
LOST = """INSERT INTO members VALUES (3, 'lost3', 1, '2026-02-02'), (4, 'lost4', 3, '2026-02-02'),
    (5, 'lost5', NULL, '2026-02-02');
INSERT INTO orders VALUES (2, 3, 'lo3', '2026-02-02'), (3, 4, 'lo4', '2026-02-02'), (4, 5, 'lo5', '2026-02-02');
INSERT INTO log VALUES (3, 3, 'le3', '2026-02-02'), (4, 4, 'le4', '2026-02-02'), (5, 5, 'le5', '2026-02-02'),
    (6, 1, 'le1', '2026-02-02');
INSERT INTO visits VALUES (1, 'lw1', '2026-02-02'), (3, 'lw3', '2026-02-02');"""
LIVE = """INSERT INTO members VALUES (3, 'live3', 2, '2026-02-03');
INSERT INTO orders VALUES (2, 3, 'vo3', '2026-02-03');
INSERT INTO log VALUES (3, 3, 've3', '2026-02-03');
INSERT INTO visits VALUES (3, 'vw3', '2026-02-03');"""
ROWS = """SELECT CONCAT_WS(' ', 'member', m.mobile, IFNULL(i.mobile, '-')) FROM members m
    LEFT JOIN members i ON i.id = m.inviter
UNION ALL SELECT CONCAT_WS(' ', 'order', o.no, IFNULL(m.mobile, 'NOBODY')) FROM orders o LEFT JOIN members m ON m.id = o.member_id
UNION ALL SELECT CONCAT_WS(' ', 'event', l.what, IFNULL(m.mobile, 'NOBODY')) FROM log l LEFT JOIN members m ON m.id = l.member_id
UNION ALL SELECT CONCAT_WS(' ', 'visit', v.page, IFNULL(m.mobile, 'NOBODY')) FROM visits v LEFT JOIN members m ON m.id = v.member_id"""
HERE = ['event e1 m1', 'event e2 m2', 'event ve3 live3', 'member live3 m2', 'member m1 -', 'member m2 m1',
        'order o1 m1', 'order vo3 live3', 'visit vw3 live3', 'visit w1 m1']
GONE = ['event le1 m1', 'event le3 lost3', 'event le4 lost4', 'event le5 lost5', 'member lost3 m1',
        'member lost4 lost3', 'member lost5 -', 'order lo3 lost3', 'order lo4 lost4', 'order lo5 lost5',
        'visit lw1 m1', 'visit lw3 lost3']
CONFIG = """[table {0}.members]
subject = yes
identity = mobile
time-column = created_at
reference = inviter -> {0}.members.id
[table {0}.orders]
identity = no
time-column = created_at
[table {0}.log]
identity = none
time-column = created_at
reference = member_id -> {0}.members.id
[table {0}.visits]
time-column = created_at
reference = member_id -> {0}.members.id
"""


class Wrong(Exception):
    pass


class World:
    def __init__(self, myrecon, uris, database, folder):
        self.myrecon, self.uris, self.db, self.folder = myrecon, uris, database, folder
        os.makedirs(folder)
        self.case, self.ini = os.path.join(folder, 'case'), os.path.join(folder, 'ini')
        with open(self.ini, 'w') as f:
            f.write(CONFIG.format(database))
        for uri, own in zip(uris, (LOST, LIVE)):
            self.sql(uri, f'DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}; USE {database};' + TABLES + own)
        self.plans, self.runs, self.said = [], 0, []
        self.run('check')

    def client(self, uri, *options):
        host, port = re.match(r'mysql://(?:[^@]*@)?([^:/]+):(\d+)', uri).groups()
        user = re.match(r'mysql://([^:@/]+)', uri).group(1)
        return ['mariadb', '--no-defaults', '-h', host, '-P', port, '-u', user, '-N', '-B', '--raw', *options]

    def sql(self, uri, text, *options):
        done = subprocess.run(self.client(uri, *options), input=text, capture_output=True, text=True)
        if done.returncode:
            raise Wrong(f'SQL failed: {done.stderr}')
        return done.stdout

    def server(self, i):
        return f'{self.uris[i].split("?")[0].rstrip("/")}/{self.db}'

    def rows(self):
        return sorted(self.sql(self.uris[1], ROWS, '-D', self.db).splitlines())

    def run(self, *args):
        command = [self.myrecon, *args]
        if args[0] == 'check':
            command += [self.server(0), self.server(1), '--settle', '0', '-q']
        if args[:2] == ('repair', 'plan') or args[0] == 'check':
            command += ['--config', self.ini]
        command += ['--case', self.case] if '--case' not in args and args[1:2] != ('verify',) else []
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.said.append(f'{" ".join(args[:3])}: {done.returncode} {done.stderr.strip()[-300:]}')
        if done.returncode not in (0, 1, 5):
            raise Wrong('a run failed')
        self.runs += args[0] == 'check'
        return done

    def present(self):
        """Do the lost facts stand?  All of them, once each, or none."""
        rows = self.rows()
        if rows == HERE:
            return False
        if rows == sorted(HERE + GONE):
            return True
        missing = [r for r in sorted(HERE + GONE) if r not in rows]
        more = [r for r in set(rows) if rows.count(r) > (r in HERE + GONE)]
        raise Wrong(f'missing {missing}, more than once or strange {more}')

    # --- steps

    def plan(self, *options):
        there = self.present()
        folder = os.path.join(self.folder, f'plan{len(self.said)}')
        done = self.run('repair', 'plan', '--policy', 'merge', '--split-at', '2026-02-01', '--output', folder, *options)
        if done.returncode == 5:
            if 'check' not in done.stderr or 'again' not in done.stderr:
                raise Wrong('refused without saying that it is to be checked again')
            return False
        with open(os.path.join(folder, 'plan.json')) as f:
            rows = json.load(f)['rows']['rows']
        if rows != (0 if there else len(GONE)):
            raise Wrong(f'{rows} rows are planned, though the lost ones {"stand" if there else "do not stand"}')
        self.plans.append((folder, rows))
        return True

    def step(self, letter):
        if letter == 'C':
            self.run('check')
        elif letter == 'P':
            self.plan()
        elif letter == 'O':
            first = json.loads(self.ask("SELECT json_quote(uuid) FROM run ORDER BY id LIMIT 1"))
            self.plan('--run', first)
        elif letter in 'XD' and len(self.plans) < 2:
            return
        else:
            self.write(letter, *self.plans[-2 if letter in 'XD' else -1])
        self.present()

    def ask(self, sql):
        return subprocess.run(['sqlite3', self.case, sql], capture_output=True, text=True, check=True).stdout

    def write(self, letter, folder, rows):
        verb = 'apply' if letter in 'AaX' else 'undo'
        if letter in 'au':
            for name in ('reseed.sql', 'apply.sql') if letter == 'a' else ('undo.sql',):
                with open(os.path.join(folder, name)) as f:
                    done = subprocess.run(self.client(self.uris[1]), stdin=f, capture_output=True, text=True)
                self.said.append(f'{name}: {done.returncode} {done.stderr[-200:]}')
        else:
            done = self.run('repair', verb, '--yes', folder, self.server(1))
        # what stood before its own apply came undo leaves, and says so
        left = verb == 'undo' and 'stood already as planned when apply came' in done.stderr
        if done.returncode == 0 and rows and letter not in 'XD' and not left and self.present() != (verb == 'apply'):
            raise Wrong(f'{verb} exits 0, and the lost ones {"do not " if verb == "apply" else ""}stand')

    def end(self):
        """One plan brings everybody back, and a second one finds nothing to do."""
        if not self.plan():
            self.run('check')
            if not self.plan():
                raise Wrong('refused after check')
        folder, _ = self.plans[-1]
        self.run('repair', 'apply', '--yes', folder, self.server(1))
        if not self.present():
            raise Wrong('somebody is lost at the end')
        if self.run('repair', 'verify', folder, self.server(1)).returncode:
            raise Wrong('verify does not pass at the end')


def orders(seeds):
    first, _, last = seeds.partition('-')
    every = [''.join(o) for n in range(1, LONGEST) for o in itertools.product(STEPS, repeat=n)
             if 'CC' not in ''.join(o) and not {'A', 'a', 'X'}.isdisjoint(o)]
    random.Random(12).shuffle(every)
    every = FIRST + [o for o in every if o not in FIRST]
    return every[int(first) - 1:int(last)] if last else every[:int(first)]


def main(myrecon, source, target, database, folder, seeds):
    i = wrong = 0
    for i, order in enumerate(in_time(orders(seeds), 'orders'), 1):
        world = None
        try:
            world = World(myrecon, (source, target), database, os.path.join(folder, f'{i}'))
            world.plan()
            for letter in order:
                world.step(letter)
            world.end()
            print(f'ok {i} - P{order}', flush=True)
        except (Wrong, subprocess.SubprocessError, OSError, ValueError) as error:
            wrong += 1
            print(f'not ok {i} - P{order}', *(['#', str(error)]), flush=True)
            for line in (world.said if world else []):
                print('#  ', line.replace('\n', ' | '))
    print(f'1..{i}')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
