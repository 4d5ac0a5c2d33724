/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told, without secrets, and the exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/secret.h"
#include "base/utf8.h"
#include "captured.h"
#include "base/signals.h"
#include "cli/term/message.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char text[8192];

static void test_messages_and_hints(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct captured c;

    (void)state;
    lc_message_init(true, false);
    capture_begin(&c, stderr);
    lc_complain(&err);
    lc_say("%d files", 3);
    lc_warn("odd");
    lc_fail(&err, LC_ERR_IO, "it broke");
    lc_complain(&err);
    lc_hint(&err, "fix it");
    lc_complain(&err);
    capture_end(&c, text, sizeof text);
    assert_string_equal(text,
                        "3 files\nlivecol: warning: odd\nlivecol: it broke\nlivecol: it broke\n"
                        "  hint: fix it\n");
}

static void test_names_do_not_steer_the_terminal(void **state)
{
    struct captured c;

    (void)state;
    lc_message_init(true, false);
    capture_begin(&c, stderr);
    lc_say("table %s", "a\nb\x1b[31mc\x7f \xc2\x9b \xc3\xbc");
    capture_end(&c, text, sizeof text);
    assert_string_equal(text, "table a?b?[31mc? ?? \xc3\xbc\n");
}

/* A line that is redrawn stays on one row of the terminal, whatever its characters take. */
static void test_room_of_a_narrow_terminal(void **state)
{
    struct captured c;
    int narrow, wide, whole, none;

    (void)state;
    capture_begin(&c, stderr); /* no terminal, which would tell its size */
    setenv("COLUMNS", "11", 1);
    narrow = lc_message_room("0123456789abc");
    wide =
        lc_message_room("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97");
    whole = lc_message_room("\xc3\xbc\xc3\xbc");
    setenv("COLUMNS", "none", 1);
    none = lc_message_room("0123456789abc");
    unsetenv("COLUMNS");
    capture_end(&c, text, sizeof text);
    assert_int_equal(narrow, 10);
    assert_int_equal(wide, 15); /* five characters, two columns each */
    assert_int_equal(whole, 4);
    assert_int_equal(none, 13);
}

/* A window that is resized between two redraws: the next one stays within it. */
static void test_line_follows_the_window(void **state)
{
    struct winsize size = {.ws_row = 24};
    static const unsigned short widths[] = {80, 11, 2, 30};
    static const char line[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    int terminal, own, kept = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(openpty(&terminal, &own, NULL, NULL, NULL), 0);
    assert_true(dup2(own, STDERR_FILENO) >= 0);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        size_t wanted = widths[i] - 1U < sizeof line - 1 ? widths[i] - 1U : sizeof line - 1;
        char got[128];

        size.ws_col = widths[i];
        assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
        lc_message_redraw(line);
        assert_int_equal(read(terminal, got, sizeof got), (ssize_t)(wanted + 4));
        assert_memory_equal(got, "\r\x1b[K", 4);
        assert_memory_equal(got + 4, line, wanted);
    }
    lc_message_erase();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(own);
    close(terminal);
}

/* A text that is cut to its room ends with a whole character. */
static void test_cut_at_a_character(void **state)
{
    static const char *const cases[][2] = {{"a\xc3", "a"},
                                           {"a\xe2\x82", "a"},
                                           {"\xf0\x9f\x98", ""},
                                           {"a\xc3\xbc", "a\xc3\xbc"},
                                           {"\xe2\x82\xac", "\xe2\x82\xac"},
                                           {"abc", "abc"},
                                           {"", ""},
                                           {"a\x82", "a\x82"}};
    struct lc_error err = LC_ERROR_INIT;
    char s[16], *end;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(s, sizeof s, "%s", cases[i][0]);
        lc_utf8_cut(s);
        assert_string_equal(s, cases[i][1]);
    }
    memset(text, 0, sizeof text);
    for (size_t i = 0; i + 3 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    lc_fail(&err, LC_ERR_IO, "x%s", text); /* longer than a message may be, by an odd byte */
    end = err.msg + strlen(err.msg);
    assert_int_equal(lc_utf8_char(end - 2, 2), 2);
}

/* What steers, hides or turns text never comes out: neither in talk nor in a message's own cut. */
static void test_unicode_that_steers(void **state)
{
    static const char *const odd[] = {
        "\x07",     "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x81\xa6", "\xef\xbb\xbf",
        "\xd8\x9c", "\xff",     "\xe2\x80",     "\xc0\xaf",     "\xed\xa0\x80", "\xf3\xa0\x81\x81"};
    char shown[64], s[16], want[16];

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t n = strlen(odd[i]);

        snprintf(s, sizeof s, "a%sb", odd[i]);
        memset(want, '?', sizeof want);
        want[0] = 'a';
        want[n + 1] = 'b';
        want[n + 2] = '\0';
        lc_message_plain(s);
        assert_string_equal(s, want);
        lc_printable(odd[i], n, shown, sizeof shown);
        assert_int_equal(strlen(shown), 4 * n);
        assert_int_equal(strncmp(shown, "\\x", 2), 0);
    }
    snprintf(s, sizeof s, "%s", "\xc3\xbc\xe2\x9c\x93\xf0\x9f\x98\x80");
    snprintf(want, sizeof want, "%s", s);
    lc_message_plain(s);
    assert_string_equal(s, want);
}

