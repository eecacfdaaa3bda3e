/* fleet_lease.c: see fleet_lease.h. */
#include "recon/fleet/fleet_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/strbuf.h"
#include "core/file/io.h"

#define LEASE_BYTES 4096
#define POLL_S 0.25
#define CROWD_S 0.5 /* within which two that take a silent one over have both done so */

/* A line: token, host, namespace of processes, process, when that began, beats.  No blank stands in
 * any of them. */
struct owner {
    char token[MR_FLEET_TOKEN], host[80], space[80], boot[80];
    long process;
    unsigned long long began;
    uint64_t beats;
};

static void without_blanks(char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ')
            *text = '_';
}

/* The first line of a file of /proc; "-" where there is none. */
static void read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    (void)snprintf(out, size, "-");
    if (file == NULL)
        return;
    if (fgets(out, (int)size, file) == NULL)
        (void)snprintf(out, size, "-");
    out[strcspn(out, "\n")] = '\0';
    (void)fclose(file);
}

/* When a process began, in ticks since the machine did; 0: there is none.  Its name may hold anything,
 * but ends with the last bracket. */
static unsigned long long began_of(long process)
{
    char path[64], text[1024], *at;
    unsigned long long began = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", process);
    read_line(path, text, sizeof text);
    at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
        if (at != NULL && field == 21)
            began = strtoull(at + 1, NULL, 10);
    }
    return began;
}

static void describe_self(struct owner *self)
{
    const ssize_t len = readlink("/proc/self/ns/pid", self->space, sizeof self->space - 1);
    (void)snprintf(self->space + (len > 0 ? len : 0), 2, "%s", len > 0 ? "" : "-");
    if (gethostname(self->host, sizeof self->host) != 0 || self->host[0] == '\0')
        (void)snprintf(self->host, sizeof self->host, "-");
    self->host[sizeof self->host - 1] = '\0';
    read_line("/proc/sys/kernel/random/boot_id", self->boot, sizeof self->boot);
    without_blanks(self->host);
    without_blanks(self->space);
    without_blanks(self->boot);
    self->process = (long)getpid();
    self->began = began_of(self->process);
}

static bool parse(const char *text, struct owner *out)
{
    return sscanf(text, "%191s %79s %79s %79s %ld %llu %" SCNu64, out->token, out->host, out->boot,
                  out->space, &out->process, &out->began, &out->beats) == 7;
}

static void write_text(const struct mr_fleet_lease *lease, struct mr_strbuf *out)
{
    struct owner self;
    describe_self(&self);
    mr_strbuf_add_fmt(out, "%s %s %s %s %ld %llu %" PRIu64 "\n", lease->token, self.host, self.boot,
                      self.space, self.process, self.began, lease->beats);
}

void mr_fleet_lease_owner(const char *text, struct mr_strbuf *out)
{
    struct owner owner;
    if (parse(text, &owner))
        mr_strbuf_add_fmt(out, "host %s, process %ld", owner.host, owner.process);
    else
        mr_strbuf_add_str(out, "somebody who has not said who");
}

/* Provably: on this machine since its start, among the processes that are seen from here. */
static bool is_dead(const struct owner *owner)
{
    struct owner self;
    describe_self(&self);
    if (strcmp(owner->boot, self.boot) != 0 || strcmp(owner->boot, "-") == 0 ||
        strcmp(owner->space, self.space) != 0 || strcmp(owner->space, "-") == 0 ||
        owner->began == 0 || owner->process <= 0)
        return false;
    const unsigned long long began = began_of(owner->process);
    if (began != 0)
        return began != owner->began;
    return kill((pid_t)owner->process, 0) != 0 && errno == ESRCH; /* /proc may hide it */
}

