#!/bin/sh
# Makes a base image for sandbox/Dockerfile where no image registry can be reached.
#
#   sh bootstrap_base.sh [TAG] [SUITE] [MIRROR]        (as root; needs debootstrap and a running engine)
#   TAG     mlexpert-base:bookworm      SUITE  bookworm      MIRROR  debootstrap's own default for the suite
#
# The result holds Debian's minimal system and apt's Python 3 (/usr/bin/python3) with venv, nothing else.
# The machine's own bundle of trusted certificates is copied in, so that a proxy that inspects TLS is trusted
# inside as it is outside. Set CA_BUNDLE to name another file, or to an empty string to keep Debian's.
set -eu

tag=${1:-mlexpert-base:bookworm}
suite=${2:-bookworm}
mirror=${3:-}
ca_bundle=${CA_BUNDLE-/etc/ssl/certs/ca-certificates.crt}

[ "$(id -u)" = 0 ] || { echo "debootstrap needs root: run this with sudo" >&2; exit 77; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 69; }
docker info >/dev/null 2>&1 || { echo "no Docker engine answers: start dockerd" >&2; exit 69; }

root=$(mktemp -d "${TMPDIR:-/var/tmp}/mlexpert-base.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT INT TERM

echo "debootstrap: $suite"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$suite" "$root" ${mirror:+"$mirror"}

if [ -n "$ca_bundle" ] && [ -r "$ca_bundle" ]; then
    echo "certificates: $ca_bundle"
    install -m 0644 "$ca_bundle" "$root/etc/ssl/certs/ca-certificates.crt"
fi

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/var/log/*
echo "import: $tag"
tar --numeric-owner --one-file-system -C "$root" -c . |
    docker import --change 'CMD ["python3"]' --change 'LABEL mlexpert.base=debootstrap' - "$tag"
