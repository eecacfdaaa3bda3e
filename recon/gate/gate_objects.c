/* gate_objects.c: triggers and sequences; see gate_work.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"
#include "core/db/sqltext.h"
#include "core/row/row.h"
#include "core/schema/sequence.h"
#include "recon/gate/gate_newest.h"
#include "recon/gate/gate_shape.h"
#include "recon/gate/gate_work.h"

/* ---- triggers ---- */

static const char *grant(const struct mr_gate_work *work, const struct mr_table *table)
{
    struct mr_strbuf place = MR_STRBUF_INIT;
    struct mr_err denied = {.code = MR_E_DENIED};
    mr_sql_table(&place, table->db, table->name);
    const struct mr_gate_view view = mr_gate_link_view(work->task->link, MR_E_DENIED, &denied,
                                                       "TRIGGER", place.ptr, work->task->arena);
    mr_strbuf_release(&place);
    return view.grant;
}

static const char *trigger_line(struct mr_gate_work *work, const struct mr_trigger *t)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    const struct mr_digest body = mr_digest_bytes(t->body, strlen(t->body));
    mr_strbuf_add_fmt(&line, "trigger %s %s %s %u body %016" PRIx64, t->name, t->timing, t->event,
                      t->order, body.lo);
    work->nomem |= line.failed;
    const char *kept = mr_gate_work_keep(work, line.ptr);
    mr_strbuf_release(&line);
    return kept;
}

/* Without the right a server shows no triggers at all: then none is recorded, and not an empty
 * list, which would be a loss at the next look. */
enum mr_code mr_gate_read_triggers(struct mr_gate_work *work, struct mr_gate_item *item,
                                   struct mr_err *err)
{
    const struct mr_grants *grants = work->task->link->grants;
    const struct mr_table *table = item->table;
    struct mr_gate_table *out = item->out;
    out->triggers_seen =
        grants != NULL && mr_grants_on_table(grants, "TRIGGER", table->db, table->name);
    if (!out->triggers_seen) {
        out->triggers_grant = grant(work, table);
        return MR_OK;
    }
    const char **lines = mr_arena_calloc(work->task->arena, table->ntriggers + 1, sizeof *lines);
    if (lines == NULL)
        return mr_err_nomem(err, "describing a table");
    for (size_t i = 0; i < table->ntriggers; i++)
        lines[i] = trigger_line(work, &table->triggers[i]);
    out->triggers = lines;
    out->ntriggers = table->ntriggers;
    return MR_OK;
}

/* ---- sequences ---- */

/* Without it every INSERT that states no value fails. */
static enum mr_code find_drawn(struct mr_gate_work *work, struct mr_gate_table *out,
                               struct mr_err *err)
{
    struct mr_strbuf place = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code =
        mr_schema_probe(work->task->link->db, out->drawn_db, out->drawn_name, NULL, &why);
    mr_sql_table(&place, out->drawn_db, out->drawn_name);
    out->drawn_gone = code == MR_E_NO_SUCH;
    out->drawn_view = mr_gate_link_view(work->task->link, out->drawn_gone ? MR_OK : code, &why,
                                        "SELECT", place.ptr, work->task->arena);
    mr_strbuf_release(&place);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* The column that draws from a sequence, and how far its values have got. */
enum mr_code mr_gate_read_drawn(struct mr_gate_work *work, struct mr_gate_item *item,
                                struct mr_err *err)
{
    const struct mr_table *table = item->table;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    const struct mr_column *column = NULL;
    const char *db = NULL, *name = NULL;
    for (size_t i = 0; column == NULL && i < table->ncolumns; i++)
        if (mr_sequence_of(&table->columns[i], table->db, work->task->arena, &db, &name))
            column = &table->columns[i];
    if (column == NULL)
        return MR_OK;
    const enum mr_gate_newest_by by = mr_gate_newest_by(table, column);
    item->out->drawn_column = mr_gate_work_keep(work, column->name);
    item->out->drawn_db = db;
    item->out->drawn_name = name;
    MR_TRY(find_drawn(work, item->out, err));
    if (by != MR_GATE_BY_INDEX && by != MR_GATE_BY_ALL_ROWS)
        return MR_OK;
    mr_gate_newest_sql(&sql, table, column, by);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_gate_work_query(work, "n", sql.ptr, 2.0, &res, err);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL &&
        row[0].ptr[0] != '-')
        item->out->drawn_greatest = strtoull(row[0].ptr, NULL, 10);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* A sequence that may not be read stands in the list all the same: it is there, and where it stands
 * is hidden. */
static enum mr_code take_sequence(struct mr_gate_work *work, const struct mr_object *object,
                                  struct mr_gate_sequence *out, struct mr_err *err)
{
    struct mr_strbuf place = MR_STRBUF_INIT;
    struct mr_sequence read = {0};
    struct mr_err why = {0};
    enum mr_code code =
        mr_sequence_read(work->task->link->db, object->db, object->name, &read, &why);
    mr_sql_table(&place, object->db, object->name);
    *out = (struct mr_gate_sequence){
        .db = mr_gate_work_keep(work, object->db),
        .name = mr_gate_work_keep(work, object->name),
        .view =
            mr_gate_link_view(work->task->link, code, &why, "SELECT", place.ptr, work->task->arena),
        .next = read.next,
        .descends = read.descends,
        .cycles = read.cycles,
    };
    mr_strbuf_release(&place);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

enum mr_code mr_gate_read_sequences(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                    struct mr_err *err)
{
    const struct mr_catalogue *cat = work->cat;
    struct mr_gate_sequence *kept =
        mr_arena_calloc(work->task->arena, cat->nobjects + 1, sizeof *kept);
    enum mr_code code = kept != NULL ? MR_OK : mr_err_nomem(err, "reading sequences");
    facts->sequences = kept;
    for (size_t i = 0; code == MR_OK && i < cat->nobjects; i++) {
        const struct mr_object *object = &cat->objects[i];
        if (object->kind != MR_OBJECT_SEQUENCE ||
            !mr_gate_work_selects(work->task, object->db, object->name))
            continue;
        code = take_sequence(work, object, &kept[facts->nsequences++], err);
    }
    return code == MR_OK && work->nomem ? mr_err_nomem(err, "reading sequences") : code;
}
