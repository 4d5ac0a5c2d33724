/* SPDX-License-Identifier: Apache-2.0 */
#include "http_status.h"

#include <stddef.h>

/* 0 ends a list. */
static const int bad_request[] = {6,  8,   15,  25,  26,  27,  36,  37,  38,  41,  44,  53,  62,
                                  72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676, 0};
static const int forbidden[] = {192, 193, 497, 512, 516, 0};
static const int not_found[] = {46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511, 0};
static const int unavailable[] = {76, 209, 439, 0};
static const int unauthorized[] = {194, 0};
static const int timeout[] = {159, 0};
static const int length_required[] = {381, 0};
static const int too_large[] = {229, 0};
static const int unsupported_type[] = {779, 0};
static const int not_implemented[] = {48, 0};

static const struct {
    unsigned status;
    const int *codes;
} statuses[] = {
    {400, bad_request},     {401, unauthorized},    {403, forbidden}, {404, not_found},
    {408, timeout},         {411, length_required}, {413, too_large}, {415, unsupported_type},
    {501, not_implemented}, {503, unavailable},
};

unsigned http_status_of(int server_code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        for (const int *code = statuses[i].codes; *code; code++)
            if (*code == server_code)
                return statuses[i].status;
    return 500;
}
