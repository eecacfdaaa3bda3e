/* cutover_schema.c: do both have the same tables, views, routines, triggers and events? see cutover.h.
 *
 * OLD's catalogue is read first, NEW passes OLD's position, then NEW's is read: what NEW lacks then
 * it lacks for good.  A statement of that very moment may still make a difference of its own, so what
 * differs is looked at twice, and only what differs alike both times is told. */
#include <string.h>

#include "core/base/pattern.h"
#include "core/cli/pattern_names.h"
#include "core/schema/made_key.h"
#include "recon/check/objects.h"
#include "recon/gate/cutover_tables.h"

#define LOOKS 2
#define TEXT "150" /* of a definition */

/* A difference of one look. */
struct diff {
    const char *text, *hint;
    enum mr_gate_severity severity;
};

struct looking {
    struct mr_cutover *c;
    struct mr_vec found; /* struct diff */
    struct mr_shown shown[MR_SIDES];
};

static const char *side_word(int side)
{
    return side == MR_OLD ? "OLD" : "NEW";
}

bool mr_cutover_selects(const struct mr_cutover *c, const char *db, const char *name)
{
    const struct mr_string_list *in = &c->opts->tables, *out = &c->opts->exclude;
    const struct mr_string_list *always = &c->gate.exclude;
    return mr_pattern_selects(in->items, in->count, out->items, out->count, db, name) &&
           mr_pattern_selects(NULL, 0, always->items, always->count, db, name);
}

/* ---- one look ---- */

static enum mr_code keep(struct looking *l, enum mr_gate_severity severity, const char *hint,
                         const struct mr_strbuf *text, struct mr_err *err)
{
    struct diff *d = mr_vec_push(&l->found);
    MR_TRY(mr_strbuf_check(text, "comparing objects", err));
    const char *kept = mr_arena_strdup(&l->c->arena, text->ptr);
    const char *kept_hint = hint != NULL ? mr_arena_strdup(&l->c->arena, hint) : NULL;
    if (d == NULL || kept == NULL || (hint != NULL && kept_hint == NULL))
        return mr_err_nomem(err, "comparing objects");
    *d = (struct diff){kept, kept_hint, severity};
    return MR_OK;
}

static void add_name(struct mr_strbuf *out, const struct mr_object_diff *d)
{
    const bool itself = d->kind == MR_OBJECTS_TABLE && !d->constraint;
    mr_strbuf_add_fmt(out, "%s ", mr_objects_kind_name(d->kind));
    if (d->table != NULL)
        mr_strbuf_add_fmt(out, "%s%s%s", d->table, itself || d->name == NULL ? "" : ".",
                          itself || d->name == NULL ? "" : d->name);
    else if (d->kind == MR_OBJECTS_DATABASE)
        mr_strbuf_add_str(out, d->source_db);
    else
        mr_strbuf_add_fmt(out, "%s.%s", d->source_db, d->name != NULL ? d->name : "");
}

/* A definition that one account may not see. */
static enum mr_code keep_hidden(struct looking *l, const struct mr_object_diff *d,
                                struct mr_err *err)
{
    const enum mr_hidden bit = d->kind == MR_OBJECTS_VIEW      ? MR_HIDDEN_VIEWS
                               : d->kind == MR_OBJECTS_ROUTINE ? MR_HIDDEN_ROUTINES
                               : d->kind == MR_OBJECTS_EVENT   ? MR_HIDDEN_EVENTS
                                                               : MR_HIDDEN_TRIGGERS;
    const int side = d->source == NULL ? MR_OLD : MR_NEW;
    const struct mr_server_side *s = &l->c->side[side];
    struct mr_strbuf text = MR_STRBUF_INIT, hint = MR_STRBUF_INIT;
    add_name(&text, d);
    mr_strbuf_add_fmt(&text, ": its definition is not visible on %s", side_word(side));
    if (s->grants != NULL)
        mr_grants_needed(&hint, s->grants, &s->cat->server, bit,
                         side == MR_OLD ? d->source_db : d->target_db);
    enum mr_code code = keep(l, MR_GATE_UNKNOWN, hint.len > 0 ? hint.ptr : NULL, &text, err);
    mr_strbuf_release(&text);
    mr_strbuf_release(&hint);
    return code;
}

