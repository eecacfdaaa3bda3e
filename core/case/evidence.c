/* evidence.c: evidence is read; see evidence.h. */
#include "core/case/evidence.h"

#include <string.h>

#include "core/case/evidence_internal.h"

const char *mr_witness_name(enum mr_witness witness)
{
    switch (witness) {
    case MR_WITNESS_GOOD: return "good";
    case MR_WITNESS_INCOMPLETE: return "incomplete";
    case MR_WITNESS_BLIND: return "blind";
    case MR_WITNESS_BROKEN: return "broken";
    case MR_WITNESS_NONE: break;
    }
    return "none";
}

const char *mr_own_by_name(enum mr_own_by own_by)
{
    switch (own_by) {
    case MR_OWN_BY_GTID: return "gtid";
    case MR_OWN_BY_PLACE: return "place";
    case MR_OWN_BY_TIME: return "time";
    case MR_OWN_BY_NONE: break;
    }
    return NULL;
}

/* Whoever has the file can have written it: a number that stands for nothing would be shown as something. */
static enum mr_code damaged(const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CASE, "the case file has a damaged %s of its evidence", what);
    mr_err_hint(err, "Collect the logs anew: myrecon history collect --case FILE.");
    return MR_E_CASE;
}

/* Names may hold anything: each with its length in front. */
const char *mr_evidence_columns(const struct mr_find_table *table, struct mr_arena *arena)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_find_column *col = &table->columns[i];
        mr_strbuf_add_fmt(&out, "%zu:%s %d %d\n", strlen(col->name), col->name, (int)col->style.cls,
                          col->key_at);
    }
    const char *text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    mr_strbuf_release(&out);
    return text;
}

#define SIDE_AS(name, member, type)                                                                \
    MR_CASE_FIELD_AS(name, struct mr_evidence_side_row, member, MR_CASE_##type)
#define SIDE(member, type) SIDE_AS(#member, known.member, type)
const struct mr_case_field mr_evidence_side_fields[] = MR_CASE_LIST(
    SIDE_AS("side", side, SMALL), SIDE(own_by, SMALL), SIDE(server, TEXT), SIDE(split, TEXT),
    SIDE(own, TEXT), SIDE(is_complete, FLAG), SIDE(gap, TEXT), SIDE(first_log, TEXT),
    SIDE(first_position, INT), SIDE(end_log, TEXT), SIDE(end_position, INT), SIDE(executed, TEXT),
    SIDE(collected, TEXT), SIDE(transactions, INT), SIDE(changes, INT), SIDE(bytes, INT),
    SIDE(is_read, FLAG), SIDE(has_own, FLAG));
const size_t mr_evidence_nside_fields =
    sizeof mr_evidence_side_fields / sizeof mr_evidence_side_fields[0];

#define MARK_AS(name, member, type)                                                                \
    MR_CASE_FIELD_AS(name, struct mr_evidence_mark_row, member, MR_CASE_##type)
#define MARK(member, type) MARK_AS(#member, mark.member, type)
const struct mr_case_field mr_evidence_mark_fields[] =
    MR_CASE_LIST(MARK(key, BYTES), MARK(flags, SMALL), MARK(changes, INT), MARK(first_tx, INT),
                 MARK(last_tx, INT), MARK(first, BYTES), MARK(last, BYTES), MARK(has_images, FLAG),
                 MARK_AS("digest", digest, BYTES), MARK(came, BYTES), MARK(went, BYTES));
const size_t mr_evidence_nmark_fields =
    sizeof mr_evidence_mark_fields / sizeof mr_evidence_mark_fields[0];

enum mr_code mr_evidence_mark_finish(struct mr_evidence_mark_row *row, struct mr_err *err)
{
    if (row->mark.flags < 0 || row->mark.flags >= MR_MARK_WENT << 1 ||
        (int64_t)row->mark.changes < 0)
        return damaged("mark", err);
    row->mark.has_digest = row->digest.ptr != NULL;
    if (!row->mark.has_digest)
        return MR_OK;
    if (row->digest.len != sizeof row->mark.digest)
        return mr_err_set(err, MR_E_CASE, "the case file has a damaged digest of a row");
    memcpy(&row->mark.digest, row->digest.ptr, sizeof row->mark.digest);
    return MR_OK;
}

struct of_row {
    int side;
    struct mr_evidence_of known;
};

#define OF(member, type) MR_CASE_FIELD_AS(#member, struct of_row, known.member, MR_CASE_##type)
static const struct mr_case_field of_fields[] = MR_CASE_LIST(
    MR_CASE_FIELD(struct of_row, side, MR_CASE_SMALL), OF(witness, SMALL), OF(reason, TEXT),
    OF(keys, INT), OF(changes, INT), OF(moving, INT), OF(since, INT));

static bool is_witness(const struct of_row *row)
{
    return (row->side == 0 || row->side == 1) && (int)row->known.witness >= MR_WITNESS_NONE &&
           (int)row->known.witness <= MR_WITNESS_BROKEN && (int64_t)row->known.keys >= 0 &&
           (int64_t)row->known.changes >= 0 && (int64_t)row->known.moving >= 0;
}

enum mr_code mr_evidence_of_read(struct mr_case *cf, struct mr_arena *arena,
                                 struct mr_evidence_table *table, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec rows = MR_VEC_INIT(struct of_row);
    enum mr_code code =
        MR_CASE_PREPARE(cf, MR_EVIDENCE_OF_COLUMNS, &stmt, err, MR_ARG_INT("tbl", table->id));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(of_fields), arena, &rows, err);
    for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
        const struct of_row *row = mr_vec_at(&rows, i);
        if (!is_witness(row))
            code = damaged("table", err);
        else
            table->of[row->side] = row->known;
    }
    mr_vec_release(&rows);
    mr_case_free(stmt);
    return code;
}

