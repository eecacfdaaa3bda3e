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
#include "core/row/row.h"
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
size_t mr_schema_slice_tables(const struct mr_server *server)
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

/* names: those of the slice; NULL: all of its databases. */
static enum mr_code wait_for(struct mr_schema_load *load, const char *const *names, size_t count,
                             struct mr_err *err)
{
    const struct mr_catalogue_opts *opts = load->opts;
    if (opts->before == NULL)
        return MR_OK;
    enum mr_code code = opts->before(opts->before_ctx, load->dbs, load->ndbs, names, count, err);
    load->slice_failed = code != MR_OK;
    return code;
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
static enum mr_code read_range(struct slicing *s, const char *const *name, size_t count, size_t at,
                               struct mr_err *err)
{
    struct mr_schema_load *load = s->load;
    const size_t most = mr_schema_slice_tables(load->server);
    const size_t left = count - at;
    MR_TRY(wait_for(load, &name[at], left < most ? left : most, err));
    load->from = at > 0 ? name[at] : NULL;
    load->to = at + most < count ? name[at + most] : NULL;
    enum mr_code code = read_slice(s, err);
    load->from = load->to = NULL;
    return code;
}

/* Without names, what has been made since falls into a slice of all. */
static enum mr_code read_ranges(struct slicing *s, struct mr_err *err)
{
    static const char *const none[] = {""};
    const size_t most = mr_schema_slice_tables(s->load->server);
    struct mr_vec names = {0};
    MR_TRY(list_names(s->load, &names, err));
    const char *const *name = names.count > 0 ? names.items : none;
    const size_t slices = names.count > 0 ? (names.count + most - 1) / most : 1;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < slices; i++)
        code = read_range(s, name, names.count,
                          (s->load->opts->before != NULL ? slices - 1 - i : i) * most, err);
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
    const uint64_t most = mr_schema_slice_tables(load->server);
    const char **some = calloc(n, sizeof *some);
    enum mr_code code = some != NULL ? MR_OK : mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; code == MR_OK && i < n; i += load->ndbs) {
        load->dbs = some;
        load->ndbs = count_together(counts, n, i, most);
        for (size_t k = 0; k < load->ndbs; k++)
            some[k] = counts[i + k].db;
        if (counts[i].tables > most) {
            code = read_ranges(s, err);
            continue;
        }
        code = wait_for(load, NULL, 0, err);
        if (code == MR_OK)
            code = read_slice(s, err);
    }
    load->dbs = dbs;
    load->ndbs = ndbs;
    free(some);
    return code;
}

/* Where somebody waits for the last ones first. */
static void turn(struct db_count *counts, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const struct db_count other = counts[n - 1 - i];
        counts[n - 1 - i] = counts[i];
        counts[i] = other;
    }
}

/* Names of all there is, in the server's order, with their databases. */
static enum mr_code add_listed(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    struct mr_strbuf *all = load->step_text;
    (void)err;
    for (int i = 0; i < 2 && mr_schema_is_wanted(load, cells[0].ptr); i++)
        mr_strbuf_add(all, cells[i].ptr, cells[i].len + 1);
    return MR_OK;
}

/* Which tables, views and sequences there are, as a digest: no table is opened for it. */
static enum mr_code list_all(struct mr_schema_load *load, struct mr_digest *digest,
                             struct mr_err *err)
{
    static const char *const columns[] = {"TABLE_SCHEMA", "TABLE_NAME"};
    static const struct mr_schema_view view = {
        .name = "TABLES",
        .db_column = "TABLE_SCHEMA",
        .columns = columns,
        .shape = "vv",
        .condition = " ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME"};
    struct mr_strbuf all = MR_STRBUF_INIT;
    mr_schema_step(load, sizeof(char));
    load->step_text = &all;
    enum mr_code code = mr_schema_each(load, &view, add_listed, err);
    load->step_text = NULL;
    if (code == MR_OK)
        code = mr_strbuf_check(&all, "reading the catalogue", err);
    if (code == MR_OK)
        *digest = mr_digest_bytes(all.ptr, all.len);
    mr_strbuf_release(&all);
    return code;
}

/* Slices that were read one after the other, with time between them, are those of one catalogue where
 * nothing has come or gone since they were listed. */
static enum mr_code look_again(struct mr_schema_load *load, const struct mr_digest *listed,
                               struct mr_err *err)
{
    const bool had_none = load->no_triggers;
    struct mr_digest now = {0};
    MR_TRY(list_all(load, &now, err));
    if (had_none)
        MR_TRY(mr_schema_look_for_triggers(load, err));
    if (mr_digest_equal(*listed, now) && load->no_triggers == had_none)
        return MR_OK;
    load->slice_failed = true;
    return mr_err_set(err, MR_E_CHANGED, "tables were made or dropped while they were listed");
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
    *several = is_much(load->items.items, load->items.count, mr_schema_slice_tables(load->server));
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

enum mr_code mr_schema_each_slice(struct mr_schema_load *load, mr_schema_part_fn *fn,
                                  struct mr_err *err)
{
    struct slicing s = {.load = load, .fn = fn, .done = MR_VEC_INIT(struct mr_table)};
    const bool waits = load->opts->before != NULL;
    struct mr_digest listed = {0};
    bool several = false;
    if (waits)
        MR_TRY(list_all(load, &listed, err));
    MR_TRY(mr_schema_has_slices(load, &several, err));
    if (!several) {
        MR_TRY(wait_for(load, NULL, 0, err));
        return fn(load, err);
    }
    struct mr_vec counts = load->items; /* of this step; those of the slices begin anew */
    load->items = (struct mr_vec){0};
    enum mr_code code = mr_schema_look_for_triggers(load, err);
    if (waits)
        turn(counts.items, counts.count);
    if (code == MR_OK)
        code = read_slices(&s, counts.items, counts.count, err);
    if (code == MR_OK && waits)
        code = look_again(load, &listed, err);
    mr_vec_release(&counts);
    mr_vec_release(&load->tables);
    load->tables = s.done;
    return code;
}
