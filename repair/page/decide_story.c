/* decide_story.c: see decide_story.h. */
#include "repair/page/decide_story.h"

#include <string.h>

#include "repair/page/image_text.h"

/* Columns of which the row at the split and that of the side are not the same, as far as logs have
 * shown it. */
static void add_changes(struct mr_strbuf *out, const char *base, const char *side)
{
    const char *at = base;
    struct mr_image_member m;
    bool any = false;
    if (side[0] == '\0') {
        mr_strbuf_add_str(out, "deleted it");
        return;
    }
    while (mr_image_text_next(&at, base + strlen(base), &m)) {
        const struct mr_csv_field now = mr_image_text_value(side, m.name);
        if (now.ptr == NULL ||
            (now.len == m.value.len && memcmp(now.ptr, m.value.ptr, now.len) == 0))
            continue;
        mr_strbuf_add_str(out, any ? ", " : "changed ");
        mr_image_text_unquote(out, m.name);
        any = true;
    }
    if (!any)
        mr_strbuf_add_str(out, "changed nothing that the logs show");
}

void mr_decide_story_add(struct mr_strbuf *out, const struct mr_decide_story *story)
{
    if (story->base[0] != '\0') {
        mr_strbuf_add_str(out, "Since the split the lost side ");
        add_changes(out, story->base, story->source);
        mr_strbuf_add_str(out, "; the live side ");
        add_changes(out, story->base, story->target);
        mr_strbuf_add_char(out, '.');
    }
}
