/* snap_show_restore.c: see snap_show_restore.h. */
#include "snapshot/snap_show_restore.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"

static void add_aside(struct mr_strbuf *out, const struct mr_restore_table *t, bool color)
{
    mr_strbuf_add_fmt(out, ": %sset aside%s: it %s: ", mr_term_style(MR_STYLE_BAD, color),
                      mr_term_style(MR_STYLE_RESET, color), mr_restore_aside_text(t->how));
    mr_utf8_show_str(out, t->aside);
    mr_strbuf_add_char(out, '\n');
}

/* Warnings count even where the table is equal: they tell that the server has met something that
 * it did not like. */
static void add_table(struct mr_strbuf *out, const struct mr_restore *r,
                      const struct mr_restore_table *t, bool color)
{
    bool same = mr_restore_is_same(r, t);
    mr_strbuf_add_str(out, "  ");
    mr_utf8_show_str(out, t->db);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, t->snap->name);
    if (t->aside != NULL) {
        add_aside(out, t, color);
        return;
    }
    if (r->opts->schema_only) {
        mr_strbuf_add_fmt(out, ": %s%s%s",
                          mr_term_style(same ? MR_STYLE_GOOD : MR_STYLE_BAD, color),
                          same ? "equal" : "different", mr_term_style(MR_STYLE_RESET, color));
        mr_strbuf_add_str(out, same ? ", without rows" : ": ");
        mr_utf8_show_str(out, same ? "" : t->differs);
        mr_strbuf_add_char(out, '\n');
        return;
    }
    mr_strbuf_add_fmt(out, ": %s%s%s, ", mr_term_style(same ? MR_STYLE_GOOD : MR_STYLE_BAD, color),
                      same ? "equal" : "different", mr_term_style(MR_STYLE_RESET, color));
    mr_strbuf_add_grouped(out, t->rows);
    mr_strbuf_add_str(out, t->rows == 1 ? " row" : " rows");
    if (t->rows != t->snap->rows) {
        mr_strbuf_add_str(out, " instead of ");
        mr_strbuf_add_grouped(out, t->snap->rows);
    }
    if (t->warnings > 0)
        mr_strbuf_add_fmt(out, ", %" PRIu64 " warning%s of the server", t->warnings,
                          t->warnings == 1 ? "" : "s");
    mr_strbuf_add_char(out, '\n');
}

static bool is_clean(const struct mr_restore *r, const struct mr_restore_table *t)
{
    return t->aside == NULL && mr_restore_is_same(r, t) && t->warnings == 0;
}

static void add_kept(struct mr_strbuf *out, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->nkept; i++) {
        mr_strbuf_add_str(out, "  ");
        mr_utf8_show_str(out, r->kept_tables[i].db);
        mr_strbuf_add_char(out, '.');
        mr_utf8_show_str(out, r->kept_tables[i].snap->name);
        mr_strbuf_add_str(out, ": kept: it was there, and was not compared\n");
    }
    for (size_t i = 0; i < r->snap.manifest.nobjects; i++) {
        const struct mr_snap_object *o = &r->snap.manifest.objects[i];
        if (!mr_restore_is_kept(r, o))
            continue;
        mr_strbuf_add_fmt(out, "  %s ", mr_object_word(o->kind));
        mr_utf8_show_str(out, mr_restore_db_name(r, o->db));
        mr_strbuf_add_char(out, '.');
        mr_utf8_show_str(out, o->name);
        mr_strbuf_add_str(out, ": kept: it was there, or its table was\n");
    }
}

