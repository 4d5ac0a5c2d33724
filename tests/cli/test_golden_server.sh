#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Golden cases against the embedded engine behind HTTP.
exec bash "$LIVECOL_SOURCE/tests/cli/run.sh" --server "$LIVECOL_SOURCE"/tests/cli/cases/server/*.case
