/* fleet_merge.c: see fleet_merge.h. */
#include "recon/fleet/fleet_merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "recon/check/check_alike.h"
#include "recon/check/check_json.h"
#include "recon/fleet/fleet_seal.h"

#define REASONS_SAID 4

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "merging the parts of a fleet");
}

/* In the merge's arena; NULL where memory is out. */
static const char *say(struct mr_fleet_merge *m, const char *fmt, ...) MR_PRINTF(2, 3);
static const char *say(struct mr_fleet_merge *m, const char *fmt, ...)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(&text, fmt, args);
    va_end(args);
    const char *kept = text.failed ? NULL : mr_arena_strdup(&m->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

/* ---- the parts ---- */

/* What it tells of its work is for people: that it cannot be read costs a reason, and no result. */
static enum mr_code read_status(struct mr_fleet_merge *m, size_t at, struct mr_err *err)
{
    struct mr_fleet_merge_part *part = &m->parts[at];
    struct mr_err why = {0};
    const char *path = mr_fleet_part_path(m->file.dir, at, "json", &m->arena);
    if (path == NULL)
        return nomem(err);
    enum mr_code code = mr_fleet_part_read(path, &m->arena, &part->status, &part->has_status, &why);
    if (code == MR_E_NOMEM)
        return nomem(err);
    if (code != MR_OK || (part->has_status &&
                          (part->status.part != at || strcmp(part->status.fleet, m->file.id) != 0)))
        part->has_status = false; /* of another fleet */
    return MR_OK;
}

/* A part that is damaged is as good as missing. */
static enum mr_code leave_out(struct mr_fleet_merge *m, struct mr_fleet_merge_part *part,
                              const struct mr_err *why, struct mr_err *err)
{
    mr_log_warning("%s%s: %s", part->name, m->partial ? " is left out" : "", why->message);
    part->path = NULL;
    part->why = say(m, "it is damaged: %s", why->message);
    m->missing++;
    m->damaged++;
    return part->why != NULL ? MR_OK : nomem(err);
}

/* What bytes have become is in no result: each part is proved before the first pair is merged. */
static enum mr_code prove_part(struct mr_fleet_merge *m, struct mr_fleet_merge_part *part,
                               struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_fleet_seal_check(part->path, NULL, &why);
    if (code == MR_OK)
        return MR_OK;
    if (code != MR_E_CASE && code != MR_E_IO) {
        *err = why;
        return code;
    }
    return leave_out(m, part, &why, err);
}

/* A part without work has no case, and lacks none. */
static enum mr_code find_part(struct mr_fleet_merge *m, size_t at, struct mr_err *err)
{
    struct mr_fleet_merge_part *part = &m->parts[at];
    struct stat st;
    part->scopes = (struct mr_vec)MR_VEC_INIT(struct mr_scope);
    part->name = say(m, "part %zu", at);
    part->path = mr_fleet_part_path(m->file.dir, at, "case", &m->arena);
    if (part->name == NULL || part->path == NULL)
        return nomem(err);
    MR_TRY(mr_fleet_file_work(&m->file, at, &m->arena, &part->scopes, err));
    MR_TRY(read_status(m, at, err));
    if (part->scopes.count == 0)
        return MR_OK;
    if (stat(part->path, &st) == 0)
        return prove_part(m, part, err);
    part->why = errno == ENOENT ? "it is missing" : "it cannot be read";
    part->path = NULL;
    m->missing++;
    return MR_OK;
}

/* What one version finds the next one may find otherwise, and a fleet has one verdict. */
static void warn_of_versions(const struct mr_fleet_merge *m)
{
    const struct mr_fleet_merge_part *one = NULL;
    for (size_t i = 0; i < m->file.nparts; i++) {
        const struct mr_fleet_merge_part *part = &m->parts[i];
        if (part->path == NULL || !part->has_status || part->status.version == NULL)
            continue;
        if (one == NULL)
            one = part;
        if (strcmp(one->status.version, part->status.version) == 0)
            continue;
        mr_log_warning("%s was read by myrecon %s and %s by myrecon %s: remove the results of the "
                       "older one and run those parts again, if in doubt",
                       one->name, one->status.version, part->name, part->status.version);
        return;
    }
}

/* All work files are read first: what a part was to do is known also where it is missing. */
enum mr_code mr_fleet_merge_open(struct mr_fleet_merge *m, const char *dir, struct mr_err *err)
{
    MR_TRY(mr_fleet_file_read(dir, &m->arena, &m->file, err));
    MR_TRY(mr_fleet_file_require_checks(&m->file, "fleet merge", err));
    m->parts = mr_arena_calloc(&m->arena, m->file.nparts + 1, sizeof *m->parts);
    if (m->parts == NULL)
        return nomem(err);
    for (size_t i = 0; i < m->file.nparts; i++)
        MR_TRY(find_part(m, i, err));
    warn_of_versions(m);
    return MR_OK;
}

void mr_fleet_merge_close(struct mr_fleet_merge *m)
{
    for (size_t i = 0; m->parts != NULL && i < m->file.nparts; i++)
        mr_vec_release(&m->parts[i].scopes);
    mr_arena_release(&m->arena);
    m->parts = NULL;
}

/* ---- one pair ---- */

/* What the part tells of that pair, where it has not read it. */
static const char *why_of(const struct mr_fleet_merge_part *part, const char *pair)
{
    for (size_t i = 0; part->has_status && i < part->status.npairs; i++) {
        const struct mr_fleet_part_pair *p = &part->status.pairs[i];
        if (strcmp(p->name, pair) == 0)
            return p->state != MR_FLEET_DONE ? p->why : NULL;
    }
    return NULL;
}

/* By which the run that has read the scope is known. */
static enum mr_code take_option(struct mr_arena *arena, const struct mr_scope *scope,
                                struct mr_case_merge_part *out, struct mr_err *err)
{
    struct mr_strbuf option = MR_STRBUF_INIT;
    enum mr_code code = mr_scope_option(scope, &option, err);
    out->scope = code == MR_OK ? mr_arena_strdup(arena, option.ptr) : NULL;
    mr_strbuf_release(&option);
    return code == MR_OK && out->scope == NULL ? nomem(err) : code;
}

/* core/case knows no scopes: the same ranges in its own shape. */
static enum mr_code take_tables(struct mr_arena *arena, const struct mr_scope *scope,
                                struct mr_case_merge_part *out, struct mr_err *err)
{
    struct mr_case_merge_table *tables = mr_arena_calloc(arena, scope->ntables + 1, sizeof *tables);
    out->tables = tables;
    out->ntables = scope->ntables;
    for (size_t i = 0; tables != NULL && i < scope->ntables; i++) {
        const struct mr_scope_table *t = &scope->tables[i];
        struct mr_case_merge_range *ranges = mr_arena_calloc(arena, t->nranges + 1, sizeof *ranges);
        if (ranges == NULL)
            return nomem(err);
        for (size_t r = 0; r < t->nranges; r++)
            ranges[r] = (struct mr_case_merge_range){t->ranges[r].at, t->ranges[r].range};
        tables[i] = (struct mr_case_merge_table){t->name, ranges, t->nranges};
    }
    return tables != NULL ? MR_OK : nomem(err);
}

/* The parts that have something of the pair, and which they are. */
static enum mr_code gather(struct mr_fleet_merge *m, const struct mr_fleet_file_pair *pair,
                           struct mr_arena *arena, struct mr_vec *parts, struct mr_vec *numbers,
                           struct mr_err *err)
{
    for (size_t i = 0; i < m->file.nparts; i++)
        for (size_t k = 0; k < m->parts[i].scopes.count; k++) {
            const struct mr_scope *scope = mr_vec_at(&m->parts[i].scopes, k);
            if (strcmp(scope->pair, pair->name) != 0)
                continue;
            struct mr_case_merge_part *part = mr_vec_push(parts);
            size_t *number = mr_vec_push(numbers);
            if (part == NULL || number == NULL)
                return nomem(err);
            const char *why = why_of(&m->parts[i], pair->name);
            *number = i;
            *part =
                (struct mr_case_merge_part){.name = m->parts[i].name,
                                            .path = m->parts[i].path,
                                            .why = m->parts[i].why != NULL ? m->parts[i].why : why,
                                            .has_objects = scope->has_objects};
            MR_TRY(take_option(arena, scope, part, err));
            MR_TRY(take_tables(arena, scope, part, err));
        }
    return MR_OK;
}

/* One in which the merge has found it, where parts may be missing. */
static enum mr_code give_part_up(struct mr_fleet_merge *m, size_t part, const struct mr_err *why,
                                 struct mr_err *err)
{
    struct mr_fleet_merge_part *p = &m->parts[part];
    if (!m->partial) {
        *err = *why;
        mr_err_context(err, "%s of the fleet", p->name);
        mr_err_hint(err, "Remove that file and do the part again (fleet run --part), or merge "
                         "what there is with --partial.");
        return err->code;
    }
    return leave_out(m, p, why, err);
}

/* Of a pair of which no part can be read nothing else is known. */
static enum mr_code name_sides(struct mr_fleet_merge *m, const struct mr_fleet_file_pair *pair,
                               struct mr_find_run *run, struct mr_err *err)
{
    const char *shown[MR_SIDES];
    for (int side = 0; side < MR_SIDES; side++) {
        const size_t len = strcspn(pair->uri[side], "?");
        shown[side] = mr_arena_dup(&m->arena, pair->uri[side], len);
        run->uri[side] = pair->uri[side];
        if (shown[side] == NULL)
            return nomem(err);
    }
    run->source = shown[MR_SOURCE];
    run->target = shown[MR_TARGET];
    run->started = m->file.created;
    run->uuid = say(m, "%s.%s", m->file.id, pair->name);
    return run->uuid != NULL ? MR_OK : nomem(err);
}

/* An error of a case names its file in front (casefile.h): what cannot be written is no part's fault. */
static bool is_of_result(const struct mr_err *why, const char *path)
{
    return strstr(why->message, path) != NULL;
}

/* Until no part is damaged: each try may find another one. */
static enum mr_code merge_case(struct mr_fleet_merge *m, const struct mr_fleet_file_pair *pair,
                               const char *path, struct mr_findings **fd, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec parts = MR_VEC_INIT(struct mr_case_merge_part), numbers = MR_VEC_INIT(size_t);
    struct mr_case_merge merge = {.pair = pair->name, .why = pair->failed};
    bool again = true;
    enum mr_code code = name_sides(m, pair, &merge.run, err);
    while (code == MR_OK && again) {
        struct mr_err why = {0};
        size_t damaged = 0;
        again = false;
        mr_arena_reset(&arena);
        mr_vec_clear(&parts);
        mr_vec_clear(&numbers);
        MR_TRY_OUT(gather(m, pair, &arena, &parts, &numbers, err));
        merge.parts = parts.items;
        merge.nparts = parts.count;
        MR_TRY_OUT(mr_findings_open(path, MR_CASE_WRITE, fd, err));
        mr_case_heed_signals(mr_findings_case(*fd), true);
        MR_TRY_OUT(mr_case_exec(mr_findings_case(*fd), "PRAGMA cache_size=-32768", err));
        code = mr_case_merge(&merge, *fd, &damaged, &why);
        mr_case_heed_signals(mr_findings_case(*fd), false);
        if (code != MR_OK && damaged < parts.count && !is_of_result(&why, path)) {
            code = give_part_up(m, *(size_t *)mr_vec_at(&numbers, damaged), &why, err);
            (void)mr_findings_close(*fd, NULL); /* it is begun anew */
            *fd = NULL;
            if (code == MR_OK && unlink(path) != 0)
                code = mr_err_set_sys(err, MR_E_IO, errno, "could not remove \"%s\"", path);
            again = true;
        } else if (code != MR_OK) {
            *err = why;
            if (code == MR_E_CASE)
                code = err->code = MR_E_IO;
        }
    }
out:
    mr_vec_release(&parts);
    mr_vec_release(&numbers);
    mr_arena_release(&arena);
    return code;
}

/* As at the end of each table of a check: it takes all of its findings. */
static enum mr_code say_alike(struct mr_findings *fd, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    enum mr_code code = mr_findings_tables(fd, &arena, &tables, &count, err);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        if (tables[i].verdict == MR_VERDICT_DIVERGED)
            code = mr_check_alike_stored(fd, &tables[i], err);
    mr_arena_release(&arena);
    return code;
}

/* O_EXCL: the directory is new, and a link there is nobody's of ours. */
static enum mr_code write_json(const struct mr_check_result *result, const char *path,
                               struct mr_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        const int error = errno;
        if (fd >= 0)
            (void)close(fd);
        return mr_err_set_sys(err, MR_E_IO, error, "could not create \"%s\"", path);
    }
    enum mr_code code = mr_check_json(result, file, err);
    if (code == MR_OK && (fflush(file) != 0 || fsync(fd) != 0))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write \"%s\"", path);
    if (fclose(file) != 0 && code == MR_OK)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not close \"%s\"", path);
    return code;
}

