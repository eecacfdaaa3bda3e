/* plan_scripts.c: see plan_scripts.h. */
#include "repair/planning/plan_scripts.h"

#include <string.h>

#include "repair/plan/plan_packet.h"
#include "repair/script/script_shape.h"

static const char *const names[MR_PLAN_SCRIPTS] = {"apply.sql", "undo.sql", "verify.sql"};

/* ---- reading again ---- */

/* What apply and undo would refuse is never published. */
static void prove(struct mr_plan_proof *proof)
{
    proof->code = mr_script_shape_check(proof->manifest, proof->path, NULL, &proof->err);
    if (proof->code == MR_E_REFUSED)
        mr_err_hint(&proof->err, "The plan is not written: repair apply would refuse it. That is "
                                 "a mistake of myrecon, please report it with this message.");
}

static void *run(void *proof)
{
    prove(proof);
    return NULL;
}

static enum mr_code tell(const struct mr_plan_proof *proof, struct mr_err *err)
{
    if (proof->code != MR_OK && err != NULL)
        *err = proof->err;
    return proof->code;
}

static enum mr_code begin_proof(struct mr_plan_scripts *s, size_t at, struct mr_err *err)
{
    struct mr_plan_proof *proof = &s->proofs[at];
    proof->manifest = s->manifest;
    proof->path = mr_plan_writer_path(s->writer, names[at]);
    if (proof->path == NULL)
        return mr_err_nomem(err, "writing a plan");
    proof->is_apart = pthread_create(&proof->thread, NULL, run, proof) == 0;
    if (proof->is_apart)
        return MR_OK;
    prove(proof);
    return tell(proof, err);
}

/* ---- writing ---- */

static enum mr_code close_one(struct mr_plan_scripts *s, size_t at, struct mr_err *err)
{
    struct mr_plan_file_out *out = s->out[at];
    s->out[at] = NULL;
    return mr_plan_file_close(out, err);
}

/* verify.sql only reads, and is run by nobody but the stock client. */
static enum mr_code written(void *ctx, const char *name, struct mr_err *err)
{
    struct mr_plan_scripts *s = ctx;
    size_t at = 0;
    while (at < MR_PLAN_SCRIPTS && strcmp(names[at], name) != 0)
        at++;
    if (at == MR_PLAN_SCRIPTS)
        return mr_err_set(err, MR_E_BUG, "script \"%s\" is nobody's", name);
    MR_TRY(close_one(s, at, err));
    return at < MR_PLAN_PROOFS ? begin_proof(s, at, err) : MR_OK;
}

static enum mr_code write_all(struct mr_plan_scripts *s, const struct mr_script_task *of,
                              struct mr_err *err)
{
    struct mr_planned *planned = &s->manifest->planned;
    struct mr_script_result result = {0};
    struct mr_script_task task = *of;
    MR_TRY(mr_plan_packet_needed(task.tables, task.fd, task.store, &planned->packet, err));
    for (size_t i = 0; i < MR_PLAN_SCRIPTS; i++)
        MR_TRY(mr_plan_writer_open(s->writer, names[i], &s->out[i], err));
    task.manifest = s->manifest;
    task.apply = mr_plan_file_sink(s->out[0]);
    task.undo = mr_plan_file_sink(s->out[1]);
    task.verify = mr_plan_file_sink(s->out[2]);
    task.written = written;
    task.written_ctx = s;
    MR_TRY(mr_script_write(&task, &result, err));
    planned->units = result.units;
    planned->rows = result.rows;
    return MR_OK;
}

/* A plan without tables has scripts without a statement: these are closed, and judged, here. */
enum mr_code mr_plan_scripts_write(struct mr_plan_scripts *s, const struct mr_script_task *task,
                                   struct mr_err *err)
{
    enum mr_code code = write_all(s, task, err);
    for (size_t i = 0; i < MR_PLAN_SCRIPTS; i++) {
        if (s->out[i] == NULL)
            continue;
        const enum mr_code closed = close_one(s, i, code == MR_OK ? err : NULL);
        code = code == MR_OK ? closed : code;
        if (code == MR_OK && i < MR_PLAN_PROOFS)
            code = begin_proof(s, i, err);
    }
    return code;
}

enum mr_code mr_plan_scripts_end(struct mr_plan_scripts *s, enum mr_code code, struct mr_err *err)
{
    for (size_t i = 0; i < MR_PLAN_PROOFS; i++) {
        struct mr_plan_proof *proof = &s->proofs[i];
        if (!proof->is_apart)
            continue;
        (void)pthread_join(proof->thread, NULL);
        proof->is_apart = false;
        if (code == MR_OK)
            code = tell(proof, err);
    }
    return code;
}
