/* plan_fit.c: judging rows; see plan_fit.h. */
#include "repair/plan/plan_fit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/schema/column_fit.h"

void mr_plan_fit_open(struct mr_plan_fit *fit, const struct mr_plan_tables *plan,
                      struct mr_reader *target)
{
    *fit = (struct mr_plan_fit){.plan = plan,
                                .target = target,
                                .columns = MR_VEC_INIT(size_t),
                                .why = MR_STRBUF_INIT,
                                .text = MR_STRBUF_INIT,
                                .sql = MR_STRBUF_INIT,
                                .bytes = MR_STRBUF_INIT};
}

void mr_plan_fit_close(struct mr_plan_fit *fit)
{
    mr_vec_release(&fit->columns);
    mr_strbuf_release(&fit->why);
    mr_strbuf_release(&fit->text);
    mr_strbuf_release(&fit->sql);
    mr_strbuf_release(&fit->bytes);
}

static enum mr_code read_packet(struct mr_plan_fit *fit, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(fit->target);
    if (fit->packet != 0)
        return MR_OK;
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    mr_strbuf_reset(&fit->text);
    enum mr_code code =
        mr_db_query_text(db, "SELECT @@GLOBAL.max_allowed_packet", &fit->text, err);
    if (code == MR_OK)
        fit->packet = strtoull(fit->text.ptr, NULL, 10);
    return code;
}

/* ---- what only a server knows ---- */

static bool is_utf8(const char *charset)
{
    return charset == NULL || strncmp(charset, "utf8", 4) == 0 ||
           strcmp(charset, "ascii") == 0;
}

/* "HEX,BYTES,SAME": the text in UTF-8, how long it is in the column's charset, and whether
 * it is the same after it was there. */
