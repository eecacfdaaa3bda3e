/*
 * create_finish.c: from rows on disk to a snapshot; see create.h.
 *
 * A table that was altered before its rows were read (create_unlock.h) may have been read in a
 * wrong shape, or not at all (error 1412), or may be another table, and is read anew, in a view
 * of its own, of a later moment; the manifest says so.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/version.h"
#include "core/file/recipient.h"
#include "core/file/sign.h"
#include "snapshot/create/create_base.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_identity.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/create/create_true.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_catalogue.h"

#define REDO_TRIES 2

static struct mr_create_table *table_at(const struct mr_create *c, size_t i)
{
    return *(struct mr_create_table *const *)mr_vec_at(&c->tables, i);
}

/* ---- tables that were altered ---- */

/* Files of chunks that are worth nothing. */
static enum mr_code drop_chunks(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    const struct mr_journal_chunk *chunks = t->chunks.items;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->chunks.count; i++)
        code = mr_snap_dir_remove(c->dir, chunks[i].chunk.file, err);
    mr_vec_clear(&t->chunks);
    if (code == MR_OK && t->snap.gone.file != NULL)
        code = mr_snap_dir_remove(c->dir, t->snap.gone.file, err);
    t->snap.gone = (struct mr_snap_chunk){.file = NULL};
    return code;
}

/* Planned anew from what the server says now. */
static enum mr_code plan_again(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    const struct mr_table *now = NULL;
    const char *where = t->snap.where, *db = t->snap.db, *name = t->snap.name;
    size_t number = t->snap.number;
    MR_TRY(mr_schema_reload_table(c->db, db, name, &c->arena, &now, err));
    if (now == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "it was dropped while the rest was read");
    MR_TRY(mr_table_read_create(c->db, now, &c->arena, err));
    MR_TRY(mr_snap_plan(now, &c->arena, &t->snap, err));
    t->table = now;
    t->snap.where = where;
    t->snap.number = number;
    t->snap.consistent = false;
    t->snap.note = "it was altered meanwhile, and read again at a later moment";
    if (c->base != NULL)
        mr_create_base_copy(t, "it was altered while it was read");
    MR_TRY(mr_create_identify(c, t, err));
    return mr_create_plan_read(c, t, err);
}

/* *same: and it was the same table all the time. */
static enum mr_code read_again(struct mr_create *c, struct mr_create_table *t, bool *same,
                               struct mr_err *err)
{
    struct mr_reader *reader = NULL;
    struct mr_create_scan *s = NULL;
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(drop_chunks(c, t, err));
    MR_TRY_OUT(mr_create_numbers_read(c, err));
    MR_TRY_OUT(plan_again(c, t, err));
    MR_TRY_OUT(mr_journal_file_table(c->journal, &t->snap, t->create, &none, err));
    MR_TRY_OUT(mr_source_reader_new(c->source, &reader, err));
    if (c->opts->slots.name != NULL) /* those of the views went with them */
        MR_TRY_OUT(mr_slots_wait(mr_reader_db(reader), &c->opts->slots, err));
    MR_TRY_OUT(mr_create_scan_new(c, reader, &s, err));
    mr_create_scan_take(s, t);
    MR_TRY_OUT(t->found != NULL ? mr_create_case_read(s, err)
                                : mr_create_scan_range(s, 0, 0, all, err));
    MR_TRY_OUT(mr_create_numbers_read(c, err)); /* the reader holds the table until then */
    MR_TRY_OUT(mr_create_is_unchanged(c, t, same, err));
out:
    mr_create_scan_free(s);
    mr_reader_free(reader);
    return code;
}

/* Whoever read a part of it has compared it (create_unlock.h). */
static enum mr_code settle_table(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_err why = t->why != NULL ? *t->why : (struct mr_err){0};
    bool same = !atomic_load(&t->failed);
    enum mr_code code = MR_OK;
    for (int i = 0; i < REDO_TRIES && !same && !mr_create_is_fatal(code) && code != MR_E_NO_SUCH;
         i++) {
        mr_log_detail("table \"%s.%s\" is read again: %s", t->snap.db, t->snap.name,
                      why.message[0] != '\0' ? why.message : "it was altered");
        atomic_store(&t->failed, false);
        why = (struct mr_err){0};
        code = read_again(c, t, &same, &why);
    }
    if (code == MR_OK && same)
        return MR_OK;
    if (mr_create_is_fatal(code)) {
        if (err != NULL)
            *err = why;
        return code;
    }
    if (why.message[0] == '\0')
        (void)mr_err_set(&why, MR_E_CHANGED, "it was altered again and again");
    code = drop_chunks(c, t, err);
    return code == MR_OK ? mr_create_leave_out(c, t, &why, err) : code;
}

