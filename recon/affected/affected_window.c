/* affected_window.c: see affected_window.h. */
#include "recon/affected/affected_window.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/run_command.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowhash.h"
#include "recon/affected/affected_live.h"
#include "recon/check/window.h"

#define CHUNK_ROWS 20000U
#define BATCH_ROWS 500U
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
#define NO_TIME SIZE_MAX
#define TRIES 4 /* of one chunk, when the connection breaks or the query is killed */

/* A row of the batch: where its parts begin in the buffers. */
struct row {
    size_t image_at, image_len;
    size_t key_at, key_len;
};

struct reading {
    struct mr_affected_people *people;
    const struct mr_affected_window *window;
    struct mr_sides sides;
    struct mr_pairing pairing;
    struct mr_arena arena; /* of the plan */
    struct mr_throttle *throttle;
    struct mr_progress *progress;

    /* one table, one side */
    const struct mr_affected_live *live;
    enum mr_side side;
    bool named; /* rows are named by their identity, not by their key */
    struct mr_reader *reader;
    struct mr_rowhash hash;
    const struct mr_time *since, *until; /* of a snapshot, whose rows nobody chooses */
    size_t time_at;                      /* position of the time in what is read, or NO_TIME */
    uint64_t timeless;                   /* rows without a time */
    uint64_t chunk_timeless;             /* of this chunk, which may be read again */
    bool unknown;                        /* some table has rows without a time */

    /* a batch of its rows */
    struct mr_strbuf images, keys, bytes;
    struct mr_vec rows;  /* struct row */
    struct mr_vec items; /* struct mr_canon_item, one a row where `named` */
    struct mr_arena scrap;
};

/* ---- a batch ---- */

static void reset_batch(struct reading *r)
{
    mr_strbuf_reset(&r->images);
    mr_strbuf_reset(&r->keys);
    mr_vec_clear(&r->rows);
    mr_vec_clear(&r->items);
    mr_arena_reset(&r->scrap);
}

/* Identities are made comparable in batches: the server judges its own collations, and a
 * question a row would take a round trip each. */
static enum mr_code canonise(struct reading *r, struct mr_err *err)
{
    const struct mr_affected_live *live = r->live;
    struct mr_reader *const readers[MR_SIDES] = {r->sides.side[MR_SOURCE].main,
                                                 r->sides.side[MR_TARGET].main};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && r->named && i < r->rows.count; i++) {
        const struct row *row = mr_vec_at(&r->rows, i);
        struct mr_canon_item *item = mr_vec_push(&r->items);
        bool null = false;
        code = mr_pair_values_of(r->images.ptr + row->image_at, row->image_len, live->identity,
                                 live->nidentity, &r->bytes, &null, err);
        const void *copy = mr_arena_dup(&r->scrap, r->bytes.ptr, r->bytes.len);
        if (code == MR_OK && (item == NULL || copy == NULL))
            code = mr_err_nomem(err, "reading who registered");
        if (code == MR_OK) {
            item->in = copy;
            item->in_len = r->bytes.len;
        }
    }
    if (code == MR_OK && r->items.count > 0)
        code = mr_pair_canonise(live->pair, live->identity, live->nidentity, mr_pair_judge(readers),
                                &r->items, &r->scrap, err);
    return code;
}

static enum mr_code flush_batch(struct reading *r, struct mr_err *err)
{
    enum mr_code code = canonise(r, err);
    for (size_t i = 0; code == MR_OK && i < r->rows.count; i++) {
        const struct row *row = mr_vec_at(&r->rows, i);
        struct mr_affected_seen seen = {.subject = &r->live->now,
                                        .side = (int)r->side,
                                        .key = {r->keys.ptr + row->key_at, row->key_len},
                                        .image = r->images.ptr + row->image_at,
                                        .image_len = row->image_len,
                                        .reasons = MR_AFFECTED_WINDOW,
                                        .origin = MR_AFFECTED_READ};
        if (r->named) {
            const struct mr_canon_item *item = mr_vec_at(&r->items, i);
            seen.identity = item->out;
            seen.identity_len = item->out_len;
        }
        code = mr_affected_people_add_read(r->people, &seen, err);
    }
    reset_batch(r);
    return code;
}

