/* affected_field.c: see affected_field.h. */
#include "recon/affected/affected_field.h"

#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/case/image.h"
#include "recon/affected/affected_told.h"

#define LISTED_BYTES 600 /* of a detail, behind which one more name has its place */

struct fields {
    struct mr_affected *list;
    struct mr_vec items; /* struct mr_affected_field */
};

static const struct mr_affected_field *field_at(const struct fields *f, size_t i)
{
    return mr_vec_at(&f->items, i);
}

/* Would the label be that of another field? */
static bool is_taken(const struct fields *f, const char *label)
{
    static const char *const fixed[] = {"source_key", "target_key", "reasons",
                                        "tables",     "line_no",    "new_key"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcasecmp(label, fixed[i]) == 0)
            return true;
    for (size_t i = 0; i < f->items.count; i++)
        if (strcasecmp(label, field_at(f, i)->label) == 0)
            return true;
    return false;
}

/* A label that is taken gets underscores until it is free: two columns of one name would make
 * the SQL fail, and one JSON value hide the other. */
static enum mr_code push_field(struct fields *f, const char *name, enum mr_affected_told told,
                               struct mr_err *err)
{
    struct mr_affected_field field = {.name = name, .told = told};
    struct mr_strbuf label = MR_STRBUF_INIT;
    for (size_t i = 0; i < f->items.count; i++)
        field.repeated = field.repeated || strcasecmp(field_at(f, i)->name, name) == 0;
    mr_strbuf_add_str(&label, name);
    while (!field.repeated && !label.failed && is_taken(f, label.ptr))
        mr_strbuf_add_char(&label, '_');
    field.label = label.failed ? NULL : mr_arena_strdup(&f->list->arena, label.ptr);
    mr_strbuf_release(&label);
    struct mr_affected_field *slot = mr_vec_push(&f->items);
    if (slot == NULL || field.label == NULL)
        return mr_err_nomem(err, "choosing columns");
    *slot = field;
    return MR_OK;
}

static enum mr_code refuse(const struct fields *f, const char *name, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    struct mr_strbuf names = MR_STRBUF_INIT;
    size_t more = 0; /* a name that is cut is another name */
    for (size_t s = 0; s < f->list->nsubjects; s++) {
        const struct mr_find_table *table = f->list->subjects[s].table;
        for (size_t i = 0; i < table->ncolumns; i++) {
            mr_suggest_offer(&suggest, table->columns[i].name);
            if (names.len < LISTED_BYTES)
                mr_strbuf_add_fmt(&names, "%s%s", names.len > 0 ? ", " : "",
                                  table->columns[i].name);
            else
                more++;
        }
    }
    (void)mr_err_set(err, MR_E_NO_SUCH, "subject table \"%s\" has no column \"%s\"",
                     f->list->subjects[0].table->name, name);
    if (more > 0)
        mr_strbuf_add_fmt(&names, ", and %zu more (--columns '?' lists them)", more);
    mr_err_detail(err, "columns that were compared: %s", names.ptr);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "Name columns of the subject table, joined by commas.");
    mr_strbuf_release(&names);
    return MR_E_NO_SUCH;
}

/* The name as the catalogue writes it, of the first subject table that has it; a column that is called
 * like what the logs tell is the column. */
static enum mr_code find_column(const struct fields *f, const char *asked, const char **name,
                                enum mr_affected_told *told, struct mr_err *err)
{
    *told = MR_AFFECTED_NOT_TOLD;
    for (size_t s = 0; s < f->list->nsubjects; s++) {
        const struct mr_find_table *table = f->list->subjects[s].table;
        size_t at = mr_affected_column(table, asked);
        if (at < table->ncolumns) {
            *name = table->columns[at].name;
            return MR_OK;
        }
    }
    *told = mr_affected_told_named(asked);
    if (*told != MR_AFFECTED_NOT_TOLD) {
        *name = mr_affected_told_names[*told - MR_AFFECTED_FIRST_DIVERGENCE];
        return MR_OK;
    }
    return refuse(f, asked, err);
}

/* "name, email" */
static enum mr_code push_list(struct fields *f, const char *text, struct mr_err *err)
{
    bool more = true;
    while (more) {
        const char *name = NULL;
        enum mr_affected_told told = MR_AFFECTED_NOT_TOLD;
        text += strspn(text, " ");
        size_t len = strcspn(text, ","), used = len;
        while (used > 0 && text[used - 1] == ' ')
            used--;
        const char *asked = mr_arena_dup(&f->list->arena, text, used);
        MR_TRY(asked != NULL ? find_column(f, asked, &name, &told, err)
                             : mr_err_nomem(err, "choosing columns"));
        MR_TRY(push_field(f, name, told, err));
        more = text[len] == ',';
        text += len + more;
    }
    return MR_OK;
}

static enum mr_code push_identity(struct fields *f, struct mr_err *err)
{
    const struct mr_find_table *table = f->list->subjects[0].table;
    enum mr_code code = MR_OK;
    for (size_t n = 0; code == MR_OK; n++) {
        size_t at = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
        if (at == table->ncolumns)
            break;
        code = push_field(f, table->columns[at].name, MR_AFFECTED_NOT_TOLD, err);
    }
    f->list->nidentity = f->items.count;
    return code;
}

static enum mr_code resolve(const struct fields *f, struct mr_affected_subject *subject,
                            struct mr_err *err)
{
    size_t *columns = mr_arena_calloc(&f->list->arena, f->items.count + 1, sizeof *columns);
    if (columns == NULL)
        return mr_err_nomem(err, "choosing columns");
    for (size_t i = 0; i < f->items.count; i++)
        columns[i] = mr_affected_column(subject->table, field_at(f, i)->name);
    subject->columns = columns;
    return MR_OK;
}

/* The identity's columns are pushed first; all writers and the order of the lines rely on their
 * standing in front. */
enum mr_code mr_affected_choose_fields(struct mr_affected *list,
                                       const struct mr_string_list *columns, struct mr_err *err)
{
    struct fields f = {.list = list, .items = MR_VEC_INIT(struct mr_affected_field)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(push_identity(&f, err));
    for (size_t i = 0; i < columns->count; i++)
        MR_TRY_OUT(push_list(&f, columns->items[i], err));
    for (size_t i = 0; i < list->nsubjects; i++)
        MR_TRY_OUT(resolve(&f, &list->subjects[i], err));
    list->nfields = f.items.count;
    list->fields = (const struct mr_affected_field *)(void *)mr_arena_dup(
        &list->arena, f.items.items, f.items.count * sizeof *list->fields);
    if (list->fields == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "choosing columns"));

out:
    mr_vec_release(&f.items);
    return code;
}
