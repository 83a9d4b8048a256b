#!/bin/sh
# rules.sh RULES SCRATCH: what udev makes of devices by the rules in the directory RULES, in a mount namespace of its own, where /run is empty but
# for them and there is a group readerd. SCRATCH is a directory of one's own. Needs root, or no root where user namespaces are allowed.
# rules.sh --possible: ends with 0 when it can be done here.
set -e
here=$(dirname "$(readlink -f "$0")")
apart() {
    if [ "$(id -u)" = 0 ]; then exec unshare --mount "$@"; else exec unshare --user --map-root-user --mount "$@"; fi
}
if [ "$1" = --possible ]; then apart mount -t tmpfs tmpfs /mnt; fi
if [ "$3" != inside ]; then apart "$0" "$1" "$2" inside; fi
{ grep -v '^readerd:' /etc/group; echo 'readerd:x:4321:'; } > "$2/group"
mount --bind "$2/group" /etc/group
mkdir "$2/run"
mount -t tmpfs tmpfs "$2/run"
mkdir -p "$2/run/udev/rules.d"
cp "$1"/*.rules "$2/run/udev/rules.d"
mount --bind "$2/run" /run
TMPDIR=$2 exec umockdev-wrapper /usr/bin/python3 -B "$here/rules.py"
