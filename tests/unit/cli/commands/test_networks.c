/* SPDX-License-Identifier: Apache-2.0 */
/* From two addresses to networks: whole, in order, and none larger than it may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/commands/networks.h"

#include <stdlib.h>
#include <string.h>

static struct lc_address address(const char *text)
{
    struct lc_address a;

    if (!lc_address_read((struct lc_slice){(const uint8_t *)text, strlen(text)}, &a))
        fail_msg("'%s' is not an address", text);
    return a;
}

static void expect(const char *from, const char *to, const char *networks)
{
    struct lc_address at = address(from), last = address(to);
    char all[4096] = "", one[LC_NETWORK_BYTES];
    bool more = true;

    while (more) {
        more = lc_network_next(&at, &last, one);
        strcat(strcat(all, all[0] ? " " : ""), one);
    }
    assert_string_equal(all, networks);
}

static void test_networks_between_two_addresses(void **state)
{
    (void)state;
    expect("0.0.0.0", "255.255.255.255", "0.0.0.0/0");
    expect("1.0.0.0", "1.0.0.255", "1.0.0.0/24");
    expect("1.0.1.0", "1.0.3.255", "1.0.1.0/24 1.0.2.0/23");
    expect("1.2.3.4", "1.2.3.4", "1.2.3.4/32");
    expect("16777216", "16777471", "1.0.0.0/24");
    expect("255.255.255.254", "255.255.255.255", "255.255.255.254/31");
    expect("0.0.0.1", "0.0.0.4", "0.0.0.1/32 0.0.0.2/31 0.0.0.4/32");
    expect("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
    expect("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "2001:db8::/48");
    expect("42540766411282592856903984951653826560", "42540766490510755371168322545197776895",
           "2001:db8::/32");
}

/* Each begins behind the one before, is aligned to its size, and could not be twice as large. */
static void test_ranges_are_covered_once(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 100 * 100; round++) {
        uint64_t a = UINT32_MAX - 200 + round % 100;
        struct lc_address at = {.bits = a}, last = {.bits = a + round / 100};
        lc_uint128 behind = at.bits;
        bool more = true;

        while (more) {
            char text[LC_NETWORK_BYTES];
            uint64_t size;
            struct lc_address begins;

            more = lc_network_next(&at, &last, text);
            size = UINT64_C(1) << (32 - atoi(strchr(text, '/') + 1));
            *strchr(text, '/') = '\0';
            begins = address(text);
            assert_true(begins.bits == behind && (uint64_t)begins.bits % size == 0);
            assert_true(behind + size - 1 <= last.bits);
            assert_true((uint64_t)behind % (2 * size) != 0 || behind + 2 * size - 1 > last.bits);
            behind += size;
        }
        assert_true(behind == last.bits + 1);
    }
}

static void test_what_is_no_address(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "-1",
        "1.2.3.4/8",
        " 1.2.3.4",
        "340282366920938463463374607431768211456",
        "::g",
        "1:2",
        "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lc_address a;

        assert_false(
            lc_address_read((struct lc_slice){(const uint8_t *)texts[i], strlen(texts[i])}, &a));
    }
}

static struct lc_span span(const char *from, const char *to, uint32_t line)
{
    return (struct lc_span){address(from), address(to), line};
}

static void test_spans_that_overlap_in_part(void **state)
{
    struct lc_span nested[] = {span("::", "::ffff", 6),         span("1.0.0.9", "1.0.0.9", 5),
                               span("1.0.0.1", "1.0.0.8", 2),   span("1.0.0.1", "1.0.0.9", 3),
                               span("0.0.0.0", "1.0.0.255", 4), span("1.0.1.0", "1.0.1.1", 7),
                               span("1.0.0.1", "1.0.0.8", 8)};
    struct lc_span crossed[] = {span("1.0.0.5", "1.0.0.20", 2), span("1.0.0.6", "1.0.0.7", 3),
                                span("0.0.0.0", "2.0.0.0", 4), span("1.0.0.1", "1.0.0.5", 5)};
    struct lc_span two[2];

    (void)state;
    assert_false(lc_spans_cross(NULL, 0, two));
    assert_false(lc_spans_cross(nested, sizeof nested / sizeof *nested, two));
    assert_true(lc_spans_cross(crossed, sizeof crossed / sizeof *crossed, two));
    assert_int_equal(two[0].line, 2);
    assert_int_equal(two[1].line, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_between_two_addresses),
        cmocka_unit_test(test_ranges_are_covered_once),
        cmocka_unit_test(test_what_is_no_address),
        cmocka_unit_test(test_spans_that_overlap_in_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