static enum mr_code write_over(const struct mr_fleet_lease *lease, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    write_text(lease, &text);
    enum mr_code code = mr_strbuf_check(&text, "taking a part", err);
    if (code == MR_OK)
        code = mr_io_write_file(lease->path, 0600, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

/* *made false: there is one. */
static enum mr_code make(const struct mr_fleet_lease *lease, bool *made, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const int fd = open(lease->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    *made = fd >= 0;
    if (fd < 0)
        return errno == EEXIST
                   ? MR_OK
                   : mr_err_set_sys(err, MR_E_IO, errno, "could not create \"%s\"", lease->path);
    write_text(lease, &text);
    enum mr_code code = mr_strbuf_check(&text, "taking a part", err);
    if (code == MR_OK)
        code = mr_io_write_all(fd, lease->path, text.ptr, text.len, err);
    if (close(fd) != 0 && code == MR_OK)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write \"%s\"", lease->path);
    mr_strbuf_release(&text);
    if (code != MR_OK) {
        (void)unlink(lease->path);
        *made = false;
    }
    return code;
}

/* *is_there false: it was let go of.  Signals do not end it: a lease is let go of after one, too. */
static enum mr_code read_once(const char *path, struct mr_strbuf *text, bool *is_there,
                              struct mr_err *err)
{
    char bytes[LEASE_BYTES];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    mr_strbuf_reset(text);
    *is_there = fd >= 0 || errno != ENOENT;
    if (!*is_there)
        return MR_OK;
    const ssize_t got = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
    const int error = errno;
    if (fd >= 0)
        (void)close(fd);
    if (got < 0)
        return mr_err_set_sys(err, MR_E_IO, error, "could not read \"%s\"", path);
    mr_strbuf_add(text, bytes, (size_t)got);
    return mr_strbuf_check(text, "reading who works on a part", err);
}

/* On a network a file that was replaced while it was open is stale: the new one is there. */
static enum mr_code read_text(const char *path, struct mr_strbuf *text, bool *is_there,
                              struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = read_once(path, text, is_there, &why);
    if (code == MR_E_IO && why.sys_errno == ESTALE)
        code = read_once(path, text, is_there, &why);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code is_ours(const struct mr_fleet_lease *lease, bool *ours, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct owner owner;
    bool there;
    enum mr_code code = read_text(lease->path, &text, &there, err);
    *ours =
        code == MR_OK && there && parse(text.ptr, &owner) && strcmp(owner.token, lease->token) == 0;
    mr_strbuf_release(&text);
    return code;
}

bool mr_fleet_lease_is_dead(const char *path)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct owner owner;
    bool there = false;
    const bool dead = read_text(path, &text, &there, NULL) == MR_OK && there &&
                      parse(text.ptr, &owner) && is_dead(&owner);
    mr_strbuf_release(&text);
    return dead;
}

/* Of several who find it silent at the same moment, whose rename was the last has it. */
static enum mr_code take_over(const struct mr_fleet_lease *lease, bool *ours, struct mr_err *err)
{
    MR_TRY(write_over(lease, err));
    MR_TRY(mr_pause(CROWD_S, err));
    return is_ours(lease, ours, err);
}

/* What was read last of another's, and since when it has been the same. */
struct watch {
    struct mr_strbuf text, seen;
    double since_s;
    bool said;
};

static bool is_silent(struct watch *w, double silent_s)
{
    const double now_s = mr_clock_now_s();
    struct owner owner;
    if (parse(w->text.ptr, &owner) && is_dead(&owner))
        return true;
    if (w->text.len != w->seen.len || memcmp(w->text.ptr, w->seen.ptr, w->text.len) != 0) {
        mr_strbuf_reset(&w->seen);
        mr_strbuf_add(&w->seen, w->text.ptr, w->text.len);
        w->since_s = now_s;
    }
    return now_s - w->since_s >= silent_s;
}

static void say(const struct mr_fleet_lease *lease, struct watch *w, const char *what)
{
    struct mr_strbuf who = MR_STRBUF_INIT;
    mr_fleet_lease_owner(w->text.ptr, &who);
    mr_log_info("%s: %s %s", lease->path, who.failed ? "" : who.ptr, what);
    mr_strbuf_release(&who);
}

/* One look at another's lease; *taken: it is ours now. */
static enum mr_code try_once(struct mr_fleet_lease *lease, struct watch *w, double silent_s,
                             bool *taken, struct mr_err *err)
{
    bool there = false;
    MR_TRY(make(lease, taken, err));
    if (*taken)
        return MR_OK;
    MR_TRY(read_text(lease->path, &w->text, &there, err));
    if (!there)
        return MR_OK;
    if (is_silent(w, silent_s)) {
        say(lease, w, "is gone: the part is taken over");
        return take_over(lease, taken, err);
    }
    if (!w->said)
        say(lease, w, "is at work on this part: waiting");
    w->said = true;
    return MR_OK;
}

static void name_self(struct mr_fleet_lease *lease)
{
    struct timespec now;
    const struct mr_run_id id = mr_run_id_now();
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(lease->token, sizeof lease->token, "%s.%ld.%lld%09ld", id.id, (long)getpid(),
                   (long long)now.tv_sec, now.tv_nsec);
}

enum mr_code mr_fleet_lease_take(struct mr_fleet_lease *lease, const char *path,
                                 const struct mr_fleet_wait *wait, bool *taken, struct mr_err *err)
{
    struct watch w = {.text = MR_STRBUF_INIT, .seen = MR_STRBUF_INIT, .since_s = mr_clock_now_s()};
    bool over = false;
    enum mr_code code = MR_OK;
    *lease = (struct mr_fleet_lease){.path = path};
    name_self(lease);
    *taken = false;
    for (;;) {
        MR_TRY_OUT(wait->look(wait->ctx, &over, err));
        if (over)
            break;
        MR_TRY_OUT(try_once(lease, &w, wait->silent_s, taken, err));
        if (*taken)
            break;
        MR_TRY_OUT(mr_pause(POLL_S, err));
    }
    lease->beaten_s = mr_clock_now_s();
out:
    if (code != MR_OK)
        mr_fleet_lease_end(lease); /* taken over, and not yet known to be ours */
    mr_strbuf_release(&w.text);
    mr_strbuf_release(&w.seen);
    return code;
}

enum mr_code mr_fleet_lease_renew(struct mr_fleet_lease *lease, struct mr_err *err)
{
    bool ours = false;
    if (mr_clock_now_s() - lease->beaten_s < MR_FLEET_BEAT_S)
        return MR_OK;
    MR_TRY(is_ours(lease, &ours, err));
    if (!ours) {
        (void)mr_err_set(err, MR_E_CHANGED, "another process has taken over the part (%s)",
                         lease->path);
        mr_err_hint(err, "This one was silent for too long; the other one goes on from what was "
                         "kept last.");
        return MR_E_CHANGED;
    }
    lease->beats++;
    MR_TRY(write_over(lease, err));
    lease->beaten_s = mr_clock_now_s();
    return MR_OK;
}

void mr_fleet_lease_end(struct mr_fleet_lease *lease)
{
    bool ours = false;
    if (lease->path != NULL && is_ours(lease, &ours, NULL) == MR_OK && ours)
        (void)unlink(lease->path);
    lease->path = NULL;
}
