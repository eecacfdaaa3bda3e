/* snapshot_create_cmd.c: `myrecon snapshot create`; see snapshot_cmd.h. */
#include <stdio.h>

#include "core/base/term.h"
#include "snapshot/create/create.h"
#include "snapshot/snap_show.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "keep a server's schema and rows in a directory",
    .operands = "SOURCE DIR",
    .description =
        "Writes the schema and all rows of SOURCE into DIR: compressed, with checksums, "
        "as of one moment, without locks, and no faster than the server can bear. "
        "SOURCE is only read. Databases, tables, views, triggers, routines, events and "
        "sequences are kept; what the account may not see is named.\n"
        "\n"
        "DIR is built as DIR.partial and takes its name when it is whole. After an "
        "interruption the same command goes on with what is there: files whose rows are "
        "still the same are kept. DIR can be loaded with stock tools alone: RESTORE.txt "
        "in it says how.\n"
        "\n"
        "With --only-diverged DIR holds the evidence: of tables in which a check has "
        "found "
        "differences the rows in question, and nothing else.\n"
        "\n"
        "With --base DIR0 it is incremental: only rows whose keys the server's binary logs name "
        "since the snapshot in DIR0, as they are in one view now, and which keys are gone. A "
        "table of which the logs do not tell that (statements, TRUNCATE, definitions, no key, "
        "foreign keys that cascade) is copied whole, and it says why. What is written "
        "without the log is not seen. DIR0 may be incremental, too. It needs REPLICATION SLAVE "
        "and BINLOG MONITOR (MySQL: REPLICATION CLIENT), and the logs since DIR0.\n"
        "\n"
        "SELECT, SHOW VIEW, TRIGGER and EVENT are enough for all but routines, which "
        "need SHOW_ROUTINE (MySQL) or SELECT on mysql.proc (MariaDB).\n"
        "\n"
        "Exit status: 0 made; 3 could not run; 4 made, but something was left out or is "
        "of a later moment; 5 refused: DIR is not empty, or DIR0 cannot be the base; 6 "
        "interrupted, can be resumed; "
        "70 bug.\n",
    .examples = "  myrecon snapshot create mysql://dba@lost-replica/club /backup/club\n"
                "  myrecon snapshot create --rate 20 --max-load 20 --exclude '*.log' \\\n"
                "      mysql://dba@live /backup/live\n"
                "  myrecon snapshot create --where \"club.orders=id > 1000\" \\\n"
                "      mysql://dba@live/club /backup/orders\n"
                "  myrecon snapshot create --base /backup/n1 mysql://dba@live/club /backup/n2\n"
                "  myrecon snapshot create --only-diverged --case incident.case \\\n"
                "      mysql://dba@lost-replica/club /backup/evidence\n",
};

/* Incomplete is an exit code of its own: a snapshot with something left out is never a 0. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_create_options *opts = invocation->settings.values;
    const char *dir = invocation->operands[1];
    struct mr_create create = {.opts = opts};
    mr_general_options_apply(&opts->general);
    MR_TRY(mr_db_global_init(err));
    enum mr_code code = mr_create_run(&create, invocation->operands[0], dir, err);
    if (code == MR_OK)
        code = opts->json ? mr_snap_show_json(&create.manifest, dir, NULL, NULL, stdout, err)
                          : mr_snap_show_text(&create.manifest, dir,
                                              mr_general_look(&opts->general), stdout, err);
    *exit_code = mr_create_is_incomplete(&create) ? 4 : 0;
    mr_create_release(&create);
    return code;
}

const struct mr_command mr_snapshot_create_command = {
    .name = "snapshot create",
    .doc = &doc,
    .options = &mr_create_option_set,
    .min_operands = 2,
    .max_operands = 2,
    .unheard = "The snapshot is made. \"myrecon snapshot list\" says what is in it, and "
               "what was left out.",
    .run = run};
