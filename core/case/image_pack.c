/* image_pack.c: see image_pack.h. */
#include "core/case/image_pack.h"

#include <string.h>

#define LENGTH_BYTES 4
#define WITH_SOURCE '@' /* of the target's column: its image is in the source's frame */

static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd}; /* of a zstd frame */

enum mr_code mr_image_packer_init(struct mr_image_packer *packer, struct mr_err *err)
{
    *packer = (struct mr_image_packer){
        .content = MR_STRBUF_INIT, .frame = MR_STRBUF_INIT, .arena = MR_ARENA_INIT};
    return mr_compress_pieces_new(&packer->pieces, err);
}

void mr_image_packer_release(struct mr_image_packer *packer)
{
    mr_compress_pieces_free(packer->pieces);
    mr_strbuf_release(&packer->content);
    mr_strbuf_release(&packer->frame);
    mr_arena_release(&packer->arena);
}

void mr_image_pack_content(struct mr_strbuf *out, const struct mr_image_pair *images)
{
    const size_t len = images->source != NULL ? images->source_len : 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        mr_strbuf_add_char(out, (char)(len >> 8 * i & 0xff));
    mr_strbuf_add(out, images->source, len);
    mr_strbuf_add(out, images->target, images->target != NULL ? images->target_len : 0);
}

/* Each side that has a row has an image that is not empty, which unpacking relies on. */
static bool is_packable(const struct mr_image_pair *images)
{
    return (images->source != NULL || images->target != NULL) &&
           (images->source == NULL || images->source_len > 0) &&
           (images->target == NULL || images->target_len > 0) &&
           images->source_len <= MR_IMAGE_PACK_BYTES && images->target_len <= MR_IMAGE_PACK_BYTES;
}

enum mr_code mr_image_pack(struct mr_image_packer *packer, const struct mr_compress_dict *dict,
                           const struct mr_image_pair *images, struct mr_image_pair *columns,
                           struct mr_err *err)
{
    static const char with_source[] = {WITH_SOURCE};
    struct mr_strbuf *content = &packer->content, *frame = &packer->frame;
    *columns = *images;
    if (!is_packable(images))
        return MR_OK;
    mr_strbuf_reset(content);
    mr_strbuf_reset(frame);
    mr_image_pack_content(content, images);
    MR_TRY(mr_strbuf_check(content, "packing row images", err));
    if (content->len > LENGTH_BYTES + MR_IMAGE_PACK_BYTES)
        return MR_OK;
    MR_TRY(mr_compress_piece(packer->pieces, dict, content->ptr, content->len, frame, err));
    if (frame->len + LENGTH_BYTES >= content->len)
        return MR_OK;
    const void *kept = mr_arena_dup(&packer->arena, frame->ptr, frame->len);
    if (kept == NULL)
        return mr_err_nomem(err, "packing row images");
    if (images->source == NULL)
        *columns = (struct mr_image_pair){.target = kept, .target_len = frame->len};
    else
        *columns = (struct mr_image_pair){.source = kept,
                                          .source_len = frame->len,
                                          .target = images->target != NULL ? with_source : NULL,
                                          .target_len = images->target != NULL};
    return MR_OK;
}

/* ---- reading ---- */

static bool is_frame(const void *ptr, size_t len)
{
    return ptr != NULL && len >= sizeof magic && memcmp(ptr, magic, sizeof magic) == 0;
}

static bool is_with_source(const struct mr_image_pair *columns)
{
    return columns->target != NULL && columns->target_len > 0 &&
           *(const char *)columns->target == WITH_SOURCE;
}

bool mr_image_is_packed(const struct mr_image_pair *columns)
{
    return is_frame(columns->source, columns->source_len) ||
           is_frame(columns->target, columns->target_len) || is_with_source(columns);
}

static enum mr_code damaged(const char *why, struct mr_err *err)
{
    return mr_err_set(err, MR_E_IO, "%s", why);
}

/* The one frame of the two columns; NULL: they do not fit each other. */
static const void *frame_of(const struct mr_image_pair *columns, size_t *len)
{
    const bool source = is_frame(columns->source, columns->source_len);
    *len = source ? columns->source_len : columns->target_len;
    if (source)
        return columns->target == NULL || (is_with_source(columns) && columns->target_len == 1)
                   ? columns->source
                   : NULL;
    return columns->source == NULL && is_frame(columns->target, columns->target_len)
               ? columns->target
               : NULL;
}

enum mr_code mr_image_pack_look(const struct mr_image_pair *columns, uint32_t *dict, size_t *size,
                                struct mr_err *err)
{
    size_t len;
    uint64_t bytes = 0;
    const void *frame = frame_of(columns, &len);
    if (frame == NULL)
        return damaged("what is kept of the two rows does not fit together", err);
    MR_TRY(mr_decompress_piece_look(frame, len, dict, &bytes, err));
    if (bytes < LENGTH_BYTES || bytes > LENGTH_BYTES + MR_IMAGE_PACK_BYTES)
        return damaged("a size that no image has", err);
    *size = (size_t)bytes;
    return MR_OK;
}

enum mr_code mr_image_unpack(struct mr_decompress_pieces *pieces,
                             const struct mr_decompress_dict *dict,
                             const struct mr_image_pair *columns, void *buf, size_t size,
                             struct mr_image_pair *images, struct mr_err *err)
{
    const unsigned char *bytes = buf;
    size_t len, source = 0;
    const void *frame = frame_of(columns, &len);
    if (frame == NULL || size < LENGTH_BYTES)
        return damaged("what is kept of the two rows does not fit together", err);
    MR_TRY(mr_decompress_piece(pieces, dict, frame, len, buf, size, err));
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        source = source << 8 | bytes[i];
    size -= LENGTH_BYTES;
    if (source > size || (source > 0) != (columns->source != NULL) ||
        (size > source) != (columns->target != NULL))
        return damaged("what is kept of the two rows does not fit together", err);
    bytes += LENGTH_BYTES;
    *images = (struct mr_image_pair){.source = source > 0 ? bytes : NULL,
                                     .source_len = source,
                                     .target = size > source ? bytes + source : NULL,
                                     .target_len = size - source};
    return MR_OK;
}
