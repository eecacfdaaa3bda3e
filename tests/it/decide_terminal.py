"""decide_terminal.py MYRECON DIR MASKED.INI: decides the conflicts of the plan of decide_terminal.sh on a terminal of
its own (a pty), key by key, and prints a line a test."""
import csv
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unicodedata

MYRECON, DIR, MASKED = sys.argv[1:4]
FILE = DIR + '.decisions.csv'
ALLOWED = re.compile(r'\x1b\[\?2004[hl]|\x1b\[H\x1b\[2J|\x1b\[[0-9;]*m|\r\x1b\[K')
WAIT_S = 60


def test(what, holds, seen=''):
    print(('ok - ' if holds else 'not ok - ') + what)
    if not holds:
        print(repr(seen), file=sys.stderr)


class Terminal:
    """A run of `repair decide` on a terminal of its own."""

    def __init__(self, args=(), columns=80, rows=40, **env):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.all = ''
        self.run = subprocess.Popen([MYRECON, 'repair', 'decide', DIR, *args], stdin=slave, stdout=slave, stderr=slave,
                                    start_new_session=True, env={**os.environ, 'TERM': 'xterm', **env})
        self.screen = self.until(r'leave(\x1b\[0m)?\r\n$')

    def until(self, pattern):
        """What comes until the text ends so."""
        text = ''
        while not re.search(pattern, text):
            if not select.select([self.master], [], [], WAIT_S)[0]:
                raise SystemExit(f'nothing like {pattern!r} came behind {text!r}')
            try:
                more = os.read(self.master, 65536)
            except OSError:
                more = b''
            if not more:
                raise SystemExit(f'the terminal is gone: {text!r}')
            text += more.decode()
        self.all += text
        return text

    def keys(self, keys, until=r'leave(\x1b\[0m)?\r\n$'):
        for key in keys:
            os.write(self.master, key.encode())
            self.screen = self.until(until)
        return self.screen

    def line(self, key, prompt, text):
        os.write(self.master, key.encode())
        self.until(re.escape(prompt) + '.*$')
        os.write(self.master, text.encode() + b'\r')
        self.screen = self.until(r'leave(\x1b\[0m)?\r\n$')
        return self.screen

    def end(self):
        """Its exit code; what it has said since is in .screen."""
        self.screen = ''
        code = self.run.wait(WAIT_S)
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.screen += os.read(self.master, 65536).decode()
            except OSError:
                break
        self.all += self.screen
        self.is_restored = termios.tcgetattr(self.slave) == self.before
        return code

    def quit(self):
        os.write(self.master, b'q')
        return self.end()


def plain(text):
    return ALLOWED.sub('', text).replace('\r\n', '\n')


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


def decisions():
    with open(FILE, encoding='utf-8', newline='') as file:
        return {(r['table'].split('.')[1], r['source_key'] or r['target_key']): (r['decision'], r.get('note', ''))
                for r in csv.DictReader(file) if r['table'] != '#plan'}


def name(screen):
    """Table, key and kind of what is shown."""
    found = re.search(r'^(members|orders)\s(\S+)[^:]*:\s([a-z-]+)$', plain(screen), re.M)
    return found.groups() if found else None


def go_to(t, table, key):
    for move in 'n' * 40 + 'p' * 80:
        if name(t.screen)[:2] == (table, key):
            return t.screen
        t.keys(move)
    raise SystemExit(f'{table} {key} is nowhere')


# ---- the first person: looks, decides some, leaves
t = Terminal()
first = name(t.screen)
test('a conflict is shown', first is not None, t.screen)
test('both rows stand side by side, in the words of the page',
     'lost side' in t.screen and 'What' not in t.screen and re.search(r'1 restore: The lost row is written', plain(t.screen)),
     t.screen)
go_to(t, 'members', '3')
test('what a terminal would obey is escaped', r'\x1b[2J\x1b]0;evil\x07\u{009b}wiped' in plain(t.screen).replace('\n', '')
     or r'\x1b[2J' in plain(t.screen), t.screen)
