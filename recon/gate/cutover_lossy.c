/* cutover_lossy.c: what a replica may lack although it has applied all; see cutover.h.
 *
 * OLD may write less to its log than it does, and NEW may pass over what it cannot apply: neither is
 * seen by a position, and rows tell it only where they are the newest. */
#include <string.h>
#include <strings.h>

#include "core/db/log_place.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "recon/gate/cutover.h"
#include "recon/gate/gate_channels.h"

static void add_filter(struct mr_strbuf *out, const char *name, const char *dbs)
{
    if (dbs[0] != '\0')
        mr_strbuf_add_fmt(out, "%s%s %s", out->len > 0 ? ", " : "", name, dbs);
}

static enum mr_code read_log(struct mr_cutover *c, enum mr_side side, struct mr_err *err)
{
    const struct mr_gate_link *link = &c->link[side];
    struct mr_cutover_log *log = &c->facts.link.log[side];
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    const char *only, *leaves;
    enum mr_code code = mr_log_filters_read(link->db, &c->arena, &only, &leaves, &why);
    log->view = mr_gate_link_view(link, code, &why, mr_monitor_right_log(mr_db_server(link->db)),
                                  "*.*", &c->arena);
    add_filter(&text, "Binlog_Do_DB", only);
    add_filter(&text, "Binlog_Ignore_DB", leaves);
    if (mr_gate_is_fatal(code)) {
        *err = why;
    } else {
        code = mr_strbuf_check(&text, "looking at replication", err);
        log->filters = code == MR_OK && text.len > 0 ? mr_arena_strdup(&c->arena, text.ptr) : "";
    }
    mr_strbuf_release(&text);
    if (code == MR_OK && log->filters == NULL)
        return mr_err_nomem(err, "looking at replication");
    return code;
}

/* As MySQL and MariaDB call them, and what they are where nothing is passed over. */
static const struct {
    const char *name, *strict;
} lenient[] = {
    {"slave_skip_errors", "OFF"},
    {"replica_skip_errors", "OFF"},
    {"slave_exec_mode", "STRICT"},
    {"replica_exec_mode", "STRICT"},
    {"replicate_events_marked_for_skip", "REPLICATE"},
};

static bool is_strict(const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof lenient / sizeof *lenient; i++)
        if (strcasecmp(lenient[i].name, name) == 0)
            return value[0] == '\0' || strcasecmp(lenient[i].strict, value) == 0;
    return true;
}

/* MySQL has some of them under two names. */
static enum mr_code read_lenient(struct mr_cutover *c, struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL VARIABLES WHERE Variable_name LIKE '%_skip_errors' OR "
                              "Variable_name LIKE '%_exec_mode' OR Variable_name = "
                              "'replicate_events_marked_for_skip'";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(c->link[MR_NEW].db, "vn", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        if (cells[1].ptr != NULL && !is_strict(cells[0].ptr, cells[1].ptr))
            mr_strbuf_add_fmt(&text, "%s%s = %.40s", text.len > 0 ? ", " : "", cells[0].ptr,
                              cells[1].ptr);
    mr_result_free(res);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "looking at replication", err);
    if (code == MR_OK && text.len > 0) {
        c->facts.link.lenient = mr_arena_strdup(&c->arena, text.ptr);
        if (c->facts.link.lenient == NULL)
            code = mr_err_nomem(err, "looking at replication");
    }
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_cutover_read_lossy(struct mr_cutover *c, struct mr_err *err)
{
    for (int side = MR_OLD; side <= MR_NEW; side++)
        MR_TRY(read_log(c, (enum mr_side)side, err));
    return read_lenient(c, err);
}
