/* test_history_fold.c: changes of rows become marks: by a table of short histories, and random ones against a
 * simple model, in one flush and in many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/case/seen_image.h"
#include "recon/history/history_aside.h"
#include "tests/unit/random.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define COLUMNS 3 /* the key, and two more */
#define UNSEEN INT64_MIN

struct row {
    bool is_there;
    int64_t v[COLUMNS]; /* UNSEEN: not in the image */
};

struct world {
    struct mr_arena arena;
    struct mr_findings *fd;
    struct mr_evidence_writer *writer;
    struct mr_evidence_table table;
    struct mr_history_fold *fold;
};

static void must(enum mr_code code, const struct mr_err *err)
{
    if (code != MR_OK)
        fail_msg("%s", err->message);
}

static struct mr_key key_of(struct world *w, int64_t id)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = id};
    must(mr_row_encode(&out, &value, &err), &err);
    const struct mr_key key = {mr_arena_dup(&w->arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return key;
}

static struct mr_history_image image_of(struct world *w, const struct row *row)
{
    struct mr_history_image image = {.is_whole = true};
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    if (!row->is_there)
        return image;
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct mr_value value = {.cls = MR_CLASS_INT, .i = row->v[i]};
        if (row->v[i] == UNSEEN)
            mr_seen_image_add(&out, (struct mr_key){NULL, 0});
        else
            must(mr_row_encode_exact(&out, &value, &err), &err);
        image.is_whole = image.is_whole && row->v[i] != UNSEEN;
    }
    image.bytes = (struct mr_key){mr_arena_dup(&w->arena, out.ptr, out.len), out.len};
    if (image.is_whole)
        must(mr_row_digest(out.ptr, out.len, &image.digest, &err), &err);
    mr_strbuf_release(&out);
    return image;
}

/* "1,2,?": places of an image; "none". */
static void add_image(struct mr_strbuf *out, struct mr_key image)
{
    struct mr_seen_image seen;
    struct mr_err err = {0};
    if (image.ptr == NULL) {
        mr_strbuf_add_str(out, "none");
        return;
    }
    mr_seen_image_init(&seen);
    must(mr_seen_image_open(&seen, image.ptr, image.len, &err), &err);
    assert_int_equal(mr_seen_image_places(&seen), COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct mr_key at = mr_seen_image_at(&seen, i);
        struct mr_value value;
        size_t pos = 0;
        mr_strbuf_add_str(out, i > 0 ? "," : "");
        if (at.ptr == NULL) {
            mr_strbuf_add_str(out, "?");
            continue;
        }
        must(mr_row_decode(at.ptr, at.len, &pos, &value, &err), &err);
        mr_strbuf_add_fmt(out, "%lld", (long long)value.i);
    }
    mr_seen_image_release(&seen);
}

static void open_world(struct world *w)
{
    struct mr_err err = {0};
    bool resumed;
    *w = (struct world){.arena = MR_ARENA_INIT,
                        .table = {.name = "d.t", .target_name = "d.t", .columns = "c"}};
    must(mr_findings_open(NULL, MR_CASE_WRITE, &w->fd, &err), &err);
    must(mr_evidence_writer_new(w->fd, "", false, &w->writer, &resumed, &err), &err);
    must(mr_evidence_table_add(w->writer, &w->arena, &w->table, &err), &err);
    must(mr_history_fold_new(0, "", &w->fold, &err), &err);
}

static void close_world(struct world *w)
{
    mr_history_fold_free(w->fold);
    mr_evidence_writer_free(w->writer);
    assert_int_equal(mr_findings_close(w->fd, NULL), MR_OK);
    mr_arena_release(&w->arena);
}

static int64_t table_id(void *ctx, size_t table)
{
    (void)table;
    return ((struct world *)ctx)->table.id;
}

static void flush(struct world *w)
{
    struct mr_err err = {0};
    const struct mr_history_into into = {
        .writer = w->writer, .id_of = table_id, .ctx = w, .in_pieces = random_below(2) == 0};
    must(mr_findings_begin(w->fd, &err), &err);
    must(mr_findings_end(w->fd, mr_history_fold_flush(w->fold, &into, &err), &err), &err);
}

/* A portion ends: it goes to the case, or to a file, from where it goes there later. */
enum portion { FLUSHED, SPILLED, EITHER };

