/*
 * test_check_scan.c: leapfrog over two in-memory tables: every difference becomes a
 * suspect, nothing else does, every row is read once, whatever breaks or moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "check_fake.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* What differs, in key order, with the number of equal rows in front of it. */
struct difference {
    struct fake_row key;
    uint64_t equal;
};

struct expected {
    struct difference *list;
    size_t count;
    uint64_t equal;
};

static bool same_row(const struct fake_row *a, const struct fake_row *b)
{
    return a->id == b->id && a->value == b->value && strcmp(a->name, b->name) == 0;
}

/* Differences by the bytes of the keys; where two keys are one to the server, the
 * source's comes first. */
static struct expected compare_sides(const struct fake *f)
{
    const struct fake_side *s = &f->side[MR_SOURCE], *t = &f->side[MR_TARGET];
    struct expected e = {.list = calloc(s->count + t->count + 1, sizeof *e.list)};
    size_t i = 0, j = 0;
    assert_non_null(e.list);
    while (i < s->count || j < t->count) {
        int order = i == s->count   ? 1
                    : j == t->count ? -1
                                    : fake_order(f, &s->rows[i], &t->rows[j]);
        bool twins = order == 0 && strcmp(s->rows[i].name, t->rows[j].name) == 0;
        if (order == 0 && same_row(&s->rows[i], &t->rows[j])) {
            e.equal++;
            i++;
            j++;
            continue;
        }
        if (order <= 0)
            e.list[e.count++] = (struct difference){s->rows[i++], e.equal};
        if (order > 0 || (order == 0 && f->by_name && !twins))
            e.list[e.count++] = (struct difference){t->rows[j++], e.equal};
        else if (order == 0)
            j++;
    }
    return e;
}

static enum mr_code begin_segments(struct fake *f, const struct mr_range *ranges, size_t count)
{
    return mr_findings_segments_add(f->run.fd, f->table.find.id, ranges, count, NULL);
}

static enum mr_code begin_one_segment(struct fake *f)
{
    struct mr_range all = {{NULL, 0}, {NULL, 0}};
    return begin_segments(f, &all, 1);
}

/* Scans what is left of all segments, as check_run.c does; stops at the first error. */
static enum mr_code scan_segments(struct fake *f, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_segment *segments = NULL;
    size_t count = 0;
    enum mr_code code =
        mr_findings_segments(f->run.fd, f->table.find.id, &arena, &segments, &count, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_find_segment *seg = &segments[i];
        struct mr_scan_task task = {.table = &f->table,
                                    .segment = i,
                                    .lo = seg->done_to.ptr != NULL ? seg->done_to : seg->lo,
                                    .hi = seg->hi,
                                    .next_chunk = seg->next_chunk};
        if (!seg->done)
            code = mr_check_scan(&f->worker, &task, err);
    }
    mr_arena_release(&arena);
    return code;
}

static bool all_done(struct fake *f)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_segment *segments = NULL;
    size_t count = 0;
    assert_int_equal(
        mr_findings_segments(f->run.fd, f->table.find.id, &arena, &segments, &count, NULL), MR_OK);
    bool done = count > 0;
    for (size_t i = 0; i < count; i++)
        done = done && segments[i].done;
    mr_arena_release(&arena);
    return done;
}

/* Equal rows of the table in front of each chunk. */
struct chunk_place {
    int64_t segment, chunk;
    uint64_t before, equal;
};

struct places {
    struct mr_vec list; /* struct chunk_place */
    uint64_t equal;
};

static enum mr_code add_place(void *ctx, int64_t segment, int64_t chunk, uint64_t equal,
                              struct mr_err *err)
{
    struct places *places = ctx;
    struct chunk_place *place = mr_vec_push(&places->list);
    (void)err;
    assert_non_null(place);
    *place = (struct chunk_place){segment, chunk, places->equal, equal};
    places->equal += equal;
    return MR_OK;
}

