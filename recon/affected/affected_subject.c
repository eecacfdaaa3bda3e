/* affected_subject.c: see affected_subject.h. */
#include "recon/affected/affected_subject.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/suggest.h"
#include "core/case/image.h"
#include "core/case/lineage.h"
#include "recon/affected/affected_field.h"

struct chooser {
    struct mr_affected *list;
    const struct mr_affected_choice *choice;
    struct mr_vec subjects;          /* struct mr_affected_subject */
    const struct mr_find_table *now; /* the one that is being judged */
};

/* Asks something about "db.table" as a database and a table, whose names may hold dots. */
typedef enum mr_code split_fn(void *ctx, const char *db, const char *table, bool *yes,
                              struct mr_err *err);

static enum mr_code ask_of_name(const char *name, struct mr_arena *arena, split_fn *ask, void *ctx,
                                bool *yes, struct mr_err *err)
{
    *yes = false;
    for (const char *dot = strchr(name, '.'); !*yes && dot != NULL; dot = strchr(dot + 1, '.')) {
        const char *db = mr_arena_dup(arena, name, (size_t)(dot - name));
        MR_TRY(db != NULL ? ask(ctx, db, dot + 1, yes, err)
                          : mr_err_nomem(err, "choosing the subject tables"));
    }
    return MR_OK;
}

/* ---- which tables ---- */

static enum mr_code matches(void *ctx, const char *db, const char *table, bool *yes,
                            struct mr_err *err)
{
    (void)err;
    *yes = mr_pattern_match(ctx, db, table);
    return MR_OK;
}

static enum mr_code is_configured(void *ctx, const char *db, const char *table, bool *yes,
                                  struct mr_err *err)
{
    const struct chooser *c = ctx;
    struct mr_table_config config = {0};
    enum mr_code code =
        mr_config_table(c->choice->config, db, table, &c->list->arena, &config, err);
    *yes = code == MR_OK && config.subject;
    return code;
}

static enum mr_code push_subject(struct chooser *c, const struct mr_find_table *table,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < c->subjects.count; i++)
        if (((struct mr_affected_subject *)mr_vec_at(&c->subjects, i))->table == table)
            return MR_OK;
    struct mr_affected_subject *subject = mr_vec_push(&c->subjects);
    if (subject == NULL)
        return mr_err_nomem(err, "choosing the subject tables");
    subject->table = table;
    while (mr_image_part_column(table, MR_IMAGE_KEY, subject->nkey) < table->ncolumns)
        subject->nkey++;
    return MR_OK;
}

/* The table that a pattern seems to mean, written as it is: with its database or without. */
static const char *find_meant(const struct chooser *c, const char *pattern)
{
    struct mr_suggest suggest = {.typed = pattern};
    for (size_t i = 0; i < c->list->ntables; i++) {
        const char *name = c->list->tables[i].name, *dot = strchr(name, '.');
        mr_suggest_offer(&suggest, strchr(pattern, '.') != NULL || dot == NULL ? name : dot + 1);
    }
    return suggest.best;
}

static enum mr_code refuse_pattern(const struct chooser *c, const char *option, const char *pattern,
                                   struct mr_err *err)
{
    const char *meant = find_meant(c, pattern);
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table of the run matches %s %s", option, pattern);
    if (meant != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", meant);
    else
        mr_err_hint(err, "Write DB.TABLE with SOURCE's names, as check prints them.");
    return MR_E_NO_SUCH;
}

/* A pattern without a match is refused: a list that silently lacks a table would pass for
 * everybody. */
static enum mr_code take_named(struct chooser *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->choice->subjects.count; i++) {
        char *pattern = mr_arena_strdup(&c->list->arena, c->choice->subjects.items[i]);
        size_t matched = 0;
        if (pattern == NULL)
            return mr_err_nomem(err, "choosing the subject tables");
        for (size_t k = 0; k < c->list->ntables; k++) {
            bool yes = false;
            MR_TRY(
                ask_of_name(c->list->tables[k].name, &c->list->arena, matches, pattern, &yes, err));
            if (yes)
                MR_TRY(push_subject(c, &c->list->tables[k], err));
            matched += yes;
        }
        if (matched == 0)
            MR_TRY(refuse_pattern(c, "--subject", pattern, err));
    }
    return MR_OK;
}

static enum mr_code take_configured(struct chooser *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->list->ntables; i++) {
        bool yes = false;
        MR_TRY(ask_of_name(c->list->tables[i].name, &c->list->arena, is_configured, c, &yes, err));
        if (yes)
            MR_TRY(push_subject(c, &c->list->tables[i], err));
    }
    return MR_OK;
}

