/* check_objects.c: see check_objects.h. */
#include "recon/check/check_objects.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/pair/pair_renamed.h"
#include "recon/check/check_altered.h"
#include "recon/check/check_catalogues.h"
#include "recon/check/check_options.h"
#include "recon/check/check_plan.h"
#include "recon/check/check_seen.h"
#include "recon/check/check_settle.h"
#include "recon/check/objects.h"
#include "recon/check/objects_counters.h"

#define OPEN_SHOWN 10 /* objects that a line names */

struct looking {
    struct mr_check_run *check;
    const struct mr_vec *pairs;
    unsigned kinds;
    struct mr_catalogue *cat[MR_SIDES];
    struct mr_vec found; /* struct mr_find_object, texts in check->arena */
    struct mr_strbuf hidden;
    struct mr_shown shown[MR_SIDES];
    struct mr_objects_counters counters;
};

static struct mr_pair *table_named(const struct mr_check_run *check, const char *name)
{
    for (size_t i = 0; name != NULL && i < check->pairing.ntables; i++)
        if (strcmp(check->pairing.tables[i]->find.name, name) == 0)
            return check->pairing.tables[i];
    return NULL;
}

enum mr_code mr_check_add_unchecked(struct mr_check_run *check, const char *name,
                                    const char *target_name, const struct mr_err *why,
                                    struct mr_err *err)
{
    struct mr_pair *table = mr_arena_calloc(&check->arena, 1, sizeof *table);
    bool known = false;
    if (table == NULL)
        return mr_err_nomem(err, "comparing objects");
    table->arena = &check->arena;
    table->find.name = name;
    table->find.target_name = target_name;
    enum mr_code code = mr_findings_table_add(check->fd, &table->find, &known, err);
    mr_check_give_up(check, table, why);
    return code == MR_OK ? mr_findings_table_save(check->fd, &table->find, err) : code;
}

static const char *join(struct mr_arena *arena, const char *db, const char *table)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s.%s", db, table);
    const char *name = mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return name;
}

/* The texts die with the callback, and what is found is stored after the last look. */
static enum mr_code keep_diff(struct looking *l, const struct mr_object_diff *diff,
                              struct mr_err *err)
{
    struct mr_arena *arena = &l->check->arena;
    struct mr_find_object *o = mr_vec_push(&l->found);
    if (o == NULL)
        return mr_err_nomem(err, "comparing objects");
    o->kind = mr_objects_kind_name(diff->kind);
    o->table = diff->table != NULL ? mr_arena_strdup(arena, diff->table) : NULL;
    o->name = diff->name != NULL ? mr_arena_strdup(arena, diff->name) : NULL;
    o->source = diff->source != NULL ? mr_arena_strdup(arena, diff->source) : NULL;
    o->target = diff->target != NULL ? mr_arena_strdup(arena, diff->target) : NULL;
    o->database = diff->source_db != NULL ? mr_arena_strdup(arena, diff->source_db) : NULL;
    if ((diff->table != NULL && o->table == NULL) || (diff->name != NULL && o->name == NULL) ||
        (diff->source != NULL && o->source == NULL) ||
        (diff->source_db != NULL && o->database == NULL) ||
        (diff->target != NULL && o->target == NULL))
        return mr_err_nomem(err, "comparing objects");
    return MR_OK;
}

/* Every selected table of a database that one side does not show becomes not-checked. */
static enum mr_code hide_database(struct looking *l, const struct mr_object_diff *diff,
                                  enum mr_side seen, const struct mr_err *why, struct mr_err *err)
{
    const struct mr_catalogue *cat = l->cat[seen];
    const char *dbname = seen == MR_SOURCE ? diff->source_db : diff->target_db;
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        if (strcmp(t->db, dbname) != 0 || !mr_check_selects(l->check, diff->source_db, t->name))
            continue;
        const char *name = join(&l->check->arena, diff->source_db, t->name);
        const char *target = join(&l->check->arena, diff->target_db, t->name);
        MR_TRY(name != NULL && target != NULL
                   ? mr_check_add_unchecked(l->check, name, target, why, err)
                   : mr_err_nomem(err, "comparing objects"));
    }
    return MR_OK;
}

