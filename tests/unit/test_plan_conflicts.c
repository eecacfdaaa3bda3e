/* test_plan_conflicts.c: conflicts.csv: a line a row, and a line a run of neighbours. */
#include "core/base/signals.h"
#include "core/file/io.h"
#include "merge_world.h"
#include "place.h"

#include "repair/plan/plan_files.h"
#include "repair/planning/conflict_differs.h"

#define HEAD                                                                                       \
    "table,source_key,target_key,identity,kind,choices,source,target,decision,differs,derived\r\n"
#define LOST "deleted-or-lost"
#define OFFER "restore;skip"

/* Reads of SOURCE for runs: how many rows one gives at most, and how many all gave. */
static struct {
    uint64_t most, given, reads;
    mr_row_fn *fn;
    void *ctx;
    size_t calm;      /* questions until Ctrl-C; 0: nobody presses it */
    size_t fail_file; /* 1: when it is opened, 2: when it is closed */
} look;

static enum mr_code count_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    (void)ctx;
    look.given++;
    return look.fn(look.ctx, values, err);
}

enum mr_code __real_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    assert_true(limit > 0);
    look.reads++;
    look.fn = fn;
    look.ctx = ctx;
    return __real_mr_reader_scan(reader, spec, range, look.most > 0 ? look.most : limit, count_row,
                                 NULL, err);
}

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return look.calm > 0 && --look.calm == 0;
}

enum mr_code __real_mr_plan_writer_open(struct mr_plan_writer *writer, const char *name,
                                        struct mr_plan_file_out **out, struct mr_err *err);
enum mr_code __wrap_mr_plan_writer_open(struct mr_plan_writer *writer, const char *name,
                                        struct mr_plan_file_out **out, struct mr_err *err);
enum mr_code __wrap_mr_plan_writer_open(struct mr_plan_writer *writer, const char *name,
                                        struct mr_plan_file_out **out, struct mr_err *err)
{
    return look.fail_file == 1 ? mr_err_set(err, MR_E_IO, "the disk is full")
                               : __real_mr_plan_writer_open(writer, name, out, err);
}

enum mr_code __real_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err);
enum mr_code __wrap_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err);
enum mr_code __wrap_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err)
{
    const enum mr_code code = __real_mr_plan_file_close(out, err);
    return look.fail_file == 2 ? mr_err_set(err, MR_E_IO, "the disk is full") : code;
}

/* Writes the file, into w->text. */
static enum mr_code write_file(struct world *w, struct mr_err *err)
{
    struct mr_plan_writer *writer = NULL;
    world_require(mr_plan_writer_begin("out", &writer, NULL));
    const struct mr_plan_files_task task = {
        .tables = &w->plan, .store = w->m.store, .fd = w->fd, .writer = writer};
    const enum mr_code code = mr_plan_files_conflicts(&task, err);
    mr_strbuf_reset(&w->text);
    if (code == MR_OK)
        world_require(
            mr_io_read_part(mr_plan_writer_path(writer, "conflicts.csv"), 1 << 20, &w->text, NULL));
    mr_plan_writer_free(writer);
    return code;
}

static void expect_file(struct world *w, const char *lines)
{
    world_run(w, write_file(w, &w->err));
    if (strncmp(w->text.ptr, HEAD, sizeof HEAD - 1) != 0 ||
        strcmp(w->text.ptr + sizeof HEAD - 1, lines) != 0)
        fail_msg("expected %s\ngot %s", lines, w->text.ptr);
}

/* What was decided about a row. */
static void save(struct world *w, size_t table, const char *source, const char *target,
                 const struct mr_entity *as)
{
    struct mr_entity e = *as;
    e.table = table;
    e.source_key = world_key(w, table, source);
    e.target_key = world_key(w, table, target);
    e.source = world_image(w, table, source);
    e.target = world_image(w, table, target);
    e.decision = MR_DECIDE_CONFLICT;
    world_require(mr_plan_store_save(w->m.store, &e, NULL));
}

static void begin(struct world *w)
{
    memset(&look, 0, sizeof look);
    world_begin(w);
}

/* ---- single rows ---- */

#define PEOPLE "id:int# mail:text!"
#define TAGS "a:text* b:int*"
#define LOG "note:text"

