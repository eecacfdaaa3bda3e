/* test_case_merge_places.c: parts of a pair that a server was put back between are not joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_case.h"

#include "core/case/case_merge.h"
#include "core/case/run_change.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define UUID "20260102T030405Z-8f3a.one"
#define U "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define PARTS 3
#define HOUR ((uint64_t)3600)

/* Each reads one, and knows all. */
static const char *const tables[PARTS] = {"db.a", "db.b", "db.c"};
static const char *const names[PARTS] = {"part 0", "part 1", "part 2"};
static char dir[40], path[PARTS][64], into[64];

/* What the target had executed when the part began, and (end_at) when it ended; gtids NULL: nobody may see it. */
struct stood {
    uint64_t at;
    const char *gtids, *applied;
    uint64_t end_at;
    const char *end_gtids;
};

/* of_many: not the target's, but that of the one server of many that are the source. */
static void save_places(struct check_case *c, bool is_mariadb, bool of_many,
                        const struct stood *stood)
{
    const struct mr_server mysql = {.flavour = MR_FLAVOUR_MYSQL, .hostname = "h", .uuid = U},
                           mariadb = {.flavour = MR_FLAVOUR_MARIADB,
                                      .hostname = "h",
                                      .server_id = 7},
                           *const server = is_mariadb ? &mariadb : &mysql,
                           *const servers[] = {of_many ? NULL : server, server, server};
    const struct mr_log_place none = {.gtids = "", .applied = "", .at = stood->at, .why = "-"},
                              place = {.log = stood->gtids != NULL ? "bin.1" : NULL,
                                       .gtids = stood->gtids != NULL ? stood->gtids : "",
                                       .applied = stood->applied != NULL ? stood->applied : "",
                                       .at = stood->at,
                                       .why = stood->gtids == NULL ? "-" : NULL},
                              places[] = {none, of_many ? none : place, place};
    const size_t count = of_many ? MR_FINDINGS_SHARD + 1 : MR_FINDINGS_SHARD;
    case_require(mr_findings_servers_save(c->fd, servers, count, NULL));
    case_require(mr_run_places_save(c->fd, MR_RUN_BEGAN, places, count, NULL));
    if (stood->end_at == 0)
        return;
    const struct mr_log_place end = {.log = "bin.1",
                                     .gtids = stood->end_gtids,
                                     .applied = "",
                                     .at = stood->end_at},
                              ends[] = {none, end};
    case_require(mr_run_places_save(c->fd, MR_RUN_ENDED, ends, LEN(ends), NULL));
}

static void make_part(size_t part, bool is_mariadb, bool of_many, const struct stood *stood)
{
    static const struct mr_range whole;
    struct check_case c;
    (void)snprintf(path[part], sizeof path[part], "%s/%zu.case", dir, part);
    case_begin_at(&c, path[part]);
    c.run.uuid = UUID;
    case_require(mr_findings_run_begin(c.fd, &c.run, NULL));
    save_places(&c, is_mariadb, of_many, stood);
    for (size_t i = 1; i <= PARTS; i++)
        case_table(&c, tables[(part + i) % PARTS], MR_VERDICT_UNDECIDED, true);
    const struct mr_find_chunk chunk = {.table = c.table.id, .last = true};
    case_require(mr_findings_segments_add(c.fd, c.table.id, &whole, 1, NULL));
    case_require(mr_findings_chunk_done(c.fd, &chunk, NULL, 0, NULL));
    c.table.verdict = MR_VERDICT_EQUAL;
    c.table.scanned = c.table.settled = true;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    c.run.finished = c.run.objects_done = c.run.kin_done = true;
    case_require(mr_findings_run_end(c.fd, &c.run, NULL));
    case_require(mr_findings_close(c.fd, NULL));
}

/* Why the tables are not-checked; "": they are equal. */
static const char *merge(struct mr_arena *arena)
{
    static const struct mr_case_merge_range range;
    struct mr_case_merge_table scopes[PARTS];
    struct mr_case_merge_part parts[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        scopes[i] = (struct mr_case_merge_table){tables[i], &range, 1};
        parts[i] = (struct mr_case_merge_part){.name = names[i],
                                               .path = path[i],
                                               .has_objects = i == 0,
                                               .tables = &scopes[i],
                                               .ntables = 1};
    }
    const struct mr_case_merge of = {
        .pair = "one", .run = {.uuid = UUID}, .parts = parts, .nparts = PARTS};
    struct mr_findings *out = NULL;
    struct mr_find_table *found = NULL;
    size_t damaged = 0, count = 0;
    struct mr_err err = {0};
    (void)snprintf(into, sizeof into, "%s/into.case", dir);
    case_require(mr_findings_open(into, MR_CASE_WRITE, &out, NULL));
    if (mr_case_merge(&of, out, &damaged, &err) != MR_OK)
        fail_msg("%s", err.message);
    case_require(mr_findings_tables(out, arena, &found, &count, NULL));
    assert_int_equal(count, PARTS);
    (void)mr_findings_close(out, NULL);
    return found[1].verdict == MR_VERDICT_EQUAL ? "" : found[1].reason;
}

