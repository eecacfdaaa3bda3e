/* spill.c: see spill.h. */
#include "recon/check/spill.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/source/canon.h"

#define CANON_BATCH 500

/* Looks at which a difference was the same: while nothing else moves either, and while
 * something does. */
enum { LOOKS_AT_REST = 3, LOOKS_MOVING = 5 };

/* row: this pass.  suspect: state 0 open, 2 diverged, 3 settled, 5 joined to another; looks:
 * passes in a row with this very difference. */
#define ROW_TABLE "CREATE TABLE row (side INT NOT NULL, k BLOB NOT NULL, d BLOB NOT NULL) STRICT;"
static const char schema_sql[] =
    ROW_TABLE "CREATE TABLE differs (k BLOB PRIMARY KEY, ds BLOB, dt BLOB, ns INT, nt INT,"
              " cs INT, ct INT) STRICT, WITHOUT ROWID;"
              "CREATE TABLE suspect (k BLOB PRIMARY KEY, ds BLOB, dt BLOB, ns INT, nt INT,"
              " cs INT, ct INT, state INT NOT NULL, looks INT NOT NULL, canon BLOB) STRICT,"
              " WITHOUT ROWID;"
              "CREATE TABLE image (side INT NOT NULL, k BLOB NOT NULL, image BLOB NOT NULL,"
              " PRIMARY KEY (side, k)) STRICT;"
              "CREATE TABLE copy (side INT NOT NULL, k BLOB NOT NULL, d BLOB NOT NULL,"
              " n INT NOT NULL, image BLOB, PRIMARY KEY (side, k, d)) STRICT, WITHOUT ROWID;";

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
    struct mr_case_stmt *add, *wants, *keep, *keep_copy;
    bool copies, moves, edits; /* are expected */
    bool uncommitted;          /* this pass */
    unsigned pass, at_rest;    /* at_rest: passes in a row whose sides were the same */
    struct side_sum sums[2], before[2];
};

enum mr_code mr_spill_open(struct mr_spill **out, struct mr_err *err)
{
    struct mr_spill *spill = calloc(1, sizeof *spill);
    if (spill == NULL)
        return mr_err_nomem(err, "comparing a table on disk");
    const struct mr_case_sql list[] = {
        {&spill->wants, "SELECT 1 FROM suspect WHERE k = :k AND state = 0"},
        {&spill->keep, "INSERT OR REPLACE INTO image (side, k, image) VALUES (:side, :k, :image)"},
        {&spill->keep_copy,
         "INSERT INTO copy (side, k, d, n, image) VALUES (:side, :k, :d, 1, :image)"
         " ON CONFLICT (side, k, d) DO UPDATE SET n = n + 1"}};
    enum mr_code code = mr_case_open(NULL, MR_CASE_WRITE, schema_sql, 1, &spill->cf, err);
    if (code == MR_OK)
        mr_case_heed_signals(spill->cf, true); /* half of it is of no use to anybody */
    if (code == MR_OK)
        code = mr_case_prepare_all(spill->cf, list, sizeof list / sizeof list[0], err);
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
    mr_case_free(spill->keep_copy);
    if (spill->cf != NULL)
        (void)mr_case_close(spill->cf, NULL);
    free(spill);
}

static enum mr_code exec_locked(struct mr_spill *spill, const char *sql, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code = mr_case_exec(spill->cf, sql, err);
    mr_case_unlock(spill->cf);
    return code;
}

void mr_spill_expect_copies(struct mr_spill *spill)
{
    spill->copies = true;
}

void mr_spill_expect_moves(struct mr_spill *spill)
{
    spill->moves = true;
}

void mr_spill_expect_edits(struct mr_spill *spill)
{
    spill->edits = true;
}

/* Of suspects that are judged no more, what the last look has kept stays. */
#define OF_OPEN " k IN (SELECT k FROM suspect WHERE state = 0)"

