"""Section 9: the other policies on two histories."""
from dataclasses import dataclass, field

from model import table
from scenario import Scenario, entries, key_of
from scenario_tables import ID, LINES, LOG, MEMBER, MEMBERS, ORDERS, members

EDITED = members('edited DATETIME NULL')
EDITED_ORDERS = table('orders', ID, 'order_no VARCHAR(20)', MEMBER, 'edited DATETIME', key='id',
                      unique=['order_no'], refs=['member_id -> members.id'])
ANN_BEN = {'members': '1 m1 Ann; 2 m2 Ben'}


@dataclass
class PolicyScenario(Scenario):
    """inserts, updates: keys of the rows written; refusals: keys of those told as conflicts."""
    policy: str = 'backfill'
    inserts: dict = field(default_factory=dict)
    updates: dict = field(default_factory=dict)
    refusals: dict = field(default_factory=dict)

    def keys(self, part):
        return {(name, key_of(self.schema[name], words[0]))
                for name, text in getattr(self, part).items() for words in entries(text)}


COLLISION = {'both': ANN_BEN,
             'source': {'members': '3 m3 Cat; 4 m4 Dan',
                        'orders': '1 A1 3; 2 A2 4; 3 A3 1', 'order_lines': '1 1 hat; 3 1 cap'},
             'target': {'members': '3 m5 Eve'}}

SCENARIOS = [
    PolicyScenario('backfill touches no collision, nor inserts below one', '9',
                   [MEMBERS, ORDERS, LINES], **COLLISION,
                   inserts={'members': '4', 'orders': '2; 3', 'order_lines': '3,1'},
                   refusals={'members': '3', 'orders': '1', 'order_lines': '1,1'}),
    PolicyScenario('newest touches no collision, nor inserts below one', '9',
                   [MEMBERS, ORDERS, LINES], **COLLISION, policy='newest:edited',
                   inserts={'members': '4', 'orders': '2; 3', 'order_lines': '3,1'},
                   refusals={'members': '3', 'orders': '1', 'order_lines': '1,1'}),
    PolicyScenario('newest updates where the source is newer', '9', [EDITED],
                   source={'members': '1 m1 Anna 2026-04-09; 2 m2 Benny 2026-04-03; 3 m3 Cat -;'
                           '4 m4 Dan 2026-04-03'},
                   target={'members': '1 m1 Ann 2026-04-08; 2 m2 Ben 2026-04-08;'
                           '3 m3 Kat 2026-04-08; 4 m4 Den -'},
                   policy='newest:edited', updates={'members': '1; 4'}),
    PolicyScenario('an order below a parent that another one holds is not moved', '9',
                   [MEMBERS, ORDERS, LINES],
                   both=ANN_BEN,
                   source={'members': '3 m3 Cat', 'orders': '1 A1 3', 'order_lines': '1 1 hat'},
                   target={'members': '3 m5 Eve', 'orders': '1 A1 3'},
                   refusals={'members': '3', 'order_lines': '1,1'}),
    PolicyScenario('a row that points at nobody, where T has somebody', '9', [MEMBERS, LOG],
                   both=ANN_BEN, source={'wallet_log': '1 9 10; 2 8 10'},
                   target={'members': '9 m9 Ida'},
                   inserts={'wallet_log': '2'}, refusals={'wallet_log': '1'}),
    PolicyScenario('newest does not update below a collision', '9', [MEMBERS, EDITED_ORDERS],
                   both=ANN_BEN,
                   source={'members': '3 m3 Cat', 'orders': '1 A1 3 2026-04-05;'
                           '2 A2 1 2026-04-05'},
                   target={'members': '3 m5 Eve', 'orders': '1 A1 1 2026-04-03;'
                           '2 A2 2 2026-04-03'},
                   policy='newest:edited', updates={'orders': '2'},
                   refusals={'members': '3', 'orders': '1'}),
    PolicyScenario('another event under the same key is a collision', '9', [MEMBERS, LOG],
                   both={**ANN_BEN, 'wallet_log': '1 1 10'}, policy='mirror',
                   source={'wallet_log': '2 1 20'}, target={'wallet_log': '2 1 25'},
                   refusals={'wallet_log': '2'}),
    PolicyScenario('mirror of some tables', '9', [MEMBERS, ORDERS], policy='mirror',
                   both=ANN_BEN,
                   source={'members': '3 m3 Cat; 4 m4 Dan', 'orders': '1 A1 3; 2 A2 1; 3 A3 4'},
                   target={'members': '3 m5 Eve', 'orders': '2 A2 2'},
                   inserts={'members': '4', 'orders': '3'}, updates={'orders': '2'},
                   refusals={'members': '3', 'orders': '1'}),
]
