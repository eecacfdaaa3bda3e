/* sqltext.c: identifiers and values in SQL text; see sqltext.h. */
#include "core/db/sqltext.h"

#include <inttypes.h>
#include <string.h>

#include "core/row/row_class.h"
#include "core/row/value_text.h"

void mr_sql_ident(struct mr_strbuf *sql, const char *name)
{
    mr_strbuf_add_char(sql, '`');
    for (const char *tick; (tick = strchr(name, '`')) != NULL; name = tick + 1) {
        mr_strbuf_add(sql, name, (size_t)(tick - name));
        mr_strbuf_add_str(sql, "``");
    }
    mr_strbuf_add_str(sql, name);
    mr_strbuf_add_char(sql, '`');
}

void mr_sql_table(struct mr_strbuf *sql, const char *db, const char *table)
{
    mr_sql_ident(sql, db);
    mr_strbuf_add_char(sql, '.');
    mr_sql_ident(sql, table);
}

static void add_hex_literal(struct mr_strbuf *sql, const void *ptr, size_t len)
{
    mr_strbuf_add_str(sql, "x'");
    mr_strbuf_add_hex(sql, ptr, len);
    mr_strbuf_add_char(sql, '\'');
}

/* Means the same under every sql_mode and in every connection charset. */
static bool is_plain(const char *str, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str[i] < ' ' || str[i] > '~' || str[i] == '\'' || str[i] == '\\')
            return false;
    return true;
}

void mr_sql_definer(struct mr_strbuf *sql, const char *definer)
{
    const char *at = strrchr(definer, '@');
    struct mr_strbuf user = MR_STRBUF_INIT;
    mr_strbuf_add(&user, definer, at != NULL ? (size_t)(at - definer) : strlen(definer));
    sql->failed = sql->failed || user.failed;
    mr_sql_ident(sql, user.len > 0 ? user.ptr : "");
    mr_strbuf_release(&user);
    if (at == NULL || at[1] == '\0')
        return;
    mr_strbuf_add_char(sql, '@');
    mr_sql_ident(sql, at + 1);
}

void mr_sql_enable_event(struct mr_strbuf *sql, const char *db, const char *event,
                         const char *definer, const char *collation)
{
    mr_strbuf_add_str(sql, "SET collation_connection = ");
    mr_sql_string(sql, collation);
    mr_strbuf_add_str(sql, "; ALTER DEFINER = ");
    mr_sql_definer(sql, definer);
    mr_strbuf_add_str(sql, " EVENT ");
    mr_sql_table(sql, db, event);
    mr_strbuf_add_str(sql, " ENABLE;");
}

void mr_sql_string(struct mr_strbuf *sql, const char *str)
{
    if (is_plain(str, strlen(str))) {
        mr_strbuf_add_char(sql, '\'');
        mr_strbuf_add_str(sql, str);
        mr_strbuf_add_char(sql, '\'');
    } else {
        mr_strbuf_add_str(sql, "_utf8mb4 ");
        add_hex_literal(sql, str, strlen(str));
    }
}

/* The name comes from a catalogue, but what is put into SQL is checked here. */
static bool is_charset_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && name[len] == '\0';
}

static void add_text(struct mr_strbuf *sql, const struct mr_value *value, const char *charset)
{
    if (charset != NULL && !is_charset_name(charset)) {
        sql->failed = true;
        return;
    }
    if (charset != NULL) {
        mr_strbuf_add_char(sql, '_');
        mr_strbuf_add_str(sql, charset);
        mr_strbuf_add_char(sql, ' ');
    }
    add_hex_literal(sql, value->ptr, value->len);
}

/* A decimal may come out of a file that somebody edited: only its characters pass. */
static void add_decimal(struct mr_strbuf *sql, const struct mr_value *value)
{
    const char *text = value->ptr;
    if (value->len == 0)
        sql->failed = true;
    for (size_t i = 0; i < value->len; i++)
        if (strchr("0123456789.-", text[i]) == NULL || text[i] == '\0')
            sql->failed = true;
    mr_strbuf_add(sql, text, value->len);
}

static void add_temporal(struct mr_strbuf *sql, const struct mr_value *value)
{
    struct mr_value_style style = {.cls = value->cls, .decimals = 6};
    mr_strbuf_add_char(sql, '\'');
    mr_value_to_text(sql, value, style);
    mr_strbuf_add_char(sql, '\'');
}

static void add_bytes(struct mr_strbuf *sql, const struct mr_value *value, const char *charset)
{
    if (value->ptr == NULL && value->len > 0)
        sql->failed = true; /* a long value: not read here */
    else if (value->cls == MR_CLASS_DECIMAL)
        add_decimal(sql, value);
    else if (value->cls == MR_CLASS_JSON)
        add_text(sql, value, "utf8mb4");
    else if (mr_class_has_charset(value->cls))
        add_text(sql, value, charset);
    else
        add_hex_literal(sql, value->ptr, value->len);
}

void mr_sql_value(struct mr_strbuf *sql, const struct mr_value *value, const char *charset)
{
    switch (value->cls) {
    case MR_CLASS_NULL: mr_strbuf_add_str(sql, "NULL"); break;
    case MR_CLASS_INT: mr_strbuf_add_fmt(sql, "%" PRId64, value->i); break;
    case MR_CLASS_UINT: mr_strbuf_add_fmt(sql, "%" PRIu64, value->u); break;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: mr_strbuf_add_fmt(sql, "%.16e", value->d); break;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: add_temporal(sql, value); break;
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: add_bytes(sql, value, charset); break;
    case MR_CLASS_UNDECIDED: sql->failed = true; break;
    }
}

/* As everywhere but there. */
bool mr_sql_charset_is_narrow(const char *charset)
{
    return strncmp(charset, "utf16", 5) != 0 && strncmp(charset, "utf32", 5) != 0 &&
           strncmp(charset, "ucs2", 4) != 0;
}

/* Behind an introducer the server takes the bytes of a literal as they stand: nothing is converted,
 * and of printable ASCII no connection charset makes anything else. */
void mr_sql_value_short(struct mr_strbuf *sql, const struct mr_value *value, const char *charset)
{
    const bool is_json = value->cls == MR_CLASS_JSON;
    const char *of = is_json ? "utf8mb4" : charset;
    if (!(is_json || mr_class_has_charset(value->cls)) || of == NULL || !is_charset_name(of) ||
        !mr_sql_charset_is_narrow(of) || value->ptr == NULL || !is_plain(value->ptr, value->len)) {
        mr_sql_value(sql, value, charset);
        return;
    }
    mr_strbuf_add_char(sql, '_');
    mr_strbuf_add_str(sql, of);
    mr_strbuf_add_str(sql, " '");
    mr_strbuf_add(sql, value->ptr, value->len);
    mr_strbuf_add_char(sql, '\'');
}
