#!/bin/bash
# json_packet.sh: MySQL writes JSON out anew for each reader.  What is longer then than its max_allowed_packet
# is by now is an empty text and a warning: that is no value, for whoever reads it.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/servers.sh"
mr_servers_begin || bail "no place for a server"
if ! mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err"); then
    skip "JSON that is longer than a packet" "no MySQL server"
    finish
fi
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mysql J && mr_await J || bail "no server"
SRC=$(mr_get_server J URI)/one DST=$(mr_get_server J URI)/two

# 400,000 numbers: 0.8 MB as they are sent, 1.2 MB as they are written out
numbers=$(printf '1,%.0s' {1..399999})
{
    echo "CREATE DATABASE one; CREATE TABLE one.t (id INT PRIMARY KEY, doc JSON, note VARCHAR(9));
        CREATE DATABASE two; CREATE TABLE two.t LIKE one.t;"
    for side in one two; do
        echo "INSERT INTO $side.t VALUES (1, '{}', 'a'), (2, NULL, '');"
    done
    echo "INSERT INTO one.t VALUES (3, '[${numbers}7]', ''); INSERT INTO two.t VALUES (3, '[${numbers}8]', '');"
    echo "SET GLOBAL max_allowed_packet = 1048576;"
} | mr_sql J >/dev/null 2>&1 || bail "no tables"

for digest in client server; do
    check_is 4 "--digest $digest: what does not fit is not checked" --digest "$digest" --unrelated
    like "--digest $digest: and why" "$(lines '.type == "table"' | jq -r .reason)" "JSON that is longer than the server's max_allowed_packet"
done
"$MYRECON" snapshot create "$SRC" "$IT_TMP/snap" >"$OUT" 2>"$ERR"
is "a snapshot leaves the table out" "$? $(grep -c 'left out: table one.t: .*max_allowed_packet' "$OUT")" "4 1"

mr_sql J -e "SET GLOBAL max_allowed_packet = 67108864"
for digest in client server; do
    check_is 1 "--digest $digest: with room it is" --digest "$digest" --unrelated
    rows_are "--digest $digest: one row" one.t 'changed {"id":"3"} ["doc"]'
done
"$MYRECON" snapshot create "$SRC" "$IT_TMP/whole" >"$OUT" 2>"$ERR"
is "and in a snapshot" "$?" 0
finish