/*
 * Seen on one side only: absent on the other, or hidden from the account there?  *absent
 * tells; what is hidden has become not-checked.
 */
static enum mr_code probe(struct looking *l, const struct mr_object_diff *diff, bool *absent,
                          struct mr_err *err)
{
    struct mr_check_run *check = l->check;
    enum mr_side seen = diff->source != NULL ? MR_SOURCE : MR_TARGET;
    enum mr_side other = mr_other_side(seen);
    struct mr_err why = {0};
    *absent = true;
    const char *dbname = other == MR_SOURCE ? diff->source_db : diff->target_db;
    const char *table = diff->table_name != NULL ? diff->table_name : diff->name;
    if (diff->kind == MR_OBJECTS_DATABASE)
        table = "myrecon";
    enum mr_code code = mr_reader_probe(check->pairing.side[other].main, dbname, table,
                                        diff->kind == MR_OBJECTS_COLUMN ? diff->name : NULL, &why);
    if (code == MR_OK || code == MR_E_NO_SUCH)
        return MR_OK;
    *absent = false;
    if (code != MR_E_DENIED) {
        if (err != NULL)
            *err = why;
        return code;
    }
    if (diff->kind == MR_OBJECTS_DATABASE)
        return hide_database(l, diff, seen, &why, err);
    struct mr_pair *planned = table_named(check, diff->table);
    if (planned != NULL) {
        mr_check_give_up(check, planned, &why);
        return MR_OK;
    }
    const char *name = mr_arena_strdup(&check->arena, diff->table);
    const char *target = join(&check->arena, diff->target_db, table);
    if (name == NULL || target == NULL)
        return mr_err_nomem(err, "comparing objects");
    return mr_check_add_unchecked(check, name, target, &why, err);
}

/* A definition that one account may not see. */
static void note_hidden(struct looking *l, const struct mr_object_diff *diff)
{
    enum mr_hidden bit = diff->kind == MR_OBJECTS_VIEW      ? MR_HIDDEN_VIEWS
                         : diff->kind == MR_OBJECTS_ROUTINE ? MR_HIDDEN_ROUTINES
                         : diff->kind == MR_OBJECTS_EVENT   ? MR_HIDDEN_EVENTS
                                                            : MR_HIDDEN_TRIGGERS;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_server_side *s = &l->check->pairing.side[side];
        if ((side == MR_SOURCE ? diff->source : diff->target) != NULL)
            continue;
        mr_strbuf_add_fmt(&l->hidden, "%sthe definition of %s \"%s.%s\" on the %s",
                          l->hidden.len > 0 ? "\n" : "", mr_objects_kind_name(diff->kind),
                          diff->source_db, diff->name != NULL ? diff->name : "",
                          mr_side_name((enum mr_side)side));
        if (s->grants == NULL)
            continue;
        mr_strbuf_add_str(&l->hidden, ": ");
        mr_grants_needed(&l->hidden, s->grants, &s->cat->server, bit,
                         side == MR_SOURCE ? diff->source_db : diff->target_db);
    }
}

/* Columns whose values nobody wants to compare. */
static bool is_ignored(const struct looking *l, const struct mr_object_diff *diff)
{
    const struct mr_pair *table = table_named(l->check, diff->table);
    return diff->kind == MR_OBJECTS_COLUMN && table != NULL && table->config != NULL &&
           mr_string_list_has(&table->config->ignore_columns, diff->name);
}

/* A one-sided table or column is told even where its kind was not asked for: its rows or values
 * were compared with nothing, and silence would read as equal. */
static enum mr_code on_diff(void *ctx, const struct mr_object_diff *diff, struct mr_err *err)
{
    struct looking *l = ctx;
    bool one_sided = (diff->source == NULL) != (diff->target == NULL);
    bool probed =
        !diff->constraint && (diff->kind == MR_OBJECTS_TABLE || diff->kind == MR_OBJECTS_COLUMN ||
                              diff->kind == MR_OBJECTS_DATABASE);
    bool absent = true;
    enum mr_code code = MR_OK;
    if (diff->hidden) {
        note_hidden(l, diff);
        return MR_OK;
    }
    if (one_sided && probed)
        code = probe(l, diff, &absent, err);
    const bool holds_rows = one_sided && probed && !is_ignored(l, diff);
    if (code == MR_OK && absent && ((l->kinds & diff->kind) != 0 || holds_rows))
        code = keep_diff(l, diff, err);
    return code;
}

