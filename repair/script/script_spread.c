/* script_spread.c: what goes along with a row, however far; see script_internal.h.
 *
 * Servers of today follow such chains in one statement.  MySQL up to 5.7 and MariaDB 10.1
 * have no WITH RECURSIVE: there marks go one step further each round, from the rows to
 * what leads away from them (myrecon_hang, myrecon_link), and on to where it leads.  A mark
 * only grows, so that circles do no harm.  No row of a unit is further away than the unit
 * has rows; but at most ROUNDS are made: where the last of them still found something,
 * everything that hangs on anything is taken along, which is too much, never too little. */
#include "core/db/db.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

#define ROUNDS 50

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static void temp(struct mr_script *s, const char *before, const char *name)
{
    add(s, before);
    mr_script_temp(s, name);
}

static bool is_recursive(const struct mr_script *s)
{
    return mr_script_is_since(s->manifest, 80001, 100202);
}

/* Chains may be longer than what servers allow without being asked, and a server may allow
 * less. */
void mr_script_spread_session(struct mr_script *s)
{
    if (mr_script_is_since(s->manifest, 0, 100202))
        add(s, "SET SESSION max_recursive_iterations = 4294967295;\n");
    else if (mr_script_is_since(s->manifest, 80003, 0))
        add(s, "SET SESSION cte_max_recursion_depth = 4294967295;\n");
}

/* ---- by rounds: myrecon_apart holds all that may be reached, refused is its mark, or 0 ---- */

/* The mark of a link: 3 less the way by which its end is reached. */
#define LINK_MARK "IF(e.way = 3, a.refused, IF(a.refused >= 3 - e.way, 3 - e.way, 0))"

struct spread {
    const char *edges, *from; /* the table, its column that leads to "other" */
    const char *mark;         /* what e gets, from a */
    void (*end)(struct mr_script *s);
};

static void end_statement(struct mr_script *s)
{
    add(s, ";\n");
}

static void one_round(struct mr_script *s, const struct spread *by)
{
    temp(s, "UPDATE ", by->edges);
    temp(s, " AS e JOIN ", "apart");
    mr_strbuf_add_fmt(&s->sql, " AS a ON a.line = e.%s SET e.mark = %s WHERE e.mark < %s", by->from,
                      by->mark, by->mark);
    by->end(s);
    temp(s, "UPDATE ", "apart");
    temp(s, " AS a JOIN (SELECT other, MAX(mark) AS mark FROM ", by->edges);
    add(s, " GROUP BY other) AS e ON e.other = a.line SET a.refused = e.mark"
           " WHERE a.refused < e.mark");
}

static void spread(struct mr_script *s, const struct spread *by)
{
    size_t rounds = s->rows.count < ROUNDS ? s->rows.count : ROUNDS;
    for (size_t i = 0; i < rounds; i++) {
        one_round(s, by);
        if (i + 1 < rounds)
            by->end(s);
    }
    temp(s,
         ";\nSET @myrecon_further = ROW_COUNT(), @myrecon_most = (SELECT MAX(refused) "
         "FROM ",
         "apart");
    temp(s, ");\nUPDATE ", "apart");
    add(s, " SET refused = @myrecon_most WHERE COALESCE(@myrecon_further, 1) <> 0");
    by->end(s);
}

static void aside_by_rounds(struct mr_script *s)
{
    const struct spread by = {"hang", "line", "a.refused", end_statement};
    temp(s, "INSERT INTO ", "apart");
    temp(s,
         " SELECT line, MAX(refused) FROM (SELECT line, 1 + (why IS NOT NULL) AS refused"
         " FROM ",
         "aside");
    temp(s, " UNION ALL SELECT other, 0 FROM ", "hang");
    add(s, ") AS x GROUP BY line;\n");
    spread(s, &by);
    temp(s, "DELETE FROM ", "apart");
    temp(s, " WHERE refused = 0;\nUPDATE ", "apart");
    add(s, " SET refused = refused - 1;\n");
}

static void skip_by_rounds(struct mr_script *s)
{
    const struct spread by = {"link", "tree", LINK_MARK, mr_script_ran};
    temp(s, "DELETE FROM ", "apart");
    mr_script_ran(s);
    temp(s, "INSERT INTO ", "apart");
    temp(s,
         " SELECT line, MAX(refused) FROM (SELECT tree AS line, 3 AS refused"
         " FROM ",
         "refused");
    temp(s, " UNION ALL SELECT other, 0 FROM ", "link");
    add(s, ") AS x GROUP BY line");
    mr_script_ran(s);
    spread(s, &by);
    temp(s, "INSERT INTO ", "skip");
    temp(s, " SELECT line FROM ", "apart");
    temp(s, " WHERE refused > 0 UNION SELECT tree FROM ", "done");
    mr_script_ran(s);
}

/* ---- what goes along ---- */

void mr_script_spread_aside(struct mr_script *s)
{
    temp(s, "DELETE FROM ", "apart");
    add(s, ";\n");
    if (!is_recursive(s)) {
        aside_by_rounds(s);
        return;
    }
    temp(s, "INSERT INTO ", "apart");
    temp(s,
         " WITH RECURSIVE r AS (SELECT line, why IS NOT NULL AS refused"
         " FROM ",
         "aside");
    temp(s, " UNION SELECT h.other, r.refused FROM r JOIN ", "hang");
    add(s, " AS h ON h.line = r.line) SELECT line, MAX(refused) FROM r GROUP BY line;\n");
}

void mr_script_spread_skip(struct mr_script *s)
{
    if (!is_recursive(s)) {
        skip_by_rounds(s);
        return;
    }
    temp(s, "INSERT INTO ", "skip");
    temp(s, " WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM ", "refused");
    temp(s, " UNION SELECT l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN ", "link");
    temp(s,
         " AS l ON l.tree = r.tree AND l.way >= r.way) SELECT tree FROM r"
         " UNION SELECT tree FROM ",
         "done");
    mr_script_ran(s);
}
