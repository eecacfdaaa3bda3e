/* affected_live.c: see affected_live.h. */
#include "recon/affected/affected_live.h"

#include <strings.h>

#include "core/case/image.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"

static enum mr_code find_table(const struct mr_pairing *pairing, enum mr_side side,
                               const char *name, const struct mr_table **out, struct mr_err *err)
{
    *out = mr_catalogue_called(pairing->side[side].cat, name);
    if (*out != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "the %s has no table \"%s\", or the account may not see it",
                     mr_side_name(side), name);
    mr_err_hint(err, "Give --source and --target the servers and databases of the run.");
    return MR_E_NO_SUCH;
}

static enum mr_code refuse_changed(const struct mr_affected_subject *subject, const char *what,
                                   struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_NO_SUCH,
                     "table \"%s\" is not what the run saw: %s differs on the servers now",
                     subject->table->name, what);
    mr_err_hint(err, "Run check again, with the configuration that is given here.");
    return MR_E_NO_SUCH;
}

/* The same columns, by name, in the same order? */
static bool same_part(const struct mr_find_table *a, const struct mr_find_table *b,
                      enum mr_image_part part)
{
    for (size_t n = 0;; n++) {
        size_t x = mr_image_part_column(a, part, n), y = mr_image_part_column(b, part, n);
        if (x == a->ncolumns || y == b->ncolumns)
            return x == a->ncolumns && y == b->ncolumns;
        if (strcasecmp(a->columns[x].name, b->columns[y].name) != 0)
            return false;
    }
}

/* Rows of today are shown beside those of the run under one header, and are found by one key:
 * where either has changed since, the list would mix two meanings. */
static enum mr_code plan_fields(const struct mr_affected *list, struct mr_affected_live *live,
                                struct mr_err *err)
{
    const struct mr_affected_subject *subject = live->subject;
    struct mr_find_table *find = &live->pair->find;
    size_t *columns = mr_arena_calloc(live->pair->arena, list->nfields + 1, sizeof *columns);
    if (columns == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t i = 0; i < list->nfields; i++) {
        columns[i] = mr_affected_column(find, list->fields[i].name);
        if (columns[i] == find->ncolumns && subject->columns[i] < subject->table->ncolumns)
            return refuse_changed(subject, list->fields[i].name, err);
    }
    if (!same_part(subject->table, find, MR_IMAGE_KEY))
        return refuse_changed(subject, "the key", err);
    find->id = subject->table->id;
    live->now =
        (struct mr_affected_subject){.table = find, .columns = columns, .nkey = subject->nkey};
    live->identity = columns; /* the identity's fields come first */
    live->nidentity = list->nidentity;
    return MR_OK;
}

static bool is_time(const struct mr_column *col)
{
    return col != NULL && mr_class_is_moment(col->cls);
}

/* The configuration of now has precedence over the run's. The column must be a time on both
 * sides, else a window would mean something else on each. */
static enum mr_code plan_time(struct mr_affected_live *live, struct mr_err *err)
{
    const struct mr_find_table *table = live->subject->table;
    const struct mr_table_config *config = live->pair->config;
    const char *name = config->time_column;
    /* what a pattern says of all tables, one of them may not have */
    if (name != NULL && config->time_by_pattern &&
        mr_affected_column(table, name) == table->ncolumns)
        name = NULL;
    if (name == NULL && table->time_at >= 0 && (size_t)table->time_at < table->ncolumns)
        name = table->columns[table->time_at].name;
    if (name == NULL) {
        (void)mr_err_set(err, MR_E_CONFIG,
                         "it is not known when the rows of table \"%s\" were created", table->name);
        mr_err_hint(err, "Write time-column = COLUMN in [table %s] of the configuration.",
                    table->name);
        return MR_E_CONFIG;
    }
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        live->time[side] = mr_table_column(live->pair->side[side], name);
        if (!is_time(live->time[side]))
            return mr_err_set(err, MR_E_CONFIG,
                              "time column \"%s\" of table \"%s\" is no date or time on "
                              "the %s",
                              name, table->name, mr_side_name((enum mr_side)side));
    }
    return MR_OK;
}

/* The table is planned again from today's catalogues: what the case knows of its columns may be
 * months old. */
enum mr_code mr_affected_live_plan(const struct mr_pairing *pairing, const struct mr_affected *list,
                                   const struct mr_affected_subject *subject,
                                   struct mr_affected_live *out, struct mr_err *err)
{
    const struct mr_table *tables[MR_SIDES] = {NULL, NULL};
    struct mr_err reason = {0};
    *out = (struct mr_affected_live){.subject = subject};
    enum mr_code code =
        find_table(pairing, MR_SOURCE, subject->table->name, &tables[MR_SOURCE], err);
    if (code == MR_OK)
        code = find_table(pairing, MR_TARGET, subject->table->target_name, &tables[MR_TARGET], err);
    if (code == MR_OK)
        code =
            mr_pair_plan(pairing, tables[MR_SOURCE], tables[MR_TARGET], &out->pair, &reason, err);
    if (code == MR_OK && reason.code != MR_OK) {
        code = mr_err_set(err, MR_E_NO_SUCH, "table \"%s\" cannot be read: %s",
                          subject->table->name, reason.message);
        mr_err_hint(err, "Run check again.");
    }
    if (code == MR_OK)
        code = plan_fields(list, out, err);
    return code == MR_OK ? plan_time(out, err) : code;
}
