"""Sections 5 and 6: new ids, and which tables belong to a plan."""
from model import table
from scenario import Scenario
from scenario_tables import CHECKINS, ID, LOG, MEMBER, MEMBERS, ORDERS, members

BIG_MARGIN = members(margin=5000)
NARROW_LOG = table('wallet_log', ID, 'member_id SMALLINT UNSIGNED', 'amount INT', key='id',
                   refs=['member_id ~> members.id'])
GRANDCHILD = table('notes', ID, 'member_id TINYINT UNSIGNED', 'text VARCHAR(20)', key='id',
                   refs=['member_id ~> profiles.member_id'])
PROFILES = table('profiles', 'member_id INT UNSIGNED', 'bio VARCHAR(20)', key='member_id',
                 refs=['member_id -> members.id'])
SMALL = table('members', 'id SMALLINT UNSIGNED AUTO_INCREMENT', 'mobile VARCHAR(20)',
              'name VARCHAR(20)', key='id', unique=['mobile'], subject=True)
UNDECLARED = table('wallet_log', ID, MEMBER, 'amount INT', key='id')
DISMISSED = table('wallet_log', ID, MEMBER, 'amount INT', key='id', dismissed='member_id')
ANN_BEN = {'members': '1 m1 Ann; 2 m2 Ben'}
TAKEN = {'both': ANN_BEN, 'source': {'members': '3 m3 Cat; 4 m4 Dan'},
         'target': {'members': '3 m5 Eve; 4 m6 Flo'}, 'idmap': {'members': '3 > @; 4 > @'},
         'added': {'members': '@3 m3 Cat; @4 m4 Dan'}}

SCENARIOS = [
    Scenario('new ids begin a margin above the target\'s counter', '5', [MEMBERS], **TAKEN,
             target_next={'members': 50}, counters={'members': 1052}),
    Scenario('new ids begin a margin above the source\'s counter', '5', [MEMBERS], **TAKEN,
             source_next={'members': 60}, target_next={'members': 50},
             counters={'members': 1062}),
    Scenario('new ids begin a margin above the greatest key', '5', [MEMBERS], **TAKEN,
             counters={'members': 1007}),
    Scenario('new ids take the steps of the target\'s counter', '5', [MEMBERS], **TAKEN,
             step=(10, 3), server=False,
             counters={'members': 1033}),  # 1013 and 1023 are given
    Scenario('a margin for a table is stronger than that of the command line', '5', [BIG_MARGIN],
             **TAKEN, counters={'members': 5007}),
    Scenario('a table that only gets rows is reseeded; one without is not', '5',
             [MEMBERS, ORDERS, CHECKINS], both={**ANN_BEN, 'checkins': '1 1 2026-04-01 A'},
             source={'orders': '1 A1 1'},
             options={'split_keys': {'orders': 0}},
             idmap={'orders': '1 > 1'}, added={'orders': '1 A1 1'},
             counters={'members': 3, 'orders': 1002, 'checkins': 2}),
    Scenario('the block must fit the key', '5', [SMALL], **{**TAKEN, 'idmap': {}, 'added': {}},
             target_next={'members': 65534}, refused='members id'),
    Scenario('the block must fit every column that refers to the key', '5',
             [MEMBERS, NARROW_LOG], **{**TAKEN, 'idmap': {}, 'added': {}},
             target_next={'members': 65534}, refused='wallet_log member_id'),
    Scenario('the block must fit a column that refers to it by way of another', '5',
             [MEMBERS, PROFILES, GRANDCHILD], **{**TAKEN, 'idmap': {}, 'added': {}},
             target_next={'members': 254}, refused='notes member_id'),
    Scenario('a block that fits a narrow column', '5', [MEMBERS, NARROW_LOG], **TAKEN,
             options={'margin': 16000}, counters={'members': 16007}),
    Scenario('without a margin, a million', '5', [MEMBERS], **TAKEN, options={'margin': None},
             counters={'members': 1000007}),
    Scenario('without a margin, a quarter of what is left of a narrow key', '5', [SMALL], **TAKEN,
             options={'margin': None}, counters={'members': 5 + (65535 - 5) // 4 + 2}),
    Scenario('a quarter, too, of a margin that is asked for', '5', [SMALL], **TAKEN,
             options={'margin': 16400}, counters={'members': 5 + (65535 - 5) // 4 + 2}),
    Scenario('and of what is left in a column that refers to it', '5', [MEMBERS, NARROW_LOG],
             **TAKEN, options={'margin': 66000},
             counters={'members': 5 + (65535 - 5) // 4 + 2}),
    Scenario('a table that refers to a planned one may not be excluded', '6', [MEMBERS, LOG],
             **{**TAKEN, 'idmap': {}, 'added': {}}, options={'exclude': ('wallet_log',)},
             refused='wallet_log'),
    Scenario('a column that looks like a reference must be declared', '6', [MEMBERS, UNDECLARED],
             both={**ANN_BEN, 'wallet_log': '1 1 10'},
             **{k: v for k, v in TAKEN.items() if k in ('source', 'target')},
             refused='wallet_log member_id'),
    Scenario('or be dismissed', '6', [MEMBERS, DISMISSED],
             **{**TAKEN, 'both': {**ANN_BEN, 'wallet_log': '1 1 10; 2 3 20'}}),
]
