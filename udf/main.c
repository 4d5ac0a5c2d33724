/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol-udf: what the server executes. Reads blocks of keys, writes blocks of values.
 *
 *   options ─▶ rules ─▶ types ─▶ sandbox ─▶ serve       keys in, values out
 *                                        ├▶ put_whole   --emit all: nothing is read
 *                                        └▶ say_rules   --check
 *
 * Whatever opens a file comes before the sandbox. What fails is said in one line on stderr, and
 * the block that it failed in has no answer. The exit code is 1, or 2 where the command line is
 * wrong.
 */
#include "base/files.h"
#include "base/utf8.h"
#include "livecol_version.h"
#include "udf/export.h"
#include "udf/options.h"
#include "udf/rules/open.h"
#include "udf/sandbox.h"

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

/* n bytes as lc_printable shows them: what is in a path or an option may end up on a terminal. */
static void put_shown(FILE *f, const char *p, size_t n)
{
    for (size_t taken; n; p += taken, n -= taken) {
        size_t shown = lc_utf8_shown(p, n);

        taken = shown ? shown : 1;
        if (shown)
            fwrite(p, 1, shown, f);
        else
            fprintf(f, "\\x%02x", (unsigned char)*p);
    }
}

static void put_text(FILE *f, const char *text)
{
    put_shown(f, text, strlen(text));
}

/*
 * Print the error as one line; returns the exit code. `whole` has room for a line in which each
 * byte is shown as \xNN.
 */
static int complain(const struct lc_error *err)
{
    char line[sizeof err->msg + sizeof err->hint + 4], whole[4 * sizeof line + 32];

    /* One write, so that the lines of several processes do not mix. */
    setvbuf(stderr, whole, _IOFBF, sizeof whole);
    snprintf(line, sizeof line, "%s%s%s", err->msg, err->hint[0] ? "; " : "", err->hint);
    fputs("livecol-udf: ", stderr);
    put_text(stderr, line);
    fputc('\n', stderr);
    fflush(stderr);
    setvbuf(stderr, NULL, _IONBF, 0); /* `whole` ends here */
    return err->code == LC_ERR_USAGE ? 2 : 1;
}

/* A relative path is looked up next to the executable: the server's working directory is its own. */
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

static void hint_place(const char *path, struct lc_error *err)
{
    if (path[0] != '/')
        lc_hint(err, "a relative path is looked up next to livecol-udf itself");
}

/* The text of --type: itself, or what is in the file behind @. */
static int read_type(char **out, const char *type, struct lc_error *err)
{
    char path[PATH_MAX];
    struct stat st;
    FILE *f;
    size_t n;
    int fd;

    if (type[0] != '@') {
        *out = strdup(type);
        return *out ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    }
    if (resolve(path, sizeof path, type + 1, err))
        return err->code;
    /* Without O_NONBLOCK, to open a FIFO would wait for its writer. */
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    f = fd < 0 ? NULL : fdopen(fd, "r");
    if (!f || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        lc_fail(err, LC_ERR_IO, "%s: cannot open the type: %s", path,
                f ? "not a regular file" : strerror(errno));
        hint_place(type + 1, err);
        if (f)
            fclose(f);
        else if (fd >= 0)
            close(fd);
        return LC_ERR_IO;
    }
    /* One byte more than is read: it stays NUL. */
    *out = calloc(1, MAX_TYPE_BYTES + 1);
    n = *out ? fread(*out, 1, MAX_TYPE_BYTES, f) : 0;
    fclose(f);
    /* An editor ends the file with a newline. */
    while (n && strchr(" \t\r\n", (*out)[n - 1]))
        (*out)[--n] = '\0';
    return *out ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");
}

/* What goes out: `n` results, each with the text of its type. */
struct answer {
    unsigned n;
    uint32_t attribute[LC_MAX_ATTRIBUTES];
    char *type[LC_MAX_ATTRIBUTES];
    struct lc_column_type result[LC_MAX_ATTRIBUTES];
    char *argument_type; /* what comes; NULL: nobody said */
    struct lc_argument argument;
};

/* The names of all attributes, as the hint; cut where they are many. */
static void list_attributes(const struct lc_rules *rules, struct lc_error *err)
{
    char list[400] = "", shown[100];

    for (uint32_t a = 0; a < rules->attributes; a++) {
        size_t n = strlen(list);

        snprintf(list + n, sizeof list - n, "%s%s", a ? ", " : "",
                 lc_printable(rules->names[a].p, rules->names[a].n, shown, sizeof shown));
    }
    lc_hint(err, "it has %s", list);
}

/*
 * Which attributes go out, and in which order: those that are named; else, of a function the
 * only one, of a dictionary all.
 */
