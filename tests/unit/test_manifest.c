/* test_manifest.c: plan.json out and in, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/file/sha256.h"
#include "json_mutants.h"
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
    const struct mr_plan_file files[] = {{"reseed.sql", 12, "ab", NULL},
                                         {"conflicts.csv", 0, "cd", "ef"}};
    struct mr_manifest want = sample_manifest(MR_FLAVOUR_MARIADB), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    want.files = files;
    want.nfiles = 2;
    want.check_options = "tables=club.*\n";
    want.uri[MR_SOURCE] = "mysql://dba@lost/club?ssl-mode=required";
    assert_int_equal(mr_manifest_write(&want, &text, &err), MR_OK);
    assert_ptr_equal(strchr(text.ptr, '\n'), text.ptr + text.len - 1);
    assert_null(strstr(text.ptr, "18446744073709551615,")); /* such numbers are strings */
    if (mr_manifest_read(text.ptr, text.len, "plan.json", &arena, &got, &err) != MR_OK)
        fail_msg("%s", err.message);
    check_text(got.uuid, want.uuid);
    check_text(got.uri[MR_SOURCE], want.uri[MR_SOURCE]);
    check_text(got.uri[MR_TARGET], NULL);
    check_text(got.check_options, want.check_options);
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
    check_text(got.files[0].undecided, NULL);
    check_text(got.files[1].undecided, "ef");
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

static void check_names(struct mr_planned_names got, struct mr_planned_names want)
{
    assert_int_equal(got.count, want.count);
    for (size_t i = 0; i < got.count; i++)
        check_text(got.items[i], want.items[i]);
}

static void check_triggers(const struct mr_planned_trigger *got,
                           const struct mr_planned_trigger *want, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_text(got[i].name, want[i].name);
        check_text(got[i].timing, want[i].timing);
        check_text(got[i].event, want[i].event);
    }
}

static void check_lists(const struct mr_planned_table *got, const struct mr_planned_table *want)
{
    assert_int_equal(got->ncolumns, want->ncolumns);
    for (size_t i = 0; i < got->ncolumns; i++) {
        check_text(got->columns[i].name, want->columns[i].name);
        check_text(got->columns[i].reading, want->columns[i].reading);
    }
    assert_int_equal(got->nreferences, want->nreferences);
    for (size_t i = 0; i < got->nreferences; i++) {
        check_text(got->references[i].parent, want->references[i].parent);
        check_names(got->references[i].columns, want->references[i].columns);
        check_names(got->references[i].parent_columns, want->references[i].parent_columns);
        check_text(got->references[i].condition, want->references[i].condition);
        check_names(got->references[i].spelling, want->references[i].spelling);
        assert_int_equal(got->references[i].declared, want->references[i].declared);
    }
    assert_int_equal(got->ntriggers, want->ntriggers);
    check_triggers(got->triggers, want->triggers, got->ntriggers);
    assert_int_equal(got->knows_undo, want->knows_undo);
    assert_int_equal(got->nundo_triggers, want->nundo_triggers);
    check_triggers(got->undo_triggers, want->undo_triggers, got->nundo_triggers);
    assert_memory_equal(got->decisions, want->decisions, sizeof got->decisions);
    assert_int_equal(got->nkinds, want->nkinds);
    for (size_t i = 0; i < got->nkinds; i++) {
        check_text(got->kinds[i].kind, want->kinds[i].kind);
        assert_int_equal(got->kinds[i].open, want->kinds[i].open);
        assert_int_equal(got->kinds[i].decided, want->kinds[i].decided);
    }
    assert_int_equal(got->nlogs, want->nlogs);
    for (size_t i = 0; i < got->nlogs; i++) {
        check_text(got->logs[i].outcome, want->logs[i].outcome);
        assert_int_equal(got->logs[i].count, want->logs[i].count);
    }
    assert_int_equal(got->nevidence, want->nevidence);
    for (size_t i = 0; i < got->nevidence; i++) {
        check_text(got->evidence[i].side, want->evidence[i].side);
        check_text(got->evidence[i].evidence, want->evidence[i].evidence);
        check_text(got->evidence[i].reason, want->evidence[i].reason);
    }
}

