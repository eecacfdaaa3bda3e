/* plan_fit.c: judging rows; see plan_fit.h. */
#include "repair/plan/plan_fit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "core/schema/column_fit.h"
#include "repair/plan/plan_fit_internal.h"
#include "repair/plan/plan_packet.h"

void mr_plan_fit_open(struct mr_plan_fit *fit, const struct mr_plan_tables *plan,
                      struct mr_reader *target)
{
    *fit = (struct mr_plan_fit){.plan = plan,
                                .packet = mr_plan_packet(plan),
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

/* ---- what only a server knows ---- */

static bool is_utf8(const char *charset)
{
    return charset == NULL || strncmp(charset, "utf8", 4) == 0 || strcmp(charset, "ascii") == 0;
}

/* "HEX,BYTES,SAME": the text in UTF-8, how long it is in the column's charset, and whether
 * it is the same after it was there. */
static enum mr_code ask(struct mr_plan_fit *fit, const struct mr_column *to, struct mr_fit_value *v,
                        struct mr_err *err)
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
                      literal.ptr, literal.ptr, charset, literal.ptr, charset, literal.ptr);
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

/* A charset that only the server knows is asked of the server, in one question that fits into
 * its packet; what is too long to be asked counts as not fitting, never as fitting. */
static enum mr_code judge_asked(struct mr_plan_fit *fit, const struct mr_column *to,
                                struct mr_fit_value *v, enum mr_fit *out, struct mr_err *err)
{
    if (fit->packet > 0 && v->value->len > fit->packet / MR_FIT_ASKED_SHARE) {
        mr_strbuf_add_fmt(&fit->why,
                          "%zu bytes of charset %s; max_allowed_packet of the target, "
                          "%" PRIu64 ", is too small to ask it whether they fit",
                          v->value->len, v->charset != NULL ? v->charset : "utf8mb4", fit->packet);
        *out = MR_FIT_NO;
        return MR_OK;
    }
    MR_TRY(ask(fit, to, v, err));
    char *end = NULL;
    const char *at = take_hex(fit);
    struct mr_value text = {.cls = MR_CLASS_TEXT, .ptr = fit->bytes.ptr, .len = fit->bytes.len};
    v->asked = true;
    v->bytes = *at == ',' ? strtoull(at + 1, &end, 10) : 0;
    v->exact = end != NULL && strcmp(end, ",1") == 0;
    v->value = &text;
    v->charset = NULL;
    *out = mr_column_fit(to, v, &fit->why);
    return mr_strbuf_check(&fit->bytes, "judging a value", err);
}

/* ---- rows ---- */

/* Where an image tells whether the text of a column has lost something; -1: it cannot. */
static int lost_at(const struct mr_plan_table *table, size_t column)
{
    const int at = table->pair->find.columns[column].flag_at;
    return at >= 0 && table->pair->full[MR_SOURCE].cols[at].expr == MR_EXPR_LOST ? at : -1;
}

/* Does "?" stand in that column for bytes that are no character?  It may have been replaced
 * by another value since. */
static enum mr_code find_loss(const struct mr_plan_table *table, size_t column, struct mr_key image,
                              struct mr_key text, bool *lost, struct mr_err *err)
{
    const int at = lost_at(table, column);
    struct mr_value value, flag;
    size_t pos = 0;
    *lost = false;
    if (at < 0 || image.ptr == NULL || text.ptr == NULL)
        return MR_OK;
    enum mr_code code = mr_row_decode(text.ptr, text.len, &pos, &value, err);
    if (code != MR_OK || value.cls == MR_CLASS_NULL || value.ptr == NULL ||
        memchr(value.ptr, '?', value.len) == NULL)
        return code;
    pos = 0;
    for (int i = 0; code == MR_OK && i < at; i++)
        code = mr_row_skip(image.ptr, image.len, &pos, err);
    if (code == MR_OK)
        code = mr_row_decode(image.ptr, image.len, &pos, &flag, err);
    *lost = code == MR_OK && flag.cls != MR_CLASS_NULL && flag.u != 0;
    return code;
}

/* Columns whose every value fits: what a packet cannot carry is long. */
static bool always_fits(const struct mr_plan_table *table, size_t column)
{
    const struct mr_column *to = mr_pair_column(table->pair, MR_TARGET, column);
    const struct mr_column *from = mr_pair_column(table->pair, MR_SOURCE, column);
    bool is_long = strstr(to->data_type, "text") != NULL || strstr(to->data_type, "blob") != NULL ||
                   to->cls == MR_CLASS_GEOMETRY || to->cls == MR_CLASS_JSON;
    return to->generated ||
           (lost_at(table, column) < 0 && mr_column_fit_is_same(to, from) && !is_long &&
            !mr_class_is_integer(to->cls) && (to->nullable || !from->nullable) &&
            mr_plan_spelling(table, column) == NULL);
}

bool mr_plan_fit_is_needed(const struct mr_plan_table *table)
{
    for (size_t i = 0; i < table->pair->find.ncolumns; i++)
        if (!always_fits(table, i))
            return true;
    return false;
}

/* A key in place of a value that spells it: merge_map.c. */
static bool is_unspelt(const struct mr_plan_table *table, size_t column,
                       const struct mr_value *value)
{
    const struct mr_spelling *s = mr_plan_spelling(table, column);
    return s != NULL && (s->child == MR_CLASS_TEXT || s->child == MR_CLASS_BINARY) &&
           value->cls != s->child && value->cls != MR_CLASS_NULL;
}

static enum mr_fit refuse_unspelt(struct mr_strbuf *why)
{
    mr_strbuf_add_str(why, "what it refers to has another key here, and the value does not "
                           "spell its key as keys are written, or has no way to");
    return MR_FIT_NO;
}

static enum mr_code push_column(struct mr_plan_fit *fit, size_t column, struct mr_err *err)
{
    size_t *slot = mr_vec_push(&fit->columns);
    if (slot == NULL)
        return mr_err_nomem(err, "judging a value");
    *slot = column;
    return MR_OK;
}

/* Begins a reason. */
static void add_column(struct mr_plan_fit *fit, const struct mr_plan_table *table, size_t column)
{
    mr_strbuf_add_fmt(&fit->why, "%s%s: ", fit->why.len > 0 ? "; " : "",
                      mr_pair_column(table->pair, MR_TARGET, column)->name);
}

static enum mr_code judge(struct mr_plan_fit *fit, const struct mr_plan_table *table, size_t column,
                          struct mr_key bytes, struct mr_err *err)
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
    add_column(fit, table, column);
    enum mr_fit verdict = is_unspelt(table, column, &value) ? refuse_unspelt(&fit->why)
                                                            : mr_column_fit(to, &v, &fit->why);
    if (verdict == MR_FIT_ASK)
        code = judge_asked(fit, to, &v, &verdict, err);
    if (verdict == MR_FIT_NO) {
        const enum mr_code pushed = push_column(fit, column, err);
        return code == MR_OK ? pushed : code;
    }
    fit->why.len = mark; /* it fits */
    fit->why.ptr[mark] = '\0';
    return code;
}

