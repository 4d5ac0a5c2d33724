/* livecol rules check, compile, match: rules files, without a server. */
#include "cli/commands/rules.h"

#include "base/json.h"
#include "base/strings.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "udf/rules/match.h"
#include "udf/rules/open.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_MAX 5 /* examples of each finding */

enum { KEY_SHOWN_MAX = 1 << 16 };

int lc_rules_fail(const struct lc_error *err)
{
    lc_complain(err);
    return lc_exit_code(err);
}

void lc_rules_add_key(struct lc_buf *b, const struct lc_rules *r, uint32_t rule)
{
    char shown[400];
    struct lc_key_text text;
    struct lc_slice key;

    if (r->kind == LC_KIND_RANGE) {
        lc_buf_addf(b, "%" PRIu64 "-%" PRIu64, r->bounds[rule], r->bounds[r->rules + rule]);
    } else if (r->kind == LC_KIND_BUCKET) {
        lc_buf_addf(b, "#%u (weight %" PRIu64 ")", rule + 1, r->bounds[r->rules + rule]);
    } else if (rule == r->default_rule) {
        lc_buf_adds(b, "(default)");
    } else {
        key = lc_rules_key_text(r, rule, &text);
        lc_buf_adds(b, lc_printable(key.p, key.n, shown, sizeof shown));
    }
}

void lc_rules_set_key(struct lc_json *o, const struct lc_rules *r, uint32_t rule)
{
    struct lc_key_text text;
    struct lc_slice key = lc_rules_key_text(r, rule, &text);
    struct lc_buf shown;

    if (lc_kind_has_keys(r->kind) && rule != r->default_rule) {
        lc_json_set_bytes(o, "rule", key.n ? (const void *)key.p : "", key.n);
        return;
    }
    lc_buf_init(&shown, KEY_SHOWN_MAX);
    lc_rules_add_key(&shown, r, rule);
    lc_json_set_str(o, "rule", lc_buf_str(&shown));
    lc_buf_release(&shown);
}

struct lc_json *lc_rules_values(struct lc_json *o, const struct lc_rules *r, uint32_t rule)
{
    for (uint32_t a = 0; a < r->attributes; a++) {
        struct lc_slice v = lc_rules_value(r, a, lc_rules_value_id(r, a, rule));
        char *attribute = strndup((const char *)r->names[a].p, r->names[a].n);

        if (attribute)
            lc_json_set_bytes(o, attribute, v.n ? (const void *)v.p : "", v.n);
        free(attribute);
    }
    return o;
}

void lc_rules_add_values(struct lc_buf *b, const struct lc_rules *r, uint32_t rule)
{
    char shown[400];

    for (uint32_t a = 0; a < r->attributes; a++) {
        struct lc_slice v = lc_rules_value(r, a, lc_rules_value_id(r, a, rule));

        lc_buf_addf(b, "%s%s", a ? "," : "", lc_printable(v.p, v.n, shown, sizeof shown));
    }
}

static bool same_values(const struct lc_rules *r, uint32_t x, uint32_t y)
{
    for (uint32_t a = 0; a < r->attributes; a++)
        if (lc_rules_value_id(r, a, x) != lc_rules_value_id(r, a, y))
            return false;
    return true;
}

/* Rules that change nothing: their value is what holds without them, or they can never hold. */
static uint32_t find_shadowed(const struct lc_rules *r, struct lc_buf *examples)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->rules; i++) {
        uint32_t other = r->rules;

        if (r->kind == LC_KIND_BUCKET) {
            if (r->bounds[r->rules + i] != 0)
                continue;
        } else if (r->kind == LC_KIND_EXACT && r->default_rule != LC_NONE) {
            other = r->default_rule;
        } else if (lc_kind_about(r->kind)->index == LC_INDEX_TRIE) {
            other = lc_match_without(r, i);
        }
        if (r->kind != LC_KIND_BUCKET &&
            (other >= r->rules || other == i || !same_values(r, i, other)))
            continue;
        if (count++ >= SHOWN_MAX)
            continue;
        lc_buf_addf(examples, "  line %u: ", r->lines[i]);
        lc_rules_add_key(examples, r, i);
        if (r->kind == LC_KIND_BUCKET) {
            lc_buf_adds(examples, " is never chosen\n");
        } else {
            lc_buf_adds(examples, " gives what ");
            lc_rules_add_key(examples, r, other);
            lc_buf_addf(examples, " (line %u) gives without it\n", r->lines[other]);
        }
    }
    return count;
}

static void print_lengths(const struct lc_rules *r)
{
    uint32_t *by_length = calloc(LC_MAX_KEY_BYTES + 1, sizeof *by_length);

    if (!by_length)
        return;
    for (uint32_t i = 0; i < r->rules; i++)
        by_length[lc_rules_key(r, i).n]++;
    printf("rules by length:");
    for (uint32_t n = 0; n <= LC_MAX_KEY_BYTES; n++)
        if (by_length[n])
            printf(" %u:%u", n, by_length[n]);
    printf("\n");
    free(by_length);
}

