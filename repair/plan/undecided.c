/* undecided.c: see undecided.h. */
#include "repair/plan/undecided.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/file/csv_in.h"
#include "repair/plan/asked.h"

struct reading {
    struct mr_sha256 hash;
    size_t decision; /* its place in a record; SIZE_MAX: not found, or no header yet */
    size_t note;     /* that of people's notes, where a page has added them; else SIZE_MAX */
    size_t width;    /* columns with a name: spreadsheets add empty ones at the end */
    bool begun;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct mr_csv_field trim(struct mr_csv_field field)
{
    while (field.len > 0 && is_blank(field.ptr[0])) {
        field.ptr++;
        field.len--;
    }
    while (field.len > 0 && is_blank(field.ptr[field.len - 1]))
        field.len--;
    return field;
}

static bool is_called(struct mr_csv_field field, const char *name)
{
    return field.len == strlen(name) && strncasecmp(field.ptr, name, field.len) == 0;
}

/* Each with its length in front: no two records have one text. */
static void add(struct reading *r, struct mr_csv_field field)
{
    char len[32];
    int n = snprintf(len, sizeof len, "%zu:", field.len);
    mr_sha256_add(&r->hash, len, (size_t)n);
    mr_sha256_add(&r->hash, field.ptr, field.len);
}

static size_t named(const struct mr_csv_field *fields, size_t count)
{
    while (count > 1 && trim(fields[count - 1]).len == 0)
        count--;
    return count;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct reading *r = ctx;
    (void)line;
    for (size_t i = 0; !r->begun && i < count; i++) {
        if (is_called(trim(fields[i]), "decision"))
            r->decision = i;
        if (is_called(trim(fields[i]), MR_ASKED_NOTE))
            r->note = i;
    }
    if (!r->begun)
        r->width = named(fields, count);
    r->begun = true;
    while (count > r->width && trim(fields[count - 1]).len == 0)
        count--;
    if (r->decision == SIZE_MAX)
        return mr_err_set(err, MR_E_REFUSED, "there is no column \"decision\"");
    if (mr_asked_is_blank(fields, count))
        return MR_OK; /* as editors leave one at the end */
    if (mr_asked_is_mark(fields[0]))
        return MR_OK; /* as a page has written one */
    for (size_t i = 0; i < count; i++)
        if (i != r->decision && i != r->note)
            add(r, trim(fields[i]));
    mr_sha256_add(&r->hash, "\n", 1);
    return MR_OK;
}

enum mr_code mr_undecided_digest(const char *path, char hex[MR_SHA256_HEX], struct mr_err *err)
{
    struct reading r = {.decision = SIZE_MAX, .note = SIZE_MAX};
    struct mr_csv_in csv;
    MR_TRY(mr_sha256_init(&r.hash, err));
    mr_csv_in_init_lenient(&csv, take_record, &r);
    enum mr_code code = mr_csv_in_file(&csv, path, MR_IN_PART, err);
    mr_csv_in_release(&csv);
    if (code == MR_OK)
        mr_sha256_finish(&r.hash, hex);
    mr_sha256_release(&r.hash);
    return code;
}
