/* snapshot_expire_cmd.c: `myrecon snapshot expire`; see snapshot_cmd.h. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/expire.h"
#include "snapshot/read/snap_options.h"
#include "snapshot/shelf_chain.h"
#include "snapshot/shelf_show.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "remove snapshots that are no longer kept",
    .operands = "DIR...",
    .description =
        "Each DIR holds snapshots, one in each subdirectory. Of those of one server with the "
        "same databases and the same choice of tables and rows, those are kept that one of the "
        "--keep rules names, and the others removed. Days, weeks (ISO 8601) and months are those "
        "of UTC, and count only where there is a snapshot of them.\n"
        "\n"
        "Whatever the rules say, the newest that is whole is kept, and the newest from which "
        "nothing was left out. What is damaged, unfinished or no snapshot is never removed, and "
        "does not count; links are not followed. Whole means that the manifest is proved and "
        "every file there and as long as it was (snapshot verify --quick): rows are not read, so "
        "run snapshot verify on what is to be relied on.\n"
        "\n"
        "What an incremental snapshot that stays goes on from stays, too. One whose base is not in "
        "a DIR, or "
        "is damaged, is damaged.\n"
        "\n"
        "A snapshot that is removed is called NAME.expired first, and marked: one that is "
        "interrupted is finished by the next run.\n"
        "\n"
        "Exit status: 0 done; 3 could not run, or could not remove one; 4 done, but one is "
        "damaged, could not be looked at, or is called NAME.expired and holds what no snapshot "
        "has; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon snapshot expire --keep-daily 7 --keep-weekly 5 --dry-run /backup\n"
                "  myrecon snapshot expire --keep-last 3 --keep-monthly 12 /backup\n",
};

/* What came of one. */
enum fate { FATE_KEPT = 1, FATE_REMOVED, FATE_LEFT };

struct result {
    size_t kept, removed, left, damaged;
    uint64_t freed_bytes;
};

static enum fate fate_of(const struct mr_shelf_item *item)
{
    if (item->state == MR_SHELF_EXPIRED || (item->state == MR_SHELF_WHOLE && !item->is_kept))
        return FATE_REMOVED;
    return item->state == MR_SHELF_WHOLE ? FATE_KEPT : FATE_LEFT;
}

static const char *fate_word(enum fate fate, bool dry_run)
{
    switch (fate) {
    case FATE_KEPT: return "keep";
    case FATE_REMOVED: return dry_run ? "would remove" : "removed";
    case FATE_LEFT: break;
    }
    return "leave";
}

/* ---- text ---- */

static void add_line(struct mr_strbuf *out, const struct mr_shelf_item *item, bool dry_run,
                     bool color)
{
    const enum fate fate = fate_of(item);
    const enum mr_style style = fate == FATE_KEPT                 ? MR_STYLE_GOOD
                                : item->state == MR_SHELF_DAMAGED ? MR_STYLE_BAD
                                                                  : MR_STYLE_WARN;
    mr_strbuf_add_fmt(out, "%s%-12s%s  ", mr_term_style(style, color), fate_word(fate, dry_run),
                      mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, item->path);
    mr_shelf_add_text(out, item);
    if (item->kept_as != NULL)
        mr_strbuf_add_fmt(out, "  (%s)", item->kept_as);
    mr_strbuf_add_char(out, '\n');
}

static void add_total(struct mr_strbuf *out, const struct result *r, bool dry_run)
{
    mr_strbuf_add_fmt(out, "%zu kept, %zu %s", r->kept, r->removed,
                      dry_run ? "would be removed" : "removed");
    if (r->removed > 0) {
        mr_strbuf_add_str(out, " (");
        mr_strbuf_add_size(out, r->freed_bytes);
        mr_strbuf_add_char(out, ')');
    }
    if (r->left > 0)
        mr_strbuf_add_fmt(out, ", %zu left as %s", r->left, r->left == 1 ? "it is" : "they are");
    mr_strbuf_add_char(out, '\n');
}

/* ---- JSON ---- */

static void put_line(struct mr_jsonw *w, const struct mr_shelf_item *item)
{
    static const char *const fates[] = {"", "keep", "remove", "leave"};
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "snapshot");
    mr_jsonw_add_str(w, "action", fates[fate_of(item)]);
    mr_jsonw_add_str(w, "kept_as", item->kept_as);
    mr_shelf_put(w, item);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_total(struct mr_jsonw *w, const struct result *r, bool dry_run)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_str(w, "schema", "myrecon/snapshot-expire/1");
    mr_jsonw_add_bool(w, "dry_run", dry_run);
    mr_jsonw_add_uint(w, "kept", r->kept);
    mr_jsonw_add_uint(w, "removed", r->removed);
    mr_jsonw_add_uint(w, "left", r->left);
    mr_jsonw_add_uint(w, "damaged", r->damaged);
    mr_jsonw_add_uint(w, "freed_bytes", r->freed_bytes);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* ---- the command ---- */

