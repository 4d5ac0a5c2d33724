/* livecol bench udf: the command. */
#include "cmd_bench.h"
#include "contest.h"
#include "json.h"
#include "machine.h"
#include "options.h"
#include "report.h"
#include "startup.h"
#include "talk.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES 9.0 /* of each made-up user_id */

static void say_line(const char *line)
{
    lc_say("%s", line);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void print_machine(const struct lc_machine *m, const char *version, uint64_t rows)
{
    char shown[40];

    printf("machine   %s, %u cores, %s, %s\n", m->cpu, m->cores,
           lc_format_bytes((double)m->memory_bytes, shown, sizeof shown), m->kernel);
    printf("build     %s, %s, %s, commit %s\n", m->compiler, m->build, m->flags, m->commit);
    printf("engine    %s, %s rows, %s\n\n", version,
           lc_format_count((double)rows, shown, sizeof shown), m->date);
}

/* A number, or an empty cell where there is none. */
static void cell_if(struct lc_report *table, bool is_there, const char *before, int digits,
                    double v)
{
    if (is_there)
        lc_report_cell(table, "%s%.*f", before, digits, v);
    else
        lc_report_cell(table, "%s", "");
}

static void print_entries(const struct lc_entry *e, size_t n)
{
    struct lc_report table;
    struct lc_buf text;

    lc_report_init(&table, "what|rules|expression|seconds|M rows/s|ns/row|MB/s|x multiIf|of "
                           "limit|CPU s|CPU x multiIf|CPU of limit|"
                           "goal|spread");
    lc_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        double rate = (double)e[i].rows / e[i].seconds;

        lc_report_cell(&table, "%s", e[i].what);
        cell_if(&table, e[i].rules > 0, "", 0, e[i].rules);
        lc_report_cell(&table, "%s", e[i].name);
        lc_report_number(&table, e[i].seconds);
        lc_report_number(&table, rate / 1e6);
        lc_report_number(&table, 1e9 / rate);
        lc_report_number(&table, rate * KEY_BYTES / 1e6);
        cell_if(&table, e[i].of_builtin > 0, "", 3, e[i].of_builtin);
        cell_if(&table, e[i].of_limit > 0, "", 3, e[i].of_limit);
        lc_report_number(&table, e[i].cpu_seconds);
        cell_if(&table, e[i].cpu_of_builtin > 0, "", 3, e[i].cpu_of_builtin);
        cell_if(&table, e[i].cpu_of_limit > 0, "", 3, e[i].cpu_of_limit);
        cell_if(&table, e[i].goal > 0, e[i].goal_is_limit ? "limit >= " : "x <= ", 2, e[i].goal);
        lc_report_cell(&table, "%.0f%%", 100 * e[i].spread);
    }
    if (!lc_report_write(&table, LC_REPORT_TEXT, &text))
        fputs(lc_buf_str(&text), stdout);
    lc_report_release(&table);
    lc_buf_release(&text);
}

static void print_startup(const struct lc_startup *s)
{
    char shown[40];

    printf(
        "\n%u rules: compiled in %.2f s (goal 1 s); first answer %.2f ms after exec (goal 2 ms); "
        "%s private memory a process (goal 4 MiB)\n",
        s->rules, s->compile_s, s->first_answer_ms,
        lc_format_bytes(s->private_bytes, shown, sizeof shown));
}

