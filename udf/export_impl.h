/* What export.c lets dictionary_rows.c see. Not for others. */
#ifndef LC_WHOLE_IMPL_H
#define LC_WHOLE_IMPL_H

#include "base/buf.h"

#include <stdbool.h>

struct lc_stream;

struct lc_whole {
    struct lc_stream *stream; /* puts the rows out, as if these keys had come in */
    struct lc_slice key;      /* the key column's name */
    bool regexps, native;
    uint32_t *order; /* the rules that go out: `rows` of them */
    uint32_t rows;
    uint32_t at;        /* into order: the next to go out */
    uint32_t first;     /* into order: the first row of the block */
    struct lc_buf text; /* the regular expressions of a batch */
};

#endif
