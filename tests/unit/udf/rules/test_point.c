/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of every order and networks: ends, open ends, nesting, what is refused, and a plain matcher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "match_naive.h"
#include "udf_support.h"
#include "udf/argument.h"
#include "udf/rules/csv.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of a key's text; "-" where no rule holds; "?" where it is no key. */
static const char *value_of(const struct lc_rules *r, const char *key, char out[100])
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule, rule[LC_BATCH];
    static struct lc_batch b;
    char room[300] = {0};
    enum lc_key_is is;
    struct lc_slice v;

    snprintf(room, sizeof room - 64, "%s", key);
    b.n = 1;
    is = lc_batch_set_text(r, &b, 0, (struct lc_slice){(const uint8_t *)room, strlen(key)});
    if (is == LC_KEY_BAD)
        return "?";
    assert_int_equal(lc_match(r, &b, rule), 0);
    rule[0] = is == LC_KEY_GOOD ? rule[0] : none;
    if (r->points && is == LC_KEY_GOOD)
        assert_int_equal(rule[0], lc_match_naive_point(r, b.point[0]));
    v = lc_rules_value(r, 0, lc_rules_value_id(r, 0, rule[0]));
    snprintf(out, 100, "%.*s", (int)v.n, (const char *)v.p);
    return rule[0] == r->rules ? "-" : out;
}

#define MAX_128 "340282366920938463463374607431768211455"
#define NINES   "9999999999999999999999999999999999999999"
#define ZEROS   "0000000000000000000000000000000000000000"

