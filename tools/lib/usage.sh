# Sourced by tools that are shell scripts, behind surroundings.sh: their --help is their lines that start with #?, and opens with "usage:".
#
#   usage MOST "$@"   ends the tool where its arguments are --help, something else that looks like an option, or more than MOST
#   refuse TEXT       ends the tool with 2
readonly TOOL=${0##*/}
readonly TOOL_FILE=tools/$TOOL

complain() {
	echo "$TOOL: $*" >&2
}

refuse() {
	complain "$@"
	exit 2
}

refuse_usage() {
	complain "$1"
	sed -n '/^#?usage:/{s/^#?//p;q}' "$TOOL_FILE" >&2
	exit 2
}

usage() {
	local argument most=$1
	shift
	for argument; do
		case $argument in
		-h | --help)
			sed -n 's/^#?//p' "$TOOL_FILE"
			exit 0 ;;
		--) ;;
		-*) refuse_usage "what is $argument?" ;;
		esac
	done
	[ $# -le "$most" ] || refuse_usage "what is ${!#}?"
}
