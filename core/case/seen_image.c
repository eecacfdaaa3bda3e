/* seen_image.c: see seen_image.h. */
#include "core/case/seen_image.h"

#include "core/row/row.h"

#define UNSEEN '?'

void mr_seen_image_init(struct mr_seen_image *image)
{
    *image = (struct mr_seen_image){.ends = MR_VEC_INIT(size_t)};
}

void mr_seen_image_release(struct mr_seen_image *image)
{
    mr_vec_release(&image->ends);
    mr_seen_image_init(image);
}

enum mr_code mr_seen_image_open(struct mr_seen_image *image, const void *ptr, size_t len,
                                struct mr_err *err)
{
    image->ptr = ptr;
    mr_vec_clear(&image->ends);
    for (size_t at = 0; ptr != NULL && at < len;) {
        if (image->ptr[at] == UNSEEN)
            at++;
        else
            MR_TRY(mr_row_skip(ptr, len, &at, err));
        size_t *end = mr_vec_push(&image->ends);
        if (end == NULL)
            return mr_err_nomem(err, "reading a row image");
        *end = at;
    }
    return MR_OK;
}

size_t mr_seen_image_places(const struct mr_seen_image *image)
{
    return image->ends.count;
}

struct mr_key mr_seen_image_at(const struct mr_seen_image *image, size_t at)
{
    if (image->ptr == NULL || at >= image->ends.count)
        return (struct mr_key){NULL, 0};
    const size_t *ends = image->ends.items;
    const size_t begin = at > 0 ? ends[at - 1] : 0;
    return image->ptr[begin] == UNSEEN ? (struct mr_key){NULL, 0}
                                       : (struct mr_key){image->ptr + begin, ends[at] - begin};
}

bool mr_seen_image_is_whole(const struct mr_seen_image *image)
{
    for (size_t i = 0; i < image->ends.count; i++)
        if (mr_seen_image_at(image, i).ptr == NULL)
            return false;
    return image->ptr != NULL;
}

void mr_seen_image_add(struct mr_strbuf *out, struct mr_key value)
{
    if (value.ptr != NULL)
        mr_strbuf_add(out, value.ptr, value.len);
    else
        mr_strbuf_add_char(out, UNSEEN);
}
