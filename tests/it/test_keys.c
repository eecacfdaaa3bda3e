/*
 * test_keys.c: literals and key conditions, as the servers understand them.
 *
 * A literal finds exactly the rows that hold its value; ranges of every kind of key are
 * range accesses on the key's index and tile the table; a list of keys finds just them.
 */
#include "it.h"

#include "core/db/sqltext.h"
#include "core/row/row.h"
#include "core/source/keyrange.h"
#include "tests/unit/random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- literals */

struct literal_case {
    const char *type;
    enum mr_class cls;
    const char *charset;
    const char *values; /* of INSERT; all different to the column's comparison */
    bool mariadb_only;
};

static const struct literal_case literal_cases[] = {
    {"BIGINT", MR_CLASS_INT, NULL, "(-9223372036854775808),(-1),(0),(1),(9223372036854775807)",
     false},
    {"BIGINT UNSIGNED", MR_CLASS_UINT, NULL,
     "(0),(9223372036854775807),(9223372036854775808),(18446744073709551614),"
     "(18446744073709551615)",
     false},
    {"TINYINT", MR_CLASS_INT, NULL, "(-128),(-1),(0),(127)", false},
    {"BIT(64)", MR_CLASS_UINT, NULL, "(0),(1),(9223372036854775808),(18446744073709551615)", false},
    {"BIT(1)", MR_CLASS_UINT, NULL, "(0),(1)", false},
    {"YEAR", MR_CLASS_UINT, NULL, "('0000'),(1901),(1970),(2000),(2001),(2155)", false},
    {"FLOAT", MR_CLASS_FLOAT, NULL,
     "(0),(1.1),(1.1000001),(0.3),(-0.3),(16777216),(3.4028234e38),(-3.4028234e38),"
     "(1.1754944e-38),(1.4e-45)",
     false},
    {"DOUBLE", MR_CLASS_DOUBLE, NULL,
     "(0),(0.1),(0.10000000000000002),(-0.1),(5e-324),(1e-323),(2.2250738585072011e-"
     "308),"
     "(2.2250738585072014e-308),(1.7976931348623157e308),(-1.7976931348623157e308),"
     "(9007199254740993),(1e22),(8.41e21),(5.8339553793802237e22)",
     false},
    {"DECIMAL(65,30)", MR_CLASS_DECIMAL, NULL,
     "(0),(1.5),(-1.5),"
     "(99999999999999999999999999999999999.999999999999999999999999999999),"
     "(99999999999999999999999999999999999.999999999999999999999999999998),"
     "(-99999999999999999999999999999999999.999999999999999999999999999999),"
     "(0.000000000000000000000000000001),(-0.000000000000000000000000000001)",
     false},
    {"DATE", MR_CLASS_DATE, NULL,
     "('0000-00-00'),('2024-00-00'),('2024-02-00'),('2024-02-29'),('9999-12-31')", false},
    {"DATETIME(6)", MR_CLASS_DATETIME, NULL,
     "('0000-00-00 00:00:00'),('2024-02-00 01:02:03'),('2024-03-31 02:30:00'),"
     "('2024-03-31 02:30:00.000001'),('9999-12-31 23:59:59.999999')",
     false},
    {"DATETIME", MR_CLASS_DATETIME, NULL,
     "('0000-00-00 00:00:00'),('2024-03-31 02:30:00'),('2024-03-31 02:30:01')", false},
    {"TIMESTAMP(3)", MR_CLASS_DATETIME, NULL,
     "('0000-00-00 00:00:00'),('1970-01-01 00:00:01'),('2024-03-31 02:30:00.001'),"
     "('2038-01-19 03:14:07.999')",
     false},
    {"TIME(6)", MR_CLASS_TIME, NULL,
     "('-838:59:59'),('-25:00:00'),('-00:00:00.000001'),('00:00:00'),('24:00:00'),"
     "('838:59:59'),('00:00:00.000001')",
     false},
    {"TIME", MR_CLASS_TIME, NULL, "('-838:59:59'),('-00:00:01'),('00:00:00'),('838:59:59')", false},
    {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", MR_CLASS_TEXT, "utf8mb4",
     "(''),('a'),('A'),('\\0'),('a\\0'),('it''s'),('\\\\'),('%'),('😀'),('😁'),('é'),(_"
     "utf8mb4 x'65cc81'),('NULL'),('\\n')",
     false},
    {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", MR_CLASS_TEXT, "utf8mb4",
     "(''),('a'),('b'),('日本'),('ß '),('_b')", false},
    {"CHAR(20) CHARACTER SET latin1", MR_CLASS_TEXT, "latin1", "(''),('a'),('é'),('ÿ'),('€'),('_')",
     false},
    {"VARCHAR(20) CHARACTER SET cp932 COLLATE cp932_bin", MR_CLASS_TEXT, "cp932",
     "(_cp932 x'81ca'),(_cp932 x'eef9'),(_cp932 x'815c'),(_cp932 x'5c'),(_cp932 "
     "x'8740')",
     false},
    {"VARCHAR(20) CHARACTER SET sjis COLLATE sjis_bin", MR_CLASS_TEXT, "sjis",
     "(_sjis x'815c'),(_sjis x'5c'),(_sjis x'835c27')", false},
    {"VARCHAR(20) CHARACTER SET gbk COLLATE gbk_bin", MR_CLASS_TEXT, "gbk",
     "(_gbk x'bf5c'),(_gbk x'5c27'),(_gbk x'd6d0')", false},
    {"VARCHAR(20) CHARACTER SET big5 COLLATE big5_bin", MR_CLASS_TEXT, "big5",
     "(_big5 x'a45c'),(_big5 x'a4a4'),(_big5 x'5c')", false},
    {"VARCHAR(20) CHARACTER SET utf16 COLLATE utf16_bin", MR_CLASS_TEXT, "utf16",
     "(''),('a'),('日'),('😀')", false},
    {"VARCHAR(20) CHARACTER SET ucs2 COLLATE ucs2_bin", MR_CLASS_TEXT, "ucs2",
     "(''),('a'),('日'),('\\0')", false},
    {"VARCHAR(20) CHARACTER SET utf32 COLLATE utf32_bin", MR_CLASS_TEXT, "utf32", "('a'),('😀')",
     false},
    {"VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", MR_CLASS_TEXT, "utf8mb3",
     "('a'),('日'),(' a')", false},
    {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", MR_CLASS_TEXT, "utf8mb4",
     "('a'),('a '),('a  '),(''),(' ')", true},
    {"TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", MR_CLASS_TEXT, "utf8mb4", "(''),('a'),('b')",
     false},
    {"VARBINARY(20)", MR_CLASS_BINARY, NULL,
     "(''),(x'00'),(x'0000'),(x'20'),('a'),('A'),(x'ff5c27')", false},
    {"BINARY(4)", MR_CLASS_BINARY, NULL, "(''),(x'01'),(x'ffffffff'),('a')", false},
    {"BLOB", MR_CLASS_BINARY, NULL, "(''),(x'00'),('a'),('a ')", false},
    {"ENUM('a','b','')", MR_CLASS_ENUM, "utf8mb4", "('a'),('b'),('')", false},
    {"ENUM('a','b','')", MR_CLASS_UINT, NULL, "(1),(2),(3),(0)", false},
    {"SET('a','b','c')", MR_CLASS_ENUM, "utf8mb4", "(''),('a'),('a,b'),('a,b,c')", false},
    {"SET('a','b','c')", MR_CLASS_UINT, NULL, "(0),(1),(3),(7)", false},
};

