/* test_until_take.c: which transactions of a log restore --until takes, and what of a log it does not believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot/until/until_take.h"
#include "tests/unit/log_made.h"

/* ---- a snapshot, and a log behind it ---- */

static const struct mr_column columns[] = {
    {.name = "id", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2}};
static const struct mr_table today[] = {
    {.db = "d", .name = "t", .columns = columns, .ncolumns = 2},
    {.db = "d", .name = "left", .columns = columns, .ncolumns = 2}};
static const struct mr_snap_column kept[] = {{.name = "id", .cls = MR_CLASS_INT},
                                             {.name = "v", .cls = MR_CLASS_INT}};
static const size_t key[] = {0}, places[] = {0, 1};
static const struct mr_snap_object databases[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "d", .name = "d"}};

#define HAS 2 /* sequences that the snapshot has, and its place is behind them */

struct world {
    struct mr_snap_table tables[2];
    struct mr_snap snap;
    struct mr_catalogue cat;
    struct mr_until_opts opts;
    struct mr_until u;
    struct mr_until_table of[2];
    struct mr_changed_keys_of changed[2];
    struct made log;
    struct mr_err err;
};

static bool wants(const void *ctx, const char *db, const char *name)
{
    (void)ctx;
    (void)db;
    return strcmp(name, "left") != 0;
}

static void init_until(struct world *w)
{
    w->u = (struct mr_until){.snap = &w->snap,
                             .opts = &w->opts,
                             .arena = MR_ARENA_INIT,
                             .cat = &w->cat,
                             .tables = w->of,
                             .ntables = 2,
                             .front = MR_VEC_INIT(struct mr_gtid),
                             .before = MR_STRBUF_INIT,
                             .after = MR_STRBUF_INIT,
                             .filled = MR_STRBUF_INIT,
                             .key = MR_STRBUF_INIT,
                             .was = MR_STRBUF_INIT,
                             .scratch_text = MR_STRBUF_INIT};
    mr_scratch_file_init(&w->u.scratch);
    assert_int_equal(mr_scratch_file_open(&w->u.scratch, "", NULL), MR_OK);
    mr_history_read_init(&w->u.read);
    mr_gtid_set_init(&w->u.had);
    mr_gtid_set_init(&w->u.may_have);
    mr_gtid_state_init(&w->u.had_state);
    mr_gtid_state_init(&w->u.in_front);
    assert_int_equal(mr_gtid_state_parse(&w->u.had_state, "0-7-2", 5, NULL), MR_OK);
    assert_int_equal(mr_gtid_state_parse(&w->u.read.met_state, "0-7-2", 5, NULL), MR_OK);
    w->u.changed = (struct mr_changed_keys){
        .cat = &w->cat, .tables = w->changed, .keeps_none = true, .is_older = true};
    for (size_t i = 0; i < 2; i++) {
        w->of[i] = (struct mr_until_table){.columns = places, .is_wanted = i == 0};
        mr_until_rows_init(&w->of[i].rows, &w->tables[i], &w->u.scratch);
        w->changed[i] = (struct mr_changed_keys_of){.wanted = i == 0, .key = key, .nkey = 1};
    }
    assert_int_equal(mr_changed_keys_init(&w->u.changed, NULL), MR_OK);
}

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < 2; i++)
        w->tables[i] = (struct mr_snap_table){.db = today[i].db,
                                              .name = today[i].name,
                                              .columns = kept,
                                              .ncolumns = 2,
                                              .key = key,
                                              .nkey = 1};
    w->cat = (struct mr_catalogue){.server = {.flavour = MR_FLAVOUR_MARIADB, .version = 101100},
                                   .tables = (void *)(uintptr_t)today,
                                   .ntables = 2};
    w->snap.path = "s";
    w->snap.manifest.objects = databases;
    w->snap.manifest.nobjects = 1;
    w->snap.manifest.tables = w->tables;
    w->snap.manifest.ntables = 2;
    w->snap.manifest.consistency =
        (struct mr_snap_consistency){.gtid = "0-7-2", .binlog_file = "memory"};
    w->opts.wants = wants;
    init_until(w);
    begin_made(&w->log, "10.11.19-MariaDB-log", true);
}

