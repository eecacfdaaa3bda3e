/* check_rekeyed.c: see check_rekeyed.h. */
#include "recon/check/check_rekeyed.h"

#include <string.h>

#include "core/base/log.h"
#include "core/case/run_change.h"
#include "recon/check/check_changed.h"
#include "recon/check/check_options.h"
#include "recon/check/check_sides.h"
#include "recon/check/check_trail.h"

#define LEAST_LOG_BYTES ((uint64_t)16 << 20)
#define LOG_PART 8 /* of what was read of tables: so much longer may it take */

static bool is_possible(const struct mr_check_run *check)
{
    return check->opts->case_path != NULL && check->scope == NULL &&
           mr_side_is_server(&check->pairing.side[MR_SOURCE]) &&
           mr_side_is_server(&check->pairing.side[MR_TARGET]);
}

static uint64_t bytes_read(const struct mr_check_run *check)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        bytes += check->pairing.tables[i]->find.counts.bytes;
    return bytes;
}

/* Has nothing been written since?  A MariaDB says to the byte how far it is, a MySQL where all has GTIDs. */
static enum mr_code stands_still(struct mr_db *db, const struct mr_log_place *was,
                                 const struct mr_log_place *now, bool *still, struct mr_err *err)
{
    struct mr_strbuf mode = MR_STRBUF_INIT;
    *still = now->log != NULL && strcmp(was->log, now->log) == 0 &&
             was->position == now->position && strcmp(was->gtids, now->gtids) == 0;
    if (!*still || mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB)
        return MR_OK;
    *still = now->gtids[0] != '\0';
    enum mr_code code =
        *still ? mr_db_query_text(db, "SELECT @@GLOBAL.gtid_mode", &mode, err) : MR_OK;
    *still = *still && code == MR_OK && strcmp(mode.ptr, "ON") == 0;
    mr_strbuf_release(&mode);
    return code;
}

static enum mr_code read_side(struct mr_check_run *check, struct mr_changes *changes,
                              enum mr_side side, struct mr_err *err)
{
    const struct mr_log_place *from = &changes->from[side];
    struct mr_log_place now;
    struct mr_db *db;
    bool still;
    if (from->log == NULL)
        return mr_err_set(err, MR_E_UNSUPPORTED, "%s",
                          from->why != NULL ? from->why : "the run has kept no place in its log");
    MR_TRY(mr_check_main(check, side, &db, err));
    MR_TRY(mr_log_place_read(db, &check->arena, &now, err));
    MR_TRY(stands_still(db, from, &now, &still, err));
    if (still)
        return MR_OK;
    MR_TRY(mr_log_habits_read(db, &check->arena, &changes->habits[side], err));
    return check->read_changes(changes, side, err);
}

static enum mr_code read_logs(struct mr_check_run *check, struct mr_changes *changes,
                              struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES && changes->whole_why == NULL; side++) {
        const enum mr_code code = read_side(check, changes, (enum mr_side)side, err);
        if (code != MR_OK) {
            mr_err_context(err, "log of the %s", mr_side_name((enum mr_side)side));
            return code;
        }
    }
    return changes->whole_why == NULL ? MR_OK
                                      : mr_err_set(err, MR_E_UNSUPPORTED, "%s", changes->whole_why);
}

static enum mr_code unite(struct mr_check_run *check, struct mr_changes *changes,
                          struct mr_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        MR_TRY(mr_key_set_unite(&changes->of[i].keys, err));
        count += mr_key_set_count(&changes->of[i].keys);
    }
    if (count == 0) {
        mr_check_rekeyed_end(check);
        return MR_OK;
    }
    mr_log_info("looking up %zu key%s of rows whose key was changed meanwhile", count,
                count == 1 ? "" : "s");
    mr_check_trail_spoil(check); /* what is read now is younger than its catalogue */
    return MR_OK;
}

enum mr_code mr_check_rekeyed_find(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_err why = {0};
    if (!is_possible(check))
        return MR_OK;
    struct mr_changes *changes = mr_arena_calloc(&check->arena, 1, sizeof *changes);
    if (changes == NULL)
        return mr_err_nomem(err, "reading what changed");
    MR_TRY(mr_changes_init(changes, &check->pairing, &check->arena, err));
    check->rekeyed = changes;
    changes->moved_only = true;
    changes->most_log_bytes = LEAST_LOG_BYTES + bytes_read(check) / LOG_PART;
    changes->opts = (struct mr_db_opts){.run_tag = check->run.uuid,
                                        .statement_timeout_s = check->opts->statement_timeout_s};
    changes->breathe = mr_check_changed_breathe;
    changes->ctx = check;
    MR_TRY(mr_run_places(check->fd, MR_RUN_BEGAN, &check->arena, changes->from, MR_SIDES, err));
    const enum mr_code code = read_logs(check, changes, &why);
    if (code == MR_OK)
        return unite(check, changes, err);
    if (mr_check_is_fatal(code)) {
        *err = why;
        return code;
    }
    mr_log_detail("rows whose key was changed while they were read are not looked for: %s",
                  why.message);
    mr_check_rekeyed_end(check);
    return MR_OK;
}

const struct mr_key_set *mr_check_rekeyed_keys(const struct mr_check_run *check,
                                               const struct mr_pair *table)
{
    if (check->rekeyed == NULL || check->rekeyed->of[table->at].why != NULL ||
        mr_key_set_count(&check->rekeyed->of[table->at].keys) == 0)
        return NULL;
    return &check->rekeyed->of[table->at].keys;
}

void mr_check_rekeyed_end(struct mr_check_run *check)
{
    if (check->rekeyed != NULL)
        mr_changes_release(check->rekeyed);
    check->rekeyed = NULL;
}
