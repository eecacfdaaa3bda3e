/* history_show_json.c: what the logs say, as objects, one a line; see history_show.h. */
#include "core/case/evidence_reason.h"
#include "core/row/when.h"
#include "recon/history/history_show.h"

struct json {
    const struct mr_history_show *show;
    struct mr_jsonw w;
    struct mr_strbuf text;
    struct mr_arena arena; /* of the line under way */
};

static const char *const side_names[2] = {"source", "target"};

static const struct mr_key_history *key_at(const struct mr_history_show *show, size_t i)
{
    return *(struct mr_key_history *const *)mr_vec_at(&show->keys, i);
}

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "writing JSON");
}

/* ---- sides and tables ---- */

static void side_line(struct json *j, int side)
{
    const struct mr_evidence_side *s = &j->show->sides[side];
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "side");
    mr_jsonw_add_str(&j->w, "side", side_names[side]);
    mr_jsonw_add_str(&j->w, "server", s->server);
    mr_jsonw_add_str(&j->w, "own_by", mr_own_by_name(s->own_by));
    mr_jsonw_add_str(&j->w, "split", s->split);
    mr_jsonw_add_str(&j->w, "own", s->own);
    mr_jsonw_add_bool(&j->w, "complete", s->is_complete);
    mr_jsonw_add_str(&j->w, "gap", s->gap);
    mr_jsonw_add_str(&j->w, "first_log", s->first_log);
    mr_jsonw_add_uint(&j->w, "first_position", s->first_position);
    mr_jsonw_add_str(&j->w, "end_log", s->end_log);
    mr_jsonw_add_uint(&j->w, "end_position", s->end_position);
    mr_jsonw_add_str(&j->w, "executed", s->executed);
    mr_jsonw_add_str(&j->w, "collected", s->collected);
    mr_jsonw_add_bool(&j->w, "rows_read_later", mr_evidence_is_before(s, &j->show->run));
    mr_jsonw_add_uint(&j->w, "transactions", s->transactions);
    mr_jsonw_add_uint(&j->w, "changes", s->changes);
    mr_jsonw_add_uint(&j->w, "bytes", s->bytes);
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
}

static void put_witness(struct json *j, size_t table, int side, const enum mr_mask *masks)
{
    const struct mr_evidence_of *of = &j->show->evidence[table].of[side];
    mr_strbuf_reset(&j->text);
    if (of->reason != NULL)
        mr_evidence_add_reason(&j->text, of->reason, &j->show->tables[table], masks);
    mr_jsonw_key(&j->w, side_names[side]);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "witness", mr_witness_name(of->witness));
    mr_jsonw_add_str(&j->w, "reason", of->reason != NULL ? j->text.ptr : NULL);
    mr_jsonw_add_uint(&j->w, "keys", of->keys);
    mr_jsonw_add_uint(&j->w, "changes", of->changes);
    mr_jsonw_add_uint(&j->w, "moving", of->moving);
    mr_jsonw_object_end(&j->w);
}

static enum mr_code table_line(struct json *j, size_t i, struct mr_err *err)
{
    const enum mr_mask *masks = mr_history_masks(&j->show->tables[i], j->show->unmask, &j->arena);
    if (masks == NULL)
        return no_memory(err);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "table");
    mr_jsonw_add_str(&j->w, "table", j->show->tables[i].name);
    put_witness(j, i, 0, masks);
    put_witness(j, i, 1, masks);
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
    return MR_OK;
}

/* ---- rows ---- */

/* {"col": value, …} of the values that are known. */
static enum mr_code put_values(struct json *j, const char *name, const struct mr_find_table *table,
                               const struct mr_key *values, const enum mr_mask *masks,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_jsonw_key(&j->w, name);
    mr_jsonw_object_begin(&j->w);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        if (values[i].ptr == NULL)
            continue;
        mr_jsonw_key(&j->w, table->columns[i].name);
        code = mr_history_put_value(&j->w, values[i], &table->columns[i], masks[i], err);
    }
    mr_jsonw_object_end(&j->w);
    return code;
}

static enum mr_code put_key(struct json *j, const char *name, const struct mr_find_table *table,
                            struct mr_key key, const enum mr_mask *masks, struct mr_err *err)
{
    const struct mr_key *values = mr_history_key_values(table, key, &j->arena);
    if (values == NULL)
        return mr_err_set(err, MR_E_CASE, "a key of the case file is damaged");
    return put_values(j, name, table, values, masks, err);
}

