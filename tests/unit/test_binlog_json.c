/* test_binlog_json.c: MySQL's binary JSON as text, diffs to it, and documents that lie. */
#include "binlog_sample.h"

#include "core/binlog/binlog_json.h"
#include "core/binlog/binlog_json_diff.h"

#include <stdlib.h>

#define ROOM 4096

static const char *text_of_bytes(const uint8_t *bytes, size_t len)
{
    static char said[ROOM * 8];
    struct mr_strbuf out = MR_STRBUF_INIT;
    const bool good = mr_binlog_json_text(&out, bytes, len);
    (void)snprintf(said, sizeof said, "%s", good ? out.ptr : "damaged");
    mr_strbuf_release(&out);
    return said;
}

static void test_documents(void **state)
{
    static const struct {
        const char *hex, *wanted;
    } samples[] = {
        {"", "null"},
        {"0400", "null"},
        {"0401", "true"},
        {"0402", "false"},
        {"0403", "damaged"},
        {"04", "damaged"},
        {"050080", "-32768"},
        {"06ffff", "65535"},
        {"0700000080", "-2147483648"},
        {"08ffffffff", "4294967295"},
        {"090000000000000080", "-9223372036854775808"},
        {"0affffffffffffffff", "18446744073709551615"},
        {"0a ffffffffffffff", "damaged"},
        {"0b 000000000000f03f", "1.0"},
        {"0b 0000000000000080", "-0.0"},
        {"0b 000000000000f07f", "damaged"}, /* infinity */
        {"0b 000034 26f56b0c43", "1e15"},
        {"0b 9a9999999999b93f", "0.1"},
        {"0b 0100000000000000", "5e-324"},
        {"0b 0000000000003017", "5.351097043477547e-197"},    /* 2^-652 */
        {"0b 000000000000703e", "0.00000005960464477539063"}, /* 2^-24 */
        {"0c 00", "\"\""},
        {"0c 0b 61 22 5c 08 0c 0a 0d 09 01 1f 7f",
         "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"0c 05 6161", "damaged"},
        {"0c 8100 61", "\"a\""},
        {"0c ffffffffff", "damaged"},
        {"02 0000 0400", "[]"},
        {"00 0000 0400", "{}"},
        {"03 00000000 08000000", "[]"},
        {"02 0200 0a00 050100 040100", "[1, true]"},
        {"02 0100 0900 0c0700 0161", "[\"a\"]"},
        {"02 0100 0800 0c0700 0161", "damaged"}, /* its size is too small by one */
        {"00 0100 0c00 0b00 0100 050500 61", "{\"a\": 5}"},
        {"01 01000000 14000000 13000000 0100 0706000000 61", "{\"a\": 6}"},
        {"01 01000000 14000000 14000000 0100 0706000000 61", "damaged"},
        {"03 01000000 0d000000 07 ffffffff", "[-1]"},
        {"02 ffff 0a00 050100", "damaged"},
        {"02 0100 ff00 050100", "damaged"},
        {"02 0100 0700 0cff00", "damaged"},
        {"00 0100 0b00 ff00 0100 050500", "damaged"},
        {"0d", "damaged"},
        {"ff", "damaged"},
        /* opaque */
        {"0f f6 04 0402 8124", "1.36"},
        {"0f f6 04 0402 7edb", "-1.36"},
        {"0f f6 03 0402 81", "damaged"},
        {"0f 0a 08 000000000002af19", "\"2023-01-01\""},
        {"0f 0a 08 0000000000000000", "\"0000-00-00\""},
        {"0f 0c 08 a08601c85778bb19", "\"2026-11-28 05:31:08.100000\""},
        {"0f 07 08 3f420ffb7efff37e", "\"9999-12-31 23:59:59.999999\""},
        {"0f 0c 08 000000fd5778bb19", "damaged"},
        {"0f 0b 08 0000000591cbffff", "\"-838:59:59.000000\""},
        {"0f 0b 08 0400008310000000", "\"01:02:03.000004\""},
        {"0f 0b 08 0000000070340000", "damaged"},
        {"0f 0b 08 ffffffffffffffff", "\"-00:00:00.000001\""},
        {"0f 0a 07 00000000000000", "damaged"},
        {"0f 0f 03 ffffff", "\"base64:type15:////\""},
        {"0f 0f 01 ff", "\"base64:type15:/w==\""},
        {"0f 10 02 0001", "\"base64:type16:AAE=\""},
        {"0f 10 02 00", "damaged"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        uint8_t bytes[ROOM];
        const size_t len = bytes_of(samples[i].hex, bytes, sizeof bytes);
        assert_string_equal(text_of_bytes(bytes, len), samples[i].wanted);
    }
}

/* Breaks of a line after every 76 letters, but behind the last. */
static void test_base64(void **state)
{
    uint8_t bytes[ROOM] = {15, 252, 114};
    static const char break_at_77[] = "AAAAAAAA\\nAAAAAAAA";
    (void)state;
    const char *text = text_of_bytes(bytes, 3 + 114);
    assert_int_equal(strlen(text), strlen("\"base64:type252:\"") + 152 + 2);
    assert_ptr_equal(strstr(text, break_at_77), text + 16 + 76 - 8);
}

/* Lists in lists: as deep as MySQL has them, and one deeper. */
static void test_depth(void **state)
{
    uint8_t bytes[ROOM];
    (void)state;
    for (unsigned depth = 100; depth <= 101; depth++) {
        size_t len = 0;
        for (unsigned i = 0; i < depth; i++) {
            const unsigned left = depth - i - 1, size = 4 + left * 7;
            const uint8_t entry[] = {left > 0, 0, (uint8_t)size, (uint8_t)(size >> 8), 2, 7, 0};
            bytes[len++] = 2;
            memcpy(bytes + len, entry, left > 0 ? 7 : 4);
            len += left > 0 ? 7 : 4;
            if (i > 0) /* the type stands in the entry before it */
                memmove(bytes + len - (left > 0 ? 8 : 5), bytes + len - (left > 0 ? 7 : 4),
                        left > 0 ? 7 : 4),
                    len--;
        }
        const char *text = text_of_bytes(bytes, len);
        assert_int_equal(strcmp(text, "damaged") == 0, depth > 100);
        assert_int_equal(depth > 100 || strlen(text) == 200, 1);
    }
}

/* Two entries that lead to one list, which has two entries that lead to one list …: its text would
 * have 2^100 parts. */
static void test_overlap(void **state)
{
    uint8_t bytes[ROOM];
    size_t len = 0;
    (void)state;
    bytes[len++] = 2;
    for (unsigned i = 0; i < 90; i++) {
        const unsigned left = 89 - i, size = 10 + left * 10;
        const uint8_t list[] = {2, 0, (uint8_t)size, (uint8_t)(size >> 8), 2, 10, 0, 2, 10, 0};
        memcpy(bytes + len, list, sizeof list);
        len += sizeof list;
    }
    memcpy(bytes + len, "\0\0\4\0", 4);
    assert_string_equal(text_of_bytes(bytes, len + 4), "damaged");
}

/* ---- diffs ---- */

/* {"a": 1, "bb": [1, 2]} */
static const uint8_t document[] = {0, 2,  0, 31,  0,   18,  0, 1, 0,  19, 0, 2, 0, 5, 1, 0,
                                   2, 21, 0, 'a', 'b', 'b', 2, 0, 10, 0,  5, 1, 0, 5, 2, 0};

/* Diffs of the values 9 and "x": operation, path, value; "|" between. */
static void test_diffs(void **state)
{
    static const struct {
        const char *diffs, *wanted; /* NULL: refused */
    } samples[] = {
        {"", "{\"a\": 1, \"bb\": [1, 2]}"},
        {"R$=9", "9"},
        {"R$.a=9", "{\"a\": 9, \"bb\": [1, 2]}"},
        {"R.a=9", "{\"a\": 9, \"bb\": [1, 2]}"},
        {"R$.bb[1]=9", "{\"a\": 1, \"bb\": [1, 9]}"},
        {"I$.bb[0]=9", "{\"a\": 1, \"bb\": [9, 1, 2]}"},
        {"I$.bb[7]=9", "{\"a\": 1, \"bb\": [1, 2, 9]}"},
        {"D$.bb[0]", "{\"a\": 1, \"bb\": [2]}"},
        {"D$.a", "{\"bb\": [1, 2]}"},
        {"R$.bb[last]=9", "{\"a\": 1, \"bb\": [1, 9]}"},
        {"R$.bb[last-1]=9", "{\"a\": 1, \"bb\": [9, 2]}"},
        {"R$.bb[last-2]=9", NULL},
        {"D$.bb[last]", "{\"a\": 1, \"bb\": [1]}"},
        {"D$.bb[last-2]", NULL},
        {"I$.bb[last]=9", "{\"a\": 1, \"bb\": [1, 9, 2]}"},
        {"I$.bb[last-1]=9", "{\"a\": 1, \"bb\": [9, 1, 2]}"},
        {"I$.bb[last-7]=9", "{\"a\": 1, \"bb\": [9, 1, 2]}"},
        {"D$.bb[last]|D$.bb[last]|I$.bb[last]=9", "{\"a\": 1, \"bb\": [9]}"},
        {"R$.bb[last-]=9", NULL},
        {"R$.bb[last+1]=9", NULL},
        {"R$.bb[last1]=9", NULL},
        {"R$.bb[last", NULL},
        {"R$.a[last]=9", NULL},
        {"I$.b=9", "{\"a\": 1, \"b\": 9, \"bb\": [1, 2]}"},
        {"I$.\"\"=9", "{\"\": 9, \"a\": 1, \"bb\": [1, 2]}"},
        {"I$.\"c.d[\\\"\\u00e4\"=9", "{\"a\": 1, \"bb\": [1, 2], \"c.d[\\\"\xc3\xa4\": 9}"},
        {"I$.a=9", NULL},
        {"I$.bb.x=9", NULL},
        {"I$.a[0]=9", NULL},
        {"R$.x=9", NULL},
        {"R$.bb[2]=9", NULL},
        {"R$.a.b=9", NULL},
        {"R$.bb[x]=9", NULL},
        {"R$.bb[1=9", NULL},
        {"R$bb=9", NULL},
        {"R$.\"a=9", NULL},
        {"D$", NULL},
        {"I$.b=9|D$.a|R$.b=9|D$.bb", "{\"b\": 9}"},
        {"D$.bb[0]|D$.bb[0]|I$.bb[0]=9|I$.bb[0]=9|I$.bb[0]=9", "{\"a\": 1, \"bb\": [9, 9, 9]}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        uint8_t diffs[256];
        size_t len = 0;
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        for (const char *at = samples[i].diffs; *at != '\0';) {
            const size_t all = strcspn(at, "|"), path = strcspn(at, "=|") - 1;
            diffs[len++] = *at == 'R' ? 0 : *at == 'I' ? 1 : 2;
            diffs[len++] = (uint8_t)path;
            memcpy(diffs + len, at + 1, path);
            len += path;
            if (*at != 'D') {
                memcpy(diffs + len, "\3\5\x09\0", 4);
                len += 4;
            }
            at += all + (at[all] == '|');
        }
        enum mr_code code = mr_binlog_json_diff(&out, document, sizeof document, diffs, len, &err);
        assert_int_equal(code, samples[i].wanted != NULL ? MR_OK : MR_E_BINLOG);
        if (code == MR_OK)
            assert_string_equal(out.ptr, samples[i].wanted);
        for (size_t cut = 1; len > 0 && cut < len; cut++) {
            mr_strbuf_reset(&out);
            (void)mr_binlog_json_diff(&out, document, sizeof document, diffs, cut, &err);
        }
        mr_strbuf_release(&out);
    }
}

/* Every byte of documents and of what is cut off them: damaged, or some text, never beyond the end. */
static void test_mutants(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof document; len++) {
        uint8_t *copy = malloc(len + (len == 0));
        assert_non_null(copy);
        memcpy(copy, document, len);
        for (size_t i = 0; i < len; i++)
            for (unsigned bit = 0; bit < 8; bit++) {
                copy[i] ^= (uint8_t)(1 << bit);
                (void)text_of_bytes(copy, len);
                copy[i] ^= (uint8_t)(1 << bit);
            }
        assert_int_equal(strcmp(text_of_bytes(copy, len), "damaged") == 0,
                         len > 0 && len < sizeof document);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents), cmocka_unit_test(test_base64),
        cmocka_unit_test(test_depth),     cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_diffs),     cmocka_unit_test(test_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
