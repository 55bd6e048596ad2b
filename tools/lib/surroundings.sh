# Sourced first, by path, by every script that is run by hand, too: an environment that does not depend on who calls, and the
# top of the source tree as the current folder.
set +efC +o posix
while read -r _ _ function; do
	unset -f "$function"
done < <(declare -Fx)
shopt -u dotglob failglob nocaseglob nocasematch nullglob
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
. tools/lib/environment.sh
