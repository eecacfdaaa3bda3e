/*
 * image_pack: the row images of a finding, as the two columns of a case keep them.
 *
 * Both rows of a finding are much alike, and like those of its table: together they are one
 * zstd frame (compress.h), over the table's dictionary.  Its content is the length of the
 * source's image (4 bytes, big-endian), that image, and the target's.  The column of the source
 * holds the frame, and that of the target the byte `@`; without a row of the source the frame is
 * the target's.  A column without a row stays NULL.  Images that a frame would not make smaller,
 * or that are larger than MR_IMAGE_PACK_BYTES, are kept as they are: no image begins as a frame
 * or with `@` does, so that each column says what it is, and cases of version 1 have plain ones
 * only.
 *
 * Calling sequence: packer_init → pack… → packer_release.  To read: is_packed, and if so look,
 * then unpack with the dictionary that it has named.
 *
 * Errors: MR_E_IO with the reason for what no packer wrote (the checksum is over both images and
 * where they are divided), MR_E_NOMEM.  Threads: one at a time per packer.
 */
#ifndef MR_IMAGE_PACK_H
#define MR_IMAGE_PACK_H

#include "core/base/arena.h"
#include "core/file/compress.h"
#include "core/file/decompress.h"

/* The rows of a finding, or the columns that hold them.  ptr NULL: no row. */
struct mr_image_pair {
    const void *source, *target;
    size_t source_len, target_len;
};

#define MR_IMAGE_PACK_BYTES ((size_t)4 * 1024 * 1024)

struct mr_image_packer {
    struct mr_compress_pieces *pieces;
    struct mr_strbuf content, frame;
    struct mr_arena arena; /* of frames; reset by whoever needs them no more */
};

/* Release is fine after an init that failed. */
enum mr_code mr_image_packer_init(struct mr_image_packer *packer, struct mr_err *err);
void mr_image_packer_release(struct mr_image_packer *packer);
/* What a frame is made of: for the training of a dictionary, too. */
void mr_image_pack_content(struct mr_strbuf *out, const struct mr_image_pair *images);
/* *columns: frames live in the packer's arena, plain images where they were. */
enum mr_code mr_image_pack(struct mr_image_packer *packer, const struct mr_compress_dict *dict,
                           const struct mr_image_pair *images, struct mr_image_pair *columns,
                           struct mr_err *err);

/* Do the columns hold a frame?  Else they are the images. */
bool mr_image_is_packed(const struct mr_image_pair *columns);
/* The number of the dictionary (0: none), and the bytes that unpacking needs. */
enum mr_code mr_image_pack_look(const struct mr_image_pair *columns, uint32_t *dict, size_t *size,
                                struct mr_err *err);
/* Into buf, of the size that was looked up, where *images are then. */
enum mr_code mr_image_unpack(struct mr_decompress_pieces *pieces,
                             const struct mr_decompress_dict *dict,
                             const struct mr_image_pair *columns, void *buf, size_t size,
                             struct mr_image_pair *images, struct mr_err *err);

#endif
