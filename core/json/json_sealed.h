/*
 * json_sealed: a JSON document of one line that is known to be what was written.
 *
 *   mr_json_sealed_parse or _load → mr_json_get_… → mr_json_free
 *   mr_json_sealed_add, to write one
 *
 * Its last member is the SHA-256 of all that stands in front of it, so that an edit is seen like an
 * edit of any file whose digest is kept elsewhere.  It finds slips of an editor; it keeps out nobody
 * who can compute one.
 *
 * Errors: MR_E_REFUSED for a text that myrecon did not write, that was changed, or that is of
 * another format; MR_E_IO.  Limits: at most 256 MiB.  Threads: no state.
 */
#ifndef MR_JSON_SEALED_H
#define MR_JSON_SEALED_H

#include "core/base/strbuf.h"
#include "core/json/json_in.h"

#define MR_JSON_SEALED_MAX ((size_t)256 * 1024 * 1024) /* bytes of the file */

/* What a directory is known by, constants. */
struct mr_json_sealed_kind {
    const char *file;    /* "plan.json" */
    const char *schema;  /* "myrecon/plan/1": another one is refused */
    const char *thing;   /* "plan": "DIR is no directory of a plan" */
    const char *made_by; /* "repair plan" */
    /* hints where it was changed, and where another version has written it; NULL: those of a plan */
    const char *on_change, *on_schema;
};

/* name stands for the file in messages. */
enum mr_code mr_json_sealed_parse(const char *text, size_t len, const char *name,
                                  const struct mr_json_sealed_kind *kind, struct mr_json_doc **out,
                                  struct mr_err *err);
/* The kind's file in dir. */
enum mr_code mr_json_sealed_load(const char *dir, const struct mr_json_sealed_kind *kind,
                                 struct mr_json_doc **out, struct mr_err *err);

/* Appends the object in body, a line of JSON, with its digest; body is used up. */
enum mr_code mr_json_sealed_add(struct mr_strbuf *body, struct mr_strbuf *out, struct mr_err *err);

#endif
