/*
 * restore_collation.c: objects under the collation that their database had when they were made; see
 * restore.h.
 *
 * Parameters and variables without a character set of their own go by it for as long as the object
 * lives, whatever the database is altered to.  So a database that this restore makes is given that
 * collation for a moment; of one that was there already it is not this restore's to change.  A run
 * that is killed meanwhile gives it back when it goes on.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/schema/schema_norm.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

void mr_restore_made(struct mr_restore_made *out, const struct mr_restore *r,
                     const struct mr_restore_db *db)
{
    (void)snprintf(out->text, sizeof out->text, "made %zu", (size_t)(db - r->dbs));
}

/* Has it anything that is restored, or that stays?  One that is empty in the snapshot is wanted where
 * tables are not chosen by name. */
static bool wants_db(const struct mr_restore *r, const struct mr_restore_db *db)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    bool any = false;
    for (size_t i = 0; i < m->ntables; i++) {
        if (strcmp(m->tables[i].db, db->from) != 0)
            continue;
        any = true;
        if (mr_restore_wants(r, m->tables[i].db, m->tables[i].name))
            return true;
    }
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (o->kind == MR_OBJECT_DATABASE || strcmp(o->db, db->from) != 0)
            continue;
        any = true;
        if (mr_restore_wants(r, o->db, mr_snap_object_pattern_name(o)))
            return true;
    }
    return !any && r->opts->tables.count == 0;
}

/* To a run that goes on each of them is there; how it was before, the first one has written down. */
bool mr_restore_makes_db(const struct mr_restore *r, const struct mr_restore_db *db)
{
    struct mr_restore_made made;
    if (!r->resumed && !wants_db(r, db)) /* the first has the progress table */
        return db == r->dbs && db->there == NULL;
    if (!r->resumed)
        return db->there == NULL || r->opts->into_existing == MR_INTO_REFUSE;
    mr_restore_made(&made, r, db);
    return mr_restore_is_done(r, made.text);
}

static struct mr_restore_db *find_db(const struct mr_restore *r, const char *from)
{
    for (size_t i = 0; i < r->ndbs; i++)
        if (strcmp(r->dbs[i].from, from) == 0)
            return &r->dbs[i];
    return NULL;
}

/* utf8_bin is utf8mb3_bin. */
static bool same_collation(const char *a, const char *b, struct mr_strbuf *x, struct mr_strbuf *y)
{
    mr_strbuf_reset(x);
    mr_strbuf_reset(y);
    mr_norm_charset(x, a);
    mr_norm_charset(y, b);
    return !x->failed && !y->failed && strcmp(x->ptr, y->ptr) == 0;
}

static enum mr_code alter(struct mr_restore *r, struct mr_restore_db *db, const char *collation,
                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_snap_collate_sql(&sql, db->to, collation);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code note(struct mr_restore *r, const struct mr_snap_object *o, const char *reason,
                         struct mr_err *err)
{
    return mr_restore_note_fmt(r, err,
                               "\"%s\": what has no character set in it goes by the collation of "
                               "its database, which was %s: %s",
                               o->file, o->db_collation, reason);
}

/* Of a database that was there: its own collation stays. */
static enum mr_code note_other(struct mr_restore *r, const struct mr_restore_db *db,
                               const struct mr_snap_object *o, struct mr_err *err)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    bool same = same_collation(db->there->collation, o->db_collation, &x, &y);
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same ? MR_OK : note(r, o, "the database was there, and keeps its own", err);
}

static bool goes_by_db(const struct mr_snap_object *o)
{
    return o->db_collation != NULL && mr_object_has(o->kind, MR_OBJECT_BODY);
}

/* A server that does not know that collation makes the object all the same, under its database's
 * own, and the difference is noted: a routine that works a little differently is better than
 * none, if it is said. */
enum mr_code mr_restore_collate(struct mr_restore *r, const struct mr_snap_object *o,
                                struct mr_err *err)
{
    struct mr_restore_db *db = find_db(r, o->db);
    struct mr_err why = {0};
    if (db == NULL || !goes_by_db(o))
        return MR_OK;
    if (!mr_restore_makes_db(r, db))
        return note_other(r, db, o, err);
    if (db->lacks_collation)
        return note(r, o, "the target does not know the database's own", err);
    const char *own = db->object->db_collation;
    const char *now = db->collation != NULL ? db->collation : own;
    if (own == NULL || strcmp(now, o->db_collation) == 0)
        return MR_OK;
    enum mr_code code = alter(r, db, o->db_collation, &why);
    if (code == MR_OK)
        db->collation = o->db_collation;
    else if (code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH)
        code = note(r, o, why.message, err);
    else if (err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_restore_collate_back(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->ndbs; i++) {
        struct mr_restore_db *db = &r->dbs[i];
        if (db->collation != NULL)
            MR_TRY(alter(r, db, db->object->db_collation, err));
        db->collation = NULL;
    }
    return MR_OK;
}
