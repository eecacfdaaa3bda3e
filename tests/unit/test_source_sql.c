/* test_source_sql.c: the exact texts with which a live server is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/source/source_sql.h"

static const struct mr_readcol cols[] = {
    {.name = "name", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = "latin1"},
    {.name = "id", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
    {.name = "kind", .expr = MR_EXPR_NUMBER, .cls = MR_CLASS_UINT, .numbers = 3},
    {.name = "o`d", .expr = MR_EXPR_UTF8, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
};
static const size_t by_id[] = {1};
static const size_t by_id_name[] = {1, 0};
static const size_t by_kind[] = {2};

/* Specs by name, for the tables below. */
enum which { KEYLESS, ID, ID_NAME, KIND, ID_WHERE, KEYLESS_WHERE };

static struct mr_readspec spec_of(enum which which)
{
    struct mr_readspec spec = {.db = "club", .table = "mem`bers", .cols = cols, .ncols = 4};
    switch (which) {
    case KEYLESS: break;
    case ID_WHERE: spec.where = "id < 9 -- recent"; /* fall through */
    case ID:
        spec.key = by_id;
        spec.nkey = 1;
        spec.index = "PRIMARY";
        break;
    case ID_NAME:
        spec.key = by_id_name;
        spec.nkey = 2;
        spec.index = "u`1";
        break;
    case KIND:
        spec.key = by_kind;
        spec.nkey = 1;
        break;
    case KEYLESS_WHERE: spec.where = "a OR b"; break;
    }
    return spec;
}

static void add_int(struct mr_strbuf *key, int64_t i)
{
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = i};
    assert_int_equal(mr_row_encode(key, &value, NULL), MR_OK);
}

static void add_text(struct mr_strbuf *key, const char *text)
{
    const struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
    assert_int_equal(mr_row_encode(key, &value, NULL), MR_OK);
}

/* Keys for the spec: an integer, or an integer and a text. */
static struct mr_key key_for(enum which which, struct mr_strbuf *buf, int64_t i)
{
    if (i < 0)
        return (struct mr_key){NULL, 0};
    add_int(buf, i);
    if (which == ID_NAME)
        add_text(buf, "e");
    return (struct mr_key){buf->ptr, buf->len};
}

static void expect(const struct mr_strbuf *sql, const char *text)
{
    assert_false(sql->failed);
    assert_string_equal(sql->ptr, text);
}

#define ALL "SELECT `name`, `id`, CAST(`kind` AS UNSIGNED), CONVERT(`o``d` USING utf8mb4)"
#define FROM " FROM `club`.`mem``bers`"

static const struct scan_case {
    enum which which;
    int64_t lo, hi; /* -1: open */
    uint64_t limit;
    const char *sql;
} scan_cases[] = {
    {KEYLESS, -1, -1, 0, ALL FROM},
    {KEYLESS_WHERE, -1, -1, 5, ALL FROM " WHERE (a OR b\n) LIMIT 5"},
    {ID, -1, -1, 0, ALL FROM " FORCE INDEX (`PRIMARY`) ORDER BY `id`"},
    {ID, 5, 7, 100,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 5 AND `id` <= 7) ORDER BY `id` "
              "LIMIT 100"},
    {ID, 2154, 2160, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 2154 AND `id` <= 2160) ORDER BY "
              "`id`"},
    {ID, 2155, 2156, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` BETWEEN 2156 AND 2156) ORDER BY "
              "`id`"},
    {ID, 2160, 2160, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 2160 AND `id` <= 2160) ORDER BY "
              "`id`"},
    {ID_WHERE, 5000, INT64_MAX, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` BETWEEN 5001 AND "
              "9223372036854775807) AND (id < 9 -- recent\n) ORDER BY `id`"},
    {ID_WHERE, 5, -1, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 5) AND (id < 9 -- recent\n) "
              "ORDER BY `id`"},
    {ID_WHERE, -1, -1, 0,
     ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (id < 9 -- recent\n) ORDER BY `id`"},
    {ID_NAME, 5, -1, 0,
     ALL FROM " FORCE INDEX (`u``1`) WHERE (`id` >= 5 AND (`id` > 5 OR (`id` = 5 AND "
              "`name` > _latin1 x'65'))) ORDER BY `id`, `name`"},
    {KIND, 1, -1, 0, ALL FROM " WHERE (`kind` IN (2, 3)) ORDER BY `kind`"},
};

