/* check_plan.c: see check_plan.h. */
#include "recon/check/check_plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/cli/config.h"
#include "core/db/grants.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "recon/check/check_options.h"
#include "recon/check/window.h"

/* TARGET's name of a database of SOURCE's. */
static const char *target_db(const struct mr_check_run *check, const char *db)
{
    for (size_t i = 0; check->dbs != NULL && i < check->dbs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(check->dbs, i);
        if (strcmp(pair->name[MR_SOURCE], db) == 0)
            return pair->name[MR_TARGET];
    }
    return db;
}

/* A snapshot was perhaps to hold only some tables: then there is nothing to be said of the
 * others. */
static bool is_chosen(const struct mr_check_run *check, const char *db, const char *table)
{
    const struct mr_server_side *side = check->pairing.side;
    return mr_source_chooses(side[MR_SOURCE].source, db, table) &&
           mr_source_chooses(side[MR_TARGET].source, target_db(check, db), table);
}

bool mr_check_selects(const struct mr_check_run *check, const char *db, const char *table)
{
    const struct mr_check_options *o = check->opts;
    return mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items, o->exclude.count,
                              db, table) &&
           is_chosen(check, db, table);
}

bool mr_check_selects_on(const struct mr_check_run *check, enum mr_side side,
                         const struct mr_table *table, struct mr_catalogue *const cat[MR_SIDES],
                         const char **db, const char **name)
{
    for (size_t i = 0; i < check->dbs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(check->dbs, i);
        if (strcmp(pair->name[side], table->db) != 0)
            continue;
        const struct mr_table *twin = side == MR_SOURCE
                                          ? table
                                          : mr_sides_twin(cat[MR_TARGET], table->db, cat[MR_SOURCE],
                                                          pair->name[MR_SOURCE], table->name);
        *db = pair->name[MR_SOURCE];
        *name = twin != NULL ? twin->name : table->name;
        return mr_check_selects(check, *db, *name);
    }
    return false;
}

static enum mr_code try_where(const struct mr_check_run *check, const struct mr_pair *table,
                              const char *where, struct mr_err *err)
{
    const char *const both[MR_SIDES] = {where, where};
    struct mr_err why = {0};
    if (mr_pair_try_condition(&check->pairing, table, both, &why) == MR_OK)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "condition on table \"%s\": %s", table->find.name,
                     why.message);
    mr_err_hint(err, "Correct --where, or where = of the table in the configuration.");
    return MR_E_USAGE;
}

/* The rows of a table that are compared. */
struct rows {
    struct mr_strbuf asked; /* for, by the user; empty: all */
    struct mr_strbuf note;
    const char *kept[MR_SIDES]; /* condition of all rows that a snapshot has; NULL: none */
};

static bool same_condition(const char *asked, const char *kept)
{
    size_t len = kept != NULL ? strlen(kept) : 0;
    return kept != NULL && strlen(asked) == len + 2 && strncmp(asked + 1, kept, len) == 0;
}

/* What the user asked for, and what the other side has no other rows than; NULL: all.
 * MR_E_UNSUPPORTED for what a snapshot cannot judge. */
static enum mr_code condition_of(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct rows *rows, enum mr_side side, const char **where,
                                 struct mr_err *err)
{
    const struct mr_table *t = table->side[side];
    const char *own = rows->kept[side], *other = rows->kept[mr_other_side(side)];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool asked = rows->asked.len > 0 && !same_condition(rows->asked.ptr, own);
    bool kept = other != NULL && (own == NULL || strcmp(own, other) != 0) &&
                !(asked && same_condition(rows->asked.ptr, other));
    if (asked)
        mr_strbuf_add_str(&sql, rows->asked.ptr);
    if (kept)
        mr_strbuf_add_fmt(&sql, "%s(%s)", asked ? " AND " : "", other);
    enum mr_code code = mr_strbuf_check(&sql, "planning a table", err);
    *where = NULL;
    if (code == MR_OK && sql.len > 0)
        code = mr_source_can_judge(check->pairing.side[side].source, t->db, t->name, sql.ptr, err);
    if (code == MR_E_UNSUPPORTED) {
        code = mr_err_set(err, MR_E_UNSUPPORTED,
                          "only a server can choose rows, and the %s is a snapshot: %s",
                          mr_side_name(side), sql.ptr);
    } else if (code == MR_OK && sql.len > 0) {
        *where = mr_arena_strdup(&check->arena, sql.ptr);
        code = *where != NULL ? MR_OK : mr_err_nomem(err, "planning a table");
    }
    mr_strbuf_release(&sql);
    return code;
}

