/* binlog_json_diff.c: see binlog_json_diff.h. */
#include "core/binlog/binlog_json_diff.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"
#include "core/binlog/binlog_cursor.h"

enum operation { REPLACE, INSERT, REMOVE };

struct node;

struct item {
    struct mr_binlog_json_key key; /* of an object */
    struct node *node;
};

/* A value, as it stands in a document until a path leads through it: then its items. */
struct node {
    struct mr_binlog_json raw;
    bool is_open, is_object;
    struct item *items;
    size_t count, cap;
};

/* One step of a path. */
struct leg {
    bool is_member, from_end;
    struct mr_binlog_json_key key;
    size_t index; /* from_end: of "last-2", 2 */
};

struct patch {
    struct mr_arena arena;
    struct node *root;
    size_t room; /* items that may still be taken apart: a document has no more than bytes */
    struct mr_err *err;
};

static enum mr_code misfit(const struct patch *p, const char *why)
{
    return mr_err_set(p->err, MR_E_BINLOG, "a diff of JSON %s", why);
}

static enum mr_code no_memory(const struct patch *p)
{
    return mr_err_nomem(p->err, "putting JSON of a binary log together");
}

static struct node *new_node(struct patch *p, const struct mr_binlog_json *value)
{
    struct node *node = mr_arena_calloc(&p->arena, 1, sizeof *node);
    if (node != NULL)
        node->raw = *value;
    return node;
}

/* Makes items of a list.  A scalar stays as it is. */
static enum mr_code open_node(struct patch *p, struct node *node)
{
    struct mr_binlog_json_list list;
    bool is_list;
    if (node->is_open)
        return MR_OK;
    if (!mr_binlog_json_list(&node->raw, &list, &is_list))
        return misfit(p, "to a damaged document");
    if (!is_list)
        return MR_OK;
    if (list.count > p->room)
        return misfit(p, "to a document that overlaps itself");
    p->room -= list.count;
    node->items = mr_arena_calloc(&p->arena, list.count + 1, sizeof *node->items);
    if (node->items == NULL)
        return no_memory(p);
    node->cap = list.count + 1;
    for (size_t i = 0; i < list.count; i++) {
        struct mr_binlog_json value;
        if (!mr_binlog_json_item(&list, i, &value) ||
            (list.is_object && !mr_binlog_json_key(&list, i, &node->items[i].key)))
            return misfit(p, "to a damaged document");
        node->items[i].node = new_node(p, &value);
        if (node->items[i].node == NULL)
            return no_memory(p);
    }
    node->count = list.count;
    node->is_object = list.is_object;
    node->is_open = true;
    return MR_OK;
}

/* ---- paths ---- */

static bool take_hex(const char **at, const char *end, uint32_t *value)
{
    char digits[5] = "";
    char *stop = NULL;
    if (end - *at < 4)
        return false;
    memcpy(digits, *at, 4);
    *value = (uint32_t)strtoul(digits, &stop, 16);
    *at += 4;
    return stop == digits + 4;
}

/* Of a code point that an escape gives; halves of a pair are not put together: no server writes them. */
static bool add_code_point(struct mr_strbuf *out, uint32_t c)
{
    if (c >= 0xd800 && c <= 0xdfff)
        return false;
    if (c < 0x80) {
        mr_strbuf_add_char(out, (char)c);
        return true;
    }
    if (c >= 0x800)
        mr_strbuf_add_char(out, (char)(0xe0 | c >> 12));
    mr_strbuf_add_char(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xc0 | c >> 6));
    mr_strbuf_add_char(out, (char)(0x80 | (c & 63)));
    return true;
}

static bool take_escape(const char **at, const char *end, struct mr_strbuf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    uint32_t c;
    if (*at == end)
        return false;
    const char escape = *(*at)++;
    if (escape == 'u')
        return take_hex(at, end, &c) && add_code_point(out, c);
    const char *which = escape != '\0' ? strchr(from, escape) : NULL;
    mr_strbuf_add_char(out, which != NULL ? to[which - from] : escape);
    return true;
}

/* A name in quotes, as a text of JSON; *at stands behind the first of them. */
static bool take_quoted(const char **at, const char *end, struct mr_strbuf *out)
{
    while (*at < end) {
        const char c = *(*at)++;
        if (c == '"')
            return true;
        if (c != '\\')
            mr_strbuf_add_char(out, c);
        else if (!take_escape(at, end, out))
            return false;
    }
    return false;
}

