/* window.c: see window.h. */
#include "recon/check/window.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "recon/check/check_options.h"

static bool is_time(const struct mr_column *col)
{
    return col != NULL && mr_class_is_moment(col->cls);
}

static bool is_usual_name(const char *name)
{
    static const char *const names[] = {"created_at",  "updated_at",  "create_time",
                                        "update_time", "modified_at", "created_on",
                                        "updated_on",  "modified_on", "inserted_at"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool keeps_time(const struct mr_column *col)
{
    if (col->on_update != NULL || is_usual_name(col->name))
        return true;
    return col->default_text != NULL &&
           strncasecmp(col->default_text, "current_timestamp", 17) == 0;
}

static enum mr_code no_zone(const char *option, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE,
                     "%s has no time zone, and the target cannot convert from its own", option);
    mr_err_hint(err, "Give the time with a zone, such as 2026-04-02 12:00:00Z.");
    return MR_E_USAGE;
}

/* TIME in UTC for TIMESTAMP columns, by TARGET's clock where it names no zone. */
static enum mr_code in_utc(struct mr_db *target, const struct mr_window_end *end,
                           struct mr_time *time, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_when utc;
    if (end->when->has_zone) {
        *time = mr_when_utc(end->when);
        return MR_OK;
    }
    if (target == NULL)
        return no_zone(end->option, err);
    mr_strbuf_add_str(&sql, "SELECT CONVERT_TZ('");
    mr_when_format(&end->when->time, &sql);
    mr_strbuf_add_str(&sql, "', @@GLOBAL.time_zone, '+00:00')");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_query_text(target, sql.ptr, &text, err));
    if (text.len == 0)
        MR_TRY_OUT(no_zone(end->option, err));
    MR_TRY_OUT(mr_when_parse(&utc, text.ptr, err));
    *time = utc.time;
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_window_time(struct mr_db *target, const struct mr_column *col,
                            const struct mr_window_end *end, struct mr_time *time,
                            struct mr_err *err)
{
    if (strcmp(col->data_type, "timestamp") == 0)
        return in_utc(target, end, time, err);
    *time = end->when->time;
    if (col->cls == MR_CLASS_DATE && !end->before)
        time->hour = time->minute = time->second = time->micros = 0;
    return MR_OK;
}

/* By what is read (UTC for TIMESTAMP), as the session's zone is UTC, too. */
enum mr_code mr_window_bound(struct mr_db *target, const struct mr_column *col,
                             const struct mr_window_end *end, struct mr_strbuf *sql,
                             struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_time time = {0};
    enum mr_code code = mr_window_time(target, col, end, &time, err);
    mr_when_format(&time, &text);
    mr_sql_ident(sql, col->name);
    mr_strbuf_add_fmt(sql, " %s ", end->before ? "<" : ">=");
    mr_sql_string(sql, text.ptr);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code add_column(struct mr_check_run *check, const struct mr_column *col,
                               struct mr_strbuf *sql, struct mr_strbuf *names, struct mr_err *err)
{
    const struct mr_window_end since = {&check->opts->since, "--since", false};
    if (names->len > 0) {
        mr_strbuf_add_str(sql, " OR ");
        mr_strbuf_add_str(names, " or ");
    }
    mr_strbuf_add_str(names, col->name);
    return mr_window_bound(mr_reader_db(check->pairing.side[MR_TARGET].main), col, &since, sql,
                           err);
}

/* A configured column ends the guessing; a guess must be there on both sides. */
static enum mr_code add_columns(struct mr_check_run *check, const struct mr_pair *table,
                                const struct mr_table_config *config, struct mr_strbuf *sql,
                                struct mr_strbuf *names, struct mr_err *err)
{
    const struct mr_table *s = table->side[MR_SOURCE];
    const char *configured[] = {config->time_column, config->update_column};
    const bool may_miss[] = {config->time_by_pattern, config->update_by_pattern};
    bool any = false;
    for (size_t i = 0; i < 2; i++) {
        if (configured[i] == NULL)
            continue;
        const struct mr_column *col = mr_table_column(s, configured[i]);
        if (col == NULL && may_miss[i])
            continue;
        if (!is_time(col))
            return mr_err_set(err, MR_E_CONFIG,
                              "time column \"%s\" of table \"%s\" is no date or time",
                              configured[i], table->find.name);
        any = true;
        MR_TRY(add_column(check, col, sql, names, err));
    }
    for (size_t i = 0; !any && i < s->ncolumns; i++)
        if (is_time(&s->columns[i]) && keeps_time(&s->columns[i]) &&
            mr_table_column(table->side[MR_TARGET], s->columns[i].name) != NULL)
            MR_TRY(add_column(check, &s->columns[i], sql, names, err));
    return MR_OK;
}

/* No time column: all rows are compared, and the note says so. */
enum mr_code mr_window_condition(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_table_config *config, struct mr_strbuf *sql,
                                 struct mr_strbuf *note, struct mr_err *err)
{
    struct mr_strbuf condition = MR_STRBUF_INIT, names = MR_STRBUF_INIT;
    enum mr_code code = add_columns(check, table, config, &condition, &names, err);
    if (note->len > 0)
        mr_strbuf_add_str(note, "; ");
    if (code == MR_OK && names.len > 0) {
        mr_strbuf_add_fmt(sql, "%s(%s)", sql->len > 0 ? " AND " : "", condition.ptr);
        mr_strbuf_add_fmt(note, "only rows with %s since %s", names.ptr, check->opts->since_text);
    } else if (code == MR_OK) {
        mr_strbuf_add_str(note, "compared whole: no time column is known for --since");
    }
    mr_strbuf_release(&condition);
    mr_strbuf_release(&names);
    return code;
}
