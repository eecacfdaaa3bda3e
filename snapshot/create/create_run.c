/* create_run.c: a run from its first connection to its end; see create.h. */
#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/line.h"
#include "core/file/recipient.h"
#include "core/file/sha256.h"
#include "core/file/sign.h"
#include "snapshot/create/create_base.h"
#include "snapshot/create/create_case.h"

/* What zstd leaves of the server's own estimate, at the very best. */
#define RATIO_AT_BEST 20

static enum mr_code open_endpoint(struct mr_create *c, const char *uri, struct mr_err *err)
{
    enum mr_code code = mr_endpoint_parse(&c->ep, uri, err);
    if (code != MR_OK) {
        mr_err_context(err, "source");
        return code;
    }
    if (c->ep.kind != MR_ENDPOINT_MYSQL)
        return mr_err_set(err, MR_E_USAGE, "the source of a snapshot is a server, not a snapshot");
    return mr_login_complete(&c->ep, "SOURCE", "source", &c->opts->login, err);
}

/* Before anything is asked of a server: certificates and keys that do not fit end it here. */
static enum mr_code load_recipients(struct mr_create *c, struct mr_err *err)
{
    const struct mr_string_list *list = &c->opts->encrypt_to;
    c->recipients = mr_arena_calloc(&c->arena, list->count + 1, sizeof(void *));
    if (c->recipients == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    for (size_t i = 0; i < list->count; i++)
        MR_TRY(mr_recipient_load(list->items[i], &c->recipients[i], err));
    return MR_OK;
}

/* Once, since a key may ask for its passphrase. */
static enum mr_code load_signer(struct mr_create *c, struct mr_err *err)
{
    struct mr_strbuf der = MR_STRBUF_INIT;
    if (c->opts->sign_with == NULL)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sign_key_load(c->opts->sign_with, &c->signer, err));
    MR_TRY_OUT(mr_sign_key_public(c->signer, &der, err));
    c->manifest.signer = (struct mr_key){mr_arena_dup(&c->arena, der.ptr, der.len), der.len};
    if (c->manifest.signer.ptr == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "writing a snapshot"));

out:
    mr_strbuf_release(&der);
    return code;
}

/* The views connect later than this; where the URI says whether to compress, that holds. */
static enum mr_code spare_line(struct mr_create *c, struct mr_err *err)
{
    struct mr_line line;
    char carries[MR_LINE_TEXT];
    if (mr_db_compress(c->db) != MR_COMPRESS_UNSAID || !mr_db_can_compress(c->db))
        return MR_OK;
    MR_TRY(mr_line_measure(c->db, &line, err));
    if (!mr_line_is_slow(&line))
        return MR_OK;
    mr_source_compress(c->source);
    mr_line_text(&line, carries);
    mr_log_info("the link to the source carries %s: rows come compressed (compress=0 in its "
                "URI: they do not)",
                carries);
    return MR_OK;
}

/* The catalogue comes over the connection that is not of the view: it is older than the view
 * then, and what changed in between is found when definitions are compared again. */
static enum mr_code open_server(struct mr_create *c, struct mr_err *err)
{
    struct mr_err ignored = {0};
    c->source_opts.db.run_tag = c->id.id;
    c->source_opts.db.statement_timeout_s = c->opts->statement_timeout_s;
    c->source_opts.consistent = true;
    MR_TRY(mr_db_open(&c->ep, &c->source_opts.db, &c->db, err));
    MR_TRY(mr_source_live_new(&c->ep, &c->source_opts, &c->source, err));
    MR_TRY(spare_line(c, err));
    MR_TRY(mr_catalogue_load(c->db, (const char *const *)c->ep.dbs, c->ep.ndbs, &c->cat, err));
    MR_TRY(mr_catalogue_read_creates(c->db, c->cat, err));
    if (mr_grants_load(c->db, &c->grants, &ignored) != MR_OK)
        mr_log_warning("the grants of the account cannot be read: %s", ignored.message);
    mr_grants_warn_idle(c->grants, c->db);
    c->schema.db = c->db;
    c->schema.cat = c->cat;
    c->schema.grants = c->grants;
    c->schema.dir = c->dir;
    c->schema.arena = &c->arena;
    c->schema.tables = &c->opts->tables;
    c->schema.exclude = &c->opts->exclude;
    c->schema.all_dbs = c->ep.ndbs == 0;
    c->schema.tables_only = c->evidence != NULL;
    return mr_snap_schema_init(&c->schema, err);
}

/* The certificates themselves: another one may stand under the same name by now. */
static enum mr_code add_recipients(const struct mr_create *c, struct mr_strbuf *text,
                                   struct mr_err *err)
{
    struct mr_strbuf subject = MR_STRBUF_INIT, sha256 = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->opts->encrypt_to.count; i++) {
        code = mr_recipient_describe(c->recipients[i], &subject, &sha256, err);
        mr_strbuf_add_fmt(text, "\n%s", sha256.ptr);
        mr_strbuf_reset(&subject);
        mr_strbuf_reset(&sha256);
    }
    mr_strbuf_release(&subject);
    mr_strbuf_release(&sha256);
    return code;
}

