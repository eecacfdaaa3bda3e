/* journal.c: see journal.h. */
#include "repair/apply/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/by_number.h"
#include "core/base/run_id.h"
#include "core/base/vec.h"
#include "core/file/io.h"
#include "core/file/owner.h"
#include "core/json/jsonw.h"
#include "repair/plan/plan_dir.h"

#define LOCK_WAIT_MS 1000
#define LOCK_STEP_MS 50

/* A counter of which the journal has spoken. */
struct entry {
    const char *table, *column;
    bool open;
    bool row; /* a row was tried: rolled back it may have raised it here alone */
};

/* Rows of a unit that no apply has written: they were refused, or stood so before. */
struct left_out {
    bool open;    /* begun, and not reported */
    bool unknown; /* so were two: the first may have been committed */
    bool done;
    const char *rows; /* as struct mr_journal_unit has them, or NULL */
    const char *found;
    uint64_t unclear; /* rows that may be of `found` */
    uint64_t stands;  /* rows that stood as planned when it was last done */
    uint64_t undos;   /* as the journal's by then */
};

enum list { FOUND, LEFT_OUT };

struct mr_journal {
    struct mr_arena arena;
    const char *path, *run_id;
    int fd;
    bool is_read_only;
    struct mr_vec entries; /* struct entry */
    struct mr_vec steps;   /* const char *: names of those that were begun */
    /* By units, of which a journal may name any: */
    struct mr_by_number asides[MR_JOURNAL_UNDO + 1]; /* const char *, by script: rows that
                                                        the server refused, or NULL */
    struct mr_by_number units[MR_JOURNAL_UNDO + 1];  /* bool, by script: done */
    struct mr_by_number left_out;                    /* struct left_out, of apply */
    struct mr_vec fired;                             /* const char *: lists of apply */
    struct mr_vec beside;                            /* the same, until it is undone */
    struct mr_journal_sums sums;
    struct mr_vec lists[2]; /* struct mr_journal_text: of all units, sorted; by enum list */
    bool are_sorted;
    uint64_t undos, undo_of; /* what undo has done, units of its script */
};

static struct entry *find(const struct mr_journal *j, const char *table, const char *column)
{
    for (size_t i = 0; i < j->entries.count; i++) {
        struct entry *e = mr_vec_at(&j->entries, i);
        if (strcmp(e->table, table) == 0 && strcmp(e->column, column) == 0)
            return e;
    }
    return NULL;
}

static enum mr_code note(struct mr_journal *j, const char *table, const char *column,
                         enum mr_journal_event event, const char *how, struct mr_err *err)
{
    struct entry *e = find(j, table, column);
    if (e == NULL) {
        e = mr_vec_push(&j->entries);
        if (e == NULL)
            return mr_err_nomem(err, "reading the journal");
        e->table = mr_arena_strdup(&j->arena, table);
        e->column = mr_arena_strdup(&j->arena, column);
        if (e->table == NULL || e->column == NULL)
            return mr_err_nomem(err, "reading the journal");
    }
    const bool is_row = how != NULL && strcmp(how, "insert") == 0;
    e->row = event != MR_JOURNAL_DONE && (e->row || is_row);
    e->open = event == MR_JOURNAL_TRY || e->row;
    return MR_OK;
}

/* ---- units ---- */

static enum mr_code set_done(struct mr_by_number *units, uint64_t number, bool done,
                             struct mr_err *err)
{
    bool *is_done = done ? mr_by_number_put(units, number) : NULL;
    if (done && is_done == NULL)
        return mr_err_nomem(err, "reading the journal");
    if (!done)
        is_done = mr_by_number_get(units, number);
    if (is_done != NULL)
        *is_done = done;
    return MR_OK;
}

static enum mr_code note_aside(struct mr_journal *j, const struct mr_journal_unit *unit,
                               struct mr_err *err)
{
    struct mr_by_number *asides = &j->asides[unit->script];
    const char **rows = unit->aside != NULL ? mr_by_number_put(asides, unit->number)
                                            : mr_by_number_get(asides, unit->number);
    if (rows != NULL)
        *rows = unit->aside != NULL ? mr_arena_strdup(&j->arena, unit->aside) : NULL;
    return unit->aside != NULL && (rows == NULL || *rows == NULL)
               ? mr_err_nomem(err, "reading the journal")
               : MR_OK;
}

