/* decide_rows.c: see decide_rows.h. */
#include "repair/page/decide_rows.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/case/mask.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/undecided.h"

static const char *const names[MR_ASKS_COLUMNS] = {[MR_ASKS_SOURCE] = "source",
                                                   [MR_ASKS_TARGET] = "target",
                                                   [MR_ASKS_BASE] = "base",
                                                   [MR_ASKS_MERGED] = "columns",
                                                   [MR_ASKS_TABLE] = "table",
                                                   [MR_ASKS_SOURCE_KEY] = "source_key",
                                                   [MR_ASKS_TARGET_KEY] = "target_key",
                                                   [MR_ASKS_IDENTITY] = "identity",
                                                   [MR_ASKS_KIND] = "kind",
                                                   [MR_ASKS_CHOICES] = "choices",
                                                   [MR_ASKS_DECISION] = "decision",
                                                   [MR_ASKS_DIFFERS] = "differs",
                                                   [MR_ASKS_DERIVED] = "derived",
                                                   [MR_ASKS_NOTE] = MR_ASKED_NOTE,
                                                   [MR_ASKS_SOURCE_CHANGES] = "source_changes",
                                                   [MR_ASKS_TARGET_CHANGES] = "target_changes"};

static const struct mr_planned *planned_of(const struct mr_decide_rows *d)
{
    return &d->plan->manifest.planned;
}

/* ---- what is masked ---- */

const char *mr_decide_rows_name(const struct mr_planned_column *c)
{
    return c->source_name != NULL ? c->source_name : c->name;
}

const char *mr_decide_rows_own(const struct mr_planned_table *t, const char *name)
{
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strcasecmp(t->columns[i].name, name) == 0)
            return mr_decide_rows_name(&t->columns[i]);
    return name;
}

/* By TARGET's name: where the two sides call a column otherwise, the mask has SOURCE's. */
static bool is_masked(const struct mr_decide_rows *d, size_t table, const char *name)
{
    return mr_string_list_has(&d->masked[table],
                              mr_decide_rows_own(&planned_of(d)->tables[table], name));
}

static size_t table_named(const struct mr_decide_rows *d, struct mr_csv_field name)
{
    const struct mr_planned *p = planned_of(d);
    size_t i = 0;
    while (i < p->ntables && (strlen(p->tables[i].table) != name.len ||
                              memcmp(p->tables[i].table, name.ptr, name.len) != 0))
        i++;
    return i;
}

static bool is_configured(const struct mr_table_config *config, const struct mr_planned_column *c)
{
    return mr_string_list_has(&config->mask, mr_decide_rows_name(c));
}

/* The section of a table, "db.t", planned or not. */
static enum mr_code read_section(const struct mr_decide_rows *d, const char *name,
                                 struct mr_table_config *config, struct mr_err *err)
{
    struct mr_arena *arena = &d->plan->arena;
    const char *dot = strchr(name, '.');
    const char *db = dot != NULL ? mr_arena_dup(arena, name, (size_t)(dot - name)) : "";
    *config = (struct mr_table_config){0};
    if (db == NULL)
        return mr_err_nomem(err, "reading conflicts");
    return d->config != NULL
               ? mr_config_table(d->config, db, dot != NULL ? dot + 1 : name, arena, config, err)
               : MR_OK;
}

/* By TARGET's name; false: it is hidden already, or is no column of the table. */
static bool hide(struct mr_decide_rows *d, size_t table, const char *name)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    struct mr_string_list *masked = &d->masked[table];
    size_t i = 0;
    while (i < t->ncolumns && strcasecmp(t->columns[i].name, name) != 0)
        i++;
    if (i == t->ncolumns || is_masked(d, table, name))
        return false;
    ((const char **)(uintptr_t)masked->items)[masked->count++] =
        mr_decide_rows_name(&t->columns[i]);
    d->masks = true;
    return true;
}

static enum mr_code mask_own(struct mr_decide_rows *d, size_t table, struct mr_err *err)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    struct mr_table_config config;
    d->masked[table].items =
        mr_arena_calloc(&d->plan->arena, t->ncolumns + 1, sizeof *d->masked[table].items);
    if (d->masked[table].items == NULL)
        return mr_err_nomem(err, "reading conflicts");
    MR_TRY(read_section(d, t->table, &config, err));
    for (size_t i = 0; i < t->ncolumns && !d->unmask; i++)
        if (t->columns[i].masked || is_configured(&config, &t->columns[i]))
            (void)hide(d, table, t->columns[i].name);
    return MR_OK;
}

