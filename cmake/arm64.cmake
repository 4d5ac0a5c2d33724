# SPDX-License-Identifier: Apache-2.0
# livecol-udf for arm64, built on another processor: Debian's cross compiler, and an emulator to try it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
