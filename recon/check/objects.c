/* objects.c: see objects.h.  The walk over two catalogues. */
#include "recon/check/objects.h"

#include <string.h>
#include <strings.h>

#include "core/base/letters.h"
#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/source/sides.h"
#include "recon/check/objects_internal.h"
#include "recon/check/objects_made.h"

/* -- kinds ------------------------------------------------------------------------ */

static const struct {
    enum mr_objects_kind kind;
    const char *name;
} kinds[] = {
    {MR_OBJECTS_TABLE, "table"},         {MR_OBJECTS_COLUMN, "column"},
    {MR_OBJECTS_INDEX, "index"},         {MR_OBJECTS_FOREIGN_KEY, "foreign key"},
    {MR_OBJECTS_CHARSET, "charset"},     {MR_OBJECTS_AUTO_INCREMENT, "auto_increment"},
    {MR_OBJECTS_ATTRIBUTE, "attribute"},
#define MR_OBJECT_KIND(symbol, word, sql, stage, traits) {MR_OBJECTS_##symbol, word},
#include "core/schema/object_kind.def"
#undef MR_OBJECT_KIND
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *mr_objects_kind_name(enum mr_objects_kind kind)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return "object";
}

/* On the command line a blank may be written as _ or -. */
static bool is_kind(const char *name, const char *word, size_t len)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool blank = name[i] == ' ' && (word[i] == '_' || word[i] == '-');
        if (word[i] != name[i] && !blank)
            return false;
    }
    return true;
}

