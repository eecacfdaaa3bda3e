/*
 * fuzz_grants.c: lines of SHOW GRANTS, and sets of GTIDs.
 *
 * The first line of the input is the account, or, behind a full stop, a set of MySQL's, or
 * behind a dash one of MariaDB's.  A right that is there for a database is there for its
 * tables; what is left of a set without itself is nothing, and what is left of it without
 * another, that other taken away once more, is the same.
 */
#include "fuzz.h"

#include <string.h>

#include "core/db/grants_internal.h"
#include "recon/gate/gate_gtid.h"

static void ask(const struct mr_grants *grants)
{
    static const char *const rights[] = {"SELECT", "TRIGGER", "SHOW VIEW", "EVENT"};
    static const char *const dbs[] = {"club", "c_test", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    static const struct mr_server server = {.flavour = MR_FLAVOUR_MYSQL, .version = 80036};
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t d = 0; d < sizeof dbs / sizeof *dbs; d++) {
        for (size_t r = 0; r < sizeof rights / sizeof *rights; r++)
            if (mr_grants_on_db(grants, rights[r], dbs[d]))
                FUZZ_CHECK(mr_grants_on_table(grants, rights[r], dbs[d], "t"));
        unsigned hidden = mr_grants_hidden(grants, &server, dbs[d]);
        if (!(hidden & MR_HIDDEN_TRIGGERS))
            FUZZ_CHECK(mr_grants_on_db(grants, "TRIGGER", dbs[d]));
        for (unsigned kind = MR_HIDDEN_TRIGGERS; kind <= MR_HIDDEN_EVENTS; kind <<= 1)
            mr_grants_needed(&out, grants, &server, kind, dbs[d]);
        mr_grants_needed_names(&out, grants, dbs[d]);
    }
    FUZZ_CHECK(!out.failed);
    mr_strbuf_release(&out);
}

static void read_grants(const char *account, const char *text)
{
    for (int literal = 0; literal < 2; literal++) {
        struct mr_grants *grants = mr_grants_new(account, literal);
        FUZZ_CHECK(grants != NULL);
        for (const char *at = text; *at != '\0';) {
            size_t len = strcspn(at, "\n");
            FUZZ_CHECK(mr_grants_add_line(grants, at, len, NULL) == MR_OK);
            at += len + (at[len] != '\0');
        }
        ask(grants);
        mr_grants_free(grants);
    }
}

static bool subtract(enum mr_flavour flavour, const char *a, const char *b, struct mr_strbuf *out,
                     uint64_t *count)
{
    struct mr_err err = {0};
    enum mr_code code = mr_gate_gtid_subtract(flavour, a, b, out, count, &err);
    FUZZ_CHECK(code == MR_OK || (code == MR_E_CHANGED && err.message[0] != '\0'));
    return code == MR_OK;
}

static void read_sets(enum mr_flavour flavour, const char *a, const char *b)
{
    struct mr_strbuf none = MR_STRBUF_INIT, left = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    uint64_t count = 0, second = 0;
    if (subtract(flavour, a, a, &none, &count))
        FUZZ_CHECK(none.len == 0 && count == 0);
    bool whole = subtract(flavour, a, b, &left, &count);
    FUZZ_CHECK(!whole || (left.len == 0) == (count == 0));
    if (whole && flavour == MR_FLAVOUR_MYSQL && left.len > 0) {
        FUZZ_CHECK(subtract(flavour, left.ptr, b, &again, &second));
        FUZZ_CHECK(again.len == left.len && second == count &&
                   memcmp(again.ptr, left.ptr, left.len) == 0);
    }
    mr_strbuf_reset(&left);
    mr_gate_gtid_without(flavour, a, "3e11fa47-71ca-11e1-9e33-c80aa9429562", 1, &left);
    FUZZ_CHECK(left.len <= strlen(a));
    mr_strbuf_release(&none);
    mr_strbuf_release(&left);
    mr_strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 2);
    FUZZ_CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    memcpy(text + size, "\0", 2);
    size_t first = strcspn(text, "\n");
    char *rest = text + first + 1;
    text[first] = '\0';
    if (text[0] == '.')
        read_sets(MR_FLAVOUR_MYSQL, text + 1, rest);
    else if (text[0] == '-')
        read_sets(MR_FLAVOUR_MARIADB, text + 1, rest);
    else
        read_grants(text, rest);
    free(text);
    return 0;
}