static enum mr_code ask(struct mr_plan_fit *fit, const struct mr_column *to,
                        struct mr_fit_value *v, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(fit->target);
    struct mr_strbuf literal = MR_STRBUF_INIT;
    const char *charset = to->charset != NULL ? to->charset : "utf8mb4";
    mr_sql_value(&literal, v->value, is_utf8(v->charset) ? "utf8mb4" : v->charset);
    mr_strbuf_reset(&fit->sql);
    mr_strbuf_add_fmt(&fit->sql,
                      "SELECT CONCAT(HEX(CONVERT(%s USING utf8mb4)), ',',"
                      " LENGTH(CONVERT(%s USING %s)), ',',"
                      " HEX(CONVERT(CONVERT(%s USING %s) USING utf8mb4)) ="
                      " HEX(CONVERT(%s USING utf8mb4)))",
                      literal.ptr, literal.ptr, charset, literal.ptr, charset,
                      literal.ptr);
    fit->sql.failed |= literal.failed;
    mr_strbuf_release(&literal);
    enum mr_code code = mr_strbuf_check(&fit->sql, "judging a value", err);
    if (code == MR_OK && db == NULL)
        code = mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    mr_strbuf_reset(&fit->text);
    return code == MR_OK ? mr_db_query_text(db, fit->sql.ptr, &fit->text, err) : code;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Replaces the hex digits in front of fit->text by their bytes, in fit->bytes. */
static const char *take_hex(struct mr_plan_fit *fit)
{
    const char *at = fit->text.ptr;
    mr_strbuf_reset(&fit->bytes);
    for (; at[0] != '\0' && at[0] != ',' && at[1] != '\0'; at += 2)
        mr_strbuf_add_char(&fit->bytes, (char)(nibble(at[0]) << 4 | nibble(at[1])));
    return at;
}

static enum mr_code judge_asked(struct mr_plan_fit *fit, const struct mr_column *to,
                                struct mr_fit_value *v, enum mr_fit *out,
                                struct mr_err *err)
{
    enum mr_code code = ask(fit, to, v, err);
    if (code != MR_OK)
        return code;
    char *end = NULL;
    const char *at = take_hex(fit);
    struct mr_value text = {
        .cls = MR_CLASS_TEXT, .ptr = fit->bytes.ptr, .len = fit->bytes.len};
    v->asked = true;
    v->bytes = *at == ',' ? strtoull(at + 1, &end, 10) : 0;
    v->exact = end != NULL && strcmp(end, ",1") == 0;
    v->value = &text;
    v->charset = NULL;
    *out = mr_column_fit(to, v, &fit->why);
    return mr_strbuf_check(&fit->bytes, "judging a value", err);
}

/* ---- rows ---- */

static bool is_integer(const struct mr_column *c)
{
    return c->cls == MR_CLASS_INT || c->cls == MR_CLASS_UINT;
}

/* Columns whose every value fits: what a packet cannot carry is long. */
static bool always_fits(const struct mr_column *to, const struct mr_column *from)
{
    bool is_long = strstr(to->data_type, "text") != NULL ||
                   strstr(to->data_type, "blob") != NULL ||
                   to->cls == MR_CLASS_GEOMETRY || to->cls == MR_CLASS_JSON;
    return to->generated || (mr_column_fit_is_same(to, from) && !is_long &&
                             !is_integer(to) && (to->nullable || !from->nullable));
}

bool mr_plan_fit_is_needed(const struct mr_plan_table *table)
{
    for (size_t i = 0; i < table->pair->find.ncolumns; i++)
        if (!always_fits(mr_pair_column(table->pair, MR_TARGET, i),
                         mr_pair_column(table->pair, MR_SOURCE, i)))
            return true;
    return false;
}

static enum mr_code judge(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                          size_t column, struct mr_key bytes, struct mr_err *err)
{
    const struct mr_column *to = mr_pair_column(table->pair, MR_TARGET, column);
    struct mr_value value;
    size_t pos = 0, mark = fit->why.len;
    enum mr_code code = mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err);
    struct mr_fit_value v = {.value = &value,
                             .charset = table->pair->full[MR_TARGET].cols[column].charset,
                             .from = mr_pair_column(table->pair, MR_SOURCE, column),
                             .most_bytes = fit->packet};
    if (code != MR_OK || (fit->is_placeholder != NULL && fit->is_placeholder(bytes)))
        return code;
    if (is_utf8(v.charset))
        v.charset = NULL;
    mr_strbuf_add_fmt(&fit->why, "%s%s: ", mark > 0 ? "; " : "", to->name);
    enum mr_fit verdict = mr_column_fit(to, &v, &fit->why);
    if (verdict == MR_FIT_ASK)
        code = judge_asked(fit, to, &v, &verdict, err);
    if (verdict == MR_FIT_NO) {
        size_t *slot = mr_vec_push(&fit->columns);
        if (slot == NULL)
            return mr_err_nomem(err, "judging a value");
        *slot = column;
        return code;
    }
    fit->why.len = mark; /* it fits */
    fit->why.ptr[mark] = '\0';
    return code;
}

enum mr_code mr_plan_fit_row(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                             struct mr_key image, struct mr_key live, struct mr_err *err)
{
    size_t pos = 0, other = 0;
    mr_vec_clear(&fit->columns);
    mr_strbuf_reset(&fit->why);
    enum mr_code code = read_packet(fit, err);
    for (size_t i = 0; code == MR_OK && i < table->pair->find.ncolumns; i++) {
        size_t from = pos, from_other = other;
        code = mr_row_skip(image.ptr, image.len, &pos, err);
        if (code == MR_OK && live.ptr != NULL)
            code = mr_row_skip(live.ptr, live.len, &other, err);
        const struct mr_key own = {(const char *)image.ptr + from, pos - from};
        if (code != MR_OK ||
            always_fits(mr_pair_column(table->pair, MR_TARGET, i),
                        mr_pair_column(table->pair, MR_SOURCE, i)) ||
            (live.ptr != NULL && other - from_other == own.len &&
             memcmp((const char *)live.ptr + from_other, own.ptr, own.len) == 0))
            continue;
        code = judge(fit, table, i, own, err);
    }
    return code == MR_OK ? mr_strbuf_check(&fit->why, "judging a row", err) : code;
}