/* Seen on one side only: is it absent on the other, or hidden there?  What is hidden is kept as
 * unknown. */
static enum mr_code probe(struct looking *l, const struct mr_object_diff *d, bool *absent,
                          struct mr_err *err)
{
    const int other = d->source != NULL ? MR_NEW : MR_OLD;
    const char *db = other == MR_OLD ? d->source_db : d->target_db;
    const char *table = d->kind == MR_OBJECTS_DATABASE ? "myrecon"
                        : d->table_name != NULL        ? d->table_name
                                                       : d->name;
    struct mr_err why = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_reader_probe(l->c->side[other].main, db, table,
                                        d->kind == MR_OBJECTS_COLUMN ? d->name : NULL, &why);
    *absent = code != MR_E_DENIED;
    if (code == MR_OK || code == MR_E_NO_SUCH)
        return MR_OK;
    if (code != MR_E_DENIED) {
        *err = why;
        return code;
    }
    add_name(&text, d);
    mr_strbuf_add_fmt(&text, ": whether %s has it is not visible", side_word(other));
    code = keep(l, MR_GATE_UNKNOWN, mr_err_get_hint(&why), &text, err);
    mr_strbuf_release(&text);
    return code;
}

static void add_sides(struct mr_strbuf *text, const struct mr_object_diff *d)
{
    if (d->target == NULL)
        mr_strbuf_add_str(text, " is not on NEW");
    else if (d->source == NULL)
        mr_strbuf_add_str(text, " is on NEW alone");
    else
        mr_strbuf_add_fmt(text, ": OLD '%." TEXT "s', NEW '%." TEXT "s'", d->source, d->target);
}

/* Does the side that shows none of that kind show it to nobody of these rights?  That is unknown, and
 * told once for all of them. */
static bool is_unseen(const struct looking *l, const struct mr_object_diff *d)
{
    const enum mr_hidden bit = d->kind == MR_OBJECTS_TRIGGER   ? MR_HIDDEN_TRIGGERS
                               : d->kind == MR_OBJECTS_ROUTINE ? MR_HIDDEN_ROUTINES
                               : d->kind == MR_OBJECTS_EVENT   ? MR_HIDDEN_EVENTS
                                                               : 0;
    const int side = d->source == NULL ? MR_OLD : MR_NEW;
    const struct mr_server_side *s = &l->c->side[side];
    return s->grants != NULL && (mr_grants_hidden(s->grants, &s->cat->server,
                                                  side == MR_OLD ? d->source_db : d->target_db) &
                                 (unsigned)bit) != 0;
}

/* What NEW has besides takes nothing from an application. */
static enum mr_code on_diff(void *ctx, const struct mr_object_diff *d, struct mr_err *err)
{
    struct looking *l = ctx;
    const bool one_sided = (d->source == NULL) != (d->target == NULL);
    const bool probed =
        !d->constraint && (d->kind == MR_OBJECTS_TABLE || d->kind == MR_OBJECTS_COLUMN ||
                           d->kind == MR_OBJECTS_DATABASE);
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool absent = true;
    if (d->hidden)
        return keep_hidden(l, d, err);
    if (one_sided && is_unseen(l, d))
        return MR_OK;
    if (one_sided && probed)
        MR_TRY(probe(l, d, &absent, err));
    if (!absent)
        return MR_OK;
    add_name(&text, d);
    add_sides(&text, d);
    enum mr_code code =
        keep(l, d->source == NULL ? MR_GATE_WARNING : MR_GATE_CRITICAL, NULL, &text, err);
    mr_strbuf_release(&text);
    return code;
}

