/* fleet_next.c: see fleet_next.h. */
#include "recon/fleet/fleet_next.h"

#include <string.h>

#include "core/base/utf8.h"
#include "recon/fleet/fleet_telling.h"

static void add_path(struct mr_strbuf *out, const char *dir, const char *name, const char *ending)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    const size_t len = strlen(dir);
    mr_strbuf_add_fmt(&path, "%s%s%s%s", dir, len > 0 && dir[len - 1] == '/' ? "" : "/", name,
                      ending);
    if (path.failed)
        out->failed = true;
    else
        mr_utf8_show_word(out, path.ptr);
    mr_strbuf_release(&path);
}

static void add_run(struct mr_strbuf *out, const char *dir, size_t part)
{
    mr_strbuf_add_str(out, "  myrecon fleet run ");
    mr_utf8_show_word(out, dir);
    mr_strbuf_add_fmt(out, " --part %zu\n", part);
}

static void add_run_all(struct mr_strbuf *out, const char *dir)
{
    mr_strbuf_add_str(out, "  myrecon fleet run ");
    mr_utf8_show_word(out, dir);
    mr_strbuf_add_str(out, " --all\n");
}

#define RANGES_MAX 64 /* of an array that is still a line to paste */

/* Parts that are to be done again, in ascending order, and as the list of a Slurm array. */
struct again {
    struct mr_strbuf list;
    size_t count, ranges, first, from, last;
};

static void end_range(struct again *a)
{
    if (a->count == 0)
        return;
    mr_strbuf_add_fmt(&a->list, "%s%zu", a->ranges++ > 0 ? "," : "", a->from);
    if (a->last > a->from)
        mr_strbuf_add_fmt(&a->list, "%c%zu", a->last > a->from + 1 ? '-' : ',', a->last);
}

static void add_again(struct again *a, size_t part)
{
    if (a->count == 0)
        a->first = part;
    if (a->count == 0 || part != a->last + 1) {
        end_range(a);
        a->from = part;
    }
    a->last = part;
    a->count++;
}

/* One by its number; of several the line for here, and the one for Slurm. */
static void add_runs(struct mr_strbuf *out, const char *dir, struct again *a)
{
    end_range(a);
    if (a->count == 1) {
        add_run(out, dir, a->first);
    } else {
        add_run_all(out, dir);
        if (a->ranges <= RANGES_MAX && !a->list.failed) {
            mr_strbuf_add_fmt(out, "or by Slurm:\n  sbatch --array=%s ", a->list.ptr);
            add_path(out, dir, "fleet", ".sbatch");
            mr_strbuf_add_char(out, '\n');
        }
    }
    mr_strbuf_release(&a->list);
}

void mr_fleet_next_of_part(const struct mr_fleet_file *file, const struct mr_fleet_part *part,
                           struct mr_strbuf *out)
{
    for (size_t i = 0; i < part->npairs; i++)
        if (part->pairs[i].state != MR_FLEET_DONE) {
            mr_strbuf_add_str(out, "To try what failed again, once it is mended:\n");
            add_run(out, file->dir, (size_t)part->part);
            return;
        }
    mr_strbuf_add_str(out, "How far all parts are:\n  myrecon fleet status ");
    mr_utf8_show_word(out, file->dir);
    mr_strbuf_add_char(out, '\n');
}

/* Those in that state; false: there is none. */
static bool find_parts(const struct mr_fleet_status *s, enum mr_fleet_word state, struct again *a)
{
    for (size_t i = 0; i < s->file->nparts; i++)
        if (s->parts[i].state == state)
            add_again(a, i);
    return a->count > 0;
}

static bool has_broken(const struct mr_fleet_status *s)
{
    for (size_t i = 0; i < s->file->nparts; i++)
        if (s->parts[i].state == MR_FLEET_STOPPED && s->parts[i].why != NULL)
            return true;
    return false;
}

static bool is_incomplete(const struct mr_fleet_status *s)
{
    for (size_t i = 0; i < s->file->npairs; i++)
        if (mr_fleet_status_verdict(s, i) == MR_FLEET_INCOMPLETE)
            return true;
    return false;
}

#define NAMED_MAX 8 /* parts */

/* Parts in which something was not seen, by number. */
struct unread {
    struct mr_strbuf names;
    size_t count;
};

static void add_part(struct unread *u, size_t number, const struct mr_fleet_part *told)
{
    bool is_unread = false;
    for (size_t i = 0; i < told->npairs; i++)
        is_unread |=
            told->pairs[i].state == MR_FLEET_DONE && told->pairs[i].verdict == MR_FLEET_INCOMPLETE;
    if (is_unread && u->count++ < NAMED_MAX)
        mr_strbuf_add_fmt(&u->names, "%s%zu", u->count > 1 ? ", " : "", number);
}

/* What parts tell of themselves may be missing. */
static void add_unread(struct unread *u, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "A part that could not check a table, or settle its rows, is read again "
                           "once its parts/I.case\nis removed");
    if (u->count > 0)
        mr_strbuf_add_fmt(out, " (here part%s %s", u->count > 1 ? "s" : "",
                          u->names.failed ? "" : u->names.ptr);
    if (u->count > NAMED_MAX)
        mr_strbuf_add_fmt(out, " and %zu more", u->count - NAMED_MAX);
    mr_strbuf_add_fmt(out,
                      "%s. Where tables are others than when the fleet was planned, plan it "
                      "anew.\n",
                      u->count > 0 ? ")" : "");
    out->failed |= u->names.failed;
    mr_strbuf_release(&u->names);
}