/* What the run took for subjects; one that it has only inferred is said. */
static enum mr_code take_from_run(struct chooser *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->list->ntables; i++) {
        const struct mr_find_table *table = &c->list->tables[i];
        if (table->subject == MR_SUBJECT_NO)
            continue;
        if (table->subject == MR_SUBJECT_INFERRED)
            mr_log_warning("no table is configured as subject: the rows of \"%s\" are "
                           "taken for the people; say subject = yes in [table %s]",
                           table->name, table->name);
        MR_TRY(push_subject(c, table, err));
    }
    return MR_OK;
}

/* ---- the table that most others lead to */

/* A reference between tables of the run, by their places in the list. */
struct edge {
    size_t child, parent;
};

static size_t place_of(const struct mr_affected *list, int64_t table)
{
    size_t i = 0;
    while (i < list->ntables && list->tables[i].id != table)
        i++;
    return i;
}

static enum mr_code read_edges(const struct chooser *c, struct mr_vec *edges, struct mr_err *err)
{
    struct mr_vec references = MR_VEC_INIT(struct mr_lineage_reference);
    enum mr_code code = mr_lineage_references(c->list->fd, &c->list->arena, &references, err);
    for (size_t i = 0; code == MR_OK && i < references.count; i++) {
        const struct mr_lineage_reference *reference = mr_vec_at(&references, i);
        const struct edge edge = {.child = place_of(c->list, reference->table),
                                  .parent = place_of(c->list, reference->parent)};
        struct edge *put = NULL;
        if (edge.child == c->list->ntables || edge.parent == c->list->ntables)
            continue;
        if ((put = mr_vec_push(edges)) == NULL)
            code = mr_err_nomem(err, "choosing the subject tables");
        else
            *put = edge;
    }
    mr_vec_release(&references);
    return code;
}

/* Tables that lead to that one, in however many steps. */
static size_t count_below(const struct mr_vec *edges, size_t table, bool *marked, size_t ntables)
{
    size_t count = 0, before;
    memset(marked, 0, ntables * sizeof *marked);
    marked[table] = true;
    do {
        before = count;
        for (size_t i = 0; i < edges->count; i++) {
            const struct edge *edge = mr_vec_at(edges, i);
            count += marked[edge->parent] && !marked[edge->child];
            marked[edge->child] |= marked[edge->parent];
        }
    } while (count > before);
    return count;
}

static bool has_identity(const struct mr_find_table *table)
{
    return table->identity_known &&
           mr_image_part_column(table, MR_IMAGE_IDENTITY, 0) != table->ncolumns;
}

/* NULL: none has more than all others.  *count: how many lead to it. */
static enum mr_code find_root(const struct chooser *c, const struct mr_find_table **root,
                              size_t *count, struct mr_err *err)
{
    const size_t ntables = c->list->ntables;
    struct mr_vec edges = MR_VEC_INIT(struct edge);
    bool *marked = mr_arena_calloc(&c->list->arena, ntables + 1, sizeof *marked);
    enum mr_code code = marked != NULL ? read_edges(c, &edges, err)
                                       : mr_err_nomem(err, "choosing the subject tables");
    *root = NULL;
    *count = 0;
    for (size_t i = 0; code == MR_OK && i < ntables; i++) {
        if (!has_identity(&c->list->tables[i]))
            continue;
        const size_t below = count_below(&edges, i, marked, ntables);
        if (below >= *count)
            *root = below > *count ? &c->list->tables[i] : NULL;
        *count = below > *count ? below : *count;
    }
    mr_vec_release(&edges);
    return code;
}

/* Proposed, and not taken: what most tables lead to may be products. */
static enum mr_code hint_several(const struct chooser *c, struct mr_err *err)
{
    const struct mr_find_table *root = NULL;
    size_t count = 0;
    MR_TRY(find_root(c, &root, &count, err));
    if (root != NULL)
        mr_err_hint(err,
                    "Most others lead to \"%s\" (%zu table%s). If its rows are people, give "
                    "--subject %s, or write subject = yes in [table %s] of the configuration.",
                    root->name, count, count == 1 ? "" : "s", root->name, root->name);
    else
        mr_err_hint(err, "Only you can know which of them are people: write subject "
                         "= yes in [table DB.TABLE] of each that are, and run check "
                         "again with that --config.");
    return MR_OK;
}

/* Whose rows are people is never guessed between several tables; the message says which come
 * into question. */
