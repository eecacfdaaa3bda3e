/*
 * seen_image: what a log has shown of a row: an image of row.h, in which a column may be unseen.
 *
 * binlog_row_image MINIMAL and NOBLOB leave columns out of a log.  Such a column is neither NULL nor
 * a default: it stands as one byte, `?`, which no encoder of row.h writes, between the values of the
 * others, so that an image has as many places as its table has columns.
 *
 * Calling sequence: init once, open for each image, at(i) in any order, release.  The bytes of the
 * image must outlive its use.  Errors: MR_E_CASE for bytes that no such image has, MR_E_NOMEM.
 * Threads: one at a time.
 */
#ifndef MR_SEEN_IMAGE_H
#define MR_SEEN_IMAGE_H

#include "core/base/strbuf.h"
#include "core/base/vec.h"
#include "core/source/keyrange.h"

struct mr_seen_image {
    const char *ptr;    /* NULL: no row */
    struct mr_vec ends; /* size_t: where each place ends */
};

void mr_seen_image_init(struct mr_seen_image *image);
void mr_seen_image_release(struct mr_seen_image *image);
/* ptr NULL opens "no row", of which every column is unseen. */
enum mr_code mr_seen_image_open(struct mr_seen_image *image, const void *ptr, size_t len,
                                struct mr_err *err);
size_t mr_seen_image_places(const struct mr_seen_image *image);
/* The encoded value in a place; ptr NULL: unseen, or there is no such place. */
struct mr_key mr_seen_image_at(const struct mr_seen_image *image, size_t at);
/* Is every place of the row seen? */
bool mr_seen_image_is_whole(const struct mr_seen_image *image);

/* Appends a place: an encoded value, or (ptr NULL) an unseen one. */
void mr_seen_image_add(struct mr_strbuf *out, struct mr_key value);

#endif
