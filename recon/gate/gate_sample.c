/*
 * gate_sample.c: digests of ranges of the past, and of all rows; see gate_work.h.
 *
 * A range's digest is the sum, modulo 2^128, of the XXH3-128 digests of its rows'
 * injective encodings, so that the order of reading does not matter and nothing that
 * occurs twice cancels out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/row/row.h"
#include "core/source/keyrange.h"
#include "recon/gate/gate_newest.h"
#include "recon/gate/gate_shape.h"
#include "recon/gate/gate_spec.h"
#include "recon/gate/gate_work.h"

#define RANGES 4
#define RANGE_ROWS 32
#define REREAD_FACTOR 16 /* rows that a range may have grown to */
#define EACH_DIGITS 8    /* of a row's digest that are kept */

struct sampling {
    struct mr_gate_work *work;
    struct mr_gate_item *item;
    struct mr_gate_spec spec;
    struct mr_hasher *hasher;
    /* of the range that is being read */
    struct mr_digest sum;
    uint64_t rows;
    struct mr_strbuf last; /* key of the last row */
    bool keeps_each;
    struct mr_strbuf each; /* so many digits of each row's digest */
    struct mr_strbuf keys; /* and of its key's */
    struct mr_gate_seen_rows seen;
};

static enum mr_code begin(struct sampling *s, struct mr_gate_work *work, struct mr_gate_item *item,
                          struct mr_err *err)
{
    *s = (struct sampling){.work = work,
                           .item = item,
                           .last = MR_STRBUF_INIT,
                           .each = MR_STRBUF_INIT,
                           .keys = MR_STRBUF_INIT,
                           .hasher = mr_hasher_new()};
    mr_gate_seen_init(&s->seen);
    if (s->hasher == NULL)
        return mr_err_nomem(err, "sampling rows");
    return mr_gate_spec_init(&s->spec, item->table, &work->scratch, err);
}

static void end(struct sampling *s)
{
    mr_hasher_free(s->hasher);
    mr_strbuf_release(&s->last);
    mr_strbuf_release(&s->each);
    mr_strbuf_release(&s->keys);
    mr_gate_seen_release(&s->seen);
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct sampling *s = ctx;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->spec.read.ncols; i++)
        code = mr_hasher_add(s->hasher, &values[i], err);
    if (code == MR_OK)
        code = mr_gate_seen_add(&s->seen, values, s->spec.read.ncols, err);
    struct mr_digest digest = mr_hasher_finish(s->hasher);
    s->sum.lo += digest.lo;
    s->sum.hi += digest.hi + (s->sum.lo < digest.lo ? 1 : 0);
    s->rows++;
    if (s->keeps_each)
        mr_strbuf_add_fmt(&s->each, "%08" PRIx32, (uint32_t)digest.lo);
    mr_strbuf_reset(&s->last);
    for (size_t i = 0; code == MR_OK && i < s->spec.read.nkey; i++)
        code = mr_row_encode(&s->last, &values[s->spec.read.key[i]], err);
    if (s->keeps_each)
        mr_strbuf_add_fmt(&s->keys, "%08" PRIx32,
                          (uint32_t)mr_digest_bytes(s->last.ptr, s->last.len).lo);
    /* What is short of a row would be told from the rows of before. */
    if (code == MR_OK && (s->last.failed || s->each.failed || s->keys.failed))
        code = mr_err_nomem(err, "sampling rows");
    return code;
}

static enum mr_code scan(struct sampling *s, struct mr_range range, uint64_t limit,
                         struct mr_err *err)
{
    s->sum = (struct mr_digest){0};
    s->rows = 0;
    mr_strbuf_reset(&s->last);
    mr_strbuf_reset(&s->each);
    mr_strbuf_reset(&s->keys);
    return mr_reader_scan(s->work->task->link->reader, &s->spec.read, range, limit, take_row, s,
                          err);
}

