#!/bin/sh
# Installs the real parts that the tests use, or says exactly what to install.
set -eu
PATH="$PATH:/usr/sbin"
packages=""
command -v mosquitto >/dev/null || packages="$packages mosquitto"
command -v mosquitto_sub >/dev/null || packages="$packages mosquitto-clients"
command -v mbpoll >/dev/null || packages="$packages mbpoll"
command -v strace >/dev/null || packages="$packages strace"
command -v faketime >/dev/null || packages="$packages faketime"
command -v fusermount3 >/dev/null || packages="$packages fuse3"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$packages postgresql"
# The schema that AsyncAPI publishes: too large to commit, fetched once.
"${PYTHON:-python3}" "$(dirname "$0")/published_schema.py"
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  echo "The tests need:$packages. Install with:  sudo apt-get install$packages" >&2
  exit 1
fi
echo "installing:$packages"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends $packages >/dev/null
