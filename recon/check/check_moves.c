/* check_moves.c: see check_moves.h. */
#include "recon/check/check_moves.h"

#include <string.h>

#include "core/source/source_shards.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_shards.h"

#define NOTE                                                                                       \
    "rows left a source, or may have, while it was read: one that the target lacks and that went " \
    "to another source meanwhile was perhaps met in neither (check once more)"

/* MariaDB's handlers count deletions of all engines, MySQL's also those in temporary tables of its own. */
static enum mr_code ask(struct mr_db *db, struct mr_arena *arena, const char **count,
                        struct mr_err *err)
{
    static const char mariadb[] = "SHOW GLOBAL STATUS LIKE 'Handler_delete'";
    static const char mysql[] = "SHOW GLOBAL STATUS LIKE 'Innodb_rows_deleted'";
    const char *sql = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB ? mariadb : mysql;
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(db, "nn", sql, strlen(sql), &res, err));
    const struct mr_cell *row = mr_result_next(res);
    enum mr_code code = MR_OK;
    if (row != NULL && row[1].ptr != NULL) {
        *count = mr_arena_dup(arena, row[1].ptr, row[1].len);
        code = *count != NULL ? MR_OK : mr_err_nomem(err, "looking at the sources");
    }
    mr_result_free(res);
    return code;
}

/* What each source has counted, in the run's arena; NULL: it does not say. */
static enum mr_code count_all(struct mr_check_run *check, const char **counts, struct mr_err *err)
{
    const struct mr_server_side *side = &check->pairing.side[MR_SOURCE];
    for (size_t i = 0; i < mr_source_shards_count(side->source); i++) {
        struct mr_err why = {0};
        struct mr_db *db = mr_reader_db(mr_reader_shard(side->main, i));
        counts[i] = NULL;
        if (db == NULL || mr_db_is_lost(db))
            continue;
        const enum mr_code code = ask(db, &check->arena, &counts[i], &why);
        if (code == MR_E_NOMEM || code == MR_E_CANCELLED) {
            *err = why;
            return code;
        }
    }
    return MR_OK;
}

enum mr_code mr_check_moves_begin(struct mr_check_run *check, struct mr_err *err)
{
    if (!mr_check_has_shards(check))
        return MR_OK;
    const size_t count = mr_source_shards_count(check->pairing.side[MR_SOURCE].source);
    check->deletions = mr_arena_calloc(&check->arena, count + 1, sizeof *check->deletions);
    return check->deletions != NULL ? count_all(check, check->deletions, err)
                                    : mr_err_nomem(err, "looking at the sources");
}

/* What an earlier process has read of the run was read under a count that nobody has kept. */
static enum mr_code may_have_left(struct mr_check_run *check, bool *left, struct mr_err *err)
{
    const size_t count = mr_source_shards_count(check->pairing.side[MR_SOURCE].source);
    const char **now = mr_arena_calloc(&check->arena, count + 1, sizeof *now);
    if (now == NULL)
        return mr_err_nomem(err, "looking at the sources");
    MR_TRY(count_all(check, now, err));
    *left = check->is_resumed;
    for (size_t i = 0; i < count; i++)
        *left |= now[i] == NULL || check->deletions[i] == NULL ||
                 strcmp(now[i], check->deletions[i]) != 0;
    return MR_OK;
}

/* A table that one source alone has cannot lose a row to another. */
static bool has_places(const struct mr_check_run *check, const struct mr_pair *table)
{
    size_t count = 0;
    (void)mr_source_shards_places(check->pairing.side[MR_SOURCE].source,
                                  table->side[MR_SOURCE]->name, &count);
    return count > 1;
}

enum mr_code mr_check_moves_end(struct mr_check_run *check, struct mr_err *err)
{
    bool left = false;
    if (!mr_check_has_shards(check))
        return MR_OK;
    MR_TRY(may_have_left(check, &left, err));
    for (size_t i = 0; left && i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        const char *had = table->find.note;
        struct mr_strbuf note = MR_STRBUF_INIT;
        if (atomic_load(&table->failed) || !mr_check_in_scope(check, table) ||
            !has_places(check, table) || (had != NULL && strstr(had, NOTE) != NULL))
            continue;
        mr_strbuf_add_fmt(&note, "%s%s%s", had != NULL ? had : "", had != NULL ? "; " : "", NOTE);
        table->find.note = note.failed ? NULL : mr_arena_strdup(&check->arena, note.ptr);
        mr_strbuf_release(&note);
        if (table->find.note == NULL)
            return mr_err_nomem(err, "looking at the sources");
    }
    return MR_OK;
}
