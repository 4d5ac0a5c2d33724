#include "follow.h"

#include "talk.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { REDRAW_NS = 160000000, NARROW_COLUMNS = 79 };

/* Bytes of the text that one line of the terminal has room for: a longer one would wrap, and its
 * first lines could not be taken away. Characters of several bytes are kept whole. */
static int terminal_room(const char *text)
{
    struct winsize size;
    size_t columns = NARROW_COLUMNS;
    size_t n = 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) {
        columns = size.ws_col - 1U;
    }
    for (size_t shown = 0; text[n] != '\0'; n++) {
        shown += ((unsigned char)text[n] & 0xC0U) != 0x80U;
        if (shown > columns) {
            break;
        }
    }
    return (int)n;
}

void lc_follow_init(struct lc_follow *f, bool quiet)
{
    *f = (struct lc_follow){.quiet = quiet, .terminal = lc_talk_is_terminal()};
    f->every_ns = f->terminal ? REDRAW_NS : 3000000000U;
}

void lc_follow_line(void *ctx, const char *text, bool passing)
{
    struct lc_follow *f = ctx;
    if (f->quiet) {
        return;
    }
    if (!passing) {
        lc_follow_end(f);
        lc_say("%s", text);
        return;
    }
    uint64_t now = lc_clock_now(lc_clock_system());
    if (now < f->next_ns) {
        return;
    }
    f->next_ns = now + f->every_ns;
    if (!f->terminal) {
        lc_say("%s", text);
        return;
    }
    (void)fprintf(stderr, "\r\033[K%.*s", terminal_room(text), text);
    (void)fflush(stderr);
    f->drawn = true;
}

void lc_follow_end(struct lc_follow *f)
{
    if (f->drawn) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        f->drawn = false;
    }
}
