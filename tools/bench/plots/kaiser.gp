# KAISER by variant. Left: instructions of a null system call. Right: calls a second relative to kaiser=off.
set multiplot layout 1, 2
set style data histogram
set yrange [0:]
set xtics scale 0
set ylabel 'instructions per null call'
plot data using 2:xtic(1) title columnheader(2) lc rgb ours, '' using 3 title columnheader(3) lc rgb aim
set ylabel 'calls a second / kaiser=off'
plot data using 4:xtic(1) title columnheader(4) lc rgb other1, '' using 5 title columnheader(5) lc rgb ours
unset multiplot
