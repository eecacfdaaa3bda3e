/*
 * catalogue_json: a catalogue (schema.h) as a file: everything that was loaded from a
 * server, for whoever compares with it when the server is gone.
 *
 *   mr_catalogue_json_write → mr_catalogue_json_read → mr_catalogue_free
 *
 * What was written reads back as it was, byte for byte: texts that are no UTF-8 stand as
 * {"hex":"…"}.  One JSON object on one line, schema "myrecon/catalogue/1"; members that are
 * NULL, false or 0 are left out, and those that a reader does not know are none of its
 * business (docs/formats/snapshot-v1.md).
 *
 * It is read as if a stranger had written it: what myrecon never writes (another order than
 * the catalogue's, a foreign key with fewer columns than it refers to, unknown classes) is
 * refused, so that who gets a catalogue from here may rely on what schema.h says of it.
 *
 * Errors: MR_E_SNAPSHOT for a text that myrecon did not write, or of another version.
 * Threads: no state.
 */
#ifndef MR_CATALOGUE_JSON_H
#define MR_CATALOGUE_JSON_H

#include "core/schema/schema.h"

#define MR_CATALOGUE_SCHEMA "myrecon/catalogue/1"

/* Appends to out. */
enum mr_code mr_catalogue_json_write(const struct mr_catalogue *cat, struct mr_strbuf *out,
                                     struct mr_err *err);
/* name stands for the file in messages; the text may be freed afterwards. */
enum mr_code mr_catalogue_json_read(const char *text, size_t len, const char *name,
                                    struct mr_catalogue **out, struct mr_err *err);

#endif