test('and nothing of it reaches it', '\x1b' not in plain(t.all) and '\x07' not in t.all and '\x9b' not in t.all)
test('what differs is marked', re.search(r'^\* city', plain(t.screen), re.M) and re.search(r'^  id ', plain(t.screen), re.M), t.screen)
test('equal columns are not shown', 'secret' not in t.screen and 'e shows them' in t.screen, t.screen)
t.keys('e')
test('but where they are asked for', 'secret' in t.screen, t.screen)
t.keys('e')
test('no line is wider than the terminal', max(width(x) for x in plain(t.all).split('\n')) <= 80)
t.keys('2')
test('a number chooses, and the file has it at once', decisions()[('members', '3')][0] == 'source', decisions())
test('the next open one is shown', name(t.screen)[:2] != ('members', '3'), t.screen)
t.keys('u')
test('u takes it back', decisions()[('members', '3')][0] == '' and name(t.screen)[:2] == ('members', '3'), t.screen)
t.line('t', 'Note: ', 'ask Ann, \u00fc \x7f!')
test('a note is kept', decisions()[('members', '3')] == ('', 'ask Ann, \u00fc!'), decisions())
t.keys('2')
go_to(t, 'members', '4')
t.keys('2')
go_to(t, 'members', '1')
t.line('3', 'newer: ', '')
test('newest wants its column, and proposes one', decisions()[('members', '1')][0] == 'newest:updated_at', decisions())
go_to(t, 'members', '2')
t.keys(['\x1b[B'])
test('arrows move', name(t.screen)[:2] == ('members', '3'), t.screen)
t.keys('0')
test('0 leaves it open again, and says so', decisions()[('members', '3')][0] == 'open', decisions())
t.keys('u')
test('which can be taken back', decisions()[('members', '3')][0] == 'source', decisions())
t.keys('9')
test('a number without a choice chooses nothing', 'There is no choice 9' in t.screen, t.screen)
other = subprocess.run(['script', '-qec', f'{MYRECON} repair decide {DIR}', '/dev/null'], stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=WAIT_S)
test('nobody else decides at the same time', other.returncode == 5 and b'somebody else decides' in other.stdout, other)
done = len([d for d, n in decisions().values() if d])
test('q leaves, with what is open', t.quit() == 1, t.screen)
test('says what is next', f'{done} decided' in t.screen and f'repair plan --again {DIR} --decisions {FILE}' in t.screen, t.screen)
test('and the terminal is as it was', t.is_restored)

# ---- he goes on: a narrow terminal without colours, on which he is stopped
t = Terminal(columns=40, rows=24, NO_COLOR='1')
test('he goes on where he was', f'{done} decided' in plain(t.screen) and 'Open.' in t.screen, t.screen)
for _ in range(12):
    t.keys('n')
test('a narrow terminal is enough', max(width(x) for x in plain(t.all).split('\n')) <= 40)
test('without colours where none are wanted', not re.search(r'\x1b\[[0-9;]*m', t.all))
go_to(t, 'members', '5')
t.keys('1')
t.run.send_signal(signal.SIGTERM)
test('a signal ends it', t.end() == 6, t.screen)
test('what was decided is there, and it says so', decisions()[('members', '5')][0] == 'target' and FILE in t.screen, t.screen)
test('with the terminal as it was', t.is_restored)

# ---- masked columns
t = Terminal(['--config', MASKED, '--decisions', 'masked.csv'])
for _ in range(30):
    t.keys('n')
test('masked columns stay masked', not re.search(r'Lost [0-9]|Live [0-9]', t.all) and '(masked)' in t.all)
t.keys('2')
t.quit()
test('in the file, too', not re.search(r'Lost [0-9]|Live [0-9]', open('masked.csv', encoding='utf-8').read()))

# ---- the rest, to the end: groups, values, keys of 16 digits
t = Terminal()
go_to(t, 'members', '9007199254740993')
t.keys('2')
go_to(t, 'members', '7')
t.keys('2')
go_to(t, 'members', '2')
t.keys('g', r'back(\x1b\[0m)?\r\n$')
test('g is for all of the kind', 'For all open ones of "members' in plain(t.screen), t.screen)
t.keys('1')
got = decisions()
test('all that were open', all(got[('members', k)][0] == 'target' for k in ('2', '6', '8', '9007199254740990')), got)
test('and no others', got[('members', '3')][0] == 'source' and got[('members', '7')][0] == 'source', got)
go_to(t, 'orders', '2001')
choice = re.search(r'^ *([0-9]) another value', plain(t.screen), re.M).group(1)
t.line(choice, 'Value of note: ', 'short, "one"')
test('a value that fits is written for one that does not', decisions()[('orders', '2001')][0] == 'note=short, "one"', decisions())
go_to(t, 'orders', '4')
t.keys('g', r'back(\x1b\[0m)?\r\n$')
t.keys('1')
for key in [k for (table, k), (d, n) in decisions().items() if table == 'members' and not d]:
    go_to(t, 'members', key)
    t.keys('2' if key in ('15', '17') else '1')
test('it says when all is decided', 'All are decided' in plain(t.screen), t.screen)
test('and leaves with 0', t.quit() == 0, t.screen)