/* ids of the rows that equal the literal: "3 " */
static void ids_of(struct mr_db *db, const struct mr_value *value, const char *charset,
                   struct mr_strbuf *ids)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT id FROM literals WHERE c = ");
    mr_sql_value(&sql, value, charset);
    struct mr_result *result = it_query(db, &sql);
    mr_strbuf_reset(ids);
    while ((cells = mr_result_next(result)) != NULL)
        mr_strbuf_add_fmt(ids, "%s ", cells[0].ptr);
    mr_result_free(result);
    mr_strbuf_release(&sql);
}

/* Keeps every row (an encoding holds what a value points to), for use after the stream.
 */
static void read_literals(struct mr_db *db, const struct literal_case *c, struct mr_strbuf *rows)
{
    const enum mr_class classes[] = {MR_CLASS_INT, c->cls};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const struct mr_value *values;
    bool number = c->cls == MR_CLASS_UINT && c->type[1] == (c->type[0] == 'E' ? 'N' : 'E');
    mr_strbuf_add_fmt(&sql, "SELECT id, c%s FROM literals ORDER BY id", number ? "+0" : "");
    struct mr_stream *stream = it_stream(db, &sql, classes, LEN(classes));
    while ((values = it_next(stream)) != NULL)
        for (size_t i = 0; i < LEN(classes); i++)
            assert_int_equal(mr_row_encode(rows, &values[i], NULL), MR_OK);
    mr_strbuf_release(&sql);
}

