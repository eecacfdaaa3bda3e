/*
 * fuzz_wire.c: rows of the binary protocol as a server packs them, and its first packet.
 *
 * The first byte says how many columns there are, one byte each follows (its kind, is it
 * unsigned), then the row; none: a greeting.  A row that is sound is one that decodes,
 * into values within it; a greeting is whole with its last byte, and not before.
 */
#include "fuzz.h"

#include <string.h>

#include "core/db/db_wire.h"
#include "core/db/greeting.h"

#define COLUMNS_MAX 24

static void check_greeting(const uint8_t *data, size_t size)
{
    struct mr_greeting whole = mr_greeting_read(data, size);
    if (whole.state != MR_GREETING_WHOLE && whole.state != MR_GREETING_ERROR)
        return;
    FUZZ_CHECK(size <= MR_GREETING_MAX_BYTES);
    FUZZ_CHECK(whole.is_error == (whole.state == MR_GREETING_ERROR));
    for (size_t len = 0; len < size; len++)
        FUZZ_CHECK(mr_greeting_read(data, len).state == MR_GREETING_MORE);
}

/* The first class that values of the kind can be given as; false: there is none. */
static bool find_class(struct mr_wire_column *column)
{
    column->cls = MR_CLASS_NULL;
    while (column->cls < MR_CLASS_TIME && !mr_wire_gives(column->kind, column->cls))
        column->cls++;
    if (column->kind == MR_WIRE_DATETIME)
        column->cls = MR_CLASS_DATETIME;
    return mr_wire_gives(column->kind, column->cls);
}

static void check_value(const struct mr_value *value, const uint8_t *row, size_t len)
{
    const uint8_t *bytes = value->ptr;
    struct mr_strbuf image = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_value back;
    size_t at = 0;
    if (value->cls == MR_CLASS_TEXT || value->cls == MR_CLASS_DECIMAL)
        FUZZ_CHECK(bytes >= row && value->len <= (size_t)(row + len - bytes));
    enum mr_code code = mr_row_encode_exact(&image, value, NULL);
    FUZZ_CHECK(code != MR_E_BUG);
    if (code == MR_OK) {
        FUZZ_CHECK(mr_row_decode(image.ptr, image.len, &at, &back, NULL) == MR_OK);
        FUZZ_CHECK(mr_row_encode_exact(&again, &back, NULL) == MR_OK);
        FUZZ_CHECK(at == image.len && again.len == at && memcmp(again.ptr, image.ptr, at) == 0);
    }
    mr_strbuf_release(&image);
    mr_strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_wire_column columns[COLUMNS_MAX];
    struct mr_value values[COLUMNS_MAX] = {0};
    size_t count = size > 0 ? data[0] % (COLUMNS_MAX + 1) : 0;
    if (size < 1 + count)
        return 0;
    if (count == 0) {
        check_greeting(data + 1, size - 1);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t what = data[1 + i];
        columns[i] =
            (struct mr_wire_column){.kind = what % (MR_WIRE_BYTES + 1), .is_unsigned = what & 0x80};
        columns[i].wanted = find_class(&columns[i]);
    }
    const uint8_t *row = data + 1 + count;
    size_t len = size - 1 - count;
    bool sound = mr_wire_is_sound(columns, count, row, len);
    bool decoded = mr_wire_decode(columns, count, count, row, len, values);
    FUZZ_CHECK(decoded || !sound);
    for (size_t i = 0; decoded && i < count; i++)
        if (columns[i].wanted)
            check_value(&values[i], row, len);
    for (size_t less = 0; sound && less < len; less++)
        FUZZ_CHECK(!mr_wire_is_sound(columns, count, row, less));
    return 0;
}
