/* What the page does beyond showing: the panel that explains a cell, arrow keys, the filter, the choices, the theme. */
"use strict";

const byId = (id) => document.getElementById(id);

/* An element with text, class and children; text from data never becomes HTML. */
function make(tag, options = {}, ...children) {
	const element = document.createElement(tag);
	if (options.text !== undefined) { element.textContent = options.text; }
	if (options.className) { element.className = options.className; }
	if (options.href) { element.href = options.href; }
	element.append(...children);
	return element;
}

function sign(outcome) {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
	use.setAttribute("href", "#g-" + outcome.toLowerCase());
	svg.setAttribute("class", "g");
	svg.setAttribute("aria-hidden", "true");
	svg.append(use);
	return svg;
}

function isDocked() { return matchMedia("(max-width: 1180px)").matches; }

/* The panel: what a cell explains. */
const panel = {
	root: byId("panel"),
	body: byId("panel-body"),

	fill(data, row, column, id) {
		const cell = data.cells[row][column];
		const name = data.rows[row].name;
		const title = make("h3", {}, make("code", { text: name }), make("span", { text: "with " + data.columns[column] }));
		this.body.replaceChildren(title);
		if (!cell) {
			this.body.append(make("p", { text: "This pair was not run." }));
			return;
		}
		const badge = make("span", { className: "badge " + cell.outcome.toLowerCase() }, sign(cell.outcome), cell.outcome);
		const verdict = make("p", { className: "outcome" }, badge, " " + data.outcomes[cell.outcome]);
		this.body.append(verdict);
		if (!cell.expected) {
			this.body.append(make("p", { className: "odd-note", text: "This is not what the options call for." }));
		}
		const facts = make("dl", { className: "facts" });
		for (const [label, text] of cell.facts) {
			facts.append(make("div", {}, make("dt", { text: label }), make("dd", { text: text })));
		}
		this.body.append(facts);
		const repeat = make("pre", { className: "repeat" }, make("code", { text: cell.repeat }));
		repeat.tabIndex = 0;
		this.body.append(make("p", { className: "label", text: "To repeat it" }), repeat);
		this.words("What the attack printed", cell.said);
		this.words("The kernel's own words", cell.text);
		const links = make("p", {}, make("a", { className: "go", href: "#" + data.rows[row].anchor, text: "Step by step" }));
		links.append(" ", make("a", { className: "own", href: "#" + id, text: "Link to this cell" }));
		this.body.append(links);
	},

	words(label, text) {
		if (text.trim() === "") { return; }
		const pre = make("pre", {}, make("code", { text: text.trimEnd() }));
		pre.tabIndex = 0;
		this.body.append(make("details", {}, make("summary", { text: label }), pre));
	},

	open() { this.root.classList.add("open"); },

	close() {
		this.root.classList.remove("open");
		this.body.replaceChildren(make("p", { className: "hint", text: "Choose a cell: here stands what happened in it, and why." }));
	},
};

