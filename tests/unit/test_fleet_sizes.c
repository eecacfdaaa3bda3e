/* test_fleet_sizes.c: sizes of a fleet are kept and read again, and a fleet is planned from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "core/file/io.h"
#include "core/file/sha256.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_engines.h"
#include "recon/fleet/fleet_plan_print.h"
#include "recon/fleet/fleet_plan_warn.h"
#include "recon/fleet/fleet_sizes.h"
#include "recon/fleet/fleet_work.h"

#define MIB ((uint64_t)1 << 20)

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

/* before, the number, behind */
static const char *text_of(const char *before, size_t n, const char *behind)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s%05zu%s", before, n, behind);
    const char *kept = mr_arena_strdup(&arena, text);
    assert_non_null(kept);
    return kept;
}

/* Pairs p0, p1, …, as an inventory has them. */
static struct mr_fleet_sizes pairs_of(size_t count)
{
    struct mr_fleet_sizes sizes = {.pairs = mr_arena_calloc(&arena, count, sizeof *sizes.pairs),
                                   .npairs = count};
    assert_non_null(sizes.pairs);
    for (size_t i = 0; i < count; i++)
        sizes.pairs[i] = (struct mr_fleet_sizes_pair){
            .name = text_of("p", i, ""),
            .uri = {text_of("mysql://a", i, "/x"), text_of("mysql://b", i, "/x")}};
    return sizes;
}

/* 200 tables of a few KiB to 100 MiB, and here and there one of 20 GiB with keys to cut it at. */
static void add_tables(struct mr_fleet_sizes_pair *pair, size_t count, uint64_t *seed)
{
    static const char bytes[128] = "";
    struct mr_fleet_table *tables = mr_arena_calloc(&arena, count, sizeof *tables);
    assert_non_null(tables);
    for (size_t i = 0; i < count; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        const unsigned size = (unsigned)(*seed >> 40) % 1000;
        tables[i] = (struct mr_fleet_table){.name = text_of("d.t", i, ""),
                                            .bytes = size < 900   ? size * 1000
                                                     : size < 999 ? (size - 899) * MIB
                                                                  : 20000 * MIB,
                                            .rows = size};
        if (size < 999)
            continue;
        struct mr_key *cuts = mr_arena_calloc(&arena, 127, sizeof *cuts);
        assert_non_null(cuts);
        for (size_t c = 0; c < 127; c++)
            cuts[c] = (struct mr_key){bytes, c + 1};
        tables[i].cuts = cuts;
        tables[i].ncuts = 127;
        tables[i].order[MR_SOURCE] = tables[i].order[MR_TARGET] = "bigint(20)";
    }
    pair->tables = tables;
    pair->ntables = count;
}

static char path[] = "/tmp/mr_fleet_sizes.XXXXXX";

