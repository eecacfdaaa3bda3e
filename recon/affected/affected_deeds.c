/* affected_deeds.c: see affected_deeds.h. */
#include "recon/affected/affected_deeds.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/file/csv_in.h"
#include "core/file/decompress.h"
#include "recon/affected/affected_row.h"

enum column { TABLE, SOURCE_KEY, TARGET_KEY, DECISION, COLUMNS };
static const char *const column_names[COLUMNS] = {[TABLE] = "table",
                                                  [SOURCE_KEY] = "source_key",
                                                  [TARGET_KEY] = "target_key",
                                                  [DECISION] = "decision"};

enum deed { DELETED = 1, UPDATED };

/* ---- the file ---- */

struct loading {
    const char *path;
    struct mr_csv_in csv;
    struct mr_case_stmt *add;
    size_t at[COLUMNS];
    size_t width; /* 0: no header yet */
};

static enum mr_code take_header(struct loading *l, const struct mr_csv_field *fields, size_t count,
                                struct mr_err *err)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        l->at[c] = count;
        for (size_t i = 0; i < count; i++)
            if (strcmp(fields[i].ptr, column_names[c]) == 0)
                l->at[c] = i;
        if (l->at[c] == count)
            return mr_err_set(err, MR_E_REFUSED, "\"%s\" has no column \"%s\"", l->path,
                              column_names[c]);
    }
    l->width = count;
    return MR_OK;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct loading *l = ctx;
    if (l->width == 0)
        return take_header(l, fields, count, err);
    if (count != l->width)
        return mr_err_set(err, MR_E_REFUSED,
                          "\"%s\", line %" PRIu64 ": not as many fields as in the header", l->path,
                          line);
    const char *decision = fields[l->at[DECISION]].ptr;
    const bool is_deleted = strcmp(decision, "delete") == 0;
    if (!is_deleted && strcmp(decision, "update") != 0)
        return MR_OK;
    const struct mr_csv_field *table = &fields[l->at[TABLE]];
    const struct mr_csv_field *key = &fields[l->at[is_deleted ? TARGET_KEY : SOURCE_KEY]];
    return MR_CASE_RUN(l->add, err, MR_ARG_BLOB("tbl", table->ptr, table->len),
                       MR_ARG_BLOB("bytes", key->ptr, key->len),
                       MR_ARG_INT("deed", is_deleted ? DELETED : UPDATED));
}

static enum mr_code feed(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    return mr_csv_in_feed(arg, ptr, len, err);
}

enum mr_code mr_affected_deeds_load(const char *path, struct mr_case *cf, struct mr_err *err)
{
    struct loading l = {.path = path};
    enum mr_code code = MR_OK;
    MR_TRY(mr_case_exec(cf,
                        "CREATE TEMP TABLE deed (tbl BLOB NOT NULL, bytes BLOB NOT NULL,"
                        " deed INT NOT NULL, PRIMARY KEY (tbl, bytes)) WITHOUT ROWID;"
                        "CREATE TEMP TABLE gone (tbl BLOB NOT NULL, tkey BLOB NOT NULL,"
                        " PRIMARY KEY (tbl, tkey)) WITHOUT ROWID",
                        err));
    if (path == NULL)
        return MR_OK;
    mr_csv_in_init(&l.csv, take_record, &l);
    MR_TRY_OUT(mr_case_prepare(cf,
                               "INSERT OR REPLACE INTO temp.deed (tbl, bytes, deed)"
                               " VALUES (:tbl, :bytes, :deed)",
                               &l.add, err));
    MR_TRY_OUT(mr_decompress_file(path, (struct mr_sink){feed, &l.csv}, err));
    MR_TRY_OUT(mr_csv_in_finish(&l.csv, err));
out:
    mr_case_free(l.add);
    mr_csv_in_release(&l.csv);
    return code;
}

/* ---- as the list has the keys ---- */

/* A finding that the plan deletes or updates. */
struct done {
    struct mr_finding f;
    int64_t deed;
};

