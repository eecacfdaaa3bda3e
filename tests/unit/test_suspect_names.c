/* test_suspect_names.c: which tables a column's name means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/pair/suspect_names.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const char *const tables[] = {
    "members",        "categories",   "address",     "addresses", "wp_posts", "order_items",
    "Wallet_Log",     "news",         "k",           "pa",        "__odd__",  "_",
    "gr\xC3\xB6ssen", "club_members", "members_old", "boxes",     "valid"};

/* "members", or "wp_posts (word)", in the order of the tables, joined by commas. */
static const struct {
    const char *column, *means;
} names[] = {
    {"member_id", "members, club_members (word)"},
    {"memberId", "members, club_members (word)"},
    {"memberid", "members, club_members (word)"},
    {"MEMBER_ID", "members, club_members (word)"},
    {"MEMBERID", "members, club_members (word)"},
    {"members_id", "members, club_members (word)"},
    {"club_member_id", "club_members"},
    {"category_id", "categories"},
    {"categories_id", "categories"},
    {"address_id", "address, addresses"},
    {"box_id", "boxes"},
    {"post_id", "wp_posts (word)"},
    {"wp_post_id", "wp_posts"},
    {"item_id", "order_items (word)"},
    {"orderItemId", "order_items"},
    {"wallet_log_id", "Wallet_Log"},
    {"walletLogID", "Wallet_Log"},
    {"log_id", "Wallet_Log (word)"},
    {"old_id", "members_old (word)"},
    {"news_id", "news"},
    {"gr\xC3\xB6sse_id", ""},
    {"gr\xC3\xB6ssen_id", "gr\xC3\xB6ssen"},
    {"odd_id", "__odd__"},
    /* a short word may end in these letters */
    {"k_id", "k"},
    {"kId", "k"},
    {"kid", ""},
    {"paid", ""},
    {"PAID", ""},
    {"pa_id", "pa"},
    {"id", ""},
    {"_id", ""},
    {"__id", ""},
    {"", ""},
    {"member", ""},
    {"member_ids", ""},
    {"membe_id", ""},
    {"member_uuid", ""},
    {"y_id", ""},
};

static void fill(struct mr_suspect_names *index)
{
    mr_suspect_names_init(index);
    for (size_t i = 0; i < LEN(tables); i++)
        assert_int_equal(mr_suspect_names_add(index, tables[i], i, NULL), MR_OK);
    mr_suspect_names_sort(index);
}

static void test_names(void **state)
{
    struct mr_suspect_names index;
    struct mr_vec hits = MR_VEC_INIT(struct mr_suspect_hit);
    (void)state;
    fill(&index);
    for (size_t i = 0; i < LEN(names); i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        assert_int_equal(mr_suspect_names_find(&index, names[i].column, &hits, NULL), MR_OK);
        for (size_t h = 0; h < hits.count; h++) {
            const struct mr_suspect_hit *hit = mr_vec_at(&hits, h);
            mr_strbuf_add_fmt(&got, "%s%s%s", h > 0 ? ", " : "", tables[hit->table],
                              hit->by_word ? " (word)" : "");
        }
        if (strcmp(got.ptr, names[i].means) != 0)
            fail_msg("\"%s\" means \"%s\", not \"%s\"", names[i].column, got.ptr, names[i].means);
        mr_strbuf_release(&got);
    }
    mr_vec_release(&hits);
    mr_suspect_names_release(&index);
}

/* What the type column of a polymorphic reference holds. */
static void test_types(void **state)
{
    static const struct {
        const char *text, *means;
    } types[] = {
        {"member", "members"},
        {"Members", "members"},
        {"App\\Models\\Member", "members"},
        {"Shop::OrderItem", "order_items"},
        {"shop.order_items", "order_items"},
        {"category", "categories"},
        {"post", ""},
        {"App\\", ""},
        {"", ""},
        {"Gr\xC3\xB6ssen", "gr\xC3\xB6ssen"},
    };
    struct mr_suspect_names index;
    struct mr_vec hits = MR_VEC_INIT(struct mr_suspect_hit);
    (void)state;
    fill(&index);
    for (size_t i = 0; i < LEN(types); i++) {
        assert_int_equal(mr_suspect_names_of_type(&index, types[i].text, &hits, NULL), MR_OK);
        const struct mr_suspect_hit *hit = hits.count > 0 ? mr_vec_at(&hits, 0) : NULL;
        if (strcmp(hit != NULL ? tables[hit->table] : "", types[i].means) != 0)
            fail_msg("\"%s\" means \"%s\"", types[i].text, hit != NULL ? tables[hit->table] : "");
    }
    mr_vec_release(&hits);
    mr_suspect_names_release(&index);
}

/* The whole name is the stronger hint where a table has both. */
static void test_each_once(void **state)
{
    struct mr_suspect_names index;
    struct mr_vec hits = MR_VEC_INIT(struct mr_suspect_hit);
    (void)state;
    mr_suspect_names_init(&index);
    assert_int_equal(mr_suspect_names_find(&index, "a_id", &hits, NULL), MR_OK);
    assert_int_equal(hits.count, 0);
    assert_int_equal(mr_suspect_names_add(&index, "a_a", 7, NULL), MR_OK);
    assert_int_equal(mr_suspect_names_add(&index, "x_b_as", 3, NULL), MR_OK);
    mr_suspect_names_sort(&index);
    assert_int_equal(mr_suspect_names_find(&index, "aa_id", &hits, NULL), MR_OK);
    assert_int_equal(hits.count, 1);
    assert_int_equal(((struct mr_suspect_hit *)mr_vec_at(&hits, 0))->table, 7);
    assert_false(((struct mr_suspect_hit *)mr_vec_at(&hits, 0))->by_word);
    assert_int_equal(mr_suspect_names_find(&index, "a_id", &hits, NULL), MR_OK);
    assert_int_equal(hits.count, 2);
    assert_int_equal(((struct mr_suspect_hit *)mr_vec_at(&hits, 0))->table, 3);
    mr_vec_release(&hits);
    mr_suspect_names_release(&index);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_each_once),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
