/* list_chain.c: see list_chain.h. */
#include "snapshot/list_chain.h"

#include <stdio.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/read/snap_chain.h"
#include "snapshot/read/snap_record.h"

#define FOUND "snapshot verify found it so at"

/* What is wrong with the link, or NULL: the manifest is all that is looked at, and what `verify` has found. */
struct harm {
    const char *file, *reason;
    const char *told; /* in one text */
};

static enum mr_code find_harm(const struct mr_snap *link, struct mr_arena *arena, struct harm *harm,
                              struct mr_err *err)
{
    const struct mr_snap_record *verified = NULL, *rehearsed = NULL;
    *harm = (struct harm){NULL, NULL, NULL};
    if (link->damage.count > 0) {
        const struct mr_snap_damage *first = mr_vec_at(&link->damage, 0);
        *harm = (struct harm){first->file, first->reason, first->reason};
        return MR_OK;
    }
    MR_TRY(mr_snap_record_read_both(link, arena, &verified, &rehearsed, err));
    if (verified == NULL || mr_snap_record_is_good(verified))
        return MR_OK;
    *harm = (struct harm){FOUND, verified->at, mr_arena_fmt(arena, FOUND " %s", verified->at)};
    return harm->told != NULL ? MR_OK : mr_err_nomem(err, "looking at a chain");
}

/* ---- text ---- */

static void add_link(struct mr_strbuf *out, const struct mr_snap *link, const struct harm *harm,
                     bool color)
{
    const struct mr_snap_manifest *m = &link->manifest;
    const struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    mr_strbuf_add_str(out,
                      mr_term_style(harm->reason == NULL ? MR_STYLE_GOOD : MR_STYLE_BAD, color));
    mr_utf8_show_str(out, link->path);
    mr_strbuf_add_fmt(out, "%s  ", mr_term_style(MR_STYLE_RESET, color));
    if (harm->reason != NULL) {
        mr_strbuf_add_str(out, "damaged: ");
        mr_utf8_show_str(out, harm->file);
        mr_strbuf_add_char(out, ' ');
        mr_utf8_show_str(out, harm->reason);
        mr_strbuf_add_char(out, '\n');
        return;
    }
    mr_strbuf_add_str(out, m->base.uuid == NULL ? "full, made " : "changes, made ");
    mr_utf8_show_str(out, m->created);
    mr_strbuf_add_str(out, ", ");
    mr_strbuf_add_grouped(out, sum.rows);
    mr_strbuf_add_str(out, sum.rows == 1 ? " row, " : " rows, ");
    mr_strbuf_add_size(out, sum.stored_bytes);
    mr_strbuf_add_str(out, "  (");
    mr_utf8_show_str(out, m->uuid);
    mr_strbuf_add_str(out, ")\n");
}

static enum mr_code print_text(const struct mr_snap_chain *chain, const struct harm *harms,
                               bool color, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT, missing = MR_STRBUF_INIT;
    if (chain->missing != NULL) {
        mr_snap_chain_add_missing(&missing, chain);
        mr_strbuf_add_fmt(&out, "%smissing%s: ", mr_term_style(MR_STYLE_BAD, color),
                          mr_term_style(MR_STYLE_RESET, color));
        mr_utf8_show_str(&out, missing.ptr);
        mr_strbuf_add_char(&out, '\n');
    }
    for (size_t i = 0; i < chain->links.count; i++)
        add_link(&out, mr_snap_chain_link(chain, i), &harms[i], color);
    mr_strbuf_add_fmt(&out, "%zu link%s%s\n", chain->links.count,
                      chain->links.count == 1 ? "" : "s",
                      chain->missing != NULL ? ", and what they go on from is missing" : "");
    out.failed = out.failed || missing.failed;
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&missing);
    mr_strbuf_release(&out);
    return code;
}

/* ---- JSON ---- */

static void put_link(struct mr_jsonw *w, const struct mr_snap *link, const struct harm *harm)
{
    const struct mr_snap_manifest *m = &link->manifest;
    const struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "link");
    mr_jsonw_add_str(w, "path", link->path);
    mr_jsonw_add_str(w, "uuid", m->uuid);
    mr_jsonw_add_str(w, "created", m->created);
    mr_jsonw_add_str(w, "base", m->base.uuid);
    mr_jsonw_add_str(w, "manifest_sha256", link->has_manifest ? link->manifest_sha256 : NULL);
    mr_jsonw_add_uint(w, "tables", m->ntables);
    mr_jsonw_add_uint(w, "rows", sum.rows);
    mr_jsonw_add_uint(w, "bytes", sum.stored_bytes);
    mr_jsonw_add_str(w, "damage", harm->told);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static enum mr_code print_json(const struct mr_snap_chain *chain, const struct harm *harms,
                               bool whole, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < chain->links.count; i++)
        put_link(&w, mr_snap_chain_link(chain, i), &harms[i]);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-chain/1");
    mr_jsonw_add_uint(&w, "links", chain->links.count);
    mr_jsonw_add_str(&w, "missing", chain->missing != NULL ? chain->missing->uuid : NULL);
    mr_jsonw_add_bool(&w, "whole", whole);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* Of each link only the manifest is proved, as `snapshot list` does it. */
enum mr_code mr_list_chain(const char *dir, const struct mr_snap_options *opts, int *exit_code,
                           struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_snap_chain chain;
    struct harm *harms = NULL;
    enum mr_code code = mr_snap_chain_open(&chain, dir, &opts->bases, err);
    bool whole = code == MR_OK && chain.missing == NULL;
    if (code == MR_OK &&
        (harms = mr_arena_calloc(&arena, chain.links.count + 1, sizeof *harms)) == NULL)
        code = mr_err_nomem(err, "looking at a chain");
    for (size_t i = 0; code == MR_OK && i < chain.links.count; i++) {
        code = find_harm(mr_snap_chain_link(&chain, i), &arena, &harms[i], err);
        whole = whole && harms[i].reason == NULL;
    }
    if (code == MR_OK)
        code = opts->json
                   ? print_json(&chain, harms, whole, err)
                   : print_text(&chain, harms, mr_term_use_color(opts->general.color, 1), err);
    *exit_code = whole ? 0 : 1;
    mr_snap_chain_close(&chain);
    mr_arena_release(&arena);
    return code;
}