static enum mr_code put_image(struct json *j, const char *name, const struct mr_find_table *table,
                              struct mr_key image, const enum mr_mask *masks, struct mr_err *err)
{
    struct mr_key *values = mr_arena_calloc(&j->arena, table->ncolumns + 1, sizeof *values);
    struct mr_seen_image seen;
    enum mr_code code = MR_OK;
    if (image.ptr == NULL) {
        mr_jsonw_add_str(&j->w, name, NULL);
        return MR_OK;
    }
    mr_seen_image_init(&seen);
    if (values == NULL)
        MR_TRY_OUT(no_memory(err));
    MR_TRY_OUT(mr_seen_image_open(&seen, image.ptr, image.len, err));
    for (size_t i = 0; i < table->ncolumns; i++)
        values[i] = mr_seen_image_at(&seen, i);
    MR_TRY_OUT(put_values(j, name, table, values, masks, err));
out:
    mr_seen_image_release(&seen);
    return code;
}

static const char *base_name(enum mr_base base)
{
    switch (base) {
    case MR_BASE_ROW: return "row";
    case MR_BASE_ABSENT: return "absent";
    case MR_BASE_CONTRADICTED: return "contradicted";
    case MR_BASE_UNKNOWN: break;
    }
    return "unknown";
}

static enum mr_code put_base(struct json *j, const struct mr_key_history *h,
                             const enum mr_mask *masks, struct mr_err *err)
{
    struct mr_key *values = mr_arena_calloc(&j->arena, h->table->ncolumns + 1, sizeof *values);
    if (values == NULL)
        return no_memory(err);
    for (size_t i = 0; i < h->table->ncolumns; i++)
        values[i] = mr_explain_column(&h->explain, i)->base;
    return put_values(j, "base_row", h->table, values, masks, err);
}

/* Who has changed each column that was changed, or that differs. */
static void put_columns(struct json *j, const struct mr_key_history *h)
{
    mr_jsonw_key(&j->w, "columns");
    mr_jsonw_array_begin(&j->w);
    for (size_t i = 0; i < h->table->ncolumns; i++) {
        const struct mr_explain_column *column = mr_explain_column(&h->explain, i);
        if (column->changed == MR_CHANGED_NOBODY)
            continue;
        mr_jsonw_object_begin(&j->w);
        mr_jsonw_add_str(&j->w, "name", h->table->columns[i].name);
        mr_jsonw_add_bool(&j->w, "differs", column->differs);
        mr_jsonw_add_str(&j->w, "changed", mr_changed_name(column->changed));
        mr_jsonw_add_bool(&j->w, "inferred", column->inferred);
        mr_jsonw_object_end(&j->w);
    }
    mr_jsonw_array_end(&j->w);
}

static void put_untold(struct json *j, const struct mr_key_history *h, int side,
                       const enum mr_mask *masks)
{
    static const char *const names[2] = {"source_untold", "target_untold"};
    mr_strbuf_reset(&j->text);
    mr_history_add_untold(&j->text, h, side, masks);
    mr_jsonw_add_str(&j->w, names[side], j->text.len > 0 ? j->text.ptr : NULL);
}

static enum mr_code put_explained(struct json *j, const struct mr_key_history *h,
                                  const enum mr_mask *masks, struct mr_err *err)
{
    mr_jsonw_add_str(&j->w, "difference", mr_explained_name(h->explain.explained));
    mr_jsonw_add_str(&j->w, "base", base_name(h->explain.base));
    mr_jsonw_add_bool(&j->w, "bases_differ", h->explain.bases_differ);
    if (h->explain.base == MR_BASE_ROW)
        MR_TRY(put_base(j, h, masks, err));
    MR_TRY(put_image(j, "source", h->table, h->rows[0], masks, err));
    MR_TRY(put_image(j, "target", h->table, h->rows[1], masks, err));
    put_columns(j, h);
    return MR_OK;
}

static enum mr_code row_line(struct json *j, const struct mr_key_history *h, struct mr_err *err)
{
    const enum mr_mask *masks = mr_history_masks(h->table, j->show->unmask, &j->arena);
    enum mr_code code = MR_OK;
    if (masks == NULL)
        return no_memory(err);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "row");
    mr_jsonw_add_str(&j->w, "table", h->table->name);
    MR_TRY_OUT(put_key(j, "key", h->table, h->key, masks, err));
    mr_jsonw_add_str(&j->w, "kind", h->known == MR_ROWS_OF_FINDING ? mr_kind_name(h->kind) : NULL);
    put_untold(j, h, 0, masks);
    put_untold(j, h, 1, masks);
    mr_jsonw_add_uint(&j->w, "source_changes", h->marks[0].changes);
    mr_jsonw_add_uint(&j->w, "target_changes", h->marks[1].changes);
    mr_jsonw_add_uint(&j->w, "source_not_kept", h->skipped[0]);
    mr_jsonw_add_uint(&j->w, "target_not_kept", h->skipped[1]);
    if (h->known != MR_ROWS_UNKNOWN)
        MR_TRY_OUT(put_explained(j, h, masks, err));
