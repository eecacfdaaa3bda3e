/* report_text.c: see report_text.h. */
#include "recon/report/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char *next_text(struct mr_texts *t)
{
    return t->texts[t->made++ % MR_TEXTS];
}

const char *mr_text_plain(struct mr_texts *texts, uint64_t number)
{
    char *text = next_text(texts);
    (void)snprintf(text, sizeof texts->texts[0], "%" PRIu64, number);
    return text;
}

const char *mr_text_number(struct mr_texts *texts, uint64_t number)
{
    char *text = next_text(texts) + sizeof texts->texts[0] - 1;
    unsigned digits = 0;
    *text = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--text = ',';
        *--text = (char)('0' + number % 10);
        number /= 10;
        digits++;
    } while (number > 0);
    return text;
}

const char *mr_text_count(struct mr_texts *texts, uint64_t number, const char *one,
                          const char *many)
{
    const char *digits = mr_text_number(texts, number);
    char *text = next_text(texts);
    (void)snprintf(text, sizeof texts->texts[0], "%s %s", digits, number == 1 ? one : many);
    return text;
}

const char *mr_text_time(struct mr_texts *texts, const char *time)
{
    char *text = next_text(texts);
    const int date = (int)strcspn(time, "T");
    const char *of_day = time + date + (time[date] == 'T');
    (void)snprintf(text, sizeof texts->texts[0], "%.*s%s%.*s%s", date, time,
                   time[date] == 'T' ? " " : "", (int)strcspn(of_day, "Z"), of_day,
                   time[date] == 'T' ? " UTC" : "");
    return text;
}

/* No more digits than anybody cares for: tenths only below ten seconds, no seconds from an
 * hour on. */
const char *mr_text_duration(struct mr_texts *texts, double seconds)
{
    char *text = next_text(texts);
    const size_t size = sizeof texts->texts[0];
    const uint64_t whole = (uint64_t)(seconds + 0.5);
    if (seconds < 10)
        (void)snprintf(text, size, "%.1f s", seconds);
    else if (whole < 60)
        (void)snprintf(text, size, "%" PRIu64 " s", whole);
    else if (whole < 3600)
        (void)snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
    else
        (void)snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", whole / 3600, whole / 60 % 60);
    return text;
}
