/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command that asks a server, against one that answers anything (fake_server.h): it ends, with an exit code
 * that the help lists, says why where it fails, and prints nothing that a terminal would obey. The first byte
 * chooses the command.
 */
#include "fake_server.h"
#include "kept.h"

#include "base/files.h"
#include "base/signals.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "cli/commands/config.h"
#include "cli/commands/rules.h"
#include "cli/commands/shared.h"
#include "cli/term/message.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int __real_lc_write_all(int fd, const void *p, size_t n);
int __wrap_lc_write_all(int fd, const void *p, size_t n);
void __real_lc_output_is_data(void);
void __wrap_lc_output_is_data(void);

static char folder[64], rules[128];

/* "@" is the path of the rules. */
static const struct {
    lc_command_fn *run;
    const char *argv[8];
} commands[] = {
    {lc_cmd_status, {"status"}},
    {lc_cmd_status, {"status", "--json"}},
    {lc_cmd_plan, {"plan", "--allow-unsafe"}},
    {lc_cmd_plan, {"plan", "--markdown"}},
    {lc_cmd_validate, {"validate"}},
    {lc_cmd_doctor, {"doctor"}},
    {lc_cmd_dump, {"dump"}},
    {lc_cmd_up, {"up", "--allow-unsafe", "--lock-timeout", "0.1"}},
    {lc_cmd_up, {"up", "--json", "--dry-run"}},
    {lc_cmd_up, {"up", "--allow-unsafe", "--cluster", "c", "--allow-degraded"}},
    {lc_cmd_down, {"down", "--yes", "--to", "0"}},
    {lc_cmd_redo, {"redo", "--yes"}},
    {lc_cmd_repair, {"repair", "2", "--done", "1", "--yes"}},
    {lc_cmd_repair, {"repair", "4", "--redo", "1", "--yes"}},
    {lc_cmd_baseline, {"baseline", "2"}},
    {lc_cmd_reset, {"reset", "--yes"}},
    {lc_cmd_unlock, {"unlock", "--force"}},
    {lc_cmd_backfill, {"backfill", "d.t.v", "--dry-run"}},
    {lc_cmd_backfill, {"backfill", "t.v", "--max-load", "parts=300"}},
    {lc_cmd_verify, {"verify", "d.t.v"}},
    {lc_cmd_verify, {"verify", "t.v", "--json"}},
    {lc_cmd_inline, {"inline", "t.v", "--rules", "@"}},
    {lc_cmd_inline, {"inline", "--rescue", "region_v1", "--rules", "@"}},
    {lc_cmd_doctor, {"doctor", "--json", "--cluster", "c"}},
    {lc_cmd_status, {"status", "--cluster", "c"}},
};

enum { COMMANDS = sizeof commands / sizeof *commands, ARGS_MAX = 16 };

static const char *const files[][2] = {
    {"0001_make.sql",
     "CREATE TABLE t (k UInt8) ENGINE = MergeTree ORDER BY k;\n-- migrate:down\nDROP TABLE t;\n"},
    {"0002_add.sql", "ALTER TABLE t ADD COLUMN v String DEFAULT region_v1(k);\n"
                     "-- migrate:down\nALTER TABLE t DROP COLUMN v;\n"},
    {"0003_store.sql", "ALTER TABLE t MATERIALIZE COLUMN v;\n-- migrate:down\nSELECT 1;\n"},
    {"0004_rows.sql", "SET max_threads = 1;\nINSERT INTO t (k) SELECT 1;\n"},
    {"0005_new.sql", "ALTER TABLE t MODIFY COLUMN v String DEFAULT region_v2(k);\n"
                     "-- migrate:rederive\nALTER TABLE t UPDATE v = region_v2(k) WHERE 1;\n"},
    {"region.csv", "prefix,region\n1,us\n2,eu\n,un\n"},
};

enum { FILES = sizeof files / sizeof *files, MIGRATIONS = FILES - 1 };

static void remove_files(void)
{
    char path[128];

    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        unlink(path);
    }
    rmdir(folder);
}

/* What a command has printed: on stderr and, where it is not data, on stdout. */
static struct {
    char text[1 << 20];
    size_t n;
    bool data;
} screen;

