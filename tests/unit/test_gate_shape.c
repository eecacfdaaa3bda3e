/* test_gate_shape.c: columns of which what they hold can be compared with what they held. */
#include "no_memory.h"

#include <string.h>

#include "recon/gate/gate_shape.h"

static void test_alike(void **state)
{
    static const struct {
        const char *then, *now;
        bool alike;
    } cases[] = {
        {"column c datetime not null", "column c datetime", true},
        {"column c timestamp not null default current_timestamp()",
         "column c datetime not null default current_timestamp()", false},
        {"column c datetime(6)", "column c datetime", false},
        {"column c int(10) unsigned not null", "column c bigint(20)", true},
        {"column c int(10) unsigned", "column c int unsigned not null auto_increment", true},
        {"column c varchar(20) not null utf8mb4 utf8mb4_bin",
         "column c varchar(50) utf8mb4 utf8mb4_general_ci default 'a'", true},
        {"column c varchar(20) latin1 latin1_bin", "column c varchar(20) utf8mb4 utf8mb4_bin",
         false},
        {"column c decimal(10,2)", "column c decimal(10,4)", false},
        {"column c2 int", "column c2 int", true}, /* neither has it */
        {"column c2 int", "column c int", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_gate_table then = {.shape = &cases[i].then, .nshape = 1};
        const struct mr_gate_table now = {.shape = &cases[i].now, .nshape = 1};
        if (mr_gate_shape_is_alike(&then, &now, "c") != cases[i].alike)
            print_error("%s; %s\n", cases[i].then, cases[i].now);
        assert_int_equal(mr_gate_shape_is_alike(&then, &now, "c"), cases[i].alike);
        assert_int_equal(mr_gate_shape_is_alike(&now, &then, "c"), cases[i].alike);
    }
}

/* An upgrade of the server changes no table: of the versions before and behind one. */
static void test_versions(void **state)
{
    static const struct mr_column before[] = {
        {.name = "id", .type = "int(10) unsigned", .auto_increment = true},
        {.name = "born", .type = "year(4)", .nullable = true},
        {.name = "name",
         .type = "varchar(20)",
         .charset = "utf8",
         .collation = "utf8_general_ci",
         .default_text = "'utf8x'"},
        {.name = "code", .type = "int(5) unsigned zerofill"},
    };
    static const struct mr_column after[] = {
        {.name = "id", .type = "int unsigned", .auto_increment = true},
        {.name = "born", .type = "year", .nullable = true},
        {.name = "name",
         .type = "varchar(20)",
         .charset = "utf8mb3",
         .collation = "utf8mb3_general_ci",
         .default_text = "'utf8x'"},
        {.name = "code", .type = "int(5) unsigned zerofill"},
    };
    struct mr_table table = {.db = "club",
                             .name = "members",
                             .engine = "InnoDB",
                             .collation = "utf8_general_ci",
                             .columns = before,
                             .ncolumns = 4};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_table then = {0}, now = {0};
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_gate_shape(&table, &arena, &then, &err), MR_OK);
    table.collation = "utf8mb3_general_ci";
    table.columns = after;
    assert_int_equal(mr_gate_shape(&table, &arena, &now, &err), MR_OK);
    assert_string_equal(then.fingerprint, now.fingerprint);
    assert_string_equal(now.shape[0], "table InnoDB utf8mb3_general_ci");
    assert_string_equal(now.shape[1], "column id int unsigned not null auto_increment");
    assert_string_equal(now.shape[3], "column name varchar(20) not null utf8mb3 utf8mb3_general_ci "
                                      "default 'utf8x'");
    assert_string_equal(now.shape[4], "column code int(5) unsigned zerofill not null");
    mr_arena_release(&arena);
}

/* A baseline of an older program has them as its server wrote them. */
static void test_renew(void **state)
{
    static const char *const old[] = {
        "table InnoDB utf8_general_ci", "column id int(11) not null auto_increment",
        "column utf8 enum('hint(1)','a utf8') not null utf8 utf8_bin",
        "column yes tinyint(1) not null", "index PRIMARY unique BTREE (point(10))"};
    static const char *const wanted[] = {
        "table InnoDB utf8mb3_general_ci", "column id int not null auto_increment",
        "column utf8 enum('hint(1)','a utf8') not null utf8mb3 utf8mb3_bin",
        "column yes tinyint(1) not null", "index PRIMARY unique BTREE (point(10))"};
    struct mr_gate_table read = {.shape = old, .nshape = 5, .fingerprint = "f1"};
    struct mr_gate_table same = {.shape = wanted, .nshape = 5, .fingerprint = "f1"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_gate_shape_renew(&read, &arena, &err), MR_OK);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(read.shape[i], wanted[i]);
    assert_int_equal(strlen(read.fingerprint), 32);
    assert_int_equal(mr_gate_shape_renew(&same, &arena, &err), MR_OK);
    assert_ptr_equal(same.shape, wanted);
    assert_string_equal(same.fingerprint, "f1");
    mr_arena_release(&arena);
}

/* The first line is the longest: whoever forgets that it was cut short loses that. */
static enum mr_code renew(void *ctx, struct mr_err *err)
{
    static char longest[4000] = "column c int(11) comment '";
    static const char *const old[] = {longest, "column id int(11) not null auto_increment"};
    struct mr_gate_table read = {.shape = old, .nshape = 2, .fingerprint = "f1"};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)ctx;
    memset(longest + 26, 'x', sizeof longest - 28);
    longest[sizeof longest - 2] = '\'';
    enum mr_code code = mr_gate_shape_renew(&read, &arena, err);
    mr_arena_release(&arena);
    return code;
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_true(no_memory_each(renew, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike), cmocka_unit_test(test_versions), cmocka_unit_test(test_renew),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