static const struct {
    const char *columns, *source, *target;
    struct mr_entity as;
    const char *line; /* behind "d.t," */
} singles[] = {
    {PEOPLE,
     "1|ann",
     "2|ann",
     {.kind = "unique"},
     "1,2,ann,unique,merge-into;without-value;skip,"
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"ann\"\"}\","
     "\"{\"\"id\"\":\"\"2\"\",\"\"mail\"\":\"\"ann\"\"}\",,,\r\n"},
    {PEOPLE,
     "1|ann",
     "1|bob",
     {.kind = "changed", .choice = "source"},
     "1,1,ann,changed,target;source;newest:COLUMN,"
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"ann\"\"}\","
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"bob\"\"}\",source,mail: ann → bob,\r\n"},
    /* nobody has said so */
    {PEOPLE,
     "1|ann",
     "1|bob",
     {.kind = "changed", .choice = "source", .is_derived = true},
     "1,1,ann,changed,target;source;newest:COLUMN,"
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"ann\"\"}\","
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"bob\"\"}\",source,mail: ann → bob,source\r\n"},
    /* what can be carried out for this row, not what its kind is offered */
    {PEOPLE,
     "1|a,b",
     NULL,
     {.kind = "does-not-fit", .choices = "skip;mail=VALUE"},
     "1,,\"a,b\",does-not-fit,skip;mail=VALUE,"
     "\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"a,b\"\"}\",,,,\r\n"},
    {PEOPLE,
     "1|ann",
     NULL,
     {.kind = "does-not-fit", .choices = ""},
     "1,,ann,does-not-fit,,\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":\"\"ann\"\"}\",,,,\r\n"},
    /* mirror: it is on the live side only; nobody is asked */
    {PEOPLE,
     NULL,
     "7|eve",
     {.kind = "deleted-since"},
     ",7,eve,deleted-since,,,\"{\"\"id\"\":\"\"7\"\",\"\"mail\"\":\"\"eve\"\"}\",,,\r\n"},
    {PEOPLE,
     "1|NULL",
     NULL,
     {.kind = "parent-absent"},
     "1,,,parent-absent,restore;skip,\"{\"\"id\"\":\"\"1\"\",\"\"mail\"\":null}\",,,,\r\n"},
    /* only with a counter are rows of that kind in runs */
    {TAGS,
     "x|3",
     NULL,
     {.kind = LOST},
     "\"x,3\",,\"x,3\"," LOST "," OFFER ",\"{\"\"a\"\":\"\"x\"\",\"\"b\"\":\"\"3\"\"}\",,,,\r\n"},
    {LOG,
     "hi",
     NULL,
     {.kind = LOST},
     ",,," LOST "," OFFER ",\"{\"\"note\"\":\"\"hi\"\"}\",,,,\r\n"},
    {"id:int# note:text",
     "1|hi",
     NULL,
     {.kind = "key-taken"},
     "1,,,key-taken,restore;skip,\"{\"\"id\"\":\"\"1\"\",\"\"note\"\":\"\"hi\"\"}\",,,,\r\n"},
    /* nothing is in conflict */
    {PEOPLE, "1|ann", NULL, {.kind = NULL}, NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(singles); i++) {
        struct world *w = calloc(1, sizeof *w);
        begin(w);
        world_table(w, "t", singles[i].columns);
        world_open(w);
        save(w, 0, singles[i].source, singles[i].target, &singles[i].as);
        struct mr_strbuf line = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&line, "%s%s", singles[i].line != NULL ? "d.t," : "",
                          singles[i].line != NULL ? singles[i].line : "");
        expect_file(w, line.ptr);
        mr_strbuf_release(&line);
        world_free(w);
    }
}

/* Table by table; of each the rows in the order of their decisions, and its runs behind them. */
static void test_order(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    begin(w);
    world_table(w, "b", "id:int#");
    world_table(w, "a", "id:int#");
    world_open(w);
    save(w, 1, "1", NULL, &(struct mr_entity){.kind = "parent-absent"});
    save(w, 0, "1", NULL, &(struct mr_entity){.kind = LOST});
    save(w, 0, "9", NULL, &(struct mr_entity){.kind = "parent-absent"});
    save(w, 0, "8", NULL, &(struct mr_entity){.kind = "duplicate"});
    expect_file(w, "d.b,9,,,parent-absent," OFFER ",\"{\"\"id\"\":\"\"9\"\"}\",,,,\r\n"
                   "d.b,8,,,duplicate," OFFER ",\"{\"\"id\"\":\"\"8\"\"}\",,,,\r\n"
                   "d.b,1,,," LOST "," OFFER ",\"{\"\"id\"\":\"\"1\"\"}\",,,,\r\n"
                   "d.a,1,,,parent-absent," OFFER ",\"{\"\"id\"\":\"\"1\"\"}\",,,,\r\n");
    world_free(w);
}

