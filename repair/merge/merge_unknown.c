/* merge_unknown.c: see merge_unknown.h. */
#include "repair/merge/merge_unknown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "core/pair/rowhash.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"
#include "repair/reseed/reseed_read.h"
#include "core/schema/sequence.h"

/* Rows that would get a new id, by what they hold beside their keys. */
static const char schema_sql[] = "DROP TABLE IF EXISTS temp.event;"
                                 "CREATE TEMP TABLE event (digest BLOB PRIMARY KEY, n INT NOT NULL)"
                                 " WITHOUT ROWID";
static const char rows_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image FROM m"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after AND m.newid AND m.there IS NULL AND m.waits=0"
    " AND k.skip IS NOT 1 ORDER BY m.id LIMIT 1000";

struct unknown {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    struct mr_case_stmt *add, *take;
    struct mr_arena arena;
    struct mr_vec rows; /* struct mr_merge_work_row */
    struct mr_strbuf content;
    struct mr_rowhash hash; /* of TARGET's rows */
    uint64_t events;        /* that are about to be inserted */
    uint64_t last, gap;     /* key of the row before; what counts as a gap */
    uint64_t found, first;  /* events found on TARGET; the key of the first */
    bool beyond;            /* a gap was passed */
};

/* What a row holds beside its key, but for what the server computes.  Images of SOURCE keep
 * the sign of -0, those that are read here do not: it does not count. */
static enum mr_code digest_of(struct unknown *u, struct mr_key image, struct mr_digest *digest,
                              struct mr_err *err)
{
    const struct mr_plan_table *t = u->table;
    const struct mr_pair *pair = t->pair;
    size_t pos = 0;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&u->content);
    for (size_t i = 0; code == MR_OK && i < pair->find.ncolumns; i++) {
        size_t from = pos;
        bool counts = !mr_plan_columns_has(&t->key, i) && !t->generated[i] &&
                      (pair->ignored == NULL || !pair->ignored[i]);
        code = mr_row_skip(image.ptr, image.len, &pos, err);
        if (code == MR_OK && counts)
            mr_strbuf_add(&u->content, (const char *)image.ptr + from, pos - from);
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&u->content, "comparing rows", err);
    return code == MR_OK ? mr_row_digest(u->content.ptr, u->content.len, digest, err) : code;
}

/* ---- rows that are about to be inserted ---- */

/* As many as there are of each content: equal events are several. */
static enum mr_code note_events(struct unknown *u, struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = mr_case_once_with(u->m->cf, "DELETE FROM event", NULL, 0, err);
    u->events = 0;
    while (code == MR_OK) {
        mr_arena_reset(&u->arena);
        code = MR_MERGE_PAGE(u->m, rows_sql, after, &u->arena, &u->rows, err,
                             MR_ARG_INT("tbl", u->table->at));
        if (code != MR_OK || u->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < u->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&u->rows, i);
            struct mr_digest digest;
            after = row->id;
            u->events++;
            code = digest_of(u, (struct mr_key){row->image, row->len}, &digest, err);
            if (code == MR_OK)
                code = MR_CASE_RUN(u->add, err, MR_ARG_BLOB("digest", &digest, sizeof digest));
        }
    }
    return code;
}

/* ---- TARGET's rows above SOURCE's ---- */

static uint64_t key_of(const struct mr_value *v)
{
    return v->cls == MR_CLASS_INT ? (uint64_t)(v->i > 0 ? v->i : 0) : v->u;
}

static void pass(struct unknown *u, uint64_t key)
{
    u->beyond = u->beyond || (key > u->last && key - u->last > u->gap);
    u->last = key;
}

static enum mr_code pass_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct unknown *u = ctx;
    (void)err;
    if (!u->beyond) {
        pass(u, key_of(&values[0]));
        u->first = u->last;
    }
    return MR_OK;
}

/* Each event is found once; a second equal row of TARGET is another one's. */
static enum mr_code match_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct unknown *u = ctx;
    struct mr_strbuf image = MR_STRBUF_INIT;
    struct mr_digest digest;
    bool taken = false;
    enum mr_code code = mr_rowhash_image(&u->hash, values, &image, err);
    if (code == MR_OK)
        code = digest_of(u, (struct mr_key){image.ptr, image.len}, &digest, err);
    if (code == MR_OK) {
        code = MR_CASE_ASK(u->take, &taken, err, MR_ARG_BLOB("digest", &digest, sizeof digest));
        mr_case_reset(u->take);
    }
    u->found += taken;
    mr_strbuf_release(&image);
    return code;
}

/* Reads TARGET's rows above a key, in their order. */
static enum mr_code scan(struct unknown *u, const struct mr_readspec *spec, uint64_t above,
                         mr_row_fn *fn, struct mr_err *err)
{
    const struct mr_value value = {.cls = MR_CLASS_UINT, .u = above};
    struct mr_strbuf low = MR_STRBUF_INIT;
    enum mr_code code = mr_row_encode(&low, &value, err);
    if (code == MR_OK)
        code = mr_reader_scan(u->m->reader[MR_TARGET], spec,
                              (struct mr_range){.lo = {low.ptr, low.len}}, 0, fn, u, err);
    mr_strbuf_release(&low);
    return code;
}