static bool selects(void *ctx, const char *db, const char *table)
{
    return mr_check_selects(((struct looking *)ctx)->check, db, table);
}

static enum mr_code compare_all(struct looking *l, struct mr_err *err)
{
    struct mr_objects_pair *list =
        mr_arena_calloc(&l->check->arena, l->pairs->count + 1, sizeof *list);
    if (list == NULL)
        return mr_err_nomem(err, "comparing objects");
    for (size_t i = 0; i < l->pairs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(l->pairs, i);
        list[i].source_db = pair->name[MR_SOURCE];
        list[i].target_db = pair->name[MR_TARGET];
    }
    /* what may be hidden is looked at whatever was asked for: it makes tables unchecked */
    unsigned kinds = l->kinds | MR_OBJECTS_TABLE | MR_OBJECTS_COLUMN | MR_OBJECTS_DATABASE;
    struct mr_objects_opts opts = {.pairs = list,
                                   .npairs = l->pairs->count,
                                   .kinds = kinds,
                                   .filter = selects,
                                   .filter_ctx = l,
                                   .fn = on_diff,
                                   .fn_ctx = l};
    mr_vec_clear(&l->found);
    mr_strbuf_reset(&l->hidden);
    return mr_objects_compare(l->cat[MR_SOURCE], l->cat[MR_TARGET], &opts, err);
}

/* Introducers are compared between two servers of a family. */
static enum mr_code read_shown(struct looking *l, enum mr_side side, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(l->check->pairing.side[side].main);
    const struct mr_catalogue *cat = l->cat[side], *other = l->cat[mr_other_side(side)];
    struct mr_shown *shown = &l->shown[side];
    *shown = (struct mr_shown){
        .views = (l->kinds & MR_OBJECTS_VIEW) != 0,
        .triggers = (l->kinds & MR_OBJECTS_TRIGGER) != 0,
        .routines = (l->kinds & MR_OBJECTS_ROUTINE) != 0,
        .events = (l->kinds & MR_OBJECTS_EVENT) != 0,
        .algorithms = cat->server.flavour == MR_FLAVOUR_MYSQL,
        .introducers = cat->server.flavour == other->server.flavour &&
                       mr_reader_db(l->check->pairing.side[mr_other_side(side)].main) != NULL};
    if (db == NULL || !(shown->algorithms || shown->introducers))
        return MR_OK;
    return mr_catalogue_read_shown(db, l->cat[side], shown, err);
}

static enum mr_code load_catalogues(struct looking *l, bool in_order, struct mr_err *err)
{
    MR_TRY(mr_check_catalogues(l->check, l->pairs, in_order, l->cat, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(read_shown(l, (enum mr_side)side, err));
    return MR_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool has_object(const struct mr_vec *list, const struct mr_find_object *o)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct mr_find_object *x = mr_vec_at(list, i);
        if (same_text(x->kind, o->kind) && same_text(x->table, o->table) &&
            same_text(x->name, o->name) && same_text(x->source, o->source) &&
            same_text(x->target, o->target))
            return true;
    }
    return false;
}

/* Keeps of `found` what was there at the look before, too. */
static void keep_common(struct mr_vec *found, const struct mr_vec *before)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        struct mr_find_object *o = mr_vec_at(found, i);
        if (has_object(before, o))
            *(struct mr_find_object *)mr_vec_at(found, kept++) = *o;
    }
    found->count = kept;
}

/* What differs on a side that may be behind is reported, and is no finding. */
static void leave_open(struct looking *l)
{
    const struct mr_check_settle *settle = &l->check->settle;
    mr_strbuf_add_fmt(&l->hidden, "%swhether schema objects differ (",
                      l->hidden.len > 0 ? "\n" : "");
    for (size_t i = 0; i < l->found.count && i < OPEN_SHOWN; i++) {
        const struct mr_find_object *o = mr_vec_at(&l->found, i);
        const char *scope = o->table != NULL ? o->table : o->database;
        bool itself =
            o->name == NULL || strcmp(o->kind, "table") == 0 || strcmp(o->kind, "database") == 0;
        mr_strbuf_add_fmt(&l->hidden, "%s%s \"%s%s%s\"", i > 0 ? ", " : "", o->kind,
                          scope != NULL ? scope : "", itself ? "" : ".", itself ? "" : o->name);
    }
    if (l->found.count > OPEN_SHOWN)
        mr_strbuf_add_fmt(&l->hidden, " and %zu more", l->found.count - OPEN_SHOWN);
    mr_strbuf_add_fmt(&l->hidden, "): %s",
                      settle->why != NULL ? settle->why : "a side may be behind");
    mr_vec_clear(&l->found);
}