static void end_portion(struct world *w, enum portion how)
{
    struct mr_err err = {0};
    if (how == SPILLED || (how == EITHER && random_below(2) == 0))
        must(mr_history_fold_spill(w->fold, &err), &err);
    else
        flush(w);
}

/* What a change is told by; an update of the key is two. */
struct step {
    int64_t key;
    struct row before, after;
    bool is_shared, matters;
    int64_t came, went; /* 0: none */
};

static struct mr_history_change change_of(struct world *w, const struct step *step, int64_t tx)
{
    return (struct mr_history_change){
        .key = key_of(w, step->key),
        .kind = !step->before.is_there  ? MR_CHANGE_INSERT
                : !step->after.is_there ? MR_CHANGE_DELETE
                                        : MR_CHANGE_UPDATE,
        .is_own = !step->is_shared,
        .tx = tx,
        .before = image_of(w, &step->before),
        .after = image_of(w, &step->after),
        .came = step->came != 0 ? key_of(w, step->came) : (struct mr_key){NULL, 0},
        .went = step->went != 0 ? key_of(w, step->went) : (struct mr_key){NULL, 0},
        .matters = step->matters};
}

static void add(struct world *w, const struct step *step, int64_t tx)
{
    struct mr_err err = {0};
    const struct mr_history_change change = change_of(w, step, tx);
    must(mr_history_fold_add(w->fold, &change, 1, &err), &err);
}

static void add_marks(struct world *w, struct mr_strbuf *out)
{
    struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
    struct mr_err err = {0};
    must(mr_evidence_marks(w->fd, w->table.id, 0, (struct mr_key){NULL, 0}, 1000, &w->arena, &marks,
                           &err),
         &err);
    for (size_t i = 0; i < marks.count; i++) {
        const struct mr_evidence_mark *m = mr_vec_at(&marks, i);
        mr_strbuf_add_fmt(out, "%sf%d n%llu t%lld-%lld ", i > 0 ? "; " : "", m->flags,
                          (unsigned long long)m->changes, (long long)m->first_tx,
                          (long long)m->last_tx);
        add_image(out, m->first);
        mr_strbuf_add_str(out, " ");
        add_image(out, m->last);
        mr_strbuf_add_str(out, m->has_digest ? " whole" : "");
    }
    mr_vec_release(&marks);
}

/* ---- short histories ---- */

