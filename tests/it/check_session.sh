#!/bin/bash
# check_session.sh: what a server is set to show is not what check sees.
#
# Servers of this script's own, since their global settings are changed.

. "$(dirname "$0")/lib.sh"
own_begin S T || bail "no servers"
MR_A_URI=$MR_S_URI MR_B_URI=$MR_T_URI
begin ab

globals() { # globals "NAME = VALUE, …": on both servers
    client a <<<"SET GLOBAL $1" && client b <<<"SET GLOBAL $1" || bail "SET GLOBAL $1"
}

# Rows of an earlier day: without FOR SYSTEM_TIME a versioned table shows those of
# system_versioning_asof.
at ab "CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
    INSERT INTO versioned VALUES (1, 1), (2, 2), (3, 3)"
sleep 0.1
before=$(client b <<<"SELECT NOW(6)")
sleep 0.1
at b "UPDATE versioned SET v = 9 WHERE id = 2; DELETE FROM versioned WHERE id = 3"
globals "system_versioning_asof = '$before'"
check_is 1 "the servers show an earlier day"
rows_are "the rows of today are compared" versioned 'changed {"id":"2"} ["v"]
missing {"id":"3"} []'
table_is "that their history is not is said" versioned '.note == "only current rows are compared, not their history"'
globals "system_versioning_asof = DEFAULT"

# Texts are ordered by their first max_sort_length bytes where no index has their order.
at ab "CREATE TABLE stored (t VARCHAR(99) CHARACTER SET latin1 PRIMARY KEY, v INT) ENGINE=MEMORY;
    INSERT INTO stored SELECT CONCAT(REPEAT('x', 80), seq * 7919 % 100000), seq FROM seq_1_to_25000"
at b "DELETE FROM stored WHERE v % 50 = 3"
globals "max_sort_length = 8"
check_is 1 "the servers order by 8 bytes" --tables stored
table_is "no row is passed over, none read twice" stored \
    '.missing == 500 and .extra == 0 and .source_rows == 25000'
globals "max_sort_length = DEFAULT"

# A key that MySQL made up and is set to hide: it names no rows, shown or not.
MR_A_URI=$MR_O_URI
if [ -z "$MR_A_URI" ]; then
    skip "a key that is hidden" "no MySQL server"
    finish
fi
hide() { client a <<<"SET GLOBAL show_gipk_in_create_table_and_information_schema = $1"; }
at_exit 'hide 1'
fresh a "${DB}_hidden"
fresh a "${DB}_twin"
for db in hidden twin; do
    client a -D "${DB}_$db" <<<"SET sql_generate_invisible_primary_key = 1;
        CREATE TABLE made (v INT); INSERT INTO made VALUES (1), (2)"
done
client a -D "${DB}_twin" <<<"UPDATE made SET my_row_id = 7 WHERE v = 2; DELETE FROM made WHERE v = 1"
SRC=$(uri a "${DB}_hidden") DST=$(uri a "${DB}_twin")
DB=${DB}_hidden
for shown in 0 1; do
    hide $shown
    check_is 1 "the server is set to show the key that it made up: $shown"
    rows_are "its numbers are no difference" made 'missing null [] x1'
done
finish
