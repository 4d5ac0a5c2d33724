/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page is made of the result's JSON, so that it shows what a program would read. page.html
 * is the template: a comment <!--@name--> in it is where write_section puts a section.
 */
#include "bench/result/page.h"

#include "base/format.h"
#include "bench/result/html.h"
#include "bench/result/page_chart.h"

#include <stdio.h>
#include <string.h>

/* page.html, made into a string by CMake. */
extern const char lc_page_template[];

/* Members of an object, by short names: "", 0 and false where there is none. */
static const char *str(const struct lc_json *v, const char *key)
{
    return lc_json_str(lc_json_get(v, key), "");
}

static double num(const struct lc_json *v, const char *key)
{
    return lc_json_num(lc_json_get(v, key), 0);
}

static bool is(const struct lc_json *v, const char *key)
{
    return lc_json_bool(lc_json_get(v, key), false);
}

/* A JSON number's cell: three digits to read (of a count all), and all of them for the clipboard; –
 * where it is none. */
static void number_cell(struct lc_html *h, const struct lc_json *v, bool count)
{
    double n = lc_json_num(v, -1e308);
    char text[40];
    if (n <= -1e308) {
        lc_html_put(h, "<td>–</td>");
    } else {
        lc_html_put(h, "<td data-v=\"%.15g\">%s</td>", n,
                    count ? lc_format_integer(lc_double_to_u64(n), text, sizeof text)
                          : lc_format_number(n, text, sizeof text));
    }
}

/* Is there a budget for the failures of that series? */
static bool errors_are_budgeted(const struct lc_json *result, const char *series)
{
    const struct lc_json *budgets = lc_json_get(result, "budgets");
    for (size_t i = 0; i < lc_json_size(budgets); i++) {
        const struct lc_json *b = lc_json_at(budgets, i);
        if (strcmp(str(b, "series"), series) == 0 && strncmp(str(b, "budget"), "errors", 6) == 0) {
            return true;
        }
    }
    return false;
}

/* How many members of a list are bad: what the exit code goes by (output.h). */
struct found {
    size_t failed, missed, regressed, budgets;
};

/*
 * The same rules as lc_output_exit_code, so that page and exit code agree; and
 * proofs, which only some have.
 */
static struct found look(const struct lc_json *result)
{
    const struct lc_json *series = lc_json_get(result, "series");
    const struct lc_json *comparisons = lc_json_get(result, "comparisons");
    const struct lc_json *budgets = lc_json_get(result, "budgets");
    const struct lc_json *proofs = lc_json_get(lc_json_get(result, "facts"), "proofs");
    struct found f = {.budgets = lc_json_size(budgets)};
    for (size_t i = 0; i < lc_json_size(series); i++) {
        const struct lc_json *s = lc_json_at(series, i);
        f.failed += num(s, "errors") > 0 && !errors_are_budgeted(result, str(s, "name"));
    }
    for (size_t i = 0; i < lc_json_size(comparisons); i++) {
        const struct lc_json *c = lc_json_at(comparisons, i);
        f.failed += !is(c, "answers_agree");
        f.regressed += is(c, "regressed");
    }
    for (size_t i = 0; i < f.budgets; i++) {
        f.missed += strcmp(str(lc_json_at(budgets, i), "verdict"), "met") != 0;
    }
    for (size_t i = 0; i < lc_json_size(proofs); i++) {
        f.failed += !is(lc_json_at(proofs, i), "ok");
    }
    return f;
}

/* The headline, and the style that it is shown in. The worst comes first. */
static const char *verdict(const struct lc_json *result, const char **kind)
{
    struct found f = look(result);
    *kind = "bad";
    if (f.failed > 0) {
        return "Failed";
    }
    if (f.missed > 0) {
        return "Budget missed";
    }
    if (f.regressed > 0) {
        return "Proven slower than the reference";
    }
    *kind = is(result, "partial") ? "note" : f.budgets > 0 ? "good" : "note";
    return is(result, "partial") ? "Interrupted: not whole"
           : f.budgets > 0       ? "Budget kept"
                                 : "Measured; no budget was set";
}

/* Begins a line of the list; the caller writes its text and ends it. */
static void mark(struct lc_html *h, bool good, const char *bad)
{
    lc_html_put(h, "<li><span class=\"%s\">%s</span> ", good ? "ok" : "failed", good ? "ok" : bad);
}

