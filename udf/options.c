/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line in two steps: `take` stores each option as it comes; then
 * lc_udf_options_parse checks what depends on several of them, so that their order never
 * counts. Nothing is opened here: main.c opens the rules and reads a type's @FILE.
 *
 * Strings are not copied: the options point into argv.
 */
#include "udf/options.h"

#include <getopt.h>
#include <string.h>

static const char help[] =
    "livecol-udf - derive a column from another, inside ClickHouse\n"
    "\n"
    "  livecol-udf --rules FILE [--attribute NAME] [--format FORMAT] [--argument TYPE] [--type "
    "TYPE]\n"
    "              [--chunk-header]\n"
    "  livecol-udf --rules FILE --emit rows|all [--attribute NAME --type TYPE]... [--key NAME] "
    "...\n"
    "  livecol-udf --rules FILE --check\n"
    "\n"
    "ClickHouse runs it as an executable UDF: it reads blocks of keys from stdin and writes one\n"
    "value for each key to stdout, until the input ends. As the source of a dictionary it writes\n"
    "rows of key and attributes, or the whole rule set.\n"
    "\n"
    "  --rules FILE      rules as CSV, or compiled by 'livecol rules compile'. A relative path "
    "is\n"
    "                    relative to the folder of this program\n"
    "  --emit WHAT       values (default): one value per key, for a function; rows: key and\n"
    "                    attributes of each key, for a dictionary that asks by key\n"
    "                    (complex_key_cache, complex_key_direct); all: the whole rule set, for a\n"
    "                    dictionary that is loaded (complex_key_hashed; prefixes: regexp_tree). "
    "With\n"
    "                    all, stdin is not read\n"
    "  --key NAME        --emit all: the key column's name in Native (default: key)\n"
    "  --attribute NAME  the attribute to return (required if the rules have several; with "
    "--emit\n"
    "                    rows and all it may be repeated; default there: all)\n"
    "  --format FORMAT   Native (default), RowBinary or TabSeparated: the function's <format>\n"
    "  --argument TYPE   the <type> of the function's <argument>: the type of the input. String,\n"
    "                    FixedString(N), UInt8 to UInt64, Int8 to Int64, Bool, "
    "Enum8('a'=1,'b'=2),\n"
    "                    Enum16(...), Date, Date32, DateTime('UTC'), DateTime64(3,'UTC'), UUID, "
    "IPv4,\n"
    "                    IPv6, Nullable and LowCardinality of them. Text rules match the key's "
    "text,\n"
    "                    as toString gives it; ranges its number, as toUInt64 gives it. "
    "RowBinary and\n"
    "                    TabSeparated do not carry the type: without this option the input is "
    "String,\n"
    "                    or UInt64 for ranges. No spaces; @FILE reads the type from a file\n"
    "  --type TYPE       the function's <return_type>: String (default), LowCardinality(String),\n"
    "                    Nullable(String), LowCardinality(Nullable(String)), Enum8('a'=1,'b'=2),\n"
    "                    Enum16(...), UInt8 to UInt64, Int8 to Int64, Float32, Float64,\n"
    "                    Decimal(P,S), Date, DateTime, DateTime('UTC'), Bool; Nullable of a "
    "number, a\n"
    "                    date or Bool, where an empty cell is NULL. No spaces: the server splits "
    "the\n"
    "                    command at them; @FILE reads the type from a file. With several "
    "attributes,\n"
    "                    give one for each, in the same order\n"
    "  --chunk-header    a line with the number of rows precedes each block: the function's\n"
    "                    <send_chunk_header>\n"
    "  --sandbox         end if the kernel has no sandbox. By default the sandbox is used if "
    "there is\n"
    "                    one: once the rules are open, the process cannot open or create a file,\n"
    "                    socket or process\n"
    "  --no-sandbox      do not use the sandbox\n"
    "  --check           load the rules, describe them, and end\n"
    "  --version         print the version\n"
    "  --help            print this\n"
    "\n"
    "Exit codes: 0 end of input; 1 malformed input or rules; 2 usage. An error is one line on "
    "stderr.\n"
    "\n"
    "Try it by hand:\n"
    "  printf 'u1_001\\nu3_001\\n' | livecol-udf --rules \"$PWD/region.csv\" \\\n"
    "      --format TabSeparated\n";

const char *lc_udf_help(void)
{
    return help;
}

/*
 * What getopt_long returns for each option. Not 0, which means an option that it stored by
 * itself, and below ':' and '?', its two errors.
 */
enum {
    OPT_RULES = 1,
    OPT_EMIT,
    OPT_KEY,
    OPT_ATTRIBUTE,
    OPT_FORMAT,
    OPT_ARGUMENT,
    OPT_TYPE,
    OPT_CHUNK,
    OPT_SANDBOX,
    OPT_NO_SANDBOX,
    OPT_CHECK,
    OPT_VERSION,
    OPT_HELP
};

