/*
 * gate_gtid.c: see gate_gtid.h.
 *
 * A set is a list of intervals [lo, hi], each with the name of its source ("uuid",
 * "uuid:tag", "domain-server").  Invariant after parsing: sorted by name, then lo, and
 * intervals of one name neither overlap nor touch; lo is at least 1, and hi at least lo.
 */
#include "recon/gate/gate_gtid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/vec.h"

#define NAME_MAX_BYTES 80 /* a uuid, a colon, a tag of 32 */

struct interval {
    char name[NAME_MAX_BYTES];
    uint64_t lo, hi;
};

static enum mr_code malformed(const char *text, struct mr_err *err)
{
    return mr_err_set(err, MR_E_CHANGED, "\"%.80s\" is no set of GTIDs", text);
}

/* MySQL takes a UUID in any letters; sets are compared by its bytes. */
static enum mr_code push(struct mr_vec *set, const char *name, size_t name_len, uint64_t lo,
                         uint64_t hi, struct mr_err *err)
{
    struct interval *item = mr_vec_push(set);
    if (item == NULL)
        return mr_err_nomem(err, "reading GTIDs");
    memcpy(item->name, name, name_len);
    item->name[name_len] = '\0';
    for (char *c = item->name; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'F')
            *c = (char)(*c - 'A' + 'a');
    item->lo = lo;
    item->hi = hi;
    return MR_OK;
}

static bool parse_uint(const char **at, uint64_t *value)
{
    char *end = NULL;
    if (**at < '0' || **at > '9')
        return false;
    *value = strtoull(*at, &end, 10);
    *at = end;
    return true;
}

/* ":1-5:8", or ":tag:1-5": the intervals behind a uuid, up to its comma. */
static enum mr_code parse_intervals(struct mr_vec *set, const char **at, const char *uuid,
                                    size_t uuid_len, const char *text, struct mr_err *err)
{
    char name[NAME_MAX_BYTES];
    size_t len = uuid_len;
    memcpy(name, uuid, uuid_len);
    while (**at == ':') {
        (*at)++;
        const char *word = *at;
        uint64_t lo, hi;
        size_t word_len = strcspn(word, ":,-");
        const bool is_tag = (*word >= 'a' && *word <= 'z') || *word == '_';
        if (is_tag) {
            if (uuid_len + 1 + word_len >= sizeof name)
                return malformed(text, err);
            name[uuid_len] = ':';
            memcpy(name + uuid_len + 1, word, word_len);
            len = uuid_len + 1 + word_len;
            *at += word_len;
            continue;
        }
        if (!parse_uint(at, &lo))
            return malformed(text, err);
        hi = lo;
        if (**at == '-') {
            (*at)++;
            if (!parse_uint(at, &hi))
                return malformed(text, err);
        }
        if (lo == 0 || lo > hi || hi > INT64_MAX) /* no server numbers so */
            return malformed(text, err);
        MR_TRY(push(set, name, len, lo, hi, err));
    }
    return MR_OK;
}

static enum mr_code parse_mysql(struct mr_vec *set, const char *text, struct mr_err *err)
{
    const char *at = text;
    while (*at != '\0') {
        const char *uuid = at;
        size_t len = strcspn(at, ":,");
        if (len == 0 || len >= 40 || at[len] != ':')
            return malformed(text, err);
        at += len;
        MR_TRY(parse_intervals(set, &at, uuid, len, text, err));
        if (*at == ',')
            at++;
        else if (*at != '\0')
            return malformed(text, err);
    }
    return MR_OK;
}

/* MariaDB tells only the last sequence of a domain and server: all before it are taken to be there,
 * from 1. */
static enum mr_code parse_mariadb(struct mr_vec *set, const char *text, struct mr_err *err)
{
    const char *at = text;
    while (*at != '\0') {
        const char *name = at;
        uint64_t domain, server, sequence;
        if (!parse_uint(&at, &domain) || *at++ != '-' || !parse_uint(&at, &server))
            return malformed(text, err);
        size_t len = (size_t)(at - name);
        if (len >= NAME_MAX_BYTES || *at++ != '-' || !parse_uint(&at, &sequence))
            return malformed(text, err);
        if (sequence > 0)
            MR_TRY(push(set, name, len, 1, sequence, err));
        if (*at == ',')
            at++;
        else if (*at != '\0')
            return malformed(text, err);
    }
    return MR_OK;
}

