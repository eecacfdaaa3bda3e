/* snapshot_rehearse_cmd.c: `myrecon snapshot rehearse`; see snapshot_cmd.h. */
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "snapshot/rehearse/rehearsal.h"
#include "snapshot/snap_show_restore.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "try a restore in a server of its own, and prove it",
    .operands = "DIR",
    .description =
        "Restores the snapshot in DIR into a private server, which it starts from the server "
        "program that is installed here (mariadbd or mysqld; the snapshot's family before the "
        "other one), and reads every row back, as snapshot restore does. Nobody else reaches "
        "that server: it listens on a socket in a directory of mode 0700 alone. At the end it "
        "is stopped and removed, whatever came of it. No other server is asked for anything.\n"
        "\n"
        "It says how long a restore takes on such a server, and keeps proof and date beside "
        "the snapshot, in DIR.rehearsed.json, which holds for this very manifest alone: "
        "snapshot list of the directory above shows it.\n"
        "\n"
        "The directory must have room for three times the text of the rows and 512 MiB. Where "
        "this is root the server is run by the account mysql, if there is one. MariaDB 10.4, "
        "MySQL 5.7 or later.\n"
        "\n"
        "Exit status: 0 restored and equal; 1 restored, but rows differ from the snapshot; 3 "
        "could not run; 4 restored, but a table was set aside, or something could not be made "
        "as it was, or the server ended by itself; 5 refused: damaged, no room, or something "
        "that this server cannot express; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon snapshot rehearse /backup/club\n"
                "  myrecon snapshot rehearse --server /usr/sbin/mariadbd \\\n"
                "      --work-dir /var/tmp /backup/club\n"
                "  myrecon snapshot rehearse --tables club.orders /backup/club\n",
};

/* ---- text ---- */

static void add_phase(struct mr_strbuf *out, const char *what, double seconds)
{
    mr_strbuf_add_fmt(out, "%s ", what);
    if (seconds < 60)
        mr_strbuf_add_fmt(out, "%.1f s", seconds);
    else
        mr_progress_add_duration(out, seconds);
}

