/* change_kinds.c: see change_kinds.h. */
#include "core/logs/change_kinds.h"

#include <string.h>

static const char *const words[MR_CHANGE_KINDS] = {
    [MR_BINLOG_INSERT] = "insert", [MR_BINLOG_UPDATE] = "update", [MR_BINLOG_DELETE] = "delete"};

/* 0: none is called so. */
static size_t kind_named(const char *word, size_t len)
{
    for (size_t kind = MR_BINLOG_INSERT; kind < MR_CHANGE_KINDS; kind++)
        if (strlen(words[kind]) == len && memcmp(words[kind], word, len) == 0)
            return kind;
    return 0;
}

/* An empty word is as wrong as any: a comma too many may stand for a kind that was left out. */
enum mr_code mr_change_kinds_read(const char *text, bool kinds[MR_CHANGE_KINDS], struct mr_err *err)
{
    for (size_t kind = MR_BINLOG_INSERT; kind < MR_CHANGE_KINDS; kind++)
        kinds[kind] = text == NULL;
    for (const char *at = text; at != NULL;) {
        const size_t len = strcspn(at, ",");
        const size_t kind = kind_named(at, len);
        if (kind == 0) {
            (void)mr_err_set(err, MR_E_USAGE, "option \"--kind\": \"%.*s\" is no kind of change",
                             (int)(len < 100 ? len : 100), at);
            mr_err_hint(err, "Write insert, update and delete, joined by commas.");
            return MR_E_USAGE;
        }
        kinds[kind] = true;
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return MR_OK;
}
