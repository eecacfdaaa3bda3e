/* inventory.c: see inventory.h. */
#include "recon/fleet/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/suggest.h"
#include "core/cli/ini.h"
#include "core/file/io.h"
#include "core/base/name_range.h"
#include "recon/fleet/inventory_map.h"

#define MAX_BYTES ((size_t)16 << 20)
#define READERS 4
#define HINT_SECTIONS                                                                              \
    "An inventory has [fleet], [pair NAME] and [map NAME], with lines \"key = value\"; what is "   \
    "known of tables stands in the file that \"config =\" names."
#define READERS_MAX 64

struct parser {
    struct mr_arena *arena;
    struct mr_inventory *out;
    const char *config; /* of [fleet], or NULL */
    struct mr_err *err;
};

static enum mr_code fail(const struct parser *p, unsigned line, const char *what, const char *hint)
{
    (void)mr_err_set(p->err, MR_E_CONFIG, "%s:%u: %s", p->out->path, line, what);
    mr_err_hint(p->err, "%s", hint);
    return MR_E_CONFIG;
}

static const char *keep(const struct parser *p, const struct mr_strbuf *text)
{
    return text->failed ? NULL : mr_arena_dup(p->arena, text->ptr, text->len);
}

static enum mr_code no_memory(const struct parser *p)
{
    return mr_err_nomem(p->err, "reading the inventory");
}

/* ---- keys ---- */

static const char *const fleet_keys[] = {"config", "readers-per-server", NULL};
static const char *const pair_keys[] = {"source", "target", "config", NULL};
static const char *const map_keys[] = {"source", "target", "config", "tables", NULL};

/* A line whose = was forgotten is a key with a URI in it, and so with a password: what is no word is
 * not repeated in a message. */
static bool is_word(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return text[strspn(text, letters)] == '\0';
}

static void list_keys(const struct parser *p, const char *const *known)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; known[i] != NULL; i++)
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? ", " : "", known[i]);
    if (!text.failed)
        mr_err_hint(p->err, "Its keys are: %s.", text.ptr);
    mr_strbuf_release(&text);
}

/* Each key is known, stands once (but for lists), and says something. */
static enum mr_code check_keys(const struct parser *p, const struct mr_ini_section *section,
                               const char *const *known)
{
    for (const struct mr_ini_entry *e = section->entries; e != NULL; e = e->next) {
        struct mr_suggest near = {.typed = e->key};
        bool is_known = false;
        for (size_t i = 0; known[i] != NULL; i++) {
            is_known |= strcmp(known[i], e->key) == 0;
            mr_suggest_offer(&near, known[i]);
        }
        if (!is_known && !is_word(e->key))
            return fail(p, e->line, "what stands before = is no key", "Write \"key = value\".");
        if (!is_known) {
            (void)mr_err_set(p->err, MR_E_CONFIG, "%s:%u: unknown key \"%s\" in [%s]", p->out->path,
                             e->line, e->key, section->word);
            if (near.best != NULL)
                mr_err_hint(p->err, "Did you mean \"%s\"?", near.best);
            else
                list_keys(p, known);
            return MR_E_CONFIG;
        }
        for (const struct mr_ini_entry *f = section->entries; f != e; f = f->next)
            if (strcmp(f->key, e->key) == 0 && strcmp(e->key, "tables") != 0)
                return fail(p, e->line, "the key stands twice in its section",
                            "Leave one of the two.");
        if (e->value[0] == '\0')
            return fail(p, e->line, "the key has no value", "Write \"key = value\".");
    }
    return MR_OK;
}

static const struct mr_ini_entry *find(const struct mr_ini_section *section, const char *key)
{
    const struct mr_ini_entry *e = section->entries;
    while (e != NULL && strcmp(e->key, key) != 0)
        e = e->next;
    return e;
}

