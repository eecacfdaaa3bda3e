/* copy_plan.c: the copying policies as a whole; see copy.h. */
#include "repair/copy/copy.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "repair/copy/copy_internal.h"

static const char schema_sql[] =
    "PRAGMA temp.cache_size=-16384;"
    "CREATE TEMP TABLE c (id INTEGER PRIMARY KEY, tbl INT NOT NULL, canon BLOB NOT NULL,"
    " skey BLOB, source BLOB, tkey BLOB, target BLOB, several INT NOT NULL DEFAULT 0,"
    " equal INT NOT NULL DEFAULT 0, same INT NOT NULL DEFAULT 0,"
    " taint INT NOT NULL DEFAULT 0, op INT NOT NULL DEFAULT 0, kind TEXT, detail TEXT,"
    " waits INT NOT NULL DEFAULT 0, wave INT NOT NULL DEFAULT 0,"
    " entity INT NOT NULL DEFAULT 0, orig BLOB, why TEXT, choices TEXT, choice TEXT,"
    " derived INT NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX temp.c_canon ON c (tbl, canon);"
    "CREATE INDEX temp.c_skey ON c (tbl, skey) WHERE skey IS NOT NULL;"
    "CREATE INDEX temp.c_tkey ON c (tbl, tkey) WHERE tkey IS NOT NULL;"
    "CREATE INDEX temp.c_page ON c (tbl, id);"
    "CREATE INDEX temp.c_wave ON c (wave) WHERE wave>0;"
    "CREATE INDEX temp.c_taint ON c (tbl, id) WHERE taint=1;"
    "CREATE TEMP TABLE multiset (digest BLOB PRIMARY KEY, n INT, image BLOB);"
    "CREATE TEMP TABLE exact (digest BLOB, whole BLOB, lost INT, live INT, image BLOB,"
    " PRIMARY KEY (digest, whole));"
    "CREATE TEMP TABLE climb (id INTEGER PRIMARY KEY, tbl INT NOT NULL, key BLOB NOT "
    "NULL,"
    " image BLOB, todo INT NOT NULL, UNIQUE (tbl, key));"
    "CREATE INDEX temp.climb_todo ON climb (tbl, todo, id);"
    "CREATE TEMP TABLE nth (ref INT, whole BLOB, n INT, PRIMARY KEY (ref, whole)) WITHOUT"
    " ROWID;"
    "CREATE TEMP TABLE link (child INT, ref INT, sfound INT DEFAULT 0, ps INT DEFAULT 0,"
    " sident BLOB, tfound INT DEFAULT 0, pt INT DEFAULT 0, tident BLOB,"
    " same INT DEFAULT 0, must INT DEFAULT 0, PRIMARY KEY (child, ref)) WITHOUT ROWID;"
    "CREATE INDEX temp.link_ps ON link (ps) WHERE ps>0;"
    "CREATE INDEX temp.link_pt ON link (pt) WHERE pt>0;"
    "CREATE TEMP TABLE take (taker INT, u INT, holder INT, PRIMARY KEY (taker, u))"
    " WITHOUT ROWID;"
    "CREATE INDEX temp.take_holder ON take (holder);"
    "CREATE TEMP TABLE want (u INT, canon BLOB, taker INT);"
    "CREATE INDEX temp.want_canon ON want (u, canon);"
    "CREATE TEMP TABLE vague (u INT, canon BLOB, slot INT, takes INT, precise INT,"
    " lo BLOB, hi BLOB);"
    "CREATE INDEX temp.vague_canon ON vague (u, canon);"
    "CREATE TEMP TABLE gate (id INTEGER PRIMARY KEY, u INT, canon BLOB);"
    "CREATE TEMP TABLE hint (before INT, after INT, PRIMARY KEY (before, after))"
    " WITHOUT ROWID;"
    "CREATE TEMP TABLE dep (parent INT, ref INT, child INT, PRIMARY KEY (parent, ref,"
    " child)) WITHOUT ROWID;"
    "CREATE INDEX temp.dep_child ON dep (child) WHERE child>0;"
    "CREATE TEMP TABLE tie (slot INT, other INT, PRIMARY KEY (slot, other)) WITHOUT ROWID;"
    "CREATE TEMP TABLE cycle_break (slot INT, how INT, what INT, col INT, value BLOB,"
    " PRIMARY KEY (slot, how, what)) WITHOUT ROWID;"
    "CREATE TEMP TABLE part (value BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TEMP TABLE laid (value BLOB PRIMARY KEY, slot INT) WITHOUT ROWID;";