static const char *hex(struct sampling *s, struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (key.ptr != NULL)
        mr_strbuf_add_hex(&text, key.ptr, key.len);
    const char *kept = text.failed ? NULL : mr_arena_dup(s->work->task->arena, text.ptr, text.len);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code keep_range(struct sampling *s, struct mr_key lo, struct mr_gate_range *out,
                               struct mr_err *err)
{
    *out = (struct mr_gate_range){
        .lo = hex(s, lo),
        .hi = hex(s, (struct mr_key){s->last.ptr, s->last.len}),
        .rows = s->rows,
        .digest = mr_gate_digest_text(s->sum, s->work->task->arena),
        .each = s->each.failed ? NULL : mr_arena_strdup(s->work->task->arena, s->each.ptr),
        .keys = s->keys.failed ? NULL : mr_arena_strdup(s->work->task->arena, s->keys.ptr)};
    return out->lo != NULL && out->hi != NULL && out->digest != NULL && out->each != NULL &&
                   out->keys != NULL
               ? MR_OK
               : mr_err_nomem(err, "sampling rows");
}

/* ---- new ranges ---- */

/* Keys are spread evenly between the least and the greatest; a table with another key
 * is sampled at its begin. */
static enum mr_code least_key(struct sampling *s, const struct mr_column *column, int64_t *least,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, found = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CAST(MIN(");
    mr_sql_ident(&sql, column->name);
    mr_strbuf_add_str(&sql, ") AS SIGNED) FROM ");
    mr_sql_table(&sql, s->spec.read.db, s->spec.read.table);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(s->work->task->link->db, sql.ptr, &found, err);
    *least = strtoll(found.ptr, NULL, 10);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&found);
    return code;
}

static enum mr_code sample_from(struct sampling *s, const struct mr_value *lo,
                                struct mr_gate_range *out, bool *any, struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct mr_range range = {0};
    enum mr_code code = MR_OK;
    if (lo != NULL) {
        code = mr_row_encode(&key, lo, err);
        range.lo = (struct mr_key){key.ptr, key.len};
    }
    if (code == MR_OK)
        code = scan(s, range, RANGE_ROWS, err);
    *any = code == MR_OK && s->rows > 0;
    if (*any)
        code = keep_range(s, range.lo, out, err);
    mr_strbuf_release(&key);
    return code;
}

static enum mr_code choose_ranges(struct sampling *s, struct mr_err *err)
{
    const struct mr_column *column = mr_gate_key_column(s->item->table);
    struct mr_gate_table *out = s->item->out;
    struct mr_gate_range *ranges = mr_arena_calloc(s->work->task->arena, RANGES, sizeof *ranges);
    struct mr_value lo = {0};
    int64_t least = 0, greatest = strtoll(out->greatest, NULL, 10);
    bool any = false;
    if (ranges == NULL)
        return mr_err_nomem(err, "sampling rows");
    out->ranges = ranges;
    s->seen.on = true;
    enum mr_code code = sample_from(s, NULL, &ranges[0], &any, err);
    s->seen.all = s->seen.on && s->rows < RANGE_ROWS;
    s->seen.on = false;
    out->nranges = any ? 1 : 0;
    if (code != MR_OK || column == NULL || s->rows < RANGE_ROWS)
        return code;
    code = least_key(s, column, &least, err);
    const int64_t step = greatest / RANGES - least / RANGES;
    lo.cls = column->cls;
    for (int i = 1; code == MR_OK && i < RANGES && step > RANGE_ROWS; i++) {
        lo.i = least + step * i;
        code = sample_from(s, &lo, &ranges[out->nranges], &any, err);
        out->nranges += any ? 1 : 0;
    }
    return code;
}

/* ---- the ranges of a baseline ---- */

/* Rows of the range that were updated since: they are not what a digest can judge. */
static enum mr_code is_touched(struct sampling *s, struct mr_range range, const char *since,
                               bool *touched, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, found = MR_STRBUF_INIT;
    struct mr_strbuf condition = MR_STRBUF_INIT;
    *touched = false;
    if (!mr_gate_touched_sql(&condition, s->item->table, &s->item->config, since))
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT EXISTS (SELECT 1 FROM ");
    mr_sql_table(&sql, s->spec.read.db, s->spec.read.table);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_strbuf_add(&sql, condition.ptr, condition.len);
    sql.failed |= condition.failed;
    mr_strbuf_release(&condition);
    if (range.lo.ptr != NULL || range.hi.ptr != NULL) {
        mr_strbuf_add_str(&sql, " AND ");
        (void)mr_keyrange_condition(&sql, s->spec.parts, s->spec.read.nkey, range);
    }
    mr_strbuf_add_char(&sql, ')');
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(s->work->task->link->db, sql.ptr, &found, err);
    *touched = strcmp(found.ptr, "1") == 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&found);
    return code;
}

/* Is each of the old rows among those of now?  Where rows came in between, the digests of
 * the whole say nothing. */
static bool has_each(const char *past, struct mr_strbuf *now)
{
    for (const char *row = past; strlen(row) >= EACH_DIGITS; row += EACH_DIGITS) {
        size_t at = 0;
        while (at < now->len && memcmp(now->ptr + at, row, EACH_DIGITS) != 0)
            at += EACH_DIGITS;
        if (at >= now->len)
            return false;
        memset(now->ptr + at, ' ', EACH_DIGITS); /* one for one */
    }
    return true;
}

/* Row by row: is it there, and what it was? */
static void judge_rows(const struct sampling *s, const struct mr_gate_range *past,
                       struct mr_gate_range *out)
{
    const size_t len = strlen(past->keys);
    out->judged = true;
    for (size_t row = 0; row + EACH_DIGITS <= len; row += EACH_DIGITS) {
        size_t at = 0;
        while (at < s->keys.len && memcmp(s->keys.ptr + at, past->keys + row, EACH_DIGITS) != 0)
            at += EACH_DIGITS;
        if (at >= s->keys.len)
            out->deleted++;
        else if (memcmp(s->each.ptr + at, past->each + row, EACH_DIGITS) != 0)
            out->changed++;
    }
}

static enum mr_code reread(struct sampling *s, const struct mr_gate_range *past, uint64_t limit,
                           struct mr_gate_range *out, struct mr_err *err)
{
    struct mr_strbuf lo = MR_STRBUF_INIT, hi = MR_STRBUF_INIT;
    struct mr_range range = {0};
    enum mr_code code = MR_OK;
    if (!mr_gate_unhex(past->lo, &lo) || !mr_gate_unhex(past->hi, &hi))
        code = mr_err_set(err, MR_E_CHANGED, "the baseline's ranges cannot be read");
    else if (lo.failed || hi.failed)
        code = mr_err_nomem(err, "sampling rows");
    if (lo.len > 0)
        range.lo = (struct mr_key){lo.ptr, lo.len};
    if (hi.len > 0)
        range.hi = (struct mr_key){hi.ptr, hi.len};
    if (code == MR_OK)
        code = scan(s, range, limit, err);
    if (code == MR_OK) {
        *out = *past;
        out->rows = s->rows;
        if (s->keeps_each && past->keys[0] != '\0' && strlen(past->keys) == strlen(past->each) &&
            s->rows < limit)
            judge_rows(s, past, out);
        out->grown = s->keeps_each && s->rows > past->rows &&
                     (s->rows >= limit || has_each(past->each, &s->each));
        out->digest = mr_gate_digest_text(s->sum, s->work->task->arena);
        if (out->digest == NULL)
            code = mr_err_nomem(err, "sampling rows");
    }
    if (code == MR_OK && strcmp(out->digest, past->digest) != 0)
        code = is_touched(s, range, s->work->task->past->recorded, &out->touched, err);
    mr_strbuf_release(&lo);
    mr_strbuf_release(&hi);
    return code;
}

/* The key's columns decide what a range means: another key, no comparison. */
static bool same_structure(const struct mr_gate_table *past, const struct mr_gate_table *now)
{
    return strcmp(past->fingerprint, now->fingerprint) == 0;
}

static enum mr_code reread_all(struct sampling *s, const struct mr_gate_table *past,
                               struct mr_err *err)
{
    struct mr_gate_table *out = s->item->out;
    enum mr_code code = MR_OK;
    if (!same_structure(past, out))
        return MR_OK;
    struct mr_gate_range *ranges =
        mr_arena_calloc(s->work->task->arena, past->nranges + 1, sizeof *ranges);
    if (ranges == NULL)
        return mr_err_nomem(err, "sampling rows");
    out->ranges = ranges;
    s->keeps_each = s->seen.on = true;
    if (s->spec.has_key)
        for (size_t i = 0; code == MR_OK && i < past->nranges; i++) {
            code = reread(s, &past->ranges[i], past->ranges[i].rows * REREAD_FACTOR + RANGE_ROWS,
                          &ranges[i], err);
            out->nranges += code == MR_OK ? 1 : 0;
        }
    s->keeps_each = s->seen.on = false;
    if (code == MR_OK && s->work->task->full && past->full.digest != NULL)
        code = reread(s, &past->full, 0, &out->full, err);
    return code;
}

static enum mr_code read_full(struct sampling *s, struct mr_err *err)
{
    MR_TRY(scan(s, (struct mr_range){0}, 0, err));
    return keep_range(s, (struct mr_key){0}, &s->item->out->full, err);
}

enum mr_code mr_gate_read_digests(struct mr_gate_work *work, struct mr_gate_item *item,
                                  struct mr_err *err)
{
    const struct mr_gate_facts *past = work->task->past;
    const struct mr_gate_table *before = NULL;
    struct sampling s;
    if (past != NULL)
        before = mr_gate_facts_twin(work->facts, past, item->table->db, item->table->name);
    if (past != NULL && before == NULL)
        return MR_OK;
    enum mr_code code = begin(&s, work, item, err);
    if (code == MR_OK && before != NULL) {
        code = reread_all(&s, before, err);
    } else if (code == MR_OK) {
        s.keeps_each = true;
        if (s.spec.has_key)
            code = choose_ranges(&s, err);
        s.keeps_each = false;
        if (code == MR_OK && work->task->full)
            code = read_full(&s, err);
    }
    if (code == MR_OK)
        code = mr_gate_read_rows(work, item, before, &s.seen, err);
    end(&s);
    return code;
}
