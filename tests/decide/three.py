"""What logs make of a row, and of its columns, written a second time, for reading: three.py < WORLDS

WORLDS is what tests/decide/worlds_three prints.  A disagreement is printed as a world.  Prints TAP.
Shares nothing with repair/decide but the names of facts, outcomes and conflicts.
"""
import itertools
import sys

ROW_DEEDS = (None, 'leave', 'follow', 'compare', 'update', 'delete')
COLUMN_DEEDS = ('keep', 'write', 'compute')
FIRST = ord('!')
SHOWN = 20  # disagreements


# ---- a row by itself: (outcome, deed, conflict) ----

def row(w):
    """The table, and what comes before it: does a log tell, and what was there at the split?"""
    if not w['evidence']:
        return 'without-evidence', 'follow', None
    s_there, t_there = w['source'], w['target']
    if w['bases_differ']:
        if not w['source_touched'] and not (w['target_touched'] and s_there):
            return 'unexplained', 'leave', None
        return {(True, True): ('bases-differ', 'leave', 'bases-differ'),
                (True, False): ('bases-differ-source-only', 'leave', 'deleted-or-lost'),
                (False, True): ('bases-differ-live-only', 'leave', 'deleted-in-source'),
                (False, False): ('deleted-on-both', 'leave', None)}[s_there, t_there]
    if not w['base_known']:
        return 'base-unknown', 'follow', None
    return with_base(w) if w['base'] else without_base(w)


def without_base(w):
    if w['source'] and w['source_arrived']:
        return 'key-changed-to', 'leave', 'key-changed'
    if w['source'] and w['same_entity']:
        return 'same-entity', 'compare', None
    if w['source']:
        return 'lost-history', 'follow', None
    return ('new-on-live' if w['target'] else 'made-and-deleted'), 'leave', None


def with_base(w):
    """What is the base's row on each side: gone, changed (or it may be), the same, elsewhere?"""
    if w['source_moved']:
        s = 'moved'
    elif not w['source']:
        s = 'deleted'
    elif w['source_remade']:
        s = 'replaced'
    else:
        s = 'changed' if w['source_changed'] or w['source_unsure'] else 'same'
    if w['target_moved']:
        t = 'moved'
    else:
        t = 'there' if w['target'] and not w['target_remade'] else 'deleted'
    if s == 'same':
        return 'unchanged-in-source', 'leave', None
    if s == 'moved' and w['source']:
        return 'key-reused', 'leave', 'past-or-lost'
    if 'moved' in (s, t):
        return 'key-changed', 'leave', 'key-changed'
    return {('changed', 'there'): ('common-past', 'compare', None),
            ('changed', 'deleted'): ('deleted-on-live', 'leave', 'deleted-on-live'),
            ('deleted', 'there'): ('deleted-in-source', 'leave', 'deleted-in-source'),
            ('deleted', 'deleted'): ('deleted-on-both', 'leave', None),
            ('replaced', 'there'): ('key-reused', 'leave', 'past-or-lost'),
            ('replaced', 'deleted'): ('lost-history', 'follow', None)}[s, t]


# ---- a column: (outcome, deed, conflict) ----

ASKED = {'changed': 'changed', 'rule-fails': 'changed', 'unseen': 'changed', 'differs': 'differs',
         'key-changed': 'key-changed'}
RULED = {'source': ('rule-source', 'write'), 'target': ('rule-target', 'keep'),
         'value': ('rule-value', 'compute')}
BARS = (('disagrees', 'references-disagree'), ('nobody', 'parent-absent'),
        ('attaches', 'orphan-would-attach'), ('unfit', 'does-not-fit'), ('rival', 'unique'))


def by_rule(w, rule, answer):
    """The outcome of what both changed otherwise, and what is done."""
    if rule == 'none' or w['key'] or w['identity'] or w['reference']:
        return 'changed', 'keep'
    if rule in ('source', 'target'):
        return RULED[rule]
    if rule == 'add' and not w['seen']:
        return 'rule-fails', 'keep'
    return RULED.get(answer, ('rule-fails', 'keep'))


def wish(w, rule, answer):
    """What would be done with the column if nothing kept it from being written."""
    s, t = w['source_changed'], w['target_changed']
    if w['generated']:
        return 'generated', 'keep'
    if w['baseless']:
        if w['key']:
            return 'own-key', 'keep'
        if w['same']:
            return 'same-change', 'keep'
        outcome, deed = by_rule(w, rule, answer)
        return ('differs', 'keep') if outcome in ('changed', 'rule-fails') else (outcome, deed)
    if w['same']:
        return ('same-change' if s else 'unchanged'), 'keep'
    if not w['seen'] and (not s or not t):
        return 'unseen', 'keep'
    if s and w['key']:
        return 'key-changed', 'keep'
    if s and t:
        return by_rule(w, rule, answer)
    if s:
        return 'restored-change', 'write'
    return ('changed-on-live' if t else 'unchanged'), 'keep'


