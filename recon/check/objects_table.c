/* objects_table.c: one table that both sides have: columns, indexes, keys, triggers. */
#include "recon/check/objects_internal.h"
#include "recon/check/objects_made.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/vec.h"
#include "core/source/sides.h"

/* -- columns --------------------------------------------------------------------------
 */

/* What a side does not tell (NULL) says nothing of the other. */
static void add_clauses(struct mr_strbuf *source, const char *s, struct mr_strbuf *target,
                        const char *t)
{
    if (s == NULL || t == NULL)
        return;
    mr_strbuf_add_fmt(source, "%s%s", *s != '\0' ? " " : "", s);
    mr_strbuf_add_fmt(target, "%s%s", *t != '\0' ? " " : "", t);
}

/* SRIDs and versions only within a family: the other one has no word for them. */
static enum mr_code compare_column(const struct mr_objects_both *p, const struct mr_column *s,
                                   const struct mr_column *t, struct mr_err *err)
{
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    struct mr_object_diff diff = {.kind = MR_OBJECTS_COLUMN,
                                  .name = s != NULL ? s->name : t->name,
                                  .table_name = p->st->name};
    if (s != NULL)
        mr_objects_add_column(&source, s);
    if (t != NULL)
        mr_objects_add_column(&target, t);
    /* MariaDB's is not read */
    if (s != NULL && s->srid != NULL && !p->cross)
        mr_strbuf_add_fmt(&source, " srid %s", s->srid);
    if (t != NULL && t->srid != NULL && !p->cross)
        mr_strbuf_add_fmt(&target, " srid %s", t->srid);
    if (s != NULL && t != NULL && !p->cross)
        add_clauses(&source, s->versions, &target, t->versions);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    if (code == MR_OK && s != NULL && t != NULL)
        code = mr_objects_compare_charsets(
            p, MR_OBJECTS_CHARSET, s->name,
            (struct mr_objects_charset){p->source, s->charset, s->collation},
            (struct mr_objects_charset){p->target, t->charset, t->collation}, err);
    return code;
}

static enum mr_code compare_columns(const struct mr_objects_both *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < p->st->ncolumns && code == MR_OK; i++) {
        const struct mr_column *s = &p->st->columns[i];
        code = compare_column(p, s, mr_table_column(p->tt, s->name), err);
    }
    for (size_t i = 0; i < p->tt->ncolumns && code == MR_OK; i++)
        if (mr_table_column(p->st, p->tt->columns[i].name) == NULL)
            code = compare_column(p, NULL, &p->tt->columns[i], err);
    return code;
}

/* -- indexes ---------------------------------------------------------------------- */

static bool covers_fk(const struct mr_index *index, const struct mr_foreign_key *fk)
{
    if (index->nparts < fk->ncolumns)
        return false;
    for (size_t i = 0; i < fk->ncolumns; i++) {
        const struct mr_index_part *part = &index->parts[i];
        if (part->column == NULL || part->prefix_len > 0 ||
            strcasecmp(part->column, fk->columns[i]) != 0)
            return false;
    }
    return true;
}

/*
 * Servers give a foreign key an index when they find none that serves, and MariaDB and
 * MySQL do not agree on what serves (a descending one: measured).  So between the two a
 * one-sided index of exactly a foreign key's columns is no difference where the other
 * side has one that leads with them.
 */
static bool is_made_for_fk(const struct mr_table *table, const struct mr_index *index,
                           const struct mr_table *other)
{
    for (size_t i = 0; i < table->nfks && !index->unique; i++) {
        const struct mr_foreign_key *fk = &table->fks[i];
        if (index->nparts != fk->ncolumns || !covers_fk(index, fk))
            continue;
        for (size_t j = 0; j < other->nindexes; j++)
            if (covers_fk(&other->indexes[j], fk))
                return true;
    }
    return false;
}

static bool is_fulltext(const struct mr_index *index)
{
    return index->kind != NULL && strcmp(index->kind, "FULLTEXT") == 0;
}

