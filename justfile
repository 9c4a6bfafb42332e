# The checks, one by one; `.ci/run` is all of them, and installs what they need.

# All checks
check:
    .ci/run

# README's test command
test:
    cargo test

# What needs hours: 200 kills under load
test-long:
    WHY401_LONG_TESTS=1 cargo test --release --test e2e -- survive_kill

# Formats the code
format:
    cargo fmt

# Lints
lint:
    cargo clippy --all-targets -- -D warnings

# Documentation of the library
doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps

# Licences, sources, banned and duplicate crates
deny:
    cargo deny check bans licenses sources

# The benchmark; writes what docs/performance.md quotes
bench:
    cargo bench --bench proxy

# Memory over many exchanges
soak:
    cargo bench --bench proxy -- --soak 20000
