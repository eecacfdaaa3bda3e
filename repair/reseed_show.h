/*
 * reseed_show: a reseed-only plan for people, and as JSON lines.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_RESEED_SHOW_H
#define MR_RESEED_SHOW_H

#include <stdio.h>

#include "repair/manifest.h"

#define MR_REPAIR_SCHEMA "myrecon/repair/1"

enum mr_code mr_reseed_show_text(const struct mr_manifest *manifest, const char *dir,
                                 bool color, FILE *out, struct mr_err *err);
enum mr_code mr_reseed_show_json(const struct mr_manifest *manifest, FILE *out,
                                 struct mr_err *err);

#endif
