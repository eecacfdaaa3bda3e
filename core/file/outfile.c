/* outfile.c: see outfile.h. */
#include "core/file/outfile.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/cms.h"
#include "core/file/compress.h"
#include "core/file/parts.h"
#include "core/file/recipient.h"

#define PART_BYTES ((size_t)64 * 1024 * 1024)

struct mr_outfile {
    struct mr_parts *parts;         /* NULL: standard output */
    struct mr_recipient *recipient; /* NULL: not encrypted */
    struct mr_cms *cms;             /* the current part's */
    struct mr_compress *compress;   /* NULL: not compressed */
    size_t part_bytes, part_used;   /* content of the current part */
    uint64_t content_bytes, stored_bytes;
    bool is_committed;
    struct mr_err failed; /* the first error; code MR_OK: none */
};

bool mr_outfile_wants_zstd(const char *path)
{
    static const char suffix[] = ".zst";
    size_t len = path == NULL ? 0 : strlen(path);
    return len >= sizeof suffix - 1 && strcmp(path + len - (sizeof suffix - 1), suffix) == 0;
}

static enum mr_code fail_stdout(struct mr_err *err)
{
    (void)mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
    mr_err_hint(err, "The result is incomplete; see where standard output leads.");
    return MR_E_IO;
}

/* The bottom: what is to lie in the file. */
static enum mr_code store(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_outfile *out = arg;
    out->stored_bytes += len;
    if (out->parts != NULL)
        return mr_parts_write(out->parts, ptr, len, err);
    return fwrite(ptr, 1, len, stdout) == len ? MR_OK : fail_stdout(err);
}

static enum mr_code begin_part(struct mr_outfile *out, struct mr_err *err)
{
    const struct mr_sink sink = {.write = store, .arg = out};
    out->part_used = 0;
    return mr_cms_new(out->recipient, sink, &out->cms, err);
}

static enum mr_code finish_part(struct mr_outfile *out, struct mr_err *err)
{
    enum mr_code rc = mr_cms_finish(out->cms, err);
    mr_cms_free(out->cms);
    out->cms = NULL;
    return rc;
}

/* The middle: content, compressed or not, into one part after the other.  A part is begun
 * only when there is something for it. */
static enum mr_code split(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_outfile *out = arg;
    const char *at = ptr;
    enum mr_code rc = MR_OK;
    if (out->recipient == NULL)
        return store(out, ptr, len, err);
    while (len > 0 && rc == MR_OK) {
        if (out->part_used == out->part_bytes) {
            rc = finish_part(out, err);
            if (rc == MR_OK)
                rc = mr_parts_next(out->parts, err);
            if (rc == MR_OK)
                rc = begin_part(out, err);
            if (rc != MR_OK)
                break;
        }
        size_t room = out->part_bytes - out->part_used;
        size_t now = len < room ? len : room;
        rc = mr_cms_write(out->cms, at, now, err);
        out->part_used += now;
        at += now;
        len -= now;
    }
    return rc;
}

/* The certificate comes first: no file is made for somebody who could not open it. */
static enum mr_code open_layers(struct mr_outfile *out, const struct mr_outfile_opts *opts,
                                struct mr_err *err)
{
    const struct mr_sink sink = {.write = split, .arg = out};
    enum mr_code rc = MR_OK;
    if (opts->encrypt_to != NULL)
        rc = mr_recipient_load(opts->encrypt_to, &out->recipient, err);
    if (rc == MR_OK && opts->path != NULL)
        rc = mr_parts_open(opts->path, out->recipient != NULL, opts->force, &out->parts, err);
    if (rc == MR_OK && opts->path != NULL && opts->unsynced)
        mr_parts_leave_unsynced(out->parts);
    if (rc == MR_OK && out->recipient != NULL)
        rc = begin_part(out, err);
    if (rc == MR_OK && opts->compress)
        rc = mr_compress_new(sink, &out->compress, err);
    return rc;
}

enum mr_code mr_outfile_begin(const struct mr_outfile_opts *opts, struct mr_outfile **out,
                              struct mr_err *err)
{
    *out = NULL;
    if (opts->encrypt_to != NULL && opts->path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "encrypted output cannot go to standard output");
        mr_err_hint(err, "Name a file with --output: it may become several parts.");
        return MR_E_USAGE;
    }
    struct mr_outfile *outfile = calloc(1, sizeof *outfile);
    if (outfile == NULL)
        return mr_err_nomem(err, "creating an output file");
    outfile->part_bytes = opts->part_bytes == 0 ? PART_BYTES : opts->part_bytes;
    enum mr_code rc = open_layers(outfile, opts, err);
    if (rc == MR_OK)
        *out = outfile;
    else
        mr_outfile_free(outfile);
    return rc;
}

static enum mr_code tell(const struct mr_outfile *out, struct mr_err *err)
{
    if (err != NULL && out->failed.code != MR_OK)
        *err = out->failed;
    return out->failed.code;
}

enum mr_code mr_outfile_write(struct mr_outfile *out, const void *ptr, size_t len,
                              struct mr_err *err)
{
    assert(!out->is_committed);
    if (out->failed.code == MR_OK && len > 0) {
        enum mr_code rc = out->compress == NULL
                              ? split(out, ptr, len, &out->failed)
                              : mr_compress_write(out->compress, ptr, len, &out->failed);
        if (rc == MR_OK)
            out->content_bytes += len;
    }
    return tell(out, err);
}

static enum mr_code write_for(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    return mr_outfile_write(arg, ptr, len, err);
}

struct mr_sink mr_outfile_sink(struct mr_outfile *out)
{
    return (struct mr_sink){write_for, out};
}

static enum mr_code commit(struct mr_outfile *out, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    if (out->compress != NULL)
        rc = mr_compress_finish(out->compress, err);
    if (rc == MR_OK && out->cms != NULL)
        rc = finish_part(out, err);
    if (rc == MR_OK && out->parts != NULL)
        return mr_parts_commit(out->parts, err);
    if (rc == MR_OK && fflush(stdout) != 0)
        rc = fail_stdout(err);
    return rc;
}

enum mr_code mr_outfile_commit(struct mr_outfile *out, struct mr_err *err)
{
    assert(!out->is_committed);
    if (out->failed.code == MR_OK)
        (void)commit(out, &out->failed);
    out->is_committed = true;
    return tell(out, err);
}

void mr_outfile_free(struct mr_outfile *out)
{
    if (out == NULL)
        return;
    mr_compress_free(out->compress);
    mr_cms_free(out->cms);
    mr_recipient_free(out->recipient);
    mr_parts_free(out->parts);
    free(out);
}

size_t mr_outfile_files(const struct mr_outfile *out)
{
    return out->parts == NULL ? 0 : mr_parts_count(out->parts);
}

const char *mr_outfile_name(const struct mr_outfile *out, size_t index)
{
    return mr_parts_name(out->parts, index);
}

uint64_t mr_outfile_content_bytes(const struct mr_outfile *out)
{
    return out->content_bytes;
}

uint64_t mr_outfile_stored_bytes(const struct mr_outfile *out)
{
    return out->stored_bytes;
}
