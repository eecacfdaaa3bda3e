/* script_image.c: the images of a unit's rows; see script_internal.h. */
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/script/script_internal.h"

/* Beyond it they are left in the case, and read one by one: units that are undone as one may be as
 * many as the plan has. */
#define KEPT_BYTES ((size_t)8 * 1024 * 1024)

/* Images of a step: where they are, as struct mr_script_row has it. */
enum { BEFORE, AFTER, SIDES };

static int64_t place(int64_t of, int side)
{
    return of * SIDES + side;
}

enum mr_code mr_script_images_open(struct mr_script *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->image[BEFORE], "SELECT before AS image FROM step WHERE id=:id"},
        {&s->image[AFTER], "SELECT after AS image FROM step WHERE id=:id"},
    };
    s->keeps_bytes = KEPT_BYTES;
    return mr_case_prepare_all(s->lookup.cf, list, sizeof list / sizeof list[0], err);
}

void mr_script_images_close(struct mr_script *s)
{
    for (int i = BEFORE; i < SIDES; i++) {
        mr_case_free(s->image[i]);
        mr_arena_release(&s->image_arena[i]);
    }
    mr_vec_release(&s->images);
}

/* ---- reading a unit ---- */

/* From now on rows say by its id which step has their images. */
static void leave_images(struct mr_script *s)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        struct mr_script_row *row = mr_vec_at(&s->rows, i);
        row->before = place(row->step.id, BEFORE);
        row->after = place(row->step.id, AFTER);
    }
    s->leaves_images = true;
    mr_vec_release(&s->images);
    mr_arena_reset(&s->unit_arena); /* nothing else is there yet */
}

static enum mr_code keep_image(struct mr_script *s, struct mr_key image, struct mr_err *err)
{
    struct mr_key *slot = mr_vec_push(&s->images);
    const void *copy =
        image.ptr != NULL ? mr_arena_dup(&s->unit_arena, image.ptr, image.len) : NULL;
    if (slot == NULL || (image.ptr != NULL && copy == NULL))
        return mr_merge_nomem(err);
    *slot = (struct mr_key){copy, image.len};
    return MR_OK;
}

static enum mr_code add_step(struct mr_script *s, uint64_t unit, const struct mr_step *step,
                             struct mr_err *err)
{
    struct mr_script_row *row = mr_vec_push(&s->rows);
    if (row == NULL)
        return mr_merge_nomem(err);
    const int64_t of = s->leaves_images ? step->id : (int64_t)(s->images.count / SIDES);
    *row = (struct mr_script_row){.step = {.id = step->id,
                                           .entity = step->entity,
                                           .tree = step->tree,
                                           .level = step->level,
                                           .table = (uint32_t)step->table,
                                           .op = step->op},
                                  .before = place(of, BEFORE),
                                  .after = place(of, AFTER),
                                  .units = {unit, unit}};
    if (s->leaves_images)
        return MR_OK;
    MR_TRY(keep_image(s, step->before, err));
    return keep_image(s, step->after, err);
}

enum mr_code mr_script_images_read(struct mr_script *s, struct mr_err *err)
{
    struct mr_vec steps = MR_VEC_INIT(struct mr_step);
    struct mr_arena arena = MR_ARENA_INIT;
    size_t bytes = 0;
    enum mr_code code = MR_OK;
    mr_vec_clear(&s->images);
    s->leaves_images = false;
    for (uint64_t unit = s->unit; unit <= s->last_unit; unit++) {
        mr_arena_reset(&arena);
        mr_vec_clear(&steps);
        MR_TRY_OUT(mr_plan_store_unit(s->task->store, unit, &arena, &steps, err));
        for (size_t i = 0; i < steps.count; i++) {
            const struct mr_step *step = mr_vec_at(&steps, i);
            bytes += step->before.len + step->after.len;
            if (bytes > s->keeps_bytes && !s->leaves_images)
                leave_images(s);
            MR_TRY_OUT(add_step(s, unit, step, err));
        }
    }
out:
    mr_vec_release(&steps);
    mr_arena_release(&arena);
    return code;
}

/* ---- one image ---- */

struct found {
    struct mr_key image;
};

static const struct mr_case_field fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct found, image, MR_CASE_BYTES));

static enum mr_code read_image(struct mr_script *s, int64_t at, struct mr_key *image,
                               struct mr_err *err)
{
    struct mr_arena *arena = &s->image_arena[s->image_turn];
    struct mr_case_stmt *stmt = s->image[at % SIDES];
    struct mr_case_fields map;
    struct found found = {{NULL, 0}};
    bool more = false;
    s->image_turn = (s->image_turn + 1) % SIDES;
    mr_arena_reset(arena);
    MR_TRY(mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err));
    MR_CASE_BIND(stmt, MR_ARG_INT("id", at / SIDES));
    enum mr_code code = mr_case_fields_next(&map, arena, &found, &more, err);
    mr_case_reset(stmt);
    if (code == MR_OK && !more)
        code = mr_err_set(err, MR_E_BUG, "a step of the plan is gone while it is written");
    *image = found.image;
    return code;
}

static struct mr_key image_at(struct mr_script *s, int64_t at)
{
    struct mr_key image = {0};
    struct mr_err err = {0};
    if (!s->leaves_images)
        return *(struct mr_key *)mr_vec_at(&s->images, (size_t)at);
    enum mr_code code = read_image(s, at, &image, &err);
    if (code != MR_OK && s->late == MR_OK) {
        s->late = code;
        s->late_err = err;
    }
    return code == MR_OK ? image : (struct mr_key){0};
}

struct mr_key mr_script_before(struct mr_script *s, const struct mr_script_row *row)
{
    return image_at(s, row->before);
}

struct mr_key mr_script_after(struct mr_script *s, const struct mr_script_row *row)
{
    return image_at(s, row->after);
}
