/* test_schema_slices.c: however many tables there are, and whatever they are called, each falls
 * into one slice, and no slice holds more than are kept open (schema_slices.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "core/schema/schema_internal.h"

#define SLICE 600
#define KEPT_OPEN 1800
#define TABLES_MAX 12000

/* What the server has; it compares names without case. */
static struct {
    char db[16], name[32];
    int seen;
} tables[TABLES_MAX];
static uint64_t kept_open = KEPT_OPEN;
static size_t ntables, nslices, largest;
static bool in_slice;          /* fn has set a filter of its own */
static size_t nlists;          /* of names */
static const char *trigger_db; /* of the only trigger, or NULL: there is none */
static bool no_triggers;       /* as every slice was told */

static int compare(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_of(const struct mr_schema_load *load, size_t i)
{
    const char *name = tables[i].name;
    return mr_schema_is_wanted(load, tables[i].db) &&
           (load->from == NULL || strcasecmp(name, load->from) >= 0) &&
           (load->to == NULL || strcasecmp(name, load->to) < 0);
}

static enum mr_code give(struct mr_schema_load *load, mr_schema_row_fn *fn, const char *text,
                         size_t number, struct mr_err *err)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%zu", number);
    const struct mr_cell cells[] = {{text, strlen(text)}, {digits, strlen(digits)}};
    return fn(load, cells, err);
}

static enum mr_code give_counts(struct mr_schema_load *load, mr_schema_row_fn *fn,
                                struct mr_err *err)
{
    for (size_t i = 0, n; i < ntables; i += n) {
        for (n = 1; i + n < ntables && strcmp(tables[i].db, tables[i + n].db) == 0; n++)
            ;
        assert_int_equal(give(load, fn, tables[i].db, n, err), MR_OK);
    }
    return MR_OK;
}

/* All that there is, with its database. */
static enum mr_code give_all(struct mr_schema_load *load, mr_schema_row_fn *fn, struct mr_err *err)
{
    for (size_t i = 0; i < ntables; i++) {
        const struct mr_cell cells[] = {{tables[i].db, strlen(tables[i].db)},
                                        {tables[i].name, strlen(tables[i].name)}};
        assert_int_equal(fn(load, cells, err), MR_OK);
    }
    return MR_OK;
}

static enum mr_code give_names(struct mr_schema_load *load, mr_schema_row_fn *fn,
                               struct mr_err *err)
{
    static const char *names[TABLES_MAX];
    size_t count = 0;
    assert_null(load->from);
    assert_null(load->to);
    for (size_t i = 0; i < ntables; i++)
        if (is_of(load, i))
            names[count++] = tables[i].name;
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(give(load, fn, names[i], 0, err), MR_OK);
    nlists++;
    return MR_OK;
}

enum mr_code __wrap_mr_schema_each(struct mr_schema_load *load, const struct mr_schema_view *view,
                                   mr_schema_row_fn *fn, struct mr_err *err);
enum mr_code __wrap_mr_schema_each(struct mr_schema_load *load, const struct mr_schema_view *view,
                                   mr_schema_row_fn *fn, struct mr_err *err)
{
    if (strcmp(view->name, "TRIGGERS") == 0)
        return trigger_db != NULL ? give(load, fn, trigger_db, 0, err) : MR_OK;
    assert_string_equal(view->name, "TABLES");
    if (strstr(view->condition, "GROUP BY") != NULL)
        return give_counts(load, fn, err);
    if (strstr(view->condition, "BINARY TABLE_NAME") != NULL)
        return give_all(load, fn, err);
    assert_string_equal(view->condition, " ORDER BY TABLE_NAME");
    return give_names(load, fn, err);
}

static enum mr_code read_part(struct mr_schema_load *load, struct mr_err *err)
{
    (void)err;
    size_t count = 0;
    no_triggers = nslices == 0 ? load->no_triggers : no_triggers && load->no_triggers;
    for (size_t i = 0; i < ntables; i++) {
        if (!is_of(load, i))
            continue;
        struct mr_table *table = mr_vec_push(&load->tables);
        assert_non_null(table);
        table->db = tables[i].db;
        table->name = tables[i].name;
        tables[i].seen++;
        count++;
    }
    in_slice = in_slice || load->from != NULL || load->to != NULL || load->ndbs > 0;
    nslices++;
    largest = count > largest ? count : largest;
    return MR_OK;
}

static void make_one(const char *db, const char *name)
{
    assert_true(ntables < TABLES_MAX);
    (void)snprintf(tables[ntables].db, sizeof tables->db, "%s", db);
    (void)snprintf(tables[ntables++].name, sizeof tables->name, "%s", name);
}

static void make(const char *db, char letter, size_t count)
{
    char name[32];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%c%zu", letter, i);
        make_one(db, name);
    }
}