/* A line a budget and series. Counts, rates and ratios have no unit; all others are ms. */
static void budget_lines(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *budgets = lc_json_get(result, "budgets");
    char figure[40];
    for (size_t i = 0; i < lc_json_size(budgets); i++) {
        const struct lc_json *b = lc_json_at(budgets, i);
        const char *text = str(b, "budget");
        bool count = strncmp(text, "errors", 6) == 0;
        bool other = count || strncmp(text, "qps", 3) == 0 || strncmp(text, "ratio", 5) == 0;
        mark(h, strcmp(str(b, "verdict"), "met") == 0, "missed");
        lc_html_text(h, text);
        lc_html_put(h, ", ");
        lc_html_text(h, str(b, "series"));
        if (strcmp(str(b, "verdict"), "too few") == 0) {
            lc_html_put(h, ": too few runs to judge it</li>\n");
        } else {
            lc_html_put(h, ": <span data-v=\"%.15g\">%s</span>%s</li>\n", num(b, "actual"),
                        lc_format_number(num(b, "actual"), figure, sizeof figure),
                        other ? "" : " ms");
        }
    }
}

static void proof_lines(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *proofs = lc_json_get(lc_json_get(result, "facts"), "proofs");
    for (size_t i = 0; i < lc_json_size(proofs); i++) {
        const struct lc_json *p = lc_json_at(proofs, i);
        mark(h, is(p, "ok"), "failed");
        lc_html_text(h, str(p, "what"));
        lc_html_put(h, ": ");
        lc_html_text(h, str(p, "detail"));
        lc_html_put(h, "</li>\n");
    }
}

/* Answers that differ make the times meaningless: then they are not shown. */
static void comparison_lines(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *comparisons = lc_json_get(result, "comparisons");
    for (size_t i = 0; i < lc_json_size(comparisons); i++) {
        const struct lc_json *c = lc_json_at(comparisons, i);
        bool agree = is(c, "answers_agree"), slower = is(c, "regressed");
        mark(h, agree && !slower, agree ? "slower" : "failed");
        lc_html_text(h, str(c, "series"));
        lc_html_put(h, " against ");
        lc_html_text(h, str(c, "reference"));
        if (!agree) {
            lc_html_put(h, ": they give different answers</li>\n");
            continue;
        }
        lc_html_put(h, ": ratio %.3f, difference %+.3g ms, between %+.3g and %+.3g: %s</li>\n",
                    num(c, "ratio"), num(c, "difference_ms"), num(c, "low_ms"), num(c, "high_ms"),
                    is(c, "proven") ? "proven" : "no difference proven");
    }
}

/* Series with failures, each with the text of the first one; also those that a budget allows. */
static void error_lines(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *series = lc_json_get(result, "series");
    for (size_t i = 0; i < lc_json_size(series); i++) {
        const struct lc_json *s = lc_json_at(series, i);
        if (num(s, "errors") > 0) {
            mark(h, false, "errors");
            lc_html_text(h, str(s, "name"));
            lc_html_put(h, ": %.0f failed: ", num(s, "errors"));
            lc_html_text(h, str(s, "error"));
            lc_html_put(h, "</li>\n");
        }
    }
}

/* What a change of a live table has taken. */
static void live_figures(struct lc_html *h, const struct lc_json *facts)
{
    char a[40], b[40];
    if (lc_json_get(facts, "add_column_ms") == NULL) {
        return;
    }
    lc_html_put(h, "<dl>\n");
    if (num(facts, "add_column_ms") >= 0) {
        lc_html_put(h, "<dt>ADD COLUMN</dt><dd>%s</dd>\n",
                    lc_format_ms(num(facts, "add_column_ms"), a, sizeof a));
    }
    if (num(facts, "backfill_ms") >= 0) {
        lc_html_put(h, "<dt>backfill</dt><dd>%s rows in %s",
                    lc_format_integer(lc_double_to_u64(num(facts, "backfill_rows")), a, sizeof a),
                    lc_format_ms(num(facts, "backfill_ms"), b, sizeof b));
        if (num(facts, "backfills_repeated") > 0) {
            lc_html_put(h, "; repeated on %.0f fresh copies", num(facts, "backfills_repeated"));
        }
        lc_html_put(h, "</dd>\n");
    }
    if (num(facts, "group_by_builtin_ms") > 0) {
        lc_html_put(h, "<dt>GROUP BY</dt><dd>");
        lc_html_text(h, str(facts, "function"));
        lc_html_put(h, " %s, multiIf %s: ratio %.3g</dd>\n",
                    lc_format_ms(num(facts, "group_by_function_ms"), a, sizeof a),
                    lc_format_ms(num(facts, "group_by_builtin_ms"), b, sizeof b),
                    num(facts, "group_by_function_ms") / num(facts, "group_by_builtin_ms"));
    }
    if (num(facts, "bytes_per_row_before") > 0) {
        lc_html_put(h, "<dt>storage</dt><dd>%.2f bytes a row before, %.2f after</dd>\n",
                    num(facts, "bytes_per_row_before"), num(facts, "bytes_per_row_after"));
    }
    lc_html_put(h, "</dl>\n");
}

