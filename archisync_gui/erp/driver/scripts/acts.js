// The closed set of calls of the grid's client interface, and reading a page after one of them. Which act is allowed is
// decided by `page_driver.py`.
(reader => {
  "use strict";

  const setNative = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

  const ACTS = {
    page: (grid, a) => grid.GotoPage(a.index),
    pageSize: (grid, a) => {
      const input = reader.part(grid, "_DXPagerBottom_PSI");
      if (!input) throw new Error("no page size box");
      setNative.call(input, a.text);
      ASPx.POnPageSizeBlur(input.id.replace(/_PSI$/, ""), new Event("blur"));
    },
    sort: (grid, a) => grid.SortBy(reader.columnOf(grid, a.field), a.order, a.first, a.at),
    filterRow: (grid, a) => grid.AutoFilterByColumn(reader.columnOf(grid, a.field), a.value),
    search: (grid, a) => grid.ApplySearchPanelFilter(a.text),
    group: (grid, a) => grid.GroupBy(reader.columnOf(grid, a.field), a.at, a.order),
    ungroup: (grid, a) => grid.UnGroup(reader.columnOf(grid, a.field)),
    refresh: grid => grid.Refresh(),
  };

  async function act(name, args, limit) {
    const grid = reader.needGrid();
    // A grid in a callback ignores further calls: what is still under way (of a cancelled read) ends first.
    if (!await reader.idle(limit)) return { how: "ended", quiet: false };
    const how = await reader.callback(grid, () => ACTS[name](grid, args), limit);
    return { how, quiet: how === "slow" ? false : await reader.idle(limit) };
  }

  // Seconds without a change after which a page's cells count as filled.
  const CALM = 0.15;

  // The page on show: position, rows in the way asked for, and the keys of its rows.
  async function read(plan, paint, limit) {
    const grid = reader.needGrid();
    const page = { way: plan.way, how: "answered", rows: [], shown: plan.fields };
    if (plan.way === "values") {
      const answer = await reader.pageValues(grid, plan.fields, plan.patience);
      page.how = answer.how;
      page.rows = answer.rows;
      page.quiet = answer.how === "slow" ? !reader.busy() : await reader.idle(limit);
    } else {
      await reader.filled(grid, plan.fields, paint, CALM);
      Object.assign(page, reader.readCells(grid, plan.fields));
    }
    if (plan.compare) page.cells = reader.readCells(grid, plan.fields);
    // After values that never came, the page is loaded anew and must show the same order.
    if (page.how === "slow") page.sort = reader.readState(grid).filters.sort;
    page.keys = reader.rowKeys(grid, page.rows.length);
    return Object.assign(page, reader.position(grid));
  }

  const succeeded = done => done.quiet && !done.how.startsWith("error");

  // One call of the grid; its answer tells the state of the view afterwards.
  reader.act = async (name, args, limit) => {
    const done = await act(name, args, limit);
    return JSON.stringify({ ...done, state: succeeded(done) ? reader.readState(reader.needGrid()) : null });
  };

  // One page in one call: go there, wait for the callback's end, read; on request with the state of the view.
  reader.turn = async (name, args, plan, limit, paint, withState) => {
    const done = name ? await act(name, args, limit) : { how: "nothing", quiet: await reader.idle(limit) };
    const page = succeeded(done) ? await read(plan, paint, limit) : null;
    return JSON.stringify({ ...done, page, state: withState && page ? reader.readState(reader.needGrid()) : null });
  };

  // --- clicks from outside ------------------------------------------------------------------------------------------

  // A click comes from outside (a trusted one). Armed before it, awaited after it: the callback may be that of any
  // control of the page, and the grid may be replaced by it.
  reader.arm = limit => {
    reader.armedState = null;
    reader.armedEnd = new Promise(resolve => { reader.armedState = reader.listen(reader.collection(), limit, resolve); });
    return "{}";
  };
  reader.armed = async (limit, patience) => {
    // A click that starts no callback (the option was chosen already) does so within a moment or not at all.
    const until = performance.now() + patience * 1000;
    let how = null;
    reader.armedEnd.then(value => { how = value; });
    while (how === null && !reader.armedState.began && !reader.busy() && performance.now() < until)
      await new Promise(resolve => setTimeout(resolve, 20));
    if (how === null && !reader.armedState.began && !reader.busy()) reader.armedState.stop("nothing");
    how = await reader.armedEnd;
    return JSON.stringify({ how, quiet: how === "slow" ? false : await reader.idle(limit), combos: reader.combos() });
  };

  // Opens the list of a combo and answers the id of the cell of an option, once the page has rendered it.
  reader.openCombo = async (name, value, limit) => {
    const combo = reader.byName(name);
    let at = -1;
    for (let i = 0; combo && i < combo.GetItemCount(); i++) if (String(combo.GetItem(i).value) === value) at = i;
    if (at < 0) return JSON.stringify({ id: "", why: "no-option" });
    const text = String(combo.GetItem(at).text).trim(), id = `${name}_DDD_L_LBI${at}T0`;
    combo.ShowDropDown();
    const until = performance.now() + limit * 1000;
    for (;;) {
      const cell = document.getElementById(id);
      if (cell && cell.offsetParent !== null) {
        const same = reader.plainText(cell).trim() === text;
        return JSON.stringify({ id: same ? id : "", why: same ? "" : "other-text" });
      }
      if (performance.now() > until) return JSON.stringify({ id: "", why: "not-rendered" });
      await new Promise(resolve => setTimeout(resolve, 30));
    }
  };
  reader.closeCombo = name => {
    const combo = reader.byName(name);
    if (combo && combo.HideDropDown) combo.HideDropDown();
    return "{}";
  };
})(window.archisyncReader);
