#!/usr/bin/env bash
# A browser for the browser test: the one that is here, else Debian's where this user may install it. Without one the
# test says that it is skipped, and why.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium for the browser test"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  echo "no chromium here: the browser test will be skipped (install chromium to run it)"
fi