static void print_json(const struct lc_machine *m, const char *version, uint64_t rows,
                       const struct lc_entry *e, size_t n, const struct lc_startup *startup)
{
    struct lc_json *o = lc_json_object(), *list = lc_json_array(), *start = lc_json_object();

    lc_json_set_str(o, "scenario", "udf");
    lc_json_set_str(o, "cpu", m->cpu);
    lc_json_set_int(o, "cores", m->cores);
    lc_json_set_int(o, "memory_bytes", (int64_t)m->memory_bytes);
    lc_json_set_str(o, "kernel", m->kernel);
    lc_json_set_str(o, "compiler", m->compiler);
    lc_json_set_str(o, "flags", m->flags);
    lc_json_set_str(o, "build", m->build);
    lc_json_set_str(o, "commit", m->commit);
    lc_json_set_str(o, "engine", version);
    lc_json_set_int(o, "rows", (int64_t)rows);
    lc_json_set_str(o, "date", m->date);
    for (size_t i = 0; i < n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "what", e[i].what);
        lc_json_set_int(one, "rules", e[i].rules);
        lc_json_set_str(one, "expression", e[i].name);
        lc_json_set_int(one, "rows", (int64_t)e[i].rows);
        lc_json_set_double(one, "seconds", e[i].seconds);
        lc_json_set_double(one, "spread", e[i].spread);
        if (e[i].of_builtin > 0)
            lc_json_set_double(one, "of_builtin", e[i].of_builtin);
        if (e[i].of_limit > 0)
            lc_json_set_double(one, "of_limit", e[i].of_limit);
        lc_json_set_double(one, "cpu_seconds", e[i].cpu_seconds);
        if (e[i].cpu_of_builtin > 0)
            lc_json_set_double(one, "cpu_of_builtin", e[i].cpu_of_builtin);
        if (e[i].cpu_of_limit > 0)
            lc_json_set_double(one, "cpu_of_limit", e[i].cpu_of_limit);
        lc_json_add(list, one);
    }
    lc_json_set(o, "entries", list);
    lc_json_set_int(start, "rules", startup->rules);
    lc_json_set_double(start, "compile_seconds", startup->compile_s);
    lc_json_set_double(start, "first_answer_ms", startup->first_answer_ms);
    lc_json_set_double(start, "private_bytes", startup->private_bytes);
    lc_json_set(o, "startup", start);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

int lc_cmd_bench_udf(int argc, const char **argv)
{
    uint64_t rows = 5000000, rounds = 7;
    bool quick = false, no_materialize = false;
    const struct lc_option options[] = {
        {"rows", 'n', LC_OPT_UINT, &rows, "N", "rows of the table (5M; the README's figures: 20M)"},
        {"rounds", 'r', LC_OPT_UINT, &rounds, "N", "rounds, of which the median counts (7)"},
        {"quick", 0, LC_OPT_FLAG, &quick, NULL, "leave out what is slow, and large rule sets"},
        {"no-materialize", 0, LC_OPT_FLAG, &no_materialize, NULL, "leave out MATERIALIZE COLUMN"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "bench udf",
        .synopsis = "[OPTIONS]",
        .about = "Compare the function with what else could compute the column, on the embedded "
                 "engine: built-in multiIf, dictionaries, each block format, a Python script, and "
                 "the transport's limit (the same pool answering a constant). Everything runs in "
                 "turns, the median counts, and answers that differ are a failure. Works in a "
                 "temporary folder (about 15 bytes a row).",
        .options = options,
        .examples = "livecol bench udf --rows 20M\nlivecol bench udf --quick --rows 1M --rounds 3",
    };
    char folder[1024], version[64] = "";
    struct lc_entry entries[LC_ENTRIES];
    struct lc_error err = LC_ERROR_INIT;
    struct lc_startup startup;
    struct lc_machine machine;
    struct lc_global global;
    struct lc_strings rest;
    size_t n = 0;
    int rc = lc_options_parse(&cmd, argc, argv, &global, &rest, &err);

    if (!rc && (rest.n || rounds < 1 || rounds > 31 || rows < 1000))
        rc = lc_fail(&err, LC_ERR_USAGE,
                     rest.n ? "bench udf takes no operand" : "1 to 31 rounds, at least 1000 rows");
    if (!rc) {
        const char *tmp = getenv("TMPDIR");

        snprintf(folder, sizeof folder, "%s/livecol-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(folder))
            rc = lc_fail(&err, LC_ERR_IO, "%s: cannot make a temporary folder", folder);
    }
    if (!rc) {
        struct lc_contest how = {.path = folder,
                                 .rows = rows,
                                 .rounds = (unsigned)rounds,
                                 .materialize = !no_materialize,
                                 .quick = quick,
                                 .say = say_line};

        lc_machine_read(&machine);
        rc = lc_startup_measure(folder, &startup, &err);
        if (!rc)
            rc = lc_contest_run(&how, entries, &n, version, sizeof version, &err);
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    if (n && global.json) {
        print_json(&machine, version, rows, entries, n, &startup);
    } else if (n) {
        print_machine(&machine, version, rows);
        print_entries(entries, n);
        print_startup(&startup);
    }
    if (rc)
        lc_complain(&err);
    return rc ? lc_exit_code(&err) : 0;
}
