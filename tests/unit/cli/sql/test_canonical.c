/* SPDX-License-Identifier: Apache-2.0 */
/* SQL in its canonical form: what means the same is the same, what proves a difference proves it. */
#include "cli/sql/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

/* A server that knows a few functions. */
static int look(void *ctx, const char *name, struct lc_known_function *out, struct lc_error *err)
{
    static const struct {
        const char *name, *canonical, *definition;
    } known[] = {{"now", "now", NULL},
                 {"substr", "substring", NULL},
                 {"substring", "substring", NULL},
                 {"f", "f", NULL},
                 {"dateDiff", "dateDiff", NULL},
                 {"sum", "sum", NULL},
                 {"variance", "varSamp", NULL},
                 {"varSamp", "varSamp", NULL},
                 {"arrayReduce", "arrayReduce", NULL},
                 {"dictGet", "dictGet", NULL},
                 {"plus1", "plus1", "CREATE FUNCTION plus1 AS x -> (x + 1)"},
                 {"both", "both", "CREATE FUNCTION both AS (x, y) -> (plus1(x) * y)"},
                 {"loop", "loop", "CREATE FUNCTION loop AS x -> loop(x)"},
                 {"none", "none", "CREATE FUNCTION none AS () -> 7"}};

    (void)ctx;
    (void)err;
    *out = (struct lc_known_function){0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(name, known[i].name) == 0)
            *out = (struct lc_known_function){known[i].canonical, known[i].definition};
    }
    return 0;
}

static const struct lc_function_source source = {look, NULL};

/* -1: the same, 1: proven to differ, 0: not the same, and nothing is proven. */
static int compare(const char *x, const char *y)
{
    struct lc_canonical a, b;
    size_t at;
    int answer;

    assert_int_equal(lc_canonical_make(&a, x, strlen(x), "db", &source, NULL), 0);
    assert_int_equal(lc_canonical_make(&b, y, strlen(y), "db", &source, NULL), 0);
    at = lc_canonical_mismatch(&a, &b);
    answer = at == SIZE_MAX ? -1 : lc_canonical_proves(&a, &b, at);
    lc_canonical_release(&a);
    lc_canonical_release(&b);
    return answer;
}

