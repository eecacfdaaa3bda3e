/* test_rehearse_program: what a server program says of itself, and which one is fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "snapshot/rehearse/rehearse_program.h"

static void reads_what_it_says(void **state)
{
    static const struct {
        const char *says;
        unsigned version; /* 0: it is none */
        enum mr_flavour flavour;
        bool fit;
    } cases[] = {
        {"/usr/sbin/mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64",
         101119, MR_FLAVOUR_MARIADB, true},
        {"/usr/sbin/mysqld  Ver 10.3.39-MariaDB for Linux", 100339, MR_FLAVOUR_MARIADB, false},
        {"mysqld  Ver 10.4.0-MariaDB for Linux", 100400, MR_FLAVOUR_MARIADB, true},
        {"/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n", 90704, MR_FLAVOUR_MYSQL,
         true},
        {"/usr/sbin/mysqld  Ver 8.0.36-28 for Linux on x86_64 (Percona Server (GPL))", 80036,
         MR_FLAVOUR_MYSQL, true},
        {"mysqld  Ver 5.6.24 for linux2.6 on x86_64", 50624, MR_FLAVOUR_MYSQL, false},
        {"mysqld  Ver 5.7.0 for Linux", 50700, MR_FLAVOUR_MYSQL, true},
        {"mysql  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)", 0, 0, false},
        {"mariadb  Ver 15.1 Distrib 10.11.19-MariaDB, for debian-linux-gnu", 0, 0, false},
        {"mysqld  Ver 9.7 for Linux", 0, 0, false},
        {"mysqld  Ver nine", 0, 0, false},
        {"mysqld  Ver 9.7.4000", 0, 0, false},
        {"", 0, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_program program = {0};
        assert_int_equal(mr_program_parse(cases[i].says, &arena, &program), cases[i].version != 0);
        if (cases[i].version != 0) {
            assert_int_equal(program.version, cases[i].version);
            assert_int_equal(program.flavour, cases[i].flavour);
            assert_int_equal(mr_program_unfit(&program) == NULL, cases[i].fit);
        }
        mr_arena_release(&arena);
    }
}

static void numbers_versions(void **state)
{
    (void)state;
    assert_int_equal(mr_program_number("10.11.19-MariaDB-log"), 101119);
    assert_int_equal(mr_program_number("9.7.4"), 90704);
    assert_int_equal(mr_program_number("-1.2.3"), 0);
    assert_int_equal(mr_program_number("5.7."), 0);
    assert_int_equal(mr_program_number(""), 0);
}

/* A directory of PATH that is not absolute is whoever's we stand in. */
static void looks_in_path(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    assert_int_equal(setenv("PATH", ":.:bin:/nowhere:/bin", 1), 0);
    assert_string_equal(mr_program_in_path("sh", &arena), "/bin/sh");
    assert_null(mr_program_in_path("no-such-program", &arena));
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_says),
        cmocka_unit_test(numbers_versions),
        cmocka_unit_test(looks_in_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
