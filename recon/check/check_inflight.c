/* check_inflight.c: see check_inflight.h. */
#include "recon/check/check_inflight.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/db.h"

static enum mr_code set_level(struct mr_reader *up, const char *sql, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(up);
    return db != NULL ? mr_db_exec(db, sql, strlen(sql), err) : MR_OK;
}

enum mr_code mr_inflight_begin(struct mr_reader *up, struct mr_err *err)
{
    return set_level(up, "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", err);
}

enum mr_code mr_inflight_end(struct mr_reader *up, enum mr_code code, struct mr_err *err)
{
    enum mr_code ended = set_level(up, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                                   code == MR_OK ? err : NULL);
    return code == MR_OK ? ended : code;
}

static void compare(const struct mr_rowset *set, struct mr_inflight *row)
{
    const struct mr_rowset_row *now = mr_rowset_find(set, row->key);
    row->is_underway =
        now == NULL ? !row->is_there : row->is_there && mr_digest_equal(now->digest, row->digest);
}

enum mr_code mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                              struct mr_inflight *rows, size_t count, struct mr_err *err)
{
    struct mr_rowset set;
    if (mr_reader_db(up) == NULL || count == 0)
        return MR_OK;
    struct mr_key *keys = calloc(count, sizeof *keys);
    if (keys == NULL)
        return mr_err_nomem(err, "confirming rows");
    for (size_t i = 0; i < count; i++)
        keys[i] = rows[i].key;
    mr_rowset_init(&set);
    enum mr_code code = mr_inflight_begin(up, err);
    if (code == MR_OK) {
        code = mr_rowset_fetch(&set, up, hash, keys, count, 0, err);
        code = mr_inflight_end(up, code, err);
    }
    for (size_t i = 0; code == MR_OK && i < count; i++)
        compare(&set, &rows[i]);
    mr_rowset_release(&set);
    free(keys);
    return code;
}
