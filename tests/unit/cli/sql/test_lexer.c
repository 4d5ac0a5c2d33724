/* SPDX-License-Identifier: Apache-2.0 */
/* The lexer and the splitter: what hides a `;`, where data ends, and what does not end at all. */
#include "cli/sql/lexer.h"
#include "cli/sql/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Text, and the statements that it holds, NULL at the end. */
struct split_case {
    const char *what;
    const char *text;
    const char *want[6];
};

static const struct split_case split_cases[] = {
    {"nothing", "", {NULL}},
    {"blanks only", " \n\t\r\n", {NULL}},
    {"a comment only", "-- hello; there\n", {NULL}},
    {"separators only", ";;\n;", {NULL}},
    {"one, no separator", "SELECT 1", {"SELECT 1"}},
    {"one, with separator", "SELECT 1;", {"SELECT 1"}},
    {"two", "SELECT 1; SELECT 2;\n", {"SELECT 1", "SELECT 2"}},
    {"empty ones between", "SELECT 1;; ;SELECT 2", {"SELECT 1", "SELECT 2"}},
    {"semicolon in a string", "SELECT ';';SELECT 2", {"SELECT ';'", "SELECT 2"}},
    {"backslash before a quote", "SELECT '\\';';SELECT 2", {"SELECT '\\';'", "SELECT 2"}},
    {"doubled quote", "SELECT 'a'';b';SELECT 2", {"SELECT 'a'';b'", "SELECT 2"}},
    {"backslash ends a string's text", "SELECT '\\\\';SELECT ';'", {"SELECT '\\\\'", "SELECT ';'"}},
    {"backslash before doubled quotes", "SELECT '\\''''; SELECT 2", {"SELECT '\\''''", "SELECT 2"}},
    {"newlines in a string", "SELECT '\n;\n';SELECT 2", {"SELECT '\n;\n'", "SELECT 2"}},
    {"comment marks in a string", "SELECT '--;/*';SELECT 2", {"SELECT '--;/*'", "SELECT 2"}},
    {"backticks", "SELECT `a;b`;SELECT 2", {"SELECT `a;b`", "SELECT 2"}},
    {"escaped backtick", "SELECT `a\\`;b`;SELECT 2", {"SELECT `a\\`;b`", "SELECT 2"}},
    {"doubled backtick", "SELECT `a``;b`;SELECT 2", {"SELECT `a``;b`", "SELECT 2"}},
    {"double quotes", "SELECT \"a;b\";SELECT 2", {"SELECT \"a;b\"", "SELECT 2"}},
    {"escaped double quote", "SELECT \"a\\\";b\";SELECT 2", {"SELECT \"a\\\";b\"", "SELECT 2"}},
    {"doubled double quote", "SELECT \"a\"\";\";SELECT 2", {"SELECT \"a\"\";\"", "SELECT 2"}},
    {"quotes of the other kind", "SELECT \"';\";SELECT '\";'", {"SELECT \"';\"", "SELECT '\";'"}},
    {"line comment", "SELECT 1 -- ; no\n;SELECT 2", {"SELECT 1", "SELECT 2"}},
    {"line comment within", "SELECT -- ;\n 1;", {"SELECT -- ;\n 1"}},
    {"line comment without a blank", "SELECT 1 --;\n+1;", {"SELECT 1 --;\n+1"}},
    {"line comment at the end of file", "SELECT 1; -- ;", {"SELECT 1"}},
    {"quote in a line comment", "-- don't;\nSELECT 1;SELECT 2", {"SELECT 1", "SELECT 2"}},
    {"hash comment", "# it's; one\nSELECT 1;", {"SELECT 1"}},
    {"shebang comment", "#!/usr/bin/env client ;\nSELECT 1;", {"SELECT 1"}},
    {"a hash alone is no comment", "SELECT #;SELECT 2", {"SELECT #", "SELECT 2"}},
    {"block comment", "SELECT /* ; ' */ 1;SELECT 2", {"SELECT /* ; ' */ 1", "SELECT 2"}},
    {"nested comment", "/* a /* ; */ ; */SELECT 1;", {"SELECT 1"}},
    {"line comment in a block comment", "/* -- */SELECT 1;", {"SELECT 1"}},
    {"comment mark that overlaps", "/*/ ; */SELECT 1;", {"SELECT 1"}},
    {"division is no comment", "SELECT 4/2;SELECT 2*/1", {"SELECT 4/2", "SELECT 2*/1"}},
    {"minus is no comment", "SELECT 4-2;SELECT - -1", {"SELECT 4-2", "SELECT - -1"}},
    {"heredoc", "SELECT $a$;'$a$;SELECT 2", {"SELECT $a$;'$a$", "SELECT 2"}},
    {"heredoc without a tag", "SELECT $$;$$;SELECT 2", {"SELECT $$;$$", "SELECT 2"}},
    {"heredoc with another inside", "SELECT $a$ $b$; $a$;", {"SELECT $a$ $b$; $a$"}},
    {"dollar in a name", "SELECT a$b$;SELECT 2", {"SELECT a$b$", "SELECT 2"}},
    {"dollar alone", "SELECT $;SELECT 2", {"SELECT $", "SELECT 2"}},
    {"typographic quotes",
     "SELECT \xe2\x80\x98;\xe2\x80\x99;SELECT 2",
     {"SELECT \xe2\x80\x98;\xe2\x80\x99", "SELECT 2"}},
    {"a BOM", "\xef\xbb\xbfSELECT 1;", {"SELECT 1"}},
    {"CR LF", "SELECT 1;\r\nSELECT 2;\r\n", {"SELECT 1", "SELECT 2"}},
    {"other scripts", "SELECT '\xd0\xb6;' AS \xd0\xb6;", {"SELECT '\xd0\xb6;' AS \xd0\xb6"}},
    {"comment before a statement", "-- why\nSELECT 1;", {"SELECT 1"}},
    {"comment behind a statement", "SELECT 1 /* why */;", {"SELECT 1"}},
    {"breakpoint", "SELECT 1\n--> statement-breakpoint\nSELECT 2", {"SELECT 1", "SELECT 2"}},
    {"breakpoint behind", "SELECT 1;--> statement-breakpoint\nSELECT 2", {"SELECT 1", "SELECT 2"}},
    {"breakpoint in a string",
     "SELECT '\n--> statement-breakpoint\n'",
     {"SELECT '\n--> statement-breakpoint\n'"}},
    {"directive ends a statement", "SELECT 1\n-- migrate:down\nSELECT 2", {"SELECT 1", "SELECT 2"}},
    {"directive in a block comment", "/*\n-- migrate:sideways\n*/SELECT 1", {"SELECT 1"}},
    {"VALUES",
     "INSERT INTO t VALUES (1,';'),(2,'x');SELECT 2",
     {"INSERT INTO t VALUES (1,';'),(2,'x')", "SELECT 2"}},
    {"VALUES over lines",
     "INSERT INTO t (a) VALUES\n(1),\n\n(2);\nSELECT 2",
     {"INSERT INTO t (a) VALUES\n(1),\n\n(2)", "SELECT 2"}},
    {"FORMAT Values",
     "INSERT INTO t FORMAT Values (';');SELECT 2",
     {"INSERT INTO t FORMAT Values (';')", "SELECT 2"}},
    {"FORMAT on one line",
     "INSERT INTO t FORMAT CSV 1;2\n\nSELECT 2",
     {"INSERT INTO t FORMAT CSV 1;2\n", "SELECT 2"}},
    {"FORMAT to a blank line",
     "INSERT INTO t FORMAT CSV\n1,'a\n2,\"b;\n\nSELECT 2;",
     {"INSERT INTO t FORMAT CSV\n1,'a\n2,\"b;\n", "SELECT 2"}},
    {"FORMAT to the end of file",
     "INSERT INTO t FORMAT TSV\na\tb;",
     {"INSERT INTO t FORMAT TSV\na\tb;"}},
    {"FORMAT to a directive",
     "INSERT INTO t FORMAT CSV\n1\n-- migrate:down\nSELECT 2",
     {"INSERT INTO t FORMAT CSV\n1\n", "SELECT 2"}},
    {"FORMAT to a breakpoint",
     "INSERT INTO t FORMAT CSV\n1\n--> statement-breakpoint\nSELECT 2",
     {"INSERT INTO t FORMAT CSV\n1\n", "SELECT 2"}},
    {"FORMAT without data",
     "INSERT INTO t FORMAT CSV ;SELECT 2",
     {"INSERT INTO t FORMAT CSV", "SELECT 2"}},
    {"FORMAT JSONEachRow",
     "insert into t format JSONEachRow {\"a\":\"it's\"};\n\nSELECT 2",
     {"insert into t format JSONEachRow {\"a\":\"it's\"};\n", "SELECT 2"}},
    {"FORMAT behind SETTINGS",
     "INSERT INTO t SETTINGS a=1 FORMAT CSV\n'\n\nSELECT 2",
     {"INSERT INTO t SETTINGS a=1 FORMAT CSV\n'\n", "SELECT 2"}},
    {"columns named like keywords",
     "INSERT INTO t (from, values, format) FORMAT CSV\n'\n\nSELECT 2",
     {"INSERT INTO t (from, values, format) FORMAT CSV\n'\n", "SELECT 2"}},
    {"a table named format",
     "INSERT INTO format (a) VALUES (1);SELECT 2",
     {"INSERT INTO format (a) VALUES (1)", "SELECT 2"}},
    {"INSERT SELECT takes no data",
     "INSERT INTO t SELECT 1 FORMAT Null;SELECT 2",
     {"INSERT INTO t SELECT 1 FORMAT Null", "SELECT 2"}},
    {"INSERT (SELECT)",
     "INSERT INTO t (SELECT 1);SELECT 2",
     {"INSERT INTO t (SELECT 1)", "SELECT 2"}},
    {"INSERT FROM INFILE",
     "INSERT INTO t FROM INFILE 'x' FORMAT CSV;SELECT 2",
     {"INSERT INTO t FROM INFILE 'x' FORMAT CSV", "SELECT 2"}},
    {"input() takes data",
     "INSERT INTO t SELECT a FROM input('a String') FORMAT CSV\n'\n\nSELECT 2",
     {"INSERT INTO t SELECT a FROM input('a String') FORMAT CSV\n'\n", "SELECT 2"}},
    {"SELECT … FORMAT takes none",
     "SELECT 1 FORMAT CSV;SELECT 2",
     {"SELECT 1 FORMAT CSV", "SELECT 2"}},
};

