/* spill.c: see spill.h. */
#include "recon/check/spill.h"

#include <stdlib.h>
#include <string.h>

#include "core/source/canon.h"

#define CANON_BATCH 500

/* Looks at which a difference was the same: while nothing else moves either, and while
 * something does. */
enum { LOOKS_AT_REST = 3, LOOKS_MOVING = 5 };

/* row: this pass.  suspect: state 0 open, 2 diverged, 3 settled, 5 joined to another; looks:
 * passes in a row with this very difference. */
static const char schema_sql[] =
    "CREATE TABLE row (side INT NOT NULL, k BLOB NOT NULL, d BLOB NOT NULL) STRICT;"
    "CREATE TABLE differs (k BLOB PRIMARY KEY, ds BLOB, dt BLOB, ns INT, nt INT,"
    " cs INT, ct INT) STRICT, WITHOUT ROWID;"
    "CREATE TABLE suspect (k BLOB PRIMARY KEY, ds BLOB, dt BLOB, ns INT, nt INT,"
    " cs INT, ct INT, state INT NOT NULL, looks INT NOT NULL, canon BLOB) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE image (side INT NOT NULL, k BLOB NOT NULL, image BLOB NOT NULL,"
    " PRIMARY KEY (side, k)) STRICT;";

/* Keys whose digests do not occur equally often, with the surplus of each side and how many
 * rows of those digests each has. */
static const char differs_sql[] =
    "INSERT INTO differs SELECT k, max(CASE WHEN a > b THEN d END),"
    " max(CASE WHEN b > a THEN d END), sum(max(a - b, 0)), sum(max(b - a, 0)), sum(a), "
    "sum(b)"
    " FROM"
    " (SELECT k, d, sum(side = 0) AS a, sum(side = 1) AS b FROM row GROUP BY k, d"
    "  HAVING sum(side = 0) <> sum(side = 1)) GROUP BY k";

/* All rows of a side in a pass: their number and the sums of their digests. */
struct side_sum {
    uint64_t rows, hi, lo;
};

struct mr_spill {
    struct mr_case *cf;
    struct mr_case_stmt *add, *wants, *keep;
    bool uncommitted;       /* this pass */
    unsigned pass, at_rest; /* at_rest: passes in a row whose sides were the same */
    struct side_sum sums[2], before[2];
};

enum mr_code mr_spill_open(struct mr_spill **out, struct mr_err *err)
{
    struct mr_spill *spill = calloc(1, sizeof *spill);
    if (spill == NULL)
        return mr_err_nomem(err, "comparing a table on disk");
    enum mr_code code = mr_case_open(NULL, MR_CASE_WRITE, schema_sql, 1, &spill->cf, err);
    if (code == MR_OK)
        code =
            mr_case_prepare(spill->cf, "SELECT 1 FROM suspect WHERE k = ? AND state = 0",
                            &spill->wants, err);
    if (code == MR_OK)
        code = mr_case_prepare(spill->cf, "INSERT OR REPLACE INTO image VALUES (?,?,?)",
                               &spill->keep, err);
    if (code != MR_OK) {
        mr_spill_close(spill);
        return code;
    }
    *out = spill;
    return MR_OK;
}

void mr_spill_close(struct mr_spill *spill)
{
    if (spill == NULL)
        return;
    mr_case_free(spill->add);
    mr_case_free(spill->wants);
    mr_case_free(spill->keep);
    if (spill->cf != NULL)
        (void)mr_case_close(spill->cf, NULL);
    free(spill);
}