static void end(struct world *w)
{
    mr_changed_keys_release(&w->u.changed);
    for (size_t i = 0; i < 2; i++) {
        mr_until_rows_release(&w->of[i].rows);
        mr_until_shapes_release(&w->of[i]);
    }
    mr_history_read_release(&w->u.read);
    mr_gtid_set_release(&w->u.had);
    mr_gtid_set_release(&w->u.may_have);
    mr_gtid_state_release(&w->u.had_state);
    mr_gtid_state_release(&w->u.in_front);
    mr_vec_release(&w->u.front);
    mr_scratch_file_release(&w->u.scratch);
    struct mr_strbuf *const texts[] = {&w->u.before, &w->u.after, &w->u.filled,
                                       &w->u.key,    &w->u.was,   &w->u.scratch_text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mr_strbuf_release(texts[i]);
    mr_arena_release(&w->u.arena);
    mr_strbuf_release(&w->log.log);
}

static void add_minimal_update(struct made *m, unsigned id, unsigned to)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, 50, 6);
    put(&body, 1, 2);
    put(&body, 2, 1);
    put(&body, 1, 1); /* columns before, and behind */
    put(&body, 1, 1);
    put(&body, 0, 1);
    put(&body, id, 4);
    put(&body, 0, 1);
    put(&body, to, 4);
    add_event(m, UPDATE, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

/* Rows of one transaction: ".t+5" is an insert of id 5, "-5" its deletion, "5>6" an update of it ("5=6" one that shows the key alone); "!…" a
 * statement; "~": the log ends there.  Its place becomes the snapshot's where that has all so far. */
static void transaction(struct world *w, unsigned sequence, const char *what)
{
    char table[8] = "t";
    const bool is_alone = what[0] == '!' && strncmp(what, "!ROLLBACK", 9) != 0;
    if (sequence == HAS + 1)
        w->snap.manifest.consistency.binlog_position = w->log.log.len;
    add_gtid(&w->log, sequence, is_alone ? 1 : 0);
    if (is_alone) {
        add_statement(&w->log, what + 1);
        return;
    }
    while (*what != '\0') {
        char *rest = NULL;
        if (*what == '~')
            return;
        if (*what == '.') {
            const size_t len = strcspn(++what, "+-0123456789");
            (void)snprintf(table, sizeof table, "%.*s", (int)len, what);
            what += len;
        } else if (*what == '!') {
            add_statement(&w->log, what + 1);
            if (strncmp(what, "!ROLLBACK TO", 12) != 0)
                return;
            break;
        }
        const unsigned type = *what == '+' ? WRITE : *what == '-' ? DELETE : UPDATE;
        const unsigned id = (unsigned)strtoul(what + (type != UPDATE), &rest, 10);
        const bool is_minimal = *rest == '=';
        const unsigned to = is_minimal || *rest == '>' ? (unsigned)strtoul(rest + 1, &rest, 10) : 0;
        add_map(&w->log, 50, "d", table);
        if (is_minimal)
            add_minimal_update(&w->log, id, to);
        else
            add_rows(&w->log, 50, type, id, to);
        what = rest + strspn(rest, " ");
    }
    add_xid(&w->log);
}

static enum mr_code read_log(struct world *w)
{
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *walk = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    assert_int_equal(
        mr_binlog_stream_open(binlog_memory_input(&memory, w->log.log.ptr, w->log.log.len), &stream,
                              NULL),
        MR_OK);
    assert_int_equal(mr_binlog_walk_open(stream, &walk, NULL), MR_OK);
    enum mr_code code = MR_OK;
    mr_until_place(&w->u);
    while (code == MR_OK && !w->u.read.is_enough) {
        assert_int_equal(mr_binlog_walk_next(walk, &step, NULL), MR_OK);
        if (step.kind == MR_STEP_END)
            break;
        if (step.kind >= MR_STEP_BEGIN)
            code = mr_until_take(&w->u, &step, &w->err);
    }
    mr_binlog_walk_close(walk);
    mr_binlog_stream_close(stream);
    free(memory.raw);
    return code;
}

/* ---- tests ---- */

#define MOST 5
struct sample {
    const char *until;
    const char *log[MOST]; /* sequences from 1 on */
    enum mr_code code;
    unsigned taken, rows; /* transactions, and keys of "t" */
    bool is_reached;
    const char
        *says; /* the error, or why the table is blind, or what is noted; NULL: none of these */
};

static const struct sample samples[] = {
    /* which are taken */
    {"0-7-3", {"+1", "+2", "+3", "+4"}, MR_OK, 1, 1, true, NULL},
    {"0-7-4", {"+1", "+2", "+3", "3>4", "+9"}, MR_OK, 2, 2, true, NULL},
    {"0-7-5", {"+1", "+2", "+3", "-7"}, MR_OK, 2, 2, false, NULL},
    {"0-7-2", {"+1", "+2", "+3"}, MR_E_REFUSED, 0, 0, false, "holds 0-7-2 already"},
    {"1970-01-01 00:16:39Z", {"+1", "+2", "+3"}, MR_OK, 0, 0, true, NULL},
    {"1970-01-01 00:16:40Z", {"+1", "+2", "+3"}, MR_OK, 1, 1, false, NULL},
    {"0-7-3", {"+1", "+2", ".left+3"}, MR_OK, 1, 0, true, NULL},
    /* what is not believed of them */
    {"0-7-4", {"+1", "+2", "+3", "+3"}, MR_OK, 2, 1, true, "at \"memory\""},
    {"0-7-4", {"+1", "+2", "-3", "3=9"}, MR_OK, 2, 1, true, "a row is changed that is not there"},
    {"0-7-4", {"+1", "+2", "+3", "3=9"}, MR_OK, 2, 2, true, NULL},
    {"0-7-3", {"+1", "+2", "+3 !ROLLBACK"}, MR_OK, 1, 1, true, "was rolled back"},
    {"0-7-3", {"+1", "+2", "+3 !ROLLBACK TO `a`"}, MR_OK, 1, 1, true, "a savepoint"},
    /* a log that is cut within its last transaction: what has no end has not happened */
    {"0-7-4", {"+1", "+2", "+3", "~"}, MR_OK, 1, 1, false, NULL},
    {"0-7-4", {"+1", "+2", "+3", ".left+4 ~"}, MR_OK, 1, 1, false, NULL},
    {"1970-01-01 00:16:40Z", {"+1", "+2", "+3", "~"}, MR_OK, 1, 1, false, NULL},
    {"0-7-3", {"+1", "+2", "+3", "~"}, MR_OK, 1, 1, true, NULL},
    {"0-7-4", {"+1", "+2", "+3", "+4 ~"}, MR_OK, 1, 2, false, "has no end"},
    {"0-7-3", {"+1", "+2", "!TRUNCATE t"}, MR_OK, 1, 0, true, "defined it anew"},
    {"0-7-3", {"+1", "+2", "!CREATE OR REPLACE DATABASE d"}, MR_OK, 1, 0, true, "defined it anew"},
    {"0-7-3", {"+1", "+2", "!TRUNCATE elsewhere"}, MR_OK, 1, 0, true, NULL},
    {"0-7-3", {"+1", "+2", "!CREATE VIEW v AS SELECT 1"}, MR_OK, 1, 0, true, "CREATE VIEW v"},
    {"0-7-3", {"+1", "+2", "!CREATE TABLE new (a INT)"}, MR_OK, 1, 0, true, "CREATE TABLE new"},
    {"0-7-3", {"+1", "+2", "!CREATE TABLE new SELECT 1"}, MR_OK, 1, 0, true, "CREATE TABLE new"},
    {"0-7-3", {"+1", "+2", "!CREATE OR REPLACE TABLE new (a INT)"}, MR_OK, 1, 0, true, "CREATE OR"},
    {"0-7-3", {"+1", "+2", "!CREATE OR REPLACE TABLE t (a INT)"}, MR_OK, 1, 0, true, "it anew"},
    {"0-7-3", {"+1", "+2", "!CREATE TEMPORARY TABLE new SELECT 1"}, MR_OK, 1, 0, true, NULL},
    {"0-7-3", {"+1", "+2", "!CREATE USER u"}, MR_OK, 1, 0, true, NULL},
    {"0-7-3", {"+1", "+2", "!CREATE INDEX i ON users (a)"}, MR_OK, 1, 0, true, "CREATE INDEX i"},
    {"0-7-3",
     {"+1", "+2", "!ALTER TABLE t ADD FOREIGN KEY (v) REFERENCES `left` (id)"},
     MR_OK,
     1,
     0,
     true,
     "ALTER TABLE t ADD"},
    /* what its foreign key takes along no event has, and the snapshot's catalogue has no such key */
    {"0-7-4",
     {"+1", "+2", "!ALTER TABLE t ADD FOREIGN KEY (v) REFERENCES `left` (id) ON DELETE CASCADE",
      ".left-3"},
     MR_OK,
     2,
     0,
     true,
     "a foreign key was added"},
    {"0-7-3", {"+1", "+2", ".new+3"}, MR_E_REFUSED, 0, 0, false, "has no such table"},
};

static const char *said(const struct world *w)
{
    return w->err.code != MR_OK        ? w->err.message
           : w->of[0].broken != NULL   ? w->of[0].broken
           : w->changed[0].why != NULL ? w->changed[0].why
                                       : w->u.noted;
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *s = &samples[i];
        struct world w;
        begin(&w);
        assert_int_equal(mr_until_point_read(&w.u.point, s->until, MR_FLAVOUR_MARIADB, &w.err),
                         MR_OK);
        for (unsigned k = 0; k < MOST && s->log[k] != NULL; k++)
            transaction(&w, k + 1, s->log[k]);
        const enum mr_code code = read_log(&w);
        const char *says = said(&w);
        if (code != s->code || (says == NULL) != (s->says == NULL) ||
            (says != NULL && strstr(says, s->says) == NULL))
            fail_msg("%zu: %d, \"%s\"", i, code, says != NULL ? says : "");
        if (code == MR_OK && (w.u.transactions != s->taken || w.of[0].rows.rows.count != s->rows ||
                              w.u.is_reached != s->is_reached))
            fail_msg("%zu: %u taken, %zu rows, %d", i, (unsigned)w.u.transactions,
                     w.of[0].rows.rows.count, w.u.is_reached);
        end(&w);
    }
}

