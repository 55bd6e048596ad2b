# Time relative to xpfo=off by variant: published on 4 and 96 cores, Bulwark with its spread.
set logscale y
set yrange [0.5:]
set ytics (0.5, 1, 1.5, 2, 3, 5, 10, 20, 50)
set format y '%g'
set ylabel 'time / xpfo=off'
set xtics scale 0
set style histogram errorbars gap 1 lw 1
set style data histogram
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb 'gray' dt 2
plot data using 2:2:2:xtic(1) title columnheader(2) lc rgb other2, \
	'' using 3:3:3 title columnheader(3) lc rgb other1, \
	'' using 4:5:6 title columnheader(4) lc rgb ours
