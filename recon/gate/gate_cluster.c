/* gate_cluster.c: see gate_cluster.h. */
#include "recon/gate/gate_cluster.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "recon/gate/gate_group.h"

/* "" where there is none: servers that do not know the word, or have no provider. */
static enum mr_code read_status(const struct mr_gate_link *link, const char *sql,
                                struct mr_strbuf *value, struct mr_err *err)
{
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(link->db, "vn", sql, strlen(sql), &res, err);
    const struct mr_cell *row = code == MR_OK ? mr_result_next(res) : NULL;
    if (row != NULL && row[1].ptr != NULL)
        mr_strbuf_add(value, row[1].ptr, row[1].len);
    mr_result_free(res);
    return code == MR_OK ? mr_strbuf_check(value, "reading a cluster", err) : code;
}

static enum mr_code read_uuid(const struct mr_gate_link *link, struct mr_strbuf *uuid,
                              struct mr_err *err)
{
    return read_status(link, "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_state_uuid'", uuid, err);
}

enum mr_code mr_gate_cluster_nodes(const struct mr_gate_link *link, unsigned *nodes,
                                   struct mr_err *err)
{
    struct mr_strbuf size = MR_STRBUF_INIT;
    enum mr_code code =
        read_status(link, "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'", &size, err);
    *nodes = code == MR_OK && size.len > 0 ? (unsigned)strtoul(size.ptr, NULL, 10) : 0;
    mr_strbuf_release(&size);
    return code;
}

enum mr_code mr_gate_share_cluster(const struct mr_gate_link *a, const struct mr_gate_link *b,
                                   bool *share, struct mr_err *err)
{
    struct mr_strbuf uuid[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    *share = false;
    MR_TRY_OUT(read_uuid(a, &uuid[0], err));
    MR_TRY_OUT(read_uuid(b, &uuid[1], err));
    *share = uuid[0].len > 0 && uuid[0].len == uuid[1].len &&
             memcmp(uuid[0].ptr, uuid[1].ptr, uuid[0].len) == 0;
out:
    mr_strbuf_release(&uuid[0]);
    mr_strbuf_release(&uuid[1]);
    return code;
}

#define GROUP_NAME "SHOW GLOBAL VARIABLES LIKE 'group_replication_group_name'"

enum mr_code mr_gate_group_of(const struct mr_gate_link *link, struct mr_arena *arena,
                              struct mr_gate_group *out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *name = NULL;
    enum mr_code code = MR_OK;
    if (!mr_gate_link_is_mariadb(link))
        code = read_status(link, GROUP_NAME, &text, err);
    if (code == MR_OK)
        code = mr_gate_link_keep(arena, &text, &name, err);
    mr_strbuf_release(&text);
    return code == MR_OK ? mr_gate_read_group(link, name, arena, out, err) : code;
}

/* *known: the list of members could be read. */
static enum mr_code ask_members(const struct mr_gate_link *a, const struct mr_gate_link *b,
                                bool *known, bool *share, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, count = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM performance_schema.replication_group_members "
                            "WHERE MEMBER_STATE <> 'OFFLINE' AND MEMBER_ID = ");
    mr_sql_string(&sql, mr_db_server(b->db)->uuid);
    enum mr_code code = mr_strbuf_check(&sql, "reading a group", &why);
    if (code == MR_OK)
        code = mr_db_query_text(a->db, sql.ptr, &count, &why);
    *known = code == MR_OK;
    *share = code == MR_OK && strcmp(count.ptr, "0") != 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&count);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

enum mr_code mr_gate_share_group(const struct mr_gate_link *a, const struct mr_gate_link *b,
                                 bool *share, struct mr_err *err)
{
    struct mr_strbuf name[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    bool known = false;
    *share = false;
    if (mr_gate_link_is_mariadb(a) || mr_gate_link_is_mariadb(b))
        return MR_OK;
    MR_TRY_OUT(read_status(a, GROUP_NAME, &name[0], err));
    MR_TRY_OUT(read_status(b, GROUP_NAME, &name[1], err));
    if (name[0].len == 0 || name[1].len == 0 || strcasecmp(name[0].ptr, name[1].ptr) != 0)
        goto out;
    MR_TRY_OUT(ask_members(a, b, &known, share, err));
    if (!known)
        *share = true;
out:
    mr_strbuf_release(&name[0]);
    mr_strbuf_release(&name[1]);
    return code;
}
