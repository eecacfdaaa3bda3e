/* script_around.c: the statements of a script's head that fail where something new acts on a
 * table's rows, or something is gone that their guards lean on; see script_internal.h and
 * repair/side/surroundings.h, which apply compares. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/schema/made_key.h"
#include "core/schema/trigger_event.h"
#include "repair/script/script_internal.h"

/* What may be counted by the account that runs the script; hidden, it is none too many. */
struct count {
    const char *sql, *table_column;
};

static const struct count
    referred = {"information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA",
                "REFERENCED_TABLE_NAME"},
    refers = {"information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT "
              "NULL AND TABLE_SCHEMA",
              "TABLE_NAME"},
    uniques = {"information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA", "TABLE_NAME"},
    shown_uniques = {"information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND NOT COLUMN_NAME <=> "
                     "'" MR_MADE_KEY_COLUMN "' AND TABLE_SCHEMA",
                     "TABLE_NAME"},
    triggers = {"information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE"},
    constraints = {"information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA", "TABLE_NAME"};

static void add_count(struct mr_strbuf *out, const struct count *c, const struct mr_table *table)
{
    mr_strbuf_add_fmt(out, "(SELECT COUNT(*) FROM %s = ", c->sql);
    mr_sql_string(out, table->db);
    mr_strbuf_add_fmt(out, " AND %s = ", c->table_column);
    mr_sql_string(out, table->name);
    mr_strbuf_add_char(out, ')');
}

static enum mr_code read_count(struct mr_db *db, const struct count *c,
                               const struct mr_table *table, uint64_t *count, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT ");
    add_count(&sql, c, table);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query_text(db, sql.ptr, &text, err));
    *count = strtoull(text.ptr, NULL, 10);
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

/* ---- undo.sql ---- */

/* Does undo write rows of the table so? */
static bool is_undone_by(const struct mr_script *s, size_t table, enum mr_step_op op)
{
    const struct mr_planned_table *t = &s->manifest->planned.tables[table];
    bool found = s->tables[table].steps[mr_step_undone_by(op)]; /* of apply */
    for (size_t i = 0; !found && i < t->nundo_triggers; i++)
        found = strcmp(t->undo_triggers[i].event, mr_step_event(op)) == 0;
    return found;
}

static void add_events(struct mr_script *s, size_t table)
{
    size_t found = 0;
    for (int op = MR_STEP_INSERT; op <= MR_STEP_DELETE; op++)
        if (is_undone_by(s, table, (enum mr_step_op)op))
            mr_strbuf_add_fmt(&s->sql, "%sFIND_IN_SET('%s', " MR_TRIGGER_EVENTS_SQL ") > 0",
                              found++ > 0 ? " OR " : "", mr_step_event((enum mr_step_op)op));
}

/* The server counts triggers; one of several events is planned with each of them. */
static size_t count_undo_triggers(const struct mr_planned_table *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->nundo_triggers; i++) {
        size_t first = 0;
        while (strcmp(t->undo_triggers[first].name, t->undo_triggers[i].name) != 0)
            first++;
        count += first == i;
    }
    return count;
}

/* Nobody takes back what triggers do for the rows that undo writes.  They may fire where
 * that was said when the plan was made. */
static void guard_undo_triggers(struct mr_script *s, const struct mr_plan_table *t)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    const struct mr_planned *planned = &s->manifest->planned;
    const size_t seen = count_undo_triggers(&planned->tables[t->at]);
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (seen > 0)
        mr_strbuf_add_str(&s->sql, planned->fire_triggers
                                       ? "-- Triggers fire for rows of the next table.\n"
                                       : "-- Triggers would fire for rows of the next table: drop "
                                         "them while this runs,\n"
                                         "-- or run repair undo --allow-triggers fire instead.\n");
    mr_strbuf_add_str(&s->sql, "SET SESSION time_zone = IF((SELECT COUNT(*) FROM "
                               "information_schema.TRIGGERS\n    WHERE EVENT_OBJECT_SCHEMA = ");
    mr_sql_string(&s->sql, table->db);
    mr_strbuf_add_str(&s->sql, " AND EVENT_OBJECT_TABLE = ");
    mr_sql_string(&s->sql, table->name);
    mr_strbuf_add_str(&s->sql, "\n    AND (");
    add_events(s, t->at);
    mr_strbuf_add_fmt(&s->sql, ")) <= %zu,\n    @@SESSION.time_zone, LEFT(",
                      planned->fire_triggers ? seen : 0);
    mr_strbuf_add_fmt(&text, "myrecon: triggers would fire: %s", mr_plan_table_name(t));
    mr_sql_string(&s->sql, text.failed ? "" : text.ptr);
    mr_strbuf_add_str(&s->sql, ", 62));\n");
    s->sql.failed |= text.failed;
    mr_strbuf_release(&text);
}

