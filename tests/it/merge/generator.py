"""Random databases with two histories.

    world = generate(seed, people)     world.source, world.target: histories (Side)
                                       world.variant, world.tables, world.options
                                       world.base_next: table -> where the common past ended
                                       world.who: Node -> what the row is, whatever its key

`who` is the secret: two rows of the two sides are the same thing if it is equal.  A person who
signs up is known by his identity, since nothing else could tell that two are one; whatever else
happens is a thing of its own.
"""
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model import Side
from oracle import Options
from schemas import SPLIT, tables_of, variant


@dataclass
class Record:
    row: dict
    who: object


class History:
    """What a server does: keys from its counter, unique indexes, foreign keys."""

    def __init__(self, tables):
        self.tables = tables
        self.rows = {name: [] for name in tables}
        self.next = {t.name: 1 for t in tables.values() if t.counter}

    def fork(self):
        other = History(self.tables)
        other.rows = {name: [Record(dict(r.row), r.who) for r in records]
                      for name, records in self.rows.items()}
        other.next = dict(self.next)
        return other

    def clashes(self, t, row, but=None):
        for columns in (*t.unique, *((t.key,) if t.key else ())):
            values = t.fold(columns, row)
            if None not in values and any(t.fold(columns, r.row) == values
                                          for r in self.rows[t.name] if r is not but):
                return True
        return False

    def insert(self, into, who, /, **values):
        """The record, or None where an index refuses it; its id is burnt then."""
        t = self.tables[into]
        row = {c: values.get(c) for c in t.columns}
        if t.counter and row[t.counter] is None:
            row[t.counter] = self.next[into]
            self.next[into] += 1
        if self.clashes(t, row):
            return None
        self.rows[into].append(Record(row, who))
        return self.rows[into][-1]

    def update(self, of, record, /, **values):
        row = {**record.row, **{c: v for c, v in values.items() if c in record.row}}
        if self.clashes(self.tables[of], row, record):
            return False
        record.row = row
        return True

    def delete(self, name, record):
        """Foreign keys cascade or are cleared; those that restrict are deleted, too."""
        self.rows[name] = [r for r in self.rows[name] if r is not record]
        for child in self.tables.values():
            for ref in child.refs:
                if ref.table != name or not ref.foreign_key:
                    continue
                values = tuple(record.row[c] for c in ref.to)
                for r in list(self.rows[child.name]):
                    if tuple(r.row[c] for c in ref.columns) != values:
                        continue
                    if all(child.columns[c].null for c in ref.columns):
                        r.row.update(dict.fromkeys(ref.columns))
                    else:
                        self.delete(child.name, r)

    def burn(self, name, count):
        self.next[name] += count


@dataclass
class World:
    seed: int
    variant: object
    tables: dict
    source: Side
    target: Side
    options: Options
    base_next: dict
    who: dict = field(default_factory=dict)


