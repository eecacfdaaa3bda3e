"""The tables of the scenarios."""
from model import table

ID = 'id INT UNSIGNED AUTO_INCREMENT'
MEMBER = 'member_id INT UNSIGNED'


def members(*more, **rest):
    rest = {'unique': ['mobile'], 'subject': True, **rest}
    return table('members', ID, 'mobile VARCHAR(20)', 'name VARCHAR(20)', *more, key='id', **rest)


MEMBERS = members()
TIMED = members('at DATETIME', time='at')
INVITED = members('inviter_id INT UNSIGNED NULL', refs=['inviter_id -> members.id'])
NAMELESS = members(identity='name', unique=[])  # an identity without an index
EDITED = members('at DATETIME', 'edited DATETIME', time='at', update='edited')

ORDERS = table('orders', ID, 'order_no VARCHAR(20)', MEMBER, key='id', unique=['order_no'],
               refs=['member_id -> members.id'])
LINES = table('order_lines', 'order_id INT UNSIGNED', 'line_no INT', 'article VARCHAR(20)',
              key='order_id, line_no', refs=['order_id -> orders.id'])
LOG = table('wallet_log', ID, MEMBER, 'amount INT', key='id', refs=['member_id ~> members.id'])
TAGS = table('tags', MEMBER, 'tag VARCHAR(20)', 'note VARCHAR(20)', key='member_id, tag',
             refs=['member_id -> members.id'])
CHECKINS = table('checkins', ID, MEMBER, 'day DATE', 'place VARCHAR(20)', key='id',
                 unique=['member_id, day'], refs=['member_id -> members.id'])
NOTES = table('notes', MEMBER, 'text VARCHAR(20)', refs=['member_id -> members.id'])
UUID = table('people', 'uuid CHAR(8)', 'mobile VARCHAR(20)', 'name VARCHAR(20)', key='uuid',
             unique=['mobile'], subject=True)
UUID_TIMED = table('people', 'uuid CHAR(8)', 'mobile VARCHAR(20)', 'at DATETIME', key='uuid',
                   unique=['mobile'], subject=True, time='at')
