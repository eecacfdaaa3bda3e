/* evidence_write.c: evidence is collected; see evidence.h. */
#include <stdlib.h>
#include <string.h>

#include "core/case/evidence_internal.h"
#include "core/case/findings_internal.h"

struct mr_evidence_writer {
    struct mr_findings *fd;
    struct mr_case *cf;
    int64_t collection;
    int64_t log; /* of the last transaction, its side and its name */
    int log_side;
    struct mr_strbuf log_name;
    struct mr_case_stmt *tx, *add, *mark, *get, *change;
};

/* From the leaves to the root: what finds rows by the table goes before the table. */
static enum mr_code drop(struct mr_case *cf, int64_t collection, struct mr_err *err)
{
    static const char *const parts[] = {
        "DELETE FROM history_change WHERE tbl IN"
        " (SELECT id FROM history_table WHERE collection=:collection)",
        "DELETE FROM history_mark WHERE tbl IN"
        " (SELECT id FROM history_table WHERE collection=:collection)",
        "DELETE FROM history_witness WHERE tbl IN"
        " (SELECT id FROM history_table WHERE collection=:collection)",
        "DELETE FROM history_table WHERE collection=:collection",
        "DELETE FROM history_tx WHERE collection=:collection",
        "DELETE FROM history_log WHERE collection=:collection",
        "DELETE FROM history_side WHERE collection=:collection",
        "DELETE FROM history_collection WHERE id=:collection"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        MR_TRY(MR_CASE_ONCE(cf, parts[i], err, MR_ARG_INT("collection", collection)));
    return MR_OK;
}

/* Those that the statement finds, but for one. */
static enum mr_code drop_others(struct mr_case *cf, const char *sql, int64_t keep,
                                struct mr_err *err)
{
    int64_t collection = 0;
    for (;;) {
        MR_TRY(MR_CASE_NUMBER(cf, sql, &collection, err, MR_ARG_INT("keep", keep)));
        if (collection == 0)
            return MR_OK;
        MR_TRY(drop(cf, collection, err));
    }
}

#define MARK_VALUES                                                                                \
    " INTO history_mark (tbl, side, key, flags, changes, first_tx, last_tx, first, last,"          \
    " has_images, digest, came, went) VALUES (:tbl, :side, :key, :flags, :changes, :first_tx,"     \
    " :last_tx, :first, :last, :has_images, :digest, :came, :went)"

static enum mr_code prepare(struct mr_evidence_writer *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->tx, "INSERT INTO history_tx (id, collection, side, gtid, committed_us, log, position)"
                 " VALUES (:id, :collection, :side, :gtid, :committed_us, :log, :position)"},
        {&w->add, "INSERT" MARK_VALUES},
        {&w->mark, "INSERT OR REPLACE" MARK_VALUES},
        {&w->get, MR_EVIDENCE_MARK_COLUMNS " AND key=:key"},
        {&w->change, "INSERT OR REPLACE INTO history_change (tbl, side, key, n, kind, tx, image)"
                     " VALUES (:tbl, :side, :key, :n, :kind, :tx, :image)"}};
    return mr_case_prepare_all(w->cf, list, sizeof list / sizeof list[0], err);
}

/* The unfinished one with these options goes on, if it is wanted; else all unfinished ones go, and a
 * new one begins. */
static enum mr_code begin(struct mr_evidence_writer *w, const char *options, bool resume,
                          bool *resumed, struct mr_err *err)
{
    w->collection = 0;
    if (resume)
        MR_TRY(MR_CASE_NUMBER(w->cf,
                              "SELECT id FROM history_collection WHERE finished=0 AND"
                              " options=:options ORDER BY id DESC LIMIT 1",
                              &w->collection, err, MR_ARG_TEXT("options", options)));
    *resumed = w->collection != 0;
    MR_TRY(drop_others(w->cf,
                       "SELECT id FROM history_collection WHERE finished=0 AND id<>:keep LIMIT 1",
                       w->collection, err));
    if (*resumed)
        return MR_OK;
    enum mr_code code = MR_CASE_ONCE(
        w->cf, "INSERT INTO history_collection (options, finished) VALUES (:options, :no)", err,
        MR_ARG_TEXT("options", options), MR_ARG_INT("no", 0));
    w->collection = mr_case_last_id(w->cf);
    return code;
}

