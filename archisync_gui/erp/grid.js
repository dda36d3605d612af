// What is done inside a list view's page: reading the grid, and the closed set of acts on it. `install` runs once per
// page; every function answers ONE JSON string. Nothing here decides which act is allowed: `hands.py` does.
(() => {
  "use strict";
  if (window.archisyncReader) return "already";

  const collection = () => ASPxClientControl.GetControlCollection();
  const blank = text => !text || !text.trim() || text.trim() === "N/A";
  const sleep = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));

  function everyControl() {
    const all = [];
    collection().ForEachControl(control => { all.push(control); });
    return all;
  }

  function findGrid() {
    const isGrid = c => c && typeof c.GetColumn === "function" && typeof c.GetPageIndex === "function";
    const all = everyControl();
    return all.find(c => isGrid(c) && /_LE_v\d+$/.test(c.name || "")) || all.find(isGrid) || null;
  }

  function needGrid() {
    const grid = findGrid();
    if (!grid) throw new Error("no grid on this page");
    return grid;
  }

  const root = grid => document.getElementById(grid.name) || document;
  const mainTable = grid => document.getElementById(grid.name + "_DXMainTable") || root(grid).querySelector("[id$='_DXMainTable']");

  // --- cells --------------------------------------------------------------------------------------------------------

  function walk(node, parts) {
    for (const child of node.childNodes) {
      if (child.nodeType === 3) parts.push(child.data);
      else if (child.nodeType === 1) {
        if (child.tagName === "SCRIPT" || child.tagName === "STYLE") continue;
        if (child.tagName === "BR") parts.push("\n");
        else walk(child, parts);
      }
    }
  }
  function cellText(cell) {
    if (!cell.firstElementChild) return cell.textContent;
    const parts = [];
    walk(cell, parts);
    return parts.join("");
  }

  function dataRows(grid) {
    const table = mainTable(grid);
    if (!table) return [];
    let rows = table.querySelectorAll("tr[id*='_DXDataRow']");
    if (!rows.length) rows = table.querySelectorAll("tr[class*='dxgvDataRow']");
    return [...rows];
  }

  // Which cell holds which field: by the header cells' own column numbers, else by the columns' visible order.
  function mapping(grid) {
    const columns = [];
    for (let i = 0; i < grid.GetColumnCount(); i++) {
      const column = grid.GetColumn(i);
      if (column) columns.push({ i, field: column.fieldName || "", visible: column.visible !== false, at: column.visibleIndex });
    }
    const visible = columns.filter(c => c.visible).sort((a, b) => a.at - b.at);
    const table = mainTable(grid);
    const header = table && table.querySelector("tr[id*='_DXHeadersRow']");
    let byHeader = null;
    if (header) {
      const numbers = [...header.querySelectorAll(":scope > td, :scope > th")].map(td => {
        const found = /_col(\d+)$/.exec(td.id || "");
        return found ? Number(found[1]) : -1;
      });
      if (numbers.length && numbers.every(n => n >= 0)) byHeader = numbers.map(n => (columns.find(c => c.i === n) || { field: "" }).field);
    }
    const data = visible.filter(c => c.field).map(c => c.field);
    return { columns, byHeader, byOrder: visible.map(c => c.field), data };
  }
  function fieldsFor(map, cells) {
    if (map.byHeader && map.byHeader.length === cells) return map.byHeader;
    if (map.byOrder.length === cells) return map.byOrder;
    const extra = cells - map.data.length;
    return extra < 0 ? null : [...Array(extra).fill(""), ...map.data];
  }

  // --- waiting ------------------------------------------------------------------------------------------------------

  function busy() {
    for (const panel of document.querySelectorAll("[id$='_LPV'], .dxlp, .dxlpLoadingPanel_XafTheme, .dxgvLoadingPanel_XafTheme"))
      if (panel.offsetParent !== null) return true;
    return everyControl().some(c => typeof c.InCallback === "function" && c.InCallback());
  }

  // Idle: an event tells that something ended; the clock only bounds the wait where no event comes.
  async function idle(limit) {
    const until = performance.now() + limit * 1000;
    while (busy()) {
      const left = until - performance.now();
      if (left <= 0) return false;
      await new Promise(resolve => {
        const end = collection().EndCallback;
        const timer = setTimeout(finish, Math.min(100, left));
        function finish() {
          clearTimeout(timer);
          if (end && end.RemoveHandler) end.RemoveHandler(finish);
          resolve();
        }
        if (end && end.AddHandler) end.AddHandler(finish);
      });
    }
    return true;
  }

  const painted = rows => rows.every(row => {
    for (const cell of row.children) if (!blank(cell.textContent)) return true;
    return false;
  });

  // Cell texts are painted a little after a callback ended; a mutation tells when.
  async function filled(grid, limit) {
    if (painted(dataRows(grid))) return true;
    return await new Promise(resolve => {
      const observer = new MutationObserver(() => { if (painted(dataRows(grid))) finish(true); });
      const timer = setTimeout(() => finish(painted(dataRows(grid))), limit * 1000);
      function finish(value) { observer.disconnect(); clearTimeout(timer); resolve(value); }
      observer.observe(root(grid), { childList: true, subtree: true, characterData: true });
    });
  }

  // Runs `trigger` and waits for the grid's own EndCallback. "nothing": no callback began.
  function callback(grid, trigger, limit) {
    return new Promise(resolve => {
      let began = false;
      const timer = setTimeout(() => finish("slow"), limit * 1000);
      const onBegin = () => { began = true; };
      const onEnd = () => finish("ended");
      const onError = (sender, args) => {
        if (args) args.handled = true;
        finish("error: " + ((args && args.message) || ""));
      };
      function finish(value) {
        clearTimeout(timer);
        for (const [event, handler] of [["BeginCallback", onBegin], ["EndCallback", onEnd], ["CallbackError", onError]])
          if (grid[event] && grid[event].RemoveHandler) grid[event].RemoveHandler(handler);
        resolve(value);
      }
      for (const [event, handler] of [["BeginCallback", onBegin], ["EndCallback", onEnd], ["CallbackError", onError]])
        if (grid[event] && grid[event].AddHandler) grid[event].AddHandler(handler);
      trigger();
      // A call that changes nothing starts no callback. Some start theirs a moment later.
      if (!began && !grid.InCallback()) setTimeout(() => { if (!began && !grid.InCallback()) finish("nothing"); }, 60);
    });
  }

  // --- filters ------------------------------------------------------------------------------------------------------

  function combos() {
    return everyControl().filter(c => typeof c.GetItemCount === "function" && typeof c.GetItem === "function"
      && typeof c.GetValue === "function" && /mainMenu.*Cb$/i.test(c.name || "")).map(control => {
      const items = [];
      for (let i = 0; i < control.GetItemCount(); i++) {
        const item = control.GetItem(i);
        items.push([String(item.value), String(item.text)]);
      }
      return { id: control.name, value: String(control.GetValue()), items };
    });
  }

  function filters(grid) {
    const map = mapping(grid);
    const byIndex = index => (map.columns.find(c => c.i === index) || { field: "" }).field;
    const row = [], header = [], group = [], sort = [];
    for (const input of root(grid).querySelectorAll("input[id*='_DXFREditorcol']")) {
      const found = /_DXFREditorcol(\d+)_I$/.exec(input.id);
      if (found && input.value) row.push([byIndex(Number(found[1])), input.value]);
    }
    for (const image of root(grid).querySelectorAll("[id*='_DXHeadersRow'] img")) {
      const cell = image.closest("td[id*='_col']");
      const found = cell && /_col(\d+)$/.exec(cell.id);
      if (!found) continue;
      const field = byIndex(Number(found[1]));
      if (/HeaderFilterActive/.test(image.className) || image.alt === "Filtered") header.push(field);
      if (/HeaderSortUp/.test(image.className) || image.alt === "Ascending") sort.push([field, "ASC"]);
      if (/HeaderSortDown/.test(image.className) || image.alt === "Descending") sort.push([field, "DSC"]);
    }
    for (const cell of root(grid).querySelectorAll("[id*='_groupcol']")) {
      const found = /_groupcol(\d+)$/.exec(cell.id);
      if (found) group.push(byIndex(Number(found[1])));
    }
    if (!group.length && root(grid).querySelector("tr[id*='_DXGroupRow']")) group.push("");
    const search = root(grid).querySelector("input[id$='DXSE_I']");
    const bar = document.querySelector("input[id*='SearchAC'][id$='_Ed_I']");
    return { row, header, group, sort, search: search ? search.value : "", bar: bar ? bar.value : "", combos: combos() };
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  function footer(grid) {
    const row = root(grid).querySelector("tr[id$='_DXFooterRow'], tr[class*='dxgvFooter']");
    const found = row && /Count\s*=\s*([\d.,]+)/.exec(row.textContent);
    return found ? Number(found[1].replace(/[.,]/g, "")) : null;
  }

  function pageSize(grid) {
    const input = root(grid).querySelector("input[id*='DXPagerBottom_PSI']");
    return input ? Number(input.value) || null : null;
  }

  function position(grid) {
    return {
      index: Math.max(0, grid.GetPageIndex()), count: grid.GetPageCount(), size: pageSize(grid), footer: footer(grid),
      claimed: grid.GetVisibleRowsOnPage(),
    };
  }

  function read(grid, wanted) {
    const map = mapping(grid);
    const found = dataRows(grid);
    const answer = position(grid);
    let fields = null, shape = -1, picks = [];
    answer.rows = [];
    for (const row of found) {
      const cells = row.querySelectorAll(":scope > td");
      if (cells.length !== shape) {
        shape = cells.length;
        fields = fieldsFor(map, shape);
        if (!fields) { answer.misshapen = shape; break; }
        picks = wanted.map(field => fields.indexOf(field));
      }
      answer.rows.push(picks.map(at => (at < 0 ? null : cellText(cells[at]))));
    }
    answer.groups = root(grid).querySelectorAll("tr[id*='_DXGroupRow']").length;
    if (fields) answer.fields = fields.filter(field => field);
    answer.painted = painted(found);
    return answer;
  }

  // --- acts ---------------------------------------------------------------------------------------------------------

  const setNative = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  function type(input, text) {
    setNative.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const column = (grid, field) => {
    for (let i = 0; i < grid.GetColumnCount(); i++) {
      const found = grid.GetColumn(i);
      if (found && found.fieldName === field) return i;
    }
    throw new Error("no column " + field);
  };

  const ACTS = {
    page: (grid, a) => grid.GotoPage(a.index),
    pageSize: (grid, a) => {
      const input = root(grid).querySelector("input[id*='DXPagerBottom_PSI']");
      if (!input) throw new Error("no page size box");
      setNative.call(input, String(a.size));
      ASPx.POnPageSizeBlur(input.id.replace(/_PSI$/, ""), new Event("blur"));
    },
    sort: (grid, a) => grid.SortBy(column(grid, a.field), a.order, a.first, a.first ? 0 : a.at),
    filterRow: (grid, a) => grid.AutoFilterByColumn(column(grid, a.field), a.text),
    search: (grid, a) => grid.ApplySearchPanelFilter(a.text),
    group: (grid, a) => grid.GroupBy(column(grid, a.field)),
    ungroup: (grid, a) => grid.UnGroup(column(grid, a.field)),
    preset: (grid, a) => collection().GetByName(a.combo).SetValue(a.value),
    columns: grid => grid.ShowCustomizationDialog(),
    refresh: grid => grid.Refresh(),
    clicks: (grid, a) => { for (const id of a.ids) document.getElementById(id).click(); },
  };

  function state(grid) {
    const held = document.getElementById("__VIEWSTATE");
    return {
      name: grid.name, viewState: held ? held.value.length : null, ...position(grid),
      filters: filters(grid), columns: mapping(grid).columns,
    };
  }

  async function act(name, args, limit) {
    const grid = needGrid();
    // A grid in callback ignores further calls: what is still under way (of a cancelled read) ends first.
    if (!await idle(limit)) return { how: "ended", quiet: false };
    const how = await callback(grid, () => ACTS[name](grid, args), limit);
    const quiet = how === "slow" ? false : await idle(limit);
    return { how, quiet };
  }

  window.archisyncReader = {
    present: () => JSON.stringify({ grid: !!(window.ASPxClientControl && findGrid()) }),
    ready: async limit => {
      const until = performance.now() + limit * 1000;
      while (!(window.ASPxClientControl && findGrid())) {
        if (performance.now() > until) return JSON.stringify({ grid: false });
        await sleep(0.05);
      }
      return JSON.stringify({ grid: true, quiet: await idle(limit) });
    },
    state: () => JSON.stringify(state(needGrid())),
    act: async (name, args, limit) => JSON.stringify(await act(name, args, limit)),
    // One page in one call: go there, wait for the callback's end and for the paint, read; on request with the state.
    turn: async (name, args, wanted, limit, paint, withState) => {
      const done = name ? await act(name, args, limit) : { how: "nothing", quiet: await idle(limit) };
      const grid = needGrid();
      const full = done.quiet ? await filled(grid, paint) : false;
      return JSON.stringify({ ...done, full, page: read(grid, wanted), state: withState ? state(grid) : null });
    },
    // A click comes from outside (a trusted one): armed before it, awaited after it.
    arm: limit => {
      const grid = needGrid();
      window.archisyncArmed = new Promise(resolve => {
        const timer = setTimeout(() => finish("slow"), limit * 1000);
        const onEnd = () => finish("ended");
        const onError = (sender, args) => finish("error: " + ((args && args.message) || ""));
        function finish(how) {
          clearTimeout(timer);
          grid.EndCallback.RemoveHandler(onEnd);
          grid.CallbackError.RemoveHandler(onError);
          resolve(how);
        }
        grid.EndCallback.AddHandler(onEnd);
        grid.CallbackError.AddHandler(onError);
      });
      return "{}";
    },
    armed: async limit => {
      const how = await window.archisyncArmed;
      return JSON.stringify({ how, quiet: how === "slow" ? false : await idle(limit) });
    },
    open: combo => { collection().GetByName(combo).ShowDropDown(); return "{}"; },
    shut: combo => { const c = collection().GetByName(combo); if (c && c.HideDropDown) c.HideDropDown(); return "{}"; },
    blankRows: () => { const rows = dataRows(needGrid()); return JSON.stringify({ rows: rows.length, painted: painted(rows) }); },
    dialog: async limit => {
      const until = performance.now() + limit * 1000;
      let window_;
      while (!(window_ = document.querySelector("[id*='DXCDWindow']"))) {
        if (performance.now() > until) return JSON.stringify({ open: false, boxes: [], tab: "", apply: "" });
        await sleep(0.05);
      }
      const id = selector => (document.querySelector(selector) || {}).id || "";
      const boxes = [...document.querySelectorAll("[id*='DXCDPageControl_C'][id$='Chk5_D']")].map(box => [box.id, /gvCOColumnShow/.test(box.className)]);
      return JSON.stringify({ open: true, boxes, tab: id("[id$='DXCDPageControl_T3T']"), apply: id("[id$='DXCDWindow_DXCBtn201']") });
    },
    // Whether a single value of the first row comes at once (a call of the page) or from the server.
    rowValues: async (field, limit) => {
      const grid = needGrid(), began = performance.now();
      const top = grid.GetTopVisibleIndex ? grid.GetTopVisibleIndex() : 0;
      const answered = await new Promise(resolve => {
        setTimeout(() => resolve(false), limit * 1000);
        grid.GetRowValues(top, field, () => resolve(true));
      });
      return JSON.stringify({ answered, ms: Math.round(performance.now() - began) });
    },
    item: (combo, value) => {
      const control = collection().GetByName(combo);
      for (let i = 0; control && i < control.GetItemCount(); i++)
        if (String(control.GetItem(i).value) === value) {
          const cells = document.querySelectorAll("#" + CSS.escape(combo + "_DDD_L") + " td");
          const text = String(control.GetItem(i).text).trim();
          const cell = [...cells].find(td => td.textContent.trim() === text);
          return JSON.stringify({ id: cell ? cell.id : "", text, index: cell ? [...cells].indexOf(cell) : -1 });
        }
      return JSON.stringify({ id: "", text: "", index: -1 });
    },
    // --- login page and detail page
    login: (user, password) => {
      const name = document.querySelector("input[id*='dviUserName_Edit_I']");
      const secret = document.querySelector("input[id*='dviPassword_Edit_I']") || document.querySelector("input[type=password]");
      if (!name || !secret) return JSON.stringify({ found: false });
      name.focus(); type(name, user);
      secret.focus(); type(secret, password);
      return JSON.stringify({ found: true, held: name.value === user && secret.value === password });
    },
    loginOutcome: async (user, password, limit, patience) => {
      const box = () => document.querySelector("#Logon_ErrorInfo") || document.querySelector(".dxeErrorCell, .validation-summary-errors");
      const text = () => ((box() && box().textContent) || "").trim();
      const name = document.querySelector("input[id*='dviUserName_Edit_I']");
      const secret = document.querySelector("input[type=password]");
      const end = performance.now() + limit * 1000;
      await new Promise(resolve => {
        const observer = new MutationObserver(() => { if (text()) finish(); });
        const timer = setTimeout(finish, Math.max(0, end - performance.now()));
        // A login that failed without a word: the page's own callback is over and for a while nothing has happened.
        let calm = 0;
        const quiet = setInterval(() => {
          calm = everyControl().some(c => c.InCallback && c.InCallback()) ? 0 : calm + 1;
          if (text() || calm * 0.25 >= patience) finish();
        }, 250);
        function finish() { observer.disconnect(); clearTimeout(timer); clearInterval(quiet); resolve(); }
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        if (text()) finish();
      });
      return JSON.stringify({ error: text(), held: !!name && !!secret && name.value === user && secret.value === password });
    },
    detail: fields => {
      const values = {};
      for (const field of fields) {
        // A field's dots cannot stand in an element's id.
        const name = "xaf_dvi" + field.replaceAll(".", "_") + "_View";
        const node = [...document.querySelectorAll("[id*='xaf_dvi']")].find(e => e.id.endsWith(name));
        if (node) values[field] = cellText(node);
      }
      return JSON.stringify(values);
    },
  };
  return "installed";
})();
