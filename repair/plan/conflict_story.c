/* conflict_story.c: see conflict_story.h. */
#include "repair/plan/conflict_story.h"

#include <string.h>

#include "repair/plan/image_text.h"

/* A side, while it is told. */
struct side {
    const char *base, *row, *changes;
    struct mr_csv_field columns; /* of changes: {"city":{…}}; ptr NULL: none */
    bool whole;
    bool timed;       /* a time was told */
    const char *lead; /* in front of the first column */
};

static struct mr_csv_field named(const char *name)
{
    return (struct mr_csv_field){name, strlen(name)};
}

/* The member of an object that is a part of a text; ptr NULL: none, or no object. */
static struct mr_csv_field member(struct mr_csv_field object, struct mr_csv_field name)
{
    const char *at = object.ptr;
    struct mr_image_member m;
    while (object.ptr != NULL && mr_image_text_next(&at, object.ptr + object.len, &m))
        if (m.name.len == name.len && memcmp(m.name.ptr, name.ptr, name.len) == 0)
            return m.value;
    return (struct mr_csv_field){NULL, 0};
}

static bool is_same(struct mr_csv_field a, struct mr_csv_field b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void add_unquoted(struct mr_strbuf *out, struct mr_csv_field value)
{
    if (value.len >= 2 && value.ptr[0] == '"')
        mr_image_text_unquote(out, (struct mr_csv_field){value.ptr + 1, value.len - 2});
}

/* tx: {"time":…,"gtid":…,"log":…,"position":…}, or what stands where it is not known. */
static void add_when(struct mr_strbuf *out, struct side *s, struct mr_csv_field tx)
{
    const struct mr_csv_field time = member(tx, named("time"));
    if (s->changes == NULL)
        return;
    if (time.ptr == NULL) {
        mr_strbuf_add_str(out, tx.len == 4 ? " (the last of very many changes is not kept)"
                                           : " (no log attests when)");
        return;
    }
    s->timed = true;
    mr_strbuf_add_str(out, " (");
    add_unquoted(out, time);
    if (s->whole) {
        mr_strbuf_add_str(out, ", ");
        add_unquoted(out, member(tx, named("gtid")));
        mr_strbuf_add_str(out, " ");
        add_unquoted(out, member(tx, named("log")));
        mr_strbuf_add_str(out, ":");
        add_unquoted(out, member(tx, named("position")));
    }
    mr_strbuf_add_char(out, ')');
}

/* Columns of one transaction that follow each other have one time behind them. */
static void add_column(struct mr_strbuf *out, struct side *s, struct mr_csv_field name,
                       struct mr_csv_field *last, bool *any)
{
    const struct mr_csv_field tx = member(s->columns, name);
    if (*any && !is_same(*last, tx))
        add_when(out, s, *last);
    mr_strbuf_add_str(out, *any ? ", " : s->lead);
    mr_image_text_unquote(out, name);
    *last = tx;
    *any = true;
}

/* Columns of which the row at the split and that of the side are not the same, as far as logs have
 * shown it. */
static bool add_changed(struct mr_strbuf *out, struct side *s)
{
    const char *at = s->base;
    struct mr_image_member m;
    struct mr_csv_field last = {NULL, 0};
    bool any = false;
    while (mr_image_text_next(&at, s->base + strlen(s->base), &m)) {
        const struct mr_csv_field now = mr_image_text_value(s->row, m.name);
        if (now.ptr != NULL && !is_same(now, m.value))
            add_column(out, s, m.name, &last, &any);
    }
    if (any)
        add_when(out, s, last);
    return any;
}

/* Without a row at the split: what the log itself names. */
static bool add_named(struct mr_strbuf *out, struct side *s)
{
    const char *at = s->columns.ptr, *end = at != NULL ? at + s->columns.len : NULL;
    struct mr_image_member m;
    struct mr_csv_field last = {NULL, 0};
    bool any = false;
    while (at != NULL && mr_image_text_next(&at, end, &m))
        add_column(out, s, m.name, &last, &any);
    if (any)
        add_when(out, s, last);
    return any;
}

/* What became of the row as a whole; false: nothing. */
static bool add_row(struct mr_strbuf *out, struct side *s, struct mr_csv_field tx)
{
    static const struct {
        const char *kind, *says;
    } kinds[] = {{"\"insert\"", "inserted it"},
                 {"\"delete\"", "deleted it"},
                 {"\"came\"", "moved it here from another key"},
                 {"\"went\"", "moved it to another key"}};
    const struct mr_csv_field kind = member(tx, named("kind"));
    for (size_t i = 0; kind.ptr != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!is_same(kind, named(kinds[i].kind)))
            continue;
        mr_strbuf_add_str(out, kinds[i].says);
        add_when(out, s, tx);
        return true;
    }
    return false;
}

static void add_side(struct mr_strbuf *out, struct side *s)
{
    const struct mr_csv_field all = named(s->changes != NULL ? s->changes : "");
    const struct mr_csv_field row = member(all, named("row"));
    s->columns = member(all, named("columns"));
    if (s->row[0] == '\0' && s->base[0] != '\0' && row.ptr == NULL) {
        mr_strbuf_add_str(out, "deleted it");
        add_when(out, s, row);
        return;
    }
    const bool told = add_row(out, s, row);
    s->lead = told ? " and changed " : "changed ";
    const bool changed = s->row[0] != '\0' &&
                         (s->base[0] != '\0' && !told ? add_changed(out, s) : add_named(out, s));
    if (!told && !changed)
        mr_strbuf_add_str(out, "changed nothing that the logs show");
}

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

void mr_conflict_story_add(struct mr_strbuf *out, const struct mr_conflict_story *story)
{
    struct side source = {.base = story->base,
                          .row = story->source,
                          .changes = story->source_changes,
                          .whole = story->whole};
    struct side target = {.base = story->base,
                          .row = story->target,
                          .changes = story->target_changes,
                          .whole = story->whole};
    if (story->base[0] == '\0' && !has(story->source_changes) && !has(story->target_changes))
        return;
    mr_strbuf_add_str(out, "Since the split the lost side ");
    add_side(out, &source);
    mr_strbuf_add_str(out, "; the live side ");
    add_side(out, &target);
    mr_strbuf_add_char(out, '.');
    if (source.timed || target.timed)
        mr_strbuf_add_str(out, " Times are UTC, as each side's log attests.");
}
