/* case_merge_parts.c: what the parts of a pair tell of their run; see case_merge.h. */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/case_merge_internal.h"
#include "core/case/run_change.h"
#include "core/source/went_back.h"

#define SCOPE_OPTION "scope"   /* options of a part that one check of the pair has not */
#define ROWS_OPTION "rows of " /* which rows of a table are compared: "rows of db.t=SQL" */

/* Numbers of files are none's on some mounts of object stores. */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A part that is done again meanwhile is published by a rename: what one look has told would be joined
 * with rows of another reading.  was: from before it was opened. */
static enum mr_code require_same(struct mr_case_merging *m, size_t part, const struct stat *was,
                                 struct mr_err *err)
{
    struct mr_case_merging_part *kept = &m->parts[part];
    const char *path = m->of->parts[part].path;
    struct stat now;
    if (stat(path, &now) == 0 && is_same_file(was, &now) &&
        (!kept->is_seen || is_same_file(&kept->seen, &now))) {
        kept->is_seen = true;
        kept->seen = now;
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_IO, "file \"%s\" was replaced while it was merged", path);
    mr_err_hint(err, "Merge again, when nobody works on that part any more.");
    return MR_E_IO;
}

enum mr_code mr_case_merge_open(struct mr_case_merging *m, size_t part, struct mr_find_run *run,
                                bool *found, struct mr_err *err)
{
    struct stat was = {0};
    m->at = part;
    *found = false;
    (void)stat(m->of->parts[part].path, &was); /* that it is not there is told by the opening */
    MR_TRY(mr_findings_open(m->of->parts[part].path, MR_CASE_READ, &m->part, err));
    MR_TRY(require_same(m, part, &was, err));
    enum mr_code code = mr_findings_run_choose(m->part, m->of->run.uuid, &m->arena, run, err);
    if (code != MR_OK && code != MR_E_NO_SUCH)
        return code;
    *found = code == MR_OK && strcmp(run->uuid, m->of->run.uuid) == 0;
    return MR_OK;
}

enum mr_code mr_case_merge_close(struct mr_case_merging *m, enum mr_code code, struct mr_err *err)
{
    struct mr_err late = {0};
    enum mr_code closed = mr_findings_close(m->part, &late);
    m->part = NULL;
    if (code == MR_OK && closed != MR_OK && err != NULL)
        *err = late;
    return code == MR_OK ? closed : code;
}

/* ---- texts of a run ---- */

static bool has_line(const char *lines, const char *line, size_t len)
{
    for (const char *at = lines; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        if (n == len && memcmp(at, line, len) == 0)
            return true;
        at += n + (at[n] == '\n');
    }
    return false;
}

void mr_case_merge_add_line(struct mr_strbuf *lines, const char *line, size_t len)
{
    if (lines->failed || len == 0 || (lines->len > 0 && has_line(lines->ptr, line, len)))
        return;
    if (lines->len > 0)
        mr_strbuf_add_char(lines, '\n');
    mr_strbuf_add(lines, line, len);
}

static void add_lines(struct mr_strbuf *lines, const char *text)
{
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        mr_case_merge_add_line(lines, at, n);
        at += n + (at[n] == '\n');
    }
}

/* Without the lines that say what the part is; NULL where memory is out. */
static const char *options_of(struct mr_case_merging *m, const char *options)
{
    struct mr_strbuf kept = MR_STRBUF_INIT;
    for (const char *at = options; *at != '\0';) {
        const size_t n = strcspn(at, "\n"), len = n + (at[n] == '\n');
        if (strncmp(at, SCOPE_OPTION, sizeof SCOPE_OPTION - 1) != 0)
            mr_strbuf_add(&kept, at, len);
        at += len;
    }
    const char *text =
        kept.failed ? NULL : mr_arena_strdup(&m->arena, kept.len > 0 ? kept.ptr : "");
    mr_strbuf_release(&kept);
    return text;
}

/* ---- is it the same pair? ---- */

static enum mr_code refuse(struct mr_case_merging *m, const char *what, struct mr_err *err)
{
    m->refused =
        mr_case_merge_say(m, "%s has %s than %s", m->of->parts[m->at].name, what,
                          m->base < m->of->nparts ? m->of->parts[m->base].name : "the plan");
    return m->refused != NULL ? MR_OK : mr_case_merge_nomem(err);
}

static const char *side_name(size_t server)
{
    return server == 1 ? "target" : "source";
}

/* A container that was made anew has another name, and a copy of the disk has, too. */
static void warn_of_machine(struct mr_case_merging *m, size_t at, const struct mr_server *was,
                            const struct mr_server *now)
{
    m->is_moved = true;
    mr_log_warning(
        "the %s of %s was \"%s\" (server_id %u), and that of %s \"%s\" (server_id %u), under "
        "one server_uuid: if either is a copy of the other, plan the fleet anew",
        side_name(at), m->of->parts[m->base].name, was->hostname, (unsigned)was->server_id,
        m->of->parts[m->at].name, now->hostname, (unsigned)now->server_id);
}

