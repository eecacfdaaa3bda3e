/* affected_people.c: see affected_people.h. */
#include "recon/affected/affected_people.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"

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

static enum mr_code prepare_all(struct mr_affected_people *p, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&p->add_person,
         "INSERT INTO temp.person (tbl, name, reasons) VALUES (:tbl, :name, :reasons) ON"
         " CONFLICT (tbl, name) DO UPDATE SET reasons = reasons | :reasons RETURNING id"},
        {&p->find_person, "SELECT id FROM temp.person WHERE tbl = :tbl AND name = :name"},
        {&p->add_reason, "UPDATE temp.person SET reasons = reasons | :reasons WHERE id = :person"},
        {&p->add_row,
         "INSERT OR IGNORE INTO temp.person_row (person, side, place, key, name, fields,"
         " no_name, origin) VALUES (:person, :side, :place, :key, :name, :fields,"
         " :no_name, :origin)"},
        {&p->add_node, "INSERT OR IGNORE INTO temp.node (side, node, person)"
                       " VALUES (:side, :node, :person)"},
    };
    return mr_case_prepare_all(p->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_affected_people_begin(struct mr_affected_people *p, struct mr_affected *list,
                                      struct mr_err *err)
{
    *p = (struct mr_affected_people){
        .list = list, .cf = mr_findings_case(list->fd), .name = MR_STRBUF_INIT};
    mr_affected_row_init(&p->row);
    MR_TRY(mr_case_exec(p->cf, schema_sql, err));
    return prepare_all(p, err);
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
static enum mr_code make_name(struct mr_affected_people *p, const struct mr_affected_seen *seen,
                              struct mr_err *err)
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
static enum mr_code get_id(struct mr_case_stmt *stmt, const struct mr_case_arg *args, size_t count,
                           int64_t *id, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = mr_case_ask_with(stmt, args, count, &row, err);
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
    return MR_CASE_RUN(
        p->add_row, err, MR_ARG_INT("person", person), MR_ARG_INT("side", side),
        MR_ARG_BLOB("place", row->order.ptr, row->order.len),
        MR_ARG_BLOB("key", row->order.len > 0 ? row->key.ptr : NULL, row->key.len),
        MR_ARG_BLOB("name", row->values.ptr, row->name_len),
        MR_ARG_BLOB("fields", row->values.ptr + row->name_len, row->values.len - row->name_len),
        MR_ARG_INT("no_name", row->no_name), MR_ARG_INT("origin", origin));
}

/* One person has one row whatever is seen of them and how often: reasons are added up, never
 * replaced. */
enum mr_code mr_affected_people_add(struct mr_affected_people *p,
                                    const struct mr_affected_seen *seen, struct mr_err *err)
{
    int64_t person = 0;
    MR_TRY(
        mr_affected_row_read(&p->row, p->list, seen->subject, seen->image, seen->image_len, err));
    MR_TRY(make_name(p, seen, err));
    MR_TRY(get_id(p->add_person,
                  MR_CASE_ARGS(MR_ARG_INT("tbl", seen->subject->table->id),
                               MR_ARG_BLOB("name", p->name.ptr, p->name.len),
                               MR_ARG_INT("reasons", seen->reasons)),
                  &person, err));
    MR_TRY(save_row(p, person, seen->side, seen->origin, err));
    if (seen->node != 0)
        MR_TRY(MR_CASE_RUN(p->add_node, err, MR_ARG_INT("side", seen->side),
                           MR_ARG_INT("node", seen->node), MR_ARG_INT("person", person)));
    return MR_OK;
}

/* Whose row is known under the key as this side spells it?  A finding's own key is SOURCE's
 * spelling.  0: nobody's. */
static enum mr_code find_row(struct mr_affected_people *p, const struct mr_affected_seen *seen,
                             int64_t *person, struct mr_err *err)
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
                                   " CROSS JOIN temp.person p WHERE r.side = :side"
                                   " AND r.place = :place AND p.id = r.person"
                                   " AND p.tbl = :tbl"
                                   " ORDER BY r.origin LIMIT 1",
                                   &p->find_row, err);
    }
    return code == MR_OK
               ? get_id(p->find_row,
                        MR_CASE_ARGS(MR_ARG_INT("side", seen->side),
                                     MR_ARG_BLOB("place", p->row.order.ptr, p->row.order.len),
                                     MR_ARG_INT("tbl", seen->subject->table->id)),
                        person, err)
               : code;
}

/* A row without an identity is told by its key: whom the case has under that key is the same
 * person, and would be listed twice else. */
