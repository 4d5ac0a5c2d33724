/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two buffers grow side by side: `table` gets a row for each statement, `body` its text and
 * notes. The table is printed first, and its counts are known only after the notes.
 */
#include "cli/commands/plan_page.h"

#include "base/markdown.h"
#include "base/utf8.h"
#include "livecol_version.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_MAX_BYTES = 1 << 26, SQL_SHOWN_BYTES = 4000 }; /* of a buffer; of a statement */

void lc_plan_page_init(struct lc_plan_page *page)
{
    *page = (struct lc_plan_page){0};
    lc_buf_init(&page->table, PAGE_MAX_BYTES);
    lc_buf_init(&page->body, PAGE_MAX_BYTES);
}

void lc_plan_page_release(struct lc_plan_page *page)
{
    lc_buf_release(&page->table);
    lc_buf_release(&page->body);
}

/* Note the first failure. lc_plan_page_print reports it, so that the callers need no checks. */
static void keep(struct lc_plan_page *page, int rc)
{
    if (page->rc == 0)
        page->rc = rc;
}

/* Append Markdown as it is. */
static void add(struct lc_plan_page *page, struct lc_buf *to, const char *text)
{
    keep(page, lc_buf_adds(to, text));
}

/* Append a name or a message: what Markdown would take for markup is escaped. */
static void add_text(struct lc_plan_page *page, struct lc_buf *to, const char *text)
{
    keep(page, lc_markdown_text(to, text, strlen(text)));
}

/* Append "0001 add_region". */
static void add_name(struct lc_plan_page *page, struct lc_buf *to,
                     const struct lc_plan_migration *m)
{
    add_text(page, to, m->m->version_text);
    add(page, to, " ");
    add_text(page, to, m->m->name);
}

void lc_plan_page_migration(struct lc_plan_page *page, const struct lc_plan_migration *m)
{
    add(page, &page->body, "\n### ");
    add_name(page, &page->body, m);
    add(page, &page->body, "\n");
    if (m->stmt_n == 0)
        add(page, &page->body,
            "\n"
            "Contains no statement: nothing to do.\n");
    else if (m->first)
        keep(page, lc_buf_addf(&page->body,
                               "\n"
                               "Continues where it stopped: %u of %u statements done.\n",
                               m->first, m->stmt_n));
}

/*
 * How many of the n bytes are shown: all, or about SQL_SHOWN_BYTES, cut after a whole
 * character. A byte that is no UTF-8 counts as a character.
 */
static size_t shown_bytes(const char *sql, size_t n)
{
    size_t end = 0;

    if (n <= SQL_SHOWN_BYTES)
        return n;
    while (end < SQL_SHOWN_BYTES) {
        size_t bytes = lc_utf8_char(sql + end, n - end);

        end += bytes ? bytes : 1;
    }
    return end;
}

void lc_plan_page_statement(struct lc_plan_page *page, const struct lc_plan_migration *m,
                            unsigned i)
{
    const struct lc_plan_stmt *s = &m->stmts[i];
    const char *sql = (const char *)s->text->p;
    size_t n = shown_bytes(sql, s->text->n);

    /* The notes that follow are of this statement, until lc_plan_page_end. */
    page->stmt_hazards = page->stmt_refusals = 0;
    keep(page, lc_buf_addf(&page->body, "\n**%u of %u: %s**\n\n", i + 1, m->stmt_n,
                           lc_class_name(s->parsed.class)));
    keep(page, lc_markdown_code(&page->body, "sql", sql, n));
    if (n < s->text->n)
        keep(page, lc_buf_addf(&page->body, "\nand %zu bytes more\n", s->text->n - n));
    add(page, &page->body, "\n");
}

void lc_plan_page_note(struct lc_plan_page *page, const char *kind, const char *text)
{
    bool hazard = strcmp(kind, "hazard") == 0, refused = strcmp(kind, "refused") == 0;

    page->stmt_hazards += hazard;
    page->stmt_refusals += refused;
    add(page, &page->body, hazard ? "- **hazard:** " : refused ? "- **refused:** " : "- ");
    add_text(page, &page->body, text);
    add(page, &page->body, "\n");
}

/* A cell of the table, empty for 0, so that the others are seen. */
static void add_count(struct lc_plan_page *page, unsigned n)
{
    keep(page, n ? lc_buf_addf(&page->table, " %u |", n) : lc_buf_adds(&page->table, " |"));
}

void lc_plan_page_end(struct lc_plan_page *page, const struct lc_plan_migration *m, unsigned i)
{
    page->hazards += page->stmt_hazards;
    page->refusals += page->stmt_refusals;
    add(page, &page->table, "| ");
    add_name(page, &page->table, m);
    keep(page, lc_buf_addf(&page->table, " | %u of %u | %s |", i + 1, m->stmt_n,
                           lc_class_name(m->stmts[i].parsed.class)));
    add_count(page, page->stmt_hazards);
    add_count(page, page->stmt_refusals);
    add(page, &page->table, "\n");
}

int lc_plan_page_print(struct lc_plan_page *page, const struct lc_plan *plan,
                       const struct lc_backend *b, struct lc_error *err)
{
    const char *table, *body;

    add(page, &page->table, "");
    add(page, &page->body, "");
    table = lc_buf_str(&page->table);
    body = lc_buf_str(&page->body);
    if (page->rc || !table || !body)
        return lc_no_memory(err);
    printf("## livecol plan\n\n");
    printf("%s%zu to apply, %u applied before; %u hazard%s. ",
           page->refusals ? "**`livecol up` would refuse this.** " : "", plan->n, plan->skipped,
           page->hazards, page->hazards == 1 ? "" : "s");
    printf("Made by livecol %s on ClickHouse %s; nothing was changed.\n", LIVECOL_VERSION,
           lc_backend_version(b));
    if (*table)
        printf("\n| migration | statement | class | hazards | refused |\n"
               "| --- | --- | --- | --- | --- |\n%s",
               table);
    fputs(body, stdout);
    return 0;
}