/* The collection that counts; 0: there is none. */
static enum mr_code current(struct mr_case *cf, int64_t *collection, struct mr_err *err)
{
    bool has = false;
    *collection = 0;
    MR_TRY(mr_case_has_table(cf, "history_collection", &has, err));
    return has ? MR_CASE_NUMBER(cf,
                                "SELECT id FROM history_collection WHERE finished=:yes"
                                " ORDER BY id DESC LIMIT 1",
                                collection, err, MR_ARG_INT("yes", 1))
               : MR_OK;
}

enum mr_code mr_evidence_has(struct mr_findings *fd, bool *has, struct mr_err *err)
{
    int64_t collection;
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code = current(mr_findings_case(fd), &collection, err);
    mr_case_unlock(mr_findings_case(fd));
    *has = code == MR_OK && collection != 0;
    return code;
}

static enum mr_code read_sides(struct mr_case *cf, int64_t collection, struct mr_arena *arena,
                               struct mr_vec *rows, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(cf, MR_EVIDENCE_SIDE_COLUMNS, &stmt, err,
                                        MR_ARG_INT("collection", collection));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, mr_evidence_side_fields, mr_evidence_nside_fields, arena,
                                  rows, err);
    mr_case_free(stmt);
    return code;
}

static bool is_side(const struct mr_evidence_side_row *row)
{
    const struct mr_evidence_side *s = &row->known;
    return (row->side == 0 || row->side == 1) && (int)s->own_by >= MR_OWN_BY_NONE &&
           (int)s->own_by <= MR_OWN_BY_TIME && (int64_t)s->first_position >= 0 &&
           (int64_t)s->end_position >= 0 && (int64_t)s->transactions >= 0 &&
           (int64_t)s->changes >= 0 && (int64_t)s->bytes >= 0;
}

static enum mr_code sides_of(struct mr_case *cf, int64_t collection, struct mr_arena *arena,
                             struct mr_evidence_side sides[2], struct mr_err *err)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_evidence_side_row);
    sides[0] = sides[1] = (struct mr_evidence_side){0};
    enum mr_code code = collection != 0 ? read_sides(cf, collection, arena, &rows, err) : MR_OK;
    for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
        const struct mr_evidence_side_row *row = mr_vec_at(&rows, i);
        if (!is_side(row))
            code = damaged("side", err);
        else
            sides[row->side] = row->known;
    }
    mr_vec_release(&rows);
    return code;
}