static void check_planned(const struct mr_planned_table *got, const struct mr_planned_table *want)
{
    check_text(got->table, want->table);
    check_text(got->target_table, want->target_table);
    check_text(got->target_db, want->target_db);
    check_text(got->target_name, want->target_name);
    assert_int_equal(got->subject, want->subject);
    check_names(got->key, want->key);
    assert_int_equal(got->identity, want->identity);
    check_names(got->identity_columns, want->identity_columns);
    check_text(got->counter, want->counter);
    check_text(got->time_column, want->time_column);
    check_text(got->base, want->base);
    check_text(got->base_origin, want->base_origin);
    check_text(got->fresh, want->fresh);
    check_text(got->fresh_origin, want->fresh_origin);
    assert_int_equal(got->first_id, want->first_id);
    assert_int_equal(got->id_step, want->id_step);
    assert_int_equal(got->nids, want->nids);
    check_text(got->fingerprint, want->fingerprint);
    check_lists(got, want);
}

/* What a plan that writes rows says of them. */
static void test_rows(void **state)
{
    struct mr_manifest want = sample_merge(MR_FLAVOUR_MYSQL), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_manifest_write(&want, &text, &err), MR_OK);
    if (mr_manifest_read(text.ptr, text.len, "plan.json", &arena, &got, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_true(mr_manifest_writes_rows(&got));
    check_text(got.planned.split_at, want.planned.split_at);
    check_text(got.planned.partial, want.planned.partial);
    assert_true(got.planned.fire_triggers);
    assert_int_equal(got.planned.units, 3);
    assert_int_equal(got.planned.rows, 1204);
    assert_int_equal(got.planned.open, 15);
    assert_int_equal(got.planned.decided, 1);
    assert_int_equal(got.planned.ntables, 2);
    for (size_t i = 0; i < 2; i++)
        check_planned(&got.planned.tables[i], &want.planned.tables[i]);
    assert_int_equal(got.planned.nnotes, 2);
    check_text(got.planned.notes[1].kind, "id-in-text");
    check_text(got.planned.notes[1].table, "club.log");
    check_text(got.planned.notes[1].text, "\"note\"");
    check_text(got.planned.notes[0].table, NULL);
    assert_int_equal(mr_planned_count(&got.planned, MR_DECIDE_RENUMBER, false), 42);
    assert_int_equal(mr_planned_count(&got.planned, MR_DECIDE_RENUMBER, true), 37);
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

static void test_policies(void **state)
{
    (void)state;
    assert_true(mr_policy_is_known("merge"));
    assert_true(mr_policy_is_known("newest:updated_at"));
    assert_false(mr_policy_is_known("newest:"));
    assert_false(mr_policy_is_known("newest"));
    assert_false(mr_policy_is_known(""));
}

/* A change of any byte is seen. */
/* What the run found and SOURCE has no more: a merge was to bring it back. */
static void test_gone(void **state)
{
    static const struct mr_planned_note note = {MR_NOTE_GONE, "club.log", "7 rows"};
    static const struct {
        const char *policy;
        size_t notes;
        uint64_t open;
        int exit_code;
    } table[] = {
        {MR_POLICY_MERGE, 0, 0, 0},           {MR_POLICY_MERGE, 0, 1, 1},
        {MR_POLICY_MERGE, 1, 0, 4},           {MR_POLICY_MERGE, 1, 1, 4},
        {MR_POLICY_MIRROR, 1, 0, 0},          {MR_POLICY_BACKFILL, 1, 0, 0},
        {MR_POLICY_NEWEST "edited", 1, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct mr_manifest m = {
            .policy = table[i].policy,
            .planned = {.open = table[i].open, .notes = &note, .nnotes = table[i].notes}};
        assert_int_equal(mr_manifest_exit(&m), table[i].exit_code);
        assert_int_equal(mr_manifest_is_incomplete(&m), table[i].exit_code == 4);
    }
}

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
        if (mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err) != MR_E_REFUSED)
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
    later.policy = "magic";
    assert_int_equal(mr_manifest_write(&later, &text, &err), MR_OK);
    assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
                     MR_E_REFUSED);
    assert_non_null(strstr(err.message, "magic"));
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
        assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
                         MR_E_REFUSED);
        assert_non_null(strstr(err.message, "p.json"));
        mr_arena_release(&arena);
        mr_strbuf_release(&text);
    }
}