/* Differences between replicating servers must be there twice: also when the downstream
 * side has caught up. */
static enum mr_code look(struct looking *l, struct mr_err *err)
{
    struct mr_check_run *check = l->check;
    bool reached = true;
    enum mr_code code = load_catalogues(l, false, err);
    if (code == MR_OK)
        code = compare_all(l, err);
    if (code != MR_OK || l->found.count == 0)
        return code;
    if (mr_check_settle_follows(check))
        code = mr_check_settle(check, &reached, err);
    if (code == MR_OK && (!reached || !mr_check_settle_is_sure(check))) {
        leave_open(l);
        return MR_OK;
    }
    if (code != MR_OK || !mr_check_settle_follows(check))
        return code;
    struct mr_vec before = l->found;
    l->found = (struct mr_vec)MR_VEC_INIT(struct mr_find_object);
    code = load_catalogues(l, true, err);
    if (code == MR_OK)
        code = compare_all(l, err);
    if (code == MR_OK)
        keep_common(&l->found, &before);
    mr_vec_release(&before);
    return code;
}

static enum mr_code keep_counter(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_objects_counter *s,
                                 const struct mr_objects_counter *t, struct mr_err *err)
{
    struct mr_find_counter counter = {.table = table->find.id,
                                      .column = mr_table_counter(table->side[MR_TARGET])->name,
                                      .next = {s->next, t->next},
                                      .greatest = {s->greatest, t->greatest}};
    return mr_findings_counter_save(check->fd, &counter, err);
}

static enum mr_code keep_counter_diff(struct looking *l, const struct mr_pair *table,
                                      const struct mr_objects_counter *c, struct mr_err *err)
{
    struct mr_strbuf text[MR_SIDES] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        mr_objects_counter_text(&c[side], &text[side]);
        code = mr_strbuf_check(&text[side], "describing a counter", err);
    }
    struct mr_object_diff diff = {.kind = MR_OBJECTS_AUTO_INCREMENT,
                                  .table = table->find.name,
                                  .name = mr_table_counter(table->side[MR_TARGET])->name,
                                  .source = text[MR_SOURCE].ptr,
                                  .target = text[MR_TARGET].ptr,
                                  .source_db = table->side[MR_SOURCE]->db};
    if (code == MR_OK)
        code = keep_diff(l, &diff, err);
    mr_strbuf_release(&text[MR_SOURCE]);
    mr_strbuf_release(&text[MR_TARGET]);
    return code;
}

/* False: it has none that is judged. */
static bool counters_of(const struct looking *l, const struct mr_pair *table,
                        struct mr_objects_counter c[MR_SIDES])
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        c[side] = (struct mr_objects_counter){.reader = l->check->pairing.side[side].main,
                                              .table = table->side[side]};
    return mr_objects_has_counter(&c[MR_SOURCE], &c[MR_TARGET]);
}

/* Before the tables are looked at one by one, in as few statements as may be. */
static enum mr_code read_counters(struct looking *l, struct mr_err *err)
{
    struct mr_objects_counter c[MR_SIDES];
    for (size_t i = 0; i < l->check->pairing.ntables; i++) {
        const struct mr_pair *table = l->check->pairing.tables[i];
        const struct mr_table *listed[MR_SIDES] = {NULL, NULL};
        const bool has = !atomic_load(&table->failed) && counters_of(l, table, c);
        for (int side = MR_SOURCE; has && side < MR_SIDES; side++)
            listed[side] =
                mr_catalogue_table(l->cat[side], table->side[side]->db, table->side[side]->name);
        MR_TRY(mr_objects_counters_add(&l->counters, has ? c : NULL, listed, err));
    }
    return mr_objects_counters_read(&l->counters, err);
}