static enum mr_code compare_index(const struct mr_objects_both *p, const struct mr_index *s,
                                  const struct mr_index *t, struct mr_err *err)
{
    if (p->cross && t == NULL && is_made_for_fk(p->st, s, p->tt))
        return MR_OK;
    if (p->cross && s == NULL && is_made_for_fk(p->tt, t, p->st))
        return MR_OK;
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    struct mr_object_diff diff = {
        .kind = MR_OBJECTS_INDEX, .name = s != NULL ? s->name : t->name, .table_name = p->st->name};
    if (s != NULL)
        mr_objects_add_index(&source, s);
    if (t != NULL)
        mr_objects_add_index(&target, t);
    /* periods are MariaDB's alone */
    if (s != NULL && t != NULL && (!p->cross || is_fulltext(s)))
        add_clauses(&source, s->clause, &target, t->clause);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

static enum mr_code compare_indexes(const struct mr_objects_both *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < p->st->nindexes && code == MR_OK; i++) {
        const struct mr_index *s = &p->st->indexes[i];
        code = compare_index(p, s, mr_table_index(p->tt, s->name), err);
    }
    for (size_t i = 0; i < p->tt->nindexes && code == MR_OK; i++)
        if (mr_table_index(p->st, p->tt->indexes[i].name) == NULL)
            code = compare_index(p, NULL, &p->tt->indexes[i], err);
    return code;
}

/* -- foreign keys and checks: by definition ---------------------------------------- */

/* A named definition; equal ones are taken out of both lists before names matter. */
struct named {
    const char *name;
    const char *column; /* of a check */
    char *text;
    bool matched, hidden;
};

/* A CHECK of a column is that column's: it is what people look for. */
static enum mr_code report_named(const struct mr_objects_both *p, enum mr_objects_kind kind,
                                 const struct named *s, const struct named *t, struct mr_err *err)
{
    struct mr_object_diff diff = {.kind = kind,
                                  .name = s != NULL ? s->name : t->name,
                                  .source = s != NULL ? s->text : NULL,
                                  .target = t != NULL ? t->text : NULL,
                                  .constraint = kind == MR_OBJECTS_TABLE,
                                  .table_name = p->st->name};
    if (kind == MR_OBJECTS_TABLE &&
        ((s != NULL && s->column != NULL) || (t != NULL && t->column != NULL)))
        diff.kind = MR_OBJECTS_COLUMN;
    diff.hidden = s != NULL && t != NULL && (s->hidden || t->hidden);
    return mr_objects_report(p, &diff, err);
}

/* One that is matched is taken: two equal definitions need two partners. */
static struct named *find_named(const struct mr_vec *list, const char *text, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        struct named *n = mr_vec_at(list, i);
        if (!n->matched && (text == NULL || strcmp(n->text, text) == 0) &&
            (name == NULL || strcasecmp(n->name, name) == 0))
            return n;
    }
    return NULL;
}

static void match_by(const struct mr_vec *source, const struct mr_vec *target, bool by_name)
{
    for (size_t i = 0; i < source->count; i++) {
        struct named *s = mr_vec_at(source, i);
        struct named *t = s->matched ? NULL : find_named(target, s->text, by_name ? s->name : NULL);
        if (t != NULL)
            s->matched = t->matched = true;
    }
}

/* Equal in name and text first, then in text alone: names are often made by the server. */
static enum mr_code compare_named(const struct mr_objects_both *p, enum mr_objects_kind kind,
                                  const struct mr_vec *source, const struct mr_vec *target,
                                  struct mr_err *err)
{
    match_by(source, target, true);
    match_by(source, target, false);
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < source->count && code == MR_OK; i++) {
        struct named *s = mr_vec_at(source, i);
        if (s->matched)
            continue;
        struct named *t = find_named(target, NULL, s->name);
        if (t != NULL)
            t->matched = true;
        code = report_named(p, kind, s, t, err);
    }
    for (size_t i = 0; i < target->count && code == MR_OK; i++) {
        struct named *t = mr_vec_at(target, i);
        if (!t->matched)
            code = report_named(p, kind, NULL, t, err);
    }
    return code;
}

/* The pair that TARGET has a database in: by its name, else by its letters. */
static const struct mr_objects_pair *pair_of(const struct mr_objects_both *p, const char *target_db)
{
    const struct mr_objects_pair *alike = NULL;
    for (size_t i = 0; i < p->opts->npairs; i++) {
        const struct mr_objects_pair *pair = &p->opts->pairs[i];
        if (strcmp(pair->target_db, target_db) == 0)
            return pair;
        if (alike == NULL && mr_objects_is_same_name(p, pair->target_db, target_db))
            alike = pair;
    }
    return alike;
}

/* SOURCE's name for a database of TARGET.  One that is not compared is another than SOURCE's of
 * that name which is: a key that was copied may still lead there. */
static void add_source_name(struct mr_strbuf *out, const struct mr_objects_both *p,
                            const struct mr_objects_pair *pair, const char *target_db)
{
    bool is_taken = false;
    for (size_t i = 0; pair == NULL && i < p->opts->npairs; i++)
        is_taken |= mr_objects_is_same_name(p, p->opts->pairs[i].source_db, target_db);
    mr_strbuf_add_fmt(out, "%s%s", is_taken ? "the target's " : "",
                      pair != NULL ? pair->source_db : target_db);
}

