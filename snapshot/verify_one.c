/* verify_one.c: see verify_one.h. */
#include "snapshot/verify_one.h"

#include "core/base/log.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_record.h"

bool mr_verify_is_unread(const struct mr_snap *snap, const struct mr_snap_options *opts)
{
    return mr_snap_is_encrypted(snap) && opts->decrypt_with == NULL;
}

/* Rows that cannot be read are no damage; that they were not read is said. */
static enum mr_code use_options(struct mr_snap *snap, const struct mr_snap_options *opts,
                                struct mr_verify_opts *how, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (opts->signer != NULL)
        code = mr_snap_require_signer(snap, opts->signer, err);
    if (code == MR_OK && (opts->decrypt_with != NULL || opts->against != NULL))
        code = mr_snap_unlock(snap, opts->decrypt_with, err);
    how->unread = !opts->quick && mr_verify_is_unread(snap, opts);
    if (code == MR_OK && how->unread)
        mr_log_warning("the rows are encrypted: without --decrypt-with KEY.pem only files "
                       "are compared");
    return code;
}

enum mr_code mr_verify_one(struct mr_snap *snap, const struct mr_snap_options *opts,
                           struct mr_progress *progress, struct mr_err *err)
{
    struct mr_verify_opts how = {
        .threads = opts->threads, .quick = opts->quick, .progress = progress};
    MR_TRY(use_options(snap, opts, &how, err));
    return mr_verify(snap, &how, err);
}

bool mr_verify_keep_record(const struct mr_snap *snap, const struct mr_snap_options *opts)
{
    const bool damaged = snap->damage.count > 0;
    const struct mr_snap_record record = {.verdict = damaged ? "damaged" : "whole",
                                          .all = true,
                                          .tables = snap->manifest.ntables,
                                          .rows = mr_snap_manifest_totals(&snap->manifest).rows};
    struct mr_err why = {0};
    if (opts->no_record || opts->quick || mr_verify_is_unread(snap, opts) || !snap->has_manifest ||
        (damaged && opts->signer != NULL))
        return false;
    if (mr_snap_record_write(MR_RECORD_VERIFIED, snap, &record, &why) == MR_OK)
        return true;
    mr_log_detail("no record of it is kept: %s", why.message);
    return false;
}

void mr_verify_add_damage(struct mr_strbuf *out, const struct mr_vec *damage, bool color)
{
    for (size_t i = 0; i < damage->count; i++) {
        const struct mr_snap_damage *d = mr_vec_at(damage, i);
        mr_strbuf_add_fmt(out, "%sdamaged%s: ", mr_term_style(MR_STYLE_BAD, color),
                          mr_term_style(MR_STYLE_RESET, color));
        mr_utf8_show_str(out, d->file);
        mr_strbuf_add_char(out, ' ');
        mr_utf8_show_str(out, d->reason);
        mr_strbuf_add_char(out, '\n');
    }
}
