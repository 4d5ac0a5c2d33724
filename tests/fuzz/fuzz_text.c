/* SPDX-License-Identifier: Apache-2.0 */
/* The small parsers, each a target of its own by FUZZ_WHAT: type names, URLs, sizes and times, limits and budgets,
 * XML, lists of settings. */
#include "kept.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/format.h"
#include "base/xml.h"
#include "bench/result/budget.h"
#include "cli/column/throttle.h"
#include "cli/server/url.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/sql/settings.h"
#include "cli/sql/type_name.h"
#include "cli/term/options.h"
#include "udf/column_type.h"
#include "udf/rules/csv.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPES    1
#define URL      2
#define NUMBERS  3
#define LIMITS   4
#define XML      5
#define SETTINGS 6

/* What failed says so, and what did not says nothing. */
static void said(int rc, const struct lc_error *err)
{
    if ((rc != 0) != (err->code != 0) || (rc != 0 && !err->msg[0]))
        abort();
}

static void types(const char *text)
{
    static const char csv[] = "prefix,region,n\nu1,us,1\nu2,eu,2\n,un,3\n";
    static struct lc_rules *rules;
    struct lc_column_type res;
    struct lc_error err = LC_ERROR_INIT;
    char plain[LC_TYPE_BYTES], cast[LC_TYPE_BYTES];
    const char *p = lc_type_plain(text, plain), *c = lc_type_to_cast(text, cast);

    if (strlen(p) > strlen(text) || strlen(c) > strlen(text))
        abort();
    (void)lc_type_is_integer(text);
    (void)lc_type_holds_floats(text);
    if (!rules && lc_rules_parse_csv(&rules, csv, sizeof csv - 1, "fuzz", &err))
        abort();
    for (uint32_t attribute = 0; attribute < 2; attribute++) {
        err = LC_ERROR_INIT;
        said(lc_column_type_init(&res, rules, attribute, text, "fuzz", &err), &err);
        lc_column_type_release(&res);
    }
}

static void url(const char *text)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_url u, again;
    char *shown;
    int rc = lc_url_parse(&u, text, &err);

    said(rc, &err);
    if (rc)
        return;
    shown = lc_url_text(&u);
    if (shown && strlen(shown) > 8192) { /* percent-encoded it is longer than a URL may be */
        free(shown);
        shown = NULL;
    }
    if (shown && (lc_url_parse(&again, shown, &err) || strcmp(u.host, again.host) != 0 ||
                  u.port != again.port || u.tls != again.tls))
        abort();
    if (shown)
        lc_url_release(&again);
    free(shown);
    lc_url_release(&u);
}

static void numbers(const char *text)
{
    uint64_t size = 0, count = 1;
    double number = 0, above = 1;
    const char *name = NULL;
    struct lc_strings rest = {0};
    struct lc_global global = {0};
    const struct lc_option options[] = {{"size", 0, LC_OPT_UINT, &size, "N", "n"},
                                        {"count", 0, LC_OPT_COUNT, &count, "N", "n"},
                                        {"number", 0, LC_OPT_DOUBLE, &number, "N", "n"},
                                        {"above", 0, LC_OPT_ABOVE, &above, "N", "n"},
                                        {"name", 0, LC_OPT_STRING, &name, "N", "n"},
                                        {0}};
    static const char *const names[] = {"--size", "--count", "--number", "--above", "--name"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *argv[] = {"fuzz", names[i], text, NULL};
        const struct lc_command cmd = {
            .name = "fuzz", .synopsis = "", .about = "", .options = options};
        struct lc_error err = LC_ERROR_INIT;
        int rc = lc_options_parse(&cmd, 3, argv, &global, &rest, &err);

        if (rc < 0) {
            said(rc, &err);
            count = 1;
            above = 1;
        }
    }
    (void)lc_double_to_u64(number);
    (void)lc_double_to_u64(above * 1e9);
    if (!isfinite(number) || !(above > 0) || count == 0)
        abort();
    kept_free();
}

static void limits(const char *text)
{
    struct lc_load_limits l = {0};
    struct lc_budget budget;
    struct lc_error err = LC_ERROR_INIT;
    const double ms[] = {1, 2, 3};
    char *database, *table, *column;
    double actual;

    said(lc_load_parse(&l, text, &err), &err);
    err = LC_ERROR_INIT;
    if (lc_budget_parse(text, &budget, &err) == 0) {
        const struct lc_measured m = {.sorted_ms = ms, .n = 3, .qps = 1, .ratio = 1};
        char figure[64];

        (void)lc_budget_check(&budget, &m, &actual);
        (void)lc_budget_figure(&budget, budget.limit, figure, sizeof figure);
    }
    if (lc_table_name_parse(text, &database, &table, NULL) == 0) {
        free(database);
        free(table);
    }
    if (lc_column_name_parse(text, &database, &table, &column, NULL) == 0) {
        free(database);
        free(table);
        free(column);
    }
}

/* What comes out has no markup of its own, and reads back as what went in. */
static void xml(const char *text, size_t n)
{
    struct lc_buf out;
    size_t at = 0;

    lc_buf_init(&out, (size_t)1 << 20);
    if (lc_xml_escape(&out, text, n) == 0) {
        for (size_t i = 0; i < out.n; i++) {
            static const char *const names[] = {"&amp;", "&lt;", "&gt;"};
            static const char as[] = "&<>";
            char c = (char)out.p[i];

            if (c == '<' || c == '>')
                abort();
            for (size_t k = 0; c == '&' && k < 3; k++) {
                size_t name_n = strlen(names[k]);

                if (out.n - i >= name_n && memcmp(out.p + i, names[k], name_n) == 0) {
                    c = as[k];
                    i += name_n - 1;
                    break;
                }
            }
            if (at >= n || text[at++] != c)
                abort();
        }
        if (at != n)
            abort();
    }
    lc_buf_release(&out);
}

/* What is read, written down again, reads the same. Nothing is left of "a = DEFAULT". */
static void settings(const char *text, size_t n)
{
    struct lc_sql_settings read = {0}, again = {0};
    struct lc_buf out;
    int rc = lc_sql_settings_read(&read, text, n);

    if (rc != 0 && rc != LC_ERR_INPUT)
        abort();
    lc_buf_init(&out, SIZE_MAX / 4);
    for (size_t i = 0; rc == 0 && i < read.n; i++) {
        if (lc_buf_adds(&out, i ? ", " : "") || lc_sql_add_id(&out, read.v[2 * i]) ||
            lc_buf_adds(&out, " = ") || lc_sql_add_str(&out, read.v[2 * i + 1]))
            abort();
    }
    if (rc == 0 && read.n &&
        (lc_sql_settings_read(&again, (const char *)out.p, out.n) || again.n != read.n))
        abort();
    for (size_t i = 0; i < 2 * again.n; i++)
        if (strcmp(read.v[i], again.v[i]) != 0)
            abort();
    lc_buf_release(&out);
    lc_sql_settings_release(&read);
    lc_sql_settings_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of the exact size, so that reading a byte too many is seen. */
    char *text = malloc(size + 1);

    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    switch (FUZZ_WHAT) {
    case TYPES:
        types(text);
        break;
    case URL:
        url(text);
        break;
    case NUMBERS:
        numbers(text);
        break;
    case LIMITS:
        limits(text);
        break;
    case XML:
        xml(text, size);
        break;
    default:
        settings(text, size);
        break;
    }
    free(text);
    return 0;
}
