/* report_sink.c: see report_sink.h. */
#include "recon/report/report_sink.h"

#include "core/base/signals.h"

#define DRAIN_BYTES ((size_t)64 * 1024)

enum mr_code mr_report_sink_begin(struct mr_report_sink *sink, const char *path, bool force,
                                  struct mr_err *err)
{
    struct mr_outfile_opts opts = {.path = path, .force = force};
    *sink = (struct mr_report_sink){.buf = MR_STRBUF_INIT};
    return mr_outfile_begin(&opts, &sink->out, err);
}

enum mr_code mr_report_sink_begin_one(struct mr_report_sink *sink, const char *path,
                                      struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = path, .unsynced = true};
    *sink = (struct mr_report_sink){.buf = MR_STRBUF_INIT};
    return mr_outfile_begin(&opts, &sink->out, err);
}

static enum mr_code write_out(struct mr_report_sink *sink, struct mr_err *err)
{
    struct mr_strbuf *buf = &sink->buf;
    enum mr_code code = mr_strbuf_check(buf, "writing the report", err);
    if (code == MR_OK)
        code = mr_outfile_write(sink->out, buf->ptr, buf->len, err);
    sink->bytes += buf->len;
    mr_strbuf_reset(buf);
    return code;
}

enum mr_code mr_report_sink_drain(struct mr_report_sink *sink, struct mr_err *err)
{
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    if (sink->buf.len < DRAIN_BYTES && !sink->buf.failed)
        return MR_OK;
    return write_out(sink, err);
}

enum mr_code mr_report_sink_commit(struct mr_report_sink *sink, struct mr_err *err)
{
    MR_TRY(write_out(sink, err));
    return mr_outfile_commit(sink->out, err);
}

void mr_report_sink_free(struct mr_report_sink *sink)
{
    mr_outfile_free(sink->out);
    mr_strbuf_release(&sink->buf);
    sink->out = NULL;
}