static void check_join(const struct lc_split *s, const char *text, size_t n)
{
    size_t at = 0;
    uint64_t line = 1;

    for (size_t i = 0; i < s->n; i++) {
        assert_int_equal(s->v[i].at, at);
        assert_int_equal(s->v[i].line, line);
        assert_true(s->v[i].n > 0);
        for (size_t k = 0; k < s->v[i].n; k++)
            line += text[at + k] == '\n';
        at += s->v[i].n;
    }
    assert_int_equal(at, n);
}

static void check_split(const struct split_case *c)
{
    struct lc_split s;
    struct lc_error err = LC_ERROR_INIT;
    size_t k = 0;

    print_message("  %s\n", c->what);
    assert_int_equal(lc_split_split(&s, c->text, strlen(c->text), &err), 0);
    check_join(&s, c->text, strlen(c->text));
    for (size_t i = 0; i < s.n; i++) {
        if (s.v[i].kind != LC_PIECE_STATEMENT)
            continue;
        assert_non_null(c->want[k]);
        assert_int_equal(s.v[i].n, strlen(c->want[k]));
        assert_memory_equal(c->text + s.v[i].at, c->want[k], s.v[i].n);
        k++;
    }
    assert_null(c->want[k]);
    lc_split_release(&s);
}

static void test_split_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof split_cases / sizeof *split_cases; i++)
        check_split(&split_cases[i]);
}

