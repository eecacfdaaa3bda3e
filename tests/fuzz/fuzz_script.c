/*
 * fuzz_script.c: the reader of a plan's scripts, and the judge of their statements.
 *
 * Whatever the bytes are, each unit that the index lists is found again by seeking, and
 * reads the same from there as it did in the whole.  What passes for an expression stands by
 * itself between two parentheses.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/row/row.h"
#include "core/db/sqlscan.h"
#include "repair/script/script_shape.h"

static const struct mr_planned_table tables[] = {
    {.table = "club.members",
     .target_db = "club",
     .target_name = "members",
     .decisions = {[MR_DECIDE_INSERT] = 1}},
    {.table = "club.orders", .target_db = "club", .target_name = "orders"}};
static const struct mr_manifest manifest = {.planned = {.tables = tables, .ntables = 2}};

static void judge(const char *path, const uint8_t *data, size_t size)
{
    struct mr_script_read_fault fault;
    char *text = malloc(size + 1);
    (void)mr_script_shape_check(&manifest, path, NULL, NULL);
    FUZZ_CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (mr_script_shape_is_expression(text, &fault))
        FUZZ_CHECK(mr_sqlscan_why_open(text) == NULL);
    else
        FUZZ_CHECK(fault.what[0] != '\0');
    free(text);
}

static enum mr_code next(struct mr_script_read *script, struct mr_script_read_item *item)
{
    enum mr_code code = mr_script_read_next(script, item, NULL);
    FUZZ_CHECK(code != MR_OK || item->kind != MR_SCRIPT_READ_STATEMENT ||
               (item->len == strlen(item->sql) || memchr(item->sql, '\0', item->len)));
    return code;
}

/* Of the statements up to the next unit. */
static uint64_t sum_unit(struct mr_script_read *script)
{
    struct mr_script_read_item item;
    uint64_t sum = 0;
    while (next(script, &item) == MR_OK && item.kind == MR_SCRIPT_READ_STATEMENT) {
        struct mr_digest digest = mr_digest_bytes(item.sql, item.len);
        uint64_t word;
        memcpy(&word, &digest, sizeof word);
        sum = sum * 31 + word + (uint64_t)item.section;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
    struct mr_script_read *script = NULL;
    char hex[MR_SHA256_HEX], path[] = "/tmp/fuzz_script.XXXXXX";
    int fd = mkstemp(path);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    FUZZ_CHECK(mr_script_read_open(path, &script, NULL) == MR_OK);
    judge(path, data, size);
    FUZZ_CHECK(unlink(path) == 0);
    if (mr_script_read_index(script, &units, hex, NULL) == MR_OK)
        for (size_t i = 0; i < units.count; i++) {
            const struct mr_script_read_unit *unit = mr_vec_at(&units, i);
            struct mr_script_read_item item;
            uint64_t once;
            FUZZ_CHECK(mr_script_read_seek(script, unit, NULL) == MR_OK);
            FUZZ_CHECK(next(script, &item) == MR_OK && item.kind == MR_SCRIPT_READ_UNIT);
            FUZZ_CHECK(item.unit.number == unit->number);
            once = sum_unit(script);
            FUZZ_CHECK(mr_script_read_seek(script, unit, NULL) == MR_OK);
            FUZZ_CHECK(next(script, &item) == MR_OK);
            FUZZ_CHECK(sum_unit(script) == once);
        }
    mr_vec_release(&units);
    mr_script_read_close(script);
    (void)close(fd);
    return 0;
}
