/* livecol bench match: the command. */
#include "cmd_bench.h"
#include "json.h"
#include "machine.h"
#include "matcher.h"
#include "options.h"
#include "report.h"
#include "talk.h"

#include <stdio.h>

static void print_figures(const struct lc_match_figure *f, size_t n)
{
    struct lc_report table;
    struct lc_buf text;

    lc_report_init(&table,
                   "kind|rules|key bytes|keys|hits|ns/key|XXH3+memcmp ns|ratio|goal|spread");
    lc_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        lc_report_cell(&table, "%s", f[i].kind);
        lc_report_cell(&table, "%u", f[i].rules);
        lc_report_cell(&table, "%s", f[i].lengths);
        lc_report_cell(&table, "%s", f[i].cold ? "cold" : "warm");
        lc_report_cell(&table, "%.0f%%", 100 * f[i].hits);
        lc_report_number(&table, f[i].ns);
        lc_report_number(&table, f[i].comparator_ns);
        lc_report_cell(&table, "%.2f", f[i].ns / f[i].comparator_ns);
        if (f[i].goal > 0)
            lc_report_cell(&table, "<= %.1f", f[i].goal);
        else
            lc_report_cell(&table, "%s", "");
        lc_report_cell(&table, "%.0f%%", 100 * f[i].spread);
    }
    if (!lc_report_write(&table, LC_REPORT_TEXT, &text))
        fputs(lc_buf_str(&text), stdout);
    lc_report_release(&table);
    lc_buf_release(&text);
}

static int json_figures(const struct lc_match_figure *f, size_t n)
{
    struct lc_json *o = lc_json_object(), *list = lc_json_array();
    struct lc_machine m;
    int rc;

    lc_machine_read(&m);
    lc_json_set_str(o, "scenario", "match");
    lc_json_set_str(o, "cpu", m.cpu);
    lc_json_set_int(o, "cores", m.cores);
    lc_json_set_str(o, "kernel", m.kernel);
    lc_json_set_str(o, "compiler", m.compiler);
    lc_json_set_str(o, "flags", m.flags);
    lc_json_set_str(o, "commit", m.commit);
    lc_json_set_str(o, "date", m.date);
    for (size_t i = 0; i < n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "kind", f[i].kind);
        lc_json_set_int(one, "rules", f[i].rules);
        lc_json_set_str(one, "key_bytes", f[i].lengths);
        lc_json_set_bool(one, "cold", f[i].cold);
        lc_json_set_double(one, "hits", f[i].hits);
        lc_json_set_double(one, "ns_per_key", f[i].ns);
        lc_json_set_double(one, "comparator_ns_per_key", f[i].comparator_ns);
        lc_json_set_double(one, "ratio", f[i].ns / f[i].comparator_ns);
        lc_json_set_double(one, "spread", f[i].spread);
        lc_json_add(list, one);
    }
    lc_json_set(o, "figures", list);
    rc = lc_json_line(o, stdout);
    lc_json_free(o);
    return rc;
}

int lc_cmd_bench_match(int argc, const char **argv)
{
    struct lc_match_bench how = {.keys = 2000000, .rounds = 7, .max_rules = 1000000, .seed = 1};
    uint64_t rounds = how.rounds;
    const struct lc_option options[] = {
        {"keys", 'n', LC_OPT_UINT, &how.keys, "N", "keys a round (2M)"},
        {"rounds", 'r', LC_OPT_UINT, &rounds, "N", "rounds, of which the median counts (7)"},
        {"max-rules", 0, LC_OPT_UINT, &how.max_rules, "N", "leave out larger rule sets (1M)"},
        {"seed", 0, LC_OPT_UINT, &how.seed, "N", "of the random rules and keys (1)"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "bench match",
        .synopsis = "[OPTIONS]",
        .about = "Time the matcher alone, one thread, against one XXH3 and one memcmp per key, in "
                 "turns: by kind, number of rules and length, with keys in the cache (warm) and "
                 "out of it (cold). Half of the keys begin with a rule.",
        .options = options,
        .examples = "livecol bench match\nlivecol bench match --max-rules 1k --rounds 3",
    };
    struct lc_match_figure figures[LC_MATCH_FIGURES];
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;
    size_t n = 0;
    int rc = lc_options_parse(&cmd, argc, argv, &global, &rest, &err);

    if (!rc && (rest.n || rounds < 1 || rounds > 31 || how.keys < LC_MATCH_MIN_KEYS))
        rc = lc_fail(&err, LC_ERR_USAGE,
                     rest.n ? "bench match takes no operand" : "1 to 31 rounds, at least %u keys",
                     LC_MATCH_MIN_KEYS);
    how.rounds = (unsigned)rounds;
    if (!rc)
        rc = lc_bench_match(&how, figures, &n, &err);
    if (n && global.json)
        json_figures(figures, n);
    else if (n)
        print_figures(figures, n);
    if (rc)
        lc_complain(&err);
    return rc ? lc_exit_code(&err) : 0;
}
