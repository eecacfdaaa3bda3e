/* test_restore_target.c: what goes where, what of it an earlier run has loaded, and what of a
 * target nobody may take for that run's own. */
#include "restore_world.h"
#include "snapshot/read/snap_places.h"

/* Definitions that any server can express. */
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)name, (void)place, (void)err;
    mr_strbuf_add_str(out, "CREATE TABLE `t` (\n  `id` int\n)");
    return MR_OK;
}

static const struct mr_snap_chunk of_members[] = {{.file = "data/club.members.0.tsv.zst"},
                                                  {.file = "data/club.members.1.tsv.zst"}};
static const struct mr_snap_chunk of_notes[] = {{.file = "data/club.notes.0.tsv.zst"}};
static const struct mr_snap_table tables[] = {
    {.db = "club",
     .name = "members",
     .number = 1,
     .engine = "InnoDB",
     .transactional = true,
     .chunks = of_members,
     .nchunks = LEN(of_members)},
    {.db = "club", .name = "Members", .number = 2, .engine = "InnoDB", .transactional = true},
    {.db = "shop",
     .name = "notes",
     .number = 3,
     .engine = "MyISAM",
     .chunks = of_notes,
     .nchunks = LEN(of_notes)},
    {.db = "shop", .name = "empty", .number = 4, .engine = "MyISAM"},
    {.db = "shop",
     .name = "both",
     .number = 5,
     .engine = "MRG_MyISAM",
     .chunks = of_notes,
     .nchunks = LEN(of_notes)}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_DATABASE, .db = "shop", .name = "shop"}};

static const struct mr_table progress = {.db = "club", .name = MR_SNAP_PROGRESS_TABLE};

#define LOCKS                                                                                      \
    {                                                                                              \
        .has = "GET_LOCK", .text = "1 7"                                                           \
    }
#define INFILE                                                                                     \
    {                                                                                              \
        .has = "local_infile", .text = "1"                                                         \
    }

static void begin(const struct world_answer *script, size_t count, size_t ntables)
{
    world_begin(script, count);
    restore_begin(tables, ntables, objects, LEN(objects));
    restore.r.ndbs = restore.r.ntables = 0;
    restore.opts.into_existing = MR_INTO_ADD;
}

static void end(void)
{
    restore_end();
    world_end();
}

static void on_target(const struct mr_table *there, size_t count)
{
    restore.cat.tables = there;
    restore.cat.ntables = count;
}

/* ---- names ---- */

