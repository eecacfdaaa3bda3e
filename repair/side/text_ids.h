/*
 * text_ids: numbers in a text that may be ids.
 *
 * A number is a run of ASCII digits that is no part of a longer word: letters, "_" and
 * bytes beyond ASCII beside it belong to a word.  Passed over are leading zeros, what
 * does not fit 64 bits, fractions (1004.5, but not "1004."), the year of a date
 * (2026-04-01) and negative numbers of JSON.
 *
 * Small numbers, below MR_TEXT_IDS_SMALL, are in every text and mean nothing.  They count
 * only where the text is JSON (an object or an array), the value is that number and
 * nothing else, bare or quoted, and the name of its member ends in "id" or "ids", in
 * letters of any case; items of an array belong to the array's member.
 *
 *   fill fn, ctx → mr_text_ids_scan … → release
 *
 * Ownership: fn's.  Errors: what fn returns ends the scan; MR_E_NOMEM.  Threads: one.
 * Limits: JSON costs a copy (json_norm.h), other text nothing; time is linear.  Charsets
 * that hold no ASCII (UCS-2, UTF-16, UTF-32) give nothing.
 */
#ifndef MR_TEXT_IDS_H
#define MR_TEXT_IDS_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

#define MR_TEXT_IDS_SMALL 1000

struct mr_text_ids {
    enum mr_code (*fn)(void *ctx, uint64_t id, struct mr_err *err);
    void *ctx;
    struct mr_strbuf json; /* the scanner's; MR_STRBUF_INIT */
};

/* Calls fn for each number that may be an id, in the order of the text; of JSON, in that
 * of its normal form. */
enum mr_code mr_text_ids_scan(struct mr_text_ids *ids, const char *ptr, size_t len,
                              struct mr_err *err);
void mr_text_ids_release(struct mr_text_ids *ids);

#endif