static void check_literals(struct mr_db *db, const struct literal_case *c)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, rows = MR_STRBUF_INIT, ids = MR_STRBUF_INIT;
    size_t pos = 0;
    it_exec_str(db, "DROP TABLE IF EXISTS literals");
    mr_strbuf_add_fmt(&sql,
                      "CREATE TABLE literals(id INT AUTO_INCREMENT PRIMARY KEY, c %s"
                      "%s)",
                      c->type, strncmp(c->type, "TIMESTAMP", 9) == 0 ? " NULL" : "");
    it_exec(db, &sql);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_fmt(&sql, "INSERT INTO literals(c) VALUES %s", c->values);
    it_exec(db, &sql);
    read_literals(db, c, &rows);
    assert_true(rows.len > 0);
    it_exec_str(db, "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'");
    while (pos < rows.len) {
        struct mr_value id, value;
        char expected[32];
        assert_int_equal(mr_row_decode(rows.ptr, rows.len, &pos, &id, NULL), MR_OK);
        assert_int_equal(mr_row_decode(rows.ptr, rows.len, &pos, &value, NULL), MR_OK);
        (void)snprintf(expected, sizeof expected, "%lld ", (long long)id.i);
        ids_of(db, &value, c->charset, &ids);
        if (strcmp(ids.ptr, expected) != 0)
            fail_msg("%s: the literal of row %sfinds rows \"%s\"", c->type, expected, ids.ptr);
    }
    it_exec_str(db, "SET sql_mode = ''");
    mr_strbuf_release(&ids);
    mr_strbuf_release(&rows);
    mr_strbuf_release(&sql);
}

static void test_literals(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t server = 0; server < IT_SERVERS; server++)
        for (size_t i = 0; i < LEN(literal_cases); i++)
            if (!literal_cases[i].mariadb_only || !it_is_mysql(it_db[server]))
                check_literals(it_db[server], &literal_cases[i]);
}

/* ---- keys */

enum { MAX_PARTS = 3, ROWS = 1200 };

/* How a key part is declared, read, and filled. */
struct part_kind {
    const char *type;
    enum mr_class cls;
    const char *charset;
    uint64_t numbers;
    const char *value; /* SQL for one random value */
};

#define RANDOM(n) "CAST(FLOOR(RAND(%u)*" n ") AS SIGNED)"
#define LETTERS "ELT(1+FLOOR(RAND(%u)*12),'a','A','ä','b','B ','_b','','日','😀','z','ß','a\\0')"

