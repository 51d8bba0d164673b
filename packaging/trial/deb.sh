# What packaging/try runs in a root directory with a Debian base system: deb.sh PACKAGE VERSION
set -eu
files() {
    find / \( -path /proc -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -print | sort
}
files >/shop/before
dpkg --install "$1"
dpkg --verify dbsnap
[ "$(dbsnap --version)" = "dbsnap $2" ]
cd /shop
dbsnap demo
dbsnap -C demo verify
rm -r demo
dpkg --purge dbsnap
files | diff /shop/before -