enum mr_code mr_evidence_sides(struct mr_findings *fd, struct mr_arena *arena,
                               struct mr_evidence_side sides[2], struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    int64_t collection;
    mr_case_lock(cf);
    enum mr_code code = current(cf, &collection, err);
    if (code == MR_OK)
        code = sides_of(cf, collection, arena, sides, err);
    mr_case_unlock(cf);
    return code;
}

/* A run that was ended while it read on has left none that counts. */
#define READ_TO_ITS_END                                                                            \
    "SELECT id, options, finished FROM history_collection c WHERE"                                 \
    " (SELECT count(*) FROM history_side s WHERE s.collection=c.id AND s.is_read)=:sides"          \
    " ORDER BY finished DESC, id DESC LIMIT 1"

#define COLLECTION(member, type)                                                                   \
    MR_CASE_FIELD(struct mr_evidence_collection, member, MR_CASE_##type)
static const struct mr_case_field collection_fields[] =
    MR_CASE_LIST(COLLECTION(id, INT), COLLECTION(options, TEXT), COLLECTION(finished, FLAG));

static enum mr_code find_collection(struct mr_case *cf, struct mr_arena *arena,
                                    struct mr_evidence_collection *out, bool *found,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool has = false;
    MR_TRY(mr_case_has_table(cf, "history_collection", &has, err));
    if (!has)
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(cf, READ_TO_ITS_END, &stmt, err, MR_ARG_INT("sides", 2));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, collection_fields,
                                  sizeof collection_fields / sizeof collection_fields[0], arena,
                                  out, found, err);
    mr_case_free(stmt);
    return code == MR_OK && *found ? sides_of(cf, out->id, arena, out->sides, err) : code;
}

enum mr_code mr_evidence_collection_find(struct mr_findings *fd, struct mr_arena *arena,
                                         struct mr_evidence_collection *out, bool *found,
                                         struct mr_err *err)
{
    *found = false;
    *out = (struct mr_evidence_collection){0};
    mr_case_lock(mr_findings_case(fd));
    const enum mr_code code = find_collection(mr_findings_case(fd), arena, out, found, err);
    mr_case_unlock(mr_findings_case(fd));
    return code;
}

bool mr_evidence_is_before(const struct mr_evidence_side *side, const struct mr_find_run *run)
{
    return side->own_by != MR_OWN_BY_NONE && side->collected != NULL &&
           strcmp(side->collected, run->started) < 0;
}

#define TABLE(member, type) MR_CASE_FIELD(struct mr_evidence_table, member, MR_CASE_##type)
static const struct mr_case_field table_fields[] =
    MR_CASE_LIST(TABLE(id, INT), TABLE(name, TEXT), TABLE(target_name, TEXT), TABLE(columns, TEXT));

/* name NULL: all. */
static enum mr_code read_tables(struct mr_case *cf, const char *name, struct mr_arena *arena,
                                struct mr_vec *tables, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    int64_t collection;
    const size_t before = tables->count;
    MR_TRY(current(cf, &collection, err));
    if (collection == 0)
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(
        cf,
        "SELECT id, name, target_name, columns FROM history_table WHERE"
        " collection=:collection AND (:name IS NULL OR name=:name) ORDER BY name",
        &stmt, err, MR_ARG_INT("collection", collection), MR_ARG_TEXT("name", name));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(table_fields), arena, tables, err);
    mr_case_free(stmt);
    for (size_t i = before; code == MR_OK && i < tables->count; i++)
        code = mr_evidence_of_read(cf, arena, mr_vec_at(tables, i), err);
    return code;
}

enum mr_code mr_evidence_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *tables, struct mr_err *err)
{
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code = read_tables(mr_findings_case(fd), NULL, arena, tables, err);
    mr_case_unlock(mr_findings_case(fd));
    return code;
}

/* Images have their places by the columns of then: under other ones they would be read askew. */
static enum mr_code blind_if_changed(const struct mr_find_table *table, struct mr_arena *arena,
                                     struct mr_evidence_table *out, struct mr_err *err)
{
    const char *columns = mr_evidence_columns(table, arena);
    if (columns == NULL)
        return mr_err_nomem(err, "reading the case file");
    if (strcmp(columns, out->columns) == 0)
        return MR_OK;
    for (int side = 0; side < 2; side++)
        out->of[side] = (struct mr_evidence_of){
            .witness = MR_WITNESS_BLIND,
            .reason = "its columns have changed since the logs were collected"};
    return MR_OK;
}

