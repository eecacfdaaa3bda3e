/*
 * fuzz_image_pack.c: what the two columns of a finding hold, with a dictionary, becomes the images
 * of its rows or an error.
 *
 * Input: a byte (1: there is a source's column, 2: a target's, 4: a dictionary), the lengths of
 * the dictionary and of the source's column (two bytes each, big-endian), then the three.  What
 * unpacks says as many rows as there are columns, and is packed to the same again.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/image_pack.h"

struct input {
    const uint8_t *ptr;
    size_t len;
};

static struct input take(struct input *from, size_t len)
{
    const struct input part = {from->ptr, len < from->len ? len : from->len};
    from->ptr += part.len;
    from->len -= part.len;
    return part;
}

static size_t take_length(struct input *from)
{
    const struct input two = take(from, 2);
    return two.len == 2 ? (size_t)two.ptr[0] << 8 | two.ptr[1] : 0;
}

static void pack_again(const struct mr_image_pair *images)
{
    struct mr_image_packer packer;
    struct mr_image_pair columns;
    FUZZ_CHECK(mr_image_packer_init(&packer, NULL) == MR_OK);
    FUZZ_CHECK(mr_image_pack(&packer, NULL, images, &columns, NULL) == MR_OK);
    FUZZ_CHECK((columns.source == NULL) == (images->source == NULL));
    FUZZ_CHECK((columns.target == NULL) == (images->target == NULL));
    mr_image_packer_release(&packer);
}

static void unpack(const struct mr_image_pair *columns, struct input dictionary)
{
    struct mr_decompress_pieces *pieces = NULL;
    struct mr_decompress_dict *dict = NULL;
    struct mr_image_pair images;
    uint32_t number = 0;
    size_t size = 0;
    if (mr_image_pack_look(columns, &number, &size, NULL) != MR_OK)
        return;
    if (number != 0 && dictionary.len > 0)
        (void)mr_decompress_dict_new(dictionary.ptr, dictionary.len, number, &dict, NULL);
    void *buf = malloc(size);
    FUZZ_CHECK(buf != NULL && mr_decompress_pieces_new(&pieces, NULL) == MR_OK);
    if (mr_image_unpack(pieces, dict, columns, buf, size, &images, NULL) == MR_OK) {
        FUZZ_CHECK((images.source != NULL) == (columns->source != NULL));
        FUZZ_CHECK((images.target != NULL) == (columns->target != NULL));
        pack_again(&images);
    }
    mr_decompress_pieces_free(pieces);
    mr_decompress_dict_free(dict);
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input rest = {data, size};
    const struct input flags = take(&rest, 1);
    const unsigned flag = flags.len > 0 ? flags.ptr[0] : 0;
    const size_t dict_len = take_length(&rest), source_len = take_length(&rest);
    const struct input dict = take(&rest, (flag & 4) != 0 ? dict_len : 0);
    const struct input source = take(&rest, source_len);
    const struct mr_image_pair columns = {.source = (flag & 1) != 0 ? source.ptr : NULL,
                                          .source_len = source.len,
                                          .target = (flag & 2) != 0 ? rest.ptr : NULL,
                                          .target_len = rest.len};
    if (size > 0 && mr_image_is_packed(&columns))
        unpack(&columns, dict);
    return 0;
}