static void test_names(void **state)
{
    static const struct world_answer script[] = {LOCKS, INFILE};
    static const char *const two[] = {"club2", "shop2"};
    static const char *const alike[] = {"x", "X"};
    static const struct {
        const char *what;
        const char *const *dbs;
        size_t ndbs;
        const char *rename;
        bool in_small;
        enum mr_code code;
        const char *first, *second; /* or what is said */
    } rows[] = {
        {"as ever", NULL, 0, NULL, false, MR_OK, "club", "shop"},
        {"by position", two, 2, NULL, false, MR_OK, "club2", "shop2"},
        {"too few", two, 1, NULL, false, MR_E_USAGE, "names 1 database,", NULL},
        {"one by name", NULL, 0, "shop=o`dd", false, MR_OK, "club", "o`dd"},
        {"by name goes before position", two, 2, "shop=s", false, MR_OK, "club2", "s"},
        {"a name with = in it", NULL, 0, "shop=a=b", false, MR_OK, "club", "a=b"},
        {"a part of a name", NULL, 0, "sho=x", false, MR_E_USAGE, "names no database", NULL},
        {"more than a name", NULL, 0, "shops=x", false, MR_E_USAGE, "names no database", NULL},
        {"no new name", NULL, 0, "shop=", false, MR_E_USAGE, "has no new name", NULL},
        {"no =", NULL, 0, "shop", false, MR_E_USAGE, "names no database", NULL},
        {"two become one", NULL, 0, "shop=club", false, MR_E_USAGE, "would both be", NULL},
        {"letters keep them apart", alike, 2, NULL, false, MR_OK, "x", "X"},
        {"letters do not", alike, 2, NULL, true, MR_E_USAGE, "would both be", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        char *rename[] = {(char *)(uintptr_t)rows[i].rename};
        begin(script, LEN(script), 1);
        restore.r.ep.dbs = (char **)(uintptr_t)rows[i].dbs;
        restore.r.ep.ndbs = rows[i].ndbs;
        restore.opts.rename_dbs =
            (struct mr_string_list){.items = (void *)rename, .count = rows[i].rename != NULL};
        world.server.lower_case_table_names = rows[i].in_small;
        enum mr_code code = mr_restore_target(&restore.r, &err);
        if (code != rows[i].code)
            fail_msg("%s: %d, %s", rows[i].what, (int)code, err.message);
        if (code == MR_OK) {
            assert_string_equal(restore.r.dbs[0].to, rows[i].first);
            assert_string_equal(restore.r.dbs[1].to, rows[i].second);
            assert_string_equal(restore.r.tables[0].db, rows[i].first);
            assert_string_equal(mr_restore_db_name(&restore.r, "shop"), rows[i].second);
            assert_null(mr_restore_db_name(&restore.r, "Shop"));
        } else {
            assert_non_null(strstr(err.message, rows[i].first));
            assert_int_equal(world.asked, 0); /* nothing was locked yet */
        }
        end();
    }
}

/* ---- an unfinished restore ---- */

static char begun[128];

/* The line that a run of all tables writes. */
static void learn_begun_with(bool no_binlog)
{
    static const struct world_answer script[] = {LOCKS, INFILE};
    struct mr_strbuf text = MR_STRBUF_INIT;
    begin(script, LEN(script), LEN(tables));
    restore.opts.no_binlog = no_binlog;
    assert_int_equal(mr_restore_target(&restore.r, NULL), MR_OK);
    mr_restore_begun(&text, &restore.r);
    (void)snprintf(begun, sizeof begun, "%s", text.ptr);
    mr_strbuf_release(&text);
    end();
}

static void learn_begun(void)
{
    learn_begun_with(false);
}

/* Replicas have all of a restore or nothing: it goes on as it was begun. */
static void test_scope_of_log(void **state)
{
    (void)state;
    for (unsigned begun_quiet = 0; begun_quiet < 2; begun_quiet++)
        for (unsigned quiet = 0; quiet < 2; quiet++) {
            char answer[256];
            struct mr_err err = {0};
            learn_begun_with(begun_quiet != 0);
            (void)snprintf(answer, sizeof answer, "u-1|%s", begun);
            const struct world_answer script[] = {
                LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = answer}};
            begin(script, LEN(script), LEN(tables));
            restore.opts.no_binlog = quiet != 0;
            on_target(&progress, 1);
            const bool same = begun_quiet == quiet;
            assert_int_equal(mr_restore_target(&restore.r, &err), same ? MR_OK : MR_E_REFUSED);
            assert_int_equal(restore.r.resumed, same);
            assert_int_equal(strstr(err.message, "another --no-binlog") != NULL, !same);
            end();
        }
}

/* What a chain is merged into in other files has the same uuid, and rows of its own in each. */
static void test_scope_of_files(void **state)
{
    static const struct world_answer script[] = {LOCKS, INFILE};
    static const struct mr_snap_chunk other[] = {{.file = "data/club.members.0.tsv.zst", .rows = 1},
                                                 {.file = "data/club.members.1.tsv.zst"}};
    struct mr_snap_table same = tables[0];
    (void)state;
    for (unsigned differs = 0; differs < 3; differs++) { /* the last of the schema alone */
        struct mr_strbuf text = MR_STRBUF_INIT;
        char first[128] = "";
        for (unsigned of = 0; of < 2; of++) {
            begin(script, LEN(script), 1);
            restore.opts.schema_only = differs == 2;
            same.chunks = of == 1 && differs > 0 ? other : of_members;
            restore.r.snap.manifest.tables = &same;
            assert_int_equal(mr_restore_target(&restore.r, NULL), MR_OK);
            mr_strbuf_reset(&text);
            mr_restore_begun(&text, &restore.r);
            if (of == 0)
                (void)snprintf(first, sizeof first, "%s", text.ptr);
            end();
        }
        assert_int_equal(strcmp(first, text.ptr) != 0, differs == 1);
        mr_strbuf_release(&text);
    }
}

