/* history_names.c: see history_names.h. */
#include "recon/history/history_names.h"

#include <stdlib.h>
#include <strings.h>

static const struct mr_table *today_of(const struct mr_history_names *names, size_t table)
{
    return names->tables[table].today[names->side];
}

/* By the name alone, without its database: the few that share one are looked at. */
static int compare_names(const void *a, const void *b, void *ctx)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return strcasecmp(today_of(ctx, x)->name, today_of(ctx, y)->name);
}

enum mr_code mr_history_names_make(struct mr_history_names *names,
                                   const struct mr_history_table *tables, size_t ntables,
                                   enum mr_side side, struct mr_err *err)
{
    *names = (struct mr_history_names){.tables = tables, .side = side};
    names->by_name = calloc(ntables + 1, sizeof *names->by_name);
    if (names->by_name == NULL)
        return mr_err_nomem(err, "reading a binary log");
    for (size_t i = 0; i < ntables; i++)
        if (today_of(names, i) != NULL)
            names->by_name[names->count++] = i;
    qsort_r(names->by_name, names->count, sizeof *names->by_name, compare_names, names);
    return MR_OK;
}

void mr_history_names_release(struct mr_history_names *names)
{
    free(names->by_name);
    *names = (struct mr_history_names){0};
}

size_t mr_history_names_find(const struct mr_history_names *names, const struct mr_server *server,
                             const struct mr_binlog_table *table)
{
    size_t lo = 0, hi = names->count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcasecmp(today_of(names, names->by_name[mid])->name, table->name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < names->count; lo++) {
        const struct mr_table *today = today_of(names, names->by_name[lo]);
        if (strcasecmp(today->name, table->name) != 0)
            break;
        if (mr_server_same_name(server, table->name, today->name) &&
            mr_server_same_name(server, table->db, today->db))
            return names->by_name[lo];
    }
    return MR_HISTORY_NO_TABLE;
}
