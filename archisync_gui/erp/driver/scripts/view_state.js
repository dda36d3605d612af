// The state of a list as the user has set it: filters, search, grouping, sort order, page, page size, preset. It is
// read from the controls, not from input elements: an input without a value has its null text as its value.
(reader => {
  "use strict";

  const byName = name => reader.collection().GetByName(name);
  const isNullText = element => !!element.closest("[class*='NullText']");

  // { value, text } for an editor with a value, null for an empty one, { unknown } for one that cannot be read.
  function editorValue(control) {
    try { return askEditor(control); } catch { return { unknown: true }; }
  }

  function askEditor(control) {
    if (!control || typeof control.GetValue !== "function") return { unknown: true };
    const value = control.GetValue();
    if (value === null || value === undefined || value === "") return null;
    const text = typeof control.GetText === "function" ? String(control.GetText()) : String(value);
    // The text that the grid's own filter row would send; dates have a special notation there.
    const sent = typeof control.GetValueString === "function" ? control.GetValueString() : value;
    if (typeof sent !== "string" && typeof sent !== "number" && typeof sent !== "boolean") return { unknown: true };
    return { value: String(sent), text };
  }

  function operatorOf(grid, i) {
    const all = grid.filterRowConditions;
    const found = all && all[i];
    return found === undefined || found === null ? null : String(found);
  }

  function filterRow(grid, columns) {
    const row = [], unknown = [], asked = new Set();
    for (const column of columns) {
      const editor = (typeof grid.GetAutoFilterEditor === "function" && grid.GetAutoFilterEditor(column.i))
        || byName(`${grid.name}_DXFREditorcol${column.i}`);
      if (!editor) continue;
      asked.add(column.i);
      const held = editorValue(editor);
      if (held && held.unknown) unknown.push(`${column.field}: ${editor.constructor.name}`);
      else if (held) row.push({ field: column.field, ...held, operator: operatorOf(grid, column.i) });
    }
    for (const input of reader.root(grid).querySelectorAll(`input[id^='${CSS.escape(grid.name)}_DXFREditorcol']`)) {
      const found = /_DXFREditorcol(\d+)_I$/.exec(input.id);
      if (found && !asked.has(Number(found[1])) && input.value && !isNullText(input)) unknown.push(input.id);
    }
    return { row, unknown };
  }

  // The text of a search box; "" for an empty or missing one. One that cannot be read is added to `unknown`.
  function searchText(input, unknown) {
    if (!input) return "";
    const control = byName(input.id.replace(/_I$/, ""));
    if (!control) {
      if (input.value && !isNullText(input)) unknown.push(input.id);
      return "";
    }
    const held = editorValue(control);
    if (held && held.unknown) unknown.push(input.id);
    return held && !held.unknown ? held.value : "";
  }

  const toolbarSearch = () => document.querySelector("input[id*='SearchAC'][id$='_Ed_I']");

  // The filter of the filter builder; "": none, or one that is switched off.
  function builder(grid) {
    const bar = reader.part(grid, "_DXFilterBar");
    if (!bar) return "";
    const box = bar.querySelector("input[id$='CBFilterEnabled_S']");
    return box && box.value === "U" ? "" : reader.plainText(bar).trim() || "?";
  }

  function fromHeader(grid, columns) {
    const filtered = [], sorted = [], grouped = [];
    const fieldOf = element => {
      const cell = element.closest("[id*='_col'], [id*='_groupcol']");
      const found = cell && /_(?:group)?col(\d+)$/.exec(cell.id);
      const column = found && columns.find(c => c.i === Number(found[1]));
      return column ? column.field : "";
    };
    const cells = `[id^='${CSS.escape(grid.name)}_col'] img, [id^='${CSS.escape(grid.name)}_groupcol'] img`;
    for (const image of reader.root(grid).querySelectorAll(cells)) {
      const field = fieldOf(image), inGroup = !!image.closest("[id*='_groupcol']");
      if (/HeaderFilterActive/.test(image.className) || image.alt === "Filtered") filtered.push(field);
      const order = /HeaderSortUp/.test(image.className) || image.alt === "Ascending" ? "ASC"
        : /HeaderSortDown/.test(image.className) || image.alt === "Descending" ? "DSC" : "";
      if (order) sorted.push({ field, order, inGroup });
    }
    for (const cell of reader.root(grid).querySelectorAll(`[id^='${CSS.escape(grid.name)}_groupcol']`)) {
      const found = /_groupcol(\d+)$/.exec(cell.id);
      if (found) grouped.push(fieldOf(cell));
    }
    return { filtered: [...new Set(filtered)], sorted, grouped: [...new Set(grouped)] };
  }

  // The sort order: from the client's columns if they have it, else from the header images, which do not show which of
  // several sorted columns comes first (`sure` is false then).
  function sortOrder(columns, shown) {
    const known = columns.filter(c => c.sortOrder !== null && c.sortIndex !== null);
    if (known.length) {
      const sorted = known.filter(c => c.sortIndex >= 0 && (c.sortOrder === "ASC" || c.sortOrder === "DSC"));
      sorted.sort((a, b) => a.sortIndex - b.sortIndex);
      return { sort: sorted.map(c => [c.field, c.sortOrder]), sure: true };
    }
    const sort = shown.filter(s => !s.inGroup).map(s => [s.field, s.order]);
    return { sort, sure: sort.length < 2 };
  }

  function combos() {
    return reader.everyControl().filter(c => typeof c.GetItemCount === "function" && typeof c.GetItem === "function"
      && typeof c.GetValue === "function" && /mainMenu.*Cb$/i.test(c.name || "")).map(control => {
      const items = [];
      for (let i = 0; i < control.GetItemCount(); i++) {
        const item = control.GetItem(i);
        if (item) items.push([String(item.value), String(item.text).trim()]);
      }
      const at = typeof control.GetSelectedIndex === "function" ? control.GetSelectedIndex() : null;
      // The page's own handler stores the choice that it has sent here (docs/erp.md, Presets).
      const noted = control.xafOldSelectedIndex;
      return { id: control.name, value: String(control.GetValue()), items, at, noted: noted === undefined ? null : noted };
    });
  }

  function filters(grid) {
    const columns = reader.columns(grid), unknown = [];
    const shown = fromHeader(grid, columns);
    const group = columns.filter(c => c.groupIndex !== null && c.groupIndex >= 0)
      .sort((a, b) => a.groupIndex - b.groupIndex).map(c => c.field);
    if (!group.length) group.push(...shown.grouped);
    if (!group.length && reader.root(grid).querySelector(`tr[id^='${CSS.escape(grid.name)}_DXGroupRow']`)) group.push("");
    const row = filterRow(grid, columns);
    const panel = reader.part(grid, "_DXSE_I");
    const search = searchText(panel, unknown), bar = searchText(toolbarSearch(), unknown);
    const sorted = sortOrder(columns, shown.sorted);
    const orderOf = field => {
      const column = columns.find(c => c.field === field && c.sortOrder);
      const image = shown.sorted.find(s => s.field === field);
      return column && column.sortOrder !== "NONE" ? column.sortOrder : image ? image.order : "ASC";
    };
    return {
      row: row.row, unknown: [...row.unknown, ...unknown], search, bar, builder: builder(grid), header: shown.filtered,
      group: group.map(field => [field, orderOf(field)]), sort: sorted.sort, sortSure: sorted.sure, combos: combos(),
    };
  }

  // The rows per page that the grid uses (the size box may show a number that the grid has ignored), and the box's
  // text. `rows` is null if all rows are on one page, or if neither grid nor box has a number.
  function pageSize(grid) {
    const input = reader.part(grid, "_DXPagerBottom_PSI");
    const text = input ? input.value.trim() : null;
    const ofGrid = Number.isInteger(grid.pageRowSize) ? grid.pageRowSize : null;
    // With all rows on one page, the box shows a word, and the grid may still have the size from before.
    if (text && !/^\d+$/.test(text)) return { rows: null, text };
    return { rows: ofGrid ?? (text ? Number(text) : null), text };
  }

  // The page sizes that the pager offers; empty if it does not list them.
  function offeredSizes(grid) {
    const popup = reader.part(grid, "_DXPagerBottom_PSP");
    return popup ? [...popup.querySelectorAll("li")].map(item => reader.plainText(item).trim()).filter(Boolean) : [];
  }

  // The number of pages. If the pager shows a higher number than the grid has pages, that many have to be read.
  function pageCount(grid) {
    const pager = reader.part(grid, "_DXPagerBottom");
    const shown = [...(pager ? pager.querySelectorAll(".dxp-num") : [])].map(number => number.textContent.trim());
    return Math.max(grid.GetPageCount(), ...shown.filter(text => /^\d+$/.test(text)).map(Number));
  }

  // How many rows the table must have: those that it has, or more if the grid claims more. The claim is ignored if the
  // footer's total says that the table is complete, or if the grid shows its row for an empty list.
  function due({ index, size, footer, empty, claimed }, shown) {
    const complete = footer !== null && size && shown === Math.min(size, footer - index * size);
    return empty || complete ? shown : Math.max(shown, claimed || 0);
  }

  function position(grid) {
    const size = pageSize(grid);
    const at = {
      index: Math.max(0, grid.GetPageIndex()), count: pageCount(grid), size: size.rows, sizeText: size.text,
      footer: reader.footer(grid),
      empty: !!reader.part(grid, "_DXEmptyRow"),
      claimed: reader.claimed(grid),
    };
    return { ...at, due: due(at, reader.dataRows(grid).length) };
  }

  // The ERP's version, from the page's footer.
  function version() {
    for (const place of document.querySelectorAll("[id*='ooter'], [class*='ooter'], footer")) {
      if (/_DXFooter/.test(place.id) || place.closest("[id*='_LE_v']")) continue;
      const found = /\b(\d+\.\d+\.\d+(?:\.\d+)?)\b/.exec(place.textContent);
      if (found) return found[1];
    }
    return "";
  }

  // The words in the filter row's drop-down lists: { field: [[language-free value, word]] }.
  function words(grid) {
    const found = {};
    for (const column of reader.columns(grid)) {
      const editor = typeof grid.GetAutoFilterEditor === "function" ? grid.GetAutoFilterEditor(column.i) : null;
      if (!editor || typeof editor.GetItemCount !== "function" || typeof editor.GetItem !== "function") continue;
      const items = [];
      for (let i = 0; i < editor.GetItemCount(); i++) {
        const item = editor.GetItem(i);
        if (item && item.value !== null && item.value !== undefined && String(item.value) !== "")
          items.push([String(item.value), String(item.text).trim()]);
      }
      if (items.length) found[column.field] = items;
    }
    return found;
  }

  function state(grid) {
    const held = document.getElementById("__VIEWSTATE");
    return {
      name: grid.name, viewState: held ? held.value.length : null, version: version(), ...position(grid),
      sizes: offeredSizes(grid), filters: filters(grid), columns: reader.columns(grid), words: words(grid),
    };
  }

  Object.assign(reader, { byName, position, readState: state, combos, toolbarSearch, isNullText, version, offeredSizes });

  reader.state = () => JSON.stringify(state(reader.needGrid()));
  reader.searchBox = () => {
    const input = toolbarSearch();
    const button = input ? document.getElementById(input.id.replace(/_I$/, "_B1")) : null;
    return JSON.stringify({ input: input ? input.id : "", button: button ? button.id : "" });
  };
})(window.archisyncReader);
