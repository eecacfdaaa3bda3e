/*
 * apply_world: a plan, a target and a script, for the unit tests of repair/apply; no server.
 *
 *   begin(answers) → plan_table, plan_refers…, may("GRANT …"), script("…")
 *   → a function of the module on &p.target, &p.m, &p.attempt → sent_is("…") → end()
 *
 * What the target answers is a script (snap_world.h).  A table is written "id#+ name", where #
 * is of the key and + the counter; it is called "db.t" on both sides.  p.said has the warnings,
 * and what is said with detail; p.moment is the clock, which every sleep moves on.
 *
 * A test names in module.mk what it takes: APPLY_WORLD.
 */
#ifndef MR_TESTS_APPLY_WORLD_H
#define MR_TESTS_APPLY_WORLD_H

#include "snap_world.h"

#include <dirent.h>
#include <unistd.h>

#include "core/db/grants_internal.h"
#include "repair/apply/apply_internal.h"

enum { PLAN_TABLES = 4, PLAN_COLUMNS = 6, PLAN_REFERENCES = 3 };

struct plan_names {
    const char *items[PLAN_COLUMNS];
};

static struct {
    struct mr_arena arena;
    struct mr_manifest m;
    struct mr_planned_table tables[PLAN_TABLES];
    struct plan_names keys[PLAN_TABLES];
    struct mr_planned_column columns[PLAN_TABLES][PLAN_COLUMNS];
    struct mr_planned_reference references[PLAN_TABLES][PLAN_REFERENCES];
    struct plan_names from[PLAN_TABLES][PLAN_REFERENCES], to[PLAN_TABLES][PLAN_REFERENCES];
    struct mr_target target;
    struct mr_apply_units run;
    struct mr_attempt attempt;
    struct mr_script_read *script;
    struct mr_vec units;
    char dir[64];
    struct mr_strbuf said;
    unsigned naps, cancel_at; /* sleeps; the one after which the run is cancelled; 0: never */
    bool cancelled;
    double moment, uptime;
    struct mr_err err;
} p;

static inline char *plan_copy(const char *text)
{
    char *copy = mr_arena_strdup(&p.arena, text);
    assert_non_null(copy);
    return copy;
}

/* ---- what the plan's modules call beside the connection ---- */

static inline void plan_say(const char *what, const char *fmt, va_list args)
{
    char text[2048];
    (void)vsnprintf(text, sizeof text, fmt, args);
    mr_strbuf_add_fmt(&p.said, "%s: %s\n", what, text);
}

#define PLAN_SAYS(function, what)                                                                  \
    void __wrap_##function(const char *fmt, ...) MR_PRINTF(1, 2);                                  \
    void __wrap_##function(const char *fmt, ...)                                                   \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        plan_say(what, fmt, args);                                                                 \
        va_end(args);                                                                              \
    }
PLAN_SAYS(mr_log_warning, "warning")
PLAN_SAYS(mr_log_info, "info")
PLAN_SAYS(mr_log_detail, "detail")

enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);
enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)attempts;
    MR_TRY(world_ask("(reconnect)", 11, &answer, err));
    world.is_lost = false;
    return MR_OK;
}

enum mr_code __wrap_mr_replication_refuse(struct mr_db *db, bool allowed, struct mr_err *err);
enum mr_code __wrap_mr_replication_refuse(struct mr_db *db, bool allowed, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    return allowed ? MR_OK : world_ask("(replicates?)", 13, &answer, err);
}

/* A counter is asked for by "(counter LABEL.TABLE.COLUMN)"; "": it has no next value. */
enum mr_code __wrap_mr_counter_read(struct mr_db *db, const struct mr_counter *counter,
                                    uint64_t *next, struct mr_err *err);
enum mr_code __wrap_mr_counter_read(struct mr_db *db, const struct mr_counter *counter,
                                    uint64_t *next, struct mr_err *err)
{
    const struct world_answer *answer;
    char text[256];
    (void)snprintf(text, sizeof text, "(counter %s.%s.%s)", mr_db_label(db),
                   counter->sequence != NULL ? counter->sequence : counter->name, counter->column);
    *next = 0;
    MR_TRY(world_ask(text, strlen(text), &answer, err));
    if (answer == NULL)
        fail_msg("nobody answers: %s", text);
    *next = strtoull(answer->text, NULL, 10);
    return MR_OK;
}

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return p.moment;
}

int __wrap_usleep(useconds_t us);
int __wrap_usleep(useconds_t us)
{
    p.moment += us / 1e6;
    p.cancelled = p.cancelled || ++p.naps == p.cancel_at;
    return 0;
}

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return p.cancelled;
}

/* ---- the plan ---- */

static inline void end(void)
{
    mr_grants_free(p.target.grants);
    mr_script_read_close(p.script);
    mr_vec_release(&p.units);
    mr_vec_release(&p.attempt.refusals);
    mr_arena_release(&p.attempt.arena);
    mr_aside_release(&p.attempt.aside);
    mr_staged_release(&p.attempt.tables);
    mr_strbuf_release(&p.attempt.found);
    mr_journal_close(p.run.journal);
    mr_strbuf_release(&p.said);
    mr_arena_release(&p.arena);
    DIR *dir = p.dir[0] != '\0' ? opendir(p.dir) : NULL;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    if (p.dir[0] != '\0')
        (void)rmdir(p.dir);
    world_end();
}

static const char *const plan_dbs[] = {"o`dd"};