static void save(const struct mr_fleet_sizes *sizes, struct mr_strbuf *text)
{
    struct mr_err err = {0};
    (void)snprintf(path, sizeof path, "/tmp/mr_fleet_sizes.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    if (mr_fleet_sizes_save(sizes, path, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(mr_io_read_file(path, SIZE_MAX / 2, text, &err), MR_OK);
    (void)unlink(path);
}

static void parse_well(const struct mr_strbuf *text, struct mr_fleet_sizes *out)
{
    struct mr_err err = {0};
    if (mr_fleet_sizes_parse(text->ptr, text->len, "sizes", out, &arena, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static void test_what_is_kept_is_read(void **state)
{
    (void)state;
    struct mr_fleet_sizes sizes = pairs_of(3), got = pairs_of(4);
    struct mr_strbuf text = MR_STRBUF_INIT;
    static const struct mr_key cuts[] = {{"\1", 1}, {"\2\0\3", 3}};
    static const struct mr_fleet_table tables[] = {
        {.name = "d.\"a\" b", .bytes = 7 * MIB, .rows = 9},
        {.name = "d.b",
         .bytes = (uint64_t)1 << 50,
         .rows = 5,
         .order = {"int(11)", "int"},
         .cuts = cuts,
         .ncuts = 2,
         .rough = true}};
    sizes.pairs[0].tables = tables;
    sizes.pairs[0].ntables = 2;
    sizes.pairs[1].failed = "no \"way\" to it";
    got.pairs[2].uri[MR_TARGET] = "mysql://elsewhere/x";
    save(&sizes, &text);
    parse_well(&text, &got);
    assert_null(got.pairs[0].failed);
    assert_int_equal(got.pairs[0].ntables, 2);
    const struct mr_fleet_table *a = &got.pairs[0].tables[0], *b = &got.pairs[0].tables[1];
    assert_string_equal(a->name, tables[0].name);
    assert_int_equal(a->bytes, 7 * MIB);
    assert_int_equal(a->rows, 9);
    assert_int_equal(a->ncuts, 0);
    assert_int_equal(b->bytes, (uint64_t)1 << 50);
    assert_string_equal(b->order[MR_SOURCE], "int(11)");
    assert_string_equal(b->order[MR_TARGET], "int");
    assert_int_equal(b->ncuts, 2);
    assert_false(a->rough);
    assert_true(b->rough);
    assert_int_equal(mr_key_compare(b->cuts[0], cuts[0]), 0);
    assert_int_equal(b->cuts[1].len, 3);
    assert_memory_equal(b->cuts[1].ptr, cuts[1].ptr, 3);
    assert_string_equal(got.pairs[1].failed, sizes.pairs[1].failed);
    assert_non_null(strstr(got.pairs[2].failed, "other servers"));
    assert_non_null(strstr(got.pairs[3].failed, "do not have it"));
    mr_strbuf_release(&text);
}

/* A table that was not cut to its end for want of time is told of by name, ten of them. */
static void test_rough_tables_are_named(void **state)
{
    (void)state;
    struct mr_fleet_sizes sizes = pairs_of(2);
    struct mr_fleet_table tables[13];
    struct mr_strbuf text = MR_STRBUF_INIT, json = MR_STRBUF_INIT;
    for (size_t i = 0; i < 13; i++)
        tables[i] = (struct mr_fleet_table){.name = text_of("d.t", i, ""), .rough = i > 0};
    sizes.pairs[1].tables = tables;
    sizes.pairs[1].ntables = 13;
    struct mr_fleet_file_pair planned[2] = {{.name = "p00000"}, {.name = "p00001"}};
    struct mr_fleet_file_part part = {.weight = 1};
    const struct mr_fleet_file file = {.dir = "fleet",
                                       .id = "x",
                                       .created = "now",
                                       .pairs = planned,
                                       .npairs = 2,
                                       .parts = &part,
                                       .nparts = 1};
    const struct mr_fleet_plan_result result = {&file, &sizes, "fleet.ini", 1};
    mr_fleet_plan_text(&result, &text);
    assert_null(strstr(text.ptr, "d.t00000"));
    assert_non_null(strstr(text.ptr, "CUT ROUGHLY: p00001: d.t00001: "));
    assert_non_null(strstr(text.ptr, "d.t00010"));
    assert_null(strstr(text.ptr, "d.t00011"));
    assert_non_null(strstr(text.ptr, "CUT ROUGHLY: 2 more tables\n"));
    mr_fleet_plan_json(&result, &json);
    assert_non_null(strstr(json.ptr, "\"bytes\":0,\"rough\":12}"));
    mr_strbuf_release(&text);
    mr_strbuf_release(&json);
}

/* Of two wrong databases nothing but "equal" would be said later on; a pair that failed has its own warning. */
static void test_empty_pairs_are_named(void **state)
{
    (void)state;
    static struct capture said;
    static const struct mr_fleet_table table = {.name = "d.t"};
    struct mr_fleet_sizes sizes = pairs_of(8);
    sizes.pairs[0].tables = &table;
    sizes.pairs[0].ntables = 1;
    sizes.pairs[1].failed = "it is gone";
    capture_begin(&said, CAPTURE_FILE, 0);
    mr_fleet_plan_warn_empty(&sizes);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "has no table that both sides have"), 4);
    assert_int_equal(capture_count(&said, "pair \"p00002\" has no table"), 1);
    assert_int_equal(capture_count(&said, "2 more pairs have no table"), 1);
}

/* A slip on the right side of a map's line, once a table, whatever its sources are; of a failed one nothing is known. */
static void test_maps_are_held_against_their_target(void **state)
{
    (void)state;
    static struct capture said;
    static const struct mr_fleet_table tables[] = {{.name = "d.items"}, {.name = "d.reorder"}};
    struct mr_fleet_sizes sizes = pairs_of(3);
    sizes.pairs[0].tables = tables;
    sizes.pairs[0].ntables = 2;
    sizes.pairs[0].uri[MR_SOURCE] =
        "shards:mysql://a{0..1}/x_{}#orders_{0..1}->order,items->items,audit->none";
    sizes.pairs[1].failed = "it is gone";
    sizes.pairs[1].uri[MR_SOURCE] = "shards:mysql://a{0..1}/x_{}#t->t";
    capture_begin(&said, CAPTURE_FILE, 0);
    assert_int_equal(mr_fleet_plan_warn_maps(&sizes, NULL), MR_OK);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "warning"), 1);
    assert_int_equal(
        capture_count(
            &said,
            "map \"p00000\": the target has no table \"order\" that its account may see, which "
            "\"orders_0\" is mapped to"),
        1);
}