/* ---- runs ---- */

#define RUN(keys, choice) "d.t," keys ",,," LOST "," OFFER ",,," choice ",,\r\n"
/* One row is none: it stands there with its values. */
#define ROW(key, choice)                                                                           \
    "d.t," key ",,," LOST "," OFFER ",\"{\"\"id\"\":\"\"" key "\"\"}\",," choice ",,\r\n"
/* The choice is derived: a rule's. */
#define DERIVED_RUN(keys, choice) "d.t," keys ",,," LOST "," OFFER ",,," choice ",," choice "\r\n"
#define DERIVED_ROW(key, choice)                                                                   \
    "d.t," key ",,," LOST "," OFFER ",\"{\"\"id\"\":\"\"" key "\"\"}\",," choice ",," choice "\r"  \
    "\n"
#define TOP "9223372036854775808" /* 2^63, beyond what is signed */

/* Rows that SOURCE has, and those that may have been deleted: "3 4:skip 9"; 5:+skip is derived. */
static const struct {
    const char *type, *source, *lost, *lines;
} runs[] = {
    {"int", "3", "3", ROW("3", "")},
    {"int", "2 3 4 5 6", "3 4 5", RUN("3..5", "")},
    /* what SOURCE never had, or no longer has, parts nothing */
    {"int", "3 7 900", "3 7 900", RUN("3..900", "")},
    /* another row would be decided with them */
    {"int", "3 5 7", "3 7", ROW("3", "") ROW("7", "")},
    {"int", "3 4 8 9 10", "3 4 9 10", RUN("3..4", "") RUN("9..10", "")},
    {"int", "1 3 5 6 7 9 11 12", "1 3 6 9 11", RUN("1..3", "") ROW("6", "") RUN("9..11", "")},
    /* it was deleted there since it was planned */
    {"int", "3 8", "3 7 9", ROW("3", "") ROW("7", "") ROW("9", "")},
    {"int", "", "3 4 9", RUN("3..4", "") ROW("9", "")},
    /* what was said about one says nothing about the next */
    {"int", "3 4 5 6", "3 4:skip 5:skip 6:restore",
     ROW("3", "") RUN("4..5", "skip") ROW("6", "restore")},
    /* nor is somebody's word joined with what nobody has said */
    {"int", "3 4 5", "3:skip 4:+skip 5:+skip", ROW("3", "skip") DERIVED_RUN("4..5", "skip")},
    {"int", "3 4", "3:+skip 4:skip", DERIVED_ROW("3", "skip") ROW("4", "skip")},
    {"int", "3 7 9", "3:skip 7:skip 9", RUN("3..7", "skip") ROW("9", "")},
    /* by key, in whatever order they were decided */
    {"int", "2 10 11", "11 2 10", RUN("2..11", "")},
    {"int", "-2 -1 0 1", "-2 -1 0 1", RUN("-2..1", "")},
    {"int", "-9 -7 -5", "-9 -5", ROW("-9", "") ROW("-5", "")},
    {"uint", "3 4 6 7", "3 4 7", RUN("3..4", "") ROW("7", "")},
    {"uint", "9223372036854775807 " TOP, "9223372036854775807 " TOP,
     RUN("9223372036854775807.." TOP, "")},
    {"uint", TOP " 9223372036854775810 9223372036854775817", TOP " 9223372036854775817",
     ROW(TOP, "") ROW("9223372036854775817", "")},
    {"uint", "0 5 18446744073709551615", "0 18446744073709551615",
     ROW("0", "") ROW("18446744073709551615", "")},
    {"uint", "0 18446744073709551615", "0 18446744073709551615",
     RUN("0..18446744073709551615", "")},
};