static const struct {
    const char *csv, *keys; /* keys: "key=value key=value" */
} good[] = {
    {"from,to,v\n-10,-1,neg\n0,0,zero\n1,,pos\n",
     "-11=- -10=neg -1=neg 0=zero -0=zero 1=pos 18446744073709551616=pos -0.5=- 0.5=- 1.5=pos x=? "
     "=? " MAX_128 "=pos -" MAX_128 "=-"},
    {"from,to,v\n,-1,neg\n1,,pos\n,,none\n", "-99999999999999999999=neg 0=none 0.5=none 1=pos"},
    {"from,to,v\n0,9,low\n10,,high\n", "-1=- 0=low 9=low 9.5=- 10=high 18446744073709551615=high"},
    {"from,to,v\n0,18446744073709551615,all\n,,none\n",
     "-1=none 18446744073709551615=all 18446744073709551616=none"},
    {"from,to,v\n-9223372036854775808,-9223372036854775808,least\n"
     "9223372036854775807,9223372036854775807,most\n",
     "-9223372036854775808=least 9223372036854775807=most -9223372036854775809=- "
     "9223372036854775808=- 9223372036854775807.1=-"},
    {"from,to,v\n0,9.99,small\n10,99.99,mid\n100,,big\n",
     "0=small 9.99=small 9.990=small 9.991=- 9.995=- 10=mid 10.00=mid 99.99=mid 99.991=- 100=big "
     "1.005=small -0.01=- 1e5=?"},
    {"from,to,v\n1.00,1.00,one\n1.01,1.01,more\n", "1.005=- 1.0050=- 1=one 1.01=more"},
    {"from,to,v\n-99999999999999999999999999999999.9999,0,v\n",
     "-99999999999999999999999999999999.9999=v -99999999999999999999999999999999.99991=- "
     "-100000000000000000000000000000000=- 0=v 0.0000000000000000001=-"},
    /* More digits than 128 bits hold, before the point, behind it, and both. */
    {"from,to,v\n0,9,low\n10,,high\n,-1,neg\n",
     "0." NINES "=low 9." NINES "=- 9." ZEROS "=low 9." ZEROS "1=- 5." ZEROS "1=low 10." NINES
     "=high " ZEROS "5=low " ZEROS "5." ZEROS "=low " NINES "=high " NINES "." NINES
     "=high -0." ZEROS "1=- -1." ZEROS "1=neg -" NINES "=neg -" NINES "." NINES "=neg -" ZEROS
     "=low 0." ZEROS "=low"},
    {"from,to,v\n0,1.25,a\n1.26,9,b\n-1.25,-1,c\n",
     "1.25" ZEROS "=a 1.25" ZEROS "1=- 1.24" NINES "=a 1.26" ZEROS "=b 1." NINES "=b 8.9" NINES
     "=b -1.25" ZEROS "=c -1.25" ZEROS "1=- -1.24" NINES "=c " NINES "=- -" NINES "=-"},
    {"from,to,v\n1970-01-01T00:00:00Z,1970-01-01T00:00:09Z,s\n",
     "9." NINES "=s 10." ZEROS "=- -0." ZEROS "1=- " NINES "=- " ZEROS "9=s"},
    {"from:float,to,v\n-inf,-0.0,neg\n0.1,1e308,pos\n1.1e308,,huge\n",
     "-inf=neg -1e300=neg -5e-324=neg -0.0=neg 0=neg 5e-324=- 0.05=- 0.1=pos 1e308=pos "
     "1.05e308=- inf=huge nan=- 1.005=pos"},
    {"from:float,to,v\n,1.005,low\n,,none\n",
     "1.005=low 1.00500000000000000=low 1.0050000000000003=none nan=none NaN=none -nan=none nan0=?"},
    {"from,to,v\n2024-01-01,2024-02-29,a\n2024-03-01,,b\n,1969-12-31,old\n",
     "2024-01-01=a 2024-02-29=a 2024-03-01=b 2023-12-31=- 2149-06-07=b 1969-12-31=old "
     "0001-01-01=old 1970-01-01=- 2023-02-29=?"},
    {"from,to,v\n2024-02-29T12:00:00Z,2024-02-29T12:59:59+00:00,h\n",
     "1709208000=h 1709207999=- 1709207999.999=- 1709211599=h 1709211599.001=h 1709211599.999999999=h 1709211600=-"},
    {"from:utc,to,v\n1969-12-31 23:59:59,1970-01-01 00:00:00,e\n",
     "-1=e 0=e -1.5=- -1.000000001=- -0.5=e 0.5=e 0.999=e 1=- 1970-01-01T00:00:00=e "
     "1970-01-01T00:00:00.999999999=e 1970-01-01T00:00:01=- 1970-01-01T02:00:00.5+02:00=e "
     "1969-12-31T23:59:58.999Z=-"},
    {"from,to,v\n2024-02-29T12:00:00Z,2024-02-29T13:00:00Z,a\n,,d\n",
     "2024-02-29T13:00:00.999Z=a 2024-02-29T13:00:01Z=d 2024-02-29T11:59:59.999Z=d "
     "2024-02-29T15:00:00.1+02:00=a 2024-02-29T13:00:00=? 2024-02-29T13:00:00.5=? "
     "2024-02-29T13:00:00.Z=? 2024-02-29T13:00:00.5x=? 2024-02-29T13:00:00.5+02:00Z=? "
     "2024-02-30T13:00:00.5Z=?"},
    {"from,to,v\n10.0.0.0,10.0.0.255,a\n2001:db8::,2001:db8::ffff,b\n,1.0.0.0,low\nffff::,,top\n",
     "10.0.0.0=a 10.0.0.255=a 10.0.1.0=- ::ffff:10.0.0.7=a 2001:db8::1=b 0.0.0.0=low 1.0.0.0=low "
     "1.0.0.1=- ::1=- ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff=top x=- 10.0.0.010=- 256.1.1.1=-"},
    {"cidr,v\n10.0.0.0/8,ten\n10.1.0.0/16,one\n10.1.2.3,host\n2001:db8::/32,doc\n::/0,six\n"
     "0.0.0.0/0,four\n255.255.255.255/32,last\n"
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128,end\n",
     "10.9.9.9=ten 10.1.9.9=one 10.1.2.3=host ::ffff:10.1.2.3=host 11.0.0.1=four 0.0.0.0=four "
     "255.255.255.254=four 255.255.255.255=last 2001:db8::5=doc 2001:db7:ffff::=six ::=six ::1=six "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff=end ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe=six x=- =-"},
    {"cidr,v\n::ffff:10.0.0.0/104,mapped\n,none\n",
     "10.255.0.1=mapped 11.0.0.0=none ::1=none x=none"},
    {"cidr,v\n,only\n", "1.2.3.4=only ::1=only x=only"},
    {"cidr,v\n1.2.3.4,a\n1.2.3.4/32,a\n", "1.2.3.4=a 1.2.3.5=-"},
    {"from:narrowest,to,v\n1,10,a\n5,20,b\n8,9,c\n,,z\n",
     "0=z 1=a 5=a 7=a 8=c 9=c 10=a 11=b 20=b 21=z"},
    {"from,to,v\n7,9,b\n1,5,a\n007,9,b\n1,5,a\n", "0=- 1=a 5=a 6=- 7=b 9=b 10=-"},
    {"from:narrowest,to,v\n,,all\n,5,low\n3,3,three\n3,3,three\n", "-5=low 3=three 5=low 6=all"},
    {"from,to,v\n,,only\n", "5=only -5=only"},
    {"from,to,v\n,,d\n1,2,a\n,,d\n-9,-8,d\n", "0=d 1=a 3=d -9=d"},
    {"cidr,v\n,d\n10.0.0.0/8,a\n,d\n", "10.0.0.1=a 11.0.0.1=d x=d"},
};

static void test_ends_and_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct lc_rules *r = support_rules(good[i].csv);
        char keys[1000], *at = keys, *word, got[100];

        snprintf(keys, sizeof keys, "%s", good[i].keys);
        while ((word = strsep(&at, " "))) {
            char *value = strrchr(word, '=');

            *value++ = '\0';
            if (strcmp(value_of(r, word, got), value) != 0)
                fail_msg("%s\n%s is %s, not %s", good[i].csv, word, value_of(r, word, got), value);
        }
        lc_rules_free(r);
    }
}

