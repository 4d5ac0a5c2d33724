/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines and environments: what they amount to, and what is said of bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strings.h"
#include "captured.h"
#include "cli/term/options.h"
#include "cli/term/message.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The values that the command under test parses into. */
static struct {
    bool flag;
    const char *text;
    uint64_t number;
    double real;
    struct lc_strings list;
} got;

static const struct lc_option options[] = {
    {"flag", 'f', LC_OPT_FLAG, &got.flag, NULL, "a flag"},
    {"text", 't', LC_OPT_STRING, &got.text, "TEXT", "some text (default: none)"},
    {"number", 'n', LC_OPT_UINT, &got.number, "N", "a number (default: 7)"},
    {"real", 0, LC_OPT_DOUBLE, &got.real, "X", "a real number"},
    {"list", 'l', LC_OPT_LIST, &got.list, "ITEM",
     "an item; may be given several times, and has a help that does not fit on one line of a "
     "terminal"},
    {0},
};

static const struct lc_command command = {
    .name = "try",
    .synopsis = "[OPTIONS] FILE",
    .about = "Tries options. This paragraph is long enough to be wrapped at the width of a "
             "terminal, once.",
    .options = options,
    .connects = true,
    .examples = "  livecol try x",
};

static const char *const env_names[] = {"CLICKHOUSE_URL", "CLICKHOUSE_PASSWORD",
                                        "CLICKHOUSE_PASSWORD_FILE"};

static void test_values_come_from_the_environment(void **state)
{
    static const struct {
        const char *name;
        enum lc_opt_kind kind;
        const char *env;
    } names[] = {{"migrations-dir", LC_OPT_STRING, "LIVECOL_MIGRATIONS_DIR"},
                 {"url", LC_OPT_STRING, "LIVECOL_URL"},
                 {"dry-run", LC_OPT_FLAG, ""},
                 {"rows", LC_OPT_COUNT, ""},
                 {"table", LC_OPT_STRING, ""}};
    const char *typed[] = {"try", "--text", "typed", NULL}, *bare[] = {"try", NULL};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct lc_option o = {.name = names[i].name, .kind = names[i].kind};
        char env[LC_OPTION_ENV_BYTES];

        assert_string_equal(lc_option_env(&o, env), names[i].env);
    }
    setenv("LIVECOL_TEXT", "set", 1);
    setenv("LIVECOL_NUMBER", "12k", 1);
    setenv("LIVECOL_LIST", "one\ntwo\n", 1);
    setenv("LIVECOL_FLAG", "1", 1);
    assert_int_equal(lc_options_parse(&command, 3, typed, &global, &rest, &err), 0);
    assert_string_equal(got.text, "typed");
    assert_int_equal(got.number, 12000);
    assert_int_equal(got.list.n, 2);
    assert_string_equal(got.list.v[1], "two");
    assert_false(got.flag);
    assert_int_equal(lc_options_parse(&command, 1, bare, &global, &rest, &err), 0);
    assert_string_equal(got.text, "set");
    for (size_t i = 0; i < global.uses_n; i++) {
        if (strcmp(global.uses[i].name, "number") == 0)
            assert_string_equal(global.uses[i].from, "LIVECOL_NUMBER");
        if (strcmp(global.uses[i].name, "real") == 0)
            assert_null(global.uses[i].from);
    }
    setenv("LIVECOL_NUMBER", "many", 1);
    assert_int_equal(lc_options_parse(&command, 1, bare, &global, &rest, &err), LC_ERR_USAGE);
    assert_string_equal(err.msg, "LIVECOL_NUMBER: --number takes a whole number, not \"many\"");
    unsetenv("LIVECOL_TEXT");
    unsetenv("LIVECOL_NUMBER");
    unsetenv("LIVECOL_LIST");
    unsetenv("LIVECOL_FLAG");
}

static int clear(void **state)
{
    (void)state;
    memset(&got, 0, sizeof got);
    got.number = 7;
    for (size_t i = 0; i < sizeof env_names / sizeof env_names[0]; i++)
        unsetenv(env_names[i]);
    return 0;
}

static struct lc_global global;
static struct lc_strings rest;
static struct lc_error err;

/* Parse a line that is split at spaces. */
static int parse(const char *line)
{
    static char copy[1024];
    const char *argv[32] = {"try"};
    int argc = 1;

    err = LC_ERROR_INIT;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return lc_options_parse(&command, argc, argv, &global, &rest, &err);
}

