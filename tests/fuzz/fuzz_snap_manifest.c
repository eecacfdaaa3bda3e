/*
 * fuzz_snap_manifest.c: the reader of a snapshot's manifest.
 *
 * Whatever the bytes are: they are refused, or they make a manifest in which every file is
 * within the snapshot and every key column exists, and which, written, reads back.
 */
#include "fuzz.h"

#include <string.h>

#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"
#include "snapshot/read/snap_rows.h"

static void check(const struct mr_snap_manifest *m)
{
    for (size_t i = 0; i < m->nfiles; i++)
        FUZZ_CHECK(mr_snap_name_is_safe(m->files[i].name));
    for (size_t i = 0; i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        const char *reason = NULL;
        for (size_t k = 0; k < t->nkey; k++)
            FUZZ_CHECK(t->key[k] < t->ncolumns);
        for (size_t k = 0; k < t->nchunks; k++)
            FUZZ_CHECK(mr_snap_name_is_safe(t->chunks[k].file));
        mr_snap_check_table(t, &reason);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_snap_manifest m;
    if (mr_snap_manifest_read((const char *)data, size, "m", &arena, &m, NULL) == MR_OK) {
        check(&m);
        FUZZ_CHECK(mr_snap_manifest_write(&m, mr_sink_to_strbuf(&text), NULL) == MR_OK);
        FUZZ_CHECK(mr_snap_manifest_read(text.ptr, text.len, "m", &arena, &m, NULL) == MR_OK);
    }
    mr_strbuf_release(&text);
    mr_arena_release(&arena);
    return 0;
}