/* How many base has kept: those of a source that is many are numbered behind both sides. */
static enum mr_code count_servers(struct mr_case_merging *m, struct mr_findings *base,
                                  struct mr_err *err)
{
    bool known = true;
    for (m->nservers = MR_FINDINGS_SHARD; known; m->nservers += known ? 1 : 0) {
        struct mr_server server;
        MR_TRY(mr_findings_server(base, (int)m->nservers, &server, &known, err));
    }
    return MR_OK;
}

static enum mr_code compare_servers(struct mr_case_merging *m, struct mr_findings *base,
                                    struct mr_err *err)
{
    struct mr_server was, now;
    bool was_known = false, now_known = false;
    for (size_t at = 0; m->refused == NULL && at < m->nservers; at++) {
        MR_TRY(mr_findings_server(base, (int)at, &was, &was_known, err));
        MR_TRY(mr_findings_server(m->part, (int)at, &now, &now_known, err));
        if (was_known != now_known || (was_known && !mr_server_is_same(&was, &now)))
            MR_TRY(refuse(m,
                          at == 1 ? "read another server as its target"
                                  : "read another server as its source",
                          err));
        else if (was_known && !m->is_moved && !mr_server_is_still(&was, &now))
            warn_of_machine(m, at, &was, &now);
    }
    return MR_OK;
}

struct stood {
    const struct mr_log_place *place;
    size_t part;
};