static const struct {
    const char *csv, *message, *hint;
} bad[] = {
    {"from,to,v\n5,1,a\n", "r:2: column 2 (to): the range ends (1) before it begins (5)", ""},
    {"from,to,v\n5,-1,a\n", "r:2: column 2 (to): the range ends (-1) before it begins (5)", ""},
    {"from,to,v\n1,2,a\n1e3,2e3,a\n", "r:3: column 1 (from): '1e3' is not a bound", "from:float"},
    {"from,to,v\n2023-02-29,,a\n",
     "r:2: column 1 (from): '2023-02-29' is not a day of the calendar", ""},
    {"from,to,v\n2100-02-29,,a\n", "not a day of the calendar", ""},
    {"from,to,v\n2024-01-01,2024-01-32,a\n", "r:2: column 2 (to): '2024-01-32' is not a day", ""},
    {"from,to,v\n2024-01-01 00:00:00,,a\n", "names no time zone", "from:utc"},
    {"from,to,v\n2024-01-01T24:00:00Z,,a\n", "is not a time of day", ""},
    {"from,to,v\n1,2,a\n2024-01-01,,a\n",
     "r:3: column 1 (from): '2024-01-01' is a date, and in line 2 there is a number", ""},
    {"from,to,v\n1,10.0.0.1,a\n", "'10.0.0.1' is an address, and in line 2 there is a number", ""},
    {"from,to,v\n10.0.0.0/8,,a\n", "'10.0.0.0/8' is not a bound", "cidr"},
    {"from,to,v\n10.0.0.010,,a\n", "'10.0.0.010' is not a bound", ""},
    {"from,to,v\n10.0.0.0,::1,a\n", "one bound is an IPv4 address, and the other is not", ""},
    {"from:float,to,v\nnan,1,a\n", "'nan' is neither above nor below", "open"},
    {"from:float,to,v\n1e309,,a\n", "'1e309' is too large for a bound", ""},
    {"from:float,to,v\n0x10,,a\n", "'0x10' is not a number for a bound", ""},
    {"from,to,v\n1,1234567890123456789012345678901234567,a\n", "is too large for a bound", ""},
    {"from,to,v\n0.01,,a\n,-123456789012345678901234567890123456,a\n",
     "r:3: column 2 (to): '-123456789012345678901234567890123456' is too small for a bound", ""},
    {"from,to,v\n1,10,a\n5,20,b\n8,9,c\n30,40,d\n35,36,e\n",
     "r:3: the range 5 to 20 overlaps line 2 (1 to 10); 3 more overlaps: lines 4 and 2, 4 and 3, 6 and 5",
     "narrowest"},
    /* Every pair, also of those that a wider range hides; the first is the first of the file. */
    {"from,to,v\n90,99,z\n1,2,a\n2,3,b\n3,4,c\n2,2,d\n1,9,e\n95,95,y\n",
     "r:4: the range 2 to 3 overlaps line 3 (1 to 2); 8 more overlaps: lines 5 and 4, 6 and 3, 6 and 4, 7 and 3, "
     "7 and 4, 7 and 5, 7 and 6, 8 and 2",
     "narrowest"},
    {"from,to,v\n-1,2,a\n2,3,b\n5,6,c\n6,,d\n",
     "r:3: the range 2 to 3 overlaps line 2 (-1 to 2); 1 more overlap: lines 5 and 4", "narrowest"},
    {"cidr,v\n::1,a\n10.0.0.0/8,a\n::ffff:10.0.0.0/104,b\n::1,a\n10.0.0.0/8,c\n",
     "r:4: 10.0.0.0/8 is already in line 3, with another value: v is 'a' there and 'b' here; 1 more such network: "
     "lines 6 and 3",
     "keep"},
    {"from,to,v\n-1,5,a\n5,,b\n", "r:3: the range 5 and up overlaps line 2 (-1 to 5)", "narrowest"},
    {"from,to,v\n,5,a\n,6,b\n", "overlaps", "narrowest"},
    {"from,to,v\n-1,5,a\n-1,5,b\n",
     "r:3: -1 to 5 is already in line 2, with another value: v is 'a' there and 'b' here", "keep"},
    {"from,to,v\n1,5,a\n7,9,c\n1,5,b\n",
     "r:4: 1 to 5 is already in line 2, with another value: v is 'a' there and 'b' here", "keep"},
    {"from:narrowest,to,v\n1,10,a\n5,14,b\n",
     "r:3: the range 5 to 14 overlaps line 2 (1 to 10), and neither is the narrower one",
     "a rule of its own"},
    {"from:narrowest,to,v\n40,50,a\n1,10,a\n5,14,b\n7,8,z\n20,30,a\n25,35,b\n26,36,c\n45,55,d\n",
     "r:4: the range 5 to 14 overlaps line 3 (1 to 10), and neither is the narrower one; 3 more such overlaps: "
     "lines 7 and 6, 8 and 7, 9 and 2",
     "a rule of its own"},
    {"from:narrowest,to,v\n,10,a\n5,,b\n20,30,a\n25,35,b\n",
     "r:3: the range 5 and up overlaps line 2 (up to 10), and neither is the narrower one; 1 more such overlap: lines "
     "5 and 4",
     "a rule of its own"},
    {"from:float:narrowest,to,v\n1,10,a\n5,14,b\n6,7,c\n20,30,a\n25,35,b\n",
     "r:3: the range 5 to 14 overlaps line 2 (1 to 10), and neither is the narrower one; 1 more such overlap: lines "
     "6 and 5",
     "a rule of its own"},
    {"from:narrowest,to,v\n1,2,a\n,,b\n,,c\n",
     "r:4: a second default (the first is in line 3), with another value: v is 'b' there and 'c' here",
     "keep one"},
    {"cidr,v\n10.0.0.1/8,a\n", "r:2: column 1 (cidr): '10.0.0.1/8' has bits set after its length",
     "write 10.0.0.0/8"},
    {"cidr,v\n2001:db8::1/32,a\n", "has bits set after its length", "write 2001:db8::/32"},
    {"cidr,v\n1.2.3.4/0,a\n", "has bits set", "write 0.0.0.0/0"},
    {"cidr,v\n10.0.0.0/255.0.0.0,a\n",
     "r:2: column 1 (cidr): '10.0.0.0/255.0.0.0' has a mask in place of a length",
     "write 10.0.0.0/8,"},
    {"cidr,v\n10.1.2.3/255.255.255.128,a\n", "has a mask", "write 10.1.2.0/25,"},
    {"cidr,v\n10.1.2.3/255.255.255.255,a\n", "has a mask", "write 10.1.2.3/32,"},
    {"cidr,v\n10.1.2.3/0.0.0.0,a\n", "has a mask", "write 0.0.0.0/0,"},
    {"cidr,v\n10.0.0.0/255.0.255.0,a\n", "has no length from 0 to 32", "a network is like"},
    {"cidr,v\n2001:db8::/255.0.0.0,a\n", "has no length from 0 to 128", "a network is like"},
    {"cidr,v\n10.0.0.0/33,a\n", "no length from 0 to 32", ""},
    {"cidr,v\n::/129,a\n", "no length from 0 to 128", ""},
    {"cidr,v\n10.0.0.0/,a\n", "no length", ""},
    {"cidr,v\n10.0.0.0/08,a\n", "no length", ""},
    {"cidr,v\n10.0.0.0/-1,a\n", "no length", ""},
    {"cidr,v\n10.0.0/8,a\n", "is not an address", ""},
    {"cidr,v\n010.0.0.0/8,a\n", "begins with 0", ""},
    {"cidr,v\n fe80::,a\n", "is not an address", ""},
    {"cidr,v\nfe80::%eth0,a\n", "is not an address", ""},
    {"cidr,v\n10.0.0.0/8,a\n::ffff:10.0.0.0/104,b\n", "10.0.0.0/8 is already in line 2", "keep"},
    {"cidr,v\n", "no rule in it", ""},
    {"cidr:float,v\n::,a\n", "take no option", ""},
    {"prefix:narrowest,v\na,a\n", "take no option", ""},
};

