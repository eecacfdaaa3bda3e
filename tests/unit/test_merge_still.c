/* test_merge_still.c: is a server as it was when its logs were read?  What it answers is ours. */
#include "merge_world.h"

#include "core/case/catch_up.h"
#include "core/db/db.h"
#include "repair/merge/merge_still.h"

/* ---- what a server says; answers NULL: no row ---- */

struct answers {
    enum mr_flavour flavour;
    unsigned version;
    const char *executed, *mode;     /* MySQL's GTIDs, and gtid_mode; of MariaDB the state alone */
    const char *log, *position;      /* of SHOW MASTER STATUS */
    enum mr_code of_gtids, of_place; /* MR_OK, or how the question fails */
};

struct mr_db {
    struct answers answers;
};
struct mr_result {
    struct mr_cell cells[2];
    bool has_row, is_place;
};

static struct mr_server server;
static struct mr_result result;
static char asked[256];
static unsigned warnings, open_results;

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
size_t __wrap_mr_result_columns(const struct mr_result *res);
const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column);
void __wrap_mr_result_free(struct mr_result *res);
void __wrap_mr_log_warning(const char *fmt, ...);

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    server.flavour = db->answers.flavour;
    server.version = db->answers.version;
    return &server;
}

static struct mr_cell cell(const char *text)
{
    return (struct mr_cell){text, text != NULL ? strlen(text) : 0};
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    const struct answers *a = &db->answers;
    const bool is_place = strncmp(sql, "SHOW ", 5) == 0;
    const enum mr_code code = is_place ? a->of_place : a->of_gtids;
    (void)shape;
    (void)snprintf(asked, sizeof asked, "%.*s", (int)len, sql);
    if (code != MR_OK)
        return mr_err_set(err, code, "no");
    result = is_place
                 ? (struct mr_result){{cell(a->log), cell(a->position)}, a->log != NULL, true}
                 : (struct mr_result){{cell(a->executed), cell(a->mode)}, a->mode != NULL, false};
    open_results++;
    *out = &result;
    return MR_OK;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    return res->has_row ? res->cells : NULL;
}

size_t __wrap_mr_result_columns(const struct mr_result *res)
{
    (void)res;
    return 2;
}

const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column)
{
    (void)res;
    return column == 0 ? "File" : "Position";
}

void __wrap_mr_result_free(struct mr_result *res)
{
    (void)res;
    open_results--;
}

void __wrap_mr_log_warning(const char *fmt, ...)
{
    (void)fmt;
    warnings++;
}

/* ---- what was collected ---- */

static void save(struct world *w, int side, const struct mr_evidence_side *known)
{
    struct mr_evidence_writer *writer = NULL;
    bool resumed = false;
    world_require(mr_evidence_writer_new(w->fd, "", false, &writer, &resumed, NULL));
    world_require(mr_findings_begin(w->fd, NULL));
    world_require(mr_findings_end(w->fd, mr_evidence_side_save(writer, side, known, NULL), NULL));
    world_require(mr_evidence_finish(writer, NULL));
    mr_evidence_writer_free(writer);
}

#define MARIADB .flavour = MR_FLAVOUR_MARIADB, .version = 101100, .mode = "ON"
#define MYSQL(gtid_mode) .flavour = MR_FLAVOUR_MYSQL, .version = 90000, .mode = (gtid_mode)
#define AT(file, at) .log = (file), .position = (at)
#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static const struct {
    const char *what;
    const char *executed; /* when the logs were read, to the end of bin.000003:900 */
    bool unread;          /* they were not */
    struct answers now;
    enum mr_code code;
    bool is;
} cases[] = {
    /* GTIDs of MariaDB, in whatever order */
    {"the same state", "0-1-109,1-2-7", false, {MARIADB, .executed = "1-2-7,0-1-109"}, MR_OK, true},
    {"gone on", "0-1-109", false, {MARIADB, .executed = "0-1-110"}, MR_OK, false},
    {"in a domain of its own",
     "0-1-109",
     false,
     {MARIADB, .executed = "0-1-109,5-1-1"},
     MR_OK,
     false},
    {"under another server id",
     "0-1-109",
     false,
     {MARIADB, .executed = "0-1-109,0-2-110"},
     MR_OK,
     false},
    {"reset: it has executed less", "0-1-109", false, {MARIADB, .executed = ""}, MR_OK, false},
    {"what is no state", "0-1-109", false, {MARIADB, .executed = "?"}, MR_E_USAGE, false},
    {"a state that the case has lost",
     "?",
     false,
     {MARIADB, .executed = "0-1-109"},
     MR_E_USAGE,
     false},
    {"a lost connection", "0-1-109", false, {MARIADB, .of_gtids = MR_E_LOST}, MR_E_LOST, false},
    /* GTIDs of MySQL */
    {"the same set", UUID ":1-9", false, {MYSQL("ON"), .executed = UUID ":1-5:6-9"}, MR_OK, true},
    {"gone on", UUID ":1-9", false, {MYSQL("ON"), .executed = UUID ":1-10"}, MR_OK, false},
    {"reset", UUID ":1-9", false, {MYSQL("ON"), .executed = ""}, MR_OK, false},
    {"what is no set", UUID ":1-9", false, {MYSQL("ON"), .executed = "?"}, MR_E_USAGE, false},
    /* not all have one: the place counts as well */
    {"GTIDs are permitted, and it has stood still",
     UUID ":1-9",
     false,
     {MYSQL("ON_PERMISSIVE"), .executed = UUID ":1-9", AT("bin.000003", "900")},
     MR_OK,
     true},
    {"and has gone on without one",
     UUID ":1-9",
     false,
     {MYSQL("OFF_PERMISSIVE"), .executed = UUID ":1-9", AT("bin.000003", "901")},
     MR_OK,
     false},
    {"off since",
     UUID ":1-9",
     false,
     {MYSQL("OFF"), .executed = UUID ":1-9", AT("bin.000004", "900")},
     MR_OK,
     false},
    /* the place alone */
    {"without GTIDs, still", "", false, {MYSQL("OFF"), AT("bin.000003", "900")}, MR_OK, true},
    {"not a byte less", NULL, false, {MYSQL("OFF"), AT("bin.000003", "899")}, MR_OK, false},
    {"another log", NULL, false, {MYSQL("OFF"), AT("bin.000013", "900")}, MR_OK, false},
    {"no log at all", NULL, false, {MYSQL("OFF")}, MR_OK, false},
    {"a place without a number", NULL, false, {MYSQL("OFF"), .log = "bin.000003"}, MR_OK, false},
    {"the right is lacking: not still, and no error",
     NULL,
     false,
     {MYSQL("OFF"), .of_place = MR_E_DENIED},
     MR_OK,
     false},
    {"a lost connection", NULL, false, {MYSQL("OFF"), .of_place = MR_E_LOST}, MR_E_LOST, false},
    /* nothing is asked where nothing was read */
    {"logs that were not read", "0-1-109", true, {MARIADB, .of_gtids = MR_E_LOST}, MR_OK, false},
};

