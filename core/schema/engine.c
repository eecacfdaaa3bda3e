/* engine.c: see engine.h. */
#include "core/schema/engine.h"

#include <stddef.h>
#include <strings.h>

static bool is_one_of(const char *engine, const char *const *names)
{
    for (; engine != NULL && *names != NULL; names++)
        if (strcasecmp(engine, *names) == 0)
            return true;
    return false;
}

bool mr_engine_is_transactional(const char *engine)
{
    static const char *const names[] = {"InnoDB", "ROCKSDB", "TokuDB", "ndbcluster", NULL};
    return is_one_of(engine, names);
}

bool mr_engine_is_elsewhere(const char *engine)
{
    static const char *const names[] = {"FEDERATED", "CONNECT",   "SPIDER", "S3",
                                        "SPHINX",    "CASSANDRA", NULL};
    return is_one_of(engine, names);
}

bool mr_engine_shares_rows(const char *engine)
{
    static const char *const names[] = {"MRG_MyISAM", NULL};
    return mr_engine_is_elsewhere(engine) || is_one_of(engine, names);
}