static void test_runs(void **state)
{
    (void)state;
    /* whether a read gives all rows that follow, or some of them */
    for (size_t i = 0; i < 3 * LEN(runs); i++) {
        struct world *w = calloc(1, sizeof *w);
        char columns[20], *rest = NULL, *end = NULL;
        const size_t at = i / 3;
        begin(w);
        look.most = i % 3;
        (void)snprintf(columns, sizeof columns, "id:%s#", runs[at].type);
        world_table(w, "t", columns);
        world_open(w);
        char *rows = mr_arena_strdup(&w->arena, runs[at].source);
        for (char *row = strtok_r(rows, " ", &rest); row != NULL; row = strtok_r(NULL, " ", &rest))
            world_source(w, 0, row);
        rows = mr_arena_strdup(&w->arena, runs[at].lost);
        for (char *row = strtok_r(rows, " ", &end); row != NULL; row = strtok_r(NULL, " ", &end)) {
            char *choice = strchr(row, ':');
            if (choice != NULL)
                *choice++ = '\0';
            const bool is_derived = choice != NULL && *choice == '+';
            save(w, 0, row, NULL,
                 &(struct mr_entity){
                     .kind = LOST, .choice = choice + is_derived, .is_derived = is_derived});
        }
        expect_file(w, runs[at].lines);
        world_free(w);
    }
}

/* A run asks from its own end on: what SOURCE has between two of them is not read, and nothing
 * beyond its last row. */
static void test_reads(void **state)
{
    static const char *const lost[] = {"1", "3", "1800", "1900", "3000", "3002", "3004"};
    static char names[WORLD_ROWS][8];
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    begin(w);
    world_table(w, "t", "id:int#");
    world_open(w);
    for (size_t i = 0; i < 2000; i++) {
        (void)snprintf(names[i], sizeof names[i], "%zu", i + 1);
        world_source(w, 0, names[i]);
    }
    look.most = 10;
    for (size_t i = 0; i < LEN(lost); i++)
        save(w, 0, lost[i], NULL, &(struct mr_entity){.kind = LOST});
    expect_file(w, ROW("1", "") ROW("3", "") ROW("1800", "") ROW("1900", "") ROW("3000", "")
                       ROW("3002", "") ROW("3004", ""));
    if (look.given > 40 || look.reads > 4)
        fail_msg("%" PRIu64 " rows by %" PRIu64 " reads", look.given, look.reads);
    world_free(w);
}

/* More than are held at a time: each is written once, and a run goes on. */
static void test_many(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_strbuf lines = MR_STRBUF_INIT;
    enum { MANY = 2003 };
    (void)state;
    begin(w);
    world_table(w, "t", "id:int#");
    world_table(w, "u", "id:int*");
    world_open(w);
    mr_strbuf_add_str(&lines, "d.t,1..2003,,," LOST "," OFFER ",,,,,\r\n");
    for (int i = 1; i <= MANY; i++) {
        char id[12];
        (void)snprintf(id, sizeof id, "%d", i);
        save(w, 0, id, NULL, &(struct mr_entity){.kind = LOST});
        save(w, 1, NULL, id, &(struct mr_entity){.kind = "deleted-since"});
        mr_strbuf_add_fmt(&lines, "d.u,,%d,%d,deleted-since,,,\"{\"\"id\"\":\"\"%d\"\"}\",,,\r\n",
                          i, i, i);
    }
    expect_file(w, lines.ptr);
    mr_strbuf_release(&lines);
    world_free(w);
}

/* ---- which columns differ ---- */

#define MEMBERS "id:int# phone:text!"
#define NOTES "id:int# by:int? note:text? skip:text~"
static const struct {
    const char *source, *target;   /* of notes, which refers to members */
    const char *members[MR_SIDES]; /* of member 7, that the run found; NULL: it is the same one */
    const char *differs;
} columns[] = {
    {"1|7|a|x", "1|7|b|y", {NULL, NULL}, "note: a → b"},
    /* another key says who, not what */
    {"1|7|a|x", "2|7|a|x", {NULL, NULL}, ""},
    {"1|7|NULL|x", "1|NULL|NULL|x", {NULL, NULL}, "by: 7 → NULL"},
    /* what could be taken for something else */
    {"1|7|NULL|x", "1|7||x", {NULL, NULL}, "note: NULL → ''"},
    {"1|7|a; b|x", "1|7| a|x", {NULL, NULL}, "note: 'a; b' → ' a'"},
    {"1|7|(a)|x", "1|7|a → b|x", {NULL, NULL}, "note: '(a)' → 'a → b'"},
    {"1|7|N|x", "1|7|it's|x", {NULL, NULL}, "note: N → 'it\\'s'"},
    /* whom an id means */
    {"1|7|a|x", "1|8|a|x", {"7|+43", "7|+49"}, "by: 7 (+43) → 8"},
    {"1|7|a|x", "1|7|a|x", {"7|+43", "7|+49"}, "by: 7 (+43) → 7 (+49)"},
    {"1|7|a|x", "1|7|b|x", {"7|+43", "7|+49"}, "by: 7 (+43) → 7 (+49); note: a → b"},
    {"1|7|a|x", "1|7|a|x", {"7|+43", "7|+43"}, ""},
    {"1|7|a|x", "1|7|b|x", {"7|+43", NULL}, "by: 7 (+43) → 7; note: a → b"},
    {"1|7|a|x", "1|7|a|x", {"7|(+43)", "7|a, b"}, "by: 7 ('(+43)') → 7 (a, b)"},
};

