/* shelf_chain.c: see shelf_chain.h. */
#include "snapshot/shelf_chain.h"

#include <string.h>

#include "core/base/strbuf.h"

static enum mr_code keep_text(struct mr_shelf *shelf, const struct mr_strbuf *text,
                              const char **out, struct mr_err *err)
{
    *out = text->failed ? NULL : mr_arena_dup(&shelf->arena, text->ptr, text->len);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "choosing snapshots");
}

/* The first that is whole, or of several copies any.  NULL: none is there. */
static struct mr_shelf_item *base_of(const struct mr_shelf *shelf, const struct mr_shelf_item *item)
{
    struct mr_shelf_item *items = shelf->items.items, *found = NULL;
    for (size_t i = 0; i < shelf->items.count; i++)
        if (items[i].sha256 != NULL && strcmp(items[i].sha256, item->base_sha256) == 0 &&
            (found == NULL || items[i].state == MR_SHELF_WHOLE))
            found = &items[i];
    return found;
}

/* *more: it was whole before, so that what goes on from it is not any more. */
static enum mr_code settle(struct mr_shelf *shelf, struct mr_shelf_item *item, bool *more,
                           struct mr_err *err)
{
    const struct mr_shelf_item *base = base_of(shelf, item);
    struct mr_strbuf why = MR_STRBUF_INIT;
    if (base != NULL && base->state == MR_SHELF_WHOLE)
        return MR_OK;
    if (base == NULL)
        mr_strbuf_add_fmt(&why, "its base %.100s is not here", item->base_id);
    else
        mr_strbuf_add_fmt(&why, "its base \"%.300s\" is damaged", base->path);
    item->state = MR_SHELF_DAMAGED;
    *more = true;
    const enum mr_code code = keep_text(shelf, &why, &item->why, err);
    mr_strbuf_release(&why);
    return code;
}

enum mr_code mr_shelf_settle_chains(struct mr_shelf *shelf, struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < shelf->items.count; i++)
            if (items[i].state == MR_SHELF_WHOLE && items[i].base_sha256 != NULL)
                MR_TRY(settle(shelf, &items[i], &more, err));
    }
    return MR_OK;
}

static bool stays(const struct mr_shelf_item *item)
{
    return item->state == MR_SHELF_DAMAGED || (item->state == MR_SHELF_WHOLE && item->is_kept);
}

/* All copies of it: one may lie where the other's disk does not. */
static enum mr_code keep_base(struct mr_shelf *shelf, const struct mr_shelf_item *item, bool *more,
                              struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&text, "base of %.300s", item->path);
    for (size_t i = 0; code == MR_OK && i < shelf->items.count; i++) {
        if (items[i].is_kept || items[i].state != MR_SHELF_WHOLE || items[i].sha256 == NULL ||
            strcmp(items[i].sha256, item->base_sha256) != 0)
            continue;
        items[i].is_kept = *more = true;
        code = keep_text(shelf, &text, &items[i].kept_as, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* Any may be the base of one whose manifest cannot be read. */
static enum mr_code keep_for_unknown(struct mr_shelf *shelf, struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    const struct mr_shelf_item *unknown = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; unknown == NULL && i < shelf->items.count; i++)
        if (items[i].base_unknown)
            unknown = &items[i];
    if (unknown != NULL)
        mr_strbuf_add_fmt(&text, "nobody knows the base of %.300s", unknown->path);
    for (size_t i = 0; unknown != NULL && code == MR_OK && i < shelf->items.count; i++) {
        if (items[i].is_kept || items[i].state != MR_SHELF_WHOLE)
            continue;
        items[i].is_kept = true;
        code = keep_text(shelf, &text, &items[i].kept_as, err);
    }
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_shelf_keep_bases(struct mr_shelf *shelf, struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    bool more = true;
    MR_TRY(keep_for_unknown(shelf, err));
    while (more) {
        more = false;
        for (size_t i = 0; i < shelf->items.count; i++)
            if (stays(&items[i]) && items[i].base_sha256 != NULL)
                MR_TRY(keep_base(shelf, &items[i], &more, err));
    }
    return MR_OK;
}