/* A column that refers to one that is masked has the same values.  *more: some are hidden now that were not. */
static enum mr_code mask_referring(struct mr_decide_rows *d, size_t table, bool *more,
                                   struct mr_err *err)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    for (size_t i = 0; i < t->nreferences; i++) {
        const struct mr_planned_reference *r = &t->references[i];
        const size_t parent = table_named(d, (struct mr_csv_field){r->parent, strlen(r->parent)});
        const bool is_planned = parent < planned_of(d)->ntables;
        struct mr_table_config config = {0};
        if (!is_planned)
            MR_TRY(read_section(d, r->parent, &config, err));
        for (size_t k = 0; k < r->columns.count && k < r->parent_columns.count; k++)
            if (is_planned ? is_masked(d, parent, r->parent_columns.items[k])
                           : mr_string_list_has(&config.mask, r->parent_columns.items[k]))
                *more |= hide(d, table, r->columns.items[k]);
    }
    return MR_OK;
}

/* A decision names its row by the key, which a mask would hide: such a table is refused. */
static enum mr_code check_key(const struct mr_decide_rows *d, size_t table, struct mr_err *err)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    for (size_t i = 0; i < t->key.count; i++)
        if (is_masked(d, table, t->key.items[i])) {
            (void)mr_err_set(err, MR_E_REFUSED,
                             "column \"%s\" of the key of table \"%s\" is masked",
                             mr_decide_rows_own(t, t->key.items[i]), t->table);
            mr_err_hint(err, "A decision names its row by the key: show it with --unmask, and keep "
                             "the page as you keep the plan.");
            return MR_E_REFUSED;
        }
    return MR_OK;
}

static enum mr_code mask_tables(struct mr_decide_rows *d, struct mr_err *err)
{
    const size_t n = planned_of(d)->ntables;
    d->masked = mr_arena_calloc(&d->plan->arena, n + 1, sizeof *d->masked);
    if (d->masked == NULL)
        return mr_err_nomem(err, "reading conflicts");
    for (size_t i = 0; i < n; i++)
        MR_TRY(mask_own(d, i, err));
    for (bool more = !d->unmask; more;) {
        more = false;
        for (size_t i = 0; i < n; i++)
            MR_TRY(mask_referring(d, i, &more, err));
    }
    for (size_t i = 0; i < n; i++)
        MR_TRY(check_key(d, i, err));
    return MR_OK;
}

/* ---- a record ---- */

static struct mr_csv_field field(const struct mr_decide_rows *d, const struct mr_csv_field *fields,
                                 size_t column)
{
    const struct mr_csv_field none = {"", 0};
    return d->at[column] > 0 ? fields[d->at[column] - 1] : none;
}

/* As --decisions reads names of columns. */
static bool is_called(struct mr_csv_field f, const char *name)
{
    return f.len == strlen(name) && strncasecmp(f.ptr, name, f.len) == 0;
}

/* What may be missing: older plans have less, and only logs tell of some. */
static bool is_needed(size_t column)
{
    return column != MR_ASKS_DIFFERS && column != MR_ASKS_DERIVED && column != MR_ASKS_BASE &&
           column != MR_ASKS_MERGED && column != MR_ASKS_NOTE && column != MR_ASKS_SOURCE_CHANGES &&
           column != MR_ASKS_TARGET_CHANGES;
}

static enum mr_code take_head(struct mr_decide_rows *d, const struct mr_csv_field *fields,
                              size_t count, struct mr_err *err)
{
    d->fields = mr_arena_calloc(&d->plan->arena, count + 1, sizeof *d->fields);
    if (d->fields == NULL)
        return mr_err_nomem(err, "reading conflicts");
    for (size_t i = 0; i < count; i++) {
        d->fields[i] = mr_csv_trimmed(fields[i]);
        for (size_t n = 0; n < MR_ASKS_COLUMNS; n++)
            if (is_called(d->fields[i], names[n])) {
                d->at[n] = i + 1;
                d->fields[i] =
                    (struct mr_csv_field){names[n], strlen(names[n])}; /* whatever its case */
                break;
            }
    }
    for (size_t n = 0; n < MR_ASKS_COLUMNS; n++)
        if (d->at[n] == 0 && is_needed(n))
            return mr_err_set(err, MR_E_REFUSED, "%s has no column \"%s\"", MR_CONFLICTS_FILE,
                              names[n]);
    d->width = count;
    return d->head(d->ctx, d->fields, count, err);
}

/* Of a table of whose identity a column is masked, all of it is: where one column ends and the next
 * begins cannot be told. */