/* Where one side may be behind and nothing tells how far, only what a side's own keys say is
 * said. */
static enum mr_code look_at_counter(struct looking *l, size_t nth, struct mr_err *err)
{
    struct mr_check_run *check = l->check;
    const struct mr_pair *table = check->pairing.tables[nth];
    struct mr_objects_counter c[MR_SIDES];
    bool alone = mr_check_settle_follows(check) || !mr_check_settle_is_sure(check);
    bool finding = false;
    enum mr_code code = mr_objects_counters_of(&l->counters, nth, c, err);
    if (code == MR_OK) {
        finding = mr_objects_counter_is_low(&c[MR_SOURCE], &c[MR_TARGET], alone);
        code = keep_counter(check, table, &c[MR_SOURCE], &c[MR_TARGET], err);
    }
    return code == MR_OK && finding ? keep_counter_diff(l, table, c, err) : code;
}

/* Under the name of the sequence, with the column: several tables may draw from one. */
static enum mr_code keep_drawn_diff(struct looking *l, const struct mr_pair *table,
                                    const struct mr_objects_drawn *d, struct mr_err *err)
{
    struct mr_strbuf text[MR_SIDES] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        mr_objects_counter_text(&d[side].counter, &text[side]);
        mr_strbuf_add_fmt(&text[side], " of %s.%s", table->side[side]->name, d[side].column->name);
        code = mr_strbuf_check(&text[side], "describing a sequence", err);
    }
    struct mr_object_diff diff = {.kind = MR_OBJECTS_SEQUENCE,
                                  .name = d[MR_SOURCE].name,
                                  .source = text[MR_SOURCE].ptr,
                                  .target = text[MR_TARGET].ptr,
                                  .source_db = d[MR_SOURCE].db};
    if (code == MR_OK)
        code = keep_diff(l, &diff, err);
    mr_strbuf_release(&text[MR_SOURCE]);
    mr_strbuf_release(&text[MR_TARGET]);
    return code;
}

static enum mr_code judge_drawn(struct looking *l, const struct mr_pair *table,
                                struct mr_objects_drawn *d, struct mr_err *err)
{
    const bool alone = mr_check_settle_follows(l->check) || !mr_check_settle_is_sure(l->check);
    enum mr_side side = MR_SOURCE;
    struct mr_err why = {0};
    enum mr_code code = mr_objects_drawn_read(d, &side, &why);
    if (code == MR_E_NO_SUCH)
        return MR_OK; /* a difference of its own, or gone on both sides */
    if (code == MR_OK)
        return d[MR_SOURCE].one_way && d[MR_TARGET].one_way &&
                       mr_objects_counter_is_low(&d[MR_SOURCE].counter, &d[MR_TARGET].counter,
                                                 alone)
                   ? keep_drawn_diff(l, table, d, err)
                   : MR_OK;
    if (mr_check_is_fatal(code) || code == MR_E_LOST || code == MR_E_MOVED) {
        if (err != NULL)
            *err = why;
        return code;
    }
    mr_strbuf_add_fmt(&l->hidden, "%sthe next value of sequence \"%s.%s\" on the %s: %s",
                      l->hidden.len > 0 ? "\n" : "", d[side].db, d[side].name, mr_side_name(side),
                      why.message);
    return MR_OK;
}

/* Sequences that the table's columns draw from. */
static enum mr_code look_at_drawn(struct looking *l, const struct mr_pair *table,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < table->side[MR_SOURCE]->ncolumns; i++) {
        struct mr_objects_drawn d[MR_SIDES] = {{.db = NULL}, {.db = NULL}};
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            d[side].counter = (struct mr_objects_counter){
                .reader = l->check->pairing.side[side].main, .table = table->side[side]};
        if (mr_objects_draws(d, i, &l->check->arena))
            MR_TRY(judge_drawn(l, table, d, err));
    }
    return MR_OK;
}

/* Databases and tables of which the account may not even see the names: where both sides
 * hide them, nothing else would tell. */