static bool is_unchecked_as(const struct mr_find_table *table, const struct mr_find_table *other)
{
    return table->verdict == MR_VERDICT_NOT_CHECKED &&
           strcmp(table->reason != NULL ? table->reason : "",
                  other->reason != NULL ? other->reason : "") == 0;
}

/* The first tables of each reason for which tables are not checked: a part that is missing has hundreds
 * for the same one. */
static void add_unchecked(const struct mr_check_result *r, struct mr_strbuf *out)
{
    size_t said = 0;
    for (size_t i = 0; i < r->ntables && said < REASONS_SAID; i++) {
        const struct mr_find_table *t = &r->tables[i];
        size_t first = 0, more = 0;
        if (t->verdict != MR_VERDICT_NOT_CHECKED)
            continue;
        while (!is_unchecked_as(&r->tables[first], t))
            first++;
        if (first < i)
            continue;
        for (size_t k = i + 1; k < r->ntables; k++)
            more += is_unchecked_as(&r->tables[k], t);
        mr_strbuf_add_fmt(out, "%stable \"%s\"", out->len > 0 ? "\n" : "", t->name);
        if (more > 0)
            mr_strbuf_add_fmt(out, " and %zu more", more);
        mr_strbuf_add_fmt(out, ": %s", t->reason != NULL ? t->reason : "no reason is known");
        said++;
    }
}

