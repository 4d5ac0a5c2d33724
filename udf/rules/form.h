/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form in which a key is compared with rules.
 *
 *   prefix, exact          as it comes
 *   … with nocase          A-Z as a-z, other bytes as they come
 *   suffix                 backwards: a rule at the end is one at the start
 *   … with nocase          backwards and A-Z as a-z
 *   domain                 its host, backwards, A-Z as a-z, each label ended by a dot:
 *
 *       bob@Mail.Example.com.  ─▶  moc.elpmaxe.liam.
 *       example.com            ─▶  moc.elpmaxe.          a prefix of it, and not of moc.elpmaxeton.
 *
 * So all of these kinds are searched by one index. Rules are kept in this form, and keys are brought to it
 * by the batch, 16 bytes at a time, into a scratch that stays in the level-1 cache. A key is brought
 * no further than a rule can be long.
 *
 * The host of a key is what follows its last @, without one dot at its end. One with an empty label
 * (a..b, .b) is no host: its form is empty, which no rule but the default takes.
 */
#ifndef LC_UDF_RULES_FORM_H
#define LC_UDF_RULES_FORM_H
#include "base/buf.h"
#include "udf/rules/batch.h"
#include "udf/rules/kind.h"

enum lc_form { LC_FORM_PLAIN, LC_FORM_FOLDED, LC_FORM_BACK, LC_FORM_BACK_FOLDED, LC_FORM_HOST };

/* What is readable, and may be written, behind a key's form. */
enum { LC_FORM_SLACK = 32 };

/* Room for forms: a key of the longest, or a batch of usual ones; behind the last, 16 bytes can be read. */
enum { LC_FORMS_BYTES = (12 << 10) + LC_FORM_SLACK };

/* Keys in their form, which is in `bytes`. Only p, len and n of keys are set. */
struct lc_forms {
    struct lc_batch keys;
    _Alignas(64) uint8_t bytes[LC_FORMS_BYTES];
};

/* The form of a kind with these options (mask of enum lc_kind_option). */
enum lc_form lc_form_of(enum lc_kind kind, unsigned options);

/*
 * Write the form of the n bytes at p to out, at most `cap` bytes of it: its length. Sixteen bytes from p
 * must be readable, and cap + LC_FORM_SLACK bytes of out writable.
 */
size_t lc_form_key(enum lc_form form, const uint8_t *p, size_t n, size_t cap, uint8_t *out);

/*
 * Bring keys to their form, from in->p[from] on, until `out` is full: out->keys.n are done, at least one
 * where there is one left. At most `cap` bytes of a form are made; cap + LC_FORM_SLACK is at most
 * LC_FORMS_BYTES.
 */
void lc_form_keys(enum lc_form form, size_t cap, const struct lc_batch *in, size_t from,
                  struct lc_forms *out);

/* XXH3-64 of n bytes with A-Z as a-z. */
uint64_t lc_form_folded_hash(const uint8_t *p, size_t n);

/*
 * A rule's key as it is written, from its form: out has room for form.n + 2 bytes. `below`: a domain rule for
 * what is below its name. A domain rule's empty form is the default, *.
 */
struct lc_slice lc_form_written(enum lc_form form, struct lc_slice key, bool below, uint8_t *out);

#endif
