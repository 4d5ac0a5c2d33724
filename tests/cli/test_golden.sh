#!/usr/bin/env bash
# Golden cases that need no server.
exec bash "$LIVECOL_SOURCE/tests/cli/run.sh" "$LIVECOL_SOURCE"/tests/cli/cases/*.case
