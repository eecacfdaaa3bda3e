/* test_spread_servers.c: servers without WITH RECURSIVE take along the same rows as those that
 * have it, step by step; where a chain is longer than they go, more of them, never fewer. */
#include "it.h"

#include "repair/script/script_internal.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define GRAPHS 6
#define NODES 40

static const char *const made[] = {
    "aside (line INT PRIMARY KEY, why VARCHAR(600))",
    "hang (no INT AUTO_INCREMENT PRIMARY KEY, line INT, other INT, mark INT DEFAULT 0)",
    "apart (line INT PRIMARY KEY, refused INT NOT NULL)",
    "refused (no INT AUTO_INCREMENT PRIMARY KEY, tree INT NOT NULL)",
    "link (no INT AUTO_INCREMENT PRIMARY KEY, tree INT, other INT, way INT, mark INT "
    "DEFAULT "
    "0)",
    "done (tree INT PRIMARY KEY)",
    "skip (tree INT PRIMARY KEY)",
};

/* Of a server of that version, with so many rows in the unit. */
static struct mr_script script(const struct mr_manifest *m, size_t rows)
{
    return (struct mr_script){
        .manifest = m, .db = it_db_name(), .sql = MR_STRBUF_INIT, .rows = {.count = rows}};
}

static void run(struct mr_db *db, struct mr_script *s)
{
    assert_false(s->sql.failed);
    for (char *at = s->sql.ptr, *end; (end = strstr(at, ";\n")) != NULL; at = end + 2) {
        *end = '\0';
        it_exec_str(db, at);
    }
    mr_strbuf_release(&s->sql);
}

static void answer(struct mr_db *db, const char *query, char *out, size_t size)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, query);
    struct mr_result *res = it_query(db, &sql);
    const struct mr_cell *row = mr_result_next(res);
    assert_non_null(row);
    assert_true((size_t)snprintf(out, size, "%s", row[0].ptr != NULL ? row[0].ptr : "") < size);
    mr_result_free(res);
    mr_strbuf_release(&sql);
}

/* What goes along, both ways of it, as texts. */
static void follow(struct mr_db *db, struct mr_manifest *m, const char *version, size_t rows,
                   char *out, size_t size)
{
    m->server.version = version;
    struct mr_script s = script(m, rows);
    char apart[4096], skip[4096];
    mr_script_spread_session(&s);
    mr_script_spread_aside(&s);
    run(db, &s);
    answer(db, "SELECT GROUP_CONCAT(line, ':', refused ORDER BY line) FROM myrecon_apart", apart,
           sizeof apart);
    s = script(m, rows);
    mr_script_spread_skip(&s);
    run(db, &s);
    answer(db, "SELECT GROUP_CONCAT(tree ORDER BY tree) FROM myrecon_skip", skip, sizeof skip);
    assert_true((size_t)snprintf(out, size, "%s; %s", apart, skip) < size);
    it_exec_str(db, "DELETE FROM myrecon_skip");
    it_exec_str(db, "UPDATE myrecon_hang SET mark = 0");
    it_exec_str(db, "UPDATE myrecon_link SET mark = 0");
}

static void set_up(struct mr_db *db)
{
    it_exec_str(db, "SET SESSION group_concat_max_len = 100000");
    for (size_t i = 0; i < LEN(made); i++) {
        char sql[256];
        (void)snprintf(sql, sizeof sql, "DROP TEMPORARY TABLE IF EXISTS myrecon_%.*s",
                       (int)strcspn(made[i], " "), made[i]);
        it_exec_str(db, sql);
        (void)snprintf(sql, sizeof sql, "CREATE TEMPORARY TABLE myrecon_%s", made[i]);
        it_exec_str(db, sql);
    }
}

#define ALWAYS 3 /* the way of a link that is followed from wherever */

static void edge(struct mr_db *db, int from, int to, int way)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "INSERT INTO myrecon_hang (line, other) VALUES (%d, %d)", from,
                   to);
    it_exec_str(db, sql);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO myrecon_link (tree, other, way) VALUES (%d, %d, %d)", from, to,
                   way);
    it_exec_str(db, sql);
}

static void seed(struct mr_db *db, int node, bool refused)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "INSERT INTO myrecon_aside VALUES (%d, %s)", node,
                   refused ? "'why'" : "NULL");
    it_exec_str(db, sql);
    (void)snprintf(sql, sizeof sql, "INSERT INTO myrecon_%s (tree) VALUES (%d)",
                   refused ? "refused" : "done", node);
    it_exec_str(db, sql);
}

