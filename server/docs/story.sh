#!/usr/bin/env bash
# The README's story, as a script: takes its blocks out of the README, so that the two cannot differ, and runs them.
# The server must be running. BTL_URL, BTL_MAIL, BTL_SERVER and BTL_WINDOW say where and how; the README has the defaults.
set -euo pipefail
awk '/^```bash story/{f=1;next}/^```/{f=0}f' "$(dirname "$0")/../../README.md" | bash
