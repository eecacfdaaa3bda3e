/* inventory_map.c: see inventory_map.h. */
#include "recon/fleet/inventory_map.h"

#include <string.h>

#include "core/source/shards.h"

#define DOING "reading the inventory"

static const struct mr_ini_entry *find(const struct mr_ini_section *section, const char *key)
{
    const struct mr_ini_entry *e = section->entries;
    while (e != NULL && strcmp(e->key, key) != 0)
        e = e->next;
    return e;
}

/* What is wrong is told of the line that it came with. */
static enum mr_code try_map(const char *text, const char *path, unsigned line,
                            struct mr_arena *arena, struct mr_err *err)
{
    struct mr_shards shards;
    struct mr_err why = {0};
    enum mr_code code = mr_shards_parse(text, arena, &shards, &why);
    mr_shards_release(&shards);
    if (code == MR_OK)
        return MR_OK;
    if (code != MR_E_NOMEM) {
        mr_err_context(&why, "%s:%u", path, line);
        code = why.code = MR_E_CONFIG;
    }
    *err = why;
    return code;
}

static enum mr_code fail(const char *path, unsigned line, const char *what, const char *hint,
                         struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: %s", path, line, what);
    mr_err_hint(err, "%s", hint);
    return MR_E_CONFIG;
}

/* Each line of tables is tried with those above it, so that a table that stands twice is told of where
 * it stands for the second time. */
static enum mr_code add_tables(const struct mr_ini_section *section, const char *path,
                               struct mr_strbuf *text, struct mr_arena *arena, struct mr_err *err)
{
    bool any = false;
    for (const struct mr_ini_entry *e = section->entries; e != NULL; e = e->next) {
        if (strcmp(e->key, "tables") != 0)
            continue;
        mr_strbuf_add_fmt(text, "%c%s", any ? ',' : '#', e->value);
        any = true;
        MR_TRY(mr_strbuf_check(text, DOING, err));
        MR_TRY(try_map(text->ptr, path, e->line, arena, err));
    }
    return any ? MR_OK
               : fail(path, section->line, "the map has no tables",
                      "Write which tables of the sources make which: "
                      "tables = orders_{0..9} -> orders.",
                      err);
}

/* Blanks of people: one form is one source to --resume. */
static void drop_blanks(struct mr_strbuf *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text->len; i++)
        if (text->ptr[i] != ' ' && text->ptr[i] != '\t')
            text->ptr[kept++] = text->ptr[i];
    text->len = kept;
    text->ptr[kept] = '\0';
}

enum mr_code mr_inventory_map_uri(const struct mr_ini_section *section, const char *path,
                                  struct mr_arena *arena, const char **uri, struct mr_err *err)
{
    const struct mr_ini_entry *source = find(section, "source");
    struct mr_strbuf text = MR_STRBUF_INIT, whole = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (source == NULL)
        return fail(path, section->line, "the map has no source",
                    "Write \"source = mysql://db{00..15}/shop_{}\".", err);
    if (strchr(source->value, '#') != NULL)
        return fail(path, source->line, "# in the source of a map", "Write it as %23.", err);
    mr_strbuf_add_str(&text, source->value);
    mr_strbuf_add_str(&whole, source->value);
    mr_strbuf_add_str(&whole, "#t->t"); /* the source by itself: its own line is told of */
    MR_TRY_OUT(mr_strbuf_check(&whole, DOING, err));
    MR_TRY_OUT(try_map(whole.ptr, path, source->line, arena, err));
    MR_TRY_OUT(add_tables(section, path, &text, arena, err));
    drop_blanks(&text);
    mr_strbuf_reset(&whole);
    mr_strbuf_add_fmt(&whole, "shards:%s", text.ptr);
    *uri = whole.failed ? NULL : mr_arena_strdup(arena, whole.ptr);
    if (*uri == NULL)
        MR_TRY_OUT(mr_err_nomem(err, DOING));
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&whole);
    return code;
}

/* ---- spreading ---- */

static enum mr_code add_pair(struct mr_vec *out, const struct mr_inventory_pair *pair,
                             struct mr_err *err)
{
    struct mr_inventory_pair *slot = mr_vec_push(out);
    if (slot == NULL)
        return mr_err_nomem(err, DOING);
    *slot = *pair;
    return MR_OK;
}

/* Names of files are made of it. */
static enum mr_code refuse_twin(const struct mr_inventory *inventory, const char *name,
                                struct mr_err *err)
{
    for (size_t i = 0; i < inventory->pairs.count; i++) {
        const struct mr_inventory_pair *pair = mr_vec_at(&inventory->pairs, i);
        if (strcasecmp(pair->name, name) == 0)
            return fail(inventory->path, pair->line, "a source of a map has the name of this pair",
                        "Give the pair another name.", err);
    }
    return MR_OK;
}

static enum mr_code spread_map(const struct mr_inventory *inventory,
                               const struct mr_inventory_pair *map, enum mr_inventory_spread how,
                               struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    struct mr_shards shards;
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_inventory_pair one = *map;
    enum mr_code code = MR_OK;
    one.of_map = true;
    MR_TRY_OUT(mr_shards_parse(map->uri[MR_SOURCE] + strlen("shards:"), arena, &shards, err));
    for (size_t i = 0; i < shards.nservers; i++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "%s%s%s", map->name, shards.labels[i][0] != '\0' ? "." : "",
                          shards.labels[i]);
        one.name = name.failed ? NULL : mr_arena_strdup(arena, name.ptr);
        one.uri[MR_SOURCE] = mr_endpoint_text(&shards.servers[i], true, arena);
        if (one.name == NULL || one.uri[MR_SOURCE] == NULL)
            MR_TRY_OUT(mr_err_nomem(err, DOING));
        if (shards.labels[i][0] != '\0')
            MR_TRY_OUT(refuse_twin(inventory, one.name, err));
        one.only_source = how == MR_SPREAD_SERVERS;
        MR_TRY_OUT(add_pair(out, &one, err));
    }
    if (how == MR_SPREAD_SERVERS) {
        one = *map;
        one.of_map = true;
        one.uri[MR_SOURCE] = NULL;
        MR_TRY_OUT(add_pair(out, &one, err));
    }
out:
    mr_strbuf_release(&name);
    mr_shards_release(&shards);
    return code;
}

enum mr_code mr_inventory_spread(struct mr_inventory *inventory, enum mr_inventory_spread how,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct mr_vec out = MR_VEC_INIT(struct mr_inventory_pair);
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < inventory->pairs.count; i++) {
        const struct mr_inventory_pair *pair = mr_vec_at(&inventory->pairs, i);
        MR_TRY_OUT(mr_endpoint_is_shards(pair->uri[MR_SOURCE])
                       ? spread_map(inventory, pair, how, arena, &out, err)
                       : add_pair(&out, pair, err));
    }
    mr_vec_release(&inventory->pairs);
    inventory->pairs = out;
    return MR_OK;
out:
    mr_vec_release(&out);
    return code;
}