/* A sequence is found by both of its names. */
static void test_half_a_sequence(void **state)
{
    struct mr_manifest half = sample_manifest(MR_FLAVOUR_MARIADB), got;
    struct mr_counter counter = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    (void)state;
    for (size_t i = 0; i < half.ncounters; i++)
        if (half.counters[i].sequence != NULL)
            counter = half.counters[i];
    assert_non_null(counter.sequence_db);
    half.counters = &counter;
    half.ncounters = 1;
    assert_int_equal(mr_manifest_write(&half, &text, &err), MR_OK);
    assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err), MR_OK);
    mr_strbuf_reset(&text);
    counter.sequence_db = NULL;
    assert_int_equal(mr_manifest_write(&half, &text, &err), MR_OK);
    assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
                     MR_E_REFUSED);
    assert_non_null(strstr(err.message, "sequence_db"));
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

static void is_refused(const struct mr_planned_table *table, const char *word)
{
    struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB), got;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    m.planned.tables = table;
    m.planned.ntables = 1;
    assert_int_equal(mr_manifest_write(&m, &text, &err), MR_OK);
    assert_int_equal(mr_manifest_read(text.ptr, text.len, "p.json", &arena, &got, &err),
                     MR_E_REFUSED);
    if (strstr(err.message, word) == NULL)
        fail_msg("%s", err.message);
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

/* What the readers of rows take for granted. */
static void test_half_a_table(void **state)
{
    static const struct mr_planned_column unread = {.name = "id"};
    struct mr_planned_reference r = planned_references[1];
    struct mr_planned_table t = planned_tables[0];
    (void)state;
    t.columns = &unread;
    t.ncolumns = 1;
    is_refused(&t, "reading");
    t = planned_tables[0];
    t.references = &r;
    t.nreferences = 1;
    r.parent_columns.count--;
    is_refused(&t, r.parent);
    r = planned_references[1];
    r.spelling.count--;
    is_refused(&t, r.parent);
    r = planned_references[1];
    r.columns.count = r.parent_columns.count = r.spelling.count = 0;
    is_refused(&t, r.parent);
}

static void use(const char *text, size_t len)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_manifest got;
    struct mr_err err = {0};
    if (mr_manifest_read(text, len, "p.json", &arena, &got, &err) == MR_OK)
        assert_int_equal(mr_manifest_write(&got, &again, &err), MR_OK);
    else
        assert_int_equal(err.code, MR_E_REFUSED);
    (void)mr_manifest_is_incomplete(&got); /* a command that was refused asks, too */
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* Sealed, and spoilt in every place. */
static void test_mutants(void **state)
{
    struct mr_manifest samples[] = {sample_manifest(MR_FLAVOUR_MYSQL),
                                    sample_merge(MR_FLAVOUR_MARIADB),
                                    sample_merge(MR_FLAVOUR_MARIADB)};
    (void)state;
    samples[2].planned.nnotes = samples[2].nskipped = 0;
    samples[2].planned.partial = NULL;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_int_equal(mr_manifest_write(&samples[i], &text, NULL), MR_OK);
        assert_true(json_mutants(&text, use) > 1000);
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_other_policy),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_half_a_sequence),
        cmocka_unit_test(test_half_a_table),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
