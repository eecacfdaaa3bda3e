/* canon.c: see canon.h. */
#include "canon.h"

#include <string.h>

#include "sqltext.h"

#define TEXTS_A_STATEMENT 100
#define STATEMENT_BYTES ((size_t)256 * 1024)

bool mr_canon_pads(const char *collation)
{
    return strcmp(collation, "binary") != 0 && strstr(collation, "_0900_") == NULL &&
           strstr(collation, "_nopad_") == NULL;
}

static bool is_asked(const struct mr_canon_column *col, const struct mr_value *value)
{
    return col->charset != NULL && col->target->collation != NULL &&
           value->cls == MR_CLASS_TEXT;
}

/* One text of the batch: which value of which item it is. */
struct asked {
    size_t item;
    const void *weight;
    size_t weight_len;
};

static void add_weight(struct mr_strbuf *sql, const struct mr_canon_column *col,
                       const struct mr_value *value)
{
    bool pads = mr_canon_pads(col->target->collation);
    bool convert = strcmp(col->charset, col->target->charset) != 0;
    mr_strbuf_add_str(sql, "WEIGHT_STRING(");
    if (pads)
        mr_strbuf_add_str(sql, "TRIM(TRAILING ' ' FROM ");
    if (convert)
        mr_strbuf_add_str(sql, "CONVERT(");
    mr_sql_value(sql, value, col->charset);
    if (convert)
        mr_strbuf_add_fmt(sql, " USING %s)", col->target->charset);
    mr_strbuf_add_fmt(sql, " COLLATE %s", col->target->collation);
    mr_strbuf_add_str(sql, pads ? "))" : ")");
}

static enum mr_code ask(struct mr_db *db, struct mr_strbuf *sql, struct mr_vec *asked,
                        size_t from, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_result *res = NULL;
    enum mr_code code = mr_strbuf_check(sql, "asking for weights", err);
    if (code == MR_OK)
        code = mr_db_query(db, sql->ptr, sql->len, &res, err);
    const struct mr_cell *row = code == MR_OK ? mr_result_next(res) : NULL;
    if (code == MR_OK && (row == NULL || mr_result_columns(res) != asked->count - from))
        code = mr_err_set(err, MR_E_BUG, "the server gave no weights for texts");
    for (size_t i = from; code == MR_OK && i < asked->count; i++) {
        struct asked *a = mr_vec_at(asked, i);
        const struct mr_cell *cell = &row[i - from];
        a->weight_len = cell->len;
        a->weight = mr_arena_dup(arena, cell->ptr, cell->ptr != NULL ? cell->len : 0);
        if (a->weight == NULL)
            code = mr_err_nomem(err, "comparing texts");
    }
    mr_result_free(res);
    mr_strbuf_reset(sql);
    return code;
}

/* Asks for the weights of all texts, in the order of items and columns. */
static enum mr_code ask_all(struct mr_db *db, const struct mr_canon_column *columns,
                            size_t ncolumns, const struct mr_canon_item *items,
                            size_t count, struct mr_vec *asked, struct mr_arena *arena,
                            struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    size_t from = 0;
    uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
    size_t room =
        packet > 0 && packet / 4 < STATEMENT_BYTES ? (size_t)packet / 4 : STATEMENT_BYTES;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        size_t pos = 0;
        for (size_t c = 0; code == MR_OK && c < ncolumns; c++) {
            struct mr_value value;
            code = mr_row_decode(items[i].in, items[i].in_len, &pos, &value, err);
            if (code != MR_OK || !is_asked(&columns[c], &value))
                continue;
            struct asked *a = mr_vec_push(asked);
            if (a == NULL) {
                code = mr_err_nomem(err, "comparing texts");
                break;
            }
            a->item = i;
            mr_strbuf_add_str(&sql, asked->count - from > 1 ? "," : "SELECT ");
            add_weight(&sql, &columns[c], &value);
            if (asked->count - from == TEXTS_A_STATEMENT || sql.len > room) {
                code = ask(db, &sql, asked, from, arena, err);
                from = asked->count;
            }
        }
    }
    if (code == MR_OK && asked->count > from)
        code = ask(db, &sql, asked, from, arena, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Puts one item together: weights as binary values, other values as they are. */
static enum mr_code assemble(const struct mr_canon_column *columns, size_t ncolumns,
                             struct mr_canon_item *item, const struct mr_vec *asked,
                             size_t *next, struct mr_strbuf *out, bool *null,
                             struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    *null = false;
    for (size_t c = 0; code == MR_OK && c < ncolumns; c++) {
        struct mr_value value;
        code = mr_row_decode(item->in, item->in_len, &pos, &value, err);
        if (code != MR_OK)
            break;
        *null = *null || value.cls == MR_CLASS_NULL;
        if (is_asked(&columns[c], &value)) {
            const struct asked *a = mr_vec_at(asked, (*next)++);
            value = (struct mr_value){
                .cls = MR_CLASS_BINARY, .ptr = a->weight, .len = a->weight_len};
        }
        code = mr_row_encode(out, &value, err);
    }
    return code;
}

enum mr_code mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                      size_t ncolumns, struct mr_canon_item *items, size_t count,
                      struct mr_arena *arena, struct mr_err *err)
{
    struct mr_vec asked = MR_VEC_INIT(struct asked);
    struct mr_strbuf out = MR_STRBUF_INIT;
    size_t next = 0;
    enum mr_code code = ask_all(db, columns, ncolumns, items, count, &asked, arena, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        bool null = false;
        mr_strbuf_reset(&out);
        code = assemble(columns, ncolumns, &items[i], &asked, &next, &out, &null, err);
        if (code != MR_OK || null)
            continue;
        items[i].out_len = out.len;
        items[i].out = mr_arena_dup(arena, out.ptr, out.len);
        if (items[i].out == NULL)
            code = mr_err_nomem(err, "comparing texts");
    }
    mr_strbuf_release(&out);
    mr_vec_release(&asked);
    return code;
}
