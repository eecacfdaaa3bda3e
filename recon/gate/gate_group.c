/* gate_group.c: see gate_group.h. */
#include "recon/gate/gate_group.h"

#include <string.h>
#include <strings.h>

static bool is_reached(const char *state)
{
    return strcasecmp(state, "ONLINE") == 0 || strcasecmp(state, "RECOVERING") == 0;
}

/* A server that is no member lists itself alone, OFFLINE; before 8.0 without its server_uuid. */
static enum mr_code take_members(struct mr_result *res, const char *own, struct mr_arena *arena,
                                 struct mr_gate_group *out, struct mr_err *err)
{
    struct mr_strbuf with = MR_STRBUF_INIT;
    const struct mr_cell *row;
    bool nomem = false;
    size_t rows = 0;
    for (; (row = mr_result_next(res)) != NULL; rows++) {
        const char *id = row[0].ptr != NULL ? row[0].ptr : "";
        const char *state = row[1].ptr != NULL ? row[1].ptr : "";
        if (id[0] == '\0' || strcasecmp(id, own) == 0)
            out->state = mr_arena_keep(arena, state, &nomem);
        out->members += strcasecmp(state, "OFFLINE") != 0;
        if (!is_reached(state))
            continue;
        out->reached++;
        mr_strbuf_add_fmt(&with, "%s%s", with.len > 0 ? " " : "", id);
    }
    out->with = with.failed ? NULL : mr_arena_dup(arena, with.ptr, with.len);
    mr_strbuf_release(&with);
    if (nomem || out->with == NULL)
        return mr_err_nomem(err, "reading a group");
    return rows > 0
               ? MR_OK
               : mr_err_set(err, MR_E_NO_SUCH, "performance_schema lists no member of a group");
}

enum mr_code mr_gate_read_group(const struct mr_gate_link *link, const char *name,
                                struct mr_arena *arena, struct mr_gate_group *out,
                                struct mr_err *err)
{
    static const char sql[] =
        "SELECT MEMBER_ID, MEMBER_STATE FROM performance_schema.replication_group_members";
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    *out = (struct mr_gate_group){.name = "", .state = "OFFLINE", .with = ""};
    if (name == NULL || name[0] == '\0')
        return MR_OK;
    out->name = name;
    enum mr_code code = mr_db_query(link->db, "nn", sql, sizeof sql - 1, &res, &why);
    if (code == MR_OK)
        code = take_members(res, mr_db_server(link->db)->uuid, arena, out, &why);
    mr_result_free(res);
    out->view = mr_gate_link_view(link, code, &why, "SELECT", "performance_schema.*", arena);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}