static void test_what_was_changed_is_refused(void **state)
{
    (void)state;
    struct mr_fleet_sizes sizes = pairs_of(2), got = pairs_of(2);
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {0};
    uint64_t seed = 1;
    add_tables(&sizes.pairs[0], 3, &seed);
    save(&sizes, &text);
    parse_well(&text, &got);
    const char *end = strstr(text.ptr, "{\"type\":\"end\"");
    assert_non_null(end);
    for (size_t i = 0; i < (size_t)(end - text.ptr); i += 3) {
        text.ptr[i] ^= 1;
        assert_int_equal(mr_fleet_sizes_parse(text.ptr, text.len, "s", &got, &arena, &err),
                         MR_E_REFUSED);
        text.ptr[i] ^= 1;
    }
    for (size_t i = 0; i < text.len; i += 5)
        assert_int_equal(mr_fleet_sizes_parse(text.ptr, i, "s", &got, &arena, &err), MR_E_REFUSED);
    mr_strbuf_release(&text);
}

/* Each has a digest that is right. */
static void test_hostile_lines(void **state)
{
    (void)state;
#define HEAD "{\"type\":\"sizes\",\"schema\":\"myrecon-fleet-sizes/1\"}\n"
#define PAIR                                                                                       \
    "{\"type\":\"pair\",\"pair\":\"p00000\",\"source\":\"mysql://a00000/x\",\"target\":\"mysql://" \
    "b00000/x\","                                                                                  \
    "\"failed\":null}\n"
#define TABLE(more) "{\"type\":\"table\",\"table\":\"d.t\",\"bytes\":1,\"rows\":1" more "}\n"
    static const struct {
        const char *text, *said; /* NULL: it is good */
    } cases[] = {
        {HEAD PAIR TABLE(""), NULL},
        {"{\"type\":\"sizes\",\"schema\":\"myrecon-fleet-sizes/2\"}\n" PAIR, "sizes/2"},
        {PAIR, "schema"},
        {HEAD PAIR PAIR, "a second pair"},
        {HEAD PAIR TABLE("") TABLE(""), "twice"},
        {HEAD PAIR TABLE(",\"order\":[\"a\"],\"cuts\":[\"00\"]"), "two sides"},
        {HEAD PAIR TABLE(",\"order\":[\"a\",\"b\"],\"cuts\":[\"0\"]"), "cuts"},
        {HEAD PAIR TABLE(",\"order\":[\"a\",\"b\"],\"cuts\":[\"\"]"), "cuts"},
        {HEAD PAIR TABLE(",\"order\":[\"a\",\"b\"],\"cuts\":[\"zz\"]"), "cuts"},
        {HEAD PAIR TABLE(",\"cuts\":[\"00\"]"), "order"},
        {HEAD PAIR "{\"type\":\"table\",\"table\":null,\"bytes\":1,\"rows\":1}\n", "table"},
        {HEAD "[]\n", "no JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_fleet_sizes got = pairs_of(1);
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {0};
        char hex[MR_SHA256_HEX];
        assert_int_equal(mr_sha256_bytes(cases[i].text, strlen(cases[i].text), hex, &err), MR_OK);
        mr_strbuf_add_fmt(&text, "%s{\"type\":\"end\",\"sha256\":\"%s\"}\n", cases[i].text, hex);
        enum mr_code code = mr_fleet_sizes_parse(text.ptr, text.len, "s", &got, &arena, &err);
        if (cases[i].said == NULL
                ? code != MR_OK
                : code != MR_E_REFUSED || strstr(err.message, cases[i].said) == NULL)
            fail_msg("case %zu: %d %s", i, (int)code, err.message);
        mr_strbuf_release(&text);
    }
}

/* ---- the plan ---- */

static void deal(const struct mr_fleet_sizes *sizes, size_t nparts, struct mr_fleet_units *units)
{
    struct mr_err err = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < sizes->npairs; i++)
        for (size_t t = 0; t < sizes->pairs[i].ntables; t++)
            total += mr_fleet_table_weight(&sizes->pairs[i].tables[t]);
    mr_fleet_units_begin(units, &arena, total, nparts);
    for (size_t i = 0; i < sizes->npairs; i++)
        assert_int_equal(
            mr_fleet_units_pair(units, i, sizes->pairs[i].tables, sizes->pairs[i].ntables, &err),
            MR_OK);
    assert_int_equal(mr_fleet_units_deal(units, &err), MR_OK);
}

