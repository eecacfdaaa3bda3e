/* check_marks.c: see check_marks.h. */
#include "recon/check/check_marks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/grants.h"
#include "core/db/sqltext.h"
#include "core/schema/table_marks.h"
#include "core/schema/table_numbers.h"
#include "recon/check/check_options.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_shards.h"
#include "recon/check/check_sides.h"

struct mr_check_mark {
    struct mr_table_mark side[MR_SIDES];
    atomic_bool moved; /* not seen to be unchanged when it was read */
    /* under the run's asking */
    double looked_s;
    bool was_other[MR_SIDES]; /* while rows were read */
};

/* A connection that was idle for hours shows only when it is used that it is lost. */
static enum mr_code ask(struct mr_check_run *check, enum mr_side side,
                        const struct mr_table *const *tables, const struct mr_table_mark *was,
                        struct mr_table_mark *found, struct mr_err *err)
{
    enum mr_code code = MR_E_LOST;
    for (int attempt = 0; code == MR_E_LOST && attempt < 2; attempt++) {
        struct mr_db *db;
        code = mr_check_main(check, side, &db, err);
        if (code != MR_OK)
            break;
        code =
            mr_table_marks_read(db, tables, check->pairing.ntables, was, &check->arena, found, err);
    }
    return code;
}

/* Of all tables of a side; before: what they will be compared with, or NULL. */
static enum mr_code read_side(struct mr_check_run *check, enum mr_side side,
                              const struct mr_check_mark *before, struct mr_check_mark *marks,
                              struct mr_err *err)
{
    const struct mr_pairing *pairing = &check->pairing;
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_table **tables = mr_arena_calloc(&arena, pairing->ntables + 1, sizeof *tables);
    struct mr_table_mark *found = mr_arena_calloc(&arena, pairing->ntables + 1, sizeof *found);
    struct mr_table_mark *was = mr_arena_calloc(&arena, pairing->ntables + 1, sizeof *was);
    enum mr_code code = tables != NULL && found != NULL && was != NULL
                            ? MR_OK
                            : mr_err_nomem(err, "reading the schema");
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++) {
        tables[i] = pairing->tables[i]->side[side];
        if (before != NULL)
            was[i] = before[i].side[side];
    }
    if (code == MR_OK)
        code = ask(check, side, tables, before != NULL ? was : NULL, found, err);
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++)
        marks[i].side[side] = found[i];
    mr_arena_release(&arena);
    return code;
}

/* Of all tables, on servers. */
static enum mr_code read_marks(struct mr_check_run *check, const struct mr_check_mark *before,
                               struct mr_check_mark *marks, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (mr_side_is_server(&check->pairing.side[side]))
            MR_TRY(read_side(check, (enum mr_side)side, before, marks, err));
    return MR_OK;
}

/* MySQL's time of a table stays as it is where a partition is exchanged: only numbers tell. */
static void warn_exchange(const struct mr_check_run *check, enum mr_side side)
{
    const struct mr_pairing *pairing = &check->pairing;
    const struct mr_server_side *s = &pairing->side[side];
    struct mr_db *db = mr_side_is_server(s) ? mr_reader_db(s->main) : NULL;
    const struct mr_server *server = db != NULL ? mr_db_server(db) : NULL;
    const struct mr_table *first = NULL;
    if (server == NULL || server->flavour != MR_FLAVOUR_MYSQL || server->version < 80000)
        return;
    for (size_t i = 0; first == NULL && i < pairing->ntables; i++) {
        const struct mr_pair *pair = pairing->tables[i];
        if (pair->side[side]->partitioned && check->marks[pair->at].side[side].numbers == NULL)
            first = pair->side[side];
    }
    if (first != NULL)
        mr_log_warning("an EXCHANGE PARTITION of a table of the %s (\"%s.%s\") while it is read "
                       "would not be seen: GRANT PROCESS ON *.* TO %s",
                       mr_side_name(side), first->db, first->name, mr_grants_account(s->grants));
}

