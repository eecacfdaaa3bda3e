/* apply_found.c: rows that the plan never wrote; see apply_internal.h.
 *
 * Those that stood as planned before apply came somebody else has written, or deleted: undo
 * has nothing to take back there.  Apply lists them in the journal in front of COMMIT.  A try
 * that may have been committed leaves its own rows to the next one, so from then on the list
 * only shrinks.  Nor has undo anything to say of whoever stands under the key of a row that
 * apply has left out, alone or with the whole unit that it has not carried out.  Undo tells the
 * script which of its rows all these are, and that takes them for done, each by itself: setting
 * them aside would keep what refers to them, too.
 *
 * A row of a table without a key is told by its values and by which of its equals it is. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/db/sqltext.h"
#include "repair/apply/apply_internal.h"
#include "repair/script/script_origin.h"
#include "repair/script/script_text.h"

enum { NO_SUCH_COLUMN = 1054, NO_SUCH_TABLE = 1146, TOLD_BYTES = 64 * 1024 /* a statement */ };

static void add_key(struct mr_strbuf *sql, const struct mr_planned_table *t)
{
    if (t->key.count > 0) {
        mr_attempt_sql_key(sql, t);
        return;
    }
    mr_strbuf_add_str(sql, "CONCAT_WS(',', ");
    mr_fired_sql_digest(sql, t, "s");
    mr_strbuf_add_str(sql, ", s.myrecon_open)");
}

typedef enum mr_code row_fn(void *ctx, const struct mr_cell *cells, struct mr_err *err);

/* For each staged row of a table and kind: row, key. */
static enum mr_code each(struct mr_attempt *a, size_t at, char prefix, const char *where,
                         row_fn *fn, void *ctx, struct mr_err *err)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    struct mr_err why = {0};
    if (!mr_staged_has(&a->tables, prefix, at))
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT s.myrecon_row, ");
    add_key(&sql, &planned->tables[at]);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_script_staged(&sql, planned->tables[0].target_db, prefix, at);
    mr_strbuf_add_str(&sql, " AS s");
    mr_strbuf_add_str(&sql, where);
    enum mr_code code = mr_fired_ask(a->run->target->db, "nn", &sql, &res, &why);
    /* computed columns are not staged: rows without a key that have some are not told */
    if (code != MR_OK && why.sql_errno == NO_SUCH_COLUMN && planned->tables[at].key.count == 0)
        code = MR_OK;
    else if (code != MR_OK)
        *err = why;
    while (code == MR_OK && res != NULL && (cells = mr_result_next(res)) != NULL)
        if (cells[0].ptr != NULL && cells[1].ptr != NULL)
            code = fn(ctx, cells, err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code count(struct mr_attempt *a, const char *sql, uint64_t *n, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(a->run->target->db, sql, &text, err);
    if (code == MR_OK)
        *n = strtoull(text.ptr, NULL, 10);
    mr_strbuf_release(&text);
    return code;
}

/* ---- apply ---- */

struct noted {
    struct mr_attempt *a;
    const char *table;
    char op;
    struct mr_strbuf *list;
};

static enum mr_code note(void *ctx, const struct mr_cell *cells, struct mr_err *err)
{
    const struct noted *n = ctx;
    (void)err;
    if (mr_journal_may_be_found(n->a->run->journal, n->a->unit->number, n->table, n->op,
                                cells[1].ptr))
        mr_journal_add_found(n->list, n->table, n->op, cells[1].ptr);
    return MR_OK;
}

/* Also of trees that are left out, and of those that are deleted although rows of them are
 * gone already. */
static enum mr_code list_there(struct mr_attempt *a, struct mr_strbuf *list, struct mr_err *err)
{
    static const char there[] = " WHERE s.myrecon_row IN (SELECT line FROM myrecon_there)";
    const struct mr_planned *planned = &a->run->manifest->planned;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < planned->ntables; i++)
        for (const char *p = "iud"; code == MR_OK && *p != '\0'; p++) {
            struct noted n = {a, planned->tables[i].table, *p, list};
            code = each(a, i, *p, there, note, &n, err);
        }
    return code == MR_OK ? mr_strbuf_check(list, "listing what stood as planned", err) : code;
}

/* Asked in front of COMMIT, while the session knows which rows stood so, and once it is committed
 * nobody can tell them from ours any more. */
enum mr_code mr_attempt_note_found(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    uint64_t there = 0;
    if (a->run->journal == NULL || a->run->rehearse)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(count(a, "SELECT COUNT(*) FROM myrecon_there", &there, err));
    if (there > 0)
        MR_TRY_OUT(list_there(a, &list, err));
    if (a->lost)
        MR_TRY_OUT(mr_journal_keep_found(&list, a->found.ptr, err));
    mr_strbuf_release(&a->found);
    a->found = list;
    return MR_OK;
out:
    mr_strbuf_release(&list);
    return code;
}

/* ---- undo ---- */

/* Rows of the unit at hand: their numbers. */
struct rows {
    uint64_t first, last;
};

struct passed {
    struct mr_attempt *a;
    const struct mr_planned_table *table;
    char op;                 /* how it was planned */
    struct mr_vec unwritten; /* struct rows: of units that apply has not carried out */
    struct mr_strbuf lines;
};

static enum mr_code tell(struct mr_attempt *a, struct mr_strbuf *lines, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (lines->len == 0)
        return mr_strbuf_check(lines, "telling what is not the plan's", err);
    mr_strbuf_add_fmt(&sql, "INSERT INTO myrecon_found (line, left_out) VALUES %s", lines->ptr);
    enum mr_code code = mr_strbuf_check(&sql, "telling what is not the plan's", err);
    if (code == MR_OK) {
        code = mr_db_exec(a->run->target->db, sql.ptr, sql.len, &why);
        if (code != MR_OK)
            *err = why;
    }
    if (why.sql_errno == NO_SUCH_TABLE) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "apply never wrote some rows of it, and this undo.sql, by an "
                          "earlier version, would take them back, too");
        err->sql_errno = NO_SUCH_TABLE; /* of the unit, not of the run */
    }
    a->passed = 1; /* or more: counted when the script has judged them */
    mr_strbuf_release(&sql);
    mr_strbuf_reset(lines);
    return code;
}

