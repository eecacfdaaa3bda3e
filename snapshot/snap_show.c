/* snap_show.c: see snap_show.h. */
#include "snapshot/snap_show.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/read/snap_record.h"

static void add_sizes(struct mr_strbuf *out, uint64_t rows, uint64_t plain, uint64_t stored)
{
    mr_strbuf_add_grouped(out, rows);
    mr_strbuf_add_str(out, rows == 1 ? " row, " : " rows, ");
    mr_strbuf_add_size(out, plain);
    mr_strbuf_add_str(out, " in ");
    mr_strbuf_add_size(out, stored);
    if (stored > 0)
        mr_strbuf_add_fmt(out, " (%.2f : 1)", (double)plain / (double)stored);
}

static void add_until(struct mr_strbuf *out, const struct mr_snap_consistency *c)
{
    mr_strbuf_add_str(out, ", or behind it up to ");
    if (c->until_file == NULL) {
        mr_utf8_show_str(out, c->until_gtid != NULL ? c->until_gtid : "where is unknown");
        return;
    }
    mr_utf8_show_str(out, c->until_file);
    mr_strbuf_add_fmt(out, ":%" PRIu64, c->until_position);
}

/* Where a replica may start from is the first thing that is looked for here, so that what
 * weakens it stands right behind. */
static void add_consistency(struct mr_strbuf *out, const struct mr_snap_consistency *c)
{
    mr_strbuf_add_str(out, "  moment  ");
    if (c->gtid != NULL) {
        mr_strbuf_add_str(out, "GTID ");
        mr_utf8_show_str(out, c->gtid);
    }
    if (c->binlog_file != NULL) {
        mr_strbuf_add_str(out, c->gtid != NULL ? ", " : "");
        mr_utf8_show_str(out, c->binlog_file);
        mr_strbuf_add_fmt(out, ":%" PRIu64, c->binlog_position);
    }
    if (c->gtid == NULL && c->binlog_file == NULL)
        mr_strbuf_add_str(out, "no position");
    if (c->position == MR_SNAP_AT_OR_BEFORE)
        add_until(out, c);
    if (c->applied != NULL) {
        mr_strbuf_add_str(out, ", applied ");
        mr_utf8_show_str(out, c->applied);
    }
    mr_strbuf_add_fmt(out, "; one view on %u connection%s\n", c->connections,
                      c->connections == 1 ? "" : "s");
    if (c->note != NULL) {
        mr_strbuf_add_str(out, "          ");
        mr_utf8_show_str(out, c->note);
        mr_strbuf_add_char(out, '\n');
    }
}

/* Of a snapshot that has a base. */
static void add_kept_rows(struct mr_strbuf *out, const struct mr_snap_table *t)
{
    if (t->kept_rows == MR_SNAP_ROWS_CHANGED && t->gone.file != NULL) {
        mr_strbuf_add_str(out, "    ");
        mr_strbuf_add_grouped(out, t->gone.rows);
        mr_strbuf_add_str(out, t->gone.rows == 1 ? " key is gone\n" : " keys are gone\n");
    }
    if (t->kept_rows == MR_SNAP_ROWS_COPIED) {
        mr_strbuf_add_str(out, "    all rows: ");
        mr_utf8_show_str(out, t->why_copied != NULL ? t->why_copied : "it does not say why");
        mr_strbuf_add_char(out, '\n');
    }
}

/* What makes it less than the whole table is shown with it, and not in a list that nobody
 * scrolls down to. */
static void add_table(struct mr_strbuf *out, const struct mr_snap_table *t, bool color)
{
    mr_strbuf_add_str(out, "  ");
    mr_utf8_show_str(out, t->db);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, t->name);
    mr_strbuf_add_str(out, ": ");
    add_sizes(out, t->rows, t->plain_bytes, t->stored_bytes);
    mr_strbuf_add_fmt(out, ", %zu file%s\n", t->nchunks, t->nchunks == 1 ? "" : "s");
    add_kept_rows(out, t);
    if (t->where != NULL) {
        mr_strbuf_add_str(out, "    only where ");
        mr_utf8_show_str(out, t->where);
        mr_strbuf_add_char(out, '\n');
    }
    if (t->rows_of != NULL) {
        mr_strbuf_add_str(out, "    only rows of ");
        mr_utf8_show_str(out, t->rows_of);
        mr_strbuf_add_char(out, '\n');
    }
    if (t->note != NULL) {
        mr_strbuf_add_fmt(out, "    %s", mr_term_style(MR_STYLE_WARN, color));
        mr_utf8_show_str(out, t->note);
        mr_strbuf_add_fmt(out, "%s\n", mr_term_style(MR_STYLE_RESET, color));
    }
}

