/* binlog_gtid_set.c: see binlog_gtid_set.h. */
#include "core/binlog/binlog_gtid_set.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_MAX ((size_t)1 << 18)
#define SOURCES_MAX ((size_t)1 << 14)

/* Both ends belong to it. */
struct range {
    uint64_t first, last;
};

/* Ranges are sorted, and between two of them a number is missing. */
struct source {
    uint8_t uuid[MR_GTID_UUID_BYTES];
    char tag[MR_GTID_TAG_MAX + 1];
    struct mr_vec ranges;
};

void mr_gtid_set_init(struct mr_gtid_set *set)
{
    *set = (struct mr_gtid_set){.sources = MR_VEC_INIT(struct source)};
}

void mr_gtid_set_release(struct mr_gtid_set *set)
{
    for (size_t i = 0; i < set->sources.count; i++)
        mr_vec_release(&((struct source *)mr_vec_at(&set->sources, i))->ranges);
    mr_vec_release(&set->sources);
    mr_gtid_set_init(set);
}

static enum mr_code too_many(struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED,
                      "a set of GTIDs with more parts than 262,144, or servers than 16,384");
}

/* Makes room at `at`; the item there is zeroed. */
static void *insert(struct mr_vec *vec, size_t at)
{
    if (mr_vec_push(vec) == NULL)
        return NULL;
    char *item = (char *)vec->items + at * vec->item_size;
    memmove(item + vec->item_size, item, (vec->count - 1 - at) * vec->item_size);
    memset(item, 0, vec->item_size);
    return item;
}

/* From `from` on, before `to`. */
static void cut_out(struct mr_vec *vec, size_t from, size_t to)
{
    char *items = vec->items;
    memmove(items + from * vec->item_size, items + to * vec->item_size,
            (vec->count - to) * vec->item_size);
    vec->count -= to - from;
}

static int compare(const struct source *source, const uint8_t *uuid, const char *tag)
{
    const int order = memcmp(source->uuid, uuid, MR_GTID_UUID_BYTES);
    return order != 0 ? order : strcmp(source->tag, tag);
}