enum mr_code mr_spill_begin_pass(struct mr_spill *spill, bool uncommitted, struct mr_err *err)
{
    spill->uncommitted = uncommitted;
    if (spill->copies)
        MR_TRY(exec_locked(spill, "DELETE FROM copy WHERE" OF_OPEN, err));
    mr_case_free(spill->add);
    spill->add = NULL;
    enum mr_code code = exec_locked(spill, "DELETE FROM differs; DROP TABLE row;" ROW_TABLE, err);
    if (code == MR_OK)
        code = mr_case_prepare(spill->cf, "INSERT INTO row (side, k, d) VALUES (:side, :k, :d)",
                               &spill->add, err);
    spill->pass++;
    memcpy(spill->before, spill->sums, sizeof spill->before);
    memset(spill->sums, 0, sizeof spill->sums);
    return code == MR_OK ? exec_locked(spill, "BEGIN", err) : code;
}

enum mr_code mr_spill_add(struct mr_spill *spill, int side, struct mr_key key,
                          struct mr_digest digest, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code =
        MR_CASE_RUN(spill->add, err, MR_ARG_INT("side", side), MR_ARG_BYTES("k", key),
                    MR_ARG_BLOB("d", &digest, sizeof digest));
    spill->sums[side].rows++;
    spill->sums[side].hi += digest.hi;
    spill->sums[side].lo += digest.lo;
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_drop_side(struct mr_spill *spill, int side, struct mr_err *err)
{
    memset(&spill->sums[side], 0, sizeof spill->sums[side]);
    if (spill->copies)
        MR_TRY(exec_locked(spill,
                           side == 0 ? "DELETE FROM copy WHERE side = 0 AND" OF_OPEN
                                     : "DELETE FROM copy WHERE side = 1 AND" OF_OPEN,
                           err));
    return exec_locked(
        spill, side == 0 ? "DELETE FROM row WHERE side = 0" : "DELETE FROM row WHERE side = 1",
        err);
}

static const char begin_sql[] =
    "INSERT INTO suspect SELECT k, ds, dt, ns, nt, cs, ct, 0, 1, NULL FROM differs";

/* A later pass judges those that are open.  What is gone is settled; what is another
 * difference by now begins anew. */
#define IS_GONE " WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM differs d WHERE d.k = suspect.k)"
static const char gone_sql[] = "UPDATE suspect SET state = 3" IS_GONE,
                  perhaps_gone_sql[] = "UPDATE suspect SET looks = 0" IS_GONE,
                  gone_twice_sql[] =
                      "UPDATE suspect SET state = CASE looks WHEN 0 THEN 3 ELSE 0 END,"
                      " looks = 0" IS_GONE;
static const char judge_sql[] =
    "UPDATE suspect SET (ds, dt, ns, nt, cs, ct, looks) = (SELECT d.ds, d.dt, d.ns, d.nt,"
    " d.cs, d.ct, CASE WHEN d.ds IS suspect.ds AND d.dt IS suspect.dt"
    " AND d.ns = suspect.ns AND d.nt = suspect.nt AND d.cs = suspect.cs"
    " AND d.ct = suspect.ct THEN suspect.looks + 1 ELSE 1 END"
    " FROM differs d WHERE d.k = suspect.k) WHERE state = 0"
    " AND EXISTS (SELECT 1 FROM differs d WHERE d.k = suspect.k)";

/* Which sides have lost a row that they alone had: a set of 1 << side. */
static const char lost_sql[] =
    "SELECT ifnull(max(nt = 0), 0) + 2 * ifnull(max(ns = 0), 0) FROM suspect" IS_GONE;
static const char edited_sql[] =
    "INSERT INTO suspect SELECT k, ds, dt, ns, nt, cs, ct, 0, 1, NULL FROM differs"
    " WHERE (nt = 0 AND :lost & 1) OR (ns = 0 AND :lost & 2) ON CONFLICT DO NOTHING";

static enum mr_code settle_true(struct mr_spill *spill, struct mr_err *err)
{
    bool rests = memcmp(spill->sums, spill->before, sizeof spill->sums) == 0;
    spill->at_rest = rests ? spill->at_rest + 1 : 0;
    return MR_CASE_ONCE(
        spill->cf, "UPDATE suspect SET state = 2 WHERE state = 0 AND looks >= :looks", err,
        MR_ARG_INT("looks", spill->at_rest + 1 >= LOOKS_AT_REST ? LOOKS_AT_REST : LOOKS_MOVING));
}

static enum mr_code count_open(struct mr_spill *spill, uint64_t *open, struct mr_err *err)
{
    int64_t count = 0;
    enum mr_code code = mr_case_number_with(
        spill->cf, "SELECT count(*) FROM suspect WHERE state = 0", NULL, 0, &count, err);
    *open = (uint64_t)count;
    return code;
}

static enum mr_code judge(struct mr_spill *spill, struct mr_err *err)
{
    if (spill->pass == 1)
        return mr_case_exec(spill->cf, begin_sql, err);
    int64_t lost = 0;
    enum mr_code code = MR_OK;
    if (spill->edits)
        code = mr_case_number_with(spill->cf, lost_sql, NULL, 0, &lost, err);
    if (code == MR_OK)
        code = mr_case_exec(spill->cf,
                            spill->uncommitted ? perhaps_gone_sql
                            : spill->moves     ? gone_twice_sql
                                               : gone_sql,
                            err);
    if (code == MR_OK)
        code = mr_case_exec(spill->cf, judge_sql, err);
    if (code == MR_OK && lost != 0)
        code = MR_CASE_ONCE(spill->cf, edited_sql, err, MR_ARG_INT("lost", lost));
    return code == MR_OK ? settle_true(spill, err) : code;
}

enum mr_code mr_spill_end_pass(struct mr_spill *spill, uint64_t *open, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(spill->cf, differs_sql, err));
    MR_TRY_OUT(judge(spill, err));
    MR_TRY_OUT(mr_case_exec(spill->cf, "COMMIT", err));
    MR_TRY_OUT(count_open(spill, open, err));
out:
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_rest(struct mr_spill *spill, struct mr_err *err)
{
    return exec_locked(spill, "DELETE FROM row; DELETE FROM differs; PRAGMA shrink_memory", err);
}

enum mr_code mr_spill_wants(struct mr_spill *spill, struct mr_key key, bool *wanted,
                            struct mr_err *err)
{
    *wanted = false;
    if (spill->pass < 2)
        return MR_OK;
    mr_case_lock(spill->cf);
    enum mr_code code = MR_CASE_ASK(spill->wants, wanted, err, MR_ARG_BYTES("k", key));
    mr_case_reset(spill->wants);
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_keep_image(struct mr_spill *spill, int side, struct mr_key key,
                                 const void *image, size_t len, struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code = MR_CASE_RUN(spill->keep, err, MR_ARG_INT("side", side),
                                    MR_ARG_BYTES("k", key), MR_ARG_BLOB("image", image, len));
    mr_case_unlock(spill->cf);
    return code;
}

enum mr_code mr_spill_keep_copy(struct mr_spill *spill, int side, struct mr_key key,
                                struct mr_digest digest, const void *image, size_t len,
                                struct mr_err *err)
{
    mr_case_lock(spill->cf);
    enum mr_code code =
        MR_CASE_RUN(spill->keep_copy, err, MR_ARG_INT("side", side), MR_ARG_BYTES("k", key),
                    MR_ARG_BLOB("d", &digest, sizeof digest), MR_ARG_BLOB("image", image, len));
    mr_case_unlock(spill->cf);
    return code;
}

/* Up to a batch of one-sided keys behind `after`, in key order. */
static enum mr_code load_one_sided(struct mr_spill *spill, struct mr_strbuf *after,
                                   struct mr_arena *arena, struct mr_vec *items, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD_AS("k", struct mr_canon_item, in, MR_CASE_START),
                     MR_CASE_FIELD(struct mr_canon_item, in_len, MR_CASE_LENGTH));
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        spill->cf,
        "SELECT k FROM suspect WHERE state = 2 AND (ns = 0 OR nt = 0)"
        " AND k > :after ORDER BY k LIMIT :limit",
        &stmt, err, MR_ARG_BLOB("after", after->ptr, after->len), MR_ARG_INT("limit", CANON_BATCH));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, items, err);
    mr_case_free(stmt);
    if (code != MR_OK || items->count == 0)
        return code;
    const struct mr_canon_item *last = mr_vec_at(items, items->count - 1);
    mr_strbuf_reset(after);
    mr_strbuf_add(after, last->in, last->in_len);
    return mr_strbuf_check(after, "comparing keys", err);
}

