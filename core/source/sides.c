/* sides.c: see sides.h. */
#include "core/source/sides.h"

#include <string.h>

#include "core/base/letters.h"
#include "core/base/log.h"
#include "core/base/suggest.h"
#include "core/db/sqltext.h"
#include "core/schema/near_db.h"
#include "core/source/abreast.h"
#include "core/source/source_shards.h"

const char *mr_side_name(enum mr_side side)
{
    return side == MR_SOURCE ? "source" : "target";
}

/* Who is asked for a password is asked once: it is one account on all of them. */
static enum mr_code login_shards(struct mr_shards *shards, const struct mr_login_opts *login,
                                 struct mr_err *err)
{
    struct mr_login_opts others = *login;
    others.ask_password = false;
    for (size_t i = 0; i < shards->nservers; i++) {
        struct mr_endpoint *ep = &shards->servers[i];
        const char *asked = i > 0 && login->ask_password ? shards->servers[0].password : NULL;
        MR_TRY(mr_login_complete(ep, "SOURCE", "source", i == 0 ? login : &others, err));
        if (asked == NULL || ep->password != NULL || ep->password_command != NULL)
            continue;
        ep->password = strdup(asked);
        if (ep->password == NULL)
            return mr_err_nomem(err, "reading an endpoint");
    }
    return MR_OK;
}

static enum mr_code open_shards(struct mr_sides *sides, const struct mr_endpoint *ep,
                                const struct mr_sides_opts *opts, struct mr_arena *arena,
                                struct mr_err *err)
{
    if (opts->consistent) {
        (void)mr_err_set(err, MR_E_USAGE, "many servers have no moment that all of them show");
        mr_err_hint(err, "Leave --consistent out: what differs is read again until it rests.");
        return MR_E_USAGE;
    }
    MR_TRY(mr_shards_parse(ep->shards, arena, &sides->shards, err));
    return login_shards(&sides->shards, &opts->login, err);
}

static enum mr_code open_endpoint(struct mr_sides *sides, enum mr_side side, const char *uri,
                                  const struct mr_sides_opts *opts, struct mr_arena *arena,
                                  struct mr_err *err)
{
    struct mr_endpoint *ep = &sides->ep[side];
    const char *role = side == MR_SOURCE ? "SOURCE" : "TARGET";
    enum mr_code code = opts->takes_shards && side == MR_SOURCE
                            ? mr_endpoint_parse_any(ep, uri, err)
                            : mr_endpoint_parse(ep, uri, err);
    if (code == MR_OK && ep->kind == MR_ENDPOINT_SHARDS)
        code = open_shards(sides, ep, opts, arena, err);
    if (code != MR_OK)
        mr_err_context(err, "%s", mr_side_name(side));
    if (code != MR_OK || ep->kind != MR_ENDPOINT_MYSQL)
        return code;
    return mr_login_complete(ep, role, mr_side_name(side), &opts->login, err);
}

bool mr_side_is_shards(const struct mr_server_side *side)
{
    return side->source != NULL && mr_source_is_shards(side->source);
}

bool mr_side_is_server(const struct mr_server_side *side)
{
    return !mr_side_is_snapshot(side) && !mr_side_is_shards(side);
}

bool mr_side_is_snapshot(const struct mr_server_side *side)
{
    return side->source != NULL && mr_source_is_snapshot(side->source);
}

enum mr_code mr_side_view_reader(const struct mr_server_side *side, struct mr_reader **out,
                                 struct mr_err *err)
{
    if (mr_side_is_snapshot(side))
        return mr_source_reader_new(side->source, out, err);
    return side->view != NULL ? mr_source_reader_new(side->view, out, err)
                              : mr_err_set(err, MR_E_BUG, "the sides have no views");
}

/* Databases to load: those that either side names, by position where both do. */
static enum mr_code load_catalogue(struct mr_sides *sides, enum mr_side side, struct mr_err *err)
{
    const struct mr_server_side *own = &sides->side[side];
    const struct mr_server_side *other = &sides->side[mr_other_side(side)];
    const struct mr_server_side *named = own->ndbs > 0 ? own : other;
    enum mr_code code =
        mr_source_catalogue(own->source, named->dbs, named->ndbs, &sides->side[side].cat, err);
    if (code != MR_OK)
        mr_err_context(err, "could not read the catalogue of the %s", mr_side_name(side));
    return code;
}

static enum mr_code load_source(void *sides, struct mr_err *err)
{
    return load_catalogue(sides, MR_SOURCE, err);
}

static enum mr_code load_target(void *sides, struct mr_err *err)
{
    return load_catalogue(sides, MR_TARGET, err);
}

/* Of thousands of tables each takes seconds: servers are asked at once.  A snapshot reads its own, and
 * what both touch of files is not known here: then one after the other. */
