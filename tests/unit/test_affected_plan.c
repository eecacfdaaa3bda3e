/* test_affected_plan.c: the keys that people have after a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "affected_case.h"
#include "core/case/plan_manifest.h"
#include "core/file/compress.h"
#include "core/file/io.h"
#include "core/file/sha256.h"
#include "place.h"
#include "recon/affected/affected_plan.h"

static void write_text(const char *path, const char *text, size_t len)
{
    case_require(mr_io_write_file(path, 0600, text, len, NULL));
}

static void add_file(struct mr_strbuf *body, const char *name)
{
    char hex[MR_SHA256_HEX];
    case_require(mr_sha256_file(name, hex, NULL, NULL));
    mr_strbuf_add_fmt(body, "{\"name\":\"%s\",\"sha256\":\"%s\"}", name, hex);
}

#define ROWS "table,source_key,target_key,identity,decision,kind\r\n"

/* What the plan does row by row. */
static void write_rows(const char *rows)
{
    struct mr_strbuf packed = MR_STRBUF_INIT;
    struct mr_compress *compress = NULL;
    case_require(mr_compress_new(mr_sink_to_strbuf(&packed), &compress, NULL));
    case_require(mr_compress_write(compress, ROWS, sizeof ROWS - 1, NULL));
    case_require(mr_compress_write(compress, rows, strlen(rows), NULL));
    case_require(mr_compress_finish(compress, NULL));
    mr_compress_free(compress);
    write_text("entities.csv.zst", packed.ptr, packed.len);
    mr_strbuf_release(&packed);
}

/* A plan in the working directory, of the run and the policy that `members` says; rows: or NULL. */
static void write_plan_of(const char *members, const char *map, size_t len, const char *rows)
{
    struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    write_text("idmap.csv", map, len);
    mr_strbuf_add_fmt(&body, "{\"schema\":\"" MR_PLAN_SCHEMA "\"%s,\"files\":[", members);
    add_file(&body, "idmap.csv");
    if (rows != NULL) {
        write_rows(rows);
        mr_strbuf_add_char(&body, ',');
        add_file(&body, "entities.csv.zst");
    }
    mr_strbuf_add_str(&body, "]}\n");
    case_require(mr_plan_manifest_seal(&body, &text, NULL));
    write_text("plan.json", text.ptr, text.len);
    mr_strbuf_release(&body);
    mr_strbuf_release(&text);
}

static void write_plan(const char *members, const char *map, size_t len)
{
    write_plan_of(members, map, len, NULL);
}

#define HEAD "table,source_key,target_key,identity,decision\r\n"
#define MERGE ",\"policy\":\"merge\""
#define MIRROR ",\"policy\":\"mirror\""
#define THIS_RUN ",\"run\":\"20260102T030405Z-8f3a\""

/* One missing member with key 1. */
static void begin(struct club *club)
{
    club_begin(club);
    int64_t m = club_table(club, "d.members", true, MR_SUBJECT_CONFIGURED);
    club_row(club, m, MR_KIND_MISSING, "1/ann/x", NULL, "ann", NULL);
}

static enum mr_code load(struct club *club, struct mr_affected_plan *plan, struct mr_err *err)
{
    club_collect(club, NULL);
    club->list.plan = plan;
    return mr_affected_plan_load(plan, ".", &club->list.run, club->c.fd, err);
}

/* ---- the run */

