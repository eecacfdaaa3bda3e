/* counter_read.c: see counter_read.h. */
#include "repair/reseed/counter_read.h"

#include <string.h>

#include "core/db/sqltext.h"
#include "repair/reseed/reseed_read.h"
#include "core/schema/sequence.h"

/* SHOW CREATE TABLE prints no counter that stands at its start. */
static enum mr_code read_start(struct mr_db *db, const struct mr_counter *c, uint64_t *next,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE "
                            "EXTRA LIKE '%auto_increment%' AND TABLE_SCHEMA = ");
    mr_sql_string(&sql, c->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, c->name);
    mr_strbuf_add_str(&sql, " AND COLUMN_NAME = ");
    mr_sql_string(&sql, c->column);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, &text, err);
    *next = code == MR_OK && strcmp(text.ptr, "0") != 0 ? 1 : 0;
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_counter_read(struct mr_db *db, const struct mr_counter *counter, uint64_t *next,
                             struct mr_err *err)
{
    struct mr_sequence sequence;
    enum mr_code code;
    if (counter->sequence == NULL) {
        code = mr_reseed_next(db, counter->db, counter->name, counter->column, next, err);
        return code == MR_OK && *next == 0 ? read_start(db, counter, next, err) : code;
    }
    code = mr_sequence_read(db, counter->sequence_db, counter->sequence, &sequence, err);
    *next = code == MR_OK ? sequence.next : 0;
    return code;
}
