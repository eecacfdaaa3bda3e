/* test_restore_schema.c: the statements of a restore but for its rows, in their order: what is made
 * anew when a run goes on, what is left alone, and what is reported where a server refuses. */
#include "restore_world.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_places.h"

/* ---- the files ---- */

static const struct {
    const char *file, *text;
} files[] = {
    {"club.db", "CREATE DATABASE IF NOT EXISTS `club` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"},
    {"bad.db", "CREATE DATABASE `club`"},
    {"members.t", "CREATE TABLE `members` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n)"},
    {"stamped.t", "CREATE TABLE `stamped` (\n  `at` timestamp NOT NULL,\n  PRIMARY KEY (`at`)\n)"},
    {"far.t", "CREATE TABLE `far` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n) "
              "DATA DIRECTORY='/mnt/far'"},
    {"members.k", "ALTER TABLE `members` ADD CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES "
                  "`club`.`people` (`id`)"},
    {"ids.q", "CREATE SEQUENCE `ids` start with 1"},
    {"tidy.r", "CREATE DEFINER=`ro``ot`@`h` PROCEDURE `tidy`() DELETE FROM `club`.`old`"},
    {"quiet.r", "CREATE PROCEDURE `quiet`() SELECT 'DEFINER=`a`@`b` '"},
    {"active.v", "CREATE VIEW `active` AS select 1 AS `o``ne`"},
    {"stamp.g", "CREATE TRIGGER `stamp` BEFORE INSERT ON `members` FOR EACH ROW SET NEW.id = 1"},
    {"nightly.e", "CREATE EVENT `nightly` ON SCHEDULE EVERY 1 DAY DO DELETE FROM `club`.`old`"},
};

enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)place;
    for (size_t i = 0; i < LEN(files); i++)
        if (strcmp(files[i].file, name) == 0) {
            mr_strbuf_add_str(out, files[i].text);
            return MR_OK;
        }
    return mr_err_set(err, MR_E_SNAPSHOT, "no file %s", name);
}

/* ---- the snapshot ---- */

static const struct mr_snap_column int_column = {.name = "id", .type = "int", .cls = MR_CLASS_INT};
static const struct mr_snap_table tables[] = {{.db = "club",
                                               .name = "members",
                                               .engine = "InnoDB",
                                               .transactional = true,
                                               .schema_file = "members.t",
                                               .keys_file = "members.k",
                                               .columns = &int_column,
                                               .ncolumns = 1}};
static const struct mr_snap_table stamped[] = {{.db = "club",
                                                .name = "stamped",
                                                .engine = "InnoDB",
                                                .transactional = true,
                                                .schema_file = "stamped.t"},
                                               {.db = "club",
                                                .name = "far",
                                                .engine = "InnoDB",
                                                .transactional = true,
                                                .schema_file = "far.t"}};
static const char *const view_columns[] = {"o`ne"};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club", .file = "club.db"},
    {.kind = MR_OBJECT_SEQUENCE,
     .db = "club",
     .name = "ids",
     .file = "ids.q",
     .value = "18446744073709551615"},
    {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure tidy", .file = "tidy.r"},
    {.kind = MR_OBJECT_VIEW,
     .db = "club",
     .name = "active",
     .file = "active.v",
     .columns = view_columns,
     .ncolumns = 1},
    {.kind = MR_OBJECT_TRIGGER,
     .db = "club",
     .name = "stamp",
     .table = "members",
     .file = "stamp.g"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "nightly", .file = "nightly.e"}};

#define KEYLESS                                                                                    \
    {                                                                                              \
        .has = "sql_generate_invisible", .text = "0"                                               \
    }
#define EVENTS                                                                                     \
    {                                                                                              \
        .has = "information_schema.EVENTS", .text = "ENABLED"                                      \
    }
static const struct world_answer fine[] = {
    KEYLESS, EVENTS, {.has = "SELECT @@SESSION.explicit_defaults", .text = "1"}};

