/* trigger_option.c: see trigger_option.h. */
#include "repair/plan/trigger_option.h"

#include <string.h>

enum mr_code mr_trigger_option_check(const char *word, struct mr_err *err)
{
    if (word == NULL || strcmp(word, "fire") == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "option \"--allow-triggers\": unknown word \"%s\"", word);
    mr_err_hint(err, "It is fire: no client can keep a trigger from firing.");
    return MR_E_USAGE;
}
