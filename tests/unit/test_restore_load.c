/* test_restore_load.c: a chunk and its line are one transaction or none; what is loaded again,
 * what sets a table aside, and which of its files are loaded at all. */
#include "restore_world.h"
#include "core/base/signals.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_rows.h"

/* ---- chunks without files ---- */

struct mr_snap_text {
    int unused;
};
struct mr_snap_rows {
    size_t at;
};

static uint64_t loaded_rows; /* that the server says it took; */
static unsigned loaded_warnings;
static unsigned open_chunks;
static const struct mr_value (*row_values)[2]; /* of INSERT */
static size_t row_count;
static enum mr_code row_failure; /* behind the last row */
static bool cancel_at_load, cancelled;

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return cancelled;
}

enum mr_code __wrap_mr_snap_text_open(const struct mr_snap *snap, const struct mr_snap_chunk *chunk,
                                      struct mr_snap_text **out, struct mr_err *err);
enum mr_code __wrap_mr_snap_text_open(const struct mr_snap *snap, const struct mr_snap_chunk *chunk,
                                      struct mr_snap_text **out, struct mr_err *err)
{
    static struct mr_snap_text text;
    (void)snap, (void)chunk, (void)err;
    *out = &text;
    open_chunks++;
    return MR_OK;
}

struct mr_feed __wrap_mr_snap_text_feed(struct mr_snap_text *text);
struct mr_feed __wrap_mr_snap_text_feed(struct mr_snap_text *text)
{
    return (struct mr_feed){.arg = text};
}

void __wrap_mr_snap_text_close(struct mr_snap_text *text);
void __wrap_mr_snap_text_close(struct mr_snap_text *text)
{
    open_chunks -= text != NULL;
}

enum mr_code __wrap_mr_db_load(struct mr_db *db, const char *sql, size_t len,
                               const struct mr_feed *feed, struct mr_db_loaded *out,
                               struct mr_err *err);
enum mr_code __wrap_mr_db_load(struct mr_db *db, const char *sql, size_t len,
                               const struct mr_feed *feed, struct mr_db_loaded *out,
                               struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)feed, (void)sql, (void)len;
    *out = (struct mr_db_loaded){loaded_rows, loaded_warnings};
    cancelled |= cancel_at_load;
    return world_ask("LOAD", 4, &answer, err);
}

enum mr_code __wrap_mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                                      const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                                      const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                                      struct mr_err *err)
{
    static struct mr_snap_rows rows;
    (void)snap, (void)table, (void)chunk, (void)err;
    rows.at = 0;
    *out = &rows;
    open_chunks++;
    return MR_OK;
}

enum mr_code __wrap_mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                                      struct mr_err *err)
{
    *values = rows->at < row_count ? row_values[rows->at++] : NULL;
    return *values == NULL && row_failure != MR_OK ? mr_err_set(err, row_failure, "damaged")
                                                   : MR_OK;
}

void __wrap_mr_snap_rows_close(struct mr_snap_rows *rows);
void __wrap_mr_snap_rows_close(struct mr_snap_rows *rows)
{
    open_chunks -= rows != NULL;
}

enum mr_code __wrap_mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err)
{
    (void)throttle, (void)err;
    return MR_OK;
}

/* ---- in bulk ---- */

struct mr_bulk {
    size_t pending;
};

static struct mr_bulk bulk;
static unsigned open_bulks, bulk_warnings;

enum mr_code __wrap_mr_bulk_open(struct mr_db *db, const char *sql, size_t len,
                                 const enum mr_bulk_kind *kinds, size_t count, struct mr_bulk **out,
                                 struct mr_err *err);
enum mr_code __wrap_mr_bulk_open(struct mr_db *db, const char *sql, size_t len,
                                 const enum mr_bulk_kind *kinds, size_t count, struct mr_bulk **out,
                                 struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)sql, (void)len;
    assert_int_equal(count, 2);
    assert_int_equal(kinds[0], MR_BULK_INT);
    assert_int_equal(kinds[1], MR_BULK_BYTES);
    bulk.pending = 0;
    enum mr_code code = world_ask("PREPARE", 7, &answer, err);
    *out = code == MR_OK ? &bulk : NULL;
    open_bulks += code == MR_OK;
    return code;
}