out:
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
    return code;
}

/* ---- changes ---- */

static enum mr_code put_change(struct json *j, const struct mr_key_history *h,
                               const struct mr_key_change *change, const enum mr_mask *masks,
                               struct mr_err *err)
{
    const struct mr_evidence_mark *mark = &h->marks[change->side];
    if (change->kind != MR_CHANGE_INSERT)
        MR_TRY(put_values(j, "old", h->table, change->was, masks, err));
    if (change->kind != MR_CHANGE_DELETE)
        MR_TRY(put_values(j, "new", h->table, change->is, masks, err));
    if (change->from_key && mark->came.ptr != NULL)
        MR_TRY(put_key(j, "from_key", h->table, mark->came, masks, err));
    if (change->to_key && mark->went.ptr != NULL)
        MR_TRY(put_key(j, "to_key", h->table, mark->went, masks, err));
    return MR_OK;
}

static enum mr_code change_line(struct json *j, const struct mr_history_line *line,
                                struct mr_err *err)
{
    static const char *const kinds[] = {[MR_CHANGE_INSERT] = "insert",
                                        [MR_CHANGE_UPDATE] = "update",
                                        [MR_CHANGE_DELETE] = "delete"};
    const struct mr_key_change *change = line->change;
    const enum mr_mask *masks = mr_history_masks(line->of->table, j->show->unmask, &j->arena);
    enum mr_code code = MR_OK;
    if (masks == NULL)
        return no_memory(err);
    mr_strbuf_reset(&j->text);
    mr_when_format_us(change->tx.committed_us, &j->text);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "change");
    mr_jsonw_add_str(&j->w, "table", line->of->table->name);
    MR_TRY_OUT(put_key(j, "key", line->of->table, line->of->key, masks, err));
    mr_jsonw_add_str(&j->w, "side", side_names[change->side]);
    mr_jsonw_add_str(&j->w, "time", j->text.ptr);
    mr_jsonw_add_str(&j->w, "gtid", change->tx.gtid);
    mr_jsonw_add_str(&j->w, "log", change->tx.log);
    mr_jsonw_add_uint(&j->w, "position", change->tx.position);
    mr_jsonw_add_str(&j->w, "kind", kinds[change->kind]);
    mr_jsonw_add_uint(&j->w, "not_kept_before", change->skipped);
    MR_TRY_OUT(put_change(j, line->of, change, masks, err));
out:
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
    return code;
}

/* ---- all ---- */

static enum mr_code all_lines(struct json *j, struct mr_err *err)
{
    const struct mr_history_show *show = j->show;
    mr_jsonw_line(&j->w, "type:run schema:%s run_id:%s source:%s target:%s started:%s",
                  "myrecon/history-show/1", show->run.uuid, show->run.source, show->run.target,
                  show->run.started);
    side_line(j, 0);
    side_line(j, 1);
    for (size_t i = 0; i < show->ntables; i++) {
        MR_TRY(table_line(j, i, err));
        mr_arena_reset(&j->arena);
    }
    for (size_t i = 0; i < show->keys.count; i++) {
        MR_TRY(row_line(j, key_at(show, i), err));
        mr_arena_reset(&j->arena);
    }
    for (size_t i = 0; i < show->lines.count; i++) {
        MR_TRY(change_line(j, mr_vec_at(&show->lines, i), err));
        mr_arena_reset(&j->arena);
    }
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "summary");
    mr_jsonw_add_uint(&j->w, "rows", show->keys.count);
    mr_jsonw_add_uint(&j->w, "changes", show->lines.count);
    mr_jsonw_add_bool(&j->w, "incomplete", mr_history_show_is_incomplete(show));
    mr_jsonw_add_bool(&j->w, "rows_left_out", show->left_out > 0);
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
    return MR_OK;
}

enum mr_code mr_history_show_json(const struct mr_history_show *show, FILE *out, struct mr_err *err)
{
    struct json j = {.show = show, .text = MR_STRBUF_INIT, .arena = MR_ARENA_INIT};
    mr_jsonw_init_file(&j.w, out);
    enum mr_code code = all_lines(&j, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&j.text, "writing JSON", err);
    if (code == MR_OK)
        code = mr_jsonw_finish(&j.w, "standard output", err);
    mr_jsonw_release(&j.w);
    mr_strbuf_release(&j.text);
    mr_arena_release(&j.arena);
    return code;
}
