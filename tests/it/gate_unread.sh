#!/bin/bash
# gate_unread.sh: what MySQL cannot answer is unknown, never fine.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
if gate_pair mysql; then
    healthy
    GATE_ARGS=(--only running_backup,history_list,read_only,connections)
    PEER='' well "as it is"

    # an expression that MySQL gives up on
    mr_sql GP -e "SET GLOBAL regexp_stack_limit = 1"
    mr_sql GP --comments -e "/* $(printf 'a%.0s' {1..300}) */ SELECT SLEEP(60)" >/dev/null 2>&1 &
    BG=$!
    await_sql GP "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '/* aaa%'"
    PEER='' fires "statements that cannot be told" running_backup:unknown
    end_background GP
    mr_sql GP -e "SET GLOBAL regexp_stack_limit = DEFAULT"

    # an instrument that is off shows no lock, and no error
    mr_sql GP -e "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
    PEER='' well "without the instrument of locks"
    says "what it would not show is said" running_backup 'would show only through performance_schema'
    mr_sql GP -e "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'"

    # a counter that is off stands still
    mr_sql GP -e "SET GLOBAL innodb_monitor_disable = 'trx_rseg_history_len'"
    PEER='' fires "a counter that is off" history_list:unknown
    mr_sql GP -e "SET GLOBAL innodb_monitor_enable = 'trx_rseg_history_len'"

    # what refuses writes, and who is let in
    mr_sql GP -e "SET GLOBAL transaction_read_only = ON"
    PEER='' fires "transactions that may not write" read_only:critical
    says "the setting is named" read_only 'read-only \(transaction_read_only\), was writable'
    mr_sql GP -e "SET GLOBAL transaction_read_only = OFF"
    mr_sql GP -e "SET GLOBAL offline_mode = ON"
    PEER='' fires "a server that only administrators get into" connections:critical
    mr_sql GP -e "SET GLOBAL offline_mode = OFF"
    PEER='' well "all is as it was"
else
    skip "gate on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
