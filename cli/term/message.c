/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout is replaced by a stream of our own (fopencookie): what goes through printf is shown with its
 * control bytes escaped, since names and values come from a server and could move a terminal's cursor.
 * A command whose output is data says so, and a pipe then gets the bytes as they are.
 */
#include "cli/term/message.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/signals.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, NARROW_COLUMNS = 79 };

/* Set by lc_message_init. */
static bool colour, quiet_asked;

void lc_message_init(bool no_color, bool quiet)
{
    const char *env = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    colour = !no_color && !(env && *env) && !(term && strcmp(term, "dumb") == 0) &&
             lc_message_is_terminal();
    quiet_asked = quiet;
}

void lc_message_plain(char *s)
{
    for (size_t left = strlen(s), n; left; s += n, left -= n) {
        n = lc_utf8_shown(s, left);
        if (n)
            continue;
        n = lc_utf8_char(s, left);
        n = n ? n : 1;
        memset(s, '?', n);
    }
}

/*
 * What stdout is while the program runs: a stream that writes to descriptor 1 what a terminal may
 * be given, so that no printf can forget it. It works on bytes as they come: a character that is
 * cut between two writes waits for its rest.
 */
static struct {
    bool data; /* goes to a file or a pipe as it is */
    bool terminal;
    char rest[4];
    size_t rest_n;
} output;

/*
 * One piece of text, escaped as lc_printable does, line breaks and tabs kept. `ends`: nothing
 * follows, so a character that is cut is shown as bytes; otherwise it waits in output.rest.
 */
static int put_shown(const char *p, size_t n, bool ends)
{
    struct lc_buf out;
    int rc = 0;

    lc_buf_init(&out, 4 * n + 1);
    for (size_t taken; rc == 0 && n; p += taken, n -= taken) {
        size_t shown = *p == '\n' || *p == '\t' ? 1 : lc_utf8_shown(p, n);
        /* The length of the character, as its first byte says. */
        size_t whole = (unsigned char)*p < 0xc2   ? 1
                       : (unsigned char)*p < 0xe0 ? 2
                       : (unsigned char)*p < 0xf0 ? 3
                                                  : 4;

        if (!shown && n < whole && !ends) {
            memcpy(output.rest, p, n);
            output.rest_n = n;
            break;
        }
        taken = shown ? shown : 1;
        rc = shown ? lc_buf_add(&out, p, shown) : lc_buf_addf(&out, "\\x%02x", (unsigned char)*p);
    }
    if (rc)
        errno = ENOMEM;
    else if (out.n)
        rc = lc_write_all(STDOUT_FILENO, out.p, out.n);
    lc_buf_release(&out);
    return rc;
}

/* As fopencookie wants it: n where all is taken, 0 with errno for a failure. */
static ssize_t output_write(void *cookie, const char *p, size_t n)
{
    char *joined = NULL;
    size_t all = output.rest_n + n;
    int rc;

    (void)cookie;
    /* Data is escaped on a terminal alone. */
    if (output.data && !output.terminal)
        return lc_write_all(STDOUT_FILENO, p, n) ? 0 : (ssize_t)n;
    if (output.rest_n) {
        joined = malloc(all);
        if (!joined)
            return 0;
        memcpy(joined, output.rest, output.rest_n);
        memcpy(joined + output.rest_n, p, n);
        output.rest_n = 0;
    }
    rc = put_shown(joined ? joined : p, all, false);
    free(joined);
    return rc ? 0 : (ssize_t)n;
}

void lc_output_init(void)
{
    static const cookie_io_functions_t functions = {.write = output_write};
    FILE *f = fopencookie(NULL, "w", functions);

    if (!f)
        return; /* no memory: what follows will say so */
    output.terminal = isatty(STDOUT_FILENO) == 1;
    setvbuf(f, NULL, output.terminal ? _IOLBF : _IOFBF, BUFSIZ);
    stdout = f;
}

void lc_output_is_data(void)
{
    output.data = true;
}

int lc_output_end(void)
{
    int rc = fflush(stdout);

    if (rc == 0 && output.rest_n)
        rc = put_shown(output.rest, output.rest_n, true);
    output.rest_n = 0;
    return rc;
}

/* Columns of the terminal, looked at each time, since its window may be resized; COLUMNS where it does not say. */
static size_t columns_now(void)
{
    struct winsize size;
    const char *env = getenv("COLUMNS");
    char *end = NULL;
    unsigned long typed = env ? strtoul(env, &end, 10) : 0;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return end && *end == '\0' && typed > 1 && typed < 10000 ? typed : NARROW_COLUMNS + 1;
}

