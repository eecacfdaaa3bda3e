/* test_merge_ids.c: the block of new ids of each table that needs some. */
#include "merge_world.h"

#include "core/base/log.h"
#include "repair/plan/planbook.h"
#include "core/schema/sequence.h"
#include "repair/merge/merge_ids.h"
#include "repair/reseed/reseed_read.h"
#include "repair/side/side_column.h"

enum { MEMBERS, ORDERS };

/* What the servers say. */
static struct {
    struct world *w;
    uint64_t next[MR_SIDES], greatest[MR_SIDES], increment, offset, partition_limit;
    struct mr_sequence sequence;
    int dummy;
} says;

enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err);
enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err)
{
    (void)side, (void)pair;
    MR_TRY(world_read(&says.w->readers[MR_TARGET], err));
    memcpy(next, says.next, sizeof says.next);
    memcpy(greatest, says.greatest, sizeof says.greatest);
    return MR_OK;
}

enum mr_code __wrap_mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                              const char *column, uint64_t *limit, bool *unclear,
                                              struct mr_err *err);
enum mr_code __wrap_mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                              const char *column, uint64_t *limit, bool *unclear,
                                              struct mr_err *err)
{
    (void)db, (void)column;
    *unclear = false;
    if (strcmp(table->name, "members") == 0)
        *limit = says.partition_limit;
    return world_read(&says.w->readers[MR_TARGET], err);
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    (void)db;
    mr_strbuf_add_fmt(text, "%" PRIu64,
                      strstr(sql, "offset") != NULL ? says.offset : says.increment);
    return world_read(&says.w->readers[MR_TARGET], err);
}

enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err);
enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err)
{
    (void)db, (void)dbname, (void)name;
    *out = says.sequence;
    return world_read(&says.w->readers[MR_TARGET], err);
}

/* Of the world's rows, whatever connection is asked. */
enum mr_code __wrap_mr_side_greatest_within(const struct mr_side_column *c,
                                            const struct mr_spelling *spelling, uint64_t from,
                                            uint64_t to, uint64_t *greatest, struct mr_err *err);
enum mr_code __wrap_mr_side_greatest_within(const struct mr_side_column *c,
                                            const struct mr_spelling *spelling, uint64_t from,
                                            uint64_t to, uint64_t *greatest, struct mr_err *err)
{
    const struct world_reader *r = (const struct world_reader *)c->reader;
    const struct mr_readcol col = {.name = c->column->name, .cls = c->column->cls};
    const struct mr_readspec spec = {.table = c->table->name, .cols = &col, .ncols = 1};
    const struct world_table *t = world_named(says.w, &spec);
    *greatest = 0;
    for (size_t i = 0; t != NULL && i < t->nrows[r->side]; i++) {
        struct mr_value v = {0};
        world_select(says.w, t, t->rows[r->side][i], &spec, &v);
        const uint64_t n = v.cls == MR_CLASS_TEXT && v.ptr != NULL ? strtoull(v.ptr, NULL, 10)
                           : v.cls == MR_CLASS_UINT                ? v.u
                           : v.cls == MR_CLASS_INT                 ? (uint64_t)v.i
                                                                   : 0;
        if (n >= from && n < to && n > *greatest && (spelling != NULL || v.cls != MR_CLASS_TEXT))
            *greatest = n;
    }
    return world_read(&says.w->readers[MR_TARGET], err);
}

