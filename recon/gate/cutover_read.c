/* cutover_read.c: what is read of the servers beside replication and tables; see cutover.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "recon/gate/cutover.h"
#include "recon/gate/gate_channels.h"
#include "recon/gate/gate_gtid.h"

#define SHOWN 300
#define SLOW_S "5" /* that an applier is at one thing */

/* Where there is no memory nothing is judged of it (mr_cutover_run()). */
static const char *text_of(struct mr_cutover *c, const char *text)
{
    return mr_arena_keep(&c->arena, text, &c->judge.nomem);
}

/* ---- settings ---- */

/* Clocks are asked for moments in winter and summer, and near the days on which zones change. */
static const char clocks_sql[] =
    "SELECT CONCAT("
    "CONVERT_TZ('2026-01-15 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2026-03-20 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2026-04-03 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2026-07-15 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2026-10-20 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2026-10-29 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('2015-07-15 12:00:00', '+00:00', @@GLOBAL.time_zone), ' ',"
    "CONVERT_TZ('1995-07-15 12:00:00', '+00:00', @@GLOBAL.time_zone))";
/* Tables of zones are loaded into each server by itself: that is not in the log. */
static const char named_zone_sql[] =
    "SELECT CONVERT_TZ('2026-07-15 12:00:00', 'UTC', 'Europe/Berlin')";
static const char collation_sql[] =
    "SELECT DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME ="
    " @@GLOBAL.character_set_server";

/* "" where the server cannot say it. */
static enum mr_code read_text(struct mr_cutover *c, enum mr_side side, const char *sql,
                              const char **out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(c->link[side].db, sql, &text, &why);
    *out = code == MR_OK && text.len > 0 ? text_of(c, text.ptr) : "";
    mr_strbuf_release(&text);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

static enum mr_code read_variables(struct mr_cutover *c, enum mr_side side, struct mr_vec *items,
                                   struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL VARIABLES";
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(c->link[side].db, "vn", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        struct mr_gate_variable *v = mr_vec_push(items);
        if (v == NULL) {
            code = mr_err_nomem(err, "reading settings");
            break;
        }
        v->name = text_of(c, cells[0].ptr);
        v->value = text_of(c, cells[1].ptr);
    }
    mr_result_free(res);
    return code;
}

enum mr_code mr_cutover_read_values(struct mr_cutover *c, enum mr_side side, struct mr_err *err)
{
    struct mr_cutover_values *values = &c->values[side];
    struct mr_vec items = MR_VEC_INIT(struct mr_gate_variable);
    enum mr_code code = read_variables(c, side, &items, err);
    *values = (struct mr_cutover_values){.server = mr_db_server(c->link[side].db),
                                         .clocks = "",
                                         .named_zone = "",
                                         .default_collation = ""};
    MR_TRY_OUT(code);
    struct mr_gate_variable *kept =
        mr_arena_calloc(&c->arena, items.count + 1, sizeof(struct mr_gate_variable));
    if (kept == NULL) {
        code = mr_err_nomem(err, "reading settings");
        goto out;
    }
    if (items.count > 0)
        memcpy(kept, items.items, items.count * sizeof *kept);
    values->items = kept;
    values->count = items.count;
    MR_TRY_OUT(read_text(c, side, clocks_sql, &values->clocks, err));
    MR_TRY_OUT(read_text(c, side, named_zone_sql, &values->named_zone, err));
    MR_TRY_OUT(read_text(c, side, collation_sql, &values->default_collation, err));
out:
    mr_vec_release(&items);
    return code;
}

/* ---- what NEW is at ---- */

/* The thread that applies shows a statement while it runs one; rows have none, but a transaction. */
static const char slow_sql[] =
    "SELECT COALESCE(LEFT(p.INFO, 80), 'rows of a transaction'),"
    " GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, x.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00',"
    " 'SYSTEM')), 0), IF(p.INFO IS NULL, 0, p.TIME))"
    " FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX x"
    " ON x.trx_mysql_thread_id = p.ID WHERE p.USER = 'system user' AND"
    " ((p.INFO IS NOT NULL AND p.TIME >= " SLOW_S ") OR (x.trx_started IS NOT NULL AND"
    " TIMESTAMPDIFF(SECOND, x.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')) >="
    " " SLOW_S ")) ORDER BY p.ID LIMIT 20";

static void hide(struct mr_fence_value *value, const char *why)
{
    *value = (struct mr_fence_value){.why = why};
}

static enum mr_code read_work(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_gate_link *new = &c->link[MR_NEW];
    struct mr_cutover_work *work = &c->facts.work;
    MR_TRY(mr_fence_read_list(new, slow_sql, &c->arena, &work->slow, &work->slow_names, err));
    if (new->grants == NULL || !mr_grants_global(new->grants, "PROCESS"))
        hide(&work->slow, "the account has no PROCESS");
    return MR_OK;
}

/* ---- events ---- */

#define NAMED 20

enum { EV_DB, EV_NAME, EV_ENABLED, EV_SCHEDULER, EV_DEFINER, EV_COLLATION };

struct event {
    const char *name; /* "db.event" */
    bool enabled;
    const char *enable; /* the statement */
};

static enum mr_code add_event(struct mr_cutover *c, const struct mr_cell *cells,
                              struct mr_vec *list, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    struct event *e = mr_vec_push(list);
    mr_strbuf_add_fmt(&name, "%s.%s", cells[EV_DB].ptr, cells[EV_NAME].ptr);
    mr_sql_enable_event(&sql, cells[EV_DB].ptr, cells[EV_NAME].ptr, cells[EV_DEFINER].ptr,
                        cells[EV_COLLATION].ptr);
    if (e != NULL && !name.failed && !sql.failed)
        *e = (struct event){mr_arena_strdup(&c->arena, name.ptr), cells[EV_ENABLED].ptr[0] == '1',
                            mr_arena_strdup(&c->arena, sql.ptr)};
    mr_strbuf_release(&name);
    mr_strbuf_release(&sql);
    return e != NULL && e->name != NULL && e->enable != NULL ? MR_OK
                                                             : mr_err_nomem(err, "reading events");
}

/* An account sees the events of databases that it has EVENT on: seen is false where that are not all. */
static enum mr_code read_events_of(struct mr_cutover *c, enum mr_side side, struct mr_vec *list,
                                   bool *scheduler, struct mr_fence_value *seen, struct mr_err *err)
{
    static const char sql[] =
        "SELECT EVENT_SCHEMA, EVENT_NAME, STATUS = 'ENABLED', @@GLOBAL.event_scheduler = 'ON', "
        "DEFINER, COLLATION_CONNECTION FROM information_schema.EVENTS ORDER BY 1, 2";
    const struct mr_gate_link *link = &c->link[side];
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(link->db, "vvvvvv", sql, sizeof sql - 1, &res, &why);
    *seen = (struct mr_fence_value){.is_seen = code == MR_OK};
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        code = add_event(c, cells, list, &why);
        *scheduler = cells[EV_SCHEDULER].ptr[0] == '1';
    }
    mr_result_free(res);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (why.sql_errno == MR_ER_EVENTS_DISABLED)
        *seen = (struct mr_fence_value){.is_seen = true}; /* it shows none, and runs none */
    else if (code != MR_OK)
        hide(seen, text_of(c, why.message));
    else if (link->grants == NULL || !mr_grants_global(link->grants, "EVENT"))
        hide(seen, side == MR_OLD ? "the account has no EVENT on all databases of OLD"
                                  : "the account has no EVENT on all databases of NEW");
    return MR_OK;
}

