/* cluster.c: see cluster.h. */
#include "core/db/cluster.h"

#include <string.h>

/* How nodes show, by SHOW, which needs no right, and has no row where the server knows no such
 * thing.  Galera is in builds of MySQL, too. */
static const struct {
    const char *sql, *what;
} clusters[] = {
    {"SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_provider_name' AND Value <> ''",
     "a node of Galera"},
    {"SHOW GLOBAL VARIABLES WHERE Variable_name = 'group_replication_group_name' AND Value <> ''",
     "set up for a replication group"},
};

enum mr_code mr_cluster_of(struct mr_db *db, const char **what, struct mr_err *err)
{
    *what = NULL;
    for (size_t i = 0; *what == NULL && i < sizeof clusters / sizeof *clusters; i++) {
        struct mr_result *res = NULL;
        MR_TRY(mr_db_query(db, "vv", clusters[i].sql, strlen(clusters[i].sql), &res, err));
        if (mr_result_next(res) != NULL)
            *what = clusters[i].what;
        mr_result_free(res);
    }
    return MR_OK;
}