static int compare(const void *left, const void *right)
{
    const struct interval *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    if (order != 0)
        return order;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

/* Restores the invariant. */
static void normalise(struct mr_vec *set)
{
    struct interval *items = set->items;
    size_t kept = 0;
    if (set->count == 0)
        return;
    qsort(items, set->count, sizeof *items, compare);
    for (size_t i = 1; i < set->count; i++) {
        struct interval *last = &items[kept];
        if (strcmp(last->name, items[i].name) == 0 && items[i].lo - 1 <= last->hi) {
            if (items[i].hi > last->hi)
                last->hi = items[i].hi;
        } else {
            items[++kept] = items[i];
        }
    }
    set->count = kept + 1;
}

/* Line breaks stand in a set wherever MySQL has put them; without blanks there is one way to write
 * it. */
static enum mr_code parse(struct mr_vec *set, enum mr_flavour flavour, const char *text,
                          struct mr_err *err)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    for (const char *c = text; *c != '\0'; c++)
        if (strchr(" \t\r\n", *c) == NULL)
            mr_strbuf_add_char(&plain, *c);
    enum mr_code code = mr_strbuf_check(&plain, "reading GTIDs", err);
    if (code == MR_OK)
        code = flavour == MR_FLAVOUR_MARIADB ? parse_mariadb(set, plain.ptr, err)
                                             : parse_mysql(set, plain.ptr, err);
    mr_strbuf_release(&plain);
    if (code == MR_OK)
        normalise(set);
    return code;
}

struct writer {
    enum mr_flavour flavour;
    struct mr_strbuf *out;
    char last[NAME_MAX_BYTES]; /* the name written last */
    uint64_t count;
};

/* The count stops at its greatest value: what a forged set claims must not come round to a small
 * number. */
static void write_interval(struct writer *w, const char *name, uint64_t lo, uint64_t hi)
{
    struct mr_strbuf *out = w->out;
    const bool same = strcmp(w->last, name) == 0;
    w->count = hi - lo < UINT64_MAX - w->count ? w->count + (hi - lo + 1) : UINT64_MAX;
    if (w->flavour == MR_FLAVOUR_MARIADB) {
        if (w->last[0] != '\0')
            mr_strbuf_add_char(out, ',');
        mr_strbuf_add_fmt(out, "%s-%" PRIu64, name, lo);
        if (hi > lo)
            mr_strbuf_add_fmt(out, "..%" PRIu64, hi);
    } else {
        if (!same && w->last[0] != '\0')
            mr_strbuf_add_char(out, ',');
        if (!same)
            mr_strbuf_add_str(out, name);
        mr_strbuf_add_fmt(out, ":%" PRIu64, lo);
        if (hi > lo)
            mr_strbuf_add_fmt(out, "-%" PRIu64, hi);
    }
    (void)snprintf(w->last, sizeof w->last, "%s", name);
}

/* Of one domain of b, while the names of a are gone through in their order. */
struct domain {
    char name[NAME_MAX_BYTES]; /* of a server in it; "": none yet */
    size_t len;                /* of the part that tells the domain */
    size_t from;               /* where b's next domain may begin */
    uint64_t known;            /* b's greatest number */
};

/* MariaDB numbers the transactions of a domain whoever writes them: a server that b has
 * never heard of began behind what b knows of the domain. */
static uint64_t first_of_stranger(struct domain *d, const struct interval *a,
                                  const struct mr_vec *b)
{
    const struct interval *items = b->items;
    if (d->name[0] == '\0' || strncmp(d->name, a->name, d->len) != 0) {
        memcpy(d->name, a->name, sizeof d->name);
        d->len = (size_t)(strchr(a->name, '-') - a->name) + 1;
        d->known = 0;
        while (d->from < b->count && strncmp(items[d->from].name, a->name, d->len) < 0)
            d->from++;
        for (; d->from < b->count && strncmp(items[d->from].name, a->name, d->len) == 0; d->from++)
            if (items[d->from].hi > d->known)
                d->known = items[d->from].hi;
    }
    return d->known < a->hi ? d->known + 1 : a->hi;
}

/* Does it lie before all that may be left of the interval, and of those that follow it? */
static bool is_before(const struct interval *item, const struct interval *a)
{
    const int order = strcmp(item->name, a->name);
    return order < 0 || (order == 0 && item->hi < a->lo);
}