const char *mr_journal_unit_aside(const struct mr_journal *j, enum mr_journal_script script,
                                  uint64_t number)
{
    const char *const *rows = mr_by_number_get(&j->asides[script], number);
    return rows != NULL ? *rows : NULL;
}

/* ---- rows that apply never wrote ---- */

/* What both lists have: a row that was written once is none of them. */
static enum mr_code keep_common(struct mr_journal *j, struct left_out *l, const char *rows,
                                struct mr_err *err)
{
    struct mr_strbuf both = MR_STRBUF_INIT;
    if (l->done)
        mr_journal_rows_common(&both, rows, l->rows);
    else if (rows != NULL)
        mr_strbuf_add_str(&both, rows);
    l->rows = both.len > 0 ? mr_arena_strdup(&j->arena, both.ptr) : NULL;
    bool failed = mr_strbuf_check(&both, "reading the journal", err) != MR_OK ||
                  (both.len > 0 && l->rows == NULL);
    mr_strbuf_release(&both);
    return failed ? mr_err_nomem(err, "reading the journal") : MR_OK;
}

/* Of a unit that was done before, and not taken back since, other rows are the plan's; but
 * where some of them were gone, undo.sql may have taken back all, and others written some. */
static enum mr_code note_found(struct mr_journal *j, struct left_out *l,
                               const struct mr_journal_unit *unit, struct mr_err *err)
{
    const uint64_t listed = mr_journal_rows_count(unit->found);
    if (!l->done || l->unknown || l->undos != j->undos || unit->there < l->stands)
        l->unclear = unit->there > listed ? unit->there - listed : 0;
    l->stands = unit->written + unit->there;
    l->undos = j->undos;
    l->found = NULL;
    if (listed > 0)
        l->found = mr_arena_strdup(&j->arena, unit->found);
    return listed > 0 && l->found == NULL ? mr_err_nomem(err, "reading the journal") : MR_OK;
}

static enum mr_code note_left_out(struct mr_journal *j, enum mr_journal_event event,
                                  const struct mr_journal_unit *unit, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    j->are_sorted = false;
    struct left_out *l = mr_by_number_put(&j->left_out, unit->number);
    if (l == NULL)
        return mr_err_nomem(err, "reading the journal");
    if (event == MR_JOURNAL_TRY)
        l->unknown = l->unknown || l->open; /* that one may have been committed */
    if (event == MR_JOURNAL_DONE) {
        code = note_found(j, l, unit, err);
        if (code == MR_OK)
            code = keep_common(j, l, l->unknown ? NULL : unit->left_out, err);
        l->done = true;
    }
    if (event == MR_JOURNAL_FAILED)
        l->unknown = l->unknown || unit->lost;
    l->open = event == MR_JOURNAL_TRY;
    return code;
}

bool mr_journal_has_applied(const struct mr_journal *j)
{
    return j->left_out.items.count > 0;
}

bool mr_journal_has_left_out(const struct mr_journal *j)
{
    for (size_t i = 0; i < j->left_out.items.count; i++)
        if (((const struct left_out *)mr_vec_at(&j->left_out.items, i))->rows != NULL)
            return true;
    return false;
}

/* ---- rows that stood so before ---- */

uint64_t mr_journal_rows_found(const struct mr_journal *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->left_out.items.count; i++)
        n += mr_journal_rows_count(
            ((const struct left_out *)mr_vec_at(&j->left_out.items, i))->found);
    return n;
}

bool mr_journal_has_found(const struct mr_journal *j)
{
    for (size_t i = 0; i < j->left_out.items.count; i++)
        if (((const struct left_out *)mr_vec_at(&j->left_out.items, i))->found != NULL)
            return true;
    return false;
}

uint64_t mr_journal_rows_unclear(const struct mr_journal *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->left_out.items.count; i++)
        n += ((const struct left_out *)mr_vec_at(&j->left_out.items, i))->unclear;
    return n;
}

