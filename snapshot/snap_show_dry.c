/* snap_show_dry.c: what a dry run of a restore says; see snap_show_dry.h. */
#include "snapshot/snap_show_dry.h"

#include <stdio.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"

static bool is_wide(const struct mr_restore *r, const struct mr_restore_table *t)
{
    return r->insert && t->widest_bytes > 0 &&
           t->widest_bytes >= mr_db_server(r->db)->max_packet_bytes;
}

/* "made", "made anew": what would become of it. */
static const char *fate_of(const struct mr_restore *r, const struct mr_restore_table *t)
{
    if (r->opts->data_only)
        return t->is_there ? "filled" : "missing";
    if (r->resumed && t->is_there)
        return "gone-on-with";
    if (t->is_there)
        return r->opts->into_existing == MR_INTO_REPLACE ? "replaced" : "in-the-way";
    return "made";
}

static const char *verdict_of(const struct mr_restore *r)
{
    if (r->obstacles.count > 0)
        return "refused";
    return mr_restore_dry_exit(r) == 0 ? "possible" : "incomplete";
}

int mr_restore_dry_exit(const struct mr_restore *r)
{
    const size_t orphans = r->opts->drop_foreign_keys ? 0 : r->orphans.count;
    if (r->obstacles.count > 0)
        return 5;
    return r->notes.count + r->losses.count + orphans + r->dry.too_wide > 0 ||
                   !mr_restore_has_room(r)
               ? 4
               : 0;
}

/* ---- text ---- */

static void add_table(struct mr_strbuf *out, const struct mr_restore *r,
                      const struct mr_restore_table *t)
{
    const char *fate = fate_of(r, t);
    mr_strbuf_add_str(out, "  ");
    mr_utf8_show_str(out, t->db);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, t->snap->name);
    const bool stands = strcmp(fate, "in-the-way") == 0 || strcmp(fate, "missing") == 0;
    mr_strbuf_add_fmt(out, stands ? ": %s" : ": would be %s", fate);
    if (!r->opts->schema_only) {
        mr_strbuf_add_str(out, ", ");
        mr_strbuf_add_grouped(out, t->snap->rows);
        mr_strbuf_add_str(out, t->snap->rows == 1 ? " row, " : " rows, ");
        mr_strbuf_add_size(out, t->snap->plain_bytes);
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_obstacles(struct mr_strbuf *out, const struct mr_restore *r, bool color)
{
    const char *bad = mr_term_style(MR_STYLE_BAD, color),
               *reset = mr_term_style(MR_STYLE_RESET, color);
    for (size_t i = 0; i < r->obstacles.count; i++) {
        const struct mr_restore_obstacle *obstacle = mr_vec_at(&r->obstacles, i);
        mr_strbuf_add_fmt(out, "  %srefused%s: ", bad, reset);
        mr_utf8_show_str(out, obstacle->text);
        mr_strbuf_add_str(out, "\n    ");
        mr_utf8_show_str(out, obstacle->hint);
        mr_strbuf_add_char(out, '\n');
    }
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_restore_table *t = &r->tables[i];
        if (!is_wide(r, t))
            continue;
        mr_strbuf_add_fmt(out, "  %swould not fit%s: a row of ", bad, reset);
        mr_utf8_show_str(out, t->db);
        mr_strbuf_add_char(out, '.');
        mr_utf8_show_str(out, t->snap->name);
        mr_strbuf_add_str(out, " needs a statement of ");
        mr_strbuf_add_grouped(out, t->widest_bytes);
        mr_strbuf_add_str(out, " bytes, and max_allowed_packet is ");
        mr_strbuf_add_grouped(out, mr_db_server(r->db)->max_packet_bytes);
        mr_strbuf_add_str(out, " (raise it, or set local_infile)\n");
    }
}

