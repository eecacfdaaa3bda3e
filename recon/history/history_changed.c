/* history_changed.c: see history_changed.h. */
#include "recon/history/history_changed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/logs/archive_head.h"
#include "core/logs/changed_keys.h"
#include "core/logs/server_logs.h"

#define READING "reading what changed"

struct reading {
    struct mr_changes *c;
    enum mr_side side;
    const struct mr_server_side *on;
    struct mr_changed_keys keys;
    const struct mr_pair **pairs; /* by place in the catalogue; NULL: it is not compared */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, READING);
}

static const char *of_log(const struct reading *r, const char *why)
{
    return mr_arena_fmt(r->c->arena, "log of the %s: %s", mr_side_name(r->side), why);
}

static enum mr_code all_whole(struct reading *r, const char *why, struct mr_err *err)
{
    if (why == NULL)
        return nomem(err);
    if (r->c->whole_why == NULL)
        r->c->whole_why = of_log(r, why);
    return r->c->whole_why != NULL ? MR_OK : nomem(err);
}

/* ---- tables ---- */

static enum mr_code whole(struct reading *r, const struct mr_pair *pair, const char *why,
                          struct mr_err *err)
{
    const char *said = of_log(r, why);
    if (said == NULL)
        return nomem(err);
    mr_changes_whole(r->c, pair->at, said);
    return MR_OK;
}

/* Pairs point into the catalogue that they were planned with. */
static enum mr_code place_of(const struct reading *r, const struct mr_table *table, size_t *at,
                             struct mr_err *err)
{
    const struct mr_catalogue *cat = r->on->cat;
    *at = (size_t)(table - cat->tables);
    return table >= cat->tables && *at < cat->ntables
               ? MR_OK
               : mr_err_set(err, MR_E_BUG, "a table of no catalogue");
}

/* A key that both sides do not order alike finds no rows: it counts as none. */
static enum mr_code take_key(struct reading *r, const struct mr_pair *pair,
                             struct mr_changed_keys_of *of, struct mr_err *err)
{
    size_t *key = mr_arena_calloc(r->c->arena, MR_KEY_PARTS_MAX, sizeof *key);
    if (key == NULL)
        return nomem(err);
    of->wanted = r->c->of[pair->at].why == NULL;
    if (!of->wanted || pair->join != MR_JOIN_SHARED)
        return MR_OK;
    of->key = key;
    of->nkey = pair->scan[r->side].nkey;
    of->wanted = mr_changed_keys_place(&pair->scan[r->side], pair->side[r->side], key);
    return of->wanted ? MR_OK
                      : whole(r, pair, "its key is compared in another form than the log has", err);
}

static enum mr_code take_tables(struct reading *r, struct mr_err *err)
{
    const struct mr_catalogue *cat = r->on->cat;
    const struct mr_pairing *pairing = r->c->pairing;
    r->keys.cat = cat;
    r->keys.tables = mr_arena_calloc(r->c->arena, cat->ntables + 1, sizeof *r->keys.tables);
    r->pairs = mr_arena_calloc(r->c->arena, cat->ntables + 1, sizeof *r->pairs);
    if (r->keys.tables == NULL || r->pairs == NULL)
        return nomem(err);
    for (size_t i = 0; i < pairing->ntables; i++) {
        const struct mr_pair *pair = pairing->tables[i];
        size_t at;
        MR_TRY(place_of(r, pair->side[r->side], &at, err));
        r->pairs[at] = pair;
        MR_TRY(take_key(r, pair, &r->keys.tables[at], err));
    }
    return MR_OK;
}

/* ---- the log ---- */

/* A log of that name, begun later: all were removed (RESET), and numbered from the beginning.  Of a
 * second both may be of only GTIDs tell, which were compared. */
static enum mr_code check_head(struct reading *r, const struct mr_db_opts *opts, struct mr_err *err)
{
    const struct mr_log_place *from = &r->c->from[r->side];
    struct mr_archive_head head;
    mr_archive_head_init(&head);
    const enum mr_code code = mr_archive_head_ask(&head, r->on->ep, opts, from->log, err);
    const bool is_later =
        head.began > from->at || (head.began == from->at && from->gtids[0] == '\0');
    mr_archive_head_release(&head);
    if (code != MR_OK || !is_later)
        return code;
    return all_whole(r,
                     mr_arena_fmt(r->c->arena,
                                  "\"%.200s\" is another log than the last run saw: it was "
                                  "begun later",
                                  from->log),
                     err);
}

/* Is the place still there? */
static enum mr_code find_place(struct reading *r, const struct mr_vec *logs, struct mr_err *err)
{
    const struct mr_log_place *from = &r->c->from[r->side];
    for (size_t i = 0; i < logs->count; i++) {
        const struct mr_server_log *log = mr_vec_at(logs, i);
        if (strcmp(log->name, from->log) != 0)
            continue;
        return log->bytes >= from->position
                   ? MR_OK
                   : all_whole(r,
                               mr_arena_fmt(r->c->arena,
                                            "\"%.200s\" is shorter than when the last run began",
                                            from->log),
                               err);
    }
    return all_whole(
        r,
        mr_arena_fmt(r->c->arena, "\"%.200s\", where the last run began, was removed", from->log),
        err);
}

