/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that a program has rewritten: what is found, on which line, and what of the same form is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf/rules/csv.h"
#include "udf_support.h"

#include <stdio.h>
#include <string.h>

static const char *const names[LC_REWRITTEN_KINDS] = {
    [LC_REWRITTEN_SHORTENED] = "shortened", [LC_REWRITTEN_ROUNDED] = "rounded",
    [LC_REWRITTEN_DATES] = "dates",         [LC_REWRITTEN_GROUPED] = "grouped",
    [LC_REWRITTEN_ERRORS] = "errors",       [LC_REWRITTEN_ZEROS] = "zeros",
    [LC_REWRITTEN_POINTS] = "points",       [LC_REWRITTEN_APOSTROPHES] = "apostrophes",
    [LC_REWRITTEN_RECODED] = "recoded",
};

/* All that is found, in one line: "dates 1 at 3 (1-Mar)". */
static const char *found_in(const char *csv, char out[1000])
{
    struct lc_csv_notes notes;
    struct lc_csv_options options = {.notes = &notes};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    size_t used = 0;

    if (lc_rules_parse_csv_with(&r, csv, strlen(csv), "r", &options, &err))
        fail_msg("%s\n%s", csv, err.msg);
    lc_rules_free(r);
    out[0] = '\0';
    for (unsigned k = 0; k < LC_REWRITTEN_KINDS; k++)
        if (notes.rewritten[k].fields)
            used += (size_t)snprintf(out + used, 1000 - used, "%s%s %u at %u (%s)",
                                     used ? ", " : "", names[k], notes.rewritten[k].fields,
                                     notes.rewritten[k].line, notes.rewritten[k].example);
    return out;
}