static struct chunk_place find_place(const struct places *places, const struct mr_finding *finding)
{
    for (size_t i = 0; i < places->list.count; i++) {
        const struct chunk_place *place = mr_vec_at(&places->list, i);
        if (place->segment == finding->segment && place->chunk == finding->chunk)
            return *place;
    }
    fail_msg("no chunk %lld of segment %lld", (long long)finding->chunk,
             (long long)finding->segment);
    return (struct chunk_place){0};
}

struct suspects {
    struct mr_arena arena;
    struct mr_vec list; /* struct mr_finding, by id */
    struct places places;
};

static void load_suspects(struct fake *f, struct suspects *s)
{
    *s = (struct suspects){.arena = MR_ARENA_INIT,
                           .list = MR_VEC_INIT(struct mr_finding),
                           .places = {.list = MR_VEC_INIT(struct chunk_place)}};
    assert_int_equal(mr_findings_in_state(f->run.fd, f->table.find.id, MR_FIND_SUSPECT, 0, 1000000,
                                          false, &s->arena, &s->list, NULL),
                     MR_OK);
    assert_int_equal(
        mr_findings_walk_chunks(f->run.fd, f->table.find.id, add_place, &s->places, NULL), MR_OK);
}

static void release_suspects(struct suspects *s)
{
    mr_vec_release(&s->places.list);
    mr_vec_release(&s->list);
    mr_arena_release(&s->arena);
}

static const struct mr_finding *find_suspect(const struct fake *f, const struct suspects *s,
                                             const struct fake_row *key)
{
    for (size_t i = 0; i < s->list.count; i++) {
        const struct mr_finding *found = mr_vec_at(&s->list, i);
        struct fake_row row = fake_decode(f, found->key);
        bool same = f->by_name ? strcmp(row.name, key->name) == 0 : row.id == key->id;
        if (same)
            return found;
    }
    return NULL;
}

/* The suspects are exactly the differences, each at its place. */
static void check_suspects(struct fake *f)
{
    struct expected e = compare_sides(f);
    struct suspects s;
    load_suspects(f, &s);
    assert_int_equal(s.list.count, e.count);
    assert_int_equal(s.places.equal, e.equal);
    for (size_t i = 0; i < e.count; i++) {
        const struct mr_finding *found = find_suspect(f, &s, &e.list[i].key);
        assert_non_null(found);
        struct chunk_place place = find_place(&s.places, found);
        assert_true(found->equal <= place.equal);
        assert_int_equal(place.before + found->equal, e.list[i].equal);
    }
    release_suspects(&s);
    free(e.list);
}

static void check_sums(struct fake *f)
{
    struct mr_find_counts counts = {0};
    assert_int_equal(mr_findings_chunk_sums(f->run.fd, f->table.find.id, &counts, NULL), MR_OK);
    assert_int_equal(counts.source_rows, f->side[MR_SOURCE].count);
    assert_int_equal(counts.target_rows, f->side[MR_TARGET].count);
}

static void check_each_read_once(const struct fake *f)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; i < f->side[side].count; i++)
            assert_int_equal(f->side[side].rows[i].reads, 1);
}

/* Whole tables, by the digests of servers that can always give them. */
static void scan_digests(struct fake *f)
{
    struct mr_err err = {0};
    assert_int_equal(fake_begin(f), MR_OK);
    f->run.choice.digests = true;
    f->all_exact = true;
    assert_int_equal(begin_one_segment(f), MR_OK);
    assert_int_equal(scan_segments(f, &err), MR_OK);
    assert_true(all_done(f));
    check_suspects(f);
}

/* ---- random tables */

