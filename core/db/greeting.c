/* greeting.c: see greeting.h. */
#include "core/db/greeting.h"

#include <string.h>

#define HEADER_BYTES 4U /* three of length, one of sequence */
#define VERSION_10 10
#define ERROR_BYTE 0xff
/* behind the version's text: thread id, eight bytes to hash with, a zero */
#define CAPABILITIES_AT (4U + 8U + 1U)
/* their lower half; the upper one does not matter here */
#define CAPABILITIES_BYTES 2U

#define CAN_TLS (1U << 11)

/* An error with this number is none: it tells how far a statement has come, and more
 * follows. */
static bool is_progress(const unsigned char *at, size_t len)
{
    return len > 2 && at[1] == 0xff && at[2] == 0xff;
}

/* Nothing in the packet is believed: its capabilities are read only where it is long enough to have
 * them. */
static struct mr_greeting judge(const unsigned char *at, size_t len)
{
    static const struct mr_greeting strange = {.state = MR_GREETING_STRANGE};
    if (at[0] == ERROR_BYTE)
        return (struct mr_greeting){.state = is_progress(at, len) ? MR_GREETING_STRANGE
                                                                  : MR_GREETING_ERROR,
                                    .is_error = true};
    const unsigned char *end = at + len, *zero = memchr(at, 0, len);
    if (at[0] != VERSION_10 || zero == NULL ||
        (size_t)(end - zero) < 1 + CAPABILITIES_AT + CAPABILITIES_BYTES)
        return strange;
    const unsigned char *can = zero + 1 + CAPABILITIES_AT;
    const unsigned bits = (unsigned)can[0] | (unsigned)can[1] << 8;
    return (struct mr_greeting){.state = MR_GREETING_WHOLE, .offers_tls = (bits & CAN_TLS) != 0};
}

/* What follows the greeting was put there by somebody else, to be read as if it had come by TLS: a
 * server that says more than one packet is a strange one. */
struct mr_greeting mr_greeting_read(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    if (len < HEADER_BYTES)
        return (struct mr_greeting){.state = MR_GREETING_MORE};
    const size_t packet = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16;
    if (at[3] != 0 || packet == 0 || packet > MR_GREETING_MAX_BYTES - HEADER_BYTES)
        return (struct mr_greeting){.state = MR_GREETING_STRANGE};
    if (len < HEADER_BYTES + packet)
        return (struct mr_greeting){.state = MR_GREETING_MORE};
    if (len > HEADER_BYTES + packet)
        return (struct mr_greeting){.state = MR_GREETING_STRANGE,
                                    .is_error = at[HEADER_BYTES] == ERROR_BYTE};
    return judge(at + HEADER_BYTES, packet);
}
