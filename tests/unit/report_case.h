/*
 * report_case: cases filled by hand, and reports of them as text, for tests.
 *
 *   report_begin(&r, c) … report_text(&r, FORMAT) → free → report_end(&r)
 */
#ifndef MR_TESTS_REPORT_CASE_H
#define MR_TESTS_REPORT_CASE_H

#include "check_case.h"
#include "core/file/io.h"
#include "recon/report/report_page.h"
#include "recon/report/report_json.h"

/* A table like that of case_table, with other names, and people in it where asked for. */
static inline void report_table(struct check_case *c, const char *name, const char *const names[3],
                                enum mr_find_subject subject)
{
    bool known = false;
    for (size_t i = 0; i < 3; i++)
        c->columns[i] = (struct mr_find_column){.name = names[i],
                                                .type = i == 0 ? "int" : "varchar(20)",
                                                .style = {i == 0 ? MR_CLASS_INT : MR_CLASS_TEXT, 0},
                                                .show_at = i,
                                                .charset = i == 0 ? NULL : "utf8mb4",
                                                .key_at = i == 0 ? 0 : -1,
                                                .identity_at = i == 1 ? 0 : -1,
                                                .flag_at = -1};
    c->table = (struct mr_find_table){.name = name,
                                      .target_name = name,
                                      .columns = c->columns,
                                      .ncolumns = 3,
                                      .identity_known = true,
                                      .subject = subject,
                                      .time_at = -1};
    case_require(mr_findings_table_add(c->fd, &c->table, &known, NULL));
    c->table.verdict = MR_VERDICT_DIVERGED;
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
}

/* Loads the result and the report of it; to be released with report_end(). */
static inline void report_begin(struct mr_report *report, struct check_case *c, bool unmask)
{
    static const struct mr_config nothing;
    case_load(c, 50);
    c->result.run = &c->run;
    *report = (struct mr_report){.result = &c->result,
                                 .config = &nothing,
                                 .case_path = "incident.case",
                                 .unmask = unmask,
                                 .max_rows = 50};
    case_require(mr_report_load(report, NULL));
}

static inline void report_end(struct mr_report *report, struct check_case *c)
{
    mr_report_release(report);
    case_end(c);
}

typedef enum mr_code report_fn(const struct mr_report *report, struct mr_report_sink *sink,
                               struct mr_err *err);

/* The whole report, by way of a file; to be freed. */
static inline char *report_text(const struct mr_report *report, report_fn *fn)
{
    struct mr_report_sink sink;
    struct mr_strbuf text = MR_STRBUF_INIT;
    char path[] = "/tmp/myrecon-report-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        abort();
    case_require(mr_report_sink_begin(&sink, path, true, NULL));
    case_require(fn(report, &sink, NULL));
    case_require(mr_report_sink_commit(&sink, NULL));
    mr_report_sink_free(&sink);
    case_require(mr_io_read_file(path, 64U << 20, &text, NULL));
    (void)remove(path);
    (void)fclose(fdopen(fd, "r"));
    return mr_strbuf_detach(&text);
}

#endif