/* Two of one definition that change names are told by numbers alone, by whoever merges the parts: said once, by the part
 * that compares the objects. */
static void warn_names(const struct mr_check_run *check, enum mr_side side)
{
    const struct mr_pairing *pairing = &check->pairing;
    const struct mr_server_side *s = &pairing->side[side];
    size_t tables = 0;
    if (check->scope == NULL || !check->scope->has_objects || !mr_side_is_server(s))
        return;
    for (size_t i = 0; i < pairing->ntables; i++) {
        if (check->marks[pairing->tables[i]->at].side[side].numbers != NULL)
            return;
        const char *engine = pairing->tables[i]->side[side]->engine;
        tables += engine != NULL && strcasecmp(engine, "InnoDB") == 0;
    }
    if (tables > 1)
        mr_log_warning(
            "two tables of the %s that change names between the parts would not be seen: "
            "GRANT PROCESS ON *.* TO %s",
            mr_side_name(side), mr_grants_account(s->grants));
}

enum mr_code mr_check_marks_begin(struct mr_check_run *check, struct mr_err *err)
{
    check->marks = mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof *check->marks);
    if (check->marks == NULL)
        return mr_err_nomem(err, "planning the work");
    MR_TRY(read_marks(check, NULL, check->marks, err));
    MR_TRY(mr_check_shards_marks_begin(check, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        warn_exchange(check, (enum mr_side)side);
        warn_names(check, (enum mr_side)side);
    }
    return MR_OK;
}

/* ---- rows of an earlier try ---- */

const char *mr_check_key_order(struct mr_check_run *check, const struct mr_pair *table,
                               enum mr_side side)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->scan[side].nkey; i++) {
        const struct mr_readspec *spec = &table->scan[side];
        const struct mr_column *c =
            mr_table_column(table->side[side], spec->cols[spec->key[i]].name);
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? ", " : "", c != NULL ? c->type : "?");
        if (c != NULL && c->collation != NULL)
            mr_strbuf_add_fmt(&text, " %s", c->collation);
    }
    const char *kept = text.failed ? NULL : mr_arena_dup(&check->arena, text.ptr, text.len);
    mr_strbuf_release(&text);
    return kept;
}

/* Of a snapshot another one may stand in its place: how many rows of the table it has, and their sum.
 * NULL: not known; an empty text: no memory. */
static const char *made_of_snapshot(struct mr_check_run *check, const struct mr_pair *table,
                                    enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    const struct mr_kept *kept = mr_source_kept(check->pairing.side[side].source, t->db, t->name);
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (kept == NULL)
        return NULL;
    mr_strbuf_add_fmt(&text, "%" PRIu64 " rows ", kept->rows);
    mr_strbuf_add_hex(&text, &kept->sum, sizeof kept->sum);
    const char *made = text.failed ? NULL : mr_arena_strdup(&check->arena, text.ptr);
    mr_strbuf_release(&text);
    return made != NULL ? made : "";
}

void mr_check_add_columns(const struct mr_table *table, struct mr_strbuf *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *c = &table->columns[i];
        mr_strbuf_add_fmt(&text, "%s\n%s\n%s\n%s\n%d\n", c->name, c->type,
                          c->collation != NULL ? c->collation : "",
                          c->generation_expr != NULL ? c->generation_expr : "", c->nullable);
    }
    const struct mr_digest digest = mr_digest_bytes(text.ptr, text.len);
    mr_strbuf_add_hex(out, &digest, sizeof digest);
    out->failed = out->failed || text.failed;
    mr_strbuf_release(&text);
}

/* The order of keys, and a digest of what the columns were: InnoDB's numbers stay where an ALTER is instant. */
static const char *made_of_columns(struct mr_check_run *check, const struct mr_pair *table,
                                   enum mr_side side)
{
    const char *order = mr_check_key_order(check, table, side), *made = NULL;
    struct mr_strbuf key = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&key, "%s\n", order != NULL ? order : "");
    mr_check_add_columns(table->side[side], &key);
    if (order != NULL && !key.failed)
        made = mr_arena_dup(&check->arena, key.ptr, key.len);
    mr_strbuf_release(&key);
    return made;
}

