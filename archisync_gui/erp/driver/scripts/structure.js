// The structure of a list page without any content: kinds of controls, columns, presets, toolbar, header rows. For the
// conformance report, and as evidence of a page that the driver does not understand.
(reader => {
  "use strict";

  const kindOf = control => (control && control.constructor && control.constructor.name) || "?";

  // An id without its long numbers: ids differ between pages by these only.
  const anonymous = id => id.replace(/\d{4,}/g, "#");

  function columnTypes(grid) {
    const found = {};
    for (const column of reader.columns(grid)) {
      const editor = typeof grid.GetAutoFilterEditor === "function" ? grid.GetAutoFilterEditor(column.i) : null;
      if (editor) found[column.field] = kindOf(editor);
    }
    return found;
  }

  function toolbar() {
    const items = [];
    for (const item of document.querySelectorAll("li[id*='mainMenu_Menu_DXI']")) {
      const found = /_DXI(\d+)_$/.exec(item.id);
      const text = (item.title || reader.plainText(item)).trim().split("\n")[0].slice(0, 60);
      const box = item.querySelector("input[id$='_Cb_I']");
      if (found) items.push({ index: Number(found[1]), text, combo: box ? box.id.replace(/_I$/, "") : "" });
    }
    return items;
  }

  function headerRows(grid) {
    const prefix = grid.name + "_DXHeadersRow";
    return [...reader.root(grid).querySelectorAll(`tr[id^='${CSS.escape(prefix)}']`)].map(row => row.children.length);
  }

  reader.structure = () => {
    const grid = reader.findGrid();
    const controls = {};
    for (const control of reader.everyControl()) controls[kindOf(control)] = (controls[kindOf(control)] || 0) + 1;
    const page = { path: location.pathname, version: reader.version(), controls, grid: null };
    if (!grid) return JSON.stringify(page);
    const rows = reader.dataRows(grid), first = rows.length ? [...rows[0].cells] : [];
    const head = reader.header(grid);
    page.grid = {
      id: anonymous(grid.name), kind: kindOf(grid), headerTable: !!document.getElementById(grid.name + "_DXHeaderTable"),
      headerRows: headerRows(grid), cells: rows.length ? rows[0].cells.length : null,
      columns: reader.columns(grid), editors: columnTypes(grid), sizes: reader.offeredSizes(grid), toolbar: toolbar(),
      numbers: head.numbers || [], problem: head.problem || "",
      boxes: first.filter(cell => reader.checkbox(cell) !== null).length,
      scripts: first.filter(cell => cell.querySelector("script")).length,
      nullTexts: [...reader.root(grid).querySelectorAll("input[id*='_DXFREditorcol']")]
        .filter(input => input.value && reader.isNullText(input)).length,
      filterBar: !!document.getElementById(grid.name + "_DXFilterBar"),
      optionsRendered: reader.combos().some(combo => document.getElementById(combo.id + "_DDD_L_LBI0T0")),
      pageRowSize: Number.isInteger(grid.pageRowSize) ? grid.pageRowSize : null,
      keys: (reader.rowKeys(grid, 0) || []).filter(key => key !== null).length, rows: rows.length,
      presets: reader.combos().map(combo => ({ id: combo.id, values: combo.items.map(item => item[0]) })),
      functions: ["GetPageRowValues", "GetRowValues", "GetRowKey", "GetAutoFilterEditor", "GetTopVisibleIndex"]
        .filter(name => typeof grid[name] === "function"),
    };
    return JSON.stringify(page);
  };
})(window.archisyncReader);
