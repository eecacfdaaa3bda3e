/* shards.c: see shards.h. */
#include "core/source/shards.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/name_range.h"

#define DOING "reading the sources of a map"
#define ARROW "->"

static enum mr_code refuse(const char *what, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "%s", what);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

/* ---- sources ---- */

/* What is kept in cases and plans has no password, and runs nothing. */
static enum mr_code check_server(const struct mr_endpoint *ep, struct mr_err *err)
{
    if (ep->kind != MR_ENDPOINT_MYSQL)
        return refuse("the sources of a map are no servers",
                      "Only mysql:// makes one source of many.", err);
    if (ep->password != NULL || ep->password_command != NULL)
        return refuse("a password in the URI of many sources",
                      "Give it by MYRECON_SOURCE_PASSWORD, --password-command or an option file.",
                      err);
    return ep->ndbs == 1 ? MR_OK
                         : refuse("each source of a map is one database",
                                  "Write it behind the host: mysql://db/shop_{00..15}.", err);
}

static enum mr_code add_server(struct mr_shards *out, const struct mr_name_range *range,
                               uint32_t at, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT, uri = MR_STRBUF_INIT, label = MR_STRBUF_INIT;
    struct mr_endpoint *ep = &out->servers[out->nservers];
    enum mr_code code = MR_OK;
    mr_name_range_name(range, at, &name);
    if (!mr_name_range_value(range, at, name.ptr, &uri))
        MR_TRY_OUT(
            refuse("{} in the URI of a source, and no range", "Write it like shop_{00..15}.", err));
    if (range->behind != NULL)
        (void)mr_name_range_value(range, at, "{}", &label);
    out->labels[out->nservers] = mr_arena_strdup(arena, label.ptr);
    MR_TRY_OUT(name.failed || uri.failed || label.failed || out->labels[out->nservers] == NULL
                   ? mr_err_nomem(err, DOING)
                   : MR_OK);
    MR_TRY_OUT(mr_endpoint_parse(ep, uri.ptr, err));
    out->nservers++;
    MR_TRY_OUT(check_server(ep, err));
out:
    mr_strbuf_release(&name);
    mr_strbuf_release(&uri);
    mr_strbuf_release(&label);
    return code;
}

/* {} may stand on both sides of the range, which mr_name_range_read() takes for a second one: what it
 * does not need to know is hidden from it. */
static char *hide_numbers(const char *uri, struct mr_arena *arena)
{
    char *text = mr_arena_strdup(arena, uri);
    for (char *at = text; text != NULL && (at = strstr(at, "{}")) != NULL; at += 2)
        at[0] = at[1] = '\1';
    return text;
}

static void show_numbers(char *text)
{
    for (; *text != '\0'; text++)
        if (text[0] == '\1' && text[1] == '\1') {
            text[0] = '{';
            text[1] = '}';
        }
}

static enum mr_code read_servers(char *uri, struct mr_arena *arena, struct mr_shards *out,
                                 struct mr_err *err)
{
    struct mr_name_range range;
    char *text = hide_numbers(uri, arena);
    if (text == NULL)
        return mr_err_nomem(err, DOING);
    const char *wrong = mr_name_range_read(text, &range);
    if (wrong != NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "%s in the URI of the sources", wrong);
        mr_err_hint(err, "One range makes sources of it, {} is the number of each: "
                         "mysql://db{00..15}/shop_{}.");
        return MR_E_USAGE;
    }
    show_numbers(text);
    if (mr_name_range_count(&range) > MR_SHARDS_MAX)
        return refuse("more than 256 sources of one map", "Make several maps of it.", err);
    out->servers = calloc((size_t)mr_name_range_count(&range), sizeof *out->servers);
    out->labels = mr_arena_calloc(arena, (size_t)mr_name_range_count(&range), sizeof(char *));
    if (out->servers == NULL || out->labels == NULL)
        return mr_err_nomem(err, DOING);
    for (uint32_t i = 0; i < mr_name_range_count(&range); i++)
        MR_TRY(add_server(out, &range, i, arena, err));
    return MR_OK;
}

/* ---- tables ---- */

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Without %XX, in the arena; NULL: memory, or a bad one (*bad). */
static char *decode(const char *text, struct mr_arena *arena, bool *bad)
{
    char *out = mr_arena_strdup(arena, text), *end = out;
    *bad = false;
    for (const char *at = text; out != NULL && *at != '\0'; at++) {
        *end++ = *at;
        if (*at != '%')
            continue;
        const int high = digit(at[1]), low = high >= 0 ? digit(at[2]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            *bad = true;
            return NULL;
        }
        end[-1] = (char)(high * 16 + low);
        at += 2;
    }
    if (out != NULL)
        *end = '\0';
    return out;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    text[len] = '\0';
    return text;
}

static enum mr_code refuse_table(const char *name, const char *what, const char *hint,
                                 struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "table \"%s\" of the map: %s", name, what);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static enum mr_code name_of(const struct mr_strbuf *text, struct mr_arena *arena, const char **out,
                            struct mr_err *err)
{
    bool bad = false;
    *out = text->failed ? NULL : decode(text->ptr, arena, &bad);
    if (bad)
        return refuse_table(text->ptr, "a bad %XX", "Write a percent sign itself as %25.", err);
    return *out != NULL ? MR_OK : mr_err_nomem(err, DOING);
}