static enum mr_code made_now(struct mr_check_run *check, const struct mr_pair *table,
                             struct mr_find_made now[MR_SIDES], struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table_mark *mark = &check->marks[table->at].side[side];
        now[side] = (struct mr_find_made){made_of_columns(check, table, (enum mr_side)side),
                                          mark->numbers, mark->time};
        if (mr_side_is_snapshot(&check->pairing.side[side]))
            now[side].time = made_of_snapshot(check, table, (enum mr_side)side);
        else if (mr_side_is_shards(&check->pairing.side[side]) &&
                 (now[side].time = mr_check_shards_made(check, table)) == NULL)
            return mr_err_nomem(err, "planning the work");
        if (now[side].key == NULL || (now[side].time != NULL && now[side].time[0] == '\0'))
            return mr_err_nomem(err, "planning the work");
    }
    return MR_OK;
}

/* What is not known of an earlier try is kept now, so that the next one can tell. */
enum mr_code mr_check_marks_resume(struct mr_check_run *check, const struct mr_pair *table,
                                   bool known, bool *same, struct mr_err *err)
{
    struct mr_find_made was[MR_SIDES] = {{0}}, now[MR_SIDES] = {{0}};
    const int64_t id = table->find.id;
    enum mr_code code = MR_OK;
    bool kept = false;
    *same = true;
    MR_TRY(made_now(check, table, now, err));
    if (known)
        code = mr_findings_made(check->fd, id, &check->arena, was, &kept, err);
    for (int side = MR_SOURCE; kept && side < MR_SIDES; side++)
        *same = *same && mr_findings_made_is_same(&was[side], &now[side]);
    /* What a merge of some parts has kept says of no table what it was, and of no range that it was read. */
    *same = *same && (!known || kept || mr_find_counts_differing(&table->find.counts) == 0);
    return code == MR_OK && (!kept || !*same) ? mr_findings_made_save(check->fd, id, now, err)
                                              : code;
}

enum mr_code mr_check_marks_shown(struct mr_check_run *check, struct mr_pair *table,
                                  struct mr_err *err)
{
    bool same;
    table->find.verdict = MR_VERDICT_UNDECIDED; /* an earlier try may have given it up */
    table->find.reason = NULL;
    return check->scope->has_objects ? mr_check_marks_resume(check, table, false, &same, err)
                                     : MR_OK;
}

enum mr_code mr_check_marks_are_of(struct mr_check_run *check, const struct mr_pair *table,
                                   int64_t id, bool *same, struct mr_err *err)
{
    struct mr_find_made was[MR_SIDES] = {{0}}, now[MR_SIDES] = {{0}};
    bool kept = false;
    *same = true;
    MR_TRY(made_now(check, table, now, err));
    MR_TRY(mr_findings_made(check->fd, id, &check->arena, was, &kept, err));
    for (int side = MR_SOURCE; kept && side < MR_SIDES; side++)
        *same = *same && mr_findings_made_is_same(&was[side], &now[side]);
    return MR_OK;
}

/* A table of an earlier try that one side has lost since is none of this one: that it is
 * missing is told as of any other. */
enum mr_code mr_check_marks_forget_gone(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    enum mr_code code = mr_findings_tables(check->fd, &check->arena, &tables, &count, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        bool is_there = false;
        for (size_t k = 0; !is_there && k < check->pairing.ntables; k++)
            is_there = check->pairing.tables[k]->find.id == tables[i].id;
        if (!is_there)
            code = mr_findings_table_drop(check->fd, tables[i].id, err);
    }
    return code;
}

/* ---- when a segment was read ---- */

