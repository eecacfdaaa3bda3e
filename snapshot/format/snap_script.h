/*
 * snap_script: how a snapshot is loaded with stock tools alone: restore.sql, which the
 * mysql client runs in a folder that holds the unpacked data/, and RESTORE.txt, which says
 * so step by step.
 *
 * Threads: no state.
 */
#ifndef MR_SNAP_SCRIPT_H
#define MR_SNAP_SCRIPT_H

#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"

/* Reads the files of schema/ back from where they were written. */
enum mr_code mr_snap_script_sql(const struct mr_snap_manifest *manifest,
                                const struct mr_snap_dir *dir, struct mr_strbuf *out,
                                struct mr_err *err);
void mr_snap_script_readme(const struct mr_snap_manifest *manifest, struct mr_strbuf *out);

/* counts.sql: as many rows in each table?  SUMS: of all files so far, and of all chunks. */
void mr_snap_script_counts(const struct mr_snap_manifest *manifest, struct mr_strbuf *out);
void mr_snap_script_sums(const struct mr_snap_manifest *manifest, struct mr_strbuf *out);

/* What a session is set to before anything is restored, without a ";". */
extern const char mr_snap_session_sql[];
/* What is set before an object is made, and DEFAULT where nothing is recorded. */
void mr_snap_object_session(struct mr_strbuf *out, const struct mr_snap_object *object);
/* ALTER DATABASE, without a ";", that gives it that collation. */
void mr_snap_collate_sql(struct mr_strbuf *out, const char *db, const char *collation);
/* Of the snapshot's database, or NULL where it is not known. */
const char *mr_snap_collation_of(const struct mr_snap_manifest *manifest, const char *db);
/* CREATE VIEW with the columns alone, so that others may refer to it already. */
void mr_snap_view_stub(struct mr_strbuf *out, const struct mr_snap_object *view);

#endif
