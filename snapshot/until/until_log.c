/* until_log.c: see until_log.h.  What becomes of rows is in until_take.c. */
#include "snapshot/until/until_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/db/endpoint.h"
#include "core/logs/archive_list.h"
#include "core/logs/log_names.h"
#include "core/row/when.h"
#include "snapshot/format/snap_logged.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/until/until_take.h"

#define NAMED_MAX 5 /* tables that a refusal lists */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

static const struct mr_snap_consistency *place_of(const struct mr_until *u)
{
    return &u->snap->manifest.consistency;
}

enum mr_code mr_until_refuse(const struct mr_snap_table *t, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "the log does not tell what became of table \"%s.%s\": %s",
                     t->db, t->name, why);
    mr_err_hint(err,
                "Nothing was restored. Leave it out (--exclude %s.%s), or choose a moment in front "
                "of that.",
                t->db, t->name);
    return MR_E_REFUSED;
}

/* ---- the snapshot's place ---- */

static enum mr_code require_place(const struct mr_until *u, struct mr_err *err)
{
    const struct mr_snap_consistency *was = place_of(u);
    const char *why = NULL;
    if (was->binlog_file == NULL || was->binlog_file[0] == '\0')
        why = was->note != NULL ? was->note : "the server told no position";
    else
        why = mr_snap_logged_why(was);
    if (why == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "snapshot \"%s\" does not say where it stands in the server's log: %.300s",
                     u->snap->path, why);
    mr_err_hint(err,
                "--until needs a snapshot of a server that has a binary log, and tells of it.");
    return MR_E_REFUSED;
}

static enum mr_code read_gtids(struct mr_until *u, struct mr_err *err)
{
    const struct mr_snap_consistency *was = place_of(u);
    const char *gtid = was->gtid != NULL ? was->gtid : "";
    const char *until = was->until_gtid != NULL ? was->until_gtid : "";
    if (u->snap->manifest.server.flavour == MR_FLAVOUR_MARIADB)
        return mr_gtid_state_parse(&u->had_state, gtid, strlen(gtid), err);
    const char *purged = was->purged != NULL ? was->purged : "";
    MR_TRY(mr_gtid_set_parse(&u->had, gtid, strlen(gtid), err));
    MR_TRY(mr_gtid_set_parse(&u->purged, purged, strlen(purged), err));
    return mr_gtid_set_parse(&u->may_have, until, strlen(until), err);
}

/* A transaction that the snapshot has cannot be its rows' last one. */
static enum mr_code require_later(const struct mr_until *u, struct mr_err *err)
{
    struct mr_gtid_state state;
    struct mr_gtid_set set;
    mr_gtid_state_init(&state);
    mr_gtid_set_init(&set);
    enum mr_code code = MR_OK;
    if (u->point.family == MR_GTID_OF_MARIADB)
        code = mr_gtid_state_parse(&state, u->point.text, strlen(u->point.text), err);
    else if (u->point.family == MR_GTID_OF_MYSQL)
        code = mr_gtid_set_parse(&set, u->point.text, strlen(u->point.text), err);
    const bool has = u->point.family == MR_GTID_OF_MARIADB
                         ? mr_gtid_state_contains(&u->had_state, &state)
                         : !mr_gtid_set_is_empty(&set) && mr_gtid_set_contains(&u->had, &set);
    mr_gtid_state_release(&state);
    mr_gtid_set_release(&set);
    return code == MR_OK && has ? mr_until_refuse_had(u, err) : code;
}