/* A log that is not the snapshot's own: what it has in front of the place, or behind it, is not so. */
static void test_other_log(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    assert_int_equal(mr_until_point_read(&w.u.point, "0-7-9", MR_FLAVOUR_MARIADB, NULL), MR_OK);
    transaction(&w, 1, "+1");
    transaction(&w, 4, "+4"); /* the place is behind it */
    transaction(&w, HAS + 1, "+3");
    assert_int_equal(read_log(&w), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "is not the one that snapshot \"s\" stands in"));
    end(&w);
    begin(&w);
    assert_int_equal(mr_until_point_read(&w.u.point, "0-7-9", MR_FLAVOUR_MARIADB, NULL), MR_OK);
    w.snap.manifest.consistency.binlog_position = 4; /* RESET, and the same numbers again */
    transaction(&w, 1, "+1");
    assert_int_equal(read_log(&w), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "0-7-1"));
    end(&w);
}

/* Servers that write one domain in turn, without gtid_strict_mode: their numbers go down in a log that is the
 * snapshot's all the same. */
static void test_turns_of_mariadb(void **state)
{
    static const struct {
        const char *had;
        struct {
            unsigned domain, server, sequence;
        } met[5];         /* server 0: no more */
        unsigned front;   /* how many stand in front of the place */
        const char *says; /* NULL: it is the snapshot's */
    } rows[] = {
        {"0-2-100", {{0, 1, 101}, {0, 2, 100}, {0, 1, 102}}, 2, NULL},
        {"0-1-101", {{0, 1, 101}, {0, 2, 100}, {0, 2, 101}}, 1, NULL},
        {"0-2-100,1-1-7", {{1, 1, 7}, {0, 1, 101}, {0, 2, 100}, {1, 1, 8}}, 3, NULL},
        {"0-2-100", {{0, 2, 100}, {0, 1, 101}, {0, 1, 102}}, 2, "it has 0-1-101, and the"},
        {"0-2-100", {{0, 1, 101}, {0, 2, 99}, {0, 1, 102}}, 2, "it has 0-2-99, and the"},
        {"0-2-100", {{0, 1, 101}, {0, 2, 100}, {1, 1, 1}, {0, 1, 102}}, 3, "0-2-100,1-1-1, and"},
        {"0-2-100,1-1-7", {{0, 2, 100}, {0, 1, 102}}, 1, "has 0-2-100,1-1-7"},
        {"0-2-100", {{0, 1, 101}, {0, 2, 100}, {0, 1, 101}}, 2, "it has 0-1-101 at"},
        {"0-2-100", {{0, 2, 100}, {0, 2, 99}}, 1, "it has 0-2-99 at"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        enum mr_code code = MR_OK;
        begin(&w);
        mr_gtid_state_release(&w.u.had_state);
        mr_gtid_state_release(&w.u.read.met_state);
        assert_int_equal(
            mr_gtid_state_parse(&w.u.had_state, rows[i].had, strlen(rows[i].had), NULL), MR_OK);
        w.snap.manifest.consistency.gtid = rows[i].had;
        w.snap.manifest.consistency.binlog_position = 100 + rows[i].front;
        mr_until_place(&w.u);
        assert_int_equal(mr_until_point_read(&w.u.point, "0-7-9", MR_FLAVOUR_MARIADB, NULL), MR_OK);
        for (unsigned k = 0; k < 5 && code == MR_OK && rows[i].met[k].server != 0; k++) {
            const struct mr_gtid gtid = {.family = MR_GTID_OF_MARIADB,
                                         .domain = rows[i].met[k].domain,
                                         .server = rows[i].met[k].server,
                                         .sequence = rows[i].met[k].sequence};
            const struct mr_binlog_event event = {.place = {"memory", 100 + k}};
            const struct mr_binlog_step step = {
                .kind = MR_STEP_BEGIN, .event = &event, .gtid = &gtid, .begun = event.place};
            assert_int_equal(mr_gtid_state_add(&w.u.read.met_state, &gtid, NULL), MR_OK);
            code = mr_until_take(&w.u, &step, &w.err);
        }
        if (code != (rows[i].says == NULL ? MR_OK : MR_E_REFUSED) ||
            (rows[i].says != NULL && strstr(w.err.message, rows[i].says) == NULL))
            fail_msg("%zu: %d, %s", i, code, w.err.message);
        end(&w);
    }
}

/* The place's log may end in front of the place: then it is another one's, and that is seen in the next. */
static void test_front_in_log_that_is_left(void **state)
{
    static const struct {
        unsigned last; /* of the place's log */
        bool fits;
    } rows[] = {{2, true}, {100, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w);
        w.snap.manifest.consistency.binlog_position = 1000;
        mr_until_place(&w.u);
        assert_int_equal(mr_until_point_read(&w.u.point, "0-7-999", MR_FLAVOUR_MARIADB, NULL),
                         MR_OK);
        enum mr_code code = MR_OK;
        for (unsigned k = 0; k < 2 && code == MR_OK; k++) {
            const struct mr_gtid gtid = {
                .family = MR_GTID_OF_MARIADB, .server = 7, .sequence = rows[i].last + k};
            const struct mr_binlog_event event = {.place = {k == 0 ? "memory" : "next", 100}};
            const struct mr_binlog_step step = {
                .kind = MR_STEP_BEGIN, .event = &event, .gtid = &gtid, .begun = event.place};
            mr_until_meet(&w.u, event.place.log);
            assert_int_equal(mr_gtid_state_add(&w.u.read.met_state, &gtid, NULL), MR_OK);
            code = mr_until_take(&w.u, &step, &w.err);
        }
        assert_int_equal(code, rows[i].fits ? MR_OK : MR_E_REFUSED);
        assert_true(rows[i].fits || strstr(w.err.message, "it has 0-7-100, and the") != NULL);
        end(&w);
    }
}

/* A stamp of MariaDB is no time of commit: behind one that is far ahead may stand what had been committed by then. */
static void test_stamps(void **state)
{
    static const struct {
        int64_t began_s;  /* when the log was begun */
        int64_t s[5];     /* stamps behind the place, 0: no more; asked for is 1000 */
        bool is_enough;   /* nothing more is read */
        const char *says; /* NULL: it is not refused */
    } rows[] = {
        {900, {990, 1001, 1002}, false, NULL},
        {900, {990, 1001, 999, 1002}, false, NULL}, /* committed together */
        {900, {990, 1001, 998}, false, "has 0-7-4, stamped 1970-01-01 00:16:41 UTC, and behind"},
        {900, {990, 9000, 1001, 995}, false, "0-7-6, stamped 1970-01-01 00:16:35 UTC"},
        {1001, {990, 9000, 995}, true, NULL}, /* all of it was committed later */
        {900, {9000, 995}, false, "0-7-3, stamped"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        enum mr_code code = MR_OK;
        begin(&w);
        w.snap.manifest.consistency.binlog_position = 100;
        mr_until_place(&w.u);
        w.u.read.log_us = rows[i].began_s * 1000000;
        assert_int_equal(
            mr_until_point_read(&w.u.point, "1970-01-01 00:16:40Z", MR_FLAVOUR_MARIADB, NULL),
            MR_OK);
        for (unsigned k = 0; k < 5 && code == MR_OK && rows[i].s[k] != 0; k++) {
            const struct mr_gtid gtid = {
                .family = MR_GTID_OF_MARIADB, .server = 7, .sequence = HAS + 1 + k};
            const struct mr_binlog_event event = {.place = {"memory", 100 + k},
                                                  .when = (uint32_t)rows[i].s[k]};
            struct mr_binlog_step step = {
                .kind = MR_STEP_BEGIN, .event = &event, .gtid = &gtid, .begun = event.place};
            if (w.u.read.is_enough)
                break;
            code = mr_until_take(&w.u, &step, &w.err);
            step.kind = MR_STEP_COMMIT;
            if (code == MR_OK)
                code = mr_until_take(&w.u, &step, &w.err);
        }
        if (code != (rows[i].says == NULL ? MR_OK : MR_E_REFUSED) ||
            (rows[i].says != NULL && strstr(w.err.message, rows[i].says) == NULL))
            fail_msg("%zu: %d, %s", i, code, w.err.message);
        assert_int_equal(w.u.read.is_enough, rows[i].is_enough);
        assert_true(w.u.is_reached);
        assert_int_equal(w.u.transactions, rows[i].s[0] == 990);
        if (code == MR_E_REFUSED)
            assert_int_equal(strstr(w.err.hint, "the last one in front of both is 0-7-3") != NULL,
                             rows[i].s[0] == 990);
        end(&w);
    }
}

/* A database that comes behind a snapshot of all databases lacks as a table does; one that was not asked for, and the
 * server's own, do not. */
static void test_new_database(void **state)
{
    static const struct {
        const char *db;
        bool is_of_all, is_refused;
    } rows[] = {{"e", false, false}, {"e", true, true}, {"mysql", true, false}, {"d", false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w);
        w.u.is_of_all = rows[i].is_of_all;
        assert_int_equal(mr_until_point_read(&w.u.point, "0-7-3", MR_FLAVOUR_MARIADB, NULL), MR_OK);
        transaction(&w, 1, "+1");
        transaction(&w, 2, "+2");
        w.snap.manifest.consistency.binlog_position = w.log.log.len;
        add_gtid(&w.log, HAS + 1, 0);
        add_map(&w.log, 50, rows[i].db, "new");
        add_rows(&w.log, 50, WRITE, 1, 0);
        add_xid(&w.log);
        assert_int_equal(read_log(&w), rows[i].is_refused ? MR_E_REFUSED : MR_OK);
        end(&w);
    }
}

/* ---- MySQL, by its GTIDs ---- */

#define PLACE 500 /* of the snapshot, which has numbers 1 to 5 */

/* A transaction of that number (0: without GTIDs) begins there, and was committed that many microseconds after 1970. */
static enum mr_code meet(struct world *w, unsigned number, uint64_t position, uint64_t us)
{
    const struct mr_gtid gtid = {.family = MR_GTID_OF_MYSQL, .number = number, .committed_us = us};
    const struct mr_binlog_event event = {.place = {"memory", position}};
    const struct mr_binlog_step step = {
        .kind = MR_STEP_BEGIN, .event = &event, .gtid = &gtid, .begun = event.place};
    assert_int_equal(mr_gtid_set_add(&w->u.read.met, &gtid, NULL), MR_OK);
    return mr_until_take(&w->u, &step, &w->err);
}

static void parse(struct mr_gtid_set *set, const char *numbers)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "00000000-0000-0000-0000-000000000000:%s", numbers);
    assert_int_equal(mr_gtid_set_parse(set, text.ptr, text.len, NULL), MR_OK);
    mr_strbuf_release(&text);
}