static const struct part_kind
    part_int = {"INT", MR_CLASS_INT, NULL, 0, RANDOM("40") "-20"},
    part_wide = {"BIGINT UNSIGNED", MR_CLASS_UINT, NULL, 0, "18446744073709551615-" RANDOM("2000")},
    part_few = {"TINYINT", MR_CLASS_INT, NULL, 0, RANDOM("5") "-2"},
    part_text = {"VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", MR_CLASS_TEXT,
                 "utf8mb4", 0, LETTERS},
    part_bin_text = {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", MR_CLASS_TEXT,
                     "utf8mb4", 0, "LEFT(SHA2(RAND(%u),256),20)"},
    part_char = {"CHAR(10) CHARACTER SET latin1", MR_CLASS_TEXT, "latin1", 0,
                 "ELT(1+FLOOR(RAND(%u)*6),'a','A','é','','z','_')"},
    part_cp932 = {"VARCHAR(10) CHARACTER SET cp932 COLLATE cp932_bin", MR_CLASS_TEXT, "cp932", 0,
                  "ELT(1+FLOOR(RAND(%u)*4),_cp932 x'81ca',_cp932 x'eef9',_cp932 x'815c',"
                  "_cp932 x'5c')"},
    part_utf16 = {"VARCHAR(10) CHARACTER SET utf16", MR_CLASS_TEXT, "utf16", 0, LETTERS},
    part_bytes = {"VARBINARY(10)", MR_CLASS_BINARY, NULL, 0, "LEFT(UNHEX(SHA2(RAND(%u),256)),2)"},
    part_datetime = {"DATETIME(3)", MR_CLASS_DATETIME, NULL, 0,
                     "ELT(1+FLOOR(RAND(%u)*5),'0000-00-00','2024-02-00','2024-04-08 "
                     "17:30','2024-04-08 17:30:00.001','9999-12-31 23:59:59.999')"},
    part_date = {"DATE", MR_CLASS_DATE, NULL, 0,
                 "IF(FLOOR(RAND(%u)*9)=0,'0000-00-00','2024-01-01'+INTERVAL " RANDOM(
                     "300") " DAY)"},
    part_time = {"TIME(2)", MR_CLASS_TIME, NULL, 0, "SEC_TO_TIME(" RANDOM("200") "*10-1000)"},
    part_decimal = {"DECIMAL(30,10)", MR_CLASS_DECIMAL, NULL, 0, "RAND(%u)*3-1"},
    part_double = {"DOUBLE", MR_CLASS_DOUBLE, NULL, 0, "RAND(%u)*3-1"},
    part_float = {"FLOAT", MR_CLASS_FLOAT, NULL, 0, "RAND(%u)*3-1"},
    part_bit = {"BIT(64)", MR_CLASS_UINT, NULL, 0, "18446744073709551615-" RANDOM("90")},
    part_year = {"YEAR", MR_CLASS_UINT, NULL, 0, "IF(FLOOR(RAND(%u)*9)=0,0,1950+" RANDOM("90") ")"},
    part_enum = {"ENUM('z','y','','x','w','b')", MR_CLASS_UINT, NULL, 6, RANDOM("7")},
    part_set = {"SET('z','y','x')", MR_CLASS_UINT, NULL, 7, RANDOM("8")};

struct key_case {
    size_t nparts;
    const struct part_kind *parts[MAX_PARTS];
};

static const struct key_case key_cases[] = {
    {1, {&part_wide}},
    {1, {&part_bin_text}},
    {1, {&part_double}},
    {1, {&part_float}},
    {1, {&part_decimal}},
    {1, {&part_bytes}},
    {2, {&part_int, &part_wide}},
    {2, {&part_text, &part_int}},
    {2, {&part_few, &part_text}},
    {2, {&part_cp932, &part_int}},
    {2, {&part_utf16, &part_int}},
    {2, {&part_char, &part_bytes}},
    {2, {&part_enum, &part_int}},
    {2, {&part_int, &part_enum}},
    {2, {&part_set, &part_decimal}},
    {2, {&part_date, &part_time}},
    {2, {&part_bit, &part_year}},
    {3, {&part_few, &part_text, &part_datetime}},
    {3, {&part_enum, &part_datetime, &part_int}},
    {3, {&part_year, &part_enum, &part_bytes}},
    {3, {&part_few, &part_few, &part_int}},
    {3, {&part_time, &part_float, &part_text}},
};

