# Sourced by tests/qemu/*.t: booting. $BUILD says which build is tested.
#
#   boot OPTS CMD      runs CMD in the guest; sets $output (its stdout), $errors, $status, and $log (a file).
#                      Further knobs are environment variables: SMP=4 boot ...
#   says REGEX FILE    true when the file has a line like that, as await asks
#   tell_luck          says of each attack in $output that lives of luck how many tries it had
#   stop PID           ends a process and waits for it
#   stub_arguments SOCKET  prints QEMU's arguments for a machine that waits for a debugger there
#   listens SOCKET     true when somebody can connect there, which is later than that the file is there
#   attach SOCKET PID ARGUMENT...  runs gdb with these arguments for the machine of `tools/run`'s PID, which ends if gdb fails
#   claim_port         a port that is free, and no other test's while this one runs: $port
#   pass_through TEXT  makes the guest's own TAP points of this test
#   release_only       ends the test here unless the release build is tested: for tests of what users run, and of tools
#   debug_only         ends it unless the debug build is tested, which has assertions: for tests of the kernel alone
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
BUILD=${BUILD:-debug}
export BUILD
# Without GRUB, unless the loader is what is tested.
export BOOT=${BOOT:-direct}
# A small machine unless a test says otherwise, with one processor where `boot` boots it: what looks at all of memory takes
# that much less time.
export MEM=${MEM:-128M}
log=$work/log

boot() {
	last_boot="OPTS='$1' CMD='$2'"
	rm -f "$log"
	output=$(OPTS=$1 CMD=$2 SMP=${SMP:-1} LOG=$log TIMEOUT=${TIMEOUT:-$(time_left)} tools/run 2>"$work/errors" | tr -d '\r'
		exit "${PIPESTATUS[0]}")
	status=$?
	errors=$(<"$work/errors")
	touch "$log"
}

after_failure() {
	[ -z "${last_boot:-}" ] || diag "boot: $last_boot"
	[ -z "${errors:-}" ] || diag "stderr: $errors"
	[ ! -s "$log" ] || { diag 'end of the kernel log:'; diag "$(tail -n 15 "$log")"; }
}

says() {
	grep -aqsE -- "$1" "$2"
}

# Positive controls with several processors have a few tries (user/lib/attack_run.c): what they live of, an old translation,
# the emulator may lose at any time.
tell_luck() {
	local tries
	tries=$(grep -E '^[a-z_]+: [0-9]+ tries$|\([0-9]+ tries\)$' <<<"$output")
	diag "more than one of 8 tries: ${tries:-none}"
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

stub_arguments() {
	rm -f "$1"
	echo "-S -chardev socket,id=stub,path=$1,server=on,wait=off -gdb chardev:stub"
}

# The fourth field are flags: __SO_ACCEPTCON.
listens() {
	grep -qsE "^[^ ]+ [^ ]+ [^ ]+ 00010000 .* $1\$" /proc/net/unix
}

# A machine that is stopped, as its debugger is gone, would last until the test's time is over.
attach() {
	local socket=$1 run=$2
	shift 2
	await "$run" listens "$socket"
	# gdb gives an answer two seconds, which a busy machine may need.
	gdb -q -nx -batch -ex 'set remotetimeout 60' "$@" >"$work/gdb" 2>&1 || { kill "$run" && diag "gdb: $(tail -n 5 "$work/gdb")"; }
}

# Below those that the system deals out. The lock goes with the test.
claim_port() {
	mkdir -p build/ports
	for ((port = 20000; port < 30000; port++)); do
		exec {port_lock}>"build/ports/$port"
		if flock -n "$port_lock" && ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			return
		fi
		exec {port_lock}>&-
	done
}

pass_through() {
	local line points=0
	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			points=$((points + 1))
			nr_tests=$((nr_tests + 1))
			[[ $line == ok* ]] || nr_failed=$((nr_failed + 1))
			[[ $line =~ ^((not )?ok)\ *[0-9]*(.*) ]]
			echo "${BASH_REMATCH[1]} $nr_tests${BASH_REMATCH[3]}" ;;
		1..*) ;;
		*) echo "#   ${line###}" ;;
		esac
	done <<<"$1"
	[ "$points" -gt 0 ]
	ok $? "the guest ran tests ($points)" || after_failure
}

# only BUILD
only() {
	[ "$BUILD" != "$1" ] || return 0
	skip "the $1 build does it"
	done_testing
}

release_only() { only release; }
debug_only() { only debug; }
