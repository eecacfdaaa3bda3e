# lib.sh: what the server tests of check share: TAP, SQL on either side, questions to the JSON.
#
#   . "$(dirname "$0")/lib.sh"
#   begin                            # $DB from the script's name, fresh on a and b
#   at ab "CREATE TABLE t (…)"       # SQL on one side or several (a, b, o, p, r)
#   check_is 0 "equal pair"          # runs check on the pair; exit code and shape of output
#   rows_are "one change" t 'changed {"id":"1"} ["v"]'
#   finish                           # plan line, exit 1 after a failure
#
# The suite's runner gives MYRECON, MR_A_URI, MR_B_URI (MariaDB), MR_O_URI (Oracle MySQL 9,
# empty where it cannot be had), MR_P_URI/MR_R_URI (MariaDB primary and replica with GTID),
# MR_OP_URI/MR_OR_URI (the same on MySQL 9) and MR_TMP.  Without a runner the servers of a
# developer are taken.  A failed test shows the command, its exit code, what it wrote to
# stderr, and the lines of its result that are not plain "equal".

set -u
export LC_ALL=C.UTF-8
IT_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MYRECON=${MYRECON:-$IT_DIR/../../build/myrecon}
MR_A_URI=${MR_A_URI-mysql://root@127.0.0.1:33061}
MR_B_URI=${MR_B_URI-mysql://root@127.0.0.1:33062}
MR_O_URI=${MR_O_URI-mysql://root@127.0.0.1:33071}
IT_NAME=$(basename "$0" .sh)
IT_COUNT=0
IT_FAILED=0
IT_DROP=()  # "URI name": databases to drop at the end
IT_EXIT=()  # commands to run at the end
CMD=()
RC=0
SETTLE=0    # the pairs of most tests stand still
LIVE=0      # 1: rows move, so that counts of the two sides need not balance

# --- TAP ---------------------------------------------------------------------------------

note() { sed 's/^/# /'; }
in_time() { # DONE OF WHAT: of a loop over seeds that began at LOOP_FROM; MR_LONG_S (make test-long) ends it, aloud
    [ -n "${MR_LONG_S:-}" ] && [ $((SECONDS - ${LOOP_FROM:-0})) -ge "$((MR_LONG_S / ${LOOP_SHARE:-1}))" ] || return 0
    note <<<"$3: $1 of $2 in the time that there was (MR_LONG_S=$MR_LONG_S)"
    return 1
}

show_run() { # what the last check did, as diagnostics
    [ ${#CMD[@]} -gt 0 ] || return 0
    {
        printf 'command:'
        printf ' %q' "${CMD[@]}"
        printf '\nexit code: %s\n' "$RC"
        echo "stderr:"
        head -n 20 "$ERR" | cut -c1-400 | sed 's/^/  /'
        echo "stdout, without equal tables:"
        grep -v '"verdict": *"equal".*"schema": *"equal"' "$OUT" | head -n 30 |
            cut -c1-600 | sed 's/^/  /'
    } | note
}

result() { # result STATUS DESCRIPTION [what was wrong, lines]
    IT_COUNT=$((IT_COUNT + 1))
    if [ "$1" -eq 0 ]; then
        printf 'ok %d - %s\n' "$IT_COUNT" "$2"
        return 0
    fi
    IT_FAILED=$((IT_FAILED + 1))
    printf 'not ok %d - %s\n' "$IT_COUNT" "$2"
    [ $# -lt 3 ] || printf '%s\n' "$3" | note
    show_run
    return 1
}

results() { # results FILE [BEFORE]: its lines, "ok - …" and "not ok - …"; any other one is a failure
    local line
    while IFS= read -r line; do
        case $line in
        'ok - '*) result 0 "${2:-}${line#ok - }" ;;
        *) result 1 "${2:-}${line#not ok - }" ;;
        esac
    done <"$1"
}

accessible() { # accessible PAGE…: FILE or FILE=SELECTOR,…, as axe_pages.py looks at them; the browser is there
    local axe
    if ! axe=$("$IT_DIR/../lib/axe.sh" 2>&1); then
        skip "pages that axe-core looks at" "$(tail -n 1 <<<"$axe")"
        return
    fi
    mkdir -p "$IT_TMP/axe"
    CMD=(python3 -B "$IT_DIR/axe_pages.py" "$axe" "$IT_TMP/axe" "$@")
    "${CMD[@]}" >"$IT_TMP/axe.said" 2>"$ERR" </dev/null
    RC=$?
    : >"$OUT"
    results "$IT_TMP/axe.said"
    is "all pages were looked at" "$RC $(wc -l <"$IT_TMP/axe.said")" "0 $#"
}

skip() { # skip DESCRIPTION REASON
    IT_COUNT=$((IT_COUNT + 1))
    printf 'ok %d - %s # SKIP %s\n' "$IT_COUNT" "$1" "$2"
}

ok() { # ok DESCRIPTION COMMAND…: the command succeeds
    local desc=$1 out
    shift
    if out=$("$@" 2>&1); then result 0 "$desc"; else result 1 "$desc" "failed: $* $out"; fi
}

is() { # is DESCRIPTION GOT WANTED
    if [ "$2" = "$3" ]; then result 0 "$1"; else
        result 1 "$1" "got:
$2
wanted:
$3"
    fi
}

like() { # like DESCRIPTION TEXT REGEX
    if grep -Eiq -- "$3" <<<"$2"; then result 0 "$1"; else
        result 1 "$1" "nothing matches /$3/ in:
$(head -c 2000 <<<"$2")"
    fi
}

unlike() { # unlike DESCRIPTION TEXT REGEX
    if grep -Eiq -- "$3" <<<"$2"; then
        result 1 "$1" "matches /$3/:
$(grep -Ei -- "$3" <<<"$2" | head -n 5)"
    else result 0 "$1"; fi
}

bail() { # the set-up failed: nothing that follows would mean anything
    printf 'Bail out! %s\n' "$*"
    exit 1
}

at_exit() { # at_exit COMMAND: run at the end, last first, when the databases are gone
    IT_EXIT=("$1" "${IT_EXIT[@]}")
}

clean_up() {
    local entry
    for entry in "${IT_DROP[@]}"; do
        client "${entry%% *}" <<<"DROP DATABASE IF EXISTS $(ident "${entry#* }")" 2>/dev/null
    done
    for entry in "${IT_EXIT[@]}"; do eval "$entry"; done
    [ -z "${IT_TMP:-}" ] || rm -rf "$IT_TMP"
}

written_side() { # written_side [mysql]: T is the side that is written to: b, or o under a name of its own
    T=b
    [ "${1:-}" = mysql ] || return 0
    T=o
    IT_NAME+=_mysql
    [ -z "$MR_O_URI" ] || return 0
    echo "1..0 # SKIP no MySQL server"
    exit 0
}

begin() { # begin [SIDES]: scratch directory, and the script's database fresh on the sides
    [ -x "$MYRECON" ] || bail "no binary at $MYRECON"
    [ -z "${MR_TMP:-}" ] || mkdir -p "$MR_TMP"
    IT_TMP=$(mktemp -d "${MR_TMP:-${TMPDIR:-/tmp}}/$IT_NAME.XXXXXX") || bail "no scratch"
    OUT=$IT_TMP/out ERR=$IT_TMP/err DB=$IT_NAME
    : >"$OUT"
    : >"$ERR"
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    # no configuration, account or colour of the person who runs the tests
    # what was set up once, such as MySQL 9, stays where it is
    export MYRECON_CACHE=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
    export HOME=$IT_TMP NO_COLOR=1 MYRECON_SYSTEM_CONFIG=/dev/null
    unset XDG_CONFIG_HOME MYRECON_CONFIG MYRECON_USER MYRECON_PASSWORD MYRECON_SOURCE_USER \
        MYRECON_SOURCE_PASSWORD MYRECON_TARGET_USER MYRECON_TARGET_PASSWORD
    fresh "${1-ab}" "$DB"
    SRC=$(uri a "$DB") DST=$(uri b "$DB")
}

finish() {
    printf '1..%d\n' "$IT_COUNT"
    [ "$IT_FAILED" -eq 0 ]
    exit
}

# --- servers -----------------------------------------------------------------------------

side_uri() {
    case $1 in
    a) echo "$MR_A_URI" ;; b) echo "$MR_B_URI" ;; o) echo "$MR_O_URI" ;;
    p) echo "$PAIR_P" ;; r) echo "$PAIR_R" ;;
    mysql://*) echo "$1" ;;
    *) bail "no side $1" ;;
    esac
}

