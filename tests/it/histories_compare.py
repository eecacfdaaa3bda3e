"""histories_compare.py: what myrecon said against the truth of histories.py, as sets.

    histories_compare.py check TRUTH.json OUTPUT.json     lines of `check --json`
    histories_compare.py csv TRUTH.csv OUTPUT.csv         `affected --format csv`, its order too
    histories_compare.py json TRUTH.csv OUTPUT.json       `affected --format json`, its order too
    histories_compare.py arrays TRUTH.csv OUTPUT.json     a JSON array a row, in any order
    histories_compare.py keys TRUTH.csv OUTPUT.txt        `user:{id}` of every old and new key
    histories_compare.py reader OUTPUT.csv                Python's csv reads what this reads

Prints the first lines that only one of them has (- missing, + too much); exit 1 if any.
"""
import csv
import json
import re
import sys
from collections import Counter

SHOWN = 8
FIELDS = {
    'table': ['table', 'verdict', 'key', 'identity', 'source_rows', 'target_rows', 'missing', 'extra',
              'changed', 'collision', 'moved', 'null_identities', 'schema'],
    'range': ['table', 'from', 'to', 'rows'],
    'row': ['table', 'kind', 'key', 'count', 'source', 'target', 'columns'],
    'moved': ['table', 'identity', 'source_key', 'target_key'],
    'duplicate': ['table', 'side', 'keys'],
    'object': ['object', 'table'],
}


def differences(wanted, got):
    """Lines that only one of two multisets has, sorted."""
    return [f'- {line}' for line in sorted((wanted - got).elements())] + [
        f'+ {line}' for line in sorted((got - wanted).elements())]


def report(lines):
    for line in lines[:SHOWN]:
        print(line[:600])
    if len(lines) > SHOWN:
        print(f'… and {len(lines) - SHOWN} more')
    return 1 if lines else 0


def canonical(line):
    """The fields that are compared, in one spelling; None for lines on the run as a whole."""
    if line['type'] not in FIELDS:
        return None
    kept = {'type': line['type'], **{f: line[f] for f in FIELDS[line['type']] if f in line}}
    if line['type'] == 'duplicate':
        keys = [[*k.items()] if isinstance(k, dict) else k for k in line['keys']]
        kept['keys'] = sorted([[c, v] for c, v in k] for k in keys)
    return json.dumps(kept, ensure_ascii=False)


def check_lines(path):
    with open(path, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def compare_check(truth_path, output_path):
    truth, output = check_lines(truth_path), check_lines(output_path)
    # the truth has the ranges of tables whose keys are numbers
    ranged = {line['table'] for line in truth if line['type'] == 'range'}
    output = [line for line in output if line['type'] != 'range' or line['table'] in ranged]
    wanted, got = (Counter(c for c in map(canonical, lines) if c is not None)
                   for lines in (truth, output))
    return report(differences(wanted, got))


def csv_fields(path):
    """Records of an RFC 4180 file, strictly; an empty field without quotes is None."""
    with open(path, encoding='utf-8', newline='') as file:
        text = file.read()
    field = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)')
    records, record, at = [], [], 0
    while at < len(text):
        match = field.match(text, at)
        if match is None:
            raise ValueError(f'{path}: no RFC 4180 at byte {at}: {text[at:at + 60]!r}')
        inside, bare, end = match.groups()
        record.append(inside.replace('""', '"') if inside is not None else bare or None)
        at = match.end()
        if end == '\r\n':
            records.append(record)
            record = []
    if record:
        raise ValueError(f'{path}: the last line has no end')
    return records


def same_order(wanted, got):
    for n, (a, b) in enumerate(zip(wanted, got), 1):
        if a != b:
            return [f'order, line {n}: wanted {a}', f'order, line {n}: got    {b}']
    return []


def compare_lists(wanted, got, ordered=True):
    wanted, got = ([json.dumps(w, ensure_ascii=False) for w in lines] for lines in (wanted, got))
    told = differences(Counter(wanted), Counter(got))
    return report(told or (same_order(wanted, got) if ordered else []))


def compare_csv(truth_path, output_path):
    return compare_lists(csv_fields(truth_path), csv_fields(output_path))


def key_columns(header):
    return [n for n, name in enumerate(header) if name in ('source_key', 'target_key')]


def blank_keys(records):
    """Where no key is, some formats have NULL and some an empty text."""
    header = records[0]
    return [header] + [[v or '' if n in key_columns(header) else v for n, v in enumerate(r)]
                       for r in records[1:]]


def compare_json(truth_path, output_path):
    truth = blank_keys(csv_fields(truth_path))
    output = check_lines(output_path)
    names = [list(line) for line in output if list(line) != truth[0]]
    return compare_lists(truth, [truth[0]] + [list(line.values()) for line in output]) or report(
        [f'names {n}' for n in names])


def compare_arrays(truth_path, output_path):
    truth = blank_keys(csv_fields(truth_path))
    output = [[None if v is None else str(v) for v in row] for row in check_lines(output_path)]
    return compare_lists(truth, blank_keys([truth[0], *output]), ordered=False)


def compare_keys(truth_path, output_path):
    header, *records = csv_fields(truth_path)
    wanted = {f'user:{key}' for r in records for n in key_columns(header)
              for key in (r[n] or '').split(';') if key}
    with open(output_path, encoding='utf-8') as lines:
        return compare_lists(sorted(wanted), [line.rstrip('\n') for line in lines], ordered=False)


def compare_reader(path):
    """NULL and an empty text are one to Python's reader."""
    with open(path, encoding='utf-8', newline='') as file:
        read = list(csv.reader(file, strict=True))
    return compare_lists([[v or '' for v in r] for r in csv_fields(path)], read)


COMMANDS = {'check': compare_check, 'csv': compare_csv, 'json': compare_json,
            'arrays': compare_arrays, 'keys': compare_keys, 'reader': compare_reader}

if __name__ == '__main__':
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
