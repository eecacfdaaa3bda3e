"""The worlds of torture.py: what is on the servers, and the commands that are run there."""
import json
import os
import re
import sys

import torture
from torture import Command, Run, sql

BOTH = """CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name TEXT,
    inviter INT, created_at DATETIME);
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
    FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
CREATE TABLE plain (n INT, s VARCHAR(9));
INSERT INTO members VALUES (1, 'm1', 'ann', NULL, '2026-01-01'), (2, 'm2', 'bob', 1, '2026-01-02');
INSERT INTO orders VALUES (1, 1, 'o1');
INSERT INTO plain VALUES (1, 'a'), (1, 'a'), (NULL, 'c');"""
LOST = """INSERT INTO members VALUES (3, 'lost3', 'carl', 1, '2026-02-01'), (4, 'lost4', 'dora', 3, '2026-02-01');
INSERT INTO orders VALUES (2, 3, 'lo2'), (3, 4, 'lo3');"""
LIVE = """INSERT INTO members VALUES (3, 'live3', 'new', NULL, '2026-02-02');
INSERT INTO orders VALUES (2, 3, 'lv2');"""
CONFIG = """[table {0}.members]
subject = yes
identity = mobile
time-column = created_at
reference = inviter -> {0}.members.id
[table {0}.plain]
identity = row
"""
PEOPLE = ['live3', 'lost3', 'lost4', 'mobile']  # as affected lists them
RECORD = r'snap\.verified\.json'  # of the last look at a snapshot, beside it
CASE_FILES = 'my.ini|case(-wal|-shm|-journal)?'


class World:
    """Two histories of one database."""

    def __init__(self, name='', commands=(), only_reads=True):
        self.name, self.commands, self.only_reads = name, commands, only_reads

    def begin(self, place):
        for side, more in (('a', LOST), ('b', LIVE)):
            sql(side, f"""DROP DATABASE IF EXISTS {place.db}; CREATE DATABASE {place.db} CHARACTER SET utf8mb4;
                USE {place.db}; {BOTH} {more}
                CREATE USER IF NOT EXISTS torture IDENTIFIED BY '{torture.SECRET}'; GRANT ALL ON *.* TO torture""")
        with open(place.path('my.ini'), 'w', encoding='utf-8') as file:
            file.write(CONFIG.format(place.db))
        place.keep('start')

    def end(self, place):
        for side in 'ab':
            sql(side, f'DROP DATABASE IF EXISTS {place.db}; DROP DATABASE IF EXISTS {place.db}r')

    def tables(self, place, side, db=None):
        names = sql(side, 'SHOW TABLES', db or place.db).split()
        return sql(side, ''.join(f'SHOW CREATE TABLE {n}; SELECT * FROM {n} ORDER BY 1, 2;' for n in names),
                   db or place.db)

    def state(self, place):
        return [self.tables(place, side) for side in 'ab']

    def left(self, places):
        """Sessions, locks and databases that should not be there."""
        ours, found = [n for p in places for n in (p.db, p.db + 'r')], ''
        for side in 'ab':
            for _ in range(100):
                found = sql(side, "SELECT * FROM information_schema.PROCESSLIST WHERE USER = 'torture' AND DB IN ("
                            + ', '.join(f"'{n}'" for n in ours) + ')')
                if not found:
                    break
            found += sql(side, f"SHOW DATABASES LIKE 'torture\\_{self.name}%'; SHOW OPEN TABLES WHERE In_use > 0 AND "
                         f"`Database` LIKE 'torture\\_{self.name}%'")
            found = '\n'.join(line for line in found.split('\n') if line and line not in ours)
        return found


