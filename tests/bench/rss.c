/*
 * rss.c: runs a command and says what it took.
 *
 *     rss REPORT COMMAND [ARGUMENT…]
 *
 * Writes "SECONDS PEAK_KIB EXIT_STATUS CPU_SECONDS" to the file REPORT: wall-clock time,
 * the peak resident size of the command alone, and its processor time, user and system.  Exits with the command's status.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: rss REPORT COMMAND [ARGUMENT...]\n");
        return 3;
    }
    double begin = now_s();
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 3;
    }
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "could not run \"%s\": %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            perror("wait4");
            return 3;
        }
    }
    double seconds = now_s() - begin;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *report = fopen(argv[1], "w");
    if (report == NULL) {
        perror(argv[1]);
        return 3;
    }
    double cpu_s = cpu_of(usage.ru_utime) + cpu_of(usage.ru_stime);
    fprintf(report, "%.3f %ld %d %.3f\n", seconds, usage.ru_maxrss, code, cpu_s);
    if (fclose(report) != 0) {
        perror(argv[1]);
        return 3;
    }
    return code;
}
