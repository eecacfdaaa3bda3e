/* casefile_kept.c: see casefile_kept.h. */
#include "core/case/casefile_kept.h"

#include <sqlite3.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t hash_of(const char *sql)
{
    return XXH3_64bits(sql, strlen(sql));
}

void mr_case_kept_init(struct mr_case_kept *kept)
{
    memset(kept, 0, sizeof *kept);
    (void)pthread_mutex_init(&kept->mutex, NULL);
}

void mr_case_kept_clear(struct mr_case_kept *kept)
{
    for (unsigned i = 0; i < MR_CASE_KEPT; i++) {
        (void)sqlite3_finalize(kept->slots[i].stmt);
        kept->slots[i].stmt = NULL;
    }
}

void mr_case_kept_destroy(struct mr_case_kept *kept)
{
    mr_case_kept_clear(kept);
    (void)pthread_mutex_destroy(&kept->mutex);
}

sqlite3_stmt *mr_case_kept_take(struct mr_case_kept *kept, const char *sql)
{
    const uint64_t hash = hash_of(sql);
    sqlite3_stmt *stmt = NULL;
    (void)pthread_mutex_lock(&kept->mutex);
    for (unsigned i = 0; i < MR_CASE_KEPT && stmt == NULL; i++)
        if (kept->slots[i].stmt != NULL && kept->slots[i].hash == hash &&
            strcmp(sqlite3_sql(kept->slots[i].stmt), sql) == 0) {
            stmt = kept->slots[i].stmt;
            kept->slots[i].stmt = NULL;
        }
    (void)pthread_mutex_unlock(&kept->mutex);
    return stmt;
}

/* An empty place, or the next in turn. */
static unsigned place(struct mr_case_kept *kept)
{
    for (unsigned i = 0; i < MR_CASE_KEPT; i++)
        if (kept->slots[i].stmt == NULL)
            return i;
    kept->next = (kept->next + 1) % MR_CASE_KEPT;
    return kept->next;
}

void mr_case_kept_keep(struct mr_case_kept *kept, sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt); /* repeats the last step's failure */
    (void)sqlite3_clear_bindings(stmt);
    const uint64_t hash = hash_of(sqlite3_sql(stmt));
    (void)pthread_mutex_lock(&kept->mutex);
    const unsigned at = place(kept);
    sqlite3_stmt *old = kept->slots[at].stmt;
    kept->slots[at].stmt = stmt;
    kept->slots[at].hash = hash;
    (void)pthread_mutex_unlock(&kept->mutex);
    (void)sqlite3_finalize(old);
}