static enum mr_code open_writer(struct mr_findings *fd, struct mr_evidence_writer **out,
                                struct mr_err *err)
{
    struct mr_evidence_writer *w = calloc(1, sizeof *w);
    *out = w;
    if (w == NULL)
        return mr_err_nomem(err, "opening the case file");
    *w = (struct mr_evidence_writer){
        .fd = fd, .cf = mr_findings_case(fd), .log_name = MR_STRBUF_INIT};
    return MR_OK;
}

/* What is known of a collection's rows that move. */
static enum mr_code forget_moving(struct mr_case *cf, int64_t collection, struct mr_err *err)
{
    static const char *const parts[] = {
        "UPDATE history_mark SET flags=flags & ~32 WHERE flags & 32 AND tbl IN"
        " (SELECT id FROM history_table WHERE collection=:id)",
        "UPDATE history_witness SET moving=0 WHERE tbl IN"
        " (SELECT id FROM history_table WHERE collection=:id)"};
    _Static_assert(MR_MARK_MOVING == 32, "the flag in the statements above and below");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        MR_TRY(MR_CASE_ONCE(cf, parts[i], err, MR_ARG_INT("id", collection)));
    return MR_OK;
}

/* A run that is ended from here on leaves what is no evidence, until one like it has read it to its end. */
static enum mr_code begin_on(struct mr_evidence_writer *w, struct mr_err *err)
{
    MR_TRY(mr_case_exec(w->cf, MR_EVIDENCE_NO_INDEX, err));
    MR_TRY(MR_CASE_ONCE(w->cf, "UPDATE history_collection SET finished=0 WHERE id=:id", err,
                        MR_ARG_INT("id", w->collection)));
    MR_TRY(forget_moving(w->cf, w->collection, err));
    return prepare(w, err);
}

enum mr_code mr_evidence_writer_go_on(struct mr_findings *fd,
                                      const struct mr_evidence_collection *collection,
                                      struct mr_evidence_writer **out, struct mr_err *err)
{
    MR_TRY(open_writer(fd, out, err));
    (*out)->collection = collection->id;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code == MR_OK)
        code = mr_findings_end(fd, begin_on(*out, err), err);
    if (code != MR_OK) {
        mr_evidence_writer_free(*out);
        *out = NULL;
    }
    return code;
}

enum mr_code mr_evidence_collection_tables(struct mr_findings *fd, int64_t collection,
                                           const char *name, const char *columns, int64_t *count,
                                           struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    mr_case_lock(cf);
    const enum mr_code code =
        MR_CASE_NUMBER(cf,
                       "SELECT count(*) FROM history_table WHERE collection=:collection AND"
                       " (:name IS NULL OR name=:name) AND (:columns IS NULL OR columns=:columns)",
                       count, err, MR_ARG_INT("collection", collection), MR_ARG_TEXT("name", name),
                       MR_ARG_TEXT("columns", columns));
    mr_case_unlock(cf);
    return code;
}

/* Of other collections, too: ids are one sequence in a case. */
enum mr_code mr_evidence_newest_tx(struct mr_findings *fd, int64_t *id, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    mr_case_lock(cf);
    const enum mr_code code = MR_CASE_NUMBER(cf, "SELECT max(id) FROM history_tx WHERE id > :none",
                                             id, err, MR_ARG_INT("none", 0));
    mr_case_unlock(cf);
    return code;
}

