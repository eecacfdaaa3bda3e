/* snapshot_verify_cmd.c: `myrecon snapshot verify` and `list`; see snapshot_cmd.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/expire.h"
#include "snapshot/list_chain.h"
#include "snapshot/read/fleet_list.h"
#include "snapshot/read/snap_options.h"
#include "snapshot/read/snap_record.h"
#include "snapshot/shelf_show.h"
#include "snapshot/snap_show.h"
#include "snapshot/snapshot_cmd.h"
#include "snapshot/verify_against.h"
#include "snapshot/verify_chain.h"
#include "snapshot/verify_fleet.h"
#include "snapshot/verify_one.h"

static const struct mr_command_doc verify_doc = {
    .summary = "prove that a snapshot is what was written",
    .operands = "DIR",
    .description =
        "Compares every file of the snapshot in DIR with the manifest: that it is there, "
        "its length and its SHA-256, and that nothing is there besides. Then reads all "
        "rows: that each file can be unpacked, holds as many rows, with the same digest, "
        "in the order and range of their keys. What is damaged is named. No server is "
        "asked.\n"
        "\n"
        "With --against the rows are then compared with those of a server, as check "
        "does.\n"
        "\n"
        "The manifest is proved by manifest.json.sha256. Whoever can write to DIR can "
        "change both: keep a copy of that file elsewhere.\n"
        "\n"
        "What was found, and when, is kept beside the snapshot, in DIR.verified.json, where "
        "that can be written; it holds for this very manifest alone.\n"
        "\n"
        "Of an incremental snapshot all that it goes on from is proved, too: what is found beside "
        "it, "
        "or by --base. A base that is missing, or is not the one that it was made from, is "
        "damage.\n"
        "\n"
        "Of a DIR that fleet snapshot has planned it proves all: that each snapshot is the one "
        "that "
        "fleet.json lists, that none is missing or there besides, and then each of them.\n"
        "\n"
        "Exit status: 0 whole; 1 damaged; 3 could not run: no snapshot, another format, "
        "another key; 4 no damage, but encrypted rows were not read for want of a key, or a "
        "snapshot of a fleet "
        "is not made yet; 6 "
        "interrupted; 70 bug. With --against, of a snapshot that is whole, those of "
        "check.\n",
    .examples = "  myrecon snapshot verify /backup/club\n"
                "  myrecon snapshot verify --quick --json /backup/club\n"
                "  myrecon snapshot verify --against mysql://dba@live/club /backup/club\n",
};
static const struct mr_command_doc list_doc = {
    .summary = "say what a snapshot holds",
    .operands = "DIR",
    .description =
        "Prints what is in the snapshot in DIR: of which server and moment, its tables "
        "with their rows and sizes, and what was left out. Only the manifest is read.\n"
        "\n"
        "Of a DIR that holds snapshots, one in each subdirectory, it prints a line for "
        "each: when and of what it was made, its size and age, and whether it is whole: "
        "its manifest proved, its files all there and as long as they were; and when "
        "snapshot verify has read all of it, and snapshot rehearse has restored it.\n"
        "\n"
        "With --chain it prints a line for each snapshot that an incremental one goes on "
        "from, the full one first.\n"
        "\n"
        "Exit status: 0 printed; 1 the manifest, or one of the snapshots, is damaged; 3 "
        "could not run; 70 bug.\n",
    .examples = "  myrecon snapshot list /backup/club\n"
                "  myrecon snapshot list --json /backup/club\n"
                "  myrecon snapshot list /backup\n"
                "  myrecon snapshot list --chain /backup/n7\n",
};

/* ---- result ---- */

/* What there is to be said besides damage. */
struct verified {
    bool recorded;     /* DIR.verified.json was written */
    size_t links;      /* of the chain, this one among them */
    bool unread;       /* its own rows were not read */
    bool links_unread; /* rows of the others */
};

static const struct mr_snap_damage *damage_at(const struct mr_snap *snap, size_t i)
{
    return mr_vec_at(&snap->damage, i);
}

