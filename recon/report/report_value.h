/*
 * report_value: a value of a row image as a report shows it: masked, and where it stands
 * beside the other side's, with the part in which the two differ.
 *
 * Calling sequence: init once, load or load_pair for each value, read the fields, release.
 * The text is not escaped yet, and is valid until the next load.  Threads: one at a time.
 */
#ifndef MR_REPORT_VALUE_H
#define MR_REPORT_VALUE_H

#include "core/case/image.h"
#include "recon/report/report_diff.h"
#include "core/case/mask.h"

#define MR_REPORT_VALUE_CHARS 200 /* of a value that are shown */

enum mr_value_form {
    MR_FORM_ABSENT = 1, /* no row on that side */
    MR_FORM_NULL,
    MR_FORM_EMPTY, /* a string of no characters */
    MR_FORM_TEXT
};

struct mr_report_value {
    enum mr_value_form form;
    struct mr_strbuf text;    /* of MR_FORM_TEXT: the whole, masked */
    bool differs;             /* from the other side's */
    bool alike;               /* it does, and the two look the same: masked, or by what is hidden */
    struct mr_diff_part part; /* of the text that differs; all of it where they have
                                 little in common, or are numbers or times */
};

void mr_report_value_init(struct mr_report_value *value);
void mr_report_value_release(struct mr_report_value *value);

/* MR_E_CASE, MR_E_NOMEM. */
enum mr_code mr_report_value_load(struct mr_report_value *value, const struct mr_image *image,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err);
/* Both sides of a column of the table. What differs is decided by the values, not by
 * their masks. */
enum mr_code mr_report_value_load_pair(struct mr_report_value values[2],
                                       const struct mr_image images[2],
                                       const struct mr_find_table *table, size_t column,
                                       enum mr_mask mask, struct mr_err *err);
/* Two texts that are no values of a row; NULL: absent.  A failed copy marks the text. */
void mr_report_value_set_texts(struct mr_report_value values[2], const char *source,
                               const char *target);

/* Strings, of which a part may differ; and bytes, shown as hex digits. */
bool mr_report_value_is_text(enum mr_class cls);
bool mr_report_value_is_binary(enum mr_class cls);

#endif
