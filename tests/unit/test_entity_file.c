/* test_entity_file.c: entities.csv.zst: what is written is read again; anything else is
 * refused with the number of the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/compress.h"
#include "core/file/io.h"
#include "repair/plan/entity_file.h"

#define HEADER                                                                                     \
    "table,source_key,target_key,identity,decision,kind,choice,digest,references,"                 \
    "new\r\n"
#define KEY "69010000000000000007" /* 7 */
#define DIGEST "0123456789abcdeffedcba9876543210"

static char path[] = "/tmp/entity_file.XXXXXX";

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

/* cut: bytes of the compressed file to be left out at its end. */
static void write_file(const char *text, size_t len, size_t cut)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_compress *compress = NULL;
    const struct mr_sink sink = {.write = append, .arg = &out};
    assert_int_equal(mr_compress_new(sink, &compress, NULL), MR_OK);
    assert_int_equal(mr_compress_write(compress, text, len, NULL), MR_OK);
    assert_int_equal(mr_compress_finish(compress, NULL), MR_OK);
    mr_compress_free(compress);
    assert_int_equal(mr_io_write_file(path, 0600, out.ptr, out.len - cut, NULL), MR_OK);
    mr_strbuf_release(&out);
}

static const char seven[] = "i\1\0\0\0\0\0\0\0\7";

static const struct mr_entity_line lines[] = {
    {.table = "club.members",
     .source_key = {seven, 10},
     .target_key = {seven, 10},
     .identity = {seven, 10},
     .decision = MR_DECIDE_RENUMBER,
     .has_digest = true,
     .digest = {0x0123456789abcdef, 0xfedcba9876543210},
     .has_references = true,
     .references = {1, 2},
     .is_new = true},
    {.table = "club.a \"b\", c\r\nd",
     .source_key = {"N", 1},
     .decision = MR_DECIDE_CONFLICT,
     .kind = "deleted-or-lost",
     .choice = "restore",
     .waits_table = "club.\"odd\", t",
     .waits_key = {seven, 10}},
    {.table = "club.members",
     .target_key = {seven, 10},
     .decision = MR_DECIDE_PARENT,
     .has_referred = true,
     .referred = {3, 4}},
    {.table = "club.members", .target_key = {seven, 10}, .decision = MR_DECIDE_DELETE},
    {.table = "club.marks",
     .source_key = {seven, 10},
     .decision = MR_DECIDE_INSERT,
     .logs = "restored-change",
     .columns = "city: restored-change; \"a, b\": changed-on-live",
     .written = "2 5",
     .part = {5, 6},
     .sums = "5",
     .rest = {7, 8},
     .has_equal = true,
     .equal_there = UINT64_MAX},
};
#define LINES (sizeof lines / sizeof *lines)

static void assert_key(struct mr_key got, struct mr_key wanted)
{
    assert_int_equal(got.ptr == NULL, wanted.ptr == NULL);
    assert_int_equal(got.len, wanted.len);
    if (got.ptr != NULL)
        assert_memory_equal(got.ptr, wanted.ptr, got.len);
}

static void assert_text(const char *got, const char *wanted)
{
    assert_int_equal(got == NULL, wanted == NULL);
    if (got != NULL)
        assert_string_equal(got, wanted);
}