/* From the place on, to where it ends. */
static enum mr_code check_length(struct reading *r, const struct mr_vec *logs, struct mr_err *err)
{
    const struct mr_log_place *from = &r->c->from[r->side];
    uint64_t bytes = 0;
    bool begun = false;
    for (size_t i = 0; i < logs->count; i++) {
        const struct mr_server_log *log = mr_vec_at(logs, i);
        const bool first = strcmp(log->name, from->log) == 0;
        begun = begun || first;
        bytes += !begun ? 0 : first ? log->bytes - from->position : log->bytes;
    }
    if (r->c->most_log_bytes == 0 || bytes <= r->c->most_log_bytes)
        return MR_OK;
    return all_whole(r,
                     mr_arena_fmt(r->c->arena,
                                  "%" PRIu64 " MiB of it were written, more than %" PRIu64,
                                  bytes >> 20, r->c->most_log_bytes >> 20),
                     err);
}

static enum mr_code read_log(struct reading *r, struct mr_db **db, struct mr_err *err)
{
    struct mr_db_opts opts = r->c->opts;
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    const struct mr_log_place *from = &r->c->from[r->side];
    enum mr_code code = MR_OK;
    opts.same_as = &r->on->cat->server;
    MR_TRY_OUT(mr_db_open(r->on->ep, &opts, db, err));
    MR_TRY_OUT(mr_server_logs(*db, r->c->arena, &logs, err));
    MR_TRY_OUT(find_place(r, &logs, err));
    if (r->c->whole_why == NULL)
        MR_TRY_OUT(check_length(r, &logs, err));
    if (r->c->whole_why == NULL)
        MR_TRY_OUT(check_head(r, &opts, err));
    if (r->c->whole_why == NULL) {
        const struct mr_server_log *last = mr_vec_at(&logs, logs.count - 1);
        const struct mr_binlog_span span = {from->log, from->position, last->name, last->bytes};
        MR_TRY_OUT(mr_changed_keys_read(&r->keys, *db, &span, err));
    }
out:
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(r->on->ep, &opts, &r->on->cat->server, err);
    mr_vec_release(&logs);
    return code;
}

/* What the log says of each table joins what the other side's has said. */
static enum mr_code take_changes(struct reading *r, struct mr_err *err)
{
    if (r->keys.why != NULL)
        return all_whole(r, r->keys.why, err);
    MR_TRY(mr_changed_keys_finish(&r->keys, err));
    for (size_t i = 0; i < r->on->cat->ntables; i++) {
        const struct mr_changed_keys_of *of = &r->keys.tables[i];
        if (r->pairs[i] == NULL)
            continue;
        if (of->why != NULL)
            MR_TRY(whole(r, r->pairs[i], of->why, err));
        for (size_t k = 0; k < mr_key_set_count(&of->keys); k++)
            MR_TRY(mr_changes_add(r->c, r->pairs[i]->at, mr_key_set_at(&of->keys, k), err));
    }
    return MR_OK;
}

/* What ends the reading of a log, and not the run: there is always the other way, to read all. */
static bool is_of_log(enum mr_code code)
{
    return code == MR_E_BINLOG || code == MR_E_UNSUPPORTED || code == MR_E_SQL ||
           code == MR_E_NO_SUCH || code == MR_E_USAGE;
}

enum mr_code mr_history_changed_read(struct mr_changes *c, enum mr_side side, struct mr_err *err)
{
    struct reading r = {.c = c, .side = side, .on = &c->pairing->side[side]};
    struct mr_db *db = NULL;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    r.keys = (struct mr_changed_keys){.most_bytes = MR_CHANGES_MAX_BYTES,
                                      .is_older = true, /* it was read in front of the log's end */
                                      .moved_only = c->moved_only,
                                      .seen = c->from[side].gtids,
                                      .seen_at = c->from[side].at,
                                      .habits = &c->habits[side],
                                      .breathe = c->breathe,
                                      .ctx = c->ctx};
    MR_TRY_OUT(take_tables(&r, err));
    MR_TRY_OUT(mr_changed_keys_init(&r.keys, err));
    code = read_log(&r, &db, &why);
    c->log_bytes[side] = r.keys.bytes;
    c->transactions[side] = r.keys.transactions;
    c->unended[side] = r.keys.unended;
    if (is_of_log(code))
        code = all_whole(&r, mr_arena_fmt(c->arena, "%s", why.message), err);
    else if (code != MR_OK && err != NULL)
        *err = why;
    if (code == MR_OK && c->whole_why == NULL)
        MR_TRY_OUT(take_changes(&r, err));
out:
    if (code != MR_OK)
        mr_err_context(err, "binary log of the %s", mr_side_name(side));
    mr_db_close(db);
    mr_changed_keys_release(&r.keys);
    return code;
}
