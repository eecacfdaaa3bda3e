/* script_memo.c: see script_memo.h. */
#include "repair/script/script_memo.h"

#include <string.h>

#include "core/db/sqlscan.h"

#define STATEMENTS 8
#define BYTES ((size_t)8 * 1024) /* of one; an update of some 200 columns */
#define NUMBERS 64

/* A whole number of a statement. */
struct span {
    size_t at, len;
};

struct kept {
    unsigned kind;
    size_t len, nnumbers;
    struct span numbers[NUMBERS];
    char text[BYTES];
};

struct mr_script_memo {
    size_t count, next; /* statements kept, and whose turn it is to be replaced */
    struct kept kept[STATEMENTS];
};

struct mr_script_memo *mr_script_memo_new(struct mr_arena *arena)
{
    return mr_arena_calloc(arena, 1, sizeof(struct mr_script_memo));
}

static size_t digits(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

/* Between its numbers it is compared byte by byte; a number ends where the digits do, as it does
 * for servers, since what follows is no part of one in the statement that was kept. */
static bool is_like(const struct kept *k, const char *text, size_t len)
{
    size_t from = 0, at = 0; /* in the kept one, and in this */
    for (size_t i = 0; i <= k->nnumbers; i++) {
        const size_t to = i < k->nnumbers ? k->numbers[i].at : k->len;
        if (to - from > len - at || memcmp(k->text + from, text + at, to - from) != 0)
            return false;
        at += to - from;
        if (i == k->nnumbers)
            break;
        const size_t n = digits(text + at, len - at);
        if (n == 0)
            return false;
        at += n;
        from = to + k->numbers[i].len;
    }
    return at == len;
}

bool mr_script_memo_has(const struct mr_script_memo *memo, unsigned kind, const char *text,
                        size_t len)
{
    for (size_t i = 0; i < memo->count; i++)
        if (memo->kept[i].kind == kind && is_like(&memo->kept[i], text, len))
            return true;
    return false;
}

void mr_script_memo_keep(struct mr_script_memo *memo, unsigned kind, const char *text, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token t;
    struct kept *k = &memo->kept[memo->next];
    if (len > sizeof k->text)
        return;
    memcpy(k->text, text, len);
    k->kind = kind;
    k->len = len;
    k->nnumbers = 0;
    mr_sqlscan_init(&scan, k->text, len);
    while (k->nnumbers < NUMBERS && mr_sqlscan_next(&scan, &t))
        if (t.kind == MR_TOKEN_NUMBER && digits(t.ptr, t.len) == t.len)
            k->numbers[k->nnumbers++] = (struct span){(size_t)(t.ptr - k->text), t.len};
    memo->next = (memo->next + 1) % STATEMENTS;
    memo->count += memo->count < STATEMENTS;
}
