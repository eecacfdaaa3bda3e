/*
 * fuzz_json_norm.c: the normal form of a JSON text is a JSON text and its own normal
 * form; what is no document leaves nothing behind.
 */
#include "fuzz.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/row/json_norm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf once = MR_STRBUF_INIT, twice = MR_STRBUF_INIT;
    if (mr_json_norm((const char *)data, size, &once)) {
        FUZZ_CHECK(!once.failed && once.len > 0);
        FUZZ_CHECK(mr_utf8_is_valid(once.ptr, once.len));
        FUZZ_CHECK(mr_json_norm(once.ptr, once.len, &twice));
        FUZZ_CHECK(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
    } else {
        FUZZ_CHECK(once.len == 0);
    }
    mr_strbuf_release(&twice);
    mr_strbuf_release(&once);
    return 0;
}
