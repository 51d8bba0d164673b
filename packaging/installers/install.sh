#!/bin/sh
#
# Installs dbsnap @VERSION@, with its man pages and completions:
#
#   install.sh [--to DIRECTORY] [--url URL] [--remove]
#
#   --to DIRECTORY  install into bin/ and share/ there [default: ~/.local]
#   --url URL       take the archive from there [default: @URL@]
#   --remove        remove what was installed
#
# The archive must have the checksum that stands below. No settings are changed, and nothing needs root unless the
# directory does.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The SHA-256 sums of this version's archives.
checksums() {
    cat <<'END'
@CHECKSUMS@
END
}

archive_for_this_machine() {
    case $(uname -m) in
    x86_64 | amd64) cpu=x86_64 ;;
    aarch64 | arm64) cpu=aarch64 ;;
    *) fail "there is no program for the processor $(uname -m)" ;;
    esac
    case $(uname -s) in
    Linux) echo "dbsnap-@VERSION@-$cpu-unknown-linux-musl" ;;
    Darwin) echo "dbsnap-@VERSION@-$cpu-apple-darwin" ;;
    *) fail "there is no program for $(uname -s)" ;;
    esac
}

download() {
    if has curl; then
        curl --fail --silent --show-error --location --output "$2" "$1"
    elif has wget; then
        wget --quiet --output-document="$2" "$1"
    else
        fail "it takes curl or wget to download"
    fi
}

sha256() {
    if has sha256sum; then
        sha256sum <"$1"
    elif has shasum; then
        shasum --algorithm 256 <"$1"
    elif has openssl; then
        openssl dgst -sha256 -r <"$1"
    else
        fail "it takes sha256sum, shasum or openssl to check what was downloaded"
    fi
}

remove() {
    rm -f "$1/bin/dbsnap" "$1/share/man/man1/dbsnap.1" "$1"/share/man/man1/dbsnap-*.1 \
        "$1/share/bash-completion/completions/dbsnap" "$1/share/zsh/site-functions/_dbsnap" \
        "$1/share/fish/vendor_completions.d/dbsnap.fish"
}

# Everything is in a function, so that half a script does nothing.
main() {
    to=
    url=@URL@
    removing=
    while [ $# -gt 0 ]; do
        case $1 in
        --to | --url)
            [ $# -ge 2 ] || fail "$1 takes a value"
            if [ "$1" = --to ]; then to=$2; else url=$2; fi
            shift
            ;;
        --remove) removing=yes ;;
        *) fail "unknown argument $1; there are --to DIRECTORY, --url URL and --remove" ;;
        esac
        shift
    done
    [ -n "$to" ] || to=${HOME:?}/.local
    if [ -n "$removing" ]; then
        remove "$to"
        echo "Removed dbsnap from $to"
        return
    fi

    name=$(archive_for_this_machine)
    expected=$(checksums | sed -n "s/^\([0-9a-f]\{64\}\)  $name\.tar\.gz\$/\1/p")
    [ -n "$expected" ] || fail "dbsnap @VERSION@ has no archive $name.tar.gz"
    work=$(mktemp -d "${TMPDIR:-/tmp}/dbsnap-install-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    download "$url/$name.tar.gz" "$work/archive" || fail "cannot download $url/$name.tar.gz"
    found=$(sha256 "$work/archive")
    found=${found%% *}
    [ "$found" = "$expected" ] ||
        fail "$url/$name.tar.gz is damaged or not what was released: its SHA-256 is $found, not $expected"
    tar -xzf "$work/archive" -C "$work"
    version=$("$work/$name/dbsnap" --version) || fail "the program does not run on this machine"
    [ "$version" = "dbsnap @VERSION@" ] || fail "the program says that it is $version"

    mkdir -p "$to/bin" "$to/share/man/man1" "$to/share/bash-completion/completions" \
        "$to/share/zsh/site-functions" "$to/share/fish/vendor_completions.d"
    # Under another name first, as an older dbsnap may be running.
    cp "$work/$name/dbsnap" "$to/bin/.dbsnap.new"
    remove "$to"
    mv "$to/bin/.dbsnap.new" "$to/bin/dbsnap"
    cp "$work/$name"/man/*.1 "$to/share/man/man1/"
    cp "$work/$name/completions/dbsnap.bash" "$to/share/bash-completion/completions/dbsnap"
    cp "$work/$name/completions/dbsnap.zsh" "$to/share/zsh/site-functions/_dbsnap"
    cp "$work/$name/completions/dbsnap.fish" "$to/share/fish/vendor_completions.d/dbsnap.fish"
    echo "Installed $to/bin/dbsnap (@VERSION@)"
    case :$PATH: in
    *":$to/bin:"*) ;;
    *) echo "$to/bin is not in PATH: add it in your shell's settings" ;;
    esac
}

main "$@"