static void test_values_of_every_kind(void **state)
{
    (void)state;
    assert_int_equal(
        parse(
            "one -f --text=a -t b --number 5k -l x two --list=y --real -0.5 --json -q -- --three"),
        0);
    assert_true(got.flag);
    assert_string_equal(got.text, "b");
    assert_int_equal(got.number, 5000);
    assert_true(got.real == -0.5);
    assert_int_equal(got.list.n, 2);
    assert_string_equal(got.list.v[0], "x");
    assert_string_equal(got.list.v[1], "y");
    assert_int_equal(rest.n, 3);
    assert_string_equal(rest.v[0], "one");
    assert_string_equal(rest.v[1], "two");
    assert_string_equal(rest.v[2], "--three");
    assert_true(global.json);
    assert_true(global.quiet);
    assert_false(global.no_color);
}

static void test_defaults_stay(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_false(got.flag);
    assert_null(got.text);
    assert_int_equal(got.number, 7);
    assert_int_equal(got.list.n, 0);
    assert_int_equal(rest.n, 0);
    assert_null(global.backend);
    assert_false(global.json);
}

static void test_numbers_with_units(void **state)
{
    static const struct {
        const char *line;
        uint64_t want;
    } cases[] = {
        {"-n 0", 0},
        {"-n 12", 12},
        {"-n 3k", 3000},
        {"-n 3K", 3000},
        {"-n 20M", 20000000},
        {"-n 2G", 2000000000},
        {"-n 18446744073709551615", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].line), 0);
        assert_true(got.number == cases[i].want);
    }
}

static void test_bad_lines(void **state)
{
    static const struct {
        const char *line, *message, *hint;
    } cases[] = {
        {"--flog", "unknown option --flog", "did you mean --flag?"},
        {"--txet x", "unknown option --txet", "did you mean --text?"},
        {"--connect 3", "unknown option --connect", "did you mean --connect-timeout?"},
        {"--zzzzzz", "unknown option --zzzzzz", "livecol try --help lists the options"},
        {"--flga=3", "unknown option --flga", "did you mean --flag?"},
        {"-z", "unknown option -z", "livecol try --help lists the options"},
        {"--text", "--text needs a value", ""},
        {"--flag=1", "--flag takes no value", ""},
        {"-n x", "--number takes a whole number, not \"x\"", ""},
        {"-n -1", "--number takes a whole number, not \"-1\"", ""},
        {"-n 1.5", "--number takes a whole number, not \"1.5\"", ""},
        {"-n 5kk", "--number takes a whole number, not \"5kk\"", ""},
        {"-n 18446744073709551616", "--number takes a whole number, not \"18446744073709551616\"",
         ""},
        {"-n 18446744073709552k", "--number takes a whole number, not \"18446744073709552k\"", ""},
        {"--number=", "--number takes a whole number, not \"\"", ""},
        {"--real x", "--real takes a number, not \"x\"", ""},
        {"--real inf", "--real takes a number, not \"inf\"", ""},
        {"--real 1e999", "--real takes a number, not \"1e999\"", ""},
        {"--backend native", "--backend is http or embedded, not native", ""},
        {"--backend embedded", "--backend embedded needs --path",
         "--path DIR names the folder that holds the data; livecol up makes a new one"},
        {"--backend embedded --path x -u http://h",
         "--url and --backend embedded exclude each other", ""},
        {"--backend embedded --path x --ca-cert c",
         "--ca-cert, --cert and --key need an https:// URL", ""},
        {"--path x", "--path, --scripts and --functions need --backend embedded", ""},
        {"-u http://h --scripts x", "--path, --scripts and --functions need --backend embedded",
         ""},
        {"-u h:8123", "the URL does not begin with http:// or https://",
         "a URL reads http(s)://user@host:port/database"},
        {"-u https://h --key k", "--key is given without --cert", ""},
        {"-u http://h --timeout 0.0001", "--timeout takes seconds from 0.001 to 1000000", ""},
        {"-u http://h --timeout -1", "--timeout takes a number above 0", ""},
        {"-u http://h --connect-timeout 1e9",
         "--connect-timeout takes seconds from 0.001 to 1000000", ""},
        {"-u http://me:opensesame@h/db",
         "the URL on the command line contains a password, which every user of this machine can "
         "see",
         "put it into CLICKHOUSE_PASSWORD, into the file that CLICKHOUSE_PASSWORD_FILE names, or "
         "the whole URL into "
         "CLICKHOUSE_URL"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].line), LC_ERR_USAGE);
        assert_string_equal(err.msg, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
        assert_int_equal(lc_exit_code(&err), 2);
    }
}