class Club:
    """What happens, by the seed's dice, in one history at a time."""

    def __init__(self, v, rng):
        self.v, self.rng = v, rng
        self.tables = tables_of(v)
        self.history = History(self.tables)
        self.clock = datetime(2026, 1, 1)
        self.serial = 0
        self.side = 'base'

    # --- dice

    def fresh(self):
        self.serial += 1
        return self.serial

    def thing(self, what):
        return f'{what} {self.side} {self.fresh()}'

    def some(self, name):
        rows = self.history.rows[name]
        return self.rng.choice(rows) if rows else None

    def recent(self, name):
        """Rather one of the last rows."""
        rows = self.history.rows[name]
        return self.rng.choice(rows[-8:]) if rows and self.rng.random() < 0.6 else self.some(name)

    def now(self):
        self.clock += timedelta(seconds=self.rng.randrange(30, 3000))
        return str(self.clock)

    def member_id(self):
        m = self.recent('members')
        return m.row['id'] if m else None

    def columns(self, **values):
        now = self.now()
        return {**values, 'at': now, 'edited': now}

    # --- people

    def identity(self):
        if self.v.is_null and self.rng.random() < 0.15:
            return 'de', None
        number = f'm{self.fresh():04d}' + self.rng.choice(['', '', 'x'])
        return self.rng.choice(['de', 'at']), number

    def sign_up(self, identity=None):
        country, mobile = identity or self.identity()
        inviter = self.member_id() if self.rng.random() < 0.4 else None
        if mobile and self.rng.random() < 0.2:
            mobile = self.rng.choice([mobile.upper(), mobile + ' '])
        n = self.fresh()
        # the key of a person by UUID is nobody else's, whatever his identity
        key = {'id': f'{self.rng.randrange(16**8):08x}'} if self.v.key == 'uuid' else {}
        base = self.side == 'base' or self.v.key == 'uuid' or mobile is None
        who = self.thing('person') if base else \
            'person ' + '/'.join(self.folded(country, mobile))
        if self.rng.random() < 0.08 and not key:
            self.history.burn('members', self.rng.randrange(1, 3))
        email = self.rng.choice([f'e{n}', f'e{self.rng.randrange(40)}', None])
        return self.history.insert('members', who, country=country, mobile=mobile,
                                   name=f'name {n}', email=email, inviter_id=inviter,
                                   **{**key, **self.columns()})

    def folded(self, country, mobile):
        t = self.tables['members']
        return [str(v) for v in t.fold(t.identity, {'country': country, 'mobile': mobile})]

    def edit_member(self, record=None):
        record = record or self.some('members')
        if record:
            self.history.update('members', record, name=f'name {self.fresh()}', edited=self.now())

    def change_mobile(self):
        """Of somebody of the past; the number he gave up may be somebody else's soon."""
        old = [r for r in self.history.rows['members'] if ' base ' in r.who and r.row['mobile']]
        if old:
            record = self.rng.choice(old)
            before = (record.row['country'], record.row['mobile'])
            if self.history.update('members', record, mobile=f'm{self.fresh():04d}',
                                   edited=self.now()) and self.rng.random() < 0.6:
                self.sign_up(before)

    def invite_each_other(self):
        rows = self.history.rows['members'][-4:]
        if len(rows) >= 2:
            a, b = self.rng.sample(rows, 2)
            self.history.update('members', a, inviter_id=b.row['id'])
            self.history.update('members', b, inviter_id=a.row['id'])

    def leave(self, fresh):
        """Deleted; what no foreign key holds stays."""
        rows = [r for r in self.history.rows['members'] if (' base ' not in r.who) == fresh]
        if rows:
            self.history.delete('members', self.rng.choice(rows[-3:] if fresh else rows))

    # --- what they do

    def order(self, number=None):
        who = self.member_id()
        if number and self.rng.random() < 0.6:  # of somebody whom both sides know
            who = self.history.rows['members'][int(number[1:])].row['id']
        if who is None:
            return
        made = self.history.insert('orders', self.thing('order'), member_id=who,
                                   order_no=number or f'A{self.fresh()}',
                                   total=self.rng.choice([10, 20, 30]), **self.columns())
        for line in range(1, self.rng.randrange(1, 4)) if made else ():
            self.history.insert('order_lines', self.thing('line'), order_id=made.row['id'],
                                line_no=line, article=self.rng.choice(['hat', 'cap']))

    def log(self, about=None):
        about = self.member_id() if about is None else about
        self.history.insert('wallet_log', self.thing('log'), member_id=about,
                            amount=self.rng.choice([5, 10, self.fresh()]), **self.columns())

    def tag(self):
        self.history.insert('tags', self.thing('tag'), member_id=self.member_id(),
                            tag=self.rng.choice(['vip', 'old', 'new', 'VIP']),
                            note=self.rng.choice(['', 'x', f'n{self.fresh()}']), **self.columns())

    def profile(self):
        who = self.member_id()
        self.history.insert('profiles', self.thing('profile'), member_id=who,
                            bio=f'bio {self.fresh()}', order_id=self.rng.randrange(1, 20))
        row = self.recent('profiles')
        if row:
            self.history.insert('badges', self.thing('badge'), owner_id=row.row['member_id'],
                                n=self.rng.randrange(1, 4))

    def check_in(self):
        self.history.insert('checkins', self.thing('checkin'), member_id=self.member_id(),
                            day=f'2026-04-0{self.rng.randrange(2, 6)}',
                            place=self.rng.choice(['A', f'p{self.fresh()}']), **self.columns())

    def comment(self):
        parent = self.recent('comments')
        self.history.insert('comments', self.thing('comment'), member_id=self.member_id(),
                            parent_id=parent.row['id'] if parent and self.rng.random() < .6
                            else None, text=f'text {self.fresh()}', **self.columns())

    def transfer(self):
        self.history.insert('transfers', self.thing('transfer'), from_id=self.member_id(),
                            to_id=self.member_id(), amount=self.fresh(), **self.columns())

    def event(self):
        kind = self.rng.choice(['order', 'member', 'page'])
        row = self.recent('orders' if kind == 'order' else 'members')
        about = row.row['id'] if row and isinstance(row.row['id'], int) else self.fresh()
        self.history.insert('events', self.thing('event'), kind=kind, about=about,
                            **self.columns())

    def note(self):
        self.history.insert('notes', self.thing('note'), member_id=self.member_id(),
                            text=self.rng.choice(['hi', 'hello', f't{self.fresh()}']))

    def orphan(self):
        if self.v.key == 'int':
            last = self.history.next['members']
            self.log(self.rng.choice([0, 0, last + 2, max(1, last - 2)]))

    def drop(self):
        name = self.rng.choice(['orders', 'wallet_log', 'tags', 'comments', 'checkins', 'notes',
                                'profiles'])
        record = self.some(name)
        if record:
            self.history.delete(name, record)

    def edit(self):
        name, column = self.rng.choice([('orders', 'total'), ('comments', 'text'),
                                        ('checkins', 'place'), ('wallet_log', 'amount'),
                                        ('tags', 'note'), ('order_lines', 'article')])
        record = self.some(name)
        if record:
            n = self.fresh()
            self.history.update(name, record, **{column: n if column in ('total', 'amount')
                                                 else f'v{n}'})

    def live(self, events, shared, numbers, calm):
        """Some time passes.  shared: identities of those who sign up on both sides; numbers:
        order numbers that both sides use; calm: nothing of the past is edited or deleted."""
        daily = [self.sign_up] * 6 + [self.order] * 4 + [self.log] * 4 + \
            [self.tag, self.profile, self.check_in, self.comment, self.transfer, self.event,
             self.note] * 2
        odd = [lambda: self.sign_up(self.rng.choice(shared)),
               lambda: self.sign_up(self.rng.choice(shared)),
               lambda: self.order(self.rng.choice(numbers)), self.invite_each_other, self.orphan,
               lambda: self.leave(True), lambda: self.history.burn('orders', 1)]
        past = [self.edit_member, self.change_mobile, lambda: self.leave(False), self.drop,
                self.edit]
        chosen = [c for c in self.rng.choices(
            [daily, odd if shared else daily, past if not calm else daily], [10, 4, 2],
            k=events)]
        for kind in chosen:
            self.rng.choice(kind)()


