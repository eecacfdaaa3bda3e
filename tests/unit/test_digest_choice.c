/* test_digest_choice.c: who digests, on lines and servers that are made up: a clock that each chunk
 * moves on, segments side by side that share the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "recon/check/digest_choice.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define MB 1e6

enum { SEGMENTS_MAX = 4, CHUNK_ROWS = 20000, ROW_BYTES = 200 };

/* Of each segment, bytes a second; the line is shared. */
struct place {
    double line, slow_line; /* the latter from slow_s to fast_s */
    double slow_s, fast_s;
    double read, digest; /* what a server reads, and digests, for one segment */
    double trip_s;
    double hiccup_s, every_s; /* all stands still for so long, so often; 0: never */
};

struct outcome {
    unsigned changes, digested, trials; /* the latter: chunks */
    double bytes;                       /* that were compared */
    double changed_s[8];
};

struct segment {
    struct mr_choice_chunk chunk;
    double begun_s, end_s;
};

static double line_at(const struct place *p, double now_s)
{
    return now_s >= p->slow_s && now_s < p->fast_s ? p->slow_line : p->line;
}

/* What of [begun, begun + takes) falls into hiccups comes on top. */
static double with_hiccups(const struct place *p, double begun_s, double takes_s)
{
    double end_s = begun_s + takes_s;
    if (p->every_s <= 0)
        return takes_s;
    for (double at = p->every_s; at < end_s; at += p->every_s)
        if (at + p->hiccup_s > begun_s)
            end_s += p->hiccup_s - (begun_s > at ? begun_s - at : 0);
    return end_s - begun_s;
}

static double time_of(const struct place *p, unsigned segments, const struct mr_choice_chunk *chunk,
                      double now_s)
{
    const double bytes = (double)chunk->rows * ROW_BYTES;
    const double line = line_at(p, now_s) / segments;
    const double rate = chunk->digests ? p->digest : fmin(p->read, line);
    return with_hiccups(p, now_s, bytes / rate + p->trip_s * (chunk->digests ? 2 : 1));
}

static void begin_chunk(struct mr_digest_choice *choice, const struct place *p, unsigned segments,
                        struct segment *s, double now_s)
{
    s->chunk = mr_digest_choice_next(choice, CHUNK_ROWS, now_s);
    s->begun_s = now_s;
    s->end_s = now_s + time_of(p, segments, &s->chunk, now_s);
}

static void end_chunk(struct mr_digest_choice *choice, const struct segment *s, struct outcome *out)
{
    const struct mr_choice_taken taken = {.rows = s->chunk.rows,
                                          .row_bytes = ROW_BYTES,
                                          .seconds = s->end_s - s->begun_s,
                                          .full_rows = CHUNK_ROWS};
    const struct mr_choice_change change =
        mr_digest_choice_took(choice, &s->chunk, &taken, s->end_s);
    out->bytes += (double)s->chunk.rows * ROW_BYTES;
    out->digested += s->chunk.digests;
    out->trials += s->chunk.trial;
    if (!change.changed)
        return;
    assert_int_equal(change.digests, choice->digests);
    assert_true(change.digests ? change.digests_s > change.rows_s
                               : change.rows_s > change.digests_s);
    if (out->changes < LEN(out->changed_s))
        out->changed_s[out->changes] = s->end_s;
    out->changes++;
}

static struct outcome run(const struct place *p, unsigned segments, bool digests, bool adapts,
                          double until_s)
{
    struct mr_digest_choice choice;
    struct segment list[SEGMENTS_MAX];
    struct outcome out = {0};
    mr_digest_choice_begin(&choice, digests, adapts, p->trip_s);
    for (unsigned i = 0; i < segments; i++)
        mr_digest_choice_join(&choice);
    for (unsigned i = 0; i < segments; i++)
        begin_chunk(&choice, p, segments, &list[i], 0.001 * i);
    for (;;) {
        struct segment *first = &list[0];
        for (unsigned i = 1; i < segments; i++)
            if (list[i].end_s < first->end_s)
                first = &list[i];
        if (first->end_s > until_s)
            break;
        end_chunk(&choice, first, &out);
        begin_chunk(&choice, p, segments, first, first->end_s);
    }
    for (unsigned i = 0; i < segments; i++)
        mr_digest_choice_leave(&choice, false);
    assert_int_equal(choice.segments, adapts ? 0 : choice.segments);
    mr_digest_choice_end(&choice);
    return out;
}

