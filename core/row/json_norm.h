/*
 * json_norm: one spelling for equal JSON documents of different servers.
 *
 * MySQL re-writes a document when it stores it (keys sorted by length, the last
 * duplicate kept, 1.10 as 1.1, integers beyond 64 bits as doubles); MariaDB keeps the
 * text.  For a comparison across the two, both texts are normalised:
 *
 *   - objects: the last duplicate of a key wins, keys sorted by their UTF-8 bytes
 *   - integers (no fraction, no exponent) that fit int64 or uint64: exact; -0 is 0
 *   - all other numbers: the nearest double, in the fewest digits that read back, with
 *     a point or an exponent; -0.0 is 0.0.  1.0 and 1 stay distinct: MySQL stores a
 *     double and an integer, and prints them so.  1e400 keeps its spelling: no double
 *     holds it, and MySQL refuses it
 *   - strings: escapes resolved to UTF-8 (\u0000 and lone surrogates stay \uXXXX), then
 *     written with minimal escapes
 *   - no white space
 *
 * Same-flavour servers are compared by the bytes of their texts, without this.
 *
 * Doubles are compared exactly.  MySQL 9.7.4 read 4,000 of 4,000 random texts of 13 to
 * 20 digits as the nearest double; older versions misread some by one ulp (MySQL bugs
 * 116160 and 112904).  They then hold another number than MariaDB's text says, and that
 * is reported: any tolerance would hide true differences of one ulp.
 *
 * What MariaDB's JSON_VALID lets through beyond RFC 8259 ("1.", "\q", "\x41") is no
 * document here; MySQL cannot hold it.
 *
 * Limits: nesting up to 200 (MySQL stores at most 100); memory: a small multiple of the
 * text.  Threads: no state.
 */
#ifndef MR_JSON_NORM_H
#define MR_JSON_NORM_H

#include "core/base/strbuf.h"

/*
 * Appends the normal form of text to out.  Returns false, with out unchanged, if the
 * text is no JSON document (then callers compare its bytes).  Out of memory:
 * out->failed.
 */
bool mr_json_norm(const char *text, size_t len, struct mr_strbuf *out);

#endif
