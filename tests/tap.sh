# Sourced by the tests that are shell scripts: TAP, from the top of the source tree, with a scratch folder $work.
#
#   ok STATUS NAME   a point that passes when STATUS is 0
#   is GOT EXPECTED NAME; like TEXT REGEX NAME; unlike TEXT REGEX NAME
#   skip REASON; diag TEXT; done_testing at the end
#   copy_tree FOLDER        copies the source tree there, without what is built
#   soak LONG SHORT         prints LONG in `make soak`, else SHORT
#   rotate N WORD...        prints every N-th of the words, in `make soak` all (rotate.sh)
#   time_left               prints the seconds that the test may still take
#   await PID COMMAND...    until the command succeeds; false when the process has ended, or the time is over
#
# after_failure may be redefined: it is called after the expected and the got of a point that failed.
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib/surroundings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rotate.sh"
set -u
# The tests are no part of the make that started them, and its knobs are not theirs.
unset MAKEFLAGS MAKELEVEL MFLAGS GNUMAKEFLAGS OPTS CMD SMP MEM CPU ACCEL EMU BOOT MACHINE EFI VGA ICOUNT TIMEOUT LOG MONITOR T FAILED GDB
unset ATTACK PNG EXTRA JOBS MATRIX MATRIX_BOCHS MATRIX_OUT GDBPORT CONSOLE
# What tools/test lets a test take. Waiting is for events: only what hangs waits that long.
TEST_SECONDS=${TEST_SECONDS:-600}
# Of these, left for saying what hangs.
readonly SECONDS_TO_TELL=20

nr_tests=0
nr_failed=0
mkdir -p build
work=$(mktemp -d build/test.XXXXXX)
trap 'rm -rf "$work"' EXIT

diag() {
	local line
	while IFS= read -r line; do
		echo "#   $line"
	done <<<"$*"
}

soak() {
	[ -n "${SOAK:-}" ] && echo "$1" || echo "$2"
}

time_left() {
	local left=$((TEST_SECONDS - SECONDS - SECONDS_TO_TELL))
	echo $((left > 1 ? left : 1))
}

await() {
	local pid=$1
	shift
	until "$@"; do
		# It may have done what is waited for with its last breath.
		kill -0 "$pid" 2>/dev/null || { "$@"; return; }
		[ "$(time_left)" -gt 1 ] || return 1
		sleep 0.05
	done
}

after_failure() {
	:
}

ok() {
	nr_tests=$((nr_tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr_tests - $2"
		return 0
	fi
	nr_failed=$((nr_failed + 1))
	echo "not ok $nr_tests - $2"
	return 1
}

copy_tree() {
	mkdir -p "$1"
	find . -mindepth 1 -maxdepth 1 ! -name build ! -name .git -exec cp -rp -t "$1" {} +
}

skip() {
	nr_tests=$((nr_tests + 1))
	echo "ok $nr_tests # SKIP $1"
}

is() {
	[ "$1" = "$2" ]
	ok $? "$3" && return
	diag "expected: $2"
	diag "     got: $1"
	after_failure
	return 1
}

like() {
	grep -qE -- "$2" <<<"$1"
	ok $? "$3" && return
	diag "expected: something like $2"
	diag "     got: $1"
	after_failure
	return 1
}

unlike() {
	! grep -qE -- "$2" <<<"$1"
	ok $? "$3" && return
	diag "expected: nothing like $2"
	diag "     got: $1"
	after_failure
	return 1
}

done_testing() {
	echo "1..$nr_tests"
	[ "$nr_failed" = 0 ] && [ "$nr_tests" -gt 0 ]
	exit
}
