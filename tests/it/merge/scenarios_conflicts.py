"""Section 4: conflicts."""
from model import table
from scenario import Scenario
from scenario_tables import (EDITED, ID, INVITED, LINES, LOG, MEMBERS, NAMELESS, ORDERS, TAGS,
                             TIMED, members)

EMAILS = table('members', ID, 'mobile VARCHAR(20)', 'email VARCHAR(20) NULL', key='id',
               unique=['mobile', 'email'], subject=True)
PARTS = table('parts', ID, 'order_id INT UNSIGNED', 'line_no INT', 'part VARCHAR(20)', key='id',
              refs=['order_id, line_no -> order_lines.order_id,line_no'])
CHOSEN = members('edited DATETIME NULL', on_conflict={'differs': 'newest:edited'})
HOSTS = table('hosts', ID, 'name VARCHAR(20)', 'room_id INT UNSIGNED', key='id', unique=['name'],
              refs=['room_id -> rooms.id'])
ROOMS = table('rooms', ID, 'label VARCHAR(20)', 'host_id INT UNSIGNED', key='id',
              unique=['label'], refs=['host_id -> hosts.id'])
SOFT_ROOMS = table('rooms', ID, 'label VARCHAR(20)', 'host_id INT UNSIGNED NULL', key='id',
                   unique=['label'], refs=['host_id -> hosts.id'])
ANN_BEN = {'members': '1 m1 Ann; 2 m2 Ben'}
SPLIT = {'split_at': '2026-04-02'}
EDITS = {'both': {'members': '1 m1 Ann 2026-03-01 2026-03-01; 3 m3 Cat 2026-03-03 2026-03-03'},
         'tables': [EDITED], 'options': SPLIT}
BEN = '2 m2 {} 2026-03-02 {}'


def edited(mine, live):
    """Ben, whose name and time of last edit each side has."""
    return {'source': {'members': BEN.format(*mine)}, 'target': {'members': BEN.format(*live)},
            **EDITS}


# one order number, used on both sides for the same person
A1_TWICE = {'tables': [MEMBERS, ORDERS, LINES, PARTS], 'both': ANN_BEN,
            'source': {'orders': '1 A1 1', 'order_lines': '1 1 hat; 1 2 cap',
                       'parts': '1 1 1 brim; 2 1 2 peak'},
            'target': {'orders': '4 A1 1', 'order_lines': '4 1 hat'},
            'options': {'split_keys': {'orders': 0, 'parts': 0}}}
LATE = table('orders', ID, 'order_no VARCHAR(20)', 'member_id INT UNSIGNED', 'total INT', key='id',
             unique=['order_no'], refs=['member_id -> members.id'])
A1_DIFFERS = {**A1_TWICE, 'tables': [MEMBERS, LATE, LINES, PARTS],
              'source': {**A1_TWICE['source'], 'orders': '1 A1 1 50'},
              'target': {**A1_TWICE['target'], 'orders': '4 A1 1 30'}}
EMAIL_HELD = {'tables': [EMAILS, ORDERS], 'both': {'members': '1 m1 e1; 2 m2 e2'},
              'source': {'members': '3 m3 e4', 'orders': '1 A1 3'},
              'target': {'members': '3 m4 e4'}, 'options': {'split_keys': {'members': 2}}}