static int choose_attributes(struct answer *a, const struct lc_rules *rules,
                             const struct lc_udf_options *o, const char *path, struct lc_error *err)
{
    for (unsigned i = 0; i < o->attributes; i++) {
        int at = lc_rules_attribute(rules, o->attribute[i]);

        if (at < 0) {
            lc_fail(err, LC_ERR_USAGE, "%s: no attribute '%.100s' in it", path, o->attribute[i]);
            list_attributes(rules, err);
            return LC_ERR_USAGE;
        }
        a->attribute[i] = (uint32_t)at;
    }
    a->n = o->attributes;
    if (a->n)
        return 0;
    if (o->emit == LC_EMITS_VALUES && rules->attributes > 1) {
        lc_fail(err, LC_ERR_USAGE, "%s: several attributes: choose one by --attribute", path);
        list_attributes(rules, err);
        return LC_ERR_USAGE;
    }
    for (; a->n < rules->attributes; a->n++)
        a->attribute[a->n] = a->n;
    return 0;
}

/* Fit the attributes to their types. A dictionary has no attribute of LowCardinality. */
static int init_answer(struct answer *a, const struct lc_rules *rules,
                       const struct lc_udf_options *o, const char *path, struct lc_error *err)
{
    int rc = choose_attributes(a, rules, o, path, err);

    if (!rc && o->types && o->types != a->n)
        return lc_fail(err, LC_ERR_USAGE, "%u --type for %u attribute%s: one for each", o->types,
                       a->n, a->n == 1 ? "" : "s");
    for (unsigned i = 0; i < a->n && !rc; i++) {
        rc = read_type(&a->type[i], o->types ? o->type[i] : "String", err);
        if (!rc)
            rc = lc_column_type_init(&a->result[i], rules, a->attribute[i], a->type[i], path, err);
        if (!rc && o->emit != LC_EMITS_VALUES && a->result[i].low_cardinality)
            rc =
                lc_fail(err, LC_ERR_USAGE, "a dictionary's attribute cannot be %.100s", a->type[i]);
    }
    return rc;
}

/* What comes, where the command line says it: refused now rather than at the first row. */
static int init_argument(struct answer *a, const struct lc_rules *rules,
                         const struct lc_udf_options *o, const char *path, struct lc_error *err)
{
    enum lc_order order = rules->takes.order;
    bool usual = order == LC_ORDER_TEXT || order == LC_ORDER_UINT || order == LC_ORDER_ADDRESS;
    int rc = o->argument ? read_type(&a->argument_type, o->argument, err) : 0;

    if (!o->argument && !usual && o->emit == LC_EMITS_VALUES && o->format != LC_FORMAT_NATIVE) {
        char type[60];

        lc_argument_usual(rules, type, sizeof type);
        lc_fail(err, LC_ERR_USAGE,
                "the key of these rules is %s, and %s does not carry the type of the input",
                lc_order_name(&rules->takes),
                o->format == LC_FORMAT_TSV ? "TabSeparated" : "RowBinary");
        lc_hint(err, "--argument %s, or what <argument> of the function says", type);
        return LC_ERR_USAGE;
    }
    if (!usual && o->emit != LC_EMITS_VALUES) {
        lc_fail(err, LC_ERR_USAGE,
                "a dictionary's key is a text or an unsigned whole number, and "
                "that of these rules is %s",
                lc_order_name(&rules->takes));
        lc_hint(err, "use a function");
        return LC_ERR_USAGE;
    }
    if (rc || !o->argument)
        return rc;
    rc = lc_argument_parse(&a->argument, a->argument_type, err);
    if (!rc)
        rc = lc_argument_fits(&a->argument, a->argument_type, rules->kind, &rules->takes, o->format,
                              err);
    for (unsigned i = 0; !rc && a->argument.nullable && i < a->n; i++)
        rc = lc_column_type_takes_null(&a->result[i], path, err);
    return rc;
}

/* Places that are not used are zero, and may be released. */
static void release_answer(struct answer *a)
{
    lc_argument_release(&a->argument);
    free(a->argument_type);
    for (unsigned i = 0; i < LC_MAX_ATTRIBUTES; i++) {
        lc_column_type_release(&a->result[i]);
        free(a->type[i]);
    }
}

/*
 * --check. The content is compared with its hash whatever its size; to serve, large files are
 * not.
 */
