# What CI runs.
check:
    .ci/run

# Renews completions and man pages.
docs:
    cargo run --quiet -- util docs .

# The binary that is given to others, without paths of this machine.
release:
    .ci/release

# Measures; figures for a document come from here.
bench:
    cargo bench --bench upload
    cargo bench --bench receive
    cargo bench --bench due
    cargo bench --bench store