def column(w, rule, answer, pick):
    """With `pick` chosen: a function of the kind of conflict."""
    outcome, deed = wish(w, rule, answer)
    kind = ASKED.get(outcome)
    if kind in ('changed', 'differs') and pick(kind) == 'source':
        deed, kind = 'write', None
    elif kind is not None:
        return outcome, 'keep', None if pick(kind) == 'target' else kind
    if deed == 'keep':
        return outcome, deed, None
    for fact, bar in BARS:
        if w[fact] and not (fact == 'attaches' and pick(bar) == 'source'):
            return bar, 'keep', None if pick(bar) == 'target' else bar
    return outcome, deed, None


# ---- a row by its columns: (outcome, deed, conflict, deeds of its columns) ----

WEIGHT = ('unchanged', 'generated', 'own-key', 'same-change', 'changed-on-live', 'rule-target',
          'rule-source', 'rule-value', 'restored-change', 'differs', 'changed', 'rule-fails', 'unseen',
          'unique', 'does-not-fit', 'orphan-would-attach', 'parent-absent', 'references-disagree',
          'key-changed')


def counted_as(outcome):
    """The row's outcome, of its weightiest column."""
    if outcome in ('restored-change', 'differs', 'changed', 'unseen', 'key-changed'):
        return outcome
    if outcome == 'rule-fails':
        return 'changed'
    if WEIGHT.index(outcome) > WEIGHT.index('unseen'):
        return 'change-held-up'
    return 'by-rule' if outcome.startswith('rule-') else 'same-change'


def as_source(columns, rulings, pick, outcome):
    """The whole row is to be SOURCE's."""
    new = []
    for (facts, _), old in zip(columns, rulings):
        if facts['same'] or facts['key'] or facts['generated']:
            new.append(old)
            continue
        barred = [bar for fact, bar in BARS if facts[fact]]
        new.append((barred[0], 'keep', None if pick(barred[0]) == 'target' else barred[0])
                   if barred else ('restored-change', 'write', None))
    return settle(new, outcome)


def settle(rulings, outcome):
    """Asked about, if a column is, else the outcome, and an update if anything is written."""
    deeds = tuple(deed for _, deed, _ in rulings)
    asked = [r for r in rulings if r[2] is not None]
    if asked:
        worst = max(asked, key=lambda r: WEIGHT.index(r[0]))
        return counted_as(worst[0]), 'leave', worst[2], deeds
    return outcome, 'leave' if set(deeds) == {'keep'} else 'update', None, deeds


def three(of, columns, pick):
    keeps = ('keep',) * len(columns)
    if of == 'deleted on TARGET':
        if not any(f['source_changed'] or not f['seen'] for f, _ in columns):
            return 'unchanged-in-source', 'leave', None, keeps
        if pick('deleted-on-live') == 'source':
            return 'deleted-on-live', 'follow', None, keeps
        return 'deleted-on-live', 'leave', 'deleted-on-live', keeps
    if of == 'two bases':
        if pick('bases-differ') == 'source':
            return as_source(columns, [('', 'keep', None)] * len(columns), pick, 'bases-differ')
        return 'bases-differ', 'leave', 'bases-differ', keeps
    if of == 'common past' and not any(f['source_changed'] or not f['seen'] for f, _ in columns):
        return 'unchanged-in-source', 'leave', None, keeps
    rulings = []
    for facts, rule in columns:
        w = dict(facts, baseless=of == 'made by both')
        rulings.append(column(w, rule, 'value' if rule == 'add' else 'none', pick))
    outcome = counted_as(max((r[0] for r in rulings), key=WEIGHT.index))
    settled = settle(rulings, outcome)
    if settled[2] is not None:
        return settled
    return by_both(columns, rulings, pick, settled)