static enum mr_code refuse_none(const struct chooser *c, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    const char *first = NULL;
    size_t count = 0;
    enum mr_code code = MR_E_NO_SUCH;
    for (size_t i = 0; i < c->list->ntables; i++) {
        const struct mr_find_table *table = &c->list->tables[i];
        if (!has_identity(table))
            continue;
        mr_strbuf_add_fmt(&names, "%s\"%s\"", first != NULL ? ", " : "", table->name);
        if (first == NULL)
            first = table->name;
        count++;
    }
    (void)mr_err_set(err, MR_E_NO_SUCH, "it is not known which table's rows are people");
    if (first != NULL) {
        mr_err_detail(err, "tables whose rows have an identity: %s", names.ptr);
        if (count == 1)
            mr_err_hint(err,
                        "Write subject = yes in [table %s] of the configuration, or give "
                        "--subject %s; which one it is, only you can know.",
                        first, first);
        else if (hint_several(c, err) != MR_OK)
            code = err->code;
    } else {
        mr_err_hint(err, "No table of the run has an identity: write identity = COLUMN "
                         "and subject = yes in [table DB.TABLE], and run check again.");
    }
    mr_strbuf_release(&names);
    return code;
}

/* ---- whose findings count ---- */

static enum mr_code is_selected(void *ctx, const char *db, const char *table, bool *yes,
                                struct mr_err *err)
{
    const struct mr_affected_choice *choice = ((const struct chooser *)ctx)->choice;
    (void)err;
    *yes = mr_pattern_selects(choice->tables.items, choice->tables.count, choice->exclude.items,
                              choice->exclude.count, db, table);
    return MR_OK;
}

static enum mr_code match_any(struct chooser *c, const char *text, bool *any, struct mr_err *err)
{
    char *pattern = mr_arena_strdup(&c->list->arena, text);
    enum mr_code code = pattern != NULL ? MR_OK : mr_err_nomem(err, "choosing the subject tables");
    *any = false;
    for (size_t i = 0; code == MR_OK && !*any && i < c->list->ntables; i++)
        code = ask_of_name(c->list->tables[i].name, &c->list->arena, matches, pattern, any, err);
    return code;
}

static void warn_pattern(const struct chooser *c, const char *option, const char *pattern)
{
    const char *meant = find_meant(c, pattern);
    mr_log_warning("no table of the run matches %s %s%s%s%s", option, pattern,
                   meant != NULL ? ": is \"" : "", meant != NULL ? meant : "",
                   meant != NULL ? "\" meant?" : "");
}

/* Then people are listed who were to be left out. */
static enum mr_code check_exclude(struct chooser *c, struct mr_err *err)
{
    const struct mr_string_list *patterns = &c->choice->exclude;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < patterns->count; i++) {
        bool any;
        code = match_any(c, patterns->items[i], &any, err);
        if (code == MR_OK && !any)
            warn_pattern(c, "--exclude", patterns->items[i]);
    }
    return code;
}

/* A slip in a pattern is reported: the list would look complete without those whom it costs. */
static enum mr_code check_patterns(struct chooser *c, struct mr_err *err)
{
    const struct mr_string_list *patterns = &c->choice->tables;
    enum mr_code code = MR_OK;
    bool used = false;
    for (size_t i = 0; code == MR_OK && i < patterns->count; i++) {
        bool any;
        code = match_any(c, patterns->items[i], &any, err);
        used = used || any;
        if (code != MR_OK || any)
            continue;
        if (!used && i + 1 == patterns->count)
            code = refuse_pattern(c, "--tables", patterns->items[i], err);
        else
            warn_pattern(c, "--tables", patterns->items[i]);
    }
    return code == MR_OK ? check_exclude(c, err) : code;
}

static enum mr_code select_tables(struct chooser *c, struct mr_err *err)
{
    struct mr_affected *list = c->list;
    bool *selected = mr_arena_calloc(&list->arena, list->ntables + 1, sizeof *selected);
    enum mr_code code = selected != NULL ? MR_OK : mr_err_nomem(err, "choosing the subject tables");
    for (size_t i = 0; code == MR_OK && i < list->ntables; i++)
        code = ask_of_name(list->tables[i].name, &list->arena, is_selected, c, &selected[i], err);
    list->selected = selected;
    list->only = c->choice->tables;
    list->without = c->choice->exclude;
    for (size_t i = 0; code == MR_OK && i < c->subjects.count; i++) {
        struct mr_affected_subject *subject = mr_vec_at(&c->subjects, i);
        subject->counts = selected[subject->table - list->tables];
    }
    return code;
}

/* ---- can it be listed? ---- */

static const char *identity_column(const struct mr_find_table *table, size_t n)
{
    size_t at = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
    return at < table->ncolumns ? table->columns[at].name : NULL;
}

