/* test_rowset.c: rows fetched by key from a fake server: sorted, found, with images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "check_fake.h"
#include "core/pair/rowset.h"

static struct mr_key key_of(const struct fake *f, int64_t id, struct mr_strbuf *bytes)
{
    struct fake_row row = fake_id(id, 0);
    mr_strbuf_reset(bytes);
    fake_encode(f, &row, bytes);
    return (struct mr_key){bytes->ptr, bytes->len};
}

static void test_fetch(void **state)
{
    struct fake f;
    struct mr_rowset set;
    struct mr_rowhash hash;
    struct mr_strbuf bytes[4] = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT};
    struct mr_key keys[4];
    struct mr_digest digests[2];
    (void)state;
    fake_init(&f);
    for (int64_t id = -5; id < 5; id++)
        fake_put(&f.side[MR_SOURCE], fake_id(id, id * id));
    assert_int_equal(fake_begin(&f), MR_OK);
    assert_int_equal(mr_rowhash_init(&hash, &f.table, &f.table.full[MR_SOURCE], NULL), MR_OK);
    mr_rowset_init(&set);
    static const int64_t ids[4] = {3, -5, 99, 0};
    for (size_t i = 0; i < 4; i++)
        keys[i] = key_of(&f, ids[i], &bytes[i]);
    for (int images = 0; images < 2; images++) {
        assert_int_equal(mr_rowset_fetch(&set, f.worker.reader[MR_SOURCE], &hash, keys, 4,
                                         images != 0 ? SIZE_MAX : 0, NULL),
                         MR_OK);
        assert_int_equal(set.rows.count, 3);
        for (size_t i = 0; i + 1 < 3; i++)
            assert_true(mr_key_compare(mr_rowset_key(&set, mr_rowset_at(&set, i)),
                                       mr_rowset_key(&set, mr_rowset_at(&set, i + 1))) < 0);
        for (size_t i = 0; i < 4; i++) {
            const struct mr_rowset_row *row = mr_rowset_find(&set, keys[i]);
            assert_int_equal(row != NULL, ids[i] != 99);
            if (row == NULL)
                continue;
            assert_int_equal(row->image_len > 0, images);
            assert_false(row->claimed);
            if (images != 0) /* an image begins with its first column, here the key */
                assert_memory_equal(mr_rowset_image(&set, row), keys[i].ptr, keys[i].len);
            if (ids[i] == 3)
                digests[images] = row->digest;
        }
    }
    /* a digest says nothing of whether the image was kept, and all of the row */
    assert_true(mr_digest_equal(digests[0], digests[1]));
    fake_put(&f.side[MR_SOURCE], fake_id(3, 10));
    assert_int_equal(mr_rowset_fetch(&set, f.worker.reader[MR_SOURCE], &hash, keys, 1, 0, NULL),
                     MR_OK);
    assert_int_equal(set.rows.count, 1);
    assert_false(mr_digest_equal(digests[0], mr_rowset_at(&set, 0)->digest));
    mr_rowset_release(&set);
    mr_rowhash_release(&hash);
    for (size_t i = 0; i < 4; i++)
        mr_strbuf_release(&bytes[i]);
    fake_end(&f);
}

/* The first image is kept whatever its size, then as many as the bound holds. */
static void test_image_bytes(void **state)
{
    struct fake f;
    struct mr_rowset set;
    struct mr_rowhash hash;
    struct mr_strbuf bytes[5] = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT,
                                 MR_STRBUF_INIT};
    struct mr_key keys[5];
    (void)state;
    fake_init(&f);
    f.wide = 1000;
    for (int64_t id = 0; id < 5; id++)
        fake_put(&f.side[MR_SOURCE], fake_id(id, id));
    assert_int_equal(fake_begin(&f), MR_OK);
    assert_int_equal(mr_rowhash_init(&hash, &f.table, &f.table.full[MR_SOURCE], NULL), MR_OK);
    mr_rowset_init(&set);
    for (size_t i = 0; i < 5; i++)
        keys[i] = key_of(&f, (int64_t)i, &bytes[i]);
    static const struct {
        size_t bound, kept;
    } cases[] = {{0, 0}, {1, 1}, {1001, 1}, {2000, 2}, {3500, 4}, {SIZE_MAX, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t kept = 0;
        assert_int_equal(
            mr_rowset_fetch(&set, f.worker.reader[MR_SOURCE], &hash, keys, 5, cases[i].bound, NULL),
            MR_OK);
        assert_int_equal(set.rows.count, 5);
        for (size_t k = 0; k < 5; k++)
            kept += mr_rowset_at(&set, k)->image_len > 0;
        assert_int_equal(kept, cases[i].kept);
    }
    mr_rowset_release(&set);
    mr_rowhash_release(&hash);
    for (size_t i = 0; i < 5; i++)
        mr_strbuf_release(&bytes[i]);
    fake_end(&f);
}