/* An archive says whose logs it holds.  MariaDB's uuid is the machine's and the port's. */
static enum mr_code require_archive(struct mr_until *u, const char *dir, struct mr_err *err)
{
    const struct mr_snap_server *was = &u->snap->manifest.server;
    struct mr_archive_list list;
    struct stat st;
    bool found = false;
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return MR_OK;
    mr_archive_list_init(&list);
    enum mr_code code = mr_archive_list_read(dir, &u->arena, &list, &found, err);
    const struct mr_server *of = &list.of;
    const bool same =
        !found ||
        (of->flavour == was->flavour && of->server_id == was->server_id &&
         (was->uuid[0] == '\0' || of->uuid[0] == '\0' || strcmp(of->uuid, was->uuid) == 0));
    if (code == MR_OK && !same) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "\"%s\" holds logs of another server (\"%.100s\", server_id %" PRIu32
                         ") than snapshot \"%s\" is of (\"%.100s\", server_id %" PRIu32 ")",
                         dir, of->hostname, of->server_id, u->snap->path, was->hostname,
                         was->server_id);
        mr_err_hint(err, "Its place is one of its own server's log: name that one's.");
        code = MR_E_REFUSED;
    }
    mr_archive_list_release(&list);
    return code;
}

/* ---- tables ---- */

static enum mr_code place_columns(struct mr_until *u, struct mr_until_table *to,
                                  const struct mr_snap_table *t, const struct mr_table *today,
                                  struct mr_changed_keys_of *of, struct mr_err *err)
{
    size_t *columns = mr_arena_calloc(&u->arena, t->ncolumns + 1, sizeof *columns);
    size_t *key = mr_arena_calloc(&u->arena, t->nkey + 1, sizeof *key);
    if (columns == NULL || key == NULL)
        return nomem(err);
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct mr_column *col = mr_table_column(today, t->columns[i].name);
        if (col == NULL) /* snap_catalogue.h has proved that it is there */
            return mr_err_set(err, MR_E_BUG, "column without a catalogue");
        columns[i] = (size_t)(col - today->columns);
    }
    for (size_t k = 0; k < t->nkey; k++)
        key[k] = columns[t->key[k]];
    to->columns = columns;
    of->key = key;
    of->nkey = t->nkey;
    return MR_OK;
}

/* Why the log alone does not lead from the snapshot's rows to later ones; NULL: it does. */
static const char *why_not(const struct mr_snap_table *t, const struct mr_table *today)
{
    if (t->rows_of != NULL || t->where != NULL)
        return "the snapshot has only some of its rows";
    if (!t->consistent)
        return "its rows in the snapshot are of another moment";
    if (!t->transactional)
        return "its engine has no transactions: a crash changes rows that are in no log";
    if (today->system_versioned)
        return "it is system-versioned: the log has rows of the past beside those of today";
    return t->nkey == 0 ? "it has no key by which its rows could be found" : NULL;
}

/* All tables, since one that is not wanted may be the parent of one that is. */
static enum mr_code list_tables(struct mr_until *u, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &u->snap->manifest;
    u->tables = calloc(u->cat->ntables + 1, sizeof *u->tables);
    u->changed.tables = calloc(u->cat->ntables + 1, sizeof *u->changed.tables);
    if (u->tables == NULL || u->changed.tables == NULL)
        return nomem(err);
    u->ntables = u->cat->ntables;
    for (size_t i = 0; i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        const struct mr_table *today = mr_catalogue_table(u->cat, t->db, t->name);
        if (today == NULL)
            return mr_err_set(err, MR_E_BUG, "table without a catalogue");
        struct mr_until_table *to = &u->tables[today - u->cat->tables];
        struct mr_changed_keys_of *of = &u->changed.tables[today - u->cat->tables];
        mr_until_rows_init(&to->rows, t, &u->scratch);
        to->is_wanted = of->wanted = u->opts->wants(u->opts->ctx, t->db, t->name);
        to->why = why_not(t, today);
        MR_TRY(place_columns(u, to, t, today, of, err));
    }
    return MR_OK;
}

/* A source that cannot be parsed says nothing of its databases. */
static bool is_of_all(const struct mr_snap *snap)
{
    struct mr_endpoint ep;
    if (snap->manifest.source == NULL ||
        mr_endpoint_parse(&ep, snap->manifest.source, NULL) != MR_OK)
        return false;
    const bool is = ep.kind == MR_ENDPOINT_MYSQL && ep.ndbs == 0;
    mr_endpoint_release(&ep);
    return is;
}

