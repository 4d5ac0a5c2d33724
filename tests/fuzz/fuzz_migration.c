/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A migration file of any bytes: what it says of itself is read (marks of four tools, migrate:settings, SET, requires, vars),
 * and its variables filled in. Its statements lie within the file, in order, with settings in pairs; what is wrong
 * has a text and a line of the file. The first byte chooses the file's name.
 */
#include "cli/migrate/files.h"
#include "cli/migrate/variables.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const names[] = {"0001_a.sql", "1_a.up.sql", "1_a.down.sql", "20240101.sql"};
enum { NAMES = sizeof names / sizeof *names };

static char folder[64], paths[NAMES][128];

static void remove_all(void)
{
    for (size_t i = 0; i < NAMES; i++)
        unlink(paths[i]);
    rmdir(folder);
}

static void begin(void)
{
    snprintf(folder, sizeof folder, "%s/fuzz-migration.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < NAMES; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    atexit(remove_all);
}

static void write_file(const char *path, const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, p, n) != (ssize_t)n)
        abort();
    close(fd);
}

static void check_section(const struct lc_section_stmts *s, const struct lc_migration_file *file)
{
    const char *from = file->text;

    for (size_t i = 0; i < s->n; i++) {
        const struct lc_migration_stmt *stmt = &s->v[i];

        if (stmt->p < from || stmt->n == 0 || stmt->n > file->n ||
            stmt->p + stmt->n > file->text + file->n || file->text + stmt->byte != stmt->p)
            abort();
        from = stmt->p + stmt->n;
        for (size_t k = 0; k < 2 * stmt->settings.n; k++)
            if (!stmt->settings.v[k])
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct lc_strings given = {.v = (const char *[]){"a=1", "b=${a}"}, .n = 2};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_migrations m;
    unsigned which;

    if (n == 0)
        return 0;
    if (!folder[0])
        begin();
    which = data[0] % NAMES;
    write_file(paths[which], data + 1, n - 1);
    if (lc_migrations_scan(&m, folder, &err))
        abort();
    for (size_t i = 0; i < m.n; i++) {
        check_section(&m.v[i].up, &m.v[i].file);
        check_section(&m.v[i].down, m.v[i].pair ? &m.v[i].down_file : &m.v[i].file);
    }
    if (lc_variables_fill(&m, &given))
        abort();
    for (size_t i = 0; i < m.problems.n; i++)
        if (!m.problems.v[i].text[0] || m.problems.v[i].line > n)
            abort();
    lc_migrations_release(&m);
    unlink(paths[which]);
    return 0;
}