static void test_what_is_refused_says_where_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;

        if (lc_rules_parse_csv(&r, bad[i].csv, strlen(bad[i].csv), "r", &err) != LC_ERR_INPUT ||
            !strstr(err.msg, bad[i].message) || !strstr(err.hint, bad[i].hint))
            fail_msg("%s\n%s\n%s", bad[i].csv, err.msg, err.hint);
    }
}

/* Random spans of few points, so that they nest, meet and end at the ends of the line. */
static lc_point random_point(uint64_t *seed, bool ipv4)
{
    static const lc_point near[] = {0, (lc_point)0xffff << 32, (lc_point)0x10000 << 32,
                                    (lc_point)1 << 112, (lc_point)1 << 127};
    lc_point p = near[support_random(seed) % 5] + support_random(seed) % 40 - 20;

    if (ipv4 || support_random(seed) % 3 == 0)
        p = (lc_point)0xffff << 32 | (uint32_t)(support_random(seed) % 5 << 30) >> 2 |
            support_random(seed) % 7 << 16 |
            (support_random(seed) % 3 * 0x7fff + support_random(seed) % 9);
    return p;
}

static struct lc_rules *random_spans(uint64_t *seed, const struct lc_takes *takes, unsigned count)
{
    struct lc_buf csv;
    struct lc_rules *r;