/* No table of another database refers to one of these. */
static void begin(const struct world_answer *script, size_t count)
{
    static struct world_answer all[8];
    assert_true(count < LEN(all));
    memcpy(all, script, count * sizeof *script);
    all[count] = (struct world_answer){.has = "KEY_COLUMN_USAGE", .rows = ""};
    world_begin(all, count + 1);
    mr_log_set_level(0);
    restore_begin(tables, LEN(tables), objects, LEN(objects));
}

static void end(void)
{
    restore_end();
    world_end();
}

#define MAKING_HEAD "INSERT INTO `club`.`myrecon_restore` VALUES ('u-1', 'making "

/* What was sent but for the session's settings, and lines of what is made. */
static void check_sent(const char *what, const char *wanted)
{
    struct mr_strbuf got = MR_STRBUF_INIT;
    for (const char *at = world_sent(); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        while (at[len] == '\n' && (at[len + 1] == ' ' || at[len + 1] == ')'))
            len += 1 + strcspn(at + len + 1, "\n");
        if (strncmp(at, "SET SESSION", 11) != 0 && strncmp(at, "SELECT", 6) != 0 &&
            strncmp(at, "USE", 3) != 0 && strncmp(at, MAKING_HEAD, sizeof MAKING_HEAD - 1) != 0)
            for (size_t i = 0; i <= len; i++)
                mr_strbuf_add_char(&got, at[i] == '\n' && i < len ? ' ' : at[i]);
        at += len + (at[len] == '\n');
    }
    if (strcmp(got.ptr != NULL ? got.ptr : "", wanted) != 0)
        fail_msg("%s:\n%s\nbut not\n%s", what, got.ptr, wanted);
    mr_strbuf_release(&got);
}

static enum mr_code run(struct mr_err *err)
{
    MR_TRY(mr_restore_before(&restore.r, err));
    MR_TRY(mr_restore_after(&restore.r, err));
    MR_TRY(mr_restore_events(&restore.r, err));
    return mr_restore_end(&restore.r, err);
}

/* ---- a run, and one that goes on ---- */

#define PROGRESS "`club`.`myrecon_restore`"
#define CREATE_PROGRESS                                                                            \
    "CREATE TABLE IF NOT EXISTS " PROGRESS " (uuid VARCHAR(40) CHARACTER SET ascii NOT NULL, "     \
    "file VARCHAR(250) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) "               \
    "ENGINE=InnoDB\n"
#define TIDY "CREATE DEFINER=`ro``ot`@`h` PROCEDURE `tidy`() DELETE FROM `club`.`old`\n"
#define SEQUENCE "CREATE SEQUENCE `ids` start with 1\nDO SETVAL(`ids`, 18446744073709551615, 0)\n"
#define MEMBERS "CREATE TABLE `members` (   `id` int NOT NULL,   PRIMARY KEY (`id`) )\n"
#define KEYS                                                                                       \
    "ALTER TABLE `members` ADD CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `club`.`people` "      \
    "(`id`)\n"
#define STAMP "CREATE TRIGGER `stamp` BEFORE INSERT ON `members` FOR EACH ROW SET NEW.id = 1\n"
#define NIGHTLY "CREATE EVENT `nightly` ON SCHEDULE EVERY 1 DAY DO DELETE FROM `club`.`old`\n"

static void test_new(void **state)
{
    struct mr_err err = {0};
    struct mr_strbuf stub = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
    (void)state;
    begin(fine, LEN(fine));
    assert_int_equal(run(&err), MR_OK);
    mr_snap_view_stub(&stub, &objects[3]);
    mr_strbuf_add_fmt(
        &wanted,
        "CREATE DATABASE `club` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n"
        "DROP TABLE IF EXISTS " PROGRESS "\n" CREATE_PROGRESS "INSERT INTO " PROGRESS
        " VALUES ('u-1', 'begun 5c09e'), ('u-1', 'made 0')\n" SEQUENCE TIDY MEMBERS KEYS "%s\n"
        "DROP VIEW IF EXISTS `active`\nCREATE VIEW `active` AS select 1 AS `o``ne`\n" STAMP NIGHTLY
        "DROP TABLE IF EXISTS " PROGRESS "\n",
        stub.ptr);
    check_sent("new", wanted.ptr);
    assert_int_equal(restore.r.notes.count, 0);
    /* rows are loaded under the restore's settings, not under those of the last object */
    assert_true(world_sent_count(mr_snap_session_sql) >= 5);
    mr_strbuf_release(&stub);
    mr_strbuf_release(&wanted);
    end();
}

