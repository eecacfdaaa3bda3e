/* line.c: see line.h. */
#include "core/db/line.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#define LEAST_S 1e-6
#define LEAST_PART 50
#define PROBE_BYTES 250000
#define TRIES 4
#define RECONNECTS 8
#define SURE 2      /* answers that are no hiccup … */
#define FAR_BELOW 8 /* … since they came so many times more slowly than a fast line's */

static enum mr_code ask(struct mr_db *db, const char *sql, double *took_s, struct mr_err *err)
{
    struct mr_result *res = NULL;
    const double begun_s = mr_clock_now_s();
    const enum mr_code code = mr_db_query(db, "n", sql, strlen(sql), &res, err);
    *took_s = mr_clock_now_s() - begun_s;
    mr_result_free(res);
    return code;
}

enum mr_code mr_line_trip(struct mr_db *db, double *trip_s, struct mr_err *err)
{
    double first_s = 0, again_s = 0;
    MR_TRY(ask(db, "SELECT 'x'", &first_s, err));
    MR_TRY(ask(db, "SELECT 'x'", &again_s, err));
    *trip_s = again_s < first_s ? again_s : first_s;
    return MR_OK;
}

double mr_line_without_trips(double took_s, double trips_s)
{
    const double least_s = took_s / LEAST_PART > LEAST_S ? took_s / LEAST_PART : LEAST_S;
    return took_s - trips_s > least_s ? took_s - trips_s : least_s;
}

/* Nothing but a guess is lost where a probe fails; a want of memory, or Ctrl-C, ends the run. */
static enum mr_code settle_for(struct mr_db *db, enum mr_code code, double took_s,
                               struct mr_line *line, const struct mr_err *why, struct mr_err *err)
{
    if (code == MR_E_TIMEOUT) {
        const double most_s = PROBE_BYTES / mr_line_without_trips(took_s, line->trip_s);
        line->bytes_s = most_s > line->bytes_s ? most_s : line->bytes_s;
        return mr_db_is_lost(db) ? mr_db_reconnect(db, RECONNECTS, err) : MR_OK;
    }
    if (code == MR_E_SQL || code == MR_E_DENIED) {
        mr_log_detail("%s; nothing is known of the link", why->message);
        line->bytes_s = MR_LINE_SLOW_BYTES_S;
        return MR_OK;
    }
    if (err != NULL)
        *err = *why;
    return code;
}

/* A long line is warm after the first one. */
static enum mr_code measure(struct mr_db *db, struct mr_line *line, struct mr_err *err)
{
    char sql[64];
    unsigned far_below = 0;
    *line = (struct mr_line){0};
    MR_TRY(mr_line_trip(db, &line->trip_s, err));
    (void)snprintf(sql, sizeof sql, "SELECT REPEAT('x', %u)", PROBE_BYTES);
    for (unsigned i = 0; i < TRIES && far_below < SURE && mr_line_is_slow(line); i++) {
        double took_s = 0;
        struct mr_err why = {0};
        const enum mr_code code = ask(db, sql, &took_s, &why);
        if (code != MR_OK)
            return settle_for(db, code, took_s, line, &why, err);
        const double bytes_s = PROBE_BYTES / mr_line_without_trips(took_s, line->trip_s);
        line->bytes_s = bytes_s > line->bytes_s ? bytes_s : line->bytes_s;
        far_below += bytes_s < MR_LINE_SLOW_BYTES_S / FAR_BELOW;
    }
    return MR_OK;
}

enum mr_code mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err)
{
    mr_db_say(db, "measuring what the link carries");
    const enum mr_code code = measure(db, line, err);
    mr_db_say(db, "%s", "");
    return code;
}

bool mr_line_is_slow(const struct mr_line *line)
{
    return line->bytes_s < MR_LINE_SLOW_BYTES_S;
}

void mr_line_text(const struct mr_line *line, char text[MR_LINE_TEXT])
{
    const double kib_s = line->bytes_s / 1024;
    if (kib_s < 1024)
        (void)snprintf(text, MR_LINE_TEXT, "%.0f KiB/s", kib_s);
    else
        (void)snprintf(text, MR_LINE_TEXT, "%.1f MiB/s", kib_s / 1024);
}
