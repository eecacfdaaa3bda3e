/* verify_keyless.c: tables without a key: rows are counted by their digests; see
 * verify_internal.h.
 *
 * TARGET may hold more of them: the plan does not say what stood there before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/signals.h"
#include "repair/verify/verify_internal.h"

enum mr_code mr_verify_expect(struct mr_verify_table *table, struct mr_digest digest,
                              struct mr_err *err)
{
    struct mr_verify_expected *one = mr_vec_push(&table->expected);
    if (one == NULL)
        return mr_err_nomem(err, "verifying a table without a key");
    *one = (struct mr_verify_expected){digest, 1};
    return MR_OK;
}

static int compare(const void *a, const void *b)
{
    const struct mr_verify_expected *x = a, *y = b;
    return mr_verify_compare_digests(&x->digest, &y->digest);
}

/* One item a digest. */
static void gather(struct mr_vec *expected)
{
    struct mr_verify_expected *items = expected->items;
    size_t n = 0;
    if (expected->count > 1)
        qsort(items, expected->count, sizeof *items, compare);
    for (size_t i = 0; i < expected->count; i++) {
        if (n > 0 && compare(&items[n - 1], &items[i]) == 0)
            items[n - 1].rows += items[i].rows;
        else
            items[n++] = items[i];
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
                                    (struct mr_key){s->image.ptr, s->image.len},
                                    &row.digest, err);
    struct mr_verify_expected *one =
        code == MR_OK ? bsearch(&row, s->table->expected.items, s->table->expected.count,
                                sizeof row, compare)
                      : NULL;
    if (one != NULL && one->rows > 0) {
        one->rows--;
        s->table->result->counts[MR_PROOF_STANDS]++;
    }
    return code;
}

static enum mr_code tell_missing(struct mr_verify *v, struct mr_verify_table *table,
                                 struct mr_err *err)
{
    const struct mr_proof_finding finding = {
        .table = table->planned, .image = table->image, .proof = MR_PROOF_MISSING};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < table->expected.count; i++) {
        const struct mr_verify_expected *one = mr_vec_at(&table->expected, i);
        for (uint64_t n = 0; code == MR_OK && n < one->rows; n++)
            code = mr_verify_tell(v, table, &finding, err);
    }
    return code;
}

enum mr_code mr_verify_keyless(struct mr_verify *v, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        struct scanning s = {.table = table, .image = MR_STRBUF_INIT};
        struct mr_err why = {0};
        if (table->image == NULL || table->expected.count == 0)
            continue;
        gather(&table->expected);
        enum mr_code read = mr_reader_scan(v->reader, &table->spec, (struct mr_range){0},
                                           0, take_row, &s, &why);
        mr_strbuf_release(&s.image);
        code = mr_verify_excuse(v, table, read, &why, err);
        if (code == MR_OK && read == MR_OK)
            code = tell_missing(v, table, err);
    }
    return code;
}
