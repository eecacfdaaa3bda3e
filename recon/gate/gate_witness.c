/* gate_witness.c: see gate_witness.h. */
#include "recon/gate/gate_witness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/log_place.h"

struct list {
    struct mr_gate_witness_lack *lacks;
    size_t count;
};

static const char *value_of(const struct mr_gate_facts *f, const char *name)
{
    const char *value = mr_gate_facts_variable(f, name);
    return value != NULL ? value : "";
}

static bool is(const struct mr_gate_facts *f, const char *name, const char *value)
{
    return strcasecmp(value_of(f, name), value) == 0;
}

static void add(struct list *list, const char *fix, const char *fmt, ...) MR_PRINTF(3, 4);
static void add(struct list *list, const char *fix, const char *fmt, ...)
{
    struct mr_gate_witness_lack *lack = &list->lacks[list->count++];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(lack->what, sizeof lack->what, fmt, args);
    va_end(args);
    (void)snprintf(lack->fix, sizeof lack->fix, "%s", fix);
    lack->blinds = false;
}

bool mr_gate_witness_matters(const struct mr_gate_facts *f)
{
    return f->nchannels > 0 || f->attached > 0 || (f->replicas != NULL && f->replicas[0] != '\0');
}

bool mr_gate_witness_logs(const struct mr_gate_facts *f)
{
    return is(f, "log_bin", "ON") || is(f, "log_bin", "1");
}

/* Servers that have both settings take the finer one where it is set. */
double mr_gate_witness_kept_h(const struct mr_gate_facts *f)
{
    const double seconds = strtod(value_of(f, "binlog_expire_logs_seconds"), NULL);
    const double days = strtod(value_of(f, "expire_logs_days"), NULL);
    if (is(f, "binlog_expire_logs_auto_purge", "OFF"))
        return 0;
    return seconds > 0 ? seconds / 3600 : days > 0 ? days * 24 : 0;
}

bool mr_gate_witness_is_by_size(const struct mr_gate_facts *f)
{
    return strtod(value_of(f, "max_binlog_total_size"), NULL) > 0 ||
           strtod(value_of(f, "binlog_space_limit"), NULL) > 0;
}

/* Of MINIMAL and NOBLOB columns are left out; MariaDB's FULL_NODUP leaves out what stands in the image
 * before it. */
static bool has_whole_images(const struct mr_gate_facts *f)
{
    const char *image = value_of(f, "binlog_row_image");
    return image[0] == '\0' || strncasecmp(image, "FULL", 4) == 0;
}

static bool logs_applied(const struct mr_gate_facts *f)
{
    return !is(f, "log_slave_updates", "OFF") && !is(f, "log_replica_updates", "OFF");
}

bool mr_gate_witness_is_hidden(const struct mr_gate_facts *f)
{
    return mr_gate_witness_logs(f) && !logs_applied(f) && f->replication.seen != MR_GATE_SEEN;
}

/* Where both are set, only the first counts. */
static void look_at_databases(struct list *list, const struct mr_gate_log *log)
{
    const size_t before = list->count;
    if (log->only == NULL || log->leaves == NULL)
        return;
    if (log->only[0] != '\0')
        add(list,
            "Remove binlog_do_db from the option file, and restart the server: replicas can leave "
            "databases out themselves.",
            "no database but these gets into its binary log: %.50s (binlog_do_db)", log->only);
    else if (mr_log_names_others(log->leaves)) /* of the server's own no row is anybody's */
        add(list,
            "Remove binlog_ignore_db from the option file, and restart the server: replicas can "
            "leave databases out themselves.",
            "these databases are left out of its binary log: %.50s (binlog_ignore_db)",
            log->leaves);
    if (list->count > before)
        list->lacks[before].blinds = true;
}

static void look_at_retention(struct list *list, const struct mr_gate_facts *f, double hours)
{
    const double kept = mr_gate_witness_kept_h(f);
    const bool in_days = mr_gate_facts_variable(f, "binlog_expire_logs_seconds") == NULL;
    char fix[160];
    if (kept == 0 || kept >= hours)
        return;
    if (in_days)
        (void)snprintf(fix, sizeof fix,
                       "SET GLOBAL expire_logs_days = %.0f, and in the option file.",
                       ceil(hours / 24));
    else
        (void)snprintf(fix, sizeof fix,
                       "SET GLOBAL binlog_expire_logs_seconds = %.0f, and in the option file.",
                       hours * 3600);
    add(list, fix, "the binary log is kept for %.0f hours, less than %.0f", kept, hours);
}

size_t mr_gate_witness(const struct mr_gate_facts *f, double hours,
                       struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS])
{
    struct list list = {lacks, 0};
    if (mr_gate_facts_variable(f, "log_bin") == NULL) /* facts that know no settings */
        return 0;
    if (!mr_gate_witness_logs(f)) {
        add(&list, "Set log_bin in the option file, and restart the server.",
            "it writes no binary log");
        lacks[0].blinds = true;
        return list.count;
    }
    if (!is(f, "binlog_format", "ROW") && value_of(f, "binlog_format")[0] != '\0') {
        add(&list, "SET GLOBAL binlog_format = ROW, and in the option file.",
            "binlog_format is %.20s, so that statements stand in the log instead of rows",
            value_of(f, "binlog_format"));
        lacks[0].blinds = true;
    }
    look_at_databases(&list, &f->log);
    if (!has_whole_images(f))
        add(&list, "SET GLOBAL binlog_row_image = FULL, and in the option file.",
            "binlog_row_image is %.20s, so that columns are left out of the log",
            value_of(f, "binlog_row_image"));
    if (f->nchannels > 0 && !logs_applied(f))
        add(&list,
            "Set log_slave_updates (MySQL: log_replica_updates) in the option file, and "
            "restart the server.",
            "what it applies as a replica does not get into its own binary log");
    look_at_retention(&list, f, hours);
    return list.count;
}
