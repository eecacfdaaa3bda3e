/* log_file.c: see log_file.h. */
#include "core/base/log_file.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A line of the log (4 KiB), whose every byte JSON may want a backslash for. */
#define RECORD_MAX_BYTES (10 * 1024)
/* What a record ends with: "}\n. */
#define END_BYTES 4

static struct {
    pthread_mutex_t lock;
    int fd;
    enum mr_log_format format;
    bool torn;    /* the last record was written in part */
    bool is_told; /* a write has failed before */
} file = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

struct record {
    char text[RECORD_MAX_BYTES];
    size_t len;
};

void mr_log_file_set(int fd, enum mr_log_format format)
{
    pthread_mutex_lock(&file.lock);
    if (file.fd >= 0)
        (void)close(file.fd);
    file.fd = fd;
    file.format = format;
    file.torn = file.is_told = false;
    pthread_mutex_unlock(&file.lock);
}

static void add(struct record *record, const char *text)
{
    for (; *text != '\0' && record->len < sizeof record->text - END_BYTES; text++)
        record->text[record->len++] = *text;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Cut off, if at all, before a character, which may be two bytes of JSON. */
static void add_quoted(struct record *record, const char *text)
{
    for (; *text != '\0'; text++) {
        if (record->len + 2 * END_BYTES > sizeof record->text &&
            (!is_continuation(*text) || record->len + END_BYTES > sizeof record->text))
            return;
        if (*text == '"' || *text == '\\')
            record->text[record->len++] = '\\';
        record->text[record->len++] = *text;
    }
}

static void add_time(struct record *record)
{
    struct timespec now;
    struct tm utc;
    char text[sizeof "2026-11-27T09:02:52"], millis[sizeof ".123Z"];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        text[0] = '\0';
    (void)snprintf(millis, sizeof millis, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
    add(record, text);
    add(record, millis);
}

static void add_pid(struct record *record)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%ld", (long)getpid());
    add(record, text);
}

static void make_text(struct record *record, const char *level, const char *text)
{
    add_time(record);
    add(record, " ");
    add_pid(record);
    add(record, " ");
    add(record, level);
    add(record, ": ");
    add(record, text);
    record->text[record->len++] = '\n';
}

static void make_json(struct record *record, const char *level, const char *text)
{
    add(record, "{\"time\":\"");
    add_time(record);
    add(record, "\",\"pid\":");
    add_pid(record);
    add(record, ",\"level\":\"");
    add(record, level);
    add(record, "\",\"message\":\"");
    add_quoted(record, text);
    memcpy(record->text + record->len, "\"}\n", 3);
    record->len += 3;
}

/* Behind a record that was cut short by a full disk, the next one begins a line of its own. */
static bool write_record(const struct record *record)
{
    size_t at = file.torn ? 0 : 1;
    while (at < record->len) {
        ssize_t done = write(file.fd, record->text + at, record->len - at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += (size_t)done;
        file.torn = at < record->len;
    }
    return true;
}

bool mr_log_file_put(const char *level, const char *text)
{
    struct record record = {.text = "\n", .len = 1};
    bool is_new = false;
    pthread_mutex_lock(&file.lock);
    if (file.fd >= 0) {
        if (file.format == MR_LOG_JSON)
            make_json(&record, level, text);
        else
            make_text(&record, level, text);
        is_new = !write_record(&record) && !file.is_told;
        file.is_told |= is_new;
    }
    int why = errno;
    pthread_mutex_unlock(&file.lock);
    errno = why;
    return !is_new;
}
