/* cutover_rows.c: are the newest rows of each table the same? see cutover_tables.h.
 *
 * The newest are the last by the table's counter, where it has one that leads an index, else by its
 * key.  Read of OLD, NEW passes OLD's position, read of NEW: what differs then may have been written
 * in between.  A row differs for sure only if it did twice in a row while OLD's stayed as it was; one
 * that is the same once is the same; one that OLD changes at each look is not known.
 *
 * A table without a key is compared whole while it is small; else its newest rows cannot be told. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/case/run_command.h"
#include "core/pair/pair_columns.h"
#include "core/pair/rowset.h"
#include "core/row/row_class.h"
#include "core/row/value_text.h"
#include "core/source/source_sql.h"
#include "recon/gate/cutover_tables.h"

#define BATCH 64         /* tables between two waits for NEW, */
#define BATCH_ROWS 20000 /* unless their last rows are so many */
#define ROUNDS 8
#define TAIL_BYTES (8 * 1024 * 1024) /* of a table's last rows, by the server's estimate */
#define KEYLESS_ROWS 10000           /* by the server's estimate, */
#define WHOLE_ROWS_MAX 20000         /* and as they are read */
#define SPARE_ROWS 1000              /* that may come to a tail while it is read */
#define NAMED 3                      /* rows of a table */
#define COMMAND_TABLES 20            /* of a command; of more it is that of all */
#define KEY_WIDTH 40

/* The last rows of a table. */
struct tail {
    const struct mr_pair *table;
    struct mr_readspec spec[MR_SIDES];
    bool is_whole; /* without a key: all of it */
    size_t wanted;
    struct mr_strbuf lo; /* the key before the first of them; "": none */
    struct mr_strbuf hi; /* the last that was read of OLD, where the read came to its limit */
    struct mr_rowset rows[MR_SIDES];
    bool is_read;
};

struct reading {
    struct mr_cutover *c;
    size_t tables;           /* compared */
    size_t cut;              /* of wide rows, of which fewer were compared */
    bool reached;            /* by NEW, at the last wait */
    struct mr_vec differing; /* const char *: names of tables */
};

/* A key whose rows looked different: one row, but where the counter's index lets several have it. */
struct suspect {
    struct mr_key key;
    struct mr_rowset_group old; /* of the look before */
    bool on_new;
    bool differed; /* at the look before, with these very rows of OLD */
};

/* ---- which rows ---- */

/* The counter, where it leads an index on both sides. */
static bool use_counter(const struct mr_pair *table, size_t *at)
{
    const struct mr_column *counter = mr_table_counter(table->side[MR_OLD]);
    if (counter == NULL || !mr_class_is_integer(counter->cls))
        return false;
    for (int side = MR_OLD; side <= MR_NEW; side++) {
        const struct mr_table *t = table->side[side];
        bool leads = false;
        for (size_t i = 0; i < t->nindexes; i++)
            leads |= t->indexes[i].nparts > 0 && t->indexes[i].parts[0].column != NULL &&
                     !t->indexes[i].parts[0].descending && t->indexes[i].usable &&
                     mr_index_leads(t, &t->indexes[i]) &&
                     strcasecmp(t->indexes[i].parts[0].column, counter->name) == 0;
        if (!leads)
            return false;
    }
    for (*at = 0; *at < table->find.ncolumns; (*at)++)
        if (strcasecmp(table->scan[MR_OLD].cols[*at].name, counter->name) == 0)
            return table->scan[MR_OLD].cols[*at].cls == table->scan[MR_NEW].cols[*at].cls &&
                   mr_class_is_integer(table->scan[MR_OLD].cols[*at].cls);
    return false;
}

static size_t rows_wanted(const struct mr_cutover *c, const struct mr_pair *table)
{
    const uint64_t a = table->side[MR_OLD]->avg_row_bytes, b = table->side[MR_NEW]->avg_row_bytes;
    const uint64_t bytes = a > b ? a : b;
    const uint64_t fit = bytes > 0 ? TAIL_BYTES / bytes : c->opts->rows;
    return fit >= c->opts->rows ? c->opts->rows : fit > 0 ? (size_t)fit : 1;
}

