/* snapshot_merge_cmd.c: `myrecon snapshot merge`; see snapshot_cmd.h. */
#include <stdio.h>

#include "core/cli/general_options.h"
#include "snapshot/merge/snap_merge.h"
#include "snapshot/merge/merge_options.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/snap_show.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "make a full snapshot of an incremental one and its bases",
    .operands = "DIR0 DIR1...",
    .description =
        "Puts a chain of snapshots together: the last operand is the one whose moment is wanted, "
        "the others "
        "are what it goes on from, in any order; a base that lies beside it need not be named. No "
        "server is "
        "asked. The result is a full snapshot, as \"snapshot create\" without --base would have "
        "made "
        "it at that moment, and does not need the others any more.\n"
        "\n"
        "Every file is proved on the way. Rows that are encrypted need --decrypt-with, and are "
        "written in "
        "clear unless --encrypt-to is given; the result is signed only with --sign-with.\n"
        "\n"
        "Exit status: 0 made; 3 could not run; 4 made, but the last snapshot lacks something that "
        "could not be "
        "kept when it was made; 5 refused: a link is missing or damaged, or --output is not empty; "
        "6 "
        "interrupted; 70 bug.\n",
    .examples = "  myrecon snapshot merge --output /backup/monday /backup/sunday \\\n"
                "      /backup/sunday-1 /backup/sunday-2\n"
                "  myrecon snapshot merge --output /var/tmp/whole /backup/n7\n",
};

/* ---- keys ---- */

struct keys {
    struct mr_recipient **recipients;
    size_t count;
    struct mr_sign_key *signer;
};

static enum mr_code load_keys(const struct mr_snap_merge_options *o, struct mr_arena *arena,
                              struct keys *keys, struct mr_err *err)
{
    keys->recipients = mr_arena_calloc(arena, o->encrypt_to.count + 1, sizeof(void *));
    if (keys->recipients == NULL)
        return mr_err_nomem(err, "merging snapshots");
    for (; keys->count < o->encrypt_to.count; keys->count++)
        MR_TRY(mr_recipient_load(o->encrypt_to.items[keys->count], &keys->recipients[keys->count],
                                 err));
    return o->sign_with != NULL ? mr_sign_key_load(o->sign_with, &keys->signer, err) : MR_OK;
}

static void free_keys(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        mr_recipient_free(keys->recipients[i]);
    mr_sign_key_free(keys->signer);
}

/* ---- links ---- */

/* Who signed them is asked before anything of them is read; the key opens those that are encrypted. */
static enum mr_code open_links(const struct mr_snap_merge_options *o,
                               const struct mr_snap_chain *chain, struct mr_err *err)
{
    for (size_t i = 0; i < chain->links.count; i++) {
        struct mr_snap *link = mr_snap_chain_link(chain, i);
        if (o->signer != NULL && link->has_manifest)
            MR_TRY(mr_snap_require_signer(link, o->signer, err));
    }
    MR_TRY(mr_snap_chain_require(chain, err));
    for (size_t i = 0; i < chain->links.count; i++)
        MR_TRY(mr_snap_unlock(mr_snap_chain_link(chain, i), o->decrypt_with, err));
    return MR_OK;
}

static enum mr_code require_output(const struct mr_snap_merge_options *o, struct mr_err *err)
{
    if (o->output != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "nothing says where the full snapshot is to be written");
    mr_err_hint(err, "Add --output DIR.");
    return MR_E_USAGE;
}

static enum mr_code require_chain(const struct mr_snap_chain *chain, struct mr_err *err)
{
    if (chain->links.count > 1 || chain->missing != NULL ||
        !mr_snap_chain_link(chain, 0)->has_manifest)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "snapshot \"%s\" is a full one already",
                     mr_snap_chain_link(chain, 0)->path);
    mr_err_hint(err, "The last operand is the incremental snapshot whose moment is wanted.");
    return MR_E_USAGE;
}

static enum mr_code print(const struct mr_snap_merge_options *o, const struct mr_snap_merge *merge,
                          struct mr_err *err)
{
    return o->json ? mr_snap_show_json(&merge->manifest, o->output, NULL, NULL, stdout, err)
                   : mr_snap_show_text(&merge->manifest, o->output, mr_general_look(&o->general),
                                       stdout, err);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_snap_merge_options *o = invocation->settings.values;
    const size_t last = invocation->noperands - 1;
    const struct mr_string_list bases = {.items = invocation->operands, .count = last};
    struct mr_snap_merge_opts how = {.chunk_mib = o->chunk_mib, .level = o->level};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_progress *progress = NULL;
    struct keys keys = {.signer = NULL};
    struct mr_snap_chain chain;
    struct mr_snap_merge merge = {.chain = NULL};
    mr_general_options_apply(&o->general);
    MR_TRY(require_output(o, err));
    enum mr_code code = mr_snap_chain_open(&chain, invocation->operands[last], &bases, err);
    MR_TRY_OUT(code);
    MR_TRY_OUT(require_chain(&chain, err));
    MR_TRY_OUT(load_keys(o, &arena, &keys, err));
    MR_TRY_OUT(open_links(o, &chain, err));
    MR_TRY_OUT(mr_progress_new(o->general.progress, &progress, err));
    mr_progress_begin(progress, "merging");
    how.recipients = (const struct mr_recipient *const *)keys.recipients;
    how.nrecipients = keys.count;
    how.signer = keys.signer;
    how.progress = progress;
    code = mr_snap_merge_run(&merge, &chain, o->output, &how, err);
    mr_progress_finish(progress);
    MR_TRY_OUT(code);
    MR_TRY_OUT(print(o, &merge, err));
    *exit_code = merge.manifest.nleft_out > 0 ? 4 : 0;
out:
    mr_snap_merge_release(&merge);
    mr_progress_free(progress);
    free_keys(&keys);
    mr_snap_chain_close(&chain);
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_snapshot_merge_command = {
    .name = "snapshot merge",
    .doc = &doc,
    .options = &mr_snap_merge_option_set,
    .min_operands = 1,
    .max_operands = 1024,
    .unheard = "The snapshot is made. \"myrecon snapshot list\" says what is in it.",
    .run = run};
