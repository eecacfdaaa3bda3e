/*
 * plan_dir: a directory that holds a plan: written whole or not at all, and read only if
 * nothing in it was changed.
 *
 * Writing:  mr_plan_writer_begin → add …, open → write … → close … → seal? → publish → free
 * Reading:  mr_plan_open → use .manifest → mr_plan_close
 *
 * A plan is built in DIR.partial (0700, its files 0600, each synced) and takes the name
 * DIR when plan.json, its last file, is on disk: at any point of a crash DIR is a whole
 * plan or is not there.  Freed without publish, nothing is left.  What a killed run left
 * in DIR.partial is cleared away by the next one; that of a living run is not.
 *
 * DIR must not exist, or be an empty directory: else MR_E_REFUSED.  An opened plan whose
 * files are not those that plan.json lists, to the byte, is MR_E_REFUSED naming the file
 * (conflicts.csv may have other decisions, undecided.h);
 * journals (journal*), approvals (approval*) and temporary files (*.tmp) are nobody's
 * concern.
 *
 * Threads: one.  Limits: plan.json has at most 256 MiB.
 */
#ifndef MR_PLAN_DIR_H
#define MR_PLAN_DIR_H

#include "core/file/sha256.h"
#include "core/file/sink.h"
#include "repair/plan/manifest.h"

struct mr_plan_writer;
struct mr_sign_key;

/* Checks DIR and makes DIR.partial. */
enum mr_code mr_plan_writer_begin(const char *path, struct mr_plan_writer **out,
                                  struct mr_err *err);
/* Of a plan that is to take the name of the plan DIR: that one becomes DIR.1, or the first DIR.N that
 * nothing has, when the new one is published.  A plan with a journal is MR_E_REFUSED, then and now: what
 * apply has done is told in its directory.  An earlier one that a crash left as DIR.partial between the
 * two names gets its DIR.N first. */
enum mr_code mr_plan_writer_begin_over(const char *path, struct mr_plan_writer **out,
                                       struct mr_err *err);
/* name: of the file in the directory; a constant. */
enum mr_code mr_plan_writer_add(struct mr_plan_writer *writer, const char *name, const void *ptr,
                                size_t len, struct mr_err *err);

/*
 * A file that is written piece by piece: hashed on the way, compressed where its name ends
 * in .zst, on disk when it is closed.  Several may be open; all are closed before publish
 * or free.  A write error is sticky: later writes and the close report it again, and a plan
 * of which a file failed is not published.
 */
struct mr_plan_file_out;
enum mr_code mr_plan_writer_open(struct mr_plan_writer *writer, const char *name,
                                 struct mr_plan_file_out **out, struct mr_err *err);
enum mr_code mr_plan_file_write(struct mr_plan_file_out *out, const void *ptr, size_t len,
                                struct mr_err *err);
/* Valid until the close. */
struct mr_sink mr_plan_file_sink(struct mr_plan_file_out *out);
/* Frees it, also after an error; NULL is fine. */
enum mr_code mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err);

/* Where a closed file stands until publish, as long as the writer; NULL when memory is out. */
const char *mr_plan_writer_path(struct mr_plan_writer *writer, const char *name);

/* Fills manifest->files (which live until free), and writes plan.json, with signer (or NULL) its
 * approval (approval.h): no file comes after it.  What a full disk can stop is done then.  Sealed
 * once, it stays as it is. */
enum mr_code mr_plan_writer_seal(struct mr_plan_writer *writer, struct mr_manifest *manifest,
                                 const struct mr_sign_key *signer, struct mr_err *err);
/* Seals it where that is not done, and gives the directory its name. */
enum mr_code mr_plan_writer_publish(struct mr_plan_writer *writer, struct mr_manifest *manifest,
                                    const struct mr_sign_key *signer, struct mr_err *err);
/* After publish, what was DIR is called so, as long as the writer; NULL: there was none. */
const char *mr_plan_writer_old(const struct mr_plan_writer *writer);
void mr_plan_writer_free(struct mr_plan_writer *writer); /* NULL is fine */

struct mr_plan_dir {
    const char *path; /* as given */
    struct mr_arena arena;
    struct mr_manifest manifest;
    char sha256[MR_SHA256_HEX]; /* of plan.json, as it was read */
};

/* To be closed also after a failure. */
enum mr_code mr_plan_open(const char *path, struct mr_plan_dir *plan, struct mr_err *err);
void mr_plan_close(struct mr_plan_dir *plan);

/* Gives each name of the plan's directory to fn, with the directory open. */
typedef enum mr_code mr_plan_name_fn(void *ctx, int dir_fd, const char *name, struct mr_err *err);
enum mr_code mr_plan_each_name(const struct mr_plan_dir *plan, mr_plan_name_fn *fn, void *ctx,
                               struct mr_err *err);

/* path/name, in arena; NULL when memory is out. */
const char *mr_plan_path(struct mr_arena *arena, const char *path, const char *name);

#endif
