/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that answers whatever the fuzzer says. It takes the place of the http backend and of the
 * check of answers: what a statement of sql/ gets is of the columns, the kinds and the number of rows that
 * it promises, with cells that the input chooses. So the input gets past the checks (fuzz_answer is about those),
 * to what reads the answers.
 *
 * Linked with --wrap for what it takes the place of, and for time, which passes by sleeping alone.
 */
#ifndef LC_TESTS_FUZZ_FAKE_SERVER_H
#define LC_TESTS_FUZZ_FAKE_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answer from these bytes from now on; where they end every statement is refused. */
void fake_server_begin(const uint8_t *p, size_t n);

/* A cell that the input may choose, and keeps until exit. */
void fake_server_offer(const char *text);

/* Statements that were sent since fake_server_begin. */
unsigned fake_server_statements(void);

#endif