static void add_room(struct mr_strbuf *out, const struct mr_restore *r, bool color)
{
    if (r->opts->schema_only)
        return;
    mr_strbuf_add_str(out, "needs about ");
    mr_strbuf_add_size(out, r->dry.needed_bytes);
    if (r->dry.log_bytes > 0) {
        mr_strbuf_add_str(out, ", and ");
        mr_strbuf_add_size(out, r->dry.log_bytes);
        mr_strbuf_add_str(out, " for the binary log");
    }
    if (r->dry.disk.bytes > 0) {
        mr_strbuf_add_str(out, "; the server's disk has ");
        mr_strbuf_add_size(out, r->dry.disk.free_bytes);
        mr_strbuf_add_fmt(out, " free%s%s%s", mr_term_style(MR_STYLE_BAD, color),
                          mr_restore_has_room(r) ? "" : ": that would not fit",
                          mr_term_style(MR_STYLE_RESET, color));
    } else {
        mr_strbuf_add_str(out, "; what the server's disk has free it does not tell");
    }
    mr_strbuf_add_str(out, "\ntakes about ");
    mr_progress_add_duration(out, r->dry.least_s);
    mr_strbuf_add_str(out, " to ");
    mr_progress_add_duration(out, r->dry.most_s);
    mr_strbuf_add_fmt(out, ", by %s\n",
                      r->bulk     ? "INSERT in bulk"
                      : r->insert ? "INSERT"
                                  : "LOAD DATA");
}

enum mr_code mr_restore_show_dry(const struct mr_restore *r, const struct mr_strbuf *notes,
                                 bool color, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < r->ntables; i++)
        add_table(&out, r, &r->tables[i]);
    mr_strbuf_add(&out, notes->ptr, notes->len);
    out.failed |= notes->failed;
    add_obstacles(&out, r, color);
    add_room(&out, r, color);
    mr_strbuf_add_str(&out, "rights are not tried: \"myrecon doctor --for restore\" names what the "
                            "account lacks\n");
    mr_strbuf_add_fmt(&out, "dry run, nothing was changed: %s: %zu table%s", verdict_of(r),
                      r->ntables, r->ntables == 1 ? "" : "s");
    if (r->nkept > 0)
        mr_strbuf_add_fmt(&out, ", %zu more kept", r->nkept);
    if (!r->opts->schema_only) {
        mr_strbuf_add_str(&out, ", ");
        mr_strbuf_add_grouped(&out, r->dry.rows);
        mr_strbuf_add_str(&out, " rows to load");
    }
    mr_strbuf_add_char(&out, '\n');
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
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
    mr_jsonw_add_str(w, "verdict", fate_of(r, t));
    mr_jsonw_add_uint(w, "rows", t->snap->rows);
    mr_jsonw_add_uint(w, "plain_bytes", t->snap->plain_bytes);
    if (is_wide(r, t))
        mr_jsonw_add_uint(w, "widest_bytes", t->widest_bytes);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&name);
}

void mr_restore_put_dry_tables(struct mr_jsonw *w, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++)
        put_table(w, r, &r->tables[i]);
    for (size_t i = 0; i < r->obstacles.count; i++) {
        const struct mr_restore_obstacle *obstacle = mr_vec_at(&r->obstacles, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "obstacle");
        mr_jsonw_add_str(w, "text", obstacle->text);
        mr_jsonw_add_str(w, "hint", obstacle->hint);
        mr_jsonw_object_end(w);
        mr_jsonw_end_line(w);
    }
}

void mr_restore_put_dry_summary(struct mr_jsonw *w, const struct mr_restore *r)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_str(w, "schema", "myrecon/snapshot-restore/1");
    mr_jsonw_add_bool(w, "dry_run", true);
    mr_jsonw_add_str(w, "verdict", verdict_of(r));
    mr_jsonw_add_str(w, "uuid", r->snap.manifest.uuid);
    mr_jsonw_add_str(w, "mode", r->bulk ? "bulk" : r->insert ? "insert" : "load");
    mr_jsonw_add_bool(w, "resumed", r->resumed);
    mr_jsonw_add_uint(w, "tables", r->ntables);
    mr_jsonw_add_uint(w, "kept", r->nkept);
    mr_jsonw_add_uint(w, "rows", r->dry.rows);
    mr_jsonw_add_uint(w, "plain_bytes", r->dry.plain_bytes);
    mr_jsonw_add_uint(w, "needed_bytes", r->dry.needed_bytes + r->dry.log_bytes);
    if (r->dry.disk.bytes > 0)
        mr_jsonw_add_uint(w, "free_bytes", r->dry.disk.free_bytes);
    mr_jsonw_add_uint(w, "least_seconds", (uint64_t)r->dry.least_s);
    mr_jsonw_add_uint(w, "most_seconds", (uint64_t)r->dry.most_s);
    mr_jsonw_add_uint(w, "too_wide", r->dry.too_wide);
    mr_jsonw_add_uint(w, "losses", r->losses.count);
    mr_jsonw_add_uint(w, "notes", r->notes.count);
    mr_jsonw_add_uint(w, "obstacles", r->obstacles.count);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}
