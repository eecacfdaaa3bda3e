/* test_merged_rows.c: each row that a merge has to account for: what its plan decided, what its run found, and
 * tables of which neither says enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/case/run_change.h"
#include "core/file/compress.h"
#include "core/file/io.h"
#include "repair/plan/entity_file.h"
#include "repair/rejoin/merged_rows.h"

static char dir[] = "/tmp/merged_rows.XXXXXX";

static struct mr_find_column id_column(const char *name)
{
    return (struct mr_find_column){.name = name,
                                   .type = "int",
                                   .style = {.cls = MR_CLASS_INT},
                                   .key_at = 0,
                                   .identity_at = -1,
                                   .flag_at = -1};
}

struct world {
    char case_path[64];
    struct mr_arena arena;
    struct mr_find_column columns[2];
    struct mr_pair pairs[2];
    struct mr_plan_table tables[2];
    struct mr_plan_tables plan;
    struct mr_plan_dir merge;
    struct mr_findings *own; /* of the rejoin */
    struct mr_merged_book book;
};

static const size_t key_at[] = {0};
static const struct mr_server old = {.flavour = MR_FLAVOUR_MARIADB,
                                     .uuid = "uid-of-old",
                                     .server_id = 1,
                                     .hostname = "db1",
                                     .port = 3306,
                                     .datadir = "/data1/"};
static const struct mr_server live = {.flavour = MR_FLAVOUR_MARIADB,
                                      .uuid = "uid-of-live",
                                      .server_id = 2,
                                      .hostname = "db2",
                                      .port = 3306,
                                      .datadir = "/data2/"};
static const struct mr_server third = {.flavour = MR_FLAVOUR_MARIADB,
                                       .uuid = "uid-of-third",
                                       .server_id = 3,
                                       .hostname = "db3",
                                       .port = 3306,
                                       .datadir = "/data3/"};

/* An INT as row.h encodes it. */
static struct mr_key key_of(struct mr_arena *arena, unsigned char n)
{
    const char bytes[] = {'i', 1, 0, 0, 0, 0, 0, 0, 0, (char)n};
    return (struct mr_key){mr_arena_dup(arena, bytes, sizeof bytes), sizeof bytes};
}

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

struct decided {
    unsigned char key;
    enum mr_decision decision;
    const char *kind, *choice;
};

/* What else is known of each. */
static struct {
    struct mr_fact facts;
    const char *logs;
} told;

static void write_entities(struct world *w, const struct decided *of, size_t n)
{
    struct mr_strbuf text = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_compress *compress = NULL;
    const struct mr_sink sink = {.write = append, .arg = &out};
    char path[96];
    mr_entity_file_header(&text);
    for (size_t i = 0; i < n; i++) {
        const struct mr_entity_line line = {.table = "club.members",
                                            .source_key = of[i].decision == MR_DECIDE_DELETE
                                                              ? (struct mr_key){NULL, 0}
                                                              : key_of(&w->arena, of[i].key),
                                            .target_key = key_of(&w->arena, of[i].key),
                                            .decision = of[i].decision,
                                            .kind = of[i].kind,
                                            .choice = of[i].choice,
                                            .facts = told.facts,
                                            .logs = told.logs};
        assert_int_equal(mr_entity_file_line(&text, &line, NULL), MR_OK);
    }
    assert_int_equal(mr_compress_new(sink, &compress, NULL), MR_OK);
    assert_int_equal(mr_compress_write(compress, text.ptr, text.len, NULL), MR_OK);
    assert_int_equal(mr_compress_finish(compress, NULL), MR_OK);
    mr_compress_free(compress);
    (void)snprintf(path, sizeof path, "%s/" MR_ENTITY_FILE, dir);
    assert_int_equal(mr_io_write_file(path, 0600, out.ptr, out.len, NULL), MR_OK);
    mr_strbuf_release(&out);
    mr_strbuf_release(&text);
}

struct run {
    bool is_unfinished, has_no_place, is_not_whole, is_windowed, has_other_key, ignores;
    enum mr_verdict verdict;                 /* 0: diverged */
    unsigned char found;                     /* key of a finding; 0: none */
    enum mr_find_state state;                /* of it; 0: diverged */
    const struct mr_server *source, *target; /* that it read; NULL: OLD and LIVE */
    bool has_no_servers;
    bool lacks_column; /* that OLD has */
};

