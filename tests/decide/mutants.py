"""Is every comparison of repair/decide held by a test?  mutants.py

Turns each condition of decide_*.c round, one by one (a fact that is asked for, && and ||, == and
!=), builds the test that is named like the file with it, and wants
that to fail by the name of a test.  Those
that live are listed in survivors.txt, each with the reason why nothing can tell them from the
original.  Prints TAP; CC names the compiler.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOM = ROOT / 'repair' / 'decide'
TESTS = ROOT / 'tests' / 'unit'
SURVIVORS = pathlib.Path(__file__).with_name('survivors.txt')
TOKEN = re.compile(r'!?\bf->\w+|&&|\|\||==|!=')
SWAPPED = {'&&': '||', '||': '&&', '==': '!=', '!=': '=='}


def turned(token):
    if token in SWAPPED:
        return SWAPPED[token]
    return token[1:] if token.startswith('!') else '!' + token


def compiler(*args):
    cc = os.environ.get('CC', 'cc')
    flags = ['-std=c17', '-D_GNU_SOURCE', '-I', str(ROOT), '-O1']
    return subprocess.run([cc, *flags, *args], capture_output=True, text=True, check=False)


def must(done):
    if done.returncode != 0:
        print(f'Bail out! {done.stderr.strip().splitlines()[-1]}')
        sys.exit(1)


def code_of(line):
    """The line without its comment."""
    return re.sub(r'/\*.*?(\*/|$)', lambda m: ' ' * len(m.group()), line)


def mutants(source):
    """(line number, what stood there, what stands there now, the whole text)"""
    lines = source.read_text().splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith(('#', ' *', '/*')):
            continue
        for found in TOKEN.finditer(code_of(line)):
            other = line[:found.start()] + turned(found.group()) + line[found.end():]
            yield (number + 1, line.strip(), other.strip(),
                   ''.join(lines[:number] + [other] + lines[number + 1:]))


def test_of(source):
    return TESTS / f'test_{source.stem}.c'


class Build:
    """Objects of all that is not changed, and a program of them with one that is."""

    def __init__(self, folder):
        self.folder = folder
        self.sources = sorted(ROOM.glob('*.c'))
        self.objects = {}
        for source in [*self.sources, *TESTS.glob('test_decide*.c')]:
            self.objects[source] = folder / (source.stem + '.o')
            must(compiler('-c', '-o', str(self.objects[source]), str(source)))

    def killers(self, source, text):
        """The tests that fail with the changed text; None: it ends without one."""
        changed, program = self.folder / 'mutant.c', self.folder / 'mutant'
        changed.write_text(text)
        used = [s for s in self.sources if s != source] + [test_of(source)]
        others = [str(self.objects[s]) for s in used]
        if compiler('-o', str(program), str(changed), *others, '-lcmocka').returncode != 0:
            return None
        done = subprocess.run([str(program)], capture_output=True, text=True, check=False,
                              timeout=60, env={**os.environ, 'CMOCKA_MESSAGE_OUTPUT': 'STDOUT'})
        if done.returncode == 0:
            return []
        failed = re.findall(r'\[  FAILED  \] (test_\w+)', done.stdout + done.stderr)
        return sorted(set(failed)) or None


def survivors():
    """file: from -> to, of those that are known, and why."""
    lines = SURVIVORS.read_text().splitlines()
    kept = [line for line in lines if line and not line.startswith('#')]
    return dict(line.split(' -- ', 1) for line in kept)


def main():
    known, seen, n = survivors(), set(), 0
    with tempfile.TemporaryDirectory() as name:
        build = Build(pathlib.Path(name))
        for source in sorted(ROOM.glob('decide_*.c')):
            for number, before, after, text in mutants(source):
                n += 1
                what = f'{source.name}: {before} -> {after}'
                killers = build.killers(source, text)
                alive = killers == []
                seen.update([what] if alive else [])
                right = killers is not None and alive == (what in known)
                end = 'it lives' if alive else 'no test fails by name' if killers is None \
                    else ', '.join(killers)
                print(f'{"" if right else "not "}ok {n} - {what} (line {number}): {end}')
    gone = set(known) - seen
    n += 1
    print(f'{"not " if gone else ""}ok {n} - the list of survivors is true')
    for what in sorted(gone):
        print(f'# {what}: it is killed, or there is no such line')
    print(f'1..{n}')


main()
