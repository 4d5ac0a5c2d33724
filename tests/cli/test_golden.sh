#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Golden cases that need no server.
exec bash "$LIVECOL_SOURCE/tests/cli/run.sh" "$LIVECOL_SOURCE"/tests/cli/cases/*.case
