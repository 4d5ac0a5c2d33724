#!/usr/bin/env bash
# Golden cases against the embedded engine behind HTTP.
exec bash "$LIVECOL_SOURCE/tests/cli/run.sh" --server "$LIVECOL_SOURCE"/tests/cli/cases/server/*.case