static void test_scan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scan_cases / sizeof scan_cases[0]; i++) {
        const struct scan_case *c = &scan_cases[i];
        struct mr_readspec spec = spec_of(c->which);
        struct mr_strbuf sql = MR_STRBUF_INIT, lo = MR_STRBUF_INIT, hi = MR_STRBUF_INIT;
        struct mr_range range = {.lo = key_for(c->which, &lo, c->lo),
                                 .hi = key_for(c->which, &hi, c->hi)};
        mr_source_sql_scan(&sql, &spec, range, c->limit);
        expect(&sql, c->sql);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&lo);
        mr_strbuf_release(&hi);
    }
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        enum which which;
        const char *fetch, *sorted;
    } cases[] = {
        {ID, ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` IN (3, 4))",
         "SELECT `id`" FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` IN (3, 4)) ORDER BY `id`"},
        {ID_WHERE,
         ALL FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` IN (3, 4)) AND (id < 9 -- recent\n)",
         "SELECT `id`" FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` IN (3, 4)) ORDER BY `id`"},
        {ID_NAME,
         ALL FROM " FORCE INDEX (`u``1`) WHERE ((`id` = 3 AND `name` = _latin1 x'65') OR "
                  "(`id` = 4 AND `name` = _latin1 x'65'))",
         "SELECT `id`, `name`" FROM " FORCE INDEX (`u``1`) WHERE ((`id` = 3 AND `name` = "
         "_latin1 x'65') OR (`id` = 4 AND `name` = _latin1 x'65')) ORDER BY `id`, "
         "`name`"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_readspec spec = spec_of(cases[i].which);
        struct mr_strbuf sql = MR_STRBUF_INIT, a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        const struct mr_key keys[] = {key_for(cases[i].which, &a, 3),
                                      key_for(cases[i].which, &b, 4)};
        mr_source_sql_fetch(&sql, &spec, keys, 2);
        expect(&sql, cases[i].fetch);
        mr_strbuf_reset(&sql);
        mr_source_sql_sorted(&sql, &spec, (struct mr_range){.hi = {NULL, 0}}, keys, 2);
        expect(&sql, cases[i].sorted);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

static void test_edges(void **state)
{
    (void)state;
    struct mr_strbuf sql = MR_STRBUF_INIT, at = MR_STRBUF_INIT;
    struct mr_readspec spec = spec_of(ID_NAME);
    struct mr_range range = {.lo = {NULL, 0}, .hi = {NULL, 0}};
    spec.where = "never asked for an edge";
    mr_source_sql_edge(&sql, &spec, 2, range, false);
    expect(&sql, "SELECT `id`, `name`" FROM " FORCE INDEX (`u``1`) ORDER BY `id`, `name` LIMIT 1");
    mr_strbuf_reset(&sql);
    mr_source_sql_edge(&sql, &spec, 2, range, true);
    expect(&sql, "SELECT `id`, `name`" FROM
                 " FORCE INDEX (`u``1`) ORDER BY `id` DESC, `name` DESC LIMIT 1");
    mr_strbuf_reset(&sql);
    add_int(&at, 50); /* of the leading part only */
    range.hi = (struct mr_key){at.ptr, at.len};
    mr_source_sql_edge(&sql, &spec, 1, range, true);
    expect(&sql, "SELECT `id`, `name`" FROM " FORCE INDEX (`u``1`) WHERE (`id` <= 50) "
                 "ORDER BY `id` DESC, `name` DESC LIMIT 1");
    mr_strbuf_reset(&sql);
    range = (struct mr_range){.lo = range.hi, .hi = {NULL, 0}};
    spec = spec_of(ID_WHERE);
    mr_source_sql_nth(&sql, &spec, range, 1000);
    expect(&sql, "SELECT `id`" FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 50) AND (id < "
                 "9 -- recent\n) ORDER BY `id` LIMIT 999, 1");
    mr_strbuf_reset(&sql);
    mr_source_sql_nth_last(&sql, &spec, 100); /* whatever the condition: it may match nowhere */
    expect(&sql, "SELECT `id`" FROM " FORCE INDEX (`PRIMARY`) ORDER BY `id` DESC LIMIT 100, 1");
    mr_strbuf_release(&sql);
    mr_strbuf_release(&at);
}

#define SUMS                                                                                       \
    "COUNT(*), COUNT(h), SUM(CAST(CONV(LEFT(h, 16), 16, 10) AS UNSIGNED)), "                       \
    "SUM(CAST(CONV(SUBSTRING(h, 17, 16), 16, 10) AS UNSIGNED)) "
#define HEAD "SELECT " SUMS "FROM (SELECT LEFT(SHA2(CONCAT("
#define TAIL "), 256), 32) AS h FROM `d`.`t` LIMIT 18446744073709551615) AS d"

static const struct digest_case {
    enum mr_class cls;
    enum mr_expr expr;
    bool not_null;
    const char *sql;
} digest_cases[] = {
    {MR_CLASS_INT, MR_EXPR_COLUMN, false,
     "CAST('i:' AS BINARY), IF(`c` IS NULL, 'N', `c` + 0), ','"},
    {MR_CLASS_INT, MR_EXPR_COLUMN, true, "CAST('i:' AS BINARY), `c` + 0, ','"},
    {MR_CLASS_UINT, MR_EXPR_INDEX_ZERO, false,
     "CAST('i:' AS BINARY), IF(((`c` + 0) = 0) IS NULL, 'N', ((`c` + 0) = 0) + 0), ','"},
    {MR_CLASS_FLOAT, MR_EXPR_COLUMN, false,
     "CAST('f:' AS BINARY), IF(`c` IS NULL, 'N', `c` + 0e0), ','"},
    {MR_CLASS_DOUBLE, MR_EXPR_COLUMN, true, "CAST('f:' AS BINARY), `c` + 0e0, ','"},
    {MR_CLASS_DECIMAL, MR_EXPR_COLUMN, false,
     "CAST('d:' AS BINARY), IF(`c` IS NULL, 'N', `c`), ','"},
    {MR_CLASS_TEXT, MR_EXPR_TEXT, false,
     "CAST('t:' AS BINARY), IF(CONVERT(CAST(`c` AS CHAR) USING utf8mb4) IS NULL, 'N', "
     "CONCAT(OCTET_LENGTH(CONVERT(CAST(`c` AS CHAR) USING utf8mb4)), CAST(':' AS BINARY), "
     "CONVERT(CAST(`c` AS CHAR) USING utf8mb4)))"},
    {MR_CLASS_TEXT, MR_EXPR_COLUMN, true,
     "CAST('t:' AS BINARY), OCTET_LENGTH(`c`), CAST(':' AS BINARY), `c`"},
    {MR_CLASS_ENUM, MR_EXPR_COLUMN, false,
     "CAST('t:' AS BINARY), IF(`c` IS NULL, 'N', CONCAT(OCTET_LENGTH(`c`), CAST(':' AS BINARY), "
     "`c`))"},
    {MR_CLASS_JSON, MR_EXPR_COLUMN, false,
     "CAST('j:' AS BINARY), IF(`c` IS NULL, 'N', CONCAT(OCTET_LENGTH(NULLIF(CAST(`c` AS BINARY), "
     "'')), CAST(':' AS BINARY), NULLIF(CAST(`c` AS BINARY), '')))"},
    {MR_CLASS_BINARY, MR_EXPR_BINARY, false,
     "CAST('b:' AS BINARY), IF(CAST(`c` AS BINARY) IS NULL, 'N', CONCAT(OCTET_LENGTH(CAST(`c` AS "
     "BINARY)), "
     "CAST(':' AS BINARY), CAST(`c` AS BINARY)))"},
    {MR_CLASS_GEOMETRY, MR_EXPR_COLUMN, true,
     "CAST('g:' AS BINARY), OCTET_LENGTH(`c`), CAST(':' AS BINARY), `c`"},
    {MR_CLASS_DATE, MR_EXPR_COLUMN, false, "CAST('D:' AS BINARY), IF(`c` IS NULL, 'N', `c`), ','"},
    {MR_CLASS_DATETIME, MR_EXPR_COLUMN, true, "CAST('M:' AS BINARY), `c`, ','"},
    {MR_CLASS_TIME, MR_EXPR_COLUMN, false, "CAST('H:' AS BINARY), IF(`c` IS NULL, 'N', `c`), ','"},
};

static void test_digest(void **state)
{
    (void)state;
    const struct mr_range all = {.lo = {NULL, 0}, .hi = {NULL, 0}};
    for (size_t i = 0; i < sizeof digest_cases / sizeof digest_cases[0]; i++) {
        const struct digest_case *c = &digest_cases[i];
        const struct mr_readcol col = {
            .name = "c", .expr = c->expr, .cls = c->cls, .not_null = c->not_null};
        const struct mr_readspec spec = {.db = "d", .table = "t", .cols = &col, .ncols = 1};
        struct mr_strbuf sql = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&want, "%s%s%s", HEAD, c->sql, TAIL);
        mr_source_sql_digest(&sql, &spec, all);
        expect(&sql, want.ptr);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&want);
    }
}

