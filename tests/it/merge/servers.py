"""Histories on a real server, by the stock client: loaded, and read back.

    servers.py URI DATABASE [SEEDS]

loads every scenario and so many random histories on that server, reads them back, compares.

A server is mysql://user[:password]@host:port; databases are dropped and made again.
"""
import re
import subprocess
import sys
from urllib.parse import unquote, urlsplit

from model import Side
from sqltext import dump, ident


class Server:
    def __init__(self, uri):
        parts = urlsplit(uri)
        self.arguments = ['mariadb', '--no-defaults', '-h', parts.hostname,
                          '-P', str(parts.port or 3306), '-u', unquote(parts.username or 'root'),
                          '--default-character-set=utf8mb4', '-N', '-B']
        if parts.password:
            self.arguments.append('-p' + unquote(parts.password))

    def run(self, sql, database=None):
        done = subprocess.run(self.arguments + (['-D', database] if database else []), input=sql,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f'{done.stderr.strip()}\nin: {sql[:2000]}')
        return done.stdout

    def load(self, database, side):
        self.run(f'DROP DATABASE IF EXISTS {ident(database)}; CREATE DATABASE {ident(database)} '
                 f'CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE {ident(database)};\n'
                 + dump(side))

    def drop(self, database):
        self.run(f'DROP DATABASE IF EXISTS {ident(database)}')

    def read(self, database, tables, name='target'):
        """The rows and counters that are there, as a Side."""
        sql = "SET SESSION sql_mode = '', time_zone = '+00:00';\n"
        for t in tables.values():
            values = ", '\\t', ".join(f'QUOTE({ident(c)})' for c in t.columns)
            order = ', '.join(ident(c) for c in t.key or t.columns)
            sql += f"SELECT '{t.name}', CONCAT({values}) FROM {ident(t.name)} ORDER BY {order};\n"
            if t.counter:
                sql += f'SHOW CREATE TABLE {ident(t.name)};\n'
        rows, counters = {}, {}
        for line in self.run(sql, database).splitlines():
            table, rest = line.split('\t', 1)
            if rest.startswith('CREATE TABLE'):
                found = re.search(r'AUTO_INCREMENT=(\d+)', rest)
                counters[table] = int(found[1]) if found else 1
                continue
            fields = unescape(rest).split('\t')
            columns = tables[table].columns.values()
            rows.setdefault(table, []).append(
                {c.name: stored(c, f) for c, f in zip(columns, fields)})
        return Side(name, tables, rows, counters)


def unescape(text):
    """What the client's batch mode escapes."""
    return re.sub(r'\\([nt0\\])', lambda m: {'n': '\n', 't': '\t', '0': '\0', '\\': '\\'}[m[1]],
                  text)


def stored(column, field):
    if field == 'NULL':
        return None
    text = re.sub(r'\\(.)', r'\1', field[1:-1])
    return int(text) if column.is_number else text


def same(side, other, counters=True):
    """What differs between two sides, a line each."""
    out = []
    for name in side.tables:
        mine, theirs = (sorted(map(repr, (n.row for n in s.nodes[name]))) for s in (side, other))
        out += [f'{name}: {a} and {b}' for a, b in zip(mine, theirs) if a != b]
        if len(mine) != len(theirs):
            out.append(f'{name}: {len(mine)} and {len(theirs)} rows')
    if counters and side.counters != other.counters:
        out.append(f'counters {side.counters} and {other.counters}')
    return out


def main(uri, database, seeds='0'):
    from generator import generate
    from runner import MODULES
    server, wrong = Server(uri), 0
    histories = [(s.name, s.sides()) for m in MODULES for s in m.SCENARIOS]
    for seed in range(1, int(seeds) + 1):
        world = generate(seed)
        histories.append((f'seed {seed}', (world.source, world.target)))
    for name, sides in histories:
        for side in sides:
            try:
                server.load(database, side)
                out = same(side, server.read(database, side.tables))
            except RuntimeError as error:
                out = [str(error)]
            if out:
                wrong += 1
                print(f'{name}, {side.name}:', *out, sep='\n  ')
    server.drop(database)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    sys.exit(main(*sys.argv[1:]))
