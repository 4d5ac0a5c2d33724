/* SPDX-License-Identifier: Apache-2.0 */
/* Native: the codec. */
#ifndef LC_UDF_NATIVE_H
#define LC_UDF_NATIVE_H
#include "udf/codec.h"

extern const struct lc_codec lc_codec_native;

#endif