static enum mr_code tell_untold(struct mr_cutover *c, const struct mr_pair *table, const char *why,
                                struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT;
    mr_strbuf_add_str(&hint, "Leave it out (");
    mr_command_add_option(&hint, "--exclude", table->find.name);
    mr_strbuf_add_str(&hint, "), or compare it whole: ");
    mr_cutover_add_check(c, &table->find.name, 1, &hint);
    enum mr_code code = mr_strbuf_check(&hint, "comparing rows", err);
    if (code == MR_OK)
        code = mr_cutover_found(c, &c->rows, MR_GATE_UNKNOWN, hint.ptr, err,
                                "%s: its newest rows cannot be told: %s", table->find.name, why);
    mr_strbuf_release(&hint);
    return code;
}

/* False: its last rows cannot be told, which is said. */
static enum mr_code choose(struct reading *r, const struct mr_pair *table, struct tail *tail,
                           bool *known, struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    size_t at = 0;
    const bool by_counter = use_counter(table, &at);
    *tail = (struct tail){.table = table,
                          .spec = {table->scan[MR_OLD], table->scan[MR_NEW]},
                          .wanted = rows_wanted(c, table),
                          .lo = MR_STRBUF_INIT,
                          .hi = MR_STRBUF_INIT};
    mr_rowset_init(&tail->rows[MR_OLD]);
    mr_rowset_init(&tail->rows[MR_NEW]);
    r->cut += tail->wanted < c->opts->rows;
    *known = true;
    if (by_counter) {
        size_t *key = mr_arena_calloc(&c->arena, 1, sizeof *key);
        if (key == NULL)
            return mr_err_nomem(err, "comparing rows");
        *key = at;
        for (int side = MR_OLD; side <= MR_NEW; side++) {
            tail->spec[side].key = key;
            tail->spec[side].nkey = 1;
            tail->spec[side].index = NULL;
        }
        return MR_OK;
    }
    if (table->join == MR_JOIN_SHARED)
        return MR_OK;
    tail->is_whole = table->join == MR_JOIN_DIGEST && table->est_rows <= KEYLESS_ROWS;
    if (tail->is_whole)
        return MR_OK;
    *known = false;
    return tell_untold(
        c, table,
        table->join == MR_JOIN_DIGEST ? "it has no key" : "its key sorts otherwise on NEW", err);
}

static void release(struct tail *tail)
{
    mr_strbuf_release(&tail->lo);
    mr_strbuf_release(&tail->hi);
    mr_rowset_release(&tail->rows[MR_OLD]);
    mr_rowset_release(&tail->rows[MR_NEW]);
}

/* ---- reading ---- */

/* The key before the last `wanted` of OLD; none: there are fewer. */
static enum mr_code read_start(struct mr_cutover *c, struct tail *tail, struct mr_err *err)
{
    const struct mr_readspec *spec = &tail->spec[MR_OLD];
    enum mr_class classes[MR_KEY_PARTS_MAX];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_stream *stream = NULL;
    const struct mr_value *values = NULL;
    mr_source_sql_nth_last(&sql, spec, tail->wanted);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    for (size_t i = 0; i < spec->nkey && i < MR_KEY_PARTS_MAX; i++)
        classes[i] = spec->cols[spec->key[i]].cls;
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_stream_open(c->link[MR_OLD].db, sql.ptr, sql.len, classes, spec->nkey, true,
                              &stream, err));
    MR_TRY_OUT(mr_stream_next(stream, &values, err));
    for (size_t i = 0; values != NULL && i < spec->nkey; i++)
        MR_TRY_OUT(mr_row_encode(&tail->lo, &values[i], err));
    /* to its end, or the connection would have to be made anew */
    if (values != NULL)
        MR_TRY_OUT(mr_stream_next(stream, &values, err));
    code = mr_strbuf_check(&tail->lo, "reading keys", err);
out:
    if (stream != NULL)
        mr_stream_close(stream);
    mr_strbuf_release(&sql);
    return code;
}