/* The key as findings have it. */
static enum mr_code add_key(struct reading *r, const struct mr_value *values, struct mr_err *err)
{
    const struct mr_pair *pair = r->live->pair;
    if (pair->join == MR_JOIN_SPILL)
        return mr_rowhash_join_key(&r->hash, values, &r->keys, err);
    return pair->full[r->side].nkey > 0 ? mr_rowhash_key(&r->hash, values, &r->keys, err) : MR_OK;
}

/* Zero dates are before all times, as for a server; of NULL nobody knows. */
static bool is_within(struct reading *r, const struct mr_value *values)
{
    if (r->time_at == NO_TIME)
        return true;
    const struct mr_value *v = &values[r->time_at];
    if (v->cls == MR_CLASS_NULL) {
        r->chunk_timeless++;
        return false;
    }
    return (r->since == NULL || mr_when_compare(&v->t, r->since) >= 0) &&
           (r->until == NULL || mr_when_compare(&v->t, r->until) < 0);
}

/* Images and keys stand in two buffers that grow, so rows keep offsets: pointers into them would
 * not survive the next row. */
static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct reading *r = ctx;
    if (!is_within(r, values))
        return MR_OK;
    struct row *row = mr_vec_push(&r->rows);
    if (row == NULL)
        return mr_err_nomem(err, "reading who registered");
    row->image_at = r->images.len;
    row->key_at = r->keys.len;
    enum mr_code code = mr_rowhash_image(&r->hash, values, &r->images, err);
    if (code == MR_OK)
        code = add_key(r, values, err);
    row->image_len = r->images.len - row->image_at;
    row->key_len = r->keys.len - row->key_at;
    if (code == MR_OK)
        code = mr_strbuf_check(&r->images, "reading who registered", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&r->keys, "reading who registered", err);
    if (code == MR_OK && (r->rows.count >= BATCH_ROWS || r->images.len >= BATCH_BYTES))
        code = flush_batch(r, err);
    return code;
}

/* ---- chunks ---- */

/* Reads the rows of one chunk, (lo, hi]; hi empty: to the end.  Rows that are read twice
 * are one. */
static enum mr_code read_chunk(struct reading *r, const struct mr_readspec *spec, struct mr_key lo,
                               struct mr_strbuf *hi, struct mr_err *err)
{
    struct mr_readspec bounds = *spec;
    enum mr_code code = mr_throttle_wait(r->throttle, err);
    bounds.where = NULL;
    for (int attempt = 0; code == MR_OK && attempt < TRIES; attempt++) {
        struct mr_range range = {.lo = lo};
        reset_batch(r);
        r->chunk_timeless = 0;
        mr_strbuf_reset(hi);
        if (spec->nkey > 0 && mr_reader_has_order(r->reader, spec))
            code = mr_reader_bound_after(r->reader, &bounds, range, CHUNK_ROWS, hi, err);
        if (hi->len > 0)
            range.hi = (struct mr_key){hi->ptr, hi->len};
        if (code == MR_OK)
            code = mr_reader_scan(r->reader, spec, range, 0, take_row, r, err);
        if (code == MR_OK)
            code = flush_batch(r, err);
        if (code != MR_E_LOST || mr_is_cancelled() || attempt + 1 == TRIES)
            break;
        code = MR_OK;
    }
    r->timeless += r->chunk_timeless;
    mr_progress_add_done(r->progress, CHUNK_ROWS);
    mr_progress_tick(r->progress);
    if (code == MR_OK && mr_is_cancelled())
        code = mr_cancelled_err(err);
    return code;
}

/* Chunk by chunk along the key, so that no single statement runs long on a server in use and the
 * throttle can pause between them. */
