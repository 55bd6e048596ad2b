#!/usr/bin/perl
# vscode.pl --check: TAP points on what .vscode names. vscode.pl PORT: the commands that Visual Studio Code's debugger
# (cppdbg) sends to `gdb -i=mi` for these configurations, with the stub on that port: first those of the first
# configuration, then what the second one does beyond that.
use strict;
use warnings;

use Cwd qw(getcwd);
use FindBin '$Bin';
use JSON::PP ();
use lib "$Bin/../../tools/lib";
use Def qw(rows);

my $nr = 0;

sub read_json {
	my ($name) = @_;
	open my $file, '<', ".vscode/$name.json" or die "vscode.pl: $name.json: $!\n";
	local $/;
	my $value = eval { JSON::PP->new->decode(scalar <$file>) } or die "vscode.pl: $name.json: $@";
	return $value;
}

my ($launch, $tasks) = (read_json('launch'), read_json('tasks'));
my @configurations = @{$launch->{configurations}};

sub folder {
	return $_[0] =~ s/\$\{workspaceFolder\}/getcwd()/ger;
}

sub point {
	my ($passed, $name) = @_;
	print(($passed ? 'ok ' : 'not ok '), ++$nr, " - $name\n");
}

sub check {
	my %tasks = map { $_->{label} => $_ } @{$tasks->{tasks}};
	open my $makefile, '-|', 'cat Makefile tools/make/*.mk' or die "vscode.pl: $!\n";
	my $rules = do { local $/; <$makefile> };
	for my $task (@{$tasks->{tasks}}) {
		my ($target) = @{$task->{args}};
		point($task->{command} eq 'make' && $rules =~ /^[\w ]*\b\Q$target\E\b[\w ]*:/m, "the target of the task exists: $task->{label}");
	}
	for my $one (@configurations) {
		point(defined $tasks{$one->{preLaunchTask}}, "its first task exists: $one->{name}");
		point($one->{program} eq '${workspaceFolder}/build/debug/bulwark.elf', 'its program is what `make debug` builds');
		for my $command (map { $_->{text} } @{$one->{setupCommands}}) {
			point(-e folder($1), "$1 exists") if $command =~ /^source (.*)/;
		}
	}
	my ($inputs) = grep { $_->{id} eq 'attack' } @{$tasks->{inputs}};
	my @attacks = map { $_->{name} } rows('attacks');
	point("@{$inputs->{options}}" eq "@attacks", 'it offers the attacks of attacks.def');
}

sub console {
	return map { '-interpreter-exec console "' . folder($_->{text}) . '"' } @_;
}

sub commands {
	my ($port) = @_;
	my ($first, $second) = @configurations;
	my $server = $first->{miDebuggerServerAddress} =~ s/:\K\d+/$port/r;
	my %done = map { $_->{text} => 1 } @{$first->{postRemoteConnectCommands}};
	return console(@{$first->{setupCommands}}), '-file-exec-and-symbols ' . folder($first->{program}),
		"-target-select remote $server", console(@{$first->{postRemoteConnectCommands}}), '-stack-info-frame',
		console(grep { !$done{$_->{text}} } @{$second->{postRemoteConnectCommands}}), '-gdb-exit';
}

if ($ARGV[0] eq '--check') {
	check();
} else {
	print "$_\n" for commands($ARGV[0]);
}