uint64_t __wrap_mr_bulk_row_bytes_max(const struct mr_bulk *of);
uint64_t __wrap_mr_bulk_row_bytes_max(const struct mr_bulk *of)
{
    (void)of;
    return 9 + 10 + 8; /* a number, and a text of eight bytes */
}

enum mr_code __wrap_mr_bulk_add(struct mr_bulk *to, const struct mr_value *values,
                                struct mr_err *err);
enum mr_code __wrap_mr_bulk_add(struct mr_bulk *to, const struct mr_value *values,
                                struct mr_err *err)
{
    (void)values, (void)err;
    to->pending++;
    return MR_OK;
}

bool __wrap_mr_bulk_is_full(const struct mr_bulk *of);
bool __wrap_mr_bulk_is_full(const struct mr_bulk *of)
{
    return of->pending == 2;
}

enum mr_code __wrap_mr_bulk_send(struct mr_bulk *of, struct mr_db_loaded *loaded,
                                 struct mr_err *err);
enum mr_code __wrap_mr_bulk_send(struct mr_bulk *of, struct mr_db_loaded *loaded,
                                 struct mr_err *err)
{
    const struct world_answer *answer;
    if (of->pending == 0)
        return MR_OK;
    loaded->rows += of->pending;
    loaded->warnings += bulk_warnings;
    of->pending = 0;
    cancelled |= cancel_at_load;
    return world_ask("BULK", 4, &answer, err);
}

void __wrap_mr_bulk_close(struct mr_bulk *of);
void __wrap_mr_bulk_close(struct mr_bulk *of)
{
    open_bulks -= of != NULL;
}

/* ---- a table of two files ---- */

static const struct mr_snap_column columns[] = {
    {.name = "id", .type = "int", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "na`me",
     .type = "varchar(9)",
     .cls = MR_CLASS_TEXT,
     .charset = "utf8mb4",
     .load = MR_SNAP_LOAD_PLAIN}};
static const struct mr_snap_chunk chunks[] = {{.file = "m.0", .rows = 3, .plain_bytes = 9},
                                              {.file = "m.1", .rows = 3, .plain_bytes = 9}};
static const struct mr_snap_table tables[] = {{.db = "club",
                                               .name = "members",
                                               .engine = "InnoDB",
                                               .transactional = true,
                                               .columns = columns,
                                               .ncolumns = LEN(columns),
                                               .chunks = chunks,
                                               .nchunks = 2}};
static const struct mr_snap_table myisam[] = {{.db = "club",
                                               .name = "members",
                                               .engine = "MyISAM",
                                               .columns = columns,
                                               .ncolumns = LEN(columns),
                                               .chunks = chunks,
                                               .nchunks = 1}};
