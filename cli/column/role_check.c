/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/role_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bits of UInt32 or Int32; 0: another type. */
static unsigned long bits_of(const char *type, bool *is_unsigned)
{
    char *end;
    unsigned long bits = 0;

    *is_unsigned = strncmp(type, "UInt", 4) == 0;
    type += *is_unsigned ? 4 : strncmp(type, "Int", 3) == 0 ? 3 : 0;
    if (*type >= '1' && *type <= '9')
        bits = strtoul(type, &end, 10);
    return bits && *end == '\0' ? bits : 0;
}

/* A type by its own name: of an alias (BIGINT, INT1) it is not told what it is. */
static bool is_known(const char *type)
{
    static const char *const begin[] = {"UInt", "Int",       "Float",           "String", "Date",
                                        "Enum", "Nullable(", "LowCardinality(", "Decimal"};

    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (strncmp(type, begin[i], strlen(begin[i])) == 0)
            return true;
    return false;
}

/* DateTime of DateTime('UTC'). */
static bool same_base(const char *a, const char *b)
{
    size_t n = strcspn(a, "(");

    return n == strcspn(b, "(") && memcmp(a, b, n) == 0;
}

/* What a version may become; true also where that is not known. */
static bool may_become(const char *from, const char *to)
{
    bool a_unsigned, b_unsigned;
    unsigned long a = bits_of(from, &a_unsigned), b = bits_of(to, &b_unsigned);

    if (a && b)
        return a_unsigned == b_unsigned && b >= a;
    if (a || same_base(from, "Date") || same_base(from, "DateTime"))
        return same_base(from, to) || !is_known(to);
    if (same_base(from, "DateTime64")) /* of eight bytes */
        return !(b && b < 64) && !same_base(to, "Date") && !same_base(to, "Date32") &&
               !same_base(to, "DateTime");
    return true;
}

static int refuse(const struct lc_table *t, const struct lc_table_column *c, const char *what,
                  const char *why, const char *hint, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "MODIFY COLUMN: %s is the %s of %s.%s (%s), %s", c->name, what,
            t->database, t->name, t->engine, why);
    lc_hint(err, "%s. Nothing was changed", hint);
    return LC_ERR_REFUSED;
}

int lc_role_check(const struct lc_abilities *facts, const struct lc_table *t,
                  const struct lc_table_column *c, const struct lc_stmt_command *command,
                  struct lc_error *err)
{
    static const char anew[] =
        "a new table with that column, filled by INSERT … SELECT, can take this one's place";
    char type[64], way[300];
    int rc = 0;

    if (!facts->udf_types) /* what older servers refuse was not tried */
        return 0;
    snprintf(type, sizeof type, "%.*s", (int)command->type.n, (const char *)command->type.p);
    snprintf(way, sizeof way, "write its type too: MODIFY COLUMN %.200s UInt8 …", c->name);
    if (c->role == LC_ROLE_SIGN)
        rc =
            refuse(t, c, "sign", "and the server changes nothing of it but its comment", anew, err);
    else if (c->role == LC_ROLE_IS_DELETED && !*type)
        rc = refuse(t, c, "is_deleted", "and the server takes no change of it without a type",
                    command->kind == LC_STMT_REMOVE_DEFAULT ? anew : way, err);
    else if (c->role == LC_ROLE_IS_DELETED && strcmp(type, "UInt8") != 0 && is_known(type))
        rc = refuse(t, c, "is_deleted", "which is UInt8", anew, err);
    else if (c->role == LC_ROLE_VERSION && *type && !may_become(c->type, type))
        rc = refuse(t, c, "version", "which becomes a wider integer of its kind, no other type",
                    anew, err);
    return rc;
}
