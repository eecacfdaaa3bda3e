/* trigger_event.c: see trigger_event.h. */
#include "core/schema/trigger_event.h"

#include <string.h>
#include <strings.h>

bool mr_trigger_event_has(const char *list, size_t len, const char *event)
{
    const size_t wanted = strlen(event);
    for (size_t from = 0; from <= len;) {
        const char *comma = memchr(list + from, ',', len - from);
        const size_t end = comma != NULL ? (size_t)(comma - list) : len;
        size_t first = from, last = end;
        while (first < last && list[first] == ' ')
            first++;
        while (last > first && list[last - 1] == ' ')
            last--;
        if (last - first == wanted && strncasecmp(list + first, event, wanted) == 0)
            return true;
        from = end + 1;
    }
    return false;
}

bool mr_trigger_fires(const struct mr_trigger *trigger, const char *event)
{
    return trigger->event != NULL &&
           mr_trigger_event_has(trigger->event, strlen(trigger->event), event);
}