static void test_still(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * LEN(cases); i++) {
        const int side = (int)(i % 2);
        struct world *w = calloc(1, sizeof *w);
        struct mr_db db = {.answers = cases[i / 2].now};
        const struct mr_evidence_side known = {.own_by = cases[i / 2].unread ? MR_OWN_BY_NONE
                                                                             : MR_OWN_BY_GTID,
                                               .executed = cases[i / 2].executed,
                                               .end_log = "bin.000003",
                                               .end_position = 900};
        world_begin(w);
        world_table(w, "t", "id:int#");
        world_open_case(w);
        save(w, side, &known);
        w->mains[side].db = &db;
        warnings = 0;
        const enum mr_code code = mr_merge_still(&w->m, &w->err);
        if (code != cases[i / 2].code || (code != MR_OK && w->err.message[0] == '\0'))
            fail_msg("case %zu, %s: %d %s", i / 2, cases[i / 2].what, (int)code, w->err.message);
        if (w->m.is_still[side] != cases[i / 2].is)
            fail_msg("case %zu, %s: %d", i / 2, cases[i / 2].what, w->m.is_still[side]);
        /* only of SOURCE it means that its logs are of no use */
        assert_int_equal(warnings, code == MR_OK && side == MR_SOURCE && !cases[i / 2].unread &&
                                       !cases[i / 2].is);
        assert_int_equal(open_results, 0);
        world_open_plan(w);
        world_free(w);
    }
}

/* Where the case was brought up to the view, nobody is asked; where it could not be, why not is said. */
static void test_read_on(void **state)
{
    (void)state;
    for (int covered = 0; covered < 2; covered++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_db db = {.answers = {MARIADB, .executed = "0-1-110"}};
        const struct mr_evidence_side known = {.own_by = MR_OWN_BY_GTID, .executed = "0-1-109"};
        const struct mr_catch_up logs = {.is_covered = {covered, covered}, .why = "it is gone"};
        world_begin(w);
        world_table(w, "t", "id:int#");
        world_open_case(w);
        save(w, MR_SOURCE, &known);
        w->mains[MR_SOURCE].db = &db;
        w->m.logs = &logs;
        warnings = 0;
        asked[0] = '\0';
        world_run(w, mr_merge_still(&w->m, &w->err));
        assert_int_equal(w->m.is_still[MR_SOURCE], covered);
        assert_int_equal(asked[0] == '\0', covered);
        assert_int_equal(warnings, !covered);
        world_open_plan(w);
        world_free(w);
    }
}

/* Each server in its own words, and its log as it calls it, whatever the file was called that was read. */
static void test_statements(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        const char *executed, *end_log, *sql;
    } forms[] = {
        {MR_FLAVOUR_MARIADB, 101100, "0-1-1", "bin.000003",
         "SELECT @@global.gtid_binlog_state, 'ON'"},
        {MR_FLAVOUR_MYSQL, 80036, "", "/evidence/old/bin.000003.gz", "SHOW MASTER STATUS"},
        {MR_FLAVOUR_MYSQL, 80400, "", "/evidence/old/bin.000003.900.zst", "SHOW BINARY LOG STATUS"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(forms); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_db db = {.answers = {.flavour = forms[i].flavour,
                                       .version = forms[i].version,
                                       .executed = forms[i].executed,
                                       .mode = "ON",
                                       AT("bin.000003", "900")}};
        const struct mr_evidence_side known = {.own_by = MR_OWN_BY_PLACE,
                                               .executed = forms[i].executed,
                                               .end_log = forms[i].end_log,
                                               .end_position = 900};
        world_begin(w);
        world_table(w, "t", "id:int#");
        world_open_case(w);
        save(w, MR_TARGET, &known);
        w->mains[MR_TARGET].db = &db;
        world_run(w, mr_merge_still(&w->m, &w->err));
        assert_string_equal(asked, forms[i].sql);
        assert_true(w->m.is_still[MR_TARGET]);
        world_open_plan(w);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_still),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_read_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