/* One server's table of one case, and all its keys in the server's order. */
struct table {
    struct mr_db *db;
    const struct key_case *c;
    struct mr_key_part parts[MAX_PARTS];
    struct mr_strbuf bytes; /* the encoded keys, one behind the other */
    struct mr_key keys[ROWS];
    size_t nkeys;
};

static const char *const part_names[MAX_PARTS] = {"p 0", "p`1", "p2"};

static void fill(struct mr_db *db, const struct key_case *c)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    it_exec_str(db, "DROP TABLE IF EXISTS keyed");
    mr_strbuf_add_str(&sql, "CREATE TABLE keyed(pad CHAR(100) DEFAULT 'p'");
    for (size_t i = 0; i < c->nparts; i++) {
        mr_strbuf_add_str(&sql, ", ");
        mr_sql_ident(&sql, part_names[i]);
        mr_strbuf_add_fmt(&sql, " %s NOT NULL", c->parts[i]->type);
    }
    mr_strbuf_add_str(&sql, ", UNIQUE KEY `k``ey`(");
    for (size_t i = 0; i < c->nparts; i++) {
        mr_strbuf_add_str(&sql, i > 0 ? ", " : "");
        mr_sql_ident(&sql, part_names[i]);
    }
    mr_strbuf_add_str(&sql, ")) ENGINE=InnoDB");
    it_exec(db, &sql);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_str(&sql, "INSERT IGNORE INTO keyed(");
    for (size_t i = 0; i < c->nparts; i++) {
        mr_strbuf_add_str(&sql, i > 0 ? ", " : "");
        mr_sql_ident(&sql, part_names[i]);
    }
    mr_strbuf_add_str(&sql, ") WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 "
                            "FROM n WHERE i < 900) SELECT ");
    for (size_t i = 0; i < c->nparts; i++) {
        const char *value = c->parts[i]->value;
        mr_strbuf_add_str(&sql, i > 0 ? ", " : "");
        for (const char *seed; (seed = strstr(value, "%u")) != NULL; value = seed + 2) {
            mr_strbuf_add(&sql, value, (size_t)(seed - value));
            mr_strbuf_add_fmt(&sql, "%u", (unsigned)random_below(1000000));
        }
        mr_strbuf_add_str(&sql, value);
    }
    mr_strbuf_add_str(&sql, " FROM n");
    it_exec(db, &sql);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_str(&sql, "ANALYZE TABLE keyed");
    mr_result_free(it_query(db, &sql));
    mr_strbuf_release(&sql);
}

/* SELECT <key> FROM keyed FORCE INDEX … [WHERE …] ORDER BY <key> */
static void select_keys(struct mr_strbuf *sql, const struct key_case *c, const char *condition)
{
    mr_strbuf_add_str(sql, "SELECT ");
    for (size_t i = 0; i < c->nparts; i++) {
        mr_strbuf_add_str(sql, i > 0 ? ", " : "");
        mr_sql_ident(sql, part_names[i]);
        mr_strbuf_add_str(sql, c->parts[i]->numbers > 0 ? "+0" : "");
    }
    mr_strbuf_add_str(sql, ", pad FROM keyed FORCE INDEX (`k``ey`) ");
    if (*condition != '\0')
        mr_strbuf_add_fmt(sql, "WHERE %s ", condition);
    mr_strbuf_add_str(sql, "ORDER BY ");
    for (size_t i = 0; i < c->nparts; i++) {
        mr_strbuf_add_str(sql, i > 0 ? ", " : "");
        mr_sql_ident(sql, part_names[i]);
    }
}