struct going_on {
    const char *what;
    bool ended, is_there, has_keys, in_use;
    size_t naside;
    const char *before; /* statements up to the rows, behind those of the progress table */
    const char *keys, *last;
};

/* Triggers and events go before any row is touched; a sequence that people may use since is not
 * set back; a table that is there is not made. */
static void test_goes_on(void **state)
{
    static const char active[] = "DROP TRIGGER IF EXISTS `stamp`\nDROP EVENT IF EXISTS `nightly`\n";
    static const struct going_on rows[] = {
        {"killed early", false, false, false, false, 0,
         "DROP SEQUENCE IF EXISTS `ids`\n" SEQUENCE
         "DROP PROCEDURE IF EXISTS `tidy`\n" TIDY MEMBERS,
         KEYS, "DROP TABLE IF EXISTS " PROGRESS "\n"},
        {"killed late", false, true, true, true, 0,
         "DROP SEQUENCE IF EXISTS `ids`\n" SEQUENCE "DROP PROCEDURE IF EXISTS `tidy`\n" TIDY, "",
         "DROP TABLE IF EXISTS " PROGRESS "\n"},
        {"ended, its sequence in use", true, true, true, true, 0,
         "DROP PROCEDURE IF EXISTS `tidy`\n" TIDY, "", "DROP TABLE IF EXISTS " PROGRESS "\n"},
        {"ended, and not for the last time", true, true, true, false, 1,
         "DROP SEQUENCE IF EXISTS `ids`\n" SEQUENCE "DROP PROCEDURE IF EXISTS `tidy`\n" TIDY, "",
         ""},
        {"ends with a table aside", false, true, true, false, 1,
         "DROP SEQUENCE IF EXISTS `ids`\n" SEQUENCE "DROP PROCEDURE IF EXISTS `tidy`\n" TIDY, "",
         "INSERT INTO " PROGRESS " VALUES ('u-1', 'ended')\n"},
    };
    static const struct mr_object made[] = {
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure tidy"},
        {.kind = MR_OBJECT_EVENT, .db = "club", .name = "nightly"},
        {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "ids"}};
    static const struct mr_trigger stamp = {.name = "stamp"};
    static const struct mr_foreign_key key = {.name = "F"};
    static const struct mr_table members = {.db = "club",
                                            .name = "members",
                                            .triggers = &stamp,
                                            .ntriggers = 1,
                                            .fks = &key,
                                            .nfks = 1};
    static const struct mr_database there = {"club", "utf8mb4", "utf8mb4_bin"};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        struct mr_strbuf stub = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
        begin(fine, LEN(fine));
        restore.r.resumed = true;
        restore_done("made 0");
        restore_done("making object 1");
        restore_done("making object 2");
        restore_done("making object 3");
        restore_done("making object 4");
        restore_done("making object 5");
        restore.r.ended = rows[i].ended;
        restore.r.naside = rows[i].naside;
        restore.tables[0].is_there = rows[i].is_there;
        restore.tables[0].has_keys = rows[i].has_keys;
        restore.dbs[0].there = &there;
        restore.cat.objects = made;
        restore.cat.nobjects = 2 + rows[i].in_use;
        restore.cat.tables = &members;
        restore.cat.ntables = 1;
        if (run(&err) != MR_OK)
            fail_msg("%s: %s", rows[i].what, err.message);
        mr_snap_view_stub(&stub, &objects[3]);
        mr_strbuf_add_fmt(
            &wanted,
            "ALTER DATABASE `club` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n" CREATE_PROGRESS
            "%s%s%sDROP VIEW IF EXISTS `active`\n%s\n"
            "DROP VIEW IF EXISTS `active`\n"
            "CREATE VIEW `active` AS select 1 AS `o``ne`\n"
            "DROP TRIGGER IF EXISTS `stamp`\n" STAMP "DROP EVENT IF EXISTS `nightly`\n" NIGHTLY
            "%s",
            active, rows[i].before, rows[i].keys, stub.ptr, rows[i].last);
        check_sent(rows[i].what, wanted.ptr);
        mr_strbuf_release(&stub);
        mr_strbuf_release(&wanted);
        end();
    }
}