static bool selects(void *ctx, const char *db, const char *table)
{
    return mr_cutover_selects(((struct looking *)ctx)->c, db, table);
}

static enum mr_code compare(struct looking *l, struct mr_err *err)
{
    struct mr_cutover *c = l->c;
    struct mr_objects_pair *list = mr_arena_calloc(&c->arena, c->dbs.count + 1, sizeof *list);
    if (list == NULL)
        return mr_err_nomem(err, "comparing objects");
    for (size_t i = 0; i < c->dbs.count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(&c->dbs, i);
        list[i] = (struct mr_objects_pair){pair->name[MR_OLD], pair->name[MR_NEW]};
    }
    const struct mr_objects_opts opts = {
        .pairs = list,
        .npairs = c->dbs.count,
        .kinds = MR_OBJECTS_ALL & ~(MR_OBJECTS_ATTRIBUTE | MR_OBJECTS_AUTO_INCREMENT),
        .filter = selects,
        .filter_ctx = l,
        .fn = on_diff,
        .fn_ctx = l};
    return mr_objects_compare(c->side[MR_OLD].cat, c->side[MR_NEW].cat, &opts, err);
}

/* ---- catalogues ---- */

static enum mr_code load(struct mr_cutover *c, int side, struct mr_err *err)
{
    struct mr_server_side *s = &c->side[side];
    const struct mr_server_side *named =
        s->ndbs > 0 ? s : &c->side[side == MR_OLD ? MR_NEW : MR_OLD];
    mr_catalogue_free(s->cat);
    s->cat = NULL;
    MR_TRY(mr_catalogue_load(c->link[side].db, named->dbs, named->ndbs, &s->cat, err));
    MR_TRY(mr_catalogue_drop_made_keys(s->cat, err));
    return mr_catalogue_read_creates(c->link[side].db, s->cat, err);
}

static enum mr_code read_shown(struct looking *l, int side, struct mr_err *err)
{
    struct mr_cutover *c = l->c;
    struct mr_catalogue *cat = c->side[side].cat;
    const bool cross = c->facts.server[MR_OLD].flavour != c->facts.server[MR_NEW].flavour;
    l->shown[side] = (struct mr_shown){.views = true,
                                       .triggers = true,
                                       .routines = true,
                                       .events = true,
                                       .algorithms = cat->server.flavour == MR_FLAVOUR_MYSQL,
                                       .introducers = !cross};
    return mr_catalogue_read_shown(c->link[side].db, cat, &l->shown[side], err);
}

/* *reached: NEW had applied by the time that its own is read what OLD had. */
static enum mr_code load_both(struct looking *l, bool *reached, struct mr_err *err)
{
    struct mr_cutover *c = l->c;
    MR_TRY(load(c, MR_OLD, err));
    MR_TRY(mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), reached, err));
    MR_TRY(load(c, MR_NEW, err));
    mr_vec_clear(&c->dbs);
    MR_TRY(mr_sides_pair_dbs(c->side, &c->arena, &c->dbs, err));
    if (!c->wanted[MR_CUTOVER_schema])
        return MR_OK;
    MR_TRY(read_shown(l, MR_OLD, err));
    return read_shown(l, MR_NEW, err);
}

static bool has_diff(const struct mr_vec *list, const struct diff *d)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(((const struct diff *)mr_vec_at(list, i))->text, d->text) == 0)
            return true;
    return false;
}

/* Those that were there before, too, and what is not known. */
static void keep_common(struct mr_vec *found, const struct mr_vec *before)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct diff d = *(struct diff *)mr_vec_at(found, i);
        if (d.severity == MR_GATE_UNKNOWN || has_diff(before, &d))
            *(struct diff *)mr_vec_at(found, kept++) = d;
    }
    found->count = kept;
}