/* ---- what comes of it ---- */

static enum mr_code refuse_read(const struct mr_until *u, const char *what, struct mr_err *err)
{
    const struct mr_snap_consistency *was = place_of(u);
    (void)mr_err_set(err, MR_E_REFUSED, "the logs do not lead from snapshot \"%s\" to %s: %s",
                     u->snap->path, u->point.text, what);
    mr_err_hint(err,
                "Logs are needed from \"%.200s\" position %" PRIu64
                " on, without a gap, up to that moment (--source-log, repeatable).",
                was->binlog_file, was->binlog_position);
    return MR_E_REFUSED;
}

/* Where what was read comes to its end, for who has to find the logs behind it. */
static enum mr_code refuse_short(const struct mr_until *u, struct mr_err *err)
{
    struct mr_strbuf what = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&what, "they end at \"%.300s\" position %" PRIu64, u->read.end_log,
                      u->read.end_position);
    if (u->reached != NULL)
        mr_strbuf_add_fmt(&what, ", behind %s", u->reached);
    mr_strbuf_add_str(&what, u->point.is_time
                                 ? ", with nothing that was committed later. If that is all of "
                                   "the log, name the transaction that it ends with"
                             : u->is_last ? ", within that transaction, which is not whole there"
                                          : ", and do not have that transaction");
    enum mr_code code = mr_strbuf_check(&what, "reading a binary log", err);
    if (code == MR_OK)
        code = refuse_read(u, what.ptr, err);
    mr_strbuf_release(&what);
    return code;
}

static enum mr_code judge_moment(const struct mr_until *u, struct mr_err *err)
{
    const char *head = "the first log was begun later";
    if (!u->point.is_time)
        return MR_OK;
    if (u->latest_us > u->point.us)
        return mr_until_refuse_early(u, "it holds what was committed later", err);
    if (u->latest_us == 0 && u->read.began_us > u->point.us)
        return mr_until_refuse_early(u, head, err);
    return MR_OK;
}

/* What no log had when the snapshot was made (SET gtid_purged of a server that was built from a backup), no head
 * of a log names, either. */
