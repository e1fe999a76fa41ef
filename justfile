# List the commands.
default:
    @just --list --unsorted

# All tests that need no service: README's command.
test:
    .ci/steps.sh tests

# Format, lints, dependencies.
lint:
    .ci/steps.sh format && .ci/steps.sh clippy && .ci/steps.sh deny && .ci/steps.sh lint_packaging

# The whole program on real services, e.g. `just system flow::`.
system *filter:
    .ci/steps.sh system {{ filter }}

# Start services by hand until Ctrl-C, e.g. `just services kafka neo4j`.
services *names:
    .ci/steps.sh services {{ names }}

# Run a command with the addresses of services in its environment.
with *command:
    .ci/steps.sh with_services {{ command }}

# All that a change has to pass; `just ci --long` draws more.
ci *options:
    .ci/run {{ options }}

# The production binary: target/release/turnbuckle.
release:
    cargo build --release --locked --bin turnbuckle

# Binary, links, configuration and unit, e.g. `just install PREFIX=/opt/turnbuckle`; DESTDIR is honoured.
install prefix="/usr/local": release
    docs/deploy/install.sh "${CARGO_TARGET_DIR:-target}/release/turnbuckle" {{ trim_start_match(prefix, "PREFIX=") }}

# A minute for each fuzz target; TURNBUCKLE_FUZZ_SECONDS says otherwise.
fuzz:
    .ci/steps.sh fuzz

# Measure a release build, e.g. `just bench a --records 8000000`; see bench/README.md.
bench *arguments:
    bench/run {{ arguments }}

# The documentation of the code.
docs:
    .ci/steps.sh docs

# Run a development build, e.g. `just run standalone worker.properties`.
run *arguments:
    cargo run -- {{ arguments }}