/* Incomplete without a word would be taken for a fault of the merge. */
static void add_unsettled(const struct mr_check_result *r, struct mr_strbuf *out)
{
    if (r->unsettled_rows == 0)
        return;
    mr_strbuf_add_str(out, out->len > 0 ? "\n" : "");
    mr_strbuf_add_grouped(out, r->unsettled_rows);
    mr_strbuf_add_fmt(out,
                      " row%s could not be settled: they kept moving while compared, or a replica "
                      "was behind",
                      r->unsettled_rows == 1 ? "" : "s");
}

static enum mr_code sum_up(struct mr_fleet_merge *m, const struct mr_check_result *r,
                           struct mr_fleet_merged *out, struct mr_err *err)
{
    out->verdict = mr_fleet_verdict_of_exit(mr_check_result_exit(r));
    out->counts = r->sums;
    out->tables = r->ntables;
    out->objects = r->objects.count;
    out->diverged = r->diverged;
    out->differing = r->differing;
    out->not_checked = r->not_checked;
    out->unsettled_rows = r->unsettled_rows;
    out->seconds = r->run->seconds;
    MR_TRY(mr_fleet_only_take(r, &m->arena, &out->only, err));
    if (r->run->hidden == NULL && r->not_checked == 0 && r->unsettled_rows == 0)
        return MR_OK;
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_str(&why, r->run->hidden != NULL ? r->run->hidden : "");
    add_unchecked(r, &why);
    add_unsettled(r, &why);
    out->reason = why.failed ? NULL : mr_arena_strdup(&m->arena, why.ptr);
    mr_strbuf_release(&why);
    return out->reason != NULL ? MR_OK : nomem(err);
}