static enum mr_code load_catalogues(struct mr_sides *sides, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (mr_side_is_snapshot(&sides->side[side])) {
            MR_TRY(load_source(sides, err));
            return load_target(sides, err);
        }
    return mr_abreast(load_source, sides, load_target, sides, &sides->abandoned, err);
}

enum mr_code mr_side_take_names(struct mr_server_side *side, struct mr_arena *arena,
                                struct mr_err *err)
{
    const char **names = mr_arena_calloc(arena, side->ep->ndbs + 1, sizeof *names);
    if (names == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < side->ep->ndbs; i++)
        names[i] = side->ep->dbs[i];
    side->dbs = names;
    side->ndbs = side->ep->ndbs;
    return MR_OK;
}

static enum mr_code connect_side(struct mr_sides *sides, enum mr_side side, bool consistent,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct mr_server_side *s = &sides->side[side];
    struct mr_err ignored = {0};
    s->ep = &sides->ep[side];
    s->abandoned = &sides->abandoned;
    bool live = s->ep->kind == MR_ENDPOINT_MYSQL;
    enum mr_code code = mr_side_take_names(s, arena, err);
    if (code == MR_OK && s->ep->kind == MR_ENDPOINT_SHARDS)
        code = mr_source_shards_new(&sides->shards, &sides->opts, &s->source, err);
    else if (code == MR_OK)
        code = mr_source_new(s->ep, &sides->opts, &s->source, err);
    if (code == MR_OK && consistent && live)
        code = mr_source_new(s->ep, &sides->view_opts, &s->view, err);
    if (code == MR_OK)
        code = mr_source_reader_new(s->source, &s->main, err);
    if (code != MR_OK) {
        mr_err_context(err, "%s", mr_side_name(side));
        return code;
    }
    if (live && mr_grants_load(mr_reader_db(s->main), &s->grants, &ignored) != MR_OK)
        mr_log_warning("the grants of the %s account cannot be read: %s", mr_side_name(side),
                       ignored.message);
    if (live)
        mr_grants_warn_idle(s->grants, mr_reader_db(s->main));
    return MR_OK;
}

/* ---- databases that the sides name ---- */

static enum mr_code require_pairs(size_t source, size_t target, const char *hint,
                                  struct mr_err *err)
{
    if (source == 0 || target == 0 || source == target)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "the source names %zu database%s, the target %zu", source,
                     source == 1 ? "" : "s", target);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static bool has_name(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i < count;
}

static bool has_all(const char *const *names, size_t count, const char *const *wanted,
                    size_t nwanted)
{
    size_t i = 0;
    while (i < nwanted && has_name(names, count, wanted[i]))
        i++;
    return i == nwanted;
}

/*
 * The URI of a snapshot names no databases; what it was made of does.  Where the other side
 * names some that the snapshot holds, these are meant; else they pair by position, as those
 * of two URIs do.
 */
static void name_databases(struct mr_server_side *own, const struct mr_server_side *other)
{
    bool whole = false;
    size_t count = 0;
    const char *const *held = mr_source_databases(own->source, &count, &whole);
    if (other->ep->ndbs > 0 && has_all(held, count, other->dbs, other->ndbs)) {
        own->dbs = other->dbs;
        own->ndbs = other->ndbs;
    } else if (other->ep->ndbs > 0 || !whole) {
        own->dbs = held;
        own->ndbs = count;
    }
}

/* Two snapshots pair by name, unless each is of one database, and they have two names. */
static void name_of_snapshots(struct mr_server_side *s, struct mr_server_side *t)
{
    if (s->ndbs == 1 && t->ndbs == 1)
        return;
    s->ndbs = t->ndbs = 0;
}

/* What a snapshot holds is known only now that it is open: it takes the names that were said of the
 * other side, where it has all of them. */
static enum mr_code name_sides(struct mr_sides *sides, struct mr_err *err)
{
    struct mr_server_side *s = &sides->side[MR_SOURCE], *t = &sides->side[MR_TARGET];
    if (mr_side_is_snapshot(s))
        name_databases(s, t);
    if (mr_side_is_snapshot(t))
        name_databases(t, s);
    if (mr_side_is_snapshot(s) && mr_side_is_snapshot(t))
        name_of_snapshots(s, t);
    return require_pairs(s->ndbs, t->ndbs,
                         "Those of a snapshot are all that it holds: name some of them by "
                         "their names, or as many in their order.",
                         err);
}

