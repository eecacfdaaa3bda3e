/* binlog_shape.c: the columns of a log's table beside those of today's; see binlog_value.h. */
#include "core/binlog/binlog_shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/binlog/binlog_charset.h"
#include "core/binlog/binlog_column_type.h"
#include "core/schema/made_key.h"
#include "core/schema/type_member.h"

#define BINARY_COLLATION 63

/* A column of the log, and the one of today that it is held to be. */
struct match {
    const struct mr_binlog_column *log;
    const struct mr_column *today;
    const struct mr_server *server;
    struct mr_arena *arena;
    struct mr_err *err;
};

/* ---- words for people ---- */

/* What a type is called; of text and bytes by its wire type alone, since the log may not say more. */
static const char *type_word(const struct mr_binlog_column *c)
{
    static const char *const words[256] = {
        [MR_FIELD_DECIMAL] = "decimal of old",
        [MR_FIELD_TINY] = "tinyint",
        [MR_FIELD_SHORT] = "smallint",
        [MR_FIELD_LONG] = "int",
        [MR_FIELD_FLOAT] = "float",
        [MR_FIELD_DOUBLE] = "double",
        [MR_FIELD_NULL] = "null",
        [MR_FIELD_TIMESTAMP] = "timestamp",
        [MR_FIELD_LONGLONG] = "bigint",
        [MR_FIELD_INT24] = "mediumint",
        [MR_FIELD_DATE] = "date",
        [MR_FIELD_TIME] = "time",
        [MR_FIELD_DATETIME] = "datetime",
        [MR_FIELD_YEAR] = "year",
        [MR_FIELD_NEWDATE] = "date",
        [MR_FIELD_VARCHAR] = "varchar or varbinary",
        [MR_FIELD_BIT] = "bit",
        [MR_FIELD_TIMESTAMP2] = "timestamp",
        [MR_FIELD_DATETIME2] = "datetime",
        [MR_FIELD_TIME2] = "time",
        [MR_FIELD_BLOB_COMPRESSED] = "a compressed column",
        [MR_FIELD_VARCHAR_COMPRESSED] = "a compressed column",
        [MR_FIELD_VECTOR] = "vector",
        [MR_FIELD_JSON] = "json",
        [MR_FIELD_NEWDECIMAL] = "decimal",
        [MR_FIELD_ENUM] = "enum",
        [MR_FIELD_SET] = "set",
        [MR_FIELD_TINY_BLOB] = "text or blob",
        [MR_FIELD_MEDIUM_BLOB] = "text or blob",
        [MR_FIELD_LONG_BLOB] = "text or blob",
        [MR_FIELD_BLOB] = "text or blob",
        [MR_FIELD_VAR_STRING] = "varchar or varbinary",
        [MR_FIELD_STRING] = "char or binary",
        [MR_FIELD_GEOMETRY] = "geometry",
    };
    return words[c->type] != NULL ? words[c->type] : "a type that is not known";
}

static enum mr_code misfit(const struct match *m, const char *in_log, const char *in_table)
{
    return mr_err_set(m->err, MR_E_UNSUPPORTED, "column \"%s\": %s in the log, %s in the table",
                      m->today->name, in_log, in_table);
}

static enum mr_code other_type(const struct match *m)
{
    return misfit(m, type_word(m->log), m->today->type);
}

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "matching a table of a binary log");
}

static bool is_type(const struct match *m, const char *data_type)
{
    return strcmp(m->today->data_type, data_type) == 0;
}

/* The numbers behind a type's name, as in "decimal(10,2)"; what is not there stays as it is. */
static void numbers_of(const struct mr_column *today, unsigned long *first, unsigned long *second)
{
    const char *at = strchr(today->type, '(');
    char *end = NULL;
    if (at == NULL)
        return;
    *first = strtoul(at + 1, &end, 10);
    if (*end == ',')
        *second = strtoul(end + 1, NULL, 10);
}

/* ---- numbers and times ---- */

/* A YEAR has no sign to speak of: MySQL's logs call it unsigned, catalogues say nothing. */
static enum mr_code match_number(const struct match *m, const char *data_type,
                                 enum mr_binlog_how how, struct mr_binlog_part *part)
{
    if (!is_type(m, data_type))
        return other_type(m);
    if (how != MR_BINLOG_AS_YEAR && m->log->has_sign &&
        m->log->is_unsigned != m->today->is_unsigned)
        return misfit(m, m->log->is_unsigned ? "unsigned" : "signed", m->today->type);
    part->how = how;
    part->is_unsigned = m->today->is_unsigned;
    part->plain_zero = m->server->flavour == MR_FLAVOUR_MARIADB;
    return MR_OK;
}