/* Servers drop `tïdy` where they are asked for `tidy`: what has another name is somebody's own. */
static void test_not_its_own(void **state)
{
    static const struct mr_object others[] = {
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure tïdy"},
        {.kind = MR_OBJECT_ROUTINE, .db = "clüb", .name = "procedure tidy"},
        {.kind = MR_OBJECT_EVENT, .db = "club", .name = "nïghtly"}};
    static const struct mr_trigger stamp = {.name = "stämp"};
    static const struct mr_table table = {
        .db = "club", .name = "mine", .triggers = &stamp, .ntriggers = 1};
    struct mr_err err = {0};
    (void)state;
    begin(fine, LEN(fine));
    restore.r.resumed = true;
    restore_done("making object 2");
    restore_done("making object 4");
    restore_done("making object 5");
    restore.cat.objects = others;
    restore.cat.nobjects = LEN(others);
    restore.cat.tables = &table;
    restore.cat.ntables = 1;
    assert_int_equal(run(&err), MR_OK);
    assert_false(world_has("DROP PROCEDURE"));
    assert_false(world_has("DROP EVENT"));
    assert_false(world_has("DROP TRIGGER"));
    end();
}

#define MAKING(what) MAKING_HEAD what "')\n"
#define NOT_MADE(what) "DELETE FROM " PROGRESS " WHERE file = 'making " what "'\n"

/* Before each CREATE a line says so; a view's is written once, with the name that it is made as first. */
static void test_lines(void **state)
{
    static const char *const before[][2] = {
        {MAKING("object 1"), "CREATE SEQUENCE"},
        {MAKING("object 2"), "CREATE DEFINER"},
        {MAKING("table 0"), "CREATE TABLE `members`"},
        {MAKING("object 3"), "CREATE VIEW `active` AS SELECT 1"},
        {MAKING("object 4"), "CREATE TRIGGER"},
        {MAKING("object 5"), "CREATE EVENT"}};
    struct mr_err err = {0};
    (void)state;
    begin(fine, LEN(fine));
    assert_int_equal(run(&err), MR_OK);
    for (size_t i = 0; i < LEN(before); i++) {
        const char *line = strstr(world_sent(), before[i][0]),
                   *made = strstr(world_sent(), before[i][1]);
        if (line == NULL || made == NULL || line > made)
            fail_msg("%s: %s", before[i][1], world_sent());
        assert_int_equal(world_sent_count(before[i][0]), 1);
    }
    assert_int_equal(world_sent_count("DELETE FROM " PROGRESS), 0);
    end();
}

