/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of keys, against what form.h says of them, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf/rules/form.h"
#include "udf_support.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 5000 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* The host: labels backwards, each ended by a dot; 0: there is none. */
static size_t plain_host(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t made = 0, label = 0;

    n -= n && p[n - 1] == '.';
    while (n && p[n - 1] != '@') {
        uint8_t c = lower(p[--n]);

        if (c == '.' && label == 0)
            return 0;
        label = c == '.' ? 0 : label + 1;
        out[made++] = c;
    }
    if (label == 0)
        return 0;
    out[made++] = '.';
    return made;
}

static size_t plain_form(enum lc_form form, const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    if (form == LC_FORM_HOST)
        n = plain_host(p, n, out);
    for (size_t i = 0; i < n && form != LC_FORM_HOST; i++) {
        bool back = form == LC_FORM_BACK || form == LC_FORM_BACK_FOLDED;

        out[i] = p[back ? n - 1 - i : i];
        if (form == LC_FORM_FOLDED || form == LC_FORM_BACK_FOLDED)
            out[i] = lower(out[i]);
    }
    return n < cap ? n : cap;
}

/* Bytes that matter, and any others: about one in `rarely` ends a label or begins a host. */
static void fill(uint64_t *seed, uint8_t *p, size_t n, unsigned rarely)
{
    static const char usual[] = "abzAZ[`{@09-";

    for (size_t i = 0; i < n; i++) {
        uint64_t bits = support_random(seed);

        p[i] = (uint8_t)usual[bits % (sizeof usual - 1)];
        p[i] = p[i] == '@' && bits >> 8 & 7 ? 'x' : p[i];
        if (bits >> 16 & 1)
            p[i] = (uint8_t)(bits >> 24 & 1 ? bits >> 32 : 'a' + (bits >> 32) % 26);
        if ((bits >> 40) % rarely == 0)
            p[i] = '.';
    }
}

/* A key in memory that ends where no more may be read of it, as a batch has it; what follows is any bytes. */
static uint8_t *put_key(uint64_t *seed, size_t n)
{
    size_t room = n + 16;
    uint8_t *p = malloc(room);

    assert_non_null(p);
    fill(seed, p, room, support_random(seed) % 4 ? 9 : 3);
    if (n && support_random(seed) % 4 == 0)
        p[n - 1] = '.';
    return p;
}

/* Mostly short keys, of every length; sometimes long ones, so that a batch is done in parts. */
static size_t choose_length(uint64_t *seed, bool any_long)
{
    if (any_long && support_random(seed) % 8 == 0)
        return support_random(seed) % LONGEST;
    return support_random(seed) % (any_long ? 70 : 33);
}

static void compare_batch(enum lc_form form, size_t cap, bool any_long, uint64_t *seed)
{
    static struct lc_batch b;
    static struct lc_forms forms;
    static uint8_t wanted[LONGEST + 2];
    size_t parts = 0;

    b.n = LC_BATCH - support_random(seed) % 3;
    for (size_t i = 0; i < b.n; i++) {
        b.len[i] = choose_length(seed, any_long);
        b.p[i] = put_key(seed, b.len[i]);
    }
    for (size_t done = 0; done < b.n; done += forms.keys.n, parts++) {
        lc_form_keys(form, cap, &b, done, &forms);
        assert_in_range(forms.keys.n, 1, b.n - done);
        for (size_t i = 0; i < forms.keys.n; i++) {
            const uint8_t *p = forms.keys.p[i];
            size_t n = plain_form(form, b.p[done + i], b.len[done + i], cap, wanted);

            assert_int_equal(forms.keys.len[i], n);
            assert_memory_equal(p, wanted, n);
            assert_true(p >= forms.bytes && p + n + 16 <= forms.bytes + sizeof forms.bytes);
        }
    }
    assert_true(any_long || parts == 1);
    for (size_t i = 0; i < b.n; i++)
        free((void *)(uintptr_t)b.p[i]);
}

static void test_a_batch_has_the_forms_of_its_keys(void **state)
{
    static const size_t caps[] = {1,  2,  3,  8,  14, 15, 16,
                                  17, 31, 32, 33, 34, 60, LC_MAX_KEY_BYTES + 1};
    uint64_t seed = support_seed("forms");

    (void)state;
    for (int round = 0; round < (support_long() ? 300 : 6); round++)
        for (enum lc_form form = LC_FORM_PLAIN; form <= LC_FORM_HOST; form++)
            for (size_t c = 0; c < sizeof caps / sizeof *caps; c++)
                compare_batch(form, caps[c], round % 2, &seed);
}

/* Every host of up to five bytes of which some are dots or @, at the start and at the end of longer ones. */
static void test_every_place_of_a_dot(void **state)
{
    static const char alphabet[] = ".@aB";
    static const size_t before[] = {0, 1, 11, 12, 15, 16, 26, 27, 28, 40};
    uint8_t key[64 + 16], wanted[64], *to;
    static struct lc_forms forms;

    (void)state;
    for (unsigned i = 0; i < 4 * 4 * 4 * 4 * 4; i++)
        for (size_t k = 0; k < sizeof before / sizeof *before; k++)
            for (unsigned end = 0; end < 2; end++) {
                struct lc_batch b = {.n = 1, .p = {key}, .len = {before[k] + 5}};
                size_t n;

                memset(key, 'x', sizeof key);
                to = end ? key + before[k] : key;
                for (unsigned at = 0, left = i; at < 5; at++, left /= 4)
                    to[at] = (uint8_t)alphabet[left % 4];
                n = plain_form(LC_FORM_HOST, key, b.len[0], 64, wanted);
                lc_form_keys(LC_FORM_HOST, 64, &b, 0, &forms);
                assert_int_equal(forms.keys.len[0], n);
                assert_memory_equal(forms.keys.p[0], wanted, n);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_batch_has_the_forms_of_its_keys),
        cmocka_unit_test(test_every_place_of_a_dot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