/* A year of two digits is stored as one of four, and read without its century. */
static enum mr_code match_year(const struct match *m, struct mr_binlog_part *part)
{
    unsigned long digits = 4, none = 0;
    numbers_of(m->today, &digits, &none);
    part->width = digits;
    return match_number(m, "year", MR_BINLOG_AS_YEAR, part);
}

/* Equal numbers are encoded alike, whatever their scale; none has got less room. */
static enum mr_code match_decimal(const struct match *m, struct mr_binlog_part *part)
{
    unsigned long digits = 10, scale = 0;
    const unsigned log_digits = m->log->meta >> 8, log_scale = m->log->meta & 0xff;
    char in_log[48];
    numbers_of(m->today, &digits, &scale);
    if (is_type(m, "decimal") &&
        (log_scale > scale || log_scale > log_digits || log_digits - log_scale > digits - scale)) {
        (void)snprintf(in_log, sizeof in_log, "decimal(%u,%u)", log_digits, log_scale);
        return misfit(m, in_log, m->today->type);
    }
    return match_number(m, "decimal", MR_BINLOG_AS_DECIMAL, part);
}

static enum mr_code match_bit(const struct match *m, struct mr_binlog_part *part)
{
    unsigned long bits = 1, none = 0;
    const unsigned in_log = (unsigned)(m->log->meta >> 8) * 8 + (m->log->meta & 0xff);
    numbers_of(m->today, &bits, &none);
    if (is_type(m, "bit") && in_log > bits)
        return misfit(m, "more bits", m->today->type);
    return match_number(m, "bit", MR_BINLOG_AS_BIT, part);
}

/* is_new: with the digits of its fraction in the metadata.  MariaDB has a format of old with a
 * fraction, too (mysql56_temporal_format = OFF), whose length no log tells. */
static enum mr_code match_time(const struct match *m, const char *data_type, enum mr_binlog_how how,
                               bool is_new, struct mr_binlog_part *part)
{
    if (!is_type(m, data_type))
        return other_type(m);
    if (!is_new && m->today->decimals > 0)
        return misfit(m, "a time of the old format", m->today->type);
    if (is_new && m->log->meta > m->today->decimals)
        return misfit(m, "more digits of a second", m->today->type);
    part->how = how;
    return MR_OK;
}

/* ---- text and bytes ---- */

/* Does the log say another character set than the table has?  NULL: no. */
static const char *other_charset(const struct match *m)
{
    if (m->log->collation == 0)
        return NULL;
    const char *charset = mr_binlog_charset_of(m->log->collation);
    if (charset == NULL)
        return "a collation whose number is not known";
    return mr_binlog_charset_same(charset, m->today->charset != NULL ? m->today->charset : "binary")
               ? NULL
               : charset;
}

static enum mr_code match_charset(const struct match *m)
{
    const char *charset = other_charset(m);
    return charset == NULL
               ? MR_OK
               : misfit(m, charset, m->today->charset != NULL ? m->today->charset : "binary");
}

/* Bytes that a column of "varchar(50)" may have; 0: not known. */
static unsigned long room_of(const struct mr_column *today)
{
    unsigned long chars = 0, none = 0;
    numbers_of(today, &chars, &none);
    return today->charset == NULL ? chars : chars * mr_binlog_charset_width(today->charset);
}

/* The log has the room in bytes: where it does not name the character set, a text of another width,
 * latin1 beside utf8mb4, is shown by nothing else, so that no text may have been made longer then. */
static enum mr_code match_room(const struct match *m)
{
    char in_log[48];
    const unsigned long room = room_of(m->today);
    const bool is_exact = m->log->collation == 0 && m->today->cls != MR_CLASS_BINARY;
    if (is_exact ? m->log->meta == room : m->log->meta <= room)
        return MR_OK;
    (void)snprintf(in_log, sizeof in_log, "up to %u bytes", m->log->meta);
    return misfit(m, in_log, m->today->type);
}

static enum mr_code match_varchar(const struct match *m, struct mr_binlog_part *part)
{
    if (!is_type(m, "varchar") && !is_type(m, "varbinary"))
        return other_type(m);
    MR_TRY(match_charset(m));
    MR_TRY(match_room(m));
    part->how = MR_BINLOG_AS_TEXT;
    part->prefix = m->log->meta > 255 ? 2 : 1;
    return MR_OK;
}

