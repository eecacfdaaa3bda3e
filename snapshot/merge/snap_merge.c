/* snap_merge.c: see snap_merge.h. */
#include "snapshot/merge/snap_merge.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/base/version.h"
#include "core/file/in_file.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_places.h"

#define COPY_BYTES ((size_t)64 * 1024)

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "merging snapshots");
}

static const struct mr_snap *last_link(const struct mr_snap_merge *m)
{
    return mr_snap_chain_link(m->chain, m->chain->links.count - 1);
}

/* ---- files ---- */

static enum mr_code copy_bytes(int fd, const char *path, struct mr_snap_out *out,
                               struct mr_err *err)
{
    char buf[COPY_BYTES];
    size_t got = 1;
    while (got > 0) {
        MR_TRY(mr_in_read(fd, path, buf, sizeof buf, &got, err));
        MR_TRY(mr_snap_out_write(out, buf, got, err));
    }
    return MR_OK;
}

static enum mr_code require_same(const struct mr_snap *from, const struct mr_snap_file *file,
                                 const struct mr_snap_stored *stored, struct mr_err *err)
{
    if (stored->bytes == file->bytes && strcmp(stored->sha256, file->sha256) == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "snapshot \"%s\" is damaged: file \"%s\" is not what manifest.json says",
                     from->path, file->name);
    mr_err_hint(err, "\"myrecon snapshot verify\" lists all damage.");
    return MR_E_REFUSED;
}

enum mr_code mr_snap_merge_copy(struct mr_snap_merge *m, const struct mr_snap *from,
                                const struct mr_snap_file *file, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_snap_out *out = NULL;
    struct mr_snap_stored stored;
    int fd = -1;
    enum mr_code code = MR_OK;
    mr_snap_path(&path, from, file->name);
    MR_TRY_OUT(mr_strbuf_check(&path, "merging snapshots", err));
    MR_TRY_OUT(mr_in_open(path.ptr, MR_IN_PART, &fd, err));
    MR_TRY_OUT(mr_snap_out_open(m->dir, file->name, 0, &out, err));
    MR_TRY_OUT(copy_bytes(fd, path.ptr, out, err));
    code = mr_snap_out_close(out, &stored, err);
    out = NULL;
    MR_TRY_OUT(code);
    MR_TRY_OUT(require_same(from, file, &stored, err));
out:
    mr_snap_out_abandon(out);
    if (fd >= 0)
        (void)close(fd);
    mr_strbuf_release(&path);
    return code;
}

/* What is written anew, since it speaks of the rows. */
static bool is_made_anew(const char *name)
{
    static const char *const names[] = {"restore.sql", "RESTORE.txt", MR_SNAP_COUNTS, MR_SNAP_SUMS};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The next value of the table's counter, where the log has given ids since; 0: the snapshot's. */
static uint64_t counter_behind(const struct mr_snap_merge *m, const struct mr_snap_table *t)
{
    if (m->opts->until == NULL)
        return 0;
    const struct mr_until_rows *log = mr_until_find(m->opts->until, t);
    const bool is_raised = log != NULL && log->counted != UINT64_MAX &&
                           log->counted >= t->auto_increment && log->counted > 0;
    return is_raised && !mr_snap_is_ascending(t) ? log->counted + 1 : 0;
}

static const struct mr_snap_table *table_of(const struct mr_snap *snap, const char *schema_file)
{
    for (size_t i = 0; i < snap->manifest.ntables; i++)
        if (strcmp(snap->manifest.tables[i].schema_file, schema_file) == 0)
            return &snap->manifest.tables[i];
    return NULL;
}

/* An id of a row that was deleted again before the moment is not given a second time. */
static enum mr_code raise_counter(struct mr_snap_merge *m, const struct mr_snap_table *t,
                                  uint64_t next, struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t);
    struct mr_snap_schema schema = {.dir = m->dir, .arena = &m->arena, .files = m->files};
    struct mr_strbuf was = MR_STRBUF_INIT, raised = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_snap_read_statement(last_link(m), t->schema_file, &place, &was, err));
    mr_snap_set_counter(&raised, was.ptr, next);
    MR_TRY_OUT(mr_strbuf_check(&raised, "merging snapshots", err));
    mr_snap_statement_add(&text, raised.ptr, false);
    code = mr_snap_schema_add_file(&schema, t->schema_file, &text, err);
    m->files = schema.files;