/* What somebody else has made since is there: it is neither dropped nor this restore's later on. */
static void test_somebody_was_quicker(void **state)
{
    static const struct {
        const char *create, *line, *drop;
        unsigned number;
    } rows[] = {{"CREATE SEQUENCE", NOT_MADE("object 1"), "DROP SEQUENCE", 1050},
                {"CREATE DEFINER", NOT_MADE("object 2"), "DROP PROCEDURE", 1304},
                {"CREATE TABLE `members`", NOT_MADE("table 0"), "DROP TABLE `", 1050},
                {"CREATE VIEW", NOT_MADE("object 3"), "DROP VIEW", 1050},
                {"CREATE TRIGGER", NOT_MADE("object 4"), "DROP TRIGGER", 1359},
                {"CREATE EVENT", NOT_MADE("object 5"), "DROP EVENT", 1537}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {
            {.has = rows[i].create, .code = MR_E_SQL, .number = rows[i].number, .text = "exists"},
            KEYLESS,
            EVENTS};
        struct mr_err err = {0};
        begin(script, LEN(script));
        if (run(&err) != MR_OK)
            fail_msg("%s: %s", rows[i].create, err.message);
        if (!world_has(rows[i].line) || world_has(rows[i].drop))
            fail_msg("%s: %s", rows[i].create, world_sent());
        end();
    }
    for (unsigned full = 0; full < 2; full++) { /* no answer: nobody knows what it has made */
        const struct world_answer script[] = {{.has = "CREATE TABLE `members`",
                                               .code = full ? MR_E_SQL : MR_E_LOST,
                                               .number = full ? 1021 : 2013},
                                              KEYLESS};
        begin(script, LEN(script));
        assert_int_equal(mr_restore_before(&restore.r, NULL), full ? MR_E_SQL : MR_E_LOST);
        assert_int_equal(world_has(NOT_MADE("table 0")), full);
        end();
    }
}

/* Lines of files of a table that was dropped go before it is made anew: a kill behind the CREATE
 * would make the next run take it for loaded. */
static void test_forgets_first(void **state)
{
    static const struct mr_snap_chunk chunk = {.file = "data/x"};
    struct mr_snap_table gone = tables[0];
    (void)state;
    gone.chunks = &chunk;
    gone.nchunks = 1;
    for (unsigned loaded = 0; loaded < 2; loaded++) {
        struct mr_err err = {0};
        begin(fine, LEN(fine));
        restore.r.resumed = true;
        restore.tables[0].snap = restore.tables[0].from = &gone;
        if (loaded)
            restore_done("data/x");
        assert_int_equal(mr_restore_before(&restore.r, &err), MR_OK);
        const char *line = strstr(world_sent(), "DELETE FROM " PROGRESS " WHERE file = 'data/x'");
        assert_int_equal(line != NULL, loaded);
        if (line != NULL)
            assert_non_null(strstr(line, "CREATE TABLE `members`"));
        end();
    }
}

/* A table that may hold half a file is dropped and made anew, with its keys. */
static void test_half(void **state)
{
    static const struct mr_snap_chunk chunk = {.file = "data/x"};
    struct mr_snap_table half = tables[0];
    struct mr_err err = {0};
    (void)state;
    half.transactional = false;
    half.chunks = &chunk;
    half.nchunks = 1;
    begin(fine, LEN(fine));
    restore.r.resumed = true;
    restore.tables[0] = (struct mr_restore_table){
        .snap = &half, .from = &half, .db = "club", .is_there = true, .has_keys = true};
    assert_int_equal(mr_restore_before(&restore.r, &err), MR_OK);
    const char *drop = strstr(world_sent(), "DROP TABLE `club`.`members`\n");
    assert_non_null(drop);
    assert_non_null(strstr(drop, "CREATE TABLE `members`"));
    assert_false(restore.tables[0].is_there || restore.tables[0].has_keys);
    end();
}

/* ---- refusals ---- */

/* A right that is missing before anything was done is a refusal, and says so. */
static void test_denied(void **state)
{
    static const struct {
        const char *has;
        bool resumed;
        enum mr_into into;
        bool there;
        enum mr_code code;
    } rows[] = {
        {"CREATE DATABASE", false, MR_INTO_REFUSE, false, MR_E_REFUSED},
        {"ALTER DATABASE", true, MR_INTO_REFUSE, true, MR_E_DENIED},
        {"CREATE DATABASE", false, MR_INTO_REPLACE, false, MR_E_DENIED},
        {"CREATE TABLE IF", false, MR_INTO_REFUSE, false, MR_E_DENIED}, /* the database is made */
        {"CREATE TABLE IF", false, MR_INTO_ADD, true, MR_E_REFUSED},
        {"INSERT INTO", false, MR_INTO_ADD, true, MR_E_REFUSED},
    };
    static const struct mr_database there = {"club", "utf8mb4", "utf8mb4_bin"};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {
            {.has = rows[i].has, .code = MR_E_DENIED, .number = 1044, .text = "denied"}, KEYLESS};
        struct mr_err err = {0};
        begin(script, LEN(script));
        restore.r.resumed = rows[i].resumed;
        if (rows[i].resumed)
            restore_done("made 0");
        restore.opts.into_existing = rows[i].into;
        restore.dbs[0].there = rows[i].there ? &there : NULL;
        assert_int_equal(mr_restore_before(&restore.r, &err), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(strstr(err.hint, "Nothing was changed") != NULL,
                         rows[i].code == MR_E_REFUSED);
        end();
    }
}

