"""histories_compare.py: what myrecon said against the truth of histories.py, as sets.

    histories_compare.py check TRUTH.json OUTPUT.json        lines of `check --json`

Prints the first lines that only one of them has (- missing, + too much); exit 1 if any.
"""
import json
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


COMMANDS = {'check': compare_check}

if __name__ == '__main__':
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