/* before: numbers that stand in logs in front of the first. */
static void begin_mysql(struct world *w, enum mr_snap_position position, const char *before)
{
    begin(w);
    assert_int_equal(
        mr_until_point_read(&w->u.point, "1970-01-01 00:00:01Z", MR_FLAVOUR_MYSQL, NULL), MR_OK);
    w->snap.manifest.consistency.binlog_position = PLACE;
    w->snap.manifest.consistency.position = position;
    mr_until_place(&w->u);
    parse(&w->u.had, "1-5");
    parse(&w->u.read.met, before);
}

static void test_place_of_mysql(void **state)
{
    static const struct {
        enum mr_snap_position position;
        const char *before;
        struct {
            unsigned number;
            uint64_t position;
        } met[3]; /* number 0: no more */
        bool fits;
    } rows[] = {
        {MR_SNAP_EXACT, "1-3", {{4, 100}, {5, 300}, {6, PLACE}}, true},
        {MR_SNAP_EXACT, "1-5", {{6, PLACE}}, true},
        {MR_SNAP_AT_OR_BEFORE, "1-3", {{4, 100}, {5, PLACE}, {6, PLACE + 1}}, true},
        /* numbers that were given anew: in front of the place stands what the snapshot has not, or behind it what
         * it has, or in front of the log more than it has */
        {MR_SNAP_EXACT, "1-3", {{4, 100}, {5, 200}, {6, 300}}, false},
        {MR_SNAP_AT_OR_BEFORE, "1-3", {{4, 100}, {5, 200}, {6, 300}}, false},
        {MR_SNAP_EXACT, "1-3", {{4, 100}, {5, PLACE}}, false},
        {MR_SNAP_EXACT, "1-9", {{10, PLACE}}, false},
        {MR_SNAP_AT_OR_BEFORE, "1-9", {{10, PLACE}}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        enum mr_code code = MR_OK;
        begin_mysql(&w, rows[i].position, rows[i].before);
        for (size_t k = 0; k < 3 && code == MR_OK && rows[i].met[k].number != 0; k++)
            code = meet(&w, rows[i].met[k].number, rows[i].met[k].position, 1);
        if ((code == MR_OK) != rows[i].fits)
            fail_msg("%zu: %d, %s", i, code, w.err.message);
        assert_int_equal(code, rows[i].fits ? MR_OK : MR_E_REFUSED);
        end(&w);
    }
}

/* What the snapshot has was not committed behind its end: a server that was put back numbers anew. */
static void test_given_again(void **state)
{
    static const struct {
        uint64_t s; /* 0: before MySQL 8.0 */
        bool fits;
    } rows[] = {{86000, true}, {86700, true}, {86701, false}, {0, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin_mysql(&w, MR_SNAP_AT_OR_BEFORE, "1-4");
        w.snap.manifest.finished = "1970-01-02T00:00:00Z"; /* and clocks differ */
        assert_int_equal(meet(&w, 5, PLACE + 1, rows[i].s * 1000000),
                         rows[i].fits ? MR_OK : MR_E_REFUSED);
        end(&w);
    }
}

/* Without GTIDs only the place itself tells logs apart. */
static void test_place_without_gtids(void **state)
{
    static const struct {
        uint64_t place, met[3];
        bool fits;
    } rows[] = {{PLACE, {100, PLACE, PLACE + 90}, true},
                {PLACE, {100, 300, PLACE + 1}, false},
                {PLACE, {PLACE + 1}, false},
                {4, {157, 300}, true}}; /* as near as was known */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        enum mr_code code = MR_OK;
        begin(&w);
        w.snap.manifest.server.flavour = MR_FLAVOUR_MYSQL;
        w.snap.manifest.consistency.gtid = NULL;
        w.snap.manifest.consistency.binlog_position = rows[i].place;
        mr_until_place(&w.u);
        assert_int_equal(mr_until_point_read(&w.u.point, "2026-01-01", MR_FLAVOUR_MYSQL, NULL),
                         MR_OK);
        for (size_t k = 0; k < 3 && code == MR_OK && rows[i].met[k] != 0; k++)
            code = meet(&w, 0, rows[i].met[k], 1);
        if (code != (rows[i].fits ? MR_OK : MR_E_REFUSED))
            fail_msg("%zu: %d, %s", i, code, w.err.message);
        end(&w);
    }
}

/* What may be in the snapshot already, and is behind the moment, cannot be taken back. */
static void test_within_vague(void **state)
{
    struct world w;
    (void)state;
    begin_mysql(&w, MR_SNAP_AT_OR_BEFORE, "1-5");
    parse(&w.u.may_have, "1-7");
    assert_int_equal(meet(&w, 6, PLACE, 1000000), MR_OK);
    assert_true(w.u.is_taken && w.u.is_vague);
    assert_int_equal(meet(&w, 7, PLACE + 100, 1000001), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "may hold some of what was committed behind that"));
    end(&w);
    begin_mysql(&w, MR_SNAP_AT_OR_BEFORE, "1-5");
    parse(&w.u.may_have, "1-6");
    assert_int_equal(meet(&w, 6, PLACE, 1000000), MR_OK);
    assert_int_equal(meet(&w, 7, PLACE + 100, 1000001), MR_OK);
    assert_true(w.u.is_reached);
    end(&w);
}

