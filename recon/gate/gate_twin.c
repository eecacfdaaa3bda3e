/* gate_twin.c: see gate_twin.h. */
#include "recon/gate/gate_twin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/sqltext.h"

#define TRIES 5
#define WAIT_MS 200

static enum mr_code count_rows(const struct mr_gate_link *link, const struct mr_gate_table *table,
                               const char *db, uint64_t *rows, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, found = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
    mr_sql_table(&sql, db, table->name);
    if (table->key_column != NULL && table->greatest[0] != '\0') {
        mr_strbuf_add_str(&sql, " WHERE ");
        mr_sql_ident(&sql, table->key_column);
        mr_strbuf_add_fmt(&sql, " <= %s", table->greatest);
    }
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(link->db, sql.ptr, &found, err);
    *rows = strtoull(found.ptr, NULL, 10);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&found);
    return code;
}

/* What SERVER had, from the first count on. */
struct span {
    uint64_t least, most;
};

static void widen(struct span *span, uint64_t rows)
{
    span->least = rows < span->least ? rows : span->least;
    span->most = rows > span->most ? rows : span->most;
}

/* SERVER is counted before and after: what the replica has lies between, or is not what SERVER has.
 * Of a table that is written all the time the replica has what SERVER had a moment ago: before the
 * first count, but not before the second try. */
static enum mr_code count_both(const struct mr_gate_twin_task *task,
                               const struct mr_gate_table *table, const char *db, struct span *span,
                               struct mr_gate_twin *twin, struct mr_err *why)
{
    uint64_t before = 0, after = 0;
    enum mr_code code = count_rows(task->server, table, table->db, &before, why);
    if (code == MR_OK)
        code = count_rows(task->replica, table, db, &twin->theirs, why);
    if (code == MR_OK)
        code = count_rows(task->server, table, table->db, &after, why);
    if (code != MR_OK)
        return code;
    widen(span, before);
    widen(span, after);
    twin->ours = twin->theirs < span->least ? span->least : span->most;
    twin->differs = twin->theirs < span->least || twin->theirs > span->most;
    return MR_OK;
}

static enum mr_code compare(const struct mr_gate_twin_task *task, const struct mr_gate_table *table,
                            const char *db, struct mr_gate_twin *twin, struct mr_err *err)
{
    const struct timespec step = {.tv_nsec = WAIT_MS * 1000000L};
    struct mr_strbuf place = MR_STRBUF_INIT;
    struct mr_err why = {0};
    struct span span = {.least = UINT64_MAX};
    enum mr_code code = count_both(task, table, db, &span, twin, &why);
    for (int i = 1; code == MR_OK && twin->differs && i < TRIES; i++) {
        (void)nanosleep(&step, NULL);
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        code = count_both(task, table, db, &span, twin, &why);
    }
    mr_sql_table(&place, db, table->name);
    twin->view = mr_gate_link_view(task->replica, code, &why, "SELECT", place.ptr, task->arena);
    mr_strbuf_release(&place);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

enum mr_code mr_gate_read_twins(const struct mr_gate_twin_task *task, struct mr_gate_facts *replica,
                                struct mr_err *err)
{
    const double deadline_s = mr_clock_now_s() + task->budget_s;
    struct mr_gate_twin *twins =
        mr_arena_calloc(task->arena, task->facts->ntables + 1, sizeof *twins);
    enum mr_code code = twins != NULL ? MR_OK : mr_err_nomem(err, "counting rows");
    replica->twins = twins;
    for (size_t i = 0; code == MR_OK && i < task->facts->ntables; i++) {
        const struct mr_gate_table *table = &task->facts->tables[i];
        if (table->view.seen != MR_GATE_SEEN)
            continue;
        if (!table->rows_exact || mr_clock_now_s() > deadline_s) {
            replica->twins_left++;
            continue;
        }
        struct mr_gate_twin *twin = &twins[replica->ntwins++];
        twin->db = table->db;
        twin->name = table->name;
        code = compare(task, table, mr_gate_facts_pair(task->facts, replica, table->db), twin, err);
    }
    return code;
}
