"""The databases that the generator fills: a club, in variants that a seed chooses.

    key        'int' or 'uuid' keys of members
    identity   who a member is: 'mobile', 'country, mobile', or a mobile that may be NULL or is
               guarded by no index
    timed      do tables have a creation time?
    edited     has a member a time of the last edit?
    log        identity of the wallet log: 'none' or 'row'
    narrow     is a column that refers to members smaller than their key?
    told       what a person says of the split: nothing, 'split-at' or 'split-key'
"""
import random
from dataclasses import dataclass

from model import schema, table

SPLIT = '2026-04-02 12:11:00'


@dataclass(frozen=True)
class Variant:
    seed: int
    key: str
    identity: str
    is_unique: bool
    is_null: bool
    timed: bool
    edited: bool
    log: str
    narrow: bool
    told: str


def variant(seed):
    rng = random.Random(f'variant {seed}')
    key = 'uuid' if seed % 5 == 4 else 'int'
    null = seed % 6 == 2
    return Variant(seed, key, rng.choice(['mobile', 'mobile', 'country, mobile']),
                   is_unique=seed % 4 != 3, is_null=null, timed=seed % 7 != 6,
                   edited=rng.random() < 0.5, log='row' if seed % 3 == 2 else 'none',
                   narrow=key == 'int' and rng.random() < 0.4,
                   told=rng.choice(['nothing', 'nothing', 'split-at', 'split-key']))


def tables_of(v):
    ref = 'CHAR(8)' if v.key == 'uuid' else 'INT UNSIGNED'
    small = 'SMALLINT UNSIGNED' if v.narrow else ref
    null = ' NULL' if v.is_null else ''
    counter = 'id INT UNSIGNED AUTO_INCREMENT'
    at = ['at DATETIME'] if v.timed else []
    when = {'time': 'at'} if v.timed else {}
    edits = ['edited DATETIME'] if v.edited else []
    return schema(
        table('members', f'id {ref}' if v.key == 'uuid' else counter, 'country CHAR(2)',
              f'mobile VARCHAR(20){null}', 'name VARCHAR(20)', 'email VARCHAR(20) NULL',
              f'inviter_id {ref} NULL', *at, *edits, key='id',
              unique=([v.identity] if v.is_unique else []) + ['email'], identity=v.identity,
              refs=['inviter_id -> members.id'], subject=True,
              update='edited' if v.edited else None, **when),
        table('orders', counter, 'order_no VARCHAR(20)', f'member_id {ref}', 'total INT', *at,
              key='id', unique=['order_no'], refs=['member_id -> members.id'], **when),
        table('profiles', f'member_id {ref}', 'bio VARCHAR(20)', 'order_id INT UNSIGNED',
              key='member_id', dismissed='order_id',
              refs=['member_id -> members.id cascade']),
        table('badges', f'owner_id {ref}', 'n INT', key='owner_id, n',
              refs=['owner_id -> profiles.member_id cascade']),
        table('order_lines', 'order_id INT UNSIGNED', 'line_no INT', 'article VARCHAR(20)',
              key='order_id, line_no', refs=['order_id -> orders.id cascade']),
        table('wallet_log', counter, f'member_id {ref}', 'amount INT', *at, key='id',
              identity=v.log if v.log == 'row' else None, refs=['member_id ~> members.id'], **when),
        table('tags', f'member_id {ref}', 'tag VARCHAR(20)', 'note VARCHAR(20)', *at,
              key='member_id, tag', refs=['member_id -> members.id cascade'], **when),
        table('checkins', counter, f'member_id {small}', 'day DATE', 'place VARCHAR(20)', *at,
              key='id', unique=['member_id, day'], refs=['member_id ~> members.id'], **when),
        table('comments', counter, f'member_id {ref}', 'parent_id INT UNSIGNED NULL',
              'text VARCHAR(20)', *at, key='id', **when,
              refs=['member_id -> members.id cascade', 'parent_id -> comments.id set null']),
        table('transfers', counter, f'from_id {ref}', f'to_id {ref}', 'amount INT', *at, key='id',
              refs=['from_id ~> members.id', 'to_id ~> members.id'], **when),
        table('events', counter, 'kind VARCHAR(20)', 'about INT UNSIGNED', *at, key='id',
              refs=["about ~> orders.id when kind = 'order'"] +
              (["about ~> members.id when kind = 'member'"] if v.key == 'int' else []), **when),
        table('notes', f'member_id {ref}', 'text VARCHAR(20)',
              refs=['member_id -> members.id cascade']))