#define DONE_AS(name, member, type) MR_CASE_FIELD_AS(name, struct done, member, MR_CASE_##type)
static const struct mr_case_field done_fields[] = MR_CASE_LIST(
    DONE_AS("id", f.id, INT), DONE_AS("kind", f.kind, SMALL), DONE_AS("deed", deed, INT),
    DONE_AS("source", f.source, START), DONE_AS("source_len", f.source_len, LENGTH),
    DONE_AS("target", f.target, START), DONE_AS("target_len", f.target_len, LENGTH));

struct spelling {
    const struct mr_affected *list;
    const struct mr_affected_subject *subject;
    struct mr_case_stmt *gone, *got;
    struct mr_affected_row row;
};

static enum mr_code add_key(struct spelling *s, struct mr_case_stmt *add, struct mr_key image,
                            struct mr_err *err)
{
    const char *name = s->subject->table->name;
    MR_TRY(mr_affected_row_read(&s->row, s->list, s->subject, image.ptr, image.len, err));
    return MR_CASE_RUN(add, err, MR_ARG_BLOB("tbl", name, strlen(name)),
                       MR_ARG_BLOB("key", s->row.key.ptr, s->row.key.len));
}

static enum mr_code take_done(struct spelling *s, const struct done *done, struct mr_err *err)
{
    const struct mr_finding *f = &done->f;
    const struct mr_key source = {f->source, f->source_len}, target = {f->target, f->target_len};
    if (done->deed == UPDATED && source.ptr != NULL)
        MR_TRY(add_key(s, s->got, source, err));
    if (target.ptr != NULL && (done->deed == DELETED || f->kind == MR_KIND_COLLISION))
        MR_TRY(add_key(s, s->gone, target, err));
    return MR_OK;
}

static enum mr_code spell_table(struct spelling *s, int64_t most, struct mr_err *err)
{
    const struct mr_find_table *table = s->subject->table;
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct done done = {0}; /* what the query does not name is looked at, too */
    bool more = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(
        mr_findings_case(s->list->fd),
        "SELECT f.id AS id, f.kind AS kind, d.deed AS deed, f.source AS source, f.target AS target"
        " FROM finding f CROSS JOIN temp.deed d WHERE f.tbl = :tbl AND f.state = 2"
        " AND d.tbl = :name AND d.bytes = CAST(lower(hex(f.key)) AS BLOB) AND d.deed <= :most",
        &stmt, err, MR_ARG_INT("tbl", table->id),
        MR_ARG_BLOB("name", table->name, strlen(table->name)), MR_ARG_INT("most", most)));
    MR_TRY_OUT(mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(done_fields), err));
    while ((code = mr_case_fields_next(&map, NULL, &done, &more, err)) == MR_OK && more) {
        MR_TRY_OUT(mr_findings_images(s->list->fd, &done.f, err));
        MR_TRY_OUT(take_done(s, &done, err));
        MR_TRY_OUT(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
    }
out:
    mr_case_free(stmt);
    return code;
}

/* An update says where somebody goes only where the plan mirrors: elsewhere it edits a row of the
 * person who has it. */
enum mr_code mr_affected_deeds_spell(const struct mr_affected *list, bool mirrors,
                                     struct mr_err *err)
{
    struct spelling s = {.list = list};
    const struct mr_case_sql sql[] = {
        {&s.gone, "INSERT OR IGNORE INTO temp.gone (tbl, tkey) VALUES (:tbl, :key)"},
        {&s.got, "INSERT OR IGNORE INTO temp.new_key (tbl, skey, tkey) VALUES (:tbl, :key, :key)"}};
    enum mr_code code = MR_OK;
    mr_affected_row_init(&s.row);
    MR_TRY_OUT(
        mr_case_prepare_all(mr_findings_case(list->fd), sql, sizeof sql / sizeof sql[0], err));
    for (size_t i = 0; i < list->nsubjects; i++) {
        s.subject = &list->subjects[i];
        if (s.subject->nkey > 0)
            MR_TRY_OUT(spell_table(&s, mirrors ? UPDATED : DELETED, err));
    }
out:
    mr_case_free(s.gone);
    mr_case_free(s.got);
    mr_affected_row_release(&s.row);
    return code;
}
