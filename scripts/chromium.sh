#!/bin/sh
# Brings a Chromium and a Chinese font for the browser tests; does nothing where both are there.
set -eu

have_browser() { command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1; }
have_font() { find /usr/share/fonts -iname 'NotoSansCJK*' 2>/dev/null | grep -q .; }

if have_browser && have_font; then exit 0; fi

wanted=""
have_browser || wanted="chromium-headless-shell"
have_font || wanted="$wanted fonts-noto-cjk"

fail() {
    echo "chromium.sh: $1" >&2
    echo "The browser tests need: $wanted. As root, type:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends $wanted" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || fail "there is no apt-get here (Debian or Ubuntu is expected)."
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    fail "neither root nor sudo without a password."
fi

echo "chromium.sh: installing $wanted ..." >&2
export DEBIAN_FRONTEND=noninteractive
# A list that cannot be refreshed is no reason to stop: the packages may still be had.
$as_root apt-get update -qq || echo "chromium.sh: apt-get update failed, trying with the lists at hand." >&2
# shellcheck disable=SC2086  # two words on purpose
$as_root apt-get install -y -qq --no-install-recommends $wanted >/dev/null || fail "apt-get could not install them."
have_browser || fail "installed, but there is still no chromium on the PATH."