static struct mr_csv_field show_identity(struct mr_decide_rows *d, struct mr_csv_field identity,
                                         size_t table)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    bool masked = false;
    for (size_t i = 0; i < t->identity_columns.count; i++)
        masked |= is_masked(d, table, t->identity_columns.items[i]);
    if (!masked || identity.len == 0)
        return identity;
    mr_strbuf_reset(&d->shown);
    mr_mask_text(MR_MASK_VALUE, true, identity.ptr, identity.len, &d->shown);
    return (struct mr_csv_field){d->shown.ptr, d->shown.len};
}

static enum mr_code require_page_key(const struct mr_decide_rows *d, struct mr_err *err)
{
    if (d->plan->manifest.page_key != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the plan was made by a version of myrecon that has no pages of decisions");
    mr_err_hint(err, "Plan again: values that are masked or long have to be named by digests.");
    return MR_E_REFUSED;
}

/* What is shown in place of the record's fields, into d->fields. */
static void show_fields(struct mr_decide_rows *d, const struct mr_csv_field *fields, size_t table,
                        const struct mr_image_text *images)
{
    const struct mr_csv_field none = {"", 0};
    for (size_t i = 0; i < d->width; i++) {
        struct mr_csv_field f = fields[i];
        for (size_t n = 0; n < MR_IMAGES; n++)
            if (d->at[n] == i + 1 && images->is_changed[n])
                f = (struct mr_csv_field){images->shown[n].ptr, images->shown[n].len};
        if (d->at[MR_ASKS_IDENTITY] == i + 1)
            f = show_identity(d, f, table);
        if (d->at[MR_ASKS_DIFFERS] == i + 1 && d->masks)
            f = none; /* it has the values, and those of whom the row refers to */
        if (d->at[MR_ASKS_DECISION] == i + 1)
            f = mr_csv_trimmed(f);
        d->fields[i] = f;
    }
}

/* --decisions compares the row with what was decided about, also where nobody could see all of it. */
static enum mr_code make_digests(const struct mr_decide_rows *d, const struct mr_csv_field *fields,
                                 const struct mr_image_text *images,
                                 char digests[MR_IMAGES][MR_ASKED_BYTES], struct mr_decide_row *row,
                                 struct mr_err *err)
{
    for (size_t n = 0; n < MR_IMAGES; n++) {
        if (!images->is_changed[n])
            continue;
        MR_TRY(require_page_key(d, err));
        MR_TRY(mr_asked_digest(d->plan->manifest.page_key, field(d, fields, n), digests[n], err));
        row->digests[n] = digests[n];
    }
    return MR_OK;
}

/* What is no text would come back as another one. */
static enum mr_code check_text(const struct mr_decide_rows *d, const struct mr_csv_field *fields,
                               uint64_t line, struct mr_err *err)
{
    for (size_t i = 0; i < d->width; i++)
        if (!mr_utf8_is_valid(fields[i].ptr, fields[i].len) ||
            memchr(fields[i].ptr, '\0', fields[i].len) != NULL)
            return mr_err_set(err, MR_E_REFUSED,
                              "line %" PRIu64 " of %s has a field %zu that is no UTF-8 text", line,
                              MR_CONFLICTS_FILE, i + 1);
    return MR_OK;
}

static enum mr_code tell_record(struct mr_decide_rows *d, const struct mr_csv_field *fields,
                                struct mr_decide_row *row, struct mr_err *err)
{
    struct mr_image_text images;
    char digests[MR_IMAGES][MR_ASKED_BYTES];
    const struct mr_csv_field of[MR_IMAGES] = {
        field(d, fields, MR_ASKS_SOURCE), field(d, fields, MR_ASKS_TARGET),
        field(d, fields, MR_ASKS_BASE), field(d, fields, MR_ASKS_MERGED)};
    mr_image_text_init(&images, &d->masked[row->table]);
    enum mr_code code = mr_image_text_show(&images, of, err);
    if (code == MR_OK)
        code = make_digests(d, fields, &images, digests, row, err);
    if (code == MR_OK) {
        show_fields(d, fields, row->table, &images);
        code = mr_strbuf_check(&d->shown, "reading conflicts", err);
    }
    if (code == MR_OK)
        code = d->row(d->ctx, row, err);
    mr_image_text_release(&images);
    return code;
}

/* Is it a value that somebody has written for a column that is masked?  One that cannot be read may be. */
static enum mr_code has_secret(const struct mr_decide_rows *d, size_t table, const char *decision,
                               bool *has, struct mr_err *err)
{
    const char *at = decision, *end = decision + strlen(decision);
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_image_member m;
    *has = false;
    if (d->masked[table].count == 0 || !mr_plan_fit_is_value(decision))
        return MR_OK;
    for (const char *to = decision; *at != '{' && (to = strchr(to, '=')) != NULL; to++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add(&name, decision, (size_t)(to - decision));
        *has |= !name.failed && is_masked(d, table, name.ptr);
    }
    if (decision[0] == '{') {
        while (mr_image_text_next(&at, end, &m)) {
            mr_strbuf_reset(&name);
            mr_image_text_unquote(&name, m.name);
            *has |= !name.failed && is_masked(d, table, name.ptr);
        }
        *has |= at != end;
    }
    const enum mr_code code = mr_strbuf_check(&name, "reading conflicts", err);
    mr_strbuf_release(&name);
    return code;
}

/* A digest in its place could not be planned with. */
static enum mr_code check_decision(const struct mr_decide_rows *d,
                                   const struct mr_csv_field *fields, size_t table, uint64_t line,
                                   struct mr_err *err)
{
    bool has = false;
    MR_TRY(has_secret(d, table, mr_csv_trimmed(field(d, fields, MR_ASKS_DECISION)).ptr, &has, err));
    if (!has)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "line %" PRIu64
                     " of %s has a decision that is a value of a column that is masked",
                     line, MR_CONFLICTS_FILE);
    mr_err_hint(err, "Show it with --unmask, and keep the page as you keep the plan.");
    return MR_E_REFUSED;
}

