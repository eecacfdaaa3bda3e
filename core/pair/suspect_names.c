/* suspect_names.c: see suspect_names.h. */
#include "core/pair/suspect_names.h"

#include <stdlib.h>
#include <string.h>

/* Without a separator the two letters may end a word (paid, void, grid). */
#define STEM_MIN 3

struct form {
    const char *folded;
    size_t table;
    bool by_word;
};

void mr_suspect_names_init(struct mr_suspect_names *names)
{
    *names = (struct mr_suspect_names){.arena = MR_ARENA_INIT, .forms = MR_VEC_INIT(struct form)};
}

void mr_suspect_names_release(struct mr_suspect_names *names)
{
    mr_vec_release(&names->forms);
    mr_arena_release(&names->arena);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Lower case, without underscores. */
static void add_folded(struct mr_strbuf *out, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (name[i] != '_')
            mr_strbuf_add_char(out, lower(name[i]));
}

static enum mr_code add_form(struct mr_suspect_names *names, const char *name,
                             const struct form *like, struct mr_err *err)
{
    struct mr_strbuf folded = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    add_folded(&folded, name, strlen(name));
    if (folded.len > 0 || folded.failed) {
        const char *copy =
            folded.failed ? NULL : mr_arena_dup(&names->arena, folded.ptr, folded.len);
        struct form *form = copy != NULL ? mr_vec_push(&names->forms) : NULL;
        if (form == NULL)
            code = mr_err_nomem(err, "looking for references");
        else
            *form = (struct form){copy, like->table, like->by_word};
    }
    mr_strbuf_release(&folded);
    return code;
}

enum mr_code mr_suspect_names_add(struct mr_suspect_names *names, const char *table_name,
                                  size_t table, struct mr_err *err)
{
    struct form like = {.table = table};
    enum mr_code code = add_form(names, table_name, &like, err);
    like.by_word = true;
    for (const char *at = strchr(table_name, '_'); code == MR_OK && at != NULL;
         at = strchr(at + 1, '_'))
        if (at > table_name && at[1] != '_')
            code = add_form(names, at + 1, &like, err);
    return code;
}

static int compare_forms(const void *a, const void *b)
{
    const struct form *x = a, *y = b;
    int order = strcmp(x->folded, y->folded);
    if (order != 0)
        return order;
    return x->table != y->table ? (x->table < y->table ? -1 : 1)
                                : (int)x->by_word - (int)y->by_word;
}

void mr_suspect_names_sort(struct mr_suspect_names *names)
{
    if (names->forms.count > 1)
        qsort(names->forms.items, names->forms.count, sizeof(struct form), compare_forms);
}

/* Bytes of the name in front of its id; 0 if it does not end so. */
static size_t stem_len(const char *column)
{
    size_t len = strlen(column);
    if (len < 3 || lower(column[len - 2]) != 'i' || lower(column[len - 1]) != 'd')
        return 0;
    len -= 2;
    char before = column[len - 1];
    bool hump = column[len] == 'I' && column[len + 1] == 'd' && !(before >= 'A' && before <= 'Z');
    return before == '_' || hump || len >= STEM_MIN ? len : 0;
}

/* The first form that is not below `folded`. */
static size_t first_form(const struct mr_suspect_names *names, const char *folded)
{
    size_t lo = 0, hi = names->forms.count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct form *form = mr_vec_at(&names->forms, mid);
        if (strcmp(form->folded, folded) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int compare_hits(const void *a, const void *b)
{
    const struct mr_suspect_hit *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return (int)x->by_word - (int)y->by_word;
}

/* Tables whose form is the stem's first `len` bytes and the ending. */
static enum mr_code find_form(const struct mr_suspect_names *names, const struct mr_strbuf *stem,
                              size_t len, const char *ending, struct mr_vec *hits,
                              struct mr_err *err)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    mr_strbuf_add(&wanted, stem->ptr, len);
    mr_strbuf_add_str(&wanted, ending);
    enum mr_code code = mr_strbuf_check(&wanted, "looking for references", err);
    size_t at = code == MR_OK ? first_form(names, wanted.ptr) : names->forms.count;
    for (; code == MR_OK && at < names->forms.count; at++) {
        const struct form *form = mr_vec_at(&names->forms, at);
        if (strcmp(form->folded, wanted.ptr) != 0)
            break;
        struct mr_suspect_hit *hit = mr_vec_push(hits);
        if (hit != NULL)
            *hit = (struct mr_suspect_hit){form->table, form->by_word};
        else
            code = mr_err_nomem(err, "looking for references");
    }
    mr_strbuf_release(&wanted);
    return code;
}

/* Each table once, as strongly as it is meant. */
static void drop_repeats(struct mr_vec *hits)
{
    struct mr_suspect_hit *items = hits->items;
    size_t kept = 0;
    if (hits->count > 1)
        qsort(items, hits->count, sizeof *items, compare_hits);
    for (size_t i = 0; i < hits->count; i++)
        if (kept == 0 || items[kept - 1].table != items[i].table)
            items[kept++] = items[i];
    hits->count = kept;
}

/* Tables that are called by the stem, or by its plural. */
static enum mr_code find_stem(const struct mr_suspect_names *names, const char *name, size_t len,
                              struct mr_vec *hits, struct mr_err *err)
{
    static const char *const endings[] = {"", "s", "es"};
    struct mr_strbuf stem = MR_STRBUF_INIT;
    mr_vec_clear(hits);
    add_folded(&stem, name, len);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&stem, "looking for references", err));
    for (size_t i = 0; stem.len > 0 && i < 3; i++)
        MR_TRY_OUT(find_form(names, &stem, stem.len, endings[i], hits, err));
    if (stem.len > 1 && stem.ptr[stem.len - 1] == 'y')
        MR_TRY_OUT(find_form(names, &stem, stem.len - 1, "ies", hits, err));
out:
    mr_strbuf_release(&stem);
    drop_repeats(hits);
    return code;
}

enum mr_code mr_suspect_names_find(const struct mr_suspect_names *names, const char *column,
                                   struct mr_vec *hits, struct mr_err *err)
{
    return find_stem(names, column, stem_len(column), hits, err);
}

enum mr_code mr_suspect_names_of_type(const struct mr_suspect_names *names, const char *text,
                                      struct mr_vec *hits, struct mr_err *err)
{
    const char *last = text;
    for (const char *at = text; *at != '\0'; at++)
        if (strchr("\\/.:", *at) != NULL)
            last = at + 1;
    enum mr_code code = find_stem(names, last, strlen(last), hits, err);
    struct mr_suspect_hit *items = hits->items;
    size_t kept = 0;
    for (size_t i = 0; i < hits->count; i++)
        if (!items[i].by_word)
            items[kept++] = items[i];
    hits->count = kept;
    return code;
}
