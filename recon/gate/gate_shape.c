/* gate_shape.c: see gate_shape.h. */
#include "recon/gate/gate_shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/row/row.h"

const char *mr_gate_digest_text(struct mr_digest digest, struct mr_arena *arena)
{
    char text[33];
    (void)snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, digest.hi, digest.lo);
    return mr_arena_strdup(arena, text);
}

/* ---- what versions of a server write otherwise ---- */

/* "utf8" of "utf8", "utf8_general_ci": since MySQL 8.0.24 and MariaDB 10.6 it is utf8mb3. */
static bool is_utf8(const char *at)
{
    return strncmp(at, "utf8", 4) == 0 && (at[4] == '_' || at[4] == ' ' || at[4] == '\0');
}

/* "(11)" of "int(11)", which MySQL writes no more since 8.0.19, but of zerofill, which shows it; 0: it is
 * none. */
static size_t width_len(const char *line, const char *at)
{
    const size_t len = at[0] == '(' ? 1 + strspn(at + 1, "0123456789") : 0;
    const size_t before = (size_t)(at - line);
    if (len < 2 || at[len] != ')' || before < 4 ||
        (strncmp(at - 3, "int", 3) != 0 && strncmp(at - 4, "year", 4) != 0))
        return 0;
    const char *rest = at + len + 1;
    /* connectors take it for a boolean, and MySQL goes on to write it */
    if (len == 2 && at[1] == '1' && before >= 7 && strncmp(at - 7, "tinyint", 7) == 0 &&
        strncmp(rest, " unsigned", 9) != 0)
        return 0;
    rest += strncmp(rest, " unsigned", 9) == 0 ? 9 : 0;
    return strncmp(rest, " zerofill", 9) == 0 ? 0 : len + 1;
}

static void add_line(struct mr_strbuf *out, const char *line)
{
    const bool is_column = strncmp(line, "column ", 7) == 0;
    const bool has_charset = is_column || strncmp(line, "table ", 6) == 0;
    const char *behind = line + (is_column ? 7 + strcspn(line + 7, " ") : 0); /* its name */
    bool is_quoted = false; /* within a member of an ENUM, a default, a comment */
    for (const char *at = line; *at != '\0';) {
        const bool is_spoken = at > behind && !is_quoted;
        const size_t width = is_spoken && is_column ? width_len(line, at) : 0;
        is_quoted = is_quoted != (*at == '\'');
        if (is_spoken && has_charset && at[-1] == ' ' && is_utf8(at)) {
            mr_strbuf_add_str(out, "utf8mb3");
            at += 4;
        } else if (width > 0) {
            at += width;
        } else {
            mr_strbuf_add_char(out, *at++);
        }
    }
}

enum mr_code mr_gate_shape_renew(struct mr_gate_table *table, struct mr_arena *arena,
                                 struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    const char **lines = NULL;
    bool nomem = false;
    for (size_t i = 0; i < table->nshape && !nomem; i++) {
        mr_strbuf_reset(&line);
        add_line(&line, table->shape[i]);
        mr_strbuf_add(&all, line.ptr, line.len);
        mr_strbuf_add_char(&all, '\n');
        nomem = line.failed || all.failed;
        if (nomem || strcmp(line.ptr, table->shape[i]) == 0)
            continue;
        if (lines == NULL) {
            lines = mr_arena_calloc(arena, table->nshape, sizeof *lines);
            nomem = lines == NULL;
            for (size_t k = 0; k < table->nshape && !nomem; k++)
                lines[k] = table->shape[k];
        }
        if (!nomem)
            lines[i] = mr_arena_keep(arena, line.ptr, &nomem);
    }
    if (lines != NULL && !nomem) {
        table->shape = lines;
        table->fingerprint = mr_gate_digest_text(mr_digest_bytes(all.ptr, all.len), arena);
        nomem = table->fingerprint == NULL;
    }
    mr_strbuf_release(&line);
    mr_strbuf_release(&all);
    return nomem ? mr_err_nomem(err, "reading the baseline") : MR_OK;
}

/* ---- lines ---- */

static void column_line(struct mr_strbuf *out, const struct mr_column *c)
{
    mr_strbuf_add_fmt(out, "column %s %s%s", c->name, c->type, c->nullable ? "" : " not null");
    if (c->charset != NULL)
        mr_strbuf_add_fmt(out, " %s %s", c->charset, c->collation);
    if (c->default_text != NULL)
        mr_strbuf_add_fmt(out, " default %s", c->default_text);
    if (c->on_update != NULL)
        mr_strbuf_add_fmt(out, " on update %s", c->on_update);
    if (c->generation_expr != NULL)
        mr_strbuf_add_fmt(out, " as (%s)%s", c->generation_expr,
                          c->generated_stored ? " stored" : "");
    if (c->auto_increment)
        mr_strbuf_add_str(out, " auto_increment");
    if (c->invisible)
        mr_strbuf_add_str(out, " invisible");
}

static void index_line(struct mr_strbuf *out, const struct mr_index *index)
{
    mr_strbuf_add_fmt(out, "index %s%s %s%s (", index->name, index->unique ? " unique" : "",
                      index->kind, index->usable ? "" : " ignored");
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? ", " : "",
                          part->column != NULL ? part->column : part->expression);
        if (part->prefix_len > 0)
            mr_strbuf_add_fmt(out, "(%zu)", part->prefix_len);
        if (part->descending)
            mr_strbuf_add_str(out, " desc");
    }
    mr_strbuf_add_char(out, ')');
}

