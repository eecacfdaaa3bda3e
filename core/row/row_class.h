/*
 * row_class: classes of values (class.def): their names in files, and what they have in common.
 *
 * Threads: any; results are constants.
 */
#ifndef MR_ROW_CLASS_H
#define MR_ROW_CLASS_H

#include "core/row/row.h"

/* "" where a column cannot have the class. */
const char *mr_row_class_word(enum mr_class cls);
/* MR_CLASS_UNDECIDED for any other word. */
enum mr_class mr_row_class_of_word(const char *word);

/* What classes have in common. */
enum mr_class_trait {
    MR_CLASS_HAS_INTEGER = 1,
    MR_CLASS_HAS_NUMBER = 2,
    MR_CLASS_HAS_CHARSET = 4,
    MR_CLASS_HAS_TEXT = 8,
    MR_CLASS_HAS_BYTES = 16,
    MR_CLASS_HAS_MOMENT = 32
};
extern const unsigned char mr_class_traits[MR_CLASSES];

static inline bool mr_class_is_integer(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_INTEGER) != 0;
}

static inline bool mr_class_is_number(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_NUMBER) != 0;
}

/* TEXT, and ENUM. */
static inline bool mr_class_has_charset(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_CHARSET) != 0;
}

/* These, and JSON. */
static inline bool mr_class_is_text(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_TEXT) != 0;
}

static inline bool mr_class_is_bytes(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_BYTES) != 0;
}

/* DATE, DATETIME. */
static inline bool mr_class_is_moment(enum mr_class cls)
{
    return (mr_class_traits[cls] & MR_CLASS_HAS_MOMENT) != 0;
}

#endif