#define M0 "data/club.members.0.tsv.zst"

static void test_progress(void **state)
{
    static const struct {
        const char *what, *rows; /* "BEGUN" stands for the line of this scope */
        bool resumed, ended, others;
        enum mr_code code;
        size_t done;
    } rows[] = {
        {"none", "", false, false, false, MR_OK, 0},
        {"begun", "u-1|BEGUN", true, false, false, MR_OK, 1},
        {"a file", "u-1|BEGUN\nu-1|" M0, true, false, false, MR_OK, 2},
        {"ended", "u-1|" M0 "\nu-1|ended\nu-1|BEGUN", true, true, false, MR_OK, 3},
        {"another snapshot", "u-2|BEGUN\nu-2|" M0, false, false, false, MR_OK, 0},
        {"a line of another one", "u-1|BEGUN\nu-2|" M0, false, false, false, MR_OK, 0},
        {"ended, of another snapshot", "u-2|BEGUN\nu-2|ended", false, false, false, MR_OK, 0},
        {"another scope", "u-1|begun 00\nu-1|" M0, false, false, true, MR_E_REFUSED, 0},
        {"no beginning", "u-1|" M0, false, false, true, MR_E_REFUSED, 0},
    };
    (void)state;
    learn_begun();
    for (size_t i = 0; i < LEN(rows); i++) {
        char answer[512] = "";
        const char *at = strstr(rows[i].rows, "BEGUN");
        if (at != NULL)
            (void)snprintf(answer, sizeof answer, "%.*s%s%s", (int)(at - rows[i].rows),
                           rows[i].rows, begun, at + 5);
        else
            (void)snprintf(answer, sizeof answer, "%s", rows[i].rows);
        const struct world_answer script[] = {
            LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = answer}};
        struct mr_err err = {0};
        begin(script, LEN(script), LEN(tables));
        on_target(&progress, 1);
        enum mr_code code = mr_restore_target(&restore.r, &err);
        const struct mr_restore *r = &restore.r;
        if (code != rows[i].code || r->resumed != rows[i].resumed || r->ended != rows[i].ended ||
            r->others != rows[i].others || r->done.count != rows[i].done)
            fail_msg("%s: %s", rows[i].what, err.message);
        assert_int_equal(mr_restore_is_done(r, M0), strstr(rows[i].rows, M0) && r->resumed);
        assert_false(mr_restore_is_done(r, "data/club.members"));
        assert_false(mr_restore_is_done(r, ""));
        end();
    }
}

/* A table without transactions may hold half a file, unless that run came to its end with all of
 * its files. */