static void key_line(struct mr_strbuf *out, const struct mr_foreign_key *fk)
{
    mr_strbuf_add_fmt(out, "foreign key %s (", fk->name);
    for (size_t i = 0; i < fk->ncolumns; i++)
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? ", " : "", fk->columns[i]);
    mr_strbuf_add_fmt(out, ") to %s.%s (", fk->ref_db, fk->ref_table);
    for (size_t i = 0; i < fk->ncolumns; i++)
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? ", " : "", fk->ref_columns[i]);
    mr_strbuf_add_fmt(out, ") on update %s on delete %s", fk->on_update, fk->on_delete);
}

static void table_line(struct mr_strbuf *out, const struct mr_table *table)
{
    mr_strbuf_add_fmt(out, "table %s %s%s", table->engine != NULL ? table->engine : "?",
                      table->collation != NULL ? table->collation : "?",
                      table->partitioned ? " partitioned" : "");
}

enum mr_code mr_gate_shape(const struct mr_table *table, struct mr_arena *arena,
                           struct mr_gate_table *out, struct mr_err *err)
{
    const size_t count = 1 + table->ncolumns + table->nindexes + table->nfks + table->nchecks;
    const char **lines = mr_arena_calloc(arena, count, sizeof *lines);
    struct mr_strbuf raw = MR_STRBUF_INIT, line = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    size_t n = 0;
    if (lines == NULL)
        return mr_err_nomem(err, "describing a table");
    for (; n < count; n++) {
        size_t at = n;
        mr_strbuf_reset(&raw);
        if (at == 0)
            table_line(&raw, table);
        else if ((at -= 1) < table->ncolumns)
            column_line(&raw, &table->columns[at]);
        else if ((at -= table->ncolumns) < table->nindexes)
            index_line(&raw, &table->indexes[at]);
        else if ((at -= table->nindexes) < table->nfks)
            key_line(&raw, &table->fks[at]);
        else
            mr_strbuf_add_fmt(&raw, "check %s %s", table->checks[at - table->nfks].name,
                              table->checks[at - table->nfks].clause);
        mr_strbuf_reset(&line);
        add_line(&line, raw.ptr);
        line.failed |= raw.failed;
        lines[n] = line.failed ? NULL : mr_arena_dup(arena, line.ptr, line.len);
        if (lines[n] == NULL)
            break;
        mr_strbuf_add(&all, line.ptr, line.len);
        mr_strbuf_add_char(&all, '\n');
    }
    if (n == count && !all.failed) {
        out->engine = mr_arena_strdup(arena, table->engine != NULL ? table->engine : "");
        out->shape = lines;
        out->nshape = count;
        out->fingerprint = mr_gate_digest_text(mr_digest_bytes(all.ptr, all.len), arena);
    }
    mr_strbuf_release(&raw);
    mr_strbuf_release(&line);
    mr_strbuf_release(&all);
    return out->fingerprint != NULL && out->engine != NULL
               ? MR_OK
               : mr_err_nomem(err, "describing a table");
}

const char *mr_gate_shape_type(const struct mr_gate_table *table, const char *column)
{
    static const char word[] = "column ";
    const size_t len = strlen(column);
    for (size_t i = 0; i < table->nshape; i++) {
        const char *name = table->shape[i] + sizeof word - 1;
        if (strncmp(table->shape[i], word, sizeof word - 1) == 0 &&
            strncmp(name, column, len) == 0 && name[len] == ' ')
            return name + len + 1;
    }
    return "";
}

static bool is_text(const char *type)
{
    const size_t len = strcspn(type, " ");
    return memmem(type, len, "char", 4) != NULL || memmem(type, len, "text", 4) != NULL;
}

/* A text may get wider, and a number lose its width of display, and stay what it was. */
static size_t type_len(const char *type)
{
    const size_t len = strcspn(type, " ");
    return is_text(type) || memmem(type, len, "int", 3) != NULL ? strcspn(type, " (") : len;
}

/* "utf8mb4 …" of "varchar(20) not null utf8mb4 …"; what follows another type means something else. */
static const char *charset_of(const char *type)
{
    static const char never_null[] = " not null";
    const char *rest = type + strcspn(type, " ");
    if (!is_text(type))
        return "";
    if (strncmp(rest, never_null, sizeof never_null - 1) == 0)
        rest += sizeof never_null - 1;
    return rest + (rest[0] == ' ' ? 1 : 0);
}

static bool is_integer(const char *type)
{
    static const char *const names[] = {"tinyint", "smallint", "mediumint", "int", "bigint"};
    const size_t len = strcspn(type, " (");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncmp(type, names[i], len) == 0)
            return true;
    return false;
}

bool mr_gate_shape_is_alike(const struct mr_gate_table *a, const struct mr_gate_table *b,
                            const char *column)
{
    const char *x = mr_gate_shape_type(a, column), *y = mr_gate_shape_type(b, column);
    const char *of_x = charset_of(x), *of_y = charset_of(y);
    const size_t len = type_len(x), of_len = strcspn(of_x, " ");
    if (is_integer(x) && is_integer(y))
        return true; /* of whatever width, they are read as one number */
    return len == type_len(y) && strncmp(x, y, len) == 0 && of_len == strcspn(of_y, " ") &&
           strncmp(of_x, of_y, of_len) == 0;
}