/* Whose time is another one: is it another table, or was it altered in its place? */
static bool is_other_now(struct mr_db *db, const struct mr_table *table,
                         const struct mr_table_mark *was)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_mark now = {0};
    bool other = db != NULL &&
                 mr_table_marks_read(db, &table, 1, was, &arena, &now, NULL) == MR_OK &&
                 mr_table_mark_is_other(was, &now);
    mr_arena_release(&arena);
    return other;
}

/* What cannot be told did not stand still: equal rows are believed only of a table that did.  A
 * partition that is exchanged leaves MySQL's time of the table as it was; InnoDB's numbers tell. */
static bool stood_still(struct mr_check_run *check, struct mr_db *db, const struct mr_pair *table,
                        enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    const struct mr_table_mark *was = &check->marks[table->at].side[side];
    struct mr_strbuf sql = MR_STRBUF_INIT, now = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CONCAT('=', CREATE_TIME, '\\n') FROM "
                            "information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, t->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, t->name);
    bool same = was->time != NULL && db != NULL && !sql.failed &&
                mr_db_query_text(db, sql.ptr, &now, NULL) == MR_OK && !now.failed &&
                strcmp(was->time, now.ptr) == 0;
    if (same && t->partitioned && was->numbers != NULL)
        same = !is_other_now(db, t, was);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&now);
    return same;
}

/* The main connections rest while rows are read, and are in no view. */
static void look(struct mr_check_run *check, const struct mr_pair *table, double every_s)
{
    if (check->marks == NULL)
        return;
    struct mr_check_mark *mark = &check->marks[table->at];
    pthread_mutex_lock(&check->asking);
    const double now_s = mr_clock_now_s();
    const bool due = now_s >= mark->looked_s + every_s;
    if (due)
        mark->looked_s = now_s;
    for (int side = MR_SOURCE; due && side < MR_SIDES; side++) {
        const struct mr_server_side *s = &check->pairing.side[side];
        if (!mr_side_is_server(s) || mark->was_other[side] ||
            stood_still(check, mr_reader_db(s->main), table, (enum mr_side)side) ||
            !is_other_now(mr_reader_db(s->main), table->side[side], &mark->side[side]))
            continue;
        mark->was_other[side] = true;
        atomic_store(&mark->moved, true);
    }
    pthread_mutex_unlock(&check->asking);
}

void mr_check_marks_look(struct mr_check_run *check, const struct mr_pair *table)
{
    look(check, table, MR_CHECK_LOOK_S);
}

/* A connection within a view may see the catalogue of its moment (MySQL 8). */
static bool stands(struct mr_check_worker *worker, const struct mr_pair *table, enum mr_side side)
{
    struct mr_check_run *check = worker->check;
    const struct mr_server_side *s = &check->pairing.side[side];
    if (!mr_side_is_server(s))
        return true;
    if (!check->opts->consistent)
        return stood_still(check, mr_reader_db(worker->reader[side]), table, side);
    pthread_mutex_lock(&check->asking);
    bool same = stood_still(check, mr_reader_db(s->main), table, side);
    pthread_mutex_unlock(&check->asking);
    return same;
}

void mr_check_marks_seen(struct mr_check_worker *worker, const struct mr_scan_task *task)
{
    struct mr_check_mark *mark = &worker->check->marks[task->table->at];
    bool one_chunk = task->lo.ptr == NULL && task->hi.ptr == NULL && task->next_chunk <= 1;
    if (one_chunk || atomic_load(&task->table->failed) || atomic_load(&mark->moved))
        return;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (!stands(worker, task->table, (enum mr_side)side))
            atomic_store(&mark->moved, true);
    if (atomic_load(&mark->moved)) /* it may be back in a moment */
        look(worker->check, task->table, 0);
}

/* ---- the end ---- */