static void save_table(struct world *w, struct mr_findings *fd, const struct run *run)
{
    struct mr_find_column other = id_column("number");
    struct mr_find_table table = {.name = "club.members",
                                  .target_name = "club.members",
                                  .columns = run->has_other_key ? &other : w->columns,
                                  .ncolumns = run->has_other_key || run->lacks_column ? 1 : 2,
                                  .verdict = run->verdict != 0 ? run->verdict : MR_VERDICT_DIVERGED,
                                  .scanned = true,
                                  .settled = !run->is_not_whole,
                                  .windowed = run->is_windowed,
                                  .time_at = -1};
    const struct mr_find_table asked = table;
    bool known = false;
    assert_int_equal(mr_findings_table_add(fd, &table, &known, NULL), MR_OK);
    table.verdict = asked.verdict;
    table.scanned = asked.scanned;
    table.settled = asked.settled;
    assert_int_equal(mr_findings_table_save(fd, &table, NULL), MR_OK);
    if (run->found != 0) {
        const struct mr_finding f = {.state = run->state != 0 ? run->state : MR_FIND_DIVERGED,
                                     .kind = MR_KIND_MISSING,
                                     .key = key_of(&w->arena, run->found),
                                     .count = 1};
        assert_int_equal(mr_findings_save(fd, table.id, &f, 1, true, NULL), MR_OK);
    }
}

static void write_case(struct world *w, const struct run *run)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run r = {.uuid = "20260402T121100Z-0001",
                            .source = "old",
                            .target = "live",
                            .options = "",
                            .started = "2026-04-02T12:11:00Z"};
    const struct mr_log_place places[2] = {
        {.log = "bin.000001", .position = 4, .gtids = "0-1-9", .applied = ""},
        {.gtids = "", .applied = "", .why = "of no matter"}};
    const struct mr_log_place none[2] = {{.gtids = "", .applied = "", .why = "no right"},
                                         places[1]};
    const struct mr_find_setting ignored = {"club.members", "ignore-columns", "touched"};
    const struct mr_server *servers[2] = {run->source != NULL ? run->source : &old,
                                          run->target != NULL ? run->target : &live};
    (void)unlink(w->case_path);
    assert_int_equal(mr_findings_open(w->case_path, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(fd, &r, NULL), MR_OK);
    if (!run->has_no_servers)
        assert_int_equal(mr_findings_servers_save(fd, servers, 2, NULL), MR_OK);
    assert_int_equal(
        mr_run_places_save(fd, MR_RUN_BEGAN, run->has_no_place ? none : places, 2, NULL), MR_OK);
    if (run->ignores)
        assert_int_equal(mr_findings_settings_save(fd, &ignored, 1, NULL), MR_OK);
    save_table(w, fd, run);
    r.finished = !run->is_unfinished;
    assert_int_equal(mr_findings_run_end(fd, &r, NULL), MR_OK);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

static void open_world(struct world *w, const struct run *run, const struct decided *of, size_t n,
                       struct mr_log_place *place)
{
    static const char *const names[] = {"club.members", "club.notes"};
    *w = (struct world){.arena = MR_ARENA_INIT, .columns = {id_column("id"), id_column("note")}};
    w->columns[1].key_at = -1;
    (void)snprintf(w->case_path, sizeof w->case_path, "%s/case", dir);
    for (size_t i = 0; i < 2; i++) {
        w->pairs[i].find =
            (struct mr_find_table){.name = names[i], .columns = w->columns, .ncolumns = 2};
        w->tables[i] = (struct mr_plan_table){
            .pair = &w->pairs[i], .at = i, .key = {.at = key_at, .count = 1}};
    }
    w->plan = (struct mr_plan_tables){.tables = w->tables, .ntables = 2};
    w->merge = (struct mr_plan_dir){.path = dir,
                                    .manifest = {.case_path = w->case_path,
                                                 .run = "20260402T121100Z-0001",
                                                 .server = {.flavour = live.flavour,
                                                            .uuid = live.uuid,
                                                            .server_id = live.server_id,
                                                            .hostname = live.hostname,
                                                            .port = live.port,
                                                            .datadir = live.datadir}}};
    write_case(w, run);
    write_entities(w, of, n);
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &w->own, NULL), MR_OK);
    w->book =
        (struct mr_merged_book){.tables = &w->plan, .fd = w->own, .old = &old, .arena = &w->arena};
    assert_int_equal(mr_merged_book_open(&w->book, NULL), MR_OK);
    assert_int_equal(mr_merged_book_load(&w->book, &w->merge, NULL, place, NULL), MR_OK);
}

static void close_world(struct world *w)
{
    mr_merged_book_close(&w->book);
    assert_int_equal(mr_findings_close(w->own, NULL), MR_OK);
    mr_arena_release(&w->arena);
}