static bool take_member(struct patch *p, const char **at, const char *end, struct leg *leg)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool good = true;
    if (*at < end && **at == '"') {
        (*at)++;
        good = take_quoted(at, end, &name);
    } else {
        while (*at < end && **at != '.' && **at != '[')
            mr_strbuf_add_char(&name, *(*at)++);
    }
    const char *kept = good && !name.failed ? mr_arena_dup(&p->arena, name.ptr, name.len) : NULL;
    *leg = (struct leg){.is_member = true, .key = {kept, name.len}};
    mr_strbuf_release(&name);
    return kept != NULL;
}

/* "0]", "last]", "last-2]": servers log what the statement said. */
static bool take_cell(const char **at, const char *end, struct leg *leg)
{
    static const char last[] = "last";
    const size_t len = sizeof last - 1;
    *leg = (struct leg){.is_member = false};
    leg->from_end = (size_t)(end - *at) > len && memcmp(*at, last, len) == 0;
    if (leg->from_end) {
        *at += len;
        if (**at == ']') {
            (*at)++;
            return true;
        }
        if (*(*at)++ != '-')
            return false;
    }
    const char *from = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (leg->index > UINT32_MAX)
            return false;
        leg->index = leg->index * 10 + (size_t)(**at - '0');
    }
    return *at > from && *at < end && *(*at)++ == ']';
}

static bool take_leg(struct patch *p, const char **at, const char *end, struct leg *leg)
{
    const char c = *(*at)++;
    if (c == '.')
        return take_member(p, at, end, leg);
    return c == '[' && take_cell(at, end, leg);
}

/* ---- steps ---- */

/* Where in an array of so many items; its end: beyond it, behind or before. */
static size_t find_cell(const struct leg *leg, size_t count)
{
    if (leg->index >= count)
        return count;
    return leg->from_end ? count - 1 - leg->index : leg->index;
}

/* An item comes before the one that is there; what is beyond either end of an array is that end. */
static size_t place_of_cell(const struct leg *leg, size_t count)
{
    return leg->from_end && leg->index >= count ? 0 : find_cell(leg, count);
}

/* Which item the leg leads to; count: none. */
static size_t find(const struct node *node, const struct leg *leg)
{
    if (!node->is_open || node->is_object != leg->is_member)
        return node->count;
    if (!leg->is_member)
        return find_cell(leg, node->count);
    size_t i = 0;
    while (i < node->count && (node->items[i].key.len != leg->key.len ||
                               memcmp(node->items[i].key.ptr, leg->key.ptr, leg->key.len) != 0))
        i++;
    return i;
}

/* MySQL's order of keys: the shorter first, then by their bytes. */
static size_t place_of_key(const struct node *node, const struct mr_binlog_json_key *key)
{
    size_t i = 0;
    while (i < node->count && (node->items[i].key.len < key->len ||
                               (node->items[i].key.len == key->len &&
                                memcmp(node->items[i].key.ptr, key->ptr, key->len) < 0)))
        i++;
    return i;
}

static enum mr_code insert(struct patch *p, struct node *node, const struct leg *leg,
                           const struct mr_binlog_json *value)
{
    if (!node->is_open || node->is_object != leg->is_member ||
        (leg->is_member && find(node, leg) < node->count))
        return misfit(p, "that inserts where it cannot");
    if (node->count == node->cap) {
        struct item *grown = mr_arena_calloc(&p->arena, node->cap * 2, sizeof *grown);
        if (grown == NULL)
            return no_memory(p);
        memcpy(grown, node->items, node->count * sizeof *grown);
        node->items = grown;
        node->cap *= 2;
    }
    const size_t at =
        leg->is_member ? place_of_key(node, &leg->key) : place_of_cell(leg, node->count);
    struct node *added = new_node(p, value);
    if (added == NULL)
        return no_memory(p);
    memmove(&node->items[at + 1], &node->items[at], (node->count - at) * sizeof *node->items);
    node->items[at] = (struct item){leg->key, added};
    node->count++;
    return MR_OK;
}