/* The matrix: one stop of the tab key, moved within by arrow keys. */
const grid = {
	table: byId("grid"),
	data: null,
	cells: [],
	at: null,
	pinned: null,

	start(data) {
		this.data = data;
		this.table.setAttribute("role", "grid");
		this.table.setAttribute("aria-describedby", "grid-keys");
		byId("matrix-box").removeAttribute("tabindex");
		this.cells = [...this.table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td")]);
		this.cells.forEach((row, y) => row.forEach((cell, x) => {
			cell.tabIndex = -1;
			cell.dataset.at = y + "," + x;
		}));
		if (this.cells.length && this.cells[0].length) { this.cells[0][0].tabIndex = 0; }
		this.table.addEventListener("focusin", (event) => this.onCell(event, (y, x) => this.show(y, x)));
		this.table.addEventListener("click", (event) => this.onCell(event, (y, x) => this.pin(y, x)));
		this.table.addEventListener("pointerover", (event) => {
			if (event.pointerType === "mouse" && !isDocked() && !this.pinned) { this.onCell(event, (y, x) => this.show(y, x)); }
		});
		this.table.addEventListener("keydown", (event) => this.key(event));
	},

	onCell(event, act) {
		const cell = event.target.closest("td[data-at]");
		if (cell) { act(...cell.dataset.at.split(",").map(Number)); }
	},

	mark(name, y, x) {
		this.table.querySelectorAll("." + name).forEach((element) => element.classList.remove(name));
		if (y === undefined) { return; }
		this.cells[y][x].classList.add(name);
		this.cells[y][x].parentElement.cells[0].classList.add(name);
		this.table.querySelectorAll("th.variant")[x].classList.add(name);
	},

	show(y, x) {
		this.mark("here", y, x);
		panel.fill(this.data, y, x, this.cells[y][x].id);
		panel.open();
	},

	/* The address names the cell, so that it can be sent to somebody. */
	pin(y, x) {
		this.pinned = [y, x];
		history.replaceState(null, "", "#" + this.cells[y][x].id);
		this.go(y, x);
		this.show(y, x);
	},

	go(y, x) {
		const cell = this.cells[y][x];
		this.table.querySelectorAll("td[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
		cell.tabIndex = 0;
		cell.focus();
	},

	/* The next row that the filter shows. */
	row(y, step) {
		for (let next = y + step; next >= 0 && next < this.cells.length; next += step) {
			if (!this.cells[next][0].parentElement.hidden) { return next; }
		}
		return y;
	},

	key(event) {
		const cell = event.target.closest("td[data-at]");
		if (!cell || event.altKey || event.metaKey) { return; }
		const [y, x] = cell.dataset.at.split(",").map(Number);
		const last = this.cells[y].length - 1;
		const all = event.ctrlKey;
		const moves = {
			ArrowLeft: () => [y, Math.max(0, x - 1)],
			ArrowRight: () => [y, Math.min(last, x + 1)],
			ArrowUp: () => [this.row(y, -1), x],
			ArrowDown: () => [this.row(y, 1), x],
			Home: () => [all ? this.row(-1, 1) : y, 0],
			End: () => [all ? this.row(this.cells.length, -1) : y, last],
		};
		if (moves[event.key]) {
			event.preventDefault();
			this.pinned = null;
			this.go(...moves[event.key]());
		} else if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			this.pin(y, x);
			panel.root.focus();
		}
	},

	leave() {
		this.pinned = null;
		this.mark("here");
		panel.close();
	},
};

function startFilter() {
	const field = byId("filter");
	const count = byId("filter-count");
	const rows = [...grid.table.tBodies[0].rows];
	field.closest(".matrix-tools").hidden = false;
	field.addEventListener("input", () => {
		const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
		for (const row of rows) { row.hidden = !words.every((word) => row.dataset.words.includes(word)); }
		const shown = rows.filter((row) => !row.hidden);
		count.textContent = words.length ? shown.length + " of " + rows.length : "";
		grid.table.querySelectorAll("td[tabindex='0']").forEach((cell) => { cell.tabIndex = -1; });
		if (shown.length) { shown[0].querySelector("td").tabIndex = 0; }
	});
}

function startChoices() {
	for (const select of document.querySelectorAll("select[data-for]")) {
		select.parentElement.hidden = false;
		select.addEventListener("change", () => {
			for (const choice of byId(select.dataset.for).children) { choice.hidden = choice.dataset.choice !== select.value; }
		});
	}
}

function startTheme() {
	const button = byId("theme");
	const themes = ["system", "light", "dark"];
	const remember = { get() { try { return localStorage.getItem("theme"); } catch { return null; } },
		set(value) { try { localStorage.setItem("theme", value); } catch { /* a page from disk may have no store */ } } };
	const apply = (theme) => {
		document.documentElement.dataset.theme = theme;
		button.querySelector("span").textContent = theme;
	};
	apply(themes.includes(remember.get()) ? remember.get() : "system");
	button.hidden = false;
	button.addEventListener("click", () => {
		const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
		apply(next);
		remember.set(next);
	});
}

/* Which page is shown is decided by the style sheet from the address; here the reader is put at its start. */
function arrive() {
	const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
	if (!target) { return; }
	if (target.dataset.at) {
		grid.pin(...target.dataset.at.split(",").map(Number));
		return;
	}
	const heading = target.querySelector("h2");
	if (target.classList.contains("attack")) {
		if (grid.table) { grid.leave(); }
		document.title = heading.textContent + ", Bulwark";
		scrollTo(0, 0);
	} else {
		document.title = "Bulwark: attacks and defences";
	}
	if (heading) { heading.focus({ preventScroll: true }); }
}

function escape(event) {
	if (event.key !== "Escape") { return; }
	const here = grid.table && grid.table.querySelector("td.here");
	if (here && (panel.root.contains(document.activeElement) || panel.root.classList.contains("open"))) {
		const wasInPanel = panel.root.contains(document.activeElement);
		if (wasInPanel) { here.focus(); }
		grid.leave();
	} else if (document.querySelector(".attack:target")) {
		location.hash = "#matrix";
	}
}

if (grid.table) {
	grid.start(JSON.parse(byId("cells").textContent));
	startFilter();
}
byId("panel-close").addEventListener("click", () => {
	const here = grid.table.querySelector("td.here");
	if (here) { here.focus(); }
	grid.leave();
});
startChoices();
startTheme();
addEventListener("hashchange", arrive);
addEventListener("keydown", escape);
arrive();
