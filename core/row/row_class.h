/*
 * row_class: classes of values by name, as files of myrecon write them.
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

#endif
