/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol rules compile, match: rules files, without a server; and what the commands of rules
 * share.
 */
#include "cli/commands/rules.h"

#include "base/format.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/term/connection.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "udf/rules/match.h"
#include "udf/rules/open.h"
#include "udf/rules/spans.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_SHOWN_MAX = 1 << 16 }; /* bytes of a key in --json */

void lc_rules_add_key(struct lc_buf *b, const struct lc_rules *r, uint32_t rule)
{
    char shown[400];
    struct lc_key_text text;
    struct lc_slice key;

    lc_point first, last;

    if (lc_kind_about(r->kind)->index == LC_INDEX_SEGMENTS &&
        lc_rules_span(r, rule, &first, &last)) {
        lc_span_text(r->kind, &r->takes, first, last, shown, sizeof shown);
        lc_buf_adds(b, shown);
    } else if (r->kind == LC_KIND_RANGE) {
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
        /* The names in the arena end without a NUL. */
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

/*
 * Take --delimiter: one character of ASCII; "tab" and "\t" are written out. Not a quote, a line
 * break or #, which mean something else in a rules file.
 */
static int read_delimiter(const char *text, char *out, struct lc_error *err)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        text = "\t";
    if (text[0] && !text[1] && (unsigned char)text[0] < 0x80 && !strchr("\"\n\r#", text[0])) {
        *out = text[0];
        return 0;
    }
    lc_fail(err, LC_ERR_USAGE, "--delimiter is '%.40s': one character, or tab", text);
    lc_hint(err, "livecol rules check --delimiter '|' FILE");
    return LC_ERR_USAGE;
}

int lc_rules_reading(const struct lc_rules_reading *r, struct lc_csv_options *out,
                     struct lc_error *err)
{
    *out = (struct lc_csv_options){.trim = r->trim};
    out->narrowest = r->overlap && strcmp(r->overlap, "narrowest") == 0;
    if (r->overlap && !out->narrowest && strcmp(r->overlap, "refuse") != 0)
        return lc_fail(err, LC_ERR_USAGE, "--overlap is refuse or narrowest, not '%.100s'",
                       r->overlap);
    return r->delimiter ? read_delimiter(r->delimiter, &out->delimiter, err) : 0;
}

int lc_rules_operands(const struct lc_strings *operands, size_t least, size_t most,
                      const char *command, const char *wanted, struct lc_error *err)
{
    if (operands->n < least) {
        lc_fail(err, LC_ERR_USAGE, "%s: %s is missing", command, wanted);
        lc_hint(err, "livecol %s --help", command);
        return LC_ERR_USAGE;
    }
    return operands->n > most ? lc_fail(err, LC_ERR_USAGE, "%s takes one FILE", command) : 0;
}

/*
 * May the rules be written there? A new file, an empty one, or one that begins as compiled
 * rules do: a wrong -o must not cost somebody the CSV.
 */
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
    lc_fail(err, LC_ERR_REFUSED, "%s exists and is not a file of compiled rules", out);
    lc_hint(err, "use another name with -o, or move the file away");
    return LC_ERR_REFUSED;
}

/* What compile's own options say; `how` is what `reading` means. */
struct compile {
    struct lc_rules_reading reading;
    struct lc_csv_options how;
    const char *out;
};

/* Before the rules are read: operands, the output, how the CSV is read. */
static int check_compile(struct lc_frame_run *r, struct lc_error *err)
{
    struct compile *c = r->ctx;
    int rc = lc_rules_operands(&r->m.rest, 1, SIZE_MAX, "rules compile", "a rules FILE", err);

    if (!rc && (r->m.rest.n > 1 || !c->out)) {
        rc = lc_fail(err, LC_ERR_USAGE,
                     r->m.rest.n > 1 ? "rules compile takes one FILE"
                                     : "rules compile: -o FILE is missing");
        lc_hint(err, "livecol rules compile region.csv -o region_v1.rules");
    }
    rc = rc ? rc : check_output(c->out, err);
    return rc ? rc : lc_rules_reading(&c->reading, &c->how, err);
}

static int compile(struct lc_frame_run *run, struct lc_error *err)
{
    struct compile *c = run->ctx;
    struct lc_csv_notes notes = {0};
    struct lc_rules *r = NULL;
    int rc;

    c->how.notes = &notes;
    rc = lc_rules_open_with(&r, run->m.rest.v[0], &c->how, err);
    if (!rc) {
        lc_rules_warn(&notes, run->m.rest.v[0]);
        rc = lc_rules_write(r, c->out, err);
    }
    if (!rc)
        lc_say("%s: %s, %u rule%s, %.1f KiB", c->out, lc_kind_name_with(r->kind, r->options),
               r->rules, LC_S(r->rules), (double)r->size / 1024);
    lc_rules_free(r);
    return rc;
}

