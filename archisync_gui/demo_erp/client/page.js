// Starting a page, and what a person's clicks and keys do there.

window.ASPxClientControl = { GetControlCollection: () => collection };
window.ASPxClientUtils = { AttachEventToElement(element, name, handler) { element.addEventListener(name, handler); } };
window.ASPx = {
  GetControlCollection: () => collection,
  createControl() {},
  AddDisabledItems() {},
  EGotFocus(id) { const editor = controls.get(id); if (editor) editor.focused(); },
  ELostFocus(id) { const editor = controls.get(id); if (editor) editor.left(); },
  EValueChanged(id) {
    const input = byId(id + "_I"), info = byId(id + "_EditorClientInfo"), editor = controls.get(id);
    if (input && page.kind === "login") learned[id] = input.value;
    if (info) info.value = input.value ? "1" : "";
    if (editor) editor.typed();
  },
  // A size that is not offered is ignored while the box keeps its text.
  POnPageSizeBlur(pagerId) {
    const input = byId(pagerId + "_PSI"), grid = controls.get(pagerId.replace(/_DXPagerBottom$/, ""));
    if (!input || !grid) return true;
    const size = grid.pageSizes.find(offered => (offered === -1 ? "All" : String(offered)) === input.value);
    if (size !== undefined && size !== grid.chosenSize) grid.call("PAGESIZE", { size });
    return true;
  },
};

// Decided once, when the page loads: what does not fit goes into the popup, whose combos render no options.
function fold() {
  if (window.innerWidth >= page.foldBelow) return;
  const overflow = byId("Vertical_mainMenu_Menu_DXI" + page.overflow + "_");
  const popup = overflow.querySelector("ul");
  overflow.style.display = "";
  const items = [...document.querySelectorAll("#Vertical_mainMenu_Menu > li.dxm-item")].filter(item => item !== overflow);
  for (const item of items.slice(-Math.max(2, items.length - 3))) popup.appendChild(item);
  for (const control of controls.values()) {
    if (control instanceof Combo && popup.contains(control.GetMainElement())) control.folded = true;
  }
  overflow.querySelector("a").addEventListener("click", () => { popup.style.display = popup.style.display ? "" : "none"; });
}

function bootList() {
  if (page.stale) register(new Grid({ ...page.grid, name: page.stale, unique: page.stale, controls: [] }));
  page.gridName = page.grid.name;
  const grid = register(new Grid(page.grid));
  register(makeEditor(page.search));
  for (const data of page.combos) {
    const combo = register(makeEditor(data));
    combo.xafOldSelectedIndex = combo.GetSelectedIndex();
    combo.SelectedIndexChanged.AddHandler(data.id === page.preset ? presetChosen : viewChosen);
  }
  fold();
  if (page.busy) { grid.calls++; grid.loading(true); }
  const kinds = new Map(page.menu.map(([index, name]) => ["Vertical_mainMenu_Menu_DXI" + index + "_T", [index, name]]));
  document.addEventListener("click", event => clicked(event, kinds));
  document.addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    if (event.target.id === page.search.id + "_I") controls.get(page.search.id).search();
    else if (/_I$|_PSI$/.test(event.target.id)) event.target.blur();
  });
  setInterval(() => fetch("/Archibald/DXX.axd?handlerName=SessionKeepAliveReconnect", { method: "POST" }).catch(() => {}), 300000);
  collection.ControlsInitialized.FireEvent(collection, {});
  if (page.locale !== cellLocale() && !page.forced) grid.call("LOCALE");
}

// The nested grids of a detail page.
function bootNested() {
  for (const name of page.nested || []) {
    const column = { index: 0, fieldName: "ID", name: "ID", visible: true, visibleIndex: 0, sortIndex: -1, sortOrder: "" };
    register(new Grid({
      name, unique: name.replace(/_/g, "$"), paint: 0, columns: [column], controls: [], pageValues: true,
      state: { top: 0, keys: ["1"], sizes: [], pageSize: 20, pageIndex: 0, pageCount: 1, pageRowSize: 20, pageRowCount: 1 },
    }));
  }
}