static enum mr_code compare(void *ctx, const struct mr_entity_line *got, struct mr_err *err)
{
    size_t *at = ctx;
    assert_true(*at < LINES);
    const struct mr_entity_line *wanted = &lines[(*at)++];
    (void)err;
    assert_string_equal(got->table, wanted->table);
    assert_key(got->source_key, wanted->source_key);
    assert_key(got->target_key, wanted->target_key);
    assert_key(got->identity, wanted->identity);
    assert_int_equal(got->decision, wanted->decision);
    assert_text(got->kind, wanted->kind);
    assert_text(got->choice, wanted->choice);
    assert_int_equal(got->has_digest, wanted->has_digest);
    assert_true(mr_digest_equal(got->digest, wanted->digest));
    assert_int_equal(got->has_references, wanted->has_references);
    assert_true(mr_digest_equal(got->references, wanted->references));
    assert_int_equal(got->is_new, wanted->is_new);
    assert_text(got->waits_table, wanted->waits_table);
    assert_key(got->waits_key, wanted->waits_key);
    assert_int_equal(got->has_referred, wanted->has_referred);
    assert_true(mr_digest_equal(got->referred, wanted->referred));
    assert_int_equal(got->has_equal, wanted->has_equal);
    assert_text(got->logs, wanted->logs);
    assert_text(got->columns, wanted->columns);
    assert_text(got->written, wanted->written);
    assert_true(mr_digest_equal(got->part, wanted->part));
    assert_text(got->sums, wanted->sums);
    assert_true(mr_digest_equal(got->rest, wanted->rest));
    assert_int_equal(got->equal_there, wanted->equal_there);
    return MR_OK;
}

static void test_round_trip(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {0};
    size_t at = 0;
    (void)state;
    mr_entity_file_header(&text);
    for (size_t i = 0; i < LINES; i++)
        assert_int_equal(mr_entity_file_line(&text, &lines[i], &err), MR_OK);
    write_file(text.ptr, text.len, 0);
    assert_int_equal(mr_entity_file_read(path, compare, &at, &err), MR_OK);
    assert_int_equal(at, LINES);
    mr_strbuf_release(&text);
}

/* Every row is decided; what a plan forgot is not written as if it were nothing. */
static void test_undecided(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_entity_line line = lines[0];
    struct mr_err err = {0};
    (void)state;
    line.decision = MR_DECIDE_UNDECIDED;
    assert_int_equal(mr_entity_file_line(&text, &line, &err), MR_E_BUG);
    assert_non_null(strstr(err.message, "\"club.members\""));
    assert_int_equal(text.len, 0);
    mr_strbuf_release(&text);
}

static enum mr_code count(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    (void)line;
    (void)err;
    ++*(size_t *)ctx;
    return MR_OK;
}

struct bad_case {
    const char *text;
    const char *why; /* part of the message */
};

static const struct bad_case bad_cases[] = {
    {"", "there is no header"},
    {"table,source_key\n", "line 1: column \"target_key\" is missing"},
    {HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST ",,0", "line 2: the last line is cut off"},
    {HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST "\r\n",
     "line 2: not as many fields as the header has"},
    {HEADER "a.b,6g," KEY ",,insert,,," DIGEST ",,0\r\n",
     "line 2: \"source_key\" is not hexadecimal"},
    {HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST ",,0\r\na.b," KEY "," KEY "0,,insert,,," DIGEST
            ",,0\r\n",
     "line 3: \"target_key\" is not hexadecimal"},
    {HEADER "a.b,6901," KEY ",,insert,,," DIGEST ",,0\r\n",
     "line 2: \"source_key\" holds no values"},
    {HEADER "a.b," KEY "," KEY ",ffff,insert,,," DIGEST ",,0\r\n",
     "line 2: \"identity\" holds no values"},
    {HEADER "a.b," KEY "," KEY ",,perhaps,,," DIGEST ",,0\r\n",
     "line 2: decision \"perhaps\" is not known"},
    {HEADER "a.b," KEY "," KEY ",,undecided,,," DIGEST ",,0\r\n",
     "line 2: decision \"undecided\" is not known"},
    {HEADER "a.b," KEY "," KEY ",,insert,,,0123,,0\r\n",
     "line 2: a digest is not 32 hexadecimal digits"},
    {HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST ",0123456789ABCDEF0123456789abcdef,0\r\n",
     "line 2: a digest is not 32 hexadecimal digits"},
    {HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST ",,2\r\n",
     "line 2: \"new\" is neither 0 nor 1"},
    {"table,source_key,target_key,identity,decision,kind,choice,digest,new,equal_"
     "there\r\n"
     "a.b,,,,insert,,," DIGEST ",0,-1\r\n",
     "line 2: \"equal_there\" is no number"},
    {"table,source_key,target_key,identity,decision,kind,choice,digest,new,equal_"
     "there\r\n"
     "a.b,,,,insert,,," DIGEST ",0,18446744073709551616\r\n",
     "line 2: \"equal_there\" is no number"},
    {"table,source_key,target_key,identity,decision,kind,choice,digest,new,written,part\r\n"
     "a.b,,,,update,,," DIGEST ",0,2,\r\n",
     "line 2: columns of \"written\" or \"sums\" and their digests do not go together"},
    {"table,source_key,target_key,identity,decision,kind,choice,digest,new,written,part\r\n"
     "a.b,,,,update,,," DIGEST ",0,," DIGEST "\r\n",
     "line 2: columns of \"written\" or \"sums\" and their digests do not go together"},
    {"table,source_key,target_key,identity,decision,kind,choice,digest,new,written\r\n"
     "a.b,,,,update,,," DIGEST ",0,2\r\n",
     "line 2: columns of \"written\" or \"sums\" and their digests do not go together"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        struct mr_err err = {0};
        size_t seen = 0;
        write_file(bad_cases[i].text, strlen(bad_cases[i].text), 0);
        assert_int_equal(mr_entity_file_read(path, count, &seen, &err), MR_E_REFUSED);
        if (strstr(err.message, bad_cases[i].why) == NULL || strstr(err.message, path) == NULL)
            fail_msg("got \"%s\", wanted \"%s\"", err.message, bad_cases[i].why);
    }
}

