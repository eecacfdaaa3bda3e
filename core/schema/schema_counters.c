/*
 * schema_counters.c: the greatest keys of tables that the catalogue has just listed.
 *
 * They are open still, so that MAX() of each costs next to nothing; when all tables are listed the
 * server has closed most of them.  `next` was read before: where it is above the greatest key, it was so
 * when that was read, since a counter only grows.
 */
#include "core/schema/schema_internal.h"

#define MANY_FAILURES                                                                              \
    3 /* statements, after which no more are tried: something is locked, or hidden */

/* A statement that waits for a table of MyISAM or Aria holds up who writes to the others of it; and
 * without an index it would read a whole table. */
static bool has_greatest(const struct mr_table *table)
{
    const struct mr_column *counter = mr_table_counter(table);
    return table->transactional && table->open_error == NULL && counter != NULL &&
           mr_table_is_led_by(table, counter);
}

/* *failed: it fails for all of them, and none is known. */
static enum mr_code read_some(struct mr_schema_load *load, struct mr_table *const *tables,
                              size_t count, bool *failed, struct mr_err *err)
{
    uint64_t greatest[MR_GREATEST_AT_ONCE];
    bool known[MR_GREATEST_AT_ONCE];
    struct mr_err why = {0};
    enum mr_code code = mr_schema_greatest_of(load->db, (const struct mr_table *const *)tables,
                                              count, greatest, known, &why);
    *failed = mr_schema_is_not_shown(code, load->db);
    if (*failed)
        return MR_OK;
    if (code != MR_OK) {
        *err = why;
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        tables[i]->has_greatest = known[i];
        tables[i]->greatest = known[i] ? greatest[i] : 0;
    }
    return MR_OK;
}

enum mr_code mr_schema_load_greatest(struct mr_schema_load *load, struct mr_err *err)
{
    struct mr_table *some[MR_GREATEST_AT_ONCE];
    size_t count = 0;
    unsigned failures = 0;
    if (!load->opts->counters || load->server->flavour != MR_FLAVOUR_MARIADB)
        return MR_OK;
    for (size_t i = 0; i < load->tables.count && failures < MANY_FAILURES; i++) {
        struct mr_table *table = mr_schema_table(load, i);
        bool failed = false;
        if (has_greatest(table))
            some[count++] = table;
        if (count == 0 || (count < MR_GREATEST_AT_ONCE && i + 1 < load->tables.count))
            continue;
        MR_TRY(read_some(load, some, count, &failed, err));
        failures += failed ? 1 : 0;
        count = 0;
    }
    return MR_OK;
}
