/* snap_gone.c: see snap_gone.h. */
#include "snapshot/format/snap_gone.h"

#include "snapshot/format/snap_dir.h"

void mr_snap_gone_name(struct mr_strbuf *out, const struct mr_snap_table *table, bool encrypted)
{
    mr_strbuf_add_str(out, "data/");
    mr_snap_stem_add(out, table->db, table->name);
    mr_strbuf_add_fmt(out, ".gone.tsv.zst%s", encrypted ? MR_SNAP_ENCRYPTED : "");
}

enum mr_code mr_snap_gone_table(const struct mr_snap_table *table, struct mr_arena *arena,
                                struct mr_snap_table *out, struct mr_err *err)
{
    struct mr_snap_column *columns = mr_arena_calloc(arena, table->nkey + 1, sizeof *columns);
    size_t *key = mr_arena_calloc(arena, table->nkey + 1, sizeof *key);
    struct mr_snap_chunk *chunk = mr_arena_calloc(arena, 1, sizeof *chunk);
    if (columns == NULL || key == NULL || chunk == NULL)
        return mr_err_nomem(err, "reading a snapshot");
    for (size_t k = 0; k < table->nkey; k++) {
        columns[k] = table->columns[table->key[k]];
        key[k] = k;
    }
    *chunk = table->gone;
    /* the file says nothing of its keys but what is in it */
    *out = (struct mr_snap_table){.db = table->db,
                                  .name = table->name,
                                  .engine = table->engine,
                                  .keys_hidden = true,
                                  .columns = columns,
                                  .ncolumns = table->nkey,
                                  .key = key,
                                  .nkey = table->nkey,
                                  .chunks = chunk,
                                  .nchunks = table->gone.file != NULL};
    return MR_OK;
}
