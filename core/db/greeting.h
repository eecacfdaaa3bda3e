/*
 * greeting: what the first packet of a server says of the login to come, before anything is
 * answered: whether it offers TLS, and whether it goes by the names of ways to log in.
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
    MR_GREETING_STRANGE, /* not the protocol */
};

struct mr_greeting {
    enum mr_greeting_state state;
    /* of a whole one */
    bool offers_tls;
    bool names_methods; /* of logging in.  Not before MySQL 5.5.7: there one byte of the
                           server asks for the old password's hash */
};

struct mr_greeting mr_greeting_read(const void *bytes, size_t len);

#endif
