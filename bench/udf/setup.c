/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the comparison runs on, in one folder: an embedded engine's data, the program and the
 * rules in user_scripts, the functions in bench_function.xml, the table bench.t. Nothing of the
 * machine's own ClickHouse is used.
 */
#include "bench/udf/setup.h"

#include "base/files.h"
#include "cli/deploy/locate.h"
#include "cli/server/connect.h"
#include "udf/rules/csv.h"
#include "udf/rules/open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const uint32_t set_sizes[LC_COMPARISON_SETS] = {3, 10, 100, 1000, 100000, 1000000};

struct lc_rules *lc_comparison_rules(const struct lc_comparison_place *place, uint32_t rules)
{
    for (size_t i = 0; i < LC_COMPARISON_SETS; i++)
        if (place->sets[i].rules == rules)
            return place->sets[i].set;
    return NULL;
}

/* Enum8('a'=1,'b'=2,…): the values of the rule set, numbered by their ids from 1. */
int lc_comparison_enum(struct lc_buf *b, const struct lc_rules *rules)
{
    int rc = lc_buf_adds(b, "Enum8(");

    for (uint32_t id = 1; id < rules->attrs[0].values && !rc; id++) {
        struct lc_slice v = lc_rules_value(rules, 0, id);

        rc = lc_buf_addf(b, "%s'%.*s'=%u", id > 1 ? "," : "", (int)v.n, (const char *)v.p, id);
    }
    return rc ? rc : lc_buf_adds(b, ")");
}

/* Write path/name with those permission bits. */
static int write_file(const char *path, const char *name, const void *p, size_t n, unsigned mode,
                      struct lc_error *err)
{
    char *full = lc_path_join(path, name, err);
    int rc = full ? lc_file_write(full, p, n, mode, err) : LC_ERR_NOMEM;

    free(full);
    return rc;
}

/* The engine runs only what is in user_scripts. */
static int copy_program(const char *path, struct lc_error *err)
{
    char *from = NULL;
    struct lc_buf b;
    int rc = lc_locate_udf(&from, err);

    lc_buf_init(&b, LC_FILE_MAX_BYTES);
    rc = rc ? rc : lc_file_read(from, &b, err);
    rc = rc ? rc : write_file(path, "user_scripts/livecol-udf", b.p, b.n, 0755, err);
    lc_buf_release(&b);
    free(from);
    return rc;
}

/* Prefixes of the keys' form u1_000000: as long as needed for so many, ten values, a default. */
static int make_csv(struct lc_buf *b, uint32_t rules)
{
    unsigned digits = rules <= 10       ? 0
                      : rules <= 100    ? 1
                      : rules <= 1000   ? 2
                      : rules <= 100000 ? 4
                                        : 6;
    uint32_t per_user = 1, made = 0;

    if (rules == 3)
        return lc_buf_adds(b, "prefix,v\nu1,us-east\nu2,eu-west\n,unknown\n");
    for (unsigned i = 0; i < digits; i++)
        per_user *= 10;
    if (lc_buf_adds(b, "prefix,v\n,none\n"))
        return LC_ERR_NOMEM;
    /*
     * Where so many digits give fewer prefixes, the rest are a digit longer than those before
     * them: for 100 rules u1_0 … u9_9, then u1_01 and so on.
     */
    for (uint32_t i = 0; made < rules - 1; i++, made++) {
        uint32_t user = i % 9 + 1, code = i / 9 % per_user, again = i / (9 * per_user);
        int rc = digits == 0 ? lc_buf_addf(b, "u%u,r%u\n", user, i % 10)
                 : again
                     ? lc_buf_addf(b, "u%u_%0*u%u,r%u\n", user, (int)digits, code, again, i % 10)
                     : lc_buf_addf(b, "u%u_%0*u,r%u\n", user, (int)digits, code, i % 10);

        if (rc)
            return rc;
    }
    return 0;
}

/* A rule set of each size, kept in memory for multiIf and compiled for the program. */
static int make_sets(const struct lc_comparison *how, struct lc_comparison_place *place,
                     struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < LC_COMPARISON_SETS && !rc; i++) {
        struct lc_buf csv;
        char name[300];

        place->sets[i].rules = set_sizes[i];
        lc_buf_init(&csv, 1 << 28);
        rc = make_csv(&csv, set_sizes[i]);
        if (!rc)
            rc = lc_rules_parse_csv(&place->sets[i].set, csv.p, csv.n, "made-up rules", err);
        snprintf(name, sizeof name, "%s/user_scripts/r%u.rules", how->path, set_sizes[i]);
        if (!rc)
            rc = lc_rules_write(place->sets[i].set, name, err);
        lc_buf_release(&csv);
    }
    return rc;
}