static void look_for_names(struct looking *l)
{
    const struct mr_string_list *named = &l->check->opts->tables;
    const char *const *patterns = (const char *const *)named->items;
    const bool any_db = mr_pattern_is_open(patterns, named->count, false);
    const bool any_table = mr_pattern_is_open(patterns, named->count, true);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_server_side *s = &l->check->pairing.side[side];
        const char *where = mr_side_name((enum mr_side)side);
        if (s->grants == NULL && s->ep->kind == MR_ENDPOINT_MYSQL)
            mr_strbuf_add_fmt(&l->hidden,
                              "%swhat the account may not see on the %s: its grants "
                              "cannot be read",
                              l->hidden.len > 0 ? "\n" : "", where);
        if (s->grants == NULL)
            continue;
        if (s->ndbs == 0 && any_db && !mr_grants_lists_dbs(s->grants)) {
            mr_strbuf_add_fmt(
                &l->hidden, "%sother databases on the %s: ", l->hidden.len > 0 ? "\n" : "", where);
            mr_grants_needed_names(&l->hidden, s->grants, NULL);
            mr_strbuf_add_str(&l->hidden, "; or name the databases in the URI");
        }
        for (size_t i = 0; any_table && i < l->pairs->count; i++) {
            const struct mr_db_pair *pair = mr_vec_at(l->pairs, i);
            if (mr_grants_lists_tables(s->grants, pair->name[side]))
                continue;
            mr_strbuf_add_fmt(&l->hidden, "%sother tables of database \"%s\" on the %s: ",
                              l->hidden.len > 0 ? "\n" : "", pair->name[side], where);
            mr_grants_needed_names(&l->hidden, s->grants, pair->name[side]);
        }
    }
}

/* What SHOW CREATE did not give is said: silence would read as "equal". */
static void look_at_shown(struct looking *l)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_shown *shown = &l->shown[side];
        const char *name = mr_side_name((enum mr_side)side);
        if (shown->no_algorithm > 0)
            mr_strbuf_add_fmt(&l->hidden,
                              "%sthe algorithm of %zu view%s on the %s, which SHOW CREATE "
                              "VIEW did not show",
                              l->hidden.len > 0 ? "\n" : "", shown->no_algorithm,
                              shown->no_algorithm == 1 ? "" : "s", name);
        if (shown->no_introducers > 0)
            mr_strbuf_add_fmt(&l->hidden,
                              "%sintroducers of literals (_binary) in %zu definition%s on "
                              "the %s, which SHOW CREATE did not show",
                              l->hidden.len > 0 ? "\n" : "", shown->no_introducers,
                              shown->no_introducers == 1 ? "" : "s", name);
    }
}

/* Only of tables of the run, and of servers: a snapshot says itself what it lacks. */
static void look_at_creates(struct looking *l)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_check_run *check = l->check;
        size_t unread = 0;
        if (mr_reader_db(check->pairing.side[side].main) == NULL)
            continue;
        for (size_t i = 0; i < check->pairing.ntables; i++) {
            const struct mr_table *paired = check->pairing.tables[i]->side[side];
            const struct mr_table *now = mr_catalogue_table(l->cat[side], paired->db, paired->name);
            unread += now != NULL && mr_table_is_unread(now);
        }
        if (unread > 0)
            mr_strbuf_add_fmt(&l->hidden,
                              "%sparsers, periods and partitions of %zu table%s on the "
                              "%s, which SHOW CREATE TABLE did not show",
                              l->hidden.len > 0 ? "\n" : "", unread, unread == 1 ? "" : "s",
                              mr_side_name((enum mr_side)side));
    }
}

/* Object kinds that the account cannot see at all, per database and side. */
static void look_at_rights(struct looking *l)
{
    static const struct {
        enum mr_hidden bit;
        unsigned kind;
        const char *name;
    } kinds[] = {{MR_HIDDEN_TRIGGERS, MR_OBJECTS_TRIGGER, "triggers"},
                 {MR_HIDDEN_ROUTINES, MR_OBJECTS_ROUTINE, "routines"},
                 {MR_HIDDEN_EVENTS, MR_OBJECTS_EVENT, "events"}};
    for (size_t i = 0; i < l->pairs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(l->pairs, i);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            const struct mr_server_side *s = &l->check->pairing.side[side];
            const char *db = pair->name[side];
            if (s->grants == NULL || mr_catalogue_db(l->cat[side], db) == NULL)
                continue;
            unsigned hidden = mr_grants_hidden(s->grants, &s->cat->server, db);
            for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
                if ((hidden & kinds[k].bit) == 0 || (l->kinds & kinds[k].kind) == 0)
                    continue;
                mr_strbuf_add_fmt(&l->hidden, "%s%s of database \"%s\" on the %s: ",
                                  l->hidden.len > 0 ? "\n" : "", kinds[k].name, db,
                                  mr_side_name((enum mr_side)side));
                mr_grants_needed(&l->hidden, s->grants, &s->cat->server, kinds[k].bit, db);
            }
        }
    }
}