static struct mr_key key_of(const struct mr_strbuf *text)
{
    return (struct mr_key){text->len > 0 ? text->ptr : NULL, text->len};
}

static enum mr_code read_side(struct mr_cutover *c, struct tail *tail, int side, struct mr_err *err)
{
    const struct mr_range range = {tail->is_whole ? (struct mr_key){NULL, 0} : key_of(&tail->lo),
                                   key_of(&tail->hi)};
    const size_t limit = tail->is_whole ? WHOLE_ROWS_MAX : 2 * tail->wanted + SPARE_ROWS;
    struct mr_rowset *set = &tail->rows[side];
    struct mr_rowhash hash;
    enum mr_code code = mr_rowhash_init(&hash, tail->table, &tail->spec[side], err);
    if (code == MR_OK)
        code = mr_rowset_scan(set, c->side[side].main, &hash, range, limit, err);
    mr_rowhash_release(&hash);
    /* what comes behind is newer than what is compared */
    if (code == MR_OK && side == MR_OLD && !tail->is_whole && set->rows.count == limit) {
        const struct mr_key last = mr_rowset_key(set, mr_rowset_at(set, set->rows.count - 1));
        mr_strbuf_add(&tail->hi, last.ptr, last.len);
        code = mr_strbuf_check(&tail->hi, "reading keys", err);
    }
    return code;
}

static enum mr_code tell_unread(struct mr_cutover *c, const struct tail *tail, int side,
                                const struct mr_err *why, struct mr_err *err)
{
    return mr_cutover_found(c, &c->rows, MR_GATE_UNKNOWN, mr_err_get_hint(why), err,
                            "%s: not read of %s: %s", tail->table->find.name,
                            side == MR_OLD ? "OLD" : "NEW", why->message);
}

/* One table that cannot be read says nothing of the others. */
static enum mr_code try_side(struct mr_cutover *c, struct tail *tail, int side, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    if (side == MR_OLD && !tail->is_whole)
        code = read_start(c, tail, &why);
    if (code == MR_OK)
        code = read_side(c, tail, side, &why);
    tail->is_read = code == MR_OK;
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    return code == MR_OK ? MR_OK : tell_unread(c, tail, side, &why, err);
}

/* ---- comparing ---- */

/* Both are sorted by key. */
static enum mr_code compare(const struct tail *tail, struct mr_vec *suspects, struct mr_err *err)
{
    const struct mr_rowset *old = &tail->rows[MR_OLD], *new = &tail->rows[MR_NEW];
    size_t i = 0, k = 0;
    while (i < old->rows.count || k < new->rows.count) {
        struct mr_key key = {NULL, 0};
        if (i < old->rows.count)
            key = mr_rowset_key(old, mr_rowset_at(old, i));
        if (k < new->rows.count) {
            const struct mr_key other = mr_rowset_key(new, mr_rowset_at(new, k));
            if (i == old->rows.count || mr_key_compare(other, key) < 0)
                key = other;
        }
        const struct mr_rowset_group a = mr_rowset_group(old, key), b = mr_rowset_group(new, key);
        i += a.rows;
        k += b.rows;
        if (mr_rowset_group_is_same(a, b))
            continue;
        struct suspect *s = mr_vec_push(suspects);
        if (s == NULL)
            return mr_err_nomem(err, "comparing rows");
        *s = (struct suspect){.key = key, .old = a, .on_new = b.rows > 0};
    }
    return MR_OK;
}

static enum mr_code fetch(struct mr_cutover *c, const struct tail *tail, int side,
                          const struct mr_vec *suspects, struct mr_rowset *set, struct mr_err *err)
{
    struct mr_rowhash hash;
    struct mr_key *keys = calloc(suspects->count, sizeof *keys);
    if (keys == NULL)
        return mr_err_nomem(err, "comparing rows");
    for (size_t i = 0; i < suspects->count; i++)
        keys[i] = ((const struct suspect *)mr_vec_at(suspects, i))->key;
    enum mr_code code = mr_rowhash_init(&hash, tail->table, &tail->spec[side], err);
    if (code == MR_OK)
        code = mr_rowset_fetch(set, c->side[side].main, &hash, keys, suspects->count, 0, err);
    mr_rowhash_release(&hash);
    free(keys);
    return code;
}