static bool is_enabled(const struct mr_vec *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct event *e = mr_vec_at(list, i);
        if (e->enabled && strcmp(e->name, name) == 0)
            return true;
    }
    return false;
}

/* Of those that are enabled here: both, or not, there. */
static enum mr_code pick(struct mr_cutover *c, const struct mr_vec *here,
                         const struct mr_vec *there, bool both, struct mr_fence_value *count,
                         const char **names, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    *count = (struct mr_fence_value){.is_seen = true};
    for (size_t i = 0; i < here->count; i++) {
        const struct event *e = mr_vec_at(here, i);
        if (!e->enabled || is_enabled(there, e->name) != both)
            continue;
        if (count->value++ < NAMED)
            mr_strbuf_add_fmt(&text, "%s%s", text.len > 0 ? ", " : "", e->name);
    }
    if (count->value > NAMED)
        mr_strbuf_add_fmt(&text, ", and %" PRIu64 " more", count->value - NAMED);
    enum mr_code code = mr_strbuf_check(&text, "reading events", err);
    *names = code == MR_OK ? text_of(c, text.ptr) : "";
    mr_strbuf_release(&text);
    return code;
}

/* Of those that are enabled on OLD, and not on NEW. */
static enum mr_code list_enabling(struct mr_cutover *c, const struct mr_vec *old,
                                  const struct mr_vec *new, struct mr_err *err)
{
    for (size_t i = 0; i < old->count; i++) {
        const struct event *e = mr_vec_at(old, i);
        if (!e->enabled || is_enabled(new, e->name))
            continue;
        const char **statement = mr_vec_push(&c->facts.events.enable);
        if (statement == NULL)
            return mr_err_nomem(err, "reading events");
        *statement = e->enable;
    }
    return MR_OK;
}

