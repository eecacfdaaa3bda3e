/*
 * decompress: zstd frames back into a stream of bytes.
 *
 *   mr_decompress_new → mr_decompress_write … → mr_decompress_finish → mr_decompress_free
 *
 * or, for whoever wants to ask for the bytes,
 *
 *   mr_decompress_in_open → mr_decompress_in_read … (until there are none) → mr_decompress_in_close
 *
 * Several frames after each other are one stream, as for "zstd -dc".  Finish tells a file
 * that was cut off from a whole one.
 *
 * Ownership: the sink is the caller's.  Errors: MR_E_IO for damage (the checksum of the
 * frame included), the sink's own, MR_E_NOMEM.  After an error only free may follow.
 * Memory: about 1 MiB for what compress.h has written; never more than zstd's own limit of
 * 128 MiB.  Threads: one at a time.
 */
#ifndef MR_DECOMPRESS_H
#define MR_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/file/feed.h"
#include "core/file/sink.h"

struct mr_decompress;

enum mr_code mr_decompress_new(struct mr_sink sink, struct mr_decompress **out, struct mr_err *err);
enum mr_code mr_decompress_write(struct mr_decompress *decompress, const void *ptr, size_t len,
                                 struct mr_err *err);
/* MR_E_IO where the last frame has no end, or there was none. */
enum mr_code mr_decompress_finish(struct mr_decompress *decompress, struct mr_err *err);
void mr_decompress_free(struct mr_decompress *decompress); /* NULL is fine */

/* The whole file, through the sink; messages name the path, but for the sink's own. */
enum mr_code mr_decompress_file(const char *path, struct mr_sink sink, struct mr_err *err);

/*
 * The same, asked for.  The feed gives the compressed bytes and is the caller's.  However
 * hostile they are, no more than 8 MiB of window are allocated: a frame that asks for more
 * is damage (MR_E_IO).  The last read, which gives nothing, has seen a whole last frame.
 */
struct mr_decompress_in;
enum mr_code mr_decompress_in_open(struct mr_feed from, struct mr_decompress_in **out,
                                   struct mr_err *err);
enum mr_code mr_decompress_in_read(struct mr_decompress_in *in, void *buf, size_t size, size_t *got,
                                   struct mr_err *err);
/* The same with windows of up to 128 MiB, which frames may need that others have written. */
enum mr_code mr_decompress_in_open_wide(struct mr_feed from, struct mr_decompress_in **out,
                                        struct mr_err *err);
/* Reads another stream from its beginning, by the same memory; after an error, too. */
void mr_decompress_in_again(struct mr_decompress_in *in, struct mr_feed from);
void mr_decompress_in_close(struct mr_decompress_in *in); /* NULL is fine */

/*
 * One frame that is whole in memory, as mr_compress_piece() writes it, with the dictionary that
 * it names.  Errors: MR_E_IO for damage, a checksum that does not fit, another dictionary than
 * its own, or a frame without a size.  Threads: a dictionary serves any number at a time, struct
 * mr_decompress_pieces one.
 */
struct mr_decompress_dict;
struct mr_decompress_pieces;

/* The bytes are copied.  MR_E_IO where they are not the dictionary of that number. */
enum mr_code mr_decompress_dict_new(const void *ptr, size_t len, uint32_t number,
                                    struct mr_decompress_dict **out, struct mr_err *err);
void mr_decompress_dict_free(struct mr_decompress_dict *dict); /* NULL is fine */

/* What the frame says of itself, before anything is allocated for it: the number of its
 * dictionary (0: none), and how many bytes it becomes, which may be any number. */
enum mr_code mr_decompress_piece_look(const void *ptr, size_t len, uint32_t *dict,
                                      uint64_t *size_bytes, struct mr_err *err);

/* MR_E_NOMEM only. */
enum mr_code mr_decompress_pieces_new(struct mr_decompress_pieces **out, struct mr_err *err);
/* Into buf, which has exactly the size that the frame says; dict NULL: it names none. */
enum mr_code mr_decompress_piece(struct mr_decompress_pieces *pieces,
                                 const struct mr_decompress_dict *dict, const void *ptr, size_t len,
                                 void *buf, size_t size, struct mr_err *err);
void mr_decompress_pieces_free(struct mr_decompress_pieces *pieces); /* NULL is fine */

#endif
