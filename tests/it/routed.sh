#!/bin/bash
# routed.sh: behind a proxy that sends statements of one connection to two servers nothing is
# compared, kept or written; behind one that sends all to one server, everything is.

. "$(dirname "$0")/lib.sh"
begin ab
cd "$IT_TMP" || exit 1
T=b
. "$IT_DIR/rows/lib.sh"

of() { # of SIDE: its port
    local u
    u=$(side_uri "$1")
    echo "${u##*:}"
}
router() { # router SIDE SIDE: $VIA leads to them
    [ -z "${ROUTER:-}" ] || kill "$ROUTER"
    rm -f port
    echo a >mode
    python3 "$IT_DIR/../fault/router.py" port mode "$(of "$1")" "$(of "$2")" 2>>router.err &
    ROUTER=$!
    wait_for 10 test -s port || bail "no router"
    VIA=mysql://root@127.0.0.1:$(cat port)/$DB
}
at_exit 'kill "$ROUTER"'
leads() { # leads MODE
    echo "$1" >mode.new && mv mode.new mode
    sleep 0.1 # the router looks every 20 ms, and cuts what led elsewhere
}
run() { # run COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
refuses() { # refuses RC DESCRIPTION COMMAND…
    local want=$1 desc=$2
    shift 2
    run "$@"
    is "$desc: refused" "$RC" "$want"
    like "$desc: both are named" "$(cat "$ERR")" 'statements of one connection to .* reach two servers: .*server_id [0-9]+\) and .*server_id [0-9]+\)'
}

at ab "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL);
    INSERT INTO t SELECT seq, seq FROM seq_1_to_1000"
at b "DELETE FROM t WHERE id BETWEEN 100 AND 120"
run_check "$SRC" "$DST" --settle 0 --case case
is "a case" "$RC" 1
rep_is 0 "a plan" plan --policy backfill --case case --output plan
run snapshot create "$SRC" kept
is "a snapshot" "$RC" 0

router b a
for mode in split naive; do
    leads $mode
    refuses 4 "$mode: check" check "$SRC" "$VIA"
    refuses 4 "$mode: check --consistent" check --consistent "$SRC" "$VIA"
    refuses 5 "$mode: snapshot create" snapshot create "$VIA" other
    refuses 5 "$mode: gate record" gate record --output facts "$VIA"
    refuses 5 "$mode: repair plan" repair plan --policy backfill --case case --target "$VIA" --output other
    refuses 5 "$mode: repair apply" repair apply --yes --case case plan "$VIA"
    refuses 5 "$mode: repair verify" repair verify plan "$VIA"
    refuses 5 "$mode: snapshot restore" snapshot restore kept "${VIA}_back"
    ok "$mode: nothing is left behind" test ! -e other -a ! -e facts
    run doctor --json "$VIA"
    is "$mode: doctor: a problem" "$RC" 1
    is "$mode: doctor: by its name" "$(jq -r 'select(.state == "problem") | .name' "$OUT")" routing
done
is "no row was written" "$(on "SELECT COUNT(*) FROM t")" 979

leads mask # connection ids are the proxy's
run doctor --json "$VIA"
is "one server behind a proxy: doctor says so" "$(jq -r 'select(.name == "routing") | .state' "$OUT")" note
run_check "$SRC" "$VIA" --settle 0 --consistent
is "one server behind a proxy: check" "$RC" 1
run snapshot create "$VIA" masked
is "one server behind a proxy: snapshot create" "$RC" 0

# Connections that go to one server each.
python3 "$IT_DIR/balanced.py" balanced "$(of a)" "$(of b)" 2>/dev/null &
BALANCER=$!
at_exit 'kill "$BALANCER"'
wait_for 10 test -s balanced || bail "no balancer"
run doctor --json "mysql://root@127.0.0.1:$(cat balanced)/$DB"
is "two connections: doctor: a problem" "$RC" 1
like "two connections: both are named" "$(jq -r 'select(.name == "routing") | .message' "$OUT")" 'another server answers at .*instead of'
run doctor -v --json "$SRC"
is "no proxy: doctor says so" "$(jq -r 'select(.name == "routing") | .state' "$OUT")" ok
if [ -n "$MR_O_URI" ]; then
    run doctor -v --json "$MR_O_URI"
    is "MySQL: nor there" "$(jq -r 'select(.name == "routing") | .state' "$OUT")" ok
    fresh o "$DB"
    router o a
    leads mask
    run doctor -v --json "$VIA"
    is "MySQL: a proxy" "$(jq -r 'select(.name == "routing") | .state' "$OUT")" note
    leads split
    refuses 5 "MySQL: snapshot create" snapshot create "$VIA" other
else
    skip "MySQL" "no MySQL 9"
fi
finish