static void test_same_what_a_server_rewrites(void **state)
{
    static const char *const pairs[][2] = {
        {"NOW()", "now()"},
        {"SUBSTR(s, 1)", "substring(s, 1)"},
        {"`s` + \"t\"", "s + t"},
        {"plus1(v)", "v + 1"},
        {"plus1(v + 2) * 3", "((v + 2) + 1) * 3"},
        {"both(v + 1, id)", "((v + 1) + 1) * id"},
        {"f(plus1(v), none())", "f(v + 1, 7)"},
        {"UPDATE v = plus1(v) WHERE plus1(v)", "(UPDATE v = v + 1 WHERE v + 1)"},
        {"UPDATE v = 1, w = plus1(w) IN PARTITION 'p' WHERE 1",
         "(UPDATE v = 1, w = w + 1 IN PARTITION 'p' WHERE 1)"},
        {"UPDATE v = 1 WHERE id IN (SELECT id FROM o)",
         "(UPDATE v = 1 WHERE id IN (SELECT id FROM db.o))"},
        {"UPDATE v = 1 WHERE id IN o", "(UPDATE v = 1 WHERE id IN (db.o))"},
        {"UPDATE v = (SELECT count() FROM o, t AS z JOIN u ON 1) WHERE 1",
         "(UPDATE v = (SELECT count() FROM db.o, db.t AS z JOIN db.u ON 1) WHERE 1)"},
        {"UPDATE s = dictGet('d', 'n', k) WHERE 1", "(UPDATE s = dictGet('db.d', 'n', k) WHERE 1)"},
        {"UPDATE s = joinGet(j, 'n', k) WHERE 1", "(UPDATE s = joinGet(db.j, 'n', k) WHERE 1)"},
        {"((v) + (1))", "v + 1"},
        {"if((id IN (1, 2)), 1, 2)", "if(id IN (1, 2), 1, 2)"},
        {"DELETE WHERE ((id = 1))", "(DELETE WHERE id = 1)"},
        {"dateDiff('DAY', a, b)", "dateDiff('dd', a, b)"},
        {"arrayReduce('SUM', [v])", "arrayReduce('sum', [v])"},
        {"arrayReduce('VARIANCE(1)', [v])", "arrayReduce('varSamp(1)', [v])"},
        {"arrayReduce('SumIF', [v], [w])", "arrayReduce('sumIf', [v], [w])"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (compare(pairs[i][0], pairs[i][1]) != -1)
            fail_msg("not the same: %s | %s", pairs[i][0], pairs[i][1]);
    }
}

static void test_proven_by_what_no_server_rewrites(void **state)
{
    static const char *const pairs[][2] = {
        {"UPDATE v = v + 1 WHERE id = 1", "(UPDATE v = v + 1 WHERE id = 2)"},
        {"UPDATE v = 1 WHERE 1", "(UPDATE w = 1 WHERE 1)"},
        {"UPDATE v = 1 WHERE 1", "(DELETE WHERE 1)"},
        {"UPDATE v = v + 1 WHERE 1", "(UPDATE v = v - 1 WHERE 1)"},
        {"UPDATE v = 'a' WHERE 1", "(UPDATE v = 'b' WHERE 1)"},
        {"MATERIALIZE COLUMN c", "(MATERIALIZE COLUMN d)"},
        {"dateDiff('day', a, b)", "dateDiff('month', a, b)"},
        {"dateDiff(s, 'DAY', b)", "dateDiff(s, 'day', b)"},
        {"arrayReduce('sum', ['A'])", "arrayReduce('sum', ['a'])"},
        {"f('SUM')", "f('sum')"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (compare(pairs[i][0], pairs[i][1]) != 1)
            fail_msg("not proven: %s | %s", pairs[i][0], pairs[i][1]);
    }
}

static void test_nothing_is_proven_of_what_a_server_may_have_written(void **state)
{
    static const char *const pairs[][2] = {
        {"UPDATE v = now() WHERE 1", "(UPDATE v = 1700000000 WHERE 1)"},
        {"UPDATE v = other(v) WHERE 1", "(UPDATE v = (v + 9) WHERE 1)"},
        {"UPDATE v = 1 WHERE id IN (SELECT id FROM o)",
         "(UPDATE v = 1 WHERE id IN (SELECT id FROM x.o))"},
        {"UPDATE s = dictGet('d', 'n', k) WHERE 1", "(UPDATE s = dictGet('x.d', 'n', k) WHERE 1)"},
        {"(a + b) * c", "a + (b * c)"},
        {"loop(v)", "v"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (compare(pairs[i][0], pairs[i][1]) != 0)
            fail_msg("said to be the same, or proven: %s | %s", pairs[i][0], pairs[i][1]);
    }
}

/* Only a server can say which type it is: it is marked, and what is none is not. */
static void test_a_type_in_a_string_is_marked(void **state)
{
    static const struct {
        const char *sql;
        size_t at; /* the word; SIZE_MAX: none is marked */
    } cases[] = {{"CAST(d, 'DATE')", 4},
                 {"CAST('DATE', 'String')", 4},
                 {"JSONExtract(s, 'a', 'INT')", 6},
                 {"JSONExtract(s, 'a', concat('INT', ''))", SIZE_MAX},
                 {"defaultValueOfTypeName('INT')", 2},
                 {"f(d, 'DATE')", SIZE_MAX},
                 {"f(CAST(d + 1, 'DATE'))", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_canonical c;

        assert_int_equal(
            lc_canonical_make(&c, cases[i].sql, strlen(cases[i].sql), "db", &source, NULL), 0);
        for (size_t k = 0; k < c.n; k++)
            if (c.v[k].is_type != (k == cases[i].at))
                fail_msg("%s: word %zu (%s)", cases[i].sql, k, c.v[k].text);
        lc_canonical_release(&c);
    }
}

/* A column that is called as the database is no qualified table. */
static void test_a_database_is_left_out_of_tables_alone(void **state)
{
    (void)state;
    assert_int_not_equal(compare("UPDATE v = db.x WHERE 1", "(UPDATE v = x WHERE 1)"), -1);
    assert_int_not_equal(compare("UPDATE v = f('db.x') WHERE 1", "(UPDATE v = f('x') WHERE 1)"),
                         -1);
}

static void test_a_function_that_calls_itself_ends(void **state)
{
    struct lc_canonical c;

    (void)state;
    assert_int_equal(lc_canonical_make(&c, "loop(1)", 7, "db", &source, NULL), 0);
    assert_true(c.unknown);
    lc_canonical_release(&c);
}

static void test_text_that_does_not_lex_is_an_error(void **state)
{
    struct lc_canonical c;
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_canonical_make(&c, "f('x", 4, "db", &source, &err), LC_ERR_INPUT);
    assert_int_equal(err.byte, 2);
    lc_canonical_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_what_a_server_rewrites),
        cmocka_unit_test(test_proven_by_what_no_server_rewrites),
        cmocka_unit_test(test_nothing_is_proven_of_what_a_server_may_have_written),
        cmocka_unit_test(test_a_type_in_a_string_is_marked),
        cmocka_unit_test(test_a_database_is_left_out_of_tables_alone),
        cmocka_unit_test(test_a_function_that_calls_itself_ends),
        cmocka_unit_test(test_text_that_does_not_lex_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
