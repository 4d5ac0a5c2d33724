/* livecol-udf: what the server executes. Reads blocks of keys, writes blocks of values. */
#include "livecol_version.h"
#include "options_udf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES     (1 << 20)
#define MAX_TYPE_BYTES (1 << 20)
#define DRAIN_READS    16384 /* at most 1 GiB */
#define DRAIN_PAUSE_MS 100

static int complain(const struct lc_error *err)
{
    fprintf(stderr, "livecol-udf: %s%s%s\n", err->msg, err->hint[0] ? "; " : "", err->hint);
    return err->code == LC_ERR_USAGE ? 2 : 1;
}

/* A relative path is looked up beside the executable: the server's working directory is its own. */
static int resolve(char *out, size_t size, const char *path, struct lc_error *err)
{
    char self[PATH_MAX];
    ssize_t n = 0;
    char *slash;

    if (path[0] != '/') {
        n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n < 0)
            return lc_fail(err, LC_ERR_IO, "cannot find this program's own folder: %s",
                           strerror(errno));
        self[n] = '\0';
        slash = strrchr(self, '/');
        n = slash ? slash + 1 - self : 0;
    }
    if ((size_t)n + strlen(path) >= size)
        return lc_fail(err, LC_ERR_USAGE, "the path is too long: %.200s", path);
    memcpy(out, self, (size_t)n);
    strcpy(out + n, path);
    return 0;
}

/* The text of --type: itself, or what is in the file behind @. */
static int read_type(char **out, const char *type, struct lc_error *err)
{
    char path[PATH_MAX];
    FILE *f;
    size_t n;

    if (type[0] != '@') {
        *out = strdup(type);
        return *out ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    }
    if (resolve(path, sizeof path, type + 1, err))
        return err->code;
    f = fopen(path, "re");
    if (!f)
        return lc_fail(err, LC_ERR_IO, "%s: cannot open the type: %s", path, strerror(errno));
    *out = calloc(1, MAX_TYPE_BYTES + 1);
    n = *out ? fread(*out, 1, MAX_TYPE_BYTES, f) : 0;
    fclose(f);
    while (n && strchr(" \t\r\n", (*out)[n - 1]))
        (*out)[--n] = '\0';
    return *out ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");
}

static int choose_attribute(const struct lc_rules *rules, const char *name, const char *path,
                            uint32_t *out, struct lc_error *err)
{
    char list[400] = "", shown[100];
    int at = name ? lc_rules_attribute(rules, name) : 0;

    if (at >= 0 && (name || rules->attributes == 1)) {
        *out = (uint32_t)at;
        return 0;
    }
    for (uint32_t a = 0; a < rules->attributes; a++) {
        size_t n = strlen(list);

        snprintf(list + n, sizeof list - n, "%s%s", a ? ", " : "",
                 lc_printable(rules->names[a].p, rules->names[a].n, shown, sizeof shown));
    }
    if (name)
        lc_fail(err, LC_ERR_USAGE, "%s: no attribute '%.100s' in it", path, name);
    else
        lc_fail(err, LC_ERR_USAGE, "%s: several attributes: choose one by --attribute", path);
    lc_hint(err, "it has %s", list);
    return LC_ERR_USAGE;
}

static int say_rules(const struct lc_rules *r, const struct lc_result *res, const char *path,
                     struct lc_error *err)
{
    if (lc_rules_check_content(r, path, err))
        return err->code;
    printf("%s: %s, %u rule%s, attribute%s", path, lc_kind_name(r->kind), r->rules,
           r->rules == 1 ? "" : "s", r->attributes == 1 ? "" : "s");
    for (uint32_t a = 0; a < r->attributes; a++)
        printf("%s %.*s (%u value%s)", a ? "," : "", (int)r->names[a].n,
               (const char *)r->names[a].p, r->attrs[a].values - 1,
               r->attrs[a].values == 2 ? "" : "s");
    printf(", %s, answers %s\n", r->default_rule == LC_NONE ? "no default" : "with a default",
           res->type);
    return 0;
}