static enum mr_code look(struct looking *l, bool *reached, struct mr_err *err)
{
    struct mr_vec before = MR_VEC_INIT(struct diff);
    enum mr_code code = MR_OK;
    for (int i = 0; i < LOOKS; i++) {
        MR_TRY_OUT(load_both(l, reached, err));
        if (!*reached || !l->c->wanted[MR_CUTOVER_schema])
            break;
        MR_TRY_OUT(compare(l, err));
        if (i > 0)
            keep_common(&l->found, &before);
        if (l->found.count == 0 || i + 1 == LOOKS)
            break;
        mr_vec_release(&before);
        before = l->found;
        l->found = (struct mr_vec)MR_VEC_INIT(struct diff);
    }
out:
    mr_vec_release(&before);
    return code;
}

/* ---- what is hidden ---- */

static enum mr_code unseen(struct looking *l, const char *what, const struct mr_strbuf *grant,
                           int side, struct mr_err *err)
{
    return mr_cutover_found(l->c, mr_cutover_uncompared(l->c), MR_GATE_UNKNOWN,
                            grant != NULL && grant->len > 0 ? grant->ptr : NULL, err,
                            "%s not visible on %s", what, side_word(side));
}

/* Databases and tables of which the account may not even see the names. */
static enum mr_code look_for_names(struct looking *l, int side, struct mr_err *err)
{
    const struct mr_server_side *s = &l->c->side[side];
    const struct mr_string_list *in = &l->c->opts->tables;
    struct mr_strbuf grant = MR_STRBUF_INIT, what = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (s->grants == NULL)
        return unseen(l, "the grants of the account, and what they hide, are", NULL, side, err);
    if (s->ndbs == 0 && mr_pattern_is_open(in->items, in->count, false) &&
        !mr_grants_lists_dbs(s->grants)) {
        mr_grants_needed_names(&grant, s->grants, NULL);
        mr_strbuf_add_str(&grant, "; or name the databases in the URIs.");
        MR_TRY_OUT(unseen(l, "other databases are", &grant, side, err));
    }
    for (size_t i = 0; mr_pattern_is_open(in->items, in->count, true) && i < l->c->dbs.count; i++) {
        const char *db = ((struct mr_db_pair *)mr_vec_at(&l->c->dbs, i))->name[side];
        if (mr_grants_lists_tables(s->grants, db))
            continue;
        mr_strbuf_reset(&grant);
        mr_strbuf_reset(&what);
        mr_grants_needed_names(&grant, s->grants, db);
        mr_strbuf_add_fmt(&what, "other tables of database %s are", db);
        MR_TRY_OUT(unseen(l, what.ptr, &grant, side, err));
    }
out:
    mr_strbuf_release(&what);
    mr_strbuf_release(&grant);
    return code;
}

/* Kinds of objects that the account cannot see at all. */
static enum mr_code look_at_rights(struct looking *l, int side, struct mr_err *err)
{
    static const struct {
        enum mr_hidden bit;
        const char *name;
    } kinds[] = {{MR_HIDDEN_TRIGGERS, "triggers"},
                 {MR_HIDDEN_ROUTINES, "routines"},
                 {MR_HIDDEN_EVENTS, "events"}};
    const struct mr_server_side *s = &l->c->side[side];
    struct mr_strbuf grant = MR_STRBUF_INIT, what = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; s->grants != NULL && i < l->c->dbs.count; i++) {
        const char *db = ((struct mr_db_pair *)mr_vec_at(&l->c->dbs, i))->name[side];
        const unsigned hidden = mr_grants_hidden(s->grants, &s->cat->server, db);
        for (size_t k = 0; mr_catalogue_db(s->cat, db) != NULL && k < sizeof kinds / sizeof *kinds;
             k++) {
            if ((hidden & kinds[k].bit) == 0)
                continue;
            mr_strbuf_reset(&grant);
            mr_strbuf_reset(&what);
            mr_grants_needed(&grant, s->grants, &s->cat->server, kinds[k].bit, db);
            mr_strbuf_add_fmt(&what, "%s of database %s are", kinds[k].name, db);
            MR_TRY_OUT(unseen(l, what.ptr, &grant, side, err));
        }
    }
