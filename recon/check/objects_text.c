/* objects_text.c: see objects_text.h. */
#include "recon/check/objects_text.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/schema/schema_norm.h"

/* -- describing ------------------------------------------------------------------- */

static void add_lower(struct mr_strbuf *out, const char *text)
{
    mr_strbuf_add_lower(out, text, strlen(text));
}

/* MariaDB's JSON is a longtext with a CHECK: both are "json" here. */
void mr_objects_add_column(struct mr_strbuf *out, const struct mr_column *col)
{
    if (col->is_json)
        mr_strbuf_add_str(out, "json");
    else
        mr_norm_type(out, col->type);
    if (!col->nullable)
        mr_strbuf_add_str(out, " not null");
    if (col->generated)
        mr_strbuf_add_fmt(out, " as (%s) %s", col->generation_expr,
                          col->generated_stored ? "stored" : "virtual");
    if (col->default_text != NULL)
        mr_strbuf_add_fmt(out, " default %s", col->default_text);
    if (col->on_update != NULL)
        mr_strbuf_add_fmt(out, " on update %s", col->on_update);
    if (col->auto_increment)
        mr_strbuf_add_str(out, " auto_increment");
    if (col->invisible)
        mr_strbuf_add_str(out, " invisible");
}

void mr_objects_add_charset(struct mr_strbuf *out, const char *charset, const char *collation)
{
    mr_norm_charset(out, charset != NULL ? charset : "");
    mr_strbuf_add_char(out, ' ');
    mr_norm_charset(out, collation != NULL ? collation : "");
}

static void add_part(struct mr_strbuf *out, const struct mr_index_part *part, bool has_prefixes)
{
    if (part->column != NULL)
        add_lower(out, part->column);
    else
        mr_strbuf_add_fmt(out, "(%s)", part->expression != NULL ? part->expression : "");
    if (has_prefixes && part->prefix_len > 0)
        mr_strbuf_add_fmt(out, "(%zu)", part->prefix_len);
    if (part->descending)
        mr_strbuf_add_str(out, " desc");
}

void mr_objects_add_index(struct mr_strbuf *out, const struct mr_index *index)
{
    const char *kind = index->kind != NULL ? index->kind : "BTREE";
    bool btree = strcmp(kind, "BTREE") == 0, hash = strcmp(kind, "HASH") == 0;
    if (strcmp(index->name, "PRIMARY") == 0)
        mr_strbuf_add_str(out, "primary key ");
    else if (index->unique)
        mr_strbuf_add_str(out, "unique ");
    if (!btree && !hash)
        add_lower(out, kind);
    if (!btree && !hash)
        mr_strbuf_add_char(out, ' ');
    mr_strbuf_add_char(out, '(');
    for (size_t i = 0; i < index->nparts; i++) {
        if (i > 0)
            mr_strbuf_add_str(out, ", ");
        /* FULLTEXT and SPATIAL show lengths of their own making */
        add_part(out, &index->parts[i], btree || hash);
    }
    mr_strbuf_add_char(out, ')');
    if (hash)
        mr_strbuf_add_str(out, " using hash");
    if (!index->usable)
        mr_strbuf_add_str(out, " invisible");
}

static void add_names(struct mr_strbuf *out, const char *const *names, size_t n)
{
    mr_strbuf_add_char(out, '(');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            mr_strbuf_add_str(out, ", ");
        add_lower(out, names[i]);
    }
    mr_strbuf_add_char(out, ')');
}

void mr_objects_add_fk(struct mr_strbuf *out, const struct mr_foreign_key *fk, const char *own_db,
                       const char *shown_db)
{
    add_names(out, fk->columns, fk->ncolumns);
    mr_strbuf_add_str(out, " references ");
    if (strcmp(fk->ref_db, own_db) != 0)
        mr_strbuf_add_fmt(out, "%s.", shown_db);
    mr_strbuf_add_fmt(out, "%s ", fk->ref_table);
    add_names(out, fk->ref_columns, fk->ncolumns);
    mr_strbuf_add_str(out, " on delete ");
    add_lower(out, fk->on_delete != NULL ? fk->on_delete : "?");
    mr_strbuf_add_str(out, " on update ");
    add_lower(out, fk->on_update != NULL ? fk->on_update : "?");
}

void mr_objects_add_trigger(struct mr_strbuf *out, const struct mr_trigger *trigger)
{
    add_lower(out, trigger->timing != NULL ? trigger->timing : "");
    mr_strbuf_add_char(out, ' ');
    add_lower(out, trigger->event != NULL ? trigger->event : "");
    mr_strbuf_add_fmt(out, "\n%s", trigger->body != NULL ? trigger->body : "");
}