static void test_trusted(void **state)
{
    static const struct {
        bool ended, notes; /* its file is loaded */
        bool trusted[LEN(tables)];
    } rows[] = {
        {false, false, {true, true, false, false, true}},
        {false, true, {true, true, false, false, true}},
        {true, false, {true, true, false, true, true}},
        {true, true, {true, true, true, true, true}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        world_begin(NULL, 0);
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.r.ended = rows[i].ended;
        if (rows[i].notes)
            restore_done(of_notes[0].file);
        for (size_t t = 0; t < LEN(tables); t++)
            assert_int_equal(mr_restore_is_trusted(&restore.r, &restore.tables[t]),
                             rows[i].trusted[t]);
        end();
    }
}

/* Of --data-only it is the target's engine that counts. */
static void test_trusted_of_data_only(void **state)
{
    static const struct {
        bool data_only, transactional, trusted[2]; /* of an InnoDB, of a MyISAM table */
    } rows[] = {
        {true, false, {false, false}},
        {true, true, {true, true}},
        {false, true, {true, false}},
        {false, false, {true, false}},
    };
    static const struct mr_snap_table of[] = {
        {.db = "club", .name = "a", .engine = "InnoDB", .transactional = true},
        {.db = "club", .name = "b", .engine = "MyISAM"}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_table there[] = {
            {.db = "club", .name = "a", .transactional = rows[i].transactional},
            {.db = "club", .name = "b", .transactional = rows[i].transactional}};
        world_begin(NULL, 0);
        restore_begin(of, LEN(of), objects, LEN(objects));
        restore.cat.tables = there;
        restore.cat.ntables = LEN(there);
        restore.opts.data_only = rows[i].data_only;
        for (size_t t = 0; t < LEN(of); t++)
            assert_int_equal(mr_restore_is_trusted(&restore.r, &restore.tables[t]),
                             rows[i].trusted[t]);
        end();
    }
}

/* ---- what is there ---- */

/* Where letters are alike two tables of the snapshot may have one name: only the first is there. */
static void test_there(void **state)
{
    static const struct mr_foreign_key key = {.name = "k", .ref_db = "", .ref_table = ""};
    static const struct {
        struct mr_table table;
        char lower;
        bool there[2], keys[2];
    } rows[] = {
        {{.db = "club", .name = "members"}, 0, {true, false}, {false, false}},
        {{.db = "club", .name = "Members"}, 0, {false, true}, {false, false}},
        {{.db = "club", .name = "members", .fks = &key, .nfks = 1}, 1, {true, false}, {true, true}},
        {{.db = "CLUB", .name = "MEMBERS"}, 2, {true, false}, {false, false}},
        {{.db = "other", .name = "members"}, 0, {false, false}, {false, false}},
    };
    (void)state;
    learn_begun();
    for (size_t i = 0; i < LEN(rows); i++) {
        char answer[200];
        (void)snprintf(answer, sizeof answer, "u-1|%s\nu-1|making table 1\nu-1|making table 2",
                       begun);
        const struct world_answer script[] = {
            LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = answer}};
        struct mr_err err = {0};
        begin(script, LEN(script), LEN(tables));
        const struct mr_table there[] = {rows[i].table, progress};
        on_target(there, LEN(there));
        world.server.lower_case_table_names = rows[i].lower;
        restore.cat.server.lower_case_table_names = rows[i].lower;
        if (mr_restore_target(&restore.r, &err) != MR_OK)
            fail_msg("%s", err.message);
        for (size_t t = 0; t < 2; t++) {
            assert_int_equal(restore.r.tables[t].is_there, rows[i].there[t]);
            assert_int_equal(restore.r.tables[t].has_keys, rows[i].keys[t]);
        }
        end();
    }
}

/* A table that the run has not made is somebody's own: it was made since, or before the run came so
 * far; or an ended run has set it aside, and dropped it. */
