/* decide_page.c: see decide_page.h. */
#include "repair/page/decide_page.h"

#include <string.h>

#include "core/file/outfile.h"
#include "core/page/page_escape.h"
#include "core/page/page_frame.h"
#include "repair/page/decide_assets.h"
#include "repair/page/decide_data.h"

/* What the script fills; without scripts it says so. */
static const char body[] =
    "<header class=\"top\">\n"
    "<h1>Decide <small id=\"plan\"></small></h1>\n"
    "<div class=\"bar\" id=\"bar\"></div>\n"
    "</header>\n"
    "<div class=\"work\">\n"
    "<nav class=\"list\" id=\"list\" aria-label=\"Conflicts\" tabindex=\"0\"></nav>\n"
    "<main id=\"main\" tabindex=\"-1\"><noscript><p>This page works by its script, which the "
    "browser does not run. The same conflicts stand in conflicts.csv of the plan.</p></noscript>"
    "</main>\n"
    "</div>\n"
    "<p class=\"said\" id=\"said\" role=\"status\" aria-live=\"polite\"></p>\n"
    "<script type=\"application/json\" id=\"data\">";

/* The data stand in front of the script, which reads them when it runs. */
static enum mr_code tell(const struct mr_decide_page_task *task, struct mr_strbuf *out,
                         uint64_t *conflicts, struct mr_err *err)
{
    const struct mr_decide_data_task data = {
        .plan = task->plan, .config = task->config, .unmask = task->unmask};
    const struct mr_page_frame frame = {.title = "Decide",
                                        .style = {mr_decide_style, mr_decide_style_size},
                                        .script = {mr_decide_script, mr_decide_script_size},
                                        .skip_to = "To the conflict"};
    MR_TRY(mr_page_begin(&frame, out, err));
    mr_strbuf_add_str(out, body);
    MR_TRY(mr_decide_data_add(&data, out, conflicts, err));
    mr_strbuf_add_str(out, "</script>\n");
    mr_page_end(&frame, out);
    return mr_strbuf_check(out, "writing a page", err);
}

/* Whole, or not at all: half a page would ask half of the questions. */
enum mr_code mr_decide_page_write(const struct mr_decide_page_task *task, uint64_t *conflicts,
                                  struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = task->output, .force = task->force};
    struct mr_strbuf page = MR_STRBUF_INIT;
    struct mr_outfile *out = NULL;
    enum mr_code code = MR_OK;
    MR_TRY(mr_decide_rows_are(task->plan, err));
    MR_TRY_OUT(mr_outfile_begin(&opts, &out, err));
    MR_TRY_OUT(tell(task, &page, conflicts, err));
    MR_TRY_OUT(mr_outfile_write(out, page.ptr, page.len, err));
    MR_TRY_OUT(mr_outfile_commit(out, err));
out:
    mr_outfile_free(out);
    mr_strbuf_release(&page);
    return code;
}
