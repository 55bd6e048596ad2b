# Sourced by tests that try a part of many instances in each run, another part each time, and all in `make soak`.
#
#   rotate N WORD...   prints every N-th of the words, in a soak all; which, TEST_SEED says, or chance

# Drawn once for each test, which says so: the same seed is the same words.
TEST_SEED=${TEST_SEED:-$RANDOM}
rotate() {
	local every=$1 nr=0 word
	shift
	[ -z "${SOAK:-}" ] || every=1
	[ "$every" = 1 ] || echo "# one in $every of $# words: TEST_SEED=$TEST_SEED" >&2
	for word; do
		[ $(((nr + TEST_SEED) % every)) != 0 ] || printf '%s\n' "$word"
		nr=$((nr + 1))
	done
}