void mr_fleet_next_of_status(const struct mr_fleet_status *s, struct mr_strbuf *out)
{
    struct again again = {.list = MR_STRBUF_INIT};
    if (s->done == s->file->nparts && s->file->is_snapshots) {
        mr_strbuf_add_str(out, "To prove every row of them:\n  myrecon snapshot verify ");
        mr_utf8_show_word(out, s->file->dir);
        mr_strbuf_add_char(out, '\n');
        return;
    }
    if (s->done == s->file->nparts) {
        if (is_incomplete(s)) {
            struct unread unread = {.names = MR_STRBUF_INIT};
            for (size_t i = 0; i < s->file->nparts; i++)
                add_part(&unread, i, &s->parts[i].told);
            add_unread(&unread, out);
        }
        mr_strbuf_add_str(out, "To join the parts, which alone tells what the pairs come to:\n"
                               "  myrecon fleet merge ");
        mr_utf8_show_word(out, s->file->dir);
        mr_strbuf_add_str(out, " --output RESULT\n");
        return;
    }
    if (find_parts(s, MR_FLEET_INCOMPLETE, &again)) {
        if (again.count == 1)
            mr_strbuf_add_str(out,
                              "To try an incomplete part again, once what it names is mended:\n");
        else
            mr_strbuf_add_fmt(
                out, "To try the %zu incomplete parts again, once what they name is mended:\n",
                again.count);
        add_runs(out, s->file->dir, &again);
    } else if (find_parts(s, MR_FLEET_SILENT, &again)) {
        mr_strbuf_add_fmt(out, "To go on with %s, if %s engine does not:\n",
                          again.count == 1 ? "a silent part" : "silent parts",
                          again.count == 1 ? "its" : "their");
        add_runs(out, s->file->dir, &again);
    } else if (s->running == 0) {
        mr_strbuf_add_fmt(out,
                          "Nobody is at work.  To do all parts here%s (README.txt has the line for "
                          "each engine):\n",
                          has_broken(s) ? ", once what stopped them is mended" : "");
        add_run_all(out, s->file->dir);
    }
}

/* Those that are missing, or of which a pair has failed; false: all are done. */
static bool add_undone(const struct mr_fleet_merge *m, struct mr_strbuf *out)
{
    struct again again = {.list = MR_STRBUF_INIT};
    size_t missing = 0;
    for (size_t i = 0; i < m->file.nparts; i++) {
        const struct mr_fleet_merge_part *part = &m->parts[i];
        if (part->why == NULL && (!part->has_status || mr_fleet_part_is_done(&part->status)))
            continue;
        missing += part->why != NULL;
        add_again(&again, i);
    }
    if (again.count == 0)
        return false;
    const char *what = missing == again.count ? "missing"
                       : missing > 0          ? "missing or incomplete"
                                              : "incomplete";
    if (again.count == 1)
        mr_strbuf_add_fmt(out, "To do a part that is %s, before all are merged again:\n", what);
    else
        mr_strbuf_add_fmt(out, "To do the %zu parts that are %s, before all are merged again:\n",
                          again.count, what);
    add_runs(out, m->file.dir, &again);
    return true;
}

/* The first pair that is in no part: where the inventory lies is not known any more. */
static void add_unplanned(const struct mr_fleet_merge *m, struct mr_strbuf *out)
{
    for (size_t i = 0; i < m->file.npairs; i++)
        if (m->file.pairs[i].failed != NULL) {
            mr_strbuf_add_fmt(
                out,
                "To compare a pair that could not be planned, once it is mended:\n"
                "  myrecon fleet plan --inventory FILE --pair %s --parts 1 --output DIR\n",
                m->file.pairs[i].name);
            return;
        }
}

void mr_fleet_next_of_merge(const struct mr_fleet_merge *m, const struct mr_fleet_merged *pairs,
                            const char *output, struct mr_strbuf *out)
{
    const struct mr_fleet_merged *worst = NULL;
    bool unread = false;
    for (size_t i = 0; i < m->file.npairs; i++) {
        unread = unread || pairs[i].not_checked > 0 || pairs[i].unsettled_rows > 0;
        if (pairs[i].differing > 0 && (worst == NULL || pairs[i].differing > worst->differing))
            worst = &pairs[i];
    }
    if (!add_undone(m, out) && unread) {
        struct unread parts = {.names = MR_STRBUF_INIT};
        for (size_t i = 0; i < m->file.nparts; i++)
            if (m->parts[i].has_status)
                add_part(&parts, i, &m->parts[i].status);
        add_unread(&parts, out);
    }
    add_unplanned(m, out);
    mr_strbuf_add_str(out, "One page of all pairs, and one of each:\n  myrecon fleet report ");
    mr_utf8_show_word(out, output);
    mr_strbuf_add_str(out, " --output fleet.html\n");
    if (worst == NULL)
        return;
    mr_strbuf_add_str(out, "To list everybody whom a pair's differences touch, with both keys:\n"
                           "  myrecon affected --config ");
    mr_utf8_show_word(out, worst->pair->config);
    mr_strbuf_add_str(out, " --case ");
    add_path(out, output, worst->pair->name, ".case");
    mr_strbuf_add_str(out, " --output ");
    add_path(out, output, worst->pair->name, ".csv");
    mr_strbuf_add_char(out, '\n');
}
