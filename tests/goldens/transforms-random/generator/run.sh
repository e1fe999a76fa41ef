#!/usr/bin/env bash
# run.sh JARS FOLDER COUNT SEED: records COUNT transformations and as many other cases as belong to them. JARS is a folder
# with the jars of Kafka Connect 4.3.1.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac -d "$classes" -cp "$1/*" "$here"/*.java
java -Dlog4j2.level=OFF -Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8 -cp "$1/*:$classes" Generate "${@:2}"