out:
    mr_strbuf_release(&what);
    mr_strbuf_release(&grant);
    return code;
}

/* What SHOW CREATE did not give. */
static enum mr_code look_at_shown(struct looking *l, int side, struct mr_err *err)
{
    const struct mr_shown *shown = &l->shown[side];
    const struct mr_catalogue *cat = l->c->side[side].cat;
    size_t unread = 0;
    for (size_t i = 0; i < cat->ntables; i++)
        unread += mr_cutover_selects(l->c, cat->tables[i].db, cat->tables[i].name) &&
                  mr_table_is_unread(&cat->tables[i]);
    if (shown->no_algorithm > 0)
        MR_TRY(unseen(l, "the algorithms of views are", NULL, side, err));
    if (shown->no_introducers > 0)
        MR_TRY(unseen(l, "introducers of literals in definitions are", NULL, side, err));
    if (unread > 0)
        MR_TRY(unseen(l, "parsers, periods and partitions of tables are", NULL, side, err));
    return MR_OK;
}

/* ---- all of it ---- */

static enum mr_code tell(struct looking *l, struct mr_err *err)
{
    struct mr_cutover *c = l->c;
    struct mr_strbuf hint = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(&hint, "All that differs, with both definitions: ");
    mr_cutover_add_check(c, NULL, 0, &hint);
    MR_TRY_OUT(mr_strbuf_check(&hint, "comparing objects", err));
    for (size_t i = 0; i < l->found.count; i++) {
        const struct diff *d = mr_vec_at(&l->found, i);
        MR_TRY_OUT(mr_cutover_found(c, &c->schema, d->severity,
                                    d->severity != MR_GATE_UNKNOWN ? hint.ptr : d->hint, err, "%s",
                                    d->text));
    }
    for (int side = MR_OLD; side <= MR_NEW; side++) {
        MR_TRY_OUT(look_at_rights(l, side, err));
        MR_TRY_OUT(look_at_shown(l, side, err));
    }
out:
    mr_strbuf_release(&hint);
    return code;
}

static bool nth_name(const void *ctx, size_t index, const char **db, const char **name)
{
    const struct mr_catalogue *cat = ctx;
    if (index >= cat->ntables)
        return false;
    *db = cat->tables[index].db;
    *name = cat->tables[index].name;
    return true;
}

/* A gate that looks at no table would say that all are alike. */
static enum mr_code require_tables(struct mr_cutover *c, struct mr_err *err)
{
    const struct mr_catalogue *cat = c->side[MR_OLD].cat;
    MR_TRY(mr_pattern_names_warn("--tables", &c->opts->tables, nth_name, cat, err));
    MR_TRY(mr_pattern_names_warn("--exclude", &c->opts->exclude, nth_name, cat, err));
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_cutover_selects(c, cat->tables[i].db, cat->tables[i].name))
            return MR_OK;
    if (c->opts->tables.count == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "--tables and --exclude leave no table of OLD");
    mr_err_hint(err, "A pattern is db.table, with the wildcards * and ?.");
    return MR_E_USAGE;
}

enum mr_code mr_cutover_read_schema(struct mr_cutover *c, bool *reached, struct mr_err *err)
{
    struct looking l = {.c = c, .found = MR_VEC_INIT(struct diff)};
    enum mr_code code = look(&l, reached, err);
    if (code == MR_OK)
        code = require_tables(c, err);
    for (int side = MR_OLD; code == MR_OK && *reached && side <= MR_NEW; side++)
        code = look_for_names(&l, side, err);
    if (code == MR_OK && *reached && c->wanted[MR_CUTOVER_schema])
        code = tell(&l, err);
    mr_vec_release(&l.found);
    return code;
}
