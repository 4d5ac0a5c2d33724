# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=PATH.c -DNAME=name -DFILE=page.html -P embed_file.cmake: the file as a C string, NAME.
cmake_minimum_required(VERSION 3.25)
file(READ "${FILE}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
get_filename_component(file "${FILE}" NAME)
file(WRITE "${OUT}" "/* Made from ${file}: do not edit. */
extern const char ${NAME}[];
const char ${NAME}[] = {
${bytes}0};
")
