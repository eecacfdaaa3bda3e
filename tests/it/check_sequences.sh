#!/bin/bash
# check_sequences.sh: a sequence that a column's DEFAULT draws from is judged as AUTO_INCREMENT
# is: a finding where the next value of a side would meet a key, and none where it only moved.

. "$(dirname "$0")/lib.sh"
begin ab
at ab "
CREATE SEQUENCE own; CREATE SEQUENCE theirs; CREATE SEQUENCE far; CREATE SEQUENCE loose;
CREATE SEQUENCE down INCREMENT BY -1 START WITH -1 MINVALUE -1000 MAXVALUE -1;
CREATE TABLE t_own (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(own), v INT);
CREATE TABLE t_theirs (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(theirs), v INT);
CREATE TABLE t_far (id BIGINT PRIMARY KEY DEFAULT NEXT VALUE FOR far, v INT);
CREATE TABLE t_down (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(down), v INT);
DO SETVAL(own, 10), SETVAL(theirs, 10), SETVAL(far, 10);
INSERT INTO t_own VALUES (1, 1), (5, 5); INSERT INTO t_theirs VALUES (1, 1);
INSERT INTO t_far VALUES (1, 1); INSERT INTO t_down VALUES (-3, 1)"
at b "DO SETVAL(far, 1000), SETVAL(loose, 77)"
check_is 0 "a sequence that is only further on: exits 0"
none "and is not named" '.type == "object"'

at ab "INSERT INTO t_own VALUES (30, 30)"
at b "DO SETVAL(own, 100)"
at a "INSERT INTO t_theirs VALUES (40, 40)"
at ab "DO SETVAL(theirs, 20)"
at a "DO SETVAL(theirs, 60)"
check_is 1 "a sequence behind keys: exits 1"
one "its own side's" '.type == "object" and .object == "sequence" and .name == "own" and .table == null
    and .source == "next 11, greatest 30 of t_own.id" and .target == "next 101, greatest 30 of t_own.id"'
one "the other side's" '.type == "object" and .object == "sequence" and .name == "theirs"
    and .source == "next 61, greatest 40 of t_theirs.id" and .target == "next 21, greatest 1 of t_theirs.id"'
none "no other" '.type == "object" and (.name | IN("own", "theirs") | not)'
check_is 0 "--objects without sequences: exits 0" --objects index --tables t_own

# What the account may not read is said.
client b <<<"CREATE OR REPLACE USER seqless@127.0.0.1; GRANT SELECT ON $DB.t_own TO seqless@127.0.0.1;
    GRANT SHOW VIEW, TRIGGER, EVENT, PROCESS ON *.* TO seqless@127.0.0.1" || bail "no account"
DST=$(uri b "$DB" seqless)
check_is 4 "a sequence that may not be read: exits 4" --tables t_own --objects sequence
like "and is named" "$(lines '.type == "summary"' | jq -r .not_visible)" "the next value of sequence \"$DB.own\" on the target"
client b <<<"DROP USER seqless@127.0.0.1"
DST=$(uri b "$DB")

at a "DO SETVAL(own, 30)"
at b "DO SETVAL(theirs, 60)"
at a "DELETE FROM t_theirs WHERE id = 40"
check_is 0 "put right: exits 0"

# A sequence that a replica follows is judged on the replica, by its own keys.
if use_pair mariadb; then
    fresh p "${DB}_pair"
    caught_up
    SRC=$(uri p "${DB}_pair") DST=$(uri r "${DB}_pair")
    client p -D "${DB}_pair" <<<"CREATE SEQUENCE s; CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(s), v INT);
        INSERT INTO t (v) VALUES (1), (2)"
    caught_up
    check_is 0 "a replica: exits 0"
    client r <<<"SET GLOBAL read_only = 0; SET sql_log_bin = 0; ALTER SEQUENCE ${DB}_pair.s RESTART 1"
    check_is 1 "a replica whose sequence went back: exits 1"
    one "which is named" '.type == "object" and .object == "sequence" and .name == "s" and .target == "next 1, greatest 2 of t.id"'
fi
finish
