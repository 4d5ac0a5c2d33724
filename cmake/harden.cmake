# SPDX-License-Identifier: Apache-2.0
# What makes a fault in either program harder to use: code and data at random addresses, relocations that are read-only
# once the program has started, canaries on the stack, checked copies, and where the processor has it jumps that end at
# marked places only. tests/cli/test_hardening.sh reads the programs.
include(CheckCCompilerFlag)

add_compile_options(-fPIE -fstack-protector-strong)
foreach(flag IN ITEMS -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
  check_c_compiler_flag("${flag} -Werror" ${have})
  if(${have})
    add_compile_options("${flag}")
  endif()
endforeach()
# It needs an optimised build; a sanitizer checks the same, and more.
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize=|-O0")
  add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()
set(CMAKE_EXE_LINKER_FLAGS
    "${CMAKE_EXE_LINKER_FLAGS} -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code")
# Of -pie next to -static-pie clang says that it is not used.
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -Wno-unused-command-line-argument")
endif()
