"""histories_events.py: a base of people and what they own, and two histories of it.

`source` is the lost history, primary for six days; `target` the live one, which went on from
the same base.  Each hands out its own keys from where the base ended.
"""
import copy
import datetime

from histories_tables import fold, fold_all, respell

NAMES = ['Ada', 'Ben', 'Çem', 'Dana', "O'Neil", 'Fay "F"', '李', 'Hana\\x', 'Ida, jr.', '名😀']
WORDS = ['x', 'a,b', 'say "hi"', "it's", 'two\nlines', 'ünï', '😀😀', '50 %', '\\N', '; --', '']
ODD = ["o'{n}", 'a"{n}"', 'x,{n};y', 'line\n{n}', 'Ünïä {n}', '😀 {n}', 'жuß{n}',
       ' lead {n}', '=cmd({n})', 'back\\{n}', 'tab\t{n}', 'NULL{n}', '%{n}_', '名{n}', 'cr\r\n{n}']
CITIES = ['Berlin', 'Bonn', 'Kiel', 'Köln', None]
SPLIT = datetime.datetime(2026, 4, 2, 12, 11)
SWITCH = datetime.datetime(2026, 4, 8, 18, 25)
DAY = 24 * 3600


class History:
    """The rows of one side: table -> folded key -> row (column -> value)."""

    def __init__(self, tables):
        self.tables = tables
        self.rows = {name: {} for name in tables}
        self.next = {name: 1 for name in tables}
        self.taken = {name: [set() for _ in t.unique] for name, t in tables.items()}
        self.order = {name: [] for name in tables}  # keys, for a fair pick

    def fork(self):
        other = copy.copy(self)
        other.rows = {n: {k: dict(r) for k, r in rows.items()} for n, rows in self.rows.items()}
        other.next = dict(self.next)
        other.taken = {n: [set(s) for s in sets] for n, sets in self.taken.items()}
        other.order = {n: list(o) for n, o in self.order.items()}
        return other

    def key_of(self, name, row):
        return fold_all(row[c] for c in self.tables[name].key)

    def unique_of(self, name, row):
        """Folded values of each unique index; None where it does not bind."""
        for columns, _ in self.tables[name].unique:
            values = fold_all(row[c] for c in columns)
            yield None if None in values else values

    def add(self, name, row):
        """The row, or None where its key or a unique value is taken."""
        t = self.tables[name]
        row = dict(row)
        if t.auto and t.key[-1] not in row:
            row = {t.key[-1]: self.next[name], **row}
        key = self.key_of(name, row) if t.key else (self.next[name],)
        held = list(self.unique_of(name, row))
        if key in self.rows[name] or any(v in s for v, s in zip(held, self.taken[name])
                                         if v is not None):
            return None
        for values, taken in zip(held, self.taken[name]):
            taken.add(values)
        self.rows[name][key] = {c: row[c] for c in t.columns}
        self.order[name].append(key)
        number = row[t.key[-1]] if t.auto else self.next[name]
        self.next[name] = max(self.next[name], number + 1)
        return self.rows[name][key]

    def update(self, name, row, changes):
        """Changes a row; its key only to another spelling.  False: a unique value is taken."""
        before, after = list(self.unique_of(name, row)), {**row, **changes}
        held = list(self.unique_of(name, after))
        for old, new, taken in zip(before, held, self.taken[name]):
            if new is not None and new != old and new in taken:
                return False
        for old, new, taken in zip(before, held, self.taken[name]):
            taken.discard(old)
            taken.add(new)
        row.update(changes)
        return True

    def pick(self, rng, name):
        """Some row, or None."""
        for _ in range(50):
            if not self.order[name]:
                return None
            row = self.rows[name].get(rng.choice(self.order[name]))
            if row is not None:
                return row
        return None

    def get(self, name, row):
        return self.rows[name].get(self.key_of(name, row))

    def remove(self, name, rows):
        """Removes rows, and what a foreign key hangs below them; a nullable one is cleared."""
        if not self.tables[name].key:
            gone = {id(row) for row in rows}
            self.rows[name] = {k: r for k, r in self.rows[name].items() if id(r) not in gone}
            return
        for row in rows:
            del self.rows[name][self.key_of(name, row)]
            for values, taken in zip(self.unique_of(name, row), self.taken[name]):
                taken.discard(values)
        for child in self.tables.values():
            for columns, parent, its in child.fks:
                if parent != name or not rows:
                    continue
                gone = {fold_all(row[c] for c in its) for row in rows}
                below = [r for r in self.rows[child.name].values()
                         if fold_all(r[c] for c in columns) in gone]
                if all(child.columns[c].endswith(' NULL') and 'NOT' not in child.columns[c]
                       for c in columns):
                    for r in below:
                        r.update(dict.fromkeys(columns))
                else:
                    self.remove(child.name, below)