#define NONE                                                                                       \
    {                                                                                              \
        false,                                                                                     \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define ROW(a, b)                                                                                  \
    {                                                                                              \
        true,                                                                                      \
        {                                                                                          \
            1, a, b                                                                                \
        }                                                                                          \
    }
#define Q UNSEEN

static const struct {
    const char *name;
    struct step steps[4];
    size_t count;
    const char *marks; /* of whichever portions */
} histories[] = {
    {"inserted", {{1, NONE, ROW(2, 3), false, true, 0, 0}}, 1, "f1 n1 t1-1 none 1,2,3 whole"},
    {"deleted", {{1, ROW(2, 3), NONE, false, true, 0, 0}}, 1, "f2 n1 t1-1 1,2,3 none"},
    {"of a key that does not matter only the digest stays",
     {{1, ROW(2, 3), ROW(2, 4), false, false, 0, 0}},
     1,
     "f0 n1 t1-1 none none whole"},
    {"the chain holds",
     {{1, ROW(2, 3), ROW(2, 4), false, true, 0, 0}, {1, ROW(2, 4), ROW(5, 4), false, true, 0, 0}},
     2,
     "f0 n2 t1-2 1,2,3 1,5,4 whole"},
    {"the chain is broken",
     {{1, ROW(2, 3), ROW(2, 4), false, true, 0, 0}, {1, ROW(2, 9), ROW(5, 9), false, true, 0, 0}},
     2,
     "f8 n2 t1-2 1,2,3 1,5,9 whole"},
    {"deleted and inserted again",
     {{1, ROW(2, 3), NONE, false, true, 0, 0}, {1, NONE, ROW(6, 7), false, true, 0, 0}},
     2,
     "f4 n2 t1-2 1,2,3 1,6,7 whole"},
    {"inserted where there was a row",
     {{1, ROW(2, 3), ROW(2, 4), false, true, 0, 0}, {1, NONE, ROW(6, 7), false, true, 0, 0}},
     2,
     "f8 n2 t1-2 1,2,3 1,6,7 whole"},
    {"shared changes alone leave nothing", {{1, ROW(2, 3), ROW(2, 4), true, true, 0, 0}}, 1, ""},
    {"shared before own: the row that own ones found",
     {{1, ROW(2, 3), ROW(2, 4), true, true, 0, 0}, {1, ROW(2, 4), ROW(2, 5), false, true, 0, 0}},
     2,
     "f0 n1 t2-2 1,2,4 1,2,5 whole"},
    {"shared behind own",
     {{1, ROW(2, 3), ROW(2, 4), false, true, 0, 0}, {1, ROW(2, 4), ROW(2, 5), true, true, 0, 0}},
     2,
     "f16 n1 t1-1 1,2,3 1,2,5 whole"},
    {"MINIMAL: columns that no image has shown are not known",
     {{1, ROW(Q, Q), {true, {Q, Q, 4}}, false, true, 0, 0}},
     1,
     "f64 n1 t1-1 1,?,? 1,?,4"},
    {"MINIMAL: seen once, known on",
     {{1, ROW(Q, Q), {true, {Q, 5, Q}}, false, true, 0, 0},
      {1, ROW(Q, Q), {true, {Q, Q, 4}}, false, true, 0, 0}},
     2,
     "f64 n2 t1-2 1,?,? 1,5,4 whole"},
    {"MINIMAL: a row that was inserted anew has none of the old one's values",
     {{1, ROW(Q, Q), {true, {Q, 5, 6}}, false, true, 0, 0},
      {1, ROW(Q, Q), NONE, false, true, 0, 0},
      {1, NONE, {true, {1, Q, 7}}, false, true, 0, 0}},
     3,
     "f68 n3 t1-3 1,?,? 1,?,7"},
    {"NOBLOB: what was left out has stayed",
     {{1, NONE, ROW(2, 3), false, true, 0, 0},
      {1, ROW(2, Q), {true, {1, 8, Q}}, false, true, 0, 0}},
     2,
     "f65 n2 t1-2 none 1,8,3 whole"},
    {"FULL_NODUP: all before, after it what has changed",
     {{1, ROW(2, 3), {true, {Q, Q, 4}}, false, true, 0, 0},
      {1, ROW(2, 4), {true, {Q, 9, Q}}, false, true, 0, 0}},
     2,
     "f64 n2 t1-2 1,2,3 1,9,4 whole"},
    {"an update of the key",
     {{1, ROW(2, 3), NONE, false, true, 0, 2}, {2, NONE, {true, {2, 2, 3}}, false, true, 1, 0}},
     2,
     "f258 n1 t1-1 1,2,3 none; f129 n1 t2-2 none 2,2,3 whole"},
    {"keys exchanged and exchanged back",
     {{1, ROW(2, 3), NONE, false, true, 0, 2},
      {2, NONE, {true, {2, 2, 3}}, false, true, 1, 0},
      {2, {true, {2, 2, 3}}, NONE, false, true, 0, 1},
      {1, NONE, ROW(2, 3), false, true, 2, 0}},
     4,
     "f388 n2 t1-4 1,2,3 1,2,3 whole; f387 n2 t2-3 none none"},
};

/* portions: after each step a bit that says whether a portion ends there. */
static void check_history(size_t at, unsigned portions, enum portion how)
{
    struct world w;
    struct mr_strbuf got = MR_STRBUF_INIT;
    open_world(&w);
    for (size_t i = 0; i < histories[at].count; i++) {
        add(&w, &histories[at].steps[i], (int64_t)i + 1);
        if ((portions >> i & 1) != 0)
            end_portion(&w, how);
    }
    flush(&w);
    mr_strbuf_add_str(&got, "");
    add_marks(&w, &got);
    if (strcmp(got.ptr, histories[at].marks) != 0)
        fail_msg("%s, in portions %u: \"%s\", wanted \"%s\"", histories[at].name, portions, got.ptr,
                 histories[at].marks);
    mr_strbuf_release(&got);
    close_world(&w);
}

static void test_histories(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(histories); i++)
        for (unsigned portions = 0; portions < 1u << (histories[i].count - 1); portions++)
            for (enum portion how = FLUSHED; how <= EITHER; how++)
                check_history(i, portions, how);
}

/* Images were kept of a key that does not matter any more, and one of the changes since is known by its digest
 * alone: what no image shows may have been changed by that, so that none is kept. */