/* Source, databases, and what is kept of them: a run with another one cannot go on. */
static enum mr_code make_fingerprint(struct mr_create *c, char hex[MR_SHA256_HEX],
                                     struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const struct mr_string_list *lists[] = {&c->opts->tables, &c->opts->exclude,
                                            &c->opts->where.texts};
    mr_endpoint_display(&c->ep, &text);
    mr_strbuf_add_fmt(&text, "\n%s", c->cat->server.uuid);
    if (c->evidence != NULL)
        mr_strbuf_add_fmt(&text, "\n%s", mr_create_case_rows_of(c));
    if (c->base != NULL)
        mr_strbuf_add_fmt(&text, "\nbase %s", mr_create_base_sha256(c));
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        mr_strbuf_add_char(&text, '\n');
        for (size_t i = 0; i < lists[l]->count; i++)
            mr_strbuf_add(&text, lists[l]->items[i], strlen(lists[l]->items[i]) + 1);
    }
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add_recipients(c, &text, err));
    MR_TRY_OUT(mr_strbuf_check(&text, "opening the journal", err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
out:
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code open_journal(struct mr_create *c, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    MR_TRY(make_fingerprint(c, hex, err));
    MR_TRY(mr_journal_file_open(c->dir, hex, &c->arena, &c->journal, err));
    if (c->journal->resumed)
        mr_log_info("going on with what an interrupted run has left in \"%s\"",
                    mr_snap_dir_partial(c->dir));
    return mr_journal_file_view(c->journal, &c->views.consistency, c->views.mark, err);
}

/* Of a table, as its server stores it, without the part that an earlier run has written. */
static uint64_t still_to_write(const struct mr_create *c, const struct mr_create_table *t)
{
    const struct mr_journal_table *done = mr_create_goes_on(c, t);
    uint64_t rows = 0, all = t->table->est_rows;
    for (size_t i = 0; done != NULL && i < done->chunks.count; i++)
        rows += ((struct mr_journal_chunk *)mr_vec_at(&done->chunks, i))->chunk.rows;
    if (rows == 0)
        return t->table->data_bytes;
    return rows < all ? (uint64_t)((double)t->table->data_bytes * (1 - (double)rows / (double)all))
                      : 0;
}

static enum mr_code refuse_disk(const struct mr_create *c, uint64_t wanted, uint64_t left,
                                struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "tables of ");
    mr_strbuf_add_size(&text, wanted);
    mr_strbuf_add_str(&text, " cannot fit into the ");
    mr_strbuf_add_size(&text, left);
    enum mr_code code = mr_strbuf_check(&text, "looking at a disk", err);
    if (code == MR_OK) {
        code = mr_err_set(err, MR_E_IO, "%s that are free at \"%s\"", text.ptr,
                          mr_snap_dir_partial(c->dir));
        mr_err_hint(err, "Free some space there, or choose a place on another disk.");
    }
    mr_strbuf_release(&text);
    return code;
}

static void warn_of_disk(uint64_t wanted, uint64_t left)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_size(&text, left);
    mr_strbuf_add_str(&text, " are free for tables of ");
    mr_strbuf_add_size(&text, wanted);
    if (!text.failed)
        mr_log_warning("%s: it may not fit", text.ptr);
    mr_strbuf_release(&text);
}

/* Before the first row: what cannot fit is not begun. */
static enum mr_code check_disk(struct mr_create *c, struct mr_err *err)
{
    uint64_t left = 0, disk = 0, wanted = 0;
    enum mr_code code = mr_snap_dir_free_bytes(c->dir, &left, &disk, err);
    for (size_t i = 0; i < c->tables.count; i++) {
        const struct mr_create_table *t = *(struct mr_create_table **)mr_vec_at(&c->tables, i);
        if (!t->left_out && t->snap.where == NULL && t->found == NULL && t->delta == NULL)
            wanted += still_to_write(c, t);
    }
    if (code != MR_OK || wanted / 2 <= left)
        return code;
    if (wanted / RATIO_AT_BEST > left)
        return refuse_disk(c, wanted, left, err);
    warn_of_disk(wanted, left);
    return MR_OK;
}

/* What follows for those who use the server meanwhile is said while they can still stop it. */
static void tell_views(const struct mr_create *c)
{
    const struct mr_snap_consistency *view = &c->views.consistency;
    if (c->views.count < c->opts->threads)
        mr_log_info("reading over %u connection%s instead of %u", c->views.count,
                    c->views.count == 1 ? "" : "s", c->opts->threads);
    if (view->note != NULL)
        mr_log_info("%s", view->note);
    const char *why = mr_reader_keeps_locks(c->views.readers[0]);
    if (why != NULL)
        mr_log_info("an ALTER of a table that is read waits until the end, and writers "
                    "wait behind it: %s",
                    why);
}

