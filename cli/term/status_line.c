#include "cli/term/status_line.h"

#include "cli/term/message.h"

#include <stdio.h>

enum { REDRAW_NS = 160000000 };

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
    (void)fprintf(stderr, "\r\033[K%.*s", lc_talk_room(text), text);
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
