/*
 * gate_file: a baseline as a file: JSON, schema "myrecon/facts/1" (docs/formats/facts-v1.md).
 *
 * The file's last member is the SHA-256 of everything before it: a file that somebody
 * edited, or that is cut short, is refused.  It is written atomically, mode 0600, and
 * holds no password and no row: keys of sampled ranges and greatest values are in it.
 *
 * Errors: MR_E_IO; MR_E_EXISTS for what came meanwhile (outfile.h); MR_E_CONFIG for a file that
 * is no baseline, of another version, or changed.  Ownership: what is read lives in arena.
 */
#ifndef MR_GATE_FILE_H
#define MR_GATE_FILE_H

#include "core/base/arena.h"
#include "core/file/outfile.h"
#include "recon/gate/gate_facts.h"

#define MR_GATE_FACTS_SCHEMA "myrecon/facts/1"

/* servers[0] is SERVER, the others its peers.  Commits out. */
enum mr_code mr_gate_file_write(struct mr_outfile *out, const struct mr_gate_facts *servers,
                                size_t count, struct mr_err *err);
/* The same text, for tests. */
enum mr_code mr_gate_file_text(const struct mr_gate_facts *servers, size_t count,
                               struct mr_strbuf *out, struct mr_err *err);

/* Reads a baseline, from a file or from its text; path is what it is called in messages, and is
 * kept. */
enum mr_code mr_gate_file_read(const char *path, struct mr_arena *arena,
                               struct mr_gate_baseline *out, struct mr_err *err);
enum mr_code mr_gate_file_parse(const char *text, size_t len, const char *path,
                                struct mr_arena *arena, struct mr_gate_baseline *out,
                                struct mr_err *err);

#endif
