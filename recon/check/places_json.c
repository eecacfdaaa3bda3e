/* places_json.c: see places_json.h. */
#include "recon/check/places_json.h"

enum mr_code mr_places_keep(struct mr_places *places, const char *place, struct mr_err *err)
{
    const char **slot = mr_vec_push(&places->names);
    const char *kept = mr_arena_strdup(&places->arena, place);
    if (slot == NULL || kept == NULL)
        return mr_err_nomem(err, "writing JSON");
    *slot = kept;
    return MR_OK;
}

void mr_places_put(struct mr_places *places, struct mr_jsonw *w)
{
    if (places->names.count > 0) {
        mr_jsonw_key(w, "places");
        mr_jsonw_array_begin(w);
        for (size_t i = 0; i < places->names.count; i++)
            mr_jsonw_str(w, *(const char **)mr_vec_at(&places->names, i));
        mr_jsonw_array_end(w);
    }
    mr_vec_clear(&places->names);
    mr_arena_reset(&places->arena);
}

void mr_places_release(struct mr_places *places)
{
    mr_vec_release(&places->names);
    mr_arena_release(&places->arena);
}
