#!/bin/sh
# Copies the libraries that the image's base lacks: image-libraries.sh BINARY FOLDER
# The base holds glibc, libgcc and OpenSSL. zlib is the binary's own need, zstd may be OpenSSL's.
set -eu

binary=${1:?the built binary}
folder=${2:?the folder that becomes the image}

ldd "$binary" | awk '$1 ~ /^lib(z|zstd)\.so/ { print $3 }' | while read -r library; do
    # The real folder: /lib is a link on Debian, and a base need not have that link.
    place=$(realpath "$(dirname "$library")")
    install -D -m 644 "$library" "$folder$place/$(basename "$library")"
done