/* Statements that fail where the server counts more, or fewer, than when it was planned. */
struct limit {
    const char *compare, *what;
    const struct count *of[4]; /* up to the first NULL */
};

/* What the server counts while it is planned is the limit: names would tell more, but a number
 * is all that one statement can compare on every server. */
static enum mr_code add_limit(struct mr_script *s, const struct mr_plan_table *t,
                              const struct limit *limit, struct mr_err *err)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    struct mr_db *db = mr_reader_db(s->plan->pairing.side[MR_TARGET].main);
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code =
        db != NULL ? MR_OK : mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    if (limit->of[0] == NULL)
        return MR_OK;
    mr_strbuf_add_str(&s->sql, "SET SESSION time_zone = IF(1");
    for (size_t i = 0; code == MR_OK && i < 4 && limit->of[i] != NULL; i++) {
        uint64_t planned = 0;
        code = read_count(db, limit->of[i], table, &planned, err);
        mr_strbuf_add_str(&s->sql, "\n    AND ");
        add_count(&s->sql, limit->of[i], table);
        mr_strbuf_add_fmt(&s->sql, " %s %" PRIu64, limit->compare, planned);
    }
    mr_strbuf_add_fmt(&text, "myrecon: %s: %s", limit->what, mr_plan_table_name(t));
    mr_strbuf_add_str(&s->sql, ",\n    @@SESSION.time_zone, LEFT(");
    mr_sql_string(&s->sql, text.failed ? "" : text.ptr);
    mr_strbuf_add_str(&s->sql, ", 62));\n");
    s->sql.failed |= text.failed;
    mr_strbuf_release(&text);
    return code;
}

/* What the script leans on, as apply_checks.c has it. */
static struct limit gone(const struct mr_script *s, const struct mr_plan_table *t)
{
    const bool *steps = s->tables[t->at].steps; /* of apply */
    const bool undo = s->kind == MR_SCRIPT_UNDO;
    struct limit limit = {.compare = ">=", .what = "an index or foreign key is gone"};
    size_t n = 0;
    if (!undo || steps[MR_STEP_INSERT] || steps[MR_STEP_UPDATE])
        limit.of[n++] = &referred;
    if (!undo || steps[MR_STEP_DELETE] || steps[MR_STEP_UPDATE])
        limit.of[n++] = t->pair->side[MR_TARGET]->made_key_hidden ? &shown_uniques : &uniques;
    if (!undo)
        limit.of[n++] = &refers;
    return limit;
}

/* More than was planned may act on rows that are written; less may mean that an index or foreign
 * key which the locks and guards lean on is gone. Undo counts only what would act on it. */
enum mr_code mr_script_guard_around(struct mr_script *s, const struct mr_plan_table *t,
                                    struct mr_err *err)
{
    static const char new[] = "new trigger, index or constraint";
    static const struct limit of_apply = {
        "<=", new, {&referred, &triggers, &uniques, &constraints}};
    static const struct limit of_undo = {"<=", new, {&referred}};
    const struct limit less = gone(s, t);
    if (s->kind == MR_SCRIPT_VERIFY)
        return MR_OK;
    if (s->kind == MR_SCRIPT_UNDO)
        guard_undo_triggers(s, t);
    enum mr_code code = add_limit(s, t, s->kind == MR_SCRIPT_UNDO ? &of_undo : &of_apply, err);
    return code == MR_OK ? add_limit(s, t, &less, err) : code;
}
