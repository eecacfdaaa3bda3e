/*
 * three_world: a row of members on both sides, what the logs tell of it, and what is decided, for the unit
 * tests of merge_three.
 *
 *   build(w) → tell(w, &case), or told_begin … told_end, world_row → twin_of → mr_merge_three_open → decide
 */
#ifndef MR_TESTS_THREE_WORLD_H
#define MR_TESTS_THREE_WORLD_H

#include "told_world.h"

#include "repair/merge/merge_three.h"

enum { TEAMS, MEMBERS };
enum { ID, MOBILE, EMAIL, CITY, POINTS, TEAM, LEVEL, SEEN, TAGS };

/* members are known by their mobiles, and have an e-mail address of their own; `level` is computed,
 * `seen` is not compared.  On TARGET a city is of five letters at most. */
static inline void build(struct world *w)
{
    world_begin(w);
    world_table(w, "teams", "id:int# title:text");
    world_table(w, "members",
                "id:int# mobile:text! email:text? city:text? points:money? team:int? level:int= "
                "seen:int?~ tags:tags?");
    world_reference(w, MEMBERS, "team", TEAMS, "id");
    world_unique(w, MEMBERS, "email", "email");
    w->tables[MEMBERS].columns[MR_TARGET][CITY].type = "varchar(5)";
    world_open_case(w);
    told_still(w);
}

#define ROW(mobile, email, city, points, team) "7|" mobile "|" email "|" city "|" points "|" team
#define REST "|0|0|NULL"
#define X ROW("1", "a@x", "x", "1.00", "1") REST /* the row at the split */
#define CITY_OF(city) ROW("1", "a@x", city, "1.00", "1") REST
#define POINTS_OF(points) ROW("1", "a@x", "x", points, "1") REST
#define EMAIL_OF(email) ROW("1", email, "x", "1.00", "1") REST

struct three_case {
    const char *what;
    const char *own, *live; /* the row today, on either side */
    const char *was[2];     /* before each side's first change; NULL: its log does not know it */
    const char *other;      /* somebody else on TARGET */
    const char *chosen;     /* "kind=choice", of this row; NULL: nothing */
    const char *rule;       /* the same, of the command line */
    const char *outcome;
    const char *conflict;
    const char *merged;  /* "-": TARGET's row stays */
    const char *columns; /* what became of them, of those that anybody changed */
    const char *detail;
};

static inline const char *shown(struct mr_strbuf *out, struct mr_key image)
{
    mr_strbuf_reset(out);
    if (!world_show(out, image.ptr, image.len))
        mr_strbuf_add_str(out, "-");
    return out->ptr;
}

/* "kind=choice" in two. */
static inline struct mr_conflict_rule rule_of(struct world *w, const char *text)
{
    char *kind = mr_arena_strdup(&w->arena, text), *choice = strchr(kind, '=');
    *choice++ = '\0';
    return (struct mr_conflict_rule){.kind = kind, .choice = choice};
}

static inline void tell(struct world *w, const struct three_case *c)
{
    const char *now[MR_SIDES] = {c->own, c->live};
    struct told t;
    told_begin(w, &t);
    told_table(&t, TEAMS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (c->was[side] != NULL)
            told_mark(&t, MEMBERS, (enum mr_side)side, c->own,
                      (struct told_mark){.first = c->was[side], .last = now[side]});
    told_end(&t);
    world_row(w, 1, MEMBERS, c->own, c->live, "grp='base'");
    world_target(w, MEMBERS, c->live);
    if (c->other != NULL)
        world_target(w, MEMBERS, c->other);
    if (c->chosen != NULL) {
        const struct mr_conflict_rule chosen = rule_of(w, c->chosen);
        world_require(MR_CASE_ONCE(w->m.cf,
                                   "INSERT INTO chosen (id, kind, choice)"
                                   " VALUES (1, :kind, :choice)",
                                   NULL, MR_ARG_TEXT("kind", chosen.kind),
                                   MR_ARG_TEXT("choice", chosen.choice)));
    }
}

static inline struct mr_merge_twin twin_of(struct world *w, const char *own, const char *live,
                                           const char *mapped)
{
    return (struct mr_merge_twin){.id = 1,
                                  .key = world_key(w, MEMBERS, own),
                                  .own = world_image(w, MEMBERS, own),
                                  .live = world_image(w, MEMBERS, live),
                                  .mapped = world_image(w, MEMBERS, mapped),
                                  .live_key = world_key(w, MEMBERS, live)};
}

static inline enum mr_code decide(struct world *w, struct mr_merge_three *three,
                                  const struct mr_merge_twin *twin, struct mr_merge_three_result *r,
                                  struct mr_err *err)
{
    MR_TRY(mr_merge_three_page(three, &w->merged[MEMBERS], twin, 1, err));
    return mr_merge_three_decide(three, 0, r, err);
}

static inline void require_same(const char *whom, const char *what, const char *got,
                                const char *expected)
{
    if (strcmp(got != NULL ? got : "-", expected) != 0)
        fail_msg("%s: %s: %s", whom, what, got != NULL ? got : "-");
}

#endif
