/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the tokens of a text: what is passed over, how deep, and what comes next. */
#include "cli/sql/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Every token with its depth, as "f0 (0 a1 )0". */
static void show(const char *text, char *out, size_t size)
{
    struct lc_walk w = lc_walk_text(text);
    size_t n = 0;

    out[0] = '\0';
    while (lc_walk_next(&w))
        n += (size_t)snprintf(out + n, size - n, "%s%.*s%u", n ? " " : "", (int)w.tok.n, w.tok.p,
                              w.depth);
    assert_int_equal(w.tok.kind, LC_TOK_END);
    assert_false(lc_walk_next(&w));
}

static void test_depth_counts_brackets_that_are_open(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {" -- only a comment\n", ""},
        {"f(a, [b /* ( */], {c})", "f0 (0 a1 ,1 [1 b2 ]1 ,1 {1 c2 }1 )0"},
        {"a) b", "a0 )0 b0"},
        {"'(' (x", "'('0 (0 x1"},
        {"((x))y", "(0 (1 x2 )1 )0 y0"},
    };
    char got[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        show(cases[i].text, got, sizeof got);
        assert_string_equal(got, cases[i].want);
    }
}

static void test_before_and_peek_are_the_neighbours(void **state)
{
    struct lc_walk w = lc_walk_text("a /* x */ . `b`");

    (void)state;
    assert_int_equal(w.tok.kind, LC_TOK_END);
    assert_true(lc_walk_next(&w));
    assert_int_equal(w.before.kind, LC_TOK_END);
    assert_true(lc_tok_is_named(&w.tok, "a"));
    assert_true(lc_walk_next(&w));
    assert_true(lc_tok_is(&w.before, "a"));
    assert_int_equal(lc_walk_peek(&w).kind, LC_TOK_QUOTED);
    assert_true(lc_tok_symbol(&w.tok, '.'));
    assert_true(lc_walk_next(&w));
    assert_true(lc_tok_is_named(&w.tok, "b"));
    assert_int_equal(lc_walk_peek(&w).kind, LC_TOK_END);
    assert_true(lc_walk_at_end(&w));
}

static void test_accept_takes_all_words_or_none(void **state)
{
    struct lc_walk w = lc_walk_text("(materialize /* */ Column c)");

    (void)state;
    assert_false(lc_walk_accept(&w, "MATERIALIZE"));
    assert_true(lc_walk_accept_symbol(&w, '('));
    assert_false(lc_walk_accept_symbol(&w, '('));
    assert_false(lc_walk_accept(&w, "MATERIALIZE INDEX"));
    assert_true(lc_tok_symbol(&w.tok, '('));
    assert_true(lc_walk_accept(&w, "MATERIALIZE COLUMN"));
    assert_true(lc_tok_is(&w.tok, "COLUMN"));
    assert_int_equal(w.depth, 1);
    assert_int_equal(lc_walk_rest(&w).n, strlen(" c)"));
    assert_false(lc_walk_accept(&w, "C C"));
    assert_true(lc_walk_accept(&w, "C"));
    assert_true(lc_walk_accept_symbol(&w, ')'));
    assert_false(lc_walk_accept(&w, "C"));
    assert_true(lc_walk_at_end(&w));
}

static void test_text_that_does_not_end_is_an_error(void **state)
{
    static const char text[] = "a 'b";
    struct lc_walk w = lc_walk_text(text);
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_true(lc_walk_next(&w));
    assert_int_equal(w.rc, 0);
    assert_int_equal(lc_walk_error(&w, &err), 0);
    assert_int_equal(lc_walk_peek(&w).kind, LC_TOK_END);
    assert_false(lc_walk_at_end(&w));
    assert_false(lc_walk_accept(&w, "b"));
    assert_false(lc_walk_next(&w));
    assert_int_equal(w.rc, LC_ERR_INPUT);
    assert_int_equal(lc_walk_error(&w, &err), LC_ERR_INPUT);
    assert_int_equal(err.byte, 2);
    assert_false(lc_walk_next(&w));
    assert_int_equal(w.rc, LC_ERR_INPUT);
}

static void test_skip_goes_on_from_a_byte(void **state)
{
    static const char text[] = "f(a, b) + c";
    struct lc_walk w = lc_walk(text, strlen(text));

    (void)state;
    assert_true(lc_walk_next(&w));
    lc_walk_skip_to(&w, 7);
    assert_true(lc_walk_accept_symbol(&w, '+'));
    lc_walk_skip_to(&w, 1000);
    assert_true(lc_walk_at_end(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth_counts_brackets_that_are_open),
        cmocka_unit_test(test_before_and_peek_are_the_neighbours),
        cmocka_unit_test(test_accept_takes_all_words_or_none),
        cmocka_unit_test(test_text_that_does_not_end_is_an_error),
        cmocka_unit_test(test_skip_goes_on_from_a_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
