/* plan_recheck.c: see plan_recheck.h. */
#include "repair/plan/plan_recheck.h"

#include <string.h>

#include "core/case/run_command.h"

struct command {
    const struct mr_plan_recheck *recheck;
    const struct mr_catalogue *cat; /* SOURCE's */
    struct mr_vec names;            /* struct mr_recheck_table */
    struct mr_arena arena;
};

static bool has(const struct command *c, const char *db, const char *name)
{
    for (size_t i = 0; i < c->names.count; i++) {
        const struct mr_recheck_table *t = mr_vec_at(&c->names, i);
        if (mr_server_same_name(&c->cat->server, t->db, db) &&
            mr_server_same_name(&c->cat->server, t->name, name))
            return true;
    }
    return false;
}

static enum mr_code add(struct command *c, const char *db, const char *name, bool *grown,
                        struct mr_err *err)
{
    if (has(c, db, name))
        return MR_OK;
    struct mr_recheck_table *slot = mr_vec_push(&c->names);
    if (slot == NULL)
        return mr_err_nomem(err, "naming tables");
    *slot = (struct mr_recheck_table){db, name};
    *grown = true;
    return MR_OK;
}

/* ---- what references tie ---- */

/* If one end is named, so is the other. */
static enum mr_code tie(struct command *c, const struct mr_table *child, const char *db,
                        const char *parent, bool *grown, struct mr_err *err)
{
    if (has(c, child->db, child->name))
        return add(c, db, parent, grown, err);
    return has(c, db, parent) ? add(c, child->db, child->name, grown, err) : MR_OK;
}

static enum mr_code tie_table(struct command *c, const struct mr_table *t, bool *grown,
                              struct mr_err *err)
{
    struct mr_table_config config = {0};
    MR_TRY(mr_config_table(c->recheck->tables->pairing.config, t->db, t->name, &c->arena, &config,
                           err));
    for (size_t i = 0; i < t->nfks; i++)
        MR_TRY(tie(c, t, t->fks[i].ref_db, t->fks[i].ref_table, grown, err));
    for (size_t i = 0; i < config.nreferences; i++)
        if (!mr_table_config_is_dismissed(&config, i) &&
            mr_table_column(t, config.references[i].columns.items[0]) != NULL)
            MR_TRY(
                tie(c, t, config.references[i].ref_db, config.references[i].ref_table, grown, err));
    return MR_OK;
}

static enum mr_code tie_all(struct command *c, struct mr_err *err)
{
    bool grown = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < c->cat->ntables; i++)
            MR_TRY(tie_table(c, &c->cat->tables[i], &grown, err));
    }
    return MR_OK;
}

/* ---- the words ---- */

static bool is_named(const struct mr_server_side *side, const char *db)
{
    for (size_t i = 0; i < side->cat->ndbs; i++)
        if (strcmp(side->cat->dbs[i].name, db) == 0)
            return true;
    return false;
}

/* As a URI writes it. */
static void add_encoded(struct mr_strbuf *out, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    for (const char *at = name; *at != '\0'; at++)
        if (strchr(plain, *at) != NULL)
            mr_strbuf_add_char(out, *at);
        else
            mr_strbuf_add_fmt(out, "%%%02X", (unsigned)(unsigned char)*at);
}

/* The side's URI, with the databases that it does not name yet.  Without names it means
 * all of them. */
static void add_uri(const struct command *c, enum mr_side side, const char *uri,
                    struct mr_strbuf *out)
{
    const struct mr_server_side *s = &c->recheck->tables->pairing.side[side];
    const char *from = strstr(uri, "://");
    size_t head = strcspn(uri, "?");
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool names_dbs = s->ndbs > 0 && from != NULL && strchr(from + 3, '/') != NULL;
    mr_strbuf_add(&text, uri, head);
    for (size_t i = 0; names_dbs && i < c->names.count; i++) {
        const struct mr_recheck_table *t = mr_vec_at(&c->names, i);
        bool is_new = !is_named(&c->recheck->tables->pairing.side[MR_SOURCE], t->db);
        for (size_t k = 0; is_new && k < i; k++)
            is_new = strcmp(((struct mr_recheck_table *)mr_vec_at(&c->names, k))->db, t->db) != 0;
        if (is_new) {
            mr_strbuf_add_char(&text, ',');
            add_encoded(&text, t->db);
        }
    }
    mr_strbuf_add_str(&text, uri + head);
    mr_command_add_word(out, text.ptr);
    out->failed = out->failed || text.failed;
    mr_strbuf_release(&text);
}

/* Does the check compare every table of the catalogue, and no other database's? */
static bool is_all(const struct command *c)
{
    for (size_t i = 0; i < c->cat->ntables; i++)
        if (!has(c, c->cat->tables[i].db, c->cat->tables[i].name))
            return false;
    return c->names.count == c->cat->ntables;
}

static void add_tables(const struct command *c, struct mr_strbuf *out)
{
    for (size_t i = 0; i < c->names.count; i++) {
        const struct mr_recheck_table *t = mr_vec_at(&c->names, i);
        struct mr_strbuf name = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->name);
        mr_command_add_option(out, "--tables", name.ptr);
        out->failed = out->failed || name.failed;
        mr_strbuf_release(&name);
    }
}

/* Where all tables are meant none is named: a table that is added tomorrow is then compared,
 * too. */
enum mr_code mr_plan_recheck_command(const struct mr_plan_recheck *recheck, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    struct command c = {.recheck = recheck,
                        .cat = recheck->tables->pairing.side[MR_SOURCE].cat,
                        .names = MR_VEC_INIT(struct mr_recheck_table),
                        .arena = MR_ARENA_INIT};
    bool grown = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < recheck->tables->ntables; i++) {
        const struct mr_table *t = recheck->tables->tables[i].pair->side[MR_SOURCE];
        MR_TRY_OUT(add(&c, t->db, t->name, &grown, err));
    }
    for (size_t i = 0; i < recheck->nmore; i++)
        MR_TRY_OUT(add(&c, recheck->more[i].db, recheck->more[i].name, &grown, err));
    MR_TRY_OUT(tie_all(&c, err));
    mr_strbuf_add_str(out, "myrecon check");
    mr_command_add_option(out, "--config", recheck->config);
    mr_command_add_option(out, "--case", recheck->case_path);
    if (!is_all(&c))
        add_tables(&c, out);
    add_uri(&c, MR_SOURCE, mr_run_uri(recheck->run, MR_SOURCE), out);
    add_uri(&c, MR_TARGET, mr_run_uri(recheck->run, MR_TARGET), out);
    MR_TRY_OUT(mr_strbuf_check(out, "naming tables", err));

out:
    mr_vec_release(&c.names);
    mr_arena_release(&c.arena);
    return code;
}