static enum mr_code read_chunks(struct reading *r, const struct mr_readspec *spec,
                                struct mr_err *err)
{
    struct mr_strbuf lo = MR_STRBUF_INIT, hi = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    do {
        struct mr_key from = {lo.len > 0 ? lo.ptr : NULL, lo.len};
        code = read_chunk(r, spec, from, &hi, err);
        mr_strbuf_reset(&lo);
        mr_strbuf_add(&lo, hi.ptr, hi.len);
        if (code == MR_OK)
            code = mr_strbuf_check(&lo, "reading who registered", err);
    } while (code == MR_OK && hi.len > 0);
    mr_strbuf_release(&lo);
    mr_strbuf_release(&hi);
    return code;
}

/* Rows without a time are fetched, too: whether they belong to the window is unknown, and that
 * has to be said. */
static enum mr_code add_condition(struct reading *r, struct mr_strbuf *where, struct mr_err *err)
{
    const struct mr_column *col = r->live->time[r->side];
    struct mr_db *target = mr_reader_db(r->sides.side[MR_TARGET].main);
    const struct mr_window_end since = {r->window->since, "--since", false};
    const struct mr_window_end until = {r->window->until, "--until", true};
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(where, "(");
    if (since.when != NULL)
        code = mr_window_bound(target, col, &since, where, err);
    if (since.when != NULL && until.when != NULL)
        mr_strbuf_add_str(where, " AND ");
    if (code == MR_OK && until.when != NULL)
        code = mr_window_bound(target, col, &until, where, err);
    if (col->nullable) {
        mr_strbuf_add_str(where, " OR ");
        mr_sql_ident(where, col->name);
        mr_strbuf_add_str(where, " IS NULL");
    }
    mr_strbuf_add_str(where, ")");
    return code == MR_OK ? mr_strbuf_check(where, "reading who registered", err) : code;
}

/* Of a snapshot, whose rows nobody chooses by their time. */
static enum mr_code set_ends(struct reading *r, struct mr_time ends[2], struct mr_err *err)
{
    const struct mr_column *col = r->live->time[r->side];
    struct mr_db *target = mr_reader_db(r->sides.side[MR_TARGET].main);
    const struct mr_window_end since = {r->window->since, "--since", false};
    const struct mr_window_end until = {r->window->until, "--until", true};
    enum mr_code code = MR_OK;
    if (since.when != NULL) {
        code = mr_window_time(target, col, &since, &ends[0], err);
        r->since = &ends[0];
    }
    if (code == MR_OK && until.when != NULL) {
        code = mr_window_time(target, col, &until, &ends[1], err);
        r->until = &ends[1];
    }
    return code;
}

/* The time behind all that is read of a row. */
static enum mr_code add_time(struct reading *r, struct mr_readspec *spec, struct mr_err *err)
{
    const struct mr_column *col = r->live->time[r->side];
    struct mr_readcol *cols = mr_arena_calloc(&r->arena, spec->ncols + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "reading who registered");
    memcpy(cols, spec->cols, spec->ncols * sizeof *cols);
    r->time_at = spec->ncols;
    cols[spec->ncols] =
        (struct mr_readcol){.name = col->name, .expr = MR_EXPR_COLUMN, .cls = col->cls};
    spec->cols = cols;
    spec->ncols++;
    return MR_OK;
}

/* What the configuration leaves out is in no window. */
static enum mr_code add_where(struct reading *r, struct mr_strbuf *where, struct mr_err *err)
{
    const struct mr_pair *pair = r->live->pair;
    const struct mr_table *t = pair->side[r->side];
    struct mr_source *source = r->sides.side[r->side].source;
    const struct mr_kept *kept = mr_source_kept(source, t->db, t->name);
    struct mr_strbuf own = MR_STRBUF_INIT;
    if (pair->config->where == NULL || (kept != NULL && kept->spec.where != NULL &&
                                        strcmp(kept->spec.where, pair->config->where) == 0))
        return MR_OK;
    mr_strbuf_add_fmt(&own, "(%s)", pair->config->where);
    enum mr_code code = mr_strbuf_check(&own, "reading who registered", err);
    if (code == MR_OK)
        code = mr_source_can_judge(source, t->db, t->name, own.ptr, err);
    mr_strbuf_add_fmt(where, "%s%s", where->len > 0 ? " AND " : "", own.ptr);
    mr_strbuf_release(&own);
    return code == MR_OK ? mr_strbuf_check(where, "reading who registered", err) : code;
}

