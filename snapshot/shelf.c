/* shelf.c: see shelf.h. */
#include "snapshot/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/db/endpoint.h"
#include "core/file/owner.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_record.h"
#include "snapshot/verify.h"

#define FUTURE_S 86400 /* what clocks may differ */

void mr_shelf_init(struct mr_shelf *shelf)
{
    mr_arena_init(&shelf->arena);
    shelf->items = (struct mr_vec)MR_VEC_INIT(struct mr_shelf_item);
}

void mr_shelf_release(struct mr_shelf *shelf)
{
    mr_vec_release(&shelf->items);
    mr_arena_release(&shelf->arena);
}

static const char *keep(struct mr_shelf *shelf, const struct mr_strbuf *text)
{
    return text->failed ? NULL : mr_arena_dup(&shelf->arena, text->ptr, text->len);
}

/* ---- of what it is ---- */

static void add_list(struct mr_strbuf *out, const char *word, const struct mr_string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mr_strbuf_add_fmt(out, "\n%s %s", word, list->items[i]);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The databases that were named, in any order; none: all of them.  A source that cannot be parsed
 * stands for itself. */
static enum mr_code add_databases(struct mr_strbuf *out, const char *source, struct mr_err *err)
{
    struct mr_endpoint ep;
    enum mr_code code = mr_endpoint_parse(&ep, source, NULL);
    if (code != MR_OK) {
        mr_strbuf_add_fmt(out, "\nsource %s", source);
    } else {
        if (ep.ndbs > 1)
            qsort((void *)ep.dbs, ep.ndbs, sizeof *ep.dbs, compare_texts);
        for (size_t i = 0; i < ep.ndbs; i++)
            mr_strbuf_add_fmt(out, "\ndatabase %s", ep.dbs[i]);
        mr_endpoint_release(&ep);
    }
    return mr_strbuf_check(out, "reading a snapshot", err);
}

/* Snapshots of which one may stand for another: of one server, by its uuid where it has one, with
 * the same databases, and the same choice of tables and rows.  A copy of a MySQL data directory has
 * the uuid of its original, and another host name. */
static enum mr_code describe(struct mr_shelf *shelf, const struct mr_snap_manifest *m,
                             struct mr_shelf_item *item, struct mr_err *err)
{
    struct mr_strbuf of = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (m->server.uuid != NULL && m->server.uuid[0] != '\0')
        mr_strbuf_add_fmt(&of, "uuid %s%s%s", m->server.uuid,
                          m->server.flavour == MR_FLAVOUR_MYSQL ? " on " : "",
                          m->server.flavour == MR_FLAVOUR_MYSQL ? m->server.hostname : "");
    else
        mr_strbuf_add_fmt(&of, "host %s %u %u", m->server.hostname, m->server.port,
                          (unsigned)m->server.server_id);
    MR_TRY_OUT(add_databases(&of, m->source, err));
    add_list(&of, "only", &m->only);
    add_list(&of, "except", &m->except);
    for (size_t i = 0; i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        if (t->where != NULL)
            mr_strbuf_add_fmt(&of, "\nwhere %s.%s %s", t->db, t->name, t->where);
        if (t->rows_of != NULL)
            mr_strbuf_add_fmt(&of, "\nrows of %s.%s %s", t->db, t->name, t->rows_of);
    }
    MR_TRY_OUT(mr_strbuf_check(&of, "reading a snapshot", err));
    item->of = keep(shelf, &of);
    if (item->of == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading a snapshot"));
out:
    mr_strbuf_release(&of);
    return code;
}

static bool parse_moment(const char *text, int64_t *out)
{
    struct tm tm = {0};
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    *out = end != NULL ? (int64_t)timegm(&tm) : 0;
    return end != NULL && strcmp(end, "Z") == 0;
}

static enum mr_code fill(struct mr_shelf *shelf, const struct mr_snap_manifest *m,
                         struct mr_shelf_item *item, struct mr_err *err)
{
    const struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    item->why = !parse_moment(m->created, &item->created_s) ? "its manifest has no moment"
                : item->created_s > (int64_t)time(NULL) + FUTURE_S
                    ? "by its manifest it was made in the future"
                    : NULL;
    if (item->why != NULL) {
        item->state = MR_SHELF_DAMAGED; /* it would be the newest for ever */
        return MR_OK;
    }
    item->tables = m->ntables;
    item->rows = sum.rows;
    item->stored_bytes = sum.stored_bytes;
    for (size_t i = 0; i < m->nfiles; i++)
        item->stored_bytes += m->files[i].bytes;
    item->is_complete = m->nleft_out == 0;
    item->created = mr_arena_strdup(&shelf->arena, m->created);
    item->source = mr_arena_strdup(&shelf->arena, m->source);
    bool nomem = false;
    item->id = mr_arena_strdup(&shelf->arena, m->uuid);
    item->finished = mr_arena_keep(&shelf->arena, m->finished, &nomem);
    item->log_file = mr_arena_keep(&shelf->arena, m->consistency.binlog_file, &nomem);
    item->log_position = m->consistency.binlog_position;
    if (nomem || item->id == NULL || item->created == NULL || item->source == NULL)
        return mr_err_nomem(err, "reading a snapshot");
    return describe(shelf, m, item, err);
}

/* ---- is it whole? ---- */

/* As `snapshot verify --quick` does it, by one thread. */
static enum mr_code verify(struct mr_snap *snap, struct mr_err *err)
{
    struct mr_verify_opts how = {.threads = 1, .quick = true};
    enum mr_code code = mr_progress_new(MR_PROGRESS_NEVER, &how.progress, err);
    if (code == MR_OK)
        code = mr_verify(snap, &how, err);
    mr_progress_free(how.progress);
    return code;
}

static enum mr_code note_damage(struct mr_shelf *shelf, struct mr_shelf_item *item,
                                const char *what, const char *reason, struct mr_err *err)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "%s%s%s", what, what[0] != '\0' ? " " : "", reason);
    item->state = MR_SHELF_DAMAGED;
    item->why = keep(shelf, &why);
    mr_strbuf_release(&why);
    return item->why != NULL ? MR_OK : mr_err_nomem(err, "reading a snapshot");
}