/* Reads all of `only` (NULL: of every database). */
static void read_all(enum mr_flavour flavour, unsigned version, const char *only)
{
    struct mr_server server = {.flavour = flavour, .version = version, .open_tables = kept_open};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    static const struct mr_catalogue_opts opts = {0};
    struct mr_schema_load load = {.server = &server,
                                  .opts = &opts,
                                  .arena = &arena,
                                  .dbs = &only,
                                  .ndbs = only != NULL,
                                  .tables = MR_VEC_INIT(struct mr_table)};
    mr_intern_init(&load.texts, &arena);
    nslices = largest = nlists = 0;
    in_slice = false;
    for (size_t i = 0; i < ntables; i++)
        tables[i].seen = 0;
    assert_int_equal(mr_schema_each_slice(&load, read_part, &err), MR_OK);
    size_t wanted = 0;
    for (size_t i = 0; i < ntables; i++) {
        const bool is_wanted = only == NULL || strcmp(tables[i].db, only) == 0;
        assert_int_equal(tables[i].seen, is_wanted ? 1 : 0);
        wanted += is_wanted;
    }
    assert_int_equal(load.tables.count, wanted);
    assert_ptr_equal(load.dbs, &only);
    assert_null(load.from);
    assert_null(load.to);
    mr_vec_release(&load.tables);
    mr_vec_release(&load.items);
    mr_intern_release(&load.step_texts);
    mr_arena_release(&load.step);
    mr_intern_release(&load.texts);
    mr_arena_release(&arena);
}

static void test_few_are_read_at_once(void **state)
{
    (void)state;
    ntables = 0;
    make("a", 't', SLICE - 1);
    make("b", 't', 1);
    read_all(MR_FLAVOUR_MARIADB, 101119, NULL);
    assert_int_equal(nslices, 1);
    assert_false(in_slice);
}

static void test_a_large_database_in_ranges(void **state)
{
    (void)state;
    static const size_t counts[] = {601, 1199, 1200, 1201, 10000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ntables = 0;
        make("a", 't', counts[i]);
        read_all(MR_FLAVOUR_MARIADB, 101119, "a");
        assert_true(largest <= SLICE);
        assert_int_equal(nslices, (counts[i] + SLICE - 1) / SLICE);
        assert_int_equal(nlists, 1); /* each takes as long as all names do */
    }
}

/* Slices are not asked for what no table has; few tables are asked at once as they are. */
static void test_triggers(void **state)
{
    static const struct {
        size_t count;
        const char *db;
        bool none;
    } cases[] = {{5000, NULL, true}, {5000, "a", false}, {5000, "b", true}, {5, NULL, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ntables = 0;
        make("a", 't', cases[i].count);
        trigger_db = cases[i].db;
        read_all(MR_FLAVOUR_MARIADB, 101119, "a");
        assert_int_equal(no_triggers, cases[i].none);
    }
    trigger_db = NULL;
}

/* Databases that are small together, between large ones; two that differ in case alone. */
static void test_many_databases(void **state)
{
    (void)state;
    char db[16];
    ntables = 0;
    make("big", 't', 2500);
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(db, sizeof db, "d%u", i);
        make(db, 't', 1 + i % 13);
    }
    make("Big", 't', 1500);
    make("last", 't', 3);
    read_all(MR_FLAVOUR_MARIADB, 101119, NULL);
    assert_true(largest <= SLICE);
    assert_true(nslices <= 15);
    read_all(MR_FLAVOUR_MARIADB, 101119, "Big");
    read_all(MR_FLAVOUR_MYSQL, 50651, NULL);
    assert_true(largest <= SLICE);
}

/* So many that are one name for the server fill no range that begins with itself. */
static void test_names_that_are_one(void **state)
{
    (void)state;
    ntables = 0;
    make("a", 'a', 500);
    for (unsigned i = 0; i < 2048; i++) {
        char name[32];
        for (unsigned bit = 0; bit < 11; bit++)
            name[bit] = (char)(i >> bit & 1 ? 'N' : 'n');
        name[11] = '\0';
        make_one("a", name);
    }
    make("a", 'z', 1200);
    read_all(MR_FLAVOUR_MARIADB, 101119, "a");
}

/* MySQL has a dictionary, and opens nothing. */
static void test_servers_that_open_none(void **state)
{
    (void)state;
    ntables = 0;
    make("a", 't', 5000);
    read_all(MR_FLAVOUR_MYSQL, 80036, "a");
    assert_int_equal(nslices, 1);
    read_all(MR_FLAVOUR_MYSQL, 50744, "a");
    assert_int_equal(nslices, 5000 / SLICE + 1);
}

