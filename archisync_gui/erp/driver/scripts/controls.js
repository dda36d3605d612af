// Finds the controls of a list view's page and waits for their callbacks. Nothing here changes the page.
(reader => {
  "use strict";

  const collection = () => ASPxClientControl.GetControlCollection();

  function everyControl() {
    const all = [];
    collection().ForEachControl(control => { all.push(control); });
    return all;
  }

  const isGrid = c => !!c && typeof c.GetColumn === "function" && typeof c.GetPageIndex === "function";
  const root = grid => document.getElementById(grid.name);
  // An element of the grid itself, by the end of its id. (Nested grids have pagers and search boxes of their own.)
  const part = (grid, end) => document.getElementById(grid.name + end);

  // The grids whose element is in the page and not inside another grid's element. A callback may leave the control
  // object of a replaced grid, which has no element, in the collection; nested grids belong to rows of the list.
  function grids() {
    const there = everyControl().filter(c => isGrid(c) && root(c));
    return there.filter(c => !there.some(other => other !== c && root(other).contains(root(c))));
  }

  const DIALOGS = "[id*='PopupWindow'], [role='dialog'], [class*='dxpc']";

  function findGrid() {
    // Visible grids outside dialogs first, hidden grids last: a closed dialog may contain a grid, too.
    const all = grids(), visible = all.filter(c => root(c).offsetParent !== null);
    const lists = [...visible.filter(c => !root(c).closest(DIALOGS)), ...visible, ...all];
    return lists.find(c => /_LE_v\d+$/.test(c.name || "")) || lists[0] || null;
  }

  // Throws if the page shows no grid any more, for example because a callback's answer has replaced it after the
  // session has expired. `failures.py` recognises the message.
  function needGrid() {
    const grid = findGrid();
    if (!grid) throw new Error("no grid on this page");
    return grid;
  }

  // The columns from the client's data. `sortOrder` and `sortIndex` are null where the client does not have them.
  function columns(grid) {
    const all = [];
    for (let i = 0; i < grid.GetColumnCount(); i++) {
      const column = grid.GetColumn(i);
      if (!column) continue;
      all.push({
        i, field: column.fieldName || "", visible: column.visible !== false,
        at: Number.isInteger(column.visibleIndex) ? column.visibleIndex : null,
        sortIndex: Number.isInteger(column.sortIndex) ? column.sortIndex : null,
        sortOrder: orderName(column.sortOrder),
        groupIndex: Number.isInteger(column.groupIndex) ? column.groupIndex : null,
      });
    }
    return all;
  }

  function orderName(order) {
    if (order === 1 || /^asc/i.test(order || "")) return "ASC";
    if (order === 2 || /^d(e)?sc/i.test(order || "")) return "DSC";
    return order === undefined || order === null ? null : "NONE";
  }

  function columnOf(grid, field) {
    const found = columns(grid).find(c => c.field === field);
    if (!found) throw new Error("no column " + field);
    return found.i;
  }

  // --- waiting ------------------------------------------------------------------------------------------------------

  const PANELS = "[id$='_LPV'], .dxlp, .dxlpLoadingPanel_XafTheme, .dxgvLoadingPanel_XafTheme";

  function busy() {
    for (const panel of document.querySelectorAll(PANELS)) if (panel.offsetParent !== null) return true;
    // The control of a replaced grid may report for ever that it is in a callback.
    return everyControl().some(c => typeof c.InCallback === "function" && c.InCallback() && !(isGrid(c) && !root(c)));
  }

  // Waits until nothing is in a callback: true; false after `limit` seconds. Checks at each `EndCallback` event, and at
  // least every 0.1 s.
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

  // Listens to the callback events of `source` (a control, or the collection of all) and calls `done(how)` at the end:
  // "ended", "error: ...", or "slow" after `limit` seconds. Returns { began, stop }; `stop(how)` ends it early.
  function listen(source, limit, done) {
    const state = { began: false };
    const timer = setTimeout(() => finish("slow"), limit * 1000);
    const onBegin = () => { state.began = true; };
    const onEnd = () => finish("ended");
    const onError = (sender, args) => {
      if (args) args.handled = true;
      finish("error: " + ((args && args.message) || ""));
    };
    const events = [["BeginCallback", onBegin], ["EndCallback", onEnd], ["CallbackError", onError]];
    function finish(how) {
      clearTimeout(timer);
      for (const [event, handler] of events)
        if (source[event] && source[event].RemoveHandler) source[event].RemoveHandler(handler);
      done(how);
    }
    for (const [event, handler] of events) if (source[event] && source[event].AddHandler) source[event].AddHandler(handler);
    state.stop = finish;
    return state;
  }

  // Seconds for a call to start its callback: some calls start theirs a little later. A call that changes nothing
  // starts none.
  const BEGIN = 1.5;

  // Runs `trigger` and waits for the end of the grid's callback. Returns as `listen`, or "nothing": no callback began.
  // If the answer replaces the grid, no event signals the end.
  function callback(grid, trigger, limit) {
    return new Promise(resolve => {
      let open = true;
      const state = listen(grid, limit, how => { open = false; resolve(how); });
      const until = performance.now() + BEGIN * 1000;
      trigger();
      (function look() {
        if (!open) return;
        const began = state.began || grid.InCallback();
        if (!began && performance.now() > until) state.stop("nothing");
        else if (began && !everyControl().includes(grid) && !busy()) state.stop("ended");
        else setTimeout(look, began ? 100 : 20);
      })();
    });
  }

  Object.assign(reader, {
    collection, everyControl, isGrid, root, part, findGrid, needGrid, columns, columnOf, busy, idle, listen, callback,
  });

  // Seconds to wait for the grid of a page that is complete and in no callback: an error page has none.
  const NO_GRID = 10;

  reader.ready = async limit => {
    const until = performance.now() + limit * 1000;
    for (let loaded = 0; !(window.ASPxClientControl && findGrid());) {
      const now = performance.now();
      if (document.readyState !== "complete" || (window.ASPxClientControl && busy())) loaded = 0;
      else loaded = loaded || now;
      if (now > until || (loaded && now > loaded + NO_GRID * 1000)) return JSON.stringify({ grid: false });
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    return JSON.stringify({ grid: true, quiet: await idle(limit) });
  };
})(window.archisyncReader);
