"""Does a test run every line of repair/decide, and take each branch?  coverage.py

Builds decide_*.c and their tests with --coverage, runs these, and asks gcov.  Prints TAP, and what
nobody ran; CC names the compiler.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOM = ROOT / 'repair' / 'decide'
TESTS = ROOT / 'tests' / 'unit'


def must(args, **more):
    done = subprocess.run(args, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        print(f'Bail out! {args[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1]}')
        sys.exit(1)
    return done.stdout


def run_tests(folder):
    """Builds the room once, and runs each of its tests with it."""
    flags = ['-std=c17', '-D_GNU_SOURCE', '-I', str(ROOT), '-O0']
    cc = [os.environ.get('CC', 'cc'), *flags]
    objects = []
    for source in sorted(ROOM.glob('*.c')):
        objects.append(str(folder / (source.stem + '.o')))
        must([*cc, '--coverage', '-c', '-o', objects[-1], str(source)], cwd=folder)
    for test in [TESTS / f'test_{source.stem}.c' for source in sorted(ROOM.glob('*.c'))]:
        program = str(folder / test.stem)
        must([*cc, '--coverage', '-o', program, str(test), *objects, '-lcmocka'], cwd=folder)
        must([program], cwd=folder)


def main():
    files, branches, missed = 0, 0, []
    lines = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_tests(folder)
        for source in sorted(ROOM.glob('*.c')):
            report = json.loads(must(['gcov', '-b', '-j', '-t', '-o', name,
                                      str(folder / (source.stem + '.gcda'))], cwd=folder))
            of_source = [f for f in report['files'] if f['file'].endswith(source.name)]
            files += len(of_source)
            for line in (line for f in of_source for line in f['lines']):
                where = f'{source.name}:{line["line_number"]}'
                lines += 1
                branches += len(line['branches'])
                if line['count'] == 0:
                    missed.append(f'{where}: no test runs it')
                elif any(b['count'] == 0 for b in line['branches']):
                    missed.append(f'{where}: a branch that no test takes')
    print(f'{"not " if files == 0 or lines == 0 else ""}ok 1 - {lines} lines and {branches} '
          f'branches of {files} files')
    print(f'{"not " if missed else ""}ok 2 - tests run all of them')
    for what in missed:
        print(f'# {what}')
    print('1..2')


main()