int lc_cmd_rules_compile(int argc, const char **argv)
{
    struct compile w = {0};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option options[] = {
        LC_RULES_READING(w.reading),
        {"output", 'o', LC_OPT_STRING, &w.out, "FILE",
         "where to write the compiled rules; required"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "rules compile",
             .synopsis = "FILE.csv -o FILE.rules",
             .about =
                 "Check rules and write them in compiled form. A process maps the compiled file "
                 "into memory, so that pooled processes share one copy and start in "
                 "milliseconds, whatever the number of rules. The file is written under a "
                 "temporary name and renamed.",
             .examples = "livecol rules compile region.csv -o region_v1.rules"},
        .more = options,
        .most = SIZE_MAX,
        .check = check_compile,
        .act = compile,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

/*
 * Match one key given as text, as the server would give it. *rule: r->rules where none matches.
 * 0; LC_ERR_USAGE for a text that is no key of these rules; LC_ERR_INPUT, LC_ERR_NOMEM. The
 * matcher may read sixteen bytes from the key's start whatever its length, so the key is copied
 * to a place with room after it.
 */
static int match_text(const struct lc_rules *r, const char *key, uint32_t *rule,
                      struct lc_error *err)
{
    static struct lc_batch batch;
    static uint32_t found[LC_BATCH];
    size_t n = strlen(key);
    uint8_t *copy = calloc(1, n + 64);
    enum lc_key_is is;
    int rc;

    if (!copy)
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    memcpy(copy, key, n);
    batch.n = 1;
    is = lc_batch_set_text(r, &batch, 0, (struct lc_slice){copy, n});
    if (is == LC_KEY_BAD) {
        free(copy);
        if (r->takes.order == LC_ORDER_UINT)
            return lc_fail(err, LC_ERR_USAGE, "'%.200s': range rules match whole numbers", key);
        lc_fail(err, LC_ERR_USAGE, "'%.200s' is not %s, which the keys of these rules are", key,
                lc_order_name(&r->takes));
        lc_hint(err, "a key is like %s", lc_order_example(r->takes.order));
        return LC_ERR_USAGE;
    }
    rc = lc_match(r, &batch, found);
    *rule = is == LC_KEY_GOOD ? found[0] : r->default_rule == LC_NONE ? r->rules : r->default_rule;
    free(copy);
    return rc ? lc_fail(err, LC_ERR_INPUT, "the compiled rules are damaged") : 0;
}

/*
 * Print key, values, rule and line, apart by tabs. Without a rule the values are those of a
 * miss.
 */
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

#define NUMBER_MARK '\1' /* what no key that a person types begins with */

/*
 * A key like -5 is no option. It is handed to the parser behind a mark, which match_key takes
 * away: no option's value is a negative number. NULL: no memory.
 */
static const char **keep_numbers(int argc, const char **argv)
{
    const char **v = calloc((size_t)argc + 1, sizeof *v);

    for (int i = 0; v && i < argc; i++) {
        const char *a = argv[i];
        bool number = a[0] == '-' && ((a[1] >= '0' && a[1] <= '9') ||
                                      (a[1] == '.' && a[2] >= '0' && a[2] <= '9') ||
                                      strcasecmp(a, "-inf") == 0 || strcasecmp(a, "-nan") == 0);
        char *text = NULL;

        if (i > 0 && strcmp(a, "--") == 0) {
            for (; i < argc; i++)
                v[i] = argv[i];
            break;
        }
        if (number && asprintf(&text, "%c%s", NUMBER_MARK, a) < 0)
            text = NULL;
        v[i] = text ? lc_keep(text) : a;
    }
    return v;
}

/* What keep_numbers has been given for it. */
static const char *match_key(const char *operand)
{
    return operand[0] == NUMBER_MARK && operand[1] == '-' ? operand + 1 : operand;
}

struct match {
    struct lc_rules_reading reading;
    struct lc_csv_options how;
};

static int check_match(struct lc_frame_run *r, struct lc_error *err)
{
    struct match *m = r->ctx;
    int rc =
        lc_rules_operands(&r->m.rest, 2, SIZE_MAX, "rules match", "a rules FILE or a KEY", err);

    return rc ? rc : lc_rules_reading(&m->reading, &m->how, err);
}

static int match(struct lc_frame_run *run, struct lc_error *err)
{
    const struct match *m = run->ctx;
    const struct lc_strings *keys = &run->m.rest; /* from 1 on */
    struct lc_rules *r = NULL;
    int rc = lc_rules_open_with(&r, keys->v[0], &m->how, err);

    for (size_t i = 1; !rc && i < keys->n; i++) {
        const char *key = match_key(keys->v[i]);
        uint32_t rule = 0;

        rc = match_text(r, key, &rule, err);
        if (!rc)
            rc = print_match(r, key, rule, run->m.global.json);
    }
    lc_rules_free(r);
    return rc;
}

int lc_cmd_rules_match(int argc, const char **argv)
{
    struct match m = {0};
    struct lc_frame_run r = {.ctx = &m};
    const struct lc_option options[] = {LC_RULES_READING(m.reading), {0}};
    const struct lc_frame c = {
        .command =
            {.name = "rules match",
             .synopsis = "[OPTIONS] FILE KEY…",
             .about =
                 "Print what the rules give for each key, and which rule matched: key, values, "
                 "rule, line.",
             .examples = "livecol rules match region.csv u1_001 u3_001"},
        .more = options,
        .most = SIZE_MAX,
        .check = check_match,
        .act = match,
    };

    const char **words = keep_numbers(argc, argv);
    int code = lc_frame_command(&c, &r, argc, words ? words : argv);

    free(words);
    return code;
}
