/*
 * A decoder (FUZZ_FORMAT): any bytes, in pieces, give the same answer or the same error as in one.
 * The first byte chooses rules, type, chunk headers and the size of the pieces; its top bit rows of
 * key and attributes, rather than values.
 */
#include "udf/rules/csv.h"
#include "udf/stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int run(const struct lc_column_type *res, bool rows, bool chunk, const uint8_t *p, size_t n,
               size_t piece, struct lc_buf *out, struct lc_error *err)
{
    struct lc_stream *s;
    int rc = 0;

    if (rows ? lc_stream_new_rows(&s, res, 2, FUZZ_FORMAT, chunk)
             : lc_stream_new(&s, res, FUZZ_FORMAT, chunk))
        abort();
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
    const struct lc_column_type *res;
    struct lc_buf whole, pieces;
    size_t piece;
    bool rows;
    int rc;

    if (n < 1)
        return 0;
    rows = data[0] & 128;
    piece = (size_t)1 + (data[0] >> 4 & 7);
    res = rows ? choose_rows(data[0]) : choose(data[0]);
    lc_buf_init(&whole, SIZE_MAX / 4);
    lc_buf_init(&pieces, SIZE_MAX / 4);
    rc = run(res, rows, data[0] & 8, data + 1, n - 1, n, &whole, &err);
    if (run(res, rows, data[0] & 8, data + 1, n - 1, piece, &pieces, &again) != rc)
        abort();
    if (strcmp(err.msg, again.msg) != 0 || err.byte != again.byte)
        abort();
    if (rc == 0 && (whole.n != pieces.n || (whole.n && memcmp(whole.p, pieces.p, whole.n) != 0)))
        abort();
    lc_buf_release(&whole);
    lc_buf_release(&pieces);
    return 0;
}