/* A log that was ended (FLUSH BINARY LOGS) before anything was committed in it: what stands in the next one is behind
 * a place in it all the same. */
static void test_place_in_log_without_transactions(void **state)
{
    static const struct {
        const char *logs[2]; /* that are met before the transaction's own; NULL: no more */
        bool is_taken, is_vague;
    } rows[] = {{{"had", "may"}, true, false},
                {{"had", NULL}, true, true},
                {{"elsewhere", NULL}, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w);
        w.snap.manifest.server.flavour = MR_FLAVOUR_MYSQL;
        w.snap.manifest.consistency = (struct mr_snap_consistency){.position = MR_SNAP_AT_OR_BEFORE,
                                                                   .binlog_file = "had",
                                                                   .binlog_position = PLACE,
                                                                   .until_file = "may",
                                                                   .until_position = PLACE};
        mr_until_place(&w.u);
        assert_int_equal(mr_until_point_read(&w.u.point, "2026-01-01", MR_FLAVOUR_MYSQL, NULL),
                         MR_OK);
        for (size_t k = 0; k < 2 && rows[i].logs[k] != NULL; k++)
            mr_until_meet(&w.u, rows[i].logs[k]);
        assert_int_equal(meet(&w, 0, 100, 1), MR_OK);
        assert_int_equal(w.u.is_taken, rows[i].is_taken);
        assert_int_equal(w.u.is_vague, rows[i].is_vague);
        end(&w);
    }
}