uint64_t mr_journal_units_open(const struct mr_journal *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->left_out.items.count; i++)
        n += ((const struct left_out *)mr_vec_at(&j->left_out.items, i))->open;
    return n;
}

/* There may be as many as the plan has rows, and undo asks for each of its own. */
static enum mr_code sort_lists(struct mr_journal *j, struct mr_err *err)
{
    mr_vec_clear(&j->lists[FOUND]);
    mr_vec_clear(&j->lists[LEFT_OUT]);
    j->are_sorted = false;
    for (size_t i = 0; i < j->left_out.items.count; i++) {
        const struct left_out *l = mr_vec_at(&j->left_out.items, i);
        MR_TRY(mr_journal_rows_add(&j->lists[FOUND], l->found, err));
        if (!l->open)
            MR_TRY(mr_journal_rows_add(&j->lists[LEFT_OUT], l->rows, err));
    }
    for (int k = FOUND; k <= LEFT_OUT; k++)
        mr_journal_rows_sort(&j->lists[k]);
    j->are_sorted = true;
    return MR_OK;
}

static enum mr_code is_listed(struct mr_journal *j, enum list which, const struct mr_strbuf *row,
                              bool *is, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(row, "reading the journal", err));
    if (!j->are_sorted)
        MR_TRY(sort_lists(j, err));
    *is = mr_journal_rows_find(&j->lists[which], row->ptr, row->len);
    return MR_OK;
}

enum mr_code mr_journal_is_found(struct mr_journal *j, const char *table, char op, const char *key,
                                 bool *found, struct mr_err *err)
{
    struct mr_strbuf row = MR_STRBUF_INIT;
    mr_journal_add_found(&row, table, op, key);
    enum mr_code code = is_listed(j, FOUND, &row, found, err);
    mr_strbuf_release(&row);
    return code;
}

enum mr_code mr_journal_is_left_out(struct mr_journal *j, const char *table, const char *key,
                                    bool *left_out, struct mr_err *err)
{
    struct mr_strbuf row = MR_STRBUF_INIT;
    mr_journal_add_left_out(&row, table, key);
    enum mr_code code = is_listed(j, LEFT_OUT, &row, left_out, err);
    mr_strbuf_release(&row);
    return code;
}

/* One that was always left out, and stands now, was written by somebody else. */
bool mr_journal_may_be_found(const struct mr_journal *j, uint64_t unit, const char *table, char op,
                             const char *key)
{
    struct mr_strbuf row = MR_STRBUF_INIT, left = MR_STRBUF_INIT;
    const struct left_out *l = mr_by_number_get(&j->left_out, unit);
    if (l == NULL)
        return false;
    if (!l->done && !l->unknown)
        return true;
    mr_journal_add_found(&row, table, op, key);
    mr_journal_add_left_out(&left, table, key);
    const bool may = !row.failed && !left.failed &&
                     (mr_journal_rows_have(l->found, row.ptr, row.len) ||
                      (!l->unknown && mr_journal_rows_have(l->rows, left.ptr, left.len)));
    mr_strbuf_release(&row);
    mr_strbuf_release(&left);
    return may;
}

/* Undo has taken back all of it, but for that: apply comes first again. */
static void forget_undone(struct mr_journal *j)
{
    if (j->undo_of == 0 || mr_journal_units_done(j, MR_JOURNAL_UNDO) < j->undo_of)
        return;
    mr_by_number_clear(&j->left_out);
    j->are_sorted = false;
}

/* ---- rows that triggers wrote ---- */

enum mr_code mr_journal_each_fired(const struct mr_journal *j, mr_journal_fired_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < j->fired.count; i++) {
        const char *at = *(const char **)mr_vec_at(&j->fired, i);
        struct mr_journal_fired row;
        while (code == MR_OK && mr_journal_next_text(&at, &row.table) &&
               mr_journal_next_text(&at, &row.key) && mr_journal_next_text(&at, &row.digest))
            code = fn(ctx, &row, err);
    }
    return code;
}

enum mr_code mr_journal_each_beside(const struct mr_journal *j, mr_journal_beside_fn *fn, void *ctx,
                                    struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < j->beside.count; i++) {
        const char *at = *(const char **)mr_vec_at(&j->beside, i);
        struct mr_journal_beside row;
        while (code == MR_OK && mr_journal_next_text(&at, &row.table) &&
               mr_journal_next_text(&at, &row.key) && mr_journal_next_text(&at, &row.columns))
            code = fn(ctx, &row, err);
    }
    return code;
}