static enum mr_code exec_locked(struct mr_spill *spill, const char *sql,
                                struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code = mr_case_exec(spill->cf, sql, err);
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_begin_pass(struct mr_spill *spill, bool uncommitted,
                                 struct mr_err *err)
{
    spill->uncommitted = uncommitted;
    mr_case_free(spill->add);
    spill->add = NULL;
    enum mr_code code = exec_locked(
        spill,
        "DELETE FROM differs; DROP TABLE row;"
        "CREATE TABLE row (side INT NOT NULL, k BLOB NOT NULL, d BLOB NOT NULL) STRICT;",
        err);
    if (code == MR_OK)
        code = mr_case_prepare(spill->cf, "INSERT INTO row VALUES (?,?,?)", &spill->add,
                               err);
    spill->pass++;
    memcpy(spill->before, spill->sums, sizeof spill->before);
    memset(spill->sums, 0, sizeof spill->sums);
    return code == MR_OK ? exec_locked(spill, "BEGIN", err) : code;
}

enum mr_code mr_spill_add(struct mr_spill *spill, int side, struct mr_key key,
                          struct mr_digest digest, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    mr_case_bind_int(spill->add, 1, side);
    mr_case_bind_blob(spill->add, 2, key.ptr, key.len);
    mr_case_bind_blob(spill->add, 3, &digest, sizeof digest);
    enum mr_code code = mr_case_run(spill->add, err);
    spill->sums[side].rows++;
    spill->sums[side].hi += digest.hi;
    spill->sums[side].lo += digest.lo;
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_drop_side(struct mr_spill *spill, int side, struct mr_err *err)
{
    memset(&spill->sums[side], 0, sizeof spill->sums[side]);
    return exec_locked(spill,
                       side == 0 ? "DELETE FROM row WHERE side = 0"
                                 : "DELETE FROM row WHERE side = 1",
                       err);
}

static const char begin_sql[] =
    "INSERT INTO suspect SELECT k, ds, dt, ns, nt, cs, ct, 0, 1, NULL FROM differs";

/* A later pass judges those that are open.  What is gone is settled; what is another
 * difference by now begins anew. */
#define IS_GONE                                                                          \
    " WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM differs d WHERE d.k = suspect.k)"
static const char gone_sql[] = "UPDATE suspect SET state = 3" IS_GONE,
                  perhaps_gone_sql[] = "UPDATE suspect SET looks = 0" IS_GONE;
static const char judge_sql[] =
    "UPDATE suspect SET (ds, dt, ns, nt, cs, ct, looks) = (SELECT d.ds, d.dt, d.ns, d.nt,"
    " d.cs, d.ct, CASE WHEN d.ds IS suspect.ds AND d.dt IS suspect.dt"
    " AND d.ns = suspect.ns AND d.nt = suspect.nt AND d.cs = suspect.cs"
    " AND d.ct = suspect.ct THEN suspect.looks + 1 ELSE 1 END"
    " FROM differs d WHERE d.k = suspect.k) WHERE state = 0"
    " AND EXISTS (SELECT 1 FROM differs d WHERE d.k = suspect.k)";

static enum mr_code settle_true(struct mr_spill *spill, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool rests = memcmp(spill->sums, spill->before, sizeof spill->sums) == 0;
    spill->at_rest = rests ? spill->at_rest + 1 : 0;
    enum mr_code code = mr_case_prepare(
        spill->cf, "UPDATE suspect SET state = 2 WHERE state = 0 AND looks >= ?", &stmt,
        err);
    if (code == MR_OK) {
        mr_case_bind_int(
            stmt, 1, spill->at_rest + 1 >= LOOKS_AT_REST ? LOOKS_AT_REST : LOOKS_MOVING);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code count_open(struct mr_spill *spill, uint64_t *open, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        spill->cf, "SELECT count(*) FROM suspect WHERE state = 0", &stmt, err);
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    *open = code == MR_OK && row ? (uint64_t)mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}

static enum mr_code judge(struct mr_spill *spill, struct mr_err *err)
{
    if (spill->pass == 1)
        return mr_case_exec(spill->cf, begin_sql, err);
    enum mr_code code =
        mr_case_exec(spill->cf, spill->uncommitted ? perhaps_gone_sql : gone_sql, err);
    if (code == MR_OK)
        code = mr_case_exec(spill->cf, judge_sql, err);
    return code == MR_OK ? settle_true(spill, err) : code;
}

enum mr_code mr_spill_end_pass(struct mr_spill *spill, uint64_t *open, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code = mr_case_exec(spill->cf, differs_sql, err);
    if (code == MR_OK)
        code = judge(spill, err);
    if (code == MR_OK)
        code = mr_case_exec(spill->cf, "COMMIT", err);
    if (code == MR_OK)
        code = count_open(spill, open, err);
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_rest(struct mr_spill *spill, struct mr_err *err)
{
    return exec_locked(spill,
                       "DELETE FROM row; DELETE FROM differs; PRAGMA shrink_memory", err);
}

enum mr_code mr_spill_wants(struct mr_spill *spill, struct mr_key key, bool *wanted,
                            struct mr_err *err)
{
    *wanted = false;
    if (spill->pass < 2)
        return MR_OK;
    mr_case_lock(spill->cf);
    mr_case_bind_blob(spill->wants, 1, key.ptr, key.len);
    enum mr_code code = mr_case_step(spill->wants, wanted, err);
    mr_case_reset(spill->wants);
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_keep_image(struct mr_spill *spill, int side, struct mr_key key,
                                 const void *image, size_t len, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    mr_case_bind_int(spill->keep, 1, side);
    mr_case_bind_blob(spill->keep, 2, key.ptr, key.len);
    mr_case_bind_blob(spill->keep, 3, image, len);
    enum mr_code code = mr_case_run(spill->keep, err);
    mr_case_unlock(spill->cf);
    return code;
}

/* Up to a batch of one-sided keys behind `after`, in key order. */
static enum mr_code load_one_sided(struct mr_spill *spill, struct mr_strbuf *after,
                                   struct mr_arena *arena, struct mr_vec *items,
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        spill->cf,
        "SELECT k FROM suspect WHERE state = 2 AND (ns = 0 OR nt = 0) AND k > ?"
        " ORDER BY k LIMIT ?",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_blob(stmt, 1, after->ptr, after->len);
        mr_case_bind_int(stmt, 2, CANON_BATCH);
    }
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_canon_item *item = mr_vec_push(items);
        size_t len = 0;
        const void *key = mr_case_blob(stmt, 0, &len);
        const void *copy = item != NULL ? mr_arena_dup(arena, key, len) : NULL;
        if (copy == NULL) {
            code = mr_err_nomem(err, "comparing keys");
            break;
        }
        item->in = copy;
        item->in_len = len;
        mr_strbuf_reset(after);
        mr_strbuf_add(after, key, len);
    }
    mr_case_free(stmt);
    return code == MR_OK ? mr_strbuf_check(after, "comparing keys", err) : code;
}

static enum mr_code save_canon(struct mr_spill *spill, const struct mr_vec *items,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        spill->cf, "UPDATE suspect SET canon = ? WHERE k = ?", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < items->count; i++) {
        const struct mr_canon_item *item = mr_vec_at(items, i);
        if (item->out == NULL)
            continue;
        mr_case_bind_blob(stmt, 1, item->out, item->out_len);
        mr_case_bind_blob(stmt, 2, item->in, item->in_len);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

/* A key of the source and a key of the target with one canonical form are one row, under
 * the source's key: its suspect takes the target's image over (and drops one that an
 * earlier pass may have kept for a row since renamed).  Of several keys with that form on a
 * side, the first: each of the others is a row of which the other side has none. */
static const char join_sql[] =
    "CREATE INDEX suspect_canon ON suspect (canon) WHERE canon IS NOT NULL;"
    "CREATE TABLE pair AS SELECT min(s.k) AS sk, min(t.k) AS tk FROM suspect s"
    " JOIN suspect t ON t.canon = s.canon WHERE s.nt = 0 AND t.ns = 0"
    " AND s.canon IS NOT NULL GROUP BY s.canon;"
    "UPDATE OR REPLACE image SET k = (SELECT sk FROM pair WHERE tk = k) WHERE side = 1"
    " AND k IN (SELECT tk FROM pair);"
    "UPDATE suspect SET nt = 1 WHERE k IN (SELECT sk FROM pair);"
    "UPDATE suspect SET state = 5 WHERE k IN (SELECT tk FROM pair);";

enum mr_code mr_spill_join_canonical(struct mr_spill *spill, mr_spill_canon_fn *fn,
                                     void *ctx, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf after = MR_STRBUF_INIT;
    struct mr_vec items = MR_VEC_INIT(struct mr_canon_item);
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&arena);
        mr_vec_clear(&items);
        code = load_one_sided(spill, &after, &arena, &items, err);
        if (code != MR_OK || items.count == 0)
            break;
        code = fn(ctx, &items, &arena, err);
        if (code == MR_OK)
            code = save_canon(spill, &items, err);
        if (code != MR_OK)
            break;
    }
    if (code == MR_OK)
        code = exec_locked(spill, join_sql, err);
    mr_vec_release(&items);
    mr_strbuf_release(&after);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_spill_walk(struct mr_spill *spill, mr_finding_fn *fn, void *ctx,
                           struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(spill->cf,
                        "SELECT s.k, s.ns, s.nt, s.state, a.image, b.image FROM suspect s"
                        " LEFT JOIN image a ON a.side = 0 AND a.k = s.k AND s.ns > 0"
                        " LEFT JOIN image b ON b.side = 1 AND b.k = s.k AND s.nt > 0"
                        " WHERE s.state IN (0, 2) ORDER BY s.k",
                        &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding f = {0};
        uint64_t ns = (uint64_t)mr_case_int(stmt, 1), nt = (uint64_t)mr_case_int(stmt, 2);
        f.key.ptr = mr_case_blob(stmt, 0, &f.key.len);
        f.count = ns > nt ? ns : nt;
        f.state = mr_case_int(stmt, 3) == 2 ? MR_FIND_DIVERGED : MR_FIND_UNSETTLED;
        if (f.state == MR_FIND_DIVERGED) {
            f.source = mr_case_blob(stmt, 4, &f.source_len);
            f.target = mr_case_blob(stmt, 5, &f.target_len);
        }
        f.kind = nt == 0 ? MR_KIND_MISSING : ns == 0 ? MR_KIND_EXTRA : MR_KIND_UNDECIDED;
        code = fn(ctx, &f, err);
    }
    mr_case_free(stmt);
    return code;
}