static void test_forgotten(void **state)
{
    static const struct step steps[] = {
        {1, ROW(Q, Q), {true, {Q, Q, 4}}, false, true, 0, 0},
        {1, ROW(2, 4), ROW(9, 4), false, false, 0, 0},
        {1, ROW(Q, Q), {true, {Q, Q, 5}}, false, false, 0, 0},
    };
    (void)state;
    for (int apart = 0; apart <= 1;
         apart++) { /* what is known by its digest, and the image behind it */
        struct world w;
        struct mr_strbuf got = MR_STRBUF_INIT;
        open_world(&w);
        for (size_t i = 0; i < LEN(steps); i++) {
            add(&w, &steps[i], (int64_t)i + 1);
            if (i != 1 || apart)
                flush(&w);
        }
        add_marks(&w, &got);
        assert_string_equal(got.ptr, "f64 n3 t1-3 none 1,?,5");
        mr_strbuf_release(&got);
        close_world(&w);
    }
}

/* ---- random histories, and what is true of them ---- */

#define KEYS 6

enum mode { FULL, MINIMAL, NOBLOB, NODUP, MODES };

struct truth {
    struct row now[KEYS + 1], base[KEYS + 1];
    uint64_t changes[KEYS + 1];
    bool again[KEYS + 1], shared[KEYS + 1];
    int64_t last_tx[KEYS + 1];
};

static void leave_out(struct step *s, enum mode mode)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const bool is_key = i == 0, is_blob = i == 2;
        const bool stays =
            s->before.is_there && s->after.is_there && s->before.v[i] == s->after.v[i];
        const bool hides_before = (mode == MINIMAL && !is_key) || (mode == NOBLOB && is_blob);
        const bool hides_after = s->before.is_there ? stays && (mode == MINIMAL || mode == NODUP ||
                                                                (mode == NOBLOB && is_blob))
                                                    /* a default that was not given */
                                                    : mode == MINIMAL && s->after.v[i] == 0;
        if (hides_before && s->before.is_there)
            s->before.v[i] = UNSEEN;
        if (hides_after && s->after.is_there)
            s->after.v[i] = UNSEEN;
    }
}

static struct step random_step(struct truth *t, enum mode mode, bool all_own, int64_t tx)
{
    const size_t key = 1 + random_below(KEYS);
    struct step s = {.key = (int64_t)key,
                     .before = t->now[key],
                     .is_shared = !all_own && random_below(4) == 0,
                     .matters = key % 2 == 0};
    s.after = s.before;
    s.after.is_there = !s.before.is_there || random_below(4) != 0;
    s.after.v[0] = (int64_t)key;
    for (size_t i = 1; i < COLUMNS; i++)
        if (!s.before.is_there || random_below(2) == 0)
            s.after.v[i] = (int64_t)random_below(3);
    if (!s.is_shared) {
        if (t->changes[key] == 0)
            t->base[key] = s.before;
        t->changes[key]++;
        t->last_tx[key] = tx;
    } else if (t->changes[key] > 0) {
        t->shared[key] = true;
    }
    if (t->changes[key] > (s.is_shared ? 0u : 1u) && !s.before.is_there)
        t->again[key] = true;
    t->now[key] = s.after;
    leave_out(&s, mode);
    return s;
}

static void image_is(struct mr_key image, const struct row *row)
{
    struct mr_seen_image seen;
    struct mr_err err = {0};
    mr_seen_image_init(&seen);
    must(mr_seen_image_open(&seen, image.ptr, image.len, &err), &err);
    for (size_t i = 0; image.ptr != NULL && i < COLUMNS; i++) {
        const struct mr_key at = mr_seen_image_at(&seen, i);
        struct mr_value value;
        size_t pos = 0;
        if (at.ptr == NULL)
            continue;
        must(mr_row_decode(at.ptr, at.len, &pos, &value, &err), &err);
        assert_int_equal(value.i, row->v[i]);
    }
    mr_seen_image_release(&seen);
}