static void print_check(const struct lc_rules *r, const char *path)
{
    struct lc_buf examples;
    uint32_t shadowed;

    lc_buf_init(&examples, 1 << 16);
    shadowed = find_shadowed(r, &examples);
    printf("%s: %s, %u rule%s, %s\n", path, lc_kind_name_with(r->kind, r->options), r->rules,
           r->rules == 1 ? "" : "s",
           r->kind == LC_KIND_BUCKET    ? "every key has a bucket"
           : r->default_rule == LC_NONE ? "no default: a miss gives '' or NULL"
                                        : "with a default");
    for (uint32_t a = 0; a < r->attributes; a++)
        printf("attribute %.*s: %u value%s%s\n", (int)r->names[a].n, (const char *)r->names[a].p,
               r->attrs[a].values - 1, r->attrs[a].values == 2 ? "" : "s",
               r->attrs[a].not_number == LC_NONE ? ", all whole numbers" : "");
    if (lc_kind_has_keys(r->kind))
        print_lengths(r);
    printf("conflicts: none\nshadowed: %u\n%s", shadowed, shadowed ? lc_buf_str(&examples) : "");
    printf("memory: %.1f KiB%s\n", (double)r->size / 1024,
           r->mapped ? " (compiled, shared between processes)" : "");
    lc_buf_release(&examples);
}

static int json_check(const struct lc_rules *r, const char *path)
{
    struct lc_json *o = lc_json_object(), *attributes = lc_json_array();
    struct lc_buf examples;
    int rc;

    lc_buf_init(&examples, 1 << 16);
    lc_json_set_str(o, "file", path);
    lc_json_set_str(o, "kind", lc_kind_name_with(r->kind, r->options));
    lc_json_set_int(o, "rules", r->rules);
    lc_json_set_bool(o, "default", r->default_rule != LC_NONE);
    lc_json_set_bool(o, "compiled", r->mapped);
    for (uint32_t a = 0; a < r->attributes; a++) {
        struct lc_json *one = lc_json_object();
        char shown[200];

        lc_json_set_str(one, "name",
                        lc_printable(r->names[a].p, r->names[a].n, shown, sizeof shown));
        lc_json_set_int(one, "values", r->attrs[a].values - 1);
        lc_json_add(attributes, one);
    }
    lc_json_set(o, "attributes", attributes);
    lc_json_set_int(o, "shadowed", find_shadowed(r, &examples));
    lc_json_set_int(o, "memory_bytes", (int64_t)r->size);
    rc = lc_json_line(o, stdout);
    lc_json_free(o);
    lc_buf_release(&examples);
    return rc;
}

/* Parse, and insist on a number of operands; LC_ERR_USAGE where there are fewer. */
static int parse(const struct lc_command *cmd, int argc, const char **argv,
                 struct lc_global *global, struct lc_strings *rest, size_t least,
                 const char *wanted, struct lc_error *err)
{
    int rc = lc_options_parse(cmd, argc, argv, global, rest, err);

    if (!rc && rest->n < least) {
        rc = lc_fail(err, LC_ERR_USAGE, "%s: %s is missing", cmd->name, wanted);
        lc_hint(err, "livecol %s --help", cmd->name);
    }
    return rc;
}

int lc_cmd_rules_check(int argc, const char **argv)
{
    static const struct lc_command cmd = {
        .name = "rules check",
        .synopsis = "FILE…",
        .about =
            "Load rules files, CSV or compiled, and say what they are: kind, attributes, rules "
            "by length, rules that change nothing, memory. A compiled file's content is "
            "compared with its hash. The first thing wrong in a file is named with its line.",
        .examples = "livecol rules check region.csv\nlivecol rules check --json region_v1.rules",
    };
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;
    int worst = 0;

    if (parse(&cmd, argc, argv, &global, &rest, 1, "a rules FILE", &err))
        return lc_rules_fail(&err);
    for (size_t i = 0; i < rest.n; i++) {
        struct lc_error why = LC_ERROR_INIT;
        struct lc_rules *r = NULL;

        if (lc_rules_open(&r, rest.v[i], &why) ||
            (r->mapped && lc_rules_check_content(r, rest.v[i], &why)))
            worst = lc_rules_fail(&why);
        else if (global.json)
            json_check(r, rest.v[i]);
        else
            print_check(r, rest.v[i]);
        lc_rules_free(r);
    }
    return worst;
}

/* Only compiled rules are written over: not the CSV that they come from, nor anything else. */
static int check_output(const char *out, struct lc_error *err)
{
    static const char magic[] = LC_RULES_MAGIC;
    char start[sizeof magic - 1];
    struct stat st;
    int fd;
    bool ours;

    if (!*out || strcmp(out, "-") == 0)
        return lc_fail(err, LC_ERR_USAGE, "-o takes the path of a file, not '%s'", out);
    if (stat(out, &st) != 0)
        return errno == ENOENT
                   ? 0
                   : lc_fail(err, LC_ERR_IO, "cannot look at %s: %s", out, strerror(errno));
    fd = S_ISREG(st.st_mode) ? open(out, O_RDONLY | O_CLOEXEC) : -1;
    ours = fd >= 0 && (st.st_size == 0 || (read(fd, start, sizeof start) == sizeof start &&
                                           memcmp(start, magic, sizeof start) == 0));
    if (fd >= 0)
        close(fd);
    if (ours)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "%s is there, and is no file of compiled rules", out);
    lc_hint(err, "another name by -o; or move it away");
    return LC_ERR_REFUSED;
}

