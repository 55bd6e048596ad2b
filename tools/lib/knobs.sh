# Sourced, behind usage.sh. How OPTS and CMD reach the kernel's command line.
#
# By GRUB: the knobs file of the ISO, boot/grub/knobs.cfg, read by grub.cfg. It has a fixed size and opens
# with a marker, so that `tools/run` can set the knobs inside a copy of the ISO without rebuilding it.

readonly KNOBS_MARKER='# bulwark knobs v1'
readonly KNOBS_SIZE=4096
readonly KNOBS_OPTS_MAX=1000
readonly KNOBS_CMD_MAX=1000
readonly KNOBS_LINE_MAX=2047 # COMMAND_LINE_BYTES in kernel/core/boot_info.h, but for the end

# knobs_check NAME VALUE MAX: refuses what cannot reach the guest as it stands.
knobs_check() {
	local LC_ALL=C
	if [ ${#2} -gt "$3" ]; then
		echo "$TOOL: $1 is ${#2} bytes long; at most $3 fit" >&2
		return 1
	fi
	if [[ $2 == *[!\ -~]* ]]; then
		echo "$TOOL: $1 may hold printable ASCII only: $(printf '%q' "$2")" >&2
		return 1
	fi
}

# knobs_add WORD: to OPTS, unless they set that option
knobs_add() {
	[[ " $OPTS" == *" ${1%%=*}="* ]] || OPTS="${OPTS:+$OPTS }$1"
}

# knobs_add_console: to OPTS, who reads the console. Without CMD that is a person, or acts like one. NO_COLOR: no-color.org
knobs_add_console() {
	if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
		knobs_add console=colour
	elif [ -t 1 ] || [ -z "$CMD" ]; then
		knobs_add console=terminal
	fi
}

# knobs_quote TEXT: as one word of a GRUB script
knobs_quote() {
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# knobs_file OPTS CMD SET: the file's text, padded with comment lines. SET=1: boot at once.
knobs_file() {
	local text fill
	text=$(printf '%s\nset bw_opts=%s\nset bw_cmd=%s\nset bw_set=%s\n' \
		"$KNOBS_MARKER" "$(knobs_quote "$1")" "$(knobs_quote "$2")" "$3")
	text+=$'\n'
	fill=$((KNOBS_SIZE - ${#text}))
	if [ "$fill" -lt 1 ]; then
		echo "$TOOL: OPTS and CMD together do not fit into the knobs file (quotes count four times)" >&2
		return 1
	fi
	printf '%s' "$text"
	printf '%*s\n' $((fill - 1)) '' | tr ' ' '#'
}

# knobs_patch ISO OPTS CMD
knobs_patch() {
	local offsets offset
	offsets=$(LC_ALL=C grep -abo -- "$KNOBS_MARKER" "$1" | cut -d: -f1)
	if [ "$(wc -w <<<"$offsets")" != 1 ]; then
		echo "$TOOL: $1: the knobs file was not found in the ISO" >&2
		return 1
	fi
	offset=$offsets
	knobs_file "$2" "$3" 1 >"$1.knobs" || return 1
	dd if="$1.knobs" of="$1" bs=4096 oflag=seek_bytes seek="$offset" conv=notrunc status=none
	rm -f "$1.knobs"
}

# knobs_word TEXT: as one word of the kernel's command line, written as GRUB writes it (boot/grub/grub.cfg)
knobs_word() {
	local escaped=${1//\\/\\\\}
	escaped=${escaped//\'/\\\'}
	escaped=${escaped//\"/\\\"}
	[[ $escaped != *' '* ]] || escaped="\"$escaped\""
	printf '%s' "$escaped"
}

# knobs_line OPTS CMD: the whole command line, for a boot without GRUB
knobs_line() {
	local word words line=''
	read -r -a words <<<"$1"
	[ -z "$2" ] || words+=("cmd=$2")
	for word in "${words[@]}"; do
		line+="${line:+ }$(knobs_word "$word")"
	done
	if [ ${#line} -gt "$KNOBS_LINE_MAX" ]; then
		echo "$TOOL: OPTS and CMD together are ${#line} bytes long; at most $KNOBS_LINE_MAX fit" >&2
		return 1
	fi
	printf '%s' "$line"
}
