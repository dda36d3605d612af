// Reads the grid's table: which cell holds which field, and the texts of the cells. Nothing is guessed: if the table is
// not as expected, `problem` names the reason and the read is refused.
(reader => {
  "use strict";

  // The text of a cell with an unknown image only: the cell has no text, but is not empty either.
  const PICTURE = "\ufffc";

  // An empty cell, or one that shows the ERP's word for "no value" or only an image, which may appear before the text.
  const blank = text => !text || ["", "N/A", PICTURE].includes(text.trim());

  const BLOCKS = new Set(["DIV", "P", "LI", "UL", "OL", "TABLE", "TR", "TD", "TH"]);

  const NO_TEXT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT"]);

  const isHidden = element => element.hidden || getComputedStyle(element).display === "none";

  // The visible text, without scripts, styles and hidden elements, and with the selected option only of a <select>;
  // with line breaks, and one around each block element.
  function walk(node, parts) {
    for (const child of node.childNodes) {
      if (child.nodeType === 3) parts.push(child.data);
      else if (child.nodeType === 1) {
        if (NO_TEXT.has(child.tagName) || isHidden(child)) continue;
        if (child.tagName === "SELECT") {
          parts.push("\n", ...[...child.selectedOptions].map(option => option.text), "\n");
          continue;
        }
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

  const BOXES = "[class*='hecked'], [class*='Grayed'], [class*='dxICheckBox'], input[type='checkbox'], "
    + "[role='checkbox'], img[alt]";

  const STATES = { true: "Checked", checked: "Checked", false: "Unchecked", unchecked: "Unchecked", mixed: "" };

  // The state of a check box, however it is drawn: "Checked", "Unchecked", or "" for neither; null: no check box.
  function checkbox(node) {
    for (const box of node.querySelectorAll(BOXES)) {
      const name = box.getAttribute("class") || "";
      if (/CheckBoxUnchecked|(^|[^A-Za-z])Unchecked/.test(name)) return "Unchecked";
      if (/CheckBoxChecked|(^|[^A-Za-z])Checked/.test(name)) return "Checked";
      if (/dxICheckBox/.test(name)) return "";
      const state = box.type === "checkbox" ? (box.indeterminate ? "mixed" : String(box.checked))
        : box.getAttribute("aria-checked") || (box.alt || "").trim().toLowerCase();
      if (Object.hasOwn(STATES, state)) return STATES[state];
    }
    return null;
  }

  // The values of the visible text fields of a cell.
  function typedText(cell) {
    const seen = [...cell.querySelectorAll("input, textarea")].filter(field =>
      !/^(hidden|checkbox|radio|button|submit|image|file)$/.test(field.type) && field.offsetWidth > 8
      && getComputedStyle(field).opacity !== "0" && !field.closest("[class*='NullText']"));
    return seen.map(field => field.value).join("\n");
  }

  function cellText(cell) {
    const text = plainText(cell);
    if (!cell.firstElementChild) return text;
    const box = checkbox(cell);
    // A check box may have a caption, which does not show its state.
    if (box !== null && (blank(text) || (box && cell.querySelector("[class*='dxICheckBox']")))) return box;
    if (!blank(text)) return text;
    return typedText(cell) || (cell.querySelector("img, svg, canvas") ? PICTURE : text);
  }

  const ROWS = "tr[id*='_DXDataRow']";

  // The rows of this grid that hold records, with the visible index from their id. Rows of nested grids and the hidden
  // template row of batch editing have other ids.
  function dataRows(grid) {
    const prefix = grid.name + "_DXDataRow", rows = [];
    for (const row of reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(prefix)}']`)) {
      const number = row.id.slice(prefix.length);
      if (/^\d+$/.test(number)) rows.push({ index: Number(number), cells: row.children, text: () => row.textContent });
    }
    return rows;
  }

  // The number of rows that the grid claims to show; null where it does not say.
  const claimed = grid => (typeof grid.GetVisibleRowsOnPage === "function" ? grid.GetVisibleRowsOnPage() : null);

  // Whether the table has all its rows. The grid's own count includes group rows.
  function rowsAreThere(grid, found) {
    const due = reader.position(grid).due;
    if (found >= due) return true;
    const groups = reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(grid.name)}_DXGroupRow']`);
    return found + groups.length >= due;
  }

  // The column numbers of the header cells in order (-1: a cell without a number, which shows no field), or a problem.
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

  // The position of each wanted field in a row: { at: [index or -1], cells: number of cells, twice }, or a problem.
  function mapping(grid, wanted) {
    // Of several elements with one id, `getElementById` returns the first, which may be a hidden leftover.
    const roots = document.querySelectorAll("#" + CSS.escape(grid.name)).length;
    if (roots > 1) return { problem: "twice", found: String(roots) };
    const found = header(grid);
    if (found.problem) return found;
    const fields = new Map(reader.columns(grid).map(c => [c.i, c.field]));
    const names = found.numbers.map(n => (n < 0 ? "" : fields.get(n) || ""));
    const at = wanted.map(field => names.indexOf(field));
    // Fields that two columns show, with the positions of both: their texts are compared.
    const twice = wanted.map((field, n) => [field, at[n], names.lastIndexOf(field)])
      .filter(([, first, last]) => first !== last);
    return { at, cells: names.length, twice };
  }

  // Whether each row has text in at least one mapped cell. Command cells and file cells are not mapped. Check boxes do
  // not count: their images appear before the texts.
  function painted(rows, map) {
    return rows.every(row => map.at.some(at => at >= 0 && row.cells[at] && !blank(plainText(row.cells[at]))));
  }

  // Fields with a text in nearly every row of the last page. Pages of fewer rows than FEWEST are not considered.
  const dense = new Set();
  const FEWEST = 5, NEARLY = 0.9;

  // Whether a column that was filled on the page before has no text at all: its texts are probably still to come.
  function columnsLate(rows, map, wanted) {
    if (rows.length < FEWEST) return false;
    const empty = at => rows.every(row => !row.cells[at] || blank(cellText(row.cells[at])));
    return wanted.some((field, n) => dense.has(field) && map.at[n] >= 0 && empty(map.at[n]));
  }

  // Notes which columns are filled on this page. A column without any text is no longer waited for on the next page.
  function noteDense(texts, wanted) {
    if (texts.length < FEWEST) return;
    wanted.forEach((field, n) => {
      const filled = texts.filter(row => !blank(row[n])).length;
      if (filled >= NEARLY * texts.length) dense.add(field);
      else if (!filled) dense.delete(field);
    });
  }

  // The texts of the wanted fields, row by row; null: the column is not shown.
  function readCells(grid, wanted) {
    const map = mapping(grid, wanted), rows = dataRows(grid);
    if (map.problem) return { problem: map.problem, found: map.found, rows: [] };
    const odd = rows.find(row => row.cells.length !== map.cells);
    if (odd) return { problem: "row-shape", found: `${odd.cells.length} / ${map.cells}`, rows: [] };
    for (const [field, first, last] of map.twice)
      if (rows.some(row => cellText(row.cells[first]) !== cellText(row.cells[last])))
        return { problem: "column-twice", found: field, rows: [] };
    const texts = rows.map(row => map.at.map(at => (at < 0 ? null : cellText(row.cells[at]))));
    noteDense(texts, wanted);
    return {
      rows: texts,
      shown: wanted.filter((_, n) => map.at[n] >= 0),
      painted: painted(rows, map),
    };
  }

  // Whether the rows and their texts are there: "no", "late" (all but those of a column), "yes".
  function paint(grid, wanted) {
    const map = mapping(grid, wanted), rows = dataRows(grid);
    if (map.problem) return "yes"; // `readCells` returns the problem
    if (!rowsAreThere(grid, rows.length) || !painted(rows, map)) return "no";
    return columnsLate(rows, map, wanted) ? "late" : "yes";
  }

  // Seconds to wait for the texts of such a column. System rows and older records may have none: then a read waits this
  // time once.
  const LATE = 1.5;

  // The texts and the keys of the rows shown.
  const onShow = grid => ({ texts: dataRows(grid).map(row => row.text()), keys: reader.rowKeys(grid, 0) });

  // Whether the table still shows the rows of `before` a call although the client has other rows' keys: the table may
  // be redrawn shortly after the end of the callback.
  function isOld(grid, before) {
    if (!before || !before.keys || before.texts.length < 2) return false;
    const now = onShow(grid);
    if (now.texts.length !== before.texts.length || now.texts.some((text, n) => text !== before.texts[n])) return false;
    const others = now.keys.filter((key, n) => key !== before.keys[n]);
    return others.length * 2 > now.keys.length;
  }

  // Whether a mutation changes the rows; that of a clock or of the pager does not.
  function isOfRows({ target, addedNodes, removedNodes }) {
    const element = target.nodeType === 1 ? target : target.parentElement;
    const hasRow = node => node.nodeType === 1 && (node.matches("tr") || !!node.querySelector("tr"));
    return !!element && (!!element.closest(ROWS) || [...addedNodes, ...removedNodes].some(hasRow));
  }

  // Waits until the rows and their texts are there, which is shortly after the end of a callback, are not those of
  // `before` the call, and have not changed for `calm` seconds, since texts may come one by one. Returns whether they
  // are there after at most `limit` seconds.
  async function filled(grid, wanted, limit, calm, before = null) {
    const isPainted = () => paint(grid, wanted) !== "no";
    if (!calm && isPainted()) return true;
    return await new Promise(resolve => {
      let rest = 0;
      const observer = new MutationObserver(all => { if (all.some(isOfRows)) look(); });
      const timer = setTimeout(finish, limit * 1000);
      function look() {
        clearTimeout(rest);
        const now = isOld(grid, before) ? "no" : paint(grid, wanted);
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

  // The total in the grid's own footer, `Count=1.110`, with any thousands separator.
  function footer(grid) {
    const row = reader.part(grid, "_DXFooterRow");
    for (const cell of row ? row.children : []) {
      const found = /Count\s*=\s*(\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)|\d+)/.exec(plainText(cell));
      if (found) return Number(found[1].replace(/\D/g, ""));
    }
    return null;
  }

  Object.assign(reader, {
    plainText, cellText, checkbox, blank, dataRows, claimed, header, readCells, filled, footer, onShow, isOld,
  });

  reader.emptyRows = async (wanted, limit) => {
    const grid = reader.needGrid();
    const done = await filled(grid, wanted, limit, 0);
    return JSON.stringify({ rows: dataRows(grid).length, painted: done });
  };
})(window.archisyncReader);
