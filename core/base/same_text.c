/* same_text.c: see same_text.h. */
#include "core/base/same_text.h"

#include <string.h>

bool mr_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}
