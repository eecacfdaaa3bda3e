/*
 * fuzz_facts.c: the reader of a facts file, and the rules that judge by it.
 *
 * The input is what stands in front of its seal: the digest is put behind it here, so that
 * what was changed gets beyond it.  Whatever the bytes are: they are refused, or they make
 * facts which, written and read again, are written the same way, and which every rule can
 * hold against each other.
 */
#include "fuzz.h"

#include <string.h>

#include "core/file/sha256.h"
#include "recon/gate/gate_file.h"
#include "recon/gate/gate_file_internal.h"
#include "recon/gate/gate_judge.h"

/* As if the server that the file names last were asked today. */
static void judge(const struct mr_gate_baseline *baseline, struct mr_arena *arena)
{
    const struct mr_gate_activity activity = {.probe = {.tables = 1, .table = ""}};
    const struct mr_gate_peer peer = {.uri = "mysql://db2", .facts = &baseline->server};
    struct mr_gate_facts now =
        baseline->npeers > 0 ? baseline->peers[baseline->npeers - 1] : baseline->server;
    struct mr_gate_judge judge;
    struct mr_gate_config config;
    bool wanted[MR_GATE_NAMES_END];
    memset(wanted, 1, sizeof wanted);
    now.history.seen = now.disk.seen = MR_GATE_SEEN;
    mr_gate_config_init(&config);
    mr_gate_judge_init(&judge);
    judge.now = &now;
    judge.activity = &activity;
    judge.baseline = baseline;
    judge.peers = &peer;
    judge.npeers = 1;
    judge.config = &config;
    judge.gtid_last = now.gtid_executed;
    judge.time = "2026-04-09T10:00:00Z";
    judge.arena = arena;
    FUZZ_CHECK(mr_gate_judge_run(&judge, wanted, NULL) == MR_OK);
    mr_gate_judge_release(&judge);
}

static void write_again(const struct mr_gate_baseline *baseline, struct mr_arena *arena,
                        struct mr_strbuf *out)
{
    const size_t count = 1 + baseline->npeers;
    struct mr_gate_facts *servers = mr_arena_calloc(arena, count, sizeof *servers);
    FUZZ_CHECK(servers != NULL);
    servers[0] = baseline->server;
    for (size_t i = 1; i < count; i++)
        servers[i] = baseline->peers[i - 1];
    FUZZ_CHECK(mr_gate_file_text(servers, count, out, NULL) == MR_OK);
}

static void seal(struct mr_strbuf *text)
{
    char hex[MR_SHA256_HEX];
    FUZZ_CHECK(mr_sha256_bytes(text->ptr, text->len, hex, NULL) == MR_OK);
    mr_strbuf_add_fmt(text, MR_GATE_SEAL "%s" MR_GATE_TAIL, hex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf text = MR_STRBUF_INIT, once = MR_STRBUF_INIT, twice = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline baseline;
    struct mr_err err = {0};
    mr_strbuf_add(&text, data, size);
    seal(&text);
    enum mr_code code = mr_gate_file_parse(text.ptr, text.len, "f", &arena, &baseline, &err);
    if (code == MR_OK) {
        judge(&baseline, &arena);
        write_again(&baseline, &arena, &once);
        FUZZ_CHECK(mr_gate_file_parse(once.ptr, once.len, "f", &arena, &baseline, &err) == MR_OK);
        write_again(&baseline, &arena, &twice);
        FUZZ_CHECK(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
    } else {
        FUZZ_CHECK(code == MR_E_CONFIG && err.message[0] != '\0');
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&once);
    mr_strbuf_release(&twice);
    mr_arena_release(&arena);
    return 0;
}