/* A server gets the window as a condition; a snapshot cannot be asked, so its rows are read and
 * judged here. */
static enum mr_code choose_rows(struct reading *r, struct mr_readspec *spec, struct mr_time ends[2],
                                struct mr_strbuf *where, struct mr_err *err)
{
    const struct mr_column *col = r->live->time[r->side];
    bool is_snapshot = mr_side_is_snapshot(&r->sides.side[r->side]);
    enum mr_code code = MR_OK;
    r->since = r->until = NULL;
    r->time_at = NO_TIME;
    if (is_snapshot || col->nullable)
        code = add_time(r, spec, err);
    if (code == MR_OK)
        code = is_snapshot ? set_ends(r, ends, err) : add_condition(r, where, err);
    if (code == MR_OK)
        code = add_where(r, where, err);
    spec->where = where->len > 0 ? where->ptr : NULL;
    return code;
}

/* Nobody knows when they registered. */
static void tell_timeless(struct reading *r)
{
    const char *s = r->timeless == 1 ? "" : "s";
    if (r->timeless == 0)
        return;
    mr_log_warning("table \"%s\" of the %s: %" PRIu64 " row%s without a time in \"%s\" "
                   "(NULL) may be in the window, and the list lacks who is only there",
                   r->live->subject->table->name, mr_side_name(r->side), r->timeless, s,
                   r->live->time[r->side]->name);
    r->unknown = true;
}

static enum mr_code read_side(struct reading *r, enum mr_side side, struct mr_err *err)
{
    const struct mr_readspec *full = &r->live->pair->full[side];
    struct mr_readspec spec = *full;
    struct mr_strbuf where = MR_STRBUF_INIT;
    struct mr_time ends[2];
    r->side = side;
    r->timeless = 0;
    enum mr_code code = choose_rows(r, &spec, ends, &where, err);
    /* that of the catalogue rests by now, and the account may have no more */
    r->reader = r->sides.side[side].main;
    if (code == MR_OK)
        code = mr_rowhash_init(&r->hash, r->live->pair, full, err);
    if (code == MR_OK) {
        code = read_chunks(r, &spec, err);
        mr_rowhash_release(&r->hash);
    }
    mr_strbuf_release(&where);
    if (code == MR_OK)
        tell_timeless(r);
    if (code != MR_OK && code != MR_E_CANCELLED)
        mr_err_context(err, "table \"%s\" of the %s", r->live->subject->table->name,
                       mr_side_name(side));
    return code;
}

/* ---- tables ---- */

/* Does the case name the table's rows by their identity?  Where the identity is the key,
 * only what it has tells. */
static enum mr_code find_naming(struct reading *r, struct mr_err *err)
{
    const struct mr_find_table *table = r->live->subject->table;
    bool other = false;
    int64_t found = 0;
    for (size_t i = 0; i < table->ncolumns; i++)
        other = other || (table->columns[i].identity_at >= 0) != (table->columns[i].key_at >= 0);
    r->named = other && r->live->subject->nkey > 0;
    if (r->named || r->live->subject->nkey == 0)
        return MR_OK;
    enum mr_code code =
        MR_CASE_NUMBER(r->people->cf,
                       "SELECT 1 FROM finding WHERE tbl = :tbl AND source_id IS NOT NULL UNION ALL"
                       " SELECT 1 FROM finding WHERE tbl = :tbl AND target_id IS NOT NULL UNION ALL"
                       " SELECT 1 FROM ancestor WHERE tbl = :tbl AND identity IS NOT NULL LIMIT 1",
                       &found, err, MR_ARG_INT("tbl", table->id));
    r->named = found != 0;
    return code;
}