/* Has it less than the whole table, or something to be said of it? */
static bool is_less(const struct mr_snap_table *t)
{
    return t->where != NULL || t->rows_of != NULL || t->note != NULL;
}

/* Names and reasons come from a server: shown so that they cannot steer the terminal. */
static void add_left_out(struct mr_strbuf *out, const struct mr_snap_left_out *item, bool color)
{
    mr_strbuf_add_fmt(out, "  %sleft out%s: %s ", mr_term_style(MR_STYLE_WARN, color),
                      mr_term_style(MR_STYLE_RESET, color), item->kind);
    mr_utf8_show_str(out, item->name);
    mr_strbuf_add_str(out, ": ");
    mr_utf8_show_str(out, item->reason);
    mr_strbuf_add_char(out, '\n');
    if (item->hint != NULL) {
        mr_strbuf_add_str(out, "    ");
        mr_utf8_show_str(out, item->hint);
        mr_strbuf_add_char(out, '\n');
    }
}

static void add_keys(struct mr_strbuf *out, const struct mr_snap_manifest *m)
{
    for (size_t i = 0; i < m->nrecipients; i++) {
        mr_strbuf_add_str(out, "  encrypted to ");
        mr_utf8_show_str(out, m->recipients[i].subject);
        mr_strbuf_add_fmt(out, " (SHA-256 %.16s…)\n", m->recipients[i].sha256);
    }
    if (m->signer.ptr != NULL)
        mr_strbuf_add_str(out, "  signed\n");
}

static void add_head(struct mr_strbuf *out, const struct mr_snap_manifest *m, const char *dir,
                     bool color)
{
    mr_strbuf_add_fmt(out, "%ssnapshot ", mr_term_style(MR_STYLE_HEAD, color));
    mr_utf8_show_str(out, dir);
    mr_strbuf_add_fmt(out, "%s (", mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, m->uuid);
    mr_strbuf_add_str(out, ")\n  source  ");
    mr_utf8_show_str(out, m->source);
    mr_strbuf_add_str(out, "  (");
    mr_utf8_show_str(out, m->server.version);
    mr_strbuf_add_str(out, ", host ");
    mr_utf8_show_str(out, m->server.hostname);
    mr_strbuf_add_str(out, ")\n  made    ");
    mr_utf8_show_str(out, m->created);
    mr_strbuf_add_str(out, " to ");
    mr_utf8_show_str(out, m->finished);
    mr_strbuf_add_char(out, '\n');
    add_consistency(out, &m->consistency);
    if (m->base.uuid != NULL) {
        mr_strbuf_add_str(out, "  base    ");
        mr_utf8_show_str(out, m->base.uuid);
        mr_strbuf_add_str(out, ", made ");
        mr_utf8_show_str(out, m->base.created);
        mr_strbuf_add_str(out, ": only what changed since, by the server's log\n");
    }
    add_keys(out, m);
}

/* Written in one piece, so that a full disk or a closed pipe is one error, and no half of a list
 * looks whole. */
enum mr_code mr_snap_show_text(const struct mr_snap_manifest *m, const char *dir,
                               struct mr_look look, FILE *file, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    if (!look.brief)
        add_head(&out, m, dir, look.color);
    for (size_t i = 0; i < m->ntables; i++)
        if (!look.brief || is_less(&m->tables[i]))
            add_table(&out, &m->tables[i], look.color);
    for (size_t i = 0; i < m->nleft_out; i++)
        add_left_out(&out, &m->left_out[i], look.color);
    mr_strbuf_add_fmt(&out, "%zu table%s: ", m->ntables, m->ntables == 1 ? "" : "s");
    add_sizes(&out, sum.rows, sum.plain_bytes, sum.stored_bytes);
    mr_strbuf_add_char(&out, '\n');
    enum mr_code code = mr_term_print(&out, file, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

/* ---- JSON ---- */

static void put_table(struct mr_jsonw *w, const struct mr_snap_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->name);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "table", name.ptr);
    mr_jsonw_add_uint(w, "rows", t->rows);
    mr_jsonw_add_uint(w, "files", t->nchunks);
    mr_jsonw_add_uint(w, "plain_bytes", t->plain_bytes);
    mr_jsonw_add_uint(w, "bytes", t->stored_bytes);
    mr_jsonw_add_bool(w, "consistent", t->consistent);
    mr_jsonw_add_str(w, "where", t->where);
    mr_jsonw_add_str(w, "rows_of", t->rows_of);
    mr_jsonw_add_str(w, "note", t->note);
    if (t->kept_rows != MR_SNAP_ROWS_ALL) {
        mr_jsonw_add_str(w, "kept_rows", t->kept_rows == MR_SNAP_ROWS_COPIED ? "all" : "changed");
        mr_jsonw_add_str(w, "why_all", t->why_copied);
        mr_jsonw_add_uint(w, "gone", t->gone.rows);
    }
    mr_jsonw_object_end(w);
    mr_strbuf_release(&name);
}