/* Appends the encoded keys that the condition selects; returns their number. */
static size_t read_keys(struct mr_db *db, const struct key_case *c, const char *condition,
                        struct mr_strbuf *bytes, size_t ends[ROWS])
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_class classes[MAX_PARTS + 1];
    const struct mr_value *values;
    size_t count = 0;
    for (size_t i = 0; i < c->nparts; i++)
        classes[i] = c->parts[i]->cls;
    classes[c->nparts] = MR_CLASS_TEXT;
    select_keys(&sql, c, condition);
    struct mr_stream *stream = it_stream(db, &sql, classes, c->nparts + 1);
    while ((values = it_next(stream)) != NULL) {
        assert_true(count < ROWS);
        for (size_t i = 0; i < c->nparts; i++)
            assert_int_equal(mr_row_encode(bytes, &values[i], NULL), MR_OK);
        if (ends != NULL)
            ends[count] = bytes->len;
        count++;
    }
    mr_strbuf_release(&sql);
    return count;
}

static void load_table(struct table *t, struct mr_db *db, const struct key_case *c)
{
    size_t ends[ROWS];
    *t = (struct table){.db = db, .c = c, .bytes = MR_STRBUF_INIT};
    fill(db, c);
    for (size_t i = 0; i < c->nparts; i++)
        t->parts[i] = (struct mr_key_part){part_names[i], c->parts[i]->cls, c->parts[i]->charset,
                                           c->parts[i]->numbers};
    t->nkeys = read_keys(db, c, "", &t->bytes, ends);
    assert_true(t->nkeys > 30);
    for (size_t i = 0; i < t->nkeys; i++) {
        size_t start = i > 0 ? ends[i - 1] : 0;
        t->keys[i] = (struct mr_key){t->bytes.ptr + start, ends[i] - start};
    }
}

/* The plan must be one access to the key's index by ranges. */
static void assert_range_access(const struct table *t, const char *condition)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, it_is_mysql(t->db) ? "EXPLAIN FORMAT=TRADITIONAL " : "EXPLAIN ");
    select_keys(&sql, t->c, condition);
    struct mr_result *result = it_query(t->db, &sql);
    const struct mr_cell *cells = mr_result_next(result);
    const char *type = "", *key = "", *extra = "";
    assert_non_null(cells);
    for (size_t i = 0; i < mr_result_columns(result); i++) {
        const char *name = mr_result_column_name(result, i);
        const char *text = cells[i].ptr != NULL ? cells[i].ptr : "";
        if (strcmp(name, "type") == 0)
            type = text;
        else if (strcmp(name, "key") == 0)
            key = text;
        else if (strcmp(name, "Extra") == 0)
            extra = text;
    }
    bool by_range =
        strcmp(type, "range") == 0 || strcmp(type, "ref") == 0 || strcmp(type, "const") == 0;
    bool proven =
        strstr(extra, "mpossible WHERE") != NULL || strstr(extra, "no matching row") != NULL;
    if (!proven && (!by_range || strcmp(key, "k`ey") != 0 || strstr(extra, "filesort")))
        fail_msg("access \"%s\", key \"%s\", \"%s\": %s", type, key, extra, sql.ptr);
    mr_result_free(result);
    mr_strbuf_release(&sql);
}

/* Index entries that the session has stepped over. */
static uint64_t entries_read(struct mr_db *db)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SHOW SESSION STATUS LIKE 'Handler_read_next'");
    struct mr_result *result = it_query(db, &sql);
    const struct mr_cell *cells = mr_result_next(result);
    assert_non_null(cells);
    uint64_t count = strtoull(cells[1].ptr, NULL, 10);
    mr_result_free(result);
    mr_strbuf_release(&sql);
    return count;
}

/* How many more entries than rows a range may cost.  MySQL looks for a number that an
 * ENUM or SET cannot hold among the rows of number 0. */
static uint64_t entries_allowed(const struct table *t)
{
    for (size_t i = 0; i < t->c->nparts; i++)
        if (t->parts[i].numbers > 0)
            return t->nkeys / 4;
    return 2;
}

