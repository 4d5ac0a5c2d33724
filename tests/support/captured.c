/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "captured.h"

#include <unistd.h>

void capture_begin(struct captured *c, FILE *stream)
{
    c->stream = stream;
    c->file = tmpfile();
    assert_non_null(c->file);
    fflush(stream);
    c->saved_fd = dup(fileno(stream));
    assert_true(c->saved_fd >= 0);
    assert_true(dup2(fileno(c->file), fileno(stream)) >= 0);
}

void capture_end(struct captured *c, char *text, size_t size)
{
    size_t n;

    fflush(c->stream);
    assert_true(dup2(c->saved_fd, fileno(c->stream)) >= 0);
    close(c->saved_fd);
    rewind(c->file);
    n = fread(text, 1, size - 1, c->file);
    text[n] = '\0';
    fclose(c->file);
}