static enum mr_code add_table(const struct mr_name_range *range, uint32_t at, const char *right,
                              struct mr_arena *arena, struct mr_shards *out, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    struct mr_shards_table table = {0};
    enum mr_code code = MR_OK;
    mr_name_range_name(range, at, &name);
    MR_TRY_OUT(name_of(&name, arena, &table.source, err));
    if (!mr_name_range_value(range, at, right, &target))
        MR_TRY_OUT(refuse_table(table.source, "{} on the right, and no range on the left",
                                "Write a range on the left: orders_{0..9} -> orders_{}.", err));
    if (strpbrk(target.ptr, "{}") != NULL)
        MR_TRY_OUT(refuse_table(table.source, "a range on the right",
                                "What is on the left is one table: orders_{0..9} -> orders.", err));
    if (strcmp(target.ptr, "none") != 0)
        MR_TRY_OUT(name_of(&target, arena, &table.target, err));
    if (out->tables.count == MR_SHARDS_TABLES)
        MR_TRY_OUT(refuse("more than 100,000 tables of one map", "Make several maps of it.", err));
    struct mr_shards_table *slot = mr_vec_push(&out->tables);
    if (slot == NULL)
        MR_TRY_OUT(mr_err_nomem(err, DOING));
    else
        *slot = table;
out:
    mr_strbuf_release(&name);
    mr_strbuf_release(&target);
    return code;
}

/* "orders_{0..9} -> orders" */
static enum mr_code read_entry(char *entry, struct mr_arena *arena, struct mr_shards *out,
                               struct mr_err *err)
{
    struct mr_name_range range;
    char *arrow = strstr(entry, ARROW);
    if (arrow != NULL)
        *arrow = '\0';
    const char *left = trim(entry), *right = arrow != NULL ? trim(arrow + strlen(ARROW)) : "";
    if (left[0] == '\0' || right[0] == '\0')
        return refuse_table(left, "it is mapped to nothing",
                            "Write SOURCE'S NAME -> TARGET'S NAME, or -> none where it is not "
                            "meant.",
                            err);
    const char *wrong = mr_name_range_read(left, &range);
    if (wrong != NULL)
        return refuse_table(left, wrong, "Write a range like orders_{0..9} -> orders.", err);
    if (mr_name_range_count(&range) > MR_SHARDS_TABLES)
        return refuse_table(left, "a range of more than 100,000", "Make several maps of it.", err);
    for (uint32_t i = 0; i < mr_name_range_count(&range); i++)
        MR_TRY(add_table(&range, i, right, arena, out, err));
    return MR_OK;
}

static int by_source(const void *a, const void *b)
{
    return strcmp(((const struct mr_shards_table *)a)->source,
                  ((const struct mr_shards_table *)b)->source);
}

static enum mr_code refuse_twice(const struct mr_shards *shards, struct mr_arena *arena,
                                 struct mr_err *err)
{
    const size_t count = shards->tables.count;
    struct mr_shards_table *sorted = (struct mr_shards_table *)(void *)mr_arena_dup(
        arena, shards->tables.items, count * sizeof *sorted);
    if (sorted == NULL)
        return mr_err_nomem(err, DOING);
    qsort(sorted, count, sizeof *sorted, by_source);
    for (size_t i = 1; i < count; i++)
        if (by_source(&sorted[i - 1], &sorted[i]) == 0)
            return refuse_table(sorted[i].source, "it is mapped twice",
                                "The rows of a table belong to one table.", err);
    return MR_OK;
}

static enum mr_code read_tables(char *text, struct mr_arena *arena, struct mr_shards *out,
                                struct mr_err *err)
{
    for (char *entry = text, *next; entry != NULL; entry = next) {
        next = strchr(entry, ',');
        if (next != NULL)
            *next++ = '\0';
        MR_TRY(read_entry(entry, arena, out, err));
    }
    return refuse_twice(out, arena, err);
}

enum mr_code mr_shards_parse(const char *text, struct mr_arena *arena, struct mr_shards *out,
                             struct mr_err *err)
{
    *out = (struct mr_shards){.tables = MR_VEC_INIT(struct mr_shards_table)};
    char *copy = mr_arena_strdup(arena, text);
    if (copy == NULL)
        return mr_err_nomem(err, DOING);
    char *tables = strchr(copy, '#');
    if (tables == NULL)
        return refuse("many sources, and no tables of theirs behind #",
                      "Write which make which: shards:mysql://…#orders_{0..9}->orders.", err);
    *tables++ = '\0';
    MR_TRY(read_servers(copy, arena, out, err));
    return read_tables(tables, arena, out, err);
}

void mr_shards_release(struct mr_shards *shards)
{
    for (size_t i = 0; i < shards->nservers; i++)
        mr_endpoint_release(&shards->servers[i]);
    free(shards->servers);
    mr_vec_release(&shards->tables);
    shards->servers = NULL;
    shards->nservers = 0;
}

const struct mr_shards_table *mr_shards_find(const struct mr_shards *shards, const char *source)
{
    for (size_t i = 0; i < shards->tables.count; i++) {
        const struct mr_shards_table *table = mr_vec_at(&shards->tables, i);
        if (strcmp(table->source, source) == 0)
            return table;
    }
    return NULL;
}

bool mr_shards_makes(const struct mr_shards *shards, const char *target)
{
    for (size_t i = 0; i < shards->tables.count; i++) {
        const struct mr_shards_table *table = mr_vec_at(&shards->tables, i);
        if (table->target != NULL && strcmp(table->target, target) == 0)
            return true;
    }
    return false;
}