enum mr_code mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                           const struct mr_sides_opts *opts, struct mr_arena *arena,
                           struct mr_err *err)
{
    enum mr_code code = MR_OK;
    sides->opts.db.run_tag = opts->run_tag;
    sides->opts.db.statement_timeout_s = opts->statement_timeout_s;
    sides->opts.open_snapshot = opts->open_snapshot;
    sides->view_opts = sides->opts;
    sides->view_opts.consistent = true;
    sides->opts.db.abandoned = &sides->abandoned;
    sides->view_opts.frees_tables = opts->frees_tables;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = open_endpoint(sides, (enum mr_side)side, uris[side], opts, arena, err);
    if (code == MR_OK)
        code = require_pairs(sides->ep[MR_SOURCE].ndbs, sides->ep[MR_TARGET].ndbs,
                             "Databases of the two URIs pair by position; name as many on "
                             "both sides, or on one side only.",
                             err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = connect_side(sides, (enum mr_side)side, opts->consistent, arena, err);
    if (code == MR_OK && opts->connected != NULL)
        opts->connected(opts->ctx);
    if (code == MR_OK)
        code = name_sides(sides, err);
    return code == MR_OK ? load_catalogues(sides, err) : code;
}

void mr_sides_close(struct mr_sides *sides)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_server_side *s = &sides->side[side];
        mr_catalogue_free(s->cat);
        mr_grants_free(s->grants);
        mr_reader_free(s->main);
        mr_source_free(s->view);
        mr_source_free(s->source);
        mr_endpoint_release(&sides->ep[side]);
    }
    mr_shards_release(&sides->shards);
}

/* ---- pairs ---- */

static const struct mr_database *find_db(const struct mr_catalogue *cat, const char *name)
{
    for (size_t i = 0; i < cat->ndbs; i++)
        if (mr_server_same_name(&cat->server, cat->dbs[i].name, name))
            return &cat->dbs[i];
    return NULL;
}

static bool folds(const struct mr_catalogue *a, const struct mr_catalogue *b)
{
    return a->server.lower_case_table_names != 0 || b->server.lower_case_table_names != 0;
}

/* Of tables whose names differ in their letters alone, one has that twin: the one that is
 * called as it is, else the first. */
static bool is_anothers(const struct mr_catalogue *own, const char *own_db,
                        const struct mr_table *twin, const char *name)
{
    for (size_t i = 0; i < own->ntables; i++) {
        const struct mr_table *a = &own->tables[i];
        if (strcmp(a->name, name) != 0 || !mr_server_same_name(&own->server, a->db, own_db))
            continue;
        for (size_t k = 0; k < own->ntables; k++) {
            const struct mr_table *b = &own->tables[k];
            if (k != i && strcmp(a->db, b->db) == 0 && mr_letters_same(b->name, name) &&
                (strcmp(b->name, twin->name) == 0 || k < i))
                return true;
        }
    }
    return false;
}

const struct mr_table *mr_sides_twin(const struct mr_catalogue *own, const char *own_db,
                                     const struct mr_catalogue *other, const char *db,
                                     const char *name)
{
    const struct mr_table *exact = mr_catalogue_table(other, db, name);
    if (exact != NULL || !folds(own, other))
        return exact;
    for (size_t i = 0; i < other->ntables; i++)
        if (strcmp(other->tables[i].db, db) == 0 && mr_letters_same(other->tables[i].name, name))
            return is_anothers(own, own_db, &other->tables[i], name) ? NULL : &other->tables[i];
    return NULL;
}

static enum mr_code push_db_pair(struct mr_vec *pairs, const char *source, const char *target,
                                 struct mr_err *err)
{
    struct mr_db_pair *pair = mr_vec_push(pairs);
    if (pair == NULL)
        return mr_err_nomem(err, "pairing databases");
    pair->name[MR_SOURCE] = source;
    pair->name[MR_TARGET] = target;
    return MR_OK;
}

static enum mr_code hint_grant(const struct mr_server_side *side, const char *name,
                               const char *label, struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT, near = MR_STRBUF_INIT;
    (void)mr_err_set(err, MR_E_DENIED,
                     "access to database \"%s\" is denied on the %s, or it does not exist", name,
                     label);
    mr_near_db(mr_reader_db(side->main), name, &near);
    if (near.len > 0)
        mr_strbuf_add_fmt(&hint, "Did you mean \"%s\"? ", near.ptr);
    mr_strbuf_add_str(&hint, "If the name is right, run: GRANT SELECT ON ");
    mr_sql_ident(&hint, name);
    mr_strbuf_add_fmt(&hint, ".* TO %s", mr_grants_account(side->grants));
    mr_err_hint(err, "%s", hint.ptr);
    mr_strbuf_release(&hint);
    mr_strbuf_release(&near);
    return MR_E_DENIED;
}

static void hint_of_snapshot(const struct mr_server_side *side, const char *name,
                             struct mr_err *err)
{
    bool whole = false;
    size_t count = 0;
    struct mr_suggest suggest = {.typed = name};
    const char *const *names = mr_source_databases(side->source, &count, &whole);
    for (size_t i = 0; i < count; i++)
        mr_suggest_offer(&suggest, names[i]);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "\"myrecon snapshot list\" says what the snapshot holds.");
}

