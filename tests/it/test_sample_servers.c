/* test_sample_servers.c: samples of a real server's index: what they see, what they cost. */
#include "it.h"

#include "recon/check/suspect_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define ROWS 20000

/* Parents are 1 … ROWS in `parent`, as integer, text and bytes, and as a great multiple. */
struct sample_case {
    const char *name;
    const char *columns;     /* of the child, with its index */
    const char *value;       /* of column v of row i, 1 … ROWS */
    const char *parent;      /* column of the parent */
    uint64_t sampled, found; /* sampled 0: look at found - sampled only */
    bool contained;
};

static const struct sample_case cases[] = {
    {"all", "v INT, KEY (v)", "i", "a", 2800, 2800, true},
    {"NULL in front", "v INT, KEY (v)", "IF(i % 2, NULL, i)", "a", 2800, 2800, true},
    {"only NULL", "v INT, KEY (v)", "NULL", "a", 0, 0, true},
    {"one value", "v INT, KEY (v)", "7", "a", 2000, 2000, true},
    {"descending", "v INT, w INT, KEY (v DESC, w)", "i", "a", 2800, 2800, true},
    {"first of two parts", "v INT, w INT, KEY (v, w)", "i % 5 + 1", "a", 2000, 2000, true},
    {"lowest", "v INT, KEY (v)", "IF(i = 1, -1, i)", "a", 2800, 2799, false},
    {"least of all", "v BIGINT, KEY (v)", "IF(i = 1, -9223372036854775808, i)", "b", 0, 0, false},
    {"highest", "v BIGINT, KEY (v)", "IF(i = 9, 9223372036854775807, i)", "b", 0, 0, false},
    {"middle", "v INT, KEY (v)", "IF(i BETWEEN 8000 AND 12000, i + 100000, i)", "a", 0, 0, false},
    {"beyond 2^63", "v BIGINT UNSIGNED, KEY (v)", "CAST(i AS UNSIGNED) * 900000000000000", "e",
     2800, 2800, true},
    {"middle beyond 2^63", "v BIGINT UNSIGNED, KEY (v)",
     "CAST(i AS UNSIGNED) * 900000000000000 + (i BETWEEN 14000 AND 17000)", "e", 0, 0, false},
    {"text", "v VARCHAR(20), KEY (v)", "CONCAT('k', i)", "c", 2000, 2000, true},
    {"text of another case", "v VARCHAR(20), KEY (v)", "CONCAT('K', i)", "c", 2000, 2000, true},
    {"text, an orphan", "v VARCHAR(20), KEY (v)", "IF(i = 3, 'z', CONCAT('k', i))", "c", 2000, 1999,
     false},
    {"bytes", "v BINARY(4), KEY (v)", "UNHEX(LPAD(HEX(i), 8, '0'))", "d", 2000, 2000, true},
};

static void fill_digits(struct mr_db *db)
{
    it_exec_str(db, "CREATE TABLE digit (d INT)");
    it_exec_str(db, "INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
    it_exec_str(db, "CREATE TABLE number (i INT PRIMARY KEY)");
    it_exec_str(db, "INSERT INTO number SELECT p.d + 10 * q.d + 100 * r.d + 1000 * s.d +"
                    " 10000 * t.d + 1 FROM digit p, digit q, digit r, digit s, digit t"
                    " WHERE t.d < 2");
    it_exec_str(db, "CREATE TABLE parent (a INT PRIMARY KEY, b BIGINT NOT NULL,"
                    " c VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL, d BINARY(4) NOT "
                    "NULL, e BIGINT UNSIGNED NOT NULL, pad VARCHAR(20), UNIQUE (e), "
                    "UNIQUE (b), UNIQUE (c), UNIQUE (d))");
    it_exec_str(db, "INSERT INTO parent SELECT i, i, CONCAT('k', i),"
                    " UNHEX(LPAD(HEX(i), 8, '0')), CAST(i AS UNSIGNED) * "
                    "900000000000000, 'x' FROM number");
}

/* Entries that this session has read. */
static uint64_t reads_of(struct mr_db *db)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    uint64_t sum = 0;
    mr_strbuf_add_str(&sql, "SHOW SESSION STATUS LIKE 'Handler_read%'");
    struct mr_result *res = it_query(db, &sql);
    const struct mr_cell *row;
    while ((row = mr_result_next(res)) != NULL)
        if (strstr(row[0].ptr, "rnd") == NULL) /* of the derived table itself */
            sum += strtoull(row[1].ptr, NULL, 10);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return sum;
}