/* Rows of both sides, in stretches that are equal, differ, or are on one side only. */
static void fill_randomly(struct fake *f, size_t count)
{
    enum { EQUAL, MIXED, SOURCE_ONLY, TARGET_ONLY, STRETCHES };
    size_t left = 0, kind = EQUAL;
    for (size_t i = 0; i < count; i++) {
        int64_t id = (int64_t)(i * 7) - 500;
        if (left-- == 0) {
            left = random_below(40);
            kind = random_below(STRETCHES);
        }
        struct fake_row row = fake_id(id, (int64_t)random_below(1000));
        size_t change = kind == MIXED ? random_below(6) : 0;
        if (kind != TARGET_ONLY && change != 1)
            fake_put(&f->side[MR_SOURCE], row);
        row.value += change == 2;
        if (kind != SOURCE_ONLY && change != 3)
            fake_put(&f->side[MR_TARGET], row);
    }
}

/* About that many rows a chunk, once the rows' width is known. */
static void set_chunk_rows(struct fake *f, size_t rows)
{
    f->wide = (size_t)4 * 1024 * 1024 / rows;
}

static void begin_random(struct fake *f, size_t most)
{
    fake_init(f);
    set_chunk_rows(f, 8 + random_below(40));
    fill_randomly(f, random_below(most));
    if (random_below(10) == 0)
        f->side[random_below(MR_SIDES)].count = 0;
    assert_int_equal(fake_begin(f), MR_OK);
    /* what the catalogue says of the rows' width may be far from the truth */
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        f->tables[side].avg_row_bytes = f->wide / 3 * (1 + random_below(9));
}

/* Cuts the key space at random keys, which need not be there. */
static void begin_random_segments(struct fake *f)
{
    struct mr_strbuf keys[4];
    struct mr_range ranges[LEN(keys) + 1] = {0};
    size_t cuts = random_below(LEN(keys) + 1);
    int64_t id = -600;
    for (size_t i = 0; i < cuts; i++) {
        id += 1 + (int64_t)random_below(900);
        struct fake_row row = fake_id(id, 0);
        mr_strbuf_init(&keys[i]);
        fake_encode(f, &row, &keys[i]);
        ranges[i].hi = ranges[i + 1].lo = (struct mr_key){keys[i].ptr, keys[i].len};
    }
    assert_int_equal(begin_segments(f, ranges, cuts + 1), MR_OK);
    for (size_t i = 0; i < cuts; i++)
        mr_strbuf_release(&keys[i]);
}

static void test_random_tables(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed;
        begin_random(&f, 400);
        begin_random_segments(&f);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_false(atomic_load(&f.table.failed));
        assert_true(all_done(&f));
        check_each_read_once(&f);
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

static void test_lost_connections(void **state)
{
    unsigned losses = 0;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed + 1000;
        begin_random(&f, 300);
        begin_random_segments(&f);
        f.side[MR_SOURCE].lose_one_in = 1 + (unsigned)random_below(4);
        f.side[MR_TARGET].lose_one_in = 1 + (unsigned)random_below(4);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_false(atomic_load(&f.table.failed));
        check_each_read_once(&f);
        check_sums(&f);
        check_suspects(&f);
        losses += f.side[MR_SOURCE].losses + f.side[MR_TARGET].losses;
        fake_end(&f);
    }
    assert_true(losses > 0);
}

/* A digest of a chunk that is lost and asked for again is that of the same chunk. */
static void test_server_digests(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed + 2000;
        begin_random(&f, 300);
        begin_random_segments(&f);
        f.run.choice.digests = true;
        if (seed % 2 == 0)
            for (int side = MR_SOURCE; side < MR_SIDES; side++)
                f.side[side].lose_one_in = 1 + (unsigned)random_below(4);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_false(atomic_load(&f.table.failed));
        assert_true(all_done(&f));
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

/* Chunk by chunk one or the other, of any size: each row is compared once. */
static void test_chosen_digests(void **state)
{
    unsigned rows = 0, digests = 0;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed + 7000;
        fake_init(&f);
        set_chunk_rows(&f, 40);
        fill_randomly(&f, 3000);
        assert_int_equal(fake_begin(&f), MR_OK);
        begin_random_segments(&f);
        mr_digest_choice_begin(&f.run.choice, seed % 2 == 0, true, 0);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_true(all_done(&f));
        check_sums(&f);
        check_suspects(&f);
        rows += f.side[MR_TARGET].scans > 0;
        digests += f.side[MR_TARGET].digests > 0;
        mr_digest_choice_end(&f.run.choice);
        fake_end(&f);
    }
    assert_true(rows > 0 && digests > 0);
}