enum mr_code mr_affected_people_add_read(struct mr_affected_people *p,
                                         const struct mr_affected_seen *seen, struct mr_err *err)
{
    int64_t person = 0;
    if (seen->identity != NULL || seen->subject->nkey == 0)
        return mr_affected_people_add(p, seen, err);
    enum mr_code code =
        mr_affected_row_read(&p->row, p->list, seen->subject, seen->image, seen->image_len, err);
    if (code == MR_OK)
        code = find_row(p, seen, &person, err);
    if (code != MR_OK || person == 0)
        return code == MR_OK ? mr_affected_people_add(p, seen, err) : code;
    return MR_CASE_RUN(p->add_reason, err, MR_ARG_INT("reasons", seen->reasons),
                       MR_ARG_INT("person", person));
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

/* A changed row is one person, even where one side does not say who it is. */
static enum mr_code add_finding(struct mr_affected_people *p,
                                const struct mr_affected_subject *subject,
                                const struct mr_finding *f, struct mr_err *err)
{
    const struct mr_key ids[2] = {{f->source_id, f->source_id_len},
                                  {f->target_id, f->target_id_len}};
    const struct mr_key images[2] = {{f->source, f->source_len}, {f->target, f->target_len}};
    struct mr_affected_seen seen = {.subject = subject,
                                    .node = f->id,
                                    .key = f->key,
                                    .reasons = subject->counts ? reason_of(f->kind) : 0,
                                    .origin = MR_AFFECTED_FINDING};
    for (int side = 0; side < 2; side++) {
        int named = ids[side].ptr == NULL && f->kind == MR_KIND_CHANGED ? 1 - side : side;
        seen.side = side;
        seen.identity = ids[named].ptr;
        seen.identity_len = ids[named].len;
        seen.image = images[side].ptr;
        seen.image_len = images[side].len;
        if (seen.image != NULL)
            MR_TRY(mr_affected_people_add(p, &seen, err));
    }
    return MR_OK;
}

#define FINDING(member, type) MR_CASE_FIELD(struct mr_finding, member, MR_CASE_##type)
#define FINDING_SPAN(member) MR_CASE_SPAN(struct mr_finding, member)

static const struct mr_case_field finding_fields[] = MR_CASE_LIST(
    FINDING(id, INT), FINDING(kind, SMALL), FINDING(key, BYTES), FINDING_SPAN(source_id),
    FINDING_SPAN(target_id), FINDING_SPAN(source), FINDING_SPAN(target));

/* Only what differed twice while its row stood still: all else may be lag, and nobody is to be
 * written to because of that. */
static enum mr_code add_findings(struct mr_affected_people *p,
                                 const struct mr_affected_subject *subject, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(p->cf,
                        "SELECT id, kind, key, source_id, target_id, source, target FROM finding"
                        " WHERE tbl = :tbl AND state = 2 ORDER BY id",
                        &stmt, err, MR_ARG_INT("tbl", subject->table->id));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(finding_fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_finding f = {0};
        code = mr_case_fields_read(&map, NULL, &f, err);
        if (code == MR_OK)
            code = mr_findings_images(p->list->fd, &f, err);
        if (code == MR_OK)
            code = add_finding(p, subject, &f, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code mark_moved(struct mr_affected_people *p,
                               const struct mr_affected_subject *subject, struct mr_err *err)
{
    return MR_CASE_ONCE(
        p->cf,
        "UPDATE temp.person SET reasons = reasons | :moved WHERE id IN"
        " (SELECT n.person FROM moved m JOIN temp.node n ON n.side = 0 AND"
        "  n.node = m.source WHERE m.tbl = :tbl"
        "  UNION ALL SELECT n.person FROM moved m JOIN temp.node n ON n.side = 1 AND"
        "  n.node = m.target WHERE m.tbl = :tbl)",
        err, MR_ARG_INT("moved", MR_AFFECTED_MOVED), MR_ARG_INT("tbl", subject->table->id));
}

/* ---- duplicates ---- */

/* More keys of those who are listed already; it never adds anybody, since such a row alone is no
 * reason. */
enum mr_code mr_affected_people_add_known(struct mr_affected_people *p,
                                          const struct mr_affected_seen *seen, struct mr_err *err)
{
    int64_t person = 0;
    enum mr_code code =
        mr_affected_row_read(&p->row, p->list, seen->subject, seen->image, seen->image_len, err);
    if (code == MR_OK)
        code = make_name(p, seen, err);
    if (code == MR_OK)
        code = get_id(p->find_person,
                      MR_CASE_ARGS(MR_ARG_INT("tbl", seen->subject->table->id),
                                   MR_ARG_BLOB("name", p->name.ptr, p->name.len)),
                      &person, err);
    return code == MR_OK && person != 0 ? save_row(p, person, seen->side, seen->origin, err) : code;
}

/* Whether the other side has the same row is known only where the table was compared to its end
 * and no finding is open. */
static enum mr_code add_duplicates(struct mr_affected_people *p,
                                   const struct mr_affected_subject *subject, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct mr_affected_seen, side, MR_CASE_SMALL),
                     MR_CASE_SPAN(struct mr_affected_seen, identity),
                     MR_CASE_SPAN(struct mr_affected_seen, image));
    const struct mr_case_arg tbl = MR_ARG_INT("tbl", subject->table->id);
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    int64_t open = 0;
    bool row = false;
    enum mr_code code = MR_CASE_NUMBER(
        p->cf, "SELECT 1 FROM finding WHERE tbl = :tbl AND state IN (0, 1, 4) LIMIT 1", &open, err,
        tbl);
    /* One that is a finding is listed already; all others are equal on both sides. */
    bool equal = open == 0 && mr_affected_was_compared_whole(subject->table);
    if (code == MR_OK)
        code = MR_CASE_PREPARE(
            p->cf, "SELECT side, identity, image FROM duplicate WHERE tbl = :tbl", &stmt, err, tbl);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_affected_seen seen = {.subject = subject,
                                        .origin = equal ? MR_AFFECTED_EQUAL : MR_AFFECTED_ONE_SIDE};
        code = mr_case_fields_read(&map, NULL, &seen, err);
        if (code == MR_OK)
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
    for (size_t i = 0; i < p->list->nsubjects; i++) {
        const struct mr_affected_subject *subject = &p->list->subjects[i];
        MR_TRY(add_findings(p, subject, err));
        if (subject->counts)
            MR_TRY(mark_moved(p, subject, err));
        MR_TRY(add_duplicates(p, subject, err));
    }
    return MR_OK;
}