static int say_rules(const struct lc_rules *r, const struct answer *answer, const char *path,
                     struct lc_error *err)
{
    if (lc_rules_check_content(r, path, err))
        return err->code;
    put_text(stdout, path);
    printf(": %s, %u rule%s, attribute%s", lc_kind_name_with(r->kind, r->options), r->rules,
           r->rules == 1 ? "" : "s", r->attributes == 1 ? "" : "s");
    for (uint32_t a = 0; a < r->attributes; a++) {
        printf("%s ", a ? "," : "");
        put_shown(stdout, (const char *)r->names[a].p, r->names[a].n);
        printf(" (%u value%s)", r->attrs[a].values - 1, r->attrs[a].values == 2 ? "" : "s");
    }
    printf(", %s, answers", r->default_rule == LC_NONE ? "no default" : "with a default");
    for (unsigned i = 0; i < answer->n; i++) {
        printf("%s ", i ? "," : "");
        put_text(stdout, answer->result[i].type);
    }
    if (answer->argument_type) {
        printf(", of ");
        put_text(stdout, answer->argument_type);
    }
    putchar('\n');
    return 0;
}

/* Rules that are in use, and their path. */
struct in_use {
    struct lc_rules *rules;
    const char *path;
};

/* Write an answer, unless the rules that it was made by were written to meanwhile. */
static int write_answer(const struct in_use *by, struct lc_slice bytes, struct lc_error *err)
{
    if (!bytes.n)
        return 0;
    if (lc_rules_look(by->rules, by->path, err))
        return err->code;
    return lc_write_all(STDOUT_FILENO, bytes.p, bytes.n)
               ? lc_fail(err, LC_ERR_IO, "cannot write: %s", strerror(errno))
               : 0;
}

/*
 * Until the input ends. A read gives what the pipe has at that moment, so a small block is
 * answered without waiting for more. Nothing is written of an answer that is not ready.
 */
static int serve(const struct in_use *by, struct lc_stream *s, struct lc_error *err)
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
        if (lc_stream_feed(s, (size_t)n, err)) {
            struct lc_error cause = LC_ERROR_INIT;

            /* Rules that are damaged, or keys that seem to be: a write into the file explains both. */
            if (lc_rules_look(by->rules, by->path, &cause))
                *err = cause;
            return err->code;
        }
        if (write_answer(by, lc_stream_ready(s), err))
            return err->code;
        lc_stream_written(s);
    }
}

/* The whole rule set; stdin is left alone, since old servers never close it. */
static int put_whole(const struct in_use *by, struct lc_export *w, struct lc_error *err)
{
    struct lc_slice bytes;
    int rc;

    while ((rc = lc_export_next(w, &bytes, err)) > 0)
        if (write_answer(by, bytes, err))
            return err->code;
    return rc;
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

    if (lc_rules_stat(STDIN_FILENO, &st) || !S_ISFIFO(st.st_mode))
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

/* Answer until the input ends, or put out all there is. */
static int emit(const struct lc_udf_options *o, const struct answer *a, const struct in_use *by,
                struct lc_error *err)
{
    struct lc_stream *s = NULL;
    struct lc_export *w = NULL;
    int rc;

    if (o->emit == LC_EMITS_ALL) {
        rc = lc_export_new(&w, a->result, a->n, o->format, o->key, by->path, err);
        rc = rc ? rc : put_whole(by, w, err);
        lc_export_free(w);
        return rc;
    }
    rc = o->emit == LC_EMITS_ROWS
             ? lc_stream_new_rows(&s, a->result, a->n, o->format, o->chunk_header)
             : lc_stream_new(&s, a->result, o->format, o->chunk_header);
    if (rc)
        lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    if (!rc && a->argument_type)
        rc = lc_stream_expect(s, &a->argument, a->argument_type, err);
    rc = rc ? rc : serve(by, s, err);
    lc_stream_free(s);
    return rc;
}

/* From the rules to the last answer. `rules` and `answer` are released whatever happens. */
static int run(const struct lc_udf_options *o, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    struct answer answer = {0};
    char path[PATH_MAX];
    int rc = resolve(path, sizeof path, o->rules, err);

    if (!rc)
        rc = lc_rules_open(&rules, path, err);
    if (rc == LC_ERR_IO)
        hint_place(o->rules, err);
    if (!rc)
        rc = init_answer(&answer, rules, o, path, err);
    if (!rc)
        rc = init_argument(&answer, rules, o, path, err);
    if (!rc)
        rc = lc_sandbox_enter(o->sandbox, rules->fd, err);
    if (!rc)
        LC_TEST_ATTEMPTS();
    if (!rc)
        rc = o->check ? say_rules(rules, &answer, path, err)
                      : emit(o, &answer, &(struct in_use){rules, path}, err);
    release_answer(&answer);
    lc_rules_free(rules);
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

        if (o.emit != LC_EMITS_ALL)
            drain_input();
        return code;
    }
    return fflush(stdout) ? 1 : 0;
}