static int write_all(struct lc_slice bytes, struct lc_error *err)
{
    while (bytes.n) {
        ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lc_fail(err, LC_ERR_IO, "cannot write: %s", strerror(errno));
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return 0;
}

static int serve(struct lc_stream *s, struct lc_error *err)
{
    for (;;) {
        uint8_t *p;
        size_t room;
        ssize_t n;

        if (lc_stream_space(s, &p, &room, err))
            return err->code;
        n = read(STDIN_FILENO, p, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lc_fail(err, LC_ERR_IO, "cannot read: %s", strerror(errno));
        if (n == 0)
            return lc_stream_end(s, err);
        if (lc_stream_feed(s, (size_t)n, err))
            return err->code;
        if (write_all(lc_stream_ready(s), err))
            return err->code;
        lc_stream_written(s);
    }
}

/*
 * Before giving up: take what the server is still writing. A pipe that breaks under it would be its
 * error ("Broken pipe"), in place of the line that says what is wrong here. Ends when nothing has
 * come for a moment; reads DRAIN_READS blocks at most.
 */
static void drain_input(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    struct stat st;
    char block[65536];

    if (fstat(STDIN_FILENO, &st) || !S_ISFIFO(st.st_mode))
        return;
    for (int reads = 0; reads < DRAIN_READS && poll(&in, 1, DRAIN_PAUSE_MS) > 0; reads++)
        if (read(STDIN_FILENO, block, sizeof block) <= 0)
            return;
}

/* A compiled file that shrinks under us: its pages are gone. */
static void on_bus_error(int signal_number)
{
    static const char text[] =
        "livecol-udf: the rules file was cut while it was in use; replace it by rename only\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

    (void)ignored;
    (void)signal_number;
    _exit(1);
}

static int run(const struct lc_udf_options *o, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    struct lc_result result = {0};
    struct lc_stream *s = NULL;
    char path[PATH_MAX], *type = NULL;
    uint32_t attribute = 0;
    int rc = resolve(path, sizeof path, o->rules, err);

    if (!rc)
        rc = read_type(&type, o->type, err);
    if (!rc)
        rc = lc_rules_open(&rules, path, err);
    if (rc == LC_ERR_IO && o->rules[0] != '/')
        lc_hint(err, "a relative path is looked up beside livecol-udf itself");
    if (!rc)
        rc = choose_attribute(rules, o->attribute, path, &attribute, err);
    if (!rc)
        rc = lc_result_init(&result, rules, attribute, type, path, err);
    if (!rc && o->check)
        rc = say_rules(rules, &result, path, err);
    if (!rc && !o->check && lc_stream_new(&s, &result, o->format, o->chunk_header))
        rc = lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    if (!rc && s)
        rc = serve(s, err);
    lc_stream_free(s);
    lc_result_release(&result);
    lc_rules_free(rules);
    free(type);
    return rc;
}

int main(int argc, char **argv)
{
    struct lc_udf_options o;
    struct lc_error err = LC_ERROR_INIT;
    struct sigaction bus = {.sa_handler = on_bus_error};

    if (lc_udf_options_parse(&o, argc, argv, &err))
        return complain(&err);
    if (o.help || o.version) {
        if (o.help)
            fputs(lc_udf_help(), stdout);
        else
            printf("livecol-udf %s (%s)\n", LIVECOL_VERSION, LIVECOL_COMMIT);
        return fflush(stdout) ? 1 : 0;
    }
    sigaction(SIGBUS, &bus, NULL);
    /* Larger pipes, where allowed: 10 to 15 % more rows a second in a SELECT. */
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    if (run(&o, &err)) {
        int code = complain(&err);

        drain_input();
        return code;
    }
    return fflush(stdout) ? 1 : 0;
}
