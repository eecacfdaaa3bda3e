/*
 * fuzz_decisions.c: a decisions file may be anything: it is taken or refused, and what it decides about a
 * row is a choice that there is, by a line that has the row's key.  Written as UTF-16 it says the same.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "repair/decide/conflict.h"
#include "repair/merge/merge_choice.h"
#include "repair/planning/plan_decisions.h"
#include "tests/unit/pair_graph.h"

#define SIZE_MAX_BYTES 65536

struct world {
    struct graph g;
    struct mr_plan_table table;
    struct mr_plan_tables tables;
    struct mr_strbuf key, image;
};

static struct world w;

/* Row 7 of club.members, whose nick is 1; the first time that it is asked for. */
static void begin(void)
{
    static const size_t key = 0;
    const struct mr_value values[] = {{.cls = MR_CLASS_INT, .i = 7}, {.cls = MR_CLASS_INT, .i = 1}};
    if (w.key.len > 0)
        return;
    mr_log_set_level(MR_LOG_ERROR);
    graph_begin(&w.g);
    graph_table(&w.g, "members", "id nick", NULL);
    FUZZ_CHECK(graph_plan(&w.g, "", NULL) == MR_OK);
    w.table =
        (struct mr_plan_table){.pair = w.g.list[0], .key = {&key, 1}, .counter = MR_NO_COLUMN};
    w.tables = (struct mr_plan_tables){.tables = &w.table, .ntables = 1};
    w.key = w.image = (struct mr_strbuf)MR_STRBUF_INIT;
    FUZZ_CHECK(mr_row_encode(&w.key, &values[0], NULL) == MR_OK);
    for (size_t i = 0; i < 2; i++)
        FUZZ_CHECK(mr_row_encode(&w.image, &values[i], NULL) == MR_OK);
}

/* What the file says of the row in that conflict: a code, and the choice, or "". */
static enum mr_code ask(const char *path, const char *kind, struct mr_strbuf *said)
{
    const struct mr_decision_ask row = {.table = "club.members",
                                        .source_key = {w.key.ptr, w.key.len},
                                        .kind = kind,
                                        .source = {w.image.ptr, w.image.len}};
    struct mr_findings *fd = NULL;
    struct mr_plan_decided *decided = NULL;
    struct mr_plan_decisions *d = NULL;
    struct mr_err err = {0};
    const char *choice = NULL;
    FUZZ_CHECK(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL) == MR_OK);
    FUZZ_CHECK(mr_plan_decided_open(mr_findings_case(fd), 1, false, &decided, NULL) == MR_OK);
    enum mr_code code = mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, fd,
                                               decided, &w.tables, &d, &err);
    FUZZ_CHECK(code == MR_OK || (code == MR_E_REFUSED && err.message[0] != '\0'));
    if (code == MR_OK)
        FUZZ_CHECK(mr_plan_decisions_find(d, &row, &choice, NULL) == MR_OK);
    FUZZ_CHECK(choice == NULL || strcmp(choice, MR_CHOICE_OPEN) == 0 ||
               mr_merge_is_choice(kind, choice));
    mr_strbuf_add_str(said, choice != NULL ? choice : "");
    mr_plan_decisions_close(d);
    mr_plan_decided_close(decided);
    FUZZ_CHECK(mr_findings_close(fd, NULL) == MR_OK);
    return code;
}

static enum mr_code ask_bytes(const char *ptr, size_t len, const char *kind, struct mr_strbuf *said)
{
    char path[64];
    const int fd = memfd_create("decisions", 0);
    FUZZ_CHECK(fd >= 0 && write(fd, ptr, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const enum mr_code code = ask(path, kind, said);
    (void)close(fd);
    return code;
}

static void add_unit(struct mr_strbuf *out, uint32_t unit)
{
    mr_strbuf_add_char(out, (char)(unit & 0xff));
    mr_strbuf_add_char(out, (char)(unit >> 8));
}

/* As "Unicode text" is saved: little-endian, with its mark. */
static void make_utf16(const char *ptr, size_t len, struct mr_strbuf *out)
{
    add_unit(out, 0xfeff);
    while (len > 0) {
        uint32_t c = 0;
        const size_t n = mr_utf8_decode(ptr, len, &c);
        if (c >= 0x10000) {
            add_unit(out, 0xd800 + ((c - 0x10000) >> 10));
            add_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            add_unit(out, c);
        }
        ptr += n;
        len -= n;
    }
}

/* A mark of its own would stand twice, and says what follows. */
static bool has_mark(const char *ptr, size_t len)
{
    return (len >= 3 && memcmp(ptr, "\xef\xbb\xbf", 3) == 0) ||
           (len >= 1 && ((unsigned char)ptr[0] == 0xff || (unsigned char)ptr[0] == 0xfe ||
                         (unsigned char)ptr[0] == 0xef));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"unique", "changed", "deleted-or-lost"};
    const char *text = (const char *)data;
    begin();
    if (size > SIZE_MAX_BYTES)
        return 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct mr_strbuf said = MR_STRBUF_INIT, again = MR_STRBUF_INIT, wide = MR_STRBUF_INIT;
        const enum mr_code code = ask_bytes(text, size, kinds[i], &said);
        if (mr_utf8_is_valid(text, size) && !has_mark(text, size)) {
            make_utf16(text, size, &wide);
            FUZZ_CHECK(ask_bytes(wide.ptr, wide.len, kinds[i], &again) == code);
            FUZZ_CHECK(strcmp(said.ptr, again.ptr) == 0);
        }
        mr_strbuf_release(&said);
        mr_strbuf_release(&again);
        mr_strbuf_release(&wide);
    }
    return 0;
}