out:
    mr_strbuf_release(&was);
    mr_strbuf_release(&raised);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code copy_file(struct mr_snap_merge *m, const struct mr_snap_file *file,
                              struct mr_err *err)
{
    const struct mr_snap_table *t =
        m->opts->until != NULL ? table_of(last_link(m), file->name) : NULL;
    const uint64_t next = t != NULL ? counter_behind(m, t) : 0;
    if (next > 0)
        return raise_counter(m, t, next, err);
    MR_TRY(mr_snap_merge_copy(m, last_link(m), file, err));
    struct mr_snap_file *slot = mr_vec_push(&m->files);
    if (slot == NULL)
        return nomem(err);
    *slot = *file;
    return MR_OK;
}

static enum mr_code copy_schema(struct mr_snap_merge *m, struct mr_err *err)
{
    const struct mr_snap *last = last_link(m);
    for (size_t i = 0; i < last->manifest.nfiles; i++)
        if (!is_made_anew(last->manifest.files[i].name))
            MR_TRY(copy_file(m, &last->manifest.files[i], err));
    return MR_OK;
}

static void fill_files(struct mr_snap_merge *m, const struct mr_vec *files)
{
    m->manifest.files = files->items;
    m->manifest.nfiles = files->count;
}

/* As create_finish.c does it: each is in the list that the next one may speak of. */
static enum mr_code write_scripts(struct mr_snap_merge *m, struct mr_err *err)
{
    static const struct {
        const char *name;
        void (*fill)(const struct mr_snap_manifest *manifest, struct mr_strbuf *out);
    } texts[] = {{"RESTORE.txt", mr_snap_script_readme},
                 {MR_SNAP_COUNTS, mr_snap_script_counts},
                 {MR_SNAP_SUMS, mr_snap_script_sums}};
    struct mr_snap_schema schema = {.dir = m->dir, .arena = &m->arena, .files = m->files};
    struct mr_strbuf text = MR_STRBUF_INIT;
    fill_files(m, &schema.files);
    enum mr_code code = mr_snap_script_sql(&m->manifest, m->dir, &text, err);
    if (code == MR_OK)
        code = mr_snap_schema_add_file(&schema, "restore.sql", &text, err);
    for (size_t i = 0; code == MR_OK && i < sizeof texts / sizeof *texts; i++) {
        fill_files(m, &schema.files);
        mr_strbuf_reset(&text);
        texts[i].fill(&m->manifest, &text);
        code = mr_snap_schema_add_file(&schema, texts[i].name, &text, err);
    }
    m->files = schema.files;
    fill_files(m, &m->files);
    mr_strbuf_release(&text);
    return code;
}

/* ---- the manifest ---- */

/* It speaks of the moment of the last link, and is its run's: only that it was put together is new. */
static enum mr_code fill_head(struct mr_snap_merge *m, struct mr_err *err)
{
    const struct mr_snap_chain *chain = m->chain;
    const char **uuids = mr_arena_calloc(&m->arena, chain->links.count + 1, sizeof *uuids);
    struct mr_strbuf der = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    m->manifest = last_link(m)->manifest;
    m->manifest.base = (struct mr_snap_base){.uuid = NULL};
    m->manifest.version = MR_VERSION;
    m->manifest.signer = (struct mr_key){NULL, 0};
    if (uuids == NULL)
        return nomem(err);
    for (size_t i = 0; i < chain->links.count; i++)
        uuids[i] = mr_snap_chain_link(chain, i)->manifest.uuid;
    m->manifest.merged = (struct mr_string_list){.items = uuids, .count = chain->links.count};
    if (m->opts->signer == NULL)
        return MR_OK;
    MR_TRY_OUT(mr_sign_key_public(m->opts->signer, &der, err));
    m->manifest.signer = (struct mr_key){mr_arena_dup(&m->arena, der.ptr, der.len), der.len};
    if (m->manifest.signer.ptr == NULL)
        MR_TRY_OUT(nomem(err));
out:
    mr_strbuf_release(&der);
    return code;
}

static enum mr_code fill_recipients(struct mr_snap_merge *m, struct mr_err *err)
{
    const size_t count = m->opts->nrecipients;
    struct mr_snap_recipient *to = mr_arena_calloc(&m->arena, count + 1, sizeof *to);
    enum mr_code code = to != NULL ? MR_OK : nomem(err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_strbuf subject = MR_STRBUF_INIT, sha256 = MR_STRBUF_INIT;
        code = mr_recipient_describe(m->opts->recipients[i], &subject, &sha256, err);
        to[i].subject = mr_arena_strdup(&m->arena, subject.ptr);
        to[i].sha256 = mr_arena_strdup(&m->arena, sha256.ptr);
        if (code == MR_OK && (to[i].subject == NULL || to[i].sha256 == NULL))
            code = nomem(err);
        mr_strbuf_release(&subject);
        mr_strbuf_release(&sha256);
    }
    m->manifest.recipients = to;
    m->manifest.nrecipients = count;
    return code;
}

