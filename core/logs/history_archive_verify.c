/* history_archive_verify.c: each file is what the list says; see history_archive.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/decompress.h"
#include "core/logs/history_archive.h"

struct content {
    struct mr_sha256 hash;
    uint64_t bytes, bytes_max;
    struct mr_progress *progress;
};

static enum mr_code add(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct content *c = arg;
    if (len > c->bytes_max - c->bytes) /* no more is read of what may have no end */
        return mr_err_set(err, MR_E_REFUSED, "more comes out of it than was put in");
    mr_sha256_add(&c->hash, ptr, len);
    c->bytes += len;
    mr_progress_add(c->progress, 0, len);
    mr_progress_add_done(c->progress, len);
    mr_progress_tick(c->progress);
    return MR_OK;
}

static const char *keep(struct mr_history_archive *a, const char *text)
{
    return mr_arena_strdup(a->arena, text);
}

/* The file's digest says that it is the one that was written; the content's, that what comes out of it is
 * what the server sent, whatever zstd made of it. */
static enum mr_code look_at_content(struct mr_history_archive *a, const char *path,
                                    struct mr_archive_told *told, struct mr_err *err)
{
    struct content c = {.bytes_max = told->log.bytes, .progress = a->progress};
    struct mr_err why = {0};
    char hex[MR_SHA256_HEX];
    MR_TRY(mr_sha256_init(&c.hash, err));
    enum mr_code code = mr_decompress_file(path, (struct mr_sink){add, &c}, &why);
    mr_sha256_finish(&c.hash, hex);
    if (code == MR_E_NOMEM || code == MR_E_CANCELLED) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        told->why = keep(a, why.message);
    else if (c.bytes != told->log.bytes || strcmp(hex, told->log.content) != 0)
        told->why = "its content is another one";
    else
        return MR_OK;
    told->state = MR_ARCHIVE_DAMAGED;
    return told->why != NULL ? MR_OK : mr_err_nomem(err, "verifying an archive");
}

/* From the cheapest question to the dearest; the first that fails is the reason. */
static enum mr_code look_at(struct mr_history_archive *a, const char *dir,
                            struct mr_archive_told *told, struct mr_err *err)
{
    const char *path = mr_archive_path(dir, told->log.file, a->arena);
    struct mr_err why = {0};
    struct stat st;
    char hex[MR_SHA256_HEX];
    uint64_t bytes = 0;
    if (path == NULL)
        return mr_err_nomem(err, "verifying an archive");
    if (lstat(path, &st) != 0) {
        told->state = errno == ENOENT ? MR_ARCHIVE_MISSING : MR_ARCHIVE_DAMAGED;
        told->why = keep(a, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        told->state = MR_ARCHIVE_DAMAGED;
        told->why = "it is no regular file";
    } else if (mr_sha256_file(path, hex, &bytes, &why) != MR_OK) {
        told->state = MR_ARCHIVE_DAMAGED;
        told->why = keep(a, why.message);
    } else if (bytes != told->log.stored_bytes || strcmp(hex, told->log.stored) != 0) {
        told->state = MR_ARCHIVE_DAMAGED;
        told->why = "it is not the file that was written";
    } else {
        told->state = MR_ARCHIVE_GOOD;
        told->why = told->log.fault;
        return look_at_content(a, path, told, err);
    }
    return told->why != NULL ? MR_OK : mr_err_nomem(err, "verifying an archive");
}

/* A run that is at work here lists a longer copy of a log, and removes the one that we were to read. */
static enum mr_code look_until_it_stands(struct mr_history_archive *a, const char *dir,
                                         struct mr_archive_told *told, struct mr_err *err)
{
    enum mr_code code = look_at(a, dir, told, err);
    while (code == MR_OK && told->state == MR_ARCHIVE_MISSING && !told->log.is_whole) {
        struct mr_archive_list now;
        bool found = false;
        mr_archive_list_init(&now);
        code = mr_archive_list_read(dir, a->arena, &now, &found, err);
        const struct mr_archived_log *log =
            code == MR_OK ? mr_archive_list_find(&now, told->log.name) : NULL;
        const bool is_another = log != NULL && strcmp(log->file, told->log.file) != 0;
        if (is_another) {
            struct mr_archived_log *listed = mr_archive_list_find(&a->list, told->log.name);
            *listed = *log; /* gaps are told of what stands */
            *told = (struct mr_archive_told){.log = *log};
        }
        mr_archive_list_release(&now);
        if (!is_another)
            break;
        code = look_at(a, dir, told, err);
    }
    return code;
}

enum mr_code mr_history_archive_verify(struct mr_history_archive *a, const char *dir,
                                       struct mr_err *err)
{
    bool found = false;
    MR_TRY(mr_archive_list_read(dir, a->arena, &a->list, &found, err));
    if (!found) {
        (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" holds no " MR_ARCHIVE_FILE, dir);
        mr_err_hint(err, "Name a directory that \"history archive\" has written.");
        return MR_E_REFUSED;
    }
    for (size_t i = 0; i < a->list.logs.count; i++) {
        const struct mr_archived_log *log = mr_vec_at(&a->list.logs, i);
        mr_progress_add_total(a->progress, log->bytes);
    }
    for (size_t i = 0; i < a->list.logs.count; i++) {
        struct mr_archive_told *told = mr_vec_push(&a->told);
        if (told == NULL)
            return mr_err_nomem(err, "verifying an archive");
        *told = (struct mr_archive_told){
            .log = *(const struct mr_archived_log *)mr_vec_at(&a->list.logs, i)};
        MR_TRY(look_until_it_stands(a, dir, told, err));
    }
    return mr_history_archive_gaps(a, err);
}