static void test_quiet_silences_talk_alone(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct captured c;

    (void)state;
    lc_message_init(true, true);
    lc_fail(&err, LC_ERR_IO, "it broke");
    capture_begin(&c, stderr);
    lc_say("hello");
    lc_warn("odd");
    lc_complain(&err);
    capture_end(&c, text, sizeof text);
    assert_string_equal(text, "livecol: warning: odd\nlivecol: it broke\n");
    lc_message_init(true, false);
}

static void test_secrets_are_redacted(void **state)
{
    char s[] = "hunter2 at hunter2, xx and a.b";
    struct captured c;

    (void)state;
    lc_secret_add(NULL);
    lc_secret_add("");
    lc_secret_add("hunter2");
    lc_secret_add("hunter2");
    lc_secret_add("xx");
    lc_secret_redact(s);
    assert_string_equal(s, "*** at ***, ** and a.b");
    capture_begin(&c, stderr);
    lc_say("the password is %s", "hunter2");
    capture_end(&c, text, sizeof text);
    assert_string_equal(text, "the password is ***\n");
}

/* Wherever a text is cut, no part of a password is left. Any number of them is known. */
static void test_secrets_are_redacted_before_the_cut(void **state)
{
    static const char secret[] = "Q#example!x";
    struct lc_error err;
    char name[32], small[40], fill[sizeof err.msg + 1];

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "one-of-many-%02d-", i);
        lc_secret_add(name);
    }
    lc_secret_add(secret);
    lc_secret_add("Q#example!x-and-longer");
    memset(fill, 'f', sizeof fill);
    for (size_t at = sizeof err.msg - 2 * sizeof secret; at < sizeof err.msg; at++) {
        err = LC_ERROR_INIT;
        lc_fail(&err, LC_ERR_IO, "%.*s%s-%s", (int)at, fill, secret, secret);
        assert_null(strchr(err.msg, 'Q'));
        assert_non_null(strchr(err.msg + (at < sizeof err.msg - 1 ? at : 0),
                               at < sizeof err.msg - 1 ? '*' : 'f'));
    }
    for (size_t size = 1; size < sizeof small; size++) {
        snprintf(fill, sizeof fill, "at %s-and-longer, one-of-many-39-!", secret);
        lc_printable(fill, strlen(fill), small, size);
        assert_null(strchr(small, 'Q'));
        assert_null(strstr(small, "one"));
        assert_null(strstr(small, "longer"));
    }
    lc_printable(fill, strlen(fill), small, sizeof small);
    assert_string_equal(small, "at ***, ***!");
}

static void test_long_lines_are_cut_not_lost(void **state)
{
    static char line[10000];
    struct captured c;

    (void)state;
    memset(line, 'y', sizeof line - 1);
    capture_begin(&c, stderr);
    lc_say("%s", line);
    capture_end(&c, text, sizeof text);
    assert_int_equal(strlen(text), 4096);
    assert_int_equal(text[4095], '\n');
}

static void test_exit_codes(void **state)
{
    static const int cases[][2] = {
        {LC_OK, 0},          {LC_ERR_NOMEM, 1},  {LC_ERR_IO, 1},        {LC_ERR_INPUT, 1},
        {LC_ERR_USAGE, 2},   {LC_ERR_SERVER, 1}, {LC_ERR_NOT_SENT, 1},  {LC_ERR_UNKNOWN, 7},
        {LC_ERR_REFUSED, 3}, {LC_ERR_LOCKED, 5}, {LC_ERR_STOPPED, 130}, {LC_ERR_FOUND, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = {.code = cases[i][0]};

        assert_int_equal(lc_exit_code(&err), cases[i][1]);
    }
}

static void test_first_signal_asks_to_stop(void **state)
{
    struct lc_error err = {.code = LC_ERR_STOPPED};

    (void)state;
    lc_stop_init();
    lc_stop_init();
    assert_false(lc_stop_asked());
    assert_int_equal(lc_stop_exit_code(), 0);
    raise(SIGPIPE);
    assert_false(lc_stop_asked());
    raise(SIGTERM);
    assert_true(lc_stop_asked());
    assert_true(atomic_load(lc_stop_flag()));
    assert_int_equal(lc_stop_exit_code(), 143);
    assert_int_equal(lc_exit_code(&err), 143);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_and_hints),
        cmocka_unit_test(test_names_do_not_steer_the_terminal),
        cmocka_unit_test(test_quiet_silences_talk_alone),
        cmocka_unit_test(test_secrets_are_redacted),
        cmocka_unit_test(test_room_of_a_narrow_terminal),
        cmocka_unit_test(test_line_follows_the_window),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_unicode_that_steers),
        cmocka_unit_test(test_secrets_are_redacted_before_the_cut),
        cmocka_unit_test(test_long_lines_are_cut_not_lost),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_first_signal_asks_to_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