/* Whatever its numbers: a log that is younger than the snapshot is another one.  Clocks may differ. */
static void test_young_log(void **state)
{
    static const struct {
        const char *gtid; /* NULL: nothing stood in the log */
        int64_t late_s;
        bool is_other;
    } rows[] = {{NULL, 300, false},
                {NULL, 301, true},
                {"0-7-2", 301, false},
                {"0-7-2", 86400 + 300, false},
                {"0-7-2", 86400 + 301, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w);
        assert_int_equal(mr_until_point_read(&w.u.point, "0-7-9", MR_FLAVOUR_MARIADB, NULL), MR_OK);
        w.snap.manifest.finished = "1970-01-02T00:00:00Z";
        w.u.read.began_us = (86400 + rows[i].late_s) * 1000000;
        if (rows[i].gtid != NULL) {
            transaction(&w, 1, "+1");
            transaction(&w, 2, "+2");
            transaction(&w, 3, "+3");
        } else {
            w.snap.manifest.consistency.binlog_position = 4;
            transaction(&w, 1, "+1");
        }
        w.snap.manifest.consistency.gtid = rows[i].gtid;
        assert_int_equal(read_log(&w), rows[i].is_other ? MR_E_REFUSED : MR_OK);
        assert_true(!rows[i].is_other || strstr(w.err.message, "was begun at 1970-01-0") != NULL);
        end(&w);
    }
}

