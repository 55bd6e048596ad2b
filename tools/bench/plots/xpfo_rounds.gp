# TLB shootdown rounds per user page by number of processors, a line a variant.
set style data linespoints
set logscale x 2
set xrange [1:256]
set xlabel 'processors'
set ylabel 'rounds per user page'
set yrange [-0.05:]
set format x '%.0f'
set xtics (1, 2, 4, 16, 96, 255)
set pointsize 0.8
set for [i = 1:6] linetype i lw 1.6 pt i + 3
plot data using 1:2 title columnheader(2) lc rgb 'gray' pt 4, \
	'' using 1:3 title columnheader(3) lc rgb other2 pt 6, \
	'' using 1:4 title columnheader(4) lc rgb other1 pt 7, \
	'' using 1:5 title columnheader(5) lc rgb other3 pt 8, \
	'' using 1:6 title columnheader(6) lc rgb other4 pt 10, \
	'' using 1:7 title columnheader(7) lc rgb ours pt 5