/* Over a minute of a place that does not change: it ends with the better way, and what is compared
 * is no less than by that way alone, but for a sixth. */
static void test_steady(void **state)
{
    static const struct {
        const char *what;
        struct place place;
        bool digests; /* at the beginning */
        unsigned most_changes;
    } cases[] = {
        {"one machine", {.line = 2000 * MB, .read = 100 * MB, .digest = 40 * MB}, false, 0},
        {"a slow server", {.line = 2000 * MB, .read = 4 * MB, .digest = 4 * MB}, false, 0},
        {"10 Mbit/s",
         {.line = 1.25 * MB, .read = 100 * MB, .digest = 40 * MB, .trip_s = .04},
         true,
         0},
        {"10 Mbit/s, that seemed fast",
         {.line = 1.25 * MB, .read = 100 * MB, .digest = 40 * MB, .trip_s = .04},
         false,
         1},
        {"100 Mbit/s", {.line = 12.5 * MB, .read = 100 * MB, .digest = 40 * MB}, true, 0},
        {"100 Mbit/s, that seemed fast",
         {.line = 12.5 * MB, .read = 100 * MB, .digest = 40 * MB},
         false,
         1},
        {"100 Mbit/s, as fast as the servers",
         {.line = 12.5 * MB, .read = 100 * MB, .digest = 12 * MB},
         true,
         1},
        {"servers that are slower than the line",
         {.line = 12.5 * MB, .read = 100 * MB, .digest = 1 * MB},
         true,
         1},
        {"a long line",
         {.line = 60 * MB, .read = 60 * MB, .digest = 40 * MB, .trip_s = .1},
         true,
         1},
        {"a fast line that seemed slow",
         {.line = 2000 * MB, .read = 100 * MB, .digest = 30 * MB},
         true,
         1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (unsigned segments = 1; segments <= SEGMENTS_MAX; segments++) {
            const struct place *p = &cases[i].place;
            const double best = fmax(run(p, segments, false, false, 60).bytes,
                                     run(p, segments, true, false, 60).bytes);
            const struct outcome out = run(p, segments, cases[i].digests, true, 60);
            if (out.changes > cases[i].most_changes || out.bytes * 1.2 < best)
                fail_msg("%s, %u segments: %u changes, %.2f of the better way", cases[i].what,
                         segments, out.changes, out.bytes / best);
        }
}

/* Two seconds in which nothing comes are no slow line, however many segments wait. */
static void test_hiccups(void **state)
{
    const struct place p = {
        .line = 2000 * MB, .read = 100 * MB, .digest = 40 * MB, .hiccup_s = 2, .every_s = 5};
    (void)state;
    for (unsigned segments = 1; segments <= SEGMENTS_MAX; segments++) {
        const struct outcome out = run(&p, segments, false, true, 300);
        assert_int_equal(out.changes, 0);
        assert_int_equal(out.digested, 0);
    }
}

/* Slow from the 10th second to the 60th: both are noticed. */
static void test_changing_line(void **state)
{
    static const double slow[] = {1.25 * MB, 5 * MB};
    (void)state;
    for (size_t i = 0; i < LEN(slow); i++)
        for (unsigned segments = 1; segments <= SEGMENTS_MAX; segments++) {
            const struct place p = {.line = 1000 * MB,
                                    .slow_line = slow[i],
                                    .slow_s = 10,
                                    .fast_s = 60,
                                    .read = 100 * MB,
                                    .digest = 30 * MB};
            const struct outcome out = run(&p, segments, false, true, 120);
            if (out.changes != 2 || out.changed_s[0] > 10 + 12 * segments ||
                out.changed_s[1] < 60 || out.changed_s[1] > 100)
                fail_msg("%u segments: %u changes, at %.1f and %.1f s", segments, out.changes,
                         out.changed_s[0], out.changed_s[1]);
        }
}

/* A line that goes up and down all the time does not make it follow each turn. */
static void test_no_following(void **state)
{
    struct place p = {.line = 12.5 * MB, .read = 100 * MB, .digest = 12 * MB};
    (void)state;
    for (unsigned segments = 1; segments <= SEGMENTS_MAX; segments++) {
        p.hiccup_s = .5;
        p.every_s = 1.7;
        const struct outcome out = run(&p, segments, true, true, 600);
        assert_in_range(out.changes, 0, 20);
    }
}

/* As told: nothing is measured. */
static void test_told(void **state)
{
    const struct place p = {.line = 1 * MB, .read = 100 * MB, .digest = 40 * MB};
    (void)state;
    for (int digests = 0; digests < 2; digests++) {
        const struct outcome out = run(&p, 2, digests, false, 60);
        assert_int_equal(out.changes + out.trials, 0);
        assert_int_equal(out.digested > 0, digests);
    }
}

/* A segment that ends in the middle of a trial, or fails, does not leave it open for ever. */
static void test_segments_end(void **state)
{
    (void)state;
    for (int failed = 0; failed < 2; failed++) {
        const struct place p = {.line = 1000 * MB, .read = 100 * MB, .digest = 10 * MB};
        struct mr_digest_choice choice;
        struct segment one = {0}, other;
        struct outcome out = {0};
        mr_digest_choice_begin(&choice, true, true, 0);
        mr_digest_choice_join(&choice);
        mr_digest_choice_join(&choice);
        while (choice.step == 0) {
            begin_chunk(&choice, &p, 2, &one, one.end_s);
            if (choice.step == 0)
                end_chunk(&choice, &one, &out);
        }
        begin_chunk(&choice, &p, 2, &other, one.end_s);
        if (failed == 0)
            end_chunk(&choice, &other, &out);
        mr_digest_choice_leave(&choice, failed != 0);
        for (int i = 0; i < 2000 && out.changes == 0; i++) {
            end_chunk(&choice, &one, &out);
            begin_chunk(&choice, &p, 1, &one, one.end_s);
        }
        assert_int_equal(out.changes, 1);
        assert_false(choice.digests);
        mr_digest_choice_end(&choice);
    }
}

/* Tables without rows, one after the other, while rows are tried: nothing is known of the line. */
static void test_empty_tables(void **state)
{
    static const uint64_t sizes[] = {0, 3};
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        struct mr_digest_choice choice;
        const struct mr_choice_taken full = {
            .rows = CHUNK_ROWS, .row_bytes = ROW_BYTES, .seconds = 1, .full_rows = CHUNK_ROWS};
        const struct mr_choice_taken few = {
            .rows = sizes[i], .row_bytes = ROW_BYTES, .seconds = .1, .full_rows = CHUNK_ROWS};
        double now_s = 0;
        unsigned trials = 0;
        mr_digest_choice_begin(&choice, true, true, .1);
        mr_digest_choice_join(&choice);
        for (unsigned n = 0; n < MR_CHOICE_KEPT; n++) {
            const struct mr_choice_chunk chunk = mr_digest_choice_next(&choice, CHUNK_ROWS, now_s);
            now_s += full.seconds;
            assert_false(mr_digest_choice_took(&choice, &chunk, &full, now_s).changed);
        }
        for (unsigned n = 0; n < 50; n++) {
            const struct mr_choice_chunk chunk = mr_digest_choice_next(&choice, CHUNK_ROWS, now_s);
            trials += chunk.trial;
            now_s += few.seconds;
            assert_false(mr_digest_choice_took(&choice, &chunk, &few, now_s).changed);
            mr_digest_choice_leave(&choice, false);
            mr_digest_choice_join(&choice);
        }
        assert_true(trials > 0);
        assert_true(choice.digests);
        mr_digest_choice_leave(&choice, false);
        mr_digest_choice_end(&choice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_tables), cmocka_unit_test(test_steady),
        cmocka_unit_test(test_hiccups),      cmocka_unit_test(test_changing_line),
        cmocka_unit_test(test_no_following), cmocka_unit_test(test_told),
        cmocka_unit_test(test_segments_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
