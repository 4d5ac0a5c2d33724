/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server needs to answer by a rule set: the function's XML, or the dictionary's, as text.
 *
 *   region_v1_function.xml      livecol-udf as an executable UDF, a pool of processes
 *   region_v1_dictionary.xml    livecol-udf as the source of an external dictionary
 *
 * Every element that matters is set, since a default may change from a version to the next, and a
 * name that a server does not know is passed over by it in silence. The targets are those that this
 * was tried with: what each knows is in one table (server_xml_settle.c).
 *   https://clickhouse.com/docs/sql-reference/functions/udf
 *   https://clickhouse.com/docs/sql-reference/dictionaries
 */
#ifndef LC_CLI_DEPLOY_SERVER_XML_H
#define LC_CLI_DEPLOY_SERVER_XML_H
#include "base/strings.h"
#include "udf/rules/ruleset.h"

#define LC_SERVER_XML_SCRIPTS                                                                      \
    "/var/lib/clickhouse/user_scripts" /* where packages let a server look */

struct lc_server_xml_target;

/* What is asked for, and what was made of it. Zero it, fill the first part,
 * then lc_server_xml_settle. */
struct lc_server_xml {
    const char *rules_path; /* the rules file */
    const char *name;       /* region */
    uint64_t version;       /* 1 */
    const char *target;     /* NULL: the newest */
    const char *key;        /* the key column's name */
    const char *layout;     /* of the dictionary; NULL: by the rules' kind */
    const char *format;     /* NULL: Native */
    const char *argument;   /* the function's argument type; NULL: what the rules ask for */
    struct lc_strings attributes, types;
    uint64_t pool_size, cache_cells;
    bool sandbox;        /* the program ends where the kernel has no sandbox */
    const char *scripts; /* the server's user_scripts_path; NULL: LC_SERVER_XML_SCRIPTS */

    const struct lc_server_xml_target *on;
    struct lc_rules *rules;
    char full[200];       /* region_v1 */
    char function[400];   /* region_v1, or of a further attribute region_v1_tier */
    char rules_name[220]; /* region_v1.csv, or .rules */
    unsigned n; /* attributes: a function each, region_v1, region_v1_tier …; all of a dictionary */
    uint32_t attribute[LC_MAX_ATTRIBUTES];
    char usual[60];                /* the argument that the rules ask for */
    char *argument_text;           /* `argument`, as it is written */
    char *type[LC_MAX_ATTRIBUTES]; /* of the function; without LowCardinality in the dictionary */
};

/*
 * Load the rules, and settle what was not given. 0; LC_ERR_USAGE (a name that is no identifier, an
 * unknown target, layout or attribute, a type that its values do not fit, an argument that the rules
 * do not take, what the target does not know); the failures of lc_rules_open. Release it in any case.
 */
int lc_server_xml_settle(struct lc_server_xml *s, struct lc_error *err);

/* The name that name and version make: region_v1. 0, LC_ERR_USAGE. Needs no rules. */
int lc_server_xml_name(const struct lc_server_xml *s, char *out, size_t size, struct lc_error *err);

void lc_server_xml_release(struct lc_server_xml *s);

/* Does the target know executable functions? */
bool lc_server_xml_knows_functions(const struct lc_server_xml *s);

/*
 * The same for attribute i alone: `function` is its name, of the first region_v1, of others
 * region_v1_tier. It borrows from s, and is not released.
 */
struct lc_server_xml lc_server_xml_one(const struct lc_server_xml *s, unsigned i);

/* Append the XML. 0; LC_ERR_USAGE (the target does not know it); LC_ERR_INPUT; LC_ERR_NOMEM. */
int lc_server_xml_function(const struct lc_server_xml *s, struct lc_buf *out, struct lc_error *err);
int lc_server_xml_dictionary(const struct lc_server_xml *s, struct lc_buf *out,
                             struct lc_error *err);

/* May a function, a key or an attribute be called so: in a command, in XML, in SQL without quotes? */
bool lc_server_xml_is_word(const char *word);

#endif