/* From the inventory's directory. */
static const char *path_of(const struct parser *p, const char *value)
{
    const char *slash = strrchr(p->out->path, '/');
    struct mr_strbuf path = MR_STRBUF_INIT;
    if (value[0] != '/' && slash != NULL)
        mr_strbuf_add(&path, p->out->path, (size_t)(slash - p->out->path) + 1);
    mr_strbuf_add_str(&path, value);
    const char *kept = keep(p, &path);
    mr_strbuf_release(&path);
    return kept;
}

/* ---- sections ---- */

static enum mr_code read_fleet(struct parser *p, const struct mr_ini_section *section)
{
    MR_TRY(check_keys(p, section, fleet_keys));
    if (section->argument[0] != '\0')
        return fail(p, section->line, "[fleet] has no name", "Write [fleet].");
    const struct mr_ini_entry *config = find(section, "config");
    const struct mr_ini_entry *readers = find(section, "readers-per-server");
    if (config != NULL && (p->config = path_of(p, config->value)) == NULL)
        return no_memory(p);
    if (readers == NULL)
        return MR_OK;
    char *end;
    unsigned long n = strtoul(readers->value, &end, 10);
    if (readers->value[0] < '0' || readers->value[0] > '9' || *end != '\0' || n < 1 ||
        n > READERS_MAX)
        return fail(p, readers->line, "readers-per-server is no number from 1 to 64",
                    "It is how many connections of the fleet read rows of one server at a time.");
    p->out->readers_per_server = (unsigned)n;
    return MR_OK;
}

const char *mr_inventory_strange_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (name[0] == '\0')
        return "a pair without a name";
    if (name[0] == '.' || name[0] == '-')
        return "the pair's name begins with a point or a dash";
    if (name[strspn(name, letters)] != '\0')
        return "the pair's name has other than letters, digits, \".\", \"_\" and \"-\"";
    return strlen(name) > MR_INVENTORY_NAME ? "the pair's name is longer than 100 letters" : NULL;
}

static enum mr_code expand(const struct parser *p, const struct mr_name_range *range, uint32_t at,
                           const struct mr_ini_entry *entry, const char **out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!mr_name_range_value(range, at, entry->value, &text))
        code = fail(p, entry->line, "{} in a value, and no range in the pair's name",
                    "Name the pair like [pair shop-{01..63}].");
    else if ((*out = keep(p, &text)) == NULL)
        code = no_memory(p);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code check_uri(const struct parser *p, const struct mr_ini_entry *entry,
                              const char *uri)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = mr_endpoint_parse(&ep, uri, p->err);
    if (code != MR_OK) {
        mr_err_context(p->err, "%s:%u: %s", p->out->path, entry->line, entry->key);
        p->err->code = code = MR_E_CONFIG;
    }
    mr_endpoint_release(&ep);
    return code;
}

/* The sources together are one database. */
static enum mr_code check_map_target(const struct parser *p, const struct mr_ini_entry *entry)
{
    struct mr_endpoint ep = {0};
    MR_TRY(check_uri(p, entry, entry->value));
    enum mr_code code = mr_endpoint_parse(&ep, entry->value, p->err);
    if (code == MR_OK && ep.kind == MR_ENDPOINT_MYSQL && ep.ndbs != 1)
        code = fail(p, entry->line, "the target of a map is not one database",
                    "Name it behind the host: mysql://db/shop.");
    mr_endpoint_release(&ep);
    return code;
}

