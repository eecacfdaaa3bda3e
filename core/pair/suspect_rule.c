/* suspect_rule.c: see suspect_rule.h. */
#include "core/pair/suspect_rule.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum {
    WORD_MAX = 32,
    FEWEST = 5,     /* distinct values that say anything at all */
    FEW = 50,       /* distinct values of a list of states */
    SMALL = 1000,   /* values of a quantity */
    HUNDREDS = 200, /* distinct values */
    FIRST_YEAR = 1900,
    LAST_YEAR = 2100
};

static const char *const ids[] = {"id", "ids", "ref", "fk", "uid", "oid"};

static const char *const roles[] = {
    "account",    "actor",    "admin",    "agent",    "approver",    "assignee",  "author",
    "borrower",   "buyer",    "by",       "client",   "contact",     "creator",   "customer",
    "donor",      "driver",   "editor",   "employee", "followee",    "follower",  "friend",
    "from",       "guest",    "holder",   "host",     "inviter",     "lender",    "manager",
    "member",     "operator", "owner",    "parent",   "participant", "partner",   "patient",
    "payee",      "payer",    "person",   "player",   "publisher",   "recipient", "referer",
    "referrer",   "reporter", "reviewer", "seller",   "sender",      "sponsor",   "student",
    "subscriber", "supplier", "teacher",  "tenant",   "to",          "uploader",  "user",
    "vendor",     "who",      "winner"};

static const char *const quantities[] = {
    "age",      "amount",  "attempts", "balance", "bytes",    "cents",    "code",     "cost",
    "count",    "credits", "day",      "days",    "depth",    "discount", "duration", "flag",
    "flags",    "height",  "hits",     "hour",    "hours",    "index",    "length",   "level",
    "lft",      "likes",   "limit",    "line",    "max",      "min",      "minutes",  "month",
    "no",       "num",     "number",   "order",   "page",     "pages",    "percent",  "points",
    "position", "price",   "priority", "qty",     "quantity", "rank",     "rate",     "rating",
    "rgt",      "salary",  "score",    "seconds", "seq",      "sequence", "size",     "sort",
    "state",    "status",  "step",     "stock",   "sum",      "tax",      "total",    "version",
    "views",    "votes",   "week",     "weight",  "width",    "year",     "zip"};

static bool is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}
#define IS_AMONG(word, list) is_among(word, list, sizeof list / sizeof list[0])

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Takes the last word of the name's first *len bytes, in lower case, and shortens them. */
static void take_word(const char *name, size_t *len, char word[WORD_MAX])
{
    size_t end = *len, from = end;
    while (from > 0 && name[from - 1] != '_') {
        from--;
        if (is_upper(name[from]) && from > 0 && !is_upper(name[from - 1]))
            break;
    }
    size_t n = end - from < WORD_MAX ? end - from : WORD_MAX - 1;
    for (size_t i = 0; i < n; i++)
        word[i] = is_upper(name[from + i]) ? (char)(name[from + i] + 32) : name[from + i];
    word[n] = '\0';
    while (from > 0 && name[from - 1] == '_')
        from--;
    *len = from;
}

enum mr_suspect_name mr_suspect_name_of(const char *column)
{
    char word[WORD_MAX], before[WORD_MAX] = "";
    size_t len = strlen(column);
    take_word(column, &len, word);
    if (len > 0)
        take_word(column, &len, before);
    if (IS_AMONG(word, ids))
        return before[0] == '\0' && word[0] == 'i' ? MR_SUSPECT_PLAIN
               : IS_AMONG(before, roles)           ? MR_SUSPECT_ROLE
                                                   : MR_SUSPECT_ID;
    if (IS_AMONG(word, quantities) || strcmp(before, "num") == 0)
        return MR_SUSPECT_QUANTITY;
    return IS_AMONG(word, roles) ? MR_SUSPECT_ROLE : MR_SUSPECT_PLAIN;
}

/* ---- polymorphic pairs ---- */

/* Bytes in front of one of the endings; 0: it has none of them. */
static size_t stem(const char *name, const char *const *endings, size_t count)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(endings[i]);
        if (len > n && strcasecmp(name + len - n, endings[i]) == 0)
            return len - n;
    }
    return 0;
}

bool mr_suspect_is_pair(const char *column, const char *type_column)
{
    static const char *const types[] = {"_type", "_kind", "_class", "_model", "_table", "_entity",
                                        "type",  "kind",  "class",  "model",  "table"};
    static const char *const endings[] = {"_id", "_ref", "_key", "id"};
    size_t a = stem(type_column, types, sizeof types / sizeof types[0]);
    size_t b = stem(column, endings, sizeof endings / sizeof endings[0]);
    if (a == 0 && b > 0) /* entity beside entity_id */
        a = strlen(type_column);
    if (b == 0)
        b = strlen(column);
    return a > 0 && a == b && strncasecmp(column, type_column, a) == 0;
}

/* ---- the verdict ---- */

static bool are_years(const struct mr_suspect_facts *f)
{
    return f->least >= FIRST_YEAR && f->greatest <= LAST_YEAR;
}

/* Quantities, states, years: few and small, or the same ones in many rows. */
static bool are_few(const struct mr_suspect_facts *f)
{
    if (f->distinct < FEWEST || are_years(f))
        return true;
    return f->distinct <= FEW && (f->greatest < SMALL || f->distinct * 10 < f->values);
}

bool mr_suspect_judge(const struct mr_suspect_facts *f)
{
    if (f->hits == 0)
        return false;
    if (f->means_parent)
        return true;
    if (!f->only_numbers || f->means_other)
        return false;
    switch (f->name) {
    case MR_SUSPECT_ID:
    case MR_SUSPECT_ROLE: return f->outside * 10 <= f->above;
    case MR_SUSPECT_PLAIN: return f->outside == 0 && !f->unique && !are_few(f);
    case MR_SUSPECT_QUANTITY:
        return f->outside == 0 && !f->unique && !are_few(f) && f->distinct >= HUNDREDS;
    }
    return false;
}
