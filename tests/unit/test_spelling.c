/* test_spelling.c: how a column writes the key of another type, and what its values mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/pair/spelling.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define BYTES "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"

static struct mr_value text_of(enum mr_class cls, const char *text)
{
    struct mr_value v = {.cls = cls, .ptr = text, .len = strlen(text)};
    if (cls == MR_CLASS_INT || cls == MR_CLASS_UINT) {
        v = (struct mr_value){.cls = text[0] == '-' ? MR_CLASS_INT : MR_CLASS_UINT};
        if (text[0] == '-')
            v.i = strtoll(text, NULL, 10);
        else
            v.u = strtoull(text, NULL, 10);
    }
    if (cls == MR_CLASS_BINARY && strcmp(text, "bytes") == 0)
        v = (struct mr_value){.cls = cls, .ptr = BYTES, .len = 16};
    return v;
}

static void encode(struct mr_strbuf *out, enum mr_class cls, const char *text)
{
    const struct mr_value v =
        text == NULL ? (struct mr_value){.cls = MR_CLASS_NULL} : text_of(cls, text);
    mr_strbuf_reset(out);
    assert_int_equal(mr_row_encode(out, &v, NULL), MR_OK);
}

static void same(const struct mr_strbuf *a, const struct mr_strbuf *b, const char *what)
{
    if (a->len != b->len || memcmp(a->ptr, b->ptr, a->len) != 0)
        fail_msg("%s", what);
}

/* ---- reading */

#define T MR_CLASS_TEXT
#define I MR_CLASS_INT
#define U MR_CLASS_UINT
#define D MR_CLASS_DECIMAL

static const struct {
    enum mr_class child, parent;
    const char *value;
    enum mr_spelt how;
    const char *key;
} reads[] = {
    {T, U, "17", MR_SPELT_AS_KEY, "17"},
    {T, U, "0", MR_SPELT_AS_KEY, "0"},
    {T, I, "-5", MR_SPELT_AS_KEY, "-5"},
    {T, I, "-9223372036854775808", MR_SPELT_AS_KEY, "-9223372036854775808"},
    {T, U, "18446744073709551615", MR_SPELT_AS_KEY, "18446744073709551615"},
    {T, U, "9007199254740993", MR_SPELT_AS_KEY, "9007199254740993"},
    {T, U, "18446744073709551616", MR_SPELT_NOT, NULL},
    {T, I, "-9223372036854775809", MR_SPELT_NOT, NULL},
    {T, U, " 17", MR_SPELT_OTHERWISE, "17"},
    {T, U, "17 ", MR_SPELT_OTHERWISE, "17"},
    {T, U, "17\n", MR_SPELT_OTHERWISE, "17"},
    {T, U, "017", MR_SPELT_OTHERWISE, "17"},
    {T, U, "+17", MR_SPELT_OTHERWISE, "17"},
    {T, U, "17.0", MR_SPELT_OTHERWISE, "17"},
    {T, U, "17.", MR_SPELT_OTHERWISE, "17"},
    {T, U, "1e1", MR_SPELT_OTHERWISE, "10"},
    {T, U, "1.7E+1", MR_SPELT_OTHERWISE, "17"},
    {T, U, "170e-1", MR_SPELT_OTHERWISE, "17"},
    {T, U, "1.75e1", MR_SPELT_NOT, NULL},
    {T, U, "5e-1", MR_SPELT_NOT, NULL},
    {T, U, "-0", MR_SPELT_OTHERWISE, "0"},
    {T, U, "00", MR_SPELT_OTHERWISE, "0"},
    {T, U, "17.5", MR_SPELT_NOT, NULL},
    {T, U, "17a", MR_SPELT_NOT, NULL},
    {T, U, "1 7", MR_SPELT_NOT, NULL},
    {T, U, "0x11", MR_SPELT_NOT, NULL},
    {T, U, "1e10", MR_SPELT_NOT, NULL},
    {T, U, "e1", MR_SPELT_NOT, NULL},
    {T, U, ".", MR_SPELT_NOT, NULL},
    {T, U, "-", MR_SPELT_NOT, NULL},
    {T, U, "", MR_SPELT_NOT, NULL},
    {T, U, "  ", MR_SPELT_NOT, NULL},
    {T, U, NULL, MR_SPELT_NOT, NULL},
    {T, D, "17", MR_SPELT_AS_KEY, "17"},
    {T, D, "123456789012345678901234567890", MR_SPELT_AS_KEY, "123456789012345678901234567890"},
    {D, U, "17", MR_SPELT_AS_KEY, "17"},
    {D, U, "17.5", MR_SPELT_NOT, NULL},
    {D, U, "99999999999999999999", MR_SPELT_NOT, NULL},
    {U, D, "17", MR_SPELT_AS_KEY, "17"},
    {I, D, "-17", MR_SPELT_AS_KEY, "-17"},
};

