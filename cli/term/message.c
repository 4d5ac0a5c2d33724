#include "cli/term/message.h"

#include "base/secret.h"
#include "base/signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, NARROW_COLUMNS = 79 };

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
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == '\x7f')
            *s = '?';
        else if (*s == '\xc2' && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
            s[0] = s[1] = '?'; /* a control character of Latin-1 */
    }
}

int lc_message_room(const char *text)
{
    struct winsize size;
    size_t columns = NARROW_COLUMNS, n = 0;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        columns = size.ws_col - 1u;
    for (size_t shown = 0; text[n]; n++) {
        shown += ((unsigned char)text[n] & 0xc0) != 0x80;
        if (shown > columns)
            break;
    }
    return (int)n;
}

/* One write a line, so that lines of several threads do not mix. */
static void put_line(const char *before, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void put_line(const char *before, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES + 64];

    vsnprintf(text, sizeof text, fmt, ap);
    lc_secret_redact(text);
    lc_message_plain(text);
    snprintf(line, sizeof line, "%s%s\n", before, text);
    fputs(line, stderr);
}

static void put(const char *before, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *before, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(before, fmt, ap);
    va_end(ap);
}

void lc_say(const char *fmt, ...)
{
    va_list ap;

    if (quiet_asked)
        return;
    va_start(ap, fmt);
    put_line("", fmt, ap);
    va_end(ap);
}

void lc_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(colour ? "\033[33mlivecol: warning:\033[0m " : "livecol: warning: ", fmt, ap);
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
        return 8;
    case LC_ERR_CRITICAL:
        return 9;
    case LC_ERR_STOPPED:
        return lc_stop_exit_code() ? lc_stop_exit_code() : 130;
    default:
        return 1;
    }
}
