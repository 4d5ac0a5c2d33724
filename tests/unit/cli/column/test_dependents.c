/* SPDX-License-Identifier: Apache-2.0 */
/* Which expressions depend on a function or a dictionary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/column/dependents.h"

static void test_expressions(void **state)
{
    static const struct {
        const char *expr;
        bool depends;
    } cases[] = {
        {"region_v1(user_id)", true},
        {"if(a = '', 'x', `region_v1` (user_id))", true},
        {"region_v10(user_id)", false},
        {"REGION_V1(user_id)", false}, /* such names are told apart by case */
        {"concat('region_v1', user_id)", false},
        {"region_v1", false}, /* a column */
        {"concat(region_v1, '(x)')", false},
        {"upper(x) /* region_v1(y) */", false},
        {"dictGetString('region_v1', 'region', tuple(user_id))", true},
        {"dictGet('analytics.region_v1', 'region', tuple(user_id))", true},
        {"dictGetOrDefault(`region_v1`, 'region', tuple(user_id), '')", true},
        {"dictHas('region_v1', tuple(user_id))", true},
        {"dictGet('region_v2', 'region', tuple(user_id))", false},
        {"dictGet('other', 'region_v1x', tuple(user_id))", false},
        {"SOURCE(CLICKHOUSE(QUERY 'SELECT region_v1(\\'a\\') AS k'))", true},
        {"SOURCE(CLICKHOUSE(TABLE 't' WHERE 'region_v1(k) = 1'))", true},
        {"SOURCE(CLICKHOUSE(QUERY 'SELECT region_v2(k)' TABLE 'region_v1(k)'))", false},
        {"'region_v1", true}, /* cannot be read */
        {"'region_v2", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lc_depends(cases[i].expr, "region_v1") != cases[i].depends)
            fail_msg("%s: expected %d", cases[i].expr, cases[i].depends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