/* One more look at each: those that are the same go, those that differed twice while OLD's stood
 * still go to `sure`. */
static void judge_round(struct mr_vec *suspects, struct mr_vec *sure, const struct mr_rowset *old,
                        const struct mr_rowset *new, bool *nomem)
{
    size_t kept = 0;
    for (size_t i = 0; i < suspects->count; i++) {
        struct suspect s = *(struct suspect *)mr_vec_at(suspects, i);
        const struct mr_rowset_group a = mr_rowset_group(old, s.key);
        const struct mr_rowset_group b = mr_rowset_group(new, s.key);
        if (mr_rowset_group_is_same(a, b))
            continue;
        const bool still = mr_rowset_group_is_same(a, s.old);
        const bool is_sure = still && s.differed;
        s.differed = still;
        s.old = a;
        s.on_new = b.rows > 0;
        if (is_sure) {
            struct suspect *slot = mr_vec_push(sure);
            *nomem |= slot == NULL;
            if (slot != NULL)
                *slot = s;
        } else {
            *(struct suspect *)mr_vec_at(suspects, kept++) = s;
        }
    }
    suspects->count = kept;
}

static enum mr_code settle(struct reading *r, const struct tail *tail, struct mr_vec *suspects,
                           struct mr_vec *sure, struct mr_err *err)
{
    struct mr_rowset old, new;
    bool nomem = false;
    enum mr_code code = MR_OK;
    mr_rowset_init(&old);
    mr_rowset_init(&new);
    for (int round = 0; round < ROUNDS && suspects->count > 0; round++) {
        MR_TRY_OUT(fetch(r->c, tail, MR_OLD, suspects, &old, err));
        MR_TRY_OUT(mr_cutover_catch_up(r->c, MR_CUTOVER_AGAIN_S(r->c), &r->reached, err));
        if (!r->reached)
            break;
        MR_TRY_OUT(fetch(r->c, tail, MR_NEW, suspects, &new, err));
        judge_round(suspects, sure, &old, &new, &nomem);
        if (nomem) {
            code = mr_err_nomem(err, "comparing rows");
            goto out;
        }
    }
out:
    mr_rowset_release(&old);
    mr_rowset_release(&new);
    return code;
}

/* ---- telling ---- */

static void add_key(struct mr_strbuf *out, const struct tail *tail, const struct mr_key *key)
{
    const struct mr_readspec *spec = &tail->spec[MR_OLD];
    size_t pos = 0;
    for (size_t i = 0; i < spec->nkey; i++) {
        struct mr_value value = {0};
        const struct mr_readcol *col = &spec->cols[spec->key[i]];
        if (mr_row_decode(key->ptr, key->len, &pos, &value, NULL) != MR_OK)
            return;
        mr_strbuf_add_fmt(out, "%s%s ", i > 0 ? ", " : "", col->name);
        mr_value_to_screen(out, &value, (struct mr_value_style){.cls = col->cls}, KEY_WIDTH);
    }
}

/* The hint is one of all tables that differ, and comes when they are known. */
static enum mr_code note_differing(struct reading *r, const char *name, struct mr_err *err)
{
    const char **slot = mr_vec_push(&r->differing);
    if (slot == NULL)
        return mr_err_nomem(err, "comparing rows");
    *slot = name;
    return MR_OK;
}

