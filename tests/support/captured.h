/* SPDX-License-Identifier: Apache-2.0 */
/* What a piece of a test writes to stdout or stderr, caught in a file without a name. */
#ifndef CAPTURED_H
#define CAPTURED_H
#include <stdio.h>

struct captured {
    FILE *stream; /* stdout or stderr */
    FILE *file;
    int saved_fd;
};

/* From here on the stream's bytes are caught. The test fails where that cannot be. */
void capture_begin(struct captured *c, FILE *stream);

/* Give the stream back; up to size - 1 bytes of what was caught are in text, a string. */
void capture_end(struct captured *c, char *text, size_t size);

#endif
