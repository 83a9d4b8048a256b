#!/bin/sh
# rules.sh RULES SCRATCH: what udev makes of devices by the rules in the directory RULES, in a mount namespace of its own, where /run is empty but
# for them and there is a group readerd. SCRATCH is a directory of one's own. Needs no root where user namespaces are allowed.
set -e
here=$(dirname "$(readlink -f "$0")")
if [ "$3" != inside ]; then
    exec unshare --user --map-root-user --mount "$0" "$1" "$2" inside
fi
{ grep -v '^readerd:' /etc/group; echo 'readerd:x:4321:'; } > "$2/group"
mount --bind "$2/group" /etc/group
mkdir "$2/run"
mount -t tmpfs tmpfs "$2/run"
mkdir -p "$2/run/udev/rules.d"
cp "$1"/*.rules "$2/run/udev/rules.d"
mount --bind "$2/run" /run
TMPDIR=$2 exec umockdev-wrapper /usr/bin/python3 -B "$here/rules.py"
