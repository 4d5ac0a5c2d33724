/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields that a program has rewritten when somebody opened a CSV and saved it again. A rule with such a key
 * is valid, and no key ever matches it; such a value is valid, and wrong.
 *
 * Only what is no accident is found, since a warning that is often wrong is not read. So some kinds depend on the
 * whole column, and are decided when all of it was seen:
 *
 *   kind         field              found
 *   SHORTENED    4.91E+11           in a key always, also 1e+05; in values from 10^11, where the column has no
 *                                   fractions
 *   ROUNDED      4571739999999990   all numbers of more than 15 digits have zeros after the 15th, and most have
 *                                   another digit there
 *   DATES        1-Mar, 01. Mrz     fewer than half of the fields of the column
 *   GROUPED      1,000              where all fields of the column are numbers
 *   ERRORS       #N/A, Err:502      always
 *   ZEROS        1234               keys of digits, most of one length and one of these with a 0 in front
 *   POINTS       4915.0             all keys of the column
 *   APOSTROPHES  '01234, '+49       in a key always
 *   RECODED      MÃ¼nchen           always
 *
 * Where a spreadsheet has taken the zeros in front of all keys, nothing is left to find it by.
 */
#ifndef LC_UDF_RULES_REWRITTEN_H
#define LC_UDF_RULES_REWRITTEN_H
#include "base/buf.h"

#include <stdbool.h>

enum lc_rewritten_kind {
    LC_REWRITTEN_SHORTENED,
    LC_REWRITTEN_ROUNDED,
    LC_REWRITTEN_DATES,
    LC_REWRITTEN_GROUPED,
    LC_REWRITTEN_ERRORS,
    LC_REWRITTEN_ZEROS,
    LC_REWRITTEN_POINTS,
    LC_REWRITTEN_APOSTROPHES,
    LC_REWRITTEN_RECODED,
    LC_REWRITTEN_KINDS
};

enum { LC_REWRITTEN_SHOWN = 40, LC_REWRITTEN_DIGITS = 40 };

/* What a column holds. */
enum lc_column_of {
    LC_COLUMN_VALUES,
    LC_COLUMN_CODES,  /* keys that are compared byte by byte from their first: prefix, exact */
    LC_COLUMN_TEXTS,  /* other keys that are texts */
    LC_COLUMN_NUMBERS /* bounds, weights, networks: what is no number there is refused elsewhere */
};

/* All fields of one kind: how many, the line of the first, its text (cut, with a NUL). */
struct lc_rewritten_found {
    uint32_t fields, line;
    char example[LC_REWRITTEN_SHOWN];
};

/* What was seen of a column. */
struct lc_rewritten_column {
    struct lc_rewritten_found found[LC_REWRITTEN_KINDS];
    struct lc_rewritten_found by_length[LC_REWRITTEN_DIGITS]; /* fields of digits alone */
    uint32_t filled;                                          /* fields that are not empty */
    uint32_t numbers;     /* of these, with or without a fraction */
    uint32_t fractions;   /* of these, 0.5, and not 5.0 */
    uint32_t long_points; /* 1234.0: four digits or more before the point */
    uint32_t long_numbers,
        long_digits;        /* of more than 15 digits; how many they have beyond these */
    uint32_t ends_in_digit; /* long numbers whose 15th digit is not 0 */
    uint32_t zeros_first,
        zeros_shortest; /* fields of digits that begin with 0; the least length of one */
};

/* Look at a field. Called for each field of the column but a default key. */
void lc_rewritten_look(struct lc_rewritten_column *c, enum lc_column_of of, struct lc_slice field,
                       uint32_t line);

/* All fields were seen: add what was found to `out`, one of each kind. */
void lc_rewritten_settle(const struct lc_rewritten_column *c, enum lc_column_of of,
                         struct lc_rewritten_found out[LC_REWRITTEN_KINDS]);

/* Is it what a spreadsheet shows in place of a result: #N/A, #REF!, Err:502? */
bool lc_rewritten_is_error(struct lc_slice field);

/* 4.91E+11, 1e+05: a number with one digit before the point and an exponent, as programs shorten long ones. */
bool lc_rewritten_is_shortened(struct lc_slice field);

#endif