/* --where, else the configuration's, and the --since window. */
static enum mr_code ask_for_rows(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_table_config *config, struct rows *rows,
                                 struct mr_err *err)
{
    const struct mr_table *s = table->side[MR_SOURCE];
    const char *where = mr_table_wheres_sql(&check->opts->where, s->db, s->name);
    if (where == NULL)
        where = config->where;
    if (where != NULL) {
        mr_strbuf_add_fmt(&rows->asked, "(%s)", where);
        mr_strbuf_add_fmt(&rows->note, "only rows where %s", where);
    }
    return check->opts->since_text != NULL
               ? mr_window_condition(check, table, config, &rows->asked, &rows->note, err)
               : MR_OK;
}

/* A part of a table that is equal must not read as a table that is: the note says so. */
static void look_at_kept(const struct mr_check_run *check, const struct mr_pair *table,
                         struct rows *rows)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = table->side[side];
        const struct mr_kept *kept =
            mr_source_kept(check->pairing.side[side].source, t->db, t->name);
        rows->kept[side] = kept != NULL ? kept->spec.where : NULL;
        if (rows->kept[side] != NULL &&
            !(rows->asked.len > 0 && same_condition(rows->asked.ptr, rows->kept[side])))
            mr_strbuf_add_fmt(&rows->note, "%sthe %s keeps only rows where %s",
                              rows->note.len > 0 ? "; " : "", mr_side_name((enum mr_side)side),
                              rows->kept[side]);
        if (kept != NULL && kept->note != NULL)
            mr_strbuf_add_fmt(&rows->note, "%s%s snapshot: %s", rows->note.len > 0 ? "; " : "",
                              mr_side_name((enum mr_side)side), kept->note);
    }
}

/* Rows that somebody has chosen say nothing about the others. */
static bool is_part(const struct mr_check_run *check, const struct mr_pair *table,
                    struct mr_err *why)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = table->side[side];
        const struct mr_kept *kept =
            mr_source_kept(check->pairing.side[side].source, t->db, t->name);
        if (kept != NULL && kept->rows_of != NULL) {
            (void)mr_err_set(why, MR_E_UNSUPPORTED,
                             "the %s's snapshot has only rows of %s, not all of the table",
                             mr_side_name((enum mr_side)side), kept->rows_of);
            return true;
        }
    }
    return false;
}

/* A condition that a snapshot cannot judge costs the table, not the run. */
static enum mr_code apply_rows(struct mr_check_run *check, struct mr_pair *table,
                               const struct rows *rows, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        code = condition_of(check, table, rows, (enum mr_side)side, &table->scan[side].where, &why);
        table->find.windowed =
            table->find.windowed || rows->asked.len > 0 || rows->kept[side] != NULL;
    }
    if (code == MR_E_UNSUPPORTED) {
        mr_check_give_up(check, table, &why);
        return MR_OK;
    }
    if (code == MR_OK && rows->asked.len > 0)
        return try_where(check, table, rows->asked.ptr, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* Whatever makes it a part of the table stands in the note, so that nobody takes it for all. */
static enum mr_code restrict_rows(struct mr_check_run *check, struct mr_pair *table,
                                  const struct mr_table_config *config, struct mr_err *err)
{
    struct rows rows = {.asked = MR_STRBUF_INIT, .note = MR_STRBUF_INIT};
    struct mr_err why = {0};
    if (is_part(check, table, &why)) {
        mr_check_give_up(check, table, &why);
        return MR_OK;
    }
    enum mr_code code = MR_OK;
    MR_TRY_OUT(ask_for_rows(check, table, config, &rows, err));
    look_at_kept(check, table, &rows);
    MR_TRY_OUT(mr_strbuf_check(&rows.note, "planning a table", err));

    if (rows.note.len > 0)
        MR_TRY_OUT(mr_pair_add_note(table, rows.note.ptr, err));
    MR_TRY_OUT(apply_rows(check, table, &rows, err));
out:
    mr_strbuf_release(&rows.asked);
    mr_strbuf_release(&rows.note);
    return code;
}

/* Readers of such engines block writers, so people are told why it is slow. */
static enum mr_code note_engine(const struct mr_check_run *check, struct mr_pair *table,
                                struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = table->side[side];
        if (t->transactional || t->engine == NULL ||
            mr_side_is_snapshot(&check->pairing.side[side]))
            continue;
        char text[128];
        (void)snprintf(text, sizeof text, "%s on %s is read in small stored chunks", t->engine,
                       mr_side_name((enum mr_side)side));
        MR_TRY(mr_pair_add_note(table, text, err));
    }
    return MR_OK;
}

