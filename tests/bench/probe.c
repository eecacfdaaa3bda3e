/*
 * probe.c: a writer's worst latency.
 *
 *     probe SOCKET TABLE GREATEST_ID SECONDS
 *
 * Updates one row after another, chosen at random by id, in autocommit, with a pause of
 * a millisecond between two, and prints "UPDATES MEDIAN_MS P99_MS WORST_MS".  SECONDS =
 * 0: until it is sent SIGTERM.
 */
#include <mysql.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SAMPLES = 1000000 };

static volatile sig_atomic_t ended;

static void on_term(int signal_number)
{
    (void)signal_number;
    ended = 1;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Changes `touched` of one row by `step`; the milliseconds that took, or -1. */
static double update_row(MYSQL *db, const char *table, unsigned long id, int step)
{
    char sql[256];
    int len = snprintf(sql, sizeof sql, "UPDATE %s SET touched = touched + (%d) WHERE id = %lu",
                       table, step, id);
    double begin = now_ms();
    if (mysql_real_query(db, sql, (unsigned long)len) != 0) {
        fprintf(stderr, "update: %s\n", mysql_error(db));
        return -1;
    }
    return now_ms() - begin;
}

/* The number of samples taken, or 0 after an error. */
static size_t take_samples(MYSQL *db, const char *table, unsigned long greatest, double until_ms,
                           double *samples)
{
    unsigned int seed = 7; /* the same rows in every run */
    size_t count = 0;
    while (!ended && now_ms() < until_ms && count + 2 <= MAX_SAMPLES) {
        unsigned long id = (unsigned long)rand_r(&seed) % greatest + 1;
        for (int step = 1; step >= -1; step -= 2) {
            double taken = update_row(db, table, id, step);
            if (taken < 0)
                return 0;
            samples[count++] = taken;
            usleep(1000);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: probe SOCKET TABLE GREATEST_ID SECONDS\n");
        return 3;
    }
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    unsigned long greatest = strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    double until_ms = seconds > 0 ? now_ms() + seconds * 1e3 : 1e300;

    int status = 3;
    double *samples = malloc(MAX_SAMPLES * sizeof *samples);
    MYSQL *db = mysql_init(NULL);
    if (samples == NULL || db == NULL || greatest == 0) {
        fprintf(stderr, "could not start\n");
        goto out;
    }
    if (mysql_real_connect(db, "localhost", "root", NULL, NULL, 0, argv[1], 0) == NULL) {
        fprintf(stderr, "connect: %s\n", mysql_error(db));
        goto out;
    }
    size_t count = take_samples(db, argv[2], greatest, until_ms, samples);
    if (count == 0)
        goto out;
    qsort(samples, count, sizeof *samples, by_value);
    printf("%zu %.2f %.2f %.2f\n", count, samples[count / 2], samples[count * 99 / 100],
           samples[count - 1]);
    status = 0;
out:
    if (db != NULL)
        mysql_close(db);
    free(samples);
    return status;
}
