/*
 * fuzz_row.c: the decoder of stored rows, and what is made of decoded values.
 *
 * Bytes that decode are exactly those that the encoder writes; skipping and decoding
 * agree; every way to show a value copes with every value.
 */
#include "fuzz.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/db/sqltext.h"
#include "core/row/row.h"
#include "core/row/value_text.h"
#include "core/source/keyrange.h"

static void show(const struct mr_value *value)
{
    static const enum mr_class classes[] = {MR_CLASS_FLOAT, MR_CLASS_DOUBLE};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct mr_value_style style = {.cls = classes[i], .decimals = (unsigned)(6 * i)};
        struct mr_strbuf json = MR_STRBUF_INIT, screen = MR_STRBUF_INIT;
        mr_value_to_json(&json, value, style);
        mr_value_to_screen(&screen, value, style, 20);
        FUZZ_CHECK(!json.failed && !screen.failed);
        /* A decimal that no server sent is the only text that may not be UTF-8. */
        FUZZ_CHECK(value->cls == MR_CLASS_DECIMAL || (mr_utf8_is_valid(json.ptr, json.len) &&
                                                      mr_utf8_width(screen.ptr, screen.len) <= 20));
        mr_strbuf_release(&screen);
        mr_strbuf_release(&json);
    }
}

/* Values never leave their place in the text. */
static void as_literal(const struct mr_value *value)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_sql_value(&sql, value, "utf8mb4");
    if (!sql.failed)
        FUZZ_CHECK(strspn(sql.ptr, "0123456789abcdefinx+-.:_'utm NUL") == sql.len);
    mr_strbuf_release(&sql);
}

static void as_range(struct mr_key key, size_t values)
{
    static const struct mr_key_part parts[MR_KEY_PARTS_MAX + 1] = {
        {.column = "a", .numbers = 3}, {.column = "b"}, {.column = "c", .numbers = 9}};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_range range = {.lo = key};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && parts[i].column != NULL; i++) {
        mr_strbuf_reset(&sql);
        (void)mr_keyrange_condition(&sql, parts, i + 1, range);
        FUZZ_CHECK(sql.failed || values == i + 1);
    }
    mr_strbuf_release(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_hasher *hasher = mr_hasher_new();
    struct mr_value value;
    size_t pos = 0, values = 0;
    FUZZ_CHECK(hasher != NULL);
    while (pos < size) {
        size_t skipped = pos;
        enum mr_code skip = mr_row_skip(data, size, &skipped, NULL);
        if (mr_row_decode(data, size, &pos, &value, NULL) != MR_OK)
            break;
        values++;
        FUZZ_CHECK(skip == MR_OK && skipped == pos);
        FUZZ_CHECK(mr_row_encode_exact(&again, &value, NULL) == MR_OK);
        FUZZ_CHECK(mr_hasher_add(hasher, &value, NULL) == MR_OK);
        show(&value);
        as_literal(&value);
    }
    FUZZ_CHECK(again.len == pos && (pos == 0 || memcmp(again.ptr, data, pos) == 0));
    struct mr_digest digest;
    FUZZ_CHECK(mr_row_digest(data, pos, &digest, NULL) == MR_OK);
    FUZZ_CHECK(mr_digest_equal(mr_hasher_finish(hasher), digest));
    if (pos == size && size > 0)
        as_range((struct mr_key){data, size}, values);
    mr_hasher_free(hasher);
    mr_strbuf_release(&again);
    return 0;
}