/* Read by one statement a side, or seen to be unchanged afterwards, and nothing differed. */
static enum mr_code was_sound(struct mr_check_run *check, const struct mr_pair *table, bool *sound,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *sound = table->join == MR_JOIN_SHARED && !atomic_load(&check->marks[table->at].moved);
    for (int state = MR_FIND_SUSPECT; code == MR_OK && *sound && state <= MR_FIND_PAIRED; state++) {
        uint64_t count = 0;
        code = mr_findings_count(check->fd, table->find.id, (enum mr_find_state)state, &count, err);
        *sound = count == 0;
    }
    return code;
}

/* Nothing but what the table is now proves what was not read soundly. */
static enum mr_code judge(struct mr_check_run *check, struct mr_pair *table,
                          const struct mr_err *why, struct mr_err *err)
{
    bool sound = false;
    enum mr_code code = was_sound(check, table, &sound, err);
    if (code != MR_OK || sound)
        return code;
    mr_check_give_up(check, table, why);
    return MR_OK;
}

/* Sets *why of a table that is another one now. */
static void compare(const struct mr_check_mark *was, const struct mr_check_mark *now,
                    struct mr_err *why)
{
    bool other[MR_SIDES];
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        other[side] =
            was->was_other[side] || mr_table_mark_is_other(&was->side[side], &now->side[side]);
    if (other[MR_SOURCE] || other[MR_TARGET])
        (void)mr_err_set(why, MR_E_CHANGED,
                         "another table has taken its place on the %s while it was read, or it "
                         "was made anew (RENAME TABLE, EXCHANGE PARTITION, TRUNCATE or a rebuild)",
                         other[MR_SOURCE] && other[MR_TARGET]
                             ? "source and the target"
                             : mr_side_name(other[MR_SOURCE] ? MR_SOURCE : MR_TARGET));
}

/* Of two tables that have changed names with each other one was read twice, and the other perhaps not at all,
 * however soundly. */
static enum mr_code judge_swapped(struct mr_check_run *check, const struct mr_check_mark *now,
                                  enum mr_side side, struct mr_err *err)
{
    struct mr_table_numbers numbers = MR_TABLE_NUMBERS_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const size_t at = check->pairing.tables[i]->at;
        MR_TRY_OUT(mr_table_numbers_add(&numbers, check->marks[at].side[side].numbers, i, err));
        MR_TRY_OUT(mr_table_numbers_add(&numbers, now[i].side[side].numbers, i, err));
    }
    for (size_t at = 0, pair[2]; mr_table_numbers_shared(&numbers, &at, &pair[0], &pair[1]);)
        for (size_t i = 0; i < 2; i++) {
            struct mr_pair *table = check->pairing.tables[pair[i]];
            struct mr_err why = {0};
            (void)mr_err_set(&why, MR_E_CHANGED,
                             "\"%s\" and it changed names, or partitions, on the %s while they "
                             "were read",
                             check->pairing.tables[pair[1 - i]]->find.name, mr_side_name(side));
            if (!atomic_load(&table->failed) && mr_check_in_scope(check, table))
                mr_check_give_up(check, table, &why);
        }
out:
    mr_table_numbers_release(&numbers);
    return code;
}

enum mr_code mr_check_marks_end(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_err lost = {0};
    struct mr_check_mark *now =
        mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof *now);
    if (now == NULL)
        return mr_err_nomem(err, "comparing objects");
    enum mr_code code = read_marks(check, check->marks, now, &lost);
    if (code != MR_OK && mr_check_is_fatal(code)) {
        *err = lost;
        return code;
    }
    if (code == MR_OK) /* perhaps by a second try */
        lost = (struct mr_err){0};
    code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        struct mr_err why = lost;
        if (lost.code == MR_OK)
            compare(&check->marks[table->at], &now[i], &why);
        if (why.code != MR_OK && !atomic_load(&table->failed) && mr_check_in_scope(check, table))
            code = judge(check, table, &why, err);
    }
    for (int side = MR_SOURCE; code == MR_OK && lost.code == MR_OK && side < MR_SIDES; side++)
        code = judge_swapped(check, now, (enum mr_side)side, err);
    return code == MR_OK ? mr_check_shards_marks_end(check, err) : code;
}