/* *at: where it stands, or would stand. */
static struct source *find_source(const struct mr_gtid_set *set, const uint8_t *uuid,
                                  const char *tag, size_t *at)
{
    size_t low = 0, high = set->sources.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        struct source *source = mr_vec_at(&set->sources, middle);
        const int order = compare(source, uuid, tag);
        if (order == 0) {
            *at = middle;
            return source;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return NULL;
}

static enum mr_code get_source(struct mr_gtid_set *set, const uint8_t *uuid, const char *tag,
                               struct source **out, struct mr_err *err)
{
    size_t at = 0;
    *out = find_source(set, uuid, tag, &at);
    if (*out != NULL)
        return MR_OK;
    if (set->sources.count >= SOURCES_MAX)
        return too_many(err);
    *out = insert(&set->sources, at);
    if (*out == NULL)
        return mr_err_nomem(err, "collecting GTIDs");
    memcpy((*out)->uuid, uuid, MR_GTID_UUID_BYTES);
    (void)snprintf((*out)->tag, sizeof(*out)->tag, "%s", tag);
    (*out)->ranges = (struct mr_vec)MR_VEC_INIT(struct range);
    return MR_OK;
}

/* The first range that ends at or behind `number`. */
static size_t find_range(const struct source *source, uint64_t number)
{
    const struct range *ranges = source->ranges.items;
    size_t low = 0, high = source->ranges.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Every range that it overlaps or touches becomes one with it. */
static enum mr_code add_range(struct mr_gtid_set *set, struct source *source, struct range range,
                              struct mr_err *err)
{
    const size_t from = find_range(source, range.first - 1);
    size_t to = from;
    struct range *ranges = source->ranges.items;
    for (; to < source->ranges.count && ranges[to].first <= range.last + 1; to++) {
        range.first = ranges[to].first < range.first ? ranges[to].first : range.first;
        range.last = ranges[to].last > range.last ? ranges[to].last : range.last;
    }
    if (to > from) {
        ranges[from] = range;
        cut_out(&source->ranges, from + 1, to);
        set->nranges -= to - from - 1;
        return MR_OK;
    }
    if (set->nranges >= RANGES_MAX)
        return too_many(err);
    struct range *fresh = insert(&source->ranges, from);
    if (fresh == NULL)
        return mr_err_nomem(err, "collecting GTIDs");
    *fresh = range;
    set->nranges++;
    return MR_OK;
}

/* At most two parts of each range remain. */
static enum mr_code subtract_range(struct mr_gtid_set *set, struct source *source,
                                   struct range range, struct mr_err *err)
{
    const size_t at = find_range(source, range.first);
    struct range *ranges = source->ranges.items;
    if (at == source->ranges.count || ranges[at].first > range.last)
        return MR_OK;
    const uint64_t end = ranges[at].last;
    size_t from = at;
    if (ranges[at].first < range.first) {
        ranges[at].last = range.first - 1;
        from++;
        if (end > range.last) { /* its middle */
            struct range *rest = insert(&source->ranges, from);
            if (rest == NULL)
                return mr_err_nomem(err, "subtracting GTIDs");
            *rest = (struct range){range.last + 1, end};
            set->nranges++;
            return MR_OK;
        }
    }
    size_t to = from;
    while (to < source->ranges.count && ranges[to].last <= range.last)
        to++;
    if (to < source->ranges.count && ranges[to].first <= range.last)
        ranges[to].first = range.last + 1;
    cut_out(&source->ranges, from, to);
    set->nranges -= to - from;
    return MR_OK;
}

enum mr_code mr_gtid_set_add(struct mr_gtid_set *set, const struct mr_gtid *gtid,
                             struct mr_err *err)
{
    struct source *source = NULL;
    if (gtid->family != MR_GTID_OF_MYSQL)
        return MR_OK;
    MR_TRY(get_source(set, gtid->uuid, gtid->tag, &source, err));
    return add_range(set, source, (struct range){gtid->number, gtid->number}, err);
}

enum mr_code mr_gtid_set_add_set(struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < other->sources.count; i++) {
        const struct source *from = mr_vec_at(&other->sources, i);
        const struct range *ranges = from->ranges.items;
        struct source *source = NULL;
        MR_TRY(get_source(set, from->uuid, from->tag, &source, err));
        for (size_t j = 0; j < from->ranges.count; j++)
            MR_TRY(add_range(set, source, ranges[j], err));
    }
    return MR_OK;
}

enum mr_code mr_gtid_set_subtract(struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                  struct mr_err *err)
{
    if (set == other) { /* ranges would be cut out of what is walked */
        mr_gtid_set_release(set);
        return MR_OK;
    }
    for (size_t i = 0; i < other->sources.count; i++) {
        const struct source *from = mr_vec_at(&other->sources, i);
        const struct range *ranges = from->ranges.items;
        size_t at = 0;
        struct source *source = find_source(set, from->uuid, from->tag, &at);
        for (size_t j = 0; source != NULL && j < from->ranges.count; j++)
            MR_TRY(subtract_range(set, source, ranges[j], err));
    }
    return MR_OK;
}

static bool has_range(const struct mr_gtid_set *set, const uint8_t *uuid, const char *tag,
                      struct range range)
{
    size_t at = 0;
    const struct source *source = find_source(set, uuid, tag, &at);
    if (source == NULL)
        return false;
    const struct range *ranges = source->ranges.items;
    at = find_range(source, range.first);
    return at < source->ranges.count && ranges[at].first <= range.first &&
           ranges[at].last >= range.last;
}

bool mr_gtid_set_has(const struct mr_gtid_set *set, const struct mr_gtid *gtid)
{
    return gtid->family == MR_GTID_OF_MYSQL &&
           has_range(set, gtid->uuid, gtid->tag, (struct range){gtid->number, gtid->number});
}

bool mr_gtid_set_contains(const struct mr_gtid_set *set, const struct mr_gtid_set *other)
{
    for (size_t i = 0; i < other->sources.count; i++) {
        const struct source *source = mr_vec_at(&other->sources, i);
        const struct range *ranges = source->ranges.items;
        for (size_t j = 0; j < source->ranges.count; j++)
            if (!has_range(set, source->uuid, source->tag, ranges[j]))
                return false;
    }
    return true;
}

bool mr_gtid_set_is_empty(const struct mr_gtid_set *set)
{
    return set->nranges == 0;
}

/* 0: none. */
static uint64_t last_shared(const struct source *a, const struct source *b)
{
    const struct range *of_a = a->ranges.items, *of_b = b->ranges.items;
    size_t i = a->ranges.count, k = b->ranges.count;
    while (i > 0 && k > 0) {
        const struct range *x = &of_a[i - 1], *y = &of_b[k - 1];
        const uint64_t last = x->last < y->last ? x->last : y->last;
        if (last >= x->first && last >= y->first)
            return last;
        if (x->first > y->first)
            i--;
        else
            k--;
    }
    return 0;
}

enum mr_code mr_gtid_set_last_shared(const struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                     struct mr_vec *last, struct mr_err *err)
{
    for (size_t i = 0; i < set->sources.count; i++) {
        const struct source *source = mr_vec_at(&set->sources, i);
        size_t at = 0;
        const struct source *there = find_source(other, source->uuid, source->tag, &at);
        const uint64_t number = there != NULL ? last_shared(source, there) : 0;
        struct mr_gtid *gtid = number > 0 ? mr_vec_push(last) : NULL;
        if (number == 0)
            continue;
        if (gtid == NULL)
            return mr_err_nomem(err, "collecting GTIDs");
        *gtid = (struct mr_gtid){.family = MR_GTID_OF_MYSQL, .number = number};
        memcpy(gtid->uuid, source->uuid, sizeof gtid->uuid);
        memcpy(gtid->tag, source->tag, sizeof gtid->tag);
    }
    return MR_OK;
}

/* A tag stands behind the uuid that the one before it had. */
void mr_gtid_set_add_text(struct mr_strbuf *out, const struct mr_gtid_set *set)
{
    const struct source *before = NULL;
    for (size_t i = 0; i < set->sources.count; i++) {
        const struct source *source = mr_vec_at(&set->sources, i);
        const struct range *ranges = source->ranges.items;
        if (source->ranges.count == 0)
            continue;
        if (before == NULL || memcmp(before->uuid, source->uuid, MR_GTID_UUID_BYTES) != 0) {
            if (before != NULL)
                mr_strbuf_add_char(out, ',');
            mr_gtid_add_uuid(out, source->uuid);
        }
        if (source->tag[0] != '\0')
            mr_strbuf_add_fmt(out, ":%s", source->tag);
        for (size_t j = 0; j < source->ranges.count; j++) {
            mr_strbuf_add_char(out, ':');
            mr_strbuf_add_uint(out, ranges[j].first);
            if (ranges[j].last > ranges[j].first) {
                mr_strbuf_add_char(out, '-');
                mr_strbuf_add_uint(out, ranges[j].last);
            }
        }
        before = source;
    }
}

/* ---- a PREVIOUS_GTIDS ---- */

/* The number of sources, and, in the top byte, whether they have tags; then the number stands in
 * the six bytes between two that say so. */
static uint64_t read_count(struct mr_binlog_cursor *c, bool *has_tags)
{
    const uint64_t value = mr_binlog_uint(c, 8);
    *has_tags = value >> 56 == 1;
    if (value >> 56 > 1 || (*has_tags && (value & 0xff) != 1))
        c->failed = true;
    return *has_tags ? value >> 8 & 0xffffffffffff : value;
}

/* Each range is its first number and the one behind its last; servers write them in order. */
static enum mr_code read_source(struct mr_gtid_set *set, struct mr_binlog_cursor *c, bool has_tags,
                                struct mr_err *err)
{
    char tag[MR_GTID_TAG_MAX + 1] = "";
    struct source *source = NULL;
    const uint8_t *uuid = mr_binlog_take(c, MR_GTID_UUID_BYTES);
    const uint64_t tag_len = has_tags ? mr_binlog_varint(c) : 0;
    const uint8_t *tag_at = mr_binlog_take(c, tag_len);
    uint64_t count = mr_binlog_uint(c, 8);
    c->failed =
        c->failed || (tag_len > 0 && !mr_gtid_is_tag((const char *)tag_at, (size_t)tag_len));
    if (c->failed)
        return MR_OK;
    if (tag_len > 0)
        memcpy(tag, tag_at, (size_t)tag_len);
    MR_TRY(get_source(set, uuid, tag, &source, err));
    for (uint64_t before = 0; count > 0 && !c->failed; count--) {
        const uint64_t first = mr_binlog_uint(c, 8), behind = mr_binlog_uint(c, 8);
        if (c->failed || first <= before || behind <= first || behind > MR_GTID_NUMBER_MAX + 1)
            c->failed = true;
        else
            MR_TRY(add_range(set, source, (struct range){first, behind - 1}, err));
        before = behind;
    }
    return MR_OK;
}

enum mr_code mr_gtid_set_read(struct mr_gtid_set *set, const struct mr_binlog_event *event,
                              struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    bool has_tags = false;
    for (uint64_t count = read_count(&c, &has_tags); count > 0 && !c.failed; count--)
        MR_TRY(read_source(set, &c, has_tags, err));
    if (c.failed || mr_binlog_left(&c) > 0)
        return mr_binlog_damaged(&event->place, "a set of GTIDs that cannot be one", err);
    return MR_OK;
}

/* ---- text ---- */

struct text {
    const char *begin, *at, *end;
    bool failed;
};

static void skip_space(struct text *t)
{
    while (t->at < t->end && isspace((unsigned char)*t->at))
        t->at++;
}

/* That character, with white space around it. */
static bool take(struct text *t, char c)
{
    skip_space(t);
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    skip_space(t);
    return true;
}

static bool is_digit_next(const struct text *t)
{
    return t->at < t->end && *t->at >= '0' && *t->at <= '9';
}

static uint64_t take_number(struct text *t, uint64_t most)
{
    uint64_t value = 0;
    t->failed = t->failed || !is_digit_next(t);
    for (; !t->failed && is_digit_next(t); t->at++) {
        const unsigned digit = (unsigned)(*t->at - '0');
        t->failed = value > (most - digit) / 10;
        value = t->failed ? 0 : value * 10 + digit;
    }
    return value;
}

static unsigned hex_of(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

/* With its four dashes, in braces or not; or without dashes and braces. */
static void take_uuid(struct text *t, uint8_t uuid[MR_GTID_UUID_BYTES])
{
    const bool has_brace = t->at < t->end && *t->at == '{';
    t->at += has_brace ? 1 : 0;
    const bool has_dashes = has_brace || (t->end - t->at > 8 && t->at[8] == '-');
    for (size_t i = 0; i < MR_GTID_UUID_BYTES && !t->failed; i++) {
        if (has_dashes && (i == 4 || i == 6 || i == 8 || i == 10)) {
            t->failed = t->at == t->end || *t->at != '-';
            t->at += t->failed ? 0 : 1;
        }
        t->failed =
            t->failed || t->end - t->at < 2 || hex_of(t->at[0]) > 15 || hex_of(t->at[1]) > 15;
        if (!t->failed)
            uuid[i] = (uint8_t)(hex_of(t->at[0]) << 4 | hex_of(t->at[1]));
        t->at += t->failed ? 0 : 2;
    }
    if (has_brace && !t->failed) {
        t->failed = t->at == t->end || *t->at != '}';
        t->at += t->failed ? 0 : 1;
    }
}

/* In lower case, as the server keeps it. */
static void take_tag(struct text *t, char tag[MR_GTID_TAG_MAX + 1])
{
    size_t len = 0;
    while (t->at < t->end && (isalnum((unsigned char)*t->at) || *t->at == '_')) {
        if (len < MR_GTID_TAG_MAX)
            tag[len] = (char)tolower((unsigned char)*t->at);
        len++;
        t->at++;
    }
    t->failed = t->failed || len > MR_GTID_TAG_MAX || !mr_gtid_is_tag(tag, len);
    tag[len <= MR_GTID_TAG_MAX ? len : 0] = '\0';
}

static void take_range(struct text *t, struct range *range)
{
    range->first = take_number(t, MR_GTID_NUMBER_MAX);
    range->last = range->first;
    t->failed = t->failed || range->first == 0;
    if (!t->failed && take(t, '-'))
        range->last = take_number(t, MR_GTID_NUMBER_MAX);
}

/* A uuid, then ranges and tags; a tag holds for the ranges behind it. */
static enum mr_code take_source(struct mr_gtid_set *set, struct text *t, struct mr_err *err)
{
    uint8_t uuid[MR_GTID_UUID_BYTES] = {0};
    char tag[MR_GTID_TAG_MAX + 1] = "";
    take_uuid(t, uuid);
    while (!t->failed && take(t, ':')) {
        if (!is_digit_next(t)) {
            take_tag(t, tag);
            continue;
        }
        struct range range = {0, 0};
        struct source *source = NULL;
        take_range(t, &range);
        if (t->failed || range.last < range.first)
            continue;
        MR_TRY(get_source(set, uuid, tag, &source, err));
        MR_TRY(add_range(set, source, range, err));
    }
    return MR_OK;
}

static enum mr_code malformed(const struct text *t, const char *what, struct mr_err *err)
{
    const int len = (int)(t->end - t->begin < 200 ? t->end - t->begin : 200);
    return mr_err_set(err, MR_E_USAGE, "\"%.*s\" is no %s: see character %zu", len, t->begin, what,
                      (size_t)(t->at - t->begin) + 1);
}

enum mr_code mr_gtid_set_parse(struct mr_gtid_set *set, const char *ptr, size_t len,
                               struct mr_err *err)
{
    struct text t = {.begin = ptr, .at = ptr, .end = ptr + len};
    for (skip_space(&t); t.at < t.end; skip_space(&t)) {
        if (take(&t, ','))
            continue;
        MR_TRY(take_source(set, &t, err));
        if (t.failed || (t.at < t.end && *t.at != ','))
            return malformed(&t, "set of GTIDs", err);
    }
    return MR_OK;
}

/* ---- MariaDB ---- */

struct last {
    uint32_t domain, server;
    uint64_t sequence;
};

void mr_gtid_state_init(struct mr_gtid_state *state)
{
    *state = (struct mr_gtid_state){.last = MR_VEC_INIT(struct last)};
}

void mr_gtid_state_release(struct mr_gtid_state *state)
{
    mr_vec_release(&state->last);
    mr_gtid_state_init(state);
}

static struct last *find_last(const struct mr_gtid_state *state, uint32_t domain, uint32_t server,
                              size_t *at)
{
    const uint64_t wanted = (uint64_t)domain << 32 | server;
    struct last *items = state->last.items;
    size_t low = 0, high = state->last.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const uint64_t here = (uint64_t)items[middle].domain << 32 | items[middle].server;
        if (here < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    if (low == state->last.count || items[low].domain != domain || items[low].server != server)
        return NULL;
    return &items[low];
}

static enum mr_code put_last(struct mr_gtid_state *state, struct last last, struct mr_err *err)
{
    size_t at = 0;
    struct last *there = find_last(state, last.domain, last.server, &at);
    if (there == NULL) {
        if (state->last.count >= SOURCES_MAX)
            return too_many(err);
        there = insert(&state->last, at);
        if (there == NULL)
            return mr_err_nomem(err, "collecting GTIDs");
        *there = last;
    }
    there->sequence = last.sequence > there->sequence ? last.sequence : there->sequence;
    return MR_OK;
}

enum mr_code mr_gtid_state_parse(struct mr_gtid_state *state, const char *ptr, size_t len,
                                 struct mr_err *err)
{
    struct text t = {.begin = ptr, .at = ptr, .end = ptr + len};
    for (skip_space(&t); t.at < t.end; skip_space(&t)) {
        struct last last = {0};
        if (take(&t, ','))
            continue;
        last.domain = (uint32_t)take_number(&t, UINT32_MAX);
        t.failed = t.failed || !take(&t, '-');
        last.server = (uint32_t)take_number(&t, UINT32_MAX);
        t.failed = t.failed || !take(&t, '-');
        last.sequence = take_number(&t, UINT64_MAX);
        skip_space(&t);
        if (t.failed || (t.at < t.end && *t.at != ','))
            return malformed(&t, "list of GTIDs", err);
        MR_TRY(put_last(state, last, err));
    }
    return MR_OK;
}

/* The four highest bits of the count are flags. */
enum mr_code mr_gtid_state_read(struct mr_gtid_state *state, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    const uint64_t count = mr_binlog_uint(&c, 4) & 0xfffffff;
    if (count > mr_binlog_left(&c) / 16)
        c.failed = true;
    for (uint64_t i = 0; i < count && !c.failed; i++) {
        struct last last = {.domain = (uint32_t)mr_binlog_uint(&c, 4)};
        last.server = (uint32_t)mr_binlog_uint(&c, 4);
        last.sequence = mr_binlog_uint(&c, 8);
        MR_TRY(put_last(state, last, err));
    }
    return c.failed ? mr_binlog_damaged(&event->place, "a list of GTIDs that is cut off", err)
                    : MR_OK;
}

enum mr_code mr_gtid_state_add(struct mr_gtid_state *state, const struct mr_gtid *gtid,
                               struct mr_err *err)
{
    if (gtid->family != MR_GTID_OF_MARIADB)
        return MR_OK;
    return put_last(state, (struct last){gtid->domain, gtid->server, gtid->sequence}, err);
}

static bool covers(const struct mr_gtid_state *state, const struct last *last)
{
    size_t at = 0;
    const struct last *there = find_last(state, last->domain, last->server, &at);
    return there != NULL && there->sequence >= last->sequence;
}

bool mr_gtid_state_covers(const struct mr_gtid_state *state, const struct mr_gtid *gtid)
{
    const struct last last = {gtid->domain, gtid->server, gtid->sequence};
    return gtid->family == MR_GTID_OF_MARIADB && covers(state, &last);
}

bool mr_gtid_state_contains(const struct mr_gtid_state *state, const struct mr_gtid_state *other)
{
    const struct last *items = other->last.items;
    for (size_t i = 0; i < other->last.count; i++)
        if (!covers(state, &items[i]))
            return false;
    return true;
}

/* The first of a domain, or NULL. */
static const struct last *find_domain(const struct mr_gtid_state *state, uint32_t domain)
{
    const struct last *items = state->last.items;
    size_t at = 0;
    (void)find_last(state, domain, 0, &at); /* or where the domain's would stand */
    return at < state->last.count && items[at].domain == domain ? &items[at] : NULL;
}

bool mr_gtid_state_contains_shared(const struct mr_gtid_state *state,
                                   const struct mr_gtid_state *other)
{
    const struct last *items = other->last.items;
    for (size_t i = 0; i < other->last.count; i++)
        if (find_domain(state, items[i].domain) != NULL && !covers(state, &items[i]))
            return false;
    return true;
}

bool mr_gtid_state_is_empty(const struct mr_gtid_state *state)
{
    return state->last.count == 0;
}

enum mr_code mr_gtid_state_last_shared(const struct mr_gtid_state *state,
                                       const struct mr_gtid_state *other, struct mr_vec *last,
                                       struct mr_err *err)
{
    const struct last *items = state->last.items;
    for (size_t i = 0; i < state->last.count; i++) {
        size_t at = 0;
        const struct last *there = find_last(other, items[i].domain, items[i].server, &at);
        if (there == NULL)
            continue;
        struct mr_gtid *gtid = mr_vec_push(last);
        if (gtid == NULL)
            return mr_err_nomem(err, "collecting GTIDs");
        *gtid = (struct mr_gtid){.family = MR_GTID_OF_MARIADB,
                                 .domain = items[i].domain,
                                 .server = items[i].server,
                                 .sequence = items[i].sequence < there->sequence ? items[i].sequence
                                                                                 : there->sequence};
    }
    return MR_OK;
}

void mr_gtid_state_add_text(struct mr_strbuf *out, const struct mr_gtid_state *state)
{
    const struct last *items = state->last.items;
    for (size_t i = 0; i < state->last.count; i++) {
        const struct mr_gtid gtid = {.family = MR_GTID_OF_MARIADB,
                                     .domain = items[i].domain,
                                     .server = items[i].server,
                                     .sequence = items[i].sequence};
        if (i > 0)
            mr_strbuf_add_char(out, ',');
        mr_gtid_add_text(out, &gtid);
    }
}

/* Either family has an event of its own. */
enum mr_code mr_gtid_before_text(const struct mr_binlog_event *event, struct mr_strbuf *out,
                                 struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    enum mr_code code;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    if (event->type == MR_BINLOG_PREVIOUS_GTIDS) {
        code = mr_gtid_set_read(&set, event, err);
        mr_gtid_set_add_text(out, &set);
    } else {
        code = mr_gtid_state_read(&state, event, err);
        mr_gtid_state_add_text(out, &state);
    }
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code != MR_OK ? code : mr_strbuf_check(out, "reading a binary log", err);
}

/* ---- MariaDB's positions ---- */

void mr_gtid_pos_init(struct mr_gtid_pos *pos)
{
    mr_gtid_state_init(&pos->last);
}

void mr_gtid_pos_release(struct mr_gtid_pos *pos)
{
    mr_gtid_state_release(&pos->last);
}

enum mr_code mr_gtid_pos_parse(struct mr_gtid_pos *pos, const char *ptr, size_t len,
                               struct mr_err *err)
{
    MR_TRY(mr_gtid_state_parse(&pos->last, ptr, len, err));
    const struct last *items = pos->last.last.items;
    for (size_t i = 1; i < pos->last.last.count; i++)
        if (items[i].domain == items[i - 1].domain)
            return mr_err_set(err, MR_E_USAGE,
                              "\"%.*s\" is no position: it has two servers of domain %u",
                              (int)(len < 200 ? len : 200), ptr, (unsigned)items[i].domain);
    return MR_OK;
}

bool mr_gtid_pos_covers(const struct mr_gtid_pos *pos, uint32_t domain, uint64_t sequence)
{
    const struct last *last = find_domain(&pos->last, domain);
    return last != NULL && last->sequence >= sequence;
}

bool mr_gtid_pos_contains(const struct mr_gtid_pos *pos, const struct mr_gtid_pos *other)
{
    const struct last *items = other->last.last.items;
    for (size_t i = 0; i < other->last.last.count; i++)
        if (!mr_gtid_pos_covers(pos, items[i].domain, items[i].sequence))
            return false;
    return true;
}