/* Keys alone first: as a rule there is no gap. */
static enum mr_code look_behind_gap(struct unknown *u, uint64_t above, struct mr_err *err)
{
    static const size_t key_at = 0;
    struct mr_readspec full = u->table->pair->full[MR_TARGET];
    struct mr_readspec keys = full;
    full.key = &u->table->counter;
    full.nkey = 1;
    keys.cols = &full.cols[u->table->counter];
    keys.ncols = 1;
    keys.key = &key_at;
    keys.nkey = 1;
    u->last = above;
    u->beyond = false;
    u->found = 0;
    enum mr_code code = scan(u, &keys, above, pass_key, err);
    if (code != MR_OK || !u->beyond)
        return code;
    code = mr_rowhash_init(&u->hash, u->table->pair, &full, err);
    if (code == MR_OK)
        code = scan(u, &full, u->first - 1, match_row, err);
    mr_rowhash_release(&u->hash);
    return code;
}

/* ---- a table ---- */

/* A gap is measured in steps of the counter, which may be those of a sequence. */
static enum mr_code find_gap(struct unknown *u, uint64_t *above, struct mr_err *err)
{
    const struct mr_plan_table *t = u->table;
    const struct mr_server_side *side = u->m->plan->pairing.side;
    struct mr_db *db = mr_reader_db(side[MR_TARGET].main);
    uint64_t next[MR_SIDES], greatest[MR_SIDES], step = 1;
    const struct mr_reseed_pair pair = {{t->pair->side[MR_SOURCE], t->pair->side[MR_TARGET]},
                                        {mr_pair_column(t->pair, MR_SOURCE, t->counter),
                                         mr_pair_column(t->pair, MR_TARGET, t->counter)}};
    struct mr_sequence sequence = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_reseed_read(side, &pair, next, greatest, err));
    if (t->sequence != NULL)
        MR_TRY_OUT(mr_sequence_read(db, t->sequence_db, t->sequence, &sequence, err));
    MR_TRY_OUT(mr_db_query_text(db, "SELECT @@GLOBAL.auto_increment_increment", &text, err));
    step = sequence.increment > 0 ? sequence.increment : strtoull(text.ptr, NULL, 10);
    *above = greatest[MR_SOURCE];
    if (next[MR_SOURCE] > *above)
        *above = next[MR_SOURCE] - 1;
    u->gap = MR_UNKNOWN_GAP * (step > 0 ? step : 1);
out:
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code refuse(const struct unknown *u, struct mr_err *err)
{
    const char *name = mr_plan_table_name(u->table);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" of the target was merged before: %" PRIu64 " of %" PRIu64
                     " rows that would be inserted stand there already, "
                     "under new ids from %" PRIu64 " on, and the case knows of no merge",
                     name, u->found, u->events, u->first);
    mr_err_hint(err, "Nothing was changed. Plan with the case of that merge, or give the "
                     "idmap.csv of its plan with --idmap.");
    return MR_E_REFUSED;
}

static enum mr_code check_table(struct unknown *u, struct mr_err *err)
{
    uint64_t above = 0;
    enum mr_code code = note_events(u, err);
    if (code != MR_OK || u->events == 0)
        return code;
    code = find_gap(u, &above, err);
    if (code == MR_OK)
        code = look_behind_gap(u, above, err);
    return code == MR_OK && u->found > 0 && 2 * u->found >= u->events ? refuse(u, err) : code;
}

static bool is_of_events(const struct mr_plan_table *t)
{
    return t->identity == MR_PLAN_BY_NONE && t->key.count == 1 && mr_plan_has_counter(t);
}

/* An earlier plan of the case has said what becomes of rows of that table. */
static enum mr_code is_known(struct mr_merge *m, const struct mr_plan_table *t, bool *known,
                             struct mr_err *err)
{
    return MR_CASE_HAS(m->cf, "SELECT 1 FROM plan_map WHERE tbl=:tbl LIMIT 1", known, err,
                       MR_ARG_TEXT("tbl", mr_plan_table_name(t)));
}

enum mr_code mr_merge_unknown(struct mr_merge *m, struct mr_err *err)
{
    struct unknown u = {.m = m,
                        .arena = MR_ARENA_INIT,
                        .rows = MR_VEC_INIT(struct mr_merge_work_row),
                        .content = MR_STRBUF_INIT};
    if (m->options->has_idmap)
        return MR_OK;
    const struct mr_case_sql list[] = {
        {&u.add, "INSERT INTO event (digest, n) VALUES (:digest, 1)"
                 " ON CONFLICT (digest) DO UPDATE SET n=n+1"},
        {&u.take, "UPDATE event SET n=n-1 WHERE digest=:digest AND n>0 RETURNING 1"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY_OUT(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    for (size_t i = 0; i < m->plan->ntables; i++) {
        bool known = false;
        u.table = &m->plan->tables[i];
        if (!is_of_events(u.table))
            continue;
        MR_TRY_OUT(is_known(m, u.table, &known, err));
        if (!known)
            MR_TRY_OUT(check_table(&u, err));
    }
out:
    mr_case_free(u.add);
    mr_case_free(u.take);
    (void)mr_case_exec(m->cf, "DROP TABLE IF EXISTS temp.event", NULL);
    mr_vec_release(&u.rows);
    mr_strbuf_release(&u.content);
    mr_arena_release(&u.arena);
    return code;
}
