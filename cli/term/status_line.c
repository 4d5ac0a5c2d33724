/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/term/status_line.h"

#include "cli/term/message.h"

/* About six redraws a second. */
enum { REDRAW_NS = 160000000 };

void lc_status_line_init(struct lc_status_line *f, bool quiet)
{
    *f = (struct lc_status_line){.quiet = quiet, .terminal = lc_message_is_terminal()};
    /* In a log a line every three seconds is enough. */
    f->every_ns = f->terminal ? REDRAW_NS : 3000000000U;
}

void lc_status_line_line(void *ctx, const char *text, bool passing)
{
    struct lc_status_line *f = ctx;
    if (f->quiet) {
        return;
    }
    if (!passing) {
        lc_status_line_end(f);
        lc_say("%s", text);
        return;
    }
    uint64_t now = lc_clock_now(lc_clock_system());
    /* too soon: the next one says more */
    if (now < f->next_ns) {
        return;
    }
    f->next_ns = now + f->every_ns;
    if (!f->terminal) {
        lc_say("%s", text);
        return;
    }
    lc_message_redraw(text);
}

void lc_status_line_end(struct lc_status_line *f)
{
    if (f->terminal && !f->quiet)
        lc_message_erase();
}
