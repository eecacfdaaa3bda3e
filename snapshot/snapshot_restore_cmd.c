/* snapshot_restore_cmd.c: `myrecon snapshot restore`; see snapshot_cmd.h. */
#include <stdio.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/restore/restore.h"
#include "snapshot/snap_show_dry.h"
#include "snapshot/snap_show_restore.h"
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
        "An incremental snapshot is put together with all that it goes on from first, in a "
        "directory that "
        "goes away again: its bases are found beside it, or by --base.\n"
        "\n"
        "The databases must not exist, or be empty. With databases in the URI they pair "
        "by "
        "position with the snapshot's. After an interruption the same command goes on; a "
        "table myrecon_restore, which is dropped at the end, says what is loaded. MariaDB "
        "from 10.6 on gets rows in bulk; other servers by LOAD DATA LOCAL, or, where that is "
        "not allowed, by INSERT, which is slower.\n"
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
                "  myrecon snapshot restore --tables club.orders --into-existing add --yes \\\n"
                "      --rename club.orders=club.orders_lost /backup/club \\\n"
                "      mysql://dba@live/club\n",
};

/* Of which transaction rows are, where a moment was asked for. */
static void add_reached(struct mr_strbuf *out, const struct mr_restore *r)
{
    if (r->opts->until == NULL)
        return;
    mr_strbuf_add_str(out, "rows are as of ");
    if (r->whole.reached.len > 0)
        mr_utf8_show_str(out, r->whole.reached.ptr);
    else
        mr_strbuf_add_str(out, "the snapshot: the log has nothing between it and that moment");
    mr_strbuf_add_char(out, '\n');
}

static void put_reached(struct mr_jsonw *w, const struct mr_restore *r)
{
    if (r->opts->until == NULL)
        return;
    mr_jsonw_add_str(w, "until", r->opts->until);
    mr_jsonw_add_str(w, "reached", r->whole.reached.len > 0 ? r->whole.reached.ptr : NULL);
    mr_jsonw_add_uint(w, "transactions", r->whole.transactions);
}

/* The last line on the screen is the verdict, or what to do next. */
static enum mr_code print_text(const struct mr_restore *r, struct mr_look look, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_restore_add_result(&out, r, look);
    mr_restore_add_verdict(&out, r);
    mr_strbuf_add_char(&out, '\n');
    add_reached(&out, r);
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

static enum mr_code print_dry_json(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_restore_put_dry_tables(&w, r);
    mr_restore_put_notes(&w, r);
    mr_restore_put_dry_summary(&w, r);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static enum mr_code print_dry(const struct mr_restore *r, bool color, struct mr_err *err)
{
    struct mr_strbuf notes = MR_STRBUF_INIT;
    mr_restore_add_notes(&notes, r, color);
    enum mr_code code = mr_restore_show_dry(r, &notes, color, err);
    mr_strbuf_release(&notes);
    return code;
}

static enum mr_code print_json(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_restore_put_result(&w, r);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-restore/1");
    mr_jsonw_add_str(&w, "verdict", mr_restore_verdict(r));
    mr_jsonw_add_str(&w, "uuid", r->snap.manifest.uuid);
    mr_jsonw_add_str(&w, "mode", r->bulk ? "bulk" : r->insert ? "insert" : "load");
    mr_jsonw_add_str(&w, "what",
                     r->opts->schema_only ? "schema"
                     : r->opts->data_only ? "data"
                                          : "all");
    mr_jsonw_add_bool(&w, "resumed", r->resumed);
    mr_jsonw_add_uint(&w, "tables", r->ntables);
    mr_jsonw_add_uint(&w, "set_aside", r->naside);
    mr_jsonw_add_uint(&w, "kept", r->nkept);
    mr_jsonw_add_uint(&w, "rows", mr_restore_rows_read(r));
    mr_jsonw_add_uint(&w, "losses", r->losses.count);
    mr_jsonw_add_uint(&w, "notes", r->notes.count);
    put_reached(&w, r);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
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
        code = mr_restore_print_refused(&restore, err);
    *exit_code = opts->dry_run ? mr_restore_dry_exit(&restore) : mr_restore_exit(&restore);
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
