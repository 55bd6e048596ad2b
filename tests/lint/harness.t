#!/bin/bash
# tools/test: which tests it chooses, what it has built for them, what it makes of their output, and what it remembers.
# needs: nothing
. "$(dirname "$0")/../tap.sh"
unset SOAK

tree=$work/tree
mkdir -p "$tree"/tests/{lint,model,host,qemu}
cp -r --parents tools/test tools/harness tools/lib tools/deps "$tree"

# fake PATH LINE...: a test of the fake tree
fake() {
	printf '%s\n' '#!/bin/bash' "${@:2}" >"$tree/tests/$1"
	chmod +x "$tree/tests/$1"
}

# run [KNOB=VALUE...] [WORD...]: $said, $errors, $status
run() {
	local knobs=()
	while [[ ${1:-} == [A-Z]*=* ]]; do
		knobs+=("$1")
		shift
	done
	said=$(env "${knobs[@]}" "$tree/tools/test" "$@" 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# The names in $said, of tests that were run or listed, in their order.
names() {
	sed -n 's,^\([a-z]*/[a-z_]*\)\( .*\)\?$,\1,p' <<<"$said" | paste -sd' '
}

fake lint/good.t '# Passes.' '# needs: nothing' 'echo ok 1; echo 1..1'
fake lint/skip.t '# Passes, and skips.' '# needs: plots lint' 'echo ok 1; echo "ok 2 # SKIP no"; echo 1..2'
fake model/bad.t '# Fails.' '# needs: headers' '[ -e tests/mended ] && echo ok 1 || { echo not ok 1 - the sky is green; echo "#   it is blue"; }; echo 1..1'
fake model/dead.t '# Dies.' 'echo ok 1; echo 1..1; exit 3'
fake model/silent.t '# Says nothing.' 'exit 0'
fake model/cut.t '# Ends early.' 'echo 1..3; echo ok 1'
fake qemu/boot.t '# Boots.' '# needs: iso' 'echo "ok 1 - $BUILD ${SOAK:-no} soak, T=${T:-}, FAILED=${FAILED:-}, ${MAKEFLAGS:-}"; echo 1..1'
fake qemu/walk.t '# Boots the release alone.' '#' '# needs: test-programs debug' 'release_only' 'echo ok 1; echo 1..1'
fake qemu/look.t '# Boots others.' '# builds: kasan race' '# needs: direct' 'echo ok 1; echo 1..1'
printf '/* sources: kernel/a.c */\n' >"$tree/tests/host/buddy.c"

# --- choosing ---

chooses() {
	run --list "${@:3}"
	is "$(names)" "$1" "$2"
}

all='debug/boot debug/walk host/buddy kasan/look lint/good lint/skip model/bad model/cut model/dead model/silent race/look release/boot release/walk'
chooses "$all" 'no word: all tests'
chooses 'debug/boot' 'a name: that test' debug/boot
chooses 'debug/boot release/boot' 'a name alone: all of that name' boot
chooses 'lint/good lint/skip' 'a folder: all of that kind' lint/
chooses 'debug/boot host/buddy release/boot' 'a pattern alone is one of names' 'b[ou]*'
chooses 'debug/boot debug/walk' 'a pattern with a folder' 'deb*/????'
chooses 'model/cut model/dead model/silent' 'brackets, and their opposite' 'model/[!b]*'
chooses 'host/buddy lint/good model/bad' 'several words, each test once' lint/good 'host/*' bad 'h*/buddy'
run T='host/b* debug/walk' --list
is "$(names)" 'debug/walk host/buddy' 'T has words, too'

run host/budy lint/
is "$status" 2 'a name that is none ends with 2'
is "$errors" 'test: no test is called host/budy; did you mean host/buddy?' 'and names that are near are told'
is "$said" '' 'and nothing is run'
run bot
like "$errors" 'did you mean debug/boot, release/boot\?' 'near names are found in every folder'
run 'host/z*'
is "$status" 2 'a pattern that fits nothing ends with 2'
run xyzxyz
like "$errors" 'no test is called xyzxyz; tools/test --list names them all' 'where no name is near, it says how to see them'
run --sheep
is "$status" 2 'an unknown option ends with 2'
run --help
like "$said" '^usage: tools/test' '--help explains it'

# --- what must be built ---

# needs GOALS NAME WORD...
needs() {
	run --needs "${@:3}"
	is "$(paste -sd' ' <<<"$said")" "$1" "$2"
}

needs 'need-iso-debug' 'the ISO of its build' debug/boot
needs 'need-iso-debug need-iso-release' 'of both builds for both' boot
needs 'need-package-debug need-test-programs-release' 'nothing for a test that the other build alone has' walk
needs 'need-package-lint need-package-plots' 'groups of packages' lint/
needs 'need-direct-kasan need-direct-race' 'of the builds that a test names' look
needs 'need-host-buddy' 'a host test needs its program' host/
needs '' 'and some need nothing' lint/good
run --needs model/dead
like "$(paste -sd' ' <<<"$said")" '^need-direct-debug need-everything need-fuzz-kernel need-headers need-iso-debug need-kernels .*need-package-report .*need-sweep-debug need-test-programs-debug$' \
	'a test that says nothing gets everything'
fake lint/odd.t '# Odd.' '# needs: iso sheep' 'echo ok 1; echo 1..1'
run --needs
is "$status" 2 'an unknown need ends with 2'
like "$errors" 'tests/lint/odd.t: needs: there is no sheep; there are: direct everything fuzz-kernel headers iso ' 'and is named, with those that there are'
fake lint/odd.t '# Odd.' '# needs:' 'echo ok 1; echo 1..1'
run --needs
like "$errors" 'needs: no word; there are: nothing ' 'so does one without words'
rm "$tree/tests/lint/odd.t"

# --- running ---

printf '%s\n' 'lint/skip 30' 'release/boot 20' 'debug/boot 10' >"$tree/tests/lengths"
run JOBS=1 lint/ boot
is "$status" 0 'tests that pass end with 0'
is "$(tail -n 1 <<<"$said")" '5 passed, 0 failed' 'the last line counts points'
like "$said" '^1 of the passed were skipped$' 'and the line before those that were skipped'
is "$(names)" 'lint/skip release/boot debug/boot lint/good' 'in a tree without a run the order is that of tests/lengths'
slowest=$(sed -n 's/^ *[0-9.]* s  //p' <<<"$said" | sort | paste -sd' ')
is "$slowest" 'debug/boot lint/good lint/skip release/boot' 'the end names the slowest'
sed -n '/^the slowest:/,$s/^ *\([0-9.]*\) s  .*/\1/p' <<<"$said" | sort -crn
is $? 0 'the slowest first'
perl -0pi -e 's/("lint\/good",\s+"passed" : \d+,\s+"seconds" : )[\d.]+/${1}30/' "$tree/build/test.json"
run --keep-lengths
like "$(grep -v '^#' "$tree/tests/lengths")" '^lint/good +30$' '--keep-lengths writes what takes a second or more'
rm "$tree/tests/lengths"
run JOBS=1 lint/ boot
is "$(names | cut -d' ' -f1)" 'lint/good' 'after a run the longest of that comes first'

run T='lint/good model/ boot' MAKEFLAGS=x FAILED=0
is "$status" 1 'a failed test ends with 1'
is "$(tail -n 1 <<<"$said")" '5 passed, 4 failed' 'the last line counts what failed'
like "$said" '^model/bad +0 passed, 1 FAILED ' 'a failed point is a failure'
like "$said" '^  #   it is blue$' 'what the test says of it is shown'
like "$said" '^  log: build/test/model/bad.log$' 'and where all of its output is'
like "$said" '^model/dead +1 passed, 1 FAILED ' 'a test that dies has failed'
like "$said" '^  exit status 3$' 'with its status'
like "$said" '^model/silent +0 passed, 1 FAILED ' 'a test that prints no point has failed'
like "$said" '^  no test point$' 'and that is said'
like "$said" '^model/cut +1 passed, 1 FAILED ' 'a test that ends before its plan has failed'

like "$(<"$tree/build/test/debug/boot.log")" '^ok 1 - debug no soak, T=, FAILED=, $' 'no knob of the run reaches a test'

tools/lib/logged "$work/log" 1 A=b tail -f /dev/null >/dev/null
is "$?" 124 'a test that hangs is stopped'
like "$(<"$work/log")" '^# stopped after 1 seconds$' 'which its log says'

# --- what is remembered ---

recorded() {
	perl -MJSON::PP -e 'local $/; my $all = JSON::PP->new->decode(<STDIN>);
		print join " ", map { "$_->{name}:$_->{failed}" } @{ $all->{tests} }' <"$tree/build/$1.json"
}

is "$(recorded test)" 'debug/boot:0 lint/good:0 lint/skip:0 model/bad:1 model/cut:1 model/dead:1 model/silent:1 release/boot:0' \
	'the results of tests that were not run stay'
run FAILED=1 model/bad lint/
is "$(names)" model/bad 'FAILED=1 runs what failed, of the names given'
touch "$tree/tests/mended"
run FAILED=1
is "$(names | tr ' ' '\n' | sort | paste -sd' ')" 'model/bad model/cut model/dead model/silent' 'without names, all that failed'
run FAILED=1
is "$(names | tr ' ' '\n' | sort | paste -sd' ')" 'model/cut model/dead model/silent' 'and what passes is no more repeated'
rm "$tree"/tests/model/{cut,dead,silent}.t
run FAILED=1
is "$status:$said" '2:' 'with nothing that failed it ends with 2'
is "$errors" 'test: nothing failed last time' 'and says so'

run SOAK=1 debug/boot
like "$(<"$tree/build/test/debug/boot.log")" 'debug 1 soak' 'in a soak tests are told so'
is "$(recorded soak)" 'debug/boot:0' 'and its results are kept apart'

# --- this tree ---

declarations=$(tools/test --needs 2>&1)
ok $? 'every test of this tree needs what there is' || diag "$declarations"
like "$declarations" '^need-iso-release$' 'and some need something'
dead=$(sed -n 's/^\([a-z]*\/[a-z_0-9]*\) .*/\1/p' tests/lengths | grep -vxFf <(tools/test --list))
is "$dead" '' 'tests/lengths names no test that is gone'
said=$(make test T=lint/nosuch 2>&1)
is $? 2 'make test T=NAME with a name that is none ends with 2'
like "$said" 'no test is called lint/nosuch' 'and says so'
unlike "$said" 'passed' 'without running anything'

done_testing
