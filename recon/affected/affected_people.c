/* affected_people.c: see affected_people.h. */
#include "recon/affected/affected_people.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"

static const char schema_sql[] =
    "CREATE TEMP TABLE person (id INTEGER PRIMARY KEY, tbl INT NOT NULL,"
    " name BLOB NOT NULL, reasons INT NOT NULL, UNIQUE (tbl, name)) STRICT;"
    "CREATE TEMP TABLE person_table (person INT NOT NULL, tbl INT NOT NULL,"
    " PRIMARY KEY (person, tbl)) STRICT, WITHOUT ROWID;"
    "CREATE TEMP TABLE person_row (person INT NOT NULL, side INT NOT NULL,"
    " place BLOB NOT NULL, key BLOB, name BLOB NOT NULL, fields BLOB NOT NULL,"
    " no_name INT NOT NULL, origin INT NOT NULL,"
    " PRIMARY KEY (person, side, place)) STRICT, WITHOUT ROWID;"
    "CREATE TEMP TABLE node (side INT NOT NULL, node INT NOT NULL, person INT NOT NULL,"
    " PRIMARY KEY (side, node)) STRICT, WITHOUT ROWID;";

enum mr_code mr_affected_run(struct mr_case *cf, const char *sql, const int64_t *values,
                             int nvalues, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(cf, sql, &stmt, err);
    for (int i = 0; code == MR_OK && i < nvalues; i++)
        mr_case_bind_int(stmt, i + 1, values[i]);
    if (code == MR_OK)
        code = mr_case_run(stmt, err);
    mr_case_free(stmt);
    return code;
}

static enum mr_code prepare_all(struct mr_affected_people *p, struct mr_err *err)
{
    const struct {
        struct mr_case_stmt **stmt;
        const char *sql;
    } all[] = {
        {&p->add_person,
         "INSERT INTO temp.person (tbl, name, reasons) VALUES (?1, ?2, ?3)"
         " ON CONFLICT (tbl, name) DO UPDATE SET reasons = reasons | ?3 RETURNING id"},
        {&p->find_person, "SELECT id FROM temp.person WHERE tbl=? AND name=?"},
        {&p->add_reason, "UPDATE temp.person SET reasons = reasons | ?2 WHERE id = ?1"},
        {&p->add_row, "INSERT OR IGNORE INTO temp.person_row VALUES (?,?,?,?,?,?,?,?)"},
        {&p->add_node, "INSERT OR IGNORE INTO temp.node VALUES (?,?,?)"},
    };
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof all / sizeof all[0]; i++)
        code = mr_case_prepare(p->cf, all[i].sql, all[i].stmt, err);
    return code;
}

enum mr_code mr_affected_people_begin(struct mr_affected_people *p,
                                      struct mr_affected *list, struct mr_err *err)
{
    *p = (struct mr_affected_people){
        .list = list, .cf = mr_findings_case(list->fd), .name = MR_STRBUF_INIT};
    mr_affected_row_init(&p->row);
    enum mr_code code = mr_case_exec(p->cf, schema_sql, err);
    return code == MR_OK ? prepare_all(p, err) : code;
}

void mr_affected_people_release(struct mr_affected_people *p)
{
    mr_case_free(p->add_person);
    mr_case_free(p->find_person);
    mr_case_free(p->find_row);
    mr_case_free(p->add_reason);
    mr_case_free(p->add_row);
    mr_case_free(p->add_node);
    mr_affected_row_release(&p->row);
    mr_strbuf_release(&p->name);
}

/* ---- one row ---- */

/* A letter in front keeps names of different kinds apart. */
static enum mr_code make_name(struct mr_affected_people *p,
                              const struct mr_affected_seen *seen, struct mr_err *err)
{
    struct mr_strbuf *name = &p->name;
    mr_strbuf_reset(name);
    if (seen->identity != NULL) {
        mr_strbuf_add_char(name, 'i');
        mr_strbuf_add(name, seen->identity, seen->identity_len);
    } else if (seen->subject->nkey == 0 && !p->row.no_name) {
        mr_strbuf_add_char(name, 'v');
        mr_strbuf_add(name, p->row.values.ptr, p->row.name_len);
    } else if (seen->subject->nkey > 0 && seen->key.ptr != NULL) {
        mr_strbuf_add_char(name, 'k');
        mr_strbuf_add(name, seen->key.ptr, seen->key.len);
    } else if (seen->subject->nkey == 0) {
        mr_strbuf_add_char(name, 'r');
        mr_strbuf_add(name, seen->image, seen->image_len);
    } else {
        mr_strbuf_add_fmt(name, "n%" PRId64, seen->node);
    }
    return mr_strbuf_check(name, "listing people", err);
}

/* Runs a statement that returns an id; 0: no row. */
static enum mr_code get_id(struct mr_case_stmt *stmt, int64_t *id, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = mr_case_step(stmt, &row, err);
    *id = code == MR_OK && row ? mr_case_int(stmt, 0) : 0;
    if (code == MR_OK && row)
        code = mr_case_step(stmt, &row, err);
    mr_case_reset(stmt);
    return code;
}

