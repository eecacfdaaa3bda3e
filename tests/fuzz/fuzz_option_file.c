/*
 * fuzz_option_file.c: MySQL option files, which others write.
 *
 * A file is taken or refused with a message; the mode of TLS is never lowered, and what the
 * endpoint says itself stays.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/db/option_file.h"

static void apply(const char *uri, const char *path)
{
    struct mr_endpoint ep;
    struct mr_err err = {0};
    FUZZ_CHECK(mr_endpoint_parse(&ep, uri, &err) == MR_OK);
    ep.defaults_file = strdup(path);
    FUZZ_CHECK(ep.defaults_file != NULL);
    const enum mr_ssl_mode mode = ep.ssl_mode;
    const bool has_user = ep.user != NULL;
    enum mr_code code = mr_option_file_apply(&ep, &err);
    FUZZ_CHECK(code == MR_OK || (code == MR_E_CONFIG && err.message[0] != '\0'));
    FUZZ_CHECK(ep.ssl_mode >= mode || mode != MR_SSL_PREFERRED);
    FUZZ_CHECK(ep.ssl_mode == mode || mode == MR_SSL_PREFERRED);
    FUZZ_CHECK(!has_user || strcmp(ep.user, "me") == 0);
    mr_endpoint_release(&ep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz_option_file.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    apply("mysql://h", path);
    apply("mysql://me@h:3307/db?ssl-mode=required&defaults-group=other", path);
    FUZZ_CHECK(unlink(path) == 0);
    return 0;
}