static const struct {
    const char *what;
    enum { MYSQL, MARIADB, MANY } kind; /* MANY: of MySQL, that are the source */
    struct stood stood[PARTS];
    const char *why; /* a part of it; "": they are one */
} rows[] = {
    {"it goes on",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-300", "", 0, NULL},
      {5 * HOUR, U ":1-500", "", 0, NULL}},
     ""},
    {"parts begin in any order",
     MYSQL,
     {{5 * HOUR, U ":1-500", "", 0, NULL},
      {HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-300", "", 0, NULL}},
     ""},
    {"to before base",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-90", "", 0, NULL},
      {5 * HOUR, U ":1-95", "", 0, NULL}},
     "part 1 has read another target, by what it had executed, than part 0"},
    {"to between base and another",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-500", "", 0, NULL},
      {5 * HOUR, U ":1-350", "", 0, NULL}},
     "part 2 has read another target, by what it had executed, than part 1"},
    {"read within five seconds",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {HOUR + 2, U ":1-300", "", 0, NULL},
      {HOUR + 5, U ":1-200", "", 0, NULL}},
     ""},
    {"read within five seconds of one alone",
     MYSQL,
     {{HOUR, U ":1-400", "", 0, NULL},
      {HOUR + 2, U ":1-300", "", 0, NULL},
      {HOUR + 6, U ":1-350", "", 0, NULL}},
     "part 2 has read another target, by what it had executed, than part 0"},
    {"a replica without a log",
     MARIADB,
     {{HOUR, NULL, "0-1-100", 0, NULL},
      {3 * HOUR, NULL, "0-1-500", 0, NULL},
      {5 * HOUR, NULL, "0-1-350", 0, NULL}},
     "part 2 has read another target, by what it had executed, than part 1"},
    {"no GTIDs at all",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, "what", "", 0, NULL},
      {5 * HOUR, U ":1-350", "", 0, NULL}},
     "what the servers of part 0 or part 1 had executed cannot be read"},
    {"one of many that are the source",
     MANY,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-500", "", 0, NULL},
      {5 * HOUR, U ":1-350", "", 0, NULL}},
     "part 2 has read another source, by what it had executed, than part 1"},
    {"what a part had come to see",
     MYSQL,
     {{HOUR, U ":1-100", "", 2 * HOUR, U ":1-150"},
      {3 * HOUR, U ":1-120", "", 4 * HOUR, U ":1-130"},
      {5 * HOUR, U ":1-500", "", 0, NULL}},
     "part 1 has read another target, by what it had executed, than part 0"},
    {"while a part read",
     MYSQL,
     {{HOUR, U ":1-100", "", 0, NULL},
      {3 * HOUR, U ":1-300", "", 4 * HOUR, U ":1-200"},
      {5 * HOUR, U ":1-500", "", 0, NULL}},
     "the target was put back to what it was before while part 1 read it"},
    {"parts side by side, each of which sees more when it ends",
     MYSQL,
     {{HOUR, U ":1-100", "", 3 * HOUR, U ":1-300"},
      {HOUR + 5, U ":1-101", "", 2 * HOUR, U ":1-200"},
      {2 * HOUR + 5, U ":1-200", "", 3 * HOUR, U ":1-299"}},
     ""},
    {"nobody may see",
     MYSQL,
     {{HOUR, NULL, "", 0, NULL},
      {3 * HOUR, U ":1-500", "", 0, NULL},
      {5 * HOUR, NULL, "", 0, NULL}},
     ""},
};

static void test_put_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        (void)snprintf(dir, sizeof dir, "/tmp/test_merge_places.XXXXXX");
        assert_non_null(mkdtemp(dir));
        for (size_t part = 0; part < PARTS; part++)
            make_part(part, rows[i].kind == MARIADB, rows[i].kind == MANY, &rows[i].stood[part]);
        const char *why = merge(&arena);
        if (rows[i].why[0] == '\0' ? why[0] != '\0' : strstr(why, rows[i].why) == NULL)
            fail_msg("%s: \"%s\"", rows[i].what, why);
        (void)unlink(into);
        for (size_t part = 0; part < PARTS; part++)
            (void)unlink(path[part]);
        assert_int_equal(rmdir(dir), 0);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