static enum mr_code merge_tables(struct mr_snap_merge *m, struct mr_err *err)
{
    const struct mr_snap *last = last_link(m);
    struct mr_snap_table *tables =
        mr_arena_calloc(&m->arena, last->manifest.ntables + 1, sizeof *tables);
    if (tables == NULL)
        return nomem(err);
    for (size_t i = 0; i < last->manifest.ntables; i++) {
        MR_TRY(mr_snap_merge_table(m, i, &tables[i], err));
        const uint64_t next = counter_behind(m, &last->manifest.tables[i]);
        tables[i].auto_increment = next > 0 ? next : tables[i].auto_increment;
        mr_progress_tick(m->opts->progress);
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
    }
    m->manifest.tables = tables;
    return MR_OK;
}

/* Rows as of a later moment are another snapshot, and for the same moment the same one: what a restore of it that
 * was interrupted has loaded is gone on with by that alone. */
static enum mr_code mark_until(struct mr_snap_merge *m, struct mr_err *err)
{
    const struct mr_until *until = m->opts->until;
    if (until == NULL || until->reached == NULL)
        return MR_OK;
    const char *text = mr_arena_fmt(&m->arena, "%s %s", m->manifest.uuid, until->reached);
    if (text == NULL)
        return nomem(err);
    const struct mr_digest d = mr_digest_bytes(text, strlen(text));
    m->manifest.uuid = mr_arena_fmt(
        &m->arena, "%08" PRIx64 "-%04" PRIx64 "-8%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
        d.hi >> 32, d.hi >> 16 & 0xffff, d.hi & 0xfff, (d.lo >> 48 & 0x3fff) | 0x8000,
        d.lo & UINT64_C(0xffffffffffff));
    const struct mr_snap_consistency was = m->manifest.consistency;
    m->manifest.consistency = (struct mr_snap_consistency){
        .kind = was.kind,
        .connections = was.connections,
        .tries = was.tries,
        .proof = was.proof,
        .note = mr_arena_fmt(&m->arena, "brought to %s", until->reached)};
    return m->manifest.uuid != NULL && m->manifest.consistency.note != NULL ? MR_OK : nomem(err);
}

/* What a merge has left is nothing to go on with, and what a snapshot from a server has left may be hours of it. */
static enum mr_code clear_left(const struct mr_snap_merge *m, struct mr_err *err)
{
    if (!mr_snap_dir_is_begun(m->dir))
        return mr_snap_dir_clear(m->dir, err);
    (void)mr_err_set(err, MR_E_REFUSED, "directory \"%s\" is of an unfinished \"snapshot create\"",
                     mr_snap_dir_partial(m->dir));
    mr_err_hint(err,
                "Nothing was changed. Finish that one, remove the directory, or name another.");
    return MR_E_REFUSED;
}

enum mr_code mr_snap_merge_run(struct mr_snap_merge *m, const struct mr_snap_chain *chain,
                               const char *output, const struct mr_snap_merge_opts *opts,
                               struct mr_err *err)
{
    *m = (struct mr_snap_merge){.chain = chain,
                                .opts = opts,
                                .arena = MR_ARENA_INIT,
                                .files = MR_VEC_INIT(struct mr_snap_file)};
    MR_TRY(mr_snap_chain_require(chain, err));
    MR_TRY(fill_head(m, err));
    MR_TRY(mark_until(m, err));
    MR_TRY(fill_recipients(m, err));
    MR_TRY(mr_snap_dir_begin(output, &m->dir, err));
    MR_TRY(clear_left(m, err));
    mr_snap_dir_encrypt_to(m->dir, opts->recipients, opts->nrecipients);
    MR_TRY(copy_schema(m, err));
    MR_TRY(merge_tables(m, err));
    MR_TRY(write_scripts(m, err));
    return mr_snap_dir_publish(m->dir, &m->manifest, opts->signer, err);
}

void mr_snap_merge_release(struct mr_snap_merge *m)
{
    mr_snap_dir_free(m->dir);
    mr_vec_release(&m->files);
    mr_arena_release(&m->arena);
}