/*
 * One <function>. `way` is executable_pool, whose processes stay, or
 * executable, one process a block.
 */
static int add_function(struct lc_buf *xml, const char *name, const char *way, const char *rules,
                        const char *format, const char *type)
{
    return lc_buf_addf(
        xml,
        "<function><type>%s</type><name>%s</name><command>livecol-udf --rules %s --format %s "
        "--type %s</command><execute_direct>1</execute_direct><argument><type>String</type>"
        "<name>k</name></argument><return_type>%s</return_type><return_name>result</return_name>"
        "<format>%s</format><pool_size>16</pool_size><deterministic>1</deterministic>"
        "<command_read_timeout>60000</command_read_timeout>"
        "<command_write_timeout>60000</command_write_timeout></function>\n",
        way, name, rules, format, type, type, format);
}

/* What many people write first: a line in, a line out. The same three rules. */
static const char python[] = "#!/usr/bin/env python3\n"
                             "import sys\n"
                             "for line in sys.stdin:\n"
                             "    if line.startswith('u1'):\n"
                             "        print('us-east')\n"
                             "    elif line.startswith('u2'):\n"
                             "        print('eu-west')\n"
                             "    else:\n"
                             "        print('unknown')\n"
                             "    sys.stdout.flush()\n";

/*
 * f<rules>_<type> for each size; other formats and types for three rules; const_<type> for the
 * limit, whose only rule is a default; and the Python script.
 */
static int make_functions(const struct lc_comparison *how, struct lc_comparison_place *place,
                          struct lc_error *err)
{
    static const char low[] = "LowCardinality(String)";
    struct lc_buf xml, type;
    int rc;

    lc_buf_init(&xml, 1 << 20);
    lc_buf_init(&type, 1 << 16);
    rc = lc_buf_adds(&xml, "<functions>\n") || lc_comparison_enum(&type, place->sets[0].set);
    for (size_t i = 0; i < LC_COMPARISON_SETS && !rc; i++) {
        char rules[60], name[60];

        snprintf(rules, sizeof rules, "r%u.rules", set_sizes[i]);
        snprintf(name, sizeof name, "f%u_string", set_sizes[i]);
        rc = add_function(&xml, name, "executable_pool", rules, "Native", "String");
        snprintf(name, sizeof name, "f%u_low", set_sizes[i]);
        rc = rc ? rc : add_function(&xml, name, "executable_pool", rules, "Native", low);
    }
    rc =
        rc ||
        add_function(&xml, "f3_enum", "executable_pool", "r3.rules", "Native", lc_buf_str(&type)) ||
        add_function(&xml, "f3_row", "executable_pool", "r3.rules", "RowBinary", "String") ||
        add_function(&xml, "f3_tsv", "executable_pool", "r3.rules", "TabSeparated", "String") ||
        add_function(&xml, "f3_once", "executable", "r3.rules", "Native", "String") ||
        add_function(&xml, "const_string", "executable_pool", "const.csv", "Native", "String") ||
        add_function(&xml, "const_low", "executable_pool", "const.csv", "Native", low) ||
        add_function(&xml, "const_enum", "executable_pool", "const.csv", "Native",
                     "Enum8('unknown'=1)") ||
        lc_buf_adds(&xml, "<function><type>executable_pool</type><name>python</name><command>"
                          "region.py</command><execute_direct>1</execute_direct><argument><type>"
                          "String</type></argument><return_type>String</return_type><format>"
                          "TabSeparated</format><pool_size>16</pool_size><command_read_timeout>"
                          "60000</command_read_timeout></function>\n</functions>\n");
    if (rc)
        rc = lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    if (!rc)
        rc = write_file(how->path, "bench_function.xml", xml.p, xml.n, 0644, err);
    if (!rc)
        rc = write_file(how->path, "user_scripts/const.csv", "prefix,v\n,unknown\n", 18, 0644, err);
    if (!rc)
        rc = write_file(how->path, "user_scripts/region.py", python, sizeof python - 1, 0755, err);
    lc_buf_release(&xml);
    lc_buf_release(&type);
    return rc;
}