static inline void begin(const struct world_answer *answers, size_t count)
{
    world_begin(answers, count);
    memset(&p, 0, sizeof p);
    mr_arena_init(&p.arena);
    mr_strbuf_init(&p.said);
    p.m.uuid = "20261120T110000Z-abcdef";
    p.m.planned.tables = p.tables;
    p.m.server = (struct mr_plan_server){.flavour = MR_FLAVOUR_MARIADB,
                                         .version = "10.11.19-MariaDB",
                                         .hostname = "",
                                         .datadir = "",
                                         .uuid = "",
                                         .dbs = plan_dbs,
                                         .ndbs = 1};
    p.target.db = world_db();
    p.units = (struct mr_vec)MR_VEC_INIT(struct mr_script_read_unit);
    p.run = (struct mr_apply_units){
        .target = &p.target, .manifest = &p.m, .units = &p.units, .which = MR_JOURNAL_APPLY};
    p.attempt = (struct mr_attempt){.run = &p.run,
                                    .arena = MR_ARENA_INIT,
                                    .refusals = MR_VEC_INIT(struct mr_refusal),
                                    .found = MR_STRBUF_INIT};
    mr_aside_init(&p.attempt.aside);
    mr_staged_init(&p.attempt.tables);
}
#define BEGIN(...)                                                                                 \
    const struct world_answer answers_[] = {__VA_ARGS__};                                          \
    begin(answers_, LEN(answers_))

/* "id#+ name" */
static inline struct mr_planned_table *plan_table(const char *name, const char *columns)
{
    const size_t at = p.m.planned.ntables++;
    struct mr_planned_table *t = &p.tables[at];
    char *words = plan_copy(columns), *db = plan_copy(name), *dot = strchr(db, '.');
    *dot = '\0';
    *t = (struct mr_planned_table){.table = plan_copy(name),
                                   .target_table = plan_copy(name),
                                   .target_db = db,
                                   .target_name = dot + 1,
                                   .columns = p.columns[at],
                                   .references = p.references[at],
                                   .fingerprint = ""};
    t->key.items = p.keys[at].items;
    for (char *word = strtok_r(words, " ", &words); word != NULL;
         word = strtok_r(NULL, " ", &words)) {
        const size_t len = strcspn(word, "#+");
        const bool key = strchr(word, '#') != NULL, counter = strchr(word, '+') != NULL;
        word[len] = '\0';
        p.columns[at][t->ncolumns++] = (struct mr_planned_column){.name = word};
        if (key)
            p.keys[at].items[t->key.count++] = word;
        if (counter)
            t->counter = word;
    }
    return t;
}

static inline size_t plan_split(struct plan_names *names, const char *text)
{
    char *words = plan_copy(text);
    size_t count = 0;
    for (char *word = strtok_r(words, " ", &words); word != NULL;
         word = strtok_r(NULL, " ", &words))
        names->items[count++] = word;
    return count;
}

static inline struct mr_planned_reference *plan_refers(size_t child, const char *from,
                                                       size_t parent, const char *to)
{
    const size_t n = p.tables[child].nreferences++;
    struct mr_planned_reference *r = &p.references[child][n];
    *r = (struct mr_planned_reference){.parent = p.tables[parent].table};
    r->columns.items = p.from[child][n].items;
    r->columns.count = plan_split(&p.from[child][n], from);
    r->parent_columns.items = p.to[child][n].items;
    r->parent_columns.count = plan_split(&p.to[child][n], to);
    return r;
}

/* What the account may; without it nothing is known of that. */
static inline void may(const char *grant)
{
    if (p.target.grants == NULL)
        p.target.grants = mr_grants_new("dba@%", false);
    assert_int_equal(mr_grants_add_line(p.target.grants, grant, strlen(grant), NULL), MR_OK);
}

static inline const char *plan_dir(void)
{
    if (p.dir[0] == '\0') {
        (void)snprintf(p.dir, sizeof p.dir, "/tmp/myrecon-apply-XXXXXX");
        assert_non_null(mkdtemp(p.dir));
    }
    return p.dir;
}

static inline void plan_journal(void)
{
    assert_int_equal(mr_journal_open(plan_dir(), "run-1", &p.run.journal, &p.err), MR_OK);
}

/* A script of the plan; p.attempt has its first unit. */
static inline void script(const char *text)
{
    char path[96], sha256[MR_SHA256_HEX];
    (void)snprintf(path, sizeof path, "%s/apply.sql", plan_dir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mr_script_read_open(path, &p.script, &p.err), MR_OK);
    if (mr_script_read_index(p.script, &p.units, sha256, &p.err) != MR_OK)
        fail_msg("%s", p.err.message);
    p.run.script = p.script;
    p.attempt.unit = mr_vec_at(&p.units, 0);
}

/* Tells the attempt that the unit at hand stages such a table. */
static inline void staged(const char *prefixes, size_t table)
{
    for (const char *c = prefixes; *c != '\0'; c++) {
        char sql[80];
        (void)snprintf(sql, sizeof sql, "CREATE TEMPORARY TABLE `o``dd`.myrecon_%c%zu (x INT)", *c,
                       table);
        assert_int_equal(mr_staged_see(&p.attempt.tables, sql, &p.err), MR_OK);
    }
}

/* ---- what came of it ---- */

static inline void sent_is(const char *text)
{
    assert_string_equal(world_sent(), text);
}

static inline void said_has(const char *text)
{
    if (p.said.ptr == NULL || strstr(p.said.ptr, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, p.said.ptr != NULL ? p.said.ptr : "");
}

static inline void refused_for(enum mr_code code, const char *text)
{
    assert_int_equal(code, MR_E_REFUSED);
    if (strstr(p.err.message, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, p.err.message);
}

#endif
