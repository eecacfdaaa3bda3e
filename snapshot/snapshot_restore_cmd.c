/* snapshot_restore_cmd.c: `myrecon snapshot restore`; see snapshot_cmd.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/restore/restore.h"
#include "snapshot/snap_show_dry.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "load a snapshot into a server, and prove it",
    .operands = "DIR TARGET",
    .description =
        "Loads the snapshot in DIR into TARGET: databases, sequences, routines and "
        "tables, then the rows over several connections, then foreign keys, views, "
        "triggers and events. At the end every row is read back, and the digests of all "
        "tables are compared with the snapshot's. A snapshot that is damaged is refused "
        "before anything is done.\n"
        "\n"
        "The databases must not exist, or be empty. With databases in the URI they pair "
        "by "
        "position with the snapshot's. After an interruption the same command goes on; a "
        "table myrecon_restore, which is dropped at the end, says what is loaded. Where "
        "the server does not allow LOAD DATA LOCAL, rows are inserted, which is slower.\n"
        "\n"
        "A table that the server does not take is set aside: what was loaded of it is "
        "dropped, it is named with the server's message, and the rest goes on; the same "
        "command then tries it again.\n"
        "\n"
        "What TARGET cannot express (MariaDB skips what MySQL marks as newer: "
        "INVISIBLE, NOT ENFORCED, SRID) is listed before anything is done, and refused "
        "unless --allow-lossy names its kind; it is then listed as not restored.\n"
        "\n"
        "A foreign key to a table that is neither restored nor there is made and named "
        "(4), or left out with --drop-foreign-keys.\n"
        "\n"
        "With --dry-run nothing is written: it says what would be done, what would keep it "
        "from that, and about how long it would take; exit status 5: it would be refused; "
        "4: something would be missing; else 0.\n"
        "\n"
        "Exit status: 0 restored and equal; 1 restored, but rows differ from the "
        "snapshot; 3 could not run; 4 restored, but a table was set aside, something "
        "could not be made as it was, or the connection was lost; 5 refused: not empty, "
        "damaged, not confirmed, or without the right to begin; 6 interrupted, can be "
        "resumed; 70 bug.\n",
    .examples = "  myrecon snapshot restore /backup/club mysql://dba@spare\n"
                "  myrecon snapshot restore --rename-db club=club_lost /backup/club \\\n"
                "      mysql://dba@live\n"
                "  myrecon snapshot restore --tables club.orders --into-existing add \\\n"
                "      --rename club.orders=club.orders_lost /backup/club \\\n"
                "      mysql://dba@live/club\n",
};

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

static void add_notes(struct mr_strbuf *out, const struct mr_restore *r, bool color)
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

static const char *verdict_of(const struct mr_restore *r)
{
    if (r->naside > 0)
        return "incomplete";
    return r->different > 0 ? "different" : "equal";
}

/* Tables first, then what was not made as it was, then one line for all: the last line on the
 * screen is the verdict. */
