/* SPDX-License-Identifier: Apache-2.0 */
/* The block formats that a server and livecol-udf speak. */
#ifndef LC_UDF_FORMAT_H
#define LC_UDF_FORMAT_H
#include <stddef.h>

enum lc_format { LC_FORMAT_TSV, LC_FORMAT_ROWBINARY, LC_FORMAT_NATIVE };

/* A key of more bytes than this is refused, as the server itself does (1 GiB). */
#define LC_MAX_STREAM_KEY ((size_t)1 << 30)

/* The format of that name ("Native", "RowBinary", "TabSeparated"), or -1. */
int lc_format_from_name(const char *name);

#endif
