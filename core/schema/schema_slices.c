/*
 * schema_slices.c: the catalogue of thousands of tables, some of them at a time.
 *
 * MariaDB, and MySQL before 8.0, open a table for nearly all that information_schema says of it,
 * and keep no more than table_open_cache of them open: what reads one view after the other for
 * all tables opens each of them for each view.  Of a slice that fits, each is opened once.
 *
 * A slice is some databases, or a range of names in one of them, in the server's own order: what
 * is made meanwhile falls into one slice, and no name into two.
 */
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"

#define SLICE_MAX                                                                                  \
    1000 /* tables, however many are kept open: a slice is held in memory while it is read */
#define SLICE_MIN 50 /* where so few are kept that there is nothing to win */

struct db_count {
    const char *db;
    uint64_t tables;
};

struct slicing {
    struct mr_schema_load *load;
    mr_schema_part_fn *fn;
    struct mr_vec done; /* struct mr_table: of the slices before */
};

bool mr_schema_opens_tables(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MARIADB || server->version < 80000;
}

/* A third of what is kept open: a slice that is listed, the one before whose rows are read, and what
 * others have open. */
static size_t slice_tables(const struct mr_server *server)
{
    const uint64_t third = server->open_tables / 3;
    if (server->open_tables == 0 || third > SLICE_MAX)
        return SLICE_MAX;
    return third > SLICE_MIN ? (size_t)third : SLICE_MIN;
}

static enum mr_code take_count(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    (void)err;
    if (!mr_schema_is_wanted(load, cells[0].ptr))
        return MR_OK;
    struct db_count *count = mr_schema_push(load);
    if (count != NULL)
        *count = (struct db_count){mr_schema_dup(load, &cells[0]), mr_cell_uint(&cells[1])};
    return MR_OK;
}

/* Tables of each database, which no server opens for that.  BINARY: names that a collation has for
 * one are two. */
static enum mr_code count_tables(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {"BINARY TABLE_SCHEMA", "COUNT(*)"};
    static const struct mr_schema_view view = {.name = "TABLES",
                                               .db_column = "TABLE_SCHEMA",
                                               .columns = columns,
                                               .shape = "vv",
                                               .condition = " GROUP BY BINARY TABLE_SCHEMA",
                                               .verbatim = true};
    mr_schema_step(load, sizeof(struct db_count));
    return mr_schema_each(load, &view, take_count, err);
}

/* What fn has read becomes part of what there is. */
static enum mr_code read_slice(struct slicing *s, struct mr_err *err)
{
    struct mr_schema_load *load = s->load;
    MR_TRY(s->fn(load, err));
    for (size_t i = 0; i < load->tables.count; i++) {
        struct mr_table *table = mr_vec_push(&s->done);
        if (table == NULL)
            return mr_err_nomem(err, "reading the catalogue");
        memcpy(table, mr_vec_at(&load->tables, i), sizeof *table);
    }
    mr_vec_release(&load->tables);
    return MR_OK;
}

static enum mr_code take_name(struct mr_schema_load *load, const struct mr_cell *cells,
                              struct mr_err *err)
{
    (void)err;
    const char **name = mr_schema_push(load);
    if (name != NULL)
        *name = mr_schema_dup(load, &cells[0]);
    return MR_OK;
}

/* In the server's order.  One list for all slices: to give some of it the server has to make all of
 * it. */
static enum mr_code list_names(struct mr_schema_load *load, struct mr_vec *names,
                               struct mr_err *err)
{
    static const char *const columns[] = {"TABLE_NAME"};
    static const struct mr_schema_view view = {.name = "TABLES",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "v",
                                               .condition = " ORDER BY TABLE_NAME"};
    mr_schema_step(load, sizeof(const char *));
    MR_TRY(mr_schema_each(load, &view, take_name, err));
    *names = load->items;
    load->items = (struct mr_vec){0};
    return MR_OK;
}

/* Of names that the server's collation has for one all fall behind a bound that is one of them. */
static enum mr_code read_ranges(struct slicing *s, struct mr_err *err)
{
    struct mr_schema_load *load = s->load;
    const size_t most = slice_tables(load->server);
    struct mr_vec names = {0};
    MR_TRY(list_names(load, &names, err));
    const char *const *name = names.items;
    enum mr_code code = MR_OK;
    for (size_t at = 0; code == MR_OK && (at == 0 || at < names.count); at += most) {
        load->from = at > 0 ? name[at] : NULL;
        load->to = at + most < names.count ? name[at + most] : NULL;
        code = read_slice(s, err);
    }
    load->from = load->to = NULL;
    mr_vec_release(&names);
    return code;
}

/* Databases from `first` on that are one slice; a large one is alone. */
static size_t count_together(const struct db_count *counts, size_t n, size_t first, uint64_t most)
{
    uint64_t tables = counts[first].tables;
    size_t end = first + 1;
    while (end < n && tables + counts[end].tables <= most)
        tables += counts[end++].tables;
    return end - first;
}

static enum mr_code read_slices(struct slicing *s, const struct db_count *counts, size_t n,
                                struct mr_err *err)
{
    struct mr_schema_load *load = s->load;
    const char *const *dbs = load->dbs;
    const size_t ndbs = load->ndbs;
    const uint64_t most = slice_tables(load->server);
    const char **some = calloc(n, sizeof *some);
    enum mr_code code = some != NULL ? MR_OK : mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; code == MR_OK && i < n; i += load->ndbs) {
        load->dbs = some;
        load->ndbs = count_together(counts, n, i, most);
        for (size_t k = 0; k < load->ndbs; k++)
            some[k] = counts[i + k].db;
        code = counts[i].tables > most ? read_ranges(s, err) : read_slice(s, err);
    }
    load->dbs = dbs;
    load->ndbs = ndbs;
    free(some);
    return code;
}

static bool is_much(const struct db_count *counts, size_t n, uint64_t most)
{
    uint64_t tables = 0;
    for (size_t i = 0; i < n; i++)
        tables += counts[i].tables;
    return tables > most;
}

/* Counts are the items of the step then. */
enum mr_code mr_schema_has_slices(struct mr_schema_load *load, bool *several, struct mr_err *err)
{
    *several = false;
    if (load->table != NULL || load->opts->keys_only || !mr_schema_opens_tables(load->server))
        return MR_OK;
    MR_TRY(count_tables(load, err));
    *several = is_much(load->items.items, load->items.count, slice_tables(load->server));
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

enum mr_code mr_schema_each_slice(struct mr_schema_load *load, mr_schema_part_fn *fn,
                                  struct mr_err *err)
{
    struct slicing s = {.load = load, .fn = fn, .done = MR_VEC_INIT(struct mr_table)};
    bool several = false;
    MR_TRY(mr_schema_has_slices(load, &several, err));
    if (!several)
        return fn(load, err);
    struct mr_vec counts = load->items; /* of this step; those of the slices begin anew */
    load->items = (struct mr_vec){0};
    enum mr_code code = mr_schema_look_for_triggers(load, err);
    if (code == MR_OK)
        code = read_slices(&s, counts.items, counts.count, err);
    mr_vec_release(&counts);
    mr_vec_release(&load->tables);
    load->tables = s.done;
    return code;
}
