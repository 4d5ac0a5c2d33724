# SPDX-License-Identifier: Apache-2.0
# Reads what --help prints; part is commands (a subsection each, with its own options), shared (the options that
# commands have in common, once), flat (a program without commands), or completion (lines of bash).

function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    gsub(/'/, "\\(aq", s)
    gsub(/`/, "\\(ga", s)
    gsub(/~/, "\\(ti", s)
    gsub(/\^/, "\\(ha", s)
    if (s ~ /^\./)
        s = "\\&" s
    return s
}

# The option that was read last, with all of its text.
function end_option() {
    if (option != "") {
        if (part == "completion")
            table_option()
        else if (shows())
            printf ".TP 4\n.B %s\n%s\n", roff(option), roff(text)
    }
    option = text = ""
}

# Connection and common options are in the page once, under their long name: where a command has the short one for
# itself, its help says so.
function shows(    long) {
    if (part == "flat")
        return 1
    if (section == "Options")
        return part == "commands"
    long = option
    sub(/^-., /, "", long)
    if (part == "shared" && !((section, long) in shown)) {
        shown[section, long] = 1
        shared[section] = shared[section] sprintf(".TP 4\n.B %s\n%s\n", roff(option), roff(text))
    }
    return 0
}

function table_option(    words, n, i, arg) {
    n = split(option, words, /,? +/)
    arg = words[n] ~ /^-/ ? "" : words[n]
    for (i = 1; i <= n; i++)
        if (words[i] ~ /^-/) {
            names = names " " words[i]
            if (arg ~ /^[^|]+[|]/)
                choices = choices " " words[i] "=" arg
            else if (arg ~ /^([^|]*[.])?TABLE/)
                tables = tables " " words[i]
            else if (arg ~ /DIR/)
                dirs = dirs " " words[i]
            else if (arg ~ /FILE|GLOB/)
                files = files " " words[i]
            else if (arg != "")
                values = values " " words[i]
        }
}

function end_command() {
    end_option()
    end_paragraph()
    if (name != "" && part == "completion")
        printf "    '%s')\n        options='%s'\n        files='%s'\n        dirs='%s'\n        values='%s'\n        choices='%s'\n        tables='%s'\n        operand=\047%s\047\n        ;;\n",
            name, substr(names, 2), substr(files, 2), substr(dirs, 2), substr(values, 2), substr(choices, 2), substr(tables, 2), operand
    names = files = dirs = values = choices = tables = ""
    operand = "none"
}

function end_paragraph() {
    if (about != "" && part == "commands")
        print roff(about)
    about = ""
}

/^@ / {
    end_command()
    name = substr($0, 3)
    section = ""
    next
}
part != "flat" && /^Usage: livecol / {
    synopsis = substr($0, length("Usage: livecol " name) + 2)
    if (part == "commands")
        printf ".SS livecol %s\n.B livecol %s\n%s\n.PP\n", roff(name), roff(name), roff(synopsis)
    operand = synopsis ~ /COLUMN/ ? "column" : synopsis ~ /FILE|OLD|A\.json/ ? "file" : "none"
    section = "about"
    next
}
part != "flat" && /^(Options|Connection|Common options|Examples):$/ {
    end_option()
    end_paragraph()
    section = substr($0, 1, length($0) - 1)
    if (section == "Connection" && part == "commands")
        print ".PP\nIt connects to the server: see\n.BR \"Connection options\" ."
    if (section == "Examples" && part == "commands")
        print ".PP\nExamples:\n.PP\n.nf\n.RS 4"
    examples = section == "Examples"
    next
}
section == "about" {
    about = about (about == "" || $0 == "" ? "" : " ") $0
    next
}
section == "Examples" {
    if (part == "commands") {
        print roff($0) == "" ? ".sp" : roff($0)
    }
    next
}
/^  (    )?(-[A-Za-z], )?--[a-z]/ && (part != "flat" || /^  --[a-z]/) {
    end_option()
    match($0, /^ +/)
    rest = substr($0, RLENGTH + 1)
    at = match(rest, /  +/)
    option = at ? substr(rest, 1, at - 1) : rest
    text = at ? substr(rest, at + RLENGTH) : ""
    next
}
option != "" && /^ +[^ ]/ {
    sub(/^ +/, "")
    text = text (text == "" ? "" : " ") $0
    next
}
option != "" {
    # The flat help may break a line at 80 columns in the middle of a text.
    if (part == "flat" && $0 != "") {
        text = text " " $0
        next
    }
    end_option()
}
END {
    end_command()
    if (part == "shared")
        printf ".SS Connection options\n%s.SS Common options\n%s", shared["Connection"], shared["Common options"]
}