static void test_server_from_the_environment(void **state)
{
    (void)state;
    setenv("CLICKHOUSE_URL", "https://me:open%20sesame@h/db", 1);
    assert_int_equal(parse(""), 0);
    assert_string_equal(global.backend, "http");
    assert_string_equal(global.connect.url, "https://me@h:8443/db");
    assert_string_equal(global.connect.password, "open sesame");
    /* a password of its own variable comes first */
    setenv("CLICKHOUSE_PASSWORD", "other", 1);
    assert_int_equal(parse(""), 0);
    assert_string_equal(global.connect.password, "other");
    /* the option comes before the environment's URL */
    assert_int_equal(parse("-u http://you@g/x --connect-timeout 2 --timeout 0.5"), 0);
    assert_string_equal(global.connect.url, "http://you@g:8123/x");
    assert_string_equal(global.connect.password, "other");
    assert_int_equal(global.connect.connect_timeout_ms, 2000);
    assert_int_equal(global.connect.timeout_ms, 500);
    /* the embedded engine too */
    assert_int_equal(parse("--backend embedded --path /p --functions /f/*.xml"), 0);
    assert_string_equal(global.backend, "embedded");
    assert_true(global.connect.embedded);
    assert_string_equal(global.connect.path, "/p");
    assert_string_equal(global.connect.functions, "/f/*.xml");
    assert_null(global.connect.url);
    /* set but empty is not set */
    setenv("CLICKHOUSE_URL", "", 1);
    assert_int_equal(parse(""), 0);
    assert_null(global.backend);
}

static void write_password(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void test_password_from_a_file(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    int fd = scratch_file(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    setenv("CLICKHOUSE_URL", "http://h", 1);
    setenv("CLICKHOUSE_PASSWORD_FILE", path, 1);
    write_password(path, "sesame\n", 7);
    assert_int_equal(parse(""), 0);
    assert_string_equal(global.connect.password, "sesame");
    write_password(path, " a b \r\n", 7);
    assert_int_equal(parse(""), 0);
    assert_string_equal(global.connect.password, " a b ");
    write_password(path, "", 0);
    assert_int_equal(parse(""), 0);
    assert_string_equal(global.connect.password, "");
    write_password(path, "a\nb\n", 4);
    assert_int_equal(parse(""), LC_ERR_USAGE);
    assert_non_null(strstr(err.msg, "does not hold one line of up to 4096 bytes"));
    write_password(path, "a\0b", 3);
    assert_int_equal(parse(""), LC_ERR_USAGE);
    setenv("CLICKHOUSE_PASSWORD", "x", 1);
    assert_int_equal(parse(""), LC_ERR_USAGE);
    assert_string_equal(err.msg, "CLICKHOUSE_PASSWORD and CLICKHOUSE_PASSWORD_FILE are both set");
    unsetenv("CLICKHOUSE_PASSWORD");
    unlink(path);
    assert_int_equal(parse(""), LC_ERR_IO);
    assert_non_null(strstr(err.msg, "No such file or directory"));
}

static void test_no_server_is_named(void **state)
{
    struct lc_backend *b = NULL;

    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(lc_connection_open(&global, &b, &err), LC_ERR_USAGE);
    assert_null(b);
    assert_string_equal(err.msg, "no server is named");
    assert_non_null(strstr(err.hint, "CLICKHOUSE_URL"));
    assert_non_null(strstr(err.hint, "--backend embedded --path DIR"));
}

/* Every option of the table is in the help, with its argument and its text, and nothing is too
 * wide. */
static void test_help_agrees_with_the_table(void **state)
{
    static const char *const common[] = {"-u, --url URL",
                                         "--backend http|embedded",
                                         "--ca-cert FILE",
                                         "--json",
                                         "-q, --quiet",
                                         "--no-color",
                                         "-h, --help",
                                         "CLICKHOUSE_PASSWORD_FILE",
                                         "Examples:\n  livecol try x\n"};
    struct captured c;
    char text[8192];
    int rc;

    (void)state;
    capture_begin(&c, stdout);
    rc = parse("--help --backend embedded");
    capture_end(&c, text, sizeof text);
    assert_int_equal(rc, LC_HELP_PRINTED);
    assert_int_equal(err.code, 0);
    assert_int_equal(lc_exit_code(&err), 0);
    assert_int_equal(strncmp(text, "Usage: livecol try [OPTIONS] FILE\n\n", 35), 0);
    for (const struct lc_option *o = options; o->name; o++) {
        char want[128];
        char first_word[32];

        snprintf(want, sizeof want, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        assert_non_null(strstr(text, want));
        snprintf(first_word, sizeof first_word, "%.*s", (int)strcspn(o->help, " "), o->help);
        assert_non_null(strstr(strstr(text, want), first_word));
    }
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        assert_non_null(strstr(text, common[i]));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_values_of_every_kind, clear),
        cmocka_unit_test_setup(test_defaults_stay, clear),
        cmocka_unit_test_setup(test_numbers_with_units, clear),
        cmocka_unit_test_setup(test_bad_lines, clear),
        cmocka_unit_test_setup(test_server_from_the_environment, clear),
        cmocka_unit_test_setup(test_password_from_a_file, clear),
        cmocka_unit_test_setup(test_no_server_is_named, clear),
        cmocka_unit_test_setup(test_values_come_from_the_environment, clear),
        cmocka_unit_test_setup(test_help_agrees_with_the_table, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