enum mr_code mr_evidence_flag_since(struct mr_findings *fd, int side, int64_t last_tx,
                                    struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    const enum mr_code code = MR_CASE_ONCE(
        mr_findings_case(fd),
        "UPDATE history_mark SET flags=flags | 32 WHERE side=:side AND last_tx>:tx AND tbl IN"
        " (SELECT t.id FROM history_table t JOIN history_collection c ON c.id=t.collection"
        " WHERE c.finished)",
        err, MR_ARG_INT("side", side), MR_ARG_INT("tx", last_tx));
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_evidence_flag_none(struct mr_findings *fd, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    int64_t id = 0;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_NUMBER(cf, "SELECT max(id) FROM history_collection WHERE finished>:none", &id, err,
                       MR_ARG_INT("none", 0));
    if (code == MR_OK)
        code = forget_moving(cf, id, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_evidence_writer_new(struct mr_findings *fd, const char *options, bool resume,
                                    struct mr_evidence_writer **out, bool *resumed,
                                    struct mr_err *err)
{
    struct mr_evidence_writer *w = NULL;
    MR_TRY(open_writer(fd, &w, err));
    enum mr_code code = mr_findings_begin(fd, err);
    if (code == MR_OK) {
        code = mr_case_exec(w->cf, MR_EVIDENCE_SCHEMA MR_EVIDENCE_NO_INDEX, err);
        if (code == MR_OK)
            code = begin(w, options, resume, resumed, err);
        if (code == MR_OK && *resumed) /* the sides are closed again, by what stands then */
            code = forget_moving(w->cf, w->collection, err);
        if (code == MR_OK)
            code = prepare(w, err);
        code = mr_findings_end(fd, code, err);
    }
    if (code != MR_OK) {
        mr_evidence_writer_free(w);
        return code;
    }
    *out = w;
    return MR_OK;
}

void mr_evidence_writer_free(struct mr_evidence_writer *w)
{
    if (w == NULL)
        return;
    mr_case_free(w->tx);
    mr_case_free(w->add);
    mr_case_free(w->mark);
    mr_case_free(w->get);
    mr_case_free(w->change);
    mr_strbuf_release(&w->log_name);
    free(w);
}

enum mr_code mr_evidence_finish(struct mr_evidence_writer *w, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(w->fd, err));
    enum mr_code code = MR_CASE_ONCE(w->cf, "UPDATE history_collection SET finished=1 WHERE id=:id",
                                     err, MR_ARG_INT("id", w->collection));
    if (code == MR_OK)
        code = drop_others(w->cf, "SELECT id FROM history_collection WHERE id<>:keep LIMIT 1",
                           w->collection, err);
    if (code == MR_OK)
        code = mr_case_exec(w->cf, MR_EVIDENCE_INDEX, err);
    return mr_findings_end(w->fd, code, err);
}

static enum mr_code table_insert(struct mr_evidence_writer *w, struct mr_evidence_table *table,
                                 struct mr_err *err)
{
    MR_TRY(MR_CASE_NUMBER(w->cf,
                          "SELECT id FROM history_table WHERE collection=:collection AND"
                          " name=:name AND columns=:columns",
                          &table->id, err, MR_ARG_INT("collection", w->collection),
                          MR_ARG_TEXT("name", table->name),
                          MR_ARG_TEXT("columns", table->columns)));
    if (table->id != 0)
        return MR_OK;
    enum mr_code code = MR_CASE_ONCE(
        w->cf,
        "INSERT INTO history_table (collection, name, target_name, columns) VALUES"
        " (:collection, :name, :target_name, :columns)",
        err, MR_ARG_INT("collection", w->collection), MR_ARG_TEXT("name", table->name),
        MR_ARG_TEXT("target_name", table->target_name), MR_ARG_TEXT("columns", table->columns));
    table->id = mr_case_last_id(w->cf);
    return code;
}

enum mr_code mr_evidence_table_add(struct mr_evidence_writer *w, struct mr_arena *arena,
                                   struct mr_evidence_table *table, struct mr_err *err)
{
    MR_TRY(table_insert(w, table, err));
    return mr_evidence_of_read(w->cf, arena, table, err);
}

enum mr_code mr_evidence_table_save(struct mr_evidence_writer *w,
                                    const struct mr_evidence_table *table, int side,
                                    struct mr_err *err)
{
    const struct mr_evidence_of *of = &table->of[side];
    return MR_CASE_ONCE(w->cf,
                        "INSERT OR REPLACE INTO history_witness (tbl, side, witness, reason, keys,"
                        " changes, moving, since) VALUES (:tbl, :side, :witness, :reason, :keys,"
                        " :changes, :moving, :since)",
                        err, MR_ARG_INT("tbl", table->id), MR_ARG_INT("side", side),
                        MR_ARG_INT("witness", of->witness), MR_ARG_TEXT("reason", of->reason),
                        MR_ARG_INT("keys", of->keys), MR_ARG_INT("changes", of->changes),
                        MR_ARG_INT("moving", of->moving), MR_ARG_INT("since", of->since));
}

enum mr_code mr_evidence_side_save(struct mr_evidence_writer *w, int side,
                                   const struct mr_evidence_side *k, struct mr_err *err)
{
    return MR_CASE_ONCE(
        w->cf,
        "INSERT OR REPLACE INTO history_side (collection, side, own_by, server, split, own,"
        " is_complete, gap, first_log, first_position, end_log, end_position, executed, collected,"
        " transactions, changes, bytes, is_read, has_own) VALUES (:collection, :side, :own_by,"
        " :server, :split, :own, :is_complete, :gap, :first_log, :first_position, :end_log,"
        " :end_position, :executed, :collected, :transactions, :changes, :bytes, :is_read,"
        " :has_own)",
        err, MR_ARG_INT("collection", w->collection), MR_ARG_INT("side", side),
        MR_ARG_INT("own_by", k->own_by), MR_ARG_TEXT("server", k->server),
        MR_ARG_TEXT("split", k->split), MR_ARG_TEXT("own", k->own),
        MR_ARG_INT("is_complete", k->is_complete), MR_ARG_TEXT("gap", k->gap),
        MR_ARG_TEXT("first_log", k->first_log), MR_ARG_INT("first_position", k->first_position),
        MR_ARG_TEXT("end_log", k->end_log), MR_ARG_INT("end_position", k->end_position),
        MR_ARG_TEXT("executed", k->executed), MR_ARG_TEXT("collected", k->collected),
        MR_ARG_INT("transactions", k->transactions), MR_ARG_INT("changes", k->changes),
        MR_ARG_INT("bytes", k->bytes), MR_ARG_INT("is_read", k->is_read),
        MR_ARG_INT("has_own", k->has_own));
}

enum mr_code mr_evidence_side_resume(struct mr_evidence_writer *w, int side, struct mr_arena *arena,
                                     struct mr_evidence_side *known, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_evidence_side_row row = {0};
    mr_case_lock(w->cf);
    enum mr_code code =
        MR_CASE_PREPARE(w->cf, MR_EVIDENCE_SIDE_COLUMNS " AND side=:side", &stmt, err,
                        MR_ARG_INT("collection", w->collection), MR_ARG_INT("side", side));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, mr_evidence_side_fields, mr_evidence_nside_fields, arena,
                                  &row, NULL, err);
    mr_case_free(stmt);
    mr_case_unlock(w->cf);
    *known = row.known;
    return code;
}

/* Logs are few, and their transactions come one after the other.  The sides may call theirs alike. */
static enum mr_code find_log(struct mr_evidence_writer *w, int side, const char *name,
                             struct mr_err *err)
{
    if (w->log != 0 && w->log_side == side && strcmp(w->log_name.ptr, name) == 0)
        return MR_OK;
    MR_TRY(MR_CASE_NUMBER(w->cf,
                          "SELECT id FROM history_log WHERE collection=:collection AND side=:side"
                          " AND name=:name",
                          &w->log, err, MR_ARG_INT("collection", w->collection),
                          MR_ARG_INT("side", side), MR_ARG_TEXT("name", name)));
    if (w->log == 0) {
        MR_TRY(MR_CASE_ONCE(w->cf,
                            "INSERT INTO history_log (collection, side, name) VALUES (:collection,"
                            " :side, :name)",
                            err, MR_ARG_INT("collection", w->collection), MR_ARG_INT("side", side),
                            MR_ARG_TEXT("name", name)));
        w->log = mr_case_last_id(w->cf);
    }
    w->log_side = side;
    mr_strbuf_reset(&w->log_name);
    mr_strbuf_add_str(&w->log_name, name);
    return mr_strbuf_check(&w->log_name, "storing a transaction", err);
}

enum mr_code mr_evidence_tx_add(struct mr_evidence_writer *w, const struct mr_evidence_tx *tx,
                                struct mr_err *err)
{
    MR_TRY(find_log(w, tx->side, tx->log, err));
    return MR_CASE_RUN(w->tx, err, MR_ARG_INT("id", tx->id),
                       MR_ARG_INT("collection", w->collection), MR_ARG_INT("side", tx->side),
                       MR_ARG_TEXT("gtid", tx->gtid), MR_ARG_INT("committed_us", tx->committed_us),
                       MR_ARG_INT("log", w->log), MR_ARG_INT("position", tx->position));
}

enum mr_code mr_evidence_last_tx(struct mr_evidence_writer *w, int64_t *id, struct mr_err *err)
{
    return mr_evidence_newest_tx(w->fd, id, err);
}

enum mr_code mr_evidence_mark_get(struct mr_evidence_writer *w, int64_t table, int side,
                                  struct mr_key key, struct mr_arena *arena,
                                  struct mr_evidence_mark *mark, bool *found, struct mr_err *err)
{
    struct mr_evidence_mark_row row = {0};
    mr_case_reset(w->get);
    MR_CASE_BIND(w->get, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                 MR_ARG_BYTES("key", key));
    enum mr_code code = mr_case_fields_one(w->get, mr_evidence_mark_fields,
                                           mr_evidence_nmark_fields, arena, &row, found, err);
    mr_case_reset(w->get);
    if (code == MR_OK && *found)
        code = mr_evidence_mark_finish(&row, err);
    *mark = row.mark;
    return code;
}

enum mr_code mr_evidence_greatest_key(struct mr_evidence_writer *w, int64_t table, int side,
                                      struct mr_arena *arena, struct mr_key *key,
                                      struct mr_err *err)
{
    struct mr_evidence_mark_row row = {0};
    struct mr_case_stmt *stmt = NULL;
    bool found = false;
    enum mr_code code =
        MR_CASE_PREPARE(w->cf, MR_EVIDENCE_MARK_COLUMNS " ORDER BY key DESC LIMIT 1", &stmt, err,
                        MR_ARG_INT("tbl", table), MR_ARG_INT("side", side));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, mr_evidence_mark_fields, mr_evidence_nmark_fields, arena,
                                  &row, &found, err);
    mr_case_free(stmt);
    *key = found ? row.mark.key : (struct mr_key){NULL, 0};
    return code;
}