static enum mr_code tell(struct reading *r, const struct tail *tail, const struct mr_vec *sure,
                         const struct mr_vec *open, struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *name = tail->table->find.name;
    const size_t old = tail->rows[MR_OLD].rows.count, new = tail->rows[MR_NEW].rows.count;
    const size_t last = old > new ? old : new;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < sure->count && i < NAMED; i++) {
        const struct suspect *s = mr_vec_at(sure, i);
        mr_strbuf_add_str(&text, i > 0 ? ", " : "");
        add_key(&text, tail, &s->key);
        mr_strbuf_add_str(&text, !s->on_new         ? " is not on NEW"
                                 : s->old.rows == 0 ? " is on NEW alone"
                                                    : " differs");
    }
    if (sure->count > NAMED)
        mr_strbuf_add_fmt(&text, " and %zu more", sure->count - NAMED);
    MR_TRY_OUT(mr_strbuf_check(&text, "comparing rows", err));
    if (sure->count > 0) {
        MR_TRY_OUT(note_differing(r, name, err));
        MR_TRY_OUT(mr_cutover_found(c, &c->rows, MR_GATE_CRITICAL, NULL, err,
                                    "%s: %zu of its last %zu rows differ%s: %s", name, sure->count,
                                    last, sure->count == 1 ? "s" : "", text.ptr));
    }
    if (open->count > 0)
        MR_TRY_OUT(mr_cutover_found(c, &c->rows, MR_GATE_UNKNOWN,
                                    "Try again when less is written, or leave the table out: "
                                    "--exclude.",
                                    err, "%s: %zu of its last rows changed at each look", name,
                                    open->count));
out:
    mr_strbuf_release(&text);
    return code;
}

/* ---- without a key ---- */

/* Of one that has no key all keys are empty. */
static struct mr_rowset_group all_of(const struct mr_rowset *set)
{
    return set->rows.count > 0 ? mr_rowset_group(set, mr_rowset_key(set, mr_rowset_at(set, 0)))
                               : (struct mr_rowset_group){0, {0, 0}};
}

/* More than its estimate promised: behind the last that was read nothing is known. */
static bool is_cut(const struct tail *tail)
{
    return tail->rows[MR_OLD].rows.count >= WHOLE_ROWS_MAX ||
           tail->rows[MR_NEW].rows.count >= WHOLE_ROWS_MAX;
}

static enum mr_code compare_whole(struct reading *r, struct tail *tail, struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    struct mr_rowset_group before = {0, {0, 0}};
    const char *name = tail->table->find.name;
    size_t differed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const struct mr_rowset_group old = all_of(&tail->rows[MR_OLD]);
        if (is_cut(tail))
            return tell_untold(c, tail->table,
                               "it has no key, and more rows than its server thinks", err);
        if (mr_rowset_group_is_same(old, all_of(&tail->rows[MR_NEW])))
            return MR_OK;
        differed = round > 0 && mr_rowset_group_is_same(old, before) ? differed + 1 : 1;
        if (differed > 2) {
            MR_TRY(note_differing(r, name, err));
            return mr_cutover_found(c, &c->rows, MR_GATE_CRITICAL, NULL, err,
                                    "%s, which has no key, differs: %zu rows on OLD, %zu on NEW",
                                    name, tail->rows[MR_OLD].rows.count,
                                    tail->rows[MR_NEW].rows.count);
        }
        before = old;
        MR_TRY(read_side(c, tail, MR_OLD, err));
        MR_TRY(mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), &r->reached, err));
        if (!r->reached)
            return MR_OK;
        MR_TRY(read_side(c, tail, MR_NEW, err));
    }
    return mr_cutover_found(c, &c->rows, MR_GATE_UNKNOWN, NULL, err,
                            "%s, which has no key, changed at each look", name);
}

/* ---- all of it ---- */

static enum mr_code judge_tail(struct reading *r, struct tail *tail, struct mr_err *err)
{
    const struct mr_vec none =
        MR_VEC_INIT(struct suspect); /* of all that is open one line is told */
    struct mr_vec suspects = MR_VEC_INIT(struct suspect), sure = MR_VEC_INIT(struct suspect);
    enum mr_code code = MR_OK;
    if (tail->is_whole)
        return compare_whole(r, tail, err);
    MR_TRY_OUT(compare(tail, &suspects, err));
    MR_TRY_OUT(settle(r, tail, &suspects, &sure, err));
    code = tell(r, tail, &sure, r->reached ? &suspects : &none, err);
out:
    mr_vec_release(&suspects);
    mr_vec_release(&sure);
    return code;
}