/* Also of one that is damaged: what it goes on from is not to be removed.  A manifest that nothing
 * proves is believed so far; one that cannot be read may name any. */
static enum mr_code note_base(struct mr_shelf *shelf, struct mr_snap *snap,
                              struct mr_shelf_item *item, struct mr_err *err)
{
    struct mr_snap_manifest unproved = {.uuid = NULL};
    const struct mr_snap_base *base = &snap->manifest.base;
    bool nomem = false, known = true;
    if (!snap->has_manifest) {
        MR_TRY(mr_snap_read_unproved(snap, &unproved, &known, err));
        base = &unproved.base;
    }
    item->base_unknown = !known;
    if (!known)
        return MR_OK;
    item->sha256 = mr_arena_keep(&shelf->arena, snap->manifest_sha256, &nomem);
    if (base->uuid != NULL) {
        item->base_sha256 = mr_arena_keep(&shelf->arena, base->sha256, &nomem);
        item->base_id = mr_arena_keep(&shelf->arena, base->uuid, &nomem);
    }
    return nomem ? mr_err_nomem(err, "reading a snapshot") : MR_OK;
}

/* What cannot be looked at is damaged as far as anybody can say; memory and a signal end the run.
 * *is_one is false for a directory that has nothing of a snapshot. */
static enum mr_code look(struct mr_shelf *shelf, struct mr_shelf_item *item, bool *is_one,
                         struct mr_err *err)
{
    struct mr_snap snap;
    struct mr_err why = {0};
    item->state = MR_SHELF_WHOLE;
    enum mr_code code = mr_snap_open(item->path, &snap, &why);
    *is_one = code != MR_E_SNAPSHOT || !mr_snap_is_absent(&snap);
    if (code == MR_OK)
        code = note_base(shelf, &snap, item, &why);
    else
        item->base_unknown = true;
    if (code == MR_OK && snap.has_manifest && snap.damage.count == 0)
        code = verify(&snap, &why);
    if (code == MR_E_NOMEM || code == MR_E_CANCELLED) {
        *err = why;
    } else if (!*is_one) {
        code = MR_OK;
    } else if (code != MR_OK) {
        code = note_damage(shelf, item, "", why.message, err);
    } else if (snap.damage.count > 0) {
        const struct mr_snap_damage *first = mr_vec_at(&snap.damage, 0);
        code = note_damage(shelf, item, first->file, first->reason, err);
    } else {
        code =
            mr_snap_record_read_both(&snap, &shelf->arena, &item->verified, &item->rehearsed, err);
        if (code == MR_OK && item->verified != NULL && !mr_snap_record_is_good(item->verified))
            code =
                note_damage(shelf, item, "snapshot verify found it so at", item->verified->at, err);
        else if (code == MR_OK)
            code = fill(shelf, &snap.manifest, item, err);
    }
    mr_snap_close(&snap);
    return code;
}

