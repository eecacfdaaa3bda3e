/* script_literal.c: values as literals that TARGET stores as they are; see
 * script_internal.h.
 *
 * An ENUM or SET is told by its text, which a server looks up in its members by the column's
 * collation.  Where that may find another member than the one that is meant ('a' and 'A'),
 * it is told by its number.  An ENUM's error value, number 0, is refused under strict mode
 * in whatever form it is written: the literal is another member, which the stage replaces
 * (script_stage.c).  From the staged column a strict server copies it as it is, and any other
 * by its text again; so a column that is told by numbers is written by them, and a batch
 * with number 0 in such a column is written without strict mode: from columns of the very
 * same types, of which nothing can be cut off (seen on MariaDB 10.11 and MySQL 9). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/merge/merge_row.h"
#include "repair/script/script_internal.h"

static const struct mr_column *column_of(const struct mr_plan_table *t, size_t column)
{
    return mr_pair_column(t->pair, MR_TARGET, column);
}

static bool is_ascii(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)ptr[i] > 0x7f)
            return false;
    return true;
}

/* ---- members ---- */

static bool next_member(struct mr_sqlscan *scan, struct mr_strbuf *member)
{
    struct mr_token token;
    mr_strbuf_reset(member);
    while (mr_sqlscan_next_code(scan, &token))
        if (token.kind == MR_TOKEN_STRING) {
            mr_token_unquote(member, &token);
            return !member->failed;
        }
    return false;
}

static int compare_members(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* May TARGET's collation take a member for another one?  Any beyond ASCII may be. */
static enum mr_code find_numbered(struct mr_script *s, const struct mr_column *c, bool *numbered,
                                  struct mr_err *err)
{
    struct mr_strbuf member = MR_STRBUF_INIT;
    struct mr_vec members = MR_VEC_INIT(const char *);
    struct mr_sqlscan scan;
    enum mr_code code = MR_OK;
    *numbered = c->is_set && c->empty_member;
    mr_sqlscan_init(&scan, c->type, strlen(c->type));
    while (code == MR_OK && next_member(&scan, &member)) {
        const char **kept = mr_vec_push(&members);
        if (kept == NULL || (*kept = mr_arena_dup(&s->arena, member.ptr, member.len)) == NULL)
            code = mr_merge_nomem(err);
        *numbered = *numbered || !is_ascii(member.ptr, member.len);
    }
    if (code == MR_OK && members.count > 1)
        qsort(members.items, members.count, sizeof(const char *), compare_members);
    for (size_t i = 1; code == MR_OK && i < members.count; i++)
        *numbered =
            *numbered || compare_members(mr_vec_at(&members, i - 1), mr_vec_at(&members, i)) == 0;
    mr_vec_release(&members);
    mr_strbuf_release(&member);
    return code;
}

/* Judged once a column, not once a value: a column is told by numbers as a whole, or the staged
 * one and the literal would not agree. */
enum mr_code mr_script_literal_open(struct mr_script *s, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        bool *numbered = mr_arena_calloc(&s->arena, t->pair->find.ncolumns + 1, sizeof *numbered);
        if (numbered == NULL)
            return mr_merge_nomem(err);
        for (size_t c = 0; code == MR_OK && c < t->pair->find.ncolumns; c++) {
            const struct mr_column *column = column_of(t, c);
            if (column != NULL && column->cls == MR_CLASS_ENUM)
                code = find_numbered(s, column, &numbered[c], err);
            s->tables[i].has_numbered |= numbered[c];
        }
        s->tables[i].numbered = numbered;
    }
    return code;
}

/* Its place among the members, from 1; 0: it is none of them. */
static unsigned place_of(const struct mr_column *c, const char *text, size_t len)
{
    struct mr_strbuf member = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    unsigned at = 0, found = 0;
    mr_sqlscan_init(&scan, c->type, strlen(c->type));
    while (found == 0 && next_member(&scan, &member)) {
        at++;
        if (member.len == len && memcmp(member.ptr, text, len) == 0)
            found = at;
    }
    mr_strbuf_release(&member);
    return found;
}

/* The number of an ENUM, or the bits of a SET. */
static bool find_number(const struct mr_column *c, const char *text, size_t len, uint64_t *number)
{
    const char *end = text + len;
    *number = 0;
    if (!c->is_set) {
        *number = place_of(c, text, len);
        return *number != 0;
    }
    for (;;) {
        const char *stop = memchr(text, ',', (size_t)(end - text));
        size_t part = (size_t)((stop != NULL ? stop : end) - text);
        unsigned at = place_of(c, text, part);
        if (at > 64 || (at == 0 && (part > 0 || c->empty_member)))
            return false;
        *number |= at > 0 ? (uint64_t)1 << (at - 1) : 0;
        if (stop == NULL)
            return true;
        text = stop + 1;
    }
}

/* TARGET compares the bytes of the text with those of each member. */
static void add_field(struct mr_script *s, const struct mr_column *c, const struct mr_value *value,
                      const char *charset)
{
    struct mr_strbuf member = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    mr_strbuf_add_str(&s->sql, "FIELD(CAST(CONVERT(");
    mr_sql_value(&s->sql, value, charset);
    mr_strbuf_add_str(&s->sql, " USING utf8mb4) AS BINARY)");
    mr_sqlscan_init(&scan, c->type, strlen(c->type));
    while (next_member(&scan, &member)) {
        const struct mr_value bytes = {
            .cls = MR_CLASS_BINARY, .ptr = member.ptr, .len = member.len};
        mr_strbuf_add_str(&s->sql, ", ");
        mr_sql_value(&s->sql, &bytes, NULL);
    }
    mr_strbuf_add_char(&s->sql, ')');
    s->sql.failed |= member.failed;
    mr_strbuf_release(&member);
}