static void test_reads(void **state)
{
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(reads); i++) {
        const struct mr_spelling s = {
            .kind = MR_SPELL_NUMBER, .child = reads[i].child, .parent = reads[i].parent};
        enum mr_spelt how = MR_SPELT_NOT;
        mr_strbuf_reset(&out);
        encode(&in, reads[i].child, reads[i].value);
        assert_int_equal(mr_spelling_read(&s, (struct mr_key){in.ptr, in.len}, &out, &how, NULL),
                         MR_OK);
        if (how != reads[i].how)
            fail_msg("'%s' is %d, not %d", reads[i].value, how, reads[i].how);
        mr_strbuf_reset(&want);
        if (reads[i].key != NULL)
            encode(&want, reads[i].parent, reads[i].key);
        same(&out, &want, reads[i].value);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    mr_strbuf_release(&want);
}

/* ---- writing */

static const struct {
    enum mr_class child, parent;
    const char *key, *value; /* value NULL: it cannot be written */
} writes[] = {
    {T, U, "1000017", "1000017"}, {T, U, "18446744073709551615", "18446744073709551615"},
    {T, I, "-5", "-5"},           {T, D, "17", "17"},
    {T, D, "17.5", NULL},         {D, U, "1000017", "1000017"},
    {U, D, "17", "17"},           {I, D, "99999999999999999999", NULL},
};

static void test_writes(void **state)
{
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(writes); i++) {
        const struct mr_spelling s = {
            .kind = MR_SPELL_NUMBER, .child = writes[i].child, .parent = writes[i].parent};
        bool can = false;
        assert_int_equal(mr_spelling_ways(&s), 1);
        mr_strbuf_reset(&out);
        mr_strbuf_reset(&want);
        encode(&in, writes[i].parent, writes[i].key);
        assert_int_equal(mr_spelling_write(&s, (struct mr_key){in.ptr, in.len}, 0,
                                           (struct mr_key){0}, &out, &can, NULL),
                         MR_OK);
        if (can != (writes[i].value != NULL))
            fail_msg("%s can be written: %d", writes[i].key, can);
        if (can)
            encode(&want, writes[i].child, writes[i].value);
        same(&out, &want, writes[i].key);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    mr_strbuf_release(&want);
}

/* ---- UUIDs */

static const struct mr_spelling to_binary = {
    .kind = MR_SPELL_UUID, .child = MR_CLASS_TEXT, .parent = MR_CLASS_BINARY};

static void test_uuid_texts(void **state)
{
    static const struct {
        const char *text;
        enum mr_spelt how;
    } texts[] = {
        {UUID, MR_SPELT_AS_KEY},
        {"00112233445566778899aabbccddeeff", MR_SPELT_AS_KEY},
        {"00112233-4455-6677-8899-AABBCCDDEEFF", MR_SPELT_AS_KEY},
        {"00112233445566778899AABBCCDDEEFF", MR_SPELT_AS_KEY},
        {"00112233-4455-6677-8899-aaBBccddeeff", MR_SPELT_OTHERWISE},
        {"{00112233-4455-6677-8899-aabbccddeeff}", MR_SPELT_NOT},
        {"0011223344-55-6677-8899-aabbccddeeff", MR_SPELT_NOT},
        {"00112233445566778899aabbccddeefg", MR_SPELT_NOT},
        {"00112233445566778899aabbccddee", MR_SPELT_NOT},
        {"", MR_SPELT_NOT},
    };
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        enum mr_spelt how = MR_SPELT_NOT;
        bool can = false;
        mr_strbuf_reset(&out);
        mr_strbuf_reset(&want);
        encode(&in, MR_CLASS_TEXT, texts[i].text);
        const struct mr_key own = {in.ptr, in.len};
        assert_int_equal(mr_spelling_read(&to_binary, own, &out, &how, NULL), MR_OK);
        if (how != texts[i].how)
            fail_msg("'%s' is %d, not %d", texts[i].text, how, texts[i].how);
        if (how != MR_SPELT_NOT)
            encode(&want, MR_CLASS_BINARY, "bytes");
        same(&out, &want, texts[i].text);
        if (how != MR_SPELT_AS_KEY)
            continue;
        /* and back, in the same way */
        mr_strbuf_reset(&out);
        assert_int_equal(mr_spelling_write(&to_binary, (struct mr_key){want.ptr, want.len}, 0, own,
                                           &out, &can, NULL),
                         MR_OK);
        assert_true(can);
        same(&out, &in, texts[i].text);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    mr_strbuf_release(&want);
}

