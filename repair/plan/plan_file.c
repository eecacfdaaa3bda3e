/* plan_file.c: writing a file of a plan directory piece by piece; see plan_dir.h. */
#include <stdlib.h>

#include "core/file/sink_behind.h"
#include "core/file/compress.h"
#include "core/file/io.h"
#include "core/file/outfile.h"
#include "core/file/sha256.h"
#include "repair/plan/plan_dir_internal.h"

struct mr_plan_file_out {
    struct mr_plan_writer *writer;
    const char *name;
    struct mr_io_file *file;
    struct mr_sha256 hash;        /* of what is stored */
    struct mr_compress *compress; /* NULL: stored as it is */
    uint64_t stored_bytes;
    struct mr_sink_behind *behind; /* whose thread has all of these until it is finished */
    struct mr_err failed;          /* the first error; code MR_OK: none */
};

/* The bottom: what is to lie in the file. */
static enum mr_code store(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_plan_file_out *out = arg;
    mr_sha256_add(&out->hash, ptr, len);
    out->stored_bytes += len;
    return mr_io_write(out->file, ptr, len, err);
}

/* What is written, on its way down. */
static enum mr_code take(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_plan_file_out *out = arg;
    return out->compress == NULL ? store(out, ptr, len, err)
                                 : mr_compress_write(out->compress, ptr, len, err);
}

static void free_layers(struct mr_plan_file_out *out)
{
    mr_sink_behind_free(out->behind);
    mr_compress_free(out->compress);
    mr_sha256_release(&out->hash);
    mr_io_free(out->file);
    free(out);
}

static enum mr_code open_layers(struct mr_plan_file_out *out, struct mr_err *err)
{
    const struct mr_sink sink = {.write = store, .arg = out};
    const char *path = mr_plan_path(&out->writer->arena, out->writer->dir.partial, out->name);
    if (path == NULL)
        return mr_err_nomem(err, "writing a plan");
    MR_TRY(mr_sha256_init(&out->hash, err));
    MR_TRY(mr_io_begin(path, 0600, &out->file, err));
    if (mr_outfile_wants_zstd(out->name))
        MR_TRY(mr_compress_new(sink, &out->compress, err));
    return mr_sink_behind_new((struct mr_sink){.write = take, .arg = out}, &out->behind, err);
}

enum mr_code mr_plan_writer_open(struct mr_plan_writer *writer, const char *name,
                                 struct mr_plan_file_out **out, struct mr_err *err)
{
    struct mr_plan_file_out *file = calloc(1, sizeof *file);
    *out = NULL;
    if (file == NULL)
        return mr_err_nomem(err, "writing a plan");
    file->writer = writer;
    file->name = name;
    enum mr_code code = open_layers(file, err);
    if (code != MR_OK) {
        free_layers(file);
        return code;
    }
    writer->unfinished++;
    *out = file;
    return MR_OK;
}

static enum mr_code tell(const struct mr_plan_file_out *out, struct mr_err *err)
{
    if (err != NULL && out->failed.code != MR_OK)
        *err = out->failed;
    return out->failed.code;
}

enum mr_code mr_plan_file_write(struct mr_plan_file_out *out, const void *ptr, size_t len,
                                struct mr_err *err)
{
    if (out->failed.code == MR_OK && len > 0)
        (void)mr_sink_behind_write(out->behind, ptr, len, &out->failed);
    return tell(out, err);
}

static enum mr_code write_sink(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    return mr_plan_file_write(arg, ptr, len, err);
}

struct mr_sink mr_plan_file_sink(struct mr_plan_file_out *out)
{
    return (struct mr_sink){.write = write_sink, .arg = out};
}

/* The digest is that of the bytes as they lie on disk, compressed or not: who checks it need not
 * unpack them. */
static enum mr_code finish(struct mr_plan_file_out *out, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct mr_plan_writer *writer = out->writer;
    MR_TRY(mr_sink_behind_finish(out->behind, err));
    if (out->compress != NULL)
        MR_TRY(mr_compress_finish(out->compress, err));
    MR_TRY(mr_io_commit(out->file, err));
    mr_sha256_finish(&out->hash, hex);
    const char *sha256 = mr_arena_strdup(&writer->arena, hex);
    struct mr_plan_file *file = sha256 != NULL ? mr_vec_push(&writer->files) : NULL;
    if (file == NULL)
        return mr_err_nomem(err, "writing a plan");
    *file =
        (struct mr_plan_file){.name = out->name, .size_bytes = out->stored_bytes, .sha256 = sha256};
    writer->unfinished--;
    return MR_OK;
}

enum mr_code mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err)
{
    if (out == NULL)
        return MR_OK;
    if (out->failed.code == MR_OK)
        (void)finish(out, &out->failed);
    enum mr_code code = tell(out, err);
    free_layers(out);
    return code;
}

const char *mr_plan_writer_path(struct mr_plan_writer *writer, const char *name)
{
    return mr_plan_path(&writer->arena, writer->dir.partial, name);
}
