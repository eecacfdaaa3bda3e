/*
 * restore_world.h: a restore on its way, without a snapshot on disk and without a server, for
 * the tests of snapshot/restore.
 *
 *   world_begin(…) → restore_begin(tables, objects) → code under test → restore_end()
 *
 * restore.r is what a run knows after it has named its databases and tables: each of the
 * snapshot goes where it was.  What stands on the target is restore.cat, which a test fills and
 * which "is read" as often as one looks (SNAP_WORLD_CATALOGUE of module.mk).
 */
#ifndef MR_TESTS_RESTORE_WORLD_H
#define MR_TESTS_RESTORE_WORLD_H

#include "snap_world.h"
#include "snapshot/restore/restore.h"

#define RESTORE_TABLES 8

static struct {
    struct mr_restore r;
    struct mr_snap_options opts;
    struct mr_catalogue cat; /* of the target */
    struct mr_restore_db dbs[RESTORE_TABLES];
    struct mr_restore_table tables[RESTORE_TABLES];
    unsigned looks;
} restore;

enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)dbs, (void)ndbs;
    enum mr_code code = world_ask("(catalogue)", 11, &answer, err);
    restore.looks++;
    *out = code == MR_OK ? &restore.cat : NULL;
    return code;
}

void __wrap_mr_catalogue_free(struct mr_catalogue *cat);
void __wrap_mr_catalogue_free(struct mr_catalogue *cat)
{
    (void)cat;
}

/* Databases are those of the objects that are one. */
static inline void restore_begin(const struct mr_snap_table *tables, size_t ntables,
                                 const struct mr_snap_object *objects, size_t nobjects)
{
    struct mr_restore *r = &restore.r;
    memset(&restore, 0, sizeof restore);
    assert_true(ntables <= RESTORE_TABLES);
    mr_arena_init(&r->arena);
    r->done = (struct mr_vec)MR_VEC_INIT(const char *);
    r->notes = (struct mr_vec)MR_VEC_INIT(const char *);
    r->losses = (struct mr_vec)MR_VEC_INIT(struct mr_restore_loss);
    r->names = (struct mr_vec)MR_VEC_INIT(struct mr_restore_name);
    r->obstacles = (struct mr_vec)MR_VEC_INIT(struct mr_restore_obstacle);
    r->orphans = (struct mr_vec)MR_VEC_INIT(struct mr_restore_orphan);
    (void)pthread_mutex_init(&r->lock, NULL);
    assert_int_equal(mr_progress_new(MR_PROGRESS_NEVER, &r->progress, NULL), MR_OK);
    restore.opts.into_existing = MR_INTO_REFUSE;
    restore.opts.threads = 1;
    restore.cat.server = world.server;
    r->opts = &restore.opts;
    r->db = world_db();
    r->cat = &restore.cat;
    r->scope = "5c09e";
    r->snap.path = "/snap";
    r->snap.manifest.uuid = "u-1";
    r->snap.manifest.server.flavour = MR_FLAVOUR_MARIADB;
    r->snap.manifest.tables = (struct mr_snap_table *)(uintptr_t)tables;
    r->snap.manifest.ntables = ntables;
    r->snap.manifest.objects = objects;
    r->snap.manifest.nobjects = nobjects;
    r->dbs = restore.dbs;
    for (size_t i = 0; i < nobjects; i++)
        if (objects[i].kind == MR_OBJECT_DATABASE)
            r->dbs[r->ndbs++] = (struct mr_restore_db){
                .object = &objects[i], .from = objects[i].db, .to = objects[i].db};
    r->tables = restore.tables;
    for (size_t i = 0; i < ntables; i++)
        r->tables[r->ntables++] =
            (struct mr_restore_table){.snap = &tables[i], .from = &tables[i], .db = tables[i].db};
}

static inline void restore_end(void)
{
    mr_vec_release(&restore.r.done);
    mr_vec_release(&restore.r.notes);
    mr_vec_release(&restore.r.losses);
    mr_vec_release(&restore.r.names);
    mr_vec_release(&restore.r.orphans);
    mr_vec_release(&restore.r.obstacles);
    mr_progress_free(restore.r.progress);
    (void)pthread_mutex_destroy(&restore.r.lock);
    mr_arena_release(&restore.r.arena);
}

static inline const char *restore_note(size_t i)
{
    return i < restore.r.notes.count ? *(const char **)mr_vec_at(&restore.r.notes, i) : "";
}

static inline void restore_done(const char *file)
{
    *(const char **)mr_vec_push(&restore.r.done) = file;
}

#endif