static enum mr_code run_mark(struct mr_case_stmt *stmt, int64_t table, int side,
                             const struct mr_evidence_mark *m, struct mr_err *err)
{
    return MR_CASE_RUN(stmt, err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                       MR_ARG_BYTES("key", m->key), MR_ARG_INT("flags", m->flags),
                       MR_ARG_INT("changes", m->changes), MR_ARG_INT("first_tx", m->first_tx),
                       MR_ARG_INT("last_tx", m->last_tx), MR_ARG_BYTES("first", m->first),
                       MR_ARG_BYTES("last", m->last), MR_ARG_INT("has_images", m->has_images),
                       MR_ARG_BLOB("digest", m->has_digest ? (const void *)&m->digest : NULL,
                                   m->has_digest ? sizeof m->digest : 0),
                       MR_ARG_BYTES("came", m->came), MR_ARG_BYTES("went", m->went));
}

enum mr_code mr_evidence_mark_add(struct mr_evidence_writer *w, int64_t table, int side,
                                  const struct mr_evidence_mark *m, struct mr_err *err)
{
    return run_mark(w->add, table, side, m, err);
}

enum mr_code mr_evidence_mark_put(struct mr_evidence_writer *w, int64_t table, int side,
                                  const struct mr_evidence_mark *m, struct mr_err *err)
{
    return run_mark(w->mark, table, side, m, err);
}