/* The pair whose database on that side "club.members" or "club" names, or NULL. */
static const struct mr_db_pair *pair_of(const struct looking *l, enum mr_side side,
                                        const char *name, const char **rest)
{
    for (size_t i = 0; i < l->pairs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(l->pairs, i);
        size_t len = strlen(pair->name[side]);
        if (strncmp(name, pair->name[side], len) != 0 || (name[len] != '.' && name[len] != '\0'))
            continue;
        *rest = name + len + (name[len] == '.');
        return pair;
    }
    return NULL;
}

/* What a snapshot should hold and could not keep, as if it could not be seen.  A table that
 * the other side has is not checked already. */
static void look_at_left_out(struct looking *l, enum mr_side side)
{
    const struct mr_server_side *s = &l->check->pairing.side[side];
    const struct mr_catalogue *other = l->cat[mr_other_side(side)];
    size_t count = 0;
    const struct mr_left_out *list = mr_source_left_out(s->source, &count);
    for (size_t i = 0; i < count; i++) {
        const struct mr_left_out *o = &list[i];
        const char *table = "";
        const struct mr_db_pair *pair = pair_of(l, side, o->name, &table);
        unsigned kind = 0;
        bool known = mr_objects_parse_kinds(o->kind, &kind, NULL) == MR_OK;
        if (pair == NULL || (known && (l->kinds & kind) == 0) ||
            (kind == MR_OBJECTS_TABLE &&
             mr_catalogue_table(other, pair->name[mr_other_side(side)], table) != NULL))
            continue;
        mr_strbuf_add_fmt(&l->hidden, "%s%s \"%s\", which the snapshot on the %s lacks: %s",
                          l->hidden.len > 0 ? "\n" : "", o->kind, o->name, mr_side_name(side),
                          o->reason);
        if (o->hint != NULL)
            mr_strbuf_add_fmt(&l->hidden, " (%s)", o->hint);
    }
}

/* Counters and late changes of the tables that were compared. */
static enum mr_code look_at_tables(struct looking *l, struct mr_err *err)
{
    const bool counters = (l->kinds & MR_OBJECTS_AUTO_INCREMENT) != 0;
    enum mr_code code = counters ? read_counters(l, err) : MR_OK;
    for (size_t i = 0; code == MR_OK && i < l->check->pairing.ntables; i++) {
        struct mr_pair *table = l->check->pairing.tables[i];
        code = mr_check_altered(l->check, table, l->cat, err);
        if (code == MR_OK && !atomic_load(&table->failed) && (l->kinds & MR_OBJECTS_SEQUENCE) != 0)
            code = look_at_drawn(l, table, err);
        if (code != MR_OK || atomic_load(&table->failed) || !counters ||
            !mr_objects_counters_has(&l->counters, i))
            continue;
        struct mr_err why = {0};
        code = look_at_counter(l, i, &why);
        if (code != MR_OK && !mr_check_is_fatal(code) && code != MR_E_LOST && code != MR_E_MOVED) {
            mr_check_give_up(l->check, table, &why);
            code = MR_OK;
        } else if (code != MR_OK && err != NULL) {
            *err = why;
        }
    }
    return code;
}

static void warn_hidden(const char *line)
{
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        mr_log_warning("not visible: %.*s", (int)len, line);
        line += len + (line[len] != '\0');
    }
}

