"""histories.py SEED PEOPLE DIR [DATABASE]: a club whose database has two histories.

Writes DIR/source.sql (the lost history) and DIR/target.sql (the live one), to be loaded by the
stock client into a database in use; DIR/club.ini, the configuration; and the truth, told from
the generator's own rows: DIR/check.json (lines as of `check --json`), DIR/affected.csv, and with
more columns and those who registered in a window DIR/window.csv (DIR/window has its options).
The same arguments give the same bytes.
"""
import json
import os
import random
import sys

sys.dont_write_bytecode = True
from histories_events import two_histories  # noqa: E402
from histories_tables import Variant, club, configuration, fold_all, write_sql  # noqa: E402
from histories_truth import affected, check_truth  # noqa: E402

COLUMNS = ['name', 'email', 'created_at']
WINDOW = ('2026-04-05 00:00:00', '2026-04-09 06:00:00')


def csv_field(value):
    """RFC 4180; NULL is an empty field without quotes, an empty text has them."""
    if value is None:
        return ''
    if value == '' or value != value.strip(' ') or any(c in value for c in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def assert_foreign_keys(tables, history):
    for t in tables.values():
        for columns, parent, its in t.fks:
            there = {fold_all(r[c] for c in its) for r in history.rows[parent].values()}
            for row in history.rows[t.name].values():
                values = fold_all(row[c] for c in columns)
                assert None in values or values in there, (t.name, row)


def write_csv(path, table):
    header, lines = table
    with open(path, 'w', encoding='utf-8', newline='') as out:
        for fields in (header, *lines):
            out.write(','.join(csv_field(f) for f in fields) + '\r\n')


def main(seed, people, folder, db='club'):
    variant = Variant(seed)
    tables = club(variant)
    source, target = two_histories(random.Random(seed), variant, tables, people)
    for side, history in (('source', source), ('target', target)):
        assert_foreign_keys(tables, history)
        with open(os.path.join(folder, f'{side}.sql'), 'w', encoding='utf-8', newline='') as out:
            write_sql(tables, history, out)
    with open(os.path.join(folder, 'club.ini'), 'w', encoding='utf-8') as out:
        out.write('\n'.join(configuration(tables, db)))
    with open(os.path.join(folder, 'check.json'), 'w', encoding='utf-8') as out:
        for entry in check_truth(tables, source, target, db):
            out.write(json.dumps(entry, ensure_ascii=False) + '\n')
    write_csv(os.path.join(folder, 'affected.csv'), affected(tables, source, target, db))
    write_csv(os.path.join(folder, 'window.csv'),
              affected(tables, source, target, db, WINDOW, COLUMNS))
    with open(os.path.join(folder, 'window'), 'w', encoding='utf-8') as out:
        out.write('\n'.join(['--since', WINDOW[0], '--until', WINDOW[1],
                             '--columns', ','.join(COLUMNS), '']))


if __name__ == '__main__':
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
