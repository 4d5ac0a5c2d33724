/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/trial_state.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

/* A text that is too long is cut at the end of a character. */
void lc_trial_say(const struct lc_preflight *d, bool warning, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!d->say)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    d->say(d->ctx, warning, text);
}