/* A third of what it keeps open, within bounds. */
static void test_as_many_as_are_kept_open(void **state)
{
    (void)state;
    static const struct {
        uint64_t kept_open;
        size_t most;
    } cases[] = {{0, 1000}, {2000, 666}, {400, 133}, {10, 50}, {100000, 1000}};
    ntables = 0;
    make("a", 't', 3001);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kept_open = cases[i].kept_open;
        read_all(MR_FLAVOUR_MARIADB, 101119, "a");
        assert_int_equal(largest, cases[i].most);
    }
    kept_open = KEPT_OPEN;
}

/* Who waits before each slice, and what happens at the last. */
static struct {
    size_t calls, fails_at;
    const char *last; /* first name of the slice before */
    bool makes_table, makes_trigger;
} waiting;
static char last_name[32];

/* What is to be read now has not been read, and all before it has; the last names come first. */
static enum mr_code wait_before(void *ctx, const char *const *dbs, size_t ndbs,
                                const char *const *names, size_t count, struct mr_err *err)
{
    (void)ctx;
    assert_int_equal(waiting.calls, nslices);
    if (++waiting.calls == waiting.fails_at)
        return mr_err_set(err, MR_E_SQL, "no more");
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < ntables &&
               (strcmp(tables[at].name, names[i]) != 0 || strcmp(tables[at].db, dbs[0]) != 0))
            at++;
        assert_int_equal(ndbs, 1);
        assert_true(at < ntables);
        assert_int_equal(tables[at].seen, 0);
    }
    if (count > 0 &&
        waiting.last != NULL) /* there is one database of several slices in each test */
        assert_true(strcasecmp(names[0], waiting.last) < 0);
    if (count > 0)
        (void)snprintf(last_name, sizeof last_name, "%s", names[0]);
    waiting.last = count > 0 ? last_name : NULL;
    if (names != NULL && strcmp(names[0], "t0") == 0) { /* the last slice */
        if (waiting.makes_table)
            make_one("a", "t00");
        if (waiting.makes_trigger)
            trigger_db = "a";
    }
    return MR_OK;
}

static enum mr_code read_waiting(const char *only, struct mr_err *err)
{
    static const struct mr_catalogue_opts opts = {.before = wait_before};
    struct mr_server server = {
        .flavour = MR_FLAVOUR_MARIADB, .version = 101119, .open_tables = kept_open};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_schema_load load = {.server = &server,
                                  .opts = &opts,
                                  .arena = &arena,
                                  .dbs = &only,
                                  .ndbs = only != NULL,
                                  .tables = MR_VEC_INIT(struct mr_table)};
    mr_intern_init(&load.texts, &arena);
    nslices = waiting.calls = 0;
    waiting.last = NULL;
    for (size_t i = 0; i < ntables; i++)
        tables[i].seen = 0;
    enum mr_code code = mr_schema_each_slice(&load, read_part, err);
    if (code == MR_OK)
        assert_int_equal(load.tables.count, ntables);
    mr_vec_release(&load.tables);
    mr_vec_release(&load.items);
    mr_intern_release(&load.step_texts);
    mr_arena_release(&load.step);
    mr_intern_release(&load.texts);
    mr_arena_release(&arena);
    trigger_db = NULL;
    return code;
}

static void test_waits_before_each(void **state)
{
    static const size_t counts[] = {3, 601, 1200, 3001};
    struct mr_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ntables = 0;
        make("a", 't', counts[i]);
        assert_int_equal(read_waiting("a", &err), MR_OK);
        assert_int_equal(waiting.calls, nslices);
        assert_int_equal(nslices, (counts[i] + SLICE - 1) / SLICE);
    }
    make("b", 't', 7);
    make("c", 't', 400);
    assert_int_equal(read_waiting(NULL, &err), MR_OK);
    assert_int_equal(waiting.calls, nslices);
}

/* Slices of different times are no catalogue where something has come between them. */
static void test_what_comes_meanwhile(void **state)
{
    struct mr_err err = {0};
    (void)state;
    ntables = 0;
    make("a", 't', 1300);
    waiting.makes_table = true;
    assert_int_equal(read_waiting("a", &err), MR_E_CHANGED);
    waiting.makes_table = false;
    assert_int_equal(read_waiting("a", &err), MR_OK);
    waiting.makes_trigger = true;
    assert_int_equal(read_waiting("a", &err), MR_E_CHANGED);
    waiting.makes_trigger = false;
    waiting.fails_at = 2;
    assert_int_equal(read_waiting("a", &err), MR_E_SQL);
    assert_int_equal(nslices, 1);
    waiting.fails_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_read_at_once),
        cmocka_unit_test(test_a_large_database_in_ranges),
        cmocka_unit_test(test_many_databases),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_names_that_are_one),
        cmocka_unit_test(test_servers_that_open_none),
        cmocka_unit_test(test_as_many_as_are_kept_open),
        cmocka_unit_test(test_waits_before_each),
        cmocka_unit_test(test_what_comes_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