static void add_unlike(struct mr_strbuf *out, const struct mr_restore *r, bool color)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < r->losses.count; i++) {
        mr_strbuf_reset(&text);
        mr_restore_loss_text(&text, mr_vec_at(&r->losses, i));
        mr_strbuf_add_fmt(out, "  %snot restored%s: ", mr_term_style(MR_STYLE_WARN, color),
                          mr_term_style(MR_STYLE_RESET, color));
        mr_utf8_show_str(out, text.ptr);
        mr_strbuf_add_char(out, '\n');
        out->failed |= text.failed;
    }
    for (size_t i = 0; i < r->orphans.count; i++) {
        mr_strbuf_reset(&text);
        mr_restore_orphan_text(&text, r, mr_vec_at(&r->orphans, i));
        mr_strbuf_add_fmt(out, "  %s%s%s: ", mr_term_style(MR_STYLE_WARN, color),
                          r->opts->drop_foreign_keys ? "left out" : "into nothing",
                          mr_term_style(MR_STYLE_RESET, color));
        mr_utf8_show_str(out, text.ptr);
        mr_strbuf_add_char(out, '\n');
        out->failed |= text.failed;
    }
    for (size_t i = 0; i < r->notes.count; i++) {
        mr_strbuf_add_fmt(out, "  %snot as it was%s: ", mr_term_style(MR_STYLE_WARN, color),
                          mr_term_style(MR_STYLE_RESET, color));
        mr_utf8_show_str(out, *(const char **)mr_vec_at(&r->notes, i));
        mr_strbuf_add_char(out, '\n');
    }
    mr_strbuf_release(&text);
}

/* Of what was asked for; its name is "db.name". */
static bool is_meant(const struct mr_restore *r, const struct mr_snap_left_out *item)
{
    struct mr_strbuf db = MR_STRBUF_INIT;
    const char *dot = strchr(item->name, '.');
    if (dot == NULL)
        return r->opts->tables.count == 0;
    mr_strbuf_add(&db, item->name, (size_t)(dot - item->name));
    const bool is = db.failed || mr_restore_wants(r, db.ptr, dot + 1);
    mr_strbuf_release(&db);
    return is;
}

/* Who reads "equal" shall not take the snapshot for more than it is. */
static void add_left_out(struct mr_strbuf *out, const struct mr_restore *r, bool color)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < m->nleft_out; i++) {
        if (!is_meant(r, &m->left_out[i]))
            continue;
        mr_strbuf_add_fmt(out, "  %snot in the snapshot%s: %s ",
                          mr_term_style(MR_STYLE_WARN, color), mr_term_style(MR_STYLE_RESET, color),
                          m->left_out[i].kind);
        mr_utf8_show_str(out, m->left_out[i].name);
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, m->left_out[i].reason);
        mr_strbuf_add_char(out, '\n');
    }
}

void mr_restore_add_notes(struct mr_strbuf *out, const struct mr_restore *r, bool color)
{
    add_left_out(out, r, color);
    add_kept(out, r);
    add_unlike(out, r, color);
}

const char *mr_restore_verdict(const struct mr_restore *r)
{
    if (r->naside > 0)
        return "incomplete";
    return r->different > 0 ? "different" : "equal";
}

void mr_restore_add_result(struct mr_strbuf *out, const struct mr_restore *r, struct mr_look look)
{
    for (size_t i = 0; i < r->ntables; i++)
        if (!look.brief || !is_clean(r, &r->tables[i]))
            add_table(out, r, &r->tables[i], look.color);
    mr_restore_add_notes(out, r, look.color);
}

void mr_restore_add_verdict(struct mr_strbuf *out, const struct mr_restore *r)
{
    mr_strbuf_add_fmt(out, "%s: %zu table%s, ", mr_restore_verdict(r), r->ntables,
                      r->ntables == 1 ? "" : "s");
    if (r->naside > 0)
        mr_strbuf_add_fmt(out, "%zu of them set aside, ", r->naside);
    if (r->nkept > 0)
        mr_strbuf_add_fmt(out, "%zu more kept, ", r->nkept);
    mr_strbuf_add_grouped(out, mr_restore_rows_read(r));
    mr_strbuf_add_str(out, mr_restore_rows_read(r) == 1 ? " row read back" : " rows read back");
}

/* A table that is missing weighs more than one that differs, and a note more than nothing: 0 is
 * only for what is as it was, or as it was asked for. */
int mr_restore_exit(const struct mr_restore *r)
{
    const size_t orphans = r->opts->drop_foreign_keys ? 0 : r->orphans.count;
    if (r->naside > 0)
        return 4;
    if (r->different > 0)
        return 1;
    return r->notes.count + r->losses.count + orphans > 0 ? 4 : 0;
}

/* ---- JSON ---- */

