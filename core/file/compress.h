/*
 * compress: a stream of bytes into one zstd frame (with content checksum).
 *
 *   mr_compress_new → mr_compress_write … → mr_compress_finish → mr_compress_free
 *
 * The frame is complete only after finish; freed before, what the sink got is cut off,
 * and every zstd says so.  "zstd -dc" reads it.  The checksum has 32 bits: it finds
 * damage, not an adversary.
 *
 * Ownership: the sink is the caller's.  Errors: the sink's own, and MR_E_NOMEM.  After
 * an error only free may follow.  Memory: about 4 MiB at level 3, 90 MiB at 19, however long
 * the stream.
 * Threads: one at a time per compressor.
 */
#ifndef MR_COMPRESS_H
#define MR_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/file/sink.h"

struct mr_compress;

#define MR_COMPRESS_LEVEL 3
#define MR_COMPRESS_LEVEL_MAX 19 /* beyond it, readers need more than 8 MiB */

/* At level 3. */
enum mr_code mr_compress_new(struct mr_sink sink, struct mr_compress **out, struct mr_err *err);
/* level: 1 to 19. */
enum mr_code mr_compress_new_level(struct mr_sink sink, int level, struct mr_compress **out,
                                   struct mr_err *err);
enum mr_code mr_compress_write(struct mr_compress *compress, const void *ptr, size_t len,
                               struct mr_err *err);
/* The end of the frame.  Once; nothing may be written after it. */
enum mr_code mr_compress_finish(struct mr_compress *compress, struct mr_err *err);
void mr_compress_free(struct mr_compress *compress); /* NULL is fine */

/*
 * Many small pieces of bytes that are alike, each a frame of its own (with its size and its
 * checksum), so that each can be read alone:
 *
 *   mr_compress_dict_train → mr_compress_dict_new
 *   mr_compress_pieces_new → mr_compress_piece … → mr_compress_pieces_free
 *
 * What they have in common stands in a dictionary, trained of some of them; each frame names
 * it by its number.  "zstd -d -D DICTIONARY" reads them.  Threads: a dictionary serves any
 * number at a time, struct mr_compress_pieces one.
 */
struct mr_compress_dict;
struct mr_compress_pieces;

#define MR_COMPRESS_DICT_BYTES ((size_t)16 * 1024)

/* Of `count` samples one after the other in `samples`; number: from 1 on, small ones make
 * small frames.  *made false: they have too little in common, and out stays as it is. */
enum mr_code mr_compress_dict_train(const void *samples, const size_t *sizes, unsigned count,
                                    uint32_t number, struct mr_strbuf *out, bool *made,
                                    struct mr_err *err);
/* The bytes are copied.  MR_E_IO where they are not the dictionary of that number: frames would name
 * another. */
enum mr_code mr_compress_dict_new(const void *ptr, size_t len, uint32_t number,
                                  struct mr_compress_dict **out, struct mr_err *err);
void mr_compress_dict_free(struct mr_compress_dict *dict); /* NULL is fine */

/* MR_E_NOMEM only. */
enum mr_code mr_compress_pieces_new(struct mr_compress_pieces **out, struct mr_err *err);
/* Appends a frame to out; dict NULL: without one. */
enum mr_code mr_compress_piece(struct mr_compress_pieces *pieces,
                               const struct mr_compress_dict *dict, const void *ptr, size_t len,
                               struct mr_strbuf *out, struct mr_err *err);
void mr_compress_pieces_free(struct mr_compress_pieces *pieces); /* NULL is fine */

#endif
