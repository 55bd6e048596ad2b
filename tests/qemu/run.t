#!/bin/bash
# What `make run` promises: the command's output alone, its status, knobs that are checked.
# needs: iso test-programs
. "$(dirname "$0")/lib.sh"
release_only
export BOOT=iso

boot '' 'echo one; echo two'
is "$output" $'one\ntwo' 'stdout holds the output of the command alone'
is "$status" 0 'a command that succeeds gives 0'
is "$errors" '' 'stderr is silent'

boot '' 'false'
is "$status" 1 'a command that fails gives its status'
boot '' 'exit 42'
is "$status" 42 'a status of 42 arrives'
boot '' 'no_such_program'
is "$status" 127 'an unknown command gives 127'

boot '' "echo \"a  b\" 'c  d' e\\ f"
is "$output" 'a  b c  d e f' 'quotes and backslashes reach the shell as written'
boot '' "echo 'it'\"'\"'s \$HOME *'"
is "$output" "it's \$HOME *" 'quotes inside quotes, dollar signs and stars do too'

# The machine is cut off after the program has said how it ended: nobody believes it.
MONITOR=$work/monitor CMD="echo 'bulwark: exit status 7'; stress 60" LOG=$log TIMEOUT=$(time_left) \
	tools/run >"$work/output" 2>"$work/errors" &
run=$!
await "$run" says 'exit status 7' "$work/output"
perl tests/qemu/monitor.pl "$work/monitor" quit >/dev/null
wait "$run"
is $? 125 'a program cannot fake the exit status'

boot '' $'echo a\nb'
is "$status" 2 'a newline in CMD is refused'
like "$errors" 'CMD may hold printable ASCII only' 'and the message says so'
boot '' "echo $(printf '%01000d' 0)"
is "$status" 2 'a CMD that is too long is refused'
like "$errors" 'at most 1000' 'and the message says how long it may be'
SMP=none boot '' true
is "$status" 2 'SMP=none is refused'
MEM=12 boot '' true
is "$status" 2 'MEM=12 is refused'

output=$(make run CMD='echo alone' EXTRA=tests/qemu/programs 2>/dev/null </dev/null | tr -d '\r')
is "$output" 'alone' 'make run keeps the build off stdout'
output=$(make run CMD='extra a b' EXTRA=tests/qemu/programs 2>/dev/null | tr -d '\r')
is "$output" 'extra: a b' 'a program from EXTRA runs with its arguments'
make run CMD='false' EXTRA=tests/qemu/programs >/dev/null 2>&1
is $? 2 'make run fails when the command fails'
output=$(make run CMD=true EXTRA=user/shell 2>&1)
like "$output" 'no such folder|have|already|multiple|error' 'EXTRA with sources that are no programs fails'

for tool in CC=clang CC=nosuch LD=ld.gold NASM=yasm USER_CC=clang; do
	output=$(make iso "$tool" 2>&1)
	is $? 2 "$tool is refused"
	like "$output" "$tool: this is not G|$tool: this is not NASM" 'with the reason'
done
output=$(make iso CC=cc LD=ld.bfd 2>&1)
is $? 0 'GCC by another name is taken' || diag "$output"

mkdir "$work/none"
output=$(make run CMD=true EXTRA="$work/none" 2>&1)
like "$output" 'no such folder, or no .c file, .policy file or etc/ in it' 'EXTRA with nothing to take fails'

mkdir "$work/clash"
echo 'int main(void) { return 0; }' >"$work/clash/ret2dir_obj.c"
output=$(make run CMD=true EXTRA="$work/clash" 2>&1)
is $? 2 'EXTRA with a name that exists is refused'
like "$output" 'ret2dir_obj' 'and the message names it'

# Nothing is left behind by finished runs (runs of other tests may be going on).
boot '' true
leftover=$(find build -maxdepth 1 -name 'run.*' -user "$(id -u)" -mmin +30)
is "$leftover" '' 'finished runs leave no folder behind'

# A terminal-like session: typed lines, then exit.
mkfifo "$work/keyboard"
exec {keyboard}<>"$work/keyboard"
TIMEOUT=$(time_left) OPTS='' tools/run <"$work/keyboard" >"$work/console" 2>"$work/errors" &
run=$!
await "$run" says 'bulwark# ' "$work/console"
printf 'echo ty''ped\n' >&"$keyboard"
await "$run" says '^typed' "$work/console"
printf 'exit 5\n' >&"$keyboard"
wait "$run"
is $? 5 'exit N in an interactive shell ends the machine with N'
like "$(tr -d '\r' <"$work/console")" '^typed' 'the interactive shell runs what is typed'

done_testing