static const struct mr_snap_table merged[] = {{.db = "club",
                                               .name = "all",
                                               .engine = "MRG_MyISAM",
                                               .columns = columns,
                                               .ncolumns = LEN(columns),
                                               .chunks = chunks,
                                               .nchunks = 2}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static void begin(const struct mr_snap_table *of, const struct world_answer *script, size_t count)
{
    world_begin(script, count);
    mr_log_set_level(0);
    restore_begin(of, 1, objects, LEN(objects));
    restore.r.pause_ms = 1;
    loaded_rows = 3;
    loaded_warnings = 0;
    row_values = NULL;
    row_count = 0;
    row_failure = MR_OK;
    cancel_at_load = cancelled = false;
    bulk_warnings = 0;
}

static void end(void)
{
    assert_int_equal(open_chunks, 0);
    assert_int_equal(open_bulks, 0);
    assert_int_equal(world.open_dbs, 0);
    restore_end();
    world_end();
}

/* "S L I C": start, load, the line, commit; B: a packet of rows; R: taken back; F: forgotten;
 * ?: asked for the line; A: indexes. */
static const char *steps(void)
{
    static char text[256];
    size_t len = 0;
    for (const char *at = world_sent(); *at != '\0' && len < sizeof text - 1;) {
        size_t line = strcspn(at, "\n");
        char c = strncmp(at, "START", 5) == 0                     ? 'S'
                 : strncmp(at, "LOAD", 4) == 0                    ? 'L'
                 : strncmp(at, "BULK", 4) == 0                    ? 'B'
                 : strncmp(at, "INSERT INTO `club`.`my", 22) == 0 ? 'I'
                 : strncmp(at, "COMMIT", 6) == 0                  ? 'C'
                 : strncmp(at, "ROLLBACK", 8) == 0                ? 'R'
                 : strncmp(at, "DELETE", 6) == 0                  ? 'F'
                 : strncmp(at, "ALTER", 5) == 0                   ? 'A'
                 : strncmp(at, "SELECT COUNT", 12) == 0           ? '?'
                                                                  : '\0';
        if (c != '\0')
            text[len++] = c;
        at += line + (at[line] == '\n');
    }
    text[len] = '\0';
    return text;
}

struct one {
    const char *what;
    struct world_answer answer;
    uint64_t taken; /* rows that LOAD DATA says */
    enum mr_code code;
    const char *steps;
    uint64_t loaded;
    const char *aside; /* part of why; NULL: it is not */
};

#define DEADLOCKS(n)                                                                               \
    {                                                                                              \
        .has = "LOAD", .code = MR_E_SQL, .number = 1213, .text = "deadlock", .times = (n)          \
    }

static const struct one cases[] = {
    {"well", {.has = "-"}, 3, MR_OK, "SLICSLIC", 6, NULL},
    {"a row too few",
     {.has = "SHOW WARNINGS", .rows = "Warning|1062|Duplicate entry '1'"},
     2,
     MR_OK,
     "SLR",
     0,
     "the server took 2 of 3 rows: Duplicate entry '1'"},
    {"none", {.has = "SHOW WARNINGS", .rows = ""}, 0, MR_OK, "SLR", 0, "took 0 of 3 rows"},
    {"a row too many",
     {.has = "SHOW WARNINGS", .code = MR_E_SQL},
     4,
     MR_OK,
     "SLR",
     0,
     "took 4 of 3 rows"},
    {"the table's own error",
     {.has = "LOAD", .code = MR_E_SQL, .number = 1366, .text = "bad"},
     3,
     MR_OK,
     "SLR",
     0,
     "bad"},
    {"the disk is full",
     {.has = "LOAD", .code = MR_E_SQL, .number = 1021},
     3,
     MR_E_SQL,
     "SLR",
     0,
     NULL},
    {"the disk is full, by the engine's word",
     {.has = "LOAD", .code = MR_E_SQL, .number = 1114, .text = "The table 'members' is full"},
     3,
     MR_E_SQL,
     "SLR",
     0,
     NULL},
    {"lost", {.has = "LOAD", .code = MR_E_LOST, .number = 2013}, 3, MR_E_LOST, "SL", 0, NULL},
    {"a deadlock", DEADLOCKS(1), 3, MR_OK, "SLRSLICSLIC", 6, NULL},
    {"deadlocks without end", DEADLOCKS(0), 3, MR_E_SQL, "SLRSLRSLRSLRSLRSLRSLRSLRSLRSLR", 0, NULL},
    {"the line is not written",
     {.has = "INSERT INTO `club`.`my", .code = MR_E_SQL, .number = 1062},
     3,
     MR_E_SQL,
     "SLIR",
     0,
     NULL},
    {"no commit",
     {.has = "COMMIT", .code = MR_E_SQL, .number = 1598},
     3,
     MR_E_SQL,
     "SLICR",
     0,
     NULL},
    {"a node without its cluster",
     {.has = "LOAD", .code = MR_E_SQL, .number = 1047, .times = 2},
     3,
     MR_OK,
     "SLRSLRSLICSLIC",
     6,
     NULL},
    {"no START there, either",
     {.has = "START", .code = MR_E_SQL, .number = 1047, .times = 1},
     3,
     MR_OK,
     "SRSLICSLIC",
     6,
     NULL},
    {"no transaction",
     {.has = "START", .code = MR_E_SQL, .number = 1568},
     3,
     MR_E_SQL,
     "SR",
     0,
     NULL},
};

static void test_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct mr_err err = {0};
        begin(tables, &c->answer, 1);
        loaded_rows = c->taken;
        loaded_warnings = c->taken != 3;
        enum mr_code code = mr_restore_load(&restore.r, &err);
        const char *aside = restore.tables[0].aside;
        if (code != c->code || strcmp(steps(), c->steps) != 0 ||
            restore.tables[0].loaded != c->loaded || (aside != NULL) != (c->aside != NULL) ||
            (aside != NULL && strstr(aside, c->aside) == NULL))
            fail_msg("%s: %s, %s, %s", c->what, steps(), err.message, aside);
        if (aside != NULL)
            assert_int_equal(restore.tables[0].how, MR_ASIDE_LEFT);
        if (code != MR_OK)
            assert_non_null(strstr(err.message, "table \"club.members\": "));
        end();
    }
}