static void add_server(struct mr_strbuf *out, const struct mr_rehearse *h)
{
    mr_strbuf_add_fmt(out, "server: %s ", mr_program_family(h->program.flavour));
    mr_utf8_show_str(out, h->program.version_text);
    mr_strbuf_add_str(out, ", ");
    mr_utf8_show_str(out, h->program.path);
    if (h->is_other_family || h->is_older) {
        mr_strbuf_add_fmt(out, "; the snapshot is of %s ",
                          mr_program_family(h->snap.manifest.server.flavour));
        mr_utf8_show_str(out, h->snap.manifest.server.version);
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_times(struct mr_strbuf *out, const struct mr_rehearse *h)
{
    const struct mr_restore_times *t = &h->restore.times;
    add_phase(out, "time: server up in", h->start_s);
    add_phase(out, ", files proved in", t->files_s);
    add_phase(out, ", loaded in", t->load_s);
    if (t->load_s >= 1 && h->plain_bytes > 0) {
        mr_strbuf_add_str(out, " (");
        mr_strbuf_add_size(out, (uint64_t)((double)h->plain_bytes / t->load_s));
        mr_strbuf_add_str(out, "/s)");
    }
    add_phase(out, ", read back in", t->check_s);
    if (h->estimate_s > 0) {
        add_phase(out,
                  h->is_all ? "\nestimate: a restore takes"
                            : "\nestimate: a restore of all tables takes",
                  h->estimate_s);
        mr_strbuf_add_str(out, " on a machine like this one, without a binary log");
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_record(struct mr_strbuf *out, const struct mr_rehearse *h)
{
    if (h->record == NULL)
        return;
    mr_strbuf_add_str(out, "record: ");
    mr_utf8_show_str(out, h->record);
    mr_strbuf_add_char(out, '\n');
}

/* The last line on the screen is the verdict. */
static enum mr_code print_text(const struct mr_rehearse *h, struct mr_look look, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_restore_add_result(&out, &h->restore, look);
    if (!look.brief) {
        add_server(&out, h);
        add_times(&out, h);
        add_record(&out, h);
    }
    mr_restore_add_verdict(&out, &h->restore);
    add_phase(&out, ", rehearsed in", h->total_s);
    mr_strbuf_add_char(&out, '\n');
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

/* ---- JSON ---- */

static void put_seconds(struct mr_jsonw *w, const char *name, double seconds)
{
    mr_jsonw_key(w, name);
    mr_jsonw_double(w, (double)(uint64_t)(seconds * 1000 + 0.5) / 1000);
}

static void put_summary(struct mr_jsonw *w, const struct mr_rehearse *h)
{
    const struct mr_restore *r = &h->restore;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_str(w, "schema", "myrecon/snapshot-rehearse/1");
    mr_jsonw_add_str(w, "verdict", mr_restore_verdict(r));
    mr_jsonw_add_str(w, "uuid", h->snap.manifest.uuid);
    mr_jsonw_add_bool(w, "all", h->is_all);
    mr_jsonw_add_uint(w, "tables", r->ntables);
    mr_jsonw_add_uint(w, "set_aside", r->naside);
    mr_jsonw_add_uint(w, "rows", mr_restore_rows_read(r));
    mr_jsonw_add_uint(w, "plain_bytes", h->plain_bytes);
    mr_jsonw_add_uint(w, "losses", r->losses.count);
    mr_jsonw_add_uint(w, "notes", r->notes.count);
    mr_jsonw_add_str(w, "program", h->program.path);
    mr_jsonw_add_str(w, "flavour", h->program.flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_jsonw_add_str(w, "server_version", h->program.version_text);
    mr_jsonw_add_bool(w, "same_family", !h->is_other_family);
    mr_jsonw_add_bool(w, "older", h->is_older);
    put_seconds(w, "start_s", h->start_s);
    put_seconds(w, "files_s", r->times.files_s);
    put_seconds(w, "load_s", r->times.load_s);
    put_seconds(w, "check_s", r->times.check_s);
    put_seconds(w, "total_s", h->total_s);
    put_seconds(w, "estimate_s", h->estimate_s);
    mr_jsonw_add_str(w, "record", h->record);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static enum mr_code print_json(const struct mr_rehearse *h, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_restore_put_result(&w, &h->restore);
    put_summary(&w, h);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- the command ---- */

/* What was restored with something missing is no proof, though all rows are equal. */
static const char *verdict_to_keep(const struct mr_restore *r)
{
    const int status = mr_restore_exit(r);
    return status == 0 ? "equal" : status == 1 ? "different" : "incomplete";
}

/* What came of it is told also where it could not be kept, or its directory could not be removed. */
static enum mr_code keep_and_print(struct mr_rehearse *h, struct mr_err *err)
{
    struct mr_err unkept = {0};
    const enum mr_code kept = mr_rehearse_keep(h, verdict_to_keep(&h->restore), &unkept);
    MR_TRY(h->opts->json ? print_json(h, err)
                         : print_text(h, mr_general_look(&h->opts->general), err));
    if (kept != MR_OK && h->left.code != MR_OK)
        mr_log_err_as_warning(&h->left);
    if (kept != MR_OK || h->left.code != MR_OK)
        *err = kept != MR_OK ? unkept : h->left;
    return kept != MR_OK ? kept : h->left.code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_snap_options *opts = invocation->settings.values;
    struct mr_rehearse rehearse = {.opts = opts};
    mr_general_options_apply(&opts->general);
    MR_TRY(mr_db_global_init(err));
    enum mr_code code = mr_rehearse_run(&rehearse, invocation->operands[0], err);
    if (code == MR_OK)
        code = keep_and_print(&rehearse, err);
    else if (code == MR_E_REFUSED && opts->json)
        code = mr_restore_print_refused(&rehearse.restore, err);
    *exit_code = mr_restore_exit(&rehearse.restore);
    mr_rehearse_release(&rehearse);
    return code;
}

const struct mr_command mr_snapshot_rehearse_command = {
    .name = "snapshot rehearse",
    .doc = &doc,
    .options = &mr_snap_rehearse_option_set,
    .min_operands = 1,
    .max_operands = 1,
    .unheard = "The rehearsal's server is gone; \"myrecon snapshot list\" of the directory above "
               "shows what came of it.",
    .run = run};