/* Each decision, and rows that the plan does not have. */
static void test_rows(void **state)
{
    static const struct {
        struct decided of;
        enum mr_merged_how how;
    } cases[] = {
        {{1, MR_DECIDE_SAME, NULL, NULL}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_SAME, "changed", NULL}, MR_MERGED_NOT},
        {{1, MR_DECIDE_SAME, "changed", "target"}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_MATCHED, NULL, NULL}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_INSERT, NULL, NULL}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_RENUMBER, "key-taken", "restore"}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_UPDATE, NULL, NULL}, MR_MERGED_STANDS},
        {{1, MR_DECIDE_CONFLICT, "deleted-on-live", NULL}, MR_MERGED_NOT},
        {{1, MR_DECIDE_CONFLICT, "unique", "target"}, MR_MERGED_DISMISSED},
        {{1, MR_DECIDE_SKIP, "deleted-on-live", "skip"}, MR_MERGED_DISMISSED},
        {{1, MR_DECIDE_LEFT, NULL, NULL}, MR_MERGED_DISMISSED},
        {{1, MR_DECIDE_WAITS, "parent-absent", NULL}, MR_MERGED_NOT},
        {{1, MR_DECIDE_PARENT, NULL, NULL}, MR_MERGED_EQUAL}, /* that is none of its rows */
        {{2, MR_DECIDE_INSERT, NULL, NULL}, MR_MERGED_EQUAL}, /* of another key */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        struct mr_log_place place;
        open_world(&w, &(struct run){.found = 0}, &cases[i].of, 1, &place);
        assert_null(place.why);
        assert_string_equal(place.gtids, "0-1-9");
        assert_int_equal(mr_merged_book_judge(&w.book, 0, key_of(&w.arena, 1), true, NULL), MR_OK);
        assert_int_equal(w.book.counts[cases[i].how], 1);
        assert_int_equal(w.book.uncovered != NULL, cases[i].how == MR_MERGED_NOT);
        assert_int_equal(mr_merged_book_judge(&w.book, 0, key_of(&w.arena, 9), false, NULL), MR_OK);
        assert_int_equal(w.book.counts[MR_MERGED_DELETED], 1);
        close_world(&w);
    }
}

/* A merge without logs goes by update-column: of a row whose time LIVE alone has set anew OLD had nothing to
 * say.  Where OLD's log has a change of it that is not so. */