int lc_cmd_rules_compile(int argc, const char **argv)
{
    const char *out = NULL;
    const struct lc_option options[] = {
        {"output", 'o', LC_OPT_STRING, &out, "FILE", "where to write the compiled rules; needed"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "rules compile",
        .synopsis = "FILE.csv -o FILE.rules",
        .about = "Check rules and write them in compiled form: mapped in place, so that pooled "
                 "processes share one copy and start in milliseconds, whatever the number of "
                 "rules. Written to a temporary file and renamed.",
        .options = options,
        .examples = "livecol rules compile region.csv -o region_v1.rules",
    };
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;
    struct lc_rules *r = NULL;
    int rc = parse(&cmd, argc, argv, &global, &rest, 1, "a rules FILE", &err);

    if (!rc && (rest.n > 1 || !out)) {
        rc = lc_fail(&err, LC_ERR_USAGE,
                     rest.n > 1 ? "rules compile takes one FILE"
                                : "rules compile: -o FILE is missing");
        lc_hint(&err, "livecol rules compile region.csv -o region_v1.rules");
    }
    if (!rc)
        rc = check_output(out, &err);
    if (!rc)
        rc = lc_rules_open(&r, rest.v[0], &err);
    if (!rc)
        rc = lc_rules_write(r, out, &err);
    if (!rc)
        lc_say("%s: %s, %u rules, %.1f KiB", out, lc_kind_name_with(r->kind, r->options), r->rules,
               (double)r->size / 1024);
    lc_rules_free(r);
    return rc ? lc_rules_fail(&err) : 0;
}

/* Match one key given as text. 0, or LC_ERR_USAGE where a range wants a number. */
static int match_text(const struct lc_rules *r, const char *key, uint32_t *rule,
                      struct lc_error *err)
{
    static struct lc_batch batch;
    static uint32_t found[LC_BATCH];
    size_t n = strlen(key);
    uint8_t *copy = calloc(1, n + 64);
    char *end;
    int rc;

    if (!copy)
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    memcpy(copy, key, n);
    batch.n = 1;
    batch.p[0] = copy;
    batch.len[0] = n;
    if (lc_kind_takes_numbers(r->kind)) {
        batch.number[0] = strtoull(key, &end, 10);
        if (n == 0 || *end || strspn(key, "0123456789") != n) {
            free(copy);
            return lc_fail(err, LC_ERR_USAGE, "'%.200s': range rules match whole numbers", key);
        }
    }
    rc = lc_match(r, &batch, found);
    *rule = found[0];
    free(copy);
    return rc ? lc_fail(err, LC_ERR_INPUT, "the compiled rules are damaged") : 0;
}

static int print_match(const struct lc_rules *r, const char *key, uint32_t rule, bool json)
{
    struct lc_buf b, values;
    int rc = 0;

    lc_buf_init(&b, 1 << 16);
    lc_buf_init(&values, 1 << 20);
    if (rule < r->rules)
        lc_rules_add_key(&b, r, rule);
    lc_rules_add_values(&values, r, rule);
    if (json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "key", key);
        lc_rules_values(o, r, rule);
        if (rule < r->rules)
            lc_rules_set_key(o, r, rule);
        else
            lc_json_set_str(o, "rule", NULL);
        if (rule < r->rules)
            lc_json_set_int(o, "line", r->lines[rule]);
        rc = lc_json_line(o, stdout);
        lc_json_free(o);
    } else if (rule < r->rules) {
        printf("%s\t%s\trule %s\tline %u\n", key, lc_buf_str(&values), lc_buf_str(&b),
               r->lines[rule]);
    } else {
        printf("%s\t%s\tno rule\n", key, lc_buf_str(&values));
    }
    lc_buf_release(&b);
    lc_buf_release(&values);
    return rc;
}

int lc_cmd_rules_match(int argc, const char **argv)
{
    static const struct lc_command cmd = {
        .name = "rules match",
        .synopsis = "FILE KEY…",
        .about =
            "Say what the rules give for each key, and which rule won: key, values, rule, line.",
        .examples = "livecol rules match region.csv u1_001 u3_001",
    };
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;
    struct lc_rules *r = NULL;
    int rc = parse(&cmd, argc, argv, &global, &rest, 2, "a rules FILE or a KEY", &err);

    if (!rc)
        rc = lc_rules_open(&r, rest.v[0], &err);
    for (size_t i = 1; !rc && i < rest.n; i++) {
        uint32_t rule = 0;

        rc = match_text(r, rest.v[i], &rule, &err);
        if (!rc)
            rc = print_match(r, rest.v[i], rule, global.json);
    }
    lc_rules_free(r);
    return rc ? lc_rules_fail(&err) : 0;
}