/* What of a table the parts have read so far. */
struct seen {
    size_t ranges, first, last;
    size_t sum_of_at;
};

/* Each table is in the parts once: as many ranges as the greatest place says, no place twice, ends
 * open at the first and last alone. */
static void count_part(const struct mr_strbuf *text, size_t ntables, struct seen *seen,
                       size_t *objects)
{
    struct mr_arena own = MR_ARENA_INIT;
    struct mr_err err = {0};
    for (const char *at = text->ptr, *end; *at != '\0'; at = end + 1) {
        struct mr_scope scope;
        unsigned long pair;
        end = strchr(at, '\n');
        assert_non_null(end);
        if (mr_scope_parse(at, (size_t)(end - at), "work", &own, &scope, &err) != MR_OK)
            fail_msg("%s", err.message);
        pair = strtoul(scope.pair + 1, NULL, 10);
        *objects += scope.has_objects ? 1 : 0;
        for (size_t t = 0; t < scope.ntables; t++) {
            const struct mr_scope_table *table = &scope.tables[t];
            struct seen *s = &seen[pair * ntables + strtoul(table->name + 3, NULL, 10)];
            for (size_t r = 0; r < table->nranges; r++) {
                s->ranges++;
                s->sum_of_at += table->ranges[r].at;
                s->first += table->ranges[r].range.lo.ptr == NULL ? 1 : 0;
                s->last += table->ranges[r].range.hi.ptr == NULL ? 1 : 0;
            }
        }
        mr_arena_reset(&own);
    }
    mr_arena_release(&own);
}