function clicked(event, kinds) {
  const grid = currentGrid();
  const inside = selector => event.target.closest(selector);
  let hit;
  if ((hit = inside(".dxm-main a.dxm-content")) && kinds.has(hit.id)) menuClicked(grid, ...kinds.get(hit.id));
  else if ((hit = inside("[id$='_DDD_L'] td[data-index]"))) {
    // Only a person's click chooses: a scripted one has no effect.
    const combo = controls.get(inside("table").id.replace(/_DDD_L$/, ""));
    if (combo && event.isTrusted) combo.choose(Number(hit.dataset.index));
  } else if ((hit = inside("[id$='_B-1'], [id$='_Cb_I'], [id*='_DXFREditorcol'][id$='_I'][readonly]"))) {
    const combo = controls.get(hit.id.replace(/_(B-1|I)$/, ""));
    if (combo instanceof Combo) combo.ShowDropDown();
  } else if (inside("#" + CSS.escape(page.search.id + "_B1"))) controls.get(page.search.id).search();
  else if ((hit = inside("[data-page]"))) grid.GotoPage(Number(hit.dataset.page));
  else if (inside("[data-sizes]")) toggle(byId(grid.name + "_DXPagerBottom_PSP"));
  else if ((hit = inside("[data-size]"))) {
    byId(grid.name + "_DXPagerBottom_PSI").value = hit.dataset.size;
    ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom");
  } else if (inside("[data-clear-builder]")) grid.call("CLEARBUILDER");
  else if (inside(".gvCOWindow")) dialogClicked(event, grid, inside);
  else if ((hit = inside("[data-filter], [data-hf]"))) headerFilterClicked(grid, hit);
  else gridClicked(event, grid, inside);
}

function menuClicked(grid, index, name) {
  if (name === "refresh") grid.call("REFRESH");
  else if (name === "reset") grid.call("RESET");
  else raise("Vertical$mainMenu", String(index));
}

function toggle(popup) { popup.style.display = popup.style.display ? "" : "none"; }

// The column dialog reacts to a person's clicks only, and Apply is disabled until a box was clicked.
function dialogClicked(event, grid, inside) {
  if (!event.isTrusted) return;
  const apply = document.querySelector("#" + CSS.escape(grid.name + "_DXCDWindow_PW-1") + " [data-args*='CustDialogApply']");
  let hit;
  if (inside("[id$='DXCDPageControl_T3'], [id$='DXCDPageControl_T3T']")) {
    grid.call("CUSTDIALOG", {}, result => setTimeout(() => {
      byId(grid.name + "_DXCDWindow_FieldChooserPage").innerHTML = result.boxes;
    }, 200));
  } else if ((hit = inside("[id$='Chk5_D']"))) {
    const on = hit.classList.contains("dxWeb_edtCheckBoxChecked_XafTheme");
    hit.classList.toggle("dxWeb_edtCheckBoxChecked_XafTheme", !on);
    hit.classList.toggle("dxWeb_edtCheckBoxUnchecked_XafTheme", on);
    hit.classList.toggle("gvCOColumnHide_XafTheme", !on);
    hit.classList.toggle("gvCOColumnShow_XafTheme", on);
    apply.classList.remove("dxbDisabled_XafTheme");
  } else if (inside("[data-args*='CustDialogClose']")) grid.HideCustomizationDialog();
  else if (inside("[data-args*='CustDialogApply']") && !apply.classList.contains("dxbDisabled_XafTheme")) {
    const shown = {};
    for (const box of document.querySelectorAll("[id*='_drag_C'][id$='Chk5_D']"))
      shown[/_C(\d+)Chk5_D$/.exec(box.id)[1]] = box.classList.contains("dxWeb_edtCheckBoxChecked_XafTheme");
    grid.call("COLUMNS", { shown });
  }
}

function headerFilterClicked(grid, hit) {
  if (hit.dataset.filter !== undefined) {
    grid.call("HFPOPUP", { column: Number(hit.dataset.filter) }, result => {
      const old = byId(grid.name + "_DXHFP");
      if (old) old.remove();
      byId(grid.name + "_DXCell").insertAdjacentHTML("beforeend", result.popup);
    });
  } else {
    grid.call("HEADERFILTER", { column: Number(hit.dataset.column), text: hit.dataset.hf === "all" ? null : hit.textContent });
  }
}

function gridClicked(event, grid, inside) {
  let hit;
  if ((hit = inside("[data-command='edit']"))) raise("edit", hit.id);
  else if ((hit = inside("td.dxgvCommandColumn_XafTheme .dxICheckBox_XafTheme"))) {
    hit.classList.toggle("dxWeb_edtCheckBoxChecked_XafTheme");
    hit.classList.toggle("dxWeb_edtCheckBoxUnchecked_XafTheme");
  } else if (inside(".dxgvGroupRow_XafTheme img")) grid.call("EXPAND", { on: !!inside("[class*='gvCollapsedButton']") });
  else if (inside("[id*='_groupcol']")) return;
  else if ((hit = inside("td.dxgvHeader_XafTheme"))) {
    const column = grid.GetColumn(Number(/_col(\d+)$/.exec(hit.id)[1]));
    if (column && column.fieldName) grid.SortBy(column.index);
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
    if (data.kind === "plain") bootNested();
  },
};