static struct mr_suspect_column column_of(const struct mr_catalogue *cat, const char *table,
                                          const char *column)
{
    struct mr_suspect_column c = {.table = mr_catalogue_table(cat, it_db_name(), table)};
    assert_non_null(c.table);
    c.column = mr_table_column(c.table, column);
    assert_non_null(c.column);
    for (size_t i = 0; c.index == NULL && i < c.table->nindexes; i++)
        if (strcmp(c.table->indexes[i].parts[0].column, column) == 0)
            c.index = &c.table->indexes[i];
    assert_non_null(c.index);
    return c;
}

static void check_case(struct mr_db *db, const struct sample_case *c)
{
    struct mr_err err = {0};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_catalogue *cat = NULL;
    const char *name = it_db_name();
    uint64_t sampled = 99, found = 99;
    mr_strbuf_add_fmt(&sql,
                      "CREATE TABLE child (id INT PRIMARY KEY, %s) DEFAULT CHARSET utf8mb4"
                      " COLLATE utf8mb4_general_ci",
                      c->columns);
    it_exec(db, &sql);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_fmt(&sql, "INSERT INTO child (id, v) SELECT i, %s FROM number", c->value);
    it_exec(db, &sql);
    it_ok(mr_catalogue_load(db, &name, 1, &cat, &err), &err, "loading a catalogue");
    struct mr_suspect_column child = column_of(cat, "child", "v");
    struct mr_suspect_column parent = column_of(cat, "parent", c->parent);
    uint64_t before = reads_of(db);
    it_ok(mr_suspect_sample(db, &child, &parent, &sampled, &found, &err), &err, c->name);
    uint64_t reads = reads_of(db) - before;
    if ((c->contained ? sampled != found : sampled == found) ||
        (c->sampled > 0 && (sampled != c->sampled || found != c->found)) ||
        sampled > MR_SUSPECT_SAMPLE_MAX || reads > 2 * MR_SUSPECT_SAMPLE_MAX + 50)
        fail_msg("%s: sampled %ju, found %ju, %ju reads", c->name, (uintmax_t)sampled,
                 (uintmax_t)found, (uintmax_t)reads);
    mr_catalogue_free(cat);
    mr_strbuf_release(&sql);
    it_exec_str(db, "DROP TABLE child");
}

static void test_samples(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t s = 0; s < IT_SERVERS; s++) {
        fill_digits(it_db[s]);
        for (size_t i = 0; i < LEN(cases); i++)
            check_case(it_db[s], &cases[i]);
    }
}

static void test_errors(void **state)
{
    (void)state;
    it_need_servers();
    const struct mr_column column = {.name = "v", .data_type = "varchar", .cls = MR_CLASS_TEXT};
    const struct mr_table table = {.db = "no such", .name = "t"};
    const struct mr_index index = {.name = "v"};
    const struct mr_suspect_column nowhere = {&table, &column, &index};
    uint64_t sampled = 1, found = 1;
    struct mr_err err = {0};
    for (size_t s = 0; s < IT_SERVERS; s++) {
        assert_int_equal(mr_suspect_sample(it_db[s], &nowhere, &nowhere, &sampled, &found, &err),
                         MR_E_NO_SUCH);
        assert_int_equal(sampled + found, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, it_open, it_close);
}
