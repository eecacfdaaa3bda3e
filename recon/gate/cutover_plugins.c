/* cutover_plugins.c: plugins and loadable functions of OLD that NEW lacks; see cutover.h.
 *
 * What a server has loaded from libraries is in no log: a replica follows without it, until a client
 * logs in by it, or a statement calls it there.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recon/gate/cutover.h"

/* Whatever is not built in is somebody's choice; of what is, versions and families differ. */
static const char plugins_sql[] =
    "SELECT PLUGIN_NAME, PLUGIN_TYPE, PLUGIN_LIBRARY FROM information_schema.PLUGINS"
    " WHERE PLUGIN_STATUS = 'ACTIVE' ORDER BY 1, 2";
static const char functions_sql[] = "SELECT name, 'FUNCTION', dl FROM mysql.func ORDER BY 1";

struct loaded {
    const char *name, *type;
    const char *library; /* NULL: built in */
};

struct taking {
    struct mr_cutover *c;
    struct mr_vec *list; /* struct loaded */
};

static enum mr_code take(void *user, const struct mr_cell *cells, struct mr_err *err)
{
    const struct taking *taking = user;
    struct mr_arena *arena = &taking->c->arena;
    struct loaded *one = mr_vec_push(taking->list);
    if (one == NULL)
        return mr_err_nomem(err, "reading plugins");
    one->name = mr_arena_dup(arena, cells[0].ptr, cells[0].len);
    one->type = mr_arena_dup(arena, cells[1].ptr, cells[1].len);
    if (cells[2].ptr != NULL)
        one->library = mr_arena_dup(arena, cells[2].ptr, cells[2].len);
    const bool lacks =
        one->name == NULL || one->type == NULL || (cells[2].ptr != NULL && one->library == NULL);
    return lacks ? mr_err_nomem(err, "reading plugins") : MR_OK;
}

/* False: it cannot be seen, which is said. */
static enum mr_code read_side(struct mr_cutover *c, enum mr_side side, const char *sql,
                              const char *what, struct mr_vec *list, bool *is_seen,
                              struct mr_err *err)
{
    const struct mr_gate_link *link = &c->link[side];
    struct taking taking = {c, list};
    struct mr_err why = {0};
    enum mr_code code = mr_db_each(link->db, "vvn", sql, strlen(sql), take, &taking, &why);
    *is_seen = code == MR_OK;
    if (code == MR_OK)
        return MR_OK;
    if (mr_gate_is_fatal(code)) {
        if (err != NULL)
            *err = why;
        return code;
    }
    const struct mr_gate_view view =
        mr_gate_link_view(link, code, &why, "SELECT", "mysql.func", &c->arena);
    struct mr_strbuf hint = MR_STRBUF_INIT;
    const char *server = side == MR_OLD ? "OLD" : "NEW";
    if (view.grant != NULL)
        mr_strbuf_add_fmt(&hint, "On %s: %s", server, view.grant);
    code = mr_cutover_found(c, &c->plugins, MR_GATE_UNKNOWN, hint.len > 0 ? hint.ptr : NULL, err,
                            "%s of %s: %s", what, server, view.why);
    mr_strbuf_release(&hint);
    return code;
}

static bool has(const struct mr_vec *list, const struct loaded *wanted)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct loaded *one = mr_vec_at(list, i);
        if (strcasecmp(one->name, wanted->name) == 0 && strcmp(one->type, wanted->type) == 0)
            return true;
    }
    return false;
}

/* A library that only watches is missed by nobody's statement. */
static enum mr_gate_severity severity_of(const struct loaded *one)
{
    static const char *const needed[] = {"FUNCTION", "STORAGE ENGINE", "AUTHENTICATION",
                                         "FTPARSER", "DATA TYPE",      "ENCRYPTION",
                                         "KEYRING"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strcmp(one->type, needed[i]) == 0)
            return MR_GATE_CRITICAL;
    return MR_GATE_WARNING;
}

static enum mr_code compare(struct mr_cutover *c, const struct mr_vec *old,
                            const struct mr_vec *new, struct mr_err *err)
{
    for (size_t i = 0; i < old->count; i++) {
        const struct loaded *one = mr_vec_at(old, i);
        const bool is_function = strcmp(one->type, "FUNCTION") == 0;
        if (one->library == NULL || has(new, one))
            continue;
        MR_TRY(mr_cutover_found(
            c, &c->plugins, severity_of(one),
            is_function
                ? "Load it on NEW as on OLD: CREATE FUNCTION … SONAME …; is its library there?"
                : "Load it on NEW as on OLD: by its option file, or INSTALL PLUGIN … SONAME …",
            err, "%s \"%s\" (%s) is not on NEW", is_function ? "loadable function" : one->type,
            one->name, one->library));
    }
    return MR_OK;
}

enum mr_code mr_cutover_read_plugins(struct mr_cutover *c, struct mr_err *err)
{
    static const struct {
        const char *sql, *what;
    } kinds[] = {{plugins_sql, "plugins"}, {functions_sql, "loadable functions"}};
    enum mr_code code = MR_OK;
    c->plugins.note = "what OLD has loaded NEW has, too";
    for (size_t i = 0; code == MR_OK && i < sizeof kinds / sizeof *kinds; i++) {
        struct mr_vec list[MR_SIDES] = {MR_VEC_INIT(struct loaded), MR_VEC_INIT(struct loaded)};
        bool seen[MR_SIDES] = {false, false};
        for (int side = MR_OLD; code == MR_OK && side <= MR_NEW; side++)
            code = read_side(c, (enum mr_side)side, kinds[i].sql, kinds[i].what, &list[side],
                             &seen[side], err);
        if (code == MR_OK && seen[MR_OLD] && seen[MR_NEW])
            code = compare(c, &list[MR_OLD], &list[MR_NEW], err);
        mr_vec_release(&list[MR_OLD]);
        mr_vec_release(&list[MR_NEW]);
    }
    return code;
}