static const char drop_sql[] =
    "DROP TABLE IF EXISTS temp.c; DROP TABLE IF EXISTS temp.multiset;"
    "DROP TABLE IF EXISTS temp.exact; DROP TABLE IF EXISTS temp.nth;"
    "DROP TABLE IF EXISTS temp.link; DROP TABLE IF EXISTS temp.take;"
    "DROP TABLE IF EXISTS temp.want; DROP TABLE IF EXISTS temp.dep;"
    "DROP TABLE IF EXISTS temp.vague; DROP TABLE IF EXISTS temp.gate;"
    "DROP TABLE IF EXISTS temp.hint; DROP TABLE IF EXISTS temp.tie;"
    "DROP TABLE IF EXISTS temp.cycle_break; DROP TABLE IF EXISTS temp.climb; DROP TABLE IF EXISTS "
    "temp.part; DROP TABLE IF EXISTS temp.laid;";

/* What a log says of rows is read from its first to its last, most of all: a larger cache would hold
 * no more of what is asked for again. */
static const char rewind_sql[] = "PRAGMA temp.cache_size=-8192";

enum mr_code mr_copy_work_open(struct mr_copy *c, struct mr_err *err)
{
    MR_TRY(mr_case_exec(c->m.cf, drop_sql, err));
    MR_TRY(mr_case_exec(c->m.cf, schema_sql, err));
    return c->task->fill != NULL ? mr_case_exec(c->m.cf, rewind_sql, err) : MR_OK;
}

/* By id, not by OFFSET: fn may change the rows that were given. */
enum mr_code mr_copy_pages(struct mr_copy *c, const char *sql, size_t table, mr_copy_rows_fn *fn,
                           void *ctx, struct mr_err *err)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    struct mr_arena arena = MR_ARENA_INIT;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&arena);
        code = mr_is_cancelled()
                   ? mr_cancelled_err(err)
                   : MR_MERGE_PAGE(&c->m, sql, after, &arena, &rows, err, MR_ARG_INT("tbl", table));
        if (code != MR_OK || rows.count == 0)
            break;
        after = ((struct mr_merge_work_row *)mr_vec_at(&rows, rows.count - 1))->id;
        code = fn(ctx, &rows, &arena, err);
    }
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

/* ---- who may go ---- */

/* A person whose row gets another person's values is counted by himself: the row is still there
 * and he is not, and --allow-deletes does not speak of him. */
static enum mr_code count_subjects(struct mr_copy *c, struct mr_err *err)
{
    static const char gone[] = "SELECT count(*) FROM c WHERE tbl=:tbl AND op=3 AND kind IS NULL";
    static const char replaced[] =
        "SELECT count(*) FROM c WHERE tbl=:tbl AND op=2 AND same=0 AND kind IS NULL";
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        const struct mr_plan_table *t = &c->m.plan->tables[i];
        int64_t n = 0;
        if (t->pair->find.subject == MR_SUBJECT_NO && c->task->fill == NULL)
            continue;
        code = MR_CASE_NUMBER(c->m.cf, gone, &n, err, MR_ARG_INT("tbl", i));
        c->result->subject_deletes += (uint64_t)n;
        if (code != MR_OK || c->task->fill != NULL || mr_copy_identity(c, t) != MR_PLAN_BY_COLUMNS)
            continue;
        code = MR_CASE_NUMBER(c->m.cf, replaced, &n, err, MR_ARG_INT("tbl", i));
        c->result->subject_replaced += (uint64_t)n;
    }
    return code;
}

/* The very number, not a ceiling: whoever allows it has seen this plan.  A row that goes back to the key that it had goes
 * from the one that it has. */
static enum mr_code check_deletes(struct mr_copy *c, struct mr_err *err)
{
    static const char moved_sql[] = "SELECT EXISTS (SELECT 1 FROM tie t JOIN c ON c.id=t.slot"
                                    " WHERE c.op=3 AND c.kind IS NULL)";
    int64_t moved = 0;
    enum mr_code code = count_subjects(c, err);
    if (code == MR_OK)
        code = mr_case_number_with(c->m.cf, moved_sql, NULL, 0, &moved, err);
    const unsigned long long n = c->result->subject_deletes;
    const char *what = c->task->fill == NULL ? "rows of people"
                       : moved != 0          ? "rows that were inserted, or whose key was changed"
                                             : "rows that were inserted";
    if (code != MR_OK || n == 0 || c->task->allow_all_deletes ||
        (c->task->has_allow_deletes && c->task->allow_deletes == n))
        return code;
    if (c->task->has_allow_deletes)
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the plan deletes %llu %s, not the %llu that are allowed", n, what,
                         (unsigned long long)c->task->allow_deletes);
    else
        (void)mr_err_set(err, MR_E_REFUSED, "the plan deletes %llu %s", n, what);
    mr_err_hint(err, "If all of them are to go, plan with --allow-deletes %llu; %s.", n,
                c->task->fill == NULL ? "merge keeps everybody"
                : moved != 0          ? "--kind delete keeps all of them"
                                      : "--kind update,delete keeps all of them");
    return MR_E_REFUSED;
}