static void put_table(struct mr_jsonw *w, const struct mr_restore *r,
                      const struct mr_restore_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->snap->name);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "table");
    mr_jsonw_add_str(w, "table", name.ptr);
    if (t->aside != NULL)
        mr_jsonw_add_str(w, "verdict", "set-aside");
    else
        mr_jsonw_add_str(w, "verdict", mr_restore_is_same(r, t) ? "equal" : "different");
    mr_jsonw_add_uint(w, "rows", t->rows);
    mr_jsonw_add_uint(w, "wanted", r->opts->schema_only ? 0 : t->snap->rows);
    mr_jsonw_add_uint(w, "warnings", t->warnings);
    if (t->aside != NULL) {
        mr_jsonw_add_str(w, "state", mr_restore_aside_text(t->how));
        mr_jsonw_add_str(w, "reason", t->aside);
    }
    if (t->differs != NULL)
        mr_jsonw_add_str(w, "reason", t->differs);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&name);
}

static void put_kept(struct mr_jsonw *w, const char *kind, const char *db, const char *name)
{
    struct mr_strbuf full = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&full, "%s.%s", db, name);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "kept");
    mr_jsonw_add_str(w, "kind", kind);
    mr_jsonw_add_str(w, "name", full.ptr);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&full);
}

static void put_all_kept(struct mr_jsonw *w, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->nkept; i++)
        put_kept(w, "table", r->kept_tables[i].db, r->kept_tables[i].snap->name);
    for (size_t i = 0; i < r->snap.manifest.nobjects; i++) {
        const struct mr_snap_object *o = &r->snap.manifest.objects[i];
        if (mr_restore_is_kept(r, o))
            put_kept(w, mr_object_word(o->kind), mr_restore_db_name(r, o->db), o->name);
    }
}

static void put_loss(struct mr_jsonw *w, const struct mr_restore_loss *loss)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "loss");
    mr_jsonw_add_str(w, "kind", mr_loss_word(loss->kind));
    mr_jsonw_add_str(w, "part", loss->part);
    mr_jsonw_add_str(w, "name", loss->name);
    if (loss->of[0] != '\0')
        mr_jsonw_add_str(w, "table", loss->of);
    mr_jsonw_add_str(w, "text", mr_loss_means(loss->kind));
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_orphan(struct mr_jsonw *w, const struct mr_restore *r,
                       const struct mr_restore_orphan *orphan)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", orphan->table->db, orphan->table->snap->name);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "foreign-key");
    mr_jsonw_add_str(w, "table", name.ptr);
    mr_jsonw_add_str(w, "name", orphan->name);
    mr_jsonw_add_str(w, "parent", orphan->parent);
    mr_jsonw_add_str(w, "state", r->opts->drop_foreign_keys ? "left-out" : "into-nothing");
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&name);
}

static void put_left_out(struct mr_jsonw *w, const struct mr_snap_left_out *item)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "left-out");
    mr_jsonw_add_str(w, "kind", item->kind);
    mr_jsonw_add_str(w, "name", item->name);
    mr_jsonw_add_str(w, "reason", item->reason);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

void mr_restore_put_notes(struct mr_jsonw *w, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->snap.manifest.nleft_out; i++)
        if (is_meant(r, &r->snap.manifest.left_out[i]))
            put_left_out(w, &r->snap.manifest.left_out[i]);
    put_all_kept(w, r);
    for (size_t i = 0; i < r->losses.count; i++)
        put_loss(w, mr_vec_at(&r->losses, i));
    for (size_t i = 0; i < r->orphans.count; i++)
        put_orphan(w, r, mr_vec_at(&r->orphans, i));
    for (size_t i = 0; i < r->notes.count; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "note");
        mr_jsonw_add_str(w, "text", *(const char **)mr_vec_at(&r->notes, i));
        mr_jsonw_object_end(w);
        mr_jsonw_end_line(w);
    }
}

void mr_restore_put_result(struct mr_jsonw *w, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++)
        put_table(w, r, &r->tables[i]);
    mr_restore_put_notes(w, r);
}

enum mr_code mr_restore_print_refused(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < r->losses.count; i++)
        put_loss(&w, mr_vec_at(&r->losses, i));
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code == MR_OK ? MR_E_REFUSED : code;
}