/* Nothing of a fetch that broke is taken for its result. */
static void test_lost(void **state)
{
    struct fake f;
    struct mr_rowset set;
    struct mr_rowhash hash;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    fake_init(&f);
    fake_put(&f.side[MR_SOURCE], fake_id(1, 1));
    assert_int_equal(fake_begin(&f), MR_OK);
    assert_int_equal(mr_rowhash_init(&hash, &f.table, &f.table.full[MR_SOURCE], NULL), MR_OK);
    mr_rowset_init(&set);
    struct mr_key key = key_of(&f, 1, &bytes);
    f.side[MR_SOURCE].lose_one_in = 1;
    for (int attempt = 0; attempt < 3; attempt++)
        assert_int_equal(
            mr_rowset_fetch(&set, f.worker.reader[MR_SOURCE], &hash, &key, 1, SIZE_MAX, &err),
            MR_E_LOST);
    assert_int_equal(
        mr_rowset_fetch(&set, f.worker.reader[MR_SOURCE], &hash, &key, 1, SIZE_MAX, &err), MR_OK);
    assert_int_equal(set.rows.count, 1);
    mr_rowset_release(&set);
    mr_rowhash_release(&hash);
    mr_strbuf_release(&bytes);
    fake_end(&f);
}

static void put(struct mr_rowset *set, const char *key, struct mr_digest digest)
{
    struct mr_rowset_row *row = mr_vec_push(&set->rows);
    assert_non_null(row);
    *row =
        (struct mr_rowset_row){.key_at = set->bytes.len, .key_len = strlen(key), .digest = digest};
    mr_strbuf_add_str(&set->bytes, key);
}

/* Under a key that is no unique one all rows count, in whatever order they came. */
static void test_group(void **state)
{
    static const struct {
        struct mr_digest rows[3];
        size_t count;
        bool same;
    } others[] = {
        {{{1, 1}, {2, 2}, {3, 3}}, 3, true},
        {{{3, 3}, {1, 1}, {2, 2}}, 3, true},
        {{{1, 1}, {2, 2}, {4, 3}}, 3, false},
        {{{4, 4}, {2, 2}, {3, 3}}, 3, false},
        {{{1, 1}, {2, 2}}, 2, false},
        {{{1, 1}, {1, 1}, {3, 3}}, 3, false},
        {{{0, 0}}, 0, false},
    };
    struct mr_rowset set, other;
    const struct mr_key key = {"b", 1};
    (void)state;
    mr_rowset_init(&set);
    put(&set, "a", (struct mr_digest){9, 9});
    for (uint64_t i = 1; i <= 3; i++)
        put(&set, "b", (struct mr_digest){i, i});
    put(&set, "c", (struct mr_digest){9, 9});
    assert_int_equal(mr_rowset_group(&set, key).rows, 3);
    assert_int_equal(mr_rowset_group(&set, (struct mr_key){"c", 1}).rows, 1);
    assert_int_equal(mr_rowset_group(&set, (struct mr_key){"bb", 2}).rows, 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        mr_rowset_init(&other);
        for (size_t k = 0; k < others[i].count; k++)
            put(&other, "b", others[i].rows[k]);
        assert_int_equal(
            mr_rowset_group_is_same(mr_rowset_group(&set, key), mr_rowset_group(&other, key)),
            others[i].same);
        mr_rowset_release(&other);
    }
    mr_rowset_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_image_bytes),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
