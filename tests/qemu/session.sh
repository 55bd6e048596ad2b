# Sourced by tests of interactive sessions, behind lib.sh.
#
#   session COMMAND...   types what stands on stdin (session.pl) at that command's console; sets $output, what a terminal has
#                        shown, $errors and $raw, the bytes
#   prompts COMMAND...   prints a script that types these commands, each at a prompt, and leaves
session() {
	cat >"$work/script"
	output=$(RAW=$work/raw LOG=$log perl tests/qemu/session.pl "$work/script" "$@" 2>"$work/errors")
	errors=$(<"$work/errors")
	raw=$(tr -d '\0' <"$work/raw")
}

prompts() {
	printf 'bulwark# $\t%s\\r\n' "$@" exit
}
