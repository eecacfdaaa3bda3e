/*
 * script_text: what all scripts of a plan directory say alike: whose they are, and how they
 * recognise the planned server.
 *
 * Texts are ASCII.  A statement ends with ";" at the end of a line, and no other line ends
 * so.  Errors are kept in the buffer (strbuf.h).  Threads: no state.
 */
#ifndef MR_SCRIPT_TEXT_H
#define MR_SCRIPT_TEXT_H

#include "repair/plan/manifest.h"

/* How long a statement of a unit waits for a lock. */
#define MR_SCRIPT_LOCK_WAIT_S 5

/* Behind a statement that has to have run: a plain client may go on after an error (--force),
 * where ROW_COUNT() is -1. */
#define MR_SCRIPT_RAN "SET @myrecon_ran = @myrecon_ran + (ROW_COUNT() >= 0)"

/* Appends "db.myrecon_PREFIXnumber", a temporary table of a unit: of the staged rows of a table
 * of the plan, db being that of the plan's first one.  (script_internal.h lists them.) */
void mr_script_staged(struct mr_strbuf *out, const char *db, char prefix, size_t number);

/* Appends, behind a comma, a value as a part of the text by which a key is named; hex: of
 * bytes.  Unless it is the only part, a comma in it is "\,", and a backslash "\\": 'a,b' and
 * 'c' are another key than 'a' and 'b,c'. */
void mr_script_key_part(struct mr_strbuf *out, const char *alias, const char *column, bool hex,
                        bool alone);

/* Comment lines: the file, what it does, plan, endpoints, and how to run it. */
void mr_script_header(struct mr_strbuf *out, const struct mr_manifest *manifest, const char *file,
                      const char *what);
/* "-- ", label and text on one line, whatever the text holds. */
void mr_script_comment(struct mr_strbuf *out, const char *label, const char *text);

/* Is the planned server of that version or a later one (80020: 8.0.20)?  0: none is. */
bool mr_script_is_since(const struct mr_manifest *manifest, unsigned mysql, unsigned mariadb);

/* A condition: this is the planned server. */
void mr_script_server(struct mr_strbuf *out, const struct mr_manifest *manifest);
/* A condition with " AND " in front: it may be written to. */
void mr_script_writable(struct mr_strbuf *out, const struct mr_manifest *manifest);
/* The same: the session reads what others have committed, whenever it reads. */
void mr_script_isolation(struct mr_strbuf *out, const struct mr_manifest *manifest);
/* A statement that fails with the reason on another server; `writes`: also on one that is
 * read-only. */
void mr_script_guard(struct mr_strbuf *out, const struct mr_manifest *manifest, bool writes);
/* The same where the server takes shorter statements than the plan has. */
void mr_script_guard_packet(struct mr_strbuf *out, const struct mr_manifest *manifest);

#endif