enum mr_code mr_evidence_commit_piece(struct mr_evidence_writer *w, struct mr_err *err)
{
    MR_TRY(mr_case_commit(w->cf, err));
    return mr_case_begin(w->cf, err);
}

enum mr_code mr_evidence_change_add(struct mr_evidence_writer *w, int64_t table, int side,
                                    struct mr_key key, const struct mr_evidence_change *change,
                                    struct mr_err *err)
{
    return MR_CASE_RUN(w->change, err, MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                       MR_ARG_BYTES("key", key), MR_ARG_INT("n", change->n),
                       MR_ARG_INT("kind", change->kind), MR_ARG_INT("tx", change->tx),
                       MR_ARG_BYTES("image", change->image));
}

enum mr_code mr_evidence_ends_so_far(struct mr_evidence_writer *w, int64_t table, int side,
                                     struct mr_key after, size_t limit, struct mr_arena *arena,
                                     struct mr_vec *marks, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(w->cf);
    enum mr_code code = MR_CASE_PREPARE(w->cf, MR_EVIDENCE_MARK_ENDS MR_EVIDENCE_BEHIND, &stmt, err,
                                        MR_ARG_INT("tbl", table), MR_ARG_INT("side", side),
                                        MR_ARG_BYTES("after", after), MR_ARG_INT("most", limit));
    if (code == MR_OK)
        code = mr_evidence_marks_read(stmt, arena, marks, err);
    mr_case_free(stmt);
    mr_case_unlock(w->cf);
    return code;
}