static const struct option table[] = {
    {"rules", required_argument, NULL, OPT_RULES},
    {"emit", required_argument, NULL, OPT_EMIT},
    {"key", required_argument, NULL, OPT_KEY},
    {"attribute", required_argument, NULL, OPT_ATTRIBUTE},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"argument", required_argument, NULL, OPT_ARGUMENT},
    {"type", required_argument, NULL, OPT_TYPE},
    {"chunk-header", no_argument, NULL, OPT_CHUNK},
    {"sandbox", no_argument, NULL, OPT_SANDBOX},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"check", no_argument, NULL, OPT_CHECK},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

/* `which` is the word of the command line that the message quotes. Returns LC_ERR_USAGE. */
static int usage(struct lc_error *err, const char *what, const char *which)
{
    lc_fail(err, LC_ERR_USAGE, "%s '%.200s'", what, which);
    lc_hint(err, "livecol-udf --help lists the options");
    return LC_ERR_USAGE;
}

/* The index of a name is its enum lc_udf_emit. */
static int take_emit(struct lc_udf_options *o, const char *name, struct lc_error *err)
{
    static const char *const names[] = {
        [LC_EMITS_VALUES] = "values", [LC_EMITS_ROWS] = "rows", [LC_EMITS_ALL] = "all"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            o->emit = (enum lc_udf_emit)i;
            return 0;
        }
    return usage(err, "unknown to --emit (values, rows or all)", name);
}

/* One more of an option that may be repeated. */
static int take_one(const char **list, unsigned *n, const char *what, struct lc_error *err)
{
    if (*n == LC_MAX_ATTRIBUTES)
        return usage(err, "too many", what);
    list[(*n)++] = optarg;
    return 0;
}

/*
 * Store one option; its argument, where it has one, is in optarg. Of an option that is given
 * again the last one counts, except for --attribute and --type (a list) and --argument (an
 * error).
 */
static int take(struct lc_udf_options *o, int option, struct lc_error *err)
{
    int format;

    switch (option) {
    case OPT_RULES:
        o->rules = optarg;
        return 0;
    case OPT_EMIT:
        return take_emit(o, optarg, err);
    case OPT_KEY:
        o->key = optarg;
        return 0;
    case OPT_ATTRIBUTE:
        return take_one(o->attribute, &o->attributes, "--attribute", err);
    case OPT_TYPE:
        return take_one(o->type, &o->types, "--type", err);
    case OPT_ARGUMENT:
        if (o->argument)
            return usage(err, "a function has one argument: --argument again is", optarg);
        o->argument = optarg;
        return 0;
    case OPT_FORMAT:
        format = lc_format_from_name(optarg);
        if (format < 0)
            return usage(err, "unknown format (Native, RowBinary or TabSeparated)", optarg);
        o->format = (enum lc_format)format;
        return 0;
    case OPT_CHUNK:
        o->chunk_header = true;
        return 0;
    case OPT_SANDBOX:
        o->sandbox = LC_SANDBOX_NEEDED;
        return 0;
    case OPT_NO_SANDBOX:
        o->sandbox = LC_SANDBOX_NONE;
        return 0;
    case OPT_CHECK:
        o->check = true;
        return 0;
    case OPT_VERSION:
        o->version = true;
        return 0;
    default:
        o->help = true;
        return 0;
    }
}

int lc_udf_options_parse(struct lc_udf_options *o, int argc, char **argv, struct lc_error *err)
{
    int option;

    *o = (struct lc_udf_options){.key = "key", .format = LC_FORMAT_NATIVE};
    /* 0 rather than 1: getopt_long then forgets an argv that it was in the middle of. */
    optind = 0;
    opterr = 0;
    /* The colon in front tells a missing argument (':') from an unknown option ('?'). */
    while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (option == ':')
            return usage(err, "an argument is missing after", argv[optind - 1]);
        if (option == '?')
            return usage(err, "unknown option", argv[optind - 1]);
        if (take(o, option, err))
            return LC_ERR_USAGE;
    }
    /* No argument has a place without an option. */
    if (optind < argc)
        return usage(err, "what is", argv[optind]);
    if (o->emit == LC_EMITS_VALUES && (o->attributes > 1 || o->types > 1))
        return usage(err, "only --emit rows and all take more than one",
                     o->attributes > 1 ? "--attribute" : "--type");
    if (o->emit != LC_EMITS_VALUES && o->argument)
        return usage(err, "a dictionary's key is String, or UInt64 for ranges: not --argument",
                     o->argument);
    if (!o->rules && !o->help && !o->version) {
        lc_fail(err, LC_ERR_USAGE, "--rules is missing");
        lc_hint(err, "livecol-udf --rules region.csv; --help lists the options");
        return LC_ERR_USAGE;
    }
    return 0;
}
