/* doctor_works.c: see doctor_works.h. */
#include "recon/doctor/doctor_works.h"

#include <stdio.h>
#include <string.h>

#include "core/base/suggest.h"
#include "recon/doctor/doctor.h"

const struct mr_choice mr_doctor_work_words[] = {
    {"check", MR_DOCTOR_FOR_CHECK},
    {"snapshot", MR_DOCTOR_FOR_SNAPSHOT},
    {"gate", MR_DOCTOR_FOR_GATE},
    {"repair", MR_DOCTOR_FOR_REPAIR},
    {"restore", MR_DOCTOR_FOR_RESTORE},
    {"history", MR_DOCTOR_FOR_HISTORY},
    {NULL, 0},
};

static enum mr_code add_work(const char *word, size_t len, unsigned *work, struct mr_err *err)
{
    char typed[64];
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(len < 60 ? len : 60), word);
    struct mr_suggest near = {.typed = typed};
    for (size_t i = 0; mr_doctor_work_words[i].word != NULL; i++) {
        if (strcmp(mr_doctor_work_words[i].word, typed) == 0) {
            *work |= mr_doctor_work_words[i].value;
            return MR_OK;
        }
        mr_suggest_offer(&near, mr_doctor_work_words[i].word);
    }
    (void)mr_err_set(err, MR_E_USAGE, "unknown command \"%s\"", typed);
    if (near.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", near.best);
    else
        mr_err_hint(err, "It is check, snapshot, gate, repair, restore or history.");
    return MR_E_USAGE;
}

/* "check,snapshot" */
static enum mr_code add_works(const char *words, unsigned *work, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (const char *at = words; code == MR_OK; at++) {
        size_t len = strcspn(at, ",");
        code = add_work(at, len, work, err);
        at += len;
        if (*at == '\0')
            break;
    }
    return code;
}

enum mr_code mr_doctor_works(const struct mr_settings *settings, const struct mr_string_list *list,
                             unsigned *work, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < list->count; i++)
        code = add_works(list->items[i], work, err);
    if (code != MR_OK)
        mr_settings_context(settings, "for", err);
    return code;
}