def by_both(columns, rulings, pick, settled):
    """Has each side changed a column that no rule is for?"""
    free = [r for r, (_, rule) in zip(rulings, columns) if rule == 'none']
    ours = any(deed == 'write' for _, deed, _ in free)
    theirs = any(name == 'changed-on-live' or (deed == 'keep' and ASKED.get(name) is not None)
                 for name, deed, _ in free)
    deeds = settled[3]
    if ours and theirs:
        chosen = pick('both-changed')
        if chosen == 'source':
            return as_source(columns, rulings, pick, 'both-changed')
        if chosen == 'none':
            return 'both-changed', 'leave', 'both-changed', deeds
        return 'both-changed', 'leave' if chosen == 'target' else 'update', None, deeds
    if pick('restored-change') == 'target':
        return settle([(n, 'keep' if n == 'restored-change' else d, c) for n, d, c in rulings],
                      settled[0])
    return settled


# ---- worlds ----

def worlds_of(facts):
    """The first fact is the lowest bit."""
    for bits in itertools.product((False, True), repeat=len(facts)):
        yield dict(zip(facts[::-1], bits))


def kind_of_column(letter):
    facts = dict.fromkeys(('generated', 'key', 'identity', 'reference', 'source_changed',
                           'target_changed', 'same', 'disagrees', 'nobody', 'attaches', 'unfit',
                           'rival'), False)
    facts['seen'] = letter != '?'
    facts['source_changed'] = letter in 'S=B+u'
    facts['target_changed'] = letter in 'T=B+'
    facts['same'] = letter in '-='
    facts['unfit'] = letter == 'u'
    return facts, 'add' if letter == '+' else 'none'


COLUMNS = [kind_of_column(letter) for letter in '-ST=B+?u']
ROWS = ('common past', 'deleted on TARGET', 'made by both', 'two bases')
PICKS = ('none', 'target', 'source', 'columns')


def joined_worlds():
    """As worlds_three.c numbers them."""
    chosen = itertools.product((False, True), (False, True), (False, True), PICKS, PICKS)
    for wins, drops, keeps, changed, both in chosen:
        side = 'source' if wins else 'none'
        picks = {'both-changed': both, 'changed': changed, 'differs': side, 'bases-differ': side,
                 'deleted-on-live': side, 'restored-change': 'target' if keeps else 'none',
                 'does-not-fit': 'target' if drops else 'none'}
        for of in ROWS:
            for columns in itertools.product(COLUMNS, repeat=3):
                yield of, columns[::-1], lambda kind: picks.get(kind, 'none')


def decided(head, names):
    """(world to show, what is expected) of each world, and how an answer reads."""
    name, *facts = head.split()
    name, *given = name.split(':')
    if name == 'row':
        return ((w, row(w)) for w in worlds_of(facts)), (names['outcomes'], ROW_DEEDS)
    if name == 'column':
        rule, answer, pick = given
        return ((w, column(w, rule, answer, lambda kind: pick)) for w in worlds_of(facts)), \
            (names['columns'], COLUMN_DEEDS)
    return (({of: True}, three(of, columns, pick)) for of, columns, pick in joined_worlds()), \
        (names['outcomes'], ROW_DEEDS)


def read(answer, outcomes, deeds, conflicts):
    numbers = [ord(letter) - FIRST for letter in answer]
    said = outcomes[numbers[0]], deeds[numbers[1]], conflicts[numbers[2]]
    return said if len(numbers) == 3 else (*said, tuple(COLUMN_DEEDS[n] for n in numbers[3:]))


def compare(head, answers, names):
    """Disagreements of one decider, and the number of worlds."""
    expectations, how = decided(head, names)
    width = 6 if head == 'three' else 3
    wrong, known = [], {}
    n = 0
    for n, (world, expected) in enumerate(expectations, 1):
        answer = answers[(n - 1) * width:n * width]
        if answer not in known:
            known[answer] = read(answer, *how, names['conflicts'])
        if known[answer] != expected:
            wrong.append((known[answer], expected, n - 1, [f for f in world if world[f]]))
    if n * width != len(answers):
        wrong.append((len(answers), n * width, n, ['the number of worlds']))
    return wrong, n


def main():
    lines = sys.stdin.read().splitlines()
    names = {line.split()[0]: (None, *line.split()[1:]) for line in lines[:3]}
    total, n = 0, 0
    for head, answers in zip(lines[3::2], lines[4::2]):
        wrong, count = compare(head, answers, names)
        total, n = total + count, n + 1
        print(f'{"not " if wrong else ""}ok {n} - {head.split()[0]}: {count} worlds')
        for said, expected, world, facts in wrong[:SHOWN]:
            print(f'# {world}: {said} instead of {expected} where: {" ".join(facts) or "nothing"}')
        if len(wrong) > SHOWN:
            print(f'# and {len(wrong) - SHOWN} more')
    print(f'{"" if total >= 2000000 else "not "}ok {n + 1} - {total} worlds in all')
    print(f'1..{n + 1}')


main()
