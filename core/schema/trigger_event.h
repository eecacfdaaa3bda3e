/*
 * trigger_event: for which statements a trigger fires.
 *
 * EVENT_MANIPULATION is one word, or, from MariaDB 12 on, a list of them: "INSERT,UPDATE".  Whoever
 * compares it as one word takes such a trigger for one that never fires.
 */
#ifndef MR_TRIGGER_EVENT_H
#define MR_TRIGGER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/schema/schema.h"

/* event: "INSERT", "UPDATE" or "DELETE".  A trigger whose events are not known (NULL) fires for none. */
bool mr_trigger_fires(const struct mr_trigger *trigger, const char *event);
/* The same of a list that is no C string. */
bool mr_trigger_event_has(const char *list, size_t len, const char *event);

/* The list as the server has it, in SQL: without blanks, as FIND_IN_SET wants it. */
#define MR_TRIGGER_EVENTS_SQL "REPLACE(EVENT_MANIPULATION, ' ', '')"

#endif
