/* merge_row.c: see merge_row.h. */
#include "repair/merge/merge_row.h"

#include <string.h>

#include "repair/side/counted.h"

enum { INT_BYTES = 10 }; /* of an encoded integer */

enum mr_code mr_merge_row_value(struct mr_key image, size_t column, struct mr_key *value,
                                struct mr_err *err)
{
    size_t from = 0;
    for (size_t skip = 0; skip < column; skip++)
        MR_TRY(mr_row_skip(image.ptr, image.len, &from, err));
    size_t to = from;
    MR_TRY(mr_row_skip(image.ptr, image.len, &to, err));
    *value = (struct mr_key){(const char *)image.ptr + from, to - from};
    return MR_OK;
}

/* The value behind the columns is 1, 0 or NULL, as SQL answered when the row was read. */
static enum mr_code holds(const struct mr_plan_reference *r, struct mr_key image, bool *yes,
                          struct mr_err *err)
{
    int condition_at = r->pair->edge.condition_at;
    struct mr_key bytes;
    struct mr_value value;
    size_t pos = 0;
    *yes = true;
    if (condition_at < 0)
        return MR_OK;
    MR_TRY(mr_merge_row_value(image, (size_t)condition_at, &bytes, err));
    MR_TRY(mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err));
    *yes = value.cls != MR_CLASS_NULL && value.u != 0;
    return MR_OK;
}

enum mr_code mr_merge_row_unmeant(struct mr_merge *m, const struct mr_plan_table *table,
                                  struct mr_key image, int64_t entity, struct mr_err *err)
{
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        bool yes = true;
        if (r->child == table->at)
            MR_TRY(holds(r, image, &yes, err));
        if (!yes)
            MR_TRY(mr_plan_store_add_unmeant(m->store, entity, i, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_row_refers(const struct mr_plan_reference *r, struct mr_key image, bool *yes,
                                 struct mr_err *err)
{
    struct mr_key bytes;
    MR_TRY(holds(r, image, yes, err));
    for (size_t i = 0; *yes && i < r->from.count; i++) {
        MR_TRY(mr_merge_row_value(image, r->from.at[i], &bytes, err));
        *yes = !mr_image_value_is_null(bytes);
    }
    return MR_OK;
}

enum mr_code mr_merge_row_count(const struct mr_plan_table *table, struct mr_key image, int64_t *n,
                                struct mr_err *err)
{
    struct mr_key bytes;
    struct mr_value value;
    size_t pos = 0;
    *n = 0;
    if (!mr_plan_has_counter(table))
        return MR_OK;
    MR_TRY(mr_merge_row_value(image, table->counter, &bytes, err));
    MR_TRY(mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err));
    *n = mr_counted_of_value(&value, table->counts_unsigned);
    return MR_OK;
}

enum mr_code mr_merge_row_is_own_parent(const struct mr_plan_reference *r, struct mr_key image,
                                        bool *yes, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *yes = r->child == r->parent && r->nullable && r->pair->edge.declared;
    for (size_t i = 0; code == MR_OK && *yes && i < r->from.count; i++) {
        struct mr_key from, to;
        code = mr_merge_row_value(image, r->from.at[i], &from, err);
        if (code == MR_OK)
            code = mr_merge_row_value(image, r->to.at[i], &to, err);
        *yes = code == MR_OK && from.len == to.len && memcmp(from.ptr, to.ptr, to.len) == 0;
    }
    return code;
}

/* Equal bytes are equal rows, which nearly all are: they are not taken apart. */
enum mr_code mr_merge_row_differs(struct mr_merge *m, const struct mr_plan_table *table,
                                  struct mr_key a, struct mr_key b, size_t except, bool *differs,
                                  struct mr_err *err)
{
    const struct mr_pair *pair = table->pair;
    *differs = false;
    if (a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0)
        return MR_OK;
    MR_TRY(mr_image_open(&m->image[0], a.ptr, a.len, err));
    MR_TRY(mr_image_open(&m->image[1], b.ptr, b.len, err));
    for (size_t i = 0; !*differs && i < pair->find.ncolumns; i++)
        *differs = i != except && !table->generated[i] &&
                   (pair->ignored == NULL || !pair->ignored[i]) &&
                   mr_image_differs(&m->image[0], &m->image[1], i, &pair->find.columns[i]);
    return MR_OK;
}

enum mr_code mr_merge_row_leaves(struct mr_key before, struct mr_key after,
                                 struct mr_plan_columns columns, bool *yes, struct mr_err *err)
{
    *yes = false;
    if (mr_key_compare(before, after) == 0)
        return MR_OK;
    for (size_t i = 0; !*yes && i < columns.count; i++) {
        struct mr_key was, is;
        MR_TRY(mr_merge_row_value(before, columns.at[i], &was, err));
        MR_TRY(mr_merge_row_value(after, columns.at[i], &is, err));
        *yes = mr_key_compare(was, is) != 0;
    }
    return MR_OK;
}

/* Values behind the columns stay, so that the image can still be asked for its conditions. */
enum mr_code mr_merge_row_edit(struct mr_key image, const struct mr_key *values, size_t nvalues,
                               struct mr_strbuf *out, struct mr_err *err)
{
    size_t pos = 0, column = 0;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    for (; code == MR_OK && pos < image.len; column++) {
        size_t from = pos;
        code = mr_row_skip(image.ptr, image.len, &pos, err);
        if (code != MR_OK)
            break;
        if (column < nvalues && values[column].ptr != NULL)
            mr_strbuf_add(out, values[column].ptr, values[column].len);
        else
            mr_strbuf_add(out, (const char *)image.ptr + from, pos - from);
    }
    return code == MR_OK ? mr_strbuf_check(out, "mapping a row", err) : code;
}

/* ---- provisional ids ---- */

void mr_merge_provisional_encode(int64_t id, char out[10])
{
    uint64_t u = MR_PROVISIONAL | (uint64_t)id;
    out[0] = 'i';
    out[1] = 1;
    for (int i = 0; i < 8; i++)
        out[2 + i] = (char)(u >> (56 - 8 * i));
}

int64_t mr_merge_provisional_row(struct mr_key value)
{
    const unsigned char *bytes = value.ptr;
    uint64_t u = 0;
    if (value.ptr == NULL || value.len != INT_BYTES || bytes[0] != 'i' || bytes[1] != 1)
        return 0;
    for (int i = 0; i < 8; i++)
        u = u << 8 | bytes[2 + i];
    return u >> 32 == MR_PROVISIONAL >> 32 ? (int64_t)(u & UINT32_MAX) : 0;
}

bool mr_merge_provisional_within(struct mr_key values)
{
    size_t pos = 0;
    while (pos < values.len) {
        size_t from = pos;
        if (mr_row_skip(values.ptr, values.len, &pos, NULL) != MR_OK)
            return false;
        struct mr_key value = {(const char *)values.ptr + from, pos - from};
        if (mr_merge_provisional_row(value) != 0)
            return true;
    }
    return false;
}