/* Is it, of one side alone, a column that was compared with one of another name? */
static bool is_renamed(const struct looking *l, const struct mr_find_object *o)
{
    const struct mr_pair *table = table_named(l->check, o->table);
    if (table == NULL)
        return false;
    return o->source != NULL ? mr_pair_renamed_twin(table->config, table->side, o->name) != NULL
                             : mr_pair_is_renamed(table->config, table->side[MR_SOURCE], o->name);
}

/* What one side alone has, of a kind that --objects leaves out: its values or rows were
 * compared with nothing.  False: the kind was asked for. */
static bool leave_out(struct looking *l, const struct mr_find_object *o)
{
    unsigned kind = 0;
    if (mr_objects_parse_kinds(o->kind, &kind, NULL) != MR_OK || (l->kinds & kind) != 0)
        return false;
    const bool column = kind == MR_OBJECTS_COLUMN;
    if (column && is_renamed(l, o))
        return true;
    const char *name = o->table != NULL ? o->table : o->database;
    mr_strbuf_add_fmt(
        &l->hidden, "%s%s \"%s%s%s\", which only the %s has, and --objects leaves out",
        l->hidden.len > 0 ? "\n" : "", o->kind, name, column ? "." : "", column ? o->name : "",
        mr_side_name(o->source != NULL ? MR_SOURCE : MR_TARGET));
    if (column)
        mr_strbuf_add_fmt(&l->hidden, ": ignore-columns = %s says that it is not meant", o->name);
    else if (kind == MR_OBJECTS_TABLE)
        mr_strbuf_add_fmt(&l->hidden, ": --exclude %s says that it is not meant", name);
    return true;
}

/* Findings of an earlier try go first, or --resume would list them twice. */
static enum mr_code store(struct looking *l, struct mr_err *err)
{
    struct mr_check_run *check = l->check;
    enum mr_code code = mr_findings_objects_clear(check->fd, err);
    for (size_t i = 0; i < check->pairing.ntables; i++)
        check->pairing.tables[i]->find.schema_differs = false;
    for (size_t i = 0; code == MR_OK && i < l->found.count; i++) {
        const struct mr_find_object *o = mr_vec_at(&l->found, i);
        if (leave_out(l, o))
            continue;
        struct mr_pair *table = table_named(check, o->table);
        if (table != NULL && strcmp(o->kind, "auto_increment") != 0)
            table->find.schema_differs = true;
        code = mr_findings_object_add(check->fd, o, err);
    }
    if (code == MR_OK) /* or what is hidden would not be told, and all be equal */
        code = mr_strbuf_check(&l->hidden, "comparing objects", err);
    if (code == MR_OK && l->hidden.len > 0) {
        check->run.hidden = mr_arena_strdup(&check->arena, l->hidden.ptr);
        if (check->run.hidden == NULL)
            code = mr_err_nomem(err, "comparing objects");
        else
            warn_hidden(check->run.hidden);
    }
    return code;
}

/* objects_done only at the very end: an interrupted look is done again by --resume. */
enum mr_code mr_check_objects(struct mr_check_run *check, const struct mr_vec *pairs,
                              struct mr_err *err)
{
    struct looking l = {.check = check,
                        .pairs = pairs,
                        .found = MR_VEC_INIT(struct mr_find_object),
                        .hidden = MR_STRBUF_INIT};
    mr_objects_counters_begin(&l.counters, check->pairing.side[MR_SOURCE].abandoned);
    l.kinds = check->object_kinds;
    enum mr_code code = look(&l, err);
    if (code == MR_OK)
        code = look_at_tables(&l, err);
    if (code == MR_OK) {
        look_for_names(&l);
        look_at_rights(&l);
        look_at_shown(&l);
        if ((l.kinds & (MR_OBJECTS_TABLE | MR_OBJECTS_INDEX)) != 0)
            look_at_creates(&l);
        look_at_left_out(&l, MR_SOURCE);
        look_at_left_out(&l, MR_TARGET);
        code = store(&l, err);
    }
    if (code == MR_OK)
        code = mr_check_seen_keep(check, l.cat, err);
    check->run.objects_done = code == MR_OK;
    mr_catalogue_free(l.cat[MR_SOURCE]);
    mr_catalogue_free(l.cat[MR_TARGET]);
    mr_vec_release(&l.found);
    mr_objects_counters_end(&l.counters);
    mr_strbuf_release(&l.hidden);
    return code;
}