static enum mr_code save_row(struct mr_affected_people *p, int64_t person, int side,
                             enum mr_affected_origin origin, struct mr_err *err)
{
    const struct mr_affected_row *row = &p->row;
    mr_case_bind_int(p->add_row, 1, person);
    mr_case_bind_int(p->add_row, 2, side);
    mr_case_bind_borrowed(p->add_row, 3, row->order.ptr, row->order.len);
    if (row->order.len > 0)
        mr_case_bind_borrowed(p->add_row, 4, row->key.ptr, row->key.len);
    mr_case_bind_borrowed(p->add_row, 5, row->values.ptr, row->name_len);
    mr_case_bind_borrowed(p->add_row, 6, row->values.ptr + row->name_len,
                          row->values.len - row->name_len);
    mr_case_bind_int(p->add_row, 7, row->no_name);
    mr_case_bind_int(p->add_row, 8, (int64_t)origin);
    return mr_case_run(p->add_row, err);
}

enum mr_code mr_affected_people_add(struct mr_affected_people *p,
                                    const struct mr_affected_seen *seen,
                                    struct mr_err *err)
{
    int64_t person = 0;
    enum mr_code code = mr_affected_row_read(&p->row, p->list, seen->subject, seen->image,
                                             seen->image_len, err);
    if (code == MR_OK)
        code = make_name(p, seen, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(p->add_person, 1, seen->subject->table->id);
    mr_case_bind_borrowed(p->add_person, 2, p->name.ptr, p->name.len);
    mr_case_bind_int(p->add_person, 3, seen->reasons);
    code = get_id(p->add_person, &person, err);
    if (code == MR_OK)
        code = save_row(p, person, seen->side, seen->origin, err);
    if (code == MR_OK && seen->node != 0) {
        mr_case_bind_int(p->add_node, 1, seen->side);
        mr_case_bind_int(p->add_node, 2, seen->node);
        mr_case_bind_int(p->add_node, 3, person);
        code = mr_case_run(p->add_node, err);
    }
    return code;
}

/* Whose row is known under the key as this side spells it?  A finding's own key is SOURCE's
 * spelling.  0: nobody's. */
static enum mr_code find_row(struct mr_affected_people *p,
                             const struct mr_affected_seen *seen, int64_t *person,
                             struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (p->find_row == NULL) {
        code = mr_case_exec(p->cf,
                            "CREATE INDEX temp.person_row_place ON person_row"
                            " (side, place)",
                            err);
        if (code == MR_OK)
            code = mr_case_prepare(p->cf,
                                   "SELECT r.person FROM temp.person_row r"
                                   " CROSS JOIN temp.person p WHERE r.side = ?1"
                                   " AND r.place = ?2 AND p.id = r.person AND p.tbl = ?3"
                                   " ORDER BY r.origin LIMIT 1",
                                   &p->find_row, err);
    }
    if (code != MR_OK)
        return code;
    mr_case_bind_int(p->find_row, 1, seen->side);
    mr_case_bind_borrowed(p->find_row, 2, p->row.order.ptr, p->row.order.len);
    mr_case_bind_int(p->find_row, 3, seen->subject->table->id);
    return get_id(p->find_row, person, err);
}

enum mr_code mr_affected_people_add_read(struct mr_affected_people *p,
                                         const struct mr_affected_seen *seen,
                                         struct mr_err *err)
{
    int64_t person = 0;
    if (seen->identity != NULL || seen->subject->nkey == 0)
        return mr_affected_people_add(p, seen, err);
    enum mr_code code = mr_affected_row_read(&p->row, p->list, seen->subject, seen->image,
                                             seen->image_len, err);
    if (code == MR_OK)
        code = find_row(p, seen, &person, err);
    if (code != MR_OK || person == 0)
        return code == MR_OK ? mr_affected_people_add(p, seen, err) : code;
    mr_case_bind_int(p->add_reason, 1, person);
    mr_case_bind_int(p->add_reason, 2, seen->reasons);
    return mr_case_run(p->add_reason, err);
}

/* ---- findings ---- */

static unsigned reason_of(enum mr_find_kind kind)
{
    switch (kind) {
    case MR_KIND_MISSING: return MR_AFFECTED_MISSING;
    case MR_KIND_EXTRA: return MR_AFFECTED_EXTRA;
    case MR_KIND_CHANGED: return MR_AFFECTED_CHANGED;
    case MR_KIND_COLLISION: return MR_AFFECTED_COLLISION;
    case MR_KIND_UNDECIDED: break;
    }
    return 0;
}

/* Columns: id, kind, key, source_id, target_id, source, target.  A changed row is one
 * person, even where one side does not say who it is. */
static enum mr_code add_finding(struct mr_affected_people *p,
                                const struct mr_affected_subject *subject,
                                struct mr_case_stmt *stmt, struct mr_err *err)
{
    enum mr_find_kind kind = (enum mr_find_kind)mr_case_int(stmt, 1);
    const void *ids[2];
    size_t id_lens[2];
    struct mr_affected_seen seen = {.subject = subject,
                                    .node = mr_case_int(stmt, 0),
                                    .reasons = subject->counts ? reason_of(kind) : 0,
                                    .origin = MR_AFFECTED_FINDING};
    enum mr_code code = MR_OK;
    seen.key.ptr = mr_case_blob(stmt, 2, &seen.key.len);
    for (int side = 0; side < 2; side++)
        ids[side] = mr_case_blob(stmt, 3 + side, &id_lens[side]);
    for (int side = 0; code == MR_OK && side < 2; side++) {
        int named = ids[side] == NULL && kind == MR_KIND_CHANGED ? 1 - side : side;
        seen.side = side;
        seen.identity = ids[named];
        seen.identity_len = id_lens[named];
        seen.image = mr_case_blob(stmt, 5 + side, &seen.image_len);
        if (seen.image != NULL)
            code = mr_affected_people_add(p, &seen, err);
    }
    return code;
}

static enum mr_code add_findings(struct mr_affected_people *p,
                                 const struct mr_affected_subject *subject,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        p->cf,
        "SELECT id, kind, key, source_id, target_id, source, target FROM finding"
        " WHERE tbl=? AND state=2 ORDER BY id",
        &stmt, err);
    if (code == MR_OK)
        mr_case_bind_int(stmt, 1, subject->table->id);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        code = add_finding(p, subject, stmt, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code mark_moved(struct mr_affected_people *p,
                               const struct mr_affected_subject *subject,
                               struct mr_err *err)
{
    const int64_t values[] = {subject->table->id, MR_AFFECTED_MOVED};
    return mr_affected_run(
        p->cf,
        "UPDATE temp.person SET reasons = reasons | ?2 WHERE id IN"
        " (SELECT n.person FROM moved m JOIN temp.node n ON n.side = 0 AND"
        "  n.node = m.source WHERE m.tbl = ?1"
        "  UNION ALL SELECT n.person FROM moved m JOIN temp.node n ON n.side = 1 AND"
        "  n.node = m.target WHERE m.tbl = ?1)",
        values, 2, err);
}

/* ---- duplicates ---- */

static enum mr_code has_open_rows(struct mr_affected_people *p, int64_t table, bool *open,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    int64_t found = 0;
    enum mr_code code = mr_case_prepare(
        p->cf, "SELECT 1 FROM finding WHERE tbl=? AND state IN (0, 1, 4) LIMIT 1", &stmt,
        err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, table);
        code = get_id(stmt, &found, err);
    }
    mr_case_free(stmt);
    *open = found != 0;
    return code;
}

enum mr_code mr_affected_people_add_known(struct mr_affected_people *p,
                                          const struct mr_affected_seen *seen,
                                          struct mr_err *err)
{
    int64_t person = 0;
    enum mr_code code = mr_affected_row_read(&p->row, p->list, seen->subject, seen->image,
                                             seen->image_len, err);
    if (code == MR_OK)
        code = make_name(p, seen, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(p->find_person, 1, seen->subject->table->id);
    mr_case_bind_borrowed(p->find_person, 2, p->name.ptr, p->name.len);
    code = get_id(p->find_person, &person, err);
    return code == MR_OK && person != 0
               ? save_row(p, person, seen->side, seen->origin, err)
               : code;
}

static enum mr_code add_duplicates(struct mr_affected_people *p,
                                   const struct mr_affected_subject *subject,
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false, open = true;
    enum mr_code code = has_open_rows(p, subject->table->id, &open, err);
    /* One that is a finding is listed already; all others are equal on both sides. */
    bool equal = !open && mr_affected_was_compared_whole(subject->table);
    if (code == MR_OK)
        code = mr_case_prepare(
            p->cf, "SELECT side, identity, image FROM duplicate WHERE tbl=?", &stmt, err);
    if (code == MR_OK)
        mr_case_bind_int(stmt, 1, subject->table->id);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_affected_seen seen = {.subject = subject,
                                        .side = (int)mr_case_int(stmt, 0),
                                        .origin = equal ? MR_AFFECTED_EQUAL
                                                        : MR_AFFECTED_ONE_SIDE};
        seen.identity = mr_case_blob(stmt, 1, &seen.identity_len);
        seen.image = mr_case_blob(stmt, 2, &seen.image_len);
        code = mr_affected_people_add_known(p, &seen, err);
    }
    mr_case_free(stmt);
    return code;
}

bool mr_affected_was_compared_whole(const struct mr_find_table *table)
{
    return !table->windowed && table->scanned && table->settled &&
           (table->verdict == MR_VERDICT_EQUAL || table->verdict == MR_VERDICT_DIVERGED ||
            table->verdict == MR_VERDICT_UNSETTLED);
}

enum mr_code mr_affected_people_own(struct mr_affected_people *p, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < p->list->nsubjects; i++) {
        const struct mr_affected_subject *subject = &p->list->subjects[i];
        code = add_findings(p, subject, err);
        if (code == MR_OK && subject->counts)
            code = mark_moved(p, subject, err);
        if (code == MR_OK)
            code = add_duplicates(p, subject, err);
    }
    return code;
}
