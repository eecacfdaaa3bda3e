"""Each call of the C library that a command makes fails once: the command ends cleanly, and run
again without the fault it gives what it always gives.

    torture.py WORLD FOLDER     (MYRECON, MR_A_URI, MR_B_URI and SEEDS in the environment)

A first run lists the sites (failing_any.c): the functions that the program calls, and from where.
Of them and the errors that are plausible for each a sample fails, of each function as many as of any
other: with SEEDS of 1000 and more up to MOST for each command, with less half of SEEDS.
ONLY=COMMAND/SITE:NTH:ERROR repeats one that went wrong.

A world (torture_worlds.py) sets a stage for each worker, and has commands.  A clean end: an exit
code that the contract knows; one line of error, or the result of an undisturbed run; nothing half
under a final name, nothing left elsewhere, no password.  Prints TAP.
"""
import concurrent.futures
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
MYRECON = os.environ['MYRECON']
SHIM = os.path.join(os.path.dirname(MYRECON), 'tests/fault/failing_any.so')
SEEDS = int(os.environ.get('SEEDS', '20'))
ALL = SEEDS >= 1000
MOST = 1000  # of one command; rare functions first
WORKERS = int(os.environ.get('WORKERS', '4'))
LIMIT = 20  # seconds, for what takes less than one
SECRET = 'torture-me-Not'

# What may be wrong with a call, by the name that failing_any.c gives it.
ERRORS = {
    'open': ['EMFILE', 'EIO', 'ENOMEM'], 'create': ['ENOSPC', 'EMFILE', 'EACCES'], 'fdopen': ['ENOMEM'],
    'readdir': ['EIO'], 'getline': ['EIO', 'ENOMEM'], 'path': ['EIO', 'ENOMEM'], 'stat': ['EIO', 'ENOMEM'],
    'access': ['EACCES', 'EIO'], 'mode': ['EPERM'], 'seek': ['EIO'], 'rename': ['EIO', 'ENOSPC'],
    'link': ['EPERM', 'EIO'], 'unlink': ['EIO', 'EACCES'], 'mkdir': ['ENOSPC', 'EACCES'],
    'truncate': ['EIO', 'ENOSPC'], 'sync': ['EIO', 'ENOSPC'], 'lock': ['EINTR', 'ENOLCK'],
    'fcntl': ['EIO'], 'close': ['EIO', 'EINTR'], 'read': ['EIO', 'EINTR', 'SHORT'],
    'write': ['ENOSPC', 'EIO', 'EINTR', 'SHORT'], 'recv': ['ECONNRESET', 'EOF', 'EINTR', 'SHORT'],
    'send': ['ECONNRESET', 'EPIPE', 'EINTR', 'SHORT'], 'socket': ['EMFILE', 'ENOBUFS'],
    'connect': ['ECONNREFUSED', 'ETIMEDOUT'], 'poll': ['EINTR', 'ENOMEM'], 'sockopt': ['ENOBUFS'],
    'getaddrinfo': ['EAI_AGAIN', 'EAI_MEMORY'], 'pthread_create': ['EAGAIN'],
    'pthread_mutex_init': ['ENOMEM', 'EAGAIN'], 'pthread_cond_init': ['ENOMEM'], 'getpwuid_r': ['EIO'],
    'getrandom': ['EINTR'], 'iconv_open': ['EMFILE'], 'map': ['ENOMEM'], 'memory': ['ENOMEM'],
}
MUST_FAIL = ('readdir',)  # and not be taken for the end
# of a library: how it goes on without memory is its own
MEMORY = 'sqlite3,zstd,jansson'