    lc_buf_init(&csv, 1 << 22);
    lc_buf_adds(&csv, takes->order == LC_ORDER_ADDRESS ? "cidr,v\n" : "from:narrowest,to,v\n");
    for (unsigned i = 0; i < count; i++) {
        char from[LC_POINT_TEXT_BYTES], to[LC_POINT_TEXT_BYTES];

        if (takes->order == LC_ORDER_ADDRESS) {
            unsigned bits = (unsigned)(support_random(seed) % 129);
            lc_point host = bits == 128 ? 0 : ~(lc_point)0 >> bits;
            lc_point first = random_point(seed, false) & ~host;

            if (!lc_network_text(first, first | host, from))
                continue;
            lc_buf_addf(&csv, "%s,v\n", from);
        } else {
            lc_point a = lc_point_of_number(takes, (lc_int128)(support_random(seed) % 200) - 100,
                                            takes->scale);
            /* Of different widths, so that one is always the narrower. */
            lc_point b = a + 2 * (support_random(seed) % 3 ? i : i * 50);

            lc_point_text(takes, a, from);
            lc_point_text(takes, b, to);
            lc_buf_addf(&csv, "%s,%s,v\n", support_random(seed) % 50 ? from : "", to);
        }
    }
    if (support_random(seed) % 2)
        lc_buf_adds(&csv, takes->order == LC_ORDER_ADDRESS ? ",v\n" : ",,v\n");
    {
        struct lc_error err = LC_ERROR_INIT;

        r = NULL;
        if (lc_rules_parse_csv(&r, csv.p, csv.n, "r", &err) &&
            !strstr(err.msg, "neither is the narrower"))
            fail_msg("%s\n%s", lc_buf_str(&csv), err.msg);
    }
    lc_buf_release(&csv);
    return r;
}

