/* shelf_show.c: see shelf_show.h. */
#include "snapshot/shelf_show.h"

#include <inttypes.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "snapshot/read/snap_record.h"

static const struct mr_shelf_item *item_at(const struct mr_shelf *shelf, size_t i)
{
    return mr_vec_at(&shelf->items, i);
}

void mr_shelf_add_text(struct mr_strbuf *out, const struct mr_shelf_item *item)
{
    switch (item->state) {
    case MR_SHELF_WHOLE:
        mr_strbuf_add_str(out, "  made ");
        mr_utf8_show_str(out, item->created);
        mr_strbuf_add_str(out, " of ");
        mr_utf8_show_str(out, item->source);
        mr_strbuf_add_str(out, ", ");
        mr_strbuf_add_size(out, item->stored_bytes);
        if (item->base_sha256 != NULL)
            mr_strbuf_add_str(out, " of changes");
        if (!item->is_complete)
            mr_strbuf_add_str(out, ", with something left out");
        break;
    case MR_SHELF_DAMAGED:
        mr_strbuf_add_str(out, "  damaged: ");
        mr_utf8_show_str(out, item->why);
        break;
    case MR_SHELF_UNFINISHED: mr_strbuf_add_str(out, "  unfinished"); break;
    case MR_SHELF_EXPIRED: mr_strbuf_add_str(out, "  an earlier run had begun to"); break;
    }
}

static const char *state_word(enum mr_shelf_state state)
{
    switch (state) {
    case MR_SHELF_WHOLE: return "whole";
    case MR_SHELF_DAMAGED: return "damaged";
    case MR_SHELF_UNFINISHED: return "unfinished";
    case MR_SHELF_EXPIRED: break;
    }
    return "expired";
}

void mr_shelf_put(struct mr_jsonw *w, const struct mr_shelf_item *item)
{
    mr_jsonw_add_str(w, "path", item->path);
    mr_jsonw_add_str(w, "state", state_word(item->state));
    mr_jsonw_add_str(w, "reason", item->why);
    mr_jsonw_add_str(w, "source", item->source);
    mr_jsonw_add_str(w, "created", item->created);
    mr_jsonw_add_uint(w, "tables", item->tables);
    mr_jsonw_add_uint(w, "rows", item->rows);
    mr_jsonw_add_uint(w, "bytes", item->stored_bytes);
    mr_jsonw_add_bool(w, "complete", item->is_complete);
    mr_jsonw_add_str(w, "base", item->base_id);
}

/* ---- list ---- */

static void add_age(struct mr_strbuf *out, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *word;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const int64_t n = seconds / units[i].seconds;
        if (n < 1)
            continue;
        mr_strbuf_add_fmt(out, ", %" PRId64 " %s%s ago", n, units[i].word, n == 1 ? "" : "s");
        return;
    }
    mr_strbuf_add_str(out, ", just now");
}

static void add_line(struct mr_strbuf *out, const struct mr_shelf_item *item, int64_t now_s,
                     bool color)
{
    const bool whole = item->state == MR_SHELF_WHOLE;
    mr_strbuf_add_str(out, mr_term_style(whole                             ? MR_STYLE_GOOD
                                         : item->state == MR_SHELF_DAMAGED ? MR_STYLE_BAD
                                                                           : MR_STYLE_WARN,
                                         color));
    mr_utf8_show_str(out, item->path);
    mr_strbuf_add_str(out, mr_term_style(MR_STYLE_RESET, color));
    if (item->state == MR_SHELF_EXPIRED)
        mr_strbuf_add_str(out, "  removed in part: snapshot expire goes on with it");
    else
        mr_shelf_add_text(out, item);
    if (whole) {
        mr_strbuf_add_fmt(out, ", %" PRIu64 " table%s, ", item->tables,
                          item->tables == 1 ? "" : "s");
        mr_strbuf_add_grouped(out, item->rows);
        mr_strbuf_add_fmt(out, " row%s", item->rows == 1 ? "" : "s");
        add_age(out, now_s - item->created_s);
        mr_snap_record_add_text(out, item->verified, item->rehearsed);
    }
    mr_strbuf_add_char(out, '\n');
}

enum mr_code mr_shelf_show_text(const struct mr_shelf *shelf, int64_t now_s, bool color, FILE *file,
                                struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < shelf->items.count; i++)
        add_line(&out, item_at(shelf, i), now_s, color);
    enum mr_code code = mr_term_print(&out, file, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

enum mr_code mr_shelf_show_json(const struct mr_shelf *shelf, int64_t now_s, FILE *file,
                                struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, file);
    for (size_t i = 0; i < shelf->items.count; i++) {
        const struct mr_shelf_item *item = item_at(shelf, i);
        mr_jsonw_object_begin(&w);
        mr_jsonw_add_str(&w, "type", "snapshot");
        mr_shelf_put(&w, item);
        if (item->state == MR_SHELF_WHOLE)
            mr_jsonw_add_uint(&w, "age_s",
                              now_s > item->created_s ? (uint64_t)(now_s - item->created_s) : 0);
        else
            mr_jsonw_add_str(&w, "age_s", NULL);
        mr_snap_record_put(&w, item->verified, item->rehearsed);
        mr_jsonw_object_end(&w);
        mr_jsonw_end_line(&w);
    }
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-shelf/1");
    mr_jsonw_add_uint(&w, "snapshots", shelf->items.count);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

bool mr_shelf_has_damage(const struct mr_shelf *shelf)
{
    for (size_t i = 0; i < shelf->items.count; i++)
        if (item_at(shelf, i)->state == MR_SHELF_DAMAGED)
            return true;
    return false;
}
