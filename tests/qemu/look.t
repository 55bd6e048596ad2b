#!/bin/bash
# The builds that look: each finds a planted fault of each of its kinds, and none of its own.
# builds: kasan race
# needs: test-programs
. "$(dirname "$0")/lib.sh"

archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)

# finds NUMBERS WHAT REGEX [REGEX...]: the fault is reported, with all these lines, and is the end of the machine
finds() {
	local numbers=$1 what=$2 regex
	shift 2
	SMP=2 ARCHIVE=$archive boot ktest=on "plant $numbers"
	is "$status" 124 "$what: the machine stops"
	for regex in "$@"; do
		like "$(tr -d '\r' <"$log")" "$regex" "$what: ${regex//\\/}" || after_failure
	done
}

# quiet NUMBERS WHAT
quiet() {
	SMP=2 ARCHIVE=$archive boot ktest=on "plant $1"
	is "$status" 0 "$2: is no fault" || after_failure
}

plants_kasan() {
	finds 0 'a store one byte behind an object' 'panic: kasan: out of bounds of a slab' 'store by slab_overflow\+' \
		'0 bytes behind 100 bytes of slab planted' 'taken by pid [1-9][0-9]*: slab_overflow\+'
	finds 1 'a store after free' 'panic: kasan: use of a slab.s object after free' 'byte 1 of 100 bytes of slab planted' \
		'freed by pid [1-9][0-9]*: slab_after_free\+'
	finds 2 'a second free' 'panic: kasan: double free of a slab.s object' 'free of 100 bytes at .* by slab_free'
	finds 4 'a store to a variable of a function that has returned' 'panic: kasan: use of a stack after return' \
		'it is a variable of leave_pointer'
	finds 10 'a store one byte behind an object of a pool' 'panic: kasan: out of bounds of a pool.s object'
	finds 6 'a store to a free frame' 'panic: kasan: use of frames after free' 'freed by pid [1-9][0-9]*: .*<- frame_after_free\+'
	finds 3 'a store one byte behind a variable on the stack' 'panic: kasan: out of bounds of a variable on a stack'
	finds 5 'a store one byte behind a variable of the image' 'panic: kasan: out of bounds of a variable of the image'
	finds 7 'a second free of a frame' 'panic: kasan: double free of frames'
	finds 8 'a store to a free stack' 'panic: kasan: use of a stack after free'
	finds 9 'a second free of a stack' 'panic: kasan: double free of a stack'
	finds 11 'a store to a free object of a pool' 'panic: kasan: use of a pool.s object after free'
	finds 12 'memset one byte too far' 'panic: kasan: out of bounds of a slab.s object, store by block_overflow'
	finds 13 'a store to a variable whose scope has ended' 'panic: kasan: use of a variable outside of its scope'
}

plants_race() {
	finds '0 1' 'a plain store and a plain load' 'panic: race: ' 'store of 8 bytes at .* by store\+' 'load of 8 bytes at .* by load\+'
	finds '0 2' 'a plain store and an atomic load' 'panic: race: store by store\+.* and atomic load by load_atomic\+'
	finds '1 3' 'a plain load and an atomic store' 'panic: race: load by load\+.* and atomic store by store_atomic\+'
	finds '0 0' 'two plain stores' 'panic: race: store by store\+.* and store by store\+'
	quiet '2 3' 'an atomic load and an atomic store'
	quiet '1 1' 'two plain loads'
}

# alone COMMAND WHAT: nothing is found
alone() {
	SMP=${SMP:-2} boot 'ktest=on vuln=on' "$1"
	is "$status" 0 "$2: nothing is found" || after_failure
	unlike "$(<"$log")" 'bulwark: panic' "$2: no panic"
}

# variant WORDS: the machine boots with them, and the audit finds nothing
variant() {
	SMP=2 boot "$1" audit
	is "$status" 0 "$1: nothing is found" || after_failure
}

"plants_$BUILD"
variant 'xpfo=off pmalloc=plain'
if [ "$BUILD" = kasan ]; then
	SMP=2 boot '' 'why 0xffffec0000000000'
	like "$output" 'marks' 'an address of the marks is explained' || after_failure
fi
alone 'selftest thread && selftest futex' 'threads'
if [ "$(soak 1 0)" = 1 ]; then
	for suite in $(cd user/selftest && echo t_*.c); do
		suite=${suite#t_}
		SMP=2 alone "selftest ${suite%.c}" "suite ${suite%.c}"
	done
	for words in xpfo={off,v1,v6,v7,v8,v8batch,v9,sync,pageblock} pmalloc={off,roalias} cred=plain directmap=2m; do
		variant "$words"
	done
	SMP=2 MEM=64M alone 'selftest kernel && audit' 'the suites of the kernel, and the audit'
	SMP=4 alone 'stress 120' 'everything at once'
	SMP=2 alone 'attack all && audit' 'all attacks, and the audit'
fi

done_testing
