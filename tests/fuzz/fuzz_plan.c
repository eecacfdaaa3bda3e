/*
 * fuzz_plan.c: the reader of a plan.json.
 *
 * The input is what stands in front of its seal: the digest is put behind it here, so that
 * what was changed gets beyond it.  Whatever the bytes are: they are refused, or they make a
 * manifest which, written and read again, is written the same way, and which is shown without
 * what a terminal would obey.
 */
#include "fuzz.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/case/plan_manifest.h"
#include "repair/plan/manifest.h"
#include "repair/planning/plan_show.h"

static void check(const struct mr_manifest *m)
{
    const struct mr_planned *p = &m->planned;
    int code = mr_manifest_exit(m);
    FUZZ_CHECK(code == 0 || code == 1 || code == 4);
    for (size_t i = 0; i < p->ntables; i++)
        for (size_t k = 0; k < p->tables[i].nreferences; k++) {
            const struct mr_planned_reference *r = &p->tables[i].references[k];
            struct mr_strbuf sql = MR_STRBUF_INIT;
            FUZZ_CHECK(r->columns.count > 0 && r->columns.count == r->parent_columns.count);
            for (size_t c = 0; c < r->columns.count; c++)
                mr_planned_sql_key(&sql, r, c, "a.");
            FUZZ_CHECK(!sql.failed);
            mr_strbuf_release(&sql);
        }
}

typedef enum mr_code show_fn(const struct mr_manifest *m, FILE *out);

static enum mr_code as_text(const struct mr_manifest *m, FILE *out)
{
    const struct mr_plan_signers nobody = {.ids = MR_VEC_INIT(const char *)};
    return mr_plan_show_text(m, "plan", &nobody, (struct mr_look){0}, out, NULL);
}

static enum mr_code as_json(const struct mr_manifest *m, FILE *out)
{
    const struct mr_plan_signers nobody = {.ids = MR_VEC_INIT(const char *)};
    return mr_plan_show_json(m, &nobody, out, NULL);
}

static void show(const struct mr_manifest *m, show_fn *fn)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    FUZZ_CHECK(out != NULL && fn(m, out) == MR_OK && fclose(out) == 0);
    FUZZ_CHECK(mr_utf8_is_valid(text, len));
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf body = MR_STRBUF_INIT, sealed = MR_STRBUF_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    struct mr_manifest m;
    mr_strbuf_add(&body, data, size);
    FUZZ_CHECK(mr_plan_manifest_seal(&body, &sealed, NULL) == MR_OK);
    enum mr_code code = mr_manifest_read(sealed.ptr, sealed.len, "p", &arena, &m, &err);
    if (code == MR_OK) {
        check(&m);
        show(&m, as_text);
        show(&m, as_json);
        FUZZ_CHECK(mr_manifest_write(&m, &text, NULL) == MR_OK);
        FUZZ_CHECK(mr_manifest_read(text.ptr, text.len, "p", &arena, &m, &err) == MR_OK);
        FUZZ_CHECK(mr_manifest_write(&m, &again, NULL) == MR_OK);
        FUZZ_CHECK(text.len == again.len && memcmp(text.ptr, again.ptr, text.len) == 0);
    } else {
        FUZZ_CHECK(code == MR_E_REFUSED && err.message[0] != '\0');
    }
    mr_strbuf_release(&body);
    mr_strbuf_release(&sealed);
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
    return 0;
}
