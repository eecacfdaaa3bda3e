/* view_order.c: see view_order.h. */
#include "snapshot/create/view_order.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/strbuf.h"
#include "core/base/vec.h"
#include "core/db/sqlscan.h"

/* One view's text names the other. */
struct need {
    size_t view, other; /* positions in objects */
};

struct order {
    const struct mr_object *objects;
    size_t count;
    const struct mr_object **by_name; /* the views */
    size_t nviews;
    struct mr_vec needs; /* struct need */
    bool *is_placed, *waits;
    const struct mr_object **out;
    size_t nout;
};

static int compare_names(const void *a, const void *b)
{
    const struct mr_object *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

/* The first of the views with that name, or the position where it would stand. */
static size_t first_named(const struct order *o, const char *name)
{
    size_t low = 0, high = o->nviews;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcasecmp(o->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_needs(struct order *o, size_t view, const char *name)
{
    for (size_t i = first_named(o, name);
         i < o->nviews && strcasecmp(o->by_name[i]->name, name) == 0; i++) {
        size_t other = (size_t)(o->by_name[i] - o->objects);
        struct need *need = other != view ? mr_vec_push(&o->needs) : NULL;
        if (other != view && need == NULL)
            return false;
        if (need != NULL)
            *need = (struct need){view, other};
    }
    return true;
}

/* Every quoted name counts, be it a column: one need too much costs nothing, one too few makes a
 * view that cannot be created. */
static bool read_text(struct order *o, size_t view)
{
    const char *text = o->objects[view].definition;
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    bool is_fine = true;
    mr_sqlscan_init(&scan, text, strlen(text));
    while (is_fine && mr_sqlscan_next_code(&scan, &token)) {
        if (token.kind != MR_TOKEN_IDENT)
            continue;
        mr_strbuf_reset(&name);
        mr_token_unquote(&name, &token);
        is_fine = !name.failed && add_needs(o, view, name.ptr);
    }
    mr_strbuf_release(&name);
    return is_fine;
}

static void place(struct order *o, size_t at)
{
    o->out[o->nout++] = &o->objects[at];
    o->is_placed[at] = true;
}

/* It can be made behind its package only, which stands behind it by name. */
static bool is_package_body(const struct mr_object *object)
{
    return object->kind == MR_OBJECT_ROUTINE &&
           mr_routine_kind(object->name) == MR_ROUTINE_PACKAGE_BODY;
}

/* Each round places those that wait for none; true while there were such. */
static bool place_free(struct order *o)
{
    const struct need *needs = o->needs.items;
    size_t before = o->nout;
    for (size_t i = 0; i < o->count; i++)
        o->waits[i] = before == 0 && is_package_body(&o->objects[i]);
    for (size_t i = 0; i < o->needs.count; i++)
        o->waits[needs[i].view] |= !o->is_placed[needs[i].other];
    for (size_t i = 0; i < o->count; i++)
        if (!o->is_placed[i] && !o->waits[i])
            place(o, i);
    return o->nout > before;
}

static bool is_text(const struct mr_object *object)
{
    return object->kind == MR_OBJECT_VIEW && object->definition != NULL;
}

/* Round by round, so that what waits for nobody keeps the catalogue's order; what is in a circle
 * is placed last and fails on its own when it is made. */
enum mr_code mr_view_order(const struct mr_object *objects, size_t count, struct mr_arena *arena,
                           const struct mr_object ***out, struct mr_err *err)
{
    struct order o = {.objects = objects,
                      .count = count,
                      .by_name = mr_arena_calloc(arena, count + 1, sizeof *o.by_name),
                      .needs = MR_VEC_INIT(struct need),
                      .is_placed = mr_arena_calloc(arena, count + 1, sizeof(bool)),
                      .waits = mr_arena_calloc(arena, count + 1, sizeof(bool)),
                      .out = mr_arena_calloc(arena, count + 1, sizeof *o.out)};
    bool is_fine = o.by_name != NULL && o.is_placed != NULL && o.waits != NULL && o.out != NULL;
    for (size_t i = 0; is_fine && i < count; i++)
        if (is_text(&objects[i]))
            o.by_name[o.nviews++] = &objects[i];
    if (is_fine && o.nviews > 1)
        qsort(o.by_name, o.nviews, sizeof *o.by_name, compare_names);
    for (size_t i = 0; is_fine && i < count; i++)
        if (is_text(&objects[i]))
            is_fine = read_text(&o, i);
    while (is_fine && place_free(&o))
        ;
    for (size_t i = 0; is_fine && i < count; i++)
        if (!o.is_placed[i])
            place(&o, i);
    mr_vec_release(&o.needs);
    *out = o.out;
    return is_fine ? MR_OK : mr_err_nomem(err, "reading the schema");
}