/* Of a COMMIT that failed the line tells what it did; and nothing begins before the server has
 * said that it took the transaction back, since what begins would commit it. */
static void test_uncertain(void **state)
{
    static const struct {
        const char *what, *lines;             /* that are there */
        unsigned commits, rollbacks, selects; /* that fail first */
        enum mr_code code;
        const char *steps;
        uint64_t loaded;
    } rows[] = {
        {"nothing was committed", "0", 1, 0, 0, MR_OK, "SLICR?SLICSLIC", 6},
        {"it was committed", "1", 1, 0, 0, MR_OK, "SLICR?SLIC", 6},
        {"not taken back at once", "0", 1, 2, 0, MR_OK, "SLICRRR?SLICSLIC", 6},
        {"not told at once", "1", 1, 0, 2, MR_OK, "SLICR???SLIC", 6},
        {"never taken back", "0", 1, 0, 0, MR_E_SQL, "SLICRRRRRRRRRR", 0},
        {"never committed", "0", 99, 0, 0, MR_E_SQL,
         "SLICR?SLICR?SLICR?SLICR?SLICR?SLICR?SLICR?SLICR?SLICR?SLICR", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const bool never = rows[i].code != MR_OK && rows[i].commits == 1;
        const struct world_answer script[] = {
            {.has = "COMMIT", .code = MR_E_SQL, .number = 1180, .times = rows[i].commits},
            {.has = rows[i].rollbacks > 0 || never ? "ROLLBACK" : "(none)",
             .code = MR_E_SQL,
             .number = 1047,
             .times = never ? 0 : rows[i].rollbacks},
            {.has = rows[i].selects > 0 ? "SELECT COUNT" : "(none)",
             .code = MR_E_SQL,
             .number = 1047,
             .times = rows[i].selects},
            {.has = "SELECT COUNT", .rows = rows[i].lines},
        };
        struct mr_err err = {0};
        begin(tables, script, LEN(script));
        enum mr_code code = mr_restore_load(&restore.r, &err);
        if (code != rows[i].code || strcmp(steps(), rows[i].steps) != 0 ||
            restore.tables[0].loaded != rows[i].loaded || restore.tables[0].aside != NULL)
            fail_msg("%s: %s, %s", rows[i].what, steps(), err.message);
        end();
    }
}

/* One without transactions cannot be loaded twice: what it has taken stays. */
static void test_not_again(void **state)
{
    static const struct world_answer script[] = {DEADLOCKS(1)};
    struct mr_err err = {0};
    (void)state;
    begin(myisam, script, 1);
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_E_SQL);
    assert_string_equal(steps(), "SLR");
    end();
}

/* A table in memory has a limit of its own. */
static void test_full_table(void **state)
{
    static const struct world_answer script[] = {
        {.has = "LOAD", .code = MR_E_SQL, .number = 1114, .text = "The table 'members' is full"}};
    struct mr_err err = {0};
    (void)state;
    begin(myisam, script, 1);
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_string_equal(restore.tables[0].aside, "The table 'members' is full");
    end();
}