static enum mr_code keep_list(struct mr_journal *j, struct mr_vec *lists, const char *list,
                              struct mr_err *err)
{
    if (list == NULL)
        return MR_OK;
    const char **slot = mr_vec_push(lists);
    if (slot != NULL)
        *slot = mr_arena_strdup(&j->arena, list);
    return slot == NULL || *slot == NULL ? mr_err_nomem(err, "reading the journal") : MR_OK;
}

static enum mr_code note_unit(struct mr_journal *j, enum mr_journal_event event,
                              const struct mr_journal_unit *unit, struct mr_err *err)
{
    enum mr_journal_script other =
        unit->script == MR_JOURNAL_APPLY ? MR_JOURNAL_UNDO : MR_JOURNAL_APPLY;
    if (unit->number == 0 || unit->number > MR_JOURNAL_UNITS_MAX)
        return MR_OK;
    MR_TRY(mr_journal_sums_note(&j->sums, event, unit, &j->arena, err));
    if (event == MR_JOURNAL_SUMS || event == MR_JOURNAL_SETTLED)
        return MR_OK;
    if (unit->script == MR_JOURNAL_APPLY)
        forget_undone(j);
    else if (event == MR_JOURNAL_DONE) {
        j->undos++;
        j->undo_of = unit->of;
        mr_vec_clear(&j->beside);
    }
    mr_by_number_clear(&j->units[other]);
    enum mr_code code = event == MR_JOURNAL_DONE ? note_aside(j, unit, err) : MR_OK;
    if (code == MR_OK && unit->script == MR_JOURNAL_APPLY)
        code = note_left_out(j, event, unit, err);
    if (code == MR_OK && unit->script == MR_JOURNAL_APPLY && event == MR_JOURNAL_DONE)
        code = keep_list(j, &j->fired, unit->fired, err);
    if (code == MR_OK && unit->script == MR_JOURNAL_APPLY && event == MR_JOURNAL_DONE)
        code = keep_list(j, &j->beside, unit->beside, err);
    return code != MR_OK ? code
                         : set_done(&j->units[unit->script], unit->number,
                                    event == MR_JOURNAL_DONE && unit->refused == 0, err);
}

bool mr_journal_unit_is_done(const struct mr_journal *j, enum mr_journal_script script,
                             uint64_t number)
{
    const bool *is_done = mr_by_number_get(&j->units[script], number);
    return is_done != NULL && *is_done;
}

bool mr_journal_unit_may_be_written(const struct mr_journal *j, uint64_t number)
{
    const struct left_out *l = mr_by_number_get(&j->left_out, number);
    return l != NULL && (l->open || l->unknown || l->done);
}

/* A client may have run apply.sql: of that no journal knows. */
bool mr_journal_unit_is_unwritten(const struct mr_journal *j, uint64_t number)
{
    return mr_journal_has_applied(j) && number <= MR_JOURNAL_UNITS_MAX &&
           !mr_journal_unit_may_be_written(j, number);
}

uint64_t mr_journal_units_unwritten(const struct mr_journal *j, uint64_t units)
{
    uint64_t n = 0;
    for (uint64_t i = 1; i <= units; i++)
        n += mr_journal_unit_is_unwritten(j, i);
    return n;
}

uint64_t mr_journal_undo_units(const struct mr_journal *j)
{
    return j->undo_of;
}

uint64_t mr_journal_units_done(const struct mr_journal *j, enum mr_journal_script script)
{
    const struct mr_vec *units = &j->units[script].items;
    uint64_t count = 0;
    for (size_t i = 0; i < units->count; i++)
        count += *(const bool *)mr_vec_at(units, i);
    return count;
}

/* ---- steps that have a name ---- */

bool mr_journal_has_step(const struct mr_journal *j, const char *step)
{
    for (size_t i = 0; i < j->steps.count; i++)
        if (strcmp(*(const char **)mr_vec_at(&j->steps, i), step) == 0)
            return true;
    return false;
}