static ssize_t put(void *cookie, const char *p, size_t n)
{
    size_t room = sizeof screen.text - screen.n;

    (void)cookie;
    memcpy(screen.text + screen.n, p, n < room ? n : room);
    screen.n += n < room ? n : room;
    return (ssize_t)n;
}

int __wrap_lc_write_all(int fd, const void *p, size_t n)
{
    if (fd != STDOUT_FILENO)
        return __real_lc_write_all(fd, p, n);
    if (!screen.data)
        put(NULL, p, n);
    return 0;
}

void __wrap_lc_output_is_data(void)
{
    screen.data = true;
}

/* What went wrong, next to the fuzzer's own report. */
static void fail(const char *what, int code)
{
    dprintf(STDERR_FILENO, "%s, exit %d, after %u statements:\n", what, code,
            fake_server_statements());
    (void)!write(STDERR_FILENO, screen.text, screen.n);
    abort();
}

static void check_screen(int code)
{
    for (size_t i = 0, n; i < screen.n; i += n) {
        n = screen.text[i] == '\n' || screen.text[i] == '\t'
                ? 1
                : lc_utf8_shown(screen.text + i, screen.n - i);
        if (!n)
            fail("a character that is not to be shown", code);
    }
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || __real_lc_write_all(fd, text, strlen(text)))
        abort();
    close(fd);
}

/* The hash of n bytes is what the tracking table may say. */
static void offer_hash(const char *p, size_t n)
{
    char *hash = malloc(LC_SHA256_HEX);

    if (!hash || lc_sha256_hex(p, n, hash))
        abort();
    fake_server_offer(hash);
}

static void begin(void)
{
    static const cookie_io_functions_t functions = {.write = put};

    snprintf(folder, sizeof folder, "%s/fuzz-commands.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_files);
    for (size_t i = 0; i < FILES; i++)
        write_file(files[i][0], files[i][1]);
    for (size_t i = 0; i < MIGRATIONS; i++) {
        offer_hash(files[i][1], strlen(files[i][1]));
        offer_hash(files[i][1], strcspn(files[i][1], ";"));
    }
    snprintf(rules, sizeof rules, "%s/%s", folder, files[MIGRATIONS][0]);
    lc_output_init();
    stderr = fopencookie(NULL, "w", functions);
    if (!stderr || setvbuf(stderr, NULL, _IONBF, 0))
        abort();
}

static bool is_listed(int code)
{
    static const int codes[] = {0, 1, 3, 5, 7, 8, 9, 130};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code == codes[i])
            return true;
    return false;
}

/* The command's arguments; how many. */
static int arguments(unsigned which, const char **argv)
{
    const char *name = commands[which].argv[0];
    int n = 0;

    for (const char *const *word = commands[which].argv; *word; word++)
        argv[n++] = strcmp(*word, "@") == 0 ? rules : *word;
    argv[n++] = "--url";
    argv[n++] = "http://fuzz/d";
    if (strcmp(name, "backfill") != 0 && strcmp(name, "verify") != 0 &&
        strcmp(name, "inline") != 0 && strcmp(name, "reset") != 0 && strcmp(name, "unlock") != 0) {
        argv[n++] = "--migrations-dir";
        argv[n++] = folder;
    }
    return n;
}

/* What the connection's options keep until exit is no leak; to look for one after each run takes milliseconds. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char no_leaks[] = "-detect_leaks=0";
    char **more = calloc((size_t)*argc + 2, sizeof *more);

    if (!more)
        abort();
    memcpy(more, *argv, (size_t)*argc * sizeof *more);
    more[(*argc)++] = no_leaks;
    *argv = more;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *argv[ARGS_MAX] = {0};
    unsigned which;
    int argc, code;

    if (n == 0)
        return 0;
    if (!folder[0])
        begin();
    which = data[0] % COMMANDS;
    argc = arguments(which, argv);
    screen.n = 0;
    screen.data = false;
    fake_server_begin(data + 1, n - 1);
    code = commands[which].run(argc, argv);
    if (lc_output_end())
        abort();
    /* 2 would be a mistake in the table above. */
    if (!is_listed(code))
        fail("an exit code that it has not", code);
    if (code && !screen.n)
        fail("not a word", code);
    check_screen(code);
    kept_free();
    return 0;
}
