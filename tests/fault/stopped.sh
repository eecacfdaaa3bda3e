# stopped.sh: what the scripts share that stop a server (SIGSTOP) in each phase of each command,
# on top of lib.sh: the commands, the world that they run in, and the server.
#
# What is stopped is a proxy in front of the server: its port takes connections as that of a
# stopped server does, and the scripts beside this one keep their server.

[ -x "$PROXY" ] || bail "no program at $PROXY"
PHASES=${PHASES:-3} # of each command, from its first byte on
T=b
begin ab
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
CASE=case
histories
checked
plan_is 0 "a plan" plan
"$MYRECON" snapshot create -q "$DST" snap >"$OUT" 2>"$ERR" || bail "snapshot: $(cat "$ERR")"
"$MYRECON" gate record --output facts "$DST" >"$OUT" 2>"$ERR" || bail "gate: $(cat "$ERR")"
BEFORE=$(people)

# What is run, with the side that is stopped as VIA; in a directory with copies of all it needs.
# QUICK: its options, of the script; an empty word is none.
declare -A COMMANDS=(
    [check]="check --config my.ini --settle 0 --threads 1 $QUICK SOURCE VIA"
    [against]="snapshot verify --against VIA $QUICK snap"
    [affected]="affected --config my.ini --case case --since 2026-01-01 --source SOURCE --target VIA $QUICK"
    [create]="snapshot create --threads 1 $QUICK VIA made"
    [restore]="snapshot restore $QUICK --rename-db $DB=${DB}_NUMBER snap SERVER"
    [plan]="repair plan --config my.ini --case case --policy merge --split-at 2026-01-15 --source SOURCE --target VIA --output new $QUICK"
    [apply]="repair apply --yes $QUICK plan VIA"
    [undo]="repair undo --yes $QUICK plan VIA"
    [verify]="repair verify $QUICK --source SOURCE plan VIA"
    [record]="gate record $QUICK --output new VIA"
    [gate]="gate check $QUICK facts VIA"
    [doctor]="doctor $QUICK VIA"
)

serve() { # serve STOP [SIDE]: a proxy in front of b; sets ADDRESS and PID
    rm -f report
    "$PROXY" 0 "$(side_uri "${2:-b}" | sed 's,.*@,,; s,[/?].*,,')" "$PWD/report" stop="$1" &
    PID=$!
    wait_for 10 [ -e report ]
    ADDRESS=127.0.0.1:$(sed -n 's/^port //p' report)
}
stopped() { [ "$(sed 's/.*) //; s/ .*//' "/proc/$PID/stat")" = T ]; }
ends_server() {
    kill -KILL "$PID" && wait "$PID"
} 2>/dev/null

command_of() { # command_of NAME [QUERY]: its words, with the addresses that serve has set
    local text=${COMMANDS[$1]} query=${2:-}
    text=${text//SOURCE/$(uri a "$DB")$query}
    text=${text//VIA/mysql://root@$ADDRESS/$DB$query}
    text=${text//SERVER/mysql://root@$ADDRESS$query}
    echo "${text//NUMBER/$1}"
}

again() { # again NAME: what it has made is gone
    rm -rf made new
    client b <<<"DROP DATABASE IF EXISTS ${DB}_$1"
}
undisturbed_bytes() { # undisturbed_bytes NAME: sets BYTES, which the server sends in all
    phase "$1" 0
    kill "$PID" && wait "$PID"
    BYTES=$(sed -n 's/^bytes //p' report)
    case $RC in 0 | 1 | 2) ;; *) echo "undisturbed: exit code $RC: $(tail -n 3 said)" ;; esac
    again "$1"
}

