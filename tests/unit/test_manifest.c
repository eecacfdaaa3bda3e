/* test_manifest.c: plan.json out and in, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/sha256.h"
#include "repair_sample.h"

static void check_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void check_counter(const struct mr_counter *got, const struct mr_counter *want)
{
    check_text(got->table, want->table);
    check_text(got->target_table, want->target_table);
    check_text(got->db, want->db);
    check_text(got->name, want->name);
    check_text(got->column, want->column);
    check_text(got->sequence_db, want->sequence_db);
    check_text(got->sequence, want->sequence);
    check_text(got->margin_note, want->margin_note);
    assert_int_equal(got->rebuild, want->rebuild);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        assert_int_equal(got->next[side], want->next[side]);
        assert_int_equal(got->greatest[side], want->greatest[side]);
    }
    assert_int_equal(got->margin, want->margin);
    assert_int_equal(got->from, want->from);
    assert_int_equal(got->to, want->to);
    assert_int_equal(got->increment, want->increment);
    assert_int_equal(got->offset, want->offset);
    assert_int_equal(got->reseed_to, want->reseed_to);
}

static void test_round_trip(void **state)
{
    const struct mr_plan_file files[] = {{"reseed.sql", 12, "ab"},
                                         {"verify.sql", 0, "cd"}};
    struct mr_manifest want = sample_manifest(MR_FLAVOUR_MARIADB), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    want.files = files;
    want.nfiles = 2;
    assert_int_equal(mr_manifest_write(&want, &text, &err), MR_OK);
    assert_ptr_equal(strchr(text.ptr, '\n'), text.ptr + text.len - 1);
    assert_null(strstr(text.ptr, "18446744073709551615,")); /* such numbers are strings */
    if (mr_manifest_read(text.ptr, text.len, "plan.json", &arena, &got, &err) != MR_OK)
        fail_msg("%s", err.message);
    check_text(got.uuid, want.uuid);
    check_text(got.created, want.created);
    check_text(got.version, want.version);
    check_text(got.policy, want.policy);
    check_text(got.source, want.source);
    check_text(got.target, want.target);
    check_text(got.run, want.run);
    assert_int_equal(got.margin, want.margin);
    assert_int_equal(got.server.flavour, want.server.flavour);
    check_text(got.server.version, want.server.version);
    check_text(got.server.hostname, want.server.hostname);
    check_text(got.server.datadir, want.server.datadir);
    check_text(got.server.uuid, want.server.uuid);
    assert_int_equal(got.server.port, want.server.port);
    assert_int_equal(got.server.server_id, want.server.server_id);
    assert_int_equal(got.server.ndbs, 2);
    check_text(got.server.dbs[1], "o'dd");
    assert_int_equal(got.ncounters, want.ncounters);
    for (size_t i = 0; i < got.ncounters; i++)
        check_counter(&got.counters[i], &want.counters[i]);
    assert_int_equal(got.nskipped, 2);
    check_text(got.skipped[1].table, "club.hidden");
    assert_true(got.skipped[1].incomplete && !got.skipped[0].incomplete);
    assert_true(mr_manifest_is_incomplete(&got));
    assert_int_equal(got.nfiles, 2);
    check_text(got.files[0].name, "reseed.sql");
    assert_int_equal(got.files[0].size_bytes, 12);
    check_text(got.files[1].sha256, "cd");
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

/* A change of any byte is seen. */
static void test_tampering(void **state)
{
    struct mr_manifest want = sample_manifest(MR_FLAVOUR_MYSQL), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_manifest_write(&want, &text, &err), MR_OK);
    for (size_t i = 0; i < text.len; i++) {
        text.ptr[i] ^= 1;
        if (mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err) !=
            MR_E_REFUSED)
            fail_msg("byte %zu of %zu", i, text.len);
        text.ptr[i] ^= 1;
        mr_arena_reset(&arena);
    }
    assert_non_null(strstr(err.message, "p.json"));
    for (size_t len = 0; len < text.len; len += 7)
        assert_int_equal(mr_manifest_read(text.ptr, len, "p.json", &arena, &got, &err),
                         MR_E_REFUSED);
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

static void test_other_policy(void **state)
{
    struct mr_manifest later = sample_manifest(MR_FLAVOUR_MYSQL), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    later.policy = "merge";
    assert_int_equal(mr_manifest_write(&later, &text, &err), MR_OK);
    assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
                     MR_E_REFUSED);
    assert_non_null(strstr(err.message, "merge"));
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

/* What is sealed rightly and is no manifest all the same. */
static void test_refused(void **state)
{
    static const char *const bodies[] = {
        "{\"schema\":\"myrecon/plan/1\"",
        "{\"schema\":\"myrecon/plan/2\"",
        "{\"other\":1",
        "[1",
        "{\"schema\":\"myrecon/plan/1\",\"uuid\":1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_manifest got;
        struct mr_err err = {0};
        char hex[MR_SHA256_HEX];
        assert_int_equal(mr_sha256_bytes(bodies[i], strlen(bodies[i]), hex, &err), MR_OK);
        mr_strbuf_add_fmt(&text, "%s,\"sha256\":\"%s\"}\n", bodies[i], hex);
        assert_int_equal(
            mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
            MR_E_REFUSED);
        assert_non_null(strstr(err.message, "p.json"));
        mr_arena_release(&arena);
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_other_policy),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
