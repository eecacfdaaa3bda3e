/* apply_aside.c: see apply_aside.h. */
#include "repair/apply/apply_aside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/db_error.h"
#include "core/db/sqltext.h"

struct row {
    uint64_t line;
    const char *why; /* NULL: it is tried again */
};

void mr_aside_init(struct mr_aside *aside)
{
    *aside = (struct mr_aside){.arena = MR_ARENA_INIT, .rows = MR_VEC_INIT(struct row)};
}

void mr_aside_release(struct mr_aside *aside)
{
    mr_vec_release(&aside->rows);
    mr_arena_release(&aside->arena);
}

void mr_aside_reset(struct mr_aside *aside)
{
    mr_vec_clear(&aside->rows);
    mr_arena_reset(&aside->arena);
    aside->passed = aside->refused = 0;
}

bool mr_aside_is_empty(const struct mr_aside *aside)
{
    return aside->rows.count == 0;
}

/* One entry a row: what is refused now may have been set aside before. */
enum mr_code mr_aside_put(struct mr_aside *aside, uint64_t line, const char *why,
                          struct mr_err *err)
{
    struct row *row = NULL;
    const char *kept = why != NULL ? mr_arena_strdup(&aside->arena, why) : NULL;
    for (size_t i = 0; row == NULL && i < aside->rows.count; i++) {
        struct row *other = mr_vec_at(&aside->rows, i);
        row = other->line == line ? other : NULL;
    }
    if (row == NULL)
        row = mr_vec_push(&aside->rows);
    if (row == NULL || (why != NULL && kept == NULL))
        return mr_err_nomem(err, "setting a row aside");
    *row = (struct row){line, kept};
    return MR_OK;
}

enum mr_code mr_aside_add(struct mr_aside *aside, const char *text, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (const char *at = text; code == MR_OK && at != NULL && *at != '\0';) {
        char *end = NULL;
        uint64_t line = strtoull(at, &end, 10);
        if (line == 0 || line > INT32_MAX || (*end != ',' && *end != '\0'))
            return MR_OK; /* a journal that somebody edited: as if it were not said */
        code = mr_aside_put(aside, line, NULL, err);
        at = *end == ',' ? end + 1 : end;
    }
    return code;
}

void mr_aside_text(const struct mr_aside *aside, struct mr_strbuf *out)
{
    for (size_t i = 0; i < aside->rows.count; i++) {
        const struct row *row = mr_vec_at(&aside->rows, i);
        mr_strbuf_add_fmt(out, "%s%" PRIu64, i > 0 ? "," : "", row->line);
    }
}

/* ---- whose fault it is ---- */

/* What passes; disk, memory, shutdown; rights; schema and scripts; locks and limits; read-only servers;
 * what would be so for any row. */
bool mr_aside_is_of_row(const struct mr_err *why)
{
    static const unsigned others[] = {1021, 1037, 1038, 1041, 1053, 1114, 1194, 1195, 1044, 1045,
                                      1142, 1143, 1227, 1370, 1449, 1049, 1054, 1064, 1072, 1146,
                                      1243, 1305, 1356, 1412, 1615, 1205, 1206, 1317, 1969, 3024,
                                      1153, 1290, 1298, 1792, 1836, 1927, 3101};
    if (why->sql_errno == 0 || mr_db_error_is_passing(why->sql_errno) ||
        (why->sql_errno >= 2000 && why->sql_errno < 3000) ||
        strstr(why->message, "myrecon_guard") != NULL)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (why->sql_errno == others[i])
            return false;
    return true;
}

/* ---- the search ---- */

/* INVARIANT: the first `good` rows pass, the first `bad` do not, because of *reason. */
enum mr_code mr_aside_search(struct mr_aside *aside, uint64_t rows, const struct mr_err *why,
                             mr_aside_probe *probe, void *ctx, struct mr_err *err)
{
    uint64_t good = aside->passed, bad = rows;
    uint64_t step = aside->refused > 0 ? 1 : 0; /* one that is refused is seldom alone */
    struct mr_err reason = *why;
    enum mr_code code = MR_OK;
    while (code == MR_OK && bad > good + 1) {
        uint64_t last = good + (step > 0 ? step : (bad - good) / 2);
        struct mr_err next = {0};
        bool refused = false;
        if (last >= bad)
            last = good + (bad - good) / 2;
        code = probe(ctx, last, &refused, &next, err);
        if (refused) {
            bad = last;
            reason = next;
            step = 0;
        } else {
            good = last;
            step *= 2;
        }
    }
    if (code != MR_OK)
        return code;
    aside->passed = bad;
    aside->refused++;
    return mr_aside_put(aside, bad, reason.message, err);
}

/* Reasons may be long, and rows many: one statement would be longer than a server takes. */
#define STATEMENT_BYTES ((size_t)64 * 1024)

static enum mr_code send(struct mr_db *db, struct mr_strbuf *sql, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(sql, "setting rows aside", err));
    MR_TRY(mr_db_exec(db, sql->ptr, sql->len, err));
    mr_strbuf_reset(sql);
    return MR_OK;
}

static void add_row(struct mr_strbuf *sql, const struct row *row)
{
    mr_strbuf_add_fmt(sql, "%s (%" PRIu64 ", ",
                      sql->len > 0 ? "," : "INSERT INTO myrecon_aside (line, why) VALUES",
                      row->line);
    if (row->why == NULL) {
        mr_strbuf_add_str(sql, "NULL)");
        return;
    }
    mr_strbuf_add_str(sql, "LEFT(");
    mr_sql_string(sql, row->why);
    mr_strbuf_add_str(sql, ", 600))");
}

enum mr_code mr_aside_fill(const struct mr_aside *aside, struct mr_db *db, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(&sql, "DELETE FROM myrecon_aside");
    MR_TRY_OUT(send(db, &sql, err));
    for (size_t i = 0; i < aside->rows.count; i++) {
        add_row(&sql, mr_vec_at(&aside->rows, i));
        if (sql.len >= STATEMENT_BYTES || sql.failed)
            MR_TRY_OUT(send(db, &sql, err));
    }
    if (sql.len > 0)
        MR_TRY_OUT(send(db, &sql, err));
out:
    mr_strbuf_release(&sql);
    return code;
}