uri() { # uri SIDE DB[,DB…] [USER[:PASSWORD]]: DB already percent-encoded
    local u rest
    u=$(side_uri "$1")
    rest=${u#mysql://}
    [ $# -lt 3 ] || rest=$3@${rest#*@}
    case $rest in
    *\?*) echo "mysql://${rest%%\?*}/$2?${rest#*\?}" ;;
    *) echo "mysql://$rest/$2" ;;
    esac
}

client() { # client SIDE [OPTIONS…]: SQL from stdin, bare tab-separated result
    local u host auth args
    u=$(side_uri "$1")
    shift
    u=${u#mysql://}
    u=${u%%[/?]*}
    auth=${u%@*} host=${u##*@}
    args=(--no-defaults -h "${host%:*}" -P "${host##*:}" -u "${auth%%:*}")
    case $auth in *:*) args+=("-p${auth#*:}") ;; esac
    mariadb "${args[@]}" -N -B --raw --default-character-set=utf8mb4 \
        --init-command="SET SESSION sql_mode='', time_zone='+00:00'" "$@"
}

ident() { printf '`%s`' "${1//\`/\`\`}"; }

fresh() { # fresh SIDES NAME: an empty database, the same defaults on every server
    local i
    for ((i = 0; i < ${#1}; i++)); do
        IT_DROP+=("$(side_uri "${1:i:1}") $2")
        client "${1:i:1}" <<<"DROP DATABASE IF EXISTS $(ident "$2");
            CREATE DATABASE $(ident "$2") CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" ||
            bail "cannot create database $2 on side ${1:i:1}"
    done
}

# A replicated pair becomes the sides p and r.  Scripts run side by side, so it is locked.
use_pair() { # use_pair mariadb|mysql; 1: there is none
    local lock
    case $1 in
    mariadb) [ -n "${MR_P_URI:-}" ] || own_servers && PAIR_P=$MR_P_URI PAIR_R=$MR_R_URI lock=$MR_P_DIR ;;
    mysql) PAIR_P=${MR_OP_URI:-} PAIR_R=${MR_OR_URI:-} lock=${MR_OP_DIR:-} ;;
    esac
    [ -n "$PAIR_P" ] && [ -n "$PAIR_R" ] || return 1
    exec 9<"$lock" && flock 9
}

# What SET GLOBAL changes on the runner's servers, the scripts beside this one see.  Those that
# need such a setting hold them together, one that changes it holds them alone; before use_pair.
settings() { # settings stay|change
    [ -n "${MR_A_DIR:-}" ] || return 0
    exec 8<"$MR_A_DIR"
    if [ "$1" = stay ]; then flock -s 8; else flock 8; fi
}

# A server that starts removes the temporary tables of all that share its tmpdir, so each has
# one of its own.
own_begin() { # own_begin NAME…: MariaDB servers of this script's own (tests/lib/servers.sh)
    local name
    [ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
    [ -n "${mr_run_dir:-}" ] || mr_servers_begin || return 1
    for name; do
        mkdir -p "$mr_run_dir/tmp.$name"
        mr_spawn_mariadb "$name" --tmpdir="$mr_run_dir/tmp.$name" || return 1
    done
    mr_await "$@" || return 1
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
}

own_servers() { # P and R, replicating, where no runner has started any
    own_begin P R && mr_replicate P R
}

caught_up() { # waits until r has applied what p has written
    local pos
    if [ "$(client p <<<"SELECT @@version LIKE '%MariaDB%'")" = 1 ]; then
        pos=$(client p <<<"SELECT @@gtid_binlog_pos")
        pos=$(client r <<<"SELECT MASTER_GTID_WAIT('$pos', 60)")
    else
        pos=$(client p <<<"SELECT @@gtid_executed")
        pos=$(client r <<<"SELECT WAIT_FOR_EXECUTED_GTID_SET('$pos', 60)")
    fi
    [ "$pos" = 0 ] || bail "the replica does not catch up: $pos"
}

at() { # at SIDES SQL: in $DB on each side
    local i
    for ((i = 0; i < ${#1}; i++)); do
        client "${1:i:1}" -D "$DB" <<<"$2" || bail "SQL failed on side ${1:i:1}: ${2:0:400}"
    done
}

# --- runs --------------------------------------------------------------------------------

# --- a run in the background, whose process is $PID ---------------------------------------

ended() { # ended [SECONDS]: it ends by itself; $RC
    local i tries=$((${1:-60} * 20))
    for ((i = 0; i < tries; i++)); do
        kill -0 "$PID" 2>/dev/null || break
        sleep 0.05
    done
    [ $i -lt $tries ] || kill -9 "$PID"
    wait "$PID" 2>/dev/null
    RC=$?
}

wait_for() { # wait_for SECONDS COMMAND…: until it succeeds
    local try
    for ((try = 0; try < $1 * 20; try++)); do
        "${@:2}" && return 0
        sleep 0.05
    done
    return 1
}

run_check() { # run_check ARGS…: check --json; $RC, lines in $OUT, log in $ERR
    CMD=("$MYRECON" check --json --no-progress "$@")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

shape() { # the broken rules of the last run, one a line
    local capped=false live=false
    case " ${CMD[*]} " in *" --max-rows "*) capped=true ;; esac
    [ "$LIVE" = 0 ] || live=true
    jq -rs --arg rc "$RC" --argjson capped $capped --argjson live $live -f "$IT_DIR/shape.jq" "$OUT" 2>&1
}

check_is() { # check_is RC DESCRIPTION [ARGS…]: the pair $SRC, $DST gives RC, in good shape
    local want=$1 desc=$2 broken=
    shift 2
    run_check "$SRC" "$DST" --settle "$SETTLE" "$@"
    case $RC in 0 | 1 | 4) broken=$(shape | head -n 12) ;; esac
    if [ "$RC" != "$want" ]; then
        result 1 "$desc" "exit code $RC, wanted $want
$broken"
    elif [ -n "$broken" ]; then
        result 1 "$desc" "$broken"
    else
        result 0 "$desc"
    fi
}

# --- questions ---------------------------------------------------------------------------

full() { case $1 in *.*) echo "$1" ;; *) echo "$DB.$1" ;; esac; } # t is $DB.t

lines() { jq -c "select($1)" "$OUT" 2>&1; } # lines FILTER

table_field() { # table_field TABLE FIELD
    jq -rc --arg t "$(full "$1")" 'select(.type == "table" and .table == $t) | .'"$2" "$OUT" 2>&1
}

table_is() { # table_is DESCRIPTION TABLE FILTER: one line of the table, and FILTER holds
    local got
    got=$(jq -sc --arg t "$(full "$2")" 'map(select(.type == "table" and .table == $t))' "$OUT")
    if jq -e "length == 1 and (.[0] | $3)" <<<"$got" >/dev/null 2>&1; then
        result 0 "$1"
    else
        result 1 "$1" "wanted $3 of: $got"
    fi
}

count_is() { # count_is DESCRIPTION N FILTER: so many lines
    local got
    got=$(lines "$3")
    if [ "$(grep -c . <<<"$got")" -eq "$2" ]; then
        result 0 "$1"
    else
        result 1 "$1" "wanted $2 lines with $3, got:
$(head -n 10 <<<"$got")"
    fi
}

one() { count_is "$1" 1 "$2"; }

none() { # none DESCRIPTION FILTER: a finished run without such a line
    local got
    got=$(lines "$2")
    if [ -z "$got" ] && [ -n "$(lines '.type == "summary"')" ]; then
        result 0 "$1"
    else
        result 1 "$1" "wanted a summary and nothing with $2, got:
$(head -n 10 <<<"$got")"
    fi
}

rows_of() { # rows_of TABLE: "KIND KEY COLUMNS" of each row line, sorted
    case $(table_field "$1" verdict) in
    equal | diverged) ;;
    *) echo "$1 is neither equal nor diverged" ;;
    esac
    jq -rc --arg t "$(full "$1")" 'select(.type == "row" and .table == $t) |
        "\(.kind) \(.key | tojson) \(.columns | tojson)" +
        (if .key == null then " x\(.count)" else "" end)' "$OUT" 2>&1 | sort
}

rows_are() { # rows_are DESCRIPTION TABLE LINES: as rows_of prints them, in any order
    is "$1" "$(rows_of "$2")" "$(sort <<<"$3" | sed '/^$/d')"
}

image() { # image TABLE KIND SIDE COLUMN: a value of the only row of that kind, as JSON
    jq -c --arg t "$(full "$1")" --arg k "$2" --arg s "$3" --arg c "$4" \
        'select(.type == "row" and .table == $t and .kind == $k) | .[$s][$c]' "$OUT" 2>&1
}

# --- the case ----------------------------------------------------------------------------

ask_case() { # ask_case SQL: of the case $CASE; LAST stands for its last run
    sqlite3 -readonly "$CASE" "${1//LAST/(SELECT max(id) FROM run)}" 2>&1
}

ways() { # ways [TABLE]: whom the findings (of a table) lead to; see ways.sql
    sqlite3 -readonly "$CASE" ".read $IT_DIR/ways.sql" 2>&1 | grep -E "^[a-z]+ ${1:-[^ ]*}:"
}

ways_are() { # ways_are DESCRIPTION TABLE LINES: in any order
    is "$1" "$(ways "$2")" "$(sort <<<"$3" | sed '/^$/d')"
}