/* ---- the plan ---- */

static enum mr_code order_and_write(struct mr_copy *c, struct mr_err *err)
{
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_copy_order(c, &places, err));
    MR_TRY_OUT(check_deletes(c, err));
    MR_TRY_OUT(mr_copy_entities(c, err));
    MR_TRY_OUT(mr_copy_steps(c, &places, err));
out:
    mr_vec_release(&places);
    return code;
}

/* Each phase reads what those before it left in the tables.  Between them nobody's ALTER TABLE
 * need wait for a plan that looks at nothing but its case. */
static enum mr_code plan(struct mr_copy *c, struct mr_err *err)
{
    static const struct {
        const char *name;
        enum mr_code (*work)(struct mr_copy *c, struct mr_err *err);
    } phases[] = {
        {"preparing", mr_copy_work_open},
        {"collecting rows", mr_copy_collect},
        {"classifying", mr_copy_classify},
        {"values", mr_copy_fit},
        {"parts of keys", mr_copy_parts},
        {"ancestors", mr_copy_climb},
        {"owners", mr_copy_taint},
        {"references", mr_copy_links},
        {"children", mr_copy_outside_children},
        {"unique values", mr_copy_unique},
        {"vague values", mr_copy_vague},
        {"conflicts", mr_copy_settle},
        {"owners that stay", mr_copy_taint_kept},
        {"order and steps", order_and_write},
        {"sequences", mr_copy_sequences},
    };
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof phases / sizeof phases[0]; i++) {
        double begun = mr_clock_now_s();
        code = phases[i].work(c, err);
        if (code == MR_OK)
            code = mr_merge_unlock(&c->m, err);
        mr_log_debug("plan: %s took %.1f s", phases[i].name, mr_clock_now_s() - begun);
    }
    return code;
}

static enum mr_code prepare(struct mr_copy *c, struct mr_err *err)
{
    struct mr_merge *m = &c->m;
    c->planned = mr_arena_calloc(&m->arena, m->plan->ntables + 1, sizeof *c->planned);
    if (c->planned == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < m->plan->ntables; i++)
        c->planned[i] = c->task->selected == NULL || c->task->selected[i];
    for (int side = c->task->fill != NULL ? MR_TARGET : MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(mr_side_view_reader(&m->plan->pairing.side[side], &m->reader[side], err));
    if (c->task->fill != NULL) /* in one view: what is no slot is the same row on both sides */
        m->reader[MR_SOURCE] = m->reader[MR_TARGET];
    return mr_copy_outside_parents(c, err);
}

/* The temporary tables go however it ends: the case is used on, and the next plan has to make
 * them anew.  That of a rewind is a temporary one, which goes as a whole: to drop its tables would read
 * all of their pages once more, and write which are free. */
enum mr_code mr_copy_plan(const struct mr_copy_task *task, struct mr_copy_result *result,
                          struct mr_err *err)
{
    struct mr_copy c = {.m = {.plan = task->tables,
                              .fd = task->fd,
                              .cf = mr_findings_case(task->fd),
                              .store = task->store,
                              .arena = MR_ARENA_INIT},
                        .task = task,
                        .result = result};
    *result = (struct mr_copy_result){0};
    mr_image_init(&c.m.image[0]);
    mr_image_init(&c.m.image[1]);
    enum mr_code code = prepare(&c, err);
    mr_plan_fit_open(&c.m.fit, c.m.plan, c.m.reader[MR_TARGET]);
    if (code == MR_OK)
        code = plan(&c, err);
    mr_plan_fit_close(&c.m.fit);
    if (task->fill == NULL)
        (void)mr_case_exec(c.m.cf, drop_sql, NULL);
    mr_copy_pools_release(&c);
    if (c.m.reader[MR_SOURCE] != c.m.reader[MR_TARGET])
        mr_reader_free(c.m.reader[MR_SOURCE]);
    mr_reader_free(c.m.reader[MR_TARGET]);
    mr_image_release(&c.m.image[0]);
    mr_image_release(&c.m.image[1]);
    mr_arena_release(&c.m.arena);
    return code;
}
