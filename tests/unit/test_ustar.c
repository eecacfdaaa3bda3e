/* test_ustar: what is written is what tar reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/strbuf.h"
#include "core/file/ustar.h"

static enum mr_code take(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static enum mr_code refuse(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)arg;
    (void)ptr;
    (void)len;
    return mr_err_set(err, MR_E_IO, "full");
}

static void fills_blocks(void **state)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 1024};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_ustar tar;
        char content[1024];
        memset(content, 'x', sizeof content);
        mr_ustar_init(&tar, (struct mr_sink){take, &out}, 1700000000);
        assert_int_equal(mr_ustar_add(&tar, "d/a", content, sizes[i], NULL), MR_OK);
        assert_int_equal(mr_ustar_finish(&tar, NULL), MR_OK);
        assert_int_equal(out.len, 512 + (sizes[i] + 511) / 512 * 512 + 1024);
        assert_string_equal(out.ptr, "d/a");
        assert_int_equal(strtoul(out.ptr + 124, NULL, 8), sizes[i]);
        assert_int_equal(strtoul(out.ptr + 136, NULL, 8), 1700000000);
        assert_string_equal(out.ptr + 100, "0000600");
        assert_memory_equal(out.ptr + 257,
                            "ustar\0"
                            "00",
                            8);
        unsigned sum = 8 * ' ';
        for (size_t b = 0; b < 512; b++)
            sum += b >= 148 && b < 156 ? 0 : (unsigned char)out.ptr[b];
        assert_int_equal(strtoul(out.ptr + 148, NULL, 8), sum);
        mr_strbuf_release(&out);
    }
}

static void refuses_names(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_ustar tar;
    char name[128];
    (void)state;
    memset(name, 'n', sizeof name);
    name[100] = '\0';
    mr_ustar_init(&tar, (struct mr_sink){take, &out}, 0);
    assert_int_equal(mr_ustar_add(&tar, name, "", 0, NULL), MR_E_USAGE);
    assert_int_equal(mr_ustar_add(&tar, "", "", 0, NULL), MR_E_USAGE);
    name[99] = '\0';
    assert_int_equal(mr_ustar_add(&tar, name, "", 0, NULL), MR_OK);
    mr_strbuf_release(&out);
}

static void fails_with_its_sink(void **state)
{
    struct mr_ustar tar;
    struct mr_err err = {0};
    (void)state;
    mr_ustar_init(&tar, (struct mr_sink){refuse, NULL}, 0);
    assert_int_equal(mr_ustar_add(&tar, "a", "b", 1, &err), MR_E_IO);
    assert_string_equal(err.message, "full");
    assert_int_equal(mr_ustar_finish(&tar, &err), MR_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_blocks),
        cmocka_unit_test(refuses_names),
        cmocka_unit_test(fails_with_its_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