def lines_of(text):
    """The objects of JSON lines; the last may be cut."""
    found = []
    for line in text.split('\n'):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def plain(place, value):
    """As text, without what belongs to one worker or one run."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = text.replace(place.db, 'DB').replace(place.root, 'ROOT')
    text = re.sub(r'20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?', 'TIME', text)
    text = re.sub(r'\b20\d{6}T\d{6}Z-[0-9a-f]{6}\b', 'RUN', text)
    return re.sub(r'took [0-9.]+ s', 'took S', text)


# ---- check -----------------------------------------------------------------------------------

class Check(Command):
    name, wanted, may_leave = 'check', (1,), CASE_FILES
    more = ()

    def begin(self, place):
        place.back('start')

    def prepare(self, place):
        place.back('start')

    def args(self, place):
        return ['check', '--json', '--no-progress', '--settle', '0', '--threads', '2', '--config', 'my.ini',
                '--case', 'case', *self.more, place.uri('a'), place.uri('b')]

    def findings(self, place, run):
        kept = []
        for line in lines_of(run.out):
            if line['type'] != 'run':
                kept.append(plain(place, {k: v for k, v in line.items() if k not in ('seconds', 'bytes', 'waited')}))
        return sorted(kept)

    def result(self, place, run):
        # without the right to remove it, it stays
        return [*self.findings(place, run), *(n for n in place.files() if n != 'case-shm')]

    def wrong(self, place, run):
        """No table is called equal or diverged but those that are, with their numbers."""
        for line in lines_of(run.out):
            if line['type'] == 'table' and line['verdict'] in ('equal', 'diverged') or \
                    line['type'] == 'summary' and line['verdict'] != 'incomplete':
                kept = {k: v for k, v in line.items() if k not in ('seconds', 'bytes', 'waited')}
                if plain(place, kept) not in self.whole:
                    yield f'wrong about a table: {json.dumps(line)}'

    def again(self, place, run):
        run = Run([*self.args(place), '--resume'], place)
        yield from torture.unclean(self, place, run)
        if run.rc != 1 or self.result(place, run) != self.whole:
            yield f'exit code {run.rc}, {run.err[:300]}, {torture.differs(self.whole, self.result(place, run))}'
        listed = Run(['affected', '--config', 'my.ini', '--case', 'case'], place)
        people = sorted(line.split(',')[0] for line in listed.out.split())
        if listed.rc != 0 or people != PEOPLE:
            yield f'affected: {listed.rc}, {listed.err[:300]}, {torture.differs(PEOPLE, people)}'


# ---- affected and report ------------------------------------------------------------------

class Listing(Command):
    """A file that is made from a case alone."""

    def __init__(self, name, *more):
        self.name, self.more = name, more
        self.may_leave = CASE_FILES + '|out'

    def begin(self, place):
        place.back('start')
        planned(place)
        place.keep(self.name)

    def prepare(self, place):
        place.back(self.name)

    def args(self, place):
        return [*self.more, '--config', 'my.ini', '--case', 'case', '--output', 'out']

    def result(self, place, run):
        return [plain(place, place.text('out')) if os.path.exists(place.path('out')) else None,
                plain(place, run.out), place.files()]

    def wrong(self, place, run):
        if os.path.exists(place.path('out')) and self.result(place, run)[0] != self.whole[0]:
            yield 'half a file'

    def again(self, place, run):
        if os.path.exists(place.path('out')):
            os.unlink(place.path('out'))
        yield from same_again(self, place)


def same_again(command, place, *more):
    run = Run([*command.args(place), *more], place)
    yield from torture.unclean(command, place, run)
    if run.rc not in command.wanted or command.result(place, run) != command.whole:
        yield f'exit code {run.rc}, {run.err[:300]}, {torture.differs(command.whole, command.result(place, run))}'


# ---- snapshots ---------------------------------------------------------------------------------

class Create(Command):
    name, may_leave = 'snapshot-create', r'my\.ini|snap|snap\.partial|' + RECORD

    def begin(self, place):
        place.back('start')

    def prepare(self, place):
        place.back('start')

    def args(self, place):
        return ['snapshot', 'create', '-q', '--threads', '2', place.uri('a'), 'snap']

    def result(self, place, run):
        if not os.path.exists(place.path('snap/manifest.json')):
            return [self.made(place)]
        made = json.loads(place.text('snap/manifest.json'))
        kept = [{k: t[k] for k in t if k in ('db', 'name', 'rows', 'digest')} for t in made['tables']]
        files = (plain(place, os.path.join(d, f)) for d, _, fs in os.walk(place.path('snap')) for f in fs)
        # A file that could not be synced is written anew under the next number.
        return [plain(place, kept), sorted(re.sub(r'\.\d+\.tsv', '.N.tsv', f) for f in files), self.made(place)]

    def made(self, place):
        """Without what the look of whole_snapshot leaves."""
        return [name for name in place.files() if not re.fullmatch(RECORD, name)]

    def whole_snapshot(self, place):
        run = Run(['snapshot', 'verify', '--json', 'snap'], place)
        if run.rc != 0 or self.result(place, run) != self.whole:
            yield f'not whole: {run.rc}, {run.out[-300:]}, {torture.differs(self.whole, self.result(place, run))}'

    def wrong(self, place, run):
        if 'snap' in place.files():
            yield from self.whole_snapshot(place)

    def again(self, place, run):
        if 'snap' not in place.files():
            yield from same_again(self, place)
        yield from self.whole_snapshot(place)


class Verify(Command):
    name, may_leave = 'snapshot-verify', r'my\.ini|snap|' + RECORD
    more = ('verify', '--json', '--threads', '2', 'snap')

    def begin(self, place):
        place.back('start')
        made = Run(['snapshot', 'create', '-q', place.uri('a'), 'snap'], place)
        if made.rc != 0:
            raise RuntimeError(made.err)
        place.keep('snap')

    def prepare(self, place):
        place.back('snap')

    def args(self, place):
        return ['snapshot', *self.more]

    def result(self, place, run):
        # A record that cannot be kept is a warning: the snapshot is no less whole.
        passing = ('seconds', 'bytes', 'created', 'run_id', 'started', 'recorded')
        kept = [{k: v for k, v in line.items() if k not in passing} for line in lines_of(run.out)]
        return sorted(plain(place, line) for line in kept)

    def again(self, place, run):
        yield from same_again(self, place)


class Restore(Verify):
    name = 'snapshot-restore'

    def begin(self, place):
        super().begin(place)

    def prepare(self, place):
        place.back('snap')
        sql('b', f'DROP DATABASE IF EXISTS {place.db}r')

    def args(self, place):
        return ['snapshot', 'restore', '--json', '--threads', '2', '--rename-db', f'{place.db}={place.db}r', 'snap',
                place.uri('b').rpartition('/')[0]]

    def result(self, place, run):
        """Not by which way it came there."""
        there = sql('b', f"SHOW DATABASES LIKE '{place.db}r'")
        return [World().tables(place, 'b', place.db + 'r').replace(place.db, 'DB') if there else None,
                [line.get('verdict') for line in lines_of(run.out) if line['type'] == 'summary']]

    def again(self, place, run):
        """What is there as a whole is not loaded again."""
        if self.result(place, run)[0] != self.whole[0]:
            yield from same_again(self, place)


# ---- repair ------------------------------------------------------------------------------------

def planned(place):
    run = Run(['check', '-q', '--settle', '0', '--config', 'my.ini', '--case', 'case', place.uri('a'), place.uri('b')],
              place)
    if run.rc != 1:
        raise RuntimeError(run.err)


class Plan(Command):
    name, may_leave = 'plan', CASE_FILES + r'|plan|\.?plan\..*'

    def begin(self, place):
        place.back('start')
        planned(place)
        place.keep('checked')

    def prepare(self, place):
        place.back('checked')

    def args(self, place):
        return ['repair', 'plan', '--config', 'my.ini', '--case', 'case', '--policy', 'merge', '--split-at', '2026-01-15',
                '--source', place.uri('a'), '--target', place.uri('b'), '--output', 'plan']

    def result(self, place, run):
        files = sorted(os.listdir(place.path('plan'))) if 'plan' in place.files() else []
        return [files, [sorted(plain(place, place.text(f'plan/{n}')).split('\n')) for n in
                        ('idmap.csv', 'conflicts.csv', 'reseed.sql') if n in files]]

    def wrong(self, place, run):
        if 'plan' in place.files():
            show = Run(['repair', 'show', 'plan'], place)
            if show.rc not in (0, 1):
                yield f'half a plan: {show.err[:200]}'

    def again(self, place, run):
        if 'plan' in place.files():
            os.rename(place.path('plan'), place.path('plan.1'))
        yield from same_again(self, place)
        show = Run(['repair', 'show', 'plan'], place)
        if show.rc not in (0, 1):
            yield f'half a plan: {show.err[:200]}'


class Apply(Command):
    """What is planned; again, and all of it is there once."""
    name, may_leave = 'apply', CASE_FILES + '|plan'
    verb, stage = 'apply', 'planned'

    def begin(self, place):
        place.back('start')
        self.reset(place)
        planned(place)
        self.must(place, Plan().args(place))
        place.keep('planned')

    def must(self, place, args):
        run = Run(args, place)
        if run.rc not in (0, 1):
            raise RuntimeError(f'{args}: {run.rc} {run.err}')

    def reset(self, place):
        sql('b', f'SET foreign_key_checks = 0; DROP TABLE IF EXISTS orders, members, plain; {BOTH} {LIVE}', place.db)

    def prepare(self, place):
        place.back('planned')
        self.reset(place)

    def args(self, place):
        return ['repair', self.verb, '--json', '--yes', '--case', 'case', 'plan', place.uri('b')]

    def rows(self, place):
        return [re.sub(r' AUTO_INCREMENT=\d+', '', World().tables(place, 'b')),
                sql('b', "SELECT mobile FROM members WHERE mobile LIKE 'lost%' ORDER BY 1", place.db)]

    def result(self, place, run):
        return [self.rows(place), [n for n in place.files() if n != 'case-shm']]

    def again(self, place, run):
        yield from same_again(self, place)


class Undo(Apply):
    name, verb = 'undo', 'undo'

    def prepare(self, place):
        super().prepare(place)
        self.must(place, Apply().args(place))


class RepairVerify(Undo):
    name, verb = 'repair-verify', 'verify'

    def begin(self, place):
        super().begin(place)
        super().prepare(place)
        place.keep('applied')

    def prepare(self, place):
        place.back('applied')

    def args(self, place):
        return ['repair', 'verify', '--json', '--source', place.uri('a'), 'plan', place.uri('b')]

    def result(self, place, run):
        return [super().result(place, run), [line.get('verdict') for line in lines_of(run.out) if line['type'] == 'summary']]


# ---- gate --------------------------------------------------------------------------------------

class Record(Command):
    name, may_leave = 'gate-record', r'my\.ini|facts'

    def begin(self, place):
        place.back('start')

    def prepare(self, place):
        place.back('start')

    def args(self, place):
        return ['gate', 'record', '-q', '--force', '--config', 'my.ini', '--output', 'facts', place.uri('b')]

    def result(self, place, run):
        if 'facts' not in place.files():
            return None
        try:
            facts = json.loads(place.text('facts'))
        except ValueError:
            return 'half a baseline'
        return plain(place, facts.get('tables'))

    def wrong(self, place, run):
        if run.rc != 4 and 'facts' in place.files() and self.result(place, run) != self.whole:
            yield 'half a baseline'

    def again(self, place, run):
        yield from same_again(self, place)


class GateCheck(Record):
    """Of a server that has lost rows."""
    name, wanted, tells_4 = 'gate-check', (2,), True

    def begin(self, place):
        place.back('start')
        Run(Record().args(place), place)
        sql('b', 'DELETE FROM orders WHERE id = 2; DELETE FROM members WHERE id = 3', place.db)
        place.keep('facts')

    def prepare(self, place):
        place.back('facts')

    def args(self, place):
        return ['gate', 'check', '--json', '--config', 'my.ini', '--skip',
                'connections,long_transactions,metadata_locks,running_backup,disk,probe_latency,history_list,'
                'auto_increment_position,gtid_superset', 'facts', place.uri('b')]

    def severities(self, run):
        return {line['name']: line['severity'] for line in lines_of(run.out) if line['type'] == 'check'}

    def result(self, place, run):
        return sorted(self.severities(run).items())

    def wrong(self, place, run):
        whole = dict(self.whole)
        for name, severity in self.severities(run).items():
            if severity not in ('unknown', whole.get(name)):
                yield f'{name}: {severity}, wanted {whole.get(name)}'


WORLDS = {
    'check': ((Check(),), True),
    'affected': ((Listing('affected', 'affected'), Listing('affected-json', 'affected', '--format', 'json'),
                  Listing('report', 'report')), True),
    'snapshot': ((Create(), Verify(), Restore()), True),
    'repair': ((Plan(), Apply(), RepairVerify(), Undo()), False),
    'gate': ((Record(), GateCheck()), False),
}


def main(name, folder):
    os.umask(0o077)
    commands, only_reads = WORLDS[name]
    return torture.Torture(World(name, commands, only_reads), folder).run()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
