// The client objects that a page of the ERP offers: ASPxClientControl, ASPx, grid and combo objects named by their id.
// Callbacks go to the server by POST; nothing here knows any data.
(function () {
  "use strict";

  function ClientEvent() { this.handlers = []; }
  ClientEvent.prototype = {
    AddHandler(handler) { if (typeof handler === "function") this.handlers.push(handler); },
    RemoveHandler(handler) { this.handlers = this.handlers.filter(h => h !== handler); },
    ClearHandlers() { this.handlers = []; },
    FireEvent(sender, args) { for (const handler of this.handlers.slice()) handler(sender, args); },
  };

  const controls = [];
  const collection = {
    ForEachControl(action) { for (const control of controls.slice()) action(control); },
    GetByName(name) { return controls.find(control => control.name === name) || null; },
    Get(name) { return this.GetByName(name); },
    BeginCallback: new ClientEvent(), EndCallback: new ClientEvent(),
    CallbackError: new ClientEvent(), ControlsInitialized: new ClientEvent(),
  };
  function register(control) {
    controls.push(control);
    window[control.name] = control;
    return control;
  }
  const byId = id => document.getElementById(id);
  const cellLocale = () => (navigator.language || "en").toLowerCase().startsWith("it") ? "it" : "en";
  function rememberLocale(tracker) { document.cookie = tracker + "=" + navigator.language + "; path=/; SameSite=Lax"; }

  class Control {
    constructor(name) { this.name = name; this.inCallback = 0; }
    InCallback() { return this.inCallback > 0; }
    GetMainElement() { return byId(this.name); }
  }

  // --- the wire -----------------------------------------------------------------------------------------------------

  let request = 0;
  async function post(target, command, args) {
    const form = new URLSearchParams();
    for (const field of document.querySelectorAll("#form1 input[type=hidden]")) if (field.name) form.append(field.name, field.value);
    form.set("__CALLBACKID", target);
    form.set("__CALLBACKPARAM", "c" + (request++) + ":" + JSON.stringify([command, args || {}]));
    form.set("ClientServerParams", navigator.language || "");
    const answer = await fetch(location.pathname + location.search, { method: "POST", body: form, credentials: "same-origin" });
    if (answer.redirected) {
      location.href = answer.url;
      return new Promise(() => {});
    }
    if (!answer.ok) throw new Error("Callback request failed due to an internal server error. (" + answer.status + ")");
    const text = await answer.text();
    const start = text.indexOf("/*DX*/(");
    if (start < 0) throw new Error("Callback response cannot be read.");
    const bar = text.indexOf("|");
    const size = Number(text.slice(0, bar));
    const state = byId("__VIEWSTATE");
    if (state && size) state.value = text.slice(bar + 1, bar + 1 + size);
    const result = JSON.parse(text.slice(start + 7, -1)).result;
    if (result.generalError) throw new Error(result.generalError);
    if (result.redirect) { location.href = result.redirect; return new Promise(() => {}); }
    return result;
  }

  // --- the grid -----------------------------------------------------------------------------------------------------

  class Grid extends Control {
    constructor(boot) {
      super(boot.grid);
      this.uniqueID = boot.unique;
      this.paint = boot.paint;
      this.queue = Promise.resolve();
      for (const name of ["BeginCallback", "EndCallback", "CallbackError", "Init", "RowClick"]) this[name] = new ClientEvent();
      this.take(boot.state, boot.columns);
    }
    take(state, columns) { this.state = state; if (columns) this.columns = columns; }

    GetColumnCount() { return this.columns.length; }
    GetColumnsCount() { return this.columns.length; }
    GetColumn(index) { return this.columns[index] || null; }
    GetColumnByField(field) { return this.columns.find(column => column.fieldName === field) || null; }
    GetColumnById(id) { return this.columns.find(column => column.name === id) || null; }
    GetVisibleRowsOnPage() { return this.state.visibleRowsOnPage; }
    GetTopVisibleIndex() { return this.state.top; }
    GetRowKey(index) { const key = this.state.keys[index - this.state.top]; return key === undefined ? null : key; }
    GetPageIndex() { return this.state.pageIndex; }
    GetPageCount() { return this.state.pageCount; }
    GetRow(index) { return byId(this.name + "_DXDataRow" + index); }
    GetDataRow(index) { return this.GetRow(index); }

    GotoPage(index) { if (index !== this.state.pageIndex && index >= 0 && index < this.state.pageCount) this.call("PAGE", { index }); }
    NextPage() { this.GotoPage(this.state.pageIndex + 1); return true; }
    PrevPage() { this.GotoPage(this.state.pageIndex - 1); return true; }
    ClearFilter() { this.call("CLEARFILTER"); }
    Refresh() { this.call("REFRESH"); }
    PerformCallback(parameter) { this.call("CUSTOM", { parameter: String(parameter) }); }
    AutoFilterByColumn(column, value) { this.call("FILTERROW", { column: this.index(column), text: value }); }
    ApplySearchPanelFilter(text) { this.call("SEARCH", { text }); }
    GroupBy(column) { this.call("GROUP", { column: this.index(column) }); }
    UnGroup(column) { this.call("UNGROUP", { column: this.index(column) }); }
    SortBy(column, order, reset, sortIndex) {
      this.call("SORT", { column: this.index(column), order: order || "", reset: reset !== false, sortIndex: sortIndex === undefined ? -1 : sortIndex });
    }
    MoveColumn() {}
    index(column) {
      if (typeof column === "number") return column;
      if (typeof column === "string") column = this.GetColumnByField(column) || this.GetColumnById(column);
      return column ? column.index : -1;
    }

    // Row values come from the server, one request at a time, and keep the grid in callback meanwhile.
    GetRowValues(row, fields, handler) {
      this.inCallback++;
      this.queue = this.queue.then(() => post(this.uniqueID, "ROWVALUES", { row, fields })).then(
        result => { this.inCallback--; handler(revive(result.values)); },
        error => { this.inCallback--; this.fail(error); });
    }
    ShowCustomizationDialog() {
      this.call("CUSTDIALOG", {}, result => {
        const old = byId(this.name + "_DXCDWindow");
        if (old) old.remove();
        this.GetMainElement().insertAdjacentHTML("beforeend", result.dialog);
      });
    }

    call(command, args, apply) {
      if (this.inCallback) return;
      this.inCallback++;
      this.loading(true);
      this.BeginCallback.FireEvent(this, { command });
      collection.BeginCallback.FireEvent(this, { control: this, command });
      post(this.uniqueID, command, args).then(result => {
        (apply || (r => this.show(r)))(result);
        if (!result.busy) { this.inCallback--; this.loading(false); }
        this.EndCallback.FireEvent(this, { command });
        collection.EndCallback.FireEvent(this, { control: this, command });
      }, error => this.fail(error, true));
    }
    fail(error, ours) {
      if (ours) { this.inCallback--; this.loading(false); }
      const args = { message: error.message, handled: false };
      this.CallbackError.FireEvent(this, args);
      collection.CallbackError.FireEvent(this, { control: this, message: error.message });
    }
    loading(on) { const panel = byId(this.name + "_LPV"); if (panel) panel.style.display = on ? "" : "none"; }

    // New rows stand there without text first and are painted a little later, as the ERP does it.
    show(result) {
      const element = this.GetMainElement();
      if (this.painting) { clearTimeout(this.painting); this.painting = 0; }
      if (result.html !== undefined) {
        const holder = document.createElement("template");
        holder.innerHTML = result.html;
        const paint = result.paint === undefined ? this.paint : result.paint;
        const pairs = [];
        if (paint > 0) {
          for (const row of holder.content.querySelectorAll("tr.dxgvDataRow_XafTheme")) {
            const bare = row.cloneNode(false);
            for (const cell of row.children) bare.appendChild(cell.cloneNode(false));
            pairs.push([bare, row]);
          }
          for (const [bare, row] of pairs) row.replaceWith(bare);
        }
        element.replaceChildren(holder.content);
        if (pairs.length) this.painting = setTimeout(() => {
          this.painting = 0;
          for (const [bare, row] of pairs) bare.replaceWith(row);
        }, paint * 1000);
      }
      if (result.state) this.take(result.state, result.columns);
      for (const combo of result.combos || []) { const control = collection.GetByName(combo.id); if (control) control.update(combo.value); }
      if (result.search !== undefined && page.search) byId(page.search + "_I").value = result.search;
    }
  }

  function revive(value) {
    if (Array.isArray(value)) return value.map(revive);
    if (value && typeof value === "object" && "$date" in value) return new Date(value.$date);
    return value;
  }

  // --- combos -------------------------------------------------------------------------------------------------------

  class Combo extends Control {
    constructor(boot, grid) {
      super(boot.id);
      Object.assign(this, { items: boot.items, value: boot.value, mode: boot.setValue, target: boot.target, grid });
      for (const name of ["ValueChanged", "SelectedIndexChanged", "DropDown", "CloseUp", "EndCallback"]) this[name] = new ClientEvent();
    }
    GetValue() { return this.value; }
    GetText() { const input = byId(this.name + "_I"); return input ? input.value : ""; }
    GetItemCount() { return this.items.length; }
    GetItem(index) { const item = this.items[index]; return item ? { value: item[0], text: item[1], index } : null; }
    GetSelectedIndex() { return this.items.findIndex(item => item[0] === this.value); }
    SetSelectedIndex(index) { const item = this.items[index]; if (item) this.SetValue(item[0]); }
    InCallback() { return this.inCallback > 0; }
    update(value) {
      this.value = value;
      const item = this.items.find(i => i[0] === value);
      const input = byId(this.name + "_I"), hidden = byId(this.name + "_VI");
      if (input) input.value = item ? item[1] : "";
      if (hidden) hidden.value = value;
      document.querySelectorAll("#" + CSS.escape(this.name + "_DDD_L") + " td").forEach(cell =>
        cell.classList.toggle("dxeListBoxItemSelected_XafTheme", this.items[Number(cell.dataset.index)][0] === value));
    }
    SetValue(value) {
      if (!this.items.some(item => item[0] === value) || value === this.value) return;
      this.update(value);
      if (this.mode !== "nothing") this.send(value);
    }
    choose(index) {
      const item = this.items[index];
      this.HideDropDown();
      if (!item || item[0] === this.value) return;
      this.update(item[0]);
      this.ValueChanged.FireEvent(this, {});
      this.send(item[0]);
    }
    send(value) {
      if (this.target === "view") {
        this.inCallback++;
        post("Vertical$mainMenu$Menu", "VIEW", { value }).catch(() => { this.inCallback--; });
      } else if (this.mode === "navigate") {
        this.inCallback++;
        post("Vertical$mainMenu$Menu", "PRESET", { value, navigate: true }).then(() => location.reload(), () => { this.inCallback--; });
      } else {
        this.grid.call("PRESET", { value });
      }
    }
    ShowDropDown() {
      const popup = byId(this.name + "_DDD_PW-1");
      if (popup) setTimeout(() => { popup.style.display = ""; this.DropDown.FireEvent(this, {}); }, 60);
    }
    HideDropDown() {
      const popup = byId(this.name + "_DDD_PW-1");
      if (popup) popup.style.display = "none";
    }
  }

  // --- ASPx ---------------------------------------------------------------------------------------------------------

  const learned = {};
  window.ASPxClientControl = { GetControlCollection: () => collection };
  window.ASPxClientUtils = { AttachEventToElement(element, name, handler) { element.addEventListener(name, handler); } };
  window.ASPx = {
    GetControlCollection: () => collection,
    // A client control learns a value only here: through its element's own change (or input) event.
    EValueChanged(id) {
      const input = byId(id + "_I");
      if (!input) return;
      learned[id] = input.value;
      const info = byId(id + "_EditorClientInfo");
      if (info) info.value = input.value ? "1" : "";
      const grid = controls.find(control => control instanceof Grid);
      if (!grid) return;
      const match = /_DXFREditorcol(\d+)$/.exec(id);
      if (match) grid.call("FILTERROW", { column: Number(match[1]), text: input.value });
      if (id === grid.name + "_DXSE") grid.call("SEARCH", { text: input.value });
    },
    POnPageSizeBlur(pagerId) {
      const input = byId(pagerId + "_PSI");
      const grid = collection.GetByName(pagerId.replace(/_DXPagerBottom$/, ""));
      if (!input || !grid) return;
      const size = Number(input.value);
      if (size === grid.state.pageSize) return;
      if (![10, 20, 50, 100, 200].includes(size)) { input.value = grid.state.pageSize; return; }
      grid.call("PAGESIZE", { size });
    },
    createControl() {},
  };
  window.RaiseXafCallback = function (control, target, argument) { raise(target, argument); };
  window.globalCallbackControl = register(new Control("globalCallbackControl"));
  window.xafProcessEnterKeyDownScriptFunction = function (event) { if (event.key === "Enter") login(); };

  function raise(target, argument) {
    const control = window.globalCallbackControl;
    control.inCallback++;
    return post("globalCallbackControl", "XAF", { target, argument }).then(
      result => { control.inCallback--; return result; }, () => { control.inCallback--; return null; });
  }

  // --- login page ---------------------------------------------------------------------------------------------------

  let page = {};
  function login() {
    const control = window.globalCallbackControl;
    if (control.inCallback) return;
    control.inCallback++;
    byId("ctl01").style.display = "";
    post("globalCallbackControl", "LOGON", {
      user: learned[page.prefix + "_xaf_l30_xaf_dviUserName_Edit"] || "",
      password: learned[page.prefix + "_xaf_l35_xaf_dviPassword_Edit"] || "",
    }).then(result => { byId("Logon_ErrorInfo").textContent = result.error; }, () => {}).finally(() => {
      control.inCallback--;
      byId("ctl01").style.display = "none";
    });
  }
  function bootLogin() {
    rememberLocale(page.tracker);
    for (const input of document.querySelectorAll("input[id$='_Edit_I']")) {
      input.addEventListener("input", () => ASPx.EValueChanged(input.id.replace(/_I$/, "")));
      input.addEventListener("keydown", window.xafProcessEnterKeyDownScriptFunction);
    }
    byId("Logon_PopupActions_Menu_DXI0_T").addEventListener("click", () =>
      login());
  }

  // --- list page ----------------------------------------------------------------------------------------------------

  function fold() {
    // Decided once, when the page loads: what does not fit goes into the popup, without its dropdown's items.
    if (window.innerWidth >= page.foldBelow) return;
    const overflow = byId("Vertical_mainMenu_Menu_DXI" + page.overflow + "_");
    const popup = overflow.querySelector("ul");
    overflow.style.display = "";
    const items = [...document.querySelectorAll("#Vertical_mainMenu_Menu > li")].filter(item => item !== overflow);
    for (const item of items.slice(-Math.max(2, items.length - 3))) {
      popup.appendChild(item);
      for (const cell of item.querySelectorAll("[id$='_DDD_L'] td")) cell.remove();
    }
    overflow.querySelector("a").addEventListener("click", () => { popup.style.display = popup.style.display ? "" : "none"; });
  }

  function bootList() {
    rememberLocale(page.tracker);
    const grid = register(new Grid(page));
    for (const boot of page.combos) register(new Combo(boot, grid));
    fold();
    if (page.busy) { grid.inCallback++; grid.loading(true); }
    const kinds = new Map(page.menu.map(([index, name]) => ["Vertical_mainMenu_Menu_DXI" + index + "_T", [index, name]]));
    document.addEventListener("click", event => clicked(event, grid, kinds));
    document.addEventListener("keydown", event => {
      if (event.key !== "Enter") return;
      if (event.target.id === page.search + "_I") grid.call("SEARCH", { text: event.target.value });
      else if (/_DXPagerBottom_PSI$/.test(event.target.id)) event.target.blur();
      else if (event.target.onchange) event.target.blur();
    });
    byId(page.search + "_B1").addEventListener("click", () => grid.call("SEARCH", { text: byId(page.search + "_I").value }));
    setInterval(() => fetch("/Archibald/DXX.axd?handlerName=SessionKeepAliveReconnect", { method: "POST" }).catch(() => {}), 300000);
    collection.ControlsInitialized.FireEvent(collection, {});
    if (page.locale !== cellLocale() && !page.forced) grid.call("LOCALE");
  }

  function clicked(event, grid, kinds) {
    const target = event.target;
    const inside = selector => target.closest(selector);
    let hit;
    if ((hit = inside(".dxm-main a.dxm-content")) && kinds.has(hit.id)) {
      const [index, name] = kinds.get(hit.id);
      if (name === "refresh") grid.call("REFRESH");
      else if (name === "reset") grid.call("RESET");
      else raise("Vertical$mainMenu", String(index));
    } else if ((hit = inside("[id$='_DDD_L'] td"))) {
      const combo = collection.GetByName(inside("table").id.replace(/_DDD_L$/, ""));
      // Only a real click chooses: a scripted one has no effect.
      if (combo && event.isTrusted) combo.choose(Number(hit.dataset.index));
    } else if ((hit = inside("[id$='_Cb_B-1'], [id$='_Cb_I']"))) {
      collection.GetByName(hit.id.replace(/_(B-1|I)$/, "")).ShowDropDown();
    } else if ((hit = inside("[data-page]"))) {
      grid.GotoPage(Number(hit.dataset.page));
    } else if (inside("[data-sizes]")) {
      const popup = byId(grid.name + "_DXPagerBottom_PSP");
      popup.style.display = popup.style.display ? "" : "none";
    } else if ((hit = inside("[data-size]"))) {
      byId(grid.name + "_DXPagerBottom_PSI").value = hit.dataset.size;
      ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom");
    } else if ((hit = inside("[data-filter]"))) {
      grid.call("HFPOPUP", { column: Number(hit.dataset.filter) }, result => {
        const old = byId(grid.name + "_DXHFP");
        if (old) old.remove();
        grid.GetMainElement().insertAdjacentHTML("beforeend", result.popup);
      });
    } else if ((hit = inside("[data-hf]"))) {
      grid.call("HEADERFILTER", { column: Number(hit.dataset.column), text: hit.dataset.hf === "all" ? null : hit.textContent });
    } else if ((hit = inside("[id*='_DXCDPageControl_C'][id$='Chk5_D']"))) {
      const on = hit.classList.contains("dxWeb_edtCheckBoxChecked_XafTheme");
      hit.classList.toggle("dxWeb_edtCheckBoxChecked_XafTheme", !on);
      hit.classList.toggle("dxWeb_edtCheckBoxUnchecked_XafTheme", on);
      hit.classList.toggle("gvCOColumnHide", !on);
      hit.classList.toggle("gvCOColumnShow", on);
    } else if ((hit = inside("[id$='DXCDPageControl_T3T']"))) {
      byId(grid.name + "_DXCDPageControl_C3").style.display = "";
    } else if (inside("[id$='_DXCDWindow_DXCBtn201']")) {
      const shown = {};
      for (const box of document.querySelectorAll("[id*='_DXCDPageControl_C'][id$='Chk5_D']"))
        shown[/_C(\d+)Chk5_D$/.exec(box.id)[1]] = box.classList.contains("dxWeb_edtCheckBoxChecked_XafTheme");
      grid.call("COLUMNS", { shown });
    } else if ((hit = inside("[data-command='edit']"))) {
      raise("edit", hit.id);
    } else if ((hit = inside(".dxICheckBox_XafTheme"))) {
      hit.classList.toggle("dxWeb_edtCheckBoxChecked_XafTheme");
      hit.classList.toggle("dxWeb_edtCheckBoxUnchecked_XafTheme");
    } else if ((hit = inside("[id*='_groupcol']"))) {
      return;
    } else if ((hit = inside("td.dxgvHeader_XafTheme"))) {
      const column = Number(/_col(\d+)$/.exec(hit.id)[1]);
      if (grid.GetColumn(column).fieldName) grid.SortBy(column);
    } else if ((hit = inside("tr.dxgvDataRow_XafTheme")) && page.detail && !inside("a")) {
      const index = Number(/_DXDataRow(\d+)$/.exec(hit.id)[1]);
      location.href = page.detail + grid.GetRowKey(index) + "/?mode=View";
    }
  }

  window.DemoErpClient = {
    boot(data) {
      page = data;
      if (data.kind === "login") bootLogin();
      if (data.kind === "list") bootList();
    },
  };
})();