/* The key as SOURCE would have it: its parent is the twin of TARGET's, where there is one. */
static struct mr_foreign_key by_source_names(const struct mr_objects_both *p,
                                             const struct mr_objects_pair *pair,
                                             const struct mr_foreign_key *fk)
{
    struct mr_foreign_key shown = *fk;
    const struct mr_table *parent = pair != NULL ? mr_sides_twin(p->target, fk->ref_db, p->source,
                                                                 pair->source_db, fk->ref_table)
                                                 : NULL;
    if (parent != NULL)
        shown.ref_table = parent->name;
    return shown;
}

static bool push_named(struct mr_vec *list, const struct named *what, struct mr_strbuf *text)
{
    struct named *n = mr_vec_push(list);
    if (n == NULL)
        return false;
    *n = *what;
    n->text = mr_strbuf_detach(text);
    mr_strbuf_init(text);
    return n->text != NULL;
}

/* TARGET's database and table are written by SOURCE's names, or every key would differ. */
static bool list_fks(const struct mr_objects_both *p, const struct mr_table *table,
                     struct mr_vec *list)
{
    bool ok = true;
    for (size_t i = 0; i < table->nfks && ok; i++) {
        struct mr_foreign_key fk = table->fks[i];
        struct named named = {.name = fk.name, .hidden = fk.on_update == NULL};
        struct mr_strbuf text = MR_STRBUF_INIT, shown = MR_STRBUF_INIT;
        if (table == p->tt) {
            const struct mr_objects_pair *pair = pair_of(p, fk.ref_db);
            add_source_name(&shown, p, pair, fk.ref_db);
            fk = by_source_names(p, pair, &fk);
        } else {
            mr_strbuf_add_str(&shown, fk.ref_db);
        }
        mr_objects_add_fk(&text, &fk, table->db, shown.ptr);
        ok = !shown.failed && push_named(list, &named, &text);
        mr_strbuf_release(&shown);
        mr_strbuf_release(&text);
    }
    return ok;
}

static bool tells_periods(const struct mr_table *table)
{
    for (size_t i = 0; i < table->nchecks; i++)
        if (table->checks[i].period == NULL)
            return false;
    return true;
}

/* Where one side does not tell which CHECKs are of periods, none is shown as one, or each of the
 * other side would differ. */
static bool list_checks(const struct mr_objects_both *p, const struct mr_table *table,
                        struct mr_vec *list)
{
    const bool periods = !p->cross && tells_periods(p->st) && tells_periods(p->tt);
    bool ok = true;
    for (size_t i = 0; i < table->nchecks && ok; i++) {
        const struct mr_check *check = &table->checks[i];
        struct named named = {.name = check->name, .column = check->column};
        struct mr_strbuf text = MR_STRBUF_INIT;
        if (periods && *check->period != '\0')
            mr_strbuf_add_fmt(&text, "period %s (%s)", check->period, check->clause);
        else
            mr_strbuf_add_fmt(&text, "check (%s)", check->clause);
        ok = push_named(list, &named, &text);
        mr_strbuf_release(&text);
    }
    return ok;
}

static void release_named(struct mr_vec *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(((struct named *)mr_vec_at(list, i))->text);
    mr_vec_release(list);
}

static enum mr_code compare_constraints(const struct mr_objects_both *p, enum mr_objects_kind kind,
                                        struct mr_err *err)
{
    struct mr_vec source = MR_VEC_INIT(struct named), target = MR_VEC_INIT(struct named);
    bool ok;
    if (kind == MR_OBJECTS_FOREIGN_KEY)
        ok = list_fks(p, p->st, &source) && list_fks(p, p->tt, &target);
    else
        ok = list_checks(p, p->st, &source) && list_checks(p, p->tt, &target);
    enum mr_code code = ok ? compare_named(p, kind, &source, &target, err)
                           : mr_err_nomem(err, "comparing constraints");
    release_named(&source);
    release_named(&target);
    return code;
}

/* -- triggers --------------------------------------------------------------------- */

/* MariaDB keeps triggers by names of files, so that letters may tell two of one table apart: as of
 * tables (mr_sides_twin), one has the twin that may be of both. */
static bool is_anothers(const struct mr_table *own, const struct mr_trigger *trigger,
                        const struct mr_trigger *twin)
{
    for (size_t i = 0; i < own->ntriggers; i++) {
        const struct mr_trigger *other = &own->triggers[i];
        if (other != trigger && strcasecmp(other->name, trigger->name) == 0 &&
            (other < trigger || strcmp(other->name, twin->name) == 0))
            return true;
    }
    return false;
}