static enum mr_code save_canon(struct mr_spill *spill, const struct mr_vec *items,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(spill->cf, "UPDATE suspect SET canon = :canon WHERE k = :k", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < items->count; i++) {
        const struct mr_canon_item *item = mr_vec_at(items, i);
        if (item->out != NULL)
            code = MR_CASE_RUN(stmt, err, MR_ARG_BLOB("canon", item->out, item->out_len),
                               MR_ARG_BLOB("k", item->in, item->in_len));
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

enum mr_code mr_spill_join_canonical(struct mr_spill *spill, mr_spill_canon_fn *fn, void *ctx,
                                     struct mr_err *err)
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

struct spilled {
    struct mr_finding f;
    uint64_t ns, nt;
    int64_t state;
};

#define SPILLED(name, member, type) MR_CASE_FIELD_AS(name, struct spilled, member, MR_CASE_##type)
#define SPILLED_SPAN(name, member) SPILLED(name, member, START), SPILLED(name, member##_len, LENGTH)

/* Images are of use only where the difference is true. */
static const struct mr_case_field spilled_fields[] =
    MR_CASE_LIST(SPILLED("k", f.key, BYTES), SPILLED("ns", ns, INT), SPILLED("nt", nt, INT),
                 SPILLED("state", state, INT), SPILLED_SPAN("source", f.source),
                 SPILLED_SPAN("target", f.target));

/* Rows of one key that only many servers can have. */
struct copies {
    const void *image;
    size_t image_len;
    uint64_t surplus; /* how many side 1 lacks */
};

/* Each row that is too many; the first has side 1's with it, which f brings. */
static enum mr_code give_copies(struct mr_spill *spill, const struct mr_finding *f,
                                mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    static const struct mr_case_field fields[] = MR_CASE_LIST(
        MR_CASE_SPAN(struct copies, image), MR_CASE_FIELD(struct copies, surplus, MR_CASE_INT));
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct copies c = {0};
    struct mr_finding one = *f;
    bool row = false;
    one.count = 1;
    enum mr_code code =
        MR_CASE_PREPARE(spill->cf,
                        "SELECT s.image AS image, s.n - ifnull(t.n, 0) AS surplus FROM copy s"
                        " LEFT JOIN copy t ON t.side = 1 AND t.k = s.k AND t.d = s.d"
                        " WHERE s.side = 0 AND s.k = :k AND s.n > ifnull(t.n, 0) ORDER BY s.d",
                        &stmt, err, MR_ARG_BYTES("k", f->key));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &c, &row, err)) == MR_OK && row)
        for (uint64_t i = 0; code == MR_OK && i < c.surplus; i++) {
            one.source = c.image;
            one.source_len = c.image_len;
            code = fn(ctx, &one, err);
            one.target = NULL;
            one.target_len = 0;
            one.kind = MR_KIND_MISSING;
        }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_spill_walk(struct mr_spill *spill, mr_finding_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(spill->cf,
                        "SELECT s.k AS k, s.ns AS ns, s.nt AS nt, s.state AS state,"
                        " CASE s.state WHEN 2 THEN a.image END AS source,"
                        " CASE s.state WHEN 2 THEN b.image END AS target FROM suspect s"
                        " LEFT JOIN image a ON a.side = 0 AND a.k = s.k AND s.ns > 0"
                        " LEFT JOIN image b ON b.side = 1 AND b.k = s.k AND s.nt > 0"
                        " WHERE s.state IN (0, 2) ORDER BY s.k",
                        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(spilled_fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct spilled s = {0};
        code = mr_case_fields_read(&map, NULL, &s, err);
        s.f.count = s.ns > s.nt ? s.ns : s.nt;
        s.f.state = s.state == 2 ? MR_FIND_DIVERGED : MR_FIND_UNSETTLED;
        s.f.kind = s.nt == 0 ? MR_KIND_MISSING : s.ns == 0 ? MR_KIND_EXTRA : MR_KIND_UNDECIDED;
        const bool copies = spill->copies && s.ns > 0 && s.state == 2;
        if (code == MR_OK)
            code = copies ? give_copies(spill, &s.f, fn, ctx, err) : fn(ctx, &s.f, err);
    }
    mr_case_free(stmt);
    return code;
}
