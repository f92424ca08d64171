# What the roads share that boot a Debian of their own; to be sourced by bash.
. scripts/system.sh
[ "$(id -u)" -eq 0 ] || die "This road boots a system of its own: run it as root."
missing=
for tool in debootstrap:debootstrap systemd-nspawn:systemd-container nsenter:util-linux; do
    command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
# shellcheck disable=SC2086 # one word per package
[ -z "$missing" ] || install_packages "A fresh system is made and booted by Debian's tools" $missing
