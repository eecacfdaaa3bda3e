/* test_seen_image.c: row images in which columns may be unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/case/seen_image.h"
#include "core/row/row.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Each letter is a column: '?' unseen, '0' NULL, 'q' the text "?", 'e' the empty text, 'i' 63
 * (0x3f, the byte of '?'), any other a text of that letter. */
static void make(struct mr_strbuf *out, const char *columns)
{
    for (; *columns != '\0'; columns++) {
        struct mr_strbuf value = MR_STRBUF_INIT;
        struct mr_value v = {.cls = MR_CLASS_TEXT, .ptr = columns, .len = 1};
        if (*columns == 'q')
            v.ptr = "?";
        else if (*columns == 'e')
            v.len = 0;
        else if (*columns == 'i')
            v = (struct mr_value){.cls = MR_CLASS_INT, .i = 63};
        else if (*columns == '0')
            v = (struct mr_value){.cls = MR_CLASS_NULL};
        assert_int_equal(mr_row_encode_exact(&value, &v, NULL), MR_OK);
        mr_seen_image_add(out, *columns == '?' ? (struct mr_key){NULL, 0}
                                               : (struct mr_key){value.ptr, value.len});
        mr_strbuf_release(&value);
    }
}

/* What was added is in its place, whatever the bytes of the values are. */
static void test_places(void **state)
{
    static const char *const rows[] = {"",   "a",   "?",   "??",  "a?b", "?a?",   "0?0",   "q?q",
                                       "?q", "e?e", "i?i", "abc", "q",   "?????", "iq0e?a"};
    struct mr_seen_image image;
    (void)state;
    mr_seen_image_init(&image);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_strbuf bytes = MR_STRBUF_INIT;
        make(&bytes, rows[i]);
        assert_int_equal(mr_seen_image_open(&image, bytes.ptr, bytes.len, NULL), MR_OK);
        assert_int_equal(mr_seen_image_places(&image), strlen(rows[i]));
        assert_int_equal(mr_seen_image_is_whole(&image), strchr(rows[i], '?') == NULL);
        for (size_t at = 0; at < strlen(rows[i]); at++) {
            const struct mr_key value = mr_seen_image_at(&image, at);
            struct mr_strbuf alone = MR_STRBUF_INIT;
            make(&alone, (char[]){rows[i][at], '\0'});
            if (rows[i][at] == '?') {
                assert_null(value.ptr);
            } else {
                assert_int_equal(value.len, alone.len);
                assert_memory_equal(value.ptr, alone.ptr, alone.len);
            }
            mr_strbuf_release(&alone);
        }
        assert_null(mr_seen_image_at(&image, strlen(rows[i])).ptr);
        mr_strbuf_release(&bytes);
    }
    mr_seen_image_release(&image);
}

/* No row has no places and is not whole: its columns are not NULL. */
static void test_no_row(void **state)
{
    struct mr_seen_image image;
    (void)state;
    mr_seen_image_init(&image);
    assert_int_equal(mr_seen_image_open(&image, "N", 1, NULL), MR_OK);
    assert_int_equal(mr_seen_image_open(&image, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_seen_image_places(&image), 0);
    assert_null(mr_seen_image_at(&image, 0).ptr);
    assert_false(mr_seen_image_is_whole(&image));
    mr_seen_image_release(&image);
}

/* An image that is cut within a value, or has bytes of no encoder, is refused. */
static void test_damage(void **state)
{
    struct mr_seen_image image;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    (void)state;
    make(&bytes, "a?ib");
    mr_seen_image_init(&image);
    for (size_t len = 0; len < bytes.len; len++) {
        /* a: 6 bytes, ?: 1, i: 10, b: 6 */
        const bool between = len == 0 || len == 6 || len == 7 || len == 17;
        assert_int_equal(mr_seen_image_open(&image, bytes.ptr, len, NULL),
                         between ? MR_OK : MR_E_CASE);
    }
    assert_int_equal(mr_seen_image_open(&image, "!", 1, NULL), MR_E_CASE);
    mr_seen_image_release(&image);
    mr_strbuf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_no_row),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