/* What some kilobytes of zstd say is not taken into memory, in one field or in many. */
static void test_no_end(void **state)
{
    enum { FIELD = 65 * 1024 * 1024, FIELDS = 3 * 1024 * 1024 };
    char *text = malloc(FIELD);
    (void)state;
    assert_non_null(text);
    for (int many = 0; many < 2; many++) {
        struct mr_err err = {0};
        size_t seen = 0;
        memset(text, many ? ',' : 'a', FIELD);
        memcpy(text, HEADER, sizeof HEADER - 1);
        write_file(text, many ? FIELDS : FIELD, 0);
        assert_int_equal(mr_entity_file_read(path, count, &seen, &err), MR_E_REFUSED);
        if (strstr(err.message, "line 2: the record has no end") == NULL)
            fail_msg("got \"%s\"", err.message);
    }
    free(text);
}

static void test_torn(void **state)
{
    static const char text[] = HEADER "a.b," KEY "," KEY ",,insert,,," DIGEST ",,0\r\n";
    (void)state;
    for (size_t cut = 1; cut < 40; cut++) {
        struct mr_err err = {0};
        size_t seen = 0;
        write_file(text, sizeof text - 1, cut);
        assert_int_equal(mr_entity_file_read(path, count, &seen, &err), MR_E_IO);
        assert_non_null(strstr(err.message, path));
    }
}

static enum mr_code enough(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    (void)ctx;
    (void)line;
    return mr_err_set(err, MR_E_LOST, "gone");
}

static void test_unknown_columns(void **state)
{
    static const char text[] = "new,later,table,source_key,target_key,identity,decision,"
                               "kind,choice,digest\n,x,a.b," KEY ",,,skip,,,\n";
    struct mr_err err = {0};
    size_t seen = 0;
    (void)state;
    write_file(text, sizeof text - 1, 0);
    assert_int_equal(mr_entity_file_read(path, count, &seen, &err), MR_OK);
    assert_int_equal(seen, 1);
    assert_int_equal(mr_entity_file_read(path, enough, NULL, &err), MR_E_LOST);
    assert_string_equal(err.message, "gone");
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_written_has(void **state)
{
    static const struct {
        const char *written;
        size_t column;
        bool has;
    } cases[] = {{"2", 2, true},        {"2", 1, false},       {"12", 2, false},
                 {"1 12 14", 12, true}, {"1 12 14", 14, true}, {"1 12 14", 4, false},
                 {"", 0, false},        {"x", 0, false},       {"1,2", 2, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_entity_written_has(cases[i].written, cases[i].column) != cases[i].has)
            fail_msg("case %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_has),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_undecided),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_unknown_columns),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