/* Old versions of rows are no rows of today: what they were is not proved.  A snapshot says so
 * itself. */
static enum mr_code note_history(const struct mr_check_run *check, struct mr_pair *table,
                                 struct mr_err *err)
{
    bool has = false;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        has |=
            table->side[side]->system_versioned && !mr_side_is_snapshot(&check->pairing.side[side]);
    return has ? mr_pair_add_note(table, "only current rows are compared, not their history", err)
               : MR_OK;
}

/* A table that cannot be planned is not checked, with the reason; the run goes on. */
static enum mr_code add_table(struct mr_check_run *check, struct mr_vec *list,
                              const struct mr_table *s, const struct mr_table *t,
                              struct mr_err *err)
{
    struct mr_pair *pair = NULL;
    struct mr_err reason = {0};
    enum mr_code code = mr_pair_plan(&check->pairing, s, t, &pair, &reason, err);
    if (code != MR_OK)
        return code;
    struct mr_pair **slot = mr_vec_push(list);
    if (slot == NULL)
        return mr_err_nomem(err, "planning tables");
    *slot = pair;
    if (reason.code != MR_OK) {
        mr_check_give_up(check, pair, &reason);
        return MR_OK;
    }
    MR_TRY(restrict_rows(check, pair, pair->config, err));
    MR_TRY(note_history(check, pair, err));
    return note_engine(check, pair, err);
}

/* Tables of TARGET alone count as selected, too: a pattern that names one is no slip. */
static enum mr_code plan_db(struct mr_check_run *check, const struct mr_db_pair *pair,
                            struct mr_vec *list, size_t *selected, struct mr_err *err)
{
    const struct mr_catalogue *cs = check->pairing.side[MR_SOURCE].cat;
    const struct mr_catalogue *ct = check->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < cs->ntables; i++) {
        const struct mr_table *s = &cs->tables[i];
        if (strcmp(s->db, pair->name[MR_SOURCE]) != 0 || !mr_check_selects(check, s->db, s->name))
            continue;
        ++*selected;
        const struct mr_table *t = mr_sides_twin(cs, s->db, ct, pair->name[MR_TARGET], s->name);
        if (t != NULL)
            MR_TRY(add_table(check, list, s, t, err));
    }
    for (size_t i = 0; i < ct->ntables; i++)
        if (strcmp(ct->tables[i].db, pair->name[MR_TARGET]) == 0 &&
            mr_check_selects(check, pair->name[MR_SOURCE], ct->tables[i].name))
            ++*selected;
    return MR_OK;
}

/* A --where that no compared table answers to would silently compare everything. */
static enum mr_code require_wheres(const struct mr_check_run *check, const struct mr_vec *list,
                                   struct mr_err *err)
{
    for (size_t i = 0; i < check->opts->where.count; i++) {
        const char *pattern = check->opts->where.items[i].pattern;
        size_t at = 0;
        for (; at < list->count; at++) {
            const struct mr_pair *t = *(struct mr_pair **)mr_vec_at(list, at);
            if (mr_pattern_match(pattern, t->side[MR_SOURCE]->db, t->side[MR_SOURCE]->name))
                break;
        }
        if (at < list->count)
            continue;
        (void)mr_err_set(err, MR_E_NO_SUCH, "no compared table matches --where %s", pattern);
        mr_err_hint(err, "Write --where DB.TABLE=CONDITION with SOURCE's names.");
        return MR_E_NO_SUCH;
    }
    return MR_OK;
}

