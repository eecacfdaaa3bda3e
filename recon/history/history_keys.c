/* history_keys.c: see history_keys.h. */
#include "recon/history/history_keys.h"

#include <stdlib.h>

#include "core/case/case_args.h"

#define SLOTS_MIN ((size_t)1 << 10)

void mr_history_keys_init(struct mr_history_keys *keys)
{
    *keys = (struct mr_history_keys){0};
}

void mr_history_keys_release(struct mr_history_keys *keys)
{
    free(keys->slots);
    mr_history_keys_init(keys);
}

static uint64_t hash_of(size_t number, const void *ptr, size_t len)
{
    const uint64_t hash = mr_digest_bytes(ptr, len).hi ^ (uint64_t)number * 0x9e3779b97f4a7c15u;
    return hash != 0 ? hash : 1;
}

/* The slot that has the hash, or would. */
static uint64_t *slot_of(uint64_t *slots, size_t nslots, uint64_t hash)
{
    size_t at = hash & (nslots - 1);
    while (slots[at] != 0 && slots[at] != hash)
        at = (at + 1) & (nslots - 1);
    return &slots[at];
}

static enum mr_code grow(struct mr_history_keys *keys, struct mr_err *err)
{
    const size_t nslots = keys->nslots > 0 ? keys->nslots * 2 : SLOTS_MIN;
    uint64_t *slots = calloc(nslots, sizeof *slots);
    if (slots == NULL)
        return mr_err_nomem(err, "reading the keys of a case");
    for (size_t i = 0; i < keys->nslots; i++)
        if (keys->slots[i] != 0)
            *slot_of(slots, nslots, keys->slots[i]) = keys->slots[i];
    free(keys->slots);
    keys->slots = slots;
    keys->nslots = nslots;
    return MR_OK;
}

static enum mr_code add(struct mr_history_keys *keys, uint64_t hash, struct mr_err *err)
{
    if (keys->count >= keys->nslots / 2)
        MR_TRY(grow(keys, err));
    uint64_t *slot = slot_of(keys->slots, keys->nslots, hash);
    keys->count += *slot == 0;
    *slot = hash;
    return MR_OK;
}

static enum mr_code add_keys(struct mr_history_keys *keys, struct mr_findings *fd, const char *sql,
                             int64_t table, size_t number, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    bool row = true;
    mr_case_lock(cf);
    enum mr_code code = MR_CASE_PREPARE(cf, sql, &stmt, err, MR_ARG_INT("tbl", table));
    while (code == MR_OK && !keys->all) {
        size_t len;
        code = mr_case_step(stmt, &row, err);
        if (code != MR_OK || !row)
            break;
        const void *ptr = mr_case_blob(stmt, 0, &len);
        code = add(keys, hash_of(number, ptr, len), err);
        keys->all = keys->count >= MR_HISTORY_KEYS_MAX;
    }
    mr_case_free(stmt);
    mr_case_unlock(cf);
    return code;
}

enum mr_code mr_history_keys_add_table(struct mr_history_keys *keys, struct mr_findings *fd,
                                       const struct mr_find_table *table, size_t number,
                                       struct mr_err *err)
{
    MR_TRY(add_keys(keys, fd, "SELECT key FROM finding WHERE tbl=:tbl AND key IS NOT NULL",
                    table->id, number, err));
    return add_keys(keys, fd, "SELECT key FROM ancestor WHERE tbl=:tbl", table->id, number, err);
}

bool mr_history_keys_has(const struct mr_history_keys *keys, size_t number, struct mr_key key)
{
    if (keys->all)
        return true;
    return keys->nslots > 0 &&
           *slot_of(keys->slots, keys->nslots, hash_of(number, key.ptr, key.len)) != 0;
}