/* All lists are there even where they are empty: a script need not ask whether one is. */
static void put_lists(struct mr_jsonw *w, const struct mr_snap_manifest *m)
{
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->ntables; i++)
        put_table(w, &m->tables[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "objects");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nobjects; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", mr_object_word(m->objects[i].kind));
        mr_jsonw_add_str(w, "db", m->objects[i].db);
        mr_jsonw_add_str(w, "name", m->objects[i].name);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "left_out");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nleft_out; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", m->left_out[i].kind);
        mr_jsonw_add_str(w, "name", m->left_out[i].name);
        mr_jsonw_add_str(w, "reason", m->left_out[i].reason);
        mr_jsonw_add_str(w, "hint", m->left_out[i].hint);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

/* Of the manifest only what a script decides by; whoever wants all reads manifest.json itself. */
enum mr_code mr_snap_show_json(const struct mr_snap_manifest *m, const char *dir,
                               const struct mr_snap_record *verified,
                               const struct mr_snap_record *rehearsed, FILE *file,
                               struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    const struct mr_snap_consistency *c = &m->consistency;
    mr_jsonw_init_file(&w, file);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-list/1");
    mr_jsonw_add_str(&w, "dir", dir);
    mr_jsonw_add_str(&w, "uuid", m->uuid);
    mr_jsonw_add_str(&w, "created", m->created);
    mr_jsonw_add_str(&w, "finished", m->finished);
    mr_jsonw_add_str(&w, "version", m->version);
    mr_jsonw_add_str(&w, "base", m->base.uuid);
    mr_jsonw_add_str(&w, "source", m->source);
    mr_jsonw_add_str(&w, "server_version", m->server.version);
    mr_jsonw_add_str(&w, "hostname", m->server.hostname);
    mr_jsonw_add_str(&w, "gtid", c->gtid);
    mr_jsonw_add_str(&w, "binlog_file", c->binlog_file);
    mr_jsonw_add_uint(&w, "binlog_position", c->binlog_position);
    mr_jsonw_add_str(&w, "position", mr_snap_position_word(c->position));
    mr_jsonw_add_str(&w, "until_gtid", c->until_gtid);
    mr_jsonw_add_str(&w, "until_file", c->until_file);
    mr_jsonw_add_uint(&w, "until_position", c->until_position);
    mr_jsonw_add_str(&w, "applied", c->applied);
    mr_jsonw_add_str(&w, "proof", mr_snap_proof_word(c->proof));
    mr_jsonw_add_uint(&w, "connections", c->connections);
    mr_jsonw_add_str(&w, "note", c->note);
    mr_jsonw_add_uint(&w, "rows", sum.rows);
    mr_jsonw_add_uint(&w, "files", sum.chunks);
    mr_jsonw_add_uint(&w, "plain_bytes", sum.plain_bytes);
    mr_jsonw_add_uint(&w, "bytes", sum.stored_bytes);
    mr_jsonw_key(&w, "encrypted_to");
    mr_jsonw_array_begin(&w);
    for (size_t i = 0; i < m->nrecipients; i++)
        mr_jsonw_str(&w, m->recipients[i].sha256);
    mr_jsonw_array_end(&w);
    mr_jsonw_add_bool(&w, "signed", m->signer.ptr != NULL);
    put_lists(&w, m);
    mr_snap_record_put(&w, verified, rehearsed);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
