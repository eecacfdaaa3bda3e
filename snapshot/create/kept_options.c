/* kept_options.c: see kept_options.h. */
#include "snapshot/create/kept_options.h"

#define CHUNK_MIB_ENCRYPTED 60 /* rows that do not compress make a message of 64 */

enum mr_code mr_kept_options_check(const struct mr_settings *settings, unsigned chunk_mib,
                                   bool is_encrypted, struct mr_err *err)
{
    if (!is_encrypted || chunk_mib <= CHUNK_MIB_ENCRYPTED)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE,
                     "encrypted files have at most %d MiB of text, because whoever "
                     "opens one holds it in memory",
                     CHUNK_MIB_ENCRYPTED);
    mr_settings_context(settings, "chunk-size", err);
    return MR_E_USAGE;
}