/* What cannot be named, or held, is refused here: a conflict that is left out would never be decided. */
static enum mr_code take_conflict(struct mr_decide_rows *d, const struct mr_csv_field *fields,
                                  uint64_t line, struct mr_err *err)
{
    struct mr_decide_row row = {.table = table_named(d, field(d, fields, MR_ASKS_TABLE)),
                                .kind = mr_conflict_named(field(d, fields, MR_ASKS_KIND).ptr),
                                .fields = d->fields};
    if (row.table == planned_of(d)->ntables || row.kind == MR_CONFLICT_NONE)
        return mr_err_set(err, MR_E_REFUSED,
                          "line %" PRIu64 " of %s is about no planned table, or of no known kind",
                          line, MR_CONFLICTS_FILE);
    if (++d->conflicts > MR_DECIDE_ROWS_MAX) {
        (void)mr_err_set(err, MR_E_REFUSED, "%s has more than %d conflicts, which no page can hold",
                         MR_CONFLICTS_FILE, MR_DECIDE_ROWS_MAX);
        mr_err_hint(err, "Decide whole kinds first: repair plan --on-conflict KIND=CHOICE.");
        return MR_E_REFUSED;
    }
    MR_TRY(check_decision(d, fields, row.table, line, err));
    return tell_record(d, fields, &row, err);
}

/* The seal lets pass what people and pages add, and so is it here. */
static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct mr_decide_rows *d = ctx;
    if (d->width == 0)
        return take_head(d, fields, count, err);
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    if (mr_asked_is_mark(fields[0]) || mr_asked_is_blank(fields, count))
        return MR_OK;
    if (count != d->width)
        return mr_err_set(err, MR_E_REFUSED, "line %" PRIu64 " of %s has %zu fields", line,
                          MR_CONFLICTS_FILE, count);
    MR_TRY(check_text(d, fields, line, err));
    return take_conflict(d, fields, line, err);
}

/* A plan that only raises counters, or has decided everything by itself, asks nobody. */
enum mr_code mr_decide_rows_are(const struct mr_plan_dir *plan, struct mr_err *err)
{
    const struct mr_planned *p = &plan->manifest.planned;
    if (p->open > 0 || p->decided > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" asks nothing", plan->path);
    mr_err_hint(err, "There is nothing to decide: apply it.");
    return MR_E_REFUSED;
}

enum mr_code mr_decide_rows_digest(struct mr_plan_dir *plan, char digest[MR_SHA256_HEX],
                                   struct mr_err *err)
{
    const char *path = mr_plan_path(&plan->arena, plan->path, MR_CONFLICTS_FILE);
    return path != NULL ? mr_undecided_digest(path, digest, err)
                        : mr_err_nomem(err, "reading conflicts");
}

enum mr_code mr_decide_rows_read(struct mr_decide_rows *d, struct mr_err *err)
{
    const char *path = mr_plan_path(&d->plan->arena, d->plan->path, MR_CONFLICTS_FILE);
    struct mr_csv_in csv;
    if (path == NULL)
        return mr_err_nomem(err, "reading conflicts");
    mr_strbuf_init(&d->shown);
    d->width = 0;
    d->conflicts = 0;
    mr_csv_in_init_lenient(&csv, take_record, d);
    enum mr_code code = mask_tables(d, err);
    if (code == MR_OK)
        code = mr_csv_in_file(&csv, path, MR_IN_PART, err);
    mr_csv_in_release(&csv);
    mr_strbuf_release(&d->shown);
    return code;
}
