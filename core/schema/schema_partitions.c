/*
 * schema_partitions.c: how tables are partitioned, in a normal form:
 *
 *   range (id) p0 (10), p1 (maxvalue)
 *   hash (id) 4
 *   list (kind) sub hash (id) 2: p0 (1, 2), p1 (3)
 *   system_time (): h, c      (between the words, what schema_create.c reads)
 *
 * Names of partitions count where they hold what somebody chose (ranges, lists).  One query,
 * and none where no table has partitions.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"

enum {
    P_DB,
    P_TABLE,
    P_AT,
    P_SUB_AT,
    P_NAME,
    P_METHOD,
    P_SUB_METHOD,
    P_EXPR,
    P_SUB_EXPR,
    P_VALUES
};

struct partition {
    size_t table;
    uint64_t at, sub_at; /* from 1 on; 0: none */
    const char *name, *method, *sub_method, *expr, *sub_expr, *values;
};

static enum mr_code take_partition(struct mr_schema_load *load, const struct mr_cell *cells,
                                   struct mr_err *err)
{
    const size_t table = mr_schema_find(load, cells[P_DB].ptr, cells[P_TABLE].ptr);
    if (table == SIZE_MAX || cells[P_METHOD].ptr == NULL)
        return MR_OK;
    struct partition *p = mr_schema_push(load);
    if (p == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    p->table = table;
    p->at = mr_cell_uint(&cells[P_AT]);
    p->sub_at = mr_cell_uint(&cells[P_SUB_AT]);
    p->name = mr_schema_dup(load, &cells[P_NAME]);
    p->method = mr_schema_dup(load, &cells[P_METHOD]);
    p->sub_method = mr_schema_dup(load, &cells[P_SUB_METHOD]);
    p->expr = mr_schema_dup(load, &cells[P_EXPR]);
    p->sub_expr = mr_schema_dup(load, &cells[P_SUB_EXPR]);
    p->values = mr_schema_dup(load, &cells[P_VALUES]);
    return MR_OK;
}

static int compare_partitions(const void *a, const void *b)
{
    const struct partition *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->sub_at < y->sub_at ? -1 : x->sub_at > y->sub_at;
}

/* Names of columns have no case, and servers write them as they were typed, or as the table
 * has them. */
static void add_names(struct mr_strbuf *out, const char *text)
{
    for (bool literal = false;; literal = !literal) {
        const size_t len = strcspn(text, "'");
        if (literal)
            mr_strbuf_add(out, text, len);
        else
            mr_strbuf_add_lower(out, text, len);
        text += len;
        if (*text == '\0')
            return;
        mr_strbuf_add_char(out, *text++);
    }
}

static void add_method(struct mr_strbuf *out, const char *method, const char *expr, const char *db)
{
    struct mr_strbuf norm = MR_STRBUF_INIT;
    mr_strbuf_add_lower(out, method, strlen(method));
    if (expr != NULL)
        mr_norm_expr(&norm, expr, db);
    mr_strbuf_add_str(out, " (");
    add_names(out, norm.ptr);
    mr_strbuf_add_char(out, ')');
    out->failed = out->failed || norm.failed;
    mr_strbuf_release(&norm);
}

/* Those of one table. */
static void describe(struct mr_strbuf *out, const struct partition *list, size_t count,
                     const char *db)
{
    const struct partition *first = &list[0];
    const bool chosen =
        strncasecmp(first->method, "RANGE", 5) == 0 || strncasecmp(first->method, "LIST", 4) == 0;
    uint64_t subs = 0, parts = 0;
    for (size_t i = 0; i < count; i++) {
        subs = list[i].at == first->at ? list[i].sub_at : subs;
        parts = list[i].at;
    }
    const bool versions = strncasecmp(first->method, "SYSTEM_TIME", 11) == 0;
    add_method(out, first->method, versions ? NULL : first->expr, db);
    if (first->sub_method != NULL) {
        mr_strbuf_add_str(out, " sub ");
        add_method(out, first->sub_method, first->sub_expr, db);
        mr_strbuf_add_fmt(out, " %" PRIu64 ":", subs);
    } else if (versions)
        mr_strbuf_add_char(out, ':');
    if (!chosen && !versions)
        mr_strbuf_add_fmt(out, " %" PRIu64, parts);
    for (size_t i = 0; (chosen || versions) && i < count; i++) {
        if (i > 0 && list[i].at == list[i - 1].at)
            continue;
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? ", " : " ",
                          list[i].name != NULL ? list[i].name : "");
        if (versions) /* ends of versions are made of what is read later */
            continue;
        mr_strbuf_add_str(out, " (");
        if (list[i].values != NULL)
            mr_norm_expr(out, list[i].values, NULL);
        mr_strbuf_add_char(out, ')');
    }
}

static bool has_any(const struct mr_schema_load *load)
{
    for (size_t i = 0; i < load->tables.count; i++)
        if (mr_schema_table(load, i)->partitioned)
            return true;
    return false;
}

enum mr_code mr_schema_load_partitions(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[P_DB] = "TABLE_SCHEMA",
                                          [P_TABLE] = "TABLE_NAME",
                                          [P_AT] = "PARTITION_ORDINAL_POSITION",
                                          [P_SUB_AT] = "SUBPARTITION_ORDINAL_POSITION",
                                          [P_NAME] = "PARTITION_NAME",
                                          [P_METHOD] = "PARTITION_METHOD",
                                          [P_SUB_METHOD] = "SUBPARTITION_METHOD",
                                          [P_EXPR] = "PARTITION_EXPRESSION",
                                          [P_SUB_EXPR] = "SUBPARTITION_EXPRESSION",
                                          [P_VALUES] = "PARTITION_DESCRIPTION"};
    static const struct mr_schema_view view = {.name = "PARTITIONS",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvnnnnnnnn",
                                               .condition = " AND PARTITION_NAME IS NOT NULL",
                                               .verbatim = true};
    if (!has_any(load))
        return MR_OK;
    mr_schema_step(load, sizeof(struct partition));
    enum mr_code code = mr_schema_each(load, &view, take_partition, err);
    struct partition *list = load->items.items;
    const size_t n = load->items.count;
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (code == MR_OK && n > 0)
        qsort(list, n, sizeof *list, compare_partitions);
    for (size_t i = 0, end; code == MR_OK && i < n; i = end) {
        struct mr_table *table = mr_schema_table(load, list[i].table);
        for (end = i + 1; end < n && list[end].table == list[i].table;)
            end++;
        describe(&text, &list[i], end - i, table->db);
        table->partitioning = mr_schema_keep(load, &text);
    }
    mr_strbuf_release(&text);
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : code;
}