/* -- comparing -------------------------------------------------------------------- */

typedef void norm_fn(struct mr_strbuf *out, struct mr_objects_text it);

static void norm_body(struct mr_strbuf *out, struct mr_objects_text it)
{
    mr_norm_body(out, it.text, it.db, it.sql_mode);
}

static void norm_body_loose(struct mr_strbuf *out, struct mr_objects_text it)
{
    mr_norm_body_loose(out, it.text, it.db, it.sql_mode);
}

static void norm_view(struct mr_strbuf *out, struct mr_objects_text it)
{
    mr_norm_expr(out, it.text, it.db);
}

/* A buffer that failed compares as different: out of memory must not say "equal". */
static bool same_by(norm_fn *norm, struct mr_objects_text a, struct mr_objects_text b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    norm(&x, a);
    norm(&y, b);
    bool same = !x.failed && !y.failed && x.len == y.len && memcmp(x.ptr, y.ptr, x.len) == 0;
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

/*
 * With databases of two names a body may say its own database's name (then each side
 * says its own) or some other fixed name (then both say the same): so both ways are
 * tried, with and without it.
 */
static bool same_in_db(norm_fn *norm, struct mr_objects_text a, struct mr_objects_text b)
{
    struct mr_objects_text plain_a = {.text = a.text, .sql_mode = a.sql_mode};
    struct mr_objects_text plain_b = {.text = b.text, .sql_mode = b.sql_mode};
    if (same_by(norm, plain_a, plain_b))
        return true;
    return strcmp(a.db, b.db) != 0 && same_by(norm, a, b);
}

/* The loose form last: it forgives what families escape differently, and nothing else. */
bool mr_objects_same_body(struct mr_objects_text a, struct mr_objects_text b, bool cross)
{
    if (strcmp(a.text, b.text) == 0)
        return true;
    if (!cross && (a.is_exact || b.is_exact))
        return false;
    if (same_in_db(norm_body, a, b))
        return true;
    return cross && (mr_norm_has_escapes(a.text) || mr_norm_has_escapes(b.text)) &&
           same_in_db(norm_body_loose, a, b);
}

/* Servers print views with every name qualified (or, MariaDB's views on views, not):
 * the own database never counts, and another one always does. */
bool mr_objects_same_view(struct mr_objects_text a, struct mr_objects_text b)
{
    return same_by(norm_view, a, b);
}

static const char starts_label[] = " starts '";

/* The text without its STARTS clause, which is in the first line. */
static void add_without_start(struct mr_strbuf *out, const char *text)
{
    static const char *const next[] = {" ends '", " on completion", " disable", "\n"};
    const char *from = strstr(text, starts_label);
    const char *line_end = text + strcspn(text, "\n");
    if (from == NULL || from > line_end) {
        mr_strbuf_add_str(out, text);
        return;
    }
    const char *to = line_end;
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        const char *at = strstr(from + 1, next[i]);
        if (at != NULL && at < to)
            to = at;
    }
    mr_strbuf_add(out, text, (size_t)(from - text));
    mr_strbuf_add_str(out, to);
}

static bool has_start(const char *text)
{
    const char *at = strstr(text, starts_label);
    return at != NULL && at < text + strcspn(text, "\n");
}

/* In whatever zone it is written: no event that runs already. */
static bool starts_later(const char *text)
{
    const time_t soon = time(NULL) + 24 * 60 * 60;
    char moment[sizeof "YYYY-MM-DD HH:MM:SS"];
    struct tm utc;
    return has_start(text) && gmtime_r(&soon, &utc) != NULL &&
           strftime(moment, sizeof moment, "%Y-%m-%d %H:%M:%S", &utc) > 0 &&
           strncmp(strstr(text, starts_label) + sizeof starts_label - 1, moment,
                   sizeof moment - 1) > 0;
}

/* Where a clause that ends the first line begins; else NULL. */
static const char *last_clause(const char *text, const char *clause)
{
    const size_t line = strcspn(text, "\n"), len = strlen(clause);
    return line >= len && memcmp(text + line - len, clause, len) == 0 ? text + line - len : NULL;
}

/* A replica makes every event so, one that its source has disabled, too. */
static bool is_off_here(const char *text)
{
    return last_clause(text, MR_EVENT_OFF_ON_REPLICA) != NULL;
}

static void add_without_status(struct mr_strbuf *out, const char *text)
{
    const char *line_end = text + strcspn(text, "\n");
    const char *at = last_clause(text, MR_EVENT_OFF_ON_REPLICA);
    if (at == NULL)
        at = last_clause(text, MR_EVENT_OFF);
    mr_strbuf_add(out, text, (size_t)((at != NULL ? at : line_end) - text));
    mr_strbuf_add_str(out, line_end);
}

