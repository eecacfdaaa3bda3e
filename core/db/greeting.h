/*
 * greeting: what the first packet of a server says of the login to come, before anything is
 * answered.
 *
 * Source: the client/server protocol, initial handshake packet of protocol version 10
 * (MySQL since 3.21.0, every MariaDB).
 *
 * Pure: bytes of a wire, which may lie; no server, no client library.  Threads: no state.
 */
#ifndef MR_GREETING_H
#define MR_GREETING_H

#include <stdbool.h>
#include <stddef.h>

/* A packet of more is no greeting; servers send some 80 to 150 bytes. */
#define MR_GREETING_MAX_BYTES 1024

enum mr_greeting_state {
    MR_GREETING_MORE, /* not whole yet */
    MR_GREETING_WHOLE,
    MR_GREETING_ERROR,   /* it refuses, and says why */
    MR_GREETING_STRANGE, /* not the protocol, or more than a greeting */
};

struct mr_greeting {
    enum mr_greeting_state state;
    bool offers_tls; /* of a whole one */
    bool is_error;   /* the packet begins as an error does, whatever it holds */
};

/* Of all that has come: a server says no more before it is answered, so that what follows
 * the greeting was put there by somebody else, to be read behind the TLS to come. */
struct mr_greeting mr_greeting_read(const void *bytes, size_t len);

#endif
