/*
 * affected_csv.c: the list as RFC 4180 has it; see affected_format.h.
 *
 * NULL is an empty field, an empty text is "": who reads the file can tell them apart.
 */
#include "recon/affected/affected_format.h"

#include <string.h>

#include "core/file/sheet_cell.h"

static bool needs_quotes(const char *ptr, size_t len)
{
    if (len == 0 || ptr[0] == ' ' || ptr[0] == '\t' || ptr[len - 1] == ' ' || ptr[len - 1] == '\t')
        return true;
    for (size_t i = 0; i < len; i++)
        if (ptr[i] == ',' || ptr[i] == '"' || ptr[i] == '\r' || ptr[i] == '\n')
            return true;
    return false;
}

/* A quote within a field is doubled (RFC 4180); anything else would end the field early in a
 * spreadsheet. */
static void add_field(struct mr_strbuf *out, const char *ptr, size_t len)
{
    if (!needs_quotes(ptr, len)) {
        mr_strbuf_add(out, ptr, len);
        return;
    }
    mr_strbuf_add_char(out, '"');
    for (const char *quote; len > 0 && (quote = memchr(ptr, '"', len)) != NULL;) {
        size_t upto = (size_t)(quote - ptr) + 1;
        mr_strbuf_add(out, ptr, upto);
        mr_strbuf_add_char(out, '"');
        ptr += upto;
        len -= upto;
    }
    mr_strbuf_add(out, ptr, len);
    mr_strbuf_add_char(out, '"');
}

static void add_str(struct mr_strbuf *out, const char *str)
{
    add_field(out, str, strlen(str));
}

/* What comes from the database, in a list that is to survive a spreadsheet (sheet_cell.h).  An empty
 * text has a mark, too: beside NULL it would not be told apart. */
static void add_cell(const struct mr_affected_writer *w, struct mr_strbuf *out, const char *ptr,
                     size_t len)
{
    struct mr_strbuf cell = MR_STRBUF_INIT;
    if (!w->opts->sheet || (len > 0 && !mr_sheet_cell_is_unsafe(ptr, len))) {
        add_field(out, ptr, len);
        return;
    }
    mr_strbuf_add_char(&cell, MR_SHEET_MARK);
    mr_strbuf_add(&cell, ptr, len);
    add_field(out, cell.ptr, cell.len);
    out->failed = out->failed || cell.failed;
    mr_strbuf_release(&cell);
}

/* Identity first, then what every list has, then --columns: who reads by position finds the same
 * in front whatever else was asked for. new_key stands last for the same reason. */
static enum mr_code begin(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_affected *list = w->list;
    for (size_t i = 0; i < list->nidentity; i++) {
        add_cell(w, out, list->fields[i].name, strlen(list->fields[i].name));
        mr_strbuf_add_char(out, ',');
    }
    mr_strbuf_add_str(out, "source_key,target_key,reasons,tables");
    for (size_t i = list->nidentity; i < list->nfields; i++) {
        mr_strbuf_add_char(out, ',');
        add_cell(w, out, list->fields[i].name, strlen(list->fields[i].name));
    }
    mr_strbuf_add_str(out, list->plan != NULL ? ",new_key\r\n" : "\r\n");
    return mr_strbuf_check(out, "writing CSV", err);
}

static enum mr_code add_value(const struct mr_affected_writer *w,
                              const struct mr_affected_line *line, size_t field,
                              struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_value *value = &line->values[field];
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (value->cls == MR_CLASS_NULL)
        return MR_OK;
    mr_affected_add_text(&text, value, mr_affected_style(line->subject, field));
    add_cell(w, out, text.ptr, text.len);
    enum mr_code code = mr_strbuf_check(&text, "writing CSV", err);
    mr_strbuf_release(&text);
    return code;
}

/* A side without a row has no key: its field stays bare, while an empty text is quoted, so that
 * the two can be told apart. */
static enum mr_code line(struct mr_affected_writer *w, const struct mr_affected_line *person,
                         struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_affected *list = w->list;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < list->nidentity; i++) {
        code = add_value(w, person, i, out, err);
        mr_strbuf_add_char(out, ',');
    }
    for (int side = 0; side < 2; side++) {
        if (person->keys[side].count > 0)
            add_cell(w, out, person->key_text[side].ptr, person->key_text[side].len);
        mr_strbuf_add_char(out, ',');
    }
    add_str(out, person->reasons.ptr);
    mr_strbuf_add_char(out, ',');
    add_cell(w, out, person->tables.ptr, person->tables.len);
    for (size_t i = list->nidentity; code == MR_OK && i < list->nfields; i++) {
        mr_strbuf_add_char(out, ',');
        code = add_value(w, person, i, out, err);
    }
    if (list->plan != NULL)
        mr_strbuf_add_char(out, ',');
    if (list->plan != NULL && !person->no_new_key)
        add_cell(w, out, person->new_key.ptr, person->new_key.len);
    mr_strbuf_add_str(out, "\r\n");
    w->written++;
    return code == MR_OK ? mr_strbuf_check(out, "writing CSV", err) : code;
}

static enum mr_code end(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    (void)w;
    (void)out;
    (void)err;
    return MR_OK;
}

const struct mr_affected_writer_ops mr_affected_csv = {.begin = begin, .line = line, .end = end};