static void compare(const struct lc_rules *r, uint64_t *seed)
{
    static struct lc_batch b;
    uint32_t got[LC_BATCH];

    b.n = LC_BATCH;
    for (size_t i = 0; i < b.n; i++) {
        uint32_t rule = (uint32_t)(support_random(seed) % r->rules);
        lc_point end = r->points[support_random(seed) % 2 ? rule : r->rules + rule];

        b.point[i] = i % 4 ? end + support_random(seed) % 3 - 1 : random_point(seed, i % 8 == 0);
    }
    assert_int_equal(lc_match(r, &b, got), 0);
    for (size_t i = 0; i < b.n; i++)
        if (got[i] != lc_match_naive_point(r, b.point[i]))
            fail_msg("point %016" PRIx64 "%016" PRIx64 ": rule %u, not %u",
                     (uint64_t)(b.point[i] >> 64), (uint64_t)b.point[i], got[i],
                     lc_match_naive_point(r, b.point[i]));
}

static void test_spans_agree_with_the_plain_matcher(void **state)
{
    static const struct lc_takes orders[] = {
        {LC_ORDER_ADDRESS, 0}, {LC_ORDER_NUMBER, 0}, {LC_ORDER_NUMBER, 2}};
    uint64_t seed = support_seed("spans");
    unsigned made = 0, sets = support_long() ? 20000 : 300;

    (void)state;
    for (unsigned set = 0; set < sets; set++) {
        struct lc_rules *r =
            random_spans(&seed, &orders[set % 3], 1 + (unsigned)(support_random(&seed) % 30));

        for (int batch = 0; r && batch < 3; batch++)
            compare(r, &seed);
        made += r != NULL;
        lc_rules_free(r);
    }
    assert_true(made > sets / 2);
}

#define BYTES(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})

