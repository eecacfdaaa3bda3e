/*
 * objects_world: two catalogues, and what is said of them, for the unit tests of
 * recon/check/objects*.
 *
 *   catalogue(flavour, dbs_source, tables, n) → expect_diffs(&source, &target, kinds, lines)
 *
 * SOURCE's database is "club", TARGET's "club_new".
 */
#ifndef MR_TESTS_OBJECTS_WORLD_H
#define MR_TESTS_OBJECTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/check/objects.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Every difference as "kind table name source target\n"; '-' for NULL. */
static inline enum mr_code note(void *ctx, const struct mr_object_diff *d, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%s %s %s [%s] [%s]%s\n", mr_objects_kind_name(d->kind),
                      d->table != NULL ? d->table : "-", d->name,
                      d->source != NULL ? d->source : "-", d->target != NULL ? d->target : "-",
                      d->hidden ? " hidden" : "");
    return MR_OK;
}

/* Two tables alone, of these flavours. */
static inline void expect_table(const struct mr_table *s, enum mr_flavour source,
                                const struct mr_table *t, enum mr_flavour target, const char *want)
{
    struct mr_err err = {0};
    struct mr_strbuf got = MR_STRBUF_INIT;
    const struct mr_catalogue cs = {.server = {.flavour = source}};
    const struct mr_catalogue ct = {.server = {.flavour = target}};
    const struct mr_objects_pair pairs[] = {{"club", "club_new"}, {"shop", "shop_new"}};
    const struct mr_objects_opts opts = {
        .pairs = pairs, .npairs = 2, .kinds = MR_OBJECTS_ALL, .fn = note, .fn_ctx = &got};
    assert_int_equal(mr_objects_compare_table(&cs, s, &ct, t, &opts, &err), MR_OK);
    if (strcmp(got.ptr, want) != 0)
        fail_msg("wanted\n%sgot\n%s", want, got.ptr);
    mr_strbuf_release(&got);
}

static inline void expect_diffs(const struct mr_catalogue *s, const struct mr_catalogue *t,
                                unsigned kinds, const char *want)
{
    struct mr_err err = {0};
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_objects_pair pair = {"club", "club_new"};
    struct mr_objects_opts opts = {
        .pairs = &pair, .npairs = 1, .kinds = kinds, .fn = note, .fn_ctx = &got};
    assert_int_equal(mr_objects_compare(s, t, &opts, &err), MR_OK);
    assert_string_equal(got.ptr, want);
    mr_strbuf_release(&got);
}

static const struct mr_database dbs_source[] = {{"club", "utf8mb4", "utf8mb4_bin"}};
static const struct mr_database dbs_target[] = {{"club_new", "utf8mb4", "utf8mb4_bin"}};

static inline struct mr_catalogue catalogue(enum mr_flavour flavour, const struct mr_database *dbs,
                                            const struct mr_table *tables, size_t ntables)
{
    struct mr_catalogue cat = {.dbs = dbs, .ndbs = 1, .tables = tables, .ntables = ntables};
    cat.server.flavour = flavour;
    return cat;
}

#endif