/* ---- the manifest ---- */

static void hide_keys(struct mr_snap_chunk *chunks, size_t count)
{
    const struct mr_key none = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        chunks[i].range = (struct mr_range){none, none};
        chunks[i].first = chunks[i].last = none;
    }
}

/* In order, and without gaps: what lies between two chunks was read, and is empty. */
static enum mr_code order_chunks(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_journal_chunk *from = t->chunks.items;
    struct mr_snap_table *to = &t->snap;
    size_t count = t->chunks.count;
    struct mr_snap_chunk *chunks = mr_arena_calloc(&c->arena, count, sizeof *chunks);
    if (chunks == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    if (count > 1)
        qsort(from, count, sizeof *from, mr_journal_chunk_compare);
    for (size_t i = 0; i < count; i++) {
        chunks[i] = from[i].chunk;
        chunks[i].range.lo = i > 0 ? chunks[i - 1].range.hi : (struct mr_key){NULL, 0};
        if (i + 1 == count)
            chunks[i].range.hi = (struct mr_key){NULL, 0};
        to->rows += chunks[i].rows;
        to->plain_bytes += chunks[i].plain_bytes;
        to->stored_bytes += chunks[i].stored_bytes;
        mr_snap_sum_join(&to->sum, chunks[i].sum);
    }
    if (to->keys_hidden)
        hide_keys(chunks, count);
    to->chunks = chunks;
    to->nchunks = count;
    return MR_OK;
}

static const char *dup(struct mr_create *c, const char *text)
{
    return mr_arena_strdup(&c->arena, text);
}

static enum mr_code fill_head(struct mr_create *c, struct mr_err *err)
{
    struct mr_snap_manifest *m = &c->manifest;
    const struct mr_server *server = &c->cat->server;
    struct mr_strbuf source = MR_STRBUF_INIT;
    char finished[MR_RUN_TIME_SIZE];
    mr_run_id_time(finished);
    mr_endpoint_display(&c->ep, &source);
    m->uuid = c->id.id;
    m->created = c->id.started;
    m->finished = dup(c, finished);
    m->version = MR_VERSION;
    m->source = source.failed ? NULL : dup(c, source.ptr);
    m->server =
        (struct mr_snap_server){.flavour = server->flavour,
                                .version = server->version_text,
                                .hostname = server->hostname,
                                .uuid = server->uuid,
                                .port = server->port,
                                .server_id = server->server_id,
                                .lower_case_table_names = (unsigned)server->lower_case_table_names};
    m->consistency = c->views.consistency;
    m->only = c->opts->tables;
    m->except = c->opts->exclude;
    mr_strbuf_release(&source);
    return m->finished != NULL && m->source != NULL ? MR_OK
                                                    : mr_err_nomem(err, "writing a snapshot");
}

/* By the digest of each certificate, so that whoever holds several keys can tell which one opens
 * it. */
static enum mr_code fill_recipients(struct mr_create *c, struct mr_err *err)
{
    size_t count = c->opts->encrypt_to.count;
    struct mr_snap_recipient *to = mr_arena_calloc(&c->arena, count + 1, sizeof *to);
    enum mr_code code = to != NULL ? MR_OK : mr_err_nomem(err, "writing a snapshot");
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_strbuf subject = MR_STRBUF_INIT, sha256 = MR_STRBUF_INIT;
        code = mr_recipient_describe(c->recipients[i], &subject, &sha256, err);
        to[i].subject = dup(c, subject.ptr);
        to[i].sha256 = dup(c, sha256.ptr);
        if (code == MR_OK && (to[i].subject == NULL || to[i].sha256 == NULL))
            code = mr_err_nomem(err, "writing a snapshot");
        mr_strbuf_release(&subject);
        mr_strbuf_release(&sha256);
    }
    c->manifest.recipients = to;
    c->manifest.nrecipients = count;
    return code;
}

/* Of a table whose rows are of no view. */
static enum mr_code read_greatest(struct mr_create *c, struct mr_create_table *t,
                                  struct mr_err *err)
{
    return t->has_greatest && t->snap.consistent
               ? MR_OK
               : mr_schema_auto_increment(c->db, t->table, NULL, &t->snap.greatest, err);
}

