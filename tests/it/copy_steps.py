"""copy_steps.py PLAN [DB=OTHER]: the steps of a copying plan (JSON lines of merge_driver) as SQL.

Prints one transaction a unit, one statement a step, by level; each statement is followed by a
query that gives `1` if it changed exactly one row.  Refuses plans whose images do not chain, and
units of more than 500 rows.  With DB=OTHER, tables of DB are written in OTHER.
"""
import json
import sys
from itertools import groupby

OTHER = dict(word.split('=') for word in sys.argv[2:])


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, dict):
        return f"x'{value['hex']}'"
    text = str(value).replace('\\', '\\\\').replace("'", "\\'")
    return f"'{text}'"


def name(column):
    return '`' + column.replace('`', '``') + '`'


def table(step):
    db, own = step['table'].split('.', 1)
    return f'{name(OTHER.get(db, db))}.{name(own)}'


def statement(step):
    after, before = step['after'], step['before']
    if step['op'] == 'insert':
        columns = ', '.join(map(name, after))
        return f"INSERT INTO {table(step)} ({columns}) VALUES ({', '.join(map(literal, after.values()))})"
    here = ' AND '.join(f'{name(c)} <=> {literal(v)}' for c, v in before.items()
                        if not isinstance(v, str) or len(v) < 200)
    if step['op'] == 'delete':
        return f'DELETE FROM {table(step)} WHERE {here} LIMIT 1'  # without a key, one of several
    values = ', '.join(f'{name(c)} = {literal(v)}' for c, v in after.items() if v != before[c])
    return f'UPDATE {table(step)} SET {values} WHERE {here}'


def check(entities, steps):
    images = {e['id']: e['target'] for e in entities}
    for unit, rows in groupby(steps, key=lambda s: s['unit']):
        assert len(list(rows)) <= 500, f'unit {unit} has too many rows'
    for s in steps:
        assert s['before'] == images[s['entity']], ('images do not chain', s)
        images[s['entity']] = s['after']
    for e in entities:
        planned = e['decision'] in ('insert', 'update', 'delete')
        wanted = e['after'] if planned else e['target']
        assert images[e['id']] == wanted, ('the last image is another', e, images[e['id']])


def main(path):
    with open(path, encoding='utf-8') as plan:
        lines = [json.loads(line) for line in plan]
    entities = [line for line in lines if line['type'] == 'entity']
    steps = [line for line in lines if line['type'] == 'step']
    steps.sort(key=lambda s: (s['unit'], s['level']))
    check(entities, steps)
    for _, rows in groupby(steps, key=lambda s: s['unit']):
        print('START TRANSACTION;')
        for step in rows:
            print(statement(step) + ';')
            print('SELECT ROW_COUNT();')
        print('COMMIT;')


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1])