/* members ← orders; the greatest id of either history is 100. */
static void build_of(struct world *w, const char *id)
{
    char columns[48];
    world_begin(w);
    (void)snprintf(columns, sizeof columns, "id:%s# mobile:text!", id);
    world_table(w, "members", columns);
    world_table(w, "orders", "id:uint# member:uint? note:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_open(w);
    w->mains[MR_TARGET].db = (struct mr_db *)(void *)&says.dummy;
    says.w = w;
    says.next[MR_SOURCE] = 90;
    says.next[MR_TARGET] = 101;
    says.greatest[MR_SOURCE] = 100;
    says.greatest[MR_TARGET] = 95;
    says.increment = says.offset = 1;
    says.partition_limit = UINT64_MAX;
    w->options.has_margin = true;
    w->options.margin = 1000;
}

static void build(struct world *w)
{
    build_of(w, "uint");
    world_row(w, 1, MEMBERS, "12|b", NULL, "newid=1");
    world_row(w, 2, MEMBERS, "11|a", NULL, "newid=1");
    world_row(w, 3, MEMBERS, "13|c", NULL, NULL);
    world_row(w, 4, MEMBERS, "14|d", NULL, "newid=1, waits=1");
    world_row(w, 5, MEMBERS, "15|e", NULL, "newid=1");
    world_row(w, 6, MEMBERS, "16|f", "7|f", "newid=1");
    world_sql(w, "INSERT INTO mark (id, skip) VALUES (5, 1)");
}

#define BLOCK "SELECT next, margin, start, step, ids, counter FROM plan_table WHERE tbl='d.members'"

/* Ids go by SOURCE's keys, to whom is written and needs one; the counter goes behind them. */
static void test_block(void **state)
{
    const struct {
        const char *what;
        uint64_t next[MR_SIDES], greatest[MR_SIDES], increment, offset;
        const char *block, *ids; /* of rows 1 and 2 */
    } cases[] = {
        {"above both histories",
         {90, 101},
         {100, 95},
         1,
         1,
         "101 1000 1101 1 2 1103",
         "1102; 1101"},
        {"SOURCE's counter counts",
         {500, 101},
         {100, 95},
         1,
         1,
         "500 1000 1500 1 2 1502",
         "1501; 1500"},
        {"and its greatest key", {0, 101}, {700, 95}, 1, 1, "701 1000 1701 1 2 1703", "1702; 1701"},
        {"on TARGET's next step",
         {90, 101},
         {100, 95},
         10,
         3,
         "101 1000 1103 10 2 1123",
         "1113; 1103"},
        {"an increment of 0 is 1",
         {90, 101},
         {100, 95},
         0,
         0,
         "101 1000 1101 1 2 1103",
         "1102; 1101"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        memcpy(says.next, cases[i].next, sizeof says.next);
        memcpy(says.greatest, cases[i].greatest, sizeof says.greatest);
        says.increment = cases[i].increment;
        says.offset = cases[i].offset;
        world_run(w, mr_merge_ids(&w->m, &w->err));
        if (strcmp(world_ask(w, BLOCK), cases[i].block) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        if (strcmp(world_ask(w, "SELECT value FROM fresh_id ORDER BY id"), cases[i].ids) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

/* Of a table that gets no row nothing is asked, and its bounds are kept all the same. */
static void test_no_rows(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_of(w, "uint");
    w->mains[MR_TARGET].db = NULL;
    w->merged[MEMBERS].bound = (struct mr_merge_bound){.base = INT64_MAX,
                                                       .base_origin = "split-key",
                                                       .has_fresh = true,
                                                       .fresh = INT64_MIN,
                                                       .fresh_origin = "counter"};
    world_run(w, mr_merge_ids(&w->m, &w->err));
    world_expect(w,
                 "SELECT base, base_origin, fresh, fresh_origin, next, counter FROM plan_table"
                 " WHERE tbl='d.members'",
                 "18446744073709551615 split-key 0 counter - -");
    assert_int_equal(w->reads, 0);
    world_row(w, 1, MEMBERS, "11|a", NULL, NULL);
    world_refuse(w, mr_merge_ids(&w->m, &w->err), MR_E_LOST, "connection to the target");
    world_free(w);
}

/* Rows that keep their ids: the counter still goes behind both histories. */
static void test_no_ids(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_of(w, "uint");
    world_row(w, 1, MEMBERS, "11|a", NULL, NULL);
    world_run(w, mr_merge_ids(&w->m, &w->err));
    world_expect(w, BLOCK, "101 1000 1101 1 0 1101");
    world_expect(w, "SELECT count(*) FROM fresh_id", "0");
    world_free(w);
}

/* The table's own margin, else the command's, else a million; a quarter of what is left. */
static void test_margin(void **state)
{
    const struct {
        const char *type;
        bool of_table, of_command;
        const char *margin;
    } cases[] = {{"uint", true, true, "7"},
                 {"uint", false, true, "1000"},
                 {"uint", false, false, "1000000"},
                 {"int", false, false, "1000000"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build_of(w, cases[i].type);
        world_row(w, 1, MEMBERS, "11|a", NULL, "newid=1");
        w->tables[MEMBERS].config.has_margin = cases[i].of_table;
        w->tables[MEMBERS].config.margin = 7;
        w->options.has_margin = cases[i].of_command;
        world_run(w, mr_merge_ids(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT margin FROM plan_table WHERE tbl='d.members'");
        if (strcmp(got, cases[i].margin) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* The block must fit the key, every column that holds its values, and the last partition. */
static void test_limits(void **state)
{
    const struct {
        const char *what, *data_type, *type; /* of orders.member on TARGET */
        uint64_t partition, next;
        const char *words; /* NULL: it fits; else what is said, or advised */
        const char *block;
    } cases[] = {
        {"a SMALLINT refers to it", "smallint", "smallint(5) unsigned", UINT64_MAX, 60000, NULL,
         "60000 1000 61000 1 2 61002"},
        {"a quarter of what is left", "smallint", "smallint(5) unsigned", UINT64_MAX, 65000, NULL,
         "65000 133 65133 1 2 65135"},
        {"two ids do not fit", "smallint", "smallint(5) unsigned", UINT64_MAX, 65534,
         "do not fit column \"member\" of table \"d.orders\", which ends at 65535", NULL},
        {"nor any margin", "smallint", "smallint(5) unsigned", UINT64_MAX, 65534,
         "No margin fits: make the column wider", NULL},
        {"the last partition ends", "bigint", "bigint(20) unsigned", 1000, 999,
         "whose last partition ends at 1000", NULL},
        {"a partition can be added", "bigint", "bigint(20) unsigned", 1000, 999,
         "No margin fits: add a partition", NULL},
        {"the end of all ids", "bigint", "bigint(20) unsigned", UINT64_MAX, UINT64_MAX - 1,
         "do not fit column", NULL},
        {"just before it", "bigint", "bigint(20) unsigned", UINT64_MAX, UINT64_MAX - 3, NULL,
         "18446744073709551612 0 18446744073709551612 1 2 18446744073709551614"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->tables[ORDERS].columns[MR_TARGET][1].data_type = cases[i].data_type;
        w->tables[ORDERS].columns[MR_TARGET][1].type = cases[i].type;
        says.partition_limit = cases[i].partition;
        says.next[MR_TARGET] = cases[i].next;
        const enum mr_code code = mr_merge_ids(&w->m, &w->err);
        if (cases[i].words != NULL
                ? code != MR_E_REFUSED || (strstr(w->err.message, cases[i].words) == NULL &&
                                           strstr(w->err.hint, cases[i].words) == NULL)
                : code != MR_OK || strcmp(world_ask(w, BLOCK), cases[i].block) != 0)
            fail_msg("%s: %d: %s (%s) %s", cases[i].what, (int)code, w->err.message, w->err.hint,
                     code == MR_OK ? w->text.ptr : "");
        world_free(w);
    }
}

/* Nothing gets a new id: the counter may go behind the last partition. */
static void test_pass_partitions(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_of(w, "uint");
    says.partition_limit = 50;
    world_row(w, 1, MEMBERS, "11|a", NULL, NULL);
    world_run(w, mr_merge_ids(&w->m, &w->err));
    world_expect(w, BLOCK, "101 1000 1101 1 0 1101");
    world_free(w);
}

/* A row that refers to an id that nobody holds would be that of whoever gets it. */
static void test_references(void **state)
{
    const struct {
        enum mr_side side;
        size_t table;
        const char *row, *start;
    } cases[] = {
        {MR_TARGET, ORDERS, "1|1101|x", "1102"},    {MR_SOURCE, ORDERS, "1|1102|x", "1103"},
        {MR_TARGET, ORDERS, "1|1103|x", "1101"}, /* behind the block */
        {MR_TARGET, ORDERS, "1|1100|x", "1101"},    {MR_SOURCE, MEMBERS, "1102|z", "1103"},
        {MR_TARGET, ORDERS, "1|NULL|1101", "1101"}, /* a text that is none */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_has(w, cases[i].side, cases[i].table, cases[i].row);
        world_run(w, mr_merge_ids(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT start FROM plan_table WHERE tbl='d.members'");
        if (strcmp(got, cases[i].start) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* A run of them: the block is moved behind all. */
static void test_many_references(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char rows[300][24];
    (void)state;
    build(w);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(rows[i], sizeof rows[i], "%d|%d|x", i + 1, 1101 + i);
        world_target(w, ORDERS, rows[i]);
    }
    world_run(w, mr_merge_ids(&w->m, &w->err));
    world_expect(w, BLOCK, "101 1000 1401 1 2 1403");
    assert_true(w->reads < 100);
    world_free(w);
}

/* Ids that the case has reserved, once TARGET's counter stands beyond them. */
static void test_reserved(void **state)
{
    const struct {
        uint64_t live_next;
        const char *target, *held; /* TARGET's row in the block */
        uint64_t to;
        const char *block;
    } cases[] = {
        {6000, "t", NULL, 6000, "6000 0 5000 1 2 6000"},
        {5999, "t", NULL, 6000, "5999 1000 6999 1 2 7001"}, /* not reseeded yet */
        {6000, "t", "5000|z", 6000, "6000 0 5001 1 2 6000"},
        {6000, "t", "5998|z", 6000, "6000 1000 7000 1 2 7002"}, /* too small now */
        {6000, "u", NULL, 6000, "6000 1000 7000 1 2 7002"},     /* of another target */
        {6000, NULL, NULL, 6000, "6000 1000 7000 1 2 7002"},
        {6000, "t", NULL, 5001, "6000 1000 7000 1 2 7002"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_plan_block block = {.table = "d.members",
                                            .target_table = "live.members",
                                            .column = "id",
                                            .from = 5000,
                                            .to = cases[i].to,
                                            .reseed_to = 6000};
        struct mr_plan_record record = {.uuid = "u",
                                        .policy = "reseed",
                                        .created = "c",
                                        .dir = "d",
                                        .source = "s",
                                        .target = "t"};
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_sql(w, "COMMIT");
        world_run(w, mr_planbook_add(w->fd, &record, &block, 1, &w->err));
        world_sql(w, "BEGIN");
        w->m.target = cases[i].target;
        says.next[MR_TARGET] = cases[i].live_next;
        if (cases[i].held != NULL)
            world_target(w, MEMBERS, cases[i].held);
        world_run(w, mr_merge_ids(&w->m, &w->err));
        const char *got = world_ask(w, BLOCK);
        if (strcmp(got, cases[i].block) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Two tables that one sequence feeds: no two ids are the same, and it stands above all. */
static void test_sequence(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 7, ORDERS, "11|NULL|x", NULL, "newid=1");
    for (size_t i = MEMBERS; i <= ORDERS; i++) {
        w->planned[i].sequence_db = "live";
        w->planned[i].sequence = "numbers";
    }
    says.sequence = (struct mr_sequence){.next = 201, .start = 1, .increment = 2};
    world_run(w, mr_merge_ids(&w->m, &w->err));
    world_expect(w, "SELECT tbl, start, step, ids, counter FROM plan_table ORDER BY tbl",
                 "d.members 1201 2 2 1207; d.orders 1205 2 1 1207");
    world_expect(w, "SELECT value FROM fresh_id ORDER BY id", "1203; 1201; 1205");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_target(w, ORDERS, "1|1101|x");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_ids(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),      cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_no_ids),     cmocka_unit_test(test_margin),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_pass_partitions),
        cmocka_unit_test(test_references), cmocka_unit_test(test_many_references),
        cmocka_unit_test(test_reserved),   cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_failures),
    };
    mr_log_set_level(MR_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