/* Does the account see the names of all databases? */
static bool lists_all(const struct mr_server_side *side)
{
    return side->grants != NULL && mr_grants_lists_dbs(side->grants);
}

/* A database that the catalogue does not show is absent, or hidden from the account. */
static enum mr_code refuse_absent(const struct mr_server_side *side, const char *name,
                                  const char *label, struct mr_err *err)
{
    struct mr_err why = {0};
    if (!mr_side_is_snapshot(side) && !lists_all(side) &&
        mr_reader_probe(side->main, name, "myrecon", NULL, &why) == MR_E_DENIED)
        return hint_grant(side, name, label, err);
    (void)mr_err_set(err, MR_E_NO_SUCH, "database \"%s\" does not exist on the %s", name, label);
    if (!mr_side_is_snapshot(side))
        mr_near_db_hint(mr_reader_db(side->main), name, err);
    else
        hint_of_snapshot(side, name, err);
    return MR_E_NO_SUCH;
}

/* Every database that an endpoint names must be on its server. */
static enum mr_code require_named(const struct mr_server_side *side, const char *label,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < side->ndbs; i++)
        if (find_db(side->cat, side->dbs[i]) == NULL)
            return refuse_absent(side, side->dbs[i], label, err);
    return MR_OK;
}

/* The name that the server has for a database of the endpoint. */
static const char *own_name(const struct mr_server_side *side, size_t i)
{
    const struct mr_database *db = find_db(side->cat, side->dbs[i]);
    return db != NULL ? db->name : side->dbs[i];
}

/* As of tables: of databases that TWIN may be, it is the one that is called so, else the first. */
static bool is_anothers_db(const struct mr_catalogue *own, const char *twin, const char *name)
{
    bool earlier = true;
    for (size_t i = 0; i < own->ndbs; i++) {
        const char *other = own->dbs[i].name;
        if (strcmp(other, name) == 0)
            earlier = false;
        else if (mr_letters_same(other, name) && (earlier || strcmp(other, twin) == 0))
            return true;
    }
    return false;
}

/* What TARGET calls SOURCE's database; where it has none, its name. */
static const char *twin_db(const struct mr_catalogue *s, const struct mr_catalogue *t,
                           const char *name)
{
    if (mr_catalogue_db(t, name) != NULL || !folds(s, t))
        return name;
    for (size_t i = 0; i < t->ndbs; i++)
        if (mr_letters_same(t->dbs[i].name, name))
            return is_anothers_db(s, t->dbs[i].name, name) ? name : t->dbs[i].name;
    return name;
}

static bool is_paired(const struct mr_vec *pairs, const char *target)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(((const struct mr_db_pair *)mr_vec_at(pairs, i))->name[MR_TARGET], target) == 0)
            return true;
    return false;
}

/* Names that no endpoint has given, as servers tell them apart: where one writes them in small
 * letters, `Club` and `club` are one database. */
static enum mr_code pair_by_name(const struct mr_catalogue *s, const struct mr_catalogue *t,
                                 struct mr_arena *arena, struct mr_vec *pairs, struct mr_err *err)
{
    for (size_t i = 0; i < s->ndbs; i++) {
        const char *twin = mr_arena_strdup(arena, twin_db(s, t, s->dbs[i].name));
        if (twin == NULL)
            return mr_err_nomem(err, "pairing databases");
        MR_TRY(push_db_pair(pairs, s->dbs[i].name, twin, err));
    }
    for (size_t i = 0; i < t->ndbs; i++) {
        const char *name = mr_arena_strdup(arena, t->dbs[i].name);
        if (name == NULL)
            return mr_err_nomem(err, "pairing databases");
        if (folds(s, t) ? !is_paired(pairs, name) : mr_catalogue_db(s, name) == NULL)
            MR_TRY(push_db_pair(pairs, name, name, err));
    }
    return MR_OK;
}

enum mr_code mr_sides_pair_dbs(const struct mr_server_side side[MR_SIDES], struct mr_arena *arena,
                               struct mr_vec *pairs, struct mr_err *err)
{
    const struct mr_server_side *s = &side[MR_SOURCE];
    const struct mr_server_side *t = &side[MR_TARGET];
    enum mr_code code = require_named(s, "source", err);
    if (code == MR_OK)
        code = require_named(t, "target", err);
    if (code != MR_OK)
        return code;
    if (s->ndbs > 0 && t->ndbs > 0) {
        for (size_t i = 0; code == MR_OK && i < s->ndbs; i++)
            code = push_db_pair(pairs, own_name(s, i), own_name(t, i), err);
        return code;
    }
    return pair_by_name(s->cat, t->cat, arena, pairs, err);
}