/* The box on top, the figures of the scenario, and its proofs. */
static void write_verdict(struct lc_html *h, const struct lc_json *result)
{
    const char *kind;
    const char *text = verdict(result, &kind);
    lc_html_put(h, "<div class=\"verdict %s\">\n<h1>%s</h1>\n<p>livecol bench %s, ", kind, text,
                str(result, "scenario"));
    lc_html_text(h, str(result, "date"));
    if (num(result, "rows") > 0) {
        char rows[40];
        lc_html_put(h, "; %s rows",
                    lc_format_integer(lc_double_to_u64(num(result, "rows")), rows, sizeof rows));
    }
    if (*str(result, "how") != '\0') {
        lc_html_put(h, "; ");
        lc_html_text(h, str(result, "how"));
    }
    lc_html_put(h, "</p>\n<ul class=\"plain\">\n");
    budget_lines(h, result);
    comparison_lines(h, result);
    error_lines(h, result);
    /* The box ends here: what follows is detail, and stays out of the headline. */
    lc_html_put(h, "</ul>\n</div>\n");
    if (is(lc_json_get(result, "noise"), "noisy")) {
        lc_html_put(h, "<div class=\"verdict note\"><p>The machine was noisy while this was "
                       "measured: do not trust small differences.</p></div>\n");
    }
    live_figures(h, lc_json_get(result, "facts"));
    lc_html_put(h, "<ul class=\"plain\">\n");
    proof_lines(h, result);
    lc_html_put(h, "</ul>\n");
}

/*
 * A table with its title and a button that copies it; ends within the head's row,
 * where the columns follow.
 */
static void table_head(struct lc_html *h, const char *id, const char *title)
{
    lc_html_put(
        h,
        "<section>\n<div class=\"head\"><h2>%s</h2><button type=\"button\" data-table=\"%s\">Copy "
        "table</button></div>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"%s\"><table id=\"%s\">\n<thead><tr>",
        title, id, title, id);
}

static void table_end(struct lc_html *h)
{
    lc_html_put(h, "</tbody>\n</table></div>\n</section>\n");
}

/* The heads of a table's columns of numbers, each a member of the JSON and its title; then its body. */
static void number_heads(struct lc_html *h, const char *const keys[][2], size_t n)
{
    for (size_t k = 0; k < n; k++) {
        lc_html_put(h, "<th>%s</th>", keys[k][1]);
    }
    lc_html_put(h, "</tr></thead>\n<tbody>\n");
}

/* A row's numbers, of which the first two are counts; then its end. */
static void number_cells(struct lc_html *h, const struct lc_json *row, const char *const keys[][2],
                         size_t n)
{
    for (size_t k = 0; k < n; k++) {
        number_cell(h, lc_json_get(row, keys[k][0]), k < 2);
    }
    lc_html_put(h, "</tr>\n");
}

/* A row a series: the same figures as in the text report. */
static void series_table(struct lc_html *h, const struct lc_json *result)
{
    static const char *const keys[][2] = {
        {"n", "n"},        {"errors", "errors"},  {"qps", "qps"},    {"mean_ms", "mean ms"},
        {"sd_ms", "σ"},    {"p50_ms", "p50"},     {"p90_ms", "p90"}, {"p95_ms", "p95"},
        {"p99_ms", "p99"}, {"p99_9_ms", "p99.9"}, {"max_ms", "max"}};
    const struct lc_json *series = lc_json_get(result, "series");
    if (lc_json_size(series) == 0) {
        return;
    }
    table_head(h, "series", "Latency, ms");
    lc_html_put(h, "<th class=\"left\">series</th>");
    number_heads(h, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < lc_json_size(series); i++) {
        const struct lc_json *s = lc_json_at(series, i);
        lc_html_put(h, "<tr><th scope=\"row\">");
        lc_html_text(h, str(s, "name"));
        lc_html_put(h, "</th>");
        number_cells(h, s, keys, sizeof keys / sizeof *keys);
    }
    table_end(h);
}

