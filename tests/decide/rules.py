"""The rules of a merge about one row, written a second time, for reading: rules.py < WORLDS

WORLDS is what tests/decide/worlds prints.  A disagreement is printed as a world: the facts that
are true in it.  Prints TAP.  Shares nothing with repair/decide but the names of facts; the order
of the names below is that of its enums, which are asked for by name elsewhere.

L is the greatest key of the common past, U the least that is lost history for certain.
"""
import itertools
import sys

TWINS = (None, 'other', 'self', 'doubt')
GROUPS = (None, 'base', 'gone', 'same', 'lost', 'maybe', 'doubt')
CONFLICTS = (None, 'changed', 'changed-in-source', 'differs', 'identity-changed',
             'deleted-or-lost', 'deleted-since', 'deleted-on-live', 'past-or-lost',
             'parent-absent', 'unique', 'key-taken', 'identity-crosses-base', 'duplicate',
             'owner-differs', 'parent-differs', 'orphan-would-attach', 'references-disagree',
             'not-null-cycle', 'does-not-fit', 'referenced')
DEEDS = (None, 'keep', 'insert', 'update', 'delete') + CONFLICTS[1:]
SHOWN = 20  # disagreements


def twin(w):
    """What is a row of T under a key above L that S holds, too, in another row?"""
    certain = w['settled'] or w['refers_to_lost']  # it is lost history, whoever has its key
    if w['dated'] and w['same_time']:
        if w['same_name']:
            return 'self'
        told = w['split'] and w['believed']  # by a time that both were created after
        return 'other' if told or certain else 'doubt'
    if not w['dated'] and w['alike'] and not w['same_name']:
        return 'other' if certain else 'doubt'
    return 'other'


def group(w):
    """Of which history is the row, by its key and by what T has?"""
    if not w['counted']:
        if w['merged']:
            return 'lost'
        if w['there']:
            return 'base'
        if not w['restored'] and (w['stood'] or w['made']):
            return 'gone' if w['stood'] else 'lost'  # the logs know
        return 'lost' if w['restored'] or w['late'] else 'maybe'
    if w['same']:
        return 'same'
    if not w['above']:
        return 'base' if w['there'] else 'gone'
    if w['doubt']:
        return 'doubt'
    if any(w[fact] for fact in ('taken', 'there', 'held', 'believed', 'restored', 'merged')):
        return 'lost'
    if w['stood']:
        return 'gone'
    return 'lost' if w['made'] or w['fresh'] else 'maybe'


def below(w, of):
    """Where does what it refers to move a row?"""
    if of == 'maybe':
        lost = w['refers_to_lost'] or (w['refers_to_new'] and not w['counted'])
        return 'lost' if lost else of
    if of == 'base' and w['key_refers_to_lost'] and not w['counted']:
        return 'lost'
    return of


def values(w, of):
    """What conflict make the values of a row that both have?"""
    if not (w['there'] and w['differs']):
        return None
    if of == 'lost':
        return 'differs'
    edited = (w['edited'], w['edited_live'])
    if edited == (False, True):
        return None
    if edited == (True, False):
        return 'changed-in-source'
    return 'changed' if w['same_name'] else 'identity-changed'


def obstacle(w, of):
    """What keeps a row that T lacks from being written?"""
    if w['there']:
        return None
    if w['namesake'] and not (w['counted'] and w['above']):
        return 'duplicate'
    if not w['restored']:
        if w['gone']:
            return 'deleted-since'
        asked = {'gone': 'deleted-on-live', 'doubt': 'past-or-lost',
                 'maybe': 'deleted-or-lost'}
        if of in ('gone', 'maybe') and w['attaches']:
            return 'orphan-would-attach'
        if of in asked:
            return asked[of]
    if w['guarded'] or not w['restored']:
        for fact, kind in (('crosses', 'identity-crosses-base'), ('ambiguous', 'duplicate'),
                           ('owned', 'owner-differs')):
            if w[fact]:
                return kind
    if not w['restored']:
        if w['differs_above']:
            return 'parent-differs'
        if w['attaches']:
            return 'orphan-would-attach'
    for fact, kind in (('disagrees', 'references-disagree'), ('unfit', 'does-not-fit'),
                       ('rival', 'unique')):
        if w[fact]:
            return kind
    named = not w['counted'] and not w['keyless']
    held = w['taken'] or w['twin'] or (w['traced'] and not w['restored'])
    return 'key-taken' if named and of == 'lost' and held else None


def holder(w):
    """Is T's row under the row's key the row itself?"""
    if not w['taken']:
        return False
    by_counter = w['counted'] and w['above']  # it may have been given twice
    return w['merged'] or (not w['namesake'] and (w['same'] or not by_counter))


def identity(w):
    """Whom does T have by the row's identity?"""
    for fact, kind in (('crosses', 'identity-crosses-base'), ('ambiguous', 'duplicate'),
                       ('owned', 'owner-differs')):
        if w[fact]:
            return kind
    return w['met']


def place(w):
    """Which key has the row on T?"""
    if w['there']:
        return 'theirs'
    given = w['counted'] and w['above']
    return 'new' if given and (w['taken'] or w['traced']) else 'own'


def copy(w, policy):
    """What do the policies that copy with a key, or what keeps them from it?"""
    if not w['planned']:
        return None
    mirror = policy == 'mirror'
    if w['on_source'] and w['on_target'] and not w['differs']:
        deed = None
    elif not w['on_source']:
        deed = 'delete' if mirror else 'keep'
    elif not w['on_target']:
        deed = 'insert'
    elif mirror:
        deed = 'update'
    elif not w['same_name']:
        deed = 'key-taken'
    elif policy == 'backfill' or (w['older'] and not w['newer']):
        deed = 'changed'
    else:
        deed = 'update' if w['newer'] else 'differs'
    return 'duplicate' if w['several'] and deed != 'keep' else deed


RULES = {'holder': (holder, (False, True)), 'identity': (identity, (False, True) + CONFLICTS[1:]),
         'place': (place, (None, 'theirs', 'own', 'new')), 'copy': (copy, DEEDS),
         'twin': (twin, TWINS), 'group': (group, GROUPS), 'below': (below, GROUPS),
         'values': (values, CONFLICTS), 'obstacle': (obstacle, CONFLICTS)}


def compare(head, answers):
    """Disagreements of one decider, and the number of worlds."""
    name, *facts = head.split()
    name, _, of = name.partition(':')
    rule, names = RULES[name]
    of = (of,) if of else ()
    wrong = []
    worlds = itertools.product((False, True), repeat=len(facts))
    backwards = facts[::-1]  # the first fact is the lowest bit
    for bits, letter in itertools.zip_longest(worlds, answers):
        world = dict(zip(backwards, bits))
        said, expected = names[ord(letter) - ord('a')], rule(world, *of)
        if said != expected:
            wrong.append((said, expected, [f for f in facts if world[f]]))
    return wrong, len(answers)


def main():
    lines = sys.stdin.read().splitlines()
    total, n = 0, 0
    for head, answers in zip(lines[::2], lines[1::2]):
        wrong, count = compare(head, answers)
        total, n = total + count, n + 1
        print(f'{"not " if wrong else ""}ok {n} - {head.split()[0]}: {count} worlds')
        for said, expected, facts in wrong[:SHOWN]:
            print(f'# {said} instead of {expected} where: {" ".join(facts) or "nothing"}')
        if len(wrong) > SHOWN:
            print(f'# and {len(wrong) - SHOWN} more')
    print(f'{"" if total >= 1000000 else "not "}ok {n + 1} - {total} worlds in all')
    print(f'1..{n + 1}')


main()
