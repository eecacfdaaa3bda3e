/*
 * kept_options: how rows are kept in files, as options of whatever makes a snapshot: `snapshot create`
 * and `snapshot merge`.
 *
 * A struct of options has unsigned chunk_mib and level for them.  Threads: no state.
 */
#ifndef MR_KEPT_OPTIONS_H
#define MR_KEPT_OPTIONS_H

#include "core/cli/cli.h"
#include "core/file/compress.h"

#define MR_KEPT_CHUNK_MIB_MAX 1024

#define MR_KEPT_OPTIONS(of)                                                                        \
    {.name = "chunk-size",                                                                         \
     .type = MR_OPTION_UINT,                                                                       \
     .offset = offsetof(of, chunk_mib),                                                            \
     .arg = "MIB",                                                                                 \
     .group = "How it is kept",                                                                    \
     .help = "text in one file, before compression",                                               \
     .initial = "32",                                                                              \
     .min = 1,                                                                                     \
     .max = MR_KEPT_CHUNK_MIB_MAX},                                                                \
    {                                                                                              \
        .name = "level", .type = MR_OPTION_UINT, .offset = offsetof(of, level), .arg = "N",        \
        .group = "How it is kept", .help = "of zstd: 1 is fast, 19 is small", .initial = "1",      \
        .min = 1, .max = MR_COMPRESS_LEVEL_MAX                                                     \
    }

/* MR_E_USAGE for a chunk size that nobody could open where it is encrypted. */
enum mr_code mr_kept_options_check(const struct mr_settings *settings, unsigned chunk_mib,
                                   bool is_encrypted, struct mr_err *err);

#endif