static void test_differs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(columns); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_conflict_differs *differs = NULL;
        begin(w);
        world_table(w, "members", MEMBERS);
        world_table(w, "notes", NOTES);
        world_reference(w, 1, "by", 0, "id");
        world_open_case(w);
        world_run_table(w, 0);
        w->planned[0].found = &w->tables[0].found;
        if (columns[i].members[MR_SOURCE] != NULL)
            world_finding(w, 0, columns[i].members[MR_SOURCE], columns[i].members[MR_TARGET], 1,
                          MR_FIND_DIVERGED);
        world_open_plan(w);
        const struct mr_entity e = {.source = world_image(w, 1, columns[i].source),
                                    .target = world_image(w, 1, columns[i].target)};
        world_require(mr_conflict_differs_open(&w->plan, w->fd, &differs, NULL));
        mr_strbuf_reset(&w->text);
        world_require(mr_conflict_differs_add(differs, &w->planned[1], &e, &w->text, NULL));
        assert_string_equal(w->text.ptr != NULL ? w->text.ptr : "", columns[i].differs);
        mr_conflict_differs_close(differs);
        world_free(w);
    }
}

/* ---- what goes wrong ---- */

static void test_cancelled(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    begin(w);
    world_table(w, "t", "id:int#");
    world_open(w);
    save(w, 0, "3", NULL, &(struct mr_entity){.kind = "key-taken"});
    look.calm = 1;
    assert_int_equal(write_file(w, &w->err), MR_E_CANCELLED);
    world_free(w);
}

/* Bytes that no encoder wrote, in each of a row's fields. */
static void test_corrupt(void **state)
{
    static const struct mr_key bad = {"?", 1};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct world *w = calloc(1, sizeof *w);
        begin(w);
        world_table(w, "t", "id:int# mail:text!");
        world_open(w);
        const struct mr_key key = world_key(w, 0, "1|a"), row = world_image(w, 0, "1|a");
        struct mr_entity e = {.decision = MR_DECIDE_CONFLICT,
                              .kind = i == 4 ? LOST : "changed",
                              .source_key = i == 0 || i == 4 ? bad : key,
                              .target_key = i == 1 ? bad : key,
                              .source = i == 2 ? bad : row,
                              .target = i == 3 ? bad : row};
        world_require(mr_plan_store_save(w->m.store, &e, NULL));
        assert_int_equal(write_file(w, &w->err), MR_E_CASE);
        assert_true(w->err.message[0] != '\0');
        world_free(w);
    }
}

static void build(struct world *w)
{
    begin(w);
    world_table(w, "t", "id:int# mail:text!");
    world_open(w);
    world_source(w, 0, "3|a");
    world_source(w, 0, "9|b");
    save(w, 0, "3|a", NULL, &(struct mr_entity){.kind = LOST});
    save(w, 0, "9|b", NULL, &(struct mr_entity){.kind = LOST});
    save(w, 0, "4|c", "4|d", &(struct mr_entity){.kind = "changed"});
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, write_file);
}

/* The file cannot be begun, or not be ended: it is no list of conflicts. */
static void test_file_fails(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 2; at++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        look.fail_file = at;
        world_refuse(w, write_file(w, &w->err), MR_E_IO, "the disk is full");
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_order, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_runs, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_reads, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_many, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_differs, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_cancelled, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_corrupt, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_failures, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_file_fails, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