static const struct mr_shelf_item *item_at(const struct mr_shelf *shelf, size_t i)
{
    return mr_vec_at(&shelf->items, i);
}

static void count(const struct mr_shelf_item *item, struct result *r)
{
    const enum fate fate = fate_of(item);
    r->kept += fate == FATE_KEPT;
    r->removed += fate == FATE_REMOVED;
    r->left += fate == FATE_LEFT;
    r->damaged += item->state == MR_SHELF_DAMAGED;
    r->freed_bytes += fate == FATE_REMOVED ? item->stored_bytes : 0;
}

static enum mr_code print(const struct mr_shelf *shelf, size_t done, const struct result *r,
                          const struct mr_snap_options *opts, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    enum mr_code code = MR_OK;
    if (opts->json) {
        mr_jsonw_init_file(&w, stdout);
        for (size_t i = 0; i < done; i++)
            put_line(&w, item_at(shelf, i));
        put_total(&w, r, opts->dry_run);
        code = mr_jsonw_finish(&w, "standard output", err);
        mr_jsonw_release(&w);
        return code;
    }
    for (size_t i = 0; i < done; i++)
        add_line(&out, item_at(shelf, i), opts->dry_run, mr_term_use_color(opts->general.color, 1));
    add_total(&out, r, opts->dry_run);
    code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

/* What earlier runs have begun, before others need the same names; what is called so and is
 * somebody's own is left alone. */
static enum mr_code finish_earlier(struct mr_shelf *shelf, struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    for (size_t i = 0; i < shelf->items.count; i++) {
        struct mr_err why = {0};
        bool in_use = false;
        if (items[i].state != MR_SHELF_EXPIRED)
            continue;
        enum mr_code code = mr_shelf_remove(items[i].path, &in_use, &why);
        if (code == MR_E_REFUSED) {
            items[i].state = MR_SHELF_DAMAGED;
            items[i].why = mr_arena_strdup(&shelf->arena, why.message);
            code = items[i].why != NULL ? MR_OK : mr_err_nomem(&why, "removing a snapshot");
        }
        if (code != MR_OK) {
            *err = why;
            return code;
        }
    }
    return MR_OK;
}

/* What is read by then the next run finds again. */
static enum mr_code remove_one(struct mr_shelf *shelf, struct mr_shelf_item *item,
                               struct mr_err *err)
{
    struct mr_err why = {0};
    bool in_use = false;
    const enum mr_code code = mr_shelf_remove(item->path, &in_use, &why);
    if (in_use) {
        item->is_kept = true;
        item->kept_as = "in use";
        return mr_shelf_keep_bases(shelf, err);
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* The first that cannot be removed ends it; what was done until then is told all the same. */
static enum mr_code act(struct mr_shelf *shelf, bool dry_run, size_t *done, struct result *r,
                        struct mr_err *err)
{
    *done = 0;
    if (!dry_run)
        MR_TRY(finish_earlier(shelf, err));
    for (; *done < shelf->items.count; (*done)++) {
        struct mr_shelf_item *item = mr_vec_at(&shelf->items, *done);
        if (!dry_run && item->state == MR_SHELF_WHOLE && fate_of(item) == FATE_REMOVED)
            MR_TRY(remove_one(shelf, item, err));
        count(item, r);
    }
    return MR_OK;
}

/* Without a rule everything but the newest would go. */
static enum mr_code require_rule(const struct mr_expire_rules *keep, struct mr_err *err)
{
    if (keep->last + keep->daily + keep->weekly + keep->monthly > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "nothing says what is to be kept");
    mr_err_hint(err, "Give one or more of --keep-last, --keep-daily, --keep-weekly and "
                     "--keep-monthly.");
    return MR_E_USAGE;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_snap_options *opts = invocation->settings.values;
    struct result result = {0};
    struct mr_shelf shelf;
    size_t done = 0;
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    mr_shelf_init(&shelf);
    MR_TRY_OUT(require_rule(&opts->keep, err));
    for (size_t i = 0; i < invocation->noperands; i++)
        MR_TRY_OUT(mr_shelf_read(&shelf, invocation->operands[i], err));
    MR_TRY_OUT(mr_expire_decide(&shelf, &opts->keep, err));
    code = act(&shelf, opts->dry_run, &done, &result, err);
    struct mr_err unprinted = {0};
    const enum mr_code printed = print(&shelf, done, &result, opts, &unprinted);
    if (code == MR_OK && printed != MR_OK) {
        *err = unprinted;
        code = printed;
    }
    *exit_code = result.damaged > 0 ? 4 : 0;
out:
    mr_shelf_release(&shelf);
    return code;
}

const struct mr_command mr_snapshot_expire_command = {
    .name = "snapshot expire",
    .doc = &doc,
    .options = &mr_snap_expire_option_set,
    .min_operands = 1,
    .max_operands = 64,
    .unheard = "What was to be removed is removed. \"ls\" of the directories shows what is left.",
    .run = run};