static void follow_both(struct mr_db *db, size_t rows, char *recursive, char *rounds, size_t size)
{
    struct mr_manifest m = {.server.flavour = mr_db_server(db)->flavour};
    bool mysql = it_is_mysql(db);
    follow(db, &m, mysql ? "9.7.4" : "10.11.19-MariaDB", rows, recursive, size);
    m.server.flavour = MR_FLAVOUR_MYSQL; /* what an old server is asked, any can do */
    follow(db, &m, "5.6.24-log", rows, rounds, size);
}

static void test_graphs(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t s = 0; s < IT_SERVERS; s++)
        for (unsigned g = 0; g < GRAPHS; g++) {
            char recursive[8192], rounds[8192];
            unsigned random = g;
            set_up(it_db[s]);
            for (int i = 0; i < NODES; i++)
                edge(it_db[s], rand_r(&random) % NODES, rand_r(&random) % NODES,
                     rand_r(&random) % 4);
            for (int i = 0; i < (int)g; i++)
                seed(it_db[s], i * 5, i % 2 == 1);
            follow_both(it_db[s], NODES, recursive, rounds, sizeof rounds);
            assert_string_equal(recursive, rounds);
        }
}

/* A chain 1 -> 2 -> … of that many, and 901 -> 902 beside it; 1 is refused. */
static void chain(struct mr_db *db, int length)
{
    set_up(db);
    for (int i = 1; i < length; i++)
        edge(db, i, i + 1, ALWAYS);
    edge(db, 901, 902, ALWAYS);
    seed(db, 1, true);
}

static void test_chains(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t s = 0; s < IT_SERVERS; s++) {
        char recursive[8192], rounds[8192];
        chain(it_db[s], 49);
        follow_both(it_db[s], 1000, recursive, rounds, sizeof rounds);
        assert_string_equal(recursive, rounds);
        assert_null(strstr(rounds, "902"));
        assert_non_null(strstr(rounds, "49:1;"));
        chain(it_db[s], 80);
        follow_both(it_db[s], 1000, recursive, rounds, sizeof rounds);
        assert_non_null(strstr(recursive, "80:1;"));
        assert_non_null(strstr(rounds, "80:1,902:1;"));
        assert_non_null(strstr(rounds, "; 1,2,3,"));
        assert_non_null(strstr(rounds, ",79,80,902"));
    }
}

/* Longer than servers follow by themselves, which would be 1000. */
static void test_far(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t s = 0; s < IT_SERVERS; s++) {
        struct mr_manifest m = {.server.flavour = mr_db_server(it_db[s])->flavour,
                                .server.version = mr_db_server(it_db[s])->version_text};
        struct mr_script far = script(&m, 1);
        char count[64];
        set_up(it_db[s]);
        it_exec_str(it_db[s], "SET SESSION sql_mode = 'STRICT_ALL_TABLES'");
        mr_script_spread_session(&far);
        run(it_db[s], &far);
        far = script(&m, 1);
        seed(it_db[s], 1, true);
        it_exec_str(it_db[s],
                    "INSERT INTO myrecon_link (tree, other, way) WITH RECURSIVE n AS (SELECT"
                    " 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i,"
                    " i + 1, 3 FROM n");
        it_exec_str(it_db[s], "ALTER TABLE myrecon_link ADD KEY (tree)");
        mr_script_spread_skip(&far);
        run(it_db[s], &far);
        answer(it_db[s], "SELECT COUNT(*) FROM myrecon_skip", count, sizeof count);
        assert_string_equal(count, "1501");
    }
}

/* 1 is refused; 10 is its planned tree, in which is 2, too; 3 refers to 2, 4 is what 3 refers
 * to besides, with its tree 40 and with 5, which refers to it; 6 goes where 4 does. */
static void test_ways(void **state)
{
    enum { WITHIN, DOWN, UP };
    static const int links[][3] = {
        {1, 10, WITHIN}, {10, 1, WITHIN}, {2, 10, WITHIN}, {10, 2, WITHIN}, {2, 3, DOWN},
        {3, 2, UP},      {3, 4, UP},      {4, 3, DOWN},    {4, 40, WITHIN}, {40, 4, WITHIN},
        {4, 5, DOWN},    {5, 4, UP},      {4, 6, ALWAYS}};
    (void)state;
    it_need_servers();
    for (size_t s = 0; s < IT_SERVERS; s++) {
        char recursive[8192], rounds[8192];
        set_up(it_db[s]);
        for (size_t i = 0; i < LEN(links); i++)
            edge(it_db[s], links[i][0], links[i][1], links[i][2]);
        seed(it_db[s], 1, true);
        follow_both(it_db[s], LEN(links), recursive, rounds, sizeof rounds);
        assert_string_equal(recursive, rounds);
        assert_string_equal(strstr(recursive, "; "), "; 1,2,3,4,6,10");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_far),
    };
    return cmocka_run_group_tests_name("script_spread", tests, it_open, it_close);
}
