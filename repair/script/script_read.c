/* script_read.c: see script_read.h. */
#include "repair/script/script_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/in_file.h"
#include "repair/script/script_origin.h"

#define BUFFER_BYTES ((size_t)64 * 1024)
#define KEEP_BYTES ((size_t)1024 * 1024)
#define UNIT_PREFIX "-- unit "

struct mr_script_read {
    int fd;
    char *path;
    char buffer[BUFFER_BYTES];
    size_t at, end;  /* of the buffer, what is not yet taken */
    uint64_t offset; /* in the file, of buffer[at] */
    uint64_t line;   /* number of the line last read; counted from the last seek */
    bool sought;     /* line numbers mean nothing */
    bool is_eof, has_updates, has_origins;
    struct mr_sha256 *hash;  /* of the index; NULL: bytes are not hashed */
    struct mr_vec sums;      /* struct sum, of each item that the index has read */
    size_t item;             /* the next one's place among them */
    struct mr_strbuf text;   /* of the line or statement at hand */
    struct mr_strbuf origin; /* of the unit at hand, as script_origin.h has it */
    enum mr_script_read_section section;
    struct mr_script_read_unit unit;
    uint64_t count; /* M of the first unit read; 0: none yet */
    mr_script_read_judge_fn *judge;
    const void *judge_ctx;
};

/* Enough of a SHA-256 that nobody finds another statement with it. */
struct sum {
    char hex[32];
};

static enum mr_code refuse(const struct mr_script_read *s, const char *what, struct mr_err *err)
{
    if (s->sought)
        (void)mr_err_set(err, MR_E_REFUSED, "script \"%s\", unit %" PRIu64 ": %s", s->path,
                         s->unit.number, what);
    else
        (void)mr_err_set(err, MR_E_REFUSED, "script \"%s\", line %" PRIu64 ": %s", s->path, s->line,
                         what);
    mr_err_hint(err, "Plan again; a plan's scripts are not edited by hand.");
    return MR_E_REFUSED;
}

enum mr_code mr_script_read_open(const char *path, struct mr_script_read **out, struct mr_err *err)
{
    struct mr_script_read *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return mr_err_nomem(err, "reading a script");
    mr_strbuf_init(&s->text);
    mr_strbuf_init(&s->origin);
    s->sums = (struct mr_vec)MR_VEC_INIT(struct sum);
    s->section = MR_SCRIPT_READ_HEAD;
    s->path = strdup(path);
    s->fd = -1;
    enum mr_code code = s->path != NULL ? mr_in_open(path, MR_IN_PART, &s->fd, err)
                                        : mr_err_nomem(err, "reading a script");
    if (code == MR_OK)
        *out = s;
    else
        mr_script_read_close(s);
    return code;
}

void mr_script_read_close(struct mr_script_read *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        (void)close(s->fd);
    mr_strbuf_release(&s->text);
    mr_strbuf_release(&s->origin);
    mr_vec_release(&s->sums);
    free(s->path);
    free(s);
}

void mr_script_read_judged(struct mr_script_read *s, mr_script_read_judge_fn *judge,
                           const void *ctx)
{
    s->judge = judge;
    s->judge_ctx = ctx;
}

/* ---- lines ---- */

static enum mr_code fill(struct mr_script_read *s, struct mr_err *err)
{
    size_t got = 0;
    enum mr_code code = mr_in_read(s->fd, s->path, s->buffer, sizeof s->buffer, &got, err);
    if (code != MR_OK)
        return code;
    s->at = 0;
    s->end = got;
    s->is_eof = got == 0;
    if (s->hash != NULL)
        mr_sha256_add(s->hash, s->buffer, s->end);
    return MR_OK;
}

/* Appends the next line without its end to s->text; *found false: there is none. */
static enum mr_code read_line(struct mr_script_read *s, bool *found, struct mr_err *err)
{
    const char *stop = NULL;
    enum mr_code code = MR_OK;
    *found = false;
    while (stop == NULL) {
        if (s->at == s->end)
            code = fill(s, err);
        if (code != MR_OK || s->is_eof)
            break;
        if (!*found)
            s->line++;
        *found = true;
        size_t rest = s->end - s->at;
        stop = memchr(s->buffer + s->at, '\n', rest);
        size_t len = stop != NULL ? (size_t)(stop - s->buffer) - s->at : rest;
        size_t taken = len + (stop != NULL);
        if (len > MR_SCRIPT_READ_STATEMENT_MAX - s->text.len)
            return refuse(s, "a statement has more than 64 MiB", err);
        mr_strbuf_add(&s->text, s->buffer + s->at, len);
        s->at += taken;
        s->offset += taken;
    }
    if (code == MR_OK && *found && stop == NULL)
        code = refuse(s, "the last line is cut off", err);
    return code == MR_OK ? mr_strbuf_check(&s->text, "reading a script", err) : code;
}

