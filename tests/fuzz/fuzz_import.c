/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules import, of any bytes: they are refused with a reason, or what is printed are rules that load. The first
 * byte chooses the options.
 */
#include "kept.h"

#include "base/buf.h"
#include "cli/commands/rules.h"
#include "udf/rules/csv.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const options[][12] = {
    {"--key-column", "1", "--value-column", "2=v", "--no-header"},
    {"--key-column", "a", "--value-column", "b"},
    {"--key-column", "a", "--value-column", "b", "--key-split", ",|", "--key-strip", " -",
     "--skip-empty"},
    {"--key-column", "a", "--value-column", "b=x", "--value-column", "c", "--key-prepend", "+",
     "--trim"},
    {"--kind", "exact", "--key-column", "1", "--value-column", "2", "--default", "z,\"z"},
    {"--kind", "suffix:nocase", "--key-column", "2", "--value-column", "1=v", "--no-header"},
    {"--kind", "domain", "--key-column", "a", "--value-column", "b", "--delimiter", ";"},
    {"--kind", "range", "--start-column", "a", "--end-column", "b", "--value-column", "c"},
    {"--kind", "range", "--start-column", "1", "--end-column", "2", "--value-column", "3=v",
     "--no-header", "--overlap", "narrowest"},
    {"--kind", "cidr", "--start-column", "a", "--end-column", "b", "--value-column", "c",
     "--delimiter", "tab"},
    {"--kind", "cidr", "--key-column", "1", "--value-column", "2=v", "--no-header"},
    {"--kind", "bucket", "--key-column", "a", "--value-column", "b"},
};

enum { WAYS = sizeof options / sizeof *options, ARGS_MAX = 16 };

static int file = -1;
static char path[64], name[] = "import";
static FILE *printed, *said;
static struct lc_buf text, talk;

static ssize_t take(void *cookie, const char *p, size_t n)
{
    return lc_buf_add(cookie, p, n) ? 0 : (ssize_t)n;
}

static void begin(void)
{
    static const cookie_io_functions_t functions = {.write = take};

    file = memfd_create("import", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    lc_buf_init(&text, SIZE_MAX / 4);
    lc_buf_init(&talk, SIZE_MAX / 4);
    printed = fopencookie(&text, "w", functions);
    said = fopencookie(&talk, "w", functions);
    if (file < 0 || !printed || !said || setvbuf(said, NULL, _IONBF, 0))
        abort();
    stdout = printed;
    stderr = said;
}

/* What was printed loads; nothing printed is not imported. */
static void check(void)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv(&r, text.p, text.n, "f", &err) || r->rules == 0)
        abort();
    lc_rules_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *argv[ARGS_MAX] = {name};
    unsigned way;
    int argc = 1, code;

    if (n == 0)
        return 0;
    if (file < 0)
        begin();
    way = data[0] % WAYS;
    for (const char *const *word = options[way]; *word; word++)
        argv[argc++] = *word;
    argv[argc++] = path;
    if (ftruncate(file, 0) || pwrite(file, data + 1, n - 1, 0) != (ssize_t)n - 1)
        abort();
    lc_buf_reset(&text);
    lc_buf_reset(&talk);
    code = lc_cmd_rules_import(argc, argv);
    fflush(printed);
    if (code == 0)
        check();
    else if (code == 2 || text.n || talk.n < 10 || memcmp(talk.p, "livecol: ", 9) != 0)
        abort();
    kept_free();
    return 0;
}