/* The figure of the fleet: 1,000 pairs of 200 tables from recorded sizes, parts within 5 %. */
static void test_a_large_fleet_from_sizes(void **state)
{
    (void)state;
    enum { PAIRS = 1000, TABLES = 200, PARTS = 256 };
    struct mr_fleet_sizes made = pairs_of(PAIRS), sizes = pairs_of(PAIRS);
    struct mr_fleet_file_pair *pairs = mr_arena_calloc(&arena, PAIRS, sizeof *pairs);
    struct mr_fleet_file_part *parts = mr_arena_calloc(&arena, PARTS, sizeof *parts);
    struct seen *seen = calloc((size_t)PAIRS * TABLES, sizeof *seen);
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_fleet_units units;
    struct mr_err err = {0};
    uint64_t seed = 7, least = UINT64_MAX, most = 0;
    size_t objects = 0, opened = 0, tables = 0;
    assert_true(pairs != NULL && parts != NULL && seen != NULL);
    for (size_t i = 0; i < PAIRS; i++) {
        add_tables(&made.pairs[i], TABLES, &seed);
        pairs[i].name = sizes.pairs[i].name;
    }
    save(&made, &text);
    parse_well(&text, &sizes);
    deal(&sizes, PARTS, &units);
    const struct mr_fleet_file file = {.id = "1-a",
                                       .readers_per_server = 4,
                                       .pairs = pairs,
                                       .npairs = PAIRS,
                                       .parts = parts,
                                       .nparts = PARTS};
    for (size_t i = 0; i < PARTS; i++) {
        mr_strbuf_reset(&text);
        assert_int_equal(mr_fleet_work_text(&file, &units, i, &text, &err), MR_OK);
        count_part(&text, TABLES, seen, &objects);
        least = parts[i].weight < least ? parts[i].weight : least;
        most = parts[i].weight > most ? parts[i].weight : most;
        opened += parts[i].pairs;
        tables += parts[i].tables;
    }
    for (size_t i = 0; i < (size_t)PAIRS * TABLES; i++)
        if (seen[i].first != 1 || seen[i].last != 1 || seen[i].ranges == 0 ||
            seen[i].sum_of_at != seen[i].ranges * (seen[i].ranges - 1) / 2)
            fail_msg("table %zu is not read once", i);
    print_message("# 256 parts: %.2f %% between the lightest and the heaviest, %zu pairs opened, "
                  "%zu tables\n",
                  (double)(most - least) * 100 / (double)least, opened, tables);
    assert_int_equal(objects, PAIRS);
    assert_true(most <= least + least / 20);
    mr_fleet_units_release(&units);
    mr_strbuf_release(&text);
    free(seen);
}

/* ---- engines ---- */

static void test_engines(void **state)
{
    (void)state;
    const struct mr_fleet_file file = {
        .id = "20261120T033301Z-8f3a12", .created = "c", .npairs = 3, .nparts = 12};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_fleet_engines_slurm(&file, "/share/it's $HOME", &text);
    assert_non_null(strstr(text.ptr, "#SBATCH --array=0-11\n"));
    assert_non_null(
        strstr(text.ptr, "exec myrecon fleet run --no-verdict '/share/it'\\''s $HOME'\n"));
    mr_strbuf_reset(&text);
    mr_fleet_engines_job(&file, &text);
    assert_non_null(strstr(text.ptr, "  name: myrecon-20261120t033301z-8f3a12\n"));
    assert_non_null(strstr(text.ptr, "  completions: 12\n  parallelism: 12\n"));
    mr_strbuf_reset(&text);
    mr_fleet_engines_readme(&file, "/share/f", &text);
    assert_non_null(strstr(text.ptr, "seq 0 11 | parallel -j 4"));
    assert_non_null(strstr(text.ptr, "sbatch /share/f/fleet.sbatch\n"));
    for (const char *line = text.ptr; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\n") <= 80);
    mr_strbuf_reset(&text); /* parallel has a shell of its own */
    mr_fleet_engines_readme(&file, "$(touch x) {}", &text);
    assert_non_null(strstr(text.ptr,
                           "seq 0 11 | FLEET='$(touch x) {}' parallel -j 4 --retries 3 \\\n"
                           "        'myrecon fleet run --no-verdict \"$FLEET\" --part {}'\n"));
    mr_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rough_tables_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_pairs_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_maps_are_held_against_their_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_changed_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_large_fleet_from_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_engines, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
