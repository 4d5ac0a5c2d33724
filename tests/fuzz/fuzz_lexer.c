/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes: the splitter refuses them, or its pieces join to the same bytes. */
#include "cli/sql/lexer.h"
#include "cli/sql/split.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A statement holds no `;` outside of quotes, unless it has inline data:
 * lexing it alone shows it. */
static void check_statement(const char *text, const struct lc_piece *piece)
{
    struct lc_lexer lex = LC_LEXER(text + piece->at, piece->n);
    struct lc_tok tok;

    /* Cut out of its file, a word that begins like a BOM would be read as one. */
    if (lc_lex_code(&lex, &tok, NULL) || lc_tok_is(&tok, "INSERT") || text[piece->at] == '\xef')
        return;
    while (tok.kind != LC_TOK_END) {
        if (lc_tok_symbol(&tok, ';'))
            abort();
        if (lc_lex_code(&lex, &tok, NULL))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of the exact size, so that reading a byte too many is seen. */
    char *text = malloc(size ? size : 1);
    struct lc_split s;
    struct lc_error err = LC_ERROR_INIT;
    size_t at = 0;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    if (lc_split_split(&s, text, size, &err) == 0) {
        for (size_t i = 0; i < s.n; i++) {
            if (s.v[i].at != at || s.v[i].n == 0)
                abort();
            at += s.v[i].n;
            if (s.v[i].kind == LC_PIECE_STATEMENT)
                check_statement(text, &s.v[i]);
        }
        if (at != size)
            abort();
    } else if (err.byte > size || err.msg[0] == '\0') {
        abort();
    }
    lc_split_release(&s);
    free(text);
    return 0;
}
