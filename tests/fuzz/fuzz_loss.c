/*
 * fuzz_loss.c: a definition that a snapshot may run, as a target of another family takes it.
 *
 * The first byte says which target.  Whatever is left out of what mr_snap_place has passed: what is left
 * is a definition of the same table still, of whose words none is new, and nothing more is left
 * out of it.  Names, and constraints without them, are of a definition, too.
 */
#include "fuzz.h"

#include <string.h>

#include "core/db/sqlscan.h"
#include "snapshot/format/loss.h"
#include "snapshot/format/snap_place.h"
#include "snapshot/format/snap_rename.h"

static const struct mr_loss_target targets[] = {{MR_FLAVOUR_MARIADB, 101119, NULL, NULL},
                                                {MR_FLAVOUR_MARIADB, 100100, NULL, NULL},
                                                {MR_FLAVOUR_MYSQL, 90704, NULL, NULL},
                                                {MR_FLAVOUR_MYSQL, 50624, NULL, NULL}};
static const struct mr_snap_place place = {.what = "TABLE", .name = "t", .db = "d"};

static enum mr_code count(void *ctx, const struct mr_loss *loss, struct mr_err *err)
{
    (void)err;
    FUZZ_CHECK(loss->kind > MR_LOSS_NONE && loss->kind < MR_LOSS_KINDS && loss->name != NULL);
    ++*(size_t *)ctx;
    return MR_OK;
}

/* Of those that are left, in this order. */
static void look_for_words(const struct mr_strbuf *left, const struct mr_strbuf *all)
{
    struct mr_sqlscan a, b;
    struct mr_token word, other;
    mr_sqlscan_init(&a, left->ptr, left->len);
    mr_sqlscan_init(&b, all->ptr, all->len);
    while (mr_sqlscan_next_code(&a, &word)) {
        do {
            FUZZ_CHECK(mr_sqlscan_next_code(&b, &other));
        } while (word.len != other.len || memcmp(word.ptr, other.ptr, word.len) != 0);
    }
}

static const char *as_ever(const void *ctx, const char *db, const char *table)
{
    (void)ctx, (void)db, (void)table;
    return "t";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, left = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_err err;
    size_t losses = 0;
    if (size == 0)
        return 0;
    const struct mr_loss_target *target = &targets[data[0] % 4];
    if (mr_snap_place(&place, (const char *)data + 1, size - 1, &sql, &err) == MR_OK) {
        FUZZ_CHECK(mr_loss_find(target, sql.ptr, sql.len, count, &losses, &left, &err) == MR_OK);
        FUZZ_CHECK(losses > 0 || strcmp(sql.ptr, left.ptr) == 0);
        look_for_words(&left, &sql);
        mr_snap_rename_tables(&again, left.ptr, left.len, as_ever, NULL);
        mr_strbuf_reset(&left);
        mr_snap_drop_constraint_names(&left, again.ptr, again.len, true, true);
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&left);
    mr_strbuf_release(&again);
    return 0;
}