static int compare_places(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return (left > right) - (left < right);
}

/* The ranges between some keys of the table, one after the other, are the table. */
static void check_tiles(const struct table *t)
{
    enum { CUTS = 4 };
    struct mr_strbuf rows = MR_STRBUF_INIT, condition = MR_STRBUF_INIT;
    size_t cuts[CUTS], read = 0;
    for (size_t i = 0; i < CUTS; i++)
        cuts[i] = random_below(t->nkeys);
    qsort(cuts, CUTS, sizeof *cuts, compare_places);
    for (size_t i = 0; i <= CUTS; i++) {
        struct mr_range range = {{NULL, 0}, {NULL, 0}};
        if (i > 0)
            range.lo = t->keys[cuts[i - 1]];
        if (i < CUTS)
            range.hi = t->keys[cuts[i]];
        mr_strbuf_reset(&condition);
        assert_true(mr_keyrange_condition(&condition, t->parts, t->c->nparts, range));
        assert_false(condition.failed);
        assert_range_access(t, condition.ptr);
        size_t expected = i == 0     ? cuts[0] + 1
                          : i < CUTS ? cuts[i] - cuts[i - 1]
                                     : t->nkeys - cuts[CUTS - 1] - 1;
        uint64_t before = entries_read(t->db);
        size_t count = read_keys(t->db, t->c, condition.ptr, &rows, NULL);
        uint64_t steps = entries_read(t->db) - before;
        if (steps > count + entries_allowed(t))
            fail_msg("%llu index entries read for %zu rows: %s", (unsigned long long)steps, count,
                     condition.ptr);
        if (count != expected)
            fail_msg("%zu rows instead of %zu: %s", count, expected, condition.ptr);
        read += count;
    }
    assert_int_equal(read, t->nkeys);
    assert_int_equal(rows.len, t->bytes.len);
    assert_memory_equal(rows.ptr, t->bytes.ptr, rows.len);
    mr_strbuf_release(&condition);
    mr_strbuf_release(&rows);
}

/* Up to 500 keys are found, all of them and no other, by one access to the index. */
static void check_list(const struct table *t, size_t wanted)
{
    struct mr_strbuf condition = MR_STRBUF_INIT, rows = MR_STRBUF_INIT, expected = MR_STRBUF_INIT;
    struct mr_key list[500];
    size_t count = 0, step = t->nkeys / wanted > 0 ? t->nkeys / wanted : 1;
    for (size_t i = random_below(step); i < t->nkeys && count < wanted; i += step) {
        list[count++] = t->keys[i];
        mr_strbuf_add(&expected, t->keys[i].ptr, t->keys[i].len);
    }
    mr_keyrange_keys_condition(&condition, t->parts, t->c->nparts, list, count);
    assert_false(condition.failed);
    assert_range_access(t, condition.ptr);
    assert_int_equal(read_keys(t->db, t->c, condition.ptr, &rows, NULL), count);
    assert_int_equal(rows.len, expected.len);
    assert_memory_equal(rows.ptr, expected.ptr, rows.len);
    mr_strbuf_release(&expected);
    mr_strbuf_release(&rows);
    mr_strbuf_release(&condition);
}

static void test_keys(void **state)
{
    (void)state;
    it_need_servers();
    unsigned rounds = 1 + random_seeds() / 10;
    struct table *t = malloc(sizeof *t);
    assert_non_null(t);
    for (size_t server = 0; server < IT_SERVERS; server++)
        for (size_t i = 0; i < LEN(key_cases); i++) {
            load_table(t, it_db[server], &key_cases[i]);
            for (unsigned round = 0; round < rounds; round++)
                check_tiles(t);
            check_list(t, 1);
            check_list(t, 500);
            mr_strbuf_release(&t->bytes);
        }
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests_name("keys", tests, it_open, it_close);
}