/* "whole" is said only where the rows were read; files of the right size and sum say less. */
static enum mr_code print_text(const struct mr_snap *snap, struct verified of, bool color,
                               struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_snap_totals sum = mr_snap_manifest_totals(&snap->manifest);
    mr_verify_add_damage(&out, &snap->damage, color);
    if (snap->damage.count > 0) {
        mr_strbuf_add_fmt(&out, "%zu problem%s\n", snap->damage.count,
                          snap->damage.count == 1 ? "" : "s");
    } else {
        mr_strbuf_add_fmt(&out, "%s%s%s: %zu table%s, ", mr_term_style(MR_STYLE_GOOD, color),
                          of.unread || of.links_unread ? "all files are there" : "whole",
                          mr_term_style(MR_STYLE_RESET, color), snap->manifest.ntables,
                          snap->manifest.ntables == 1 ? "" : "s");
        mr_strbuf_add_grouped(&out, sum.rows);
        mr_strbuf_add_str(&out, of.unread ? " rows, not read" : " rows read");
        if (of.links > 1)
            mr_strbuf_add_fmt(&out, "; and the %zu it goes on from", of.links - 1);
        if (of.links_unread && !of.unread)
            mr_strbuf_add_str(&out, ", of which not all rows were read");
        mr_strbuf_add_char(&out, '\n');
    }
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

static enum mr_code print_json(const struct mr_snap *snap, const struct mr_snap_options *opts,
                               struct verified of, struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_snap_totals sum = mr_snap_manifest_totals(&snap->manifest);
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < snap->damage.count; i++) {
        mr_jsonw_object_begin(&w);
        mr_jsonw_add_str(&w, "type", "damage");
        mr_jsonw_add_str(&w, "file", damage_at(snap, i)->file);
        mr_jsonw_add_str(&w, "reason", damage_at(snap, i)->reason);
        mr_jsonw_object_end(&w);
        mr_jsonw_end_line(&w);
    }
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-verify/1");
    mr_jsonw_add_str(&w, "verdict", snap->damage.count > 0 ? "damaged" : "whole");
    mr_jsonw_add_bool(&w, "quick", opts->quick);
    mr_jsonw_add_bool(&w, "rows_read", !of.unread && !of.links_unread);
    mr_jsonw_add_str(&w, "uuid", snap->has_manifest ? snap->manifest.uuid : NULL);
    mr_jsonw_add_uint(&w, "tables", snap->manifest.ntables);
    mr_jsonw_add_uint(&w, "rows", sum.rows);
    mr_jsonw_add_uint(&w, "damage", snap->damage.count);
    mr_jsonw_add_bool(&w, "recorded", of.recorded);
    mr_jsonw_add_uint(&w, "links", of.links);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static enum mr_code print_verdict(const struct mr_snap *snap, const struct mr_snap_options *opts,
                                  struct verified of, struct mr_err *err)
{
    return opts->json ? print_json(snap, opts, of, err)
                      : print_text(snap, of, mr_term_use_color(opts->general.color, 1), err);
}

/* ---- commands ---- */

/* Damage is a finding with an exit code of its own; what could not be read at all is an error,
 * and leaves the verdict unsaid. */
static enum mr_code verify(const char *dir, const struct mr_snap_options *opts, int *exit_code,
                           struct mr_err *err)
{
    struct mr_progress *progress = NULL;
    struct mr_snap snap;
    struct verified of = {.links = 1};
    enum mr_code code = mr_snap_open(dir, &snap, err);
    if (code == MR_E_SNAPSHOT && mr_snap_is_absent(&snap) && mr_fleet_list_is_there(dir)) {
        mr_snap_close(&snap);
        return mr_verify_fleet(dir, opts, exit_code, err);
    }
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_progress_new(opts->general.progress, &progress, err));
    mr_progress_begin(progress, "proving");
    MR_TRY_OUT(mr_verify_one(&snap, opts, progress, err));
    of.unread = opts->quick || mr_verify_is_unread(&snap, opts);
    of.recorded = mr_verify_keep_record(&snap, opts); /* of itself, whatever its bases are like */
    MR_TRY_OUT(mr_verify_chain(&snap, opts, progress, &of.links, &of.links_unread, err));
out:
    mr_progress_finish(progress);
    if (code == MR_OK)
        code = print_verdict(&snap, opts, of, err);
    else if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing was changed. Run it again.");
    *exit_code = snap.damage.count > 0 ? 1 : !opts->quick && (of.unread || of.links_unread) ? 4 : 0;
    mr_progress_free(progress);
    mr_snap_close(&snap);
    return code;
}

/* What is damaged proves nothing about a server. */
static enum mr_code run_verify(const struct mr_invocation *invocation, int *exit_code,
                               struct mr_err *err)
{
    const struct mr_snap_options *opts = invocation->settings.values;
    const char *dir = invocation->operands[0];
    mr_general_options_apply(&opts->general);
    enum mr_code code = verify(dir, opts, exit_code, err);
    if (code != MR_OK || opts->against == NULL)
        return code;
    if (*exit_code == 0)
        return mr_verify_against(invocation, opts, dir, exit_code, err);
    mr_log_warning("not compared with the server, because %s",
                   *exit_code == 4 ? "not all of its rows were read" : "it is damaged");
    return MR_OK;
}

