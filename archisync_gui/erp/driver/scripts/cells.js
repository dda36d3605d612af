// Reads the grid's table: which cell holds which field, and the texts of the cells. Nothing is guessed: what does not
// fit is named (`problem`) and the read is refused.
(reader => {
  "use strict";

  // An empty cell, or one that shows the ERP's word for "no value".
  const blank = text => !text || !text.trim() || text.trim() === "N/A";

  const BLOCKS = new Set(["DIV", "P", "LI", "UL", "OL", "TABLE", "TR", "TD", "TH"]);

  // The text that a person sees: no scripts, no styles, nothing hidden; line breaks kept, and one around each block.
  function walk(node, parts) {
    for (const child of node.childNodes) {
      if (child.nodeType === 3) parts.push(child.data);
      else if (child.nodeType === 1) {
        if (child.tagName === "SCRIPT" || child.tagName === "STYLE") continue;
        if (child.hidden || child.style.display === "none") continue;
        const block = BLOCKS.has(child.tagName);
        if (block || child.tagName === "BR") parts.push("\n");
        walk(child, parts);
        if (block) parts.push("\n");
      }
    }
  }

  function plainText(node) {
    if (!node.firstElementChild) return node.textContent;
    const parts = [];
    walk(node, parts);
    return parts.join("");
  }

  // "Checked" or "Unchecked" for a box that is drawn as an image, "" for one that is neither; null: there is no box.
  function checkbox(node) {
    for (const box of node.querySelectorAll("[class*='hecked'], [class*='Grayed'], [class*='dxICheckBox']")) {
      if (/CheckBoxUnchecked|(^|[^A-Za-z])Unchecked/.test(box.className)) return "Unchecked";
      if (/CheckBoxChecked|(^|[^A-Za-z])Checked/.test(box.className)) return "Checked";
      if (/dxICheckBox/.test(box.className)) return "";
    }
    return null;
  }

  function cellText(cell) {
    const text = plainText(cell);
    if (blank(text) && cell.firstElementChild) {
      const box = checkbox(cell);
      if (box !== null) return box;
    }
    return text;
  }

  // The rows of this grid that hold records, with the visible index that their id tells. Rows of nested grids and the
  // hidden row that batch editing copies have other ids.
  function dataRows(grid) {
    const prefix = grid.name + "_DXDataRow", rows = [];
    for (const row of reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(prefix)}']`)) {
      const number = row.id.slice(prefix.length);
      if (/^\d+$/.test(number)) rows.push({ index: Number(number), cells: row.children });
    }
    return rows;
  }

  // Rows that the grid says it shows; null where it does not tell.
  const claimed = grid => (typeof grid.GetVisibleRowsOnPage === "function" ? grid.GetVisibleRowsOnPage() : null);

  // Whether the table holds all rows that it must have; the grid counts group rows, too.
  function rowsAreThere(grid, found) {
    const due = reader.position(grid).due;
    if (found >= due) return true;
    const groups = reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(grid.name)}_DXGroupRow']`);
    return found + groups.length >= due;
  }

  // Column numbers of the header cells in order (-1: a cell without number, which is a blank field), or a problem.
  function header(grid) {
    const prefix = grid.name + "_DXHeadersRow";
    const rows = [...reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(prefix)}']`)]
      .filter(row => /^\d+$/.test(row.id.slice(prefix.length)));
    if (!rows.length) return { problem: "no-header", found: "" };
    if (rows.length > 1) return { problem: "header-rows", found: String(rows.length) };
    const cells = [...rows[0].children], start = grid.name + "_col";
    if (cells.some(cell => cell.colSpan > 1 || cell.rowSpan > 1)) return { problem: "header-spans", found: "" };
    const numbers = cells.map(cell => {
      const rest = (cell.id || "").startsWith(start) ? cell.id.slice(start.length) : "";
      return /^\d+$/.test(rest) ? Number(rest) : -1;
    });
    return { numbers };
  }

  // Where the wanted fields stand in a row: { at: [index or -1], cells: number of cells, twice }, or a problem.
  function mapping(grid, wanted) {
    const found = header(grid);
    if (found.problem) return found;
    const fields = new Map(reader.columns(grid).map(c => [c.i, c.field]));
    const names = found.numbers.map(n => (n < 0 ? "" : fields.get(n) || ""));
    const at = wanted.map(field => names.indexOf(field));
    // A field that two columns show: both places, to be compared.
    const twice = wanted.map((field, n) => [field, at[n], names.lastIndexOf(field)]).filter(([, one, other]) => one !== other);
    return { at, cells: names.length, twice };
  }

  // Whether each row has text in one of its mapped cells. Command cells and file cells are not mapped; a box drawn as
  // an image is there before the texts are.
  function painted(rows, map) {
    return rows.every(row => map.at.some(at => at >= 0 && row.cells[at] && !blank(plainText(row.cells[at]))));
  }

  // Fields that nearly each row of the last page had. A page of fewer rows than FEWEST says nothing about a column.
  const dense = new Set();
  const FEWEST = 5, NEARLY = 0.9;

  // Whether a column that was filled on the page before has no text at all: its texts are likely still to come.
  function columnsLate(rows, map, wanted) {
    if (rows.length < FEWEST) return false;
    const empty = at => rows.every(row => !row.cells[at] || blank(cellText(row.cells[at])));
    return wanted.some((field, n) => dense.has(field) && map.at[n] >= 0 && empty(map.at[n]));
  }

  // Note which columns this page has filled. One that was waited for in vain is not waited for on the next page.
  function noteDense(texts, wanted) {
    if (texts.length < FEWEST) return;
    wanted.forEach((field, n) => {
      const filled = texts.filter(row => !blank(row[n])).length;
      if (filled >= NEARLY * texts.length) dense.add(field);
      else if (!filled) dense.delete(field);
    });
  }

  // Texts of the wanted fields row by row; null: the column is not shown.
  function readCells(grid, wanted) {
    const map = mapping(grid, wanted), rows = dataRows(grid);
    if (map.problem) return { problem: map.problem, found: map.found, rows: [] };
    const odd = rows.find(row => row.cells.length !== map.cells);
    if (odd) return { problem: "row-shape", found: `${odd.cells.length} / ${map.cells}`, rows: [] };
    for (const [field, one, other] of map.twice)
      if (rows.some(row => cellText(row.cells[one]) !== cellText(row.cells[other])))
        return { problem: "column-twice", found: field, rows: [] };
    const texts = rows.map(row => map.at.map(at => (at < 0 ? null : cellText(row.cells[at]))));
    noteDense(texts, wanted);
    return {
      rows: texts,
      shown: wanted.filter((_, n) => map.at[n] >= 0),
      painted: painted(rows, map),
    };
  }

  // Whether the rows and their texts are there: "no", "late" (all but a column's), "yes".
  function paint(grid, wanted) {
    const map = mapping(grid, wanted), rows = dataRows(grid);
    if (map.problem) return "yes"; // a problem is told when the cells are read
    if (!rowsAreThere(grid, rows.length) || !painted(rows, map)) return "no";
    return columnsLate(rows, map, wanted) ? "late" : "yes";
  }

  // Seconds for a column's texts. System rows and older records may have none: then each read waits in vain once.
  const LATE = 1.5;

  // Waits until the rows and their texts are there, which is a little after a callback ended, and have not changed for
  // `calm` seconds: texts may come one by one. A mutation tells when.
  async function filled(grid, wanted, limit, calm) {
    const isPainted = () => paint(grid, wanted) !== "no";
    if (!calm && isPainted()) return true;
    return await new Promise(resolve => {
      let rest = 0;
      const observer = new MutationObserver(look);
      const timer = setTimeout(finish, limit * 1000);
      function look() {
        clearTimeout(rest);
        const now = paint(grid, wanted);
        if (now !== "no") rest = setTimeout(finish, (now === "late" ? LATE : calm) * 1000);
      }
      function finish() {
        observer.disconnect();
        clearTimeout(timer);
        clearTimeout(rest);
        resolve(isPainted());
      }
      observer.observe(reader.root(grid), { childList: true, subtree: true, characterData: true });
      look();
    });
  }

  // The grid's own footer: `Count=1.110`, with whatever groups the digits.
  function footer(grid) {
    const row = reader.part(grid, "_DXFooterRow");
    for (const cell of row ? row.children : []) {
      const found = /Count\s*=\s*(\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)|\d+)/.exec(plainText(cell));
      if (found) return Number(found[1].replace(/\D/g, ""));
    }
    return null;
  }

  Object.assign(reader, { plainText, cellText, checkbox, blank, dataRows, claimed, header, readCells, filled, footer });

  reader.emptyRows = async (wanted, limit) => {
    const grid = reader.needGrid();
    const done = await filled(grid, wanted, limit, 0);
    return JSON.stringify({ rows: dataRows(grid).length, painted: done });
  };
})(window.archisyncReader);
