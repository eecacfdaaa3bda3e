/* copy_bag.c: tables without a key, whose rows can only be counted; see
 * copy_internal.h. */
#include "repair/copy/copy_internal.h"

#include "core/row/json_norm.h"

struct bagging {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *count;
    int64_t sign;
    struct mr_strbuf bytes, json;
};

/* JSON of two flavours has one spelling here. */
static void add_value(struct bagging *w, size_t at, struct mr_key bytes,
                      const struct mr_value *value)
{
    const struct mr_pair *pair = w->table->pair;
    mr_strbuf_reset(&w->json);
    if (pair->normalise != NULL && pair->normalise[at] && value->ptr != NULL &&
        mr_json_norm(value->ptr, value->len, &w->json)) {
        mr_strbuf_add_char(&w->bytes, 'j');
        mr_strbuf_add_fmt(&w->bytes, "%zu:", w->json.len);
        mr_strbuf_add(&w->bytes, w->json.ptr, w->json.len);
    } else {
        mr_strbuf_add(&w->bytes, bytes.ptr, bytes.len);
    }
}

static enum mr_code compared(struct bagging *w, const struct mr_merge_answer *row,
                             struct mr_err *err)
{
    const struct mr_pair *pair = w->table->pair;
    size_t pos = 0;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&w->bytes);
    for (size_t i = 0; code == MR_OK && i < pair->ncompared; i++) {
        size_t from = pos;
        struct mr_value value;
        code = mr_row_decode(row->image, row->len, &pos, &value, err);
        if (code == MR_OK &&
            (i >= pair->find.ncolumns || pair->ignored == NULL || !pair->ignored[i]))
            add_value(w, i, (struct mr_key){(const char *)row->image + from, pos - from},
                      &value);
    }
    return code == MR_OK ? mr_strbuf_check(&w->bytes, "counting rows", err) : code;
}

static enum mr_code count_row(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct bagging *w = ctx;
    (void)ask;
    enum mr_code code = compared(w, row, err);
    if (code != MR_OK)
        return code;
    struct mr_digest digest = mr_digest_bytes(w->bytes.ptr, w->bytes.len);
    mr_case_bind_blob(w->count, 1, &digest, sizeof digest);
    mr_case_bind_int(w->count, 2, w->sign);
    mr_case_bind_borrowed(w->count, 3, row->image, row->len);
    return mr_case_run(w->count, err);
}

static enum mr_code count_side(struct bagging *w, enum mr_side side, struct mr_err *err)
{
    const struct mr_merge_lookup what = {side, w->table, {NULL, 0}};
    w->sign = side == MR_SOURCE ? 1 : -1;
    return mr_merge_lookup_stream(&w->c->m, &what, NULL, 0, count_row, w, err);
}

/* A slot for each row that one side has more of; a row's key is all of it, and its
 * number. */
static enum mr_code add_slots(struct bagging *w, struct mr_err *err)
{
    struct mr_case_stmt *bag = NULL, *add = NULL;
    bool more = false;
    enum mr_code code = mr_case_prepare(
        w->c->m.cf, "SELECT n, image FROM bag WHERE n<>0 ORDER BY rowid", &bag, err);
    if (code == MR_OK)
        code = mr_case_prepare(w->c->m.cf,
                               "INSERT INTO c (tbl, canon, skey, source, tkey, target)"
                               " VALUES (?1,?2,?3,?4,?5,?6)",
                               &add, err);
    while (code == MR_OK && (code = mr_case_step(bag, &more, err)) == MR_OK && more) {
        int64_t n = mr_case_int(bag, 0);
        struct mr_key image = {0};
        image.ptr = mr_case_blob(bag, 1, &image.len);
        for (int64_t i = 1; code == MR_OK && i <= (n > 0 ? n : -n); i++) {
            const struct mr_value number = {.cls = MR_CLASS_INT, .i = n > 0 ? i : -i};
            mr_strbuf_reset(&w->bytes);
            mr_strbuf_add(&w->bytes, image.ptr, image.len);
            code = mr_row_encode(&w->bytes, &number, err);
            const struct mr_key key = {w->bytes.ptr, w->bytes.len}, none = {0};
            mr_case_bind_int(add, 1, (int64_t)w->table->at);
            mr_merge_work_bind(add, 2, key);
            mr_merge_work_bind(add, 3, n > 0 ? key : none);
            mr_merge_work_bind(add, 4, n > 0 ? image : none);
            mr_merge_work_bind(add, 5, n > 0 ? none : key);
            mr_merge_work_bind(add, 6, n > 0 ? none : image);
            if (code == MR_OK)
                code = mr_case_run(add, err);
        }
    }
    mr_case_free(bag);
    mr_case_free(add);
    return code;
}

enum mr_code mr_copy_bag(struct mr_copy *c, const struct mr_plan_table *table,
                         struct mr_err *err)
{
    struct bagging w = {
        .c = c, .table = table, .bytes = MR_STRBUF_INIT, .json = MR_STRBUF_INIT};
    enum mr_code code = mr_case_exec(c->m.cf, "DELETE FROM temp.bag", err);
    if (code == MR_OK)
        code = mr_case_prepare(c->m.cf,
                               "INSERT INTO bag (digest, n, image) VALUES (?1,?2,?3)"
                               " ON CONFLICT (digest) DO UPDATE SET n=n+excluded.n",
                               &w.count, err);
    if (code == MR_OK)
        code = count_side(&w, MR_SOURCE, err);
    if (code == MR_OK)
        code = count_side(&w, MR_TARGET, err);
    if (code == MR_OK)
        code = add_slots(&w, err);
    mr_case_free(w.count);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.json);
    return code;
}
