/*
 * fuzz_binlog.c: a binary log becomes events, and these become what they say, or an error.
 *
 * Input: a log's file.  It is read as it is, with checksums that fit put in, and as a server
 * would send it; and, since it is there, as the text of a set of GTIDs of either family, which
 * printed and read again is the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/binlog_memory.h"

static void read_log(const uint8_t *data, size_t size, bool seal, bool is_file)
{
    struct binlog_memory memory = {.seal = seal};
    struct mr_strbuf lines = MR_STRBUF_INIT;
    struct mr_binlog_input input = binlog_memory_input(&memory, data, size);
    input.is_file = is_file;
    binlog_read_all(input, &lines);
    FUZZ_CHECK(!lines.failed);
    free(memory.raw);
    mr_strbuf_release(&lines);
}

static void read_set(const char *text, size_t len)
{
    struct mr_gtid_set set, again;
    struct mr_strbuf first = MR_STRBUF_INIT, second = MR_STRBUF_INIT;
    mr_gtid_set_init(&set);
    mr_gtid_set_init(&again);
    if (mr_gtid_set_parse(&set, text, len, NULL) == MR_OK) {
        mr_gtid_set_add_text(&first, &set);
        FUZZ_CHECK(mr_gtid_set_parse(&again, first.ptr, first.len, NULL) == MR_OK);
        mr_gtid_set_add_text(&second, &again);
        FUZZ_CHECK(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
        FUZZ_CHECK(mr_gtid_set_contains(&set, &again) && mr_gtid_set_contains(&again, &set));
        FUZZ_CHECK(mr_gtid_set_subtract(&set, &again, NULL) == MR_OK);
        FUZZ_CHECK(mr_gtid_set_is_empty(&set));
    }
    mr_gtid_set_release(&set);
    mr_gtid_set_release(&again);
    mr_strbuf_release(&first);
    mr_strbuf_release(&second);
}

static void read_state(const char *text, size_t len)
{
    struct mr_gtid_state state, again;
    struct mr_strbuf first = MR_STRBUF_INIT;
    mr_gtid_state_init(&state);
    mr_gtid_state_init(&again);
    if (mr_gtid_state_parse(&state, text, len, NULL) == MR_OK) {
        mr_gtid_state_add_text(&first, &state);
        FUZZ_CHECK(mr_gtid_state_parse(&again, first.ptr, first.len, NULL) == MR_OK);
        FUZZ_CHECK(mr_gtid_state_contains(&state, &again));
        FUZZ_CHECK(mr_gtid_state_contains(&again, &state));
    }
    mr_gtid_state_release(&state);
    mr_gtid_state_release(&again);
    mr_strbuf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    read_log(data, size, false, true);
    read_log(data, size, true, true);
    read_log(data, size, true, false);
    read_set((const char *)data, size);
    read_state((const char *)data, size);
    return 0;
}
