/* snap_member.c: see snap_member.h. */
#include "snapshot/format/snap_member.h"

#include <stdlib.h>
#include <string.h>

#include "core/schema/type_member.h"
#include "snapshot/format/snap_charset.h"

static enum mr_code add_member(struct mr_snap_members *m, const struct mr_strbuf *text,
                               struct mr_snap_charset *charset, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(text, "reading a type", err);
    if (code == MR_OK)
        code = mr_snap_charset_convert(charset, text->ptr, text->len, &m->bytes, NULL, err);
    m->ends[m->count++] = m->bytes.len;
    return code;
}

/* The comma is converted as the members are: in UTF-16 a SET is not cut at a byte that is half
 * of a letter. */
enum mr_code mr_snap_members_init(struct mr_snap_members *m, const char *type, const char *charset,
                                  struct mr_err *err)
{
    struct mr_snap_charset *converter = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t most = 1;
    const char *at = mr_type_members(type);
    *m = (struct mr_snap_members){
        .bytes = MR_STRBUF_INIT, .comma = MR_STRBUF_INIT, .is_set = strncmp(type, "set", 3) == 0};
    for (const char *p = type; *p != '\0'; p++)
        most += *p == '\'';
    m->ends = calloc(most, sizeof *m->ends);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(m->ends != NULL ? MR_OK : mr_err_nomem(err, "reading a type"));
    MR_TRY_OUT(mr_snap_charset_open(charset, false, &converter, err));
    MR_TRY_OUT(mr_snap_charset_convert(converter, ",", 1, &m->comma, NULL, err));
    MR_TRY_OUT(mr_strbuf_check(&m->comma, "reading a type", err));
    while (mr_type_next_member(&at, &text))
        MR_TRY_OUT(add_member(m, &text, converter, err));
    if (*at == '\'' || *at == ',')
        MR_TRY_OUT(mr_err_set(err, MR_E_SNAPSHOT, "type \"%s\" is none", type));
out:
    mr_snap_charset_close(converter);
    mr_strbuf_release(&text);
    return code;
}

void mr_snap_members_release(struct mr_snap_members *m)
{
    mr_strbuf_release(&m->bytes);
    mr_strbuf_release(&m->comma);
    free(m->ends);
    *m = (struct mr_snap_members){.bytes = MR_STRBUF_INIT, .comma = MR_STRBUF_INIT};
}

static const char *member(const struct mr_snap_members *m, size_t i, size_t *len)
{
    size_t from = i > 0 ? m->ends[i - 1] : 0;
    *len = m->ends[i] - from;
    return m->bytes.ptr + from;
}

/* A number beyond the last member is an empty text, as servers show it; 0 of an ENUM likewise. */
void mr_snap_members_text(const struct mr_snap_members *m, uint64_t number, struct mr_strbuf *out)
{
    size_t len = 0;
    if (!m->is_set) {
        const char *text =
            number > 0 && number <= m->count ? member(m, (size_t)number - 1, &len) : "";
        mr_strbuf_add(out, text, len);
        return;
    }
    bool first = true;
    for (size_t i = 0; i < m->count && i < 64; i++) {
        if ((number >> i & 1) == 0)
            continue;
        const char *text = member(m, i, &len);
        if (!first)
            mr_strbuf_add(out, m->comma.ptr, m->comma.len);
        mr_strbuf_add(out, text, len);
        first = false;
    }
}

static uint64_t find(const struct mr_snap_members *m, const char *text, size_t len)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t own = 0;
        const char *bytes = member(m, i, &own);
        if (own == len && memcmp(bytes, text, len) == 0)
            return i + 1;
    }
    return 0;
}

/* Where the next comma is, or len.  In character sets of two or four bytes only whole characters
 * are looked at; no other has a comma's byte in a character of several. */
static size_t find_comma(const struct mr_snap_members *m, const char *text, size_t len, size_t from)
{
    const size_t unit = m->comma.len;
    while (from + unit <= len && memcmp(text + from, m->comma.ptr, unit) != 0)
        from += unit;
    return from + unit <= len ? from : len;
}

/* A part that is no member sets no bit: what is compared then differs, and does not stop. */
uint64_t mr_snap_members_number(const struct mr_snap_members *m, const char *text, size_t len)
{
    uint64_t bits = 0;
    if (!m->is_set)
        return find(m, text, len);
    for (size_t from = 0; from < len;) {
        size_t to = find_comma(m, text, len, from);
        uint64_t at = find(m, text + from, to - from);
        if (at > 0 && at <= 64)
            bits |= (uint64_t)1 << (at - 1);
        from = to + m->comma.len;
    }
    return bits;
}
