/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal may be shown of a text, and what is written as its number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/utf8.h"

#include <string.h>

static size_t encode(uint32_t v, char out[5])
{
    size_t n = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;

    memset(out, 0, 5);
    for (size_t i = n; i-- > 1; v >>= 6)
        out[i] = (char)(0x80 | (v & 0x3f));
    out[0] = (char)(n == 1 ? v : v | (0xf00u >> n & 0xffu));
    return n;
}

/* Of each kind its first and its last: they reach nobody as they are. */
static void test_what_steers_or_hides_is_not_shown(void **state)
{
    static const uint32_t hidden[] = {
        0x00,    0x07,    0x08,    0x1b,     0x1f,    0x7f,    0x80,    0x85,    0x9b,
        0x9d,    0x9f,    0xad,    0x34f,    0x61c,   0x115f,  0x1160,  0x17b4,  0x180b,
        0x180e,  0x180f,  0x200b,  0x200c,   0x200d,  0x200e,  0x200f,  0x2028,  0x2029,
        0x202a,  0x202e,  0x2060,  0x2066,   0x2069,  0x206f,  0x2800,  0x3164,  0xfdd0,
        0xfe00,  0xfe0f,  0xfeff,  0xffa0,   0xfff0,  0xfff9,  0xfffb,  0xfffe,  0xffff,
        0x1bca0, 0x1d173, 0x1fffe, 0x10ffff, 0xe0001, 0xe0020, 0xe007f, 0xe0100, 0xe01ef};

    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        char text[5], shown[64];
        size_t n = encode(hidden[i], text);

        assert_int_equal(lc_utf8_number(text, lc_utf8_char(text, n)), hidden[i]);
        assert_int_equal(lc_utf8_shown(text, n), 0);
        lc_printable(text, n, shown, sizeof shown);
        assert_int_equal(strlen(shown), 4 * n); /* each byte is \xNN */
        assert_int_equal(strspn(shown, "\\x0123456789abcdef"), 4 * n);
    }
}

static void test_letters_are_shown(void **state)
{
    static const uint32_t letters[] = {0x20,   0x41,   0x7e,   0xa0,   0xa1,   0xe9,    0x3b1,
                                       0x430,  0x5d0,  0x639,  0x928,  0x1100, 0x2010,  0x20ac,
                                       0x3042, 0x4e2d, 0xac00, 0xfe10, 0xfffd, 0x1f600, 0x20000};

    (void)state;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        char text[5], shown[64];
        size_t n = encode(letters[i], text);

        assert_int_equal(lc_utf8_shown(text, n), n);
        assert_string_equal(lc_printable(text, n, shown, sizeof shown), text);
    }
}

/* Overlong, a surrogate, too large, cut, a byte that begins none. */
static void test_what_is_no_character(void **state)
{
    static const char *const wrong[] = {
        "\xc0\x80",         "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc3",         "\xe2\x82",         "\x80",         "\xff"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(lc_utf8_shown(wrong[i], strlen(wrong[i])), 0);
    assert_int_equal(lc_utf8_char("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_steers_or_hides_is_not_shown),
        cmocka_unit_test(test_letters_are_shown),
        cmocka_unit_test(test_what_is_no_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