static void check_truth(struct world *w, const struct truth *t, enum mode mode)
{
    for (size_t key = 1; key <= KEYS; key++) {
        struct mr_evidence_mark m;
        struct mr_err err = {0};
        bool found;
        must(mr_findings_begin(w->fd, &err), &err);
        must(
            mr_findings_end(w->fd,
                            mr_evidence_mark_get(w->writer, w->table.id, 0, key_of(w, (int64_t)key),
                                                 &w->arena, &m, &found, &err),
                            &err),
            &err);
        assert_int_equal(found, t->changes[key] > 0);
        if (!found)
            continue;
        assert_int_equal(m.flags & MR_MARK_BROKEN, 0);
        assert_int_equal((m.flags & MR_MARK_ABSENT_BEFORE) != 0, !t->base[key].is_there);
        assert_int_equal((m.flags & MR_MARK_DELETED) != 0, !t->now[key].is_there);
        assert_int_equal((m.flags & MR_MARK_AGAIN) != 0, t->again[key]);
        assert_int_equal((m.flags & MR_MARK_SHARED) != 0, t->shared[key]);
        assert_int_equal(m.changes, t->changes[key]);
        assert_int_equal(m.last_tx, t->last_tx[key]);
        image_is(m.first, &t->base[key]);
        image_is(m.last, &t->now[key]);
        if (m.has_digest)
            assert_true(mr_digest_equal(m.digest, image_of(w, &t->now[key]).digest));
        if (mode == FULL || mode == NODUP)
            assert_int_equal(m.has_digest, t->now[key].is_there);
    }
}

/* modes: each change in one, or in any. */
static void random_history(enum mode mode, unsigned end_one_in, bool all_own, enum portion how)
{
    struct world w;
    struct truth truth = {0};
    open_world(&w);
    for (int64_t tx = 1; tx <= 60; tx++) {
        const enum mode now = mode == MODES ? (enum mode)random_below(MODES) : mode;
        const struct step s = random_step(&truth, now, all_own, tx);
        add(&w, &s, tx);
        if (random_below(end_one_in) == 0)
            end_portion(&w, how);
    }
    flush(&w);
    check_truth(&w, &truth, mode);
    close_world(&w);
}

static void test_random(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < random_seeds(); seed++)
        for (enum mode mode = FULL; mode <= MODES; mode++) {
            random_state = seed * 16 + mode;
            random_history(mode, 1000, seed % 2 == 0, FLUSHED);
            random_history(mode, 1, seed % 2 == 0, (enum portion)(seed % 3));
            random_history(mode, 5, seed % 2 == 0, (enum portion)(seed % 3));
        }
}

/* ---- each change of a key that matters ---- */

static void test_changes_kept(void **state)
{
    static const struct {
        unsigned end_every, count, kept;
        enum portion how;
    } cases[] = {{1000, 7, 7, FLUSHED},     {1, 7, 7, FLUSHED},      {3, 7, 7, FLUSHED},
                 {1000, 130, 100, FLUSHED}, {1, 130, 100, FLUSHED},  {40, 130, 100, FLUSHED},
                 {1, 130, 100, SPILLED},    {40, 130, 100, SPILLED}, {7, 130, 100, EITHER}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
        struct mr_err err = {0};
        struct step s = {.key = 1, .before = ROW(0, 0), .after = ROW(0, 0), .matters = true};
        open_world(&w);
        for (unsigned n = 1; n <= cases[i].count; n++) {
            s.after.v[2] = n;
            add(&w, &s, n);
            s.before = s.after;
            if (n % cases[i].end_every == 0)
                end_portion(&w, cases[i].how);
        }
        flush(&w);
        must(mr_evidence_changes(w.fd, w.table.id, 0, key_of(&w, 1), &w.arena, &changes, &err),
             &err);
        assert_int_equal(changes.count, cases[i].kept);
        for (size_t n = 0; n < changes.count; n++) {
            const struct mr_evidence_change *c = mr_vec_at(&changes, n);
            struct mr_strbuf text = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
            assert_int_equal(c->n, n + 1);
            assert_int_equal(c->tx, n + 1);
            add_image(&text, c->image);
            mr_strbuf_add_fmt(&wanted, "?,?,%zu", n + 1);
            assert_string_equal(text.ptr, wanted.ptr);
            mr_strbuf_release(&text);
            mr_strbuf_release(&wanted);
        }
        mr_vec_release(&changes);
        close_world(&w);
    }
}

/* ---- more than fits into the buffers of a merge ---- */

#define MANY 3000
#define MANY_RUNS 7

/* Each key is changed in some of the portions, in an order of its own each time; all have a mark that
 * tells so, and in the order of their bytes. */