static void test_digest_of_range(void **state)
{
    (void)state;
    struct mr_strbuf sql = MR_STRBUF_INIT, lo = MR_STRBUF_INIT;
    struct mr_readspec spec = spec_of(ID_WHERE);
    spec.ncols = 2;
    mr_source_sql_digest(&sql, &spec,
                         (struct mr_range){.lo = key_for(ID, &lo, 8), .hi = {NULL, 0}});
    expect(
        &sql, HEAD
        "CAST('ti:' AS BINARY), IF(`name` IS NULL, 'N', CONCAT(OCTET_LENGTH(`name`), "
        "CAST(':' AS BINARY), `name`)), IF(`id` IS NULL, 'N', `id` + 0), ','), 256), 32) AS h" FROM
        " FORCE INDEX (`PRIMARY`) WHERE (`id` > 8) AND (id < 9 -- recent\n) "
        "LIMIT 18446744073709551615) AS d");
    mr_strbuf_release(&sql);
    mr_strbuf_release(&lo);
}

/* By halves: a row is in one part, whatever the cuts. */
static void test_parts(void **state)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, bytes[5];
    struct mr_key cuts[3];
    struct mr_readspec spec = spec_of(ID);
    (void)state;
    spec.ncols = 2;
    for (size_t i = 0; i < 5; i++)
        mr_strbuf_init(&bytes[i]);
    const struct mr_range range = {key_for(ID, &bytes[0], 8), key_for(ID, &bytes[1], 99)};
    for (size_t i = 0; i < 3; i++)
        cuts[i] = key_for(ID, &bytes[2 + i], 20 * (int)i + 20);
    mr_source_sql_digest_parts(&sql, &spec, range, cuts, 3);
    expect(&sql, "SELECT part, " SUMS "FROM (SELECT IF((`id` <= 40), IF((`id` <= 20), 0, 1), "
                 "IF((`id` <= 60), 2, 3)) AS part, LEFT(SHA2(CONCAT(CAST('ti:' AS BINARY), "
                 "IF(`name` IS NULL, 'N', CONCAT(OCTET_LENGTH(`name`), CAST(':' AS BINARY), "
                 "`name`)), IF(`id` IS NULL, 'N', `id` + 0), ','), 256), 32) AS h" FROM
                 " FORCE INDEX (`PRIMARY`) WHERE (`id` > 8 AND `id` <= 99) "
                 "LIMIT 18446744073709551615) AS d GROUP BY part");
    mr_strbuf_reset(&sql);
    mr_source_sql_every(&sql, &spec, range, 5, 2);
    expect(&sql, "(SELECT `id`" FROM " FORCE INDEX (`PRIMARY`) WHERE (`id` > 8 AND `id` <= 99) "
                 "ORDER BY `id` LIMIT 4, 1) UNION ALL (SELECT `id`" FROM
                 " FORCE INDEX (`PRIMARY`) WHERE (`id` > 8 AND `id` <= 99) ORDER BY `id` "
                 "LIMIT 9, 1)");
    mr_strbuf_release(&sql);
    for (size_t i = 0; i < 5; i++)
        mr_strbuf_release(&bytes[i]);
}

