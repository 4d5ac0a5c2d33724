/* livecol new */
#include "cmd_migrate.h"

#include "migration.h"
#include "sqltext.h"
#include "tracking.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STAMP_DIGITS = 14, MAX_NAME_BYTES = 100, MAX_TEXT_BYTES = 1 << 16 };

/* What is wanted: a name, and the derived column where one is given. */
struct wanted {
    char name[MAX_NAME_BYTES + 1];
    const char *table, *column, *key, *function, *type;
};

/* "Add region!" becomes "add_region"; what has no letter or digit is refused. */
static int make_name(const char *text, char out[MAX_NAME_BYTES + 1], struct lc_error *err)
{
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (n == MAX_NAME_BYTES)
            return lc_fail(err, LC_ERR_USAGE, "the name has more than %d bytes", MAX_NAME_BYTES);
        if (isalnum(c) || c == '-' || c == '.')
            out[n++] = (char)tolower(c);
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    if (n == 0)
        return lc_fail(err, LC_ERR_USAGE, "the name holds no letter and no digit");
    return 0;
}

/* The number behind the highest, as wide; a time stamp where the files have time stamps. */
static void next_version(const struct lc_migrations *files, char out[24])
{
    const struct lc_migration *highest = NULL;
    struct tm t;
    time_t now = time(NULL);

    for (size_t i = 0; i < files->n; i++) {
        if (!highest || files->v[i].version > highest->version)
            highest = &files->v[i];
    }
    if (highest && strlen(highest->version_text) >= STAMP_DIGITS && gmtime_r(&now, &t))
        strftime(out, 24, "%Y%m%d%H%M%S", &t);
    else
        snprintf(out, 24, "%0*" PRIu64, highest ? (int)strlen(highest->version_text) : 4,
                 highest ? highest->version + 1 : 1);
}

static bool is_plain(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++) {
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    }
    return true;
}

static int add_name(struct lc_buf *b, const char *name)
{
    return is_plain(name) ? lc_buf_adds(b, name) : lc_sql_add_id(b, name);
}

static int add_table(struct lc_buf *b, const char *database, const char *table)
{
    return (database && (add_name(b, database) || lc_buf_adds(b, "."))) || add_name(b, table)
               ? LC_ERR_NOMEM
               : 0;
}

static int derived_text(struct lc_buf *b, const struct wanted *w, struct lc_error *err)
{
    char *database = NULL, *table = NULL;
    int rc = lc_table_name_parse(w->table, &database, &table, err);

    if (rc)
        return rc;
    rc = lc_buf_adds(b, "-- migrate:up\nALTER TABLE ") || add_table(b, database, table) ||
         lc_buf_adds(b, "\n    ADD COLUMN IF NOT EXISTS ") || add_name(b, w->column) ||
         lc_buf_addf(b, " %s DEFAULT ", w->type) || add_name(b, w->function) ||
         lc_buf_adds(b, "(") || add_name(b, w->key) || lc_buf_adds(b, ") AFTER ") ||
         add_name(b, w->key) || lc_buf_adds(b, ";\n\nALTER TABLE ") ||
         add_table(b, database, table) || lc_buf_adds(b, " MATERIALIZE COLUMN ") ||
         add_name(b, w->column) || lc_buf_adds(b, ";\n\n-- migrate:down\nALTER TABLE ") ||
         add_table(b, database, table) || lc_buf_adds(b, " DROP COLUMN IF EXISTS ") ||
         add_name(b, w->column) || lc_buf_adds(b, ";\n");
    free(database);
    free(table);
    return rc ? lc_fail(err, LC_ERR_NOMEM, "the names are too long") : 0;
}

static const char plain_text[] =
    "-- migrate:up\n"
    "-- Statements, each ended by a semicolon. Once this has been applied it is not changed any\n"
    "-- more; what is to be different then goes into a new migration.\n"
    "\n"
    "-- migrate:down\n"
    "-- What takes it back. Remove this section where nothing can.\n";

static int write_file(const char *path, const char *text, struct lc_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t n = strlen(text);
    ssize_t wrote;

    if (fd < 0)
        return lc_fail(err, LC_ERR_IO, "cannot create %s: %s", path, strerror(errno));
    wrote = write(fd, text, n);
    if (close(fd) != 0 || wrote != (ssize_t)n) {
        unlink(path);
        return lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

static int create(const struct lc_migrate *m, const struct wanted *w, struct lc_error *err)
{
    const char *dir = m->up.migrations_dir ? m->up.migrations_dir : "migrations";
    struct lc_migrations files = {0};
    struct lc_buf text;
    char version[24], *path = NULL;
    int rc = 0;

    lc_buf_init(&text, MAX_TEXT_BYTES);
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        rc = lc_fail(err, LC_ERR_IO, "cannot create the folder %s: %s", dir, strerror(errno));
    if (rc == 0)
        rc = lc_migrations_scan(&files, dir, err);
    if (rc == 0) {
        next_version(&files, version);
        if (asprintf(&path, "%s/%s_%s.sql", dir, version, w->name) < 0)
            path = NULL;
        rc = w->table ? derived_text(&text, w, err) : lc_buf_adds(&text, plain_text);
    }
    if (rc == 0) {
        const char *all = lc_buf_str(&text);

        if (path && all)
            rc = write_file(path, all, err);
        else
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a file");
    }
    if (rc == 0)
        printf("%s\n", path);
    free(path);
    lc_buf_release(&text);
    lc_migrations_release(&files);
    return rc;
}

int lc_cmd_new(int argc, const char **argv)
{
    struct wanted w = {.type = "LowCardinality(String)"};
    const struct lc_option more[] = {
        {"table", 0, LC_OPT_STRING, &w.table, "DB.TABLE", "a derived column: of this table"},
        {"column", 0, LC_OPT_STRING, &w.column, "NAME", "its name"},
        {"key", 0, LC_OPT_STRING, &w.key, "COLUMN", "the column it is derived from"},
        {"function", 0, LC_OPT_STRING, &w.function, "NAME", "the function that derives it"},
        {"type", 0, LC_OPT_STRING, &w.type, "TYPE", "its type (default: LowCardinality(String))"},
        {0}};
    const struct lc_command cmd = {
        .name = "new",
        .synopsis = "NAME [OPTIONS]",
        .about = "Write the next migration file, and print its path: an empty one, or with "
                 "--table, --column, --key and --function one that adds a derived column and "
                 "fills it in.",
        .examples = "livecol new drop_old_index\n"
                    "livecol new add_region --table analytics.events --column region \\\n"
                    "    --key user_id --function region_v1",
    };
    struct lc_migrate m = {0};
    struct lc_error err = LC_ERROR_INIT;
    int given;
    int rc = lc_migrate_parse(&m, cmd, LC_MIGRATE_FILES, more, argc, argv, &err);

    if (rc == 0)
        rc = lc_migrate_operands(&m, 1, 1, "a NAME", &err);
    if (rc == 0)
        rc = make_name(m.rest.v[0], w.name, &err);
    given = !!w.table + !!w.column + !!w.key + !!w.function;
    if (rc == 0 && given != 0 && given != 4)
        rc = lc_fail(&err, LC_ERR_USAGE,
                     "--table, --column, --key and --function go together: all four or none");
    if (rc == 0)
        rc = create(&m, &w, &err);
    return lc_migrate_end(rc, &err);
}