/* ---- which files ---- */

static void test_files(void **state)
{
    static const struct {
        const char *what;
        const struct mr_snap_table *of;
        bool resumed, is_there, first_done, aside;
        const char *steps;
        uint64_t loaded;
    } rows[] = {
        {"new", tables, false, false, false, false, "SLICSLIC", 6},
        {"one is there", tables, true, true, true, false, "SLIC", 6},
        {"made anew, so that none is", tables, true, false, true, false, "SLICSLIC", 6},
        {"set aside", tables, false, false, false, true, "", 0},
        {"rows of other tables", merged, false, false, false, false, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(rows[i].of, NULL, 0);
        restore.r.resumed = rows[i].resumed;
        restore.tables[0].is_there = rows[i].is_there;
        restore.tables[0].aside = rows[i].aside ? "no" : NULL;
        if (rows[i].first_done)
            restore_done("m.0");
        enum mr_code code = mr_restore_load(&restore.r, &err);
        if (code != MR_OK || strcmp(steps(), rows[i].steps) != 0 ||
            restore.tables[0].loaded != rows[i].loaded)
            fail_msg("%s: %s", rows[i].what, steps());
        end();
    }
}

/* Between two chunks a cancel is heard; the first stays loaded. */
/* Each connection leaves the binary log before its first row, or loads none. */
static void test_no_binlog(void **state)
{
    static const struct world_answer right = {.has = "Variable_name"}; /* of no cluster */
    static const struct world_answer node = {.has = "wsrep_provider_name", .rows = "a|b"};
    struct mr_err err = {0};
    (void)state;
    begin(tables, &right, 1);
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_int_equal(world_sent_count("sql_log_bin"), 0);
    end();
    begin(tables, &right, 1);
    restore.opts.no_binlog = true;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_int_equal(world_sent_count("SET SESSION sql_log_bin = 0"), 1);
    assert_true(strstr(world_sent(), "sql_log_bin") < strstr(world_sent(), "START"));
    end();
    begin(tables, &node, 1);
    restore.opts.no_binlog = true;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_E_REFUSED);
    assert_string_equal(steps(), "");
    end();
}

static void test_cancelled(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin(tables, NULL, 0);
    cancel_at_load = true;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_E_CANCELLED);
    assert_string_equal(steps(), "SLIC");
    end();
}

/* In bulk it is heard between two packets, and nothing of the file stays. */
static void test_cancelled_in_bulk(void **state)
{
    static const struct mr_value values[][2] = {
        {{.cls = MR_CLASS_INT, .i = 1}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 2}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 3}, {.cls = MR_CLASS_NULL}}};
    struct mr_err err = {0};
    (void)state;
    begin(tables, NULL, 0);
    restore.r.bulk = true;
    row_values = values;
    row_count = LEN(values);
    cancel_at_load = true;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_E_CANCELLED);
    assert_string_equal(steps(), "SBR");
    end();
}

/* ---- INSERT instead ---- */