static const struct mr_trigger *find_trigger(const struct mr_table *own,
                                             const struct mr_trigger *trigger,
                                             const struct mr_table *table)
{
    const struct mr_trigger *twin = NULL;
    for (size_t i = 0; i < table->ntriggers; i++) {
        const struct mr_trigger *t = &table->triggers[i];
        if (strcmp(t->name, trigger->name) == 0)
            return t;
        if (twin == NULL && strcasecmp(t->name, trigger->name) == 0)
            twin = t;
    }
    return twin == NULL || is_anothers(own, trigger, twin) ? NULL : twin;
}

static size_t count_alike(const struct mr_table *table, const struct mr_trigger *trigger)
{
    size_t n = 0;
    for (size_t i = 0; i < table->ntriggers; i++)
        n += strcmp(table->triggers[i].timing, trigger->timing) == 0 &&
             strcmp(table->triggers[i].event, trigger->event) == 0;
    return n;
}

/* The order counts only where both sides run equally many at that moment: one trigger
 * too many is one difference, not one for each that comes after it. */
static bool is_same_trigger(const struct mr_objects_both *p, const struct mr_trigger *s,
                            const struct mr_trigger *t)
{
    if (strcmp(s->timing, t->timing) != 0 || strcmp(s->event, t->event) != 0)
        return false;
    if (s->order != t->order && s->order > 0 && t->order > 0 &&
        count_alike(p->st, s) == count_alike(p->tt, t))
        return false;
    struct mr_objects_text a =
        mr_objects_body_of(s->body != NULL ? s->body : "", p->source_db, &s->made);
    struct mr_objects_text b =
        mr_objects_body_of(t->body != NULL ? t->body : "", p->target_db, &t->made);
    return mr_objects_same_body(a, b, p->cross) &&
           mr_objects_same_made(&s->made, &t->made, p->cross);
}

/* Where only the order differs, the texts are equal, so the order is written down. */
static enum mr_code compare_trigger(const struct mr_objects_both *p, const struct mr_trigger *s,
                                    const struct mr_trigger *t, struct mr_err *err)
{
    if (s != NULL && t != NULL && is_same_trigger(p, s, t))
        return MR_OK;
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    if (s != NULL)
        mr_objects_add_trigger(&source, s);
    if (t != NULL)
        mr_objects_add_trigger(&target, t);
    if (s != NULL && t != NULL) {
        mr_objects_add_made(&source, &s->made, &t->made, p->cross);
        mr_objects_add_made(&target, &t->made, &s->made, p->cross);
    }
    if (s != NULL && t != NULL && strcmp(source.ptr, target.ptr) == 0) {
        mr_strbuf_add_fmt(&source, "\n(order %u)", s->order);
        mr_strbuf_add_fmt(&target, "\n(order %u)", t->order);
    }
    struct mr_object_diff diff = {.kind = MR_OBJECTS_TRIGGER,
                                  .name = s != NULL ? s->name : t->name,
                                  .table_name = p->st->name};
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

static enum mr_code compare_triggers(const struct mr_objects_both *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < p->st->ntriggers && code == MR_OK; i++) {
        const struct mr_trigger *s = &p->st->triggers[i];
        code = compare_trigger(p, s, find_trigger(p->st, s, p->tt), err);
    }
    for (size_t i = 0; i < p->tt->ntriggers && code == MR_OK; i++)
        if (find_trigger(p->tt, &p->tt->triggers[i], p->st) == NULL)
            code = compare_trigger(p, NULL, &p->tt->triggers[i], err);
    return code;
}

/* -- the table -----------------------------------------------------------------------
 */

/* In the order in which people look: the table, its columns, what is on them. */
enum mr_code mr_objects_walk_table(const struct mr_objects_both *p, struct mr_err *err)
{
    MR_TRY(mr_objects_compare_whole(p, err));
    MR_TRY(mr_objects_compare_charsets(
        p, MR_OBJECTS_CHARSET, p->st->name,
        (struct mr_objects_charset){p->source, p->st->charset, p->st->collation},
        (struct mr_objects_charset){p->target, p->tt->charset, p->tt->collation}, err));
    MR_TRY(compare_columns(p, err));
    MR_TRY(compare_constraints(p, MR_OBJECTS_TABLE, err));
    MR_TRY(compare_indexes(p, err));
    MR_TRY(compare_constraints(p, MR_OBJECTS_FOREIGN_KEY, err));
    MR_TRY(compare_triggers(p, err));
    return mr_objects_compare_attributes(p, err);
}
