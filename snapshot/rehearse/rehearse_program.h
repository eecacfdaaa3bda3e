/*
 * rehearse_program: the server program that is installed here.
 *
 *   mr_program_find → .path, .flavour, .version
 *
 * Looked for are mariadbd and mysqld in PATH and where packages put servers (sbin, libexec); each is
 * asked what it is, since mysqld is MariaDB's name for it, too.  One of the family that is wanted is
 * taken before any other.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_NO_SUCH where there is none, MR_E_USAGE where the
 * one that was named is none or is too old to be set up without questions.  Threads: one.
 */
#ifndef MR_REHEARSE_PROGRAM_H
#define MR_REHEARSE_PROGRAM_H

#include "core/base/arena.h"
#include "core/db/db.h"

struct mr_program {
    const char *path; /* absolute */
    enum mr_flavour flavour;
    unsigned version;         /* as in struct mr_server */
    const char *version_text; /* "10.11.19-MariaDB-0+deb12u1" */
};

/* asked: a path, or a name of PATH; NULL: whatever there is. */
enum mr_code mr_program_find(const char *asked, enum mr_flavour wanted, struct mr_arena *arena,
                             struct mr_program *out, struct mr_err *err);

/* What `--version` prints: "…  Ver 9.7.4 for Linux …".  False: it is no server's. */
bool mr_program_parse(const char *text, struct mr_arena *arena, struct mr_program *out);
/* "MariaDB" or "MySQL". */
const char *mr_program_family(enum mr_flavour flavour);
/* "10.11.19-MariaDB" as 101119; 0: it does not begin with a version. */
unsigned mr_program_number(const char *version_text);
/* Why it cannot be set up, or NULL. */
const char *mr_program_unfit(const struct mr_program *program);
/* A program of that name in PATH, or else in those places; NULL: none, or memory. */
const char *mr_program_in_path(const char *name, struct mr_arena *arena);

#endif
