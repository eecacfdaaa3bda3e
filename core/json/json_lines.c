/* json_lines.c: see json_lines.h. */
#include "core/json/json_lines.h"

#include <inttypes.h>
#include <string.h>

#include "core/file/io.h"

struct reading {
    const char *path;
    enum mr_json_lines lines;
    mr_json_line_fn *visit;
    void *ctx;
    uint64_t number;
};

/* A line that a crash has cut off is none, where such are expected; in a file that somebody names
 * it is an error. */
static enum mr_code take(const struct reading *r, const char *line, size_t len, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    enum mr_code code = mr_json_parse(line, len, r->path, &doc, NULL);
    if (code == MR_E_NOMEM)
        return mr_err_nomem(err, "reading JSON");
    if (code != MR_OK)
        return r->lines == MR_JSON_LINES_TORN
                   ? MR_OK
                   : mr_err_set(err, MR_E_REFUSED, "file \"%s\", line %" PRIu64 ": no JSON object",
                                r->path, r->number);
    code = r->visit(r->ctx, mr_json_root(doc), err);
    mr_json_free(doc);
    return code;
}

enum mr_code mr_json_lines_read(const char *path, size_t max_bytes, enum mr_json_lines lines,
                                mr_json_line_fn *visit, void *ctx, struct mr_err *err)
{
    struct reading r = {path, lines, visit, ctx, 0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = lines == MR_JSON_LINES_TORN ? mr_io_read_part(path, max_bytes, &text, err)
                                                    : mr_io_read_file(path, max_bytes, &text, err);
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (code == MR_OK && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        r.number++;
        if (stop > at)
            code = take(&r, at, (size_t)(stop - at), err);
        at = stop < end ? stop + 1 : end;
    }
    mr_strbuf_release(&text);
    return code;
}