/* Text that is refused: the byte and the line at which it went wrong, and the words for it. */
static const struct {
    const char *text;
    size_t n; /* 0: strlen */
    uint64_t byte, line;
    const char *msg;
} refused[] = {
    {"SELECT 'a", 0, 7, 1,
     "a string does not end: it begins at line 1, byte 7, and needs a closing '"},
    {"SELECT 1;\n SELECT 'a\\'", 0, 18, 2,
     "a string does not end: it begins at line 2, byte 18, and needs a closing '"},
    {"SELECT 'a''", 0, 7, 1,
     "a string does not end: it begins at line 1, byte 7, and needs a closing '"},
    {"SELECT 'a\\", 0, 7, 1,
     "a string does not end: it begins at line 1, byte 7, and needs a closing '"},
    {"SELECT `a;\n", 0, 7, 1,
     "a quoted identifier does not end: it begins at line 1, byte 7, and needs a closing `"},
    {"\n\nSELECT \"a;", 0, 9, 3,
     "a quoted identifier does not end: it begins at line 3, byte 9, and needs a closing \""},
    {"SELECT 1;\n/* a /* b */ SELECT 2;", 0, 10, 2,
     "a comment does not end: it begins at line 2, byte 10, and needs a closing */ for each /*"},
    {"/*/", 0, 0, 1,
     "a comment does not end: it begins at line 1, byte 0, and needs a closing */ for each /*"},
    {"SELECT $x$ ; $y$", 0, 7, 1,
     "a heredoc does not end: it begins at line 1, byte 7, and needs its closing $tag$"},
    {"SELECT $$ ;", 0, 7, 1,
     "a heredoc does not end: it begins at line 1, byte 7, and needs its closing $tag$"},
    {"SELECT \xe2\x80\x98 a", 0, 7, 1,
     "a string does not end: it begins at line 1, byte 7, and needs a closing U+2019 quote"},
    {"SELECT 1;\nSEL\0ECT", 17, 13, 2, "a NUL byte (byte 13 of the file): is it UTF-8?"},
    {"-- migrate:updown\n", 0, 0, 1,
     "no such directive: -- migrate:updown (there are up, down, rederive, requires NNNN, "
     "settings, vars, and allow-unsafe REASON)"},
    {"SELECT 1;\n  -- migrate:requires\n", 0, 12, 2,
     "no such directive: -- migrate:requires (there are up, down, rederive, requires NNNN, "
     "settings, vars, and allow-unsafe REASON)"},
    {"--migrate:up twice", 0, 0, 1,
     "no such directive: -- migrate:up twice (there are up, down, rederive, requires NNNN, "
     "settings, vars, and allow-unsafe REASON)"},
};

