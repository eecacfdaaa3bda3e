/* plan_server.c: see plan_server.h. */
#include "repair/plan/plan_server.h"

#include "core/base/log.h"
#include "core/base/vec.h"
#include "core/db/replication.h"

/* Only apply refuses: a plan may be made from a replica while its source has work to do. */
static enum mr_code find_sources(const struct mr_server_side *target, struct mr_arena *arena,
                                 struct mr_plan_server *server, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool seen = false;
    struct mr_db *db = mr_reader_db(target->main);
    enum mr_code code = db != NULL ? mr_replication_sources(db, &seen, &text, err) : MR_OK;
    if (code == MR_OK && text.len > 0) {
        server->replicates_from = mr_arena_strdup(arena, text.ptr);
        if (server->replicates_from == NULL)
            code = mr_err_nomem(err, "planning");
        mr_log_warning("the target replicates from %s: apply and undo refuse it without "
                       "--allow-replica; with --no-binlog, too, its log gets nothing that its "
                       "source lacks",
                       text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}

/* What the scripts ask the server for stands in plan.json as it was when it was planned;
 * databases that TARGET does not have are none of the plan. */
enum mr_code mr_plan_server_describe(const struct mr_server_side side[MR_SIDES],
                                     struct mr_arena *arena, struct mr_plan_server *server,
                                     struct mr_err *err)
{
    const struct mr_server *s = &side[MR_TARGET].cat->server;
    struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
    const char **dbs = NULL;
    enum mr_code code = mr_sides_pair_dbs(side, arena, &pairs, err);
    if (code == MR_OK) {
        dbs = mr_arena_calloc(arena, pairs.count + 1, sizeof *dbs);
        code = dbs != NULL ? MR_OK : mr_err_nomem(err, "planning");
    }
    *server = (struct mr_plan_server){.flavour = s->flavour,
                                      .version = s->version_text,
                                      .hostname = s->hostname,
                                      .datadir = s->datadir,
                                      .uuid = s->uuid,
                                      .port = s->port,
                                      .server_id = s->server_id,
                                      .dbs = dbs};
    for (size_t i = 0; code == MR_OK && i < pairs.count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(&pairs, i);
        const char *name = pair->name[MR_TARGET];
        if (mr_catalogue_db(side[MR_TARGET].cat, name) != NULL)
            dbs[server->ndbs++] = name;
    }
    mr_vec_release(&pairs);
    return code == MR_OK ? find_sources(&side[MR_TARGET], arena, server, err) : code;
}