static void test_own(void **state)
{
    static const struct {
        const char *lines, *name;
        enum mr_code code;
    } rows[] = {
        {"\nu-1|making table 1", "members", MR_OK},
        {"", "members", MR_E_REFUSED},
        {"\nu-1|making table 2", "members", MR_E_REFUSED},
        {"\nu-1|making object 1", "members", MR_E_REFUSED},
        {"\nu-1|ended\nu-1|making table 1", "members", MR_OK},
        {"\nu-1|ended", "members", MR_E_REFUSED},
        {"\nu-1|ended", "Members", MR_E_REFUSED}, /* also where no rows could tell */
        {"\nu-1|ended", "others", MR_OK},
        {"", "others", MR_OK},
    };
    (void)state;
    learn_begun();
    for (size_t i = 0; i < LEN(rows); i++) {
        char answer[300];
        (void)snprintf(answer, sizeof answer, "u-1|%s%s", begun, rows[i].lines);
        const struct world_answer script[] = {
            LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = answer}};
        struct mr_err err = {0};
        begin(script, LEN(script), LEN(tables));
        struct mr_table there[] = {progress, {.db = "club", .name = rows[i].name}};
        if (strcmp(rows[i].name, MR_SNAP_PROGRESS_TABLE) < 0) { /* a catalogue is sorted */
            there[1] = there[0];
            there[0].name = rows[i].name;
        }
        on_target(there, LEN(there));
        if (mr_restore_target(&restore.r, &err) != rows[i].code)
            fail_msg("%zu: %s", i, err.message);
        if (rows[i].code != MR_OK)
            assert_non_null(strstr(err.message, "embers\" is there, and not by the restore"));
        end();
    }
}

/* So are views, routines, triggers, events and sequences. */
static void test_own_objects(void **state)
{
    static const struct mr_snap_object of_snapshot[] = {
        {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
        {.kind = MR_OBJECT_DATABASE, .db = "shop", .name = "shop"},
        {.kind = MR_OBJECT_VIEW, .db = "club", .name = "v"},
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure p"},
        {.kind = MR_OBJECT_EVENT, .db = "club", .name = "e"},
        {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "s"},
        {.kind = MR_OBJECT_TRIGGER, .db = "club", .name = "tr", .table = "members"}};
    static const struct mr_object there[] = {
        {.kind = MR_OBJECT_VIEW, .db = "club", .name = "v"},
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure P"},
        {.kind = MR_OBJECT_EVENT, .db = "club", .name = "e"},
        {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "s"}};
    static const struct mr_trigger trigger = {.name = "tr", .event = "INSERT"};
    static const struct {
        size_t object, of; /* which of the snapshot's are there, up to that; 0: the trigger */
        const char *lines, *said;
    } rows[] = {
        {0, 1, "", "view \"club.v\" is there"},
        {0, 1, "\nu-1|making object 3", "view \"club.v\" is there"},
        {0, 1, "\nu-1|making object 2", NULL},
        {1, 1, "", "routine \"club.procedure p\" is there"},
        {1, 1, "\nu-1|making object 3", NULL},
        {2, 1, "", "event \"club.e\" is there"},
        {3, 1, "\nu-1|ended", "sequence \"club.s\" is there"},
        {0, 0, "", "trigger \"club.tr\" is there"},
        {0, 0, "\nu-1|making object 6", NULL},
    };
    (void)state;
    learn_begun();
    for (size_t i = 0; i < LEN(rows); i++) {
        char answer[300];
        (void)snprintf(answer, sizeof answer, "u-1|%s\nu-1|making table 1%s", begun, rows[i].lines);
        const struct world_answer script[] = {
            LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = answer}};
        const struct mr_table with_trigger[] = {
            {.db = "club", .name = "members", .triggers = &trigger, .ntriggers = rows[i].of == 0},
            progress};
        struct mr_err err = {0};
        begin(script, LEN(script), LEN(tables));
        restore.r.snap.manifest.objects = of_snapshot;
        restore.r.snap.manifest.nobjects = LEN(of_snapshot);
        on_target(with_trigger, LEN(with_trigger));
        restore.cat.objects = &there[rows[i].object];
        restore.cat.nobjects = rows[i].of;
        const enum mr_code code = mr_restore_target(&restore.r, &err);
        if (code != (rows[i].said != NULL ? MR_E_REFUSED : MR_OK) ||
            (rows[i].said != NULL && strstr(err.message, rows[i].said) == NULL))
            fail_msg("%zu: %s", i, err.message);
        end();
    }
}

