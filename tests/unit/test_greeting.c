/* test_greeting.c: what a server's first packet says, whole, in pieces, and not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/db/greeting.h"

#define CAPABILITIES(a, b) a "\x2d\x02\0" b
#define WHO "\1\0\0\0abcdefgh\0"

static const struct {
    const char *what, *packet; /* without its header */
    size_t len;
    struct mr_greeting is;
} greetings[] = {
#define GREETING(what, packet, ...)                                                                \
    {                                                                                              \
        what, packet, sizeof(packet) - 1,                                                          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    GREETING("MariaDB with TLS",
             "\x0a"
             "5.5.5-10.11.19-MariaDB\0" WHO CAPABILITIES("\xfe\xff", "\xff\x81"),
             MR_GREETING_WHOLE, true, false),
    GREETING("without",
             "\x0a"
             "10.11.19-MariaDB\0" WHO CAPABILITIES("\xfe\xf7", "\xff\x81"),
             MR_GREETING_WHOLE, false, false),
    GREETING("only half of what it can",
             "\x0a"
             "5.5.6\0" WHO "\xff\xff",
             MR_GREETING_WHOLE, true, false),
    GREETING("what follows does not matter",
             "\x0a"
             "9\0" WHO CAPABILITIES("\xff\xff", "\xff\xdf") "\x15more",
             MR_GREETING_WHOLE, true, false),
    GREETING("no version", "\x0a\0" WHO CAPABILITIES("\0\0", "\x08\0"), MR_GREETING_WHOLE, false,
             false),
    GREETING("it refuses", "\xff\x10\x04Too many connections", MR_GREETING_ERROR, false, true),
    GREETING("and says nothing", "\xff", MR_GREETING_ERROR, false, true),
    GREETING("how far it has come", "\xff\xff\xff\1\2\3\0\0\0\0", MR_GREETING_STRANGE, false, true),
    GREETING("the protocol before MySQL 3.21",
             "\x09"
             "3.20\0" WHO "\xff\xff\xff\xff\xff\xff",
             MR_GREETING_STRANGE, false, false),
    GREETING("a version without an end",
             "\x0a"
             "9.0.0",
             MR_GREETING_STRANGE, false, false),
    GREETING("half of a half",
             "\x0a"
             "9\0" WHO "\xff",
             MR_GREETING_STRANGE, false, false),
    GREETING("ends behind the version",
             "\x0a"
             "9\0",
             MR_GREETING_STRANGE, false, false),
};

static size_t frame(char *to, const char *packet, size_t len)
{
    to[0] = (char)(len & 0xff);
    to[1] = (char)(len >> 8 & 0xff);
    to[2] = to[3] = 0;
    memcpy(to + 4, packet, len);
    return 4 + len;
}

static void test_greetings(void **state)
{
    char bytes[MR_GREETING_MAX_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        const size_t len = frame(bytes, greetings[i].packet, greetings[i].len);
        const struct mr_greeting is = greetings[i].is;
        for (size_t part = 0; part <= len; part++) {
            const struct mr_greeting got = mr_greeting_read(bytes, part);
            if (got.state != (part < len ? MR_GREETING_MORE : is.state) ||
                (part == len && (got.offers_tls != is.offers_tls ||
                                 got.is_error != (greetings[i].packet[0] == '\xff'))))
                fail_msg("%s, %zu bytes of %zu: state %d, TLS %d", greetings[i].what, part, len,
                         (int)got.state, got.offers_tls);
        }
        bytes[len] = 7; /* that nobody was to send yet */
        assert_int_equal(mr_greeting_read(bytes, len + 1).state, MR_GREETING_STRANGE);
    }
}

/* Somebody else's protocol is known by its first bytes, not by a wait for the rest. */
static void test_strangers(void **state)
{
    static const char *const said[] = {"SSH-2.0-OpenSSH_9.2p1", "220 mail.example ESMTP",
                                       "HTTP/1.1 400 Bad Request", "\x15\x03\x03 alert"};
    static const char second[] = "\x20\0\0\1\x0a", nothing[] = "\0\0\0\0",
                      long_one[] = "\xff\xff\0\0\x0a", fits[] = "\xfc\3\0\0\x0a";
    (void)state;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        assert_int_equal(mr_greeting_read(said[i], 4).state, MR_GREETING_STRANGE);
    assert_int_equal(mr_greeting_read(second, 5).state, MR_GREETING_STRANGE);
    assert_int_equal(mr_greeting_read(nothing, 4).state, MR_GREETING_STRANGE);
    assert_int_equal(mr_greeting_read(long_one, 5).state, MR_GREETING_STRANGE);
    assert_int_equal(mr_greeting_read(fits, 5).state, MR_GREETING_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