/* ---- values ---- */

static bool is_utf8(const char *charset)
{
    return charset == NULL || strcmp(charset, "utf8mb3") == 0 || strcmp(charset, "utf8mb4") == 0 ||
           strcmp(charset, "utf8") == 0 || strcmp(charset, "ascii") == 0;
}

bool mr_script_value(struct mr_key image, size_t column, struct mr_value *value)
{
    struct mr_key bytes;
    size_t pos = 0;
    return mr_merge_row_value(image, column, &bytes, NULL) == MR_OK &&
           mr_row_decode(bytes.ptr, bytes.len, &pos, value, NULL) == MR_OK;
}

/* Is it the text of a member, as an ENUM or SET gives it? */
static bool is_member(const struct mr_plan_table *t, size_t column, const struct mr_value *value)
{
    return t->pair->full[MR_TARGET].cols[column].cls == MR_CLASS_ENUM &&
           value->cls == MR_CLASS_TEXT;
}

/* Is the empty text of an ENUM or SET number 0, and no member? */
static bool is_number_zero(const struct mr_plan_table *t, struct mr_key image, size_t column)
{
    int at = t->pair->find.columns[column].flag_at;
    struct mr_value flag;
    if (at < 0)
        return true;
    return mr_script_value(image, (size_t)at, &flag) && flag.cls != MR_CLASS_NULL && flag.u == 1;
}

bool mr_script_is_error(const struct mr_plan_table *t, struct mr_key image, size_t column)
{
    const struct mr_column *c = column_of(t, column);
    struct mr_value value;
    return c->cls == MR_CLASS_ENUM && !c->is_set && mr_script_value(image, column, &value) &&
           is_member(t, column, &value) && value.len == 0 && is_number_zero(t, image, column);
}

void mr_script_written(struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    mr_script_column(s, t, "s", column);
    if (s->tables[t->at].numbered[column])
        mr_strbuf_add_str(&s->sql, " + 0");
}

/* What is not written needs no mode.  A sum does: without strict mode one beyond the column's range, or below
 * 0, would become the nearest number that it holds, without a word; so the server refuses the row rather. */
bool mr_script_is_loose(struct mr_script *s, const struct mr_script_batch *b)
{
    const struct mr_plan_table *t = &s->plan->tables[b->table];
    const struct mr_script_extent *e = mr_script_extent(s, b->extent);
    if (e != NULL && e->any_sum)
        return false;
    for (size_t i = b->first; s->tables[b->table].has_numbered && i <= b->last; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i - 1);
        const struct mr_key image = mr_script_after(s, row);
        for (size_t c = 0; c < t->pair->find.ncolumns; c++)
            if (s->tables[b->table].numbered[c] && (e == NULL || e->writes[c]) &&
                mr_script_is_error(t, image, c))
                return true;
    }
    return false;
}

/* False: its text will do. */
static bool add_number(struct mr_script *s, const struct mr_plan_table *t, struct mr_key image,
                       size_t column, const struct mr_value *value)
{
    const struct mr_column *c = column_of(t, column);
    const char *charset = t->pair->full[MR_TARGET].cols[column].charset;
    uint64_t number = 0;
    bool plain =
        is_utf8(charset) || (mr_sql_charset_is_narrow(charset) && is_ascii(value->ptr, value->len));
    if (!s->tables[t->at].numbered[column] || c->cls != MR_CLASS_ENUM)
        return false;
    if (value->len == 0 && c->is_set && is_number_zero(t, image, column))
        mr_strbuf_add_char(&s->sql, '0');
    else if (plain && find_number(c, value->ptr, value->len, &number))
        mr_strbuf_add_fmt(&s->sql, "%" PRIu64, number);
    else if (!plain && !c->is_set)
        add_field(s, c, value, charset);
    else
        return false;
    return true;
}

/* Bytes become text by their charset, and are not converted. */
static void add_pieced(struct mr_script *s, size_t column, const struct mr_value *value,
                       const char *charset)
{
    bool is_text = value->cls == MR_CLASS_TEXT || value->cls == MR_CLASS_JSON;
    bool wide = value->cls == MR_CLASS_JSON || is_utf8(charset);
    mr_strbuf_add_fmt(&s->sql, "%s" MR_SCRIPT_PIECED "%zu", is_text ? "CONVERT(" : "", column);
    if (is_text)
        mr_strbuf_add_fmt(&s->sql, " USING %s)", wide ? "utf8mb4" : charset);
}

void mr_script_literal(struct mr_script *s, const struct mr_plan_table *t, struct mr_key image,
                       size_t column)
{
    const struct mr_readcol *read = &t->pair->full[MR_TARGET].cols[column];
    struct mr_value value;
    if (!mr_script_value(image, column, &value))
        s->sql.failed = true;
    else if (mr_script_is_pieced(s, t, column, &value))
        add_pieced(s, column, &value, read->charset);
    else if (mr_script_is_error(t, image, column))
        mr_strbuf_add_char(&s->sql, '1');
    else if (!is_member(t, column, &value) || !add_number(s, t, image, column, &value))
        mr_sql_value_short(&s->sql, &value, is_utf8(read->charset) ? "utf8mb4" : read->charset);
}