/* Equal tables by digests: no row is read at all. */
static void test_equal_digests_read_no_rows(void **state)
{
    struct fake f;
    (void)state;
    random_state = 1;
    fake_init(&f);
    set_chunk_rows(&f, 16);
    for (int64_t id = 0; id < 200; id++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            fake_put(&f.side[side], fake_id(id, id));
    scan_digests(&f);
    assert_int_equal(f.side[MR_SOURCE].scans + f.side[MR_TARGET].scans, 0);
    check_sums(&f);
    fake_end(&f);
}

/* One row of a chunk of 3,200 differs: where, is asked at once on both sides, and a thirtieth of
 * the rows is read.  Where nearly all parts differ the next chunks are read as they are, until one
 * differs in few rows. */
static void test_digests_narrow_down(void **state)
{
    enum { CHUNK = 3200, PART = CHUNK / 32 + 5 };
    static const struct {
        const char *what;
        int64_t rows;
        int64_t from, to, every; /* of these rows every n-th differs */
        bool one_each;           /* and the middle one of each chunk */
        unsigned cuts;
        size_t given; /* rows, at most, of each side */
    } cases[] = {
        {"one row", CHUNK, 77, 77, 1, false, 1, PART},
        {"one row of the last chunk", 3 * CHUNK, 9577, 9577, 1, false, 1, PART},
        {"two far apart", CHUNK, 1, 3000, 1450, false, 1, 2 * PART},
        {"one of each chunk", 3 * CHUNK, 0, -1, 1, true, 3, 3 * PART},
        {"nearly all", 3 * CHUNK, 0, 3 * CHUNK, 3, false, 1, 3 * CHUNK},
        {"of four chunks two", 4 * CHUNK, 0, 2 * CHUNK - 1, 3, true, 2, 3 * CHUNK + PART},
    };
    (void)state;
    for (size_t c = 0; c < LEN(cases); c++) {
        struct fake f;
        random_state = c + 1;
        fake_init(&f);
        set_chunk_rows(&f, CHUNK);
        for (int64_t id = 0; id < cases[c].rows; id++) {
            bool differs = id >= cases[c].from && id <= cases[c].to && id % cases[c].every == 0;
            differs |= cases[c].one_each && id % CHUNK == CHUNK / 2;
            fake_put(&f.side[MR_SOURCE], fake_id(id, id));
            fake_put(&f.side[MR_TARGET], fake_id(id, id + differs));
        }
        scan_digests(&f);
        check_sums(&f);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (f.side[side].cuts != (side == MR_SOURCE ? cases[c].cuts : 0) ||
                f.side[side].parts != cases[c].cuts || f.side[side].given > cases[c].given)
                fail_msg("%s: %u cuts, %zu rows", cases[c].what, f.side[side].cuts,
                         f.side[side].given);
        fake_end(&f);
    }
}

/* ---- raw rows */

/* One layout: compared as they are.  Two, or one side without: by their values. */
static void test_raw_rows(void **state)
{
    static const uint64_t layouts[][MR_SIDES] = {{1, 1}, {1, 2}, {0, 1}, {1, 0}, {0, 0}};
    (void)state;
    for (unsigned seed = 1; seed <= 5 * random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        const uint64_t *layout = layouts[seed % LEN(layouts)];
        random_state = seed + 4000;
        begin_random(&f, 300);
        begin_random_segments(&f);
        atomic_store(&f.table.raw, true);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            f.side[side].layout = layout[side];
            if (seed % 3 == 0)
                f.side[side].lose_one_in = 1 + (unsigned)random_below(4);
        }
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_false(atomic_load(&f.table.failed));
        assert_true(all_done(&f));
        if (layout[MR_SOURCE] == layout[MR_TARGET]) {
            assert_true(atomic_load(&f.table.raw));
            check_each_read_once(&f);
        }
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

/* Equal tables of two layouts: all are equal, and rows are raw no more. */
static void test_raw_layouts_differ(void **state)
{
    struct fake f;
    struct mr_err err = {0};
    (void)state;
    random_state = 1;
    fake_init(&f);
    set_chunk_rows(&f, 16);
    for (int64_t id = 0; id < 200; id++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            fake_put(&f.side[side], fake_id(id, id));
    assert_int_equal(fake_begin(&f), MR_OK);
    assert_int_equal(begin_one_segment(&f), MR_OK);
    f.side[MR_SOURCE].layout = 1;
    f.side[MR_TARGET].layout = 2;
    atomic_store(&f.table.raw, true);
    assert_int_equal(scan_segments(&f, &err), MR_OK);
    assert_false(atomic_load(&f.table.raw));
    check_sums(&f);
    check_suspects(&f);
    fake_end(&f);
}

/* ---- a target that holds far more than the source */

static void test_cut_ranges(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed + 3000;
        fake_init(&f);
        set_chunk_rows(&f, 8 + random_below(8));
        for (int64_t id = 0; id < 300; id++)
            fake_put(&f.side[MR_TARGET], fake_id(id, id));
        for (size_t i = random_below(12); i > 0; i--)
            fake_put(&f.side[MR_SOURCE], fake_id((int64_t)random_below(400) - 50, 7));
        assert_int_equal(fake_begin(&f), MR_OK);
        assert_int_equal(begin_one_segment(&f), MR_OK);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        check_each_read_once(&f);
        check_sums(&f);
        check_suspects(&f);
        /* twice a chunk, and as many as the source's */
        assert_true(f.side[MR_TARGET].longest <= 2 * 16 + 12);
        assert_true(f.side[MR_SOURCE].readers == 2);
        fake_end(&f);
    }
}

/* Between a chunk's digest and the reading of its rows the source gets far more of them. */
static void grow_source(struct fake *f, enum mr_side side, enum fake_read what)
{
    (void)side;
    if (what != FAKE_SCAN || f->side[MR_SOURCE].count > 100)
        return;
    for (int64_t i = 1; i <= 300; i++)
        fake_put(&f->side[MR_SOURCE], fake_id(48000 + i, i));
    for (int64_t i = 1; i <= 300; i++)
        fake_put(&f->side[MR_SOURCE], fake_id(100000 + i, i));
}

static void test_source_grows(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    set_chunk_rows(&f, 10);
    for (int64_t id = 0; id < 100; id++) {
        fake_put(&f.side[MR_SOURCE], fake_id(id * 1000, id));
        fake_put(&f.side[MR_TARGET], fake_id(id * 1000, id + (id % 50 == 49)));
    }
    f.before = grow_source;
    scan_digests(&f);
    assert_true(f.side[MR_SOURCE].count == 700);
    assert_true(f.side[MR_SOURCE].longest <= 2 * 10 + 10);
    fake_end(&f);
}

static void test_empty_tables(void **state)
{
    (void)state;
    for (int filled = 0; filled < 4; filled++) {
        struct fake f;
        struct mr_err err = {0};
        fake_init(&f);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (int64_t id = 0; (filled >> side & 1) != 0 && id < 3; id++)
                fake_put(&f.side[side], fake_id(id, id));
        assert_int_equal(fake_begin(&f), MR_OK);
        assert_int_equal(begin_one_segment(&f), MR_OK);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        assert_true(all_done(&f));
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

/* ---- names that the server takes for the same */

static void test_keys_of_one_collation(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        random_state = seed + 4000;
        fake_init(&f);
        f.by_name = true;
        set_chunk_rows(&f, 8 + random_below(8));
        for (size_t i = 0; i < 26 * 4; i++) {
            char name[FAKE_NAME] = {(char)('a' + i / 4), (char)('a' + i % 4)};
            int64_t value = (int64_t)random_below(3);
            size_t kind = random_below(5);
            if (kind != 0)
                fake_put(&f.side[MR_SOURCE], fake_name(name, value));
            if (kind == 1)
                name[random_below(2)] ^= 'a' ^ 'A';
            if (kind != 2)
                fake_put(&f.side[MR_TARGET], fake_name(name, value + (kind == 3)));
        }
        assert_int_equal(fake_begin(&f), MR_OK);
        assert_int_equal(begin_one_segment(&f), MR_OK);
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        check_each_read_once(&f);
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

/* ---- data that moves while it is read */

/* Ids that are multiples of three stand still; any other may come, go and change. */
static bool stands_still(int64_t id)
{
    return id % 3 == 0;
}

static void move_rows(struct fake *f, enum mr_side side, enum fake_read what)
{
    (void)what;
    for (size_t i = random_below(12); i > 0; i--) {
        int64_t id = (int64_t)random_below(1200);
        bool source = random_below(2) == 0, target = random_below(4) > 0;
        struct fake_row row = fake_id(id, (int64_t)random_below(1000));
        if (stands_still(id))
            continue;
        for (int s = MR_SOURCE; s < MR_SIDES; s++) {
            if (!(s == MR_SOURCE ? source : target))
                continue;
            if (random_below(3) == 0)
                fake_delete(&f->side[s], row);
            else
                fake_put(&f->side[s], row);
        }
    }
    (void)side;
}

static void test_moving_rows(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct suspects s;
        struct mr_err err = {0};
        random_state = seed + 5000;
        fake_init(&f);
        set_chunk_rows(&f, 8 + random_below(24));
        for (int64_t id = 0; id < 1200; id += 1 + (int64_t)random_below(4)) {
            size_t kind = random_below(12);
            if (kind != 0)
                fake_put(&f.side[MR_SOURCE], fake_id(id, id));
            if (kind != 1)
                fake_put(&f.side[MR_TARGET], fake_id(id, id + (kind == 2)));
        }
        f.before = move_rows;
        assert_int_equal(fake_begin(&f), MR_OK);
        begin_random_segments(&f);
        f.run.choice.digests = seed % 4 == 3;
        if (seed % 2 == 0)
            f.side[MR_TARGET].lose_one_in = 5;
        assert_int_equal(scan_segments(&f, &err), MR_OK);
        load_suspects(&f, &s);
        struct expected e = compare_sides(&f);
        for (size_t i = 0; i < e.count; i++)
            if (stands_still(e.list[i].key.id))
                assert_non_null(find_suspect(&f, &s, &e.list[i].key));
        for (size_t i = 0; i < s.list.count; i++) {
            const struct mr_finding *found = mr_vec_at(&s.list, i);
            struct fake_row key = fake_decode(&f, found->key);
            const struct fake_row *a = fake_find(&f.side[MR_SOURCE], &key);
            const struct fake_row *b = fake_find(&f.side[MR_TARGET], &key);
            if (stands_still(key.id))
                assert_false(a != NULL && b != NULL && same_row(a, b));
        }
        free(e.list);
        release_suspects(&s);
        fake_end(&f);
    }
}

/* ---- what ends a scan */

struct failure_case {
    enum mr_code code;
    enum mr_side side;
    enum mr_code returned;
    bool failed, lost;
    unsigned reads; /* of the first chunk, on that side */
};

static void test_failures(void **state)
{
    static const struct failure_case cases[] = {
        {MR_E_LOST, MR_SOURCE, MR_OK, true, true, 4},
        {MR_E_LOST, MR_TARGET, MR_OK, true, true, 4},
        {MR_E_SQL, MR_SOURCE, MR_OK, true, false, 1},
        {MR_E_CHANGED, MR_TARGET, MR_OK, true, false, 1},
        {MR_E_BUG, MR_SOURCE, MR_E_BUG, false, false, 1},
        {MR_E_CANCELLED, MR_TARGET, MR_E_CANCELLED, false, false, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct failure_case *c = &cases[i];
        struct fake f;
        struct mr_err err = {0};
        fake_init(&f);
        set_chunk_rows(&f, 16);
        for (int64_t id = 0; id < 200; id++)
            fake_put(&f.side[MR_SOURCE], fake_id(id, id));
        assert_int_equal(fake_begin(&f), MR_OK);
        assert_int_equal(begin_one_segment(&f), MR_OK);
        f.side[c->side].fail_at = 1;
        f.side[c->side].fail_code = c->code;
        assert_int_equal(scan_segments(&f, &err), c->returned);
        assert_int_equal(atomic_load(&f.table.failed), c->failed);
        assert_int_equal(atomic_load(&f.run.lost), c->lost);
        assert_int_equal(f.side[c->side].scans, c->reads);
        assert_false(all_done(&f));
        if (c->failed) {
            assert_int_equal(f.table.find.verdict, MR_VERDICT_NOT_CHECKED);
            assert_string_equal(f.table.find.reason, "the fake server has failed");
        }
        fake_end(&f);
    }
}

/* Killed between any two reads, then resumed: as if nothing had happened. */
static void test_resume(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        struct mr_err err = {0};
        bool done = false;
        random_state = seed + 6000;
        begin_random(&f, 300);
        begin_random_segments(&f);
        for (unsigned stop = 0; !done; stop++) {
            struct fake_side *side = &f.side[random_below(MR_SIDES)];
            side->fail_at = side->scans + 1 + (unsigned)random_below(6);
            side->fail_code = MR_E_CANCELLED;
            enum mr_code code = scan_segments(&f, &err);
            assert_true(code == MR_OK || code == MR_E_CANCELLED);
            done = code == MR_OK;
            side->fail_at = 0;
            assert_true(stop < 200);
        }
        assert_true(all_done(&f));
        check_sums(&f);
        check_suspects(&f);
        fake_end(&f);
    }
}

/* ---- sizes */

static void test_chunk_rows(void **state)
{
    static const struct {
        bool store;
        double row_bytes;
        uint64_t rows;
    } cases[] = {
        {false, 0, 20000},   {false, 100, 20000}, {false, 420, 9986},       {false, 1000, 5000},
        {false, 6000, 5000}, {false, 8192, 4096}, {false, 1024 * 1024, 32}, {false, 32e6, 1},
        {false, 64e6, 1},    {true, 100, 20000},  {true, 1000, 4194},       {true, 1024 * 1024, 4},
        {true, 16e6, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_pair table = {0};
        table.scan[MR_TARGET].store = cases[i].store;
        assert_int_equal(mr_check_chunk_rows(&table, cases[i].row_bytes), cases[i].rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_rows),
        cmocka_unit_test(test_random_tables),
        cmocka_unit_test(test_lost_connections),
        cmocka_unit_test(test_server_digests),
        cmocka_unit_test(test_chosen_digests),
        cmocka_unit_test(test_equal_digests_read_no_rows),
        cmocka_unit_test(test_digests_narrow_down),
        cmocka_unit_test(test_raw_rows),
        cmocka_unit_test(test_raw_layouts_differ),
        cmocka_unit_test(test_cut_ranges),
        cmocka_unit_test(test_source_grows),
        cmocka_unit_test(test_empty_tables),
        cmocka_unit_test(test_keys_of_one_collation),
        cmocka_unit_test(test_moving_rows),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