class Run:
    """One run of a command: its exit code (negative: the signal), and what it wrote."""

    def __init__(self, args, place, env=None, limit=LIMIT):
        env = {**os.environ, 'TMPDIR': place.tmp, 'HOME': place.home, 'NO_COLOR': '1', **(env or {})}
        for name in [n for n in env if n.startswith('MYRECON_')]:
            del env[name]
        self.args = [MYRECON, *args]
        with subprocess.Popen(self.args, cwd=place.dir, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.hangs = False
            try:
                out, err = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                self.hangs = True
                process.kill()
                out, err = process.communicate()
        self.rc = process.returncode
        self.out, self.err = out.decode(errors='replace'), err.decode(errors='replace')


class Place:
    """What one worker has for itself: directories, and a database on each side."""

    def __init__(self, folder, world, number):
        self.root = os.path.join(folder, str(number))
        self.dir, self.tmp, self.home = (os.path.join(self.root, n) for n in ('dir', 'tmp', 'home'))
        self.report, self.db = os.path.join(self.root, 'report'), f'torture_{world}_{number}'
        for name in (self.dir, self.tmp, self.home):
            os.makedirs(name)

    def uri(self, side, db=None):
        address = os.environ[f'MR_{side.upper()}_URI'].split('@')[-1]
        return f'mysql://torture:{SECRET}@{address}/{db or self.db}'

    def keep(self, name):
        """The directory as it is now becomes what `back` brings."""
        kept = os.path.join(self.root, f'kept.{name}')
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.dir, kept)

    def back(self, name):
        for entry in os.scandir(self.dir):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        shutil.copytree(os.path.join(self.root, f'kept.{name}'), self.dir, dirs_exist_ok=True)

    def files(self):
        return sorted(os.listdir(self.dir))

    def path(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        with open(self.path(name), encoding='utf-8', errors='replace') as file:
            return file.read()


def sql(side, statements, db=None):
    """Rows, tab-separated; any error ends the test."""
    host, port = re.search(r'@([^/?:]+):(\d+)', os.environ[f'MR_{side.upper()}_URI']).groups()
    done = subprocess.run(['mariadb', '--no-defaults', '-h', host, '-P', port, '-u', 'root', '-N', '-B',
                           '--raw', '--default-character-set=utf8mb4', *(['-D', db] if db else [])],
                          input=statements, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'SQL failed: {done.stderr[:400]}')
    return done.stdout


# ---- what is wrong with a run ----------------------------------------------------------------

def errors_of(run):
    return re.findall(r'^myrecon: error: (.*)$', run.err, re.M)


def unclean(command, place, run):
    """What no run may do, whatever it is that fails."""
    if run.hangs:
        yield f'it hangs for {LIMIT} s'
    elif run.rc < 0:
        yield f'it dies of signal {-run.rc}'
    elif run.rc not in (0, 1, 2, 3, 4, 5, 6):
        yield f'exit code {run.rc}'
    if re.search(r'Sanitizer|runtime error|internal error|\bbug\b', run.err):
        yield 'a bug, by its own words'
    if SECRET in run.out + run.err:
        yield 'the password is shown'
    for where in (place.tmp, place.home):
        for name in os.listdir(where):
            yield f'{name} is left behind in {os.path.basename(where)}'
            shutil.rmtree(os.path.join(where, name), ignore_errors=True)
    for name in place.files():
        if not re.fullmatch(command.may_leave, name):
            yield f'{name} is left behind'
        elif os.path.isfile(place.path(name)) and SECRET in place.text(name):
            yield f'the password is in {name}'
    told = errors_of(run)
    if len(told) > 1:
        yield f'{len(told)} error lines'
    if run.rc in (3, 5, 6) and len(told) != 1:
        yield f'exit code {run.rc} and {len(told)} error lines'
    if run.rc == 4 and not told and not re.search(r'^myrecon: warning: ', run.err, re.M) and not command.tells_4:
        yield 'exit code 4 without a reason'
    if any(len(t) < 12 or not re.search(r'[a-z]{3}', t) for t in told):
        yield 'an error line that says nothing'


class Command:
    """What is tortured.  A world's commands give these:"""
    name = ''
    may_leave = '.*'    # names in the directory after it, whatever failed
    tells_4 = False     # standard output says why it is incomplete
    wanted = (0,)       # exit codes of an undisturbed run

    def args(self, place):
        raise NotImplementedError

    def prepare(self, place):
        """Before each run, directory and databases as they were."""

    def result(self, place, run):
        """What an undisturbed run gives, to be compared."""
        raise NotImplementedError

    def wrong(self, place, run):
        """What is wrong with a run that was not undisturbed, beside `unclean`."""
        return ()

    def again(self, place, run):
        """Runs it again without a fault; what is wrong then."""
        raise NotImplementedError


def judge(command, place, run, case):
    found = list(unclean(command, place, run))
    if run.rc in command.wanted and case.name in MUST_FAIL:
        found.append('what could not be listed is taken for all there is')
    if run.rc in command.wanted:
        result = command.result(place, run)
        if result != command.whole:
            found.append(f'exit code {run.rc} with another result: {differs(command.whole, result)}')
    elif run.rc in (0, 1, 2):
        found.append(f'exit code {run.rc}')
    else:
        found += command.wrong(place, run)
    return found


def differs(wanted, got):
    wanted, got = str(wanted), str(got)
    at = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
    at = max(0, at - 40)
    return f'wanted …{wanted[at:at + 160]!r}, got …{got[at:at + 160]!r}'


# ---- the sites -------------------------------------------------------------------------------

class Case:
    """A call that fails: NTH of its site, and how."""

    def __init__(self, name, site, nth, error, frames=''):
        self.name, self.site, self.nth, self.error, self.frames = name, site, nth, error, frames

    def env(self, place):
        return {'LD_PRELOAD': SHIM, 'MR_TORTURE_MEMORY': MEMORY, 'MR_TORTURE_REPORT': place.report,
                'MR_TORTURE_SITE': self.site, 'MR_TORTURE_NTH': str(self.nth), 'MR_TORTURE_ERROR': self.error}

    def __str__(self):
        return f'{self.site}:{self.nth}:{self.error} ({self.name}'


def sites(command, place):
    """All of two runs: threads and the network do not always take the same way."""
    found = {}
    for _ in range(2):
        command.prepare(place)
        run = Run(command.args(place), place, {'LD_PRELOAD': SHIM, 'MR_TORTURE_MEMORY': MEMORY,
                                               'MR_TORTURE_REPORT': place.report})
        with open(place.report, encoding='utf-8') as file:
            for line in file:
                name, site, count, frames = line.split()
                found[site] = (name, int(count), frames)
        if run.rc not in command.wanted or command.result(place, run) != command.whole:
            raise RuntimeError(f'{command.name}: under the library: exit code {run.rc}, {run.err}, '
                               f'{differs(command.whole, command.result(place, run))}')
    return found


def cases(found, rng):
    """Every site with every error; of one that is passed often a later call, too."""
    made = []
    for site, (name, count, frames) in sorted(found.items()):
        for error in ERRORS[name]:
            made.append(Case(name, site, 1, error, frames))
        if count > 1 and name != 'memory':
            made.append(Case(name, site, rng.randint(2, count), rng.choice(ERRORS[name]), frames))
    return made


def sample(made, rng, count):
    """As many of each function as of any other, as far as there are."""
    by_name = {}
    for case in made:
        by_name.setdefault(case.name, []).append(case)
    for of_name in by_name.values():
        rng.shuffle(of_name)
    names, chosen = sorted(by_name), []
    rng.shuffle(names)
    # memory has more sites than all others together
    names += ['memory'] * (len(names) // 3) if 'memory' in names else []
    while len(chosen) < count and any(by_name.values()):
        for name in names:
            if by_name[name] and len(chosen) < count:
                chosen.append(by_name[name].pop())
    return chosen


def place_of(frames):
    """The innermost frames of the program itself, by line."""
    own = [f.split('+')[1] for f in frames.split(',') if f.startswith('myrecon+')][:5]
    if not own:
        return frames[:200]
    lines = subprocess.run(['addr2line', '-s', '-f', '-e', MYRECON, *[hex(int(o, 16) - 1) for o in own]],
                           capture_output=True, text=True, check=False).stdout.split('\n')
    return ' < '.join(f'{f} {w}' for f, w in zip(lines[::2], lines[1::2]))


# ---- all of it -------------------------------------------------------------------------------

class Torture:
    def __init__(self, world, folder):
        self.world, self.failed, self.count = world, 0, 0
        self.places = queue.Queue()
        self.all_places = [Place(folder, world.name, n) for n in range(WORKERS)]
        self.lock = threading.Lock()

    def tell(self, good, text, more=()):
        self.count += 1
        self.failed += not good
        print(f'{"ok" if good else "not ok"} {self.count} - {text}')
        for line in more:
            print(f'# {line}')
        sys.stdout.flush()

    def one(self, command, case):
        """What is wrong, and whether it fired and was fatal."""
        place = self.places.get()
        try:
            command.prepare(place)
            if os.path.exists(place.report):
                os.unlink(place.report)
            run = Run(command.args(place), place, case.env(place))
            fired = os.path.exists(place.report)
            found = judge(command, place, run, case)
            found += [f'then again: {w}' for w in command.again(place, run)]
            if found:
                found = [f'{command.name}/{case}, {"fired" if fired else "not reached"}, exit code {run.rc}), at '
                         f'{place_of(case.frames)}', *(f'    {f}' for f in found),
                         *(f'    | {line[:300]}' for line in run.err.split('\n')[:4] if line)]
            return found, fired, run.rc not in command.wanted
        finally:
            self.places.put(place)

    def command(self, command, only):
        place = self.all_places[0]
        for each in self.all_places:
            command.begin(each)
        command.prepare(place)
        run = Run(command.args(place), place)
        command.whole = command.result(place, run)
        self.tell(run.rc in command.wanted, f'{command.name}: undisturbed', run.err.split('\n'))
        rng = random.Random(SEEDS)
        if only:
            site, nth, error = only.split(':')
            chosen = [Case('?', site, int(nth), error)]
        else:
            made = cases(sites(command, place), rng)
            chosen = sample(made, rng, MOST if ALL else SEEDS // 2 + 2)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            done = list(pool.map(lambda c: self.one(command, c), chosen))
        wrong = [line for found, _, _ in done for line in found]
        self.tell(not wrong, f'{command.name}: {len(chosen)} calls failed, one by one: clean ends, and then right',
                  wrong[:None if ALL else 60])
        fired, fatal = sum(f for _, f, _ in done), sum(f for _, _, f in done)
        if not only:
            self.tell(fired * 10 >= len(chosen) * 8 and fatal * 10 >= len(chosen),
                      f'{command.name}: {fired} of them were reached, {fatal} were fatal')

    def run(self):
        only = os.environ.get('ONLY', '')
        try:
            for place in self.all_places:
                self.world.begin(place)
                self.places.put(place)
            before = [self.world.state(p) for p in self.all_places] if self.world.only_reads else None
            for command in self.world.commands:
                if not only or only.split('/')[0] == command.name:
                    self.command(command, only.partition('/')[2])
            if before is not None:
                self.tell(before == [self.world.state(p) for p in self.all_places],
                          'the servers are as they were')
            self.tell(self.world.left(self.all_places) == '', 'no session, lock or table is left',
                      self.world.left(self.all_places).split('\n'))
        finally:
            for place in self.all_places:
                self.world.end(place)
        print(f'1..{self.count}')
        return 1 if self.failed else 0