static bool same_starting(struct mr_objects_text a, struct mr_objects_text b, bool cross)
{
    if (has_start(a.text) == has_start(b.text) || starts_later(a.text) || starts_later(b.text))
        return mr_objects_same_body(a, b, cross);
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    add_without_start(&x, a.text);
    add_without_start(&y, b.text);
    a.text = x.ptr;
    b.text = y.ptr;
    bool same = !x.failed && !y.failed && mr_objects_same_body(a, b, cross);
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

bool mr_objects_same_event(struct mr_objects_text a, struct mr_objects_text b, bool cross)
{
    if (!is_off_here(a.text) && !is_off_here(b.text))
        return same_starting(a, b, cross);
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    add_without_status(&x, a.text);
    add_without_status(&y, b.text);
    a.text = x.ptr;
    b.text = y.ptr;
    bool same = !x.failed && !y.failed && same_starting(a, b, cross);
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

/* -- character sets --------------------------------------------------------------- */

bool mr_objects_same_charset_name(const char *a, const char *b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    mr_norm_charset(&x, a);
    mr_norm_charset(&y, b);
    bool same = !x.failed && !y.failed && strcmp(x.ptr, y.ptr) == 0;
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

static bool is_default(struct mr_objects_charset c)
{
    for (size_t i = 0; i < c.cat->ncharsets; i++)
        if (mr_objects_same_charset_name(c.cat->charsets[i].charset, c.charset))
            return mr_objects_same_charset_name(c.cat->charsets[i].collation, c.collation);
    return false;
}

bool mr_objects_same_charset(struct mr_objects_charset a, struct mr_objects_charset b)
{
    if (a.charset == NULL || b.charset == NULL || a.collation == NULL || b.collation == NULL)
        return true;
    if (!mr_objects_same_charset_name(a.charset, b.charset))
        return false;
    if (mr_objects_same_charset_name(a.collation, b.collation))
        return true;
    /* each is what its own server takes for that character set: of two flavours, or of
     * versions before and after MySQL 8 */
    return is_default(a) && is_default(b);
}

/* -- collations of routines --------------------------------------------------------- */

static const char collate_label[] = " collate ";

/* The line of types without its collations: all, or those that are `cat`'s usual ones. */
static void add_without_collations(struct mr_strbuf *out, const char *text,
                                   const struct mr_catalogue *cat)
{
    static const char charset_label[] = " charset ";
    const char *end = text + strcspn(text, "\n");
    for (const char *at; (at = strstr(text, collate_label)) != NULL && at < end;) {
        const char *name = at + sizeof collate_label - 1;
        const size_t len = strcspn(name, " ,)\n");
        struct mr_strbuf charset = MR_STRBUF_INIT, collation = MR_STRBUF_INIT;
        mr_strbuf_add(out, text, (size_t)(at - text));
        const char *word = at; /* of the character set, in front of it */
        while (word > text && word[-1] != ' ')
            word--;
        mr_strbuf_add(&charset, word, (size_t)(at - word));
        mr_strbuf_add(&collation, name, len);
        const bool labelled = (size_t)(word - text) >= sizeof charset_label - 1 &&
                              strncmp(word - (sizeof charset_label - 1), charset_label,
                                      sizeof charset_label - 1) == 0;
        const bool usual =
            cat == NULL ||
            (labelled && !charset.failed && !collation.failed &&
             is_default((struct mr_objects_charset){cat, charset.ptr, collation.ptr}));
        if (!usual)
            mr_strbuf_add(out, at, (size_t)(name - at) + len);
        text = name + len;
        mr_strbuf_release(&charset);
        mr_strbuf_release(&collation);
    }
    mr_strbuf_add_str(out, text);
}

static bool has_collations(const char *text)
{
    const char *at = strstr(text, collate_label);
    return at != NULL && at < text + strcspn(text, "\n");
}

bool mr_objects_same_routine(struct mr_objects_text a, const struct mr_catalogue *cat_a,
                             struct mr_objects_text b, const struct mr_catalogue *cat_b, bool cross)
{
    if (mr_objects_same_body(a, b, cross))
        return true;
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    /* a snapshot of an earlier version tells none */
    const bool all = has_collations(a.text) != has_collations(b.text);
    add_without_collations(&x, a.text, all ? NULL : cat_a);
    add_without_collations(&y, b.text, all ? NULL : cat_b);
    a.text = x.ptr;
    b.text = y.ptr;
    const bool same = !x.failed && !y.failed && mr_objects_same_body(a, b, cross);
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}
