/* fleet_plan_warn.c: see fleet_plan_warn.h. */
#include "recon/fleet/fleet_plan_warn.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/source/shards.h"

#define SAID 4 /* pairs by name, of one kind */

typedef const struct mr_fleet_file_pair *pair_ptr;
typedef int compare_fn(pair_ptr a, pair_ptr b);

/* Pairs that have failed come last, by reason. */
static int compare_reasons(pair_ptr a, pair_ptr b)
{
    if (a->failed == NULL || b->failed == NULL)
        return (a->failed != NULL) - (b->failed != NULL);
    return strcmp(a->failed, b->failed);
}

static int compare_sides(pair_ptr a, pair_ptr b)
{
    int order = strcmp(a->uri[MR_SOURCE], b->uri[MR_SOURCE]);
    if (order == 0)
        order = strcmp(a->uri[MR_TARGET], b->uri[MR_TARGET]);
    return order != 0 ? order : (a->config_at > b->config_at) - (a->config_at < b->config_at);
}

/* Pairs stand in one array: among equals, that which comes first there. */
static int place_of(pair_ptr a, pair_ptr b)
{
    return a < b ? -1 : a > b;
}

static int by_reason(const void *a, const void *b)
{
    pair_ptr x = *(const pair_ptr *)a, y = *(const pair_ptr *)b;
    const int order = compare_reasons(x, y);
    return order != 0 ? order : place_of(x, y);
}

static int by_sides(const void *a, const void *b)
{
    pair_ptr x = *(const pair_ptr *)a, y = *(const pair_ptr *)b;
    const int order = compare_sides(x, y);
    return order != 0 ? order : place_of(x, y);
}

static enum mr_code sort(const struct mr_fleet_file *file, int (*by)(const void *, const void *),
                         pair_ptr **sorted, struct mr_err *err)
{
    *sorted = calloc(file->npairs + 1, sizeof **sorted);
    if (*sorted == NULL)
        return mr_err_nomem(err, "planning a fleet");
    for (size_t i = 0; i < file->npairs; i++)
        (*sorted)[i] = &file->pairs[i];
    qsort(*sorted, file->npairs, sizeof **sorted, by);
    return MR_OK;
}

/* Behind the last of those that are like the one at `from`. */
static size_t end_of(const pair_ptr *sorted, size_t count, size_t from, compare_fn *compare)
{
    size_t end = from + 1;
    while (end < count && compare(sorted[from], sorted[end]) == 0)
        end++;
    return end;
}

enum mr_code mr_fleet_plan_warn_failed(const struct mr_fleet_file *file, struct mr_err *err)
{
    pair_ptr *sorted = NULL;
    MR_TRY(sort(file, by_reason, &sorted, err));
    for (size_t from = 0, end = 0; from < file->npairs; from = end) {
        end = end_of(sorted, file->npairs, from, compare_reasons);
        if (sorted[from]->failed == NULL)
            continue;
        for (size_t i = from; i < end && i < from + SAID; i++)
            mr_log_warning("pair \"%s\" is in no part: %s", sorted[i]->name, sorted[i]->failed);
        if (end - from > SAID)
            mr_log_warning("%zu more pairs are in no part: %s", end - from - SAID,
                           sorted[from]->failed);
    }
    free(sorted);
    return MR_OK;
}

enum mr_code mr_fleet_plan_warn_twins(const struct mr_fleet_file *file, struct mr_err *err)
{
    pair_ptr *sorted = NULL;
    size_t twins = 0;
    MR_TRY(sort(file, by_sides, &sorted, err));
    for (size_t from = 0, end = 0; from < file->npairs; from = end) {
        end = end_of(sorted, file->npairs, from, compare_sides);
        for (size_t i = from + 1; i < end; i++)
            if (twins++ < SAID)
                mr_log_warning("pair \"%s\" compares what pair \"%s\" does: source \"%s\", target "
                               "\"%s\"",
                               sorted[i]->name, sorted[from]->name, sorted[i]->uri[MR_SOURCE],
                               sorted[i]->uri[MR_TARGET]);
    }
    if (twins > SAID)
        mr_log_warning("%zu more pairs compare what another one does", twins - SAID);
    free(sorted);
    return MR_OK;
}

void mr_fleet_plan_warn_empty(const struct mr_fleet_sizes *sizes)
{
    size_t empty = 0;
    for (size_t i = 0; i < sizes->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &sizes->pairs[i];
        if (pair->failed == NULL && pair->ntables == 0 && empty++ < SAID)
            mr_log_warning("pair \"%s\" has no table that both sides have: see that its databases "
                           "are those you mean",
                           pair->name);
    }
    if (empty > SAID)
        mr_log_warning("%zu more pairs have no table that both sides have", empty - SAID);
}

/* Tables are called "db.t", the logical source's database being the target's. */
static bool has_table(const struct mr_fleet_sizes_pair *pair, const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < pair->ntables; i++) {
        const char *table = pair->tables[i].name;
        const size_t all = strlen(table);
        if (all > len && table[all - len - 1] == '.' && strcmp(table + all - len, name) == 0)
            return true;
    }
    return false;
}

/* Whether an earlier line of the map has that target. */
static bool is_again(const struct mr_shards *shards, size_t at, const char *target)
{
    for (size_t i = 0; i < at; i++) {
        const struct mr_shards_table *t = mr_vec_at(&shards->tables, i);
        if (t->target != NULL && strcmp(t->target, target) == 0)
            return true;
    }
    return false;
}

static enum mr_code warn_map(const struct mr_fleet_sizes_pair *pair, size_t *said,
                             struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_shards shards = {0};
    enum mr_code code =
        mr_shards_parse(pair->uri[MR_SOURCE] + strlen("shards:"), &arena, &shards, err);
    for (size_t i = 0; code == MR_OK && i < shards.tables.count; i++) {
        const struct mr_shards_table *t = mr_vec_at(&shards.tables, i);
        if (t->target != NULL && !has_table(pair, t->target) && !is_again(&shards, i, t->target) &&
            (*said)++ < SAID)
            mr_log_warning(
                "map \"%s\": the target has no table \"%s\" that its account may see, which \"%s\" "
                "is mapped to: no row of it will be compared; if the name is a slip, mend the line "
                "and plan again",
                pair->name, t->target, t->source);
    }
    mr_shards_release(&shards);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_fleet_plan_warn_maps(const struct mr_fleet_sizes *sizes, struct mr_err *err)
{
    size_t said = 0;
    for (size_t i = 0; i < sizes->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &sizes->pairs[i];
        if (pair->failed == NULL && mr_endpoint_is_shards(pair->uri[MR_SOURCE]))
            MR_TRY(warn_map(pair, &said, err));
    }
    if (said > SAID)
        mr_log_warning("%zu more tables of maps' targets are not there", said - SAID);
    return MR_OK;
}
