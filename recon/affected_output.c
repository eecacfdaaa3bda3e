/* affected_output.c: see affected_output.h. */
#include "recon/affected_output.h"

#include <unistd.h>

enum mr_code mr_affected_output_begin(struct mr_affected_output *out, const char *path,
                                      bool force, struct mr_err *err)
{
    *out = (struct mr_affected_output){.path = path};
    if (path == NULL)
        return MR_OK;
    if (!force && access(path, F_OK) == 0) {
        (void)mr_err_set(err, MR_E_IO, "file \"%s\" exists already", path);
        mr_err_hint(err, "Give another name, or --force to replace it.");
        return MR_E_IO;
    }
    return mr_io_begin(path, 0600, &out->file, err);
}

enum mr_code mr_affected_output_write(struct mr_affected_output *out, const void *ptr,
                                      size_t len, struct mr_err *err)
{
    return out->path == NULL
               ? mr_io_write_all(STDOUT_FILENO, "standard output", ptr, len, err)
               : mr_io_write(out->file, ptr, len, err);
}

enum mr_code mr_affected_output_commit(struct mr_affected_output *out, struct mr_err *err)
{
    return out->path != NULL ? mr_io_commit(out->file, err) : MR_OK;
}

void mr_affected_output_release(struct mr_affected_output *out)
{
    mr_io_free(out->file);
}