/* ---- a directory ---- */

static bool is_known(const struct mr_shelf *shelf, const struct stat *st)
{
    const struct mr_shelf_item *items = shelf->items.items;
    for (size_t i = 0; i < shelf->items.count; i++)
        if (items[i].device == st->st_dev && items[i].inode == st->st_ino)
            return true;
    return false;
}

static bool is_empty(const char *path)
{
    const struct dirent *entry;
    DIR *list = opendir(path);
    bool empty = list != NULL;
    while (empty && (entry = readdir(list)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (list != NULL)
        (void)closedir(list);
    return empty;
}

/* Has a removal begun here?  It has left its mark, or nothing but the directory. */
static bool is_begun(const char *path)
{
    struct mr_strbuf mark = MR_STRBUF_INIT;
    struct stat st;
    mr_strbuf_add_fmt(&mark, "%s/" MR_SHELF_MARK, path);
    const bool is = !mark.failed && (lstat(mark.ptr, &st) == 0 || is_empty(path));
    mr_strbuf_release(&mark);
    return is;
}

static enum mr_code add_item(struct mr_shelf *shelf, const char *dir, const char *name,
                             struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_shelf_item item = {0};
    struct stat st;
    bool is_one = true;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&path, "%s%s%s", dir, mr_snap_name_ends(dir, "/") ? "" : "/", name);
    MR_TRY_OUT(mr_strbuf_check(&path, "reading a directory", err));
    if (lstat(path.ptr, &st) != 0 || !S_ISDIR(st.st_mode) || is_known(shelf, &st))
        goto out; /* a link leads to a snapshot that is kept elsewhere */
    item.device = st.st_dev;
    item.inode = st.st_ino;
    MR_TRY_OUT(mr_owner_check_stat(path.ptr, &st, err));
    item.path = keep(shelf, &path);
    if (item.path == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading a directory"));
    if (mr_snap_name_ends(name, ".partial"))
        item.state = MR_SHELF_UNFINISHED;
    else if (mr_snap_name_ends(name, MR_SHELF_EXPIRED_SUFFIX) && is_begun(item.path))
        item.state = MR_SHELF_EXPIRED;
    else
        MR_TRY_OUT(look(shelf, &item, &is_one, err));
    if (is_one) {
        struct mr_shelf_item *slot = mr_vec_push(&shelf->items);
        if (slot == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "reading a directory"));
        *slot = item;
    }
out:
    mr_strbuf_release(&path);
    return code;
}

static bool has_manifest(const char *dir)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_strbuf_add_fmt(&path, "%s/" MR_SNAP_MANIFEST, dir);
    const bool found = !path.failed && lstat(path.ptr, &st) == 0;
    mr_strbuf_release(&path);
    return found;
}

static enum mr_code list_names(struct mr_shelf *shelf, const char *dir, struct mr_vec *names,
                               struct mr_err *err)
{
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    DIR *list = opendir(dir);
    if (list == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", dir);
    for (errno = 0; code == MR_OK && (entry = readdir(list)) != NULL; errno = 0) {
        if (entry->d_name[0] == '.')
            continue; /* what is hidden is nobody's snapshot */
        const char **slot = mr_vec_push(names);
        if (slot == NULL || (*slot = mr_arena_strdup(&shelf->arena, entry->d_name)) == NULL)
            code = mr_err_nomem(err, "reading a directory");
    }
    if (code == MR_OK && errno != 0)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", dir);
    (void)closedir(list);
    if (names->count > 1)
        qsort(names->items, names->count, sizeof(const char *), compare_texts);
    return code;
}

enum mr_code mr_shelf_read(struct mr_shelf *shelf, const char *dir, struct mr_err *err)
{
    struct mr_vec names = MR_VEC_INIT(const char *);
    enum mr_code code = MR_OK;
    if (has_manifest(dir)) {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is a snapshot", dir);
        mr_err_hint(err, "Name the directory that holds it and others.");
        return MR_E_USAGE;
    }
    MR_TRY_OUT(list_names(shelf, dir, &names, err));
    for (size_t i = 0; i < names.count; i++)
        MR_TRY_OUT(add_item(shelf, dir, *(const char *const *)mr_vec_at(&names, i), err));
out:
    mr_vec_release(&names);
    return code;
}
