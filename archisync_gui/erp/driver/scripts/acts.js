// The allowed calls of the grid's client interface, and reading a page after one of them. `page_driver.py` checks the
// calls and their arguments.
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

  // The rows shown before the last call.
  let before = null;

  async function act(name, args, limit) {
    const grid = reader.needGrid();
    // A grid in a callback ignores further calls, so a callback in progress (of a cancelled read) has to end first.
    if (!await reader.idle(limit)) return { how: "ended", quiet: false };
    before = reader.onShow(grid);
    const how = await reader.callback(grid, () => ACTS[name](grid, args), limit);
    return { how, quiet: how === "slow" ? false : await reader.idle(limit) };
  }

  // Seconds without a change after which the cells of a page count as complete.
  const CALM = 0.15;

  // The page that is shown: position, rows (read as `plan` says), and the keys of its rows.
  async function read(plan, paint, limit) {
    const grid = reader.needGrid();
    const page = { way: plan.way, how: "answered", rows: [], shown: plan.fields };
    if (plan.way === "values") {
      const answer = await reader.pageValues(grid, plan.fields, plan.patience);
      page.how = answer.how;
      page.rows = answer.rows;
      page.quiet = answer.how === "slow" ? !reader.busy() : await reader.idle(limit);
    } else {
      await reader.filled(grid, plan.fields, paint, CALM, before);
      Object.assign(page, reader.readCells(grid, plan.fields), { old: reader.isOld(grid, before) });
    }
    if (plan.compare && !reader.isOld(grid, before)) page.cells = reader.readCells(grid, plan.fields);
    // If the values never come, the driver loads the page again, and it must have the same sort order.
    if (page.how === "slow") page.sort = reader.readState(grid).filters.sort;
    page.keys = reader.rowKeys(grid, page.rows.length);
    return Object.assign(page, reader.position(grid));
  }

  const succeeded = done => done.quiet && !done.how.startsWith("error");

  // Makes one call of the grid; returns the state of the view after it.
  reader.act = async (name, args, limit) => {
    const done = await act(name, args, limit);
    return JSON.stringify({ ...done, state: succeeded(done) ? reader.readState(reader.needGrid()) : null });
  };

  // Makes one call of the grid (or none), waits for the callback's end and reads the page; on request with the state of
  // the view.
  reader.turn = async (name, args, plan, limit, paint, withState) => {
    const done = name ? await act(name, args, limit) : { how: "nothing", quiet: await reader.idle(limit) };
    const page = succeeded(done) ? await read(plan, paint, limit) : null;
    return JSON.stringify({ ...done, page, state: withState && page ? reader.readState(reader.needGrid()) : null });
  };

  // --- clicks of the driver -----------------------------------------------------------------------------------------

  // The driver clicks from outside the page (a trusted event). It calls `arm` before the click and `armed` after it.
  // The callback may belong to any control of the page, and may replace the grid.
  reader.arm = limit => {
    reader.armedState = null;
    reader.armedEnd = new Promise(resolve => { reader.armedState = reader.listen(reader.collection(), limit, resolve); });
    return "{}";
  };
  reader.armed = async (limit, patience) => {
    // A click starts its callback within `patience` seconds, or starts none (the option was chosen already).
    const until = performance.now() + patience * 1000;
    let how = null;
    reader.armedEnd.then(value => { how = value; });
    while (how === null && !reader.armedState.began && !reader.busy() && performance.now() < until)
      await new Promise(resolve => setTimeout(resolve, 20));
    if (how === null && !reader.armedState.began && !reader.busy()) reader.armedState.stop("nothing");
    how = await reader.armedEnd;
    return JSON.stringify({ how, quiet: how === "slow" ? false : await reader.idle(limit), combos: reader.combos() });
  };

  // Opens the drop-down list of a combo box and returns the id of an option's cell, once the page has rendered it.
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
})(window.archisyncReader);
