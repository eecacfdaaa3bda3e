"""What of the program the tests have run, room by room: coverage.py OBJECTS [ROOM[=LEAST]…]

OBJECTS is the folder of objects that were built with SAN=coverage, and whose programs have run.
Prints lines and their share for each room (repair/merge), and for each part (repair); with a ROOM,
each file of it, too.  LEAST is LINES or LINES,BRANCHES, in per cent: fails where the room or
part has less.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

BATCH = 40  # files that gcov is asked about at once


def reports(objects):
    """What gcov says, file by file; of what no program has run (no .gcda), that nothing was."""
    data = sorted(str(p.resolve()) for p in objects.rglob('*.gcno'))
    with tempfile.TemporaryDirectory() as folder:
        for i in range(0, len(data), BATCH):
            said = subprocess.run(['gcov', '-b', '-j', '-t', *data[i:i + BATCH]], cwd=folder,
                                  capture_output=True, text=True, check=True).stdout
            for line in said.splitlines():
                yield from json.loads(line)['files']


class Seen:
    """Lines and branches, and how many of them were run or taken."""

    def __init__(self):
        self.lines, self.run, self.branches, self.taken = 0, 0, 0, 0

    def add(self, line):
        self.lines += 1
        self.run += line['count'] > 0
        self.branches += len(line['branches'])
        self.taken += sum(b['count'] > 0 for b in line['branches'])

    def shares(self):
        return 100 * self.run / max(self.lines, 1), 100 * self.taken / max(self.branches, 1)

    def show(self, name):
        share, taken = self.shares()
        print(f'{name:40} {self.run:6} of {self.lines:6} lines {share:5.1f} %'
              f'   branches {taken:5.1f} %')


def main():
    objects = pathlib.Path(sys.argv[1])
    wanted = dict(room.partition('=')[::2] for room in sys.argv[2:])
    seen = collections.defaultdict(Seen)
    root = str(pathlib.Path.cwd()) + '/'
    for file in reports(objects):
        name = file['file'].removeprefix(root)
        room = '/'.join(name.split('/')[:2]) if name.count('/') > 1 else name.split('/')[0]
        if not name.endswith('.c') or name.startswith(('/', 'tests/', 'docs/')):
            continue
        for line in file['lines']:
            seen[name.split('/')[0]].add(line)
            if room != name.split('/')[0]:
                seen[room].add(line)
            if room in wanted:
                seen[name].add(line)
    for name in sorted(seen):
        seen[name].show(name)
    below = [name for name, least in wanted.items() if least
             for had, of in zip(seen[name].shares(), least.split(',')) if had < float(of)]
    for name in sorted(set(below)):
        print(f'{name} has less than {wanted[name].replace(",", " % of lines and ")} %'
              f'{" of branches" if "," in wanted[name] else " of lines"}')
    return 1 if below else 0


sys.exit(main())
