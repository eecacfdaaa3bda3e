/* row_class.c: see row_class.h. */
#include "core/row/row_class.h"

#include <string.h>

enum {
    INTEGER = MR_CLASS_HAS_INTEGER,
    NUMBER = MR_CLASS_HAS_NUMBER,
    CHARSET = MR_CLASS_HAS_CHARSET,
    TEXT = MR_CLASS_HAS_TEXT,
    BYTES = MR_CLASS_HAS_BYTES,
    MOMENT = MR_CLASS_HAS_MOMENT
};

const unsigned char mr_class_traits[MR_CLASSES] = {
#define MR_CLASS_LINE(symbol, word, traits, where) [MR_CLASS_##symbol] = (traits),
#include "core/row/class.def"
#undef MR_CLASS_LINE
};

static const char *const words[MR_CLASSES] = {
    [MR_CLASS_UNDECIDED] = "",
    [MR_CLASS_NULL] = "",
#define MR_CLASS_LINE(symbol, word, traits, where) [MR_CLASS_##symbol] = (word),
#include "core/row/class.def"
#undef MR_CLASS_LINE
};

const char *mr_row_class_word(enum mr_class cls)
{
    return words[cls];
}

enum mr_class mr_row_class_of_word(const char *word)
{
    for (size_t i = MR_CLASS_NULL + 1; i < MR_CLASSES; i++)
        if (strcmp(words[i], word) == 0)
            return (enum mr_class)i;
    return MR_CLASS_UNDECIDED;
}