static int by_time(const void *a, const void *b)
{
    const struct stood *x = a, *y = b;
    if (x->place->at != y->place->at)
        return x->place->at < y->place->at ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

/* A server that was put back between two parts, or a copy that took its place, has one server_uuid with what it was.
 * It has gone on since: the two that follow each other tell, and not each with base. */
static enum mr_code compare_in_order(struct mr_case_merging *m, bool is_mariadb, size_t at,
                                     const struct stood *all, size_t count, struct mr_err *err)
{
    size_t before = 0;
    for (size_t i = 1; m->refused == NULL && i < count; i++) {
        bool back = false;
        while (mr_went_back_tells(all[before + 1].place, all[i].place))
            before++;
        const enum mr_code code =
            mr_went_back_between(is_mariadb, all[before].place, all[i].place, &back, err);
        if (code != MR_OK && code != MR_E_USAGE)
            return code;
        if (code == MR_OK && !back)
            continue;
        const char *name = m->of->parts[all[i].part].name,
                   *was = m->of->parts[all[before].part].name;
        if (back && name == was)
            m->refused =
                mr_case_merge_say(m, "the %s was put back to what it was before while %s read it",
                                  side_name(at), name);
        else
            m->refused =
                back ? mr_case_merge_say(m,
                                         "%s has read another %s, by what it had executed, than %s",
                                         name, side_name(at), was)
                     : mr_case_merge_say(m,
                                         "what the servers of %s or %s had executed cannot be read",
                                         was, name);
        if (m->refused == NULL)
            return mr_case_merge_nomem(err);
    }
    return MR_OK;
}

static enum mr_code compare_places(struct mr_case_merging *m, struct mr_findings *base, size_t at,
                                   struct mr_err *err)
{
    struct mr_server server;
    bool known = false;
    size_t count = 0;
    MR_TRY(mr_findings_server(base, (int)at, &server, &known, err));
    struct stood *all = mr_arena_alloc(&m->arena, (2 * m->of->nparts + 1) * sizeof *all);
    if (all == NULL)
        return mr_case_merge_nomem(err);
    for (size_t i = 0; known && i < m->of->nparts; i++) {
        const struct mr_log_place *places = m->parts[i].places;
        if (m->parts[i].is_read && places[at].at != 0)
            all[count++] = (struct stood){&places[at], i};
        if (m->parts[i].is_read && places[m->nservers + at].at != 0)
            all[count++] = (struct stood){&places[m->nservers + at], i};
    }
    if (count == 0)
        return MR_OK;
    qsort(all, count, sizeof *all, by_time);
    return compare_in_order(m, server.flavour == MR_FLAVOUR_MARIADB, at, all, count, err);
}

/* A table of which a case has nothing but the name is not there. */
static enum mr_code is_there(struct mr_case_merging *m, bool in_base, const char *name, bool *there,
                             struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table found = {0};
    enum mr_code code = MR_OK;
    if (in_base) {
        const struct mr_case_merged_table *t = mr_case_merge_table_of(m, name);
        *there = t != NULL && t->find.ncolumns > 0;
        return MR_OK;
    }
    code = mr_findings_table_find(m->part, name, &arena, &found, there, err);
    *there = *there && found.ncolumns > 0;
    mr_arena_release(&arena);
    return code;
}

/* Has base, or the part under way, the table whose rows the line chooses?  Its name may hold "=".  A line of
 * no table is the run's. */
static enum mr_code has_table(struct mr_case_merging *m, bool in_base, const char *line, size_t len,
                              bool *has, struct mr_err *err)
{
    const size_t from = sizeof ROWS_OPTION - 1;
    *has = len < from || strncmp(line, ROWS_OPTION, from) != 0;
    for (size_t at = from; !*has && at < len; at++) {
        if (line[at] != '=')
            continue;
        const char *name = mr_arena_dup(&m->arena, line + from, at - from);
        if (name == NULL)
            return mr_case_merge_nomem(err);
        MR_TRY(is_there(m, in_base, name, has, err));
    }
    return MR_OK;
}

/* Does every line of the options stand in the others', too?  Those of base, or of the part under way, need
 * not have rows of a table that came or went between the two. */
static enum mr_code are_among(struct mr_case_merging *m, const char *options, const char *others,
                              bool in_base, bool *all, struct mr_err *err)
{
    *all = true;
    for (const char *at = options; *all && *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        bool has = false;
        if (!has_line(others, at, n))
            MR_TRY(has_table(m, in_base, at, n, &has, err));
        *all = !has;
        at += n + (at[n] == '\n');
    }
    return MR_OK;
}

static enum mr_code compare_runs(struct mr_case_merging *m, const struct mr_find_run *run,
                                 struct mr_err *err)
{
    const char *options = options_of(m, run->options);
    bool same = false;
    if (options == NULL)
        return mr_case_merge_nomem(err);
    if (strcmp(run->source, m->run.source) != 0)
        return refuse(m, "another source", err);
    if (strcmp(run->target, m->run.target) != 0)
        return refuse(m, "another target", err);
    if (strcmp(options, m->run.options) == 0)
        return MR_OK;
    MR_TRY(are_among(m, options, m->run.options, true, &same, err));
    if (same)
        MR_TRY(are_among(m, m->run.options, options, false, &same, err));
    return same ? MR_OK : refuse(m, "other options", err);
}

/* ---- looking ---- */

/* Tables and servers are taken from the part that compared the objects, else from the first. */
static enum mr_code take_base(struct mr_case_merging *m, const struct mr_find_run *run,
                              struct mr_err *err)
{
    m->base = m->at;
    m->run.source = run->source;
    m->run.target = run->target;
    m->run.uri[0] = run->uri[0];
    m->run.uri[1] = run->uri[1];
    m->run.options = options_of(m, run->options);
    m->run.started = run->started;
    if (m->run.options == NULL)
        return mr_case_merge_nomem(err);
    return mr_case_merge_know(m, err);
}

static void add_run(struct mr_case_merging *m, const struct mr_find_run *run)
{
    if (strcmp(run->started, m->run.started) < 0)
        m->run.started = run->started;
    m->run.seconds += run->seconds;
    m->run.kin_done = m->run.kin_done && run->kin_done;
    if (m->of->parts[m->at].has_objects)
        m->run.objects_done = run->objects_done;
    add_lines(&m->hidden, run->hidden);
    add_lines(&m->follows, run->replication);
}

static enum mr_code highest_id(struct mr_case_merging *m, int64_t *highest, struct mr_err *err)
{
    int64_t lowest = 0;
    struct mr_case *cf = mr_findings_case(m->part);
    mr_case_lock(cf);
    enum mr_code code =
        mr_case_number_with(cf, "SELECT max(id) FROM finding", NULL, 0, highest, err);
    if (code == MR_OK)
        code = mr_case_number_with(cf, "SELECT min(id) FROM finding", NULL, 0, &lowest, err);
    mr_case_unlock(cf);
    if (code == MR_OK && (lowest < 0 || *highest < 0 || *highest > (int64_t)1 << 40))
        code = mr_err_set(err, MR_E_CASE,
                          "case file \"%s\": its findings are not numbered as "
                          "myrecon does",
                          mr_case_path(cf));
    return code;
}

/* Of a run that has not ended nothing is taken. */
static enum mr_code look_at(struct mr_case_merging *m, struct mr_findings *base, int64_t *next,
                            const struct mr_find_run *run, struct mr_err *err)
{
    struct mr_case_merging_part *kept = &m->parts[m->at];
    int64_t highest = 0;
    MR_TRY(compare_runs(m, run, err));
    if (m->refused == NULL)
        MR_TRY(compare_servers(m, base != NULL ? base : m->part, err));
    if (m->refused != NULL)
        return MR_OK;
    MR_TRY(highest_id(m, &highest, err));
    kept->places = mr_arena_calloc(&m->arena, 2 * m->nservers, sizeof *kept->places);
    if (kept->places == NULL)
        return mr_case_merge_nomem(err);
    MR_TRY(mr_run_places(m->part, MR_RUN_BEGAN, &m->arena, kept->places, m->nservers, err));
    MR_TRY(mr_run_places(m->part, MR_RUN_ENDED, &m->arena, kept->places + m->nservers, m->nservers,
                         err));
    kept->is_read = true;
    kept->first = *next;
    *next += highest;
    add_run(m, run);
    MR_TRY(mr_case_merge_references(m, err));
    MR_TRY(mr_case_merge_judge(m, err));
    return mr_case_merge_seen(m, base, err);
}

static const char *why_not(struct mr_case_merging *m, size_t part, const char *else_why)
{
    const struct mr_case_merge_part *of = &m->of->parts[part];
    return of->why != NULL ? mr_case_merge_say(m, "%s: %s", of->name, of->why)
                           : mr_case_merge_say(m, "%s %s", of->name, else_why);
}

/* What nobody has read, and the objects, if it is they. */
static enum mr_code miss(struct mr_case_merging *m, size_t part, const char *else_why,
                         struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    const char *why = why_not(m, part, else_why);
    if (why == NULL)
        return mr_case_merge_nomem(err);
    m->run.finished = m->run.kin_done = false;
    if (m->of->parts[part].has_objects) {
        mr_strbuf_add_fmt(&line, "schema objects, which were not compared: %s", why);
        mr_case_merge_add_line(&m->hidden, line.ptr, line.len);
    }
    mr_strbuf_release(&line);
    return mr_case_merge_miss(m, part, why, err);
}

/* A file of another part of the pair, under this one's name, has a run of the same uuid: it has read
 * other tables, and perhaps no objects. */
static bool is_of_scope(const struct mr_case_merge_part *part, const struct mr_find_run *run)
{
    return part->scope == NULL || strstr(run->options, part->scope) != NULL;
}

static const char *why_unread(const struct mr_case_merge_part *part, const struct mr_find_run *run,
                              bool found)
{
    return !found                    ? "has not begun this pair"
           : !is_of_scope(part, run) ? "holds what another part was to read"
           : !run->finished          ? "has not finished this pair"
                                     : NULL;
}

static enum mr_code look_one(struct mr_case_merging *m, size_t part, struct mr_findings *base,
                             int64_t *next, struct mr_err *err)
{
    struct mr_find_run run = {0};
    bool found = false;
    if (m->of->parts[part].path == NULL)
        return miss(m, part, "is not there", err);
    enum mr_code code = mr_case_merge_open(m, part, &run, &found, err);
    const char *unread = why_unread(&m->of->parts[part], &run, found);
    if (code == MR_OK)
        code = unread == NULL ? look_at(m, base, next, &run, err) : miss(m, part, unread, err);
    return mr_case_merge_close(m, code, err);
}

/* The first part of a kind that can be read.  *base stays open. */
static enum mr_code find_base(struct mr_case_merging *m, bool objects, struct mr_findings **base,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && m->base == m->of->nparts && i < m->of->nparts; i++) {
        struct mr_find_run run = {0};
        bool found = false;
        if (m->of->parts[i].path == NULL || (objects && !m->of->parts[i].has_objects))
            continue;
        code = mr_case_merge_open(m, i, &run, &found, err);
        if (code == MR_OK && why_unread(&m->of->parts[i], &run, found) == NULL)
            code = take_base(m, &run, err);
        if (code == MR_OK && m->base == i) {
            *base = m->part;
            m->part = NULL;
            return MR_OK;
        }
        code = mr_case_merge_close(m, code, err);
    }
    return code;
}

enum mr_code mr_case_merge_look(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_findings *base = NULL;
    int64_t next = 0;
    m->run.finished = m->run.kin_done = true;
    enum mr_code code = find_base(m, true, &base, err);
    if (code == MR_OK && m->base == m->of->nparts)
        code = find_base(m, false, &base, err);
    if (code == MR_OK && base != NULL)
        code = count_servers(m, base, err);
    for (size_t i = 0; code == MR_OK && m->refused == NULL && i < m->of->nparts; i++)
        code = look_one(m, i, base, &next, err);
    for (size_t at = 0; code == MR_OK && base != NULL && m->refused == NULL && at < m->nservers;
         at++)
        code = compare_places(m, base, at, err);
    if (code == MR_OK && m->refused == NULL)
        code = mr_case_merge_seen_end(m, err);
    (void)mr_findings_close(base, NULL); /* it was only read */
    return code;
}