static enum mr_code note_step(struct mr_journal *j, const char *step, struct mr_err *err)
{
    return mr_journal_has_step(j, step) ? MR_OK : keep_list(j, &j->steps, step, err);
}

/* ---- reading ---- */

static enum mr_code take_line(struct mr_journal *j, const char *text, size_t len,
                              struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_journal_line line;
    enum mr_code code = mr_json_parse(text, len, j->path, &doc, NULL);
    if (code != MR_OK)
        return code == MR_E_NOMEM ? mr_err_nomem(err, "reading the journal") : MR_OK;
    const char *step = NULL;
    const bool known = mr_journal_line_get(mr_json_root(doc), &line);
    if (known && line.unit.script != 0)
        code = note_unit(j, line.event, &line.unit, err);
    else if (known)
        code = note(j, line.table, line.column, line.event, line.how, err);
    else if (mr_json_get_text(mr_json_root(doc), "step", &step, NULL) == MR_OK)
        code = note_step(j, step, err);
    mr_json_free(doc);
    return code;
}

static enum mr_code take_lines(struct mr_journal *j, bool *torn, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_io_read_part(j->path, MR_JOURNAL_MAX_BYTES, &text, err);
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (code == MR_OK && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        code = take_line(j, at, (size_t)(stop - at), err);
        at = stop < end ? stop + 1 : end;
    }
    *torn = code == MR_OK && text.len > 0 && text.ptr[text.len - 1] != '\n';
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code fail(const struct mr_journal *j, const char *did, struct mr_err *err)
{
    int reason = errno;
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, reason, "could not %s \"%s\"", did, j->path);
    mr_err_hint(err, reason == ENOSPC || reason == EDQUOT
                         ? "Free some space there and run it again; what is raised stays "
                           "raised."
                         : "The directory of the plan must be writable for this user.");
    return code;
}

/* The name of a new file must be on disk, too. */
static enum mr_code sync_dir(const struct mr_journal *j, const char *dir, struct mr_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum mr_code code = MR_OK;
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS))
        code = fail(j, "sync the directory of", err);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

/* A run that was just killed may have a last write to end before it lets go. */
static bool lock(int fd)
{
    for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK || waited >= LOCK_WAIT_MS)
            return false;
        (void)usleep(LOCK_STEP_MS * 1000);
    }
    return true;
}