static void test_split_refuses_what_does_not_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct lc_split s;
        struct lc_error err = LC_ERROR_INIT;
        size_t n = refused[i].n ? refused[i].n : strlen(refused[i].text);

        assert_int_equal(lc_split_split(&s, refused[i].text, n, &err), LC_ERR_INPUT);
        assert_string_equal(err.msg, refused[i].msg);
        assert_int_equal(err.byte, refused[i].byte);
        assert_int_equal(err.row + 1, refused[i].line);
        assert_null(s.v);
    }
}

static void test_split_gives_directives(void **state)
{
    static const char text[] = "-- migrate:requires 0003\r\n--migrate:up\nSELECT 1;\n"
                               "\t--  migrate:down \nSELECT 2 -- migrate:up\n;\n"
                               "-- migrate:rederive\nSELECT 3";
    static const enum lc_piece_kind want[] = {
        LC_PIECE_REQUIRES,  LC_PIECE_UP,       LC_PIECE_STATEMENT,
        LC_PIECE_SEPARATOR, LC_PIECE_DOWN,     LC_PIECE_STATEMENT,
        LC_PIECE_SEPARATOR, LC_PIECE_REDERIVE, LC_PIECE_STATEMENT};
    static const uint64_t lines[] = {1, 2, 3, 3, 4, 5, 6, 7, 8};
    struct lc_split s;
    struct lc_error err = LC_ERROR_INIT;
    size_t k = 0;

    (void)state;
    assert_int_equal(lc_split_split(&s, text, sizeof text - 1, &err), 0);
    check_join(&s, text, sizeof text - 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.v[i].kind == LC_PIECE_SPACE)
            continue;
        assert_true(k < sizeof want / sizeof *want);
        assert_int_equal(s.v[i].kind, want[k]);
        assert_int_equal(s.v[i].line, lines[k]);
        if (s.v[i].kind == LC_PIECE_REQUIRES) {
            assert_int_equal(s.v[i].arg.n, 4);
            assert_memory_equal(s.v[i].arg.p, "0003", 4);
        }
        k++;
    }
    assert_int_equal(k, sizeof want / sizeof *want);
    lc_split_release(&s);
}