/* Engines without transactions have no views at all, which is said of each table. */
static bool has_other_engines(const struct mr_create *c)
{
    for (size_t i = 0; i < c->tables.count; i++) {
        const struct mr_create_table *t =
            *(struct mr_create_table *const *)mr_vec_at(&c->tables, i);
        if (!t->left_out && t->snap.transactional && !mr_create_is_marked(t))
            return true;
    }
    return false;
}

static enum mr_code open_views(struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_view_task task = {.source = c->source,
                                           .other = c->db,
                                           .wanted = c->opts->threads,
                                           .wait_ms = c->opts->consistency_wait_ms,
                                           .slots = c->opts->slots,
                                           .other_engines = has_other_engines(c),
                                           .arena = &c->arena};
    MR_TRY(mr_snap_views_open(&task, &c->views, err));
    tell_views(c);
    return MR_OK;
}

/* Where a view is gone, its rows on disk are still worth something. */
static void hint_resume(enum mr_code code, struct mr_err *err)
{
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing is lost: the same command goes on where it was.");
    else if (code == MR_E_LOST)
        mr_err_hint(err, "Run the same command again when the server is back: it goes on "
                         "where it was.");
    else if (code != MR_OK && err != NULL && mr_db_is_full(err))
        mr_err_hint(err, "A snapshot needs two connections even with --threads 1: run it "
                         "again when there are free ones.");
}

enum mr_code mr_create_run(struct mr_create *c, const char *uri, const char *path,
                           struct mr_err *err)
{
    c->id = mr_run_id_now();
    mr_arena_init(&c->arena);
    c->tables = (struct mr_vec)MR_VEC_INIT(struct mr_create_table *);
    c->numbers.items = (struct mr_vec)MR_VEC_INIT(struct mr_create_number);
    mr_arena_init(&c->numbers.arena);
    (void)pthread_mutex_init(&c->asking, NULL);
    (void)pthread_mutex_init(&c->lock, NULL);
    mr_pace_init(&c->pace, (uint64_t)c->opts->rate_mib << 20);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_progress_new(c->opts->general.progress, &c->progress, err));
    MR_TRY_OUT(open_endpoint(c, uri, err));
    MR_TRY_OUT(mr_create_case_open(c, err));
    MR_TRY_OUT(mr_create_base_open(c, err));
    MR_TRY_OUT(load_recipients(c, err));
    MR_TRY_OUT(load_signer(c, err));
    MR_TRY_OUT(mr_snap_dir_begin(path, &c->dir, err));
    mr_snap_dir_encrypt_to(c->dir, (const struct mr_recipient *const *)c->recipients,
                           c->opts->encrypt_to.count);
    MR_TRY_OUT(open_server(c, err));
    MR_TRY_OUT(mr_create_base_judge(c, err));
    mr_progress_phase(c->progress, "reading the catalogue");
    MR_TRY_OUT(mr_create_plan(c, err));
    MR_TRY_OUT(mr_create_open_throttle(c, err));
    MR_TRY_OUT(open_views(c, err));
    MR_TRY_OUT(mr_create_base_read(c, err));
    MR_TRY_OUT(open_journal(c, err));
    MR_TRY_OUT(mr_create_sweep(c, err)); /* whose room is free again */
    MR_TRY_OUT(check_disk(c, err));
    mr_progress_begin(c->progress, "reading");
    MR_TRY_OUT(mr_create_scan(c, err));
    MR_TRY_OUT(mr_create_finish(c, err));
out:
    mr_progress_finish(c->progress);
    hint_resume(code, err);
    return code;
}

bool mr_create_is_incomplete(const struct mr_create *c)
{
    if (c->manifest.nleft_out > 0)
        return true;
    for (size_t i = 0; i < c->manifest.ntables; i++)
        if (c->manifest.tables[i].transactional && !c->manifest.tables[i].consistent)
            return true;
    return false;
}

void mr_create_release(struct mr_create *c)
{
    for (size_t i = 0; i < c->tables.count; i++) {
        struct mr_create_table *t = *(struct mr_create_table **)mr_vec_at(&c->tables, i);
        mr_vec_release(&t->chunks);
        if (!t->borrowed)
            mr_vec_release(&t->bounds);
    }
    mr_vec_release(&c->tables);
    mr_vec_release(&c->numbers.items);
    mr_arena_release(&c->numbers.arena);
    mr_journal_file_close(c->journal);
    mr_snap_views_close(&c->views);
    mr_throttle_free(c->throttle);
    mr_snap_schema_release(&c->schema);
    mr_snap_dir_free(c->dir);
    for (size_t i = 0; c->recipients != NULL && i < c->opts->encrypt_to.count; i++)
        mr_recipient_free(c->recipients[i]);
    mr_sign_key_free(c->signer);
    mr_create_case_close(c);
    mr_create_base_close(c);
    mr_grants_free(c->grants);
    mr_catalogue_free(c->cat);
    mr_source_free(c->source);
    mr_db_close(c->db);
    mr_endpoint_release(&c->ep);
    mr_progress_free(c->progress);
    mr_pace_release(&c->pace);
    (void)pthread_mutex_destroy(&c->asking);
    (void)pthread_mutex_destroy(&c->lock);
    mr_arena_release(&c->arena);
}