static enum mr_code open_file(struct mr_journal *j, const char *dir, struct mr_err *err)
{
    bool torn = false;
    j->fd =
        open(j->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return fail(j, "open journal", err);
    MR_TRY(mr_owner_check_open(j->path, j->fd, err));
    if (!lock(j->fd)) {
        (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" is being applied by another run", dir);
        mr_err_hint(err, "Nothing was changed by this one. Wait until that has ended.");
        return MR_E_REFUSED;
    }
    enum mr_code code = sync_dir(j, dir, err);
    if (code == MR_OK)
        code = take_lines(j, &torn, err);
    return code == MR_OK && torn ? mr_io_write_all(j->fd, j->path, "\n", 1, err) : code;
}

static enum mr_code new_journal(const char *dir, struct mr_journal **out, struct mr_err *err)
{
    struct mr_journal *j = calloc(1, sizeof *j);
    *out = NULL;
    if (j == NULL)
        return mr_err_nomem(err, "opening the journal");
    j->fd = -1;
    j->entries = (struct mr_vec)MR_VEC_INIT(struct entry);
    mr_by_number_init(&j->left_out, sizeof(struct left_out));
    for (int k = FOUND; k <= LEFT_OUT; k++)
        j->lists[k] = (struct mr_vec)MR_VEC_INIT(struct mr_journal_text);
    j->steps = (struct mr_vec)MR_VEC_INIT(const char *);
    j->fired = (struct mr_vec)MR_VEC_INIT(const char *);
    j->beside = (struct mr_vec)MR_VEC_INIT(const char *);
    mr_journal_sums_init(&j->sums);
    for (int i = 0; i <= MR_JOURNAL_UNDO; i++) {
        mr_by_number_init(&j->asides[i], sizeof(const char *));
        mr_by_number_init(&j->units[i], sizeof(bool));
    }
    mr_arena_init(&j->arena);
    j->path = mr_plan_path(&j->arena, dir, MR_JOURNAL_NAME);
    *out = j;
    return j->path != NULL ? MR_OK : mr_err_nomem(err, "opening the journal");
}

static enum mr_code close_failed(struct mr_journal **j, enum mr_code code)
{
    if (code != MR_OK) {
        mr_journal_close(*j);
        *j = NULL;
    }
    return code;
}

enum mr_code mr_journal_open(const char *dir, const char *run_id, struct mr_journal **out,
                             struct mr_err *err)
{
    enum mr_code code = new_journal(dir, out, err);
    if (code == MR_OK) {
        (*out)->run_id = run_id;
        code = open_file(*out, dir, err);
    }
    return close_failed(out, code);
}

/* What it says is believed: of whoever made the plan as of ourselves, but of nobody else who
 * may write there. */
static enum mr_code check_owner(struct mr_journal *j, const char *dir, const struct stat *st,
                                struct mr_err *err)
{
    struct stat plan;
    const char *manifest = mr_plan_path(&j->arena, dir, "plan.json");
    if (manifest == NULL)
        return mr_err_nomem(err, "opening the journal");
    return lstat(manifest, &plan) == 0 && plan.st_uid == st->st_uid
               ? MR_OK
               : mr_owner_check_stat(j->path, st, err);
}

static enum mr_code read_file(struct mr_journal *j, const char *dir, struct mr_err *err)
{
    bool torn = false;
    struct stat st;
    if (lstat(j->path, &st) == 0)
        MR_TRY(check_owner(j, dir, &st, err));
    else if (errno == ENOENT)
        return MR_OK;
    return take_lines(j, &torn, err);
}

enum mr_code mr_journal_read(const char *dir, struct mr_journal **out, struct mr_err *err)
{
    enum mr_code code = new_journal(dir, out, err);
    if (code == MR_OK) {
        (*out)->is_read_only = true;
        code = read_file(*out, dir, err);
    }
    return close_failed(out, code);
}

void mr_journal_close(struct mr_journal *j)
{
    if (j == NULL)
        return;
    if (j->fd >= 0)
        (void)close(j->fd);
    mr_vec_release(&j->entries);
    mr_by_number_release(&j->left_out);
    for (int k = FOUND; k <= LEFT_OUT; k++)
        mr_vec_release(&j->lists[k]);
    mr_vec_release(&j->steps);
    mr_vec_release(&j->fired);
    mr_vec_release(&j->beside);
    mr_journal_sums_release(&j->sums);
    for (int i = 0; i <= MR_JOURNAL_UNDO; i++) {
        mr_by_number_release(&j->asides[i]);
        mr_by_number_release(&j->units[i]);
    }
    mr_arena_release(&j->arena);
    free(j);
}

const struct mr_journal_sums *mr_journal_sums(const struct mr_journal *j)
{
    return &j->sums;
}

bool mr_journal_is_open(const struct mr_journal *j, const struct mr_counter *counter)
{
    const struct entry *e = find(j, counter->target_table, counter->column);
    return e != NULL && e->open;
}

/* ---- writing ---- */

static void put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    if (text == NULL)
        return;
    mr_jsonw_add_str(w, key, text);
}

static void begin_line(struct mr_jsonw *w, const struct mr_journal *j, enum mr_journal_event event)
{
    char now[MR_RUN_TIME_SIZE];
    mr_run_id_time(now);
    mr_jsonw_object_begin(w);
    put_text(w, "at", now);
    put_text(w, "run", j->run_id);
    put_text(w, "event", mr_journal_event_name(event));
}

/* The line is on disk when it returns. */
static enum mr_code end_line(struct mr_jsonw *w, const struct mr_journal *j, struct mr_strbuf *line,
                             const char *detail, struct mr_err *err)
{
    put_text(w, "detail", detail);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    enum mr_code code = mr_jsonw_finish(w, j->path, err);
    mr_jsonw_release(w);
    if (code == MR_OK)
        code = mr_io_write_all(j->fd, j->path, line->ptr, line->len, err);
    mr_strbuf_release(line);
    if (code == MR_OK && fsync(j->fd) != 0)
        code = fail(j, "sync journal", err);
    return code;
}

