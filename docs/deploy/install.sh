#!/bin/sh
# Installs a built binary: install.sh BINARY [PREFIX]
#   PREFIX   /usr/local if not given
#   DESTDIR  (environment) goes before every path, for packages and images
# Configuration that is there already is left alone.
set -eu

binary=${1:?the built binary, e.g. target/release/turnbuckle}
prefix=${2:-/usr/local}
destdir=${DESTDIR:-}
root=$(cd "$(dirname "$0")/../.." && pwd)

# Where each thing lies when it runs.
case "$prefix" in
    /usr | /usr/local) etc=/etc/turnbuckle ;;
    *) etc=$prefix/etc/turnbuckle ;;
esac
bin=$prefix/bin
unit=$prefix/lib/systemd/system/turnbuckle.service

install -D -m 755 "$binary" "$destdir$bin/turnbuckle"
for script in connect-standalone connect-distributed; do
    ln -sf turnbuckle "$destdir$bin/$script"
    ln -sf turnbuckle "$destdir$bin/$script.sh"
done

install -d "$destdir$etc/connectors"
worker=$etc/connect-standalone.properties
[ -e "$destdir$worker" ] || install -m 644 "$root/config/connect-standalone.properties" "$destdir$worker"
for sample in "$root"/config/*.properties; do
    install -D -m 644 "$sample" "$destdir$prefix/share/doc/turnbuckle/config/$(basename "$sample")"
done

install -D -m 644 "$root/docs/deploy/turnbuckle.service" "$destdir$unit"
sed -i -e "s|/usr/local|$prefix|" -e "s|/etc/turnbuckle|$etc|" "$destdir$unit"