/* MariaDB's UUID and addresses are 16 or 4 bytes, and nothing in the log tells them from BINARY. */
static bool match_fixed(const struct match *m, struct mr_binlog_part *part)
{
    static const struct {
        const char *data_type;
        enum mr_binlog_how how;
        unsigned bytes;
    } types[] = {{"uuid", MR_BINLOG_AS_UUID, 16},
                 {"inet6", MR_BINLOG_AS_INET6, 16},
                 {"inet4", MR_BINLOG_AS_INET4, 4}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (is_type(m, types[i].data_type) && m->log->meta == types[i].bytes) {
            part->how = types[i].how;
            part->width = types[i].bytes;
            return true;
        }
    return false;
}

static enum mr_code match_string(const struct match *m, struct mr_binlog_part *part)
{
    part->prefix = m->log->meta > 255 ? 2 : 1;
    if (match_fixed(m, part))
        return MR_OK;
    if (!is_type(m, "char") && !is_type(m, "binary"))
        return other_type(m);
    MR_TRY(match_charset(m));
    MR_TRY(match_room(m));
    part->how = MR_BINLOG_AS_TEXT;
    if (m->today->cls != MR_CLASS_BINARY)
        return MR_OK;
    part->how = MR_BINLOG_AS_PADDED;
    part->width = m->log->meta;
    return part->width == room_of(m->today) ? MR_OK : misfit(m, "a shorter one", m->today->type);
}

/* Its metadata are the bytes of the length before each value.  MariaDB's JSON is a LONGTEXT. */
static enum mr_code match_blob(const struct match *m, struct mr_binlog_part *part)
{
    static const char *const types[][2] = {{"tinytext", "tinyblob"},
                                           {"text", "blob"},
                                           {"mediumtext", "mediumblob"},
                                           {"longtext", "longblob"}};
    size_t today = 0;
    while (today < 4 && !is_type(m, types[today][0]) && !is_type(m, types[today][1]))
        today++;
    if (is_type(m, "json") && m->server->flavour == MR_FLAVOUR_MARIADB)
        today = 3;
    if (today == 4)
        return other_type(m);
    if (m->log->meta < 1 || m->log->meta > today + 1)
        return misfit(m, "a longer one", m->today->type);
    MR_TRY(match_charset(m));
    part->how = MR_BINLOG_AS_TEXT;
    part->prefix = m->log->meta;
    return MR_OK;
}

static enum mr_code match_counted(const struct match *m, bool fits, enum mr_binlog_how how,
                                  struct mr_binlog_part *part)
{
    if (!fits || m->log->meta < 1 || m->log->meta > 4)
        return other_type(m);
    part->how = how;
    part->prefix = m->log->meta;
    return MR_OK;
}

/* ---- ENUM and SET ---- */

static enum mr_code no_members(const struct match *m, const char *why)
{
    return mr_err_set(m->err, MR_E_UNSUPPORTED,
                      "column \"%s\": the log does not say its members, and %s", m->today->name,
                      why);
}

/* Catalogues show a character beyond the BMP as '?'. */
static bool may_be_shown_otherwise(const char *charset, const struct mr_strbuf *member)
{
    return mr_binlog_charset_width(charset) == 4 && memchr(member->ptr, '?', member->len) != NULL;
}

/* Those of the catalogue, in UTF-8 there, as the column's character set has them. */
static enum mr_code members_of_today(const struct match *m, struct mr_binlog_part *part)
{
    struct mr_strbuf member = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const char *charset = m->today->charset != NULL ? m->today->charset : "binary";
    enum mr_code code = MR_OK;
    size_t count = 0;
    for (const char *at = mr_type_members(m->today->type); mr_type_next_member(&at, &member);)
        count++;
    struct mr_binlog_text *members = mr_arena_calloc(m->arena, count + 1, sizeof *members);
    if (members == NULL)
        MR_TRY_OUT(no_memory(m->err));
    const char *at = mr_type_members(m->today->type);
    for (size_t i = 0; i < count && mr_type_next_member(&at, &member); i++) {
        mr_strbuf_reset(&text);
        if (may_be_shown_otherwise(charset, &member))
            MR_TRY_OUT(no_members(m, "a \"?\" in the catalogue's may be any character"));
        if (!mr_binlog_charset_add(&text, charset, member.ptr, member.len))
            MR_TRY_OUT(no_members(m, "what they are in its character set is not known"));
        members[i].ptr = mr_arena_dup(m->arena, text.ptr, text.len);
        members[i].len = text.len;
        if (members[i].ptr == NULL || text.failed || member.failed)
            MR_TRY_OUT(no_memory(m->err));
    }
    part->members = members;
    part->nmembers = count;
out:
    mr_strbuf_release(&member);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code find_comma(const struct match *m, struct mr_binlog_part *part)
{
    struct mr_strbuf comma = MR_STRBUF_INIT;
    const char *charset = m->today->charset != NULL ? m->today->charset : "binary";
    const bool known = mr_binlog_charset_add(&comma, charset, ",", 1);
    part->comma.ptr = mr_arena_dup(m->arena, comma.ptr, comma.len);
    part->comma.len = comma.len;
    mr_strbuf_release(&comma);
    if (!known)
        return misfit(m, "a set", "of a character set that is not known");
    return part->comma.ptr == NULL ? no_memory(m->err) : MR_OK;
}

/* A log's own members are right also where the table has others today. */
static enum mr_code match_choice(const struct match *m, const char *data_type,
                                 enum mr_binlog_how how, struct mr_binlog_part *part)
{
    if (!is_type(m, data_type))
        return other_type(m);
    if (m->log->meta < 1 || m->log->meta > (how == MR_BINLOG_AS_ENUM ? 2 : 8))
        return misfit(m, "one of no known width", m->today->type);
    MR_TRY(match_charset(m));
    MR_TRY(find_comma(m, part));
    part->how = how;
    part->members = m->log->members;
    part->nmembers = m->log->nmembers;
    return m->log->members != NULL ? MR_OK : members_of_today(m, part);
}

/* ---- columns ---- */

/* What fits by its name alone, but for a number's sign and the digits of a time. */
static const struct plain_type {
    uint8_t type;
    const char *data_type;
    enum mr_binlog_how how;
    bool is_time, is_new;
} plain_types[] = {
    {MR_FIELD_TINY, "tinyint", MR_BINLOG_AS_INTEGER, false, false},
    {MR_FIELD_SHORT, "smallint", MR_BINLOG_AS_INTEGER, false, false},
    {MR_FIELD_INT24, "mediumint", MR_BINLOG_AS_INTEGER, false, false},
    {MR_FIELD_LONG, "int", MR_BINLOG_AS_INTEGER, false, false},
    {MR_FIELD_LONGLONG, "bigint", MR_BINLOG_AS_INTEGER, false, false},
    {MR_FIELD_FLOAT, "float", MR_BINLOG_AS_FLOAT, false, false},
    {MR_FIELD_DOUBLE, "double", MR_BINLOG_AS_DOUBLE, false, false},
    {MR_FIELD_DATE, "date", MR_BINLOG_AS_DATE, true, false},
    {MR_FIELD_NEWDATE, "date", MR_BINLOG_AS_DATE, true, false},
    {MR_FIELD_TIME, "time", MR_BINLOG_AS_TIME, true, false},
    {MR_FIELD_TIME2, "time", MR_BINLOG_AS_TIME, true, true},
    {MR_FIELD_DATETIME, "datetime", MR_BINLOG_AS_DATETIME, true, false},
    {MR_FIELD_DATETIME2, "datetime", MR_BINLOG_AS_DATETIME, true, true},
    {MR_FIELD_TIMESTAMP, "timestamp", MR_BINLOG_AS_TIMESTAMP, true, false},
    {MR_FIELD_TIMESTAMP2, "timestamp", MR_BINLOG_AS_TIMESTAMP, true, true},
};

static enum mr_code match_column(const struct match *m, struct mr_binlog_part *part)
{
    for (size_t i = 0; i < sizeof plain_types / sizeof plain_types[0]; i++) {
        const struct plain_type *t = &plain_types[i];
        if (t->type == m->log->type)
            return t->is_time ? match_time(m, t->data_type, t->how, t->is_new, part)
                              : match_number(m, t->data_type, t->how, part);
    }
    switch (m->log->type) {
    case MR_FIELD_YEAR: return match_year(m, part);
    case MR_FIELD_NEWDECIMAL: return match_decimal(m, part);
    case MR_FIELD_BIT: return match_bit(m, part);
    case MR_FIELD_VARCHAR:
    case MR_FIELD_VAR_STRING: return match_varchar(m, part);
    case MR_FIELD_STRING: return match_string(m, part);
    case MR_FIELD_BLOB: return match_blob(m, part);
    case MR_FIELD_ENUM: return match_choice(m, "enum", MR_BINLOG_AS_ENUM, part);
    case MR_FIELD_SET: return match_choice(m, "set", MR_BINLOG_AS_SET, part);
    case MR_FIELD_JSON: return match_counted(m, is_type(m, "json"), MR_BINLOG_AS_JSON, part);
    case MR_FIELD_VECTOR: return match_counted(m, is_type(m, "vector"), MR_BINLOG_AS_TEXT, part);
    case MR_FIELD_GEOMETRY:
        return match_counted(m, m->today->cls == MR_CLASS_GEOMETRY, MR_BINLOG_AS_TEXT, part);
    default: return other_type(m);
    }
}

/* Columns of the log that no catalogue shows: so many in front, and behind. */
struct hidden {
    size_t before, behind;
};

static bool is_bigint(const struct mr_binlog_table *table, size_t i)
{
    return i < table->ncolumns && table->columns[i].type == MR_FIELD_LONGLONG;
}

/* A key that the server made up (made_key.h), and hashes, one for each of MariaDB's UNIQUE over long
 * columns, which every ALTER puts behind all others. */
static struct hidden find_hidden(const struct mr_binlog_table *table, const struct mr_table *today,
                                 const struct mr_server *server)
{
    struct hidden hidden = {0};
    if (today->made_key_hidden && is_bigint(table, 0) &&
        (!table->has_names || strcasecmp(table->columns[0].name, MR_MADE_KEY_COLUMN) == 0))
        hidden.before = 1;
    for (size_t i = 0; server->flavour == MR_FLAVOUR_MARIADB && i < today->nindexes; i++)
        if (today->indexes[i].unique && !mr_index_leads(today, &today->indexes[i]) &&
            is_bigint(table, table->ncolumns - 1 - hidden.behind))
            hidden.behind++;
    return hidden;
}

/* Where in the log's table the column of that name stands; ncolumns: nowhere. */
static size_t named(const struct mr_binlog_table *table, const char *name)
{
    size_t i = 0;
    while (i < table->ncolumns && strcasecmp(table->columns[i].name, name) != 0)
        i++;
    return i;
}

static enum mr_code no_such(const char *name, const char *where, struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED, "column \"%s\": it is %s", name, where);
}

/* Sets the places of today's columns. */
static enum mr_code place_columns(const struct mr_binlog_table *table, const struct mr_table *today,
                                  struct hidden hidden, struct mr_binlog_shape *shape,
                                  struct mr_err *err)
{
    const size_t end = table->ncolumns - hidden.behind;
    for (size_t i = 0; table->has_names && i < today->ncolumns; i++) {
        shape->parts[i].at = named(table, today->columns[i].name);
        if (shape->parts[i].at == table->ncolumns)
            return no_such(today->columns[i].name, "in the table, and not in the log", err);
    }
    for (size_t i = hidden.before; table->has_names && i < end; i++)
        if (mr_table_column(today, table->columns[i].name) == NULL)
            return no_such(table->columns[i].name, "in the log, and not in the table", err);
    if (end < hidden.before || end - hidden.before != today->ncolumns)
        return mr_err_set(err, MR_E_UNSUPPORTED, "%zu columns in the log, %zu in the table",
                          table->ncolumns, today->ncolumns);
    for (size_t i = 0; !table->has_names && i < today->ncolumns; i++)
        shape->parts[i].at = hidden.before + i;
    return MR_OK;
}

enum mr_code mr_binlog_shape_make(const struct mr_binlog_table *table, const struct mr_table *today,
                                  const struct mr_server *server, struct mr_arena *arena,
                                  struct mr_binlog_shape **out, struct mr_err *err)
{
    const size_t parts = today->ncolumns * sizeof(struct mr_binlog_part);
    struct mr_binlog_shape *shape = mr_arena_calloc(arena, 1, sizeof *shape + parts);
    if (shape == NULL)
        return no_memory(err);
    if (today->system_versioned)
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "a table with system versioning: its log has rows of the past, too");
    shape->ncolumns = today->ncolumns;
    MR_TRY(place_columns(table, today, find_hidden(table, today, server), shape, err));
    for (size_t i = 0; i < today->ncolumns; i++) {
        struct mr_binlog_part *part = &shape->parts[i];
        const struct match m = {&table->columns[part->at], &today->columns[i], server, arena, err};
        part->cls = m.today->cls;
        part->type = m.log->type;
        part->meta = m.log->meta;
        part->name = m.today->name;
        MR_TRY(match_column(&m, part));
    }
    *out = shape;
    return MR_OK;
}

size_t mr_binlog_shape_at(const struct mr_binlog_shape *shape, size_t today_column)
{
    return shape->parts[today_column].at;
}