static void test_insert(void **state)
{
    static const struct mr_value values[][2] = {
        {{.cls = MR_CLASS_INT, .i = INT64_MIN}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, {.cls = MR_CLASS_TEXT, .ptr = "", .len = 0}},
        {{.cls = MR_CLASS_INT, .i = 0}, {.cls = MR_CLASS_TEXT, .ptr = "a'\0\\", .len = 4}},
    };
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    begin(myisam, NULL, 0);
    restore.r.insert = true;
    row_values = values;
    row_count = LEN(values);
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_true(world_has("INSERT INTO `club`.`members` (`id`, `na``me`) VALUES "
                          "(-9223372036854775808,NULL),\n(18446744073709551615,"));
    assert_string_equal(steps(), "SIC");
    assert_int_equal(restore.tables[0].loaded, 3);
    mr_strbuf_release(&wanted);
    end();
    /* a file that ends too early, or is not what it was, is no row less */
    begin(myisam, NULL, 0);
    restore.r.insert = true;
    row_values = values;
    row_count = 2;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_string_equal(steps(), "SR");
    assert_non_null(strstr(restore.tables[0].aside, "took 2 of 3 rows"));
    end();
    begin(myisam, NULL, 0);
    restore.r.insert = true;
    row_values = values;
    row_count = 2;
    row_failure = MR_E_SNAPSHOT;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_E_SNAPSHOT);
    assert_string_equal(steps(), "SR");
    end();
    /* one row more than a statement can hold begins another, and none is sent twice */
    begin(myisam, NULL, 0);
    restore.r.insert = true;
    row_values = values;
    row_count = LEN(values);
    world.server.max_packet_bytes = 256 + 100;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_null(restore.tables[0].aside);
    assert_string_equal(steps(), "SIC");
    assert_true(world_has("`na``me`) VALUES (-9223372036854775808,NULL)\nINSERT INTO"));
    assert_true(world_has("`na``me`) VALUES (18446744073709551615,"));
    assert_int_equal(restore.tables[0].loaded, 3);
    end();
    /* a row that no statement can hold */
    begin(myisam, NULL, 0);
    restore.r.insert = true;
    row_values = values;
    row_count = LEN(values);
    world.server.max_packet_bytes = 64;
    assert_int_equal(mr_restore_load(&restore.r, &err), MR_OK);
    assert_non_null(strstr(restore.tables[0].aside, "max_allowed_packet is 64"));
    assert_false(world_has("`na``me`"));
    end();
}

/* Three rows are two packets; a row that is too wide for one sends the file as a text instead, and
 * nothing of it is sent twice in one transaction. */
static void test_bulk(void **state)
{
    static const struct mr_value values[][2] = {
        {{.cls = MR_CLASS_INT, .i = 1}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 2}, {.cls = MR_CLASS_TEXT, .ptr = "", .len = 0}},
        {{.cls = MR_CLASS_INT, .i = 3}, {.cls = MR_CLASS_TEXT, .ptr = "12345678", .len = 8}},
    };
    static const struct mr_value wide[][2] = {
        {{.cls = MR_CLASS_INT, .i = 1}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 2}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 3}, {.cls = MR_CLASS_TEXT, .ptr = "123456789", .len = 9}},
    };
    static const struct {
        const char *what;
        const struct mr_snap_table *of;
        const struct mr_value (*values)[2];
        size_t count;
        struct world_answer answer;
        enum mr_code code;
        const char *steps;
        uint64_t loaded;
        const char *aside;
    } rows[] = {
        {"well", tables, values, 3, {.has = "-"}, MR_OK, "SBBICSBBIC", 6, NULL},
        {"a wide row", tables, wide, 3, {.has = "-"}, MR_OK, "SBRSLICSBRSLIC", 6, NULL},
        {"no transactions", myisam, values, 3, {.has = "-"}, MR_OK, "SLIC", 3, NULL},
        {"a row too few", tables, values, 2, {.has = "-"}, MR_OK, "SBR", 0, "took 2 of 3 rows"},
        {"a row twice",
         tables,
         values,
         3,
         {.has = "BULK", .code = MR_E_SQL, .number = 1062, .text = "Duplicate entry '1'"},
         MR_OK,
         "SBR",
         0,
         "Duplicate entry '1'"},
        {"a deadlock",
         tables,
         values,
         3,
         {.has = "BULK", .code = MR_E_SQL, .number = 1213, .times = 1},
         MR_OK,
         "SBRSBBICSBBIC",
         6,
         NULL},
        {"lost", tables, values, 3, {.has = "BULK", .code = MR_E_LOST}, MR_E_LOST, "SB", 0, NULL},
        {"no prepared statement to be had",
         tables,
         values,
         3,
         {.has = "PREPARE", .code = MR_E_SQL, .number = 1461, .text = "too many"},
         MR_OK,
         "SRSLICSRSLIC",
         6,
         NULL},
        {"not prepared for a moment",
         tables,
         values,
         3,
         {.has = "PREPARE", .code = MR_E_SQL, .number = 1047, .times = 1},
         MR_OK,
         "SRSBBICSBBIC",
         6,
         NULL},
        {"lost before",
         tables,
         values,
         3,
         {.has = "PREPARE", .code = MR_E_LOST},
         MR_E_LOST,
         "S",
         0,
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(rows[i].of, &rows[i].answer, 1);
        restore.r.bulk = true;
        row_values = rows[i].values;
        row_count = rows[i].count;
        enum mr_code code = mr_restore_load(&restore.r, &err);
        const char *aside = restore.tables[0].aside;
        if (code != rows[i].code || strcmp(steps(), rows[i].steps) != 0 ||
            restore.tables[0].loaded != rows[i].loaded ||
            (aside != NULL) != (rows[i].aside != NULL) ||
            (aside != NULL && strstr(aside, rows[i].aside) == NULL))
            fail_msg("%s: %s, %s, %s", rows[i].what, steps(), err.message, aside);
        end();
    }
}

