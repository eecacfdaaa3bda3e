/*
 * main.c: what a process is given, seen to before anything else: descriptors first, so that no
 * file or socket becomes stdout by accident.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "commands.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/stdpipe.h"
#include "core/base/term.h"
#include "core/cli/run_line.h"

/* A descriptor that was closed is opened read-only on nothing: reading ends at once,
 * and writing to it fails, so a result that nobody can get is still an error. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)open("/dev/null", O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    open_standard_descriptors();
    /* characters are UTF-8 wherever this runs; numbers keep the decimal point */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    mr_signals_install();
    mr_stdpipe_install();
    mr_log_set_color(mr_term_use_color(MR_COLOR_AUTO, STDERR_FILENO));
    return mr_run_line(mr_commands, argc, argv);
}