/* What is left of one interval of a when all of b is taken away; *from is where b's
 * intervals that matter may begin. */
static void subtract_one(struct writer *w, const struct interval *a, const struct mr_vec *b,
                         size_t *from, struct domain *domain)
{
    const struct interval *items = b->items;
    uint64_t lo = a->lo;
    while (*from < b->count && is_before(&items[*from], a))
        (*from)++;
    if (w->flavour == MR_FLAVOUR_MARIADB &&
        (*from == b->count || strcmp(items[*from].name, a->name) != 0))
        lo = first_of_stranger(domain, a, b);
    for (size_t i = *from; i < b->count && strcmp(items[i].name, a->name) == 0; i++) {
        if (items[i].lo > a->hi)
            break;
        if (items[i].lo > lo)
            write_interval(w, a->name, lo, items[i].lo - 1);
        if (items[i].hi >= a->hi)
            return;
        lo = items[i].hi + 1;
    }
    if (lo <= a->hi)
        write_interval(w, a->name, lo, a->hi);
}

enum mr_code mr_gate_gtid_subtract(enum mr_flavour flavour, const char *a, const char *b,
                                   struct mr_strbuf *out, uint64_t *count, struct mr_err *err)
{
    struct mr_vec left = MR_VEC_INIT(struct interval);
    struct mr_vec right = MR_VEC_INIT(struct interval);
    struct writer w = {.flavour = flavour, .out = out};
    struct domain domain = {.len = 0};
    size_t from = 0;
    *count = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(parse(&left, flavour, a, err));
    MR_TRY_OUT(parse(&right, flavour, b, err));
    for (size_t i = 0; i < left.count; i++)
        subtract_one(&w, mr_vec_at(&left, i), &right, &from, &domain);
    *count = w.count;
    MR_TRY_OUT(mr_strbuf_check(out, "comparing GTIDs", err));

out:
    mr_vec_release(&left);
    mr_vec_release(&right);
    return code;
}

/* One item of a set: "uuid:…", or "domain-server-number". */
static bool is_of(enum mr_flavour flavour, const char *item, const char *uuid, uint32_t server_id)
{
    if (flavour == MR_FLAVOUR_MYSQL)
        return uuid[0] != '\0' && strncasecmp(item, uuid, strlen(uuid)) == 0 &&
               item[strlen(uuid)] == ':';
    const char *dash = strchr(item, '-');
    return server_id != 0 && dash != NULL && strtoul(dash + 1, NULL, 10) == server_id;
}

/* What a server has written itself is no news from another one; the set is cut as a text, since
 * only whole members go. */
void mr_gate_gtid_without(enum mr_flavour flavour, const char *set, const char *uuid,
                          uint32_t server_id, struct mr_strbuf *out)
{
    const size_t begin = out->len;
    for (const char *at = set; *at != '\0';) {
        at += strspn(at, ", \t\r\n");
        const size_t len = strcspn(at, ",");
        if (len > 0 && !is_of(flavour, at, uuid, server_id)) {
            if (out->len > begin)
                mr_strbuf_add_char(out, ',');
            mr_strbuf_add(out, at, len);
        }
        at += len;
    }
}

/* All, less those of others: both behind the whole of `before`, since on MariaDB it is by the others'
 * numbers that it is known where a server has begun. */
enum mr_code mr_gate_gtid_own(enum mr_flavour flavour, const char *before, const char *after,
                              const char *uuid, uint32_t server_id, uint64_t *count,
                              struct mr_err *err)
{
    struct mr_strbuf of_others = MR_STRBUF_INIT, more = MR_STRBUF_INIT;
    uint64_t all = 0, others = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gate_gtid_subtract(flavour, after, before, &more, &all, err));
    mr_gate_gtid_without(flavour, after, uuid, server_id, &of_others);
    MR_TRY_OUT(mr_strbuf_check(&of_others, "comparing GTIDs", err));
    mr_strbuf_reset(&more);
    MR_TRY_OUT(mr_gate_gtid_subtract(flavour, of_others.len > 0 ? of_others.ptr : "", before, &more,
                                     &others, err));
    *count = all > others ? all - others : 0;
out:
    mr_strbuf_release(&of_others);
    mr_strbuf_release(&more);
    return code;
}
