# Sourced by the other scripts: --help, say, die, and Debian packages. Not a command of its own.

# The comment at a script's head is its help.
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    sed -n '2,$ { /^#/!q; s/^# \{0,1\}//; p; }' "$0"
    exit
fi

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# install_packages WHY PACKAGE...: by apt where we may, else one sentence that names the command.
install_packages() {
    local why=$1 sudo=
    shift
    command -v apt-get >/dev/null ||
        die "$why: install what Debian calls '$*' with your system's package manager."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null ||
            die "$why: run 'sudo apt-get install $*', then this again."
        sudo="sudo -n"
    fi
    say "$why: installing $* by apt."
    # The lists may be old or absent, or one of several sources may be away: try, refresh, try.
    apt_install "$sudo" "$@" >/dev/null 2>&1 && return
    $sudo apt-get -qq update || true
    apt_install "$sudo" "$@" >/dev/null ||
        die "$why: 'apt-get install $*' failed; its own message is above."
}

apt_install() {
    local sudo=$1
    shift
    # The brokers and servers in question are started by the tests themselves, on free ports.
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" </dev/null
}