/* However a file is cut, its pieces join to the cut text, or the cut is refused. */
static void test_split_joins_when_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof split_cases / sizeof *split_cases; i++) {
        const char *text = split_cases[i].text;

        for (size_t n = 0; n <= strlen(text); n++) {
            struct lc_split s;
            struct lc_error err = LC_ERROR_INIT;
            int rc = lc_split_split(&s, text, n, &err);

            if (rc == 0)
                check_join(&s, text, n);
            else
                assert_int_equal(rc, LC_ERR_INPUT);
            lc_split_release(&s);
        }
    }
}

static void check_name(const char *text, const char *want)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;
    char *name;

    assert_int_equal(lc_lex_next(&lex, &tok, NULL), 0);
    name = lc_tok_name(&tok);
    assert_string_equal(name, want);
    free(name);
}

static void test_names_lose_their_quotes(void **state)
{
    (void)state;
    check_name("plain x", "plain");
    check_name("`a\\`b``c\\\\`", "a`b`c\\");
    check_name("\"a\"\"b\\\"c\"", "a\"b\"c");
    check_name("'tab\\tnew\\nx\\x41\\q'", "tab\tnew\nxA\\q");
    check_name("'\\x4'", "\\x4");
    check_name("`\\e[1m\\N 100\\% \\/\\'`", "\x1b[1m 100\\% /'");
    check_name("\xe2\x80\x9cq\xe2\x80\x9d", "q");
}

static bool same(const char *a, const char *b)
{
    return lc_lex_same(a, strlen(a), b, strlen(b));
}

static void test_same_tokens(void **state)
{
    (void)state;
    assert_true(same("f( a,b )", "f(a, b) -- x"));
    assert_true(same("f(`a`)", "f(a)"));
    assert_true(same("'it''s'", "'it\\'s'"));
    assert_false(same("f(a)", "f(b)"));
    assert_false(same("f(a)", "f(a) + 1"));
    assert_false(same("f('a')", "f(a)"));
    assert_false(same("'a", "'a"));
}

static void test_tokens_of_each_kind(void **state)
{
    static const char text[] = "ALTER `t` 'x' $$y$$ 1.5e-3 /*c*/ .5,0xFFu";
    static const enum lc_tok_kind want[] = {
        LC_TOK_WORD,   LC_TOK_QUOTED, LC_TOK_STRING, LC_TOK_HEREDOC, LC_TOK_NUMBER,
        LC_TOK_SYMBOL, LC_TOK_NUMBER, LC_TOK_SYMBOL, LC_TOK_NUMBER,  LC_TOK_END};
    struct lc_lexer lex = LC_LEXER(text, sizeof text - 1);

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct lc_tok tok;

        assert_int_equal(lc_lex_code(&lex, &tok, NULL), 0);
        assert_int_equal(tok.kind, want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_cases),
        cmocka_unit_test(test_split_refuses_what_does_not_end),
        cmocka_unit_test(test_split_gives_directives),
        cmocka_unit_test(test_split_joins_when_cut_anywhere),
        cmocka_unit_test(test_names_lose_their_quotes),
        cmocka_unit_test(test_same_tokens),
        cmocka_unit_test(test_tokens_of_each_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
