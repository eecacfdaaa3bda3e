/* plan_packet.c: see plan_packet.h. */
#include "repair/plan/plan_packet.h"

#include <inttypes.h>
#include <string.h>

#include "core/case/case_args.h"

#define HEAD_BYTES ((size_t)256) /* what the client sends before a statement */

uint64_t mr_plan_packet(const struct mr_plan_tables *plan)
{
    const struct mr_catalogue *cat = plan->pairing.side[MR_TARGET].cat;
    return cat != NULL ? cat->server.max_packet_bytes : 0;
}

enum mr_code mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                   const struct mr_plan_store *store, uint64_t *bytes,
                                   struct mr_err *err)
{
    const uint64_t packet = mr_plan_packet(plan);
    int64_t longest = 0;
    enum mr_code code = MR_CASE_NUMBER(mr_findings_case(fd),
                                       "SELECT max(max(coalesce(length(before), 0),"
                                       " coalesce(length(after), 0))) FROM step WHERE plan=:plan",
                                       &longest, err, MR_ARG_INT("plan", mr_plan_store_id(store)));
    *bytes = (uint64_t)longest + HEAD_BYTES;
    if (*bytes < MR_PLAN_STATEMENT_BYTES)
        *bytes = MR_PLAN_STATEMENT_BYTES;
    if (*bytes > packet) /* an image is more than its values */
        *bytes = packet;
    return code;
}

/* As the client and `repair apply` split the script: a statement ends with ";" at the end of a
 * line, and nowhere else. */
static size_t longest_statement(const char *text, size_t len)
{
    const char *begin = text, *end = text + len;
    size_t longest = 0;
    for (const char *at = text; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop != NULL ? stop + 1 : end;
        const char *last = stop != NULL ? stop : end;
        if (last > at && last[-1] == ';') {
            if ((size_t)(last - begin) > longest)
                longest = (size_t)(last - begin);
            begin = next;
        } else if (last == at || strncmp(at, "-- ", 3) == 0) {
            begin = next;
        }
        at = next;
    }
    return longest;
}

/* Refused while it is planned: the server would close the connection in the middle of a unit. */
enum mr_code mr_plan_packet_check(const struct mr_plan_tables *plan, const char *name,
                                  const char *text, size_t len, struct mr_err *err)
{
    const uint64_t packet = mr_plan_packet(plan);
    size_t longest = longest_statement(text, len) + HEAD_BYTES;
    if (packet == 0 || longest <= packet)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%s would have a statement of %zu bytes, and max_allowed_packet of "
                     "the target is %" PRIu64,
                     name, longest, packet);
    mr_err_hint(err,
                "Nothing was planned. Raise it on the target, and plan again: SET "
                "GLOBAL max_allowed_packet = %zu",
                (longest / MR_PLAN_STATEMENT_BYTES + 1) * MR_PLAN_STATEMENT_BYTES);
    return MR_E_REFUSED;
}