static void test_run(void **state)
{
    static const struct {
        const char *run, *message, *hint;
        enum mr_code code;
    } cases[] = {
        {MERGE THIS_RUN, NULL, NULL, MR_OK},
        {MERGE ",\"run\":\"20260101T000000Z-0001\"",
         "plan \".\" was made from run 20260101T000000Z-0001, not from "
         "20260102T030405Z-8f3a",
         "--run 20260101T000000Z-0001", MR_E_REFUSED},
        {MERGE ",\"run\":null", "was made from run none, not from", "Name a plan", MR_E_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct club club;
        struct mr_affected_plan plan = {0};
        struct mr_err err = {0};
        begin(&club);
        write_plan(cases[i].run, HEAD, sizeof HEAD - 1);
        assert_int_equal(load(&club, &plan, &err), cases[i].code);
        if (cases[i].message != NULL) {
            assert_non_null(strstr(err.message, cases[i].message));
            assert_non_null(strstr(err.hint, cases[i].hint));
        }
        mr_affected_plan_release(&plan);
        club_end(&club);
    }
}

/* ---- keys */

/* Keys are bytes: what stands behind a NUL tells them apart, too. */
static void test_bytes(void **state)
{
    static const char map[] = HEAD "d.members,a\0b,x\0y,,insert\r\n"
                                   "d.members,a\0c,z,,insert\r\n"
                                   "d.members,a,n,,insert\r\n";
    static const struct {
        struct mr_key source, new_key;
    } cases[] = {
        {{"a\0b", 3}, {"x\0y", 3}},
        {{"a\0c", 3}, {"z", 1}},
        {{"a", 1}, {"n", 1}},
        {{"a\0d", 3}, {NULL, 0}},
    };
    struct club club;
    struct mr_affected_plan plan = {0};
    (void)state;
    begin(&club);
    write_plan(MERGE THIS_RUN, map, sizeof map - 1);
    case_require(load(&club, &plan, NULL));
    assert_int_equal(plan.chars, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_affected_line line = {
            .subject = &club.list.subjects[0],
            .keys = {MR_VEC_INIT(struct mr_key), MR_VEC_INIT(struct mr_key)}};
        struct mr_strbuf out = MR_STRBUF_INIT;
        bool none = false;
        *(struct mr_key *)mr_vec_push(&line.keys[0]) = cases[i].source;
        case_require(mr_affected_plan_key(&plan, &line, &out, &none, NULL));
        assert_int_equal(none, cases[i].new_key.ptr == NULL);
        assert_int_equal(out.len, cases[i].new_key.len);
        if (out.len > 0)
            assert_memory_equal(out.ptr, cases[i].new_key.ptr, out.len);
        mr_strbuf_release(&out);
        mr_vec_release(&line.keys[0]);
    }
    mr_affected_plan_release(&plan);
    club_end(&club);
}

/* Who is on TARGET alone keeps the key, but where TARGET becomes SOURCE: of a plan that does not tell row by row. */
static void test_deleted(void **state)
{
    static const struct {
        const char *members, *keys[3];
    } cases[] = {{MERGE THIS_RUN, {"1000", "5", "6"}}, {MIRROR THIS_RUN, {"1000", "", "6"}}};
    static const char map[] = HEAD "d.members,1,1000,,insert\r\n";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct club club;
        struct mr_affected_plan plan = {0};
        const struct mr_affected_line *line = NULL;
        begin(&club);
        club_row(&club, club.c.table.id, MR_KIND_EXTRA, NULL, "5/bob/x", NULL, "bob");
        club_row(&club, club.c.table.id, MR_KIND_CHANGED, "6/cat/x", "6/cat/y", "cat", "cat");
        write_plan(cases[i].members, map, sizeof map - 1);
        case_require(load(&club, &plan, NULL));
        for (size_t n = 0; n < 3; n++) {
            case_require(mr_affected_lines_next(&club.lines, &line, NULL));
            assert_non_null(line);
            assert_string_equal(line->no_new_key ? "" : line->new_key.ptr, cases[i].keys[n]);
        }
        mr_affected_plan_release(&plan);
        club_end(&club);
    }
}

static void check_keys(struct club *club, const char *const *keys, size_t count)
{
    const struct mr_affected_line *line = NULL;
    for (size_t n = 0; n < count; n++) {
        case_require(mr_affected_lines_next(&club->lines, &line, NULL));
        assert_non_null(line);
        assert_string_equal(line->no_new_key ? "" : line->new_key.ptr, keys[n]);
    }
    case_require(mr_affected_lines_next(&club->lines, &line, NULL));
    assert_null(line);
}

/* 3 was Ann's and is Bob's, who is on TARGET alone; 5 and 6 were exchanged; 7 is left as it is, for
 * a conflict; 8 is deleted. */
static void add_people(struct club *club)
{
    const int64_t m = club->c.table.id;
    club_row(club, m, MR_KIND_COLLISION, "3/ann/x", "3/bob/x", "ann", "bob");
    club_row(club, m, MR_KIND_EXTRA, NULL, "4/ann/x", NULL, "ann");
    club_row(club, m, MR_KIND_COLLISION, "5/cat/x", "5/dan/x", "cat", "dan");
    club_row(club, m, MR_KIND_COLLISION, "6/dan/x", "6/cat/x", "dan", "cat");
    club_row(club, m, MR_KIND_COLLISION, "7/eve/x", "7/fay/x", "eve", "fay");
    club_row(club, m, MR_KIND_EXTRA, NULL, "8/gil/x", NULL, "gil");
}