/* What one statement is answered, and what comes of it. */
static void test_answers(void **state)
{
    static const struct {
        struct world_answer answer;
        enum mr_code code;
        const char *note; /* part of the only one; NULL: none */
        const char *then; /* sent behind it */
        size_t aside;
    } rows[] = {
        {{.has = "CREATE DEFINER=", .code = MR_E_DENIED, .number = 1227, .text = "SUPER"},
         MR_OK,
         "\"tidy.r\": made under this account",
         "\nCREATE PROCEDURE `tidy`() DELETE FROM",
         0},
        {{.has = "CREATE DEFINER=", .code = MR_E_DENIED, .number = 1370, .text = "no"},
         MR_OK,
         "\"tidy.r\": no",
         NULL,
         0},
        {{.has = "CREATE SEQUENCE", .code = MR_E_SQL, .number = 1064, .text = "syntax"},
         MR_OK,
         "\"ids.q\": syntax",
         "PROCEDURE `tidy`",
         0},
        {{.has = "DO SETVAL", .code = MR_E_SQL, .number = 1264, .text = "range"},
         MR_OK,
         "range",
         "PROCEDURE `tidy`",
         0},
        {{.has = "ADD CONSTRAINT", .code = MR_E_SQL, .number = 1005, .text = "errno 150"},
         MR_OK,
         "\"members.k\": errno 150",
         "CREATE VIEW",
         0},
        {{.has = "CREATE TABLE `members`", .code = MR_E_SQL, .number = 1286, .text = "engine"},
         MR_OK,
         NULL,
         "CREATE VIEW",
         1},
        {{.has = "CREATE TABLE `members`", .code = MR_E_SQL, .number = 1021, .text = "full"},
         MR_E_SQL,
         NULL,
         NULL,
         0},
        {{.has = "CREATE TABLE `members`", .code = MR_E_LOST, .number = 2013},
         MR_E_LOST,
         NULL,
         NULL,
         0},
        {{.has = "CREATE VIEW `active`", .code = MR_E_DENIED, .number = 1142, .text = "no"},
         MR_OK,
         "\"active.v\": no",
         "CREATE TRIGGER",
         0},
        {{.has = "CREATE VIEW `active`", .code = MR_E_LOST, .number = 2013},
         MR_E_LOST,
         NULL,
         NULL,
         0},
        {{.has = "CREATE TRIGGER", .code = MR_E_LOST, .number = 2013}, MR_E_LOST, NULL, NULL, 0},
        {{.has = "information_schema.EVENTS", .text = ""},
         MR_OK,
         "\"nightly.e\": its time has passed",
         "DROP TABLE IF EXISTS " PROGRESS,
         0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {rows[i].answer, KEYLESS, EVENTS};
        struct mr_err err = {0};
        begin(script, LEN(script));
        enum mr_code code = run(&err);
        const char *at = strstr(world_sent(), rows[i].answer.has);
        if (code != rows[i].code || err.code != code || at == NULL ||
            restore.r.notes.count != (rows[i].note != NULL) ||
            (rows[i].note != NULL && strstr(restore_note(0), rows[i].note) == NULL) ||
            (rows[i].then != NULL && strstr(at, rows[i].then) == NULL) ||
            restore.r.naside != rows[i].aside)
            fail_msg("%s: %s; %s", rows[i].answer.has, err.message, restore_note(0));
        if (rows[i].aside > 0)
            assert_false(world_has("ADD CONSTRAINT")); /* it is not there */
        end();
    }
}

/* "DEFINER=`a`@`b` " in a body is not that of the head. */
static void test_definer_in_body(void **state)
{
    static const struct mr_snap_object quiet[] = {
        {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club", .file = "club.db"},
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure quiet", .file = "quiet.r"}};
    static const struct world_answer script[] = {
        {.has = "`quiet`", .code = MR_E_DENIED, .number = 1227, .text = "SUPER"}};
    struct mr_err err = {0};
    (void)state;
    world_begin(script, LEN(script));
    mr_log_set_level(0);
    restore_begin(NULL, 0, quiet, LEN(quiet));
    assert_int_equal(mr_restore_before(&restore.r, &err), MR_OK);
    assert_int_equal(world_sent_count("`quiet`"), 1);
    assert_non_null(strstr(restore_note(0), "\"quiet.r\": SUPER"));
    end();
}

/* ---- under another name ---- */

/* Parents follow; what a body names is reported; an event that would touch the live one is not made. */
static void test_renamed(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin(fine, LEN(fine));
    restore.dbs[0].to = "co`py";
    restore.tables[0].db = "co`py";
    assert_int_equal(run(&err), MR_OK);
    assert_true(world_has("CREATE DATABASE `co``py` CHARACTER SET"));
    assert_true(world_has("REFERENCES `co``py`.`people`"));
    assert_true(world_has("PROCEDURE `tidy`() DELETE FROM `club`.`old`"));
    assert_false(world_has("CREATE EVENT"));
    assert_false(world_has("USE `club`"));
    assert_int_equal(restore.r.notes.count, 2);
    assert_non_null(strstr(restore_note(0), "\"tidy.r\": its text names \"club\""));
    assert_non_null(strstr(restore_note(1), "\"nightly.e\": not made: it would run by itself"));
    end();
}

/* ---- what a server adds by itself ---- */

static void test_stamps(void **state)
{
    static const struct {
        struct world_answer ask, set;
        size_t notes; /* of two tables: one with such a column, one with a directory */
        enum mr_code code;
    } rows[] = {
        {{.has = "SELECT @@SESSION.explicit", .text = "1"}, {.has = "-"}, 1, MR_OK},
        {{.has = "SELECT @@SESSION.explicit", .text = "0"}, {.has = "-"}, 1, MR_OK},
        {{.has = "SELECT @@SESSION.explicit", .text = "0"},
         {.has = "SET SESSION explicit", .code = MR_E_DENIED, .number = 1227},
         2,
         MR_OK},
        {{.has = "SELECT @@SESSION.explicit", .code = MR_E_SQL, .number = 1193},
         {.has = "-"},
         2,
         MR_OK},
        {{.has = "SELECT @@SESSION.explicit", .code = MR_E_LOST, .number = 2013},
         {.has = "-"},
         0,
         MR_E_LOST},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {rows[i].ask, rows[i].set, KEYLESS};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(stamped, LEN(stamped), objects, 1);
        assert_int_equal(mr_restore_before(&restore.r, &err), rows[i].code);
        assert_int_equal(restore.r.notes.count, rows[i].notes);
        if (rows[i].notes > 0)
            assert_non_null(
                strstr(restore_note(rows[i].notes - 1), "\"far.t\": made in the server's own"));
        if (rows[i].notes > 1)
            assert_non_null(strstr(restore_note(0), "\"stamped.t\": the server has given"));
        end();
    }
}

/* Notes of tables are those of the next run, too, which finds them made. */
static void test_notes_again(void **state)
{
    static const struct world_answer script[] = {
        {.has = "SELECT @@SESSION.explicit", .text = "0"},
        {.has = "SET SESSION explicit", .code = MR_E_DENIED, .number = 1227},
        KEYLESS};
    struct mr_err err = {0};
    (void)state;
    world_begin(script, LEN(script));
    mr_log_set_level(0);
    restore_begin(stamped, LEN(stamped), objects, 1);
    restore.r.resumed = restore.tables[0].is_there = restore.tables[1].is_there = true;
    assert_int_equal(mr_restore_before(&restore.r, &err), MR_OK);
    assert_false(world_has("CREATE TABLE `"));
    assert_int_equal(restore.r.notes.count, 2);
    assert_non_null(strstr(restore_note(0), "\"stamped.t\": the server has given"));
    assert_non_null(strstr(restore_note(1), "\"far.t\": made in the server's own"));
    end();
}

/* Of two databases only one is wanted: the other is neither made nor altered, unless it is the first,
 * which has the table of progress. */
static void test_wanted_dbs(void **state)
{
    static const struct mr_snap_object two[] = {
        {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club", .file = "club.db"},
        {.kind = MR_OBJECT_DATABASE, .db = "shop", .name = "shop", .file = "club.db"}};
    static const struct mr_snap_table of[] = {{.db = "club",
                                               .name = "members",
                                               .number = 1,
                                               .engine = "InnoDB",
                                               .schema_file = "members.t"},
                                              {.db = "shop",
                                               .name = "members",
                                               .number = 2,
                                               .engine = "InnoDB",
                                               .schema_file = "members.t"}};
    static const struct mr_database there = {"club", "latin1", "latin1_bin"};
    static const struct {
        const char *tables, *exclude;
        bool there, club, shop; /* which are made or altered */
    } rows[] = {{NULL, NULL, false, true, true},           {"club.*", NULL, false, true, false},
                {"shop.*", NULL, true, false, true},       {"shop.*", NULL, false, true, true},
                {NULL, "club.members", true, false, true}, {NULL, "*.other", true, true, true}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        char *tables_of[] = {(char *)(uintptr_t)rows[i].tables};
        char *exclude[] = {(char *)(uintptr_t)rows[i].exclude};
        struct mr_err err = {0};
        world_begin(fine, LEN(fine));
        mr_log_set_level(0);
        restore_begin(of, 0, two, LEN(two));
        restore.r.snap.manifest.tables = (struct mr_snap_table *)(uintptr_t)of;
        restore.r.snap.manifest.ntables = LEN(of);
        restore.opts.tables =
            (struct mr_string_list){.items = (void *)tables_of, .count = rows[i].tables != NULL};
        restore.opts.exclude =
            (struct mr_string_list){.items = (void *)exclude, .count = rows[i].exclude != NULL};
        restore.dbs[0].there = restore.dbs[1].there = rows[i].there ? &there : NULL;
        assert_int_equal(mr_restore_before(&restore.r, &err), MR_OK);
        const char *verb = rows[i].there ? "ALTER DATABASE" : "CREATE DATABASE";
        char club[64], shop[64];
        (void)snprintf(club, sizeof club, "%s `club`", verb);
        (void)snprintf(shop, sizeof shop, "%s `shop`", verb);
        if (world_has(club) != rows[i].club || world_has(shop) != rows[i].shop)
            fail_msg("%zu: %s", i, world_sent());
        end();
    }
}

/* Whatever statement fails, nothing is sent behind it. */
static void test_failing(void **state)
{
    unsigned all = 0;
    (void)state;
    begin(fine, LEN(fine));
    assert_int_equal(run(NULL), MR_OK);
    all = world.asked;
    end();
    for (unsigned n = 1; n <= all; n++) {
        struct mr_err err = {0};
        begin(fine, LEN(fine));
        world.fail_at = n;
        enum mr_code code = run(&err);
        if (code != MR_E_LOST || err.code != MR_E_LOST || world.asked != n)
            fail_msg("statement %u of %u: %d, and then %u", n, all, (int)code, world.asked);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),           cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_not_its_own),   cmocka_unit_test(test_half),
        cmocka_unit_test(test_lines),         cmocka_unit_test(test_somebody_was_quicker),
        cmocka_unit_test(test_forgets_first), cmocka_unit_test(test_denied),
        cmocka_unit_test(test_answers),       cmocka_unit_test(test_definer_in_body),
        cmocka_unit_test(test_renamed),       cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_notes_again),   cmocka_unit_test(test_wanted_dbs),
        cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("restore_schema", tests, NULL, NULL);
}
