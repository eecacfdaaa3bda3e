/* merge_split.c: see merge_split.h. */
#include "repair/merge/merge_split.h"

#include <string.h>

#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "repair/merge/merge_row.h"

/* A DATE on the day of a TIME within it is neither before nor behind it. */
static bool is_within_day(const struct mr_time *time)
{
    return time->hour != 0 || time->minute != 0 || time->second != 0 || time->micros != 0;
}

const char *mr_merge_split_misses(const struct mr_plan_table *table, const struct mr_when *split_at)
{
    if (table->time_at == MR_NO_COLUMN)
        return "--split-at cannot be applied, since no time-column is configured; the "
               "common past ends at the last key whose rows are equal (L)";
    const struct mr_column *col = mr_pair_column(table->pair, MR_TARGET, table->time_at);
    if (col->cls == MR_CLASS_DATE && is_within_day(&split_at->time))
        return "--split-at has a time of day, and the time-column is a DATE, which "
               "cannot "
               "tell rows of that day apart; the common past ends at the last key whose "
               "rows are equal (L)";
    return NULL;
}

/* A TIMESTAMP is read in UTC; only the server knows its own zone and when its clocks changed. */
static enum mr_code in_utc(struct mr_merge *m, struct mr_strbuf *text, struct mr_err *err)
{
    const struct mr_when *when = m->options->split_at;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_db *db = mr_reader_db(m->reader[MR_TARGET]);
    if (when->has_zone) {
        struct mr_time utc = mr_when_utc(when);
        mr_when_format(&utc, text);
        return MR_OK;
    }
    mr_strbuf_add_str(&sql, "SELECT CONVERT_TZ('");
    mr_when_format(&when->time, &sql);
    mr_strbuf_add_str(&sql, "', @@GLOBAL.time_zone, '+00:00')");
    enum mr_code code = db != NULL
                            ? mr_db_query_text(db, sql.ptr, text, err)
                            : mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    if (code == MR_OK && text->len == 0) {
        code = mr_err_set(err, MR_E_USAGE,
                          "--split-at has no time zone, and the target cannot convert from "
                          "its own");
        mr_err_hint(err, "Give the time with a zone, such as 2026-04-02 12:00:00Z.");
    }
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_merge_split_time(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_time *time, struct mr_err *err)
{
    const struct mr_column *col = mr_pair_column(table->pair, MR_TARGET, column);
    size_t utc = strcmp(col->data_type, "timestamp") == 0;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_when when = *m->options->split_at;
    enum mr_code code = MR_OK;
    if (utc != 0 && !m->split_known[utc]) {
        code = in_utc(m, &text, err);
        if (code == MR_OK)
            code = mr_when_parse(&when, text.ptr, err);
    }
    if (code == MR_OK && !m->split_known[utc]) {
        m->split[utc] = when.time;
        m->split_known[utc] = true;
    }
    *time = m->split[utc];
    mr_strbuf_release(&text);
    return code;
}

/* The value decides, not the column: it may be NULL, zero, or of a type that tells no moment. */
enum mr_code mr_merge_split_side(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_key image, int *side, struct mr_err *err)
{
    struct mr_time split;
    struct mr_key bytes;
    struct mr_value value = {0};
    size_t pos = 0;
    *side = 0;
    if (column == MR_NO_COLUMN || m->options->split_at == NULL)
        return MR_OK;
    enum mr_code code = mr_merge_row_value(image, column, &bytes, err);
    if (code == MR_OK)
        code = mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err);
    bool is_time = mr_class_is_moment(value.cls);
    if (code != MR_OK || !is_time || value.t.year == 0)
        return code;
    code = mr_merge_split_time(m, table, column, &split, err);
    if (code != MR_OK)
        return code;
    struct mr_time day = split;
    day.hour = day.minute = day.second = day.micros = 0;
    *side = mr_when_compare(&value.t, &split) < 0 ? -1 : 1;
    if (value.cls == MR_CLASS_DATE && is_within_day(&split) && mr_when_compare(&value.t, &day) == 0)
        *side = 0;
    return MR_OK;
}