static bool parse_kind(const char *word, size_t len, unsigned *bits)
{
    if (is_kind("all", word, len)) {
        *bits = MR_OBJECTS_ALL;
        return true;
    }
    if (is_kind("none", word, len)) {
        *bits = 0;
        return true;
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (is_kind(kinds[i].name, word, len)) {
            *bits |= (unsigned)kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* Nothing is set on an error: half a list would leave kinds out in silence. */
enum mr_code mr_objects_parse_kinds(const char *list, unsigned *out, struct mr_err *err)
{
    unsigned bits = 0;
    for (const char *word = list;;) {
        size_t len = strcspn(word, ",");
        if (!parse_kind(word, len, &bits)) {
            mr_err_set(err, MR_E_USAGE, "unknown object kind \"%.*s\"", (int)len, word);
            mr_err_hint(err, "Choose from table, column, index, foreign_key, trigger, "
                             "charset, auto_increment, database, view, routine, event, "
                             "sequence, attribute, all, none.");
            return MR_E_USAGE;
        }
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    *out = bits;
    return MR_OK;
}

/* -- reporting -------------------------------------------------------------------- */

static bool is_asked(const struct mr_objects_both *p, enum mr_objects_kind kind)
{
    return (p->opts->kinds & (unsigned)kind) != 0;
}

/* One place fills in the names, so that every difference can be probed. */
enum mr_code mr_objects_report(const struct mr_objects_both *p, const struct mr_object_diff *what,
                               struct mr_err *err)
{
    if (!is_asked(p, what->kind))
        return MR_OK;
    struct mr_object_diff diff = *what;
    struct mr_strbuf table = MR_STRBUF_INIT;
    diff.source_db = p->source_db;
    diff.target_db = p->target_db;
    if (diff.table_name != NULL) {
        mr_strbuf_add_fmt(&table, "%s.%s", p->source_db, diff.table_name);
        diff.table = table.ptr;
    }
    enum mr_code code = mr_strbuf_check(&table, "naming a table", err);
    if (code == MR_OK)
        code = p->opts->fn(p->opts->fn_ctx, &diff, err);
    mr_strbuf_release(&table);
    return code;
}

bool mr_objects_is_same_name(const struct mr_objects_both *p, const char *a, const char *b)
{
    return p->fold_names ? mr_letters_same(a, b) : strcmp(a, b) == 0;
}

/* Reports a difference between the two buffers; an empty one is absence. */
enum mr_code mr_objects_report_texts(const struct mr_objects_both *p, struct mr_object_diff diff,
                                     const struct mr_strbuf *source, const struct mr_strbuf *target,
                                     struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(source, "describing an object", err);
    if (code == MR_OK)
        code = mr_strbuf_check(target, "describing an object", err);
    if (code != MR_OK || strcmp(source->ptr, target->ptr) == 0)
        return code;
    diff.source = source->len > 0 ? source->ptr : NULL;
    diff.target = target->len > 0 ? target->ptr : NULL;
    return mr_objects_report(p, &diff, err);
}

/* Of a table or column the difference stands with the table, of a database by itself. */
enum mr_code mr_objects_compare_charsets(const struct mr_objects_both *p, enum mr_objects_kind kind,
                                         const char *name, struct mr_objects_charset s,
                                         struct mr_objects_charset t, struct mr_err *err)
{
    if (mr_objects_same_charset(s, t))
        return MR_OK;
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    struct mr_object_diff diff = {
        .kind = kind, .name = name, .table_name = p->st != NULL ? p->st->name : NULL};
    mr_objects_add_charset(&source, s.charset, s.collation);
    mr_objects_add_charset(&target, t.charset, t.collation);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

enum mr_code mr_objects_report_table(const struct mr_objects_both *p, const char *name,
                                     const char *source, const char *target, struct mr_err *err)
{
    struct mr_object_diff diff = {.kind = MR_OBJECTS_TABLE,
                                  .name = name,
                                  .source = source,
                                  .target = target,
                                  .table_name = name};
    return mr_objects_report(p, &diff, err);
}

/* -- tables ----------------------------------------------------------------------- */

static bool is_wanted(const struct mr_objects_both *p, const char *name)
{
    return p->opts->filter == NULL || p->opts->filter(p->opts->filter_ctx, p->source_db, name);
}

/* Twins, not equal names: with folded names two tables must not share one. */
static enum mr_code compare_tables(struct mr_objects_both *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < p->source->ntables && code == MR_OK; i++) {
        p->st = &p->source->tables[i];
        if (strcmp(p->st->db, p->source_db) != 0 || !is_wanted(p, p->st->name))
            continue;
        p->tt = mr_sides_twin(p->source, p->source_db, p->target, p->target_db, p->st->name);
        code = p->tt != NULL
                   ? mr_objects_walk_table(p, err)
                   : mr_objects_report_table(p, p->st->name, mr_objects_engine(p->st), NULL, err);
    }
    for (size_t i = 0; i < p->target->ntables && code == MR_OK; i++) {
        const struct mr_table *t = &p->target->tables[i];
        if (strcmp(t->db, p->target_db) == 0 && is_wanted(p, t->name) &&
            mr_sides_twin(p->target, p->target_db, p->source, p->source_db, t->name) == NULL)
            code = mr_objects_report_table(p, t->name, NULL, mr_objects_engine(t), err);
    }
    p->st = p->tt = NULL;
    return code;
}

/* -- views, routines, events, sequences -------------------------------------------- */

static enum mr_objects_kind kind_of(enum mr_object_kind kind)
{
    return (enum mr_objects_kind)(MR_OBJECTS_ATTRIBUTE << kind);
}

/* Views and sequences are named like tables, routines and events without case. */
static bool may_be(const struct mr_objects_both *p, const struct mr_object *o,
                   const struct mr_object *like)
{
    const bool like_table = mr_object_has(like->kind, MR_OBJECT_RELATION);
    return like_table ? mr_objects_is_same_name(p, o->name, like->name)
                      : strcasecmp(o->name, like->name) == 0;
}

/* As of tables (mr_sides_twin): of objects that the other side's may be, it is the one that is
 * called so, else the first. */
static bool is_anothers(const struct mr_catalogue *own, const struct mr_object *object,
                        const struct mr_object *twin)
{
    bool earlier = true;
    for (size_t i = 0; i < own->nobjects; i++) {
        const struct mr_object *o = &own->objects[i];
        if (o == object)
            earlier = false;
        else if (o->kind == object->kind && strcmp(o->db, object->db) == 0 &&
                 mr_letters_same(o->name, object->name) &&
                 (earlier || strcmp(o->name, twin->name) == 0))
            return true;
    }
    return false;
}

/* What OTHER has in database DB for an object of OWN, or NULL. */
static const struct mr_object *find_object(const struct mr_objects_both *p,
                                           const struct mr_catalogue *own,
                                           const struct mr_object *object,
                                           const struct mr_catalogue *other, const char *db)
{
    const struct mr_object *twin = NULL;
    for (size_t i = 0; i < other->nobjects; i++) {
        const struct mr_object *o = &other->objects[i];
        if (o->kind != object->kind || strcmp(o->db, db) != 0)
            continue;
        if (strcmp(o->name, object->name) == 0)
            return o;
        if (twin == NULL && may_be(p, o, object))
            twin = o;
    }
    return twin == NULL || is_anothers(own, object, twin) ? NULL : twin;
}

/* What SOURCE calls the table or view that TARGET calls so; NULL: there is none. */
static const char *source_name(const struct mr_objects_both *p, const char *name)
{
    const struct mr_table *t = mr_catalogue_table(p->target, p->target_db, name);
    if (t != NULL) {
        t = mr_sides_twin(p->target, p->target_db, p->source, p->source_db, name);
        return t != NULL ? t->name : NULL;
    }
    for (size_t i = 0; i < p->target->nobjects; i++) {
        const struct mr_object *o = &p->target->objects[i];
        if (o->kind != MR_OBJECT_VIEW || strcmp(o->db, p->target_db) != 0 ||
            strcmp(o->name, name) != 0)
            continue;
        o = find_object(p, p->target, o, p->source, p->source_db);
        return o != NULL ? o->name : NULL;
    }
    return NULL;
}

/* TARGET's text with SOURCE's names of what is in the database. */
static void add_by_source_names(struct mr_strbuf *out, const struct mr_objects_both *p,
                                const char *text)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    const char *kept = text; /* up to here it stands in out */
    mr_sqlscan_init(&scan, text, strlen(text));
    while (mr_sqlscan_next(&scan, &token)) {
        if (token.kind != MR_TOKEN_IDENT)
            continue;
        mr_strbuf_reset(&name);
        mr_token_unquote(&name, &token);
        const char *to = name.failed || name.len == 0 ? NULL : source_name(p, name.ptr);
        if (to == NULL)
            continue;
        mr_strbuf_add(out, kept, (size_t)(token.ptr - kept));
        mr_sql_ident(out, to);
        kept = token.ptr + token.len;
    }
    mr_strbuf_add_str(out, kept);
    out->failed |= name.failed;
    mr_strbuf_release(&name);
}

/* A server that writes names in small letters does so within the texts of views, too. */
static bool is_same_view(const struct mr_objects_both *p, struct mr_objects_text s,
                         struct mr_objects_text t)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool same = mr_objects_same_view(s, t);
    if (same || !p->fold_names)
        return same;
    add_by_source_names(&text, p, t.text);
    t.text = text.ptr;
    same = !text.failed && mr_objects_same_view(s, t);
    mr_strbuf_release(&text);
    return same;
}

/* Each kind has its own idea of "the same text"; a sequence is compared as a body. */
static bool is_same_object(const struct mr_objects_both *p, const struct mr_object *s,
                           const struct mr_object *t)
{
    struct mr_objects_text a = mr_objects_body_of(s->definition, p->source_db, &s->made);
    struct mr_objects_text b = mr_objects_body_of(t->definition, p->target_db, &t->made);
    if (s->kind == MR_OBJECT_VIEW)
        return is_same_view(p, a, b);
    if (s->kind == MR_OBJECT_EVENT)
        return mr_objects_same_event(a, b, p->cross);
    return s->kind == MR_OBJECT_ROUTINE
               ? mr_objects_same_routine(a, p->source, b, p->target, p->cross)
               : mr_objects_same_body(a, b, p->cross);
}

/* Servers that do not tell an algorithm have not been asked for it. */
static bool same_algorithm(const struct mr_object *s, const struct mr_object *t)
{
    return s->algorithm == NULL || t->algorithm == NULL || strcmp(s->algorithm, t->algorithm) == 0;
}

static bool same_columns(const struct mr_object *s, const struct mr_object *t)
{
    return s->columns == NULL || t->columns == NULL || strcmp(s->columns, t->columns) == 0;
}

static void describe(const struct mr_objects_both *p, struct mr_strbuf *out,
                     const struct mr_object *object, const struct mr_object *other)
{
    mr_strbuf_add_str(out, object->definition);
    if (!same_algorithm(object, other))
        mr_strbuf_add_fmt(out, "\n(algorithm %s)", object->algorithm);
    if (!same_columns(object, other))
        mr_strbuf_add_fmt(out, "\n(columns %s)", *object->columns != '\0' ? object->columns : "''");
    mr_objects_add_made(out, &object->made, &other->made, p->cross);
}

/* Both are there, and seen. */
static enum mr_code compare_both(const struct mr_objects_both *p, const struct mr_object *s,
                                 const struct mr_object *t, struct mr_object_diff diff,
                                 struct mr_err *err)
{
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!is_same_object(p, s, t) || !same_algorithm(s, t) || !same_columns(s, t) ||
        !mr_objects_same_made(&s->made, &t->made, p->cross)) {
        describe(p, &source, s, t);
        describe(p, &target, t, s);
        diff.source = source.ptr;
        diff.target = target.ptr;
        MR_TRY_OUT(mr_strbuf_check(&source, "describing an object", err));
        MR_TRY_OUT(mr_strbuf_check(&target, "describing an object", err));
        MR_TRY_OUT(mr_objects_report(p, &diff, err));
    }
    MR_TRY_OUT(mr_objects_compare_attribute(p, s->name, "comment", s->comment, t->comment, err));
out:
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

static const char *shown(const struct mr_object *object)
{
    if (object == NULL)
        return NULL;
    return object->definition != NULL ? object->definition : "(definition not visible)";
}

/* A definition that one side hides cannot be compared: hidden, and no difference. */
static enum mr_code compare_object(const struct mr_objects_both *p, const struct mr_object *s,
                                   const struct mr_object *t, struct mr_err *err)
{
    const struct mr_object *any = s != NULL ? s : t;
    struct mr_object_diff diff = {
        .kind = kind_of(any->kind), .name = any->name, .source = shown(s), .target = shown(t)};
    if (s != NULL && t != NULL) {
        diff.hidden = s->definition == NULL || t->definition == NULL;
        diff.source = s->definition;
        diff.target = t->definition;
        if (!diff.hidden)
            return compare_both(p, s, t, diff, err);
    }
    return mr_objects_report(p, &diff, err);
}

static const char *bare_name(const struct mr_object *object)
{
    const char *name = NULL;
    (void)mr_object_sql(object->kind, object->name, &name);
    return name;
}

static bool is_object_wanted(const struct mr_objects_both *p, const struct mr_object *object,
                             const char *db)
{
    return (is_asked(p, kind_of(object->kind)) || is_asked(p, MR_OBJECTS_ATTRIBUTE)) &&
           strcmp(object->db, db) == 0 && is_wanted(p, bare_name(object));
}

/* What TARGET alone has is looked for last, so that each pair is reported once. */
static enum mr_code compare_objects(const struct mr_objects_both *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < p->source->nobjects && code == MR_OK; i++) {
        const struct mr_object *s = &p->source->objects[i];
        if (is_object_wanted(p, s, p->source_db))
            code = compare_object(p, s, find_object(p, p->source, s, p->target, p->target_db), err);
    }
    for (size_t i = 0; i < p->target->nobjects && code == MR_OK; i++) {
        const struct mr_object *t = &p->target->objects[i];
        if (is_object_wanted(p, t, p->target_db) &&
            find_object(p, p->target, t, p->source, p->source_db) == NULL)
            code = compare_object(p, NULL, t, err);
    }
    return code;
}

/* -- databases -------------------------------------------------------------------- */

/* Of one that is absent there is nothing to compare: the other stands by itself. */
static enum mr_code compare_database(const struct mr_objects_both *p, struct mr_err *err)
{
    const struct mr_database *s = mr_catalogue_db(p->source, p->source_db);
    const struct mr_database *t = mr_catalogue_db(p->target, p->target_db);
    if (s != NULL && t != NULL)
        return mr_objects_compare_charsets(
            p, MR_OBJECTS_DATABASE, p->source_db,
            (struct mr_objects_charset){p->source, s->charset, s->collation},
            (struct mr_objects_charset){p->target, t->charset, t->collation}, err);
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    struct mr_object_diff diff = {.kind = MR_OBJECTS_DATABASE, .name = p->source_db};
    if (s != NULL)
        mr_objects_add_charset(&source, s->charset, s->collation);
    if (t != NULL)
        mr_objects_add_charset(&target, t->charset, t->collation);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

static struct mr_objects_both pair_of(const struct mr_catalogue *source,
                                      const struct mr_catalogue *target,
                                      const struct mr_objects_opts *opts)
{
    return (struct mr_objects_both){.source = source,
                                    .target = target,
                                    .opts = opts,
                                    .cross = source->server.flavour != target->server.flavour,
                                    .fold_names = source->server.lower_case_table_names != 0 ||
                                                  target->server.lower_case_table_names != 0};
}

enum mr_code mr_objects_compare(const struct mr_catalogue *source,
                                const struct mr_catalogue *target,
                                const struct mr_objects_opts *opts, struct mr_err *err)
{
    struct mr_objects_both p = pair_of(source, target, opts);
    for (size_t i = 0; i < opts->npairs; i++) {
        p.source_db = opts->pairs[i].source_db;
        p.target_db = opts->pairs[i].target_db;
        MR_TRY(compare_database(&p, err));
        MR_TRY(compare_tables(&p, err));
        MR_TRY(compare_objects(&p, err));
    }
    return MR_OK;
}

enum mr_code mr_objects_compare_table(const struct mr_catalogue *source,
                                      const struct mr_table *source_table,
                                      const struct mr_catalogue *target,
                                      const struct mr_table *target_table,
                                      const struct mr_objects_opts *opts, struct mr_err *err)
{
    struct mr_objects_both p = pair_of(source, target, opts);
    p.source_db = source_table->db;
    p.target_db = target_table->db;
    p.st = source_table;
    p.tt = target_table;
    return mr_objects_walk_table(&p, err);
}
