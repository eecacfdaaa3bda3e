/*
 * fuzz_endpoint.c: endpoint URIs.  What parses can be shown and parsed again, to the
 * same text, and the text never holds the password.
 */
#include "fuzz.h"

#include <string.h>

#include "core/db/endpoint.h"

static void check_display(const struct mr_endpoint *ep)
{
    struct mr_strbuf once = MR_STRBUF_INIT, twice = MR_STRBUF_INIT;
    struct mr_endpoint again;
    struct mr_err err = {0};
    mr_endpoint_display(ep, &once);
    FUZZ_CHECK(!once.failed);
    FUZZ_CHECK(mr_endpoint_parse(&again, once.ptr, &err) == MR_OK);
    FUZZ_CHECK(again.password == NULL && again.kind == ep->kind && again.ndbs == ep->ndbs);
    mr_endpoint_display(&again, &twice);
    FUZZ_CHECK(strcmp(once.ptr, twice.ptr) == 0);
    mr_endpoint_release(&again);
    mr_strbuf_release(&twice);
    mr_strbuf_release(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_endpoint ep;
    struct mr_err err = {0};
    char *uri = malloc(size + 1);
    FUZZ_CHECK(uri != NULL);
    memcpy(uri, data, size);
    uri[size] = '\0';
    if (mr_endpoint_parse(&ep, uri, &err) == MR_OK) {
        check_display(&ep);
        mr_endpoint_release(&ep);
    } else {
        FUZZ_CHECK(err.code == MR_E_USAGE && err.message[0] != '\0');
    }
    mr_endpoint_wipe_arg(uri);
    FUZZ_CHECK(strlen(uri) <= size);
    free(uri);
    return 0;
}