/* ---- marks ---- */

static bool take_text(const char **at, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool take_number(const char **at, uint64_t *number)
{
    const char *from = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9' && *at - from < 19; (*at)++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    return *at > from && !(**at >= '0' && **at <= '9');
}

/* The next unit in the same direction as before; the first tells the direction. */
static bool follows(const struct mr_script_read *s, uint64_t number, uint64_t count)
{
    if (number == 0 || number > count)
        return false;
    if (s->sought)
        return true;
    if (s->count == 0)
        return number == 1 || number == count;
    return count == s->count && (number == s->unit.number + 1 || number + 1 == s->unit.number);
}

static enum mr_code take_unit(struct mr_script_read *s, const char *line, uint64_t offset,
                              struct mr_err *err)
{
    uint64_t number = 0, count = 0, rows = 0;
    const char *at = line;
    bool good = take_text(&at, UNIT_PREFIX) && take_number(&at, &number) &&
                take_text(&at, " of ") && take_number(&at, &count) && take_text(&at, ": ") &&
                take_number(&at, &rows) && take_text(&at, " row");
    if (!good || strlen(line) != s->text.len)
        return refuse(s, "the line is not that of a unit", err);
    if (s->section != MR_SCRIPT_READ_HEAD && s->section != MR_SCRIPT_READ_END)
        return refuse(s, "a unit begins before the last one has ended", err);
    if (!follows(s, number, count))
        return refuse(s, "the units are not in order", err);
    s->unit = (struct mr_script_read_unit){
        .number = number, .rows = rows, .offset = offset, .item = s->item};
    s->count = count;
    s->section = MR_SCRIPT_READ_UNIT_HEAD;
    mr_strbuf_reset(&s->origin);
    mr_strbuf_shrink(&s->origin, KEEP_BYTES);
    return MR_OK;
}

static enum mr_script_read_section section_of(const char *line)
{
    static const char *const names[] = {
        [MR_SCRIPT_READ_STAGE] = "-- stage", [MR_SCRIPT_READ_ASIDE] = "-- aside",
        [MR_SCRIPT_READ_LOCKS] = "-- locks", [MR_SCRIPT_READ_GUARDS] = "-- guards",
        [MR_SCRIPT_READ_WRITE] = "-- write", [MR_SCRIPT_READ_AGAIN] = "-- again",
        [MR_SCRIPT_READ_END] = "-- end"};
    for (int i = MR_SCRIPT_READ_STAGE; i <= MR_SCRIPT_READ_END; i++)
        if (strcmp(line, names[i]) == 0)
            return (enum mr_script_read_section)i;
    return 0;
}

static enum mr_code take_origin(struct mr_script_read *s, struct mr_err *err)
{
    if (!mr_script_origin_is_line(s->text.ptr) || strlen(s->text.ptr) != s->text.len)
        return refuse(s, "the line does not say which units wrote the rows", err);
    mr_strbuf_add(&s->origin, s->text.ptr, s->text.len);
    mr_strbuf_add_char(&s->origin, '\n');
    s->has_origins = true;
    return mr_strbuf_check(&s->origin, "reading a script", err);
}

/* A comment, which may be a mark. */
static enum mr_code take_comment(struct mr_script_read *s, uint64_t offset, bool *is_unit,
                                 struct mr_err *err)
{
    const char *line = s->text.ptr;
    enum mr_script_read_section section = section_of(line);
    *is_unit = strncmp(line, UNIT_PREFIX, sizeof UNIT_PREFIX - 1) == 0;
    if (*is_unit)
        return take_unit(s, line, offset, err);
    if (s->section == MR_SCRIPT_READ_UNIT_HEAD &&
        strncmp(line, MR_SCRIPT_ORIGIN_PREFIX, sizeof MR_SCRIPT_ORIGIN_PREFIX - 1) == 0)
        return take_origin(s, err);
    if (section == 0)
        return MR_OK;
    if (s->section == MR_SCRIPT_READ_STAGE && section == MR_SCRIPT_READ_GUARDS)
        return refuse(s,
                      "the unit judges rows that it has not locked, as scripts of an "
                      "earlier version did",
                      err);
    int last = (int)s->section;
    if (last == MR_SCRIPT_READ_STAGE && section != MR_SCRIPT_READ_ASIDE)
        last = MR_SCRIPT_READ_ASIDE;
    if ((int)section != last + 1)
        return refuse(s, "the sections of the unit are not in order", err);
    s->section = section;
    return MR_OK;
}

/* ---- items ---- */

static enum mr_code at_end(struct mr_script_read *s, struct mr_script_read_item *item,
                           struct mr_err *err)
{
    item->kind = MR_SCRIPT_READ_EOF;
    if (s->section != MR_SCRIPT_READ_HEAD && s->section != MR_SCRIPT_READ_END)
        return refuse(s, "the last unit does not end", err);
    if (!s->sought && s->count > 0 && s->unit.number != s->count && s->unit.number != 1)
        return refuse(s, "units are missing at the end", err);
    return MR_OK;
}

static enum mr_code judge(struct mr_script_read *s, const struct mr_script_read_item *item,
                          struct mr_err *err)
{
    struct mr_script_read_fault fault = {0};
    struct mr_strbuf what = MR_STRBUF_INIT;
    if (s->judge == NULL || s->judge(s->judge_ctx, item, &fault))
        return MR_OK;
    for (size_t i = 0; i < item->len; i++)
        s->line -= item->sql[i] == '\n';
    s->line += fault.lines;
    mr_strbuf_add_fmt(&what, "a statement %s", fault.what);
    (void)refuse(s, what.failed ? "a statement is none of plan's" : what.ptr, err);
    mr_strbuf_release(&what);
    return MR_E_REFUSED;
}

/* Goes on with the lines of a statement until one ends it. */
static enum mr_code take_statement(struct mr_script_read *s, struct mr_script_read_item *item,
                                   struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool found = true;
    if (s->section == MR_SCRIPT_READ_UNIT_HEAD)
        return refuse(s, "a statement stands outside the sections of its unit", err);
    while (code == MR_OK && s->text.ptr[s->text.len - 1] != ';') {
        size_t start = s->text.len + 1;
        mr_strbuf_add_char(&s->text, '\n');
        code = read_line(s, &found, err);
        if (code == MR_OK && !found)
            code = refuse(s, "the last statement does not end", err);
        else if (code == MR_OK &&
                 strncmp(s->text.ptr + start, UNIT_PREFIX, sizeof UNIT_PREFIX - 1) == 0)
            code = refuse(s, "a unit begins inside a statement", err);
    }
    *item = (struct mr_script_read_item){.kind = MR_SCRIPT_READ_STATEMENT,
                                         .section = s->section,
                                         .sql = s->text.ptr,
                                         .unit = s->unit};
    if (code == MR_OK) {
        s->text.ptr[--s->text.len] = '\0';
        item->len = s->text.len;
        code = judge(s, item, err);
    }
    return code;
}

static enum mr_code take_item(struct mr_script_read *s, struct mr_script_read_item *item,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *item = (struct mr_script_read_item){0};
    while (code == MR_OK) {
        const uint64_t offset = s->offset;
        bool found = false, is_unit = false;
        mr_strbuf_reset(&s->text);
        mr_strbuf_shrink(&s->text, KEEP_BYTES);
        code = read_line(s, &found, err);
        if (code != MR_OK)
            break;
        if (!found)
            return at_end(s, item, err);
        if (s->text.len == 0)
            continue;
        if (strncmp(s->text.ptr, "-- ", 3) != 0)
            return take_statement(s, item, err);
        code = take_comment(s, offset, &is_unit, err);
        if (code == MR_OK && is_unit) {
            *item = (struct mr_script_read_item){.kind = MR_SCRIPT_READ_UNIT, .unit = s->unit};
            return MR_OK;
        }
    }
    return code;
}

/* With where it stands: the same statement does another thing in another section, and for rows of
 * another origin. */
static enum mr_code sum_up(const struct mr_script_read *s, const struct mr_script_read_item *item,
                           struct sum *sum, struct mr_err *err)
{
    const char place[2] = {(char)item->kind, (char)item->section};
    char hex[MR_SHA256_HEX];
    struct mr_sha256 hash = {0};
    MR_TRY(mr_sha256_init(&hash, err));
    mr_sha256_add(&hash, place, sizeof place);
    mr_sha256_add(&hash, s->text.ptr, s->text.len);
    mr_sha256_add(&hash, s->origin.ptr, s->origin.len);
    mr_sha256_finish(&hash, hex);
    memcpy(sum->hex, hex, sizeof sum->hex);
    return MR_OK;
}

/* The ends of units and of the file count, too: a unit without its last statements would leave its
 * transaction to the next one. */
static enum mr_code prove(struct mr_script_read *s, const struct mr_script_read_item *item,
                          struct mr_err *err)
{
    struct sum sum;
    if (s->hash == NULL && !s->sought)
        return MR_OK;
    MR_TRY(sum_up(s, item, &sum, err));
    if (s->hash != NULL) {
        struct sum *slot = mr_vec_push(&s->sums);
        if (slot == NULL)
            return mr_err_nomem(err, "reading a script");
        *slot = sum;
    } else if (s->item >= s->sums.count ||
               memcmp(mr_vec_at(&s->sums, s->item), &sum, sizeof sum) != 0) {
        return refuse(s, "the script was changed while it was run", err);
    }
    s->item++;
    return MR_OK;
}

enum mr_code mr_script_read_next(struct mr_script_read *s, struct mr_script_read_item *item,
                                 struct mr_err *err)
{
    MR_TRY(take_item(s, item, err));
    return prove(s, item, err);
}

static enum mr_code rewind_to(struct mr_script_read *s, uint64_t offset, struct mr_err *err)
{
    if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not read script \"%s\"", s->path);
    s->at = s->end = 0;
    s->is_eof = false;
    s->offset = offset;
    s->line = 0;
    s->section = MR_SCRIPT_READ_HEAD;
    return MR_OK;
}