/* A directory that holds snapshots; *found is false where it holds none. */
static enum mr_code list_shelf(const char *dir, const struct mr_snap_options *opts, bool *found,
                               int *exit_code, struct mr_err *err)
{
    const struct mr_expire_rules none = {0};
    const int64_t now_s = (int64_t)time(NULL);
    struct mr_shelf shelf;
    enum mr_code code = MR_OK;
    mr_shelf_init(&shelf);
    MR_TRY_OUT(mr_shelf_read(&shelf, dir, err));
    MR_TRY_OUT(mr_expire_decide(&shelf, &none, err)); /* the newest first */
    *found = shelf.items.count > 0;
    *exit_code = mr_shelf_has_damage(&shelf) ? 1 : 0;
    if (*found)
        MR_TRY_OUT(opts->json ? mr_shelf_show_json(&shelf, now_s, stdout, err)
                              : mr_shelf_show_text(&shelf, now_s,
                                                   mr_term_use_color(opts->general.color, 1),
                                                   stdout, err));
out:
    mr_shelf_release(&shelf);
    return code;
}

/* Behind what is in it. */
static enum mr_code print_proof(const struct mr_snap_record *verified,
                                const struct mr_snap_record *rehearsed, struct mr_look look,
                                struct mr_err *err)
{
    const bool damaged = verified != NULL && !mr_snap_record_is_good(verified);
    const bool clean = !damaged && (rehearsed == NULL || mr_snap_record_is_good(rehearsed));
    if (look.brief && clean)
        return MR_OK;
    struct mr_strbuf out = MR_STRBUF_INIT, proof = MR_STRBUF_INIT;
    mr_snap_record_add_text(&proof, verified, rehearsed);
    if (damaged) {
        mr_strbuf_add_fmt(&out, "%sdamaged%s: snapshot verify found it so at ",
                          mr_term_style(MR_STYLE_BAD, look.color),
                          mr_term_style(MR_STYLE_RESET, look.color));
        mr_utf8_show_str(&out, verified->at);
        mr_strbuf_add_char(&out, '\n');
    }
    if (proof.len > 0) /* begins with ", " */
        mr_strbuf_add_fmt(&out, "%s\n", proof.ptr + 2);
    else if (!damaged)
        mr_strbuf_add_str(&out, "neither verified nor rehearsed, as far as is recorded\n");
    out.failed = out.failed || proof.failed;
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&proof);
    mr_strbuf_release(&out);
    return code;
}

static enum mr_code list_one(const struct mr_snap *snap, const char *dir,
                             const struct mr_snap_options *opts, int *exit_code, struct mr_err *err)
{
    const struct mr_snap_record *verified = NULL, *rehearsed = NULL;
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_snap_record_read_both(snap, &arena, &verified, &rehearsed, err));
    if (opts->json) {
        MR_TRY_OUT(mr_snap_show_json(&snap->manifest, dir, verified, rehearsed, stdout, err));
    } else {
        MR_TRY_OUT(
            mr_snap_show_text(&snap->manifest, dir, mr_general_look(&opts->general), stdout, err));
        MR_TRY_OUT(print_proof(verified, rehearsed, mr_general_look(&opts->general), err));
    }
    *exit_code = snap->damage.count > 0 || (verified != NULL && !mr_snap_record_is_good(verified));
out:
    mr_arena_release(&arena);
    return code;
}

static enum mr_code run_list(const struct mr_invocation *invocation, int *exit_code,
                             struct mr_err *err)
{
    const struct mr_snap_options *opts = invocation->settings.values;
    const char *dir = invocation->operands[0];
    struct mr_snap snap;
    bool is_shelf = false;
    mr_general_options_apply(&opts->general);
    if (opts->chain)
        return mr_list_chain(dir, opts, exit_code, err);
    if (opts->bases.count > 0)
        return mr_err_set(err, MR_E_USAGE, "--base is for --chain");
    enum mr_code code = mr_snap_open(dir, &snap, err);
    if (code == MR_E_SNAPSHOT && mr_snap_is_absent(&snap)) {
        struct mr_err why = {0};
        const enum mr_code listed = list_shelf(dir, opts, &is_shelf, exit_code, &why);
        if (listed != MR_OK || is_shelf) {
            mr_snap_close(&snap);
            if (listed != MR_OK)
                *err = why;
            return listed;
        }
    }
    *exit_code = snap.damage.count > 0 ? 1 : 0;
    if (code == MR_OK)
        code = snap.has_manifest ? list_one(&snap, dir, opts, exit_code, err)
                                 : print_verdict(&snap, opts, (struct verified){.links = 1}, err);
    mr_snap_close(&snap);
    return code;
}

const struct mr_command mr_snapshot_verify_command = {.name = "snapshot verify",
                                                      .doc = &verify_doc,
                                                      .options = &mr_snap_verify_option_set,
                                                      .min_operands = 1,
                                                      .max_operands = 1,
                                                      .run = run_verify};
const struct mr_command mr_snapshot_list_command = {.name = "snapshot list",
                                                    .is_to_show = true,
                                                    .doc = &list_doc,
                                                    .options = &mr_snap_list_option_set,
                                                    .min_operands = 1,
                                                    .max_operands = 1,
                                                    .run = run_list};
