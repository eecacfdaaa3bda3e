/* plan_server.c: see plan_server.h. */
#include "repair/plan/plan_server.h"

#include "core/base/vec.h"

enum mr_code mr_plan_server_describe(const struct mr_server_side side[MR_SIDES],
                                     struct mr_arena *arena,
                                     struct mr_plan_server *server, struct mr_err *err)
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
    return code;
}