static enum mr_code print_text(const struct mr_restore *r, struct mr_look look, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    uint64_t rows = 0;
    for (size_t i = 0; i < r->ntables; i++) {
        if (!look.brief || !is_clean(r, &r->tables[i]))
            add_table(&out, r, &r->tables[i], look.color);
        rows += r->tables[i].rows;
    }
    add_kept(&out, r);
    add_notes(&out, r, look.color);
    mr_strbuf_add_fmt(&out, "%s: %zu table%s, ", verdict_of(r), r->ntables,
                      r->ntables == 1 ? "" : "s");
    if (r->naside > 0)
        mr_strbuf_add_fmt(&out, "%zu of them set aside, ", r->naside);
    if (r->nkept > 0)
        mr_strbuf_add_fmt(&out, "%zu more kept, ", r->nkept);
    mr_strbuf_add_grouped(&out, rows);
    mr_strbuf_add_str(&out, " rows read back\n");
    if (r->naside > 0) {
        mr_strbuf_add_str(&out, "next: the same command tries again what was set aside; "
                                "table " MR_SNAP_PROGRESS_TABLE " stays in \"");
        mr_utf8_show_str(&out, r->dbs[0].to);
        mr_strbuf_add_str(&out, "\" until then\n");
    }
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

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

static void put_notes(struct mr_jsonw *w, const struct mr_restore *r)
{
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

/* What a refusal is about, for a script that decides. */
static enum mr_code print_refused(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < r->losses.count; i++)
        put_loss(&w, mr_vec_at(&r->losses, i));
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code == MR_OK ? MR_E_REFUSED : code;
}

static enum mr_code print_dry_json(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_restore_put_dry_tables(&w, r);
    put_notes(&w, r);
    mr_restore_put_dry_summary(&w, r);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static enum mr_code print_dry(const struct mr_restore *r, bool color, struct mr_err *err)
{
    struct mr_strbuf notes = MR_STRBUF_INIT;
    add_kept(&notes, r);
    add_notes(&notes, r, color);
    enum mr_code code = mr_restore_show_dry(r, &notes, color, err);
    mr_strbuf_release(&notes);
    return code;
}

static enum mr_code print_json(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    uint64_t rows = 0;
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < r->ntables; i++) {
        put_table(&w, r, &r->tables[i]);
        rows += r->tables[i].rows;
    }
    put_notes(&w, r);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-restore/1");
    mr_jsonw_add_str(&w, "verdict", verdict_of(r));
    mr_jsonw_add_str(&w, "uuid", r->snap.manifest.uuid);
    mr_jsonw_add_str(&w, "mode", r->insert ? "insert" : "load");
    mr_jsonw_add_str(&w, "what",
                     r->opts->schema_only ? "schema"
                     : r->opts->data_only ? "data"
                                          : "all");
    mr_jsonw_add_bool(&w, "resumed", r->resumed);
    mr_jsonw_add_uint(&w, "tables", r->ntables);
    mr_jsonw_add_uint(&w, "set_aside", r->naside);
    mr_jsonw_add_uint(&w, "kept", r->nkept);
    mr_jsonw_add_uint(&w, "rows", rows);
    mr_jsonw_add_uint(&w, "losses", r->losses.count);
    mr_jsonw_add_uint(&w, "notes", r->notes.count);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* A table that is missing weighs more than one that differs, and a note more than nothing: 0 is
 * only for what is as it was, or as it was asked for. */
static int exit_of(const struct mr_restore *r)
{
    const size_t orphans = r->opts->drop_foreign_keys ? 0 : r->orphans.count;
    if (r->naside > 0)
        return 4;
    if (r->different > 0)
        return 1;
    return r->notes.count + r->losses.count + orphans > 0 ? 4 : 0;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_snap_options *opts = invocation->settings.values;
    struct mr_restore restore = {.opts = opts};
    mr_general_options_apply(&opts->general);
    enum mr_code code = mr_db_global_init(err);
    if (code != MR_OK)
        return code;
    code = mr_restore_run(&restore, invocation->operands[0], invocation->operands[1], err);
    if (code == MR_OK && opts->dry_run)
        code = opts->json ? print_dry_json(&restore, err)
                          : print_dry(&restore, mr_term_use_color(opts->general.color, 1), err);
    else if (code == MR_OK)
        code = opts->json ? print_json(&restore, err)
                          : print_text(&restore, mr_general_look(&opts->general), err);
    else if (code == MR_E_REFUSED && opts->json)
        code = print_refused(&restore, err);
    *exit_code = opts->dry_run ? mr_restore_dry_exit(&restore) : exit_of(&restore);
    mr_restore_release(&restore);
    return code;
}

const struct mr_command mr_snapshot_restore_command = {
    .name = "snapshot restore",
    .doc = &doc,
    .options = &mr_snap_restore_option_set,
    .min_operands = 2,
    .max_operands = 2,
    .unheard = "What was restored stands. See whether it is equal: myrecon snapshot "
               "verify --against TARGET DIR.",
    .run = run};