static const struct {
    const char *csv, *argument;
    struct lc_slice in; /* RowBinary */
    const char *out;
} streams[] = {
    {"from,to,v\n-10,-1,neg\n0,5,pos\n", "Int32", BYTES("\xff\xff\xff\xff\5\0\0\0\xf5\xff\xff\xff"),
     "neg pos "},
    {"from,to,v\n0,10,x\n", "Int8", BYTES("\xff\0"), " x"},
    {"from,to,v\n,-1,neg\n0,,pos\n", "UInt64", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), "pos"},
    {"from,to,v\n0,9223372036854775807,v\n-1,-1,m\n", "UInt64",
     BYTES("\0\0\0\0\0\0\0\x80\xff\xff\xff\xff\xff\xff\xff\x7f"), " v"},
    {"from,to,v\n0,1.00,a\n1.01,2,b\n", "Decimal(9,2)",
     BYTES("\x64\0\0\0\x65\0\0\0\xff\xff\xff\xff"), "a b "},
    {"from,to,v\n0,1.00,a\n1.01,2,b\n", "Decimal(9,3)", BYTES("\xed\x03\0\0\xf2\x03\0\0"), " b"},
    {"from,to,v\n0,1.00,a\n1.01,2,b\n", "Decimal(9,1)", BYTES("\x0a\0\0\0\x0b\0\0\0"), "a b"},
    {"from,to,v\n0,1.00,a\n1.01,,b\n", "Decimal(38,0)",
     BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x3f"), "b"},
    {"from,to,v\n0,1.00,a\n", "Int64", BYTES("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"), "a "},
    {"from:float,to,v\n-1,-0.0,z\n0.5,,h\n", "Float64",
     BYTES("\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\xf8\x7f\0\0\0\0\0\0\xf0\x7f"), "z  h"},
    {"from:float,to,v\n-1,0,z\n0.5,,h\n", "Float32", BYTES("\0\0\0\x80\0\0\0\x3f"), "z h"},
    {"from:float,to,v\n-1,0,z\n0.5,,h\n", "Int32", BYTES("\xff\xff\xff\xff\1\0\0\0"), "z h"},
    {"from,to,v\n1970-01-01,1970-01-02,a\n", "Date", BYTES("\1\0\2\0"), "a "},
    {"from,to,v\n1969-12-31,1970-01-01,a\n", "Date32", BYTES("\xff\xff\xff\xff\xfe\xff\xff\xff"),
     "a "},
    {"from,to,v\n1970-01-01,1970-01-01,a\n", "DateTime('UTC')", BYTES("\x7f\x51\1\0\x80\x51\1\0"),
     "a "},
    {"from,to,v\n1970-01-01T00:00:01Z,1970-01-01T00:00:02Z,a\n", "DateTime",
     BYTES("\1\0\0\0\3\0\0\0"), "a "},
    {"from,to,v\n1970-01-01T00:00:01Z,1970-01-01T00:00:02Z,a\n", "DateTime64(3)",
     BYTES("\xe7\3\0\0\0\0\0\0\xe8\3\0\0\0\0\0\0\xb7\x0b\0\0\0\0\0\0\xb8\x0b\0\0\0\0\0\0"),
     " a a "},
    {"from,to,v\n1969-12-31T23:59:58Z,1969-12-31T23:59:59Z,a\n", "DateTime64(3)",
     BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0"), "a "},
    {"cidr,v\n10.0.0.0/8,t\n", "IPv4", BYTES("\1\0\0\x0a\1\0\0\x0b"), "t "},
    {"cidr,v\n10.0.0.0/8,t\n", "UInt32", BYTES("\1\0\0\x0a\1\0\0\x0b"), "t "},
    {"cidr,v\n10.0.0.0/8,t\n", "IPv6",
     BYTES("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "t "},
    {"cidr,v\n10.0.0.0/8,t\n,d\n", "String",
     BYTES("\x08"
           "10.1.1.1\x01x\0"),
     "t d d"},
    {"cidr,v\n10.0.0.0/8,t\n,d\n", "FixedString(9)",
     BYTES("10.1.1.1\0"
           "10.1.1.1x"),
     "t d"},
    {"cidr,v\n10.0.0.0/8,t\n,d\n", "Nullable(IPv4)", BYTES("\1\0\1\0\0\x0a"), "d t"},
};

static void test_keys_as_they_come_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct lc_rules *r = support_rules(streams[i].csv);
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;
        struct lc_buf out;
        char got[200] = "";
        size_t n = 0;

        lc_buf_init(&out, 1 << 20);
        assert_int_equal(lc_column_type_init(&res, r, 0, "String", "r", &err), 0);
        if (support_stream_of(&res, streams[i].argument, LC_FORMAT_ROWBINARY, false, streams[i].in,
                              1, &out, &err))
            fail_msg("%s %s: %s", streams[i].csv, streams[i].argument, err.msg);
        for (size_t at = 0; at < out.n; at += 1u + out.p[at])
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", at ? " " : "", out.p[at],
                                  (const char *)out.p + at + 1);
        if (strcmp(got, streams[i].out) != 0)
            fail_msg("%s %s: <%s>, not <%s>", streams[i].csv, streams[i].argument, got,
                     streams[i].out);
        lc_buf_release(&out);
        lc_column_type_release(&res);
        lc_rules_free(r);
    }
}