static const struct {
    const char *csv, *found;
} sets[] = {
    /* Exponents: of keys all, of values those of long numbers where no number has a fraction. */
    {"prefix,v\n4.91E+11,a\n4.4E+11,b\n49,c\n", "shortened 2 at 2 (4.91E+11)"},
    {"exact,v\nabc,a\n1.00E+05,b\n-1E-07,c\n*,d\n", "shortened 2 at 3 (1.00E+05)"},
    {"suffix:nocase,v\n9E+10,a\n", "shortened 1 at 2 (9E+10)"},
    {"prefix,v\n1e+05,a\n2,b\n", "shortened 1 at 2 (1e+05)"},
    {"prefix,v\n4.91E11,b\n4.91E+1,c\n49.1E+11,d\n4.E+11,e\n4.91E+1111,f\nx4.91E+11,g\n4.91e+1,h\n4.91f+11,i\n",
     ""},
    {"exact,v\na,4.91e+11\n", ""},
    {"exact,v\na,4.91E+11\nb,491\n", "shortened 1 at 2 (4.91E+11)"},
    {"exact,v\na,4.91E+11\nb,1.5\n", ""},
    {"exact,v\na,4.91E+10\nb,4.91E-11\nc,4.912345E+11\n", ""},
    {"from:float,to,v\n4.91E+11,4.92E+11,a\n", ""},

    /* 15 digits. */
    {"exact,v\n123456789012345000,a\n123456789012346000,b\n",
     "rounded 2 at 2 (123456789012345000)"},
    {"exact,v\nx,123456789012345000\ny,17\n", ""},
    {"exact,v\nx,1234567890123450000\ny,17\n", "rounded 1 at 2 (1234567890123450000)"},
    {"exact,v\n1234567890123450000,a\n1234567890123450001,b\n", ""},
    {"exact,v\n4571730000000000000,a\n4571740000000000000,b\n", ""},
    {"from,to,v\n4571730000000000,4571739999999990,a\n4571740000000000,4571749999999990,b\n"
     "4571750000000000,4571759999999990,c\n4571760000000000,4571769999999990,d\n",
     "rounded 4 at 2 (4571739999999990)"},

    /* Dates among codes; a column of dates is one of dates. */
    {"exact,v\nA1,a\n1-Mar,b\nSEP2,c\nSep-02,d\nx,e\n", "dates 2 at 3 (1-Mar)"},
    {"exact,v\nJan-24,a\nFeb-24,b\nMar-24,c\nlater,d\n", ""},
    {"exact,v\na,3-1\nb,3-2\nc,3-Mar\n", "dates 1 at 4 (3-Mar)"},
    {"exact,v\na,x\nb,y\nc,111-Mar\nd,1-mar\ne,1-March\nf,Mar-1\ng,1-Mar-24\nh,Mar\ni,-Mar\n", ""},

    {"exact,v\na,x\nb,01. Mrz\nc,y\nd,z\ne,Dez-24\n", "dates 2 at 3 (01. Mrz)"},
    {"exact,v\na,x\nb,01.Mrz\nc,1 . Mai\nd,Mai 24\ne,01. M\n", ""},

    /* Apostrophes before numbers, in keys. */
    {"prefix,v\n'+49,a\n'01234,b\n'1 (809),c\n", "apostrophes 3 at 2 ('+49)"},
    {"prefix,v\n'90s,a\n',b\n'x',c\n'1',d\n'+,e\n", ""},
    {"exact,v\na,'01234\n", ""},

    /* Digits in groups, where all else is a number, too. */
    {"exact,v\n\"1,000\",a\n200,b\n*,d\n", "grouped 1 at 2 (1,000)"},
    {"exact,v\na,\"-1,234,567.50\"\nb,1.5\nc,\n", "grouped 1 at 2 (-1,234,567.50)"},
    {"exact,v\na,1\xc2\xa0"
     "000\nb,1\xe2\x80\xaf"
     "000\n",
     "grouped 2 at 2 (1\xc2\xa0"
     "000)"},
    {"exact,v\na,\"1,000\"\nb,free\n", ""},
    {"exact,v\na,\"1000,000\"\nb,\"1,00\"\nc,\"1,0000\"\nd,\"1,000,\"\ne,\"1,000.\"\nf,\",000\"\n",
     ""},

    /* Errors, as fields and as what looks like a comment. */
    {"exact,v\na,#N/A\nb,#REF!\nc,#BEZUG!\nd,Err:502\ne,######\n", "errors 5 at 2 (#N/A)"},
    {"exact,v\na,x\n#NAME?,y\n\"#DIV/0!\",z\n", "errors 2 at 3 (#NAME?)"},
    {"cidr,v\n10.0.0.0/8,#NV\n", "errors 1 at 2 (#NV)"},
    {"exact,v\na,#N/A!\nb,#ref!\nc,#\nd,####\ne,Err:40\nf,Err:5x2\n# #N/A,x\n", ""},

    /* Zeros in front that are gone: where others still have them. */
    {"exact,v\n01234,a\n1235,b\n01236,c\n91237,d\n", "zeros 1 at 3 (1235)"},
    {"prefix,v\n01234,a\n9,b\n01236,c\n", ""},
    {"exact,v\n00501,a\n90210,b\n01240,c\n10001,d\n10002,e\n544,f\n1005,g\n,h\n",
     "zeros 2 at 7 (544)"},
    {"exact,v\n91234,a\n1235,b\n91236,c\n91237,d\n", ""},
    {"exact,v\n01234,a\n0123,b\n01236,c\n91237,d\n", ""},
    {"exact,v\n01234,a\n1235,b\n01236,c\nx1237,d\n", ""},
    {"exact,v\n011,a\n12,b\n013,c\n914,d\n", ""},
    {"suffix,v\n01234,a\n1235,b\n01236,c\n91237,d\n", ""},

    /* Whole numbers as decimals: all keys, and one that is no version. */
    {"prefix,v\n4915.0,a\n49.0,b\n1.0,c\n,d\n", "points 3 at 2 (4915.0)"},
    {"prefix,v\n1.0,a\n2.0,b\n10.0,c\n", ""},
    {"exact,v\n4915.0,a\n49.0,b\n1.5,c\n", ""},
    {"exact,v\na,4915.0\nb,4916.0\nc,1.0\n", ""},

    /* UTF-8 read in another encoding. */
    {"prefix,v\na,M\xc3\x83\xc2\xbcnchen\nb,20 \xc3\x82\xc2\xb0"
     "C\n",
     "recoded 2 at 2 (M\xc3\x83\xc2\xbcnchen)"},
    {"prefix,v\nit\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s,x\nb,caf\xef\xbf\xbd\n",
     "recoded 2 at 2 (it\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s)"},
    {"prefix,v\na,S\xc3\x83O PAULO\nb,\xc3\x82ngelo\nc,M\xc3\xbcnchen\nd,\xc3\x83\nd2,\xc3\xa2 \xe2\x82\xac\n",
     ""},

    /* Several columns and kinds at once; a long field is cut. */
    {"exact,v,w\na,#N/A,1\nb,1,#N/A\n4.91E+11,2,3\n",
     "shortened 1 at 4 (4.91E+11), errors 2 at 2 (#N/A)"},
    {"exact,v\na,#############################################\n",
     "errors 1 at 2 (#######################################)"},
};

static void test_what_is_found(void **state)
{
    char out[1000];

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (strcmp(found_in(sets[i].csv, out), sets[i].found) != 0)
            fail_msg("%s\nfound: %s\nwanted: %s", sets[i].csv, out, sets[i].found);
}

/* Notes that nobody asks for cost nothing and change nothing. */
static void test_without_notes(void **state)
{
    struct lc_rules *r = support_rules("exact,v\n4.91E+11,#N/A\n");

    (void)state;
    assert_int_equal(r->rules, 1);
    lc_rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_found),
        cmocka_unit_test(test_without_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
