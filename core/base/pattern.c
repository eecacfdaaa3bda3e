/* pattern.c: see pattern.h. */
#include "core/base/pattern.h"

#include <string.h>

/* The text "db.table" without putting it together; db NULL: the table name alone. */
struct subject {
    const char *db, *table;
    size_t db_len; /* the dot's place, or SIZE_MAX where there is none */
    size_t len;
};

#define NO_DOT ((size_t)-1)

static unsigned char byte_at(const struct subject *s, size_t i)
{
    if (s->db_len == NO_DOT)
        return (unsigned char)s->table[i];
    if (i < s->db_len)
        return (unsigned char)s->db[i];
    return i == s->db_len ? '.' : (unsigned char)s->table[i - s->db_len - 1];
}

/* Where the character at i ends.  Only continuation bytes are skipped: good enough for
 * names, which come from the catalogue as valid UTF-8, and safe for anything else. */
static size_t char_end(const struct subject *s, size_t i)
{
    i++;
    while (i < s->len && (byte_at(s, i) & 0xC0) == 0x80)
        i++;
    return i;
}

/*
 * Greedy match with one point to go back to.  Invariant: everything before the last `*`
 * is matched, and trying that star longer covers every way an earlier star could have
 * been chosen; so time is at most pattern × text.
 */
static bool matches(const char *pattern, const struct subject *s)
{
    const char *p = pattern, *star = NULL;
    size_t i = 0, star_at = 0;
    while (i < s->len) {
        if (*p == '*') {
            star = ++p;
            star_at = i;
        } else if (*p == '?' && i != s->db_len) {
            p++;
            i = char_end(s, i);
        } else if (*p != '?' && (unsigned char)*p == byte_at(s, i)) {
            p++;
            i++;
        } else if (star != NULL) {
            p = star;
            i = ++star_at;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return *p == '\0';
}

bool mr_pattern_match(const char *pattern, const char *db, const char *table)
{
    struct subject s = {.table = table, .db_len = NO_DOT, .len = strlen(table)};
    if (strchr(pattern, '.') != NULL) {
        s.db = db;
        s.db_len = strlen(db);
        s.len += s.db_len + 1;
    }
    return matches(pattern, &s);
}

static bool any_matches(const char *const *patterns, size_t count, const char *db,
                        const char *table)
{
    for (size_t i = 0; i < count; i++)
        if (mr_pattern_match(patterns[i], db, table))
            return true;
    return false;
}

bool mr_pattern_selects(const char *const *includes, size_t nincludes, const char *const *excludes,
                        size_t nexcludes, const char *db, const char *table)
{
    return (nincludes == 0 || any_matches(includes, nincludes, db, table)) &&
           !any_matches(excludes, nexcludes, db, table);
}

bool mr_pattern_is_open(const char *const *includes, size_t nincludes, bool db_is_known)
{
    for (size_t i = 0; i < nincludes; i++) {
        const char *wild = strpbrk(includes[i], "*?"), *dot = strchr(includes[i], '.');
        if (db_is_known ? wild != NULL : dot == NULL || (wild != NULL && wild < dot))
            return true;
    }
    return nincludes == 0;
}
