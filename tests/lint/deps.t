#!/bin/bash
# tools/deps says what is missing before it installs it; where it cannot, it prints the packages by their names there.
# needs: nothing
. "$(dirname "$0")/lib.sh"

deps=$PWD/tools/deps
mkdir "$work/bin"
ln -s "$(command -v bash)" "$(command -v env)" "$(command -v cat)" "$(command -v dirname)" "$work/bin/"

# fake NAME BODY: a command that also notes how it was called
fake() {
	printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$PWD/$work" "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

export OS_RELEASE=$PWD/$work/os-release
# system LINE...: what /etc/os-release says
system() {
	printf '%s\n' "$@" >"$OS_RELEASE"
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
like "$said" 'DEPS=0' 'and how to go on'

# elsewhere NAME PACKAGE-OF-ITS-OWN COMMAND LINE...
elsewhere() {
	local name=$1 package=$2 command=$3
	shift 3
	system "$@"
	run_deps build
	is "$status" 1 "$name: it stops"
	like "$said" "^  (build|lint) .* $package( |\$)" "$name: packages have their names there"
	unlike "$said" 'fonts-spleen|grub-pc-bin' "$name: and not those of Debian"
	like "$said" "$command.*DEPS=0" "$name: it says how to go on"
	like "$said" 'this is Some Linux' "$name: and what system it takes this for"
}
for fake in none apt-get; do
	[ "$fake" = none ] || { fake apt-get '' && fake dpkg-query ''; }
	elsewhere "Fedora, $fake" grub2-tools-extra 'dnf install' ID=fedora 'PRETTY_NAME="Some Linux"'
	elsewhere "like Fedora, $fake" ShellCheck 'dnf install' 'ID="rocky"' 'ID_LIKE="rhel centos fedora"' "PRETTY_NAME='Some Linux'"
	elsewhere "Arch, $fake" libisoburn 'pacman -S' ID=arch 'PRETTY_NAME="Some Linux"'
done
like "$said" '\(spin, which has no package there\)' 'what has no package there is named all the same'

versions=$(sed -n '/^declare -A packages/,/^)/p' "$deps" | grep -oE '[a-z]+-[0-9.]+\b')
is "$versions" '' 'no package has a version in its name'
for name in debian ubuntu fedora arch; do
	like "$("$deps" --list "$name")" '^  build  +gcc ' "the list of $name can be asked for"
done
"$deps" --list beos 2>/dev/null
is $? 2 'the list of an unknown system is refused'
is "$("$deps" --list debian | awk '{ print $1 }' | sort | tr '\n' ' ')" \
	"$(sed -n 's/^\t\[\([a-z]*\)\]=.*/\1/p' "$deps" | sort | tr '\n' ' ')" 'a list has every group of the table'

system ID=debian
fake dpkg-query 'echo installed'
fake apt-get ''
fake apt-cache ''
run_deps build run
is "$status:$said:$calls" '0::' 'with everything installed it is silent and does nothing'

fake dpkg-query '[[ $* == *nasm ]] || echo installed'
run_deps build
is "$status" 0 'a missing package is installed'
like "$said" 'installing packages: nasm$' 'it says so before'
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

system ID=linuxmint 'ID_LIKE="ubuntu debian"'
fake dpkg-query '[[ $* == *chrom* ]] || echo installed'
run_deps report
like "$calls" 'install .* chromium-browser chromium-chromedriver$' 'a system like Ubuntu gets the names of Ubuntu'
system ID=devuan
run_deps report
like "$calls" 'install .* chromium chromium-driver$' 'one that is not known, but has apt-get, those of Debian'

run_deps nosuch
is "$status" 2 'an unknown group is refused'

done_testing