static enum mr_code refuse_identity(const struct mr_find_table *table, struct mr_err *err)
{
    if (table->ncolumns == 0 || table->verdict == MR_VERDICT_NOT_CHECKED) {
        (void)mr_err_set(err, MR_E_NO_SUCH, "subject table \"%s\" was not checked%s%s", table->name,
                         table->reason != NULL ? ": " : "",
                         table->reason != NULL ? table->reason : "");
        mr_err_hint(err, "Nothing is known of its rows; run check again.");
        return MR_E_NO_SUCH;
    }
    (void)mr_err_set(err, MR_E_USAGE, "the rows of subject table \"%s\" have no identity",
                     table->name);
    mr_err_hint(err,
                "Write identity = COLUMN in [table %s] of the configuration, and run "
                "check again; with identity = none every row is its own event.",
                table->name);
    return MR_E_USAGE;
}

/* A slip is no other configuration (affected_config.h). */
static enum mr_code check_configured(void *ctx, const char *db, const char *name, bool *yes,
                                     struct mr_err *err)
{
    const struct chooser *c = ctx;
    const struct mr_find_table *table = c->now;
    struct mr_table_config config = {0};
    enum mr_code code = mr_config_table(c->choice->config, db, name, &c->list->arena, &config, err);
    *yes = false;
    if (code != MR_OK || config.identity != MR_IDENTITY_COLUMNS)
        return code;
    for (size_t i = 0; i < config.identity_columns.count; i++) {
        const char *column = config.identity_columns.items[i];
        struct mr_suggest suggest = {.typed = column};
        if (mr_affected_column(table, column) < table->ncolumns)
            continue;
        for (size_t k = 0; k < table->ncolumns; k++)
            mr_suggest_offer(&suggest, table->columns[k].name);
        (void)mr_err_set(err, MR_E_CONFIG,
                         "identity column \"%s\" of table \"%s\" does not exist in the "
                         "case",
                         column, table->name);
        if (suggest.best != NULL)
            mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
        return MR_E_CONFIG;
    }
    return MR_OK;
}

/* All subjects share one header, so that their identities must have the same columns in the same
 * order. */
static enum mr_code check_one(struct chooser *c, const struct mr_affected_subject *s,
                              struct mr_err *err)
{
    const struct mr_affected_subject *first = mr_vec_at(&c->subjects, 0);
    bool ignored;
    c->now = s->table;
    enum mr_code code =
        ask_of_name(s->table->name, &c->list->arena, check_configured, c, &ignored, err);
    if (code != MR_OK)
        return code;
    if (identity_column(s->table, 0) == NULL)
        return refuse_identity(s->table, err);
    for (size_t n = 0;; n++) {
        const char *a = identity_column(first->table, n);
        const char *b = identity_column(s->table, n);
        if (a == NULL && b == NULL)
            return MR_OK;
        if (a != NULL && b != NULL && strcasecmp(a, b) == 0)
            continue;
        (void)mr_err_set(err, MR_E_USAGE,
                         "the identities of the subject tables \"%s\" and \"%s\" have "
                         "other columns",
                         first->table->name, s->table->name);
        mr_err_hint(err, "One list has one header: choose a table with --subject.");
        return MR_E_USAGE;
    }
}

/* --subject before the configuration, that before what the run inferred: who asks now knows
 * best. */
static enum mr_code choose_tables(struct chooser *c, struct mr_err *err)
{
    if (c->choice->subjects.count > 0)
        MR_TRY(take_named(c, err));
    else
        MR_TRY(take_configured(c, err));
    if (c->subjects.count == 0)
        MR_TRY(take_from_run(c, err));
    if (c->subjects.count == 0)
        MR_TRY(refuse_none(c, err));
    for (size_t i = 0; i < c->subjects.count; i++)
        MR_TRY(check_one(c, mr_vec_at(&c->subjects, i), err));
    return MR_OK;
}

static int compare_subjects(const void *a, const void *b)
{
    const struct mr_affected_subject *x = a, *y = b;
    return strcmp(x->table->name, y->table->name);
}

enum mr_code mr_affected_choose(struct mr_affected *list, const struct mr_affected_choice *choice,
                                struct mr_err *err)
{
    struct chooser c = {
        .list = list, .choice = choice, .subjects = MR_VEC_INIT(struct mr_affected_subject)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(choose_tables(&c, err));
    MR_TRY_OUT(check_patterns(&c, err));
    MR_TRY_OUT(select_tables(&c, err));
    qsort(c.subjects.items, c.subjects.count, sizeof(struct mr_affected_subject), compare_subjects);
    list->nsubjects = c.subjects.count;
    list->subjects = (struct mr_affected_subject *)(void *)mr_arena_dup(
        &list->arena, c.subjects.items, c.subjects.count * sizeof(struct mr_affected_subject));
    MR_TRY_OUT(list->subjects != NULL ? mr_affected_choose_fields(list, &choice->columns, err)
                                      : mr_err_nomem(err, "choosing the subject tables"));

out:
    mr_vec_release(&c.subjects);
    return code;
}