/* Each packet's are counted, and the first is the reason of a row that is missing. */
static void test_bulk_warnings(void **state)
{
    static const struct mr_value values[][2] = {
        {{.cls = MR_CLASS_INT, .i = 1}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 2}, {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_INT, .i = 3}, {.cls = MR_CLASS_NULL}}};
    static const struct world_answer script[] = {
        {.has = "SHOW WARNINGS", .rows = "Warning|1265|Data truncated"}};
    (void)state;
    begin(tables, script, 1);
    restore.r.bulk = true;
    row_values = values;
    row_count = LEN(values);
    bulk_warnings = 1;
    assert_int_equal(mr_restore_load(&restore.r, NULL), MR_OK);
    assert_int_equal(restore.tables[0].warnings, 4);
    assert_int_equal(restore.tables[0].loaded, 6);
    end();
}

/* ---- indexes behind the rows ---- */

/* By the task that is the last, of this run or of the one that it goes on with. */
static void test_late(void **state)
{
    static const struct mr_restore_index late = {"k", "KEY `k` (`id`)"};
    static const struct {
        const char *what;
        size_t done; /* files that an earlier run has loaded */
        size_t nlate;
        unsigned error; /* of LOAD */
        const char *steps;
    } rows[] = {
        {"behind both files", 0, 1, 0, "SLICSLICA"},
        {"behind the one that is left", 1, 1, 0, "SLICA"},
        {"alone", 2, 1, 0, "A"},
        {"nothing is left", 2, 0, 0, ""},
        {"none is late", 0, 0, 0, "SLICSLIC"},
        {"not of what is set aside", 0, 1, 1366, "SLR"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {
            {.has = "innodb_ddl_buffer_size", .text = "1048576"},
            {.has = "SHOW INDEX", .rows = "members|0|PRIMARY", .times = 1},
            {.has = "SHOW INDEX", .rows = "members|0|k"},
            {.has = rows[i].error > 0 ? "LOAD" : "(none)",
             .code = MR_E_SQL,
             .number = rows[i].error}};
        begin(tables, script, LEN(script));
        restore.tables[0].late = &late;
        restore.tables[0].nlate = rows[i].nlate;
        restore.tables[0].is_there = restore.r.resumed = rows[i].done > 0;
        for (size_t k = 0; k < rows[i].done; k++)
            restore_done(chunks[k].file);
        assert_int_equal(mr_restore_load(&restore.r, NULL), MR_OK);
        if (strcmp(steps(), rows[i].steps) != 0 ||
            (restore.tables[0].aside != NULL) != (rows[i].error > 0))
            fail_msg("%s: %s", rows[i].what, steps());
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),          cmocka_unit_test(test_late),
        cmocka_unit_test(test_uncertain),     cmocka_unit_test(test_not_again),
        cmocka_unit_test(test_full_table),    cmocka_unit_test(test_files),
        cmocka_unit_test(test_insert),        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_bulk_warnings), cmocka_unit_test(test_no_binlog),
        cmocka_unit_test(test_cancelled),     cmocka_unit_test(test_cancelled_in_bulk)};
    return cmocka_run_group_tests_name("restore_load", tests, NULL, NULL);
}
