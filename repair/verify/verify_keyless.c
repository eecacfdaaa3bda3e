/* verify_keyless.c: tables without a key: rows are counted by their digests; see
 * verify_internal.h.
 *
 * Of those that came the plan says how many stood there before: with fewer than both together
 * some did not come, or were taken back.  TARGET may hold more.  Of those that went it says
 * how many may not stand any more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/signals.h"
#include "repair/verify/verify_internal.h"

/* The number behind the row in the key of one that goes; 0: there is none. */
static uint64_t number_of(struct mr_key key)
{
    struct mr_value value = {.cls = MR_CLASS_NULL};
    size_t pos = 0;
    while (pos < key.len)
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            return 0;
    return value.cls == MR_CLASS_INT && value.i > 0 ? (uint64_t)value.i : 0;
}

/* A line without a digest promises nothing that could stand or be gone. */
enum mr_code mr_verify_expect(struct mr_verify_table *table, const struct mr_entity_line *line,
                              struct mr_err *err)
{
    const bool goes = line->decision == MR_DECIDE_DELETE;
    struct mr_verify_expected *one = line->has_digest ? mr_vec_push(&table->expected) : NULL;
    if (!line->has_digest)
        return MR_OK;
    if (one == NULL)
        return mr_err_nomem(err, "verifying a table without a key");
    *one = (struct mr_verify_expected){.digest = line->digest, .rows = !goes, .gone = goes};
    if (goes)
        one->below = number_of(line->target_key);
    one->come = line->decision == MR_DECIDE_INSERT;
    one->there = line->has_equal ? line->equal_there : 0;
    return MR_OK;
}

static int compare(const void *a, const void *b)
{
    const struct mr_verify_expected *x = a, *y = b;
    return mr_digest_compare(&x->digest, &y->digest);
}

/* One item a digest. */
static void gather(struct mr_vec *expected)
{
    struct mr_verify_expected *items = expected->items;
    size_t n = 0;
    if (expected->count > 1)
        qsort(items, expected->count, sizeof *items, compare);
    for (size_t i = 0; i < expected->count; i++) {
        struct mr_verify_expected *last = n > 0 ? &items[n - 1] : NULL;
        if (last == NULL || compare(last, &items[i]) != 0) {
            items[n++] = items[i];
            continue;
        }
        /* of rows that came nothing is said */
        if (items[i].gone > 0 && (last->gone == 0 || items[i].below < last->below))
            last->below = items[i].below;
        last->rows += items[i].rows;
        last->come += items[i].come;
        last->there = items[i].there > last->there ? items[i].there : last->there;
        last->gone += items[i].gone;
    }
    expected->count = n;
}

struct scanning {
    struct mr_verify_table *table;
    struct mr_strbuf image;
    uint64_t seen;
};

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct scanning *s = ctx;
    struct mr_verify_expected row = {.rows = 0};
    mr_strbuf_reset(&s->image);
    if (++s->seen % MR_VERIFY_BATCH == 0 && mr_is_cancelled())
        return mr_cancelled_err(err);
    enum mr_code code = mr_rowhash_image(&s->table->hash, values, &s->image, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&s->image, "reading a row", err);
    if (code == MR_OK)
        code = mr_plan_digester_row(&s->table->digester,
                                    (struct mr_key){s->image.ptr, s->image.len}, &row.digest, err);
    struct mr_verify_expected *one =
        code == MR_OK
            ? bsearch(&row, s->table->expected.items, s->table->expected.count, sizeof row, compare)
            : NULL;
    if (one != NULL)
        one->seen++;
    return code;
}

static enum mr_code tell(struct mr_verify *v, struct mr_verify_table *table, enum mr_proof proof,
                         uint64_t rows, struct mr_err *err)
{
    const struct mr_proof_finding finding = {
        .table = table->planned, .image = table->image, .proof = proof};
    for (; rows > 0; rows--)
        MR_TRY(mr_verify_tell(v, table, &finding, err));
    return MR_OK;
}

/* How many of its rows do not stand?  Those that were there already, and that the plan has as
 * such, are among those that stood there before. */
static uint64_t lacking(const struct mr_verify_expected *one)
{
    uint64_t all;
    if (__builtin_add_overflow(one->there, one->come, &all))
        all = UINT64_MAX;
    all = all > one->rows ? all : one->rows;
    const uint64_t lack = one->seen < all ? all - one->seen : 0;
    return lack < one->rows ? lack : one->rows;
}

/* Rows of one digest cannot be told apart, so each counts once, and no more than were planned:
 * what TARGET has besides is its own. */
static enum mr_code tell_wrong(struct mr_verify *v, struct mr_verify_table *table,
                               struct mr_err *err)
{
    for (size_t i = 0; i < table->expected.count; i++) {
        const struct mr_verify_expected *one = mr_vec_at(&table->expected, i);
        uint64_t stay = one->below > 0 && one->seen >= one->below ? one->seen - one->below + 1 : 0;
        stay = stay < one->gone ? stay : one->gone;
        const uint64_t lack = lacking(one);
        table->result->counts[MR_PROOF_STANDS] += one->gone - stay + one->rows - lack;
        MR_TRY(tell(v, table, MR_PROOF_MISSING, lack, err));
        MR_TRY(tell(v, table, MR_PROOF_NOT_DELETED, stay, err));
    }
    return MR_OK;
}

/* Of a table that was read in part nothing is reported: all that was not reached would count as
 * missing. */
enum mr_code mr_verify_keyless(struct mr_verify *v, struct mr_err *err)
{
    for (size_t i = 0; i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        struct scanning s = {.table = table, .image = MR_STRBUF_INIT};
        struct mr_err why = {0};
        if (table->image == NULL || table->expected.count == 0)
            continue;
        gather(&table->expected);
        enum mr_code read =
            mr_reader_scan(v->reader, &table->spec, (struct mr_range){0}, 0, take_row, &s, &why);
        mr_strbuf_release(&s.image);
        MR_TRY(mr_verify_excuse(v, table, read, &why, err));
        if (read == MR_OK)
            MR_TRY(tell_wrong(v, table, err));
    }
    return MR_OK;
}
