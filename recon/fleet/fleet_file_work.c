/* fleet_file_work.c: what a part does; see fleet_file.h. */
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_file.h"

#define MAX_BYTES ((size_t)256 << 20)
#define DOING "reading the work of a part"

static enum mr_code refuse(const char *path, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" %s", path, why);
    mr_err_hint(err, "Nothing was done. Plan the fleet again; its files are not edited by hand.");
    return MR_E_REFUSED;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct mr_fleet_file_pair *const *)a)->name,
                  (*(const struct mr_fleet_file_pair *const *)b)->name);
}

/* The pairs of a fleet by name, and which of them the part has had. */
struct known {
    const struct mr_fleet_file_pair **pairs;
    bool *had;
    size_t count;
};

static enum mr_code known_begin(struct known *known, const struct mr_fleet_file *file,
                                struct mr_err *err)
{
    known->count = file->npairs;
    known->pairs = calloc(file->npairs + 1, sizeof *known->pairs);
    known->had = calloc(file->npairs + 1, sizeof *known->had);
    if (known->pairs == NULL || known->had == NULL)
        return mr_err_nomem(err, DOING);
    for (size_t i = 0; i < file->npairs; i++)
        known->pairs[i] = &file->pairs[i];
    qsort(known->pairs, known->count, sizeof *known->pairs, by_name);
    return MR_OK;
}

/* A run is named by the fleet and the pair, so that all parts of a pair are one. */
static bool is_run_of(const struct mr_scope *scope, const struct mr_fleet_file *file)
{
    const size_t len = strlen(file->id);
    return strncmp(scope->run, file->id, len) == 0 && scope->run[len] == '.' &&
           strcmp(scope->run + len + 1, scope->pair) == 0;
}

static enum mr_code check_scope(const struct mr_fleet_file *file, struct known *known,
                                const char *path, const struct mr_scope *scope, struct mr_err *err)
{
    const struct mr_fleet_file_pair key = {.name = scope->pair}, *wanted = &key;
    const struct mr_fleet_file_pair **found =
        bsearch(&wanted, known->pairs, known->count, sizeof *known->pairs, by_name);
    if (found == NULL || (*found)->failed != NULL)
        return refuse(path, "names a pair that has no work", err);
    bool *had = &known->had[found - known->pairs];
    if (*had)
        return refuse(path, "names a pair twice", err);
    *had = true;
    return is_run_of(scope, file) ? MR_OK : refuse(path, "is of another fleet", err);
}

static enum mr_code read_lines(const struct mr_fleet_file *file, struct known *known,
                               const char *path, const struct mr_strbuf *text,
                               struct mr_arena *arena, struct mr_vec *scopes, struct mr_err *err)
{
    const char *at = text->ptr, *end = at + text->len;
    for (const char *newline; at < end; at = newline + 1) {
        struct mr_scope *scope = mr_vec_push(scopes);
        if (scope == NULL)
            return mr_err_nomem(err, DOING);
        if ((newline = memchr(at, '\n', (size_t)(end - at))) == NULL)
            return refuse(path, "ends within a line", err);
        MR_TRY(mr_scope_parse(at, (size_t)(newline - at), path, arena, scope, err));
        MR_TRY(check_scope(file, known, path, scope, err));
    }
    return MR_OK;
}

/* The digest comes first: what was changed is not even parsed. */
enum mr_code mr_fleet_file_work(const struct mr_fleet_file *file, size_t part,
                                struct mr_arena *arena, struct mr_vec *scopes, struct mr_err *err)
{
    const char *path = file->parts[part].path;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct known known = {0};
    char hex[MR_SHA256_HEX];
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_io_read_part(path, MAX_BYTES, &text, err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
    if (strcmp(hex, file->parts[part].sha256) != 0)
        MR_TRY_OUT(refuse(path, "was changed since it was written", err));
    MR_TRY_OUT(known_begin(&known, file, err));
    MR_TRY_OUT(read_lines(file, &known, path, &text, arena, scopes, err));
out:
    free(known.pairs);
    free(known.had);
    mr_strbuf_release(&text);
    return code;
}
