#!/bin/bash
# tools/deps says what is missing before it installs it, and stops where there is no apt-get.
# needs: nothing
. "$(dirname "$0")/lib.sh"

deps=$PWD/tools/deps
mkdir "$work/bin"
ln -s "$(command -v bash)" "$(command -v env)" "$(command -v cat)" "$work/bin/"

# fake NAME BODY: a command that also notes how it was called
fake() {
	printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$PWD/$work" "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

run_deps() {
	: >"$work/calls"
	said=$(PATH=$PWD/$work/bin "$deps" "$@" 2>&1)
	status=$?
	calls=$(grep -v dpkg-query "$work/calls")
}

fake id 'echo 0'
run_deps run
is "$status" 1 'without apt-get it stops'
like "$said" 'qemu-system-x86' 'and prints the packages'

fake dpkg-query 'echo installed'
fake apt-get ''
fake apt-cache ''
run_deps build run
is "$status:$said:$calls" '0::' 'with everything installed it is silent and does nothing'

fake dpkg-query '[[ $* == *nasm ]] || echo installed'
run_deps build
is "$status" 0 'a missing package is installed'
like "$said" 'installing Debian packages: nasm$' 'it says so before'
like "$calls" '^apt-get .*install --no-install-recommends nasm$' 'by name, without recommended ones'
unlike "$calls" 'apt-get .*update' 'without a new package list where the old one knows the package'

fake apt-cache 'exit 100'
run_deps build
like "$(tr '\n' ' ' <<<"$calls")" 'apt-get [^;]*update .*install' 'with a new package list where the old one does not'

fake apt-get 'exit 100'
run_deps build
is "$status" 1 'a failing apt-get fails'

fake id 'echo 1000'
fake apt-get ''
run_deps build
is "$status" 1 'neither root nor sudo: it stops'
like "$said" 'nasm' 'and names what is missing'
fake sudo '"$@"'
run_deps build
is "$status" 0 'sudo is used where it is needed'
like "$calls" 'sudo env DEBIAN_FRONTEND=noninteractive apt-get' 'and asks no questions'

run_deps nosuch
is "$status" 2 'an unknown group is refused'

done_testing