int lc_message_room(const char *text)
{
    size_t columns = columns_now() - 1, n = 0, all = strlen(text);

    for (size_t bytes, used = 0; n < all; n += bytes) {
        bytes = lc_utf8_char(text + n, all - n);
        bytes = bytes ? bytes : 1;
        used += lc_utf8_columns(text + n, bytes);
        if (used > columns)
            break;
    }
    return (int)n;
}

/* A passing line is on the terminal. */
static bool drawn;

void lc_message_redraw(const char *line)
{
    (void)fprintf(stderr, "\r\033[K%.*s", lc_message_room(line), line);
    (void)fflush(stderr);
    drawn = true;
}

void lc_message_erase(void)
{
    if (!drawn)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    drawn = false;
}

/* One write a line, so that lines of several threads do not mix. */
static void put_line(const char *before, const char *after, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void put_line(const char *before, const char *after, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES + 64];

    /*
     * Secrets first: lc_message_plain changes control bytes, and a secret that holds some would
     * not be found.
     */
    lc_secret_format(text, sizeof text, fmt, ap);
    lc_message_plain(text);
    snprintf(line, sizeof line, "%s%s%s", before, text, after);
    fputs(line, stderr);
}

static void put(const char *before, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *before, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(before, "\n", fmt, ap);
    va_end(ap);
}

void lc_say(const char *fmt, ...)
{
    va_list ap;

    if (quiet_asked)
        return;
    va_start(ap, fmt);
    put_line("", "\n", fmt, ap);
    va_end(ap);
}

void lc_ask(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line("", "", fmt, ap);
    va_end(ap);
    fflush(stderr);
}

void lc_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(colour ? "\033[33mlivecol: warning:\033[0m " : "livecol: warning: ", "\n", fmt, ap);
    va_end(ap);
}

void lc_complain(const struct lc_error *err)
{
    if (err->code == 0)
        return;
    put(colour ? "\033[31mlivecol:\033[0m " : "livecol: ", "%s", err->msg);
    if (err->hint[0])
        put("  hint: ", "%s", err->hint);
}

/* Options whose values the environment has given. */
static struct {
    const char *option, *variable;
} given[64];
static size_t given_n;

void lc_message_from_environment(const char *option, const char *variable)
{
    if (!option)
        given_n = 0;
    else if (given_n < sizeof given / sizeof *given) {
        given[given_n].option = option;
        given[given_n++].variable = variable;
    }
}

/* Does --option begin p, as a whole word? */
static bool is_option(const char *p, const char *option)
{
    size_t n = strlen(option);

    return strncmp(p, "--", 2) == 0 && strncmp(p + 2, option, n) == 0 && p[2 + n] != '-' &&
           !isalnum((unsigned char)p[2 + n]);
}

static bool mentions(const char *text, const char *option)
{
    for (const char *p = text; (p = strstr(p, "--")) != NULL; p += 2)
        if (is_option(p, option))
            return true;
    return false;
}

/*
 * A wrong value is named by where it comes from. An error of usage is about the option that it names; another one only
 * if it begins with it, since it may name options as ways out.
 */
static void name_variable(struct lc_error *err)
{
    static const char way[] = "name it with ";
    bool usage = err->code == LC_ERR_USAGE;

    for (size_t i = 0; i < given_n; i++) {
        const char *option = given[i].option;

        if (strstr(err->msg, given[i].variable))
            return;
        if (is_option(err->msg, option) ||
            (usage && (mentions(err->msg, option) || mentions(err->hint, option))) ||
            (strncmp(err->hint, way, strlen(way)) == 0 &&
             is_option(err->hint + strlen(way), option))) {
            lc_error_prefix(err, "%s: ", given[i].variable);
            return;
        }
    }
}

int lc_message_fail(bool json, const struct lc_error *failure)
{
    struct lc_error named = *failure;
    const struct lc_error *err = &named;

    name_variable(&named);
    if (json && err->code) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "event", "failed");
        lc_json_set_int(o, "exit", lc_exit_code(err));
        lc_json_set_str(o, "error", err->msg);
        lc_json_set_str(o, "hint", *err->hint ? err->hint : NULL);
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    lc_complain(err);
    return lc_exit_code(err);
}

bool lc_message_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

int lc_exit_code(const struct lc_error *err)
{
    switch (err->code) {
    case LC_OK:
        return 0;
    case LC_ERR_USAGE:
        return 2;
    case LC_ERR_REFUSED:
        return 3;
    case LC_ERR_LOCKED:
        return 5;
    case LC_ERR_UNKNOWN:
        return 7;
    case LC_ERR_FOUND:
        return LC_EXIT_FOUND;
    case LC_ERR_CRITICAL:
        return 9;
    case LC_ERR_STOPPED:
        return lc_stop_exit_code() ? lc_stop_exit_code() : 130;
    default:
        return 1;
    }
}