/* A copy of the progress table would make the target look half restored. */
static void test_progress_kept(void **state)
{
    static const struct mr_snap_table kept[] = {{.db = "club", .name = MR_SNAP_PROGRESS_TABLE}};
    static const struct mr_snap_table astray[] = {{.db = "nowhere", .name = "members"}};
    static const struct world_answer script[] = {LOCKS, INFILE};
    struct mr_err err = {0};
    (void)state;
    begin(script, LEN(script), 0);
    restore.r.snap.manifest.tables = (struct mr_snap_table *)(uintptr_t)kept;
    restore.r.snap.manifest.ntables = 1;
    assert_int_equal(mr_restore_target(&restore.r, &err), MR_E_REFUSED);
    end();
    begin(script, LEN(script), 0);
    char *out[] = {(char *)(uintptr_t) "club." MR_SNAP_PROGRESS_TABLE};
    restore.r.snap.manifest.tables = (struct mr_snap_table *)(uintptr_t)kept;
    restore.r.snap.manifest.ntables = 1;
    restore.opts.exclude = (struct mr_string_list){.items = (void *)out, .count = 1};
    assert_int_equal(mr_restore_target(&restore.r, &err), MR_OK);
    assert_int_equal(restore.r.ntables, 0);
    end();
    begin(script, LEN(script), 0);
    restore.r.snap.manifest.tables = (struct mr_snap_table *)(uintptr_t)astray;
    restore.r.snap.manifest.ntables = 1;
    assert_int_equal(mr_restore_target(&restore.r, &err), MR_E_SNAPSHOT);
    end();
}

static bool takes_bulk;

bool __wrap_mr_bulk_is_there(const struct mr_db *db);
bool __wrap_mr_bulk_is_there(const struct mr_db *db)
{
    (void)db;
    return takes_bulk;
}

static void test_infile_and_failures(void **state)
{
    static const struct {
        struct world_answer infile;
        bool insert;
        bool takes_bulk;     /* the server */
        const char *by_rows; /* does its binary log hold rows, or is there none? */
        bool bulk;
    } rows[] = {{{.has = "local_infile", .text = "1"}, false, false, "1", false},
                {{.has = "local_infile", .text = "0"}, true, false, "1", false},
                {{.has = "local_infile", .text = "1"}, false, true, "1", true},
                {{.has = "local_infile", .text = "0"}, true, true, "1", true},
                {{.has = "local_infile", .text = "1"}, false, true, "0", false}};
    static const struct world_answer script[] = {
        LOCKS, INFILE, {.has = "SELECT uuid, file", .rows = ""}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer one[] = {
            LOCKS, rows[i].infile, {.has = "binlog_format", .text = rows[i].by_rows}};
        takes_bulk = rows[i].takes_bulk;
        begin(one, LEN(one), LEN(tables));
        assert_int_equal(mr_restore_target(&restore.r, NULL), MR_OK);
        assert_int_equal(restore.r.insert, rows[i].insert);
        assert_int_equal(restore.r.bulk, rows[i].bulk);
        end();
    }
    takes_bulk = false;
    for (unsigned n = 1; n <= 5; n++) { /* two locks, the catalogue, progress, LOAD DATA */
        struct mr_err err = {0};
        begin(script, LEN(script), LEN(tables));
        on_target(&progress, 1);
        world.fail_at = n;
        assert_int_equal(mr_restore_target(&restore.r, &err), MR_E_LOST);
        assert_int_equal(world.asked, n);
        assert_false(restore.r.resumed);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_progress),
                                       cmocka_unit_test(test_scope_of_log),
                                       cmocka_unit_test(test_scope_of_files),
                                       cmocka_unit_test(test_trusted),
                                       cmocka_unit_test(test_trusted_of_data_only),
                                       cmocka_unit_test(test_there),
                                       cmocka_unit_test(test_own),
                                       cmocka_unit_test(test_own_objects),
                                       cmocka_unit_test(test_progress_kept),
                                       cmocka_unit_test(test_infile_and_failures)};
    return cmocka_run_group_tests_name("restore_target", tests, NULL, NULL);
}