enum mr_code mr_journal_write(struct mr_journal *j, enum mr_journal_event event,
                              const struct mr_journal_step *step, const char *detail,
                              struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    struct mr_jsonw w;
    if (j->is_read_only)
        return MR_OK;
    mr_jsonw_init_buf(&w, &line);
    begin_line(&w, j, event);
    put_text(&w, "table", step->counter->target_table);
    put_text(&w, "column", step->counter->column);
    put_text(&w, "how", step->how);
    mr_jsonw_add_number(&w, "to", step->to);
    MR_TRY(end_line(&w, j, &line, detail, err));
    return note(j, step->counter->target_table, step->counter->column, event, step->how, err);
}

enum mr_code mr_journal_write_step(struct mr_journal *j, enum mr_journal_event event,
                                   const char *step, struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    struct mr_jsonw w;
    if (j->is_read_only)
        return MR_OK;
    mr_jsonw_init_buf(&w, &line);
    begin_line(&w, j, event);
    put_text(&w, "step", step);
    MR_TRY(end_line(&w, j, &line, NULL, err));
    return note_step(j, step, err);
}

/* A unit may have long lists, and a plan many of them: a journal that is too long could not
 * be read.  What undo does not know it judges. */
static const char *room_for(const struct mr_journal *j, const char *list, size_t *used)
{
    struct stat st;
    const size_t len = list != NULL ? strlen(list) : 0;
    if (fstat(j->fd, &st) != 0 || (uint64_t)st.st_size + *used + len >= MR_JOURNAL_MAX_BYTES / 2)
        return NULL;
    *used += len;
    return list;
}

/* On disk before it is noted here: a line that could not be written must not change what this run
 * believes, since the next one would believe otherwise. */
enum mr_code mr_journal_write_unit(struct mr_journal *j, enum mr_journal_event event,
                                   const struct mr_journal_unit *wanted, const char *detail,
                                   struct mr_err *err)
{
    struct mr_journal_unit kept = *wanted;
    size_t used = 0;
    const struct mr_journal_unit *unit = &kept;
    struct mr_strbuf line = MR_STRBUF_INIT;
    struct mr_jsonw w;
    if (j->is_read_only)
        return MR_OK;
    kept.left_out = room_for(j, wanted->left_out, &used);
    kept.found = room_for(j, wanted->found, &used);
    kept.fired = room_for(j, wanted->fired, &used);
    kept.beside = room_for(j, wanted->beside, &used);
    kept.sums = room_for(j, wanted->sums, &used);
    if (wanted->sums != NULL && kept.sums == NULL)
        return mr_err_set(err, MR_E_IO, "journal \"%s\" is too long to note what is added to",
                          j->path);
    mr_jsonw_init_buf(&w, &line);
    begin_line(&w, j, event);
    mr_jsonw_add_str(&w, "script", mr_journal_script_name(unit->script));
    mr_jsonw_add_uint(&w, "unit", unit->number);
    if (event == MR_JOURNAL_DONE) {
        mr_jsonw_add_uint(&w, "written", unit->written);
        mr_jsonw_add_uint(&w, "there", unit->there);
        mr_jsonw_add_uint(&w, "refused", unit->refused);
        put_text(&w, "aside", unit->aside);
        put_text(&w, "left_out", unit->left_out);
        put_text(&w, "found", unit->found);
        put_text(&w, "fired", unit->fired);
        put_text(&w, "beside", unit->beside);
        if (unit->of > 0)
            mr_jsonw_add_uint(&w, "of", unit->of);
    }
    put_text(&w, "marker", unit->marker);
    put_text(&w, "sums", unit->sums);
    put_text(&w, "log", unit->log);
    if (unit->log != NULL)
        mr_jsonw_add_uint(&w, "position", unit->position);
    if (event == MR_JOURNAL_SETTLED)
        mr_jsonw_add_bool(&w, "happened", unit->happened);
    if (unit->lost)
        mr_jsonw_add_bool(&w, "lost", true);
    MR_TRY(end_line(&w, j, &line, detail, err));
    return note_unit(j, event, unit, err);
}
