/*
 * restore_dry.c: --dry-run: what a restore would do, what would keep it from that, and about how long
 * it would take; see restore.h.
 *
 * It looks at all that a restore looks at before its first write, by a session that the server holds
 * to reading, and what would refuse becomes an obstacle: all of them are listed.  How much room rows
 * take on the target is guessed by what they took on the source.
 */
#include <string.h>

#include "core/cli/progress.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/restore/restore.h"

/* Bytes of text a second, from the statement to the proof, on servers that we have measured: the
 * slower figure is of one that writes each commit to a slow disk. */
#define LOAD_FAST 60e6
#define LOAD_SLOW 6e6
#define INSERT_FAST 20e6
#define INSERT_SLOW 3e6
/* Seconds for a table, its keys included. */
#define TABLE_FAST 0.01
#define TABLE_SLOW 0.05

enum mr_code mr_restore_pass(struct mr_restore *r, enum mr_code code, struct mr_err *err)
{
    if (code != MR_E_REFUSED || !r->opts->dry_run || err == NULL)
        return code;
    struct mr_restore_obstacle *obstacle = mr_vec_push(&r->obstacles);
    if (obstacle != NULL)
        *obstacle = (struct mr_restore_obstacle){mr_arena_strdup(&r->arena, err->message),
                                                 mr_arena_strdup(&r->arena, err->hint)};
    *err = (struct mr_err){0};
    return obstacle != NULL && obstacle->text != NULL && obstacle->hint != NULL
               ? MR_OK
               : mr_err_nomem(err, "restoring");
}

/* ---- rows that are left to load ---- */

static void add_left(struct mr_restore *r, const struct mr_restore_table *t, uint64_t data_bytes)
{
    uint64_t rows = 0, bytes = 0;
    for (size_t i = 0; i < t->snap->nchunks; i++) {
        const struct mr_snap_chunk *chunk = &t->snap->chunks[i];
        if (r->resumed && t->is_there && mr_restore_is_done(r, chunk->file))
            continue;
        rows += chunk->rows;
        bytes += chunk->plain_bytes;
    }
    r->dry.rows += rows;
    r->dry.plain_bytes += bytes;
    if (t->snap->plain_bytes > 0 && data_bytes > t->snap->plain_bytes)
        bytes = (uint64_t)((double)data_bytes / (double)t->snap->plain_bytes * (double)bytes);
    r->dry.needed_bytes += bytes;
}

static enum mr_code count_left(struct mr_restore *r, struct mr_err *err)
{
    struct mr_catalogue *cat = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_snap_catalogue_load(&r->snap, &cat, &why);
    if (code != MR_OK && code != MR_E_SNAPSHOT) { /* that one has none */
        if (err != NULL)
            *err = why;
        return code;
    }
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_restore_table *t = &r->tables[i];
        const struct mr_table *was =
            cat != NULL ? mr_catalogue_table(cat, t->from->db, t->from->name) : NULL;
        if (!mr_snap_is_merge(t->snap))
            add_left(r, t, was != NULL ? was->data_bytes : 0);
    }
    mr_catalogue_free(cat);
    return MR_OK;
}

/* ---- room ---- */

static bool goes_on(enum mr_code code)
{
    return code == MR_OK || code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH;
}

static enum mr_code ask_disk(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(r->db, "SELECT @@GLOBAL.log_bin", &text, &why);
    if (code == MR_OK && strcmp(text.ptr, "1") == 0)
        r->dry.log_bytes = r->dry.plain_bytes;
    mr_strbuf_release(&text);
    if (goes_on(code) && !mr_server_disk_here(mr_db_server(r->db), &r->dry.disk)) {
        why = (struct mr_err){0};
        code = mr_server_disk_ask(r->db, &r->dry.disk, &why);
    }
    if (goes_on(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

bool mr_restore_has_room(const struct mr_restore *r)
{
    return r->dry.disk.bytes == 0 ||
           r->dry.disk.free_bytes > r->dry.needed_bytes + r->dry.log_bytes;
}

/* ---- rows that are too wide for a statement ---- */

static enum mr_code measure_rows(struct mr_restore *r, struct mr_err *err)
{
    const uint64_t max = mr_db_server(r->db)->max_packet_bytes;
    for (size_t i = 0; r->insert && max > 0 && i < r->ntables; i++) {
        struct mr_restore_table *t = &r->tables[i];
        MR_TRY(mr_restore_measure(r, t, max, &t->widest_bytes, err));
        r->dry.too_wide += t->widest_bytes >= max;
    }
    return MR_OK;
}

/* What making the tables would note. */
static enum mr_code note_tables(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; !r->opts->data_only && i < r->ntables; i++)
        MR_TRY(mr_restore_note_table(r, &r->tables[i], err));
    return MR_OK;
}

enum mr_code mr_restore_dry(struct mr_restore *r, struct mr_err *err)
{
    const bool by_text = r->insert && !r->bulk;
    MR_TRY(note_tables(r, err));
    if (!r->opts->schema_only) {
        MR_TRY(count_left(r, err));
        MR_TRY(measure_rows(r, err));
    }
    r->dry.least_s = (double)r->dry.plain_bytes / (by_text ? INSERT_FAST : LOAD_FAST) +
                     (double)r->ntables * TABLE_FAST;
    r->dry.most_s = (double)r->dry.plain_bytes / (by_text ? INSERT_SLOW : LOAD_SLOW) +
                    (double)r->ntables * TABLE_SLOW + 1;
    return ask_disk(r, err);
}