static enum mr_code act(struct patch *p, struct node *parent, const struct leg *leg,
                        enum operation op, const struct mr_binlog_json *value)
{
    MR_TRY(open_node(p, parent));
    if (op == INSERT)
        return insert(p, parent, leg, value);
    const size_t i = find(parent, leg);
    if (i == parent->count)
        return misfit(p, "whose path leads nowhere");
    if (op == REMOVE) {
        parent->count--;
        memmove(&parent->items[i], &parent->items[i + 1],
                (parent->count - i) * sizeof *parent->items);
        return MR_OK;
    }
    *parent->items[i].node = (struct node){.raw = *value};
    return MR_OK;
}

static enum mr_code walk(struct patch *p, const char *at, const char *end, enum operation op,
                         const struct mr_binlog_json *value)
{
    struct node *node = p->root;
    struct leg leg;
    if (at < end && *at == '$')
        at++;
    if (at == end) {
        if (op != REPLACE)
            return misfit(p, "of the document itself");
        *node = (struct node){.raw = *value};
        return MR_OK;
    }
    for (unsigned depth = 0; depth < MR_BINLOG_JSON_DEPTH_MAX; depth++) {
        if (!take_leg(p, &at, end, &leg))
            return misfit(p, "whose path cannot be read");
        if (at == end)
            return act(p, node, &leg, op, value);
        MR_TRY(open_node(p, node));
        const size_t i = find(node, &leg);
        if (i == node->count)
            return misfit(p, "whose path leads nowhere");
        node = node->items[i].node;
    }
    return misfit(p, "whose path is too long");
}

static enum mr_code take_diff(struct patch *p, struct mr_binlog_cursor *c)
{
    struct mr_binlog_json value = {0};
    const unsigned op = (unsigned)mr_binlog_uint(c, 1);
    const uint64_t path_len = mr_binlog_packed(c);
    const uint8_t *path = mr_binlog_take(c, path_len);
    if (path == NULL || op > REMOVE)
        return misfit(p, "that is cut off");
    if (op != REMOVE) {
        const uint64_t len = mr_binlog_packed(c);
        const uint8_t *at = mr_binlog_take(c, len);
        if (at == NULL)
            return misfit(p, "that is cut off");
        mr_binlog_json_open(at, (size_t)len, &value);
    }
    return walk(p, (const char *)path, (const char *)path + path_len, (enum operation)op, &value);
}

/* ---- text ---- */

static bool add_node(struct mr_strbuf *out, const struct node *node, unsigned depth, size_t limit)
{
    if (!node->is_open)
        return mr_binlog_json_add(out, &node->raw, depth, limit);
    if (depth >= MR_BINLOG_JSON_DEPTH_MAX || out->failed)
        return false;
    mr_strbuf_add_char(out, node->is_object ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0)
            mr_strbuf_add_str(out, ", ");
        if (node->is_object) {
            mr_binlog_json_quote(out, node->items[i].key.ptr, node->items[i].key.len);
            mr_strbuf_add_str(out, ": ");
        }
        if (!add_node(out, node->items[i].node, depth + 1, limit))
            return false;
    }
    mr_strbuf_add_char(out, node->is_object ? '}' : ']');
    return out->len <= limit;
}

enum mr_code mr_binlog_json_diff(struct mr_strbuf *out, const uint8_t *before, size_t before_len,
                                 const uint8_t *diffs, size_t diffs_len, struct mr_err *err)
{
    struct patch p = {.arena = MR_ARENA_INIT, .room = before_len + diffs_len, .err = err};
    struct mr_binlog_cursor c = mr_binlog_cursor(diffs, diffs_len);
    struct mr_binlog_json value;
    enum mr_code code = MR_OK;
    mr_binlog_json_open(before, before_len, &value);
    p.root = new_node(&p, &value);
    if (p.root == NULL)
        MR_TRY_OUT(no_memory(&p));
    while (mr_binlog_left(&c) > 0)
        MR_TRY_OUT(take_diff(&p, &c));
    const size_t limit = mr_binlog_json_limit(out, before_len + diffs_len);
    if (!add_node(out, p.root, 0, limit))
        code = out->failed ? no_memory(&p) : misfit(&p, "to a damaged document");
out:
    mr_arena_release(&p.arena);
    return code;
}
