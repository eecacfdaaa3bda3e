/* test_reseed_show.c: a plan of counters as people and as programs read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "repair/reseed/reseed_show.h"
#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- counters */

static void test_counter(void **state)
{
    static const struct {
        struct mr_counter counter;
        const char *text;
    } cases[] = {
        {{.table = "club.a",
          .target_table = "club.a",
          .column = "id",
          .next = {6, 4},
          .greatest = {5, 3},
          .margin = 10,
          .from = 6,
          .to = 16,
          .increment = 1,
          .offset = 1,
          .reseed_to = 16},
         "  club.a.id\n"
         "    next id: source 6, target 4; greatest: source 5, target 3\n"
         "    reserved: 6 to 15 (margin 10); then the target goes on at 16\n"},
        /* no counter on SOURCE; the end of all numbers; a server that goes by tens */
        {{.table = "club.a",
          .target_table = "club2.a",
          .column = "id",
          .next = {0, UINT64_MAX},
          .greatest = {UINT64_MAX, 0},
          .margin = 1,
          .margin_note = "a quarter",
          .from = UINT64_MAX - 1,
          .to = UINT64_MAX,
          .increment = 10,
          .offset = 3,
          .reseed_to = UINT64_MAX,
          .rebuild = true},
         "  club.a.id, on the target club2.a\n"
         "    next id: source none, target 18446744073709551615; greatest: source "
         "18446744073709551615, target 0\n"
         "    reserved: 18446744073709551614 to 18446744073709551614 (margin 1); then the target "
         "goes on at 18446744073709551615 (increment 10, offset 3)\n"
         "    margin: a quarter\n"
         "    its engine copies the table to raise the counter\n"},
        /* nothing is reserved: no row gets a new id */
        {{.table = "club.a",
          .target_table = "club.a",
          .column = "id",
          .sequence_db = "club",
          .sequence = "s",
          .next = {1, 1},
          .from = 7,
          .to = 7,
          .increment = 1,
          .reseed_to = 7},
         "  club.a.id, by sequence club.s\n"
         "    next id: source 1, target 1; greatest: source 0, target 0\n"
         "    no new ids; the target goes on at 7\n"},
        /* a name cannot write to the terminal */
        {{.table = "o'dd.t\x1b[2J\n",
          .target_table = "o'dd.t\x1b[2J\n",
          .column = "i\rd",
          .from = 1,
          .to = 2,
          .margin = 1,
          .increment = 1,
          .reseed_to = 2},
         "  o'dd.t\\x1b[2J\\n.i\\rd\n"
         "    next id: source none, target none; greatest: source 0, target 0\n"
         "    reserved: 1 to 1 (margin 1); then the target goes on at 2\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_reseed_show_counter(&out, &cases[i].counter);
        assert_string_equal(out.ptr, cases[i].text);
        mr_strbuf_release(&out);
    }
}

/* ---- the whole */

static const char *const signer_ids[] = {"aaaa", "bbbb"};

static struct mr_plan_signers signers(size_t count, const char *proved)
{
    struct mr_plan_signers s = {.ids = MR_VEC_INIT(const char *)};
    for (size_t i = 0; i < count; i++)
        *(const char **)mr_vec_push(&s.ids) = signer_ids[i];
    memcpy(s.proved, proved, strlen(proved) + 1);
    return s;
}

static char *show(const struct mr_manifest *m, struct mr_plan_signers *s, bool json, bool color)
{
    char *text = NULL;
    size_t size = 0;
    struct mr_err err = {0};
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(
        json ? mr_reseed_show_json(m, s, out, &err)
             : mr_reseed_show_text(m, "club plan", s, (struct mr_look){.color = color}, out, &err),
        MR_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_text(void **state)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_plan_signers s = signers(2, "bbbb");
    m.server.replicates_from = "primary\x1b";
    (void)state;
    char *text = show(&m, &s, false, false);
    static const char *const parts[] = {
        "plan 20261120T110000Z-abcdef (reseed-only), made 2026-11-20T11:00:00Z\n"
        "  source  mysql://dba@lost/club\n"
        "  target  mysql://dba@live/club_live  (10.11.19-MariaDB, host db's host, port 3306, "
        "server_id 4294967295)\n"
        "          replicates from primary\\x1b: apply and undo refuse it without "
        "--allow-replica; with --no-binlog, too, its log gets nothing that its source lacks\n"
        "  signed  by the key aaaa, as its file says: --signer CERT.pem proves it\n"
        "  signed  by the key bbbb\n"
        "\n"
        "  club.members.id, on the target club_live.members\n",
        "\n  club.gone: left alone: the target has no such table\n"
        "  club.hidden: could not be planned: SELECT denied\n"
        "\n3 counters planned, 2 tables left out\n",
        "'club plan'",
    };
    for (size_t i = 0; i < LEN(parts); i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("part %zu is not in\n%s", i, text);
    assert_null(strchr(text, '\x1b'));
    free(text);

    text = show(&m, &s, false, true);
    assert_non_null(strchr(text, '\x1b'));
    free(text);

    static const char foreign[] = "plan id\\x1b (newest:\\x1b), made at\\x1b\n  source ";
    m.uuid = "id\x1b"; /* plan.json may say anything */
    m.created = "at\x1b";
    m.policy = "newest:\x1b";
    text = show(&m, &s, false, false);
    assert_memory_equal(text, foreign, sizeof foreign - 1);
    assert_null(strchr(text, '\x1b'));
    free(text);
    mr_vec_release(&s.ids);
}

static void test_text_of_nothing(void **state)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_plan_signers s = signers(0, "");
    m.ncounters = m.nskipped = 0;
    (void)state;
    char *text = show(&m, &s, false, false);
    assert_non_null(strstr(text, "server_id 4294967295)\n\n0 counters planned, 0 tables left "
                                 "out\n"));
    /* there is nothing to apply */
    assert_null(strstr(text, "apply"));
    free(text);

    m.ncounters = 1;
    text = show(&m, &s, false, false);
    assert_non_null(strstr(text, "\n1 counter planned, 0 tables left out\n"));
    free(text);
    mr_vec_release(&s.ids);
}

/* ---- JSON */

static const char *text_of(json_t *line, const char *key)
{
    json_t *value = json_object_get(line, key);
    assert_non_null(value);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static void check_counters(json_t *lines)
{
    for (size_t i = 0; i < LEN(sample_counters); i++) {
        const struct mr_counter *c = &sample_counters[i];
        json_t *line = json_array_get(lines, 1 + i);
        const struct {
            const char *key;
            uint64_t number;
        } numbers[] = {
            {"source_next", c->next[0]},
            {"target_next", c->next[1]},
            {"source_greatest", c->greatest[0]},
            {"target_greatest", c->greatest[1]},
            {"margin", c->margin},
            {"from", c->from},
            {"to", c->to},
            {"reseed_to", c->reseed_to},
        };
        assert_string_equal(text_of(line, "type"), "counter");
        assert_string_equal(text_of(line, "table"), c->table);
        assert_string_equal(text_of(line, "target_table"), c->target_table);
        assert_string_equal(text_of(line, "column"), c->column);
        assert_string_equal(text_of(line, "sequence"), c->sequence != NULL ? c->sequence : "null");
        assert_string_equal(text_of(line, "margin_note"),
                            c->margin_note != NULL ? c->margin_note : "null");
        for (size_t k = 0; k < LEN(numbers); k++) {
            char number[24];
            (void)snprintf(number, sizeof number, "%llu", (unsigned long long)numbers[k].number);
            /* a string: who reads JSON would round a number beyond 2^53 */
            assert_string_equal(text_of(line, numbers[k].key), number);
        }
    }
}

static json_t *read_lines(const char *text)
{
    json_t *lines = json_array();
    json_error_t error;
    for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
        json_t *line = json_loadb(at, strcspn(at, "\n"), 0, &error);
        if (line == NULL)
            fail_msg("%s: %s", error.text, at);
        assert_int_equal(json_array_append_new(lines, line), 0);
    }
    return lines;
}

static void test_json(void **state)
{
    const struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_plan_signers s = signers(2, "bbbb");
    (void)state;
    char *text = show(&m, &s, true, false);
    json_t *lines = read_lines(text);
    json_t *plan = json_array_get(lines, 0), *skipped = json_array_get(lines, 5);
    assert_int_equal(json_array_size(lines), 1 + 3 + 2 + 1);
    assert_string_equal(text_of(plan, "schema"), "myrecon/repair/1");
    assert_string_equal(text_of(plan, "plan"), m.uuid);
    assert_string_equal(text_of(plan, "replicates_from"), "null");
    assert_string_equal(text_of(plan, "signature_proved"), "bbbb");
    assert_int_equal(json_array_size(json_object_get(plan, "signed_by")), 2);
    check_counters(lines);
    assert_string_equal(text_of(skipped, "table"), "club.hidden");
    assert_true(json_is_true(json_object_get(skipped, "incomplete")));
    json_t *summary = json_array_get(lines, 6);
    assert_int_equal(json_integer_value(json_object_get(summary, "counters")), 3);
    assert_int_equal(json_integer_value(json_object_get(summary, "skipped")), 2);
    assert_true(json_is_true(json_object_get(summary, "incomplete")));
    json_decref(lines);
    free(text);

    s.proved[0] = '\0'; /* what no certificate proves is not called proved */
    text = show(&m, &s, true, false);
    lines = read_lines(text);
    assert_string_equal(text_of(json_array_get(lines, 0), "signature_proved"), "null");
    json_decref(lines);
    free(text);
    mr_vec_release(&s.ids);
}

/* What was not written is reported. */
static void test_full_disk(void **state)
{
    const struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_plan_signers s = signers(0, "");
    (void)state;
    for (int json = 0; json < 2; json++) {
        struct mr_err err = {0};
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        setbuf(full, NULL);
        assert_int_equal(json
                             ? mr_reseed_show_json(&m, &s, full, &err)
                             : mr_reseed_show_text(&m, "plan", &s, (struct mr_look){0}, full, &err),
                         MR_E_IO);
        assert_non_null(strstr(err.message, "standard output"));
        (void)fclose(full);
    }
    mr_vec_release(&s.ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),         cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_nothing), cmocka_unit_test(test_json),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