/* What cannot be said is never sent. */
/* A condition that a row is asked about, whatever it ends in; NULL is no yes. */
static void test_condition(void **state)
{
    static const struct mr_readcol columns[] = {
        {.name = "id", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
        {.name = "kind = 'member' OR a -- people",
         .expr = MR_EXPR_CONDITION,
         .cls = MR_CLASS_UINT}};
    struct mr_readspec spec = {
        .db = "club", .table = "log", .cols = columns, .ncols = 2, .key = by_kind, .where = "x"};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    static const size_t first[] = {0};
    (void)state;
    mr_source_sql_scan(&sql, &spec, (struct mr_range){{NULL, 0}, {NULL, 0}}, 0);
    expect(&sql, "SELECT `id`, ((kind = 'member' OR a -- people\n) IS TRUE) FROM "
                 "`club`.`log` WHERE (x\n)");
    mr_strbuf_reset(&sql);
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    add_int(&bytes, 5);
    struct mr_key key = {bytes.ptr, bytes.len};
    spec.key = first;
    spec.nkey = 1;
    spec.where = NULL;
    mr_source_sql_fetch(&sql, &spec, &key, 1);
    expect(&sql, "SELECT `id`, ((kind = 'member' OR a -- people\n) IS TRUE) FROM "
                 "`club`.`log` WHERE (`id` IN (5))");
    mr_strbuf_release(&bytes);
    mr_strbuf_release(&sql);
}

static void test_failures(void **state)
{
    (void)state;
    static const size_t many[MR_KEY_PARTS_MAX + 1];
    const struct mr_range all = {.lo = {NULL, 0}, .hi = {NULL, 0}};
    const struct mr_range broken = {.lo = {"nonsense", 8}, .hi = {NULL, 0}};
    struct mr_strbuf sql = MR_STRBUF_INIT, key = MR_STRBUF_INIT;
    struct mr_readspec spec = spec_of(ID);
    mr_source_sql_scan(&sql, &spec, broken, 0);
    assert_true(sql.failed);

    mr_strbuf_reset(&sql);
    spec.key = many;
    spec.nkey = MR_KEY_PARTS_MAX + 1;
    mr_source_sql_scan(&sql, &spec, (struct mr_range){.lo = key_for(ID, &key, 1), .hi = {NULL, 0}},
                       0);
    assert_true(sql.failed);

    static const struct mr_readcol wrong[] = {
        {.name = "c", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_UNDECIDED},
        {.name = "c", .expr = (enum mr_expr)0, .cls = MR_CLASS_INT},
    };
    for (size_t i = 0; i < 2; i++) {
        const struct mr_readspec bad = {.db = "d", .table = "t", .cols = &wrong[i], .ncols = 1};
        mr_strbuf_reset(&sql);
        mr_source_sql_digest(&sql, &bad, all);
        assert_true(sql.failed);
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),      cmocka_unit_test(test_keys),
        cmocka_unit_test(test_edges),     cmocka_unit_test(test_digest),
        cmocka_unit_test(test_parts),     cmocka_unit_test(test_digest_of_range),
        cmocka_unit_test(test_condition), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