static void test_uuid_ways(void **state)
{
    static const char *const ways[] = {UUID, "00112233-4455-6677-8899-AABBCCDDEEFF",
                                       "00112233445566778899aabbccddeeff",
                                       "00112233445566778899AABBCCDDEEFF"};
    struct mr_strbuf key = MR_STRBUF_INIT, out = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
    (void)state;
    encode(&key, MR_CLASS_BINARY, "bytes");
    assert_int_equal(mr_spelling_ways(&to_binary), LEN(ways));
    for (unsigned way = 0; way < LEN(ways); way++) {
        bool can = false;
        mr_strbuf_reset(&out);
        encode(&want, MR_CLASS_TEXT, ways[way]);
        assert_int_equal(mr_spelling_write(&to_binary, (struct mr_key){key.ptr, key.len}, way,
                                           (struct mr_key){0}, &out, &can, NULL),
                         MR_OK);
        assert_true(can);
        same(&out, &want, ways[way]);
    }
    mr_strbuf_release(&key);
    mr_strbuf_release(&out);
    mr_strbuf_release(&want);
}

/* From BINARY(16) to a text. */
static void test_uuid_keys(void **state)
{
    static const struct {
        bool dashed;
        const char *text;
    } keys[] = {{true, UUID}, {false, "00112233445566778899aabbccddeeff"}};
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(keys); i++) {
        const struct mr_spelling s = {.kind = MR_SPELL_UUID,
                                      .child = MR_CLASS_BINARY,
                                      .parent = MR_CLASS_TEXT,
                                      .dashed = keys[i].dashed};
        enum mr_spelt how = MR_SPELT_NOT;
        bool can = false;
        mr_strbuf_reset(&out);
        encode(&in, MR_CLASS_BINARY, "bytes");
        encode(&want, MR_CLASS_TEXT, keys[i].text);
        assert_int_equal(mr_spelling_read(&s, (struct mr_key){in.ptr, in.len}, &out, &how, NULL),
                         MR_OK);
        assert_int_equal(how, MR_SPELT_AS_KEY);
        same(&out, &want, keys[i].text);
        mr_strbuf_reset(&out);
        assert_int_equal(mr_spelling_write(&s, (struct mr_key){want.ptr, want.len}, 0,
                                           (struct mr_key){0}, &out, &can, NULL),
                         MR_OK);
        assert_true(can);
        same(&out, &in, "back");
        encode(&want, MR_CLASS_TEXT, "no uuid");
        assert_int_equal(mr_spelling_write(&s, (struct mr_key){want.ptr, want.len}, 0,
                                           (struct mr_key){0}, &out, &can, NULL),
                         MR_OK);
        assert_false(can);
        encode(&in, MR_CLASS_BINARY, "short");
        assert_int_equal(mr_spelling_read(&s, (struct mr_key){in.ptr, in.len}, &out, &how, NULL),
                         MR_OK);
        assert_int_equal(how, MR_SPELT_NOT);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    mr_strbuf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),      cmocka_unit_test(test_writes),
        cmocka_unit_test(test_uuid_texts), cmocka_unit_test(test_uuid_ways),
        cmocka_unit_test(test_uuid_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