static enum mr_code add_line(struct passed *p, uint64_t line, bool left_out, struct mr_err *err)
{
    mr_strbuf_add_fmt(&p->lines, "%s(%" PRIu64 ",%d)", p->lines.len > 0 ? ", " : "", line,
                      left_out);
    return p->lines.len >= TOLD_BYTES ? tell(p->a, &p->lines, err) : MR_OK;
}

/* ---- rows of units that apply has not carried out ---- */

/* A row of several units may be written unless none of them is. */
static enum mr_code take_origin(void *ctx, const struct mr_script_origin_range *origin,
                                struct mr_err *err)
{
    struct passed *p = ctx;
    bool unwritten = true;
    for (uint64_t unit = origin->first_unit; unwritten && unit <= origin->last_unit; unit++)
        unwritten = mr_journal_unit_is_unwritten(p->a->run->journal, unit);
    struct rows *rows = unwritten ? mr_vec_push(&p->unwritten) : NULL;
    if (unwritten && rows == NULL)
        return mr_err_nomem(err, "telling what is not the plan's");
    if (unwritten)
        *rows = (struct rows){origin->first_row, origin->last_row};
    return MR_OK;
}

/* Where undo.sql takes no units together they have the numbers that apply.sql has. */
static enum mr_code find_unwritten(struct passed *p, struct mr_err *err)
{
    const struct mr_apply_units *run = p->a->run;
    const struct mr_script_read_unit *unit = p->a->unit;
    const struct mr_script_origin_range own = {1, unit->rows, unit->number, unit->number};
    return run->units->count == run->manifest->planned.units
               ? take_origin(p, &own, err)
               : mr_script_origin_each(mr_script_read_origin(run->script), take_origin, p, err);
}

static bool is_unwritten(const struct passed *p, uint64_t line)
{
    for (size_t i = 0; i < p->unwritten.count; i++) {
        const struct rows *rows = mr_vec_at(&p->unwritten, i);
        if (rows->first <= line && line <= rows->last)
            return true;
    }
    return false;
}

static enum mr_code pass_unwritten(struct passed *p, struct mr_err *err)
{
    for (size_t i = 0; i < p->unwritten.count; i++) {
        const struct rows *rows = mr_vec_at(&p->unwritten, i);
        for (uint64_t line = rows->first; line <= rows->last && line <= p->a->unit->rows; line++)
            MR_TRY(add_line(p, line, true, err));
    }
    return MR_OK;
}

/* ---- rows that the journal names ---- */

/* Who was left out is told apart: of his row apply wrote nothing, whoever has his key now. */
static enum mr_code pass(void *ctx, const struct mr_cell *cells, struct mr_err *err)
{
    struct passed *p = ctx;
    struct mr_journal *journal = p->a->run->journal;
    const char *table = p->table->table;
    const uint64_t line = strtoull(cells[0].ptr, NULL, 10);
    bool left_out = false, found = false;
    enum mr_code code = MR_OK;
    if (is_unwritten(p, line))
        return MR_OK;
    if (p->table->key.count > 0)
        code = mr_journal_is_left_out(journal, table, cells[1].ptr, &left_out, err);
    if (code == MR_OK && !left_out)
        code = mr_journal_is_found(journal, table, p->op, cells[1].ptr, &found, err);
    return code == MR_OK && (left_out || found) ? add_line(p, line, left_out, err) : code;
}

static enum mr_code pass_named(struct passed *p, struct mr_err *err)
{
    static const struct {
        char prefix, op;
    } kinds[] = {{'d', 'i'}, {'b', 'u'}, {'i', 'd'}}; /* b: by the key that apply gave */
    const struct mr_apply_units *run = p->a->run;
    const struct mr_planned *planned = &run->manifest->planned;
    if (!mr_journal_has_found(run->journal) && !mr_journal_has_left_out(run->journal))
        return MR_OK;
    for (size_t i = 0; i < planned->ntables; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            p->table = &planned->tables[i];
            p->op = kinds[k].op;
            MR_TRY(each(p->a, i, kinds[k].prefix, "", pass, p, err));
        }
    return MR_OK;
}

enum mr_code mr_attempt_pass_found(struct mr_attempt *a, struct mr_err *err)
{
    struct passed p = {.a = a, .unwritten = MR_VEC_INIT(struct rows), .lines = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    a->passed = a->never = 0;
    if (a->run->which != MR_JOURNAL_UNDO || a->run->journal == NULL)
        return MR_OK;
    MR_TRY_OUT(find_unwritten(&p, err));
    MR_TRY_OUT(pass_unwritten(&p, err));
    MR_TRY_OUT(pass_named(&p, err));
    MR_TRY_OUT(tell(a, &p.lines, err));
out:
    mr_vec_release(&p.unwritten);
    mr_strbuf_release(&p.lines);
    return code;
}

/* Of a row that makes way one image counts. */
#define PASSED "SELECT COUNT(*) FROM myrecon_found WHERE line IN (SELECT line FROM myrecon_there)"

enum mr_code mr_attempt_count_passed(struct mr_attempt *a, struct mr_err *err)
{
    if (a->passed == 0)
        return MR_OK;
    MR_TRY(count(a, PASSED, &a->passed, err));
    return count(a, PASSED " AND left_out = 1", &a->never, err);
}