static enum mr_code tell(struct mr_fleet_merge *m, struct mr_findings *fd, const char *path,
                         struct mr_fleet_merged *out, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_run run = {0};
    struct mr_check_result result = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(say_alike(fd, err));
    MR_TRY_OUT(mr_findings_run_last(fd, &arena, &run, err));
    code = mr_check_result_load(&result, fd, &run, m->max_rows, err);
    if (code == MR_OK)
        code = write_json(&result, path, err);
    if (code == MR_OK)
        code = sum_up(m, &result, out, err);
    mr_check_result_release(&result);
out:
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_fleet_merge_pair(struct mr_fleet_merge *m, size_t at, const char *into,
                                 struct mr_fleet_merged *out, struct mr_err *err)
{
    const struct mr_fleet_file_pair *pair = &m->file.pairs[at];
    const char *file = say(m, "%s/%s.case", into, pair->name),
               *json = say(m, "%s/%s.jsonl", into, pair->name);
    struct mr_findings *fd = NULL;
    struct mr_err late = {0};
    *out = (struct mr_fleet_merged){.pair = pair};
    if (file == NULL || json == NULL)
        return nomem(err);
    enum mr_code code = merge_case(m, pair, file, &fd, err);
    if (code == MR_OK)
        code = tell(m, fd, json, out, err);
    enum mr_code closed = mr_findings_close(fd, &late);
    if (code == MR_OK && closed != MR_OK) {
        code = closed;
        *err = late;
    }
    return code;
}
