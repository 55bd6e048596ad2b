#!/bin/bash
# `make bench-linux`: how Debian's kernel is had, and what is counted of it. Package system and guest are canned here;
# tests/qemu/bench_linux.t boots the real ones.
# needs: nothing
. "$(dirname "$0")/../tap.sh"
unset QUICK JOBS OPTS

mkdir -p "$work/bin" "$work/package/boot"
bin=$PWD/$work/bin
for name in bash env cat dirname basename mkdir mktemp rm mv grep sed head tail id find tar gzip; do
	ln -s "$(command -v "$name")" "$bin/"
done

# fake NAME BODY
fake() {
	printf '#!/bin/bash\n%s\n' "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

bring() {
	said=$(PATH=$bin tools/linux-kernel "$work/kernel" 2>&1)
	status=$?
}

bring
is "$status" 1 'without apt there is no kernel'
like "$said" 'cannot be had: this system has no apt-cache' 'and it is said why'
fake apt-cache ''
fake apt-get 'echo "E: Failed to fetch it: Could not resolve host" >&2; exit 100'
fake dpkg-deb ''
bring
is "$status" 1 'so it is where apt knows no such package'
like "$said" 'apt knows no package linux-image-amd64' 'and that is said'
fake apt-cache 'printf "%s\n  Depends: linux-image-6.1.0-0-amd64\n" "$2"'
bring
is "$status" 1 'and where the registry cannot be reached'
like "$said" 'apt-get download linux-image-6.1.0-0-amd64 failed: E: Failed to fetch it: Could not resolve host' 'with the words of apt'
like "$said" 'Where there is a network: Debian 12 or 13' 'and what to do'
is "$(find "$work/kernel" -mindepth 1)" '' 'nothing is left behind'

echo a kernel >"$work/package/boot/vmlinuz-6.1.0-0-amd64"
echo its configuration >"$work/package/boot/config-6.1.0-0-amd64"
fake apt-get ': >linux-image-6.1.0-0-amd64_1_amd64.deb'
fake dpkg-deb "case \$1 in
--fsys-tarfile) tar -c -C '$PWD/$work/package' ./boot ;;
-W) echo linux-image-6.1.0-0-amd64 6.1-1 ;;
esac"
bring
is "$status" 0 'a package is brought' || diag "$said"
is "$(cat "$work/kernel/vmlinuz" "$work/kernel/config" "$work/kernel/package")" \
	"$(printf 'a kernel\nits configuration\nlinux-image-6.1.0-0-amd64 6.1-1')" 'and unpacked: kernel, configuration, name and version'
fake apt-get 'exit 1'
bring
is "$status:$said" '0:' 'what is there is not asked for again'

# A guest that runs the commands of its archive: an operation takes 10 instructions, 20 with page-table isolation, an empty one 2.
mkdir -p "$work/tree/build/linux" "$work/tree/build/user"
cp -r VERSION tools "$work/tree"
cp -r --parents kernel/abi/options.def "$work/tree"
cp "$work/kernel/"* "$work/tree/build/linux"
touch "$work/tree/build/linux/"{init,bench_pipe} "$work/tree/build/user/"{bench_{null,fault,churn,fork,futex},mkload}
cat >"$work/tree/tools/lib/run-linux" <<'END'
#!/bin/bash
pti=off cost=10
[[ $OPTS != *pti=on* ]] || pti=on cost=20
printf 'linux: version: 6.1 canned\r\nlinux: command line: %s\r\nlinux: vendor: vendor_id\t: Canned\r\nlinux: pti: %s\r\n' "$OPTS" "${PTI:-$pti}"
grep -aoE '/bin/[a-z_]+ --json .*' "$ARCHIVE" | while read -r program _ _ nr figure; do
	each=$cost
	[[ $figure != *_loop ]] || each=2
	printf '{"name": "%s", "count": %d, "total": %d, "program": "%s"}\r\n' "$figure" "$nr" $((1000 + nr * each)) "$program"
done
echo emulator >"$LOG"
echo 'linux: end'
END
canned() {
	said=$(env "$@" "$work/tree/tools/bench-linux" 2>&1)
	status=$?
}
# The value of a Perl expression on bench-linux.json, which is %$_.
figure() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my @v = eval shift; die $@ if $@; print join(" ", map { $_ // "null" } @v), "\n"' "$1" \
		<"$work/tree/build/bench-linux.json"
}
canned OPTS=xpfo=off
is "$status" 0 'Linux is counted, and OPTS is for Bulwark alone' || diag "$said"
is "$(figure 'map { @$_{qw(off on bare)} } grep { $_->{operation} =~ /^(null|neighbour fault)/ } @{ $_->{rows} }')" '7 17 7 8 18 8' \
	'an operation is the difference of two runs, less the loop, less SYSCALL itself'
is "$(figure 'map { $_->{operation} } grep { ($_->{off} // 0) < 1 } @{ $_->{rows} }')" 'the same of 64 pages, per page' \
	'every operation has a figure: of 64 pages it is that of one'
is "$(figure 'map { $_->{options}{pti} } @{ $_->{guests} }')" 'off on off' 'what the kernel says of itself is kept'
is "$(figure '$_->{package}, $_->{command_lines}{on}')" \
	'linux-image-6.1.0-0-amd64 6.1-1 console=ttyS0 quiet panic=-1 nokaslr pti=on' 'so are package and command line'
like "$said" 'IPC round trip .*Linux: pipe$' 'pipes stand in for endpoints'
like "$said" 'make bench-cost counts them' "where Bulwark's figures are missing, it is said"
canned PTI=off
is "$status" 1 'a kernel that does not do as its command line says is an error'
like "$said" 'PTI on: .*pti=on: pti is off' 'and that is said'
canned QUICK=1
is "$(figure '$_->{quick}, map { $_->{bare} } $_->{rows}[0]')" '1 null' 'QUICK=1 leaves out what costs time'
rm "$work/tree/build/user/mkload"
canned
is "$status" 2 'without the programs nothing is counted'
like "$said" 'there is no build/user/mkload: make bench-linux builds it' 'and it is said how they are made'

done_testing