def generate(seed, people=24):
    v = variant(seed)
    rng = random.Random(f'histories {seed}')
    club = Club(v, rng)
    for _ in range(people):
        club.sign_up()
    club.live(people * 3, [], [], calm=True)
    base = club.history
    shared = [club.identity() for _ in range(max(2, people // 6))]
    numbers = [f'N{i}' for i in range(3)]
    sides = {}
    for side, begin in (('source', SPLIT), ('target', '2026-04-08 18:25:00')):
        club.side, club.history = side, base.fork()
        club.clock = datetime.fromisoformat(begin)
        club.live(rng.randrange(people, people * 3), shared, numbers, calm=rng.random() < 0.25)
        sides[side] = club.history
    return world_of(seed, v, club.tables, sides, base)


def world_of(seed, v, tables, sides, base):
    made = {name: Side(name, tables, {t: [r.row for r in records] for t, records in
                                      history.rows.items()}, history.next)
            for name, history in sides.items()}
    world = World(seed, v, tables, made['source'], made['target'], Options(margin=1000),
                  dict(base.next))
    if v.told == 'split-at':
        world.options.split_at = SPLIT
    elif v.told == 'split-key':
        world.options.split_keys = {name: count - 1 for name, count in base.next.items()}
    for name, side in made.items():
        for t, records in sides[name].rows.items():
            for node, record in zip(side.nodes[t], records):
                world.who[node] = record.who
    return world