/* Each is checked with its number in it, since a number can make a bad URI of what looks like one. */
static enum mr_code add_pair(struct parser *p, const struct mr_ini_section *section,
                             const struct mr_name_range *range, uint32_t at)
{
    static const char *const keys[MR_SIDES] = {"source", "target"};
    struct mr_inventory_pair *pair = mr_vec_push(&p->out->pairs);
    struct mr_strbuf name = MR_STRBUF_INIT;
    const struct mr_ini_entry *config = find(section, "config");
    enum mr_code code = MR_OK;
    mr_name_range_name(range, at, &name);
    if (pair == NULL || (pair->name = keep(p, &name)) == NULL)
        MR_TRY_OUT(no_memory(p));
    const char *strange = mr_inventory_strange_name(pair->name);
    if (strange != NULL)
        MR_TRY_OUT(fail(p, section->line, strange,
                        "It becomes the name of files: write it like [pair shop-00]."));
    pair->line = section->line;
    pair->config = p->config;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_ini_entry *entry = find(section, keys[side]);
        if (entry == NULL)
            MR_TRY_OUT(fail(p, section->line,
                            side == MR_SOURCE ? "the pair has no source" : "the pair has no target",
                            "Write \"source = mysql://…\" and \"target = mysql://…\"."));
        else
            MR_TRY_OUT(expand(p, range, at, entry, &pair->uri[side]));
        MR_TRY_OUT(check_uri(p, entry, pair->uri[side]));
    }
    if (config != NULL) {
        MR_TRY_OUT(expand(p, range, at, config, &pair->config));
        if ((pair->config = path_of(p, pair->config)) == NULL)
            MR_TRY_OUT(no_memory(p));
    }
out:
    mr_strbuf_release(&name);
    return code;
}

/* Is there a number in one of its sides? */
static bool has_number(const struct mr_ini_section *section)
{
    const struct mr_ini_entry *source = find(section, "source"), *target = find(section, "target");
    return (source != NULL && strstr(source->value, "{}") != NULL) ||
           (target != NULL && strstr(target->value, "{}") != NULL);
}

static enum mr_code read_pairs(struct parser *p, const struct mr_ini_section *section)
{
    struct mr_name_range range;
    MR_TRY(check_keys(p, section, pair_keys));
    const char *wrong = mr_name_range_read(section->argument, &range);
    if (wrong != NULL)
        return fail(p, section->line, wrong, "Write a range like [pair shop-{01..63}].");
    if (mr_name_range_count(&range) > MR_INVENTORY_PAIRS - p->out->pairs.count)
        return fail(p, section->line, "more than 100,000 pairs", "Make two inventories of it.");
    if (mr_name_range_count(&range) > 1 && !has_number(section))
        return fail(p, section->line, "all pairs of this range are one and the same",
                    "Write {} in source or target for the number of each.");
    for (uint32_t i = 0; i < mr_name_range_count(&range); i++)
        MR_TRY(add_pair(p, section, &range, i));
    return MR_OK;
}

/* Its name stands for one: the range is the source's. */
static enum mr_code read_map(struct parser *p, const struct mr_ini_section *section)
{
    MR_TRY(check_keys(p, section, map_keys));
    const char *strange = mr_inventory_strange_name(section->argument);
    if (strange != NULL)
        return fail(p, section->line, strange,
                    "It becomes the name of files: write it like [map shop]; the range of its "
                    "sources stands in their URI.");
    if (p->out->pairs.count == MR_INVENTORY_PAIRS)
        return fail(p, section->line, "more than 100,000 pairs", "Make two inventories of it.");
    struct mr_inventory_pair *map = mr_vec_push(&p->out->pairs);
    const struct mr_ini_entry *target = find(section, "target"), *config = find(section, "config");
    if (map == NULL)
        return no_memory(p);
    *map = (struct mr_inventory_pair){
        .name = section->argument, .line = section->line, .config = p->config};
    MR_TRY(mr_inventory_map_uri(section, p->out->path, p->arena, &map->uri[MR_SOURCE], p->err));
    if (target == NULL)
        return fail(p, section->line, "the map has no target",
                    "Write \"target = mysql://db/shop\", with one database.");
    map->uri[MR_TARGET] = target->value;
    MR_TRY(check_map_target(p, target));
    if (config != NULL && (map->config = path_of(p, config->value)) == NULL)
        return no_memory(p);
    return MR_OK;
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b)
{
    const struct mr_inventory_pair *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

/* Also in letters of another case: they are names of files. */
static enum mr_code refuse_twins(const struct parser *p)
{
    const size_t count = p->out->pairs.count;
    const struct mr_inventory_pair **sorted = calloc(count + 1, sizeof *sorted);
    enum mr_code code = MR_OK;
    if (sorted == NULL)
        return no_memory(p);
    for (size_t i = 0; i < count; i++)
        sorted[i] = mr_vec_at(&p->out->pairs, i);
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 1; code == MR_OK && i < count; i++) {
        const struct mr_inventory_pair *a = sorted[i - 1], *b = sorted[i];
        if (by_name(&a, &b) != 0)
            continue;
        (void)mr_err_set(p->err, MR_E_CONFIG, "%s:%u: there is another pair \"%s\", in line %u",
                         p->out->path, a->line > b->line ? a->line : b->line, a->name,
                         a->line > b->line ? b->line : a->line);
        mr_err_hint(p->err, "Give each pair a name of its own; letters of either case are the "
                            "same here.");
        code = MR_E_CONFIG;
    }
    free(sorted);
    return code;
}