/* What a plan does to rows that are there is in no map. */
static void test_deeds(void **state)
{
    static const struct {
        const char *members, *rows, *keys[7];
    } cases[] = {
        {MIRROR THIS_RUN,
         "d.members,%3,%3,,update,\r\nd.members,,%4,,delete,\r\nd.members,%5,%5,,update,\r\n"
         "d.members,%6,%6,,update,\r\nd.members,%7,,,conflict,does-not-fit\r\n"
         "d.members,,%8,,delete,\r\n",
         {"3", "", "5", "6", "", "7", ""}},
        /* who is on TARGET alone, and stays: something refers to the row */
        {MIRROR THIS_RUN,
         "d.members,%3,%3,,update,\r\nd.members,,%4,,delete,\r\n"
         "d.members,,%8,,conflict,referenced\r\n",
         {"3", "", "6", "5", "", "7", "8"}},
        /* a mirror of other tables */
        {MIRROR THIS_RUN, "", {"4", "3", "6", "5", "", "7", "8"}},
        {MERGE THIS_RUN,
         "d.members,%3,,,conflict,changed\r\nd.members,,%8,,delete,deleted-in-source\r\n",
         {"4", "3", "6", "5", "", "7", ""}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct club club;
        struct mr_affected_plan plan = {0};
        struct mr_strbuf rows = MR_STRBUF_INIT, key = MR_STRBUF_INIT;
        club_begin(&club);
        (void)club_table(&club, "d.members", true, MR_SUBJECT_CONFIGURED);
        add_people(&club);
        for (const char *at = cases[i].rows; *at != '\0'; at++) {
            char row[] = "0/a/b";
            if (*at != '%') {
                mr_strbuf_add_char(&rows, *at);
                continue;
            }
            row[0] = *++at;
            mr_strbuf_reset(&key);
            case_encode(&key, row);
            mr_strbuf_add_hex(&rows, key.ptr, 10);
        }
        write_plan_of(cases[i].members, HEAD, sizeof HEAD - 1, rows.ptr);
        case_require(load(&club, &plan, NULL));
        case_require(mr_affected_plan_spell(&club.list, NULL));
        check_keys(&club, cases[i].keys, 7);
        mr_affected_plan_release(&plan);
        mr_strbuf_release(&rows);
        mr_strbuf_release(&key);
        club_end(&club);
    }
}

/* What is declared for the new key holds all keys of somebody, and a template has a line for each. */
static void test_several(void **state)
{
    static const char map[] = HEAD "d.members,1,1000,,insert\r\nd.members,2,1001,,insert\r\n";
    static const struct mr_affected_format_opts opts = {.format = MR_AFFECTED_SQL, .table = "t"};
    static const struct mr_affected_format_opts by_template = {.format = MR_AFFECTED_TEMPLATE,
                                                               .template = "user:{new_key}"};
    struct club club;
    struct mr_affected_plan plan = {0};
    struct mr_affected_writer *w = NULL;
    const struct mr_affected_line *line = NULL;
    (void)state;
    begin(&club);
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "2/ann/y", NULL, "ann", NULL);
    write_plan(MERGE THIS_RUN, map, sizeof map - 1);
    case_require(load(&club, &plan, NULL));
    case_require(mr_affected_plan_spell(&club.list, NULL));
    case_require(mr_affected_writer_new(&club.list, &opts, &w, NULL));
    w->facts = &club.lines.facts;
    case_require(w->ops->begin(w, &club.text, NULL));
    case_require(mr_affected_lines_next(&club.lines, &line, NULL));
    case_require(w->ops->line(w, line, &club.text, NULL));
    assert_non_null(strstr(club.text.ptr, "`new_key` varchar(10)"));
    assert_non_null(strstr(club.text.ptr, "1000;1001"));
    mr_affected_writer_free(w);
    mr_strbuf_reset(&club.text);
    case_require(mr_affected_writer_new(&club.list, &by_template, &w, NULL));
    case_require(w->ops->begin(w, &club.text, NULL));
    case_require(w->ops->line(w, line, &club.text, NULL));
    assert_string_equal(club.text.ptr, "user:1000\nuser:1001\n");
    mr_affected_writer_free(w);
    mr_affected_plan_release(&plan);
    club_end(&club);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_run, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_bytes, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_deleted, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_deeds, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_several, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