static enum mr_code read_table(struct reading *r, const struct mr_affected_live *live,
                               struct mr_err *err)
{
    r->live = live;
    MR_TRY(find_naming(r, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(read_side(r, (enum mr_side)side, err));
    return MR_OK;
}

/* All tables are planned before one is read: a changed table refuses at once, and progress knows
 * its total. */
static enum mr_code read_tables(struct reading *r, struct mr_err *err)
{
    const struct mr_affected *list = r->people->list;
    struct mr_affected_live *lives = mr_arena_calloc(&r->arena, list->nsubjects + 1, sizeof *lives);
    enum mr_code code = lives != NULL ? MR_OK : mr_err_nomem(err, "reading who registered");
    for (size_t i = 0; code == MR_OK && i < list->nsubjects; i++) {
        code = mr_affected_live_plan(&r->pairing, list, &list->subjects[i], &lives[i], err);
        if (code == MR_OK)
            mr_progress_add_total(r->progress, lives[i].pair->est_rows);
    }
    for (size_t i = 0; code == MR_OK && i < list->nsubjects; i++)
        code = read_table(r, &lives[i], err);
    return code;
}

/* ---- servers ---- */

static enum mr_code open_servers(struct reading *r, struct mr_err *err)
{
    const struct mr_affected_window *w = r->window;
    const struct mr_find_run *run = &r->people->list->run;
    const char *uris[MR_SIDES] = {w->uris[MR_SOURCE], w->uris[MR_TARGET]};
    const struct mr_sides_opts opts = {.run_tag = run->uuid,
                                       .statement_timeout_s = w->statement_timeout_s,
                                       .login = w->login,
                                       .open_snapshot = w->open_snapshot};
    const struct mr_db_opts db_opts = {.run_tag = run->uuid};
    if (uris[MR_SOURCE] == NULL)
        uris[MR_SOURCE] = mr_run_uri(run, MR_SOURCE);
    if (uris[MR_TARGET] == NULL)
        uris[MR_TARGET] = mr_run_uri(run, MR_TARGET);
    MR_TRY(mr_db_global_init(err));
    MR_TRY(mr_sides_open(&r->sides, uris, &opts, &r->arena, err));
    const struct mr_endpoint *const eps[MR_SIDES] = {&r->sides.ep[MR_SOURCE],
                                                     &r->sides.ep[MR_TARGET]};
    r->pairing =
        (struct mr_pairing){.side = r->sides.side, .config = w->config, .arena = &r->arena};
    MR_TRY(mr_progress_new(w->progress, &r->progress, err));
    mr_progress_begin(r->progress, "reading");
    return mr_throttle_new(&w->load, eps, MR_SIDES, &db_opts, &r->throttle, err);
}

/* Servers are only read. What is collected up to a failure is not listed, so that the hints can
 * say that running it again is all it takes. */
enum mr_code mr_affected_window(struct mr_affected_people *people,
                                const struct mr_affected_window *window, bool *incomplete,
                                struct mr_err *err)
{
    struct reading r = {.people = people,
                        .window = window,
                        .arena = MR_ARENA_INIT,
                        .images = MR_STRBUF_INIT,
                        .keys = MR_STRBUF_INIT,
                        .bytes = MR_STRBUF_INIT,
                        .rows = MR_VEC_INIT(struct row),
                        .items = MR_VEC_INIT(struct mr_canon_item),
                        .scrap = MR_ARENA_INIT};
    enum mr_code code = open_servers(&r, err);
    if (code == MR_OK)
        code = read_tables(&r, err);
    *incomplete = *incomplete || r.unknown;
    if (code != MR_OK && mr_db_is_full(err))
        mr_err_hint(err, "Nothing was written. Who registered is read over two connections to "
                         "each server: run it again when there are free ones.");
    else if (code == MR_E_LOST || code == MR_E_CONNECT)
        mr_err_hint(err, "Nothing was written; run it again when the server answers.");
    mr_progress_finish(r.progress);
    mr_progress_free(r.progress);
    mr_throttle_free(r.throttle);
    mr_sides_close(&r.sides);
    mr_strbuf_release(&r.images);
    mr_strbuf_release(&r.keys);
    mr_strbuf_release(&r.bytes);
    mr_vec_release(&r.rows);
    mr_vec_release(&r.items);
    mr_arena_release(&r.scrap);
    mr_arena_release(&r.arena);
    return code;
}