static void test_many(void **state)
{
    static uint64_t changes[MANY];
    struct world w;
    struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
    struct mr_err err = {0};
    size_t at = 0;
    (void)state;
    memset(changes, 0, sizeof changes);
    open_world(&w);
    for (int64_t run = 1; run <= MANY_RUNS; run++) {
        for (size_t i = 0; i < MANY; i++) {
            const size_t key = (i * 1301 + (size_t)run * 17) % MANY;
            if ((key + (size_t)run) % 3 == 0)
                continue;
            const int64_t was = (int64_t)changes[key];
            const struct step s = {.key = (int64_t)key + 1,
                                   .before = {true, {(int64_t)key + 1, was, 0}},
                                   .after = {true, {(int64_t)key + 1, was + 1, 0}},
                                   .matters = key % 5 != 0};
            add(&w, &s, run);
            changes[key]++;
        }
        end_portion(&w, run % 4 == 0 ? FLUSHED : SPILLED);
    }
    flush(&w);
    must(mr_evidence_ends_so_far(w.writer, w.table.id, 0, (struct mr_key){NULL, 0}, 2 * MANY,
                                 &w.arena, &marks, &err),
         &err);
    assert_int_equal(marks.count, MANY);
    for (at = 0; at < MANY; at++) {
        const struct mr_evidence_mark *m = mr_vec_at(&marks, at);
        const struct mr_key key = key_of(&w, (int64_t)at + 1);
        const struct row last = {true, {(int64_t)at + 1, (int64_t)changes[at], 0}};
        assert_int_equal(m->key.len, key.len);
        assert_memory_equal(m->key.ptr, key.ptr, key.len);
        assert_int_equal(m->changes, changes[at]);
        assert_int_equal(m->flags, 0);
        assert_int_equal(m->has_images, at % 5 != 0);
        assert_true(m->has_digest && mr_digest_equal(m->digest, image_of(&w, &last).digest));
    }
    mr_vec_release(&marks);
    close_world(&w);
}

/* ---- by a thread of its own ---- */

#define MANY_KEYS 500
#define MANY_CHANGES 6000
#define LIST 37

static struct mr_strbuf marks_of(struct world *w)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    flush(w);
    add_marks(w, &out);
    close_world(w);
    return out;
}

/* Lists, each folded aside, and runs of what few entries take: the same as one change after the other. */
static void test_aside(void **state)
{
    struct world w, plain;
    struct mr_err err = {0};
    struct row now[MANY_KEYS] = {0};
    struct mr_vec list = MR_VEC_INIT(struct mr_history_change);
    struct mr_arena kept = MR_ARENA_INIT;
    (void)state;
    open_world(&w);
    open_world(&plain);
    struct mr_history_aside *aside = mr_history_aside_new(w.fold, 40000);
    assert_non_null(aside);
    for (int64_t i = 0; i < MANY_CHANGES; i++) {
        const int64_t key = (int64_t)random_below(MANY_KEYS);
        const struct row after = {random_below(4) > 0, {key, i, (int64_t)random_below(3)}};
        const struct step step = {key, now[key], after, random_below(5) == 0, key % 2 == 0, 0, 0};
        if (!now[key].is_there && !after.is_there)
            continue;
        now[key] = after;
        add(&plain, &step, i + 1);
        struct mr_history_change *c = mr_vec_push(&list);
        assert_non_null(c);
        *c = change_of(&w, &step, i + 1);
        if (list.count == LIST)
            must(mr_history_aside_hand(aside, &list, &kept, &err), &err);
        assert_true(list.count < LIST);
    }
    must(mr_history_aside_hand(aside, &list, &kept, &err), &err);
    must(mr_history_aside_wait(aside, &err), &err);
    mr_history_aside_free(aside);
    mr_vec_release(&list);
    mr_arena_release(&kept);
    struct mr_strbuf got = marks_of(&w), wanted = marks_of(&plain);
    assert_true(wanted.len > 0);
    assert_string_equal(got.ptr, wanted.ptr);
    mr_strbuf_release(&got);
    mr_strbuf_release(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories), cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_random),    cmocka_unit_test(test_changes_kept),
        cmocka_unit_test(test_many),      cmocka_unit_test(test_aside)};
    return cmocka_run_group_tests_name("history_fold", tests, NULL, NULL);
}
