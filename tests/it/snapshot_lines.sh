#!/bin/bash
# snapshot_lines.sh: `snapshot create` over a slow line: rows come compressed by themselves, unless
# the URI says no; over a fast one they do not.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
[ -x "$PROXY" ] || bail "no program at $PROXY"
begin
at a "CREATE TABLE t (id INT PRIMARY KEY, v INT, pad VARCHAR(200));
    INSERT INTO t SELECT seq, seq, REPEAT(MD5(seq), 4) FROM seq_1_to_60000"

create() { # create [QUERY]: over the proxy; sets RC, BYTES
    rm -rf "$IT_TMP/snap"
    CMD=("$MYRECON" snapshot create --no-progress --threads 2 "$VIA${1:-}" "$IT_TMP/snap")
    timeout -k 5 100 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    proxy_ends
}
whole() { # whole DESCRIPTION: what it has written is the table
    is "$1: exits 0" "$RC" 0
    run_check "$(uri a "$DB")" "snapshot:$IT_TMP/snap" --settle 0
    is "$1: equal to the table" "$RC $(jq -r 'select(.type == "table") | .source_rows' "$OUT")" "0 60000"
}

proxy a rate=2500000 delay-ms=20
create '?compress=0'
PLAIN=$BYTES
unlike "compress=0: says nothing" "$(cat "$ERR")" 'compressed'
whole "compress=0"
proxy a rate=2500000 delay-ms=20
create
like "20 Mbit/s: says what it has measured" "$(cat "$ERR")" 'link to the source carries [0-9.]* MiB/s: rows come compressed'
ok "20 Mbit/s: $BYTES bytes, with compress=0 $PLAIN" test $((BYTES * 3)) -lt $((PLAIN * 2))
whole "20 Mbit/s"
proxy a
create
unlike "a fast line: says nothing" "$(cat "$ERR")" 'compressed'
ok "a fast line: $BYTES bytes, with compress=0 $PLAIN" test $((BYTES * 10)) -gt $((PLAIN * 9))
whole "a fast line"
finish
