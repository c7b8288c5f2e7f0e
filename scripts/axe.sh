#!/bin/sh
# Brings axe-core, which looks for faults of accessibility, into .venv/axe by npm; does nothing where it is there.
# Without npm or its registry the test that needs it is skipped, and says so.
set -eu

place="${1:-.venv/axe}"
[ -f "$place/node_modules/axe-core/axe.min.js" ] && exit 0
command -v npm >/dev/null 2>&1 || { echo "axe.sh: there is no npm here." >&2; exit 0; }
npm install --silent --no-audit --no-fund --prefix "$place" axe-core@4.10.3 >/dev/null 2>&1 ||
    echo "axe.sh: npm could not bring axe-core." >&2