/* Rows of a table that was read later than the view: what was changed behind the moment may be in them, though no
 * change up to it names the table. */
static void test_later_rows(void **state)
{
    static const struct {
        bool consistent;
        const char *until;
        bool is_told;
    } rows[] = {
        {true, "1970-01-02 00:00:00Z", true},
        {false, "1970-01-02 00:00:00Z", false},
        {false, "1970-01-02 00:05:00Z", false}, /* clocks may differ */
        {false, "1970-01-02 00:05:01Z", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w);
        w.tables[0].consistent = rows[i].consistent;
        w.snap.manifest.finished = "1970-01-02T00:00:00Z";
        assert_int_equal(mr_until_point_read(&w.u.point, rows[i].until, MR_FLAVOUR_MARIADB, NULL),
                         MR_OK);
        transaction(&w, 1, "+1");
        transaction(&w, 2, "+2");
        transaction(&w, 3, ".left+3");
        assert_int_equal(read_log(&w), MR_OK);
        const char *why = mr_until_why(&w.u, 0);
        if ((why == NULL) != rows[i].is_told)
            fail_msg("%zu: %s", i, why != NULL ? why : "");
        assert_true(why == NULL || strstr(why, "of another moment") != NULL);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_new_database),
                                       cmocka_unit_test(test_later_rows),
                                       cmocka_unit_test(test_samples),
                                       cmocka_unit_test(test_other_log),
                                       cmocka_unit_test(test_turns_of_mariadb),
                                       cmocka_unit_test(test_front_in_log_that_is_left),
                                       cmocka_unit_test(test_stamps),
                                       cmocka_unit_test(test_place_of_mysql),
                                       cmocka_unit_test(test_given_again),
                                       cmocka_unit_test(test_place_without_gtids),
                                       cmocka_unit_test(test_within_vague),
                                       cmocka_unit_test(test_place_in_log_without_transactions),
                                       cmocka_unit_test(test_young_log)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