SCENARIOS = [
    Scenario('a base row with other values', '4', [MEMBERS, ORDERS],
             both={'members': '1 m1 Ann; 3 m3 Cat'},
             source={'members': '2 m2 Ben', 'orders': '1 A1 2'}, target={'members': '2 m2 Benny'},
             options={'split_keys': {'orders': 0}},
             idmap={'orders': '1 > 1'}, added={'orders': '1 A1 2'},
             conflicts={'members': '2 changed 2'}),
    Scenario('a base row is compared after its references are mapped', '4', [MEMBERS, ORDERS],
             both={**ANN_BEN, 'orders': '3 A3 1'},
             source={'members': '3 m3 Cat', 'orders': '1 A1 3; 2 A2 3'},
             target={'members': '3 m4 Dan; 4 m3 Cat', 'orders': '1 A1 4; 2 A2 3'},
             idmap={'members': '3 > 4'}, conflicts={'orders': '2 changed 2'}),
    Scenario('only the bytes of the identity differ: changed', '4', [TIMED],
             both={'members': '1 m1 Ann 2026-03-01; 3 m3 Cat 2026-03-01'},
             source={'members': '2 mx Ben 2026-03-01'}, target={'members': '2 MX Ben 2026-03-01'},
             conflicts={'members': '2 changed 2'}),
    Scenario('edited on the live side only: no conflict', '4',
             **edited(('Ben', '2026-03-02'), ('Benny', '2026-04-09'))),
    Scenario('edited on the lost side only', '4',
             **edited(('Benny', '2026-04-03'), ('Ben', '2026-03-02')),
             conflicts={'members': '2 changed-in-source 2'}),
    Scenario('edited on both sides', '4',
             **edited(('Benny', '2026-04-03'), ('Benno', '2026-04-09')),
             conflicts={'members': '2 changed 2'}),
    Scenario('edited on neither side, yet not the same', '4',
             **edited(('Benny', '2026-03-03'), ('Benno', '2026-03-04')),
             conflicts={'members': '2 changed 2'}),
    Scenario('edited at the very moment of the split is edited', '4',
             **edited(('Benny', '2026-04-02'), ('Ben', '2026-03-02')),
             conflicts={'members': '2 changed-in-source 2'}),
    Scenario('without --split-at, an edit has no side', '4',
             **{**edited(('Benny', '2026-04-03'), ('Ben', '2026-03-02')), 'options': {}},
             conflicts={'members': '2 changed 2'}),
    Scenario('differs on a subject: the map stands and children proceed', '4', [MEMBERS, ORDERS],
             both=ANN_BEN, source={'members': '3 m3 Cat', 'orders': '1 A1 3'},
             target={'members': '3 m4 Dan; 4 m3 Kat'}, options={'split_keys': {'orders': 0}},
             idmap={'members': '3 > 4', 'orders': '1 > 1'}, added={'orders': '1 A1 4'},
             conflicts={'members': '3 differs 4'}),
    Scenario('equal by its number: two histories of one order', '4', **A1_TWICE,
             idmap={'orders': '1 > 4', 'order_lines': '1,1 > 4,1; 1,2 > 4,2',
                    'parts': '1 > 1; 2 > 2'},
             added={'order_lines': '4 2 cap', 'parts': '1 4 1 brim; 2 4 2 peak'}),
    Scenario('differs elsewhere: what hangs below and T lacks waits', '4', **A1_DIFFERS,
             idmap={'orders': '1 > 4', 'order_lines': '1,1 > 4,1'},
             conflicts={'orders': '1 differs 4', 'order_lines': '1,2 parent-differs',
                        'parts': '1 parent-differs; 2 parent-differs'}),
    Scenario('differs elsewhere: one decision a row below', '4', **A1_DIFFERS,
             decisions={'order_lines': '1,2 restore', 'parts': '1 skip; 2 restore'},
             idmap={'orders': '1 > 4', 'order_lines': '1,1 > 4,1; 1,2 > 4,2', 'parts': '2 > 2'},
             added={'order_lines': '4 2 cap', 'parts': '2 4 2 peak'},
             conflicts={'orders': '1 differs 4'}),
    Scenario('a subject row has no owner: another inviter differs', '4', [INVITED],
             both={'members': '1 m1 Ann -; 2 m2 Ben -'}, source={'members': '3 m3 Cat 1'},
             target={'members': '3 m4 Dan 1; 4 m3 Cat 2'},
             options={'split_keys': {'members': 2}},
             idmap={'members': '3 > 4'}, conflicts={'members': '3 differs 4'}),
    Scenario('another unique index is held by somebody else', '4', **EMAIL_HELD,
             conflicts={'members': '3 unique 3', 'orders': '1 parent-absent'}),
    Scenario('unique: merge into the one who holds it', '4', **EMAIL_HELD,
             decisions={'members': '3 merge-into'},
             idmap={'members': '3 > 3', 'orders': '1 > 1'}, added={'orders': '1 A1 3'}),
    Scenario('unique: insert without the value', '4',
             **{**EMAIL_HELD, 'options': {**EMAIL_HELD['options'],
                                          'on_conflict': {'unique': 'without-value'}}},
             idmap={'members': '3 > @', 'orders': '1 > 1'},
             added={'members': '@3 m3 -', 'orders': '1 A1 @members:3'}),
    Scenario('unique: left out, and what hangs on it', '4',
             **{**EMAIL_HELD, 'options': {**EMAIL_HELD['options'], 'on_conflict': {'unique': 'skip'}}}),
    Scenario('restored, yet somebody else has the mobile now', '4', [MEMBERS],
             both={'members': '1 m1 Ann; 3 m3 Cat'}, source={'members': '2 m2 Ben'},
             target={'members': '4 m2 Benny'},
             options={'on_conflict': {'deleted-on-live': 'restore'}},
             conflicts={'members': '2 unique 4'}),
    Scenario('foreign keys in a circle, none of which may be empty', '4', [HOSTS, ROOMS],
             both={'hosts': '1 h1 1', 'rooms': '1 r1 1'},
             source={'hosts': '2 h2 2', 'rooms': '2 r2 2; 3 r3 2'},
             target={'hosts': '2 h9 1', 'rooms': '2 r9 1'},
             conflicts={'hosts': '2 not-null-cycle',
                        'rooms': '2 not-null-cycle; 3 parent-absent'}),
    Scenario('foreign keys in a circle, one of which may be empty', '4', [HOSTS, SOFT_ROOMS],
             both={'hosts': '1 h1 1', 'rooms': '1 r1 1'},
             source={'hosts': '2 h2 2', 'rooms': '2 r2 2'},
             target={'hosts': '2 h9 1', 'rooms': '2 r9 1'},
             idmap={'hosts': '2 > @', 'rooms': '2 > @'},
             added={'hosts': '@2 h2 @rooms:2', 'rooms': '@2 r2 @hosts:2'}),
    Scenario('source: only the bytes of the key differ, and those stay', '4', [MEMBERS, TAGS],
             both=ANN_BEN, source={'tags': '1 VIP x'}, target={'tags': '1 vip x'},
             options={'on_conflict': {'changed': 'source'}}),
    Scenario('source: the lost row is written, its references mapped', '4', [MEMBERS, ORDERS],
             both={**ANN_BEN, 'orders': '3 A3 1'},
             source={'members': '3 m3 Cat', 'orders': '2 A2 3'},
             target={'members': '3 m4 Dan; 4 m3 Cat', 'orders': '2 A2 3'},
             options={'on_conflict': {'changed': 'source'}},
             idmap={'members': '3 > 4'}, updated={'orders': '2 A2 4'}),
    Scenario('newest, for a table: the lost row is newer', '4', [CHOSEN],
             both={'members': '1 m1 Ann -'},
             source={'members': '2 m2 Ben 2026-04-09; 3 m3 Cat 2026-04-03; 4 m4 Dan -;'
                     '5 m5 Eve 2026-04-03'},
             target={'members': '2 m8 Hal -; 6 m2 Benny 2026-04-08; 7 m3 Kat 2026-04-08;'
                     '8 m4 Den 2026-04-08; 9 m5 Eva 2026-04-03'},
             idmap={'members': '2 > 6; 3 > 7; 4 > 8; 5 > 9'},
             updated={'members': '6 m2 Ben 2026-04-09'}),
    Scenario('a command line is stronger than the configuration', '4', [CHOSEN],
             both={'members': '1 m1 Ann -'}, source={'members': '2 m2 Ben 2026-04-09'},
             target={'members': '2 m2 Benny 2026-04-08'},
             options={'on_conflict': {'differs': 'target'}}, idmap={'members': '2 > 2'}),
    Scenario('stop', '4', [MEMBERS], both=ANN_BEN, source={'members': '3 m3 Cat'},
             target={'members': '3 m3 Kat'}, options={'on_conflict': {'differs': 'stop'}},
             refused='members differs'),
    Scenario('duplicate: skipped', '4', [NAMELESS], both=ANN_BEN,
             source={'members': '3 m3 Cat; 4 m4 Cat'}, target={'members': '3 m5 Eve'},
             options={'on_conflict': {'duplicate': 'skip'}}),
    Scenario('orphan-would-attach: restored as it is', '4', [MEMBERS, LOG],
             both={**ANN_BEN, 'wallet_log': '1 1 10'}, source={'wallet_log': '2 5 20'},
             target={'members': '5 m5 Eve', 'wallet_log': '2 1 25'},
             options={'on_conflict': {'orphan-would-attach': 'restore'}},
             idmap={'wallet_log': '2 > @'}, added={'wallet_log': '@2 5 20'}),
]