/* TARGET's row is part of the guards, and of undo. */
static enum mr_code judge_live(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                               size_t column, struct mr_key bytes, struct mr_key live,
                               struct mr_err *err)
{
    const size_t head = 5; /* of the encoding of a long value */
    const bool is_long = fit->packet > 0 && bytes.len > fit->packet + head;
    bool lost = false;
    if (table->generated[column])
        return MR_OK;
    enum mr_code code = find_loss(table, column, live, bytes, &lost, err);
    if (code != MR_OK || (!is_long && !lost))
        return code;
    add_column(fit, table, column);
    if (is_long)
        mr_strbuf_add_fmt(&fit->why,
                          "the target's row has %zu bytes there, max_allowed_packet of the "
                          "target is %" PRIu64,
                          bytes.len - head, fit->packet);
    else
        mr_strbuf_add_fmt(&fit->why, "the target's row has bytes there that are no character of %s",
                          mr_pair_column(table->pair, MR_TARGET, column)->charset);
    fit->is_stuck = true;
    return push_column(fit, column, err);
}

/* *lost: what SOURCE has there cannot be written in the charset of TARGET. */
static enum mr_code judge_loss(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                               size_t column, struct mr_key bytes, struct mr_key image, bool *lost,
                               struct mr_err *err)
{
    enum mr_code code = find_loss(table, column, image, bytes, lost, err);
    *lost = *lost && !table->generated[column];
    if (code != MR_OK || !*lost)
        return code;
    add_column(fit, table, column);
    mr_strbuf_add_fmt(&fit->why, "bytes that are no character of %s",
                      mr_pair_column(table->pair, MR_SOURCE, column)->charset);
    return push_column(fit, column, err);
}

bool mr_plan_fit_is_same(struct mr_key a, struct mr_key b)
{
    return b.ptr != NULL && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

enum mr_code mr_plan_fit_next(struct mr_key image, size_t *pos, struct mr_key *value,
                              struct mr_err *err)
{
    size_t from = *pos;
    *value = (struct mr_key){0};
    if (image.ptr == NULL)
        return MR_OK;
    enum mr_code code = mr_row_skip(image.ptr, image.len, pos, err);
    *value = (struct mr_key){(const char *)image.ptr + from, *pos - from};
    return code;
}

/* TARGET's own values come first in each column, since what cannot be compared or put back makes
 * every choice but skip impossible. */
enum mr_code mr_plan_fit_row(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                             struct mr_key image, struct mr_key live, struct mr_err *err)
{
    size_t pos = 0, other = 0;
    enum mr_code code = MR_OK;
    mr_vec_clear(&fit->columns);
    mr_strbuf_reset(&fit->why);
    fit->is_stuck = false;
    for (size_t i = 0; code == MR_OK && i < table->pair->find.ncolumns; i++) {
        struct mr_key own, there;
        bool lost = false;
        code = mr_plan_fit_next(image, &pos, &own, err);
        if (code == MR_OK)
            code = mr_plan_fit_next(live, &other, &there, err);
        if (code == MR_OK && there.ptr != NULL)
            code = judge_live(fit, table, i, there, live, err);
        if (code == MR_OK && own.ptr != NULL)
            code = judge_loss(fit, table, i, own, image, &lost, err);
        if (code != MR_OK || own.ptr == NULL || lost || always_fits(table, i) ||
            mr_plan_fit_is_same(own, there))
            continue;
        code = judge(fit, table, i, own, err);
    }
    if (code == MR_OK && fit->columns.count == 0 && image.ptr != NULL && live.ptr != NULL)
        code = mr_plan_fit_json(fit, table, image, live, err);
    return code == MR_OK ? mr_strbuf_check(&fit->why, "judging a row", err) : code;
}