static enum mr_code has_met(const struct mr_until *u, const struct mr_gtid_set *all, bool *has,
                            struct mr_err *err)
{
    struct mr_gtid_set logged;
    mr_gtid_set_init(&logged);
    enum mr_code code = mr_gtid_set_add_set(&logged, all, err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(&logged, &u->purged, err);
    *has = code == MR_OK && mr_gtid_set_contains(&u->read.met, &logged);
    mr_gtid_set_release(&logged);
    return code;
}

/* The snapshot may hold all that it says it may: bringing it to a moment within would take nothing back. */
static enum mr_code judge_vague(const struct mr_until *u, struct mr_err *err)
{
    const struct mr_snap_consistency *was = place_of(u);
    if (was->position != MR_SNAP_AT_OR_BEFORE)
        return MR_OK;
    const bool has_until = was->until_gtid != NULL || was->until_file != NULL;
    bool is_behind = u->in == MR_WINDOW_OVER;
    if (!mr_gtid_set_is_empty(&u->may_have))
        MR_TRY(has_met(u, &u->may_have, &is_behind, err));
    if (has_until && is_behind)
        return MR_OK;
    return mr_until_refuse_early(
        u,
        has_until ? MR_UNTIL_MAY_HOLD : "it does not say how far it may hold more than its place",
        err);
}

/* Its GTIDs, of MySQL: all that the snapshot has is in the log, or in front of it, as far as any log had it. */
static enum mr_code judge_log(const struct mr_until *u, struct mr_err *err)
{
    const struct mr_snap_server *was = &u->snap->manifest.server;
    bool has_all;
    if (u->read.first_log == NULL)
        return refuse_read(u, "no log was read", err);
    if (u->read.is_mixed || u->read.server_id != was->server_id)
        return refuse_read(u, "they are not, or not all, that server's, by their server_id", err);
    if (u->read.gap != NULL)
        return refuse_read(u, u->read.gap, err);
    if (u->changed.why != NULL)
        return refuse_read(u, u->changed.why, err);
    MR_TRY(has_met(u, &u->had, &has_all, err));
    if (!has_all)
        return refuse_read(u, "they do not have all that the snapshot has, by its GTIDs", err);
    return MR_OK;
}

static enum mr_code judge_tables(struct mr_until *u, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const struct mr_snap_table *first = NULL;
    const char *first_why = NULL;
    size_t count = 0;
    for (size_t i = 0; i < u->ntables; i++) {
        const struct mr_until_table *t = &u->tables[i];
        const char *why = t->is_wanted ? mr_until_why(u, i) : NULL;
        if (why == NULL)
            continue;
        if (count++ == 0) {
            first = t->rows.table;
            first_why = why;
        } else if (count <= NAMED_MAX) {
            mr_strbuf_add_fmt(&text, "; \"%.64s.%.64s\": %s", t->rows.table->db,
                              t->rows.table->name, why);
        }
    }
    if (count > NAMED_MAX)
        mr_strbuf_add_fmt(&text, "; and of %zu more", count - NAMED_MAX);
    enum mr_code code = mr_strbuf_check(&text, "reading a binary log", err);
    if (code == MR_OK && count > 0) {
        const char *all = mr_arena_fmt(&u->arena, "%s%s", first_why, text.ptr);
        code = all != NULL ? mr_until_refuse(first, all, err) : nomem(err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* The same for the same transaction, whatever its file is called by now. */
static enum mr_code tell_reached(struct mr_until *u, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (u->transactions == 0)
        return MR_OK;
    const char *slash = strrchr(u->last.log, '/'), *name = slash != NULL ? slash + 1 : u->last.log;
    if (u->last_gtid.family != MR_GTID_NONE) {
        mr_gtid_add_text(&text, &u->last_gtid);
        mr_strbuf_add_str(&text, ", ");
    }
    mr_strbuf_add_str(&text, "committed at ");
    mr_when_format_us(u->last_us, &text);
    mr_strbuf_add_fmt(&text, " UTC, which begins at \"%.*s\" position %" PRIu64,
                      (int)mr_history_log_len(name, true), name, u->last.position);
    u->reached = text.failed ? NULL : mr_arena_strdup(&u->arena, text.ptr);
    mr_strbuf_release(&text);
    return u->reached != NULL ? MR_OK : nomem(err);
}

/* ---- all of it ---- */

static void init(struct mr_until *u, const struct mr_snap *snap, const struct mr_until_opts *opts)
{
    *u = (struct mr_until){.snap = snap,
                           .opts = opts,
                           .arena = MR_ARENA_INIT,
                           .front = MR_VEC_INIT(struct mr_gtid),
                           .before = MR_STRBUF_INIT,
                           .after = MR_STRBUF_INIT,
                           .filled = MR_STRBUF_INIT,
                           .key = MR_STRBUF_INIT,
                           .was = MR_STRBUF_INIT,
                           .scratch_text = MR_STRBUF_INIT};
    mr_scratch_file_init(&u->scratch);
    mr_history_read_init(&u->read);
    mr_gtid_set_init(&u->had);
    mr_gtid_set_init(&u->may_have);
    mr_gtid_set_init(&u->purged);
    mr_gtid_state_init(&u->had_state);
    mr_gtid_state_init(&u->in_front);
}

/* From the beginning of the log that has the snapshot's place: what stands in front of it proves the log. */
static enum mr_code read_logs(struct mr_until *u, struct mr_err *err)
{
    u->window.from = (struct mr_history_bound){
        .by = MR_BOUND_PLACE, .text = place_of(u)->binlog_file, .log = place_of(u)->binlog_file};
    mr_until_place(u);
    u->read.given = (const char *const *)u->opts->logs->items;
    u->read.ngiven = u->opts->logs->count;
    u->read.window = &u->window;
    u->read.takes_all = true;
    u->read.arena = &u->arena;
    u->read.progress = u->opts->progress;
    u->read.meet = mr_until_meet;
    u->read.take = mr_until_take;
    u->read.ctx = u;
    return mr_history_read(&u->read, err);
}

enum mr_code mr_until_read(struct mr_until *u, const struct mr_snap *snap,
                           const struct mr_until_opts *opts, struct mr_err *err)
{
    init(u, snap, opts);
    MR_TRY(mr_until_point_read(&u->point, opts->until, snap->manifest.server.flavour, err));
    MR_TRY(require_place(u, err));
    MR_TRY(read_gtids(u, err));
    MR_TRY(require_later(u, err));
    for (size_t i = 0; i < opts->logs->count; i++)
        MR_TRY(require_archive(u, opts->logs->items[i], err));
    const enum mr_code code = opts->work_dir != NULL
                                  ? mr_scratch_file_open_in(&u->scratch, opts->work_dir, err)
                                  : mr_scratch_file_open(&u->scratch, snap->path, err);
    mr_until_hint_elsewhere(u, code, err);
    MR_TRY(code);
    MR_TRY(mr_snap_catalogue_load(snap, &u->cat, err));
    MR_TRY(list_tables(u, err));
    u->is_of_all = is_of_all(snap);
    u->changed.cat = u->cat;
    u->changed.keeps_none = true; /* until_rows.h has them, and until_take.c counts their bytes */
    u->changed.is_older = true;
    MR_TRY(mr_changed_keys_init(&u->changed, err));
    MR_TRY(read_logs(u, err));
    MR_TRY(tell_reached(u, err));
    MR_TRY(judge_log(u, err));
    MR_TRY(judge_moment(u, err));
    u->unended = u->read.unended;
    if (!u->is_reached)
        return refuse_short(u, err);
    MR_TRY(judge_vague(u, err));
    MR_TRY(mr_changed_keys_finish(&u->changed, err));
    MR_TRY(judge_tables(u, err));
    mr_log_info("%" PRIu64 " transaction%s of the log lead%s to %s", u->transactions,
                u->transactions == 1 ? "" : "s", u->transactions == 1 ? "s" : "",
                u->reached != NULL ? u->reached : "where the snapshot stands");
    return MR_OK;
}

void mr_until_release(struct mr_until *u)
{
    if (u->opts == NULL)
        return;
    mr_changed_keys_release(&u->changed);
    for (size_t i = 0; i < u->ntables; i++) {
        if (u->tables[i].rows.table != NULL)
            mr_until_rows_release(&u->tables[i].rows);
        mr_until_shapes_release(&u->tables[i]);
    }
    free(u->changed.tables);
    free(u->tables);
    mr_history_read_release(&u->read);
    mr_gtid_set_release(&u->had);
    mr_gtid_set_release(&u->may_have);
    mr_gtid_set_release(&u->purged);
    mr_gtid_state_release(&u->had_state);
    mr_gtid_state_release(&u->in_front);
    mr_vec_release(&u->front);
    mr_scratch_file_release(&u->scratch);
    mr_catalogue_free(u->cat);
    mr_strbuf_release(&u->before);
    mr_strbuf_release(&u->after);
    mr_strbuf_release(&u->filled);
    mr_strbuf_release(&u->key);
    mr_strbuf_release(&u->was);
    mr_strbuf_release(&u->scratch_text);
    mr_arena_release(&u->arena);
    u->opts = NULL;
}

struct mr_until_rows *mr_until_find(const struct mr_until *u, const struct mr_snap_table *table)
{
    for (size_t i = 0; i < u->ntables; i++) {
        struct mr_until_rows *rows = &u->tables[i].rows;
        if (u->tables[i].is_wanted && rows->rows.count > 0 &&
            strcmp(rows->table->db, table->db) == 0 && strcmp(rows->table->name, table->name) == 0)
            return rows;
    }
    return NULL;
}