static enum mr_code try_judge(struct reading *r, struct tail *tail, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = judge_tail(r, tail, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        return tell_unread(r->c, tail, MR_NEW, &why, err);
    r->tables++;
    r->c->rows_compared += tail->rows[MR_OLD].rows.count;
    return MR_OK;
}

static enum mr_code read_batch(struct reading *r, struct tail *tails, size_t count,
                               struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    for (size_t i = 0; i < count; i++)
        MR_TRY(try_side(c, &tails[i], MR_OLD, err));
    MR_TRY(mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), &r->reached, err));
    for (size_t i = 0; i < count && r->reached; i++) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (tails[i].is_read)
            MR_TRY(try_side(c, &tails[i], MR_NEW, err));
        if (tails[i].is_read)
            MR_TRY(try_judge(r, &tails[i], err));
    }
    return MR_OK;
}

static enum mr_code set_note(struct reading *r, struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    struct mr_strbuf note = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&note, "the last rows of %zu table%s are the same: ", r->tables,
                      r->tables == 1 ? "" : "s");
    mr_strbuf_add_grouped(&note, c->rows_compared);
    mr_strbuf_add_str(&note, c->rows_compared == 1 ? " row" : " rows");
    if (r->cut > 0)
        mr_strbuf_add_fmt(&note, "; fewer of %zu with wide rows", r->cut);
    enum mr_code code = mr_strbuf_check(&note, "comparing rows", err);
    c->rows.note = code == MR_OK ? mr_arena_strdup(&c->arena, note.ptr) : NULL;
    mr_strbuf_release(&note);
    return code;
}

static enum mr_code set_hint(struct reading *r, struct mr_err *err)
{
    struct mr_cutover *c = r->c;
    struct mr_strbuf hint = MR_STRBUF_INIT;
    const size_t count = r->differing.count <= COMMAND_TABLES ? r->differing.count : 0;
    mr_strbuf_add_str(&hint, "What differs, and whose it is: ");
    mr_cutover_add_check(c, r->differing.items, count, &hint);
    enum mr_code code = mr_strbuf_check(&hint, "comparing rows", err);
    const char *kept = code == MR_OK ? mr_arena_strdup(&c->arena, hint.ptr) : NULL;
    mr_strbuf_release(&hint);
    if (code == MR_OK && kept == NULL)
        code = mr_err_nomem(err, "comparing rows");
    for (size_t i = 0; i < c->rows.items.count; i++) {
        struct mr_cutover_finding *f = mr_vec_at(&c->rows.items, i);
        if (f->severity == MR_GATE_CRITICAL && f->hint == NULL)
            f->hint = kept;
    }
    return code;
}

enum mr_code mr_cutover_read_rows(struct mr_cutover *c, struct mr_err *err)
{
    struct reading r = {.c = c, .reached = true, .differing = MR_VEC_INIT(const char *)};
    struct tail *tails = calloc(BATCH, sizeof *tails);
    enum mr_code code = MR_OK;
    if (tails == NULL)
        return mr_err_nomem(err, "comparing rows");
    for (size_t at = 0; code == MR_OK && r.reached && at < c->pairing.ntables;) {
        size_t count = 0, rows = 0;
        while (code == MR_OK && count < BATCH && rows < BATCH_ROWS && at < c->pairing.ntables) {
            bool known = false;
            code = choose(&r, c->pairing.tables[at++], &tails[count], &known, err);
            rows += tails[count].wanted;
            count += known;
        }
        if (code == MR_OK)
            code = read_batch(&r, tails, count, err);
        for (size_t i = 0; i < count; i++)
            release(&tails[i]);
    }
    free(tails);
    if (code == MR_OK && !r.reached)
        code =
            mr_cutover_found(c, &c->rows, MR_GATE_UNKNOWN, "Wait longer for NEW: --wait SECONDS.",
                             err, "NEW fell behind while rows were compared: %zu table%s done",
                             r.tables, r.tables == 1 ? "" : "s");
    if (code == MR_OK && r.differing.count > 0)
        code = set_hint(&r, err);
    mr_vec_release(&r.differing);
    return code == MR_OK ? set_note(&r, err) : code;
}
