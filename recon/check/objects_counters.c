/* objects_counters.c: see objects_counters.h. */
#include "recon/check/objects_counters.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/db/sqltext.h"
#include "core/source/abreast.h"
#include "recon/check/check.h"

#define LEAST_OF_DATABASE 8 /* tables, for which a statement for many is worth it */
/* Tables whose keys and next values are read before those of others: a server keeps them open in
 * between, and not thousands. */
#define TABLES_AT_ONCE 512

void mr_objects_counters_begin(struct mr_objects_counters *all, atomic_bool *abandoned)
{
    all->abandoned = abandoned;
    all->list = (struct mr_vec)MR_VEC_INIT(struct mr_objects_counters_item);
}

void mr_objects_counters_end(struct mr_objects_counters *all)
{
    mr_vec_release(&all->list);
}

/* Next values in the catalogue are older than the keys: only where they are above those all the same
 * does that say something. */
static bool is_told(const struct mr_table *const listed[MR_SIDES],
                    struct mr_objects_counter c[MR_SIDES])
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (listed == NULL || listed[side] == NULL || !listed[side]->has_greatest)
            return false;
        c[side].next = listed[side]->next;
        c[side].greatest = listed[side]->greatest;
        mr_objects_counter_begin_at_one(&c[side]);
    }
    return !mr_objects_counter_is_low(&c[MR_SOURCE], &c[MR_TARGET], false);
}

enum mr_code mr_objects_counters_add(struct mr_objects_counters *all,
                                     const struct mr_objects_counter c[MR_SIDES],
                                     const struct mr_table *const listed[MR_SIDES],
                                     struct mr_err *err)
{
    struct mr_objects_counter told[MR_SIDES] = {{0}, {0}};
    if (c != NULL)
        memcpy(told, c, sizeof told);
    const bool is_known = c != NULL && is_told(listed, told);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_objects_counters_item *it = mr_vec_push(&all->list);
        if (it == NULL)
            return mr_err_nomem(err, "comparing counters");
        *it = (struct mr_objects_counters_item){.has_greatest = is_known, .has_next = is_known};
        if (c != NULL)
            it->counter = is_known ? told[side] : c[side];
    }
    return MR_OK;
}

/* Those of one side that a server is asked for; of a snapshot nothing has to be asked. */
struct some {
    struct mr_db *db;
    struct mr_objects_counters_item **items;
    size_t count;
};

/* What a statement for many fails at is left to those for one, but for what ends the run. */
static enum mr_code leave(enum mr_code code, const struct mr_err *why, struct mr_err *err)
{
    if (!mr_check_is_fatal(code) && code != MR_E_LOST && code != MR_E_MOVED)
        return MR_OK;
    if (err != NULL)
        *err = *why;
    return code;
}

/* ---- the greatest keys ---- */