/* Rows that the run saw, and that are not there any more. */
static enum mr_code note_gone(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (t->snap.rows >= t->asked || t->snap.note != NULL)
        return MR_OK;
    mr_strbuf_add_fmt(&text, "%" PRIu64 " of its %" PRIu64 " rows are not there any more",
                      t->asked - t->snap.rows, t->asked);
    enum mr_code code = mr_strbuf_check(&text, "writing a snapshot", err);
    t->snap.note = code == MR_OK ? dup(c, text.ptr) : NULL;
    mr_strbuf_release(&text);
    return code == MR_OK && t->snap.note == NULL ? mr_err_nomem(err, "writing a snapshot") : code;
}

/* Behind the last table that was read again: only now are rows, notes and counters what they
 * stay. */
static enum mr_code fill_tables(struct mr_create *c, struct mr_err *err)
{
    struct mr_snap_manifest *m = &c->manifest;
    m->tables = mr_arena_calloc(&c->arena, c->tables.count + 1, sizeof *m->tables);
    if (m->tables == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    for (size_t i = 0; i < c->tables.count; i++) {
        struct mr_create_table *t = table_at(c, i);
        const char *create = NULL;
        if (t->left_out)
            continue;
        MR_TRY(order_chunks(c, t, err));
        if (t->found != NULL)
            MR_TRY(note_gone(c, t, err));
        MR_TRY(read_greatest(c, t, err));
        MR_TRY(mr_create_true_text(c, t, &create, err));
        MR_TRY(mr_snap_schema_write_table(&c->schema, t->table, create, &t->snap, err));
        m->tables[m->ntables++] = t->snap;
    }
    return MR_OK;
}

/* As they were read, which may be later than the catalogue. */
static enum mr_code write_catalogue(struct mr_create *c, struct mr_err *err)
{
    struct mr_table *tables = mr_arena_calloc(&c->arena, c->tables.count + 1, sizeof *tables);
    size_t count = 0;
    if (tables == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    for (size_t i = 0; i < c->tables.count; i++)
        if (!table_at(c, i)->left_out)
            tables[count++] = *table_at(c, i)->table;
    return mr_snap_catalogue_write(&c->schema, tables, count, err);
}

static void fill_lists(struct mr_create *c)
{
    struct mr_snap_manifest *m = &c->manifest;
    m->objects = c->schema.objects.items;
    m->nobjects = c->schema.objects.count;
    m->left_out = c->schema.left_out.items;
    m->nleft_out = c->schema.left_out.count;
    m->files = c->schema.files.items;
    m->nfiles = c->schema.files.count;
}

/* The lists are filled anew behind each, since the scripts are files of the snapshot, too, and have
 * to be in the list that the manifest proves; the sums are of all that stands there before. */
static enum mr_code write_scripts(struct mr_create *c, struct mr_err *err)
{
    static const struct {
        const char *name;
        void (*fill)(const struct mr_snap_manifest *manifest, struct mr_strbuf *out);
    } texts[] = {{"RESTORE.txt", mr_snap_script_readme},
                 {MR_SNAP_COUNTS, mr_snap_script_counts},
                 {MR_SNAP_SUMS, mr_snap_script_sums}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    fill_lists(c);
    const bool is_chained = c->manifest.base.uuid != NULL; /* nothing that could be loaded alone */
    enum mr_code code = MR_OK;
    if (!is_chained)
        code = mr_snap_script_sql(&c->manifest, c->dir, &text, err);
    if (code == MR_OK && !is_chained)
        code = mr_snap_schema_add_file(&c->schema, "restore.sql", &text, err);
    for (size_t i = 0; code == MR_OK && i < sizeof texts / sizeof *texts; i++) {
        if (is_chained && strcmp(texts[i].name, MR_SNAP_COUNTS) == 0)
            continue;
        fill_lists(c);
        mr_strbuf_reset(&text);
        texts[i].fill(&c->manifest, &text);
        code = mr_snap_schema_add_file(&c->schema, texts[i].name, &text, err);
    }
    fill_lists(c);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_create_finish(struct mr_create *c, struct mr_err *err)
{
    mr_snap_views_close(&c->views); /* a table that is read again needs the connection */
    for (size_t i = 0; i < c->tables.count; i++)
        if (!table_at(c, i)->left_out)
            MR_TRY(settle_table(c, table_at(c, i), err));
    MR_TRY(fill_head(c, err));
    MR_TRY(fill_recipients(c, err));
    MR_TRY(fill_tables(c, err));
    MR_TRY(mr_snap_schema_objects(&c->schema, err));
    MR_TRY(write_catalogue(c, err));
    MR_TRY(write_scripts(c, err));
    return mr_snap_dir_publish(c->dir, &c->manifest, c->signer, err);
}
