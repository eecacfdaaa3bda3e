/*
 * fuzz_affected_text.c: templates and values of lists of people.  The first line of the
 * input is a template, the rest a value.  What a template prints is whole lines; a CSV
 * field and a word of a shell read back as the value that they were made of.
 */
#include "fuzz.h"

#include <string.h>

#include "core/base/utf8.h"
#include "recon/affected/affected_format.h"

static struct mr_affected_field fields[1] = {{.name = "phone", .label = "phone"}};
static struct mr_find_column columns[1] = {
    {.name = "phone", .style = {MR_CLASS_TEXT, 0}, .key_at = -1, .flag_at = -1}};
static struct mr_find_table table = {
    .name = "d.t", .target_name = "d.t", .columns = columns, .ncolumns = 1};
static const size_t positions[1] = {0};
static struct mr_affected_subject subject = {.table = &table, .columns = positions};
static struct mr_affected list = {.tables = &table,
                                  .ntables = 1,
                                  .subjects = &subject,
                                  .nsubjects = 1,
                                  .fields = fields,
                                  .nfields = 1,
                                  .nidentity = 1};

/* One person with that phone, in the format; false where the options are refused. */
static bool print(const struct mr_affected_format_opts *opts, const struct mr_value *phone,
                  struct mr_strbuf *out, uint64_t *written)
{
    struct mr_affected_writer *w = NULL;
    char child[] = "child", name[] = "d.t", seven[] = "7";
    struct mr_key key = {seven, 1};
    struct mr_err err = {0};
    struct mr_affected_line line = {
        .subject = &subject,
        .values = phone,
        .keys = {{.items = &key, .count = 1, .cap = 1, .item_size = sizeof key},
                 MR_VEC_INIT(struct mr_key)},
        .key_text = {{.ptr = seven, .len = 1}, MR_STRBUF_INIT},
        .reasons = {.ptr = child, .len = sizeof child - 1},
        .tables = {.ptr = name, .len = sizeof name - 1}};
    if (mr_affected_writer_new(&list, opts, &w, &err) != MR_OK) {
        FUZZ_CHECK(mr_code_exit(err.code) == 3 && err.message[0] != '\0');
        return false;
    }
    FUZZ_CHECK(mr_case_scratch_begin(mr_findings_case(list.fd), NULL) == MR_OK);
    FUZZ_CHECK(w->ops->begin(w, out, NULL) == MR_OK);
    size_t header = out->len;
    FUZZ_CHECK(w->ops->line(w, &line, out, NULL) == MR_OK);
    memmove(out->ptr, out->ptr + header, out->len - header + 1);
    out->len -= header;
    *written = w->written;
    FUZZ_CHECK(w->written + w->left_out <= 1);
    mr_affected_writer_free(w);
    mr_case_scratch_end(mr_findings_case(list.fd));
    return true;
}

static size_t count(const char *ptr, size_t len, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ptr[i] == c;
    return n;
}

/* What stands in the list for the value. */
static void shown(const struct mr_value *phone, struct mr_strbuf *out)
{
    mr_affected_add_text(out, phone, columns[0].style);
}

static void check_template(const char *template, const struct mr_value *phone)
{
    for (int safe = 0; safe < 2; safe++) {
        const struct mr_affected_format_opts opts = {
            .format = MR_AFFECTED_TEMPLATE, .template = template, .shell_safe = safe};
        struct mr_strbuf out = MR_STRBUF_INIT;
        uint64_t written = 0;
        if (print(&opts, phone, &out, &written)) {
            FUZZ_CHECK(count(out.ptr, out.len, '\n') == written);
            FUZZ_CHECK(out.len == 0 || out.ptr[out.len - 1] == '\n');
        }
        mr_strbuf_release(&out);
    }
}

/* A shell's reading of one word that is bare or in '', with \' between. */
static void unquote_shell(const char *word, size_t len, struct mr_strbuf *out)
{
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '\'')
            inside = !inside;
        else if (!inside && word[i] == '\\')
            mr_strbuf_add_char(out, word[++i]);
        else {
            FUZZ_CHECK(inside || strchr(" $`\"*?[~;&|<>()#!", word[i]) == NULL);
            mr_strbuf_add_char(out, word[i]);
        }
    }
    FUZZ_CHECK(!inside);
}

static void check_shell(const struct mr_value *phone)
{
    const struct mr_affected_format_opts opts = {
        .format = MR_AFFECTED_TEMPLATE, .template = "{phone}", .shell_safe = true};
    struct mr_strbuf out = MR_STRBUF_INIT, back = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    uint64_t written = 0;
    shown(phone, &text);
    FUZZ_CHECK(print(&opts, phone, &out, &written));
    if (written == 1) {
        unquote_shell(out.ptr, out.len - 1, &back);
        FUZZ_CHECK(back.len == text.len && memcmp(back.ptr, text.ptr, text.len) == 0);
    }
    mr_strbuf_release(&out);
    mr_strbuf_release(&back);
    mr_strbuf_release(&text);
}

/* The record's first field, as RFC 4180 reads it. */
static void check_csv(const struct mr_value *phone)
{
    const struct mr_affected_format_opts opts = {.format = MR_AFFECTED_CSV};
    struct mr_strbuf out = MR_STRBUF_INIT, back = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    uint64_t written = 0;
    size_t i = 0;
    shown(phone, &text);
    FUZZ_CHECK(print(&opts, phone, &out, &written) && written == 1);
    if (out.ptr[0] == '"') {
        for (i = 1; !(out.ptr[i] == '"' && out.ptr[i + 1] != '"'); i++) {
            i += out.ptr[i] == '"';
            mr_strbuf_add_char(&back, out.ptr[i]);
        }
        i++;
    } else {
        for (; out.ptr[i] != ','; i++)
            mr_strbuf_add_char(&back, out.ptr[i]);
        FUZZ_CHECK(back.len > 0 && strpbrk(back.ptr, "\"\r\n") == NULL);
    }
    FUZZ_CHECK(back.len == text.len && memcmp(back.ptr, text.ptr, text.len) == 0);
    FUZZ_CHECK(strcmp(out.ptr + i, ",7,,child,d.t\r\n") == 0);
    mr_strbuf_release(&out);
    mr_strbuf_release(&back);
    mr_strbuf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const void *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = end != NULL ? (size_t)((const uint8_t *)end - data) : size;
    size_t at = end != NULL ? len + 1 : size;
    if (list.fd == NULL)
        FUZZ_CHECK(mr_findings_open(NULL, MR_CASE_WRITE, &list.fd, NULL) == MR_OK);
    char *template = malloc(len + 1), *value = malloc(size - at + 1);
    FUZZ_CHECK(template != NULL && value != NULL);
    if (len > 0)
        memcpy(template, data, len);
    template[len] = '\0';
    if (size > at)
        memcpy(value, data + at, size - at);
    const struct mr_value phone = {.cls = MR_CLASS_TEXT, .ptr = value, .len = size - at};
    check_template(template, &phone);
    check_shell(&phone);
    check_csv(&phone);
    free(template);
    free(value);
    mr_arena_reset(&list.arena);
    return 0;
}
