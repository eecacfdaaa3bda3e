/* history_runs.c: see history_runs.h. */
#include "recon/history/history_runs.h"

#include <stdlib.h>
#include <string.h>

#define READ_MIN ((size_t)16 * 1024)
#define READ_MAX ((size_t)1024 * 1024)

struct run {
    uint64_t at, end; /* in the file; at: what is not in the buffer yet */
    uint64_t begin;
    char *buffer;
    size_t cap, used, len; /* used: where the entry that is next begins */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting changes");
}

void mr_history_runs_init(struct mr_history_runs *runs, const char *beside)
{
    *runs = (struct mr_history_runs){.beside = beside, .runs = MR_VEC_INIT(struct run)};
    mr_scratch_file_init(&runs->file);
}

void mr_history_runs_release(struct mr_history_runs *runs)
{
    for (size_t i = 0; i < runs->runs.count; i++)
        free(((struct run *)mr_vec_at(&runs->runs, i))->buffer);
    mr_vec_release(&runs->runs);
    mr_scratch_file_release(&runs->file);
    free(runs->heap);
    mr_history_runs_init(runs, runs->beside);
}

bool mr_history_runs_is_empty(const struct mr_history_runs *runs)
{
    return runs->runs.count == 0;
}

enum mr_code mr_history_runs_add(struct mr_history_runs *runs, struct mr_history_entry *const *list,
                                 size_t count, struct mr_err *err)
{
    struct mr_strbuf packed = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (runs->file.fd < 0)
        MR_TRY(mr_scratch_file_open(&runs->file, runs->beside, err));
    const uint64_t begin = runs->file.bytes;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        mr_strbuf_reset(&packed);
        code = mr_history_entry_pack(list[i], &packed, err);
        if (code == MR_OK)
            code = mr_scratch_file_add(&runs->file, packed.ptr, packed.len, err);
    }
    mr_strbuf_release(&packed);
    MR_TRY(code);
    struct run *run = mr_vec_push(&runs->runs);
    if (run == NULL)
        return nomem(err);
    *run = (struct run){.begin = begin, .end = runs->file.bytes};
    return MR_OK;
}

/* ---- one run ---- */

static enum mr_code reserve(struct run *run, size_t bytes, struct mr_err *err)
{
    if (run->cap >= bytes)
        return MR_OK;
    char *buffer = realloc(run->buffer, bytes);
    if (buffer == NULL)
        return nomem(err);
    run->buffer = buffer;
    run->cap = bytes;
    return MR_OK;
}

/* At least so many bytes of what is next, or all that there is.  What is left moves to the front, so
 * that entries stay aligned. */
static enum mr_code fill(const struct mr_history_runs *runs, struct run *run, size_t bytes,
                         struct mr_err *err)
{
    const size_t left = run->len - run->used;
    if (left >= bytes)
        return MR_OK;
    memmove(run->buffer, run->buffer + run->used, left);
    run->used = 0;
    run->len = left;
    MR_TRY(reserve(run, bytes, err));
    const uint64_t room = run->cap - left, rest = run->end - run->at;
    const size_t count = rest < room ? (size_t)rest : (size_t)room;
    MR_TRY(mr_scratch_file_read(&runs->file, run->at, run->buffer + left, count, err));
    run->at += count;
    run->len += count;
    return MR_OK;
}

static bool is_at_end(const struct run *run)
{
    return run->used == run->len && run->at == run->end;
}

static size_t packed_bytes(const struct run *run)
{
    return mr_history_entry_packed_bytes(run->buffer + run->used);
}

/* The entry that is next is in the buffer, whole. */
static enum mr_code load(const struct mr_history_runs *runs, struct run *run, struct mr_err *err)
{
    if (is_at_end(run))
        return MR_OK;
    MR_TRY(fill(runs, run, MR_HISTORY_ENTRY_HEAD_BYTES, err));
    return fill(runs, run, packed_bytes(run), err);
}

/* ---- all of them ---- */

static struct run *run_at(const struct mr_history_runs *runs, size_t at)
{
    return mr_vec_at(&runs->runs, runs->heap[at]);
}

static bool comes_before(const struct mr_history_runs *runs, size_t a, size_t b)
{
    const struct run *x = run_at(runs, a), *y = run_at(runs, b);
    const int order = mr_history_name_compare(mr_history_entry_name(x->buffer + x->used),
                                              mr_history_entry_name(y->buffer + y->used));
    return order != 0 ? order < 0 : runs->heap[a] < runs->heap[b];
}

static void sink(struct mr_history_runs *runs, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < runs->nheap; child++)
            if (comes_before(runs, child, least))
                least = child;
        if (least == at)
            return;
        const size_t swap = runs->heap[at];
        runs->heap[at] = runs->heap[least];
        runs->heap[least] = swap;
        at = least;
    }
}

enum mr_code mr_history_runs_merge_begin(struct mr_history_runs *runs, struct mr_err *err)
{
    const size_t count = runs->runs.count;
    size_t each = count > 0 ? MR_HISTORY_MERGE_BYTES / count : 0;
    each = each < READ_MIN ? READ_MIN : each > READ_MAX ? READ_MAX : each;
    MR_TRY(mr_scratch_file_flush(&runs->file, err));
    free(runs->heap);
    runs->nheap = 0;
    runs->heap = calloc(count + 1, sizeof *runs->heap);
    if (runs->heap == NULL)
        return nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct run *run = mr_vec_at(&runs->runs, i);
        run->at = run->begin;
        run->used = run->len = 0;
        MR_TRY(reserve(run, each, err));
        MR_TRY(load(runs, run, err));
        if (!is_at_end(run))
            runs->heap[runs->nheap++] = i;
    }
    for (size_t i = runs->nheap / 2; i-- > 0;)
        sink(runs, i);
    return MR_OK;
}

bool mr_history_runs_merge_peek(const struct mr_history_runs *runs, struct mr_history_name *name)
{
    if (runs->nheap == 0)
        return false;
    const struct run *run = run_at(runs, 0);
    *name = mr_history_entry_name(run->buffer + run->used);
    return true;
}

enum mr_code mr_history_runs_merge_next(struct mr_history_runs *runs, struct mr_arena *arena,
                                        struct mr_history_entry **out, struct mr_err *err)
{
    struct run *run = run_at(runs, 0);
    MR_TRY(mr_history_entry_unpack(run->buffer + run->used, arena, out, err));
    run->used += packed_bytes(run);
    MR_TRY(load(runs, run, err));
    if (is_at_end(run))
        runs->heap[0] = runs->heap[--runs->nheap];
    sink(runs, 0);
    return MR_OK;
}
