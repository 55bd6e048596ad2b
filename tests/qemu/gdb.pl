#!/usr/bin/perl
# gdb.pl SAID CONSOLE: holds what the commands for gdb said in JSON, each behind a line "@name", against what the guest
# said on its console. Prints TAP points. gdb.pl --walks: attacks that only one of the two tables has.
use strict;
use warnings;
no warnings 'portable'; # 64-bit numbers

use FindBin '$Bin';
use JSON::PP ();
use lib "$Bin/../../tools/lib";
use Def qw(rows);

my $json = JSON::PP->new->canonical->allow_nonref;

sub slurp {
	my ($path) = @_;
	open my $file, '<', $path or die "gdb.pl: $path: $!\n";
	local $/;
	return scalar(<$file>) =~ s/\r//gr;
}

if ($ARGV[0] eq '--walks') {
	my %attacks = map { $_->{name} => 1 } rows('attacks');
	my %walks = map { $_ => 1 } slurp('tools/gdb/bulwark/walks.py') =~ /^\t'(\w+)': Walk\(/mg;
	print "$_\n" for grep { !($attacks{$_} && $walks{$_}) } sort keys %{{%attacks, %walks}};
	exit;
}

my ($said, $console) = map { slurp($_) } @ARGV;
my ($nr, %of) = (0);
$said =~ s/^(?:\(gdb\) )+//mg;
$of{$1} = eval { $json->decode($2) } while $said =~ /^\@(\w+)\n([\[{].*)$/mg;
my %guest;
for my $text ($console =~ /^([\[{].*?[\]}])\n/msg) {
	my $value = eval { $json->decode($text) } or next;
	push @{$guest{ref $value}}, $value;
}
my ($options, $memory) = @{$guest{HASH} // []};
my ($diff, $kernel) = @{$guest{ARRAY} // []};

sub point {
	my ($passed, $name, @notes) = @_;
	print(($passed ? 'ok ' : 'not ok '), ++$nr, " - $name\n");
	print map { "#   $_\n" } @notes unless $passed;
}

sub same {
	my ($got, $expected, $name) = @_;
	my ($is, $should) = map { $json->encode($_ // 'nothing') } $got, $expected;
	point($is eq $should, $name, "expected: $should", "     got: $is");
}

# The ranges outside the direct map, where a frame may come or go at any time.
sub lasting {
	return [grep { $_->{region} ne 'direct map' } @{$_[0] // []}];
}

sub pages_of {
	my ($ranges, $region) = @_;
	my $bytes = 0;
	$bytes += hex($_->{end}) - hex($_->{start}) for grep { $_->{region} eq $region } @{$ranges // []};
	return $bytes / 4096;
}

delete $options->{version}; # of the kernel, no option
same($of{options}, $options, 'bw-options says what `options` says');
same(scalar @{$of{tasks}{processes} // []}, $memory->{processes}, 'bw-tasks has as many processes as `mem` counts');
my ($sh) = grep { $_->{name} eq 'sh' } @{$of{tasks}{processes} // []};
same([map { $_->{current} ? 1 : 0 } @{$sh->{threads} // []}], [1], 'bw-tasks marks the thread of the shell, which makes the call');
same($sh->{uid}, 0, 'bw-tasks says that the shell is root');
my ($cr3) = $said =~ /^\@cr3 (\w+)/m;
same($sh->{root}, $cr3, 'bw-tasks has for its root what is loaded');

same(lasting($of{diff}{kernel_only}), lasting($diff), 'bw-diff finds the ranges that `ptdump diff` finds');
point(pages_of($of{diff}{kernel_only}, 'direct map') > 0.9 * pages_of($diff, 'direct map'), 'the direct map is among them');
same($of{diff}{shadow_only}, [], 'bw-diff finds nothing that the shadow root alone maps');
point(scalar(grep { $_->{region} eq 'user half' && $_->{rights} !~ /x/ && $_->{shadow_rights} =~ /R X U/ }
	@{$of{diff}{other_rights} // []}), 'and that user code runs on the shadow root alone');

my $pool_pages = 0;
$pool_pages += $_->{bytes} / 4096 for map { @{$_->{areas}} } @{$of{pools} // []};
my $descriptors = 1;
same($pool_pages + $descriptors, pages_of($kernel, 'pools'), 'the areas of bw-pools are the pages that `ptdump` finds in the region');
my ($credentials) = grep { $_->{name} eq 'credentials' } @{$of{pools} // []};
my ($entry_bytes) = $said =~ /^\@credential (\d+)/m;
my $authority_bytes = 16; # the policy in force, and the last job
same([@$credentials{qw(mode objects used)}], ['WR', 2, 32768 * $entry_bytes + $authority_bytes], 'bw-pools knows the pool of credentials: one entry for each pid');
same($credentials->{areas}[0]{sealed} ? 1 : 0, 1, 'and that it is sealed');

my ($newest) = $said =~ /^\@newest (\d+)/m;
same($of{tlb}{newest}, $newest + 0, 'bw-tlb has the newest generation');
same(scalar @{$of{tlb}{cpus} // []}, 2, 'bw-tlb has both CPUs');
my ($selected) = grep { $_->{selected} } @{$of{tlb}{cpus} // []};
same([$selected->{mode}, $selected->{kernel_cr3}], ['kernel', $cr3], 'and that of the call in the kernel, with the root that is loaded');
same([grep { $_->{seen} > $newest } @{$of{tlb}{cpus} // []}], [], 'no CPU has seen a generation that does not exist');
same(scalar(grep { $_->{current} && $_->{owner} =~ /^sh / } @{$selected->{slots} // []}), 1, 'its current slot is the shell\'s');

same($of{user_mode}{mapped} ? 1 : 0, 0, 'in user mode the loaded root lacks the kernel');
point(($of{user_mode}{root} // '') =~ /^shadow root of /, 'as it is a shadow root', $of{user_mode}{root} // 'nothing');
point(($of{user_mode}{verdict} // '') =~ /^KAISER/, 'and the verdict names KAISER', $of{user_mode}{verdict} // 'nothing');
same([@{$of{user_mode_rip}}{qw(rights region)}], ['R X U', 'user half'], 'the code that runs there may be run');
same($of{user_mode_kernel_rip}{rights}, 'R NX U', 'but not on the kernel root');
same($of{user_mode_kernel_rip}{levels}[0]{takes_away}, ['X'], 'where level 4 takes that right away');
same($of{user_mode_rip}{physical}, $of{user_mode_kernel_rip}{physical}, 'both roots lead to the same byte');

my ($page, $pfn) = $console =~ /forged object at (0x\w+), in frame (0x\w+)/;
my ($synonym) = $console =~ /calls through the same bytes at (0x\w+)/;
same($of{object}{address}, $synonym, '$object is the address that the attack said');
same($of{object}{frame}{pfn}, $pfn, 'bw-pt names the frame that the attack said');
same([$of{object}{mapped} ? 1 : 0, scalar @{$of{object}{levels} // []}], [0, 4], 'it is not mapped: the last level has no entry');
point(($of{object}{verdict} // '') =~ /^XPFO/, 'because of XPFO', $of{object}{verdict} // 'nothing');
same(scalar @{$of{object_shadow}{levels} // []}, 1, 'the shadow root lacks it at the first level');
same([@{$of{frame}}{qw(pfn owner state hidden number)}], [$pfn, 'USER', 'USER_HIDDEN', JSON::PP::true, 1],
	'bw-frame says that user space owns the frame');
my ($pid) = $said =~ /^stop 1 of 4: ret2dir_obj \(pid (\d+)/m;
same([@{$of{frame}{history}[-1]}{qw(to pid)}], ['USER, hidden', $pid + 0], 'its history ends with user space, on behalf of the attack');
same([map { $_->{address} } @{$of{frame}{aliases} // []}], [$page, $page], 'its aliases are the page of the attack, in two roots');
same([sort map { $_->{root} =~ /^(\w+ root of ret2dir_obj)/ } @{$of{frame}{aliases} // []}],
	['kernel root of ret2dir_obj', 'shadow root of ret2dir_obj'], 'those of its process');