static const struct {
    const char *csv, *argument, *usual;
} misfits[] = {
    {"from,to,v\n-1,1,a\n", "String", "Int64"},
    {"from,to,v\n-1,1,a\n", "Float64", "Int64"},
    {"from,to,v\n-1,1,a\n", "IPv6", "Int64"},
    {"from,to,v\n1.5,2,a\n", "Float32", "Decimal(18,1)"},
    {"from,to,v\n1.5,2,a\n", "Date", "Decimal(18,1)"},
    {"from,to,v\n1.5,2,a\n", "String", "Decimal(18,1)"},
    {"from,to,v\n1.5,99999999999999999,a\n", "String", "Decimal(18,1)"},
    {"from,to,v\n-99999999999999999.9,1,a\n", "String", "Decimal(18,1)"},
    {"from,to,v\n1.5,100000000000000000,a\n", "String", "Decimal(38,1)"},
    {"from,to,v\n-100000000000000000.0,0.5,a\n", "String", "Decimal(38,1)"},
    {"from,to,v\n100000000000000000.5,,a\n", "String", "Decimal(38,1)"},
    {"from,to,v\n0.00000000000000001,9,a\n", "String", "Decimal(18,17)"},
    {"from,to,v\n0.00000000000000001,10,a\n", "String", "Decimal(38,17)"},
    {"from,to,v\n0.000000000000000001,0.5,a\n", "String", "Decimal(38,18)"},
    {"from,to,v\n-1,9223372036854775807,a\n", "String", "Int64"},
    {"from,to,v\n-1,9223372036854775808,a\n", "String", "Decimal(38,0)"},
    {"from:float,to,v\n1.5,2,a\n", "Int64", "Float64"},
    {"from:float,to,v\n1.5,2,a\n", "Decimal(9,2)", "Float64"},
    {"from,to,v\n2024-01-01,,a\n", "DateTime", "Date"},
    {"from,to,v\n2024-01-01,,a\n", "String", "Date"},
    {"from,to,v\n1900-01-01,,a\n", "UInt16", "Date32"},
    {"from,to,v\n2024-01-01T00:00:00Z,,a\n", "Date", "DateTime('UTC')"},
    {"from,to,v\n2024-01-01T00:00:00Z,,a\n", "UInt32", "DateTime('UTC')"},
    {"from,to,v\n1970-01-01T00:00:00Z,2106-02-07T06:28:15Z,a\n", "Date", "DateTime('UTC')"},
    {"from,to,v\n1969-12-31T23:59:59Z,,a\n", "Date", "DateTime64(3,'UTC')"},
    {"from,to,v\n,2106-02-07T06:28:16Z,a\n", "Date", "DateTime64(3,'UTC')"},
    {"from,to,v\n10.0.0.1,,a\n", "UInt64", "String"},
    {"cidr,v\n10.0.0.1,a\n", "Int32", "String"},
    {"cidr,v\n10.0.0.1,a\n", "UUID", "String"},
    {"from,to,v\n1,2,a\n", "Decimal(9,2)", "UInt64"},
    {"from,to,v\n1,18446744073709551615,a\n,,b\n", "Float32", "UInt64"},
    {"prefix,v\n1,a\n", "Decimal(9,2)", "String"},
};

static void test_arguments_that_do_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        struct lc_rules *r = support_rules(misfits[i].csv);
        struct lc_error err = LC_ERROR_INIT;
        struct lc_argument arg;
        char usual[60];

        assert_int_equal(lc_argument_parse(&arg, misfits[i].argument, &err), 0);
        if (lc_argument_fits(&arg, misfits[i].argument, r->kind, &r->takes, LC_FORMAT_NATIVE,
                             &err) != LC_ERR_USAGE ||
            !err.hint[0])
            fail_msg("%s takes %s", misfits[i].csv, misfits[i].argument);
        lc_argument_release(&arg);
        lc_argument_usual(r, usual, sizeof usual);
        assert_string_equal(usual, misfits[i].usual);
        assert_int_equal(lc_argument_parse(&arg, usual, &err), 0);
        err = LC_ERROR_INIT;
        assert_int_equal(lc_argument_fits(&arg, usual, r->kind, &r->takes, LC_FORMAT_NATIVE, &err),
                         0);
        lc_argument_release(&arg);
        lc_rules_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_and_gaps),
        cmocka_unit_test(test_what_is_refused_says_where_and_why),
        cmocka_unit_test(test_spans_agree_with_the_plain_matcher),
        cmocka_unit_test(test_keys_as_they_come_in),
        cmocka_unit_test(test_arguments_that_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
