/* objects_made.c: see objects_made.h. */
#include "recon/check/objects_made.h"

#include <string.h>
#include <strings.h>

/* Modes that change nothing that a body does; a replica keeps its own NO_DIR_IN_CREATE. */
static const char *const idle_modes[] = {"NO_AUTO_CREATE_USER", "NO_DIR_IN_CREATE",
                                         "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS", "NO_FIELD_OPTIONS"};
/* Modes that one family alone knows: they say nothing between the two. */
static const char *const own_modes[] = {"EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT",
                                        "TIME_ROUND_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

struct word {
    const char *ptr;
    size_t len;
};

static bool is_among(struct word mode, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == mode.len && strncasecmp(list[i], mode.ptr, mode.len) == 0)
            return true;
    return false;
}

/* The next mode of a list that counts; len 0: none. */
static struct word next_mode(const char **list, bool cross)
{
    for (;;) {
        struct word mode = {*list, strcspn(*list, ",")};
        *list += mode.len + ((*list)[mode.len] == ',');
        if (mode.len == 0 || !(is_among(mode, idle_modes, COUNT(idle_modes)) ||
                               (cross && is_among(mode, own_modes, COUNT(own_modes)))))
            return mode;
    }
}

static bool has_mode(const char *list, struct word mode)
{
    for (struct word w; (w = next_mode(&list, false)).len > 0;)
        if (w.len == mode.len && strncasecmp(w.ptr, mode.ptr, w.len) == 0)
            return true;
    return false;
}

/* Servers of two families do not list them in one order. */
static bool has_modes(const char *list, const char *wanted, bool cross)
{
    for (struct word w; (w = next_mode(&wanted, cross)).len > 0;)
        if (!has_mode(list, w))
            return false;
    return true;
}

static bool same_modes(const char *a, const char *b, bool cross)
{
    return a == NULL || b == NULL || (has_modes(a, b, cross) && has_modes(b, a, cross));
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL || strcmp(a, b) == 0;
}

/* Each family prints them where it has use for them. */
static bool same_shown(const char *a, const char *b, bool cross)
{
    return cross || same_text(a, b);
}

/* The two families, and their versions, take others where nobody names one, so between them
 * they say nothing. */
static bool same_collation(const char *a, const char *b, bool cross)
{
    return a == NULL || b == NULL || cross || mr_objects_same_charset_name(a, b);
}

bool mr_objects_same_made(const struct mr_made_as *a, const struct mr_made_as *b, bool cross)
{
    return same_text(a->definer, b->definer) && same_modes(a->sql_mode, b->sql_mode, cross) &&
           same_shown(a->introducers, b->introducers, cross) &&
           same_shown(a->escaped, b->escaped, cross) &&
           same_collation(a->collation, b->collation, cross) &&
           same_collation(a->db_collation, b->db_collation, cross);
}

/* MySQL's catalogue does not tell where literals end that hold quotes. */
struct mr_objects_text mr_objects_body_of(const char *text, const char *db,
                                          const struct mr_made_as *made)
{
    return (struct mr_objects_text){.text = text,
                                    .db = db,
                                    .sql_mode = made->sql_mode,
                                    .is_exact = made->escaped != NULL && *made->escaped != '\0'};
}

static void add_line(struct mr_strbuf *out, const char *what, const char *value)
{
    mr_strbuf_add_fmt(out, "\n(%s %s)", what, *value != '\0' ? value : "''");
}

/* Only what differs: the texts above are equal as a rule, and these lines say why they are not. */
void mr_objects_add_made(struct mr_strbuf *out, const struct mr_made_as *made,
                         const struct mr_made_as *other, bool cross)
{
    if (!same_text(made->definer, other->definer))
        add_line(out, "definer", made->definer);
    if (!same_modes(made->sql_mode, other->sql_mode, cross))
        add_line(out, "sql_mode", made->sql_mode);
    if (!same_shown(made->introducers, other->introducers, cross))
        add_line(out, "introducers of literals, counted from the end:", made->introducers);
    if (!same_shown(made->escaped, other->escaped, cross))
        add_line(out, "what is quoted and holds quotes:", made->escaped);
    if (!same_collation(made->collation, other->collation, cross))
        add_line(out, "collation_connection", made->collation);
    if (!same_collation(made->db_collation, other->db_collation, cross))
        add_line(out, "database collation", made->db_collation);
}