/* bench udf: what each expression costs, next to the built-in one and to the transport alone. */
static void entries_table(struct lc_html *h, const struct lc_json *result)
{
    static const char *const keys[][2] = {{"rules", "rules"},
                                          {"rows", "rows"},
                                          {"seconds", "s"},
                                          {"of_builtin", "× multiIf"},
                                          {"of_limit", "of the limit"},
                                          {"cpu_seconds", "CPU s"},
                                          {"cpu_of_builtin", "CPU × multiIf"},
                                          {"cpu_of_limit", "CPU of the limit"}};
    const struct lc_json *entries = lc_json_get(lc_json_get(result, "facts"), "entries");
    if (lc_json_size(entries) == 0) {
        return;
    }
    table_head(h, "entries", "Comparison with the alternatives");
    lc_html_put(h, "<th class=\"left\">expression</th><th class=\"left\">statement</th>");
    number_heads(h, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < lc_json_size(entries); i++) {
        const struct lc_json *e = lc_json_at(entries, i);
        lc_html_put(h, "<tr><th scope=\"row\">");
        lc_html_text(h, str(e, "expression"));
        lc_html_put(h, "</th><td class=\"left\">");
        lc_html_text(h, str(e, "what"));
        lc_html_put(h, "</td>");
        number_cells(h, e, keys, sizeof keys / sizeof *keys);
    }
    table_end(h);
}

/* The SQL of each series, folded away; nothing where no series has one. */
static void statements(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *series = lc_json_get(result, "series");
    bool headed = false;
    for (size_t i = 0; i < lc_json_size(series); i++) {
        const struct lc_json *s = lc_json_at(series, i);
        if (*str(s, "sql") == '\0') {
            continue;
        }
        lc_html_put(h, "%s<p>", headed ? "" : "<details>\n<summary>Statements</summary>\n");
        headed = true;
        lc_html_text(h, str(s, "name"));
        lc_html_put(h, "</p>\n<pre>");
        lc_html_text(h, str(s, "sql"));
        lc_html_put(h, "</pre>\n");
    }
    lc_html_put(h, "%s", headed ? "</details>\n" : "");
}

/* A line of the list of facts; nothing where it is not known. */
static void fact(struct lc_html *h, const char *name, const char *text)
{
    if (*text != '\0') {
        lc_html_put(h, "<dt>%s</dt><dd>", name);
        lc_html_text(h, text);
        lc_html_put(h, "</dd>\n");
    }
}

/* What a figure needs to mean something: machine, build, server, and how times are counted. */
static void write_machine(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *m = lc_json_get(result, "machine");
    char memory[40];
    lc_html_put(h, "<h2>Where it was measured</h2>\n<dl>\n<dt>machine</dt><dd>");
    lc_html_text(h, str(m, "cpu"));
    lc_html_put(h, ", %.0f cores, %s</dd>\n", num(m, "cores"),
                lc_format_bytes(num(m, "memory_bytes"), memory, sizeof memory));
    fact(h, "system", str(m, "os"));
    fact(h, "kernel", str(m, "kernel"));
    lc_html_put(h, "<dt>livecol</dt><dd>");
    lc_html_text(h, str(m, "version"));
    lc_html_put(h, " (");
    lc_html_text(h, str(m, "commit"));
    lc_html_put(h, "), ");
    lc_html_text(h, str(m, "compiler"));
    lc_html_put(h, " ");
    lc_html_text(h, str(m, "build"));
    lc_html_put(h, "</dd>\n");
    fact(h, "ClickHouse", str(result, "engine"));
    fact(h, "where", str(result, "where"));
    lc_html_put(h,
                "</dl>\n<p class=\"soft\">Latency counts from when an operation was due. "
                "Percentiles are by nearest rank; – where there are too few runs for one.</p>\n");
}

/* A mark of the template that is not known is left empty. */
static void write_section(struct lc_html *h, const char *name, size_t n,
                          const struct lc_json *result)
{
    const char *kind;
    if (strncmp(name, "title", n) == 0) {
        lc_html_put(h, "livecol bench %s: %s", str(result, "scenario"), verdict(result, &kind));
    } else if (strncmp(name, "verdict", n) == 0) {
        write_verdict(h, result);
    } else if (strncmp(name, "charts", n) == 0) {
        lc_page_charts(h, result);
    } else if (strncmp(name, "tables", n) == 0) {
        entries_table(h, result);
        series_table(h, result);
        statements(h, result);
    } else if (strncmp(name, "machine", n) == 0) {
        write_machine(h, result);
    }
}

int lc_page_write(const struct lc_json *result, struct lc_buf *out)
{
    struct lc_html h = {.out = out};
    const char *p = lc_page_template;
    for (;;) {
        const char *from = strstr(p, "<!--@");
        const char *to = from != NULL ? strstr(from, "-->") : NULL;
        /*
         * Copy up to the next mark, then write its section. Text after
         * the last mark ends the page.
         */
        size_t n = to != NULL ? (size_t)(from - p) : strlen(p);
        h.rc = h.rc != 0 ? h.rc : lc_buf_add(out, p, n);
        if (to == NULL) {
            return h.rc;
        }
        write_section(&h, from + 5, (size_t)(to - from - 5), result);
        p = to + 3;
    }
}