enum mr_code mr_evidence_match(struct mr_findings *fd, const struct mr_find_table *table,
                               struct mr_arena *arena, struct mr_evidence_table *out, bool *found,
                               struct mr_err *err)
{
    struct mr_vec tables = MR_VEC_INIT(struct mr_evidence_table);
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code = read_tables(mr_findings_case(fd), table->name, arena, &tables, err);
    mr_case_unlock(mr_findings_case(fd));
    *found = code == MR_OK && tables.count > 0;
    if (*found) {
        *out = *(struct mr_evidence_table *)mr_vec_at(&tables, 0);
        code = blind_if_changed(table, arena, out, err);
    }
    mr_vec_release(&tables);
    return code;
}

/* ---- marks ---- */

enum mr_code mr_evidence_mark(struct mr_findings *fd, int64_t table, int side, struct mr_key key,
                              struct mr_arena *arena, struct mr_evidence_mark *mark, bool *found,
                              struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    struct mr_evidence_mark_row row = {0};
    mr_case_lock(cf);
    enum mr_code code = MR_CASE_PREPARE(cf, MR_EVIDENCE_MARK_COLUMNS " AND key=:key", &stmt, err,
                                        MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                                        MR_ARG_BYTES("key", key));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, mr_evidence_mark_fields, mr_evidence_nmark_fields, arena,
                                  &row, found, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    if (code == MR_OK && *found)
        code = mr_evidence_mark_finish(&row, err);
    *mark = row.mark;
    return code;
}

enum mr_code mr_evidence_marks_read(struct mr_case_stmt *stmt, struct mr_arena *arena,
                                    struct mr_vec *marks, struct mr_err *err)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_evidence_mark_row);
    enum mr_code code = mr_case_fields_all(stmt, mr_evidence_mark_fields, mr_evidence_nmark_fields,
                                           arena, &rows, err);
    for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
        struct mr_evidence_mark_row *row = mr_vec_at(&rows, i);
        struct mr_evidence_mark *mark = mr_vec_push(marks);
        code = mark != NULL ? mr_evidence_mark_finish(row, err)
                            : mr_err_nomem(err, "reading the case file");
        if (mark != NULL)
            *mark = row->mark;
    }
    mr_vec_release(&rows);
    return code;
}

enum mr_code mr_evidence_marks(struct mr_findings *fd, int64_t table, int side, struct mr_key after,
                               size_t limit, struct mr_arena *arena, struct mr_vec *marks,
                               struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(cf);
    enum mr_code code = MR_CASE_PREPARE(cf, MR_EVIDENCE_MARK_COLUMNS MR_EVIDENCE_BEHIND, &stmt, err,
                                        MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                                        MR_ARG_BYTES("after", after), MR_ARG_INT("most", limit));
    if (code == MR_OK)
        code = mr_evidence_marks_read(stmt, arena, marks, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    return code;
}

#define CHANGE(member, type) MR_CASE_FIELD(struct mr_evidence_change, member, MR_CASE_##type)
static const struct mr_case_field change_fields[] =
    MR_CASE_LIST(CHANGE(n, INT), CHANGE(kind, SMALL), CHANGE(tx, INT), CHANGE(image, BYTES));

static bool is_change(const struct mr_evidence_change *change)
{
    return (int)change->kind >= MR_CHANGE_INSERT && (int)change->kind <= MR_CHANGE_DELETE &&
           change->n > 0;
}

enum mr_code mr_evidence_changes(struct mr_findings *fd, int64_t table, int side, struct mr_key key,
                                 struct mr_arena *arena, struct mr_vec *changes, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    const size_t before = changes->count;
    mr_case_lock(cf);
    enum mr_code code = MR_CASE_PREPARE(
        cf,
        "SELECT n, kind, tx, image FROM history_change WHERE tbl=:tbl AND side=:side AND key=:key"
        " ORDER BY n",
        &stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side), MR_ARG_BYTES("key", key));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(change_fields), arena, changes, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    for (size_t i = before; code == MR_OK && i < changes->count; i++)
        code = is_change(mr_vec_at(changes, i)) ? MR_OK : damaged("change", err);
    return code;
}

