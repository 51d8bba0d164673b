# The platforms that packages are made for; sourced by packaging/build and packaging/try in the project's directory.

say() { printf '==> %s\n' "$*" >&2; }
fail() {
    printf '%s: %s\n' "$0" "$*" >&2
    exit 1
}

# npm's name of a platform, and Rust's.
declare -A RUST_TARGETS=(
    [linux-x64]=x86_64-unknown-linux-musl
    [linux-arm64]=aarch64-unknown-linux-musl
    [darwin-x64]=x86_64-apple-darwin
    [darwin-arm64]=aarch64-apple-darwin
)
# The platforms whose programs are built on Linux. Those for macOS are built there, and only packed here.
BUILT=(linux-x64 linux-arm64)
# Debian's names of their processors.
declare -A DEBIAN_NAMES=([linux-x64]=amd64 [linux-arm64]=arm64)
# The emulator for a platform that is not this machine's.
declare -A EMULATORS=([linux-x64]=qemu-x86_64-static [linux-arm64]=qemu-aarch64-static)

VERSION=$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
[ -n "$VERSION" ] || fail "Cargo.toml has no version"
# Where releases are; empty as long as Cargo.toml does not say so.
REPOSITORY=$(sed -n '/^\[package\]/,/^\[/s/^repository = "\(.*\)"$/\1/p' Cargo.toml)

# Installs the programs of requirements.txt in target/packaging/venv/bin.
install_from_pypi() {
    [ -x target/packaging/venv/bin/pip ] || python3 -m venv target/packaging/venv
    target/packaging/venv/bin/pip install --quiet --disable-pip-version-check --requirement packaging/requirements.txt
}

# The platform of this machine.
native_platform() {
    case $(uname -sm) in
    "Linux x86_64") echo linux-x64 ;;
    "Linux aarch64") echo linux-arm64 ;;
    *) fail "packages are built on Linux x86_64 or aarch64, not on $(uname -sm)" ;;
    esac
}

# Prints the path of the program that was built for a platform; fails if it was not.
program() {
    local path=target/${RUST_TARGETS[$1]}/release/dbsnap
    [ -x "$path" ] && echo "$PWD/$path"
}

# Runs the program of a platform, in the emulator if it is another machine's.
run_program() {
    local platform=$1 path
    shift
    path=$(program "$platform")
    if [ "$platform" = "$(native_platform)" ]; then
        "$path" "$@"
    else
        "${EMULATORS[$platform]}" "$path" "$@"
    fi
}
