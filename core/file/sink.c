/* sink.c: see sink.h. */
#include "core/file/sink.h"

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    mr_strbuf_add(arg, ptr, len);
    return mr_strbuf_check(arg, "keeping a text", err);
}

struct mr_sink mr_sink_to_strbuf(struct mr_strbuf *out)
{
    return (struct mr_sink){append, out};
}