/* ---- transactions ---- */

#define TX(member, type) MR_CASE_FIELD(struct mr_evidence_tx, member, MR_CASE_##type)
static const struct mr_case_field tx_fields[] =
    MR_CASE_LIST(TX(id, INT), TX(side, SMALL), TX(gtid, TEXT), TX(committed_us, INT), TX(log, TEXT),
                 TX(position, INT));
#define TX_COLUMNS                                                                                 \
    "SELECT x.id AS id, x.side AS side, x.gtid AS gtid, x.committed_us AS committed_us,"           \
    " l.name AS log, x.position AS position FROM history_tx x JOIN history_log l ON l.id = x.log "

enum mr_code mr_evidence_tx(struct mr_findings *fd, int64_t id, struct mr_arena *arena,
                            struct mr_evidence_tx *tx, bool *found, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(cf);
    enum mr_code code =
        MR_CASE_PREPARE(cf, TX_COLUMNS "WHERE x.id=:id", &stmt, err, MR_ARG_INT("id", id));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(tx_fields), arena, tx, found, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    return code;
}

enum mr_code mr_evidence_own_since(struct mr_findings *fd, int side, int64_t *committed_us,
                                   struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    int64_t collection = 0;
    *committed_us = 0;
    mr_case_lock(cf);
    enum mr_code code = current(cf, &collection, err);
    if (code == MR_OK && collection != 0)
        code = MR_CASE_NUMBER(cf,
                              "SELECT min(committed_us) FROM history_tx"
                              " WHERE collection = :collection AND side = :side",
                              committed_us, err, MR_ARG_INT("collection", collection),
                              MR_ARG_INT("side", side));
    mr_case_unlock(cf);
    return code;
}

static enum mr_code read_named(struct mr_case *cf, const char *gtid, struct mr_arena *arena,
                               struct mr_vec *txs, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    int64_t collection;
    MR_TRY(current(cf, &collection, err));
    if (collection == 0)
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(
        cf, TX_COLUMNS "WHERE x.gtid=:gtid AND x.collection=:collection ORDER BY x.id", &stmt, err,
        MR_ARG_TEXT("gtid", gtid), MR_ARG_INT("collection", collection));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(tx_fields), arena, txs, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_evidence_tx_named(struct mr_findings *fd, const char *gtid, struct mr_arena *arena,
                                  struct mr_vec *txs, struct mr_err *err)
{
    mr_case_lock(mr_findings_case(fd));
    enum mr_code code = read_named(mr_findings_case(fd), gtid, arena, txs, err);
    mr_case_unlock(mr_findings_case(fd));
    return code;
}

#define DEED(member, type) MR_CASE_FIELD(struct mr_evidence_deed, member, MR_CASE_##type)
#define DEED_CHANGE(member, type)                                                                  \
    MR_CASE_FIELD_AS(#member, struct mr_evidence_deed, change.member, MR_CASE_##type)
static const struct mr_case_field deed_fields[] =
    MR_CASE_LIST(DEED(table, INT), DEED(side, SMALL), DEED(key, BYTES), DEED_CHANGE(n, INT),
                 DEED_CHANGE(kind, SMALL), DEED_CHANGE(tx, INT), DEED_CHANGE(image, BYTES));

enum mr_code mr_evidence_deeds(struct mr_findings *fd, int64_t tx, size_t limit,
                               struct mr_arena *arena, struct mr_vec *deeds, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    const size_t before = deeds->count;
    mr_case_lock(cf);
    enum mr_code code =
        MR_CASE_PREPARE(cf,
                        "SELECT tbl AS \"table\", side, key, n, kind, tx, image FROM history_change"
                        " WHERE tx=:tx ORDER BY tbl, key, n LIMIT :most",
                        &stmt, err, MR_ARG_INT("tx", tx), MR_ARG_INT("most", limit));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(deed_fields), arena, deeds, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    for (size_t i = before; code == MR_OK && i < deeds->count; i++) {
        const struct mr_evidence_deed *deed = mr_vec_at(deeds, i);
        if (!is_change(&deed->change) || (deed->side != 0 && deed->side != 1))
            code = damaged("change", err);
    }
    return code;
}