/* Columns that the user knows to be hidden: ignore-columns names one that is not shown. */
static bool is_hidden_on_purpose(const struct mr_pair *pair, enum mr_side side)
{
    const struct mr_string_list *ignored = &pair->config->ignore_columns;
    for (size_t i = 0; i < ignored->count; i++)
        if (mr_table_column(pair->side[side], ignored->items[i]) == NULL)
            return true;
    return false;
}

/*
 * With rights on some columns alone the others are not shown, as if there were none.  Where
 * both sides hide one, nothing else would tell.
 */
static void see_all_columns(struct mr_check_run *check, struct mr_pair *pair, enum mr_side side,
                            struct mr_db *db, const struct mr_grants *grants)
{
    const struct mr_table *t = pair->side[side];
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    if (atomic_load(&pair->failed) || is_hidden_on_purpose(pair, side) ||
        (grants != NULL && mr_grants_on_table(grants, "SELECT", t->db, t->name)))
        return;
    mr_sql_table(&name, t->db, t->name);
    mr_strbuf_add_fmt(&sql, "SELECT * FROM %s LIMIT 0", name.ptr);
    if (!name.failed && !sql.failed &&
        mr_db_query(db, "*", sql.ptr, sql.len, &res, &why) == MR_E_DENIED) {
        (void)mr_err_set(&why, MR_E_DENIED,
                         "the account may not see all columns of \"%s\" on the %s", pair->find.name,
                         mr_side_name(side));
        mr_err_hint(&why, "GRANT SELECT ON %s TO %s", name.ptr, mr_grants_account(grants));
        mr_check_give_up(check, pair, &why);
    }
    mr_result_free(res);
    mr_strbuf_release(&name);
    mr_strbuf_release(&sql);
}

/* What else is wrong with a table or its server shows when it is read. */
static void look_for_columns(struct mr_check_run *check, const struct mr_vec *list)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_server_side *s = &check->pairing.side[side];
        struct mr_db *db = mr_reader_db(s->main);
        for (size_t i = 0; db != NULL && i < list->count; i++)
            see_all_columns(check, *(struct mr_pair **)mr_vec_at(list, i), (enum mr_side)side, db,
                            s->grants);
    }
}

/* A pattern that matches nothing is refused, since comparing nothing finds nothing. */
enum mr_code mr_check_plan(struct mr_check_run *check, const struct mr_vec *pairs,
                           struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_pair *);
    size_t selected = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < pairs->count; i++)
        MR_TRY_OUT(plan_db(check, mr_vec_at(pairs, i), &list, &selected, err));
    const struct mr_check_options *o = check->opts;
    if (selected == 0 && o->tables.count + o->exclude.count > 0) {
        bool named = o->tables.count > 0;
        (void)mr_err_set(err, MR_E_NO_SUCH, "no table matches %s %s%s%s",
                         named ? "--tables" : "what is left by --exclude",
                         named ? o->tables.items[0] : o->exclude.items[0],
                         (named ? o->tables.count : o->exclude.count) > 1 ? " …" : "",
                         named && o->exclude.count > 0 ? " and is left by --exclude" : "");
        mr_err_hint(err, "A pattern is db.table with * and ?; a bare name means any "
                         "database; for another one repeat the option. Quote it so that the "
                         "shell leaves it alone.");
        MR_TRY_OUT(MR_E_NO_SUCH);
    }
    MR_TRY_OUT(require_wheres(check, &list, err));
    look_for_columns(check, &list);
    check->pairing.ntables = list.count;
    check->pairing.tables = (struct mr_pair **)(void *)mr_arena_dup(
        &check->arena, list.items, list.count * sizeof(struct mr_pair *));
    if (check->pairing.tables == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "planning tables"));
    for (size_t i = 0; i < check->pairing.ntables; i++)
        check->pairing.tables[i]->at = i;

out:
    mr_vec_release(&list);
    return code;
}