static enum mr_code read_events(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_cutover_events *ev = &c->facts.events;
    struct mr_vec list[MR_SIDES] = {MR_VEC_INIT(struct event), MR_VEC_INIT(struct event)};
    struct mr_fence_value seen[MR_SIDES] = {{0}, {0}};
    bool *const scheduler = ev->scheduler;
    enum mr_code code = MR_OK;
    ev->twice_names = ev->alone_names = ev->off_names = "";
    for (int i = MR_OLD; i <= MR_NEW; i++)
        MR_TRY_OUT(read_events_of(c, (enum mr_side)i, &list[i], &scheduler[i], &seen[i], err));
    for (int i = MR_OLD; i <= MR_NEW; i++)
        if (!seen[i].is_seen) {
            ev->twice = ev->alone = ev->off = seen[i];
            goto out;
        }
    if (!scheduler[MR_NEW])
        list[MR_NEW].count = 0; /* none of them runs */
    MR_TRY_OUT(pick(c, &list[MR_NEW], &list[MR_OLD], true, &ev->twice, &ev->twice_names, err));
    MR_TRY_OUT(pick(c, &list[MR_NEW], &list[MR_OLD], false, &ev->alone, &ev->alone_names, err));
    MR_TRY_OUT(pick(c, &list[MR_OLD], &list[MR_NEW], false, &ev->off, &ev->off_names, err));
    MR_TRY_OUT(list_enabling(c, &list[MR_OLD], &list[MR_NEW], err));
    if (!scheduler[MR_OLD]) {
        ev->off.value = 0; /* nobody misses what does not run */
        if (ev->twice.value > 0) {
            ev->alone = ev->twice;
            ev->alone_names = ev->twice_names;
            ev->twice.value = 0;
        }
    }
out:
    mr_vec_release(&list[MR_OLD]);
    mr_vec_release(&list[MR_NEW]);
    return code;
}

enum mr_code mr_cutover_read_state(struct mr_cutover *c, struct mr_err *err)
{
    MR_TRY(read_work(c, err));
    return c->facts.away == NULL ? read_events(c, err) : MR_OK;
}

/* ---- transactions of its own ---- */

/* What it got from other sources counts, too: OLD lacks that as well. */
static enum mr_code subtract(struct mr_cutover *c, const char *new, const char *old,
                             struct mr_strbuf *extra, struct mr_err *err)
{
    const enum mr_flavour flavour = mr_db_server(c->link[MR_NEW].db)->flavour;
    return mr_gate_gtid_subtract(flavour, new, old, extra, &c->facts.errant.value, err);
}

/* NEW's set first: what is written meanwhile and applied at once does not look as if it were NEW's. */
enum mr_code mr_cutover_read_errant(struct mr_cutover *c, struct mr_err *err)
{
    const char *old = "", *new = "", *ignored = "";
    bool numbers = false;
    struct mr_strbuf extra = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_gate_read_gtid(&c->link[MR_NEW], &c->arena, &new, &ignored, &why);
    if (code == MR_OK)
        code = mr_gate_read_gtid(&c->link[MR_OLD], &c->arena, &old, &ignored, &why);
    if (code == MR_OK) /* else an empty set is that of a server which has written nothing yet */
        code = mr_fence_numbers_own(&c->link[MR_OLD], &numbers, &why);
    c->facts.errant_set = "";
    if (code == MR_OK &&
        mr_db_server(c->link[MR_NEW].db)->flavour != mr_db_server(c->link[MR_OLD].db)->flavour) {
        hide(&c->facts.errant, "GTIDs of MySQL and MariaDB are not comparable");
    } else if (code == MR_OK && ((old[0] == '\0' && !numbers) || new[0] == '\0')) {
        hide(&c->facts.errant, NULL); /* GTIDs are not in use */
    } else if (code == MR_OK) {
        code = subtract(c, new, old, &extra, &why);
        c->facts.errant.is_seen = code == MR_OK;
        if (extra.len > SHOWN)
            extra.ptr[SHOWN] = '\0';
        c->facts.errant_set = extra.len > 0 ? text_of(c, extra.ptr) : "";
    }
    mr_strbuf_release(&extra);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        hide(&c->facts.errant, text_of(c, why.message));
    return MR_OK;
}