class Club:
    """What happens, with the seed's dice."""

    def __init__(self, rng, variant, tables, people):
        self.rng, self.variant, self.people = rng, variant, people
        self.history = History(tables)  # whose rows are being written
        self.numbers = 0                # for texts that nobody has yet
        self.identities = set()         # folded, ever handed out
        self.freed = []                 # identities that somebody gave up
        self.begin, self.span = SPLIT - datetime.timedelta(days=90), 89 * DAY

    # --- values

    def chance(self, p):
        return self.rng.random() < p

    def some(self, share):
        """About that share of the people, at least one."""
        return max(1, round(self.people * share * self.rng.uniform(0.5, 1.5)))

    def number(self):
        self.numbers += 1
        return self.numbers

    def time(self):
        return str(self.begin + datetime.timedelta(seconds=self.rng.randrange(self.span)))

    def money(self):
        return f'{self.rng.randrange(1, 90000) / 100:.2f}'

    def mobile(self):
        n = self.number()
        if n == 7:
            return ''
        return self.rng.choice(ODD).format(n=n) if self.chance(0.15) else f'+49151{n * 7919 % 10**7:07d}'

    def identity(self):
        """Nobody's yet; now and then nobody at all."""
        while True:
            who = {'country': self.rng.choice(['de', 'AT', 'ch']), 'mobile': self.mobile()}
            if len(self.variant.identity) == 2 and self.chance(0.15) and self.history.rows['members']:
                other = self.history.pick(self.rng, 'members')
                who['mobile'] = other['mobile'] if other else who['mobile']
            if self.variant.nullable and self.chance(0.05):
                return {**who, self.rng.choice(self.variant.identity): None}
            folded = self.who(who)
            if folded not in self.identities and None not in folded:
                self.identities.add(folded)
                return who

    def who(self, row):
        """Folded identity."""
        return fold_all(row[c] for c in self.variant.identity)

    def spelled(self, who):
        if not self.chance(0.3):
            return who
        return {c: (respell(self.rng, v) if c == 'mobile' else self.rng.choice([v, v and v.upper()]))
                for c, v in who.items()}

    def to(self, prefix, member):
        """Columns that refer to this member, sometimes spelled differently."""
        names = self.variant.refs(prefix)
        if member is None:
            return dict.fromkeys(names)
        values = [member[c] for c in self.variant.key_columns()]
        if self.chance(0.2):
            values = [respell(self.rng, v) for v in values]
        return dict(zip(names, values))

    def member(self):
        return self.history.pick(self.rng, 'members')

    # --- rows

    def sign_up(self, who=None, **given):
        h, rng = self.history, self.rng
        if self.chance(0.04):
            h.next['members'] += rng.randrange(1, 3)  # rolled back: an id is burnt
        number = h.next['members']
        key = dict(zip(self.variant.key_columns(), self.variant.member_key(number)))
        if self.variant.key == 'text' and self.chance(0.3):
            key['id'] = respell(rng, key['id'])
        inviter = self.member() if self.chance(0.3) else None
        row = h.add('members', {
            **key, **(who or self.identity()), 'name': rng.choice(NAMES) + f' {self.number()}',
            'email': f'p{self.number()}@x' if self.chance(0.9) else rng.choice([None, '']),
            **self.to('inviter', inviter), 'created_at': self.time(), **given})
        if row is not None:
            h.next['members'] = number + 1
        return row

    def order(self, member, **given):
        h, rng = self.history, self.rng
        row = h.add('orders', {'order_no': f'O-{self.number()}', **self.to('member', member),
                               'amount': self.money(), 'placed_at': self.time(), **given})
        if row is None:
            return None
        for line in range(1, rng.randrange(1, 4)):
            h.add('order_lines', {'order_id': row['id'], 'line_no': line, 'quantity': rng.randrange(1, 9),
                                  'product_id': h.pick(rng, 'products')['id']})
            if self.chance(0.4):
                h.add('shipments', {'order_id': row['id'], 'line_no': line,
                                    'state': rng.choice(WORDS)})
        if self.chance(0.5):
            no = respell(rng, row['order_no']) if self.chance(0.3) else row['order_no']
            h.add('payments', {'order_no': no, 'amount': row['amount']})
        return row

    def child(self, name, member):
        """A row of a table whose rows lead to a member at once."""
        h, rng = self.history, self.rng
        one, word = self.to('member', member), rng.choice(WORDS)
        if name == 'wallet_log':
            h.add(name, {**one, 'change_by': self.money(), 'reason': word, 'at': self.time(),
                         'legacy_id': rng.randrange(1, self.people) if self.chance(0.5) else None})
        elif name == 'transfers':
            h.add(name, {**self.to('from', member), **self.to('to', self.member()),
                         'amount': self.money()})
        elif name == 'tags':
            h.add(name, {**one, 'tag': rng.choice(['vip', 'VIP', 'new', 'größe', '😀']),
                         'weight': rng.randrange(5)})
        elif name == 'addresses':
            h.add(name, {**(one if self.chance(0.8) else self.to('member', None)),
                         'street': f'{rng.choice(WORDS)} {rng.randrange(9)}', 'city': rng.choice(CITIES)})
        elif name == 'comments':
            parent = h.pick(rng, name) if self.chance(0.6) else None
            h.add(name, {'parent_id': parent and parent['id'], 'body': word,
                         **(one if self.chance(0.8) else self.to('member', None))})
        elif name == 'notes':
            self.note(member, word)
        elif name == 'devices':
            serial = self.number() if self.chance(0.6) else rng.randrange(1, self.people // 4 + 2)
            h.add(name, {**one, 'serial': f's{serial}', 'label': word})
        elif name == 'cards':
            card = h.add(name, {**one, 'code': f'C{self.number()}ä', 'level': rng.randrange(3)})
            for _ in range(rng.randrange(3)):
                h.add('card_uses', {'card_code': respell(rng, card['code']), 'door': rng.randrange(9)})
        elif name == 'sms_log':
            known = {c: member[c] for c in ('country', 'mobile')}
            h.add(name, {**self.spelled(known), 'body': word})
        elif name == 'clicks':
            h.add(name, {**one, 'page': rng.choice(['home', 'shop', 'Shop'])})
        elif name == 'audit_log':
            h.add(name, {**one, 'what': word})

    def note(self, member, word):
        kind = self.rng.choice(['member', 'member', 'MEMBER', 'order', 'system', None])
        owner = self.to('owner', member)
        if kind == 'order':
            order = self.history.pick(self.rng, 'orders')
            owner = dict.fromkeys(owner) | {'owner_id': order['id'] if self.variant.key != 'text'
                                            else str(order['id'])}
        self.history.add('notes', {'owner_type': kind, **owner, 'body': word})

    CHILDREN = ['wallet_log', 'transfers', 'tags', 'addresses', 'comments', 'notes', 'devices', 'cards',
                'sms_log', 'clicks', 'audit_log']

    # --- the base

    def found(self):
        """Everything before the split."""
        h, rng = self.history, self.rng
        for n in range(12):
            h.add('categories', {'parent_id': rng.randrange(1, n + 1) if n > 2 else None, 'name': f'c{n}'})
        for n in range(30):
            h.add('products', {'category_id': rng.randrange(1, 13), 'sku': f'sku{n}', 'price': self.money()})
        for n in range(20):
            h.add('settings', {'name': f's{n}', 'value': rng.choice(WORDS)})
        for _ in range(self.people):
            self.sign_up()
        for _ in range(self.people):
            self.order(self.member())
        for name in self.CHILDREN:
            for _ in range(round(self.people * 0.6)):
                self.child(name, self.member())
        root = h.add('comments', {'parent_id': h.next['comments'], 'body': 'mine', **self.to('member', None)})
        loop = h.add('comments', {'parent_id': root['id'], 'body': 'loop', **self.to('member', self.member())})
        root['parent_id'] = loop['id']
        h.add('comments', {'parent_id': h.next['comments'], 'body': 'self', **self.to('member', self.member())})

    # --- a history

    def live(self, history, begin, hours):
        """Everything that happened on one side."""
        self.history, self.begin, self.span = history, begin, hours * 3600
        self.edit_members()
        self.edit_children()
        for _ in range(self.some(0.06)):
            self.order(self.member())
        for name in self.CHILDREN:
            for _ in range(self.some(0.008)):
                self.child(name, self.member())
        for row in (history.pick(self.rng, 'categories'), history.pick(self.rng, 'settings')):
            row.update({'name': 'renamed'} if 'parent_id' in row else {'value': self.rng.choice(WORDS)})
        history.add('settings', {'name': f'new{self.number()}', 'value': None})

    def edit_members(self):
        h, rng = self.history, self.rng
        for _ in range(self.some(0.03)):
            h.update('members', self.member(), {'name': f'{rng.choice(NAMES)} {self.number()}'})
        for _ in range(self.some(0.01)):
            h.update('members', self.member(), self.to('inviter', self.member()))
        for _ in range(self.some(0.015)):
            row = self.member()
            known = {c: row[c] for c in ('country', 'mobile')}
            if h.update('members', row, self.identity()) and None not in known.values():
                self.freed.append(known)
        for _ in range(self.some(0.015)):
            row = self.member()
            h.update('members', row, self.spelled({c: row[c] for c in ('country', 'mobile')}))
        self.swap(self.member(), self.member())
        gone = {h.key_of('members', row): row for row in
                (self.member() for _ in range(self.some(0.01)))}
        h.remove('members', list(gone.values()))
        if self.variant.key == 'text':
            for _ in range(self.some(0.01)):
                row = self.member()
                row['id'] = respell(rng, row['id'])
        if not self.variant.unique:  # people who register twice
            for _ in range(self.some(0.01)):
                row = self.member()
                self.sign_up(self.spelled({c: row[c] for c in ('country', 'mobile')}))

    def swap(self, a, b):
        """Two members exchange their mobiles."""
        mine, its = ({c: row[c] for c in ('country', 'mobile')} for row in (a, b))
        if a is not b and self.history.update('members', a, self.identity()):
            self.history.update('members', b, mine)
            self.history.update('members', a, its)

    def edit_children(self):
        h, rng = self.history, self.rng
        edits = {'orders': lambda r: self.to('member', self.member()) if self.chance(0.4)
                 else {'amount': self.money()},
                 'order_lines': lambda r: {'quantity': r['quantity'] + 1},
                 'shipments': lambda r: rng.choice([{'state': 'sent'}, {'order_id': None}]),
                 'payments': lambda r: rng.choice([{'amount': self.money()}, {'order_no': 'nowhere'}]),
                 'wallet_log': lambda r: {'reason': 'edited'},
                 'transfers': lambda r: self.to('to', self.member()),
                 'tags': lambda r: {'weight': r['weight'] + 1, 'tag': respell(rng, r['tag'])},
                 'addresses': lambda r: rng.choice([{'city': 'Ulm'}, {'street': respell(rng, r['street'])},
                                                    self.to('member', None)]),
                 'comments': lambda r: rng.choice([{'body': 'edited'}, {'parent_id': None}]),
                 'notes': lambda r: {'owner_type': rng.choice(['member', 'system', None])},
                 'devices': lambda r: rng.choice([{'label': 'edited'}, {'serial': f's{self.number()}'}]),
                 'cards': lambda r: {'level': r['level'] + 1},
                 'card_uses': lambda r: {'door': r['door'] + 1},
                 'sms_log': lambda r: {'body': 'edited'},
                 'clicks': lambda r: {'page': 'edited'},
                 'audit_log': lambda r: {'what': 'edited'}}
        for name, edit in edits.items():
            for _ in range(self.some(0.004)):
                row = h.pick(rng, name)
                if row is not None:
                    h.update(name, row, edit(row))
        for name in edits:
            gone = [h.pick(rng, name) for _ in range(self.some(0.003))]
            if name in ('orders', 'comments', 'cards'):
                gone = gone[:1]  # much hangs below
            h.remove(name, list({id(row): row for row in gone if row is not None}.values()))


def both_edit(club, source, target):
    """Edits that both histories made alike, and rows that they made alike: no difference."""
    rng = club.rng
    for _ in range(club.some(0.02)):
        row = source.pick(rng, 'members')
        twin = target.get('members', row)
        if twin is not None:
            row['name'] = twin['name'] = f'alike {club.number()}'
    gone = source.pick(rng, 'members')
    for side in (source, target):
        if side.get('members', gone) is not None:
            side.remove('members', [side.get('members', gone)])


def come_back(club, source, target, newcomers):
    """Sign-ups of the live history: new people, and people whom the lost history had."""
    rng, variant = club.rng, club.variant
    back = [dict(r) for r in newcomers]
    rng.shuffle(back)
    here = {club.who(r) for r in target.rows['members'].values()}
    for n in range(club.some(0.1)):
        number = target.next['members']
        lucky = source.rows['members'].get(fold_all(variant.member_key(number)))
        if lucky is not None and club.chance(0.15):
            if club.chance(0.5):
                if club.who(lucky) not in here and has_member(club, target, lucky, 'inviter'):
                    target.add('members', lucky)
                    here.add(club.who(lucky))
                continue
            who = lucky
        elif back and club.chance(0.4):
            who = back.pop()
        elif club.freed and club.chance(0.2):
            who = club.freed.pop()
        else:
            who = None
        if who is not None and club.who(who) in here:
            continue
        if n < 3 and variant.nullable:  # nobody, under an id that the lost history has, too
            club.sign_up({'country': 'de', 'mobile': None})
            continue
        row = club.sign_up(who and club.spelled({c: who[c] for c in ('country', 'mobile')}))
        if row is not None:
            here.add(club.who(row))
            if club.chance(0.5):
                club.order(row)


def same_orders(club, source, target):
    """Orders of the lost history that came again: as another row of that number, or, under the
    same id, as the same bytes (though its member may be somebody else by now)."""
    rng = club.rng
    for _ in range(club.some(0.02)):
        row = source.pick(rng, 'orders')
        if club.chance(0.5):
            club.order(club.member(), order_no=respell(rng, row['order_no']))
        elif target.get('orders', row) is None and has_member(club, target, row):
            target.add('orders', row)


def has_member(club, history, row, prefix='member'):
    """Is the member that the row refers to there, if it refers to any?"""
    key = fold_all(row[c] for c in club.variant.refs(prefix))
    return None in key or key in history.rows['members']


def two_histories(rng, variant, tables, people):
    """(source, target)"""
    club = Club(rng, variant, tables, people)
    club.found()
    source, target = club.history, club.history.fork()
    base = set(source.rows['members'])
    club.live(source, SPLIT, 146)
    newcomers = []
    for _ in range(club.some(0.12)):
        row = club.sign_up(club.freed.pop() if club.freed and club.chance(0.05) else None)
        if row is not None:
            newcomers.append(row)
            if club.chance(0.6):
                club.order(row)
                club.child(rng.choice(Club.CHILDREN), row)
    newcomers = [r for r in newcomers
                 if source.key_of('members', r) not in base
                 and None not in (r[c] for c in variant.identity)]
    club.live(target, SWITCH, 17)
    come_back(club, source, target, newcomers)
    same_orders(club, source, target)
    both_edit(club, source, target)
    return source, target