static enum mr_code read_keys(struct mr_db *db, struct mr_objects_counters_item *const *items,
                              size_t count, struct mr_err *err)
{
    const struct mr_table *tables[MR_GREATEST_AT_ONCE];
    uint64_t greatest[MR_GREATEST_AT_ONCE];
    bool known[MR_GREATEST_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        tables[i] = items[i]->counter.table;
    MR_TRY(mr_schema_greatest_of(db, tables, count, greatest, known, err));
    for (size_t i = 0; i < count; i++) {
        if (known[i])
            items[i]->counter.greatest = greatest[i];
        items[i]->has_greatest |= known[i];
    }
    return MR_OK;
}

static enum mr_code read_all_keys(const struct some *some, struct mr_err *err)
{
    for (size_t at = 0; at < some->count; at += MR_GREATEST_AT_ONCE) {
        const size_t left = some->count - at;
        struct mr_err why = {0};
        enum mr_code code =
            read_keys(some->db, some->items + at,
                      left < MR_GREATEST_AT_ONCE ? left : MR_GREATEST_AT_ONCE, &why);
        MR_TRY(leave(code, &why, err));
    }
    return MR_OK;
}

/* ---- the next values ---- */

static int by_name(const void *a, const void *b)
{
    const struct mr_table *x = (*(struct mr_objects_counters_item *const *)a)->counter.table,
                          *y = (*(struct mr_objects_counters_item *const *)b)->counter.table;
    const int order = strcmp(x->db, y->db);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static struct mr_objects_counters_item *find(struct mr_objects_counters_item *const *items,
                                             size_t count, const char *name)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(items[middle]->counter.table->name, name);
        if (order == 0)
            return items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Of one database; of those tables alone: the server opens each that it tells of. */
static enum mr_code read_nexts(struct mr_db *db, struct mr_objects_counters_item *const *items,
                               size_t count, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(&sql, "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES"
                            " WHERE AUTO_INCREMENT IS NOT NULL AND TABLE_SCHEMA = ");
    mr_sql_string(&sql, items[0]->counter.table->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME IN (");
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add_str(&sql, i > 0 ? ", " : "");
        mr_sql_string(&sql, items[i]->counter.table->name);
    }
    mr_strbuf_add_char(&sql, ')');
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, "vv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        struct mr_objects_counters_item *it = find(items, count, cells[0].ptr);
        if (it == NULL)
            continue;
        it->counter.next = strtoull(cells[1].ptr, NULL, 10);
        it->has_next = true;
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code read_all_nexts(const struct some *some, struct mr_err *err)
{
    if (some->count == 0 || mr_db_server(some->db)->flavour != MR_FLAVOUR_MARIADB)
        return MR_OK;
    qsort(some->items, some->count, sizeof *some->items, by_name);
    for (size_t at = 0, end; at < some->count; at = end) {
        struct mr_err why = {0};
        for (end = at + 1; end < some->count; end++)
            if (strcmp(some->items[at]->counter.table->db, some->items[end]->counter.table->db) !=
                0)
                break;
        if (end - at < LEAST_OF_DATABASE)
            continue;
        enum mr_code code = read_nexts(some->db, some->items + at, end - at, &why);
        MR_TRY(leave(code, &why, err));
    }
    return MR_OK;
}

/* ---- both ---- */

/* Of the tables from `first` on.  A statement that waits for a table of MyISAM or Aria keeps its lock
 * on others of them, and whoever writes to those waits, too: they are asked one by one. */
static void choose(struct mr_objects_counters *all, size_t first, struct some some[MR_SIDES],
                   struct mr_objects_counters_item *items[MR_SIDES][TABLES_AT_ONCE])
{
    const size_t count = all->list.count / MR_SIDES;
    const size_t end = first + TABLES_AT_ONCE < count ? first + TABLES_AT_ONCE : count;
    for (size_t side = MR_SOURCE; side < MR_SIDES; side++) {
        some[side] = (struct some){.items = items[side]};
        for (size_t i = first; i < end; i++) {
            struct mr_objects_counters_item *it = mr_vec_at(&all->list, i * MR_SIDES + side);
            struct mr_db *db = it->counter.table != NULL ? mr_reader_db(it->counter.reader) : NULL;
            if (db == NULL || !it->counter.table->transactional || it->has_greatest)
                continue;
            some[side].db = db;
            some[side].items[some[side].count++] = it;
        }
    }
}

static enum mr_code read_some_keys(void *some, struct mr_err *err)
{
    return read_all_keys(some, err);
}

static enum mr_code read_some_nexts(void *some, struct mr_err *err)
{
    return read_all_nexts(some, err);
}

enum mr_code mr_objects_counters_read(struct mr_objects_counters *all, struct mr_err *err)
{
    struct some some[MR_SIDES];
    struct mr_objects_counters_item *items[MR_SIDES][TABLES_AT_ONCE];
    enum mr_code code = MR_OK;
    if (all->list.count <= MR_SIDES)
        return MR_OK; /* of one table nothing is gained */
    /* the last names first, which the catalogue has left open */
    for (size_t left = all->list.count / MR_SIDES, first; code == MR_OK && left > 0; left = first) {
        first = (left - 1) / TABLES_AT_ONCE * TABLES_AT_ONCE;
        choose(all, first, some, items);
        code = mr_abreast(read_some_keys, &some[MR_SOURCE], read_some_keys, &some[MR_TARGET],
                          all->abandoned, err);
        if (code == MR_OK)
            code = mr_abreast(read_some_nexts, &some[MR_TARGET], read_some_nexts, &some[MR_SOURCE],
                              all->abandoned, err);
    }
    return code;
}

bool mr_objects_counters_has(const struct mr_objects_counters *all, size_t nth)
{
    const struct mr_objects_counters_item *it = mr_vec_at(&all->list, nth * MR_SIDES);
    return it->counter.table != NULL;
}

enum mr_code mr_objects_counters_of(const struct mr_objects_counters *all, size_t nth,
                                    struct mr_objects_counter c[MR_SIDES], struct mr_err *err)
{
    bool has_keys = true, has_nexts = true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_objects_counters_item *it =
            mr_vec_at(&all->list, nth * MR_SIDES + (size_t)side);
        const bool stands = mr_reader_db(it->counter.reader) == NULL;
        c[side] = it->counter;
        if (stands) /* a snapshot, which has them in memory */
            MR_TRY(mr_reader_counter(c[side].reader, c[side].table, &c[side].next,
                                     &c[side].greatest, err));
        has_keys = has_keys && (it->has_greatest || stands);
        has_nexts = has_nexts && (it->has_next || stands);
    }
    if (!has_keys)
        MR_TRY(mr_objects_counter_keys(&c[MR_SOURCE], &c[MR_TARGET], err));
    if (!has_keys || !has_nexts) /* never before the keys */
        MR_TRY(mr_objects_counter_next(&c[MR_SOURCE], &c[MR_TARGET], err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_objects_counter_begin_at_one(&c[side]);
    return MR_OK;
}