enum mr_code mr_script_read_seek(struct mr_script_read *s, const struct mr_script_read_unit *unit,
                                 struct mr_err *err)
{
    s->sought = true;
    s->unit = *unit;
    s->item = unit->item;
    return rewind_to(s, unit->offset, err);
}

bool mr_script_read_has_updates(const struct mr_script_read *s)
{
    return s->has_updates;
}

bool mr_script_read_has_origins(const struct mr_script_read *s)
{
    return s->has_origins;
}

const char *mr_script_read_origin(const struct mr_script_read *s)
{
    return s->origin.len > 0 ? s->origin.ptr : NULL;
}

/* Read to its end before the first statement is handed out, and judged on the way: a script that
 * is cut or edited in its last unit must not have written its first. */
enum mr_code mr_script_read_index(struct mr_script_read *s, struct mr_vec *units,
                                  char sha256[MR_SHA256_HEX], struct mr_err *err)
{
    struct mr_sha256 hash = {0};
    struct mr_script_read_item item = {0};
    s->sought = s->has_updates = s->has_origins = false;
    s->count = 0;
    s->item = 0;
    mr_vec_clear(&s->sums);
    s->unit = (struct mr_script_read_unit){0};
    enum mr_code code = rewind_to(s, 0, err);
    if (code == MR_OK)
        code = mr_sha256_init(&hash, err);
    if (code != MR_OK)
        return code;
    s->hash = &hash;
    while (code == MR_OK && (code = mr_script_read_next(s, &item, err)) == MR_OK &&
           item.kind != MR_SCRIPT_READ_EOF) {
        s->has_updates |= item.kind == MR_SCRIPT_READ_STATEMENT &&
                          item.section == MR_SCRIPT_READ_WRITE &&
                          strncmp(item.sql, "UPDATE ", 7) == 0;
        if (item.kind != MR_SCRIPT_READ_UNIT)
            continue;
        struct mr_script_read_unit *unit = mr_vec_push(units);
        if (unit == NULL)
            code = mr_err_nomem(err, "reading a script");
        else
            *unit = item.unit;
    }
    s->hash = NULL;
    if (code == MR_OK)
        mr_sha256_finish(&hash, sha256);
    mr_sha256_release(&hash);
    return code;
}