static enum mr_code unknown_section(const struct parser *p, const struct mr_ini_section *section)
{
    if (!is_word(section->word))
        return fail(p, section->line, "an unknown section", HINT_SECTIONS);
    (void)mr_err_set(p->err, MR_E_CONFIG, "%s:%u: unknown section [%s]", p->out->path,
                     section->line, section->word);
    mr_err_hint(p->err, HINT_SECTIONS);
    return MR_E_CONFIG;
}

/* [fleet] first, wherever it stands: what it says is for all pairs. */
static enum mr_code read_sections(struct parser *p, const struct mr_ini_section *sections)
{
    const struct mr_ini_section *fleet = NULL;
    for (const struct mr_ini_section *s = sections; s != NULL; s = s->next) {
        if (strcmp(s->word, "fleet") == 0) {
            if (fleet != NULL)
                return fail(p, s->line, "a second [fleet] section", "Join it with the first.");
            fleet = s;
            MR_TRY(read_fleet(p, s));
        } else if (strcmp(s->word, "pair") != 0 && strcmp(s->word, "map") != 0) {
            return unknown_section(p, s);
        }
    }
    for (const struct mr_ini_section *s = sections; s != NULL; s = s->next)
        if (s != fleet)
            MR_TRY(strcmp(s->word, "map") == 0 ? read_map(p, s) : read_pairs(p, s));
    return refuse_twins(p);
}

enum mr_code mr_inventory_parse(const char *text, size_t len, const char *path,
                                struct mr_arena *arena, struct mr_inventory *out,
                                struct mr_err *err)
{
    struct parser p = {.arena = arena, .out = out, .err = err};
    const struct mr_ini_section *sections = NULL;
    *out = (struct mr_inventory){.path = path,
                                 .readers_per_server = READERS,
                                 .pairs = MR_VEC_INIT(struct mr_inventory_pair)};
    enum mr_code code = mr_ini_parse(text, len, path, arena, &sections, err);
    if (code == MR_E_CONFIG)
        mr_err_hint(err, HINT_SECTIONS);
    MR_TRY(code);
    MR_TRY(read_sections(&p, sections));
    if (out->pairs.count > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CONFIG, "inventory \"%s\" names no pair", path);
    mr_err_hint(err, "Write [pair NAME] with source and target.");
    return MR_E_CONFIG;
}

enum mr_code mr_inventory_load(const char *path, struct mr_arena *arena, struct mr_inventory *out,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    *out = (struct mr_inventory){.pairs = MR_VEC_INIT(struct mr_inventory_pair)};
    enum mr_code code = mr_io_read_file(path, MAX_BYTES, &text, err);
    const char *kept = code == MR_OK ? mr_arena_strdup(arena, path) : NULL;
    if (code == MR_OK && kept == NULL)
        code = mr_err_nomem(err, "reading the inventory");
    if (code == MR_OK)
        code = mr_inventory_parse(text.ptr, text.len, kept, arena, out, err);
    else
        mr_err_context(err, "could not load the inventory");
    mr_strbuf_release(&text);
    return code;
}

void mr_inventory_release(struct mr_inventory *inventory)
{
    mr_vec_release(&inventory->pairs);
}