/* The 100 rules as a regexp_tree, and as a hashed dictionary that is probed at each length. */
static int make_dictionaries(struct lc_comparison_place *place, struct lc_error *err)
{
    static const char *const statements[] = {
        "CREATE TABLE bench.tree (id UInt64, parent_id UInt64, regexp String, keys Array(String), "
        "values Array(String)) ENGINE = MergeTree ORDER BY id",
        "INSERT INTO bench.tree SELECT row_number() OVER (ORDER BY length(k) DESC, k), 0, "
        "concat('^', k), ['v'], [v] FROM bench.prefixes",
        "CREATE DICTIONARY bench.regexp_tree (regexp String, v String DEFAULT 'none') PRIMARY KEY "
        "regexp SOURCE(CLICKHOUSE(DB 'bench' TABLE 'tree')) LIFETIME(0) LAYOUT(regexp_tree)",
        "CREATE DICTIONARY bench.hashed (k String, v String) PRIMARY KEY k "
        "SOURCE(CLICKHOUSE(DB 'bench' TABLE 'prefixes')) LIFETIME(0) LAYOUT(complex_key_hashed())"};
    const struct lc_rules *r = place->sets[2].set; /* of 100 */
    struct lc_buf sql;
    int rc = lc_backend_run(place->backend,
                            "CREATE TABLE bench.prefixes (k String, v String) ENGINE = MergeTree "
                            "ORDER BY k",
                            NULL, err);

    lc_buf_init(&sql, 1 << 20);
    lc_buf_adds(&sql, "INSERT INTO bench.prefixes (k, v) VALUES ");
    for (uint32_t i = 0; i < r->rules; i++) {
        struct lc_slice k = lc_rules_key(r, i),
                        v = lc_rules_value(r, 0, lc_rules_value_id(r, 0, i));

        if (k.n)
            lc_buf_addf(&sql, "('%.*s', '%.*s') ", (int)k.n, (const char *)k.p, (int)v.n,
                        (const char *)v.p);
    }
    if (!rc)
        rc = lc_backend_run(place->backend, lc_buf_str(&sql), NULL, err);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && !rc; i++)
        rc = lc_backend_run(place->backend, statements[i], NULL, err);
    lc_buf_release(&sql);
    return rc;
}

/* user_id u1_000000 … u9_099999, as comparison.h promises: the same rows in every run. */
static int make_table(const struct lc_comparison *how, struct lc_comparison_place *place,
                      struct lc_error *err)
{
    struct lc_answer t = {0};
    char sql[400];
    int rc = lc_backend_run(place->backend,
                            "CREATE TABLE bench.t (user_id String) ENGINE = MergeTree ORDER BY "
                            "tuple()",
                            NULL, err);

    snprintf(sql, sizeof sql,
             "INSERT INTO bench.t (user_id) SELECT concat('u', toString(1 + number %% 9), '_', "
             "leftPad(toString(intHash32(number) %% 100000), 6, '0')) FROM numbers(%llu)",
             (unsigned long long)how->rows);
    if (!rc)
        rc = lc_backend_run(place->backend, sql, NULL, err);
    /* As many parts as cores or a few more, and no merge that would run next to the figures. */
    if (!rc)
        rc = lc_backend_run(place->backend, "OPTIMIZE TABLE bench.t FINAL", NULL, err);
    if (!rc)
        rc = lc_backend_run(place->backend,
                            "SELECT count() FROM system.parts WHERE database = 'bench' AND table = "
                            "'t' AND active",
                            &t, err);
    if (!rc)
        place->parts = (size_t)lc_answer_u64(&t, 0, 0, 0);
    lc_answer_release(&t);
    return rc;
}

int lc_comparison_prepare(const struct lc_comparison *how, struct lc_comparison_place *place,
                          struct lc_error *err)
{
    struct lc_connect to = {.embedded = true, .path = how->path, .libchdb = how->libchdb};
    char scripts[1024];
    int rc = 0;

    *place = (struct lc_comparison_place){0};
    snprintf(scripts, sizeof scripts, "%s/user_scripts", how->path);
    if ((mkdir(how->path, 0755) && errno != EEXIST) || mkdir(scripts, 0755))
        return lc_fail(err, LC_ERR_IO, "%s: cannot make the folder: %s", scripts, strerror(errno));
    rc = copy_program(how->path, err);
    if (!rc)
        rc = make_sets(how, place, err);
    if (!rc)
        rc = make_functions(how, place, err);
    if (!rc)
        rc = lc_backend_open(&place->backend, &to, err);
    if (!rc)
        rc = lc_backend_run(place->backend, "CREATE DATABASE bench", NULL, err);
    if (!rc)
        rc = make_table(how, place, err);
    if (!rc && !how->quick)
        rc = make_dictionaries(place, err);
    return rc;
}

void lc_comparison_release(struct lc_comparison_place *place)
{
    lc_backend_free(place->backend);
    for (size_t i = 0; i < LC_COMPARISON_SETS; i++)
        lc_rules_free(place->sets[i].set);
    *place = (struct lc_comparison_place){0};
}
