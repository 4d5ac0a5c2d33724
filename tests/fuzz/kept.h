/* SPDX-License-Identifier: Apache-2.0 */
/* What options keep until exit, freed after each run. Linked with --wrap=lc_keep. */
#ifndef LC_TESTS_FUZZ_KEPT_H
#define LC_TESTS_FUZZ_KEPT_H

/* Free what was kept since the last time. */
void kept_free(void);

#endif