static void test_update_column(void **state)
{
    static const struct {
        struct decided of;
        struct mr_fact facts;
        const char *logs;
        bool is_covered;
    } cases[] = {
        {{1, MR_DECIDE_SAME, NULL, NULL},
         {.there = true, .differs = true, .edited_live = true},
         NULL,
         false},
        {{1, MR_DECIDE_SAME, "changed", "target"},
         {.there = true, .differs = true, .edited = true, .edited_live = true},
         NULL,
         true},
        {{1, MR_DECIDE_SAME, NULL, NULL}, {.there = true, .edited_live = true}, NULL, true},
        /* by both logs it came to what it was */
        {{1, MR_DECIDE_SAME, NULL, NULL},
         {.there = true, .differs = true, .edited_live = true},
         "source-same",
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        struct mr_log_place place;
        told.facts = cases[i].facts;
        told.logs = cases[i].logs;
        open_world(&w, &(struct run){.found = 1}, &cases[i].of, 1, &place);
        assert_int_equal(mr_merged_book_judge(&w.book, 0, key_of(&w.arena, 1), true, NULL), MR_OK);
        assert_int_equal(w.book.counts[cases[i].is_covered ? MR_MERGED_STANDS : MR_MERGED_NOT], 1);
        if (!cases[i].is_covered)
            assert_non_null(strstr(w.book.uncovered, "key 1: by its update-column"));
        close_world(&w);
    }
    told.facts = (struct mr_fact){.there = false};
    told.logs = NULL;
}

/* What OLD had deleted is nothing to keep; but that LIVE has it still somebody should have decided. */
static void test_deleted(void **state)
{
    static const struct {
        struct decided of;
        unsigned char found;
        uint64_t kept;
    } cases[] = {
        {{2, MR_DECIDE_INSERT, NULL, NULL}, 0, 0}, /* LIVE has deleted it, too */
        {{2, MR_DECIDE_INSERT, NULL, NULL}, 9, 1},
        {{9, MR_DECIDE_DELETE, "deleted-in-source", "delete"}, 9, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        struct mr_log_place place;
        open_world(&w, &(struct run){.found = cases[i].found}, &cases[i].of, 1, &place);
        assert_int_equal(mr_merged_book_judge(&w.book, 0, key_of(&w.arena, 9), false, NULL), MR_OK);
        assert_int_equal(mr_merged_book_judge(&w.book, 1, key_of(&w.arena, 9), false, NULL), MR_OK);
        assert_int_equal(w.book.counts[MR_MERGED_DELETED], 2);
        assert_int_equal(w.book.kept, cases[i].kept);
        assert_null(w.book.uncovered);
        close_world(&w);
    }
}

/* Two merges of one run, of some tables each: each knows all tables, and has lines of its own alone. */
static void test_two(void **state)
{
    static const struct decided one = {1, MR_DECIDE_INSERT, NULL, NULL};
    static const struct mr_planned_table members = {.table = "club.members"};
    (void)state;
    for (int is_planned = 0; is_planned < 2; is_planned++) {
        struct world w;
        struct mr_log_place place;
        open_world(&w, &(struct run){.found = 1}, &one, 1, &place);
        write_entities(&w, &one, 0);
        w.merge.manifest.planned.tables = &members;
        w.merge.manifest.planned.ntables = (size_t)is_planned;
        assert_int_equal(mr_merged_book_load(&w.book, &w.merge, NULL, &place, NULL), MR_OK);
        assert_int_equal(mr_merged_book_judge(&w.book, 0, key_of(&w.arena, 1), true, NULL), MR_OK);
        assert_int_equal(w.book.counts[is_planned ? MR_MERGED_NOT : MR_MERGED_STANDS], 1);
        close_world(&w);
    }
}

static void says(const struct run *run, size_t table, const char *want)
{
    static const struct decided none = {2, MR_DECIDE_INSERT, NULL, NULL};
    struct world w;
    struct mr_log_place place;
    open_world(&w, run, &none, 1, &place);
    assert_int_equal(mr_merged_book_judge(&w.book, table, key_of(&w.arena, 1), true, NULL), MR_OK);
    assert_non_null(w.book.uncovered);
    assert_non_null(strstr(w.book.uncovered, want));
    assert_int_equal(w.book.counts[MR_MERGED_NOT], 1);
    close_world(&w);
}

/* What a run has not compared as a whole was not equal. */
static void test_tables(void **state)
{
    (void)state;
    says(&(struct run){.found = 1}, 0, "table \"club.members\", key 1: it differs");
    says(&(struct run){.found = 0}, 1, "table \"club.notes\", key 1: the merge did not compare");
    says(&(struct run){.verdict = MR_VERDICT_UNSETTLED}, 0, "did not come to an end");
    says(&(struct run){.verdict = MR_VERDICT_NOT_CHECKED}, 0, "did not come to an end");
    says(&(struct run){.is_not_whole = true}, 0, "not all of its rows");
    says(&(struct run){.is_windowed = true}, 0, "only some of its rows");
    says(&(struct run){.has_other_key = true}, 0, "its key is not");
}

static void test_place(void **state)
{
    static const struct decided none = {2, MR_DECIDE_INSERT, NULL, NULL};
    struct world w;
    struct mr_log_place place;
    (void)state;
    open_world(&w, &(struct run){.has_no_place = true}, &none, 1, &place);
    assert_string_equal(place.why, "no right");
    close_world(&w);
    open_world(&w, &(struct run){.is_unfinished = true}, &none, 1, &place);
    assert_string_equal(place.why, "its run was not finished");
    close_world(&w);
    open_world(&w, &(struct run){.ignores = true}, &none, 1, &place);
    assert_string_equal(w.book.dismissed, "touched of table \"club.members\"");
    assert_null(w.book.unseen);
    close_world(&w);
    open_world(&w, &(struct run){.lacks_column = true}, &none, 1, &place);
    assert_null(w.book.dismissed);
    assert_string_equal(w.book.unseen, "\"note\" of table \"club.members\"");
    w.merge.manifest.case_path = NULL;
    assert_int_equal(mr_merged_book_load(&w.book, &w.merge, NULL, &place, NULL), MR_OK);
    assert_non_null(strstr(place.why, "does not say of which case"));
    struct mr_err err = {0};
    assert_int_not_equal(mr_merged_book_load(&w.book, &w.merge, "/nowhere/case", &place, &err),
                         MR_OK);
    assert_non_null(strstr(err.message, dir));
    close_world(&w);
}

static void has_read(const struct run *run, const char *want)
{
    static const struct decided none = {2, MR_DECIDE_INSERT, NULL, NULL};
    struct world w;
    struct mr_log_place place;
    open_world(&w, run, &none, 1, &place);
    assert_non_null(place.why);
    assert_non_null(strstr(place.why, want));
    close_world(&w);
}

/* Behind an address another server may stand by now: rows that were equal on that one say nothing. */
static void test_servers(void **state)
{
    (void)state;
    has_read(&(struct run){.target = &third}, "its target was another server than the live one");
    has_read(&(struct run){.source = &third}, "its source was another server than the target");
    has_read(&(struct run){.source = &live, .target = &old}, "its source was another server");
    has_read(&(struct run){.has_no_servers = true}, "does not say which servers it has read");
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"case", "case-wal", "case-shm", MR_ENTITY_FILE};
    char path[96];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_update_column),
        cmocka_unit_test(test_two),     cmocka_unit_test(test_deleted),
        cmocka_unit_test(test_tables),  cmocka_unit_test(test_place),
        cmocka_unit_test(test_servers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
