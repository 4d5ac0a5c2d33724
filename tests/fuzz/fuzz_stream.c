/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder (FUZZ_FORMAT): any bytes, in pieces, give the same answer or the same error as in one.
 * The first byte chooses rules, type, chunk headers and the size of the pieces; its top bit rows of
 * key and attributes, rather than values. The second the argument's type: 0 says nothing.
 */
#include "udf/rules/csv.h"
#include "udf/stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What the second byte chooses from; where rules do not take it nothing is said. */
static const char *const arguments[] = {
    NULL,
    "String",
    "FixedString(4)",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Bool",
    "Enum8('u1'=1,'b c'=-2,''=0)",
    "Enum16('u2x'=300,'a'=-300)",
    "Date",
    "Date32",
    "DateTime",
    "DateTime('UTC')",
    "DateTime64(3)",
    "DateTime64(9,'UTC')",
    "DateTime64(0,'UTC')",
    "UUID",
    "IPv4",
    "IPv6",
    "Nullable(String)",
    "Nullable(FixedString(4))",
    "Nullable(UInt64)",
    "Nullable(Int32)",
    "Nullable(Enum8('u1'=1))",
    "Nullable(Date)",
    "Nullable(DateTime64(3,'UTC'))",
    "Nullable(UUID)",
    "Nullable(IPv6)",
    "LowCardinality(String)",
    "LowCardinality(Int16)",
    "LowCardinality(Date32)",
    "LowCardinality(Nullable(String))",
    "LowCardinality(Nullable(UInt64))",
    "LowCardinality(Nullable(FixedString(4)))",
    "LowCardinality(Nullable(IPv4))",
};

enum { ARGUMENTS = sizeof arguments / sizeof *arguments };

/* Read once: reading one costs more than a run. */
static const struct lc_argument *argument_of(unsigned choice)
{
    static struct lc_argument parsed[ARGUMENTS];
    static bool done[ARGUMENTS];
    struct lc_error err = LC_ERROR_INIT;

    if (!done[choice] && lc_argument_parse(&parsed[choice], arguments[choice], &err))
        abort();
    done[choice] = true;
    return &parsed[choice];
}

/* How a run is set up. */
struct how {
    const struct lc_column_type *res;
    unsigned argument;
    bool rows, chunk;
};

static int run(const struct how *how, const uint8_t *p, size_t n, size_t piece, struct lc_buf *out,
               struct lc_error *err)
{
    struct lc_error ignored = LC_ERROR_INIT;
    struct lc_stream *s;
    int rc = 0;

    if (how->rows ? lc_stream_new_rows(&s, how->res, 2, FUZZ_FORMAT, how->chunk)
                  : lc_stream_new(&s, how->res, FUZZ_FORMAT, how->chunk))
        abort();
    if (how->argument && !how->rows)
        (void)lc_stream_expect(s, argument_of(how->argument), arguments[how->argument], &ignored);
    lc_stream_reads(s, piece);
    for (size_t at = 0; at < n && !rc;) {
        size_t k = n - at < piece ? n - at : piece, room;
        uint8_t *to;

        if (lc_stream_space(s, &to, &room, err))
            abort();
        k = k < room ? k : room;
        memcpy(to, p + at, k);
        at += k;
        rc = lc_stream_feed(s, k, err);
        if (!rc && lc_buf_add(out, lc_stream_ready(s).p, lc_stream_ready(s).n))
            abort();
        lc_stream_written(s);
    }
    if (!rc)
        rc = lc_stream_end(s, err);
    lc_stream_free(s);
    return rc;
}

/* The result for a choice of rules and type: made once, since making it costs more than a run. */
static const struct lc_column_type *choose(uint8_t choice)
{
    static const char *const sets[] = {"prefix,v\nu1,a\nu2,bb\nu2_long_rule,c\n,d\n",
                                       "from,to,v\n0,9,a\n10,300,b\n"};
    static const char *const types[] = {"String", "Nullable(String)", "LowCardinality(String)",
                                        "LowCardinality(Nullable(String))"};
    static struct lc_rules *rules[2];
    static struct lc_column_type results[2][4];
    unsigned set = choice & 1, type = choice >> 1 & 3;
    struct lc_error err = LC_ERROR_INIT;

    if (!rules[set] && lc_rules_parse_csv(&rules[set], sets[set], strlen(sets[set]), "f", &err))
        abort();
    if (!results[set][type].rules &&
        lc_column_type_init(&results[set][type], rules[set], 0, types[type], "f", &err))
        abort();
    return &results[set][type];
}

/* The two results of rows for a choice of rules: String, and Nullable(String) or UInt16. */
static const struct lc_column_type *choose_rows(uint8_t choice)
{
    static const char *const sets[] = {"prefix,v,w\nu1,a,1\nu2,bb,22\nu2_long_rule,c,333\n",
                                       "from,to,v,w\n0,9,a,1\n10,300,b,60000\n"};
    static struct lc_rules *rules[2];
    static struct lc_column_type results[2][2][2];
    unsigned set = choice & 1, type = choice >> 1 & 1;
    struct lc_column_type *res = results[set][type];
    struct lc_error err = LC_ERROR_INIT;

    if (!rules[set] && lc_rules_parse_csv(&rules[set], sets[set], strlen(sets[set]), "f", &err))
        abort();
    if (!res[0].rules && (lc_column_type_init(&res[0], rules[set], 0,
                                              type ? "String" : "Nullable(String)", "f", &err) ||
                          lc_column_type_init(&res[1], rules[set], 1,
                                              type ? "Nullable(String)" : "UInt16", "f", &err)))
        abort();
    return res;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_error err = LC_ERROR_INIT, again = LC_ERROR_INIT;
    struct lc_buf whole, pieces;
    struct how how;
    size_t piece;
    int rc;

    if (n < 2)
        return 0;
    piece = (size_t)1 + (data[0] >> 4 & 7);
    how = (struct how){.res = data[0] & 128 ? choose_rows(data[0]) : choose(data[0]),
                       .argument = data[1] % ARGUMENTS,
                       .rows = data[0] & 128,
                       .chunk = data[0] & 8};
    lc_buf_init(&whole, SIZE_MAX / 4);
    lc_buf_init(&pieces, SIZE_MAX / 4);
    rc = run(&how, data + 2, n - 2, n, &whole, &err);
    if (run(&how, data + 2, n - 2, piece, &pieces, &again) != rc)
        abort();
    if (strcmp(err.msg, again.msg) != 0 || err.byte != again.byte)
        abort();
    if (rc == 0 && (whole.n != pieces.n || (whole.n && memcmp(whole.p, pieces.p, whole.n) != 0)))
        abort();
    lc_buf_release(&whole);
    lc_buf_release(&pieces);
    return 0;
}
