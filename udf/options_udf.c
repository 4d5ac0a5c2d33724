#include "options_udf.h"

#include <getopt.h>
#include <string.h>

static const char help[] =
    "livecol-udf - derive a column from another, inside ClickHouse\n"
    "\n"
    "  livecol-udf --rules FILE [--attribute NAME] [--format FORMAT] [--type TYPE] "
    "[--chunk-header]\n"
    "  livecol-udf --rules FILE --check\n"
    "\n"
    "ClickHouse runs it as an executable UDF: blocks of keys come in on stdin, as many values go\n"
    "out on stdout. It ends when its input ends.\n"
    "\n"
    "  --rules FILE      rules as CSV, or compiled by 'livecol rules compile'. A relative path is\n"
    "                    looked up beside this program\n"
    "  --attribute NAME  which of the rules' attributes to answer (needed where there are "
    "several)\n"
    "  --format FORMAT   Native (default), RowBinary or TabSeparated: as <format> of the function\n"
    "  --type TYPE       as <return_type> of the function: String (default),\n"
    "                    LowCardinality(String), Nullable(String), "
    "LowCardinality(Nullable(String)),\n"
    "                    Enum8('a'=1,'b'=2), Enum16(...), UInt8, UInt16, UInt32, UInt64. No space\n"
    "                    in it: the server splits the command at spaces. @FILE reads it from a "
    "file\n"
    "  --chunk-header    a line with the number of rows stands before each block: as\n"
    "                    <send_chunk_header> of the function\n"
    "  --check           load the rules, say what they are, and end\n"
    "  --version         print the version\n"
    "  --help            print this\n"
    "\n"
    "Exit codes: 0 end of input; 1 malformed input or rules; 2 usage. An error is one line on "
    "stderr.\n"
    "\n"
    "Try it by hand:\n"
    "  printf 'u1_001\\nu3_001\\n' | livecol-udf --rules region.csv --format TabSeparated\n";

const char *lc_udf_help(void)
{
    return help;
}

enum {
    OPT_RULES = 1,
    OPT_ATTRIBUTE,
    OPT_FORMAT,
    OPT_TYPE,
    OPT_CHUNK,
    OPT_CHECK,
    OPT_VERSION,
    OPT_HELP
};

static const struct option table[] = {
    {"rules", required_argument, NULL, OPT_RULES},
    {"attribute", required_argument, NULL, OPT_ATTRIBUTE},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"type", required_argument, NULL, OPT_TYPE},
    {"chunk-header", no_argument, NULL, OPT_CHUNK},
    {"check", no_argument, NULL, OPT_CHECK},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static int usage(struct lc_error *err, const char *what, const char *which)
{
    lc_fail(err, LC_ERR_USAGE, "%s '%.200s'", what, which);
    lc_hint(err, "livecol-udf --help lists the options");
    return LC_ERR_USAGE;
}

static int take(struct lc_udf_options *o, int option, struct lc_error *err)
{
    int format;

    switch (option) {
    case OPT_RULES:
        o->rules = optarg;
        return 0;
    case OPT_ATTRIBUTE:
        o->attribute = optarg;
        return 0;
    case OPT_TYPE:
        o->type = optarg;
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

    *o = (struct lc_udf_options){.type = "String", .format = LC_FORMAT_NATIVE};
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (option == ':')
            return usage(err, "an argument is missing after", argv[optind - 1]);
        if (option == '?')
            return usage(err, "unknown option", argv[optind - 1]);
        if (take(o, option, err))
            return LC_ERR_USAGE;
    }
    if (optind < argc)
        return usage(err, "what is", argv[optind]);
    if (!o->rules && !o->help && !o->version) {
        lc_fail(err, LC_ERR_USAGE, "--rules is missing");
        lc_hint(err, "livecol-udf --rules region.csv; --help lists the options");
        return LC_ERR_USAGE;
    }
    return 0;
}
