/* objects_table_whole.c: what two tables are as a whole: engine, versions of rows, partitions,
 * order of columns; and what only describes them. */
#include <string.h>
#include <strings.h>

#include "recon/check/objects_internal.h"

/* The engine decides what a table can do (transactions, foreign keys), so it counts. */
const char *mr_objects_engine(const struct mr_table *table)
{
    return table->engine != NULL ? table->engine : "table that cannot be opened";
}

/* Only MariaDB has it: between the two families nothing is lost that the other could keep. */
static enum mr_code compare_versioning(const struct mr_objects_both *p, struct mr_err *err)
{
    if (p->cross || p->st->system_versioned == p->tt->system_versioned)
        return MR_OK;
    return mr_objects_report_table(
        p, p->st->name, p->st->system_versioned ? "with system versioning" : "no versions",
        p->tt->system_versioned ? "with system versioning" : "no versions", err);
}

/* Partitions of versions (MariaDB) are none to the other family. */
static bool is_partitioned(const struct mr_objects_both *p, const struct mr_table *table)
{
    return table->partitioned &&
           !(p->cross && table->partitioning != NULL &&
             strncmp(table->partitioning, "system_time", strlen("system_time")) == 0);
}

static void add_partitioning(struct mr_strbuf *out, const struct mr_objects_both *p,
                             const struct mr_table *table)
{
    if (!is_partitioned(p, table))
        mr_strbuf_add_str(out, "no partitions");
    else if (table->partitioning != NULL)
        mr_strbuf_add_fmt(out, "partition by %s", table->partitioning);
    else
        mr_strbuf_add_str(out, "partitioned");
}

/* "system_time (": all but how they change is known. */
static bool has_versions(const struct mr_table *table, const char *behind)
{
    const size_t len = strlen("system_time");
    return strncmp(table->partitioning, "system_time", len) == 0 &&
           strncmp(table->partitioning + len, behind, strlen(behind)) == 0;
}

static enum mr_code compare_partitioning(const struct mr_objects_both *p, struct mr_err *err)
{
    const struct mr_table *s = p->st, *t = p->tt;
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    const struct mr_object_diff diff = {
        .kind = MR_OBJECTS_TABLE, .name = s->name, .table_name = s->name};
    /* how, a snapshot of an earlier version does not tell */
    if (is_partitioned(p, s) && is_partitioned(p, t) &&
        (s->partitioning == NULL || t->partitioning == NULL ||
         (has_versions(s, "") && has_versions(t, "") &&
          (has_versions(s, " (") || has_versions(t, " (")))))
        return MR_OK;
    add_partitioning(&source, p, s);
    add_partitioning(&target, p, t);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

/* The columns that both tables have, in the order of `table`, as `names` writes them. */
static void add_order(struct mr_strbuf *out, const struct mr_table *table,
                      const struct mr_table *other, const struct mr_table *names)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        const char *name = table->columns[i].name;
        if (mr_table_column(other, name) != NULL)
            mr_strbuf_add_fmt(out, "%s%s", out->len > 0 ? ", " : "columns ",
                              mr_table_column(names, name)->name);
    }
}

/* Rows of a binary log are applied by position. */
static enum mr_code compare_order(const struct mr_objects_both *p, struct mr_err *err)
{
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    const struct mr_object_diff diff = {
        .kind = MR_OBJECTS_TABLE, .name = p->st->name, .table_name = p->st->name};
    add_order(&source, p->st, p->tt, p->st);
    add_order(&target, p->tt, p->st, p->st);
    enum mr_code code = mr_objects_report_texts(p, diff, &source, &target, err);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    return code;
}

enum mr_code mr_objects_compare_whole(const struct mr_objects_both *p, struct mr_err *err)
{
    if (strcasecmp(mr_objects_engine(p->st), mr_objects_engine(p->tt)) != 0)
        MR_TRY(mr_objects_report_table(p, p->st->name, mr_objects_engine(p->st),
                                       mr_objects_engine(p->tt), err));
    MR_TRY(compare_versioning(p, err));
    MR_TRY(compare_partitioning(p, err));
    return compare_order(p, err);
}

/* ---- attributes ---- */

enum mr_code mr_objects_compare_attribute(const struct mr_objects_both *p, const char *name,
                                          const char *what, const char *source, const char *target,
                                          struct mr_err *err)
{
    struct mr_strbuf s = MR_STRBUF_INIT, t = MR_STRBUF_INIT;
    const struct mr_object_diff diff = {.kind = MR_OBJECTS_ATTRIBUTE, .name = name};
    if (source == NULL || target == NULL || strcmp(source, target) == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&s, "%s %s", what, *source != '\0' ? source : "''");
    mr_strbuf_add_fmt(&t, "%s %s", what, *target != '\0' ? target : "''");
    enum mr_code code = mr_objects_report_texts(p, diff, &s, &t, err);
    mr_strbuf_release(&s);
    mr_strbuf_release(&t);
    return code;
}

enum mr_code mr_objects_compare_attributes(const struct mr_objects_both *p, struct mr_err *err)
{
    const struct mr_table *s = p->st, *t = p->tt;
    enum mr_code code = MR_OK;
    /* of a table that cannot be opened it is the reason */
    if (s->open_error == NULL && t->open_error == NULL)
        code = mr_objects_compare_attribute(p, s->name, "comment", s->comment, t->comment, err);
    /* formats are an engine's own */
    if (code == MR_OK && s->engine != NULL && t->engine != NULL &&
        strcasecmp(s->engine, t->engine) == 0)
        code = mr_objects_compare_attribute(p, s->name, "row_format", s->row_format, t->row_format,
                                            err);
    struct mr_strbuf name = MR_STRBUF_INIT;
    for (size_t i = 0; code == MR_OK && i < s->ncolumns; i++) {
        const struct mr_column *a = &s->columns[i], *b = mr_table_column(t, a->name);
        if (b == NULL)
            continue;
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "%s.%s", s->name, a->name);
        code = mr_strbuf_check(&name, "naming a column", err);
        if (code == MR_OK)
            code =
                mr_objects_compare_attribute(p, name.ptr, "comment", a->comment, b->comment, err);
    }
    mr_strbuf_release(&name);
    return code;
}
